/* sorter.c - ORDER BY: collects rows in a rowset, sorts their positions, gathers batches. */
#include "vm/sorter.h"

#include "vm/ordinal.h"
#include "vm/sorter_before.h"
#include "vm/sorter_order.h"

#include <assert.h>
#include <string.h>

/* With a limit, this many rows beyond twice the limit are collected before the surplus is dropped:
 * dropping costs a sort. */
enum { PRUNE_SLACK_ROWS = 4 * VECTOR_CAP };

struct sorter {
    struct memory            *memory;
    const struct sorter_desc *desc;
    struct rowset            *rows;
    uint64_t                  limit;
    bool                      by_cells; /* sorter_force_cells */
    struct value             *worst; /* [key_count] keys of the last of the first limit rows, as of
                                        the latest pruning: rows not before it are dropped */
    bool             has_worst;
    struct arena     worst_texts;
    uint64_t         keep[VECTOR_WORDS]; /* scratch of sorter_add */
    uint16_t         list[VECTOR_CAP];
    struct selection kept;
    uint32_t        *order; /* [order_count] positions, sorted; NULL: not sorted yet */
    uint64_t         order_count;
};

enum status sorter_new(struct memory *memory, const struct sorter_desc *desc, struct sorter **out,
                       struct error *err)
{
    struct sorter *sorter = memory_zalloc(memory, sizeof *sorter);

    *out = NULL;
    if (sorter == NULL)
        return fail_nomem(err);
    sorter->memory = memory;
    sorter->desc = desc;
    sorter->limit = UINT64_MAX;
    sorter->rows = rowset_new(memory, desc->column_count);
    sorter->worst =
        memory_zalloc(memory, memory_product(desc->key_count + (size_t)1, sizeof *sorter->worst));
    arena_init(&sorter->worst_texts, memory);
    if (sorter->rows == NULL || sorter->worst == NULL) {
        sorter_free(sorter);
        return fail_nomem(err);
    }
    *out = sorter;
    return STATUS_OK;
}

static void order_drop(struct sorter *sorter)
{
    memory_free(sorter->memory, sorter->order, sorter->order_count * sizeof *sorter->order);
    sorter->order = NULL;
    sorter->order_count = 0;
}

void sorter_free(struct sorter *sorter)
{
    if (sorter == NULL)
        return;
    order_drop(sorter);
    rowset_free(sorter->rows);
    memory_free(sorter->memory, sorter->worst,
                (sorter->desc->key_count + (size_t)1) * sizeof *sorter->worst);
    arena_free(&sorter->worst_texts);
    memory_free(sorter->memory, sorter, sizeof *sorter);
}

void sorter_reset(struct sorter *sorter, uint64_t limit)
{
    order_drop(sorter);
    rowset_clear(sorter->rows);
    sorter->limit = limit;
    sorter->has_worst = false;
    arena_reset(&sorter->worst_texts);
}

void sorter_force_cells(struct sorter *sorter)
{
    sorter->by_cells = true;
}

uint64_t sorter_count(const struct sorter *sorter)
{
    uint64_t count = rowset_count(sorter->rows);

    return count < sorter->limit ? count : sorter->limit;
}

const struct rowset *sorter_rows(const struct sorter *sorter)
{
    return sorter->rows;
}

const uint32_t *sorter_order(const struct sorter *sorter)
{
    return sorter->order;
}

enum status sorter_sort_levels(struct sorter *sorter, struct sort_levels *levels, struct error *err)
{
    uint64_t count = rowset_count(sorter->rows);

    order_drop(sorter);
    if (count == 0)
        return STATUS_OK;
    if (count >= UINT32_MAX)
        return fail(err, STATUS_TOOBIG, "more than %u rows to sort", UINT32_MAX - 1);
    sorter->order = memory_alloc(sorter->memory, count * sizeof *sorter->order);
    if (sorter->order == NULL)
        return fail_nomem(err);
    sorter->order_count = count;
    if (sorter->by_cells)
        return rows_order(sorter->rows, sorter->desc, sorter->memory, sorter->order, err);
    return keys_order(sorter->rows, sorter->desc, sorter->memory, levels, sorter->order, err);
}

enum status sorter_sort(struct sorter *sorter, struct error *err)
{
    return sorter_sort_levels(sorter, NULL, err);
}

/* --- top-N --------------------------------------------------------------------------------------
 */
/* to = the first rows of the order. */
static enum status rows_copy(const struct sorter *sorter, struct vector_buffer *buffers,
                             struct vector *vectors, const struct vector **columns,
                             struct rowset *to, struct error *err)
{
    struct selection sel;
    struct arena     arena;
    enum status      status = STATUS_OK;
    uint64_t         count = sorter_count(sorter);

    arena_init(&arena, sorter->memory);
    for (uint64_t at = 0; status == STATUS_OK && at < count; at += VECTOR_CAP) {
        uint32_t n = count - at < VECTOR_CAP ? (uint32_t)(count - at) : VECTOR_CAP;

        for (uint32_t c = 0; status == STATUS_OK && c < sorter->desc->column_count; c++) {
            if (!rowset_gather(sorter->rows, c, sorter->order + at, n, &buffers[c], &arena,
                               &vectors[c]))
                status = fail_nomem(err);
            else if (vectors[c].shape != VECTOR_DICT)
                vectors[c].flags &= (uint8_t)~VECTOR_PINNED; /* these rows are about to go */
            columns[c] = &vectors[c];
        }
        selection_all(&sel, n);
        if (status == STATUS_OK)
            status = rowset_append(to, columns, &sel, err);
        arena_reset(&arena);
    }
    arena_free(&arena);
    return status;
}

/* Notes the keys of the last row that is kept. */
static enum status worst_note(struct sorter *sorter, struct error *err)
{
    uint64_t row = sorter->order[sorter_count(sorter) - 1];

    sorter->has_worst = true;
    arena_reset(&sorter->worst_texts);
    for (uint32_t c = 0; c < sorter->desc->key_count; c++) {
        char          scratch[16];
        struct value *worst = &sorter->worst[c];

        *worst = rowset_value(sorter->rows, c, row, scratch);
        if (worst->class_ >= CLASS_TEXT && worst->bytes > 0) {
            worst->s = arena_copy_text(&sorter->worst_texts, worst->s, worst->bytes);
            if (worst->s == NULL)
                return fail_nomem(err);
        }
    }
    return STATUS_OK;
}

/* Drops the rows that cannot be among the first limit.  What stays is in order, and rows that come
 * later stand behind it, so equal rows keep the order of their arrival. */
static enum status sorter_prune(struct sorter *sorter, struct error *err)
{
    uint32_t columns = sorter->desc->column_count;
    size_t   buffer_bytes = memory_product(columns, sizeof(struct vector_buffer));
    size_t   vector_bytes = columns * (sizeof(struct vector) + sizeof(struct vector *));
    struct vector_buffer *buffers;
    struct vector        *vectors;
    struct rowset        *to;
    enum status           status;

    TRY(sorter_sort(sorter, err));
    TRY(worst_note(sorter, err));
    buffers = memory_alloc(sorter->memory, buffer_bytes);
    vectors = memory_alloc(sorter->memory, vector_bytes);
    to = rowset_new(sorter->memory, columns);
    status = buffers == NULL || vectors == NULL || to == NULL
                 ? fail_nomem(err)
                 : rows_copy(sorter, buffers, vectors, (const struct vector **)(vectors + columns),
                             to, err);
    memory_free(sorter->memory, buffers, buffer_bytes);
    memory_free(sorter->memory, vectors, vector_bytes);
    order_drop(sorter);
    if (status != STATUS_OK) {
        rowset_free(to);
        return status;
    }
    rowset_free(sorter->rows);
    sorter->rows = to;
    return STATUS_OK;
}

/* The rows of sel that come before the worst row kept, in sorter->kept. */
static void select_better(struct sorter *sorter, const struct vector *const *columns,
                          const struct selection *sel)
{
    const struct sorter_desc *desc = sorter->desc;
    struct row_list           rows = row_list_of(sel, sorter->list);

    memset(sorter->keep, 0, bits_words(sel->rows) * sizeof *sorter->keep);
    rows_before(columns, desc->keys, desc->key_count, &rows, sorter->worst, sorter->keep);
    selection_bits(&sorter->kept, sel->rows, sorter->keep);
}

enum status sorter_add(struct sorter *sorter, const struct vector *const *columns,
                       const struct selection *sel, struct error *err)
{
    assert(sorter->order == NULL);
    if (sel->count == 0 || sorter->limit == 0)
        return STATUS_OK;
    if (sorter->has_worst) {
        select_better(sorter, columns, sel);
        if (sorter->kept.count == 0)
            return STATUS_OK;
        sel = &sorter->kept;
    }
    TRY(rowset_append(sorter->rows, columns, sel, err));
    if (!sorter->by_cells && sorter->limit < UINT32_MAX / 4 && sorter->desc->key_count > 0 &&
        rowset_count(sorter->rows) > 2 * sorter->limit + PRUNE_SLACK_ROWS)
        return sorter_prune(sorter, err);
    return STATUS_OK;
}

/* --- rows as a cursor ---------------------------------------------------------------------------
 */
struct sorter_cursor {
    struct cursor          cursor;
    struct sorter         *sorter;
    uint64_t               position; /* of the batch */
    uint32_t               count;
    struct vector_buffer **buffers; /* [column_count], each made on first use */
    struct arena           arena;   /* of the batch */
};

static enum status sorter_cursor_rewind(struct cursor *cursor, struct error *err)
{
    struct sorter_cursor *c = (struct sorter_cursor *)cursor;

    (void)err;
    c->position = c->count = 0;
    return STATUS_OK;
}

static enum status sorter_cursor_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                                      const uint64_t **active, struct error *err)
{
    struct sorter_cursor *c = (struct sorter_cursor *)cursor;
    uint64_t              left;

    (void)err;
    arena_reset(&c->arena);
    c->position += c->count;
    left = sorter_count(c->sorter) - c->position;
    c->count = left < cap ? (uint32_t)left : cap;
    cursor->rows_read += c->count;
    *count = c->count;
    *active = NULL;
    return STATUS_OK;
}

static enum status sorter_cursor_column(struct cursor *cursor, uint32_t column,
                                        const struct selection *sel, struct vector *out,
                                        struct error *err)
{
    struct sorter_cursor *c = (struct sorter_cursor *)cursor;
    const struct sorter  *sorter = c->sorter;

    (void)sel;
    assert(column < sorter->desc->column_count);
    if (c->buffers[column] == NULL)
        c->buffers[column] = memory_alloc(sorter->memory, sizeof **c->buffers);
    if (c->buffers[column] == NULL ||
        !rowset_gather(sorter->rows, column, sorter->order + c->position, c->count,
                       c->buffers[column], &c->arena, out))
        return fail_nomem(err);
    return STATUS_OK;
}

static bool sorter_cursor_row_count(struct cursor *cursor, uint64_t *rows)
{
    *rows = sorter_count(((struct sorter_cursor *)cursor)->sorter);
    return true;
}

static void sorter_cursor_close(struct cursor *cursor)
{
    struct sorter_cursor *c = (struct sorter_cursor *)cursor;
    struct memory        *memory = c->sorter->memory;
    uint32_t              columns = c->sorter->desc->column_count;

    for (uint32_t i = 0; i < columns; i++)
        memory_free(memory, c->buffers[i], sizeof **c->buffers);
    memory_free(memory, c->buffers, columns * sizeof *c->buffers);
    arena_free(&c->arena);
    memory_free(memory, c, sizeof *c);
}

static const struct cursor_ops sorter_cursor_ops = {.name = "sorter",
                                                    .rewind = sorter_cursor_rewind,
                                                    .next = sorter_cursor_next,
                                                    .column = sorter_cursor_column,
                                                    .row_count = sorter_cursor_row_count,
                                                    .close = sorter_cursor_close};

enum status sorter_cursor(struct sorter *sorter, struct cursor **cursor, struct error *err)
{
    uint32_t              columns = sorter->desc->column_count;
    struct sorter_cursor *c = memory_zalloc(sorter->memory, sizeof *c);

    *cursor = NULL;
    if (c == NULL)
        return fail_nomem(err);
    c->buffers = memory_zalloc(sorter->memory, memory_product(columns, sizeof *c->buffers));
    if (c->buffers == NULL) {
        memory_free(sorter->memory, c, sizeof *c);
        return fail_nomem(err);
    }
    c->cursor.ops = &sorter_cursor_ops;
    c->sorter = sorter;
    arena_init(&c->arena, sorter->memory);
    *cursor = &c->cursor;
    return STATUS_OK;
}
