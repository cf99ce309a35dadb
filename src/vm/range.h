/* range.h - sorted rows of which ranges are aggregated: what a correlated subquery like
 * SELECT sum(v) FROM t WHERE k = outer AND x < outer is asked for again and again.
 *
 * Columns: the keys, x, then the call's argument, if it has one.  Rows are inserted sorted by keys
 * and x, none of them NULL.  count, sums of INTEGERs that do not overflow, and min and max of
 * ranges that are open at one end are differences or entries of running aggregates; every other
 * range is aggregated row by row. */
#ifndef STOA_VM_RANGE_H
#define STOA_VM_RANGE_H

#include "vm/aggregate.h"

struct range_desc {
    uint32_t              key_count;
    const uint8_t        *collations;                         /* [key_count + 1] */
    bool                  low, low_strict, high, high_strict; /* x >= low, > low; <= high, < high */
    struct aggregate_call call;   /* argument: -1, or 0 for the column behind x */
    bool                  exists; /* the result is whether there is a row */
};
struct range;

enum status range_new(struct memory *memory, const struct range_desc *desc, struct range **range,
                      struct error *err);
void        range_free(struct range *range); /* NULL allowed */
uint64_t    range_count(const struct range *range);

#endif
