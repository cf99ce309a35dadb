/* resolve_report.c - DESCRIBE and SUMMARIZE: the columns of a select are resolved, then a select
 * that reports on them is written as text and takes the statement's place. */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "sql/ast_copy.h"
#include "sql/parse.h"
#include "sql/resolve_internal.h"

/* The schema's column that expr is, through subqueries; NULL: none. */
static const struct schema_column *base_column(const struct expr *expr)
{
    while (expr != NULL && expr->kind == EXPR_COLUMN && expr->resolved.source != NULL) {
        const struct from_item *item = expr->resolved.source;
        const struct select    *select = item->select;
        int32_t                 column = expr->resolved.column;

        if (item->catalog_table != NULL) {
            const struct schema_table *schema = table_schema(item->catalog_table);

            if (column < 0)
                column = schema->rowid_column;
            return column < 0 ? NULL : &schema->columns[column];
        }
        if (select == NULL || column < 0)
            return NULL;
        while (select->prior != NULL)
            select = select->prior;
        expr = select->columns[column].expr;
    }
    return NULL;
}

/* The declared type, or what the affinity of a column of a file or an expression says. */
static const char *column_type(const struct expr *expr, const struct schema_column *column)
{
    if (column != NULL)
        return column->type;
    switch ((enum affinity)expr->resolved.affinity) {
    case AFFINITY_INTEGER:
        return "INTEGER";
    case AFFINITY_REAL:
        return "REAL";
    case AFFINITY_TEXT:
        return "TEXT";
    case AFFINITY_NUMERIC:
        return "NUMERIC";
    default:
        return "";
    }
}

static void quote_text(struct str *out, const char *text)
{
    str_char(out, '\'');
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            str_char(out, '\'');
        str_char(out, *text);
    }
    str_char(out, '\'');
}

static void describe_column(struct str *out, const struct select *select, uint32_t i, bool table)
{
    const struct expr          *expr = select->columns[i].expr;
    const struct schema_column *column = base_column(expr);
    bool                        primary = table && column != NULL;

    str_text(out, i > 0 ? " UNION ALL SELECT " : "SELECT ");
    quote_text(out, select->columns[i].name);
    str_text(out, " AS column_name, ");
    quote_text(out, column_type(expr, column));
    str_text(out, primary && (column->flags & COLUMN_NOT_NULL) != 0 ? " AS column_type, 'NO'"
                                                                    : " AS column_type, 'YES'");
    str_text(out, " AS \"null\", ");
    str_text(out, primary && (column->flags & COLUMN_PRIMARY_KEY) != 0 ? "'PRI'"
                  : primary && (column->flags & COLUMN_UNIQUE) != 0    ? "'UNI'"
                                                                       : "NULL");
    str_text(out, " AS \"key\", ");
    if (primary && column->default_sql != NULL)
        quote_text(out, column->default_sql);
    else
        str_text(out, "NULL");
    str_text(out, " AS \"default\", NULL AS extra");
}

static void summarize_column(struct str *out, const struct select *select, uint32_t i)
{
    const struct expr *expr = select->columns[i].expr;

    str_text(out, i > 0 ? " UNION ALL SELECT " : "SELECT ");
    quote_text(out, select->columns[i].name);
    str_text(out, " AS column_name, ");
    quote_text(out, column_type(expr, base_column(expr)));
    str_text(out, " AS column_type, min(v) AS min, max(v) AS max, count(DISTINCT v) AS "
                  "approx_unique, avg(n) AS avg, stddev(n) AS std, quantile(n, 0.25) AS q25, "
                  "quantile(n, 0.5) AS q50, quantile(n, 0.75) AS q75");
    str_printf(out,
               ", count(*) AS count, round(100.0 * (count(*) - count(v)) / count(*), 2) AS "
               "null_percentage FROM (SELECT c%u AS v, CASE WHEN typeof(c%u) IN ('integer', "
               "'real') THEN c%u END AS n FROM \"summarized rows\")",
               i, i, i);
}

static void report_text(struct str *out, const struct statement *statement,
                        const struct select *select)
{
    if (statement->report == REPORT_SUMMARIZE) {
        str_text(out, "WITH \"summarized rows\"(");
        for (uint32_t i = 0; i < select->column_count; i++)
            str_printf(out, i > 0 ? ", c%u" : "c%u", i);
        str_text(out, ") AS (SELECT 1) ");
    }
    for (uint32_t i = 0; i < select->column_count; i++)
        if (statement->report == REPORT_SUMMARIZE)
            summarize_column(out, select, i);
        else
            describe_column(out, select, i, statement->report_table);
}

enum status resolve_report(struct resolver *r, struct statement *statement)
{
    struct parse_limits limits = parse_limits_default;
    struct select      *resolved, *named;
    struct statement   *report;
    struct str          text;
    char               *copy;
    size_t              bytes, tail;

    TRY(ast_copy_select(r->arena, statement->select, &resolved, r->err));
    named = resolved;
    TRY(resolve_select(r, resolved, NULL));
    while (named->prior != NULL)
        named = named->prior;
    str_init(&text, r->arena->memory);
    report_text(&text, statement, named);
    bytes = text.bytes;
    copy = text.failed ? NULL : arena_copy_text(r->arena, text.data, bytes);
    str_free(&text);
    if (copy == NULL)
        return fail_nomem(r->err);
    limits.compound_terms = limits.columns;
    TRY(parse_statement(copy, bytes, &limits, r->arena, &report, &tail, r->err));
    if (statement->report == REPORT_SUMMARIZE)
        report->select->with->select = statement->select;
    statement->select = report->select;
    return resolve_select(r, statement->select, NULL);
}
