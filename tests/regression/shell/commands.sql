.print a "b c" d 'e f'
.print
.print a\tb "c\nd" 'e\tf'
.echo on
select
 1;
.print x
.echo off
.changes on
create table t(a);
insert into t values(1), (2), (3);
update t set a = a + 1;
delete from t where a > 3;
.changes off
.eqp off
.output out.txt
select 5;
.output
select 6;
.once out2.txt
select 7;
select 8;
.shell cat out.txt out2.txt
.system echo hello
.help nosuch
.parameter set :a 5
.parameter set @b 'text'
.parameter set $c "'quoted text'"
.parameter list
select :a, @b, $c, :unset;
.parameter unset :a
select :a;
.parameter clear
.parameter list
.width 1 2 3
.show
.limit length
.exit 3
select 'not reached';
