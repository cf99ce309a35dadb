/* cg_window.c - window functions: collect the rows below, compute, loop over rows with results. */
#include "sql/cg.h"

#include <string.h>

_Static_assert((int)WINDOW_GROUPS == (int)FRAME_GROUPS && (int)WINDOW_RANGE == (int)FRAME_RANGE &&
                   (int)WINDOW_UNBOUNDED_FOLLOWING == (int)FRAME_UNBOUNDED_FOLLOWING &&
                   (int)WINDOW_EXCLUDE_TIES == (int)EXCLUDE_TIES,
               "frames are handed down as they were parsed");

struct window_sink {
    struct cg_sink            sink;
    int32_t                   slot;
    struct window_desc       *desc;
    struct expr             **others; /* columns behind the keys and what is carried */
    uint32_t                  other_count;
    uint32_t                  carried; /* number of columns carried */
    struct expr             **offsets; /* of frames */
    uint32_t                  offset_count;
    const struct window_def **defs; /* of frames */
};

static uint32_t order_keys(const struct window_def *def)
{
    return def->partition_by.count + def->order_by.count;
}

/* Columns of an aggregation below, all of which are carried. */
static uint32_t aggregate_columns(const struct plan *aggregate)
{
    if (aggregate == NULL)
        return 0;
    return aggregate->group_by->count + aggregate->select->aggregate_count + aggregate->bare_count;
}

uint32_t cg_carried(const struct plan *plan)
{
    return plan->carried.count + aggregate_columns(plan->aggregate);
}

/* Calls of all windows of the node. */
static uint32_t call_count(const struct plan *plan)
{
    const struct select_window *window = plan->window;
    uint32_t                    count = 0;

    for (uint32_t i = 0; i < plan->window_count; i++, window = window->next)
        count += window->call_count;
    return count;
}

/* --- description -------------------------------------------------------------------------------
 */
static void describe_keys(const struct window_def *def, struct sort_key *keys)
{
    for (uint32_t i = 0; i < def->partition_by.count; i++)
        keys[i].collation = def->partition_by.items[i]->resolved.collation;
    for (uint32_t i = 0; i < def->order_by.count; i++) {
        const struct order_term *term = &def->order_by.terms[i];
        struct sort_key         *key = &keys[def->partition_by.count + i];

        key->collation = term->expr->resolved.collation;
        key->descending = term->descending;
        key->nulls_last = order_nulls_last(term);
    }
}

/* The column in which expr is handed in; -1: no expr. */
static int32_t column_of(struct window_sink *self, const struct window_def *def, struct expr *expr)
{
    uint32_t partitions = def->partition_by.count;

    if (expr == NULL)
        return -1;
    for (uint32_t i = 0; i < partitions; i++)
        if (expr_equal(def->partition_by.items[i], expr))
            return (int32_t)i;
    for (uint32_t i = 0; i < def->order_by.count; i++)
        if (expr_equal(def->order_by.terms[i].expr, expr))
            return (int32_t)(partitions + i);
    for (uint32_t i = 0; i < self->other_count; i++)
        if (expr_equal(self->others[i], expr))
            return (int32_t)(order_keys(def) + self->carried + i);
    self->others[self->other_count] = expr;
    return (int32_t)(order_keys(def) + self->carried + self->other_count++);
}

static int32_t offset_of(struct window_sink *self, struct expr *offset)
{
    if (offset == NULL)
        return -1;
    self->offsets[self->offset_count] = offset;
    return (int32_t)self->offset_count++;
}

static bool same_frame(const struct window_def *a, const struct window_def *b)
{
    return a->unit == b->unit && a->start == b->start && a->end == b->end &&
           a->exclude == b->exclude && expr_equal(a->start_offset, b->start_offset) &&
           expr_equal(a->end_offset, b->end_offset);
}

/* The number of a frame, which earlier calls may have too. */
static uint32_t describe_frame(struct window_sink *self, const struct window_def *over,
                               struct window_frame *frames)
{
    for (uint32_t i = 0; i < self->desc->frame_count; i++)
        if (same_frame(self->defs[i], over))
            return i;
    self->defs[self->desc->frame_count] = over;
    frames[self->desc->frame_count] =
        (struct window_frame){.unit = (enum window_unit)over->unit,
                              .start = (enum window_bound)over->start,
                              .end = (enum window_bound)over->end,
                              .exclude = (enum window_exclude)over->exclude,
                              .start_offset = offset_of(self, over->start_offset),
                              .end_offset = offset_of(self, over->end_offset)};
    return self->desc->frame_count++;
}

static void describe_call(struct cg *cg, struct window_sink *self, const struct window_def *def,
                          const struct expr *expr, struct window_call *call)
{
    call->kind = (enum window_kind)(expr->resolved.window_kind - 1);
    for (uint32_t i = 0; i < WINDOW_ARGUMENTS_MAX; i++)
        call->arguments[i] =
            column_of(self, def, i < expr->list.count ? expr->list.items[i] : NULL);
    call->filter = column_of(self, def, expr->filter);
    call->ignore_nulls = expr->nulls == NULLS_IGNORED;
    call->collation =
        expr->list.count > 0 ? expr->list.items[0]->resolved.collation : COLLATION_BINARY;
    call->second_collation =
        expr->list.count > 1 ? expr->list.items[1]->resolved.collation : COLLATION_BINARY;
    call->name = cg_text(cg, expr->name.text);
}

static bool describe_window(struct cg *cg, const struct plan *plan, struct window_sink *self)
{
    const struct select_window *window = plan->window;
    uint32_t                    count = call_count(plan), keys = order_keys(window->def), call = 0;
    struct window_desc         *desc = cg_alloc(cg, sizeof *desc);
    struct sort_key            *list = cg_alloc(cg, (keys + 1) * sizeof *list);
    struct window_frame        *frames = cg_alloc(cg, count * sizeof *frames);
    struct window_call         *calls = cg_alloc(cg, count * sizeof *calls);

    self->others = arena_zalloc(cg->arena, count * (WINDOW_ARGUMENTS_MAX + 1) * sizeof(void *));
    self->offsets = arena_zalloc(cg->arena, count * 2 * sizeof(void *));
    self->defs = arena_zalloc(cg->arena, count * sizeof(void *));
    if (desc == NULL || list == NULL || frames == NULL || calls == NULL || self->others == NULL ||
        self->offsets == NULL || self->defs == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return false;
    }
    self->carried = cg_carried(plan);
    describe_keys(window->def, list);
    self->desc = desc;
    desc->frames = frames;
    desc->calls = calls;
    for (uint32_t w = 0; w < plan->window_count; w++, window = window->next)
        for (uint32_t i = 0; i < window->call_count; i++, call++) {
            describe_call(cg, self, plan->window->def, window->calls[i], &calls[call]);
            calls[call].frame = describe_frame(self, window->calls[i]->over, frames);
        }
    desc->sort.key_count = keys;
    desc->sort.keys = list;
    desc->sort.column_count = keys + self->carried + self->other_count;
    desc->partition_count = plan->window->def->partition_by.count;
    desc->call_count = count;
    desc->keeps = plan->keep_bound != NULL;
    desc->keep_kind = plan->keep_kind;
    return true;
}

/* --- rows in -----------------------------------------------------------------------------------
 */
static int32_t carry(struct cg *cg, const void *owner, uint32_t count, int32_t reg)
{
    for (uint32_t i = 0; i < count; i++)
        cg_column(cg, owner, (int32_t)i, reg++);
    return reg;
}

int32_t cg_carry(struct cg *cg, const struct plan *plan, int32_t first)
{
    const struct plan *aggregate = plan->aggregate;
    int32_t            reg = first;

    for (uint32_t i = 0; i < plan->carried.count; i++)
        cg_column(cg, plan->carried.items[i].owner, plan->carried.items[i].column, reg++);
    if (aggregate == NULL)
        return reg;
    reg = carry(cg, aggregate->group_by, aggregate->group_by->count, reg);
    reg = carry(cg, aggregate->select, aggregate->select->aggregate_count, reg);
    return carry(cg, aggregate, aggregate->bare_count, reg);
}

static void consume_input(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct window_sink      *self = (struct window_sink *)sink;
    const struct plan       *plan = sink->plan, *aggregate = cg->aggregate;
    const struct window_def *def = plan->window->def;
    uint32_t                 columns = self->desc->sort.column_count;
    int32_t                  first = cg_registers(cg, columns == 0 ? 1 : columns), reg = first;

    (void)next;
    cg->aggregate = plan->aggregate;
    for (uint32_t i = 0; i < def->partition_by.count; i++)
        cg_expr_to(cg, def->partition_by.items[i], reg++);
    for (uint32_t i = 0; i < def->order_by.count; i++)
        cg_expr_to(cg, def->order_by.terms[i].expr, reg++);
    reg = cg_carry(cg, plan, reg);
    for (uint32_t i = 0; i < self->other_count; i++)
        cg_expr_to(cg, self->others[i], reg++);
    cg->aggregate = aggregate;
    cg_emit(cg, OP_WindowInsert, self->slot, first, (int32_t)columns);
}

/* --- rows out ----------------------------------------------------------------------------------
 */
static uint32_t push_columns(struct cg *cg, const void *owner, int32_t slot, uint32_t number,
                             uint32_t count)
{
    struct cg_entry *entry = cg_push(cg, CG_CURSOR, owner);

    entry->slot = slot;
    entry->number = (int32_t)number;
    return number + count;
}

void cg_push_carried(struct cg *cg, const struct plan *plan, int32_t slot, uint32_t number)
{
    const struct plan *aggregate = plan->aggregate;

    for (uint32_t i = 0; i < plan->carried.count; i++) {
        struct cg_entry *entry = cg_push(cg, CG_SORTED, plan->carried.items[i].owner);

        entry->column = plan->carried.items[i].column;
        entry->number = (int32_t)number++;
        entry->slot = slot;
    }
    if (aggregate == NULL)
        return;
    number = push_columns(cg, aggregate->group_by, slot, number, aggregate->group_by->count);
    number = push_columns(cg, aggregate->select, slot, number, aggregate->select->aggregate_count);
    push_columns(cg, aggregate, slot, number, aggregate->bare_count);
}

static void consume_rows(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct window_sink         *self = (struct window_sink *)sink;
    const struct plan          *plan = sink->plan;
    uint32_t                    number = self->desc->sort.key_count;
    const struct select_window *window = plan->window;

    cg_floor(cg, cg_mark(cg));
    cg_push_carried(cg, plan, self->slot, number);
    number = self->desc->sort.column_count;
    for (uint32_t i = 0; i < plan->window_count; i++, window = window->next)
        number = push_columns(cg, window, self->slot, number, window->call_count);
    cg_consume(cg, sink->parent, next);
}

/* Offsets are constants: computed before the rows come. */
static int32_t emit_offsets(struct cg *cg, const struct window_sink *self)
{
    int32_t first = cg_registers(cg, self->offset_count == 0 ? 1 : self->offset_count);

    if (self->offset_count == 0)
        return first;
    cg_one_row(cg);
    for (uint32_t i = 0; i < self->offset_count; i++) {
        int32_t reg = first + (int32_t)i;

        cg_private_to(cg, self->offsets[i], reg);
        cg_emit(cg, OP_First, reg, reg, 1);
    }
    return first;
}

/* The register with the bound of ranks; 0: none. */
static int32_t emit_bound(struct cg *cg, const struct plan *plan)
{
    int32_t reg;

    if (plan->keep_bound == NULL)
        return 0;
    reg = cg_registers(cg, 1);
    cg_one_row(cg);
    cg_private_to(cg, plan->keep_bound, reg);
    cg_emit(cg, OP_First, reg, reg, 1);
    return reg;
}

void cg_produce_window(struct cg *cg, const struct plan *plan, struct cg_sink *parent)
{
    struct window_sink self = {.sink = {consume_input, NULL, plan}, .slot = cg_slot(cg)};
    int32_t            offsets, bound;

    if (!describe_window(cg, plan, &self))
        return;
    offsets = emit_offsets(cg, &self);
    bound = emit_bound(cg, plan);
    cg_emit_p4(cg, OP_WindowOpen, self.slot, plan->keep_strict, bound, self.desc);
    cg_produce(cg, plan->input, &self.sink);
    cg_emit(cg, OP_WindowFinish, self.slot, offsets, (int32_t)self.offset_count);
    self.sink.consume = consume_rows;
    self.sink.parent = parent;
    cg_loop(cg, OP_Rewind, self.slot, &self.sink);
}
