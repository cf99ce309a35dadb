/* plan_transitive.c - what equalities between columns say about conditions: of a = b AND b < 5
 * follows a < 5, so that both tables are filtered, and skipped by zone maps, before they meet.
 *
 * Only where equal values of both columns are the same value: columns of tables, both TEXT or both
 * INTEGER or NUMERIC, with BINARY collation. */
#include "sql/plan_join.h"

enum { IMPLIED_MAX = 64 };

static enum affinity column_class(const struct expr *column)
{
    return column->resolved.column >= 0 && column->resolved.affinity == AFFINITY_TEXT
               ? AFFINITY_TEXT
               : AFFINITY_NUMERIC;
}

/* a = b between columns of which each can stand for the other. */
static bool is_link(const struct conjunct *conjunct)
{
    const struct expr *expr = conjunct->expr;

    return conjunct->equality && expr->op == EXPR_OP_EQ &&
           expr->resolved.compare_collation == COLLATION_BINARY && column_is_exact(expr->left) &&
           column_is_exact(expr->right) && column_class(expr->left) == column_class(expr->right);
}

static bool is_steady(struct expr *expr)
{
    return expr_is_constant(expr) && !expr_may_fail(expr);
}

/* The place of the one column that condition compares with constants; NULL: it is no such. */
static struct expr **compared_column(struct expr *condition)
{
    switch ((enum expr_kind)condition->kind) {
    case EXPR_BINARY:
        if (condition->op < EXPR_OP_EQ || condition->op > EXPR_OP_GE)
            return NULL;
        if (is_steady(condition->right))
            return &condition->left;
        return is_steady(condition->left) ? &condition->right : NULL;
    case EXPR_BETWEEN:
        return is_steady(condition->list.items[0]) && is_steady(condition->list.items[1])
                   ? &condition->left
                   : NULL;
    case EXPR_IN:
        for (uint32_t i = 0; i < condition->list.count; i++)
            if (!is_steady(condition->list.items[i]))
                return NULL;
        return condition->select == NULL ? &condition->left : NULL;
    default:
        return NULL;
    }
}

static bool is_held(const struct block *block, const struct expr *condition)
{
    for (uint32_t i = 0; i < block->conjunct_count; i++)
        if (expr_equal(block->conjuncts[i].expr, condition))
            return true;
    return false;
}

/* condition about `other` instead of its column; NULL: memory. */
static struct expr *condition_about(struct arena *arena, const struct expr *condition,
                                    struct expr *other)
{
    struct expr *copy = arena_alloc(arena, sizeof *copy);

    if (copy == NULL)
        return NULL;
    *copy = *condition;
    *compared_column(copy) = other;
    return copy;
}

/* What condition says about the other side of links from its column. */
static enum status add_implied(const struct from_state *state, struct block *block,
                               struct expr *condition, uint32_t *implied)
{
    struct expr **column = compared_column(condition);

    if (column == NULL || !column_is_exact(*column))
        return STATUS_OK;
    for (uint32_t i = 0; i < block->conjunct_count && *implied < IMPLIED_MAX; i++) {
        struct expr *link = block->conjuncts[i].expr, *other, *copy;

        if (!is_link(&block->conjuncts[i]))
            continue;
        other = expr_equal(link->left, *column)    ? link->right
                : expr_equal(link->right, *column) ? link->left
                                                   : NULL;
        if (other == NULL)
            continue;
        copy = condition_about(state->planner->arena, condition, other);
        if (copy == NULL)
            return fail_nomem(state->planner->err);
        if (is_held(block, copy))
            continue;
        /* fewer values are left to choose from on both sides */
        block->conjuncts[i].distinct *= plan_selectivity(condition);
        if (block->conjuncts[i].distinct < 1)
            block->conjuncts[i].distinct = 1;
        TRY(block_add_one(state, block, copy));
        (*implied)++;
    }
    return STATUS_OK;
}

enum status block_add_transitive(const struct from_state *state, struct block *block)
{
    uint32_t implied = 0;

    if ((state->planner->context->passes_off & PASS_TRANSITIVE) != 0)
        return STATUS_OK;
    for (uint32_t i = 0; i < block->conjunct_count; i++) /* the list grows */
        TRY(add_implied(state, block, block->conjuncts[i].expr, &implied));
    return STATUS_OK;
}
