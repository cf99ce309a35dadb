PRAGMA table_info(t); PRAGMA table_xinfo('t'); PRAGMA index_list(u); SELECT * FROM pragma_table_info('t'); PRAGMA memory_limit; PRAGMA fp_digits=17;
PRAGMA stoa_passes_off=31; SELECT 0.1 + 0.2; PRAGMA stoa_batch_rows=3; PRAGMA threads=1; PRAGMA database_list; PRAGMA collation_list; PRAGMA function_list;
EXPLAIN SELECT a, count(*) FROM t GROUP BY a; EXPLAIN QUERY PLAN SELECT * FROM t, u WHERE t.a = u.a; EXPLAIN ANALYZE SELECT sum(a) FROM t;
COPY t TO '/dev/null' (FORMAT csv, HEADER true, DELIMITER '|'); COPY (SELECT a FROM t) TO '/dev/null'; COPY t FROM '/dev/null'; SELECT * FROM read_csv('/dev/null', header = true);
