vacuum main into 'x' || 'y';
reindex;
reindex main.t;
analyze;
analyze main.t;
explain select 1;
explain query plan select * from t;
select 1 -- comment
