/* table.h - a column table from inside: its states, and the steps that the files of the table
 * share.
 *
 * A state is three parts: row groups, tail, counters.  Rows ascend by rowid inside the groups and
 * inside the tail; a tail row may lie between or inside groups (an explicit rowid out of order, an
 * updated row of a group), and a scan merges the two.  The tail is folded into the groups when it
 * passes a limit, and before a scan that it would cut into too many small batches.
 *
 * Invariant: a rowid is live at most once, in the tail or in a group. */
#ifndef STOA_STORE_TABLE_H
#define STOA_STORE_TABLE_H

#include "store/database.h"
#include "store/row_group.h"
#include "store/rowset.h"
#include "store/tail.h"

enum {
    TAIL_ROWS = VECTOR_CAP, /* a tail of ascending rows is sealed at this size */
    TAIL_ROWS_MAX = 32768,  /* one with rows between the groups' waits for rows / 32, up to this */
    TAIL_SHARE = 32,
    SCAN_CUTS_MAX = 64, /* tail rows between the groups that a scan tolerates */
    SMALL_GROUPS = 8    /* of less than a vector each are merged */
};

struct key_index;

struct column_estimate { /* statistics as they were when the table had so many rows */
    bool                known;
    uint64_t            live;
    struct column_stats stats;
};

struct table_state {
    struct group_list *groups; /* referenced; NULL: none */
    struct tail        tail;   /* referenced */
    uint64_t           live;   /* rows */
    int64_t            max_rowid;
    bool               max_known;    /* else to be looked for; meaningless without rows */
    int64_t            largest_ever; /* AUTOINCREMENT */
};
struct saved_state {
    uint32_t           level;
    struct table_state state;
};

struct table {
    uint32_t                  references;
    struct database          *database; /* borrowed; NULL once the database is closed */
    struct memory            *memory;
    struct schema_table      *schema; /* referenced; the one of the working catalog */
    struct table_state        state;
    struct saved_state       *saved; /* oldest first; [saved_capacity] */
    uint32_t                  saved_count, saved_capacity;
    struct table             *next_dirty;
    uint64_t                  version;     /* table_version */
    bool                      dirty;       /* in the database's list of changed tables */
    bool                      sparse;      /* some group has mostly deleted rows */
    struct column_dictionary *texts;       /* [columns] */
    struct column_estimate   *estimates;   /* [columns]; NULL: none asked for yet */
    struct key_index        **indexes;     /* [index_count], NULL: not built */
    uint32_t                  index_count; /* keys of the schema */
    uint32_t                  index_capacity;
    uint32_t                  unindexed_seeks; /* that read the table: in the end an index pays */
    uint32_t                  open_cursors;
    struct value             *row; /* [columns] scratch for one row's cells */
    char (*row_text)[16];
};

/* --- life (column_table.c)
 * -------------------------------------------------------------------------- */
struct table *table_new(struct database *database, struct memory *memory,
                        struct schema_table *schema); /* takes a reference; NULL: memory */
void          table_ref(struct table *table);
void          table_unref(struct table *table);
/* Makes schema (a reference is taken) the current one and forgets the key indexes.  Room for its
 * keys was reserved: going back to an older schema cannot fail. */
void table_set_schema(struct table *table, struct schema_table *schema);
bool table_reserve_indexes(struct table *table, uint32_t keys); /* false: memory */

void table_state_ref(const struct table_state *state);
void table_state_unref(struct table_state *state);

/* To be called before each change: the table's version becomes another one, the state is remembered
 * for the innermost mark. */
enum status table_save(struct table *table, struct error *err);
/* Back to the state before the first change at level or above. */
void table_restore(struct table *table, uint32_t level);
/* States of level or above now count for level - 1; level 0: they are forgotten. */
void table_merge_saved(struct table *table, uint32_t level);

/* --- where a row is
 * ----------------------------------------------------------------------------------- */
struct row_place {
    bool              in_tail;
    struct tail_place tail;
    uint32_t          group, row;
};
bool table_find(const struct table_state *state, int64_t rowid, struct row_place *place);
/* One cell of the row; text of a day is written to scratch, other text is borrowed from the state.
 */
struct value table_cell(const struct table *table, const struct table_state *state,
                        const struct row_place *place, uint32_t column, char scratch[16]);
int64_t      table_place_rowid(const struct table_state *state, const struct row_place *place);

/* --- what is known of a column without reading its rows (table_facts.c)
 * --------------------------------------------------------------------- */
/* False: it is not.  Text is the state's or in scratch. */
bool table_fact(const struct table *table, const struct table_state *state, enum table_fact fact,
                uint32_t column, enum collation collation, char scratch[16], struct value *value);

/* --- changes to the working state (table_save was called)
 * --------------------------------------------- */
bool        table_largest(struct table *table, int64_t *rowid); /* false: no row */
enum status table_new_rowid(struct table *table, int64_t *rowid, struct error *err);
/* Deletes the row at place. */
enum status table_remove_at(struct table *table, const struct row_place *place, struct error *err);
/* Adds positions (ascending) to the deleted rows of a group, none of which is in there. */
enum status table_remove_positions(struct table *table, uint32_t group, const uint32_t *positions,
                                   uint32_t count, struct error *err);
/* A row that is in no group and not in the tail; seals or folds a tail that has grown enough. */
enum status table_put(struct table *table, int64_t rowid, const struct value *cells,
                      struct error *err);
void        table_note_rowid(struct table *table, int64_t rowid);
/* Adds groups (references pass, also on failure) behind all rows; the tail must be empty. */
enum status table_add_groups(struct table *table, const struct group_entry *entries, uint32_t count,
                             struct error *err);
/* Moves the tail's rows to groups, whatever their number. */
enum status table_fold_tail(struct table *table, struct error *err);
/* Rewrites groups that are mostly deleted rows. */
enum status table_drop_deleted(struct table *table, struct error *err);
/* Tail rows below the groups' last rowid. */
uint32_t table_tail_cuts(const struct table_state *state);

/* --- keys (table_keys.c)
 * -------------------------------------------------------------------------------- */
bool table_has_keys(const struct table *table); /* that must be unique */
/* The live row whose unique key k equals that of cells. */
enum status table_find_key(struct table *table, uint32_t k, const struct value *cells,
                           int64_t cells_rowid, bool *found, int64_t *rowid, struct error *err);
/* Looks for a live row other than `self` (if has_self) whose unique key equals that of cells.
 * *key: UINT32_MAX: none. */
enum status table_find_duplicate(struct table *table, const struct value *cells,
                                 int64_t cells_rowid, bool has_self, int64_t self, uint32_t *key,
                                 int64_t *rowid, struct error *err);
/* Whether the index of unique key k can be asked by table_seek_key.  False: it is not there, and
 * not worth making for this one time; the rowid alias is part of the key. */
bool table_key_ready(struct table *table, uint32_t k);
/* The live row whose unique key k equals that of cells ([the table's columns], of which the key's
 * are read).  False: none. */
bool table_seek_key(struct table *table, uint32_t k, const struct value *cells, int64_t *rowid);
/* Room for one more row in each index, so that table_index_row cannot fail. */
enum status table_index_reserve(struct table *table, struct error *err);
void        table_index_row(struct table *table, const struct value *cells, int64_t rowid);
void        table_forget_indexes(struct table *table);
/* After a rollback: indexes that were built since then may miss rows that are back. */
void table_distrust_indexes(struct table *table);
void table_trust_indexes(struct table *table); /* after a commit they do not */
/* Builds the index of key number k, if it has none, and reports duplicates among the live rows. */
enum status table_check_key(struct table *table, uint32_t k, struct error *err);
/* Adds the rows of groups [from, to) to all built indexes, or builds them; duplicates are errors.
 */
enum status table_check_groups(struct table *table, uint32_t from, struct error *err);
enum status table_key_error(const struct table *table, uint32_t key, struct error *err);
enum status table_rowid_error(const struct table *table, struct error *err);

/* --- the database's side (database.c)
 * ------------------------------------------------------------------- */
uint32_t database_level(const struct database *database);
void     database_add_dirty(struct database *database, struct table *table);
/* Scratch for one builder at a time. NULL: memory. */
struct builder_scratch *database_scratch(struct database *database);

#endif
