/* plan_applicable.c - which correlated subqueries can be computed for all rows at once.
 *
 * Every construct inside must have a form that keeps the tuples apart; nothing may show that more
 * rows are looked at than one tuple after another would: no error, no random number; and an
 * equality has to say which rows belong to a tuple, or each would meet them all. */
#include "sql/plan_join.h"
#include "vm/functions.h"

/* Running the subquery for one tuple, in rows read: what a seek has to save. */
static const double ROWS_PER_RUN = 1000;

/* --- which side of a subquery an expression looks at -------------------------------------------
 */
enum { SIDE_INNER = 1, SIDE_OUTER = 2 };

struct sides {
    const struct select *select;
    unsigned             sides;
};

static bool is_outer(const struct select *select, const struct expr *column)
{
    for (uint32_t i = 0; i < select->outer_count; i++)
        if (expr_equal(select->outers[i], column))
            return true;
    return false;
}

static bool visit_sides(struct expr *expr, void *data)
{
    struct sides *walk = data;

    if (expr->kind == EXPR_COLUMN || expr->kind == EXPR_AGGREGATE_REF)
        walk->sides |= is_outer(walk->select, expr) ? SIDE_OUTER : SIDE_INNER;
    return true;
}

static unsigned sides_of(const struct select *select, struct expr *expr)
{
    struct sides walk = {select, 0};

    expr_walk(expr, visit_sides, &walk);
    return walk.sides;
}

/* inner = outer, either way round. */
static bool is_correlation(const struct select *select, const struct expr *expr)
{
    unsigned left, right;

    if (expr->kind != EXPR_BINARY || (expr->op != EXPR_OP_EQ && expr->op != EXPR_OP_IS) ||
        expr->left->kind == EXPR_ROW || expr->right->kind == EXPR_ROW)
        return false;
    left = sides_of(select, expr->left);
    right = sides_of(select, expr->right);
    return (left == SIDE_INNER && right == SIDE_OUTER) ||
           (left == SIDE_OUTER && right == SIDE_INNER);
}

bool plan_is_outside(const struct select *select, struct expr *expr)
{
    return sides_of(select, expr) == SIDE_OUTER;
}

bool plan_looks_outside(const struct select *select, struct expr *expr)
{
    return (sides_of(select, expr) & SIDE_OUTER) != 0;
}

/* --- can it be done ----------------------------------------------------------------------------
 */
static bool can_be_numbered(const struct planner *planner, const struct select *select);

static bool is_fixed_item(const struct planner *planner, const struct from_item *item)
{
    if ((item->join & JOIN_TYPE_RIGHT) != 0 || item->kind == FROM_NESTED ||
        item->kind == FROM_RECURSION)
        return false;
    for (uint32_t i = 0; i < item->arguments.count; i++)
        if (!expr_is_constant(item->arguments.items[i]))
            return false;
    return item->select == NULL || !item->select->correlated ||
           can_be_numbered(planner, item->select);
}

/* An aggregate without GROUP BY has a group for tuples without rows too, where nothing is known of
 * the tuple but its number. */
static bool groups_know_tuples(const struct select *term, const struct order_list *order)
{
    unsigned sides = 0;

    if (!term->is_aggregate)
        return true;
    for (uint32_t i = 0; i < term->outer_count; i++)
        if (term->outers[i]->kind != EXPR_COLUMN)
            return false;
    if (term->group_by.count != 0)
        return true;
    for (uint32_t i = 0; i < term->column_count; i++)
        sides |= sides_of(term, term->columns[i].expr);
    for (uint32_t i = 0; i < order->count; i++)
        sides |= sides_of(term, order->terms[i].expr);
    return ((sides | sides_of(term, term->having)) & SIDE_OUTER) == 0;
}

static bool term_can_be_numbered(const struct planner *planner, const struct select *term,
                                 const struct order_list *order)
{
    if (term->is_values || term->window_calls != NULL || term->distinct_on.count != 0 ||
        term->grouping_set_count != 0 || term->qualify != NULL || term->recursion != NULL ||
        !groups_know_tuples(term, order))
        return false;
    for (uint32_t i = 0; i < term->from.count; i++)
        if (!is_fixed_item(planner, term->from.items[i]))
            return false;
    return true;
}

static bool is_whole(const struct planner *planner, const struct expr *limit)
{
    struct value v;

    return limit == NULL || (expr_fold(planner->arena, limit, &v) && v.class_ == CLASS_INTEGER);
}

static bool can_be_numbered(const struct planner *planner, const struct select *select)
{
    if (select->first_recursive != NULL || !is_whole(planner, select->limit) ||
        !is_whole(planner, select->offset))
        return false;
    for (const struct select *term = select; term != NULL; term = term->prior)
        if (!term_can_be_numbered(planner, term, &select->order_by))
            return false;
    return true;
}

/* --- what would show ---------------------------------------------------------------------------
 */
struct traits {
    const struct planner *planner;
    const struct select  *select;
    bool                  conditional; /* overflows is asked for */
    bool fails;     /* an error for some row, which another order of work may not meet */
    bool overflows; /* an error for some group */
};

/* No more than so many rows can come from FROM; -1: not known. */
static double rows_at_most(const struct planner *planner, const struct from_list *from)
{
    double rows = 1;

    for (uint32_t i = 0; i < from->count; i++) {
        struct table *table = from->items[i]->catalog_table;

        if (table == NULL || !plan_trusts(planner, table))
            return -1;
        if (table_row_count(table) > 1) /* an outer join makes a row of none */
            rows *= (double)table_row_count(table);
    }
    return rows;
}

bool plan_sum_is_safe(const struct planner *planner, const struct select *select, struct expr *call,
                      bool integers)
{
    static const double LARGEST = 1e18;
    unsigned            known = 1U << CLASS_NULL | 1U << CLASS_INTEGER;
    struct expr        *expr = expr_strip(call->list.items[0]);
    struct column_stats stats;
    struct table       *table;
    double              rows;

    if (expr->kind != EXPR_COLUMN || expr->resolved.source->catalog_table == NULL ||
        expr->resolved.column < 0)
        return false;
    table = expr->resolved.source->catalog_table;
    if (table_column_stats(table, (uint32_t)expr->resolved.column, &stats, NULL) != STATUS_OK ||
        !stats.bounded || (stats.classes & 1U << CLASS_TEXT) != 0 ||
        (integers && (stats.classes & ~known) != 0) || !plan_trusts(planner, table))
        return false;
    rows = rows_at_most(planner, &select->from);
    return rows >= 0 && rows * (double)stats.hi < LARGEST && rows * (double)stats.lo > -LARGEST;
}

/* An aggregate of a subquery inside is another's, and not looked at. */
static bool is_call_of(const struct select *select, const struct expr *call)
{
    for (uint32_t i = 0; i < select->aggregate_count; i++)
        if (select->aggregates[i] == call)
            return true;
    return false;
}

static bool sum_is_safe(const struct traits *traits, struct expr *call)
{
    for (const struct select *term = traits->select; term != NULL; term = term->prior)
        if (is_call_of(term, call))
            return plan_sum_is_safe(traits->planner, term, call, false);
    return false;
}

static bool aggregate_overflows(const struct traits *traits, struct expr *call)
{
    switch (call->resolved.aggregate_kind - 1) {
    case AGGREGATE_SUM:
        return !sum_is_safe(traits, call);
    case AGGREGATE_COUNT_STAR:
    case AGGREGATE_COUNT:
    case AGGREGATE_TOTAL:
    case AGGREGATE_AVG:
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        return false;
    default:
        return true;
    }
}

static bool visit_traits(struct expr *expr, void *data)
{
    struct traits         *traits = data;
    const struct function *function = expr->resolved.function;

    if (expr->kind == EXPR_RAISE || (expr->kind == EXPR_LIKE && expr->list.count != 0) ||
        (expr->select != NULL && expr->select->limit != NULL &&
         expr->select->limit->kind != EXPR_LITERAL))
        traits->fails = true;
    if (expr->kind != EXPR_FUNCTION)
        return true;
    if (expr->resolved.aggregate_kind != 0)
        traits->overflows |= traits->conditional && aggregate_overflows(traits, expr);
    else
        traits->fails |= function != NULL && (function->flags & FUNCTION_MAY_FAIL) != 0;
    return true;
}

/* --- does it pay -------------------------------------------------------------------------------
 */
/* The conditions that decide which rows of term's FROM there are. */
static bool conditions_of(struct arena *arena, const struct select *term, struct expr_list *list)
{
    if (!expr_conjuncts(arena, term->where, list))
        return false;
    for (uint32_t i = 0; i < term->from.count; i++)
        if ((term->from.items[i]->join & JOIN_TYPE_LEFT) == 0 &&
            !expr_conjuncts(arena, term->from.items[i]->on, list))
            return false;
    return true;
}

/* rowid = outer finds its row without any join. */
static bool is_seek(const struct select *term, const struct expr *expr)
{
    for (uint32_t i = 0; i < term->from.count; i++) {
        const struct from_item *item = term->from.items[i];

        if (item->catalog_table == NULL)
            continue;
        for (int side = 0; side < 2; side++) {
            const struct expr *column = side == 0 ? expr->left : expr->right;

            if (column->kind == EXPR_COLUMN && column->resolved.source == item &&
                (column->resolved.column == -1 ||
                 column->resolved.column == table_schema(item->catalog_table)->rowid_column))
                return true;
        }
    }
    return false;
}

double plan_largest_table(const struct select *term)
{
    double rows = 0;

    for (uint32_t i = 0; i < term->from.count; i++) {
        const struct table *table = term->from.items[i]->catalog_table;

        if (table != NULL && (double)table_row_count(table) > rows)
            rows = (double)table_row_count(table);
    }
    return rows;
}

static bool select_pays(const struct planner *planner, const struct select *select, double tuples);

/* There is an equality to join by, and no seek that is better for few tuples; in a correlated
 * subquery of FROM it is the tuple's number. */
static bool term_pays(const struct planner *planner, const struct select *term, double tuples)
{
    struct expr_list conditions = {0};
    bool             joined = term->from.count == 0;

    for (uint32_t i = 0; i < term->from.count; i++) {
        const struct from_item *item = term->from.items[i];

        if (item->select == NULL || !item->select->correlated)
            continue;
        joined |= (item->join & JOIN_TYPE_LEFT) == 0;
        if (!select_pays(planner, item->select, tuples))
            return false;
    }
    if (!conditions_of(planner->arena, term, &conditions))
        return false;
    for (uint32_t i = 0; i < conditions.count; i++) {
        if (!is_correlation(term, conditions.items[i]))
            continue;
        joined = true;
        if (is_seek(term, conditions.items[i]) && tuples * ROWS_PER_RUN < plan_largest_table(term))
            return false;
    }
    return joined;
}

static bool select_pays(const struct planner *planner, const struct select *select, double tuples)
{
    for (const struct select *term = select; term != NULL; term = term->prior)
        if (!term_pays(planner, term, tuples))
            return false;
    return true;
}

bool plan_is_lookup(struct select *select)
{
    struct traits traits = {0};

    if (select->outer_count == 0 || select->prior != NULL || select->is_values ||
        select->limit != NULL || select->window_calls != NULL || select->from.count == 0 ||
        select->distinct_on.count != 0 || select->qualify != NULL || select->recursion != NULL ||
        select_varies(select))
        return false;
    for (uint32_t i = 0; i < select->from.count; i++) {
        const struct from_item *item = select->from.items[i];

        if ((item->join & (JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT)) != 0 || item->kind == FROM_NESTED ||
            item->kind == FROM_RECURSION || item->arguments.count != 0 ||
            (item->select != NULL && item->select->correlated))
            return false;
    }
    select_walk(select, visit_traits, &traits);
    return !traits.fails;
}

bool apply_is_possible(const struct planner *planner, const struct expr *expr, bool conditional,
                       double tuples)
{
    struct select *select = expr->select;
    struct traits  traits = {.planner = planner, .select = select, .conditional = conditional};

    if (select->outer_count == 0 || !can_be_numbered(planner, select) ||
        (expr->kind == EXPR_SUBQUERY && select->column_count != 1) ||
        (expr->kind == EXPR_IN && select->column_count != expr_width(expr->left)))
        return false;
    select_walk(select, visit_traits, &traits);
    return !traits.fails && !select_varies(select) && !traits.overflows &&
           select_pays(planner, select, tuples);
}
