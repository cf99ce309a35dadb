/* table_bulk.c - bulk load: batches go straight to the builders of a row group.
 *
 * New rowids are given in order.  An INTEGER PRIMARY KEY column brings its own: while they ascend
 * from above the table's rows nothing more is to do; otherwise each batch is sorted, groups may
 * overlap, and the end of the load sorts all rows once.  Keys are checked at the end. */
#include <assert.h>
#include <stdlib.h>

#include "store/table_scan.h"

struct table_bulk {
    struct table           *table; /* referenced */
    struct builder_scratch *scratch;
    struct group_builder    builder;
    struct group_entry     *groups; /* sealed so far, owned; [group_capacity] */
    uint32_t                group_count, group_capacity;
    uint64_t                rows;
    bool                    some_rowid; /* largest holds */
    int64_t                 largest;    /* of the table and the load */
    bool                    overlaps;   /* rowids of a group are not above those before */
    struct vector_buffer   *gathered;   /* made on need */
};

enum status table_bulk_begin(struct table *table, struct table_bulk **bulk, struct error *err)
{
    struct table_bulk *b;

    TRY(table_save(table, err));
    b = memory_zalloc(table->memory, sizeof *b);
    if (b == NULL)
        return fail_nomem(err);
    b->table = table;
    table_ref(table);
    b->scratch = builder_scratch_new(table->memory);
    if (b->scratch == NULL ||
        !group_builder_init(&b->builder, table->memory, table->schema->column_count,
                            table->schema->rowid_column, table->texts, b->scratch)) {
        table_bulk_cancel(b);
        return fail_nomem(err);
    }
    b->some_rowid = table_largest(table, &b->largest);
    if (!b->some_rowid)
        b->largest = 0;
    if (table->schema->autoincrement && table->state.largest_ever > b->largest)
        b->largest = table->state.largest_ever;
    *bulk = b;
    return STATUS_OK;
}

void table_bulk_cancel(struct table_bulk *bulk)
{
    struct table  *table = bulk->table;
    struct memory *memory = table->memory;

    for (uint32_t i = 0; i < bulk->group_count; i++)
        row_group_unref(bulk->groups[i].group);
    memory_free(memory, bulk->groups, bulk->group_capacity * sizeof *bulk->groups);
    group_builder_free(&bulk->builder);
    builder_scratch_free(bulk->scratch);
    memory_free(memory, bulk->gathered, sizeof *bulk->gathered);
    memory_free(memory, bulk, sizeof *bulk);
    table_unref(table);
}

static enum status bulk_seal(struct table_bulk *b, struct error *err)
{
    struct row_group *group;

    if (b->builder.rows == 0)
        return STATUS_OK;
    if (b->group_count == b->group_capacity) {
        uint32_t            capacity = b->group_capacity == 0 ? 16 : b->group_capacity * 2;
        struct group_entry *groups =
            memory_realloc(b->table->memory, b->groups, b->group_capacity * sizeof *groups,
                           capacity * sizeof *groups);

        if (groups == NULL)
            return fail_nomem(err);
        b->groups = groups;
        b->group_capacity = capacity;
    }
    group = group_builder_seal(&b->builder);
    if (group == NULL)
        return fail_nomem(err);
    b->groups[b->group_count++] = (struct group_entry){.group = group, .live = group->rows};
    return STATUS_OK;
}

/* --- rowids that the data brings
 * ----------------------------------------------------------------------- */
struct id_row {
    int64_t  id;
    uint32_t group, row; /* row of a batch: group is 0 */
};

static int id_row_order(const void *a, const void *b)
{
    const struct id_row *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return 0;
}

/* The ids of a batch.  *ascending: from above the largest so far. */
static enum status batch_ids(struct table_bulk *b, const struct vector *v, uint32_t rows,
                             int64_t *ids, bool *ascending, struct error *err)
{
    bool    some = b->some_rowid;
    int64_t before = b->largest;
    char    scratch[16];

    *ascending = true;
    for (uint32_t i = 0; i < rows; i++) {
        struct value id = vector_value(v, i, scratch);

        if (id.class_ == CLASS_NULL) {
            if (b->largest == INT64_MAX)
                return fail(err, STATUS_FULL, "database or disk is full");
            id = value_int(b->largest + 1);
        }
        if (id.class_ != CLASS_INTEGER)
            return fail(err, STATUS_MISMATCH, "datatype mismatch");
        ids[i] = id.i;
        if (some && id.i <= before)
            *ascending = false;
        before = id.i;
        some = true;
        if (!b->some_rowid || id.i > b->largest)
            b->largest = id.i;
        b->some_rowid = true;
    }
    return STATUS_OK;
}

/* Rows [from, from + rows) of the columns, which fit into the group.  positions: NULL, or rows to
 * take instead. */
static enum status append_part(struct table_bulk *b, const struct vector *const *columns,
                               const struct vector *rowids, const uint16_t *positions,
                               uint32_t from, uint32_t rows, struct error *err)
{
    uint64_t      space[VECTOR_WORDS];
    struct vector v;

    vector_slice(rowids, from, rows, space, &v);
    if (!group_builder_rowids(&b->builder, &v, rows))
        return fail_nomem(err);
    for (uint32_t c = 0; c < b->builder.columns; c++) {
        if ((int32_t)c == b->builder.alias)
            continue;
        if (positions != NULL)
            vector_gather(columns[c], positions + from, rows, b->gathered, NULL, &v);
        else
            vector_slice(columns[c], from, rows, space, &v);
        if (!column_builder_append(&b->builder.column[c], &v, rows, b->scratch))
            return fail_nomem(err);
    }
    b->builder.rows += rows;
    b->rows += rows;
    return b->builder.rows == GROUP_ROWS ? bulk_seal(b, err) : STATUS_OK;
}

/* A batch whose rowids ascend; positions: where its rows are in columns, NULL: in order. */
static enum status append_ascending(struct table_bulk *b, const struct vector *const *columns,
                                    const struct vector *rowids, const uint16_t *positions,
                                    uint32_t rows, struct error *err)
{
    for (uint32_t from = 0; from < rows;) {
        uint32_t room = GROUP_ROWS - b->builder.rows;
        uint32_t step = rows - from < room ? rows - from : room;

        TRY(append_part(b, columns, rowids, positions, from, step, err));
        from += step;
    }
    return STATUS_OK;
}

static enum status append_with_ids(struct table_bulk *b, const struct vector *const *columns,
                                   uint32_t rows, struct error *err)
{
    int64_t       ids[VECTOR_CAP];
    uint16_t      positions[VECTOR_CAP];
    struct id_row order[VECTOR_CAP];
    bool          ascending;
    struct vector rowids = {.type = PHYS_I64, .shape = VECTOR_FLAT, .count = rows, .values = ids};

    TRY(batch_ids(b, columns[b->builder.alias], rows, ids, &ascending, err));
    if (ascending)
        return append_ascending(b, columns, &rowids, NULL, rows, err);
    if (b->gathered == NULL)
        b->gathered = memory_alloc(b->table->memory, sizeof *b->gathered);
    if (b->gathered == NULL)
        return fail_nomem(err);
    b->overlaps = true;
    TRY(bulk_seal(b, err)); /* rowids ascend inside a group */
    for (uint32_t i = 0; i < rows; i++)
        order[i] = (struct id_row){.id = ids[i], .row = i};
    qsort(order, rows, sizeof *order, id_row_order);
    for (uint32_t i = 0; i < rows; i++) {
        if (i > 0 && order[i].id == order[i - 1].id)
            return table_rowid_error(b->table, err);
        ids[i] = order[i].id;
        positions[i] = (uint16_t)order[i].row;
    }
    TRY(append_ascending(b, columns, &rowids, positions, rows, err));
    return bulk_seal(b, err);
}

enum status table_bulk_append(struct table_bulk *bulk, const struct vector *const *columns,
                              uint32_t rows, struct error *err)
{
    struct vector rowids = {.type = PHYS_I64, .shape = VECTOR_SEQUENCE, .count = rows};

    if (rows == 0)
        return STATUS_OK;
    if (bulk->builder.alias >= 0)
        return append_with_ids(bulk, columns, rows, err);
    if (bulk->largest > INT64_MAX - rows)
        return fail(err, STATUS_FULL, "database or disk is full");
    rowids.base = bulk->largest + 1;
    bulk->largest += rows;
    bulk->some_rowid = true;
    return append_ascending(bulk, columns, &rowids, NULL, rows, err);
}

/* --- the end
 * --------------------------------------------------------------------------------------------- */
/* All rows of the load by rowid. NULL: memory. */
static struct id_row *sorted_rows(const struct table_bulk *b)
{
    struct id_row *rows = memory_alloc(b->table->memory, memory_product(b->rows, sizeof *rows));
    uint64_t       n = 0;

    if (rows == NULL)
        return NULL;
    for (uint32_t g = 0; g < b->group_count; g++)
        for (uint32_t r = 0; r < b->groups[g].group->rows; r++)
            rows[n++] = (struct id_row){row_group_rowid(b->groups[g].group, r), g, r};
    assert(n == b->rows);
    qsort(rows, n, sizeof *rows, id_row_order);
    return rows;
}

/* The overlapping load row by row, in rowid order. */
static enum status insert_sorted(struct table_bulk *b, struct error *err)
{
    struct table  *table = b->table;
    struct id_row *rows = sorted_rows(b);
    enum status    status = STATUS_OK;

    if (rows == NULL)
        return fail_nomem(err);
    for (uint64_t i = 0; status == STATUS_OK && i < b->rows; i++) {
        const struct row_group *group = b->groups[rows[i].group].group;
        bool                    inserted;
        int64_t                 rowid;

        if (i % VECTOR_CAP == 0 && memory_stopped(table->memory)) {
            status = memory_poll(table->memory, err);
            break;
        }
        for (uint32_t c = 0; c < group->columns; c++)
            table->row[c] = group->column[c] == NULL
                                ? value_null()
                                : segment_value(group->column[c], rows[i].row, table->row_text[c]);
        status = table_append_row(table, table->row, &rows[i].id, CONFLICT_ABORT, &inserted, &rowid,
                                  err);
    }
    memory_free(table->memory, rows, b->rows * sizeof *rows);
    return status;
}

static enum status bulk_publish(struct table_bulk *b, struct error *err)
{
    struct table *table = b->table;
    int64_t       first, largest;

    TRY(bulk_seal(b, err));
    if (b->rows == 0)
        return STATUS_OK;
    if (b->overlaps)
        return insert_sorted(b, err);
    first = b->groups[0].group->first_rowid;
    if (table_largest(table, &largest) && largest >= first)
        return insert_sorted(b, err); /* rows were added beside the load */
    TRY(table_fold_tail(table, err));
    {
        uint32_t count = b->group_count;

        b->group_count = 0; /* the references pass */
        TRY(table_add_groups(table, b->groups, count, err));
    }
    return table_check_groups(table, group_list_find(table->state.groups, first), err);
}

enum status table_bulk_end(struct table_bulk *bulk, uint64_t *inserted, struct error *err)
{
    struct table      *table = bulk->table;
    struct table_state before = table->state;
    enum status        status;

    table_state_ref(&before);
    table->version++; /* statements may have run since the load began */
    *inserted = 0;
    status = bulk_publish(bulk, err);
    if (status == STATUS_OK) {
        *inserted = bulk->rows;
        table_state_unref(&before);
    } else {
        table_state_unref(&table->state);
        table->state = before;
    }
    table_bulk_cancel(bulk);
    return status;
}
