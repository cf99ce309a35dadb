/* cg_cond.c - conditions: as filters that narrow the selection, and as three-valued results;
 * CASE and COALESCE, which evaluate a branch for its own rows only. */
#include "sql/cg.h"

enum { DEAR = 50 }; /* from this cost on, an operand is evaluated only where it matters */

static uint16_t affinity_operand(enum affinity affinity)
{
    return affinity <= AFFINITY_BLOB ? 0 : (uint16_t)affinity;
}

/* --- comparisons -------------------------------------------------------------------------------
 */
static const uint16_t value_opcodes[EXPR_OP_COUNT] = {
    [EXPR_OP_EQ] = OP_Eq, [EXPR_OP_NE] = OP_Ne, [EXPR_OP_LT] = OP_Lt, [EXPR_OP_LE] = OP_Le,
    [EXPR_OP_GT] = OP_Gt, [EXPR_OP_GE] = OP_Ge, [EXPR_OP_IS] = OP_Is, [EXPR_OP_ISNOT] = OP_IsNot};
static const uint16_t filter_opcodes[EXPR_OP_COUNT] = {
    [EXPR_OP_EQ] = OP_FilterEq, [EXPR_OP_NE] = OP_FilterNe, [EXPR_OP_LT] = OP_FilterLt,
    [EXPR_OP_LE] = OP_FilterLe, [EXPR_OP_GT] = OP_FilterGt, [EXPR_OP_GE] = OP_FilterGe};

enum opcode cg_comparison(enum expr_op op)
{
    return (enum opcode)value_opcodes[op];
}

static void emit_comparison(struct cg *cg, enum opcode code, int32_t p1, int32_t p2, int32_t p3,
                            enum affinity affinity, enum collation collation)
{
    int32_t    address = cg_emit(cg, code, p1, p2, p3);
    struct op *op = program_op(cg->program, address);

    op->p4.i = collation;
    op->p5 = affinity_operand(affinity);
}

static bool is_row(const struct expr *expr)
{
    return expr_width(expr) > 1;
}

/* The columns of a subquery that stands for a row bring no collation. */
static enum collation member_collation(const struct expr *expr, const struct expr *a,
                                       const struct expr *b)
{
    const struct expr *decides = expr->left->kind != EXPR_SUBQUERY    ? a
                                 : expr->right->kind != EXPR_SUBQUERY ? b
                                                                      : NULL;

    if (expr->left->kind != EXPR_SUBQUERY && expr->right->kind != EXPR_SUBQUERY)
        return cg_comparison_collation(a, b);
    return decides != NULL && decides->resolved.collation_known ? decides->resolved.collation
                                                                : COLLATION_BINARY;
}

/* target = left[i] op right[i], both rows in registers. */
static void compare_member(struct cg *cg, enum opcode code, const struct expr *expr, uint32_t i,
                           int32_t left, int32_t right, int32_t target)
{
    const struct expr *a = cg_member(expr->left, i), *b = cg_member(expr->right, i);

    emit_comparison(cg, code, right + (int32_t)i, left + (int32_t)i, target,
                    affinity_of_comparison(a->resolved.affinity, b->resolved.affinity),
                    member_collation(expr, a, b));
}

/* (a, b) < (c, d) is a < c OR (a = c AND b < d), from the last member to the first. */
static void compare_rows(struct cg *cg, struct expr *expr, int32_t target)
{
    uint32_t width = expr_width(expr->left);
    int32_t  left = cg_registers(cg, width), right = cg_registers(cg, width);
    int32_t  part = cg_registers(cg, 2);
    bool     equality = expr->op == EXPR_OP_EQ || expr->op == EXPR_OP_IS;
    bool     inequality = expr->op == EXPR_OP_NE || expr->op == EXPR_OP_ISNOT;

    cg_row_to(cg, expr->left, left);
    cg_row_to(cg, expr->right, right);
    for (uint32_t n = width; n-- > 0;) {
        enum opcode last = value_opcodes[expr->op], strict = last;

        if (n == width - 1) {
            compare_member(cg, last, expr, n, left, right, target);
            continue;
        }
        if (equality || inequality) {
            compare_member(cg, last, expr, n, left, right, part);
            cg_emit(cg, equality ? OP_And : OP_Or, part, target, target);
            continue;
        }
        strict = expr->op == EXPR_OP_LT || expr->op == EXPR_OP_LE ? OP_Lt : OP_Gt;
        compare_member(cg, OP_Eq, expr, n, left, right, part);
        cg_emit(cg, OP_And, part, target, target);
        compare_member(cg, strict, expr, n, left, right, part + 1);
        cg_emit(cg, OP_Or, part + 1, target, target);
    }
}

static bool rows_match(struct cg *cg, const struct expr *expr)
{
    uint32_t left = expr_width(expr->left), right = expr_width(expr->right);

    if (left == right)
        return true;
    if (cg->status == STATUS_OK)
        cg->status = fail_at(cg->err, STATUS_ERROR, expr->position, "row value misused");
    return false;
}

void cg_compare_to(struct cg *cg, struct expr *expr, int32_t target)
{
    int32_t left, right;

    if (!rows_match(cg, expr))
        return;
    if (is_row(expr->left)) {
        compare_rows(cg, expr, target);
        return;
    }
    left = cg_expr(cg, expr->left);
    right = cg_expr(cg, expr->right);
    emit_comparison(cg, value_opcodes[expr->op], right, left, target,
                    expr->resolved.compare_affinity, expr->resolved.compare_collation);
}

void cg_between_to(struct cg *cg, struct expr *expr, int32_t target)
{
    int32_t operand = cg_expr(cg, expr->left), part = cg_registers(cg, 2);
    int32_t low = cg_expr(cg, expr->list.items[0]), high = cg_expr(cg, expr->list.items[1]);

    emit_comparison(cg, OP_Ge, low, operand, part, expr->resolved.compare_affinity,
                    expr->resolved.compare_collation);
    emit_comparison(cg, OP_Le, high, operand, part + 1, expr->resolved.compare_affinity_high,
                    expr->resolved.compare_collation_high);
    cg_emit(cg, OP_And, part, part + 1, target);
    if (expr->negated)
        cg_emit(cg, OP_Not, target, target, 0);
}

/* --- AND, OR -----------------------------------------------------------------------------------
 */
void cg_logic_to(struct cg *cg, struct expr *expr, int32_t target)
{
    bool and = expr->op == EXPR_OP_AND;
    enum opcode code = and? OP_And : OP_Or;
    int32_t     left = cg_expr(cg, expr->left), part, end;
    uint32_t    mark;

    if (!expr_may_fail(expr->right) && expr_cost(expr->right) < DEAR) {
        cg_emit(cg, code, left, cg_expr(cg, expr->right), target);
        return;
    }
    end = cg_label(cg);
    part = cg_registers(cg, 1);
    cg_emit(cg, code, left, left, part);
    cg_emit(cg, OP_Copy, part, target, 0);
    cg_emit(cg, OP_SelPushIf, left, end, and? TRUTH_NOT_FALSE : TRUTH_NOT_TRUE);
    mark = cg_mark(cg);
    cg_emit(cg, code, left, cg_expr(cg, expr->right), part);
    cg_emit(cg, OP_Blend, part, 0, target);
    cg_truncate(cg, mark);
    cg_here(cg, end);
    cg_emit(cg, OP_SelPop, 0, 0, 0);
}

/* --- CASE --------------------------------------------------------------------------------------
 */
static int32_t case_condition(struct cg *cg, struct expr *expr, uint32_t when, int32_t base)
{
    struct expr *condition = expr->list.items[when];
    int32_t      reg = cg_expr(cg, condition), test;

    if (expr->left == NULL)
        return reg;
    test = cg_registers(cg, 1);
    emit_comparison(
        cg, OP_Eq, reg, base, test,
        affinity_of_comparison(expr->left->resolved.affinity, condition->resolved.affinity),
        cg_comparison_collation(expr->left, condition));
    return test;
}

void cg_case_to(struct cg *cg, struct expr *expr, int32_t target)
{
    int32_t  base = expr->left != NULL ? cg_expr(cg, expr->left) : 0;
    int32_t  end = cg_label(cg);
    uint32_t mark;

    cg_emit(cg, OP_Null, 0, target, 1);
    cg_emit(cg, OP_SelPush, 0, 0, 0);
    mark = cg_mark(cg);
    for (uint32_t i = 0; i + 1 < expr->list.count; i += 2) {
        int32_t  test = case_condition(cg, expr, i, base), other = cg_label(cg);
        uint32_t branch;

        cg_emit(cg, OP_SelPushIf, test, other, TRUTH_TRUE);
        branch = cg_mark(cg);
        cg_emit(cg, OP_Blend, cg_expr(cg, expr->list.items[i + 1]), 0, target);
        cg_truncate(cg, branch);
        cg_here(cg, other);
        cg_emit(cg, OP_SelPop, 0, 0, 0);
        if (i + 3 < expr->list.count || expr->right != NULL)
            cg_emit(cg, OP_FilterTruth, test, end, TRUTH_NOT_TRUE);
    }
    if (expr->right != NULL)
        cg_emit(cg, OP_Blend, cg_expr(cg, expr->right), 0, target);
    cg_truncate(cg, mark);
    cg_here(cg, end);
    cg_emit(cg, OP_SelPop, 0, 0, 0);
}

void cg_coalesce_to(struct cg *cg, struct expr *expr, int32_t target)
{
    int32_t  end = cg_label(cg), first = cg_expr(cg, expr->list.items[0]);
    uint32_t mark;

    cg_emit(cg, OP_Copy, first, target, 0);
    cg_emit(cg, OP_SelPush, 0, 0, 0);
    mark = cg_mark(cg);
    for (uint32_t i = 1; i < expr->list.count; i++) {
        cg_emit(cg, OP_FilterTruth, target, end, TRUTH_NULL);
        cg_emit(cg, OP_Blend, cg_expr(cg, expr->list.items[i]), 0, target);
    }
    cg_truncate(cg, mark);
    cg_here(cg, end);
    cg_emit(cg, OP_SelPop, 0, 0, 0);
}

/* --- filters -----------------------------------------------------------------------------------
 */
static void filter_truth(struct cg *cg, struct expr *expr, int32_t next, enum truth_test test)
{
    cg_emit(cg, OP_FilterTruth, cg_expr(cg, expr), next, test);
}

static void filter_comparison(struct cg *cg, struct expr *expr, enum expr_op op, int32_t next)
{
    int32_t left, right;

    if (is_row(expr->left) || filter_opcodes[op] == 0) {
        filter_truth(cg, expr, next, TRUTH_TRUE);
        return;
    }
    if (!rows_match(cg, expr))
        return;
    left = cg_expr(cg, expr->left);
    right = cg_expr(cg, expr->right);
    emit_comparison(cg, filter_opcodes[op], right, next, left, expr->resolved.compare_affinity,
                    expr->resolved.compare_collation);
}

static void filter_between(struct cg *cg, struct expr *expr, int32_t next)
{
    int32_t operand = cg_expr(cg, expr->left), bound = cg_expr(cg, expr->list.items[0]);

    emit_comparison(cg, OP_FilterGe, bound, next, operand, expr->resolved.compare_affinity,
                    expr->resolved.compare_collation);
    bound = cg_expr(cg, expr->list.items[1]);
    emit_comparison(cg, OP_FilterLe, bound, next, operand, expr->resolved.compare_affinity_high,
                    expr->resolved.compare_collation_high);
}

/* x IN (y) is x = y. */
static bool filter_in_single(struct cg *cg, struct expr *expr, int32_t next)
{
    if (expr->select != NULL || expr->list.count != 1 || expr_width(expr->left) != 1 ||
        expr_width(expr->list.items[0]) != 1)
        return false;
    emit_comparison(cg, expr->negated ? OP_FilterNe : OP_FilterEq, cg_expr(cg, expr->list.items[0]),
                    next, cg_expr(cg, expr->left), expr->resolved.compare_affinity,
                    expr->resolved.compare_collation);
    return true;
}

/* Above an aggregation a key is a value: what it is made of is not there any more. */
static bool is_group_key(const struct cg *cg, struct expr *expr)
{
    return cg->aggregate != NULL && plan_group_key(cg->aggregate, expr) >= 0;
}

static void filter_negation(struct cg *cg, struct expr *operand, int32_t next)
{
    if (operand->kind == EXPR_BINARY && expr_op_opposite(operand->op) != EXPR_OP_NONE &&
        !is_row(operand->left) && !is_group_key(cg, operand))
        filter_comparison(cg, operand, expr_op_opposite(operand->op), next);
    else
        filter_truth(cg, operand, next, TRUTH_FALSE);
}

static bool filter_unary(struct cg *cg, struct expr *expr, int32_t next)
{
    switch (expr->op) {
    case EXPR_OP_ISNULL:
        filter_truth(cg, expr->left, next, TRUTH_NULL);
        return true;
    case EXPR_OP_NOTNULL:
        filter_truth(cg, expr->left, next, TRUTH_NOT_NULL);
        return true;
    case EXPR_OP_NOT:
        filter_negation(cg, expr->left, next);
        return true;
    default:
        return false;
    }
}

static bool filter_constant(struct cg *cg, const struct expr *expr, int32_t next)
{
    struct value value;

    if (!expr_fold(cg->arena, expr, &value))
        return false;
    if (value_truth(&value) != 1)
        cg_emit(cg, OP_Goto, 0, next, 0);
    return true;
}

void cg_filter(struct cg *cg, struct expr *expr, int32_t next)
{
    if (!cg_may_go_deeper(cg, expr->position) || filter_constant(cg, expr, next))
        return;
    if (is_group_key(cg, expr)) {
        filter_truth(cg, expr, next, TRUTH_TRUE);
        return;
    }
    switch ((enum expr_kind)expr->kind) {
    case EXPR_BINARY:
        if (expr->op == EXPR_OP_AND) {
            cg_filter(cg, expr->left, next);
            cg_filter(cg, expr->right, next);
            return;
        }
        if (filter_opcodes[expr->op] != 0) {
            filter_comparison(cg, expr, expr->op, next);
            return;
        }
        break;
    case EXPR_BETWEEN:
        if (!expr->negated) {
            filter_between(cg, expr, next);
            return;
        }
        break;
    case EXPR_IN:
        if (filter_in_single(cg, expr, next))
            return;
        break;
    case EXPR_UNARY:
        if (filter_unary(cg, expr, next))
            return;
        break;
    default:
        break;
    }
    filter_truth(cg, expr, next, TRUTH_TRUE);
}

/* Cheap conditions first; among equals as written. */
void cg_filters(struct cg *cg, const struct expr_list *conjuncts, int32_t next)
{
    struct expr **sorted = arena_alloc(cg->arena, (conjuncts->count + 1) * sizeof *sorted);

    if (sorted == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return;
    }
    for (uint32_t i = 0; i < conjuncts->count; i++) {
        double   cost = expr_cost(conjuncts->items[i]);
        uint32_t at = i;

        for (; at > 0 && expr_cost(sorted[at - 1]) > cost; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = conjuncts->items[i];
    }
    for (uint32_t i = 0; i < conjuncts->count; i++)
        cg_filter(cg, sorted[i], next);
}
