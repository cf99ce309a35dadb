/* table_cursor.c - the cursor over a snapshot of a table.
 *
 * The snapshot is the state as it was when the cursor was opened: one reference each on groups and
 * tail.  Rewinding it first folds a tail that would cut the scan into small batches, if the table
 * has not changed since; then too, a scan whose bounds name the values of a unique key, or of the
 * rowid, reads the rows that have them alone: batch by batch what lies in one vector of a group. */
#include <assert.h>
#include <stdlib.h>

#include "store/dictionary_internal.h"
#include "store/table_scan.h"

enum { NOT_OPENED = 0xffff, BOUNDS_MAX = 8, VALUES_MAX = 16384 };

/* Where more than one row of so many is sought the whole table is read. */
enum { ROWS_PER_SEEK = 8 };

/* Bounds of a column over all groups, so that batches of a scan promise the same range. */
enum hull_kind { HULL_UNKNOWN, HULL_NONE, HULL_INTEGER, HULL_DECIMAL, HULL_DAY };

struct cursor_column {
    struct scan_space space;
    enum hull_kind    hull;
    uint8_t           hull_scale;
    int64_t           hull_lo, hull_hi;
};

struct cursor_among { /* BOUND_AMONG */
    bool          told, too_many;
    uint32_t      column, count, capacity;
    struct value *values; /* none is NULL */
};

struct chosen_row {
    int64_t          rowid;
    struct row_place place;
};

struct table_cursor {
    struct cursor        cursor;
    struct table        *table; /* referenced */
    struct table_state   state; /* referenced */
    struct table_scan    scan;
    struct scan_space    rowids;
    bool                 seeking;
    uint32_t             chosen_count, chosen_at; /* of the rows that are all there is */
    struct chosen_row   *chosen;                  /* by rowid */
    struct cursor_among  among;
    uint32_t             column_count;
    uint32_t             bound_count;
    struct scan_bound    bounds[BOUNDS_MAX];
    struct arena         arena; /* texts of bounds */
    uint32_t             table_columns;
    uint16_t            *slot_of; /* [table_columns] index into columns, or NOT_OPENED */
    struct cursor_column columns[];
};

static size_t cursor_bytes(uint32_t columns, uint32_t table_columns)
{
    return sizeof(struct table_cursor) + columns * sizeof(struct cursor_column) +
           table_columns * sizeof(uint16_t);
}

static void cursor_close(struct cursor *cursor)
{
    struct table_cursor *c = (struct table_cursor *)cursor;
    struct table        *table = c->table;
    struct memory       *memory = table->memory;

    for (uint32_t i = 0; i < c->column_count; i++)
        scan_space_free(&c->columns[i].space, memory);
    scan_space_free(&c->rowids, memory);
    scan_free(&c->scan);
    arena_free(&c->arena);
    table_state_unref(&c->state);
    memory_free(memory, c, cursor_bytes(c->column_count, c->table_columns));
    table->open_cursors--;
    table_unref(table);
}

static bool state_is_current(const struct table_cursor *c)
{
    const struct table_state *now = &c->table->state;

    return now->groups == c->state.groups && now->tail.root == c->state.tail.root &&
           now->tail.rows == c->state.tail.rows;
}

/* What a fold does can be seen by nobody: it may happen outside of transactions too.  Without
 * memory for it the scan is merely slower. */
static void fold_for_scan(struct table_cursor *c)
{
    if (table_tail_cuts(&c->state) <= SCAN_CUTS_MAX || !state_is_current(c))
        return;
    table_state_unref(&c->state);
    table_fold_tail(c->table, NULL);
    c->state = c->table->state;
    table_state_ref(&c->state);
    c->scan.groups = c->state.groups;
}

/* The row at place becomes the scan's batch. */
static void stand_on(struct table_cursor *c, const struct row_place *place)
{
    c->cursor.rows_read++;
    c->scan.count = 1;
    c->scan.active = NULL;
    c->scan.batch_in_tail = place->in_tail;
    c->scan.batch_group = place->group;
    c->scan.batch_row = place->row;
    c->scan.batch_at = place->tail;
}

/* --- rows by their keys
 * ----------------------------------------------------------------------------------- */
static const struct value *value_sought(const struct table_cursor *c, uint32_t column)
{
    for (uint32_t b = 0; b < c->bound_count; b++)
        if (c->bounds[b].op == BOUND_EQ && c->bounds[b].column == column)
            return &c->bounds[b].value;
    return NULL;
}

static bool has_list(const struct table_cursor *c)
{
    return c->among.told && !c->among.too_many;
}

/* cells of the key's columns from bounds of equality; *listed: one of them is the column with a
 * list of values.  False: some column has neither. */
static bool key_cells(const struct table_cursor *c, const struct schema_key *key,
                      struct value *cells, bool *listed)
{
    *listed = false;
    for (uint32_t i = 0; i < key->column_count; i++) {
        const struct value *value = value_sought(c, key->columns[i]);

        if (value != NULL)
            cells[key->columns[i]] = *value;
        else if (has_list(c) && c->among.column == key->columns[i])
            *listed = true;
        else
            return false;
    }
    return true;
}

static void choose(struct table_cursor *c, int64_t rowid)
{
    struct chosen_row *row = &c->chosen[c->chosen_count];

    row->rowid = rowid;
    c->chosen_count += table_find(&c->state, rowid, &row->place);
}

static int compare_chosen(const void *a, const void *b)
{
    int64_t x = ((const struct chosen_row *)a)->rowid, y = ((const struct chosen_row *)b)->rowid;

    return (x > y) - (x < y);
}

/* In the table's order, each once. */
static void order_chosen(struct table_cursor *c)
{
    uint32_t kept = 0;

    if (c->chosen_count > 1)
        qsort(c->chosen, c->chosen_count, sizeof *c->chosen, compare_chosen);
    for (uint32_t i = 0; i < c->chosen_count; i++)
        if (kept == 0 || c->chosen[kept - 1].rowid != c->chosen[i].rowid)
            c->chosen[kept++] = c->chosen[i];
    c->chosen_count = kept;
    c->seeking = true;
}

/* Room for rows by the list's values; false: reading the table is as good, or there is no memory.
 */
static bool chosen_room(struct table_cursor *c, uint32_t count)
{
    if (count > 1 && (uint64_t)count * ROWS_PER_SEEK > c->state.live)
        return false;
    if (c->chosen == NULL)
        c->chosen = arena_alloc(&c->arena, (c->among.count + (size_t)1) * sizeof *c->chosen);
    return c->chosen != NULL;
}

static bool choose_by_rowid(struct table_cursor *c)
{
    if (!has_list(c) || (int32_t)c->among.column != c->scan.alias ||
        !chosen_room(c, c->among.count))
        return false;
    for (uint32_t i = 0; i < c->among.count; i++) {
        struct value value = c->among.values[i], whole = value;

        if (value.class_ == CLASS_REAL && value.r >= -0x1p63 && value.r < 0x1p63)
            whole = value_int((int64_t)value.r);
        if (whole.class_ == CLASS_INTEGER && value_compare(&value, &whole, COLLATION_BINARY) == 0)
            choose(c, whole.i);
    }
    return true;
}

/* Equal as BINARY texts are is equal under the key's own collation. */
static bool choose_by_key(struct table_cursor *c, uint32_t k, struct value *cells)
{
    uint32_t column = c->among.column, count;
    bool     listed;
    int64_t  rowid = 0;

    if (!key_cells(c, &c->table->schema->keys[k], cells, &listed))
        return false;
    count = listed ? c->among.count : 1;
    if (!chosen_room(c, count) || !table_key_ready(c->table, k))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (listed)
            cells[column] = c->among.values[i];
        if (table_seek_key(c->table, k, cells, &rowid))
            choose(c, rowid);
    }
    return true;
}

/* The bounds say which values the rowid or a unique key has: the rows that have them are chosen. */
static bool choose_rows(struct table_cursor *c)
{
    const struct schema_table *schema = c->table->schema;
    struct value              *cells = NULL;
    bool                       done;

    c->chosen_count = c->chosen_at = 0;
    if ((c->bound_count == 0 && !c->among.told) || c->table_columns != schema->column_count ||
        !state_is_current(c))
        return false;
    done = choose_by_rowid(c);
    for (uint32_t k = 0; k < schema->key_count && !done; k++) {
        if (!schema->keys[k].unique)
            continue;
        if (cells == NULL)
            cells = arena_zalloc(&c->arena, c->table_columns * sizeof *cells);
        done = cells != NULL && choose_by_key(c, k, cells);
    }
    if (done)
        order_chosen(c);
    return done;
}

/* The list as the range of its values. */
static void bound_by_list(struct table_cursor *c)
{
    const struct cursor_among *among = &c->among;
    const struct value        *least = among->values, *most = among->values;

    if (!has_list(c) || among->count == 0 || c->bound_count + 2 > BOUNDS_MAX)
        return;
    for (uint32_t i = 1; i < among->count; i++) {
        if (value_compare(&among->values[i], least, COLLATION_BINARY) < 0)
            least = &among->values[i];
        if (value_compare(&among->values[i], most, COLLATION_BINARY) > 0)
            most = &among->values[i];
    }
    c->bounds[c->bound_count++] = (struct scan_bound){among->column, BOUND_GE, *least};
    c->bounds[c->bound_count++] = (struct scan_bound){among->column, BOUND_LE, *most};
    c->among.told = false; /* all is said */
}

/* The next chosen row and those behind it in the same vector of its group. */
static void chosen_next(struct table_cursor *c, uint32_t cap)
{
    const struct row_place *first;
    uint32_t                rows = 0, last;

    if (c->chosen_at == c->chosen_count) {
        c->scan.count = 0;
        return;
    }
    first = &c->chosen[c->chosen_at].place;
    last = first->row;
    stand_on(c, first);
    c->chosen_at++;
    if (first->in_tail)
        return;
    memset(c->scan.active_space, 0, sizeof c->scan.active_space);
    bits_set(c->scan.active_space, 0);
    for (; c->chosen_at < c->chosen_count; c->chosen_at++, rows++) {
        const struct row_place *place = &c->chosen[c->chosen_at].place;

        if (place->in_tail || place->group != first->group ||
            place->row / VECTOR_CAP != first->row / VECTOR_CAP || place->row - first->row >= cap)
            break;
        last = place->row;
        bits_set(c->scan.active_space, last - first->row);
    }
    c->cursor.rows_read += rows;
    c->scan.count = last - first->row + 1;
    if (rows + 1 < c->scan.count)
        c->scan.active = c->scan.active_space;
}

static enum status cursor_rewind(struct cursor *cursor, struct error *err)
{
    struct table_cursor *c = (struct table_cursor *)cursor;

    c->seeking = false;
    (void)err;
    if (choose_rows(c))
        return STATUS_OK;
    bound_by_list(c);
    fold_for_scan(c);
    scan_limit(&c->scan, 0, group_list_count(c->state.groups), (struct tail_place){0, 0},
               c->state.tail.rows);
    c->scan.bounds = c->bounds;
    c->scan.bound_count = c->bound_count;
    return STATUS_OK;
}

static enum status cursor_next(struct cursor *cursor, uint32_t cap, uint32_t *count,
                               const uint64_t **active, struct error *err)
{
    struct table_cursor *c = (struct table_cursor *)cursor;

    assert(cap >= 1 && cap <= VECTOR_CAP);
    if (c->seeking) {
        chosen_next(c, cap);
        *count = c->scan.count;
        *active = c->scan.active;
        return STATUS_OK;
    }
    TRY(scan_next(&c->scan, cap, err));
    *count = c->scan.count;
    *active = c->scan.active;
    cursor->rows_read +=
        c->scan.active == NULL ? c->scan.count : bits_count(c->scan.active, c->scan.count);
    cursor->batches_skipped = c->scan.skipped;
    return STATUS_OK;
}

/* --- bounds of a column over the snapshot's groups
 * --------------------------------------------------- */
static enum hull_kind segment_hull_kind(const struct segment *segment)
{
    enum phys type = segment->all.type;

    if (!segment->bounded || segment->all.shape == VECTOR_DICT)
        return HULL_NONE;
    if (type <= PHYS_I64)
        return HULL_INTEGER;
    return type == PHYS_DAY32 ? HULL_DAY : HULL_DECIMAL;
}

static void hull_make(const struct table_cursor *c, uint32_t column, struct cursor_column *slot)
{
    slot->hull = HULL_NONE;
    slot->hull_lo = INT64_MAX;
    slot->hull_hi = INT64_MIN;
    for (uint32_t g = 0; g < group_list_count(c->state.groups); g++) {
        const struct segment *segment = c->state.groups->entries[g].group->column[column];
        enum hull_kind        kind = segment_hull_kind(segment);

        if (kind == HULL_NONE)
            continue;
        if (slot->hull == HULL_NONE) {
            slot->hull = kind;
            slot->hull_scale = segment->all.scale;
        }
        if (kind != slot->hull || segment->all.scale != slot->hull_scale)
            continue;
        slot->hull_lo = segment->lo < slot->hull_lo ? segment->lo : slot->hull_lo;
        slot->hull_hi = segment->hi > slot->hull_hi ? segment->hi : slot->hull_hi;
    }
}

static void hull_apply(const struct table_cursor *c, uint32_t column, struct cursor_column *slot,
                       struct vector *v)
{
    const struct segment *segment =
        c->state.groups->entries[c->scan.batch_group].group->column[column];

    if (slot->hull == HULL_UNKNOWN)
        hull_make(c, column, slot);
    if (slot->hull == HULL_NONE || segment_hull_kind(segment) != slot->hull ||
        segment->all.scale != slot->hull_scale)
        return;
    v->flags |= VECTOR_BOUNDED;
    v->lo = slot->hull_lo;
    v->hi = slot->hull_hi;
}

static enum status cursor_column(struct cursor *cursor, uint32_t column,
                                 const struct selection *sel, struct vector *out, struct error *err)
{
    struct table_cursor  *c = (struct table_cursor *)cursor;
    struct cursor_column *slot;

    (void)sel;
    if (column >= c->table_columns || c->slot_of[column] == NOT_OPENED)
        return fail(err, STATUS_INTERNAL, "column %u of the cursor was not opened", column);
    slot = &c->columns[c->slot_of[column]];
    if (!scan_column(&c->scan, column, &slot->space, out))
        return fail_nomem(err);
    if (!c->seeking && !c->scan.batch_in_tail && (int32_t)column != c->scan.alias)
        hull_apply(c, column, slot, out);
    return STATUS_OK;
}

static enum status cursor_rowid(struct cursor *cursor, struct vector *out, struct error *err)
{
    struct table_cursor *c = (struct table_cursor *)cursor;

    return scan_rowids(&c->scan, &c->rowids, out) ? STATUS_OK : fail_nomem(err);
}

static bool keep_value(struct table_cursor *c, const struct value *value, struct value *kept)
{
    *kept = *value;
    if (value->class_ >= CLASS_TEXT)
        kept->s = arena_copy_text(&c->arena, value->bytes > 0 ? value->s : "", value->bytes);
    return value->class_ < CLASS_TEXT || kept->s != NULL;
}

/* A list for a second column is not used. */
static enum status among_add(struct table_cursor *c, uint32_t column, const struct value *value,
                             struct error *err)
{
    struct cursor_among *among = &c->among;

    if (!among->told)
        *among = (struct cursor_among){.told = true, .column = column};
    among->too_many |= among->count == VALUES_MAX;
    if (among->column != column || value->class_ == CLASS_NULL || among->too_many)
        return STATUS_OK;
    if (among->count == among->capacity) {
        uint32_t      capacity = among->capacity == 0 ? 16 : among->capacity * 2;
        struct value *values = arena_alloc(&c->arena, capacity * sizeof *values);

        if (values == NULL)
            return fail_nomem(err);
        if (among->count > 0)
            memcpy(values, among->values, among->count * sizeof *values);
        among->values = values;
        among->capacity = capacity;
    }
    return keep_value(c, value, &among->values[among->count++]) ? STATUS_OK : fail_nomem(err);
}

static enum status cursor_bound(struct cursor *cursor, uint32_t column, int op,
                                const struct value *value, struct error *err)
{
    struct table_cursor *c = (struct table_cursor *)cursor;
    struct scan_bound   *bound = &c->bounds[c->bound_count];

    if (op == BOUND_AMONG)
        return among_add(c, column, value, err);
    if (c->bound_count == BOUNDS_MAX)
        return STATUS_OK; /* it need not be used */
    *bound = (struct scan_bound){.column = column, .op = op, .value = *value};
    if (!keep_value(c, value, &bound->value))
        return fail_nomem(err);
    c->bound_count++;
    return STATUS_OK;
}

static enum status cursor_seek(struct cursor *cursor, int64_t rowid, bool *found, struct error *err)
{
    struct table_cursor *c = (struct table_cursor *)cursor;
    struct row_place     place;

    (void)err;
    c->seeking = true;
    c->chosen_count = c->chosen_at = 0;
    c->scan.count = 0;
    *found = table_find(&c->state, rowid, &place);
    if (*found)
        stand_on(c, &place);
    return STATUS_OK;
}

static bool cursor_row_count(struct cursor *cursor, uint64_t *rows)
{
    const struct table_cursor *c = (const struct table_cursor *)cursor;

    *rows = c->state.live;
    return c->bound_count == 0 && !c->among.told;
}

static bool cursor_fact(struct cursor *cursor, enum table_fact fact, uint32_t column,
                        enum collation collation, char scratch[16], struct value *value)
{
    const struct table_cursor *c = (const struct table_cursor *)cursor;

    return c->bound_count == 0 && !c->among.told &&
           table_fact(c->table, &c->state, fact, column, collation, scratch, value);
}

static const struct cursor_ops table_cursor_ops = {
    .name = "column table",
    .rewind = cursor_rewind,
    .next = cursor_next,
    .column = cursor_column,
    .rowid = cursor_rowid,
    .bound = cursor_bound,
    .seek_rowid = cursor_seek,
    .row_count = cursor_row_count,
    .fact = cursor_fact,
    .close = cursor_close,
};

static enum status cursor_open(struct table *table, const struct table_state *state,
                               const uint32_t *columns, uint32_t count, struct cursor **cursor,
                               struct error *err)
{
    uint32_t             table_columns = table->schema->column_count;
    struct table_cursor *c = memory_alloc(table->memory, cursor_bytes(count, table_columns));

    if (c == NULL)
        return fail_nomem(err);
    memset(c, 0, sizeof *c);
    c->cursor.ops = &table_cursor_ops;
    c->table = table;
    c->column_count = count;
    c->table_columns = table_columns;
    c->slot_of = (uint16_t *)&c->columns[count];
    arena_init(&c->arena, table->memory);
    for (uint32_t i = 0; i < table_columns; i++)
        c->slot_of[i] = NOT_OPENED;
    for (uint32_t i = 0; i < count; i++) {
        c->columns[i].hull = HULL_UNKNOWN;
        c->columns[i].space.slots = NULL;
        c->columns[i].space.slots_bytes = 0;
        c->slot_of[columns[i]] = (uint16_t)i;
    }
    c->state = *state;
    table_state_ref(&c->state);
    table_ref(table);
    table->open_cursors++;
    scan_init(&c->scan, table, &c->state);
    scan_limit(&c->scan, 0, 0, (struct tail_place){0, 0}, 0); /* before rewind: no rows */
    *cursor = &c->cursor;
    return STATUS_OK;
}

enum status table_cursor(struct table *table, const uint32_t *columns, uint32_t count,
                         struct cursor **cursor, struct error *err)
{
    return cursor_open(table, &table->state, columns, count, cursor, err);
}

enum status table_cursor_beside(const struct cursor *other, const uint32_t *columns, uint32_t count,
                                struct cursor **cursor, struct error *err)
{
    const struct table_cursor *c = (const struct table_cursor *)other;

    return cursor_open(c->table, &c->state, columns, count, cursor, err);
}
