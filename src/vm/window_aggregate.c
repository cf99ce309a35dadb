/* window_aggregate.c - count, sum, total and avg over frames. */
#include "vm/aggregate_sum.h"
#include "vm/window_internal.h"

/* --- count --------------------------------------------------------------------------------------
 */
struct count_walk {
    struct window_walk    walk;
    struct window_result *result;
    const struct value   *cells; /* NULL: count(*) */
    int64_t               count;
};

static void count_begin(struct window_walk *walk)
{
    ((struct count_walk *)walk)->count = 0;
}

static enum status count_enter(struct window_walk *walk, uint32_t row)
{
    struct count_walk *self = (struct count_walk *)walk;

    self->count += self->cells == NULL || self->cells[row].class_ != CLASS_NULL;
    return STATUS_OK;
}

static enum status count_leave(struct window_walk *walk, uint32_t row)
{
    struct count_walk *self = (struct count_walk *)walk;

    self->count -= self->cells == NULL || self->cells[row].class_ != CLASS_NULL;
    return STATUS_OK;
}

static enum status count_result(struct window_walk *walk, uint32_t row)
{
    struct count_walk *self = (struct count_walk *)walk;

    self->result->ints[row] = self->count;
    return STATUS_OK;
}

/* --- sum, total, avg ----------------------------------------------------------------------------
 */
struct sum_walk {
    struct window_walk    walk;
    struct window_result *result;
    const struct value   *cells; /* numbers and NULLs */
    enum window_kind      kind;
    struct sum_state      state;
};

static void sum_begin(struct window_walk *walk)
{
    ((struct sum_walk *)walk)->state = (struct sum_state){0};
}

static enum status sum_enter(struct window_walk *walk, uint32_t row)
{
    struct sum_walk    *self = (struct sum_walk *)walk;
    const struct value *v = &self->cells[row];

    if (v->class_ == CLASS_INTEGER)
        sum_add_int(&self->state, v->i);
    else if (v->class_ == CLASS_REAL)
        sum_add_real(&self->state, v->r);
    return STATUS_OK;
}

/* What was added is subtracted; a sum that became a double stays one, with what error is left. */
static enum status sum_leave(struct window_walk *walk, uint32_t row)
{
    struct sum_state   *state = &((struct sum_walk *)walk)->state;
    const struct value *v = &((struct sum_walk *)walk)->cells[row];
    int64_t             rest;

    if (v->class_ == CLASS_NULL)
        return STATUS_OK;
    state->count--;
    if (!state->approximate) {
        if (!__builtin_sub_overflow(state->integer, v->i, &rest)) {
            state->integer = rest;
            return STATUS_OK;
        }
        state->overflow = true;
        sum_begin_real(state);
    }
    if (v->class_ == CLASS_REAL) {
        sum_compensate(&state->sum, &state->error, -v->r);
    } else if (v->i != INT64_MIN) {
        sum_compensate_int(&state->sum, &state->error, -v->i);
    } else {
        sum_compensate_int(&state->sum, &state->error, INT64_MAX);
        sum_compensate_int(&state->sum, &state->error, 1);
    }
    return STATUS_OK;
}

static enum status sum_result(struct window_walk *walk, uint32_t row)
{
    struct sum_walk *self = (struct sum_walk *)walk;
    struct value    *out = &self->result->cells[row];

    switch (self->kind) {
    case WINDOW_SUM:
        *out = sum_value(&self->state);
        if (self->state.overflow && self->state.count > 0)
            window_error_at(walk->window, row, "integer overflow");
        break;
    case WINDOW_TOTAL:
        *out = value_real(sum_real(&self->state));
        break;
    default:
        *out = sum_average(&self->state);
        break;
    }
    return STATUS_OK;
}

/* Texts as the numbers that sum() sees. */
static enum status make_numbers(struct window *window, struct value *cells)
{
    for (uint32_t i = 0; i < window->count; i++) {
        TRY(window_work(window, 1));
        if (cells[i].class_ < CLASS_TEXT)
            continue;
        cells[i] = value_numeric_type(&cells[i]);
        if (cells[i].class_ >= CLASS_TEXT)
            cells[i] = value_real(value_as_real(&cells[i]));
    }
    return STATUS_OK;
}

/* --- both ---------------------------------------------------------------------------------------
 */
static enum status count_frames(struct window *window, const struct window_call *call,
                                struct window_result *result, const struct value *cells,
                                uint64_t *filter, struct error *err)
{
    struct count_walk walk = {
        .walk = {count_begin, count_enter, count_leave, count_result, window, filter},
        .result = result,
        .cells = cells};

    return window_walk(&walk.walk, call, err);
}

static enum status sum_frames(struct window *window, const struct window_call *call,
                              struct window_result *result, struct value *cells, uint64_t *filter,
                              struct error *err)
{
    struct sum_walk walk = {.walk = {sum_begin, sum_enter, sum_leave, sum_result, window, filter},
                            .result = result,
                            .cells = cells,
                            .kind = call->kind};

    TRY(make_numbers(window, cells));
    return window_walk(&walk.walk, call, err);
}

enum status window_aggregate(struct window *window, const struct window_call *call,
                             struct window_result *result, struct error *err)
{
    bool          counts = call->kind == WINDOW_COUNT || call->kind == WINDOW_COUNT_STAR;
    struct value *cells = NULL;
    uint64_t     *filter;
    bool          done;
    enum status   status;

    TRY(window_number(window, call, result, &done, err));
    if (done)
        return STATUS_OK;
    TRY(window_result_alloc(window, result, counts ? RESULT_INT : RESULT_CELL, err));
    TRY(window_condition(window, call->filter, &filter, err));
    status = call->kind == WINDOW_COUNT_STAR
                 ? STATUS_OK
                 : window_cells(window, call->arguments[0], &cells, err);
    if (status == STATUS_OK)
        status = counts ? count_frames(window, call, result, cells, filter, err)
                        : sum_frames(window, call, result, cells, filter, err);
    if (cells != NULL)
        window_cells_free(window, cells);
    if (filter != NULL)
        window_bits_free(window, filter);
    return status;
}
