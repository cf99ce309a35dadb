/* series.c - generate_series(start, stop, step): INTEGERs as SQLite's series extension yields them.
 *
 * stop defaults to 4294967295 and step to 1; a step of 0 counts as 1; a negative step counts down
 * from start (as since SQLite 3.43); a NULL argument yields no row. */
#include "api/sources.h"

#include <string.h>

struct series {
    struct cursor  base;
    struct memory *memory;
    int64_t        first, step;
    uint64_t       count; /* rows in all */
    uint64_t       done;  /* rows before the batch */
    uint32_t       batch; /* rows in the batch */
    int64_t        values[VECTOR_CAP];
};

static enum status series_rewind(struct cursor *cursor, struct error *err)
{
    struct series *series = (struct series *)cursor;

    (void)err;
    series->done = 0;
    series->batch = 0;
    return STATUS_OK;
}

static enum status series_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                               const uint64_t **active, struct error *err)
{
    struct series *series = (struct series *)cursor;
    uint64_t       left;

    (void)err;
    series->done += series->batch;
    left = series->count - series->done;
    series->batch = left < cap ? (uint32_t)left : cap;
    cursor->rows_read += series->batch;
    *count = series->batch;
    *active = NULL;
    return STATUS_OK;
}

/* Row n; computed without sign, where every intermediate is defined. */
static int64_t series_value(const struct series *series, uint64_t n)
{
    return (int64_t)((uint64_t)series->first + n * (uint64_t)series->step);
}

static enum status series_column(struct cursor *cursor, uint32_t column,
                                 const struct selection *sel, struct vector *out, struct error *err)
{
    struct series *series = (struct series *)cursor;
    int64_t        base = series_value(series, series->done);
    int64_t        last = series_value(series, series->done + series->batch - 1);

    (void)column;
    (void)sel;
    (void)err;
    *out = (struct vector){.type = PHYS_I64,
                           .flags = VECTOR_BOUNDED,
                           .count = series->batch,
                           .lo = base < last ? base : last,
                           .hi = base < last ? last : base};
    if (series->step == 1) {
        out->shape = VECTOR_SEQUENCE;
        out->base = base;
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < series->batch; i++)
        series->values[i] = (int64_t)((uint64_t)base + i * (uint64_t)series->step);
    out->shape = VECTOR_FLAT;
    out->values = series->values;
    return STATUS_OK;
}

static enum status series_rowid(struct cursor *cursor, struct vector *out, struct error *err)
{
    struct series *series = (struct series *)cursor;

    (void)err;
    *out = (struct vector){.type = PHYS_I64,
                           .shape = VECTOR_SEQUENCE,
                           .count = series->batch,
                           .base = (int64_t)series->done + 1};
    return STATUS_OK;
}

static bool series_row_count(struct cursor *cursor, uint64_t *rows)
{
    *rows = ((struct series *)cursor)->count;
    return true;
}

static void series_close(struct cursor *cursor)
{
    struct series *series = (struct series *)cursor;

    memory_free(series->memory, series, sizeof *series);
}

static const struct cursor_ops series_ops = {.name = "generate_series",
                                             .rewind = series_rewind,
                                             .next = series_next,
                                             .column = series_column,
                                             .rowid = series_rowid,
                                             .row_count = series_row_count,
                                             .close = series_close};

static enum status series_bind(const struct source_context   *context,
                               const struct source_arguments *arguments, struct arena *arena,
                               uint32_t *column_count, const struct source_column **columns,
                               void **state, struct error *err)
{
    static const struct source_column value = {.name = "value", .type = ""};

    (void)context;
    (void)arena;
    *state = NULL;
    *column_count = 1;
    *columns = &value;
    if (arguments->count == 0)
        return fail(err, STATUS_ERROR,
                    "first argument to \"generate_series()\" missing or unusable");
    if (arguments->count > 3)
        return fail(err, STATUS_ERROR, "too many arguments on generate_series() - max 3");
    return STATUS_OK;
}

static void series_set(struct series *series, const struct source_arguments *arguments)
{
    int64_t  stop = 0xffffffff, step = 1;
    uint64_t stride, steps;

    for (uint32_t i = 0; i < arguments->count; i++)
        if (arguments->values[i].class_ == CLASS_NULL)
            return;
    series->first = value_as_int(&arguments->values[0]);
    if (arguments->count > 1)
        stop = value_as_int(&arguments->values[1]);
    if (arguments->count > 2)
        step = value_as_int(&arguments->values[2]);
    if (step == 0)
        step = 1;
    series->step = step;
    if (step > 0 ? series->first > stop : series->first < stop)
        return;
    stride = step > 0 ? (uint64_t)step : -(uint64_t)step;
    steps = step > 0 ? (uint64_t)stop - (uint64_t)series->first
                     : (uint64_t)series->first - (uint64_t)stop;
    steps /= stride;
    series->count = steps == UINT64_MAX ? steps : steps + 1;
}

static enum status series_open(const struct source_context *context, void *state,
                               const struct source_arguments *arguments, struct cursor **cursor,
                               struct error *err)
{
    struct series *series = memory_zalloc(context->memory, sizeof *series);

    (void)state;
    if (series == NULL)
        return fail_nomem(err);
    series->base.ops = &series_ops;
    series->memory = context->memory;
    series_set(series, arguments);
    *cursor = &series->base;
    return STATUS_OK;
}

const struct source_module series_module = {
    .name = "generate_series", .bind = series_bind, .open = series_open};
