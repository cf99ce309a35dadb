CREATE TABLE a(x);
.tables
.open
.tables
.open /nonexistent/dir/x
CREATE TABLE b(x);
.tables
