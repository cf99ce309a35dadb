/* engine_stoa.c - Stoa through its public API: COPY, batches, prepared statements. */
#include "engine.h"
#include "stoa.h"

#include <stdio.h>
#include <stdlib.h>

struct engine {
    stoa_db *db;
};

static bool complain(struct engine *engine, const char *sql)
{
    fprintf(stderr, "stoa: %s: %.200s\n", stoa_errmsg(engine->db), sql);
    return false;
}

static bool stoa_engine_exec(struct engine *engine, const char *sql)
{
    return stoa_exec(engine->db, sql, NULL, NULL, NULL) == STOA_OK || complain(engine, sql);
}

static struct engine *stoa_engine_open(int threads, const char **why)
{
    struct engine *engine = calloc(1, sizeof *engine);
    char           sql[64];

    *why = "cannot open a database";
    if (engine == NULL || stoa_open(":memory:", &engine->db) != STOA_OK)
        return NULL;
    snprintf(sql, sizeof sql, "PRAGMA threads=%d", threads);
    stoa_engine_exec(engine, sql);
    stoa_engine_exec(engine, "PRAGMA plan_cache=0");
    return engine;
}

static void stoa_engine_close(struct engine *engine)
{
    stoa_close(engine->db);
    free(engine);
}

static bool stoa_engine_load(struct engine *engine, const char *table, const char *path,
                             char delimiter)
{
    int64_t rows;
    char    options[64];

    snprintf(options, sizeof options, "HEADER false, DELIMITER '%c'", delimiter);
    return stoa_load_csv(engine->db, table, path, options, &rows) == STOA_OK ||
           complain(engine, path);
}

static uint64_t cell_digest(uint64_t hash, const stoa_batch_column *column, int row)
{
    const stoa_cell *cell;

    if (column->valid != NULL && !((column->valid[row / 64] >> (row % 64)) & 1))
        return digest_null(hash);
    if (column->integers != NULL)
        return digest_int(hash, column->integers[row]);
    if (column->reals != NULL)
        return digest_real(hash, column->reals[row]);
    cell = &column->cells[row];
    switch (cell->type) {
    case STOA_INTEGER:
        return digest_int(hash, cell->u.integer);
    case STOA_FLOAT:
        return digest_real(hash, cell->u.real);
    case STOA_NULL:
        return digest_null(hash);
    default:
        return digest_text(hash, cell->u.data, cell->bytes);
    }
}

static bool stoa_engine_query(struct engine *engine, const char *sql, struct digest *digest)
{
    const stoa_batch_column *columns;
    stoa_stmt               *stmt;
    int                      rows, rc;

    if (stoa_prepare(engine->db, sql, -1, &stmt, NULL) != STOA_OK)
        return complain(engine, sql);
    while ((rc = stoa_fetch_batch(stmt, &rows, &columns)) == STOA_ROW) {
        int count = stoa_column_count(stmt);

        for (int r = 0; r < rows; r++) {
            uint64_t hash = 0;

            for (int c = 0; c < count; c++)
                hash = cell_digest(hash, &columns[c], r);
            digest_row(digest, hash);
        }
    }
    if (rc != STOA_DONE)
        complain(engine, sql);
    stoa_finalize(stmt);
    return rc == STOA_DONE;
}

static void *stoa_engine_prepare(struct engine *engine, const char *sql)
{
    stoa_stmt *stmt;

    if (stoa_prepare(engine->db, sql, -1, &stmt, NULL) == STOA_OK)
        return stmt;
    complain(engine, sql);
    return NULL;
}

static bool stoa_engine_run(struct engine *engine, void *statement, const int64_t *parameters,
                            int count)
{
    stoa_stmt *stmt = statement;
    int        rc;

    for (int i = 0; i < count; i++)
        stoa_bind_int64(stmt, i + 1, parameters[i]);
    while ((rc = stoa_step(stmt)) == STOA_ROW)
        for (int c = 0, n = stoa_column_count(stmt); c < n; c++)
            (void)stoa_column_int64(stmt, c);
    stoa_reset(stmt);
    return rc == STOA_DONE || complain(engine, stoa_sql(stmt));
}

static void stoa_engine_finalize(struct engine *engine, void *statement)
{
    (void)engine;
    stoa_finalize(statement);
}

const struct engine_kind engine_stoa = {
    .name = "stoa",
    .open = stoa_engine_open,
    .close = stoa_engine_close,
    .exec = stoa_engine_exec,
    .load_csv = stoa_engine_load,
    .query = stoa_engine_query,
    .prepare = stoa_engine_prepare,
    .run = stoa_engine_run,
    .finalize = stoa_engine_finalize,
};
