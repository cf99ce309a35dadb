/* test_api.c - stoa.h as its users see it: lifetimes, conversions, misuse, batches, failing memory.
 */
#include "base/memory.h" /* before cmocka.h, which makes fail a macro */
#include "base/ram.h"
#include "tests/unit/api/api_help.h"

#include <stdio.h>
#include <string.h>

static int64_t single_int(stoa_db *db, const char *sql)
{
    stoa_stmt *stmt = prepare(db, sql);
    int64_t    value;

    assert_int_equal(stoa_step(stmt), STOA_ROW);
    value = stoa_column_int64(stmt, 0);
    assert_int_equal(stoa_step(stmt), STOA_DONE);
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    return value;
}

/* --- connections
 * ------------------------------------------------------------------------------------ */
static void open_gives_a_handle_even_when_it_fails(void **state)
{
    stoa_db *db;

    (void)state;
    assert_int_equal(stoa_open("no/such/file.db", &db), STOA_CANTOPEN);
    assert_non_null(db);
    assert_int_equal(stoa_errcode(db), STOA_CANTOPEN);
    assert_non_null(strstr(stoa_errmsg(db), "not supported yet: database files"));
    assert_int_equal(stoa_exec(db, "SELECT 1", NULL, NULL, NULL), STOA_MISUSE);
    assert_int_equal(stoa_close(db), STOA_OK);
    assert_int_equal(stoa_open("", &db), STOA_OK);
    assert_int_equal(stoa_close(db), STOA_OK);
    assert_int_equal(stoa_open(":memory:", NULL), STOA_MISUSE);
    assert_int_equal(stoa_close(NULL), STOA_OK);
}

static void close_is_refused_while_statements_live(void **state)
{
    stoa_db   *db = open_with(NULL);
    stoa_stmt *stmt = prepare(db, "SELECT 1");

    (void)state;
    assert_int_equal(stoa_close(db), STOA_BUSY);
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    assert_int_equal(stoa_close(db), STOA_OK);
}

static void errors_carry_code_text_and_position(void **state)
{
    stoa_db   *db = open_with(NULL);
    stoa_stmt *stmt = (stoa_stmt *)-1;

    (void)state;
    assert_string_equal(stoa_errmsg(db), "not an error");
    assert_int_equal(stoa_error_offset(db), -1);
    assert_int_equal(stoa_prepare(db, "SELECT 1 FRM t x", -1, &stmt, NULL), STOA_ERROR);
    assert_null(stmt);
    assert_string_equal(stoa_errmsg(db), "near \"t\": syntax error");
    assert_int_equal(stoa_error_offset(db), 13);
    assert_int_equal(stoa_prepare(db, "SELECT * FROM nosuch", -1, &stmt, NULL), STOA_ERROR);
    assert_string_equal(stoa_errmsg(db), "no such table: nosuch");
    run(db, "CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1)");
    assert_int_equal(stoa_errcode(db), STOA_OK);
    assert_int_equal(stoa_exec(db, "INSERT INTO t VALUES(1)", NULL, NULL, NULL), STOA_CONSTRAINT);
    assert_int_equal(stoa_extended_errcode(db), 2067);
    assert_string_equal(stoa_errmsg(db), "UNIQUE constraint failed: t.a");
    assert_string_equal(stoa_errstr(STOA_BUSY), "database is locked");
    assert_int_equal(stoa_errcode(NULL), STOA_NOMEM);
    stoa_close(db);
}

/* --- statements
 * --------------------------------------------------------------------------------------- */
static void prepare_stops_at_the_first_statement(void **state)
{
    static const char sql[] = " SELECT 1; -- c\n SELECT 2 ;  ";
    stoa_db          *db = open_with(NULL);
    stoa_stmt        *stmt;
    const char       *tail;

    (void)state;
    assert_int_equal(stoa_prepare(db, sql, -1, &stmt, &tail), STOA_OK);
    assert_string_equal(tail, " -- c\n SELECT 2 ;  ");
    assert_string_equal(stoa_sql(stmt), " SELECT 1;");
    stoa_finalize(stmt);
    assert_int_equal(stoa_prepare(db, tail, -1, &stmt, &tail), STOA_OK);
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_column_int(stmt, 0), 2);
    stoa_finalize(stmt);
    assert_int_equal(stoa_prepare(db, tail, -1, &stmt, &tail), STOA_OK);
    assert_null(stmt);
    assert_string_equal(tail, "");
    assert_int_equal(stoa_prepare(db, "SELECT 12345", 8, &stmt, NULL), STOA_OK); /* SELECT 1 */
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_column_int(stmt, 0), 1);
    stoa_finalize(stmt);
    assert_int_equal(stoa_prepare(db, NULL, -1, &stmt, NULL), STOA_MISUSE);
    assert_int_equal(stoa_prepare(NULL, "SELECT 1", -1, &stmt, NULL), STOA_MISUSE);
    assert_int_equal(stoa_prepare(db, "SELECT 1", -1, NULL, NULL), STOA_MISUSE);
    stoa_close(db);
}

static void a_null_statement_is_answered_not_followed(void **state)
{
    int                      rows;
    const stoa_batch_column *columns;

    (void)state;
    assert_int_equal(stoa_step(NULL), STOA_MISUSE);
    assert_int_equal(stoa_reset(NULL), STOA_OK);
    assert_int_equal(stoa_finalize(NULL), STOA_OK);
    assert_int_equal(stoa_column_count(NULL), 0);
    assert_null(stoa_column_text(NULL, 0));
    assert_int_equal(stoa_column_type(NULL, 0), STOA_NULL);
    assert_int_equal(stoa_bind_int(NULL, 1, 1), STOA_MISUSE);
    assert_int_equal(stoa_bind_parameter_count(NULL), 0);
    assert_int_equal(stoa_fetch_batch(NULL, &rows, &columns), STOA_MISUSE);
    assert_null(stoa_sql(NULL));
    assert_int_equal(stoa_exec(NULL, "SELECT 1", NULL, NULL, NULL), STOA_MISUSE);
}

static void step_starts_again_after_the_end(void **state)
{
    stoa_db   *db = open_with(NULL);
    stoa_stmt *stmt = prepare(db, "VALUES(1),(2)");

    (void)state;
    for (int round = 0; round < 3; round++) {
        assert_int_equal(stoa_step(stmt), STOA_ROW);
        assert_int_equal(stoa_column_int(stmt, 0), 1);
        assert_int_equal(stoa_data_count(stmt), 1);
        assert_int_equal(stoa_step(stmt), STOA_ROW);
        assert_int_equal(stoa_column_int(stmt, 0), 2);
        assert_int_equal(stoa_step(stmt), STOA_DONE);
        assert_int_equal(stoa_data_count(stmt), 0);
    }
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_reset(stmt), STOA_OK);
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_column_int(stmt, 0), 1);
    stoa_finalize(stmt);
    stoa_close(db);
}

static void a_failed_run_is_told_again_by_reset(void **state)
{
    stoa_db   *db = open_with(NULL);
    stoa_stmt *stmt = prepare(db, "SELECT abs(?1)");

    (void)state;
    stoa_bind_int64(stmt, 1, INT64_MIN);
    assert_int_equal(stoa_step(stmt), STOA_ERROR);
    assert_string_equal(stoa_errmsg(db), "integer overflow");
    assert_int_equal(stoa_reset(stmt), STOA_ERROR);
    assert_int_equal(stoa_reset(stmt), STOA_OK);
    stoa_bind_int64(stmt, 1, -5);
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_column_int(stmt, 0), 5);
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    stoa_close(db);
}

static void a_statement_survives_a_schema_change(void **state)
{
    stoa_db   *db = open_with(NULL);
    stoa_stmt *stmt;

    (void)state;
    run(db, "CREATE TABLE t(a); INSERT INTO t VALUES('x')");
    stmt = prepare(db, "SELECT *, ?1 FROM t");
    stoa_bind_text(stmt, 1, "kept", -1, STOA_TRANSIENT);
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_column_count(stmt), 2);
    stoa_reset(stmt);
    run(db, "DROP TABLE t; CREATE TABLE t(a, b); INSERT INTO t VALUES(1, 2)");
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_column_count(stmt), 3);
    assert_int_equal(stoa_column_int(stmt, 1), 2);
    assert_string_equal(stoa_column_text(stmt, 2), "kept");
    stoa_reset(stmt);
    run(db, "DROP TABLE t");
    assert_int_equal(stoa_step(stmt), STOA_ERROR);
    assert_string_equal(stoa_errmsg(db), "no such table: t");
    stoa_finalize(stmt);
    stoa_close(db);
}

static void counters_follow_changes(void **state)
{
    stoa_db *db = open_with(NULL);

    (void)state;
    run(db, "CREATE TABLE t(a); INSERT INTO t VALUES(1),(2),(3)");
    assert_int_equal(stoa_changes(db), 3);
    assert_int_equal(stoa_last_insert_rowid(db), 3);
    run(db, "DELETE FROM t WHERE a > 1");
    assert_int_equal(stoa_changes(db), 2);
    run(db, "SELECT 1");
    assert_int_equal(stoa_changes(db), 2);
    assert_int_equal(stoa_total_changes(db), 5);
    assert_int_equal(stoa_get_autocommit(db), 1);
    run(db, "BEGIN");
    assert_int_equal(stoa_get_autocommit(db), 0);
    run(db, "INSERT INTO t VALUES(9); ROLLBACK");
    assert_int_equal(stoa_get_autocommit(db), 1);
    assert_int_equal(single_int(db, "SELECT count(*) FROM t"), 1);
    assert_true(stoa_memory_used(db) > 0);
    assert_true(stoa_memory_peak(db, 1) >= stoa_memory_used(db));
    stoa_close(db);
}

static void what_a_statement_is_can_be_asked(void **state)
{
    stoa_db   *db = open_with(NULL);
    stoa_stmt *stmt;

    (void)state;
    run(db, "CREATE TABLE t(a INTEGER, b VARCHAR(10), c)");
    stmt = prepare(db, "SELECT a, b AS x, c, a + 1 FROM t");
    assert_int_equal(stoa_stmt_readonly(stmt), 1);
    assert_int_equal(stoa_stmt_isexplain(stmt), 0);
    assert_ptr_equal(stoa_db_handle(stmt), db);
    assert_string_equal(stoa_column_name(stmt, 0), "a");
    assert_string_equal(stoa_column_name(stmt, 1), "x");
    assert_string_equal(stoa_column_name(stmt, 3), "a + 1");
    assert_null(stoa_column_name(stmt, 4));
    assert_string_equal(stoa_column_decltype(stmt, 1), "VARCHAR(10)");
    assert_null(stoa_column_decltype(stmt, 2));
    assert_null(stoa_column_decltype(stmt, 3));
    stoa_finalize(stmt);
    stmt = prepare(db, "INSERT INTO t VALUES(1,2,3)");
    assert_int_equal(stoa_stmt_readonly(stmt), 0);
    assert_int_equal(stoa_column_count(stmt), 0);
    stoa_finalize(stmt);
    stmt = prepare(db, "EXPLAIN SELECT * FROM t");
    assert_int_equal(stoa_stmt_isexplain(stmt), 1);
    stoa_finalize(stmt);
    stmt = prepare(db, "EXPLAIN QUERY PLAN SELECT * FROM t");
    assert_int_equal(stoa_stmt_isexplain(stmt), 2);
    stoa_finalize(stmt);
    assert_int_equal(stoa_complete("SELECT 1;"), 1);
    assert_int_equal(stoa_complete("SELECT 'a;"), 0);
    stoa_close(db);
}

/* --- parameters
 * ----------------------------------------------------------------------------------------- */
static int  destroyed;
static void count_destroyed(void *data)
{
    destroyed++;
    free(data);
}

static void parameters_have_numbers_and_names(void **state)
{
    stoa_db   *db = open_with(NULL);
    stoa_stmt *stmt = prepare(db, "SELECT ?, ?5, :a, @b, $c, :a, ?");

    (void)state;
    assert_int_equal(stoa_bind_parameter_count(stmt), 9);
    assert_null(stoa_bind_parameter_name(stmt, 1));
    assert_string_equal(stoa_bind_parameter_name(stmt, 5), "?5");
    assert_string_equal(stoa_bind_parameter_name(stmt, 6), ":a");
    assert_int_equal(stoa_bind_parameter_index(stmt, "$c"), 8);
    assert_int_equal(stoa_bind_parameter_index(stmt, "c"), 0);
    assert_int_equal(stoa_bind_int(stmt, 0, 1), STOA_RANGE);
    assert_int_equal(stoa_bind_int(stmt, 10, 1), STOA_RANGE);
    assert_int_equal(stoa_errcode(db), STOA_RANGE);
    stoa_finalize(stmt);
    stoa_close(db);
}

static void bound_values_come_back(void **state)
{
    stoa_db   *db = open_with(NULL);
    stoa_stmt *stmt = prepare(db, "SELECT ?1, typeof(?1)");
    char       text[] = "transient";

    (void)state;
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_string_equal(stoa_column_text(stmt, 1), "null");
    assert_int_equal(stoa_bind_int(stmt, 1, 1), STOA_MISUSE); /* running */
    stoa_reset(stmt);
    stoa_bind_text(stmt, 1, text, -1, STOA_TRANSIENT);
    memset(text, 'x', sizeof text - 1);
    stoa_step(stmt);
    assert_string_equal(stoa_column_text(stmt, 0), "transient");
    stoa_reset(stmt);
    destroyed = 0;
    stoa_bind_text(stmt, 1, strdup("owned"), 3, count_destroyed);
    stoa_step(stmt);
    assert_string_equal(stoa_column_text(stmt, 0), "own");
    stoa_reset(stmt);
    assert_int_equal(destroyed, 0);
    stoa_bind_double(stmt, 1, 2.5);
    assert_int_equal(destroyed, 1);
    stoa_step(stmt);
    assert_int_equal(stoa_column_type(stmt, 0), STOA_FLOAT);
    stoa_reset(stmt);
    stoa_bind_blob(stmt, 1, "a\0b", 3, STOA_STATIC);
    stoa_step(stmt);
    assert_int_equal(stoa_column_type(stmt, 0), STOA_BLOB);
    assert_int_equal(stoa_column_bytes(stmt, 0), 3);
    assert_memory_equal(stoa_column_blob(stmt, 0), "a\0b", 3);
    stoa_reset(stmt);
    assert_int_equal(stoa_bind_text(stmt, 9, strdup("refused"), -1, count_destroyed), STOA_RANGE);
    assert_int_equal(destroyed, 2);
    assert_int_equal(stoa_bind_blob(stmt, 1, "x", -1, STOA_STATIC), STOA_MISUSE);
    stoa_bind_text(stmt, 1, strdup("last"), -1, count_destroyed);
    assert_int_equal(stoa_clear_bindings(stmt), STOA_OK);
    assert_int_equal(destroyed, 3);
    stoa_step(stmt);
    assert_string_equal(stoa_column_text(stmt, 1), "null");
    stoa_finalize(stmt);
    stoa_close(db);
}

/* --- columns
 * ---------------------------------------------------------------------------------------------- */
static void columns_convert_as_in_sqlite(void **state)
{
    stoa_db   *db = open_with(NULL);
    stoa_stmt *stmt =
        prepare(db, "SELECT 42, 2.5, '12abc', x'3334', NULL, '', 1e300, 'a' || char(0) || 'b'");

    (void)state;
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_string_equal(stoa_column_text(stmt, 0), "42");
    assert_int_equal(stoa_column_bytes(stmt, 0), 2);
    assert_true(stoa_column_double(stmt, 0) == 42.0);
    assert_int_equal(stoa_column_int(stmt, 1), 2);
    assert_string_equal(stoa_column_text(stmt, 1), "2.5");
    assert_int_equal(stoa_column_int64(stmt, 2), 12);
    assert_true(stoa_column_double(stmt, 2) == 12.0);
    assert_int_equal(stoa_column_int(stmt, 3), 34);
    assert_string_equal(stoa_column_text(stmt, 3), "34");
    assert_int_equal(stoa_column_type(stmt, 4), STOA_NULL);
    assert_null(stoa_column_text(stmt, 4));
    assert_null(stoa_column_blob(stmt, 4));
    assert_int_equal(stoa_column_int(stmt, 4), 0);
    assert_int_equal(stoa_column_bytes(stmt, 4), 0);
    assert_string_equal(stoa_column_text(stmt, 5), "");
    assert_null(stoa_column_blob(stmt, 5));
    assert_true(stoa_column_int64(stmt, 6) == INT64_MAX);
    assert_int_equal(stoa_column_bytes(stmt, 7), 3);
    assert_memory_equal(stoa_column_text(stmt, 7), "a\0b", 4);
    assert_int_equal(stoa_column_type(stmt, 8), STOA_NULL);
    assert_int_equal(stoa_errcode(db), STOA_RANGE);
    assert_int_equal(stoa_column_type(stmt, -1), STOA_NULL);
    assert_int_equal(stoa_step(stmt), STOA_DONE);
    assert_null(stoa_column_text(stmt, 0)); /* no row */
    stoa_finalize(stmt);
    stoa_close(db);
}

static int count_rows(void *data, int count, char **values, char **names)
{
    int *rows = data;

    assert_int_equal(count, 2);
    assert_string_equal(names[1], "b");
    assert_true(*rows != 1 || values[1] == NULL);
    return ++*rows == 3;
}

static void exec_hands_rows_to_a_callback(void **state)
{
    stoa_db *db = open_with(NULL);
    char    *message;
    int      rows = 0;

    (void)state;
    assert_int_equal(stoa_exec(db, "SELECT 1 AS a, 2 AS b; SELECT 3 AS a, NULL AS b; ", count_rows,
                               &rows, &message),
                     STOA_OK);
    assert_int_equal(rows, 2);
    assert_null(message);
    assert_int_equal(
        stoa_exec(db, "SELECT 1 AS a, 2 AS b; SELECT nosuch", count_rows, &rows, &message),
        STOA_ABORT);
    assert_string_equal(message, "query aborted");
    stoa_free(message);
    assert_int_equal(stoa_exec(db, "SELECT 1; SELECT nosuch", NULL, NULL, &message), STOA_ERROR);
    assert_string_equal(message, "no such column: nosuch");
    stoa_free(message);
    assert_int_equal(stoa_exec(db, " ; -- nothing\n;", NULL, NULL, &message), STOA_OK);
    stoa_close(db);
}

/* --- batches
 * -------------------------------------------------------------------------------------------------
 */
static void make_mixed_table(stoa_db *db)
{
    run(db, "CREATE TABLE t(i INTEGER, r REAL, s TEXT, m)");
    run(db, "INSERT INTO t SELECT value, value / 4.0, 'text ' || (value % 100), "
            "CASE value % 5 WHEN 0 THEN NULL WHEN 1 THEN value WHEN 2 THEN value * 0.5 "
            "WHEN 3 THEN 't' || value ELSE CAST('b' AS BLOB) END FROM generate_series(1, 7000)");
    run(db, "UPDATE t SET i = NULL, s = NULL WHERE i % 7 = 0");
}

static void check_cell(stoa_stmt *stmt, int column, const stoa_cell *cell)
{
    int type = stoa_column_type(stmt, column);

    assert_int_equal(cell->type, type);
    if (type == STOA_INTEGER)
        assert_true(cell->u.integer == stoa_column_int64(stmt, column));
    else if (type == STOA_FLOAT)
        assert_true(cell->u.real == stoa_column_double(stmt, column));
    else if (type != STOA_NULL) {
        assert_int_equal(cell->bytes, stoa_column_bytes(stmt, column));
        assert_memory_equal(cell->u.data, stoa_column_text(stmt, column), cell->bytes);
    }
}

static void check_column(stoa_stmt *stmt, int column, const stoa_batch_column *batch, int row)
{
    bool valid = batch->valid == NULL || (batch->valid[row / 64] >> row % 64 & 1) != 0;

    assert_int_equal(valid, stoa_column_type(stmt, column) != STOA_NULL);
    if (batch->cells != NULL) {
        check_cell(stmt, column, &batch->cells[row]);
        return;
    }
    assert_true(batch->type == STOA_INTEGER || batch->type == STOA_FLOAT);
    if (!valid)
        return;
    assert_int_equal(stoa_column_type(stmt, column), batch->type);
    if (batch->type == STOA_INTEGER)
        assert_true(batch->integers[row] == stoa_column_int64(stmt, column));
    else
        assert_true(batch->reals[row] == stoa_column_double(stmt, column));
}

/* Rows and batches of the same query agree value for value. */
static void check_batches(stoa_db *db, const char *sql)
{
    stoa_stmt               *rows = prepare(db, sql), *batches = prepare(db, sql);
    const stoa_batch_column *columns;
    int                      count, rc;

    while ((rc = stoa_fetch_batch(batches, &count, &columns)) == STOA_ROW) {
        assert_true(count > 0 && count <= 2048);
        for (int row = 0; row < count; row++) {
            assert_int_equal(stoa_step(rows), STOA_ROW);
            for (int c = 0; c < stoa_column_count(rows); c++)
                check_column(rows, c, &columns[c], row);
        }
    }
    assert_int_equal(rc, STOA_DONE);
    assert_int_equal(stoa_step(rows), STOA_DONE);
    stoa_finalize(rows);
    stoa_finalize(batches);
}

static void batches_agree_with_rows(void **state)
{
    static const char *const queries[] = {
        "SELECT 1, 'a', NULL, 2.5, x'00'",
        "SELECT * FROM t",
        "SELECT i, s, m FROM t WHERE i % 3 = 1",
        "SELECT s, m, i + 1, r * 2, 7, 'c', NULL FROM t WHERE r > 100 AND s <> 'text 5'",
        "SELECT rowid, i FROM t WHERE i IS NULL",
        "SELECT s, count(*), sum(i), avg(r), max(m) FROM t GROUP BY s",
        "SELECT value, value * 2 FROM generate_series(1, 5000)",
        "SELECT date('2024-01-01', value || ' days') FROM generate_series(1, 3000)",
        "SELECT m FROM t ORDER BY m LIMIT 3000 OFFSET 10",
        "SELECT * FROM t WHERE 0"};
    static const char *const sizes[] = {"PRAGMA stoa_batch = 2048", "PRAGMA stoa_batch = 1",
                                        "PRAGMA stoa_batch = 3", "PRAGMA stoa_force = any",
                                        "PRAGMA stoa_force = flat"};
    stoa_db                 *db = open_with(NULL);
    stoa_stmt               *stmt;
    const stoa_batch_column *columns;
    int                      count;

    (void)state;
    make_mixed_table(db);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        run(db, sizes[s]);
        for (size_t q = 0; q < sizeof queries / sizeof queries[0]; q++)
            check_batches(db, queries[q]);
    }
    stmt = prepare(db, "SELECT * FROM t");
    assert_int_equal(stoa_step(stmt), STOA_ROW);
    assert_int_equal(stoa_fetch_batch(stmt, &count, &columns), STOA_MISUSE);
    stoa_reset(stmt);
    assert_int_equal(stoa_fetch_batch(stmt, &count, &columns), STOA_ROW);
    assert_int_equal(stoa_step(stmt), STOA_MISUSE);
    stoa_finalize(stmt);
    stoa_close(db);
}

/* --- interruption, limits, failing memory
 * ---------------------------------------------------------------------- */
static int stop_now(void *data)
{
    ++*(int *)data;
    return 1;
}

static void a_progress_handler_can_interrupt(void **state)
{
    stoa_db *db = open_with(NULL);
    int      calls = 0;

    (void)state;
    stoa_progress_handler(db, stop_now, &calls);
    assert_int_equal(
        stoa_exec(db, "SELECT sum(value) FROM generate_series(1, 100000000000)", NULL, NULL, NULL),
        STOA_INTERRUPT);
    assert_string_equal(stoa_errmsg(db), "interrupted");
    assert_int_equal(calls, 1);
    stoa_progress_handler(db, NULL, NULL);
    assert_int_equal(single_int(db, "SELECT 5"), 5);
    stoa_close(db);
}

static int64_t used_after(stoa_db *db, const char *sql)
{
    run(db, sql);
    return stoa_memory_used(db);
}

/* Texts that are taken back leave the dictionary of the column, too, and the codes of those that
 * stay mean the same. */
static void rows_taken_back_leave_no_memory(void **state)
{
    static const char insert[] = "INSERT INTO t SELECT 'text' || value, value FROM "
                                 "generate_series(1, 300000)";
    stoa_db          *db = open_with("");
    int64_t           before;

    (void)state;
    run(db, "CREATE TABLE t AS SELECT 'old' || (value % 3000) AS a, value AS b FROM "
            "generate_series(1, 10000)");
    before = used_after(db, "SELECT count(DISTINCT a) FROM t");
    for (int round = 0; round < 2; round++) {
        run(db, "BEGIN");
        assert_true(used_after(db, insert) > before + 10000000);
        if (round == 1)
            run(db, "SAVEPOINT s; DELETE FROM t WHERE b % 2; ROLLBACK TO s");
        assert_true(used_after(db, "ROLLBACK") < before + 1000000);
        assert_int_equal(single_int(db, "SELECT sum(a = 'old' || (b % 3000)) FROM t"), 10000);
        assert_int_equal(single_int(db, "SELECT count(DISTINCT a) FROM t"), 3000);
    }
    run(db, insert);
    assert_int_equal(single_int(db, "SELECT count(DISTINCT a) FROM t"), 303000);
    assert_int_equal(single_int(db, "SELECT sum(a = 'text' || b) FROM t"), 300000);
    assert_int_equal(single_int(db, "SELECT sum(a = 'old' || (b % 3000)) FROM t"), 10000);
    stoa_close(db);
}

static void a_connection_has_a_memory_limit(void **state)
{
    stoa_db *db = open_with("");

    (void)state;
    assert_true(ram_bytes() > 0);
    assert_int_equal(single_int(db, "PRAGMA memory_limit"), ram_bytes() / 5 * 4);
    stoa_close(db);
}

static void a_memory_limit_gives_an_error_and_keeps_the_data(void **state)
{
    stoa_db *db = open_with(NULL);

    (void)state;
    make_mixed_table(db);
    run(db, "PRAGMA memory_limit = '6MB'");
    assert_int_equal(stoa_exec(db,
                               "CREATE TABLE big AS SELECT a.i * 7000 + b.i AS x, a.s || b.s AS y "
                               "FROM t AS a, t AS b",
                               NULL, NULL, NULL),
                     STOA_NOMEM);
    run(db, "PRAGMA memory_limit = 0");
    assert_int_equal(single_int(db, "SELECT count(*) FROM t"), 7000);
    assert_int_equal(single_int(db, "SELECT count(*) FROM sqlite_schema WHERE name = 'big'"), 0);
    stoa_close(db);
}

/* All of it, again and again, with one more allocation allowed each time. */
static void every_allocation_may_fail(void **state)
{
    static const char sql[] =
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT UNIQUE, c);"
        "INSERT INTO t VALUES(1, 'one', 1.5), (2, 'two', NULL), (3, 'three', x'00');"
        "SELECT b, count(*), max(c) FROM t WHERE a > 0 GROUP BY b HAVING count(*) > 0 ORDER BY 2, "
        "1;"
        "UPDATE t SET c = b || 'x' WHERE a IN (SELECT a FROM t WHERE b LIKE 't%');"
        "SELECT * FROM t AS x JOIN t AS y ON x.a = y.a WHERE x.b <> 'one';"
        "DELETE FROM t WHERE a = 2;"
        "PRAGMA table_info(t);"
        "SELECT group_concat(b) FROM (SELECT DISTINCT b FROM t ORDER BY b);"
        "DROP TABLE t;";
    uint64_t hits = 1;

    (void)state;
    for (uint64_t n = 1; hits != 0; n++) {
        stoa_db *db = NULL;
        int      rc;
        bool     opened;

        assert_true(n < 20000);
        memory_fail_at(n, false);
        rc = stoa_open(":memory:", &db);
        opened = rc == STOA_OK;
        if (opened)
            rc = stoa_exec(db, sql, NULL, NULL, NULL);
        hits = memory_fail_hits();
        memory_fail_at(0, false);
        if (hits == 0 && rc != STOA_OK)
            fail_msg("%s", stoa_errmsg(db));
        if (rc != STOA_OK && rc != STOA_NOMEM) /* OK: what failed could be done without */
            fail_msg("allocation %d: %d %s", (int)n, rc, stoa_errmsg(db));
        if (opened && stoa_get_autocommit(db) == 0)
            fail_msg("a transaction is open");
        assert_int_equal(stoa_close(db), STOA_OK);
    }
}

static void a_point_statement_allocates_nothing(void **state)
{
    stoa_db   *db = open_with(NULL);
    stoa_stmt *stmt = prepare(db, "SELECT ?1 + 1, 'text'");

    (void)state;
    for (int i = 0; i < 3; i++) { /* buffers are made in the first runs */
        stoa_bind_int(stmt, 1, i);
        assert_int_equal(stoa_step(stmt), STOA_ROW);
        assert_string_equal(stoa_column_text(stmt, 1), "text");
        stoa_reset(stmt);
    }
    memory_fail_at(1, true);
    for (int i = 0; i < 1000; i++) {
        stoa_bind_int(stmt, 1, i);
        assert_int_equal(stoa_step(stmt), STOA_ROW);
        assert_int_equal(stoa_column_int(stmt, 0), i + 1);
        assert_string_equal(stoa_column_text(stmt, 1), "text");
        assert_int_equal(stoa_step(stmt), STOA_DONE);
        assert_int_equal(stoa_reset(stmt), STOA_OK);
    }
    assert_int_equal(memory_fail_hits(), 0);
    memory_fail_at(0, false);
    stoa_finalize(stmt);
    stoa_close(db);
}

/* --- pragmas and table functions
 * --------------------------------------------------------------------------------- */
static void pragmas_answer_and_set(void **state)
{
    stoa_db *db = open_with(NULL);

    (void)state;
    run(db, "PRAGMA user_version = 7; PRAGMA stoa_batch = 3; PRAGMA threads(2); PRAGMA nosuch; "
            "PRAGMA nosuch = 5");
    assert_int_equal(single_int(db, "PRAGMA user_version"), 7);
    assert_int_equal(single_int(db, "PRAGMA stoa_batch"), 3);
    assert_int_equal(single_int(db, "PRAGMA threads"), 2);
    assert_int_equal(single_int(db, "SELECT * FROM pragma_user_version"), 7);
    assert_int_equal(stoa_exec(db, "PRAGMA stoa_batch = 0", NULL, NULL, NULL), STOA_ERROR);
    run(db, "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x', UNIQUE(b))");
    assert_int_equal(single_int(db, "SELECT count(*) FROM pragma_table_info('t')"), 2);
    assert_int_equal(single_int(db, "SELECT pk FROM pragma_table_info('t') WHERE name = 'a'"), 1);
    assert_int_equal(single_int(db, "SELECT count(*) FROM sqlite_schema"), 2);
    assert_int_equal(single_int(db, "SELECT count(*) FROM pragma_index_list('t')"), 1);
    assert_int_equal(single_int(db, "SELECT count(*) FROM pragma_table_info('nosuch')"), 0);
    run(db, "PRAGMA case_sensitive_like = ON");
    assert_int_equal(single_int(db, "SELECT 'a' LIKE 'A'"), 0);
    run(db, "PRAGMA case_sensitive_like = off");
    assert_int_equal(single_int(db, "SELECT 'a' LIKE 'A'"), 1);
    stoa_close(db);
}

/* Literals go by batches; in between is a row that has to be computed, and one with other quotes.
 */
static void long_lists_of_values_are_whole(void **state)
{
    enum { ROWS = 5000, COMPUTED = 2100 };
    stoa_db *db = open_with(NULL);
    char    *sql = malloc((size_t)ROWS * 64), *out = sql;

    (void)state;
    assert_non_null(sql);
    run(db, "CREATE TABLE t(a INTEGER, b TEXT, c)");
    out += sprintf(out, "INSERT INTO t VALUES");
    for (int i = 0; i < ROWS; i++)
        out += sprintf(out, i % 7 == 0 ? "%s(%d,'it''s %d',NULL)" : "%s(%d, 'name %d', -%d.5)",
                       i == 0          ? ""
                       : i == COMPUTED ? ",(abs(-1), 'computed', 1) , "
                                       : ",",
                       i, i, i);
    run(db, sql);
    assert_int_equal(single_int(db, "SELECT count(*) FROM t"), ROWS + 1);
    assert_int_equal(single_int(db, "SELECT sum(a) FROM t"), (int64_t)ROWS * (ROWS - 1) / 2 + 1);
    assert_int_equal(single_int(db, "SELECT count(*) FROM t WHERE b = 'it''s ' || a AND c IS NULL"),
                     (ROWS + 6) / 7);
    assert_int_equal(
        single_int(db, "SELECT count(*) FROM t WHERE b = 'name ' || a AND c = -a - 0.5"),
        ROWS - (ROWS + 6) / 7);
    assert_int_equal(single_int(db, "SELECT rowid FROM t WHERE b = 'computed'"), COMPUTED + 1);
    stoa_close(db);
    free(sql);
}

static void series_are_sqlites(void **state)
{
    stoa_db *db = open_with(NULL);

    (void)state;
    assert_int_equal(single_int(db, "SELECT sum(value) FROM generate_series(1, 10)"), 55);
    assert_int_equal(single_int(db, "SELECT count(*) FROM generate_series(10, 1)"), 0);
    assert_int_equal(single_int(db, "SELECT sum(value) FROM generate_series(10, 1, -3)"), 22);
    assert_int_equal(single_int(db, "SELECT count(*) FROM generate_series(1, NULL)"), 0);
    assert_int_equal(single_int(db, "SELECT count(*) FROM generate_series(1, 5, 0)"), 5);
    assert_true(single_int(db, "SELECT max(value) FROM generate_series(9223372036854775800, "
                               "9223372036854775807, 5)") == INT64_MAX - 2);
    stoa_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(open_gives_a_handle_even_when_it_fails),
        cmocka_unit_test(close_is_refused_while_statements_live),
        cmocka_unit_test(errors_carry_code_text_and_position),
        cmocka_unit_test(prepare_stops_at_the_first_statement),
        cmocka_unit_test(a_null_statement_is_answered_not_followed),
        cmocka_unit_test(step_starts_again_after_the_end),
        cmocka_unit_test(a_failed_run_is_told_again_by_reset),
        cmocka_unit_test(a_statement_survives_a_schema_change),
        cmocka_unit_test(counters_follow_changes),
        cmocka_unit_test(what_a_statement_is_can_be_asked),
        cmocka_unit_test(parameters_have_numbers_and_names),
        cmocka_unit_test(bound_values_come_back),
        cmocka_unit_test(columns_convert_as_in_sqlite),
        cmocka_unit_test(exec_hands_rows_to_a_callback),
        cmocka_unit_test(batches_agree_with_rows),
        cmocka_unit_test(a_progress_handler_can_interrupt),
        cmocka_unit_test(rows_taken_back_leave_no_memory),
        cmocka_unit_test(a_connection_has_a_memory_limit),
        cmocka_unit_test(a_memory_limit_gives_an_error_and_keeps_the_data),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(a_point_statement_allocates_nothing),
        cmocka_unit_test(pragmas_answer_and_set),
        cmocka_unit_test(long_lists_of_values_are_whole),
        cmocka_unit_test(series_are_sqlites),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
