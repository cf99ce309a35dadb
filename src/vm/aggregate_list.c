/* aggregate_list.c - collects the values of groups: for percentiles and the like, and for ORDER BY
 * within a call. */
#include "vm/aggregate_more.h"

#include <math.h>
#include <string.h>

enum { CHUNK_MIN = 4, CHUNK_MAX = 1 << 16 };

bool list_of_numbers(const struct aggregate_call *call)
{
    return call->order_count == 0 &&
           (call->kind == AGGREGATE_MEDIAN || call->kind == AGGREGATE_PERCENTILE ||
            call->kind == AGGREGATE_PERCENTILE_CONT || call->kind == AGGREGATE_PERCENTILE_DISC ||
            call->kind == AGGREGATE_MAD);
}

/* Room for one more element; NULL: memory. */
static inline void *list_more(struct list_state *state, size_t element, struct arena *texts)
{
    struct list_chunk *chunk = state->last;

    if (chunk == NULL || chunk->count == chunk->capacity) {
        uint32_t capacity = chunk == NULL ? CHUNK_MIN : chunk->capacity * 2;

        if (capacity > CHUNK_MAX)
            capacity = CHUNK_MAX;
        if (state->count == UINT32_MAX - capacity)
            return NULL;
        chunk = arena_alloc(texts, sizeof *chunk + capacity * element);
        if (chunk == NULL)
            return NULL;
        *chunk = (struct list_chunk){.before = state->last, .capacity = capacity};
        state->last = chunk;
    }
    state->count++;
    return (char *)(chunk + 1) + element * chunk->count++;
}

/* --- fractions ----------------------------------------------------------------------------------
 */
enum status fraction_of(const struct aggregate_call *call, const struct value *value, double *at,
                        struct error *err)
{
    double       most = call->kind == AGGREGATE_PERCENTILE ? 100.0 : 1.0;
    struct value number = value_numeric_type(value);

    *at = value_as_real(&number) / most;
    if ((number.class_ != CLASS_INTEGER && number.class_ != CLASS_REAL) || *at < 0 || *at > 1)
        return fail(err, STATUS_ERROR, "the fraction argument to %s() is not between 0.0 and %.1f",
                    call->name, most);
    return STATUS_OK;
}

static enum status fraction_set(struct list_state *state, const struct aggregate_call *call,
                                double at, struct error *err)
{
    if (!state->fraction_set) {
        state->fraction = at;
        state->fraction_set = true;
    } else if (fabs(state->fraction - at) > 0.001) { /* SQLite's tolerance */
        return fail(err, STATUS_ERROR,
                    "the fraction argument to %s() is not the same for all input rows", call->name);
    }
    return STATUS_OK;
}

enum status fraction_step(const struct state_array *states, const struct aggregate_part *part,
                          const struct picked *picked, double at, struct error *err)
{
    for (uint32_t k = 0; k < picked->rows.count; k++)
        TRY(fraction_set(state_at(states, part, picked_group(picked, k)), part->call, at, err));
    return STATUS_OK;
}

/* --- values -------------------------------------------------------------------------------------
 */
enum status list_add_numbers(const struct state_array *states, const struct aggregate_part *part,
                             const struct picked *picked, const double *values, struct error *err)
{
    for (uint32_t k = 0; k < picked->rows.count; k++) {
        double *place;

        if (isinf(values[k]))
            return fail(err, STATUS_ERROR, "Inf input to %s()", part->call->name);
        place = list_more(state_at(states, part, picked_group(picked, k)), sizeof *place,
                          states->texts);
        if (place == NULL)
            return fail_nomem(err);
        *place = values[k];
    }
    return STATUS_OK;
}

static bool keep_text(struct value *value, bool pinned, struct arena *texts)
{
    if (value->class_ >= CLASS_TEXT && value->bytes > 0 && !pinned) {
        value->s = arena_copy_text(texts, value->s, value->bytes);
        return value->s != NULL;
    }
    return true;
}

static enum status add_value(const struct state_array *states, const struct aggregate_part *part,
                             struct list_state *state, const struct value *value, bool pinned,
                             struct error *err)
{
    struct picked one = {.rows = {.count = 1}};
    struct value *place;

    if (list_of_numbers(part->call)) {
        double             number = value_as_real(value);
        struct state_array alone = *states;

        if (value->class_ >= CLASS_TEXT)
            return fail(err, STATUS_ERROR, "input to %s() is not numeric", part->call->name);
        alone.records = (char *)state - part->offset;
        return list_add_numbers(&alone, part, &one, &number, err);
    }
    place = list_more(state, sizeof *place, states->texts);
    if (place == NULL)
        return fail_nomem(err);
    *place = *value;
    return keep_text(place, pinned, states->texts) ? STATUS_OK : fail_nomem(err);
}

enum status list_step(const struct state_array *states, const struct aggregate_part *part,
                      const struct picked *picked, const struct value *argument,
                      const struct value *second, bool pinned, struct error *err)
{
    for (uint32_t k = 0; k < picked->rows.count; k++) {
        uint32_t           row = picked->rows.rows[k];
        struct list_state *state = state_at(states, part, picked_group(picked, k));
        double             at;

        if (second != NULL) {
            TRY(fraction_of(part->call, &second[row], &at, err));
            TRY(fraction_set(state, part->call, at, err));
        }
        if (argument[row].class_ != CLASS_NULL)
            TRY(add_value(states, part, state, &argument[row], pinned, err));
    }
    return STATUS_OK;
}

/* --- rows of an ordered call --------------------------------------------------------------------
 */
uint32_t list_width(const struct aggregate_call *call)
{
    return 1 + (call->separator >= 0) + call->order_count;
}

int32_t list_argument(const struct aggregate_call *call, uint32_t i)
{
    uint32_t first = 1 + (call->separator >= 0);

    return i == 0 ? call->argument : i < first ? call->separator : call->order[i - first].argument;
}

enum status list_extend(struct aggregate *aggregate, const struct aggregate_part *part,
                        const struct picked *picked, struct error *err)
{
    size_t element = list_width(part->call) * sizeof(struct value);

    for (uint32_t k = 0; k < picked->rows.count; k++) {
        aggregate->list_rows[k] =
            list_more(state_at(&aggregate->states, part, picked_group(picked, k)), element,
                      &aggregate->texts);
        if (aggregate->list_rows[k] == NULL)
            return fail_nomem(err);
    }
    return STATUS_OK;
}

enum status list_fill(struct aggregate *aggregate, const struct picked *picked, uint32_t i,
                      const struct value *cells, bool pinned, struct error *err)
{
    for (uint32_t k = 0; k < picked->rows.count; k++) {
        struct value *place = &aggregate->list_rows[k][i];

        *place = cells[picked->rows.rows[k]];
        if (!keep_text(place, pinned, &aggregate->texts))
            return fail_nomem(err);
    }
    return STATUS_OK;
}
