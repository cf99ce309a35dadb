/* cg_expr.c - values of expressions in registers. */
#include "sql/cg.h"

#include "base/str.h"

#include <string.h>

void cg_constant_to(struct cg *cg, const struct value *value, int32_t target)
{
    if (value->class_ == CLASS_NULL)
        cg_emit(cg, OP_Null, 0, target, 1);
    else if (value->class_ == CLASS_INTEGER && value->i == (int32_t)value->i)
        cg_emit(cg, OP_Integer, (int32_t)value->i, target, 0);
    else
        cg_emit_p4(cg, OP_Constant, 0, target, 0, cg_value(cg, value));
}

void cg_affinity(struct cg *cg, int32_t first, uint32_t count, const char *affinities)
{
    char *letters;
    bool  any = false;

    for (uint32_t i = 0; i < count && affinities != NULL; i++) /* NULL: no memory, as cg knows */
        any |= affinities[i] > AFFINITY_BLOB;
    if (!any)
        return;
    letters = arena_copy_text(&cg->program->arena, affinities, count);
    if (letters == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    cg_emit_p4(cg, OP_Affinity, first, (int32_t)count, 0, letters);
}

void cg_result_to(struct cg *cg, const struct plan *plan, uint32_t column, int32_t target)
{
    cg_column(cg, plan->owner, (int32_t)column, target);
}

enum collation cg_comparison_collation(const struct expr *left, const struct expr *right)
{
    if (left->resolved.collation_explicit)
        return left->resolved.collation;
    if (right->resolved.collation_explicit)
        return right->resolved.collation;
    return left->resolved.collation_known    ? left->resolved.collation
           : right->resolved.collation_known ? right->resolved.collation
                                             : COLLATION_BINARY;
}

/* --- row values --------------------------------------------------------------------------------
 */
struct expr *cg_member(const struct expr *expr, uint32_t index)
{
    if (expr->kind == EXPR_ROW)
        return expr->list.items[index];
    if (expr->kind == EXPR_SUBQUERY)
        return expr->select->columns[index].expr;
    return (struct expr *)expr;
}

void cg_row_to(struct cg *cg, struct expr *expr, int32_t first)
{
    uint32_t width = expr_width(expr);

    for (uint32_t i = 0; i < width; i++) {
        if (expr->kind == EXPR_ROW)
            cg_expr_to(cg, expr->list.items[i], first + (int32_t)i);
        else if (width > 1)
            cg_subquery_to(cg, expr, i, first + (int32_t)i);
        else
            cg_expr_to(cg, expr, first);
    }
}

/* --- operators ---------------------------------------------------------------------------------
 */
static const uint16_t binary_opcodes[EXPR_OP_COUNT] = {
    [EXPR_OP_ADD] = OP_Add,
    [EXPR_OP_SUBTRACT] = OP_Subtract,
    [EXPR_OP_MULTIPLY] = OP_Multiply,
    [EXPR_OP_DIVIDE] = OP_Divide,
    [EXPR_OP_REMAINDER] = OP_Remainder,
    [EXPR_OP_CONCAT] = OP_Concat,
    [EXPR_OP_BIT_AND] = OP_BitAnd,
    [EXPR_OP_BIT_OR] = OP_BitOr,
    [EXPR_OP_SHIFT_LEFT] = OP_ShiftLeft,
    [EXPR_OP_SHIFT_RIGHT] = OP_ShiftRight,
};

static void call_named(struct cg *cg, struct expr *expr, const char *name, uint32_t argc,
                       struct expr *const *arguments, int32_t target)
{
    bool                   known;
    int32_t                first = cg_registers(cg, argc);
    const struct function *function = function_find(name, strlen(name), argc, &known);

    if (function == NULL) {
        if (cg->status == STATUS_OK)
            cg->status =
                fail_at(cg->err, STATUS_ERROR, expr->position, "no such function: %s", name);
        return;
    }
    for (uint32_t i = 0; i < argc; i++)
        cg_expr_to(cg, arguments[i], first + (int32_t)i);
    cg_emit_p4(cg, OP_Function, (int32_t)argc, first, target, function);
}

static void binary_to(struct cg *cg, struct expr *expr, int32_t target)
{
    switch (expr->op) {
    case EXPR_OP_AND:
    case EXPR_OP_OR:
        cg_logic_to(cg, expr, target);
        return;
    case EXPR_OP_EQ:
    case EXPR_OP_NE:
    case EXPR_OP_LT:
    case EXPR_OP_LE:
    case EXPR_OP_GT:
    case EXPR_OP_GE:
    case EXPR_OP_IS:
    case EXPR_OP_ISNOT:
        cg_compare_to(cg, expr, target);
        return;
    default: {
        int32_t left = cg_expr(cg, expr->left), right = cg_expr(cg, expr->right);

        cg_emit(cg, binary_opcodes[expr->op], right, left, target);
    }
    }
}

static void negate_to(struct cg *cg, struct expr *expr, int32_t target)
{
    static const struct value zero = {.i = 0, .class_ = CLASS_INTEGER};
    int32_t                   operand = cg_expr(cg, expr->left), left = cg_registers(cg, 1);

    cg_constant_to(cg, &zero, left);
    cg_emit(cg, OP_Subtract, operand, left, target);
}

static void unary_to(struct cg *cg, struct expr *expr, int32_t target)
{
    switch (expr->op) {
    case EXPR_OP_NEGATE:
        negate_to(cg, expr, target);
        break;
    case EXPR_OP_BIT_NOT:
        cg_emit(cg, OP_BitNot, cg_expr(cg, expr->left), target, 0);
        break;
    case EXPR_OP_NOT:
        cg_emit(cg, OP_Not, cg_expr(cg, expr->left), target, 0);
        break;
    case EXPR_OP_ISNULL:
        cg_emit(cg, OP_IsNull, cg_expr(cg, expr->left), target, 0);
        break;
    case EXPR_OP_NOTNULL:
        cg_emit(cg, OP_NotNull, cg_expr(cg, expr->left), target, 0);
        break;
    default: /* plus */
        cg_expr_to(cg, expr->left, target);
        break;
    }
}

static void like_to(struct cg *cg, struct expr *expr, int32_t target)
{
    static const char *const names[EXPR_OP_COUNT] = {
        [EXPR_OP_LIKE] = "like", [EXPR_OP_GLOB] = "glob", [EXPR_OP_REGEXP] = "regexp"};
    struct expr *arguments[3] = {expr->right, expr->left, NULL};
    uint32_t     argc = 2;

    if (expr->list.count != 0)
        arguments[argc++] = expr->list.items[0];
    call_named(cg, expr, names[expr->op], argc, arguments, target);
    if (expr->negated)
        cg_emit(cg, OP_Not, target, target, 0);
}

/* --- functions ---------------------------------------------------------------------------------
 */
static bool is_named(const struct expr *expr, const char *name)
{
    return ascii_equal(expr->name.text, expr->name.bytes, name, strlen(name));
}

/* iif(c, x [, c2, y...] [, z]): CASE in other words. */
static void iif_to(struct cg *cg, struct expr *expr, int32_t target)
{
    struct expr  as_case = *expr;
    struct expr *copy = arena_alloc(cg->arena, sizeof *copy);
    uint32_t     pairs = expr->list.count / 2 * 2;

    if (copy == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return;
    }
    as_case.kind = EXPR_CASE;
    as_case.left = NULL;
    as_case.right = pairs < expr->list.count ? expr->list.items[pairs] : NULL;
    as_case.list.count = pairs;
    *copy = as_case;
    cg_case_to(cg, copy, target);
}

/* The functions that the generator knows; true: done. */
static bool special_to(struct cg *cg, struct expr *expr, int32_t target)
{
    if (is_named(expr, "coalesce") || is_named(expr, "ifnull"))
        cg_coalesce_to(cg, expr, target);
    else if (is_named(expr, "iif") || is_named(expr, "if"))
        iif_to(cg, expr, target);
    else if (is_named(expr, "likely") || is_named(expr, "unlikely") || is_named(expr, "likelihood"))
        cg_expr_to(cg, expr->list.items[0], target);
    else
        return false;
    return true;
}

static void function_to(struct cg *cg, struct expr *expr, int32_t target)
{
    const struct function *function = expr->resolved.function;
    int32_t                first, address;
    uint32_t               argc = expr->list.count;

    if (expr->resolved.aggregate_kind != 0 || function == NULL) {
        if (cg->status == STATUS_OK)
            cg->status = fail_at(cg->err, STATUS_ERROR, expr->position,
                                 "misuse of aggregate function %s()", expr->name.text);
        return;
    }
    if ((function->flags & FUNCTION_SPECIAL) != 0 && special_to(cg, expr, target))
        return;
    if (function->exact == NULL) {
        cg_unsupported(cg, expr->position, "function %s", expr->name.text);
        return;
    }
    first = cg_registers(cg, argc == 0 ? 1 : argc);
    for (uint32_t i = 0; i < argc; i++)
        cg_expr_to(cg, expr->list.items[i], first + (int32_t)i);
    address = cg_emit(cg, OP_Function, (int32_t)argc, first, target);
    program_op(cg->program, address)->p4.function = function;
    if ((function->flags & FUNCTION_COLLATES) != 0)
        program_op(cg->program, address)->p5 = (uint16_t)expr_call_collation(expr);
}

static void column_to(struct cg *cg, const struct expr *expr, int32_t target)
{
    if (cg->aggregate != NULL) {
        int32_t bare = plan_bare_column(cg->aggregate, expr);

        if (bare >= 0) {
            cg_column(cg, cg->aggregate, bare, target);
            return;
        }
    }
    cg_column(cg, expr->resolved.source, expr->resolved.column, target);
}

static void cast_to(struct cg *cg, struct expr *expr, int32_t target)
{
    cg_private_to(cg, expr->left, target);
    cg_emit(cg, OP_Cast, target,
            affinity_of_type(expr->type_name.text == NULL ? "" : expr->type_name.text,
                             expr->type_name.bytes),
            0);
}

static void in_to(struct cg *cg, struct expr *expr, int32_t target)
{
    cg_in_to(cg, expr, target);
    if (expr->negated)
        cg_emit(cg, OP_Not, target, target, 0);
}

static void emit_to(struct cg *cg, struct expr *expr, int32_t target)
{
    struct value folded;

    if ((expr->kind == EXPR_UNARY || expr->kind == EXPR_BINARY) &&
        (cg->context->passes_off & PASS_FOLD) == 0 && expr_fold(cg->arena, expr, &folded)) {
        cg_constant_to(cg, &folded, target);
        return;
    }
    switch ((enum expr_kind)expr->kind) {
    case EXPR_LITERAL:
        cg_constant_to(cg, &expr->value, target);
        break;
    case EXPR_COLUMN:
        column_to(cg, expr, target);
        break;
    case EXPR_VARIABLE:
        cg_emit(cg, OP_Variable, expr->variable, target, 0);
        break;
    case EXPR_UNARY:
        unary_to(cg, expr, target);
        break;
    case EXPR_BINARY:
        binary_to(cg, expr, target);
        break;
    case EXPR_BETWEEN:
        cg_between_to(cg, expr, target);
        break;
    case EXPR_IN:
        in_to(cg, expr, target);
        break;
    case EXPR_LIKE:
        like_to(cg, expr, target);
        break;
    case EXPR_CASE:
        cg_case_to(cg, expr, target);
        break;
    case EXPR_CAST:
        cast_to(cg, expr, target);
        break;
    case EXPR_COLLATE:
        cg_expr_to(cg, expr->left, target);
        break;
    case EXPR_FUNCTION:
        function_to(cg, expr, target);
        break;
    case EXPR_SUBQUERY:
        cg_subquery_to(cg, expr, 0, target);
        break;
    case EXPR_EXISTS:
        cg_exists_to(cg, expr, target);
        break;
    case EXPR_AGGREGATE_REF:
        cg_column(cg, expr->resolved.select, expr->resolved.column, target);
        break;
    case EXPR_WINDOW_REF:
        cg_column(cg, expr->resolved.window, expr->resolved.column, target);
        break;
    case EXPR_ROW:
        if (cg->status == STATUS_OK)
            cg->status = fail_at(cg->err, STATUS_ERROR, expr->position, "row value misused");
        break;
    default:
        cg_unsupported(cg, expr->position, "this expression");
        break;
    }
}

/* --- entry points ------------------------------------------------------------------------------
 */
/* A group key's value above the aggregation. */
static int32_t group_key(struct cg *cg, struct expr *expr, int32_t key, int32_t target)
{
    const struct plan *aggregate = cg->aggregate;

    if (aggregate->key_bare[key] >= 0 && aggregate->key_result[key] != expr_strip(expr))
        return cg_column(cg, aggregate, aggregate->key_bare[key], target);
    return cg_column(cg, aggregate->group_by, key, target);
}

/* A register that holds expr already, or will from the prologue on; 0: none. */
static int32_t at_hand(struct cg *cg, struct expr *expr)
{
    if (cg->aggregate != NULL) {
        int32_t key = plan_group_key(cg->aggregate, expr);

        if (key >= 0)
            return group_key(cg, expr, key, 0);
    }
    if (expr->kind == EXPR_COLUMN) {
        int32_t bare = cg->aggregate == NULL ? -1 : plan_bare_column(cg->aggregate, expr);

        return bare >= 0 ? cg_column(cg, cg->aggregate, bare, 0)
                         : cg_column(cg, expr->resolved.source, expr->resolved.column, 0);
    }
    if (expr->kind == EXPR_AGGREGATE_REF)
        return cg_column(cg, expr->resolved.select, expr->resolved.column, 0);
    if (expr->kind == EXPR_WINDOW_REF)
        return cg_column(cg, expr->resolved.window, expr->resolved.column, 0);
    if (cg->loop_depth > 0 && !cg->in_prologue && (cg->context->passes_off & PASS_HOIST) == 0 &&
        expr_is_constant(expr) && !expr_may_fail(expr) && expr->kind != EXPR_ROW)
        return cg_hoist(cg, expr);
    if (expr->kind == EXPR_LITERAL || expr->kind == EXPR_VARIABLE || cg->in_prologue)
        return 0;
    if (expr->select != NULL && cg_has_column(cg, expr, 0))
        return cg_column(cg, expr, 0, 0);
    return cg_known(cg, expr);
}

static void remember(struct cg *cg, struct expr *expr, int32_t reg)
{
    struct cg_entry *entry;

    if (cg->in_prologue || expr->kind == EXPR_LITERAL || expr->kind == EXPR_VARIABLE)
        return;
    entry = cg_push(cg, CG_EXPRESSION, NULL);
    entry->expr = expr;
    entry->reg = reg;
    entry->plan = cg->aggregate;
    entry->constant = (expr->kind == EXPR_SUBQUERY || expr->kind == EXPR_EXISTS) &&
                      expr->select->outer_count == 0;
}

int32_t cg_expr(struct cg *cg, struct expr *expr)
{
    int32_t reg;

    if (!cg_may_go_deeper(cg, expr->position))
        return 1;
    if (expr->kind == EXPR_COLLATE || (expr->kind == EXPR_UNARY && expr->op == EXPR_OP_PLUS))
        return cg_expr(cg, expr->left);
    reg = at_hand(cg, expr);
    if (reg != 0)
        return reg;
    reg = cg_registers(cg, 1);
    emit_to(cg, expr, reg);
    remember(cg, expr, reg);
    return reg;
}

/* A column that no register holds yet is read straight into target. */
static bool column_straight_to(struct cg *cg, struct expr *expr, int32_t target)
{
    if (cg->aggregate != NULL) {
        int32_t key = plan_group_key(cg->aggregate, expr);

        if (key >= 0) {
            group_key(cg, expr, key, target);
            return true;
        }
    }
    if (expr->kind != EXPR_COLUMN && expr->kind != EXPR_AGGREGATE_REF &&
        expr->kind != EXPR_WINDOW_REF)
        return false;
    emit_to(cg, expr, target);
    return true;
}

void cg_expr_to(struct cg *cg, struct expr *expr, int32_t target)
{
    int32_t reg;

    if (!cg_may_go_deeper(cg, expr->position))
        return;
    if (column_straight_to(cg, expr, target))
        return;
    reg = at_hand(cg, expr);
    if (reg != 0) {
        if (reg != target)
            cg_emit(cg, OP_SCopy, reg, target, 0);
        return;
    }
    emit_to(cg, expr, target);
    remember(cg, expr, target);
}

void cg_private_to(struct cg *cg, struct expr *expr, int32_t target)
{
    cg_expr_to(cg, expr, target);
    cg_forget(cg, target);
}
