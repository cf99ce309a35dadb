/* database.c - the catalog and its versions, transactions and their marks.
 *
 * A catalog is an immutable array of entries.  A change makes a new one and remembers the old one
 * for the innermost mark, as a table remembers its state.  Rolling back swaps pointers only. */
#include <assert.h>

#include "base/str.h"
#include "store/schema_internal.h"
#include "store/table.h"

struct catalog_entry {
    struct table         *table;  /* referenced, or NULL */
    struct schema_table  *schema; /* of the table in this version; referenced */
    struct schema_object *object; /* referenced, or NULL */
};
struct catalog {
    uint32_t             references, count;
    struct catalog_entry entries[];
};
struct saved_catalog {
    uint32_t        level;
    struct catalog *catalog;
};

struct database {
    struct memory          *memory;
    struct catalog         *catalog; /* NULL: empty */
    struct saved_catalog   *saved;   /* oldest first */
    uint32_t                saved_count, saved_capacity;
    struct table           *dirty; /* tables changed in this transaction; each referenced */
    struct builder_scratch *scratch;
    uint64_t                version, next_version;
    uint32_t                level; /* marks that are set */
    bool                    writing;
};

/* --- catalogs
 * ------------------------------------------------------------------------------------------ */
static size_t catalog_bytes(uint32_t count)
{
    return sizeof(struct catalog) + count * sizeof(struct catalog_entry);
}

static void entry_ref(const struct catalog_entry *entry)
{
    if (entry->table != NULL) {
        table_ref(entry->table);
        schema_table_ref(entry->schema);
    } else {
        schema_object_ref(entry->object);
    }
}

static void entry_unref(const struct catalog_entry *entry)
{
    if (entry->table != NULL) {
        table_unref(entry->table);
        schema_table_unref(entry->schema);
    } else {
        schema_object_unref(entry->object);
    }
}

static void catalog_unref(struct memory *memory, struct catalog *catalog)
{
    if (catalog == NULL || --catalog->references > 0)
        return;
    for (uint32_t i = 0; i < catalog->count; i++)
        entry_unref(&catalog->entries[i]);
    memory_free(memory, catalog, catalog_bytes(catalog->count));
}

static uint32_t catalog_count(const struct catalog *catalog)
{
    return catalog == NULL ? 0 : catalog->count;
}

/* A catalog of the entries that keep says, and one more if added is not NULL (its references pass
 * on success). */
static struct catalog *catalog_with(struct database *database, const bool *drop,
                                    const struct catalog_entry *added)
{
    const struct catalog *old = database->catalog;
    uint32_t              count = added != NULL;
    struct catalog       *catalog;

    for (uint32_t i = 0; i < catalog_count(old); i++)
        count += drop == NULL || !drop[i];
    catalog = memory_alloc(database->memory, catalog_bytes(count));
    if (catalog == NULL)
        return NULL;
    catalog->references = 1;
    catalog->count = 0;
    for (uint32_t i = 0; i < catalog_count(old); i++) {
        if (drop != NULL && drop[i])
            continue;
        catalog->entries[catalog->count++] = old->entries[i];
        entry_ref(&old->entries[i]);
    }
    if (added != NULL)
        catalog->entries[catalog->count++] = *added;
    return catalog;
}

static enum status catalog_save(struct database *database, struct error *err)
{
    assert(database->writing);
    if (database->saved_count > 0 &&
        database->saved[database->saved_count - 1].level >= database->level)
        return STATUS_OK;
    if (database->saved_count == database->saved_capacity) {
        uint32_t capacity = database->saved_capacity == 0 ? 4 : database->saved_capacity * 2;
        struct saved_catalog *saved =
            memory_realloc(database->memory, database->saved,
                           database->saved_capacity * sizeof *saved, capacity * sizeof *saved);

        if (saved == NULL)
            return fail_nomem(err);
        database->saved = saved;
        database->saved_capacity = capacity;
    }
    if (database->catalog != NULL)
        database->catalog->references++;
    database->saved[database->saved_count++] =
        (struct saved_catalog){database->level, database->catalog};
    return STATUS_OK;
}

/* Makes catalog (its reference passes) the working one; schemas of tables follow it. */
static void catalog_install(struct database *database, struct catalog *catalog)
{
    catalog_unref(database->memory, database->catalog);
    database->catalog = catalog;
    for (uint32_t i = 0; i < catalog_count(catalog); i++)
        if (catalog->entries[i].table != NULL)
            table_set_schema(catalog->entries[i].table, catalog->entries[i].schema);
    database->version = database->next_version++;
}

/* --- life
 * ------------------------------------------------------------------------------------------------
 */
enum status database_open_memory(struct memory *memory, struct database **database,
                                 struct error *err)
{
    struct database *db = memory_zalloc(memory, sizeof *db);

    if (db == NULL)
        return fail_nomem(err);
    db->memory = memory;
    db->version = 1;
    db->next_version = 2;
    *database = db;
    return STATUS_OK;
}

void database_close(struct database *database)
{
    if (database == NULL)
        return;
    if (database->writing)
        database_rollback(database);
    catalog_unref(database->memory, database->catalog);
    memory_free(database->memory, database->saved,
                database->saved_capacity * sizeof *database->saved);
    builder_scratch_free(database->scratch);
    memory_free(database->memory, database, sizeof *database);
}

uint64_t database_schema_version(const struct database *database)
{
    return database->version;
}

uint32_t database_level(const struct database *database)
{
    assert(database->writing); /* changes happen inside a write transaction */
    return database->level;
}

void database_add_dirty(struct database *database, struct table *table)
{
    table_ref(table);
    table->dirty = true;
    table->next_dirty = database->dirty;
    database->dirty = table;
}

struct builder_scratch *database_scratch(struct database *database)
{
    if (database->scratch == NULL)
        database->scratch = builder_scratch_new(database->memory);
    return database->scratch;
}

/* --- looking up
 * ------------------------------------------------------------------------------------------ */
static const struct catalog_entry *find_table_entry(const struct database *database,
                                                    const char            *name)
{
    for (uint32_t i = 0; i < catalog_count(database->catalog); i++) {
        const struct catalog_entry *entry = &database->catalog->entries[i];

        if (entry->table != NULL && ascii_casecmp(entry->schema->name, name) == 0)
            return entry;
    }
    return NULL;
}

struct table *database_find_table(struct database *database, const char *name)
{
    const struct catalog_entry *entry = find_table_entry(database, name);

    return entry == NULL ? NULL : entry->table;
}

const struct schema_object *database_find_object(struct database *database, enum schema_kind kind,
                                                 const char *name)
{
    for (uint32_t i = 0; i < catalog_count(database->catalog); i++) {
        const struct schema_object *object = database->catalog->entries[i].object;

        if (object != NULL && object->kind == kind && ascii_casecmp(object->name, name) == 0)
            return object;
    }
    return NULL;
}

bool database_entry(struct database *database, uint32_t index, struct table **table,
                    const struct schema_object **object)
{
    if (index >= catalog_count(database->catalog))
        return false;
    *table = database->catalog->entries[index].table;
    *object = database->catalog->entries[index].object;
    return true;
}

/* --- schema changes
 * -------------------------------------------------------------------------------------- */
static enum status catalog_change(struct database *database, const bool *drop,
                                  const struct catalog_entry *added, struct error *err)
{
    struct catalog *catalog;

    TRY(catalog_save(database, err));
    catalog = catalog_with(database, drop, added);
    if (catalog == NULL)
        return fail_nomem(err);
    catalog_install(database, catalog);
    return STATUS_OK;
}

enum status database_create_table(struct database *database, struct schema_table *schema,
                                  struct error *err)
{
    struct catalog_entry entry = {.schema = schema};
    enum status          status;

    entry.table = table_new(database, database->memory, schema);
    if (entry.table == NULL)
        return fail_nomem(err);
    status = catalog_change(database, NULL, &entry, err);
    if (status != STATUS_OK)
        table_unref(entry.table);
    return status;
}

enum status database_create_object(struct database *database, struct schema_object *object,
                                   struct error *err)
{
    struct catalog_entry entry = {.object = object};

    return catalog_change(database, NULL, &entry, err);
}

enum status database_drop_table(struct database *database, const char *name, struct error *err)
{
    uint32_t                    count = catalog_count(database->catalog);
    const struct catalog_entry *found = find_table_entry(database, name);
    bool                       *drop;
    enum status                 status;

    if (found == NULL)
        return fail(err, STATUS_ERROR, "no such table: %s", name);
    drop = memory_zalloc(database->memory, count * sizeof *drop);
    if (drop == NULL)
        return fail_nomem(err);
    for (uint32_t i = 0; i < count; i++) {
        const struct catalog_entry *entry = &database->catalog->entries[i];

        drop[i] = entry == found ||
                  (entry->object != NULL && entry->object->kind != SCHEMA_VIEW &&
                   entry->object->table != NULL && ascii_casecmp(entry->object->table, name) == 0);
    }
    status = catalog_change(database, drop, NULL, err);
    memory_free(database->memory, drop, count * sizeof *drop);
    return status;
}

/* The working catalog with schema (a reference passes) for table, and added if it is not NULL. */
static enum status change_schema(struct database *database, struct table *table,
                                 struct schema_table *schema, const bool *drop,
                                 const struct catalog_entry *added, struct error *err)
{
    struct catalog *catalog;

    TRY(catalog_save(database, err));
    if (!table_reserve_indexes(table, schema->key_count))
        return fail_nomem(err);
    catalog = catalog_with(database, drop, added);
    if (catalog == NULL)
        return fail_nomem(err);
    for (uint32_t i = 0; i < catalog->count; i++)
        if (catalog->entries[i].table == table) {
            schema_table_unref(catalog->entries[i].schema);
            catalog->entries[i].schema = schema;
        }
    catalog_install(database, catalog);
    return STATUS_OK;
}

enum status database_drop_object(struct database *database, enum schema_kind kind, const char *name,
                                 struct error *err)
{
    static const char *const    kinds[] = {"table", "index", "view", "trigger"};
    uint32_t                    count = catalog_count(database->catalog);
    const struct schema_object *object = database_find_object(database, kind, name);
    const struct catalog_entry *owner;
    struct schema_table        *schema = NULL;
    bool                       *drop;
    enum status                 status;

    if (object == NULL)
        return fail(err, STATUS_ERROR, "no such %s: %s", kinds[kind], name);
    owner = kind == SCHEMA_INDEX ? find_table_entry(database, object->table) : NULL;
    drop = memory_zalloc(database->memory, count * sizeof *drop);
    if (drop == NULL)
        return fail_nomem(err);
    for (uint32_t i = 0; i < count; i++)
        drop[i] = database->catalog->entries[i].object == object;
    for (uint32_t k = 0; owner != NULL && k < owner->schema->key_count && schema == NULL; k++) {
        const struct schema_key *key = &owner->schema->keys[k];

        if (!key->from_index || key->name == NULL || ascii_casecmp(key->name, name) != 0)
            continue;
        schema = schema_table_with_keys(owner->schema, k, NULL);
        if (schema == NULL) {
            memory_free(database->memory, drop, count * sizeof *drop);
            return fail_nomem(err);
        }
    }
    if (schema == NULL)
        status = catalog_change(database, drop, NULL, err);
    else
        status = change_schema(database, owner->table, schema, drop, NULL, err);
    if (status != STATUS_OK)
        schema_table_unref(schema);
    memory_free(database->memory, drop, count * sizeof *drop);
    return status;
}

enum status database_create_index(struct database *database, struct table *table,
                                  const struct schema_key *key, struct schema_object *object,
                                  struct error *err)
{
    struct schema_table *schema = schema_table_with_keys(table->schema, UINT32_MAX, key);
    struct catalog_entry entry = {.object = object};
    struct catalog      *before = database->catalog;
    enum status          status;

    if (schema == NULL)
        return fail_nomem(err);
    before->references++;
    status = change_schema(database, table, schema, NULL, &entry, err);
    if (status != STATUS_OK) {
        schema_table_unref(schema);
    } else if (key->unique) {
        status = table_check_key(table, schema->key_count - 1, err);
        if (status != STATUS_OK) {
            schema_object_ref(object); /* the reference that had passed is the caller's again */
            catalog_install(database, before);
            return status;
        }
    }
    catalog_unref(database->memory, before);
    return status;
}

/* --- transactions
 * ------------------------------------------------------------------------------------------ */
bool database_in_write(const struct database *database)
{
    return database->writing;
}

enum status database_begin_write(struct database *database, struct error *err)
{
    if (database->writing)
        return fail(err, STATUS_BUSY, "database is locked");
    database->writing = true;
    database->level = 0;
    return STATUS_OK;
}

static void forget_dirty(struct database *database)
{
    while (database->dirty != NULL) {
        struct table *table = database->dirty;

        database->dirty = table->next_dirty;
        table->next_dirty = NULL;
        table->dirty = false;
        table_unref(table);
    }
}

static void forget_saved(struct database *database, uint32_t from)
{
    for (uint32_t i = from; i < database->saved_count; i++)
        catalog_unref(database->memory, database->saved[i].catalog);
    database->saved_count = from;
}

enum status database_commit(struct database *database, struct error *err)
{
    (void)err;
    assert(database->writing);
    for (struct table *table = database->dirty; table != NULL; table = table->next_dirty) {
        table_merge_saved(table, 0);
        table_trust_indexes(table);
    }
    forget_dirty(database);
    forget_saved(database, 0);
    database->writing = false;
    database->level = 0;
    return STATUS_OK;
}

static uint32_t first_saved(const struct database *database, uint32_t level)
{
    uint32_t first = database->saved_count;

    while (first > 0 && database->saved[first - 1].level >= level)
        first--;
    return first;
}

static void restore(struct database *database, uint32_t level)
{
    uint32_t first = first_saved(database, level);

    for (struct table *table = database->dirty; table != NULL; table = table->next_dirty)
        table_restore(table, level);
    if (first < database->saved_count) {
        struct catalog *catalog = database->saved[first].catalog;

        forget_saved(database, first + 1);
        database->saved_count = first;
        catalog_install(database, catalog);
    }
}

void database_rollback(struct database *database)
{
    assert(database->writing);
    restore(database, 0);
    forget_dirty(database);
    database->writing = false;
    database->level = 0;
}

enum status database_savepoint(struct database *database, uint32_t *mark, struct error *err)
{
    assert(database->writing);
    if (database->level == UINT32_MAX - 1)
        return fail(err, STATUS_FULL, "too many savepoints");
    *mark = ++database->level;
    return STATUS_OK;
}

void database_rollback_to(struct database *database, uint32_t mark)
{
    assert(database->writing && mark >= 1 && mark <= database->level);
    restore(database, mark);
    database->level = mark;
}

void database_release(struct database *database, uint32_t mark)
{
    uint32_t first;

    assert(database->writing && mark >= 1 && mark <= database->level);
    for (struct table *table = database->dirty; table != NULL; table = table->next_dirty)
        table_merge_saved(table, mark);
    first = first_saved(database, mark);
    if (first < database->saved_count) {
        uint32_t kept = first;

        if (first == 0 || database->saved[first - 1].level < mark - 1) {
            database->saved[first].level = mark - 1;
            kept = first + 1;
        }
        forget_saved(database, kept);
    }
    database->level = mark - 1;
}
