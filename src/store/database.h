/* database.h - one database: its catalog, its tables, and the transactions over them.
 *
 * Everything a reader sees is immutable or append-only below a published count.  A connection reads
 * the committed state, or, inside its own write transaction, the working state.  One writer at a
 * time. Statement and transaction rollback put back saved states; nothing is undone row by row.
 *
 *   database ── catalog version ── tables ── table_state: groups · open group · tail · deletes
 *
 * State changes are O(1) copies of reference-counted parts, so that a single-row INSERT in
 * autocommit allocates nothing in its steady state. */
#ifndef STOA_STORE_DATABASE_H
#define STOA_STORE_DATABASE_H

#include "store/cursor.h"
#include "store/schema.h"

struct database;
struct table; /* a column table in the catalog: schema, committed and working state */

/* --- database --------------------------------------------------------------------------------- */
enum status database_open_memory(struct memory *memory, struct database **database,
                                 struct error *err);
void        database_close(struct database *database);

/* Changes with every committed or rolled-back schema change; a program compiled under another one
 * is stale. */
uint64_t database_schema_version(const struct database *database);

/* --- catalog (working state inside a write transaction) -----------------------------------------
 */
struct table               *database_find_table(struct database *database, const char *name);
const struct schema_object *database_find_object(struct database *database, enum schema_kind kind,
                                                 const char *name);
/* In creation order; false past the end.  Exactly one of *table, *object is set. */
bool database_entry(struct database *database, uint32_t index, struct table **table,
                    const struct schema_object **object);

/* Creation and removal: inside a write transaction.  The schema's reference passes to the catalog
 * on success.  Names are unique over tables, indexes and views; the caller checked them for its
 * error texts. */
enum status database_create_table(struct database *database, struct schema_table *schema,
                                  struct error *err);
enum status database_drop_table(struct database *database, const char *name,
                                struct error *err); /* and its indexes */
enum status database_create_object(struct database *database, struct schema_object *object,
                                   struct error *err);
enum status database_drop_object(struct database *database, enum schema_kind kind, const char *name,
                                 struct error *err);
/* Adds key (its arrays are copied) as an index on table; unique: STATUS_CONSTRAINT_UNIQUE if rows
 * violate it. */
enum status database_create_index(struct database *database, struct table *table,
                                  const struct schema_key *key, struct schema_object *object,
                                  struct error *err);

/* --- transactions.  States nest: transaction > savepoints > the running statement ----------------
 */
bool        database_in_write(const struct database *database);
enum status database_begin_write(struct database *database,
                                 struct error    *err); /* STATUS_BUSY: another writer */
enum status database_commit(struct database *database, struct error *err);
void        database_rollback(struct database *database);
/* Marks stack; allocate before, never on the way back. */
enum status database_savepoint(struct database *database, uint32_t *mark, struct error *err);
void        database_rollback_to(struct database *database, uint32_t mark); /* mark stays */
void database_release(struct database *database, uint32_t mark); /* forgets mark and later ones */

/* --- tables -------------------------------------------------------------------------------------
 */
const struct schema_table *table_schema(const struct table *table);
uint64_t table_row_count(const struct table *table); /* live rows, as this connection sees it now */
bool     table_max_rowid(const struct table *table, int64_t *rowid); /* false: no row */
/* Never the same again once the table's rows have changed, or a change was undone. */
uint64_t table_version(const struct table *table);

/* A cursor over a snapshot of the table taken now, in rowid order.  columns: which will be read
 * (count 0: none but rowid).  seek_rowid and bound are supported. */
enum status table_cursor(struct table *table, const uint32_t *columns, uint32_t count,
                         struct cursor **cursor, struct error *err);
/* The same over the snapshot of another cursor, which table_cursor or this has made. */
enum status table_cursor_beside(const struct cursor *other, const uint32_t *columns, uint32_t count,
                                struct cursor **cursor, struct error *err);

/* Appends the active rows: columns[i] is table column i (all columns, affinity already applied; the
 * rowid alias column's content is ignored).  rowids: I64 vector with no NULLs, or NULL for new ones
 * (max + 1 each, as sqlite3 gives them).  Enforces uniqueness of rowids and keys under conflict
 * (ABORT, FAIL, ROLLBACK: error; IGNORE: skip row; REPLACE: delete old rows).  *inserted rows;
 * *last_rowid of the last one.  Error text is SQLite's: "UNIQUE constraint failed: t.a, t.b". */
enum status table_append(struct table *table, const struct vector *const *columns,
                         const struct vector *rowids, const struct selection *sel,
                         enum conflict conflict, uint64_t *inserted, int64_t *last_rowid,
                         struct error *err);
/* The same for one row of cells: no allocation in the steady state.  rowid NULL: a new one. */
enum status table_append_row(struct table *table, const struct value *cells, const int64_t *rowid,
                             enum conflict conflict, bool *inserted, int64_t *last_rowid,
                             struct error *err);

/* What is done about a row that has the rowid or a unique key of another one. */
struct conflict_rule {
    int32_t       key;  /* number in the schema; -1: the rowid */
    bool          asks; /* nothing: the caller is told of the other row */
    enum conflict conflict;
    uint32_t      clause; /* the caller's */
};
struct conflict_answer {
    bool     inserted, asked; /* neither: ignored */
    int64_t  rowid;           /* the row's, or the one that it would have got */
    int64_t  other;           /* asked: the row that stands in the way... */
    uint32_t clause;          /* ...and the clause of the rule */
};
/* As table_append_row, with a rule for each unique key (and the rowid, where one is given), in the
 * order in which they are looked at. */
enum status table_upsert_row(struct table *table, const struct value *cells, const int64_t *rowid,
                             const struct conflict_rule *rules, uint32_t rule_count,
                             struct conflict_answer *answer, struct error *err);
bool        table_has_row(const struct table *table, int64_t rowid);
/* Column of the row with that rowid, which exists; text borrowed until the table changes. */
struct value table_row_cell(const struct table *table, int64_t rowid, uint32_t column,
                            char scratch[16]);

/* Deletes the rows with these rowids (those absent are passed over). */
enum status table_delete(struct table *table, const int64_t *rowids, uint64_t count,
                         uint64_t *deleted, struct error *err);
enum status table_delete_all(struct table *table, uint64_t *deleted, struct error *err);

/* Sets columns[c] of the rows rowids[i] to rows of values (row i; its last column_count columns,
 * those before are passed over); new_rowids: NULL, or the rowid each row gets.  Rows keep their
 * place in rowid order.  If a unique key or a rowid may change, the rows are taken one by one in
 * the order given, as SQLite does it: each must fit in among the others as they are at that time
 * (SET k = k + 1 can fail on the next row).  Rows that a REPLACE deleted meanwhile are passed over.
 * done: NULL, or zeroed bits: set for the rows that were updated. */
struct rowset;
enum status table_update(struct table *table, const uint32_t *columns, uint32_t column_count,
                         const int64_t *rowids, const int64_t *new_rowids,
                         const struct rowset *values, enum conflict conflict, uint64_t *done,
                         uint64_t *updated, struct error *err);

/* Bulk load: rows go straight to sealed row groups.  Only one bulk writer per table at a time,
 * inside a write transaction; table_bulk_end makes the rows visible in the working state (checks
 * keys), table_bulk_cancel drops them.  The column that is the rowid gives the rowids (NULL: a new
 * one; no INTEGER: STATUS_MISMATCH); they load fastest in ascending order above those there. */
struct table_bulk;
enum status table_bulk_begin(struct table *table, struct table_bulk **bulk, struct error *err);
/* One batch (<= VECTOR_CAP rows): affinity already applied.  Vectors may be I64, F64, DEC*, DAY32,
 * TEXT (bytes borrowed for the call), DICT, ANY, CONSTANT, narrow.  Any type may follow any other:
 * nothing is rejected. */
enum status table_bulk_append(struct table_bulk *bulk, const struct vector *const *columns,
                              uint32_t rows, struct error *err);
enum status table_bulk_end(struct table_bulk *bulk, uint64_t *inserted,
                           struct error *err); /* frees bulk */
void        table_bulk_cancel(struct table_bulk *bulk);

/* Per-column observations for planner and PRAGMA storage_info. */
struct column_stats {
    uint32_t classes; /* bit per enum value_class seen */
    bool     bounded; /* lo/hi hold: all INTEGERs (or DEC/DAY payloads) between them */
    int64_t  lo, hi;
    uint8_t  scale;    /* of DEC payloads */
    uint64_t distinct; /* estimate; exact for dictionary columns; 0: unknown */
    uint64_t nulls;
    size_t   bytes;
    char     encodings[96]; /* "dict8 x76, flat x1" */
};
enum status table_column_stats(struct table *table, uint32_t column, struct column_stats *stats,
                               struct error *err);
/* The same from memory, while the table has about as many rows as then, distinct from a sample:
 * true enough to plan by, without a look at the newest rows for each statement.  NULL: not known.
 * Borrowed, until the next call. */
const struct column_stats *table_column_estimate(struct table *table, uint32_t column);

#endif
