/* limits_run.c - watches how the statements of heavy_sql.h end when they are interrupted, and how
 * much memory the process has while memory_limit holds.
 *
 *   limits_run interrupts [-rounds N] [-rows N] [-cap MS] [-only TEXT]
 *   limits_run memory [-limit MB] [-rows N] [-cap MS] [-only TEXT]
 *
 * interrupts: each statement runs once for its length (-cap ends it), then N times with an
 * interrupt by another thread, at moments spread over that length.  Printed are its length, then
 * the longest times from the interrupt until prepare or step came back and until finalize did, of
 * the ROLLBACK after it, and between two calls of the progress handler, which is due every 10 ms.
 * memory: each statement runs under -limit, and the most memory that the process had is compared
 * with it.
 *
 * Times are processor time of the thread that runs the statement, so that what else the machine
 * does is left out as far as it can; a time over the bound is taken three more times at the same
 * moment, and the shortest one counts.  The bound is for the answer and for ROLLBACK; finalize also
 * gives the memory back, which takes as long as the system needs for it.  It is no test: machines
 * differ.  -only: the statements with that text. */
#include "stoa.h"
#include "tests/support/heavy_sql.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What is wanted of an answer and of a ROLLBACK; then how often it is asked again, and how late the
 * clock may be read after the interrupt. */
#define BOUND_MS 10.0
#define LATE_MS 0.3
enum { REPEATS = 3, DISTURBED_MAX = 20 };

static const char csv[] = "heavy.csv";

struct options {
    const char *only;
    long        rounds, rows, limit_mb;
    double      cap_ms;
};

static double clock_ms(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static void must(stoa_db *db, const char *sql)
{
    if (stoa_exec(db, sql, NULL, NULL, NULL) == STOA_OK)
        return;
    fprintf(stderr, "limits_run: %s: %s\n", sql, stoa_errmsg(db));
    exit(2);
}

/* --- the other thread ------------------------------------------------------------------------- */
struct interrupter {
    stoa_db     *db;
    clockid_t    clock; /* processor time of the thread that works */
    double       start_ms, after_ms;
    _Atomic bool done, fired;
    double       fired_ms; /* on that clock */
    double       late_ms;  /* how much work went on while the clock was read */
};

static void *interrupt_when_due(void *data)
{
    struct interrupter *i = data;

    while (!atomic_load(&i->done)) {
        double          before = clock_ms(i->clock);
        double          left = i->start_ms + i->after_ms - before;
        struct timespec nap = {0, (long)(left * 1e6)};

        if (left > 900) /* a second and more are not written as nanoseconds */
            nap.tv_nsec = 900 * 1000 * 1000;
        if (left > 0.02) {
            nanosleep(&nap, NULL);
            continue;
        }
        stoa_interrupt(i->db);
        i->fired_ms = clock_ms(i->clock);
        i->late_ms = i->fired_ms - before;
        atomic_store(&i->fired, true);
        break;
    }
    return NULL;
}

/* --- one run ---------------------------------------------------------------------------------- */
struct times {
    double length_ms;               /* in all */
    double answer_ms, finalized_ms; /* after the interrupt; 0: it came too late or between calls */
    double rollback_ms;             /* of the ROLLBACK alone */
    double pace_ms;                 /* between calls of the progress handler */
    int    rc;                      /* of the call that was last */
};

struct handler {
    double start_ms, last_ms, pace_ms, cap_ms;
    double stopped_ms; /* when it asked to stop; 0: it did not */
};

static int note_pace(void *data)
{
    struct handler *handler = data;
    double          now = clock_ms(CLOCK_THREAD_CPUTIME_ID);

    handler->pace_ms = larger(handler->pace_ms, now - handler->last_ms);
    handler->last_ms = now;
    if (now - handler->start_ms < handler->cap_ms || handler->stopped_ms > 0)
        return 0;
    handler->stopped_ms = now;
    return 1;
}

/* Runs the statements of sql one after the other until one fails or fired; times are on clock. */
static void run_statements(stoa_db *db, const char *sql, struct interrupter *i, struct times *times)
{
    double start = 0;

    times->rc = STOA_OK;
    while (*sql != '\0' && times->rc == STOA_OK && !atomic_load(&i->fired)) {
        stoa_stmt *stmt;
        double     end;

        start = clock_ms(i->clock);
        times->rc = stoa_prepare(db, sql, -1, &stmt, &sql);
        end = clock_ms(i->clock);
        if (stmt == NULL && times->rc == STOA_OK)
            break;
        if (times->rc == STOA_OK && !atomic_load(&i->fired)) {
            start = end;
            do
                times->rc = stoa_step(stmt);
            while (times->rc == STOA_ROW && !atomic_load(&i->fired));
            end = clock_ms(i->clock);
        }
        if (times->rc == STOA_DONE || times->rc == STOA_ROW)
            times->rc = STOA_OK;
        stoa_finalize(stmt);
        if (!atomic_load(&i->fired) || i->fired_ms < start)
            continue;
        if (i->fired_ms < end)
            times->answer_ms = end - i->fired_ms;
        times->finalized_ms = clock_ms(i->clock) - i->fired_ms;
    }
}

/* One run in a transaction that is taken back.  after_ms < 0: without an interrupt. */
static void run_once(stoa_db *db, const char *sql, double after_ms, struct times *times)
{
    struct interrupter i = {.db = db, .after_ms = after_ms};
    pthread_t          thread;
    double             start;

    memset(times, 0, sizeof *times);
    if (pthread_getcpuclockid(pthread_self(), &i.clock) != 0)
        exit(2);
    must(db, "BEGIN");
    i.start_ms = clock_ms(i.clock);
    if (after_ms >= 0 && pthread_create(&thread, NULL, interrupt_when_due, &i) != 0)
        exit(2);
    run_statements(db, sql, &i, times);
    start = clock_ms(i.clock);
    times->length_ms = start - i.start_ms;
    atomic_store(&i.done, true);
    if (after_ms >= 0)
        pthread_join(thread, NULL);
    stoa_progress_handler(db, NULL, NULL);
    start = clock_ms(i.clock);
    if (stoa_get_autocommit(db) == 0)
        must(db, "ROLLBACK");
    times->rollback_ms = clock_ms(i.clock) - start;
    if (atomic_load(&i.fired) && i.late_ms > LATE_MS) /* the other thread was held up */
        times->answer_ms = times->finalized_ms = -1;
}

/* The first run: how long it takes, no longer than cap_ms, and what the progress handler sees. */
static void run_whole(stoa_db *db, const char *sql, double cap_ms, struct times *times)
{
    double         now = clock_ms(CLOCK_THREAD_CPUTIME_ID);
    struct handler handler = {.start_ms = now, .last_ms = now, .cap_ms = cap_ms};

    stoa_progress_handler(db, note_pace, &handler);
    run_once(db, sql, -1, times); /* which takes the handler away */
    if (handler.stopped_ms > 0)
        times->finalized_ms = handler.start_ms + times->length_ms - handler.stopped_ms;
    times->pace_ms = handler.pace_ms;
}

/* --- interrupts ------------------------------------------------------------------------------- */
static double worst_of(const struct times *times)
{
    return larger(times->answer_ms, times->rollback_ms);
}

/* An interrupt after after_ms, again when the clock was read late or the answer came late. */
static struct times interrupt_after(stoa_db *db, const char *sql, double after_ms)
{
    struct times best = {0}, times;

    for (int repeat = 0, disturbed = 0; repeat <= REPEATS && disturbed < DISTURBED_MAX;) {
        run_once(db, sql, after_ms, &times);
        if (times.answer_ms < 0) {
            disturbed++;
            continue;
        }
        if (repeat++ == 0 || worst_of(&times) < worst_of(&best))
            best = times;
        if (worst_of(&best) <= BOUND_MS)
            break;
    }
    return best;
}

static bool interrupts_of(stoa_db *db, const char *sql, const struct options *options)
{
    struct times whole, worst;
    double       length, at = 0;

    run_whole(db, sql, options->cap_ms, &whole);
    worst = whole;
    length = whole.length_ms;
    for (long round = 0; round < options->rounds; round++) {
        double       spread = (double)rand() / RAND_MAX;
        double       after_ms = length * ((double)round + spread) / (double)options->rounds;
        struct times times = interrupt_after(db, sql, after_ms);

        if (times.answer_ms > worst.answer_ms)
            at = after_ms;
        worst.answer_ms = larger(worst.answer_ms, times.answer_ms);
        worst.finalized_ms = larger(worst.finalized_ms, times.finalized_ms);
        worst.rollback_ms = larger(worst.rollback_ms, times.rollback_ms);
    }
    printf("%c %7.0f %7.1f %7.1f %7.1f %7.1f  at %5.0f  %.150s\n",
           worst_of(&worst) > BOUND_MS ? '!' : ' ', length, worst.answer_ms, worst.finalized_ms,
           worst.rollback_ms, worst.pace_ms, at, sql);
    fflush(stdout);
    return worst_of(&worst) <= BOUND_MS;
}

/* --- memory ----------------------------------------------------------------------------------- */
/* A line of /proc/self/status, in MB. */
static double status_mb(const char *name)
{
    FILE *file = fopen("/proc/self/status", "r");
    char  line[256];
    long  kb = 0;

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kb = atol(line + strlen(name) + 1);
    if (file != NULL)
        fclose(file);
    return (double)kb / 1024;
}

/* Lets the highest use begin anew; false: this system cannot. */
static bool peak_reset(void)
{
    FILE *file = fopen("/proc/self/clear_refs", "w");
    bool  done = file != NULL && fputs("5", file) >= 0;

    return file != NULL && fclose(file) == 0 && done;
}

static bool memory_of(stoa_db *db, const char *sql, const struct options *options)
{
    int64_t      used = stoa_memory_used(db);
    double       text_mb = (double)strlen(sql) / 1048576, peak, over;
    struct times times;
    bool         kept;

    stoa_memory_peak(db, 1);
    if (!peak_reset())
        exit(2);
    run_whole(db, sql, options->cap_ms, &times);
    peak = status_mb("VmHWM:");
    over = peak - text_mb - (double)options->limit_mb;
    kept = stoa_memory_used(db) == used;
    printf("%c %7.0f %7.1f %7.1f %7.1f  %-14s %s %.150s\n", over > 0 ? '!' : ' ', times.length_ms,
           (double)stoa_memory_peak(db, 0) / 1048576, peak, over, stoa_errstr(times.rc),
           kept ? "" : "(keeps memory)", sql);
    fflush(stdout);
    must(db, "SELECT count(*) FROM n");
    return over <= 0;
}

/* --- all statements --------------------------------------------------------------------------- */
static long run_all(stoa_db *db, const struct heavy *statements, size_t count,
                    bool (*watch)(stoa_db *, const char *, const struct options *),
                    const struct options *options)
{
    long beyond = 0;

    for (size_t s = 0; s < count; s++) {
        char *sql;

        if (options->only != NULL && strstr(statements[s].before, options->only) == NULL)
            continue;
        sql = heavy_sql(&statements[s]);
        if (sql == NULL)
            exit(2);
        beyond += !watch(db, sql, options);
        free(sql);
    }
    return beyond;
}

static bool options_read(int argc, char **argv, struct options *options)
{
    for (int i = 2; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "-rounds") == 0)
            options->rounds = atol(argv[i + 1]);
        else if (strcmp(argv[i], "-rows") == 0)
            options->rows = atol(argv[i + 1]);
        else if (strcmp(argv[i], "-limit") == 0)
            options->limit_mb = atol(argv[i + 1]);
        else if (strcmp(argv[i], "-cap") == 0)
            options->cap_ms = atof(argv[i + 1]);
        else if (strcmp(argv[i], "-only") == 0)
            options->only = argv[i + 1];
        else
            return false;
    }
    return argc >= 2 && argc % 2 == 0;
}

int main(int argc, char **argv)
{
    struct options options = {.rounds = 20, .cap_ms = 1500, .limit_mb = 200};
    bool           memory = argc > 1 && strcmp(argv[1], "memory") == 0;
    stoa_db       *db;
    char           limit[64];
    long           beyond;

    if ((!memory && (argc < 2 || strcmp(argv[1], "interrupts") != 0)) ||
        !options_read(argc, argv, &options)) {
        fprintf(stderr, "usage: limits_run interrupts|memory [-rounds N] [-rows N] [-limit MB] "
                        "[-cap MS] [-only TEXT]\n");
        return 2;
    }
    if (options.rows == 0)
        options.rows = memory ? 200000 : 1000000;
    if (stoa_open(":memory:", &db) != STOA_OK)
        return 2;
    snprintf(limit, sizeof limit, "PRAGMA memory_limit = %ld",
             memory ? options.limit_mb << 20 : 4000L << 20);
    must(db, limit);
    if (heavy_setup(db, options.rows, csv) != STOA_OK) {
        fprintf(stderr, "limits_run: %s\n", stoa_errmsg(db));
        return 2;
    }
    printf(memory ? "   CPU ms  counted process    over  MB\n"
                  : "   CPU ms  answer finaliz rollbck    pace  ms\n");
    beyond = run_all(db, heavy_statements, heavy_statement_count,
                     memory ? memory_of : interrupts_of, &options);
    beyond +=
        run_all(db, heavy_texts, heavy_text_count, memory ? memory_of : interrupts_of, &options);
    printf("%ld beyond the bound\n", beyond);
    unlink(csv);
    return stoa_close(db) == STOA_OK ? 0 : 2;
}
