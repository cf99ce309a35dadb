/* aggregate_rows.c - see aggregate_rows.h. */
#include "vm/aggregate_rows.h"

#include <assert.h>
#include <string.h>

/* So many batches are watched, and a quarter of their rows may meet a group that is there. */
enum { WATCHED_BATCHES = 32 };
/* Rows per group from which on looking up keys takes less time than sorting rows. */
#define ROWS_PER_GROUP_MAX 1.5

struct aggregate_rows {
    bool      apart;
    uint32_t  watched;        /* rows after which it is decided */
    uint32_t *numbers;        /* [watched + VECTOR_CAP] groups of watched rows */
    uint32_t  rows;           /* so far */
    uint32_t  estimate_from;  /* rows after which the next estimate is due */
    uint64_t *starts;         /* after finish: by position in order, bit on where a group
                                 begins */
    struct aggregate *states; /* the calls for a batch of groups */
    uint32_t          argument_count;
    struct rowset    *arguments; /* of all rows */
    /* of a batch of rows: */
    uint32_t               positions[VECTOR_CAP], groups[VECTOR_CAP];
    struct selection       sel;
    struct arena           arena;
    struct vector         *gathered;     /* [argument_count] */
    const struct vector  **arguments_of; /* [argument_count] */
    struct vector_buffer **buffers;      /* [argument_count], each made on first use */
};

/* --- lifetime -----------------------------------------------------------------------------------
 */
/* Calls whose state is nothing but what stepping made of it. */
static bool calls_fit(const struct aggregate_desc *desc)
{
    for (uint32_t i = 0; i < desc->call_count; i++)
        if (desc->calls[i].kind > AGGREGATE_BARE || desc->calls[i].distinct ||
            desc->calls[i].order_count > 0)
            return false;
    return desc->key_count > 0 && desc->key_descending == NULL;
}

static void numbers_drop(struct memory *memory, struct aggregate_rows *rows)
{
    memory_free(memory, rows->numbers,
                (rows->watched + (size_t)VECTOR_CAP) * sizeof *rows->numbers);
    rows->numbers = NULL;
}

static void starts_drop(struct memory *memory, struct aggregate_rows *rows)
{
    memory_free(memory, rows->starts, bits_words(rows->rows) * sizeof *rows->starts);
    rows->starts = NULL;
}

static void batch_drop(struct memory *memory, struct aggregate_rows *rows)
{
    size_t count = rows->argument_count;

    for (size_t i = 0; rows->buffers != NULL && i < count; i++)
        memory_free(memory, rows->buffers[i], sizeof **rows->buffers);
    memory_free(memory, rows->buffers, (count + 1) * sizeof *rows->buffers);
    memory_free(memory, rows->gathered, (count + 1) * sizeof *rows->gathered);
    memory_free(memory, rows->arguments_of, (count + 1) * sizeof *rows->arguments_of);
    arena_free(&rows->arena);
}

void aggregate_rows_drop(struct aggregate *aggregate)
{
    struct aggregate_rows *rows = aggregate->kept;
    struct memory         *memory = aggregate->memory;

    if (rows == NULL)
        return;
    aggregate->kept = NULL;
    rowset_free(rows->arguments);
    numbers_drop(memory, rows);
    starts_drop(memory, rows);
    aggregate_free(rows->states);
    batch_drop(memory, rows);
    memory_free(memory, rows, sizeof *rows);
}

/* Of a first batch of batch_rows rows. */
static enum status rows_new(struct aggregate *aggregate, uint32_t batch_rows, struct error *err)
{
    struct memory         *memory = aggregate->memory;
    size_t                 count = aggregate_argument_count(aggregate->desc);
    struct aggregate_rows *rows = memory_zalloc(memory, sizeof *rows);

    if (rows == NULL)
        return fail_nomem(err);
    aggregate->kept = rows;
    rows->argument_count = (uint32_t)count;
    rows->watched = batch_rows * WATCHED_BATCHES;
    arena_init(&rows->arena, memory);
    rows->numbers =
        memory_alloc(memory, (rows->watched + (size_t)VECTOR_CAP) * sizeof *rows->numbers);
    rows->buffers = memory_zalloc(memory, (count + 1) * sizeof *rows->buffers);
    rows->gathered = memory_alloc(memory, (count + 1) * sizeof *rows->gathered);
    rows->arguments_of = memory_alloc(memory, (count + 1) * sizeof *rows->arguments_of);
    rows->arguments = rowset_new(memory, (uint32_t)count);
    if (rows->numbers == NULL || rows->buffers == NULL || rows->gathered == NULL ||
        rows->arguments_of == NULL || rows->arguments == NULL) {
        aggregate_rows_drop(aggregate);
        return fail_nomem(err);
    }
    return STATUS_OK;
}

bool aggregate_is_apart(const struct aggregate *aggregate)
{
    return aggregate->kept != NULL && aggregate->kept->apart;
}

/* --- rows come ----------------------------------------------------------------------------------
 */
static enum status arguments_append(struct aggregate_rows      *rows,
                                    const struct vector *const *arguments,
                                    const struct selection *sel, struct error *err)
{
    TRY(rowset_append(rows->arguments, arguments, sel, err));
    rows->rows += sel->count;
    return STATUS_OK;
}

/* The groups are given up for their rows. */
static enum status groups_spread(struct aggregate *aggregate, struct error *err)
{
    struct aggregate_rows *rows = aggregate->kept;

    TRY(hash_table_spread(aggregate->keys, rows->numbers, rows->rows, err));
    numbers_drop(aggregate->memory, rows);
    aggregate_drop_groups(aggregate);
    rows->apart = true;
    rows->estimate_from = 2 * rows->rows;
    return STATUS_OK;
}

enum status aggregate_rows_watch(struct aggregate *aggregate, const struct vector *const *arguments,
                                 const struct selection *sel, struct error *err)
{
    struct aggregate_rows *rows = aggregate->kept;
    uint32_t               seen = rows == NULL ? sel->count : rows->rows + sel->count;

    if (rows == NULL && (aggregate->groups_before > 0 || !calls_fit(aggregate->desc)))
        return STATUS_OK;
    if (!hash_table_can_spread(aggregate->keys) ||
        aggregate->groups * UINT64_C(4) < seen * UINT64_C(3)) {
        aggregate_rows_drop(aggregate);
        return STATUS_OK;
    }
    if (rows == NULL)
        TRY(rows_new(aggregate, sel->rows, err));
    rows = aggregate->kept;
    memcpy(rows->numbers + rows->rows, aggregate->numbers, sel->count * sizeof *rows->numbers);
    TRY(arguments_append(rows, arguments, sel, err));
    return rows->rows < rows->watched ? STATUS_OK : groups_spread(aggregate, err);
}

enum status aggregate_rows_add(struct aggregate *aggregate, const struct vector *const *keys,
                               const struct vector *const *arguments, const struct selection *sel,
                               bool *taken, struct error *err)
{
    struct aggregate_rows *rows = aggregate->kept;

    assert(rows->starts == NULL);
    if (rows->rows >= rows->estimate_from) {
        rows->estimate_from = rows->rows > UINT32_MAX / 2 ? UINT32_MAX : 2 * rows->rows;
        *taken = hash_table_rows_per_key(aggregate->keys) < ROWS_PER_GROUP_MAX;
        if (!*taken)
            return aggregate_rows_group(aggregate, err);
    }
    TRY(hash_table_append(aggregate->keys, keys, sel, taken, err));
    if (!*taken)
        return aggregate_rows_group(aggregate, err);
    return arguments_append(rows, arguments, sel, err);
}

/* --- batches of rows ----------------------------------------------------------------------------
 */
/* The arguments of count rows as vectors. */
static enum status arguments_gather(struct aggregate *aggregate, const uint32_t *positions,
                                    uint32_t count, struct error *err)
{
    struct aggregate_rows *rows = aggregate->kept;

    arena_reset(&rows->arena);
    for (uint32_t i = 0; i < rows->argument_count; i++) {
        if (rows->buffers[i] == NULL)
            rows->buffers[i] = memory_alloc(aggregate->memory, sizeof **rows->buffers);
        if (rows->buffers[i] == NULL ||
            !rowset_gather(rows->arguments, i, positions, count, rows->buffers[i], &rows->arena,
                           &rows->gathered[i]))
            return fail_nomem(err);
        rows->arguments_of[i] = &rows->gathered[i];
    }
    return STATUS_OK;
}

/* Rows positions[0..count), of groups groups[0..count), into states. */
static enum status rows_step(struct aggregate *aggregate, struct aggregate *states,
                             const uint32_t *positions, const uint32_t *groups, uint32_t count,
                             struct error *err)
{
    struct aggregate_rows *rows = aggregate->kept;
    struct picked          all = {.rows = row_list_all(count), .groups = groups};

    TRY(memory_poll(aggregate->memory, err));
    if (count == 0)
        return STATUS_OK;
    TRY(arguments_gather(aggregate, positions, count, err));
    for (uint32_t i = 0; states == aggregate && i < rows->argument_count; i++)
        rows->gathered[i].flags &= (uint8_t)~VECTOR_PINNED; /* these rows go before the states */
    selection_all(&rows->sel, count);
    return aggregate_step_calls(states, rows->arguments_of, &rows->sel, &all, err);
}

/* All rows into the aggregate itself, as if they had never been kept. */
static enum status rows_regroup(struct aggregate *aggregate, const uint32_t *numbers,
                                struct error *err)
{
    struct aggregate_rows *rows = aggregate->kept;

    for (uint32_t at = 0, n; at < rows->rows; at += n) {
        uint32_t groups = aggregate->groups;

        n = rows->rows - at < VECTOR_CAP ? rows->rows - at : VECTOR_CAP;
        for (uint32_t k = 0; k < n; k++) {
            rows->positions[k] = at + k;
            groups = numbers[at + k] >= groups ? numbers[at + k] + 1 : groups;
        }
        aggregate->groups_before = aggregate->groups;
        TRY(aggregate_reserve(aggregate, groups, err));
        TRY(rows_step(aggregate, aggregate, rows->positions, numbers + at, n, err));
    }
    return STATUS_OK;
}

enum status aggregate_rows_group(struct aggregate *aggregate, struct error *err)
{
    size_t      bytes = memory_product(aggregate->kept->rows, sizeof(uint32_t));
    uint32_t   *numbers = memory_alloc(aggregate->memory, bytes);
    enum status status;

    if (numbers == NULL)
        return fail_nomem(err);
    status = hash_table_gather(aggregate->keys, numbers, err);
    if (status == STATUS_OK)
        status = rows_regroup(aggregate, numbers, err);
    memory_free(aggregate->memory, numbers, bytes);
    aggregate_rows_drop(aggregate);
    return status;
}

/* --- groups -------------------------------------------------------------------------------------
 */
enum status aggregate_rows_finish(struct aggregate *aggregate, bool *sorted, struct error *err)
{
    struct aggregate_rows *rows = aggregate->kept;

    starts_drop(aggregate->memory, rows);
    rows->starts = memory_zalloc(aggregate->memory, bits_words(rows->rows) * sizeof *rows->starts);
    aggregate->order =
        memory_alloc(aggregate->memory, memory_product(rows->rows, sizeof *aggregate->order));
    if (rows->starts == NULL || aggregate->order == NULL)
        return fail_nomem(err);
    aggregate->order_count = rows->rows;
    TRY(hash_table_runs(aggregate->keys, aggregate->order, rows->starts, &aggregate->groups, sorted,
                        err));
    if (!*sorted) {
        aggregate_drop_order(aggregate);
        return aggregate_rows_group(aggregate, err);
    }
    if (rows->states == NULL)
        TRY(aggregate_new(aggregate->memory, aggregate->desc, &rows->states, err));
    rows->states->exact = aggregate->exact;
    return STATUS_OK;
}

/* The next rows of at most cap groups in all, a batch at most.  False: the last group is complete.
 */
static bool rows_pick(struct aggregate *aggregate, uint32_t *position, uint32_t cap, uint32_t *keys,
                      uint32_t *groups, uint32_t *count)
{
    struct aggregate_rows *rows = aggregate->kept;
    uint32_t               at = *position, n = 0;
    bool                   full = false;

    for (; n < VECTOR_CAP && at < rows->rows; n++, at++) {
        bool start = bits_get(rows->starts, at);

        full = start && *groups == cap;
        if (full)
            break;
        if (start)
            keys[(*groups)++] = aggregate->order[at];
        rows->positions[n] = aggregate->order[at];
        rows->groups[n] = *groups - 1;
    }
    *position = at;
    *count = n;
    return !full && at < rows->rows;
}

enum status aggregate_rows_next(struct aggregate *aggregate, uint32_t *position, uint32_t cap,
                                uint32_t *keys, uint32_t *count, struct aggregate **states,
                                const uint32_t **numbers, struct error *err)
{
    struct aggregate_rows *rows = aggregate->kept;
    struct aggregate      *batch = rows->states;
    bool                   more = *position < rows->rows;
    uint32_t               n;

    *count = 0;
    *states = batch;
    *numbers = rows->groups;
    aggregate_reset(batch);
    while (more) {
        batch->groups_before = *count;
        more = rows_pick(aggregate, position, cap, keys, count, &n);
        TRY(aggregate_reserve(batch, *count, err));
        TRY(rows_step(aggregate, batch, rows->positions, rows->groups, n, err));
    }
    aggregate_settle(batch);
    for (uint32_t i = 0; i < *count; i++)
        rows->groups[i] = i;
    return STATUS_OK;
}
