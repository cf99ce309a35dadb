/* plan_order.h - in which order the units of a block are joined. */
#ifndef STOA_SQL_PLAN_ORDER_H
#define STOA_SQL_PLAN_ORDER_H

#include "sql/plan_join.h"

struct join_step {
    relations left, right; /* units, or what earlier steps joined */
    double    rows;        /* estimate of the result */
};
struct join_order {
    uint32_t         count;
    struct join_step steps[RELATIONS_MAX]; /* one less than the block has units */
};

/* The order in which the units of block are joined into one. */
enum status order_search(const struct from_state *state, const struct block *block,
                         struct join_order *order);

#endif
