/* test_hostile.c - statements made to break an engine: nested, long, wide, endless.  Each ends in
 * its answer, in a clear error or by an interrupt; within the memory limit and, on the stacks that
 * threads have, without overflow. */
#include "base/str.h" /* before cmocka.h, which makes fail a macro */
#include "tests/unit/api/api_help.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

enum { LIMIT_BYTES = 256 << 20, PATIENCE_MS = 100, ANSWER_MS = 1000 };

/* before, count times open, middle, count times close, after; owned by the caller. */
static char *nested(const char *before, const char *open, int count, const char *middle,
                    const char *close, const char *after)
{
    struct str out;
    char      *text;

    str_init(&out, NULL);
    str_text(&out, before);
    for (int i = 0; i < count; i++)
        str_text(&out, open);
    str_text(&out, middle);
    for (int i = 0; i < count; i++)
        str_text(&out, close);
    str_text(&out, after);
    text = strdup(str_end(&out));
    assert_non_null(text);
    str_free(&out);
    return text;
}

static stoa_db *open_filled(void)
{
    return open_with("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)");
}

/* --- a statement in a thread of its own
 * ----------------------------------------------------------- */
struct run {
    stoa_db    *db;
    const char *sql;
    int         rc;
    char        outcome[200]; /* the first value of the last row, or the error */
};

static int note_row(void *data, int columns, char **values, char **names)
{
    struct run *run = data;

    (void)columns;
    (void)names;
    snprintf(run->outcome, sizeof run->outcome, "%s", values[0] == NULL ? "NULL" : values[0]);
    return 0;
}

static void *run_here(void *data)
{
    struct run *run = data;
    char       *message = NULL;

    run->outcome[0] = '\0';
    run->rc = stoa_exec(run->db, run->sql, note_row, run, &message);
    if (run->rc != STOA_OK)
        snprintf(run->outcome, sizeof run->outcome, "%s", message == NULL ? "" : message);
    stoa_free(message);
    return NULL;
}

static void run_on_stack(struct run *run, size_t stack_bytes)
{
    pthread_attr_t attributes;
    pthread_t      thread;

    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, stack_bytes), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run_here, run), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}

/* --- nesting ------------------------------------------------------------------------------------
 */
static const struct nest {
    const char *before, *open, *middle, *close, *after;
    int         depth; /* so deep there is an answer on a stack of 1 MiB */
} nests[] = {
    {"SELECT ", "(SELECT ", "1", ")", "", 499},
    {"SELECT ", "(SELECT max(a) + ", "1", " FROM t)", "", 300},
    {"SELECT a FROM t WHERE a < ", "(SELECT max(a) + t.a FROM t x WHERE x.a < t.a + ", "1", ")", "",
     200},
    {"SELECT * FROM ", "(SELECT * FROM ", "t", ")", "", 600},
    {"SELECT * FROM ", "(SELECT a, count(*) FROM ", "t", " GROUP BY a)", "", 600},
    {"SELECT * FROM ", "(SELECT a, sum(a) OVER (ORDER BY a) FROM ", "t", " ORDER BY 1 LIMIT 5)", "",
     600},
    {"SELECT * FROM ", "(SELECT t.a FROM t JOIN ", "t", " USING (a))", "", 600},
    {"SELECT * FROM ", "(SELECT a FROM t UNION SELECT a FROM ", "t", ")", "", 400},
    {"SELECT * FROM ", "((SELECT a FROM t) LEFT JOIN ", "t", " USING (a))", "", 50},
    {"SELECT * FROM t WHERE ", "EXISTS (SELECT 1 FROM t x WHERE x.a = t.a AND ", "1", ")", "", 300},
    {"SELECT * FROM t WHERE ", "a IN (SELECT a FROM t x WHERE ", "1", ")", "", 400},
    {"SELECT ", "CASE WHEN 0 THEN 0 ELSE ", "1", " END", "", 600},
    {"SELECT ", "CASE WHEN ", "a", " THEN 1 END", " FROM t", 600},
    {"SELECT ", "(", "a", ")", " FROM t", 900},
    {"SELECT ", "- ", "a", "", " FROM t", 990},
    {"SELECT * FROM t WHERE ", "NOT ", "a", "", "", 990},
    {"SELECT ", "abs(", "a", ")", " FROM t", 700},
    {"SELECT ", "coalesce(NULL, ", "a", ")", " FROM t", 499},
    {"SELECT * FROM t WHERE ", "a BETWEEN 0 AND (", "1", ")", "", 499},
    {"SELECT * FROM t WHERE ", "a IN (", "1", ")", "", 700},
    {"SELECT * FROM t WHERE ", "(a = 1 OR a > 0 AND ", "1", ")", "", 400},
    {"SELECT a", " + a", "", "", " FROM t", 990},
    {"SELECT a", " || a", "", "", " FROM t", 990},
    {"SELECT a", " = a", "", "", " FROM t", 990},
    {"SELECT * FROM t WHERE a = 1", " OR a > 1", "", "", "", 990},
    {"SELECT * FROM t WHERE a > 0", " AND a > 0", "", "", "", 990},
    {"SELECT max(a + ", "abs(", "a", ")", ") FROM t", 700},
    {"", "WITH c AS (", "SELECT 1 AS x", ") SELECT * FROM c", "", 400},
    {"CREATE TABLE made(a DEFAULT ", "(", "1", "))", "", 1},
    {"SELECT a FROM t", " UNION SELECT a FROM t", "", "", "", 499},
    {"SELECT a FROM t", " UNION ALL SELECT a FROM t", "", "", "", 499},
    {"SELECT a FROM t", " EXCEPT SELECT a + 1 FROM t", "", "", "", 499},
    {"SELECT count(*) FROM t", " NATURAL JOIN t", "", "", "", 63},
    {"INSERT INTO t SELECT a FROM ", "(SELECT a FROM ", "t", ")", "", 600},
    {"UPDATE t SET a = ", "(SELECT max(a) + ", "1", " FROM t)", "", 300},
    {"DELETE FROM t WHERE ", "a > (SELECT max(a) + ", "1", " FROM t)", "", 300},
    {"EXPLAIN QUERY PLAN SELECT * FROM ", "(SELECT a FROM ", "t", " LIMIT 3)", "", 600},
    {"EXPLAIN SELECT a FROM t WHERE ", "a IN (SELECT a FROM t x WHERE ", "1", ")", "", 300},
};

static const char *const nest_refusals[] = {"statement is nested too deep",
                                            "Recursion limit",
                                            "too many terms in compound SELECT",
                                            "Expression tree is too large",
                                            "tables in a join",
                                            "too many FROM clause terms",
                                            "syntax error",
                                            "unrecognized token:"};

static bool is_refusal(const char *text)
{
    for (size_t i = 0; i < countof(nest_refusals); i++)
        if (strstr(text, nest_refusals[i]) != NULL)
            return true;
    return false;
}

static void run_nest(stoa_db *db, const struct nest *nest, int depth, size_t stack_bytes, bool must)
{
    char *sql = nested(nest->before, nest->open, depth, nest->middle, nest->close, nest->after);
    struct run run = {.db = db, .sql = sql};

    assert_int_equal(stoa_exec(db, "BEGIN", NULL, NULL, NULL), STOA_OK);
    run_on_stack(&run, stack_bytes);
    assert_int_equal(stoa_exec(db, "ROLLBACK", NULL, NULL, NULL), STOA_OK);
    if (run.rc != STOA_OK && (must || run.rc != STOA_ERROR || !is_refusal(run.outcome)))
        fail_msg("%s%s... %d deep on %zu KiB of stack: %s", nest->before, nest->open, depth,
                 stack_bytes >> 10, run.outcome);
    free(sql);
}

static void nests_are_answered_or_refused_on_any_stack(void **state)
{
    static const int depths[] = {20, 150, 380, 800, 2600, 100000};
    stoa_db         *db = open_filled();

    (void)state;
    for (size_t n = 0; n < countof(nests); n++) {
        if (!SANITIZED)
            run_nest(db, &nests[n], nests[n].depth, 1 << 20, true);
        run_nest(db, &nests[n], nests[n].depth, 16 << 20, !SANITIZED);
        for (size_t d = 0; d < countof(depths); d++) {
            run_nest(db, &nests[n], depths[d], 256 << 10, false);
            run_nest(db, &nests[n], depths[d], 1 << 20, false);
        }
    }
    assert_int_equal(stoa_close(db), STOA_OK);
}

/* Views multiply what one text may nest. */
static void views_of_views_are_refused_in_time(void **state)
{
    stoa_db *db = open_filled();
    char     sql[100];

    (void)state;
    assert_int_equal(stoa_exec(db, "CREATE VIEW v0 AS SELECT a FROM t", NULL, NULL, NULL), STOA_OK);
    for (int i = 1; i < 40; i++) {
        char *from, *create;

        snprintf(sql, sizeof sql, "v%d", i - 1);
        from = nested("", "(SELECT * FROM ", 100, sql, ")", "");
        snprintf(sql, sizeof sql, "CREATE VIEW v%d AS SELECT * FROM ", i);
        create = nested(sql, "", 0, from, "", "");
        /* CREATE VIEW looks at the select, and so it is refused at some depth */
        if (stoa_exec(db, create, NULL, NULL, NULL) != STOA_OK)
            assert_string_equal(stoa_errmsg(db), "statement is nested too deep");
        free(from);
        free(create);
        snprintf(sql, sizeof sql, "SELECT * FROM v%d", i);
        for (int k = 0; k < 2; k++) {
            struct run run = {.db = db, .sql = sql};

            run_on_stack(&run, k == 0 ? 256 << 10 : 4 << 20);
            if (run.rc != STOA_OK && strstr(run.outcome, "no such table") == NULL)
                assert_string_equal(run.outcome, "statement is nested too deep");
        }
    }
    assert_int_equal(stoa_close(db), STOA_OK);
}

/* --- the set
 * -------------------------------------------------------------------------------------- */
/* Says what a statement may end with: this text as its last row's first value or as its error. */
static const struct hostile {
    const char *before, *piece;
    int         count;
    const char *after, *outcome; /* "*": whatever, but soon after an interrupt */
} hostiles[] = {
    /* long chains: SQLite's bound is 1000 levels */
    {"SELECT 1", " OR 1", 50000, "", "Expression tree is too large (maximum depth 1000)"},
    {"SELECT 1", " AND 1", 50000, "", "Expression tree is too large (maximum depth 1000)"},
    {"SELECT 1", " + 1", 50000, "", "Expression tree is too large (maximum depth 1000)"},
    {"SELECT 1", " || 1", 50000, "", "Expression tree is too large (maximum depth 1000)"},
    {"SELECT count(*) FROM t WHERE a = 1", " OR a = 2", 50000, "",
     "Expression tree is too large (maximum depth 1000)"},
    {"SELECT 1", " UNION ALL SELECT 1", 20000, "", "too many terms in compound SELECT"},
    {"SELECT 1", " UNION SELECT 1", 20000, "", "too many terms in compound SELECT"},
    {"SELECT count(*) FROM (SELECT 1", " UNION ALL SELECT 1", 499, ")", "500"},
    /* wide */
    {"SELECT 1", ",1", 1999, "", "1"},
    {"SELECT 1", ",1", 2000, "", "too many columns in result set"},
    {"SELECT 1", ",1", 1000000, "", "too many columns in result set"},
    {"SELECT count(*) FROM t GROUP BY a", ",a", 2000, "", "too many terms in GROUP BY clause"},
    {"SELECT a FROM t ORDER BY a", ",a", 2000, "", "too many terms in ORDER BY clause"},
    {"SELECT sum(a) OVER (ORDER BY a", ",a", 2000, ") FROM t", "too many terms in ORDER BY clause"},
    {"SELECT group_concat(a ORDER BY a", ",a", 2000, ") FROM t",
     "too many terms in ORDER BY clause"},
    {"CREATE TABLE w(c", ",c", 2000, ")", "duplicate column name: c"},
    {"SELECT max(1", ",1", 999, ")", "1"},
    {"SELECT max(1", ",1", 1000, ")", "too many arguments on function max"},
    {"SELECT ?32766 IS NULL", "", 0, "", "1"},
    {"SELECT ?32767", "", 0, "", "variable number must be between ?1 and ?32766"},
    {"SELECT count(*) FROM (SELECT 1) WHERE 1 IN (?", ",?", 32765, ")", "0"},
    {"SELECT count(*) FROM (SELECT 1) WHERE 1 IN (?", ",?", 32766, ")", "too many SQL variables"},
    {"SELECT 5 IN (0", ",12345678", 100000, ")", "0"},
    {"SELECT count(*) FROM t WHERE a IN (0", ",a", 5000, ")", "2"},
    {"SELECT count(*) FROM (VALUES (0)", ",(1)", 100000, ")", "100001"},
    {"SELECT sum(CASE a WHEN 0 THEN 0", " WHEN 5 THEN 1", 5000, " ELSE 7 END) FROM t", "14"},
    {"WITH c AS (SELECT 1)", ", c AS (SELECT 1)", 1, " SELECT 1", "duplicate WITH table name: c"},
    {"SELECT sum(a)", ", sum(a + 1)", 1999, " FROM t", "3"},
    {"SELECT sum(a) OVER (ORDER BY a)", ", sum(a) OVER (ORDER BY a)", 300, " FROM t", "3"},
    {"SELECT (SELECT max(a) FROM t x WHERE x.a = t.a)",
     ", (SELECT max(a) FROM t x WHERE x.a = t.a)", 300, " FROM t", "2"},
    {"SELECT count(*) FROM t GROUP BY CUBE (a", ", a + 1", 30, ")", "too many grouping sets"},
    {"SELECT 1 WHERE 'x' LIKE '", "%", 50001, "'", "LIKE or GLOB pattern too complex"},
    /* joins */
    {"SELECT count(*) FROM t", " NATURAL JOIN t", 59, "", "2"},
    {"SELECT count(*) FROM t", ", t", 64, "", "at most 64 tables in a join"},
    {"SELECT count(*) FROM t", ", t", 5000, "", "too many FROM clause terms, max: 200"},
    {"SELECT count(*) FROM t", ", t", 59, "", "*"},
    {"SELECT count(*) FROM t", " LEFT JOIN t", 59, "", "*"},
    {"SELECT count(*) FROM t", " FULL JOIN t", 40, " ON 1", "*"},
    /* texts */
    {"SELECT length(printf('%.*c', 1000000000, 'x'))", "", 0, "", "out of memory"},
    {"SELECT length(printf('%.*c', 2000000000, 'x'))", "", 0, "", "string or blob too big"},
    {"SELECT length(printf('%2000000000d', 1))", "", 0, "", "string or blob too big"},
    {"SELECT length(printf('%.2000000000f', 1e300))", "", 0, "", "*"},
    {"SELECT length(printf('%s", "%90000d", 20000, "', 1))", "out of memory"},
    {"SELECT length(zeroblob(1000000001))", "", 0, "", "string or blob too big"},
    {"SELECT length(replace(hex(zeroblob(1000000)), '0', hex(zeroblob(1000))))", "", 0, "",
     "string or blob too big"},
    {"SELECT length(hex(zeroblob(30000000)) || hex(zeroblob(90000000)))", "", 0, "",
     "out of memory"},
    {"SELECT hex(zeroblob(20000000)) LIKE '", "%0", 5000, "1%'", "*"},
    {"SELECT hex(zeroblob(20000000)) GLOB '", "*0", 5000, "1*'", "*"},
    {"SELECT hex(zeroblob(20000000)) LIKE '", "%_", 5000, "1'", "*"},
    {"SELECT instr(hex(zeroblob(20000000)), substr(hex(zeroblob(10000000)), 1, 10000000) || '1')",
     "", 0, "", "*"},
    {"SELECT length('", "x", 5000000, "')", "5000000"},
    {"SELECT ", "/* */", 1000000, "1", "1"},
    {"", ";", 1000000, "SELECT 1", "1"},
    /* without end */
    {"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT max(i) FROM c", "", 0,
     "", "*"},
    {"WITH RECURSIVE c(i) AS (SELECT 1 UNION SELECT i + 1 FROM c) SELECT max(i) FROM c", "", 0, "",
     "*"},
    {"WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + x.a FROM c, t x) SELECT count(*) FROM "
     "c",
     "", 0, "", "*"},
    {"WITH RECURSIVE c(s) AS (SELECT 'x' UNION ALL SELECT s || s FROM c) SELECT max(length(s)) "
     "FROM c",
     "", 0, "", "*"},
    {"SELECT count(*) FROM generate_series(1, 9223372036854775807)", "", 0, "", "*"},
    {"SELECT count(*) FROM generate_series(1, 1000000000) a JOIN generate_series(1, 1000000000) b"
     " ON a.value + b.value < 0",
     "", 0, "", "*"},
    {"SELECT max(value) FROM generate_series(1, 1000000000) ORDER BY 1", "", 0, "", "*"},
    {"SELECT value FROM generate_series(1, 1000000000) ORDER BY -value", "", 0, "", "*"},
    {"SELECT count(*) FROM (SELECT DISTINCT value FROM generate_series(1, 1000000000))", "", 0, "",
     "*"},
    {"SELECT count(*) FROM (SELECT sum(value) OVER (ORDER BY -value) FROM generate_series(1, "
     "1000000000))",
     "", 0, "", "*"},
    {"CREATE TABLE made AS SELECT 'text ' || value * 7919 FROM generate_series(1, 1000000000)", "",
     0, "", "*"},
    {"INSERT INTO t SELECT value FROM generate_series(1, 1000000000)", "", 0, "", "*"},
    /* copies of copies */
    {"WITH c0 AS (SELECT 1 AS x), c1 AS (SELECT p.x FROM c0 p, c0 q), c2 AS (SELECT p.x FROM c1 p, "
     "c1 q),"
     " c3 AS (SELECT p.x FROM c2 p, c2 q), c4 AS (SELECT p.x FROM c3 p, c3 q),"
     " c5 AS (SELECT p.x FROM c4 p, c4 q), c6 AS (SELECT p.x FROM c5 p, c5 q),"
     " c7 AS (SELECT p.x FROM c6 p, c6 q), c8 AS (SELECT p.x FROM c7 p, c7 q),"
     " c9 AS (SELECT p.x FROM c8 p, c8 q), d0 AS (SELECT p.x FROM c9 p, c9 q),"
     " d1 AS (SELECT p.x FROM d0 p, d0 q), d2 AS (SELECT p.x FROM d1 p, d1 q),"
     " d3 AS (SELECT p.x FROM d2 p, d2 q), d4 AS (SELECT p.x FROM d3 p, d3 q),"
     " d5 AS (SELECT p.x FROM d4 p, d4 q), d6 AS (SELECT p.x FROM d5 p, d5 q),"
     " d7 AS (SELECT p.x FROM d6 p, d6 q), d8 AS (SELECT p.x FROM d7 p, d7 q),"
     " d9 AS (SELECT p.x FROM d8 p, d8 q), e0 AS (SELECT p.x FROM d9 p, d9 q) SELECT count(*) FROM "
     "e0",
     "", 0, "", "*"},
};

struct interrupter {
    stoa_db     *db;
    clockid_t    clock; /* processor time of the thread that runs the statement */
    _Atomic bool done;
    double       at_ms; /* on that clock, when it was interrupted; -1: not at all */
};

static double clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void *interrupt_when_due(void *data)
{
    struct interrupter *i = data;
    double              start = clock_ms(i->clock);

    while (!atomic_load(&i->done)) {
        double now = clock_ms(i->clock);

        if (now - start > PATIENCE_MS) {
            if (i->at_ms < 0)
                i->at_ms = now;
            stoa_interrupt(i->db);
        }
        usleep(500);
    }
    return NULL;
}

static void run_hostile(stoa_db *db, const struct hostile *hostile)
{
    char *sql = nested(hostile->before, hostile->piece, hostile->count, hostile->after, "", "");
    struct run         run = {.db = db, .sql = sql};
    struct interrupter interrupter = {.db = db, .at_ms = -1};
    bool               endless = strcmp(hostile->outcome, "*") == 0;
    pthread_t          thread;
    double             late;

    assert_int_equal(stoa_exec(db, "BEGIN", NULL, NULL, NULL), STOA_OK);
    stoa_memory_peak(db, 1);
    assert_int_equal(pthread_getcpuclockid(pthread_self(), &interrupter.clock), 0);
    if (endless)
        assert_int_equal(pthread_create(&thread, NULL, interrupt_when_due, &interrupter), 0);
    run_here(&run);
    late = clock_ms(interrupter.clock) - interrupter.at_ms;
    atomic_store(&interrupter.done, true);
    if (endless)
        pthread_join(thread, NULL);
    if (interrupter.at_ms >= 0 && late > ANSWER_MS)
        fail_msg("%.0f ms after an interrupt: %.200s", late, sql);
    if (!endless && strcmp(run.outcome, hostile->outcome) != 0)
        fail_msg("%.200s: %s", sql, run.outcome);
    if (run.rc != STOA_OK && run.outcome[0] == '\0')
        fail_msg("%.200s: code %d without a word", sql, run.rc);
    if (stoa_memory_peak(db, 0) > LIMIT_BYTES)
        fail_msg("%.200s: %lld bytes", sql, (long long)stoa_memory_peak(db, 0));
    if (stoa_get_autocommit(db) == 0)
        assert_int_equal(stoa_exec(db, "ROLLBACK", NULL, NULL, NULL), STOA_OK);
    free(sql);
}

static void hostile_statements_end(void **state)
{
    const char *only = getenv("STOA_HOSTILE_ONLY");
    stoa_db    *db = open_filled();
    struct run  last = {.db = db, .sql = "SELECT sum(a) FROM t"};

    (void)state;
    assert_int_equal(stoa_exec(db, "PRAGMA memory_limit = 268435456", NULL, NULL, NULL), STOA_OK);
    for (size_t h = 0; h < countof(hostiles); h++)
        if (only == NULL || strstr(hostiles[h].before, only) != NULL)
            run_hostile(db, &hostiles[h]);
    run_here(&last);
    assert_string_equal(last.outcome, "3");
    assert_int_equal(stoa_close(db), STOA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nests_are_answered_or_refused_on_any_stack),
        cmocka_unit_test(views_of_views_are_refused_in_time),
        cmocka_unit_test(hostile_statements_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
