/* plan_lookup.c - correlated subqueries as searches among rows that are computed once.
 *
 * x IN (SELECT y FROM ... WHERE k = outer AND ...): where equalities alone choose which rows of the
 * subquery belong to an enclosing one, it is run without them, and x and the outer sides are looked
 * up among its y and k.  Nothing is done for each pair of rows with equal keys.  0 where no row has
 * the keys; NULL where x is NULL, or is not found and a y of these keys is NULL.
 *
 * SELECT sum(v) FROM ... WHERE k = outer AND x < outer, and EXISTS: the rows are sorted by k and x
 * and added up; the sum of a range is the difference of two of those before it (vm/range.h).  That
 * is done for aggregates for which the order of rows does not matter. */
#include "sql/plan_join.h"
#include "vm/aggregate.h"

#include <string.h>

/* Fewer tuples than that part of the rows inside are joined with them one by one. */
static const double TUPLES_PART = 1.0 / 64;

struct link {          /* a condition that says which rows belong to an enclosing one */
    enum expr_op   op; /* inner op outer */
    struct expr   *inner, *outer;
    enum affinity  affinity;
    enum collation collation;
};
enum { LINKS_MAX = 16 };
struct split {
    struct planner *planner;
    struct select  *select;
    uint32_t        key_count; /* links[0..key_count): equalities */
    uint32_t        count;
    struct link     links[LINKS_MAX];
    bool            fits;
};

static enum expr_op swapped(enum expr_op op)
{
    switch (op) {
    case EXPR_OP_LT:
        return EXPR_OP_GT;
    case EXPR_OP_LE:
        return EXPR_OP_GE;
    case EXPR_OP_GT:
        return EXPR_OP_LT;
    case EXPR_OP_GE:
        return EXPR_OP_LE;
    default:
        return op;
    }
}

/* left op right, one of them of the subquery alone, the other one of the enclosing select. */
static bool add_link(struct split *split, enum expr_op op, struct expr *left, struct expr *right,
                     uint8_t affinity, uint8_t collation)
{
    bool        straight = !plan_looks_outside(split->select, left);
    struct link link = {straight ? op : swapped(op), straight ? left : right,
                        straight ? right : left, affinity, collation};

    if (split->count == LINKS_MAX || left->kind == EXPR_ROW || right->kind == EXPR_ROW ||
        expr_has_subquery(left) || expr_has_subquery(right) ||
        plan_looks_outside(split->select, link.inner) ||
        !plan_is_outside(split->select, link.outer))
        return false;
    if (op == EXPR_OP_EQ) { /* before the others */
        memmove(&split->links[split->key_count + 1], &split->links[split->key_count],
                (split->count - split->key_count) * sizeof link);
        split->links[split->key_count++] = link;
    } else {
        split->links[split->count] = link;
    }
    split->count++;
    return true;
}

static bool split_conjunct(struct split *split, struct expr *expr)
{
    if (expr->kind == EXPR_BINARY && (expr->op == EXPR_OP_EQ || swapped(expr->op) != expr->op))
        return add_link(split, expr->op, expr->left, expr->right, expr->resolved.compare_affinity,
                        expr->resolved.compare_collation);
    return expr->kind == EXPR_BETWEEN && !expr->negated &&
           add_link(split, EXPR_OP_GE, expr->left, expr->list.items[0],
                    expr->resolved.compare_affinity, expr->resolved.compare_collation) &&
           add_link(split, EXPR_OP_LE, expr->left, expr->list.items[1],
                    expr->resolved.compare_affinity_high, expr->resolved.compare_collation_high);
}

/* Of *condition the links go to split, the rest stays. */
static enum status split_condition(struct split *split, struct expr **condition)
{
    struct arena    *arena = split->planner->arena;
    struct expr_list conjuncts = {0};
    struct expr     *rest = NULL;

    if (!expr_conjuncts(arena, *condition, &conjuncts))
        return fail_nomem(split->planner->err);
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        if (plan_looks_outside(split->select, conjuncts.items[i])) {
            split->fits = split->fits && split_conjunct(split, conjuncts.items[i]);
            continue;
        }
        rest = expr_logic(arena, EXPR_OP_AND, rest, conjuncts.items[i]);
        if (rest == NULL)
            return fail_nomem(split->planner->err);
    }
    *condition = rest;
    return STATUS_OK;
}

static struct expr *null_test(struct arena *arena, enum expr_op op, struct expr *operand)
{
    struct expr *expr = arena_zalloc(arena, sizeof *expr);

    if (expr == NULL)
        return NULL;
    expr->kind = EXPR_UNARY;
    expr->op = (uint8_t)op;
    expr->left = operand;
    expr->position = operand->position;
    expr->depth = (uint16_t)(operand->depth + 1);
    expr->resolved.affinity = AFFINITY_NONE;
    return expr;
}

/* The subquery without its links and results, in *lookup, which has the links' outer sides. */
static enum status make_lookup(struct split *split, uint32_t columns, struct lookup **out)
{
    struct planner *planner = split->planner;
    struct arena   *arena = planner->arena;
    struct select  *copy = arena_alloc(arena, sizeof *copy);
    struct lookup  *lookup = arena_zalloc(arena, sizeof *lookup);

    if (copy == NULL || lookup == NULL)
        return fail_nomem(planner->err);
    *copy = *split->select;
    copy->columns = arena_zalloc(arena, (columns + 1) * sizeof *copy->columns);
    lookup->outer = arena_alloc(arena, (split->count + 1) * sizeof *lookup->outer);
    lookup->affinities = arena_alloc(arena, (split->count + 1) * sizeof *lookup->affinities);
    lookup->collations = arena_alloc(arena, (split->count + 1) * sizeof *lookup->collations);
    if (copy->columns == NULL || lookup->outer == NULL || lookup->affinities == NULL ||
        lookup->collations == NULL)
        return fail_nomem(planner->err);
    for (uint32_t i = 0; i < split->count; i++) {
        lookup->outer[i] = split->links[i].outer;
        lookup->affinities[i] = split->links[i].affinity;
        lookup->collations[i] = split->links[i].collation;
    }
    for (uint32_t i = 0; i < columns; i++)
        copy->columns[i].name = "value";
    copy->column_count = copy->column_capacity = columns;
    copy->order_by = (struct order_list){0};
    copy->distinct = copy->correlated = copy->is_aggregate = false;
    copy->aggregate_count = copy->outer_count = 0;
    lookup->count = split->count;
    lookup->select = copy;
    *out = lookup;
    return STATUS_OK;
}

/* Nothing was changed before: the conditions without the links, and the subquery is no more. */
static void install(struct split *split, struct lookup *lookup, struct expr *where,
                    struct expr **on)
{
    lookup->select->where = where;
    for (uint32_t i = 0; i < split->select->from.count; i++)
        split->select->from.items[i]->on = on[i];
    split->select->lookup = lookup;
    split->select->correlated = false;
    split->select->outer_count = 0;
}

/* --- IN -----------------------------------------------------------------------------------------
 */
static bool in_fits(const struct expr *in)
{
    return in->op == EXPR_OP_NONE && expr_width(in->left) == 1 && in->left->kind != EXPR_SUBQUERY &&
           !in->select->is_aggregate &&
           !plan_looks_outside(in->select, in->select->columns[0].expr);
}

static enum status make_in(struct split *split, struct lookup **lookup)
{
    struct planner       *planner = split->planner;
    struct expr          *member = split->select->columns[0].expr;
    struct result_column *columns;

    TRY(make_lookup(split, split->count + 2, lookup));
    columns = (*lookup)->select->columns;
    columns[0].expr = member;
    for (uint32_t i = 0; i < split->count; i++)
        columns[i + 1].expr = split->links[i].inner;
    columns[split->count + 1].expr = null_test(planner->arena, EXPR_OP_ISNULL, member);
    return columns[split->count + 1].expr == NULL ? fail_nomem(planner->err) : STATUS_OK;
}

/* --- ranges -------------------------------------------------------------------------------------
 */
struct result_search {
    const struct select *select;
    bool                 only; /* the aggregate, and constants */
};

static bool visit_result(struct expr *expr, void *data)
{
    struct result_search *search = data;

    if (expr->kind == EXPR_COLUMN || expr->kind == EXPR_WINDOW_REF || expr->select != NULL ||
        (expr->kind == EXPR_AGGREGATE_REF && expr->resolved.select != search->select))
        search->only = false;
    return search->only;
}

/* The rows may be aggregated in any order, and for no row outside in particular. */
static bool call_fits(const struct planner *planner, const struct select *select, struct expr *call)
{
    struct expr *argument = call->list.count == 1 ? call->list.items[0] : NULL;

    if (call->distinct || call->filter != NULL || call->order_by.count != 0 ||
        call->list.count > 1 || (argument != NULL && plan_looks_outside(select, argument)))
        return false;
    switch (call->resolved.aggregate_kind - 1) {
    case AGGREGATE_COUNT_STAR:
    case AGGREGATE_COUNT:
        return true;
    case AGGREGATE_MIN:
    case AGGREGATE_MAX:
        return argument->resolved.collation == COLLATION_BINARY &&
               column_is_exact(expr_strip(argument));
    case AGGREGATE_SUM:
    case AGGREGATE_TOTAL:
    case AGGREGATE_AVG:
        return plan_sum_is_safe(planner, select, call, true);
    default:
        return false;
    }
}

static bool aggregate_fits(const struct planner *planner, const struct expr *expr)
{
    const struct select *select = expr->select;
    struct result_search search = {select, true};

    if (expr->kind == EXPR_EXISTS)
        return !select->is_aggregate;
    if (expr->kind != EXPR_SUBQUERY || select->aggregate_count != 1 || select->having != NULL ||
        select->group_by.count != 0 || select->column_count != 1 || select->order_by.count != 0)
        return false;
    expr_walk(select->columns[0].expr, visit_result, &search);
    return search.only && !expr_may_fail(select->columns[0].expr) &&
           call_fits(planner, select, select->aggregates[0]);
}

/* One range of one expression, whose order is that of the sorted rows. */
static bool links_fit(const struct split *split)
{
    unsigned bounds = 0;

    for (uint32_t i = 0; i < split->count; i++) {
        const struct link *link = &split->links[i];
        unsigned           bound = link->op == EXPR_OP_LT || link->op == EXPR_OP_LE ? 2 : 1;

        if (link->inner->resolved.collation != link->collation ||
            !affinity_is_implied(link->inner->resolved.affinity, link->affinity))
            return false;
        if (i < split->key_count)
            continue;
        if ((bounds & bound) != 0 || !expr_equal(link->inner, split->links[split->key_count].inner))
            return false;
        bounds |= bound;
    }
    return bounds != 0;
}

/* The low bound before the high one. */
static void order_bounds(struct split *split, struct lookup *lookup)
{
    struct link *first = &split->links[split->key_count], swap = *first;

    if (split->count == split->key_count + 2 &&
        (first->op == EXPR_OP_LT || first->op == EXPR_OP_LE)) {
        *first = first[1];
        first[1] = swap;
    }
    for (uint32_t i = split->key_count; i < split->count; i++) {
        enum expr_op op = split->links[i].op;

        lookup->outer[i] = split->links[i].outer;
        lookup->affinities[i] = split->links[i].affinity;
        lookup->collations[i] = split->links[i].collation;
        lookup->low |= op == EXPR_OP_GT || op == EXPR_OP_GE;
        lookup->low_strict |= op == EXPR_OP_GT;
        lookup->high |= op == EXPR_OP_LT || op == EXPR_OP_LE;
        lookup->high_strict |= op == EXPR_OP_LT;
    }
}

static enum status make_range(struct split *split, const struct expr *expr, struct expr **where,
                              struct lookup **lookup)
{
    struct planner   *planner = split->planner;
    struct arena     *arena = planner->arena;
    uint32_t          searched = split->key_count + 1;
    struct expr      *call = expr->kind == EXPR_EXISTS ? NULL : split->select->aggregates[0];
    bool              argument = call != NULL && call->list.count == 1;
    struct order_list order = {searched, searched, NULL};

    TRY(make_lookup(split, searched + argument, lookup));
    order_bounds(split, *lookup);
    order.terms = arena_zalloc(arena, searched * sizeof *order.terms);
    if (order.terms == NULL)
        return fail_nomem(planner->err);
    for (uint32_t i = 0; i < searched; i++) {
        struct expr *inner = split->links[i].inner;
        struct expr *known = null_test(arena, EXPR_OP_NOTNULL, inner);

        (*lookup)->select->columns[i].expr = order.terms[i].expr = inner;
        order.terms[i].result_column = i + 1;
        if (known == NULL || (*where = expr_logic(arena, EXPR_OP_AND, *where, known)) == NULL)
            return fail_nomem(planner->err);
    }
    if (argument)
        (*lookup)->select->columns[searched].expr = call->list.items[0];
    (*lookup)->select->order_by = order;
    (*lookup)->call = call;
    (*lookup)->result = call == NULL ? NULL : split->select->columns[0].expr;
    return STATUS_OK;
}

enum status plan_lookup(struct planner *planner, struct expr *expr, double tuples, bool *done)
{
    struct select *select = expr->select;
    struct split   split = {.planner = planner, .select = select, .fits = true};
    struct expr   *where = select->where;
    struct expr  **on = arena_alloc(planner->arena, (select->from.count + 1) * sizeof *on);
    struct lookup *lookup;

    *done = false;
    if (on == NULL)
        return fail_nomem(planner->err);
    if (!plan_is_lookup(select) || tuples < plan_largest_table(select) * TUPLES_PART ||
        !(expr->kind == EXPR_IN ? in_fits(expr) : aggregate_fits(planner, expr)))
        return STATUS_OK;
    TRY(split_condition(&split, &where));
    for (uint32_t i = 0; i < select->from.count; i++) {
        on[i] = select->from.items[i]->on;
        TRY(split_condition(&split, &on[i]));
    }
    if (!split.fits || (expr->kind == EXPR_IN ? split.count == 0 || split.count != split.key_count
                                              : !links_fit(&split)))
        return STATUS_OK;
    if (expr->kind == EXPR_IN)
        TRY(make_in(&split, &lookup));
    else
        TRY(make_range(&split, expr, &where, &lookup));
    install(&split, lookup, where, on);
    *done = true;
    return STATUS_OK;
}
