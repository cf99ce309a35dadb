/* schema_source.c - sqlite_schema (sqlite_master) and their temp twins: the catalog as rows. */
#include <stdio.h>
#include <string.h>

#include "api/row_source.h"
#include "api/sources.h"

static const struct source_column schema_columns[] = {
    {"type", "TEXT"}, {"name", "TEXT"}, {"tbl_name", "TEXT"}, {"rootpage", "INT"}, {"sql", "TEXT"}};

static enum status schema_bind(const struct source_context   *context,
                               const struct source_arguments *arguments, struct arena *arena,
                               uint32_t *column_count, const struct source_column **columns,
                               void **state, struct error *err)
{
    (void)context;
    (void)arena;
    if (arguments != NULL && arguments->count > 0)
        return fail(err, STATUS_ERROR, "'sqlite_schema' is not a function");
    *state = NULL;
    *column_count = countof(schema_columns);
    *columns = schema_columns;
    return STATUS_OK;
}

static void add_row(struct row_source *rows, const char *type, const char *name, const char *table,
                    int64_t root, const char *sql)
{
    row_source_text(rows, type);
    row_source_text(rows, name);
    row_source_text(rows, table);
    row_source_int(rows, root);
    row_source_text(rows, sql);
}

/* A table and the indexes that its constraints made. */
static void add_table(struct row_source *rows, const struct schema_table *schema, int64_t *root)
{
    add_row(rows, "table", schema->name, schema->name, (*root)++, schema->sql);
    for (uint32_t k = 0; k < schema->key_count; k++) {
        char name[SCHEMA_INDEX_NAME_CAP];

        if (schema->keys[k].from_index || (schema->without_rowid && schema->keys[k].primary))
            continue;
        schema_index_name(schema, k, name, sizeof name);
        add_row(rows, "index", name, schema->name, (*root)++, NULL);
    }
}

static enum status catalog_open(const struct source_context *context, bool temporary,
                                struct cursor **cursor, struct error *err)
{
    static const char *const    types[] = {"table", "index", "view", "trigger"};
    struct row_source          *rows = row_source_new(context->memory, countof(schema_columns));
    struct table               *table;
    const struct schema_object *object;
    int64_t                     root = 2;
    enum status                 status;

    if (rows == NULL)
        return fail_nomem(err);
    for (uint32_t i = 0; database_entry(context->database, i, &table, &object); i++) {
        if (table != NULL) {
            if (table_schema(table)->temporary == temporary)
                add_table(rows, table_schema(table), &root);
        } else if (object->temporary == temporary) {
            add_row(rows, types[object->kind], object->name, object->table,
                    object->kind == SCHEMA_INDEX ? root++ : 0, object->sql);
        }
    }
    status = row_source_finish(rows, err);
    if (status != STATUS_OK)
        row_source_cursor(rows)->ops->close(row_source_cursor(rows));
    else
        *cursor = row_source_cursor(rows);
    return status;
}

static enum status main_open(const struct source_context *context, void *state,
                             const struct source_arguments *arguments, struct cursor **cursor,
                             struct error *err)
{
    (void)state;
    (void)arguments;
    return catalog_open(context, false, cursor, err);
}

static enum status temp_open(const struct source_context *context, void *state,
                             const struct source_arguments *arguments, struct cursor **cursor,
                             struct error *err)
{
    (void)state;
    (void)arguments;
    return catalog_open(context, true, cursor, err);
}

const struct source_module schema_modules[] = {
    {.name = "sqlite_schema", .bind = schema_bind, .open = main_open, .has_rowids = true},
    {.name = "sqlite_master", .bind = schema_bind, .open = main_open, .has_rowids = true},
    {.name = "sqlite_temp_schema", .bind = schema_bind, .open = temp_open, .has_rowids = true},
    {.name = "sqlite_temp_master", .bind = schema_bind, .open = temp_open, .has_rowids = true}};
const uint32_t schema_module_count = countof(schema_modules);
