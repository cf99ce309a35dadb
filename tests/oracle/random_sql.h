/* random_sql.h - random schemas, rows, SELECTs and changes as trees of text templates.
 *
 * A node is a template whose '@' marks stand for its children in order.  Trees can be printed and
 * shrunk: every node may be replaced by a child of its own sort or by a literal, and optional nodes
 * may be emptied, while the case still fails.  All is reproducible from the seed.
 *
 * Where SQL leaves the order of rows open (joins, derived tables, views), the generator keeps to
 * what does not depend on it, as far as it can see: random_sql.open says that rows which compare
 * equal (1 and 1.0, 'a' and 'A') may still stand for one another in the answer. */
#ifndef STOA_TESTS_RANDOM_SQL_H
#define STOA_TESTS_RANDOM_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    NODE_CHILDREN_MAX = 8,
    TABLES_MAX = 8,
    TABLE_COLUMNS_MAX = 8,
    CTES_MAX = 2,
    SCOPE_MAX = 12,
    LEAVES_MAX = 12
};

enum node_sort { SORT_EXPR, SORT_CLAUSE /* may be emptied */, SORT_FIXED };

struct node {
    const char    *format; /* '@' per child */
    enum node_sort sort;
    uint32_t       count;
    struct node   *children[NODE_CHILDREN_MAX];
};

struct random_table {
    char     name[16];
    uint32_t columns;
    uint64_t rows;  /* at most */
    bool     base;  /* a table: has a rowid and is read in its order */
    bool     plain; /* "name AS alias" reads it: a table, view or CTE */
    bool     keyed; /* the first column is the rowid */
    struct {
        char        name[16];
        const char *type;       /* declared, with collation; NULL: of an expression */
        int taste, nulls, skew; /* which values it mostly gets; percents of NULL and of one */
    } column[TABLE_COLUMNS_MAX];
};

/* What an expression can see where it stands. */
struct surroundings {
    struct {
        const struct random_table *table;
        const char                *alias;
    } scope[SCOPE_MAX];
    uint32_t     scope_count, outer_count; /* the first outer_count are of enclosing selects */
    struct node *leaf[LEAVES_MAX];         /* instead of columns: group keys, aggregates, windows */
    uint32_t     leaf_count, key_count;    /* the first key_count are group keys */
    uint32_t     depth, level;             /* of expressions; of selects */
    uint64_t     work;                     /* rows that the loops around visit, at most */
    bool         open;                     /* the order of rows is open */
    bool         grouped;                  /* IN (SELECT) spares columns: docs/deviations.md */
    bool         copied;                   /* an enclosing select is grouped: see spared */
    bool         windowed;                 /* leaves are window functions */
    bool         selective;                /* rows may be left aside: HAVING, compounds */
    bool         untyped;                  /* results have no affinity: see item_of */
    const char  *alias;                    /* of a result column, to be named inside; or NULL */
    struct node *chained;                  /* a condition that FROM leaves to WHERE; or NULL */
};

struct random_sql {
    uint64_t             state[2]; /* xorshift128+ */
    uint32_t             table_count, cte_count, alias_count;
    uint32_t             nesting;  /* of selects in FROM that could be merged with theirs */
    uint64_t             work_max; /* rows that loops may visit */
    struct random_table  table[TABLES_MAX]; /* views are the last ones */
    struct random_table *cte[CTES_MAX];
    struct random_table  unique;    /* a table with unique keys, which only changes name */
    const char          *target[5]; /* its keys, as ON CONFLICT names them */
    uint32_t             target_count;
    /* that a change is about: its subqueries read others, for sqlite3's would see rows that were
     * just changed */
    const struct random_table *changed;
    char                      *pool; /* node and text storage of the current query */
    size_t                     pool_bytes, pool_used;
    struct surroundings        here;
    bool                       parameters; /* may stand here: not in views */
    bool                       open;       /* of the last query */
};

void     random_sql_init(struct random_sql *random, uint64_t seed);
void     random_sql_free(struct random_sql *random);
uint32_t random_below(struct random_sql *random, uint32_t n);

/* New tables and views; their statements, newline-separated, as malloc'ed text. */
char *random_schema(struct random_sql *random);
/* A new SELECT; *ordered: its rows have a defined order.  Valid until the next call. */
struct node *random_query(struct random_sql *random, bool *ordered);
/* An INSERT, UPDATE or DELETE, malloc'ed; *table: the one it changes; *returns: it gives rows, in
 * open order. */
char *random_change(struct random_sql *random, const struct random_table **table, bool *returns);

char *node_print(const struct node *node); /* malloc'ed */
/* Shrinks in place while fails(text, data) holds. */
void node_shrink(struct random_sql *random, struct node *root, bool (*fails)(const char *, void *),
                 void *data);

#endif
