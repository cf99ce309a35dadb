select 1;
.bail on
select nocolumn;
select 2;
