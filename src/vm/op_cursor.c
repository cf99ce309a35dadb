/* op_cursor.c - cursors: opening, moving batch by batch, reading columns. */
#include "vm/machine.h"

#include <inttypes.h>
#include <string.h>

/* A slot for a new cursor: what it held before goes. */
static struct vm_slot *slot_for_cursor(struct vm *vm, int32_t number)
{
    struct vm_slot *slot = vm_slot_at(vm, number);

    if (slot->kind != SLOT_FREE)
        vm_slot_free(vm, slot);
    slot->kind = SLOT_CURSOR;
    slot->filled = true;
    return slot;
}

/* A table that the program trusts is read as it was when the run began, even if others have changed
 * it since the last step.  NULL: it is none. */
static const struct cursor *pinned_cursor(const struct vm *vm, const struct table *table)
{
    for (uint32_t i = 0; i < vm->program->trusted_count; i++)
        if (vm->program->trusted[i].table == table)
            return vm->pinned[i];
    return NULL;
}

const struct op *op_OpenRead(struct vm *vm, const struct op *op)
{
    const struct scan_desc *desc = op->p4.desc;
    struct vm_slot         *slot = slot_for_cursor(vm, op->p1);

    const struct cursor *pinned = pinned_cursor(vm, desc->table);

    if (pinned != NULL)
        VM_TRY(vm, table_cursor_beside(pinned, desc->columns, desc->column_count, &slot->cursor,
                                       vm->err));
    else
        VM_TRY(vm, table_cursor(desc->table, desc->columns, desc->column_count, &slot->cursor,
                                vm->err));
    return op + 1;
}

const struct op *op_OpenSource(struct vm *vm, const struct op *op)
{
    const struct source_desc *desc = op->p4.desc;
    struct vm_slot           *slot = slot_for_cursor(vm, op->p1);
    struct source_arguments   arguments = {.count = (uint32_t)op->p3, .names = desc->names};
    struct value             *values = arena_alloc(&vm->arena, (size_t)op->p3 * sizeof *values);
    char(*texts)[16] = arena_alloc(&vm->arena, (size_t)op->p3 * sizeof *texts);

    if (values == NULL || texts == NULL)
        return vm_nomem(vm);
    for (int32_t i = 0; i < op->p3; i++)
        values[i] = vector_value(vm_vec(vm, op->p2 + i), 0, texts[i]);
    arguments.values = values;
    VM_TRY(vm,
           desc->module->open(&vm->host->sources, desc->state, &arguments, &slot->cursor, vm->err));
    return op + 1;
}

const struct op *op_OpenValues(struct vm *vm, const struct op *op)
{
    VM_TRY(vm,
           values_cursor(vm->memory, op->p4.desc, &slot_for_cursor(vm, op->p1)->cursor, vm->err));
    return op + 1;
}

const struct op *op_OpenRowset(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);

    if (slot->kind == SLOT_ROWSET && slot->columns == (uint32_t)op->p2) {
        if (slot->cursor != NULL)
            slot->cursor->ops->close(slot->cursor);
        slot->cursor = NULL;
        rowset_clear(slot->rowset);
    } else {
        vm_slot_free(vm, slot);
        slot->rowset = rowset_new(vm->memory, (uint32_t)op->p2);
        if (slot->rowset == NULL)
            return vm_nomem(vm);
        slot->kind = SLOT_ROWSET;
        slot->columns = (uint32_t)op->p2;
    }
    slot->filled = true;
    return op + 1;
}

const struct op *op_RowsetInsert(struct vm *vm, const struct op *op)
{
    const struct vector **columns = vm_vectors(vm, op->p2, (uint32_t)op->p3);

    if (columns == NULL)
        return vm_nomem(vm);
    VM_TRY(vm, rowset_append(vm_slot_at(vm, op->p1)->rowset, columns, vm->sel, vm->err));
    return op + 1;
}

const struct op *op_QueueOrder(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);

    if (slot->cursor == NULL)
        VM_TRY(vm, vm_slot_rowset_cursor(vm, slot->rowset, &slot->cursor));
    vm_slot_order(slot->cursor, op->p4.desc);
    return op + 1;
}

/* The rows that a slot holds; NULL: it holds none. */
static const struct rowset *slot_rows(const struct vm_slot *slot)
{
    switch ((enum slot_kind)slot->kind) {
    case SLOT_ROWSET:
        return slot->rowset;
    case SLOT_SET:
        return row_set_rows(slot->set);
    case SLOT_JOIN:
        return join_rows(slot->join);
    case SLOT_TUPLES:
        return tuples_rows(slot->tuples);
    default:
        return NULL;
    }
}

const struct op *op_OpenDup(struct vm *vm, const struct op *op)
{
    const struct rowset *rows = slot_rows(vm_slot_at(vm, op->p2));
    struct vm_slot      *slot = slot_for_cursor(vm, op->p1);

    if (rows == NULL)
        return vm_stop(vm,
                       fail(vm->err, STATUS_INTERNAL, "slot %" PRId32 " holds no rows", op->p2));
    VM_TRY(vm, vm_slot_rowset_cursor(vm, rows, &slot->cursor));
    return op + 1;
}

const struct op *op_Bound(struct vm *vm, const struct op *op)
{
    struct cursor       *cursor = vm_slot_at(vm, op->p1)->cursor;
    const struct vector *v = vm_vec(vm, op->p3);
    char                 scratch[16];
    struct value         value;

    if (cursor->ops->bound == NULL || !vector_is_constant(v))
        return op + 1;
    value = vector_constant_value(v, scratch);
    VM_TRY(vm, cursor->ops->bound(cursor, (uint32_t)op->p2, op->p5, &value, vm->err));
    return op + 1;
}

/* So many rows are sought at most: beside more the whole table is little. */
enum { ROWS_SOUGHT_MAX = 4096 };

const struct op *op_BoundRows(struct vm *vm, const struct op *op)
{
    struct cursor       *cursor = vm_slot_at(vm, op->p1)->cursor;
    const struct rowset *rows = slot_rows(vm_slot_at(vm, op->p3));
    uint64_t             count = rows == NULL ? UINT64_MAX : rowset_count(rows);
    struct value         value = value_null();
    char                 scratch[16];

    if (cursor->ops->bound == NULL || count > ROWS_SOUGHT_MAX)
        return op + 1;
    VM_TRY(vm, cursor->ops->bound(cursor, (uint32_t)op->p2, BOUND_AMONG, &value, vm->err));
    for (uint64_t row = 0; row < count; row++) {
        value = rowset_value(rows, (uint32_t)op->p4.i, row, scratch);
        VM_TRY(vm, cursor->ops->bound(cursor, (uint32_t)op->p2, BOUND_AMONG, &value, vm->err));
    }
    return op + 1;
}

/* --- moving
 * ---------------------------------------------------------------------------------------- */

/* The next batch of the slot's cursor becomes current; *found false at the end. */
static enum status batch_next(struct vm *vm, struct vm_slot *slot, int32_t most, bool *found)
{
    const uint64_t *active = NULL;
    uint32_t        count = 0, cap = vm->host->batch_rows;

    if (most != 0 && (uint32_t)most < cap)
        cap = (uint32_t)most;
    TRY(slot->cursor->ops->next(slot->cursor, cap, &count, &active, vm->err));
    slot->batch_rows = count;
    *found = count > 0;
    if (*found)
        vm_batch(vm, count, active);
    else
        vm_batch_one(vm);
    return STATUS_OK;
}

static enum status slot_cursor_make(struct vm *vm, struct vm_slot *slot)
{
    switch ((enum slot_kind)slot->kind) {
    case SLOT_AGGREGATE:
        return aggregate_cursor(slot->aggregate, &slot->cursor, vm->err);
    case SLOT_SORTER:
        return sorter_cursor(slot->sorter, &slot->cursor, vm->err);
    case SLOT_WINDOW:
        return window_cursor(slot->window, &slot->cursor, vm->err);
    default:
        break;
    }
    if (slot_rows(slot) == NULL)
        return fail(vm->err, STATUS_INTERNAL, "a slot without rows is read");
    return vm_slot_rowset_cursor(vm, slot_rows(slot), &slot->cursor);
}

const struct op *op_Rewind(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);
    bool            found;

    if (slot->cursor == NULL)
        VM_TRY(vm, slot_cursor_make(vm, slot));
    loop_begin(vm, &slot->loop);
    VM_TRY(vm, slot->cursor->ops->rewind(slot->cursor, vm->err));
    VM_TRY(vm, batch_next(vm, slot, op->p3, &found));
    return found ? op + 1 : vm->ops + op->p2;
}

const struct op *op_Next(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);
    bool            found;

    VM_TRY(vm, vm_poll(vm));
    loop_release(vm, &slot->loop);
    VM_TRY(vm, batch_next(vm, slot, op->p3, &found));
    return found ? vm->ops + op->p2 : op + 1;
}

const struct op *op_Again(struct vm *vm, const struct op *op)
{
    vm_batch(vm, vm_slot_at(vm, op->p1)->batch_rows, NULL);
    return op + 1;
}

const struct op *op_SorterSort(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);
    bool            found;

    VM_TRY(vm, sorter_sort(slot->sorter, vm->err));
    if (slot->cursor == NULL)
        VM_TRY(vm, slot_cursor_make(vm, slot));
    loop_begin(vm, &slot->loop);
    VM_TRY(vm, slot->cursor->ops->rewind(slot->cursor, vm->err));
    VM_TRY(vm, batch_next(vm, slot, 0, &found));
    return found ? op + 1 : vm->ops + op->p2;
}

/* A rowid is matched by INTEGER values, and by what INTEGER affinity makes one. */
static bool rowid_of(struct vm *vm, const struct vector *v, int64_t *rowid, bool *failed)
{
    char         scratch[16];
    struct value value = vector_value(v, 0, scratch);

    if (value.class_ == CLASS_TEXT || value.class_ == CLASS_REAL)
        *failed = !value_apply_affinity(&value, AFFINITY_INTEGER, &vm->arena);
    *rowid = value.i;
    return value.class_ == CLASS_INTEGER;
}

const struct op *op_SeekRowid(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);
    int64_t         rowid = 0;
    bool            found = false, failed = false;

    if (slot->cursor->ops->seek_rowid == NULL)
        return vm_stop(
            vm, fail(vm->err, STATUS_INTERNAL, "%s cannot seek a rowid", slot->cursor->ops->name));
    loop_begin(vm, &slot->loop);
    if (rowid_of(vm, vm_vec(vm, op->p3), &rowid, &failed))
        VM_TRY(vm, slot->cursor->ops->seek_rowid(slot->cursor, rowid, &found, vm->err));
    if (failed)
        return vm_nomem(vm);
    if (!found)
        return vm->ops + op->p2;
    vm_batch_one(vm);
    return op + 1;
}

/* --- reading
 * ---------------------------------------------------------------------------------------- */

/* PRAGMA stoa_force: the vector as ANY cells, or flat in its canonical type, as tests want it. */
static enum status column_forced(struct vm *vm, struct vm_register *reg, const struct vector *v)
{
    enum phys             type = vm->host->force_any ? PHYS_ANY : vector_canonical(v);
    struct vector_buffer *buffer = register_buffer(vm, reg, v, NULL);
    struct vector         out;

    if (buffer == NULL)
        return fail_nomem(vm->err);
    if (vector_is_constant(v)) { /* a flat copy of its one value */
        struct value *cells = (struct value *)(void *)buffer->values;
        char          scratch[16];
        struct value  value = vector_constant_value(v, scratch);

        for (uint32_t i = 0; i < vm->sel->rows; i++)
            cells[i] = value;
        reg->v = (struct vector){.type = PHYS_ANY, .count = vm->sel->rows, .values = cells};
        if (value.class_ == CLASS_NULL) {
            memset(buffer->valid, 0, sizeof buffer->valid);
            reg->v.valid = buffer->valid;
        }
        return STATUS_OK;
    }
    if (!vector_decode(v, type, NULL, buffer, &vm->arena, &out))
        return fail_nomem(vm->err);
    reg->v = out;
    reg->v.flags &= (uint8_t)~VECTOR_OF_CURSOR;
    return STATUS_OK;
}

static enum status column_take(struct vm *vm, struct vm_register *reg)
{
    reg->v.flags |= VECTOR_OF_CURSOR;
    if (reg->v.shape == VECTOR_CONSTANT && reg->v.type == PHYS_DAY32) {
        /* as TEXT: registers hold no constant whose text has yet to be written somewhere */
        char scratch[16];

        if (!register_keep(vm, reg, vector_value(&reg->v, 0, scratch)))
            return fail_nomem(vm->err);
    }
    if (unlikely(vm->host->force_any || vm->host->force_flat)) {
        struct vector v = reg->v;

        return column_forced(vm, reg, &v);
    }
    return STATUS_OK;
}

const struct op *op_Column(struct vm *vm, const struct op *op)
{
    struct cursor      *cursor = vm_slot_at(vm, op->p1)->cursor;
    struct vm_register *reg = vm_reg(vm, op->p3);

    VM_TRY(vm, cursor->ops->column(cursor, (uint32_t)op->p2, vm->sel, &reg->v, vm->err));
    VM_TRY(vm, column_take(vm, reg));
    return op + 1;
}

const struct op *op_Rowid(struct vm *vm, const struct op *op)
{
    struct cursor      *cursor = vm_slot_at(vm, op->p1)->cursor;
    struct vm_register *reg = vm_reg(vm, op->p2);

    if (cursor->ops->rowid == NULL) {
        register_constant(vm, reg, value_null());
        return op + 1;
    }
    VM_TRY(vm, cursor->ops->rowid(cursor, &reg->v, vm->err));
    VM_TRY(vm, column_take(vm, reg));
    return op + 1;
}

const struct op *op_RowCount(struct vm *vm, const struct op *op)
{
    struct cursor *cursor = vm_slot_at(vm, op->p1)->cursor;
    uint64_t       rows = 0;

    if (cursor->ops->row_count == NULL || !cursor->ops->row_count(cursor, &rows))
        return vm_stop(vm, fail(vm->err, STATUS_INTERNAL, "%s does not know its number of rows",
                                cursor->ops->name));
    register_constant(vm, vm_reg(vm, op->p2), value_int((int64_t)rows));
    return op + 1;
}

const struct op *op_ColumnFact(struct vm *vm, const struct op *op)
{
    const struct fact_desc *desc = op->p4.desc;
    struct cursor          *cursor = vm_slot_at(vm, op->p1)->cursor;
    char                    scratch[16];
    struct value            value;

    if (cursor->ops->fact == NULL ||
        !cursor->ops->fact(cursor, desc->fact, desc->column, desc->collation, scratch, &value))
        return vm->ops + op->p2;
    if (!register_keep(vm, vm_reg(vm, op->p3), value))
        return vm_nomem(vm);
    return op + 1;
}

const struct op *op_Close(struct vm *vm, const struct op *op)
{
    struct vm_slot *slot = vm_slot_at(vm, op->p1);

    if (slot->kind != SLOT_FREE)
        vm_slot_free(vm, slot);
    return op + 1;
}
