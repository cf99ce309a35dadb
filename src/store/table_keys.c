/* table_keys.c - UNIQUE and PRIMARY KEY: one hash index a key, from key hash to rowid, made when
 * first needed.
 *
 * An entry is a hint.  Whoever finds one reads the live row with that rowid and compares; so
 * deletes, updates and rollbacks leave their entries behind, and nothing needs undoing.  What must
 * hold is that every live row has an entry.  It is lost only when an index is built inside a
 * transaction that then rolls back: such indexes are dropped (table_distrust_indexes). */
#include <assert.h>

#include "base/hash.h"
#include "base/str.h"
#include "store/table_scan.h"

enum { INDEX_FIRST_SLOTS = 64, PREFETCH_ROWS = 16 };

/* Making an index costs about as much as reading the table this often; a small one is made at once.
 */
enum { SEEKS_BEFORE_INDEX = 16, SMALL_TABLE_ROWS = 4096 };

struct key_slot {
    uint64_t hash; /* 0: free */
    int64_t  rowid;
};

struct key_index {
    struct key_slot *slots;
    uint64_t         slot_count; /* power of two */
    uint64_t         used;
    bool             fresh; /* built or rebuilt in the running transaction */
};

static void index_free(struct memory *memory, struct key_index *index)
{
    if (index == NULL)
        return;
    memory_free(memory, index->slots, index->slot_count * sizeof *index->slots);
    memory_free(memory, index, sizeof *index);
}

static struct key_index *index_new(struct memory *memory, uint64_t rows)
{
    struct key_index *index = memory_zalloc(memory, sizeof *index);

    if (index == NULL)
        return NULL;
    index->slot_count = INDEX_FIRST_SLOTS;
    while (index->slot_count * 2 < rows * 3)
        index->slot_count *= 2;
    index->slots = memory_zalloc(memory, memory_product(index->slot_count, sizeof *index->slots));
    if (index->slots == NULL) {
        memory_free(memory, index, sizeof *index);
        return NULL;
    }
    return index;
}

static void slot_put(struct key_slot *slots, uint64_t slot_count, uint64_t hash, int64_t rowid)
{
    uint64_t at = hash & (slot_count - 1);

    while (slots[at].hash != 0 && !(slots[at].hash == hash && slots[at].rowid == rowid))
        at = (at + 1) & (slot_count - 1);
    slots[at] = (struct key_slot){hash, rowid};
}

static bool index_grow(struct memory *memory, struct key_index *index)
{
    uint64_t         count = index->slot_count * 2;
    struct key_slot *slots = memory_zalloc(memory, memory_product(count, sizeof *slots));

    if (slots == NULL)
        return false;
    for (uint64_t i = 0; i < index->slot_count; i++) {
        if (i % INTERRUPT_ROWS == 0 && memory_stopped(memory)) {
            memory_free(memory, slots, count * sizeof *slots);
            return false;
        }
        if (index->slots[i].hash != 0)
            slot_put(slots, count, index->slots[i].hash, index->slots[i].rowid);
    }
    memory_free(memory, index->slots, index->slot_count * sizeof *slots);
    index->slots = slots;
    index->slot_count = count;
    return true;
}

static bool index_reserve(struct memory *memory, struct key_index *index, uint64_t more)
{
    while ((index->used + more) * 4 > index->slot_count * 3)
        if (!index_grow(memory, index))
            return false;
    return true;
}

static void index_put(struct key_index *index, uint64_t hash, int64_t rowid)
{
    slot_put(index->slots, index->slot_count, hash, rowid);
    index->used++;
}

/* --- hashes of keys
 * ----------------------------------------------------------------------------------- */
static uint64_t hash_finish(uint64_t hash)
{
    return hash == 0 ? 1 : hash;
}

/* False: a column is NULL, and the row collides with none. */
static bool cells_hash(const struct table *table, const struct schema_key *key,
                       const struct value *cells, int64_t rowid, uint64_t *hash)
{
    *hash = 0;
    for (uint32_t i = 0; i < key->column_count; i++) {
        uint32_t     column = key->columns[i];
        struct value cell =
            (int32_t)column == table->schema->rowid_column ? value_int(rowid) : cells[column];

        if (cell.class_ == CLASS_NULL)
            return false;
        *hash = hash_combine(*hash, value_hash(&cell, (enum collation)key->collations[i]));
    }
    *hash = hash_finish(*hash);
    return true;
}

/* Whether the live row with this rowid, if there is one, has the key of cells. */
static bool row_has_key(const struct table *table, const struct schema_key *key, int64_t rowid,
                        const struct value *cells, int64_t cells_rowid)
{
    struct row_place place;
    char             scratch[16];

    if (!table_find(&table->state, rowid, &place))
        return false;
    for (uint32_t i = 0; i < key->column_count; i++) {
        uint32_t     column = key->columns[i];
        struct value mine =
            (int32_t)column == table->schema->rowid_column ? value_int(cells_rowid) : cells[column];
        struct value its = table_cell(table, &table->state, &place, column, scratch);

        if (its.class_ == CLASS_NULL ||
            value_compare(&mine, &its, (enum collation)key->collations[i]) != 0)
            return false;
    }
    return true;
}

static bool index_find(const struct table *table, uint32_t k, uint64_t hash,
                       const struct value *cells, int64_t cells_rowid, bool has_self, int64_t self,
                       int64_t *rowid)
{
    const struct key_index *index = table->indexes[k];
    uint64_t                mask = index->slot_count - 1, at = hash & mask;

    for (; index->slots[at].hash != 0; at = (at + 1) & mask) {
        if (index->slots[at].hash != hash || (has_self && index->slots[at].rowid == self))
            continue;
        if (row_has_key(table, &table->schema->keys[k], index->slots[at].rowid, cells,
                        cells_rowid)) {
            *rowid = index->slots[at].rowid;
            return true;
        }
    }
    return false;
}

/* --- building
 * ------------------------------------------------------------------------------------------ */
struct key_batch { /* the key columns of a batch, decoded to cells, and their hashes */
    struct vector_buffer *buffers; /* [column_count] */
    struct scan_space    *spaces;  /* [column_count + 1], the last for rowids */
    struct vector        *columns; /* [column_count] ANY */
    struct value         *row;     /* [the table's columns] of which the key's are set */
    uint32_t              row_columns;
    struct arena          arena;
    uint32_t              count;
    uint64_t              hashes[VECTOR_CAP]; /* 0: a NULL in it */
    int64_t               rowids[VECTOR_CAP];
};

static void batch_free(struct memory *memory, struct key_batch *batch, uint32_t columns)
{
    if (batch == NULL)
        return;
    for (uint32_t i = 0; batch->spaces != NULL && i <= columns; i++)
        scan_space_free(&batch->spaces[i], memory);
    memory_free(memory, batch->buffers, columns * sizeof *batch->buffers);
    memory_free(memory, batch->spaces, (columns + 1) * sizeof *batch->spaces);
    memory_free(memory, batch->columns, columns * sizeof *batch->columns);
    memory_free(memory, batch->row, batch->row_columns * sizeof *batch->row);
    arena_free(&batch->arena);
    memory_free(memory, batch, sizeof *batch);
}

static struct key_batch *batch_new(struct memory *memory, uint32_t columns, uint32_t row_columns)
{
    struct key_batch *batch = memory_zalloc(memory, sizeof *batch);

    if (batch == NULL)
        return NULL;
    arena_init(&batch->arena, memory);
    batch->buffers = memory_alloc(memory, columns * sizeof *batch->buffers);
    batch->spaces = memory_zalloc(memory, (columns + 1) * sizeof *batch->spaces);
    batch->columns = memory_alloc(memory, columns * sizeof *batch->columns);
    batch->row_columns = row_columns;
    batch->row = memory_alloc(memory, row_columns * sizeof *batch->row);
    if (batch->buffers == NULL || batch->spaces == NULL || batch->columns == NULL ||
        batch->row == NULL) {
        batch_free(memory, batch, columns);
        return NULL;
    }
    return batch;
}

static bool batch_load(struct key_batch *batch, const struct table_scan *scan,
                       const struct schema_key *key)
{
    struct vector v;
    char          scratch[16];

    arena_reset(&batch->arena);
    batch->count = scan->count;
    if (!scan_rowids(scan, &batch->spaces[key->column_count], &v))
        return false;
    for (uint32_t i = 0; i < scan->count; i++) {
        batch->rowids[i] = vector_value(&v, i, scratch).i;
        batch->hashes[i] = scan->active == NULL || bits_get(scan->active, i) ? 1 : 0;
    }
    for (uint32_t k = 0; k < key->column_count; k++) {
        struct value *cells;

        if (!scan_column(scan, key->columns[k], &batch->spaces[k], &v))
            return false;
        if (!vector_decode(&v, PHYS_ANY, NULL, &batch->buffers[k], &batch->arena,
                           &batch->columns[k]))
            return false;
        cells = (struct value *)batch->columns[k].values;
        for (uint32_t i = 0; i < scan->count; i++) {
            if (batch->hashes[i] == 0)
                continue;
            if (cells[i].class_ == CLASS_NULL)
                batch->hashes[i] = 0;
            else
                batch->hashes[i] = hash_finish(
                    hash_combine(k == 0 ? 0 : batch->hashes[i],
                                 value_hash(&cells[i], (enum collation)key->collations[k])));
        }
    }
    return true;
}

/* Enters the batch's rows; a duplicate is an error. */
static enum status batch_enter(struct table *table, uint32_t k, struct key_batch *batch,
                               struct error *err)
{
    const struct schema_key *key = &table->schema->keys[k];
    struct key_index        *index = table->indexes[k];

    if (!index_reserve(table->memory, index, batch->count))
        return fail_nomem(err);
    for (uint32_t i = 0; i < batch->count; i++) {
        int64_t other;

        if (i + PREFETCH_ROWS < batch->count)
            __builtin_prefetch(
                &index->slots[batch->hashes[i + PREFETCH_ROWS] & (index->slot_count - 1)]);
        if (batch->hashes[i] == 0)
            continue;
        for (uint32_t c = 0; c < key->column_count; c++)
            batch->row[key->columns[c]] = ((const struct value *)batch->columns[c].values)[i];
        if (index_find(table, k, batch->hashes[i], batch->row, batch->rowids[i], true,
                       batch->rowids[i], &other))
            return table_key_error(table, k, err);
        index_put(index, batch->hashes[i], batch->rowids[i]);
    }
    return STATUS_OK;
}

/* Enters rows of groups from `from` on, and of the tail. */
static enum status index_enter(struct table *table, uint32_t k, uint32_t from, struct error *err)
{
    const struct schema_key *key = &table->schema->keys[k];
    struct key_batch        *batch =
        batch_new(table->memory, key->column_count, table->schema->column_count);
    struct table_scan scan;
    enum status       status = STATUS_OK;

    if (batch == NULL)
        return fail_nomem(err);
    scan_init(&scan, table, &table->state);
    scan_limit(&scan, from, group_list_count(table->state.groups), (struct tail_place){0, 0},
               table->state.tail.rows);
    for (;;) {
        status = memory_poll(table->memory, err);
        if (status == STATUS_OK)
            status = scan_next(&scan, VECTOR_CAP, err);
        if (status != STATUS_OK || scan.count == 0)
            break;
        status =
            batch_load(batch, &scan, key) ? batch_enter(table, k, batch, err) : fail_nomem(err);
        if (status != STATUS_OK)
            break;
    }
    scan_free(&scan);
    batch_free(table->memory, batch, key->column_count);
    return status;
}

enum status table_check_key(struct table *table, uint32_t k, struct error *err)
{
    enum status status;

    if (table->indexes[k] != NULL)
        return STATUS_OK;
    table->indexes[k] = index_new(table->memory, table->state.live);
    if (table->indexes[k] == NULL)
        return fail_nomem(err);
    table->indexes[k]->fresh = true;
    status = index_enter(table, k, 0, err);
    if (status != STATUS_OK) {
        index_free(table->memory, table->indexes[k]);
        table->indexes[k] = NULL;
    }
    return status;
}

/* The index of key k for use: built, and not mostly stale. */
static enum status index_ready(struct table *table, uint32_t k, struct error *err)
{
    struct key_index *index = table->indexes[k];

    if (index != NULL && index->used > 1024 && index->used > table->state.live * 4) {
        index_free(table->memory, index);
        table->indexes[k] = NULL;
    }
    return table_check_key(table, k, err);
}

enum status table_check_groups(struct table *table, uint32_t from, struct error *err)
{
    for (uint32_t k = 0; k < table->index_count; k++) {
        enum status status;

        if (!table->schema->keys[k].unique)
            continue;
        if (table->indexes[k] == NULL) {
            TRY(table_check_key(table, k, err));
            continue;
        }
        status = index_enter(table, k, from, err);
        TRY(status);
    }
    return STATUS_OK;
}

/* --- use
 * ------------------------------------------------------------------------------------------------
 */
bool table_has_keys(const struct table *table)
{
    for (uint32_t k = 0; k < table->index_count; k++)
        if (table->schema->keys[k].unique)
            return true;
    return false;
}

/* The row other than self that has the key k of cells. */
static enum status find_key(struct table *table, uint32_t k, const struct value *cells,
                            int64_t cells_rowid, bool has_self, int64_t self, bool *found,
                            int64_t *rowid, struct error *err)
{
    uint64_t hash;

    TRY(index_ready(table, k, err));
    *found = cells_hash(table, &table->schema->keys[k], cells, cells_rowid, &hash) &&
             index_find(table, k, hash, cells, cells_rowid, has_self, self, rowid);
    return STATUS_OK;
}

enum status table_find_key(struct table *table, uint32_t k, const struct value *cells,
                           int64_t cells_rowid, bool *found, int64_t *rowid, struct error *err)
{
    return find_key(table, k, cells, cells_rowid, false, 0, found, rowid, err);
}

enum status table_find_duplicate(struct table *table, const struct value *cells,
                                 int64_t cells_rowid, bool has_self, int64_t self, uint32_t *key,
                                 int64_t *rowid, struct error *err)
{
    *key = UINT32_MAX;
    for (uint32_t turn = 0; turn < schema_key_turns(table->schema); turn++) {
        uint32_t k = schema_key_at(table->schema, turn);
        bool     found;

        if (k >= table->index_count)
            continue;
        TRY(find_key(table, k, cells, cells_rowid, has_self, self, &found, rowid, err));
        if (found) {
            *key = k;
            return STATUS_OK;
        }
    }
    return STATUS_OK;
}

static bool key_has_alias(const struct table *table, const struct schema_key *key)
{
    for (uint32_t i = 0; i < key->column_count; i++)
        if ((int32_t)key->columns[i] == table->schema->rowid_column)
            return true;
    return false;
}

bool table_key_ready(struct table *table, uint32_t k)
{
    const struct schema_key *key = &table->schema->keys[k];

    if (!key->unique || key_has_alias(table, key))
        return false;
    if (table->indexes[k] == NULL && table->state.live > SMALL_TABLE_ROWS &&
        ++table->unindexed_seeks < SEEKS_BEFORE_INDEX)
        return false;
    if (index_ready(table, k, NULL) != STATUS_OK)
        return false;
    table->unindexed_seeks = 0;
    return true;
}

bool table_seek_key(struct table *table, uint32_t k, const struct value *cells, int64_t *rowid)
{
    uint64_t hash;

    return cells_hash(table, &table->schema->keys[k], cells, 0, &hash) &&
           index_find(table, k, hash, cells, 0, false, 0, rowid);
}

enum status table_index_reserve(struct table *table, struct error *err)
{
    for (uint32_t k = 0; k < table->index_count; k++)
        if (table->indexes[k] != NULL && !index_reserve(table->memory, table->indexes[k], 1))
            return fail_nomem(err);
    return STATUS_OK;
}

void table_index_row(struct table *table, const struct value *cells, int64_t rowid)
{
    for (uint32_t k = 0; k < table->index_count; k++) {
        uint64_t hash;

        if (table->indexes[k] != NULL &&
            cells_hash(table, &table->schema->keys[k], cells, rowid, &hash))
            index_put(table->indexes[k], hash, rowid);
    }
}

void table_forget_indexes(struct table *table)
{
    for (uint32_t k = 0; k < table->index_count; k++) {
        index_free(table->memory, table->indexes[k]);
        table->indexes[k] = NULL;
    }
}

void table_distrust_indexes(struct table *table)
{
    for (uint32_t k = 0; k < table->index_count; k++)
        if (table->indexes[k] != NULL && table->indexes[k]->fresh) {
            index_free(table->memory, table->indexes[k]);
            table->indexes[k] = NULL;
        }
}

void table_trust_indexes(struct table *table)
{
    for (uint32_t k = 0; k < table->index_count; k++)
        if (table->indexes[k] != NULL)
            table->indexes[k]->fresh = false;
}

bool table_reserve_indexes(struct table *table, uint32_t keys)
{
    struct key_index **indexes;

    if (keys <= table->index_capacity)
        return true;
    indexes = memory_zalloc(table->memory, keys * sizeof *indexes);
    if (indexes == NULL)
        return false;
    if (table->index_count > 0)
        memcpy(indexes, table->indexes, table->index_count * sizeof *indexes);
    memory_free(table->memory, table->indexes, table->index_capacity * sizeof *indexes);
    table->indexes = indexes;
    table->index_capacity = keys;
    return true;
}

void table_set_schema(struct table *table, struct schema_table *schema)
{
    if (schema == table->schema)
        return;
    table_forget_indexes(table);
    assert(schema->key_count <= table->index_capacity);
    schema_table_ref(schema);
    schema_table_unref(table->schema);
    table->schema = schema;
    table->index_count = schema->key_count;
}

/* --- errors
 * --------------------------------------------------------------------------------------------- */
enum status table_key_error(const struct table *table, uint32_t key, struct error *err)
{
    const struct schema_table *schema = table->schema;
    const struct schema_key   *k = &schema->keys[key];
    enum status status = k->primary ? STATUS_CONSTRAINT_PRIMARYKEY : STATUS_CONSTRAINT_UNIQUE;
    struct str  text;

    str_init(&text, NULL);
    for (uint32_t i = 0; i < k->column_count; i++)
        str_printf(&text, "%s%s.%s", i == 0 ? "" : ", ", schema->name,
                   schema->columns[k->columns[i]].name);
    if (str_end(&text) == NULL)
        fail(err, status, "UNIQUE constraint failed: %s", schema->name);
    else
        fail(err, status, "UNIQUE constraint failed: %s", text.data);
    str_free(&text);
    return status;
}

enum status table_rowid_error(const struct table *table, struct error *err)
{
    const struct schema_table *schema = table->schema;

    if (schema->rowid_column >= 0)
        return fail(err, STATUS_CONSTRAINT_PRIMARYKEY, "UNIQUE constraint failed: %s.%s",
                    schema->name, schema->columns[schema->rowid_column].name);
    return fail(err, STATUS_CONSTRAINT_ROWID, "UNIQUE constraint failed: %s.rowid", schema->name);
}
