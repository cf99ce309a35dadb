/* hash_table.h - keys to dense numbers: the one table behind GROUP BY, DISTINCT, IN, set operations
 * and hash joins.
 *
 * A key is one value per column; NULL equals NULL, 1 equals 1.0, and each column has its collation.
 * The first key gets number 0, every further new key the next one, in row order.  A key is shown
 * again as its first row had it.
 *
 * Rows are named by their rank among the active rows of the batch: k-th active row, k < sel->count.
 */
#ifndef STOA_VM_HASH_TABLE_H
#define STOA_VM_HASH_TABLE_H

#include "store/vector.h"

enum { HASH_ABSENT = UINT32_MAX };

struct hash_table;

/* collations: enum collation [columns], copied; NULL: all BINARY. */
enum status hash_table_new(struct memory *memory, uint32_t columns, const uint8_t *collations,
                           struct hash_table **table, struct error *err);
void        hash_table_free(struct hash_table *table);  /* NULL allowed */
void        hash_table_clear(struct hash_table *table); /* no keys, keeps some memory */
uint32_t    hash_table_count(const struct hash_table *table);
size_t      hash_table_bytes(const struct hash_table *table);

/* About so many rows are going to be added: the index is made for them at once. */
void hash_table_expect(struct hash_table *table, uint32_t rows);

/* numbers[k] = number of the k-th active row's key; new keys are added.  After an error the table
 * can only be cleared or freed. */
enum status hash_table_add(struct hash_table *table, const struct vector *const *columns,
                           const struct selection *sel, uint32_t *numbers, struct error *err);
/* numbers[k] = number of the k-th active row's key, HASH_ABSENT if the table has it not. */
enum status hash_table_find(struct hash_table *table, const struct vector *const *columns,
                            const struct selection *sel, uint32_t *numbers, struct error *err);

/* Rows that are keys of their own: where there are about as many keys as rows, sorting finds the
 * equal ones in less time than looking up does.
 *
 * hash_table_spread makes them of the keys of a table: row i has the key numbers[i]; only where
 * hash_table_can_spread.  From then on rows are added by hash_table_append, row i being number i;
 * *fits false: these cannot be, nothing was changed.  hash_table_gather ends it: numbers[i] becomes
 * the number of the key of row i, as hash_table_add would have given it. */
bool        hash_table_can_spread(const struct hash_table *table);
enum status hash_table_spread(struct hash_table *table, const uint32_t *numbers, uint32_t rows,
                              struct error *err);
enum status hash_table_append(struct hash_table *table, const struct vector *const *columns,
                              const struct selection *sel, bool *fits, struct error *err);
enum status hash_table_gather(struct hash_table *table, uint32_t *numbers, struct error *err);
/* An estimate, reading the keys once. */
double hash_table_rows_per_key(const struct hash_table *table);
/* order[0..count) = the rows by key and then by number.  starts: [bits_words(count)], zeroed; a bit
 * for each row in this order that begins a key; *keys of them.  hash_table_sorted_keys then counts
 * keys, not rows.  *fits false: these keys must be gathered first. */
enum status hash_table_runs(struct hash_table *table, uint32_t *order, uint64_t *starts,
                            uint32_t *keys, bool *fits, struct error *err);

/* out row i = column of the key with number numbers[i], i < count <= VECTOR_CAP.  Arrays are in
 * buffer or borrowed from the table until it changes. */
void hash_table_keys(const struct hash_table *table, uint32_t column, const uint32_t *numbers,
                     uint32_t count, struct vector_buffer *buffer, struct vector *out);
/* The same for the keys at first, first + 1... of hash_table_order, nothing having been added
 * since: false if they are not kept in that order. */
bool hash_table_sorted_keys(const struct hash_table *table, uint32_t column, uint32_t first,
                            uint32_t count, struct vector_buffer *buffer, struct vector *out);
/* The keys with these numbers are about to be read, in the order of hash_table_order. */
void hash_table_prefetch(const struct hash_table *table, const uint32_t *numbers, uint32_t count);
/* order[0..count) = all numbers in ascending key order, column by column: NULL, numbers, text,
 * blob. */
enum status hash_table_order(struct hash_table *table, uint32_t *order, struct error *err);
/* "direct 101 slots", "general 5 keys" */
void hash_table_describe(const struct hash_table *table, char *text, size_t bytes);

#endif
