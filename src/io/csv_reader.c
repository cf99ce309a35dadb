/* csv_reader.c - read_csv: detection at compile time, a cursor of typed batches at run time. */
#include "io/csv_reader.h"

#include "io/csv.h"
#include "io/csv_reject.h"
#include <assert.h>
#include <string.h>

/* --- the plan --------------------------------------------------------------------------------- */
static enum status plan_options(struct csv_plan *plan, const struct source_arguments *arguments,
                                struct arena *arena, struct error *err)
{
    bool path_given = false;

    csv_options_init(&plan->options);
    for (uint32_t i = 0; i < arguments->count; i++) {
        const struct value *v = &arguments->values[i];

        if (arguments->names != NULL && arguments->names[i] != NULL) {
            TRY(csv_option_set(&plan->options, arguments->names[i], v, arena, err));
        } else if (!path_given && v->class_ == CLASS_TEXT && v->bytes > 0 &&
                   memchr(v->s, '\0', v->bytes) == NULL) {
            path_given = true;
            plan->path = arena_copy_text(arena, v->s, v->bytes);
            if (plan->path == NULL)
                return fail_nomem(err);
        } else {
            return fail(err, STATUS_ERROR,
                        path_given ? "a CSV reader takes one path; name its options"
                                   : "a CSV reader wants a path");
        }
    }
    return path_given ? STATUS_OK : fail(err, STATUS_ERROR, "a CSV reader wants a path");
}

/* COPY: an empty field is an empty text unless NULL says otherwise, as sqlite3's .import has it. */
static void plan_defaults(struct csv_plan *plan)
{
    struct csv_options *o = &plan->options;

    if (o->affinities != NULL && !o->null_given)
        o->null_text = NULL;
}

/* Nothing to detect: columns as named. */
static enum status plan_fixed(struct csv_plan *plan, struct arena *arena, struct error *err)
{
    const struct csv_options *o = &plan->options;
    struct csv_dialect       *d = &plan->dialect;

    if (csv_options_columns(o) == 0)
        return fail(err, STATUS_ERROR, "AUTO_DETECT false wants COLUMNS or NAMES");
    *d = (struct csv_dialect){.delimiter = o->delimiter == CSV_AUTO ? ',' : (char)o->delimiter,
                              .quote = o->quote == CSV_AUTO ? '"' : (char)o->quote,
                              .comment = o->comment == CSV_AUTO ? '\0' : (char)o->comment,
                              .header = o->header == 1,
                              .loose = o->loose,
                              .padding = o->padding,
                              .skip = o->skip > 0 ? (uint32_t)o->skip : 0,
                              .columns = csv_options_columns(o)};
    d->escape = o->escape == CSV_AUTO ? d->quote : (char)o->escape;
    plan->columns = arena_zalloc(arena, d->columns * sizeof *plan->columns);
    if (plan->columns == NULL)
        return fail_nomem(err);
    for (uint32_t c = 0; c < d->columns; c++) {
        plan->columns[c].name =
            c < o->name_count ? o->names[c] : arena_printf(arena, "column%u", c);
        if (plan->columns[c].name == NULL)
            return fail_nomem(err);
    }
    return STATUS_OK;
}

/* Types that the user declared. */
static enum status plan_types(struct csv_plan *plan, struct error *err)
{
    const struct csv_options *o = &plan->options;

    if (o->type_count > plan->dialect.columns)
        return fail(err, STATUS_ERROR, "\"%s\" has %u columns, but %u types are given", plan->path,
                    plan->dialect.columns, o->type_count);
    if (o->affinities != NULL && o->affinity_count != plan->dialect.columns)
        return fail(err, STATUS_ERROR, "\"%s\" has %u columns, but %u are to be filled", plan->path,
                    plan->dialect.columns, o->affinity_count);
    if (o->name_count > plan->dialect.columns)
        return fail(err, STATUS_ERROR, "\"%s\" has %u columns, but %u names are given", plan->path,
                    plan->dialect.columns, o->name_count);
    return STATUS_OK;
}

static enum status plan_detect(struct csv_plan *plan, struct memory *memory, struct arena *arena,
                               struct error *err)
{
    struct csv_input input;
    enum status      status;

    TRY(csv_input_open(&input, memory, plan->path, err));
    status =
        input.regular
            ? csv_input_check_text(&input, err)
            : fail(err, STATUS_ERROR,
                   "\"%s\" can be read once only: give AUTO_DETECT false and COLUMNS", plan->path);
    while (status == STATUS_OK && !input.at_end && input.bytes < CSV_INPUT_BLOCK / 2)
        status = csv_input_advance(&input, 0, err);
    if (status == STATUS_OK && input.bytes == 0)
        status = csv_options_columns(&plan->options) > 0
                     ? plan_fixed(plan, arena, err)
                     : fail(err, STATUS_FORMAT, "\"%s\" is empty: it has no columns", plan->path);
    else if (status == STATUS_OK)
        status =
            csv_dialect_detect(&plan->options, plan->path, input.data, input.bytes, input.at_end,
                               memory, arena, &plan->dialect, &plan->columns, err);
    csv_input_close(&input);
    return status;
}

enum status csv_plan_make(const struct source_context   *context,
                          const struct source_arguments *arguments, struct arena *arena,
                          struct csv_plan **out, struct error *err)
{
    struct csv_plan *plan = arena_zalloc(arena, sizeof *plan);

    if (plan == NULL)
        return fail_nomem(err);
    TRY(plan_options(plan, arguments, arena, err));
    plan_defaults(plan);
    TRY(plan->options.detect ? plan_detect(plan, context->memory, arena, err)
                             : plan_fixed(plan, arena, err));
    *out = plan;
    return plan_types(plan, err);
}

static enum csv_rule column_rule(const struct csv_plan *plan, uint32_t c)
{
    const struct csv_options *o = &plan->options;
    char                      affinity = AFFINITY_NONE;

    if (o->affinities != NULL) {
        affinity = o->affinities[c];
    } else if (c < o->type_count) {
        affinity = (char)affinity_of_type(o->types[c], strlen(o->types[c]));
    } else {
        static const enum csv_rule rules[] = {[CSV_TYPE_TEXT] = CSV_RULE_TEXT,
                                              [CSV_TYPE_INTEGER] = CSV_RULE_INTEGER,
                                              [CSV_TYPE_REAL] = CSV_RULE_REAL};

        return rules[plan->columns[c].type];
    }
    if (affinity == AFFINITY_NUMERIC || affinity == AFFINITY_INTEGER)
        return CSV_RULE_AFFINITY_NUMERIC;
    return affinity == AFFINITY_REAL ? CSV_RULE_AFFINITY_REAL : CSV_RULE_TEXT;
}

static const char *column_type_name(const struct csv_plan *plan, uint32_t c)
{
    static const char *const names[] = {
        [CSV_TYPE_TEXT] = "TEXT", [CSV_TYPE_INTEGER] = "INTEGER", [CSV_TYPE_REAL] = "REAL"};

    if (c < plan->options.type_count)
        return plan->options.types[c];
    return names[plan->columns[c].type];
}

/* --- the cursor ------------------------------------------------------------------------------- */
/* A column's conversion of the present batch, made when it is asked for: columns that a query does
 * not name are never converted. */
struct reader_column {
    struct csv_column     rule;
    uint64_t              batch; /* number of the batch that vector is of; 0: none */
    struct vector         vector;
    struct vector_buffer *buffer; /* owned; NULL until first used */
};

struct csv_reader {
    struct cursor          cursor; /* first: the cursor is the reader */
    struct source_context  context;
    const struct csv_plan *plan;
    struct csv_stream      stream;
    bool                   open; /* stream is */
    struct csv_batch       batch;
    uint64_t               batch_number;
    uint64_t               rows_before; /* the batch's */
    struct arena           arena;       /* of the batch: text that conversion makes */
    struct csv_scratch    *scratch;
    struct reader_column  *columns;
    struct csv_rejects     rejects;
};

static void reader_active(const struct csv_reader *reader, bool active)
{
    if (reader->context.progress != NULL)
        atomic_store_explicit(&reader->context.progress->active, active, memory_order_relaxed);
}

static void reader_progress(struct csv_reader *reader)
{
    struct load_progress *progress = reader->context.progress;

    if (progress == NULL)
        return;
    atomic_store_explicit(&progress->rows, reader->stream.rows, memory_order_relaxed);
    atomic_store_explicit(&progress->bytes_done, reader->stream.input.packed_done,
                          memory_order_relaxed);
    atomic_store_explicit(&progress->bytes_total, reader->stream.input.packed_total,
                          memory_order_relaxed);
}

static enum status reader_rewind(struct cursor *cursor, struct error *err)
{
    struct csv_reader *reader = (struct csv_reader *)cursor;
    struct csv_input   input;

    if (reader->open)
        csv_stream_close(&reader->stream);
    reader->open = false;
    reader->batch.rows = 0;
    csv_rejects_clear(&reader->rejects);
    TRY(csv_input_open(&input, reader->context.memory, reader->plan->path, err));
    TRY(csv_stream_open(&reader->stream, &input, &reader->plan->dialect, reader->context.memory,
                        err));
    reader->open = true;
    reader_active(reader, true);
    reader->rejects.keep = reader->plan->options.rejects_table != NULL;
    if (reader->plan->options.ignore_errors) {
        reader->stream.reject = csv_rejects_add;
        reader->stream.reject_data = &reader->rejects;
    }
    return STATUS_OK;
}

static enum status reader_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                               const uint64_t **active, struct error *err)
{
    struct csv_reader *reader = (struct csv_reader *)cursor;

    *count = 0;
    *active = NULL;
    if (!reader->open)
        TRY(reader_rewind(cursor, err));
    TRY(memory_poll(reader->context.memory, err));
    arena_reset(&reader->arena);
    reader->batch_number++;
    reader->rows_before = reader->stream.rows;
    TRY(csv_stream_next(&reader->stream, cap, &reader->batch, err));
    reader_progress(reader);
    *count = reader->batch.rows;
    cursor->rows_read += *count;
    if (*count > 0)
        return STATUS_OK;
    reader_active(reader, false);
    return csv_rejects_store(&reader->rejects, &reader->context,
                             reader->plan->options.rejects_table, err);
}

static enum status reader_column(struct cursor *cursor, uint32_t c, const struct selection *sel,
                                 struct vector *out, struct error *err)
{
    struct csv_reader    *reader = (struct csv_reader *)cursor;
    struct reader_column *column = &reader->columns[c];

    (void)sel; /* all rows: conversion in a loop without tests is the faster one */
    assert(c < reader->plan->dialect.columns);
    if (column->batch != reader->batch_number) {
        if (column->buffer == NULL)
            column->buffer = memory_alloc(reader->context.memory, sizeof *column->buffer);
        if (column->buffer == NULL ||
            !csv_convert(&column->rule, &reader->batch, c, reader->scratch, &reader->arena,
                         column->buffer, &column->vector))
            return fail_nomem(err);
        column->batch = reader->batch_number;
    }
    *out = column->vector;
    return STATUS_OK;
}

/* Rows are numbered from 1, as they would be in a table loaded from the file. */
static enum status reader_rowid(struct cursor *cursor, struct vector *out, struct error *err)
{
    struct csv_reader *reader = (struct csv_reader *)cursor;

    (void)err;
    *out = (struct vector){.type = PHYS_I64,
                           .shape = VECTOR_SEQUENCE,
                           .count = reader->batch.rows,
                           .base = (int64_t)reader->rows_before + 1};
    return STATUS_OK;
}

static void reader_close(struct cursor *cursor)
{
    struct csv_reader *reader = (struct csv_reader *)cursor;
    struct memory     *memory = reader->context.memory;
    uint32_t           count = reader->plan->dialect.columns;

    if (reader->open)
        csv_stream_close(&reader->stream);
    reader_active(reader, false);
    for (uint32_t c = 0; reader->columns != NULL && c < count; c++)
        memory_free(memory, reader->columns[c].buffer, sizeof *reader->columns[c].buffer);
    memory_free(memory, reader->columns, count * sizeof *reader->columns);
    memory_free(memory, reader->scratch, sizeof *reader->scratch);
    arena_free(&reader->arena);
    csv_rejects_free(&reader->rejects);
    memory_free(memory, reader, sizeof *reader);
}

static const struct cursor_ops reader_ops = {.name = "csv file",
                                             .rewind = reader_rewind,
                                             .next = reader_next,
                                             .column = reader_column,
                                             .rowid = reader_rowid,
                                             .close = reader_close};

enum status csv_reader_open(const struct source_context *context, const struct csv_plan *plan,
                            struct cursor **cursor, struct error *err)
{
    struct csv_reader *reader = memory_zalloc(context->memory, sizeof *reader);
    uint32_t           count = plan->dialect.columns;

    if (reader == NULL)
        return fail_nomem(err);
    reader->cursor.ops = &reader_ops;
    reader->context = *context;
    reader->plan = plan;
    arena_init(&reader->arena, context->memory);
    csv_rejects_init(&reader->rejects, context->memory);
    reader->columns = memory_zalloc(context->memory, count * sizeof *reader->columns);
    reader->scratch = memory_alloc(context->memory, sizeof *reader->scratch);
    if (reader->columns == NULL || reader->scratch == NULL) {
        reader_close(&reader->cursor);
        return fail_nomem(err);
    }
    for (uint32_t c = 0; c < count; c++) {
        struct csv_column *column = &reader->columns[c].rule;

        csv_column_init(column, column_rule(plan, c));
        column->null_text = plan->options.null_text;
        column->null_bytes = plan->options.null_bytes;
        column->numeric_nulls = plan->options.affinities == NULL;
    }
    *cursor = &reader->cursor;
    return STATUS_OK;
}

/* --- the module ------------------------------------------------------------------------------- */
static enum status read_csv_bind(const struct source_context   *context,
                                 const struct source_arguments *arguments, struct arena *arena,
                                 uint32_t *column_count, const struct source_column **columns,
                                 void **state, struct error *err)
{
    struct csv_plan      *plan;
    struct source_column *out;

    TRY(csv_plan_make(context, arguments, arena, &plan, err));
    out = arena_alloc(arena, plan->dialect.columns * sizeof *out);
    if (out == NULL)
        return fail_nomem(err);
    for (uint32_t c = 0; c < plan->dialect.columns; c++) {
        out[c].name = plan->columns[c].name;
        out[c].type = column_type_name(plan, c);
    }
    *column_count = plan->dialect.columns;
    *columns = out;
    *state = plan;
    return STATUS_OK;
}

static enum status read_csv_open(const struct source_context *context, void *state,
                                 const struct source_arguments *arguments, struct cursor **cursor,
                                 struct error *err)
{
    (void)arguments; /* constants: bind has read them */
    return csv_reader_open(context, state, cursor, err);
}

const struct source_module csv_source_module = {.name = "read_csv",
                                                .bind = read_csv_bind,
                                                .open = read_csv_open,
                                                .needs_constants = true,
                                                .reads_files = true};
