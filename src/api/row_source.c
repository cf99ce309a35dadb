/* row_source.c - rows collected once, yielded in batches of ANY cells. */
#include "api/row_source.h"

#include <assert.h>
#include <string.h>

struct row_source {
    struct cursor  base;
    struct memory *memory;
    struct arena   arena; /* texts */
    uint32_t       columns;
    size_t         cell_count, cell_capacity;
    struct value  *cells;           /* row-major; owned */
    size_t         row, batch_rows; /* first row of the batch, rows in it */
    struct value  *batch;           /* [columns * VECTOR_CAP], column-major; owned */
    bool           failed;
};

static enum status source_rewind(struct cursor *cursor, struct error *err)
{
    struct row_source *source = (struct row_source *)cursor;

    (void)err;
    source->row = 0;
    source->batch_rows = 0;
    return STATUS_OK;
}

static enum status source_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                               const uint64_t **active, struct error *err)
{
    struct row_source *source = (struct row_source *)cursor;
    size_t             rows = source->cell_count / source->columns;

    (void)err;
    source->row += source->batch_rows;
    source->batch_rows = rows - source->row < cap ? rows - source->row : cap;
    cursor->rows_read += source->batch_rows;
    *count = (uint32_t)source->batch_rows;
    *active = NULL;
    return STATUS_OK;
}

static enum status source_column(struct cursor *cursor, uint32_t column,
                                 const struct selection *sel, struct vector *out, struct error *err)
{
    struct row_source  *source = (struct row_source *)cursor;
    const struct value *cells = source->cells + source->row * source->columns + column;
    struct value       *batch = source->batch + (size_t)column * VECTOR_CAP;
    uint64_t           *valid;

    (void)sel;
    (void)err;
    assert(column < source->columns);
    valid = (uint64_t *)(void *)(source->batch + (size_t)source->columns * VECTOR_CAP) +
            (size_t)column * VECTOR_WORDS;
    for (size_t i = 0; i < source->batch_rows; i++) {
        batch[i] = cells[i * source->columns];
        bits_put(valid, i, batch[i].class_ != CLASS_NULL);
    }
    *out = (struct vector){.type = PHYS_ANY,
                           .shape = VECTOR_FLAT,
                           .count = (uint32_t)source->batch_rows,
                           .valid = valid,
                           .values = batch};
    return STATUS_OK;
}

static enum status source_rowid(struct cursor *cursor, struct vector *out, struct error *err)
{
    struct row_source *source = (struct row_source *)cursor;

    (void)err;
    *out = (struct vector){.type = PHYS_I64,
                           .shape = VECTOR_SEQUENCE,
                           .count = (uint32_t)source->batch_rows,
                           .base = (int64_t)source->row + 1};
    return STATUS_OK;
}

static bool source_row_count(struct cursor *cursor, uint64_t *rows)
{
    struct row_source *source = (struct row_source *)cursor;

    *rows = source->cell_count / source->columns;
    return true;
}

/* Cells and validity words of one batch of all columns. */
static size_t batch_bytes(uint32_t columns)
{
    return columns * (VECTOR_CAP * sizeof(struct value) + VECTOR_WORDS * sizeof(uint64_t));
}

static void source_close(struct cursor *cursor)
{
    struct row_source *source = (struct row_source *)cursor;

    memory_free(source->memory, source->cells, source->cell_capacity * sizeof *source->cells);
    memory_free(source->memory, source->batch, batch_bytes(source->columns));
    arena_free(&source->arena);
    memory_free(source->memory, source, sizeof *source);
}

static const struct cursor_ops row_source_ops = {.name = "rows",
                                                 .rewind = source_rewind,
                                                 .next = source_next,
                                                 .column = source_column,
                                                 .rowid = source_rowid,
                                                 .row_count = source_row_count,
                                                 .close = source_close};

struct row_source *row_source_new(struct memory *memory, uint32_t columns)
{
    struct row_source *source = memory_zalloc(memory, sizeof *source);

    if (source == NULL)
        return NULL;
    source->base.ops = &row_source_ops;
    source->memory = memory;
    source->columns = columns;
    arena_init(&source->arena, memory);
    source->batch = memory_zalloc(memory, batch_bytes(columns));
    if (source->batch != NULL)
        return source;
    source_close(&source->base);
    return NULL;
}

struct cursor *row_source_cursor(struct row_source *source)
{
    return &source->base;
}

static void source_add(struct row_source *source, struct value value)
{
    if (source->failed)
        return;
    if (source->cell_count == source->cell_capacity) {
        size_t        capacity = source->cell_capacity == 0 ? 64 : source->cell_capacity * 2;
        struct value *cells =
            memory_realloc(source->memory, source->cells, source->cell_capacity * sizeof *cells,
                           capacity * sizeof *cells);

        if (cells == NULL) {
            source->failed = true;
            return;
        }
        source->cells = cells;
        source->cell_capacity = capacity;
    }
    source->cells[source->cell_count++] = value;
}

void row_source_null(struct row_source *source)
{
    source_add(source, value_null());
}

void row_source_int(struct row_source *source, int64_t i)
{
    source_add(source, value_int(i));
}

void row_source_real(struct row_source *source, double r)
{
    source_add(source, value_real(r));
}

void row_source_text(struct row_source *source, const char *text)
{
    size_t bytes;
    char  *copy;

    if (text == NULL) {
        row_source_null(source);
        return;
    }
    bytes = strlen(text);
    copy = arena_copy_text(&source->arena, text, bytes);
    if (copy == NULL)
        source->failed = true;
    source_add(source, value_text(copy, bytes));
}

enum status row_source_finish(struct row_source *source, struct error *err)
{
    if (source->failed)
        return fail_nomem(err);
    assert(source->cell_count % source->columns == 0);
    return STATUS_OK;
}
