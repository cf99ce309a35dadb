/* ast_dump.c - the syntax tree as SQL that makes the same tree, for EXPLAIN, tests and
 * STOA_TRACE=ast.  What the resolver made has no SQL and is shown by number. */
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

/* In the quotes that it had, or others of the same meaning: only "x" may turn out to be a text. */
/* A column named with would begin a select behind a parenthesis. */
static void dump_name(struct name name, struct str *out)
{
    char quote = name.quoted_double ? '"' : '`';

    if (!name.quoted && !ascii_equal(name.text, name.bytes, "WITH", 4)) {
        str_text(out, name.text);
        return;
    }
    str_char(out, quote);
    for (const char *c = name.text; *c != '\0'; c++) {
        if (*c == quote)
            str_char(out, quote);
        str_char(out, *c);
    }
    str_char(out, quote);
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
        if (term->expr->kind == EXPR_STAR)
            str_text(out, "ALL");
        else if (term->result_column > 0)
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

/* f(a, b ORDER BY c) or f(a) WITHIN GROUP (ORDER BY c), where c is the first argument. */
static void dump_arguments(const struct expr *expr, struct str *out)
{
    const struct expr_list rest = {.count = expr->list.count - 1, .items = expr->list.items + 1};

    str_text(out, expr->distinct ? "(DISTINCT " : "(");
    str_text(out, expr->star ? "*" : "");
    dump_list(expr->within_group ? &rest : &expr->list, out);
    if (expr->order_by.count > 0) {
        str_text(out, " ORDER BY ");
        dump_order(&expr->order_by, out);
    }
    if (expr->nulls != NULLS_UNSAID) /* not among no arguments */
        str_printf(out, "%s %s NULLS", expr->list.count > 0 ? "" : ")",
                   expr->nulls == NULLS_IGNORED ? "IGNORE" : "RESPECT");
    if (expr->nulls == NULLS_UNSAID || expr->list.count > 0)
        str_char(out, ')');
    if (expr->within_group) {
        str_text(out, " WITHIN GROUP (ORDER BY ");
        dump_expr(expr->list.items[0], out);
        str_text(out, expr->negated ? " DESC)" : ")");
    }
}

/* CURRENT_DATE and its like, which have no parentheses. */
static bool is_current(const struct expr *expr)
{
    return !expr->name.quoted && (ascii_casecmp(expr->name.text, "current_date") == 0 ||
                                  ascii_casecmp(expr->name.text, "current_time") == 0 ||
                                  ascii_casecmp(expr->name.text, "current_timestamp") == 0);
}

static void dump_function(const struct expr *expr, struct str *out)
{
    dump_name(expr->name, out);
    if (!is_current(expr))
        dump_arguments(expr, out);
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
    if (expr->op != EXPR_OP_NONE)
        str_printf(out, " %s %s (", op_texts[expr->negated ? expr_op_opposite(expr->op) : expr->op],
                   expr->negated ? "ALL" : "ANY");
    else
        str_text(out, expr->negated ? " NOT IN (" : " IN (");
    if (expr->select != NULL)
        dump_select(expr->select, out);
    else
        dump_list(&expr->list, out);
    str_text(out, "))");
}

static void dump_unary(const struct expr *expr, struct str *out)
{
    bool   postfix = expr->op == EXPR_OP_ISNULL || expr->op == EXPR_OP_NOTNULL;
    size_t operand;

    str_char(out, '(');
    if (!postfix)
        str_text(out, op_texts[expr->op]);
    operand = out->bytes;
    dump_expr(expr->left, out);
    if (!out->failed && expr->op == EXPR_OP_NEGATE && out->data[operand] == '-') {
        out->bytes = operand; /* -- would begin a comment */
        str_char(out, ' ');
        dump_expr(expr->left, out);
    }
    if (postfix)
        str_printf(out, " %s", op_texts[expr->op]);
    str_char(out, ')');
}

static void dump_binary(const struct expr *expr, struct str *out)
{
    bool argument = expr->op == EXPR_OP_ASSIGN; /* no expression: no parentheses */

    str_text(out, argument ? "" : "(");
    dump_expr(expr->left, out);
    str_printf(out, " %s%s ", expr->negated ? "NOT " : "", op_texts[expr->op]);
    dump_expr(expr->right, out);
    if (expr->kind == EXPR_LIKE && expr->list.count > 0) {
        str_text(out, " ESCAPE ");
        dump_expr(expr->list.items[0], out);
    }
    str_text(out, argument ? "" : ")");
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
    dump_name(expr->name, out);
}

static void dump_star(const struct expr *expr, struct str *out)
{
    static const char *const words[] = {" EXCLUDE (", " RENAME (", " REPLACE ("};

    if (expr->table.text != NULL) {
        dump_name(expr->table, out);
        str_char(out, '.');
    }
    str_char(out, '*');
    for (const struct star_change *c = expr->changes; c != NULL; c = c->next) {
        str_text(out, words[c->kind]);
        if (c->kind == STAR_REPLACE) {
            dump_expr(c->expr, out);
            str_text(out, " AS ");
        }
        dump_name(c->name, out);
        if (c->kind == STAR_RENAME) {
            str_text(out, " AS ");
            dump_name(c->to, out);
        }
        str_char(out, ')');
    }
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

static void dump_literal(const struct expr *expr, struct str *out)
{
    const struct value *v = &expr->value;

    if (!expr->resolved.constant && v->class_ == CLASS_INTEGER && v->i < 0 && v->i != INT64_MIN)
        str_printf(out, "0x%" PRIx64, (uint64_t)v->i); /* -1 would be the negative of 1 */
    else
        value_dump(v, out);
}

static void dump_expr(const struct expr *expr, struct str *out)
{
    switch ((enum expr_kind)expr->kind) {
    case EXPR_LITERAL:
        dump_literal(expr, out);
        break;
    case EXPR_COLUMN:
        dump_column(expr, out);
        break;
    case EXPR_STAR:
        dump_star(expr, out);
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
        str_text(out, " COLLATE ");
        dump_name(expr->name, out);
        str_char(out, ')');
        break;
    case EXPR_FUNCTION:
        dump_function(expr, out);
        break;
    case EXPR_SUBQUERY:
    case EXPR_EXISTS:
        dump_subquery(expr, out);
        break;
    case EXPR_ROW:
        str_char(out, '(');
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
    enum { FULL = JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT };
    static const struct {
        uint8_t     mask, bits;
        const char *text;
    } words[] = {
        {JOIN_TYPE_NATURAL, JOIN_TYPE_NATURAL, "NATURAL "},
        {FULL, FULL, "FULL "},
        {FULL, JOIN_TYPE_LEFT, "LEFT "},
        {FULL, JOIN_TYPE_RIGHT, "RIGHT "},
        {JOIN_TYPE_OUTER, JOIN_TYPE_OUTER, "OUTER "},
        {JOIN_TYPE_CROSS, JOIN_TYPE_CROSS, "CROSS "},
        {JOIN_TYPE_INNER, JOIN_TYPE_INNER, "INNER "},
    };

    if (join & JOIN_TYPE_COMMA) {
        str_text(out, ", ");
        return;
    }
    str_char(out, ' ');
    for (size_t i = 0; i < countof(words); i++)
        if ((join & words[i].mask) == words[i].bits)
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
        value_dump(&(struct value){.class_ = CLASS_TEXT,
                                   .s = item->name.text,
                                   .bytes = (uint32_t)strlen(item->name.text)},
                   out);
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
        if (item->indexed_by.text != NULL) {
            str_text(out, " INDEXED BY ");
            dump_name(item->indexed_by, out);
        }
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
    for (uint32_t c = 0; select->values_uneven && c <= width; c++) /* some row that is too long */
        str_text(out, c == 0 ? ", (x" : c < width ? ", x" : ", x)");
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

/* The select within one that DISTINCT ON made: as it was written, but for the keys, which stand
 * behind its columns. */
static const struct select *below_distinct_on(const struct select *select)
{
    return select->distinct_on.count > 0 ? select->from.items[0]->select : select;
}

static void dump_head(const struct select *select, uint32_t distinct_on, struct str *out)
{
    uint32_t count = select->column_count - distinct_on;

    str_text(out, select->distinct  ? "SELECT DISTINCT "
                  : distinct_on > 0 ? "SELECT DISTINCT ON ("
                                    : "SELECT ");
    for (uint32_t i = 0; i < distinct_on; i++) {
        str_text(out, i > 0 ? ", " : "");
        dump_expr(select->columns[count + i].expr, out);
    }
    str_text(out, distinct_on > 0 ? ") " : "");
    dump_results(select->columns, count, out);
}

static void dump_core(const struct select *term, struct str *out)
{
    const struct select *select = below_distinct_on(term);

    if (select->is_values) {
        dump_values(select, out);
        return;
    }
    dump_head(select, term->distinct_on.count, out);
    if (select->from.count > 0) {
        str_text(out, " FROM ");
        dump_from(&select->from, out);
    }
    dump_clause(" WHERE ", select->where, out);
    if (select->group_by.count > 0) {
        str_text(out, " GROUP BY ");
        if (select->group_by.items[0]->kind == EXPR_STAR)
            str_text(out, "ALL");
        else
            dump_list(&select->group_by, out);
    }
    dump_clause(" HAVING ", select->having, out);
    for (const struct window_def *window = select->windows; window != NULL; window = window->next) {
        str_text(out, window == select->windows ? " WINDOW " : ", ");
        dump_name(window->name, out);
        str_text(out, " AS ");
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
    const struct order_list *order = &select->order_by;
    uint32_t                 terms = 0;

    if (order->count == 0)
        order = &below_distinct_on(select)->order_by;
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
    if (order->count > 0) {
        str_text(out, " ORDER BY ");
        dump_order(order, out);
    }
    dump_clause(" LIMIT ", select->limit, out);
    dump_clause(" OFFSET ", select->offset, out);
}

/* --- statements ------------------------------------------------------------------------------- */
static void dump_conflict(const char *word, enum conflict conflict, struct str *out)
{
    static const char *const texts[] = {"", "ROLLBACK", "ABORT", "FAIL", "IGNORE", "REPLACE"};

    if (conflict != CONFLICT_DEFAULT)
        str_printf(out, " %s %s", word, texts[conflict]);
}

static void dump_assignments(const struct assignment *assignments, uint32_t count, struct str *out)
{
    for (uint32_t i = 0; i < count; i++) {
        str_text(out, i == 0 ? "\n  SET " : ", ");
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
    str_text(out, "INSERT");
    dump_conflict("OR", insert->conflict, out);
    str_text(out, " INTO ");
    dump_qualified(insert->schema, insert->table, out);
    if (insert->alias.text != NULL) {
        str_text(out, " AS ");
        dump_name(insert->alias, out);
    }
    if (insert->column_count > 0)
        dump_names(insert->columns, insert->column_count, out);
    str_text(out, "\n  ");
    if (insert->select != NULL)
        dump_select(insert->select, out);
    else
        str_text(out, "DEFAULT VALUES");
    for (const struct upsert *upsert = insert->upsert; upsert != NULL; upsert = upsert->next) {
        str_text(out, upsert->target_count > 0 ? "\n  ON CONFLICT " : "\n  ON CONFLICT");
        if (upsert->target_count > 0)
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
    str_text(out, "UPDATE");
    dump_conflict("OR", update->conflict, out);
    str_char(out, ' ');
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
    str_text(out, "DELETE FROM ");
    dump_target(delete_->target, out);
    dump_clause("\n  WHERE ", delete_->where, out);
    dump_returning(delete_->returning, delete_->returning_count, out);
}

static void dump_references(const struct foreign_key *key, struct str *out)
{
    static const char *const actions[] = {"", "RESTRICT", "SET NULL", "SET DEFAULT", "CASCADE"};

    str_text(out, " REFERENCES ");
    dump_name(key->parent, out);
    if (key->parent_count > 0)
        dump_names(key->parent_columns, key->parent_count, out);
    if (key->on_delete != 0)
        str_printf(out, " ON DELETE %s", actions[key->on_delete]);
    if (key->on_update != 0)
        str_printf(out, " ON UPDATE %s", actions[key->on_update]);
    if (key->match.text != NULL) {
        str_text(out, " MATCH ");
        dump_name(key->match, out);
    }
    str_text(out, key->deferrable ? " DEFERRABLE" : "");
    str_text(out, key->initially_deferred ? " INITIALLY DEFERRED" : "");
}

static void dump_column_def(const struct column_def *column, struct str *out)
{
    dump_name(column->name, out);
    str_printf(out, "%s%s", column->type[0] != '\0' ? " " : "", column->type);
    if (column->flags & COLUMN_NOT_NULL) {
        str_text(out, " NOT NULL");
        dump_conflict("ON CONFLICT", column->not_null_conflict, out);
    }
    if (column->flags & COLUMN_PRIMARY_KEY) {
        str_text(out, column->primary_descending ? " PRIMARY KEY DESC" : " PRIMARY KEY");
        dump_conflict("ON CONFLICT", column->primary_conflict, out);
        str_text(out, column->autoincrement ? " AUTOINCREMENT" : "");
    }
    if (column->flags & COLUMN_UNIQUE) {
        str_text(out, " UNIQUE");
        dump_conflict("ON CONFLICT", column->unique_conflict, out);
    }
    if (column->collation != COLLATION_BINARY)
        str_printf(out, " COLLATE %s", collation_name(column->collation));
    if (column->default_expr != NULL) {
        str_text(out, " DEFAULT (");
        dump_expr(column->default_expr, out);
        str_char(out, ')');
    }
    if (column->generated != NULL) {
        str_text(out, " AS (");
        dump_expr(column->generated, out);
        str_text(out, column->flags & COLUMN_GENERATED_STORED ? ") STORED" : ")");
    }
    if (column->references != NULL)
        dump_references(column->references, out);
}

static void dump_constraint(const struct table_constraint *constraint, struct str *out)
{
    if (constraint->name.text != NULL) {
        str_text(out, "CONSTRAINT ");
        dump_name(constraint->name, out);
        str_char(out, ' ');
    }
    switch ((enum table_constraint_kind)constraint->kind) {
    case CONSTRAINT_PRIMARY_KEY:
    case CONSTRAINT_UNIQUE:
        str_text(out, constraint->kind == CONSTRAINT_UNIQUE ? "UNIQUE " : "PRIMARY KEY ");
        dump_terms(constraint->terms, constraint->term_count, out);
        if (constraint->autoincrement && !out->failed) {
            out->bytes--; /* within the parentheses */
            str_text(out, " AUTOINCREMENT)");
        }
        break;
    case CONSTRAINT_CHECK:
        str_text(out, "CHECK (");
        dump_expr(constraint->check, out);
        str_char(out, ')');
        break;
    case CONSTRAINT_FOREIGN_KEY:
        str_text(out, "FOREIGN KEY ");
        dump_names(constraint->foreign_key->columns, constraint->foreign_key->column_count, out);
        dump_references(constraint->foreign_key, out);
        break;
    }
    dump_conflict("ON CONFLICT", constraint->conflict, out);
}

static void dump_create_table(const struct create_table *table, struct str *out)
{
    const char *between = " ";

    str_printf(out, "CREATE %sTABLE %s", table->temporary ? "TEMP " : "",
               table->if_not_exists ? "IF NOT EXISTS " : "");
    dump_qualified(table->schema, table->name, out);
    for (uint32_t i = 0; i < table->column_count; i++) {
        str_text(out, i == 0 ? "(\n  " : ",\n  ");
        dump_column_def(&table->columns[i], out);
    }
    for (const struct table_constraint *c = table->constraints; c != NULL; c = c->next) {
        str_text(out, ",\n  ");
        dump_constraint(c, out);
    }
    str_text(out, table->column_count > 0 ? ")" : "");
    if (table->without_rowid) {
        str_printf(out, "%sWITHOUT ROWID", between);
        between = ", ";
    }
    if (table->strict) {
        str_printf(out, "%sSTRICT", between);
        between = ", ";
    }
    if (table->storage.text != NULL)
        str_printf(out, "%sSTORAGE %s", between, table->storage.text);
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
    str_text(out, " ON ");
    dump_name(index->table, out);
    str_char(out, ' ');
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
        str_text(out, option == copy->options ? " (" : ", ");
        dump_name(option->name, out);
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
    str_text(out, copy->options != NULL ? ")" : "");
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
    if (statement->savepoint.text != NULL) {
        str_text(out, statement->kind == STATEMENT_ROLLBACK ? " TO " : " ");
        dump_name(statement->savepoint, out);
    }
}

void ast_dump_expr(const struct expr *expr, struct str *out)
{
    dump_expr(expr, out);
}

void ast_dump(const struct statement *statement, struct str *out)
{
    static const char *const explains[] = {"", "EXPLAIN ", "EXPLAIN QUERY PLAN ",
                                           "EXPLAIN ANALYZE ", "EXPLAIN ANALYZE VERBOSE "};
    static const char *const reports[] = {"", "DESCRIBE ", "SUMMARIZE "};

    str_text(out, explains[statement->explain]);
    str_text(out, reports[statement->report]);
    switch ((enum statement_kind)statement->kind) {
    case STATEMENT_SELECT:
        if (statement->report_table)
            dump_from(&statement->select->from, out);
        else
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
