/* window_cursor.c - the rows of a window with their results, as a cursor. */
#include "vm/cells.h"
#include "vm/window_internal.h"

#include <assert.h>
#include <string.h>

struct window_cursor {
    struct cursor          cursor;
    struct window         *window;
    uint32_t               position, count; /* of the batch */
    uint32_t               columns;
    struct vector_buffer **buffers; /* [columns], each made on first use */
    struct arena           arena;   /* of the batch */
};

static enum status cursor_rewind(struct cursor *cursor, struct error *err)
{
    struct window_cursor *c = (struct window_cursor *)cursor;

    (void)err;
    c->position = c->count = 0;
    return STATUS_OK;
}

static enum status cursor_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                               const uint64_t **active, struct error *err)
{
    struct window_cursor *c = (struct window_cursor *)cursor;
    const struct window  *window = c->window;
    uint32_t              end = window->count;

    if (window->error_row < end)
        end = (uint32_t)window->error_row;
    arena_reset(&c->arena);
    c->position += c->count;
    c->count = end - c->position < cap ? end - c->position : cap;
    if (c->count == 0 && end < window->count)
        return fail(err, STATUS_ERROR, "%s", window->error_text);
    cursor->rows_read += c->count;
    *count = c->count;
    *active = NULL;
    return STATUS_OK;
}

/* Cells from the frame's arrays, or picked from rows and defaults. */
static void cells_out(const struct window_cursor *c, const struct window_result *result,
                      struct vector_buffer *buffer, struct vector *out)
{
    memcpy(buffer->values, result->cells + c->position, c->count * sizeof(struct value));
    vector_from_cells(buffer, c->count, out);
}

/* A batch need not begin with a word of bits. */
static void valid_out(const struct window_cursor *c, const struct window_result *result,
                      struct vector_buffer *buffer, struct vector *out)
{
    if (result->valid == NULL)
        return;
    bits_copy(buffer->valid, result->valid, c->position, c->count);
    out->valid = buffer->valid;
}

/* lag, lead: rows that take their default. */
static enum status defaults_out(struct window_cursor *c, const struct window_call *call,
                                const struct window_result *result, struct vector_buffer *buffer,
                                struct vector *out, struct error *err)
{
    const struct window *window = c->window;
    struct value        *cells = (struct value *)buffer->values;

    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t place = result->places[c->position + i];
        char     scratch[16];
        int32_t  column = result->column;

        if (place == PLACE_DEFAULT) {
            column = call->arguments[2];
            place = window->order[c->position + i];
        }
        cells[i] = place == PLACE_NULL
                       ? value_null()
                       : rowset_value(window->rows, (uint32_t)column, place, scratch);
        if (cells[i].class_ == CLASS_TEXT && cells[i].s == scratch) {
            cells[i].s = arena_copy_text(&c->arena, scratch, cells[i].bytes);
            if (cells[i].s == NULL)
                return fail_nomem(err);
        }
    }
    vector_from_cells(buffer, c->count, out);
    return STATUS_OK;
}

static enum status result_out(struct window_cursor *c, uint32_t call, struct vector_buffer *buffer,
                              struct vector *out, struct error *err)
{
    const struct window        *window = c->window;
    const struct window_result *result = &window->results[call];

    switch (result->form) {
    case RESULT_INT:
        *out = (struct vector){.type = PHYS_I64,
                               .shape = VECTOR_FLAT,
                               .count = c->count,
                               .values = result->ints + c->position};
        valid_out(c, result, buffer, out);
        break;
    case RESULT_REAL:
        *out = (struct vector){.type = PHYS_F64,
                               .shape = VECTOR_FLAT,
                               .count = c->count,
                               .values = result->reals + c->position};
        valid_out(c, result, buffer, out);
        break;
    case RESULT_CELL:
        cells_out(c, result, buffer, out);
        break;
    case RESULT_ROW:
        if (result->has_default)
            return defaults_out(c, &window->desc->calls[call], result, buffer, out, err);
        if (!rowset_gather(window->rows, (uint32_t)result->column, result->places + c->position,
                           c->count, buffer, &c->arena, out))
            return fail_nomem(err);
        break;
    }
    return STATUS_OK;
}

static enum status cursor_column(struct cursor *cursor, uint32_t column,
                                 const struct selection *sel, struct vector *out, struct error *err)
{
    struct window_cursor *c = (struct window_cursor *)cursor;
    const struct window  *window = c->window;
    uint32_t              inputs = window->desc->sort.column_count;

    (void)sel;
    assert(column < c->columns);
    if (c->buffers[column] == NULL)
        c->buffers[column] = memory_alloc(window->memory, sizeof **c->buffers);
    if (c->buffers[column] == NULL)
        return fail_nomem(err);
    if (column >= inputs)
        return result_out(c, column - inputs, c->buffers[column], out, err);
    if (!rowset_gather(window->rows, column, window->order + c->position, c->count,
                       c->buffers[column], &c->arena, out))
        return fail_nomem(err);
    return STATUS_OK;
}

static bool cursor_row_count(struct cursor *cursor, uint64_t *rows)
{
    *rows = ((struct window_cursor *)cursor)->window->count;
    return true;
}

static void cursor_close(struct cursor *cursor)
{
    struct window_cursor *c = (struct window_cursor *)cursor;
    struct memory        *memory = c->window->memory;

    for (uint32_t i = 0; i < c->columns; i++)
        memory_free(memory, c->buffers[i], sizeof **c->buffers);
    memory_free(memory, c->buffers, (c->columns + (size_t)1) * sizeof *c->buffers);
    arena_free(&c->arena);
    memory_free(memory, c, sizeof *c);
}

static const struct cursor_ops window_cursor_ops = {.name = "window",
                                                    .rewind = cursor_rewind,
                                                    .next = cursor_next,
                                                    .column = cursor_column,
                                                    .row_count = cursor_row_count,
                                                    .close = cursor_close};

enum status window_cursor(struct window *window, struct cursor **cursor, struct error *err)
{
    uint32_t              columns = window->desc->sort.column_count + window->desc->call_count;
    struct window_cursor *c = memory_zalloc(window->memory, sizeof *c);

    *cursor = NULL;
    if (c == NULL)
        return fail_nomem(err);
    c->buffers = memory_zalloc(window->memory, (columns + (size_t)1) * sizeof *c->buffers);
    if (c->buffers == NULL) {
        memory_free(window->memory, c, sizeof *c);
        return fail_nomem(err);
    }
    c->cursor.ops = &window_cursor_ops;
    c->window = window;
    c->columns = columns;
    arena_init(&c->arena, window->memory);
    *cursor = &c->cursor;
    return STATUS_OK;
}
