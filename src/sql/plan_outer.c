/* plan_outer.c - outer joins whose rows filled with NULLs no condition above lets pass become
 * inner ones: FULL becomes LEFT or RIGHT, these become plain joins.
 *
 * A condition rejects such rows if it cannot be true where all columns of the side that is missing
 * are NULL.  WHERE is above all joins; the ON of an inner join is above the joins that its operands
 * are made of, that of an outer join above those of the side that may be missing. */
#include "sql/plan.h"
#include "vm/functions.h"

static bool is_of_list(const struct from_list *from, const struct from_item *item)
{
    for (uint32_t i = 0; i < from->count; i++)
        if (from->items[i] == item ||
            (from->items[i]->nested != NULL && is_of_list(from->items[i]->nested, item)))
            return true;
    return false;
}

static bool any_is_strict(const struct from_list *from, const struct expr_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (plan_is_strict(from, list->items[i]))
            return true;
    return false;
}

static bool binary_is_strict(const struct from_list *from, const struct expr *expr)
{
    switch ((enum expr_op)expr->op) {
    case EXPR_OP_AND:
    case EXPR_OP_OR:
        return plan_is_strict(from, expr->left) && plan_is_strict(from, expr->right);
    case EXPR_OP_IS:
    case EXPR_OP_ISNOT:
        return false;
    default:
        return expr->op >= EXPR_OP_ADD && expr->op <= EXPR_OP_GE &&
               (plan_is_strict(from, expr->left) || plan_is_strict(from, expr->right));
    }
}

bool plan_is_strict(const struct from_list *from, const struct expr *expr)
{
    const struct function *function = expr->resolved.function;

    switch ((enum expr_kind)expr->kind) {
    case EXPR_COLUMN:
        return is_of_list(from, expr->resolved.source);
    case EXPR_COLLATE:
    case EXPR_CAST:
        return plan_is_strict(from, expr->left);
    case EXPR_UNARY:
        return expr->op <= EXPR_OP_NOT && plan_is_strict(from, expr->left);
    case EXPR_BINARY:
        return binary_is_strict(from, expr);
    case EXPR_BETWEEN: /* a bound that is NULL leaves the other one, which may be false */
        return plan_is_strict(from, expr->left);
    case EXPR_IN: /* of an empty list it is false */
        return expr->select == NULL && expr->list.count != 0 && plan_is_strict(from, expr->left);
    case EXPR_FUNCTION:
        return function != NULL && expr->over == NULL && expr->resolved.aggregate_kind == 0 &&
               (function->flags & FUNCTION_NULL_IN_NULL_OUT) != 0 &&
               any_is_strict(from, &expr->list);
    default:
        return false;
    }
}

/* Whether condition cannot be true where all columns of from are NULL. */
static bool rejects_nulls(const struct from_list *from, const struct expr *condition)
{
    switch ((enum expr_kind)condition->kind) {
    case EXPR_UNARY:
        if (condition->op == EXPR_OP_NOTNULL)
            return plan_is_strict(from, condition->left);
        break;
    case EXPR_BINARY:
        if (condition->op == EXPR_OP_AND)
            return rejects_nulls(from, condition->left) || rejects_nulls(from, condition->right);
        if (condition->op == EXPR_OP_OR)
            return rejects_nulls(from, condition->left) && rejects_nulls(from, condition->right);
        break;
    case EXPR_BETWEEN:
        if (!condition->negated && any_is_strict(from, &condition->list))
            return true;
        break;
    case EXPR_IN:
        if (!condition->negated)
            return plan_is_strict(from, condition->left);
        break;
    default:
        break;
    }
    return plan_is_strict(from, condition);
}

static bool any_rejects(const struct from_list *from, const struct expr_list *conditions)
{
    for (uint32_t i = 0; i < conditions->count; i++)
        if (rejects_nulls(from, conditions->items[i]))
            return true;
    return false;
}

/* The conditions of inner joins stand anywhere as good as in WHERE where no join brings back rows
 * of its left side. */
static bool add_inner(struct arena *arena, const struct from_list *list,
                      struct expr_list *conditions)
{
    for (uint32_t i = 0; i < list->count; i++)
        if ((list->items[i]->join & JOIN_TYPE_RIGHT) != 0)
            return true;
    for (uint32_t i = 0; i < list->count; i++)
        if ((list->items[i]->join & JOIN_TYPE_LEFT) == 0 &&
            !expr_conjuncts(arena, list->items[i]->on, conditions))
            return false;
    return true;
}

static enum status simplify(struct planner *planner, const struct from_list *list,
                            struct expr_list conditions)
{
    struct arena *arena = planner->arena;

    TRY(stack_check(planner->err, -1));
    if (!add_inner(arena, list, &conditions))
        return fail_nomem(planner->err);
    for (uint32_t i = list->count; i-- > 0;) {
        struct from_item *item = list->items[i];
        struct from_list  left = {.count = i, .items = list->items};
        struct from_list  right = {.count = 1, .items = &list->items[i]};
        struct expr_list  own = {0}, below = conditions;

        if ((item->join & JOIN_TYPE_LEFT) != 0 && any_rejects(&right, &conditions))
            item->join &= (uint8_t)~JOIN_TYPE_LEFT;
        if ((item->join & JOIN_TYPE_RIGHT) != 0 && any_rejects(&left, &conditions))
            item->join &= (uint8_t)~JOIN_TYPE_RIGHT;
        if (!expr_conjuncts(arena, item->on, &own))
            return fail_nomem(planner->err);
        switch (item->join & (JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT)) {
        case 0:
            for (uint32_t c = 0; c < own.count; c++)
                if (!expr_list_add(arena, &conditions, own.items[c]))
                    return fail_nomem(planner->err);
            below = conditions;
            break;
        case JOIN_TYPE_LEFT:
            below = own;
            break;
        case JOIN_TYPE_RIGHT:
            conditions = own;
            break;
        default:
            conditions = below = (struct expr_list){0};
            break;
        }
        if (item->kind == FROM_NESTED)
            TRY(simplify(planner, item->nested, below));
    }
    return STATUS_OK;
}

static bool has_outer(const struct from_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if ((list->items[i]->join & (JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT)) != 0 ||
            (list->items[i]->kind == FROM_NESTED && has_outer(list->items[i]->nested)))
            return true;
    return false;
}

enum status plan_outer_joins(struct planner *planner, const struct from_list *from,
                             struct expr *where)
{
    struct expr_list conditions = {0};

    if ((planner->context->passes_off & PASS_OUTER) != 0 || !has_outer(from))
        return STATUS_OK;
    if (!expr_conjuncts(planner->arena, where, &conditions))
        return fail_nomem(planner->err);
    return simplify(planner, from, conditions);
}
