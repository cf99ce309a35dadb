CREATE TABLE s(id INTEGER PRIMARY KEY, x);
INSERT INTO s(x) VALUES(NULL),('hello'),(''),('äöü€😀x'),(12345),(-1.5),(x'0102030405'),(x''),('a'||char(0)||'b'),('AbcABC');
CREATE TABLE w(id INTEGER PRIMARY KEY, y);
INSERT INTO w(y) VALUES(NULL),(0),(1),(-1),(3),(-2),(2.9),('a'),('l'),('abc'),(''),(x'62'),('öü'),(9223372036854775807),(-9223372036854775808);
SELECT s.id, group_concat(quote(round(x, y)), ' ') FROM s, (SELECT y FROM w ORDER BY id) GROUP BY s.id ORDER BY s.id;
SELECT group_concat(quote(round(x, NULL)), ' ') FROM (SELECT x FROM s ORDER BY id);
SELECT group_concat(quote(round(x, 0)), ' ') FROM (SELECT x FROM s ORDER BY id);
SELECT group_concat(quote(round(x, 1)), ' ') FROM (SELECT x FROM s ORDER BY id);
