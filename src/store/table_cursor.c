/* table_cursor.c - the cursor over a snapshot of a table.
 *
 * The snapshot is the state as it was when the cursor was opened: one reference each on groups and
 * tail.  Rewinding it first folds a tail that would cut the scan into small batches, if the table
 * has not changed since. */
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

static enum status cursor_rewind(struct cursor *cursor, struct error *err)
{
    struct table_cursor *c = (struct table_cursor *)cursor;

    c->seeking = false;
    (void)err;
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
    if (c->seeking) { /* a seek's one row was handed out */
        *count = 0;
        *active = NULL;
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
    c->scan.count = 0;
    *found = table_find(&c->state, rowid, &place);
    if (!*found)
        return STATUS_OK;
    cursor->rows_read++;
    c->scan.count = 1;
    c->scan.active = NULL;
    c->scan.batch_in_tail = place.in_tail;
    c->scan.batch_group = place.group;
    c->scan.batch_row = place.row;
    c->scan.batch_at = place.tail;
    return STATUS_OK;
}

static bool cursor_row_count(struct cursor *cursor, uint64_t *rows)
{
    const struct table_cursor *c = (const struct table_cursor *)cursor;

    *rows = c->state.live;
    return c->bound_count == 0;
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
