.timer on
CREATE TABLE sales(sale INTEGER PRIMARY KEY, day TEXT, region TEXT, product TEXT, customer TEXT, quantity INTEGER, price REAL, discount REAL);
.print Loading build/sales.csv
COPY sales FROM 'build/sales.csv' (HEADER true, NULL '');
.print
.print Revenue by region
SELECT region, count(*) AS sales, round(sum(quantity * price * (1 - coalesce(discount, 0))), 2) AS revenue, round(avg(quantity), 3) AS pieces
FROM sales GROUP BY region;
.print
.print Revenue by year and product, the ten best
SELECT strftime('%Y', day) AS year, product, sum(quantity) AS pieces, round(sum(quantity * price), 2) AS revenue
FROM sales GROUP BY year, product ORDER BY revenue DESC LIMIT 10;
.print
.print Customers by number of purchases
SELECT purchases, count(*) AS customers FROM (SELECT customer, count(*) AS purchases FROM sales GROUP BY customer)
GROUP BY purchases HAVING count(*) > 2000 ORDER BY purchases;
.print
.print Discounts
SELECT CASE WHEN discount IS NULL THEN 'none' WHEN discount < 0.2 THEN 'below 20 %' ELSE '20 % and more' END AS discount_class,
       count(*) AS sales, min(discount) AS lowest, max(discount) AS highest, count(DISTINCT customer) AS customers
FROM sales GROUP BY discount_class;
.print
.print Best month of each region
SELECT region, month, max(revenue) AS revenue
FROM (SELECT region, substr(day, 1, 7) AS month, round(sum(quantity * price), 2) AS revenue FROM sales GROUP BY region, month)
GROUP BY region;
