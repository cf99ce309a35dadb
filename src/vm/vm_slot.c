/* vm_slot.c - what program slots hold: made, emptied between runs, freed; and the cursor over a
 * rowset. */
#include "vm/machine.h"
#include "vm/range.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* --- a cursor over a rowset ----------------------------------------------------------------------
 *
 * Reads rows that are appended while it runs, too: a recursive query's queue is one rowset, read at
 * the front and appended at the back.  A chunk that is not full may change its type as it grows, so
 * its rows are copied; full chunks are viewed. */
struct rowset_cursor {
    struct cursor        cursor;
    struct memory       *memory;
    const struct rowset *rowset;
    uint64_t             next, start; /* rows */
    uint32_t             count;       /* of the batch */
    struct arena         arena;
    struct {
        struct vector_buffer *buffer; /* owned; NULL: not copied yet */
        uint64_t              valid[VECTOR_WORDS];
    } * columns;
    uint32_t column_count;
    /* ORDER BY in a recursive query: the least row that was not handed out yet comes next, alone */
    const struct queue_desc *order; /* NULL: rows come as they were appended */
    uint64_t                *heap;  /* [heap_capacity] rows, the least first; owned */
    size_t                   heap_count, heap_capacity;
};

/* Whether row a comes before row b; of equal rows the one that was appended first. */
static bool queue_before(const struct rowset_cursor *self, uint64_t a, uint64_t b)
{
    for (uint32_t i = 0; i < self->order->key_count; i++) {
        const struct sort_key *key = &self->order->keys[i];
        uint32_t               column = self->order->columns[i];
        char                   scratch[2][16];
        struct value           left = rowset_value(self->rowset, column, a, scratch[0]);
        struct value           right = rowset_value(self->rowset, column, b, scratch[1]);
        int                    order;

        if ((left.class_ == CLASS_NULL) != (right.class_ == CLASS_NULL))
            return (left.class_ == CLASS_NULL) != key->nulls_last;
        order = value_compare(&left, &right, key->collation);
        if (order != 0)
            return (order < 0) != key->descending;
    }
    return a < b;
}

static enum status queue_push(struct rowset_cursor *self, uint64_t row, struct error *err)
{
    size_t at = self->heap_count;

    if (at == self->heap_capacity) {
        size_t    capacity = at == 0 ? 64 : at * 2;
        uint64_t *heap =
            memory_realloc(self->memory, self->heap, at * sizeof *heap, capacity * sizeof *heap);

        if (heap == NULL)
            return fail_nomem(err);
        self->heap = heap;
        self->heap_capacity = capacity;
    }
    for (; at > 0 && queue_before(self, row, self->heap[(at - 1) / 2]); at = (at - 1) / 2)
        self->heap[at] = self->heap[(at - 1) / 2];
    self->heap[at] = row;
    self->heap_count++;
    return STATUS_OK;
}

static uint64_t queue_pop(struct rowset_cursor *self)
{
    uint64_t least = self->heap[0], row = self->heap[--self->heap_count];
    size_t   at = 0;

    for (size_t child = 1; child < self->heap_count; child = 2 * at + 1) {
        if (child + 1 < self->heap_count &&
            queue_before(self, self->heap[child + 1], self->heap[child]))
            child++;
        if (queue_before(self, row, self->heap[child]))
            break;
        self->heap[at] = self->heap[child];
        at = child;
    }
    self->heap[at] = row;
    return least;
}

/* Takes what was appended since into the heap; next is the first row that was not. */
static enum status queue_next(struct rowset_cursor *self, uint32_t *count, struct error *err)
{
    for (; self->next < rowset_count(self->rowset); self->next++)
        TRY(queue_push(self, self->next, err));
    self->count = *count = self->heap_count > 0;
    if (self->count > 0)
        self->start = queue_pop(self);
    self->cursor.rows_read += self->count;
    arena_reset(&self->arena);
    return STATUS_OK;
}

static enum status rowset_cursor_rewind(struct cursor *cursor, struct error *err)
{
    struct rowset_cursor *self = (struct rowset_cursor *)cursor;

    (void)err;
    self->next = self->start = 0;
    self->heap_count = 0;
    self->count = 0;
    return STATUS_OK;
}

static enum status rowset_cursor_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                                      const uint64_t **active, struct error *err)
{
    struct rowset_cursor *self = (struct rowset_cursor *)cursor;
    uint64_t              left = rowset_count(self->rowset) - self->next;
    uint64_t              chunk_left = VECTOR_CAP - self->next % VECTOR_CAP;

    *active = NULL;
    if (self->order != NULL)
        return queue_next(self, count, err);
    left = left < chunk_left ? left : chunk_left;
    self->start = self->next;
    self->count = (uint32_t)(left < cap ? left : cap);
    self->next += self->count;
    self->cursor.rows_read += self->count;
    *count = self->count;
    arena_reset(&self->arena);
    return STATUS_OK;
}

static bool gather_rows(struct rowset_cursor *self, uint32_t column, struct vector *out)
{
    uint32_t *positions = arena_alloc(&self->arena, self->count * sizeof *positions);

    if (self->columns[column].buffer == NULL)
        self->columns[column].buffer = memory_alloc(self->memory, sizeof(struct vector_buffer));
    if (positions == NULL || self->columns[column].buffer == NULL)
        return false;
    for (uint32_t i = 0; i < self->count; i++)
        positions[i] = (uint32_t)self->start + i;
    return rowset_gather(self->rowset, column, positions, self->count, self->columns[column].buffer,
                         &self->arena, out);
}

static enum status rowset_cursor_column(struct cursor *cursor, uint32_t column,
                                        const struct selection *sel, struct vector *out,
                                        struct error *err)
{
    struct rowset_cursor *self = (struct rowset_cursor *)cursor;
    uint64_t              chunk = self->start / VECTOR_CAP;
    bool                  full = (chunk + 1) * VECTOR_CAP <= rowset_count(self->rowset);

    (void)sel;
    if (full)
        rowset_view(self->rowset, column, self->start, self->count, self->columns[column].valid,
                    out);
    else if (!gather_rows(self, column, out))
        return fail_nomem(err);
    return STATUS_OK;
}

static enum status rowset_cursor_rowid(struct cursor *cursor, struct vector *out, struct error *err)
{
    struct rowset_cursor *self = (struct rowset_cursor *)cursor;

    (void)err;
    *out = (struct vector){.type = PHYS_I64,
                           .shape = VECTOR_SEQUENCE,
                           .count = self->count,
                           .base = (int64_t)self->start + 1};
    return STATUS_OK;
}

static bool rowset_cursor_row_count(struct cursor *cursor, uint64_t *rows)
{
    *rows = rowset_count(((struct rowset_cursor *)cursor)->rowset);
    return true;
}

static void rowset_cursor_close(struct cursor *cursor)
{
    struct rowset_cursor *self = (struct rowset_cursor *)cursor;

    for (uint32_t i = 0; i < self->column_count; i++)
        memory_free(self->memory, self->columns[i].buffer, sizeof(struct vector_buffer));
    memory_free(self->memory, self->heap, self->heap_capacity * sizeof *self->heap);
    memory_free(self->memory, self->columns, self->column_count * sizeof *self->columns);
    arena_free(&self->arena);
    memory_free(self->memory, self, sizeof *self);
}

static const struct cursor_ops rowset_cursor_ops = {.name = "rowset",
                                                    .rewind = rowset_cursor_rewind,
                                                    .next = rowset_cursor_next,
                                                    .column = rowset_cursor_column,
                                                    .rowid = rowset_cursor_rowid,
                                                    .row_count = rowset_cursor_row_count,
                                                    .close = rowset_cursor_close};

enum status vm_slot_rowset_cursor(struct vm *vm, const struct rowset *rowset,
                                  struct cursor **cursor)
{
    struct rowset_cursor *self = memory_zalloc(vm->memory, sizeof *self);

    if (self == NULL)
        return fail_nomem(vm->err);
    self->cursor.ops = &rowset_cursor_ops;
    self->memory = vm->memory;
    self->rowset = rowset;
    self->column_count = rowset_columns(rowset);
    arena_init(&self->arena, vm->memory);
    if (self->column_count > 0)
        self->columns = memory_zalloc(vm->memory, self->column_count * sizeof *self->columns);
    if (self->column_count > 0 && self->columns == NULL) {
        self->column_count = 0;
        rowset_cursor_close(&self->cursor);
        return fail_nomem(vm->err);
    }
    *cursor = &self->cursor;
    return STATUS_OK;
}

void vm_slot_order(struct cursor *cursor, const struct queue_desc *order)
{
    assert(cursor->ops == &rowset_cursor_ops);
    ((struct rowset_cursor *)cursor)->order = order;
}

/* --- slots
 * ----------------------------------------------------------------------------------------- */

static void cursor_close(struct vm_slot *slot)
{
    if (slot->cursor != NULL) {
        slot->batches_skipped += slot->cursor->batches_skipped;
        slot->cursor->ops->close(slot->cursor);
    }
    slot->cursor = NULL;
}

static void bulk_abandon(struct vm_slot *slot)
{
    if (slot->bulk != NULL)
        table_bulk_cancel(slot->bulk);
    slot->bulk = NULL;
    slot->kind = SLOT_FREE;
}

void vm_bulk_cancel(struct vm *vm)
{
    for (uint32_t i = 0; i < vm->program->slot_count; i++)
        if (vm->slots[i].kind == SLOT_BULK)
            bulk_abandon(&vm->slots[i]);
}

void vm_slot_free(struct vm *vm, struct vm_slot *slot)
{
    cursor_close(slot);
    switch ((enum slot_kind)slot->kind) {
    case SLOT_ROWSET:
        rowset_free(slot->rowset);
        break;
    case SLOT_SET:
        row_set_free(slot->set);
        break;
    case SLOT_AGGREGATE:
        aggregate_free(slot->aggregate);
        break;
    case SLOT_SORTER:
        sorter_free(slot->sorter);
        break;
    case SLOT_WINDOW:
        window_free(slot->window);
        break;
    case SLOT_JOIN:
        join_free(slot->join);
        break;
    case SLOT_MEMO:
        memo_free(slot->memo);
        break;
    case SLOT_TUPLES:
        tuples_free(slot->tuples);
        break;
    case SLOT_COUNTS:
        counts_free(slot->counts);
        break;
    case SLOT_RANGE:
        range_free(slot->range);
        break;
    case SLOT_BULK:
        bulk_abandon(slot);
        break;
    case SLOT_FREE:
    case SLOT_CURSOR:
        break;
    }
    memory_free(vm->memory, slot->pairs.probe, sizeof *slot->pairs.probe);
    *slot = (struct vm_slot){.kind = SLOT_FREE, .batches_skipped = slot->batches_skipped};
}

/* Cursors are closed: a snapshot is not held longer than the run.  Objects that hold rows give them
 * back and stay for the next run. */
void vm_slot_clear(struct vm *vm, struct vm_slot *slot)
{
    cursor_close(slot);
    slot->filled = false;
    switch ((enum slot_kind)slot->kind) {
    case SLOT_ROWSET:
        rowset_clear(slot->rowset);
        break;
    case SLOT_SET:
        row_set_clear(slot->set);
        break;
    case SLOT_AGGREGATE:
        aggregate_reset(slot->aggregate);
        break;
    case SLOT_SORTER:
        sorter_reset(slot->sorter, 0);
        break;
    case SLOT_WINDOW:
        window_reset(slot->window);
        break;
    case SLOT_JOIN:
        join_reset(slot->join);
        break;
    case SLOT_MEMO:
    case SLOT_TUPLES:
    case SLOT_COUNTS:
    case SLOT_RANGE:
        vm_slot_free(vm, slot);
        break;
    case SLOT_BULK:
        bulk_abandon(slot);
        break;
    case SLOT_FREE:
    case SLOT_CURSOR:
        break;
    }
}

void vm_describe_slot(const struct vm *vm, int32_t number, char *text, size_t bytes)
{
    const struct vm_slot *slot = &vm->slots[number];

    if (bytes > 0)
        text[0] = '\0';
    switch ((enum slot_kind)slot->kind) {
    case SLOT_CURSOR:
        if (slot->cursor != NULL)
            snprintf(text, bytes, "%s, %llu batches skipped by zone maps", slot->cursor->ops->name,
                     (unsigned long long)(slot->cursor->batches_skipped + slot->batches_skipped));
        break;
    case SLOT_AGGREGATE:
        aggregate_describe(slot->aggregate, text, bytes);
        break;
    case SLOT_JOIN:
        join_describe(slot->join, text, bytes);
        break;
    case SLOT_SORTER:
        snprintf(text, bytes, "%llu rows", (unsigned long long)sorter_count(slot->sorter));
        break;
    case SLOT_WINDOW:
        snprintf(text, bytes, "%llu rows", (unsigned long long)window_count(slot->window));
        break;
    case SLOT_SET:
        snprintf(text, bytes, "%llu rows", (unsigned long long)row_set_count(slot->set));
        break;
    case SLOT_ROWSET:
        snprintf(text, bytes, "%llu rows", (unsigned long long)rowset_count(slot->rowset));
        break;
    case SLOT_MEMO:
        snprintf(text, bytes, "ran %u times", memo_count(slot->memo));
        break;
    case SLOT_TUPLES:
        snprintf(text, bytes, "%u tuples", tuples_count(slot->tuples));
        break;
    case SLOT_RANGE:
        snprintf(text, bytes, "%llu rows", (unsigned long long)range_count(slot->range));
        break;
    default:
        break;
    }
}
