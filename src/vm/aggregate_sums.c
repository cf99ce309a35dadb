/* aggregate_sums.c - sums, totals and averages together: calls that read one state, and the sums of
 * several columns in one loop. */
#include "base/number.h"
#include "vm/aggregate_internal.h"
#include "vm/kernel.h"

#include <assert.h>

enum {
    GROUPS_MOST = 64, /* whose sums are worth carrying to the lanes and back for a batch */
    CHUNK = 256,      /* rows decoded at once: eight columns of them fit into the L1 cache */
    DENSE_ENOUGH = 4, /* one row in so many is active: then all are decoded */
    COLUMNS_LEAST = 2,
};

bool sums_is(const struct aggregate_call *call)
{
    return (call->kind == AGGREGATE_SUM || call->kind == AGGREGATE_TOTAL ||
            call->kind == AGGREGATE_AVG) &&
           call->order_count == 0;
}

static bool takes_all_rows(const struct aggregate_call *call)
{
    return call->filter < 0 && !call->distinct;
}

static bool same_values(const struct aggregate_call *a, const struct aggregate_call *b)
{
    return a->argument == b->argument && a->filter == b->filter && a->distinct == b->distinct &&
           a->collation == b->collation;
}

/* --- which states ------------------------------------------------------------------------------
 */
static void part_find_source(struct aggregate *aggregate, struct aggregate_part *part)
{
    for (struct aggregate_part *one = aggregate->parts; one < part && part->source == NULL; one++)
        if (one->source == NULL && sums_is(one->call) && same_values(one->call, part->call)) {
            part->source = one;
            one->averages = one->averages || part->call->kind == AGGREGATE_AVG;
        }
    if (part->source == NULL)
        part->averages = part->call->kind == AGGREGATE_AVG;
}

void sums_share(struct aggregate *aggregate)
{
    for (uint32_t i = 0; i < aggregate->desc->call_count; i++)
        if (sums_is(aggregate->parts[i].call))
            part_find_source(aggregate, &aggregate->parts[i]);
}

/* --- several columns in one loop ---------------------------------------------------------------
 */
struct sum_set {
    struct aggregate_part *parts[SUM_LANES];
    const struct vector   *columns[SUM_LANES];
    uint32_t               count;
};

static bool is_real_column(const struct vector *v)
{
    return v->shape == VECTOR_FLAT && v->valid == NULL && (v->flags & VECTOR_WHOLE_IS_INT) == 0 &&
           (v->type == PHYS_F64 || v->type == PHYS_DEC16 || v->type == PHYS_DEC32 ||
            v->type == PHYS_DEC64);
}

/* Whether the part can take v as a column of REALs, without a count of its own. */
static bool part_fits(const struct aggregate *aggregate, const struct aggregate_part *part,
                      const struct vector *v)
{
    bool first = part->form == FORM_NONE && aggregate->groups_before == 0;

    if (!is_real_column(v))
        return false;
    if (aggregate->keys == NULL)
        return part->form == FORM_NONE || part->form == FORM_SUM_REAL;
    return part->uncounted && (first || part->form == FORM_SUM_REAL);
}

/* The column's values of rows [first, first + count), in space unless they stand as doubles. */
static const double *column_read(const struct vector *v, uint32_t first, uint32_t count,
                                 double *space)
{
    if (v->type == PHYS_F64)
        return (const double *)v->values + first;
    kernel->to_f64[v->type]((const char *)v->values + (size_t)first * phys_bytes[v->type], 0,
                            number_power_real[v->scale], space, count);
    return space;
}

static void lanes_load(const struct aggregate *aggregate, const struct sum_set *set,
                       struct sum_lanes *lanes)
{
    for (uint32_t group = 0; group < aggregate->groups; group++)
        for (uint32_t c = 0; c < SUM_LANES; c++) {
            const struct sum_real *state =
                state_at(&aggregate->states, set->parts[c < set->count ? c : 0], group);

            lanes[group].sum[c] = state->sum;
            lanes[group].error[c] = state->error;
        }
}

static void lanes_store(struct aggregate *aggregate, const struct sum_set *set,
                        const struct sum_lanes *lanes)
{
    for (uint32_t group = 0; group < aggregate->groups; group++)
        for (uint32_t c = 0; c < set->count; c++) {
            struct sum_real *state = state_at(&aggregate->states, set->parts[c], group);

            state->sum = lanes[group].sum[c];
            state->error = lanes[group].error[c];
        }
}

static enum status set_step(struct aggregate *aggregate, const struct sum_set *set,
                            const struct picked *all, uint32_t batch_rows, struct error *err)
{
    struct sum_lanes lanes[GROUPS_MOST];
    const double    *columns[SUM_LANES];
    double          *space = (double *)aggregate->separator.values;
    uint32_t         k = 0;

    for (uint32_t c = 0; c < set->count; c++)
        TRY(aggregate_widen(aggregate, set->parts[c], FORM_SUM_REAL, err));
    lanes_load(aggregate, set, lanes);
    for (uint32_t first = 0; first < batch_rows; first += CHUNK) {
        uint32_t end = first + CHUNK < batch_rows ? first + CHUNK : batch_rows, from = k;

        if (all->rows.dense)
            k = end < all->rows.count ? end : all->rows.count;
        else
            while (k < all->rows.count && all->rows.rows[k] < end)
                k++;
        if (k == from)
            continue;
        for (uint32_t c = 0; c < SUM_LANES; c++)
            columns[c] = c < set->count ? column_read(set->columns[c], first, end - first,
                                                      space + (size_t)c * CHUNK)
                                        : columns[0];
        kernel->sum_columns(columns, set->count <= SUM_HALF,
                            all->rows.dense ? NULL : all->rows.rows + from, first,
                            all->groups == NULL ? NULL : all->groups + from, k - from, lanes);
    }
    lanes_store(aggregate, set, lanes);
    for (uint32_t c = 0; c < set->count; c++) {
        set->parts[c]->stepped = true;
        if (all->groups == NULL) {
            struct sum_real *state = state_at(&aggregate->states, set->parts[c], 0);

            state->count += all->rows.count;
            state->reals = 1;
        }
    }
    return STATUS_OK;
}

enum status sums_step(struct aggregate *aggregate, const struct vector *const *arguments,
                      const struct selection *sel, const struct picked *all, struct error *err)
{
    struct sum_set set = {.count = 0};

    for (uint32_t i = 0; i < aggregate->desc->call_count; i++)
        aggregate->parts[i].stepped = false;
    if (aggregate->exact || aggregate->groups > GROUPS_MOST ||
        sel->count * DENSE_ENOUGH < sel->rows)
        return STATUS_OK;
    for (uint32_t i = 0; i < aggregate->desc->call_count; i++) {
        struct aggregate_part *part = &aggregate->parts[i];

        if (part->source != NULL || !sums_is(part->call) || !takes_all_rows(part->call) ||
            !part_fits(aggregate, part, arguments[part->call->argument]))
            continue;
        set.parts[set.count] = part;
        set.columns[set.count++] = arguments[part->call->argument];
        if (set.count == SUM_LANES) {
            TRY(set_step(aggregate, &set, all, sel->rows, err));
            set.count = 0;
        }
    }
    return set.count < COLUMNS_LEAST ? STATUS_OK : set_step(aggregate, &set, all, sel->rows, err);
}
