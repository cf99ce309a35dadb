/* sorter_cells.c - the order of rows with any keys: a merge sort that compares cells. */
#include "vm/ordinal.h"
#include "vm/radix_sort.h"
#include "vm/sorter_order.h"

#include <string.h>

enum {
    RUN_ROWS = 16, /* sorted by insertion before merging */
    MERGE_POLL_ROWS = 4096,
    FEW_TIES = 48,     /* compared at once rather than sorted by prefixes */
    PREFIX_LEVELS = 64 /* of 8 bytes; texts that agree for longer are compared */
};

struct cell_order {
    const struct value    *cells; /* [rows * key_count], row after row */
    const struct sort_key *keys;
    uint32_t               key_count;
    struct memory         *memory; /* asked whether to stop */
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

/* False: stopped; to holds rows, but not each of them once. */
static bool merge(const struct cell_order *order, const uint32_t *from, size_t left_count,
                  size_t count, uint32_t *to)
{
    size_t left = 0, right = left_count;

    for (size_t i = 0; i < count; i++) {
        if (i % MERGE_POLL_ROWS == 0 && memory_stopped(order->memory))
            return false;
        if (right == count ||
            (left < left_count && rows_compare(order, from[left], from[right]) <= 0))
            to[i] = from[left++];
        else
            to[i] = from[right++];
    }
    return true;
}

/* Sorts rows[0..count); spare is as long.  Ends early when work shall stop. */
static void merge_sort(const struct cell_order *order, uint32_t *rows, uint32_t *spare,
                       size_t count)
{
    uint32_t *from = rows, *to = spare;

    for (size_t at = 0; at < count; at += RUN_ROWS) {
        if (at % INTERRUPT_ROWS == 0 && memory_stopped(order->memory))
            return;
        insertion_sort(order, rows + at, count - at < RUN_ROWS ? count - at : RUN_ROWS);
    }
    for (size_t run = RUN_ROWS; run < count; run *= 2) {
        uint32_t *swap = from;

        for (size_t at = 0; at < count; at += 2 * run) {
            size_t length = count - at < 2 * run ? count - at : 2 * run;

            if (!merge(order, from + at, length < run ? length : run, length, to + at))
                return;
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

        TRY(memory_poll(texts->memory, err));
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

/* order = 0..count - 1 sorted by comparisons alone. */
static enum status merge_order(const struct value *cells, uint32_t count,
                               const struct sort_key *keys, uint32_t key_count,
                               struct memory *memory, uint32_t *order, struct error *err)
{
    struct cell_order cell_order = {cells, keys, key_count, memory};
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
    return memory_poll(memory, err);
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
        status = merge_order(cells, (uint32_t)rowset_count(rows), desc->keys, desc->key_count,
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
        if (c == 0) {
            *longer = true; /* looks as if the text ended here */
            if (collation == COLLATION_NOCASE && cell->class_ == CLASS_TEXT)
                break; /* for NOCASE it does */
        }
        prefix |= (uint64_t)c << (56 - 8 * i);
    }
    return prefix;
}

uint64_t cell_number(const struct value *cell, enum collation collation, bool mixed,
                     uint32_t offset, bool *partial)
{
    uint64_t number, kind = 0;

    if (cell->class_ >= CLASS_TEXT) {
        number = text_prefix(cell, collation, offset, partial);
        kind = cell->class_ == CLASS_TEXT ? 1 : 2;
    } else {
        double r = cell->class_ == CLASS_INTEGER ? (double)cell->i : cell->r;

        number = (uint64_t)ordinal_of_real(r + 0.0) ^ UINT64_C(1) << 63; /* -0.0 + 0.0 is 0.0 */
        *partial = *partial || cell->class_ == CLASS_INTEGER;
    }
    if (!mixed)
        return number;
    *partial = true;
    return kind << 62 | number >> 2;
}

enum { SHARED_STRIDE = 256 }; /* compared at a time while all is alike */

uint32_t shared_bytes(const struct value *a, const struct value *b, uint32_t most)
{
    uint32_t n = 0;

    most = b->bytes < most ? b->bytes : most;
    if (most > INTERRUPT_TEXT_LONG && interrupt_cut())
        return 0;
    while (most - n >= SHARED_STRIDE && memcmp(a->s + n, b->s + n, SHARED_STRIDE) == 0) {
        n += SHARED_STRIDE;
        if (n % INTERRUPT_TEXT_PIECE == 0 && interrupt_cut())
            return n;
    }
    while (n < most && a->s[n] == b->s[n])
        n++;
    return n;
}

struct tie_sort {
    struct cell_order      cells;
    const struct text_key *text;
    struct sort_record    *records, *spare; /* [rows] */
    uint32_t              *rows;            /* [rows] the order */
    uint32_t              *merge_space;     /* [rows] */
};

/* Whether NOCASE has read the text up to a NUL before offset: nothing behind it counts. */
static bool ended_before(const struct tie_sort *sort, const struct value *cell, uint32_t offset)
{
    uint32_t held = sort->text->offset,
             from = held > TEXT_PREFIX_BYTES ? held - TEXT_PREFIX_BYTES : 0,
             end = cell->bytes < offset ? cell->bytes : offset;

    return cell->class_ == CLASS_TEXT && from < end &&
           memchr(cell->s + from, '\0', end - from) != NULL;
}

/* Prefixes of rows first..end - 1 at offset as keys; false: they tell nothing more, or they are not
 * of one class (a key that lost bits may have lost those of the class). */
static bool tie_keys(const struct tie_sort *sort, uint32_t first, uint32_t end, uint32_t offset)
{
    const struct sort_key *key = &sort->cells.keys[sort->text->column];
    bool                   longer = false;
    uint64_t               flip = key->descending ? UINT64_MAX : 0, varying = 0;
    enum value_class       class_ = CLASS_NULL;

    for (uint32_t i = first; i < end; i++) {
        const struct value *cell =
            sort->cells.cells + (size_t)sort->rows[i] * sort->cells.key_count + sort->text->column;

        if (cell->class_ < CLASS_TEXT || (i > first && cell->class_ != class_) ||
            (key->collation == COLLATION_NOCASE && ended_before(sort, cell, offset)))
            return false;
        class_ = cell->class_;
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

    if (end - first < 2 || memory_stopped(sort->cells.memory))
        return;
    if (end - first < FEW_TIES || levels == 0 || sort->text->column == UINT32_MAX ||
        !tie_keys(sort, first, end, offset)) {
        merge_sort(&sort->cells, sort->rows + first, sort->merge_space, end - first);
        return;
    }
    sorted =
        records_sort(sort->cells.memory, sort->records + first, sort->spare + first, end - first);
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
    struct tie_sort sort = {.cells = {NULL, desc->keys, desc->key_count, memory},
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
    if (status == STATUS_OK)
        status = memory_poll(memory, err);
    memory_free(memory, cells, bytes);
    memory_free(memory, sort.merge_space, space_bytes);
    arena_free(&texts);
    return status;
}

/* --- groups -------------------------------------------------------------------------------------
 */
/* Are the first cells all texts (or blobs)?  Then *offset bytes are shared by all of them. */
static bool first_texts(struct memory *memory, const struct value *cells, uint32_t count,
                        uint32_t key_count, enum collation collation, uint32_t *offset)
{
    uint32_t shared = cells[0].bytes;

    for (uint32_t i = 0; i < count; i++) {
        const struct value *cell = &cells[(size_t)i * key_count];

        if (i % INTERRUPT_ROWS == 0 && memory_stopped(memory))
            return false;
        if (cell->class_ != cells[0].class_ || cell->class_ < CLASS_TEXT)
            return false;
        shared = shared_bytes(&cells[0], cell, shared);
    }
    *offset =
        collation == COLLATION_RTRIM ? 0 : shared; /* blanks at its end are no part of a text */
    return true;
}

/* Records with the numbers of the first cells as keys; NULL before all. */
static void first_numbers(struct tie_sort *sort, uint32_t count, bool texts,
                          enum collation collation, uint32_t offset)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct value *cell = &sort->cells.cells[(size_t)i * sort->cells.key_count];
        bool                partial = false;
        uint64_t            number = 0;

        if (i % INTERRUPT_ROWS == 0 && memory_stopped(sort->cells.memory))
            return;
        if (cell->class_ != CLASS_NULL)
            number = cell_number(cell, collation, !texts, offset, &partial);

        sort->records[i].key = texts                        ? number
                               : cell->class_ == CLASS_NULL ? 0
                                                            : number + (UINT64_C(1) << 62);
        sort->records[i].row = i;
    }
}

enum { GROUPS_PER_POLL = 64 }; /* of up to RUN_ROWS rows, which are compared with each other */

static void groups_sort(struct tie_sort *sort, uint32_t count, bool texts,
                        const struct text_key *text)
{
    struct sort_record *sorted =
        records_sort(sort->cells.memory, sort->records, sort->spare, count);
    uint32_t end;

    if (sorted != sort->records) {
        sort->spare = sort->records;
        sort->records = sorted;
    }
    for (size_t i = 0, piece; (piece = memory_piece(sort->cells.memory, i, count)) > i;)
        for (; i < piece; i++)
            sort->rows[i] = sorted[i].row;
    for (uint32_t first = 0, groups = 0; first < count; first = end, groups++) {
        uint64_t key = sorted[first].key;

        if (groups % GROUPS_PER_POLL == 0 && memory_stopped(sort->cells.memory))
            return;
        for (end = first + 1; end < count && sorted[end].key == key;)
            end++;
        ties_sort(sort, first, end, texts ? text->offset + TEXT_PREFIX_BYTES : 0, PREFIX_LEVELS);
    }
}

enum status cells_order(const struct value *cells, uint32_t count, const uint8_t *collations,
                        uint32_t key_count, struct memory *memory, uint32_t *order,
                        struct error *err)
{
    size_t           key_bytes = memory_product(key_count, sizeof(struct sort_key));
    size_t           record_bytes = memory_product(count + (size_t)1, sizeof(struct sort_record));
    size_t           space_bytes = (count + (size_t)1) * sizeof(uint32_t);
    struct sort_key *keys = memory_zalloc(memory, key_bytes);
    struct text_key  text = {0};
    struct tie_sort  sort = {
         .cells = {cells, keys, key_count, memory}, .text = &text, .rows = order};
    struct sort_record *records = memory_alloc(memory, record_bytes);
    struct sort_record *spare = memory_alloc(memory, record_bytes);
    enum status         status = STATUS_OK;

    sort.merge_space = memory_alloc(memory, space_bytes);
    if (keys == NULL || records == NULL || spare == NULL || sort.merge_space == NULL) {
        status = fail_nomem(err);
    } else if (count > 0) {
        bool texts = first_texts(memory, cells, count, key_count, collations[0], &text.offset);

        for (uint32_t c = 0; c < key_count; c++)
            keys[c].collation = collations[c];
        sort.records = records;
        sort.spare = spare;
        first_numbers(&sort, count, texts, collations[0], text.offset);
        status = memory_poll(memory, err);
        if (status == STATUS_OK)
            groups_sort(&sort, count, texts, &text);
        if (status == STATUS_OK)
            status = memory_poll(memory, err);
    }
    memory_free(memory, keys, key_bytes);
    memory_free(memory, records, record_bytes);
    memory_free(memory, spare, record_bytes);
    memory_free(memory, sort.merge_space, space_bytes);
    return status;
}
