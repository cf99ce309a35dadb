/* resolve.h - binds a syntax tree to the catalog: names to sources and columns, functions,
 * affinity, collation, aggregates, correlation.  Fills the "resolved" members of ast.h in place.
 *
 * Alias rules are SQLite's: a real column wins over a result alias in WHERE, GROUP BY and HAVING;
 * in ORDER BY the alias wins; ORDER BY and GROUP BY integers are positions; "name" in double quotes
 * that is no column is a string.
 * '*' and 't.*' are expanded; result names are sqlite3's. */
#ifndef STOA_SQL_RESOLVE_H
#define STOA_SQL_RESOLVE_H

#include "sql/ast.h"
#include "store/database.h"
#include "vm/source.h"

struct resolve_context {
    struct database              *database;
    struct arena                 *arena;
    const struct source_registry *sources;        /* table functions, file readers; NULL: none */
    const struct source_context  *source_context; /* what their bind wants */
    struct arena *kept; /* outlives the tree, lives as long as the program: what sources' bind makes
                         */
    struct connection_functions *functions; /* the connection's own; NULL: built-ins only */
    bool                         double_quoted_strings; /* true by default */
};

enum status resolve_statement(struct resolve_context *context, struct statement *statement,
                              struct error *err);

/* What SQLite calls the catalog table that name means; NULL: it means none. */
const char *catalog_table_name(const char *name);

/* Whether objects that are temporary, or are not, can be meant by names with this schema before
 * them (NULL: none stands there). */
bool schema_holds(const char *schema, bool temporary);

/* The bytes of name before a ":12" at its end, in whose place goes the number that makes it
 * unique. */
int numbered_base(const char *name);

/* An expression over the columns of one table (CHECK, DEFAULT, generated, index): item is its
 * FROM_TABLE item, NULL: no columns allowed. */
enum status resolve_expression(struct resolve_context *context, struct expr *expr,
                               struct from_item *item, struct error *err);

#endif
