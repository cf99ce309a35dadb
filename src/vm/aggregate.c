/* aggregate.c - grouping and aggregation: what an aggregate holds, and its life. */
#include "vm/aggregate_more.h"
#include "vm/aggregate_rows.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { GROUPS_MIN = 16 };

static bool takes_all_rows(const struct aggregate_call *call)
{
    return call->filter < 0 && !call->distinct && call->order_count == 0;
}

/* Whether the result holds the number of the group's rows, when none is NULL. */
static bool counts_rows(const struct aggregate_call *call)
{
    return takes_all_rows(call) && (call->kind == AGGREGATE_COUNT_STAR ||
                                    call->kind == AGGREGATE_COUNT || call->kind == AGGREGATE_AVG);
}

static bool part_may_be_uncounted(const struct aggregate      *aggregate,
                                  const struct aggregate_part *part)
{
    const struct aggregate_call *call = part->call;

    return aggregate->desc->key_count > 0 && part->source == NULL &&
           ((takes_all_rows(call) && !part->averages &&
             (call->kind == AGGREGATE_SUM || call->kind == AGGREGATE_TOTAL)) ||
            (aggregate->shares_count &&
             (counts_rows(call) || (takes_all_rows(call) && part->averages))));
}

/* Several calls that count rows share one count; where one does, sums beside it need none of their
 * own then (aggregate_sums.c). */
static bool count_is_shared(const struct aggregate *aggregate)
{
    const struct aggregate_desc *desc = aggregate->desc;
    uint32_t                     calls = 0, sums = 0;

    for (uint32_t i = 0; i < desc->call_count; i++) {
        calls += counts_rows(&desc->calls[i]);
        sums += takes_all_rows(&desc->calls[i]) && sums_is(&desc->calls[i]) &&
                aggregate->parts[i].source == NULL;
    }
    return desc->key_count > 0 && (calls > 1 || (calls == 1 && sums > 1));
}

/* Says where the states stand in a record, and how long it is. */
static void parts_place(struct aggregate *aggregate)
{
    size_t offset = state_bytes[aggregate->rows_part.form];

    for (uint32_t i = 0; i < aggregate->desc->call_count; i++) {
        struct aggregate_part *part = &aggregate->parts[i];

        if (part->source != NULL) {
            part->form = part->source->form;
            part->offset = part->source->offset;
        } else {
            part->offset = (uint32_t)offset;
            offset += state_bytes[part->form];
        }
    }
    aggregate->states.stride = offset;
}

uint32_t aggregate_argument_count(const struct aggregate_desc *desc)
{
    int32_t last = -1;

    for (uint32_t i = 0; i < desc->call_count; i++) {
        const struct aggregate_call *call = &desc->calls[i];

        last = call->argument > last ? call->argument : last;
        last = call->separator > last ? call->separator : last;
        last = call->filter > last ? call->filter : last;
        for (uint32_t k = 0; k < call->order_count; k++)
            last = call->order[k].argument > last ? call->order[k].argument : last;
    }
    return (uint32_t)(last + 1);
}

/* --- lifetime -----------------------------------------------------------------------------------
 */
static enum status part_init(struct aggregate *aggregate, struct aggregate_part *part,
                             struct error *err)
{
    const struct aggregate_call *call = part->call;
    uint8_t                      collations[2] = {COLLATION_BINARY, (uint8_t)call->collation};

    part->form = form_initial(call);
    part->listed = part->form == FORM_LIST;
    part->uncounted = part_may_be_uncounted(aggregate, part);
    if (!call->distinct || part->source != NULL)
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
        aggregate->parts[i].call = &desc->calls[i];
    sums_share(aggregate);
    aggregate->shares_count = count_is_shared(aggregate);
    aggregate->rows_part.form = aggregate->shares_count ? FORM_COUNT : FORM_NONE;
    for (uint32_t i = 0; i < desc->call_count; i++)
        TRY(part_init(aggregate, &aggregate->parts[i], err));
    parts_place(aggregate);
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

static enum status aggregate_init(struct aggregate *aggregate, struct error *err)
{
    const struct aggregate_desc *desc = aggregate->desc;

    TRY(parts_init(aggregate, err));
    if (desc->key_count == 0)
        return aggregate_reserve(aggregate, 1, err);
    return hash_table_new(aggregate->memory, desc->key_count, desc->key_collations,
                          &aggregate->keys, err);
}

enum status aggregate_new(struct memory *memory, const struct aggregate_desc *desc,
                          struct aggregate **out, struct error *err)
{
    struct aggregate *aggregate = memory_alloc(memory, sizeof *aggregate);
    enum status       status;

    *out = NULL;
    if (aggregate == NULL)
        return fail_nomem(err);
    memset(aggregate, 0, offsetof(struct aggregate, numbers)); /* the rest is work space */
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

void aggregate_drop_order(struct aggregate *aggregate)
{
    memory_free(aggregate->memory, aggregate->order,
                aggregate->order_count * sizeof *aggregate->order);
    aggregate->order = NULL;
    aggregate->order_count = 0;
}

static void part_free(struct aggregate *aggregate, struct aggregate_part *part)
{
    hash_table_free(part->distinct);
    memory_free(aggregate->memory, part->took, VECTOR_WORDS * sizeof *part->took);
    if (part->domain.dictionary != NULL)
        dictionary_unref((struct dictionary *)part->domain.dictionary);
}

void aggregate_free(struct aggregate *aggregate)
{
    if (aggregate == NULL)
        return;
    for (uint32_t i = 0; aggregate->parts != NULL && i < aggregate->desc->call_count; i++)
        part_free(aggregate, &aggregate->parts[i]);
    memory_free(aggregate->memory, aggregate->parts,
                (aggregate->desc->call_count + (size_t)1) * sizeof *aggregate->parts);
    aggregate_rows_drop(aggregate);
    hash_table_free(aggregate->keys);
    memory_free(aggregate->memory, aggregate->states.records,
                aggregate->capacity * aggregate->states.stride);
    aggregate_drop_order(aggregate);
    arena_free(&aggregate->texts);
    arena_free(&aggregate->scratch);
    memory_free(aggregate->memory, aggregate, sizeof *aggregate);
}

static void parts_reset(struct aggregate *aggregate)
{
    for (uint32_t i = 0; i < aggregate->desc->call_count; i++) {
        struct aggregate_part *part = &aggregate->parts[i];

        part->int_magnitude = 0;
        if (part->listed)
            part->form = FORM_LIST;
        part->uncounted = part_may_be_uncounted(aggregate, part);
        if (part->distinct != NULL)
            hash_table_clear(part->distinct);
    }
}

void aggregate_drop_groups(struct aggregate *aggregate)
{
    parts_reset(aggregate);
    memory_free(aggregate->memory, aggregate->states.records,
                aggregate->capacity * aggregate->states.stride);
    aggregate->states.records = NULL;
    aggregate->groups = aggregate->capacity = 0;
    arena_reset(&aggregate->texts);
}

void aggregate_reset(struct aggregate *aggregate)
{
    parts_reset(aggregate);
    aggregate_rows_drop(aggregate);
    aggregate_drop_order(aggregate);
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

void aggregate_force_exact(struct aggregate *aggregate)
{
    aggregate->exact = true;
}

/* --- records ------------------------------------------------------------------------------------
 */
enum status aggregate_reserve(struct aggregate *aggregate, uint32_t groups, struct error *err)
{
    size_t   stride = aggregate->states.stride;
    uint64_t capacity = aggregate->capacity;

    if (groups > capacity) {
        /* without keys there is one group for ever */
        capacity = groups == 1 ? 1 : capacity * 2 < GROUPS_MIN ? GROUPS_MIN : capacity * 2;
        if (capacity < groups)
            capacity = groups;
        if (capacity > UINT32_MAX)
            capacity = UINT32_MAX;
        if (stride > 0) {
            char *records =
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

/* The records as they are with part in the new form; NULL: memory. */
static char *records_convert(struct aggregate *aggregate, const struct aggregate_part *part,
                             enum state_form form, size_t stride)
{
    size_t before = aggregate->states.stride, bytes = memory_product(aggregate->capacity, stride);
    char  *records = memory_alloc(aggregate->memory, bytes);

    if (records == NULL)
        return NULL;
    memset(records, 0, aggregate->groups * stride);
    for (uint32_t group = 0; group < aggregate->groups; group++) {
        const char *from = /* states of no bytes may be nowhere: then any place will do */
            before > 0 ? aggregate->states.records + before * group : records;
        char *to = records + stride * group;

        memcpy(to, from, state_bytes[aggregate->rows_part.form]);
        to += state_bytes[aggregate->rows_part.form];
        for (uint32_t i = 0; i < aggregate->desc->call_count; i++) {
            const struct aggregate_part *one = &aggregate->parts[i];
            enum state_form              next = one == part ? form : one->form;

            if (one->source != NULL)
                continue;
            if (!form_convert(one, from + one->offset, next, to, &aggregate->texts)) {
                memory_free(aggregate->memory, records, bytes);
                return NULL;
            }
            to += state_bytes[next];
        }
    }
    return records;
}

void part_settle(struct aggregate *aggregate, struct aggregate_part *part, uint32_t groups)
{
    if (!part->uncounted)
        return;
    part->uncounted = false;
    for (uint32_t group = 0; group < groups; group++) {
        void   *state = state_at(&aggregate->states, part, group);
        int64_t rows = aggregate->shares_count
                           ? *(int64_t *)state_at(&aggregate->states, &aggregate->rows_part, group)
                           : 1; /* sums ask whether there is a row */

        if (part->form == FORM_COUNT) {
            *(int64_t *)state = rows;
        } else if (part->form == FORM_SUM_INT) {
            ((struct sum_int *)state)->count = rows;
        } else if (part->form == FORM_SUM_REAL) {
            ((struct sum_real *)state)->count = rows;
            ((struct sum_real *)state)->reals = 1;
        }
    }
}

enum status aggregate_widen(struct aggregate *aggregate, struct aggregate_part *part,
                            enum state_form form, struct error *err)
{
    size_t before = aggregate->states.stride;
    size_t stride = before - state_bytes[part->form] + state_bytes[form];
    char  *records = NULL;

    if (part->form == form)
        return STATUS_OK;
    if (aggregate->capacity > 0) {
        records = records_convert(aggregate, part, form, stride);
        if (records == NULL)
            return fail_nomem(err);
        memory_free(aggregate->memory, aggregate->states.records, aggregate->capacity * before);
        aggregate->states.records = records;
    }
    part->form = form;
    parts_place(aggregate);
    assert(aggregate->states.stride == stride);
    return STATUS_OK;
}

/* Whether only count(*) of all rows is wanted: then nobody asks which rows they are. */
static bool counts_only(const struct aggregate *aggregate)
{
    if (aggregate->keys != NULL)
        return false;
    for (uint32_t i = 0; i < aggregate->desc->call_count; i++)
        if (aggregate->desc->calls[i].kind != AGGREGATE_COUNT_STAR ||
            aggregate->desc->calls[i].filter >= 0)
            return false;
    return true;
}

/* --- input --------------------------------------------------------------------------------------
 */
enum status aggregate_step_calls(struct aggregate *aggregate, const struct vector *const *arguments,
                                 const struct selection *sel, const struct picked *all,
                                 struct error *err)
{
    const struct aggregate_desc *desc = aggregate->desc;

    TRY(sums_step(aggregate, arguments, sel, all, err));
    for (uint32_t i = 0; i < desc->call_count; i++) {
        struct aggregate_part *part = &aggregate->parts[i];

        if (part->source == NULL && !part->stepped && part->call->kind != AGGREGATE_BARE)
            TRY(part_step(aggregate, part, arguments, sel, all, err));
    }
    for (uint32_t i = 0; i < desc->call_count; i++) /* these ask what min and max took */
        if (desc->calls[i].kind == AGGREGATE_BARE)
            TRY(part_step(aggregate, &aggregate->parts[i], arguments, sel, all, err));
    if (aggregate->shares_count) /* last: until here these are the rows of earlier batches */
        kernel_count(&aggregate->states, &aggregate->rows_part, all);
    return STATUS_OK;
}

enum status aggregate_step(struct aggregate *aggregate, const struct vector *const *keys,
                           const struct vector *const *arguments, const struct selection *sel,
                           struct error *err)
{
    struct picked all = {.rows = {.count = sel->count},
                         .groups = aggregate->keys == NULL ? NULL : aggregate->numbers};

    assert(aggregate->order == NULL);
    if (sel->count == 0)
        return STATUS_OK;
    if (aggregate_is_apart(aggregate)) {
        bool taken;

        TRY(aggregate_rows_add(aggregate, keys, arguments, sel, &taken, err));
        if (taken)
            return STATUS_OK;
    }
    if (!counts_only(aggregate))
        all.rows = row_list_of(sel, aggregate->rows);
    aggregate->groups_before = aggregate->groups;
    if (aggregate->keys != NULL) {
        TRY(hash_table_add(aggregate->keys, keys, sel, aggregate->numbers, err));
        TRY(aggregate_reserve(aggregate, hash_table_count(aggregate->keys), err));
    }
    TRY(aggregate_step_calls(aggregate, arguments, sel, &all, err));
    return aggregate->keys == NULL ? STATUS_OK
                                   : aggregate_rows_watch(aggregate, arguments, sel, err);
}

void aggregate_settle(struct aggregate *aggregate)
{
    for (uint32_t i = 0; i < aggregate->desc->call_count; i++)
        part_settle(aggregate, &aggregate->parts[i], aggregate->groups);
}

enum status aggregate_fill(struct aggregate *aggregate, const struct vector *const *keys,
                           const struct selection *sel, struct error *err)
{
    if (aggregate_is_apart(aggregate))
        TRY(aggregate_rows_group(aggregate, err));
    aggregate_rows_drop(aggregate);
    aggregate_settle(aggregate);
    TRY(hash_table_add(aggregate->keys, keys, sel, aggregate->numbers, err));
    return aggregate_reserve(aggregate, hash_table_count(aggregate->keys), err);
}

/* --- order --------------------------------------------------------------------------------------
 */
static void reverse(uint32_t *order, uint32_t count)
{
    for (uint32_t i = 0; i < count / 2; i++) {
        uint32_t group = order[i];

        order[i] = order[count - 1 - i];
        order[count - 1 - i] = group;
    }
}

/* agree[i] = how many keys, from the first, the groups order[i - 1] and order[i] have in common. */
static void count_common_keys(const struct aggregate *aggregate, struct vector_buffer *buffer,
                              uint32_t *agree)
{
    const struct aggregate_desc *desc = aggregate->desc;
    char                         scratch[2][16];

    memset(agree, 0, aggregate->groups * sizeof *agree);
    for (uint32_t column = 0; column < desc->key_count; column++)
        for (uint32_t start = 0; start + 1 < aggregate->groups; start += VECTOR_CAP - 1) {
            uint32_t      left = aggregate->groups - start;
            uint32_t      count = left < VECTOR_CAP ? left : VECTOR_CAP;
            struct vector keys;

            hash_table_keys(aggregate->keys, column, aggregate->order + start, count, buffer,
                            &keys);
            for (uint32_t i = 1; i < count; i++) {
                struct value a = vector_value(&keys, i - 1, scratch[0]),
                             b = vector_value(&keys, i, scratch[1]);

                if (agree[start + i] == column &&
                    value_compare(&a, &b, desc->key_collations[column]) == 0)
                    agree[start + i]++;
            }
        }
}

/* order is ascending.  A descending key turns each run of groups that agree in the keys before it,
 * and in that run each one that agrees in the key too back again. */
static void turn_runs(const struct aggregate *aggregate, uint32_t *agree)
{
    for (uint32_t column = 0; column < aggregate->desc->key_count; column++) {
        if (!aggregate->desc->key_descending[column])
            continue;
        for (uint32_t common = column; common <= column + 1; common++)
            for (uint32_t start = 0, end; start < aggregate->groups; start = end) {
                for (end = start + 1; end < aggregate->groups && agree[end] >= common;)
                    end++;
                reverse(aggregate->order + start, end - start);
                reverse(agree + start + 1, end - start - 1); /* agree[i] is of i - 1 and i */
            }
    }
}

static enum status order_descend(struct aggregate *aggregate, struct error *err)
{
    size_t                bytes = aggregate->groups * sizeof(uint32_t);
    struct vector_buffer *buffer;
    uint32_t             *agree;

    if (aggregate->desc->key_descending == NULL)
        return STATUS_OK;
    if (aggregate->desc->key_count == 1) {
        reverse(aggregate->order, aggregate->groups);
        return STATUS_OK;
    }
    buffer = memory_alloc(aggregate->memory, sizeof *buffer);
    agree = memory_alloc(aggregate->memory, bytes);
    if (buffer != NULL && agree != NULL) {
        count_common_keys(aggregate, buffer, agree);
        turn_runs(aggregate, agree);
    }
    memory_free(aggregate->memory, buffer, sizeof *buffer);
    memory_free(aggregate->memory, agree, bytes);
    return buffer == NULL || agree == NULL ? fail_nomem(err) : STATUS_OK;
}

enum status aggregate_finish(struct aggregate *aggregate, struct error *err)
{
    bool sorted = false;

    aggregate_drop_order(aggregate);
    if (aggregate_is_apart(aggregate))
        TRY(aggregate_rows_finish(aggregate, &sorted, err));
    if (sorted)
        return STATUS_OK;
    aggregate_rows_drop(aggregate);
    aggregate_settle(aggregate);
    for (uint32_t i = 0; i < aggregate->desc->call_count; i++)
        if (aggregate->parts[i].form == FORM_LIST)
            TRY(list_finish(aggregate, &aggregate->parts[i], err));
    if (aggregate->keys == NULL || !aggregate->desc->sorted || aggregate->groups == 0)
        return STATUS_OK;
    aggregate->order =
        memory_alloc(aggregate->memory, aggregate->groups * sizeof *aggregate->order);
    if (aggregate->order == NULL)
        return fail_nomem(err);
    aggregate->order_count = aggregate->groups;
    TRY(hash_table_order(aggregate->keys, aggregate->order, err));
    return order_descend(aggregate, err);
}

void aggregate_describe(const struct aggregate *aggregate, char *text, size_t bytes)
{
    if (aggregate->keys == NULL)
        snprintf(text, bytes, "one group");
    else if (aggregate_is_apart(aggregate))
        snprintf(text, bytes, "sorted rows, %u keys", aggregate->groups);
    else
        hash_table_describe(aggregate->keys, text, bytes);
    if (aggregate->general_batches != 0)
        snprintf(text + strlen(text), bytes - strlen(text), ", %" PRIu64 " batches cell by cell",
                 aggregate->general_batches);
}
