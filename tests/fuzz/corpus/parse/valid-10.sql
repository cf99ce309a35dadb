alter table t drop constraint c;
alter table t alter column a drop not null;
alter table t alter a set not null on conflict fail;
alter table t add constraint c check (a > 0);
alter table t add check (a > 0) on conflict abort;
begin;
begin deferred transaction;
begin immediate transaction x
