/* plan_join.h - shared by the plan_*.c that join FROM's items: relations of a FROM as bits, and
 * what is being joined. */
#ifndef STOA_SQL_PLAN_JOIN_H
#define STOA_SQL_PLAN_JOIN_H

#include "sql/plan.h"

/* Relations are bits of a mask: SQLite's limit of tables, and one for the parameters. */
typedef unsigned __int128 relations;
enum { RELATIONS_MAX = 64, PARAMETERS = 64 };

struct unit { /* something joined already */
    struct plan *plan;
    relations    mask;
};
struct conjunct {
    struct expr *expr;
    relations    mask;
    bool         equality; /* between columns of different relations */
    relations    left_mask, right_mask;
    double       distinct; /* larger estimate of the distinct values of both sides */
    uint32_t     class_;   /* of equal columns, all pairs of which have a conjunct; 0: none */
};
struct block {
    uint32_t         unit_count;
    struct unit      units[RELATIONS_MAX + 1];
    uint32_t         conjunct_count, conjunct_capacity;
    struct conjunct *conjuncts;
    struct expr_list links; /* equalities that plan_class.c has seen or made */
};
struct from_state {
    struct planner   *planner;
    struct select    *select;
    uint32_t          item_count;
    struct from_item *items[RELATIONS_MAX];
    struct plan      *scans[RELATIONS_MAX]; /* of items */
    bool              outer_as_mask; /* columns of enclosing selects count as that relation */
    struct apply     *apply;         /* not NULL: their tuples are that relation */
};

/* The relations whose columns expr uses; PARAMETERS: columns of enclosing selects. */
relations relations_of(const struct from_state *state, struct expr *expr);
relations relations_inner(relations mask); /* without PARAMETERS */

/* A scan, source or subquery for item, which becomes a relation of state. */
enum status from_item_plan(struct from_state *state, struct from_item *item, struct unit *unit);

/* plan_block.c: adds a condition to the block, as it is; or its conjuncts and what they imply. */
enum status block_add_one(const struct from_state *state, struct block *block, struct expr *expr);
enum status block_add(const struct from_state *state, struct block *block, struct expr *condition);
void        block_drop(struct block *block, uint32_t index);
/* Joins all units of the block into its first, under its conjuncts. */
enum status block_join(const struct from_state *state, struct block *block);
/* Moves the conjuncts that a join of probe and build can evaluate into plan. */
enum status join_conditions(const struct from_state *state, struct plan *plan, struct block *block,
                            relations probe, relations build);
/* Adds a filter to a unit: in its scan if it is one, so that it runs first thing in the loop. */
enum status unit_filter(struct planner *planner, struct unit *unit, struct expr *expr);
/* Takes rowid = constant, or = a column of an enclosing select, as the way into a scan. */
bool unit_seek(const struct from_state *state, struct unit *unit, struct expr *expr);
/* left op right; right alone if left is NULL.  NULL: memory. */
struct expr *expr_logic(struct arena *arena, enum expr_op op, struct expr *left,
                        struct expr *right);

/* plan_push.c: moves conditions that are about one subquery of list, out of *where and ON, into
 * it. */
enum status push_into_subqueries(struct planner *planner, const struct from_list *list,
                                 struct expr **where);

/* expr is a column of a table, and equal values of it are the same value. */
bool column_is_exact(const struct expr *expr);

/* plan_transitive.c: adds to the block what its equalities imply. */
enum status block_add_transitive(const struct from_state *state, struct block *block);

/* plan_class.c: adds to the block the equalities that others imply. */
enum status block_add_classes(const struct from_state *state, struct block *block);

/* plan_share.c: whether item's rows are computed once for several references; the leaf for one. */
bool        plan_is_shared(const struct planner *planner, const struct from_item *item);
enum status plan_share(struct planner *planner, const struct from_item *item, struct plan **out);

/* plan_estimate.c: estimated different values of expr, at least 1. */
double distinct_values(const struct from_state *state, struct expr *expr);

/* plan_unnest.c: moves the conditions that can be semi- or anti-joins from *where to exists; joins
 * them to unit, or filters it by those that cannot be after all. */
enum status unnest_split(const struct from_state *state, struct expr **where,
                         struct expr_list *exists);
enum status unnest_join_all(const struct from_state *state, const struct expr_list *exists,
                            struct unit *unit);

#endif
