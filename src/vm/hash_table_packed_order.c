/* hash_table_packed_order.c - packed keys as vectors, and in their order. */
#include "vm/hash_table.h"
#include "vm/hash_table_packed.h"
#include "vm/radix_sort.h"

#include <assert.h>
#include <string.h>

/* --- keys ---------------------------------------------------------------------------------------
 */
/* digits[i], a code, becomes its digit of the column.  What lowest and highest column save is a
 * constant where this is called. */
static inline __attribute__((always_inline)) void digits_split(const struct packed_column *column,
                                                               uint32_t count, bool lowest,
                                                               bool highest, uint64_t *digits)
{
    uint64_t stride = column->stride, radix = column->span + 1;
    uint64_t stride_inverse = column->stride_inverse, radix_inverse = column->radix_inverse;

    for (uint32_t i = 0; i < count; i++) {
        uint64_t digit = digits[i];

        if (!lowest)
            digit = divide(digit, stride, stride_inverse);
        if (!highest)
            digit -= divide(digit, radix, radix_inverse) * radix;
        digits[i] = digit;
    }
}

/* The codes in digits become digits of the column. */
static void digits_of(const struct packed_column *column, uint32_t count, bool highest,
                      uint64_t *digits)
{
    bool lowest = column->stride == 1;

    if (lowest && highest)
        digits_split(column, count, true, true, digits);
    else if (lowest)
        digits_split(column, count, true, false, digits);
    else if (highest)
        digits_split(column, count, false, true, digits);
    else
        digits_split(column, count, false, false, digits);
}

/* Digits of a column with values, 0 for NULL, become ordinals. */
static bool digits_finish(const struct packed_column *layout, uint32_t count, uint64_t *digits,
                          uint64_t *valid)
{
    bool     has_null = false;
    uint64_t shift = (uint64_t)layout->lo - 1;

    for (uint32_t i = 0; i < count; i++)
        has_null |= digits[i] == 0;
    for (uint32_t i = 0; has_null && i < count; i++)
        if (digits[i] == 0) {
            bits_clear(valid, i);
            digits[i] = 1;
        }
    for (uint32_t i = 0; i < count; i++)
        digits[i] += shift;
    return has_null;
}

static bool raw_ordinals(const struct packed_table *table, const uint32_t *numbers, uint32_t count,
                         int64_t *ordinals, uint64_t *valid)
{
    bool has_null = false;

    for (uint32_t i = 0; i < count; i++) {
        bool null = numbers[i] == table->null_number;

        ordinals[i] = null ? 0 : (int64_t)table->codes[numbers[i]];
        if (null)
            bits_clear(valid, i);
        has_null |= null;
    }
    return has_null;
}

void packed_keys(const struct packed_table *table, uint32_t column, const uint32_t *numbers,
                 uint32_t count, struct vector_buffer *buffer, struct vector *out)
{
    const struct packed_column *layout = &table->layout[column];
    uint64_t                   *digits = (uint64_t *)buffer->values;
    bool                        has_null, values = !table->raw && layout->span > 0;

    bits_fill(buffer->valid, count);
    if (table->raw) {
        has_null = raw_ordinals(table, numbers, count, (int64_t *)digits, buffer->valid);
    } else {
        for (uint32_t i = 0; i < count; i++)
            digits[i] = values ? table->codes[numbers[i]] : 0;
        if (values)
            digits_of(layout, count, column == 0, digits);
        has_null = digits_finish(layout, count, digits, buffer->valid);
    }
    ordinal_vector(&layout->domain, buffer, count, has_null, values ? layout->lo : 1,
                   values ? (int64_t)((uint64_t)layout->lo + layout->span - 1) : 0, out);
}

/* --- order --------------------------------------------------------------------------------------
 */
/* Codes in key order: the digits of dictionary codes become ranks, in radices of their own. */
struct key_order {
    const uint32_t **ranks;   /* [columns] by code; NULL: the digit is in order as it is */
    uint64_t        *strides; /* [columns] */
    uint64_t        *radices; /* [columns] */
    bool             ranked;  /* some column has ranks */
};

/* *fits false: the ranked codes need more than 64 bits. */
static enum status key_order_make(const struct packed_table *table, struct key_order *order,
                                  bool *fits, struct error *err)
{
    uint64_t stride = 1;

    *fits = true;
    for (uint32_t c = table->columns; c-- > 0;) {
        const struct packed_column *column = &table->layout[c];
        uint64_t                    radix = column->span + 1;

        order->ranks[c] = NULL;
        order->strides[c] = stride;
        if (column->domain.kind == ORDINAL_CODE) {
            struct dictionary *dictionary = (struct dictionary *)column->domain.dictionary;

            /* of the whole dictionary: those are likely to be there already */
            order->ranks[c] = dictionary_ranks(dictionary, dictionary_count(dictionary));
            if (order->ranks[c] == NULL)
                return fail_nomem(err);
            order->ranked = true;
            radix = dictionary_count(dictionary) + UINT64_C(1);
        }
        order->radices[c] = radix;
        if (!table->raw && __builtin_mul_overflow(stride, radix, &stride))
            *fits = false;
    }
    return STATUS_OK;
}

static uint64_t code_sort_key(const struct packed_table *table, const struct key_order *order,
                              uint64_t code)
{
    uint64_t key = 0;

    if (table->raw)
        return code ^ UINT64_C(1) << 63;
    for (uint32_t c = 0; c < table->columns; c++) {
        uint64_t digit = code_digit(&table->layout[c], code);

        if (digit > 0 && order->ranks[c] != NULL)
            digit = order->ranks[c][digit - 1] + UINT64_C(1);
        key += digit * order->strides[c];
    }
    return key;
}

/* --- keys in order ------------------------------------------------------------------------------
 */
void packed_sorted_drop(struct packed_table *table)
{
    struct packed_sorted *sorted = &table->sorted;
    struct memory        *memory = table->memory;

    for (uint32_t c = 0; sorted->entries != NULL && sorted->columns != NULL && c < table->columns;
         c++)
        memory_free(memory, sorted->entries[c],
                    sorted->columns[c].span * sizeof *sorted->entries[c]);
    memory_free(memory, sorted->entries, table->columns * sizeof *sorted->entries);
    memory_free(memory, sorted->columns, table->columns * sizeof *sorted->columns);
    memory_free(memory, sorted->keys, sorted->count * sizeof *sorted->keys);
    *sorted = (struct packed_sorted){.keys = NULL};
}

/* The layout of codes in key order; false: memory. */
static bool sorted_layout(struct packed_table *table, const struct key_order *order)
{
    struct packed_sorted *sorted = &table->sorted;

    for (uint32_t c = 0; c < table->columns; c++) {
        struct packed_column *column = &sorted->columns[c];

        *column = (struct packed_column){
            .lo = table->layout[c].lo, .span = table->layout[c].span, .stride = order->strides[c]};
        if (order->ranks[c] != NULL) {
            uint32_t entries = (uint32_t)(order->radices[c] - 1);

            column->lo = 0;
            column->span = entries;
            sorted->entries[c] = memory_alloc(table->memory, entries * sizeof *sorted->entries[c]);
            if (sorted->entries[c] == NULL)
                return false;
            for (uint32_t code = 0; code < entries; code++)
                sorted->entries[c][order->ranks[c][code]] = code;
        }
        column->stride_inverse = UINT64_MAX / column->stride;
        column->radix_inverse = UINT64_MAX / (column->span + 1);
    }
    return true;
}

/* Place for the keys in their order; NULL: they are not kept so. */
static uint64_t *sorted_keys_new(struct packed_table *table, const struct key_order *order)
{
    struct packed_sorted *sorted = &table->sorted;
    struct memory        *memory = table->memory;

    packed_sorted_drop(table);
    if (table->raw)
        return NULL;
    sorted->count = table->count;
    sorted->keys = memory_alloc(memory, memory_product(table->count, sizeof *sorted->keys));
    sorted->columns = memory_zalloc(memory, table->columns * sizeof *sorted->columns);
    sorted->entries = memory_zalloc(memory, table->columns * sizeof *sorted->entries);
    if (sorted->keys == NULL || sorted->columns == NULL || sorted->entries == NULL ||
        !sorted_layout(table, order))
        packed_sorted_drop(table);
    return sorted->keys;
}

uint32_t packed_sorted_runs(struct packed_table *table, uint64_t *starts)
{
    uint64_t *keys = table->sorted.keys;
    uint32_t  runs = 0;

    for (size_t i = 0, end; (end = memory_piece(table->memory, i, table->count)) > i;)
        for (; i < end; i++) {
            uint64_t key = keys[i];
            bool     start = i == 0 || key != keys[runs - 1];

            starts[i / 64] |= (uint64_t)start << (i % 64);
            runs += start;
            keys[runs - 1] = key;
        }
    return runs;
}

bool packed_sorted_keys(const struct packed_table *table, uint32_t column, uint32_t first,
                        uint32_t count, struct vector_buffer *buffer, struct vector *out)
{
    const struct packed_sorted *sorted = &table->sorted;
    const struct packed_column *layout = &table->layout[column];
    uint64_t                   *digits = (uint64_t *)buffer->values;
    const uint32_t             *entries;
    bool                        has_null;

    if (sorted->keys == NULL || layout->span == 0)
        return false;
    entries = sorted->entries[column];
    memcpy(digits, sorted->keys + first, count * sizeof *digits);
    digits_of(&sorted->columns[column], count, column == 0, digits);
    bits_fill(buffer->valid, count);
    has_null = digits_finish(&sorted->columns[column], count, digits, buffer->valid);
    for (uint32_t i = 0; entries != NULL && i < count; i++)
        digits[i] = entries[digits[i]];
    ordinal_vector(&layout->domain, buffer, count, has_null, layout->lo,
                   (int64_t)((uint64_t)layout->lo + layout->span - 1), out);
    return true;
}

static enum status order_by_sort(struct packed_table *table, const struct key_order *key_order,
                                 uint32_t *order, struct error *err)
{
    size_t              bytes = memory_product(table->count, sizeof(struct sort_record));
    struct sort_record *records = memory_alloc(table->memory, bytes);
    struct sort_record *spare = memory_alloc(table->memory, bytes), *sorted;
    uint32_t            n = 0, nulls = table->null_number != HASH_ABSENT;
    uint64_t           *keys;

    if (records == NULL || spare == NULL) {
        memory_free(table->memory, records, bytes);
        memory_free(table->memory, spare, bytes);
        return fail_nomem(err);
    }
    for (uint32_t number = 0; number < table->count; number++) {
        uint64_t code = table->codes[number];

        if (number % INTERRUPT_ROWS == 0 && memory_stopped(table->memory))
            break;
        if (number == table->null_number)
            continue;
        records[n++] = (struct sort_record){
            key_order->ranked || table->raw ? code_sort_key(table, key_order, code) : code, number};
    }
    sorted = records_sort(table->memory, records, spare, n);
    if (nulls)
        order[0] = table->null_number;
    keys = sorted_keys_new(table, key_order);
    for (size_t i = 0, end; (end = memory_piece(table->memory, i, n)) > i;)
        for (; i < end; i++) {
            order[nulls + i] = sorted[i].row;
            if (keys != NULL)
                keys[i] = sorted[i].key;
        }
    memory_free(table->memory, records, bytes);
    memory_free(table->memory, spare, bytes);
    return memory_poll(table->memory, err);
}

enum status packed_order(struct packed_table *table, uint32_t *order, bool *fits, struct error *err)
{
    size_t           bytes = table->columns * (sizeof(uint32_t *) + 2 * sizeof(uint64_t));
    struct key_order key_order = {.ranks = memory_alloc(table->memory, bytes)};
    uint32_t         n = 0;
    enum status      status;

    *fits = true;
    if (key_order.ranks == NULL)
        return fail_nomem(err);
    key_order.strides = (uint64_t *)(key_order.ranks + table->columns);
    key_order.radices = key_order.strides + table->columns;
    status = key_order_make(table, &key_order, fits, err);
    if (status == STATUS_OK && *fits && table->count > 0) {
        if (!key_order.ranked && table->direct != NULL &&
            table->direct_count / 16 <= table->count) {
            for (uint64_t code = 0; code < table->direct_count; code++) {
                if (code % INTERRUPT_ROWS == 0 && memory_stopped(table->memory))
                    break;
                if (table->direct[code] != 0)
                    order[n++] = table->direct[code] - 1;
            }
            status = memory_poll(table->memory, err);
            assert(n == table->count || status != STATUS_OK);
        } else {
            status = order_by_sort(table, &key_order, order, err);
        }
    }
    memory_free(table->memory, key_order.ranks, bytes);
    return status;
}
