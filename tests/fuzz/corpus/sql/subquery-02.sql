SELECT (SELECT sum(a) FROM (SELECT a FROM u WHERE u.a = t.a)) FROM t;
