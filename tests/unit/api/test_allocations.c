/* test_allocations.c - how many allocations a statement takes does not follow the number of rows:
 * each statement runs over two tables, one ten times the other, and its allocations are counted. */
#include "base/memory.h" /* before cmocka.h, which makes fail a macro */
#include "tests/unit/api/api_help.h"

#include <stdio.h>
#include <string.h>

enum { SMALL_ROWS = 30000, LARGE_ROWS = 10 * SMALL_ROWS };

static const char setup[] =
    "CREATE TABLE %s(id INTEGER PRIMARY KEY, g INT, k INT, r REAL, t TEXT, m);"
    "INSERT INTO %s SELECT value, value %% 10, value * 7919 %% %d, value * 0.5, 'text ' || value,"
    " CASE value %% 3 WHEN 0 THEN value WHEN 1 THEN value || 'a' END FROM generate_series(1, %d);";

/* What stands in for %s is the table.  blocks: allocations that 270,000 rows more may cost where
 * rows are kept, in chunks of many, or batches are counted (132 of them). */
static const struct {
    const char *sql;
    uint64_t    blocks;
} statements[] = {
    {"SELECT id, g, r FROM %s", 0},
    {"SELECT id + g * 2, r / 3, t || 'x', upper(t) FROM %s", 0},
    {"SELECT id FROM %s WHERE g = 3 AND r > 10 AND t LIKE '%%7%%'", 0},
    {"SELECT m, typeof(m), m + 1, m || 'x', m = 5 FROM %s", 0},
    {"SELECT CASE WHEN g < 5 THEN t ELSE m END, coalesce(m, t), substr(t, 6), printf('%%d',"
     " id) FROM %s",
     0},
    {"SELECT count(*), sum(k), avg(r), min(t), max(m) FROM %s", 0},
    {"SELECT g, count(*), sum(r), max(t), count(m) FROM %s GROUP BY g", 0},
    {"SELECT g, count(DISTINCT k %% 100), max(m) FROM %s GROUP BY g", 0},
    {"SELECT k, count(*), sum(r) FROM %s GROUP BY k", 0},
    {"SELECT t, count(*) FROM %s GROUP BY t", 100},
    {"SELECT DISTINCT k FROM %s", 0},
    {"SELECT a.id, d.name FROM %s a JOIN dim d ON d.g = a.g", 0},
    {"SELECT a.id, b.r FROM %s a JOIN %s b ON b.id = a.k", 400},
    {"SELECT a.id, b.r FROM %s a LEFT JOIN %s b ON b.k = a.id AND b.g = 1", 40},
    {"SELECT id FROM %s WHERE k IN (SELECT id FROM %s WHERE g = 2)", 0},
    {"SELECT id, (SELECT name FROM dim WHERE dim.g = a.g) FROM %s a", 400},
    {"SELECT id FROM %s a WHERE EXISTS (SELECT 1 FROM dim WHERE dim.g = a.g AND name > a.t)", 0},
    {"SELECT id, t FROM %s ORDER BY k", 700},
    {"SELECT id, m FROM %s ORDER BY m, t", 900},
    {"SELECT id, t FROM %s ORDER BY r DESC LIMIT 10", 1600},
    {"SELECT id, row_number() OVER (PARTITION BY g ORDER BY k), lag(t) OVER (ORDER BY id)"
     " FROM %s",
     1600},
    {"SELECT id, sum(r) OVER (PARTITION BY g ORDER BY k ROWS 5 PRECEDING) FROM %s", 700},
    {"SELECT k FROM %s UNION SELECT id FROM %s", 0},
    {"SELECT k FROM %s EXCEPT SELECT id FROM %s WHERE g < 5", 0},
    {"SELECT date('2020-01-01', '+' || g || ' days'), strftime('%%Y', 2450000 + g) FROM %s", 0},
    {"SELECT quote(m), hex(t), replace(t, 't', 'xx'), instr(t, 7), trim(t, 't'), quote(r) FROM %s",
     0},
    {"SELECT round(r, 1), r || '', CAST(t AS INT), CAST(r AS TEXT), abs(m), unicode(t) FROM %s", 0},
    {"SELECT date_trunc('month', 2450000 + g), split_part(t, ' ', 2), lpad(t, 20), reverse(t),"
     " levenshtein(t, 'text 77'), regexp_replace(t, 'e', 'x') FROM %s",
     0},
    {"SELECT g, median(k), mode(k %% 7), group_concat(k), arg_max(t, r) FROM %s GROUP BY g", 10},
    {"SELECT g, k %% 3, count(*) FROM %s GROUP BY ROLLUP (g, k %% 3)", 0},
    {"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < (SELECT"
     " count(*) / 3 FROM %s)) SELECT sum(x) FROM n",
     60},
};

/* Allocations of a whole run, once everything that is kept between runs is there. */
static uint64_t allocations(stoa_db *db, const char *sql, const char *table)
{
    const uint64_t many = UINT64_MAX / 2;
    char           text[600];
    stoa_stmt     *stmt;
    uint64_t       count = 0;

    (void)snprintf(text, sizeof text, sql, table, table);
    stmt = prepare(db, text);
    for (int run = 0; run < 2; run++) {
        memory_fail_at(many, false);
        while (stoa_step(stmt) == STOA_ROW)
            ;
        count = many - memory_fail_left();
        memory_fail_at(0, false);
        if (stoa_reset(stmt) != STOA_OK)
            fail_msg("%s: %s", text, stoa_errmsg(db));
    }
    assert_int_equal(stoa_finalize(stmt), STOA_OK);
    return count;
}

static void allocations_do_not_follow_rows(void **state)
{
    stoa_db *db;
    char     sql[1000];
    int      wrong = 0;

    (void)state;
#if defined(__SANITIZE_ADDRESS__)
    skip(); /* whatever an arena hands out is a block of its own there */
#endif
    db = open_with(NULL);
    (void)snprintf(sql, sizeof sql, setup, "small", "small", SMALL_ROWS, SMALL_ROWS);
    run(db, sql);
    (void)snprintf(sql, sizeof sql, setup, "large", "large", LARGE_ROWS, LARGE_ROWS);
    run(db, sql);
    run(db, "CREATE TABLE dim AS SELECT value AS g, 'group ' || value AS name"
            " FROM generate_series(0, 9)");
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        uint64_t small = allocations(db, statements[i].sql, "small");
        uint64_t large = allocations(db, statements[i].sql, "large");

        if (large > small + statements[i].blocks) {
            fprintf(stderr, "%s: %llu, then %llu\n", statements[i].sql, (unsigned long long)small,
                    (unsigned long long)large);
            wrong++;
        }
    }
    assert_int_equal(stoa_close(db), STOA_OK);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_do_not_follow_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
