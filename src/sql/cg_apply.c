/* cg_apply.c - correlated subqueries for all rows at once: the rows are kept and their parameter
 * tuples numbered, each subquery's loops note a result for each number, and the rows are read
 * again, with their results.  APPLY nodes one above the other share the rows. */
#include "sql/cg.h"

struct apply_sink {
    struct cg_sink     sink;
    int32_t            rows; /* the rowset: a number for each apply, then what is carried */
    uint32_t           count;
    struct apply     **applies;
    const struct plan *carrier; /* the topmost node, its carried columns without results */
};

static void consume_outer(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct apply_sink *self = (const struct apply_sink *)sink;
    const struct plan       *aggregate = cg->aggregate;
    uint32_t                 columns = self->count + cg_carried(self->carrier);
    int32_t                  first = cg_registers(cg, columns);

    (void)next;
    cg->aggregate = self->carrier->aggregate;
    for (uint32_t a = 0; a < self->count; a++) {
        const struct apply  *apply = self->applies[a];
        const struct select *select = apply->expr->select;
        int32_t              parameters = cg_registers(cg, apply->parameters);

        for (uint32_t i = 0; i < select->outer_count; i++)
            cg_expr_to(cg, select->outers[i], parameters + (int32_t)i);
        if (apply->expr->kind == EXPR_IN)
            cg_row_to(cg, apply->expr->left, parameters + (int32_t)select->outer_count);
        cg_emit_i(cg, OP_TupleNumber, apply->slot, first + (int32_t)a, parameters,
                  apply->parameters);
    }
    cg_carry(cg, self->carrier, first + (int32_t)self->count);
    cg->aggregate = aggregate;
    cg_emit(cg, OP_RowsetInsert, self->rows, first, (int32_t)columns);
}

/* Whether the operands of the tuples with these numbers equal the subquery's row, or compare with
 * it as ANY asks: a register. */
static int32_t emit_membership(struct cg *cg, const struct plan *right, const struct apply *apply,
                               int32_t number)
{
    struct expr *in = apply->expr;
    uint32_t     width = expr_width(in->left);
    int32_t      operand = cg_registers(cg, width), member = cg_registers(cg, width);
    int32_t      equal = cg_registers(cg, 1), all = equal;
    const char  *affinities = cg_in_affinities(cg, in, width);

    if (affinities == NULL)
        return equal;
    for (uint32_t i = 0; i < width; i++) {
        cg_emit_i(cg, OP_TupleParameter, apply->slot, number, operand + (int32_t)i,
                  in->select->outer_count + i);
        cg_result_to(cg, right, i, member + (int32_t)i);
        cg_forget(cg, member + (int32_t)i);
    }
    cg_affinity(cg, operand, width, affinities);
    cg_affinity(cg, member, width, affinities);
    for (uint32_t i = 0; i < width; i++) {
        int32_t reg = i == 0 ? all : cg_registers(cg, 1);

        cg_emit_i(cg, cg_comparison(in->op == EXPR_OP_NONE ? EXPR_OP_EQ : in->op),
                  member + (int32_t)i, operand + (int32_t)i, reg, cg_in_collation(in, i));
        if (i > 0)
            cg_emit(cg, OP_And, reg, all, all);
    }
    return all;
}

/* A row of the subquery. */
static void consume_result(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct plan *right = sink->plan->right;
    struct apply      *apply = sink->plan->apply;
    const struct value one = value_int(1);
    int32_t            number, result;

    (void)next;
    number = cg_column(cg, right->owner, (int32_t)right->column_count - 1, 0);
    if (apply->expr->kind == EXPR_SUBQUERY) {
        result = cg_column(cg, right->owner, 0, 0);
        cg_emit(cg, OP_TupleKeep, apply->slot, number, result);
        return;
    }
    if (apply->expr->kind == EXPR_IN)
        result = emit_membership(cg, right, apply, number);
    else
        cg_constant_to(cg, &one, result = cg_registers(cg, 1));
    cg_emit(cg, OP_TupleOr, apply->slot, number, result);
}

static void consume_row(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct apply_sink *self = (const struct apply_sink *)sink;
    int32_t                  number = cg_registers(cg, 1), first = cg_registers(cg, self->count);

    cg_floor(cg, cg_mark(cg));
    cg_push_carried(cg, self->carrier, self->rows, self->count);
    for (uint32_t a = 0; a < self->count; a++) {
        const struct expr *expr = self->applies[a]->expr;
        int32_t            result = first + (int32_t)a;

        cg_emit(cg, OP_Column, self->rows, (int32_t)a, number);
        cg_emit(cg, expr->kind == EXPR_SUBQUERY ? OP_TupleFetch : OP_TupleTruth,
                self->applies[a]->slot, number, result);
        if (expr->kind != EXPR_SUBQUERY && expr->negated)
            cg_emit(cg, OP_Not, result, result, 0);
        cg_push(cg, CG_REGISTER, expr)->reg = result;
    }
    cg_consume(cg, sink->parent, next);
}

static bool is_result(const struct apply_sink *self, const void *owner)
{
    for (uint32_t a = 0; a < self->count; a++)
        if (self->applies[a]->expr == owner)
            return true;
    return false;
}

/* The APPLY nodes from plan down whose results are read, and what goes past them. */
static bool gather_applies(struct cg *cg, const struct plan *plan, struct apply_sink *self)
{
    struct plan *carrier = arena_alloc(cg->arena, sizeof *carrier);
    uint32_t     nodes = 0;

    for (const struct plan *node = plan; node->kind == PLAN_APPLY; node = node->input)
        nodes++;
    self->applies = arena_alloc(cg->arena, nodes * sizeof(struct apply *));
    if (carrier == NULL || self->applies == NULL)
        return false;
    for (const struct plan *node = plan; node->kind == PLAN_APPLY; node = node->input)
        if (node->apply->needed)
            self->applies[self->count++] = node->apply;
    *carrier = *plan;
    self->carrier = carrier;
    carrier->carried.count = 0;
    carrier->carried.items =
        arena_alloc(cg->arena, (plan->carried.count + 1) * sizeof *carrier->carried.items);
    if (carrier->carried.items == NULL)
        return false;
    for (uint32_t i = 0; i < plan->carried.count; i++)
        if (!is_result(self, plan->carried.items[i].owner))
            carrier->carried.items[carrier->carried.count++] = plan->carried.items[i];
    return true;
}

static void produce_results(struct cg *cg, const struct plan *plan, struct apply_sink *self)
{
    const struct plan *aggregate = cg->aggregate;

    cg->aggregate = NULL;
    self->sink.consume = consume_result;
    for (const struct plan *node = plan; node->kind == PLAN_APPLY; node = node->input) {
        uint32_t        mark = cg_mark(cg);
        struct cg_place place;

        if (!node->apply->needed)
            continue;
        place = cg_line_enter(cg, node);
        cg_floor(cg, mark);
        cg->one_row = false;
        self->sink.plan = node;
        cg_produce(cg, node->right, &self->sink);
        cg_truncate(cg, mark);
        cg_line_leave(cg, place);
    }
    cg->aggregate = aggregate;
}

void cg_produce_apply(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct apply_sink  self = {{consume_outer, NULL, plan}, .rows = cg_slot(cg)};
    const struct plan *input = plan;
    int32_t            none = cg_label(cg);

    while (input->kind == PLAN_APPLY)
        input = input->input;
    if (!gather_applies(cg, plan, &self)) {
        cg_fail(cg, fail_nomem(cg->err));
        return;
    }
    if (self.count == 0) {
        cg_produce(cg, input, parent);
        return;
    }
    cg_emit(cg, OP_OpenRowset, self.rows, (int32_t)(self.count + cg_carried(self.carrier)), 0);
    for (uint32_t a = 0; a < self.count; a++) {
        self.applies[a]->slot = cg_slot(cg);
        cg_emit(cg, OP_TupleOpen, self.applies[a]->slot, (int32_t)self.applies[a]->parameters, 0);
    }
    cg_produce(cg, input, &self.sink);
    cg_emit(cg, OP_IfEmpty, self.rows, none, 0);
    produce_results(cg, plan, &self);
    self.sink = (struct cg_sink){consume_row, parent, plan};
    cg_loop(cg, OP_Rewind, self.rows, &self.sink);
    cg_here(cg, none);
}

/* The tuples that were numbered. */
struct tuples_sink {
    struct cg_sink sink;
    int32_t        cursor;
};

static void consume_tuples(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct tuples_sink *self = (const struct tuples_sink *)sink;
    const struct apply       *apply = sink->plan->apply;
    const struct select      *select = apply->expr->select;
    struct cg_entry          *number;

    for (uint32_t i = 0; i < select->outer_count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_SORTED, plan_owner(select->outers[i]));

        entry->column = select->outers[i]->resolved.column;
        entry->number = (int32_t)i;
        entry->slot = self->cursor;
    }
    number = cg_push(cg, CG_SORTED, &apply->tuples);
    number->number = (int32_t)apply->parameters;
    number->slot = self->cursor;
    cg_filters(cg, &sink->plan->filters, next);
    cg_consume(cg, sink->parent, next);
}

void cg_produce_tuples(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct tuples_sink self = {{consume_tuples, parent, plan}, cg_slot(cg)};

    cg_emit(cg, OP_OpenDup, self.cursor, plan->apply->slot, 0);
    cg_loop(cg, OP_Rewind, self.cursor, &self.sink);
}
