/* test_trust.c - plans that are right only for the rows that tables had when they were made: a
 * statement that is held must give the answers of the rows that there are when it runs. */
#include "stoa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/* All rows of a run, "a|b" each with a blank behind it; then the statement is reset. */
static const char *rows(stoa_stmt *stmt)
{
    static char text[4096];
    size_t      used = 0;
    int         rc;

    text[0] = '\0';
    while ((rc = stoa_step(stmt)) == STOA_ROW)
        for (int c = 0; c < stoa_column_count(stmt); c++) {
            const char *cell = (const char *)stoa_column_text(stmt, c);

            used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
                                     cell == NULL ? "NULL" : cell,
                                     c + 1 == stoa_column_count(stmt) ? " " : "|");
            assert_true(used < sizeof text);
        }
    if (rc != STOA_DONE)
        snprintf(text, sizeof text, "%s", stoa_errmsg(db));
    stoa_reset(stmt);
    return text;
}

/* What a group with a max shows of a key that is written as 1 and as 1.0. */
static const char KEY[] = "SELECT a || '', max(b) FROM v WHERE b > ?1 GROUP BY a ORDER BY 1";

static void keys_written_in_two_ways(void **state)
{
    stoa_stmt *held;

    (void)state;
    run("CREATE TABLE v(a, b)");
    held = prepare(KEY);
    assert_int_equal(stoa_bind_int(held, 1, 0), STOA_OK);
    assert_string_equal(rows(held), "");
    run("INSERT INTO v VALUES(1, 1), (1, 2)");
    assert_string_equal(rows(held), "1|2 ");
    run("INSERT INTO v VALUES(1.0, 3)");
    assert_string_equal(rows(held), "1.0|3 ");
    run("DELETE FROM v WHERE b = 3");
    assert_string_equal(rows(held), "1|2 ");
    run("UPDATE v SET a = 1.0 WHERE b = 2");
    assert_string_equal(rows(held), "1.0|2 ");
    assert_int_equal(stoa_finalize(held), STOA_OK);
}

static void transactions_that_end_either_way(void **state)
{
    stoa_stmt *held;

    (void)state;
    run("CREATE TABLE v(a, b)");
    run("INSERT INTO v VALUES(1, 1), (1, 2)");
    held = prepare(KEY);
    assert_int_equal(stoa_bind_int(held, 1, 0), STOA_OK);
    run("BEGIN");
    run("INSERT INTO v VALUES(1.0, 3)");
    assert_string_equal(rows(held), "1.0|3 ");
    run("ROLLBACK");
    assert_string_equal(rows(held), "1|2 ");
    run("BEGIN");
    run("DELETE FROM v");
    run("INSERT INTO v VALUES(2, 7)");
    assert_string_equal(rows(held), "2|7 "); /* the plan is made for these rows... */
    run("INSERT INTO v VALUES(2.0, 8)");
    run("SAVEPOINT s");
    run("DELETE FROM v WHERE b = 8");
    assert_string_equal(rows(held), "2|7 ");
    run("ROLLBACK TO s"); /* ...and these come back */
    assert_string_equal(rows(held), "2.0|8 ");
    run("COMMIT");
    assert_string_equal(rows(held), "2.0|8 ");
    assert_int_equal(stoa_finalize(held), STOA_OK);
}

/* A sum of some rows only, computed for all of them: none may overflow that is not asked for. */
static const char SUMS[] =
    "SELECT k, CASE WHEN k > ?1 THEN (SELECT sum(x) FROM i WHERE i.k = o.k) END FROM o WHERE k < 5";

static void sums_that_overflow(void **state)
{
    stoa_stmt *held;

    (void)state;
    run("CREATE TABLE o(k INTEGER PRIMARY KEY)");
    run("CREATE TABLE i(k, x)");
    run("INSERT INTO o SELECT value FROM generate_series(1, 2000)");
    run("INSERT INTO i SELECT value, value FROM generate_series(1, 3000)");
    held = prepare(SUMS);
    assert_int_equal(stoa_bind_int(held, 1, 2), STOA_OK);
    assert_string_equal(rows(held), "1|NULL 2|NULL 3|3 4|4 ");
    run("INSERT INTO i VALUES(1, 9223372036854775807), (1, 9223372036854775807)");
    assert_string_equal(rows(held), "1|NULL 2|NULL 3|3 4|4 ");
    assert_int_equal(stoa_bind_int(held, 1, 0), STOA_OK);
    assert_string_equal(rows(held), "integer overflow");
    run("DELETE FROM i WHERE k = 1");
    assert_string_equal(rows(held), "1|NULL 2|2 3|3 4|4 ");
    assert_int_equal(stoa_finalize(held), STOA_OK);
}

/* Each value is small enough for all rows of its table, but a join repeats them. */
static void sums_of_joins(void **state)
{
    stoa_stmt *held;

    (void)state;
    run("CREATE TABLE o(k INTEGER PRIMARY KEY)");
    run("CREATE TABLE i(k, x)");
    run("CREATE TABLE j(k)");
    run("INSERT INTO o SELECT value FROM generate_series(1, 2000)");
    run("INSERT INTO i VALUES(1, 900000000000000000), (3, 3)");
    run("INSERT INTO j SELECT 1 FROM generate_series(1, 20)");
    run("INSERT INTO j VALUES(3)");
    held = prepare("SELECT k, CASE WHEN k > 2 THEN (SELECT sum(x) FROM i, j "
                   "WHERE i.k = j.k AND i.k = o.k) END FROM o WHERE k < 4");
    assert_string_equal(rows(held), "1|NULL 2|NULL 3|3 ");
    assert_int_equal(stoa_finalize(held), STOA_OK);
}

/* Sums of ranges are differences of other sums. */
static void sums_of_ranges(void **state)
{
    stoa_stmt *held;

    (void)state;
    run("CREATE TABLE o(k INTEGER PRIMARY KEY)");
    run("CREATE TABLE i(k INTEGER, x)");
    run("INSERT INTO o SELECT value FROM generate_series(1, 3000)");
    run("INSERT INTO i SELECT value, value FROM generate_series(1, 2000)");
    held = prepare("SELECT typeof(s), s FROM (SELECT o.k AS k, (SELECT sum(x) FROM i "
                   "WHERE i.k < o.k) AS s FROM o) WHERE k IN (3, 4, 2500) ORDER BY k");
    assert_string_equal(rows(held), "integer|3 integer|6 integer|2001000 ");
    run("INSERT INTO i VALUES(3, 0.5), (2400, 9223372036854775807)");
    assert_string_equal(rows(held), "integer|3 real|6.5 real|9.22337203685678e+18 ");
    run("DELETE FROM i WHERE x = 0.5");
    assert_string_equal(rows(held), "integer overflow");
    run("DELETE FROM i WHERE k = 2400");
    assert_string_equal(rows(held), "integer|3 integer|6 integer|2001000 ");
    assert_int_equal(stoa_finalize(held), STOA_OK);
}

/* What a run reads for the first time after a change between its steps. */
static void changes_between_steps(void **state)
{
    stoa_stmt  *held;
    int         count = 1;
    const char *late;

    (void)state;
    run("CREATE TABLE o(k INTEGER PRIMARY KEY)");
    run("CREATE TABLE i(k INTEGER, x)");
    run("INSERT INTO o SELECT value FROM generate_series(1, 10000)");
    run("INSERT INTO i SELECT value, value FROM generate_series(1, 2000)");
    held = prepare("SELECT k, CASE WHEN k > 9000 THEN (SELECT sum(x) FROM i WHERE i.k < o.k) END "
                   "FROM o");
    assert_int_equal(stoa_step(held), STOA_ROW);
    run("INSERT INTO i VALUES(3, 9223372036854775807), (4, 0.5)");
    while (stoa_step(held) == STOA_ROW)
        if (++count > 9000) {
            late = (const char *)stoa_column_text(held, 1);
            if (late != NULL)
                assert_string_equal(late, "2001000");
        }
    assert_int_equal(count, 10000);
    assert_int_equal(stoa_reset(held), STOA_OK);
    for (count = 0; stoa_step(held) == STOA_ROW; count++)
        if (stoa_column_int(held, 0) > 9000)
            assert_int_equal(stoa_column_type(held, 1), STOA_FLOAT);
    assert_int_equal(count, 10000);
    assert_int_equal(stoa_finalize(held), STOA_OK);
}

/* Statements that read what they write. */
static void writers(void **state)
{
    stoa_stmt *insert, *update, *returning, *upsert, *all;

    (void)state;
    run("CREATE TABLE v(a, b)");
    run("CREATE TABLE u(id INTEGER PRIMARY KEY, t)");
    run("INSERT INTO v VALUES(1, 1), (1, 2)");
    run("INSERT INTO u VALUES(1, '')");
    all = prepare("SELECT a, b FROM v ORDER BY b");
    insert = prepare("INSERT INTO v SELECT a + 0.0, max(b) + 1 FROM v GROUP BY a");
    assert_string_equal(rows(insert), "");
    assert_string_equal(rows(all), "1|1 1|2 1.0|3 ");
    update = prepare("UPDATE u SET t = (SELECT a || '' || max(b) FROM v GROUP BY a)");
    assert_string_equal(rows(update), "");
    run("DELETE FROM v WHERE b = 3");
    assert_string_equal(rows(update), "");
    assert_string_equal(rows(insert), "");
    assert_string_equal(rows(update), "");
    run("DELETE FROM v WHERE b > 2");
    returning = prepare("INSERT INTO v VALUES(1.0, 9) "
                        "RETURNING (SELECT a || '' FROM (SELECT a, max(b) FROM v GROUP BY a))");
    assert_string_equal(rows(returning), "1.0 ");
    run("DELETE FROM v WHERE b > 2");
    run("CREATE UNIQUE INDEX vb ON v(b)");
    upsert = prepare("INSERT INTO v VALUES(1.0, 5), (7, 1) ON CONFLICT(b) DO UPDATE SET "
                     "a = (SELECT a || '!' || max(b) FROM v GROUP BY a)");
    assert_string_equal(rows(upsert), "");
    assert_string_equal(rows(all), "1.0!5|1 1|2 1.0|5 ");
    assert_int_equal(stoa_finalize(upsert), STOA_OK);
    assert_int_equal(stoa_finalize(returning), STOA_OK);
    assert_int_equal(stoa_finalize(update), STOA_OK);
    assert_int_equal(stoa_finalize(insert), STOA_OK);
    assert_int_equal(stoa_finalize(all), STOA_OK);
}

/* EXPLAIN ANALYZE runs what it shows. */
static void analyzed(void **state)
{
    stoa_stmt *held;

    (void)state;
    run("CREATE TABLE v(a, b)");
    run("INSERT INTO v VALUES(1, 1), (1, 2)");
    held = prepare("EXPLAIN ANALYZE SELECT a || '', max(b) FROM v GROUP BY a");
    assert_non_null(strstr(rows(held), "v"));
    run("INSERT INTO v VALUES(1.0, 3)");
    assert_non_null(strstr(rows(held), "v"));
    run("CREATE TABLE other(a)");
    assert_non_null(strstr(rows(held), "v"));
    assert_int_equal(stoa_finalize(held), STOA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_memory, close_memory)
        TEST(keys_written_in_two_ways),
        TEST(transactions_that_end_either_way),
        TEST(sums_that_overflow),
        TEST(sums_of_joins),
        TEST(sums_of_ranges),
        TEST(changes_between_steps),
        TEST(writers),
        TEST(analyzed),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
