/* test_interrupt.c - every long piece of work stops soon after stoa_interrupt and asks the progress
 * handler all along.
 * STOA_INTERRUPT_ONLY=text chooses statements; limits_run measures them. */
#include "api/connection.h"
#include "base/str.h" /* before cmocka.h, which makes fail a macro */
#include "tests/support/heavy_sql.h"
#include "tests/unit/api/api_help.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* POLLS_DENSE: at each of so many polls of a statement it is stopped, farther on at 1 in
 * n / POLLS_DENSE. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ANSWER_MS = 500, SLOW = 1, POLLS_DENSE = 1, LONG_BYTES = 400000 };
#elif defined(NDEBUG)
enum { ANSWER_MS = 100, SLOW = 0, POLLS_DENSE = 16, LONG_BYTES = 600000 };
#else
enum { ANSWER_MS = 300, SLOW = 1, POLLS_DENSE = 4, LONG_BYTES = 600000 };
#endif

/* Waits between the start of a statement and the interrupt: what a statement is at differs. */
static const int waits_ms[] = {30, SLOW ? 90 : 250, SLOW ? 270 : 800};

static double clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
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
static const char csv[] = "heavy.csv";

static stoa_db *open_with_tables(void)
{
    stoa_db *db = open_with("PRAGMA memory_limit = 4000000000");

    if (heavy_setup(db, SLOW ? 200000 : 1000000, csv) != STOA_OK)
        fail_msg("%s", stoa_errmsg(db));
    return db;
}

/* Interrupts each statement once, each after another wait; how many answers were late. */
static int late_answers(stoa_db *db, const struct heavy *statements, size_t count)
{
    const char *only = getenv("STOA_INTERRUPT_ONLY");
    int         late = 0;

    for (size_t s = 0; s < count; s++) {
        int    wait_ms = waits_ms[s % countof(waits_ms)], rc;
        char  *sql = heavy_sql(&statements[s]);
        double ms;

        assert_non_null(sql);
        if (only == NULL || strstr(sql, only) != NULL) {
            run(db, "BEGIN");
            ms = answer_ms(db, sql, wait_ms, &rc);
            if (stoa_get_autocommit(db) == 0)
                run(db, "ROLLBACK");
            if (ms > ANSWER_MS) {
                print_message("%.0f ms after %d: %.200s\n", ms, wait_ms, sql);
                late++;
            }
        }
        free(sql);
    }
    return late;
}

static void every_statement_answers_an_interrupt(void **state)
{
    stoa_db *db = open_with_tables();

    (void)state;
    assert_int_equal(late_answers(db, heavy_statements, heavy_statement_count), 0);
    stoa_close(db);
    unlink(csv);
}

static void compiling_answers_an_interrupt(void **state)
{
    stoa_db *db = open_with_tables();

    (void)state;
    assert_int_equal(late_answers(db, heavy_texts, heavy_text_count), 0);
    stoa_close(db);
    unlink(csv);
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
    stoa_db *db = open_with_tables();

    (void)state;
    for (size_t t = 0; t < countof(texts); t++) {
        struct pace pace = {0};

        stoa_progress_handler(db, note_pace, &pace);
        run(db, texts[t]);
        stoa_progress_handler(db, NULL, NULL);
        if (pace.longest_ms > 3 * ANSWER_MS)
            fail_msg("%.0f ms without a call: %s", pace.longest_ms, texts[t]);
    }
    stoa_close(db);
    unlink(csv);
}

/* --- every poll in turn
 * ---------------------------------------------------------------------------- */
/* Stops at the n-th poll, whatever the clock says. */
struct stopper {
    stoa_db *db;
    int      left;
};

static int stop_at(void *data)
{
    struct stopper *stopper = data;

    atomic_store(&stopper->db->memory.interrupt.due, 0);
    return --stopper->left == 0;
}

static int collect(void *data, int columns, char **values, char **names)
{
    struct str *text = data;

    (void)names;
    for (int c = 0; c < columns; c++) {
        str_text(text, values[c] == NULL ? "NULL" : values[c]);
        str_char(text, '|');
    }
    return 0;
}

/* Texts of several pieces: what is cut between two must not count, nor stay behind. */
static void an_answer_is_whole_or_interrupted(void **state)
{
    static const char *const texts[] = {
        "SELECT x < y, x = y, x COLLATE NOCASE < y, x COLLATE RTRIM >= y FROM long",
        "SELECT count(DISTINCT x), min(x) < max(y), count(*) FROM long",
        "SELECT length(x), rowid FROM long ORDER BY x DESC, y",
        "SELECT count(*) FROM long a JOIN long b ON a.x = b.x",
        "SELECT a.rowid IN (SELECT b.rowid FROM long b WHERE b.x > a.x) FROM long a",
        "SELECT max(rowid) FROM long GROUP BY x, y COLLATE NOCASE",
        "SELECT CAST(replace(x, 'a', '0') AS INTEGER), replace(x, 'a', '1') + 0 FROM long",
        "SELECT instr(x, 'b'), x LIKE '%b%a', substr(x, -9000) GLOB '*[b]*' FROM long",
        "INSERT INTO keys SELECT x || rowid FROM long; SELECT count(*), count(DISTINCT k) FROM "
        "keys",
        "INSERT OR IGNORE INTO keys SELECT x FROM long; SELECT length(k) FROM keys ORDER BY k",
        "UPDATE OR FAIL long SET x = y; SELECT count(DISTINCT x) FROM long",
        "CREATE UNIQUE INDEX made ON long(y); SELECT count(*) FROM long"};
    char     fill[256];
    stoa_db *db;

    (void)state;
    assert_int_equal(stoa_open(":memory:", &db), STOA_OK);
    run(db, "CREATE TABLE long(x TEXT, y TEXT); CREATE TABLE keys(k TEXT UNIQUE)");
    snprintf(fill, sizeof fill,
             "INSERT INTO long SELECT repeat('a', %d) || CASE WHEN value %% 3 THEN 'a' ELSE 'b' "
             "END, repeat('a', %d) || char(value + 65) FROM generate_series(1, 6)",
             LONG_BYTES, LONG_BYTES * 2 / 3);
    run(db, fill);
    for (size_t t = 0; t < countof(texts); t++) {
        struct str want, got;
        int        rc = STOA_INTERRUPT;

        str_init(&want, NULL);
        run(db, "BEGIN");
        assert_int_equal(stoa_exec(db, texts[t], collect, &want, NULL), STOA_OK);
        run(db, "ROLLBACK");
        for (int n = 1; rc == STOA_INTERRUPT; n += 1 + n / POLLS_DENSE) {
            struct stopper stopper = {db, n};

            str_init(&got, NULL);
            run(db, "BEGIN");
            atomic_store(&db->memory.interrupt.due, 0);
            stoa_progress_handler(db, stop_at, &stopper);
            rc = stoa_exec(db, texts[t], collect, &got, NULL);
            stoa_progress_handler(db, NULL, NULL);
            if (rc == STOA_INTERRUPT) { /* nothing of it is left */
                str_clear(&got);
                run(db, "ROLLBACK; BEGIN");
                if (stoa_exec(db, texts[t], collect, &got, NULL) != STOA_OK)
                    fail_msg("%s after poll %d of %s", stoa_errmsg(db), n, texts[t]);
            }
            if (strcmp(str_end(&got), str_end(&want)) != 0)
                fail_msg("stopped at poll %d: %s instead of %s: %s", n, str_end(&got),
                         str_end(&want), texts[t]);
            run(db, "ROLLBACK");
            str_free(&got);
        }
        assert_int_equal(rc, STOA_OK);
        str_free(&want);
    }
    stoa_close(db);
}

/* What is freed after an interrupt goes before the limit is reached, or its connection closed. */
static void parked_memory_makes_room(void **state)
{
    enum { BLOCK = 40 << 20, LIMIT = 60 << 20 };
    struct memory memory;
    void         *block;

    (void)state;
    memory_init(&memory, LIMIT);
    block = memory_zalloc(&memory, BLOCK);
    assert_non_null(block);
    atomic_store(&memory.interrupt.raised, true);
    memory_free(&memory, block, BLOCK);
    interrupt_lower(&memory.interrupt);
    assert_int_equal(atomic_load(&memory.used), 0);
    assert_int_equal(atomic_load(&memory.parked_bytes), BLOCK);
    block = memory_zalloc(&memory, BLOCK); /* both are too much */
    assert_non_null(block);
    assert_int_equal(atomic_load(&memory.parked_bytes), 0);
    memory_park(&memory, true);
    memory_free(&memory, block, BLOCK);
    memory_park(&memory, false);
    assert_int_equal(atomic_load(&memory.parked_bytes), BLOCK);
    memory_release(&memory);
    assert_true(atomic_load(&memory.parked_bytes) < BLOCK);
    memory_trim(&memory);
    assert_int_equal(atomic_load(&memory.parked_bytes), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_statement_answers_an_interrupt),
        cmocka_unit_test(compiling_answers_an_interrupt),
        cmocka_unit_test(progress_is_called_all_along),
        cmocka_unit_test(an_answer_is_whole_or_interrupted),
        cmocka_unit_test(parked_memory_makes_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
