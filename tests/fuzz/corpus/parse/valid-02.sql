select rank() over (partition by a, b order by c range between unbounded preceding and current row exclude no others);
select rank() over (order by c groups between current row and unbounded following exclude group);
select rank() over (order by c rows 2 preceding exclude current row), f() over (rows unbounded preceding exclude ties);
select a + b - c * d / e % f || g & h | i << j >> k < l <= m > n >= o = p == q <> r != s;
select a and b or not c, -d, +e, ~f, a is b, a is not b, a is null, a is not null, a isnull, a notnull, a not null;
select a is distinct from b, a is not distinct from b, a like b, a not like b escape c, a glob b, a regexp b, a match b;
select a between b and c, a not between b and c, a in (1, 2), a not in (), a in (select 1), a in t, a in main.t, a in f(1, 2);
select case when a then b else c end, case a when b then c when d then e end, cast(a as text), cast(a as decimal(10, 2))
