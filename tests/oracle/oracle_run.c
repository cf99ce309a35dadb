/* oracle_run.c - random SELECTs in Stoa and sqlite3: counts the differences.
 *
 *   oracle_run [-seed N] [-count N] [-per-schema N] [-batch N] [-threads N] [-force any|flat]
 * [-passes-off MASK]
 *              [-keep DIR] [-max-failures N]
 *
 * Reproducible: schema k of seed N is the same everywhere.  A difference is shrunk and printed with
 * its schema's seed; with -keep it is also written to DIR/case-SEED-NUMBER.sql.  Ends with "N
 * passed, N failed". */
#include "tests/oracle/random_sql.h"
#include "tests/support/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    uint64_t    seed;
    long        count, per_schema, max_failures;
    int         batch, threads;
    unsigned    passes_off;
    const char *force, *keep;
};

struct pair {
    stoa_db *db;
    sqlite3 *oracle;
    bool     ordered, joined;
    char     difference[2048];
};

static void setting(stoa_db *db, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void setting(stoa_db *db, const char *format, ...)
{
    char    sql[256];
    va_list args;

    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    stoa_exec(db, sql, NULL, NULL, NULL);
}

static bool pair_open(struct pair *pair, const struct options *options, const char *schema)
{
    char *message = NULL;

    if (stoa_open(":memory:", &pair->db) != STOA_OK ||
        compare_open_oracle(":memory:", &pair->oracle) != SQLITE_OK)
        return false;
    if (options->batch > 0)
        setting(pair->db, "PRAGMA stoa_batch=%d", options->batch);
    if (options->threads > 0)
        setting(pair->db, "PRAGMA threads=%d", options->threads);
    if (options->force != NULL)
        setting(pair->db, "PRAGMA stoa_force='%s'", options->force);
    if (options->passes_off != 0)
        setting(pair->db, "PRAGMA stoa_passes_off=%u", options->passes_off);
    if (sqlite3_exec(pair->oracle, schema, NULL, NULL, &message) != SQLITE_OK) {
        fprintf(stderr, "oracle_run: sqlite3 refuses the schema: %s\n%.400s\n", message, schema);
        return false;
    }
    if (stoa_exec(pair->db, schema, NULL, NULL, &message) != STOA_OK) {
        fprintf(stderr, "oracle_run: schema refused: %s\n%.400s\n", message, schema);
        stoa_free(message);
        return false;
    }
    return true;
}

static void pair_close(struct pair *pair)
{
    stoa_close(pair->db);
    sqlite3_close(pair->oracle);
}

/* In a join, rows that ORDER BY takes for equal (1 and 1.0, 'a' and 'A') may stand in any order. */
static bool differs(const char *sql, void *data)
{
    struct pair *pair = data;

    if (compare_statement(pair->db, pair->oracle, sql, pair->ordered, pair->difference,
                          sizeof pair->difference))
        return false;
    return !pair->ordered || !pair->joined ||
           !compare_statement(pair->db, pair->oracle, sql, false, pair->difference,
                              sizeof pair->difference);
}

/* Whether a difference is one of docs/deviations.md: one engine met a run-time error in a row that
 * the other did not evaluate (SQL leaves the order of evaluation open); or sqlite3 folded (x AND 0)
 * to 0 before it took GROUP BY 0 for a position. */
static bool excused(void)
{
    const char *mine = compare_stoa_error(), *right = compare_oracle_error();

    if ((mine[0] != '\0') == (right[0] != '\0'))
        return false;
    return strcmp(mine[0] != '\0' ? mine : right, "integer overflow") == 0 ||
           strstr(right, "GROUP BY term out of range") != NULL;
}

/* Whether Stoa said honestly that it does not have the construct yet. */
static bool unsupported(void)
{
    return strncmp(compare_stoa_error(), "not supported yet", 17) == 0;
}

static void report(struct random_sql *random, struct node *query, struct pair *pair,
                   const struct options *options, uint64_t schema_seed, long number,
                   const char *schema)
{
    char *text = node_print(query);

    printf("-- %s;\n", text); /* as generated; shrinking may drop the ORDER BY that gave rows an order */
    free(text);
    node_shrink(random, query, differs, pair);
    text = node_print(query);
    differs(text, pair);
    printf("-- schema seed %llu, query %ld: %s\n%s;\n", (unsigned long long)schema_seed, number,
           pair->difference, text);
    fflush(stdout);
    if (options->keep != NULL) {
        char  path[4096];
        FILE *file;

        snprintf(path, sizeof path, "%s/case-%llu-%ld.sql", options->keep,
                 (unsigned long long)schema_seed, number);
        file = fopen(path, "w");
        if (file != NULL) {
            fprintf(file, "-- %s\n%s%s;\n", pair->difference, schema, text);
            fclose(file);
        }
    }
    free(text);
}

static void schema_run(uint64_t schema_seed, long queries, const struct options *options,
                       long *passed, long *failed, long *excuses, long *skipped)
{
    struct random_sql random;
    struct pair       pair = {0};
    char             *schema;

    random_sql_init(&random, schema_seed);
    schema = random_schema(&random);
    if (!pair_open(&pair, options, schema)) {
        ++*failed;
    } else {
        for (long q = 0; q < queries && *failed < options->max_failures; q++) {
            struct node *query = random_query(&random, &pair.ordered);
            char        *text = node_print(query);

            pair.joined = random.joined;
            if (getenv("ORACLE_TRACE") != NULL)
                fprintf(stderr, "%s;\n", text);
            if (!differs(text, &pair)) {
                ++*passed;
            } else if (unsupported()) {
                ++*skipped;
            } else if (excused()) {
                ++*excuses;
                ++*passed;
            } else {
                ++*failed;
                report(&random, query, &pair, options, schema_seed, q, schema);
            }
            free(text);
        }
    }
    pair_close(&pair);
    free(schema);
    random_sql_free(&random);
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .count = 10000, .per_schema = 200, .max_failures = 10};
    long           passed = 0, failed = 0, excuses = 0, skipped = 0;

    for (int i = 1; i + 1 < argc; i += 2) {
        const char *name = argv[i], *value = argv[i + 1];

        if (strcmp(name, "-seed") == 0)
            options.seed = strtoull(value, NULL, 10);
        else if (strcmp(name, "-count") == 0)
            options.count = atol(value);
        else if (strcmp(name, "-per-schema") == 0)
            options.per_schema = atol(value);
        else if (strcmp(name, "-batch") == 0)
            options.batch = atoi(value);
        else if (strcmp(name, "-threads") == 0)
            options.threads = atoi(value);
        else if (strcmp(name, "-force") == 0)
            options.force = value;
        else if (strcmp(name, "-passes-off") == 0)
            options.passes_off = (unsigned)strtoul(value, NULL, 0);
        else if (strcmp(name, "-keep") == 0)
            options.keep = value;
        else if (strcmp(name, "-max-failures") == 0)
            options.max_failures = atol(value);
        else {
            fprintf(stderr, "oracle_run: unknown option %s\n", name);
            return 2;
        }
    }
    for (uint64_t k = 0; passed + failed + skipped < options.count && failed < options.max_failures;
         k++)
        schema_run(options.seed * 1000003 + k, options.per_schema, &options, &passed, &failed,
                   &excuses, &skipped);
    printf("seed %llu: sqlite3 %s, %ld excused (docs/deviations.md), "
           "%ld not supported yet\n",
           (unsigned long long)options.seed, sqlite3_libversion(), excuses, skipped);
    printf("%ld passed, %ld failed\n", passed, failed);
    return failed > 0;
}
