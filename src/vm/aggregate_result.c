/* aggregate_result.c - from states to the values of the aggregates. */
#include "vm/aggregate_more.h"
#include "vm/aggregate_sum.h"
#include "vm/cells.h"

#include <assert.h>

bool state_overflows(const struct state_array *states, const struct aggregate_part *part,
                     uint32_t group)
{
    const struct sum_state *state;

    if (part->call->kind != AGGREGATE_SUM || part->form != FORM_SUM)
        return false;
    state = state_at(states, part, group);
    return state->approximate && state->overflow;
}

/* --- sums ---------------------------------------------------------------------------------------
 */
static struct value real_sum_value(enum aggregate_kind kind, const struct sum_real *state)
{
    double sum = sum_corrected(state->sum, state->error);

    if (kind == AGGREGATE_TOTAL)
        return value_real(sum);
    if (state->count == 0)
        return value_null();
    if (kind == AGGREGATE_AVG)
        return value_real(sum / (double)state->count);
    return state->reals ? value_real(sum) : value_int((int64_t)state->sum);
}

static struct value int_sum_value(enum aggregate_kind kind, const struct sum_int *state)
{
    if (kind == AGGREGATE_TOTAL)
        return value_real((double)state->sum);
    if (state->count == 0)
        return value_null();
    return kind == AGGREGATE_AVG ? value_real((double)state->sum / (double)state->count)
                                 : value_int(state->sum);
}

static struct value any_sum_value(enum aggregate_kind kind, const struct sum_state *state)
{
    if (kind == AGGREGATE_TOTAL)
        return value_real(sum_real(state));
    return kind == AGGREGATE_AVG ? sum_average(state) : sum_value(state);
}

/* Of a call without a single value. */
static struct value empty_value(enum aggregate_kind kind)
{
    return kind == AGGREGATE_TOTAL ? value_real(0.0) : value_null();
}

uint64_t aggregate_count(const struct aggregate *aggregate)
{
    return aggregate->groups;
}

struct value aggregate_value(const struct aggregate *aggregate, uint32_t call)
{
    assert(aggregate->keys == NULL && aggregate->groups == 1);
    return state_value(&aggregate->parts[call],
                       state_at(&aggregate->states, &aggregate->parts[call], 0));
}

bool aggregate_needs_all(const struct aggregate_call *call)
{
    return form_initial(call) == FORM_LIST;
}

struct value state_value(const struct aggregate_part *part, const void *state)
{
    enum aggregate_kind kind = part->call->kind;

    switch (part->form) {
    case FORM_SUM_INT:
        return int_sum_value(kind, state);
    case FORM_SUM_REAL:
        return real_sum_value(kind, state);
    case FORM_SUM:
        return any_sum_value(kind, state);
    case FORM_CELL:
        return ((const struct cell_state *)state)->value;
    case FORM_CONCAT: {
        const struct concat_state *concat = state;

        return concat->set ? value_text(concat->data, concat->bytes) : value_null();
    }
    case FORM_MOMENTS:
    case FORM_MOMENTS4:
    case FORM_PAIRS:
    case FORM_FOLD:
    case FORM_BEST:
    case FORM_SKETCH:
        return more_value(part, state);
    case FORM_NONE:
        break;
    case FORM_LIST:
    case FORM_COUNT:
    case FORM_ORDINAL:
    case FORM_KIND_COUNT:
        assert(0 && "a form that state_vector reads");
        break;
    }
    return empty_value(kind);
}

/* --- vectors ------------------------------------------------------------------------------------
 */
static void count_vector(const struct state_array *states, const struct aggregate_part *part,
                         const uint32_t *groups, uint32_t count, struct vector_buffer *buffer,
                         struct vector *out)
{
    int64_t *counts = (int64_t *)buffer->values;

    for (uint32_t i = 0; i < count; i++)
        counts[i] = *(const int64_t *)state_at(states, part, groups[i]);
    *out =
        (struct vector){.type = PHYS_I64, .shape = VECTOR_FLAT, .count = count, .values = counts};
}

static void extreme_vector(const struct state_array *states, const struct aggregate_part *part,
                           const uint32_t *groups, uint32_t count, struct vector_buffer *buffer,
                           struct vector *out)
{
    int64_t *ordinals = (int64_t *)buffer->values;
    bool     has_null = false;

    memset(buffer->valid, 0, bits_words(count) * sizeof *buffer->valid);
    for (uint32_t i = 0; i < count; i++) {
        const struct ordinal_state *state = state_at(states, part, groups[i]);

        ordinals[i] = state->ordinal; /* 0 where it is not set: a code, a day, any number */
        buffer->valid[i / 64] |= (uint64_t)(state->set != 0) << (i % 64);
        has_null = has_null || !state->set;
    }
    ordinal_vector(&part->domain, buffer, count, has_null, 1, 0, out);
}

static void int_sum_vector(const struct state_array *states, const struct aggregate_part *part,
                           const uint32_t *groups, uint32_t count, struct vector_buffer *buffer,
                           struct vector *out)
{
    int64_t *sums = (int64_t *)buffer->values;
    uint32_t empty = 0;

    memset(buffer->valid, 0, bits_words(count) * sizeof *buffer->valid);
    for (uint32_t i = 0; i < count; i++) {
        const struct sum_int *state = state_at(states, part, groups[i]);

        sums[i] = state->sum;
        buffer->valid[i / 64] |= (uint64_t)(state->count != 0) << (i % 64);
        empty += state->count == 0;
    }
    *out = (struct vector){.type = PHYS_I64,
                           .shape = VECTOR_FLAT,
                           .count = count,
                           .values = sums,
                           .valid = empty > 0 ? buffer->valid : NULL};
}

/* Sums, averages and totals that are REAL or NULL. */
static void real_sum_vector(const struct state_array *states, const struct aggregate_part *part,
                            const uint32_t *groups, uint32_t count, struct vector_buffer *buffer,
                            struct vector *out)
{
    double  *sums = (double *)buffer->values;
    uint32_t nulls = 0;

    memset(buffer->valid, 0, bits_words(count) * sizeof *buffer->valid);
    for (uint32_t i = 0; i < count; i++) {
        struct value value = state_value(part, state_at(states, part, groups[i]));
        bool         null = value.class_ == CLASS_NULL;

        sums[i] = value.r;
        buffer->valid[i / 64] |= (uint64_t)!null << (i % 64);
        nulls += null;
    }
    *out = (struct vector){.type = PHYS_F64,
                           .shape = VECTOR_FLAT,
                           .count = count,
                           .values = sums,
                           .valid = nulls > 0 ? buffer->valid : NULL};
}

static bool is_sum(enum state_form form)
{
    return form == FORM_SUM_INT || form == FORM_SUM_REAL || form == FORM_SUM;
}

/* Whether sum() of every group is REAL or NULL, as avg() and total() are. */
static bool gives_reals(const struct state_array *states, const struct aggregate_part *part,
                        const uint32_t *groups, uint32_t count)
{
    bool reals = part->form == FORM_SUM_REAL;

    for (uint32_t i = 0; reals && i < count; i++) {
        const struct sum_real *state = state_at(states, part, groups[i]);

        reals = state->reals != 0 || state->count == 0;
    }
    return reals;
}

void state_vector(const struct state_array *states, const struct aggregate_part *part,
                  const uint32_t *groups, uint32_t count, struct vector_buffer *buffer,
                  struct vector *out)
{
    struct value *cells = (struct value *)buffer->values;

    if (part->form == FORM_COUNT) {
        count_vector(states, part, groups, count, buffer, out);
        return;
    }
    if (part->form == FORM_ORDINAL) {
        extreme_vector(states, part, groups, count, buffer, out);
        return;
    }
    if (part->form == FORM_SUM_INT && part->call->kind == AGGREGATE_SUM) {
        int_sum_vector(states, part, groups, count, buffer, out);
        return;
    }
    if (is_sum(part->form) &&
        (part->call->kind != AGGREGATE_SUM || gives_reals(states, part, groups, count))) {
        real_sum_vector(states, part, groups, count, buffer, out);
        return;
    }
    for (uint32_t i = 0; i < count; i++) /* without records no call has seen a value */
        cells[i] =
            state_value(part, states->records == NULL ? NULL : state_at(states, part, groups[i]));
    vector_from_cells(buffer, count, out);
}
