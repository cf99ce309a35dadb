/* plan_refer.h - where a select refers to the columns of one of its FROM items, at any depth. */
#ifndef STOA_SQL_PLAN_REFER_H
#define STOA_SQL_PLAN_REFER_H

#include "sql/plan.h"

enum refer_place {                      /* bits */
                   REFER_CONDITION = 1, /* WHERE, ON */
                   REFER_AGGREGATE = 2, /* argument of an aggregate */
                   REFER_NESTED = 4,    /* in a correlated subquery */
                   REFER_RESULT = 8     /* anywhere else */
};
struct refer_column {
    uint32_t uses;   /* nodes that name it; those of `outers` do not count */
    uint32_t depth;  /* of the deepest one in its expression */
    unsigned places; /* enum refer_place */
};
struct references {
    struct planner         *planner;
    const struct from_item *item;
    bool                    rowid;   /* its rowid is read */
    struct refer_column    *columns; /* [item's columns] */
    struct expr_list        nodes;   /* one that is shared may stand there more than once */
    uint32_t                nested_count, nested_capacity;
    struct select         **nested; /* correlated subqueries with item's columns among outers */
};

/* Finds all of them in select, a term, and in what is nested in it. */
enum status refer_find(struct planner *planner, struct select *select, const struct from_item *item,
                       struct references *references);

/* The nodes become the expressions that term, the item's select, has for the columns.  What they
 * are compared as, affinity and collation, stays the column's. */
enum status refer_replace(const struct references *references, const struct select *term);

#endif
