/* cg_shared.c - common table expressions computed once (plan_share.c).
 *
 * A subroutine fills a rowset.  Its code stands at the first reference that is emitted; every
 * reference calls it under the same Once, for nobody knows which of them runs first. */
#include "sql/cg.h"

struct shared_sink {
    struct cg_sink            sink;
    const struct plan_shared *shared;
};

static void consume_shared(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct plan_shared *shared = ((const struct shared_sink *)sink)->shared;
    int32_t                   first = cg_registers(cg, shared->kept);

    (void)next;
    for (uint32_t c = 0; c < sink->plan->column_count; c++)
        if (shared->place[c] != UINT32_MAX)
            cg_result_to(cg, sink->plan, c, first + (int32_t)shared->place[c]);
    cg_emit(cg, OP_RowsetInsert, shared->rows, first, (int32_t)shared->kept);
}

/* Nothing that is known where the first reference stands may be used: the others come from
 * elsewhere. */
static void emit_body(struct cg *cg, struct plan_shared *shared)
{
    struct cg          outside = *cg;
    struct shared_sink sink = {{consume_shared, NULL, shared->plan}, shared};
    struct cg_place    place;

    cg->entries = NULL;
    cg->entry_count = cg->entry_capacity = 0;
    cg->aggregate = NULL;
    cg->loop_depth = cg->memo_depth = 0;
    cg->queues = NULL;
    cg->one_row = true;
    place = cg_line_collect(cg, shared->plan);
    cg_here(cg, shared->body);
    cg_emit(cg, OP_BatchPush, 0, 0, 0);
    cg_emit(cg, OP_OpenRowset, shared->rows, (int32_t)shared->kept, 0);
    cg_produce(cg, shared->plan, &sink.sink);
    cg_emit(cg, OP_BatchPop, 0, 0, 0);
    cg_emit(cg, OP_Return, shared->back, 0, 0);
    cg_line_leave(cg, place);
    cg->entries = outside.entries;
    cg->entry_count = outside.entry_count;
    cg->entry_capacity = outside.entry_capacity;
    cg->aggregate = outside.aggregate;
    cg->loop_depth = outside.loop_depth;
    cg->memo_depth = outside.memo_depth;
    cg->queues = outside.queues;
    cg->one_row = outside.one_row;
}

struct read_sink {
    struct cg_sink sink;
    int32_t        slot;
};

static void consume_row(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    const struct plan_shared *shared = sink->plan->shared;

    for (uint32_t c = 0; c < shared->plan->column_count; c++) {
        struct cg_entry *entry;

        if (shared->place[c] == UINT32_MAX)
            continue;
        entry = cg_push(cg, CG_SORTED, sink->plan->item);
        entry->column = (int32_t)c;
        entry->number = (int32_t)shared->place[c];
        entry->slot = ((const struct read_sink *)sink)->slot;
    }
    cg_filters(cg, &sink->plan->filters, next);
    cg_consume(cg, sink->parent, next);
}

void cg_produce_shared(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct plan_shared *shared = plan->shared;
    struct read_sink    sink = {{consume_row, parent, plan}, cg_slot(cg)};
    bool                first = shared->body == 0;
    int32_t             have = cg_label(cg);

    if (first) {
        shared->body = cg_label(cg);
        shared->back = cg_registers(cg, 1);
        shared->rows = cg_slot(cg);
        shared->once = program_once(cg->program);
    }
    cg_emit(cg, OP_Once, shared->once, have, 0);
    cg_emit(cg, OP_Gosub, shared->back, shared->body, 0);
    if (first) {
        cg_emit(cg, OP_Goto, 0, have, 0);
        emit_body(cg, shared);
    }
    cg_here(cg, have);
    cg_emit(cg, OP_OpenDup, sink.slot, shared->rows, 0);
    cg_loop(cg, OP_Rewind, sink.slot, &sink.sink);
}
