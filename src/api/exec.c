/* exec.c - stoa_exec: every statement of a text, rows to a callback. */
#include "api/connection.h"

#include <stdlib.h>
#include <string.h>

void stoa_free(void *memory)
{
    free(memory);
}

/* Pointers to the names and the values of a row: [2 * columns + 1]. */
static char **row_space(stoa_stmt *stmt)
{
    size_t count = stmt->column_count;
    char **space = memory_alloc(&stmt->db->memory, (2 * count + 1) * sizeof *space);

    if (space == NULL)
        return NULL;
    for (size_t c = 0; c < count; c++)
        space[c] = (char *)(uintptr_t)stmt->program->result_names[c];
    space[2 * count] = NULL;
    return space;
}

/* One statement to its end.  STOA_DONE, or an error. */
static int run_rows(stoa_stmt *stmt, int (*callback)(void *, int, char **, char **), void *data)
{
    stoa_db *db = stmt->db;
    char   **space = NULL;
    size_t   count = 0;
    int      rc;

    while ((rc = stoa_step(stmt)) == STOA_ROW) {
        if (callback == NULL)
            continue;
        if (space == NULL) {
            count = stmt->column_count;
            space = row_space(stmt);
            if (space == NULL)
                return connection_result(db, STATUS_NOMEM);
        }
        for (size_t c = 0; c < count; c++) {
            space[count + c] = (char *)(uintptr_t)stoa_column_text(stmt, (int)c);
            if (space[count + c] == NULL && stoa_column_type(stmt, (int)c) != STOA_NULL) {
                rc = connection_result(db, STATUS_NOMEM);
                goto done;
            }
        }
        if (callback(data, (int)count, space + count, space) != 0) {
            stoa_reset(stmt);
            rc = connection_result(db, STATUS_ABORT);
            break;
        }
    }
done:
    memory_free(&db->memory, space, (2 * count + 1) * sizeof *space);
    return rc;
}

int stoa_exec(stoa_db *db, const char *sql, int (*callback)(void *, int, char **, char **),
              void *data, char **errmsg)
{
    int rc = STOA_OK;

    if (errmsg != NULL)
        *errmsg = NULL;
    if (!connection_ready(db))
        return STOA_MISUSE;
    if (sql == NULL)
        sql = "";
    connection_result(db, STATUS_OK);
    while (rc == STOA_OK && sql[0] != '\0') {
        stoa_stmt  *stmt;
        const char *tail;

        rc = stoa_prepare(db, sql, -1, &stmt, &tail);
        sql = tail;
        if (rc != STOA_OK || stmt == NULL)
            continue;
        rc = run_rows(stmt, callback, data);
        if (rc == STOA_DONE)
            rc = stoa_finalize(stmt);
        else { /* the error stands, whatever finalize says */
            struct error kept = db->error;

            stoa_finalize(stmt);
            db->error = kept;
        }
    }
    if (rc != STOA_OK && errmsg != NULL)
        *errmsg = strdup(stoa_errmsg(db));
    return rc;
}
