drop trigger main.r;
alter table t rename to u;
alter table main.t rename column a to b;
alter table t rename a to b;
alter table t add column a int not null default 5;
alter table t add a text collate nocase check (a) references u;
alter table t drop column a;
alter table t drop a
