/* rowset.h - rows kept in memory as typed column chunks: what sorters, join builds, materialised
 * subqueries, group keys and open row groups hold.
 *
 * Row n is row n % VECTOR_CAP of chunk n / VECTOR_CAP; every chunk but the last is full.  A column
 * chunk has one type: that of the vectors that filled it (I64, F64, DEC*, DAY32, TEXT, BLOB, or
 * DICT codes of one dictionary), or ANY once two met.  Narrow ints are widened to I64.  Text is
 * copied unless VECTOR_PINNED. */
#ifndef STOA_STORE_ROWSET_H
#define STOA_STORE_ROWSET_H

#include "store/vector.h"

struct rowset;

struct rowset *rowset_new(struct memory *memory, uint32_t columns); /* NULL: memory */
void           rowset_free(struct rowset *rowset);                  /* NULL allowed */
void           rowset_clear(struct rowset *rowset);                 /* no rows, keeps some memory */
uint64_t       rowset_count(const struct rowset *rowset);
uint32_t       rowset_columns(const struct rowset *rowset);
size_t         rowset_bytes(const struct rowset *rowset);

/* Appends the active rows of columns[0..n) (all of sel->rows rows). */
enum status rowset_append(struct rowset *rowset, const struct vector *const *columns,
                          const struct selection *sel, struct error *err);
enum status rowset_append_row(struct rowset *rowset, const struct value *cells, struct error *err);
/* Keeps the rows at positions[0..count), in that order. */
enum status rowset_keep(struct rowset **rowset, const uint32_t *positions, uint64_t count,
                        struct error *err);

/* Rows [start, start + count) of a column, without copying: they must lie in one chunk. */
void rowset_view(const struct rowset *rowset, uint32_t column, uint64_t start, uint32_t count,
                 uint64_t valid_space[VECTOR_WORDS], struct vector *out);

/* out row i = row positions[i] of column (UINT32_MAX: NULL, for outer joins), in buffer: FLAT and
 * typed when the column has one type, else ANY.  False: memory. */
bool rowset_gather(const struct rowset *rowset, uint32_t column, const uint32_t *positions,
                   uint32_t count, struct vector_buffer *buffer, struct arena *arena,
                   struct vector *out);

struct value rowset_value(const struct rowset *rowset, uint32_t column, uint64_t row,
                          char scratch[16]);

#endif
