/* random_internal.h - what the parts of the generator share: dice, nodes, and the parts' makers. */
#ifndef STOA_TESTS_RANDOM_INTERNAL_H
#define STOA_TESTS_RANDOM_INTERNAL_H

#include "tests/oracle/random_sql.h"

enum { WORK_MAX = 40000, CHAIN_WORK_MAX = 1000000, LEVEL_MAX = 2, NESTING_MAX = 3 };

/* --- random_sql.c: dice and nodes ---------------------------------------------------------------
 */
bool        chance(struct random_sql *random, uint32_t percent);
const char *pick(struct random_sql *random, const char *const *list, size_t n);
#define PICK(random, list) pick(random, list, sizeof(list) / sizeof((list)[0]))

void       *pool_alloc(struct random_sql *random, size_t bytes);
const char *pool_printf(struct random_sql *random, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct node *node_new(struct random_sql *random, enum node_sort sort, const char *format,
                      uint32_t count, ...);
#define EXPR(random, format, count, ...) node_new(random, SORT_EXPR, format, count, ##__VA_ARGS__)
#define CLAUSE(random, format, count, ...)                                                         \
    node_new(random, SORT_CLAUSE, format, count, ##__VA_ARGS__)
#define FIXED(random, format, count, ...) node_new(random, SORT_FIXED, format, count, ##__VA_ARGS__)

struct printer {
    char  *text;
    size_t bytes, capacity;
};
void print_text(struct printer *printer, const char *text);
void node_print_to(const struct node *node, struct printer *printer);

/* --- random_schema.c ----------------------------------------------------------------------------
 */
enum taste {
    TASTE_SMALL,
    TASTE_INT,
    TASTE_HUGE,
    TASTE_REAL,
    TASTE_MONEY,
    TASTE_TEXT,
    TASTE_DATE,
    TASTE_MIXED,
    TASTE_COUNT
};
const char *random_value(struct random_sql *random, int taste);
/* --- random_change.c ----------------------------------------------------------------------------
 */
/* The table random->unique. */
void random_keyed_table(struct random_sql *random, struct printer *out);

/* Whether a declared type has the affinity of numbers. */
bool is_number_type(const char *type);
/* Whether values of the column that compare equal are the same: no collation, one number class. */
bool shows_no_ties(const struct random_table *table, uint32_t column);

/* --- random_expr.c ------------------------------------------------------------------------------
 */
/* Whether a row that makes an expression fail does so in both engines: not where one of them may
 * leave rows or expressions aside. */
bool         may_fail(const struct random_sql *random);
struct node *literal(struct random_sql *random);
struct node *column_of(struct random_sql *random, uint32_t s);
struct node *column(struct random_sql *random);
/* A column of the last table in sight for GROUP BY beside conditions with outer columns: sqlite3
 * takes one that is equal to an outer value for a constant, and texts that are equal to a number
 * are not (docs/deviations.md). */
struct node *own_key(struct random_sql *random);
struct node *expr(struct random_sql *random);
struct node *condition(struct random_sql *random);
struct node *aggregate(struct random_sql *random);
/* n of what make makes, with commas. */
struct node *list(struct random_sql *random, struct node *(*make)(struct random_sql *), uint32_t n);

/* --- random_from.c ------------------------------------------------------------------------------
 */
/* " FROM ..."; its tables come into scope. */
struct node *from_clause(struct random_sql *random);
/* A select without aggregates that gives so many columns, called k0, k1...: one that can be merged
 * with the select around it.  What is in sight stays as it was, but for the work done. */
struct node *mergeable_select(struct random_sql *random, uint32_t columns);
/* WHERE of a subquery, often with a comparison of a column of its own and one of an enclosing
 * select. */
struct node *subquery_where(struct random_sql *random);
/* "SELECT a AS k0, b AS k1 FROM ..." of one row, with short values; correlated: it may see what is
 * in sight. */
struct node *aggregate_pair(struct random_sql *random, bool correlated);
/* An expression with a subquery in it. */
struct node *subquery(struct random_sql *random);

/* --- random_query.c -----------------------------------------------------------------------------
 */
/* A select without ORDER BY that gives so many columns; what it brings into scope stays there. */
struct node *random_select(struct random_sql *random, uint32_t columns);
/* expr as a result column.  In a compound that is read by another select without an affinity: which
 * term's affinity counts there SQLite leaves open. */
struct node *item_of(struct random_sql *random, struct node *expr);
/* Any expression as a result column. */
struct node *item(struct random_sql *random);
/* " ORDER BY 1, 2, ...": a total order, but for values that compare equal. */
const char *order_by_all(struct random_sql *random, uint32_t columns);
/* query's rows in an order in which only equal rows are ties. */
struct node *put_in_order(struct random_sql *random, struct node *query, uint32_t columns);

/* --- random_window.c ----------------------------------------------------------------------------
 */
struct node *window_select(struct random_sql *random, struct node *from, struct node *where,
                           uint32_t columns);
/* Window calls over what is in sight become leaves; the WINDOW clause, empty if there is none. */
struct node *window_leaves(struct random_sql *random, uint32_t calls);

#endif
