/* plan_lookup.c - x IN (SELECT y FROM ... WHERE k = outer AND ...) as a search.
 *
 * Where equalities alone choose which rows of the subquery belong to an enclosing one, it is run
 * without them, once: x and the outer sides are looked up among its y and k.  Nothing is done for
 * each pair of rows with equal keys.  0 where no row has the keys; NULL where x is NULL, or is not
 * found and a y of these keys is NULL. */
#include "sql/plan_join.h"

/* Fewer tuples than that part of the rows inside are joined with them one by one. */
static const double TUPLES_PART = 1.0 / 64;

struct split {
    struct planner  *planner;
    struct select   *select;
    struct expr_list equalities; /* inner = outer */
    bool             fits;
};

/* Of *condition the equalities go to split, the rest stays. */
static enum status split_condition(struct split *split, struct expr **condition)
{
    struct arena    *arena = split->planner->arena;
    struct expr_list conjuncts = {0};
    struct expr     *rest = NULL, *inner, *outer;

    if (!expr_conjuncts(arena, *condition, &conjuncts))
        return fail_nomem(split->planner->err);
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        struct expr *expr = conjuncts.items[i];

        if (!plan_looks_outside(split->select, expr)) {
            rest = expr_logic(arena, EXPR_OP_AND, rest, expr);
            if (rest == NULL)
                return fail_nomem(split->planner->err);
            continue;
        }
        split->fits = split->fits && expr->op == EXPR_OP_EQ && !expr_has_subquery(expr) &&
                      plan_correlation(split->select, expr, &inner, &outer);
        if (!expr_list_add(arena, &split->equalities, expr))
            return fail_nomem(split->planner->err);
    }
    *condition = rest;
    return STATUS_OK;
}

/* Of copies of the FROM items, for the conditions in ON: nothing is changed before all is known. */
static enum status split_select(struct split *split, struct expr **where, struct expr **on)
{
    const struct select *select = split->select;

    *where = select->where;
    TRY(split_condition(split, where));
    for (uint32_t i = 0; i < select->from.count; i++) {
        on[i] = select->from.items[i]->on;
        TRY(split_condition(split, &on[i]));
    }
    return STATUS_OK;
}

static struct expr *is_null(struct arena *arena, struct expr *operand)
{
    struct expr *expr = arena_zalloc(arena, sizeof *expr);

    if (expr == NULL)
        return NULL;
    expr->kind = EXPR_UNARY;
    expr->op = EXPR_OP_ISNULL;
    expr->left = operand;
    expr->position = operand->position;
    expr->depth = (uint16_t)(operand->depth + 1);
    expr->resolved.affinity = AFFINITY_NONE;
    return expr;
}

/* The results become y, k..., y IS NULL. */
static enum status make_lookup(struct split *split)
{
    struct planner       *planner = split->planner;
    struct arena         *arena = planner->arena;
    struct select        *select = split->select;
    uint32_t              count = split->equalities.count;
    struct result_column *columns = arena_zalloc(arena, (count + 2) * sizeof *columns);
    struct lookup        *lookup = arena_zalloc(arena, sizeof *lookup);

    if (columns == NULL || lookup == NULL)
        return fail_nomem(planner->err);
    lookup->count = count;
    lookup->outer = arena_alloc(arena, count * sizeof *lookup->outer);
    lookup->affinities = arena_alloc(arena, count * sizeof *lookup->affinities);
    lookup->collations = arena_alloc(arena, count * sizeof *lookup->collations);
    columns[0] = select->columns[0];
    columns[count + 1].expr = is_null(arena, columns[0].expr);
    columns[count + 1].name = "null";
    if (lookup->outer == NULL || lookup->affinities == NULL || lookup->collations == NULL ||
        columns[count + 1].expr == NULL)
        return fail_nomem(planner->err);
    for (uint32_t i = 0; i < count; i++) {
        const struct expr *equality = split->equalities.items[i];

        plan_correlation(select, equality, &columns[i + 1].expr, &lookup->outer[i]);
        columns[i + 1].name = "key";
        lookup->affinities[i] = equality->resolved.compare_affinity;
        lookup->collations[i] = equality->resolved.compare_collation;
    }
    select->columns = columns;
    select->column_count = select->column_capacity = count + 2;
    select->lookup = lookup;
    return STATUS_OK;
}

enum status plan_lookup(struct planner *planner, struct expr *in, double tuples, bool *done)
{
    struct select *select = in->select;
    struct split   split = {.planner = planner, .select = select, .fits = true};
    struct expr   *where, **on = arena_alloc(planner->arena, (select->from.count + 1) * sizeof *on);

    *done = false;
    if (on == NULL)
        return fail_nomem(planner->err);
    if (expr_width(in->left) != 1 || in->left->kind == EXPR_SUBQUERY ||
        !plan_is_unnestable(select) || select->distinct_on.count != 0 || select->qualify != NULL ||
        plan_looks_outside(select, select->columns[0].expr) ||
        tuples < plan_largest_table(select) * TUPLES_PART)
        return STATUS_OK;
    TRY(split_select(&split, &where, on));
    if (!split.fits || split.equalities.count == 0)
        return STATUS_OK;
    TRY(make_lookup(&split));
    select->where = where;
    for (uint32_t i = 0; i < select->from.count; i++)
        select->from.items[i]->on = on[i];
    select->order_by.count = 0;
    select->distinct = select->correlated = false;
    select->outer_count = 0;
    *done = true;
    return STATUS_OK;
}
