insert into t values (1) on conflict (a, b collate nocase desc) where c do update set d = excluded.d, (e, f) = (1, 2) where g returning h as i;
insert into t select * from u where 1 on conflict (a) do nothing on conflict do update set a = 1;
with a as (select 1) insert into t select * from a;
update t set a = 1, b = 2 where c;
update or rollback main.t as x indexed by i set (a, b) = (select 1, 2), c = d from u, v where e returning f;
with a as (select 1) update t not indexed set b = 1;
delete from t;
delete from main.t as x not indexed where a returning *
