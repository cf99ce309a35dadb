select /* comment */ 1 /* open;
select 1;;
select 1; select 2;
;;; select 1;
select #a;
select 0x10000000000000000;
select * from a foo join b;
select f(distinct)
