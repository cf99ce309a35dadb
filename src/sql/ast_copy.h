/* ast_copy.h - deep copies of unresolved trees, for common table expressions that are named twice.
 */
#ifndef STOA_SQL_AST_COPY_H
#define STOA_SQL_AST_COPY_H

#include "sql/ast.h"

/* Copies share texts and values with the original.  Fails without memory, or when the thread's
 * stack is too small for the tree's depth. */
enum status ast_copy_select(struct arena *arena, const struct select *select, struct select **copy,
                            struct error *err);
enum status ast_copy_expr(struct arena *arena, const struct expr *expr, struct expr **copy,
                          struct error *err);

#endif
