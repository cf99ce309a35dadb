/* cg_apply.c - a correlated subquery for all rows at once: the rows are kept and their parameter
 * tuples numbered, the subquery's loops note a result for each number, and the rows are read again,
 * with their results. */
#include "sql/cg.h"

struct apply_sink {
    struct cg_sink sink;
    int32_t        rows; /* the rowset: number, then what is carried */
};

static void consume_outer(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct apply_sink *self = (const struct apply_sink *)sink;
    const struct plan       *plan = sink->plan, *aggregate = cg->aggregate;
    const struct select     *select = plan->apply->expr->select;
    int32_t                  parameters = cg_registers(cg, select->outer_count);
    int32_t                  first = cg_registers(cg, cg_carried(plan) + 1);

    (void)next;
    cg->aggregate = plan->aggregate;
    for (uint32_t i = 0; i < select->outer_count; i++)
        cg_expr_to(cg, select->outers[i], parameters + (int32_t)i);
    cg_emit_i(cg, OP_MemoNumber, plan->apply->slot, first, parameters, select->outer_count);
    cg_carry(cg, plan, first + 1);
    cg->aggregate = aggregate;
    cg_emit(cg, OP_RowsetInsert, self->rows, first, (int32_t)cg_carried(plan) + 1);
}

/* A row of the subquery. */
static void consume_result(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct plan *right = sink->plan->right;
    struct apply      *apply = sink->plan->apply;
    const struct value one = value_int(1);
    int32_t            number, result;

    (void)next;
    cg->aggregate = right->aggregate;
    number = cg_expr(cg, &apply->number);
    cg->aggregate = NULL;
    if (apply->expr->kind == EXPR_EXISTS)
        cg_constant_to(cg, &one, result = cg_registers(cg, 1));
    else
        result = cg_column(cg, right->owner, 0, 0);
    cg_emit(cg, OP_MemoKeep, apply->slot, number, result);
}

static void consume_row(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct apply_sink *self = (const struct apply_sink *)sink;
    const struct expr       *expr = sink->plan->apply->expr;
    int32_t                  number = cg_registers(cg, 1), result = cg_registers(cg, 1);
    struct cg_entry         *entry;

    cg_floor(cg, cg_mark(cg));
    cg_emit(cg, OP_Column, self->rows, 0, number);
    cg_emit(cg, OP_MemoFetch, sink->plan->apply->slot, number, result);
    if (expr->kind == EXPR_EXISTS)
        cg_emit(cg, expr->negated ? OP_IsNull : OP_NotNull, result, result, 0);
    cg_push_carried(cg, sink->plan, self->rows, 1);
    entry = cg_push(cg, CG_REGISTER, expr);
    entry->reg = result;
    cg_consume(cg, sink->parent, next);
}

void cg_produce_apply(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct apply_sink  self = {{consume_outer, NULL, plan}, cg_slot(cg)};
    struct apply      *apply = plan->apply;
    const struct plan *aggregate = cg->aggregate;
    int32_t            none = cg_label(cg);
    uint32_t           mark;

    if (!apply->needed) {
        cg_produce(cg, plan->input, parent);
        return;
    }
    apply->slot = cg_slot(cg);
    cg_emit(cg, OP_OpenRowset, self.rows, (int32_t)cg_carried(plan) + 1, 0);
    cg_emit(cg, OP_MemoOpen, apply->slot, (int32_t)apply->expr->select->outer_count, 0);
    cg_produce(cg, plan->input, &self.sink);
    mark = cg_mark(cg);
    cg_emit(cg, OP_IfEmpty, self.rows, none, 0);
    cg_floor(cg, mark);
    cg->aggregate = NULL;
    cg->one_row = false;
    self.sink.consume = consume_result;
    cg_produce(cg, plan->right, &self.sink);
    cg->aggregate = aggregate;
    cg_truncate(cg, mark);
    self.sink.consume = consume_row;
    self.sink.parent = parent;
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

    for (uint32_t i = 0; i <= select->outer_count; i++) {
        bool             number = i == select->outer_count;
        struct cg_entry *entry =
            cg_push(cg, CG_SORTED,
                    number ? (const void *)&apply->tuples : select->outers[i]->resolved.source);

        entry->column = number ? 0 : select->outers[i]->resolved.column;
        entry->number = (int32_t)i;
        entry->slot = self->cursor;
    }
    cg_filters(cg, &sink->plan->filters, next);
    cg_consume(cg, sink->parent, next);
}

void cg_produce_tuples(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct tuples_sink self = {{consume_tuples, parent, plan}, cg_slot(cg)};

    cg_emit(cg, OP_OpenDup, self.cursor, plan->apply->slot, 0);
    cg_loop(cg, OP_Rewind, self.cursor, &self.sink);
}
