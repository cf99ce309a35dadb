/* window_quantile.c - median and percentiles over frames that move on.
 *
 * The numbers of a partition are sorted once; each row has its place among them.  The rows of a
 * frame are bits by place, with a tree of their counts (Fenwick, "A new data structure for
 * cumulative frequency tables", 1994) above the words: a row comes or goes, and the k-th smallest
 * is found, in time logarithmic in the rows of the partition. */
#include "base/interrupt.h"
#include "vm/aggregate_more.h"
#include "vm/radix_sort.h"
#include "vm/window_internal.h"

#include <math.h>
#include <string.h>

enum { VALUES, FRACTIONS };

struct quantile_walk {
    struct window_walk    walk;
    struct window_result *result;
    struct aggregate_call call; /* as aggregation has it */
    double                fraction;
    struct window_numbers numbers;
    uint32_t              largest; /* rows of a partition, at most */
    double               *sorted;  /* [count] of each partition ascending */
    uint32_t             *places;  /* [count] of each row in its partition */
    struct partition      partition;
    uint64_t             *bits; /* by place: the row is in the frame */
    uint32_t *tree; /* [words + 1] from 1 on: bits of the words i - lowest bit of i.. i - 1 */
    uint32_t  words, rows;
    bool      fresh; /* a row came or went since the last result */
};

/* --- the rows of a frame ------------------------------------------------------------------------
 */
static void quantile_begin(struct window_walk *walk)
{
    struct quantile_walk *self = (struct quantile_walk *)walk;

    partition_next(walk->window, &self->partition);
    self->words = (self->partition.to - self->partition.from + 63) / 64;
    self->rows = 0;
    self->fresh = true;
    memset(self->bits, 0, self->words * sizeof *self->bits);
    memset(self->tree, 0, (self->words + (size_t)1) * sizeof *self->tree);
}

static void count_by(struct quantile_walk *self, uint32_t word, uint32_t change)
{
    for (uint32_t i = word + 1; i <= self->words; i += i & (0 - i))
        self->tree[i] += change;
    self->rows += change;
    self->fresh = true;
}

static enum status quantile_enter(struct window_walk *walk, uint32_t row)
{
    struct quantile_walk *self = (struct quantile_walk *)walk;

    bits_set(self->bits, self->places[row]);
    count_by(self, self->places[row] / 64, 1);
    return STATUS_OK;
}

static enum status quantile_leave(struct window_walk *walk, uint32_t row)
{
    struct quantile_walk *self = (struct quantile_walk *)walk;

    bits_clear(self->bits, self->places[row]);
    count_by(self, self->places[row] / 64, UINT32_MAX);
    return STATUS_OK;
}

/* The place of the k-th smallest, from 0; k < rows. */
static uint32_t place_of(const struct quantile_walk *self, uint32_t k)
{
    uint32_t word = 0;
    uint64_t bits;

    for (uint32_t step = UINT32_C(1) << (31 - __builtin_clz(self->words)); step > 0; step /= 2)
        if (word + step <= self->words && self->tree[word + step] <= k) {
            word += step;
            k -= self->tree[word];
        }
    for (bits = self->bits[word]; k > 0; k--)
        bits &= bits - 1;
    return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

/* As of aggregate_list_finish.c. */
static double percentile(const struct quantile_walk *self)
{
    const double *sorted = self->sorted + self->partition.from;
    double        place = self->fraction * (self->rows - 1), low, high;
    uint32_t      at = (uint32_t)place;

    low = sorted[place_of(self, at)];
    if (self->call.kind == AGGREGATE_PERCENTILE_DISC || place == at || at == self->rows - 1)
        return low;
    high = sorted[place_of(self, at + 1)];
    return low + (high - low) * (place - at);
}

static enum status quantile_result(struct window_walk *walk, uint32_t row)
{
    struct quantile_walk *self = (struct quantile_walk *)walk;
    struct value         *cells = self->result->cells;

    if (!self->fresh)
        cells[row] = cells[row - 1];
    else
        cells[row] = self->rows == 0 ? value_null() : value_real(percentile(self));
    self->fresh = false;
    return STATUS_OK;
}

/* --- places -------------------------------------------------------------------------------------
 */
/* In the order of the numbers; 0.0 and -0.0 are equal. */
static uint64_t sort_key(double number)
{
    int64_t bits;

    number += 0.0;
    memcpy(&bits, &number, sizeof bits);
    return (uint64_t)(bits ^ (bits >> 63 & INT64_MAX)) ^ UINT64_C(1) << 63;
}

static enum status places_make(struct quantile_walk *self, struct sort_record *records,
                               struct error *err)
{
    struct window   *window = self->walk.window;
    struct partition p;

    for (partition_begin(&p); partition_next(window, &p);) {
        const struct sort_record *sorted;
        uint32_t                  n = p.to - p.from;

        for (uint32_t i = 0; i < n; i++)
            records[i] = (struct sort_record){sort_key(self->numbers.reals[p.from + i]), i};
        sorted = records_sort(window->memory, records, records + self->largest, n);
        TRY(memory_poll(window->memory, err));
        for (uint32_t i = 0; i < n; i++) {
            self->places[p.from + sorted[i].row] = i;
            self->sorted[p.from + i] = self->numbers.reals[p.from + sorted[i].row];
        }
        TRY(window_work(window, n));
    }
    return STATUS_OK;
}

static enum status sort_partitions(struct quantile_walk *self, struct error *err)
{
    struct window      *window = self->walk.window;
    size_t              bytes = memory_product(self->largest, 2 * sizeof(struct sort_record));
    struct sort_record *records = memory_alloc(window->memory, bytes);
    enum status         status;

    if (records == NULL)
        return fail_nomem(err);
    status = places_make(self, records, err);
    memory_free(window->memory, records, bytes);
    return status;
}

/* --- a call -------------------------------------------------------------------------------------
 */
/* *fit: all numbers are doubles, and none is infinite, which is an error where a frame has it. */
static enum status numbers_fit(struct quantile_walk *self, bool *fit)
{
    struct window_numbers *numbers = &self->numbers;
    struct window         *window = self->walk.window;

    *fit = numbers->kind != NUMBERS_NONE;
    for (uint32_t row = 0; *fit && row < window->count; row++) {
        if (numbers->kind == NUMBERS_INT)
            numbers->reals[row] = (double)numbers->ints[row];
        if (numbers->valid != NULL && !bits_get(numbers->valid, row))
            numbers->reals[row] = 0; /* in no frame, but it has a place */
        *fit = isfinite(numbers->reals[row]);
        TRY(window_work(window, 1));
    }
    return STATUS_OK;
}

/* *one: all rows have the same fraction, and it is one. */
static enum status fraction_read(struct quantile_walk *self, int32_t column, bool *one,
                                 struct error *err)
{
    struct window *window = self->walk.window;
    struct error   refused;
    struct value  *cells;
    enum status    status = STATUS_OK;

    self->fraction = 0.5;
    *one = true;
    if (column < 0)
        return STATUS_OK;
    TRY(window_cells(window, column, &cells, err));
    *one = fraction_of(&self->call, &cells[0], &self->fraction, &refused) == STATUS_OK;
    for (uint32_t row = 1; status == STATUS_OK && *one && row < window->count; row++) {
        *one = value_compare(&cells[0], &cells[row], COLLATION_BINARY) == 0;
        status = window_work(window, 1);
    }
    window_cells_free(window, cells);
    return status;
}

/* Rows that the FILTER does not let pass, and NULLs, take no part. */
static enum status read_inputs(struct quantile_walk *self, const struct window_call *call,
                               bool *fit, struct error *err)
{
    struct window   *window = self->walk.window;
    struct partition p;

    TRY(window_numbers(window, call->arguments[VALUES], &self->numbers, err));
    TRY(numbers_fit(self, fit));
    if (*fit)
        TRY(fraction_read(self, call->arguments[FRACTIONS], fit, err));
    if (!*fit)
        return STATUS_OK;
    TRY(window_condition(window, call->filter, &self->walk.filter, err));
    if (self->walk.filter == NULL) {
        self->walk.filter = self->numbers.valid;
        self->numbers.valid = NULL;
    } else if (self->numbers.valid != NULL) {
        for (size_t w = 0; w < bits_words(window->count); w++)
            self->walk.filter[w] &= self->numbers.valid[w];
    }
    for (partition_begin(&p); partition_next(window, &p);)
        self->largest = p.to - p.from > self->largest ? p.to - p.from : self->largest;
    return STATUS_OK;
}

static enum status run(struct quantile_walk *self, const struct window_call *call, bool *done,
                       struct error *err)
{
    struct window *window = self->walk.window;
    size_t         rows = window->count + (size_t)1, words;

    TRY(read_inputs(self, call, done, err));
    if (!*done)
        return STATUS_OK;
    words = self->largest / 64 + (size_t)2;
    self->sorted = memory_alloc(window->memory, memory_product(rows, sizeof *self->sorted));
    self->places = memory_alloc(window->memory, memory_product(rows, sizeof *self->places));
    self->bits = memory_alloc(window->memory, words * sizeof *self->bits);
    self->tree = memory_alloc(window->memory, words * sizeof *self->tree);
    if (self->sorted == NULL || self->places == NULL || self->bits == NULL || self->tree == NULL)
        return fail_nomem(err);
    TRY(window_result_alloc(window, self->result, RESULT_CELL, err));
    TRY(sort_partitions(self, err));
    partition_begin(&self->partition);
    return window_walk(&self->walk, call, err);
}

static void walk_free(struct quantile_walk *self)
{
    struct window *window = self->walk.window;
    size_t         rows = window->count + (size_t)1, words = self->largest / 64 + (size_t)2;

    memory_free(window->memory, self->sorted, rows * sizeof *self->sorted);
    memory_free(window->memory, self->places, rows * sizeof *self->places);
    memory_free(window->memory, self->bits, words * sizeof *self->bits);
    memory_free(window->memory, self->tree, words * sizeof *self->tree);
    window_numbers_free(window, &self->numbers);
    if (self->walk.filter != NULL)
        window_bits_free(window, self->walk.filter);
}

enum status window_quantile(struct window *window, const struct window_call *call,
                            struct window_result *result, bool *done, struct error *err)
{
    struct quantile_walk self = {
        .walk = {quantile_begin, quantile_enter, quantile_leave, quantile_result, window, NULL},
        .result = result,
        .call = {.kind = aggregate_of_window(call->kind), .name = call->name}};
    enum status status;

    *done = false;
    if ((self.call.kind != AGGREGATE_MEDIAN && self.call.kind != AGGREGATE_PERCENTILE &&
         self.call.kind != AGGREGATE_PERCENTILE_CONT &&
         self.call.kind != AGGREGATE_PERCENTILE_DISC) ||
        window->desc->frames[call->frame].exclude != WINDOW_EXCLUDE_NOTHING)
        return STATUS_OK;
    status = run(&self, call, done, err);
    walk_free(&self);
    return status;
}
