/* window_extreme.c - min and max over frames: the row that holds the extreme.
 *
 * Of values that are equal and do not look it (1 and 1.0, 'a' and 'A') SQLite shows the first when
 * the frame only grows or is read afresh, and the last when rows leave it. */
#include "vm/window_internal.h"

struct extreme_walk {
    struct window_walk    walk;
    struct window_result *result;
    const struct value   *cells; /* NULL: numbers instead */
    struct window_numbers numbers;
    enum collation        collation;
    int                   sign;  /* of a better value's comparison with a worse one */
    bool                  moves; /* rows leave */
    /* rows that are the extreme, or will be when those before them have left: [first, last) */
    uint32_t *rows;
    uint32_t  first, last;
};

static void extreme_begin(struct window_walk *walk)
{
    struct extreme_walk *self = (struct extreme_walk *)walk;

    self->first = self->last = 0;
}

static bool is_null(const struct extreme_walk *self, uint32_t row)
{
    if (self->cells != NULL)
        return self->cells[row].class_ == CLASS_NULL;
    return self->numbers.valid != NULL && !bits_get(self->numbers.valid, row);
}

/* Positive: row a has the better value. */
static int compare(const struct extreme_walk *self, uint32_t a, uint32_t b)
{
    const struct window_numbers *numbers = &self->numbers;
    int                          sign;

    if (self->cells != NULL)
        sign = value_compare(&self->cells[a], &self->cells[b], self->collation);
    else if (numbers->kind == NUMBERS_INT)
        sign = (numbers->ints[a] > numbers->ints[b]) - (numbers->ints[a] < numbers->ints[b]);
    else
        sign = (numbers->reals[a] > numbers->reals[b]) - (numbers->reals[a] < numbers->reals[b]);
    return sign * self->sign;
}

static enum status extreme_enter(struct window_walk *walk, uint32_t row)
{
    struct extreme_walk *self = (struct extreme_walk *)walk;

    if (is_null(self, row))
        return STATUS_OK;
    if (!self->moves) {
        if (self->last == 0 || compare(self, row, self->rows[0]) > 0)
            self->rows[0] = row;
        self->last = 1;
        return STATUS_OK;
    }
    while (self->last > self->first && compare(self, row, self->rows[self->last - 1]) >= 0)
        self->last--;
    self->rows[self->last++] = row;
    return STATUS_OK;
}

static enum status extreme_leave(struct window_walk *walk, uint32_t row)
{
    struct extreme_walk *self = (struct extreme_walk *)walk;

    if (self->first < self->last && self->rows[self->first] == row)
        self->first++;
    return STATUS_OK;
}

static enum status extreme_result(struct window_walk *walk, uint32_t row)
{
    struct extreme_walk *self = (struct extreme_walk *)walk;

    self->result->places[row] =
        self->first == self->last ? PLACE_NULL : walk->window->order[self->rows[self->first]];
    return STATUS_OK;
}

static enum status extreme_frames(struct window *window, const struct window_call *call,
                                  struct window_result *result, const struct value *cells,
                                  const struct window_numbers *numbers, uint64_t *filter,
                                  struct error *err)
{
    const struct window_frame *spec = &window->desc->frames[call->frame];
    struct extreme_walk        walk = {
               .walk = {extreme_begin, extreme_enter, extreme_leave, extreme_result, window, filter},
               .result = result,
               .cells = cells,
               .numbers = *numbers,
               .collation = call->collation,
               .sign = call->kind == WINDOW_MAX ? 1 : -1,
               .moves =
                   spec->start != WINDOW_UNBOUNDED_PRECEDING && spec->exclude == WINDOW_EXCLUDE_NOTHING};
    size_t      bytes = walk.moves ? (window->count + (size_t)1) * sizeof *walk.rows : 16;
    enum status status;

    walk.rows = memory_alloc(window->memory, bytes);
    if (walk.rows == NULL)
        return fail_nomem(err);
    status = window_walk(&walk.walk, call, err);
    memory_free(window->memory, walk.rows, bytes);
    return status;
}

enum status window_extreme(struct window *window, const struct window_call *call,
                           struct window_result *result, struct error *err)
{
    struct value         *cells = NULL;
    struct window_numbers numbers = {.kind = NUMBERS_NONE};
    uint64_t             *filter;
    enum status           status;

    TRY(window_result_alloc(window, result, RESULT_ROW, err));
    result->column = call->arguments[0];
    TRY(window_condition(window, call->filter, &filter, err));
    status = window_numbers(window, call->arguments[0], &numbers, err);
    if (status == STATUS_OK && numbers.kind == NUMBERS_NONE)
        status = window_cells(window, call->arguments[0], &cells, err);
    if (status == STATUS_OK)
        status = extreme_frames(window, call, result, cells, &numbers, filter, err);
    window_numbers_free(window, &numbers);
    if (cells != NULL)
        window_cells_free(window, cells);
    if (filter != NULL)
        window_bits_free(window, filter);
    return status;
}
