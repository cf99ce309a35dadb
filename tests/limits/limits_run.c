/* limits_run.c - watches how the statements of heavy_sql.h end when they are interrupted, and how
 * much memory the process has while memory_limit holds.
 *
 *   limits_run interrupts [-rounds N] [-rows N] [-cap MS] [-only TEXT] [-from N] [-where MS]
 *   limits_run memory [-limit MB] [-rows N] [-cap MS] [-only TEXT] [-from N]
 *
 * interrupts: each statement runs once to its end (or for -cap) while every poll of the engine is
 * seen: the longest time between two of them, or between one and the begin or end of a call, is
 * the longest that an interrupt at any moment can go unseen.  -where prints the addresses of the
 * functions that are under way MS after a poll, for addr2line.  Then the statement runs N times
 * with an interrupt by another thread, at moments spread over its length.  Printed are its length,
 * that longest gap, then the longest times from the interrupt until prepare or step came back and
 * until finalize did, and of the ROLLBACK after it.
 * memory: each statement runs under -limit, and the most memory that the process had is compared
 * with it.
 *
 * Times are processor time of the thread that runs the statement, so that what else the machine
 * does is left out as far as it can; a time over the bound is taken three more times, and the
 * shortest one counts.  It is no test: machines differ.  -only: the
 * statements with that text; -from: those behind the first N. */
#include "api/connection.h"
#include "tests/support/heavy_sql.h"

#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
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
    long        rounds, rows, limit_mb, from;
    double      cap_ms, where_ms;
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

static double smaller(double a, double b)
{
    return a < b ? a : b;
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
    double gap_ms;                  /* between polls */
    int    rc;                      /* of the call that was last */
};

/* What sees every poll: a progress handler that is due again at once. */
struct watch {
    stoa_db *db;
    double   start_ms, last_ms, gap_ms, cap_ms;
    double   stopped_ms,
        answered_ms;  /* when it asked to stop, 0: it did not; and the end of the call */
    bool    calling;  /* prepare or step is under way */
    timer_t timer;    /* runs out where_ms after a poll */
    double  where_ms; /* 0: no timer */
};

static void print_where(int signal)
{
    void *frames[40];
    int   count = backtrace(frames, countof(frames));

    (void)signal;
    backtrace_symbols_fd(frames, count, STDERR_FILENO);
    (void)!write(STDERR_FILENO, "--\n", 3);
}

static void watch_arm(struct watch *watch)
{
    struct itimerspec due = {.it_value = {0, (long)(watch->where_ms * 1e6)}};

    if (watch->where_ms > 0)
        timer_settime(watch->timer, 0, &due, NULL);
}

/* A poll, or the end of a call. */
static double watch_note(struct watch *watch)
{
    double now = clock_ms(CLOCK_THREAD_CPUTIME_ID);

    watch->gap_ms = larger(watch->gap_ms, now - watch->last_ms);
    watch_arm(watch);
    watch->last_ms = clock_ms(CLOCK_THREAD_CPUTIME_ID);
    return now;
}

static void watch_call(struct watch *watch)
{
    watch->calling = true;
    watch_arm(watch);
    watch->last_ms = clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

static double watch_answer(struct watch *watch)
{
    if (watch->stopped_ms > 0)
        watch->answered_ms = clock_ms(CLOCK_THREAD_CPUTIME_ID);
    else
        watch_note(watch);
    watch->calling = false;
    return clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

static int note_poll(void *data)
{
    struct watch *watch = data;
    double        now;

    atomic_store(&watch->db->memory.interrupt.due, 0);
    if (!watch->calling)
        return 0;
    now = watch_note(watch);
    if (now - watch->start_ms < watch->cap_ms || watch->stopped_ms > 0)
        return 0;
    watch->stopped_ms = now;
    return 1;
}

static void watch_begin(struct watch *watch)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};

    signal(SIGUSR1, print_where);
    if (watch->where_ms > 0 && timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &watch->timer) != 0)
        exit(2);
    atomic_store(&watch->db->memory.interrupt.due, 0);
    stoa_progress_handler(watch->db, note_poll, watch);
    watch->start_ms = watch->last_ms = clock_ms(CLOCK_THREAD_CPUTIME_ID);
}

static void watch_end(struct watch *watch)
{
    stoa_progress_handler(watch->db, NULL, NULL);
    if (watch->where_ms > 0)
        timer_delete(watch->timer);
}

/* Runs the statements of sql one after the other until one fails or fired; times are on clock. */
static void run_statements(stoa_db *db, const char *sql, struct interrupter *i, struct watch *watch,
                           struct times *times)
{
    double start = 0;

    times->rc = STOA_OK;
    while (*sql != '\0' && times->rc == STOA_OK && !atomic_load(&i->fired)) {
        stoa_stmt *stmt;
        double     end;

        start = clock_ms(i->clock);
        watch_call(watch);
        times->rc = stoa_prepare(db, sql, -1, &stmt, &sql);
        end = watch_answer(watch);
        if (stmt == NULL && times->rc == STOA_OK)
            break;
        if (times->rc == STOA_OK && !atomic_load(&i->fired)) {
            start = end;
            do {
                watch_call(watch);
                times->rc = stoa_step(stmt);
                end = watch_answer(watch);
            } while (times->rc == STOA_ROW && !atomic_load(&i->fired));
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
static void run_once(stoa_db *db, const char *sql, double after_ms, struct watch *watch,
                     struct times *times)
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
    run_statements(db, sql, &i, watch, times);
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

/* A run in which every poll is seen; it takes no longer than -cap. */
static struct times run_watched(stoa_db *db, const char *sql, const struct options *options)
{
    struct watch watch = {.db = db, .cap_ms = options->cap_ms, .where_ms = options->where_ms};
    struct times times;

    watch_begin(&watch);
    run_once(db, sql, -1, &watch, &times);
    watch_end(&watch);
    times.gap_ms = watch.gap_ms;
    if (watch.stopped_ms > 0) {
        times.answer_ms = watch.answered_ms - watch.stopped_ms;
        times.finalized_ms = watch.start_ms + times.length_ms - watch.stopped_ms;
    }
    return times;
}

/* --- interrupts ------------------------------------------------------------------------------- */
static double worst_of(const struct times *times)
{
    return larger(larger(times->answer_ms, times->gap_ms),
                  larger(times->finalized_ms, times->rollback_ms));
}

static struct times worst_each(struct times a, struct times b)
{
    a.gap_ms = larger(a.gap_ms, b.gap_ms);
    a.answer_ms = larger(a.answer_ms, b.answer_ms);
    a.finalized_ms = larger(a.finalized_ms, b.finalized_ms);
    a.rollback_ms = larger(a.rollback_ms, b.rollback_ms);
    return a;
}

/* What is in both: the time that the machine took for something else is seldom taken again. */
static struct times best_each(struct times a, struct times b)
{
    a.gap_ms = smaller(a.gap_ms, b.gap_ms);
    a.answer_ms = smaller(a.answer_ms, b.answer_ms);
    a.finalized_ms = smaller(a.finalized_ms, b.finalized_ms);
    a.rollback_ms = smaller(a.rollback_ms, b.rollback_ms);
    return a;
}

/* A watched run (after_ms < 0), or one with an interrupt after after_ms; again when the clock was
 * read late or a time is over the bound. */
static struct times run_calmly(stoa_db *db, const char *sql, double after_ms,
                               const struct options *options)
{
    struct times best = {0}, times;
    struct watch idle = {.db = db};

    for (int repeat = 0, disturbed = 0; repeat <= REPEATS && disturbed < DISTURBED_MAX;) {
        if (after_ms < 0)
            times = run_watched(db, sql, options);
        else
            run_once(db, sql, after_ms, &idle, &times);
        if (times.answer_ms < 0) {
            disturbed++;
            continue;
        }
        best = repeat++ == 0 ? times : best_each(best, times);
        if (worst_of(&best) <= BOUND_MS)
            break;
    }
    return best;
}

static bool interrupts_of(stoa_db *db, const char *sql, const struct options *options)
{
    struct times worst = run_calmly(db, sql, -1, options);
    double       length = worst.length_ms, at = 0;

    for (long round = 0; round < options->rounds; round++) {
        double       spread = (double)rand() / RAND_MAX;
        double       after_ms = length * ((double)round + spread) / (double)options->rounds;
        struct times times = run_calmly(db, sql, after_ms, options);

        if (times.answer_ms > worst.answer_ms)
            at = after_ms;
        worst = worst_each(worst, times);
    }
    printf("%c %7.0f %7.1f %7.1f %7.1f %7.1f  at %5.0f  %.150s\n",
           worst_of(&worst) > BOUND_MS ? '!' : ' ', length, worst.gap_ms, worst.answer_ms,
           worst.finalized_ms, worst.rollback_ms, at, sql);
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
    times = run_watched(db, sql, options);
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
                    struct options *options)
{
    long beyond = 0;

    for (size_t s = 0; s < count; s++) {
        char *sql;

        if (options->from-- > 0)
            continue;
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
        else if (strcmp(argv[i], "-from") == 0)
            options->from = atol(argv[i + 1]);
        else if (strcmp(argv[i], "-where") == 0)
            options->where_ms = atof(argv[i + 1]);
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
                        "[-cap MS] [-only TEXT] [-from N] [-where MS]\n");
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
                  : "   CPU ms     gap  answer finaliz rollbck  ms\n");
    beyond = run_all(db, heavy_statements, heavy_statement_count,
                     memory ? memory_of : interrupts_of, &options);
    beyond +=
        run_all(db, heavy_texts, heavy_text_count, memory ? memory_of : interrupts_of, &options);
    printf("%ld beyond the bound\n", beyond);
    unlink(csv);
    return stoa_close(db) == STOA_OK ? 0 : 2;
}
