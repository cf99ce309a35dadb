create temp trigger if not exists main.r after update of a, b on t for each row when new.a > old.a begin update t set a = 1 where b; insert into t values (1); delete from t where a; select raise(abort, 'x'); end;
create trigger r instead of delete on v begin insert or replace into t select 1 union select 2; update or ignore t set a = 1, (b, c) = (1, 2) from u where d; end;
create virtual table v using m;
create virtual table if not exists main.v using m(a, b c, d(e, f), 'g', h = i);
drop table t;
drop table if exists main.t;
drop view v;
drop index if exists i
