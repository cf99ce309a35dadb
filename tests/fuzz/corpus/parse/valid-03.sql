select a collate nocase, a collate "rtrim", (a, b) = (c, d), (select 1), exists (select 1), not exists (select 2);
select a -> b ->> c, raise(ignore), raise(abort, 'x'), current_time, current_date, current_timestamp;
select 1, 1.5, .5, 5., 1e5, 1.5e-3, 0x1f, x'00ff', X'', 'a''b', "c""d", [e f], `g`, null, true, false;
select 1_000, 1_0.0_1, 0x1_f, 1e1_0;
select ?, ?1, :a, @b, $c, $d::e, $f(g), ?32766;
select database, deferred, desc, detach, do, each, end, exclude, exclusive, explain, fail, first, following, for, generated, groups;
select if, ignore, immediate, initially, instead, key, last, match, materialized, no, nulls, of, offset, others, partition, plan;
select savepoint, temp, ties, trigger, unbounded, vacuum, view, virtual, without, window, over, filter, indexed, cross, full, inner, left, natural, outer, right
