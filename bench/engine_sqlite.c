/* engine_sqlite.c - SQLite in memory; bulk load by one transaction of prepared INSERTs. */
#include "engine.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct engine {
    sqlite3 *db;
};

static bool complain(struct engine *engine, const char *sql)
{
    fprintf(stderr, "sqlite: %s: %.200s\n", sqlite3_errmsg(engine->db), sql);
    return false;
}

static bool sqlite_engine_exec(struct engine *engine, const char *sql)
{
    return sqlite3_exec(engine->db, sql, NULL, NULL, NULL) == SQLITE_OK || complain(engine, sql);
}

static struct engine *sqlite_engine_open(int threads, const char **why)
{
    struct engine *engine = calloc(1, sizeof *engine);

    (void)threads; /* SQLite runs a statement in one thread */
    *why = "cannot open a database";
    if (engine == NULL || sqlite3_open(":memory:", &engine->db) != SQLITE_OK)
        return NULL;
    sqlite_engine_exec(engine, "PRAGMA cache_size=-4000000");
    return engine;
}

static void sqlite_engine_close(struct engine *engine)
{
    sqlite3_close(engine->db);
    free(engine);
}

/* Fields without quotes, as the benchmarks' own files have them. */
static bool insert_line(sqlite3_stmt *stmt, char *line, int columns, char delimiter)
{
    char ends[] = {delimiter, '\n', '\0'};

    for (int c = 1; c <= columns; c++) {
        char *end = line + strcspn(line, ends);

        sqlite3_bind_text(stmt, c, line, (int)(end - line), SQLITE_STATIC);
        line = end + (*end != '\0');
    }
    return sqlite3_step(stmt) == SQLITE_DONE && sqlite3_reset(stmt) == SQLITE_OK;
}

static bool sqlite_engine_load(struct engine *engine, const char *table, const char *path,
                               char delimiter)
{
    FILE         *file = fopen(path, "rb");
    char         *line = NULL, sql[1024];
    size_t        capacity = 0;
    sqlite3_stmt *stmt = NULL;
    int           columns = 1;
    bool          ok = file != NULL && getline(&line, &capacity, file) > 0;

    for (const char *p = line; ok && *p != '\0'; p++)
        columns += *p == delimiter;
    if (ok) {
        char *out = sql + snprintf(sql, sizeof sql, "INSERT INTO %.100s VALUES(?", table);

        for (int c = 1; c < columns && out < sql + sizeof sql - 4; c++)
            out = stpcpy(out, ",?");
        strcpy(out, ")");
        ok = sqlite_engine_exec(engine, "BEGIN") &&
             sqlite3_prepare_v2(engine->db, sql, -1, &stmt, NULL) == SQLITE_OK;
    }
    while (ok && (ok = insert_line(stmt, line, columns, delimiter)) &&
           getline(&line, &capacity, file) > 0)
        ;
    sqlite3_finalize(stmt);
    ok = ok && sqlite_engine_exec(engine, "COMMIT");
    free(line);
    if (file != NULL)
        fclose(file);
    return ok;
}

static uint64_t column_digest(uint64_t hash, sqlite3_stmt *stmt, int column)
{
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER:
        return digest_int(hash, sqlite3_column_int64(stmt, column));
    case SQLITE_FLOAT:
        return digest_real(hash, sqlite3_column_double(stmt, column));
    case SQLITE_NULL:
        return digest_null(hash);
    default: {
        const char *text = (const char *)sqlite3_column_text(stmt, column);

        return digest_text(hash, text, (size_t)sqlite3_column_bytes(stmt, column));
    }
    }
}

static bool sqlite_engine_query(struct engine *engine, const char *sql, struct digest *digest)
{
    sqlite3_stmt *stmt;
    int           rc;

    if (sqlite3_prepare_v2(engine->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        return complain(engine, sql);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        uint64_t hash = 0;

        for (int c = 0, n = sqlite3_column_count(stmt); c < n; c++)
            hash = column_digest(hash, stmt, c);
        digest_row(digest, hash);
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE || complain(engine, sql);
}

static void *sqlite_engine_prepare(struct engine *engine, const char *sql)
{
    sqlite3_stmt *stmt;

    if (sqlite3_prepare_v2(engine->db, sql, -1, &stmt, NULL) == SQLITE_OK)
        return stmt;
    complain(engine, sql);
    return NULL;
}

static bool sqlite_engine_run(struct engine *engine, void *statement, const int64_t *parameters,
                              int count)
{
    sqlite3_stmt *stmt = statement;
    int           rc;

    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(stmt, i + 1, parameters[i]);
    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW)
        for (int c = 0, n = sqlite3_column_count(stmt); c < n; c++)
            (void)sqlite3_column_int64(stmt, c);
    sqlite3_reset(stmt);
    return rc == SQLITE_DONE || complain(engine, sqlite3_sql(stmt));
}

static void sqlite_engine_finalize(struct engine *engine, void *statement)
{
    (void)engine;
    sqlite3_finalize(statement);
}

const struct engine_kind engine_sqlite = {
    .name = "sqlite",
    .open = sqlite_engine_open,
    .close = sqlite_engine_close,
    .exec = sqlite_engine_exec,
    .load_csv = sqlite_engine_load,
    .query = sqlite_engine_query,
    .prepare = sqlite_engine_prepare,
    .run = sqlite_engine_run,
    .finalize = sqlite_engine_finalize,
};
