/* test_oom.c - memory that runs out: at every single allocation of statements that cover every
 * operator, and at a limit.  Each time an error or the right rows, a connection that goes on, and
 * nothing leaked. */
#include "base/memory.h" /* before cmocka.h, which makes fail a macro */
#include "base/str.h"
#include "tests/unit/api/api_help.h"

#include <stdio.h>
#include <string.h>

static const char setup[] =
    "CREATE TABLE t(a INTEGER, b TEXT, c REAL, d);"
    "INSERT INTO t SELECT value, 'text ' || value % 17, value * 0.5,"
    " CASE value % 4 WHEN 0 THEN NULL WHEN 1 THEN value WHEN 2 THEN 'x' || value ELSE x'00ff' END"
    " FROM generate_series(1, 300);"
    "CREATE TABLE u(k INTEGER PRIMARY KEY, e TEXT UNIQUE, f);"
    "INSERT INTO u SELECT value, 'e' || value, value % 5 FROM generate_series(1, 40);"
    "CREATE VIEW w AS SELECT a, b FROM t WHERE a % 2;";

/* Every STRIDEth allocation fails, and farther than DENSE allocations from the beginning, where
 * one is much like the next, 1 in n / DENSE; of failures that last, which all end alike, fewer. */
#if defined(__SANITIZE_ADDRESS__)
enum { STRIDE = 17 };
#else
enum { STRIDE = 1 };
#endif
enum { DENSE = 1024, DENSE_LASTING = 64 };

/* Each leaves the database as it was, or is undone. */
static const char *const statements[] = {
    /* expressions and functions */
    "SELECT a + 1, b || '!', -c, d, a * c, a % 7, a << 2, ~a, NOT a FROM t WHERE a > 5 AND c < 100",
    "SELECT CASE WHEN a % 2 THEN b WHEN a % 3 THEN d ELSE c END, coalesce(d, b), nullif(a, 5) FROM "
    "t",
    "SELECT upper(b), substr(b, 2, 3), replace(b, 't', 'TT'), instr(b, 'x'), hex(d), quote(d) FROM "
    "t",
    "SELECT printf('%08.3f|%s|%d|%,d|%c', c, b, a, a * 1000, b), length(d), typeof(d) FROM t",
    "SELECT b LIKE '%1%', b GLOB '*2', b LIKE 't_x%' ESCAPE '!', d IS NULL, d BETWEEN 1 AND 50 "
    "FROM t",
    /* few rows: most allocations are of patterns being compiled, each of which takes long */
    "SELECT b REGEXP 't.*1', regexp_replace(b, '(t)(e)', '\\2\\1', 'g'), regexp_count(b, a) FROM t "
    "WHERE a <= 12",
    "SELECT length(regexp_replace(hex(zeroblob(3000)), '0$', 'x'))",
    "SELECT date('2024-01-31', '+' || a || ' days'), strftime('%Y-%W', '2024-01-31') FROM t",
    "SELECT CAST(a AS TEXT), CAST(b AS INTEGER), CAST(c AS INTEGER), CAST(d AS BLOB) FROM t",
    "SELECT (a, b) = (1, 'text 1'), (a, c) < (7, 3.5), a IN (1, 2, 3, 5, 8), b IN ('text 1') FROM "
    "t",
    /* sorting, limits */
    "SELECT a, b FROM t ORDER BY b, a DESC", "SELECT * FROM t ORDER BY d, c LIMIT 7 OFFSET 3",
    "SELECT b FROM t ORDER BY b COLLATE NOCASE DESC, d NULLS LAST",
    /* groups */
    "SELECT count(*), sum(a), avg(c), min(b), max(d), total(a), group_concat(b) FROM t",
    "SELECT b, count(*), sum(a), min(d), group_concat(a, '-') FROM t GROUP BY b HAVING count(*) > "
    "2",
    "SELECT d, b, count(DISTINCT c), sum(DISTINCT a % 3) FILTER (WHERE a > 3) FROM t GROUP BY d, b",
    "SELECT a % 3, b, max(c), d FROM t GROUP BY 1, 2 ORDER BY 3 DESC",
    "SELECT DISTINCT b, a % 2 FROM t",
    /* joins */
    "SELECT t.a, u.e FROM t JOIN u ON t.a = u.k",
    "SELECT t.a, u.e FROM t LEFT JOIN u ON t.a = u.f AND t.c < u.k ORDER BY 1, 2",
    "SELECT count(*), sum(u.k) FROM u FULL JOIN t ON t.b = u.e",
    "SELECT count(*) FROM t, u WHERE t.a < u.k",
    "SELECT count(*) FROM t x JOIN t y ON x.b = y.b JOIN u ON u.k = x.a",
    "SELECT * FROM u NATURAL JOIN (SELECT k, f + 0 AS f FROM u)",
    /* subqueries */
    "SELECT a FROM t WHERE a IN (SELECT f FROM u) OR b NOT IN (SELECT e FROM u WHERE k < 5)",
    "SELECT a, (SELECT max(k) FROM u WHERE u.f = t.a % 5) FROM t",
    "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.k = t.a) AND NOT EXISTS "
    "(SELECT 1 FROM u WHERE u.f = t.a)",
    "SELECT a, (SELECT group_concat(e) FROM u WHERE k < t.a % 4 + (SELECT min(f) FROM u)) FROM t",
    "SELECT s.n FROM (SELECT b, count(*) AS n FROM t GROUP BY b) AS s JOIN w ON w.b = s.b",
    /* compounds and common table expressions */
    "WITH s AS (SELECT b, count(*) n FROM t GROUP BY b) SELECT * FROM s x JOIN s y ON x.n = y.n",
    "SELECT * FROM (SELECT b, count(*) n FROM t GROUP BY b UNION ALL SELECT e, 1 FROM u) WHERE b > "
    "'e'",
    "SELECT min(a), max(c), count(d) FROM t", "SELECT max(k), min(f) FROM u WHERE 1 = 1 AND 2 > 1",
    "SELECT t.a FROM t JOIN u ON t.a = u.k WHERE t.a BETWEEN 3 AND 9",
    "SELECT u.k, u.e, count(*) FROM u JOIN t ON t.a = u.k GROUP BY u.k, u.e, u.f",
    "SELECT a FROM t UNION ALL SELECT k FROM u ORDER BY 1 LIMIT 20",
    "SELECT b FROM t UNION SELECT e FROM u EXCEPT SELECT 'e3' ORDER BY 1",
    "SELECT a FROM t INTERSECT SELECT k FROM u",
    "WITH RECURSIVE c(i, s) AS (SELECT 1, 'x' UNION ALL SELECT i + 1, s || i FROM c WHERE i < 30) "
    "SELECT max(i), max(length(s)) FROM c",
    "WITH RECURSIVE c(i) AS (VALUES(1) UNION SELECT i * 7 % 101 FROM c) SELECT count(*) FROM c",
    "WITH x AS MATERIALIZED (SELECT a FROM t WHERE a < 20) SELECT * FROM x p, x q WHERE p.a = q.a "
    "+ 1",
    "VALUES (1, 'a'), (2, 'b'), (3, NULL)",
    /* windows */
    "SELECT a, row_number() OVER w, rank() OVER w, percent_rank() OVER w, ntile(3) OVER w FROM t "
    "WINDOW w AS (PARTITION BY b ORDER BY d)",
    "SELECT lag(b, 1, d) OVER w, lead(d) OVER w, first_value(c) OVER w, nth_value(d, 2) OVER w "
    "FROM t WINDOW w AS (PARTITION BY a % 5 ORDER BY d DESC, b)",
    "SELECT sum(a) OVER w, avg(c) OVER w, count(d) OVER w, min(b) OVER w, max(d) OVER w FROM t "
    "WINDOW w AS (PARTITION BY b ORDER BY a ROWS BETWEEN 3 PRECEDING AND 1 FOLLOWING)",
    "SELECT group_concat(b, d) OVER (ORDER BY a ROWS 5 PRECEDING), sum(a) FILTER (WHERE a % 2) "
    "OVER "
    "(ORDER BY c RANGE BETWEEN 7 PRECEDING AND CURRENT ROW), max(d) OVER (PARTITION BY b) FROM t",
    "SELECT median(c) OVER w, arg_max(b, d) OVER w, mode(b) OVER (ORDER BY a ROWS 2 PRECEDING), "
    "stddev(a) OVER w, histogram(d) OVER (PARTITION BY b) FROM t WHERE a < 40 WINDOW w AS (ORDER "
    "BY a)",
    "SELECT a, k FROM (SELECT a, rank() OVER (PARTITION BY b ORDER BY c DESC) AS k FROM t) "
    "WHERE k <= 2",
    /* schema, pragmas */
    "SELECT name, type FROM pragma_table_info('t')", "SELECT type, name, sql FROM sqlite_schema",
    "SELECT * FROM w",
    "SELECT a, lag(c) IGNORE NULLS OVER (ORDER BY a), nth_value(c, 2) IGNORE NULLS OVER (ORDER BY "
    "a) "
    "FROM t QUALIFY row_number() OVER (PARTITION BY b ORDER BY a) = 1",
    "SELECT t.a, g.value FROM t LEFT JOIN generate_series(2, t.a % 4) AS g ON g.value <> 3",
    "SELECT a, (SELECT max(k) FROM u WHERE u.f = t.a % 5) AS m FROM t WHERE (SELECT m) > 1 AND "
    "(SELECT count(*) FROM u WHERE u.k < m) > 0",
    "SELECT b, (SELECT sum(t.a + (SELECT max(k) FROM u)) FROM u AS v LIMIT 1) FROM t GROUP BY b",
    /* listings */
    "EXPLAIN SELECT b, count(*) FROM t WHERE a > 3 GROUP BY b ORDER BY 2",
    "EXPLAIN QUERY PLAN SELECT t.b, count(*) FROM t JOIN u ON t.a = u.k GROUP BY t.b ORDER BY 2",
    NULL};

/* These are run between SAVEPOINT and ROLLBACK; then the tables must be as they were. */
static const char *const changes[] = {
    "INSERT INTO t VALUES (1, 'x', 2, NULL), (2, 'y', 3.5, 4)",
    "INSERT INTO t SELECT a, b, c, d FROM t",
    "INSERT INTO u SELECT k + 100, e || '+', f FROM u",
    "INSERT OR IGNORE INTO u VALUES (1, 'e1', 0), (99, 'new', 0)",
    "INSERT OR REPLACE INTO u VALUES (1, 'e2', 0), (99, 'new', 0)",
    "INSERT INTO u VALUES (1, 'e1', 0), (99, 'new', 0), (2, 'e2', 1) ON CONFLICT (k) DO UPDATE"
    " SET e = u.e || excluded.e, f = (SELECT max(c) FROM t WHERE a = u.f)",
    "UPDATE t SET (b, c) = (SELECT e, u.k) FROM u WHERE u.f = t.a",
    "UPDATE t SET c = c + 1, b = b || '?' WHERE a % 3 = 0",
    "UPDATE u SET k = k + 1000, e = e || e",
    "DELETE FROM t WHERE a % 2",
    "DELETE FROM u",
    "CREATE TABLE v AS SELECT a, b FROM t WHERE a < 100",
    "CREATE TABLE v(x INTEGER PRIMARY KEY, y TEXT NOT NULL DEFAULT 'z', UNIQUE(x, y))",
    "CREATE UNIQUE INDEX v ON t(a, b)",
    "CREATE VIEW v AS SELECT a FROM t",
    "DROP TABLE u",
    "DROP VIEW w",
    NULL};

static const char all_rows[] =
    "SELECT (SELECT group_concat(quote(a) || b || quote(c) || quote(d)) FROM t),"
    " (SELECT group_concat(k || e || f) FROM u), (SELECT count(*) FROM w),"
    " (SELECT group_concat(name) FROM sqlite_schema)";

/* --- running ------------------------------------------------------------------------------------
 */
static int append_row(void *data, int columns, char **values, char **names)
{
    struct str *out = data;

    (void)names;
    for (int c = 0; c < columns; c++) {
        str_text(out, values[c] == NULL ? "NULL" : values[c]);
        str_char(out, '|');
    }
    str_char(out, '\n');
    return out->failed;
}

/* The rows of sql in out, as text; the result code. */
static int rows_of(stoa_db *db, const char *sql, struct str *out)
{
    str_clear(out);
    return stoa_exec(db, sql, append_row, out, NULL);
}

static bool same(const struct str *a, const struct str *b)
{
    return a->bytes == b->bytes && (a->bytes == 0 || memcmp(a->data, b->data, a->bytes) == 0);
}

static void check_rows(stoa_db *db, const char *sql, const struct str *expected, struct str *got,
                       const char *of, uint64_t n)
{
    int rc = rows_of(db, sql, got);

    if (rc != STOA_OK)
        fail_msg("after failure %llu of %s: %s: %s", (unsigned long long)n, of, sql,
                 stoa_errmsg(db));
    if (!same(expected, got))
        fail_msg("after failure %llu of %s: other rows: %.*s", (unsigned long long)n, of,
                 (int)got->bytes, got->data);
}

/* Fails the n-th allocation of sql for n = 1, 2, ..., more and more far apart, until there is no
 * n-th. */
static void sweep(stoa_db *db, const char *sql, bool forever, const char *check,
                  const struct str *expected)
{
    struct str     got, after;
    const uint64_t dense = forever ? DENSE_LASTING : DENSE;
    uint64_t       hits = 1;

    str_init(&got, NULL);
    str_init(&after, NULL);
    for (uint64_t n = 1; hits > 0; n += STRIDE + n / dense) {
        int rc;

        if (check != sql && stoa_exec(db, "SAVEPOINT s", NULL, NULL, NULL) != STOA_OK)
            fail_msg("SAVEPOINT before %llu of %s: %s", (unsigned long long)n, sql,
                     stoa_errmsg(db));
        str_clear(&got);
        str_reserve(&got, 100000); /* the row's texts are not what is tested here */
        memory_fail_at(n, forever);
        rc = rows_of(db, sql, &got);
        hits = memory_fail_hits();
        memory_fail_at(0, false);
        if (rc != STOA_OK && rc != STOA_NOMEM && !(rc == STOA_ABORT && got.failed))
            fail_msg("failure %llu of %s: code %d: %s", (unsigned long long)n, sql, rc,
                     stoa_errmsg(db));
        if (rc == STOA_OK && check == sql && !same(&got, expected))
            fail_msg("failure %llu of %s: wrong rows: %.*s", (unsigned long long)n, sql,
                     (int)got.bytes, got.data);
        if (check != sql && (stoa_exec(db, "ROLLBACK TO s", NULL, NULL, NULL) != STOA_OK ||
                             stoa_exec(db, "RELEASE s", NULL, NULL, NULL) != STOA_OK))
            fail_msg("ROLLBACK after %llu of %s: %s", (unsigned long long)n, sql, stoa_errmsg(db));
        check_rows(db, check, expected, &after, sql, n);
    }
    str_free(&got);
    str_free(&after);
}

static const char *only(void)
{
    const char *text = getenv("STOA_OOM_ONLY");

    return text == NULL ? "" : text;
}

static void every_failure_is_answered(bool forever)
{
    stoa_db   *db = open_with(setup);
    struct str expected;

    str_init(&expected, NULL);
    for (size_t s = 0; statements[s] != NULL; s++) {
        if (strstr(statements[s], only()) == NULL)
            continue;
        if (rows_of(db, statements[s], &expected) != STOA_OK)
            fail_msg("%s: %s", statements[s], stoa_errmsg(db));
        sweep(db, statements[s], forever, statements[s], &expected);
    }
    str_free(&expected);
    assert_int_equal(stoa_close(db), STOA_OK);
}

static void single_failures_in_queries(void **state)
{
    (void)state;
    every_failure_is_answered(false);
}

static void lasting_failures_in_queries(void **state)
{
    (void)state;
    every_failure_is_answered(true);
}

static void changes_are_undone(bool forever)
{
    struct str expected;
    stoa_db   *db = open_with(setup);

    str_init(&expected, NULL);
    assert_int_equal(rows_of(db, all_rows, &expected), STOA_OK);
    for (size_t s = 0; changes[s] != NULL; s++)
        if (strstr(changes[s], only()) != NULL)
            sweep(db, changes[s], forever, all_rows, &expected);
    str_free(&expected);
    assert_int_equal(stoa_close(db), STOA_OK);
}

static void single_failures_in_changes(void **state)
{
    (void)state;
    changes_are_undone(false);
}

static void lasting_failures_in_changes(void **state)
{
    (void)state;
    changes_are_undone(true);
}

/* --- the limit ----------------------------------------------------------------------------------
 */
/* Each needs far more than the limit. */
static const char *const hungry[] = {
    "SELECT value FROM generate_series(1, 30000000) ORDER BY -value LIMIT 1 OFFSET 20000000",
    "SELECT count(*) FROM (SELECT value, count(*) FROM generate_series(1, 30000000) GROUP BY "
    "value)",
    "SELECT count(DISTINCT value * 1.5) FROM generate_series(1, 30000000)",
    "SELECT count(*) FROM (SELECT DISTINCT 'x' || value FROM generate_series(1, 30000000))",
    "SELECT length(group_concat('some text ' || value)) FROM generate_series(1, 30000000)",
    "SELECT count(*) FROM generate_series(1, 10) a "
    "JOIN (SELECT value * 2 AS v, 'x' || value AS x FROM generate_series(1, 30000000)) b ON "
    "a.value = v "
    "AND x <> ''",
    "SELECT count(*) FROM (SELECT value FROM generate_series(1, 30000000) "
    "UNION SELECT -value FROM generate_series(1, 30000000))",
    "SELECT 5 IN (SELECT value FROM generate_series(1, 30000000))",
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION SELECT i + 1 FROM c) SELECT count(*) FROM c",
    "WITH x AS MATERIALIZED (SELECT value, value * 7919 AS v FROM generate_series(1, 30000000)) "
    "SELECT count(*) FROM x p JOIN x q ON p.v = q.value",
    "CREATE TABLE big AS SELECT value * 7919 % 1000003 AS x, 'y' || value * 31 AS y"
    " FROM generate_series(1, 30000000)",
    "INSERT INTO t(a, b) SELECT value, 'z' || value * 31 FROM generate_series(1, 30000000)",
    "SELECT length(zeroblob(900000000))",
    "SELECT length(printf('%900000000d', 1))",
    "SELECT length(replace(hex(zeroblob(1000000)), '0', hex(zeroblob(200))))",
    NULL};

static void the_limit_holds_in_every_operator(void **state)
{
    enum { LIMIT = 48 << 20 };
    struct str expected, got;
    stoa_db   *db = open_with(setup);
    int64_t    before;

    (void)state;
    str_init(&expected, NULL);
    str_init(&got, NULL);
    assert_int_equal(rows_of(db, "PRAGMA memory_limit = 50331648", &got), STOA_OK);
    assert_int_equal(rows_of(db, all_rows, &expected), STOA_OK);
    before = stoa_memory_used(db);
    for (size_t s = 0; hungry[s] != NULL; s++) {
        int64_t used;
        int     rc;

        if (strstr(hungry[s], only()) == NULL)
            continue;
        stoa_memory_peak(db, 1);
        rc = rows_of(db, hungry[s], &got);
        if (rc != STOA_NOMEM)
            fail_msg("%s: code %d: %s", hungry[s], rc, stoa_errmsg(db));
        assert_string_equal(stoa_errmsg(db), "out of memory");
        assert_true(stoa_memory_peak(db, 0) <= LIMIT);
        check_rows(db, all_rows, &expected, &got, hungry[s], 0);
        used = stoa_memory_used(db);
        if (used > before + (256 << 10)) /* what the database itself keeps ready for its next use */
            fail_msg("%s keeps %lld bytes", hungry[s], (long long)(used - before));
    }
    str_free(&expected);
    str_free(&got);
    assert_int_equal(stoa_close(db), STOA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(single_failures_in_queries),
        cmocka_unit_test(lasting_failures_in_queries),
        cmocka_unit_test(single_failures_in_changes),
        cmocka_unit_test(lasting_failures_in_changes),
        cmocka_unit_test(the_limit_holds_in_every_operator),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
