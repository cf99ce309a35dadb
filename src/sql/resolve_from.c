/* resolve_from.c - FROM: tables, views, common table expressions, subqueries, table functions and
 * files become items with columns. */
#include <assert.h>
#include <string.h>

#include "base/bits.h"
#include "base/str.h"
#include "sql/ast_copy.h"
#include "sql/parse.h"
#include "sql/plan_expr.h"
#include "sql/resolve_internal.h"

enum status scope_add(struct resolver *r, struct scope *scope, struct from_item *item)
{
    if (item->kind != FROM_NESTED && scope->table_count++ == TABLES_MAX)
        return fail_at(r->err, STATUS_ERROR, item->position, "at most %d tables in a join",
                       TABLES_MAX);
    if (scope->leaf_count == scope->leaf_capacity) {
        uint32_t     capacity = scope->leaf_capacity == 0 ? 4 : scope->leaf_capacity * 2;
        struct leaf *leaves = arena_alloc(r->arena, capacity * sizeof *leaves);

        if (leaves == NULL)
            return fail_nomem(r->err);
        if (scope->leaf_count > 0)
            memcpy(leaves, scope->leaves, scope->leaf_count * sizeof *leaves);
        scope->leaves = leaves;
        scope->leaf_capacity = capacity;
    }
    scope->leaves[scope->leaf_count++] = (struct leaf){.item = item};
    return STATUS_OK;
}

enum status from_item_columns(struct resolver *r, struct from_item *item, uint32_t count)
{
    size_t room = count == 0 ? 1 : count;

    item->column_count = count;
    item->column_names = arena_zalloc(r->arena, room * sizeof *item->column_names);
    item->column_affinities = arena_zalloc(r->arena, room);
    item->column_collations = arena_zalloc(r->arena, room);
    item->columns_used = arena_zalloc(r->arena, bits_words(room) * sizeof *item->columns_used);
    if (item->column_names == NULL || item->column_affinities == NULL ||
        item->column_collations == NULL || item->columns_used == NULL)
        return fail_nomem(r->err);
    item->number = r->item_number++;
    item->display = item->alias.text != NULL ? item->alias.text : item->name.text;
    return STATUS_OK;
}

enum status from_item_table(struct resolver *r, struct from_item *item, struct table *table)
{
    const struct schema_table *schema = table_schema(table);

    item->kind = FROM_TABLE;
    item->catalog_table = table;
    TRY(from_item_columns(r, item, schema->column_count));
    for (uint32_t i = 0; i < schema->column_count; i++) {
        item->column_names[i] = schema->columns[i].name;
        item->column_affinities[i] = (uint8_t)schema->columns[i].affinity;
        item->column_collations[i] = (uint8_t)schema->columns[i].collation;
    }
    return STATUS_OK;
}

/* --- subqueries ------------------------------------------------------------------------------- */
/* A column's name as part of a table: the alias, the column it is, or its text. */
static const char *column_base_name(const struct result_column *column)
{
    const struct expr *expr = column->expr;

    if (column->alias.text != NULL)
        return column->alias.text;
    while (expr->kind == EXPR_COLLATE)
        expr = expr->left;
    if (expr->kind == EXPR_LITERAL && expr->name.text != NULL)
        return expr->name.text; /* "x" that is no column */
    if (column->of_star)
        return column->name;
    if (expr->kind == EXPR_COLUMN && expr->resolved.source != NULL)
        return expr->resolved.column < 0
                   ? "rowid"
                   : expr->resolved.source->column_names[expr->resolved.column];
    return column->name;
}

int numbered_base(const char *name)
{
    size_t bytes = strlen(name), i = bytes;

    while (i > 1 && ascii_digit(name[i - 1]))
        i--;
    return (int)(i > 1 && name[i - 1] == ':' ? i - 1 : bytes);
}

enum status unique_name(struct resolver *r, const struct from_item *item, uint32_t i,
                        const char **name, struct nested_column *nested)
{
    const char *given = *name;
    uint32_t    at = 0;

    if (ascii_casecmp(given, "true") == 0 || ascii_casecmp(given, "false") == 0)
        *name = given = arena_printf(r->arena, "column%u", i + 1);
    for (uint32_t n = 1; *name != NULL; n++) {
        for (at = 0; at < i && ascii_casecmp(item->column_names[at], *name) != 0;)
            at++;
        if (at == i)
            return STATUS_OK;
        if (nested != NULL)
            nested[i].unlisted |= nested[at].merged;
        *name = arena_printf(r->arena, "%.*s:%u", numbered_base(given), given, n);
    }
    return fail_nomem(r->err);
}

/* names: given ones (a column list), NULL: the select's own. */
static enum status take_columns(struct resolver *r, struct from_item *item,
                                const struct name *names)
{
    const struct select *select = item->recursion != NULL ? item->recursion : item->select;
    const struct select *first = select;

    while (first->prior != NULL)
        first = first->prior;
    TRY(from_item_columns(r, item, first->column_count));
    for (uint32_t i = 0; i < first->column_count; i++) {
        const struct expr *expr = first->columns[i].expr;
        const char *name = names != NULL ? names[i].text : column_base_name(&first->columns[i]);

        TRY(unique_name(r, item, i, &name, NULL));
        item->column_names[i] = name;
        item->column_affinities[i] =
            (uint8_t)select_column_affinity(item->recursion != NULL ? first : select, i);
        item->column_collations[i] =
            expr->resolved.collation_known ? expr->resolved.collation : COLLATION_BINARY;
    }
    return STATUS_OK;
}

static enum status resolve_from_subquery(struct resolver *r, struct scope *scope,
                                         struct from_item *item)
{
    TRY(resolve_select(r, item->select, scope));
    return take_columns(r, item, NULL);
}

/* --- common table expressions ----------------------------------------------------------------- */
static struct cte *find_cte(struct with_scope *with, struct name name, struct with_scope **where)
{
    for (; with != NULL; with = with->outer)
        for (struct cte *cte = with->first; cte != NULL; cte = cte->next)
            if (name_equal(cte->name, name)) {
                *where = with;
                return cte;
            }
    return NULL;
}

static struct cte_progress *find_cte_progress(const struct resolver *r, const struct cte *cte)
{
    struct cte_progress *progress = r->progress;

    while (progress != NULL && progress->cte != cte)
        progress = progress->outer;
    return progress;
}

/* Does the last term of head name cte in its FROM, where a recursion may? */
static bool is_recursive(const struct select *head, const struct cte *cte)
{
    for (uint32_t i = 0; i < head->from.count; i++)
        if (head->from.items[i]->schema.text == NULL && head->from.items[i]->name.text != NULL &&
            name_equal(head->from.items[i]->name, cte->name))
            return true;
    return false;
}

/* A reference to the table that is being defined: legal once in the FROM of each of its last terms,
 * behind a term without one. Its columns are those of the leftmost term, which is resolved by now.
 */
static enum status resolve_from_recursion(struct resolver *r, struct scope *scope,
                                          struct from_item          *item,
                                          const struct cte_progress *progress)
{
    struct select       *head = progress->select, *term = scope->select;
    const struct select *first = head;
    const struct cte    *cte = progress->cte;

    if (head->op != COMPOUND_UNION && head->op != COMPOUND_UNION_ALL)
        return fail_at(r->err, STATUS_ERROR, item->position, "circular reference: %s",
                       cte->name.text);
    if (scope->head != head || term->prior == NULL)
        return fail_at(r->err, STATUS_ERROR, item->position,
                       scope->head != head && is_recursive(head, cte)
                           ? "multiple recursive references: %s"
                           : "circular reference: %s",
                       cte->name.text);
    if (term->recursion != NULL)
        return fail_at(r->err, STATUS_ERROR, item->position,
                       "multiple references to recursive table: %s", cte->name.text);
    while (first->prior != NULL)
        first = first->prior;
    if (cte->column_count > 0 && cte->column_count != first->column_count)
        return fail_at(r->err, STATUS_ERROR, cte->name.position,
                       "table %s has %u values for %u columns", cte->name.text, first->column_count,
                       cte->column_count);
    if (head->first_recursive == NULL)
        head->first_recursive = term;
    term->recursion = item;
    item->kind = FROM_RECURSION;
    item->cte = (struct cte *)cte;
    item->recursion = head;
    return take_columns(r, item, cte->column_count > 0 ? cte->columns : NULL);
}

/* Behind the first recursive term all are recursive, joined by the same operator; none aggregates.
 */
static enum status check_recursion(struct resolver *r, const struct cte *cte,
                                   const struct select *head)
{
    if (head->first_recursive == NULL)
        return STATUS_OK;
    for (const struct select *term = head;; term = term->prior) {
        if (term->recursion == NULL || term->op != head->op)
            return fail_at(r->err, STATUS_ERROR, cte->name.position, "circular reference: %s",
                           cte->name.text);
        if (term->is_aggregate)
            return fail_at(r->err, STATUS_ERROR, term->position,
                           "recursive aggregate queries not supported");
        if (term == head->first_recursive)
            break;
    }
    return STATUS_OK;
}

static enum status resolve_from_cte(struct resolver *r, struct scope *scope, struct from_item *item,
                                    struct cte *cte, struct with_scope *where)
{
    struct cte_progress  progress = {r->progress, cte, NULL, NULL};
    struct cte_progress *defining = find_cte_progress(r, cte);
    struct with_scope   *with = r->with;

    if (defining != NULL)
        return resolve_from_recursion(r, scope, item, defining);
    item->kind = FROM_SUBQUERY;
    item->cte = cte;
    TRY(ast_copy_select(r->arena, cte->select, &item->select, r->err));
    cte->references++;
    item->next_reference = cte->first_reference;
    cte->first_reference = item;
    r->with = where;
    r->progress = &progress;
    progress.select = item->select;
    TRY(resolve_select(r, item->select, scope));
    TRY(check_recursion(r, cte, item->select));
    r->with = with;
    r->progress = progress.outer;
    if (cte->column_count > 0 && cte->column_count != item->select->column_count)
        return fail_at(r->err, STATUS_ERROR, cte->name.position,
                       "table %s has %u values for %u columns", cte->name.text,
                       item->select->column_count, cte->column_count);
    return take_columns(r, item, cte->column_count > 0 ? cte->columns : NULL);
}

/* --- views ------------------------------------------------------------------------------------ */
static enum status check_view_progress(struct resolver *r, const char *name)
{
    uint32_t depth = 0;

    for (const struct cte_progress *p = r->progress; p != NULL; p = p->outer) {
        if (p->view != NULL && ascii_casecmp(p->view, name) == 0)
            return fail(r->err, STATUS_ERROR, "view %s is circularly defined", name);
        if (++depth > VIEW_DEPTH_MAX)
            return fail(r->err, STATUS_ERROR, "views are nested too deeply: %s", name);
    }
    return STATUS_OK;
}

static enum status resolve_from_view(struct resolver *r, struct from_item *item,
                                     const struct schema_object *view)
{
    struct cte_progress     progress = {r->progress, NULL, view->name, NULL};
    struct with_scope      *with = r->with;
    struct reference_track *track = r->track;
    struct statement       *statement;
    struct create_view     *definition;
    size_t                  tail;

    TRY(check_view_progress(r, view->name));
    TRY(parse_statement(view->sql, strlen(view->sql), &parse_limits_default, r->arena, &statement,
                        &tail, r->err));
    if (statement->kind != STATEMENT_CREATE_VIEW)
        return fail(r->err, STATUS_CORRUPT, "malformed database schema (%s)", view->name);
    definition = statement->create_view;
    item->kind = FROM_SUBQUERY;
    item->select = definition->select;
    item->temporary = view->temporary;
    r->with = NULL;
    r->track = NULL;
    r->progress = &progress;
    TRY(resolve_select(r, item->select, NULL));
    r->with = with;
    r->track = track;
    r->progress = progress.outer;
    if (definition->column_count > 0 && definition->column_count != item->select->column_count)
        return fail(r->err, STATUS_ERROR, "expected %u columns for '%s' but got %u",
                    definition->column_count, view->name, item->select->column_count);
    return take_columns(r, item, definition->column_count > 0 ? definition->columns : NULL);
}

/* --- table functions and files ---------------------------------------------------------------- */
static bool name_is_known(const struct scope *scope, struct name name)
{
    for (; scope != NULL; scope = scope->outer)
        for (uint32_t i = 0; i < scope->leaf_count; i++)
            if (find_column(scope->leaves[i].item, name) >= 0)
                return true;
    return false;
}

/* f(name = value), where name is no column in sight: the name is taken off. */
static enum status split_named_arguments(struct resolver *r, const struct scope *scope,
                                         struct from_item *item)
{
    struct expr_list *list = &item->arguments;

    item->argument_names = arena_zalloc(r->arena, (list->count + 1) * sizeof *item->argument_names);
    if (item->argument_names == NULL)
        return fail_nomem(r->err);
    for (uint32_t i = 0; i < list->count; i++) {
        struct expr *expr = list->items[i];

        if (expr->kind == EXPR_BINARY &&
            (expr->op == EXPR_OP_ASSIGN ||
             (expr->op == EXPR_OP_EQ && expr->left->kind == EXPR_COLUMN &&
              expr->left->table.text == NULL && !name_is_known(scope, expr->left->name)))) {
            item->argument_names[i] = expr->left->name.text;
            list->items[i] = expr->right;
        } else if (i > 0 && item->argument_names[i - 1] != NULL) {
            return fail_at(r->err, STATUS_ERROR, expr->position,
                           "a positional argument follows a named one");
        }
    }
    return STATUS_OK;
}

/* The value of a resolved argument that is written as a literal, NULL otherwise. */
static struct value argument_value(const struct expr *expr, bool *known)
{
    *known = true;
    if (expr->kind == EXPR_LITERAL)
        return expr->value;
    if (expr->kind == EXPR_UNARY && expr->left->kind == EXPR_LITERAL) {
        const struct value *v = &expr->left->value;

        if (expr->op == EXPR_OP_PLUS)
            return *v;
        if (expr->op == EXPR_OP_NEGATE && v->class_ == CLASS_INTEGER && v->i != INT64_MIN)
            return value_int(-v->i);
        if (expr->op == EXPR_OP_NEGATE && v->class_ == CLASS_REAL)
            return value_real(-v->r);
    }
    *known = false;
    return value_null();
}

static enum status bind_source(struct resolver *r, struct from_item *item,
                               const struct source_module *module)
{
    struct source_context   own = {.database = r->context->database, .memory = r->arena->memory};
    struct source_arguments arguments = {.count = item->arguments.count,
                                         .names = item->argument_names};
    const struct source_column *columns;
    struct value               *values;
    uint32_t                    count;

    values = arena_zalloc(r->arena, (arguments.count + 1) * sizeof *values);
    if (values == NULL)
        return fail_nomem(r->err);
    for (uint32_t i = 0; i < arguments.count; i++) {
        bool known;

        values[i] = argument_value(item->arguments.items[i], &known);
        if (!known && module->needs_constants)
            return fail_at(r->err, STATUS_ERROR, item->arguments.items[i]->position,
                           "%s: arguments must be literals", module->name);
    }
    arguments.values = values;
    TRY(module->bind(r->context->source_context != NULL ? r->context->source_context : &own,
                     &arguments, r->context->kept != NULL ? r->context->kept : r->arena, &count,
                     &columns, &item->source_state, r->err));
    item->source_module = module;
    TRY(from_item_columns(r, item, count));
    for (uint32_t i = 0; i < count; i++) {
        item->column_names[i] = columns[i].name;
        item->column_affinities[i] =
            (uint8_t)affinity_of_type(columns[i].type, strlen(columns[i].type));
        item->column_collations[i] = COLLATION_BINARY;
    }
    return STATUS_OK;
}

static const struct source_module *find_module(const struct resolver *r, struct name name)
{
    return r->context->sources == NULL ? NULL
                                       : source_find(r->context->sources, name.text, name.bytes);
}

static struct table *find_table(const struct resolver *r, struct name schema, struct name name)
{
    struct table *table = database_find_table(r->context->database, name.text);

    return table != NULL && schema_holds(schema.text, table_schema(table)->temporary) ? table
                                                                                      : NULL;
}

static enum status fail_no_table(struct resolver *r, int32_t position, struct name schema,
                                 struct name name)
{
    const struct cte_progress *progress = r->progress;

    while (progress != NULL && progress->view == NULL)
        progress = progress->outer;
    if (schema.text == NULL && progress != NULL)
        schema.text = "main"; /* where the names of a view are looked for */
    return fail_at(r->err, STATUS_ERROR, position, "no such table: %s%s%s",
                   schema.text != NULL ? schema.text : "", schema.text != NULL ? "." : "",
                   name.text);
}

bool schema_holds(const char *schema, bool temporary)
{
    return schema == NULL || ascii_casecmp(schema, temporary ? "temp" : "main") == 0;
}

static const struct schema_object *find_view(const struct resolver *r, struct name schema,
                                             struct name name)
{
    const struct schema_object *view =
        database_find_object(r->context->database, SCHEMA_VIEW, name.text);

    return view != NULL && schema_holds(schema.text, view->temporary) ? view : NULL;
}

enum status check_index(struct resolver *r, const struct from_item *item, const struct table *table)
{
    const struct schema_table *schema = table != NULL ? table_schema(table) : NULL;

    if (item->indexed_by.text == NULL)
        return STATUS_OK;
    for (uint32_t k = 0; schema != NULL && k < schema->key_count; k++) {
        char name[SCHEMA_INDEX_NAME_CAP];

        schema_index_name(schema, k, name, sizeof name);
        if (ascii_casecmp(name, item->indexed_by.text) == 0)
            return STATUS_OK;
    }
    return fail_at(r->err, STATUS_ERROR, item->indexed_by.position, "no such index: %s",
                   item->indexed_by.text);
}

static enum status resolve_from_function(struct resolver *r, struct scope *scope,
                                         struct from_item *item)
{
    const struct source_module *module = find_module(r, item->name);

    if (module == NULL) {
        if (find_table(r, item->schema, item->name) != NULL ||
            find_view(r, item->schema, item->name) != NULL)
            return fail_at(r->err, STATUS_ERROR, item->position, "'%s' is not a function",
                           item->name.text);
        return fail_no_table(r, item->position, item->schema, item->name);
    }
    TRY(check_index(r, item, NULL));
    item->kind = FROM_FUNCTION;
    TRY(split_named_arguments(r, scope, item));
    scope->hidden = false; /* the items to the left can be named */
    TRY(resolve_list(r, scope, &item->arguments));
    scope->hidden = true;
    return bind_source(r, item, module);
}

/* temp.sqlite_schema is a table of its own. */
static enum status resolve_temp_catalog(struct resolver *r, struct scope *scope,
                                        struct from_item *item)
{
    item->display = item->name.text;
    item->name.text = "sqlite_temp_schema";
    item->name.bytes = (uint32_t)strlen(item->name.text);
    return resolve_from_function(r, scope, item);
}

static enum status resolve_from_file(struct resolver *r, struct from_item *item)
{
    struct expr *path = arena_zalloc(r->arena, sizeof *path);

    item->arguments.items = arena_alloc(r->arena, sizeof *item->arguments.items);
    item->argument_names = arena_zalloc(r->arena, sizeof *item->argument_names);
    if (path == NULL || item->arguments.items == NULL || item->argument_names == NULL)
        return fail_nomem(r->err);
    path->kind = EXPR_LITERAL;
    path->depth = 1;
    path->position = item->position;
    path->value = value_text(item->name.text, item->name.bytes);
    resolve_type(path);
    item->arguments.items[0] = path;
    item->arguments.count = item->arguments.capacity = 1;
    item->kind = FROM_FILE;
    return bind_source(r, item, r->context->sources->file_reader);
}

/* --- names of tables -------------------------------------------------------------------------- */
static bool schema_exists(struct name schema)
{
    return schema.text == NULL || ascii_equal(schema.text, schema.bytes, "main", 4) ||
           ascii_equal(schema.text, schema.bytes, "temp", 4);
}

static enum status resolve_from_name(struct resolver *r, struct scope *scope,
                                     struct from_item *item)
{
    const struct schema_object *view;
    struct with_scope          *where = NULL;
    struct table               *table;
    struct cte *cte = item->schema.text == NULL ? find_cte(r->with, item->name, &where) : NULL;

    if (cte != NULL) {
        if (item->indexed_by.text != NULL)
            return fail_at(r->err, STATUS_ERROR, item->indexed_by.position, "no such index: \"%s\"",
                           item->indexed_by.text);
        return resolve_from_cte(r, scope, item, cte, where);
    }
    if (!schema_exists(item->schema))
        return fail_no_table(r, item->position, item->schema, item->name);
    table = find_table(r, item->schema, item->name);
    view = find_view(r, item->schema, item->name);
    if (table != NULL || view != NULL)
        TRY(check_index(r, item, table));
    if (table != NULL)
        return from_item_table(r, item, table);
    if (view != NULL)
        return resolve_from_view(r, item, view);
    if (ascii_equal(item->schema.text, item->schema.bytes, "temp", 4) &&
        (ascii_casecmp(item->name.text, "sqlite_schema") == 0 ||
         ascii_casecmp(item->name.text, "sqlite_master") == 0))
        return resolve_temp_catalog(r, scope, item);
    if (find_module(r, item->name) != NULL)
        return resolve_from_function(r, scope, item);
    if (item->kind == FROM_FILE && r->context->sources != NULL &&
        r->context->sources->file_reader != NULL)
        return resolve_from_file(r, item);
    return fail_no_table(r, item->position, item->schema, item->name);
}

const char *catalog_table_name(const char *name)
{
    if (ascii_casecmp(name, "sqlite_schema") == 0 || ascii_casecmp(name, "sqlite_master") == 0)
        return "sqlite_master";
    if (ascii_casecmp(name, "sqlite_temp_schema") == 0 ||
        ascii_casecmp(name, "sqlite_temp_master") == 0)
        return "sqlite_temp_master";
    return NULL;
}

enum status resolve_target(struct resolver *r, struct name schema, struct name name,
                           struct table **table)
{
    *table = find_table(r, schema, name);
    if (*table != NULL)
        return STATUS_OK;
    if (find_view(r, schema, name) != NULL)
        return fail_at(r->err, STATUS_ERROR, name.position, "cannot modify %s because it is a view",
                       name.text);
    if (schema_exists(schema) && find_module(r, name) != NULL)
        return fail_at(r->err, STATUS_ERROR, name.position, "table %s may not be modified",
                       catalog_table_name(name.text) != NULL ? catalog_table_name(name.text)
                                                             : name.text);
    return fail_no_table(r, name.position, schema, name);
}

enum status resolve_from_item(struct resolver *r, struct scope *scope, struct from_item *item)
{
    switch ((enum from_kind)item->kind) {
    case FROM_NESTED:
        break; /* resolve_join.c */
    case FROM_SUBQUERY:
        return resolve_from_subquery(r, scope, item);
    case FROM_FUNCTION:
        return resolve_from_function(r, scope, item);
    case FROM_TABLE:
    case FROM_FILE:
    case FROM_RECURSION:
        return resolve_from_name(r, scope, item);
    }
    assert(false);
    return STATUS_OK;
}
