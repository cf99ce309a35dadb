/* test_explain.c - EXPLAIN QUERY PLAN's trees and EXPLAIN ANALYZE's numbers.
 *
 * Trees are compared without what stands in brackets; their shape, and the words where the same is
 * done, are those that sqlite3 3.53 prints (checked line by line when they were written). */
#include "tests/unit/api/api_help.h"

#include <stdio.h>
#include <string.h>

enum { TREE_CAP = 4000, LINES_MAX = 60 };

static const char schema[] =
    "CREATE TABLE t1(a INTEGER PRIMARY KEY, b INT, c TEXT, d REAL);"
    "CREATE TABLE t2(x INT, y INT, z TEXT);"
    "CREATE TABLE t3(p INT, q TEXT);"
    "CREATE VIEW v1 AS SELECT b, count(*) AS n FROM t1 GROUP BY b;"
    "CREATE VIEW v2 AS SELECT a, b FROM t1 WHERE b>3;"
    "CREATE VIEW v3 AS SELECT t1.a, t1.b, t2.y AS k FROM t1 JOIN t2 ON t1.b=t2.x;"
    "INSERT INTO t1(b, c, d) SELECT value%10, 'c'||value%7, value*1.5 FROM generate_series(1,1000);"
    "INSERT INTO t2 SELECT value%50, value%20, 'z'||value%9 FROM generate_series(1,500);"
    "INSERT INTO t3 SELECT value%13, 'q'||value%5 FROM generate_series(1,50);"
    "CREATE TABLE big AS SELECT value AS id, value%100 AS g, value*0.5 AS r"
    " FROM generate_series(1,300000);"
    "CREATE TABLE large(k INT, m INT);"
    "INSERT INTO large SELECT value%100, value FROM generate_series(1,50000);"
    "CREATE TABLE mixed(x);"
    "INSERT INTO mixed SELECT CASE value%2 WHEN 0 THEN value ELSE value||'a' END"
    " FROM generate_series(1,5000);";

/* --- trees -------------------------------------------------------------------------------------
 */
struct line {
    int id, depth;
};

/* The tree as lines, children two blanks to the right, brackets left out. */
static void tree(stoa_db *db, const char *sql, char text[TREE_CAP])
{
    char        explain[600];
    stoa_stmt  *stmt;
    struct line lines[LINES_MAX];
    int         count = 0;
    size_t      used = 0;

    (void)snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    stmt = prepare(db, explain);
    text[0] = '\0';
    while (stoa_step(stmt) == STOA_ROW) {
        const char *detail = stoa_column_text(stmt, 3), *bracket = strstr(detail, " [");
        int         depth = 0;

        assert_in_range(count, 0, LINES_MAX - 1);
        for (int i = 0; i < count; i++)
            if (lines[i].id == stoa_column_int(stmt, 1))
                depth = lines[i].depth + 1;
        lines[count++] = (struct line){stoa_column_int(stmt, 0), depth};
        used += (size_t)snprintf(text + used, TREE_CAP - used, "%*s%.*s\n", depth * 2, "",
                                 bracket == NULL ? (int)strlen(detail) : (int)(bracket - detail),
                                 detail);
        assert_in_range(used, 0, TREE_CAP - 1);
    }
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
}

static const struct {
    const char *sql, *tree;
} trees[] = {
    /* clang-format off */
    {"SELECT 1",
     "SCAN CONSTANT ROW\n"},
    {"SELECT 1 WHERE 2>1",
     "SCAN CONSTANT ROW\n"},
    {"SELECT * FROM t1",
     "SCAN t1\n"},
    {"SELECT a FROM t1 WHERE a=5",
     "SEARCH t1 USING INTEGER PRIMARY KEY (rowid=?)\n"},
    {"SELECT * FROM t1 AS m WHERE b>3 AND c='c1'",
     "SCAN m\n"},
    {"SELECT * FROM t1, t2",
     "SCAN t1\n"
     "SCAN t2 USING NESTED LOOP\n"
     "  SCAN t2\n"},
    {"SELECT * FROM t1 JOIN t2 ON t1.b=t2.x",
     "SCAN t1\n"
     "SEARCH t2 USING HASH TABLE (x=?)\n"
     "  SCAN t2\n"},
    {"SELECT * FROM t1 LEFT JOIN t2 ON t1.b=t2.x",
     "SCAN t1\n"
     "SEARCH t2 USING HASH TABLE (x=?) LEFT-JOIN\n"
     "  SCAN t2\n"},
    {"SELECT * FROM t1 RIGHT JOIN t2 ON t1.b=t2.x",
     "SCAN t1\n"
     "SEARCH t2 USING HASH TABLE (x=?)\n"
     "  SCAN t2\n"
     "RIGHT-JOIN t2\n"},
    {"SELECT * FROM t1 FULL JOIN t2 ON t1.b=t2.x",
     "SCAN t1\n"
     "SEARCH t2 USING HASH TABLE (x=?) LEFT-JOIN\n"
     "  SCAN t2\n"
     "RIGHT-JOIN t2\n"},
    {"SELECT * FROM t1 LEFT JOIN t2 ON t1.b<t2.x",
     "SCAN t1\n"
     "SEARCH t2 USING NESTED LOOP LEFT-JOIN\n"
     "  SCAN t2\n"},
    {"SELECT * FROM t1 LEFT JOIN t2 ON t1.b=t2.x LEFT JOIN t3 ON t2.y=t3.p",
     "SCAN t1\n"
     "SEARCH t2 USING HASH TABLE (x=?) LEFT-JOIN\n"
     "  SCAN t2\n"
     "SEARCH t3 USING HASH TABLE (p=?) LEFT-JOIN\n"
     "  SCAN t3\n"},
    {"SELECT (SELECT max(x) FROM t2)",
     "SCAN CONSTANT ROW\n"
     "SCALAR SUBQUERY 1\n"
     "  SCAN t2\n"},
    {"SELECT b,(SELECT max(x) FROM t2) FROM t1",
     "SCAN t1\n"
     "SCALAR SUBQUERY 1\n"
     "  SCAN t2\n"},
    {"SELECT b,(SELECT x FROM t2 WHERE y<t1.b LIMIT 1) FROM t1",
     "SCAN t1\n"
     "CORRELATED SCALAR SUBQUERY 1\n"
     "  SCAN t2\n"},
    {"SELECT b, b IN (SELECT x FROM t2) FROM t1",
     "SCAN t1\n"
     "LIST SUBQUERY 1\n"
     "  SCAN t2\n"},
    {"SELECT EXISTS(SELECT 1 FROM t2)",
     "SCAN CONSTANT ROW\n"
     "SCALAR SUBQUERY 1\n"
     "  SCAN t2\n"},
    {"SELECT * FROM (SELECT b,count(*) n FROM t1 GROUP BY b)",
     "CO-ROUTINE (subquery-1)\n"
     "  SCAN t1\n"
     "  USE HASH TABLE FOR GROUP BY\n"
     "SCAN (subquery-1)\n"},
    {"SELECT * FROM (SELECT b,count(*) n FROM t1 GROUP BY b) s WHERE n>2",
     "CO-ROUTINE s\n"
     "  SCAN t1\n"
     "  USE HASH TABLE FOR GROUP BY\n"
     "SCAN s\n"},
    {"SELECT * FROM (SELECT a,b FROM t1 WHERE b>2) WHERE a<10",
     "SCAN t1\n"},
    {"SELECT * FROM v1",
     "CO-ROUTINE v1\n"
     "  SCAN t1\n"
     "  USE HASH TABLE FOR GROUP BY\n"
     "SCAN v1\n"},
    {"SELECT * FROM v2",
     "SCAN t1\n"},
    {"SELECT a FROM t1 UNION SELECT x FROM t2",
     "COMPOUND QUERY\n"
     "  LEFT-MOST SUBQUERY\n"
     "    SCAN t1\n"
     "  UNION USING HASH TABLE\n"
     "    SCAN t2\n"},
    {"SELECT a FROM t1 UNION ALL SELECT x FROM t2",
     "COMPOUND QUERY\n"
     "  LEFT-MOST SUBQUERY\n"
     "    SCAN t1\n"
     "  UNION ALL\n"
     "    SCAN t2\n"},
    {"SELECT a FROM t1 INTERSECT SELECT x FROM t2",
     "COMPOUND QUERY\n"
     "  LEFT-MOST SUBQUERY\n"
     "    SCAN t1\n"
     "  INTERSECT USING HASH TABLE\n"
     "    SCAN t2\n"},
    {"SELECT a FROM t1 EXCEPT SELECT x FROM t2 ORDER BY 1",
     "COMPOUND QUERY\n"
     "  LEFT-MOST SUBQUERY\n"
     "    SCAN t1\n"
     "  EXCEPT USING HASH TABLE\n"
     "    SCAN t2\n"
     "USE SORTER FOR ORDER BY\n"},
    {"SELECT a FROM t1 UNION ALL SELECT x FROM t2 UNION SELECT p FROM t3",
     "COMPOUND QUERY\n"
     "  LEFT-MOST SUBQUERY\n"
     "    SCAN t1\n"
     "  UNION ALL\n"
     "    SCAN t2\n"
     "  UNION USING HASH TABLE\n"
     "    SCAN t3\n"},
    {"SELECT * FROM (SELECT a FROM t1 UNION ALL SELECT x FROM t2)",
     "COMPOUND QUERY\n"
     "  LEFT-MOST SUBQUERY\n"
     "    SCAN t1\n"
     "  UNION ALL\n"
     "    SCAN t2\n"},
    {"SELECT count(*) FROM t1",
     "SCAN t1\n"},
    {"SELECT b,count(*) FROM t1 GROUP BY b",
     "SCAN t1\n"
     "USE HASH TABLE FOR GROUP BY\n"},
    {"SELECT b,c,count(*) FROM t1 GROUP BY b,c ORDER BY 3 DESC",
     "SCAN t1\n"
     "USE HASH TABLE FOR GROUP BY\n"
     "USE SORTER FOR ORDER BY\n"},
    {"SELECT b,count(DISTINCT c) FROM t1 GROUP BY b",
     "SCAN t1\n"
     "USE HASH TABLE FOR GROUP BY\n"
     "USE HASH TABLE FOR count(DISTINCT)\n"},
    {"SELECT count(DISTINCT c) FROM t1",
     "USE HASH TABLE FOR count(DISTINCT)\n"
     "SCAN t1\n"},
    {"SELECT b,group_concat(c ORDER BY a) FROM t1 GROUP BY b",
     "SCAN t1\n"
     "USE HASH TABLE FOR GROUP BY\n"
     "USE SORTER FOR group_concat(ORDER BY)\n"},
    {"SELECT DISTINCT b FROM t1",
     "SCAN t1\n"
     "USE HASH TABLE FOR DISTINCT\n"},
    {"SELECT DISTINCT b,c FROM t1 ORDER BY c",
     "SCAN t1\n"
     "USE HASH TABLE FOR DISTINCT\n"
     "USE SORTER FOR ORDER BY\n"},
    {"SELECT * FROM t1 ORDER BY b",
     "SCAN t1\n"
     "USE SORTER FOR ORDER BY\n"},
    {"SELECT * FROM t1 ORDER BY b LIMIT 5",
     "SCAN t1\n"
     "USE TOP-N SORTER FOR ORDER BY\n"},
    {"SELECT * FROM t1 LIMIT 5",
     "SCAN t1\n"},
    {"WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n+1 FROM c WHERE n<10) SELECT * FROM c",
     "CO-ROUTINE c\n"
     "  SETUP\n"
     "    SCAN CONSTANT ROW\n"
     "  RECURSIVE STEP\n"
     "    SCAN c\n"
     "SCAN c\n"},
    {"SELECT a, sum(b) OVER (ORDER BY c) FROM t1",
     "SCAN t1\n"
     "USE SORTER FOR WINDOW\n"},
    {"VALUES(1,2),(3,4)",
     "SCAN 2-ROW VALUES CLAUSE\n"},
    {"VALUES(1,2)",
     "SCAN CONSTANT ROW\n"},
    {"SELECT * FROM (VALUES(1,2),(3,4)) v, t3",
     "SCAN 2-ROW VALUES CLAUSE\n"
     "SCAN t3 USING NESTED LOOP\n"
     "  SCAN t3\n"},
    {"SELECT * FROM t1 WHERE rowid=3",
     "SEARCH t1 USING INTEGER PRIMARY KEY (rowid=?)\n"},
    {"INSERT INTO t3 SELECT a,c FROM t1",
     "SCAN t1\n"},
    {"UPDATE t1 SET b=b+1 WHERE c='c1'",
     "SCAN t1\n"},
    {"UPDATE t1 SET b=(SELECT max(x) FROM t2) WHERE a=1",
     "SEARCH t1 USING INTEGER PRIMARY KEY (rowid=?)\n"
     "SCALAR SUBQUERY 1\n"
     "  SCAN t2\n"},
    {"DELETE FROM t1 WHERE b=3",
     "SCAN t1\n"},
    {"DELETE FROM t1", ""},
    {"INSERT INTO t3 VALUES(1,'a')", ""},
    {"INSERT INTO t3 VALUES(1,'a'),(2,'b')",
     "SCAN 2-ROW VALUES CLAUSE\n"},
    {"INSERT INTO t3 SELECT 1,2",
     "SCAN CONSTANT ROW\n"},
    {"SELECT CASE WHEN b IN (SELECT x FROM t2) THEN (SELECT max(p) FROM t3) END FROM t1",
     "SCAN t1\n"
     "LIST SUBQUERY 1\n"
     "  SCAN t2\n"
     "SCALAR SUBQUERY 2\n"
     "  SCAN t3\n"},
    {"SELECT * FROM t1 ORDER BY (SELECT max(x) FROM t2)",
     "SCAN t1\n"
     "SCALAR SUBQUERY 1\n"
     "  SCAN t2\n"
     "USE SORTER FOR ORDER BY\n"},
    {"SELECT b FROM t1 GROUP BY b HAVING sum(d)>(SELECT avg(x) FROM t2)",
     "SCAN t1\n"
     "USE HASH TABLE FOR GROUP BY\n"
     "SCALAR SUBQUERY 1\n"
     "  SCAN t2\n"},
    {"CREATE TABLE u AS SELECT b,count(*) FROM t1 GROUP BY b",
     "SCAN t1\n"
     "USE HASH TABLE FOR GROUP BY\n"},
    /* clang-format on */
};

/* What becomes part of the select around it, what stays a subquery, what follows from equalities.
 */
static const struct {
    const char *sql, *tree;
} rewritten[] = {
    /* clang-format off */
    {"SELECT * FROM v2 WHERE a=5",
     "SEARCH t1 USING INTEGER PRIMARY KEY (rowid=?)\n"},
    {"SELECT * FROM v3, t3 WHERE v3.k=t3.p AND v3.a=7",
     "SEARCH t1 USING INTEGER PRIMARY KEY (rowid=?)\n"
     "SEARCH t2 USING HASH TABLE (x=?)\n"
     "  SCAN t2\n"
     "SEARCH t3 USING HASH TABLE (p=?)\n"
     "  SCAN t3\n"},
    {"SELECT c FROM t1, (SELECT 5 AS k) s WHERE t1.a=s.k",
     "SEARCH t1 USING INTEGER PRIMARY KEY (rowid=?)\n"},
    {"SELECT s.k FROM t3 LEFT JOIN (SELECT x, y AS k FROM t2) s ON s.x=t3.p",
     "SCAN t3\n"
     "SEARCH t2 USING HASH TABLE (x=?) LEFT-JOIN\n"
     "  SCAN t2\n"},
    {"SELECT b FROM (SELECT b, c FROM t1 ORDER BY d) LIMIT 3",
     "SCAN t1\n"
     "USE TOP-N SORTER FOR ORDER BY\n"},
    {"SELECT b FROM (SELECT a, b FROM t1 ORDER BY d) ORDER BY b",
     "SCAN t1\n"
     "USE SORTER FOR ORDER BY\n"},
    {"SELECT b FROM (SELECT a, b FROM t1 ORDER BY d) ORDER BY a, b", "SCAN t1\n"},
    {"SELECT b FROM t1 ORDER BY rowid DESC",
     "SCAN t1\n"
     "USE SORTER FOR ORDER BY\n"},
    {"SELECT s.k FROM t3 LEFT JOIN (SELECT x, 1 AS k FROM t2) s ON s.x=t3.p",
     "SCAN t3\n"
     "SEARCH s USING HASH TABLE (x=?) LEFT-JOIN\n"
     "  SCAN t2\n"},
    {"SELECT s.b FROM (SELECT b FROM t1 ORDER BY b LIMIT 3) s, t3",
     "CO-ROUTINE s\n"
     "  SCAN t1\n"
     "  USE TOP-N SORTER FOR ORDER BY\n"
     "SCAN s\n"
     "SCAN t3 USING NESTED LOOP\n"
     "  SCAN t3\n"},
    {"WITH s AS MATERIALIZED (SELECT a, b FROM t1) SELECT * FROM s WHERE a=3",
     "MATERIALIZE s\n"
     "  SCAN t1\n"
     "SCAN s\n"},
    /* equalities that others imply: none is looked up twice, tables meet without the one between */
    {"SELECT * FROM t1, t2, t3 WHERE t1.b=t2.x AND t2.x=t3.p AND t3.p=t1.b",
     "SCAN t1\n"
     "SEARCH (join) USING HASH TABLE (x=?)\n"
     "  SCAN t2\n"
     "  SEARCH t3 USING HASH TABLE (p=?)\n"
     "    SCAN t3\n"},
    {"SELECT m FROM t2, large, t3 WHERE t2.x=k AND k=t3.p AND t2.y=3 AND t3.q='q1'",
     "SCAN large\n"
     "SEARCH (join) USING HASH TABLE (x=?)\n"
     "  SCAN t2\n"
     "  SEARCH t3 USING HASH TABLE (p=?)\n"
     "    SCAN t3\n"},
    /* clang-format on */
};

static void selects_are_rewritten(void **state)
{
    stoa_db *db = open_with(schema);
    char     text[TREE_CAP];

    (void)state;
    for (size_t i = 0; i < sizeof rewritten / sizeof rewritten[0]; i++) {
        tree(db, rewritten[i].sql, text);
        if (strcmp(text, rewritten[i].tree) != 0)
            fail_msg("%s\n%sinstead of\n%s", rewritten[i].sql, text, rewritten[i].tree);
    }
    stoa_close(db);
}

static void trees_are_sqlites(void **state)
{
    stoa_db *db = open_with(schema);
    char     text[TREE_CAP];

    (void)state;
    for (size_t i = 0; i < sizeof trees / sizeof trees[0]; i++) {
        tree(db, trees[i].sql, text);
        if (strcmp(text, trees[i].tree) != 0)
            fail_msg("%s\n%sinstead of\n%s", trees[i].sql, text, trees[i].tree);
    }
    stoa_close(db);
}

/* The first line whose text begins with `begin`, into text. */
static void detail_of(stoa_db *db, const char *sql, const char *begin, char text[TREE_CAP])
{
    stoa_stmt *stmt = prepare(db, sql);

    text[0] = '\0';
    while (stoa_step(stmt) == STOA_ROW)
        if (text[0] == '\0' && strncmp(stoa_column_text(stmt, 3), begin, strlen(begin)) == 0)
            (void)snprintf(text, TREE_CAP, "%s", stoa_column_text(stmt, 3));
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
}

static void brackets_tell_what_is_read(void **state)
{
    stoa_db *db = open_with(schema);
    char     text[TREE_CAP];

    (void)state;
    detail_of(db, "EXPLAIN QUERY PLAN SELECT g, sum(r) FROM big WHERE id>299000 GROUP BY g", "SCAN",
              text);
    assert_int_equal(strncmp(text, "SCAN big [300000 rows, ~", 24), 0);
    assert_non_null(strstr(text, "expected; reads id i32/i16, g i8, r dec32; where id > 299000; "
                                 "zone maps on id]"));
    detail_of(db, "EXPLAIN QUERY PLAN SELECT count(*) FROM big", "SCAN", text);
    assert_string_equal(text, "SCAN big [300000 rows; its row count is known]");
    detail_of(db, "EXPLAIN QUERY PLAN SELECT rowid FROM t2 WHERE x=(SELECT 1)", "SCAN t2", text);
    assert_non_null(strstr(text, "reads rowid, x; where x = (SELECT ...)"));
    detail_of(db,
              "EXPLAIN QUERY PLAN SELECT b, sum(d) FROM t1 GROUP BY b "
              "HAVING count(*)>3 AND sum(d)>b ORDER BY sum(d)+1",
              "USE", text);
    assert_non_null(strstr(text, "; sum(d), count(*); having count(*) > 3 AND sum(d) > b]"));
    detail_of(db, "EXPLAIN QUERY PLAN SELECT b FROM t1 GROUP BY b ORDER BY sum(d)+1", "USE SORTER",
              text);
    assert_string_equal(text, "USE SORTER FOR ORDER BY [sum(d) + 1]");
    detail_of(db, "EXPLAIN QUERY PLAN SELECT * FROM t1 WHERE b>3 AND ?1>2", "SCAN", text);
    assert_non_null(strstr(text, "; only if ?1 > 2]"));
    stoa_close(db);
}

/* --- EXPLAIN -----------------------------------------------------------------------------------
 */
/* Every statement of `trees`, and some that have no plan: each op has a comment, in which operands
 * are filled in. */
static void listings_have_comments(void **state)
{
    static const char *const more[] = {
        "CREATE TABLE u AS SELECT b, count(*) FROM t1 GROUP BY b",
        "CREATE TABLE n(a, b)",
        "CREATE VIEW w AS SELECT 1",
        "CREATE INDEX i ON t1(b)",
        "DROP TABLE t1",
        "BEGIN",
        "SAVEPOINT s",
        "COPY t1 TO 'file.csv'",
        "UPDATE t1 SET b=1 RETURNING *",
        "SELECT median(b), CAST(c AS INT) FROM t1 WHERE d IS NULL AND b>1 GROUP BY ROLLUP(b, c)",
        "SELECT sum(b) OVER (ORDER BY a ROWS 2 PRECEDING) FROM t1",
        "WITH RECURSIVE c(n) AS (SELECT 1 UNION SELECT n+1 FROM c ORDER BY 1) SELECT * FROM c",
        "PRAGMA table_info(t1)",
    };
    enum { TREES = sizeof trees / sizeof trees[0], MORE = sizeof more / sizeof more[0] };
    stoa_db *db = open_with(schema);
    char     explain[600];

    (void)state;
    for (size_t i = 0; i < TREES + MORE; i++) {
        stoa_stmt *stmt;

        (void)snprintf(explain, sizeof explain, "EXPLAIN %s",
                       i < TREES ? trees[i].sql : more[i - TREES]);
        stmt = prepare(db, explain);
        while (stoa_step(stmt) == STOA_ROW) {
            const char *comment = stoa_column_text(stmt, 7);

            if (comment[0] == '\0')
                fail_msg("%s: %s has no comment", explain, stoa_column_text(stmt, 1));
            for (const char *p = strchr(comment, 'P'); p != NULL; p = strchr(p + 1, 'P'))
                if (p[1] >= '1' && p[1] <= '5')
                    fail_msg("%s: %s has comment \"%s\"", explain, stoa_column_text(stmt, 1),
                             comment);
        }
        assert_int_equal(stoa_finalize(stmt), STOA_OK);
    }
    stoa_close(db);
}

/* --- EXPLAIN ANALYZE ---------------------------------------------------------------------------
 */
struct found {
    bool    is_there;
    int64_t rows; /* -1: NULL */
    char    notes[1000];
};

/* Runs sql; the first step whose detail begins with `begin`.  The times of all steps make up the
 * whole, which the last row says. */
static struct found step_of(stoa_db *db, const char *sql, const char *begin)
{
    char         explain[600];
    stoa_stmt   *stmt;
    struct found found = {.is_there = false};
    double       sum = 0, last = 0;
    int          steps = 0;

    (void)snprintf(explain, sizeof explain, "EXPLAIN ANALYZE %s", sql);
    stmt = prepare(db, explain);
    assert_int_equal(stoa_stmt_isexplain(stmt), 3);
    for (; stoa_step(stmt) == STOA_ROW; steps++) {
        const char *detail = stoa_column_text(stmt, 2);

        sum += last;
        last = stoa_column_double(stmt, 4);
        if (found.is_there || strncmp(detail, begin, strlen(begin)) != 0)
            continue;
        found.is_there = true;
        found.rows = stoa_column_type(stmt, 3) == STOA_NULL ? -1 : stoa_column_int64(stmt, 3);
        (void)snprintf(found.notes, sizeof found.notes, "%s", stoa_column_text(stmt, 6));
    }
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    if (sum > last + 0.001 || sum < last - 0.001 * (steps + 1))
        fail_msg("%s: steps took %f ms, all %f ms", sql, sum, last);
    if (!found.is_there)
        fail_msg("%s: no step %s", sql, begin);
    return found;
}

static void expect_rows(stoa_db *db, const char *sql, const char *begin, int64_t rows)
{
    struct found found = step_of(db, sql, begin);

    if (found.rows != rows)
        fail_msg("%s: %s has %lld rows", sql, begin, (long long)found.rows);
}

static void expect_note(stoa_db *db, const char *sql, const char *begin, const char *note)
{
    struct found found = step_of(db, sql, begin);

    if (strstr(found.notes, note) == NULL)
        fail_msg("%s: %s notes \"%s\"", sql, begin, found.notes);
}

static void rows_of_steps_are_true(void **state)
{
    stoa_db *db = open_with(schema);

    (void)state;
    expect_rows(db, "SELECT * FROM t1", "SCAN t1", 1000);
    expect_rows(db, "SELECT * FROM t1", "RESULT ROWS", 1000);
    expect_rows(db, "SELECT * FROM t1 WHERE b=3", "SCAN t1", 100);
    expect_rows(db, "SELECT * FROM t1 WHERE b=3 LIMIT 7", "RESULT ROWS", 7);
    expect_rows(db, "SELECT b, count(*) FROM t1 GROUP BY b", "USE HASH TABLE FOR GROUP BY", 10);
    expect_rows(db, "SELECT b FROM t1 GROUP BY b HAVING sum(d)>75000",
                "USE HASH TABLE FOR GROUP BY", 5);
    expect_rows(db, "SELECT DISTINCT b FROM t1", "USE HASH TABLE FOR DISTINCT", 10);
    expect_rows(db, "SELECT * FROM t1 ORDER BY d LIMIT 5", "USE TOP-N SORTER", 5);
    expect_rows(db, "SELECT * FROM t1 JOIN t2 ON t1.b=t2.x", "SEARCH t2", 10000);
    expect_rows(db, "SELECT * FROM t1 JOIN t2 ON t1.b=t2.x", "SCAN t2", 500);
    expect_rows(db, "SELECT a FROM t1 UNION ALL SELECT x FROM t2", "RESULT ROWS", 1500);
    expect_rows(db, "SELECT a FROM t1 UNION SELECT x FROM t2", "UNION", 1001);
    expect_rows(db, "SELECT count(*) FROM t1", "AGGREGATE", 1);
    expect_rows(db, "INSERT INTO t3 SELECT a, c FROM t1 WHERE b<5", "INSERT", 500);
    expect_rows(db, "UPDATE t3 SET q='x' WHERE p<=10", "UPDATE", 48);
    expect_rows(db, "DELETE FROM t3 WHERE q='x'", "DELETE", 48);
    expect_rows(db, "SELECT * FROM t3", "SCAN t3", 502);
    expect_rows(db, "CREATE TABLE u AS SELECT b, count(*) FROM t1 GROUP BY b", "CREATE TABLE", 10);
    expect_rows(db, "DELETE FROM t3 RETURNING p", "DELETE", 502);
    expect_rows(db, "DELETE FROM u", "DELETE", 10);
    stoa_close(db);
}

static void notes_name_tiers_and_kernels(void **state)
{
    stoa_db *db = open_with(schema);

    (void)state;
    expect_note(db, "SELECT sum(r) FROM big WHERE id>290000", "SCAN big",
                "batches skipped by zone maps");
    expect_note(db, "SELECT * FROM big", "SCAN big", "read 300000 rows");
    expect_note(db, "SELECT g, sum(r) FROM big GROUP BY g", "USE HASH TABLE FOR GROUP BY",
                "direct, ");
    expect_note(db, "SELECT g, sum(r) FROM big GROUP BY g", "USE HASH TABLE FOR GROUP BY",
                "AggStep(");
    expect_note(db, "SELECT * FROM t1 JOIN t2 ON t1.b=t2.x", "SEARCH t2", "build side: 500 rows");
    expect_note(db, "SELECT count(*) FROM mixed WHERE x+1>2", "SCAN mixed",
                "Add(const,any) cell by cell");
    expect_note(db, "SELECT b, (SELECT count(*) FROM t2 WHERE x<>t1.b) FROM t1",
                "CORRELATED SCALAR SUBQUERY", "ran 10 times");
    stoa_close(db);
}

static void verdict_says_where_the_time_went(void **state)
{
    stoa_db   *db = open_with(schema);
    stoa_stmt *stmt = prepare(db, "EXPLAIN ANALYZE SELECT g, sum(r) FROM big GROUP BY g");
    char       last[1000] = "";

    (void)state;
    while (stoa_step(stmt) == STOA_ROW)
        (void)snprintf(last, sizeof last, "%s", stoa_column_text(stmt, 2));
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    assert_non_null(strstr(last, " was spent in USE HASH TABLE FOR GROUP BY [g], most of it in "
                                 "AggStep("));
    assert_non_null(strstr(last, "; peak memory "));
    stmt = prepare(db, "EXPLAIN ANALYZE SELECT count(*) FROM t1, t2 WHERE b<x");
    while (stoa_step(stmt) == STOA_ROW)
        (void)snprintf(last, sizeof last, "%s", stoa_column_text(stmt, 2));
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    assert_non_null(strstr(last, "every pair of rows was looked at"));
    stoa_close(db);
}

static void verbose_lists_ops_and_parameters_are_bound(void **state)
{
    stoa_db   *db = open_with(schema);
    stoa_stmt *stmt =
        prepare(db, "EXPLAIN ANALYZE VERBOSE SELECT count(*) FROM t1 WHERE b = ?1 AND a > :from");
    bool found = false;

    (void)state;
    assert_int_equal(stoa_bind_parameter_count(stmt), 2);
    stoa_bind_int64(stmt, 1, 3);
    stoa_bind_int64(stmt, 2, 500);
    while (stoa_step(stmt) == STOA_ROW)
        if (strcmp(stoa_column_text(stmt, 1), "AggStep") == 0) {
            found = true;
            assert_int_equal(stoa_column_int64(stmt, 8), 50);
        }
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    assert_true(found);
    assert_int_equal(stoa_prepare(db, "EXPLAIN ANALYZE more SELECT 1", -1, &stmt, NULL),
                     STOA_ERROR);
    assert_string_equal(stoa_errmsg(db), "near \"more\": syntax error");
    stoa_close(db);
}

/* --- correlated subqueries for all rows --------------------------------------------------------
 */
static const struct {
    const char *sql, *tree;
} applies[] = {
    /* clang-format off */
    {"SELECT b IN (SELECT y FROM t2 WHERE x=a) FROM t1",
     "SCAN t1\n"
     "CORRELATED LIST SUBQUERY 1\n"
     "  SCAN t2\n"},
    {"SELECT (SELECT y FROM t2 WHERE x=b ORDER BY z LIMIT 1) FROM t1",
     "SCAN t1\n"
     "CORRELATED SCALAR SUBQUERY FOR ALL ROWS\n"
     "  SCAN parameters\n"
     "  SEARCH t2 USING HASH TABLE (x=?)\n"
     "    SCAN t2\n"
     "  USE SORTER FOR ORDER BY\n"},
    {"SELECT a FROM t1 ORDER BY EXISTS (SELECT 1 FROM t2 WHERE x=b GROUP BY y HAVING count(*)>1)",
     "SCAN t1\n"
     "CORRELATED EXISTS FOR ALL ROWS\n"
     "  SCAN parameters\n"
     "  SEARCH t2 USING HASH TABLE (x=?)\n"
     "    SCAN t2\n"
     "  USE HASH TABLE FOR GROUP BY\n"
     "USE SORTER FOR ORDER BY\n"},
    {"UPDATE t1 SET d=(SELECT max(y) FROM t2 WHERE x=b)",
     "SCAN t1\n"
     "CORRELATED SCALAR SUBQUERY FOR ALL ROWS\n"
     "  SCAN parameters\n"
     "  SEARCH t2 USING HASH TABLE (x=?)\n"
     "    SCAN t2\n"
     "  USE HASH TABLE FOR GROUP BY\n"},
    {"SELECT (SELECT max(random()) FROM t2 WHERE x=b) FROM t1", /* for each row */
     "SCAN t1\n"
     "CORRELATED SCALAR SUBQUERY 1\n"
     "  SCAN CONSTANT ROW\n"
     "  SEARCH t2 USING HASH TABLE (x=?)\n"
     "    SCAN t2\n"},
    /* clang-format on */
};

static void applies_are_listed(void **state)
{
    stoa_db *db = open_with(schema);
    char     text[TREE_CAP];

    (void)state;
    for (size_t i = 0; i < sizeof applies / sizeof *applies; i++) {
        tree(db, applies[i].sql, text);
        if (strcmp(text, applies[i].tree) != 0)
            fail_msg("%s\n%s--- expected\n%s", applies[i].sql, text, applies[i].tree);
    }
    assert_int_equal(stoa_close(db), STOA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_are_sqlites),
        cmocka_unit_test(selects_are_rewritten),
        cmocka_unit_test(applies_are_listed),
        cmocka_unit_test(brackets_tell_what_is_read),
        cmocka_unit_test(listings_have_comments),
        cmocka_unit_test(rows_of_steps_are_true),
        cmocka_unit_test(notes_name_tiers_and_kernels),
        cmocka_unit_test(verdict_says_where_the_time_went),
        cmocka_unit_test(verbose_lists_ops_and_parameters_are_bound),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
