/* suite_tpch.c - the 22 queries of TPC-H (tpch_queries.sql) on our own data (gen_tpch.c).
 *
 * Every engine loads the same files by its own bulk path; SQLite gets the indexes that help it.
 * Answers are compared by digest before anything is timed. */
#include "gen_tpch.h"
#include "query_suite.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { QUERIES = 22, TABLES = 8, TEXT_MAX = 1 << 16 };

#define DATES_AS(type)                                                                             \
    "CREATE TABLE region(r_regionkey INTEGER NOT NULL, r_name VARCHAR NOT NULL,"                   \
    " r_comment VARCHAR NOT NULL);"                                                                \
    "CREATE TABLE nation(n_nationkey INTEGER NOT NULL, n_name VARCHAR NOT NULL,"                   \
    " n_regionkey INTEGER NOT NULL, n_comment VARCHAR NOT NULL);"                                  \
    "CREATE TABLE part(p_partkey INTEGER NOT NULL, p_name VARCHAR NOT NULL,"                       \
    " p_mfgr VARCHAR NOT NULL, p_brand VARCHAR NOT NULL, p_type VARCHAR NOT NULL,"                 \
    " p_size INTEGER NOT NULL, p_container VARCHAR NOT NULL, p_retailprice DOUBLE NOT NULL,"       \
    " p_comment VARCHAR NOT NULL);"                                                                \
    "CREATE TABLE supplier(s_suppkey INTEGER NOT NULL, s_name VARCHAR NOT NULL,"                   \
    " s_address VARCHAR NOT NULL, s_nationkey INTEGER NOT NULL, s_phone VARCHAR NOT NULL,"         \
    " s_acctbal DOUBLE NOT NULL, s_comment VARCHAR NOT NULL);"                                     \
    "CREATE TABLE partsupp(ps_partkey INTEGER NOT NULL, ps_suppkey INTEGER NOT NULL,"              \
    " ps_availqty INTEGER NOT NULL, ps_supplycost DOUBLE NOT NULL, ps_comment VARCHAR NOT NULL);"  \
    "CREATE TABLE customer(c_custkey INTEGER NOT NULL, c_name VARCHAR NOT NULL,"                   \
    " c_address VARCHAR NOT NULL, c_nationkey INTEGER NOT NULL, c_phone VARCHAR NOT NULL,"         \
    " c_acctbal DOUBLE NOT NULL, c_mktsegment VARCHAR NOT NULL, c_comment VARCHAR NOT NULL);"      \
    "CREATE TABLE orders(o_orderkey INTEGER NOT NULL, o_custkey INTEGER NOT NULL,"                 \
    " o_orderstatus VARCHAR NOT NULL, o_totalprice DOUBLE NOT NULL, o_orderdate " type             \
    " NOT NULL, o_orderpriority VARCHAR NOT NULL, o_clerk VARCHAR NOT NULL,"                       \
    " o_shippriority INTEGER NOT NULL, o_comment VARCHAR NOT NULL);"                               \
    "CREATE TABLE lineitem(l_orderkey INTEGER NOT NULL, l_partkey INTEGER NOT NULL,"               \
    " l_suppkey INTEGER NOT NULL, l_linenumber INTEGER NOT NULL, l_quantity DOUBLE NOT NULL,"      \
    " l_extendedprice DOUBLE NOT NULL, l_discount DOUBLE NOT NULL, l_tax DOUBLE NOT NULL,"         \
    " l_returnflag VARCHAR NOT NULL, l_linestatus VARCHAR NOT NULL, l_shipdate " type              \
    " NOT NULL, l_commitdate " type " NOT NULL, l_receiptdate " type                               \
    " NOT NULL, l_shipinstruct VARCHAR NOT NULL, l_shipmode VARCHAR NOT NULL,"                     \
    " l_comment VARCHAR NOT NULL);"

static const char *const tables[TABLES] = {"region",   "nation",   "part",   "supplier",
                                           "partsupp", "customer", "orders", "lineitem"};
static const char        indexes[] = "CREATE UNIQUE INDEX i_region ON region(r_regionkey);"
                                     "CREATE UNIQUE INDEX i_nation ON nation(n_nationkey);"
                                     "CREATE INDEX i_nation_region ON nation(n_regionkey);"
                                     "CREATE UNIQUE INDEX i_part ON part(p_partkey);"
                                     "CREATE UNIQUE INDEX i_supplier ON supplier(s_suppkey);"
                                     "CREATE INDEX i_supplier_nation ON supplier(s_nationkey);"
                                     "CREATE UNIQUE INDEX i_partsupp ON partsupp(ps_partkey, ps_suppkey);"
                                     "CREATE INDEX i_partsupp_supplier ON partsupp(ps_suppkey);"
                                     "CREATE UNIQUE INDEX i_customer ON customer(c_custkey);"
                                     "CREATE INDEX i_customer_nation ON customer(c_nationkey);"
                                     "CREATE UNIQUE INDEX i_orders ON orders(o_orderkey);"
                                     "CREATE INDEX i_orders_customer ON orders(o_custkey);"
                                     "CREATE INDEX i_orders_date ON orders(o_orderdate);"
                                     "CREATE INDEX i_lineitem_order ON lineitem(l_orderkey);"
                                     "CREATE INDEX i_lineitem_part ON lineitem(l_partkey, l_suppkey);"
                                     "CREATE INDEX i_lineitem_supplier ON lineitem(l_suppkey);"
                                     "CREATE INDEX i_lineitem_date ON lineitem(l_shipdate);"
                                     "ANALYZE;";

static char         folder[4096]; /* of the data */
static char         query_text[TEXT_MAX];
static char         names[QUERIES][4];
static struct query queries[QUERIES];

/* --- queries -----------------------------------------------------------------------------------
 */
static bool queries_read(void)
{
    static const char mark[] = "-- name: q";
    FILE             *file = fopen(STOA_BENCH_DIR "/tpch_queries.sql", "rb");
    size_t            bytes;
    char             *at;
    int               found = 0;

    if (file == NULL)
        return false;
    bytes = fread(query_text, 1, sizeof query_text - 1, file);
    fclose(file);
    query_text[bytes] = '\0';
    at = strstr(query_text, mark);
    while (at != NULL) {
        int   number = atoi(at + sizeof mark - 1);
        char *line_end = strchr(at, '\n'), *next;

        if (number < 1 || number > QUERIES || line_end == NULL)
            return false;
        *line_end = '\0';
        if (strstr(at, "duckdb") != NULL) {
            queries[number - 1].duckdb = line_end + 1;
        } else {
            snprintf(names[number - 1], sizeof names[0], "q%02d", number);
            queries[number - 1].name = names[number - 1];
            queries[number - 1].sql = line_end + 1;
            found++;
        }
        next = strstr(line_end + 1, mark);
        if (next != NULL)
            next[-1] = '\0';
        at = next;
    }
    return found == QUERIES;
}

/* --- data --------------------------------------------------------------------------------------
 */
static double data_bytes(void)
{
    double total = 0;

    for (int t = 0; t < TABLES; t++) {
        char        path[4200];
        struct stat info;

        snprintf(path, sizeof path, "%s/%s.tbl", folder, tables[t]);
        if (stat(path, &info) != 0)
            return 0;
        total += (double)info.st_size;
    }
    return total;
}

static bool data_make(const struct bench_options *options)
{
    char  done[4200];
    FILE *mark;

    snprintf(folder, sizeof folder, "%s/tpch-%g", options->data, options->scale);
    snprintf(done, sizeof done, "%s/done", folder);
    mark = fopen(done, "rb");
    if (mark != NULL)
        return fclose(mark) == 0;
    if ((mkdir(options->data, 0777) != 0 && errno != EEXIST) ||
        (mkdir(folder, 0777) != 0 && errno != EEXIST))
        return false;
    fprintf(stderr, "making %s\n", folder);
    if (!tpch_write(folder, options->scale))
        return false;
    mark = fopen(done, "wb");
    return mark != NULL && fclose(mark) == 0;
}

static bool tables_load(const struct engine_kind *kind, struct engine *engine)
{
    if (!kind->exec(engine, is_duckdb(kind) ? DATES_AS("DATE") : DATES_AS("TEXT")))
        return false;
    for (int t = 0; t < TABLES; t++) {
        char path[4200];

        snprintf(path, sizeof path, "%s/%s.tbl", folder, tables[t]);
        if (!kind->load_csv(engine, tables[t], path, '|'))
            return false;
    }
    return kind != &engine_sqlite || kind->exec(engine, indexes);
}

static struct query_suite suite = {
    .name = "tpch", .queries = queries, .count = QUERIES, .repeats = 3, .load = tables_load};

void suite_tpch(const struct bench_options *options)
{
    if (!queries_read())
        fprintf(stderr, "tpch: cannot read " STOA_BENCH_DIR "/tpch_queries.sql\n");
    else if (!data_make(options))
        fprintf(stderr, "tpch: cannot make %s: %s\n", folder, strerror(errno));
    else
        query_suite_add(&suite, options, data_bytes());
}
