/* aggregate_more.c - moments, regressions, folds, arg_min and arg_max, approximate counts. */
#include "vm/aggregate_more.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum state_form more_form(enum aggregate_kind kind)
{
    switch (kind) {
    case AGGREGATE_MEDIAN:
    case AGGREGATE_PERCENTILE:
    case AGGREGATE_PERCENTILE_CONT:
    case AGGREGATE_PERCENTILE_DISC:
    case AGGREGATE_MAD:
    case AGGREGATE_QUANTILE_DISC:
    case AGGREGATE_MODE:
    case AGGREGATE_ENTROPY:
    case AGGREGATE_HISTOGRAM:
        return FORM_LIST;
    case AGGREGATE_STDDEV_SAMP:
    case AGGREGATE_STDDEV_POP:
    case AGGREGATE_VAR_SAMP:
    case AGGREGATE_VAR_POP:
        return FORM_MOMENTS;
    case AGGREGATE_SKEWNESS:
    case AGGREGATE_KURTOSIS:
    case AGGREGATE_KURTOSIS_POP:
        return FORM_MOMENTS4;
    case AGGREGATE_COVAR_SAMP:
    case AGGREGATE_COVAR_POP:
    case AGGREGATE_CORR:
    case AGGREGATE_REGR_SLOPE:
    case AGGREGATE_REGR_INTERCEPT:
    case AGGREGATE_REGR_R2:
    case AGGREGATE_REGR_COUNT:
    case AGGREGATE_REGR_AVGX:
    case AGGREGATE_REGR_AVGY:
    case AGGREGATE_REGR_SXX:
    case AGGREGATE_REGR_SYY:
    case AGGREGATE_REGR_SXY:
        return FORM_PAIRS;
    case AGGREGATE_ARG_MIN:
    case AGGREGATE_ARG_MAX:
        return FORM_BEST;
    case AGGREGATE_ANY_VALUE:
    case AGGREGATE_FIRST:
    case AGGREGATE_LAST:
        return FORM_CELL;
    case AGGREGATE_BOOL_AND:
    case AGGREGATE_BOOL_OR:
    case AGGREGATE_BIT_AND:
    case AGGREGATE_BIT_OR:
    case AGGREGATE_BIT_XOR:
    case AGGREGATE_COUNT_IF:
    case AGGREGATE_PRODUCT:
        return FORM_FOLD;
    case AGGREGATE_APPROX_COUNT_DISTINCT:
        return FORM_SKETCH;
    default:
        return FORM_NONE;
    }
}

/* --- steps --------------------------------------------------------------------------------------
 */
static void moments_step(struct moments_state *s, double x, bool four)
{
    double before = s->count, d = x - s->mean, n = before + 1, part = d / n;

    s->count = n;
    s->mean += part;
    if (!four) {
        s->m2 += d * (x - s->mean);
    } else { /* Terriberry's update of the higher ones */
        double square = part * part, term = d * part * before;

        s->m4 += term * square * (n * n - 3 * n + 3) + 6 * square * s->m2 - 4 * part * s->m3;
        s->m3 += term * part * (n - 2) - 3 * part * s->m2;
        s->m2 += term;
    }
}

static void pairs_step(struct pairs_state *s, double y, double x)
{
    double dx = x - s->mean_x, dy = y - s->mean_y;

    s->count += 1;
    s->mean_x += dx / s->count;
    s->mean_y += dy / s->count;
    s->sxx += dx * (x - s->mean_x);
    s->syy += dy * (y - s->mean_y);
    s->sxy += dx * (y - s->mean_y);
}

void moments_add(const struct state_array *states, const struct aggregate_part *part,
                 const struct picked *picked, const double *values)
{
    bool four = part->form == FORM_MOMENTS4;

    for (uint32_t k = 0; k < picked->rows.count; k++)
        moments_step(state_at(states, part, picked_group(picked, k)), values[k], four);
}

void pairs_add(const struct state_array *states, const struct aggregate_part *part,
               const struct picked *picked, const double *y, const double *x)
{
    for (uint32_t k = 0; k < picked->rows.count; k++)
        pairs_step(state_at(states, part, picked_group(picked, k)), y[k], x[k]);
}

static double number_of(const struct value *value)
{
    struct value number = value_numeric_type(value);

    return value_as_real(&number);
}

static void fold_step(struct fold_state *s, enum aggregate_kind kind, const struct value *value)
{
    int64_t i = value_as_int(value), truth = value_truth(value) == 1;
    bool    first = s->count++ == 0;

    switch (kind) {
    case AGGREGATE_BOOL_AND:
        s->bits = truth & (first ? 1 : s->bits);
        break;
    case AGGREGATE_BOOL_OR:
        s->bits |= truth;
        break;
    case AGGREGATE_BIT_AND:
        s->bits = first ? i : s->bits & i;
        break;
    case AGGREGATE_BIT_OR:
        s->bits |= i;
        break;
    case AGGREGATE_BIT_XOR:
        s->bits ^= i;
        break;
    case AGGREGATE_COUNT_IF:
        s->bits += truth;
        break;
    default:
        assert(kind == AGGREGATE_PRODUCT);
        s->product = first ? number_of(value) : s->product * number_of(value);
    }
}

/* Pairs with a NULL are passed over; of equal keys the first wins. */
static enum status best_step(struct best_state *s, const struct aggregate_call *call,
                             const struct value *value, const struct value *key, bool pinned,
                             struct arena *texts, struct error *err)
{
    int sign = call->kind == AGGREGATE_ARG_MAX ? 1 : -1;

    if (key->class_ == CLASS_NULL)
        return STATUS_OK;
    if (s->key.set && value_compare(key, &s->key.value, call->second_collation) * sign <= 0)
        return STATUS_OK;
    TRY(cell_state_set(&s->key, key, false, texts, err));
    return cell_state_set(&s->result, value, pinned, texts, err);
}

/* HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007): a register keeps the longest run of zeros
 * among the hashes that fall to it. */
static enum status sketch_step(struct sketch_state *s, const struct value *value,
                               enum collation collation, struct arena *texts, struct error *err)
{
    uint64_t hash = value_hash(value, collation);
    uint8_t *reg, rank;

    /* splitmix64's finish: all bits depend on all */
    hash = (hash ^ hash >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    hash = (hash ^ hash >> 27) * UINT64_C(0x94d049bb133111eb);
    hash ^= hash >> 31;
    if (s->registers == NULL)
        s->registers = arena_zalloc(texts, SKETCH_REGISTERS);
    if (s->registers == NULL)
        return fail_nomem(err);
    reg = &s->registers[hash >> (64 - SKETCH_BITS)];
    hash = hash << SKETCH_BITS | UINT64_C(1) << (SKETCH_BITS - 1); /* an end to the zeros */
    rank = (uint8_t)(__builtin_clzll(hash) + 1);
    *reg = rank > *reg ? rank : *reg;
    return STATUS_OK;
}

static enum status cell_step(struct cell_state *s, enum aggregate_kind kind,
                             const struct value *value, bool pinned, struct arena *texts,
                             struct error *err)
{
    return s->set && kind != AGGREGATE_LAST ? STATUS_OK
                                            : cell_state_set(s, value, pinned, texts, err);
}

static enum status value_step(const struct state_array *states, const struct aggregate_part *part,
                              void *state, const struct value *value, const struct value *second,
                              bool pinned, struct error *err)
{
    const struct aggregate_call *call = part->call;

    switch (part->form) {
    case FORM_MOMENTS:
    case FORM_MOMENTS4:
        moments_step(state, number_of(value), part->form == FORM_MOMENTS4);
        break;
    case FORM_PAIRS:
        if (second->class_ != CLASS_NULL)
            pairs_step(state, number_of(value), number_of(second));
        break;
    case FORM_FOLD:
        fold_step(state, call->kind, value);
        break;
    case FORM_BEST:
        return best_step(state, call, value, second, pinned, states->texts, err);
    case FORM_SKETCH:
        return sketch_step(state, value, call->collation, states->texts, err);
    default:
        assert(part->form == FORM_CELL);
        return cell_step(state, call->kind, value, pinned, states->texts, err);
    }
    return STATUS_OK;
}

enum status more_step(const struct state_array *states, const struct aggregate_part *part,
                      const struct picked *picked, const struct value *argument,
                      const struct value *second, bool pinned, struct error *err)
{
    bool nulls = part->call->kind == AGGREGATE_FIRST || part->call->kind == AGGREGATE_LAST;

    if (part->form == FORM_LIST)
        return list_step(states, part, picked, argument, second, pinned, err);
    for (uint32_t k = 0; k < picked->rows.count; k++) {
        uint32_t row = picked->rows.rows[k];

        if (argument[row].class_ != CLASS_NULL || nulls)
            TRY(value_step(states, part, state_at(states, part, picked_group(picked, k)),
                           &argument[row], second == NULL ? NULL : &second[row], pinned, err));
    }
    return STATUS_OK;
}

/* --- results ------------------------------------------------------------------------------------
 */
/* Rounding can make a sum of squares 0 that is not, never negative. */
static struct value divided(double a, double b)
{
    return b == 0 ? value_null() : value_real(a / b);
}

static struct value skewness(const struct moments_state *s)
{
    double n = s->count, variance = s->m2 / n;

    if (n <= 2 || s->m2 <= 0)
        return value_null();
    return value_real(sqrt(n * (n - 1)) / (n - 2) * (s->m3 / n) / (variance * sqrt(variance)));
}

static struct value kurtosis(const struct moments_state *s, bool population)
{
    double n = s->count, excess;

    if (n <= (population ? 1 : 3) || s->m2 <= 0)
        return value_null();
    excess = n * s->m4 / (s->m2 * s->m2) - 3;
    if (population)
        return value_real(excess);
    return value_real((n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * excess + 6));
}

static struct value moments_value(enum aggregate_kind kind, const struct moments_state *s)
{
    if (s->count == 0)
        return value_null();
    switch (kind) {
    case AGGREGATE_VAR_POP:
        return value_real(s->m2 / s->count);
    case AGGREGATE_STDDEV_POP:
        return value_real(sqrt(s->m2 / s->count));
    case AGGREGATE_VAR_SAMP:
        return divided(s->m2, s->count - 1);
    case AGGREGATE_STDDEV_SAMP:
        return s->count == 1 ? value_null() : value_real(sqrt(s->m2 / (s->count - 1)));
    case AGGREGATE_SKEWNESS:
        return skewness(s);
    default:
        return kurtosis(s, kind == AGGREGATE_KURTOSIS_POP);
    }
}

static struct value pairs_value(enum aggregate_kind kind, const struct pairs_state *s)
{
    if (kind == AGGREGATE_REGR_COUNT)
        return value_int((int64_t)s->count);
    if (s->count == 0)
        return value_null();
    switch (kind) {
    case AGGREGATE_COVAR_POP:
        return value_real(s->sxy / s->count);
    case AGGREGATE_COVAR_SAMP:
        return divided(s->sxy, s->count - 1);
    case AGGREGATE_CORR:
        return divided(s->sxy, sqrt(s->sxx) * sqrt(s->syy));
    case AGGREGATE_REGR_SLOPE:
        return divided(s->sxy, s->sxx);
    case AGGREGATE_REGR_INTERCEPT:
        return s->sxx == 0 ? value_null() : value_real(s->mean_y - s->sxy / s->sxx * s->mean_x);
    case AGGREGATE_REGR_R2:
        if (s->sxx == 0)
            return value_null();
        return s->syy == 0 ? value_real(1) : value_real(s->sxy / s->sxx * (s->sxy / s->syy));
    case AGGREGATE_REGR_AVGX:
        return value_real(s->mean_x);
    case AGGREGATE_REGR_AVGY:
        return value_real(s->mean_y);
    case AGGREGATE_REGR_SXX:
        return value_real(s->sxx);
    case AGGREGATE_REGR_SYY:
        return value_real(s->syy);
    default:
        return value_real(s->sxy);
    }
}

static struct value fold_value(enum aggregate_kind kind, const struct fold_state *s)
{
    if (s->count == 0 && kind != AGGREGATE_COUNT_IF)
        return value_null();
    return kind == AGGREGATE_PRODUCT ? value_real(s->product) : value_int(s->bits);
}

static struct value sketch_value(const struct sketch_state *s)
{
    const double registers = SKETCH_REGISTERS, bias = 0.7213 / (1 + 1.079 / registers);
    double       sum = 0, empty = 0, estimate;

    if (s->registers == NULL)
        return value_int(0);
    for (uint32_t i = 0; i < SKETCH_REGISTERS; i++) {
        sum += ldexp(1, -s->registers[i]);
        empty += s->registers[i] == 0;
    }
    estimate = bias * registers * registers / sum;
    if (estimate <= 2.5 * registers && empty > 0)
        estimate = registers * log(registers / empty); /* counting the empty ones tells more */
    return value_int((int64_t)(estimate + 0.5));
}

struct value more_value(const struct aggregate_part *part, const void *state)
{
    switch (part->form) {
    case FORM_MOMENTS:
    case FORM_MOMENTS4:
        return moments_value(part->call->kind, state);
    case FORM_PAIRS:
        return pairs_value(part->call->kind, state);
    case FORM_FOLD:
        return fold_value(part->call->kind, state);
    case FORM_BEST:
        return ((const struct best_state *)state)->result.value;
    default:
        assert(part->form == FORM_SKETCH);
        return sketch_value(state);
    }
}
