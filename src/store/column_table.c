/* column_table.c - states of a table, where rows are, and how they move from the tail to groups. */
#include <assert.h>

#include "base/hash.h"
#include "store/dictionary_internal.h"
#include "store/table_scan.h"

/* --- life
 * ------------------------------------------------------------------------------------------- */
static void *array_new(struct memory *memory, uint32_t count, size_t bytes)
{
    /* one element at least, so that NULL always means memory */
    return memory_zalloc(memory, memory_product(count > 0 ? count : 1, bytes));
}

static void array_free(struct memory *memory, void *array, uint32_t count, size_t bytes)
{
    memory_free(memory, array, (count > 0 ? count : 1) * bytes);
}

static void table_free(struct table *table)
{
    struct memory *memory = table->memory;
    uint32_t       columns = table->schema->column_count;

    assert(table->open_cursors == 0);
    table_forget_indexes(table);
    memory_free(memory, table->indexes, table->index_capacity * sizeof *table->indexes);
    for (uint32_t i = 0; i < table->saved_count; i++)
        table_state_unref(&table->saved[i].state);
    memory_free(memory, table->saved, table->saved_capacity * sizeof *table->saved);
    table_state_unref(&table->state);
    for (uint32_t c = 0; table->texts != NULL && c < columns; c++)
        dictionary_unref(table->texts[c].dictionary);
    array_free(memory, table->texts, columns, sizeof *table->texts);
    if (table->estimates != NULL)
        array_free(memory, table->estimates, columns, sizeof *table->estimates);
    array_free(memory, table->row, columns, sizeof *table->row);
    array_free(memory, table->row_text, columns, sizeof *table->row_text);
    schema_table_unref(table->schema);
    memory_free(memory, table, sizeof *table);
}

struct table *table_new(struct database *database, struct memory *memory,
                        struct schema_table *schema)
{
    struct table *table = memory_zalloc(memory, sizeof *table);
    uint32_t      columns = schema->column_count;

    if (table == NULL)
        return NULL;
    table->references = 1;
    table->database = database;
    table->memory = memory;
    table->schema = schema;
    schema_table_ref(schema);
    table->texts = array_new(memory, columns, sizeof *table->texts);
    table->row = array_new(memory, columns, sizeof *table->row);
    table->row_text = array_new(memory, columns, sizeof *table->row_text);
    if (table->texts == NULL || table->row == NULL || table->row_text == NULL ||
        !table_reserve_indexes(table, schema->key_count)) {
        table_free(table);
        return NULL;
    }
    table->index_count = schema->key_count;
    return table;
}

void table_ref(struct table *table)
{
    table->references++;
}

void table_unref(struct table *table)
{
    if (table != NULL && --table->references == 0)
        table_free(table);
}

void table_state_ref(const struct table_state *state)
{
    group_list_ref(state->groups);
    tail_ref(&state->tail);
}

void table_state_unref(struct table_state *state)
{
    group_list_unref(state->groups);
    tail_unref(&state->tail);
    state->groups = NULL;
}

const struct schema_table *table_schema(const struct table *table)
{
    return table->schema;
}

uint64_t table_row_count(const struct table *table)
{
    return table->state.live;
}

uint64_t table_version(const struct table *table)
{
    return table->version;
}

bool table_max_rowid(const struct table *table, int64_t *rowid)
{
    return table_largest((struct table *)table, rowid);
}

/* --- saved states
 * ------------------------------------------------------------------------------------ */
/* Smaller dictionaries are not worth shortening. */
enum { DICTIONARY_SMALL = 4096 };

enum status table_save(struct table *table, struct error *err)
{
    uint32_t level = database_level(table->database);

    table->version++;
    if (table->saved_count > 0 && table->saved[table->saved_count - 1].level >= level)
        return STATUS_OK;
    if (table->saved_count == table->saved_capacity) {
        uint32_t            capacity = table->saved_capacity == 0 ? 4 : table->saved_capacity * 2;
        struct saved_state *saved =
            memory_realloc(table->memory, table->saved, table->saved_capacity * sizeof *saved,
                           capacity * sizeof *saved);

        if (saved == NULL)
            return fail_nomem(err);
        table->saved = saved;
        table->saved_capacity = capacity;
    }
    table_state_ref(&table->state);
    table->saved[table->saved_count++] = (struct saved_state){level, table->state};
    if (!table->dirty)
        database_add_dirty(table->database, table);
    return STATUS_OK;
}

static struct segment *segment_at(const struct table *table, uint32_t group, uint32_t column)
{
    return table->state.groups->entries[group].group->column[column];
}

/* Codes below the result are all that the segments of a column have. */
static uint32_t codes_used(const struct table *table, uint32_t column)
{
    uint32_t used = 0;

    for (uint32_t g = 0; g < group_list_count(table->state.groups); g++) {
        const struct segment *segment = segment_at(table, g, column);

        if (segment != NULL && segment->dictionary != NULL && segment->all.entry_count > used)
            used = segment->all.entry_count;
    }
    return used;
}

/* Gives the entries back that rows taken back have left, if they are the most and memory allows. */
static void shorten_dictionary(struct table *table, uint32_t column)
{
    struct column_dictionary *texts = &table->texts[column];
    uint32_t                  count = dictionary_count(texts->dictionary);
    uint32_t                  used;
    struct dictionary        *prefix;

    if (count < DICTIONARY_SMALL || count == texts->looked_at)
        return;
    texts->looked_at = count;
    used = codes_used(table, column);
    if (used > count / 2)
        return;
    prefix = dictionary_prefix(texts->dictionary, used);
    if (prefix == NULL)
        return;
    for (uint32_t g = 0; g < group_list_count(table->state.groups); g++) {
        struct segment *segment = segment_at(table, g, column);

        if (segment != NULL && segment->dictionary != NULL)
            segment_recode(segment, prefix);
    }
    dictionary_unref(texts->dictionary);
    *texts = (struct column_dictionary){.dictionary = prefix, .rows = table->state.live};
}

/* Only while no cursor reads entries and no saved state is left, which might have more of them. */
static void shorten_dictionaries(struct table *table)
{
    if (table->open_cursors > 0 || table->saved_count > 0)
        return;
    for (uint32_t c = 0; c < table->schema->column_count; c++)
        if (table->texts[c].dictionary != NULL)
            shorten_dictionary(table, c);
}

void table_restore(struct table *table, uint32_t level)
{
    uint32_t first = table->saved_count;

    while (first > 0 && table->saved[first - 1].level >= level)
        first--;
    if (first == table->saved_count)
        return;
    table_state_unref(&table->state);
    table->state = table->saved[first].state;
    table->version++;
    for (uint32_t i = first + 1; i < table->saved_count; i++)
        table_state_unref(&table->saved[i].state);
    table->saved_count = first;
    shorten_dictionaries(table);
    table_distrust_indexes(table);
}

void table_merge_saved(struct table *table, uint32_t level)
{
    uint32_t first = table->saved_count, kept;

    while (first > 0 && table->saved[first - 1].level >= level)
        first--;
    if (first == table->saved_count)
        return;
    kept = first;
    if (level > 0 && (first == 0 || table->saved[first - 1].level < level - 1)) {
        table->saved[first].level = level - 1;
        kept = first + 1;
    }
    for (uint32_t i = kept; i < table->saved_count; i++)
        table_state_unref(&table->saved[i].state);
    table->saved_count = kept;
}

/* --- where rows are
 * ---------------------------------------------------------------------------------- */
bool table_find(const struct table_state *state, int64_t rowid, struct row_place *place)
{
    const struct group_entry *entry;

    if (tail_find(&state->tail, rowid, &place->tail)) {
        place->in_tail = true;
        return true;
    }
    place->in_tail = false;
    place->group = group_list_find(state->groups, rowid);
    if (place->group == group_list_count(state->groups))
        return false;
    entry = &state->groups->entries[place->group];
    place->row = row_group_lower_bound(entry->group, rowid);
    return row_group_rowid(entry->group, place->row) == rowid &&
           (entry->deleted == NULL || !bitmap_has(entry->deleted, place->row));
}

int64_t table_place_rowid(const struct table_state *state, const struct row_place *place)
{
    if (place->in_tail)
        return tail_rowid(&state->tail, place->tail);
    return row_group_rowid(state->groups->entries[place->group].group, place->row);
}

struct value table_cell(const struct table *table, const struct table_state *state,
                        const struct row_place *place, uint32_t column, char scratch[16])
{
    if ((int32_t)column == table->schema->rowid_column)
        return value_int(table_place_rowid(state, place));
    if (place->in_tail)
        return tail_cells(&state->tail, place->tail)[column];
    return segment_value(state->groups->entries[place->group].group->column[column], place->row,
                         scratch);
}

static int64_t group_largest(const struct group_entry *entry)
{
    uint32_t row = entry->group->rows - 1;

    while (entry->deleted != NULL && bitmap_has(entry->deleted, row))
        row--; /* some row is live */
    return row_group_rowid(entry->group, row);
}

bool table_largest(struct table *table, int64_t *rowid)
{
    struct table_state *state = &table->state;

    if (state->live == 0)
        return false;
    if (!state->max_known) {
        uint32_t groups = group_list_count(state->groups);

        state->max_rowid = INT64_MIN;
        if (groups > 0)
            state->max_rowid = group_largest(&state->groups->entries[groups - 1]);
        if (state->tail.rows > 0 && tail_last_rowid(&state->tail) > state->max_rowid)
            state->max_rowid = tail_last_rowid(&state->tail);
        state->max_known = true;
    }
    *rowid = state->max_rowid;
    return true;
}

/* sqlite3 tries random rowids when the largest one is taken: so many, then it gives up. */
static enum status random_rowid(struct table *table, int64_t *rowid, struct error *err)
{
    static _Atomic uint64_t seed = UINT64_C(0x9e3779b97f4a7c15);
    struct row_place        place;

    for (int tries = 0; tries < 100; tries++) {
        uint64_t bits =
            hash_u64(atomic_fetch_add(&seed, UINT64_C(0xd1342543de82ef95)) ^ (uintptr_t)table);

        *rowid = (int64_t)(bits >> 2) + 1;
        if (!table_find(&table->state, *rowid, &place))
            return STATUS_OK;
    }
    return fail(err, STATUS_FULL, "database or disk is full");
}

enum status table_new_rowid(struct table *table, int64_t *rowid, struct error *err)
{
    int64_t largest = 0;

    table_largest(table, &largest);
    if (table->schema->autoincrement && table->state.largest_ever > largest)
        largest = table->state.largest_ever;
    if (largest < INT64_MAX) {
        *rowid = largest + 1;
        return STATUS_OK;
    }
    if (table->schema->autoincrement)
        return fail(err, STATUS_FULL, "database or disk is full");
    return random_rowid(table, rowid, err);
}

void table_note_rowid(struct table *table, int64_t rowid)
{
    struct table_state *state = &table->state;

    if (state->live == 0) {
        state->max_rowid = rowid;
        state->max_known = true;
    } else if (state->max_known && rowid > state->max_rowid) {
        state->max_rowid = rowid;
    }
    if (rowid > state->largest_ever)
        state->largest_ever = rowid;
}

/* --- rebuilding groups
 * -------------------------------------------------------------------------------- */
struct rebuild {
    struct table         *table;
    struct group_builder  builder;
    struct table_scan     scan;
    struct scan_space    *spaces; /* [columns + 1], the last for rowids */
    struct vector_buffer *gathered;
    struct group_entry   *made; /* [made_capacity] groups built; their references are owned */
    uint32_t              made_count, made_capacity;
};

static void rebuild_free(struct rebuild *r)
{
    uint32_t spaces = r->table->schema->column_count + 1;

    for (uint32_t i = 0; r->spaces != NULL && i < spaces; i++)
        scan_space_free(&r->spaces[i], r->table->memory);
    memory_free(r->table->memory, r->spaces, spaces * sizeof *r->spaces);
    memory_free(r->table->memory, r->gathered, sizeof *r->gathered);
    for (uint32_t i = 0; i < r->made_count; i++)
        row_group_unref(r->made[i].group);
    memory_free(r->table->memory, r->made, r->made_capacity * sizeof *r->made);
    group_builder_free(&r->builder);
    scan_free(&r->scan);
}

static bool rebuild_init(struct rebuild *r, struct table *table)
{
    struct builder_scratch *scratch = database_scratch(table->database);
    uint32_t                spaces = table->schema->column_count + 1;

    *r = (struct rebuild){.table = table};
    scan_init(&r->scan, table, &table->state);
    if (scratch == NULL)
        return false;
    r->spaces = memory_zalloc(table->memory, spaces * sizeof *r->spaces);
    return r->spaces != NULL &&
           group_builder_init(&r->builder, table->memory, table->schema->column_count,
                              table->schema->rowid_column, table->texts, scratch);
}

static bool rebuild_seal(struct rebuild *r)
{
    struct row_group *group;

    if (r->builder.rows == 0)
        return true;
    if (r->made_count == r->made_capacity) {
        uint32_t            capacity = r->made_capacity == 0 ? 4 : r->made_capacity * 2;
        struct group_entry *made = memory_realloc(
            r->table->memory, r->made, r->made_capacity * sizeof *made, capacity * sizeof *made);

        if (made == NULL)
            return false;
        r->made = made;
        r->made_capacity = capacity;
    }
    group = group_builder_seal(&r->builder);
    if (group == NULL)
        return false;
    r->made[r->made_count++] = (struct group_entry){.group = group, .live = group->rows};
    return true;
}

/* The scan's batch without its deleted rows, to the builder. */
static bool rebuild_batch(struct rebuild *r)
{
    uint16_t      positions[VECTOR_CAP];
    uint32_t      count = r->scan.count, columns = r->table->schema->column_count;
    struct vector v, kept;

    if (r->scan.active != NULL) {
        if (r->gathered == NULL)
            r->gathered = memory_alloc(r->table->memory, sizeof *r->gathered);
        if (r->gathered == NULL)
            return false;
        count = 0;
        for (BITS_EACH(i, r->scan.active, r->scan.count))
            positions[count++] = (uint16_t)i;
    }
    for (uint32_t c = 0; c <= columns; c++) {
        bool rowids = c == 0;

        if (!rowids && (int32_t)(c - 1) == r->builder.alias)
            continue;
        if (rowids ? !scan_rowids(&r->scan, &r->spaces[columns], &v)
                   : !scan_column(&r->scan, c - 1, &r->spaces[c - 1], &v))
            return false;
        if (r->scan.active != NULL) {
            if (!vector_gather(&v, positions, count, r->gathered, NULL, &kept))
                return false;
            v = kept;
        }
        if (rowids
                ? !group_builder_rowids(&r->builder, &v, count)
                : !column_builder_append(&r->builder.column[c - 1], &v, count, r->builder.scratch))
            return false;
    }
    r->builder.rows += count;
    return true;
}

/* Builds groups of up to target rows from groups [from, to) and tail_rows rows from at on. */
static enum status rebuild_rows(struct rebuild *r, uint32_t from, uint32_t to, struct tail_place at,
                                uint32_t tail_rows, uint32_t target, struct error *err)
{
    scan_limit(&r->scan, from, to, at, tail_rows);
    for (;;) {
        uint32_t room = target - r->builder.rows;

        TRY(memory_poll(r->table->memory, err));
        TRY(scan_next(&r->scan, room < VECTOR_CAP ? room : VECTOR_CAP, err));
        if (r->scan.count == 0)
            break;
        if (!rebuild_batch(r) || (r->builder.rows == target && !rebuild_seal(r)))
            return fail_nomem(err);
    }
    return rebuild_seal(r) ? memory_poll(r->table->memory, err) : fail_nomem(err);
}

/* Replaces groups [at, at + removed) of the working state by the groups made. */
static enum status rebuild_install(struct rebuild *r, uint32_t at, uint32_t removed,
                                   struct error *err)
{
    struct table_state *state = &r->table->state;
    struct group_list  *list = group_list_own(state->groups, r->made_count, r->table->memory);

    if (list == NULL)
        return fail_nomem(err);
    state->groups = list;
    group_list_splice(list, at, removed, r->made, r->made_count);
    r->made_count = 0;
    return STATUS_OK;
}

/* --- from the tail to the groups
 * ----------------------------------------------------------------------- */
uint32_t table_tail_cuts(const struct table_state *state)
{
    uint32_t groups = group_list_count(state->groups);
    int64_t  last;

    if (groups == 0 || state->tail.rows == 0)
        return 0;
    last = state->groups->entries[groups - 1].group->last_rowid;
    if (tail_rowid(&state->tail, (struct tail_place){0, 0}) > last)
        return 0;
    if (last == INT64_MAX)
        return state->tail.rows;
    return tail_rank(&state->tail, tail_lower_bound(&state->tail, last + 1));
}

/* Merges the groups from `from` on, which are not full. */
static enum status merge_groups(struct table *table, uint32_t from, struct error *err)
{
    struct rebuild r;
    uint32_t       count = group_list_count(table->state.groups);
    enum status    status = STATUS_NOMEM;

    if (!rebuild_init(&r, table))
        fail_nomem(err);
    else
        status = rebuild_rows(&r, from, count, (struct tail_place){0, 0}, 0, GROUP_ROWS, err);
    if (status == STATUS_OK)
        status = rebuild_install(&r, from, count - from, err);
    rebuild_free(&r);
    return status;
}

/* Each length that a dictionary ever had may have been ranked; nobody reads ranks while no cursor
 * is open. */
static void trim_dictionaries(struct table *table)
{
    for (uint32_t c = 0; table->open_cursors == 0 && c < table->schema->column_count; c++)
        if (table->texts[c].dictionary != NULL)
            dictionary_trim(table->texts[c].dictionary);
}

/* Merges groups at the table's end: such as fill no vector eight at a time, and the others once
 * they make a full group.  A row is so rewritten twice at most; more levels would keep fewer
 * groups, but a group of one vector scans as well as a large one. */
static enum status merge_small_groups(struct table *table, struct error *err)
{
    static const struct {
        uint64_t live, rows; /* groups with fewer rows are merged when they have so many together */
        uint32_t groups;     /* or are so many */
    } levels[2] = {{VECTOR_CAP, UINT64_MAX, SMALL_GROUPS}, {GROUP_ROWS, GROUP_ROWS, UINT32_MAX}};

    trim_dictionaries(table);
    for (uint32_t i = 0; i < countof(levels); i++) {
        uint32_t count = group_list_count(table->state.groups), from = count;
        uint64_t rows = 0;

        while (from > 0 && table->state.groups->entries[from - 1].live < levels[i].live)
            rows += table->state.groups->entries[--from].live;
        if (count - from >= levels[i].groups || rows >= levels[i].rows)
            TRY(merge_groups(table, from, err));
    }
    return STATUS_OK;
}

/* Rewrites group g without its deleted rows. */
static enum status rewrite_group(struct table *table, uint32_t g, struct error *err)
{
    struct rebuild r;
    enum status    status = STATUS_NOMEM;

    if (!rebuild_init(&r, table))
        fail_nomem(err);
    else
        status = rebuild_rows(&r, g, g + 1, (struct tail_place){0, 0}, 0, GROUP_ROWS, err);
    if (status == STATUS_OK)
        status = rebuild_install(&r, g, 1, err);
    rebuild_free(&r);
    return status;
}

static enum status append_groups(struct table *table, const struct group_entry *entries,
                                 uint32_t count, struct error *err)
{
    struct table_state *state = &table->state;
    uint32_t            old = group_list_count(state->groups);
    struct group_list  *list;

    assert(state->tail.rows == 0);
    /* new rowids may be those of deleted rows at the end of the last group */
    if (old > 0 &&
        state->groups->entries[old - 1].group->last_rowid >= entries[0].group->first_rowid)
        TRY(rewrite_group(table, old - 1, err));
    list = group_list_own(state->groups, count, table->memory);
    if (list == NULL)
        return fail_nomem(err);
    state->groups = list;
    group_list_splice(list, list->count, 0, entries, count);
    return STATUS_OK;
}

enum status table_add_groups(struct table *table, const struct group_entry *entries, uint32_t count,
                             struct error *err)
{
    enum status status = append_groups(table, entries, count, err);

    if (status != STATUS_OK) {
        for (uint32_t i = 0; i < count; i++)
            row_group_unref(entries[i].group);
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        table_note_rowid(table, entries[i].group->last_rowid);
        table->state.live += entries[i].live;
    }
    return merge_small_groups(table, err);
}

static enum status fold_into(struct rebuild *r, struct error *err)
{
    struct table_state *state = &r->table->state;
    struct tail_place   at = {0, 0};
    uint32_t            before = 0, group = 0;

    while (before < state->tail.rows && group < group_list_count(state->groups)) {
        struct group_entry *entry = &state->groups->entries[group];
        int64_t             last = entry->group->last_rowid;
        struct tail_place   end = last == INT64_MAX ? (struct tail_place){state->tail.pages, 0}
                                                    : tail_lower_bound(&state->tail, last + 1);
        uint32_t            rank = tail_rank(&state->tail, end), rows = rank - before, total, made;

        if (rows > 0) {
            total = entry->live + rows;
            TRY(rebuild_rows(r, group, group + 1, at, rows,
                             total > GROUP_ROWS ? (total + 1) / 2 : GROUP_ROWS, err));
            made = r->made_count;
            TRY(rebuild_install(r, group, 1, err));
            r->scan.groups = state->groups;
            group += made;
        } else {
            group++;
        }
        at = end;
        before = rank;
    }
    if (before < state->tail.rows) {
        uint32_t groups = group_list_count(state->groups);

        TRY(rebuild_rows(r, 0, 0, at, state->tail.rows - before, GROUP_ROWS, err));
        TRY(rebuild_install(r, groups, 0, err));
    }
    return STATUS_OK;
}

enum status table_fold_tail(struct table *table, struct error *err)
{
    struct table_state before = table->state;
    struct rebuild     r;
    enum status        status = STATUS_NOMEM;

    if (table->state.tail.rows == 0)
        return STATUS_OK;
    table_state_ref(&before); /* groups change one by one: all or none */
    if (!rebuild_init(&r, table))
        fail_nomem(err);
    else
        status = fold_into(&r, err);
    rebuild_free(&r);
    if (status == STATUS_OK) {
        tail_unref(&table->state.tail);
        table_state_unref(&before);
        return merge_small_groups(table, err);
    }
    table_state_unref(&table->state);
    table->state = before;
    return status;
}

enum status table_drop_deleted(struct table *table, struct error *err)
{
    for (uint32_t g = 0; table->sparse && g < group_list_count(table->state.groups); g++) {
        const struct group_entry *entry = &table->state.groups->entries[g];

        if (entry->live * 4 < entry->group->rows)
            TRY(rewrite_group(table, g, err));
    }
    table->sparse = false;
    return STATUS_OK;
}

/* --- single rows
 * ---------------------------------------------------------------------------------------- */
enum status table_remove_positions(struct table *table, uint32_t group, const uint32_t *positions,
                                   uint32_t count, struct error *err)
{
    struct table_state *state = &table->state;
    struct group_list  *list = group_list_own(state->groups, 0, table->memory);
    struct group_entry *entry;
    struct bitmap      *deleted;

    if (list == NULL)
        return fail_nomem(err);
    state->groups = list;
    entry = &list->entries[group];
    if (row_group_rowid(entry->group, positions[count - 1]) == state->max_rowid)
        state->max_known = false;
    if (entry->live == count) {
        state->live -= count;
        group_list_splice(list, group, 1, NULL, 0);
        return STATUS_OK;
    }
    deleted = entry->deleted;
    if (deleted == NULL || bitmap_shared(deleted)) {
        deleted = deleted == NULL ? bitmap_new(table->memory) : bitmap_copy(deleted);
        if (deleted == NULL)
            return fail_nomem(err);
        bitmap_unref(entry->deleted);
        entry->deleted = deleted;
    }
    if (!bitmap_add_many(deleted, positions, count))
        return fail_nomem(err);
    state->live -= count;
    entry->live -= count;
    if (entry->live * 4 < entry->group->rows)
        table->sparse = true;
    return STATUS_OK;
}

enum status table_remove_at(struct table *table, const struct row_place *place, struct error *err)
{
    int64_t rowid;

    if (!place->in_tail)
        return table_remove_positions(table, place->group, &place->row, 1, err);
    rowid = tail_rowid(&table->state.tail, place->tail);
    if (!tail_remove(&table->state.tail, place->tail))
        return fail_nomem(err);
    if (rowid == table->state.max_rowid)
        table->state.max_known = false;
    table->state.live--;
    return STATUS_OK;
}

enum status table_put(struct table *table, int64_t rowid, const struct value *cells,
                      struct error *err)
{
    struct table_state *state = &table->state;
    uint64_t            limit = TAIL_ROWS;

    if (!tail_insert(&state->tail, table->memory, table->schema->column_count, rowid, cells))
        return fail_nomem(err);
    table_note_rowid(table, rowid);
    state->live++;
    if (state->tail.rows < TAIL_ROWS)
        return STATUS_OK;
    if (table_tail_cuts(state) > 0) {
        limit = state->live / TAIL_SHARE;
        limit = limit < TAIL_ROWS ? TAIL_ROWS : limit > TAIL_ROWS_MAX ? TAIL_ROWS_MAX : limit;
    }
    return state->tail.rows < limit ? STATUS_OK : table_fold_tail(table, err);
}
