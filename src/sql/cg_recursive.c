/* cg_recursive.c - recursive common table expressions: a queue that is read at its front and fed at
 * its end.  ORDER BY makes it a priority queue, read a row at a time (OP_QueueOrder).
 *
 * The initial terms fill a rowset.  A cursor walks it while it grows: each batch first goes to the
 * consumer (so that a LIMIT may end an endless recursion), then through the recursive terms, whose
 * rows are appended.  SQLite takes one row at a time (https://sqlite.org/lang_with.html, section
 * 3); whole batches give the same rows in the same order where a term's rows depend on one row of
 * the queue each, and plan->row_by_row says where they do not. */
#include "sql/cg.h"

struct queue_sink { /* rows of a term into the queue */
    struct cg_sink sink;
    int32_t        queue, set; /* set: UNION's rows so far; 0 in UNION ALL */
    bool           distinct;
};

static void consume_term(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct queue_sink *self = (struct queue_sink *)sink;
    uint32_t           count = sink->plan->column_count;
    int32_t            first = cg_registers(cg, count);

    for (uint32_t i = 0; i < count; i++)
        cg_result_to(cg, sink->plan, i, first + (int32_t)i);
    if (self->distinct)
        cg_emit_i(cg, OP_Distinct, self->set, next, first, count);
    cg_emit(cg, OP_RowsetInsert, self->queue, first, (int32_t)count);
}

/* The recursive terms run many times: hash tables of other tables are kept as in a correlated
 * subquery. */
static void produce_step(struct cg *cg, const struct plan *plan, struct queue_sink *self)
{
    struct cg_queue queue = {cg->queues, plan->select, self->queue};
    struct cg_place place = cg_line_collect(cg, plan);

    cg->queues = &queue;
    cg->memo_depth++;
    self->sink.plan = plan->right;
    cg_produce(cg, plan->right, &self->sink);
    cg->memo_depth--;
    cg->queues = queue.outer;
    cg_line_leave(cg, place);
}

void cg_produce_recursive(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct queue_sink self = {.sink = {consume_term, NULL, plan->input},
                              .queue = cg_slot(cg),
                              .distinct = plan->op == COMPOUND_UNION};
    int32_t           end = cg_label(cg), next = cg_label(cg), cap = plan->row_by_row ? 1 : 0, loop;
    uint32_t          mark = cg_mark(cg);
    struct cg_place   place;

    if (self.distinct) {
        self.set = cg_slot(cg);
        cg_emit_p4(cg, OP_SetOpen, self.set, (int32_t)plan->column_count, 0,
                   cg_result_collations(cg, plan->select));
    }
    cg_emit(cg, OP_OpenRowset, self.queue, (int32_t)plan->column_count, 0);
    if (plan->select->order_by.count != 0)
        cg_emit_p4(cg, OP_QueueOrder, self.queue, 0, 0, cg_queue_order(cg, plan->select));
    place = cg_line_collect(cg, plan);
    cg_produce(cg, plan->input, &self.sink);
    cg_line_leave(cg, place);
    cg->one_row = false;
    cg->loop_depth++;
    cg_emit(cg, OP_Rewind, self.queue, end, cap);
    loop = program_address(cg->program);
    cg_push(cg, CG_CURSOR, plan->owner)->slot = self.queue;
    cg_consume(cg, parent, next);
    cg_here(cg, next);
    cg_truncate(cg, mark);
    cg_floor(cg, mark);
    produce_step(cg, plan, &self);
    cg_emit(cg, OP_Next, self.queue, loop, cap);
    cg_here(cg, end);
    cg_truncate(cg, mark);
    cg->loop_depth--;
    cg->one_row = false;
}

void cg_produce_queue(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    const struct cg_queue *queue = cg->queues;
    int32_t                next = cg_label(cg);
    uint32_t               mark = cg_mark(cg);

    while (queue->select != plan->item->recursion)
        queue = queue->outer;
    cg_emit(cg, OP_Again, queue->slot, 0, 0);
    cg->one_row = false;
    cg_push(cg, CG_CURSOR, plan->item)->slot = queue->slot;
    cg_filters(cg, &plan->filters, next);
    cg_consume(cg, parent, next);
    cg_here(cg, next);
    cg_truncate(cg, mark);
}
