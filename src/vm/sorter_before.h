/* sorter_before.h - top-N's filter: which rows come before a given one.  Internal to sorter*.c. */
#ifndef STOA_VM_SORTER_BEFORE_H
#define STOA_VM_SORTER_BEFORE_H

#include "vm/ordinal.h"
#include "vm/sorter.h"

/* Turns on, in before, the bits of the rows that sort before worst[key_count]; equal rows do not.
 */
void rows_before(const struct vector *const *columns, const struct sort_key *keys,
                 uint32_t key_count, const struct row_list *rows, const struct value *worst,
                 uint64_t before[VECTOR_WORDS]);

#endif
