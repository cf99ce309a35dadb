/* radix_sort.c - digits of 11 bits: of many items the most significant one first, which leaves
 * parts that fit the cache, of fewer the least significant one; insertion for a few. */
#include "vm/radix_sort.h"

#include <string.h>

enum {
    KEY_BITS = 64,
    DIGIT_BITS = 11,
    DIGIT_VALUES = 1 << DIGIT_BITS,
    FEW_ITEMS = 48,
    PARTS_FROM = 1 << 15,
    PARTS_DEPTH = 4 /* beyond, keys crowd: the least significant digit first takes no deeper */
};

static size_t part_end(size_t start, size_t count)
{
    return count - start < INTERRUPT_ROWS ? count : start + INTERRUPT_ROWS;
}

#define ITEM struct sort_record
#define SORT(name) records_##name##_
#define KEY(item) ((item).key)
#include "vm/radix_sort_tmpl.h"

#define ITEM uint64_t
#define SORT(name) words_##name##_
#define KEY(item) ((item) >> low)
#include "vm/radix_sort_tmpl.h"

struct sort_record *records_sort(struct memory *memory, struct sort_record *records,
                                 struct sort_record *spare, size_t count)
{
    return records_sort_(memory, records, spare, count, 0);
}

uint64_t *words_sort(struct memory *memory, uint64_t *words, uint64_t *spare, size_t count,
                     unsigned low)
{
    return words_sort_(memory, words, spare, count, low);
}
