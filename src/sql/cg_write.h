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
 * first on; rowid: its register, 0: none.  Rows that are to be ignored leave the selection, none is
 * left: goto next.  What is done with a row that fails: */
enum row_failure {
    FAILS_AT_ONCE, /* the statement ends */
    FAILS_IN_TURN  /* the rows before it go on; the op Failing, to be emitted, ends the statement */
};
/* Whether a row can fail. */
bool cg_row_checks(struct cg *cg, struct table *table, int32_t first, int32_t rowid,
                   const uint64_t *columns, enum conflict conflict, enum row_failure failure,
                   int32_t next);
/* RETURNING: the rows of rowset slot, in which the target's columns begin with column first and its
 * rowid is column rowid, as results. */
void cg_returning(struct cg *cg, const struct select *returned, int32_t slot, int32_t first,
                  int32_t rowid);
const struct write_desc *cg_write_desc(struct cg *cg, struct table *table);
/* One letter a column, for Affinity; none for the rowid's. */
char *cg_column_affinities(struct cg *cg, const struct schema_table *schema);

/* --- cg_update.c: rows of a table that get new values --------------------------------------------
 */
struct set_value { /* of a column that is set: column `member` of a row value, or a plain value */
    struct expr *expr; /* NULL: the column stays as it is */
    uint32_t     member;
};
struct cg_updater {
    /* set by the caller */
    struct table     *table;
    struct from_item *item; /* stands for the row as it is */
    enum conflict     conflict;
    enum row_failure  failure;
    bool              returns;
    int32_t           returned; /* if so: the rowset that takes the new rows and their rowids */
    /* cg_updater_init */
    const struct schema_table *schema;
    struct set_value          *values; /* [columns] */
    struct set_value           rowid;
    uint64_t                  *set;       /* columns that are set */
    bool                       reads_row; /* all columns of the new row are needed */
    int32_t                    rows;      /* the rowset of what is to be done */
    struct write_desc         *desc;
};
bool cg_updater_init(struct cg *cg, struct cg_updater *updater,
                     const struct assignment *assignments, uint32_t count);
void cg_updater_open(struct cg *cg, const struct cg_updater *updater); /* nothing to be done yet */
/* Notes what is to be done with the active rows; those that are ignored leave the selection. */
void cg_updater_row(struct cg *cg, const struct cg_updater *updater, int32_t next);
void cg_updater_apply(struct cg *cg, const struct cg_updater *updater); /* does it */

/* --- cg_upsert.c ---------------------------------------------------------------------------------
 */
/* Inserts the rows whose cells are in registers from first on, with the rowid (or NULL) behind
 * them.  desc has table, returns, returned; the rest is filled here. */
void cg_upsert(struct cg *cg, const struct insert *insert, struct upsert_desc *desc, int32_t first);

/* Whether expr has a correlated subquery that reads the table. */
bool cg_correlated_reads(const struct expr *expr, const struct table *table);

void cg_no_column(struct cg *cg, const struct name *name); /* the error */
/* The rows of the target for which there is a row of FROM (NULL: none) that meets WHERE. */
struct plan *cg_plan_target(struct cg *cg, struct from_item *item, const struct from_list *from,
                            struct expr *where);

#endif
