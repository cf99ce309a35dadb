SELECT sum(r) = 0.6, avg(r) = 0.2, total(r) FROM f;
DELETE FROM f;
INSERT INTO f VALUES(1e100),(1.0),(-1e100);
SELECT sum(r), typeof(sum(r)) FROM f;
SELECT sum(9223372036854775807) , typeof(sum(1)), sum(1.0) FROM f WHERE 1 LIMIT 1;
SELECT g, group_concat(b) FROM b GROUP BY g ORDER BY g DESC;
SELECT count(*) FROM (SELECT g FROM b GROUP BY g);
SELECT sum(a)+1, g*2 FROM b GROUP BY g*2;
