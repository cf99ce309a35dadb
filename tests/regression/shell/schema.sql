create table t(a integer primary key, b text unique, "c d" default (1+2));
create view v as select a as x, b from t;
 create index i1 on t(b);
create table zz(a);
create table aaaa_long_name(x);
create table b1(a);
create table b2(a);
create table "b3 x"(a);
.tables
.tables b%
.tables nosuch
.indexes
.indexes t
.schema
.schema t
.schema nosuch
.schema b_
.schema v
.schema b*
.databases
insert into t values(1, 'a''b', x'01'), (2, null, 1.5), (3, 'x
y', 'z');
insert into "b3 x" values('q');
.dump
.dump t
.dump nosuch
