/* table_write.c - INSERT, DELETE and UPDATE on the working state.
 *
 * Rows that must be checked one by one (keys, explicit rowids out of order) go through cells and
 * the tail; a batch that needs no check becomes a row group of its own. */
#include <assert.h>

#include "store/table_scan.h"

/* From so many rows on a batch skips the tail; an updated group is rewritten instead of having its
 * rows moved to the tail. */
enum { GROUP_BATCH_ROWS = 512, UPDATE_REWRITE_ROWS = 256, DELETE_RUN = 1024 };

static enum conflict conflict_of(enum conflict statement, enum conflict constraint)
{
    if (statement != CONFLICT_DEFAULT)
        return statement;
    return constraint != CONFLICT_DEFAULT ? constraint : CONFLICT_ABORT;
}

/* --- INSERT
 * ------------------------------------------------------------------------------------------- */
enum clash { CLASH_NONE, CLASH_SKIP }; /* what is left to do for the row after conflicts */

/* Deletes the rows that stand in the way under REPLACE; an error, or CLASH_SKIP under IGNORE.
 * self: rowid of the row that is being updated. */
static enum status clear_way(struct table *table, const struct value *cells, int64_t rowid,
                             bool rowid_given, bool has_self, int64_t self, enum conflict conflict,
                             enum clash *clash, struct error *err)
{
    struct row_place place;
    int64_t          other;
    uint32_t         key;

    *clash = CLASH_NONE;
    if (rowid_given && !(has_self && rowid == self) && table_find(&table->state, rowid, &place)) {
        enum conflict how = conflict_of(conflict, CONFLICT_DEFAULT);

        if (how == CONFLICT_IGNORE) {
            *clash = CLASH_SKIP;
            return STATUS_OK;
        }
        if (how != CONFLICT_REPLACE)
            return table_rowid_error(table, err);
        TRY(table_remove_at(table, &place, err));
    }
    for (;;) {
        enum conflict how;

        TRY(table_find_duplicate(table, cells, rowid, has_self, self, &key, &other, err));
        if (key == UINT32_MAX)
            return STATUS_OK;
        how = conflict_of(conflict, table->schema->keys[key].conflict);
        if (how == CONFLICT_IGNORE) {
            *clash = CLASH_SKIP;
            return STATUS_OK;
        }
        if (how != CONFLICT_REPLACE)
            return table_key_error(table, key, err);
        if (table_find(&table->state, other, &place))
            TRY(table_remove_at(table, &place, err));
    }
}

/* AUTOINCREMENT: the rowid of a row that was not inserted is not given again, as in SQLite. */
static void use_up_rowid(struct table *table, int64_t rowid)
{
    if (table->schema->autoincrement && rowid > table->state.largest_ever)
        table->state.largest_ever = rowid;
}

static enum status put_row(struct table *table, const struct value *cells, int64_t rowid,
                           struct error *err)
{
    if (table->index_count > 0)
        TRY(table_index_reserve(table, err));
    TRY(table_put(table, rowid, cells, err));
    if (table->index_count > 0)
        table_index_row(table, cells, rowid);
    return STATUS_OK;
}

static enum status append_cells(struct table *table, const struct value *cells,
                                const int64_t *given, enum conflict conflict, bool *inserted,
                                int64_t *last_rowid, struct error *err)
{
    int64_t    rowid, largest;
    enum clash clash = CLASH_NONE;

    *inserted = false;
    if (given != NULL)
        rowid = *given;
    else
        TRY(table_new_rowid(table, &rowid, err));
    if (table->index_count > 0 ||
        (given != NULL && table_largest(table, &largest) && rowid <= largest))
        TRY(clear_way(table, cells, rowid, given != NULL, false, 0, conflict, &clash, err));
    if (clash == CLASH_SKIP) {
        use_up_rowid(table, rowid);
        return STATUS_OK;
    }
    *inserted = true;
    *last_rowid = rowid;
    return put_row(table, cells, rowid, err);
}

enum status table_append_row(struct table *table, const struct value *cells, const int64_t *rowid,
                             enum conflict conflict, bool *inserted, int64_t *last_rowid,
                             struct error *err)
{
    TRY(table_save(table, err));
    return append_cells(table, cells, rowid, conflict, inserted, last_rowid, err);
}

/* Does what the rule says about the row that stands in its way; *done: nothing is inserted. */
static enum status follow_rule(struct table *table, const struct conflict_rule *rule, int64_t other,
                               struct conflict_answer *answer, bool *done, struct error *err)
{
    struct row_place place;

    *done = rule->asks || rule->conflict == CONFLICT_IGNORE;
    if (*done) {
        answer->asked = rule->asks;
        answer->other = other;
        answer->clause = rule->clause;
        return STATUS_OK;
    }
    if (rule->conflict != CONFLICT_REPLACE)
        return rule->key < 0 ? table_rowid_error(table, err)
                             : table_key_error(table, (uint32_t)rule->key, err);
    return table_find(&table->state, other, &place) ? table_remove_at(table, &place, err)
                                                    : STATUS_OK;
}

enum status table_upsert_row(struct table *table, const struct value *cells, const int64_t *rowid,
                             const struct conflict_rule *rules, uint32_t rule_count,
                             struct conflict_answer *answer, struct error *err)
{
    TRY(table_save(table, err));
    *answer = (struct conflict_answer){0};
    if (rowid != NULL)
        answer->rowid = *rowid;
    else
        TRY(table_new_rowid(table, &answer->rowid, err));
    for (uint32_t i = 0; i < rule_count; i++) {
        int64_t          other = answer->rowid;
        bool             found = false, done;
        struct row_place place;

        if (rules[i].key >= 0)
            TRY(table_find_key(table, (uint32_t)rules[i].key, cells, answer->rowid, &found, &other,
                               err));
        else
            found = rowid != NULL && table_find(&table->state, other, &place);
        if (!found)
            continue;
        TRY(follow_rule(table, &rules[i], other, answer, &done, err));
        if (done) {
            use_up_rowid(table, answer->rowid);
            return STATUS_OK;
        }
    }
    answer->inserted = true;
    return put_row(table, cells, answer->rowid, err);
}

bool table_has_row(const struct table *table, int64_t rowid)
{
    struct row_place place;

    return table_find(&table->state, rowid, &place);
}

struct value table_row_cell(const struct table *table, int64_t rowid, uint32_t column,
                            char scratch[16])
{
    struct row_place place;
    bool             found = table_find(&table->state, rowid, &place);

    assert(found);
    return found ? table_cell(table, &table->state, &place, column, scratch) : value_null();
}

static enum status append_by_row(struct table *table, const struct vector *const *columns,
                                 const struct vector *rowids, const struct selection *sel,
                                 enum conflict conflict, uint64_t *inserted, int64_t *last_rowid,
                                 struct error *err)
{
    uint32_t column_count = table->schema->column_count;
    char     scratch[16];

    for (BITS_EACH(i, sel->bits, sel->rows)) {
        int64_t rowid = 0;
        bool    done;

        for (uint32_t c = 0; c < column_count; c++) {
            if ((int32_t)c == table->schema->rowid_column)
                table->row[c] = value_null();
            else
                table->row[c] = vector_value(columns[c], (uint32_t)i, table->row_text[c]);
        }
        if (rowids != NULL)
            rowid = vector_value(rowids, (uint32_t)i, scratch).i;
        TRY(append_cells(table, table->row, rowids != NULL ? &rowid : NULL, conflict, &done,
                         last_rowid, err));
        *inserted += done;
    }
    return STATUS_OK;
}

/* Whether the rowids of the batch need no check: they ascend from above the largest one. */
static bool rowids_ascend(struct table *table, const struct vector *rowids,
                          const struct selection *sel)
{
    int64_t largest;
    bool    some = table_largest(table, &largest);
    char    scratch[16];

    for (BITS_EACH(i, sel->bits, sel->rows)) {
        int64_t rowid = vector_value(rowids, (uint32_t)i, scratch).i;

        if (some && rowid <= largest)
            return false;
        largest = rowid;
        some = true;
    }
    return true;
}

/* The batch as a row group behind all rows. */
struct group_writer {
    struct group_builder  builder;
    struct vector_buffer *gathered;
    uint16_t              positions[VECTOR_CAP];
};

static enum status write_group(struct table *table, struct group_writer *w,
                               const struct vector *const *columns, const struct vector *rowids,
                               const struct selection *sel, struct row_group **group,
                               struct error *err)
{
    uint32_t      count = 0, column_count = table->schema->column_count;
    struct vector v;

    for (BITS_EACH(i, sel->bits, sel->rows))
        w->positions[count++] = (uint16_t)i;
    for (uint32_t c = 0; c <= column_count; c++) {
        const struct vector *from = c == 0 ? rowids : columns[c - 1];

        if (c > 0 && (int32_t)(c - 1) == table->schema->rowid_column)
            continue;
        v = *from;
        if (count < sel->rows && from->shape != VECTOR_CONSTANT &&
            !(c == 0 && from->shape == VECTOR_SEQUENCE && from->count == count))
            vector_gather(from, w->positions, count, w->gathered, NULL, &v);
        if (c == 0 && v.type != PHYS_I64) {
            struct vector flat;

            vector_decode(&v, PHYS_I64, NULL, &w->builder.scratch->last, NULL, &flat);
            v = flat;
        }
        if (!(c == 0 ? group_builder_rowids(&w->builder, &v, count)
                     : column_builder_append(&w->builder.column[c - 1], &v, count,
                                             w->builder.scratch)))
            return fail_nomem(err);
    }
    w->builder.rows = count;
    *group = group_builder_seal(&w->builder);
    return *group == NULL ? fail_nomem(err) : STATUS_OK;
}

static enum status append_group(struct table *table, const struct vector *const *columns,
                                const struct vector *rowids, const struct selection *sel,
                                uint64_t *inserted, int64_t *last_rowid, struct error *err)
{
    struct builder_scratch *scratch = database_scratch(table->database);
    struct group_writer    *w = memory_zalloc(table->memory, sizeof *w);
    struct vector      fresh = {.type = PHYS_I64, .shape = VECTOR_SEQUENCE, .count = sel->count};
    struct group_entry entry = {.live = sel->count};
    enum status        status = STATUS_NOMEM;

    if (rowids == NULL) {
        status = table_new_rowid(table, &fresh.base, err);
        rowids = &fresh;
    }
    if (w != NULL)
        w->gathered = memory_alloc(table->memory, sizeof *w->gathered);
    if (scratch == NULL || w == NULL || w->gathered == NULL ||
        !group_builder_init(&w->builder, table->memory, table->schema->column_count,
                            table->schema->rowid_column, table->texts, scratch))
        status = fail_nomem(err);
    else
        status = write_group(table, w, columns, rowids, sel, &entry.group, err);
    if (w != NULL) {
        group_builder_free(&w->builder);
        memory_free(table->memory, w->gathered, sizeof *w->gathered);
        memory_free(table->memory, w, sizeof *w);
    }
    TRY(status);
    *last_rowid = entry.group->last_rowid;
    *inserted = sel->count;
    return table_add_groups(table, &entry, 1, err);
}

enum status table_append(struct table *table, const struct vector *const *columns,
                         const struct vector *rowids, const struct selection *sel,
                         enum conflict conflict, uint64_t *inserted, int64_t *last_rowid,
                         struct error *err)
{
    int64_t largest = 0;

    *inserted = 0;
    if (sel->count == 0)
        return STATUS_OK;
    TRY(table_save(table, err));
    table_largest(table, &largest);
    if (sel->count >= GROUP_BATCH_ROWS && !table_has_keys(table) &&
        largest < INT64_MAX - VECTOR_CAP && table->state.largest_ever < INT64_MAX - VECTOR_CAP &&
        (rowids == NULL || rowids_ascend(table, rowids, sel))) {
        TRY(table_fold_tail(table, err));
        return append_group(table, columns, rowids, sel, inserted, last_rowid, err);
    }
    return append_by_row(table, columns, rowids, sel, conflict, inserted, last_rowid, err);
}

/* --- DELETE
 * ------------------------------------------------------------------------------------------- */
/* Deletes the rows rowids[0..) that ascend inside the group of place; *used of them were looked at.
 */
static enum status delete_run(struct table *table, const struct row_place *place,
                              const int64_t *rowids, uint64_t count, uint64_t *used,
                              uint64_t *deleted, struct error *err)
{
    uint32_t         positions[DELETE_RUN], n = 0;
    struct row_place next = *place;
    uint32_t         group = place->group;

    positions[n++] = place->row;
    *used = 1;
    while (*used < count && n < DELETE_RUN) {
        if (rowids[*used] <= rowids[*used - 1])
            break;
        if (table_find(&table->state, rowids[*used], &next)) {
            if (next.in_tail || next.group != group)
                break;
            positions[n++] = next.row;
        }
        ++*used;
    }
    *deleted += n;
    return table_remove_positions(table, group, positions, n, err);
}

enum status table_delete(struct table *table, const int64_t *rowids, uint64_t count,
                         uint64_t *deleted, struct error *err)
{
    *deleted = 0;
    TRY(table_save(table, err));
    for (uint64_t i = 0; i < count;) {
        struct row_place place;
        uint64_t         used = 1;

        TRY(memory_poll(table->memory, err));
        if (table_find(&table->state, rowids[i], &place)) {
            if (place.in_tail) {
                TRY(table_remove_at(table, &place, err));
                ++*deleted;
            } else {
                TRY(delete_run(table, &place, rowids + i, count - i, &used, deleted, err));
            }
        }
        i += used;
    }
    return table_drop_deleted(table, err);
}

enum status table_delete_all(struct table *table, uint64_t *deleted, struct error *err)
{
    int64_t largest_ever = table->state.largest_ever;

    TRY(table_save(table, err));
    *deleted = table->state.live;
    table_state_unref(&table->state);
    table->state = (struct table_state){.largest_ever = largest_ever};
    return STATUS_OK;
}

/* --- UPDATE
 * ------------------------------------------------------------------------------------------- */
struct update {
    struct table        *table;
    const uint32_t      *columns;
    uint32_t             column_count;
    const int64_t       *rowids, *new_rowids;
    const struct rowset *values;
    uint32_t             first_value; /* the column of values for columns[0] */
    enum conflict        conflict;
    uint64_t            *done; /* NULL: nobody asks which rows were updated */
};

/* The row as it will be, in the table's row scratch. */
static void updated_cells(const struct update *u, const struct row_place *place, uint64_t i)
{
    struct table *table = u->table;

    for (uint32_t c = 0; c < table->schema->column_count; c++)
        table->row[c] = table_cell(table, &table->state, place, c, table->row_text[c]);
    for (uint32_t c = 0; c < u->column_count; c++)
        table->row[u->columns[c]] =
            rowset_value(u->values, u->first_value + c, i, table->row_text[u->columns[c]]);
}

static bool update_touches_keys(const struct update *u)
{
    const struct schema_table *schema = u->table->schema;

    for (uint32_t k = 0; k < schema->key_count; k++)
        for (uint32_t i = 0; schema->keys[k].unique && i < schema->keys[k].column_count; i++)
            for (uint32_t c = 0; c < u->column_count; c++)
                if (schema->keys[k].columns[i] == u->columns[c])
                    return true;
    return false;
}

/* Removes the row at place and puts the cells of the table's row scratch under rowid.  Their texts
 * are often the old row's: its group is held meanwhile (the tail holds its heap itself). */
static enum status replace_row(struct table *table, const struct row_place *place, int64_t rowid,
                               struct error *err)
{
    struct row_group *held =
        place->in_tail ? NULL : table->state.groups->entries[place->group].group;
    struct text_heap *texts = place->in_tail ? tail_heap(&table->state.tail) : NULL;
    enum status       status;

    if (held != NULL)
        row_group_ref(held);
    if (texts != NULL)
        text_heap_ref(texts);
    status = table_remove_at(table, place, err);
    if (status == STATUS_OK)
        status = table_put(table, rowid, table->row, err);
    row_group_unref(held);
    text_heap_unref(texts);
    return status;
}

/* A row of the tail in place; a row of a group moves to the tail, where it keeps its rowid. */
static enum status update_one(const struct update *u, struct row_place *place, uint64_t i,
                              struct error *err)
{
    struct table *table = u->table;
    int64_t       rowid = u->rowids[i];

    if (place->in_tail) {
        struct value cells[64];

        if (u->column_count <= countof(cells)) {
            for (uint32_t c = 0; c < u->column_count; c++)
                cells[c] =
                    rowset_value(u->values, u->first_value + c, i, table->row_text[u->columns[c]]);
            return tail_update(&table->state.tail, place->tail, u->columns, u->column_count, cells)
                       ? STATUS_OK
                       : fail_nomem(err);
        }
    }
    updated_cells(u, place, i);
    return replace_row(table, place, rowid, err);
}

static void note_done(const struct update *u, uint64_t i)
{
    if (u->done != NULL)
        bits_set(u->done, i);
}

/* Row by row, as SQLite does it: each row must fit in among the others as they are at that time. */
static enum status update_checked(const struct update *u, uint64_t count, uint64_t *updated,
                                  struct error *err)
{
    struct table *table = u->table;

    for (uint64_t i = 0; i < count; i++) {
        int64_t          rowid = u->rowids[i];
        int64_t          new_rowid = u->new_rowids != NULL ? u->new_rowids[i] : rowid;
        struct row_place place;
        enum clash       clash;

        TRY(memory_poll(table->memory, err));
        if (!table_find(&table->state, rowid, &place))
            continue; /* a REPLACE deleted it */
        updated_cells(u, &place, i);
        TRY(clear_way(table, table->row, new_rowid, true, true, rowid, u->conflict, &clash, err));
        if (clash == CLASH_SKIP)
            continue;
        TRY(table_index_reserve(table, err));
        if (!table_find(&table->state, rowid, &place)) /* REPLACE may have moved it */
            continue;
        table_index_row(table, table->row, new_rowid);
        TRY(replace_row(table, &place, new_rowid, err));
        note_done(u, i);
        ++*updated;
    }
    return STATUS_OK;
}

/* Rewrites one column of a group: rows first..first+count of the update are in it, ascending. */
static struct segment *rewrite_column(const struct update *u, const struct row_group *group,
                                      uint32_t c, uint64_t first, uint64_t count,
                                      struct vector_buffer *buffer, struct arena *arena)
{
    struct table           *table = u->table;
    struct builder_scratch *scratch = database_scratch(table->database);
    uint32_t                column = u->columns[c];
    struct column_builder   builder;
    struct segment         *segment = NULL;
    uint64_t                next = first, space[VECTOR_WORDS];
    bool                    done = scratch != NULL;

    column_builder_init(&builder, table->memory, &table->texts[column]);
    for (uint32_t from = 0; done && from < group->rows; from += VECTOR_CAP) {
        uint32_t      rows = group->rows - from < VECTOR_CAP ? group->rows - from : VECTOR_CAP;
        int64_t       last = row_group_rowid(group, from + rows - 1);
        struct vector v, cells;

        if (memory_stopped(table->memory)) {
            done = false;
            break;
        }
        segment_view(group->column[column], from, rows, space, &v);
        v.count = rows;
        if (next == first + count || u->rowids[next] > last) {
            done = column_builder_append(&builder, &v, rows, scratch);
            continue;
        }
        arena_reset(arena);
        done = vector_decode(&v, PHYS_ANY, NULL, buffer, arena, &cells);
        if (done && cells.values != buffer->values) /* it was cells already: borrowed */
            memcpy(buffer->values, cells.values, rows * sizeof(struct value));
        for (; done && next < first + count && u->rowids[next] <= last; next++) {
            uint32_t     row = row_group_lower_bound(group, u->rowids[next]) - from;
            char        *text = arena_alloc(arena, 16);
            struct value cell;

            done = text != NULL;
            if (!done)
                break;
            cell = rowset_value(u->values, u->first_value + c, next, text);
            ((struct value *)buffer->values)[row] = cell;
        }
        for (uint32_t i = 0; i < rows; i++)
            bits_put(buffer->valid, i, ((struct value *)buffer->values)[i].class_ != CLASS_NULL);
        cells = (struct vector){.type = PHYS_ANY,
                                .shape = VECTOR_FLAT,
                                .count = rows,
                                .values = buffer->values,
                                .valid = buffer->valid};
        done = done && column_builder_append(&builder, &cells, rows, scratch);
    }
    if (done)
        segment = column_builder_seal(&builder);
    column_builder_free(&builder);
    return segment;
}

/* Rows first..first+count of the update are live, ascending and in one group: new segments for the
 * changed columns. */
static enum status update_group(const struct update *u, uint32_t g, uint64_t first, uint64_t count,
                                struct error *err)
{
    struct table         *table = u->table;
    struct table_state   *state = &table->state;
    uint32_t              columns = table->schema->column_count;
    struct segment      **replaced = memory_zalloc(table->memory, columns * sizeof *replaced);
    struct vector_buffer *buffer = memory_alloc(table->memory, sizeof *buffer);
    struct group_list    *list = group_list_own(state->groups, 0, table->memory);
    struct row_group     *group = NULL;
    struct arena          arena;
    bool                  done = replaced != NULL && buffer != NULL && list != NULL;

    if (list != NULL)
        state->groups = list;
    arena_init(&arena, table->memory);
    for (uint32_t c = 0; done && c < u->column_count; c++) {
        uint32_t column = u->columns[c];

        if ((int32_t)column == table->schema->rowid_column)
            continue;
        segment_unref(replaced[column]); /* named twice: the last one counts */
        replaced[column] =
            rewrite_column(u, list->entries[g].group, c, first, count, buffer, &arena);
        done = replaced[column] != NULL;
    }
    if (done)
        group = row_group_replace(list->entries[g].group, replaced);
    if (group != NULL) {
        row_group_unref(list->entries[g].group);
        list->entries[g].group = group;
    }
    for (uint32_t c = 0; group == NULL && replaced != NULL && c < columns; c++)
        segment_unref(replaced[c]);
    arena_free(&arena);
    memory_free(table->memory, replaced, columns * sizeof *replaced);
    memory_free(table->memory, buffer, sizeof *buffer);
    return group != NULL ? STATUS_OK : fail_nomem(err);
}

static enum status update_unchecked(const struct update *u, uint64_t count, uint64_t *updated,
                                    struct error *err)
{
    struct table *table = u->table;

    for (uint64_t i = 0; i < count;) {
        struct row_place place, next;
        uint64_t         run = 1;

        TRY(memory_poll(table->memory, err));
        if (!table_find(&table->state, u->rowids[i], &place)) {
            i++;
            continue;
        }
        while (!place.in_tail && i + run < count && u->rowids[i + run] > u->rowids[i + run - 1] &&
               table_find(&table->state, u->rowids[i + run], &next) && !next.in_tail &&
               next.group == place.group)
            run++;
        if (run >= UPDATE_REWRITE_ROWS) {
            TRY(update_group(u, place.group, i, run, err));
        } else {
            for (uint64_t r = 0; r < run; r++)
                if (r == 0 || table_find(&table->state, u->rowids[i + r], &place))
                    TRY(update_one(u, &place, i + r, err));
        }
        for (uint64_t r = 0; r < run; r++)
            note_done(u, i + r);
        *updated += run;
        i += run;
    }
    return STATUS_OK;
}

enum status table_update(struct table *table, const uint32_t *columns, uint32_t column_count,
                         const int64_t *rowids, const int64_t *new_rowids,
                         const struct rowset *values, enum conflict conflict, uint64_t *done,
                         uint64_t *updated, struct error *err)
{
    struct update u = {.table = table,
                       .columns = columns,
                       .column_count = column_count,
                       .rowids = rowids,
                       .new_rowids = new_rowids,
                       .values = values,
                       .first_value = rowset_columns(values) - column_count,
                       .conflict = conflict,
                       .done = done};
    uint64_t      count = rowset_count(values);
    bool          moves = false;

    *updated = 0;
    TRY(table_save(table, err));
    for (uint64_t i = 0; new_rowids != NULL && i < count && !moves; i++)
        moves = new_rowids[i] != rowids[i];
    if (moves || update_touches_keys(&u))
        TRY(update_checked(&u, count, updated, err));
    else
        TRY(update_unchecked(&u, count, updated, err));
    return table_drop_deleted(table, err);
}
