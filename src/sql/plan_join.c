/* plan_join.c - FROM and WHERE: the items of FROM in blocks, outer joins and table functions.
 *
 * Inner joined items form a block that may be joined in any order (plan_block.c).  An outer join
 * ends the block: all before it becomes one unit, its left side.  WHERE conditions join the block
 * when their columns are there, but wait for the last RIGHT or FULL join, which brings rows back.
 *
 * In a correlated subquery the enclosing row is a relation of one row ("parameters"), so that
 * inner = outer becomes a probe of a hash table that is built once and kept. */
#include "sql/plan_order.h"

#include <string.h>

/* Estimate of a recursive query's queue: so many that other tables are built, once, and the queue
 * probes them. */
static const double QUEUE_ROWS = 1e7;

/* --- outer joins -------------------------------------------------------------------------------
 */
static enum join_kind outer_kind(unsigned join)
{
    bool left = (join & JOIN_TYPE_LEFT) != 0, right = (join & JOIN_TYPE_RIGHT) != 0;

    return left && right ? JOIN_FULL : left ? JOIN_LEFT : JOIN_RIGHT;
}

static struct expr *literal_one(struct arena *arena)
{
    struct expr *one = arena_zalloc(arena, sizeof *one);

    if (one == NULL)
        return NULL;
    one->kind = EXPR_LITERAL;
    one->depth = 1;
    one->value = value_int(1);
    one->resolved.affinity = AFFINITY_NONE;
    one->resolved.constant = true;
    return one;
}

/* Conditions on the kept side alone of a LEFT JOIN: as a key, truth = 1, so that its rows keep
 * their place. */
static enum status left_conditions(const struct from_state *state, struct plan *plan,
                                   relations left)
{
    struct arena    *arena = state->planner->arena;
    struct expr     *all = NULL, *truth[2];
    struct plan_key *keys;

    for (uint32_t i = 0; i < plan->filters.count; i++) {
        struct expr *expr = plan->filters.items[i];

        if ((relations_inner(relations_of(state, expr)) & ~left) != 0)
            return STATUS_OK; /* a residual condition is there anyway */
        all = expr_logic(arena, EXPR_OP_AND, all, expr);
    }
    if (all == NULL)
        return STATUS_OK;
    keys = arena_zalloc(arena, (plan->key_count + 1) * sizeof *keys);
    for (int i = 0; i < 2; i++) {
        truth[i] = arena_zalloc(arena, sizeof *truth[i]);
        if (truth[i] == NULL || keys == NULL)
            return fail_nomem(state->planner->err);
        truth[i]->kind = EXPR_UNARY;
        truth[i]->op = EXPR_OP_NOT;
        truth[i]->left = i == 0 ? all : truth[0];
        truth[i]->position = all->position;
        truth[i]->resolved.affinity = AFFINITY_NONE;
    }
    if (plan->key_count != 0)
        memcpy(keys, plan->keys, plan->key_count * sizeof *keys);
    keys[plan->key_count] = (struct plan_key){
        .probe = truth[1], .build = literal_one(arena), .affinity = AFFINITY_NONE};
    if (keys[plan->key_count].build == NULL)
        return fail_nomem(state->planner->err);
    plan->keys = keys;
    plan->key_count++;
    plan->filters.count = 0;
    return STATUS_OK;
}

/* block (one unit) becomes its outer join with right.  Conditions on the side that may lose rows
 * go down to it. */
static enum status join_outer(const struct from_state *state, struct block *block,
                              struct unit right, enum join_kind kind, struct expr *on)
{
    struct block on_block = {0};
    struct plan *plan;

    TRY(block_add(state, &on_block, on));
    for (uint32_t i = 0; i < on_block.conjunct_count;) {
        relations    mask = on_block.conjuncts[i].mask;
        struct unit *side = NULL;

        if (!state->outer_as_mask)
            mask = relations_inner(mask);

        if (mask != 0 && kind == JOIN_LEFT && (mask & ~right.mask) == 0)
            side = &right;
        else if (mask != 0 && kind == JOIN_RIGHT && (mask & ~block->units[0].mask) == 0)
            side = &block->units[0];
        if (side == NULL) {
            i++;
            continue;
        }
        TRY(unit_filter(state->planner, side, on_block.conjuncts[i].expr));
        block_drop(&on_block, i);
    }
    plan = plan_new(state->planner, PLAN_JOIN, block->units[0].plan);
    if (plan == NULL)
        return fail_nomem(state->planner->err);
    plan->right = right.plan;
    plan->select = state->select;
    plan->join = kind;
    plan->rows = block->units[0].plan->rows * right.plan->rows;
    TRY(join_conditions(state, plan, &on_block, block->units[0].mask, right.mask));
    if (kind == JOIN_LEFT)
        TRY(left_conditions(state, plan, block->units[0].mask));
    if (kind != JOIN_RIGHT && plan->rows < block->units[0].plan->rows)
        plan->rows = block->units[0].plan->rows;
    if (kind != JOIN_LEFT && plan->rows < right.plan->rows)
        plan->rows = right.plan->rows;
    block->units[0].plan = plan;
    block->units[0].mask |= right.mask;
    return STATUS_OK;
}

/* Of *where, which waits for a RIGHT JOIN, what is about the side alone whose rows are all kept. */
static enum status filter_kept(const struct from_state *state, struct unit *kept,
                               struct expr **where)
{
    struct arena    *arena = state->planner->arena;
    struct expr_list conjuncts = {0};
    struct expr     *rest = NULL;

    if ((state->planner->context->passes_off & PASS_PUSH_DOWN) != 0)
        return STATUS_OK;
    if (!expr_conjuncts(arena, *where, &conjuncts))
        return fail_nomem(state->planner->err);
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        relations mask = relations_of(state, conjuncts.items[i]);

        if (mask != 0 && (mask & ~kept->mask) == 0)
            TRY(unit_filter(state->planner, kept, conjuncts.items[i]));
        else if ((rest = expr_logic(arena, EXPR_OP_AND, rest, conjuncts.items[i])) == NULL)
            return fail_nomem(state->planner->err);
    }
    *where = rest;
    return STATUS_OK;
}

/* --- items -------------------------------------------------------------------------------------
 */
static struct block *block_new(struct arena *arena)
{
    struct block *block = arena_alloc(arena, sizeof *block);

    if (block == NULL)
        return NULL;
    block->unit_count = block->conjunct_count = block->conjunct_capacity = 0;
    block->conjuncts = NULL;
    block->links = (struct expr_list){0};
    return block;
}

static enum status join_list(struct from_state *state, const struct from_list *list,
                             struct expr *where, struct unit *unit);

static enum status add_item(struct from_state *state, struct from_item *item, struct plan *plan,
                            struct unit *unit)
{
    if (state->item_count == RELATIONS_MAX)
        return fail(state->planner->err, STATUS_ERROR, "at most %d tables in a join",
                    RELATIONS_MAX);
    plan->item = item;
    plan->select = state->select;
    unit->plan = plan;
    unit->mask = (relations)1 << state->item_count;
    state->scans[state->item_count] = plan;
    state->items[state->item_count++] = item;
    return STATUS_OK;
}

static enum status plan_source(struct from_state *state, struct from_item *item, struct unit *unit)
{
    struct plan *plan = plan_new(state->planner, PLAN_SOURCE, NULL);

    if (plan == NULL)
        return fail_nomem(state->planner->err);
    plan->rows = 1000;
    return add_item(state, item, plan, unit);
}

static enum status plan_subquery(struct planner *planner, const struct from_item *item,
                                 struct plan **plan)
{
    struct apply *apply = planner->apply;
    struct plan  *input;

    if (!item->select->correlated)
        planner->apply = NULL; /* it is the same for all tuples */
    if (plan_is_shared(planner, item)) {
        TRY(plan_share(planner, item, plan));
    } else {
        TRY(plan_select(planner, item->select, &input));
        *plan = plan_new(planner, PLAN_SUBQUERY, input);
        if (*plan == NULL)
            return fail_nomem(planner->err);
        (*plan)->aggregate = NULL;
        (*plan)->owner = NULL;
    }
    planner->apply = apply;
    return STATUS_OK;
}

enum status from_item_plan(struct from_state *state, struct from_item *item, struct unit *unit)
{
    struct planner *planner = state->planner;
    struct plan    *plan;

    TRY(stack_check(planner->err, item->position));
    if (item->select != NULL) {
        TRY(plan_subquery(planner, item, &plan));
        return add_item(state, item, plan, unit);
    }
    switch ((enum from_kind)item->kind) {
    case FROM_NESTED:
        return join_list(state, item->nested, NULL, unit);
    case FROM_FUNCTION:
    case FROM_FILE:
        return plan_source(state, item, unit);
    case FROM_RECURSION:
        plan = plan_new(planner, PLAN_QUEUE, NULL);
        if (plan == NULL)
            return fail_nomem(planner->err);
        plan->rows = QUEUE_ROWS;
        return add_item(state, item, plan, unit);
    default:
        break;
    }
    plan = plan_new(planner, PLAN_SCAN, NULL);
    if (plan == NULL)
        return fail_nomem(planner->err);
    plan->rows = (double)table_row_count(item->catalog_table);
    if (plan->rows < 1)
        plan->rows = 1;
    return add_item(state, item, plan, unit);
}

/* The items before whose columns are arguments of a table function. */
static relations argument_relations(const struct from_state *state, const struct from_item *item)
{
    relations mask = 0;

    for (uint32_t i = 0; item->kind == FROM_FUNCTION && i < item->arguments.count; i++)
        mask |= relations_inner(relations_of(state, item->arguments.items[i]));
    return mask;
}

/* block (one unit) becomes its join with a table function that is called for each row.  on: the
 * condition of an outer join. */
static enum status join_lateral(const struct from_state *state, struct block *block,
                                const struct unit *source, enum join_kind kind, struct expr *on)
{
    const struct from_item *item = source->plan->item;
    struct plan            *plan;

    if (block->unit_count == 0 || (argument_relations(state, item) & ~block->units[0].mask) != 0)
        return fail_at(state->planner->err, STATUS_ERROR, item->position,
                       "not supported yet: arguments of table function %s from outside the "
                       "parentheses",
                       item->name.text);
    plan = plan_new(state->planner, PLAN_LATERAL, block->units[0].plan);
    if (plan == NULL)
        return fail_nomem(state->planner->err);
    plan->right = source->plan;
    plan->right->join = kind;
    plan->select = state->select;
    plan->join = kind;
    plan->rows = block->units[0].plan->rows * 10;
    if (!expr_conjuncts(state->planner->arena, on, &plan->filters))
        return fail_nomem(state->planner->err);
    block->units[0].plan = plan;
    block->units[0].mask |= source->mask;
    return STATUS_OK;
}

/* The parameters' relation is worth it where an equality meets it. */
static enum status add_parameters(struct from_state *state, struct block *block)
{
    struct plan *plan;
    bool         useful = state->apply != NULL;

    for (uint32_t i = 0; i < block->conjunct_count; i++)
        useful |=
            block->conjuncts[i].equality &&
            ((block->conjuncts[i].left_mask | block->conjuncts[i].right_mask) >> PARAMETERS) != 0;
    if (!useful)
        return STATUS_OK;
    /* rowid = outer is a seek, better than any hash table; but tuples must be there */
    for (uint32_t i = 0; i < block->conjunct_count && state->apply == NULL; i++)
        for (uint32_t u = 0; u < block->unit_count; u++)
            if (unit_seek(state, &block->units[u], block->conjuncts[i].expr)) {
                block_drop(block, i);
                return STATUS_OK;
            }
    if (state->apply != NULL)
        TRY(apply_tuples(state->planner, &plan));
    else if ((plan = plan_new(state->planner, PLAN_ONE_ROW, NULL)) == NULL)
        return fail_nomem(state->planner->err);
    plan->select = state->select;
    memmove(&block->units[1], &block->units[0], block->unit_count * sizeof block->units[0]);
    block->units[0] = (struct unit){plan, (relations)1 << PARAMETERS};
    block->unit_count++;
    state->outer_as_mask = true;
    return STATUS_OK;
}

/* Whether equalities among conditions join left to right without the condition `without`. */
static bool are_joined(const struct from_state *state, const struct expr_list *conditions,
                       const struct expr *without, relations left, relations right)
{
    bool grew = true;

    while (grew && (right & ~left) != 0) {
        grew = false;
        for (uint32_t i = 0; i < conditions->count; i++) {
            struct expr *expr = conditions->items[i];
            relations    mask;

            if (expr == without || expr->kind != EXPR_BINARY ||
                (expr->op != EXPR_OP_EQ && expr->op != EXPR_OP_IS) || plan_has_correlated(expr))
                continue;
            mask = relations_inner(relations_of(state, expr));
            if ((mask & left) == 0 || (mask & ~left) == 0)
                continue;
            left |= mask;
            grew = true;
        }
    }
    return (right & ~left) == 0;
}

/* Joined to all before it by a condition that might as well stand in WHERE. */
static bool is_inner(const struct from_list *list, const struct from_item *item)
{
    for (uint32_t i = 0; i < list->count; i++)
        if ((list->items[i]->join & JOIN_TYPE_RIGHT) != 0)
            return false;
    return (item->join & JOIN_TYPE_LEFT) == 0;
}

/* Takes from where and ON the conditions on correlated subqueries, which come behind all joins; but
 * one that alone joins its tables stays. */
static enum status apply_split(const struct from_state *state, const struct from_list *list,
                               struct expr **where, struct expr_list *applied)
{
    struct arena    *arena = state->planner->arena;
    struct expr_list conditions = {0};
    struct expr     *rest = NULL;
    uint32_t         count, movable;

    if (!plan_runs_once(state->planner) || (state->planner->context->passes_off & PASS_UNNEST) != 0)
        return STATUS_OK;
    if (!expr_conjuncts(arena, *where, &conditions))
        return fail_nomem(state->planner->err);
    count = conditions.count;
    for (uint32_t i = 0; i < list->count; i++)
        if (is_inner(list, list->items[i]) &&
            !expr_conjuncts(arena, list->items[i]->on, &conditions))
            return fail_nomem(state->planner->err);
    movable = conditions.count;
    for (uint32_t i = 0; i < list->count; i++)
        if (!is_inner(list, list->items[i]) &&
            !expr_conjuncts(arena, list->items[i]->on, &conditions))
            return fail_nomem(state->planner->err);
    for (uint32_t i = 0; i < movable; i++) {
        struct expr *expr = conditions.items[i];
        relations    mask = relations_inner(relations_of(state, expr));
        bool         take = plan_has_correlated(expr) &&
                    are_joined(state, &conditions, expr, mask & (0 - mask), mask);

        if (take && !expr_list_add(arena, applied, expr))
            return fail_nomem(state->planner->err);
        if (take || i >= count)
            continue;
        rest = expr_logic(arena, EXPR_OP_AND, rest, expr);
        if (rest == NULL)
            return fail_nomem(state->planner->err);
    }
    *where = rest;
    return STATUS_OK;
}

/* What joins item to the others: its ON without what is applied behind the joins; and the tuple's
 * number, if item is computed for all of them. */
static enum status item_condition(const struct from_state *state, struct from_item *item,
                                  const struct expr_list *applied, struct expr **on)
{
    struct arena    *arena = state->planner->arena;
    struct expr_list conditions = {0};
    struct expr     *same_tuple;

    *on = applied->count == 0 ? item->on : NULL;
    if (applied->count != 0 && !expr_conjuncts(arena, item->on, &conditions))
        return fail_nomem(state->planner->err);
    for (uint32_t i = 0; i < conditions.count; i++) {
        bool taken = false;

        for (uint32_t a = 0; a < applied->count; a++)
            taken |= applied->items[a] == conditions.items[i];
        if (!taken && (*on = expr_logic(arena, EXPR_OP_AND, *on, conditions.items[i])) == NULL)
            return fail_nomem(state->planner->err);
    }
    if (state->apply == NULL || item->select == NULL || !item->select->correlated)
        return STATUS_OK;
    TRY(apply_condition(state->planner, item, &same_tuple));
    *on = expr_logic(arena, EXPR_OP_AND, *on, same_tuple);
    return *on == NULL ? fail_nomem(state->planner->err) : STATUS_OK;
}

static enum status join_list(struct from_state *state, const struct from_list *list,
                             struct expr *where, struct unit *unit)
{
    struct arena    *arena = state->planner->arena;
    struct block    *block = block_new(arena);
    struct unit     *units = arena_zalloc(arena, (list->count + 1) * sizeof *units);
    uint32_t         where_at = 0;
    bool             first_block = true;
    struct expr_list exists = {0}, applied = {0};

    if (block == NULL || units == NULL)
        return fail_nomem(state->planner->err);
    TRY(push_into_subqueries(state->planner, list, &where));
    TRY(unnest_split(state, &where, &exists));
    for (uint32_t i = 0; i < list->count; i++) { /* all items first: masks need them */
        TRY(from_item_plan(state, list->items[i], &units[i]));
        if ((list->items[i]->join & JOIN_TYPE_RIGHT) != 0)
            where_at = i;
    }
    TRY(apply_split(state, list, &where, &applied));
    if (where_at == 0)
        TRY(block_add(state, block, where));
    for (uint32_t i = 0; i < list->count; i++) {
        struct from_item *item = list->items[i];
        struct expr      *on;
        bool              inner = (item->join & (JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT)) == 0;

        TRY(item_condition(state, item, &applied, &on));
        if (argument_relations(state, item) != 0) {
            if (first_block)
                TRY(add_parameters(state, block));
            first_block = false;
            if (block->unit_count > 0)
                TRY(block_join(state, block));
            TRY(join_lateral(state, block, &units[i], inner ? JOIN_INNER : outer_kind(item->join),
                             inner ? NULL : on));
            if (inner)
                TRY(block_add(state, block, on));
            else if (where_at == i)
                TRY(block_add(state, block, where));
            continue;
        }
        if (inner) {
            block->units[block->unit_count++] = units[i];
            TRY(block_add(state, block, on));
            continue;
        }
        if (first_block)
            TRY(add_parameters(state, block));
        first_block = false;
        TRY(block_join(state, block));
        if (where_at == i && outer_kind(item->join) == JOIN_RIGHT)
            TRY(filter_kept(state, &units[i], &where));
        TRY(join_outer(state, block, units[i], outer_kind(item->join), on));
        if (where_at == i)
            TRY(block_add(state, block, where));
    }
    if (first_block)
        TRY(add_parameters(state, block));
    TRY(block_join(state, block));
    *unit = block->units[0];
    TRY(unnest_join_all(state, &exists, unit));
    for (uint32_t i = 0; i < applied.count; i++) {
        TRY(plan_apply(state->planner, applied.items[i], NULL, &unit->plan));
        TRY(unit_filter(state->planner, unit, applied.items[i]));
    }
    return STATUS_OK;
}

enum status plan_from(struct planner *planner, struct select *select, const struct from_list *from,
                      struct expr *where, struct plan **plan)
{
    struct from_state *state = arena_alloc(planner->arena, sizeof *state);
    struct unit        unit = {0};

    if (state == NULL)
        return fail_nomem(planner->err);
    state->planner = planner;
    state->select = select;
    state->item_count = 0;
    state->outer_as_mask = false;
    state->apply = planner->apply;
    if (from->count != 0) {
        TRY(plan_outer_joins(planner, from, where));
        TRY(join_list(state, from, where, &unit));
        *plan = unit.plan;
        return STATUS_OK;
    }
    if (planner->apply != NULL)
        TRY(apply_tuples(planner, plan));
    else if ((*plan = plan_new(planner, PLAN_ONE_ROW, NULL)) == NULL)
        return fail_nomem(planner->err);
    (*plan)->select = select;
    if (where == NULL)
        return STATUS_OK;
    *plan = plan_new(planner, PLAN_FILTER, *plan);
    if (*plan == NULL || !expr_conjuncts(planner->arena, where, &(*plan)->filters))
        return fail_nomem(planner->err);
    return STATUS_OK;
}
