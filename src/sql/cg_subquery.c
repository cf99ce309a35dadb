/* cg_subquery.c - scalar subqueries, EXISTS, IN, ANY and ALL.
 *
 * Without columns of enclosing selects they run once an execution, when first reached, in a batch
 * of one row.  Correlated ones are memoised: their parameters (select->outers) are looked up, and
 * the subquery runs for each tuple that has no result yet. */
#include "sql/cg.h"

#include <string.h>

struct subquery_sink {
    struct cg_sink sink;
    int32_t        first, done; /* result registers, label behind the loops */
    uint32_t       column, count;
    int32_t        slot;     /* IN: the set; ANY: the aggregation */
    int32_t        extremes; /* ANY: registers, enum extreme */
    const char    *affinities;
};

/* --- what happens with a row -------------------------------------------------------------------
 */
static void consume_value(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct subquery_sink *self = (struct subquery_sink *)sink;
    int32_t               reg = cg_column(cg, sink->plan->owner, (int32_t)self->column, 0);

    (void)next;
    cg_emit(cg, OP_First, reg, self->first, 1);
    cg_emit(cg, OP_Goto, 0, self->done, 0);
}

static void consume_exists(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct subquery_sink *self = (struct subquery_sink *)sink;

    (void)next;
    cg_emit(cg, OP_Integer, 1, self->first, 0);
    cg_emit(cg, OP_Goto, 0, self->done, 0);
}

/* The subquery's row with the comparison's affinity: registers. */
static int32_t member_registers(struct cg *cg, const struct subquery_sink *self)
{
    int32_t first = cg_registers(cg, self->count);

    for (uint32_t i = 0; i < self->count; i++) {
        cg_result_to(cg, self->sink.plan, i, first + (int32_t)i);
        cg_forget(cg, first + (int32_t)i);
    }
    cg_affinity(cg, first, self->count, self->affinities);
    return first;
}

static void consume_member(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct subquery_sink *self = (struct subquery_sink *)sink;

    (void)next;
    cg_emit(cg, OP_SetInsert, self->slot, member_registers(cg, self), (int32_t)self->count);
}

static void consume_compared(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct subquery_sink *self = (struct subquery_sink *)sink;
    int32_t               member = member_registers(cg, self);

    (void)next;
    cg_emit(cg, OP_AggStep, self->slot, member, member);
}

void cg_run(struct cg *cg, struct cg_sink *sink, int32_t done)
{
    const struct plan *aggregate = cg->aggregate;
    uint32_t           mark = cg_mark(cg);
    bool               one_row = cg->one_row;

    cg->aggregate = NULL;
    cg->one_row = true;
    cg_floor(cg, mark);
    cg_produce(cg, sink->plan, sink);
    cg_here(cg, done);
    cg_truncate(cg, mark);
    cg->aggregate = aggregate;
    cg->one_row = one_row;
}

static void run(struct cg *cg, struct subquery_sink *sink)
{
    sink->done = cg_label(cg);
    cg_run(cg, &sink->sink, sink->done);
}

/* --- once --------------------------------------------------------------------------------------
 */
int32_t cg_once_begin(struct cg *cg)
{
    int32_t skip = cg_label(cg);

    cg_emit(cg, OP_Once, program_once(cg->program), skip, 0);
    cg_emit(cg, OP_BatchPush, 0, 0, 0);
    return skip;
}

void cg_once_end(struct cg *cg, int32_t skip)
{
    cg_emit(cg, OP_BatchPop, 0, 0, 0);
    cg_here(cg, skip);
}

/* --- memoised ----------------------------------------------------------------------------------
 */
struct memo {
    int32_t            slot, next, result, parameters;
    uint32_t           mark;
    const struct plan *aggregate;
};

/* Parameters: the subquery's outers, then width values of `left` (NULL: none).  Behind it the code
 * runs for one tuple, in a batch of one row. */
static struct memo memo_begin(struct cg *cg, struct select *select, struct expr *left,
                              uint32_t width)
{
    uint32_t    count = select->outer_count + width;
    struct memo memo = {cg_slot(cg), cg_label(cg), cg_label(cg), cg_registers(cg, count),
                        0,           cg->aggregate};
    int32_t     values = cg_registers(cg, count), begin;

    for (uint32_t i = 0; i < select->outer_count; i++)
        cg_expr_to(cg, select->outers[i], values + (int32_t)i);
    if (left != NULL)
        cg_row_to(cg, left, values + (int32_t)select->outer_count);
    memo.mark = cg_mark(cg);
    begin = cg_emit(cg, OP_MemoBegin, memo.slot, memo.result, values);
    program_op(cg->program, begin)->p4.i = count;
    program_op(cg->program, begin)->p5 = select_varies(select);
    cg_here(cg, memo.next);
    cg_emit(cg, OP_MemoNext, memo.slot, memo.result, memo.parameters);
    cg_floor(cg, memo.mark);
    for (uint32_t i = 0; i < select->outer_count; i++) {
        const struct expr *outer = select->outers[i];
        struct cg_entry   *entry = cg_push(cg, CG_REGISTER, plan_owner(outer));

        entry->column = outer->resolved.column;
        entry->reg = memo.parameters + (int32_t)i;
        entry->constant = true;
    }
    cg->memo_depth++;
    cg->loop_depth++;
    return memo;
}

static void memo_end(struct cg *cg, struct memo memo, int32_t value, int32_t target)
{
    cg->loop_depth--;
    cg->memo_depth--;
    cg->aggregate = memo.aggregate;
    cg_emit(cg, OP_MemoStore, memo.slot, value, 0);
    cg_emit(cg, OP_Goto, 0, memo.next, 0);
    cg_here(cg, memo.result);
    cg_truncate(cg, memo.mark);
    cg_emit(cg, OP_MemoResult, memo.slot, target, 0);
}

/* --- scalar, EXISTS ----------------------------------------------------------------------------
 */
/* target: the subquery's value, initially NULL or 0. */
static void single_to(struct cg *cg, struct expr *expr, struct subquery_sink *sink, bool exists,
                      int32_t target)
{
    bool            correlated = expr->select->outer_count != 0;
    struct memo     memo = {0};
    int32_t         once = 0;
    struct cg_place place =
        cg_line_subquery(cg, "SCALAR SUBQUERY", correlated || expr->select->lookup != NULL);

    if (expr->select->lookup != NULL) {
        cg_lookup_to(cg, expr, target);
        cg_line_leave(cg, place);
        return;
    }
    sink->sink.plan = cg_plan(cg, expr->select, exists || !expr->select->is_aggregate);
    if (sink->sink.plan == NULL)
        return;
    if (correlated)
        memo = memo_begin(cg, expr->select, NULL, 0);
    else
        once = cg_once_begin(cg);
    sink->first = cg_registers(cg, 1); /* not target, which others may write before the next use */
    if (exists)
        cg_emit(cg, OP_Integer, 0, sink->first, 0);
    else
        cg_emit(cg, OP_Null, 0, sink->first, 1);
    run(cg, sink);
    if (correlated) {
        memo_end(cg, memo, sink->first, target);
    } else {
        cg_once_end(cg, once);
        cg_emit(cg, OP_SCopy, sink->first, target, 0);
    }
    cg_line_leave(cg, place);
}

void cg_subquery_to(struct cg *cg, struct expr *expr, uint32_t column, int32_t target)
{
    struct subquery_sink sink = {.sink = {.consume = consume_value}, .column = column};

    single_to(cg, expr, &sink, false, target);
}

void cg_exists_to(struct cg *cg, struct expr *expr, int32_t target)
{
    struct subquery_sink sink = {.sink = {.consume = consume_exists}};

    single_to(cg, expr, &sink, true, target);
    if (expr->negated)
        cg_emit(cg, OP_Not, target, target, 0);
}

/* --- IN ----------------------------------------------------------------------------------------
 */
enum collation cg_in_collation(const struct expr *in, uint32_t member)
{
    const struct expr *left = cg_member(in->left, member);

    if (expr_width(in->left) == 1)
        return in->resolved.compare_collation;
    return cg_comparison_collation(left,
                                   in->select == NULL ? left : select_compared(in->select, member));
}

static int32_t set_open(struct cg *cg, const struct expr *expr, uint32_t width)
{
    int32_t  slot = cg_slot(cg);
    uint8_t *collations = cg_alloc(cg, width);

    for (uint32_t i = 0; i < width && collations != NULL; i++)
        collations[i] = (uint8_t)cg_in_collation(expr, i);
    cg_emit_p4(cg, OP_SetOpen, slot, (int32_t)width, 0, collations);
    return slot;
}

/* IN (select) puts both sides into a form for the set: with REAL, INTEGERs become REAL, which a
 * plain comparison does not do. */
static enum affinity in_affinity(enum affinity left, enum affinity right)
{
    if ((left <= AFFINITY_NONE && right == AFFINITY_REAL) ||
        (right <= AFFINITY_NONE && left == AFFINITY_REAL))
        return AFFINITY_REAL;
    return affinity_of_comparison(left, right);
}

char *cg_in_affinities(struct cg *cg, const struct expr *expr, uint32_t width)
{
    char *letters = cg_alloc(cg, width + 1);

    for (uint32_t i = 0; i < width && letters != NULL; i++) {
        if (width == 1 && (expr->select == NULL || expr->op != EXPR_OP_NONE))
            letters[i] = (char)expr->resolved.compare_affinity;
        else if (expr->select == NULL)
            letters[i] = (char)cg_member(expr->left, i)->resolved.affinity;
        else
            letters[i] = (char)in_affinity(cg_member(expr->left, i)->resolved.affinity,
                                           select_compared(expr->select, i)->resolved.affinity);
    }
    return letters;
}

/* --- ANY ----------------------------------------------------------------------------------------
 * Of x < ANY (SELECT) the greatest value decides, of > the least, of <> both: it is true or not for
 * one of them as it is for any value. */
enum extreme {
    EXTREME_LEAST,
    EXTREME_GREATEST,
    EXTREME_OTHERS, /* what the rest makes of it: NULL if there is a NULL, else 0 */
    EXTREME_SOME,   /* 1 if there are rows, else 0 */
    EXTREME_COUNT
};

static const struct aggregate_desc *describe_extremes(struct cg *cg, const struct expr *expr)
{
    static const enum aggregate_kind kinds[] = {AGGREGATE_MIN, AGGREGATE_MAX, AGGREGATE_COUNT,
                                                AGGREGATE_COUNT_STAR};
    struct aggregate_desc           *desc = cg_alloc(cg, sizeof *desc);
    struct aggregate_call           *calls = cg_alloc(cg, EXTREME_COUNT * sizeof *calls);

    if (desc == NULL || calls == NULL)
        return NULL;
    for (uint32_t i = 0; i < EXTREME_COUNT; i++)
        calls[i] = (struct aggregate_call){.kind = kinds[i],
                                           .argument = kinds[i] == AGGREGATE_COUNT_STAR ? -1 : 0,
                                           .separator = -1,
                                           .filter = -1,
                                           .extreme = -1,
                                           .collation = cg_in_collation(expr, 0)};
    *desc = (struct aggregate_desc){.call_count = EXTREME_COUNT, .calls = calls};
    return desc;
}

/* Behind it the batch is another one. */
static void extremes_of_select(struct cg *cg, const struct expr *expr, struct subquery_sink *sink)
{
    const struct aggregate_desc *desc = describe_extremes(cg, expr);
    int32_t                      first = cg_registers(cg, EXTREME_COUNT);
    int32_t                      others = first + EXTREME_OTHERS, some = first + EXTREME_SOME;
    int32_t                      zero = cg_registers(cg, 1), end = cg_label(cg);

    if (desc == NULL)
        return;
    sink->slot = cg_slot(cg);
    sink->extremes = cg_registers(cg, EXTREME_COUNT);
    cg_emit_p4(cg, OP_AggOpen, sink->slot, 0, 0, desc);
    run(cg, sink);
    cg_emit(cg, OP_AggFinal, sink->slot, 0, 0);
    cg_emit(cg, OP_Rewind, sink->slot, end, 0);
    for (int32_t i = 0; i < EXTREME_COUNT; i++)
        cg_emit(cg, OP_Column, sink->slot, i, first + i);
    cg_emit(cg, OP_Integer, 0, zero, 0);
    cg_emit(cg, OP_Eq, some, others, others);
    cg_emit(cg, OP_Divide, others, zero, others);
    cg_emit(cg, OP_Ne, zero, some, some);
    cg_emit(cg, OP_First, first, sink->extremes, EXTREME_COUNT);
    cg_here(cg, end);
}

static void compare_extremes(struct cg *cg, const struct expr *expr, int32_t extremes,
                             int32_t operand, int32_t target)
{
    bool           upper = expr->op == EXPR_OP_LT || expr->op == EXPR_OP_LE;
    enum collation collation = cg_in_collation(expr, 0);
    int32_t        part = cg_registers(cg, 1);

    cg_emit_i(cg, cg_comparison(expr->op), extremes + (upper ? EXTREME_GREATEST : EXTREME_LEAST),
              operand, part, collation);
    cg_emit(cg, OP_Or, extremes + EXTREME_OTHERS, part, target);
    if (expr->op == EXPR_OP_NE) {
        cg_emit_i(cg, OP_Ne, extremes + EXTREME_GREATEST, operand, part, collation);
        cg_emit(cg, OP_Or, part, target, target);
    }
    cg_emit(cg, OP_And, extremes + EXTREME_SOME, target, target);
}

/* --- IN and ANY of a select ---------------------------------------------------------------------
 */
/* What the operand is looked up in. */
static void fill(struct cg *cg, const struct expr *expr, struct subquery_sink *sink)
{
    if (expr->op != EXPR_OP_NONE) {
        extremes_of_select(cg, expr, sink);
    } else {
        sink->slot = set_open(cg, expr, sink->count);
        run(cg, sink);
    }
}

static void look_up(struct cg *cg, const struct expr *expr, const struct subquery_sink *sink,
                    int32_t operand, int32_t target)
{
    if (expr->op != EXPR_OP_NONE)
        compare_extremes(cg, expr, sink->extremes, operand, target);
    else
        cg_emit(cg, OP_SetHas, sink->slot, operand, target);
}

/* The operand with the comparison's affinity. */
static int32_t in_operand(struct cg *cg, struct expr *expr, uint32_t width, const char *affinities)
{
    int32_t operand = cg_registers(cg, width);

    cg_row_to(cg, expr->left, operand);
    for (uint32_t i = 0; i < width; i++)
        cg_forget(cg, operand + (int32_t)i);
    cg_affinity(cg, operand, width, affinities);
    return operand;
}

static const struct cg_set *known_set(const struct cg *cg, const struct expr *expr)
{
    const struct cg_set *set = cg->sets;

    while (set != NULL && set->in != expr)
        set = set->outer;
    return set;
}

/* Without columns of enclosing selects: filled once. */
static void fill_once(struct cg *cg, struct expr *expr, struct subquery_sink *sink)
{
    int32_t once = cg_once_begin(cg);

    fill(cg, expr, sink);
    cg_once_end(cg, once);
}

/* With columns of enclosing selects: memoised. */
static void in_correlated_to(struct cg *cg, struct expr *expr, struct subquery_sink *sink,
                             int32_t target)
{
    struct memo memo = memo_begin(cg, expr->select, expr->left, sink->count);
    int32_t     operand = memo.parameters + (int32_t)expr->select->outer_count, result;

    fill(cg, expr, sink);
    result = cg_registers(cg, 1);
    cg_affinity(cg, operand, sink->count, sink->affinities);
    cg_emit(cg, OP_OneRow, 0, 0, 0);
    look_up(cg, expr, sink, operand, result);
    cg_emit(cg, OP_First, result, result, 1);
    memo_end(cg, memo, result, target);
}

static bool sink_of_select(struct cg *cg, struct expr *expr, struct subquery_sink *sink)
{
    sink->sink.consume = expr->op != EXPR_OP_NONE ? consume_compared : consume_member;
    sink->count = expr_width(expr->left);
    sink->affinities = cg_in_affinities(cg, expr, sink->count);
    if (expr->select->column_count != sink->count) {
        if (cg->status == STATUS_OK)
            cg->status = fail_at(cg->err, STATUS_ERROR, expr->position,
                                 "sub-select returns %u columns - expected %u",
                                 expr->select->column_count, sink->count);
        return false;
    }
    sink->sink.plan = cg_plan(cg, expr->select, false);
    return sink->sink.plan != NULL && sink->affinities != NULL;
}

bool cg_in_select(const struct expr *expr, enum affinity *affinity)
{
    if (expr->kind != EXPR_IN || expr->op != EXPR_OP_NONE || expr->negated ||
        expr->select == NULL || expr->select->outer_count != 0 || expr->select->lookup != NULL ||
        expr->select->column_count != 1 || expr_width(expr->left) != 1)
        return false;
    *affinity = in_affinity(cg_member(expr->left, 0)->resolved.affinity,
                            select_compared(expr->select, 0)->resolved.affinity);
    return true;
}

bool cg_in_set(struct cg *cg, struct expr *expr, int32_t *slot)
{
    struct subquery_sink sink = {.slot = 0};
    struct cg_place      place = cg_line_subquery(cg, "LIST SUBQUERY", false);
    bool                 made = sink_of_select(cg, expr, &sink);

    if (made)
        fill_once(cg, expr, &sink);
    cg_line_leave(cg, place);
    *slot = sink.slot;
    return made;
}

static void in_select_to(struct cg *cg, struct expr *expr, int32_t target)
{
    struct subquery_sink sink = {.slot = 0};
    const struct cg_set *known = known_set(cg, expr);
    struct cg_place      place;

    if (known != NULL) {
        cg_emit(cg, OP_SetHas, known->slot, in_operand(cg, expr, 1, cg_in_affinities(cg, expr, 1)),
                target);
        return;
    }
    place = cg_line_subquery(cg, "LIST SUBQUERY",
                             expr->select->outer_count != 0 || expr->select->lookup != NULL);
    if (expr->select->lookup != NULL) {
        cg_lookup_to(cg, expr, target);
        cg_line_leave(cg, place);
        return;
    }
    if (!sink_of_select(cg, expr, &sink))
        return;
    if (expr->select->outer_count != 0) {
        in_correlated_to(cg, expr, &sink, target);
    } else {
        fill_once(cg, expr, &sink);
        look_up(cg, expr, &sink, in_operand(cg, expr, sink.count, sink.affinities), target);
    }
    cg_line_leave(cg, place);
}

static bool list_constant(const struct expr *expr)
{
    for (uint32_t i = 0; i < expr->list.count; i++)
        if (!expr_is_constant(expr->list.items[i]) || expr_may_fail(expr->list.items[i]))
            return false;
    return true;
}

/* The list is a set, filled once. */
static void in_set_to(struct cg *cg, struct expr *expr, int32_t target)
{
    uint32_t width = expr_width(expr->left);
    char    *affinities = cg_in_affinities(cg, expr, width);
    int32_t  once;
    int32_t  slot, member;
    uint32_t mark = cg_mark(cg), depth = cg->loop_depth;

    if (affinities == NULL)
        return;
    once = cg_once_begin(cg);
    slot = set_open(cg, expr, width);
    member = cg_registers(cg, width);
    cg->loop_depth = 0; /* no sense in hoisting what runs once */
    for (uint32_t i = 0; i < expr->list.count; i++) {
        cg_row_to(cg, expr->list.items[i], member);
        for (uint32_t m = 0; m < width; m++)
            cg_forget(cg, member + (int32_t)m);
        cg_affinity(cg, member, width, affinities);
        cg_emit(cg, OP_SetInsert, slot, member, (int32_t)width);
    }
    cg->loop_depth = depth;
    cg_truncate(cg, mark);
    cg_once_end(cg, once);
    cg_emit(cg, OP_SetHas, slot, in_operand(cg, expr, width, affinities), target);
}

/* x IN (a, b): x = a OR x = b. */
static void in_comparisons_to(struct cg *cg, struct expr *expr, int32_t target)
{
    int32_t part = cg_registers(cg, 1);

    for (uint32_t i = 0; i < expr->list.count; i++) {
        struct expr *equal = arena_zalloc(cg->arena, sizeof *equal);

        if (equal == NULL) {
            cg_fail(cg, fail_nomem(cg->err));
            return;
        }
        equal->kind = EXPR_BINARY;
        equal->op = EXPR_OP_EQ;
        equal->left = expr->left;
        equal->right = expr->list.items[i];
        equal->position = expr->position;
        equal->resolved.compare_affinity = expr->resolved.compare_affinity;
        equal->resolved.compare_collation = expr->resolved.compare_collation;
        cg_compare_to(cg, equal, i == 0 ? target : part);
        if (i != 0)
            cg_emit(cg, OP_Or, part, target, target);
    }
}

void cg_in_to(struct cg *cg, struct expr *expr, int32_t target)
{
    if (expr->select != NULL)
        in_select_to(cg, expr, target);
    else if (expr->list.count == 0)
        cg_emit(cg, OP_Integer, 0, target, 0);
    else if (expr->list.count > 1 && list_constant(expr))
        in_set_to(cg, expr, target);
    else
        in_comparisons_to(cg, expr, target);
}
