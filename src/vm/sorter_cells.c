/* sorter_cells.c - the order of rows with any keys: a merge sort that compares cells. */
#include "vm/radix_sort.h"
#include "vm/sorter_order.h"

#include <string.h>

enum {
    RUN_ROWS = 16,     /* sorted by insertion before merging */
    FEW_TIES = 48,     /* compared at once rather than sorted by prefixes */
    PREFIX_LEVELS = 64 /* of 8 bytes; texts that agree for longer are compared */
};

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

uint64_t text_prefix(const struct value *cell, enum collation collation, uint32_t offset,
                     bool *longer)
{
    uint32_t bytes = cell->bytes;
    uint64_t prefix = 0;

    if (collation == COLLATION_RTRIM && cell->class_ == CLASS_TEXT)
        while (bytes > 0 && cell->s[bytes - 1] == ' ')
            bytes--;
    bytes = bytes > offset ? bytes - offset : 0;
    if (bytes > TEXT_PREFIX_BYTES) {
        bytes = TEXT_PREFIX_BYTES;
        *longer = true;
    }
    for (uint32_t i = 0; i < bytes; i++) {
        unsigned char c = (unsigned char)cell->s[offset + i];

        if (collation == COLLATION_NOCASE && cell->class_ == CLASS_TEXT && c >= 'A' && c <= 'Z')
            c |= 0x20;
        if (c == 0)
            *longer = true; /* looks as if the text ended here */
        prefix |= (uint64_t)c << (56 - 8 * i);
    }
    return prefix;
}

struct tie_sort {
    struct cell_order      cells;
    const struct text_key *text;
    struct sort_record    *records, *spare; /* [rows] */
    uint32_t              *rows;            /* [rows] the order */
    uint32_t              *merge_space;     /* [rows] */
};

/* Prefixes of rows first..end - 1 at offset as keys; false: they tell nothing more. */
static bool tie_keys(const struct tie_sort *sort, uint32_t first, uint32_t end, uint32_t offset)
{
    const struct sort_key *key = &sort->cells.keys[sort->text->column];
    bool                   longer = false;
    uint64_t               flip = key->descending ? UINT64_MAX : 0, varying = 0;

    for (uint32_t i = first; i < end; i++) {
        const struct value *cell =
            sort->cells.cells + (size_t)sort->rows[i] * sort->cells.key_count + sort->text->column;

        if (cell->class_ < CLASS_TEXT)
            return false;
        sort->records[i].key = text_prefix(cell, key->collation, offset, &longer) ^ flip;
        sort->records[i].row = sort->rows[i];
        varying |= sort->records[i].key ^ sort->records[first].key;
    }
    return longer || varying != 0;
}

/* Sorts rows first..end - 1, which agree in the text column up to offset. */
static void ties_sort(const struct tie_sort *sort, uint32_t first, uint32_t end, uint32_t offset,
                      unsigned levels)
{
    const struct sort_record *sorted;
    uint32_t                  run_end;

    if (end - first < 2)
        return;
    if (end - first < FEW_TIES || levels == 0 || sort->text->column == UINT32_MAX ||
        !tie_keys(sort, first, end, offset)) {
        merge_sort(&sort->cells, sort->rows + first, sort->merge_space, end - first);
        return;
    }
    sorted = records_sort(sort->records + first, sort->spare + first, end - first);
    if (sorted != sort->records + first)
        memcpy(sort->records + first, sorted, (end - first) * sizeof *sorted);
    for (uint32_t i = first; i < end; i++)
        sort->rows[i] = sort->records[i].row;
    for (; first < end; first = run_end) {
        uint64_t key = sort->records[first].key;

        for (run_end = first + 1; run_end < end && sort->records[run_end].key == key;)
            run_end++;
        ties_sort(sort, first, run_end, offset + TEXT_PREFIX_BYTES, levels - 1);
    }
}

enum status ties_order(const struct rowset *rows, const struct sorter_desc *desc,
                       const struct text_key *text, struct memory *memory,
                       struct sort_record *sorted, struct sort_record *spare, uint32_t *order,
                       struct error *err)
{
    uint32_t        count = (uint32_t)rowset_count(rows), end;
    struct tie_sort sort = {.cells = {NULL, desc->keys, desc->key_count},
                            .text = text,
                            .records = sorted,
                            .spare = spare,
                            .rows = order};
    size_t          space_bytes = count * sizeof *sort.merge_space, bytes;
    struct value   *cells;
    struct arena    texts;
    enum status     status;

    arena_init(&texts, memory);
    sort.merge_space = memory_alloc(memory, space_bytes);
    status = cells_make(rows, desc, memory, &texts, &cells, &bytes, err);
    if (status == STATUS_OK && sort.merge_space == NULL)
        status = fail_nomem(err);
    sort.cells.cells = cells;
    for (uint32_t first = 0; status == STATUS_OK && first < count; first = end) {
        uint64_t key = sorted[first].key;

        for (end = first + 1; end < count && sorted[end].key == key;)
            end++;
        ties_sort(&sort, first, end, text->offset, PREFIX_LEVELS);
    }
    memory_free(memory, cells, bytes);
    memory_free(memory, sort.merge_space, space_bytes);
    arena_free(&texts);
    return status;
}
