/* window_frame.c - which rows are the frame of a row.
 *
 * In ROWS and GROUPS a frame is arithmetic on numbers of rows or groups.  In RANGE with an offset
 * two groups advance with the current one, by SQLite's comparisons: these decide what happens with
 * NULL, TEXT, infinities and rounding. */
#include "vm/window_internal.h"

/* --- offsets ------------------------------------------------------------------------------------
 */
static bool has_offset(enum window_bound bound)
{
    return bound == WINDOW_PRECEDING || bound == WINDOW_FOLLOWING;
}

static bool is_count(struct value *v, struct arena *arena)
{
    return value_apply_affinity(v, AFFINITY_NUMERIC, arena) && v->class_ == CLASS_INTEGER &&
           v->i >= 0;
}

static bool is_number(struct value *v, struct arena *arena)
{
    if (!value_apply_affinity(v, AFFINITY_NUMERIC, arena))
        return false;
    return (v->class_ == CLASS_INTEGER && v->i >= 0) || (v->class_ == CLASS_REAL && v->r >= 0);
}

static enum status check_offset(struct window *window, enum window_unit unit, const char *which,
                                struct value v, int64_t *count, struct value *number,
                                struct error *err)
{
    if (unit == WINDOW_RANGE ? !is_number(&v, &window->arena) : !is_count(&v, &window->arena))
        return fail(err, STATUS_ERROR, "frame %s offset must be a non-negative %s", which,
                    unit == WINDOW_RANGE ? "number" : "integer");
    *number = v;
    *count = v.class_ != CLASS_INTEGER || v.i > UINT32_MAX ? UINT32_MAX : v.i;
    return STATUS_OK;
}

enum status window_offsets(struct window *window, const struct value *offsets, struct error *err)
{
    for (uint32_t i = 0; i < window->desc->frame_count; i++) {
        const struct window_frame *spec = &window->desc->frames[i];
        struct frame_rows         *frame = &window->frames[i];

        if (has_offset(spec->start))
            TRY(check_offset(window, spec->unit, "starting", offsets[spec->start_offset],
                             &frame->start_offset, &frame->start_number, err));
        if (has_offset(spec->end))
            TRY(check_offset(window, spec->unit, "ending", offsets[spec->end_offset],
                             &frame->end_offset, &frame->end_number, err));
    }
    return STATUS_OK;
}

/* --- ROWS, GROUPS -------------------------------------------------------------------------------
 */
static int64_t clip(int64_t n, int64_t total)
{
    return n < 0 ? 0 : n > total ? total : n;
}

/* Units [*from, *to) of a partition of total units are the frame of unit u. */
static void unit_frame(const struct window_frame *spec, const struct frame_rows *frame, int64_t u,
                       int64_t total, int64_t *from, int64_t *to)
{
    switch (spec->start) {
    case WINDOW_PRECEDING:
        *from = clip(u - frame->start_offset, total);
        break;
    case WINDOW_CURRENT_ROW:
        *from = u;
        break;
    case WINDOW_FOLLOWING:
        *from = clip(u + frame->start_offset, total);
        break;
    default:
        *from = 0;
        break;
    }
    switch (spec->end) {
    case WINDOW_PRECEDING:
        *to = clip(u - frame->end_offset + 1, total);
        break;
    case WINDOW_CURRENT_ROW:
        *to = u + 1;
        break;
    case WINDOW_FOLLOWING:
        *to = clip(u + frame->end_offset + 1, total);
        break;
    default:
        *to = total;
        break;
    }
}

/* Both ends on one side, and the wrong way round: no row is ever in the frame. */
static bool always_empty(const struct window_frame *spec, const struct frame_rows *frame)
{
    if (spec->start != spec->end)
        return false;
    if (spec->start == WINDOW_PRECEDING)
        return frame->end_offset > frame->start_offset;
    return spec->start == WINDOW_FOLLOWING && frame->end_offset < frame->start_offset;
}

static enum status partition_rows(struct window *window, const struct partition *p,
                                  const struct window_frame *spec, struct frame_rows *frame)
{
    int64_t total = p->to - p->from;

    for (int64_t u = 0; u < total; u++) {
        int64_t from, to;

        unit_frame(spec, frame, u, total, &from, &to);
        frame->start[p->from + (uint32_t)u] = p->from + (uint32_t)from;
        frame->end[p->from + (uint32_t)u] = p->from + (uint32_t)to;
        TRY(window_work(window, 1));
    }
    return STATUS_OK;
}

/* The rows of group g get groups [from, to), counted from the partition's first. */
static void group_gets(const struct window *window, const struct partition *p, uint32_t g,
                       uint32_t from, uint32_t to, struct frame_rows *frame)
{
    uint32_t start = window->groups[p->group_from + from];
    uint32_t end = window->groups[p->group_from + to];

    for (uint32_t row = window->groups[g]; row < window->groups[g + 1]; row++) {
        frame->start[row] = start;
        frame->end[row] = end;
    }
}

static enum status partition_groups(struct window *window, const struct partition *p,
                                    const struct window_frame *spec, struct frame_rows *frame)
{
    int64_t total = p->group_to - p->group_from;

    for (int64_t u = 0; u < total; u++) {
        int64_t from, to;

        unit_frame(spec, frame, u, total, &from, &to);
        group_gets(window, p, p->group_from + (uint32_t)u, (uint32_t)from, (uint32_t)to, frame);
        TRY(window_work(window, 1));
    }
    return STATUS_OK;
}

static void partition_nothing(const struct partition *p, struct frame_rows *frame)
{
    for (uint32_t row = p->from; row < p->to; row++)
        frame->start[row] = frame->end[row] = p->from;
}

/* --- RANGE with an offset -----------------------------------------------------------------------
 */
enum range_op { RANGE_GE, RANGE_GT, RANGE_LE, RANGE_LT };

static bool op_holds(enum range_op op, int sign)
{
    switch (op) {
    case RANGE_GE:
        return sign >= 0;
    case RANGE_GT:
        return sign > 0;
    case RANGE_LE:
        return sign <= 0;
    default:
        return sign < 0;
    }
}

/* a + offset op b; of a descending order a - offset and the mirrored comparison. */
static bool range_test(const struct sort_key *key, enum range_op op, const struct value *a,
                       const struct value *offset, const struct value *b)
{
    static const uint8_t mirrored[] = {
        [RANGE_GE] = RANGE_LE, [RANGE_GT] = RANGE_LT, [RANGE_LE] = RANGE_GE, [RANGE_LT] = RANGE_GT};
    bool         null_is_large = key->nulls_last != key->descending;
    bool         a_null = a->class_ == CLASS_NULL, b_null = b->class_ == CLASS_NULL;
    bool         away = op == RANGE_GE; /* adding the offset can only make it truer */
    struct value moved = *a;

    if (key->descending)
        op = mirrored[op];
    if (null_is_large && a_null)
        return op == RANGE_GE || (op == RANGE_GT && !b_null) || (op == RANGE_LE && b_null);
    if (null_is_large && b_null)
        return op == RANGE_LE || op == RANGE_LT;
    if (a->class_ < CLASS_TEXT) {
        if (away && !a_null && !b_null && op_holds(op, value_compare(a, b, COLLATION_BINARY)))
            return true;
        moved = value_arith(key->descending ? VALUE_SUBTRACT : VALUE_ADD, a, offset);
    }
    return op_holds(op, value_compare(&moved, b, key->collation));
}

struct range_walk {
    struct window             *window;
    const struct partition    *p;
    const struct window_frame *spec;
    struct frame_rows         *frame;
    const struct sort_key     *key;
    const struct value        *keys;  /* of the groups of the partition */
    uint32_t                   total; /* groups */
    uint32_t                   from, to, current;
};

static bool test(const struct range_walk *w, enum range_op op, uint32_t a,
                 const struct value *offset, uint32_t b)
{
    return range_test(w->key, op, &w->keys[a], offset, &w->keys[b]);
}

/* The end of a frame up to CURRENT ROW, FOLLOWING or UNBOUNDED FOLLOWING. */
static void advance_end(struct range_walk *w)
{
    if (w->spec->end == WINDOW_UNBOUNDED_FOLLOWING)
        w->to = w->total;
    else if (w->spec->end == WINDOW_CURRENT_ROW)
        w->to = w->current + 1;
    else
        while (w->to < w->total &&
               (w->to == 0 || test(w, RANGE_GE, w->current, &w->frame->end_number, w->to)))
            w->to++;
}

static void advance_end_preceding(struct range_walk *w)
{
    bool guarded = w->spec->start == WINDOW_PRECEDING && w->current + 1 < w->total;

    while (w->to < w->total && !test(w, RANGE_GT, w->to, &w->frame->end_number, w->current) &&
           !(guarded && w->to >= w->current + 1))
        w->to++;
}

static void advance_start(struct range_walk *w)
{
    bool guarded = w->spec->start == w->spec->end;

    if (w->spec->start == WINDOW_CURRENT_ROW)
        w->from = w->current;
    else if (w->spec->start == WINDOW_PRECEDING)
        while (w->from < w->total &&
               !test(w, RANGE_GE, w->from, &w->frame->start_number, w->current) &&
               !(guarded && w->to < w->total && w->from >= w->to))
            w->from++;
    else if (w->spec->start == WINDOW_FOLLOWING)
        while (w->from < w->total &&
               !test(w, RANGE_LE, w->current, &w->frame->start_number, w->from) &&
               !(guarded && w->to < w->total && w->from >= w->to))
            w->from++;
}

static enum status partition_range(struct range_walk *w)
{
    w->from = w->to = 0;
    for (w->current = 0; w->current < w->total; w->current++) {
        if (w->spec->end == WINDOW_PRECEDING)
            advance_end_preceding(w);
        else
            advance_end(w);
        advance_start(w);
        group_gets(w->window, w->p, w->p->group_from + w->current, w->from,
                   w->to > w->from ? w->to : w->from, w->frame);
        TRY(window_work(w->window, 1));
    }
    return STATUS_OK;
}

/* The order key of each group's first row. */
static enum status group_keys(struct window *window, uint32_t column, struct value **keys,
                              struct error *err)
{
    struct value *list =
        memory_alloc(window->memory, (window->group_count + (size_t)1) * sizeof *list);
    enum status status = STATUS_OK;

    if (list == NULL)
        return fail_nomem(err);
    for (uint32_t g = 0; status == STATUS_OK && g < window->group_count; g++) {
        char          scratch[16];
        struct value *v = &list[g];

        *v = rowset_value(window->rows, column, window->order[window->groups[g]], scratch);
        if (v->class_ == CLASS_TEXT && v->s == scratch) {
            v->s = arena_copy_text(&window->arena, v->s, v->bytes);
            if (v->s == NULL)
                status = fail_nomem(err);
        }
        if (status == STATUS_OK)
            status = window_work(window, 1);
    }
    if (status == STATUS_OK)
        *keys = list;
    else
        memory_free(window->memory, list, (window->group_count + (size_t)1) * sizeof *list);
    return status;
}

static enum status range_frames(struct window *window, const struct window_frame *spec,
                                struct frame_rows *frame, struct error *err)
{
    uint32_t          column = window->desc->partition_count;
    struct partition  p;
    struct range_walk w = {.window = window,
                           .p = &p,
                           .spec = spec,
                           .frame = frame,
                           .key = &window->desc->sort.keys[column]};
    struct value     *keys = NULL;
    enum status       status = STATUS_OK;

    TRY(group_keys(window, column, &keys, err));
    for (partition_begin(&p); status == STATUS_OK && partition_next(window, &p);) {
        w.keys = keys + p.group_from;
        w.total = p.group_to - p.group_from;
        status = partition_range(&w);
    }
    memory_free(window->memory, keys, (window->group_count + (size_t)1) * sizeof *keys);
    return status;
}

/* --- all kinds ----------------------------------------------------------------------------------
 */
static enum status compute(struct window *window, const struct window_frame *spec,
                           struct frame_rows *frame, struct error *err)
{
    struct partition p;
    bool             empty;

    if (spec->unit == WINDOW_RANGE && (has_offset(spec->start) || has_offset(spec->end))) {
        frame->enter_first = spec->end == WINDOW_PRECEDING || spec->start == WINDOW_FOLLOWING;
        return range_frames(window, spec, frame, err);
    }
    empty = always_empty(spec, frame);
    frame->staggered = spec->start == WINDOW_FOLLOWING && spec->end == WINDOW_FOLLOWING && !empty;
    frame->enter_first = spec->start == WINDOW_FOLLOWING && spec->end == WINDOW_UNBOUNDED_FOLLOWING;
    for (partition_begin(&p); partition_next(window, &p);) {
        if (empty)
            partition_nothing(&p, frame);
        else if (spec->unit == WINDOW_ROWS)
            TRY(partition_rows(window, &p, spec, frame));
        else
            TRY(partition_groups(window, &p, spec, frame));
        TRY(window_work(window, p.to - p.from));
    }
    for (uint32_t row = 0; row < window->count; row++) {
        if (frame->end[row] < frame->start[row])
            frame->end[row] = frame->start[row];
        TRY(window_work(window, 1));
    }
    return STATUS_OK;
}

enum status window_frame_rows(struct window *window, uint32_t number, const struct frame_rows **out,
                              struct error *err)
{
    struct frame_rows *frame = &window->frames[number];
    size_t             bytes = (window->count + (size_t)1) * sizeof(uint32_t);

    *out = frame;
    if (frame->start != NULL)
        return STATUS_OK;
    frame->start = memory_alloc(window->memory, bytes);
    frame->end = memory_alloc(window->memory, bytes);
    if (frame->start == NULL || frame->end == NULL)
        return fail_nomem(err);
    return compute(window, &window->desc->frames[number], frame, err);
}

/* --- EXCLUDE ------------------------------------------------------------------------------------
 */
static void add_run(struct frame_runs *runs, uint32_t from, uint32_t to)
{
    if (from >= to)
        return;
    runs->from[runs->count] = from;
    runs->to[runs->count++] = to;
}

void frame_runs(const struct window *window, const struct frame_rows *frame,
                enum window_exclude exclude, uint32_t row, uint32_t group, struct frame_runs *runs)
{
    uint32_t start = frame->start[row], end = frame->end[row];
    uint32_t hole_from = row, hole_to = row + 1;

    runs->count = 0;
    if (exclude <= WINDOW_EXCLUDE_NO_OTHERS) {
        add_run(runs, start, end);
        return;
    }
    if (exclude != WINDOW_EXCLUDE_CURRENT_ROW) {
        hole_from = window->groups[group];
        hole_to = window->groups[group + 1];
    }
    add_run(runs, start, end < hole_from ? end : hole_from);
    if (exclude == WINDOW_EXCLUDE_TIES && row >= start && row < end)
        add_run(runs, row, row + 1);
    add_run(runs, start > hole_to ? start : hole_to, end);
}
