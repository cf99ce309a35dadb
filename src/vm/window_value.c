/* window_value.c - functions that pick a row: lag, lead, first_value, last_value, nth_value. */
#include "vm/window_internal.h"

/* --- IGNORE NULLS -------------------------------------------------------------------------------
 */
/* The rows that count, in order; rows NULL: all of them do. */
struct counted {
    uint32_t *rows;   /* [number of them] */
    uint32_t *before; /* [count + 1] how many stand before a row */
    size_t    bytes;  /* of both, in one block */
};

/* To be freed even when it fails. */
static enum status counted_new(struct window *window, const struct window_call *call,
                               struct counted *counted, struct error *err)
{
    struct value *cells;
    uint32_t      number = 0;

    counted->bytes = ((size_t)window->count * 2 + 1) * sizeof *counted->rows;
    counted->rows = memory_alloc(window->memory, counted->bytes);
    if (counted->rows == NULL)
        return fail_nomem(err);
    counted->before = counted->rows + window->count;
    TRY(window_cells(window, call->arguments[0], &cells, err));
    for (uint32_t row = 0; row < window->count; row++) {
        counted->before[row] = number;
        if (cells[row].class_ != CLASS_NULL)
            counted->rows[number++] = row;
    }
    counted->before[window->count] = number;
    window_cells_free(window, cells);
    return window_work(window, window->count);
}

static void counted_free(struct window *window, struct counted *counted)
{
    memory_free(window->memory, counted->rows, counted->bytes);
}

/* --- lag, lead ----------------------------------------------------------------------------------
 */
static enum status shift_by_one(struct window *window, const struct partition *p, bool lead,
                                uint32_t *places)
{
    for (uint32_t row = p->from; row < p->to; row++) {
        bool inside = lead ? row + 1 < p->to : row > p->from;

        places[row] = inside ? window->order[lead ? row + 1 : row - 1] : PLACE_NULL;
        TRY(window_work(window, 1));
    }
    return STATUS_OK;
}

/* The row number, from 1 within the partition, that an offset leads to; 0: none. */
static int64_t shifted(int64_t number, const struct value *offset, bool lead)
{
    struct value from = value_int(number);
    struct value to = value_arith(lead ? VALUE_ADD : VALUE_SUBTRACT, &from, offset);

    if (to.class_ == CLASS_REAL && !value_apply_affinity(&to, AFFINITY_NUMERIC, NULL))
        return 0;
    return to.class_ == CLASS_INTEGER ? to.i : 0;
}

/* lag sees no further than the row behind its own: SQLite has not read more rows by then. */
static enum status shift(struct window *window, const struct window_call *call,
                         struct window_result *result, const struct value *offsets)
{
    bool             lead = call->kind == WINDOW_LEAD;
    uint32_t         missing = call->arguments[2] >= 0 ? PLACE_DEFAULT : PLACE_NULL;
    struct partition p;

    for (partition_begin(&p); partition_next(window, &p);) {
        for (uint32_t row = p.from; row < p.to; row++) {
            int64_t number = (int64_t)(row - p.from) + 1, total = p.to - p.from;
            int64_t to = shifted(number, &offsets[row], lead);
            int64_t last = lead || number + 1 > total ? total : number + 1;

            if (to >= 1 && to <= last) {
                result->places[row] = window->order[p.from + (uint32_t)(to - 1)];
            } else {
                result->places[row] = missing;
                result->has_default |= missing == PLACE_DEFAULT;
            }
            TRY(window_work(window, 1));
        }
    }
    return STATUS_OK;
}

/* The row that is `offset` rows that count behind `row`, before it if offset < 0; UINT32_MAX: none.
 */
static uint32_t counted_shift(const struct counted *counted, const struct partition *p,
                              uint32_t row, int64_t offset)
{
    int64_t index;

    if (offset == 0)
        return row;
    if (offset > UINT32_MAX || offset < -(int64_t)UINT32_MAX)
        return UINT32_MAX;
    if (offset > 0)
        index = (int64_t)counted->before[row + 1] + (offset - 1);
    else
        index = (int64_t)counted->before[row] + offset;
    if (index < counted->before[p->from] || index >= counted->before[p->to])
        return UINT32_MAX;
    return counted->rows[index];
}

/* lag and lead with IGNORE NULLS; offsets NULL: 1. */
static enum status shift_counted(struct window *window, const struct window_call *call,
                                 struct window_result *result, const struct counted *counted,
                                 const struct value *offsets)
{
    bool             lead = call->kind == WINDOW_LEAD;
    uint32_t         missing = call->arguments[2] >= 0 ? PLACE_DEFAULT : PLACE_NULL;
    struct partition p;

    for (partition_begin(&p); partition_next(window, &p);) {
        for (uint32_t row = p.from; row < p.to; row++) {
            int64_t  number = (int64_t)(row - p.from) + 1;
            int64_t  to = offsets != NULL ? shifted(number, &offsets[row], lead)
                          : lead          ? number + 1
                                          : number - 1;
            uint32_t found = UINT32_MAX;

            if (offsets == NULL || offsets[row].class_ != CLASS_NULL)
                found = counted_shift(counted, &p, row, to - number);
            result->places[row] = found == UINT32_MAX ? missing : window->order[found];
            result->has_default |= result->places[row] == PLACE_DEFAULT;
            TRY(window_work(window, 1));
        }
    }
    return STATUS_OK;
}

static enum status lag_lead(struct window *window, const struct window_call *call,
                            struct window_result *result, const struct counted *counted,
                            struct error *err)
{
    struct partition p;
    struct value    *offsets = NULL;
    enum status      status;

    if (call->arguments[1] >= 0)
        TRY(window_cells(window, call->arguments[1], &offsets, err));
    if (offsets != NULL || counted->rows != NULL) {
        status = counted->rows != NULL ? shift_counted(window, call, result, counted, offsets)
                                       : shift(window, call, result, offsets);
        if (offsets != NULL)
            window_cells_free(window, offsets);
        return status;
    }
    for (partition_begin(&p); partition_next(window, &p);) {
        TRY(shift_by_one(window, &p, call->kind == WINDOW_LEAD, result->places));
    }
    return STATUS_OK;
}

/* --- first_value, last_value, nth_value ---------------------------------------------------------
 */
static const char *const nth_error = "second argument to nth_value must be a positive integer";

/* The n of nth_value; 0: it is none. */
static int64_t nth_of(const struct value *v)
{
    struct value n = value_numeric_type(v);

    if (n.class_ == CLASS_REAL && !value_apply_affinity(&n, AFFINITY_NUMERIC, NULL))
        return 0;
    return n.class_ == CLASS_INTEGER && n.i > 0 ? n.i : 0;
}

/* The n-th row of the runs, last if n is 0; UINT32_MAX: there is none. */
static uint32_t pick(const struct frame_runs *runs, int64_t n)
{
    if (n == 0)
        return runs->count == 0 ? UINT32_MAX : runs->to[runs->count - 1] - 1;
    for (uint32_t i = 0; i < runs->count; i++) {
        int64_t rows = runs->to[i] - runs->from[i];

        if (n <= rows)
            return runs->from[i] + (uint32_t)(n - 1);
        n -= rows;
    }
    return UINT32_MAX;
}

/* The same among the rows that count, as numbers of those. */
static void runs_counted(const struct counted *counted, struct frame_runs *runs)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < runs->count; i++) {
        runs->from[count] = counted->before[runs->from[i]];
        runs->to[count] = counted->before[runs->to[i]];
        count += runs->from[count] < runs->to[count];
    }
    runs->count = count;
}

static enum status framed(struct window *window, const struct window_call *call,
                          struct window_result *result, const struct counted *counted,
                          const struct value *counts, struct error *err)
{
    const struct window_frame *spec = &window->desc->frames[call->frame];
    const struct frame_rows   *frame;
    uint32_t                   group = 0;

    TRY(window_frame_rows(window, call->frame, &frame, err));
    for (uint32_t row = 0; row < window->count; row++) {
        struct frame_runs runs;
        int64_t           n = call->kind == WINDOW_FIRST_VALUE ? 1 : 0;
        uint32_t          found;

        while (window->groups[group + 1] <= row)
            group++;
        frame_runs(window, frame, spec->exclude, row, group, &runs);
        if (counts != NULL) {
            n = nth_of(&counts[row]);
            if (n == 0 && (spec->exclude == WINDOW_EXCLUDE_NOTHING || runs.count > 0)) {
                window_error_at(window, row, nth_error);
                return STATUS_OK;
            }
        }
        if (counted->rows != NULL)
            runs_counted(counted, &runs);
        found = counts != NULL && n == 0 ? UINT32_MAX : pick(&runs, n);
        if (found != UINT32_MAX && counted->rows != NULL)
            found = counted->rows[found];
        result->places[row] = found == UINT32_MAX ? PLACE_NULL : window->order[found];
        TRY(window_work(window, 1));
    }
    return STATUS_OK;
}

static enum status pick_rows(struct window *window, const struct window_call *call,
                             struct window_result *result, const struct counted *counted,
                             struct error *err)
{
    struct value *counts = NULL;
    enum status   status;

    if (call->kind == WINDOW_LAG || call->kind == WINDOW_LEAD)
        return lag_lead(window, call, result, counted, err);
    if (call->kind == WINDOW_NTH_VALUE)
        TRY(window_cells(window, call->arguments[1], &counts, err));
    status = framed(window, call, result, counted, counts, err);
    if (counts != NULL)
        window_cells_free(window, counts);
    return status;
}

enum status window_value(struct window *window, const struct window_call *call,
                         struct window_result *result, struct error *err)
{
    struct counted counted = {0};
    enum status    status = STATUS_OK;

    TRY(window_result_alloc(window, result, RESULT_ROW, err));
    result->column = call->arguments[0];
    if (call->ignore_nulls)
        status = counted_new(window, call, &counted, err);
    if (status == STATUS_OK)
        status = pick_rows(window, call, result, &counted, err);
    counted_free(window, &counted);
    return status;
}
