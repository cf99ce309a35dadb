/* resolve_values.c - the rows of VALUES: literals, expressions, and what makes selects of them. */
#include "sql/plan_expr.h"
#include "sql/resolve_internal.h"

/* --- window functions ------------------------------------------------------------------------- */
static bool visit_window(struct expr *expr, void *data)
{
    bool *found = data;

    *found = *found || (expr->kind == EXPR_FUNCTION && expr->over != NULL);
    return !*found;
}

static bool has_window(const struct select *select)
{
    bool found = false;

    for (const struct values_rows *rows = select->values; rows != NULL; rows = rows->next)
        for (size_t i = 0; rows->exprs != NULL && i < (size_t)rows->rows * rows->columns; i++)
            expr_walk(rows->exprs[i], visit_window, &found);
    return found;
}

static enum status row_columns(struct resolver *r, const struct values_rows *rows, uint32_t row,
                               struct select *select)
{
    select->column_count = select->column_capacity = rows->columns;
    select->columns = arena_zalloc(r->arena, rows->columns * sizeof *select->columns);
    if (select->columns == NULL)
        return fail_nomem(r->err);
    for (uint32_t i = 0; i < rows->columns; i++) {
        size_t       at = (size_t)row * rows->columns + i;
        struct expr *literal;

        if (rows->exprs != NULL) {
            select->columns[i].expr = rows->exprs[at];
            continue;
        }
        literal = arena_zalloc(r->arena, sizeof *literal);
        if (literal == NULL)
            return fail_nomem(r->err);
        literal->kind = EXPR_LITERAL;
        literal->depth = 1;
        literal->position = select->position;
        literal->value = rows->constants[at];
        select->columns[i].expr = literal;
    }
    return STATUS_OK;
}

/* Each row becomes a SELECT without FROM, the last one select itself. */
static enum status rows_apart(struct resolver *r, struct select *select)
{
    enum compound_op op = select->op;
    struct select   *prior = select->prior;
    uint32_t         left = select->values_rows;

    for (const struct values_rows *rows = select->values; rows != NULL; rows = rows->next)
        for (uint32_t i = 0; i < rows->rows; i++) {
            struct select *row = select;

            if (--left > 0)
                row = arena_zalloc(r->arena, sizeof *row);
            if (row == NULL)
                return fail_nomem(r->err);
            row->position = select->position;
            row->op = op;
            row->prior = prior;
            TRY(row_columns(r, rows, i, row));
            prior = row;
            op = COMPOUND_UNION_ALL;
        }
    select->is_values = false;
    select->values = select->last_values = NULL;
    select->values_rows = 0;
    return STATUS_OK;
}

enum status values_take_windows(struct resolver *r, struct select *head)
{
    for (struct select *term = head; term != NULL; term = term->prior)
        if (term->is_values && !term->values_uneven && has_window(term))
            TRY(rows_apart(r, term));
    return STATUS_OK;
}

/* --- rows ------------------------------------------------------------------------------------- */
enum status resolve_values(struct resolver *r, struct scope *scope)
{
    struct select *select = scope->select;

    if (select->values_uneven)
        return fail_at(r->err, STATUS_ERROR, select->position,
                       "all VALUES must have the same number of terms");
    scope->aggregates = true;
    for (const struct values_rows *rows = select->values; rows != NULL; rows = rows->next)
        for (size_t i = 0; rows->exprs != NULL && i < (size_t)rows->rows * rows->columns; i++)
            TRY(resolve_scalar(r, scope, rows->exprs[i]));
    if (select->aggregate_count > 0 && select->values_rows > 1)
        return fail_at(r->err, STATUS_ERROR, select->aggregates[0]->position,
                       "misuse of aggregate: %s()", select->aggregates[0]->name.text);
    for (uint32_t i = 0; i < select->column_count; i++) {
        select->columns[i].expr = select->values->exprs[i];
        TRY(name_result(r, scope, i, NULL));
    }
    if (select->aggregate_count > 0) { /* VALUES(count(*)) is a SELECT without FROM */
        select->is_values = false;
        select->is_aggregate = true;
    }
    return STATUS_OK;
}
