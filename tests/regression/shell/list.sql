select 1;;;
;
-- c
select 2 -- x
;
/* c */
#comment
select 3
go
select 4
/
select 5, 'a|b', null, 1.5, x'4142', 'ä€';
  select
  6
  ;
select 7; select 8, 9;
.headers on
select 1 as a, 2 as "b c";
select 1 where 0;
.separator , ;
select 1,2;
.separator | \n
.nullvalue NIL
select null, '';
.headers off
values(1,2),(3,4),(5,6);
select 1e100, -0.0, 100.0, 1e15, 123456789012345678, 0.1;
select 10
