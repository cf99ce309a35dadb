create temp table tt(a,b);
insert into tt values(1,2);
.tables
.schema
.indexes
.dump
select * from temp.tt;
.mode box
select * from tt;
.mode insert tt
select * from tt;
.mode list
create table "weird ""name"(x, "select" int);
insert into "weird ""name" values(1,2);
.dump
.schema weird%
select * from "weird ""name";
create table sel("order" int, b); insert into sel values(1,2);
.mode insert sel
.headers on
select * from sel;
