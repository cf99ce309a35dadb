SELECT 'a%b' LIKE 'a\%b' ESCAPE '\', 'axb' LIKE 'a\%b' ESCAPE '\', 'a_b' LIKE 'a!_b' ESCAPE '!', 'a!b' LIKE 'a!!b' ESCAPE '!', 'abc' LIKE 'a%' ESCAPE 'x', '50%' LIKE '%x%' ESCAPE 'x', 'ab' LIKE 'aX' ESCAPE 'X', 'x' LIKE '%' ESCAPE '%', 'a' LIKE 'A' ESCAPE 'A', 'aa' LIKE 'aaa' ESCAPE 'a';
SELECT 'a' LIKE 'a' ESCAPE 'xx';;
SELECT 'a' LIKE 'a' ESCAPE '';;
SELECT 'a' LIKE 'a' ESCAPE NULL, 'a' LIKE 'a' ESCAPE 'ä', 'a' LIKE 'a' ESCAPE 1;
