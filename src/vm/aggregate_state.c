/* aggregate_state.c - the exact steps of every aggregate, row by row over cells. */
#include "vm/aggregate_more.h"

#include "base/number.h"
#include "vm/aggregate_sum.h"

#include <stddef.h>
#include <string.h>

enum { TEXT_SPACE_MIN = 16, CONCAT_AHEAD = 16 };

const uint8_t state_bytes[FORM_KIND_COUNT] = {
    [FORM_NONE] = 0,
    [FORM_COUNT] = sizeof(int64_t),
    [FORM_SUM_INT] = sizeof(struct sum_int),
    [FORM_SUM_REAL] = sizeof(struct sum_real),
    [FORM_SUM] = sizeof(struct sum_state),
    [FORM_ORDINAL] = sizeof(struct ordinal_state),
    [FORM_CELL] = sizeof(struct cell_state),
    [FORM_CONCAT] = sizeof(struct concat_state),
    [FORM_MOMENTS] = offsetof(struct moments_state, m3),
    [FORM_MOMENTS4] = sizeof(struct moments_state),
    [FORM_PAIRS] = sizeof(struct pairs_state),
    [FORM_FOLD] = sizeof(struct fold_state),
    [FORM_BEST] = sizeof(struct best_state),
    [FORM_SKETCH] = sizeof(struct sketch_state),
    [FORM_LIST] = sizeof(union list_or_cell),
};

/* Space is reused, and doubled when it is too small: what is left behind in the arena is less than
 * what is kept. */
enum status cell_state_set(struct cell_state *state, const struct value *value, bool pinned,
                           struct arena *texts, struct error *err)
{
    const char *text = value->s;

    if (value->class_ >= CLASS_TEXT && !pinned && value->bytes > 0) {
        if (state->capacity < value->bytes) {
            uint64_t capacity = (uint64_t)state->capacity * 2;

            if (capacity < value->bytes)
                capacity = value->bytes;
            if (capacity < TEXT_SPACE_MIN)
                capacity = TEXT_SPACE_MIN;
            state->space = arena_alloc(texts, capacity);
            if (state->space == NULL) {
                state->capacity = 0;
                return fail_nomem(err);
            }
            state->capacity = (uint32_t)capacity;
        }
        if (text != state->space && !memory_copy(texts->memory, state->space, text, value->bytes))
            return memory_poll(texts->memory, err);
        text = state->space;
    }
    state->value = *value;
    if (value->class_ >= CLASS_TEXT)
        state->value.s = text;
    state->set = true;
    return STATUS_OK;
}

static void sum_step(const struct state_array *states, const struct aggregate_part *part,
                     const struct picked *picked, const struct value *argument)
{
    for (uint32_t k = 0; k < picked->rows.count; k++) {
        struct sum_state *state = state_at(states, part, picked_group(picked, k));
        struct value      value = argument[picked->rows.rows[k]];

        if (value.class_ == CLASS_NULL)
            continue;
        if (value.class_ >= CLASS_TEXT)
            value = value_numeric_type(&value);
        if (value.class_ == CLASS_INTEGER)
            sum_add_int(state, value.i);
        else
            sum_add_real(state, value_as_real(&value));
    }
}

/* SQLite's minmaxStep.  A row takes the bare columns along unless a better (or equal, earlier)
 * value stands. */
static enum status extreme_step(const struct state_array *states, const struct aggregate_part *part,
                                const struct picked *picked, const struct value *argument,
                                bool pinned, struct error *err)
{
    int sign = part->call->kind == AGGREGATE_MAX ? 1 : -1;

    for (uint32_t k = 0; k < picked->rows.count; k++) {
        struct cell_state  *state = state_at(states, part, picked_group(picked, k));
        const struct value *value = &argument[picked->rows.rows[k]];
        bool                empty = state->value.class_ == CLASS_NULL, better;

        if (value->class_ == CLASS_NULL)
            better = empty;
        else
            better = empty || value_compare(value, &state->value, part->call->collation) * sign > 0;
        if (better && value->class_ != CLASS_NULL)
            TRY(cell_state_set(state, value, pinned, states->texts, err));
        if (better && part->took != NULL)
            bits_set(part->took, picked->rows.rows[k]);
    }
    return STATUS_OK;
}

/* Room for so many more bytes. */
static enum status concat_reserve(struct concat_state *state, uint64_t more, struct arena *texts,
                                  struct error *err)
{
    uint64_t bytes = state->bytes + more, capacity;
    char    *data;

    if (bytes <= state->capacity)
        return STATUS_OK;
    if (bytes > VALUE_BYTES_MAX)
        return fail(err, STATUS_TOOBIG, "string or blob too big");
    capacity = bytes * 2 < TEXT_SPACE_MIN ? TEXT_SPACE_MIN : bytes * 2;
    data = arena_alloc(texts, capacity);
    if (data == NULL)
        return fail_nomem(err);
    if (!memory_copy(texts->memory, data, state->data, state->bytes))
        return memory_poll(texts->memory, err);
    state->data = data;
    state->capacity = (uint32_t)capacity;
    return STATUS_OK;
}

/* Longer ones are copied with a look whether to stop. */
enum { LONG_TEXT_BYTES = 1 << 14 };

/* Most texts are short: without a call. */
static inline void concat_append(struct concat_state *state, const char *text, uint32_t bytes)
{
    char *to;

    if (bytes == 0) /* there may be no room yet */
        return;
    to = state->data + state->bytes;
    state->bytes += bytes;
    if (bytes > 16) {
        memcpy(to, text, bytes);
    } else if (bytes >= 8) {
        memcpy(to, text, 8);
        memcpy(to + bytes - 8, text + bytes - 8, 8);
    } else {
        for (uint32_t i = 0; i < bytes; i++)
            to[i] = text[i];
    }
}

/* The text of a value that is not NULL; of a number in space. */
static struct value concat_text(const struct value *value, char space[NUMBER_TEXT_CAP], int digits)
{
    if (value->class_ == CLASS_INTEGER)
        return value_text(space, (uint32_t)number_from_int(value->i, space));
    if (value->class_ == CLASS_REAL)
        return value_text(space, (uint32_t)number_from_real(value->r, digits, space));
    return *value;
}

/* The rows' texts, the groups' states, and then the ends of their texts are asked for ahead. */
static inline void concat_prefetch(const struct state_array    *states,
                                   const struct aggregate_part *part, const struct picked *picked,
                                   const struct value *argument, uint32_t k)
{
    const struct concat_state *state;
    const struct value        *value;

    if (k + 2 * CONCAT_AHEAD >= picked->rows.count)
        return;
    value = &argument[picked->rows.rows[k + CONCAT_AHEAD]];
    if (value->class_ >= CLASS_TEXT)
        __builtin_prefetch(value->s);
    if (picked->groups == NULL)
        return;
    __builtin_prefetch(state_at(states, part, picked->groups[k + 2 * CONCAT_AHEAD]));
    state = state_at(states, part, picked->groups[k + CONCAT_AHEAD]);
    __builtin_prefetch((const void *)((uintptr_t)state->data + state->bytes));
}

static enum status concat_step(const struct state_array *states, const struct aggregate_part *part,
                               const struct picked *picked, const struct value *argument,
                               const struct value *separator, const struct arena *scratch,
                               struct error *err)
{
    static const struct value comma = {.class_ = CLASS_TEXT, .bytes = 1, .s = ","};
    int                       digits = value_real_digits(scratch->memory);

    for (uint32_t k = 0; k < picked->rows.count; k++) {
        struct concat_state *state = state_at(states, part, picked_group(picked, k));
        uint32_t             row = picked->rows.rows[k];
        const struct value  *between = separator == NULL ? &comma : &separator[row];
        char                 space[2][NUMBER_TEXT_CAP];
        struct value         first, second = value_text("", 0);

        concat_prefetch(states, part, picked, argument, k);
        if (argument[row].class_ == CLASS_NULL)
            continue;
        first = concat_text(&argument[row], space[0], digits);
        if (state->set && between->class_ != CLASS_NULL)
            second = concat_text(between, space[1], digits);
        TRY(concat_reserve(state, (uint64_t)first.bytes + second.bytes, states->texts, err));
        concat_append(state, second.s, second.bytes);
        if (first.bytes > LONG_TEXT_BYTES) {
            if (!memory_copy(states->texts->memory, state->data + state->bytes, first.s,
                             first.bytes))
                return memory_poll(states->texts->memory, err);
            state->bytes += first.bytes;
        } else {
            concat_append(state, first.s, first.bytes);
        }
        state->set = true;
    }
    return STATUS_OK;
}

enum status state_step(const struct state_array *states, const struct aggregate_part *part,
                       const struct picked *picked, const struct value *argument,
                       const struct value *separator, bool pinned, struct arena *scratch,
                       struct error *err)
{
    switch (part->call->kind) {
    case AGGREGATE_SUM:
    case AGGREGATE_TOTAL:
    case AGGREGATE_AVG:
        sum_step(states, part, picked, argument);
        break;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        return extreme_step(states, part, picked, argument, pinned, err);
    case AGGREGATE_GROUP_CONCAT:
        return concat_step(states, part, picked, argument, separator, scratch, err);
    default:
        return more_step(states, part, picked, argument, separator, pinned, err);
    }
    return STATUS_OK;
}
