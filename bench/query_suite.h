/* query_suite.h - queries over one set of tables as a suite: every engine loads the tables, the
 * answers are compared, then each query is timed in each engine. */
#ifndef STOA_BENCH_QUERY_SUITE_H
#define STOA_BENCH_QUERY_SUITE_H

#include "bench.h"

enum { SUITE_ENGINES = 4 };

struct query {
    const char *name;
    const char *sql;
    const char *sqlite, *duckdb; /* the words for these engines; NULL: sql */
};

struct query_suite { /* lives as long as the cases */
    const char         *name;
    const struct query *queries;
    int                 count;
    int                 repeats; /* of a query; SQLite runs it once */
    /* Makes and fills the tables in a new engine. */
    bool (*load)(const struct engine_kind *kind, struct engine *engine);

    /* query_suite_add's own */
    struct suite_engine {
        struct query_suite       *suite;
        const struct engine_kind *kind; /* NULL: not wanted or not to be had */
        struct engine            *engine;
        int                       threads;
    } engines[SUITE_ENGINES];
};

/* Adds the cases name/load/ENGINE, name/answers/all and name/QUERY/ENGINE.  bytes: of the data that
 * load reads. */
void query_suite_add(struct query_suite *suite, const struct bench_options *options, double bytes);

bool is_duckdb(const struct engine_kind *kind); /* with either storage */

#endif
