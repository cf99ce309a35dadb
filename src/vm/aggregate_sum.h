/* aggregate_sum.h - SQLite's sum(), total() and avg(), one value at a time (sqlite3 3.53, func.c).
 *
 * Integers add up exactly until one overflows or a REAL comes; from then on the sum is a double
 * with an error term (Neumaier, "Rundungsfehleranalyse einiger Verfahren zur Summation endlicher
 * Summen", 1974), to which large integers are added in two parts.  The order of the operations
 * below is what makes the results equal to the last bit. */
#ifndef STOA_VM_AGGREGATE_SUM_H
#define STOA_VM_AGGREGATE_SUM_H

#include "vm/aggregate_state.h"

#include <math.h>

/* Doubles hold integers below this with half an ulp to spare; larger ones are split. */
#define SUM_SPLIT_FROM (INT64_C(1) << 52)
enum { SUM_SPLIT_LOW = 1 << 14 };

static inline void sum_compensate(double *sum, double *error, double r)
{
    double s = *sum, t = s + r;

    *error += fabs(s) > fabs(r) ? (s - t) + r : (r - t) + s;
    *sum = t;
}

static inline bool sum_int_is_large(int64_t i)
{
    return i <= -SUM_SPLIT_FROM || i >= SUM_SPLIT_FROM;
}

static inline void sum_compensate_int(double *sum, double *error, int64_t i)
{
    if (sum_int_is_large(i)) {
        int64_t low = i % SUM_SPLIT_LOW;

        sum_compensate(sum, error, (double)(i - low));
        sum_compensate(sum, error, (double)low);
    } else {
        sum_compensate(sum, error, (double)i);
    }
}

/* From now on the sum is a double. */
static inline void sum_begin_real(struct sum_state *state)
{
    int64_t i = state->integer, low = sum_int_is_large(i) ? i % SUM_SPLIT_LOW : 0;

    state->sum = (double)(i - low);
    state->error = (double)low;
    state->approximate = true;
}

static inline void sum_add_int(struct sum_state *state, int64_t i)
{
    int64_t total;

    state->count++;
    if (!state->approximate) {
        if (!__builtin_add_overflow(state->integer, i, &total)) {
            state->integer = total;
            return;
        }
        state->overflow = true;
        sum_begin_real(state);
    }
    sum_compensate_int(&state->sum, &state->error, i);
}

static inline void sum_add_real(struct sum_state *state, double r)
{
    state->count++;
    if (!state->approximate)
        sum_begin_real(state);
    else
        state->overflow = false;
    sum_compensate(&state->sum, &state->error, r);
}

/* The error term of an infinite sum is NaN or infinite and says nothing. */
static inline double sum_corrected(double sum, double error)
{
    return isfinite(error) ? sum + error : sum;
}

static inline double sum_real(const struct sum_state *state)
{
    return state->approximate ? sum_corrected(state->sum, state->error) : (double)state->integer;
}

static inline struct value sum_value(const struct sum_state *state)
{
    if (state->count == 0)
        return value_null();
    return state->approximate ? value_real(sum_real(state)) : value_int(state->integer);
}

static inline struct value sum_average(const struct sum_state *state)
{
    return state->count == 0 ? value_null() : value_real(sum_real(state) / (double)state->count);
}

#endif
