/* random_sql.h - random schemas, rows and SELECTs as trees of text templates.
 *
 * A node is a template whose '@' marks stand for its children in order.  Trees can be printed and
 * shrunk: every node may be replaced by a child of its own sort or by a literal, and optional nodes
 * may be emptied, while the case still fails.  All is reproducible from the seed. */
#ifndef STOA_TESTS_RANDOM_SQL_H
#define STOA_TESTS_RANDOM_SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NODE_CHILDREN_MAX = 8, TABLES_MAX = 3, TABLE_COLUMNS_MAX = 8 };

enum node_sort { SORT_EXPR, SORT_CLAUSE /* may be emptied */, SORT_FIXED };

struct node {
    const char    *format; /* '@' per child */
    enum node_sort sort;
    uint32_t       count;
    struct node   *children[NODE_CHILDREN_MAX];
};

struct random_table {
    char     name[16];
    uint32_t columns, rows;
    struct {
        char        name[16];
        const char *type;  /* declared, with collation */
        int         taste; /* which values it mostly gets */
    } column[TABLE_COLUMNS_MAX];
};

struct random_sql {
    uint64_t            state[2]; /* xorshift128+ */
    uint32_t            table_count;
    struct random_table table[TABLES_MAX];
    char               *pool; /* node and text storage of the current query */
    size_t              pool_bytes, pool_used;
    /* what may stand where */
    const struct random_table *scope[4];
    const char                *scope_alias[4];
    uint32_t                   scope_count;
    bool                       joined;   /* order of rows is open: no order-dependent aggregates */
    bool                       grouped;  /* IN (SELECT) spares columns: docs/deviations.md */
    uint32_t                   depth;
};

void     random_sql_init(struct random_sql *random, uint64_t seed);
void     random_sql_free(struct random_sql *random);
uint32_t random_below(struct random_sql *random, uint32_t n);

/* New tables; writes their CREATE and INSERT statements, newline-separated, as malloc'ed text. */
char *random_schema(struct random_sql *random);
/* A new SELECT; *ordered: its rows have a defined order.  Valid until the next call. */
struct node *random_query(struct random_sql *random, bool *ordered);

char *node_print(const struct node *node); /* malloc'ed */
/* Shrinks in place while fails(text, data) holds. */
void node_shrink(struct random_sql *random, struct node *root, bool (*fails)(const char *, void *),
                 void *data);

#endif
