/* table_cursor.c - the cursor over a snapshot of a table.
 *
 * The snapshot is the state as it was when the cursor was opened: one reference each on groups and
 * tail.  Rewinding it first folds a tail that would cut the scan into small batches, if the table
 * has not changed since; then too, a scan whose bounds name the one value of a unique key reads the
 * row that the key's index knows. */
#include <assert.h>

#include "store/dictionary_internal.h"
#include "store/table_scan.h"

enum { NOT_OPENED = 0xffff, BOUNDS_MAX = 8 };

/* Bounds of a column over all groups, so that batches of a scan promise the same range. */
enum hull_kind { HULL_UNKNOWN, HULL_NONE, HULL_INTEGER, HULL_DECIMAL, HULL_DAY };

struct cursor_column {
    struct scan_space space;
    enum hull_kind    hull;
    uint8_t           hull_scale;
    int64_t           hull_lo, hull_hi;
};

struct table_cursor {
    struct cursor        cursor;
    struct table        *table; /* referenced */
    struct table_state   state; /* referenced */
    struct table_scan    scan;
    struct scan_space    rowids;
    bool                 seeking;
    bool                 seek_waits; /* the sought row is the scan's one batch, yet to come */
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

/* cells of the key's columns from bounds of equality; false: some column has none. */
static bool key_cells(const struct table_cursor *c, const struct schema_key *key,
                      struct value *cells)
{
    for (uint32_t i = 0; i < key->column_count; i++) {
        uint32_t b = 0;

        while (b < c->bound_count &&
               (c->bounds[b].op != BOUND_EQ || c->bounds[b].column != key->columns[i]))
            b++;
        if (b == c->bound_count)
            return false;
        cells[key->columns[i]] = c->bounds[b].value;
    }
    return true;
}

/* The bounds say which value a unique key has: its index gives the row, or none.  Equal as
 * BINARY texts are is equal under the key's own collation. */
static bool seek_by_key(struct table_cursor *c)
{
    const struct schema_table *schema = c->table->schema;
    struct value              *cells = NULL;
    struct row_place           place;
    int64_t                    rowid = 0;
    bool                       found;

    if (c->bound_count == 0 || c->table_columns != schema->column_count || !state_is_current(c))
        return false;
    for (uint32_t k = 0; k < schema->key_count; k++) {
        if (!schema->keys[k].unique)
            continue;
        if (cells == NULL)
            cells = arena_zalloc(&c->arena, c->table_columns * sizeof *cells);
        if (cells == NULL)
            return false;
        if (!key_cells(c, &schema->keys[k], cells) ||
            !table_seek_key(c->table, k, cells, &rowid, &found))
            continue;
        c->scan.count = 0;
        c->seeking = true;
        c->seek_waits = found && table_find(&c->state, rowid, &place);
        if (c->seek_waits)
            stand_on(c, &place);
        return true;
    }
    return false;
}

static enum status cursor_rewind(struct cursor *cursor, struct error *err)
{
    struct table_cursor *c = (struct table_cursor *)cursor;

    c->seeking = c->seek_waits = false;
    (void)err;
    if (seek_by_key(c))
        return STATUS_OK;
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
    if (c->seeking) { /* a seek's one row is handed out once */
        *count = c->seek_waits ? 1 : 0;
        *active = NULL;
        c->seek_waits = false;
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

static enum status cursor_bound(struct cursor *cursor, uint32_t column, int op,
                                const struct value *value, struct error *err)
{
    struct table_cursor *c = (struct table_cursor *)cursor;
    struct scan_bound   *bound = &c->bounds[c->bound_count];

    if (c->bound_count == BOUNDS_MAX)
        return STATUS_OK; /* it need not be used */
    *bound = (struct scan_bound){.column = column, .op = op, .value = *value};
    if (value->class_ >= CLASS_TEXT) {
        bound->value.s = arena_copy_text(&c->arena, value->bytes > 0 ? value->s : "", value->bytes);
        if (bound->value.s == NULL)
            return fail_nomem(err);
    }
    c->bound_count++;
    return STATUS_OK;
}

static enum status cursor_seek(struct cursor *cursor, int64_t rowid, bool *found, struct error *err)
{
    struct table_cursor *c = (struct table_cursor *)cursor;
    struct row_place     place;

    (void)err;
    c->seeking = true;
    c->seek_waits = false;
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
    return c->bound_count == 0;
}

static bool cursor_fact(struct cursor *cursor, enum table_fact fact, uint32_t column,
                        enum collation collation, char scratch[16], struct value *value)
{
    const struct table_cursor *c = (const struct table_cursor *)cursor;

    return c->bound_count == 0 &&
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

enum status table_cursor(struct table *table, const uint32_t *columns, uint32_t count,
                         struct cursor **cursor, struct error *err)
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
    c->state = table->state;
    table_state_ref(&c->state);
    table_ref(table);
    table->open_cursors++;
    scan_init(&c->scan, table, &c->state);
    scan_limit(&c->scan, 0, 0, (struct tail_place){0, 0}, 0); /* before rewind: no rows */
    *cursor = &c->cursor;
    return STATUS_OK;
}
