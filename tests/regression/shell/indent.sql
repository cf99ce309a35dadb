CREATE TABLE long_one(a   INTEGER NOT NULL DEFAULT (1+(2*3)), b [br,k]   TEXT, c `bt,` INT, -- a comment, here
  d INT  DEFAULT 'x,y',
  PRIMARY KEY ( a, b )
);
.schema --indent long_one
.schema -indent
.schema --nosys long%
.schema --foo
.schema a b
