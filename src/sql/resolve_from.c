/* resolve_from.c - FROM: tables, views, common table expressions, subqueries, table functions and
 * files become items with columns; NATURAL and USING become conditions; stars are expanded. */
#include <assert.h>
#include <string.h>

#include "base/bits.h"
#include "base/str.h"
#include "sql/ast_copy.h"
#include "sql/parse.h"
#include "sql/plan_expr.h"
#include "sql/resolve_internal.h"

enum { LEAVES_MAX = 64 }; /* as in SQLite */

enum status scope_add(struct resolver *r, struct scope *scope, struct from_item *item,
                      struct from_item *operand)
{
    if (scope->leaf_count == LEAVES_MAX)
        return fail_at(r->err, STATUS_ERROR, item->position, "at most %d tables in a join",
                       LEAVES_MAX);
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
    scope->leaves[scope->leaf_count] = (struct leaf){item, operand, scope->leaf_count, false};
    scope->leaf_count++;
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
    if (expr->kind == EXPR_COLUMN && expr->resolved.source != NULL)
        return expr->resolved.column < 0
                   ? "rowid"
                   : expr->resolved.source->column_names[expr->resolved.column];
    return column->name;
}

static bool name_taken(const struct from_item *item, uint32_t count, const char *name)
{
    for (uint32_t i = 0; i < count; i++)
        if (ascii_casecmp(item->column_names[i], name) == 0)
            return true;
    return false;
}

/* The bytes of name before a ":12" at its end. */
static int numbered_base(const char *name)
{
    size_t bytes = strlen(name), i = bytes;

    while (i > 1 && ascii_digit(name[i - 1]))
        i--;
    return (int)(i > 1 && name[i - 1] == ':' ? i - 1 : bytes);
}

/* A name used twice gets ":1", ":2"..., in place of the number that it may have. */
static enum status set_column_name(struct resolver *r, struct from_item *item, uint32_t i,
                                   const char *name)
{
    const char *unique = name;

    if (ascii_casecmp(name, "true") == 0 || ascii_casecmp(name, "false") == 0)
        unique = name = arena_printf(r->arena, "column%u", i + 1);
    if (name == NULL)
        return fail_nomem(r->err);
    for (uint32_t n = 1; name_taken(item, i, unique); n++) {
        unique = arena_printf(r->arena, "%.*s:%u", numbered_base(name), name, n);
        if (unique == NULL)
            return fail_nomem(r->err);
    }
    item->column_names[i] = unique;
    return STATUS_OK;
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

        TRY(set_column_name(r, item, i,
                            names != NULL ? names[i].text : column_base_name(&first->columns[i])));
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

static enum status resolve_from_function(struct resolver *r, struct scope *scope,
                                         struct from_item *item)
{
    const struct source_module *module = find_module(r, item->name);

    if (module == NULL) {
        if (database_find_table(r->context->database, item->name.text) != NULL)
            return fail_at(r->err, STATUS_ERROR, item->position, "'%s' is not a function",
                           item->name.text);
        return fail_at(r->err, STATUS_ERROR, item->position, "no such table: %s", item->name.text);
    }
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

static struct table *find_table(const struct resolver *r, struct name schema, struct name name)
{
    struct table *table = database_find_table(r->context->database, name.text);

    return table != NULL && schema_holds(schema.text, table_schema(table)->temporary) ? table
                                                                                      : NULL;
}

static const struct schema_object *find_view(const struct resolver *r, struct name schema,
                                             struct name name)
{
    const struct schema_object *view =
        database_find_object(r->context->database, SCHEMA_VIEW, name.text);

    return view != NULL && schema_holds(schema.text, view->temporary) ? view : NULL;
}

enum status check_index(struct resolver *r, const struct from_item *item)
{
    if (item->indexed_by.text == NULL ||
        database_find_object(r->context->database, SCHEMA_INDEX, item->indexed_by.text) != NULL)
        return STATUS_OK;
    return fail_at(r->err, STATUS_ERROR, item->indexed_by.position, "no such index: %s",
                   item->indexed_by.text);
}

static enum status resolve_from_name(struct resolver *r, struct scope *scope,
                                     struct from_item *item)
{
    const struct schema_object *view;
    struct with_scope          *where = NULL;
    struct table               *table;
    struct cte *cte = item->schema.text == NULL ? find_cte(r->with, item->name, &where) : NULL;

    if (cte != NULL)
        return resolve_from_cte(r, scope, item, cte, where);
    if (!schema_exists(item->schema))
        return fail_no_table(r, item->position, item->schema, item->name);
    table = find_table(r, item->schema, item->name);
    if (table != NULL) {
        TRY(check_index(r, item));
        return from_item_table(r, item, table);
    }
    view = find_view(r, item->schema, item->name);
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

/* --- NATURAL and USING ------------------------------------------------------------------------ */
static struct expr *new_column(struct resolver *r, struct name name, int32_t position)
{
    struct expr *expr = arena_zalloc(r->arena, sizeof *expr);

    if (expr == NULL)
        return NULL;
    expr->kind = EXPR_COLUMN;
    expr->depth = 1;
    expr->position = position;
    expr->name = name;
    return expr;
}

static struct expr *new_binary(struct resolver *r, enum expr_op op, struct expr *left,
                               struct expr *right)
{
    struct expr *expr = arena_zalloc(r->arena, sizeof *expr);

    if (expr == NULL)
        return NULL;
    expr->kind = EXPR_BINARY;
    expr->op = (uint8_t)op;
    expr->depth = (uint16_t)(1 + (left->depth > right->depth ? left->depth : right->depth));
    expr->position = left->position;
    expr->left = left;
    expr->right = right;
    resolve_type(expr);
    return expr;
}

/* A join's left operand has the leaves [left, right), the other one those from right on. */
struct join_sides {
    uint32_t left, right;
};

/* The first leaf in [from, to) with the column; to if none. */
static uint32_t leaf_with_column(const struct scope *scope, uint32_t from, uint32_t to,
                                 struct name name)
{
    while (from < to && find_column(scope->leaves[from].item, name) < 0)
        from++;
    return from;
}

static bool has_right_join(const struct from_list *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        if (from->items[i]->join & JOIN_TYPE_RIGHT)
            return true;
    return false;
}

/* The left side of USING: the leftmost table's column; where RIGHT or FULL joins may have made it
 * NULL, the coalesce of all that were merged. */
static enum status using_left(struct resolver *r, struct scope *scope, struct join_sides sides,
                              bool merged, struct name name, struct expr **out)
{
    uint32_t     at = leaf_with_column(scope, sides.left, sides.right, name);
    int32_t      position = name.position;
    struct scope left = *scope;

    if (at == sides.right)
        return fail_at(r->err, STATUS_ERROR, position,
                       "cannot join using column %s - column not present in both tables",
                       name.text);
    *out = new_column(r, name, position);
    if (*out == NULL)
        return fail_nomem(r->err);
    if (!merged)
        return bind_column(r, scope, 0, scope->leaves[at].item,
                           find_column(scope->leaves[at].item, name), *out);
    for (uint32_t i = leaf_with_column(scope, at + 1, sides.right, name); i < sides.right;
         i = leaf_with_column(scope, i + 1, sides.right, name)) {
        const struct from_item *operand = scope->leaves[i].operand;

        if (!names_hold(operand->using_names, operand->using_count, name))
            return fail_at(r->err, STATUS_ERROR, position, "ambiguous reference to %s in USING()",
                           name.text);
    }
    left.leaves += sides.left;
    left.leaf_count = sides.right - sides.left;
    left.hidden = false;
    return resolve_column(r, &left, *out);
}

/* NATURAL: the names of the right side's columns that the left side has too. */
static enum status natural_names(struct resolver *r, struct scope *scope, struct join_sides sides,
                                 struct from_item *operand)
{
    uint32_t capacity = 0;

    for (uint32_t l = sides.right; l < scope->leaf_count; l++)
        capacity += scope->leaves[l].item->column_count;
    operand->using_names = arena_zalloc(r->arena, (capacity + 1) * sizeof *operand->using_names);
    if (operand->using_names == NULL)
        return fail_nomem(r->err);
    for (uint32_t l = sides.right; l < scope->leaf_count; l++) {
        const struct from_item *item = scope->leaves[l].item;

        for (uint32_t i = 0; i < item->column_count; i++) {
            struct name name = {.text = item->column_names[i],
                                .bytes = (uint32_t)strlen(item->column_names[i]),
                                .position = operand->position};

            if (leaf_with_column(scope, sides.left, sides.right, name) < sides.right &&
                !names_hold(operand->using_names, operand->using_count, name))
                operand->using_names[operand->using_count++] = name;
        }
    }
    return STATUS_OK;
}

/* merged: there is a RIGHT or FULL join. */
static enum status join_using(struct resolver *r, struct scope *scope, struct join_sides sides,
                              bool merged, struct from_item *operand)
{
    if (operand->join & JOIN_TYPE_NATURAL)
        TRY(natural_names(r, scope, sides, operand));
    for (uint32_t i = 0; i < operand->using_count; i++) {
        struct name  name = operand->using_names[i];
        uint32_t     at = leaf_with_column(scope, sides.right, scope->leaf_count, name);
        struct expr *left = NULL, *right, *equal;

        if (at == scope->leaf_count)
            return fail_at(r->err, STATUS_ERROR, name.position,
                           "cannot join using column %s - column not present in both tables",
                           name.text);
        TRY(using_left(r, scope, sides, merged, name, &left));
        right = new_column(r, name, name.position);
        if (right == NULL)
            return fail_nomem(r->err);
        TRY(bind_column(r, scope, 0, scope->leaves[at].item,
                        find_column(scope->leaves[at].item, name), right));
        equal = new_binary(r, EXPR_OP_EQ, left, right);
        if (equal != NULL && operand->on != NULL)
            equal = new_binary(r, EXPR_OP_AND, operand->on, equal);
        if (equal == NULL)
            return fail_nomem(r->err);
        operand->on = equal;
    }
    return STATUS_OK;
}

/* --- the list --------------------------------------------------------------------------------- */
static enum status resolve_items(struct resolver *r, struct scope *scope, struct from_list *from,
                                 struct from_item *whole);

/* operand: whose join the item's columns take part in. */
static enum status resolve_item(struct resolver *r, struct scope *scope, struct from_item *item,
                                struct from_item *operand)
{
    switch ((enum from_kind)item->kind) {
    case FROM_NESTED:
        return resolve_items(r, scope, item->nested, operand);
    case FROM_SUBQUERY:
        TRY(resolve_from_subquery(r, scope, item));
        break;
    case FROM_FUNCTION:
        TRY(resolve_from_function(r, scope, item));
        break;
    case FROM_TABLE:
    case FROM_FILE:
    case FROM_RECURSION:
        TRY(resolve_from_name(r, scope, item));
        break;
    }
    return scope_add(r, scope, item, operand);
}

/* whole: the nested item that this list is, NULL: the FROM clause. */
static enum status resolve_items(struct resolver *r, struct scope *scope, struct from_list *from,
                                 struct from_item *whole)
{
    struct join_sides sides = {scope->leaf_count, scope->leaf_count};

    TRY(stack_check(r->err, -1));
    for (uint32_t i = 0; i < from->count; i++) {
        struct from_item *item = from->items[i];

        sides.right = scope->leaf_count;
        TRY(resolve_item(r, scope, item, i == 0 && whole != NULL ? whole : item));
        for (uint32_t l = sides.right; item->kind == FROM_NESTED && l < scope->leaf_count; l++)
            scope->leaves[l].nest = sides.right;
        if (i > 0)
            TRY(join_using(r, scope, sides, has_right_join(from), item));
    }
    return STATUS_OK;
}

enum status resolve_from(struct resolver *r, struct scope *scope, struct from_list *from)
{
    scope->hidden = true;
    TRY(resolve_items(r, scope, from, NULL));
    scope->hidden = false;
    return STATUS_OK;
}

static uint32_t count_leaves(const struct from_item *item)
{
    uint32_t count = 0;

    if (item->kind != FROM_NESTED)
        return 1;
    for (uint32_t i = 0; i < item->nested->count; i++)
        count += count_leaves(item->nested->items[i]);
    return count;
}

/* Within parentheses only what stands there can be named. */
static enum status resolve_nested_conditions(struct resolver *r, const struct scope *scope,
                                             struct from_item *item, uint32_t first)
{
    struct scope inner = *scope;

    inner.leaves += first;
    inner.leaf_count = count_leaves(item);
    inner.aliases = false;
    return resolve_conditions(r, &inner, item->nested);
}

struct right_reference {
    const struct scope *scope;
    uint32_t            first; /* leaf that the condition may not name, and those behind it */
    bool                found;
};

static bool visit_right_reference(struct expr *expr, void *data)
{
    struct right_reference *search = data;

    if (expr->kind == EXPR_COLUMN)
        for (uint32_t l = search->first; l < search->scope->leaf_count; l++)
            search->found |= search->scope->leaves[l].item == expr->resolved.source;
    return !search->found;
}

/* The condition of an outer join, and any beside a right join, sees no table that follows. */
static enum status check_right_references(struct resolver *r, const struct scope *scope,
                                          const struct from_list *from,
                                          const struct from_item *item, uint32_t end)
{
    struct right_reference search = {scope, end, false};
    bool                   outer = (item->join & (JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT)) != 0;

    for (uint32_t i = 0; i < from->count; i++)
        outer |= (from->items[i]->join & JOIN_TYPE_RIGHT) != 0;
    if (outer)
        expr_walk(item->on, visit_right_reference, &search);
    return search.found ? fail_at(r->err, STATUS_ERROR, item->on->position,
                                  "ON clause references tables to its right")
                        : STATUS_OK;
}

enum status resolve_conditions(struct resolver *r, struct scope *scope, struct from_list *from)
{
    uint32_t leaf = scope->leaf_count; /* the target of UPDATE stands before those of FROM */

    for (uint32_t i = 0; i < from->count; i++)
        leaf -= count_leaves(from->items[i]);
    for (uint32_t i = 0; i < from->count; i++) {
        struct from_item *item = from->items[i];

        if (item->kind == FROM_NESTED)
            TRY(resolve_nested_conditions(r, scope, item, leaf));
        leaf += count_leaves(item);
        if (item->on == NULL || item->using_count > 0)
            continue;
        TRY(resolve_scalar(r, scope, item->on));
        TRY(check_right_references(r, scope, from, item, leaf));
    }
    return STATUS_OK;
}

/* --- stars ------------------------------------------------------------------------------------ */
struct expansion {
    struct result_column *items;
    uint32_t              count, capacity;
};

static enum status expansion_add(struct resolver *r, struct expansion *expansion,
                                 struct result_column column)
{
    if (expansion->count == parse_limits_default.columns)
        return fail_at(r->err, STATUS_ERROR, column.expr->position,
                       "too many columns in result set");
    if (expansion->count == expansion->capacity) {
        uint32_t              capacity = expansion->capacity == 0 ? 8 : expansion->capacity * 2;
        struct result_column *items = arena_alloc(r->arena, capacity * sizeof *items);

        if (items == NULL)
            return fail_nomem(r->err);
        if (expansion->count > 0)
            memcpy(items, expansion->items, expansion->count * sizeof *items);
        expansion->items = items;
        expansion->capacity = capacity;
    }
    expansion->items[expansion->count++] = column;
    return STATUS_OK;
}

static bool is_hidden(const struct from_item *item, uint32_t column)
{
    return item->catalog_table != NULL &&
           (table_schema(item->catalog_table)->columns[column].flags & COLUMN_HIDDEN) != 0;
}

/* Whether a RIGHT or FULL join further right merges leaf's column with others. */
static bool is_merged_later(const struct scope *scope, uint32_t leaf, struct name name)
{
    bool using_ = false, right = false;

    for (uint32_t i = leaf + 1; i < scope->leaf_count; i++) {
        const struct from_item *operand = scope->leaves[i].operand;

        if (scope->leaves[i].nest != i && scope->leaves[i].nest != scope->leaves[leaf].nest)
            continue; /* joined within other parentheses */

        using_ |= names_hold(operand->using_names, operand->using_count, name);
        right |= (operand->join & JOIN_TYPE_RIGHT) != 0;
    }
    return using_ && right;
}

enum status resolve_nested_name(struct resolver *r, const struct scope *scope, uint32_t l,
                                const char **name)
{
    uint32_t before = 0;

    for (uint32_t i = scope->leaves[l].nest; i < l; i++)
        for (uint32_t c = 0; c < scope->leaves[i].item->column_count; c++)
            before += ascii_casecmp(scope->leaves[i].item->column_names[c], *name) == 0;
    if (before == 0)
        return STATUS_OK;
    *name = arena_printf(r->arena, "%s:%u", *name, before);
    return *name == NULL ? fail_nomem(r->err) : STATUS_OK;
}

/* * means table.column: a table that stands twice under one name makes that ambiguous. */
static enum status check_unambiguous(struct resolver *r, const struct scope *scope, uint32_t l,
                                     struct name column)
{
    const struct from_item *item = scope->leaves[l].item;

    for (uint32_t i = 0; i < scope->leaf_count; i++) {
        const struct from_item *other = scope->leaves[i].item;

        if (i == l || item->display == NULL || other->display == NULL ||
            ascii_casecmp(item->display, other->display) != 0 || find_column(other, column) < 0)
            continue;
        if (names_hold(scope->leaves[i > l ? i : l].operand->using_names,
                       scope->leaves[i > l ? i : l].operand->using_count, column))
            continue; /* joined by USING: the same value */
        return fail_at(r->err, STATUS_ERROR, column.position, "ambiguous column name: %s%s.%s",
                       item->alias.text == NULL && item->catalog_table != NULL ? "main." : "",
                       item->display, column.text);
    }
    return STATUS_OK;
}

/* What a change does to a star's column.  *skip: nothing is left of it. */
static enum status apply_changes(struct resolver *r, const struct expr *star, struct name name,
                                 struct result_column *column, bool *skip)
{
    *skip = false;
    for (struct star_change *change = star->changes; change != NULL; change = change->next) {
        if (!name_equal(change->name, name))
            continue;
        change->used = true;
        switch ((enum star_change_kind)change->kind) {
        case STAR_EXCLUDE:
            *skip = true;
            break;
        case STAR_RENAME:
            column->alias = change->to;
            column->name = change->to.text;
            column->unresolved = new_column(r, name, star->position);
            if (column->unresolved == NULL)
                return fail_nomem(r->err);
            break;
        case STAR_REPLACE:
            TRY(ast_copy_expr(r->arena, change->expr, &column->expr, r->err));
            column->alias = name;
            column->name = NULL; /* resolved with the other results */
            break;
        }
    }
    return STATUS_OK;
}

static enum status check_changes(struct resolver *r, const struct expr *star)
{
    static const char *const words[] = {"EXCLUDE", "RENAME", "REPLACE"};

    for (const struct star_change *change = star->changes; change != NULL; change = change->next)
        if (!change->used)
            return fail_at(r->err, STATUS_ERROR, change->name.position,
                           "no such column: %s (in %s)", change->name.text, words[change->kind]);
    return STATUS_OK;
}

/* The columns of one leaf; for * (not table.*), USING columns stand once. */
static enum status expand_leaf(struct resolver *r, struct scope *scope, uint32_t l,
                               const struct expr *star, struct expansion *expansion)
{
    bool                    all = star->table.text == NULL, skip;
    int32_t                 position = star->position;
    struct from_item       *item = scope->leaves[l].item;
    const struct from_item *operand = scope->leaves[l].operand;

    for (uint32_t i = 0; i < item->column_count; i++) {
        struct name          name = {.text = item->column_names[i],
                                     .bytes = (uint32_t)strlen(item->column_names[i]),
                                     .position = position};
        struct result_column column = {.name = item->column_names[i]};

        if (is_hidden(item, i) ||
            (all && l > 0 && names_hold(operand->using_names, operand->using_count, name)))
            continue;
        TRY(resolve_nested_name(r, scope, l, &column.name));
        TRY(check_unambiguous(r, scope, l, name));
        column.expr = new_column(r, name, position);
        if (column.expr == NULL)
            return fail_nomem(r->err);
        column.expr->source_text = name.text;
        column.expr->source_bytes = name.bytes;
        if (is_merged_later(scope, l, name))
            TRY(resolve_column(r, scope, column.expr));
        else
            TRY(bind_column(r, scope, 0, item, (int32_t)i, column.expr));
        TRY(apply_changes(r, star, name, &column, &skip));
        if (!skip)
            TRY(expansion_add(r, expansion, column));
    }
    return STATUS_OK;
}

static enum status expand_star(struct resolver *r, struct scope *scope, const struct expr *star,
                               struct expansion *expansion)
{
    bool found = false;

    for (uint32_t l = 0; l < scope->leaf_count; l++) {
        const struct from_item *item = scope->leaves[l].item;

        if (star->table.text != NULL &&
            (item->display == NULL || ascii_casecmp(item->display, star->table.text) != 0))
            continue;
        found = true;
        TRY(expand_leaf(r, scope, l, star, expansion));
    }
    if (found)
        return check_changes(r, star);
    if (star->table.text != NULL)
        return fail_at(r->err, STATUS_ERROR, star->position, "no such table: %s", star->table.text);
    return fail_at(r->err, STATUS_ERROR, star->position, "no tables specified");
}

enum status expand_stars(struct resolver *r, struct scope *scope, struct select *select)
{
    struct expansion expansion = {0};
    bool             any = false;

    for (uint32_t i = 0; i < select->column_count; i++)
        any |= select->columns[i].expr->kind == EXPR_STAR;
    if (!any)
        return STATUS_OK;
    for (uint32_t i = 0; i < select->column_count; i++) {
        if (select->columns[i].expr->kind == EXPR_STAR)
            TRY(expand_star(r, scope, select->columns[i].expr, &expansion));
        else
            TRY(expansion_add(r, &expansion, select->columns[i]));
    }
    select->columns = expansion.items;
    select->column_count = expansion.count;
    select->column_capacity = expansion.capacity;
    return STATUS_OK;
}
