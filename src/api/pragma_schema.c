/* pragma_schema.c - the pragmas that describe tables, columns and indexes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "api/pragma.h"
#include "api/sources.h"
#include "base/str.h"

/* --- columns
 * ----------------------------------------------------------------------------------------- */
/* Place of column c in the PRIMARY KEY, from 1; 0 if it is no member. */
static int64_t primary_key_place(const struct schema_table *schema, uint32_t c)
{
    if ((int32_t)c == schema->rowid_column)
        return 1;
    for (uint32_t k = 0; k < schema->key_count; k++)
        for (uint32_t i = 0; schema->keys[k].primary && i < schema->keys[k].column_count; i++)
            if (schema->keys[k].columns[i] == c)
                return i + 1;
    return 0;
}

static int64_t hidden_kind(const struct schema_column *column)
{
    return column->flags & COLUMN_GENERATED_VIRTUAL  ? 2
           : column->flags & COLUMN_GENERATED_STORED ? 3
           : column->flags & COLUMN_HIDDEN           ? 1
                                                     : 0;
}

static void column_row(struct pragma_call *call, int64_t cid, const char *name, const char *type,
                       bool not_null, const char *default_sql, int64_t key)
{
    row_source_int(call->rows, cid);
    row_source_text(call->rows, name);
    row_source_text(call->rows, type == NULL ? "" : type);
    row_source_int(call->rows, not_null);
    row_source_text(call->rows, default_sql);
    row_source_int(call->rows, key);
}

/* Columns of something that is only known as a query: a view, or a table function. */
static enum status query_columns(struct pragma_call *call, bool extended)
{
    struct program *program = NULL;
    struct str      sql;
    size_t          tail;
    enum status     status;

    str_init(&sql, &call->db->memory);
    str_text(&sql, "SELECT * FROM ");
    quoted_append(&sql, '"', call->text);
    if (str_end(&sql) == NULL)
        return fail_nomem(call->err);
    status = compile(&call->db->compile, sql.data, sql.bytes, &program, &tail, call->err);
    str_free(&sql);
    if (status != STATUS_OK)
        return status;
    for (uint32_t c = 0; c < program->result_count; c++) {
        column_row(call, c, program->result_names[c],
                   program->result_types == NULL ? NULL : program->result_types[c], false, NULL, 0);
        if (extended)
            row_source_int(call->rows, 0);
    }
    program_free(program);
    return STATUS_OK;
}

static enum status table_columns(struct pragma_call *call, bool extended)
{
    struct database           *database = call->db->database;
    struct table              *table = database_find_table(database, call->text);
    const struct schema_table *schema;
    int64_t                    cid = 0;

    if (!call->has_argument)
        return STATUS_OK;
    if (table == NULL) {
        if (database_find_object(database, SCHEMA_VIEW, call->text) != NULL ||
            source_find(sources_registry(), call->text, strlen(call->text)) != NULL)
            return query_columns(call, extended);
        return STATUS_OK;
    }
    schema = table_schema(table);
    for (uint32_t c = 0; c < schema->column_count; c++) {
        const struct schema_column *column = &schema->columns[c];
        int64_t                     hidden = hidden_kind(column);

        if (hidden != 0 && !extended)
            continue;
        column_row(call, cid++, column->name, column->type, (column->flags & COLUMN_NOT_NULL) != 0,
                   column->default_sql, primary_key_place(schema, c));
        if (extended)
            row_source_int(call->rows, hidden);
    }
    return STATUS_OK;
}

enum status pragma_table_info(struct pragma_call *call)
{
    return table_columns(call, false);
}

enum status pragma_table_xinfo(struct pragma_call *call)
{
    return table_columns(call, true);
}

/* --- tables
 * ---------------------------------------------------------------------------------------------- */
static void table_row(struct pragma_call *call, const char *schema, const char *name,
                      const char *type, int64_t columns, bool without_rowid, bool strict)
{
    row_source_text(call->rows, schema);
    row_source_text(call->rows, name);
    row_source_text(call->rows, type);
    row_source_int(call->rows, columns);
    row_source_int(call->rows, without_rowid);
    row_source_int(call->rows, strict);
}

/* Number of columns of a view; 0 when it cannot be compiled (a table it names is gone). */
static int64_t view_columns(struct pragma_call *call, const char *name)
{
    struct pragma_call inner = *call;
    struct error       ignored;
    struct row_source *rows = row_source_new(&call->db->memory, 6);
    uint64_t           columns = 0;

    if (rows == NULL)
        return 0;
    inner.text = name;
    inner.rows = rows;
    inner.err = &ignored;
    if (query_columns(&inner, false) == STATUS_OK)
        row_source_cursor(rows)->ops->row_count(row_source_cursor(rows), &columns);
    row_source_cursor(rows)->ops->close(row_source_cursor(rows));
    return (int64_t)columns;
}

enum status pragma_table_list(struct pragma_call *call)
{
    struct table               *table;
    const struct schema_object *object;
    const char                 *wanted = call->has_argument ? call->text : NULL;

    for (uint32_t i = 0; database_entry(call->db->database, i, &table, &object); i++) {
        if (table != NULL) {
            const struct schema_table *schema = table_schema(table);

            if (wanted == NULL || ascii_casecmp(wanted, schema->name) == 0)
                table_row(call, schema->temporary ? "temp" : "main", schema->name, "table",
                          schema->column_count, schema->without_rowid, schema->strict);
        } else if (object->kind == SCHEMA_VIEW &&
                   (wanted == NULL || ascii_casecmp(wanted, object->name) == 0)) {
            table_row(call, object->temporary ? "temp" : "main", object->name, "view",
                      view_columns(call, object->name), false, false);
        }
    }
    if (wanted == NULL || ascii_casecmp(wanted, "sqlite_schema") == 0)
        table_row(call, "main", "sqlite_schema", "table", 5, false, false);
    if (wanted == NULL || ascii_casecmp(wanted, "sqlite_temp_schema") == 0)
        table_row(call, "temp", "sqlite_temp_schema", "table", 5, false, false);
    return STATUS_OK;
}

enum status pragma_database_list(struct pragma_call *call)
{
    struct table               *table;
    const struct schema_object *object;
    bool                        temporary = false;

    for (uint32_t i = 0; database_entry(call->db->database, i, &table, &object); i++)
        temporary |= table != NULL ? table_schema(table)->temporary : object->temporary;
    row_source_int(call->rows, 0);
    row_source_text(call->rows, "main");
    row_source_text(call->rows, "");
    if (temporary) { /* SQLite has it from the first temporary object on */
        row_source_int(call->rows, 1);
        row_source_text(call->rows, "temp");
        row_source_text(call->rows, "");
    }
    return STATUS_OK;
}

/* --- indexes
 * -----------------------------------------------------------------------------------------------
 */
enum status pragma_index_list(struct pragma_call *call)
{
    struct table              *table = database_find_table(call->db->database, call->text);
    const struct schema_table *schema;
    int64_t                    seq = 0;

    if (!call->has_argument || table == NULL)
        return STATUS_OK;
    schema = table_schema(table);
    for (uint32_t k = schema->key_count; k-- > 0;) { /* the newest first, as SQLite lists them */
        const struct schema_key *key = &schema->keys[k];
        char                     name[SCHEMA_INDEX_NAME_CAP];

        schema_index_name(schema, k, name, sizeof name);
        row_source_int(call->rows, seq++);
        row_source_text(call->rows, name);
        row_source_int(call->rows, key->unique || key->primary);
        row_source_text(call->rows, key->from_index ? "c" : key->primary ? "pk" : "u");
        row_source_int(call->rows, 0);
    }
    return STATUS_OK;
}

/* The key with this index name in any table; *schema is its table. */
static const struct schema_key *find_index(struct database *database, const char *index,
                                           const struct schema_table **schema)
{
    struct table               *table;
    const struct schema_object *object;

    for (uint32_t i = 0; database_entry(database, i, &table, &object); i++) {
        if (table == NULL)
            continue;
        *schema = table_schema(table);
        for (uint32_t k = 0; k < (*schema)->key_count; k++) {
            char name[SCHEMA_INDEX_NAME_CAP];

            schema_index_name(*schema, k, name, sizeof name);
            if (ascii_casecmp(name, index) == 0)
                return &(*schema)->keys[k];
        }
    }
    return NULL;
}

static enum status index_columns(struct pragma_call *call, bool extended)
{
    const struct schema_table *schema;
    const struct schema_key   *key = find_index(call->db->database, call->text, &schema);

    if (!call->has_argument || key == NULL)
        return STATUS_OK;
    for (uint32_t i = 0; i < key->column_count; i++) {
        row_source_int(call->rows, i);
        row_source_int(call->rows, key->columns[i]);
        row_source_text(call->rows, schema->columns[key->columns[i]].name);
        if (extended) {
            row_source_int(call->rows, key->descending != NULL && key->descending[i]);
            row_source_text(call->rows, collation_name((enum collation)key->collations[i]));
            row_source_int(call->rows, 1);
        }
    }
    if (extended) { /* the rowid stands behind the key */
        row_source_int(call->rows, key->column_count);
        row_source_int(call->rows, -1);
        row_source_null(call->rows);
        row_source_int(call->rows, 0);
        row_source_text(call->rows, "BINARY");
        row_source_int(call->rows, 0);
    }
    return STATUS_OK;
}

enum status pragma_index_info(struct pragma_call *call)
{
    return index_columns(call, false);
}

enum status pragma_index_xinfo(struct pragma_call *call)
{
    return index_columns(call, true);
}

/* --- foreign keys: the catalog keeps them in the CREATE text
 * ------------------------------------------------- */
static void foreign_key_rows(struct pragma_call *call, const struct foreign_key *key, int64_t id,
                             const struct name *column)
{
    static const char *const actions[] = {"NO ACTION", "RESTRICT", "SET NULL", "SET DEFAULT",
                                          "CASCADE"};
    uint32_t                 count = key->column_count == 0 ? 1 : key->column_count;

    for (uint32_t i = 0; i < count; i++) {
        row_source_int(call->rows, id);
        row_source_int(call->rows, i);
        row_source_text(call->rows, key->parent.text);
        row_source_text(call->rows, key->column_count == 0 ? column->text : key->columns[i].text);
        row_source_text(call->rows, i < key->parent_count ? key->parent_columns[i].text : NULL);
        row_source_text(call->rows, actions[key->on_update]);
        row_source_text(call->rows, actions[key->on_delete]);
        row_source_text(call->rows, "NONE");
    }
}

/* The count-th foreign key of the statement, counted in the order in which it declares them. */
static const struct foreign_key *declared_key(const struct create_table *create, int64_t count,
                                              const struct name **column)
{
    for (uint32_t c = 0; c < create->column_count; c++) {
        const struct foreign_key *key = create->columns[c].references;

        *column = &create->columns[c].name;
        for (; key != NULL; key = key->next)
            if (count-- == 0)
                return key;
    }
    for (const struct table_constraint *t = create->constraints; t != NULL; t = t->next)
        if (t->kind == CONSTRAINT_FOREIGN_KEY && count-- == 0)
            return t->foreign_key;
    return NULL;
}

enum status pragma_foreign_key_list(struct pragma_call *call)
{
    struct table      *table = database_find_table(call->db->database, call->text);
    const char        *sql = table == NULL ? NULL : table_schema(table)->sql;
    const struct name *column = NULL;
    struct statement  *statement = NULL;
    struct arena       arena;
    size_t             tail;
    int64_t            count = 0;

    if (!call->has_argument || sql == NULL)
        return STATUS_OK;
    arena_init(&arena, &call->db->memory);
    if (parse_statement(sql, strlen(sql), call->db->compile.limits, &arena, &statement, &tail,
                        call->err) == STATUS_OK &&
        statement->kind == STATEMENT_CREATE_TABLE) {
        while (declared_key(statement->create_table, count, &column) != NULL)
            count++;
        for (int64_t id = 0; id < count; id++) /* the last declared has id 0, as in SQLite */
            foreign_key_rows(call, declared_key(statement->create_table, count - 1 - id, &column),
                             id, column);
    }
    arena_free(&arena);
    return STATUS_OK;
}

/* --- storage
 * ---------------------------------------------------------------------------------------------------
 */
static void classes_text(uint32_t classes, char *text, size_t bytes)
{
    size_t used = 0;

    text[0] = '\0';
    for (int c = 0; c < CLASS_COUNT; c++)
        if (classes & (1u << c) && used < bytes)
            used += (size_t)snprintf(text + used, bytes - used, "%s%s", used > 0 ? " " : "",
                                     class_name((enum value_class)c));
}

enum status pragma_storage_info(struct pragma_call *call)
{
    enum { INTEGERS_ONLY = 1 << CLASS_NULL | 1 << CLASS_INTEGER };
    struct table              *table = database_find_table(call->db->database, call->text);
    const struct schema_table *schema;

    if (!call->has_argument || table == NULL)
        return STATUS_OK;
    schema = table_schema(table);
    for (uint32_t c = 0; c < schema->column_count; c++) {
        struct column_stats stats = {0};
        char                classes[64];
        bool                bounded;

        TRY(table_column_stats(table, c, &stats, call->err));
        classes_text(stats.classes, classes, sizeof classes);
        bounded = stats.bounded && (stats.classes & ~(uint32_t)INTEGERS_ONLY) == 0;
        row_source_text(call->rows, schema->columns[c].name);
        row_source_text(call->rows, schema->columns[c].type);
        row_source_text(call->rows, classes);
        row_source_text(call->rows, stats.encodings);
        row_source_int(call->rows, (int64_t)stats.bytes);
        if (bounded) {
            row_source_int(call->rows, stats.lo);
            row_source_int(call->rows, stats.hi);
        } else {
            row_source_null(call->rows);
            row_source_null(call->rows);
        }
        row_source_int(call->rows, (int64_t)stats.nulls);
        if (stats.distinct > 0)
            row_source_int(call->rows, (int64_t)stats.distinct);
        else
            row_source_null(call->rows);
    }
    return STATUS_OK;
}

/* --- integrity
 * ----------------------------------------------------------------------------------------------------
 */
/* Walks the rows of a table: rowids ascend, NOT NULL holds, the number of rows is the one that the
 * catalog knows.  problem is left empty if all is well. */
static enum status table_check(struct pragma_call *call, struct table *table, struct cursor *cursor,
                               char *problem, size_t bytes)
{
    const struct schema_table *schema = table_schema(table);
    uint64_t                   rows = 0;
    int64_t                    last = INT64_MIN;
    uint32_t                   count;
    const uint64_t            *active;
    struct selection           sel;

    TRY(cursor->ops->rewind(cursor, call->err));
    for (;;) {
        struct vector rowids;
        char          scratch[16];

        TRY(cursor->ops->next(cursor, VECTOR_CAP, &count, &active, call->err));
        if (count == 0)
            break;
        selection_all(&sel, count);
        if (active != NULL)
            selection_bits(&sel, count, active);
        TRY(cursor->ops->rowid(cursor, &rowids, call->err));
        for (BITS_EACH(i, sel.bits, count)) {
            int64_t rowid = vector_value(&rowids, (uint32_t)i, scratch).i;

            if (rows++ > 0 && rowid <= last)
                snprintf(problem, bytes, "rowid %" PRId64 " out of order in %s", rowid,
                         schema->name);
            last = rowid;
        }
        for (uint32_t c = 0; c < schema->column_count; c++) {
            struct vector column;

            if (!(schema->columns[c].flags & COLUMN_NOT_NULL) || (int32_t)c == schema->rowid_column)
                continue;
            TRY(cursor->ops->column(cursor, c, &sel, &column, call->err));
            for (BITS_EACH(i, sel.bits, count))
                if (vector_value(&column, (uint32_t)i, scratch).class_ == CLASS_NULL)
                    snprintf(problem, bytes, "NULL value in %s.%s", schema->name,
                             schema->columns[c].name);
        }
    }
    if (rows != table_row_count(table))
        snprintf(problem, bytes, "%s has %" PRIu64 " rows, its count says %" PRIu64, schema->name,
                 rows, table_row_count(table));
    return STATUS_OK;
}

/* A cursor that reads every column. */
static enum status open_whole(struct pragma_call *call, struct table *table, struct cursor **cursor)
{
    uint32_t    count = table_schema(table)->column_count;
    uint32_t   *columns = memory_alloc(&call->db->memory, count * sizeof *columns);
    enum status status;

    if (columns == NULL)
        return fail_nomem(call->err);
    for (uint32_t c = 0; c < count; c++)
        columns[c] = c;
    status = table_cursor(table, columns, count, cursor, call->err);
    memory_free(&call->db->memory, columns, count * sizeof *columns);
    return status;
}

enum status pragma_integrity_check(struct pragma_call *call)
{
    struct table               *table;
    const struct schema_object *object;
    bool                        clean = true;

    for (uint32_t i = 0; database_entry(call->db->database, i, &table, &object); i++) {
        struct cursor *cursor;
        char           problem[256] = "";
        enum status    status;

        if (table == NULL ||
            (call->has_argument && ascii_casecmp(call->text, table_schema(table)->name) != 0))
            continue;
        status = open_whole(call, table, &cursor);
        if (status != STATUS_OK)
            return status;
        status = table_check(call, table, cursor, problem, sizeof problem);
        cursor->ops->close(cursor);
        if (status != STATUS_OK)
            return status;
        if (problem[0] != '\0') {
            row_source_text(call->rows, problem);
            clean = false;
        }
    }
    if (clean)
        row_source_text(call->rows, "ok");
    return STATUS_OK;
}
