/* window_other.c - every aggregate that has no way of its own here: the rows of a frame go through
 * an aggregation without keys.
 *
 * Frames that are the same are computed once; where a frame only grows, its new rows are added,
 * unless the aggregate needs all its values at the end (modes and the like).  Else it is read
 * afresh.  Medians and percentiles of plain numbers are window_quantile.c's. */
#include "vm/window_internal.h"

#include <string.h>

enum { ARGUMENT, SECOND, CONDITION, INPUTS };

struct other {
    struct window            *window;
    const struct window_call *call;
    struct aggregate         *aggregate;
    struct vector_buffer     *buffers[INPUTS];
    struct selection          sel;
    struct arena              scratch;
    bool                      again; /* after a result more rows may follow */
};

static int32_t input_column(const struct window_call *call, int input)
{
    return input == CONDITION ? call->filter : call->arguments[input];
}

/* Rows [from, to) enter. */
static enum status step(struct other *self, uint32_t from, uint32_t to, struct error *err)
{
    struct window       *window = self->window;
    struct vector        vectors[INPUTS];
    const struct vector *inputs[INPUTS];

    for (uint32_t at = from; at < to; at += VECTOR_CAP) {
        uint32_t n = to - at < VECTOR_CAP ? to - at : VECTOR_CAP;

        for (int i = 0; i < INPUTS; i++) {
            int32_t column = input_column(self->call, i);

            inputs[i] = &vectors[i];
            if (column >= 0 && !rowset_gather(window->rows, (uint32_t)column, window->order + at, n,
                                              self->buffers[i], &self->scratch, &vectors[i]))
                return fail_nomem(err);
        }
        selection_all(&self->sel, n);
        TRY(aggregate_step(self->aggregate, NULL, inputs, &self->sel, err));
        arena_reset(&self->scratch);
        TRY(window_work(window, n));
    }
    return STATUS_OK;
}

static enum status take_value(struct other *self, struct value *out, struct error *err)
{
    TRY(aggregate_finish(self->aggregate, err));
    *out = aggregate_value(self->aggregate, 0);
    if (out->class_ >= CLASS_TEXT && out->bytes > 0) {
        out->s = arena_copy_text(&self->window->arena, out->s, out->bytes);
        if (out->s == NULL)
            return fail_nomem(err);
    }
    return STATUS_OK;
}

static bool same_runs(const struct frame_runs *a, const struct frame_runs *b)
{
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++)
        if (a->from[i] != b->from[i] || a->to[i] != b->to[i])
            return false;
    return true;
}

/* The rows of `now` enter, of which those of `before` may have. */
static enum status step_runs(struct other *self, const struct frame_runs *before,
                             const struct frame_runs *now, struct error *err)
{
    if (self->again && before->count == 1 && now->count == 1 && before->from[0] == now->from[0] &&
        before->to[0] <= now->to[0])
        return step(self, before->to[0], now->to[0], err);
    aggregate_reset(self->aggregate);
    for (uint32_t i = 0; i < now->count; i++)
        TRY(step(self, now->from[i], now->to[i], err));
    return STATUS_OK;
}

static enum status frames(struct other *self, struct window_result *result, struct error *err)
{
    struct window             *window = self->window;
    const struct window_frame *spec = &window->desc->frames[self->call->frame];
    const struct frame_rows   *frame;
    struct frame_runs          before = {0}, now;
    uint32_t                   group = 0;

    TRY(window_frame_rows(window, self->call->frame, &frame, err));
    for (uint32_t row = 0; row < window->count; row++) {
        while (window->groups[group + 1] <= row)
            group++;
        frame_runs(window, frame, spec->exclude, row, group, &now);
        if (row > 0 && same_runs(&before, &now)) {
            result->cells[row] = result->cells[row - 1];
        } else {
            TRY(step_runs(self, &before, &now, err));
            TRY(take_value(self, &result->cells[row], err));
        }
        before = now;
        TRY(window_work(window, 1));
    }
    return STATUS_OK;
}

static enum status run(struct other *self, const struct aggregate_desc *desc,
                       struct window_result *result, struct error *err)
{
    struct memory *memory = self->window->memory;
    enum status    status;

    TRY(aggregate_new(memory, desc, &self->aggregate, err));
    status = window_result_alloc(self->window, result, RESULT_CELL, err);
    for (int i = 0; status == STATUS_OK && i < INPUTS; i++) {
        if (input_column(self->call, i) < 0)
            continue;
        self->buffers[i] = memory_alloc(memory, sizeof *self->buffers[i]);
        if (self->buffers[i] == NULL)
            status = fail_nomem(err);
    }
    if (status == STATUS_OK)
        status = frames(self, result, err);
    for (int i = 0; i < INPUTS; i++)
        memory_free(memory, self->buffers[i], sizeof *self->buffers[i]);
    aggregate_free(self->aggregate);
    return status;
}

enum status window_other(struct window *window, const struct window_call *call,
                         struct window_result *result, struct error *err)
{
    struct aggregate_call inner = {.kind = aggregate_of_window(call->kind),
                                   .argument = ARGUMENT,
                                   .separator = call->arguments[SECOND] >= 0 ? SECOND : -1,
                                   .filter = call->filter >= 0 ? CONDITION : -1,
                                   .extreme = -1,
                                   .collation = call->collation,
                                   .second_collation = call->second_collation,
                                   .name = call->name};
    struct aggregate_desc desc = {.call_count = 1, .calls = &inner};
    struct other         *self;
    bool                  done;
    enum status           status;

    TRY(window_quantile(window, call, result, &done, err));
    if (done)
        return STATUS_OK;
    self = memory_zalloc(window->memory, sizeof *self);
    if (self == NULL)
        return fail_nomem(err);
    self->window = window;
    self->call = call;
    self->again = !aggregate_needs_all(&inner);
    arena_init(&self->scratch, window->memory);
    status = run(self, &desc, result, err);
    arena_free(&self->scratch);
    memory_free(window->memory, self, sizeof *self);
    return status;
}
