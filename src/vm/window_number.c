/* window_number.c - count, sum, total and avg over columns of one kind of number.
 *
 * Sums of INTEGERs that cannot overflow and counts are differences of running totals, whatever the
 * frame: adding and taking away in any order gives the same.  Sums of REALs are added up, and taken
 * back, in SQLite's order; frames that EXCLUDE something and those with a staggered begin are
 * window_aggregate.c's. */
#include "base/number.h"
#include "vm/aggregate_sum.h"
#include "vm/cells.h"
#include "vm/window_internal.h"

#include <math.h>
#include <string.h>

/* --- a column in sorted order -------------------------------------------------------------------
 */
void window_numbers_free(struct window *window, struct window_numbers *numbers)
{
    memory_free(window->memory, numbers->data, (window->count + (size_t)1) * sizeof(int64_t));
    if (numbers->valid != NULL)
        window_bits_free(window, numbers->valid);
    *numbers = (struct window_numbers){.kind = NUMBERS_NONE};
}

#define READ_DECIMALS(ctype)                                                                       \
    do {                                                                                           \
        const ctype *p_ = v->values;                                                               \
        for (uint32_t i = 0; i < n; i++)                                                           \
            reals[i] = (double)p_[i] / power;                                                      \
        return NUMBERS_REAL;                                                                       \
    } while (0)

/* to[0..n) = the rows of v, of which NULLs may be anything. */
static enum numbers_kind numbers_read(const struct vector *v, uint32_t n, void *to)
{
    double *reals = to, power = number_power_real[v->scale];

    if (v->shape != VECTOR_FLAT)
        return NUMBERS_NONE;
    switch ((enum phys)v->type) {
    case PHYS_I64:
        for (uint32_t i = 0; i < n; i++)
            ((int64_t *)to)[i] = ((const int64_t *)v->values)[i] + v->base;
        return NUMBERS_INT;
    case PHYS_F64:
        memcpy(to, v->values, n * sizeof(double));
        return NUMBERS_REAL;
    case PHYS_DEC16:
    case PHYS_DEC32:
    case PHYS_DEC64:
        if ((v->flags & VECTOR_WHOLE_IS_INT) != 0)
            return NUMBERS_NONE;
        if (v->type == PHYS_DEC16)
            READ_DECIMALS(int16_t);
        if (v->type == PHYS_DEC32)
            READ_DECIMALS(int32_t);
        READ_DECIMALS(int64_t);
    default:
        return NUMBERS_NONE;
    }
}

/* valid, made when the first NULL is seen, takes the bits of rows at.. at + n - 1. */
static bool valid_note(struct window *window, const struct vector *v, uint32_t at, uint32_t n,
                       uint64_t **valid)
{
    size_t bytes = bits_words(window->count + (size_t)1) * sizeof **valid;

    if (v->valid == NULL && *valid == NULL)
        return true;
    if (*valid == NULL) {
        *valid = memory_alloc(window->memory, bytes);
        if (*valid == NULL)
            return false;
        memset(*valid, 0xff, bytes);
    }
    for (uint32_t i = 0; v->valid != NULL && i < n; i++)
        bits_put(*valid, at + i, bits_get(v->valid, i));
    return true;
}

enum status window_numbers(struct window *window, int32_t column, struct window_numbers *out,
                           struct error *err)
{
    size_t      bytes = memory_product(window->count + (size_t)1, sizeof(int64_t));
    enum status status = STATUS_OK;

    *out =
        (struct window_numbers){.kind = NUMBERS_NONE, .data = memory_alloc(window->memory, bytes)};
    if (out->data == NULL)
        return fail_nomem(err);
    for (uint32_t at = 0; status == STATUS_OK && at < window->count; at += VECTOR_CAP) {
        uint32_t          n = window->count - at < VECTOR_CAP ? window->count - at : VECTOR_CAP;
        struct vector     v;
        enum numbers_kind kind;

        if (!rowset_gather(window->rows, (uint32_t)column, window->order + at, n, window->buffer,
                           &window->arena, &v)) {
            status = fail_nomem(err);
            break;
        }
        kind = numbers_read(&v, n, out->ints + at);
        if (kind == NUMBERS_NONE || (at > 0 && kind != out->kind)) {
            window_numbers_free(window, out);
            return STATUS_OK;
        }
        out->kind = kind;
        status =
            valid_note(window, &v, at, n, &out->valid) ? window_work(window, n) : fail_nomem(err);
    }
    if (status != STATUS_OK)
        window_numbers_free(window, out);
    return status;
}

/* --- totals -------------------------------------------------------------------------------------
 */
struct totals {       /* before row 0..count */
    int64_t  *sums;   /* NULL: of no interest */
    uint32_t *counts; /* of rows that count; NULL: all do */
};

static uint32_t count_between(const struct totals *totals, uint32_t from, uint32_t to)
{
    return totals->counts == NULL ? to - from : totals->counts[to] - totals->counts[from];
}

static enum status totals_make(struct window *window, const struct window_numbers *numbers,
                               struct totals *totals, struct error *err)
{
    uint32_t        rows = window->count, count = 0;
    const uint64_t *valid = numbers->valid;
    int64_t         sum = 0;

    if (numbers->kind == NUMBERS_INT) {
        totals->sums = memory_alloc(window->memory, (rows + (size_t)1) * sizeof *totals->sums);
        if (totals->sums == NULL)
            return fail_nomem(err);
    }
    if (valid != NULL) {
        totals->counts = memory_alloc(window->memory, (rows + (size_t)1) * sizeof *totals->counts);
        if (totals->counts == NULL)
            return fail_nomem(err);
    }
    for (uint32_t row = 0; row < rows; row++) {
        bool counts = valid == NULL || bits_get(valid, row);

        if (totals->sums != NULL)
            totals->sums[row] = sum;
        if (totals->counts != NULL)
            totals->counts[row] = count;
        if (totals->sums != NULL && counts)
            sum += numbers->ints[row];
        count += counts;
        TRY(window_work(window, 1));
    }
    if (totals->sums != NULL)
        totals->sums[rows] = sum;
    if (totals->counts != NULL)
        totals->counts[rows] = count;
    return STATUS_OK;
}

static void totals_free(struct window *window, struct totals *totals)
{
    size_t rows = window->count + (size_t)1;

    memory_free(window->memory, totals->sums, rows * sizeof *totals->sums);
    memory_free(window->memory, totals->counts, rows * sizeof *totals->counts);
}

/* --- results ------------------------------------------------------------------------------------
 */
static enum status result_null(struct window *window, struct window_result *result, uint32_t row,
                               struct error *err)
{
    size_t bytes = bits_words(window->count + (size_t)64) * sizeof *result->valid;

    if (result->valid == NULL) {
        result->valid = memory_alloc(window->memory, bytes);
        if (result->valid == NULL)
            return fail_nomem(err);
        memset(result->valid, 0xff, bytes);
        result->valid_bytes = bytes;
    }
    bits_clear(result->valid, row);
    if (result->form == RESULT_INT)
        result->ints[row] = 0;
    else
        result->reals[row] = 0;
    return STATUS_OK;
}

static enum status put_result(struct window *window, enum window_kind kind,
                              struct window_result *result, uint32_t row, int64_t sum,
                              uint32_t count, struct error *err)
{
    if (kind == WINDOW_COUNT || kind == WINDOW_COUNT_STAR)
        result->ints[row] = count;
    else if (kind == WINDOW_TOTAL)
        result->reals[row] = (double)sum;
    else if (count == 0)
        return result_null(window, result, row, err);
    else if (kind == WINDOW_SUM)
        result->ints[row] = sum;
    else
        result->reals[row] = (double)sum / (double)count;
    return STATUS_OK;
}

static enum status totals_results(struct window *window, const struct window_call *call,
                                  const struct frame_rows *frame, const struct totals *totals,
                                  struct window_result *result, struct error *err)
{
    enum window_exclude exclude = window->desc->frames[call->frame].exclude;
    uint32_t            group = 0;

    for (uint32_t row = 0; row < window->count; row++) {
        struct frame_runs runs = {1, {frame->start[row]}, {frame->end[row]}};
        int64_t           sum = 0;
        uint32_t          count = 0;

        if (exclude != WINDOW_EXCLUDE_NOTHING) {
            while (window->groups[group + 1] <= row)
                group++;
            frame_runs(window, frame, exclude, row, group, &runs);
        }
        for (uint32_t i = 0; i < runs.count; i++) {
            count += count_between(totals, runs.from[i], runs.to[i]);
            if (totals->sums != NULL)
                sum += totals->sums[runs.to[i]] - totals->sums[runs.from[i]];
        }
        TRY(put_result(window, call->kind, result, row, sum, count, err));
        TRY(window_work(window, 1));
    }
    return STATUS_OK;
}

struct real_sum { /* of a frame, as struct sum_state of REALs alone */
    double   sum, error;
    uint32_t count;
};

static inline void reals_enter(struct real_sum *state, const struct window_numbers *numbers,
                               uint32_t from, uint32_t to)
{
    for (uint32_t row = from; row < to; row++) {
        if (numbers->valid != NULL && !bits_get(numbers->valid, row))
            continue;
        sum_compensate(&state->sum, &state->error, numbers->reals[row]);
        state->count++;
    }
}

/* What was added is subtracted, and what error is left stays, as in SQLite. */
static inline void reals_leave(struct real_sum *state, const struct window_numbers *numbers,
                               uint32_t from, uint32_t to)
{
    for (uint32_t row = from; row < to; row++) {
        if (numbers->valid != NULL && !bits_get(numbers->valid, row))
            continue;
        sum_compensate(&state->sum, &state->error, -numbers->reals[row]);
        state->count--;
    }
}

static enum status put_real(struct window *window, enum window_kind kind,
                            struct window_result *result, uint32_t row,
                            const struct real_sum *state, struct error *err)
{
    double sum = sum_corrected(state->sum, state->error);

    result->reals[row] = kind == WINDOW_AVG ? sum / (double)state->count : sum;
    return (state->count == 0 && kind != WINDOW_TOTAL) || isnan(result->reals[row])
               ? result_null(window, result, row, err)
               : STATUS_OK;
}

/* Rows enter and leave in the order of window_walk, which this is for doubles. */
static enum status real_frames(struct window *window, const struct window_call *call,
                               const struct frame_rows *frame, const struct window_numbers *numbers,
                               struct window_result *result, struct error *err)
{
    struct partition p;

    for (partition_begin(&p); partition_next(window, &p);) {
        struct real_sum state = {.count = 0};
        uint32_t        start = p.from, end = p.from;

        for (uint32_t row = p.from; row < p.to; row++) {
            uint32_t from = frame->start[row], to = frame->end[row];

            if (!frame->enter_first)
                reals_leave(&state, numbers, start, from < end ? from : end);
            reals_enter(&state, numbers, end, to);
            if (frame->enter_first)
                reals_leave(&state, numbers, start, from);
            TRY(window_work(window, 1 + (to > end ? to - end : 0)));
            start = from > start ? from : start;
            end = to > end ? to : end;
            TRY(put_real(window, call->kind, result, row, &state, err));
        }
    }
    return STATUS_OK;
}

/* --- a call -------------------------------------------------------------------------------------
 */
/* *fit: no sum of some of the numbers overflows. */
static enum status sums_fit(struct window *window, const struct window_numbers *numbers, bool *fit)
{
    uint64_t most = 0, product;

    for (uint32_t row = 0; row < window->count; row++) {
        int64_t  i = numbers->ints[row];
        uint64_t magnitude = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;

        most = magnitude > most ? magnitude : most;
        TRY(window_work(window, 1));
    }
    *fit = !__builtin_mul_overflow(most, window->count, &product) && product <= INT64_MAX;
    return STATUS_OK;
}

/* Whether the frames are read by moving on from row to row, and without a staggered begin. */
static bool frames_move(struct window *window, const struct window_call *call,
                        const struct frame_rows *frame)
{
    return window->desc->frames[call->frame].exclude == WINDOW_EXCLUDE_NOTHING && !frame->staggered;
}

/* Rows that the FILTER does not let pass are like NULLs. */
static enum status numbers_filter(struct window *window, int32_t column,
                                  struct window_numbers *numbers, struct error *err)
{
    uint64_t *filter;

    TRY(window_condition(window, column, &filter, err));
    if (filter == NULL)
        return STATUS_OK;
    for (size_t w = 0; numbers->valid != NULL && w < bits_words(window->count); w++)
        filter[w] &= numbers->valid[w];
    if (numbers->valid != NULL)
        window_bits_free(window, numbers->valid);
    numbers->valid = filter;
    return STATUS_OK;
}

static enum status compute(struct window *window, const struct window_call *call,
                           const struct frame_rows *frame, struct window_numbers *numbers,
                           struct window_result *result, struct error *err)
{
    struct totals totals = {0};
    bool          ints = call->kind == WINDOW_SUM
                             ? numbers->kind == NUMBERS_INT
                             : call->kind == WINDOW_COUNT || call->kind == WINDOW_COUNT_STAR;
    enum status   status;

    TRY(numbers_filter(window, call->filter, numbers, err));
    TRY(window_result_alloc(window, result, ints ? RESULT_INT : RESULT_REAL, err));
    if (numbers->kind == NUMBERS_REAL && !ints)
        return real_frames(window, call, frame, numbers, result, err);
    if (ints && call->kind != WINDOW_SUM)
        numbers->kind = NUMBERS_NONE; /* counts need no sums */
    status = totals_make(window, numbers, &totals, err);
    if (status == STATUS_OK)
        status = totals_results(window, call, frame, &totals, result, err);
    totals_free(window, &totals);
    return status;
}

enum status window_number(struct window *window, const struct window_call *call,
                          struct window_result *result, bool *done, struct error *err)
{
    struct window_numbers    numbers = {.kind = NUMBERS_NONE};
    const struct frame_rows *frame;
    enum status              status = STATUS_OK;

    *done = true;
    TRY(window_frame_rows(window, call->frame, &frame, err));
    if (call->kind != WINDOW_COUNT_STAR) {
        TRY(window_numbers(window, call->arguments[0], &numbers, err));
        *done = numbers.kind != NUMBERS_NONE;
    }
    if (*done && call->kind != WINDOW_COUNT && numbers.kind == NUMBERS_INT)
        status = sums_fit(window, &numbers, done);
    else if (*done && call->kind != WINDOW_COUNT && numbers.kind == NUMBERS_REAL)
        *done = frames_move(window, call, frame);
    if (status == STATUS_OK && *done)
        status = compute(window, call, frame, &numbers, result, err);
    window_numbers_free(window, &numbers);
    return status;
}
