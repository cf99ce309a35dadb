/* batch.c - stoa_fetch_batch: the output batch as plain arrays, column by column.
 *
 * A dense INTEGER or REAL column that is not encoded is handed out as it stands; anything else is
 * decoded into buffers that the statement keeps. */
#include "api/connection.h"

#include <assert.h>
#include <string.h>

struct batch_buffer {
    struct memory            *memory;
    uint32_t                  column_count;
    struct stoa_batch_column *columns;
    struct batch_space {
        _Alignas(64) struct vector_buffer gathered, decoded;
        stoa_cell cells[VECTOR_CAP];
        uint64_t  valid[VECTOR_WORDS];
    } * *spaces; /* [column_count], each made when the column first needs it */
};

void batch_free(stoa_stmt *stmt)
{
    struct batch_buffer *batch = stmt->batch;
    struct memory       *memory;

    if (batch == NULL)
        return;
    memory = batch->memory;
    if (batch->spaces != NULL)
        for (uint32_t c = 0; c < batch->column_count; c++)
            memory_free(memory, batch->spaces[c], sizeof **batch->spaces);
    memory_free(memory, batch->spaces, batch->column_count * sizeof(struct batch_space *));
    memory_free(memory, batch->columns, batch->column_count * sizeof *batch->columns);
    memory_free(memory, batch, sizeof *batch);
    stmt->batch = NULL;
}

static bool batch_prepare(stoa_stmt *stmt)
{
    struct memory       *memory = &stmt->db->memory;
    struct batch_buffer *batch;

    if (stmt->batch != NULL)
        return true;
    batch = memory_zalloc(memory, sizeof *batch);
    if (batch == NULL)
        return false;
    stmt->batch = batch;
    batch->memory = memory;
    batch->column_count = stmt->column_count;
    batch->columns = memory_zalloc(memory, stmt->column_count * sizeof *batch->columns);
    batch->spaces = memory_zalloc(memory, stmt->column_count * sizeof(struct batch_space *));
    if (batch->columns != NULL && batch->spaces != NULL)
        return true;
    batch_free(stmt);
    return false;
}

/* The slot of a NULL row may hold any class.  Texts of large dictionaries lie all over, and the
 * reader will ask for this one soon. */
static inline void cell_set(stoa_cell *cell, const struct value *value)
{
    static const uint8_t types[8] = {[CLASS_NULL] = STOA_NULL,
                                     [CLASS_INTEGER] = STOA_INTEGER,
                                     [CLASS_REAL] = STOA_FLOAT,
                                     [CLASS_TEXT] = STOA_TEXT,
                                     [CLASS_BLOB] = STOA_BLOB};
    static_assert(CLASS_COUNT <= 8, "classes take three bits");

    if (value->class_ >= CLASS_TEXT)
        __builtin_prefetch(value->s);
    memcpy(&cell->u, &value->i, sizeof cell->u);
    cell->bytes = value->bytes;
    cell->type = types[value->class_ & 7];
}

/* Cells of rows of v, a vector of texts, blobs or anything, of any shape; NULL rows are marked. */
static void cells_fill(const struct vector *v, uint32_t rows, stoa_cell *cells)
{
    const struct value *entries = v->values;

#define FILL(slot)                                                                                 \
    for (uint32_t row = 0; row < rows; row++)                                                      \
    cell_set(&cells[row], &entries[slot])
    if (v->shape == VECTOR_CONSTANT)
        FILL(0);
    else if (v->shape != VECTOR_DICT)
        FILL(row);
    else if (v->code_bytes == 1)
        FILL(((const uint8_t *)v->codes)[row]);
    else if (v->code_bytes == 2)
        FILL(((const uint16_t *)v->codes)[row]);
    else
        FILL(((const uint32_t *)v->codes)[row]);
#undef FILL
    for (uint32_t row = 0; v->valid != NULL && row < rows; row++)
        if (!vector_row_valid(v, row))
            cells[row] = (stoa_cell){.type = STOA_NULL};
}

/* Validity of ANY cells as bits; NULL when no row is NULL. */
static const uint64_t *cells_valid(const stoa_cell *cells, uint32_t rows,
                                   uint64_t valid[VECTOR_WORDS])
{
    bool any_null = false;

    bits_fill(valid, rows);
    for (uint32_t row = 0; row < rows; row++)
        if (cells[row].type == STOA_NULL) {
            bits_clear(valid, row);
            any_null = true;
        }
    return any_null ? valid : NULL;
}

/* One column of the batch: its active rows, from row 0 on, in the public form. */
static bool column_export(stoa_stmt *stmt, uint32_t column, struct batch_space *space,
                          stoa_batch_column *out)
{
    struct selection    *sel = stmt->selection;
    struct arena        *arena = vm_result_arena(stmt->vm);
    const struct vector *v = stmt->columns[column];
    struct vector        gathered, decoded;
    enum phys            type;

    if (sel->count < sel->rows && v->shape != VECTOR_CONSTANT) {
        if (!vector_gather(v, selection_list(sel), sel->count, &space->gathered, arena, &gathered))
            return false;
        v = &gathered;
    }
    type = vector_canonical(v);
    *out = (stoa_batch_column){.valid = v->valid};
    if (type == PHYS_I64 || type == PHYS_F64 || v->type == PHYS_DAY32 ||
        (type == PHYS_ANY && v->type != PHYS_ANY)) {
        struct vector sized = *v;

        sized.count = sel->count; /* a constant's own count says nothing */
        if (!vector_decode(&sized, type, NULL, &space->decoded, arena, &decoded))
            return false;
        out->valid = decoded.valid;
        if (type == PHYS_I64 && decoded.shape == VECTOR_FLAT) {
            out->type = STOA_INTEGER;
            out->integers = decoded.values;
            return true;
        }
        if (type == PHYS_F64 && decoded.shape == VECTOR_FLAT) {
            out->type = STOA_FLOAT;
            out->reals = decoded.values;
            return true;
        }
        v = &decoded;
    }
    cells_fill(v, sel->count, space->cells);
    out->type = type == PHYS_TEXT ? STOA_TEXT : type == PHYS_BLOB ? STOA_BLOB : 0;
    out->cells = space->cells;
    if (out->type == 0)
        out->valid = cells_valid(space->cells, sel->count, space->valid);
    return true;
}

static bool batch_export(stoa_stmt *stmt)
{
    if (!batch_prepare(stmt))
        return false;
    for (uint32_t c = 0; c < stmt->column_count; c++) {
        struct batch_space **space = &stmt->batch->spaces[c];

        if (*space == NULL)
            *space = memory_alloc(&stmt->db->memory, sizeof **space);
        if (*space == NULL || !column_export(stmt, c, *space, &stmt->batch->columns[c]))
            return false;
    }
    return true;
}

int stoa_fetch_batch(stoa_stmt *stmt, int *rows, const stoa_batch_column **columns)
{
    enum status status;

    if (rows != NULL)
        *rows = 0;
    if (columns != NULL)
        *columns = NULL;
    if (!statement_ready(stmt) || rows == NULL || columns == NULL)
        return statement_misuse(stmt, "stoa_fetch_batch without a place for its result");
    if (stmt->state == STATEMENT_ON_ROW)
        return statement_misuse(stmt, "stoa_fetch_batch after stoa_step: reset the statement");
    if (stmt->state == STATEMENT_ENDED)
        stoa_reset(stmt);
    status = statement_run(stmt);
    if (status != STATUS_ROW)
        return (int)status & 0xff;
    stmt->state = STATEMENT_ON_BATCH;
    if (!batch_export(stmt)) {
        stoa_reset(stmt);
        return connection_result(stmt->db, STATUS_NOMEM);
    }
    *rows = (int)stmt->selection->count;
    *columns = stmt->batch->columns;
    return STOA_ROW;
}
