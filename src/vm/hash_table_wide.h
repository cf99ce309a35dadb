/* hash_table_wide.h - the tier for keys whose columns have ordinals that do not fit one code: a key
 * is a word per column, behind a word whose bit c says that column c is NULL.
 *
 * Internal to hash_table*.c. */
#ifndef STOA_VM_HASH_TABLE_WIDE_H
#define STOA_VM_HASH_TABLE_WIDE_H

#include "vm/ordinal.h"

enum { WIDE_COLUMNS_MAX = 64 };

struct wide_table {
    struct memory         *memory;
    uint32_t               columns;
    uint32_t               width;   /* words of a key: columns + 1 */
    struct ordinal_domain *domains; /* [columns]; dictionaries are referenced */
    uint64_t              *slots;   /* [slot_count] upper half of the hash, number + 1; 0: empty */
    uint64_t               slot_count;
    uint64_t              *words; /* [capacity * width], key after key */
    uint32_t               count, capacity;
    uint64_t              *batch;  /* [VECTOR_CAP * width] keys of a batch */
    uint64_t              *hashes; /* [VECTOR_CAP] of them */
    int64_t               *ordinals;
    uint64_t               nulls[VECTOR_WORDS];
    uint16_t               list[VECTOR_CAP];
};

/* An empty table of these domains.  columns <= WIDE_COLUMNS_MAX. */
enum status wide_init(struct wide_table *table, struct memory *memory, uint32_t columns,
                      struct error *err);
void        wide_free(struct wide_table *table);
void        wide_clear(struct wide_table *table); /* keeps memory; domains are open again */
/* No keys, and no memory for them; dictionaries stay referenced. */
void   wide_trim(struct wide_table *table);
size_t wide_bytes(const struct wide_table *table);

/* As packed_add and packed_find. */
enum status wide_add(struct wide_table *table, const struct vector *const *columns,
                     const bool *binary, const struct selection *sel, uint32_t *numbers, bool *fits,
                     struct error *err);
void wide_find(struct wide_table *table, const struct vector *const *columns, const bool *binary,
               const struct selection *sel, uint32_t *numbers, bool *fits);
void wide_keys(const struct wide_table *table, uint32_t column, const uint32_t *numbers,
               uint32_t count, struct vector_buffer *buffer, struct vector *out);
enum status wide_order(struct wide_table *table, uint32_t *order, struct error *err);

#endif
