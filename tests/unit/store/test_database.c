/* test_database.c - catalog, transactions, keys and rowids as SQL sees them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#undef fail /* ours, of base/status.h */

#include <stdio.h>
#include <stdlib.h>

#include "store/database.h"
#include "store/rowset.h"

static struct memory    memory;
static struct database *db;
static struct error     err;

static int open_db(void **state)
{
    (void)state;
    memory_init(&memory, 0);
    assert_int_equal(database_open_memory(&memory, &db, &err), STATUS_OK);
    assert_int_equal(database_begin_write(db, &err), STATUS_OK);
    return 0;
}

static int close_db(void **state)
{
    (void)state;
    database_close(db);
    assert_int_equal(memory.used, 0);
    return 0;
}

static char *text(const char *s)
{
    return schema_copy_text(&memory, s, strlen(s));
}

/* A table of columns a, b, c. */
static struct schema_table *schema_abc(const char *name, uint32_t keys)
{
    struct schema_table *schema = schema_table_new(&memory, 3, keys, 0);
    static const char   *names[3] = {"a", "b", "c"};

    schema->name = text(name);
    for (uint32_t c = 0; c < 3; c++) {
        schema->columns[c].name = text(names[c]);
        schema->columns[c].type = text("");
    }
    return schema;
}

static void key_on(struct schema_key *key, uint32_t count, uint32_t first, bool primary)
{
    assert_true(schema_key_columns(&memory, key, count));
    for (uint32_t i = 0; i < count; i++)
        key->columns[i] = first + i;
    key->unique = true;
    key->primary = primary;
}

static struct table *create(struct schema_table *schema)
{
    char name[32];

    snprintf(name, sizeof name, "%s", schema->name);
    assert_int_equal(database_create_table(db, schema, &err), STATUS_OK);
    return database_find_table(db, name);
}

static enum status insert(struct table *table, struct value a, struct value b, struct value c,
                          int64_t given, enum conflict conflict)
{
    struct value cells[3] = {a, b, c};
    bool         inserted;
    int64_t      last;

    error_clear(&err);
    return table_append_row(table, cells, given != 0 ? &given : NULL, conflict, &inserted, &last,
                            &err);
}

#define INT(i) value_int(i)
#define TEXT(s) value_text(s, strlen(s))
#define NONE value_null()

static void catalog_changes_roll_back(void **state)
{
    uint64_t                    version = database_schema_version(db);
    uint32_t                    mark;
    struct table               *table;
    const struct schema_object *object;
    struct schema_object       *view = schema_object_new(&memory, SCHEMA_VIEW);

    (void)state;
    create(schema_abc("One", 0));
    assert_true(database_schema_version(db) != version);
    assert_int_equal(database_commit(db, &err), STATUS_OK);
    assert_int_equal(database_begin_write(db, &err), STATUS_OK);
    assert_non_null(database_find_table(db, "ONE"));
    assert_int_equal(database_savepoint(db, &mark, &err), STATUS_OK);
    create(schema_abc("two", 0));
    view->name = text("v");
    view->table = text("v");
    assert_int_equal(database_create_object(db, view, &err), STATUS_OK);
    assert_non_null(database_find_object(db, SCHEMA_VIEW, "V"));
    assert_null(database_find_object(db, SCHEMA_INDEX, "v"));
    assert_int_equal(database_drop_table(db, "one", &err), STATUS_OK);
    assert_null(database_find_table(db, "one"));
    assert_true(database_entry(db, 0, &table, &object));
    assert_string_equal(table_schema(table)->name, "two");
    assert_true(database_entry(db, 1, &table, &object));
    assert_null(table);
    assert_string_equal(object->name, "v");
    assert_false(database_entry(db, 2, &table, &object));
    version = database_schema_version(db);
    database_rollback_to(db, mark);
    assert_true(database_schema_version(db) != version);
    assert_non_null(database_find_table(db, "one"));
    assert_null(database_find_table(db, "two"));
    assert_int_equal(database_drop_table(db, "two", &err), STATUS_ERROR);
    assert_string_equal(err.text, "no such table: two");
    database_rollback(db);
    assert_non_null(database_find_table(db, "one"));
    assert_false(database_in_write(db));
    assert_int_equal(database_begin_write(db, &err), STATUS_OK);
    assert_int_equal(database_begin_write(db, &err), STATUS_BUSY);
}

static void rows_and_their_table_roll_back_together(void **state)
{
    uint32_t      mark;
    struct table *table;

    (void)state;
    assert_int_equal(database_savepoint(db, &mark, &err), STATUS_OK);
    table = create(schema_abc("t", 0));
    for (int i = 0; i < 5000; i++)
        assert_int_equal(insert(table, INT(i), NONE, NONE, 0, CONFLICT_DEFAULT), STATUS_OK);
    database_rollback_to(db, mark);
    assert_null(database_find_table(db, "t"));
    table = create(schema_abc("t", 0));
    assert_int_equal(table_row_count(table), 0);
    database_release(db, mark);
    assert_int_equal(insert(table, INT(1), NONE, NONE, 0, CONFLICT_DEFAULT), STATUS_OK);
    assert_int_equal(database_drop_table(db, "t", &err), STATUS_OK);
}

static void keys_fail_with_sqlite_s_texts(void **state)
{
    struct schema_table *schema = schema_abc("t", 2);
    struct table        *table;

    (void)state;
    schema->rowid_column = 0;
    key_on(&schema->keys[0], 1, 2, false);
    key_on(&schema->keys[1], 2, 1, true); /* the newest key is looked at first */
    schema->keys[0].collations[0] = COLLATION_NOCASE;
    table = create(schema);
    assert_int_equal(insert(table, NONE, INT(1), TEXT("x"), 5, CONFLICT_DEFAULT), STATUS_OK);
    assert_int_equal(insert(table, NONE, INT(2), TEXT("y"), 5, CONFLICT_DEFAULT),
                     STATUS_CONSTRAINT_PRIMARYKEY);
    assert_string_equal(err.text, "UNIQUE constraint failed: t.a");
    assert_int_equal(insert(table, NONE, value_real(1.0), TEXT("x"), 0, CONFLICT_DEFAULT),
                     STATUS_CONSTRAINT_PRIMARYKEY);
    assert_string_equal(err.text, "UNIQUE constraint failed: t.b, t.c");
    assert_int_equal(insert(table, NONE, INT(3), TEXT("X"), 0, CONFLICT_DEFAULT),
                     STATUS_CONSTRAINT_UNIQUE);
    assert_string_equal(err.text, "UNIQUE constraint failed: t.c");
    assert_int_equal(insert(table, NONE, INT(1), NONE, 0, CONFLICT_DEFAULT), STATUS_OK);
    assert_int_equal(insert(table, NONE, INT(1), NONE, 0, CONFLICT_DEFAULT), STATUS_OK);
    assert_int_equal(table_row_count(table), 3);
    assert_int_equal(insert(table, NONE, INT(9), TEXT("X"), 5, CONFLICT_IGNORE), STATUS_OK);
    assert_int_equal(table_row_count(table), 3);
    assert_int_equal(insert(table, NONE, INT(9), TEXT("X"), 6, CONFLICT_REPLACE), STATUS_OK);
    assert_int_equal(table_row_count(table), 2); /* rows 5 and 6 are replaced */
}

static void a_plain_rowid_clash_names_rowid(void **state)
{
    struct table *table = create(schema_abc("t", 0));

    (void)state;
    assert_int_equal(insert(table, INT(1), NONE, NONE, -3, CONFLICT_DEFAULT), STATUS_OK);
    assert_int_equal(insert(table, INT(1), NONE, NONE, -3, CONFLICT_FAIL), STATUS_CONSTRAINT_ROWID);
    assert_string_equal(err.text, "UNIQUE constraint failed: t.rowid");
    assert_int_equal(insert(table, INT(1), NONE, NONE, 0, CONFLICT_DEFAULT), STATUS_OK);
    {
        int64_t largest;

        assert_true(table_max_rowid(table, &largest));
        assert_int_equal(largest, -2); /* max + 1, as sqlite3 */
    }
}

static void new_rowids_follow_sqlite(void **state)
{
    struct schema_table *schema = schema_abc("auto", 0);
    struct table        *plain = create(schema_abc("plain", 0)), *automatic;
    int64_t              largest, gone = 7;
    uint64_t             deleted;

    (void)state;
    schema->rowid_column = 0;
    schema->autoincrement = true;
    automatic = create(schema);
    assert_false(table_max_rowid(plain, &largest));
    insert(plain, NONE, NONE, NONE, 7, CONFLICT_DEFAULT);
    insert(automatic, NONE, NONE, NONE, 7, CONFLICT_DEFAULT);
    assert_int_equal(table_delete(plain, &gone, 1, &deleted, &err), STATUS_OK);
    assert_int_equal(table_delete(automatic, &gone, 1, &deleted, &err), STATUS_OK);
    insert(plain, NONE, NONE, NONE, 0, CONFLICT_DEFAULT);
    insert(automatic, NONE, NONE, NONE, 0, CONFLICT_DEFAULT);
    assert_true(table_max_rowid(plain, &largest));
    assert_int_equal(largest, 1);
    assert_true(table_max_rowid(automatic, &largest));
    assert_int_equal(largest, 8);
    insert(plain, NONE, NONE, NONE, INT64_MAX, CONFLICT_DEFAULT);
    insert(automatic, NONE, NONE, NONE, INT64_MAX, CONFLICT_DEFAULT);
    assert_int_equal(insert(plain, NONE, NONE, NONE, 0, CONFLICT_DEFAULT), STATUS_OK);
    assert_int_equal(table_row_count(plain), 3);
    assert_int_equal(insert(automatic, NONE, NONE, NONE, 0, CONFLICT_DEFAULT), STATUS_FULL);
    assert_string_equal(err.text, "database or disk is full");
}

static void updates_check_keys_row_by_row(void **state)
{
    struct schema_table *schema = schema_abc("t", 1);
    struct table        *table;
    struct rowset       *values = rowset_new(NULL, 1);
    uint32_t             column = 1;
    int64_t              rowids[3] = {1, 2, 3};
    uint64_t             updated;

    (void)state;
    key_on(&schema->keys[0], 1, 1, false);
    table = create(schema);
    for (int i = 1; i <= 3; i++) {
        struct value cell = INT(i + 1);

        insert(table, NONE, INT(i), NONE, 0, CONFLICT_DEFAULT);
        assert_int_equal(rowset_append_row(values, &cell, &err), STATUS_OK);
    }
    /* UPDATE t SET b = b + 1 meets the next row, as in sqlite3 */
    assert_int_equal(table_update(table, &column, 1, rowids, NULL, values, CONFLICT_DEFAULT, NULL,
                                  &updated, &err),
                     STATUS_CONSTRAINT_UNIQUE);
    assert_string_equal(err.text, "UNIQUE constraint failed: t.b");
    assert_int_equal(table_update(table, &column, 1, rowids, NULL, values, CONFLICT_REPLACE, NULL,
                                  &updated, &err),
                     STATUS_OK);
    assert_int_equal(updated, 2);
    assert_int_equal(table_row_count(table), 2);
    rowset_free(values);
}

static struct schema_object *index_object(const char *name)
{
    struct schema_object *object = schema_object_new(&memory, SCHEMA_INDEX);

    object->name = text(name);
    object->table = text("t");
    return object;
}

static void unique_indexes_come_and_go(void **state)
{
    struct table         *table = create(schema_abc("t", 0));
    struct schema_key     key = {.unique = true, .from_index = true, .name = (char *)"i"};
    uint32_t              columns[1] = {1};
    uint8_t               zero[1] = {0};
    struct schema_object *object = index_object("i");

    (void)state;
    key.column_count = 1;
    key.columns = columns;
    key.collations = zero;
    key.descending = zero;
    insert(table, NONE, INT(1), NONE, 0, CONFLICT_DEFAULT);
    insert(table, NONE, INT(1), NONE, 0, CONFLICT_DEFAULT);
    assert_int_equal(database_create_index(db, table, &key, object, &err),
                     STATUS_CONSTRAINT_UNIQUE);
    assert_string_equal(err.text, "UNIQUE constraint failed: t.b");
    assert_null(database_find_object(db, SCHEMA_INDEX, "i"));
    assert_int_equal(table_schema(table)->key_count, 0);
    assert_int_equal(table_delete(table, &(int64_t){2}, 1, &(uint64_t){0}, &err), STATUS_OK);
    assert_int_equal(database_create_index(db, table, &key, object, &err), STATUS_OK);
    assert_int_equal(table_schema(table)->key_count, 1);
    assert_int_equal(insert(table, NONE, INT(1), NONE, 0, CONFLICT_DEFAULT),
                     STATUS_CONSTRAINT_UNIQUE);
    assert_int_equal(database_commit(db, &err), STATUS_OK);
    assert_int_equal(database_begin_write(db, &err), STATUS_OK);
    assert_int_equal(database_drop_object(db, SCHEMA_INDEX, "I", &err), STATUS_OK);
    assert_int_equal(insert(table, NONE, INT(1), NONE, 0, CONFLICT_DEFAULT), STATUS_OK);
    database_rollback(db);
    assert_int_equal(database_begin_write(db, &err), STATUS_OK);
    assert_int_equal(table_schema(table)->key_count, 1);
    assert_int_equal(insert(table, NONE, INT(1), NONE, 0, CONFLICT_DEFAULT),
                     STATUS_CONSTRAINT_UNIQUE);
    assert_int_equal(database_drop_table(db, "t", &err), STATUS_OK);
    assert_null(database_find_object(db, SCHEMA_INDEX, "i"));
}

static void bulk_loads_check_keys_at_the_end(void **state)
{
    struct schema_table *schema = schema_abc("t", 1);
    struct table        *table;
    struct table_bulk   *bulk;
    int64_t              slots[64], ids[64];
    struct value         null = NONE;
    struct vector        v[3] = {
               {.type = PHYS_I64, .shape = VECTOR_FLAT, .count = 3, .values = ids},
               {.type = PHYS_I64, .shape = VECTOR_FLAT, .count = 3, .values = slots},
               {.type = PHYS_ANY, .shape = VECTOR_CONSTANT, .count = 3, .values = &null}};
    const struct vector *columns[3] = {&v[0], &v[1], &v[2]};
    uint64_t             inserted;
    uint32_t             mark;

    (void)state;
    schema->rowid_column = 0;
    key_on(&schema->keys[0], 1, 1, false);
    table = create(schema);
    insert(table, NONE, INT(100), NONE, 50, CONFLICT_DEFAULT);
    for (int round = 0; round < 4; round++) {
        static const enum status expected[4] = {STATUS_CONSTRAINT_UNIQUE,
                                                STATUS_CONSTRAINT_PRIMARYKEY, STATUS_OK,
                                                STATUS_CONSTRAINT_UNIQUE};

        for (int i = 0; i < 3; i++) {
            slots[i] = round == 3 ? 100 + i : 10 * round + i;
            ids[i] = round * 10 - i + 200;
        }
        if (round == 0)
            slots[2] = 0;
        if (round == 1)
            ids[1] = 50;
        assert_int_equal(database_savepoint(db, &mark, &err), STATUS_OK);
        assert_int_equal(table_bulk_begin(table, &bulk, &err), STATUS_OK);
        assert_int_equal(table_bulk_append(bulk, columns, 3, &err), STATUS_OK);
        assert_int_equal(table_bulk_end(bulk, &inserted, &err), expected[round]);
        if (expected[round] != STATUS_OK)
            database_rollback_to(db, mark);
        database_release(db, mark);
        assert_int_equal(table_row_count(table), round < 2 ? 1 : 4);
    }
}

static void statistics_tell_what_is_there(void **state)
{
    struct table       *table = create(schema_abc("t", 0));
    struct column_stats stats;

    (void)state;
    for (int i = 0; i < 2048; i++)
        insert(table, INT(i % 50 - 10), TEXT(i % 2 ? "yes" : "no"), value_real(i / 8.0), 0,
               CONFLICT_DEFAULT);
    insert(table, INT(100), NONE, NONE, 0, CONFLICT_DEFAULT);
    assert_int_equal(table_column_stats(table, 0, &stats, &err), STATUS_OK);
    assert_true(stats.bounded);
    assert_int_equal(stats.lo, -10);
    assert_int_equal(stats.hi, 100);
    assert_int_equal(stats.classes, 1 << CLASS_INTEGER);
    assert_string_equal(stats.encodings, "i8 x1, tail 1 rows");
    assert_int_equal(table_column_stats(table, 1, &stats, &err), STATUS_OK);
    assert_int_equal(stats.distinct, 2);
    assert_int_equal(stats.nulls, 1);
    assert_false(stats.bounded);
    assert_int_equal(table_column_stats(table, 2, &stats, &err), STATUS_OK);
    assert_string_equal(stats.encodings, "dec32 x1, tail 1 rows");
    assert_int_equal(table_column_stats(table, 3, &stats, &err), STATUS_RANGE);
}

static void bounds_skip_groups_and_vectors(void **state)
{
    struct table  *table = create(schema_abc("t", 0));
    static int64_t slots[VECTOR_CAP];
    struct value   null = NONE, limit = INT(150000);
    struct vector  v[3] = {
         {.type = PHYS_I64, .shape = VECTOR_FLAT, .count = VECTOR_CAP, .values = slots},
         {.type = PHYS_ANY, .shape = VECTOR_CONSTANT, .count = VECTOR_CAP, .values = &null},
         {.type = PHYS_ANY, .shape = VECTOR_CONSTANT, .count = VECTOR_CAP, .values = &null}};
    const struct vector *columns[3] = {&v[0], &v[1], &v[2]};
    struct table_bulk   *bulk;
    struct cursor       *cursor;
    uint64_t             inserted, rows = 0;
    uint32_t             count, column = 0;
    const uint64_t      *active;

    (void)state;
    assert_int_equal(table_bulk_begin(table, &bulk, &err), STATUS_OK);
    for (int64_t b = 0; b < 192; b++) {
        for (int64_t i = 0; i < VECTOR_CAP; i++)
            slots[i] = b * VECTOR_CAP + i;
        assert_int_equal(table_bulk_append(bulk, columns, VECTOR_CAP, &err), STATUS_OK);
    }
    assert_int_equal(table_bulk_end(bulk, &inserted, &err), STATUS_OK);
    assert_int_equal(table_cursor(table, &column, 1, &cursor, &err), STATUS_OK);
    assert_int_equal(cursor->ops->bound(cursor, 0, BOUND_EQ, &limit, &err), STATUS_OK);
    assert_int_equal(cursor->ops->rewind(cursor, &err), STATUS_OK);
    while (cursor->ops->next(cursor, VECTOR_CAP, &count, &active, &err) == STATUS_OK && count > 0)
        rows += count;
    assert_int_equal(rows, VECTOR_CAP);
    assert_int_equal(cursor->batches_skipped, 191);
    cursor->ops->close(cursor);
}

static void a_memory_limit_is_an_error(void **state)
{
    struct table *table = create(schema_abc("t", 0));
    enum status   status = STATUS_OK;
    uint32_t      mark;

    (void)state;
    assert_int_equal(database_savepoint(db, &mark, &err), STATUS_OK);
    memory.limit = memory.used + 2000000;
    for (int i = 0; status == STATUS_OK && i < 1000000; i++) {
        char word[40];

        snprintf(word, sizeof word, "a text that is number %d", i);
        status = insert(table, INT(i * 100000), TEXT(word), NONE, 0, CONFLICT_DEFAULT);
    }
    assert_int_equal(status, STATUS_NOMEM);
    database_rollback_to(db, mark);
    memory.limit = 0;
    assert_int_equal(table_row_count(table), 0);
    assert_int_equal(insert(table, INT(1), NONE, NONE, 0, CONFLICT_DEFAULT), STATUS_OK);
}

#define DB_TEST(name) cmocka_unit_test_setup_teardown(name, open_db, close_db)

int main(void)
{
    const struct CMUnitTest tests[] = {
        DB_TEST(catalog_changes_roll_back),     DB_TEST(rows_and_their_table_roll_back_together),
        DB_TEST(keys_fail_with_sqlite_s_texts), DB_TEST(a_plain_rowid_clash_names_rowid),
        DB_TEST(new_rowids_follow_sqlite),      DB_TEST(updates_check_keys_row_by_row),
        DB_TEST(unique_indexes_come_and_go),    DB_TEST(bulk_loads_check_keys_at_the_end),
        DB_TEST(statistics_tell_what_is_there), DB_TEST(bounds_skip_groups_and_vectors),
        DB_TEST(a_memory_limit_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
