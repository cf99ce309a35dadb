/* table_facts.c - counts and extremes of a column that a table knows without reading its rows: from
 * the bounds of its segments, which are values that occur, and from the cells of its tail. */
#include "store/day.h"
#include "store/table_scan.h"

/* A group whose rows are all there; the deleted ones might have been its extremes. */
static bool is_whole(const struct group_entry *entry)
{
    return entry->deleted == NULL || bitmap_count(entry->deleted) == 0;
}

static bool count_values(const struct table_state *state, uint32_t column, int64_t *count)
{
    struct tail_place at = {0, 0};

    *count = 0;
    for (uint32_t g = 0; g < group_list_count(state->groups); g++) {
        const struct group_entry *entry = &state->groups->entries[g];
        const struct segment     *segment = entry->group->column[column];

        if (is_whole(entry))
            *count += segment->rows - segment->nulls;
        else if (segment->nulls == 0)
            *count += segment->rows - bitmap_count(entry->deleted);
        else if (segment->nulls < segment->rows)
            return false;
    }
    for (uint32_t i = 0; i < state->tail.rows; i++, at = tail_next(&state->tail, at))
        *count += tail_cells(&state->tail, at)[column].class_ != CLASS_NULL;
    return true;
}

/* The least or greatest value of a segment that has some; false: its encoding does not tell. */
static bool segment_extreme(const struct segment *segment, bool greatest, char scratch[16],
                            struct value *value)
{
    const struct vector *all = &segment->all;
    int64_t              payload = greatest ? segment->hi : segment->lo;
    int32_t              day = (int32_t)payload;
    double               real = greatest ? segment->real_hi : segment->real_lo;
    struct vector        one = *all;

    if (all->shape == VECTOR_CONSTANT) {
        *value = segment->cell;
        return value->class_ == CLASS_INTEGER;
    }
    if (segment->real_bounded && all->type == PHYS_F64) {
        *value = value_real(real);
        return real != 0; /* 0.0 or -0.0? */
    }
    if (!segment->bounded || all->shape == VECTOR_DICT)
        return false;
    one.valid = NULL;
    one.base = 0;
    one.count = 1;
    one.values = &payload;
    if (all->type <= PHYS_I64)
        one.type = PHYS_I64;
    else if (all->type >= PHYS_DEC16 && all->type <= PHYS_DEC64)
        one.type = PHYS_DEC64;
    else if (all->type == PHYS_DAY32)
        one.values = &day;
    else
        return false;
    *value = vector_value(&one, 0, scratch);
    return true;
}

struct extreme {
    bool           greatest, any;
    enum collation collation;
    struct value   value;
    char           text[16];
};

/* False: value equals the extreme so far, and is another one: which of them came first? */
static bool extreme_add(struct extreme *extreme, const struct value *value)
{
    int order = extreme->any ? value_compare(value, &extreme->value, extreme->collation) : 0;

    if (extreme->any && order == 0)
        return value->class_ == extreme->value.class_ && value->class_ < CLASS_TEXT;
    if (extreme->any && (order > 0) != extreme->greatest)
        return true;
    extreme->any = true;
    extreme->value = *value;
    if (value->class_ == CLASS_TEXT && value->bytes <= sizeof extreme->text) {
        memcpy(extreme->text, value->s, value->bytes);
        extreme->value.s = extreme->text;
    }
    return true;
}

static bool find_extreme(const struct table_state *state, uint32_t column, struct extreme *extreme)
{
    struct tail_place at = {0, 0};
    struct value      value;
    char              scratch[16];

    for (uint32_t g = 0; g < group_list_count(state->groups); g++) {
        const struct group_entry *entry = &state->groups->entries[g];
        const struct segment     *segment = entry->group->column[column];

        if (segment->nulls == segment->rows)
            continue;
        if (!is_whole(entry) || !segment_extreme(segment, extreme->greatest, scratch, &value) ||
            !extreme_add(extreme, &value))
            return false;
    }
    for (uint32_t i = 0; i < state->tail.rows; i++, at = tail_next(&state->tail, at)) {
        const struct value *cell = &tail_cells(&state->tail, at)[column];

        if (cell->class_ != CLASS_NULL && !extreme_add(extreme, cell))
            return false;
    }
    return true;
}

bool table_fact(const struct table *table, const struct table_state *state, enum table_fact fact,
                uint32_t column, enum collation collation, char scratch[16], struct value *value)
{
    struct extreme extreme = {.greatest = fact == FACT_MAX, .collation = collation};
    int64_t        count;

    if ((int32_t)column == table->schema->rowid_column)
        return false;
    if (fact == FACT_COUNT) {
        if (!count_values(state, column, &count))
            return false;
        *value = value_int(count);
        return true;
    }
    if (!find_extreme(state, column, &extreme))
        return false;
    *value = extreme.any ? extreme.value : value_null();
    if (value->s == extreme.text && value->class_ == CLASS_TEXT) {
        memcpy(scratch, extreme.text, value->bytes);
        value->s = scratch;
    }
    return true;
}
