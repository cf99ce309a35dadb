select * from a left outer join b on a.x = b.x right join c using (x, y) full join d natural join e;
select * from a natural left join b join c inner join d left join e on 1 where 1;
select * from t indexed by i where a = 1;
select * from t not indexed, generate_series(1, 2) as s, main.f(3);
with a as (select 1), b(x, y) as not materialized (select 2, 3) select * from a, b;
with recursive c(n) as (values (1) union all select n + 1 from c limit 10) select n from c;
select count(*), sum(distinct a), group_concat(a, b order by c desc), max(a) filter (where b) from t;
select sum(a) over (), sum(a) over w, sum(a) filter (where b) over (w rows between 1 preceding and 1 following) from t window w as (partition by a order by b), v as (w)
