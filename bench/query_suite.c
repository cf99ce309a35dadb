/* query_suite.c - see query_suite.h. */
#include "query_suite.h"

#include <stdio.h>
#include <stdlib.h>

static const struct engine_kind *const kinds[SUITE_ENGINES] = {
    &engine_stoa, &engine_duckdb, &engine_duckdb_compressed, &engine_sqlite};

struct timed_query { /* a case's argument; lives till the end */
    const struct suite_engine *on;
    const char                *sql;
};

bool is_duckdb(const struct engine_kind *kind)
{
    return kind == &engine_duckdb || kind == &engine_duckdb_compressed;
}

static const char *words_for(const struct query *query, const struct engine_kind *kind)
{
    const char *own = kind == &engine_sqlite ? query->sqlite
                      : is_duckdb(kind)      ? query->duckdb
                                             : NULL;

    return own != NULL ? own : query->sql;
}

static bool load_run(void *argument)
{
    struct suite_engine *on = argument;
    const char          *why = NULL;

    if (on->engine != NULL)
        on->kind->close(on->engine);
    on->engine = on->kind->open(on->threads, &why);
    return on->engine != NULL && on->suite->load(on->kind, on->engine);
}

static bool query_run(void *argument)
{
    const struct timed_query *query = argument;
    struct digest             digest = {0};

    return query->on->engine != NULL &&
           query->on->kind->query(query->on->engine, query->sql, &digest);
}

/* Whether every engine gives the same answer to the query, said on standard error if not. */
static bool same_answer(const struct query_suite *suite, const struct query *query)
{
    struct digest first = {0};
    bool          any = false, same = true;

    for (int e = 0; e < SUITE_ENGINES; e++) {
        const struct suite_engine *on = &suite->engines[e];
        struct digest              digest = {0};

        if (on->engine == NULL)
            continue;
        if (!on->kind->query(on->engine, words_for(query, on->kind), &digest))
            return false;
        if (!any)
            first = digest;
        any = true;
        if (digest.rows == first.rows && digest.hash == first.hash)
            continue;
        fprintf(stderr, "%s/%s: %s answers %llu rows (%016llx), not %llu (%016llx)\n", suite->name,
                query->name, on->kind->name, (unsigned long long)digest.rows,
                (unsigned long long)digest.hash, (unsigned long long)first.rows,
                (unsigned long long)first.hash);
        same = false;
    }
    return same;
}

static bool answers_run(void *argument)
{
    const struct query_suite *suite = argument;
    bool                      same = true;

    for (int q = 0; q < suite->count; q++)
        same = same_answer(suite, &suite->queries[q]) && same;
    return same;
}

static void case_add(const struct query_suite *suite, const char *what, const char *engine,
                     struct bench_case added)
{
    char name[128];

    snprintf(name, sizeof name, "%s/%s/%s", suite->name, what, engine);
    added.name = name;
    bench_add(&added);
}

static void engines_open(struct query_suite *suite, const struct bench_options *options)
{
    for (int e = 0; e < SUITE_ENGINES; e++) {
        const char    *why = "";
        struct engine *probe;

        if (!bench_wants(options->engines, kinds[e]->name))
            continue;
        probe = kinds[e]->open(options->threads, &why);
        if (probe == NULL) {
            fprintf(stderr, "%s: without %s: %s\n", suite->name, kinds[e]->name, why);
            continue;
        }
        kinds[e]->close(probe);
        suite->engines[e] =
            (struct suite_engine){.suite = suite, .kind = kinds[e], .threads = options->threads};
    }
}

static void query_add(struct query_suite *suite, const struct query *query, struct suite_engine *on)
{
    struct timed_query *timed = malloc(sizeof *timed);

    if (timed == NULL)
        abort();
    *timed = (struct timed_query){.on = on, .sql = words_for(query, on->kind)};
    case_add(suite, query->name, on->kind->name,
             (struct bench_case){.run = query_run,
                                 .argument = timed,
                                 .iterations = on->kind == &engine_sqlite ? 1 : suite->repeats});
}

void query_suite_add(struct query_suite *suite, const struct bench_options *options, double bytes)
{
    engines_open(suite, options);
    for (int e = 0; e < SUITE_ENGINES; e++)
        if (suite->engines[e].kind != NULL)
            case_add(suite, "load", kinds[e]->name,
                     (struct bench_case){.run = load_run,
                                         .argument = &suite->engines[e],
                                         .iterations = 1,
                                         .bytes = bytes});
    case_add(suite, "answers", "all",
             (struct bench_case){.run = answers_run, .argument = suite, .iterations = 1});
    for (int q = 0; q < suite->count; q++)
        for (int e = 0; e < SUITE_ENGINES; e++)
            if (suite->engines[e].kind != NULL)
                query_add(suite, &suite->queries[q], &suite->engines[e]);
}
