create table t(a, b text, "c d");
insert into t values(1, 'one', 1.5), (2, 'it''s "two"', null), (null, 'a,b', x'00ff'), (-4, '', 'x
y'), (5, '<&>', 'tab	tab');
.mode csv
select * from t;
.headers on
select * from t;
.mode list
select * from t;
.mode tabs
select * from t;
.mode line
select * from t;
select 1 as a;select 2 as b;
.mode html
select a, b from t;
.mode tcl
select * from t;
.mode ascii
select * from t;
.mode quote
select * from t;
.mode insert
select * from t;
.mode insert other
select * from t;
.mode insert "my table"
.headers off
select * from t;
.mode json
select a, b from t;
select * from t where 0;
select 1 as "q""q", 2.5 as r, '\/' as s;
.mode quote
select * from t;
.mode html
select * from t where a = 1;
.mode
.mode list
.mode
.show
