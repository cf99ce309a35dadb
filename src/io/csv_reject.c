/* csv_reject.c - collecting rejected lines; the function csv_rejects(). */
#include "io/csv_reject.h"

#include "io/csv.h"
#include "io/csv_reader.h"
#include <string.h>

/* A line's text is kept up to here: rejects are for looking at. */
enum { RAW_BYTES_MAX = 1 << 16 };

static const struct source_column reject_columns[CSV_REJECT_COLUMNS] = {
    {"line", "INTEGER"}, {"column", "INTEGER"}, {"reason", "TEXT"}, {"raw", "TEXT"}};

void csv_rejects_init(struct csv_rejects *rejects, struct memory *memory)
{
    *rejects = (struct csv_rejects){.memory = memory};
}

void csv_rejects_free(struct csv_rejects *rejects)
{
    rowset_free(rejects->rows);
    rejects->rows = NULL;
}

void csv_rejects_clear(struct csv_rejects *rejects)
{
    if (rejects->rows != NULL)
        rowset_clear(rejects->rows);
    rejects->count = 0;
}

enum status csv_rejects_add(void *data, const struct csv_bad_line *line, struct error *err)
{
    struct csv_rejects *rejects = data;
    struct value        cells[CSV_REJECT_COLUMNS];
    size_t              bytes = line->bytes < RAW_BYTES_MAX ? line->bytes : RAW_BYTES_MAX;

    rejects->count++;
    if (!rejects->keep)
        return STATUS_OK;
    if (rejects->rows == NULL)
        rejects->rows = rowset_new(rejects->memory, CSV_REJECT_COLUMNS);
    if (rejects->rows == NULL)
        return fail_nomem(err);
    cells[0] = value_int((int64_t)line->line);
    cells[1] = line->column > 0 ? value_int(line->column) : value_null();
    cells[2] = value_text(line->reason, strlen(line->reason));
    cells[3] = value_text(line->text, bytes);
    return rowset_append_row(rejects->rows, cells, err);
}

/* The kept rows [start, start + *count), within one chunk. */
struct reject_batch {
    struct vector vectors[CSV_REJECT_COLUMNS];
    uint64_t      valid[CSV_REJECT_COLUMNS][VECTOR_WORDS];
};

static uint32_t batch_view(const struct rowset *rows, uint64_t start, uint32_t cap,
                           struct reject_batch *batch)
{
    uint64_t left = rowset_count(rows) - start, in_chunk = VECTOR_CAP - start % VECTOR_CAP;
    uint32_t count = left < cap ? (uint32_t)left : cap;

    if (count > in_chunk)
        count = (uint32_t)in_chunk;
    for (uint32_t c = 0; count > 0 && c < CSV_REJECT_COLUMNS; c++)
        rowset_view(rows, c, start, count, batch->valid[c], &batch->vectors[c]);
    return count;
}

/* --- storing them ----------------------------------------------------------------------------- */
static enum status rejects_table_create(struct database *database, struct memory *memory,
                                        const char *name, struct error *err)
{
    struct schema_table *schema = schema_table_new(memory, CSV_REJECT_COLUMNS, 0, 0);
    struct str           sql;
    enum status          status = STATUS_NOMEM;

    if (schema == NULL)
        return fail_nomem(err);
    str_init(&sql, memory);
    str_text(&sql, "CREATE TABLE \"");
    for (const char *p = name; *p != '\0'; p++) {
        if (*p == '"')
            str_char(&sql, '"');
        str_char(&sql, *p);
    }
    str_text(&sql, "\"(line INTEGER, \"column\" INTEGER, reason TEXT, raw TEXT)");
    schema->name = schema_copy_text(memory, name, strlen(name));
    schema->sql = sql.failed ? NULL : schema_copy_text(memory, sql.data, sql.bytes);
    schema->rowid_column = -1;
    for (uint32_t c = 0; c < CSV_REJECT_COLUMNS; c++) {
        struct schema_column *column = &schema->columns[c];
        const char           *type = reject_columns[c].type;

        column->name =
            schema_copy_text(memory, reject_columns[c].name, strlen(reject_columns[c].name));
        column->type = schema_copy_text(memory, type, strlen(type));
        column->affinity = affinity_of_type(type, strlen(type));
        if (column->name == NULL || column->type == NULL)
            sql.failed = true;
    }
    if (schema->name != NULL && schema->sql != NULL && !sql.failed)
        status = database_create_table(database, schema, err);
    else
        fail_nomem(err);
    if (status != STATUS_OK)
        schema_table_unref(schema);
    str_free(&sql);
    return status;
}

enum status csv_rejects_store(struct csv_rejects *rejects, const struct source_context *context,
                              const char *table_name, struct error *err)
{
    struct table       *table;
    struct reject_batch batch;
    uint32_t            count;

    if (table_name == NULL)
        return STATUS_OK;
    if (!database_in_write(context->database))
        return fail(err, STATUS_ERROR, "REJECTS writes a table: it needs a statement that writes");
    table = database_find_table(context->database, table_name);
    if (table == NULL) {
        TRY(rejects_table_create(context->database, context->memory, table_name, err));
        table = database_find_table(context->database, table_name);
    }
    if (table == NULL || table_schema(table)->column_count != CSV_REJECT_COLUMNS)
        return fail(err, STATUS_ERROR,
                    "REJECTS: table %s does not have the columns line, column, reason, raw",
                    table_name);
    for (uint64_t at = 0; rejects->rows != NULL && at < rowset_count(rejects->rows); at += count) {
        const struct vector *columns[CSV_REJECT_COLUMNS];
        struct selection     all;
        uint64_t             inserted;
        int64_t              last;

        count = batch_view(rejects->rows, at, VECTOR_CAP, &batch);
        for (uint32_t c = 0; c < CSV_REJECT_COLUMNS; c++)
            columns[c] = &batch.vectors[c];
        selection_all(&all, count);
        TRY(table_append(table, columns, NULL, &all, CONFLICT_ABORT, &inserted, &last, err));
    }
    csv_rejects_clear(rejects);
    return STATUS_OK;
}

/* --- csv_rejects() ---------------------------------------------------------------------------- */
struct reject_cursor {
    struct cursor          cursor; /* first */
    struct source_context  context;
    const struct csv_plan *plan;
    struct csv_rejects     rejects;
    struct reject_batch    batch;
    uint64_t               position;
    uint32_t               count; /* rows of the batch */
};

/* Reads the whole file: only then is it known which lines are bad. */
static enum status reject_rewind(struct cursor *cursor, struct error *err)
{
    struct reject_cursor *reader = (struct reject_cursor *)cursor;
    struct csv_input      input;
    struct csv_stream     stream;
    struct csv_batch      batch = {.rows = 1};
    enum status           status = STATUS_OK;

    csv_rejects_clear(&reader->rejects);
    reader->position = reader->count = 0;
    TRY(csv_input_open(&input, reader->context.memory, reader->plan->path, err));
    TRY(csv_stream_open(&stream, &input, &reader->plan->dialect, reader->context.memory, err));
    stream.reject = csv_rejects_add;
    stream.reject_data = &reader->rejects;
    while (status == STATUS_OK && batch.rows > 0) {
        status = csv_stream_next(&stream, VECTOR_CAP, &batch, err);
        if (status == STATUS_OK)
            status = memory_poll(reader->context.memory, err);
    }
    csv_stream_close(&stream);
    return status;
}

static enum status reject_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                               const uint64_t **active, struct error *err)
{
    struct reject_cursor *reader = (struct reject_cursor *)cursor;

    (void)err;
    reader->position += reader->count;
    reader->count = reader->rejects.rows == NULL
                        ? 0
                        : batch_view(reader->rejects.rows, reader->position, cap, &reader->batch);
    *active = NULL;
    *count = reader->count;
    cursor->rows_read += *count;
    return STATUS_OK;
}

static enum status reject_column(struct cursor *cursor, uint32_t column,
                                 const struct selection *sel, struct vector *out, struct error *err)
{
    (void)sel;
    (void)err;
    *out = ((struct reject_cursor *)cursor)->batch.vectors[column];
    return STATUS_OK;
}

static void reject_close(struct cursor *cursor)
{
    struct reject_cursor *reader = (struct reject_cursor *)cursor;

    csv_rejects_free(&reader->rejects);
    memory_free(reader->context.memory, reader, sizeof *reader);
}

static const struct cursor_ops reject_ops = {.name = "csv rejects",
                                             .rewind = reject_rewind,
                                             .next = reject_next,
                                             .column = reject_column,
                                             .close = reject_close};

static enum status rejects_bind(const struct source_context   *context,
                                const struct source_arguments *arguments, struct arena *arena,
                                uint32_t *column_count, const struct source_column **columns,
                                void **state, struct error *err)
{
    struct csv_plan *plan;

    TRY(csv_plan_make(context, arguments, arena, &plan, err));
    *column_count = CSV_REJECT_COLUMNS;
    *columns = reject_columns;
    *state = plan;
    return STATUS_OK;
}

static enum status rejects_open(const struct source_context *context, void *state,
                                const struct source_arguments *arguments, struct cursor **cursor,
                                struct error *err)
{
    struct reject_cursor *reader = memory_zalloc(context->memory, sizeof *reader);

    (void)arguments;
    if (reader == NULL)
        return fail_nomem(err);
    reader->cursor.ops = &reject_ops;
    reader->context = *context;
    reader->plan = state;
    csv_rejects_init(&reader->rejects, context->memory);
    reader->rejects.keep = true;
    *cursor = &reader->cursor;
    return STATUS_OK;
}

const struct source_module csv_rejects_module = {.name = "csv_rejects",
                                                 .bind = rejects_bind,
                                                 .open = rejects_open,
                                                 .needs_constants = true,
                                                 .reads_files = true};
