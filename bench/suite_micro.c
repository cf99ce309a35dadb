/* suite_micro.c - the fixed cost of small statements: prepared constants, single-row inserts,
 * look-ups by key. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENGINES = 3, ROWS = 10000 };

struct micro {
    const struct engine_kind *kind;
    struct engine            *engine;
    void                     *statement;
    const char               *sql;
    int                       parameters;
    int64_t                   next;
};

static const struct {
    const char *name, *sql;
    int         parameters;
} statements[] = {
    {"select-1", "SELECT 1", 0},
    {"select-arithmetic", "SELECT ?1 + 2 * ?2", 2},
    {"insert-row", "INSERT INTO log VALUES(?1, ?2, 'text')", 2},
    {"lookup-rowid", "SELECT b FROM t WHERE a = ?1", 1},
    {"prepare-select", NULL, 0},
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
    void         *statement = micro->kind->prepare(
                micro->engine, "SELECT a + 1, b FROM t WHERE a = 5 AND b < 100 ORDER BY b LIMIT 3");

    if (statement == NULL)
        return false;
    micro->kind->finalize(micro->engine, statement);
    return true;
}

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
        !kind->exec(engine, "BEGIN"))
        return NULL;
    for (int i = 1; i <= ROWS; i++) {
        snprintf(sql, sizeof sql, "INSERT INTO t VALUES(%d, %d)", i, i * 3);
        if (!kind->exec(engine, sql))
            return NULL;
    }
    return kind->exec(engine, "COMMIT") ? engine : NULL;
}

void suite_micro(const struct bench_options *options)
{
    size_t used = 0;

    for (int e = 0; e < ENGINES; e++) {
        struct engine *engine;

        if (!bench_wants(options->engines, kinds[e]->name))
            continue;
        engine = engine_prepare(kinds[e]);
        if (engine == NULL)
            continue;
        for (size_t s = 0; s < sizeof statements / sizeof statements[0]; s++) {
            struct micro     *micro = &micros[used++];
            char              name[128];
            struct bench_case added = {.name = name, .argument = micro, .run = micro_run};

            *micro = (struct micro){.kind = kinds[e],
                                    .engine = engine,
                                    .sql = statements[s].sql,
                                    .parameters = statements[s].parameters,
                                    .next = 1};
            if (micro->sql == NULL)
                added.run = prepare_run;
            else if ((micro->statement = kinds[e]->prepare(engine, micro->sql)) == NULL)
                continue;
            snprintf(name, sizeof name, "micro/%s/%s", statements[s].name, kinds[e]->name);
            bench_add(&added);
        }
    }
}
