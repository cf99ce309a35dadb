/* cg_write.h - what INSERT, UPDATE, DELETE and COPY share. */
#ifndef STOA_SQL_CG_WRITE_H
#define STOA_SQL_CG_WRITE_H

#include "sql/cg.h"

/* The table to be changed; NULL: the error is noted. */
struct table *cg_target(struct cg *cg, const struct name *schema, const struct name *name);
bool          cg_is_rowid_name(const char *name);
int32_t       cg_find_column(const struct schema_table *schema, const char *name); /* -1: none */
/* Parses and resolves an expression of the catalog; NULL: the error is noted. */
struct expr      *cg_catalog_expr(struct cg *cg, const char *sql, struct from_item *item);
struct from_item *cg_row_item(struct cg *cg, struct table *table);
/* NOT NULL (of those columns, NULL: all) and CHECK on a row whose columns are in registers from
 * first on; rowid: its register, 0: none.  Rows that are to be ignored leave the selection. */
void cg_row_checks(struct cg *cg, struct table *table, int32_t first, int32_t rowid,
                   const uint64_t *columns, enum conflict conflict, int32_t next);
/* RETURNING: the rows of rowset slot, in which the target's columns begin with column first and its
 * rowid is column rowid, as results. */
void cg_returning(struct cg *cg, const struct select *returned, int32_t slot, int32_t first,
                  int32_t rowid);
const struct write_desc *cg_write_desc(struct cg *cg, struct table *table);
/* One letter a column, for Affinity; none for the rowid's. */
char *cg_column_affinities(struct cg *cg, const struct schema_table *schema);

#endif
