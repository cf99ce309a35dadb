SELECT date('2024-01-31','+1 month'), date(2460000.5), date(0), date('bad'), date('2024-02-30');
SELECT datetime('2024-01-31 12:34:56','+1 day','start of month'), time('12:34'), julianday('2000-01-01');
SELECT strftime('%Y-%m-%d %H:%M:%S', '2024-03-05 06:07:08'), strftime('%j %w %W %s', '2024-03-05'), unixepoch('1970-01-02');
SELECT date('2024-05-15','weekday 0'), date('2024-05-15','start of year','+9 months','weekday 2'), datetime(1092941466,'unixepoch');
CREATE TABLE d(x);
INSERT INTO d VALUES('2024-01-15'),('2024-01-31'),('2023-12-01'),(NULL),('x'),('2024-1-5');
SELECT strftime('%Y-%m', x) AS m, count(*) FROM d GROUP BY m;
SELECT x FROM d WHERE x >= '2024-01-01' ORDER BY x;
SELECT min(x), max(x) FROM d;
