/* aggregate_cursor.c - the groups as a cursor: keys, then a column per call. */
#include "vm/aggregate_rows.h"

#include <assert.h>

struct group_cursor {
    struct cursor          cursor;
    struct aggregate      *aggregate;
    uint32_t               position;  /* groups delivered */
    uint32_t               row;       /* rows read, if they are apart */
    bool                   overflows; /* the next group does */
    uint32_t               count;     /* of the batch */
    struct aggregate      *states;    /* where the states of the batch are, */
    const uint32_t        *numbers;   /* [count] and by which numbers */
    struct vector_buffer **buffers;   /* [columns], each made on first use */
    uint32_t               columns;
    uint32_t               groups[VECTOR_CAP]; /* of the batch: numbers of their keys */
};

static enum status group_cursor_rewind(struct cursor *cursor, struct error *err)
{
    struct group_cursor *c = (struct group_cursor *)cursor;

    (void)err;
    c->position = c->count = c->row = 0;
    c->overflows = false;
    return STATUS_OK;
}

/* A group whose sum overflowed ends the statement, but only when it is reached: those before it are
 * delivered. */
static bool group_overflows(const struct aggregate *aggregate, uint32_t group)
{
    for (uint32_t i = 0; i < aggregate->desc->call_count; i++)
        if (state_overflows(&aggregate->states, &aggregate->parts[i], group))
            return true;
    return false;
}

static bool may_overflow(const struct aggregate *aggregate)
{
    for (uint32_t i = 0; i < aggregate->desc->call_count; i++)
        if (aggregate->desc->calls[i].kind == AGGREGATE_SUM && aggregate->parts[i].form == FORM_SUM)
            return true;
    return false;
}

/* Groups in key order are all over the arrays of keys and states: those of a batch are asked for at
 * once, not one by one by its columns. */
static void groups_prefetch(const struct aggregate *aggregate, const uint32_t *groups,
                            uint32_t count)
{
    const char *records = aggregate->states.records;
    size_t      stride = aggregate->states.stride;

    hash_table_prefetch(aggregate->keys, groups, count);
    if (stride == 0 || stride > 256) /* each call's columns then has lines of its own */
        return;
    for (uint32_t i = 0; i < count; i++) {
        const char *record = records + stride * groups[i];

        for (size_t at = 0; at < stride; at += 64)
            __builtin_prefetch(record + at);
        __builtin_prefetch(record + stride - 1);
    }
}

/* The groups of the next batch, at most cap of them, and where their states are. */
static enum status groups_next(struct group_cursor *c, uint32_t cap, uint32_t *count,
                               struct error *err)
{
    struct aggregate *aggregate = c->aggregate;
    uint32_t          left = aggregate->groups - c->position, n = left < cap ? left : cap;

    if (aggregate_is_apart(aggregate))
        return aggregate_rows_next(aggregate, &c->row, cap, c->groups, count, &c->states,
                                   &c->numbers, err);
    for (uint32_t i = 0; i < n; i++)
        c->groups[i] =
            aggregate->order == NULL ? c->position + i : aggregate->order[c->position + i];
    if (aggregate->order != NULL)
        groups_prefetch(aggregate, c->groups, n);
    c->states = aggregate;
    c->numbers = c->groups;
    *count = n;
    return STATUS_OK;
}

static enum status group_cursor_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                                     const uint64_t **active, struct error *err)
{
    struct group_cursor *c = (struct group_cursor *)cursor;
    uint32_t             left = 0, n;

    if (!c->overflows)
        TRY(groups_next(c, cap, &left, err));
    n = c->overflows || may_overflow(c->states) ? 0 : left;
    while (n < left && !group_overflows(c->states, c->numbers[n]))
        n++;
    c->overflows = c->overflows || n < left;
    if (c->overflows && n == 0)
        return fail(err, STATUS_ERROR, "integer overflow");
    c->position += n;
    c->count = n;
    cursor->rows_read += n;
    *count = n;
    *active = NULL;
    return STATUS_OK;
}

static enum status group_cursor_column(struct cursor *cursor, uint32_t column,
                                       const struct selection *sel, struct vector *out,
                                       struct error *err)
{
    struct group_cursor    *c = (struct group_cursor *)cursor;
    const struct aggregate *aggregate = c->aggregate;

    (void)sel;
    assert(column < c->columns);
    if (c->buffers[column] == NULL)
        c->buffers[column] = memory_alloc(aggregate->memory, sizeof **c->buffers);
    if (c->buffers[column] == NULL)
        return fail_nomem(err);
    if (column < aggregate->desc->key_count) {
        if (aggregate->order == NULL || aggregate->desc->key_descending != NULL ||
            !hash_table_sorted_keys(aggregate->keys, column, c->position - c->count, c->count,
                                    c->buffers[column], out))
            hash_table_keys(aggregate->keys, column, c->groups, c->count, c->buffers[column], out);
        return STATUS_OK;
    }
    state_vector(&c->states->states, &c->states->parts[column - aggregate->desc->key_count],
                 c->numbers, c->count, c->buffers[column], out);
    return STATUS_OK;
}

static bool group_cursor_row_count(struct cursor *cursor, uint64_t *rows)
{
    *rows = ((struct group_cursor *)cursor)->aggregate->groups;
    return true;
}

static void group_cursor_close(struct cursor *cursor)
{
    struct group_cursor *c = (struct group_cursor *)cursor;
    struct memory       *memory = c->aggregate->memory;

    for (uint32_t i = 0; i < c->columns; i++)
        memory_free(memory, c->buffers[i], sizeof **c->buffers);
    memory_free(memory, c->buffers, (c->columns + (size_t)1) * sizeof *c->buffers);
    memory_free(memory, c, sizeof *c);
}

static const struct cursor_ops group_cursor_ops = {.name = "groups",
                                                   .rewind = group_cursor_rewind,
                                                   .next = group_cursor_next,
                                                   .column = group_cursor_column,
                                                   .row_count = group_cursor_row_count,
                                                   .close = group_cursor_close};

enum status aggregate_cursor(struct aggregate *aggregate, struct cursor **cursor, struct error *err)
{
    uint32_t columns = aggregate->desc->key_count + aggregate->desc->call_count;
    size_t   bytes = memory_product(columns + (size_t)1, sizeof(struct vector_buffer *));
    struct group_cursor *c = memory_zalloc(aggregate->memory, sizeof *c);

    *cursor = NULL;
    if (c == NULL)
        return fail_nomem(err);
    c->buffers = memory_zalloc(aggregate->memory, bytes);
    if (c->buffers == NULL) {
        memory_free(aggregate->memory, c, sizeof *c);
        return fail_nomem(err);
    }
    c->cursor.ops = &group_cursor_ops;
    c->aggregate = aggregate;
    c->columns = columns;
    *cursor = &c->cursor;
    return STATUS_OK;
}
