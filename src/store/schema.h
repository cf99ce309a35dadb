/* schema.h - what a CREATE statement declared, as the catalog keeps it.
 *
 * Objects are immutable once they are in a catalog and reference-counted; ALTER makes a new one.
 * All texts are owned, NUL-terminated.  Expressions (DEFAULT, CHECK, generated) are kept as SQL
 * text: sql/ compiles them where they are used, store/ never evaluates. */
#ifndef STOA_STORE_SCHEMA_H
#define STOA_STORE_SCHEMA_H

#include "base/value.h"

enum column_flag {
    COLUMN_NOT_NULL = 1,
    COLUMN_PRIMARY_KEY = 2, /* member of the PRIMARY KEY */
    COLUMN_GENERATED_VIRTUAL = 4,
    COLUMN_GENERATED_STORED = 8,
    COLUMN_HIDDEN = 16,
    COLUMN_UNIQUE = 32 /* single-column UNIQUE */
};
/* ON CONFLICT of a constraint, and OR clause of a statement. */
enum conflict {
    CONFLICT_DEFAULT,
    CONFLICT_ROLLBACK,
    CONFLICT_ABORT,
    CONFLICT_FAIL,
    CONFLICT_IGNORE,
    CONFLICT_REPLACE
};

struct schema_column {
    char          *name;
    char          *type;        /* as declared, "" if none */
    char          *default_sql; /* expression text, NULL if none */
    char          *generated_sql;
    enum affinity  affinity;
    enum collation collation;
    enum conflict  not_null_conflict;
    uint32_t       flags;
};
struct schema_key { /* one PRIMARY KEY or UNIQUE constraint, or UNIQUE index; not the rowid alias */
    char         *name; /* constraint or index name; NULL if none */
    uint32_t      column_count;
    uint32_t     *columns;    /* column numbers */
    uint8_t      *collations; /* enum collation */
    uint8_t      *descending;
    enum conflict conflict;
    bool          primary;
    bool          unique;     /* false: a plain index, recorded */
    bool          from_index; /* CREATE INDEX made it (it has its own schema_object) */
};
struct schema_check {
    char *name; /* NULL if none */
    char *sql;
};
enum schema_kind { SCHEMA_TABLE, SCHEMA_INDEX, SCHEMA_VIEW, SCHEMA_TRIGGER };

struct schema_table {
    _Atomic uint32_t      references;
    struct memory        *memory;
    char                 *name;
    char                 *sql; /* CREATE text as sqlite_schema shows it; NULL for internal tables */
    uint32_t              column_count;
    struct schema_column *columns;
    int32_t               rowid_column; /* INTEGER PRIMARY KEY column, -1 if none */
    bool                  autoincrement, without_rowid, strict, temporary;
    uint32_t              key_count;
    struct schema_key    *keys;
    uint32_t              check_count;
    struct schema_check  *checks;
    uint32_t              foreign_key_count; /* recorded in sql only, for now */
};
/* Index (with the table it is on and its columns in sql) or view. */
struct schema_object {
    _Atomic uint32_t references;
    struct memory   *memory;
    enum schema_kind kind;
    char            *name;
    char            *table; /* the table an index or trigger is on; view: its own name */
    char            *sql;
    bool             temporary;
};

/* Both begin zeroed with one reference; the builder fills them with schema_copy_text'ed members.
 * NULL: memory. */
struct schema_table  *schema_table_new(struct memory *memory, uint32_t columns, uint32_t keys,
                                       uint32_t checks);
void                  schema_table_ref(struct schema_table *table);
void                  schema_table_unref(struct schema_table *table);
struct schema_object *schema_object_new(struct memory *memory, enum schema_kind kind);
void                  schema_object_ref(struct schema_object *object);
void                  schema_object_unref(struct schema_object *object);
char                 *schema_copy_text(struct memory *memory, const char *text, size_t bytes);
/* The unique keys in the order in which a row is held against them, as in SQLite: the newest first,
 * those that replace rows behind all others.  UINT32_MAX: nothing at this turn. */
static inline uint32_t schema_key_turns(const struct schema_table *table)
{
    return 2 * table->key_count;
}
static inline uint32_t schema_key_at(const struct schema_table *table, uint32_t turn)
{
    uint32_t                 k = table->key_count - 1 - turn % table->key_count;
    const struct schema_key *key = &table->keys[k];
    bool                     last = turn >= table->key_count;

    return key->unique && (key->conflict == CONFLICT_REPLACE) == last ? k : UINT32_MAX;
}
/* The name of key number k of a table: that of its CREATE INDEX, or the one that SQLite makes up.
 */
enum { SCHEMA_INDEX_NAME_CAP = 512 };
void schema_index_name(const struct schema_table *table, uint32_t k, char *name, size_t bytes);
/* key's column arrays, n long. false: memory */
bool schema_key_columns(struct memory *memory, struct schema_key *key, uint32_t n);

#endif
