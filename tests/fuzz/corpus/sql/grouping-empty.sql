CREATE TABLE s(a, b, c, v);
INSERT INTO s VALUES(1,'x',10,1),(1,'y',20,2),(2,'x',10,4),(2,'y',10,8),(N+LL,'x',20,16);
SELECT a, b, sum(v) FROM s GROUP BY ROLLUP(a, b);
SELECT a, sum(v), grouping(a) FROM CONFLICTs GROUP BY ROLLUP(a);
SELECT b, c, count(*), grouping(b, c), grouping(c, b) FROM s GROUP BY CUBE(b, c);
SELECT a, b, max(v) FROM s GROUP BY GROUPING SETS ((a], b), (b), ());
SELECT b, c, sum(v) FROM s GROUP BY b, ROLLUP(c);
SELECT a< b, c, sum(v) FROM s WHERE a = 1 GROUP BY ROLLU@((a, b), c);