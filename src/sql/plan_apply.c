/* plan_apply.c - correlated scalar subqueries and EXISTS computed for all rows at once.
 *
 * The rows of the enclosing select are kept; their distinct parameter tuples are numbered and
 * become a table that the subquery's FROM is joined with.  Aggregates are grouped by the tuple's
 * number, else the first row of a number counts.  Only tuples that are asked for are computed, and
 * a tuple without rows has an empty group: every answer, and every error, is the one that running
 * the subquery tuple by tuple would give.  It pays, for the tables inside are read once. */
#include "sql/plan_join.h"

#include <string.h>

/* Running the subquery for one tuple, in rows read: what a seek has to save. */
static const double ROWS_PER_RUN = 1000;

/* --- which side of a subquery an expression looks at -------------------------------------------
 */
enum { SIDE_INNER = 1, SIDE_OUTER = 2 };

struct sides {
    const struct select *select;
    unsigned             sides;
};

static bool is_outer(const struct select *select, const struct expr *column)
{
    for (uint32_t i = 0; i < select->outer_count; i++)
        if (expr_equal(select->outers[i], column))
            return true;
    return false;
}

static bool visit_sides(struct expr *expr, void *data)
{
    struct sides *walk = data;

    if (expr->kind == EXPR_COLUMN || expr->kind == EXPR_AGGREGATE_REF)
        walk->sides |= is_outer(walk->select, expr) ? SIDE_OUTER : SIDE_INNER;
    return true;
}

static unsigned sides_of(const struct select *select, struct expr *expr)
{
    struct sides walk = {select, 0};

    expr_walk(expr, visit_sides, &walk);
    return walk.sides;
}

/* inner = outer, either way round: without one the tables inside would meet every tuple. */
static bool is_correlation(const struct select *select, const struct expr *expr)
{
    unsigned left, right;

    if (expr->kind != EXPR_BINARY || (expr->op != EXPR_OP_EQ && expr->op != EXPR_OP_IS) ||
        expr->left->kind == EXPR_ROW || expr->right->kind == EXPR_ROW)
        return false;
    left = sides_of(select, expr->left);
    right = sides_of(select, expr->right);
    return (left == SIDE_INNER && right == SIDE_OUTER) ||
           (left == SIDE_OUTER && right == SIDE_INNER);
}

/* --- may it be done ----------------------------------------------------------------------------
 */
static bool is_fixed_table(const struct from_item *item)
{
    if ((item->join & (JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT)) != 0 || item->kind == FROM_NESTED ||
        item->kind == FROM_RECURSION || (item->select != NULL && item->select->correlated))
        return false;
    for (uint32_t i = 0; i < item->arguments.count; i++)
        if (!expr_is_constant(item->arguments.items[i]))
            return false;
    return true;
}

static bool at_least_one(const struct planner *planner, const struct select *select)
{
    struct value v;

    return select->limit == NULL ||
           (select->offset == NULL && expr_fold(planner->arena, select->limit, &v) &&
            v.class_ == CLASS_INTEGER && v.i > 0);
}

/* The result, or a clause that plan_term makes a node of, needs the row of the enclosing select, or
 * its order among others. */
static bool has_simple_shape(const struct planner *planner, const struct expr *expr)
{
    const struct select *select = expr->select;

    if (select->prior != NULL || select->is_values || select->from.count == 0 ||
        select->window_calls != NULL || select->distinct || select->distinct_on.count != 0 ||
        select->group_by.count != 0 || select->grouping_set_count != 0 || select->having != NULL ||
        select->qualify != NULL || select->recursion != NULL || select->order_by.count != 0 ||
        !at_least_one(planner, select))
        return false;
    if (expr->kind == EXPR_EXISTS)
        return !select->is_aggregate;
    return select->column_count == 1 &&
           (!select->is_aggregate || (sides_of(select, select->columns[0].expr) & SIDE_OUTER) == 0);
}

/* Whether sum(expr) can never overflow: all values are known, and small enough. */
static bool sum_is_safe(struct expr *expr)
{
    struct column_stats stats;
    struct table       *table;

    expr = expr_strip(expr);
    if (expr->kind != EXPR_COLUMN || expr->resolved.source->catalog_table == NULL ||
        expr->resolved.column < 0)
        return false;
    table = expr->resolved.source->catalog_table;
    return table_column_stats(table, (uint32_t)expr->resolved.column, &stats, NULL) == STATUS_OK &&
           stats.bounded && (stats.classes & 1U << CLASS_TEXT) == 0 &&
           (double)table_row_count(table) * (double)stats.hi < 1e18 &&
           (double)table_row_count(table) * (double)stats.lo > -1e18;
}

static bool aggregate_may_fail(struct expr *call)
{
    switch (call->resolved.aggregate_kind - 1) {
    case AGGREGATE_SUM:
        return !sum_is_safe(call->list.items[0]) || expr_may_fail(call);
    case AGGREGATE_COUNT_STAR:
    case AGGREGATE_COUNT:
    case AGGREGATE_TOTAL:
    case AGGREGATE_AVG:
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        return expr_may_fail(call);
    default:
        return true;
    }
}

static bool select_may_fail(const struct select *select)
{
    for (uint32_t i = 0; i < select->aggregate_count; i++)
        if (aggregate_may_fail(select->aggregates[i]))
            return true;
    for (uint32_t i = 0; i < select->from.count; i++)
        if (select->from.items[i]->on != NULL && expr_may_fail(select->from.items[i]->on))
            return true;
    return (select->where != NULL && expr_may_fail(select->where)) ||
           expr_may_fail(select->columns[0].expr);
}

/* The conditions that decide which rows the subquery sees. */
static bool conditions_of(struct arena *arena, const struct select *select, struct expr_list *list)
{
    if (!expr_conjuncts(arena, select->where, list))
        return false;
    for (uint32_t i = 0; i < select->from.count; i++)
        if (!expr_conjuncts(arena, select->from.items[i]->on, list))
            return false;
    return true;
}

/* rowid = outer finds its row without any join. */
static bool is_seek(const struct select *select, const struct expr *expr)
{
    for (uint32_t i = 0; i < select->from.count; i++) {
        const struct from_item *item = select->from.items[i];

        if (item->catalog_table == NULL)
            continue;
        for (int side = 0; side < 2; side++) {
            const struct expr *column = side == 0 ? expr->left : expr->right;

            if (column->kind == EXPR_COLUMN && column->resolved.source == item &&
                (column->resolved.column == -1 ||
                 column->resolved.column == table_schema(item->catalog_table)->rowid_column))
                return true;
        }
    }
    return false;
}

static double largest_table(const struct select *select)
{
    double rows = 0;

    for (uint32_t i = 0; i < select->from.count; i++) {
        const struct table *table = select->from.items[i]->catalog_table;

        if (table != NULL && (double)table_row_count(table) > rows)
            rows = (double)table_row_count(table);
    }
    return rows;
}

/* There is an equality to join by, and no seek that is better for few tuples. */
static bool pays(const struct planner *planner, const struct select *select, double tuples)
{
    struct expr_list conditions = {0};
    bool             correlated = false;

    if (!conditions_of(planner->arena, select, &conditions))
        return false;
    for (uint32_t i = 0; i < conditions.count; i++) {
        const struct expr *condition = conditions.items[i];

        if (!is_correlation(select, condition))
            continue;
        correlated = true;
        if (is_seek(select, condition) && tuples * ROWS_PER_RUN < largest_table(select))
            return false;
    }
    return correlated;
}

/* conditional: not evaluated for every row. */
static bool is_applicable(const struct planner *planner, const struct expr *expr, bool conditional,
                          double tuples)
{
    const struct select *select = expr->select;

    if (select->outer_count == 0 || !has_simple_shape(planner, expr))
        return false;
    for (uint32_t i = 0; i < select->outer_count; i++)
        if (select->outers[i]->kind != EXPR_COLUMN)
            return false;
    for (uint32_t i = 0; i < select->from.count; i++)
        if (!is_fixed_table(select->from.items[i]))
            return false;
    if (conditional && select_may_fail(select))
        return false;
    return pays(planner, select, tuples);
}

/* --- the node ----------------------------------------------------------------------------------
 */
static struct apply *apply_new(struct arena *arena, struct expr *expr, double rows)
{
    struct apply *apply = arena_zalloc(arena, sizeof *apply);

    if (apply == NULL)
        return NULL;
    apply->expr = expr;
    apply->rows = rows;
    apply->tuples.kind = FROM_SUBQUERY;
    apply->tuples.display = "parameters";
    apply->number.kind = EXPR_COLUMN;
    apply->number.name.text = "parameters";
    apply->number.name.bytes = (uint32_t)strlen(apply->number.name.text);
    apply->number.depth = 1;
    apply->number.position = expr->position;
    apply->number.resolved.source = &apply->tuples;
    apply->number.resolved.affinity = AFFINITY_INTEGER;
    apply->keys[0] = &apply->number;
    apply->group_by = (struct expr_list){1, 1, apply->keys};
    return apply;
}

bool plan_runs_once(const struct planner *planner)
{
    return planner->repeated == 0 && planner->recursions == 0 && !planner->stops;
}

static enum status apply_one(struct planner *planner, struct expr *expr, bool conditional,
                             const struct plan *aggregate, struct plan **plan)
{
    struct apply *outer = planner->apply, *apply;
    struct plan  *node;

    if (!plan_runs_once(planner) || (planner->context->passes_off & PASS_UNNEST) != 0 ||
        plan_provides(*plan, expr))
        return STATUS_OK;
    if (expr->select->prior == NULL)
        TRY(plan_flatten(planner, expr->select, true));
    if (!is_applicable(planner, expr, conditional, (*plan)->rows))
        return STATUS_OK;
    apply = apply_new(planner->arena, expr, (*plan)->rows);
    node = plan_new(planner, PLAN_APPLY, *plan);
    if (apply == NULL || node == NULL)
        return fail_nomem(planner->err);
    node->apply = apply;
    node->aggregate = aggregate;
    planner->apply = apply;
    TRY(plan_term(planner, expr->select, &node->right));
    planner->apply = outer;
    *plan = node;
    return STATUS_OK;
}

/* --- where in an expression --------------------------------------------------------------------
 */
struct apply_walk {
    struct planner    *planner;
    const struct plan *aggregate;
    struct plan      **plan;
};

static enum status walk_expr(const struct apply_walk *walk, struct expr *expr, bool conditional);

static enum status walk_list(const struct apply_walk *walk, const struct expr_list *list,
                             bool first, bool others)
{
    for (uint32_t i = 0; i < list->count; i++)
        TRY(walk_expr(walk, list->items[i], i == 0 ? first : others));
    return STATUS_OK;
}

static enum status walk_expr(const struct apply_walk *walk, struct expr *expr, bool conditional)
{
    bool right = conditional, others = conditional;

    if (expr == NULL || (walk->aggregate != NULL && plan_group_key(walk->aggregate, expr) >= 0))
        return STATUS_OK;
    TRY(stack_check(walk->planner->err, expr->position));
    if (expr->kind == EXPR_SUBQUERY || expr->kind == EXPR_EXISTS)
        return apply_one(walk->planner, expr, conditional, walk->aggregate, walk->plan);
    if (expr->kind == EXPR_BINARY && (expr->op == EXPR_OP_AND || expr->op == EXPR_OP_OR))
        right = true;
    if (expr->kind == EXPR_CASE || expr->kind == EXPR_FUNCTION || expr->kind == EXPR_IN)
        right = others = true;
    TRY(walk_expr(walk, expr->left, conditional));
    TRY(walk_expr(walk, expr->right, right));
    TRY(walk_expr(walk, expr->filter, conditional));
    TRY(walk_list(walk, &expr->list, conditional || expr->filter != NULL, others));
    for (uint32_t i = 0; i < expr->order_by.count; i++)
        TRY(walk_expr(walk, expr->order_by.terms[i].expr, true));
    return STATUS_OK;
}

enum status plan_apply(struct planner *planner, struct expr *expr, const struct plan *aggregate,
                       struct plan **plan)
{
    struct apply_walk walk = {planner, aggregate, plan};

    return walk_expr(&walk, expr, false);
}

static bool visit_correlated(struct expr *expr, void *data)
{
    bool *found = data;

    if ((expr->kind == EXPR_SUBQUERY || expr->kind == EXPR_EXISTS) &&
        expr->select->outer_count != 0)
        *found = true;
    return !*found;
}

bool plan_has_correlated(struct expr *expr)
{
    bool found = false;

    expr_walk(expr, visit_correlated, &found);
    return found;
}
