/* hash_table_packed.h - the tier for keys whose columns all have ordinals: a key is one 64-bit
 * code.
 *
 * Internal to hash_table*.c.  A column with ordinals lo..lo + span - 1 has the digits 0 (NULL) and
 * ordinal - lo + 1; the code is the number that these digits make in mixed radix, first column
 * highest.  Codes index an array while their domain is small for the rows seen, else they are
 * hashed. A batch with ordinals outside of the layout makes a wider layout first.
 *
 * A single column whose span does not fit is stored raw: the code is the ordinal, and NULL has a
 * number of its own. */
#ifndef STOA_VM_HASH_TABLE_PACKED_H
#define STOA_VM_HASH_TABLE_PACKED_H

#include "vm/ordinal.h"

struct packed_column {
    struct ordinal_domain domain;
    int64_t               lo;
    uint64_t              span;   /* 0: only NULLs yet */
    uint64_t              stride; /* product of the radices (span + 1) of the columns behind it */
    /* 2^64 divided by stride and by the radix, rounded down: dividing codes would be dear */
    uint64_t stride_inverse, radix_inverse;
};
struct packed_slot {
    uint64_t code;
    uint32_t number; /* number + 1; 0: empty */
};
/* The keys of a hashed table as bits by code, for finding alone: a row without key costs a bit, and
 * codes that come in order touch memory in order. */
struct packed_ranks {
    uint64_t  words;   /* 0: not made */
    uint64_t *bits;    /* [words] */
    uint32_t *before;  /* [words] bits set in the words before */
    uint32_t *numbers; /* [count] of the keys in the order of their codes */
    uint32_t  count;
};
/* The keys in their order, as packed_order found it: codes with the ranks of texts for digits. */
struct packed_sorted {
    uint64_t             *keys; /* [count]; NULL: not made */
    uint32_t              count;
    struct packed_column *columns; /* [columns] layout of these codes */
    uint32_t            **entries; /* [columns] code of a dictionary by rank; NULL: no text */
};
struct packed_table {
    struct memory        *memory;
    uint32_t              columns;
    struct packed_column *layout; /* [columns] */
    bool                  raw;
    uint64_t              domain; /* product of the radices; raw: UINT64_MAX */
    uint32_t             *direct; /* [direct_count] number + 1 by code; NULL: hashed */
    uint64_t              direct_count;
    struct packed_slot   *slots;
    uint64_t              slot_count; /* power of 2 */
    uint64_t             *codes;      /* [capacity] of the keys */
    uint32_t              count, capacity;
    uint32_t              null_number; /* raw: of the NULL key, HASH_ABSENT: none */
    uint64_t              rows;        /* added so far */
    uint32_t              expected;    /* to be added in all; 0: not known */
    struct packed_ranks   ranks;
    struct packed_sorted  sorted;
    uint64_t              found; /* rows looked up since a key was added */
    struct packed_work   *work;
};

/* x / divisor: the product with the inverse is too small by 1 at most. */
static inline uint64_t divide(uint64_t x, uint64_t divisor, uint64_t inverse)
{
    uint64_t quotient = (uint64_t)((unsigned __int128)x * inverse >> 64);

    return quotient + (x - quotient * divisor >= divisor);
}

/* The digit of column c in code; 0: NULL. */
static inline uint64_t code_digit(const struct packed_column *column, uint64_t code)
{
    uint64_t digits, radix = column->span + 1;

    if (column->span == 0)
        return 0;
    digits = divide(code, column->stride, column->stride_inverse);
    return digits - divide(digits, radix, column->radix_inverse) * radix;
}

enum status packed_init(struct packed_table *table, struct memory *memory, uint32_t columns,
                        struct error *err);
void        packed_free(struct packed_table *table);
void        packed_clear(struct packed_table *table);
/* No keys, and no memory for them; dictionaries stay referenced. */
void   packed_trim(struct packed_table *table);
size_t packed_bytes(const struct packed_table *table);

/* *fits false: these rows cannot be keys of this tier, nothing was changed.  binary[c]: the column
 * compares text by BINARY. */
enum status packed_add(struct packed_table *table, const struct vector *const *columns,
                       const bool *binary, const struct selection *sel, uint32_t *numbers,
                       bool *fits, struct error *err);
/* *fits false: whether the rows are keys cannot be told here. */
enum status packed_find(struct packed_table *table, const struct vector *const *columns,
                        const bool *binary, const struct selection *sel, uint32_t *numbers,
                        bool *fits, struct error *err);
/* The functions of hash_table.h on rows that are keys of their own. */
enum status packed_spread(struct packed_table *table, const uint32_t *numbers, uint32_t rows,
                          struct error *err);
enum status packed_append(struct packed_table *table, const struct vector *const *columns,
                          const bool *binary, const struct selection *sel, bool *fits,
                          struct error *err);
double      packed_rows_per_key(const struct packed_table *table);
enum status packed_gather(struct packed_table *table, uint32_t *numbers, struct error *err);
void        packed_keys(const struct packed_table *table, uint32_t column, const uint32_t *numbers,
                        uint32_t count, struct vector_buffer *buffer, struct vector *out);
/* --- hash_table_packed_order.c ------------------------------------------------------------------
 */
/* *fits false: keys cannot be sorted here. */
enum status packed_order(struct packed_table *table, uint32_t *order, bool *fits,
                         struct error *err);
/* As packed_keys, of the keys at first.. in the order of packed_order: false if they are not kept
 * so. */
bool packed_sorted_keys(const struct packed_table *table, uint32_t column, uint32_t first,
                        uint32_t count, struct vector_buffer *buffer, struct vector *out);
void packed_sorted_drop(struct packed_table *table);
/* After packed_order of rows that are keys of their own: keeps one of equal keys, see
 * hash_table_runs. */
uint32_t packed_sorted_runs(struct packed_table *table, uint64_t *starts);

#endif
