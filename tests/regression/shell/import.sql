.import --csv plain.csv t
.schema
select * from t;
select typeof(one), typeof(two) from t;
.import --csv plain.csv t
select count(*) from t;
.mode csv
create table u(a, b int);
.import --skip 1 plain.csv u
select *, typeof(b) from u;
.mode list
.import quoted.csv q --csv
select * from q;
.separator ;
.import semicolon.csv s
select * from s;
.import --csv duplicate.csv d
select * from d;
.schema d
.import --csv nofile.csv u
.import --csv wide.csv w
.schema w
select * from w;
.import --csv '| cat duplicate.csv plain.csv' piped
select * from piped;
.schema piped
.import --csv empty.csv em
.tables
.import
.import plain.csv
.import -x plain.csv y
.import --csv -v plain.csv u
create table n(a not null, b primary key);
.import --csv plain.csv n
select * from n;
.import --csv plain.csv "odd name"
.schema odd%
