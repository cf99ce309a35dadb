/* plan_estimate.c - how many rows a condition lets pass, how many values a column has: from the
 * tables' statistics where there are any, else rules of thumb. */
#include "base/number.h"
#include "sql/plan_join.h"
#include "store/day.h"

static const double LEAST = 1e-6; /* part of the rows that a condition is believed to leave */

/* Small tables are joined well enough in any order, among themselves. */
enum { STATISTICS_ROWS = 500 };

static bool is_large(const struct from_item *item)
{
    return item->catalog_table != NULL && table_row_count(item->catalog_table) > STATISTICS_ROWS;
}

/* Beside a large table it matters how many of its rows the small ones let pass. */
static bool has_large(const struct from_state *state)
{
    for (uint32_t i = 0; i < state->item_count; i++)
        if (is_large(state->items[i]))
            return true;
    return false;
}

/* Of a column; NULL: nothing is known.  small: small tables are worth it too. */
static const struct column_stats *column_known(struct expr *expr, bool small)
{
    const struct from_item *item;

    expr = expr_strip(expr);
    item = expr->resolved.source;
    if (expr->kind != EXPR_COLUMN || item == NULL || item->catalog_table == NULL ||
        expr->resolved.column < 0 || (!small && !is_large(item)))
        return NULL;
    return table_column_estimate(item->catalog_table, (uint32_t)expr->resolved.column);
}

/* 0: not known. */
static double column_distinct(const struct column_stats *stats, double rows)
{
    double span = (double)stats->hi - (double)stats->lo + 1;

    if (stats->distinct != 0)
        return (double)stats->distinct;
    if (!stats->bounded)
        return 0;
    return span < rows ? span : rows; /* no more different INTEGERs than there are */
}

double distinct_values(const struct from_state *state, struct expr *expr)
{
    const struct column_stats *stats;
    const struct plan         *scan = NULL;
    double                     rows, distinct = 0;

    expr = expr_strip(expr);
    if (expr->kind != EXPR_COLUMN)
        return 10;
    for (uint32_t i = 0; i < state->item_count; i++)
        if (state->items[i] == expr->resolved.source)
            scan = state->scans[i];
    if (scan == NULL)
        return state->apply != NULL ? state->apply->rows : 1;
    if (scan->kind != PLAN_SCAN)
        return scan->rows;
    rows = (double)table_row_count(scan->item->catalog_table);
    stats = column_known(expr, has_large(state));
    if (stats != NULL)
        distinct = column_distinct(stats, rows);
    if (distinct == 0)
        distinct = rows;
    return distinct < 1 ? 1 : distinct;
}

static double within(double part)
{
    return part < LEAST ? LEAST : part > 1 ? 1 : part;
}

/* Part of the rows that have one value of the column; 0: not known. */
static double one_value(struct expr *column)
{
    const struct column_stats *stats = column_known(column, false);
    double                     distinct;

    column = expr_strip(column);
    if (column->kind == EXPR_COLUMN && column->resolved.source != NULL &&
        plan_is_unique(column->resolved.source, column))
        return within(1 / (double)table_row_count(column->resolved.source->catalog_table));
    if (stats == NULL)
        return 0;
    distinct = column_distinct(
        stats, (double)table_row_count(expr_strip(column)->resolved.source->catalog_table));
    return distinct < 1 ? 0 : within(1 / distinct);
}

static bool digits_read(const char *text, uint32_t count, int32_t *number)
{
    *number = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (text[i] - '0');
    }
    return true;
}

/* value on the scale of the column's bounds: a number, or the day of a text 'YYYY-MM-DD'. */
static bool on_scale(const struct column_stats *stats, const struct expr *value, double *out)
{
    const struct value *v = &value->value;
    int32_t             year, month, day;

    if (value->kind != EXPR_LITERAL || !stats->bounded || stats->hi <= stats->lo)
        return false;
    if (v->class_ == CLASS_TEXT) {
        if ((stats->classes & 1U << CLASS_TEXT) == 0 || v->bytes < 10 ||
            !digits_read(v->s, 4, &year) || !digits_read(v->s + 5, 2, &month) ||
            !digits_read(v->s + 8, 2, &day) || month < 1 || month > 12)
            return false;
        *out = day_from_civil(year, (uint32_t)month, (uint32_t)day);
        return true;
    }
    if ((stats->classes & 1U << CLASS_TEXT) != 0 ||
        (v->class_ != CLASS_INTEGER && v->class_ != CLASS_REAL))
        return false;
    *out = (v->class_ == CLASS_INTEGER ? (double)v->i : v->r) * number_power_real[stats->scale];
    return true;
}

/* Part of the rows with column < value, or <=; negative: not known. */
static double part_below(struct expr *column, const struct expr *value, bool or_equal)
{
    const struct column_stats *stats = column_known(column, false);
    double                     at;

    if (stats == NULL || !on_scale(stats, value, &at))
        return -1;
    return within((at + or_equal - (double)stats->lo) /
                  ((double)stats->hi - (double)stats->lo + 1));
}

static double range_selectivity(const struct expr *filter)
{
    bool   less = filter->op == EXPR_OP_LT || filter->op == EXPR_OP_LE;
    bool   equal = filter->op == EXPR_OP_LE || filter->op == EXPR_OP_GE;
    double below = part_below(filter->left, filter->right, less == equal);

    if (below < 0) { /* constant < column: NOT column <= constant */
        less = !less;
        below = part_below(filter->right, filter->left, less == equal);
    }
    if (below < 0)
        return 0.35;
    return within(less ? below : 1 - below);
}

static double equal_selectivity(const struct expr *filter)
{
    double left = one_value(filter->left), right = one_value(filter->right);

    if (left == 0 || (right != 0 && right < left))
        left = right;
    return left == 0 ? 0.05 : left;
}

static double between_selectivity(const struct expr *filter)
{
    double low = part_below(filter->left, filter->list.items[0], false);
    double high = part_below(filter->left, filter->list.items[1], true);
    double part = low < 0 || high < 0 ? 0.15 : within(high - low);

    return filter->negated ? within(1 - part) : part;
}

static double in_selectivity(const struct expr *filter)
{
    double one = filter->select == NULL ? one_value(filter->left) : 0, part;

    if (one == 0)
        return filter->negated ? 0.7 : filter->select != NULL ? 0.3 : 0.1;
    part = within(one * filter->list.count);
    return filter->negated ? within(1 - part) : part;
}

double plan_selectivity(struct expr *filter)
{
    switch (filter->kind) {
    case EXPR_BINARY:
        switch (filter->op) {
        case EXPR_OP_EQ:
        case EXPR_OP_IS:
            return equal_selectivity(filter);
        case EXPR_OP_LT:
        case EXPR_OP_LE:
        case EXPR_OP_GT:
        case EXPR_OP_GE:
            return range_selectivity(filter);
        case EXPR_OP_OR: {
            double sum = plan_selectivity(filter->left) + plan_selectivity(filter->right);

            return sum < 0.9 ? sum : 0.9;
        }
        case EXPR_OP_AND:
            return plan_selectivity(filter->left) * plan_selectivity(filter->right);
        default:
            return 0.8;
        }
    case EXPR_BETWEEN:
        return between_selectivity(filter);
    case EXPR_IN:
        return in_selectivity(filter);
    case EXPR_LIKE:
        return filter->negated ? 0.9 : 0.1;
    default:
        return 0.5;
    }
}

double plan_work(const struct plan *plan)
{
    double work = plan->rows;

    if (plan->kind == PLAN_SCAN && plan->rowid == NULL)
        work = (double)table_row_count(plan->item->catalog_table);
    if (plan->kind == PLAN_SHARED)
        work += plan_work(plan->shared->plan);
    if (plan->input != NULL)
        work += plan_work(plan->input);
    if (plan->right != NULL)
        work += plan_work(plan->right);
    return work;
}
