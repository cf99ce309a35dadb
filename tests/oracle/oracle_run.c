/* oracle_run.c - random SELECTs, and some changes, in Stoa and sqlite3: counts the differences.
 *
 *   oracle_run [-seed N] [-count N] [-per-schema N] [-batch N] [-threads N] [-force any|flat]
 * [-passes-off MASK]
 *              [-keep DIR] [-max-failures N] [-schema SEED] [-slow SECONDS]
 *
 * Reproducible: schema k of seed N is the same everywhere, and -schema runs one alone, by its seed.
 * -slow reports statements that take longer, in both engines together.  A difference is shrunk and
 * printed with its schema's seed; with -keep it is also written to DIR/case-SEED-NUMBER.sql, with
 * all that was done to the tables before.  Rows whose order is open may differ in which of several
 * equal values (1 and 1.0, 'a' and 'A') they show: such statements are counted as tied.  Ends with
 * "N passed, N failed". */
#include "tests/oracle/random_sql.h"
#include "tests/support/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct options {
    uint64_t    seed, schema; /* schema: 0 for all that count asks for */
    double      slow;         /* 0: no report */
    long        count, per_schema, max_failures;
    int         batch, threads;
    unsigned    passes_off;
    const char *force, *keep;
};

struct counts {
    long passed, failed, excused, tied, skipped, changes;
};

struct pair {
    stoa_db *db;
    sqlite3 *oracle;
    uint64_t schema_seed;
    bool     ordered, open; /* of the query: see random_sql.h */
    bool     change;        /* not a query: runs once */
    bool     tied;          /* the last answers: equal but for ties */
    bool     contradicted;  /* sqlite3 gives our answer too, when it does not optimize */
    char     difference[2048];
};

static char *text_append(char *text, const char *sql)
{
    size_t bytes = strlen(text), more = strlen(sql);
    char  *grown = realloc(text, bytes + more + 3);

    if (grown == NULL) {
        fprintf(stderr, "oracle_run: out of memory\n");
        exit(2);
    }
    snprintf(grown + bytes, more + 3, "%s;\n", sql);
    return grown;
}

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

/* Whether a query chooses among values that it takes for equal. */
static bool has_choice(const char *sql)
{
    static const char *const words[] = {"DISTINCT", "GROUP BY", "UNION ", "INTERSECT",
                                        "EXCEPT",   "min(",     "max(",   "LIMIT"};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strstr(sql, words[i]) != NULL)
            return true;
    return false;
}

/* Whether two answers differ by nothing but the order of ties and the choice among them. */
static bool tied(struct pair *pair, const char *sql)
{
    char other[64];

    if (!pair->open)
        return false;
    return (pair->ordered && compare_statement(pair->db, pair->oracle, sql, COMPARE_TIED_SEQUENCE,
                                               other, sizeof other)) ||
           (has_choice(sql) &&
            compare_statement(pair->db, pair->oracle, sql, COMPARE_TIED_BAG, other, sizeof other));
}

/* Whether sqlite3 without its optimizations gives the answer that Stoa gave: then its own answer
 * is one of its bugs, or one of several that are right. */
static bool contradicts_itself(struct pair *pair, const char *sql)
{
    char other[64];
    bool same;

    if (pair->change)
        return false;
    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, pair->oracle, ~0);
    same = compare_statement(pair->db, pair->oracle, sql,
                             pair->ordered ? COMPARE_SEQUENCE : COMPARE_BAG, other, sizeof other);
    sqlite3_test_control(SQLITE_TESTCTRL_OPTIMIZATIONS, pair->oracle, 0);
    return same;
}

static double seconds_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void slow_report(const struct options *options, const struct pair *pair, double since,
                        const char *sql)
{
    double seconds = seconds_now() - since;

    if (options->slow <= 0 || seconds <= options->slow)
        return;
    printf("-- slow, schema seed %llu, %.1f s: %s;\n", (unsigned long long)pair->schema_seed,
           seconds, sql);
    fflush(stdout);
}

static bool differs(const char *sql, void *data)
{
    struct pair *pair = data;

    pair->tied = pair->contradicted = false;
    if (compare_statement(pair->db, pair->oracle, sql,
                          pair->ordered ? COMPARE_SEQUENCE : COMPARE_BAG, pair->difference,
                          sizeof pair->difference))
        return false;
    pair->tied = tied(pair, sql);
    if (!pair->tied)
        pair->contradicted = contradicts_itself(pair, sql);
    return !pair->tied && !pair->contradicted;
}

/* Errors that a value causes when a row with it is met. */
static bool is_of_row(const char *message)
{
    static const char *const parts[] = {"integer overflow",
                                        "ESCAPE expression must be a single character",
                                        "Inf input to ",
                                        "argument of ntile must be a positive integer",
                                        "argument to nth_value must be a positive integer",
                                        "input to percentile",
                                        "input to median",
                                        "1st argument to percentile",
                                        "frame starting offset",
                                        "frame ending offset"};

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (strstr(message, parts[i]) != NULL)
            return true;
    return false;
}

/* Whether a difference is one of docs/deviations.md: one engine met a run-time error in a row that
 * the other did not evaluate (SQL leaves the order of evaluation open); sqlite3 folded (x AND 0)
 * to 0 before it took GROUP BY 0 for a position, or before it met the error in x; or an aggregate
 * of an enclosing select stands where one engine found a place for it and the other did not. */
static bool excused(const char *sql)
{
    const char *mine = compare_stoa_error(), *right = compare_oracle_error();
    const char *no_having = "HAVING clause on a non-aggregate query";

    if (strstr(right, "GROUP BY term out of range") != NULL ||
        (mine[0] == '\0' && strcmp(right, no_having) == 0))
        return true;
    if (strcmp(mine, no_having) == 0 && right[0] == '\0')
        return strstr(sql, "(0 AND ") != NULL || strstr(sql, " AND 0)") != NULL;
    if (strncmp(mine, "misuse of aggregate: ", 21) == 0 ||
        strncmp(right, "misuse of aggregate: ", 21) == 0)
        return mine[0] == '\0' || right[0] == '\0' || is_of_row(mine);
    return (mine[0] == '\0' || is_of_row(mine)) && (right[0] == '\0' || is_of_row(right)) &&
           mine[0] + right[0] != 0;
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

    printf("-- %s;\n",
           text); /* as generated; shrinking may drop the ORDER BY that gave rows an order */
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

/* A change in both; false if the tables are not the same any more. */
static bool change(struct random_sql *random, struct pair *pair, const struct options *options,
                   struct counts *counts, char **script)
{
    const struct random_table *table;
    char                      *sql = random_change(random, &table), select[128];
    double                     start = seconds_now();
    bool                       same, forgiven;

    pair->ordered = pair->change = true;
    pair->open = false;
    same = !differs(sql, pair);
    forgiven = !same && excused(sql);
    pair->change = false;
    snprintf(select, sizeof select, "SELECT *, rowid FROM %s", table->name);
    if (same)
        same = !differs(select, pair);
    slow_report(options, pair, start, sql);
    counts->changes++;
    if (forgiven) {
        counts->excused++;
    } else if (!same) {
        counts->failed++;
        printf("-- after a change: %s\n%s;\n", pair->difference, sql);
    }
    *script = text_append(*script, sql);
    free(sql);
    return same;
}

static void query(struct random_sql *random, struct pair *pair, const struct options *options,
                  const char *script, uint64_t schema_seed, long number, struct counts *counts)
{
    struct node *node = random_query(random, &pair->ordered);
    char        *text = node_print(node);
    double       start = seconds_now();
    bool         same;

    pair->open = random->open;
    if (getenv("ORACLE_TRACE") != NULL)
        fprintf(stderr, "%s;\n", text);
    same = !differs(text, pair);
    slow_report(options, pair, start, text);
    if (same) {
        counts->passed++;
        counts->tied += pair->tied;
        counts->excused += pair->contradicted;
    } else if (unsupported()) {
        counts->skipped++;
    } else if (excused(text)) {
        counts->excused++;
        counts->passed++;
    } else {
        counts->failed++;
        report(random, node, pair, options, schema_seed, number, script);
    }
    free(text);
}

static void schema_run(uint64_t schema_seed, const struct options *options, struct counts *counts)
{
    struct random_sql random;
    struct pair       pair = {.schema_seed = schema_seed};
    char             *script;
    bool              same = true;

    random_sql_init(&random, schema_seed);
    script = random_schema(&random);
    if (!pair_open(&pair, options, script)) {
        counts->failed++;
        same = false;
    }
    for (long q = 0; same && q < options->per_schema && counts->failed < options->max_failures;
         q++) {
        if (q % 10 == 9)
            same = change(&random, &pair, options, counts, &script);
        else
            query(&random, &pair, options, script, schema_seed, q, counts);
    }
    pair_close(&pair);
    free(script);
    random_sql_free(&random);
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1, .count = 10000, .per_schema = 200, .max_failures = 10};
    struct counts  counts = {0};

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
        else if (strcmp(name, "-schema") == 0)
            options.schema = strtoull(value, NULL, 10);
        else if (strcmp(name, "-slow") == 0)
            options.slow = atof(value);
        else {
            fprintf(stderr, "oracle_run: unknown option %s\n", name);
            return 2;
        }
    }
    if (options.schema != 0)
        schema_run(options.schema, &options, &counts);
    for (uint64_t k = 0;
         options.schema == 0 && counts.passed + counts.failed + counts.skipped < options.count &&
         counts.failed < options.max_failures;
         k++)
        schema_run(options.seed * 1000003 + k, &options, &counts);
    printf("seed %llu: sqlite3 %s, %ld changes, %ld excused (docs/deviations.md), %ld tied, "
           "%ld not supported yet\n",
           (unsigned long long)options.seed, sqlite3_libversion(), counts.changes, counts.excused,
           counts.tied, counts.skipped);
    printf("%ld passed, %ld failed\n", counts.passed, counts.failed);
    return counts.failed > 0;
}
