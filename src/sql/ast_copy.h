/* ast_copy.h - deep copies of unresolved trees, for common table expressions that are named twice.
 */
#ifndef STOA_SQL_AST_COPY_H
#define STOA_SQL_AST_COPY_H

#include "sql/ast.h"

/* Copies share texts and values with the original.  NULL when memory runs out (and for NULL). */
struct select *ast_copy_select(struct arena *arena, const struct select *select);
struct expr   *ast_copy_expr(struct arena *arena, const struct expr *expr);

#endif
