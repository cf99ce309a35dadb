/* join_orders.c - how good are the join orders that the planner chooses for TPC-H?
 *
 *   join_orders FOLDER [TRIES [QUERY]]
 *
 * FOLDER holds the files of gen_tpch.  Each query runs in the order chosen and in TRIES others
 * (PRAGMA stoa_join_seed), of which those that take five times as long are stopped.  A line says
 * the time of the chosen order, that of the best one found, their ratio and the best one's seed. */
#include "stoa.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { TEXT_MAX = 1 << 16, RUNS = 3, PATIENCE = 5 };

static const char *const tables[] = {
    "region(r_regionkey INTEGER, r_name TEXT, r_comment TEXT)",
    "nation(n_nationkey INTEGER, n_name TEXT, n_regionkey INTEGER, n_comment TEXT)",
    "part(p_partkey INTEGER, p_name TEXT, p_mfgr TEXT, p_brand TEXT, p_type TEXT, p_size INTEGER,"
    " p_container TEXT, p_retailprice REAL, p_comment TEXT)",
    "supplier(s_suppkey INTEGER, s_name TEXT, s_address TEXT, s_nationkey INTEGER, s_phone TEXT,"
    " s_acctbal REAL, s_comment TEXT)",
    "partsupp(ps_partkey INTEGER, ps_suppkey INTEGER, ps_availqty INTEGER, ps_supplycost REAL,"
    " ps_comment TEXT)",
    "customer(c_custkey INTEGER, c_name TEXT, c_address TEXT, c_nationkey INTEGER, c_phone TEXT,"
    " c_acctbal REAL, c_mktsegment TEXT, c_comment TEXT)",
    "orders(o_orderkey INTEGER, o_custkey INTEGER, o_orderstatus TEXT, o_totalprice REAL,"
    " o_orderdate TEXT, o_orderpriority TEXT, o_clerk TEXT, o_shippriority INTEGER,"
    " o_comment TEXT)",
    "lineitem(l_orderkey INTEGER, l_partkey INTEGER, l_suppkey INTEGER, l_linenumber INTEGER,"
    " l_quantity REAL, l_extendedprice REAL, l_discount REAL, l_tax REAL, l_returnflag TEXT,"
    " l_linestatus TEXT, l_shipdate TEXT, l_commitdate TEXT, l_receiptdate TEXT,"
    " l_shipinstruct TEXT, l_shipmode TEXT, l_comment TEXT)"};

static stoa_db *db;

static void run(const char *sql)
{
    if (stoa_exec(db, sql, NULL, NULL, NULL) != STOA_OK) {
        fprintf(stderr, "%s: %s\n", sql, stoa_errmsg(db));
        exit(1);
    }
}

static void load(const char *folder)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char sql[4096];

        snprintf(sql, sizeof sql, "CREATE TABLE %s", tables[i]);
        run(sql);
        snprintf(sql, sizeof sql, "COPY %.*s FROM '%s/%.*s.tbl' (DELIMITER '|', HEADER false)",
                 (int)strcspn(tables[i], "("), tables[i], folder, (int)strcspn(tables[i], "("),
                 tables[i]);
        run(sql);
    }
}

static void too_long(int signal)
{
    (void)signal;
    stoa_interrupt(db);
}

/* Processor seconds of one run, at most limit (0: none); negative: it was stopped. */
static double time_once(const char *sql, double limit)
{
    struct itimerval timer = {{0, 0},
                              {(time_t)limit, (suseconds_t)((limit - (time_t)limit) * 1e6)}};
    struct timespec  from, to;
    int              rc;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
    rc = stoa_exec(db, sql, NULL, NULL, NULL);
    timer.it_value = (struct timeval){0, 0};
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    if (rc != STOA_OK)
        return -1;
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* The shortest of several runs with this seed. */
static double time_order(const char *sql, int seed, double limit)
{
    char   pragma[64];
    double best = -1;

    snprintf(pragma, sizeof pragma, "PRAGMA stoa_join_seed = %d", seed);
    run(pragma);
    for (int i = 0; i < RUNS; i++) {
        double seconds = time_once(sql, limit);

        if (seconds < 0)
            return best;
        if (best < 0 || seconds < best)
            best = seconds;
        if (limit > 0 && seconds > 1.2 * limit / PATIENCE)
            return best; /* no candidate */
    }
    return best;
}

static void compare(const char *name, const char *sql, int tries)
{
    double chosen = time_order(sql, 0, 0), best = chosen;
    int    best_seed = 0;

    for (int seed = 1; seed <= tries; seed++) {
        double seconds = time_order(sql, seed, chosen * PATIENCE);

        if (seconds >= 0 && seconds < best) {
            best = seconds;
            best_seed = seed;
        }
    }
    printf("%s  chosen %8.1f ms  best %8.1f ms  ratio %.2f  seed %d\n", name, chosen * 1e3,
           best * 1e3, chosen / best, best_seed);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static char       text[TEXT_MAX];
    static const char mark[] = "-- name: q";
    int               tries = argc > 2 ? atoi(argv[2]) : 40, only = argc > 3 ? atoi(argv[3]) : 0;
    FILE             *file = fopen(STOA_BENCH_DIR "/tpch_queries.sql", "rb");

    if (argc < 2 || file == NULL || stoa_open(":memory:", &db) != STOA_OK) {
        fprintf(stderr, "usage: join_orders FOLDER [TRIES [QUERY]]\n");
        return 2;
    }
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    load(argv[1]);
    signal(SIGVTALRM, too_long);
    for (char *at = strstr(text, mark), *next; at != NULL; at = next) {
        char *line_end = strchr(at, '\n');

        next = strstr(line_end, mark);
        if (next != NULL)
            next[-1] = '\0';
        *line_end = '\0';
        if (strstr(at, "duckdb") == NULL && (only == 0 || atoi(at + sizeof mark - 1) == only))
            compare(at + sizeof mark - 2, line_end + 1, tries);
    }
    stoa_close(db);
    return 0;
}
