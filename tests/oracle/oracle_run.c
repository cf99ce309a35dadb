/* oracle_run.c - random SELECTs, and some changes, in Stoa and sqlite3: counts the differences.
 *
 *   oracle_run [-seed N] [-count N] [-per-schema N] [-batch N] [-threads N] [-force any|flat]
 *              [-passes-off MASK] [-keep DIR] [-max-failures N] [-schema SEED] [-slow SECONDS]
 *              [-known 1] [-mutants PERCENT] [-texts 1]
 *
 * Reproducible: schema k of seed N is the same everywhere, and -schema runs one alone, by its seed.
 * Statements that sqlite3 itself needs too long for are left out and counted; -slow reports those
 * that take longer in both engines together.  What a difference is judge.h says: those of
 * docs/deviations.md are counted by kind (and shown with -known 1).  Any other is shrunk, as far as
 * it stays of its kind, and printed with its schema's seed; with -keep it is also written to
 * DIR/case-SEED-NUMBER.sql, with all that was done to the tables before.  So many of a hundred
 * statements are mutants: nearly right.  -texts compares the texts of errors too.  Ends with "N
 * passed, N failed". */
#include "tests/oracle/judge.h"
#include "tests/oracle/mutate.h"
#include "tests/oracle/random_sql.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
    uint64_t    seed, schema; /* schema: 0 for all that count asks for */
    double      slow;         /* 0: no report */
    long        count, per_schema, max_failures;
    uint32_t    mutants; /* percents */
    int         batch, threads;
    unsigned    passes_off;
    bool        known;
    const char *force, *keep;
};

struct counts {
    long statements, failed, verdict[VERDICTS];
};

/* Where a run stands. */
struct run {
    const struct options *options;
    struct counts        *counts;
    struct random_sql     random;
    struct judge          judge;
    uint64_t              schema_seed;
    enum verdict          wanted; /* while shrinking: the kind of difference to keep */
    char                 *script; /* all that was done to the tables, malloc'ed; the judge's */
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

/* Mutants may be joins that nobody meant. */
static const struct compare_limits limits = {.oracle_steps = 20000000,
                                             .bytes = 16 << 20,
                                             .stoa_seconds = 20},
                                   mutant_limits = {.oracle_steps = 2000000,
                                                    .bytes = 4 << 20,
                                                    .stoa_seconds = 10};

static bool run_open(struct run *run)
{
    const struct options *options = run->options;
    struct judge         *judge = &run->judge;
    char                 *message = NULL;

    if (stoa_open(":memory:", &judge->db) != STOA_OK ||
        compare_open_oracle(":memory:", &judge->oracle) != SQLITE_OK)
        return false;
    if (options->batch > 0)
        setting(judge->db, "PRAGMA stoa_batch=%d", options->batch);
    if (options->threads > 0)
        setting(judge->db, "PRAGMA threads=%d", options->threads);
    if (options->force != NULL)
        setting(judge->db, "PRAGMA stoa_force='%s'", options->force);
    if (options->passes_off != 0)
        setting(judge->db, "PRAGMA stoa_passes_off=%u", options->passes_off);
    if (sqlite3_exec(judge->oracle, run->script, NULL, NULL, &message) != SQLITE_OK) {
        fprintf(stderr, "oracle_run: sqlite3 refuses the schema: %s\n%.400s\n", message,
                run->script);
        return false;
    }
    if (stoa_exec(judge->db, run->script, NULL, NULL, &message) != STOA_OK) {
        fprintf(stderr, "oracle_run: schema refused: %s\n%.400s\n", message, run->script);
        stoa_free(message);
        return false;
    }
    compare_set_limits(judge->db, judge->oracle, &limits);
    return true;
}

static void run_close(struct run *run)
{
    stoa_close(run->judge.db);
    sqlite3_close(run->judge.oracle);
    free(run->script);
    random_sql_free(&run->random);
}

static void slow_report(const struct run *run, const char *sql)
{
    double mine = compare_stoa_seconds(), right = compare_oracle_seconds();

    if (run->options->slow <= 0 || mine + right <= run->options->slow)
        return;
    printf("-- slow, schema seed %llu, stoa %.1f s, sqlite3 %.1f s: %s;\n",
           (unsigned long long)run->schema_seed, mine, right, sql);
    fflush(stdout);
}

static bool still_differs(const char *sql, void *data)
{
    struct run *run = data;

    return judge(&run->judge, sql) == run->wanted;
}

static void keep(const struct run *run, long number, const char *sql)
{
    char  path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/case-%llu-%ld.sql", run->options->keep,
             (unsigned long long)run->schema_seed, number);
    file = fopen(path, "w");
    if (file == NULL)
        return;
    fprintf(file, "-- %s: %s\n%s%s;\n", verdict_name(run->wanted), run->judge.difference,
            run->script, sql);
    fclose(file);
}

/* Prints a query whose answers differ, as generated and shrunk. */
static void report(struct run *run, struct node *query, enum verdict verdict, long number)
{
    char *text = node_print(query);

    printf("-- %s;\n", text);
    free(text);
    run->wanted = verdict;
    if (verdict != VERDICT_SLOW) /* every step would take as long */
        node_shrink(&run->random, query, still_differs, run);
    text = node_print(query);
    judge(&run->judge, text);
    printf("-- schema seed %llu, query %ld: %s: %s\n%s;\n", (unsigned long long)run->schema_seed,
           number, verdict_name(verdict), run->judge.difference, text);
    fflush(stdout);
    if (run->options->keep != NULL)
        keep(run, number, text);
    free(text);
}

/* With ORACLE_TRACE in the environment: what was asked, and the error if there was one. */
static void trace(const char *sql)
{
    if (getenv("ORACLE_TRACE") != NULL)
        fprintf(stderr, "%s; -- %s\n", sql, compare_oracle_error());
}

/* A change in both; false if the tables may not be the same any more. */
static bool change(struct run *run, long number)
{
    const struct random_table *table;
    bool                       returns;
    char                      *sql = random_change(&run->random, &table, &returns), select[128];
    enum verdict               verdict;

    run->judge.ordered = !returns;
    run->judge.change = true;
    run->judge.open = false;
    verdict = judge(&run->judge, sql);
    run->judge.change = false;
    trace(sql);
    slow_report(run, sql);
    if (verdict == VERDICT_SAME || verdict == VERDICT_SAME_ERROR) {
        snprintf(select, sizeof select, "SELECT *, rowid FROM %s", table->name);
        run->judge.ordered = true;
        verdict = judge(&run->judge, select);
    }
    run->counts->verdict[verdict]++;
    if (verdict_is_failure(verdict)) {
        run->counts->failed++;
        printf("-- schema seed %llu, after a change: %s: %s\n%s;\n",
               (unsigned long long)run->schema_seed, verdict_name(verdict), run->judge.difference,
               sql);
        if (run->options->keep != NULL)
            keep(run, number, sql);
    }
    if (verdict != VERDICT_GIVEN_UP)
        run->judge.script = run->script = text_append(run->script, sql);
    free(sql);
    return verdict == VERDICT_SAME || verdict == VERDICT_GIVEN_UP;
}

/* A statement that is nearly node. */
static void mutant(struct run *run, struct node *node, long number)
{
    bool         tree = random_below(&run->random, 100) < 60;
    char        *text, *shrunk;
    enum verdict verdict;

    if (tree)
        mutate_tree(&run->random, node);
    text = node_print(node);
    if (!tree || random_below(&run->random, 100) < 15) {
        shrunk = mutate(&run->random, text);
        free(text);
        text = shrunk;
    }
    compare_set_limits(run->judge.db, run->judge.oracle, &mutant_limits);
    run->judge.ordered = false;
    run->judge.open = run->judge.mutant = true;
    verdict = judge(&run->judge, text);
    trace(text);
    slow_report(run, text);
    run->counts->verdict[verdict]++;
    run->counts->failed += verdict_is_failure(verdict);
    if (verdict_is_failure(verdict) || (run->options->known && verdict_is_known(verdict))) {
        printf("-- %s;\n", text);
        run->wanted = verdict;
        shrunk = verdict == VERDICT_SLOW ? strdup(text) : mutant_shrink(text, still_differs, run);
        judge(&run->judge, shrunk);
        printf("-- schema seed %llu, mutant %ld: %s: %s\n%s;\n",
               (unsigned long long)run->schema_seed, number, verdict_name(verdict),
               run->judge.difference, shrunk);
        fflush(stdout);
        if (run->options->keep != NULL)
            keep(run, number, shrunk);
        free(shrunk);
    }
    run->judge.mutant = false;
    compare_set_limits(run->judge.db, run->judge.oracle, &limits);
    free(text);
}

static void query(struct run *run, long number)
{
    struct node *node = random_query(&run->random, &run->judge.ordered);
    char        *text = node_print(node);
    enum verdict verdict;

    if (random_below(&run->random, 100) < run->options->mutants) {
        mutant(run, node, number);
        free(text);
        return;
    }
    run->judge.open = run->random.open;
    verdict = judge(&run->judge, text);
    trace(text);
    slow_report(run, text);
    run->counts->verdict[verdict]++;
    run->counts->failed += verdict_is_failure(verdict);
    if (verdict_is_failure(verdict) || (run->options->known && verdict_is_known(verdict)))
        report(run, node, verdict, number);
    free(text);
}

static void schema_run(uint64_t schema_seed, const struct options *options, struct counts *counts)
{
    struct run run = {.schema_seed = schema_seed, .options = options, .counts = counts};
    bool       same;

    random_sql_init(&run.random, schema_seed);
    run.judge.script = run.script = random_schema(&run.random);
    same = run_open(&run);
    counts->failed += !same;
    for (long q = 0; same && q < options->per_schema && counts->failed < options->max_failures;
         q++) {
        counts->statements++;
        if (q % 10 == 9)
            same = change(&run, q);
        else
            query(&run, q);
    }
    run_close(&run);
}

static void counts_print(const struct counts *counts, uint64_t seed)
{
    long answered = counts->statements - counts->verdict[VERDICT_GIVEN_UP] -
                    counts->verdict[VERDICT_UNSUPPORTED];

    printf("seed %llu: sqlite3 %s, %ld statements\n", (unsigned long long)seed,
           sqlite3_libversion(), counts->statements);
    for (enum verdict v = VERDICT_SAME; v < VERDICTS; v++)
        if (counts->verdict[v] > 0)
            printf("  %8ld %s%s\n", counts->verdict[v], verdict_name(v),
                   verdict_is_known(v) ? " (docs/deviations.md)" : "");
    printf("%ld passed, %ld failed\n", answered - counts->failed, counts->failed);
}

int main(int argc, char **argv)
{
    struct options options = {
        .seed = 1, .count = 10000, .per_schema = 200, .max_failures = 10, .mutants = 15};
    struct counts counts = {0};

    mallopt(M_MMAP_THRESHOLD, 1 << 30); /* what one statement frees the next one uses */
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
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
        else if (strcmp(name, "-mutants") == 0)
            options.mutants = (uint32_t)atoi(value);
        else if (strcmp(name, "-texts") == 0)
            compare_texts(atoi(value) != 0);
        else if (strcmp(name, "-known") == 0)
            options.known = atoi(value) != 0;
        else {
            fprintf(stderr, "oracle_run: unknown option %s\n", name);
            return 2;
        }
    }
    compare_bind_parameters();
    if (options.schema != 0)
        schema_run(options.schema, &options, &counts);
    for (uint64_t k = 0; options.schema == 0 && counts.statements < options.count &&
                         counts.failed < options.max_failures;
         k++)
        schema_run(options.seed * 1000003 + k, &options, &counts);
    counts_print(&counts, options.seed);
    return counts.failed > 0;
}
