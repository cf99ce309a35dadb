/* suite_micro.c - the fixed cost of small statements: preparing them, prepared constants,
 * single-row changes, look-ups by key, selects over a hundred rows, and one INSERT of many written
 * rows. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENGINES = 3, ROWS = 10000, SMALL_ROWS = 100, VALUES_ROWS = 100000 };

/* What an iteration does with the SQL text. */
enum micro_kind {
    MICRO_RUN,     /* runs it, prepared once */
    MICRO_PREPARE, /* compiles it */
    MICRO_CACHED,  /* compiles it, on a connection that keeps plans */
    MICRO_FRESH,   /* compiles a text that never came before, and runs it */
    MICRO_REPLACE, /* runs it and then puts the row back */
    MICRO_VALUES   /* runs INSERT with VALUES_ROWS rows written out, and empties the table */
};

struct micro {
    const struct engine_kind *kind;
    struct engine            *engine;
    void                     *statement, *undo; /* undo: of MICRO_REPLACE */
    const char               *sql;
    int                       parameters;
    int64_t                   next;
};

static const struct {
    const char     *name;
    enum micro_kind kind;
    const char     *sql;
    int             parameters;
} statements[] = {
    {"select-1", MICRO_RUN, "SELECT 1", 0},
    {"select-arithmetic", MICRO_RUN, "SELECT ?1 + 2 * ?2", 2},
    {"insert-row", MICRO_RUN, "INSERT INTO log VALUES(?1, ?2, 'text')", 2},
    {"lookup-rowid", MICRO_RUN, "SELECT b FROM t WHERE a = ?1", 1},
    {"update-key", MICRO_RUN, "UPDATE t SET b = ?2 WHERE a = ?1", 2},
    {"delete-insert-key", MICRO_REPLACE, "DELETE FROM t WHERE a = ?1", 1},
    {"select-100-rows", MICRO_RUN, "SELECT a + b FROM small WHERE b > 10 AND c <> 5", 0},
    {"group-100-rows", MICRO_RUN, "SELECT c, sum(b) FROM small GROUP BY c ORDER BY c", 0},
    {"prepare-select-1", MICRO_PREPARE, "SELECT 1", 0},
    {"prepare-lookup", MICRO_PREPARE, "SELECT b FROM t WHERE a = ?1", 0},
    {"prepare-update", MICRO_PREPARE, "UPDATE t SET b = ?2 WHERE a = ?1", 0},
    {"prepare-select", MICRO_PREPARE,
     "SELECT a + 1, b FROM t WHERE a = 5 AND b < 100 ORDER BY b LIMIT 3", 0},
    {"prepare-lookup-plan-cache", MICRO_CACHED, "SELECT b FROM t WHERE a = ?1", 0},
    {"fresh-lookup", MICRO_FRESH, "SELECT b FROM t WHERE a = %lld", 0},
    {"fresh-select-100-rows", MICRO_FRESH,
     "SELECT a, b, CASE WHEN c > 3 THEN a ELSE b END FROM small WHERE b > 10 AND a <> %lld "
     "ORDER BY 3, 1",
     0},
    {"insert-values", MICRO_VALUES, NULL, 0},
};

static const struct engine_kind *const kinds[ENGINES] = {&engine_stoa, &engine_sqlite,
                                                         &engine_duckdb};
static struct micro                    micros[ENGINES * (sizeof statements / sizeof statements[0])];

static bool micro_run(void *argument)
{
    struct micro *micro = argument;
    int64_t       values[2] = {1 + micro->next % ROWS, micro->next};

    micro->next = micro->next * 7 + 1;
    if (micro->next > 1000000007)
        micro->next %= 10007;
    return micro->kind->run(micro->engine, micro->statement, values, micro->parameters);
}

static bool prepare_run(void *argument)
{
    struct micro *micro = argument;
    void         *statement = micro->kind->prepare(micro->engine, micro->sql);

    if (statement == NULL)
        return false;
    micro->kind->finalize(micro->engine, statement);
    return true;
}

static bool fresh_run(void *argument)
{
    struct micro *micro = argument;
    char          sql[256];
    void         *statement;
    bool          ok;

    snprintf(sql, sizeof sql, micro->sql, (long long)micro->next++);
    statement = micro->kind->prepare(micro->engine, sql);
    if (statement == NULL)
        return false;
    ok = micro->kind->run(micro->engine, statement, NULL, 0);
    micro->kind->finalize(micro->engine, statement);
    return ok;
}

static bool replace_run(void *argument)
{
    struct micro *micro = argument;
    int64_t       values[2] = {1 + micro->next++ % ROWS, 7};

    return micro->kind->run(micro->engine, micro->statement, values, 1) &&
           micro->kind->run(micro->engine, micro->undo, values, 2);
}

/* "INSERT INTO many VALUES(...),(...)"; NULL: memory. */
static const char *values_text(void)
{
    static char *text;
    char        *out;

    if (text != NULL || (text = malloc((size_t)VALUES_ROWS * 48 + 64)) == NULL)
        return text;
    out = text + sprintf(text, "INSERT INTO many VALUES");
    for (int i = 0; i < VALUES_ROWS; i++)
        out += sprintf(out, "%s(%d,'name %d',%d.5)", i == 0 ? "" : ",", i, i % 1000, i);
    return text;
}

static bool values_run(void *argument)
{
    struct micro *micro = argument;

    return micro->kind->exec(micro->engine, micro->sql) &&
           micro->kind->exec(micro->engine, "DELETE FROM many");
}

static bool (*const runs[])(void *) = {
    [MICRO_RUN] = micro_run,   [MICRO_PREPARE] = prepare_run, [MICRO_CACHED] = prepare_run,
    [MICRO_FRESH] = fresh_run, [MICRO_REPLACE] = replace_run, [MICRO_VALUES] = values_run,
};

static struct engine *engine_prepare(const struct engine_kind *kind)
{
    const char    *why = "";
    struct engine *engine = kind->open(1, &why);
    char           sql[256];

    if (engine == NULL) {
        fprintf(stderr, "micro: without %s: %s\n", kind->name, why);
        return NULL;
    }
    if (!kind->exec(engine, "CREATE TABLE t(a INTEGER PRIMARY KEY, b INTEGER)") ||
        !kind->exec(engine, "CREATE TABLE log(a INTEGER, b INTEGER, c VARCHAR)") ||
        !kind->exec(engine, "CREATE TABLE small(a INTEGER, b INTEGER, c INTEGER)") ||
        !kind->exec(engine, "CREATE TABLE many(a INTEGER, b VARCHAR, c DOUBLE)") ||
        !kind->exec(engine, "BEGIN"))
        return NULL;
    for (int i = 1; i <= SMALL_ROWS; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO small VALUES(%d, %d, %d)", i, i * 37 % 101, i % 7);
        if (!kind->exec(engine, sql))
            return NULL;
    }
    for (int i = 1; i <= ROWS; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO t VALUES(%d, %d)", i, i * 3);
        if (!kind->exec(engine, sql))
            return NULL;
    }
    return kind->exec(engine, "COMMIT") ? engine : NULL;
}

/* Compiles what the case runs again and again. */
static bool micro_open(struct micro *micro, enum micro_kind kind)
{
    if (kind == MICRO_VALUES)
        micro->sql = values_text();
    if (kind == MICRO_RUN || kind == MICRO_REPLACE)
        micro->statement = micro->kind->prepare(micro->engine, micro->sql);
    if (kind == MICRO_REPLACE)
        micro->undo = micro->kind->prepare(micro->engine, "INSERT INTO t VALUES(?1, ?2)");
    return micro->sql != NULL &&
           (micro->statement != NULL || (kind != MICRO_RUN && kind != MICRO_REPLACE)) &&
           (micro->undo != NULL || kind != MICRO_REPLACE);
}

void suite_micro(const struct bench_options *options)
{
    size_t used = 0;

    for (int e = 0; e < ENGINES; e++) {
        struct engine *engine, *keeping = NULL;

        if (!bench_wants(options->engines, kinds[e]->name))
            continue;
        engine = engine_prepare(kinds[e]);
        if (engine == NULL)
            continue;
        if (kinds[e] != &engine_duckdb) /* SQLite passes over pragmas that it has not */
            keeping = engine_prepare(kinds[e]);
        if (keeping != NULL && !kinds[e]->exec(keeping, "PRAGMA plan_cache=32"))
            continue;
        for (size_t s = 0; s < sizeof statements / sizeof statements[0]; s++) {
            struct micro     *micro = &micros[used++];
            char              name[128];
            struct bench_case added = {
                .name = name, .argument = micro, .run = runs[statements[s].kind]};

            *micro = (struct micro){.kind = kinds[e],
                                    .engine = engine,
                                    .sql = statements[s].sql,
                                    .parameters = statements[s].parameters,
                                    .next = 1};
            if (statements[s].kind == MICRO_CACHED)
                micro->engine = keeping;
            if (micro->engine == NULL || !micro_open(micro, statements[s].kind))
                continue;
            snprintf(name, sizeof name, "micro/%s/%s", statements[s].name, kinds[e]->name);
            bench_add(&added);
        }
    }
}
