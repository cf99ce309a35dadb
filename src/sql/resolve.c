/* resolve.c - selects and statements: which clause sees which names. */
#include "sql/resolve.h"

#include <assert.h>
#include <string.h>

#include "base/number.h"
#include "base/str.h"
#include "sql/ast_copy.h"
#include "sql/resolve_internal.h"

/* --- positions -------------------------------------------------------------------------------- */
static const char *ordinal_suffix(uint32_t n)
{
    if (n % 100 >= 11 && n % 100 <= 13)
        return "th";
    return n % 10 == 1 ? "st" : n % 10 == 2 ? "nd" : n % 10 == 3 ? "rd" : "th";
}

/* A term that is an integer of 32 bits means a result column; 0xffffffffffffffff is more. */
static bool is_position(const struct expr *expr, int64_t *position)
{
    bool negative = false;

    while (expr->kind == EXPR_UNARY && (expr->op == EXPR_OP_NEGATE || expr->op == EXPR_OP_PLUS)) {
        negative ^= expr->op == EXPR_OP_NEGATE;
        expr = expr->left;
    }
    if (expr->kind != EXPR_LITERAL || expr->value.class_ != CLASS_INTEGER ||
        expr->value.i > INT32_MAX || expr->value.i < 0)
        return false;
    *position = negative ? -expr->value.i : expr->value.i;
    return true;
}

static enum status check_position(struct resolver *r, const struct expr *expr, const char *clause,
                                  uint32_t term, int64_t position, uint32_t columns)
{
    if (position >= 1 && position <= columns)
        return STATUS_OK;
    return fail_at(r->err, STATUS_ERROR, expr->position,
                   "%u%s %s BY term out of range - should be between 1 and %u", term + 1,
                   ordinal_suffix(term + 1), clause, columns);
}

/* Puts meaning below the COLLATEs of *expr. */
static void replace_below_collate(struct expr **expr, struct expr *meaning)
{
    if ((*expr)->kind != EXPR_COLLATE) {
        *expr = meaning;
        return;
    }
    replace_below_collate(&(*expr)->left, meaning);
    resolve_type(*expr);
}

/* Checks the names of the COLLATEs on top of expr. */
static enum status check_collates(struct resolver *r, const struct expr *expr)
{
    enum collation collation;

    for (; expr->kind == EXPR_COLLATE; expr = expr->left)
        if (!collation_find(expr->name.text, expr->name.bytes, &collation))
            return fail_at(r->err, STATUS_ERROR, expr->name.position,
                           "no such collation sequence: %s", expr->name.text);
    return STATUS_OK;
}

static enum status bind_term(struct resolver *r, struct select *select, struct order_term *term,
                             uint32_t column)
{
    TRY(check_collates(r, term->expr));
    term->result_column = column + 1;
    replace_below_collate(&term->expr, select->columns[column].expr);
    return STATUS_OK;
}

/* --- ORDER BY, GROUP BY ----------------------------------------------------------------------- */
static bool is_plain_name(const struct expr *expr)
{
    return expr->kind == EXPR_COLUMN && expr->table.text == NULL;
}

/* The result column that is the same expression; -1: none. */
static int32_t same_result(const struct select *select, const struct expr *expr)
{
    for (uint32_t i = 0; i < select->column_count; i++)
        if (expr_same(select->columns[i].expr, expr))
            return (int32_t)i;
    return -1;
}

/* An alias comes before a column of that name here, and only here. */
static enum status resolve_order_term(struct resolver *r, struct scope *scope, uint32_t i)
{
    struct select     *select = scope->select;
    struct order_term *term = &select->order_by.terms[i];
    struct expr       *expr = expr_skip_collate(term->expr);
    int32_t            column = is_plain_name(expr) ? find_alias(select, expr->name) : -1;
    int64_t            position;

    if (column >= 0)
        return bind_term(r, select, term, (uint32_t)column);
    if (is_position(expr, &position)) {
        TRY(check_position(r, expr, "ORDER", i, position, select->column_count));
        return bind_term(r, select, term, (uint32_t)position - 1);
    }
    TRY(resolve_scalar(r, scope, term->expr));
    term->result_column = (uint32_t)(same_result(select, expr_skip_collate(term->expr)) + 1);
    return STATUS_OK;
}

static enum status resolve_group_term(struct resolver *r, struct scope *scope, uint32_t i)
{
    struct select *select = scope->select;
    struct expr  **term = &select->group_by.items[i];
    struct expr   *expr = expr_skip_collate(*term);
    int64_t        position;

    scope->before_groups = !is_plain_name(*term); /* no alias of an aggregate within a term */
    if (!is_position(expr, &position))
        return resolve_scalar(r, scope, *term);
    TRY(check_position(r, expr, "GROUP", i, position, select->column_count));
    TRY(check_collates(r, *term));
    replace_below_collate(term, select->columns[position - 1].expr);
    return STATUS_OK;
}

static enum status check_group_term(struct resolver *r, const struct scope *scope,
                                    const struct expr *term)
{
    const struct expr *aggregate = find_aggregate(scope->select, term, true);
    const struct expr *window = find_window_ref(term);

    if (aggregate != NULL && term->kind == EXPR_COLLATE) /* above a column's number */
        return fail_at(r->err, STATUS_ERROR, aggregate->position, "misuse of aggregate: %s()",
                       scope->select->aggregates[aggregate->resolved.column]->name.text);
    if (aggregate != NULL)
        return fail_at(r->err, STATUS_ERROR, term->position, "%s", scope->aggregate_refusal);
    if (window != NULL)
        return fail_window_misuse(
            r, window->resolved.window->calls[window->resolved.column]->name.text,
            window->position);
    return STATUS_OK;
}

static enum status resolve_group_by(struct resolver *r, struct scope *scope)
{
    struct select *select = scope->select;

    TRY(group_expand(r, select));
    scope->aggregate_refusal = "aggregate functions are not allowed in the GROUP BY clause";
    for (uint32_t i = 0; i < select->group_by.count; i++) {
        TRY(resolve_group_term(r, scope, i));
        TRY(check_group_term(r, scope, select->group_by.items[i]));
    }
    scope->before_groups = false;
    scope->aggregate_refusal = NULL;
    group_merge(select);
    return STATUS_OK;
}

/* --- results ---------------------------------------------------------------------------------- */
/* A column's own name; that of the rowid is its alias's, if it has one. */
static const char *bound_name(const struct expr *expr)
{
    const struct from_item *item = expr->resolved.source;
    int32_t                 column = expr->resolved.column;

    if (column < 0 && item->catalog_table != NULL)
        column = table_schema(item->catalog_table)->rowid_column;
    return column < 0 ? "rowid" : item->column_names[column];
}

/* "column1" is the first; every INSERT of VALUES has them.  NULL: memory. */
static const char *values_name(struct arena *arena, uint32_t number)
{
    char   text[6 + NUMBER_TEXT_CAP] = "column";
    size_t digits = number_from_int(number, text + 6);

    return arena_copy_text(arena, text, 6 + digits);
}

enum status name_result(struct resolver *r, struct scope *scope, uint32_t i, const char *nested)
{
    struct result_column *column = &scope->select->columns[i];
    const struct expr    *expr = column->expr;

    if (column->alias.text != NULL) {
        column->name = column->alias.text;
    } else if (nested != NULL) {
        column->name = nested;
    } else if (expr->kind == EXPR_COLUMN && expr->resolved.source != NULL) {
        column->name = bound_name(expr);
    } else if (!scope->select->is_values && expr->source_text != NULL) {
        column->name = expr->source_text;
    } else {
        column->name = values_name(r->arena, i + 1);
    }
    return column->name == NULL ? fail_nomem(r->err) : STATUS_OK;
}

static enum status resolve_results(struct resolver *r, struct scope *scope)
{
    struct select *select = scope->select;

    for (uint32_t i = 0; i < select->column_count; i++) {
        struct result_column *column = &select->columns[i];
        const char           *text = column->expr->source_text;
        const char           *nested = NULL;
        uint32_t              bytes = column->expr->source_bytes;

        if (column->name != NULL) /* of an expanded star */
            continue;
        if (column->expr->kind == EXPR_COLUMN)
            nested = nested_name(scope, column->expr);
        if (column->alias.text != NULL) {
            TRY(ast_copy_expr(r->arena, column->expr, &column->unresolved, r->err));
        }
        TRY(resolve_scalar(r, scope, column->expr));
        column->expr->source_text = text;
        column->expr->source_bytes = bytes;
        TRY(name_result(r, scope, i, nested));
    }
    return STATUS_OK;
}

/* Nothing can be named in LIMIT and OFFSET, but by their subqueries. */
static enum status resolve_limits(struct resolver *r, struct scope *around, struct expr *limit,
                                  struct expr *offset)
{
    struct scope scope = {.outer = around,
                          .select = around->select,
                          .head = around->head,
                          .depth = around->depth + 1,
                          .columns_refused = true};

    if (limit != NULL)
        TRY(resolve_scalar(r, &scope, limit));
    if (offset != NULL)
        TRY(resolve_scalar(r, &scope, offset));
    return STATUS_OK;
}

static enum status resolve_order_terms(struct resolver *r, struct scope *scope)
{
    struct select *select = scope->select;

    TRY(order_expand(r, select));
    scope->windows = true;
    for (uint32_t i = 0; i < select->order_by.count; i++) {
        TRY(resolve_order_term(r, scope, i));
        TRY(resolve_window_order(r, select, &select->order_by.terms[i]));
    }
    scope->windows = false;
    return STATUS_OK;
}

static enum status resolve_qualify(struct resolver *r, struct scope *scope)
{
    struct select *select = scope->select;

    if (select->qualify == NULL)
        return STATUS_OK;
    scope->windows = true;
    TRY(resolve_scalar(r, scope, select->qualify));
    scope->windows = false;
    if (select->window_calls == NULL)
        return fail_at(r->err, STATUS_ERROR, select->qualify->position,
                       "QUALIFY wants a window function, in itself or among the result columns");
    return STATUS_OK;
}

/* HAVING needs groups, or an aggregate: one within a window function does not count. */
static bool allows_having(const struct select *select)
{
    for (uint32_t i = 0; i < select->column_count; i++)
        if (find_aggregate(select, select->columns[i].expr, false) != NULL)
            return true;
    for (uint32_t i = 0; i < select->order_by.count; i++)
        if (find_aggregate(select, select->order_by.terms[i].expr, false) != NULL)
            return true;
    return select->group_by.count > 0;
}

/* One term.  Its ORDER BY only if it is no compound. */
static enum status resolve_term(struct resolver *r, struct scope *scope)
{
    struct select *select = scope->select;

    select->outer = scope->outer == NULL ? NULL : scope->outer->select;
    scope->with = r->with;
    if (select->is_values)
        return resolve_values(r, scope);
    TRY(resolve_window_clause(r, select));
    TRY(resolve_from(r, scope, &select->from));
    TRY(expand_stars(r, scope, select));
    scope->aggregates = scope->windows = true;
    TRY(resolve_results(r, scope));
    scope->windows = false;
    select->is_aggregate = select->aggregate_count > 0 || select->group_by.count > 0;
    scope->aggregates = select->is_aggregate;
    scope->aliases = true;
    if (select->having != NULL && !select->is_aggregate)
        return fail_at(r->err, STATUS_ERROR, select->having->position,
                       "HAVING clause on a non-aggregate query");
    scope->having = true;
    if (select->having != NULL)
        TRY(resolve_scalar(r, scope, select->having));
    scope->having = false;
    TRY(resolve_qualify(r, scope));
    scope->before_groups = true;
    TRY(resolve_list(r, scope, &select->distinct_on));
    if (select->where != NULL)
        TRY(resolve_scalar(r, scope, select->where));
    TRY(resolve_conditions(r, scope, &select->from));
    scope->before_groups = !select->is_aggregate;
    scope->aggregates = true;
    if (scope->head->prior == NULL)
        TRY(resolve_order_terms(r, scope));
    if (select->having != NULL && select->window_calls != NULL && !allows_having(select))
        return fail_at(r->err, STATUS_ERROR, select->having->position,
                       "HAVING clause on a non-aggregate query");
    if (select->recursion != NULL && select->window_calls != NULL)
        return fail_at(r->err, STATUS_ERROR, select->position,
                       "cannot use window functions in recursive queries");
    TRY(resolve_window_turns(r, select));
    TRY(resolve_group_by(r, scope));
    return resolve_limits(r, scope, select->limit, select->offset);
}

/* --- compounds -------------------------------------------------------------------------------- */
/* The result column of scope's term that an ORDER BY expression names or is; -1: none, which is
 * also what a name that is unknown there means. */
static enum status match_in_term(struct resolver *r, struct scope *scope, struct expr *expr,
                                 int32_t *column)
{
    struct select *term = scope->select;
    struct error  *err = r->err;
    uint32_t       aggregates = term->aggregate_count, outers = term->outer_count;
    enum status    status;

    *column = is_plain_name(expr) ? find_alias(term, expr->name) : -1;
    if (*column >= 0)
        return STATUS_OK;
    TRY(ast_copy_expr(r->arena, expr, &expr, r->err));
    r->err = NULL;
    scope->aggregates = true;
    status = resolve_scalar(r, scope, expr);
    r->err = err;
    if (status == STATUS_NOMEM)
        return fail_nomem(r->err);
    if (status == STATUS_OK)
        *column = same_result(term, expr);
    term->aggregate_count = aggregates;
    term->outer_count = outers;
    return STATUS_OK;
}

/* ORDER BY of a compound: positions, aliases and expressions of any term, the leftmost first.
 * scopes: of the terms, leftmost first. */
static enum status resolve_compound_term(struct resolver *r, struct select *head,
                                         struct scope *scopes, uint32_t terms, uint32_t i)
{
    struct order_term *order = &head->order_by.terms[i];
    struct expr       *expr = expr_skip_collate(order->expr);
    int32_t            column = -1;
    int64_t            position;

    if (is_position(expr, &position)) {
        TRY(check_position(r, expr, "ORDER", i, position, head->column_count));
        column = (int32_t)position - 1;
    }
    for (uint32_t t = 0; t < terms && column < 0; t++)
        TRY(match_in_term(r, &scopes[t], expr, &column));
    if (column < 0)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "%u%s ORDER BY term does not match any column in the result set", i + 1,
                       ordinal_suffix(i + 1));
    return bind_term(r, scopes[0].select, order, (uint32_t)column);
}

static enum status check_term_widths(struct resolver *r, const struct select *head)
{
    for (const struct select *term = head; term->prior != NULL; term = term->prior) {
        if (term->column_count == term->prior->column_count)
            continue;
        return fail_at(r->err, STATUS_ERROR, term->position,
                       "SELECTs to the left and right of %s do not have the same number of "
                       "result columns",
                       compound_name(term->op));
    }
    return STATUS_OK;
}

/* SQLite sorts the terms that it merges, which decides the order in which their windows are
 * computed: by the ORDER BY, and but for UNION ALL by all other columns behind it. */
static enum status order_windows(struct resolver *r, const struct select *head)
{
    uint32_t *columns = arena_alloc(
        r->arena, (head->order_by.count + head->column_count + (size_t)1) * sizeof *columns);
    uint32_t count = 0;
    bool     all = false;

    if (columns == NULL)
        return fail_nomem(r->err);
    for (; count < head->order_by.count; count++)
        columns[count] = head->order_by.terms[count].result_column;
    for (struct select *term = (struct select *)head; term != NULL; term = term->prior) {
        if (term->prior != NULL && term->op != COMPOUND_UNION_ALL && !all) {
            for (uint32_t i = 1; i <= head->column_count; i++)
                columns[count++] = i;
            all = true;
        }
        for (uint32_t i = 0; i < count && columns[i] > 0; i++) {
            struct order_term order = {.expr = term->columns[columns[i] - 1].expr,
                                       .result_column = columns[i]};

            TRY(resolve_window_order(r, term, &order));
        }
    }
    return STATUS_OK;
}

/* Resolves the terms, leftmost first, in a scope each. */
static enum status resolve_terms(struct resolver *r, struct select *head, struct scope *outer)
{
    uint32_t      terms = 0, at;
    struct scope *scopes;

    TRY(values_take_windows(r, head));
    for (const struct select *term = head; term != NULL; term = term->prior)
        terms++;
    scopes = arena_zalloc(r->arena, terms * sizeof *scopes);
    if (scopes == NULL)
        return fail_nomem(r->err);
    at = terms;
    for (struct select *term = head; term != NULL; term = term->prior)
        scopes[--at] = (struct scope){.outer = outer,
                                      .select = term,
                                      .head = head,
                                      .depth = outer == NULL ? 0 : outer->depth + 1};
    for (at = 0; at < terms; at++)
        TRY(resolve_term(r, &scopes[at]));
    if (terms == 1)
        return STATUS_OK;
    TRY(check_term_widths(r, head));
    TRY(order_expand(r, head));
    for (uint32_t i = 0; i < head->order_by.count; i++)
        TRY(resolve_compound_term(r, head, scopes, terms, i));
    if (head->first_recursive == NULL)
        TRY(order_windows(r, head));
    for (uint32_t i = 0; i < head->column_count; i++) /* the leftmost term names the columns */
        head->columns[i].name = scopes[0].select->columns[i].name;
    return head->is_values ? resolve_limits(r, &scopes[terms - 1], head->limit, head->offset)
                           : STATUS_OK;
}

enum status resolve_select(struct resolver *r, struct select *select, struct scope *outer)
{
    struct with_scope with = {r->with, select->with};

    TRY(stack_check(r->err, select->position));
    if (select->with != NULL)
        r->with = &with;
    TRY(resolve_terms(r, select, outer));
    if (select->with != NULL)
        r->with = with.outer;
    return STATUS_OK;
}

/* --- DML -------------------------------------------------------------------------------------- */
static bool is_generated(const struct schema_column *column)
{
    return (column->flags & (COLUMN_GENERATED_STORED | COLUMN_GENERATED_VIRTUAL)) != 0;
}

static int32_t table_column_number(const struct schema_table *schema, struct name name)
{
    for (uint32_t i = 0; i < schema->column_count; i++)
        if (ascii_equal(schema->columns[i].name, strlen(schema->columns[i].name), name.text,
                        name.bytes))
            return (int32_t)i;
    return -1;
}

/* The columns named in INSERT INTO t(...). */
static enum status check_insert_columns(struct resolver *r, const struct insert *insert,
                                        const struct schema_table *schema)
{
    const char *dot = insert->schema.text != NULL ? "." : "";
    const char *prefix = insert->schema.text != NULL ? insert->schema.text : "";

    for (uint32_t i = 0; i < insert->column_count; i++) {
        struct name name = insert->columns[i];
        int32_t     column = table_column_number(schema, name);

        if (column >= 0 && is_generated(&schema->columns[column]))
            return fail_at(r->err, STATUS_ERROR, name.position,
                           "cannot INSERT into generated column \"%s\"", name.text);
        if (column < 0 && (schema->without_rowid || !is_rowid_name(name)))
            return fail_at(r->err, STATUS_ERROR, name.position,
                           "table %s%s%s has no column named %s", prefix, dot, insert->table.text,
                           name.text);
    }
    return STATUS_OK;
}

static enum status check_insert_values(struct resolver *r, const struct insert *insert,
                                       const struct schema_table *schema)
{
    uint32_t wanted = 0, given = insert->select->column_count;

    for (uint32_t i = 0; i < schema->column_count; i++)
        wanted +=
            !is_generated(&schema->columns[i]) && (schema->columns[i].flags & COLUMN_HIDDEN) == 0;
    if (insert->column_count > 0 && given != insert->column_count)
        return fail_at(r->err, STATUS_ERROR, insert->table.position, "%u values for %u columns",
                       given, insert->column_count);
    if (insert->column_count == 0 && given != wanted)
        return fail_at(r->err, STATUS_ERROR, insert->table.position,
                       "table %s%s%s has %u columns but %u values were supplied",
                       insert->schema.text != NULL ? insert->schema.text : "",
                       insert->schema.text != NULL ? "." : "", insert->table.text, wanted, given);
    return STATUS_OK;
}

/* RETURNING as a select from the table's changed rows.  The table goes by its own name there: an
 * alias is not known, as in SQLite. */
static enum status resolve_returning(struct resolver *r, struct name name, struct table *table,
                                     uint32_t count, struct result_column *columns,
                                     struct select **returned)
{
    struct select    *select;
    struct from_item *item, **items;
    struct scope      scope = {0};

    *returned = NULL;
    if (count == 0)
        return STATUS_OK;
    select = arena_zalloc(r->arena, sizeof *select);
    item = arena_zalloc(r->arena, sizeof *item);
    items = arena_alloc(r->arena, sizeof *items);
    if (select == NULL || item == NULL || items == NULL)
        return fail_nomem(r->err);
    scope.select = scope.head = select;
    item->name = name;
    item->position = name.position;
    TRY(from_item_table(r, item, table));
    items[0] = item;
    select->position = columns[0].expr->position;
    select->columns = columns;
    select->column_count = select->column_capacity = count;
    select->from = (struct from_list){1, 1, items};
    for (uint32_t i = 0; i < count; i++)
        if (columns[i].expr->kind == EXPR_STAR && columns[i].expr->table.text != NULL)
            return fail_at(r->err, STATUS_ERROR, columns[i].expr->position,
                           "RETURNING may not use \"TABLE.*\" wildcards");
    TRY(scope_add(r, &scope, item));
    TRY(expand_stars(r, &scope, select));
    TRY(resolve_results(r, &scope));
    *returned = select;
    return STATUS_OK;
}

static enum status resolve_insert(struct resolver *r, struct insert *insert)
{
    struct with_scope with = {r->with, insert->with};
    struct table     *table;

    r->with = &with;
    TRY(resolve_target(r, insert->schema, insert->table, &table));
    TRY(check_insert_columns(r, insert, table_schema(table)));
    if (insert->select != NULL) {
        bool values = insert->select->is_values;

        TRY(resolve_select(r, insert->select, NULL));
        if (values && insert->select->is_aggregate)
            return fail_at(r->err, STATUS_ERROR, insert->select->aggregates[0]->position,
                           "misuse of aggregate function %s()",
                           insert->select->aggregates[0]->name.text);
        if (values && insert->select->window_calls != NULL && insert->select->prior == NULL)
            return fail_window_misuse(r, insert->select->window_calls->calls[0]->name.text,
                                      insert->select->window_calls->calls[0]->position);
        TRY(check_insert_values(r, insert, table_schema(table)));
    }
    TRY(resolve_upserts(r, insert, table));
    TRY(resolve_returning(r, insert->table, table, insert->returning_count, insert->returning,
                          &insert->returned));
    r->with = with.outer;
    return STATUS_OK;
}

static enum status resolve_dml_target(struct resolver *r, struct scope *scope,
                                      struct from_item *target)
{
    struct table *table;

    TRY(resolve_target(r, target->schema, target->name, &table));
    TRY(check_index(r, target, table));
    TRY(from_item_table(r, target, table));
    return scope_add(r, scope, target);
}

enum status resolve_assignment(struct resolver *r, struct scope *scope,
                               const struct from_item *target, struct assignment *assignment)
{
    uint32_t width;

    for (uint32_t i = 0; i < assignment->column_count; i++) {
        struct name name = assignment->columns[i];
        int32_t     column = find_column(target, name);

        if (column < 0 && !(is_rowid_name(name) && has_rowid(target)))
            return fail_at(r->err, STATUS_ERROR, name.position, "no such column: %s", name.text);
        if (column >= 0 && is_generated(&table_schema(target->catalog_table)->columns[column]))
            return fail_at(r->err, STATUS_ERROR, name.position,
                           "cannot UPDATE generated column \"%s\"", name.text);
    }
    TRY(resolve_expr(r, scope, assignment->value));
    width = expr_width(assignment->value);
    if (width == assignment->column_count)
        return STATUS_OK;
    if (assignment->column_count == 1)
        return fail_width(r, assignment->value);
    return fail_at(r->err, STATUS_ERROR, assignment->columns[0].position,
                   "%u columns assigned %u values", assignment->column_count, width);
}

/* The target may stand in FROM once more, under another name. */
static enum status check_target_once(struct resolver *r, const struct from_list *from,
                                     const struct from_item *target)
{
    const char *alias = target->alias.text;

    TRY(stack_check(r->err, -1));
    for (uint32_t i = 0; i < from->count; i++) {
        const struct from_item *item = from->items[i];

        if (item->kind == FROM_NESTED)
            TRY(check_target_once(r, item->nested, target));
        if (item->kind != FROM_TABLE || item->catalog_table != target->catalog_table ||
            (item->alias.text == NULL) != (alias == NULL))
            continue;
        if (alias == NULL || ascii_casecmp(alias, item->alias.text) == 0)
            return fail_at(r->err, STATUS_ERROR, item->position,
                           "target object/alias may not appear in FROM clause: %s",
                           target->display);
    }
    return STATUS_OK;
}

static enum status resolve_update(struct resolver *r, struct update *update)
{
    struct with_scope with = {r->with, update->with};
    struct scope      scope = {0};

    r->with = &with;
    TRY(resolve_dml_target(r, &scope, update->target));
    TRY(resolve_returning(r, update->target->name, update->target->catalog_table,
                          update->returning_count, update->returning, &update->returned));
    TRY(resolve_from(r, &scope, &update->from));
    TRY(check_target_once(r, &update->from, update->target));
    for (uint32_t i = 0; i < update->assignment_count; i++)
        TRY(resolve_assignment(r, &scope, update->target, &update->assignments[i]));
    if (update->where != NULL)
        TRY(resolve_scalar(r, &scope, update->where));
    TRY(resolve_conditions(r, &scope, &update->from));
    r->with = with.outer;
    return STATUS_OK;
}

static enum status resolve_delete(struct resolver *r, struct delete_ *delete_)
{
    struct with_scope with = {r->with, delete_->with};
    struct scope      scope = {0};

    r->with = &with;
    TRY(resolve_dml_target(r, &scope, delete_->target));
    TRY(resolve_returning(r, delete_->target->name, delete_->target->catalog_table,
                          delete_->returning_count, delete_->returning, &delete_->returned));
    if (delete_->where != NULL)
        TRY(resolve_scalar(r, &scope, delete_->where));
    r->with = with.outer;
    return STATUS_OK;
}

/* --- CREATE TABLE ----------------------------------------------------------------------------- */
/* The table to be, as a FROM item: for its CHECKs and generated columns. */
static enum status item_of_definition(struct resolver *r, const struct create_table *table,
                                      struct from_item *item)
{
    item->kind = FROM_TABLE;
    item->name = table->name;
    TRY(from_item_columns(r, item, table->column_count));
    for (uint32_t i = 0; i < table->column_count; i++) {
        const struct column_def *column = &table->columns[i];

        item->column_names[i] = column->name.text;
        item->column_affinities[i] = (uint8_t)affinity_of_type(column->type, strlen(column->type));
        item->column_collations[i] = (uint8_t)column->collation;
    }
    return STATUS_OK;
}

static bool holds_subquery(const struct expr *expr)
{
    if (expr == NULL)
        return false;
    if (expr->select != NULL)
        return true;
    for (uint32_t i = 0; i < expr->list.count; i++)
        if (holds_subquery(expr->list.items[i]))
            return true;
    return holds_subquery(expr->left) || holds_subquery(expr->right);
}

static bool holds_variable(const struct expr *expr)
{
    if (expr == NULL)
        return false;
    if (expr->kind == EXPR_VARIABLE)
        return true;
    for (uint32_t i = 0; i < expr->list.count; i++)
        if (holds_variable(expr->list.items[i]))
            return true;
    return holds_variable(expr->left) || holds_variable(expr->right);
}

/* An expression kept in the schema; what: "CHECK constraints", "generated columns". */
static enum status resolve_kept(struct resolver *r, struct scope *scope, struct expr *expr,
                                const char *what)
{
    if (holds_subquery(expr))
        return fail_at(r->err, STATUS_ERROR, expr->position, "subqueries prohibited in %s", what);
    if (holds_variable(expr))
        return fail_at(r->err, STATUS_ERROR, expr->position, "parameters prohibited in %s", what);
    return resolve_scalar(r, scope, expr);
}

static enum status resolve_default(struct resolver *r, const struct column_def *column)
{
    struct expr *expr = column->default_expr;
    struct scope nowhere = {0};
    enum status  status;

    if (holds_subquery(expr) || holds_variable(expr))
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "default value of column [%s] is not constant", column->name.text);
    status = resolve_scalar(r, &nowhere, expr);
    if (status == STATUS_ERROR && strncmp(r->err->text, "no such column", 14) == 0)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "default value of column [%s] is not constant", column->name.text);
    return status;
}

/* The first thing that CREATE looks at: what is wrong with the rest does not matter then. */
static bool name_is_taken(const struct resolver *r, const char *name)
{
    struct database *database = r->context->database;

    return database_find_table(database, name) != NULL ||
           database_find_object(database, SCHEMA_VIEW, name) != NULL ||
           database_find_object(database, SCHEMA_INDEX, name) != NULL;
}

static enum status resolve_create_table(struct resolver *r, struct create_table *table)
{
    struct scope      scope = {0};
    struct from_item *item = arena_zalloc(r->arena, sizeof *item);

    if (item == NULL)
        return fail_nomem(r->err);
    if (name_is_taken(r, table->name.text))
        return STATUS_OK; /* the code generator says so, or does nothing */
    if (table->as_select != NULL)
        return resolve_select(r, table->as_select, NULL);
    TRY(item_of_definition(r, table, item));
    TRY(scope_add(r, &scope, item));
    for (struct table_constraint *c = table->constraints; c != NULL; c = c->next)
        if (c->kind == CONSTRAINT_CHECK)
            TRY(resolve_kept(r, &scope, c->check, "CHECK constraints"));
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].default_expr != NULL)
            TRY(resolve_default(r, &table->columns[i]));
        if (table->columns[i].generated != NULL)
            TRY(resolve_kept(r, &scope, table->columns[i].generated, "generated columns"));
    }
    return STATUS_OK;
}

/* --- statements ------------------------------------------------------------------------------- */
static enum status resolve_any(struct resolver *r, struct statement *statement)
{
    switch ((enum statement_kind)statement->kind) {
    case STATEMENT_SELECT:
        if (statement->report != REPORT_NONE)
            return resolve_report(r, statement);
        return resolve_select(r, statement->select, NULL);
    case STATEMENT_INSERT:
        return resolve_insert(r, statement->insert);
    case STATEMENT_UPDATE:
        return resolve_update(r, statement->update);
    case STATEMENT_DELETE:
        return resolve_delete(r, statement->delete_);
    case STATEMENT_CREATE_TABLE:
        return resolve_create_table(r, statement->create_table);
    case STATEMENT_COPY:
        return statement->copy->select != NULL ? resolve_select(r, statement->copy->select, NULL)
                                               : STATUS_OK;
    default:
        return STATUS_OK; /* names of schema objects are checked where they are made and dropped */
    }
}

enum status resolve_statement(struct resolve_context *context, struct statement *statement,
                              struct error *err)
{
    struct resolver r = {.context = context, .arena = context->arena, .err = err};

    return resolve_any(&r, statement);
}

enum status resolve_expression(struct resolve_context *context, struct expr *expr,
                               struct from_item *item, struct error *err)
{
    struct resolver r = {.context = context, .arena = context->arena, .err = err};
    struct scope    scope = {0};

    if (item != NULL)
        TRY(scope_add(&r, &scope, item));
    return resolve_scalar(&r, &scope, expr);
}
