with a as (select 1) delete from t where b in a;
create table t(a);
create temp table if not exists t(a integer primary key asc on conflict abort autoincrement, b text not null on conflict fail unique on conflict ignore);
create temporary table t(a default 1, b default -1.5, c default +2, d default 'x', e default (1 + 2), f default null, g default abc, h default current_time, i default x'00');
create table t(a check (a > 0), b collate nocase constraint c not null constraint d check (b), e references u, f references u(x) on delete cascade on update set null match full not deferrable initially immediate);
create table t(a generated always as (b + 1) stored, b as (1) virtual, c int generated always as (a), d null);
create table t(a, b, primary key (a, b desc), unique (b) on conflict replace, check (a <> b) constraint x foreign key (a) references u (c) on delete restrict on update no action on delete set default deferrable initially deferred);
create table t(a varchar(10), b decimal(10, -2), c double precision, d character varying (255), e 'x' y) without rowid
