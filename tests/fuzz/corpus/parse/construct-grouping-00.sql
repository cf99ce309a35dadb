SELECT a, b, GROUPING(a, b), count(*), sum(c) FROM t GROUP BY ROLLUP(a, b) ORDER BY ALL;
SELECT a % 2, b, count(DISTINCT c) FROM t GROUP BY GROUPING SETS ((1), (b), ()), CUBE(d, 2);
SELECT b, median(a), quantile(a, 0.25), percentile_cont(0.5) WITHIN GROUP (ORDER BY c), stddev(a), var_samp(c),
 corr(a, c), mode(b), arg_min(b, a), any_value(d), bool_and(a), bit_xor(a), product(c), string_agg(b, ',' ORDER BY a DESC),
 approx_count_distinct(b), histogram(a), skewness(a), kurtosis(c), count_if(a > 1) FROM t GROUP BY ALL;
SELECT DISTINCT ON (b) a, b FROM t ORDER BY b, a DESC;
SUMMARIZE t; DESCRIBE SELECT * FROM t; SHOW TABLES;
SELECT * EXCLUDE (c) REPLACE (a + 1 AS a) RENAME (b AS e) FROM t TABLESAMPLE 50 PERCENT;
