SELECT * FROM t LEFT JOIN u USING(a) FULL JOIN (SELECT a AS k, e FROM u) v ON v.k = t.a AND t.c < v.k;
SELECT t.*, u.e FROM t NATURAL JOIN u RIGHT JOIN (t x CROSS JOIN u y) ON x.a = y.a, generate_series(1, 3) g WHERE g.value = t.a OR x.d IS NULL;
SELECT a FROM t WHERE EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND u.e NOT IN (SELECT b FROM t y WHERE y.a < u.a)) AND (a, b) IN (SELECT a, e FROM u);
SELECT (SELECT group_concat(e) FROM u WHERE u.a <= t.a), (SELECT max(x.c) FROM t x WHERE x.b = t.b LIMIT 1) FROM t ORDER BY 1, 2;
SELECT a FROM t UNION ALL SELECT a FROM u INTERSECT SELECT 1 EXCEPT VALUES(2),(3) ORDER BY 1 DESC;
