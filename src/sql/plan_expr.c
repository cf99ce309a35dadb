/* plan_expr.c - questions about resolved expressions: walk, equality, cost, constancy. */
#include "sql/plan_expr.h"

#include "base/str.h"
#include "vm/functions.h"

#include <string.h>

static void walk_select(struct select *select, expr_visit *visit, void *data)
{
    for (uint32_t i = 0; i < select->outer_count; i++)
        expr_walk(select->outers[i], visit, data);
    for (uint32_t i = 0; select->lookup != NULL && i < select->lookup->count; i++)
        expr_walk(select->lookup->outer[i], visit, data);
}

/* Walks cannot fail: an interrupt leaves them. */
static bool walk_goes_on(void)
{
    static _Thread_local uint32_t steps;

    return ++steps % INTERRUPT_ROWS != 0 || !interrupt_cut();
}

void expr_walk(struct expr *expr, expr_visit *visit, void *data)
{
    if (expr == NULL || !walk_goes_on() || !visit(expr, data) || expr->kind == EXPR_COLUMN ||
        expr->kind == EXPR_LITERAL || expr->kind == EXPR_VARIABLE)
        return;
    expr_walk(expr->left, visit, data);
    expr_walk(expr->right, visit, data);
    if (expr->kind == EXPR_BINARY)
        return;
    for (uint32_t i = 0; i < expr->list.count; i++)
        expr_walk(expr->list.items[i], visit, data);
    expr_walk(expr->filter, visit, data);
    for (uint32_t i = 0; i < expr->order_by.count; i++)
        expr_walk(expr->order_by.terms[i].expr, visit, data);
    if (expr->select != NULL)
        walk_select(expr->select, visit, data);
}

/* --- whole selects ------------------------------------------------------------------------------
 */
struct select_visit {
    expr_visit *visit;
    void       *data;
};

static bool visit_within(struct expr *expr, void *data)
{
    const struct select_visit *walk = data;

    if (!walk->visit(expr, walk->data))
        return false;
    if (expr->select != NULL)
        select_walk(expr->select, walk->visit, walk->data);
    return true;
}

static void walk_list(const struct expr_list *list, struct select_visit *walk)
{
    for (uint32_t i = 0; i < list->count; i++)
        expr_walk(list->items[i], visit_within, walk);
}

static void walk_order(const struct order_list *order, struct select_visit *walk)
{
    for (uint32_t i = 0; i < order->count; i++)
        expr_walk(order->terms[i].expr, visit_within, walk);
}

static void walk_from(const struct from_list *from, struct select_visit *walk)
{
    for (uint32_t i = 0; i < from->count; i++) {
        const struct from_item *item = from->items[i];

        expr_walk(item->on, visit_within, walk);
        walk_list(&item->arguments, walk);
        if (item->select != NULL)
            select_walk(item->select, walk->visit, walk->data);
        if (item->nested != NULL)
            walk_from(item->nested, walk);
    }
}

static void walk_term(const struct select *term, struct select_visit *walk)
{
    for (uint32_t i = 0; i < term->column_count; i++)
        expr_walk(term->columns[i].expr, visit_within, walk);
    for (const struct values_rows *part = term->values; part != NULL; part = part->next)
        for (size_t i = 0; part->exprs != NULL && i < (size_t)part->rows * part->columns; i++)
            expr_walk(part->exprs[i], visit_within, walk);
    for (uint32_t i = 0; i < term->aggregate_count; i++)
        expr_walk(term->aggregates[i], visit_within, walk);
    for (const struct select_window *w = term->window_calls; w != NULL; w = w->next) {
        for (uint32_t i = 0; i < w->call_count; i++)
            expr_walk(w->calls[i], visit_within, walk);
        walk_list(&w->def->partition_by, walk);
        walk_order(&w->def->order_by, walk);
    }
    walk_from(&term->from, walk);
    expr_walk(term->where, visit_within, walk);
    walk_list(&term->group_by, walk);
    walk_list(&term->distinct_on, walk);
    expr_walk(term->having, visit_within, walk);
    expr_walk(term->qualify, visit_within, walk);
    walk_order(&term->order_by, walk);
    expr_walk(term->limit, visit_within, walk);
    expr_walk(term->offset, visit_within, walk);
}

void select_walk(struct select *select, expr_visit *visit, void *data)
{
    struct select_visit walk = {visit, data};

    for (const struct select *term = select; term != NULL; term = term->prior)
        walk_term(term, &walk);
}

struct expr *expr_strip(struct expr *expr)
{
    while (expr->kind == EXPR_COLLATE || (expr->kind == EXPR_UNARY && expr->op == EXPR_OP_PLUS))
        expr = expr->left;
    return expr;
}

bool expr_repeats(const struct expr *expr)
{
    const struct function *function = expr->resolved.function;

    if (expr->resolved.aggregate_kind != 0)
        return true;
    return expr->kind != EXPR_FUNCTION || function == NULL ||
           (function->flags & (FUNCTION_PURE | FUNCTION_STATEMENT | FUNCTION_SPECIAL)) != 0;
}

enum collation expr_call_collation(const struct expr *call)
{
    for (uint32_t i = 0; i < call->list.count; i++)
        if (call->list.items[i]->resolved.collation_known)
            return call->list.items[i]->resolved.collation;
    return COLLATION_BINARY;
}

/* What other values are compared with a's are compared with b's in the same way. */
static bool typed_alike(const struct expr *a, const struct expr *b)
{
    return a->resolved.affinity == b->resolved.affinity &&
           a->resolved.collation == b->resolved.collation &&
           a->resolved.collation_known == b->resolved.collation_known &&
           a->resolved.collation_explicit == b->resolved.collation_explicit;
}

static bool lists_typed_alike(const struct expr_list *a, const struct expr_list *b, uint32_t step)
{
    for (uint32_t i = 0; i < a->count; i += step)
        if (!typed_alike(a->items[i], b->items[i]))
            return false;
    return true;
}

/* Whether a and b, alike in structure, compare their operands alike.  The same column of a table
 * may have different types where it came in for columns of a compound subquery. */
static bool compare_alike(const struct expr *a, const struct expr *b)
{
    switch (a->kind) {
    case EXPR_BINARY:
    case EXPR_IN:
    case EXPR_BETWEEN:
        return a->resolved.compare_affinity == b->resolved.compare_affinity &&
               a->resolved.compare_collation == b->resolved.compare_collation &&
               (a->kind != EXPR_BETWEEN ||
                (a->resolved.compare_affinity_high == b->resolved.compare_affinity_high &&
                 a->resolved.compare_collation_high == b->resolved.compare_collation_high));
    case EXPR_ROW:
        return lists_typed_alike(&a->list, &b->list, 1);
    case EXPR_CASE:
        return a->left == NULL ||
               (typed_alike(a->left, b->left) && lists_typed_alike(&a->list, &b->list, 2));
    case EXPR_FUNCTION:
        return a->resolved.function == NULL ||
               (a->resolved.function->flags & FUNCTION_COLLATES) == 0 ||
               expr_call_collation(a) == expr_call_collation(b);
    default:
        return true;
    }
}

bool expr_equal(const struct expr *a, const struct expr *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->kind != b->kind || a->op != b->op || a->negated != b->negated ||
        a->distinct != b->distinct || a->star != b->star || a->select != b->select ||
        a->list.count != b->list.count || a->over != b->over)
        return false;
    switch (a->kind) {
    case EXPR_LITERAL:
        return value_identical(&a->value, &b->value);
    case EXPR_COLUMN:
        return a->resolved.source == b->resolved.source && a->resolved.column == b->resolved.column;
    case EXPR_AGGREGATE_REF:
        return a->resolved.select == b->resolved.select && a->resolved.column == b->resolved.column;
    case EXPR_WINDOW_REF:
        return a->resolved.window == b->resolved.window && a->resolved.column == b->resolved.column;
    case EXPR_VARIABLE:
        return a->variable == b->variable;
    case EXPR_CAST:
        if (!ascii_equal(a->type_name.text, a->type_name.bytes, b->type_name.text,
                         b->type_name.bytes))
            return false;
        break;
    case EXPR_COLLATE:
        if (a->resolved.collation != b->resolved.collation)
            return false;
        break;
    case EXPR_FUNCTION:
        if (a->resolved.function != b->resolved.function ||
            a->resolved.aggregate_kind != b->resolved.aggregate_kind || a->order_by.count != 0 ||
            b->order_by.count != 0 || !expr_repeats(a))
            return false;
        break;
    default:
        break;
    }
    for (uint32_t i = 0; i < a->list.count; i++)
        if (!expr_equal(a->list.items[i], b->list.items[i]))
            return false;
    return expr_equal(a->left, b->left) && expr_equal(a->right, b->right) &&
           expr_equal(a->filter, b->filter) && compare_alike(a, b);
}

static bool visit_varies(struct expr *expr, void *data)
{
    bool *varies = data;

    *varies = *varies || !expr_repeats(expr);
    return !*varies;
}

bool select_varies(struct select *select)
{
    bool varies = false;

    select_walk(select, visit_varies, &varies);
    return varies;
}

/* --- properties --------------------------------------------------------------------------------
 */
static bool visit_constant(struct expr *expr, void *data)
{
    bool *constant = data;

    switch (expr->kind) {
    case EXPR_COLUMN:
    case EXPR_SUBQUERY:
    case EXPR_EXISTS:
    case EXPR_AGGREGATE_REF:
    case EXPR_WINDOW_REF:
    case EXPR_RAISE:
        *constant = false;
        break;
    case EXPR_FUNCTION:
        if (expr->resolved.aggregate_kind != 0 || !expr_repeats(expr) || expr->over != NULL)
            *constant = false;
        break;
    case EXPR_IN:
        if (expr->select != NULL)
            *constant = false;
        break;
    default:
        break;
    }
    return *constant;
}

bool expr_is_constant(struct expr *expr)
{
    bool constant = true;

    expr_walk(expr, visit_constant, &constant);
    return constant;
}

static bool visit_may_fail(struct expr *expr, void *data)
{
    bool *fails = data;

    if (expr->select != NULL || expr->kind == EXPR_RAISE)
        *fails = true;
    if (expr->kind == EXPR_FUNCTION && expr->resolved.function != NULL &&
        (expr->resolved.function->flags & FUNCTION_MAY_FAIL) != 0)
        *fails = true;
    if (expr->kind == EXPR_LIKE)
        *fails = expr->list.count != 0 || *fails; /* a bad ESCAPE */
    return !*fails;
}

bool expr_may_fail(struct expr *expr)
{
    bool fails = false;

    expr_walk(expr, visit_may_fail, &fails);
    return fails;
}

static bool visit_subquery(struct expr *expr, void *data)
{
    bool *found = data;

    if (expr->select != NULL)
        *found = true;
    return !*found;
}

bool expr_has_subquery(struct expr *expr)
{
    bool found = false;

    expr_walk(expr, visit_subquery, &found);
    return found;
}

static bool visit_cost(struct expr *expr, void *data)
{
    double *cost = data;

    switch (expr->kind) {
    case EXPR_LITERAL:
    case EXPR_VARIABLE:
        break;
    case EXPR_COLUMN:
        *cost += 0.2;
        break;
    case EXPR_FUNCTION:
        *cost += 20;
        break;
    case EXPR_LIKE:
        *cost += 30;
        break;
    case EXPR_CASE:
    case EXPR_CAST:
        *cost += 10;
        break;
    case EXPR_IN:
        *cost += expr->select != NULL ? 20 : 5;
        break;
    case EXPR_SUBQUERY:
    case EXPR_EXISTS:
        *cost += expr->select->outer_count != 0 ? 2000 : 5;
        break;
    default:
        *cost += 1;
        break;
    }
    return true;
}

double expr_cost(struct expr *expr)
{
    double cost = 0;

    expr_walk(expr, visit_cost, &cost);
    return cost;
}

/* --- lists -------------------------------------------------------------------------------------
 */
bool expr_list_add(struct arena *arena, struct expr_list *list, struct expr *expr)
{
    if (list->count == list->capacity) {
        uint32_t      capacity = list->capacity == 0 ? 4 : list->capacity * 2;
        struct expr **items = arena_alloc(arena, capacity * sizeof *items);

        if (items == NULL)
            return false;
        if (list->count != 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = expr;
    return true;
}

bool expr_conjuncts(struct arena *arena, struct expr *expr, struct expr_list *list)
{
    if (expr == NULL)
        return true;
    if (expr->kind == EXPR_BINARY && expr->op == EXPR_OP_AND)
        return expr_conjuncts(arena, expr->left, list) && expr_conjuncts(arena, expr->right, list);
    return expr_list_add(arena, list, expr);
}

/* --- affinity ----------------------------------------------------------------------------------
 */
static bool is_numeric(enum affinity a)
{
    return a >= AFFINITY_NUMERIC;
}

enum affinity affinity_of_comparison(enum affinity a, enum affinity b)
{
    if (a > AFFINITY_NONE && b > AFFINITY_NONE)
        return is_numeric(a) || is_numeric(b) ? AFFINITY_NUMERIC : AFFINITY_NONE;
    if (a <= AFFINITY_NONE)
        a = b;
    if (is_numeric(a))
        return AFFINITY_NUMERIC; /* no REAL is made of an INTEGER to compare it */
    return a <= AFFINITY_BLOB ? AFFINITY_NONE : a;
}

bool affinity_is_implied(enum affinity column, enum affinity applied)
{
    if (applied <= AFFINITY_BLOB)
        return true;
    return is_numeric(applied) ? is_numeric(column) : column == AFFINITY_TEXT;
}

/* --- folding -----------------------------------------------------------------------------------
 */
static const int8_t fold_ops[EXPR_OP_COUNT] = {
    [EXPR_OP_ADD] = VALUE_ADD + 1,
    [EXPR_OP_SUBTRACT] = VALUE_SUBTRACT + 1,
    [EXPR_OP_MULTIPLY] = VALUE_MULTIPLY + 1,
    [EXPR_OP_DIVIDE] = VALUE_DIVIDE + 1,
    [EXPR_OP_REMAINDER] = VALUE_REMAINDER + 1,
    [EXPR_OP_BIT_AND] = VALUE_BIT_AND + 1,
    [EXPR_OP_BIT_OR] = VALUE_BIT_OR + 1,
    [EXPR_OP_SHIFT_LEFT] = VALUE_SHIFT_LEFT + 1,
    [EXPR_OP_SHIFT_RIGHT] = VALUE_SHIFT_RIGHT + 1,
};

/* -x as sqlite3 computes it: a REAL literal is negated as it stands, anything else is 0 - x. */
static struct value fold_negate(const struct expr *operand, const struct value *v)
{
    struct value zero = value_int(0);

    if (operand->kind == EXPR_LITERAL && v->class_ == CLASS_REAL)
        return value_real(-v->r);
    return value_arith(VALUE_SUBTRACT, &zero, v);
}

bool expr_fold(struct arena *arena, const struct expr *expr, struct value *value)
{
    struct value a, b;

    switch (expr->kind) {
    case EXPR_LITERAL:
        *value = expr->value;
        return true;
    case EXPR_UNARY:
        if (!expr_fold(arena, expr->left, &a))
            return false;
        if (expr->op == EXPR_OP_NEGATE)
            *value = fold_negate(expr->left, &a);
        else if (expr->op == EXPR_OP_PLUS)
            *value = a;
        else if (expr->op == EXPR_OP_BIT_NOT)
            *value = value_bit_not(&a);
        else
            return false;
        return true;
    case EXPR_BINARY:
        if (fold_ops[expr->op] == 0 || !expr_fold(arena, expr->left, &a) ||
            !expr_fold(arena, expr->right, &b))
            return false;
        *value = value_arith((enum value_op)(fold_ops[expr->op] - 1), &a, &b);
        return true;
    case EXPR_COLLATE:
        return expr_fold(arena, expr->left, value);
    default:
        return false;
    }
}

bool window_keys_same(const struct window_def *a, const struct window_def *b,
                      bool (*same)(const struct expr *, const struct expr *))
{
    if (a->partition_by.count != b->partition_by.count || a->order_by.count != b->order_by.count)
        return false;
    for (uint32_t i = 0; i < a->partition_by.count; i++)
        if (!same(a->partition_by.items[i], b->partition_by.items[i]))
            return false;
    for (uint32_t i = 0; i < a->order_by.count; i++) {
        const struct order_term *x = &a->order_by.terms[i], *y = &b->order_by.terms[i];

        if (x->descending != y->descending || order_nulls_last(x) != order_nulls_last(y) ||
            !same(x->expr, y->expr))
            return false;
    }
    return true;
}
