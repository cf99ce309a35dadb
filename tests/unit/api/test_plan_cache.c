/* test_plan_cache.c - programs kept from one prepare to the next: when they come back, when not,
 * and that nobody can tell but by the counter. */
#include "stoa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h" /* before cmocka.h, which makes fail a macro */

#include <cmocka.h>

static stoa_db *db;

static int open_memory(void **state)
{
    (void)state;
    return stoa_open(":memory:", &db);
}

static int close_memory(void **state)
{
    (void)state;
    return stoa_close(db);
}

static void run(const char *sql)
{
    char *message = NULL;

    if (stoa_exec(db, sql, NULL, NULL, &message) != STOA_OK)
        fail_msg("%s: %s", sql, message);
}

static stoa_stmt *prepare(const char *sql)
{
    stoa_stmt *stmt;

    if (stoa_prepare(db, sql, -1, &stmt, NULL) != STOA_OK)
        fail_msg("%s: %s", sql, stoa_errmsg(db));
    return stmt;
}

/* Column `column` of sql's only row. */
static int64_t number(const char *sql, int column)
{
    stoa_stmt *stmt = prepare(sql);
    int64_t    value;

    assert_int_equal(stoa_step(stmt), STOA_ROW);
    value = stoa_column_int64(stmt, column);
    assert_int_equal(stoa_step(stmt), STOA_DONE);
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    return value;
}

enum { LIMIT, PLANS, BYTES, HITS, MISSES };
static int64_t counter(int column)
{
    return number("PRAGMA plan_cache", column);
}

static void the_same_text_is_compiled_once(void **state)
{
    int64_t hits;

    (void)state;
    run("CREATE TABLE t(a INTEGER PRIMARY KEY, b)");
    run("INSERT INTO t VALUES(1, 'one')");
    hits = counter(HITS);
    for (int i = 0; i < 5; i++)
        assert_int_equal(number("SELECT a FROM t WHERE b = 'one'", 0), 1);
    assert_int_equal(counter(HITS), hits + 4);
    assert_true(counter(BYTES) > 0);
    /* one byte more or less is another text; blanks behind the semicolon are not part of it */
    assert_int_equal(number("SELECT a FROM t WHERE b = 'one' ", 0), 1);
    assert_int_equal(number("select a FROM t WHERE b = 'one'", 0), 1);
    assert_int_equal(counter(HITS), hits + 4);
    assert_int_equal(number("SELECT a FROM t;", 0), 1);
    assert_int_equal(number("SELECT a FROM t;  \n", 0), 1);
    assert_int_equal(counter(HITS), hits + 5);
}

static void a_statement_is_as_new(void **state)
{
    stoa_stmt *first, *second;
    int64_t    one, two;

    (void)state;
    first = prepare("SELECT ?1, ?2");
    assert_int_equal(stoa_bind_int(first, 1, 5), STOA_OK);
    assert_int_equal(stoa_bind_text(first, 2, "left", -1, STOA_TRANSIENT), STOA_OK);
    assert_int_equal(stoa_step(first), STOA_ROW);
    assert_int_equal(stoa_finalize(first), STOA_OK);
    second = prepare("SELECT ?1, ?2");
    assert_int_equal(stoa_step(second), STOA_ROW);
    assert_int_equal(stoa_column_type(second, 0), STOA_NULL);
    assert_int_equal(stoa_column_type(second, 1), STOA_NULL);
    /* two of one text at once */
    first = prepare("SELECT ?1, ?2");
    assert_int_equal(stoa_bind_int(first, 1, 6), STOA_OK);
    assert_int_equal(stoa_step(first), STOA_ROW);
    assert_int_equal(stoa_column_int(first, 0), 6);
    assert_int_equal(stoa_column_type(second, 0), STOA_NULL);
    assert_string_equal(stoa_sql(first), "SELECT ?1, ?2");
    assert_int_equal(stoa_finalize(first), STOA_OK);
    assert_int_equal(stoa_finalize(second), STOA_OK);
    /* what is evaluated once is evaluated once a run */
    one = number("WITH r AS MATERIALIZED (SELECT random() AS x) SELECT x FROM r", 0);
    two = number("WITH r AS MATERIALIZED (SELECT random() AS x) SELECT x FROM r", 0);
    assert_true(one != two);
}

static void changes_of_the_schema_are_seen(void **state)
{
    int64_t hits;

    (void)state;
    run("CREATE TABLE s(a)");
    run("INSERT INTO s VALUES(1)");
    assert_int_equal(number("SELECT * FROM s", 0), 1);
    run("DROP TABLE s");
    run("CREATE VIEW s AS SELECT 2");
    assert_int_equal(number("SELECT * FROM s", 0), 2);
    hits = counter(HITS);
    assert_int_equal(number("SELECT * FROM s", 0), 2);
    assert_int_equal(counter(HITS), hits + 1);
    run("BEGIN");
    run("DROP VIEW s");
    run("CREATE TABLE s(a)");
    run("INSERT INTO s VALUES(3)");
    assert_int_equal(number("SELECT * FROM s", 0), 3);
    run("ROLLBACK");
    assert_int_equal(number("SELECT * FROM s", 0), 2);
    run("CREATE TABLE IF NOT EXISTS made(a)");
    run("DROP TABLE made");
    run("CREATE TABLE IF NOT EXISTS made(a)");
    assert_int_equal(number("SELECT count(*) FROM made", 0), 0);
}

static void settings_are_part_of_the_key(void **state)
{
    int64_t hits;

    (void)state;
    assert_int_equal(number("SELECT 'A' LIKE 'a'", 0), 1);
    run("PRAGMA case_sensitive_like = 1");
    assert_int_equal(number("SELECT 'A' LIKE 'a'", 0), 0);
    run("PRAGMA case_sensitive_like = 0");
    assert_int_equal(number("SELECT 'A' LIKE 'a'", 0), 1);
    assert_int_equal(number("SELECT length(CAST(0.1 + 0.2 AS TEXT))", 0), 3);
    run("PRAGMA fp_digits = 17");
    assert_true(number("SELECT length(CAST(0.1 + 0.2 AS TEXT))", 0) > 3);
    run("PRAGMA fp_digits = 15");
    hits = counter(HITS);
    run("PRAGMA stoa_passes_off = 1");
    assert_int_equal(number("SELECT 'A' LIKE 'a'", 0), 1);
    run("PRAGMA stoa_passes_off = 0");
    assert_int_equal(counter(HITS), hits);
}

static void plans_follow_the_tables_sizes(void **state)
{
    int64_t hits;

    (void)state;
    run("CREATE TABLE g(a)");
    assert_int_equal(number("SELECT count(a) FROM g", 0), 0);
    hits = counter(HITS);
    run("INSERT INTO g SELECT value FROM generate_series(1, 5000)");
    assert_int_equal(number("SELECT count(a) FROM g", 0), 5000);
    assert_int_equal(counter(HITS), hits);
    assert_int_equal(number("SELECT count(a) FROM g", 0), 5000);
    assert_int_equal(counter(HITS), hits + 1);
}

/* Which of the equal values 1 and 1.0 a group shows is the planner's work: it must see that there
 * are both. */
static void plans_that_stand_on_values_follow_them(void **state)
{
    const char *sql = "SELECT typeof(a || '') = 'text' AND a || '' = '1.0' "
                      "FROM (SELECT a || '' AS a, max(b) FROM v GROUP BY v.a)";
    int64_t     hits;

    (void)state;
    run("CREATE TABLE v(a, b)");
    run("INSERT INTO v VALUES(1, 1), (1, 2)");
    assert_int_equal(number(sql, 0), 0);
    hits = counter(HITS);
    assert_int_equal(number(sql, 0), 0);
    assert_int_equal(counter(HITS), hits + 1);
    run("UPDATE v SET a = 1.0 WHERE b = 2");
    hits = counter(HITS);
    assert_int_equal(number(sql, 0), 1);
    assert_int_equal(counter(HITS), hits);
    assert_int_equal(number(sql, 0), 1);
    assert_int_equal(counter(HITS), hits + 1);
}

static void some_statements_are_not_kept(void **state)
{
    static const char *const texts[] = {
        "EXPLAIN SELECT 1",
        "EXPLAIN QUERY PLAN SELECT 1",
        "EXPLAIN ANALYZE SELECT 1",
        "SELECT count(*) FROM pragma_table_info('t')",
        "SELECT count(*) FROM generate_series(1, 2)",
        "SELECT 1; SELECT 2",
        "CREATE TABLE x(a)",
        "SELECT",
        "SELECT nothing FROM nowhere",
        "-- blank",
    };
    int64_t plans = counter(PLANS);

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        stoa_stmt *stmt;

        for (int times = 0; times < 2; times++) {
            if (stoa_prepare(db, texts[i], -1, &stmt, NULL) == STOA_OK && stmt != NULL)
                stoa_step(stmt);
            stoa_finalize(stmt);
        }
        assert_int_equal(counter(PLANS), plans);
    }
}

static void failing_statements_fail_again(void **state)
{
    (void)state;
    run("CREATE TABLE u(a UNIQUE)");
    run("INSERT INTO u VALUES(1)");
    for (int i = 0; i < 3; i++)
        assert_int_equal(stoa_exec(db, "INSERT INTO u VALUES(1)", NULL, NULL, NULL),
                         STOA_CONSTRAINT);
    assert_int_equal(number("SELECT count(*) FROM u", 0), 1);
}

static void the_cache_is_bounded_and_can_be_off(void **state)
{
    char    sql[64];
    int64_t hits;

    (void)state;
    run("PRAGMA plan_cache = 3");
    for (int i = 0; i < 10; i++) {
        snprintf(sql, sizeof sql, "SELECT %d", i);
        assert_int_equal(number(sql, 0), i);
    }
    assert_int_equal(counter(PLANS), 3);
    hits = counter(HITS);
    assert_int_equal(number("SELECT 9", 0), 9);
    assert_int_equal(number("SELECT 7", 0), 7);
    assert_int_equal(number("SELECT 6", 0), 6);
    assert_int_equal(number("SELECT 8", 0), 8); /* went for 6 */
    assert_int_equal(counter(HITS), hits + 2);
    run("PRAGMA plan_cache = 0");
    assert_int_equal(counter(PLANS), 0);
    assert_int_equal(number("SELECT 9", 0), 9);
    assert_int_equal(number("SELECT 9", 0), 9);
    assert_int_equal(counter(HITS), hits + 2);
    assert_int_equal(counter(BYTES), 0);
    assert_int_equal(stoa_exec(db, "PRAGMA plan_cache = -1", NULL, NULL, NULL), STOA_ERROR);
}

static void kept_plans_give_way_to_work(void **state)
{
    char    sql[64];
    int64_t bytes, used;

    (void)state;
    run("PRAGMA plan_cache = 100");
    for (int i = 0; i < 100; i++) {
        snprintf(sql, sizeof sql, "SELECT %d", i);
        number(sql, 0);
    }
    assert_int_equal(counter(PLANS), 100);
    bytes = counter(BYTES);
    used = stoa_memory_used(db);
    snprintf(sql, sizeof sql, "PRAGMA memory_limit = %lld", (long long)used + 6000);
    run(sql);
    assert_int_equal(number("SELECT 1000", 0), 1000); /* its program and frame take more */
    assert_true(stoa_memory_used(db) < used - bytes / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_memory, close_memory)
        TEST(the_same_text_is_compiled_once),      TEST(a_statement_is_as_new),
        TEST(changes_of_the_schema_are_seen),      TEST(settings_are_part_of_the_key),
        TEST(plans_follow_the_tables_sizes),       TEST(plans_that_stand_on_values_follow_them),
        TEST(some_statements_are_not_kept),        TEST(failing_statements_fail_again),
        TEST(the_cache_is_bounded_and_can_be_off), TEST(kept_plans_give_way_to_work),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
