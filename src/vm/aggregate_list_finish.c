/* aggregate_list_finish.c - the results of calls that collected their groups' values. */
#include "vm/aggregate_more.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

/* Between two questions whether to stop: compared rows, and made parts of a histogram. */
enum { PARTS_PER_POLL = 1 << 12 };

/* Work space for one group, as large as the largest needs. */
struct finish {
    struct aggregate      *aggregate;
    struct aggregate_part *part;
    uint32_t               most;
    double                *numbers;   /* [most] */
    struct value         **rows;      /* [most] in order of arrival, then sorted */
    struct value          *arguments; /* [VECTOR_CAP] twice, of an ordered call */
    struct error          *err;
};

/* --- numbers ------------------------------------------------------------------------------------
 */
static int number_order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double middle_of(double a, double b, double c)
{
    if (a > b) {
        double t = a;

        a = b;
        b = t;
    }
    return c < a ? a : c > b ? b : c;
}

/* The k-th smallest (from 0) goes to a[k], none larger before it, none smaller behind; if work on
 * memory is stopped, any. */
static void select_number(struct memory *memory, double *a, uint32_t n, uint32_t k)
{
    uint32_t low = 0, high = n - 1, rounds = 64, swaps = 0;

    while (low < high) {
        double  pivot = middle_of(a[low], a[low + (high - low) / 2], a[high]);
        int64_t i = low, j = high;

        if (rounds-- == 0) { /* bad luck: never worse than sorting */
            qsort(a + low, high - low + (size_t)1, sizeof *a, number_order);
            return;
        }
        while (i <= j) {
            while (a[i] < pivot)
                i++;
            while (a[j] > pivot)
                j--;
            if (i <= j) {
                double t = a[i];

                a[i++] = a[j];
                a[j--] = t;
                if (++swaps % INTERRUPT_ROWS == 0 && memory_stopped(memory))
                    return;
            }
        }
        if (k <= j)
            high = (uint32_t)j;
        else if (k >= i)
            low = (uint32_t)i;
        else
            return;
    }
}

/* As SQLite's percentile(): the value at fraction * (n - 1), between neighbours by proportion. */
static double percentile(struct memory *memory, double *a, uint32_t n, double fraction,
                         bool discrete)
{
    double   place = fraction * (n - 1), next;
    uint32_t at = (uint32_t)place;

    select_number(memory, a, n, at);
    if (discrete || place == at || at == n - 1)
        return a[at];
    next = a[at + 1];
    for (uint32_t i = at + 2; i < n; i++)
        next = a[i] < next ? a[i] : next;
    return a[at] + (next - a[at]) * (place - at);
}

static struct value number_result(const struct finish *f, const struct list_state *list)
{
    uint32_t n = 0;
    double   median;

    for (const struct list_chunk *chunk = list->last; chunk != NULL; chunk = chunk->before) {
        if (memory_stopped(f->aggregate->memory))
            return value_null();
        memcpy(f->numbers + n, chunk + 1, chunk->count * sizeof(double));
        n += chunk->count;
    }
    switch (f->part->call->kind) {
    case AGGREGATE_MEDIAN:
        return value_real(percentile(f->aggregate->memory, f->numbers, n, 0.5, false));
    case AGGREGATE_MAD:
        median = percentile(f->aggregate->memory, f->numbers, n, 0.5, false);
        for (uint32_t i = 0; i < n; i++)
            f->numbers[i] = fabs(f->numbers[i] - median);
        return value_real(percentile(f->aggregate->memory, f->numbers, n, 0.5, false));
    default: {
        bool   discrete = f->part->call->kind == AGGREGATE_PERCENTILE_DISC;
        double sign = f->part->call->descending ? -1 : 1; /* the order of -x is the other one */

        for (uint32_t i = 0; sign < 0 && i < n; i++)
            f->numbers[i] = -f->numbers[i];
        return value_real(
            sign * percentile(f->aggregate->memory, f->numbers, n, list->fraction, discrete));
    }
    }
}

/* --- rows ---------------------------------------------------------------------------------------
 */
static enum status rows_gather(const struct finish *f, const struct list_state *list,
                               uint32_t width)
{
    uint32_t n = list->count;

    for (struct list_chunk *chunk = list->last; chunk != NULL; chunk = chunk->before) {
        TRY(memory_poll(f->aggregate->memory, f->err));
        for (uint32_t i = chunk->count; i > 0; i--)
            f->rows[--n] = (struct value *)(chunk + 1) + (size_t)(i - 1) * width;
    }
    assert(n == 0);
    return STATUS_OK;
}

static int value_order(const void *a, const void *b, void *data)
{
    const struct aggregate_call *call = data;

    return value_compare(*(struct value *const *)a, *(struct value *const *)b, call->collation);
}

static int row_order(const void *a, const void *b, void *data)
{
    const struct aggregate_call *call = data;
    const struct value          *x = *(struct value *const *)a, *y = *(struct value *const *)b;
    uint32_t                     first = list_width(call) - call->order_count;

    for (uint32_t i = 0; i < call->order_count; i++) {
        const struct sort_key *key = &call->order[i].key;
        const struct value    *u = &x[first + i], *v = &y[first + i];
        bool                   null = u->class_ == CLASS_NULL;
        int                    order;

        if (null && v->class_ == CLASS_NULL)
            continue;
        if (null || v->class_ == CLASS_NULL)
            return null == key->nulls_last ? 1 : -1;
        order = value_compare(u, v, key->collation);
        if (order != 0)
            return key->descending ? -order : order;
    }
    return 0;
}

/* Merge sort from the bottom, so that equal rows stay as they came. */
static enum status rows_sort(const struct finish *f, uint32_t n,
                             int (*order)(const void *, const void *, void *))
{
    struct memory *memory = f->aggregate->memory;
    size_t         bytes = memory_product(n, sizeof(struct value *));
    struct value **from = f->rows, **to = memory_alloc(memory, bytes), **space = to;
    void          *call = (void *)f->part->call;

    if (space == NULL)
        return fail_nomem(f->err);
    for (uint64_t run = 1; run < n; run *= 2) {
        struct value **t = from;

        for (uint64_t low = 0; low < n; low += 2 * run) {
            uint64_t middle = low + run < n ? low + run : n;
            uint64_t high = low + 2 * run < n ? low + 2 * run : n;
            uint64_t i = low, j = middle;

            for (uint64_t k = low; k < high; k++) {
                to[k] = j == high || (i < middle && order(&from[i], &from[j], call) <= 0)
                            ? from[i++]
                            : from[j++];
                if (k % INTERRUPT_ROWS == INTERRUPT_ROWS - 1 && memory_stopped(memory)) {
                    memory_free(memory, space, bytes);
                    return memory_poll(memory, f->err);
                }
            }
        }
        from = to;
        to = t;
    }
    if (from != f->rows)
        memory_copy(memory, f->rows, from, bytes);
    memory_free(memory, space, bytes);
    return memory_poll(memory, f->err);
}

/* From f->rows[at] on, n sorted: how many equal it.  All of them when work is stopped, for an end.
 */
static uint32_t run_length(const struct finish *f, uint32_t at, uint32_t n)
{
    uint32_t end = at + 1;

    for (; end < n; end++) {
        if (end % INTERRUPT_ROWS == 0 && interrupt_cut())
            return n - at;
        if (value_order(&f->rows[at], &f->rows[end], (void *)f->part->call) != 0)
            break;
    }
    return end - at;
}

/* {"value":count,...} in the order of the values. */
static struct value histogram(const struct finish *f, uint32_t n)
{
    struct arena *arena = &f->aggregate->scratch;
    struct str    text;
    struct value  result = value_null();
    uint32_t      parts = 0;
    char         *copy;

    str_init(&text, f->aggregate->memory);
    str_char(&text, '{');
    for (uint32_t at = 0, run; at < n; at += run) {
        struct value value = *f->rows[at];

        run = run_length(f, at, n);
        if (++parts % PARTS_PER_POLL == 0 && memory_stopped(f->aggregate->memory))
            text.failed = true;
        if (text.failed)
            break;
        arena_reset(arena);
        if (!value_to_text(&value, arena))
            text.failed = true;
        str_text(&text, at == 0 ? "\"" : ",\"");
        for (uint32_t i = 0; i < value.bytes && !text.failed; i++) {
            unsigned char c = (unsigned char)value.s[i];

            if (c < ' ')
                str_printf(&text, "\\u%04x", c);
            else if (c == '"' || c == '\\')
                str_printf(&text, "\\%c", c);
            else
                str_char(&text, (char)c);
        }
        str_printf(&text, "\":%u", run);
    }
    str_char(&text, '}');
    copy = text.failed || text.bytes > VALUE_BYTES_MAX
               ? NULL
               : arena_copy_text(&f->aggregate->texts, text.data, text.bytes);
    if (copy != NULL)
        result = value_text(copy, text.bytes);
    str_free(&text);
    return result;
}

static struct value entropy(const struct finish *f, uint32_t n)
{
    double sum = 0;

    for (uint32_t at = 0, run; at < n; at += run) {
        double share;

        run = run_length(f, at, n);
        share = (double)run / n;
        sum += share * log2(1 / share);
    }
    return value_real(sum);
}

/* The value that comes most often; of several the smallest, whatever the order of the rows. */
static struct value mode(const struct finish *f, uint32_t n)
{
    uint32_t best = 0, most = 0;

    for (uint32_t at = 0, run; at < n; at += run) {
        run = run_length(f, at, n);
        if (run > most) {
            most = run;
            best = at;
        }
    }
    return *f->rows[best];
}

/* The smallest value that at least the fraction of all does not exceed; descending: the greatest
 * that at least the fraction of all reaches. */
static struct value quantile(const struct finish *f, uint32_t n, double fraction)
{
    double   place = ceil(fraction * n);
    uint32_t at = place < 1 ? 0 : place > n ? n - 1 : (uint32_t)place - 1;

    return *f->rows[f->part->call->descending ? n - 1 - at : at];
}

static enum status value_result(const struct finish *f, const struct list_state *list,
                                struct value *result)
{
    uint32_t n = list->count;

    TRY(rows_gather(f, list, 1));
    TRY(rows_sort(f, n, value_order));
    switch (f->part->call->kind) {
    case AGGREGATE_MODE:
        *result = mode(f, n);
        break;
    case AGGREGATE_ENTROPY:
        *result = entropy(f, n);
        break;
    case AGGREGATE_HISTOGRAM:
        *result = histogram(f, n);
        return result->class_ == CLASS_NULL ? fail_nomem(f->err) : STATUS_OK;
    default:
        assert(f->part->call->kind == AGGREGATE_QUANTILE_DISC);
        *result = quantile(f, n, list->fraction);
    }
    return STATUS_OK;
}

/* --- ordered calls ------------------------------------------------------------------------------
 */
static enum state_form widest_form(enum aggregate_kind kind)
{
    switch (kind) {
    case AGGREGATE_SUM:
    case AGGREGATE_TOTAL:
    case AGGREGATE_AVG:
        return FORM_SUM;
    case AGGREGATE_GROUP_CONCAT:
        return FORM_CONCAT;
    default:
        return more_form(kind);
    }
}

/* Of equal rows, n sorted, the last stays; how many are left. */
static uint32_t drop_equals(const struct finish *f, uint32_t n)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (i % INTERRUPT_ROWS == 0 && memory_stopped(f->aggregate->memory))
            break;
        if (i + 1 == n || row_order(&f->rows[i], &f->rows[i + 1], (void *)f->part->call) != 0)
            f->rows[left++] = f->rows[i];
    }
    return left;
}

/* Steps the sorted rows as if they came so. */
static enum status ordered_result(const struct finish *f, const struct list_state *list,
                                  struct value *result)
{
    union {
        struct best_state largest;
        struct sum_state  sum;
    } space = {0};
    struct aggregate_part part = *f->part;
    struct state_array    states = {.records = (char *)&space, .texts = &f->aggregate->texts};
    bool                  second = part.call->separator >= 0;
    uint32_t              count = list->count;

    part.form = widest_form(part.call->kind);
    part.offset = 0;
    TRY(rows_gather(f, list, list_width(part.call)));
    TRY(rows_sort(f, count, row_order));
    if (part.call->last_of_equals)
        count = drop_equals(f, count);
    for (uint32_t at = 0, n; at < count; at += n) {
        struct picked picked = {.rows = {.rows = f->aggregate->rows}};

        TRY(memory_poll(f->aggregate->memory, f->err));
        n = count - at < VECTOR_CAP ? count - at : VECTOR_CAP;
        picked.rows.count = n;
        for (uint32_t i = 0; i < n; i++) {
            f->aggregate->rows[i] = (uint16_t)i;
            f->arguments[i] = f->rows[at + i][0];
            if (second)
                f->arguments[VECTOR_CAP + i] = f->rows[at + i][1];
        }
        arena_reset(&f->aggregate->scratch);
        TRY(state_step(&states, &part, &picked, f->arguments,
                       second ? f->arguments + VECTOR_CAP : NULL, true, &f->aggregate->scratch,
                       f->err));
    }
    if (state_overflows(&states, &part, 0))
        return fail(f->err, STATUS_ERROR, "integer overflow");
    *result = state_value(&part, &space);
    return STATUS_OK;
}

/* --- all groups ---------------------------------------------------------------------------------
 */
static enum status group_finish(const struct finish *f, union list_or_cell *state)
{
    const struct aggregate_call *call = f->part->call;
    struct value                 result = value_null();

    if (state->list.count == 0) {
        if (call->kind == AGGREGATE_TOTAL)
            result = value_real(0);
    } else if (call->order_count > 0) {
        TRY(ordered_result(f, &state->list, &result));
    } else if (list_of_numbers(call)) {
        result = number_result(f, &state->list);
    } else {
        TRY(value_result(f, &state->list, &result));
    }
    state->cell = (struct cell_state){.value = result, .set = true};
    return STATUS_OK;
}

static enum status finish_groups(struct finish *f)
{
    for (uint32_t group = 0; group < f->aggregate->groups; group++) {
        TRY(memory_poll(f->aggregate->memory, f->err));
        TRY(group_finish(f, state_at(&f->aggregate->states, f->part, group)));
    }
    f->part->form = FORM_CELL;
    return STATUS_OK;
}

enum status list_finish(struct aggregate *aggregate, struct aggregate_part *part, struct error *err)
{
    struct finish f = {.aggregate = aggregate, .part = part, .err = err};
    bool          numbers = list_of_numbers(part->call), ordered = part->call->order_count > 0;
    size_t        bytes, argument_bytes = 2 * VECTOR_CAP * sizeof *f.arguments;
    void         *space;
    enum status   status = STATUS_NOMEM;

    for (uint32_t group = 0; group < aggregate->groups; group++) {
        const struct list_state *list = state_at(&aggregate->states, part, group);

        f.most = list->count > f.most ? list->count : f.most;
    }
    bytes = memory_product(f.most + (size_t)1, sizeof(double)); /* a pointer's size, too */
    space = memory_alloc(aggregate->memory, bytes);
    f.numbers = numbers ? space : NULL;
    f.rows = numbers ? NULL : space;
    if (ordered)
        f.arguments = memory_alloc(aggregate->memory, argument_bytes);
    if (space == NULL || (ordered && f.arguments == NULL))
        fail_nomem(err);
    else
        status = finish_groups(&f);
    memory_free(aggregate->memory, f.arguments, argument_bytes);
    memory_free(aggregate->memory, space, bytes);
    return status;
}
