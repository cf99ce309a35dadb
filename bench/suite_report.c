/* suite_report.c - the queries of everyday reports over one table of sales: groups by month, day,
 * prefix and bucket, conditional and distinct counts, medians, shares, running totals, the first of
 * each group.  A tenth of --rows rows.
 *
 * DuckDB has the times as TIMESTAMP, Stoa and SQLite as TEXT, as their users do. */
#include "query_suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { CUSTOMERS = 20000, CODES = 400, NAMES = 60, DAYS = 1096, ROWS_MIN = 1000 };

#define MONTHS "SELECT strftime('%Y-%m', ts) AS month, sum(quantity) AS n FROM sales GROUP BY 1"
#define MONTHS_DUCKDB                                                                              \
    "SELECT strftime(date_trunc('month', ts), '%Y-%m') AS month, sum(quantity) AS n FROM sales "   \
    "GROUP BY 1"

/* Sums of REALs are rounded: only SQLite and Stoa add them with compensation. */
static const struct query questions[] = {
    {"month", "SELECT strftime('%Y-%m', ts), count(*), round(sum(amount), 2) FROM sales GROUP BY 1",
     NULL,
     "SELECT strftime(date_trunc('month', ts), '%Y-%m'), count(*), round(sum(amount), 2) FROM "
     "sales GROUP BY 1"},
    {"day", "SELECT date(ts), count(*), sum(quantity) FROM sales GROUP BY 1", NULL,
     "SELECT CAST(d AS VARCHAR), n, q FROM (SELECT CAST(ts AS DATE) AS d, count(*) AS n, "
     "sum(quantity) AS q FROM sales GROUP BY 1)"},
    {"prefix", "SELECT substr(code, 1, 3), count(*), max(amount) FROM sales GROUP BY 1", NULL,
     NULL},
    {"lower", "SELECT lower(name), count(*), sum(quantity) FROM sales GROUP BY 1", NULL, NULL},
    {"case-bucket",
     "SELECT CASE WHEN amount < 10 THEN 'small' WHEN amount < 100 THEN 'middle' ELSE 'large' END, "
     "count(*), sum(quantity) FROM sales GROUP BY 1",
     NULL, NULL},
    {"distinct", "SELECT name, count(DISTINCT customer) FROM sales GROUP BY name", NULL, NULL},
    {"sum-case",
     "SELECT region, sum(CASE WHEN quantity > 5 THEN quantity ELSE 0 END), sum(CASE WHEN amount > "
     "50 THEN 1 ELSE 0 END), count(CASE WHEN quantity = 1 THEN 1 END) FROM sales GROUP BY region",
     NULL, NULL},
    {"having",
     "SELECT customer, count(*), sum(quantity) FROM sales GROUP BY customer HAVING sum(quantity) > "
     "600",
     NULL, NULL},
    {"rollup",
     "SELECT region, name, count(*), sum(quantity) FROM sales GROUP BY ROLLUP(region, name)",
     "SELECT region, name, count(*), sum(quantity) FROM sales GROUP BY region, name UNION ALL "
     "SELECT region, NULL, count(*), sum(quantity) FROM sales GROUP BY region UNION ALL SELECT "
     "NULL, NULL, count(*), sum(quantity) FROM sales",
     NULL},
    {"concat", "SELECT customer, length(group_concat(code)) FROM sales GROUP BY customer", NULL,
     NULL},
    {"median", "SELECT name, round(median(amount), 6) FROM sales GROUP BY name",
     "SELECT name, round(avg(amount), 6) FROM (SELECT name, amount, row_number() OVER (PARTITION "
     "BY name ORDER BY amount) AS n, count(*) OVER (PARTITION BY name) AS c FROM sales) WHERE n IN "
     "((c + 1) / 2, (c + 2) / 2) GROUP BY name",
     NULL},
    {"share",
     "SELECT name, round(100.0 * sum(quantity) / sum(sum(quantity)) OVER (), 6) FROM sales GROUP "
     "BY name",
     NULL, NULL},
    {"running", "SELECT month, sum(n) OVER (ORDER BY month) FROM (" MONTHS ")", NULL,
     "SELECT month, sum(n) OVER (ORDER BY month) FROM (" MONTHS_DUCKDB ")"},
    {"lag",
     "SELECT sum(amount - before) > 0, count(before) FROM (SELECT amount, lag(amount) OVER "
     "(PARTITION BY customer ORDER BY ts, amount) AS before FROM sales)",
     NULL, NULL},
    {"top-3",
     "SELECT customer, amount FROM (SELECT customer, amount, row_number() OVER (PARTITION BY "
     "customer ORDER BY amount DESC) AS n FROM sales) WHERE n <= 3",
     NULL, NULL},
    {"order-limit", "SELECT ts, name, amount FROM sales ORDER BY amount DESC, ts, name LIMIT 20",
     NULL,
     "SELECT strftime(ts, '%Y-%m-%d %H:%M:%S'), name, amount FROM sales ORDER BY amount DESC, ts, "
     "name LIMIT 20"},
};

static char path[4096]; /* of the data */

static uint64_t random_state = UINT64_C(88172645463325252);

static uint32_t below(uint32_t n) /* xorshift64 */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(((random_state >> 32) * n) >> 32);
}

/* Writes the day as YYYY-MM-DD, 28 days a month. */
static void row_write(FILE *file, uint32_t day)
{
    static const char *const regions[] = {"north", "east", "south", "west"};
    uint32_t                 second = below(86400), name = below(NAMES);

    fprintf(file, "%u-%02u-%02u %02u:%02u:%02u,", 2022 + day / 336, 1 + day % 336 / 28,
            1 + day % 28, second / 3600, second / 60 % 60, second % 60);
    fprintf(file, "%c%c%c-%03u,%s %u,%s,%u,%u,%u.%02u\n", 'A' + below(5), 'A' + below(5),
            'A' + below(5), below(CODES), name % 2 == 0 ? "Item" : "ITEM", name, regions[below(4)],
            below(CUSTOMERS), 1 + below(10), below(200), 1 + below(99));
}

static bool data_make(const struct bench_options *options)
{
    long  rows = options->rows / 10 < ROWS_MIN ? ROWS_MIN : options->rows / 10;
    char  part[4200];
    FILE *file;

    snprintf(path, sizeof path, "%s/report-%ld.csv", options->data, rows);
    snprintf(part, sizeof part, "%s.part", path);
    if ((file = fopen(path, "rb")) != NULL)
        return fclose(file) == 0;
    if ((mkdir(options->data, 0777) != 0 && errno != EEXIST) || (file = fopen(part, "wb")) == NULL)
        return false;
    for (long i = 0; i < rows; i++)
        row_write(file, below(DAYS));
    return fclose(file) == 0 && rename(part, path) == 0;
}

static bool tables_load(const struct engine_kind *kind, struct engine *engine)
{
    char sql[256];

    snprintf(sql, sizeof sql,
             "CREATE TABLE sales(ts %s, code TEXT, name TEXT, region TEXT, customer INTEGER, "
             "quantity INTEGER, amount DOUBLE)",
             is_duckdb(kind) ? "TIMESTAMP" : "TEXT");
    return kind->exec(engine, sql) && kind->load_csv(engine, "sales", path, ',');
}

static struct query_suite suite = {.name = "report",
                                   .queries = questions,
                                   .count = sizeof questions / sizeof questions[0],
                                   .repeats = 5,
                                   .load = tables_load};

void suite_report(const struct bench_options *options)
{
    struct stat info;

    if (data_make(options) && stat(path, &info) == 0)
        query_suite_add(&suite, options, (double)info.st_size);
    else
        fprintf(stderr, "report: cannot make %s: %s\n", path, strerror(errno));
}
