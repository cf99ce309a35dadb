/* parse_fold.c - what SQLite makes constants of while it parses.
 *
 * That is before names have a meaning, so it shows: what is dropped may name columns that do not
 * exist, and an integer that comes out may be a position in GROUP BY and ORDER BY.  Expressions
 * with function calls stay, for they could be aggregates. */
#include "sql/parse_build.h"

static bool list_calls(const struct expr_list *list);

/* Whether SQLite sees a function call in expr: not below COLLATE or in subqueries.  As deep as
 * expr, which the parser has bounded. */
static bool expr_calls(const struct expr *expr)
{
    if (expr == NULL)
        return false;
    switch (expr->kind) {
    case EXPR_FUNCTION:
    case EXPR_LIKE:
        return true;
    case EXPR_UNARY:
    case EXPR_CAST:
        return expr_calls(expr->left);
    case EXPR_BINARY: /* the arrows are functions */
        return expr->op == EXPR_OP_ARROW || expr->op == EXPR_OP_ARROW2 || expr_calls(expr->left) ||
               expr_calls(expr->right);
    case EXPR_CASE:
    case EXPR_BETWEEN:
        return expr_calls(expr->left) || expr_calls(expr->right) || list_calls(&expr->list);
    case EXPR_IN: /* a list of rows becomes VALUES, a subquery */
        return expr_calls(expr->left) || (expr->left->kind != EXPR_ROW && list_calls(&expr->list));
    case EXPR_ROW:
        return list_calls(&expr->list);
    default:
        return false;
    }
}

static bool list_calls(const struct expr_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (expr_calls(list->items[i]))
            return true;
    return false;
}

static struct expr *build_integer(struct parser *parser, int64_t value, int32_t position)
{
    struct expr *expr = build_expr(parser, EXPR_LITERAL, position);

    expr->value = value_int(value);
    return expr;
}

/* 0, and x IN () for any x without calls. */
static bool is_false(const struct expr *expr)
{
    if (expr->kind == EXPR_IN)
        return !expr->negated && expr->select == NULL && expr->list.count == 0 &&
               !expr_calls(expr->left);
    return expr->kind == EXPR_LITERAL && expr->value.class_ == CLASS_INTEGER && expr->value.i == 0;
}

struct expr *build_and(struct parser *parser, struct expr *left, struct expr *right)
{
    if ((is_false(left) || is_false(right)) && !expr_calls(left) && !expr_calls(right))
        return build_integer(parser, 0, left->position);
    return build_binary(parser, EXPR_OP_AND, left, right);
}

struct expr *build_null_test(struct parser *parser, bool negated, struct expr *operand)
{
    const struct expr *inner = operand;
    struct expr       *expr;

    while (inner->kind == EXPR_UNARY && (inner->op == EXPR_OP_NEGATE || inner->op == EXPR_OP_PLUS))
        inner = inner->left;
    if (inner->kind == EXPR_LITERAL && inner->value.class_ != CLASS_NULL)
        return build_integer(parser, negated, operand->position);
    expr = build_unary(parser, negated ? EXPR_OP_NOTNULL : EXPR_OP_ISNULL, operand,
                       (struct token){parser->sql + operand->position, 1});
    return expr;
}

struct expr *build_in_nothing(struct parser *parser, bool negated, struct expr *left)
{
    if (!expr_calls(left)) {
        left = build_expr(parser, EXPR_LITERAL, left->position);
        left->value = value_null();
    }
    return build_in(parser, negated, left, (struct expr_list){0}, NULL);
}
