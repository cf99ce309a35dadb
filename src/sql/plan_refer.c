/* plan_refer.c - where a select refers to the columns of one of its FROM items: found, and replaced
 * by what the columns stand for. */
#include "sql/plan_refer.h"

#include <string.h>

struct refer_walk {
    struct references *references;
    enum refer_place   place;
    enum status        status;
};

static void walk_select(struct refer_walk *walk, struct select *select);

static void add_node(struct refer_walk *walk, struct expr *expr, uint32_t depth)
{
    struct references   *references = walk->references;
    struct refer_column *column;

    if (expr->resolved.column < 0) {
        references->rowid = true;
        return;
    }
    column = &references->columns[expr->resolved.column];
    column->uses++;
    column->places |= walk->place;
    if (column->depth < depth)
        column->depth = depth;
    if (!expr_list_add(references->planner->arena, &references->nodes, expr))
        walk->status = fail_nomem(references->planner->err);
}

static void walk_expr(struct refer_walk *walk, struct expr *expr, uint32_t depth);

static void walk_list(struct refer_walk *walk, const struct expr_list *list, uint32_t depth)
{
    for (uint32_t i = 0; i < list->count; i++)
        walk_expr(walk, list->items[i], depth);
}

static void walk_order(struct refer_walk *walk, const struct order_list *list, uint32_t depth)
{
    for (uint32_t i = 0; i < list->count; i++)
        walk_expr(walk, list->terms[i].expr, depth);
}

static void walk_expr(struct refer_walk *walk, struct expr *expr, uint32_t depth)
{
    if (expr == NULL || walk->status != STATUS_OK)
        return;
    if (expr->kind == EXPR_COLUMN) {
        if (expr->resolved.source == walk->references->item)
            add_node(walk, expr, depth);
        return;
    }
    walk_expr(walk, expr->left, depth + 1);
    walk_expr(walk, expr->right, depth + 1);
    walk_list(walk, &expr->list, depth + 1);
    walk_expr(walk, expr->filter, depth + 1);
    walk_order(walk, &expr->order_by, depth + 1);
    if (expr->select != NULL && expr->select->outer_count != 0) {
        enum refer_place place = walk->place;

        walk->place = REFER_NESTED;
        walk_select(walk, expr->select);
        walk->place = place;
    }
}

static void walk_from(struct refer_walk *walk, const struct from_list *from)
{
    enum refer_place place = walk->place;

    if (place != REFER_NESTED)
        walk->place = REFER_CONDITION;
    for (uint32_t i = 0; i < from->count; i++) {
        const struct from_item *item = from->items[i];

        walk_expr(walk, item->on, 1);
        walk_list(walk, &item->arguments, 1);
        if (item->nested != NULL)
            walk_from(walk, item->nested);
        if (item->select != NULL && item->select->outer_count != 0) {
            walk->place = REFER_NESTED;
            walk_select(walk, item->select);
            walk->place = place == REFER_NESTED ? place : REFER_CONDITION;
        }
    }
    walk->place = place;
}

static void walk_windows(struct refer_walk *walk, const struct select_window *window)
{
    for (; window != NULL; window = window->next) {
        const struct window_def *def = window->def;

        walk_list(walk, &def->partition_by, 1);
        walk_order(walk, &def->order_by, 1);
        walk_expr(walk, def->start_offset, 1);
        walk_expr(walk, def->end_offset, 1);
        for (uint32_t i = 0; i < window->call_count; i++)
            walk_expr(walk, window->calls[i], 1);
    }
}

static void walk_term(struct refer_walk *walk, struct select *select)
{
    enum refer_place place = walk->place;

    for (uint32_t i = 0; i < select->column_count; i++)
        walk_expr(walk, select->columns[i].expr, 1);
    for (const struct values_rows *rows = select->values; rows != NULL; rows = rows->next)
        for (size_t i = 0; rows->exprs != NULL && i < (size_t)rows->rows * rows->columns; i++)
            walk_expr(walk, rows->exprs[i], 1);
    walk_list(walk, &select->distinct_on, 1);
    walk_list(walk, &select->group_by, 1);
    walk_expr(walk, select->having, 1);
    walk_expr(walk, select->qualify, 1);
    walk_windows(walk, select->window_calls);
    walk_order(walk, &select->order_by, 1);
    walk_expr(walk, select->limit, 1);
    walk_expr(walk, select->offset, 1);
    walk_from(walk, &select->from);
    if (place != REFER_NESTED)
        walk->place = REFER_CONDITION;
    walk_expr(walk, select->where, 1);
    if (place != REFER_NESTED)
        walk->place = REFER_AGGREGATE;
    for (uint32_t i = 0; i < select->aggregate_count; i++)
        walk_expr(walk, select->aggregates[i], 1);
    walk->place = place;
}

/* Notes a subquery whose parameters are columns of the item. */
static void walk_outers(struct refer_walk *walk, struct select *select)
{
    struct references *references = walk->references;
    struct arena      *arena = references->planner->arena;
    bool               found = false;

    for (uint32_t i = 0; i < select->outer_count; i++)
        found |= select->outers[i]->kind == EXPR_COLUMN &&
                 select->outers[i]->resolved.source == references->item;
    if (!found)
        return;
    if (references->nested_count == references->nested_capacity) {
        uint32_t capacity = references->nested_capacity == 0 ? 4 : references->nested_capacity * 2;
        struct select **nested = arena_alloc(arena, capacity * sizeof(struct select *));

        if (nested == NULL) {
            walk->status = fail_nomem(references->planner->err);
            return;
        }
        if (references->nested_count != 0)
            memcpy(nested, references->nested, references->nested_count * sizeof *nested);
        references->nested = nested;
        references->nested_capacity = capacity;
    }
    references->nested[references->nested_count++] = select;
}

/* All terms of a correlated subquery. */
static void walk_select(struct refer_walk *walk, struct select *select)
{
    for (; select != NULL && walk->status == STATUS_OK; select = select->prior) {
        walk->status = stack_check(walk->references->planner->err, select->position);
        if (walk->status != STATUS_OK)
            return;
        walk_outers(walk, select);
        walk_term(walk, select);
    }
}

enum status refer_find(struct planner *planner, struct select *select, const struct from_item *item,
                       struct references *references)
{
    struct refer_walk walk = {references, REFER_RESULT, STATUS_OK};

    *references = (struct references){.planner = planner, .item = item};
    references->columns = arena_zalloc(planner->arena, (item->column_count + (size_t)1) *
                                                           sizeof *references->columns);
    if (references->columns == NULL)
        return fail_nomem(planner->err);
    walk_term(&walk, select);
    return walk.status;
}

/* --- replacing ---------------------------------------------------------------------------------
 */
static void replace_node(struct expr *node, const struct select *term)
{
    const struct expr column = *node;

    *node = *term->columns[column.resolved.column].expr;
    node->position = column.position;
    node->resolved.affinity = column.resolved.affinity;
    node->resolved.collation = column.resolved.collation;
    node->resolved.collation_known = column.resolved.collation_known;
    node->resolved.collation_explicit = column.resolved.collation_explicit;
}

/* Parameters: those that became constants are none any more, those that became the same are one.
 */
static void replace_outers(const struct from_item *item, struct select *nested,
                           const struct select *term)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < nested->outer_count; i++) {
        struct expr *outer = nested->outers[i];
        bool         known = false;

        if (outer->kind == EXPR_COLUMN && outer->resolved.source == item)
            replace_node(outer, term);
        if (outer->kind != EXPR_COLUMN && outer->kind != EXPR_AGGREGATE_REF)
            continue;
        for (uint32_t k = 0; k < kept && !known; k++)
            known = expr_equal(nested->outers[k], outer);
        if (!known)
            nested->outers[kept++] = outer;
    }
    nested->outer_count = kept;
    nested->correlated = kept != 0;
}

enum status refer_replace(const struct references *references, const struct select *term)
{
    for (uint32_t i = 0; i < references->nodes.count; i++) {
        struct expr *node = references->nodes.items[i];

        TRY(memory_poll(references->planner->arena->memory, references->planner->err));
        if (node->kind == EXPR_COLUMN && node->resolved.source == references->item)
            replace_node(node, term);
    }
    for (uint32_t i = 0; i < references->nested_count; i++)
        replace_outers(references->item, references->nested[i], term);
    return STATUS_OK;
}
