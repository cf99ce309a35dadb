/* hash_table_general.c - the tier of hash tables that takes any keys. */
#include "vm/hash_table_general.h"

#include "base/hash.h"
#include "base/number.h"
#include "base/str.h"
#include "vm/hash_table.h"

#include <string.h>

enum {
    GENERAL_SLOTS_MIN = 64,
    GENERAL_KEYS_MIN = 32,
    PREFETCH_AHEAD = 12,
    KEPT_BYTES_MAX = 4 << 20
};
enum { LONG_TEXT_BYTES = 1 << 14 };

void general_init(struct general_table *table, struct memory *memory, uint32_t columns,
                  const uint8_t *collations)
{
    *table = (struct general_table){.memory = memory, .columns = columns, .collations = collations};
    arena_init(&table->texts, memory);
}

static size_t key_bytes(const struct general_table *table, uint64_t keys)
{
    return memory_product(keys, memory_product(table->columns, sizeof(struct value)));
}

void general_free(struct general_table *table)
{
    memory_free(table->memory, table->slots, table->slot_count * sizeof *table->slots);
    memory_free(table->memory, table->hashes, table->capacity * sizeof *table->hashes);
    memory_free(table->memory, table->cells, key_bytes(table, table->capacity));
    arena_free(&table->texts);
    general_init(table, table->memory, table->columns, table->collations);
}

void general_clear(struct general_table *table)
{
    if (table->slot_count * sizeof *table->slots > KEPT_BYTES_MAX) { /* may not be used again */
        memory_free(table->memory, table->slots, table->slot_count * sizeof *table->slots);
        table->slots = NULL;
        table->slot_count = 0;
    }
    if (table->slots != NULL && table->count > 0)
        memset(table->slots, 0, table->slot_count * sizeof *table->slots);
    table->count = 0;
    arena_reset(&table->texts);
}

size_t general_bytes(const struct general_table *table)
{
    return table->slot_count * sizeof *table->slots + table->capacity * sizeof *table->hashes +
           key_bytes(table, table->capacity) + arena_bytes(&table->texts);
}

/* Equal values have equal hashes; differs from value_hash, which also serves other tables. */
static inline uint64_t cell_hash(const struct value *v, enum collation collation)
{
    int64_t i;

    switch (v->class_) {
    case CLASS_NULL:
        return UINT64_C(0x2545f4914f6cdd1d);
    case CLASS_INTEGER:
        return hash_u64((uint64_t)v->i);
    case CLASS_REAL:
        return hash_u64(number_real_is_int(v->r, &i) ? (uint64_t)i : (uint64_t)v->i);
    case CLASS_TEXT:
        if (collation != COLLATION_BINARY)
            return value_hash(v, collation);
        break;
    default:
        break;
    }
    return v->bytes == 0 ? v->class_ : hash_bytes(v->s, v->bytes);
}

static inline bool cell_equal(const struct value *a, const struct value *b,
                              enum collation collation)
{
    if (a->class_ != b->class_)
        return (a->class_ == CLASS_INTEGER || a->class_ == CLASS_REAL) &&
               (b->class_ == CLASS_INTEGER || b->class_ == CLASS_REAL) &&
               value_compare(a, b, collation) == 0;
    switch (a->class_) {
    case CLASS_NULL:
        return true;
    case CLASS_INTEGER:
        return a->i == b->i;
    case CLASS_REAL:
        return a->r == b->r;
    case CLASS_TEXT:
        if (collation != COLLATION_BINARY)
            return value_compare(a, b, collation) == 0;
        break;
    default:
        break;
    }
    return a->bytes == b->bytes && bytes_equal(a->s, b->s, a->bytes);
}

/* A batch of long texts takes long: when work was stopped they are not read any more. */
static uint64_t key_hash(const struct general_table *table, const struct value *cell,
                         enum collation collation)
{
    if (cell->class_ >= CLASS_TEXT && cell->bytes > LONG_TEXT_BYTES &&
        memory_stopped(table->memory))
        return 0;
    return cell_hash(cell, collation);
}

/* False: work was stopped, the hashes say nothing. */
static bool hash_batch(const struct general_table *table, const struct cell_batch *batch,
                       uint64_t *hashes)
{
    for (uint32_t c = 0; c < table->columns; c++) {
        const struct value *cells = batch->cells[c];
        enum collation      collation = table->collations[c];

        if (c == 0)
            for (uint32_t k = 0; k < batch->count; k++)
                hashes[k] = key_hash(table, &cells[batch->rows[k]], collation);
        else
            for (uint32_t k = 0; k < batch->count; k++)
                hashes[k] =
                    hash_combine(hashes[k], key_hash(table, &cells[batch->rows[k]], collation));
    }
    return !memory_stopped(table->memory);
}

static uint64_t slot_tag(uint64_t hash)
{
    return hash & ~(uint64_t)UINT32_MAX;
}

static enum status slots_grow(struct general_table *table, struct error *err)
{
    uint64_t  count = table->slot_count == 0 ? GENERAL_SLOTS_MIN : table->slot_count * 2;
    uint64_t *slots = memory_zalloc(table->memory, memory_product(count, sizeof *slots));

    if (slots == NULL)
        return fail_nomem(err);
    for (uint32_t n = 0; n < table->count; n++) {
        uint64_t i = table->hashes[n] & (count - 1);

        if (n % INTERRUPT_ROWS == 0 && memory_stopped(table->memory)) {
            memory_free(table->memory, slots, memory_product(count, sizeof *slots));
            return memory_poll(table->memory, err);
        }
        while (slots[i] != 0)
            i = (i + 1) & (count - 1);
        slots[i] = slot_tag(table->hashes[n]) | (n + UINT64_C(1));
    }
    memory_free(table->memory, table->slots, table->slot_count * sizeof *slots);
    table->slots = slots;
    table->slot_count = count;
    return STATUS_OK;
}

static enum status keys_grow(struct general_table *table, struct error *err)
{
    uint32_t      capacity = table->capacity == 0                ? GENERAL_KEYS_MIN
                             : table->capacity >= UINT32_MAX / 4 ? UINT32_MAX / 2
                                                                 : table->capacity * 2;
    uint64_t     *hashes;
    struct value *cells;

    if (capacity <= table->capacity)
        return fail(err, STATUS_NOMEM, "more than %u keys in a hash table", UINT32_MAX / 2);
    hashes = memory_alloc(table->memory, capacity * sizeof *hashes);
    cells = memory_alloc(table->memory, key_bytes(table, capacity));
    if (hashes == NULL || cells == NULL) {
        memory_free(table->memory, hashes, capacity * sizeof *hashes);
        memory_free(table->memory, cells, key_bytes(table, capacity));
        return fail_nomem(err);
    }
    if (!memory_copy(table->memory, hashes, table->hashes, table->count * sizeof *hashes) ||
        !memory_copy(table->memory, cells, table->cells, key_bytes(table, table->count))) {
        memory_free(table->memory, hashes, capacity * sizeof *hashes);
        memory_free(table->memory, cells, key_bytes(table, capacity));
        return memory_poll(table->memory, err);
    }
    memory_free(table->memory, table->hashes, table->capacity * sizeof *hashes);
    memory_free(table->memory, table->cells, key_bytes(table, table->capacity));
    table->hashes = hashes;
    table->cells = cells;
    table->capacity = capacity;
    return STATUS_OK;
}

/* Room for more further keys at a load of at most one half. */
static enum status general_reserve(struct general_table *table, uint32_t more, struct error *err)
{
    while (table->count + (uint64_t)more > table->capacity)
        TRY(keys_grow(table, err));
    while ((table->count + (uint64_t)more) * 2 > table->slot_count)
        TRY(slots_grow(table, err));
    return STATUS_OK;
}

static enum status cell_keep(struct general_table *table, const struct value *cell, bool pinned,
                             struct value *out, struct error *err)
{
    *out = *cell;
    if (cell->class_ >= CLASS_TEXT && !pinned && cell->bytes > 0) {
        out->s = arena_copy_text(&table->texts, cell->s, cell->bytes);
        if (out->s == NULL)
            return fail_nomem(err);
    }
    return STATUS_OK;
}

static inline bool row_equal(const struct general_table *table, uint32_t number,
                             const struct cell_batch *batch, uint32_t row)
{
    const struct value *key = table->cells + (size_t)number * table->columns;

    for (uint32_t c = 0; c < table->columns; c++)
        if (!cell_equal(&key[c], &batch->cells[c][row], table->collations[c]))
            return false;
    return true;
}

/* The slot of the row's key, or the empty one where it belongs. */
static inline uint64_t row_slot(const struct general_table *table, const struct cell_batch *batch,
                                uint32_t row, uint64_t hash)
{
    uint64_t mask = table->slot_count - 1, i = hash & mask, slot;

    while ((slot = table->slots[i]) != 0) {
        if (slot_tag(slot) == slot_tag(hash) && row_equal(table, (uint32_t)slot - 1, batch, row))
            break;
        i = (i + 1) & mask;
    }
    return i;
}

enum status general_add(struct general_table *table, const struct cell_batch *batch,
                        uint64_t *hashes, uint32_t *numbers, struct error *err)
{
    TRY(general_reserve(table, batch->count, err));
    if (!hash_batch(table, batch, hashes))
        return memory_poll(table->memory, err);
    for (uint32_t k = 0; k < batch->count; k++) {
        uint32_t row = batch->rows[k];
        uint64_t i;

        if (k + PREFETCH_AHEAD < batch->count)
            __builtin_prefetch(&table->slots[hashes[k + PREFETCH_AHEAD] & (table->slot_count - 1)]);
        i = row_slot(table, batch, row, hashes[k]);
        if (table->slots[i] == 0) {
            struct value *key = table->cells + (size_t)table->count * table->columns;

            for (uint32_t c = 0; c < table->columns; c++)
                TRY(cell_keep(table, &batch->cells[c][row], batch->pinned[c], &key[c], err));
            table->hashes[table->count] = hashes[k];
            table->slots[i] = slot_tag(hashes[k]) | ++table->count;
        }
        numbers[k] = (uint32_t)table->slots[i] - 1;
    }
    return STATUS_OK;
}

void general_find(const struct general_table *table, const struct cell_batch *batch,
                  uint64_t *hashes, uint32_t *numbers)
{
    if (table->count == 0 || !hash_batch(table, batch, hashes)) {
        memset(numbers, 0xff, batch->count * sizeof *numbers);
        return;
    }
    for (uint32_t k = 0; k < batch->count; k++) {
        if (k + PREFETCH_AHEAD < batch->count)
            __builtin_prefetch(&table->slots[hashes[k + PREFETCH_AHEAD] & (table->slot_count - 1)]);
        /* an empty slot is 0, and 0 - 1 is HASH_ABSENT */
        numbers[k] = (uint32_t)table->slots[row_slot(table, batch, batch->rows[k], hashes[k])] - 1;
    }
}
