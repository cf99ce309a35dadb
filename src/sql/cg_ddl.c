/* cg_ddl.c - CREATE and DROP: declarations become the catalog's schema objects. */
#include "sql/cg_write.h"

#include "base/str.h"
#include "sql/tokenize.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void ddl_fail(struct cg *cg, const struct name *name, const char *format, const char *text)
    __attribute__((format(printf, 3, 0)));

static void ddl_fail(struct cg *cg, const struct name *name, const char *format, const char *text)
{
    char message[ERROR_TEXT_CAP];

    if (cg->status != STATUS_OK)
        return;
    (void)snprintf(message, sizeof message, format, text);
    cg->status = fail_at(cg->err, STATUS_ERROR, name->position, "%s", message);
}

/* --- names -------------------------------------------------------------------------------------
 */
static bool known_schema(struct cg *cg, const struct name *schema)
{
    if (schema->text == NULL || ascii_casecmp(schema->text, "main") == 0 ||
        ascii_casecmp(schema->text, "temp") == 0)
        return true;
    ddl_fail(cg, schema, "unknown database %s", schema->text);
    return false;
}

/* CREATE TEMP TABLE main.t is refused. */
static bool temp_is_plain(struct cg *cg, const struct name *schema, bool temporary)
{
    if (!temporary || schema->text == NULL || ascii_casecmp(schema->text, "temp") == 0)
        return true;
    ddl_fail(cg, schema, "temporary table name must be unqualified%s", ""); /* of views, too */
    return false;
}

static bool is_temporary(const struct name *schema, bool temporary)
{
    return temporary || (schema->text != NULL && ascii_casecmp(schema->text, "temp") == 0);
}

/* Whether an object of this name may be made; exists: it is there and IF NOT EXISTS was said. */
static bool name_is_free(struct cg *cg, const struct name *schema, const struct name *name,
                         bool if_not_exists)
{
    struct database *database = cg->context->database;
    const char      *format = NULL;

    if (!known_schema(cg, schema))
        return false;
    if (strncasecmp(name->text, "sqlite_", 7) == 0) {
        ddl_fail(cg, name, "object name reserved for internal use: %s", name->text);
        return false;
    }
    if (database_find_table(database, name->text) != NULL)
        format = "table %s already exists";
    else if (database_find_object(database, SCHEMA_VIEW, name->text) != NULL)
        format = "view %s already exists";
    if (format != NULL) {
        if (!if_not_exists)
            ddl_fail(cg, name, format, name->text);
        return false;
    }
    if (database_find_object(database, SCHEMA_INDEX, name->text) != NULL) {
        ddl_fail(cg, name, "there is already an index named %s", name->text);
        return false;
    }
    return true;
}

static char *copy_name(struct cg *cg, const char *text)
{
    char *copy = text == NULL ? NULL : schema_copy_text(cg->context->memory, text, strlen(text));

    if (text != NULL && copy == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    return copy;
}

/* "CREATE TABLE " and the text from the object's name on, as sqlite_schema shows it. */
static char *create_text(struct cg *cg, const struct statement *statement, const char *what,
                         const struct name *name)
{
    struct str text;
    char      *copy = NULL;
    uint32_t   from = (uint32_t)(name->position - statement->position);

    str_init(&text, cg->context->memory);
    str_text(&text, what);
    if (from < statement->sql_bytes)
        str_append(&text, statement->sql + from, statement->sql_bytes - from);
    if (!text.failed)
        copy = schema_copy_text(cg->context->memory, text.data, text.bytes);
    if (copy == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    str_free(&text);
    return copy;
}

/* --- CREATE TABLE ------------------------------------------------------------------------------
 */
static bool column_is_alias(const struct column_def *column)
{
    return ascii_casecmp(column->type, "INTEGER") == 0;
}

static bool check_columns(struct cg *cg, const struct create_table *create)
{
    for (uint32_t i = 0; i < create->column_count; i++) {
        const struct column_def *column = &create->columns[i];

        for (uint32_t k = 0; k < i; k++)
            if (ascii_casecmp(create->columns[k].name.text, column->name.text) == 0) {
                ddl_fail(cg, &column->name, "duplicate column name: %s", column->name.text);
                return false;
            }
        if (column->generated != NULL) {
            cg_unsupported(cg, column->name.position, "generated columns");
            return false;
        }
    }
    return true;
}

static int32_t find_def(const struct create_table *create, const char *name)
{
    for (uint32_t i = 0; i < create->column_count; i++)
        if (ascii_casecmp(create->columns[i].name.text, name) == 0)
            return (int32_t)i;
    return -1;
}

/* The column a term of PRIMARY KEY or UNIQUE names; -1: an error is noted. */
static int32_t term_column(struct cg *cg, const struct create_table *create,
                           const struct indexed_term *term)
{
    const struct expr *expr = term->expr;
    int32_t            column = -1;

    while (expr->kind == EXPR_COLLATE)
        expr = expr->left;
    if (expr->kind == EXPR_COLUMN ||
        (expr->kind == EXPR_LITERAL && expr->value.class_ == CLASS_TEXT)) {
        struct name name = expr->name;

        if (expr->kind == EXPR_LITERAL)
            name.text = arena_copy_text(cg->arena, expr->value.s, expr->value.bytes);
        if (name.text != NULL)
            column = find_def(create, name.text);
        if (column < 0 && name.text != NULL)
            ddl_fail(cg, &name, "no such column: %s", name.text);
        return column;
    }
    if (cg->status == STATUS_OK)
        cg->status = fail_at(cg->err, STATUS_ERROR, expr->position,
                             "expressions prohibited in PRIMARY KEY and UNIQUE constraints");
    return -1;
}

/* The name of a standard type as SQLite writes it; NULL: no such type. */
static const char *standard_type(const char *type)
{
    static const char *const standard[] = {"ANY", "BLOB", "INT", "INTEGER", "REAL", "TEXT"};

    for (size_t i = 0; type != NULL && i < countof(standard); i++)
        if (ascii_casecmp(type, standard[i]) == 0)
            return standard[i];
    return NULL;
}

/* SQLite shows its standard types in capitals, other types as they were written. */
static const char *shown_type(const char *type)
{
    const char *standard = standard_type(type);

    return standard != NULL ? standard : type == NULL ? "" : type;
}

/* Every column of a STRICT table has one of the standard types. */
static bool check_strict(struct cg *cg, const struct create_table *create)
{
    for (uint32_t i = 0; i < create->column_count && cg->status == STATUS_OK; i++) {
        const struct column_def *column = &create->columns[i];

        if (column->type == NULL || column->type[0] == '\0')
            cg->status =
                fail_at(cg->err, STATUS_ERROR, column->name.position, "missing datatype for %s.%s",
                        create->name.text, column->name.text);
        else if (standard_type(column->type) == NULL)
            cg->status = fail_at(cg->err, STATUS_ERROR, column->name.position,
                                 "unknown datatype for %s.%s: \"%s\"", create->name.text,
                                 column->name.text, column->type);
    }
    return cg->status == STATUS_OK;
}

/* ANY converts nothing here, and no column of the primary key takes NULL. */
static void make_strict(struct schema_table *schema)
{
    for (uint32_t i = 0; i < schema->column_count; i++) {
        struct schema_column *column = &schema->columns[i];

        if (column->type != NULL && strcmp(column->type, "ANY") == 0)
            column->affinity = AFFINITY_NONE;
        if ((column->flags & COLUMN_PRIMARY_KEY) != 0 && (int32_t)i != schema->rowid_column)
            column->flags |= COLUMN_NOT_NULL;
    }
}

static void fill_column(struct cg *cg, struct schema_column *out, const struct column_def *column)
{
    out->name = copy_name(cg, column->name.text);
    out->type = copy_name(cg, shown_type(column->type));
    out->default_sql = copy_name(cg, column->default_sql);
    out->affinity = affinity_of_type(column->type == NULL ? "" : column->type,
                                     column->type == NULL ? 0 : strlen(column->type));
    out->collation = column->collation;
    out->not_null_conflict = column->not_null_conflict;
    out->flags = column->flags;
}

static bool fill_key(struct cg *cg, const struct create_table *create, struct schema_key *key,
                     const struct indexed_term *terms, uint32_t count)
{
    if (!schema_key_columns(cg->context->memory, key, count)) {
        cg_fail(cg, fail_nomem(cg->err));
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        int32_t            column = term_column(cg, create, &terms[i]);
        const struct expr *expr = terms[i].expr;

        if (column < 0)
            return false;
        key->columns[i] = (uint32_t)column;
        key->collations[i] = (uint8_t)create->columns[column].collation;
        key->descending[i] = terms[i].descending;
        if (expr->kind == EXPR_COLLATE) {
            enum collation collation;

            if (!collation_find(expr->name.text, expr->name.bytes, &collation)) {
                ddl_fail(cg, &expr->name, "no such collation sequence: %s", expr->name.text);
                return false;
            }
            key->collations[i] = (uint8_t)collation;
        }
    }
    return true;
}

/* The schema's arrays have their final length; these are filled so far. */
struct filled {
    struct schema_table *schema;
    uint32_t             keys, checks;
};

static bool single_key(struct cg *cg, const struct create_table *create, struct filled *filled,
                       uint32_t column, enum conflict conflict, bool primary)
{
    struct schema_key *key = &filled->schema->keys[filled->keys];

    if (!schema_key_columns(cg->context->memory, key, 1)) {
        cg_fail(cg, fail_nomem(cg->err));
        return false;
    }
    filled->keys++;
    key->columns[0] = column;
    key->collations[0] = (uint8_t)create->columns[column].collation;
    key->conflict = conflict;
    key->primary = primary;
    key->unique = true;
    return true;
}

/* PRIMARY KEY written with a column. */
static void column_primary(struct cg *cg, const struct create_table *create, struct filled *filled,
                           uint32_t i)
{
    const struct column_def *column = &create->columns[i];

    if (column_is_alias(column) && !column->primary_descending) {
        filled->schema->rowid_column = (int32_t)i;
        filled->schema->autoincrement = column->autoincrement;
        return;
    }
    if (column->autoincrement)
        ddl_fail(cg, &column->name, "AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY%s",
                 "");
    single_key(cg, create, filled, i, column->primary_conflict, true);
}

/* Whether a PRIMARY KEY (column) makes that column the rowid. */
static int32_t constraint_alias(const struct create_table     *create,
                                const struct table_constraint *constraint)
{
    const struct expr *expr;
    int32_t            column;

    if (constraint->kind != CONSTRAINT_PRIMARY_KEY || constraint->term_count != 1)
        return -1;
    expr = constraint->terms[0].expr;
    while (expr->kind == EXPR_COLLATE)
        expr = expr->left;
    column = expr->kind == EXPR_COLUMN ? find_def(create, expr->name.text) : -1;
    return column >= 0 && column_is_alias(&create->columns[column]) ? column : -1;
}

static void constraint_key(struct cg *cg, const struct create_table *create, struct filled *filled,
                           const struct table_constraint *constraint)
{
    struct schema_table *schema = filled->schema;
    bool                 primary = constraint->kind == CONSTRAINT_PRIMARY_KEY;
    int32_t              column = constraint_alias(create, constraint);
    struct schema_key   *key;

    if (column >= 0) {
        schema->columns[column].flags |= COLUMN_PRIMARY_KEY;
        schema->rowid_column = column;
        schema->autoincrement = constraint->autoincrement;
        return;
    }
    if (primary && constraint->autoincrement)
        ddl_fail(cg, &create->name, "AUTOINCREMENT is only allowed on an INTEGER PRIMARY KEY%s",
                 "");
    key = &schema->keys[filled->keys++];
    key->name = copy_name(cg, constraint->name.text);
    key->conflict = constraint->conflict;
    key->primary = primary;
    key->unique = true;
    if (!fill_key(cg, create, key, constraint->terms, constraint->term_count))
        return;
    for (uint32_t i = 0; i < key->column_count && primary; i++)
        schema->columns[key->columns[i]].flags |= COLUMN_PRIMARY_KEY;
}

static void count_parts(const struct create_table *create, uint32_t *keys, uint32_t *checks,
                        uint32_t *primaries)
{
    *keys = *checks = *primaries = 0;
    for (uint32_t i = 0; i < create->column_count; i++) {
        *keys += (create->columns[i].flags & COLUMN_PRIMARY_KEY) != 0 &&
                 !(column_is_alias(&create->columns[i]) && !create->columns[i].primary_descending);
        *primaries += (create->columns[i].flags & COLUMN_PRIMARY_KEY) != 0;
        *keys += (create->columns[i].flags & COLUMN_UNIQUE) != 0;
    }
    for (const struct table_constraint *c = create->constraints; c != NULL; c = c->next) {
        *keys += (c->kind == CONSTRAINT_PRIMARY_KEY || c->kind == CONSTRAINT_UNIQUE) &&
                 constraint_alias(create, c) < 0;
        *primaries += c->kind == CONSTRAINT_PRIMARY_KEY;
        *checks += c->kind == CONSTRAINT_CHECK;
    }
}

static void fill_constraints(struct cg *cg, const struct create_table *create,
                             struct schema_table *schema)
{
    struct filled filled = {.schema = schema};

    for (uint32_t i = 0; i < create->column_count && cg->status == STATUS_OK; i++) {
        if ((create->columns[i].flags & COLUMN_PRIMARY_KEY) != 0)
            column_primary(cg, create, &filled, i);
        if ((create->columns[i].flags & COLUMN_UNIQUE) != 0)
            single_key(cg, create, &filled, i, create->columns[i].unique_conflict, false);
        schema->foreign_key_count += create->columns[i].references != NULL;
    }
    for (const struct table_constraint *c = create->constraints;
         c != NULL && cg->status == STATUS_OK; c = c->next) {
        switch ((enum table_constraint_kind)c->kind) {
        case CONSTRAINT_PRIMARY_KEY:
        case CONSTRAINT_UNIQUE:
            constraint_key(cg, create, &filled, c);
            break;
        case CONSTRAINT_CHECK:
            schema->checks[filled.checks].name = copy_name(cg, c->name.text);
            schema->checks[filled.checks++].sql = copy_name(cg, c->check_sql);
            break;
        case CONSTRAINT_FOREIGN_KEY:
            schema->foreign_key_count++;
            break;
        }
    }
}

static struct schema_table *table_from(struct cg *cg, const struct statement *statement,
                                       const struct create_table *create)
{
    uint32_t             keys, checks, primaries;
    struct schema_table *schema;

    if (!check_columns(cg, create))
        return NULL;
    count_parts(create, &keys, &checks, &primaries);
    if (primaries > 1) {
        ddl_fail(cg, &create->name, "table \"%s\" has more than one primary key",
                 create->name.text);
        return NULL;
    }
    if (create->without_rowid) {
        cg_unsupported(cg, create->name.position, "WITHOUT ROWID tables");
        return NULL;
    }
    if (create->strict && !check_strict(cg, create))
        return NULL;
    schema = schema_table_new(cg->context->memory, create->column_count, keys, checks);
    if (schema == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return NULL;
    }
    schema->name = copy_name(cg, create->name.text);
    schema->sql = create_text(cg, statement, "CREATE TABLE ", &create->name);
    schema->rowid_column = -1;
    schema->temporary = is_temporary(&create->schema, create->temporary);
    schema->strict = create->strict;
    for (uint32_t i = 0; i < create->column_count; i++)
        fill_column(cg, &schema->columns[i], &create->columns[i]);
    fill_constraints(cg, create, schema);
    if (schema->strict)
        make_strict(schema);
    return schema;
}

/* The program owns one reference to schema from here on. */
static void emit_create(struct cg *cg, struct schema_table *schema)
{
    cg_emit_p4(cg, OP_CreateTable, 0, 0, 0, schema);
    if (cg->program->failed) {
        schema_table_unref(schema);
        cg_fail(cg, fail_nomem(cg->err));
    }
}

/* --- CREATE TABLE AS ---------------------------------------------------------------------------
 */
struct fill_sink {
    struct cg_sink sink;
    int32_t        slot;
    char          *affinities;
};

static void consume_fill(struct cg *cg, struct cg_sink *sink, int32_t next)
{
    struct fill_sink *self = (struct fill_sink *)sink;
    uint32_t          count = sink->plan->column_count;
    int32_t           first = cg_registers(cg, count);

    (void)next;
    for (uint32_t i = 0; i < count; i++) {
        cg_result_to(cg, sink->plan, i, first + (int32_t)i);
        cg_forget(cg, first + (int32_t)i);
    }
    cg_affinity(cg, first, count, self->affinities);
    cg_emit(cg, OP_BulkInsert, self->slot, first, 0);
}

static const char *type_of_affinity(enum affinity affinity)
{
    switch (affinity) {
    case AFFINITY_TEXT:
        return "TEXT";
    case AFFINITY_NUMERIC:
        return "NUM";
    case AFFINITY_INTEGER:
        return "INT";
    case AFFINITY_REAL:
        return "REAL";
    default:
        return "";
    }
}

static bool is_plain_identifier(const char *name)
{
    if (ascii_digit(name[0]) || name[0] == 0)
        return false;
    for (const char *c = name; *c != 0; c++)
        if (!ascii_digit(*c) && *c != '_' && !(ascii_lower(*c) >= 'a' && ascii_lower(*c) <= 'z'))
            return false;
    return !keyword_is_sqlites(name, strlen(name));
}

static void append_identifier(struct str *text, const char *name)
{
    if (is_plain_identifier(name)) {
        str_text(text, name);
        return;
    }
    str_char(text, '"');
    for (; *name != 0; name++) {
        if (*name == '"')
            str_char(text, '"');
        str_char(text, *name);
    }
    str_char(text, '"');
}

/* The text that SQLite makes up for such a table: in one line while it is short. */
static char *fill_text(struct cg *cg, const struct schema_table *schema)
{
    size_t      length = strlen(schema->name) + 2;
    struct str  text;
    char       *copy = NULL;
    const char *separator, *rest, *end;

    for (uint32_t i = 0; i < schema->column_count; i++)
        length += strlen(schema->columns[i].name) + 7;
    separator = length < 50 ? "" : "\n  ";
    rest = length < 50 ? "," : ",\n  ";
    end = length < 50 ? ")" : "\n)";
    str_init(&text, cg->context->memory);
    str_text(&text, "CREATE TABLE ");
    append_identifier(&text, schema->name);
    str_char(&text, '(');
    for (uint32_t i = 0; i < schema->column_count; i++) {
        str_text(&text, separator);
        append_identifier(&text, schema->columns[i].name);
        if (schema->columns[i].type[0] != 0) {
            str_char(&text, ' ');
            str_text(&text, schema->columns[i].type);
        }
        separator = rest;
    }
    str_text(&text, end);
    if (!text.failed)
        copy = schema_copy_text(cg->context->memory, text.data, text.bytes);
    if (copy == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    str_free(&text);
    return copy;
}

/* name, or name:1, name:2... while an earlier column has it; a:1 becomes a:2. */
static const char *unique_name(struct cg *cg, const struct schema_table *schema, uint32_t column,
                               const char *name)
{
    const char *candidate = name;
    uint32_t    number = 0;

    for (uint32_t i = 0; i < column && candidate != NULL;) {
        if (ascii_casecmp(schema->columns[i].name, candidate) == 0) {
            candidate = arena_printf(cg->arena, "%.*s:%u", numbered_base(name), name, ++number);
            i = 0;
        } else {
            i++;
        }
    }
    return candidate;
}

static void create_as(struct cg *cg, const struct create_table *create)
{
    const struct select *first = create->as_select;
    struct fill_sink     sink = {.sink = {.consume = consume_fill}};
    struct schema_table *schema;
    struct write_desc   *desc = cg_alloc(cg, sizeof *desc);

    while (first->prior != NULL)
        first = first->prior;
    schema = schema_table_new(cg->context->memory, first->column_count, 0, 0);
    sink.affinities = cg_alloc(cg, first->column_count + 1);
    if (schema == NULL || desc == NULL || sink.affinities == NULL) {
        if (schema != NULL)
            schema_table_unref(schema);
        cg_fail(cg, fail_nomem(cg->err));
        return;
    }
    schema->name = copy_name(cg, create->name.text);
    schema->rowid_column = -1;
    schema->temporary = is_temporary(&create->schema, create->temporary);
    for (uint32_t i = 0; i < first->column_count; i++) {
        enum affinity affinity = first->columns[i].expr->resolved.affinity;
        const char   *name = first->columns[i].name;

        if (affinity <= AFFINITY_NONE)
            affinity = AFFINITY_BLOB;
        schema->columns[i].name =
            copy_name(cg, unique_name(cg, schema, i, name == NULL ? "" : name));
        schema->columns[i].type = copy_name(cg, type_of_affinity(affinity));
        schema->columns[i].affinity = affinity;
        sink.affinities[i] = (char)affinity;
        if (cg->status != STATUS_OK) {
            schema_table_unref(schema);
            return;
        }
    }
    schema->sql = fill_text(cg, schema);
    emit_create(cg, schema);
    desc->name = cg_text(cg, create->name.text);
    sink.sink.plan = cg_plan(cg, create->as_select, false);
    if (sink.sink.plan == NULL)
        return;
    sink.slot = cg_slot(cg);
    cg_emit_p4(cg, OP_BulkOpen, sink.slot, 0, 0, desc);
    cg_produce(cg, sink.sink.plan, &sink.sink);
    cg_emit(cg, OP_BulkEnd, sink.slot, 0, 0);
}

void cg_create_table(struct cg *cg, const struct statement *statement)
{
    const struct create_table *create = statement->create_table;
    struct schema_table       *schema;

    if (!temp_is_plain(cg, &create->schema, create->temporary) ||
        !name_is_free(cg, &create->schema, &create->name, create->if_not_exists))
        return;
    cg_begin_statement(cg, true);
    if (create->as_select != NULL) {
        create_as(cg, create);
        return;
    }
    schema = table_from(cg, statement, create);
    if (schema != NULL)
        emit_create(cg, schema);
}

/* --- views, indexes ----------------------------------------------------------------------------
 */
static struct schema_object *object_new(struct cg *cg, const struct statement *statement,
                                        enum schema_kind kind, const char *what,
                                        const struct name *name, const char *table)
{
    struct schema_object *object = schema_object_new(cg->context->memory, kind);

    if (object == NULL) {
        cg_fail(cg, fail_nomem(cg->err));
        return NULL;
    }
    object->name = copy_name(cg, name->text);
    object->table = copy_name(cg, table);
    object->sql = create_text(cg, statement, what, name);
    return object;
}

static void emit_object(struct cg *cg, struct schema_object *object, struct table *table,
                        struct schema_key *key)
{
    struct object_desc *desc = cg_alloc(cg, sizeof *desc);

    if (object == NULL)
        return;
    if (desc == NULL) {
        schema_object_unref(object);
        return;
    }
    *desc = (struct object_desc){object, table, key};
    cg_emit_p4(cg, OP_CreateObject, 0, 0, 0, desc);
    if (cg->program->failed)
        schema_object_unref(object);
}

void cg_create_view(struct cg *cg, const struct statement *statement)
{
    const struct create_view *create = statement->create_view;
    struct schema_object     *object;

    if (!temp_is_plain(cg, &create->schema, create->temporary) ||
        !name_is_free(cg, &create->schema, &create->name, create->if_not_exists))
        return;
    cg_begin_statement(cg, true);
    object =
        object_new(cg, statement, SCHEMA_VIEW, "CREATE VIEW ", &create->name, create->name.text);
    if (object != NULL)
        object->temporary = is_temporary(&create->schema, create->temporary);
    emit_object(cg, object, NULL, NULL);
}

/* The WHERE of an index is only recorded, but must mean something. */
static bool index_where(struct cg *cg, struct table *table, struct expr *where)
{
    struct resolve_context resolve = {.database = cg->context->database,
                                      .arena = cg->arena,
                                      .sources = cg->context->sources,
                                      .functions = cg->context->functions,
                                      .double_quoted_strings = true};
    struct from_item      *item = cg_row_item(cg, table);

    if (where != NULL && item != NULL)
        cg_fail(cg, resolve_expression(&resolve, where, item, cg->err));
    return cg->status == STATUS_OK;
}

/* The key of CREATE INDEX, in the program's arena: the catalog copies it. */
static struct schema_key *index_key(struct cg *cg, const struct create_index *create,
                                    const struct schema_table *schema)
{
    struct schema_key *key = cg_alloc(cg, sizeof *key);

    if (key == NULL)
        return NULL;
    key->name = cg_text(cg, create->name.text);
    key->column_count = create->term_count;
    key->columns = cg_alloc(cg, (create->term_count + 1) * sizeof *key->columns);
    key->collations = cg_alloc(cg, create->term_count + 1);
    key->descending = cg_alloc(cg, create->term_count + 1);
    key->unique = create->unique;
    key->from_index = true;
    if (cg->status != STATUS_OK)
        return NULL;
    for (uint32_t i = 0; i < create->term_count; i++) {
        const struct expr *expr = create->terms[i].expr, *bare = expr;
        int32_t            column;
        enum collation     collation;

        while (bare->kind == EXPR_COLLATE)
            bare = bare->left;
        if (bare->kind != EXPR_COLUMN) {
            cg_unsupported(cg, bare->position, "an index on an expression");
            return NULL;
        }
        column = cg_find_column(schema, bare->name.text);
        if (column < 0) {
            ddl_fail(cg, &bare->name, "no such column: %s", bare->name.text);
            return NULL;
        }
        key->columns[i] = (uint32_t)column;
        key->descending[i] = create->terms[i].descending;
        key->collations[i] = (uint8_t)schema->columns[column].collation;
        if (expr->kind == EXPR_COLLATE &&
            collation_find(expr->name.text, expr->name.bytes, &collation))
            key->collations[i] = (uint8_t)collation;
    }
    return key;
}

void cg_create_index(struct cg *cg, const struct statement *statement)
{
    const struct create_index *create = statement->create_index;
    struct database           *database = cg->context->database;
    struct name                none = {0}, schema = create->schema;
    struct table              *table;
    struct schema_key         *key;

    if (schema.text == NULL) {
        if (database_find_object(database, SCHEMA_VIEW, create->table.text) != NULL) {
            ddl_fail(cg, &create->table, "views may not be indexed%s", "");
            return;
        }
        schema.text = "main";
    }
    table = cg_target(cg, &schema, &create->table);
    if (table == NULL)
        return;
    if (database_find_object(database, SCHEMA_INDEX, create->name.text) != NULL) {
        if (!create->if_not_exists)
            ddl_fail(cg, &create->name, "index %s already exists", create->name.text);
        return;
    }
    if (database_find_table(database, create->name.text) != NULL) {
        ddl_fail(cg, &create->name, "there is already a table named %s", create->name.text);
        return;
    }
    if (!name_is_free(cg, &none, &create->name, false))
        return;
    if (create->where != NULL && create->unique) {
        cg_unsupported(cg, create->name.position, "a partial unique index");
        return;
    }
    cg_begin_statement(cg, true);
    if (!index_where(cg, table, create->where))
        return;
    key = index_key(cg, create, table_schema(table));
    if (key != NULL)
        emit_object(cg,
                    object_new(cg, statement, SCHEMA_INDEX,
                               create->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ",
                               &create->name, table_schema(table)->name),
                    table, key);
}

/* --- DROP --------------------------------------------------------------------------------------
 */
/* sqlite_autoindex_TABLE_1 and its like: what a UNIQUE or PRIMARY KEY of TABLE is called. */
static bool is_constraint_index(struct cg *cg, const char *name)
{
    static const char          prefix[] = "sqlite_autoindex_";
    const char                *number = strrchr(name, '_');
    const char                *owner;
    const struct table        *table;
    const struct schema_table *schema;
    uint32_t                   keys = 0;

    if (strncasecmp(name, prefix, sizeof prefix - 1) != 0 || number < name + sizeof prefix - 1)
        return false;
    owner = arena_copy_text(cg->arena, name + sizeof prefix - 1,
                            (size_t)(number - name) - (sizeof prefix - 1));
    table = owner == NULL ? NULL : database_find_table(cg->context->database, owner);
    if (table == NULL)
        return false;
    schema = table_schema(table);
    for (uint32_t k = 0; k < schema->key_count; k++)
        keys += !schema->keys[k].from_index;
    return strtoul(number + 1, NULL, 10) - 1 < keys;
}

/* The name with the schema that was written before it. */
static const char *full_name(struct cg *cg, const struct drop *drop)
{
    const char *name = drop->schema.text == NULL
                           ? drop->name.text
                           : arena_printf(cg->arena, "%s.%s", drop->schema.text, drop->name.text);

    if (name == NULL)
        cg_fail(cg, fail_nomem(cg->err));
    return name == NULL ? "" : name;
}

static bool is_there(struct cg *cg, const struct drop *drop, enum schema_kind kind)
{
    struct database            *database = cg->context->database;
    const struct schema_object *object;
    const struct table         *table;

    if (kind == SCHEMA_TABLE) {
        table = database_find_table(database, drop->name.text);
        return table != NULL && schema_holds(drop->schema.text, table_schema(table)->temporary);
    }
    object = database_find_object(database, kind, drop->name.text);
    return object != NULL && schema_holds(drop->schema.text, object->temporary);
}

void cg_drop(struct cg *cg, const struct drop *drop)
{
    bool                     table, view, found;
    static const char *const missing[] = {[SCHEMA_TABLE] = "no such table: %s",
                                          [SCHEMA_INDEX] = "no such index: %s",
                                          [SCHEMA_VIEW] = "no such view: %s",
                                          [SCHEMA_TRIGGER] = "no such trigger: %s"};

    if (!known_schema(cg, &drop->schema))
        return;
    table = is_there(cg, drop, SCHEMA_TABLE);
    view = is_there(cg, drop, SCHEMA_VIEW);
    found = is_there(cg, drop, (enum schema_kind)drop->object);
    if (drop->object == SCHEMA_TABLE && !table && view)
        ddl_fail(cg, &drop->name, "use DROP VIEW to delete view %s", drop->name.text);
    if (drop->object == SCHEMA_VIEW && !view && table)
        ddl_fail(cg, &drop->name, "use DROP TABLE to delete table %s", drop->name.text);
    if (drop->object == SCHEMA_TABLE && catalog_table_name(drop->name.text) != NULL) {
        ddl_fail(cg, &drop->name, "table %s may not be dropped",
                 catalog_table_name(drop->name.text));
        return;
    }
    if (!found && drop->object == SCHEMA_INDEX && is_constraint_index(cg, drop->name.text)) {
        ddl_fail(cg, &drop->name,
                 "index associated with UNIQUE or PRIMARY KEY constraint cannot be dropped%s", "");
        return;
    }
    if (!found) {
        if (!drop->if_exists)
            ddl_fail(cg, &drop->name, missing[drop->object], full_name(cg, drop));
        return;
    }
    if (drop->object == SCHEMA_TABLE && strncasecmp(drop->name.text, "sqlite_", 7) == 0) {
        ddl_fail(cg, &drop->name, "table %s may not be dropped", drop->name.text);
        return;
    }
    cg_begin_statement(cg, true);
    cg_emit_p4(cg, OP_Drop, drop->object, 0, 0, cg_text(cg, drop->name.text));
}
