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
        const struct select *select = self->applies[a]->expr->select;
        int32_t              parameters = cg_registers(cg, select->outer_count);

        for (uint32_t i = 0; i < select->outer_count; i++)
            cg_expr_to(cg, select->outers[i], parameters + (int32_t)i);
        cg_emit_i(cg, OP_MemoNumber, self->applies[a]->slot, first + (int32_t)a, parameters,
                  select->outer_count);
    }
    cg_carry(cg, self->carrier, first + (int32_t)self->count);
    cg->aggregate = aggregate;
    cg_emit(cg, OP_RowsetInsert, self->rows, first, (int32_t)columns);
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
    int32_t                  number = cg_registers(cg, 1), first = cg_registers(cg, self->count);

    cg_floor(cg, cg_mark(cg));
    cg_push_carried(cg, self->carrier, self->rows, self->count);
    for (uint32_t a = 0; a < self->count; a++) {
        const struct expr *expr = self->applies[a]->expr;
        int32_t            result = first + (int32_t)a;

        cg_emit(cg, OP_Column, self->rows, (int32_t)a, number);
        cg_emit(cg, OP_MemoFetch, self->applies[a]->slot, number, result);
        if (expr->kind == EXPR_EXISTS)
            cg_emit(cg, expr->negated ? OP_IsNull : OP_NotNull, result, result, 0);
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
        cg_emit(cg, OP_MemoOpen, self.applies[a]->slot,
                (int32_t)self.applies[a]->expr->select->outer_count, 0);
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
