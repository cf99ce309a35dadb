/* hash_table.c - keys to dense numbers: packed into codes while all columns have ordinals and 64
 * bits suffice, a few words then, and cells as soon as a column has no ordinals.  A table goes down
 * these tiers, never up, until it is cleared; numbers stay. */
#include "vm/hash_table.h"

#include "vm/cells.h"
#include "vm/hash_table_general.h"
#include "vm/hash_table_packed.h"
#include "vm/hash_table_wide.h"
#include "vm/sorter_order.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

struct hash_table {
    struct memory *memory;
    uint32_t       columns;
    enum { TIER_PACKED, TIER_WIDE, TIER_GENERAL } tier; /* which of these holds the keys */
    struct packed_table  packed;
    struct wide_table    wide; /* columns 0: not made yet */
    struct general_table general;
    struct arena         scratch; /* of one call */
    /* work space, [columns] and [VECTOR_CAP]: */
    struct vector_buffer **buffers; /* each made on first use */
    const struct value   **cells;
    bool                  *pinned, *binary; /* binary: the column's collation is BINARY */
    uint32_t               numbers[VECTOR_CAP];
    uint64_t               hashes[VECTOR_CAP];
    uint16_t               rows[VECTOR_CAP];
    struct selection       all;
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
    table->wide.memory = memory;
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
    wide_free(&table->wide);
    general_free(&table->general);
    arena_free(&table->scratch);
    memory_free(table->memory, table, sizeof *table + table->columns);
}

void hash_table_clear(struct hash_table *table)
{
    packed_clear(&table->packed);
    if (table->wide.columns > 0)
        wide_clear(&table->wide);
    general_clear(&table->general);
    table->tier = TIER_PACKED;
}

uint32_t hash_table_count(const struct hash_table *table)
{
    return table->tier == TIER_PACKED ? table->packed.count
           : table->tier == TIER_WIDE ? table->wide.count
                                      : table->general.count;
}

void hash_table_expect(struct hash_table *table, uint32_t rows)
{
    table->packed.expected = rows;
}

size_t hash_table_bytes(const struct hash_table *table)
{
    return sizeof *table + packed_bytes(&table->packed) + wide_bytes(&table->wide) +
           general_bytes(&table->general);
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

/* --- rows that are keys of their own ------------------------------------------------------------
 */
bool hash_table_can_spread(const struct hash_table *table)
{
    return table->tier == TIER_PACKED && !table->packed.raw && table->packed.slots != NULL;
}

enum status hash_table_spread(struct hash_table *table, const uint32_t *numbers, uint32_t rows,
                              struct error *err)
{
    assert(hash_table_can_spread(table));
    return packed_spread(&table->packed, numbers, rows, err);
}

enum status hash_table_append(struct hash_table *table, const struct vector *const *columns,
                              const struct selection *sel, bool *fits, struct error *err)
{
    return packed_append(&table->packed, columns, table->binary, sel, fits, err);
}

enum status hash_table_gather(struct hash_table *table, uint32_t *numbers, struct error *err)
{
    return packed_gather(&table->packed, numbers, err);
}

double hash_table_rows_per_key(const struct hash_table *table)
{
    return packed_rows_per_key(&table->packed);
}

enum status hash_table_runs(struct hash_table *table, uint32_t *order, uint64_t *starts,
                            uint32_t *keys, bool *fits, struct error *err)
{
    TRY(packed_order(&table->packed, order, fits, err));
    *fits = *fits && table->packed.sorted.keys != NULL;
    if (*fits)
        *keys = packed_sorted_runs(&table->packed, starts);
    return memory_poll(table->memory, err);
}

/* --- from tier to tier --------------------------------------------------------------------------
 */
static enum status tier_add(struct hash_table *table, int tier, const struct vector *const *columns,
                            const struct selection *sel, uint32_t *numbers, bool *fits,
                            struct error *err)
{
    struct cell_batch batch;

    *fits = true;
    if (tier == TIER_PACKED)
        return packed_add(&table->packed, columns, table->binary, sel, numbers, fits, err);
    if (tier == TIER_WIDE) {
        *fits = table->columns <= WIDE_COLUMNS_MAX;
        if (!*fits)
            return STATUS_OK;
        if (table->wide.columns == 0)
            TRY(wide_init(&table->wide, table->memory, table->columns, err));
        return wide_add(&table->wide, columns, table->binary, sel, numbers, fits, err);
    }
    TRY(batch_cells(table, columns, sel, &batch, err));
    return general_add(&table->general, &batch, table->hashes, numbers, err);
}

/* Adds keys at.. at + n - 1 of the present tier to another, where they get the same numbers. */
static enum status move_keys(struct hash_table *table, int tier, uint32_t at, uint32_t n,
                             struct vector_buffer *buffers, struct vector *keys,
                             const struct vector **columns, bool *fits, struct error *err)
{
    struct selection *all = &table->all;

    selection_all(all, n);
    for (uint32_t k = 0; k < n; k++)
        table->numbers[k] = at + k;
    for (uint32_t c = 0; c < table->columns; c++) {
        hash_table_keys(table, c, table->numbers, n, &buffers[c], &keys[c]);
        columns[c] = &keys[c];
    }
    return tier_add(table, tier, columns, all, table->numbers, fits, err);
}

/* Moves all keys to a further tier; *fits false: it does not take them.  The tier that is left
 * keeps its dictionaries, whose texts are taken over by reference, until the table is freed or
 * cleared. */
static enum status tier_move(struct hash_table *table, int tier, bool *fits, struct error *err)
{
    size_t buffer_bytes = memory_product(table->columns, sizeof(struct vector_buffer));
    size_t vector_bytes = table->columns * (sizeof(struct vector) + sizeof(struct vector *));
    struct vector_buffer *buffers = memory_alloc(table->memory, buffer_bytes);
    struct vector        *keys = memory_alloc(table->memory, vector_bytes);
    uint32_t              count = hash_table_count(table);
    enum status           status = buffers == NULL || keys == NULL ? fail_nomem(err) : STATUS_OK;

    *fits = true;
    for (uint32_t at = 0; status == STATUS_OK && *fits && at < count; at += VECTOR_CAP) {
        status = memory_poll(table->memory, err);
        if (status == STATUS_OK)
            status = move_keys(table, tier, at, count - at < VECTOR_CAP ? count - at : VECTOR_CAP,
                               buffers, keys, (const struct vector **)(keys + table->columns), fits,
                               err);
    }
    memory_free(table->memory, buffers, buffer_bytes);
    memory_free(table->memory, keys, vector_bytes);
    if (status != STATUS_OK || !*fits)
        return status;
    if (table->tier == TIER_PACKED)
        packed_trim(&table->packed);
    else
        wide_trim(&table->wide);
    table->tier = tier;
    return STATUS_OK;
}

/* Down to the first further tier that takes the keys there are; the last one does. */
static enum status tier_next(struct hash_table *table, struct error *err)
{
    bool fits = false;

    for (int tier = table->tier + 1; !fits; tier++)
        TRY(tier_move(table, tier, &fits, err));
    return STATUS_OK;
}

enum status hash_table_add(struct hash_table *table, const struct vector *const *columns,
                           const struct selection *sel, uint32_t *numbers, struct error *err)
{
    for (;;) {
        bool fits;

        TRY(tier_add(table, table->tier, columns, sel, numbers, &fits, err));
        if (fits)
            return STATUS_OK;
        TRY(tier_next(table, err));
    }
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
    if (table->tier == TIER_PACKED)
        TRY(packed_find(&table->packed, columns, table->binary, sel, numbers, &fits, err));
    if (table->tier == TIER_WIDE)
        wide_find(&table->wide, columns, table->binary, sel, numbers, &fits);
    if (fits)
        return STATUS_OK;
    /* what ordinals cannot tell only cells can */
    if (table->tier != TIER_GENERAL)
        TRY(tier_move(table, TIER_GENERAL, &fits, err));
    TRY(batch_cells(table, columns, sel, &batch, err));
    general_find(&table->general, &batch, table->hashes, numbers);
    return STATUS_OK;
}

void hash_table_keys(const struct hash_table *table, uint32_t column, const uint32_t *numbers,
                     uint32_t count, struct vector_buffer *buffer, struct vector *out)
{
    struct value *cells = (struct value *)buffer->values;

    if (table->tier == TIER_PACKED) {
        packed_keys(&table->packed, column, numbers, count, buffer, out);
        return;
    }
    if (table->tier == TIER_WIDE) {
        wide_keys(&table->wide, column, numbers, count, buffer, out);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        cells[i] = table->general.cells[(size_t)numbers[i] * table->columns + column];
    vector_from_cells(buffer, count, out);
}

bool hash_table_sorted_keys(const struct hash_table *table, uint32_t column, uint32_t first,
                            uint32_t count, struct vector_buffer *buffer, struct vector *out)
{
    return table->tier == TIER_PACKED &&
           packed_sorted_keys(&table->packed, column, first, count, buffer, out);
}

void hash_table_prefetch(const struct hash_table *table, const uint32_t *numbers, uint32_t count)
{
    const char *keys;
    size_t      bytes;

    if (table->tier == TIER_PACKED && table->packed.sorted.keys != NULL)
        return;
    if (table->tier == TIER_PACKED) {
        keys = (const char *)table->packed.codes;
        bytes = sizeof *table->packed.codes;
    } else if (table->tier == TIER_WIDE) {
        keys = (const char *)table->wide.words;
        bytes = table->wide.width * sizeof *table->wide.words;
    } else {
        keys = (const char *)table->general.cells;
        bytes = table->columns * sizeof *table->general.cells;
    }
    for (uint32_t i = 0; i < count; i++)
        __builtin_prefetch(keys + bytes * numbers[i]);
}

enum status hash_table_order(struct hash_table *table, uint32_t *order, struct error *err)
{
    if (table->tier == TIER_PACKED) {
        bool fits;

        TRY(packed_order(&table->packed, order, &fits, err));
        if (fits)
            return STATUS_OK;
        TRY(tier_next(table, err));
    }
    if (table->tier == TIER_WIDE)
        return wide_order(&table->wide, order, err);
    return cells_order(table->general.cells, table->general.count, table->collations,
                       table->columns, table->memory, order, err);
}

void hash_table_describe(const struct hash_table *table, char *text, size_t bytes)
{
    const struct packed_table *packed = &table->packed;

    if (table->tier == TIER_GENERAL)
        snprintf(text, bytes, "general hash, %u keys", table->general.count);
    else if (table->tier == TIER_WIDE)
        snprintf(text, bytes, "wide hash, %u keys", table->wide.count);
    else if (packed->direct != NULL)
        snprintf(text, bytes, "direct, %llu slots, %u keys",
                 (unsigned long long)packed->direct_count, packed->count);
    else
        snprintf(text, bytes, "packed hash, %u keys", packed->count);
}
