/* resolve_type.c - affinity, collation and constancy of expressions, by SQLite's rules:
 * https://sqlite.org/datatype3.html sections 3 and 7. */
#include <string.h>

#include "base/str.h"
#include "sql/resolve_internal.h"
#include "vm/functions.h"

/* --- collation -------------------------------------------------------------------------------- */
static void take_collation(struct expr *expr, const struct expr *from)
{
    expr->resolved.collation = from->resolved.collation;
    expr->resolved.collation_explicit = from->resolved.collation_explicit;
    expr->resolved.collation_known = from->resolved.collation_known;
}

/* An explicit COLLATE within an operand reaches the whole expression: the left one's first. */
static void inherit_collation(struct expr *expr)
{
    if (expr->left != NULL && expr->left->resolved.collation_explicit) {
        take_collation(expr, expr->left);
        return;
    }
    for (uint32_t i = 0; i < expr->list.count; i++)
        if (expr->list.items[i]->resolved.collation_explicit) {
            take_collation(expr, expr->list.items[i]);
            return;
        }
    if (expr->right != NULL && expr->right->resolved.collation_explicit)
        take_collation(expr, expr->right);
}

enum collation comparison_collation(const struct expr *left, const struct expr *right)
{
    const struct expr *decides = left;

    if (!left->resolved.collation_explicit &&
        (right->resolved.collation_explicit || !left->resolved.collation_known))
        decides = right;
    return decides->resolved.collation_known ? (enum collation)decides->resolved.collation
                                             : COLLATION_BINARY;
}

/* --- affinity --------------------------------------------------------------------------------- */
enum affinity comparison_affinity(enum affinity a, enum affinity b)
{
    if (a > AFFINITY_NONE && b > AFFINITY_NONE)
        return a >= AFFINITY_NUMERIC || b >= AFFINITY_NUMERIC ? AFFINITY_NUMERIC : AFFINITY_NONE;
    if (a <= AFFINITY_NONE)
        a = b;
    if (a >= AFFINITY_NUMERIC)
        return AFFINITY_NUMERIC; /* comparing makes numbers of texts, but no REAL of an INTEGER */
    return a <= AFFINITY_BLOB ? AFFINITY_NONE : a;
}

/* Bits of what an expression's values can be: 1 numeric, 2 text, 4 blob. */
static unsigned possible_classes(const struct expr *expr)
{
    unsigned classes = 0;

    switch (expr->kind) {
    case EXPR_LITERAL:
        return expr->value.class_ == CLASS_NULL   ? 0
               : expr->value.class_ == CLASS_TEXT ? 2
               : expr->value.class_ == CLASS_BLOB ? 4
                                                  : 1;
    case EXPR_VARIABLE:
    case EXPR_FUNCTION:
    case EXPR_AGGREGATE_REF:
    case EXPR_WINDOW_REF:
        return 7;
    case EXPR_COLUMN:
    case EXPR_SUBQUERY:
    case EXPR_CAST:
    case EXPR_ROW:
        return expr->resolved.affinity >= AFFINITY_NUMERIC ? 5
               : expr->resolved.affinity == AFFINITY_TEXT  ? 6
                                                           : 7;
    case EXPR_CASE:
        for (uint32_t i = 1; i < expr->list.count; i += 2)
            classes |= possible_classes(expr->list.items[i]);
        return expr->right != NULL ? classes | possible_classes(expr->right) : classes;
    case EXPR_COLLATE:
        return possible_classes(expr->left);
    case EXPR_UNARY:
        return expr->op == EXPR_OP_PLUS ? possible_classes(expr->left) : 1;
    case EXPR_BINARY:
        return expr->op == EXPR_OP_CONCAT                                ? 6
               : expr->op == EXPR_OP_ARROW || expr->op == EXPR_OP_ARROW2 ? 7
                                                                         : 1;
    default:
        return 1;
    }
}

static const struct select *first_term(const struct select *select)
{
    while (select->prior != NULL)
        select = select->prior;
    return select;
}

/* The first term from the left that has an affinity says it, unless a term may give values that
 * this affinity would change. */
enum affinity select_column_affinity(const struct select *select, uint32_t column)
{
    uint8_t  affinity = AFFINITY_NONE;
    unsigned classes = 0;

    for (const struct select *term = select; term != NULL; term = term->prior) {
        const struct expr *expr = term->columns[column].expr;

        if (expr->resolved.affinity > AFFINITY_NONE)
            affinity = expr->resolved.affinity; /* walked right to left: the leftmost stays */
        classes |= possible_classes(expr);
    }
    if (select == first_term(select))
        return affinity;
    if ((affinity == AFFINITY_TEXT && (classes & 1)) ||
        (affinity >= AFFINITY_NUMERIC && (classes & 2)))
        return AFFINITY_BLOB;
    return affinity;
}

/* --- constancy -------------------------------------------------------------------------------- */
static bool parts_constant(const struct expr *expr)
{
    for (uint32_t i = 0; i < expr->list.count; i++)
        if (!expr->list.items[i]->resolved.constant)
            return false;
    return (expr->left == NULL || expr->left->resolved.constant) &&
           (expr->right == NULL || expr->right->resolved.constant) && expr->select == NULL;
}

static bool function_is_constant(const struct expr *expr)
{
    const struct function *function = expr->resolved.function;

    return function != NULL && (function->flags & (FUNCTION_PURE | FUNCTION_STATEMENT)) != 0;
}

/* --- all together ----------------------------------------------------------------------------- */
static void type_comparison(struct expr *expr, const struct expr *left, const struct expr *right)
{
    if (left->kind == EXPR_ROW && right->kind == EXPR_ROW && left->list.count > 0) {
        left = left->list.items[0];
        right = right->list.items[0];
    }
    expr->resolved.compare_affinity =
        (uint8_t)comparison_affinity(left->resolved.affinity, right->resolved.affinity);
    expr->resolved.compare_collation = (uint8_t)comparison_collation(left, right);
}

/* x IN (y) with a y that is written without columns and functions is x = y to SQLite's parser: a
 * COLLATE on y counts then. */
static bool is_written_constant(const struct expr *expr)
{
    bool constant = expr->resolved.constant && expr->kind != EXPR_FUNCTION;

    for (uint32_t i = 0; i < expr->list.count && constant; i++)
        constant = is_written_constant(expr->list.items[i]);
    return constant && (expr->left == NULL || is_written_constant(expr->left)) &&
           (expr->right == NULL || is_written_constant(expr->right));
}

const struct expr *select_compared(const struct select *select, uint32_t column)
{
    static const struct expr  literal = {.kind = EXPR_LITERAL,
                                         .resolved = {.affinity = AFFINITY_NONE}};
    const struct values_rows *rows = select->last_values;

    if (rows == NULL)
        return select->columns[column].expr;
    if (rows->exprs == NULL)
        return &literal;
    return rows->exprs[(size_t)(rows->rows - 1) * select->column_count + column];
}

static void type_in(struct expr *expr)
{
    const struct expr *left = expr->left;

    if (left->kind == EXPR_ROW && left->list.count > 0)
        left = left->list.items[0];
    if (expr->select != NULL) {
        const struct expr *column = select_compared(expr->select, 0);

        expr->resolved.compare_affinity =
            (uint8_t)comparison_affinity(left->resolved.affinity, column->resolved.affinity);
        expr->resolved.compare_collation = (uint8_t)comparison_collation(left, column);
        return;
    }
    expr->resolved.compare_affinity =
        left->resolved.affinity <= AFFINITY_BLOB ? AFFINITY_NONE : left->resolved.affinity;
    if (expr->resolved.compare_affinity >= AFFINITY_NUMERIC)
        expr->resolved.compare_affinity = AFFINITY_NUMERIC;
    if (expr->list.count == 1 && is_written_constant(expr->list.items[0]))
        expr->resolved.compare_collation = (uint8_t)comparison_collation(left, expr->list.items[0]);
    else
        expr->resolved.compare_collation =
            left->resolved.collation_known ? left->resolved.collation : COLLATION_BINARY;
}

static void type_between(struct expr *expr)
{
    const struct expr *high = expr->list.items[1];

    type_comparison(expr, expr->left, high);
    expr->resolved.compare_affinity_high = expr->resolved.compare_affinity;
    expr->resolved.compare_collation_high = expr->resolved.compare_collation;
    type_comparison(expr, expr->left, expr->list.items[0]);
}

static void type_collate(struct expr *expr)
{
    enum collation collation = COLLATION_BINARY;

    collation_find(expr->name.text, expr->name.bytes,
                   &collation); /* known: resolve_expr saw to it */
    expr->resolved.affinity = expr->left->resolved.affinity;
    expr->resolved.collation = (uint8_t)collation;
    expr->resolved.collation_explicit = expr->resolved.collation_known = true;
}

/* A row is typed by its first value.  A COLLATE further behind still counts as one (it hides the
 * collation of what the row is compared with), but its collation goes no further. */
static void type_row(struct expr *expr)
{
    bool has_collate = expr->resolved.collation_explicit;

    expr->resolved.affinity = expr->list.items[0]->resolved.affinity;
    take_collation(expr, expr->list.items[0]);
    expr->resolved.collation_explicit = has_collate;
}

static bool is_comparison(const struct expr *expr)
{
    return expr->kind == EXPR_BINARY && expr->op >= EXPR_OP_EQ && expr->op <= EXPR_OP_ISNOT;
}

void resolve_type(struct expr *expr)
{
    expr->resolved.affinity = AFFINITY_NONE;
    expr->resolved.compare_affinity = expr->resolved.compare_affinity_high = AFFINITY_NONE;
    expr->resolved.constant = parts_constant(expr);
    inherit_collation(expr);
    switch (expr->kind) {
    case EXPR_UNARY:
        if (expr->op == EXPR_OP_PLUS)
            take_collation(expr, expr->left);
        break;
    case EXPR_BINARY:
        if (is_comparison(expr))
            type_comparison(expr, expr->left, expr->right);
        break;
    case EXPR_BETWEEN:
        type_between(expr);
        break;
    case EXPR_IN:
        type_in(expr);
        break;
    case EXPR_CASE:
        if (expr->left != NULL)
            type_comparison(expr, expr->left, expr->list.items[0]);
        break;
    case EXPR_CAST:
        expr->resolved.affinity =
            (uint8_t)affinity_of_type(expr->type_name.text, expr->type_name.bytes);
        take_collation(expr, expr->left);
        break;
    case EXPR_COLLATE:
        type_collate(expr);
        break;
    case EXPR_SUBQUERY:
        expr->resolved.affinity = (uint8_t)expr->select->columns[0].expr->resolved.affinity;
        break;
    case EXPR_ROW:
        type_row(expr);
        break;
    case EXPR_FUNCTION:
        expr->resolved.constant = expr->resolved.constant && function_is_constant(expr);
        break;
    case EXPR_RAISE:
    case EXPR_AGGREGATE_REF:
    case EXPR_WINDOW_REF:
        expr->resolved.constant = false;
        break;
    default:
        break;
    }
}

/* --- sameness --------------------------------------------------------------------------------- */
struct expr *expr_skip_collate(struct expr *expr)
{
    while (expr->kind == EXPR_COLLATE)
        expr = expr->left;
    return expr;
}

static bool lists_same(const struct expr_list *a, const struct expr_list *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (!expr_same(a->items[i], b->items[i]))
            return false;
    return true;
}

/* The column that stands for the rowid is the rowid. */
static int32_t plain_column(const struct expr *expr)
{
    const struct from_item *item = expr->resolved.source;

    if (item != NULL && item->kind == FROM_TABLE && item->catalog_table != NULL &&
        table_schema(item->catalog_table)->rowid_column == expr->resolved.column)
        return -1;
    return expr->resolved.column;
}

/* What the kinds have of their own. */
static bool details_same(const struct expr *a, const struct expr *b)
{
    switch (a->kind) {
    case EXPR_LITERAL: /* TRUE, a name, is not 1 */
        return value_identical(&a->value, &b->value) &&
               (a->value.class_ != CLASS_INTEGER ||
                (a->name.text == NULL) == (b->name.text == NULL));
    case EXPR_COLUMN:
        return a->resolved.source == b->resolved.source && plain_column(a) == plain_column(b);
    case EXPR_AGGREGATE_REF:
        return a->resolved.select == b->resolved.select && a->resolved.column == b->resolved.column;
    case EXPR_WINDOW_REF:
        return a->resolved.window == b->resolved.window && a->resolved.column == b->resolved.column;
    case EXPR_VARIABLE:
        return a->variable == b->variable;
    case EXPR_CAST:
        return ascii_equal(a->type_name.text, a->type_name.bytes, b->type_name.text,
                           b->type_name.bytes);
    case EXPR_COLLATE:
        return a->resolved.collation == b->resolved.collation;
    case EXPR_FUNCTION:
        return a->resolved.function == b->resolved.function &&
               a->resolved.aggregate_kind == b->resolved.aggregate_kind && a->order_by.count == 0 &&
               b->order_by.count == 0;
    default:
        return true;
    }
}

bool expr_same(const struct expr *a, const struct expr *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a == b)
        return true;
    return a->kind == b->kind && a->op == b->op && a->negated == b->negated &&
           a->distinct == b->distinct && a->star == b->star && a->select == b->select &&
           a->over == b->over && details_same(a, b) && lists_same(&a->list, &b->list) &&
           expr_same(a->left, b->left) && expr_same(a->right, b->right) &&
           expr_same(a->filter, b->filter);
}
