create table t(a, b text, "c d");
insert into t values(1, 'one', 1.5), (2, 'it''s "two"', null), (null, 'a,b', 'zz'), (-4, '', 'x
y'), (5, '<&>', 'tab	tab');
.mode box
select * from t;
select * from t where a = 1;
select * from t where 0;
.mode table
select * from t;
.mode markdown
select * from t;
.mode column
select * from t;
.headers off
select * from t;
.headers on
.width 3 -8 2
select * from t;
.width
.mode box --wrap 10
select 'hello world this is a long text', 5;
.mode box --wrap 10 --ww
select 'hello world this is a long text', 5;
.mode column --wrap 10 --wordwrap on
select 'hello world this is a long text', 5 union all select 'b', 6;
.mode table --quote
select 1, 'a', null;
.mode qbox
select 1, 'a''b', null, x'0102';
.mode
.mode column
select 'ä€' as "größe", 'x' as y union all select 'abcdef', 'ü';
.mode box
select 'ä€' as "größe", 'x' as y union all select 'abcdef', 'ü';
.nullvalue NIL
select null as n, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' as long;
.mode
