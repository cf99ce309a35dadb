/* row_set.c - sets of rows: DISTINCT, IN, and the compound operators. */
#include "vm/aggregate.h"

#include "vm/cells.h"
#include "vm/hash_table.h"

#include <assert.h>
#include <string.h>

struct row_set {
    struct memory     *memory;
    uint32_t           columns;
    struct hash_table *table;   /* key number: order of arrival */
    uint64_t          *removed; /* [removed_words] bit on: the key is no member now; NULL: none */
    size_t             removed_words;
    uint32_t           removed_count;
    bool               has_null;
    struct rowset     *rows; /* made by row_set_rows */
    uint16_t           list[VECTOR_CAP];
    uint32_t           numbers[VECTOR_CAP];
};

enum status row_set_new(struct memory *memory, uint32_t columns, const uint8_t *collations,
                        struct row_set **out, struct error *err)
{
    struct row_set *set = memory_zalloc(memory, sizeof *set);
    enum status     status;

    *out = NULL;
    if (set == NULL)
        return fail_nomem(err);
    set->memory = memory;
    set->columns = columns;
    status = hash_table_new(memory, columns, collations, &set->table, err);
    if (status != STATUS_OK)
        row_set_free(set);
    else
        *out = set;
    return status;
}

static void rows_drop(struct row_set *set)
{
    rowset_free(set->rows);
    set->rows = NULL;
}

static void removed_drop(struct row_set *set)
{
    memory_free(set->memory, set->removed, set->removed_words * sizeof *set->removed);
    set->removed = NULL;
    set->removed_words = 0;
    set->removed_count = 0;
}

void row_set_free(struct row_set *set)
{
    if (set == NULL)
        return;
    hash_table_free(set->table);
    rows_drop(set);
    removed_drop(set);
    memory_free(set->memory, set, sizeof *set);
}

void row_set_clear(struct row_set *set)
{
    hash_table_clear(set->table);
    rows_drop(set);
    removed_drop(set);
    set->has_null = false;
}

uint64_t row_set_count(const struct row_set *set)
{
    return hash_table_count(set->table) - (uint64_t)set->removed_count;
}

bool row_set_has_null(const struct row_set *set)
{
    return set->has_null;
}

static bool is_removed(const struct row_set *set, uint32_t number)
{
    return set->removed_count > 0 && number / 64 < set->removed_words &&
           bits_get(set->removed, number);
}

enum status row_set_add(struct row_set *set, const struct vector *const *columns,
                        const struct selection *sel, uint64_t *fresh, struct error *err)
{
    const uint16_t *rows = selection_rows(sel, set->list);
    uint32_t        next = hash_table_count(set->table);

    if (fresh != NULL)
        memset(fresh, 0, VECTOR_WORDS * sizeof *fresh);
    if (sel->count == 0)
        return STATUS_OK;
    TRY(hash_table_add(set->table, columns, sel, set->numbers, err));
    if (hash_table_count(set->table) > next)
        rows_drop(set);
    if (!set->has_null) {
        uint64_t nulls[VECTOR_WORDS] = {0};

        for (uint32_t c = 0; c < set->columns; c++)
            vector_null_rows(columns[c], sel, nulls);
        set->has_null = bits_next(nulls, 0, sel->rows) < sel->rows;
    }
    if (fresh == NULL && set->removed_count == 0)
        return STATUS_OK;
    for (uint32_t k = 0; k < sel->count; k++) {
        bool is_new = set->numbers[k] == next; /* new keys are numbered in row order */

        if (is_new) {
            next++;
        } else if (is_removed(set, set->numbers[k])) {
            bits_clear(set->removed, set->numbers[k]);
            set->removed_count--;
            is_new = true;
        }
        if (is_new && fresh != NULL)
            bits_set(fresh, rows[k]);
    }
    return STATUS_OK;
}

/* numbers[k] of the active rows, HASH_ABSENT where the row is no member. */
static enum status find_members(struct row_set *set, const struct vector *const *columns,
                                const struct selection *sel, struct error *err)
{
    TRY(hash_table_find(set->table, columns, sel, set->numbers, err));
    for (uint32_t k = 0; set->removed_count > 0 && k < sel->count; k++)
        if (set->numbers[k] != HASH_ABSENT && is_removed(set, set->numbers[k]))
            set->numbers[k] = HASH_ABSENT;
    return STATUS_OK;
}

enum status row_set_find(struct row_set *set, const struct vector *const *columns,
                         const struct selection *sel, uint64_t *found, struct error *err)
{
    const uint16_t *rows = selection_rows(sel, set->list);
    uint64_t        nulls[VECTOR_WORDS] = {0};

    memset(found, 0, VECTOR_WORDS * sizeof *found);
    if (sel->count == 0 || hash_table_count(set->table) == 0)
        return STATUS_OK;
    TRY(find_members(set, columns, sel, err));
    for (uint32_t k = 0; k < sel->count; k++)
        found[rows[k] / 64] |= (uint64_t)(set->numbers[k] != HASH_ABSENT) << (rows[k] % 64);
    for (uint32_t c = 0; c < set->columns; c++)
        vector_null_rows(columns[c], sel, nulls);
    for (size_t w = 0; w < bits_words(sel->rows); w++)
        found[w] &= ~nulls[w];
    return STATUS_OK;
}

static enum status removed_reserve(struct row_set *set, struct error *err)
{
    size_t    words = bits_words(hash_table_count(set->table));
    uint64_t *removed;

    if (words <= set->removed_words)
        return STATUS_OK;
    words = words * 2;
    removed = memory_realloc(set->memory, set->removed, set->removed_words * sizeof *removed,
                             words * sizeof *removed);
    if (removed == NULL)
        return fail_nomem(err);
    memset(removed + set->removed_words, 0, (words - set->removed_words) * sizeof *removed);
    set->removed = removed;
    set->removed_words = words;
    return STATUS_OK;
}

enum status row_set_remove(struct row_set *set, const struct vector *const *columns,
                           const struct selection *sel, uint64_t *removed, struct error *err)
{
    const uint16_t *rows = selection_rows(sel, set->list);

    memset(removed, 0, VECTOR_WORDS * sizeof *removed);
    if (sel->count == 0 || hash_table_count(set->table) == 0)
        return STATUS_OK;
    TRY(removed_reserve(set, err));
    TRY(find_members(set, columns, sel, err));
    for (uint32_t k = 0; k < sel->count; k++) {
        uint32_t number = set->numbers[k];

        if (number == HASH_ABSENT || bits_get(set->removed, number))
            continue; /* no member, or removed by an earlier row of this batch */
        bits_set(set->removed, number);
        set->removed_count++;
        bits_set(removed, rows[k]);
    }
    return STATUS_OK;
}

static bool rows_fill(struct row_set *set, struct vector_buffer *buffers, struct vector *vectors,
                      const struct vector **columns)
{
    struct selection sel;
    uint32_t         keys = hash_table_count(set->table);

    for (uint32_t at = 0; at < keys;) {
        uint32_t n = keys - at < VECTOR_CAP ? keys - at : VECTOR_CAP;

        if (memory_stopped(set->memory))
            return false;
        for (uint32_t k = 0; k < n; k++)
            set->numbers[k] = at + k;
        for (uint32_t c = 0; c < set->columns; c++) {
            hash_table_keys(set->table, c, set->numbers, n, &buffers[c], &vectors[c]);
            columns[c] = &vectors[c];
        }
        selection_all(&sel, n);
        if (rowset_append(set->rows, columns, &sel, NULL) != STATUS_OK)
            return false;
        at += n;
    }
    return true;
}

const struct rowset *row_set_rows(struct row_set *set)
{
    size_t buffer_bytes = memory_product(set->columns, sizeof(struct vector_buffer));
    size_t vector_bytes = set->columns * (sizeof(struct vector) + sizeof(struct vector *));
    struct vector_buffer *buffers;
    struct vector        *vectors;

    if (set->rows != NULL)
        return set->rows;
    buffers = memory_alloc(set->memory, buffer_bytes);
    vectors = memory_alloc(set->memory, vector_bytes);
    set->rows = rowset_new(set->memory, set->columns);
    if (buffers == NULL || vectors == NULL || set->rows == NULL ||
        !rows_fill(set, buffers, vectors, (const struct vector **)(vectors + set->columns)))
        rows_drop(set);
    memory_free(set->memory, buffers, buffer_bytes);
    memory_free(set->memory, vectors, vector_bytes);
    return set->rows;
}

void row_set_describe(const struct row_set *set, char *text, size_t bytes)
{
    hash_table_describe(set->table, text, bytes);
}
