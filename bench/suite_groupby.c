/* suite_groupby.c - bulk load, GROUP BY and windows over one wide table, in the shape of the public
 * db-benchmark (h2oai group-by): three text columns with K, K and N/K distinct values, six numeric
 * ones.
 *
 * Every engine loads the same file by its own bulk path; answers are compared by digest before
 * anything is timed. */
#include "bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { GROUPS = 100, ENGINES = 4, REPEATS = 5 };

/* Medians, deviations and correlations are rounded: the last digits depend on the formula, and
 * SQLite, which has no such functions, is given one. */
static const struct {
    const char *name, *sql;
    const char *sqlite; /* NULL: the same */
} questions[] = {
    {"q1", "SELECT id1, sum(v1) FROM x GROUP BY id1", NULL},
    {"q2", "SELECT id1, id2, sum(v1) FROM x GROUP BY id1, id2", NULL},
    {"q3", "SELECT id3, sum(v1), avg(v3) FROM x GROUP BY id3", NULL},
    {"q4", "SELECT id4, avg(v1), avg(v2), avg(v3) FROM x GROUP BY id4", NULL},
    {"q5", "SELECT id6, sum(v1), sum(v2), sum(v3) FROM x GROUP BY id6", NULL},
    {"q6", "SELECT id4, id5, round(median(v3), 7), round(stddev(v3), 6) FROM x GROUP BY id4, id5",
     "SELECT id4, id5, round(avg(v3) FILTER (WHERE n IN ((c + 1) / 2, (c + 2) / 2)), 7), "
     "round(sqrt((sum(v3 * v3) - sum(v3) * avg(v3)) / (count(*) - 1)), 6) FROM (SELECT id4, id5, "
     "v3, row_number() OVER (PARTITION BY id4, id5 ORDER BY v3) AS n, count(*) OVER (PARTITION BY "
     "id4, id5) AS c FROM x) GROUP BY id4, id5"},
    {"q7", "SELECT id3, max(v1) - min(v2) FROM x GROUP BY id3", NULL},
    {"q8",
     "SELECT id6, v3 AS largest2_v3 FROM (SELECT id6, v3, row_number() OVER (PARTITION BY id6 ORDER "
     "BY v3 DESC) AS order_v3 FROM x WHERE v3 IS NOT NULL) AS sub_query WHERE order_v3 <= 2",
     NULL},
    {"q9", "SELECT id2, id4, round(pow(corr(v1, v2), 2), 9) FROM x GROUP BY id2, id4",
     "SELECT id2, id4, round(pow(count(*) * sum(v1 * v2) - sum(v1) * sum(v2), 2) / (1.0 * "
     "(count(*) * sum(v1 * v1) - sum(v1) * sum(v1)) * (count(*) * sum(v2 * v2) - sum(v2) * "
     "sum(v2))), 9) FROM x GROUP BY id2, id4"},
    {"q10",
     "SELECT id1, id2, id3, id4, id5, id6, sum(v3), count(*) FROM x "
     "GROUP BY id1, id2, id3, id4, id5, id6",
     NULL},
    /* windows: not the public task's */
    {"w-rank", "SELECT sum(r) FROM (SELECT rank() OVER (PARTITION BY id4 ORDER BY v3) AS r FROM x)",
     NULL},
    {"w-running",
     "SELECT sum(s) FROM (SELECT sum(v1) OVER (PARTITION BY id6 ORDER BY v3) AS s FROM x)", NULL},
    {"w-lag",
     "SELECT sum(v3 - p) FROM (SELECT v3, lag(v3) OVER (PARTITION BY id6 ORDER BY v3) AS p FROM x)",
     NULL},
    {"w-whole",
     "SELECT count(*) FROM (SELECT v3, avg(v3) OVER (PARTITION BY id3) AS a FROM x) WHERE v3 > a",
     NULL},
    {"w-sliding",
     "SELECT sum(m), sum(a) FROM (SELECT max(v2) OVER w AS m, avg(v1) OVER w AS a FROM x WINDOW w AS "
     "(PARTITION BY id4 ORDER BY id6, v3 ROWS BETWEEN 10 PRECEDING AND CURRENT ROW))",
     NULL},
};

static const struct engine_kind *const kinds[ENGINES] = {&engine_stoa, &engine_duckdb,
                                                         &engine_duckdb_compressed, &engine_sqlite};

static struct loaded { /* one engine with the table in it */
    const struct engine_kind *kind;
    struct engine            *engine;
    char                      path[4096];
    int                       threads;
} loaded[ENGINES];

static struct question {
    struct loaded *on;
    const char    *sql;
} question_cases[ENGINES * (sizeof questions / sizeof questions[0])];

/* --- data
 * ------------------------------------------------------------------------------------------- */
static uint64_t random_state = UINT64_C(88172645463325252);

static uint32_t below(uint32_t n) /* xorshift64 */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(((random_state >> 32) * n) >> 32);
}

/* A number in 0..100 with up to six decimals, trailing zeros dropped. */
static int real_print(char *out)
{
    uint32_t millionths = below(100000001);
    int      length = sprintf(out, "%u.%06u", millionths / 1000000, millionths % 1000000);

    while (out[length - 1] == '0')
        length--;
    return out[length - 1] == '.' ? length - 1 : length;
}

static bool data_write(const char *path, long rows)
{
    FILE    *file = fopen(path, "wb");
    uint32_t many = rows / GROUPS > 0 ? (uint32_t)(rows / GROUPS) : 1;
    char     real[32];

    if (file == NULL)
        return false;
    for (long i = 0; i < rows; i++) {
        int real_length;

        fprintf(file, "id%03u,id%03u,id%010u,%u,%u,%u,%u,%u,", 1 + below(GROUPS), 1 + below(GROUPS),
                1 + below(many), 1 + below(GROUPS), 1 + below(GROUPS), 1 + below(many),
                1 + below(5), 1 + below(15));
        real_length = real_print(real);
        fwrite(real, 1, (size_t)real_length, file);
        fputc('\n', file);
    }
    return fclose(file) == 0;
}

static double data_bytes(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 ? (double)info.st_size : 0;
}

static bool data_make(const struct bench_options *options, char *path, size_t cap)
{
    char part[4200];

    snprintf(path, cap, "%s/groupby-%ld.csv", options->data, options->rows);
    if (data_bytes(path) > 0)
        return true;
    if (mkdir(options->data, 0777) != 0 && errno != EEXIST)
        return false;
    fprintf(stderr, "making %s\n", path);
    snprintf(part, sizeof part, "%s.part", path);
    return data_write(part, options->rows) && rename(part, path) == 0;
}

/* --- cases
 * ------------------------------------------------------------------------------------------- */
static bool load_run(void *argument)
{
    struct loaded *on = argument;
    const char    *why = NULL;

    if (on->engine != NULL)
        on->kind->close(on->engine);
    on->engine = on->kind->open(on->threads, &why);
    return on->engine != NULL &&
           on->kind->exec(on->engine, "CREATE TABLE x(id1 TEXT, id2 TEXT, id3 TEXT, id4 INTEGER, "
                                      "id5 INTEGER, id6 INTEGER, v1 INTEGER, "
                                      "v2 INTEGER, v3 DOUBLE)") &&
           on->kind->load_csv(on->engine, "x", on->path, ',');
}

static bool question_run(void *argument)
{
    struct question *question = argument;
    struct digest    digest = {0};

    return question->on->engine != NULL &&
           question->on->kind->query(question->on->engine, question->sql, &digest) &&
           digest.rows > 0;
}

static const char *question_sql(size_t q, const struct engine_kind *kind)
{
    return kind == &engine_sqlite && questions[q].sqlite != NULL ? questions[q].sqlite
                                                                 : questions[q].sql;
}

/* Compares the engines' answers to every question; run as the case groupby/answers/all. */
static bool answers_run(void *argument)
{
    bool same = true;

    (void)argument;
    for (size_t q = 0; q < sizeof questions / sizeof questions[0]; q++) {
        struct digest first = {0};

        for (int e = 0; e < ENGINES; e++) {
            struct digest digest = {0};

            if (loaded[e].engine == NULL)
                continue;
            if (!loaded[e].kind->query(loaded[e].engine, question_sql(q, kinds[e]), &digest))
                return false;
            if (first.rows == 0)
                first = digest;
            if (digest.rows != first.rows || digest.hash != first.hash) {
                fprintf(stderr, "groupby/%s: %s answers %llu rows (%016llx), not %llu (%016llx)\n",
                        questions[q].name, loaded[e].kind->name, (unsigned long long)digest.rows,
                        (unsigned long long)digest.hash, (unsigned long long)first.rows,
                        (unsigned long long)first.hash);
                same = false;
            }
        }
    }
    return same;
}

static void case_add(const char *what, const char *engine, bool (*run)(void *), void *argument,
                     long iterations, double bytes)
{
    char              name[128];
    struct bench_case added = {
        .name = name, .run = run, .argument = argument, .iterations = iterations, .bytes = bytes};

    snprintf(name, sizeof name, "groupby/%s/%s", what, engine);
    bench_add(&added);
}

void suite_groupby(const struct bench_options *options)
{
    char   path[4096];
    size_t used = 0;

    if (!data_make(options, path, sizeof path)) {
        fprintf(stderr, "groupby: cannot make %s: %s\n", path, strerror(errno));
        return;
    }
    for (int e = 0; e < ENGINES; e++) {
        const char    *why = "";
        struct engine *probe;

        if (!bench_wants(options->engines, kinds[e]->name))
            continue;
        probe = kinds[e]->open(options->threads, &why);
        if (probe == NULL) {
            fprintf(stderr, "groupby: without %s: %s\n", kinds[e]->name, why);
            continue;
        }
        kinds[e]->close(probe);
        loaded[e].kind = kinds[e];
        loaded[e].threads = options->threads;
        snprintf(loaded[e].path, sizeof loaded[e].path, "%s", path);
        case_add("load", kinds[e]->name, load_run, &loaded[e], 1, data_bytes(path));
    }
    case_add("answers", "all", answers_run, NULL, 1, 0);
    for (size_t q = 0; q < sizeof questions / sizeof questions[0]; q++)
        for (int e = 0; e < ENGINES; e++) {
            if (loaded[e].kind == NULL)
                continue;
            question_cases[used] =
                (struct question){.on = &loaded[e], .sql = question_sql(q, kinds[e])};
            case_add(questions[q].name, kinds[e]->name, question_run, &question_cases[used],
                     kinds[e] == &engine_sqlite ? 1 : REPEATS, 0);
            used++;
        }
}
