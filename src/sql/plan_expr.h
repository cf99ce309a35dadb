/* plan_expr.h - questions that planner and code generator ask about resolved expressions. */
#ifndef STOA_SQL_PLAN_EXPR_H
#define STOA_SQL_PLAN_EXPR_H

#include "sql/ast.h"

/* Called for expr and then what is below it, unless it returns false.  A subquery is represented
 * by its outers: the columns of enclosing selects that it needs. */
typedef bool expr_visit(struct expr *expr, void *data);
void         expr_walk(struct expr *expr, expr_visit *visit, void *data);
/* Every expression of select, its terms, and the selects in them. */
void select_walk(struct select *select, expr_visit *visit, void *data);
/* Whether select's rows can differ from one run to the next: random() and its like. */
bool select_varies(struct select *select);

/* Same value for the same row: structural, columns by identity, comparisons with the same affinity
 * and collation.  False for what is not deterministic. */
bool expr_equal(const struct expr *a, const struct expr *b);
/* The collation by which call, a function that compares its arguments, does so. */
enum collation expr_call_collation(const struct expr *call);
/* expr without COLLATE and unary plus at its top. */
struct expr *expr_strip(struct expr *expr);
/* Whether sorting by b's keys what is sorted by a's changes nothing; same: of two expressions. */
bool window_keys_same(const struct window_def *a, const struct window_def *b,
                      bool (*same)(const struct expr *, const struct expr *));
/* No column, aggregate or subquery below it, no function that varies within a statement. */
bool expr_is_constant(struct expr *expr);
/* expr itself, without what is below it, gives the same again for the same operands. */
bool expr_repeats(const struct expr *expr);
/* Can raise an error for some row. */
bool expr_may_fail(struct expr *expr);
bool expr_has_subquery(struct expr *expr);
/* Relative cost of one row: 1 for a comparison of columns. */
double expr_cost(struct expr *expr);
/* Appends the operands of the ANDs at the top of expr (NULL: none).  False: memory. */
bool expr_conjuncts(struct arena *arena, struct expr *expr, struct expr_list *list);
bool expr_list_add(struct arena *arena, struct expr_list *list, struct expr *expr);

/* SQLite's affinity of comparing operands with affinities a and b; AFFINITY_NONE: none is applied.
 */
enum affinity affinity_of_comparison(enum affinity a, enum affinity b);
/* Whether applying `applied` to values stored in a column of affinity `column` changes nothing
 * that a comparison can see. */
bool affinity_is_implied(enum affinity column, enum affinity applied);

/* The value of a literal, or of arithmetic and signs over literals.  Texts in arena. */
bool expr_fold(struct arena *arena, const struct expr *expr, struct value *value);

#endif
