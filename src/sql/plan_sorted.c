/* plan_sorted.c - where rows are in order, and who looks at the order.
 *
 * Tables come by rowid, groups and windows sorted: an ORDER BY that asks for the same is left out.
 * Where nobody can see in which order groups come (above them only rows are counted, say), they
 * stay as they were found. */
#include "sql/plan_join.h"
#include "vm/aggregate.h"

/* --- an order that is there already ------------------------------------------------------------
 */
struct sort_term {
    struct expr   *expr;
    enum collation collation;
    bool           descending, nulls_last;
};

static struct sort_term term_of(const struct select *select, const struct order_term *term)
{
    struct expr     *expr = term->expr;
    struct sort_term out = {.descending = term->descending, .nulls_last = order_nulls_last(term)};

    out.collation = expr->resolved.collation;
    if (term->result_column != 0 && !expr->resolved.collation_explicit) {
        expr = select->columns[term->result_column - 1].expr;
        out.collation = expr->resolved.collation;
    }
    out.expr = expr_strip(expr);
    return out;
}

static bool sorts_by(const struct sort_term *term, struct expr *key, bool descending,
                     bool nulls_last)
{
    return expr_equal(term->expr, expr_strip(key)) && term->collation == key->resolved.collation &&
           term->descending == descending && term->nulls_last == nulls_last;
}

static bool groups_are_sorted(const struct plan *aggregate, const struct select *select)
{
    const struct expr_list *keys = aggregate->group_by;

    if (!aggregate->sorted || aggregate->apply != NULL || select->grouping_set_count != 0)
        return false;
    for (uint32_t i = 0; i < select->order_by.count && i < keys->count; i++) {
        struct sort_term term = term_of(select, &select->order_by.terms[i]);
        bool             descending = aggregate->descending != NULL && aggregate->descending[i];

        if (!sorts_by(&term, keys->items[i], descending, descending))
            return false;
    }
    return true; /* what is behind all keys decides nothing */
}

static bool window_is_sorted(const struct window_def *def, const struct select *select)
{
    uint32_t partitions = def->partition_by.count;

    if (select->order_by.count > partitions + def->order_by.count)
        return false;
    for (uint32_t i = 0; i < select->order_by.count; i++) {
        struct sort_term         term = term_of(select, &select->order_by.terms[i]);
        const struct order_term *key;

        if (i < partitions) {
            if (!sorts_by(&term, def->partition_by.items[i], false, false))
                return false;
            continue;
        }
        key = &def->order_by.terms[i - partitions];
        if (!sorts_by(&term, key->expr, key->descending, order_nulls_last(key)))
            return false;
    }
    return true;
}

/* A table's rows come by rowid, of which no two are equal. */
static bool scan_is_sorted(const struct plan *scan, const struct select *select)
{
    struct sort_term   term = term_of(select, &select->order_by.terms[0]);
    const struct expr *expr = term.expr;

    return expr->kind == EXPR_COLUMN && expr->resolved.source == scan->item && !term.descending &&
           (expr->resolved.column < 0 ||
            expr->resolved.column == table_schema(scan->item->catalog_table)->rowid_column);
}

bool plan_is_sorted(const struct planner *planner, const struct plan *plan,
                    const struct select *select)
{
    if ((planner->context->passes_off & PASS_ORDER) != 0 || planner->apply != NULL ||
        plan->kind != PLAN_PROJECT)
        return false;
    plan = plan->input;
    while (plan->kind == PLAN_FILTER)
        plan = plan->input;
    if (plan->kind == PLAN_AGGREGATE)
        return groups_are_sorted(plan, select);
    if (plan->kind == PLAN_SCAN)
        return scan_is_sorted(plan, select);
    return plan->kind == PLAN_WINDOW && window_is_sorted(plan->window->def, select);
}

/* --- consumers that do not see the order -------------------------------------------------------
 */
/* What expr is in the end, through the results of subqueries. */
static struct expr *origin(struct expr *expr)
{
    const struct from_item *item;

    for (;;) {
        expr = expr_strip(expr);
        item = expr->resolved.source;
        if (expr->kind != EXPR_COLUMN || item == NULL || item->select == NULL ||
            item->select->prior != NULL || item->select->is_values || expr->resolved.column < 0 ||
            item->select->first_recursive != NULL)
            return expr;
        expr = item->select->columns[expr->resolved.column].expr;
    }
}

static bool is_count(struct expr *expr)
{
    const struct expr *call;
    int                kind;

    expr = origin(expr);
    if (expr->kind != EXPR_AGGREGATE_REF || expr->resolved.levels_up != 0)
        return false;
    call = expr->resolved.select->aggregates[expr->resolved.column];
    kind = call->resolved.aggregate_kind - 1;
    return kind == AGGREGATE_COUNT || kind == AGGREGATE_COUNT_STAR;
}

/* Equal values are the same values: it is no matter which of them is shown. */
static bool is_exact(struct expr *expr)
{
    return expr->resolved.collation == COLLATION_BINARY &&
           (is_count(expr) || column_is_exact(origin(expr)));
}

static bool call_is_blind(const struct expr *call)
{
    int kind = call->resolved.aggregate_kind - 1;

    switch (kind) {
    case AGGREGATE_COUNT:
    case AGGREGATE_COUNT_STAR:
    case AGGREGATE_COUNT_IF:
    case AGGREGATE_BOOL_AND:
    case AGGREGATE_BOOL_OR:
    case AGGREGATE_BIT_AND:
    case AGGREGATE_BIT_OR:
    case AGGREGATE_BIT_XOR:
        return true;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        return is_exact(call->list.items[0]);
    case AGGREGATE_SUM: /* of integers that are not negative, in any order */
    case AGGREGATE_TOTAL:
    case AGGREGATE_AVG:
        return is_count(call->list.items[0]);
    default:
        return false;
    }
}

static bool aggregate_is_blind(const struct plan *plan)
{
    const struct select *select = plan->select;

    if (plan->apply != NULL || plan->bare_count != 0)
        return false;
    for (uint32_t i = 0; i < select->aggregate_count; i++)
        if (!call_is_blind(select->aggregates[i]))
            return false;
    for (uint32_t i = 0; i < plan->group_by->count; i++)
        if (!is_exact(plan->group_by->items[i]))
            return false;
    return plan->blind || plan->sorted || plan->group_by->count == 0;
}

/* ORDER BY that names all keys of the groups below leaves no two rows equal. */
static bool sort_is_total(const struct plan *sort)
{
    const struct plan *plan = sort->input;

    if (plan->kind != PLAN_PROJECT)
        return false;
    for (plan = plan->input; plan->kind == PLAN_FILTER;)
        plan = plan->input;
    if (plan->kind != PLAN_AGGREGATE || plan->select->grouping_set_count != 0)
        return false;
    for (uint32_t k = 0; k < plan->group_by->count; k++) {
        struct expr *key = plan->group_by->items[k];
        bool         found = false;

        for (uint32_t i = 0; i < sort->select->order_by.count; i++) {
            struct sort_term term = term_of(sort->select, &sort->select->order_by.terms[i]);

            found |=
                expr_equal(term.expr, expr_strip(key)) && term.collation == key->resolved.collation;
        }
        if (!found)
            return false;
    }
    return plan->group_by->count > 0;
}

void plan_tell_order(const struct planner *planner, struct plan *plan)
{
    if ((planner->context->passes_off & PASS_ORDER) != 0)
        return;
    switch (plan->kind) {
    case PLAN_AGGREGATE:
        plan->input->blind = aggregate_is_blind(plan);
        if (plan->blind && plan->select->grouping_set_count == 0)
            plan->sorted = false;
        break;
    case PLAN_PROJECT:
    case PLAN_FILTER:
    case PLAN_GATE:
    case PLAN_SUBQUERY:
        if (plan->input != NULL)
            plan->input->blind = plan->blind;
        break;
    case PLAN_SORT:
        plan->input->blind = plan->blind || sort_is_total(plan);
        break;
    case PLAN_JOIN:
        plan->input->blind = plan->blind;
        plan->right->blind = plan->blind || plan->join == JOIN_SEMI || plan->join == JOIN_ANTI;
        break;
    case PLAN_COMPOUND:
        if (plan->op == COMPOUND_UNION_ALL)
            plan->input->blind = plan->right->blind = plan->blind;
        break;
    default:
        break;
    }
}
