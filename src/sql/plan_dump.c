/* plan_dump.c - the lines of EXPLAIN QUERY PLAN: SQLite's words where the thing is the same, other
 * words where something else is done; in brackets what a column store knows besides. */
#include "base/str.h"
#include "sql/cg_line.h"

#include <inttypes.h>
#include <string.h>

enum {
    EXPR_BYTES_MAX = 100, /* of a condition; the rest is "..." */
    REFERENCES_MAX = 32
};

/* --- parts -------------------------------------------------------------------------------------
 */
/* References to aggregates and window calls, which the dump names by number. */
struct references {
    uint32_t           count;
    const struct expr *items[REFERENCES_MAX];
};

static bool visit_reference(struct expr *expr, void *data)
{
    struct references *references = data;

    if ((expr->kind == EXPR_AGGREGATE_REF || expr->kind == EXPR_WINDOW_REF) &&
        references->count < REFERENCES_MAX)
        references->items[references->count++] = expr;
    return true;
}

/* What "AGGREGATE#3" or "WINDOW#0" at text stands for; NULL: nothing that is known. */
static const struct expr *referred(const struct references *references, const char *text,
                                   size_t bytes, size_t *used)
{
    bool    aggregate = bytes > 10 && memcmp(text, "AGGREGATE#", 10) == 0;
    bool    window = bytes > 7 && memcmp(text, "WINDOW#", 7) == 0;
    int32_t number = 0;

    if (!aggregate && !window)
        return NULL;
    *used = aggregate ? 10 : 7;
    for (; *used < bytes && ascii_digit(text[*used]); (*used)++)
        number = number * 10 + (text[*used] - '0');
    for (uint32_t i = 0; i < references->count; i++) {
        const struct expr *ref = references->items[i];

        if ((ref->kind == EXPR_AGGREGATE_REF) != aggregate || ref->resolved.column != number)
            continue;
        return aggregate ? ref->resolved.select->aggregates[number]
                         : ref->resolved.window->calls[number];
    }
    return NULL;
}

/* text with references written out, and nested selects, which have lines of their own, as
 * "(SELECT ...)". */
static void put_short(const char *text, size_t bytes, const struct references *references,
                      struct str *out)
{
    static const char word[] = "SELECT ";
    size_t            depth = 0; /* of parentheses within a select */
    char              quote = '\0';

    for (size_t i = 0; i < bytes; i++) {
        char               c = text[i];
        size_t             used;
        const struct expr *call = NULL;

        if (quote != '\0')
            quote = c == quote ? '\0' : quote;
        else if (c == '\'' || c == '"')
            quote = c;
        else if (depth > 0 && c == '(')
            depth++;
        else if (depth > 0 && c == ')')
            depth--;
        else if (depth == 0 && (c == 'A' || c == 'W'))
            call = referred(references, text + i, bytes - i, &used);
        if (call != NULL) {
            ast_dump_expr(call, out);
            i += used - 1;
            continue;
        }
        if (depth == 0)
            str_char(out, c);
        if (quote != '\0' || c != '(' || depth > 0 || bytes - i < sizeof word ||
            memcmp(text + i + 1, word, sizeof word - 1) != 0)
            continue;
        str_text(out, "SELECT ...");
        depth = 1;
    }
}

static void put_expr(struct expr *expr, struct str *out)
{
    struct references references = {.count = 0};
    struct str        text, whole;
    size_t            from = 0;

    expr_walk(expr, visit_reference, &references);
    str_init(&whole, out->memory);
    str_init(&text, out->memory);
    ast_dump_expr(expr, &whole);
    put_short(whole.data, whole.bytes, &references, &text);
    if (text.bytes > 1 && text.data[0] == '(' && expr->kind != EXPR_SUBQUERY) {
        from = 1;
        text.bytes--;
    }
    if (text.bytes - from <= EXPR_BYTES_MAX) {
        str_append(out, text.data + from, text.bytes - from);
    } else {
        size_t bytes = EXPR_BYTES_MAX;

        while (bytes > 0 && ((unsigned char)text.data[from + bytes] & 0xc0) == 0x80)
            bytes--;
        str_append(out, text.data + from, bytes);
        str_text(out, "...");
    }
    out->failed |= text.failed || whole.failed;
    str_free(&text);
    str_free(&whole);
}

static void put_exprs(const struct expr_list *list, const char *between, struct str *out)
{
    for (uint32_t i = 0; i < list->count; i++) {
        str_text(out, i > 0 ? between : "");
        put_expr(list->items[i], out);
    }
}

static void put_rows(double rows, struct str *out)
{
    str_printf(out, "%.0f row%s", rows, rows < 1.5 && rows >= 0.5 ? "" : "s");
}

/* How many of the rows below are expected to pass. */
static void put_estimate(const struct plan *plan, struct str *out)
{
    str_printf(out, "~%.0f expected", plan->rows < 1 ? 1 : plan->rows);
}

static void put_order(const struct order_list *order, const struct select *select, struct str *out)
{
    for (uint32_t i = 0; i < order->count; i++) {
        str_text(out, i > 0 ? ", " : "");
        if (order->terms[i].result_column != 0)
            str_text(out, select->columns[order->terms[i].result_column - 1].name);
        else
            put_expr(order->terms[i].expr, out);
        str_text(out, order->terms[i].descending ? " DESC" : "");
    }
}

static void put_name(const struct from_item *item, struct str *out)
{
    if (item->display != NULL)
        str_text(out, item->display);
    else
        str_printf(out, "(subquery-%" PRIu32 ")", item->number);
}

void plan_label(const struct plan *plan, struct str *out)
{
    while (plan->item == NULL && plan->right == NULL && plan->input != NULL)
        plan = plan->input;
    if (plan->item != NULL)
        put_name(plan->item, out);
    else
        str_text(out, "(join)");
}

/* --- scans -------------------------------------------------------------------------------------
 */
/* "dict8 x76, flat x1, tail 3 rows" as "dict8/flat". */
static void put_encodings(const char *encodings, struct str *out)
{
    bool first = true;

    while (*encodings != '\0' && strncmp(encodings, "tail", 4) != 0) {
        size_t bytes = strcspn(encodings, ","), name = bytes;

        for (size_t i = 0; i + 1 < bytes; i++)
            if (encodings[i] == ' ') {
                name = i;
                break;
            }
        str_text(out, first ? " " : "/");
        str_append(out, encodings, name);
        first = false;
        encodings += bytes + strspn(encodings + bytes, ", ");
    }
}

static void put_columns(const struct scan_desc *desc, bool rowid, struct str *out)
{
    const struct schema_table *schema = table_schema(desc->table);
    struct column_stats        stats;

    if (rowid)
        str_text(out, "; reads rowid");
    for (uint32_t i = 0; i < desc->column_count; i++) {
        uint32_t column = desc->columns[i];

        str_printf(out, "%s%s", i > 0 || rowid ? ", " : "; reads ", schema->columns[column].name);
        if (table_column_stats(desc->table, column, &stats, NULL) == STATUS_OK)
            put_encodings(stats.encodings, out);
    }
    if (desc->column_count == 0 && !rowid)
        str_text(out, "; reads no column");
}

/* The columns by whose zones the scan may skip batches: what Bound tells it. */
static void put_bounds(const struct program *program, int32_t open, struct str *out)
{
    const struct op           *op = &program->ops[open], *end = program->ops + program->op_count;
    const struct scan_desc    *desc = op->p4.desc;
    const struct schema_table *schema = table_schema(desc->table);
    int32_t                    slot = op->p1, last = -1;
    bool                       any = false;

    for (; op < end && (op->code != OP_Rewind || op->p1 != slot); op++) {
        if ((op->code != OP_Bound && op->code != OP_BoundRows) || op->p1 != slot || op->p2 == last)
            continue;
        str_printf(out, "%s%s",
                   any                    ? ", "
                   : op->code == OP_Bound ? "; zone maps on "
                                          : "; rows by ",
                   op->p2 < 0 ? "rowid" : schema->columns[op->p2].name);
        last = op->p2;
        any = true;
    }
}

static void put_filters(const struct plan *plan, struct str *out)
{
    if (plan->filters.count == 0)
        return;
    str_text(out, "; where ");
    put_exprs(&plan->filters, " AND ", out);
}

/* SEARCH t USING INDEX name (a=? AND b=?) */
static void key_line(const struct plan *plan, uint32_t k, struct str *out)
{
    const struct schema_table *schema = table_schema(plan->item->catalog_table);
    const struct schema_key   *key = &schema->keys[k];
    char                       name[SCHEMA_INDEX_NAME_CAP];

    schema_index_name(schema, k, name, sizeof name);
    str_printf(out, "SEARCH %s USING INDEX %s", plan->item->display, name);
    for (uint32_t i = 0; i < key->column_count; i++)
        str_printf(out, "%s%s=?", i == 0 ? " (" : " AND ", schema->columns[key->columns[i]].name);
    str_text(out, ")");
}

static void scan_line(const struct cg_line *line, const struct program *program, struct str *out)
{
    const struct plan      *plan = line->plan;
    const struct op        *open = line->open_op < 0 ? NULL : &program->ops[line->open_op];
    const struct scan_desc *desc = open == NULL ? NULL : open->p4.desc;
    double                  rows;
    uint32_t                key = plan_key_sought(plan, &rows);

    if (plan->rowid != NULL || key == KEY_ROWID)
        str_printf(out, "SEARCH %s USING INTEGER PRIMARY KEY (rowid=?)", plan->item->display);
    else if (key != KEY_NONE)
        key_line(plan, key, out);
    else
        str_printf(out, "SCAN %s", plan->item->display);
    if (desc == NULL)
        return;
    str_text(out, " [");
    if (plan->rowid == NULL) {
        put_rows((double)table_row_count(desc->table), out);
        if (plan->filters.count != 0) {
            str_text(out, ", ");
            put_estimate(plan, out);
        }
    } else {
        str_text(out, "1 row");
    }
    if (line->open_op + 1 < (int32_t)program->op_count && open[1].code == OP_RowCount)
        str_text(out, "; its row count is known");
    else
        put_columns(desc, line->reads_rowid, out);
    put_filters(plan, out);
    put_bounds(program, line->open_op, out);
    str_char(out, ']');
}

static void filtered(const struct plan *plan, struct str *out)
{
    if (plan->filters.count == 0)
        return;
    str_text(out, " [");
    put_estimate(plan, out);
    put_filters(plan, out);
    str_char(out, ']');
}

/* --- joins -------------------------------------------------------------------------------------
 */
static void put_keys(const struct plan *plan, struct str *out)
{
    str_text(out, " (");
    for (uint32_t i = 0; i < plan->key_count; i++) {
        struct expr *key = plan->keys[i].build;

        str_text(out, i > 0 ? " AND " : "");
        if (key->kind == EXPR_COLUMN && key->name.text != NULL)
            str_text(out, key->name.text);
        else
            put_expr(key, out);
        str_text(out, plan->keys[i].null_equal ? " IS ?" : "=?");
    }
    str_char(out, ')');
}

static void join_line(const struct plan *plan, struct str *out)
{
    static const char *const exists[] = {[JOIN_SEMI] = " EXISTS", [JOIN_ANTI] = " NOT EXISTS"};
    bool                     left = plan->join == JOIN_LEFT || plan->join == JOIN_FULL;

    str_text(out, plan->key_count == 0 && plan->filters.count == 0 ? "SCAN " : "SEARCH ");
    plan_label(plan->right, out);
    if (plan->join == JOIN_SEMI || plan->join == JOIN_ANTI)
        str_text(out, exists[plan->join]);
    if (plan->key_count == 0)
        str_text(out, " USING NESTED LOOP");
    else
        str_text(out, " USING HASH TABLE");
    if (plan->key_count != 0)
        put_keys(plan, out);
    str_text(out, left ? " LEFT-JOIN [" : " [");
    put_estimate(plan, out);
    for (uint32_t i = 0; i < plan->key_count; i++) {
        str_text(out, i > 0 ? " AND " : "; on ");
        put_expr(plan->keys[i].probe, out);
        str_text(out, plan->keys[i].null_equal ? " IS " : " = ");
        put_expr(plan->keys[i].build, out);
    }
    put_filters(plan, out);
    str_char(out, ']');
}

/* --- what collects rows ------------------------------------------------------------------------
 */
static void put_aggregates(const struct select *select, struct str *out)
{
    for (uint32_t i = 0; i < select->aggregate_count; i++) {
        str_text(out, i > 0 ? ", " : "; ");
        put_expr(select->aggregates[i], out);
    }
}

static void aggregate_line(const struct plan *plan, struct str *out)
{
    const struct select *select = plan->select;

    if (plan->group_by->count == 0) {
        str_text(out, "AGGREGATE [1 group");
    } else {
        str_text(out, "USE HASH TABLE FOR GROUP BY [");
        put_exprs(plan->group_by, ", ", out);
        if (select->grouping_set_count > 0)
            str_printf(out, "; %" PRIu32 " grouping sets", select->grouping_set_count);
        str_printf(out, "; ~%.0f groups", plan->rows);
    }
    put_aggregates(select, out);
    str_char(out, ']');
}

static void window_line(const struct plan *plan, struct str *out)
{
    const struct select_window *window = plan->window;
    const struct window_def    *def = window->def;
    const char                 *between = "";

    str_text(out, def->partition_by.count + def->order_by.count == 0 ? "COLLECT ROWS FOR WINDOW ["
                                                                     : "USE SORTER FOR WINDOW [");
    if (def->partition_by.count != 0) {
        str_text(out, "partition by ");
        put_exprs(&def->partition_by, ", ", out);
        between = " ";
    }
    if (def->order_by.count != 0) {
        str_printf(out, "%sorder by ", between);
        put_order(&def->order_by, plan->select, out);
        between = " ";
    }
    between = *between == '\0' ? "" : "; ";
    for (uint32_t w = 0; w < plan->window_count; w++, window = window->next)
        for (uint32_t i = 0; i < window->call_count; i++, between = ", ") {
            str_text(out, between);
            str_printf(out, "%s(", window->calls[i]->name.text);
            put_exprs(&window->calls[i]->list, ", ", out);
            str_text(out, window->calls[i]->star ? "*)" : ")");
        }
    str_char(out, ']');
}

static void sort_line(const struct cg_line *line, struct str *out)
{
    str_text(out, line->top_n ? "USE TOP-N SORTER FOR ORDER BY [" : "USE SORTER FOR ORDER BY [");
    put_order(&line->plan->select->order_by, line->plan->select, out);
    str_char(out, ']');
}

/* --- a line ------------------------------------------------------------------------------------
 */
static void values_line(const struct plan *plan, struct str *out)
{
    if (plan->select->values_rows == 1)
        str_text(out, "SCAN CONSTANT ROW");
    else
        str_printf(out, "SCAN %" PRIu32 "-ROW VALUES CLAUSE", plan->select->values_rows);
}

/* HAVING, QUALIFY, and conditions without columns, which are looked at first, behind the rest. */
static void put_conditions(const struct plan *conditions, struct str *out)
{
    const struct plan *below = conditions->input;
    const char        *word = "where ";

    if (conditions->kind == PLAN_GATE)
        word = "only if ";
    else if (below->kind == PLAN_AGGREGATE)
        word = "having ";
    else if (below->kind == PLAN_WINDOW)
        word = "qualify ";
    if (out->bytes > 0 && out->data[out->bytes - 1] == ']') {
        out->bytes--;
        str_text(out, "; ");
    } else {
        str_text(out, " [");
    }
    str_text(out, word);
    put_exprs(&conditions->filters, " AND ", out);
    str_char(out, ']');
}

static void node_line(const struct cg_line *line, const struct program *program, struct str *out);

void plan_line(const struct cg_line *line, const struct program *program, struct str *out)
{
    if (line->plan == NULL)
        str_text(out, line->text);
    else
        node_line(line, program, out);
    for (size_t i = 0; i < countof(line->conditions); i++)
        if (line->conditions[i] != NULL)
            put_conditions(line->conditions[i], out);
}

static void node_line(const struct cg_line *line, const struct program *program, struct str *out)
{
    const struct plan *plan = line->plan;

    switch (plan->kind) {
    case PLAN_ONE_ROW:
        str_text(out, "SCAN CONSTANT ROW");
        break;
    case PLAN_SCAN:
        scan_line(line, program, out);
        break;
    case PLAN_SOURCE:
        str_printf(out, "SCAN %s VIRTUAL TABLE INDEX 0:", plan->item->display);
        if (plan->join == JOIN_LEFT)
            str_text(out, " LEFT-JOIN");
        filtered(plan, out);
        break;
    case PLAN_SUBQUERY:
    case PLAN_SHARED:
    case PLAN_QUEUE:
    case PLAN_TUPLES:
        str_text(out, "SCAN ");
        put_name(plan->item, out);
        filtered(plan, out);
        break;
    case PLAN_VALUES:
        values_line(plan, out);
        break;
    case PLAN_JOIN:
        join_line(plan, out);
        break;
    case PLAN_AGGREGATE:
        aggregate_line(plan, out);
        break;
    case PLAN_WINDOW:
        window_line(plan, out);
        break;
    case PLAN_DISTINCT:
        str_text(out, "USE HASH TABLE FOR DISTINCT");
        break;
    case PLAN_SORT:
        sort_line(line, out);
        break;
    case PLAN_APPLY:
        str_printf(out, "CORRELATED %s FOR ALL ROWS [~%.0f expected]",
                   plan->apply->expr->kind == EXPR_EXISTS ? "EXISTS"
                   : plan->apply->expr->kind == EXPR_IN   ? "LIST SUBQUERY"
                                                          : "SCALAR SUBQUERY",
                   plan->apply->rows);
        break;
    case PLAN_FILTER: /* these have no line of their own */
    case PLAN_GATE:
    case PLAN_LATERAL:
    case PLAN_PROJECT:
    case PLAN_LIMIT:
    case PLAN_COMPOUND:
    case PLAN_RECURSIVE:
    case PLAN_KIND_COUNT:
        break;
    }
}
