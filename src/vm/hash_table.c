/* hash_table.c - keys to dense numbers. */
#include "vm/hash_table.h"

#include "vm/cells.h"
#include "vm/hash_table_general.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hash_table {
    struct memory       *memory;
    uint32_t             columns;
    struct general_table general;
    struct arena         scratch; /* of one call */
    /* work space, [columns] and [VECTOR_CAP]: */
    struct vector_buffer **buffers; /* each made on first use */
    const struct value   **cells;
    bool                  *pinned;
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
    if (table->buffers == NULL || table->cells == NULL || table->pinned == NULL) {
        hash_table_free(table);
        return fail_nomem(err);
    }
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
    general_free(&table->general);
    arena_free(&table->scratch);
    memory_free(table->memory, table, sizeof *table + table->columns);
}

void hash_table_clear(struct hash_table *table)
{
    general_clear(&table->general);
}

uint32_t hash_table_count(const struct hash_table *table)
{
    return table->general.count;
}

size_t hash_table_bytes(const struct hash_table *table)
{
    return sizeof *table + general_bytes(&table->general);
}

static enum status batch_cells(struct hash_table *table, const struct vector *const *columns,
                               const struct selection *sel, struct cell_batch *batch,
                               struct error *err)
{
    arena_reset(&table->scratch);
    for (uint32_t c = 0; c < table->columns; c++) {
        struct vector flat;

        if (table->buffers[c] == NULL)
            table->buffers[c] = memory_alloc(table->memory, sizeof *table->buffers[c]);
        if (table->buffers[c] == NULL ||
            !vector_decode(columns[c], PHYS_ANY, sel, table->buffers[c], &table->scratch, &flat))
            return fail_nomem(err);
        table->cells[c] = flat.values;
        table->pinned[c] = vector_texts_pinned(columns[c]);
    }
    *batch = (struct cell_batch){sel->count, selection_rows(sel, table->rows), table->cells,
                                 table->pinned};
    return STATUS_OK;
}

enum status hash_table_add(struct hash_table *table, const struct vector *const *columns,
                           const struct selection *sel, uint32_t *numbers, struct error *err)
{
    struct cell_batch batch;

    TRY(batch_cells(table, columns, sel, &batch, err));
    return general_add(&table->general, &batch, table->hashes, numbers, err);
}

enum status hash_table_find(struct hash_table *table, const struct vector *const *columns,
                            const struct selection *sel, uint32_t *numbers, struct error *err)
{
    struct cell_batch batch;

    TRY(batch_cells(table, columns, sel, &batch, err));
    general_find(&table->general, &batch, table->hashes, numbers);
    return STATUS_OK;
}

void hash_table_keys(const struct hash_table *table, uint32_t column, const uint32_t *numbers,
                     uint32_t count, struct vector_buffer *buffer, struct vector *out)
{
    struct value *cells = (struct value *)buffer->values;

    for (uint32_t i = 0; i < count; i++)
        cells[i] = table->general.cells[(size_t)numbers[i] * table->columns + column];
    vector_from_cells(buffer, count, out);
}

/* --- order --------------------------------------------------------------------------------------
 */
struct order_context {
    const struct general_table *general;
};

static int key_compare(const void *a, const void *b, void *data)
{
    const struct general_table *general = ((struct order_context *)data)->general;
    const struct value *x = general->cells + (size_t) * (const uint32_t *)a * general->columns;
    const struct value *y = general->cells + (size_t) * (const uint32_t *)b * general->columns;

    for (uint32_t c = 0; c < general->columns; c++) {
        int order = value_compare(&x[c], &y[c], general->collations[c]);

        if (order != 0)
            return order;
    }
    return 0;
}

enum status hash_table_order(struct hash_table *table, uint32_t *order, struct error *err)
{
    (void)err;
    for (uint32_t n = 0; n < table->general.count; n++)
        order[n] = n;
    qsort_r(order, table->general.count, sizeof *order, key_compare,
            &(struct order_context){&table->general});
    return STATUS_OK;
}

void hash_table_describe(const struct hash_table *table, char *text, size_t bytes)
{
    snprintf(text, bytes, "general hash, %u keys", table->general.count);
}
