select like(1, 2), glob(1, 2), replace(1, 2, 3), left(1), row(1), if(1, 2, 3), over(1), filter(2), window(3);
select 1 as abort, 2 as key, 3 as left, 4 key, 5 rows from key as row;
create table t(abort, key int, row, [left] text, "right" x y z, if, over, window, filter);
insert into t values (1, 2), (3, 4);
insert or replace into main.t as x (a, b) select 1, 2;
insert or ignore into t default values returning a, *;
replace into t(a) values (1);
insert into t values (1) on conflict do nothing
