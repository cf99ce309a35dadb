/* resolve_expr.c - one expression after the other: children, then what the node itself needs. */
#include <string.h>

#include "base/str.h"
#include "sql/plan_expr.h"
#include "sql/resolve_internal.h"
#include "vm/functions.h"

static enum status fail_subselect(struct resolver *r, const struct expr *expr, uint32_t has,
                                  uint32_t wanted)
{
    return fail_at(r->err, STATUS_ERROR, expr->position,
                   "sub-select returns %u columns - expected %u", has, wanted);
}

enum status fail_width(struct resolver *r, const struct expr *expr)
{
    if (expr->kind == EXPR_SUBQUERY)
        return fail_subselect(r, expr, expr->select->column_count, 1);
    return fail_at(r->err, STATUS_ERROR, expr->position, "row value misused");
}

enum status resolve_scalar(struct resolver *r, struct scope *scope, struct expr *expr)
{
    TRY(resolve_expr(r, scope, expr));
    return expr_width(expr) == 1 ? STATUS_OK : fail_width(r, expr);
}

enum status resolve_list(struct resolver *r, struct scope *scope, struct expr_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        TRY(resolve_scalar(r, scope, list->items[i]));
    return STATUS_OK;
}

/* A node over resolved operands; NULL when memory runs out. */
static struct expr *new_node(struct resolver *r, enum expr_kind kind, enum expr_op op,
                             struct expr *left, struct expr *right)
{
    struct expr *expr = arena_zalloc(r->arena, sizeof *expr);

    if (expr == NULL)
        return NULL;
    expr->kind = (uint8_t)kind;
    expr->op = (uint8_t)op;
    expr->depth = left->depth;
    expr->position = left->position;
    expr->left = left;
    expr->right = right;
    resolve_type(expr);
    return expr;
}

/* --- comparisons ------------------------------------------------------------------------------ */
static enum status check_widths(struct resolver *r, const struct expr *left,
                                const struct expr *right)
{
    uint32_t wanted = expr_width(left), has = expr_width(right);

    if (wanted == has)
        return STATUS_OK;
    return fail_at(r->err, STATUS_ERROR, left->position, "row value misused");
}

static bool is_truth_word(const struct expr *expr)
{
    return expr->kind == EXPR_COLUMN && expr->table.text == NULL && !expr->name.quoted &&
           (ascii_equal(expr->name.text, expr->name.bytes, "true", 4) ||
            ascii_equal(expr->name.text, expr->name.bytes, "false", 5));
}

/* x IS TRUE asks for the truth of x, not for the number 1: (NOT NOT x) IS 1; x IS FALSE: (NOT x) IS
 * 1. */
static enum status rewrite_truth(struct resolver *r, struct expr *expr)
{
    bool wanted = expr->right->value.i != 0;

    expr->right->value = value_int(1);
    for (int i = 0; i < (wanted ? 2 : 1); i++) {
        expr->left = new_node(r, EXPR_UNARY, EXPR_OP_NOT, expr->left, NULL);
        if (expr->left == NULL)
            return fail_nomem(r->err);
    }
    return STATUS_OK;
}

static enum status resolve_comparison(struct resolver *r, struct scope *scope, struct expr *expr)
{
    bool truth =
        (expr->op == EXPR_OP_IS || expr->op == EXPR_OP_ISNOT) && is_truth_word(expr->right);

    TRY(resolve_expr(r, scope, expr->left));
    TRY(resolve_expr(r, scope, expr->right));
    TRY(check_widths(r, expr->left, expr->right));
    if (truth && expr->right->kind == EXPR_LITERAL)
        return rewrite_truth(r, expr);
    return STATUS_OK;
}

static enum status resolve_binary(struct resolver *r, struct scope *scope, struct expr *expr)
{
    if (expr->op >= EXPR_OP_EQ && expr->op <= EXPR_OP_ISNOT)
        return resolve_comparison(r, scope, expr);
    if (expr->op == EXPR_OP_ARROW || expr->op == EXPR_OP_ARROW2)
        return fail_at(r->err, STATUS_ERROR, expr->position, "not supported yet: JSON operator %s",
                       expr->op == EXPR_OP_ARROW ? "->" : "->>");
    TRY(resolve_scalar(r, scope, expr->left));
    return resolve_scalar(r, scope, expr->right);
}

/* Row values: a BETWEEN b AND c is a >= b AND a <= c. */
static enum status rewrite_row_between(struct resolver *r, struct expr *expr)
{
    struct expr *low = new_node(r, EXPR_BINARY, EXPR_OP_GE, expr->left, expr->list.items[0]);
    struct expr *high = new_node(r, EXPR_BINARY, EXPR_OP_LE, expr->left, expr->list.items[1]);
    struct expr *both = NULL;

    if (low != NULL && high != NULL)
        both = new_node(r, EXPR_BINARY, EXPR_OP_AND, low, high);
    if (both != NULL && expr->negated)
        both = new_node(r, EXPR_UNARY, EXPR_OP_NOT, both, NULL);
    if (both == NULL)
        return fail_nomem(r->err);
    both->source_text = expr->source_text;
    both->source_bytes = expr->source_bytes;
    *expr = *both;
    return STATUS_OK;
}

static enum status resolve_between(struct resolver *r, struct scope *scope, struct expr *expr)
{
    TRY(resolve_expr(r, scope, expr->left));
    for (uint32_t i = 0; i < 2; i++) {
        TRY(resolve_expr(r, scope, expr->list.items[i]));
        TRY(check_widths(r, expr->left, expr->list.items[i]));
    }
    return expr_width(expr->left) > 1 ? rewrite_row_between(r, expr) : STATUS_OK;
}

/* (a, b) IN ((1, 2), (3, 4)) is (a, b) IN (VALUES (1, 2), (3, 4)). */
static enum status rewrite_row_list(struct resolver *r, struct expr *expr, uint32_t width)
{
    struct select      *select = arena_zalloc(r->arena, sizeof *select);
    struct values_rows *values = arena_zalloc(r->arena, sizeof *values);
    uint32_t            rows = expr->list.count;

    if (select == NULL || values == NULL)
        return fail_nomem(r->err);
    select->is_values = true;
    select->position = expr->position;
    select->column_count = select->column_capacity = width;
    select->values_rows = values->rows = rows;
    values->columns = width;
    select->values = select->last_values = values;
    select->columns = arena_zalloc(r->arena, width * sizeof *select->columns);
    values->exprs = arena_alloc(r->arena, (size_t)rows * width * sizeof *values->exprs);
    if (select->columns == NULL || values->exprs == NULL)
        return fail_nomem(r->err);
    for (uint32_t i = 0; i < rows; i++) {
        const struct expr *row = expr->list.items[i];
        uint32_t           has = row->kind == EXPR_ROW ? row->list.count : 1;

        if (has != width)
            return fail_at(r->err, STATUS_ERROR, row->position,
                           "IN(...) element has %u term%s - expected %u", has, has == 1 ? "" : "s",
                           width);
        memcpy(values->exprs + (size_t)i * width, row->list.items, width * sizeof *values->exprs);
    }
    for (uint32_t i = 0; i < width; i++)
        select->columns[i].expr = values->exprs[i];
    expr->select = select;
    expr->list = (struct expr_list){0};
    return STATUS_OK;
}

static enum status resolve_in(struct resolver *r, struct scope *scope, struct expr *expr)
{
    uint32_t wanted;

    if (expr->select == NULL && expr->list.count == 0 && expr->left->kind == EXPR_LITERAL) {
        expr->kind = EXPR_LITERAL;
        expr->value = value_int(expr->negated);
        expr->left = NULL;
        resolve_type(expr);
        return STATUS_OK;
    }
    TRY(resolve_expr(r, scope, expr->left));
    wanted = expr_width(expr->left);
    if (expr->op != EXPR_OP_NONE && wanted != 1)
        return fail_width(r, expr->left);
    if (expr->left->kind == EXPR_ROW && expr->list.count > 0)
        TRY(rewrite_row_list(r, expr, wanted));
    if (expr->select != NULL) {
        TRY(resolve_select(r, expr->select, scope));
        if (expr->select->column_count != wanted)
            return fail_subselect(r, expr, expr->select->column_count, wanted);
        return STATUS_OK;
    }
    if (wanted != 1)
        return fail_width(r, expr->left);
    return resolve_list(r, scope, &expr->list);
}

static enum status resolve_like(struct resolver *r, struct scope *scope, struct expr *expr)
{
    /* a LIKE b is like(b, a): the order in which windows are met */
    TRY(resolve_scalar(r, scope, expr->right));
    TRY(resolve_scalar(r, scope, expr->left));
    TRY(resolve_list(r, scope, &expr->list));
    if (expr->op != EXPR_OP_LIKE && expr->list.count > 0)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "wrong number of arguments to function %s()", expr->name.text);
    return STATUS_OK;
}

/* Row values: CASE a WHEN b is CASE WHEN a = b. */
static enum status rewrite_row_case(struct resolver *r, struct expr *expr)
{
    for (uint32_t i = 0; i < expr->list.count; i += 2) {
        struct expr **when = &expr->list.items[i];

        *when = new_node(r, EXPR_BINARY, EXPR_OP_EQ, expr->left, *when);
        if (*when == NULL)
            return fail_nomem(r->err);
    }
    expr->left = NULL;
    return STATUS_OK;
}

static enum status resolve_case(struct resolver *r, struct scope *scope, struct expr *expr)
{
    if (expr->left != NULL)
        TRY(resolve_expr(r, scope, expr->left));
    for (uint32_t i = 0; i < expr->list.count; i++) {
        TRY(resolve_expr(r, scope, expr->list.items[i]));
        if (i % 2 == 0 && expr->left != NULL)
            TRY(check_widths(r, expr->left, expr->list.items[i]));
        else if (expr_width(expr->list.items[i]) != 1)
            return fail_width(r, expr->list.items[i]);
    }
    if (expr->right != NULL)
        TRY(resolve_scalar(r, scope, expr->right));
    return expr->left != NULL && expr_width(expr->left) > 1 ? rewrite_row_case(r, expr) : STATUS_OK;
}

static enum status resolve_collate(struct resolver *r, struct scope *scope, struct expr *expr)
{
    enum collation collation;

    if (!collation_find(expr->name.text, expr->name.bytes, &collation))
        return fail_at(r->err, STATUS_ERROR, expr->name.position, "no such collation sequence: %s",
                       expr->name.text);
    return resolve_scalar(r, scope, expr->left);
}

/* Of a subquery that stands for a value or for EXISTS one row counts: SQLite makes LIMIT x of it
 * LIMIT x <> 0, which shows where x is no INTEGER.  1.5 and 'a' are 1, '0' is 0. */
static enum status limit_to_first(struct resolver *r, struct select *select)
{
    struct expr *zero;
    struct value known;

    if (select->limit == NULL ||
        (expr_fold(r->arena, select->limit, &known) && known.class_ == CLASS_INTEGER))
        return STATUS_OK;
    zero = arena_zalloc(r->arena, sizeof *zero);
    if (zero == NULL)
        return fail_nomem(r->err);
    zero->kind = EXPR_LITERAL;
    zero->depth = 1;
    zero->position = select->limit->position;
    zero->value = value_int(0);
    resolve_type(zero);
    zero->resolved.affinity = AFFINITY_NUMERIC;
    select->limit = new_node(r, EXPR_BINARY, EXPR_OP_NE, select->limit, zero);
    return select->limit == NULL ? fail_nomem(r->err) : STATUS_OK;
}

/* --- all kinds -------------------------------------------------------------------------------- */
/* Kinds whose resolution also says their type: false. */
static bool wants_type(const struct expr *expr)
{
    return expr->kind != EXPR_COLUMN && expr->kind != EXPR_AGGREGATE_REF &&
           expr->kind != EXPR_WINDOW_REF && expr->kind != EXPR_FUNCTION &&
           expr->kind != EXPR_LITERAL;
}

static enum status resolve_node(struct resolver *r, struct scope *scope, struct expr *expr)
{
    switch ((enum expr_kind)expr->kind) {
    case EXPR_LITERAL:
    case EXPR_VARIABLE:
        resolve_type(expr);
        return STATUS_OK;
    case EXPR_COLUMN:
        return resolve_column(r, scope, expr);
    case EXPR_UNARY:
    case EXPR_CAST:
        return resolve_scalar(r, scope, expr->left);
    case EXPR_BINARY:
        return resolve_binary(r, scope, expr);
    case EXPR_BETWEEN:
        return resolve_between(r, scope, expr);
    case EXPR_IN:
        return resolve_in(r, scope, expr);
    case EXPR_LIKE:
        return resolve_like(r, scope, expr);
    case EXPR_CASE:
        return resolve_case(r, scope, expr);
    case EXPR_COLLATE:
        return resolve_collate(r, scope, expr);
    case EXPR_FUNCTION:
        return resolve_function(r, scope, expr);
    case EXPR_SUBQUERY:
    case EXPR_EXISTS:
        TRY(resolve_select(r, expr->select, scope));
        return limit_to_first(r, expr->select);
    case EXPR_ROW:
        return resolve_list(r, scope, &expr->list);
    case EXPR_RAISE:
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "RAISE() may only be used within a trigger-program");
    case EXPR_STAR:
        return fail_at(r->err, STATUS_ERROR, expr->position, "near \"*\": syntax error");
    case EXPR_AGGREGATE_REF:
    case EXPR_WINDOW_REF:
    case EXPR_KIND_COUNT:
        break;
    }
    return STATUS_OK;
}

enum status resolve_expr(struct resolver *r, struct scope *scope, struct expr *expr)
{
    TRY(stack_check(r->err, expr->position));
    TRY(memory_poll(r->context->arena->memory, r->err));
    TRY(resolve_node(r, scope, expr));
    if (wants_type(expr))
        resolve_type(expr);
    return STATUS_OK;
}
