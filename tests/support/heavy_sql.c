/* heavy_sql.c - the statements of heavy_sql.h. */
#include "tests/support/heavy_sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct heavy heavy_statements[] = {
    /* sorts: numbers, texts, mixed keys, many keys */
    {.before = "SELECT * FROM n ORDER BY b DESC LIMIT 1 OFFSET 900000"},
    {.before = "SELECT * FROM n ORDER BY t LIMIT 1 OFFSET 900000"},
    {.before = "SELECT * FROM n ORDER BY t COLLATE NOCASE, a LIMIT 1 OFFSET 900000"},
    {.before = "SELECT * FROM n ORDER BY CASE WHEN a % 3 THEN t ELSE b END LIMIT 1 OFFSET 900000"},
    {.before = "SELECT * FROM n ORDER BY b % 10, t, a LIMIT 1 OFFSET 900000"},
    {.before = "SELECT * FROM big ORDER BY v DESC LIMIT 1 OFFSET 3000000"},
    /* groups, sets, distinct */
    {.before = "SELECT count(*) FROM (SELECT b, count(*), sum(a) FROM n GROUP BY b)"},
    {.before = "SELECT count(*) FROM (SELECT t, count(*) FROM n GROUP BY t)"},
    {.before = "SELECT count(*) FROM (SELECT t, b, max(a) FROM n GROUP BY t, b)"},
    {.before = "SELECT count(*) FROM (SELECT v, count(*) FROM big GROUP BY v)"},
    {.before = "SELECT count(*) FROM (SELECT DISTINCT v, v % 1000 FROM big)"},
    {.before = "SELECT count(DISTINCT t), count(DISTINCT b) FROM n"},
    {.before = "SELECT length(group_concat(t)) FROM n"},
    {.before = "SELECT count(*) FROM (SELECT v FROM big UNION SELECT v + 1 FROM big)"},
    {.before = "SELECT count(*) FROM (SELECT v FROM big EXCEPT SELECT v + 1 FROM big)"},
    {.before = "SELECT count(*) FROM big WHERE v IN (SELECT v * 2 FROM big)"},
    /* joins */
    {.before = "SELECT count(*) FROM big x JOIN big y ON x.v = y.v"},
    {.before = "SELECT count(*) FROM big x JOIN big y ON x.v % 100000 = y.v % 100000"},
    {.before = "SELECT count(*) FROM n x LEFT JOIN n y ON x.t = y.t"},
    {.before = "SELECT count(*) FROM n x, n y WHERE x.b * y.b = 7"},
    {.before = "SELECT count(*) FROM n x JOIN n y ON x.b < y.b"},
    {.before = "SELECT count(*) FROM n x FULL JOIN n y ON x.b = -y.b"},
    {.before =
         "SELECT count(*) FROM n x WHERE EXISTS (SELECT 1 FROM n y WHERE y.b > x.b + 1000000)"},
    {.before = "SELECT sum((SELECT count(*) FROM n y WHERE y.b < x.b)) FROM n x"},
    /* windows: sorting, bounds, frames, every kind of call, and reading the rows */
    {.before = "SELECT max(k) FROM (SELECT row_number() OVER (PARTITION BY b % 10 ORDER BY t, a) "
               "AS k FROM n)"},
    {.before = "SELECT max(k + l) FROM (SELECT rank() OVER w AS k, ntile(7) OVER w AS l FROM big "
               "WINDOW w AS "
               "(ORDER BY v DESC))"},
    {.before =
         "SELECT sum(s) FROM (SELECT sum(v) OVER (ORDER BY v ROWS BETWEEN 100 PRECEDING AND 7 "
         "FOLLOWING) "
         "AS s FROM big)"},
    {.before = "SELECT sum(s) FROM (SELECT sum(v * 0.5) OVER (ORDER BY v ROWS BETWEEN 100 "
               "PRECEDING AND 7 "
               "FOLLOWING) AS s FROM big)"},
    {.before =
         "SELECT max(s) FROM (SELECT max(t) OVER (ORDER BY a ROWS BETWEEN 1000 PRECEDING AND 5 "
         "FOLLOWING) "
         "AS s FROM n)"},
    {.before =
         "SELECT max(s) FROM (SELECT total(b) OVER (ORDER BY b RANGE BETWEEN 9 PRECEDING AND 9 "
         "FOLLOWING "
         "EXCLUDE TIES) AS s FROM n)"},
    {.before = "SELECT max(s) FROM (SELECT group_concat(t, b) OVER (ORDER BY a ROWS 3 PRECEDING) "
               "AS s FROM n)"},
    {.before = "SELECT max(s), max(u) FROM (SELECT lag(v, 2, 7) OVER (ORDER BY v) AS s, "
               "nth_value(v, 3) OVER "
               "(ORDER BY v GROUPS 5 PRECEDING) AS u FROM big)"},
    {.before = "SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY v % 1000003 ORDER BY "
               "v) AS k "
               "FROM "
               "big) WHERE k <= 2"},
    /* no end */
    {.before =
         "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT count(*) FROM c"},
    {.before = "WITH RECURSIVE c(i) AS (SELECT 1 UNION SELECT (i + 1) % 100000000 FROM c) SELECT "
               "max(i) FROM "
               "c"},
    {.before = "SELECT sum(value) FROM generate_series(1, 100000000000)"},
    {.before = "SELECT count(*) FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b "
               "WHERE a.value + b.value = 7"},
    /* long texts */
    {.before = "SELECT hex(zeroblob(50000000)) LIKE '%0%0%0%0%0%0%0%0%0%1%'"},
    {.before = "SELECT hex(zeroblob(50000000)) LIKE '%' || substr(hex(zeroblob(10000)), 1, 20000) "
               "|| '1%'"},
    {.before = "SELECT hex(zeroblob(50000000)) LIKE '%' || substr(hex(zeroblob(10000)), 1, 20000) "
               "|| '_1'"},
    {.before = "SELECT hex(zeroblob(50000000)) GLOB '*' || substr(hex(zeroblob(10000)), 1, 20000) "
               "|| '[1]*'"},
    {.before = "SELECT length(replace(hex(zeroblob(50000000)), '0', '123'))"},
    {.before = "SELECT length(replace(hex(zeroblob(50000000)), '01', '123'))"},
    {.before = "SELECT instr(hex(zeroblob(50000000)), '0000000000000001')"},
    {.before = "SELECT length(printf('%.*c', 900000000, 'x'))"},
    {.before = "SELECT length(printf('%,.900000000d', 1))"},
    {.before = "SELECT length(quote(zeroblob(50000000)))"},
    {.before = "SELECT length(upper(hex(zeroblob(50000000))))"},
    {.before = "SELECT levenshtein(substr(hex(zeroblob(10000)), 1, 9999), "
               "substr(hex(zeroblob(10000)), 1, "
               "9999))"
               " FROM generate_series(1, 1000)"},
    {.before = "SELECT sum(length(printf('%.*c', value, 'x'))) FROM generate_series(1, 10000000)"},
    {.before = "SELECT count(*) FROM n WHERE t || t LIKE '%1%2%3%4%' AND t GLOB '*1*2*3*'"},
    /* changes */
    {.before = "CREATE TABLE made AS SELECT v, v + 1, v % 7 FROM big"},
    {.before = "CREATE UNIQUE INDEX made ON big(v, w)"},
    {.before = "CREATE INDEX made ON n(t)"},
    {.before = "INSERT INTO big SELECT v, w FROM big"},
    {.before = "INSERT INTO keyed SELECT v * 1000003 % 100000007 FROM big"},
    {.before = "DELETE FROM big WHERE v % 2"},
    {.before = "UPDATE big SET v = v + 1 WHERE v % 2"},
    {.before = "UPDATE big SET v = v + 1"},
    {.before = "COPY n TO '/dev/null'"},
    {.before = "COPY n FROM 'heavy.csv' (HEADER true)"},
    {.before = "SELECT count(*) FROM read_csv('heavy.csv') WHERE b < 0"},
    {.before = "INSERT INTO n SELECT * FROM n ORDER BY t"},
    {.before = "INSERT OR REPLACE INTO keyed SELECT v FROM big"},
    {.before = "DELETE FROM n WHERE t LIKE '%7%' AND b IN (SELECT v FROM big)"},
    {.before = "UPDATE n SET t = t || '!', b = (SELECT count(*) FROM big WHERE v = n.b)"},
    {.before = "UPDATE n SET t = t || t RETURNING a"},
    {.before = "CREATE UNIQUE INDEX made ON n(t, b, a)"},
    {.before = "CREATE UNIQUE INDEX made ON n(t COLLATE NOCASE, a DESC)"},
    {.before =
         "CREATE TABLE made(x TEXT UNIQUE, y); INSERT INTO made SELECT t || '-' || a, b FROM n"},
    /* windows */
    {.before = "SELECT count(*) FROM (SELECT sum(a) OVER (ORDER BY b) FROM n)"},
    {.before =
         "SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY t ORDER BY b) FROM n)"},
    {.before =
         "SELECT max(s) FROM (SELECT sum(a) OVER (ORDER BY b RANGE BETWEEN 1000 PRECEDING AND 1000 "
         "FOLLOWING"
         " EXCLUDE CURRENT ROW) AS s FROM n)"},
    {.before =
         "SELECT max(s) FROM (SELECT max(t) OVER (ORDER BY a ROWS BETWEEN 5000 PRECEDING AND 5000 "
         "FOLLOWING)"
         " AS s FROM n)"},
    {.before =
         "SELECT max(s) FROM (SELECT count(t) FILTER (WHERE b > 5) OVER (ORDER BY a) AS s FROM "
         "n)"},
    {.before = "SELECT max(length(s)) FROM (SELECT group_concat(t) OVER (ORDER BY a ROWS 100 "
               "PRECEDING) AS s "
               "FROM n)"},
    {.before =
         "SELECT max(s) FROM (SELECT median(b) OVER (ORDER BY a ROWS 1000 PRECEDING) AS s FROM n)"},
    {.before = "SELECT max(s) FROM (SELECT lag(t, 3) OVER (PARTITION BY b % 10 ORDER BY t DESC) AS "
               "s FROM n)"},
    {.before = "SELECT max(s) FROM (SELECT ntile(7) OVER (ORDER BY t), cume_dist() OVER (ORDER BY "
               "b) AS s "
               "FROM n)"},
    {.before = "SELECT a FROM n ORDER BY row_number() OVER (ORDER BY t), sum(b) OVER (ORDER BY b, "
               "a) LIMIT 1"},
    /* aggregates that keep values */
    {.before = "SELECT median(b), mode(t), quantile(b, 0.3) FROM n"},
    {.before = "SELECT max(m) FROM (SELECT t, median(a) AS m FROM n GROUP BY t)"},
    {.before = "SELECT length(histogram(t)), approx_count_distinct(t), entropy(b), mad(b) FROM n"},
    {.before = "SELECT length(string_agg(t, ',' ORDER BY b DESC, t)) FROM n"},
    {.before = "SELECT max(length(s)) FROM (SELECT string_agg(t, ',' ORDER BY t) AS s FROM n GROUP "
               "BY b % "
               "1000)"},
    {.before = "SELECT count(*) FROM (SELECT t, b, a, count(*) FROM n GROUP BY CUBE (t, b, a))"},
    {.before = "SELECT count(*) FROM (SELECT DISTINCT ON (t) a, b, t FROM n ORDER BY t, b DESC)"},
    {.before = "SELECT count(*) FROM n TABLESAMPLE 50 PERCENT ORDER BY t"},
    {.before = "SUMMARIZE n"},
    {.before = "SELECT b, count(DISTINCT t), group_concat(DISTINCT t) FROM n GROUP BY b % 7"},
    {.before = "SELECT count(*) FROM (SELECT v, w FROM big INTERSECT SELECT w, v FROM big ORDER BY "
               "2, 1)"},
    {.before = "SELECT count(*) FROM (SELECT a, t FROM n UNION SELECT b, t FROM n)"},
    /* joins that find nothing, or all */
    {.before = "SELECT count(*) FROM n x LEFT JOIN n y ON x.t = y.t AND x.b < y.b - 10000000"},
    {.before = "SELECT count(*) FROM n x RIGHT JOIN n y ON x.t LIKE y.t || '%'"},
    {.before =
         "SELECT count(*) FROM n x JOIN n y ON x.t = y.t JOIN n z ON z.b = x.b AND z.a > y.a"},
    {.before = "SELECT count(*) FROM n x FULL JOIN n y ON x.t = y.t AND x.a <> y.a WHERE x.a IS "
               "NULL OR y.a "
               "IS NULL"},
    {.before = "SELECT count(*) FROM n x CROSS JOIN n y CROSS JOIN n z"},
    {.before = "SELECT count(*) FROM n x, generate_series(1, x.b) g WHERE g.value < 0"},
    {.before = "SELECT count(*) FROM n WHERE (b, t) NOT IN (SELECT a, t || 'x' FROM n)"},
    {.before = "SELECT count(*) FROM n WHERE t NOT IN (SELECT t || t FROM n)"},
    {.before =
         "SELECT max((SELECT group_concat(y.t) FROM n y WHERE y.b = x.b AND y.t > x.t)) FROM n x"},
    /* functions over long texts, one call a statement */
    {.before = "SELECT length(substr(hex(zeroblob(50000000)), -40000000)), "
               "length(trim(hex(zeroblob(50000000)), '0'))"},
    {.before = "SELECT length(reverse(hex(zeroblob(50000000))))"},
    {.before = "SELECT length(lpad('x', 90000000, 'abc')), length(rpad('x', 90000000, 'abc'))"},
    {.before = "SELECT unhex(hex(zeroblob(50000000))) = zeroblob(50000000)"},
    {.before =
         "SELECT length(CAST(hex(zeroblob(50000000)) AS INTEGER)), CAST(hex(zeroblob(50000000)) AS "
         "REAL)"},
    {.before = "SELECT CAST(replace(hex(zeroblob(30000000)), '0', '7') AS REAL) + "
               "replace(hex(zeroblob(30000000)), '0', '1')"},
    {.before = "SELECT hex(zeroblob(50000000)) COLLATE NOCASE = hex(zeroblob(50000000))"},
    {.before = "SELECT hex(zeroblob(50000000)) COLLATE RTRIM < hex(zeroblob(49999999)) || '1'"},
    {.before = "SELECT max(hex(zeroblob(50000000)), hex(zeroblob(50000000)) || '1') > '1'"},
    {.before =
         "SELECT split_part(hex(zeroblob(50000000)), '1', 2), contains(hex(zeroblob(50000000)), "
         "'00001')"},
    {.before = "SELECT length(concat(hex(zeroblob(50000000)), hex(zeroblob(50000000))))"},
    {.before = "SELECT length(lower(hex(zeroblob(50000000)))), "
               "length(ltrim(hex(zeroblob(50000000)), '01'))"},
    {.before = "SELECT length(hex(hex(zeroblob(50000000)))), unicode(hex(zeroblob(50000000)))"},
    {.before = "SELECT length(printf('%q %Q %w', hex(zeroblob(20000000)), hex(zeroblob(20000000)), "
               "hex(zeroblob(20000000))))"},
    {.before = "SELECT count(*) FROM n GROUP BY t || hex(zeroblob(2000))"},
    {.before = "SELECT DISTINCT hex(zeroblob(30000)) || b FROM n LIMIT 1 OFFSET 90000"},
    {.before = "SELECT date('2024-01-01', '+' || b || ' days'), strftime('%Y %j %W', b) FROM n"},
    /* scans and filters */
    {.before =
         "SELECT count(*) FROM big WHERE v * v % 7 = 3 AND w > 5 AND NOT v BETWEEN 10 AND 20"},
    {.before = "SELECT sum(v), avg(w), total(v * 0.5), max(v + w) FROM big"},
    {.before = "SELECT count(*) FROM n WHERE t LIKE '%99%' OR t GLOB '*7' OR t REGEXP '5+$'"},
    {.before = "SELECT count(*) FROM big WHERE v IN (0",
     .piece = ", 7654321",
     .count = 5000,
     .after = ")"},
    {.before = "SELECT sum(CASE WHEN v % 3 THEN v WHEN w % 3 THEN 'x' ELSE 0.5 END) FROM big"},
    /* joins: direct, band, over texts, semi and anti, by tuples */
    {.before = "SELECT sum(y.b) FROM big x JOIN n y ON y.a = x.w"},
    {.before = "SELECT count(*) FROM n x JOIN n y ON y.b BETWEEN x.b AND x.b + 50"},
    {.before = "SELECT count(*) FROM n x LEFT JOIN n y ON y.t > x.t AND y.t < x.t || '1'"},
    {.before =
         "SELECT count(*) FROM n x WHERE NOT EXISTS (SELECT 1 FROM n y WHERE y.t = x.t || '0')"},
    {.before = "SELECT count(*) FROM n x JOIN n y ON x.t = y.t AND x.b = y.b AND x.a = y.a"},
    /* a subquery for each tuple, kept by tuple */
    {.before = "SELECT sum((SELECT y.b FROM n y WHERE y.b > x.a ORDER BY y.b LIMIT 1)) FROM n x"},
    {.before = "SELECT sum((SELECT count(*) FROM (SELECT b FROM n y WHERE y.b > x.b GROUP BY b))) "
               "FROM n x"},
    {.before = "SELECT sum(x.b IN (SELECT y.a FROM n y WHERE y.b < x.a)) FROM n x"},
    /* aggregates of every kind of table, ordered, filtered, distinct */
    {.before = "SELECT b % 100, sum(a) FILTER (WHERE a % 2), count(DISTINCT b), avg(DISTINCT a) "
               "FROM n GROUP BY 1"},
    {.before = "SELECT count(*) FROM (SELECT t || t, b, sum(a) FROM n GROUP BY 1, 2)"},
    {.before = "SELECT count(*) FROM (SELECT b * 0.5, w FROM n JOIN big ON w = a GROUP BY 1, 2)"},
    {.before = "SELECT count(*) FROM (SELECT CASE WHEN a % 2 THEN t ELSE b END, count(*) FROM n "
               "GROUP BY 1)"},
    {.before = "SELECT length(string_agg(t, ',' ORDER BY t, b)), length(group_concat(DISTINCT t)) "
               "FROM n"},
    {.before = "SELECT length(group_concat(b, ', ' ORDER BY b * 0.5 DESC)) FROM n"},
    {.before =
         "SELECT b % 1000, median(a), mode(t), quantile(b, 0.9), arg_max(t, b) FROM n GROUP BY 1"},
    {.before = "SELECT length(histogram(v)), mode(v), approx_quantile(v, 0.5) FROM big"},
    {.before = "SELECT length(histogram(v % 1000)), median(v * 0.5) FROM big"},
    {.before = "SELECT count(*), sum(s) FROM (SELECT v % 3000000, sum(w) AS s, min(w), max(w), "
               "avg(w) FROM big GROUP BY 1)"},
    /* sorts of long texts and of many rows */
    {.before = "SELECT hex(zeroblob(500)) || t FROM n WHERE a < 200000 ORDER BY 1 DESC LIMIT 1 "
               "OFFSET 100000"},
    {.before = "SELECT t FROM n ORDER BY substr(t, -3), length(t), b * 0.5 LIMIT 1 OFFSET 500000"},
    {.before = "SELECT v FROM big ORDER BY v % 7, w DESC LIMIT 1 OFFSET 3000000"},
    {.before = "SELECT v FROM big ORDER BY v LIMIT 10"},
    {.before =
         "SELECT x.t FROM n x JOIN n y ON x.b = y.b ORDER BY x.t || y.t LIMIT 1 OFFSET 500000"},
    /* sets */
    {.before = "SELECT count(*) FROM (SELECT t FROM n UNION SELECT t || 'x' FROM n)"},
    {.before = "SELECT count(*) FROM (SELECT t, a FROM n EXCEPT SELECT t, b FROM n)"},
    {.before = "SELECT count(*) FROM (SELECT t FROM n INTERSECT SELECT t FROM n)"},
    {.before = "SELECT t FROM n UNION ALL SELECT t FROM n ORDER BY 1 LIMIT 1 OFFSET 1500000"},
    {.before = "SELECT count(*) FROM (SELECT DISTINCT t FROM n)"},
    {.before =
         "SELECT count(*) FROM (SELECT DISTINCT hex(zeroblob(15000)) || a FROM n WHERE a < 20000)"},
    /* no end, with a queue in order, and with more than one row for each */
    {.before = "WITH RECURSIVE c(i, s) AS (SELECT 1, 'x' UNION ALL SELECT i + 1, s || 'y' FROM c "
               "ORDER BY 1 DESC) SELECT max(i) FROM c"},
    {.before = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + a FROM c, n WHERE a < 4) "
               "SELECT count(*) FROM c"},
    {.before =
         "WITH RECURSIVE c(s) AS (SELECT 'x' UNION SELECT s || 'y' FROM c) SELECT max(s) FROM c"},
    /* texts of 100 MB: compared, hashed, grouped, sorted, kept */
    {.before = "SELECT hex(zeroblob(50000000)) = hex(zeroblob(50000000))"},
    {.before = "SELECT count(*) FROM (SELECT hex(zeroblob(50000000)) AS x UNION SELECT "
               "hex(zeroblob(50000000)))"},
    {.before =
         "SELECT count(DISTINCT hex(zeroblob(20000000)) || value) FROM generate_series(1, 20)"},
    {.before = "SELECT max(hex(zeroblob(20000000)) || value) FROM generate_series(1, 40)"},
    {.before = "SELECT hex(zeroblob(20000000)) || value FROM generate_series(1, 20) ORDER BY 1 "
               "DESC LIMIT 1"},
    {.before = "SELECT hex(zeroblob(20000000)) || value COLLATE NOCASE AS x FROM "
               "generate_series(1, 20) ORDER BY 1 LIMIT 1"},
    {.before = "SELECT length(group_concat(hex(zeroblob(20000000)))) FROM generate_series(1, 20)"},
    {.before = "SELECT length(group_concat(hex(zeroblob(20000000)) || value, ',' ORDER BY value "
               "DESC)) FROM generate_series(1, 10)"},
    {.before =
         "CREATE TABLE made AS SELECT hex(zeroblob(20000000)) AS x FROM generate_series(1, 20)"},
    {.before = "CREATE TABLE made(x INTEGER); INSERT INTO made SELECT "
               "replace(hex(zeroblob(30000000)), '0', '1')"},
    {.before = "CREATE TABLE made(x TEXT UNIQUE); INSERT INTO made SELECT hex(zeroblob(20000000)) "
               "|| value FROM generate_series(1, 10)"},
    {.before = "SELECT hex(zeroblob(20000000)) IN (SELECT hex(zeroblob(20000000)) || value FROM "
               "generate_series(1, 10))"},
    {.before = "SELECT count(*) FROM (SELECT hex(zeroblob(20000000)) AS x) a JOIN (SELECT "
               "hex(zeroblob(20000000)) AS x FROM generate_series(1, 10)) b USING (x)"},
    {.before = "SELECT max(x) OVER (ORDER BY x ROWS 3 PRECEDING) FROM (SELECT "
               "hex(zeroblob(20000000)) || value AS x FROM generate_series(1, 10)) LIMIT 1"},
    {.before = "SELECT hex(zeroblob(100000000)) < zeroblob(3)"},
    {.before = "SELECT length(CAST(zeroblob(400000000) AS TEXT)), "
               "length(CAST(hex(zeroblob(50000000)) AS BLOB))"},
    {.before = "SELECT CAST(hex(zeroblob(50000000)) AS NUMERIC) + 1, hex(zeroblob(50000000)) + 0, "
               "- hex(zeroblob(50000000))"},
    {.before = "SELECT length(unistr(replace(hex(zeroblob(10000000)), '00', '\\0041')))"},
    {.before = "SELECT length(regexp_replace(hex(zeroblob(10000000)), '0', '12', 'g'))"},
    {.before = "SELECT hex(zeroblob(10000000)) REGEXP '(0+)+1', "
               "regexp_extract(hex(zeroblob(10000000)), '0*1')"},
    {.before = "SELECT hex(zeroblob(50000000)) REGEXP '1[2-9]', hex(zeroblob(50000000)) REGEXP "
               "'[^0]x', hex(zeroblob(50000000)) REGEXP '0[^0]'"},
    {.before = "SELECT hex(zeroblob(20000)) REGEXP '0.*[12]', hex(zeroblob(2000)) REGEXP "
               "'(.{0,20}){3}[12]', hex(zeroblob(20)) REGEXP '(0|00)+[12]'"},
    {.before = "SELECT sum(hex(zeroblob(a % 2047)) REGEXP '0.*0.*[12]') FROM n"},
    {.before = "SELECT regexp_extract(hex(zeroblob(5000000)), '(?s)^.*[12]'), "
               "regexp_count(hex(zeroblob(5000000)), '(?i)a|0')"},
    {.before = "SELECT count(*) FROM n WHERE regexp_replace(t, '[0-9]+', '<>') = t"},
    {.before = "SELECT length(strftime(replace(hex(zeroblob(10000000)), '0', '%Y'), 'now'))"},
    {.before = "SELECT length(printf(replace(hex(zeroblob(5000000)), '0', '%d '), 1))"},
    {.before = "SELECT length(printf('%s %s', hex(zeroblob(50000000)), hex(zeroblob(50000000))))"},
    {.before = "SELECT length(repeat('abc', 200000000))"},
    {.before = "SELECT length(quote(replace(hex(zeroblob(30000000)), '0', '''')))"},
    {.before = "SELECT soundex(hex(zeroblob(50000000))), typeof(hex(zeroblob(50000000)))"},
    {.before = "SELECT substr(hex(zeroblob(50000000)), 90000000, 5), substr(zeroblob(900000000), "
               "1000, 800000000) = 1"},
    {.before = "SELECT length(zeroblob(999999999)), hex(randomblob(100000000)) = 1"},
    {.before = "SELECT length(replace(hex(zeroblob(5000000)), hex(zeroblob(100)) || '1', 'x'))"},
    {.before = "SELECT starts_with(hex(zeroblob(50000000)), hex(zeroblob(49000000))), "
               "ends_with(hex(zeroblob(50000000)), hex(zeroblob(49000000)))"},
    {.before = "SELECT date(hex(zeroblob(50000000))), strptime(hex(zeroblob(50000000)), '%Y')"},
    {.before = "SELECT length(hex(zeroblob(50000000)) || hex(zeroblob(50000000)) || 'x')"},
    {.before =
         "SELECT concat_ws(',', hex(zeroblob(50000000)), 1, hex(zeroblob(50000000))) IS NULL"},
    {.before = "SELECT hex(zeroblob(50000000)) BETWEEN hex(zeroblob(50000000)) AND 'x', "
               "hex(zeroblob(50000000)) IS NOT hex(zeroblob(50000000))"},
    {.before = "SELECT sum(unicode(substr(hex(zeroblob(1000000)), value, 1))) FROM "
               "generate_series(1, 1000000)"},
    /* changes: whole tables away, and savepoints */
    {.before = "DELETE FROM big"},
    {.before = "DROP TABLE big"},
    {.before = "SAVEPOINT s; UPDATE big SET v = w, w = v; ROLLBACK TO s; RELEASE s"},
    {.before = "CREATE TABLE made AS SELECT t || a AS x, b * 0.5 AS y FROM n; DROP TABLE made"},
    {.before = "INSERT INTO keyed SELECT w FROM big; DELETE FROM keyed WHERE k % 2; UPDATE keyed "
               "SET k = -k"},
    {.before = "CREATE TEMP TABLE made(x, y PRIMARY KEY); INSERT INTO made SELECT a, t FROM n; "
               "UPDATE made SET x = y"},
    {.before = "EXPLAIN ANALYZE SELECT count(*) FROM n x JOIN n y ON x.t = y.t"},
    {.before = "COPY (SELECT hex(zeroblob(30000000)) AS x, t FROM n LIMIT 10) TO '/dev/null'"},
    /* frames of every kind, over numbers and texts */
    {.before = "SELECT max(s) FROM (SELECT sum(a) OVER (ORDER BY b GROUPS BETWEEN 50 PRECEDING AND "
               "CURRENT ROW EXCLUDE GROUP) AS s FROM n)"},
    {.before = "SELECT max(s) FROM (SELECT min(b) OVER (ORDER BY a RANGE BETWEEN 900 PRECEDING AND "
               "900 FOLLOWING) AS s FROM n)"},
    {.before = "SELECT max(s) FROM (SELECT first_value(t) OVER (PARTITION BY b % 100 ORDER BY a "
               "ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) AS s FROM n)"},
    {.before = "SELECT max(s) FROM (SELECT count(*) FILTER (WHERE b % 2) OVER (ORDER BY a ROWS "
               "BETWEEN 70 FOLLOWING AND 700 FOLLOWING) AS s FROM n)"},
    {.before = "SELECT max(s) FROM (SELECT mode(b % 50) OVER (ORDER BY a ROWS 200 PRECEDING) AS s "
               "FROM n)"},
    {.before = "SELECT max(s), max(p), max(d) FROM (SELECT avg(w) OVER w AS s, percent_rank() OVER "
               "w AS p, dense_rank() OVER w AS d FROM big WINDOW w AS (PARTITION BY v % 1000 ORDER "
               "BY w))"},
    {.before = "SELECT max(s) FROM (SELECT lag(t) IGNORE NULLS OVER (ORDER BY b DESC) AS s FROM "
               "n)"},
    /* upserts and conflicts */
    {.before = "INSERT INTO keyed SELECT w % 100000 FROM big WHERE 1 ON CONFLICT DO NOTHING"},
    {.before =
         "CREATE TABLE made(x TEXT PRIMARY KEY, y); INSERT INTO made SELECT t, a FROM n WHERE "
         "1 ON CONFLICT(x) DO UPDATE SET y = y + excluded.y; INSERT INTO made SELECT t, a "
         "FROM n WHERE 1 ON CONFLICT(x) DO UPDATE SET y = y + excluded.y"},
    {.before = "INSERT OR IGNORE INTO keyed SELECT v % 100000 FROM big"},
    {.before = "DELETE FROM n WHERE a % 3 RETURNING t, b"},
    {.before = "UPDATE n SET b = x.v FROM big x WHERE x.w = n.a"},
    {.before = "CREATE INDEX made ON big(v DESC); SELECT sum(w) FROM big WHERE v = 77"},
    {.before = "CREATE TABLE made AS SELECT * FROM big ORDER BY v, w; VACUUM"},
    {.before =
         "DELETE FROM big WHERE v % 2; INSERT INTO big SELECT v, w FROM big; DELETE FROM big"},
    /* files, in other shapes */
    {.before = "CREATE TABLE made AS SELECT * FROM read_csv('heavy.csv', all_varchar = true)"},
    {.before = "SELECT count(DISTINCT t), sum(b) FROM 'heavy.csv'"},
    {.before =
         "COPY (SELECT t || '\"', b * 0.37, a FROM n) TO '/dev/null' (HEADER, FORCE_QUOTE *)"},
    /* aggregates of values in groups, distinct and ordered */
    {.before = "SELECT count(*) FROM (SELECT b % 1000, median(DISTINCT a), quantile(b, 0.1), "
               "arg_min(t, b) FROM n GROUP BY 1)"},
    {.before = "SELECT group_concat(DISTINCT b % 5000), sum(DISTINCT v), count(DISTINCT v % 77777) "
               "FROM n JOIN big ON w = a"},
    {.before =
         "SELECT count(*) FROM (SELECT t, group_concat(b ORDER BY b DESC) FROM n GROUP BY t)"},
    {.before =
         "SELECT stddev(v), skewness(v), corr(v, w), regr_slope(v, w), product(1 + v * 1e-15) "
         "FROM big"},
    {.before = "SELECT count(*) FROM (SELECT a % 10, b % 10, t, sum(a) FROM n GROUP BY GROUPING "
               "SETS ((1, 2, 3), (3), ()))"},
    /* functions over many rows */
    {.before = "SELECT max(printf('%08.3f %s %d', b * 0.01, t, a)) FROM n"},
    {.before = "SELECT sum(length(replace(upper(t), 'T', 'xyz') || hex(t))) FROM n"},
    {.before =
         "SELECT max(strftime('%Y-%m-%d %H:%M', b)), min(date_trunc('month', date(b))) FROM n"},
    {.before = "SELECT sum(levenshtein(t, 'text 12345')), max(reverse(t)) FROM n"},
    {.before = "SELECT count(*) FROM n WHERE regexp_matches(t, '(1|2)+9$') OR t REGEXP '[4-6]{4}'"},
    /* texts that are long, but not by themselves */
    {.before = "SELECT count(DISTINCT substr(x, a % 7 + 1)) FROM (SELECT hex(zeroblob(100000)) AS "
               "x), n WHERE a < 2000"},
    {.before =
         "SELECT count(*) FROM (SELECT hex(zeroblob(100000)) || a AS x FROM n WHERE a < 1000) "
         "p JOIN (SELECT hex(zeroblob(100000)) || a AS y FROM n WHERE a < 1000) q ON x < y"},
    {.before = "SELECT hex(zeroblob(40000)) || a AS x FROM n WHERE a < 4000 ORDER BY x COLLATE "
               "NOCASE DESC LIMIT 1 OFFSET 3000"},
    {.before = "SELECT count(*) FROM n WHERE a < 3000 AND hex(zeroblob(50000)) || a LIKE '%7_%8%'"},
    {.before = "SELECT length(concat_ws(';', hex(zeroblob(40000000)), hex(zeroblob(40000000)), "
               "zeroblob(40000000)))"},
    {.before =
         "SELECT CAST(x'e2' || CAST(replace(hex(zeroblob(20000000)), '00', x'80') AS BLOB) AS "
         "TEXT) LIKE '_', length(CAST(x'e2' || CAST(replace(hex(zeroblob(20000000)), '00', "
         "x'80') AS BLOB) AS TEXT))"},
};
const size_t heavy_statement_count = sizeof heavy_statements / sizeof heavy_statements[0];

const struct heavy heavy_texts[] = {
    {.before = "SELECT count(*) FROM n WHERE b IN (0",
     .piece = ",a",
     .count = 100000,
     .after = ")"},
    {.before = "SELECT count(*) FROM n WHERE b IN (0",
     .piece = ",12345678",
     .count = 200000,
     .after = ")"},
    {.before = "SELECT 1", .piece = " UNION ALL SELECT 1", .count = 499},
    {.before = "SELECT 1", .piece = " UNION ALL SELECT 1", .count = 20000},
    {.before = "SELECT a FROM n WHERE a = 1",
     .piece = " UNION SELECT b FROM n WHERE b = 1",
     .count = 499},
    {.before = "SELECT count(*) FROM n WHERE b = 1", .piece = " OR b = a + 1", .count = 900},
    {.before = "SELECT count(*) FROM n WHERE b = 1", .piece = " OR b = a + 1", .count = 50000},
    {.before = "SELECT count(*) FROM n WHERE b = 1",
     .piece = " OR (b = 7 AND a = 2)",
     .count = 900},
    {.before = "SELECT count(*) FROM n WHERE b = 1", .piece = " AND b <> a + 1", .count = 50000},
    {.before = "SELECT count(*) FROM n", .piece = ", n", .count = 60, .after = " WHERE 0"},
    {.before = "SELECT count(*) FROM n", .piece = " NATURAL JOIN n", .count = 59},
    {.before = "SELECT count(*) FROM n",
     .piece = " NATURAL LEFT JOIN n",
     .count = 59,
     .after = " WHERE 0"},
    {.before = "SELECT count(*) FROM n a, n b, n c, n d, n e, n f, n g, n h, n i, n j, n k, n l "
               "WHERE a.a = b.a",
     .piece =
         " AND a.a = l.b AND b.a = c.a AND c.a = d.b AND d.a = e.a AND e.t = f.t AND f.a = g.a AND "
         "g.a = h.a AND h.b = i.b AND i.a = j.a AND j.a = k.a AND k.b = l.a AND c.b = k.b",
     .count = 20,
     .after = " AND 0"},
    {.before = "SELECT * FROM (VALUES (0)", .piece = ",(1 + 2)", .count = 100000, .after = ")"},
    {.before = "INSERT INTO big VALUES (0, 0)", .piece = ",(1, 2)", .count = 100000},
    {.before = "INSERT INTO n VALUES (0, 0, 'x')",
     .piece = ",(1, 2.5, 'some text')",
     .count = 100000},
    {.before = "SELECT 1 ", .piece = "/* */ ", .count = 5000000, .after = ";"},
    {.before = "SELECT ", .piece = "(", .count = 100000, .after = "1"},
    {.before = "SELECT ", .piece = "1 + ", .count = 100000, .after = "1"},
    {.before = "SELECT ", .piece = "- ", .count = 1000000, .after = "1"},
    {.before = "SELECT 1", .piece = " || 'x'", .count = 900, .after = " FROM n"},
    {.before = "SELECT a", .piece = ", a + b", .count = 1999, .after = " FROM n WHERE a < 0"},
    {.before = "SELECT a",
     .piece = ", sum(a + b) OVER (ORDER BY a)",
     .count = 500,
     .after = " FROM n WHERE a < 0"},
    {.before = "SELECT a",
     .piece = ", (SELECT max(a) FROM n x WHERE x.a = n.a)",
     .count = 300,
     .after = " FROM n WHERE a < 0"},
    {.before = "SELECT count(*) FROM n WHERE 1",
     .piece = " AND a IN (SELECT b FROM n)",
     .count = 50,
     .after = " AND a < 0"},
    {.before = "SELECT sum(CASE a WHEN 0 THEN 0",
     .piece = " WHEN 5 THEN 1",
     .count = 50000,
     .after = " END) FROM n"},
    {.before = "SELECT length('", .piece = "some text ", .count = 20000000, .after = "')"},
    {.before = "SELECT x'", .piece = "00", .count = 20000000, .after = "'"},
    {.before = "SELECT ", .piece = "9", .count = 50000000},
    {.before = "SELECT ", .piece = "a", .count = 50000000, .after = " FROM n"},
    {.before = "WITH c0 AS (SELECT 1 AS x), c1 AS (SELECT p.x FROM c0 p, c0 q), c2 AS (SELECT p.x "
               "FROM c1 p, c1 q),"
               " c3 AS (SELECT p.x FROM c2 p, c2 q), c4 AS (SELECT p.x FROM c3 p, c3 q),"
               " c5 AS (SELECT p.x FROM c4 p, c4 q), c6 AS (SELECT p.x FROM c5 p, c5 q),"
               " c7 AS (SELECT p.x FROM c6 p, c6 q), c8 AS (SELECT p.x FROM c7 p, c7 q),"
               " c9 AS (SELECT p.x FROM c8 p, c8 q), d0 AS (SELECT p.x FROM c9 p, c9 q),"
               " d1 AS (SELECT p.x FROM d0 p, d0 q), d2 AS (SELECT p.x FROM d1 p, d1 q),"
               " d3 AS (SELECT p.x FROM d2 p, d2 q), d4 AS (SELECT p.x FROM d3 p, d3 q) SELECT "
               "count(*) FROM d4"},
    {.before = "SELECT ", .piece = "abs(", .count = 900, .after = "1"},
    {.before = "SELECT * FROM ", .piece = "(SELECT * FROM ", .count = 200, .after = "n"},
    {.before = "SELECT count(*) FROM n WHERE (a, b) IN (VALUES (0, 0)",
     .piece = ",(1, 2)",
     .count = 50000,
     .after = ")"},
    {.before = "SELECT max(0", .piece = ", a", .count = 120, .after = ") FROM n"},
    {.before = "SELECT 'x'", .piece = " || 'some longer text'", .count = 90000},
    {.before = "SELECT -- ", .piece = "comment ", .count = 20000000, .after = "\n 1"},
    {.before = "SELECT /* ", .piece = "comment ", .count = 20000000, .after = "*/ 1"},
    {.before = "SELECT 1 AS \"", .piece = "name ", .count = 20000000, .after = "\""},
    {.before = "SELECT '", .piece = "''", .count = 50000000, .after = "'"},
    {.before = "SELECT 0x", .piece = "0", .count = 50000000, .after = "1"},
    {.before = "SELECT 1.", .piece = "5", .count = 50000000, .after = "e5"},
    {.before = "SELECT $", .piece = "name", .count = 20000000},
};
const size_t heavy_text_count = sizeof heavy_texts / sizeof heavy_texts[0];

char *heavy_sql(const struct heavy *heavy)
{
    size_t before = strlen(heavy->before);
    size_t piece = heavy->piece == NULL ? 0 : strlen(heavy->piece);
    size_t after = heavy->after == NULL ? 0 : strlen(heavy->after);
    char  *text = malloc(before + piece * (size_t)heavy->count + after + 1), *at = text;

    if (text == NULL)
        return NULL;
    memcpy(at, heavy->before, before);
    at += before;
    for (int i = 0; i < heavy->count; i++, at += piece)
        memcpy(at, heavy->piece, piece);
    if (after > 0)
        memcpy(at, heavy->after, after);
    at[after] = '\0';
    return text;
}

int heavy_setup(stoa_db *db, long n_rows, const char *csv)
{
    char sql[1024];

    snprintf(sql, sizeof sql,
             "CREATE TABLE n AS SELECT value AS a, value * 7919 %% %ld AS b,"
             " 'text ' || (value * 7919 %% %ld) AS t FROM generate_series(1, %ld);"
             "CREATE TABLE big AS SELECT value * 1000003 %% 100000007 AS v, value AS w"
             " FROM generate_series(1, %ld);"
             "CREATE TABLE keyed(k INTEGER PRIMARY KEY);"
             "COPY n TO '%s' (HEADER true)",
             n_rows + 3, n_rows + 3, n_rows, n_rows * 5, csv);
    return stoa_exec(db, sql, NULL, NULL, NULL);
}
