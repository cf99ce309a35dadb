select 1;
select 2,
3;
.print x
select nosuch;
