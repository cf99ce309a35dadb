/* api_help.h - what tests of stoa.h do all the time; what should work and does not fails the test.
 */
#ifndef STOA_TESTS_API_HELP_H
#define STOA_TESTS_API_HELP_H

#include "stoa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static inline void run(stoa_db *db, const char *sql)
{
    char *message = NULL;

    if (stoa_exec(db, sql, NULL, NULL, &message) != STOA_OK)
        fail_msg("%s: %s", sql, message);
}

/* A new database after `sql`, NULL: nothing. */
static inline stoa_db *open_with(const char *sql)
{
    stoa_db *db;

    assert_int_equal(stoa_open(":memory:", &db), STOA_OK);
    if (sql != NULL)
        run(db, sql);
    return db;
}

static inline stoa_stmt *prepare(stoa_db *db, const char *sql)
{
    stoa_stmt *stmt;

    if (stoa_prepare(db, sql, -1, &stmt, NULL) != STOA_OK)
        fail_msg("%s: %s", sql, stoa_errmsg(db));
    return stmt;
}

#endif
