/* suite_star.c - joins that TPC-H has not: a star in the shape of the Star Schema Benchmark, and
 * data that is skewed, correlated and full of NULLs, under outer joins, joins of many with many,
 * bands and conditions with OR.
 *
 * Every engine loads the same files by its own bulk path; SQLite gets indexes on all keys.  Answers
 * are compared by digest before anything is timed. */
#include "query_suite.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Rows at scale 1. */
enum {
    ORDERS = 1000000,
    CUSTOMERS = 30000,
    SUPPLIERS = 2000,
    PARTS = 40000,
    EVENTS = 1000000,
    USERS = 50000,
    LINKS = 200000,
    TARIFFS = 500,
    DAYS = 2556,          /* 1992 to 1998 */
    SECONDS = 86400 * 90, /* in which the events happen */
};

static const struct query questions[] = {
    {"ssb-1.1",
     "SELECT sum(lo_price * lo_discount) FROM lineorder, dates WHERE lo_date = d_key "
     "AND d_year = 1993 AND lo_discount BETWEEN 1 AND 3 AND lo_quantity < 25",
     NULL, NULL},
    {"ssb-1.3",
     "SELECT sum(lo_price * lo_discount) FROM lineorder, dates WHERE lo_date = d_key "
     "AND d_week = 6 AND d_year = 1994 AND lo_discount BETWEEN 5 AND 7 AND lo_quantity BETWEEN 26 "
     "AND 35",
     NULL, NULL},
    {"ssb-2.1",
     "SELECT sum(lo_revenue), d_year, p_brand FROM lineorder, dates, part, supplier "
     "WHERE lo_date = d_key AND lo_part = p_key AND lo_supplier = s_key AND p_category = 'MFGR#12' "
     "AND s_region = 'AMERICA' GROUP BY d_year, p_brand ORDER BY d_year, p_brand",
     NULL, NULL},
    {"ssb-2.3",
     "SELECT sum(lo_revenue), d_year, p_brand FROM lineorder, dates, part, supplier "
     "WHERE lo_date = d_key AND lo_part = p_key AND lo_supplier = s_key AND p_brand = 'MFGR#2239' "
     "AND s_region = 'EUROPE' GROUP BY d_year, p_brand ORDER BY d_year, p_brand",
     NULL, NULL},
    {"ssb-3.1",
     "SELECT c_nation, s_nation, d_year, sum(lo_revenue) AS revenue FROM customer, lineorder, "
     "supplier, dates WHERE lo_customer = c_key AND lo_supplier = s_key AND lo_date = d_key "
     "AND c_region = 'ASIA' AND s_region = 'ASIA' AND d_year BETWEEN 1992 AND 1997 "
     "GROUP BY c_nation, s_nation, d_year ORDER BY d_year, revenue DESC",
     NULL, NULL},
    {"ssb-3.3",
     "SELECT c_city, s_city, d_year, sum(lo_revenue) AS revenue FROM customer, lineorder, "
     "supplier, dates WHERE lo_customer = c_key AND lo_supplier = s_key AND lo_date = d_key "
     "AND (c_city = 'NATION11-1' OR c_city = 'NATION11-5') "
     "AND (s_city = 'NATION11-1' OR s_city = 'NATION11-5') AND d_year BETWEEN 1992 AND 1997 "
     "GROUP BY c_city, s_city, d_year ORDER BY d_year, revenue DESC",
     NULL, NULL},
    {"ssb-4.1",
     "SELECT d_year, c_nation, sum(lo_revenue - lo_cost) FROM dates, customer, supplier, part, "
     "lineorder WHERE lo_customer = c_key AND lo_supplier = s_key AND lo_part = p_key "
     "AND lo_date = d_key AND c_region = 'AMERICA' AND s_region = 'AMERICA' "
     "AND (p_mfgr = 'MFGR#1' OR p_mfgr = 'MFGR#2') GROUP BY d_year, c_nation "
     "ORDER BY d_year, c_nation",
     NULL, NULL},
    {"ssb-4.3",
     "SELECT d_year, s_city, p_brand, sum(lo_revenue - lo_cost) FROM dates, customer, supplier, "
     "part, lineorder WHERE lo_customer = c_key AND lo_supplier = s_key AND lo_part = p_key "
     "AND lo_date = d_key AND s_nation = 'NATION07' AND d_year IN (1997, 1998) "
     "AND p_category = 'MFGR#14' GROUP BY d_year, s_city, p_brand ORDER BY d_year, s_city, p_brand",
     NULL, NULL},
    /* skewed and correlated */
    {"left-count",
     "SELECT u_country, count(e_id), count(*) FROM users LEFT JOIN events ON e_user = u_id "
     "AND e_kind = 3 GROUP BY u_country ORDER BY u_country",
     NULL, NULL},
    {"left-without",
     "SELECT count(*) FROM users LEFT JOIN events ON e_user = u_id WHERE e_id IS NULL", NULL, NULL},
    {"left-two",
     "SELECT u.u_group, count(e_id), count(p.u_id) FROM users u LEFT JOIN users p ON u.u_parent = "
     "p.u_id LEFT JOIN events ON e_user = p.u_id AND e_level > 45 GROUP BY u.u_group ORDER BY 1",
     NULL, NULL},
    {"full",
     "SELECT count(*), count(a.k), count(b.k), sum(a.n), sum(b.n) FROM (SELECT e_user AS k, "
     "count(*) AS n FROM events WHERE e_kind = 1 GROUP BY e_user) a FULL JOIN (SELECT e_user AS k, "
     "count(*) AS n FROM events WHERE e_kind = 9 GROUP BY e_user) b ON a.k = b.k",
     NULL, NULL},
    {"correlated-columns",
     "SELECT u_country, count(*) FROM events, users, links WHERE e_user = u_id AND l_from = u_id "
     "AND e_kind = 7 AND e_level BETWEEN 35 AND 39 AND u_group = 3 GROUP BY u_country ORDER BY 1",
     NULL, NULL},
    {"many-to-many",
     "SELECT count(*), max(b.l_to) FROM links a, links b WHERE a.l_to = b.l_from AND a.l_from < "
     "1000",
     NULL, NULL},
    {"triangles",
     "SELECT count(*) FROM links a, links b, links c WHERE a.l_to = b.l_from AND b.l_to = c.l_from "
     "AND c.l_to = a.l_from AND a.l_from > 2000 AND b.l_from > 2000 AND c.l_from > 2000",
     NULL, NULL},
    {"or-of-joins",
     "SELECT count(*), sum(e_level) FROM users, events WHERE (u_id = e_user AND u_country = 'C05' "
     "AND e_kind IN (1, 2)) OR (u_id = e_user AND u_country = 'C06' AND e_kind = 5 AND u_group = "
     "2)",
     NULL, NULL},
    {"or-of-keys",
     "SELECT count(*) FROM users a JOIN users b ON a.u_parent = b.u_id OR a.u_id = b.u_parent "
     "WHERE a.u_group = 1 AND b.u_country = 'C07'",
     NULL, NULL},
    {"band",
     "SELECT t_country, count(*), sum(t_rate * e_level) FROM events JOIN tariffs ON e_at >= t_from "
     "AND e_at < t_to GROUP BY t_country ORDER BY t_country",
     NULL, NULL},
    {"band-and-key",
     "SELECT count(*), sum(t_rate) FROM events, users, tariffs WHERE e_user = u_id "
     "AND t_country = u_country AND e_at BETWEEN t_from AND t_to AND e_kind < 4",
     NULL, NULL},
    {"self-near",
     "SELECT count(*) FROM events a JOIN events b ON b.e_user = a.e_user AND b.e_at > a.e_at "
     "AND b.e_at <= a.e_at + 600 WHERE a.e_kind = 2 AND a.e_user > 300",
     NULL, NULL},
    {"latest",
     "SELECT e_kind, count(*) FROM events JOIN (SELECT e_user AS k, max(e_at) AS last FROM events "
     "GROUP BY e_user) ON e_user = k AND e_at = last GROUP BY e_kind ORDER BY e_kind",
     NULL, NULL},
    {"exists",
     "SELECT u_country, count(*) FROM users WHERE EXISTS (SELECT 1 FROM events WHERE e_user = u_id "
     "AND e_level > 48) AND NOT EXISTS (SELECT 1 FROM links WHERE l_from = u_id) GROUP BY "
     "u_country "
     "ORDER BY u_country",
     NULL, NULL},
    {"in-subquery",
     "SELECT count(*), sum(lo_revenue) FROM lineorder WHERE lo_customer IN (SELECT c_key FROM "
     "customer WHERE c_city = 'NATION03-2') AND lo_part NOT IN (SELECT p_key FROM part WHERE "
     "p_color = 'red')",
     NULL, NULL},
    {"in-groups",
     "SELECT u_group, count(*) FROM users WHERE u_id IN (SELECT e_user FROM events GROUP BY e_user "
     "HAVING count(*) > 40) GROUP BY u_group ORDER BY u_group",
     NULL, NULL},
    {"above-average",
     "SELECT count(*) FROM events e WHERE e_level > (SELECT avg(e_level) FROM events f WHERE "
     "f.e_user = e.e_user) AND e_kind = 4",
     NULL, NULL},
    {"notes",
     "SELECT u_country, count(DISTINCT e_user), count(e_note) FROM events JOIN users ON u_id = "
     "e_user WHERE e_note LIKE '%urgent%' OR e_note IS NULL GROUP BY u_country ORDER BY u_country",
     NULL, NULL},
};

static const char tables_sql[] =
    "CREATE TABLE dates(d_key INTEGER, d_year INTEGER, d_month INTEGER, d_week INTEGER);"
    "CREATE TABLE customer(c_key INTEGER, c_name TEXT, c_city TEXT, c_nation TEXT, c_region TEXT);"
    "CREATE TABLE supplier(s_key INTEGER, s_name TEXT, s_city TEXT, s_nation TEXT, s_region TEXT);"
    "CREATE TABLE part(p_key INTEGER, p_mfgr TEXT, p_category TEXT, p_brand TEXT, p_color TEXT,"
    " p_size INTEGER);"
    "CREATE TABLE lineorder(lo_key INTEGER, lo_customer INTEGER, lo_part INTEGER,"
    " lo_supplier INTEGER, lo_date INTEGER, lo_quantity INTEGER, lo_price INTEGER,"
    " lo_discount INTEGER, lo_revenue INTEGER, lo_cost INTEGER);"
    "CREATE TABLE users(u_id INTEGER, u_group INTEGER, u_country TEXT, u_parent INTEGER);"
    "CREATE TABLE events(e_id INTEGER, e_user INTEGER, e_kind INTEGER, e_level INTEGER,"
    " e_at INTEGER, e_note TEXT);"
    "CREATE TABLE links(l_from INTEGER, l_to INTEGER);"
    "CREATE TABLE tariffs(t_country TEXT, t_from INTEGER, t_to INTEGER, t_rate INTEGER);";
static const char *const tables[] = {"dates", "customer", "supplier", "part",   "lineorder",
                                     "users", "events",   "links",    "tariffs"};
static const char        indexes[] =
    "CREATE INDEX i1 ON dates(d_key); CREATE INDEX i2 ON customer(c_key);"
    "CREATE INDEX i3 ON supplier(s_key); CREATE INDEX i4 ON part(p_key);"
    "CREATE INDEX i5 ON lineorder(lo_customer); CREATE INDEX i6 ON lineorder(lo_part);"
    "CREATE INDEX i7 ON lineorder(lo_supplier); CREATE INDEX i8 ON lineorder(lo_date);"
    "CREATE INDEX i9 ON users(u_id); CREATE INDEX i10 ON users(u_parent);"
    "CREATE INDEX i11 ON events(e_user, e_at); CREATE INDEX i12 ON events(e_at);"
    "CREATE INDEX i13 ON links(l_from, l_to); CREATE INDEX i14 ON links(l_to);"
    "CREATE INDEX i15 ON tariffs(t_country, t_from); CREATE INDEX i16 ON tariffs(t_from);"
    "ANALYZE;";

/* An empty field is not NULL to every loader. */
static const char nulls[] = "UPDATE users SET u_parent = NULL WHERE u_parent = 0;"
                            "UPDATE events SET e_note = NULL WHERE e_note = '-';";

static char folder[4096]; /* of the data */

/* --- data --------------------------------------------------------------------------------------
 */
static uint64_t random_state;

static uint32_t below(uint32_t n) /* xorshift64 */
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(((random_state >> 32) * n) >> 32);
}

/* 1..n, the small ones far more often: the k-th with a weight of about 1 / k. */
static uint32_t skewed(uint32_t n)
{
    double x = pow((double)n, (below(1000000) + 0.5) / 1e6);

    return x < 1 ? 1 : x > n ? n : (uint32_t)x;
}

static void dates_write(FILE *file, double scale)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int              year = 1992, month = 1, day = 1, of_year = 0;

    (void)scale;
    for (int i = 0; i < DAYS; i++) {
        int days = month_days[month - 1] + (month == 2 && year % 4 == 0);

        fprintf(file, "%d,%d,%d,%d\n", year * 10000 + month * 100 + day, year, month,
                of_year / 7 + 1);
        of_year++;
        if (++day > days) {
            day = 1;
            month++;
        }
        if (month > 12) {
            month = 1;
            year++;
            of_year = 0;
        }
    }
}

static int day_key(uint32_t day) /* the day of dates, about: some find none */
{
    return (int)(1992 + day / 365) * 10000 + (int)(1 + day % 365 / 31) * 100 + (int)(1 + day % 31);
}

static void people_write(FILE *file, uint32_t count, const char *name)
{
    static const char *const regions[] = {"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};

    for (uint32_t i = 1; i <= count; i++) {
        uint32_t nation = below(25);

        fprintf(file, "%u,%s#%09u,NATION%02u-%u,NATION%02u,%s\n", i, name, i, nation, below(10),
                nation, regions[nation % 5]);
    }
}
static void customer_write(FILE *file, double scale)
{
    people_write(file, (uint32_t)(CUSTOMERS * scale), "Customer");
}
static void supplier_write(FILE *file, double scale)
{
    people_write(file, (uint32_t)(SUPPLIERS * scale), "Supplier");
}

static void part_write(FILE *file, double scale)
{
    static const char *const colors[] = {"red", "green", "blue", "white", "black", "ivory", "plum"};

    for (uint32_t i = 1; i <= (uint32_t)(PARTS * scale); i++) {
        uint32_t maker = 1 + below(5), category = 1 + below(5);

        fprintf(file, "%u,MFGR#%u,MFGR#%u%u,MFGR#%u%u%u,%s,%u\n", i, maker, maker, category, maker,
                category, 1 + below(40), colors[below(7)], 1 + below(50));
    }
}

static void lineorder_write(FILE *file, double scale)
{
    for (uint32_t i = 1; i <= (uint32_t)(ORDERS * scale); i++) {
        uint32_t quantity = 1 + below(50), price = 100 + below(100000), discount = below(11);

        fprintf(file, "%u,%u,%u,%u,%d,%u,%u,%u,%u,%u\n", i,
                1 + below((uint32_t)(CUSTOMERS * scale)), 1 + below((uint32_t)(PARTS * scale)),
                1 + below((uint32_t)(SUPPLIERS * scale)), day_key(below(DAYS - 1)), quantity,
                price * quantity, discount, price * quantity / 100 * (100 - discount),
                price * 6 / 10 * quantity);
    }
}

static void users_write(FILE *file, double scale)
{
    uint32_t count = (uint32_t)(USERS * scale);

    for (uint32_t i = 1; i <= count; i++) {
        fprintf(file, "%u,%u,C%02u,", i, below(10), skewed(40));
        if (below(3) == 0)
            fprintf(file, "0\n");
        else
            fprintf(file, "%u\n", skewed(count));
    }
}

/* The level is nearly told by the kind. */
static void events_write(FILE *file, double scale)
{
    static const char *const words[] = {"urgent", "later", "call back", "ok", "no answer", "moved"};

    for (uint32_t i = 1; i <= (uint32_t)(EVENTS * scale); i++) {
        uint32_t kind = skewed(10), at = below(SECONDS);

        fprintf(file, "%u,%u,%u,%u,%u,", i, skewed((uint32_t)(USERS * scale)), kind,
                kind * 5 + below(below(20) == 0 ? 50 : 5), at);
        if (below(4) == 0)
            fprintf(file, "-\n");
        else
            fprintf(file, "%s %u %s\n", words[below(6)], below(100000), words[below(6)]);
    }
}

static void links_write(FILE *file, double scale)
{
    uint32_t users = (uint32_t)(USERS * scale);

    for (uint32_t i = 0; i < (uint32_t)(LINKS * scale); i++)
        fprintf(file, "%u,%u\n", below(2) ? skewed(users) : 1 + below(users), 1 + below(users));
}

static void tariffs_write(FILE *file, double scale)
{
    uint32_t count = (uint32_t)(TARIFFS * scale);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t from = below(SECONDS);

        fprintf(file, "C%02u,%u,%u,%u\n", 1 + below(40), from, from + 3600 * (1 + below(72)),
                1 + below(1000));
    }
}

static bool data_make(const struct bench_options *options)
{
    static void (*const writers[])(FILE *, double) = {dates_write,  customer_write,  supplier_write,
                                                      part_write,   lineorder_write, users_write,
                                                      events_write, links_write,     tariffs_write};
    char  path[4400];
    FILE *file;

    snprintf(folder, sizeof folder, "%s/star-%g", options->data, options->scale);
    snprintf(path, sizeof path, "%s/done", folder);
    file = fopen(path, "rb");
    if (file != NULL)
        return fclose(file) == 0;
    if ((mkdir(options->data, 0777) != 0 && errno != EEXIST) ||
        (mkdir(folder, 0777) != 0 && errno != EEXIST))
        return false;
    random_state = UINT64_C(88172645463325252);
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        snprintf(path, sizeof path, "%s/%s.csv", folder, tables[t]);
        file = fopen(path, "wb");
        if (file == NULL)
            return false;
        writers[t](file, options->scale);
        if (fclose(file) != 0)
            return false;
    }
    snprintf(path, sizeof path, "%s/done", folder);
    file = fopen(path, "wb");
    return file != NULL && fclose(file) == 0;
}

static bool tables_load(const struct engine_kind *kind, struct engine *engine)
{
    if (!kind->exec(engine, tables_sql))
        return false;
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        char path[4400];

        snprintf(path, sizeof path, "%s/%s.csv", folder, tables[t]);
        if (!kind->load_csv(engine, tables[t], path, ','))
            return false;
    }
    return kind->exec(engine, nulls) && (kind != &engine_sqlite || kind->exec(engine, indexes));
}

static struct query_suite suite = {.name = "star",
                                   .queries = questions,
                                   .count = sizeof questions / sizeof *questions,
                                   .repeats = 3,
                                   .load = tables_load};

void suite_star(const struct bench_options *options)
{
    if (!data_make(options))
        fprintf(stderr, "star: cannot make %s: %s\n", folder, strerror(errno));
    else
        query_suite_add(&suite, options, 0);
}
