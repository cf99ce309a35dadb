/* aggregate.c - grouping and aggregation of batches. */
#include "vm/aggregate.h"

#include "vm/aggregate_state.h"
#include "vm/cells.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { GROUPS_MIN = 16 };

struct aggregate {
    struct memory               *memory;
    const struct aggregate_desc *desc;
    struct hash_table           *keys;  /* NULL without keys: group 0 is all */
    struct aggregate_part       *parts; /* [desc->call_count] */
    struct state_array           states;
    struct arena                 texts;
    uint32_t                     groups, capacity; /* records in use, allocated */
    uint32_t                    *order; /* after finish: groups as delivered; NULL: by number */
    uint32_t                     order_count;
    struct arena                 scratch; /* of one call in one batch */
    /* of the current batch: */
    uint32_t             numbers[VECTOR_CAP]; /* groups of the active rows */
    uint32_t             picked_groups[VECTOR_CAP];
    uint16_t             rows[VECTOR_CAP], picked_rows[VECTOR_CAP];
    int32_t              row_groups[VECTOR_CAP]; /* by row, for DISTINCT */
    struct selection     picked_sel;
    struct vector_buffer argument, separator;
};

/* --- lifetime -----------------------------------------------------------------------------------
 */
static enum status part_init(struct aggregate *aggregate, struct aggregate_part *part,
                             const struct aggregate_call *call, struct error *err)
{
    uint8_t collations[2] = {COLLATION_BINARY, (uint8_t)call->collation};

    part->call = call;
    part->offset = (uint32_t)aggregate->states.stride;
    aggregate->states.stride += state_bytes(call->kind);
    if (!call->distinct)
        return STATUS_OK;
    return aggregate->desc->key_count == 0
               ? hash_table_new(aggregate->memory, 1, collations + 1, &part->distinct, err)
               : hash_table_new(aggregate->memory, 2, collations, &part->distinct, err);
}

static enum status parts_init(struct aggregate *aggregate, struct error *err)
{
    const struct aggregate_desc *desc = aggregate->desc;

    aggregate->parts = memory_zalloc(
        aggregate->memory, memory_product(desc->call_count + (size_t)1, sizeof *aggregate->parts));
    if (aggregate->parts == NULL)
        return fail_nomem(err);
    for (uint32_t i = 0; i < desc->call_count; i++)
        TRY(part_init(aggregate, &aggregate->parts[i], &desc->calls[i], err));
    for (uint32_t i = 0; i < desc->call_count; i++) {
        const struct aggregate_call *call = &desc->calls[i];
        struct aggregate_part       *leader;

        if (call->kind != AGGREGATE_BARE || !call->follows_extreme || call->extreme < 0)
            continue;
        leader = &aggregate->parts[call->extreme];
        assert(leader->call->kind == AGGREGATE_MIN || leader->call->kind == AGGREGATE_MAX);
        if (leader->took == NULL)
            leader->took = memory_zalloc(aggregate->memory, VECTOR_WORDS * sizeof(uint64_t));
        if (leader->took == NULL)
            return fail_nomem(err);
    }
    return STATUS_OK;
}

/* Without keys there is a group before the first row. */
static enum status groups_reserve(struct aggregate *aggregate, uint32_t groups, struct error *err)
{
    size_t   stride = aggregate->states.stride;
    uint64_t capacity = aggregate->capacity;
    char    *records;

    if (groups > capacity) {
        capacity = groups == 1 ? 1 : capacity * 2 < GROUPS_MIN ? GROUPS_MIN : capacity * 2;
        if (capacity < groups)
            capacity = groups;
        if (capacity > UINT32_MAX)
            capacity = UINT32_MAX;
        if (stride > 0) {
            records =
                memory_realloc(aggregate->memory, aggregate->states.records,
                               aggregate->capacity * stride, memory_product(capacity, stride));
            if (records == NULL)
                return fail_nomem(err);
            aggregate->states.records = records;
        }
        aggregate->capacity = (uint32_t)capacity;
    }
    if (groups > aggregate->groups && stride > 0)
        memset(aggregate->states.records + aggregate->groups * stride, 0,
               (groups - aggregate->groups) * stride);
    if (groups > aggregate->groups)
        aggregate->groups = groups;
    return STATUS_OK;
}

static enum status aggregate_init(struct aggregate *aggregate, struct error *err)
{
    const struct aggregate_desc *desc = aggregate->desc;

    TRY(parts_init(aggregate, err));
    if (desc->key_count == 0)
        return groups_reserve(aggregate, 1, err);
    return hash_table_new(aggregate->memory, desc->key_count, desc->key_collations,
                          &aggregate->keys, err);
}

enum status aggregate_new(struct memory *memory, const struct aggregate_desc *desc,
                          struct aggregate **out, struct error *err)
{
    struct aggregate *aggregate = memory_zalloc(memory, sizeof *aggregate);
    enum status       status;

    *out = NULL;
    if (aggregate == NULL)
        return fail_nomem(err);
    aggregate->memory = memory;
    aggregate->desc = desc;
    arena_init(&aggregate->texts, memory);
    arena_init(&aggregate->scratch, memory);
    aggregate->states.texts = &aggregate->texts;
    status = aggregate_init(aggregate, err);
    if (status != STATUS_OK)
        aggregate_free(aggregate);
    else
        *out = aggregate;
    return status;
}

static void order_drop(struct aggregate *aggregate)
{
    memory_free(aggregate->memory, aggregate->order,
                aggregate->order_count * sizeof *aggregate->order);
    aggregate->order = NULL;
    aggregate->order_count = 0;
}

void aggregate_free(struct aggregate *aggregate)
{
    if (aggregate == NULL)
        return;
    for (uint32_t i = 0; aggregate->parts != NULL && i < aggregate->desc->call_count; i++) {
        hash_table_free(aggregate->parts[i].distinct);
        memory_free(aggregate->memory, aggregate->parts[i].took, VECTOR_WORDS * sizeof(uint64_t));
    }
    memory_free(aggregate->memory, aggregate->parts,
                (aggregate->desc->call_count + (size_t)1) * sizeof *aggregate->parts);
    hash_table_free(aggregate->keys);
    memory_free(aggregate->memory, aggregate->states.records,
                aggregate->capacity * aggregate->states.stride);
    order_drop(aggregate);
    arena_free(&aggregate->texts);
    arena_free(&aggregate->scratch);
    memory_free(aggregate->memory, aggregate, sizeof *aggregate);
}

void aggregate_reset(struct aggregate *aggregate)
{
    for (uint32_t i = 0; i < aggregate->desc->call_count; i++)
        if (aggregate->parts[i].distinct != NULL)
            hash_table_clear(aggregate->parts[i].distinct);
    order_drop(aggregate);
    arena_reset(&aggregate->texts);
    aggregate->groups = 0;
    if (aggregate->keys != NULL) {
        hash_table_clear(aggregate->keys);
    } else {
        aggregate->groups = 1; /* its record was allocated by aggregate_new */
        if (aggregate->states.stride > 0)
            memset(aggregate->states.records, 0, aggregate->states.stride);
    }
}

/* --- step ---------------------------------------------------------------------------------------
 */
static enum status cells_of(struct aggregate *aggregate, const struct vector *v,
                            const struct selection *sel, struct vector_buffer *buffer,
                            const struct value **cells, struct error *err)
{
    struct vector flat;

    if (!vector_decode(v, PHYS_ANY, sel, buffer, &aggregate->scratch, &flat))
        return fail_nomem(err);
    *cells = flat.values;
    return STATUS_OK;
}

/* picked = the rows of picked for which the condition is true. */
static enum status pick_filtered(struct aggregate *aggregate, const struct vector *condition,
                                 const struct selection *sel, struct picked *picked,
                                 struct error *err)
{
    const struct value *cells = NULL;
    uint32_t            n = 0;

    TRY(cells_of(aggregate, condition, sel, &aggregate->argument, &cells, err));
    for (uint32_t k = 0; k < picked->count; k++) {
        uint16_t row = picked->rows[k];
        uint32_t group = picked->groups[k];

        aggregate->picked_rows[n] = row;
        aggregate->picked_groups[n] = group;
        n += value_truth(&cells[row]) == 1;
    }
    *picked = (struct picked){n, aggregate->picked_rows, aggregate->picked_groups};
    return STATUS_OK;
}

/* picked = the rows of picked whose (group, argument) is new to the call. */
static enum status pick_distinct(struct aggregate *aggregate, const struct aggregate_part *part,
                                 const struct vector *argument, uint32_t batch_rows,
                                 struct picked *picked, struct error *err)
{
    struct vector        groups = {.type = PHYS_I32,
                                   .shape = VECTOR_FLAT,
                                   .count = batch_rows,
                                   .values = aggregate->row_groups};
    const struct vector *columns[2] = {&groups, argument};
    struct selection    *sel = &aggregate->picked_sel;
    uint32_t             next = hash_table_count(part->distinct), n = 0;
    uint32_t            *numbers = (uint32_t *)aggregate->separator.values;

    sel->rows = batch_rows;
    sel->count = picked->count;
    sel->listed = true;
    memset(sel->bits, 0, sizeof sel->bits);
    for (uint32_t k = 0; k < picked->count; k++) {
        uint16_t row = picked->rows[k];

        sel->list[k] = row;
        bits_set(sel->bits, row);
        aggregate->row_groups[row] = (int32_t)picked->groups[k];
    }
    TRY(hash_table_add(part->distinct, aggregate->keys == NULL ? columns + 1 : columns, sel,
                       numbers, err));
    for (uint32_t k = 0; k < picked->count; k++) {
        uint16_t row = picked->rows[k];
        uint32_t group = picked->groups[k];

        aggregate->picked_rows[n] = row;
        aggregate->picked_groups[n] = group;
        if (numbers[k] == next) { /* new keys are numbered in row order */
            next++;
            n++;
        }
    }
    *picked = (struct picked){n, aggregate->picked_rows, aggregate->picked_groups};
    return STATUS_OK;
}

static enum status part_step(struct aggregate *aggregate, const struct aggregate_part *part,
                             const struct vector *const *arguments, const struct selection *sel,
                             const struct picked *all, struct error *err)
{
    const struct aggregate_call *call = part->call;
    const struct vector         *v = call->argument < 0 ? NULL : arguments[call->argument];
    const struct value          *argument = NULL, *separator = NULL;
    struct picked                picked = *all;
    bool                         pinned = v != NULL && vector_texts_pinned(v);

    arena_reset(&aggregate->scratch);
    if (part->took != NULL)
        memset(part->took, 0, VECTOR_WORDS * sizeof *part->took);
    if (call->filter >= 0)
        TRY(pick_filtered(aggregate, arguments[call->filter], sel, &picked, err));
    if (part->distinct != NULL)
        TRY(pick_distinct(aggregate, part, v, sel->rows, &picked, err));
    if (v != NULL)
        TRY(cells_of(aggregate, v, sel, &aggregate->argument, &argument, err));
    if (call->separator >= 0)
        TRY(cells_of(aggregate, arguments[call->separator], sel, &aggregate->separator, &separator,
                     err));
    if (call->kind == AGGREGATE_BARE)
        return state_step_bare(&aggregate->states, part, &picked, argument,
                               call->follows_extreme && call->extreme >= 0
                                   ? aggregate->parts[call->extreme].took
                                   : NULL,
                               pinned, err);
    return state_step(&aggregate->states, part, &picked, argument, separator, pinned,
                      &aggregate->scratch, err);
}

enum status aggregate_step(struct aggregate *aggregate, const struct vector *const *keys,
                           const struct vector *const *arguments, const struct selection *sel,
                           struct error *err)
{
    const struct aggregate_desc *desc = aggregate->desc;
    struct picked all = {sel->count, selection_rows(sel, aggregate->rows), aggregate->numbers};

    assert(aggregate->order == NULL);
    if (sel->count == 0)
        return STATUS_OK;
    if (aggregate->keys != NULL) {
        TRY(hash_table_add(aggregate->keys, keys, sel, aggregate->numbers, err));
        TRY(groups_reserve(aggregate, hash_table_count(aggregate->keys), err));
    }
    for (uint32_t i = 0; i < desc->call_count; i++)
        if (desc->calls[i].kind != AGGREGATE_BARE)
            TRY(part_step(aggregate, &aggregate->parts[i], arguments, sel, &all, err));
    for (uint32_t i = 0; i < desc->call_count; i++) /* these need to know what min and max took */
        if (desc->calls[i].kind == AGGREGATE_BARE)
            TRY(part_step(aggregate, &aggregate->parts[i], arguments, sel, &all, err));
    return STATUS_OK;
}

enum status aggregate_finish(struct aggregate *aggregate, struct error *err)
{
    order_drop(aggregate);
    if (aggregate->keys == NULL || !aggregate->desc->sorted || aggregate->groups == 0)
        return STATUS_OK;
    aggregate->order =
        memory_alloc(aggregate->memory, aggregate->groups * sizeof *aggregate->order);
    if (aggregate->order == NULL)
        return fail_nomem(err);
    aggregate->order_count = aggregate->groups;
    return hash_table_order(aggregate->keys, aggregate->order, err);
}

void aggregate_describe(const struct aggregate *aggregate, char *text, size_t bytes)
{
    if (aggregate->keys == NULL)
        snprintf(text, bytes, "one group");
    else
        hash_table_describe(aggregate->keys, text, bytes);
}

/* --- groups as a cursor -------------------------------------------------------------------------
 */
struct group_cursor {
    struct cursor          cursor;
    struct aggregate      *aggregate;
    uint32_t               position; /* groups delivered */
    uint32_t               count;    /* of the batch */
    struct vector_buffer **buffers;  /* [columns], each made on first use */
    uint32_t               columns;
    uint32_t               groups[VECTOR_CAP]; /* of the batch */
};

static enum status group_cursor_rewind(struct cursor *cursor, struct error *err)
{
    struct group_cursor *c = (struct group_cursor *)cursor;

    (void)err;
    c->position = c->count = 0;
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

static enum status group_cursor_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                                     const uint64_t **active, struct error *err)
{
    struct group_cursor    *c = (struct group_cursor *)cursor;
    const struct aggregate *aggregate = c->aggregate;
    uint32_t                left = aggregate->groups - c->position, n;

    for (n = 0; n < left && n < cap; n++) {
        uint32_t at = c->position + n;

        c->groups[n] = aggregate->order == NULL ? at : aggregate->order[at];
        if (group_overflows(aggregate, c->groups[n])) {
            if (n == 0)
                return fail(err, STATUS_ERROR, "integer overflow");
            break;
        }
    }
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
    struct value           *cells;

    (void)sel;
    assert(column < c->columns);
    if (c->buffers[column] == NULL)
        c->buffers[column] = memory_alloc(aggregate->memory, sizeof **c->buffers);
    if (c->buffers[column] == NULL)
        return fail_nomem(err);
    if (column < aggregate->desc->key_count) {
        hash_table_keys(aggregate->keys, column, c->groups, c->count, c->buffers[column], out);
        return STATUS_OK;
    }
    cells = (struct value *)c->buffers[column]->values;
    for (uint32_t i = 0; i < c->count; i++)
        cells[i] =
            state_value(&aggregate->states, &aggregate->parts[column - aggregate->desc->key_count],
                        c->groups[i]);
    vector_from_cells(c->buffers[column], c->count, out);
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
