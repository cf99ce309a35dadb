select 1;
select * from t;
select a, b as c, d e, f 'g', t.*, main.t.a from main.t as t, u cross join v;
select distinct a from t where b > 1 group by c having d order by e desc nulls first limit 1 offset 2;
select all a from t limit 1, 2;
select 1 union select 2 union all select 3 intersect select 4 except select 5 order by 1 limit 2;
values (1, 2), (3, 4);
select * from (values (1), (2)) as x, (select 1) y, (t), (t as z), (t join u on 1)
