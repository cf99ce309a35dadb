select f(order by 1)
