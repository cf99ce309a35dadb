/* values_cursor.c - a cursor over rows that stand in the program, as cells: a batch's columns are
 * put into the narrowest form that holds them. */
#include "vm/machine.h"

#include <assert.h>

#include "vm/cells.h"

struct values_cursor {
    struct cursor             cursor;
    struct memory            *memory;
    const struct values_desc *desc;
    uint64_t                  position;  /* of the batch's first row */
    uint32_t                  count;     /* of the batch */
    struct vector_buffer     *buffers[]; /* [columns], owned; each made on first use */
};

static size_t cursor_bytes(const struct values_desc *desc)
{
    return sizeof(struct values_cursor) + desc->columns * sizeof(struct vector_buffer *);
}

static enum status cursor_rewind(struct cursor *cursor, struct error *err)
{
    struct values_cursor *self = (struct values_cursor *)cursor;

    (void)err;
    self->position = self->count = 0;
    return STATUS_OK;
}

static enum status cursor_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                               const uint64_t **active, struct error *err)
{
    struct values_cursor *self = (struct values_cursor *)cursor;
    uint64_t              left;

    (void)err;
    self->position += self->count;
    left = self->desc->rows - self->position;
    self->count = left < cap ? (uint32_t)left : cap;
    cursor->rows_read += self->count;
    *count = self->count;
    *active = NULL;
    return STATUS_OK;
}

static enum status cursor_column(struct cursor *cursor, uint32_t column,
                                 const struct selection *sel, struct vector *out, struct error *err)
{
    struct values_cursor *self = (struct values_cursor *)cursor;
    uint32_t              columns = self->desc->columns;
    const struct value   *cell = self->desc->cells + self->position * columns + column;
    struct value         *to;

    (void)sel;
    assert(column < columns);
    if (self->buffers[column] == NULL)
        self->buffers[column] = memory_alloc(self->memory, sizeof **self->buffers);
    if (self->buffers[column] == NULL)
        return fail_nomem(err);
    to = (struct value *)self->buffers[column]->values;
    for (uint32_t i = 0; i < self->count; i++, cell += columns)
        to[i] = *cell;
    vector_from_cells(self->buffers[column], self->count, out);
    out->flags |= VECTOR_PINNED; /* the program outlives its frames */
    return STATUS_OK;
}

static bool cursor_row_count(struct cursor *cursor, uint64_t *rows)
{
    *rows = ((struct values_cursor *)cursor)->desc->rows;
    return true;
}

static void cursor_close(struct cursor *cursor)
{
    struct values_cursor *self = (struct values_cursor *)cursor;

    for (uint32_t i = 0; i < self->desc->columns; i++)
        memory_free(self->memory, self->buffers[i], sizeof **self->buffers);
    memory_free(self->memory, self, cursor_bytes(self->desc));
}

static const struct cursor_ops values_cursor_ops = {.name = "values",
                                                    .rewind = cursor_rewind,
                                                    .next = cursor_next,
                                                    .column = cursor_column,
                                                    .row_count = cursor_row_count,
                                                    .close = cursor_close};

enum status values_cursor(struct memory *memory, const struct values_desc *desc,
                          struct cursor **cursor, struct error *err)
{
    struct values_cursor *self = memory_zalloc(memory, cursor_bytes(desc));

    if (self == NULL)
        return fail_nomem(err);
    self->cursor.ops = &values_cursor_ops;
    self->memory = memory;
    self->desc = desc;
    *cursor = &self->cursor;
    return STATUS_OK;
}
