select 'a;
b', 1; -- a comment; with a semicolon
.print after comment
select 2 /* block ; comment
 over lines */, 3;
select "it's";
 .print not a command
;
select 4; /* trailing */
.read sub.txt
select 5
;
.echo on
select 6;
-- only a comment
/* block */
select 7
  , 8;

.print x
.echo off
.once o.txt
select 'to file';
select 'to screen';
.shell cat o.txt
.headers on
.mode csv
.once o.txt
select 1 as a, 'b c' as b;
.shell cat o.txt
.mode list
.output o.txt
.print to file
select 9;
.output stdout
.shell cat o.txt
create table x(a);
insert into x values(1);
insert into x values(2)
;
select count(*) from x;
.tables
.quit
select 'no';
