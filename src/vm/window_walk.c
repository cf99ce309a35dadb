/* window_walk.c - rows enter and leave frames, in the order in which SQLite lets them. */
#include "vm/window_internal.h"

static bool takes_part(const struct window_walk *walk, uint32_t row)
{
    return walk->filter == NULL || bits_get(walk->filter, row);
}

static enum status move_rows(struct window_walk *walk, uint32_t from, uint32_t to,
                             enum status (*move)(struct window_walk *walk, uint32_t row))
{
    for (uint32_t row = from; row < to; row++) {
        if (takes_part(walk, row))
            TRY(move(walk, row));
        TRY(window_work(walk->window, 1));
    }
    return STATUS_OK;
}

static enum status enter(struct window_walk *walk, uint32_t from, uint32_t to)
{
    return move_rows(walk, from, to, walk->enter);
}

static enum status leave(struct window_walk *walk, uint32_t from, uint32_t to)
{
    return move_rows(walk, from, to, walk->leave);
}

/* Row number of unit u of the partition. */
static uint32_t unit_row(const struct window *window, const struct partition *p,
                         enum window_unit unit, uint32_t u)
{
    return unit == WINDOW_ROWS ? p->from + u : window->groups[p->group_from + u];
}

/* The first frame of a partition, from FOLLOWING to FOLLOWING: see window_internal.h. */
static enum status stagger(struct window_walk *walk, const struct partition *p,
                           enum window_unit unit, const struct frame_rows *frame)
{
    const struct window *window = walk->window;
    uint32_t total = unit == WINDOW_ROWS ? p->to - p->from : p->group_to - p->group_from;
    int64_t  width = frame->end_offset - frame->start_offset, gone = 0;

    for (int64_t n = 1; n <= frame->end_offset + 1 && n <= total; n++) {
        TRY(enter(walk, unit_row(window, p, unit, (uint32_t)n - 1),
                  unit_row(window, p, unit, (uint32_t)n)));
        if (n <= width || n == total || gone == frame->start_offset)
            continue;
        TRY(leave(walk, unit_row(window, p, unit, (uint32_t)gone),
                  unit_row(window, p, unit, (uint32_t)gone + 1)));
        gone++;
    }
    return leave(walk, unit_row(window, p, unit, (uint32_t)gone), frame->start[p->from]);
}

static enum status walk_partition(struct window_walk *walk, const struct partition *p,
                                  const struct window_frame *spec, const struct frame_rows *frame)
{
    uint32_t start = p->from, end = p->from, row = p->from;

    walk->begin(walk);
    if (frame->staggered) {
        TRY(stagger(walk, p, spec->unit, frame));
        start = frame->start[row];
        end = frame->end[row];
    }
    for (; row < p->to; row++) {
        if (!frame->enter_first)
            TRY(leave(walk, start, frame->start[row] < end ? frame->start[row] : end));
        TRY(enter(walk, end, frame->end[row]));
        if (frame->enter_first)
            TRY(leave(walk, start, frame->start[row]));
        start = frame->start[row] > start ? frame->start[row] : start;
        end = frame->end[row] > end ? frame->end[row] : end;
        TRY(walk->result(walk, row));
        if (walk->window->error_row <= row)
            return STATUS_OK;
    }
    return STATUS_OK;
}

/* Every frame from nothing. */
static enum status walk_afresh(struct window_walk *walk, const struct window_frame *spec,
                               const struct frame_rows *frame)
{
    const struct window *window = walk->window;
    uint32_t             group = 0;

    for (uint32_t row = 0; row < window->count && row < window->error_row; row++) {
        struct frame_runs runs;

        while (window->groups[group + 1] <= row)
            group++;
        frame_runs(window, frame, spec->exclude, row, group, &runs);
        walk->begin(walk);
        for (uint32_t i = 0; i < runs.count; i++)
            TRY(enter(walk, runs.from[i], runs.to[i]));
        TRY(walk->result(walk, row));
        TRY(window_work(walk->window, 1));
    }
    return STATUS_OK;
}

enum status window_walk(struct window_walk *walk, const struct window_call *call, struct error *err)
{
    const struct window_frame *spec = &walk->window->desc->frames[call->frame];
    const struct frame_rows   *frame;
    struct partition           p;

    TRY(window_frame_rows(walk->window, call->frame, &frame, err));
    if (spec->exclude != WINDOW_EXCLUDE_NOTHING)
        return walk_afresh(walk, spec, frame);
    for (partition_begin(&p); walk->window->error_row >= p.to && partition_next(walk->window, &p);)
        TRY(walk_partition(walk, &p, spec, frame));
    return STATUS_OK;
}
