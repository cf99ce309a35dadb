SELECT typeof(1), typeof(1.0), typeof('a'), typeof(x'00'), typeof(NULL), hex('abc'), quote('it''s'), quote(1.5), quote(NULL), quote(x'0a');
SELECT coalesce(NULL,NULL,3), ifnull(NULL,2), nullif(1,1), nullif(1,2), iif(1,'y','n'), iif(NULL,'y','n');
SELECT 'abc ' = 'abc' COLLATE RTRIM, 'ABC' = 'abc' COLLATE NOCASE, 'a' < 'B' COLLATE NOCASE, 'a' < 'B';
SELECT printf('%d %5.2f %s %x %%', 42, 3.14159, 'x', 255), printf('%,d', 1234567), format('%05d|%-5d|', 42, 42);
SELECT unicode('é'), char(233, 26085), concat('a', NULL, 1), concat_ws(',', 'a', NULL, 'b');
SELECT CASE 1 WHEN 1.0 THEN 'one' ELSE 'other' END, CASE WHEN NULL THEN 1 ELSE 2 END, CASE 'a' WHEN 'b' THEN 1 END;
SELECT x'414243' || '', 1e15, 1e20, 100000000000000000000, 1.5e-7, 123456789012345678;
