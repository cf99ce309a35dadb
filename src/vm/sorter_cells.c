/* sorter_cells.c - the order of rows with any keys: a merge sort that compares cells. */
#include "vm/radix_sort.h"
#include "vm/sorter_order.h"

#include <string.h>

enum { RUN_ROWS = 16 }; /* sorted by insertion before merging */

struct cell_order {
    const struct value    *cells; /* [rows * key_count], row after row */
    const struct sort_key *keys;
    uint32_t               key_count;
};

static int rows_compare(const struct cell_order *order, uint32_t a, uint32_t b)
{
    uint32_t            keys = order->key_count;
    const struct value *x = order->cells + (size_t)a * keys, *y = order->cells + (size_t)b * keys;

    for (uint32_t c = 0; c < keys; c++) {
        const struct sort_key *key = &order->keys[c];
        bool x_null = x[c].class_ == CLASS_NULL, y_null = y[c].class_ == CLASS_NULL;
        int  sign;

        if (x_null || y_null) {
            if (x_null && y_null)
                continue;
            return x_null == key->nulls_last ? 1 : -1;
        }
        sign = value_compare(&x[c], &y[c], key->collation);
        if (sign != 0)
            return key->descending ? -sign : sign;
    }
    return 0;
}

static void insertion_sort(const struct cell_order *order, uint32_t *rows, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint32_t row = rows[i];
        size_t   at = i;

        for (; at > 0 && rows_compare(order, rows[at - 1], row) > 0; at--)
            rows[at] = rows[at - 1];
        rows[at] = row;
    }
}

static void merge(const struct cell_order *order, const uint32_t *from, size_t left_count,
                  size_t count, uint32_t *to)
{
    size_t left = 0, right = left_count;

    for (size_t i = 0; i < count; i++)
        if (right == count ||
            (left < left_count && rows_compare(order, from[left], from[right]) <= 0))
            to[i] = from[left++];
        else
            to[i] = from[right++];
}

/* Sorts rows[0..count); spare is as long. */
static void merge_sort(const struct cell_order *order, uint32_t *rows, uint32_t *spare,
                       size_t count)
{
    uint32_t *from = rows, *to = spare;

    for (size_t at = 0; at < count; at += RUN_ROWS)
        insertion_sort(order, rows + at, count - at < RUN_ROWS ? count - at : RUN_ROWS);
    for (size_t run = RUN_ROWS; run < count; run *= 2) {
        uint32_t *swap = from;

        for (size_t at = 0; at < count; at += 2 * run) {
            size_t length = count - at < 2 * run ? count - at : 2 * run;

            merge(order, from + at, length < run ? length : run, length, to + at);
        }
        from = to;
        to = swap;
    }
    if (from != rows)
        memcpy(rows, from, count * sizeof *rows);
}

/* The key columns of all rows as cells; texts made on the way are put in texts. */
static enum status cells_fill(const struct rowset *rows, const struct sorter_desc *desc,
                              struct vector_buffer *buffer, struct arena *texts,
                              struct value *cells, struct error *err)
{
    uint64_t count = rowset_count(rows);
    uint64_t valid[VECTOR_WORDS];

    for (uint64_t start = 0; start < count; start += VECTOR_CAP) {
        uint32_t n = count - start < VECTOR_CAP ? (uint32_t)(count - start) : VECTOR_CAP;

        for (uint32_t c = 0; c < desc->key_count; c++) {
            struct vector       view, flat;
            const struct value *column;
            struct value       *out = cells + start * desc->key_count + c;

            rowset_view(rows, c, start, n, valid, &view);
            if (!vector_decode(&view, PHYS_ANY, NULL, buffer, texts, &flat))
                return fail_nomem(err);
            column = flat.values;
            for (uint32_t i = 0; i < n; i++)
                out[(size_t)i * desc->key_count] = column[i];
        }
    }
    return STATUS_OK;
}

enum status cells_order(const struct value *cells, uint32_t count, const struct sort_key *keys,
                        uint32_t key_count, struct memory *memory, uint32_t *order,
                        struct error *err)
{
    struct cell_order cell_order = {cells, keys, key_count};
    uint32_t         *spare;

    for (uint32_t row = 0; row < count; row++)
        order[row] = row;
    if (count < 2 || key_count == 0)
        return STATUS_OK;
    spare = memory_alloc(memory, count * sizeof *spare);
    if (spare == NULL)
        return fail_nomem(err);
    merge_sort(&cell_order, order, spare, count);
    memory_free(memory, spare, count * sizeof *spare);
    return STATUS_OK;
}

/* All keys as cells, in *cells (bytes long, owned by the caller); texts made on the way in texts.
 */
static enum status cells_make(const struct rowset *rows, const struct sorter_desc *desc,
                              struct memory *memory, struct arena *texts, struct value **cells,
                              size_t *bytes, struct error *err)
{
    struct vector_buffer *buffer = memory_alloc(memory, sizeof *buffer);
    enum status           status;

    *bytes = memory_product(rowset_count(rows) * desc->key_count + 1, sizeof **cells);
    *cells = memory_alloc(memory, *bytes);
    status = *cells == NULL || buffer == NULL ? fail_nomem(err)
                                              : cells_fill(rows, desc, buffer, texts, *cells, err);
    memory_free(memory, buffer, sizeof *buffer);
    return status;
}

enum status rows_order(const struct rowset *rows, const struct sorter_desc *desc,
                       struct memory *memory, uint32_t *order, struct error *err)
{
    struct value *cells;
    size_t        bytes;
    struct arena  texts;
    enum status   status;

    arena_init(&texts, memory);
    status = cells_make(rows, desc, memory, &texts, &cells, &bytes, err);
    if (status == STATUS_OK)
        status = cells_order(cells, (uint32_t)rowset_count(rows), desc->keys, desc->key_count,
                             memory, order, err);
    memory_free(memory, cells, bytes);
    arena_free(&texts);
    return status;
}

enum status ties_order(const struct rowset *rows, const struct sorter_desc *desc,
                       struct memory *memory, const struct sort_record *sorted, uint32_t *order,
                       struct error *err)
{
    uint32_t          count = (uint32_t)rowset_count(rows), end;
    size_t            spare_bytes = count * sizeof(uint32_t), bytes;
    struct cell_order cell_order = {NULL, desc->keys, desc->key_count};
    uint32_t         *spare = memory_alloc(memory, spare_bytes);
    struct value     *cells;
    struct arena      texts;
    enum status       status;

    arena_init(&texts, memory);
    status = cells_make(rows, desc, memory, &texts, &cells, &bytes, err);
    if (status == STATUS_OK && spare == NULL)
        status = fail_nomem(err);
    cell_order.cells = cells;
    for (uint32_t first = 0; status == STATUS_OK && first < count; first = end) {
        for (end = first + 1; end < count && sorted[end].key == sorted[first].key;)
            end++;
        merge_sort(&cell_order, order + first, spare, end - first);
    }
    memory_free(memory, cells, bytes);
    memory_free(memory, spare, spare_bytes);
    arena_free(&texts);
    return status;
}
