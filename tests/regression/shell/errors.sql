create table t(a unique, b not null);
insert into t values(1, 1);
insert into t
 values(1, 2);
insert into t values(3, null);
select * from
 nosuch where aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa;
select a, nocolumn from t;
select 1; select nofunction(1); select 2;
select abs(-9223372036854775808);
select abs(1,2,3);
select * form t;
select 1 +;
select 'ä' || xxxxxxxxxxxxxxxxxxxxxxxxxxxxx, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' frm t;
create table t(x);
drop table nosuch;
.foo
.mode xyz
.timer xx
.read nofile
.headers
.separator
.nullvalue
.bail
.cd /nonexistent/folder
.mode list extra
.mode list extra more
insert into t values(1);
insert into t(a) values(1,2);
select 1 limit 'x';
commit;
select 'abc
