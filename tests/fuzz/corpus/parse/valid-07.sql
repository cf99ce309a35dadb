create table t(a int) strict, without rowid;
create table main.t as select 1;
create table 't'('a' 'int', "b");
create view v as select 1;
create temp view if not exists main.v(a, b) as select 1, 2 union select 3, 4;
create index i on t(a);
create unique index if not exists main.i on t(a asc, b collate nocase desc, a + 1) where a is not null;
create trigger r before insert on t begin select 1; end
