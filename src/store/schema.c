/* schema.c - making, sharing and freeing of what CREATE declared. */
#include "store/schema_internal.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

char *schema_copy_text(struct memory *memory, const char *text, size_t bytes)
{
    char *copy = bytes == SIZE_MAX ? NULL : memory_alloc(memory, bytes + 1);

    if (copy == NULL)
        return NULL;
    if (bytes > 0)
        memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    return copy;
}

/* A text of this file is as long as its NUL says: SQL and names hold none inside. */
static void text_free(struct memory *memory, char *text)
{
    if (text != NULL)
        memory_free(memory, text, strlen(text) + 1);
}

static bool array_new(struct memory *memory, uint32_t count, size_t bytes, void **array)
{
    *array = NULL;
    if (count == 0)
        return true;
    *array = memory_zalloc(memory, memory_product(count, bytes));
    return *array != NULL;
}

struct schema_table *schema_table_new(struct memory *memory, uint32_t columns, uint32_t keys,
                                      uint32_t checks)
{
    struct schema_table *table = memory_zalloc(memory, sizeof *table);
    void                *column_array, *key_array, *check_array;
    bool                 made;

    if (table == NULL)
        return NULL;
    table->memory = memory;
    table->rowid_column = -1;
    atomic_init(&table->references, 1);
    made = array_new(memory, columns, sizeof *table->columns, &column_array);
    made = array_new(memory, keys, sizeof *table->keys, &key_array) && made;
    made = array_new(memory, checks, sizeof *table->checks, &check_array) && made;
    if (!made) {
        memory_free(memory, column_array, columns * sizeof *table->columns);
        memory_free(memory, key_array, keys * sizeof *table->keys);
        memory_free(memory, check_array, checks * sizeof *table->checks);
        memory_free(memory, table, sizeof *table);
        return NULL;
    }
    table->columns = column_array;
    table->keys = key_array;
    table->checks = check_array;
    table->column_count = columns;
    table->key_count = keys;
    table->check_count = checks;
    for (uint32_t c = 0; c < columns; c++)
        table->columns[c].affinity = AFFINITY_BLOB;
    return table;
}

void schema_table_ref(struct schema_table *table)
{
    atomic_fetch_add_explicit(&table->references, 1, memory_order_relaxed);
}

static void key_free(struct memory *memory, struct schema_key *key)
{
    text_free(memory, key->name);
    memory_free(memory, key->columns, key->column_count * sizeof *key->columns);
    memory_free(memory, key->collations, key->column_count);
    memory_free(memory, key->descending, key->column_count);
}

void schema_table_unref(struct schema_table *table)
{
    struct memory *memory;

    if (table == NULL ||
        atomic_fetch_sub_explicit(&table->references, 1, memory_order_acq_rel) != 1)
        return;
    memory = table->memory;
    for (uint32_t c = 0; c < table->column_count; c++) {
        text_free(memory, table->columns[c].name);
        text_free(memory, table->columns[c].type);
        text_free(memory, table->columns[c].default_sql);
        text_free(memory, table->columns[c].generated_sql);
    }
    for (uint32_t k = 0; k < table->key_count; k++)
        key_free(memory, &table->keys[k]);
    for (uint32_t c = 0; c < table->check_count; c++) {
        text_free(memory, table->checks[c].name);
        text_free(memory, table->checks[c].sql);
    }
    text_free(memory, table->name);
    text_free(memory, table->sql);
    memory_free(memory, table->columns, table->column_count * sizeof *table->columns);
    memory_free(memory, table->keys, table->key_count * sizeof *table->keys);
    memory_free(memory, table->checks, table->check_count * sizeof *table->checks);
    memory_free(memory, table, sizeof *table);
}

struct schema_object *schema_object_new(struct memory *memory, enum schema_kind kind)
{
    struct schema_object *object = memory_zalloc(memory, sizeof *object);

    if (object == NULL)
        return NULL;
    object->memory = memory;
    object->kind = kind;
    atomic_init(&object->references, 1);
    return object;
}

void schema_object_ref(struct schema_object *object)
{
    atomic_fetch_add_explicit(&object->references, 1, memory_order_relaxed);
}

void schema_object_unref(struct schema_object *object)
{
    struct memory *memory;

    if (object == NULL ||
        atomic_fetch_sub_explicit(&object->references, 1, memory_order_acq_rel) != 1)
        return;
    memory = object->memory;
    text_free(memory, object->name);
    text_free(memory, object->table);
    text_free(memory, object->sql);
    memory_free(memory, object, sizeof *object);
}

bool schema_key_columns(struct memory *memory, struct schema_key *key, uint32_t n)
{
    void *columns, *collations, *descending;
    bool  made = array_new(memory, n, sizeof *key->columns, &columns);

    made = array_new(memory, n, 1, &collations) && made;
    made = array_new(memory, n, 1, &descending) && made;
    if (!made) {
        memory_free(memory, columns, n * sizeof *key->columns);
        memory_free(memory, collations, n);
        memory_free(memory, descending, n);
        return false;
    }
    key->columns = columns;
    key->collations = collations;
    key->descending = descending;
    key->column_count = n;
    return true;
}

/* --- copies with one change ----------------------------------------------------------------------
 */
static bool text_copy(struct memory *memory, const char *text, char **copy)
{
    *copy = text == NULL ? NULL : schema_copy_text(memory, text, strlen(text));
    return text == NULL || *copy != NULL;
}

static bool key_copy(struct memory *memory, const struct schema_key *key, struct schema_key *copy)
{
    uint32_t n = key->column_count;

    copy->conflict = key->conflict;
    copy->primary = key->primary;
    copy->unique = key->unique;
    copy->from_index = key->from_index;
    if (!text_copy(memory, key->name, &copy->name) || !schema_key_columns(memory, copy, n))
        return false;
    if (n > 0) {
        memcpy(copy->columns, key->columns, n * sizeof *copy->columns);
        memcpy(copy->collations, key->collations, n);
        memcpy(copy->descending, key->descending, n);
    }
    return true;
}

static bool columns_copy(struct memory *memory, const struct schema_table *table,
                         struct schema_table *copy)
{
    bool made =
        text_copy(memory, table->name, &copy->name) && text_copy(memory, table->sql, &copy->sql);

    for (uint32_t c = 0; made && c < table->column_count; c++) {
        const struct schema_column *from = &table->columns[c];
        struct schema_column       *to = &copy->columns[c];

        to->affinity = from->affinity;
        to->collation = from->collation;
        to->not_null_conflict = from->not_null_conflict;
        to->flags = from->flags;
        made = text_copy(memory, from->name, &to->name) &&
               text_copy(memory, from->type, &to->type) &&
               text_copy(memory, from->default_sql, &to->default_sql) &&
               text_copy(memory, from->generated_sql, &to->generated_sql);
    }
    for (uint32_t c = 0; made && c < table->check_count; c++)
        made = text_copy(memory, table->checks[c].name, &copy->checks[c].name) &&
               text_copy(memory, table->checks[c].sql, &copy->checks[c].sql);
    return made;
}

struct schema_table *schema_table_with_keys(const struct schema_table *table, uint32_t without,
                                            const struct schema_key *added)
{
    uint32_t keys = table->key_count - (without < table->key_count) + (added != NULL), n = 0;
    struct schema_table *copy =
        schema_table_new(table->memory, table->column_count, keys, table->check_count);
    bool made;

    if (copy == NULL)
        return NULL;
    copy->rowid_column = table->rowid_column;
    copy->autoincrement = table->autoincrement;
    copy->without_rowid = table->without_rowid;
    copy->strict = table->strict;
    copy->temporary = table->temporary;
    copy->foreign_key_count = table->foreign_key_count;
    made = columns_copy(table->memory, table, copy);
    for (uint32_t k = 0; made && k < table->key_count; k++)
        if (k != without)
            made = key_copy(table->memory, &table->keys[k], &copy->keys[n++]);
    if (made && added != NULL)
        made = key_copy(table->memory, added, &copy->keys[n++]);
    if (!made) {
        schema_table_unref(copy);
        return NULL;
    }
    return copy;
}

void schema_index_name(const struct schema_table *table, uint32_t k, char *name, size_t bytes)
{
    uint32_t number = 1;

    if (table->keys[k].from_index && table->keys[k].name != NULL) {
        (void)snprintf(name, bytes, "%s", table->keys[k].name);
        return;
    }
    for (uint32_t i = 0; i < k; i++)
        number += !table->keys[i].from_index;
    (void)snprintf(name, bytes, "sqlite_autoindex_%s_%u", table->name, number);
}
