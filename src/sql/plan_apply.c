/* plan_apply.c - correlated subqueries computed for all rows at once.
 *
 * The rows of the enclosing select are kept; their distinct parameter tuples are numbered and
 * become a table that the subquery's FROM is joined with.  From there on the number goes with each
 * row: as first key of groups, as last result column of selects, through DISTINCT, ORDER BY and set
 * operations; LIMIT counts the rows of each number; a correlated subquery in FROM is joined by it.
 * Of a scalar subquery the first row of a number counts, of IN each row is compared with the
 * operand, which is part of the tuple.  Only tuples that are asked for are computed, and a tuple
 * without rows has an empty group: every answer, and every error, is the one that running the
 * subquery tuple by tuple would give.  It pays, for the tables inside are read once. */
#include "sql/plan_join.h"

#include <string.h>

/* --- the node ----------------------------------------------------------------------------------
 */
/* A column of item that holds numbers of tuples. */
static struct expr number_column(struct from_item *item, int32_t column, int32_t position)
{
    struct expr number = {.kind = EXPR_COLUMN, .depth = 1, .position = position};

    number.name.text = "parameters";
    number.name.bytes = (uint32_t)strlen(number.name.text);
    number.resolved.source = item;
    number.resolved.column = column;
    number.resolved.affinity = AFFINITY_INTEGER;
    return number;
}

static struct apply *apply_new(struct arena *arena, struct expr *expr, double rows)
{
    struct apply *apply = arena_zalloc(arena, sizeof *apply);

    if (apply == NULL)
        return NULL;
    apply->expr = expr;
    apply->parameters = expr->select->outer_count;
    if (expr->kind == EXPR_IN)
        apply->parameters += expr_width(expr->left);
    apply->rows = rows;
    apply->tuples.kind = FROM_SUBQUERY;
    apply->tuples.display = "parameters";
    apply->number = number_column(&apply->tuples, 0, expr->position);
    return apply;
}

enum status apply_tuples(struct planner *planner, struct plan **plan)
{
    *plan = plan_new(planner, PLAN_TUPLES, NULL);
    if (*plan == NULL)
        return fail_nomem(planner->err);
    (*plan)->apply = planner->apply;
    (*plan)->item = &planner->apply->tuples;
    (*plan)->rows = planner->apply->rows;
    return STATUS_OK;
}

enum status apply_condition(struct planner *planner, struct from_item *item, struct expr **out)
{
    struct expr *number = arena_alloc(planner->arena, sizeof *number);
    struct expr *equal = arena_zalloc(planner->arena, sizeof *equal);

    if (number == NULL || equal == NULL)
        return fail_nomem(planner->err);
    *number = number_column(item, (int32_t)item->column_count, item->position);
    equal->kind = EXPR_BINARY;
    equal->op = EXPR_OP_EQ;
    equal->left = &planner->apply->number;
    equal->right = number;
    equal->depth = 2;
    equal->resolved.affinity = equal->resolved.compare_affinity = AFFINITY_NONE;
    equal->position = item->position;
    *out = equal;
    return STATUS_OK;
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
    bool          done;

    if (!plan_runs_once(planner) || (planner->context->passes_off & PASS_UNNEST) != 0 ||
        plan_provides(*plan, expr))
        return STATUS_OK;
    if (expr->select->prior == NULL)
        TRY(plan_flatten(planner, expr->select, true));
    TRY(plan_lookup(planner, expr, (*plan)->rows, &done));
    if (done || !apply_is_possible(planner, expr, conditional, (*plan)->rows))
        return STATUS_OK;
    apply = apply_new(planner->arena, expr, (*plan)->rows);
    node = plan_new(planner, PLAN_APPLY, *plan);
    if (apply == NULL || node == NULL)
        return fail_nomem(planner->err);
    node->apply = apply;
    node->aggregate = aggregate;
    planner->apply = apply;
    TRY(plan_select(planner, expr->select, &node->right));
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
    if (expr->kind == EXPR_IN && expr->select != NULL)
        TRY(walk_expr(walk, expr->left, conditional));
    if (expr->select != NULL)
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

    if (expr->select != NULL && expr->select->outer_count != 0)
        *found = true;
    return !*found;
}

bool plan_has_correlated(struct expr *expr)
{
    bool found = false;

    expr_walk(expr, visit_correlated, &found);
    return found;
}
