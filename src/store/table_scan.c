/* table_scan.c - batches of a state's rows.
 *
 * A batch lies in one vector of one group, or in the tail.  Rows of the tail whose rowids fall
 * inside a group end the group's batch before them. */
#include "store/table_scan.h"

#include <assert.h>

void scan_init(struct table_scan *scan, const struct table *table, const struct table_state *state)
{
    scan->groups = state->groups;
    scan->tail = &state->tail;
    scan->memory = table->memory;
    scan->alias = table->schema->rowid_column;
    scan->bounds = NULL;
    scan->bound_count = 0;
    scan->live = NULL;
    scan->skipped = 0;
    scan_limit(scan, 0, group_list_count(state->groups), (struct tail_place){0, 0},
               state->tail.rows);
}

void scan_limit(struct table_scan *scan, uint32_t from, uint32_t to, struct tail_place at,
                uint32_t tail_rows)
{
    scan->group = from;
    scan->group_end = to;
    scan->row = 0;
    scan->at = at;
    scan->tail_left = tail_rows;
    scan->count = 0;
    scan->active = NULL;
    scan->live_group = UINT32_MAX;
    scan->refused_group = UINT32_MAX;
    scan->allowed_group = UINT32_MAX;
}

void scan_free(struct table_scan *scan)
{
    memory_free(scan->memory, scan->live, (GROUP_ROWS / 64 + 1) * sizeof *scan->live);
    scan->live = NULL;
}

/* --- bounds
 * ----------------------------------------------------------------------------------------- */
static bool rowids_may_match(const struct row_group *group, uint32_t from, uint32_t to, int op,
                             const struct value *value)
{
    struct value lo = value_int(row_group_rowid(group, from));
    struct value hi = value_int(row_group_rowid(group, to - 1));
    int          below = value_compare(&lo, value, COLLATION_BINARY);
    int          above = value_compare(&hi, value, COLLATION_BINARY);

    return bound_may_hold((enum bound_op)op, below, above);
}

static bool group_may_match(struct table_scan *scan, const struct row_group *group)
{
    if (scan->refused_group == scan->group)
        return false;
    if (scan->allowed_group == scan->group)
        return true;
    for (uint32_t i = 0; i < scan->bound_count; i++) {
        const struct scan_bound *bound = &scan->bounds[i];
        bool                     may;

        if ((int32_t)bound->column == scan->alias)
            may = rowids_may_match(group, 0, group->rows, bound->op, &bound->value);
        else
            may = segment_may_match(group->column[bound->column], bound->op, &bound->value);
        if (!may) {
            scan->refused_group = scan->group;
            return false;
        }
    }
    scan->allowed_group = scan->group;
    return true;
}

static bool zone_may_match(const struct table_scan *scan, const struct row_group *group,
                           uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < scan->bound_count; i++) {
        const struct scan_bound *bound = &scan->bounds[i];

        if ((int32_t)bound->column == scan->alias) {
            if (!rowids_may_match(group, from, to, bound->op, &bound->value))
                return false;
        } else if (!segment_zone_may_match(group->column[bound->column], from / VECTOR_CAP,
                                           bound->op, &bound->value)) {
            return false;
        }
    }
    return true;
}

/* --- batches
 * ---------------------------------------------------------------------------------------- */
static bool live_load(struct table_scan *scan, const struct group_entry *entry)
{
    if (scan->live_group == scan->group)
        return true;
    if (scan->live == NULL) {
        scan->live = memory_alloc(scan->memory, (GROUP_ROWS / 64 + 1) * sizeof *scan->live);
        if (scan->live == NULL)
            return false;
    }
    bits_fill(scan->live, entry->group->rows);
    bitmap_clear_bits(entry->deleted, scan->live);
    scan->live_group = scan->group;
    return true;
}

/* Points active at the live rows of the batch; *some: there are any. */
static bool batch_active(struct table_scan *scan, const struct group_entry *entry, bool *some)
{
    uint32_t live;

    scan->active = NULL;
    *some = true;
    if (entry->deleted == NULL)
        return true;
    if (!live_load(scan, entry))
        return false;
    bits_copy(scan->active_space, scan->live, scan->batch_row, scan->count);
    live = bits_count(scan->active_space, scan->count);
    if (live < scan->count)
        scan->active = scan->active_space;
    *some = live > 0;
    return true;
}

static void tail_batch(struct table_scan *scan, uint32_t cap, bool limited, int64_t limit)
{
    scan->batch_in_tail = true;
    scan->batch_at = scan->at;
    scan->active = NULL;
    scan->count = 0;
    while (scan->count < cap && scan->tail_left > 0 &&
           (!limited || tail_rowid(scan->tail, scan->at) <= limit)) {
        scan->at = tail_next(scan->tail, scan->at);
        scan->tail_left--;
        scan->count++;
    }
}

enum status scan_next(struct table_scan *scan, uint32_t cap, struct error *err)
{
    while (scan->group < scan->group_end) {
        const struct group_entry *entry = &scan->groups->entries[scan->group];
        const struct row_group   *group = entry->group;
        uint32_t                  from = scan->row, to = (from / VECTOR_CAP + 1) * VECTOR_CAP;
        bool                      may, some;

        if (from >= group->rows) {
            scan->group++;
            scan->row = 0;
            continue;
        }
        may = group_may_match(scan, group);
        if (to > group->rows || !may)
            to = group->rows;
        if (scan->tail_left > 0) {
            int64_t next = tail_rowid(scan->tail, scan->at);

            if (next <= row_group_rowid(group, from)) {
                tail_batch(scan, cap, true, row_group_rowid(group, from));
                return STATUS_OK;
            }
            if (next <= row_group_rowid(group, to - 1))
                to = row_group_lower_bound(group, next);
        }
        if (!may || (scan->bound_count > 0 && !zone_may_match(scan, group, from, to))) {
            scan->row = to;
            scan->skipped += (to - from + VECTOR_CAP - 1) / VECTOR_CAP;
            continue;
        }
        if (to - from > cap)
            to = from + cap;
        scan->row = to;
        scan->batch_in_tail = false;
        scan->batch_group = scan->group;
        scan->batch_row = from;
        scan->count = to - from;
        if (!batch_active(scan, entry, &some))
            return fail_nomem(err);
        if (some)
            return STATUS_OK;
    }
    tail_batch(scan, cap, false, 0);
    return STATUS_OK;
}

/* --- columns
 * ---------------------------------------------------------------------------------------- */
void scan_space_free(struct scan_space *space, struct memory *memory)
{
    memory_free(memory, space->slots, space->slots_bytes);
    space->slots = NULL;
    space->slots_bytes = 0;
}

/* Slots for count cells, a whole number of validity words of them. */
static bool space_reserve(struct scan_space *space, struct memory *memory, uint32_t count)
{
    size_t bytes = bits_words(count) * 64 * sizeof(struct value);

    if (space->slots_bytes >= bytes)
        return true;
    memory_free(memory, space->slots, space->slots_bytes);
    space->slots_bytes = 0;
    space->slots = memory_zalloc(memory, bytes);
    if (space->slots == NULL)
        return false;
    space->slots_bytes = bytes;
    return true;
}

static void bound_integers(struct vector *v)
{
    const int64_t *in = v->values;

    v->lo = INT64_MAX;
    v->hi = INT64_MIN;
    for (uint32_t i = 0; i < v->count; i++) {
        if (v->valid != NULL && !bits_get(v->valid, i))
            continue;
        v->lo = in[i] < v->lo ? in[i] : v->lo;
        v->hi = in[i] > v->hi ? in[i] : v->hi;
    }
    if (v->lo <= v->hi)
        v->flags |= VECTOR_BOUNDED;
}

/* The cells of space as a vector of their common class; v->valid is set. */
static void cells_to_vector(uint32_t classes, struct scan_space *space, struct vector *v)
{
    struct value *cells = space->slots;
    int64_t      *slots = space->slots;

    switch (classes & ~(1u << CLASS_NULL)) {
    case 1u << CLASS_INTEGER:
    case 1u << CLASS_REAL:
        for (uint32_t i = 0; i < v->count; i++)
            slots[i] = cells[i].i; /* the bits of a REAL too; cells behind i are still whole */
        v->type = (classes & 1u << CLASS_INTEGER) != 0 ? PHYS_I64 : PHYS_F64;
        if (v->type == PHYS_I64)
            bound_integers(v);
        break;
    case 1u << CLASS_TEXT:
        v->type = PHYS_TEXT;
        break;
    case 1u << CLASS_BLOB:
        v->type = PHYS_BLOB;
        break;
    default:
        v->type = PHYS_ANY;
        break;
    }
}

static bool tail_column(const struct table_scan *scan, uint32_t column, struct scan_space *space,
                        struct vector *out)
{
    struct tail_place at = scan->batch_at;
    struct value     *cells;
    uint32_t          classes = 0;

    *out = (struct vector){.shape = VECTOR_FLAT, .flags = VECTOR_PINNED, .count = scan->count};
    if (scan->count == 1) { /* a point query: the cell itself is the vector */
        vector_constant(out, (struct value *)&tail_cells(scan->tail, at)[column], 1);
        out->flags |= VECTOR_PINNED;
        return true;
    }
    if (!space_reserve(space, scan->memory, scan->count))
        return false;
    cells = space->slots;
    for (uint32_t i = 0; i < scan->count; i++) {
        cells[i] = tail_cells(scan->tail, at)[column];
        classes |= 1u << cells[i].class_;
        at = tail_next(scan->tail, at);
    }
    if ((classes & 1u << CLASS_NULL) != 0) {
        memset(space->valid, 0, bits_words(scan->count) * sizeof *space->valid);
        for (uint32_t i = 0; i < scan->count; i++)
            bits_put(space->valid, i, cells[i].class_ != CLASS_NULL);
        out->valid = space->valid;
    }
    out->values = space->slots;
    cells_to_vector(classes, space, out);
    return true;
}

bool scan_rowids(const struct table_scan *scan, struct scan_space *space, struct vector *out)
{
    *out = (struct vector){.type = PHYS_I64, .shape = VECTOR_FLAT, .count = scan->count};
    if (scan->batch_in_tail) {
        struct tail_place at = scan->batch_at;
        int64_t          *slots;

        if (!space_reserve(space, scan->memory, scan->count))
            return false;
        slots = space->slots;
        for (uint32_t i = 0; i < scan->count; i++) {
            slots[i] = tail_rowid(scan->tail, at);
            at = tail_next(scan->tail, at);
        }
        out->values = slots;
        out->lo = slots[0];
        out->hi = slots[scan->count - 1];
    } else {
        const struct row_group *group = scan->groups->entries[scan->batch_group].group;

        out->lo = row_group_rowid(group, scan->batch_row);
        out->hi = row_group_rowid(group, scan->batch_row + scan->count - 1);
        if (group->rowids == NULL) {
            out->shape = VECTOR_SEQUENCE;
            out->base = out->lo;
        } else {
            out->values = group->rowids + scan->batch_row;
        }
    }
    out->flags = VECTOR_BOUNDED;
    return true;
}

bool scan_column(const struct table_scan *scan, uint32_t column, struct scan_space *space,
                 struct vector *out)
{
    if ((int32_t)column == scan->alias)
        return scan_rowids(scan, space, out);
    if (scan->batch_in_tail)
        return tail_column(scan, column, space, out);
    segment_view(scan->groups->entries[scan->batch_group].group->column[column], scan->batch_row,
                 scan->count, space->valid, out);
    return true;
}
