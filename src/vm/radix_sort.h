/* radix_sort.h - sorts (key, row) records by key, stably: the one sort behind sorters and the order
 * of groups. */
#ifndef STOA_VM_RADIX_SORT_H
#define STOA_VM_RADIX_SORT_H

#include "base/memory.h"

struct sort_record {
    uint64_t key;
    uint32_t row;
};

/* Sorts records[0..count), count < 2^32; spare is as long.  Returns where the sorted records are:
 * records or spare.  Ends early, with records in any order, some perhaps twice, when work on the
 * account shall stop: the caller asks memory_poll. */
struct sort_record *records_sort(struct memory *memory, struct sort_record *records,
                                 struct sort_record *spare, size_t count);

/* Sorts words[0..count) by their bits from `low` on, stably; likewise.  8 bytes a row where key and
 * row fit together. */
uint64_t *words_sort(struct memory *memory, uint64_t *words, uint64_t *spare, size_t count,
                     unsigned low);

#endif
