/* test_threads.c - several connections in several threads at once, and an interrupt from another
 * thread. */
#include "stoa.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 4, ROWS = 3000 };

/* cmocka's asserts belong to the main thread: a worker reports what it got. */
struct worker {
    pthread_t thread;
    int64_t   seed, sum, expected;
    int       rc;
};

static int64_t first_value(stoa_db *db, const char *sql, int *rc)
{
    stoa_stmt *stmt = NULL;
    int64_t    value = -1;

    *rc = stoa_prepare(db, sql, -1, &stmt, NULL);
    if (*rc == STOA_OK && (*rc = stoa_step(stmt)) == STOA_ROW) {
        value = stoa_column_int64(stmt, 0);
        *rc = STOA_OK;
    }
    stoa_finalize(stmt);
    return value;
}

static void *worker_run(void *argument)
{
    struct worker *worker = argument;
    stoa_db       *db;
    stoa_stmt     *stmt = NULL;

    worker->rc = stoa_open(":memory:", &db);
    if (worker->rc == STOA_OK)
        worker->rc = stoa_exec(db, "CREATE TABLE t(a INTEGER, g TEXT); BEGIN", NULL, NULL, NULL);
    if (worker->rc == STOA_OK)
        worker->rc = stoa_prepare(db, "INSERT INTO t VALUES(?1, 'g' || (?1 % 7))", -1, &stmt, NULL);
    for (int64_t i = 0; i < ROWS && worker->rc == STOA_OK; i++) {
        stoa_bind_int64(stmt, 1, i * worker->seed);
        worker->rc = stoa_step(stmt) == STOA_DONE ? stoa_reset(stmt) : STOA_ERROR;
        worker->expected += i * worker->seed;
    }
    stoa_finalize(stmt);
    if (worker->rc == STOA_OK)
        worker->rc = stoa_exec(db, "COMMIT", NULL, NULL, NULL);
    if (worker->rc == STOA_OK)
        worker->sum = first_value(
            db,
            "SELECT sum(s) FROM (SELECT g, sum(a) AS s FROM t WHERE upper(g) LIKE 'G%' GROUP BY g)",
            &worker->rc);
    stoa_close(db);
    return NULL;
}

static void connections_in_threads_do_not_meet(void **unused)
{
    struct worker workers[THREADS] = {0};

    (void)unused;
    for (int i = 0; i < THREADS; i++) {
        workers[i].seed = i + 1;
        assert_int_equal(pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].rc, STOA_OK);
        assert_int_equal(workers[i].sum, workers[i].expected);
    }
}

static void *interrupt_soon(void *db)
{
    usleep(20000);
    stoa_interrupt(db);
    return NULL;
}

static void interrupt_ends_a_long_statement(void **unused)
{
    pthread_t thread;
    stoa_db  *db;
    int       rc;

    (void)unused;
    assert_int_equal(stoa_open(":memory:", &db), STOA_OK);
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, db), 0);
    first_value(db,
                "SELECT count(*) FROM generate_series(1, 100000) AS a, generate_series(1, 100000) "
                "AS b WHERE a.value % 7 = b.value % 5",
                &rc);
    assert_int_equal(rc, STOA_INTERRUPT);
    pthread_join(thread, NULL);
    assert_int_equal(first_value(db, "SELECT 42", &rc), 42);
    assert_int_equal(stoa_close(db), STOA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(connections_in_threads_do_not_meet),
        cmocka_unit_test(interrupt_ends_a_long_statement),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
