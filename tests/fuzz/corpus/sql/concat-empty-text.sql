CREATE TABLE t(a INTEGER, b TEXT, c REAL, d);
INSERT INTO t VALUES(1,'x',1.5,NULL),(2,'y',2.5,'q'),(3,'x',NULL,7),(NULL,'z',4.0,x'01'),(5,'Y',0.1,0.25);
CREATE TABLE u(a INTEGER PRIMARY KEY, e TEXT, f INT);
INSERT INTO u VALUES(1,'one',10),(2,'two',20),(4,'four',40);
SELECT a FROM t GROUP BY a HAVING sum((SELECT f FROM u WHERE u.a=t.a))>5;
SELECT (SELECT sum(a) FROM u GROUP BY e HAVING sum(t.a)>1) FROM t;
SELECT (SELECT group_concat(t.b, u.e) FROM u) FROM t;
SELECT (SELECT max(t.a)) , b FROM t;
