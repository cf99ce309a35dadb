/* test_table.c - random operations on a table against an array of rows, with rollbacks anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#undef fail /* ours, of base/status.h */

#include "random_vectors.h"
#include "store/database.h"
#include "store/rowset.h"

enum { COLUMNS = 6, MODEL_CAP = 60000, MARKS_MAX = 4 };

/* --- the model
 * ------------------------------------------------------------------------------------- */
struct row {
    int64_t      rowid;
    struct value cells[COLUMNS];
};
struct model {
    struct row *rows; /* ascending */
    uint32_t    count, capacity;
};

static struct arena texts; /* of a round */
static bool         has_alias, has_key;

static struct model model_copy(const struct model *model)
{
    struct model copy = {malloc((model->count + 1) * sizeof *copy.rows), model->count,
                         model->count + 1};

    memcpy(copy.rows, model->rows, model->count * sizeof *copy.rows);
    return copy;
}

static uint32_t model_find(const struct model *model, int64_t rowid)
{
    uint32_t low = 0, high = model->count;

    while (low < high) {
        uint32_t middle = (low + high) / 2;

        if (model->rows[middle].rowid < rowid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool model_has(const struct model *model, int64_t rowid)
{
    uint32_t at = model_find(model, rowid);

    return at < model->count && model->rows[at].rowid == rowid;
}

static void model_insert(struct model *model, const struct row *row)
{
    uint32_t at = model_find(model, row->rowid);

    if (model->count == model->capacity) {
        model->capacity = model->capacity * 2 + 1000;
        model->rows = realloc(model->rows, model->capacity * sizeof *model->rows);
    }
    memmove(&model->rows[at + 1], &model->rows[at], (model->count - at) * sizeof *row);
    model->rows[at] = *row;
    if (has_alias)
        model->rows[at].cells[0] = value_int(row->rowid);
    model->count++;
}

static void model_remove(struct model *model, int64_t rowid)
{
    uint32_t at = model_find(model, rowid);

    memmove(&model->rows[at], &model->rows[at + 1], (model->count - at - 1) * sizeof *model->rows);
    model->count--;
}

static int64_t model_next_rowid(const struct model *model)
{
    return model->count == 0 ? 1 : model->rows[model->count - 1].rowid + 1;
}

/* --- values
 * ------------------------------------------------------------------------------------------ */
static uint32_t strangeness; /* one cell in so many is of an unexpected class; 0: none */

/* Cells made beforehand, for tests in which allocations fail. */
enum { POOL_CELLS = 512 };
static struct value pool[COLUMNS][POOL_CELLS];
static bool         use_pool;

static struct value column_cell(uint32_t column)
{
    char   *text;
    int32_t day;

    if (use_pool && column != 5)
        return pool[column][random_below(POOL_CELLS)];
    if (strangeness > 0 && column != 5 && random_below(strangeness) == 0)
        return random_cell(&texts, 100);
    if (random_below(20) == 0 && column != 5)
        return value_null();
    switch (column) {
    case 0:
        return value_int((int64_t)random_below(100));
    case 1:
        return random_text(&texts, 300);
    case 2:
        return value_real((double)((int32_t)random_below(200000) - 100000) / 100);
    case 3:
        text = arena_alloc(&texts, 16);
        day = (int32_t)random_below(20000);
        day_to_text(day, text);
        return value_text(text, 10);
    case 4: /* NUMERIC affinity: whole numbers are INTEGER */
        if (random_below(3) == 0)
            return value_int((int64_t)random_below(1000));
        return value_real((double)random_below(1000) + 0.25 * (1 + random_below(3)));
    default: /* unique as long as nobody is unlucky */
        return value_int((int64_t)(random_next() >> 20));
    }
}

static void random_row(struct row *row)
{
    for (uint32_t c = 0; c < COLUMNS; c++)
        row->cells[c] = column_cell(c);
}

/* --- checks
 * ------------------------------------------------------------------------------------------ */
static void check_cursor(struct cursor *cursor, const struct model *model, uint32_t cap)
{
    uint32_t at = 0;
    char     scratch[16];

    assert_int_equal(cursor->ops->rewind(cursor, NULL), STATUS_OK);
    for (;;) {
        const uint64_t  *active;
        uint32_t         count, live;
        struct vector    v, rowids;
        struct selection sel;

        assert_int_equal(cursor->ops->next(cursor, cap, &count, &active, NULL), STATUS_OK);
        if (count == 0)
            break;
        assert_true(count <= cap);
        selection_all(&sel, count);
        if (active != NULL)
            selection_bits(&sel, count, active);
        assert_true(sel.count > 0);
        assert_int_equal(cursor->ops->rowid(cursor, &rowids, NULL), STATUS_OK);
        assert_true(vector_ok(&rowids));
        assert_int_equal(rowids.count, count);
        for (uint32_t c = 0; c < COLUMNS; c++) {
            assert_int_equal(cursor->ops->column(cursor, c, &sel, &v, NULL), STATUS_OK);
            if (cap > 3)
                assert_true(vector_ok(&v));
            assert_int_equal(v.count, count);
            live = 0;
            for (uint32_t i = 0; i < count; i++) {
                struct value got;

                if (!bits_get(sel.bits, i))
                    continue;
                assert_true(at + live < model->count);
                got = vector_value(&v, i, scratch);
                assert_true(cell_same(&got, &model->rows[at + live].cells[c]));
                if (c == 0) {
                    got = vector_value(&rowids, i, scratch);
                    assert_int_equal(got.i, model->rows[at + live].rowid);
                }
                live++;
            }
        }
        at += sel.count;
    }
    assert_int_equal(at, model->count);
}

static struct cursor *open_cursor(struct table *table)
{
    static const uint32_t columns[COLUMNS] = {0, 1, 2, 3, 4, 5};
    struct cursor        *cursor;

    assert_int_equal(table_cursor(table, columns, COLUMNS, &cursor, NULL), STATUS_OK);
    return cursor;
}

static void check_seeks(struct cursor *cursor, const struct model *model)
{
    char scratch[16];

    for (uint32_t i = 0; i < 10; i++) {
        int64_t  rowid = model->count > 0 && i % 2 == 0
                             ? model->rows[random_below(model->count)].rowid
                             : (int64_t)random_below(70000);
        bool     found;
        uint32_t at = model_find(model, rowid);

        assert_int_equal(cursor->ops->seek_rowid(cursor, rowid, &found, NULL), STATUS_OK);
        assert_int_equal(found, at < model->count && model->rows[at].rowid == rowid);
        for (uint32_t c = 0; found && c < COLUMNS; c++) {
            struct vector v;
            struct value  got;

            assert_int_equal(cursor->ops->column(cursor, c, NULL, &v, NULL), STATUS_OK);
            got = vector_value(&v, 0, scratch);
            assert_true(cell_same(&got, &model->rows[at].cells[c]));
        }
    }
}

static void check_table(struct table *table, const struct model *model)
{
    static const uint32_t caps[3] = {VECTOR_CAP, 3, 1};
    struct cursor        *cursor = open_cursor(table);
    int64_t               largest;
    uint32_t              cap = caps[random_below(8) == 0 ? random_below(3) : 0];

    assert_int_equal(table_row_count(table), model->count);
    assert_int_equal(table_max_rowid(table, &largest), model->count > 0);
    if (model->count > 0)
        assert_int_equal(largest, model->rows[model->count - 1].rowid);
    check_seeks(cursor, model);
    check_cursor(cursor, model, cap);
    cursor->ops->close(cursor);
}

/* --- operations
 * ---------------------------------------------------------------------------------------- */
static bool unique_in(const struct model *model, const struct value *cell, int64_t self)
{
    if (!has_key || cell->class_ == CLASS_NULL)
        return true;
    for (uint32_t i = 0; i < model->count; i++)
        if (model->rows[i].rowid != self && model->rows[i].cells[5].class_ != CLASS_NULL &&
            value_compare(&model->rows[i].cells[5], cell, COLLATION_BINARY) == 0)
            return false;
    return true;
}

static void insert_one(struct table *table, struct model *model)
{
    struct row  row;
    int64_t     given = 0, last = 0;
    uint32_t    how = random_below(4);
    bool        inserted, free_id, unique;
    enum status status;

    random_row(&row);
    if (has_key && random_below(10) == 0 && model->count > 0)
        row.cells[5] = model->rows[random_below(model->count)].cells[5];
    row.rowid = model_next_rowid(model);
    if (how == 0)
        row.rowid = 1 + (int64_t)random_below(2 * model->count + 10);
    given = row.rowid;
    free_id = !model_has(model, row.rowid);
    unique = unique_in(model, &row.cells[5], INT64_MIN);
    status = table_append_row(table, row.cells, how == 0 ? &given : NULL,
                              how == 0 && random_below(2) ? CONFLICT_IGNORE : CONFLICT_ABORT,
                              &inserted, &last, NULL);
    if (free_id && unique) {
        assert_int_equal(status, STATUS_OK);
        assert_true(inserted);
        assert_int_equal(last, row.rowid);
        model_insert(model, &row);
    } else if (status == STATUS_OK) {
        assert_false(inserted);
    } else {
        assert_true(status == (free_id     ? STATUS_CONSTRAINT_UNIQUE
                               : has_alias ? STATUS_CONSTRAINT_PRIMARYKEY
                                           : STATUS_CONSTRAINT_ROWID));
    }
}

static void insert_replacing(struct table *table, struct model *model)
{
    struct row row;
    int64_t    last;
    bool       inserted;

    random_row(&row);
    if (model->count == 0 || (has_key && !unique_in(model, &row.cells[5], INT64_MIN)))
        return;
    row.rowid = model->rows[random_below(model->count)].rowid;
    model_remove(model, row.rowid);
    model_insert(model, &row);
    assert_int_equal(
        table_append_row(table, row.cells, &row.rowid, CONFLICT_REPLACE, &inserted, &last, NULL),
        STATUS_OK);
    assert_true(inserted);
}

/* A batch of cells, one vector a column, typed where the cells are of one class. */
struct batch {
    struct row          *rows;
    struct value        *cells[COLUMNS];
    uint64_t             valid[COLUMNS][VECTOR_WORDS];
    struct vector        v[COLUMNS];
    const struct vector *columns[COLUMNS];
};

static struct batch *batch_new(uint32_t count)
{
    struct batch *batch = calloc(1, sizeof *batch);

    batch->rows = malloc(VECTOR_CAP * sizeof *batch->rows);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        uint32_t classes = 0;

        batch->cells[c] = calloc(VECTOR_CAP, sizeof **batch->cells);
        for (uint32_t i = 0; i < count; i++) {
            batch->cells[c][i] = batch->rows[i].cells[c] = column_cell(c);
            classes |= 1u << batch->cells[c][i].class_;
            bits_put(batch->valid[c], i, batch->cells[c][i].class_ != CLASS_NULL);
        }
        batch->v[c] = (struct vector){.type = PHYS_ANY,
                                      .shape = VECTOR_FLAT,
                                      .count = count,
                                      .values = batch->cells[c],
                                      .valid = batch->valid[c]};
        classes &= ~1u;
        if (classes == 1u << CLASS_TEXT)
            batch->v[c].type = PHYS_TEXT;
        if (classes == 1u << CLASS_INTEGER || classes == 1u << CLASS_REAL) {
            batch->v[c].type = classes == 1u << CLASS_REAL ? PHYS_F64 : PHYS_I64;
            for (uint32_t i = 0; i < count; i++)
                ((int64_t *)batch->cells[c])[i] = batch->cells[c][i].i;
        }
        batch->columns[c] = &batch->v[c];
    }
    return batch;
}

static void batch_free(struct batch *batch)
{
    for (uint32_t c = 0; c < COLUMNS; c++)
        free(batch->cells[c]);
    free(batch->rows);
    free(batch);
}

static void insert_batch(struct table *table, struct model *model)
{
    uint32_t         count = random_below(3) == 0 ? VECTOR_CAP : 1 + random_below(1200);
    struct batch    *batch = batch_new(count);
    struct selection sel;
    uint64_t         bits[VECTOR_WORDS], inserted;
    int64_t          last, next = model_next_rowid(model), largest = next - 1;

    for (uint32_t w = 0; w < VECTOR_WORDS; w++)
        bits[w] = random_below(2) ? ~UINT64_C(0) : random_next();
    selection_bits(&sel, count, bits);
    if (model->count + count < MODEL_CAP && sel.count > 0) {
        assert_int_equal(
            table_append(table, batch->columns, NULL, &sel, CONFLICT_ABORT, &inserted, &last, NULL),
            STATUS_OK);
        assert_int_equal(inserted, sel.count);
        for (uint32_t i = 0; i < count; i++)
            if (bits_get(sel.bits, i)) {
                batch->rows[i].rowid = ++largest;
                model_insert(model, &batch->rows[i]);
            }
        assert_int_equal(last, largest);
    }
    batch_free(batch);
}

static void load_bulk(struct table *table, struct model *model)
{
    struct table_bulk *bulk;
    uint32_t           batches = 1 + random_below(6);
    int64_t            rowid = model_next_rowid(model);
    uint64_t           inserted, rows = 0;
    bool               shuffled = has_alias && random_below(3) == 0;
    struct model       before = model_copy(model);

    assert_int_equal(table_bulk_begin(table, &bulk, NULL), STATUS_OK);
    for (uint32_t b = 0; b < batches && model->count < MODEL_CAP - VECTOR_CAP; b++) {
        uint32_t      count = random_below(2) ? VECTOR_CAP : 1 + random_below(VECTOR_CAP);
        struct batch *batch = batch_new(count);
        int64_t      *ids = calloc(VECTOR_CAP, sizeof *ids);

        for (uint32_t i = 0; i < count; i++) {
            ids[i] = rowid++;
            if (shuffled) {
                uint32_t other = random_below(i + 1);
                int64_t  swap = ids[i];

                ids[i] = ids[other];
                ids[other] = swap;
            }
        }
        if (has_alias)
            batch->v[0] = (struct vector){
                .type = PHYS_I64, .shape = VECTOR_FLAT, .count = count, .values = ids};
        for (uint32_t i = 0; i < count; i++) {
            batch->rows[i].rowid = ids[i];
            model_insert(model, &batch->rows[i]);
        }
        assert_int_equal(table_bulk_append(bulk, batch->columns, count, NULL), STATUS_OK);
        rows += count;
        free(ids);
        batch_free(batch);
    }
    if (random_below(4) == 0) {
        table_bulk_cancel(bulk);
        free(model->rows);
        *model = before;
        return;
    }
    free(before.rows);
    assert_int_equal(table_bulk_end(bulk, &inserted, NULL), STATUS_OK);
    assert_int_equal(inserted, rows);
}

/* A random choice of rowids, ascending, some of them absent. */
static uint32_t choose(const struct model *model, int64_t *rowids)
{
    uint32_t n = 0, start, wanted, step;

    if (model->count == 0)
        return 0;
    start = random_below(model->count);
    wanted = random_below(3) == 0 ? random_below(model->count) : random_below(40);
    step = 1 + random_below(4);
    for (uint32_t i = start; i < model->count && n < wanted; i += step)
        rowids[n++] = model->rows[i].rowid;
    return n;
}

static void delete_some(struct table *table, struct model *model)
{
    int64_t *rowids = malloc((model->count + 2) * sizeof *rowids);
    uint32_t n = choose(model, rowids), kept = 0;
    uint64_t deleted;

    rowids[n] = 1000000000;
    assert_int_equal(table_delete(table, rowids, n + 1, &deleted, NULL), STATUS_OK);
    assert_int_equal(deleted, n);
    for (uint32_t i = 0, d = 0; i < model->count; i++) {
        if (d < n && model->rows[i].rowid == rowids[d])
            d++;
        else
            model->rows[kept++] = model->rows[i];
    }
    model->count = kept;
    free(rowids);
}

static void update_some(struct table *table, struct model *model)
{
    static const uint32_t all[4] = {1, 2, 3, 4};
    int64_t              *rowids = malloc((model->count + 1) * sizeof *rowids);
    uint32_t              n = choose(model, rowids), first = random_below(4);
    uint32_t              count = 1 + random_below(4 - first);
    struct rowset        *values = rowset_new(NULL, count);
    uint64_t              updated;

    for (uint32_t i = 0; i < n; i++) {
        struct value cells[4];

        for (uint32_t c = 0; c < count; c++) {
            cells[c] = column_cell(all[first + c]);
            model->rows[model_find(model, rowids[i])].cells[all[first + c]] = cells[c];
        }
        assert_int_equal(rowset_append_row(values, cells, NULL), STATUS_OK);
    }
    assert_int_equal(table_update(table, all + first, count, rowids, NULL, values, CONFLICT_ABORT,
                                  NULL, &updated, NULL),
                     STATUS_OK);
    assert_int_equal(updated, n);
    rowset_free(values);
    free(rowids);
}

/* Moves rows to other rowids, and gives some of them keys that others have. */
static void update_keys(struct table *table, struct model *model)
{
    static const uint32_t column = 5;
    int64_t               rowids[50], moved[50];
    uint32_t              n = random_below(20);
    struct rowset        *values = rowset_new(NULL, 1);
    uint64_t              updated, expected = 0;

    if (model->count == 0)
        n = 0;
    for (uint32_t i = 0; i < n; i++) {
        struct value cell = column_cell(5);
        struct row   row;
        uint32_t     at = random_below(model->count);

        if (random_below(4) == 0)
            cell = model->rows[random_below(model->count)].cells[5];
        rowids[i] = model->rows[at].rowid;
        moved[i] = random_below(2) ? rowids[i] : 1 + (int64_t)random_below(2 * model->count + 5);
        assert_int_equal(rowset_append_row(values, &cell, NULL), STATUS_OK);
        if ((moved[i] != rowids[i] && model_has(model, moved[i])) ||
            !unique_in(model, &cell, rowids[i])) {
            continue; /* to be ignored */
        }
        row = model->rows[at];
        row.rowid = moved[i];
        row.cells[5] = cell;
        model_remove(model, rowids[i]);
        model_insert(model, &row);
        expected++;
    }
    assert_int_equal(table_update(table, &column, 1, rowids, moved, values, CONFLICT_IGNORE, NULL,
                                  &updated, NULL),
                     STATUS_OK);
    if (has_key)
        assert_int_equal(updated, expected);
    rowset_free(values);
}

static struct schema_table *test_schema(struct memory *memory)
{
    struct schema_table *schema = schema_table_new(memory, COLUMNS, has_key ? 1 : 0, 0);

    assert_non_null(schema);
    schema->name = schema_copy_text(memory, "t", 1);
    assert_non_null(schema->name);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        char name[2] = {(char)('a' + c), 0};

        schema->columns[c].name = schema_copy_text(memory, name, 1);
        schema->columns[c].type = schema_copy_text(memory, "", 0);
        assert_non_null(schema->columns[c].name);
        assert_non_null(schema->columns[c].type);
    }
    if (has_alias)
        schema->rowid_column = 0;
    if (has_key) {
        assert_true(schema_key_columns(memory, &schema->keys[0], 1));
        schema->keys[0].columns[0] = 5;
        schema->keys[0].unique = true;
    }
    return schema;
}

static void one_step(struct table *table, struct model *model)
{
    switch (random_below(12)) {
    case 0:
    case 1:
        for (uint32_t i = random_below(200); i > 0; i--)
            insert_one(table, model);
        break;
    case 2:
        insert_replacing(table, model);
        break;
    case 3:
    case 4:
        insert_batch(table, model);
        break;
    case 5:
        load_bulk(table, model);
        break;
    case 6:
    case 7:
        delete_some(table, model);
        break;
    case 8:
    case 9:
        update_some(table, model);
        break;
    case 10:
        update_keys(table, model);
        break;
    default:
        if (random_below(10) == 0) {
            uint64_t deleted;

            assert_int_equal(table_delete_all(table, &deleted, NULL), STATUS_OK);
            assert_int_equal(deleted, model->count);
            model->count = 0;
        }
        break;
    }
}

static void round_of_operations(uint32_t round, uint32_t steps)
{
    struct memory    memory;
    struct database *database;
    struct table    *table;
    struct model     model = {malloc(sizeof(struct row)), 0, 1}, marks[MARKS_MAX + 1];
    uint32_t         mark, depth = 0;

    memory_init(&memory, 0);
    arena_init(&texts, NULL);
    has_alias = round % 2;
    has_key = round / 2 % 2;
    strangeness = round % 3 == 0 ? 0 : round % 3 == 1 ? 50 : 5000;
    assert_int_equal(database_open_memory(&memory, &database, NULL), STATUS_OK);
    assert_int_equal(database_begin_write(database, NULL), STATUS_OK);
    assert_int_equal(database_create_table(database, test_schema(&memory), NULL), STATUS_OK);
    table = database_find_table(database, "T");
    assert_non_null(table);
    assert_int_equal(database_commit(database, NULL), STATUS_OK);
    assert_int_equal(database_begin_write(database, NULL), STATUS_OK);
    marks[0] = model_copy(&model);
    for (uint32_t step = 0; step < steps; step++) {
        struct cursor *before = NULL;
        struct model   seen = {0};

        if (random_below(6) == 0) { /* a reader keeps what it saw */
            before = open_cursor(table);
            seen = model_copy(&model);
        }
        one_step(table, &model);
        if (before != NULL) {
            check_cursor(before, &seen, VECTOR_CAP);
            before->ops->close(before);
            free(seen.rows);
        }
        if (random_below(2) == 0)
            check_table(table, &model);
        switch (random_below(8)) {
        case 0:
            if (depth < MARKS_MAX) {
                assert_int_equal(database_savepoint(database, &mark, NULL), STATUS_OK);
                assert_int_equal(mark, ++depth);
                marks[depth] = model_copy(&model);
            }
            break;
        case 1:
        case 2:
            if (depth > 0) {
                mark = 1 + random_below(depth);
                free(model.rows);
                model = model_copy(&marks[mark]);
                while (depth > mark)
                    free(marks[depth--].rows);
                database_rollback_to(database, mark);
                check_table(table, &model);
            }
            break;
        case 3:
            if (depth > 0) {
                mark = 1 + random_below(depth);
                database_release(database, mark);
                while (depth >= mark)
                    free(marks[depth--].rows);
            }
            break;
        case 4:
            if (random_below(2)) {
                assert_int_equal(database_commit(database, NULL), STATUS_OK);
            } else {
                database_rollback(database);
                free(model.rows);
                model = model_copy(&marks[0]);
                check_table(table, &model);
            }
            while (depth > 0)
                free(marks[depth--].rows);
            free(marks[0].rows);
            marks[0] = model_copy(&model);
            assert_int_equal(database_begin_write(database, NULL), STATUS_OK);
            break;
        default:
            break;
        }
    }
    check_table(table, &model);
    database_close(database);
    assert_int_equal(memory.used, 0);
    for (uint32_t d = 0; d <= depth; d++)
        free(marks[d].rows);
    free(model.rows);
    arena_free(&texts);
}

static void random_operations_are_those_of_an_array(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 36; round++)
        round_of_operations(round, 60);
}

/* --- failing allocations
 * ---------------------------------------------------------------------------------- */
static struct model read_table(struct table *table)
{
    struct cursor *cursor = open_cursor(table);
    struct model   model = {malloc((table_row_count(table) + 1) * sizeof *model.rows), 0, 0};
    char           scratch[16];

    assert_int_equal(cursor->ops->rewind(cursor, NULL), STATUS_OK);
    for (;;) {
        const uint64_t *active;
        uint32_t        count, first = model.count;
        struct vector   v;

        assert_int_equal(cursor->ops->next(cursor, VECTOR_CAP, &count, &active, NULL), STATUS_OK);
        if (count == 0)
            break;
        for (uint32_t c = 0; c <= COLUMNS; c++) {
            model.count = first;
            assert_int_equal(c < COLUMNS ? cursor->ops->column(cursor, c, NULL, &v, NULL)
                                         : cursor->ops->rowid(cursor, &v, NULL),
                             STATUS_OK);
            for (uint32_t i = 0; i < count; i++) {
                struct value cell;

                if (active != NULL && !bits_get(active, i))
                    continue;
                cell = vector_value(&v, i, scratch);
                if (cell.class_ >= CLASS_TEXT) {
                    char *copy = arena_alloc(&texts, cell.bytes);

                    cell.s = memcpy(copy, cell.bytes > 0 ? cell.s : "", cell.bytes);
                }
                if (c < COLUMNS)
                    model.rows[model.count++].cells[c] = cell;
                else
                    model.rows[model.count++].rowid = cell.i;
            }
        }
    }
    cursor->ops->close(cursor);
    return model;
}

static const struct value null_cell = {.class_ = CLASS_NULL};

static enum status scripted_bulk(struct table *table)
{
    struct table_bulk *bulk;
    struct batch      *batch;
    uint64_t           inserted;
    enum status        status = table_bulk_begin(table, &bulk, NULL);

    if (status != STATUS_OK)
        return status;
    for (uint32_t b = 0; status == STATUS_OK && b < 3; b++) {
        batch = batch_new(VECTOR_CAP);
        if (has_alias)
            batch->v[0] =
                (struct vector){.type = PHYS_ANY, .shape = VECTOR_CONSTANT, .values = &null_cell};
        status = table_bulk_append(bulk, batch->columns, VECTOR_CAP, NULL);
        batch_free(batch);
    }
    if (status != STATUS_OK) {
        table_bulk_cancel(bulk);
        return status;
    }
    return table_bulk_end(bulk, &inserted, NULL);
}

static enum status scripted_update(struct table *table, uint32_t first, uint32_t rows,
                                   uint32_t column)
{
    struct rowset *values = rowset_new(NULL, 1);
    int64_t       *rowids = malloc(rows * sizeof *rowids);
    uint64_t       updated;
    enum status    status = STATUS_OK;

    for (uint32_t i = 0; i < rows; i++) {
        struct value cell = column_cell(column);

        rowids[i] = first + i;
        if (status == STATUS_OK)
            status = values == NULL ? STATUS_NOMEM : rowset_append_row(values, &cell, NULL);
    }
    if (status == STATUS_OK)
        status = table_update(table, &column, 1, rowids, NULL, values, CONFLICT_ABORT, NULL,
                              &updated, NULL);
    rowset_free(values);
    free(rowids);
    return status;
}

static enum status scripted_rows(struct table *table, uint32_t rows, int64_t rowid, int64_t step)
{
    enum status status = STATUS_OK;

    for (uint32_t i = 0; status == STATUS_OK && i < rows; i++, rowid += step) {
        struct row row;
        bool       inserted;
        int64_t    last;

        random_row(&row);
        status = table_append_row(table, row.cells, rowid > 0 ? &rowid : NULL, CONFLICT_ABORT,
                                  &inserted, &last, NULL);
    }
    return status;
}

static enum status scripted_delete(struct table *table, uint32_t first, uint32_t rows)
{
    int64_t    *rowids = malloc(rows * sizeof *rowids);
    uint64_t    deleted;
    enum status status;

    for (uint32_t i = 0; i < rows; i++)
        rowids[i] = first + i;
    status = table_delete(table, rowids, rows, &deleted, NULL);
    free(rowids);
    return status;
}

static enum status scripted_step(struct table *table, uint32_t step)
{
    struct selection sel;
    struct batch    *batch;
    uint64_t         inserted;
    int64_t          last;
    enum status      status;

    switch (step) {
    case 0:
        return scripted_rows(table, 100, 0, 0);
    case 1:
        return scripted_rows(table, 40, 3000, 7);
    case 2:
        return scripted_rows(table, 40, 2990, -11);
    case 3:
    case 8:
        batch = batch_new(VECTOR_CAP);
        selection_all(&sel, VECTOR_CAP);
        status =
            table_append(table, batch->columns, NULL, &sel, CONFLICT_ABORT, &inserted, &last, NULL);
        batch_free(batch);
        return status;
    case 4:
        return scripted_update(table, 20, 30, 1);
    case 5:
        return scripted_update(table, 3300, 1500, 2);
    case 6:
        return scripted_delete(table, 10, 50);
    case 7:
        return scripted_bulk(table);
    case 9:
        return scripted_update(table, 3290, 20, 5);
    case 10:
        return scripted_delete(table, 3400, 4500);
    default:
        return scripted_rows(table, 300, 3401, 3);
    }
}

static void assert_same_rows(const struct model *a, const struct model *b)
{
    assert_int_equal(a->count, b->count);
    for (uint32_t i = 0; i < a->count; i++) {
        assert_int_equal(a->rows[i].rowid, b->rows[i].rowid);
        for (uint32_t c = 0; c < COLUMNS; c++)
            assert_true(cell_same(&a->rows[i].cells[c], &b->rows[i].cells[c]));
    }
}

static void failing_allocations_leave_the_table(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 4; round++) {
        struct memory    memory;
        struct database *database;
        struct table    *table;
        uint32_t         mark;

        memory_init(&memory, 0);
        arena_init(&texts, NULL);
        has_alias = round % 2;
        has_key = round / 2 % 2;
        strangeness = 50;
        use_pool = false;
        for (uint32_t c = 0; c < COLUMNS; c++)
            for (uint32_t i = 0; i < POOL_CELLS; i++)
                pool[c][i] = column_cell(c);
        use_pool = true;
        assert_int_equal(database_open_memory(&memory, &database, NULL), STATUS_OK);
        assert_int_equal(database_begin_write(database, NULL), STATUS_OK);
        assert_int_equal(database_create_table(database, test_schema(&memory), NULL), STATUS_OK);
        table = database_find_table(database, "t");
        for (uint32_t step = 0; step < 12; step++) {
            struct model before = read_table(table);

            for (uint64_t n = 1;; n += 1 + n / 8) {
                uint64_t     start = random_state;
                struct model after;
                enum status  status;

                assert_int_equal(database_savepoint(database, &mark, NULL), STATUS_OK);
                memory_fail_at(n, n % 2);
                status = scripted_step(table, step);
                memory_fail_at(0, false);
                if (status == STATUS_OK) {
                    database_release(database, mark);
                    break;
                }
                assert_int_equal(status, STATUS_NOMEM);
                database_rollback_to(database, mark);
                database_release(database, mark);
                after = read_table(table);
                assert_same_rows(&before, &after);
                free(after.rows);
                random_state = start;
            }
            free(before.rows);
        }
        database_close(database);
        assert_int_equal(memory.used, 0);
        arena_free(&texts);
        use_pool = false;
    }
}

/* --- large tables
 * ----------------------------------------------------------------------------------------- */
enum { LARGE_ROWS = 300000 };

/* What row rowid holds; later: after the update. */
static struct value large_cell(int64_t rowid, uint32_t column, bool later, char buffer[32])
{
    switch (column) {
    case 0:
        return value_int(rowid);
    case 1:
        return value_text(buffer, (size_t)snprintf(buffer, 32, "%s %d", later ? "new" : "old",
                                                   (int)(rowid % 1000)));
    case 2:
        return rowid % 11 == 0 ? value_null() : value_real((double)rowid / 4);
    case 3:
        return value_int(later ? -rowid : rowid * 1000000);
    case 4:
        return value_text(buffer, (size_t)snprintf(buffer, 32, "distinct text %d", (int)rowid));
    default:
        return value_int(rowid % 3);
    }
}

static bool large_updated(int64_t rowid)
{
    return rowid >= 100000 && rowid < 170000;
}

static void check_large(struct table *table, uint64_t rows, bool deleted, bool updated)
{
    struct cursor *cursor = open_cursor(table);
    char           scratch[16], buffer[32];
    uint64_t       seen = 0;

    assert_int_equal(cursor->ops->rewind(cursor, NULL), STATUS_OK);
    for (int64_t rowid = 0;;) {
        const uint64_t *active;
        uint32_t        count;
        struct vector   v[COLUMNS];

        assert_int_equal(cursor->ops->next(cursor, VECTOR_CAP, &count, &active, NULL), STATUS_OK);
        if (count == 0)
            break;
        for (uint32_t c = 0; c < COLUMNS; c++) {
            assert_int_equal(cursor->ops->column(cursor, c, NULL, &v[c], NULL), STATUS_OK);
            assert_true(vector_ok(&v[c]));
        }
        for (uint32_t i = 0; i < count; i++) {
            if (active != NULL && !bits_get(active, i))
                continue;
            for (rowid++; deleted && rowid % 3 == 0; rowid++)
                ;
            for (uint32_t c = 0; c < COLUMNS; c++) {
                struct value want = large_cell(
                    rowid, c, updated && large_updated(rowid) && (c == 1 || c == 3), buffer);
                struct value got = vector_value(&v[c], i, scratch);

                assert_true(cell_same(&want, &got));
            }
            seen++;
        }
    }
    assert_int_equal(seen, rows);
    assert_int_equal(table_row_count(table), rows);
    cursor->ops->close(cursor);
}

static void load_large(struct table *table, bool in_bulk)
{
    static struct value  cells[COLUMNS][VECTOR_CAP];
    static char          buffers[COLUMNS][VECTOR_CAP][32];
    static uint64_t      valid[COLUMNS][VECTOR_WORDS];
    struct vector        v[COLUMNS];
    const struct vector *columns[COLUMNS];
    struct table_bulk   *bulk = NULL;
    struct selection     sel;
    uint64_t             inserted;
    int64_t              last;

    if (in_bulk)
        assert_int_equal(table_bulk_begin(table, &bulk, NULL), STATUS_OK);
    for (int64_t first = 1; first <= LARGE_ROWS;) {
        uint32_t count = LARGE_ROWS - first + 1 < 1999 ? (uint32_t)(LARGE_ROWS - first + 1) : 1999;

        for (uint32_t c = 0; c < COLUMNS; c++) {
            for (uint32_t i = 0; i < count; i++) {
                cells[c][i] = large_cell(first + i, c, false, buffers[c][i]);
                bits_put(valid[c], i, cells[c][i].class_ != CLASS_NULL);
            }
            v[c] = (struct vector){.type = PHYS_ANY,
                                   .shape = VECTOR_FLAT,
                                   .count = count,
                                   .values = cells[c],
                                   .valid = valid[c]};
            columns[c] = &v[c];
        }
        selection_all(&sel, count);
        assert_int_equal(in_bulk ? table_bulk_append(bulk, columns, count, NULL)
                                 : table_append(table, columns, NULL, &sel, CONFLICT_ABORT,
                                                &inserted, &last, NULL),
                         STATUS_OK);
        first += count;
    }
    if (in_bulk)
        assert_int_equal(table_bulk_end(bulk, &inserted, NULL), STATUS_OK);
}

static void large_tables_keep_their_rows(void **state)
{
    static const uint32_t columns[2] = {1, 3};

    (void)state;
    for (uint32_t round = 0; round < 2; round++) {
        struct memory    memory;
        struct database *database;
        struct table    *table;
        struct rowset   *values;
        int64_t         *rowids = malloc(LARGE_ROWS * sizeof *rowids);
        uint64_t         n = 0, done;
        uint32_t         mark;

        memory_init(&memory, 0);
        values = rowset_new(&memory, 2);
        has_alias = round == 0;
        has_key = false;
        assert_int_equal(database_open_memory(&memory, &database, NULL), STATUS_OK);
        assert_int_equal(database_begin_write(database, NULL), STATUS_OK);
        assert_int_equal(database_create_table(database, test_schema(&memory), NULL), STATUS_OK);
        table = database_find_table(database, "t");
        load_large(table, round == 0);
        check_large(table, LARGE_ROWS, false, false);
        assert_int_equal(database_savepoint(database, &mark, NULL), STATUS_OK);
        for (int64_t rowid = 3; rowid <= LARGE_ROWS; rowid += 3)
            rowids[n++] = rowid;
        assert_int_equal(table_delete(table, rowids, n, &done, NULL), STATUS_OK);
        assert_int_equal(done, LARGE_ROWS / 3);
        check_large(table, LARGE_ROWS - LARGE_ROWS / 3, true, false);
        n = 0;
        for (int64_t rowid = 100000; rowid < 170000; rowid++) {
            char         text[32];
            struct value row[2] = {large_cell(rowid, 1, true, text),
                                   large_cell(rowid, 3, true, NULL)};

            if (rowid % 3 == 0)
                continue;
            rowids[n++] = rowid;
            assert_int_equal(rowset_append_row(values, row, NULL), STATUS_OK);
        }
        assert_int_equal(table_update(table, columns, 2, rowids, NULL, values, CONFLICT_ABORT, NULL,
                                      &done, NULL),
                         STATUS_OK);
        assert_int_equal(done, n);
        check_large(table, LARGE_ROWS - LARGE_ROWS / 3, true, true);
        database_rollback_to(database, mark);
        check_large(table, LARGE_ROWS, false, false);
        rowset_free(values);
        database_close(database);
        assert_int_equal(memory.used, 0);
        free(rowids);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_tables_keep_their_rows),
        cmocka_unit_test(random_operations_are_those_of_an_array),
        cmocka_unit_test(failing_allocations_leave_the_table),
    };

    if (getenv("SEED") != NULL)
        random_state ^= strtoull(getenv("SEED"), NULL, 10) * 0x9e3779b97f4a7c15u;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
