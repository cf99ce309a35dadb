/* op_upsert.c - INSERT ... ON CONFLICT: rows go in one after the other; those for which the other
 * row is to be changed instead come back as the selection.
 *
 * SQLite takes row by row.  Rows that wait for the same clause are handed out together here as long
 * as that makes no difference: each meets another row, and the changes touch no key. */
#include "vm/exact.h"

#include <string.h>

enum { PENDING_SLOTS = 2 * VECTOR_CAP };

struct pending { /* rows of the batch that wait */
    uint64_t rows[VECTOR_WORDS];
    uint32_t count, clause;
    int64_t  others[VECTOR_CAP], rowids[VECTOR_CAP]; /* by row */
    uint16_t slots[PENDING_SLOTS];                   /* rows by their others; row + 1, 0: free */
};

/* False: another waiting row meets the same one. */
static bool pending_add(struct pending *pending, uint32_t row, const struct conflict_answer *answer)
{
    uint64_t hash = (uint64_t)answer->other * UINT64_C(0x9E3779B97F4A7C15);
    uint32_t at = (uint32_t)(hash >> 40) % PENDING_SLOTS;

    if (pending->count > 0 && pending->clause != answer->clause)
        return false;
    for (; pending->slots[at] != 0; at = (at + 1) % PENDING_SLOTS)
        if (pending->others[pending->slots[at] - 1] == answer->other)
            return false;
    pending->slots[at] = (uint16_t)(row + 1);
    pending->others[row] = answer->other;
    pending->rowids[row] = answer->rowid;
    pending->clause = answer->clause;
    pending->count++;
    bits_set(pending->rows, row);
    return true;
}

/* The row in cells, and the rowid that it wants (*fresh: none). */
static enum status read_row(struct vm *vm, const struct op *op, uint32_t columns, uint32_t row,
                            struct value *cells, char (*texts)[16], bool *fresh)
{
    for (uint32_t i = 0; i <= columns; i++) {
        const struct vector *v = vm_vec(vm, op->p3 + (int32_t)i);

        cells[i] = vector_is_constant(v) ? vector_constant_value(v, texts[i])
                                         : vector_value(v, row, texts[i]);
    }
    *fresh = cells[columns].class_ == CLASS_NULL;
    if (!*fresh && cells[columns].class_ != CLASS_INTEGER)
        return fail(vm->err, STATUS_MISMATCH, "datatype mismatch");
    return STATUS_OK;
}

static enum status note_inserted(struct vm *vm, const struct upsert_desc *desc, struct value *cells,
                                 uint32_t columns, int64_t rowid)
{
    vm->counted = true;
    vm->changes++;
    vm->host->state->last_insert_rowid = rowid;
    cells[columns] = value_int(rowid);
    return desc->returns ? rowset_append_row(vm_slot_at(vm, desc->returned)->rowset, cells, vm->err)
                         : STATUS_OK;
}

/* Rows from *position on, until some wait and the next one must not. */
static enum status insert_rows(struct vm *vm, const struct op *op, const struct selection *batch,
                               uint32_t *position, struct pending *pending)
{
    const struct upsert_desc *desc = op->p4.desc;
    uint32_t                  columns = table_schema(desc->table)->column_count;
    struct value             *cells = arena_alloc(&vm->arena, (columns + 1) * sizeof *cells);
    char(*texts)[16] = arena_alloc(&vm->arena, (columns + 1) * sizeof *texts);

    if (cells == NULL || texts == NULL)
        return fail_nomem(vm->err);
    for (; *position < batch->rows; ++*position) {
        struct conflict_answer answer;
        enum status            status;
        bool                   fresh;

        if (!bits_get(batch->bits, *position))
            continue;
        TRY(read_row(vm, op, columns, *position, cells, texts, &fresh));
        status = table_upsert_row(desc->table, cells, fresh ? NULL : &cells[columns].i, desc->rules,
                                  desc->rule_count, &answer, vm->err);
        if (status != STATUS_OK)
            return pending->count > 0 ? STATUS_OK : status; /* those that wait come first */
        if (answer.inserted)
            TRY(note_inserted(vm, desc, cells, columns, answer.rowid));
        if (answer.asked && !pending_add(pending, *position, &answer))
            return STATUS_OK;
        if (answer.asked && desc->one_by_one) {
            ++*position;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

/* rowids[row] at the rows that wait, else anything. */
static enum status rowids_out(struct vm *vm, int32_t number, const int64_t *rowids)
{
    struct vm_register   *reg = vm_reg(vm, number);
    struct vector_buffer *buffer = register_buffer(vm, reg, NULL, NULL);

    if (buffer == NULL)
        return fail_nomem(vm->err);
    memcpy(buffer->values, rowids, vm->sel->rows * sizeof *rowids);
    register_flat(vm, reg, PHYS_I64);
    return STATUS_OK;
}

static enum status column_out(struct vm *vm, int32_t number, const struct upsert_desc *desc,
                              uint32_t column, const struct pending *pending)
{
    struct vm_register   *reg = vm_reg(vm, number);
    struct vector_buffer *buffer = register_buffer(vm, reg, NULL, NULL);
    struct value         *cells;

    if (buffer == NULL)
        return fail_nomem(vm->err);
    cells = (struct value *)(void *)buffer->values;
    for (uint32_t row = 0; row < vm->sel->rows; row++)
        cells[row] = value_null();
    memset(buffer->valid, 0, bits_words(vm->sel->rows) * sizeof buffer->valid[0]);
    for (BITS_EACH(row, pending->rows, vm->sel->rows)) {
        char *text = arena_alloc(&vm->arena, 16);

        if (text == NULL)
            return fail_nomem(vm->err);
        cells[row] = table_row_cell(desc->table, pending->others[row], column, text);
        bits_put(buffer->valid, row, cells[row].class_ != CLASS_NULL);
    }
    register_flat(vm, reg, PHYS_ANY);
    reg->v.valid = buffer->valid;
    return STATUS_OK;
}

const struct op *op_Upsert(struct vm *vm, const struct op *op)
{
    const struct upsert_desc *desc = op->p4.desc;
    const struct selection   *batch = vm->stack[vm->depth - 1];
    struct pending           *pending = arena_zalloc(&vm->arena, sizeof *pending);
    char                      scratch[16];
    uint32_t                  position =
        (uint32_t)vector_constant_value(vm_vec(vm, op->p1 + UPSERT_POSITION), scratch).i;

    if (pending == NULL)
        return vm_nomem(vm);
    VM_TRY(vm, vm_poll(vm));
    vm->keep_on_error = desc->conflict == CONFLICT_FAIL;
    vm->end_on_error = desc->conflict == CONFLICT_ROLLBACK;
    VM_TRY(vm, insert_rows(vm, op, batch, &position, pending));
    if (pending->count == 0)
        return vm->ops + op->p2;
    vm->keep_on_error = vm->end_on_error = false; /* the OR of INSERT is not DO UPDATE's */
    vm_batch(vm, batch->rows, pending->rows);
    register_constant(vm, vm_reg(vm, op->p1 + UPSERT_POSITION), value_int(position));
    register_constant(vm, vm_reg(vm, op->p1 + UPSERT_CLAUSE), value_int(pending->clause));
    VM_TRY(vm, rowids_out(vm, op->p1 + UPSERT_ROWID, pending->rowids));
    VM_TRY(vm, rowids_out(vm, op->p1 + UPSERT_OTHER, pending->others));
    for (uint32_t i = 0; i < desc->column_count; i++)
        VM_TRY(vm, column_out(vm, op->p1 + UPSERT_COLUMNS + (int32_t)i, desc, desc->columns[i],
                              pending));
    return op + 1;
}
