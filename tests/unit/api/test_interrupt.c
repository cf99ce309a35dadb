/* test_interrupt.c - every long piece of work stops soon after stoa_interrupt and asks the progress
 * handler all along.
 *
 * STOA_INTERRUPT_ROUNDS=n interrupts each statement at n random times instead of three fixed ones
 * and prints the longest answer of each; STOA_INTERRUPT_ONLY=text chooses statements. */
#include "stoa.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/str.h" /* before cmocka.h, which makes fail a macro */

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ANSWER_MS = 500, SLOW = 1 };
#elif defined(NDEBUG)
enum { ANSWER_MS = 100, SLOW = 0 };
#else
enum { ANSWER_MS = 300, SLOW = 1 };
#endif

/* Waits between the start of a statement and the interrupt: what a statement is at differs. */
static const int waits_ms[] = {30, 250, 800};

static double clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void run(stoa_db *db, const char *sql)
{
    char *message = NULL;

    if (stoa_exec(db, sql, NULL, NULL, &message) != STOA_OK)
        fail_msg("%s: %s", sql, message);
}

/* --- the other thread ---------------------------------------------------------------------------
 */
struct interrupter {
    stoa_db  *db;
    int       wait_ms;
    clockid_t clock; /* processor time of the thread that runs the statement: what else the
                        machine is busy with does not count */
    _Atomic bool done;
    double       first_ms; /* on that clock, when it was interrupted first; -1: not at all */
};

static void *interrupt_until_done(void *data)
{
    struct interrupter *i = data;
    double              start = clock_ms(i->clock);

    while (!atomic_load(&i->done)) {
        double now = clock_ms(i->clock);

        if (now - start >= i->wait_ms) {
            if (i->first_ms < 0)
                i->first_ms = now;
            stoa_interrupt(i->db);
        }
        usleep(1000);
    }
    return NULL;
}

/* Runs sql with an interrupt after wait_ms; how long it took to answer, -1 if it was done before.
 */
static double answer_ms(stoa_db *db, const char *sql, int wait_ms, int *rc)
{
    struct interrupter interrupter = {.db = db, .wait_ms = wait_ms, .first_ms = -1};
    pthread_t          thread;
    double             end;

    assert_int_equal(pthread_getcpuclockid(pthread_self(), &interrupter.clock), 0);
    assert_int_equal(pthread_create(&thread, NULL, interrupt_until_done, &interrupter), 0);
    *rc = stoa_exec(db, sql, NULL, NULL, NULL);
    end = clock_ms(interrupter.clock);
    atomic_store(&interrupter.done, true);
    pthread_join(thread, NULL);
    return interrupter.first_ms < 0 ? -1 : end - interrupter.first_ms;
}

/* --- statements ---------------------------------------------------------------------------------
 */
/* text repeated count times, between others; owned by the caller. */
static char *repeated(const char *before, const char *text, size_t count, const char *after)
{
    struct str out;

    str_init(&out, NULL);
    str_text(&out, before);
    for (size_t i = 0; i < count; i++)
        str_text(&out, text);
    str_text(&out, after);
    assert_non_null(str_end(&out));
    return out.data;
}

static const char *const statements[] = {
    /* sorts: numbers, texts, mixed keys, many keys */
    "SELECT * FROM n ORDER BY b DESC LIMIT 1 OFFSET 900000",
    "SELECT * FROM n ORDER BY t LIMIT 1 OFFSET 900000",
    "SELECT * FROM n ORDER BY t COLLATE NOCASE, a LIMIT 1 OFFSET 900000",
    "SELECT * FROM n ORDER BY CASE WHEN a % 3 THEN t ELSE b END LIMIT 1 OFFSET 900000",
    "SELECT * FROM n ORDER BY b % 10, t, a LIMIT 1 OFFSET 900000",
    "SELECT * FROM big ORDER BY v DESC LIMIT 1 OFFSET 3000000",
    /* groups, sets, distinct */
    "SELECT count(*) FROM (SELECT b, count(*), sum(a) FROM n GROUP BY b)",
    "SELECT count(*) FROM (SELECT t, count(*) FROM n GROUP BY t)",
    "SELECT count(*) FROM (SELECT t, b, max(a) FROM n GROUP BY t, b)",
    "SELECT count(*) FROM (SELECT v, count(*) FROM big GROUP BY v)",
    "SELECT count(*) FROM (SELECT DISTINCT v, v % 1000 FROM big)",
    "SELECT count(DISTINCT t), count(DISTINCT b) FROM n", "SELECT length(group_concat(t)) FROM n",
    "SELECT count(*) FROM (SELECT v FROM big UNION SELECT v + 1 FROM big)",
    "SELECT count(*) FROM (SELECT v FROM big EXCEPT SELECT v + 1 FROM big)",
    "SELECT count(*) FROM big WHERE v IN (SELECT v * 2 FROM big)",
    /* joins */
    "SELECT count(*) FROM big x JOIN big y ON x.v = y.v",
    "SELECT count(*) FROM big x JOIN big y ON x.v % 100000 = y.v % 100000",
    "SELECT count(*) FROM n x LEFT JOIN n y ON x.t = y.t",
    "SELECT count(*) FROM n x, n y WHERE x.b * y.b = 7",
    "SELECT count(*) FROM n x JOIN n y ON x.b < y.b",
    "SELECT count(*) FROM n x FULL JOIN n y ON x.b = -y.b",
    "SELECT count(*) FROM n x WHERE EXISTS (SELECT 1 FROM n y WHERE y.b > x.b + 1000000)",
    "SELECT sum((SELECT count(*) FROM n y WHERE y.b < x.b)) FROM n x",
    /* windows: sorting, bounds, frames, every kind of call, and reading the rows */
    "SELECT max(k) FROM (SELECT row_number() OVER (PARTITION BY b % 10 ORDER BY t, a) AS k FROM n)",
    "SELECT max(k + l) FROM (SELECT rank() OVER w AS k, ntile(7) OVER w AS l FROM big WINDOW w AS "
    "(ORDER BY v DESC))",
    "SELECT sum(s) FROM (SELECT sum(v) OVER (ORDER BY v ROWS BETWEEN 100 PRECEDING AND 7 "
    "FOLLOWING) "
    "AS s FROM big)",
    "SELECT sum(s) FROM (SELECT sum(v * 0.5) OVER (ORDER BY v ROWS BETWEEN 100 PRECEDING AND 7 "
    "FOLLOWING) AS s FROM big)",
    "SELECT max(s) FROM (SELECT max(t) OVER (ORDER BY a ROWS BETWEEN 1000 PRECEDING AND 5 "
    "FOLLOWING) "
    "AS s FROM n)",
    "SELECT max(s) FROM (SELECT total(b) OVER (ORDER BY b RANGE BETWEEN 9 PRECEDING AND 9 "
    "FOLLOWING "
    "EXCLUDE TIES) AS s FROM n)",
    "SELECT max(s) FROM (SELECT group_concat(t, b) OVER (ORDER BY a ROWS 3 PRECEDING) AS s FROM n)",
    "SELECT max(s), max(u) FROM (SELECT lag(v, 2, 7) OVER (ORDER BY v) AS s, nth_value(v, 3) OVER "
    "(ORDER BY v GROUPS 5 PRECEDING) AS u FROM big)",
    "SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY v % 1000003 ORDER BY v) AS k "
    "FROM "
    "big) WHERE k <= 2",
    /* no end */
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT count(*) FROM c",
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION SELECT (i + 1) % 100000000 FROM c) SELECT max(i) FROM "
    "c",
    "SELECT sum(value) FROM generate_series(1, 100000000000)",
    "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b "
    "WHERE a.value + b.value = 7",
    /* long texts */
    "SELECT hex(zeroblob(50000000)) LIKE '%0%0%0%0%0%0%0%0%0%1%'",
    "SELECT hex(zeroblob(50000000)) LIKE '%' || substr(hex(zeroblob(10000)), 1, 20000) || '1%'",
    "SELECT hex(zeroblob(50000000)) LIKE '%' || substr(hex(zeroblob(10000)), 1, 20000) || '_1'",
    "SELECT hex(zeroblob(50000000)) GLOB '*' || substr(hex(zeroblob(10000)), 1, 20000) || '[1]*'",
    "SELECT length(replace(hex(zeroblob(50000000)), '0', '123'))",
    "SELECT length(replace(hex(zeroblob(50000000)), '01', '123'))",
    "SELECT instr(hex(zeroblob(50000000)), '0000000000000001')",
    "SELECT length(printf('%.*c', 900000000, 'x'))", "SELECT length(printf('%,.900000000d', 1))",
    "SELECT length(quote(zeroblob(50000000)))", "SELECT length(upper(hex(zeroblob(50000000))))",
    "SELECT levenshtein(substr(hex(zeroblob(10000)), 1, 9999), substr(hex(zeroblob(10000)), 1, "
    "9999))"
    " FROM generate_series(1, 1000)",
    "SELECT sum(length(printf('%.*c', value, 'x'))) FROM generate_series(1, 10000000)",
    "SELECT count(*) FROM n WHERE t || t LIKE '%1%2%3%4%' AND t GLOB '*1*2*3*'",
    /* changes */
    "CREATE TABLE made AS SELECT v, v + 1, v % 7 FROM big", "CREATE UNIQUE INDEX made ON big(v, w)",
    "CREATE INDEX made ON n(t)", "INSERT INTO big SELECT v, w FROM big",
    "INSERT INTO keyed SELECT v * 1000003 % 100000007 FROM big", "DELETE FROM big WHERE v % 2",
    "UPDATE big SET v = v + 1 WHERE v % 2", "UPDATE big SET v = v + 1", "COPY n TO '/dev/null'",
    "COPY n FROM 'test_interrupt.csv' (HEADER true)",
    "SELECT count(*) FROM read_csv('test_interrupt.csv') WHERE b < 0",
    "INSERT INTO n SELECT * FROM n ORDER BY t", "INSERT OR REPLACE INTO keyed SELECT v FROM big",
    "DELETE FROM n WHERE t LIKE '%7%' AND b IN (SELECT v FROM big)",
    "UPDATE n SET t = t || '!', b = (SELECT count(*) FROM big WHERE v = n.b)",
    "UPDATE n SET t = t || t RETURNING a", "CREATE UNIQUE INDEX made ON n(t, b, a)",
    "CREATE UNIQUE INDEX made ON n(t COLLATE NOCASE, a DESC)",
    "CREATE TABLE made(x TEXT UNIQUE, y); INSERT INTO made SELECT t || '-' || a, b FROM n",
    /* windows */
    "SELECT count(*) FROM (SELECT sum(a) OVER (ORDER BY b) FROM n)",
    "SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY t ORDER BY b) FROM n)",
    "SELECT max(s) FROM (SELECT sum(a) OVER (ORDER BY b RANGE BETWEEN 1000 PRECEDING AND 1000 "
    "FOLLOWING"
    " EXCLUDE CURRENT ROW) AS s FROM n)",
    "SELECT max(s) FROM (SELECT max(t) OVER (ORDER BY a ROWS BETWEEN 5000 PRECEDING AND 5000 "
    "FOLLOWING)"
    " AS s FROM n)",
    "SELECT max(s) FROM (SELECT count(t) FILTER (WHERE b > 5) OVER (ORDER BY a) AS s FROM "
    "n)",
    "SELECT max(length(s)) FROM (SELECT group_concat(t) OVER (ORDER BY a ROWS 100 PRECEDING) AS s "
    "FROM n)",
    "SELECT max(s) FROM (SELECT median(b) OVER (ORDER BY a ROWS 1000 PRECEDING) AS s FROM n)",
    "SELECT max(s) FROM (SELECT lag(t, 3) OVER (PARTITION BY b % 10 ORDER BY t DESC) AS s FROM n)",
    "SELECT max(s) FROM (SELECT ntile(7) OVER (ORDER BY t), cume_dist() OVER (ORDER BY b) AS s "
    "FROM n)",
    "SELECT a FROM n ORDER BY row_number() OVER (ORDER BY t), sum(b) OVER (ORDER BY b, a) LIMIT 1",
    /* aggregates that keep values */
    "SELECT median(b), mode(t), quantile(b, 0.3) FROM n",
    "SELECT max(m) FROM (SELECT t, median(a) AS m FROM n GROUP BY t)",
    "SELECT length(histogram(t)), approx_count_distinct(t), entropy(b), mad(b) FROM n",
    "SELECT length(string_agg(t, ',' ORDER BY b DESC, t)) FROM n",
    "SELECT max(length(s)) FROM (SELECT string_agg(t, ',' ORDER BY t) AS s FROM n GROUP BY b % "
    "1000)",
    "SELECT count(*) FROM (SELECT t, b, a, count(*) FROM n GROUP BY CUBE (t, b, a))",
    "SELECT count(*) FROM (SELECT DISTINCT ON (t) a, b, t FROM n ORDER BY t, b DESC)",
    "SELECT count(*) FROM n TABLESAMPLE 50 PERCENT ORDER BY t", "SUMMARIZE n",
    "SELECT b, count(DISTINCT t), group_concat(DISTINCT t) FROM n GROUP BY b % 7",
    "SELECT count(*) FROM (SELECT v, w FROM big INTERSECT SELECT w, v FROM big ORDER BY 2, 1)",
    "SELECT count(*) FROM (SELECT a, t FROM n UNION SELECT b, t FROM n)",
    /* joins that find nothing, or all */
    "SELECT count(*) FROM n x LEFT JOIN n y ON x.t = y.t AND x.b < y.b - 10000000",
    "SELECT count(*) FROM n x RIGHT JOIN n y ON x.t LIKE y.t || '%'",
    "SELECT count(*) FROM n x JOIN n y ON x.t = y.t JOIN n z ON z.b = x.b AND z.a > y.a",
    "SELECT count(*) FROM n x FULL JOIN n y ON x.t = y.t AND x.a <> y.a WHERE x.a IS NULL OR y.a "
    "IS NULL",
    "SELECT count(*) FROM n x CROSS JOIN n y CROSS JOIN n z",
    "SELECT count(*) FROM n x, generate_series(1, x.b) g WHERE g.value < 0",
    "SELECT count(*) FROM n WHERE (b, t) NOT IN (SELECT a, t || 'x' FROM n)",
    "SELECT count(*) FROM n WHERE t NOT IN (SELECT t || t FROM n)",
    "SELECT max((SELECT group_concat(y.t) FROM n y WHERE y.b = x.b AND y.t > x.t)) FROM n x",
    /* functions over long texts, one call a statement */
    "SELECT length(substr(hex(zeroblob(50000000)), -40000000)), "
    "length(trim(hex(zeroblob(50000000)), '0'))",
    "SELECT length(reverse(hex(zeroblob(50000000))))",
    "SELECT length(lpad('x', 90000000, 'abc')), length(rpad('x', 90000000, 'abc'))",
    "SELECT unhex(hex(zeroblob(50000000))) = zeroblob(50000000)",
    "SELECT length(CAST(hex(zeroblob(50000000)) AS INTEGER)), CAST(hex(zeroblob(50000000)) AS "
    "REAL)",
    "SELECT CAST(replace(hex(zeroblob(30000000)), '0', '7') AS REAL) + "
    "replace(hex(zeroblob(30000000)), '0', '1')",
    "SELECT hex(zeroblob(50000000)) COLLATE NOCASE = hex(zeroblob(50000000))",
    "SELECT hex(zeroblob(50000000)) COLLATE RTRIM < hex(zeroblob(49999999)) || '1'",
    "SELECT max(hex(zeroblob(50000000)), hex(zeroblob(50000000)) || '1') > '1'",
    "SELECT split_part(hex(zeroblob(50000000)), '1', 2), contains(hex(zeroblob(50000000)), "
    "'00001')",
    "SELECT length(concat(hex(zeroblob(50000000)), hex(zeroblob(50000000))))",
    "SELECT length(lower(hex(zeroblob(50000000)))), length(ltrim(hex(zeroblob(50000000)), '01'))",
    "SELECT length(hex(hex(zeroblob(50000000)))), unicode(hex(zeroblob(50000000)))",
    "SELECT length(printf('%q %Q %w', hex(zeroblob(20000000)), hex(zeroblob(20000000)), "
    "hex(zeroblob(20000000))))",
    "SELECT count(*) FROM n GROUP BY t || hex(zeroblob(2000))",
    "SELECT DISTINCT hex(zeroblob(30000)) || b FROM n LIMIT 1 OFFSET 90000",
    "SELECT date('2024-01-01', '+' || b || ' days'), strftime('%Y %j %W', b) FROM n", NULL};

static void setup(stoa_db *db)
{
    run(db, SLOW ? "CREATE TABLE n AS SELECT value AS a, value * 7919 % 100003 AS b,"
                   " 'text ' || (value * 7919 % 100003) AS t FROM generate_series(1, 200000)"
                 : "CREATE TABLE n AS SELECT value AS a, value * 7919 % 1000003 AS b,"
                   " 'text ' || (value * 7919 % 1000003) AS t FROM generate_series(1, 1000000)");
    run(db, SLOW ? "CREATE TABLE big AS SELECT value * 1000003 % 100000007 AS v, value AS w"
                   " FROM generate_series(1, 500000)"
                 : "CREATE TABLE big AS SELECT value * 1000003 % 100000007 AS v, value AS w"
                   " FROM generate_series(1, 5000000)");
    run(db, "CREATE TABLE keyed(k INTEGER PRIMARY KEY)");
    run(db, "COPY n TO 'test_interrupt.csv' (HEADER true)");
}

/* Before the next interrupt of a statement, which is done in no more than longest_ms. */
static int next_wait(int round, int rounds, int longest_ms)
{
    return rounds == 0 ? waits_ms[round] : rand() % longest_ms;
}

static void every_statement_answers_an_interrupt(void **state)
{
    const char *only = getenv("STOA_INTERRUPT_ONLY"),
               *rounds_text = getenv("STOA_INTERRUPT_ROUNDS");
    int      rounds = rounds_text == NULL ? 0 : atoi(rounds_text);
    stoa_db *db;
    int      late = 0;

    (void)state;
    assert_int_equal(stoa_open(":memory:", &db), STOA_OK);
    run(db, "PRAGMA memory_limit = 4000000000");
    setup(db);
    for (size_t s = 0; statements[s] != NULL; s++) {
        double longest = 0;
        int    longest_wait = 0, range_ms = 1500;

        if (only != NULL && strstr(statements[s], only) == NULL)
            continue;
        for (int round = 0; round < (rounds == 0 ? (int)countof(waits_ms) : rounds); round++) {
            int    wait_ms = next_wait(round, rounds, range_ms), rc;
            double ms;

            run(db, "BEGIN");
            ms = answer_ms(db, statements[s], wait_ms, &rc);
            if (stoa_get_autocommit(db) == 0)
                run(db, "ROLLBACK");
            if (rc != STOA_OK && rc != STOA_INTERRUPT && rc != STOA_NOMEM && rc != STOA_TOOBIG)
                fail_msg("code %d: %s: %s", rc, statements[s], stoa_errmsg(db));
            if (ms > longest) {
                longest = ms;
                longest_wait = wait_ms;
            }
            if (ms < 0 && rounds == 0)
                break;
            if (ms < 0 && range_ms > wait_ms && wait_ms > 5)
                range_ms = wait_ms; /* it was done before */
        }
        if (longest > ANSWER_MS || rounds > 0)
            print_message("%.1f ms after %d: %s\n", longest, longest_wait, statements[s]);
        late += longest > ANSWER_MS;
    }
    unlink("test_interrupt.csv");
    stoa_close(db);
    assert_int_equal(late, 0);
}

/* --- texts that take long to compile
 * -------------------------------------------------------------- */
static void compiling_answers_an_interrupt(void **state)
{
    struct {
        char *sql;
    } texts[] = {
        {repeated("SELECT count(*) FROM n WHERE b IN (0", ",a", 100000, ")")},
        {repeated("SELECT count(*) FROM n WHERE b IN (0", ",12345678", 200000, ")")},
        {repeated("SELECT 1", " UNION ALL SELECT 1", 400, "")},
        {repeated("SELECT count(*) FROM n WHERE b = 1", " OR b = a + 1", 900, "")},
        {repeated("SELECT count(*) FROM n", ", n", 60, " WHERE 0")},
        {repeated("SELECT * FROM (VALUES (0)", ",(1 + 2)", 100000, ")")},
        {repeated("SELECT 1 ", "/* */ ", 5000000, ";")},
    };
    stoa_db *db;
    int      late = 0;

    (void)state;
    assert_int_equal(stoa_open(":memory:", &db), STOA_OK);
    setup(db);
    for (size_t t = 0; t < countof(texts); t++) {
        for (size_t w = 0; w < 3; w++) {
            int    rc;
            double ms = answer_ms(db, texts[t].sql, waits_ms[w], &rc);

            if (ms > ANSWER_MS) {
                print_message("%.0f ms after %d: %.60s\n", ms, waits_ms[w], texts[t].sql);
                late++;
            }
            if (ms < 0)
                break;
        }
        free(texts[t].sql);
    }
    stoa_close(db);
    assert_int_equal(late, 0);
}

/* --- the progress handler
 * -------------------------------------------------------------------------- */
struct pace {
    double last_ms, longest_ms;
    int    calls;
};

static int note_pace(void *data)
{
    struct pace *pace = data;
    double       now = clock_ms(CLOCK_THREAD_CPUTIME_ID);

    if (pace->calls++ > 0 && now - pace->last_ms > pace->longest_ms)
        pace->longest_ms = now - pace->last_ms;
    pace->last_ms = now;
    return 0;
}

static void progress_is_called_all_along(void **state)
{
    static const char *const texts[] = {
        "SELECT * FROM n ORDER BY t COLLATE NOCASE, a LIMIT 1 OFFSET 100000",
        "SELECT * FROM big ORDER BY v DESC LIMIT 1 OFFSET 300000",
        "SELECT count(*) FROM big x JOIN big y ON x.v % 100000 = y.v % 100000",
        "SELECT count(*) FROM (SELECT v, count(*) FROM big GROUP BY v)",
        "SELECT hex(zeroblob(100000)) LIKE '%' || substr(hex(zeroblob(1000)), 1, 2000) || '_1'",
        "CREATE UNIQUE INDEX made ON big(v, w)"};
    stoa_db *db;

    (void)state;
    assert_int_equal(stoa_open(":memory:", &db), STOA_OK);
    setup(db);
    for (size_t t = 0; t < countof(texts); t++) {
        struct pace pace = {0};

        stoa_progress_handler(db, note_pace, &pace);
        run(db, texts[t]);
        stoa_progress_handler(db, NULL, NULL);
        if (pace.longest_ms > 3 * ANSWER_MS)
            fail_msg("%.0f ms without a call: %s", pace.longest_ms, texts[t]);
    }
    stoa_close(db);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_answers_an_interrupt),
        cmocka_unit_test(compiling_answers_an_interrupt),
        cmocka_unit_test(progress_is_called_all_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
