/* plan_order.h - in which order the units of a block are joined. */
#ifndef STOA_SQL_PLAN_ORDER_H
#define STOA_SQL_PLAN_ORDER_H

#include "sql/plan_join.h"

enum { ORDER_UNITS_MAX = 12 };

struct join_step {
    relations left, right; /* units, or what earlier steps joined */
    double    rows;        /* estimate of the result */
};
struct join_order {
    uint32_t         count; /* units - 1; 0: the block is none for this search */
    struct join_step steps[ORDER_UNITS_MAX - 1];
};

/* The cheapest order found by dynamic programming over all sets of units.  Blocks of few rows,
 * with parameters or with more units than ORDER_UNITS_MAX are left to greedy choice. */
enum status order_search(const struct from_state *state, const struct block *block,
                         struct join_order *order);

#endif
