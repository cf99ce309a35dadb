/* test_misuse.c - calls that make no sense are answered as stoa.h says, never followed: NULL
 * handles, indexes and lengths out of range, calls in the wrong order and from callbacks. */
#include "tests/unit/api/api_help.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static stoa_db *open_filled(void)
{
    return open_with("CREATE TABLE t(a, b); INSERT INTO t SELECT value, 'x' || value FROM "
                     "generate_series(1, 5000)");
}

/* --- NULL
 * -------------------------------------------------------------------------------------- */
static void null_connections_are_answered(void **state)
{
    const stoa_import_options options = {.column_separator = ',', .row_separator = '\n'};
    uint64_t                  rows = 7, bytes = 7, total = 7;
    int64_t                   loaded = 7;
    stoa_stmt                *stmt = (stoa_stmt *)&rows;
    const char               *tail = NULL, *sql = "SELECT 1";
    char                     *message = (char *)&rows;

    (void)state;
    assert_int_equal(stoa_open(":memory:", NULL), STOA_MISUSE);
    assert_int_equal(stoa_close(NULL), STOA_OK);
    assert_string_equal(stoa_errmsg(NULL), "out of memory");
    assert_int_equal(stoa_errcode(NULL), STOA_NOMEM);
    assert_int_equal(stoa_extended_errcode(NULL), STOA_NOMEM);
    assert_int_equal(stoa_error_offset(NULL), -1);
    assert_int_equal(stoa_changes(NULL), 0);
    assert_int_equal(stoa_total_changes(NULL), 0);
    assert_int_equal(stoa_last_insert_rowid(NULL), 0);
    assert_int_equal(stoa_get_autocommit(NULL), 0);
    stoa_interrupt(NULL);
    stoa_progress_handler(NULL, NULL, NULL);
    assert_int_equal(stoa_load_progress(NULL, &rows, &bytes, &total), 0);
    assert_int_equal(rows + bytes + total, 0);
    assert_int_equal(stoa_load_progress(NULL, NULL, NULL, NULL), 0);
    assert_int_equal(stoa_memory_used(NULL), 0);
    assert_int_equal(stoa_memory_peak(NULL, 1), 0);
    assert_int_equal(stoa_prepare(NULL, sql, -1, &stmt, &tail), STOA_MISUSE);
    assert_null(stmt);
    assert_ptr_equal(tail, sql);
    assert_int_equal(stoa_exec(NULL, sql, NULL, NULL, &message), STOA_MISUSE);
    assert_null(message);
    assert_int_equal(stoa_load_csv(NULL, "t", "p", NULL, &loaded), STOA_MISUSE);
    assert_int_equal(loaded, 0);
    assert_int_equal(stoa_import_table(NULL, "t", "p", &options), STOA_MISUSE);
    assert_int_equal(stoa_import(NULL, "t", "p", &options, NULL), STOA_MISUSE);
    assert_int_equal(stoa_complete(NULL), 0);
    stoa_free(NULL);
    assert_string_equal(stoa_errstr(-5), "unknown error");
    assert_string_equal(stoa_errstr(1 << 30), "unknown error");
}

static void null_statements_are_answered(void **state)
{
    int                      rows = 7;
    const stoa_batch_column *columns = (const stoa_batch_column *)&rows;

    (void)state;
    assert_int_equal(stoa_finalize(NULL), STOA_OK);
    assert_int_equal(stoa_step(NULL), STOA_MISUSE);
    assert_int_equal(stoa_reset(NULL), STOA_OK);
    assert_null(stoa_db_handle(NULL));
    assert_null(stoa_sql(NULL));
    assert_int_equal(stoa_stmt_readonly(NULL), 1);
    assert_int_equal(stoa_stmt_isexplain(NULL), 0);
    assert_int_equal(stoa_bind_parameter_count(NULL), 0);
    assert_null(stoa_bind_parameter_name(NULL, 1));
    assert_int_equal(stoa_bind_parameter_index(NULL, "?1"), 0);
    assert_int_equal(stoa_bind_null(NULL, 1), STOA_MISUSE);
    assert_int_equal(stoa_bind_int(NULL, 1, 1), STOA_MISUSE);
    assert_int_equal(stoa_bind_int64(NULL, 1, 1), STOA_MISUSE);
    assert_int_equal(stoa_bind_double(NULL, 1, 1), STOA_MISUSE);
    assert_int_equal(stoa_bind_text(NULL, 1, "x", -1, STOA_TRANSIENT), STOA_MISUSE);
    assert_int_equal(stoa_bind_text(NULL, 1, NULL, -1, STOA_STATIC), STOA_MISUSE);
    assert_int_equal(stoa_bind_blob(NULL, 1, "x", 1, STOA_STATIC), STOA_MISUSE);
    assert_int_equal(stoa_clear_bindings(NULL), STOA_MISUSE);
    assert_int_equal(stoa_column_count(NULL), 0);
    assert_int_equal(stoa_data_count(NULL), 0);
    assert_null(stoa_column_name(NULL, 0));
    assert_null(stoa_column_decltype(NULL, 0));
    assert_int_equal(stoa_column_type(NULL, 0), STOA_NULL);
    assert_int_equal(stoa_column_int(NULL, 0), 0);
    assert_int_equal(stoa_column_int64(NULL, 0), 0);
    assert_true(stoa_column_double(NULL, 0) == 0);
    assert_null(stoa_column_text(NULL, 0));
    assert_null(stoa_column_blob(NULL, 0));
    assert_int_equal(stoa_column_bytes(NULL, 0), 0);
    assert_int_equal(stoa_fetch_batch(NULL, &rows, &columns), STOA_MISUSE);
    assert_int_equal(rows, 0);
    assert_null(columns);
}

static void null_arguments_are_answered(void **state)
{
    stoa_import_options      options = {.column_separator = ',', .row_separator = '\n'};
    stoa_db                 *db = open_filled();
    stoa_stmt               *stmt = prepare(db, "SELECT ?1");
    int                      rows;
    const stoa_batch_column *columns;

    (void)state;
    assert_int_equal(stoa_prepare(db, "SELECT 1", -1, NULL, NULL), STOA_MISUSE);
    assert_int_equal(stoa_prepare(db, NULL, -1, &(stoa_stmt *){NULL}, NULL), STOA_MISUSE);
    assert_int_equal(stoa_errcode(db), STOA_MISUSE);
    assert_int_equal(stoa_exec(db, NULL, NULL, NULL, NULL), STOA_OK);
    assert_int_equal(stoa_bind_parameter_index(stmt, NULL), 0);
    assert_int_equal(stoa_bind_text(stmt, 1, NULL, 5, STOA_TRANSIENT), STOA_OK);
    assert_int_equal(stoa_bind_blob(stmt, 1, NULL, -5, STOA_TRANSIENT), STOA_OK);
    assert_int_equal(stoa_fetch_batch(stmt, NULL, &columns), STOA_MISUSE);
    assert_int_equal(stoa_fetch_batch(stmt, &rows, NULL), STOA_MISUSE);
    assert_int_equal(stoa_load_csv(db, NULL, "p", NULL, NULL), STOA_MISUSE);
    assert_int_equal(stoa_load_csv(db, "t", NULL, NULL, NULL), STOA_MISUSE);
    assert_int_equal(stoa_import_table(db, NULL, "p", &options), STOA_MISUSE);
    assert_int_equal(stoa_import_table(db, "n", NULL, &options), STOA_MISUSE);
    assert_int_equal(stoa_import_table(db, "n", "p", NULL), STOA_MISUSE);
    assert_int_equal(stoa_import(db, NULL, "p", &options, NULL), STOA_MISUSE);
    assert_int_equal(stoa_import(db, "t", NULL, &options, NULL), STOA_MISUSE);
    assert_int_equal(stoa_import(db, "t", "p", NULL, NULL), STOA_MISUSE);
    assert_int_equal(stoa_import(db, "t", "no/such/file", &options, NULL), STOA_CANTOPEN);
    assert_int_equal(stoa_import(db, "no_table", "p", &options, NULL), STOA_ERROR);
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_column_type(stmt, 0), STOA_NULL);
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    assert_int_equal(stoa_close(db), STOA_OK);
}

static void a_failed_open_leaves_a_handle_to_ask_and_close(void **state)
{
    stoa_db   *db;
    stoa_stmt *stmt;

    (void)state;
    assert_int_equal(stoa_open("no/such/file.db", &db), STOA_CANTOPEN);
    assert_int_equal(stoa_errcode(db), STOA_CANTOPEN);
    assert_int_equal(stoa_prepare(db, "SELECT 1", -1, &stmt, NULL), STOA_MISUSE);
    assert_null(stmt);
    assert_int_equal(stoa_exec(db, "SELECT 1", NULL, NULL, NULL), STOA_MISUSE);
    assert_int_equal(stoa_load_csv(db, "t", "p", NULL, NULL), STOA_MISUSE);
    stoa_interrupt(db);
    stoa_progress_handler(db, NULL, NULL);
    assert_int_equal(stoa_get_autocommit(db), 0);
    assert_int_equal(stoa_memory_used(db), 0);
    assert_int_equal(stoa_errcode(db), STOA_CANTOPEN);
    assert_int_equal(stoa_close(db), STOA_OK);
}

/* --- ranges
 * ------------------------------------------------------------------------------------ */
static void columns_that_are_not_there_are_null(void **state)
{
    static const int wrong[] = {-1, 2, 3, 1 << 30, -2147483647 - 1, 2147483647};
    stoa_db         *db = open_filled();
    stoa_stmt       *stmt = prepare(db, "SELECT a, b FROM t LIMIT 1");

    (void)state;
    assert_int_equal(stoa_column_type(stmt, 0), STOA_NULL); /* no row yet */
    assert_int_equal(stoa_errcode(db), STOA_RANGE);
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(stoa_column_name(stmt, wrong[i]));
        assert_null(stoa_column_decltype(stmt, wrong[i]));
        assert_int_equal(stoa_column_type(stmt, wrong[i]), STOA_NULL);
        assert_int_equal(stoa_errcode(db), STOA_RANGE);
        assert_int_equal(stoa_column_int(stmt, wrong[i]), 0);
        assert_int_equal(stoa_column_int64(stmt, wrong[i]), 0);
        assert_true(stoa_column_double(stmt, wrong[i]) == 0);
        assert_null(stoa_column_text(stmt, wrong[i]));
        assert_null(stoa_column_blob(stmt, wrong[i]));
        assert_int_equal(stoa_column_bytes(stmt, wrong[i]), 0);
    }
    assert_int_equal(stoa_column_int(stmt, 0), 1);
    assert_int_equal(stoa_step(stmt), STOA_DONE);
    assert_null(stoa_column_text(stmt, 1));
    assert_int_equal(stoa_data_count(stmt), 0);
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    assert_int_equal(stoa_close(db), STOA_OK);
}

static int destroyed;

static void destroy(void *data)
{
    free(data);
    destroyed++;
}

static void parameters_that_cannot_be_set_keep_their_values(void **state)
{
    static const int wrong[] = {0, -1, 2, 1 << 30, -2147483647 - 1, 2147483647};
    stoa_db         *db = open_filled();
    stoa_stmt       *stmt = prepare(db, "SELECT ?1");
    int              count = 0;

    (void)state;
    destroyed = 0;
    assert_int_equal(stoa_bind_text(stmt, 1, strdup("kept"), -1, destroy), STOA_OK);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_null(stoa_bind_parameter_name(stmt, wrong[i]));
        assert_int_equal(stoa_bind_null(stmt, wrong[i]), STOA_RANGE);
        assert_int_equal(stoa_bind_int(stmt, wrong[i], 1), STOA_RANGE);
        assert_int_equal(stoa_bind_int64(stmt, wrong[i], 1), STOA_RANGE);
        assert_int_equal(stoa_bind_double(stmt, wrong[i], 1), STOA_RANGE);
        assert_int_equal(stoa_bind_text(stmt, wrong[i], strdup("x"), -1, destroy), STOA_RANGE);
        assert_int_equal(stoa_bind_blob(stmt, wrong[i], strdup("x"), 1, destroy), STOA_RANGE);
        assert_int_equal(destroyed, count += 2);
        assert_int_equal(stoa_errcode(db), STOA_RANGE);
    }
    /* lengths that no value has */
    assert_int_equal(stoa_bind_blob(stmt, 1, strdup("x"), -1, destroy), STOA_MISUSE);
    assert_int_equal(stoa_errcode(db), STOA_MISUSE);
    assert_int_equal(stoa_bind_blob(stmt, 1, strdup("x"), 1000000001, destroy), STOA_TOOBIG);
    assert_int_equal(stoa_bind_text(stmt, 1, strdup("x"), INT64_MAX, destroy), STOA_TOOBIG);
    assert_int_equal(stoa_bind_text(stmt, 1, "x", INT64_MAX, STOA_TRANSIENT), STOA_TOOBIG);
    assert_int_equal(destroyed, count += 3);

    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_string_equal(stoa_column_text(stmt, 0), "kept");
    /* in the midst of a run, and after it until reset */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(stoa_bind_text(stmt, 1, strdup("x"), -1, destroy), STOA_MISUSE);
        assert_int_equal(destroyed, count += 1);
        assert_int_equal(stoa_errcode(db), STOA_MISUSE);
        assert_int_equal(stoa_clear_bindings(stmt), STOA_MISUSE);
        if (i == 0)
            assert_int_equal(stoa_step(stmt), STOA_DONE);
    }
    stoa_reset(stmt);
    assert_int_equal(stoa_clear_bindings(stmt), STOA_OK);
    assert_int_equal(destroyed, count += 1);
    stoa_finalize(stmt);
    assert_int_equal(stoa_close(db), STOA_OK);
}

static void lengths_of_sql_end_at_its_nul(void **state)
{
    stoa_db    *db = open_filled();
    stoa_stmt  *stmt;
    const char *tail;

    (void)state;
    assert_int_equal(stoa_prepare(db, "SELECT 1", 2147483647, &stmt, &tail), STOA_OK);
    assert_string_equal(tail, "");
    stoa_finalize(stmt);
    assert_int_equal(stoa_prepare(db, "SELECT 1", -2147483647 - 1, &stmt, NULL), STOA_OK);
    stoa_finalize(stmt);
    assert_int_equal(stoa_prepare(db, "SELECT 1", 0, &stmt, &tail), STOA_OK);
    assert_null(stmt);
    assert_string_equal(tail, "SELECT 1");
    assert_int_equal(stoa_close(db), STOA_OK);
}

/* --- order
 * ------------------------------------------------------------------------------------- */
static void a_run_is_by_rows_or_by_batches(void **state)
{
    stoa_db                 *db = open_filled();
    stoa_stmt               *stmt = prepare(db, "SELECT a FROM t");
    int                      rows;
    const stoa_batch_column *columns;

    (void)state;
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_fetch_batch(stmt, &rows, &columns), STOA_MISUSE);
    assert_int_equal(stoa_errcode(db), STOA_MISUSE);
    assert_int_equal(rows, 0);
    assert_int_equal(stoa_column_int(stmt, 0), 1); /* the row is still there */
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_column_int(stmt, 0), 2);
    assert_int_equal(stoa_reset(stmt), STOA_OK);
    assert_int_equal(stoa_fetch_batch(stmt, &rows, &columns), STOA_ROW);
    assert_int_equal(stoa_step(stmt), STOA_MISUSE);
    assert_int_equal(stoa_data_count(stmt), 0);
    assert_int_equal(stoa_column_type(stmt, 0), STOA_NULL);
    assert_int_equal(stoa_fetch_batch(stmt, &rows, &columns), STOA_ROW);
    assert_int_equal(columns[0].integers[0], 2049);
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    assert_int_equal(stoa_close(db), STOA_OK);
}

static void a_step_after_an_error_starts_again(void **state)
{
    stoa_db   *db = open_filled();
    stoa_stmt *stmt = prepare(db, "SELECT abs(-9223372036854775807 - 1) FROM t");

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stoa_step(stmt), STOA_ERROR);
        assert_string_equal(stoa_errmsg(db), "integer overflow");
        assert_int_equal(stoa_data_count(stmt), 0);
        assert_null(stoa_column_text(stmt, 0));
    }
    assert_int_equal(stoa_finalize(stmt), STOA_ERROR);
    stmt = prepare(db, "SELECT * FROM t");
    assert_int_equal(stoa_exec(db, "DROP TABLE t", NULL, NULL, NULL), STOA_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stoa_step(stmt), STOA_ERROR);
        assert_string_equal(stoa_errmsg(db), "no such table: t");
    }
    assert_int_equal(stoa_finalize(stmt), STOA_ERROR);
    assert_int_equal(stoa_close(db), STOA_OK);
}

static void close_waits_for_statements(void **state)
{
    stoa_db   *db = open_filled();
    stoa_stmt *stmts[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        stmts[i] = prepare(db, "SELECT a FROM t");
    assert_int_equal(stoa_step(stmts[1]), STOA_ROW);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(stoa_close(db), STOA_BUSY);
        assert_int_equal(stoa_errcode(db), STOA_BUSY);
        assert_int_equal(stoa_finalize(stmts[(i + 1) % 3]), STOA_OK);
    }
    assert_int_equal(stoa_exec(db, "BEGIN; INSERT INTO t VALUES (1, 2)", NULL, NULL, NULL),
                     STOA_OK);
    assert_int_equal(stoa_close(db), STOA_OK); /* rolls back */
}

/* --- callbacks
 * --------------------------------------------------------------------------------- */
struct scene {
    stoa_db   *db;
    stoa_stmt *running, *on_row, *idle; /* NULL: not there */
    int        calls, interrupt_after;
};

/* Everything that a callback must not do, which nothing comes of; then what it may. */
static void try_everything(struct scene *scene)
{
    const stoa_import_options options = {.column_separator = ',', .row_separator = '\n'};
    stoa_db                  *db = scene->db;
    stoa_stmt                *stmts[] = {scene->running, scene->on_row, scene->idle};
    stoa_stmt                *made;
    int                       rows;
    const stoa_batch_column  *columns;

    scene->calls++;
    assert_int_equal(stoa_close(db), STOA_MISUSE);
    assert_int_equal(stoa_prepare(db, "SELECT 1", -1, &made, NULL), STOA_MISUSE);
    assert_int_equal(stoa_exec(db, "DROP TABLE t", NULL, NULL, NULL), STOA_MISUSE);
    assert_int_equal(stoa_load_csv(db, "t", "p", NULL, NULL), STOA_MISUSE);
    assert_int_equal(stoa_import(db, "t", "p", &options, NULL), STOA_MISUSE);
    assert_int_equal(stoa_import_table(db, "t", "p", &options), STOA_MISUSE);
    stoa_progress_handler(db, NULL, NULL);
    for (size_t i = 0; i < sizeof stmts / sizeof *stmts; i++) {
        if (stmts[i] == NULL)
            continue;
        assert_int_equal(stoa_reset(stmts[i]), STOA_MISUSE);
        assert_int_equal(stoa_finalize(stmts[i]), STOA_MISUSE);
        assert_int_equal(stoa_fetch_batch(stmts[i], &rows, &columns), STOA_MISUSE);
        assert_int_equal(stoa_bind_int(stmts[i], 1, 5), STOA_MISUSE);
        assert_int_equal(stoa_clear_bindings(stmts[i]), STOA_MISUSE);
        assert_non_null(stoa_sql(stmts[i]));
        if (stmts[i] != scene->on_row) {
            assert_int_equal(stoa_step(stmts[i]), STOA_MISUSE);
            assert_int_equal(stoa_column_type(stmts[i], 0), STOA_NULL);
            assert_null(stoa_column_text(stmts[i], 0));
        }
    }
    if (scene->on_row != NULL)
        assert_string_equal(stoa_column_text(scene->on_row, 0), "x1");
    assert_true(stoa_memory_used(db) > 0);
    assert_non_null(stoa_errmsg(db));
    assert_int_equal(stoa_load_progress(db, NULL, NULL, NULL), 0);
}

static int progress_tries_everything(void *data)
{
    struct scene *scene = data;

    try_everything(scene);
    return scene->calls >= scene->interrupt_after;
}

static void a_progress_handler_cannot_disturb(void **state)
{
    stoa_db     *db = open_filled();
    struct scene scene = {.db = db, .interrupt_after = 3};

    (void)state;
    scene.running = prepare(db, "SELECT a.a + b.a + c.a FROM t a, t b, t c WHERE a.a + b.a < ?1");
    scene.on_row = prepare(db, "SELECT b FROM t WHERE ?1 IS NULL");
    scene.idle = prepare(db, "SELECT ?1");
    assert_int_equal(stoa_bind_int(scene.running, 1, 0), STOA_OK);
    assert_int_equal(stoa_bind_int(scene.idle, 1, 77), STOA_OK);
    assert_int_equal(stoa_step(scene.on_row), STOA_ROW);
    stoa_progress_handler(db, progress_tries_everything, &scene);
    assert_int_equal(stoa_step(scene.running), STOA_INTERRUPT);
    assert_string_equal(stoa_errmsg(db), "interrupted");
    assert_int_equal(scene.calls, 3);
    stoa_progress_handler(db, NULL, NULL);
    assert_int_equal(stoa_step(scene.idle), STOA_ROW);
    assert_int_equal(stoa_column_int(scene.idle, 0), 77);
    assert_int_equal(stoa_step(scene.on_row), STOA_ROW);
    assert_string_equal(stoa_column_text(scene.on_row, 0), "x2");
    assert_int_equal(stoa_finalize(scene.on_row), STOA_OK);
    assert_int_equal(stoa_finalize(scene.idle), STOA_OK);
    assert_int_equal(stoa_finalize(scene.running), STOA_INTERRUPT);
    assert_int_equal(stoa_close(db), STOA_OK);
}

/* While a statement is compiled there may be none that keeps the connection open. */
static void a_progress_handler_cannot_disturb_compiling(void **state)
{
    enum { TERMS = 100000 };
    stoa_db     *db = open_filled();
    struct scene scene = {.db = db, .interrupt_after = 1 << 30};
    char        *sql = malloc(100 + TERMS * 4);
    stoa_stmt   *stmt;
    size_t       end;

    (void)state;
    end = (size_t)sprintf(sql, "SELECT count(*) FROM t WHERE a IN (0");
    for (int i = 0; i < TERMS; i++)
        end += (size_t)sprintf(sql + end, ",%d", i % 1000);
    strcpy(sql + end, ")");
    stoa_progress_handler(db, progress_tries_everything, &scene);
    assert_int_equal(stoa_prepare(db, sql, -1, &stmt, NULL), STOA_OK);
    stoa_progress_handler(db, NULL, NULL);
    assert_true(scene.calls > 0);
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_column_int(stmt, 0), 999);
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    assert_int_equal(stoa_close(db), STOA_OK);
    free(sql);
}

static struct scene destructor_scene;

static void destructor_tries_everything(void *data)
{
    (void)data;
    try_everything(&destructor_scene);
}

static void a_destructor_cannot_disturb(void **state)
{
    stoa_db   *db = open_filled();
    stoa_stmt *stmt = prepare(db, "SELECT ?1");

    (void)state;
    destructor_scene = (struct scene){.db = db};
    assert_int_equal(stoa_bind_text(stmt, 1, "a", -1, destructor_tries_everything), STOA_OK);
    assert_int_equal(stoa_bind_text(stmt, 1, "b", -1, destructor_tries_everything), STOA_OK);
    assert_int_equal(destructor_scene.calls, 1);
    assert_int_equal(stoa_finalize(stmt), STOA_OK); /* the last one: close would do */
    assert_int_equal(destructor_scene.calls, 2);
    assert_int_equal(stoa_close(db), STOA_OK);
}

static void message_tries_everything(void *data, const char *text)
{
    assert_non_null(text);
    try_everything(data);
}

static void a_message_cannot_disturb(void **state)
{
    char                path[] = "/tmp/stoa_misuse_XXXXXX";
    FILE               *file = fdopen(mkstemp(path), "w");
    stoa_db            *db = open_filled();
    struct scene        scene = {.db = db};
    stoa_import_options options = {.column_separator = ',',
                                   .row_separator = '\n',
                                   .message = message_tries_everything,
                                   .message_data = &scene};
    int64_t             rows;

    (void)state;
    assert_non_null(file);
    fputs("a,a,b\n1,2\n1,2,3,4\n", file);
    fclose(file);
    assert_int_equal(stoa_import_table(db, "made", path, &options), STOA_OK);
    assert_true(scene.calls > 0);
    scene.calls = 0;
    assert_int_equal(stoa_import(db, "made", path, &options, &rows), STOA_OK);
    assert_int_equal(rows, 3);
    assert_int_equal(scene.calls, 2);
    options.column_separator = options.row_separator = '\0';
    options.message = NULL;
    (void)stoa_import(db, "made", path, &options, &rows); /* an error or one field a file */
    unlink(path);
    assert_int_equal(stoa_close(db), STOA_OK);
}

/* --- what exec's callback may do
 * ---------------------------------------------------------------- */
static int callback_changes(void *data, int columns, char **texts, char **names)
{
    static const char *const changes[] = {"DELETE FROM t",
                                          "DROP TABLE t",
                                          "ALTER TABLE t ADD COLUMN c",
                                          "CREATE INDEX i ON t(a)",
                                          "BEGIN",
                                          "UPDATE t SET b = a || b",
                                          "ROLLBACK",
                                          "COMMIT",
                                          "VACUUM",
                                          "SELECT count(*) FROM t"};
    struct scene            *scene = data;

    assert_int_equal(columns, 2);
    assert_string_equal(names[0], "a");
    assert_non_null(texts[1]);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
        (void)stoa_exec(scene->db, changes[i], NULL, NULL, NULL);
    assert_int_equal(stoa_close(scene->db), STOA_BUSY);
    assert_true(strlen(texts[1]) > 0);
    return ++scene->calls > 2100; /* beyond the first batch */
}

static void the_callback_of_exec_stands_between_rows(void **state)
{
    static const char *const texts[] = {
        "SELECT a, b FROM t", "SELECT a, b FROM t ORDER BY b",
        "SELECT a, b FROM t WHERE a IN (SELECT a FROM t) GROUP BY a, b",
        "UPDATE t SET a = a + 1 RETURNING a, b", "INSERT INTO t SELECT a, b FROM t RETURNING a, b"};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        stoa_db     *db = open_filled();
        struct scene scene = {.db = db};

        (void)stoa_exec(db, texts[i], callback_changes, &scene, NULL);
        assert_true(scene.calls > 0);
        assert_int_equal(stoa_exec(db, "SELECT 1", NULL, NULL, NULL), STOA_OK);
        assert_int_equal(stoa_close(db), STOA_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_connections_are_answered),
        cmocka_unit_test(null_statements_are_answered),
        cmocka_unit_test(null_arguments_are_answered),
        cmocka_unit_test(a_failed_open_leaves_a_handle_to_ask_and_close),
        cmocka_unit_test(columns_that_are_not_there_are_null),
        cmocka_unit_test(parameters_that_cannot_be_set_keep_their_values),
        cmocka_unit_test(lengths_of_sql_end_at_its_nul),
        cmocka_unit_test(a_run_is_by_rows_or_by_batches),
        cmocka_unit_test(a_step_after_an_error_starts_again),
        cmocka_unit_test(close_waits_for_statements),
        cmocka_unit_test(a_progress_handler_cannot_disturb),
        cmocka_unit_test(a_progress_handler_cannot_disturb_compiling),
        cmocka_unit_test(a_destructor_cannot_disturb),
        cmocka_unit_test(a_message_cannot_disturb),
        cmocka_unit_test(the_callback_of_exec_stands_between_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
