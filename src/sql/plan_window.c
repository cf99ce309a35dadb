/* plan_window.c - what conditions on window functions tell the windows below.
 *
 * SELECT ... FROM (SELECT ..., row_number() OVER (PARTITION BY a ORDER BY b) AS n ...) WHERE n <= k
 * needs k rows of each partition: the window is told, and leaves out the others as they come. */
#include "sql/plan.h"

/* The operand that a rank, on the other side, must not exceed for expr to be true; NULL: none. */
static struct expr *upper_bound(struct expr *expr, struct expr **rank, bool *strict)
{
    *strict = false;
    if (expr->kind == EXPR_BETWEEN && !expr->negated) {
        *rank = expr->left;
        return expr->list.items[1];
    }
    if (expr->kind != EXPR_BINARY)
        return NULL;
    *strict = expr->op == EXPR_OP_LT || expr->op == EXPR_OP_GT;
    switch (expr->op) {
    case EXPR_OP_LT:
    case EXPR_OP_LE:
        *rank = expr->left;
        return expr->right;
    case EXPR_OP_GT:
    case EXPR_OP_GE:
        *rank = expr->right;
        return expr->left;
    case EXPR_OP_EQ:
        *rank = expr_is_constant(expr->left) ? expr->right : expr->left;
        return *rank == expr->left ? expr->right : expr->left;
    default:
        return NULL;
    }
}

/* What a column of the subquery is, if rows reach it unchanged from a WINDOW node, in *window. */
static struct expr *column_meaning(const struct plan *subquery, int32_t column,
                                   struct plan **window)
{
    struct plan *input = subquery->input;

    while (input->kind == PLAN_SORT)
        input = input->input;
    if (input->kind != PLAN_PROJECT || input->input->kind != PLAN_WINDOW || column < 0)
        return NULL;
    *window = input->input;
    return expr_strip(input->select->columns[column].expr);
}

static bool is_rank(int32_t kind)
{
    return kind == WINDOW_ROW_NUMBER || kind == WINDOW_RANK || kind == WINDOW_DENSE_RANK;
}

/* Every call of the node counts rows that come before. */
static bool only_ranks(const struct plan *plan)
{
    const struct select_window *window = plan->window;

    for (uint32_t w = 0; w < plan->window_count; w++, window = window->next)
        for (uint32_t i = 0; i < window->call_count; i++)
            if (!is_rank(window->calls[i]->resolved.window_kind - 1))
                return false;
    return true;
}

static void tell(const struct plan *plan, struct expr *filter)
{
    struct plan *window = plan->input;
    struct expr *rank, *bound;
    bool         strict;

    bound = upper_bound(filter, &rank, &strict);
    if (bound == NULL || !expr_is_constant(bound) || expr_may_fail(bound))
        return;
    rank = expr_strip(rank);
    if (plan->kind == PLAN_SUBQUERY && rank->kind == EXPR_COLUMN &&
        rank->resolved.source == plan->item)
        rank = column_meaning(plan, rank->resolved.column, &window);
    if (rank == NULL || rank->kind != EXPR_WINDOW_REF || window->kind != PLAN_WINDOW ||
        window->keep_bound != NULL || !plan_has_window(window, rank->resolved.window) ||
        !only_ranks(window))
        return;
    window->keep_bound = bound;
    window->keep_strict = strict;
    window->keep_kind = (enum window_kind)(
        rank->resolved.window->calls[rank->resolved.column]->resolved.window_kind - 1);
}

void plan_tell_windows(const struct plan *plan)
{
    if (plan->kind != PLAN_SUBQUERY && plan->kind != PLAN_FILTER)
        return;
    for (uint32_t i = 0; i < plan->filters.count; i++)
        tell(plan, plan->filters.items[i]);
}
