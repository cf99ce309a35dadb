/* hash_table.c - keys to dense numbers: keys are packed into codes while all columns have ordinals,
 * and go to the general tier, once, when one has not. */
#include "vm/hash_table.h"

#include "vm/cells.h"
#include "vm/hash_table_general.h"
#include "vm/hash_table_packed.h"
#include "vm/sorter_order.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct hash_table {
    struct memory       *memory;
    uint32_t             columns;
    bool                 is_general;
    struct packed_table  packed;  /* the keys, unless is_general */
    struct general_table general; /* the keys if is_general */
    struct arena         scratch; /* of one call */
    /* work space, [columns] and [VECTOR_CAP]: */
    struct vector_buffer **buffers; /* each made on first use */
    const struct value   **cells;
    bool                  *pinned, *binary; /* binary: the column's collation is BINARY */
    uint32_t               numbers[VECTOR_CAP];
    uint64_t               hashes[VECTOR_CAP];
    uint16_t               rows[VECTOR_CAP];
    uint8_t                collations[];
};

static void *zalloc_some(struct memory *memory, size_t count, size_t bytes)
{
    return memory_zalloc(memory, memory_product(count == 0 ? 1 : count, bytes));
}

enum status hash_table_new(struct memory *memory, uint32_t columns, const uint8_t *collations,
                           struct hash_table **out, struct error *err)
{
    struct hash_table *table = memory_zalloc(memory, sizeof *table + columns);

    assert(columns > 0);
    *out = NULL;
    if (table == NULL)
        return fail_nomem(err);
    table->memory = memory;
    table->columns = columns;
    if (collations != NULL)
        memcpy(table->collations, collations, columns);
    general_init(&table->general, memory, columns, table->collations);
    arena_init(&table->scratch, memory);
    table->buffers = zalloc_some(memory, columns, sizeof *table->buffers);
    table->cells = zalloc_some(memory, columns, sizeof *table->cells);
    table->pinned = zalloc_some(memory, columns, sizeof *table->pinned);
    table->binary = zalloc_some(memory, columns, sizeof *table->binary);
    if (table->buffers == NULL || table->cells == NULL || table->pinned == NULL ||
        table->binary == NULL || packed_init(&table->packed, memory, columns, NULL) != STATUS_OK) {
        hash_table_free(table);
        return fail_nomem(err);
    }
    for (uint32_t c = 0; c < columns; c++)
        table->binary[c] = table->collations[c] == COLLATION_BINARY;
    *out = table;
    return STATUS_OK;
}

void hash_table_free(struct hash_table *table)
{
    if (table == NULL)
        return;
    for (uint32_t c = 0; table->buffers != NULL && c < table->columns; c++)
        memory_free(table->memory, table->buffers[c], sizeof *table->buffers[c]);
    memory_free(table->memory, table->buffers, table->columns * sizeof *table->buffers);
    memory_free(table->memory, table->cells, table->columns * sizeof *table->cells);
    memory_free(table->memory, table->pinned, table->columns * sizeof *table->pinned);
    memory_free(table->memory, table->binary, table->columns * sizeof *table->binary);
    packed_free(&table->packed);
    general_free(&table->general);
    arena_free(&table->scratch);
    memory_free(table->memory, table, sizeof *table + table->columns);
}

void hash_table_clear(struct hash_table *table)
{
    packed_clear(&table->packed);
    general_clear(&table->general);
    table->is_general = false;
}

uint32_t hash_table_count(const struct hash_table *table)
{
    return table->is_general ? table->general.count : table->packed.count;
}

size_t hash_table_bytes(const struct hash_table *table)
{
    return sizeof *table + packed_bytes(&table->packed) + general_bytes(&table->general);
}

static struct vector_buffer *column_buffer(struct hash_table *table, uint32_t column)
{
    if (table->buffers[column] == NULL)
        table->buffers[column] = memory_alloc(table->memory, sizeof *table->buffers[column]);
    return table->buffers[column];
}

static enum status batch_cells(struct hash_table *table, const struct vector *const *columns,
                               const struct selection *sel, struct cell_batch *batch,
                               struct error *err)
{
    arena_reset(&table->scratch);
    for (uint32_t c = 0; c < table->columns; c++) {
        struct vector_buffer *buffer = column_buffer(table, c);
        struct vector         flat;

        if (buffer == NULL ||
            !vector_decode(columns[c], PHYS_ANY, sel, buffer, &table->scratch, &flat))
            return fail_nomem(err);
        table->cells[c] = flat.values;
        table->pinned[c] = vector_texts_pinned(columns[c]);
    }
    *batch = (struct cell_batch){sel->count, selection_rows(sel, table->rows), table->cells,
                                 table->pinned};
    return STATUS_OK;
}

/* Adds keys at.. at + n - 1 of the packed tier to the general one, where they get the same numbers.
 */
static enum status move_keys(struct hash_table *table, uint32_t at, uint32_t n,
                             struct vector_buffer *buffer, struct error *err)
{
    struct cell_batch batch = {n, table->rows, table->cells, table->pinned};

    for (uint32_t k = 0; k < n; k++) {
        table->rows[k] = (uint16_t)k;
        table->numbers[k] = at + k;
    }
    arena_reset(&table->scratch);
    for (uint32_t c = 0; c < table->columns; c++) {
        struct vector_buffer *cells = column_buffer(table, c);
        struct vector         keys, flat;

        packed_keys(&table->packed, c, table->numbers, n, buffer, &keys);
        if (cells == NULL || !vector_decode(&keys, PHYS_ANY, NULL, cells, &table->scratch, &flat))
            return fail_nomem(err);
        if (flat.values != cells->values)
            memcpy(cells->values, flat.values, n * sizeof(struct value));
        table->cells[c] = (const struct value *)cells->values;
        table->pinned[c] = vector_texts_pinned(&keys);
    }
    return general_add(&table->general, &batch, table->hashes, table->numbers, err);
}

static enum status to_general(struct hash_table *table, struct error *err)
{
    struct vector_buffer *buffer = memory_alloc(table->memory, sizeof *buffer);
    enum status           status = buffer == NULL ? fail_nomem(err) : STATUS_OK;
    uint32_t              count = table->packed.count;

    for (uint32_t at = 0; status == STATUS_OK && at < count; at += VECTOR_CAP)
        status =
            move_keys(table, at, count - at < VECTOR_CAP ? count - at : VECTOR_CAP, buffer, err);
    memory_free(table->memory, buffer, sizeof *buffer);
    /* the packed tier stays until the end: it holds the dictionaries whose texts were taken over */
    table->is_general = status == STATUS_OK;
    return status;
}

enum status hash_table_add(struct hash_table *table, const struct vector *const *columns,
                           const struct selection *sel, uint32_t *numbers, struct error *err)
{
    struct cell_batch batch;
    bool              fits = false;

    if (!table->is_general) {
        TRY(packed_add(&table->packed, columns, table->binary, sel, numbers, &fits, err));
        if (fits)
            return STATUS_OK;
        TRY(to_general(table, err));
    }
    TRY(batch_cells(table, columns, sel, &batch, err));
    return general_add(&table->general, &batch, table->hashes, numbers, err);
}

enum status hash_table_find(struct hash_table *table, const struct vector *const *columns,
                            const struct selection *sel, uint32_t *numbers, struct error *err)
{
    struct cell_batch batch;
    bool              fits = false;

    if (hash_table_count(table) == 0) {
        memset(numbers, 0xff, sel->count * sizeof *numbers);
        return STATUS_OK;
    }
    if (!table->is_general) {
        TRY(packed_find(&table->packed, columns, table->binary, sel, numbers, &fits, err));
        if (fits)
            return STATUS_OK;
        TRY(to_general(table, err));
    }
    TRY(batch_cells(table, columns, sel, &batch, err));
    general_find(&table->general, &batch, table->hashes, numbers);
    return STATUS_OK;
}

void hash_table_keys(const struct hash_table *table, uint32_t column, const uint32_t *numbers,
                     uint32_t count, struct vector_buffer *buffer, struct vector *out)
{
    struct value *cells = (struct value *)buffer->values;

    if (!table->is_general) {
        packed_keys(&table->packed, column, numbers, count, buffer, out);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        cells[i] = table->general.cells[(size_t)numbers[i] * table->columns + column];
    vector_from_cells(buffer, count, out);
}

enum status hash_table_order(struct hash_table *table, uint32_t *order, struct error *err)
{
    size_t           bytes = memory_product(table->columns, sizeof(struct sort_key));
    struct sort_key *keys;
    enum status      status;

    if (!table->is_general) {
        bool fits;

        TRY(packed_order(&table->packed, order, &fits, err));
        if (fits)
            return STATUS_OK;
        TRY(to_general(table, err));
    }
    keys = memory_zalloc(table->memory, bytes);
    if (keys == NULL)
        return fail_nomem(err);
    for (uint32_t c = 0; c < table->columns; c++)
        keys[c].collation = table->collations[c];
    status = cells_order(table->general.cells, table->general.count, keys, table->columns,
                         table->memory, order, err);
    memory_free(table->memory, keys, bytes);
    return status;
}

void hash_table_describe(const struct hash_table *table, char *text, size_t bytes)
{
    const struct packed_table *packed = &table->packed;

    if (table->is_general)
        snprintf(text, bytes, "general hash, %u keys", table->general.count);
    else if (packed->direct != NULL)
        snprintf(text, bytes, "direct, %llu slots, %u keys",
                 (unsigned long long)packed->direct_count, packed->count);
    else
        snprintf(text, bytes, "packed hash, %u keys", packed->count);
}
