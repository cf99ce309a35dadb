/* aggregate_kernel.c - the steps of narrow states over typed rows that are not NULL: one loop per
 * call and batch. */
#include "vm/aggregate_state.h"

#include "vm/aggregate_sum.h"

#include <assert.h>

void kernel_count(const struct state_array *states, const struct aggregate_part *part,
                  const struct picked *picked)
{
    char  *first = state_at(states, part, 0);
    size_t stride = states->stride;

    if (picked->groups == NULL)
        *(int64_t *)first += picked->rows.count;
    else
        for (uint32_t k = 0; k < picked->rows.count; k++)
            ++*(int64_t *)(first + stride * picked->groups[k]);
}

/* --- integer sums -------------------------------------------------------------------------------
 */
/* The sum of n <= VECTOR_CAP payloads; accumulators as narrow as cannot overflow. */
static int64_t sum_payloads_i8(const int8_t *p, uint32_t n)
{
    int32_t sum = 0;

    for (uint32_t i = 0; i < n; i++)
        sum += p[i];
    return sum;
}
static int64_t sum_payloads_i16(const int16_t *p, uint32_t n)
{
    int32_t sum = 0;

    for (uint32_t i = 0; i < n; i++)
        sum += p[i];
    return sum;
}
static int64_t sum_payloads_i32(const int32_t *p, uint32_t n)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < n; i++)
        sum += p[i];
    return sum;
}

/* The sum of all rows, when it cannot overflow; false: not this type or list. */
static bool sum_dense(const struct vector *v, const struct row_list *rows, int64_t *sum)
{
    uint32_t n = rows->count;

    if (!rows->dense || v->shape != VECTOR_FLAT)
        return false;
    if (v->type == PHYS_I8)
        *sum = sum_payloads_i8(v->values, n) + v->base * (int64_t)n;
    else if (v->type == PHYS_I16)
        *sum = sum_payloads_i16(v->values, n) + v->base * (int64_t)n;
    else if (v->type == PHYS_I32)
        *sum = sum_payloads_i32(v->values, n) + v->base * (int64_t)n;
    else
        return false;
    return true;
}

static uint32_t sum_one_group(struct sum_int *state, const int64_t *values, uint32_t count,
                              bool cannot_overflow)
{
    int64_t  sum = state->sum;
    uint32_t k = 0;

    if (cannot_overflow)
        for (; k < count; k++)
            sum += values[k];
    else
        while (k < count && !__builtin_add_overflow(sum, values[k], &sum))
            k++;
    state->sum = k == count ? sum : state->sum;
    return k;
}

/* The state of the row's group takes x. */
#define ADD_ROWS(ctype, row)                                                                       \
    do {                                                                                           \
        const ctype *p_ = v->values;                                                               \
        for (uint32_t k = 0; k < count; k++) {                                                     \
            struct sum_int *state = (struct sum_int *)(first + stride * picked->groups[k]);        \
            state->sum += base + p_[row];                                                          \
            state->count += counted;                                                               \
        }                                                                                          \
    } while (0)

/* Integers straight from the vector; false: not this type.  counted is a constant where this is
 * called. */
static inline __attribute__((always_inline)) bool sum_groups(char *first, size_t stride,
                                                             const struct picked *picked,
                                                             const struct vector *v, bool counted)
{
    uint32_t        count = picked->rows.count;
    const uint16_t *rows = picked->rows.rows;
    int64_t         base = v->base;
    bool            dense = picked->rows.dense;

    if (v->shape != VECTOR_FLAT)
        return false;
    switch ((enum phys)v->type) {
    case PHYS_I8:
        if (dense)
            ADD_ROWS(int8_t, k);
        else
            ADD_ROWS(int8_t, rows[k]);
        return true;
    case PHYS_I16:
        if (dense)
            ADD_ROWS(int16_t, k);
        else
            ADD_ROWS(int16_t, rows[k]);
        return true;
    case PHYS_I32:
        if (dense)
            ADD_ROWS(int32_t, k);
        else
            ADD_ROWS(int32_t, rows[k]);
        return true;
    case PHYS_I64:
        if (dense)
            ADD_ROWS(int64_t, k);
        else
            ADD_ROWS(int64_t, rows[k]);
        return true;
    default:
        return false;
    }
}

static bool sum_groups_counted(char *first, size_t stride, const struct picked *picked,
                               const struct vector *v)
{
    return sum_groups(first, stride, picked, v, true);
}
static bool sum_groups_uncounted(char *first, size_t stride, const struct picked *picked,
                                 const struct vector *v)
{
    return sum_groups(first, stride, picked, v, false);
}

void kernel_sum_int(const struct state_array *states, const struct aggregate_part *part,
                    const struct picked *picked, const struct vector *v, bool cannot_overflow,
                    int64_t *space, uint32_t *done)
{
    static const struct ordinal_domain integers = {.kind = ORDINAL_INT};
    char                              *first = state_at(states, part, 0);
    struct sum_int                    *only = (struct sum_int *)first;
    size_t                             stride = states->stride;
    uint32_t                           count = picked->rows.count;
    int64_t                            sum;

    *done = count;
    if (picked->groups == NULL && cannot_overflow && sum_dense(v, &picked->rows, &sum)) {
        only->sum += sum;
        only->count += count;
        return;
    }
    if (picked->groups != NULL && cannot_overflow &&
        (part->uncounted ? sum_groups_uncounted(first, stride, picked, v)
                         : sum_groups_counted(first, stride, picked, v)))
        return;
    ordinal_read(v, &integers, &picked->rows, space);
    if (picked->groups == NULL) {
        *done = sum_one_group(only, space, count, cannot_overflow);
        if (*done == count) {
            only->count += count;
        } else { /* what came before stands */
            for (uint32_t k = 0; k < *done; k++)
                only->sum += space[k];
            only->count += *done;
        }
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        struct sum_int *state = (struct sum_int *)(first + stride * picked->groups[k]);

        if (unlikely(__builtin_add_overflow(state->sum, space[k], &sum))) {
            *done = k;
            return;
        }
        state->sum = sum;
        state->count++;
    }
}

/* --- sums of REALs ------------------------------------------------------------------------------
 */
/* Knuth's TwoSum: the same error term as sum_compensate without its comparison, since both are
 * exact; where one is infinite or NaN so is the other, and a sum with such an error ignores it. */
static inline void sum_two(double *sum, double *error, double r)
{
    double s = *sum, t = s + r, back = t - s;

    *error += (s - (t - back)) + (r - back);
    *sum = t;
}

void kernel_sum_real(const struct state_array *states, const struct aggregate_part *part,
                     const struct picked *picked, const double *values, const uint8_t *reals)
{
    char    *first = state_at(states, part, 0);
    size_t   stride = states->stride;
    uint32_t count = picked->rows.count;

    if (picked->groups == NULL) {
        struct sum_real *state = (struct sum_real *)first;
        double           sum = state->sum, error = state->error;

        for (uint32_t k = 0; k < count; k++)
            sum_two(&sum, &error, values[k]);
        state->sum = sum;
        state->error = error;
        state->count += count;
        if (reals == NULL)
            state->reals |= count > 0;
        else
            for (uint32_t k = 0; k < count; k++)
                state->reals |= reals[k];
        return;
    }
    if (part->uncounted) {
        for (uint32_t k = 0; k < count; k++) {
            struct sum_real *state = (struct sum_real *)(first + stride * picked->groups[k]);

            sum_two(&state->sum, &state->error, values[k]);
        }
        return;
    }
    for (uint32_t k = 0; k < count; k++) {
        struct sum_real *state = (struct sum_real *)(first + stride * picked->groups[k]);

        sum_two(&state->sum, &state->error, values[k]);
        state->count++;
        state->reals |= reals == NULL ? 1 : reals[k];
    }
}

/* --- min, max -----------------------------------------------------------------------------------
 */
static void extreme_one_group(struct ordinal_state *state, const int64_t *ordinals, uint32_t count,
                              bool max)
{
    int64_t best;

    if (count == 0)
        return;
    best = state->set ? state->ordinal : ordinals[0];
    if (max)
        for (uint32_t k = 0; k < count; k++)
            best = ordinals[k] > best ? ordinals[k] : best;
    else
        for (uint32_t k = 0; k < count; k++)
            best = ordinals[k] < best ? ordinals[k] : best;
    state->ordinal = best;
    state->set = 1;
}

static void extreme_groups(char *first, size_t stride, const struct picked *picked,
                           const int64_t *ordinals, int64_t flip)
{
    /* flip turns max into min: x < y exactly if ~x > ~y */
    for (uint32_t k = 0; k < picked->rows.count; k++) {
        struct ordinal_state *state = (struct ordinal_state *)(first + stride * picked->groups[k]);

        if (!state->set | ((ordinals[k] ^ flip) > (state->ordinal ^ flip))) {
            state->ordinal = ordinals[k];
            state->set = 1;
        }
    }
}

void kernel_extreme(const struct state_array *states, const struct aggregate_part *part,
                    const struct picked *picked, const int64_t *ordinals, const uint32_t *ranks,
                    const uint64_t *valid)
{
    char   *first = state_at(states, part, 0);
    size_t  stride = states->stride;
    int64_t flip = part->call->kind == AGGREGATE_MAX ? 0 : -1;

    if (ranks == NULL && part->took == NULL && valid == NULL) {
        if (picked->groups == NULL)
            extreme_one_group((struct ordinal_state *)first, ordinals, picked->rows.count,
                              flip == 0);
        else
            extreme_groups(first, stride, picked, ordinals, flip);
        return;
    }
    for (uint32_t k = 0; k < picked->rows.count; k++) {
        struct ordinal_state *state =
            (struct ordinal_state *)(first + stride * picked_group(picked, k));
        int64_t row = ordinals[k], best = state->ordinal;

        if (valid != NULL && !bits_get(valid, picked->rows.rows[k])) {
            /* SQLite's bare columns come from the latest NULL until there is a value */
            if (part->took != NULL && !state->set)
                bits_set(part->took, picked->rows.rows[k]);
            continue;
        }
        if (state->set && ranks != NULL) {
            row = ranks[row];
            best = ranks[best];
        }
        if (state->set && (row ^ flip) <= (best ^ flip))
            continue;
        state->ordinal = ordinals[k];
        state->set = 1;
        if (part->took != NULL)
            bits_set(part->took, picked->rows.rows[k]);
    }
}
