/* plan_needs.c - which columns each node of the plan must hand up, and which it provides. */
#include "sql/plan.h"

#include <string.h>

static bool tuples_provide(const struct apply *apply, const void *owner)
{
    const struct select *select = apply->expr->select;

    for (uint32_t i = 0; i < select->outer_count; i++)
        if (plan_owner(select->outers[i]) == owner)
            return true;
    return owner == &apply->tuples;
}

bool plan_provides(const struct plan *plan, const void *owner)
{
    switch (plan->kind) {
    case PLAN_SCAN:
    case PLAN_SOURCE:
    case PLAN_SUBQUERY:
    case PLAN_SHARED:
    case PLAN_QUEUE:
        return plan->item == owner;
    case PLAN_FILTER:
    case PLAN_GATE:
        return plan_provides(plan->input, owner);
    case PLAN_WINDOW:
        return plan_has_window(plan, owner) || plan_provides(plan->input, owner);
    case PLAN_APPLY:
        return plan->apply->expr == owner || plan_provides(plan->input, owner);
    case PLAN_TUPLES:
        return tuples_provide(plan->apply, owner);
    case PLAN_JOIN:
    case PLAN_LATERAL:
        return plan_provides(plan->input, owner) || plan_provides(plan->right, owner);
    default:
        return false;
    }
}

/* Adds a column to needs, unless it is there. */
static enum status columns_add(struct planner *planner, struct plan_columns *needs,
                               const void *owner, int32_t column, bool *fresh)
{
    *fresh = false;
    for (uint32_t i = 0; i < needs->count; i++)
        if (needs->items[i].owner == owner && needs->items[i].column == column)
            return STATUS_OK;
    *fresh = true;
    if (needs->count == needs->capacity) {
        uint32_t            capacity = needs->capacity == 0 ? 8 : needs->capacity * 2;
        struct plan_column *items = arena_alloc(planner->arena, capacity * sizeof *items);

        if (items == NULL)
            return fail_nomem(planner->err);
        if (needs->count != 0)
            memcpy(items, needs->items, needs->count * sizeof *items);
        needs->items = items;
        needs->capacity = capacity;
    }
    needs->items[needs->count++] = (struct plan_column){owner, column};
    return STATUS_OK;
}

static enum status need_through_join(struct planner *planner, struct plan *plan, const void *owner,
                                     int32_t column)
{
    bool probe = plan_provides(plan->input, owner), fresh;

    if (!probe && !plan_provides(plan->right, owner))
        return STATUS_OK; /* of an enclosing select: a constant here */
    TRY(columns_add(planner, probe ? &plan->probe_needs : &plan->build_needs, owner, column,
                    &fresh));
    return fresh ? plan_need(planner, probe ? plan->input : plan->right, owner, column) : STATUS_OK;
}

/* Of WINDOW and APPLY. */
static enum status need_carried(struct planner *planner, struct plan *plan, const void *owner,
                                int32_t column)
{
    bool fresh;

    if (plan->kind == PLAN_APPLY && owner == plan->apply->expr) {
        plan->apply->needed = true;
        return STATUS_OK;
    }
    if (plan_has_window(plan, owner) || !plan_provides(plan->input, owner))
        return STATUS_OK;
    TRY(columns_add(planner, &plan->carried, owner, column, &fresh));
    return fresh ? plan_need(planner, plan->input, owner, column) : STATUS_OK;
}

enum status plan_need(struct planner *planner, struct plan *plan, const void *owner, int32_t column)
{
    TRY(memory_poll(planner->arena->memory, planner->err));
    switch (plan->kind) {
    case PLAN_SUBQUERY:
        return owner == plan->item ? plan_need(planner, plan->input, plan->input->owner, column)
                                   : STATUS_OK;
    case PLAN_FILTER:
    case PLAN_GATE:
    case PLAN_LIMIT:
    case PLAN_DISTINCT:
        return plan_need(planner, plan->input, owner, column);
    case PLAN_PROJECT:
        if (owner != plan->owner)
            return plan_need(planner, plan->input, owner, column);
        if (bits_get(plan->needed, (size_t)column))
            return STATUS_OK;
        bits_set(plan->needed, (size_t)column);
        return plan_need_expr(planner, plan->input, plan_result(plan, (uint32_t)column),
                              plan->aggregate);
    case PLAN_JOIN:
    case PLAN_LATERAL:
        return need_through_join(planner, plan, owner, column);
    case PLAN_WINDOW:
    case PLAN_APPLY:
        return need_carried(planner, plan, owner, column);
    default:
        return STATUS_OK; /* leaves, and nodes that read all they have */
    }
}

struct need_walk {
    struct planner *planner;
    struct plan    *plan;
    bool            columns; /* false: above an aggregation all columns are its output */
    enum status     status;
};

static bool visit_need(struct expr *expr, void *data)
{
    struct need_walk *walk = data;

    if (walk->status == STATUS_OK && expr->select != NULL && plan_provides(walk->plan, expr)) {
        walk->status = plan_need(walk->planner, walk->plan, expr, 0);
        return false;
    }
    if (walk->status == STATUS_OK && ((expr->kind == EXPR_COLUMN && walk->columns) ||
                                      expr->kind == EXPR_AGGREGATE_REF)) /* of a tuple, perhaps */
        walk->status =
            plan_need(walk->planner, walk->plan, plan_owner(expr), expr->resolved.column);
    else if (walk->status == STATUS_OK && expr->kind == EXPR_WINDOW_REF)
        walk->status =
            plan_need(walk->planner, walk->plan, expr->resolved.window, expr->resolved.column);
    return walk->status == STATUS_OK;
}

enum status plan_need_expr(struct planner *planner, struct plan *plan, struct expr *expr,
                           const struct plan *aggregate)
{
    struct need_walk walk = {planner, plan, aggregate == NULL, STATUS_OK};

    expr_walk(expr, visit_need, &walk);
    return walk.status;
}

enum status plan_need_results(struct planner *planner, struct plan *plan)
{
    for (uint32_t i = 0; i < plan->column_count; i++)
        TRY(plan_need(planner, plan, plan->owner, (int32_t)i));
    return STATUS_OK;
}

static enum status need_list(struct planner *planner, struct plan *plan,
                             const struct expr_list *list, const struct plan *aggregate)
{
    for (uint32_t i = 0; i < list->count; i++)
        TRY(plan_need_expr(planner, plan, list->items[i], aggregate));
    return STATUS_OK;
}

static enum status need_aggregate(struct planner *planner, struct plan *plan)
{
    const struct select *select = plan->select;

    TRY(need_list(planner, plan->input, plan->group_by, NULL));
    for (uint32_t i = 0; i < select->aggregate_count; i++)
        TRY(plan_need_expr(planner, plan->input, select->aggregates[i], NULL));
    for (uint32_t i = 0; i < plan->bare_count; i++)
        TRY(plan_need_expr(planner, plan->input, plan->bare[i], NULL));
    return STATUS_OK;
}

static enum status need_window(struct planner *planner, struct plan *plan)
{
    struct need_walk walk = {planner, plan->input, plan->aggregate == NULL, STATUS_OK};
    uint32_t         count = 0;

    for (const struct select_window *w = plan->window; count < plan->window_count; w = w->next) {
        plan_walk_window(w, visit_need, &walk);
        count++;
    }
    return walk.status;
}

static enum status need_apply(struct planner *planner, struct plan *plan)
{
    const struct apply  *apply = plan->apply;
    const struct select *select = apply->expr->select;

    for (uint32_t i = 0; i < select->outer_count; i++)
        TRY(plan_need_expr(planner, plan->input, select->outers[i], plan->aggregate));
    if (apply->expr->kind == EXPR_IN)
        TRY(plan_need_expr(planner, plan->input, apply->expr->left, plan->aggregate));
    if (apply->expr->kind != EXPR_EXISTS)
        return plan_need_results(planner, plan->right);
    return plan_need(planner, plan->right, plan->right->owner,
                     (int32_t)plan->right->column_count - 1);
}

/* Where a term's expressions that are no results are from. */
static struct plan *below_results(struct plan *plan)
{
    while (plan->kind == PLAN_PROJECT || plan->kind == PLAN_DISTINCT)
        plan = plan->input;
    return plan;
}

static enum status need_own(struct planner *planner, struct plan *plan)
{
    switch (plan->kind) {
    case PLAN_SUBQUERY:
    case PLAN_SHARED:
        return need_list(planner, plan, &plan->filters, NULL);
    case PLAN_FILTER:
    case PLAN_GATE:
        return need_list(planner, plan->input, &plan->filters, plan->aggregate);
    case PLAN_JOIN:
        for (uint32_t i = 0; i < plan->key_count; i++) {
            TRY(plan_need_expr(planner, plan->input, plan->keys[i].probe, NULL));
            TRY(plan_need_expr(planner, plan->right, plan->keys[i].build, NULL));
        }
        return need_list(planner, plan, &plan->filters, NULL);
    case PLAN_AGGREGATE:
        return need_aggregate(planner, plan);
    case PLAN_WINDOW:
        return need_window(planner, plan);
    case PLAN_APPLY:
        return need_apply(planner, plan);
    case PLAN_LATERAL:
        TRY(need_list(planner, plan->input, &plan->right->item->arguments, NULL));
        TRY(need_list(planner, plan, &plan->filters, NULL));
        return need_list(planner, plan, &plan->right->filters, NULL);
    case PLAN_DISTINCT:
        if (plan->filters.count != 0)
            return need_list(planner, plan->input, &plan->filters, NULL);
        return plan_need_results(planner, plan->input);
    case PLAN_SORT:
        TRY(plan_need_results(planner, plan->input));
        for (uint32_t i = 0; i < plan->select->order_by.count; i++)
            TRY(plan_need_expr(planner, below_results(plan->input),
                               plan->select->order_by.terms[i].expr, plan->input->aggregate));
        return STATUS_OK;
    case PLAN_COMPOUND:
    case PLAN_RECURSIVE:
        TRY(plan_need_results(planner, plan->input));
        return plan_need_results(planner, plan->right);
    default:
        return STATUS_OK;
    }
}

enum status plan_needs(struct planner *planner, struct plan *plan)
{
    TRY(need_own(planner, plan));
    if ((planner->context->passes_off & PASS_PUSH_DOWN) == 0)
        plan_tell_windows(plan);
    plan_tell_order(planner, plan);
    if (plan->input != NULL)
        TRY(plan_lift_gates(planner, &plan->input));
    if (plan->right != NULL)
        TRY(plan_lift_gates(planner, &plan->right));
    if (plan->input != NULL)
        TRY(plan_needs(planner, plan->input));
    if (plan->right != NULL)
        TRY(plan_needs(planner, plan->right));
    return STATUS_OK;
}

/* --- independence ------------------------------------------------------------------------------
 */
struct independence {
    const struct plan *root;
    bool               holds;
};

static bool visit_independent(struct expr *expr, void *data)
{
    struct independence *independence = data;

    if (expr->kind == EXPR_AGGREGATE_REF || !expr_repeats(expr) ||
        (expr->kind == EXPR_COLUMN && !plan_provides(independence->root, expr->resolved.source)))
        independence->holds = false;
    return independence->holds;
}

static bool list_independent(const struct plan *root, const struct expr_list *list)
{
    struct independence independence = {root, true};

    for (uint32_t i = 0; i < list->count; i++)
        expr_walk(list->items[i], visit_independent, &independence);
    return independence.holds;
}

static bool node_independent(const struct plan *root, const struct plan *plan)
{
    struct independence independence = {root, true};

    if (!list_independent(root, &plan->filters))
        return false;
    switch (plan->kind) {
    case PLAN_SCAN:
        expr_walk(plan->rowid, visit_independent, &independence);
        return independence.holds;
    case PLAN_SOURCE:
        return list_independent(root, &plan->item->arguments);
    case PLAN_SUBQUERY:
        return !plan->item->select->correlated;
    case PLAN_SHARED:
        return true;
    case PLAN_FILTER:
    case PLAN_GATE:
        return node_independent(root, plan->input);
    case PLAN_JOIN:
        for (uint32_t i = 0; i < plan->key_count; i++) {
            expr_walk(plan->keys[i].probe, visit_independent, &independence);
            expr_walk(plan->keys[i].build, visit_independent, &independence);
        }
        return independence.holds && node_independent(root, plan->input) &&
               node_independent(root, plan->right);
    default:
        return false;
    }
}

bool plan_is_independent(const struct plan *plan)
{
    return node_independent(plan, plan);
}
