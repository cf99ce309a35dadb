/* plan_flatten.c - views, common table expressions and subqueries in FROM become part of the select
 * around them, where they only choose, compute, filter and join: their tables then take part in the
 * join order, and what is known of tables (keys, bounds, counts) is known of their columns.
 *
 * The subquery's FROM items take its place in the list, its WHERE joins the WHERE there, and its
 * result expressions stand where its columns stood.  It stays a subquery where that could be seen
 * or would not pay:
 *   - an expression that differs from call to call, or holds a subquery and is read twice;
 *   - an expression that is not NULL when its columns are, where an outer join or an aggregation of
 *     no rows makes them NULL;
 *   - an expression that may fail, in a condition that the subquery's own conditions guard;
 *   - its ORDER BY, unless the select around it can take it over or nobody could see it. */
#include "sql/plan_join.h"
#include "sql/plan_refer.h"
#include "vm/aggregate.h"

#include <string.h>

enum {
    DEPTH_MAX = 1000, /* of expressions, as in the parser */
    COPIED_MAX = 40,  /* nodes by which expressions that are read more than once may grow */
    COST_CHEAP = 12   /* as expr_cost(): so much may be computed again */
};

struct flatten {
    struct planner   *planner;
    struct select    *select; /* around */
    struct from_list *list;   /* its FROM, or that of parentheses in it */
    bool              top;    /* it is the FROM */
    bool              padded; /* an outer join around the parentheses may make NULLs of columns */
    bool              whole;  /* select is no term of a compound */
    uint32_t          relations; /* tables in the whole FROM */
};

/* --- what the subquery is ----------------------------------------------------------------------
 */
static bool visit_steady(struct expr *expr, void *data)
{
    bool *steady = data;

    *steady = *steady && expr_repeats(expr) && expr->kind != EXPR_AGGREGATE_REF &&
              expr->kind != EXPR_WINDOW_REF && expr->kind != EXPR_RAISE;
    return *steady;
}

/* The same for the same row, however often it is computed. */
static bool is_steady(struct expr *expr)
{
    bool steady = true;

    expr_walk(expr, visit_steady, &steady);
    return steady;
}

static bool has_outer_join(const struct from_list *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        if ((from->items[i]->join & (JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT)) != 0)
            return true;
    return false;
}

static bool has_right_join(const struct from_list *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        if ((from->items[i]->join & JOIN_TYPE_RIGHT) != 0)
            return true;
    return false;
}

static bool conditions_are_steady(const struct from_list *from)
{
    for (uint32_t i = 0; i < from->count; i++) {
        if (from->items[i]->on != NULL && !is_steady(from->items[i]->on))
            return false;
        for (uint32_t a = 0; a < from->items[i]->arguments.count; a++)
            if (!is_steady(from->items[i]->arguments.items[a]))
                return false;
    }
    return true;
}

/* It chooses, computes, filters and joins, no more. */
static bool is_plain(const struct select *sub)
{
    return sub->prior == NULL && !sub->distinct && sub->distinct_on.count == 0 &&
           !sub->is_aggregate && sub->grouping_set_count == 0 && sub->having == NULL &&
           sub->qualify == NULL && sub->window_calls == NULL && sub->limit == NULL &&
           sub->first_recursive == NULL && sub->recursion == NULL &&
           (!sub->is_values || sub->values_rows == 1) && !has_right_join(&sub->from) &&
           (sub->where == NULL || is_steady(sub->where)) && conditions_are_steady(&sub->from);
}

static uint32_t count_relations(const struct from_list *from)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < from->count; i++)
        count += from->items[i]->nested != NULL ? count_relations(from->items[i]->nested) : 1;
    return count;
}

/* --- ORDER BY ----------------------------------------------------------------------------------
 */
/* Whether the order of rows can be seen in an aggregate's result. */
static bool aggregates_mind_order(const struct select *select)
{
    for (uint32_t i = 0; i < select->aggregate_count; i++)
        switch (select->aggregates[i]->resolved.aggregate_kind - 1) {
        case AGGREGATE_COUNT_STAR:
        case AGGREGATE_COUNT:
        case AGGREGATE_MIN:
        case AGGREGATE_MAX:
            break;
        default:
            return true;
        }
    return false;
}

/* An ORDER BY whose order is lost: in a join, or under another ORDER BY.  As in SQLite, which is
 * what decides which of equal rows come first. */
static bool order_is_lost(const struct flatten *flatten)
{
    const struct select *select = flatten->select;

    return (select->order_by.count != 0 || select->from.count > 1 || !flatten->top) &&
           select->window_calls == NULL && select->distinct_on.count == 0 &&
           !aggregates_mind_order(select);
}

/* The select around can sort in its place. */
static bool order_can_move(const struct flatten *flatten)
{
    const struct select *select = flatten->select;

    return flatten->whole && flatten->top && select->from.count == 1 &&
           select->order_by.count == 0 && !select->is_aggregate && !select->distinct &&
           select->distinct_on.count == 0 && select->window_calls == NULL &&
           select->recursion == NULL;
}

/* --- result columns ----------------------------------------------------------------------------
 */
static bool visit_count(struct expr *expr, void *data)
{
    uint32_t *count = data;

    (void)expr;
    (*count)++;
    return *count <= COPIED_MAX;
}

static double largest_table(const struct from_list *from, const struct from_item *without)
{
    double rows = 0, other;

    for (uint32_t i = 0; i < from->count; i++) {
        const struct from_item *item = from->items[i];

        if (item == without)
            continue;
        other = item->nested != NULL          ? largest_table(item->nested, NULL)
                : item->select != NULL        ? largest_table(&item->select->from, NULL)
                : item->catalog_table != NULL ? (double)table_row_count(item->catalog_table)
                                              : 1000;
        rows = other > rows ? other : rows;
    }
    return rows;
}

/* Computing it behind the joins, for each use, costs no more than it does now. */
static bool pays(const struct flatten *flatten, const struct from_item *item, struct expr *expr,
                 const struct refer_column *column)
{
    const struct select *sub = item->select;
    bool                 joined = flatten->select->from.count > 1 || !flatten->top;
    uint32_t             nodes = 0;

    expr_walk(expr, visit_count, &nodes);
    if ((uint64_t)nodes * (column->uses - 1) > COPIED_MAX)
        return false;
    if (expr_has_subquery(expr))
        return column->uses == 1 && !joined;
    if (expr_is_constant(expr) || expr_cost(expr) <= COST_CHEAP)
        return true;
    if (joined && largest_table(&flatten->select->from, item) > largest_table(&sub->from, NULL))
        return false; /* its rows may come out many times each */
    return column->uses == 1 || (!joined && sub->from.count <= 1) ||
           (column->places & REFER_CONDITION) == 0;
}

static bool is_guarded(const struct select *sub)
{
    bool guarded = sub->where != NULL;

    for (uint32_t i = 0; i < sub->from.count; i++)
        guarded |= sub->from.items[i]->on != NULL;
    return guarded;
}

/* expr, a result column, can stand where it is read. */
static bool column_can_move(const struct flatten *flatten, const struct from_item *item,
                            struct expr *expr, const struct refer_column *column)
{
    const struct select *sub = item->select;
    bool                 padded = flatten->padded || (item->join & JOIN_TYPE_LEFT) != 0;

    if (column->uses == 0)
        return true;
    if (flatten->select->is_aggregate && flatten->select->group_by.count == 0)
        padded |= (column->places & (REFER_RESULT | REFER_NESTED)) != 0;
    if (padded && !plan_is_strict(&sub->from, expr))
        return false;
    if (expr->kind == EXPR_COLUMN)
        return true;
    if (column->depth + expr->depth > DEPTH_MAX || !is_steady(expr))
        return false;
    if ((column->places & REFER_NESTED) != 0 && !expr_is_constant(expr))
        return false; /* parameters are columns */
    if ((column->places & REFER_CONDITION) != 0 && is_guarded(sub) && expr_may_fail(expr))
        return false;
    return pays(flatten, item, expr, column);
}

/* --- may it be done ----------------------------------------------------------------------------
 */
static bool fits(const struct flatten *flatten, uint32_t index)
{
    const struct from_item *item = flatten->list->items[index];
    const struct select    *sub = item->select;
    const struct from_item *next =
        index + 1 < flatten->list->count ? flatten->list->items[index + 1] : NULL;

    if (!is_plain(sub) || flatten->relations + count_relations(&sub->from) > RELATIONS_MAX)
        return false;
    for (uint32_t i = 0; i < sub->from.count; i++)
        if (sub->from.items[i]->kind == FROM_RECURSION ||
            (!flatten->top && sub->from.items[i]->arguments.count != 0))
            return false;
    if ((item->join & JOIN_TYPE_LEFT) != 0 &&
        (sub->from.count != 1 || sub->from.items[0]->nested != NULL ||
         sub->from.items[0]->arguments.count != 0))
        return false;           /* its conditions belong below the join */
    if (sub->from.count == 0 && /* something else has to begin the list */
        (!flatten->top || (index == 0 && next != NULL && (next->join & JOIN_TYPE_LEFT) != 0)))
        return false;
    if (flatten->planner->recursions != 0 && (sub->from.count != 1 || has_outer_join(&sub->from)))
        return false; /* joined once, not for each row of the queue */
    return sub->order_by.count == 0 || order_is_lost(flatten) || order_can_move(flatten);
}

static enum status can_flatten(const struct flatten *flatten, uint32_t index,
                               struct references *references, bool *can)
{
    struct from_item    *item = flatten->list->items[index];
    const struct select *sub = item->select;

    *can = false;
    if (item->kept || sub == NULL || item->kind != FROM_SUBQUERY ||
        (item->join & JOIN_TYPE_RIGHT) != 0 || (item->cte != NULL && item->cte->materialized == 1))
        return STATUS_OK;
    item->kept = true; /* asked once */
    if (plan_is_shared(flatten->planner, item) || !fits(flatten, index))
        return STATUS_OK;
    TRY(refer_find(flatten->planner, flatten->select, item, references));
    *can = !references->rowid;
    for (uint32_t c = 0; c < item->column_count && *can; c++)
        *can = column_can_move(flatten, item, sub->columns[c].expr, &references->columns[c]);
    return STATUS_OK;
}

/* --- doing it ----------------------------------------------------------------------------------
 */
/* *where AND condition, which comes first. */
static enum status add_condition(struct planner *planner, struct expr *condition,
                                 struct expr **where)
{
    if (condition == NULL)
        return STATUS_OK;
    if (*where == NULL)
        *where = condition;
    else
        *where = expr_logic(planner->arena, EXPR_OP_AND, condition, *where);
    return *where == NULL ? fail_nomem(planner->err) : STATUS_OK;
}

/* The item at index becomes the subquery's own items. */
static enum status splice(struct flatten *flatten, uint32_t index)
{
    struct planner         *planner = flatten->planner;
    struct from_list       *list = flatten->list;
    const struct from_item *item = list->items[index];
    const struct from_list *from = &item->select->from;
    uint32_t                count = list->count - 1 + from->count;
    struct from_item **items = arena_alloc(planner->arena, (count + (size_t)1) * sizeof *items);

    if (items == NULL)
        return fail_nomem(planner->err);
    memcpy(items, list->items, index * sizeof *items);
    if (from->count != 0)
        memcpy(items + index, from->items, from->count * sizeof *items);
    memcpy(items + index + from->count, list->items + index + 1,
           (list->count - index - 1) * sizeof *items);
    *list = (struct from_list){count, count, items};
    flatten->relations += count_relations(from) - 1;
    if (from->count == 0) {
        TRY(add_condition(planner, item->on, &flatten->select->where));
        return add_condition(planner, item->select->where, &flatten->select->where);
    }
    from->items[0]->join = item->join;
    TRY(add_condition(planner, item->on, &from->items[0]->on));
    if (flatten->top && (item->join & JOIN_TYPE_LEFT) == 0)
        return add_condition(planner, item->select->where, &flatten->select->where);
    return add_condition(planner, item->select->where, &from->items[0]->on);
}

/* The ORDER BY of sub, whose results have been put in place, becomes that of the select around. */
static void take_order(struct select *select, const struct select *sub)
{
    select->order_by = sub->order_by;
    for (uint32_t i = 0; i < sub->order_by.count; i++) {
        struct order_term *term = &select->order_by.terms[i];

        term->result_column = 0;
        for (uint32_t c = 0; c < select->column_count && term->result_column == 0; c++)
            if (expr_equal(expr_strip(select->columns[c].expr), expr_strip(term->expr)))
                term->result_column = c + 1;
    }
}

static enum status flatten_item(struct flatten *flatten, uint32_t index, bool *done)
{
    struct select    *sub = flatten->list->items[index]->select;
    struct references references;

    TRY(can_flatten(flatten, index, &references, done));
    if (!*done)
        return STATUS_OK;
    TRY(refer_replace(&references, sub));
    if (sub->order_by.count != 0 && !order_is_lost(flatten))
        take_order(flatten->select, sub);
    return splice(flatten, index);
}

static enum status flatten_list(struct flatten *flatten)
{
    struct from_list *list = flatten->list;
    bool              right = has_right_join(list);

    TRY(stack_check(flatten->planner->err, flatten->select->position));
    for (uint32_t i = 0; i < list->count;) {
        struct from_item *item = list->items[i];
        bool              done = false;

        if (item->nested != NULL) {
            struct flatten inner = *flatten;

            inner.list = item->nested;
            inner.top = false;
            inner.padded |= right || (item->join & JOIN_TYPE_LEFT) != 0;
            TRY(flatten_list(&inner));
            flatten->relations = inner.relations;
        } else if (!right) {
            TRY(flatten_item(flatten, i, &done));
        }
        i += !done; /* what took its place may be a subquery too */
    }
    return STATUS_OK;
}

static bool has_subquery(const struct from_list *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        if (from->items[i]->nested != NULL ||
            (from->items[i]->select != NULL && !from->items[i]->kept))
            return true;
    return false;
}

enum status plan_flatten(struct planner *planner, struct select *select, bool whole)
{
    struct flatten flatten = {
        .planner = planner, .select = select, .list = &select->from, .top = true, .whole = whole};

    TRY(plan_outer_joins(planner, &select->from, select->where));
    if ((planner->context->passes_off & PASS_FLATTEN) != 0 || !has_subquery(&select->from))
        return STATUS_OK;
    flatten.relations = count_relations(&select->from);
    return flatten_list(&flatten);
}
