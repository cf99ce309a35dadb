/* hash_table_general.h - the tier for any keys: cells, hashed and compared by SQLite's rules.
 *
 * Internal to hash_table*.c.  Slots hold the upper half of a key's hash and its number + 1, so that
 * a probe touches cells only when 32 bits of the hash agree. */
#ifndef STOA_VM_HASH_TABLE_GENERAL_H
#define STOA_VM_HASH_TABLE_GENERAL_H

#include "base/arena.h"
#include "store/vector.h"

struct general_table {
    struct memory *memory;
    uint32_t       columns;
    const uint8_t *collations; /* borrowed, [columns] */
    uint64_t      *slots;      /* [slot_count]: hash >> 32 << 32 | number + 1; 0: empty */
    uint64_t       slot_count; /* power of 2, 0 while empty */
    uint64_t      *hashes;     /* [capacity], of the keys */
    struct value  *cells;      /* [capacity * columns], key after key */
    uint32_t       count, capacity;
    struct arena   texts; /* of the keys that were not pinned */
};

/* The rows of a batch as cells. */
struct cell_batch {
    uint32_t                   count;  /* active rows */
    const uint16_t            *rows;   /* [count] */
    const struct value *const *cells;  /* [columns][row] */
    const bool                *pinned; /* [columns]: texts need no copy */
};

void   general_init(struct general_table *table, struct memory *memory, uint32_t columns,
                    const uint8_t *collations);
void   general_free(struct general_table *table);
void   general_clear(struct general_table *table);
size_t general_bytes(const struct general_table *table);

/* hashes is scratch for batch->count words. */
enum status general_add(struct general_table *table, const struct cell_batch *batch,
                        uint64_t *hashes, uint32_t *numbers, struct error *err);
void        general_find(const struct general_table *table, const struct cell_batch *batch,
                         uint64_t *hashes, uint32_t *numbers);

#endif
