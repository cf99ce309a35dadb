/* op_write.c - changes: insert, bulk load, delete, update, schema, export. */
#include "vm/exact.h"

#include <stdlib.h>
#include <string.h>

/* The table that a write_desc means; by name when it was made by this very program. */
static enum status table_of(struct vm *vm, const struct write_desc *desc, struct table **table)
{
    *table = desc->table;
    if (*table == NULL)
        *table = database_find_table(vm->host->database, desc->name);
    if (*table == NULL)
        return fail(vm->err, STATUS_ERROR, "no such table: %s", desc->name);
    return STATUS_OK;
}

static void conflict_note(struct vm *vm, enum conflict conflict)
{
    vm->keep_on_error = conflict == CONFLICT_FAIL;
    vm->end_on_error = conflict == CONFLICT_ROLLBACK;
}

static void changes_add(struct vm *vm, const struct write_desc *desc, uint64_t rows)
{
    if (!desc->counts_changes)
        return;
    vm->counted = true;
    vm->changes += (int64_t)rows;
}

/* --- insert
 * -------------------------------------------------------------------------------------------- */

enum { CELLS_INLINE = 32 };

struct insertion {
    struct table  *table;
    uint32_t       columns;
    uint64_t       rows;     /* inserted so far */
    int64_t        last;     /* rowid of the last */
    struct rowset *returned; /* RETURNING: gets the cells and the rowid of each; NULL: none */
};

static struct value cell_of(const struct vector *v, uint32_t row, char scratch[16])
{
    return vector_is_constant(v) ? vector_constant_value(v, scratch)
                                 : vector_value(v, row, scratch);
}

/* The rowid that r[P3] asks for at a row; *fresh: none, a new one. */
static enum status rowid_wanted(struct vm *vm, const struct op *op, uint32_t row, int64_t *rowid,
                                bool *fresh)
{
    char         scratch[16];
    struct value value = value_null();

    if (op->p3 != 0)
        value = cell_of(vm_vec(vm, op->p3), row, scratch);
    *fresh = value.class_ == CLASS_NULL;
    *rowid = value.i;
    if (!*fresh && value.class_ != CLASS_INTEGER)
        return fail(vm->err, STATUS_MISMATCH, "datatype mismatch");
    return STATUS_OK;
}

/* One row: cells straight to the table's tail. */
static enum status insert_row(struct vm *vm, const struct op *op, struct insertion *into,
                              uint32_t row)
{
    struct value inline_cells[CELLS_INLINE], *cells = inline_cells;
    char         inline_texts[CELLS_INLINE][16], (*texts)[16] = inline_texts;
    int64_t      rowid, last;
    bool         fresh, inserted = false;

    if (into->columns >= CELLS_INLINE) { /* and the rowid */
        cells = arena_alloc(&vm->arena, (into->columns + 1) * sizeof *cells);
        texts = arena_alloc(&vm->arena, into->columns * sizeof *texts);
        if (cells == NULL || texts == NULL)
            return fail_nomem(vm->err);
    }
    for (uint32_t i = 0; i < into->columns; i++)
        cells[i] = cell_of(vm_vec(vm, op->p2 + (int32_t)i), row, texts[i]);
    TRY(rowid_wanted(vm, op, row, &rowid, &fresh));
    TRY(table_append_row(into->table, cells, fresh ? NULL : &rowid, (enum conflict)op->p5,
                         &inserted, &last, vm->err));
    if (!inserted)
        return STATUS_OK;
    into->rows++;
    into->last = last;
    cells[into->columns] = value_int(last);
    return into->returned == NULL ? STATUS_OK : rowset_append_row(into->returned, cells, vm->err);
}

/* The rowids of the active rows as an I64 vector; *mixed if some are NULL, *out is NULL if all. */
static enum status rowid_vector(struct vm *vm, const struct op *op, const struct vector **out,
                                bool *mixed)
{
    struct vector *v = arena_alloc(&vm->arena, sizeof *v);
    int64_t       *rowids = arena_alloc(&vm->arena, vm->sel->rows * sizeof *rowids);
    uint32_t       nulls = 0;

    *out = NULL;
    *mixed = false;
    if (op->p3 == 0 || vector_is_null(vm_vec(vm, op->p3)))
        return STATUS_OK;
    if (v == NULL || rowids == NULL)
        return fail_nomem(vm->err);
    ACTIVE_EACH(vm, row, {
        bool fresh;

        TRY(rowid_wanted(vm, op, row, &rowids[row], &fresh));
        nulls += fresh;
    });
    *mixed = nulls > 0 && nulls < vm->sel->count;
    *v = (struct vector){.type = PHYS_I64, .count = vm->sel->rows, .values = rowids};
    if (nulls == 0)
        *out = v;
    return STATUS_OK;
}

static enum status insert_batch(struct vm *vm, const struct op *op, struct insertion *into)
{
    const struct vector **vectors = vm_vectors(vm, op->p2, into->columns);
    const struct vector  *rowids;
    bool                  mixed;

    if (vectors == NULL)
        return fail_nomem(vm->err);
    TRY(rowid_vector(vm, op, &rowids, &mixed));
    if (mixed || into->returned != NULL) { /* given and new rowids in turn depend on one another */
        ACTIVE_EACH(vm, row, { TRY(insert_row(vm, op, into, row)); });
        return STATUS_OK;
    }
    return table_append(into->table, vectors, rowids, vm->sel, (enum conflict)op->p5, &into->rows,
                        &into->last, vm->err);
}

const struct op *op_Insert(struct vm *vm, const struct op *op)
{
    const struct write_desc *desc = op->p4.desc;
    struct insertion         into = {0};
    enum status              status;

    VM_TRY(vm, table_of(vm, desc, &into.table));
    conflict_note(vm, (enum conflict)op->p5);
    into.columns = table_schema(into.table)->column_count;
    if (desc->returns)
        into.returned = vm_slot_at(vm, desc->returned)->rowset;
    if (vm->sel->count == 1)
        status = insert_row(vm, op, &into, (uint32_t)bits_next(vm->sel->bits, 0, vm->sel->rows));
    else
        status = insert_batch(vm, op, &into);
    changes_add(vm, desc, into.rows); /* OR FAIL keeps the rows before the error */
    if (into.rows > 0 && desc->counts_changes)
        vm->host->state->last_insert_rowid = into.last;
    VM_TRY(vm, status);
    return op + 1;
}

/* --- bulk load
 * ------------------------------------------------------------------------------------------- */

const struct op *op_BulkOpen(struct vm *vm, const struct op *op)
{
    const struct write_desc *desc = op->p4.desc;
    struct vm_slot          *slot = vm_slot_at(vm, op->p1);
    struct table            *table;

    VM_TRY(vm, table_of(vm, desc, &table));
    vm_slot_free(vm, slot);
    VM_TRY(vm, table_bulk_begin(table, &slot->bulk, vm->err));
    slot->kind = SLOT_BULK;
    slot->desc = desc;
    slot->filled = true;
    slot->columns = table_schema(table)->column_count;
    return op + 1;
}

/* table_bulk_append takes all rows of a batch: a batch with inactive rows is gathered first. */
static enum status bulk_vectors(struct vm *vm, const struct vector **vectors, uint32_t columns)
{
    struct vector *dense = arena_alloc(&vm->arena, memory_product(columns, sizeof *dense));

    if (dense == NULL)
        return fail_nomem(vm->err);
    for (uint32_t i = 0; i < columns; i++) {
        struct vector_buffer *buffer;

        if (vector_is_constant(vectors[i]))
            continue;
        buffer = arena_alloc_aligned(&vm->arena, sizeof *buffer, 64);
        if (buffer == NULL || !vector_gather(vectors[i], selection_list(vm->sel), vm->sel->count,
                                             buffer, &vm->arena, &dense[i]))
            return fail_nomem(vm->err);
        vectors[i] = &dense[i];
    }
    return STATUS_OK;
}

const struct op *op_BulkInsert(struct vm *vm, const struct op *op)
{
    struct vm_slot       *slot = vm_slot_at(vm, op->p1);
    const struct vector **vectors = vm_vectors(vm, op->p2, slot->columns);

    if (vectors == NULL)
        return vm_nomem(vm);
    if (vm->sel->count < vm->sel->rows)
        VM_TRY(vm, bulk_vectors(vm, vectors, slot->columns));
    VM_TRY(vm, table_bulk_append(slot->bulk, vectors, vm->sel->count, vm->err));
    return op + 1;
}

const struct op *op_BulkEnd(struct vm *vm, const struct op *op)
{
    struct vm_slot    *slot = vm_slot_at(vm, op->p1);
    struct table_bulk *bulk = slot->bulk;
    uint64_t           rows = 0;

    slot->bulk = NULL; /* the call frees it, whatever its result */
    slot->kind = SLOT_FREE;
    VM_TRY(vm, table_bulk_end(bulk, &rows, vm->err));
    changes_add(vm, slot->desc, rows);
    return op + 1;
}

/* --- delete and update
 * ------------------------------------------------------------------------------------ */

/* Column of a rowset as int64s, in the frame's arena. */
static enum status rowset_ints(struct vm *vm, const struct rowset *rows, uint32_t column,
                               int64_t **out)
{
    uint64_t count = rowset_count(rows);
    int64_t *ints;

    *out = ints = arena_alloc(&vm->arena, memory_product(count, sizeof *ints));
    if (ints == NULL)
        return fail_nomem(vm->err);
    for (uint64_t i = 0; i < count; i++) {
        char         scratch[16];
        struct value value = rowset_value(rows, column, i, scratch);

        if (i % INTERRUPT_ROWS == 0)
            TRY(vm_poll(vm));
        if (value.class_ != CLASS_INTEGER) /* SET of a rowid to what is none */
            return fail(vm->err, STATUS_MISMATCH, "datatype mismatch");
        ints[i] = value.i;
    }
    return STATUS_OK;
}

struct numbered_row {
    int64_t  rowid;
    uint32_t position;
};

enum { COMPARISONS_PER_POLL = 4096 };

struct row_sort {
    struct memory *memory;
    uint32_t       calls;
    bool           stopped; /* all rows are called equal: the sort ends soon */
};

static int numbered_row_order(const void *a, const void *b, void *context)
{
    const struct numbered_row *left = a, *right = b;
    struct row_sort           *sort = context;

    if (++sort->calls % COMPARISONS_PER_POLL == 0)
        sort->stopped = sort->stopped || memory_stopped(sort->memory);
    if (sort->stopped)
        return 0;
    if (left->rowid != right->rowid)
        return left->rowid < right->rowid ? -1 : 1;
    return left->position < right->position ? -1 : left->position > right->position;
}

const struct op *op_RowsetLast(struct vm *vm, const struct op *op)
{
    struct vm_slot      *slot = vm_slot_at(vm, op->p1);
    uint64_t             rows = rowset_count(slot->rowset), count = 0;
    bool                 ascend = true;
    int64_t             *rowids;
    struct numbered_row *order;
    uint32_t            *positions;
    struct row_sort      sort = {.memory = vm->memory};

    VM_TRY(vm, rowset_ints(vm, slot->rowset, 0, &rowids));
    for (uint64_t i = 1; i < rows && ascend; i++)
        ascend = rowids[i - 1] < rowids[i];
    if (ascend)
        return op + 1;
    order = arena_alloc(&vm->arena, memory_product(rows, sizeof *order));
    positions = arena_alloc(&vm->arena, memory_product(rows, sizeof *positions));
    if (order == NULL || positions == NULL)
        return vm_nomem(vm);
    for (uint64_t i = 0; i < rows; i++)
        order[i] = (struct numbered_row){rowids[i], (uint32_t)i};
    qsort_r(order, rows, sizeof *order, numbered_row_order, &sort);
    VM_TRY(vm, vm_poll(vm));
    for (uint64_t i = 0; i < rows; i++)
        if (i + 1 == rows || order[i].rowid != order[i + 1].rowid)
            positions[count++] = order[i].position;
    VM_TRY(vm, rowset_keep(&slot->rowset, positions, count, vm->err));
    return op + 1;
}

const struct op *op_DeleteRows(struct vm *vm, const struct op *op)
{
    const struct write_desc *desc = op->p4.desc;
    const struct rowset     *rows = vm_slot_at(vm, op->p2)->rowset;
    struct table            *table;
    int64_t                 *rowids;
    uint64_t                 deleted = 0;

    VM_TRY(vm, table_of(vm, desc, &table));
    VM_TRY(vm, rowset_ints(vm, rows, 0, &rowids));
    VM_TRY(vm, table_delete(table, rowids, rowset_count(rows), &deleted, vm->err));
    changes_add(vm, desc, deleted);
    return op + 1;
}

const struct op *op_DeleteAll(struct vm *vm, const struct op *op)
{
    const struct write_desc *desc = op->p4.desc;
    struct table            *table;
    uint64_t                 deleted = 0;

    VM_TRY(vm, table_of(vm, desc, &table));
    VM_TRY(vm, table_delete_all(table, &deleted, vm->err));
    changes_add(vm, desc, deleted);
    return op + 1;
}

/* Of the last `rows` rows in slot, for RETURNING, those stay whose bits are set. */
static enum status keep_done(struct vm *vm, struct vm_slot *slot, const uint64_t *done,
                             uint64_t rows)
{
    uint64_t  all = rowset_count(slot->rowset), count = all - rows;
    uint32_t *positions;

    if (bits_count(done, rows) == rows)
        return STATUS_OK;
    positions = arena_alloc(&vm->arena, memory_product(all, sizeof *positions));
    if (positions == NULL)
        return fail_nomem(vm->err);
    for (uint64_t i = 0; i < count; i++)
        positions[i] = (uint32_t)i;
    for (BITS_EACH(i, done, rows))
        positions[count++] = (uint32_t)(all - rows + i);
    return rowset_keep(&slot->rowset, positions, count, vm->err);
}

const struct op *op_TableRow(struct vm *vm, const struct op *op)
{
    const struct row_desc *desc = op->p4.desc;
    uint32_t               row = (uint32_t)bits_next(vm->sel->bits, 0, vm->sel->rows);
    char                   scratch[16];
    int64_t                rowid = cell_of(vm_vec(vm, op->p3), row, scratch).i;

    VM_TRY(vm, vm_poll(vm));
    if (!table_has_row(desc->table, rowid))
        return vm->ops + op->p2;
    for (uint32_t i = 0; i < desc->column_count; i++) {
        char *text = arena_alloc(&vm->arena, 16);

        if (text == NULL)
            return vm_nomem(vm);
        register_constant(vm, vm_reg(vm, op->p1 + (int32_t)i),
                          table_row_cell(desc->table, rowid, desc->columns[i], text));
    }
    return op + 1;
}

const struct op *op_UpdateRows(struct vm *vm, const struct op *op)
{
    const struct write_desc *desc = op->p4.desc;
    const struct rowset     *rows = vm_slot_at(vm, op->p2)->rowset;
    struct table            *table;
    int64_t                 *rowids, *new_rowids = NULL;
    uint64_t                 updated = 0, *done = NULL;
    enum status              status;

    VM_TRY(vm, table_of(vm, desc, &table));
    conflict_note(vm, (enum conflict)op->p5);
    VM_TRY(vm, rowset_ints(vm, rows, 0, &rowids));
    if (desc->sets_rowid)
        VM_TRY(vm, rowset_ints(vm, rows, 1, &new_rowids));
    if (desc->returns) {
        done = arena_zalloc(&vm->arena, bits_words(rowset_count(rows) + 1) * sizeof *done);
        if (done == NULL)
            return vm_nomem(vm);
    }
    status = table_update(table, desc->columns, desc->column_count, rowids, new_rowids, rows,
                          (enum conflict)op->p5, done, &updated, vm->err);
    changes_add(vm, desc, updated); /* OR FAIL keeps the rows before the error */
    VM_TRY(vm, status);
    if (done != NULL)
        VM_TRY(vm, keep_done(vm, vm_slot_at(vm, op->p1), done, rowset_count(rows)));
    return op + 1;
}

/* --- schema
 * ------------------------------------------------------------------------------------------------
 */

const struct op *op_CreateTable(struct vm *vm, const struct op *op)
{
    struct schema_table *schema = (struct schema_table *)(uintptr_t)op->p4.desc;
    enum status          status;

    schema_table_ref(schema); /* the catalog's; the program keeps its own */
    status = database_create_table(vm->host->database, schema, vm->err);
    if (status != STATUS_OK)
        schema_table_unref(schema);
    VM_TRY(vm, status);
    return op + 1;
}

const struct op *op_CreateObject(struct vm *vm, const struct op *op)
{
    const struct object_desc *desc = op->p4.desc;
    enum status               status;

    schema_object_ref(desc->object);
    if (desc->key != NULL)
        status = database_create_index(vm->host->database, desc->table, desc->key, desc->object,
                                       vm->err);
    else
        status = database_create_object(vm->host->database, desc->object, vm->err);
    if (status != STATUS_OK)
        schema_object_unref(desc->object);
    VM_TRY(vm, status);
    return op + 1;
}

const struct op *op_Drop(struct vm *vm, const struct op *op)
{
    struct database *database = vm->host->database;

    if (op->p1 == SCHEMA_TABLE)
        VM_TRY(vm, database_drop_table(database, op->p4.text, vm->err));
    else
        VM_TRY(vm, database_drop_object(database, (enum schema_kind)op->p1, op->p4.text, vm->err));
    return op + 1;
}

/* --- export
 * -------------------------------------------------------------------------------------------------
 */

/* COPY TO writes one file a statement: the writer is the frame's. */
const struct op *op_Export(struct vm *vm, const struct op *op)
{
    struct vm_host       *host = vm->host;
    struct export_writer *writer = vm->exporter;
    const struct vector **vectors;

    if (host->export_open == NULL)
        return vm_stop(vm, fail(vm->err, STATUS_ERROR, "COPY TO is not available here"));
    switch (op->p1) {
    case 0:
        VM_TRY(vm, host->export_open(host, op->p4.desc, &vm->exporter, vm->err));
        break;
    case 1:
        vectors = vm_vectors(vm, op->p2, (uint32_t)op->p3);
        if (vectors == NULL)
            return vm_nomem(vm);
        VM_TRY(vm, host->export_write(writer, vectors, vm->sel, vm->err));
        vm->counted = true;
        vm->changes += vm->sel->count;
        break;
    default:
        vm->exporter = NULL;
        VM_TRY(vm, host->export_close(writer, true, vm->err));
    }
    return op + 1;
}
