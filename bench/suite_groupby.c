/* suite_groupby.c - bulk load, GROUP BY and windows over one wide table, in the shape of the public
 * db-benchmark (h2oai group-by): three text columns with K, K and N/K distinct values, six numeric
 * ones.
 *
 * Every engine loads the same file by its own bulk path; answers are compared by digest before
 * anything is timed. */
#include "query_suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { GROUPS = 100 };

/* Medians, deviations and correlations are rounded: the last digits depend on the formula, and
 * SQLite, which has no such functions, is given one. */
static const struct query questions[] = {
    {"q1", "SELECT id1, sum(v1) FROM x GROUP BY id1", NULL, NULL},
    {"q2", "SELECT id1, id2, sum(v1) FROM x GROUP BY id1, id2", NULL, NULL},
    {"q3", "SELECT id3, sum(v1), avg(v3) FROM x GROUP BY id3", NULL, NULL},
    {"q4", "SELECT id4, avg(v1), avg(v2), avg(v3) FROM x GROUP BY id4", NULL, NULL},
    {"q5", "SELECT id6, sum(v1), sum(v2), sum(v3) FROM x GROUP BY id6", NULL, NULL},
    {"q6", "SELECT id4, id5, round(median(v3), 7), round(stddev(v3), 6) FROM x GROUP BY id4, id5",
     "SELECT id4, id5, round(avg(v3) FILTER (WHERE n IN ((c + 1) / 2, (c + 2) / 2)), 7), "
     "round(sqrt((sum(v3 * v3) - sum(v3) * avg(v3)) / (count(*) - 1)), 6) FROM (SELECT id4, id5, "
     "v3, row_number() OVER (PARTITION BY id4, id5 ORDER BY v3) AS n, count(*) OVER (PARTITION BY "
     "id4, id5) AS c FROM x) GROUP BY id4, id5",
     NULL},
    {"q7", "SELECT id3, max(v1) - min(v2) FROM x GROUP BY id3", NULL, NULL},
    {"q8",
     "SELECT id6, v3 AS largest2_v3 FROM (SELECT id6, v3, row_number() OVER (PARTITION BY id6 "
     "ORDER "
     "BY v3 DESC) AS order_v3 FROM x WHERE v3 IS NOT NULL) AS sub_query WHERE order_v3 <= 2",
     NULL, NULL},
    {"q9", "SELECT id2, id4, round(pow(corr(v1, v2), 2), 9) FROM x GROUP BY id2, id4",
     "SELECT id2, id4, round(pow(count(*) * sum(v1 * v2) - sum(v1) * sum(v2), 2) / (1.0 * "
     "(count(*) * sum(v1 * v1) - sum(v1) * sum(v1)) * (count(*) * sum(v2 * v2) - sum(v2) * "
     "sum(v2))), 9) FROM x GROUP BY id2, id4",
     NULL},
    {"q10",
     "SELECT id1, id2, id3, id4, id5, id6, sum(v3), count(*) FROM x "
     "GROUP BY id1, id2, id3, id4, id5, id6",
     NULL, NULL},
    /* windows: not the public task's */
    {"w-rank", "SELECT sum(r) FROM (SELECT rank() OVER (PARTITION BY id4 ORDER BY v3) AS r FROM x)",
     NULL, NULL},
    {"w-running",
     "SELECT sum(s) FROM (SELECT sum(v1) OVER (PARTITION BY id6 ORDER BY v3) AS s FROM x)", NULL,
     NULL},
    {"w-lag",
     "SELECT sum(v3 - p) FROM (SELECT v3, lag(v3) OVER (PARTITION BY id6 ORDER BY v3) AS p FROM x)",
     NULL, NULL},
    {"w-whole",
     "SELECT count(*) FROM (SELECT v3, avg(v3) OVER (PARTITION BY id3) AS a FROM x) WHERE v3 > a",
     NULL, NULL},
    {"w-sliding",
     "SELECT sum(m), sum(a) FROM (SELECT max(v2) OVER w AS m, avg(v1) OVER w AS a FROM x WINDOW w "
     "AS "
     "(PARTITION BY id4 ORDER BY id6, v3 ROWS BETWEEN 10 PRECEDING AND CURRENT ROW))",
     NULL, NULL},
};

static char path[4096]; /* of the data */

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

static bool data_write(const char *to, long rows)
{
    FILE    *file = fopen(to, "wb");
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

static double data_bytes(void)
{
    struct stat info;

    return stat(path, &info) == 0 ? (double)info.st_size : 0;
}

static bool data_make(const struct bench_options *options)
{
    char part[4200];

    snprintf(path, sizeof path, "%s/groupby-%ld.csv", options->data, options->rows);
    if (data_bytes() > 0)
        return true;
    if (mkdir(options->data, 0777) != 0 && errno != EEXIST)
        return false;
    fprintf(stderr, "making %s\n", path);
    snprintf(part, sizeof part, "%s.part", path);
    return data_write(part, options->rows) && rename(part, path) == 0;
}

static bool tables_load(const struct engine_kind *kind, struct engine *engine)
{
    return kind->exec(engine, "CREATE TABLE x(id1 TEXT, id2 TEXT, id3 TEXT, id4 INTEGER, "
                              "id5 INTEGER, id6 INTEGER, v1 INTEGER, v2 INTEGER, v3 DOUBLE)") &&
           kind->load_csv(engine, "x", path, ',');
}

static struct query_suite suite = {.name = "groupby",
                                   .queries = questions,
                                   .count = sizeof questions / sizeof questions[0],
                                   .repeats = 5,
                                   .load = tables_load};

void suite_groupby(const struct bench_options *options)
{
    if (data_make(options))
        query_suite_add(&suite, options, data_bytes());
    else
        fprintf(stderr, "groupby: cannot make %s: %s\n", path, strerror(errno));
}
