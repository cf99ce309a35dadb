/* window_bounds.c - where partitions and peer groups begin. */
#include "vm/window_internal.h"

#include <string.h>

enum { NEW_GROUP = SORT_NEW, NEW_PARTITION = SORT_NEW_HEAD };

/* The cell before the batch, its text kept. */
struct previous {
    struct value cell;
    char         text[16]; /* of a day */
};

static void note_last(struct previous *previous, const struct vector *v, uint32_t row)
{
    char scratch[16];

    previous->cell = vector_value(v, v->shape == VECTOR_CONSTANT ? 0 : row, scratch);
    if (v->type == PHYS_DAY32 && previous->cell.class_ == CLASS_TEXT) {
        memcpy(previous->text, previous->cell.s, previous->cell.bytes);
        previous->cell.s = previous->text;
    }
}

static bool differ(const struct vector *v, uint32_t row, enum collation collation)
{
    char         a_text[16], b_text[16];
    struct value a = vector_value(v, row - 1, a_text), b = vector_value(v, row, b_text);

    return value_compare(&a, &b, collation) != 0;
}

/* levels[row] for the rows of a batch whose predecessor is in the batch too. */
static void mark_within(const struct vector *v, uint32_t count, uint8_t level,
                        enum collation collation, uint8_t *levels)
{
    if (v->shape == VECTOR_CONSTANT)
        return;
    if (v->shape == VECTOR_FLAT && v->type == PHYS_I64) {
        const int64_t *values = v->values;

        for (uint32_t i = 1; i < count; i++) {
            bool a = vector_row_valid(v, i - 1), b = vector_row_valid(v, i);

            if (a != b || (a && values[i] != values[i - 1]))
                levels[i] = levels[i] > level ? levels[i] : level;
        }
        return;
    }
    for (uint32_t i = 1; i < count; i++)
        if (levels[i] < level && differ(v, i, collation))
            levels[i] = level;
}

static enum status mark_column(struct window *window, uint32_t column, uint8_t *levels,
                               struct error *err)
{
    enum collation  collation = window->desc->sort.keys[column].collation;
    uint8_t         level = column < window->desc->partition_count ? NEW_PARTITION : NEW_GROUP;
    struct previous previous = {0};
    struct arena    arena;
    enum status     status = STATUS_OK;

    arena_init(&arena, window->memory);
    for (uint32_t at = 0; status == STATUS_OK && at < window->count; at += VECTOR_CAP) {
        uint32_t      n = window->count - at < VECTOR_CAP ? window->count - at : VECTOR_CAP;
        struct vector v;
        struct value  first;
        char          scratch[16];

        if (!rowset_gather(window->rows, column, window->order + at, n, window->buffer, &arena,
                           &v)) {
            status = fail_nomem(err);
            break;
        }
        first = vector_value(&v, 0, scratch);
        if (at > 0 && levels[at] < level && value_compare(&previous.cell, &first, collation) != 0)
            levels[at] = level;
        mark_within(&v, n, level, collation, levels + at);
        note_last(&previous, &v, n - 1);
        if (previous.cell.class_ >= CLASS_TEXT && v.type != PHYS_DAY32 && previous.cell.bytes > 0) {
            previous.cell.s = arena_copy_text(&window->arena, previous.cell.s, previous.cell.bytes);
            if (previous.cell.s == NULL)
                status = fail_nomem(err);
        }
        arena_reset(&arena);
        if (status == STATUS_OK)
            status = window_work(window, n);
    }
    arena_free(&arena);
    return status;
}

/* *rows = the rows whose level is at least `level`, and count behind them; owned by window. */
static enum status starts(struct window *window, const uint8_t *levels, uint8_t level,
                          uint32_t **rows, uint32_t *count, size_t *bytes, struct error *err)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < window->count; i++) {
        n += levels[i] >= level;
        TRY(window_work(window, 1));
    }
    *bytes = (n + (size_t)1) * sizeof **rows;
    *rows = memory_alloc(window->memory, *bytes);
    if (*rows == NULL)
        return fail_nomem(err);
    *count = n;
    n = 0;
    for (uint32_t i = 0; i < window->count; i++) {
        if (levels[i] >= level)
            (*rows)[n++] = i;
        TRY(window_work(window, 1));
    }
    (*rows)[n] = window->count;
    return STATUS_OK;
}

enum status window_bounds(struct window *window, struct sort_levels *sorted, struct error *err)
{
    enum status status = STATUS_OK;

    sorted->levels[0] = NEW_PARTITION;
    for (uint32_t c = 0; status == STATUS_OK && !sorted->known && c < window->desc->sort.key_count;
         c++)
        status = mark_column(window, c, sorted->levels, err);
    if (status != STATUS_OK)
        return status;
    TRY(starts(window, sorted->levels, NEW_PARTITION, &window->partitions, &window->partition_count,
               &window->partition_bytes, err));
    return starts(window, sorted->levels, NEW_GROUP, &window->groups, &window->group_count,
                  &window->group_bytes, err);
}
