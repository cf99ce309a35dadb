/* fuzz_sql.c - any text as a script for a connection: nothing may crash, leak or run on.  A
 * statement that fails does not end the script. */
#include "stoa.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static int give_up(void *left)
{
    return --*(int *)left < 0;
}

/* Runs the first statement of sql; where the next one begins. */
static const char *run_one(stoa_db *db, const char *sql)
{
    const char *tail = sql, *semicolon = strchr(sql, ';');
    stoa_stmt  *stmt = NULL;

    if (stoa_prepare(db, sql, -1, &stmt, &tail) == STOA_OK)
        while (stoa_step(stmt) == STOA_ROW)
            for (int c = 0; c < stoa_column_count(stmt); c++)
                stoa_column_text(stmt, c);
    stoa_finalize(stmt);
    if (tail > sql)
        return tail;
    return semicolon == NULL ? "" : semicolon + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char setup[] =
        "CREATE TABLE t(a INTEGER, b TEXT COLLATE NOCASE, c REAL, d);"
        "INSERT INTO t VALUES(1,'x',0.5,x'00'),(2,'Y',-1,NULL),(NULL,'',1e300,'7'),(4,'x',2,2);"
        "CREATE TABLE u(a INTEGER PRIMARY KEY, e UNIQUE); INSERT INTO u VALUES(1,'p'),(2,'q');";
    stoa_db *db;
    int      polls = 50; /* some 10 ms each */
    char    *sql = malloc(bytes + 1);

    if (sql == NULL)
        return 0;
    memcpy(sql, data, bytes);
    sql[bytes] = '\0';
    if (stoa_open(":memory:", &db) == STOA_OK) {
        stoa_exec(db, setup, NULL, NULL, NULL);
        stoa_exec(db, "PRAGMA memory_limit=67108864", NULL, NULL, NULL);
        stoa_progress_handler(db, give_up, &polls);
        for (const char *at = sql; *at != '\0' && polls >= 0;)
            at = run_one(db, at);
    }
    stoa_close(db);
    free(sql);
    return 0;
}
