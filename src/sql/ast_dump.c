/* ast_dump.c - the syntax tree as text, for tests and for STOA_TRACE=ast. */
#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "sql/ast.h"

static const char *const op_texts[EXPR_OP_COUNT] = {
    [EXPR_OP_NONE] = "?",          [EXPR_OP_NEGATE] = "-",
    [EXPR_OP_PLUS] = "+",          [EXPR_OP_BIT_NOT] = "~",
    [EXPR_OP_NOT] = "NOT ",        [EXPR_OP_ISNULL] = "ISNULL",
    [EXPR_OP_NOTNULL] = "NOTNULL", [EXPR_OP_ADD] = "+",
    [EXPR_OP_SUBTRACT] = "-",      [EXPR_OP_MULTIPLY] = "*",
    [EXPR_OP_DIVIDE] = "/",        [EXPR_OP_REMAINDER] = "%",
    [EXPR_OP_CONCAT] = "||",       [EXPR_OP_BIT_AND] = "&",
    [EXPR_OP_BIT_OR] = "|",        [EXPR_OP_SHIFT_LEFT] = "<<",
    [EXPR_OP_SHIFT_RIGHT] = ">>",  [EXPR_OP_EQ] = "=",
    [EXPR_OP_NE] = "<>",           [EXPR_OP_LT] = "<",
    [EXPR_OP_LE] = "<=",           [EXPR_OP_GT] = ">",
    [EXPR_OP_GE] = ">=",           [EXPR_OP_IS] = "IS",
    [EXPR_OP_ISNOT] = "IS NOT",    [EXPR_OP_AND] = "AND",
    [EXPR_OP_OR] = "OR",           [EXPR_OP_ARROW] = "->",
    [EXPR_OP_ARROW2] = "->>",      [EXPR_OP_LIKE] = "LIKE",
    [EXPR_OP_GLOB] = "GLOB",       [EXPR_OP_REGEXP] = "REGEXP",
    [EXPR_OP_ASSIGN] = "=>",
};

static void dump_expr(const struct expr *expr, struct str *out);
static void dump_select(const struct select *select, struct str *out);

static void dump_name(struct name name, struct str *out)
{
    if (name.quoted_double)
        str_printf(out, "\"%s\"", name.text);
    else
        str_text(out, name.text);
}

static void dump_names(const struct name *names, uint32_t count, struct str *out)
{
    str_char(out, '(');
    for (uint32_t i = 0; i < count; i++) {
        str_text(out, i > 0 ? ", " : "");
        dump_name(names[i], out);
    }
    str_char(out, ')');
}

static void dump_qualified(struct name schema, struct name name, struct str *out)
{
    if (schema.text != NULL) {
        dump_name(schema, out);
        str_char(out, '.');
    }
    dump_name(name, out);
}

static void dump_list(const struct expr_list *list, struct str *out)
{
    for (uint32_t i = 0; i < list->count; i++) {
        str_text(out, i > 0 ? ", " : "");
        dump_expr(list->items[i], out);
    }
}

static void dump_order(const struct order_list *order, struct str *out)
{
    for (uint32_t i = 0; i < order->count; i++) {
        const struct order_term *term = &order->terms[i];

        str_text(out, i > 0 ? ", " : "");
        if (term->result_column > 0)
            str_printf(out, "#%" PRIu32, term->result_column);
        else
            dump_expr(term->expr, out);
        str_text(out, term->descending ? " DESC" : "");
        str_text(out, term->nulls == 1 ? " NULLS FIRST" : term->nulls == 2 ? " NULLS LAST" : "");
    }
}

static void dump_bound(enum frame_bound bound, const struct expr *offset, struct str *out)
{
    static const char *const texts[] = {"UNBOUNDED PRECEDING", " PRECEDING", "CURRENT ROW",
                                        " FOLLOWING", "UNBOUNDED FOLLOWING"};

    if (offset != NULL)
        dump_expr(offset, out);
    str_text(out, texts[bound]);
}

static void dump_window(const struct window_def *window, struct str *out)
{
    static const char *const units[] = {"ROWS", "RANGE", "GROUPS"};
    static const char *const excludes[] = {"", " EXCLUDE NO OTHERS", " EXCLUDE CURRENT ROW",
                                           " EXCLUDE GROUP", " EXCLUDE TIES"};

    if (window->reference) {
        dump_name(window->name, out);
        return;
    }
    str_char(out, '(');
    if (window->base.text != NULL)
        dump_name(window->base, out);
    if (window->partition_by.count > 0) {
        str_text(out, " PARTITION BY ");
        dump_list(&window->partition_by, out);
    }
    if (window->order_by.count > 0) {
        str_text(out, " ORDER BY ");
        dump_order(&window->order_by, out);
    }
    if (window->has_frame) {
        str_printf(out, " %s BETWEEN ", units[window->unit]);
        dump_bound(window->start, window->start_offset, out);
        str_text(out, " AND ");
        dump_bound(window->end, window->end_offset, out);
        str_text(out, excludes[window->exclude]);
    }
    str_char(out, ')');
}

static void dump_function(const struct expr *expr, struct str *out)
{
    dump_name(expr->name, out);
    str_text(out, expr->distinct ? "(DISTINCT " : "(");
    str_text(out, expr->star ? "*" : "");
    dump_list(&expr->list, out);
    if (expr->order_by.count > 0) {
        str_text(out, " ORDER BY ");
        dump_order(&expr->order_by, out);
    }
    str_char(out, ')');
    if (expr->filter != NULL) {
        str_text(out, " FILTER (WHERE ");
        dump_expr(expr->filter, out);
        str_char(out, ')');
    }
    if (expr->over != NULL) {
        str_text(out, " OVER ");
        dump_window(expr->over, out);
    }
}

static void dump_case(const struct expr *expr, struct str *out)
{
    str_text(out, "CASE");
    if (expr->left != NULL) {
        str_char(out, ' ');
        dump_expr(expr->left, out);
    }
    for (uint32_t i = 0; i + 1 < expr->list.count; i += 2) {
        str_text(out, " WHEN ");
        dump_expr(expr->list.items[i], out);
        str_text(out, " THEN ");
        dump_expr(expr->list.items[i + 1], out);
    }
    if (expr->right != NULL) {
        str_text(out, " ELSE ");
        dump_expr(expr->right, out);
    }
    str_text(out, " END");
}

static void dump_in(const struct expr *expr, struct str *out)
{
    str_char(out, '(');
    dump_expr(expr->left, out);
    str_text(out, expr->negated ? " NOT IN (" : " IN (");
    if (expr->select != NULL)
        dump_select(expr->select, out);
    else
        dump_list(&expr->list, out);
    str_text(out, "))");
}

static void dump_unary(const struct expr *expr, struct str *out)
{
    bool postfix = expr->op == EXPR_OP_ISNULL || expr->op == EXPR_OP_NOTNULL;

    str_char(out, '(');
    if (!postfix)
        str_text(out, op_texts[expr->op]);
    dump_expr(expr->left, out);
    if (postfix)
        str_printf(out, " %s", op_texts[expr->op]);
    str_char(out, ')');
}

static void dump_binary(const struct expr *expr, struct str *out)
{
    str_char(out, '(');
    dump_expr(expr->left, out);
    str_printf(out, " %s%s ", expr->negated ? "NOT " : "", op_texts[expr->op]);
    dump_expr(expr->right, out);
    if (expr->kind == EXPR_LIKE && expr->list.count > 0) {
        str_text(out, " ESCAPE ");
        dump_expr(expr->list.items[0], out);
    }
    str_char(out, ')');
}

static void dump_between(const struct expr *expr, struct str *out)
{
    str_char(out, '(');
    dump_expr(expr->left, out);
    str_text(out, expr->negated ? " NOT BETWEEN " : " BETWEEN ");
    dump_expr(expr->list.items[0], out);
    str_text(out, " AND ");
    dump_expr(expr->list.items[1], out);
    str_char(out, ')');
}

static void dump_column(const struct expr *expr, struct str *out)
{
    if (expr->table.text != NULL) {
        dump_qualified(expr->schema, expr->table, out);
        str_char(out, '.');
    }
    if (expr->kind == EXPR_STAR)
        str_char(out, '*');
    else
        dump_name(expr->name, out);
}

static void dump_subquery(const struct expr *expr, struct str *out)
{
    str_text(out, expr->kind == EXPR_EXISTS ? "EXISTS(" : "(");
    dump_select(expr->select, out);
    str_char(out, ')');
}

static void dump_raise(const struct expr *expr, struct str *out)
{
    static const char *const texts[] = {"?", "ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE"};

    str_printf(out, "RAISE(%s", texts[expr->op]);
    if (expr->left != NULL) {
        str_text(out, ", ");
        dump_expr(expr->left, out);
    }
    str_char(out, ')');
}

static void dump_expr(const struct expr *expr, struct str *out)
{
    switch ((enum expr_kind)expr->kind) {
    case EXPR_LITERAL:
        value_dump(&expr->value, out);
        break;
    case EXPR_COLUMN:
    case EXPR_STAR:
        dump_column(expr, out);
        break;
    case EXPR_VARIABLE:
        str_printf(out, "?%" PRId32, expr->variable);
        break;
    case EXPR_UNARY:
        dump_unary(expr, out);
        break;
    case EXPR_BINARY:
    case EXPR_LIKE:
        dump_binary(expr, out);
        break;
    case EXPR_BETWEEN:
        dump_between(expr, out);
        break;
    case EXPR_IN:
        dump_in(expr, out);
        break;
    case EXPR_CASE:
        dump_case(expr, out);
        break;
    case EXPR_CAST:
        str_text(out, "CAST(");
        dump_expr(expr->left, out);
        str_printf(out, " AS %s)", expr->type_name.text);
        break;
    case EXPR_COLLATE:
        str_char(out, '(');
        dump_expr(expr->left, out);
        str_printf(out, " COLLATE %s)", expr->name.text);
        break;
    case EXPR_FUNCTION:
        dump_function(expr, out);
        break;
    case EXPR_SUBQUERY:
    case EXPR_EXISTS:
        dump_subquery(expr, out);
        break;
    case EXPR_ROW:
        str_text(out, "ROW(");
        dump_list(&expr->list, out);
        str_char(out, ')');
        break;
    case EXPR_RAISE:
        dump_raise(expr, out);
        break;
    case EXPR_AGGREGATE_REF:
        str_printf(out, "AGGREGATE#%" PRId32, expr->resolved.column);
        break;
    case EXPR_WINDOW_REF:
        str_printf(out, "WINDOW#%" PRId32, expr->resolved.column);
        break;
    case EXPR_KIND_COUNT:
        break;
    }
}

/* --- select, one line ------------------------------------------------------------------------- */
static void dump_results(const struct result_column *columns, uint32_t count, struct str *out)
{
    for (uint32_t i = 0; i < count; i++) {
        str_text(out, i > 0 ? ", " : "");
        dump_expr(columns[i].expr, out);
        if (columns[i].alias.text != NULL) {
            str_text(out, " AS ");
            dump_name(columns[i].alias, out);
        }
    }
}

static void dump_join(uint8_t join, struct str *out)
{
    static const struct {
        uint8_t     bit;
        const char *text;
    } words[] = {
        {JOIN_TYPE_NATURAL, "NATURAL "}, {JOIN_TYPE_LEFT, "LEFT "},   {JOIN_TYPE_RIGHT, "RIGHT "},
        {JOIN_TYPE_OUTER, "OUTER "},     {JOIN_TYPE_CROSS, "CROSS "}, {JOIN_TYPE_INNER, "INNER "},
    };

    if (join & JOIN_TYPE_COMMA) {
        str_text(out, ", ");
        return;
    }
    str_char(out, ' ');
    for (size_t i = 0; i < countof(words); i++)
        if (join & words[i].bit)
            str_text(out, words[i].text);
    str_text(out, "JOIN ");
}

static void dump_from(const struct from_list *from, struct str *out);

static void dump_from_source(const struct from_item *item, struct str *out)
{
    switch ((enum from_kind)item->kind) {
    case FROM_TABLE:
    case FROM_RECURSION:
        dump_qualified(item->schema, item->name, out);
        break;
    case FROM_FILE:
        str_printf(out, "'%s'", item->name.text);
        break;
    case FROM_FUNCTION:
        dump_qualified(item->schema, item->name, out);
        str_char(out, '(');
        dump_list(&item->arguments, out);
        str_char(out, ')');
        break;
    case FROM_SUBQUERY:
        str_char(out, '(');
        dump_select(item->select, out);
        str_char(out, ')');
        break;
    case FROM_NESTED:
        str_char(out, '(');
        dump_from(item->nested, out);
        str_char(out, ')');
        break;
    }
}

static void dump_from(const struct from_list *from, struct str *out)
{
    for (uint32_t i = 0; i < from->count; i++) {
        const struct from_item *item = from->items[i];

        if (i > 0)
            dump_join(item->join, out);
        dump_from_source(item, out);
        if (item->alias.text != NULL) {
            str_text(out, " AS ");
            dump_name(item->alias, out);
        }
        if (item->indexed_by.text != NULL)
            str_printf(out, " INDEXED BY %s", item->indexed_by.text);
        str_text(out, item->not_indexed ? " NOT INDEXED" : "");
        if (item->on != NULL) {
            str_text(out, " ON ");
            dump_expr(item->on, out);
        }
        if (item->using_count > 0) {
            str_text(out, " USING ");
            dump_names(item->using_names, item->using_count, out);
        }
    }
}

static void dump_clause(const char *word, const struct expr *expr, struct str *out)
{
    if (expr == NULL)
        return;
    str_text(out, word);
    dump_expr(expr, out);
}

static void dump_values(const struct select *select, struct str *out)
{
    uint32_t width = select->column_count;

    str_text(out, "VALUES ");
    for (const struct values_rows *rows = select->values; rows != NULL; rows = rows->next)
        for (uint32_t i = 0; i < rows->rows; i++) {
            size_t first = (size_t)i * width;

            str_text(out, rows == select->values && i == 0 ? "(" : ", (");
            for (uint32_t c = 0; c < width; c++) {
                str_text(out, c > 0 ? ", " : "");
                if (rows->exprs != NULL)
                    dump_expr(rows->exprs[first + c], out);
                else
                    value_dump(&rows->constants[first + c], out);
            }
            str_char(out, ')');
        }
}

static void dump_with(const struct cte *with, bool recursive, struct str *out)
{
    if (with == NULL)
        return;
    str_text(out, recursive ? "WITH RECURSIVE " : "WITH ");
    for (const struct cte *cte = with; cte != NULL; cte = cte->next) {
        dump_name(cte->name, out);
        if (cte->column_count > 0)
            dump_names(cte->columns, cte->column_count, out);
        str_text(out, cte->materialized == 1   ? " AS MATERIALIZED ("
                      : cte->materialized == 2 ? " AS NOT MATERIALIZED ("
                                               : " AS (");
        dump_select(cte->select, out);
        str_text(out, cte->next != NULL ? "), " : ") ");
    }
}

static void dump_core(const struct select *select, struct str *out)
{
    if (select->is_values) {
        dump_values(select, out);
        return;
    }
    str_text(out, select->distinct ? "SELECT DISTINCT " : "SELECT ");
    dump_results(select->columns, select->column_count, out);
    if (select->from.count > 0) {
        str_text(out, " FROM ");
        dump_from(&select->from, out);
    }
    dump_clause(" WHERE ", select->where, out);
    if (select->group_by.count > 0) {
        str_text(out, " GROUP BY ");
        dump_list(&select->group_by, out);
    }
    dump_clause(" HAVING ", select->having, out);
    for (const struct window_def *window = select->windows; window != NULL; window = window->next) {
        str_text(out, window == select->windows ? " WINDOW " : ", ");
        str_printf(out, "%s AS ", window->name.text);
        dump_window(window, out);
    }
    dump_clause(" QUALIFY ", select->qualify, out);
    for (uint32_t i = 0; i < select->aggregate_count; i++) {
        str_printf(out, " AGGREGATE#%" PRIu32 "=", i);
        dump_expr(select->aggregates[i], out);
    }
}

/* Leftmost term first; terms are few (compound_terms), so the walk back may be quadratic. */
static void dump_select(const struct select *select, struct str *out)
{
    static const char *const ops[] = {"", " UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT "};
    uint32_t                 terms = 0;

    dump_with(select->with, select->recursive_with, out);
    for (const struct select *term = select; term != NULL; term = term->prior)
        terms++;
    for (uint32_t back = terms; back-- > 0;) {
        const struct select *term = select;

        for (uint32_t i = 0; i < back; i++)
            term = term->prior;
        str_text(out, term->prior != NULL ? ops[term->op] : "");
        dump_core(term, out);
    }
    if (select->order_by.count > 0) {
        str_text(out, " ORDER BY ");
        dump_order(&select->order_by, out);
    }
    dump_clause(" LIMIT ", select->limit, out);
    dump_clause(" OFFSET ", select->offset, out);
}

/* --- statements ------------------------------------------------------------------------------- */
static const char *const conflict_texts[] = {"",         " OR ROLLBACK", " OR ABORT",
                                             " OR FAIL", " OR IGNORE",   " OR REPLACE"};

static void dump_assignments(const struct assignment *assignments, uint32_t count, struct str *out)
{
    for (uint32_t i = 0; i < count; i++) {
        str_text(out, "\n  SET ");
        dump_names(assignments[i].columns, assignments[i].column_count, out);
        str_text(out, " = ");
        dump_expr(assignments[i].value, out);
    }
}

static void dump_returning(const struct result_column *columns, uint32_t count, struct str *out)
{
    if (count == 0)
        return;
    str_text(out, "\n  RETURNING ");
    dump_results(columns, count, out);
}

static void dump_terms(const struct indexed_term *terms, uint32_t count, struct str *out)
{
    str_char(out, '(');
    for (uint32_t i = 0; i < count; i++) {
        str_text(out, i > 0 ? ", " : "");
        dump_expr(terms[i].expr, out);
        str_text(out, terms[i].descending ? " DESC" : "");
    }
    str_char(out, ')');
}

static void dump_insert(const struct insert *insert, struct str *out)
{
    dump_with(insert->with, insert->recursive_with, out);
    str_printf(out, "INSERT%s ", conflict_texts[insert->conflict]);
    dump_qualified(insert->schema, insert->table, out);
    if (insert->alias.text != NULL)
        str_printf(out, " AS %s", insert->alias.text);
    if (insert->column_count > 0)
        dump_names(insert->columns, insert->column_count, out);
    str_text(out, "\n  ");
    if (insert->select != NULL)
        dump_select(insert->select, out);
    else
        str_text(out, "DEFAULT VALUES");
    for (const struct upsert *upsert = insert->upsert; upsert != NULL; upsert = upsert->next) {
        str_text(out, "\n  ON CONFLICT ");
        dump_terms(upsert->target, upsert->target_count, out);
        dump_clause(" WHERE ", upsert->target_where, out);
        str_text(out, upsert->do_nothing ? " DO NOTHING" : " DO UPDATE");
        dump_assignments(upsert->assignments, upsert->assignment_count, out);
        dump_clause(" WHERE ", upsert->where, out);
    }
    dump_returning(insert->returning, insert->returning_count, out);
}

static void dump_target(const struct from_item *target, struct str *out)
{
    struct from_item *items[] = {(struct from_item *)target};
    struct from_list  list = {.count = 1, .items = items};

    dump_from(&list, out);
}

static void dump_update(const struct update *update, struct str *out)
{
    dump_with(update->with, update->recursive_with, out);
    str_printf(out, "UPDATE%s ", conflict_texts[update->conflict]);
    dump_target(update->target, out);
    dump_assignments(update->assignments, update->assignment_count, out);
    if (update->from.count > 0) {
        str_text(out, "\n  FROM ");
        dump_from(&update->from, out);
    }
    dump_clause("\n  WHERE ", update->where, out);
    dump_returning(update->returning, update->returning_count, out);
}

static void dump_delete(const struct delete_ *delete_, struct str *out)
{
    dump_with(delete_->with, delete_->recursive_with, out);
    str_text(out, "DELETE ");
    dump_target(delete_->target, out);
    dump_clause("\n  WHERE ", delete_->where, out);
    dump_returning(delete_->returning, delete_->returning_count, out);
}

static void dump_foreign_key(const struct foreign_key *key, struct str *out)
{
    static const char *const actions[] = {"NO ACTION", "RESTRICT", "SET NULL", "SET DEFAULT",
                                          "CASCADE"};

    dump_names(key->columns, key->column_count, out);
    str_printf(out, " REFERENCES %s", key->parent.text);
    dump_names(key->parent_columns, key->parent_count, out);
    str_printf(out, " DELETE %s UPDATE %s", actions[key->on_delete], actions[key->on_update]);
    str_text(out, key->deferrable ? " DEFERRABLE" : "");
    str_text(out, key->initially_deferred ? " DEFERRED" : "");
}

static void dump_column_def(const struct column_def *column, struct str *out)
{
    str_text(out, "\n  ");
    dump_name(column->name, out);
    str_printf(out, " [%s]", column->type);
    str_text(out, column->flags & COLUMN_NOT_NULL ? " NOT NULL" : "");
    str_text(out, conflict_texts[column->not_null_conflict]);
    str_text(out, column->flags & COLUMN_PRIMARY_KEY ? " PRIMARY KEY" : "");
    str_text(out, column->primary_descending ? " DESC" : "");
    str_text(out, conflict_texts[column->primary_conflict]);
    str_text(out, column->autoincrement ? " AUTOINCREMENT" : "");
    str_text(out, column->flags & COLUMN_UNIQUE ? " UNIQUE" : "");
    str_text(out, conflict_texts[column->unique_conflict]);
    if (column->collation != COLLATION_BINARY)
        str_printf(out, " COLLATE %s", collation_name(column->collation));
    if (column->default_sql != NULL)
        str_printf(out, " DEFAULT {%s}", column->default_sql);
    if (column->generated_sql != NULL)
        str_printf(out, " AS {%s}%s", column->generated_sql,
                   column->flags & COLUMN_GENERATED_STORED ? " STORED" : "");
    if (column->references != NULL) {
        str_text(out, " FOREIGN KEY ");
        dump_foreign_key(column->references, out);
    }
}

static void dump_constraint(const struct table_constraint *constraint, struct str *out)
{
    static const char *const kinds[] = {"PRIMARY KEY ", "UNIQUE ", "CHECK ", "FOREIGN KEY "};

    str_text(out, "\n  CONSTRAINT ");
    if (constraint->name.text != NULL)
        str_printf(out, "%s ", constraint->name.text);
    str_text(out, kinds[constraint->kind]);
    if (constraint->terms != NULL)
        dump_terms(constraint->terms, constraint->term_count, out);
    if (constraint->check_sql != NULL)
        str_printf(out, "{%s}", constraint->check_sql);
    if (constraint->foreign_key != NULL)
        dump_foreign_key(constraint->foreign_key, out);
    str_text(out, constraint->autoincrement ? " AUTOINCREMENT" : "");
    str_text(out, conflict_texts[constraint->conflict]);
}

static void dump_create_table(const struct create_table *table, struct str *out)
{
    str_printf(out, "CREATE %sTABLE %s", table->temporary ? "TEMP " : "",
               table->if_not_exists ? "IF NOT EXISTS " : "");
    dump_qualified(table->schema, table->name, out);
    str_text(out, table->without_rowid ? " WITHOUT ROWID" : "");
    str_text(out, table->strict ? " STRICT" : "");
    if (table->storage.text != NULL)
        str_printf(out, " STORAGE %s", table->storage.text);
    for (uint32_t i = 0; i < table->column_count; i++)
        dump_column_def(&table->columns[i], out);
    for (const struct table_constraint *c = table->constraints; c != NULL; c = c->next)
        dump_constraint(c, out);
    if (table->as_select != NULL) {
        str_text(out, "\n  AS ");
        dump_select(table->as_select, out);
    }
}

static void dump_create_index(const struct create_index *index, struct str *out)
{
    str_printf(out, "CREATE %sINDEX %s", index->unique ? "UNIQUE " : "",
               index->if_not_exists ? "IF NOT EXISTS " : "");
    dump_qualified(index->schema, index->name, out);
    str_printf(out, " ON %s ", index->table.text);
    dump_terms(index->terms, index->term_count, out);
    if (index->method.text != NULL)
        str_printf(out, " USING %s", index->method.text);
    dump_clause(" WHERE ", index->where, out);
}

static void dump_create_view(const struct create_view *view, struct str *out)
{
    str_printf(out, "CREATE %sVIEW %s", view->temporary ? "TEMP " : "",
               view->if_not_exists ? "IF NOT EXISTS " : "");
    dump_qualified(view->schema, view->name, out);
    if (view->column_count > 0)
        dump_names(view->columns, view->column_count, out);
    str_text(out, "\n  AS ");
    dump_select(view->select, out);
}

static void dump_drop(const struct drop *drop, struct str *out)
{
    static const char *const objects[] = {"TABLE", "INDEX", "VIEW", "TRIGGER"};

    str_printf(out, "DROP %s %s", objects[drop->object], drop->if_exists ? "IF EXISTS " : "");
    dump_qualified(drop->schema, drop->name, out);
}

static void dump_pragma(const struct pragma *pragma, struct str *out)
{
    str_text(out, "PRAGMA ");
    dump_qualified(pragma->schema, pragma->name, out);
    if (!pragma->has_value)
        return;
    str_text(out, pragma->called ? "(" : " = ");
    value_dump(&pragma->value, out);
    str_text(out, pragma->called ? ")" : "");
}

static void dump_copy(const struct copy *copy, struct str *out)
{
    str_text(out, "COPY ");
    if (copy->select != NULL) {
        str_char(out, '(');
        dump_select(copy->select, out);
        str_char(out, ')');
    } else {
        dump_qualified(copy->schema, copy->table, out);
    }
    if (copy->column_count > 0)
        dump_names(copy->columns, copy->column_count, out);
    str_printf(out, " %s '%s'", copy->to ? "TO" : "FROM", copy->file.text);
    for (const struct copy_option *option = copy->options; option != NULL; option = option->next) {
        str_printf(out, "\n  %s", option->name.text);
        if (option->has_value) {
            str_char(out, ' ');
            value_dump(&option->value, out);
        }
        if (option->list.count > 0) {
            str_text(out, " (");
            dump_list(&option->list, out);
            str_char(out, ')');
        }
    }
}

static const char *const kind_texts[STATEMENT_KIND_COUNT] = {
    [STATEMENT_EMPTY] = "EMPTY",
    [STATEMENT_CREATE_TRIGGER] = "CREATE TRIGGER",
    [STATEMENT_CREATE_VIRTUAL] = "CREATE VIRTUAL TABLE",
    [STATEMENT_ALTER] = "ALTER TABLE",
    [STATEMENT_BEGIN] = "BEGIN",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",
    [STATEMENT_SAVEPOINT] = "SAVEPOINT",
    [STATEMENT_RELEASE] = "RELEASE",
    [STATEMENT_ATTACH] = "ATTACH",
    [STATEMENT_DETACH] = "DETACH",
    [STATEMENT_VACUUM] = "VACUUM",
    [STATEMENT_ANALYZE] = "ANALYZE",
    [STATEMENT_REINDEX] = "REINDEX",
};

static void dump_bare(const struct statement *statement, struct str *out)
{
    static const char *const modes[] = {"", " IMMEDIATE", " EXCLUSIVE"};

    str_text(out, kind_texts[statement->kind]);
    str_text(out, modes[statement->begin_mode]);
    if (statement->savepoint.text != NULL)
        str_printf(out, " %s", statement->savepoint.text);
}

void ast_dump_expr(const struct expr *expr, struct str *out)
{
    dump_expr(expr, out);
}

void ast_dump(const struct statement *statement, struct str *out)
{
    static const char *const explains[] = {"", "EXPLAIN ", "EXPLAIN QUERY PLAN ",
                                           "EXPLAIN ANALYZE ", "EXPLAIN ANALYZE VERBOSE "};

    str_text(out, explains[statement->explain]);
    switch ((enum statement_kind)statement->kind) {
    case STATEMENT_SELECT:
        dump_select(statement->select, out);
        break;
    case STATEMENT_INSERT:
        dump_insert(statement->insert, out);
        break;
    case STATEMENT_UPDATE:
        dump_update(statement->update, out);
        break;
    case STATEMENT_DELETE:
        dump_delete(statement->delete_, out);
        break;
    case STATEMENT_CREATE_TABLE:
        dump_create_table(statement->create_table, out);
        break;
    case STATEMENT_CREATE_INDEX:
        dump_create_index(statement->create_index, out);
        break;
    case STATEMENT_CREATE_VIEW:
        dump_create_view(statement->create_view, out);
        break;
    case STATEMENT_DROP:
        dump_drop(statement->drop, out);
        break;
    case STATEMENT_PRAGMA:
        dump_pragma(statement->pragma, out);
        break;
    case STATEMENT_COPY:
        dump_copy(statement->copy, out);
        break;
    default:
        dump_bare(statement, out);
        break;
    }
    if (statement->unsupported != NULL)
        str_printf(out, "\n  unsupported: %s", statement->unsupported);
    str_char(out, '\n');
}
