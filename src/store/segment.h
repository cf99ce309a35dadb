/* segment.h - one column of a row group: immutable, in the encoding that its builder chose.
 *
 * A segment reads as one long vector (`all`), of which batches are slices without a copy.  Behind
 * the last row there are 64 readable slots more, so that a slice at any position keeps the promise
 * of vector.h on words of rows.
 *
 * Encodings: CONSTANT (all INTEGERs equal, or all NULL), FOR ints of 1, 2 or 4 bytes, I64, F64,
 * decimals, days, dictionary codes of 1, 2 or 4 bytes, TEXT or BLOB cells over a heap, ANY. */
#ifndef STOA_STORE_SEGMENT_H
#define STOA_STORE_SEGMENT_H

#include "store/dictionary.h"
#include "store/text_heap.h"
#include "store/vector.h"

enum { GROUP_ROWS = 131072, SEGMENT_PAD_ROWS = 64, SEGMENT_ZONES = GROUP_ROWS / VECTOR_CAP };

struct segment_zone { /* bounds of VECTOR_CAP rows: INTEGERs, decimal payloads, days, codes */
    int64_t lo, hi;
};

struct segment {
    uint32_t             references; /* of one thread */
    struct memory       *memory;
    struct vector        all; /* count is rows, up to GROUP_ROWS */
    uint32_t             rows, nulls;
    uint32_t             classes; /* bit per enum value_class */
    bool                 bounded; /* lo, hi hold for the payloads (base added) that are not NULL */
    int64_t              lo, hi;  /* INTEGERs, decimal payloads, day numbers, codes */
    bool                 real_bounded;
    double               real_lo, real_hi; /* F64 */
    struct segment_zone *zones;            /* [segment_zones], NULL: none */
    struct value         cell;             /* of a CONSTANT */
    void                *payload;          /* slots or codes; owned */
    size_t               payload_bytes;
    uint64_t            *valid;      /* owned, [bits_words(rows) + 1], or NULL */
    struct text_heap    *heap;       /* bytes of cells, referenced, or NULL */
    struct dictionary   *dictionary; /* referenced, or NULL */
};

void segment_ref(struct segment *segment);
void segment_unref(struct segment *segment); /* NULL allowed */

/* dictionary, which it refers to from now on, has all its codes; nobody has a view of it. */
void segment_recode(struct segment *segment, struct dictionary *dictionary);

/* Rows [from, from + count), count <= VECTOR_CAP, zero-copy. */
void         segment_view(const struct segment *segment, uint32_t from, uint32_t count,
                          uint64_t valid_space[VECTOR_WORDS], struct vector *out);
struct value segment_value(const struct segment *segment, uint32_t row, char scratch[16]);

/* False when no row of the segment (or of its vector number zone) can be op value, as BINARY
 * value_compare sees it.  op: enum bound_op. */
bool segment_may_match(const struct segment *segment, int op, const struct value *value);
bool segment_zone_may_match(const struct segment *segment, uint32_t zone, int op,
                            const struct value *value);

size_t      segment_bytes(const struct segment *segment); /* without its dictionary */
const char *segment_encoding(const struct segment *segment, char text[16]); /* "dict8" */

static inline uint32_t segment_zone_count(uint32_t rows)
{
    return (rows + VECTOR_CAP - 1) / VECTOR_CAP;
}

#endif
