/* plan_block.c - a block of inner joined units and its conditions: what they are about, what an OR
 * implies, filters down to the tables, the join in the order of plan_order.c, equalities as hash
 * keys. */
#include "base/bits.h"
#include "sql/plan_order.h"

#include <string.h>

/* --- masks -------------------------------------------------------------------------------------
 */
struct mask_walk {
    const struct from_state *state;
    relations                mask;
};

static bool visit_mask(struct expr *expr, void *data)
{
    struct mask_walk *walk = data;

    if (expr->kind == EXPR_COLUMN || expr->kind == EXPR_AGGREGATE_REF) {
        for (uint32_t i = 0; i < walk->state->item_count; i++)
            if (walk->state->items[i] == expr->resolved.source && expr->kind == EXPR_COLUMN) {
                walk->mask |= (relations)1 << i;
                return false;
            }
        walk->mask |= (relations)1 << PARAMETERS;
        return false;
    }
    return true;
}

relations relations_of(const struct from_state *state, struct expr *expr)
{
    struct mask_walk walk = {state, 0};

    expr_walk(expr, visit_mask, &walk);
    return walk.mask;
}
relations relations_inner(relations mask)
{
    return mask & ~((relations)1 << PARAMETERS);
}

/* --- blocks ------------------------------------------------------------------------------------
 */
static enum status block_add_implied(const struct from_state *state, struct block *block,
                                     struct expr *expr);

enum status block_add_one(const struct from_state *state, struct block *block, struct expr *expr)
{
    struct conjunct *conjunct;

    if (block->conjunct_count == block->conjunct_capacity) {
        uint32_t capacity = block->conjunct_capacity == 0 ? 8 : block->conjunct_capacity * 2;
        struct conjunct *grown = arena_alloc(state->planner->arena, capacity * sizeof *grown);

        if (grown == NULL)
            return fail_nomem(state->planner->err);
        if (block->conjunct_count != 0)
            memcpy(grown, block->conjuncts, block->conjunct_count * sizeof *grown);
        block->conjuncts = grown;
        block->conjunct_capacity = capacity;
    }
    conjunct = &block->conjuncts[block->conjunct_count++];
    *conjunct = (struct conjunct){.expr = expr, .mask = relations_of(state, expr)};
    if (expr->kind == EXPR_BINARY && (expr->op == EXPR_OP_EQ || expr->op == EXPR_OP_IS) &&
        expr->left->kind != EXPR_ROW && expr->right->kind != EXPR_ROW) {
        conjunct->left_mask = relations_of(state, expr->left);
        conjunct->right_mask = relations_of(state, expr->right);
        conjunct->equality = conjunct->left_mask != 0 && conjunct->right_mask != 0 &&
                             (conjunct->left_mask & conjunct->right_mask) == 0;
        if (conjunct->equality) {
            double a = distinct_values(state, expr->left);
            double b = distinct_values(state, expr->right);

            conjunct->distinct = a > b ? a : b;
        }
    }
    return STATUS_OK;
}

enum status block_add(const struct from_state *state, struct block *block, struct expr *condition)
{
    struct expr_list list = {0};

    if (!expr_conjuncts(state->planner->arena, condition, &list))
        return fail_nomem(state->planner->err);
    for (uint32_t i = 0; i < list.count; i++) {
        TRY(block_add_one(state, block, list.items[i]));
        if ((state->planner->context->passes_off & PASS_PUSH_DOWN) == 0)
            TRY(block_add_implied(state, block, list.items[i]));
    }
    return STATUS_OK;
}

/* --- what an OR implies ------------------------------------------------------------------------
 * (a AND b) OR (a AND c) implies a; (x1 AND b) OR (x2 AND c) implies x1 OR x2, where x1 and x2 are
 * conditions on one relation.  The OR itself stays. */
enum { BRANCHES_MAX = 16 };

struct branches {
    uint32_t         count;
    struct expr_list terms[BRANCHES_MAX]; /* conjuncts of each */
};

static bool split_or(struct arena *arena, struct expr *expr, struct branches *branches)
{
    if (expr->kind == EXPR_BINARY && expr->op == EXPR_OP_OR)
        return split_or(arena, expr->left, branches) && split_or(arena, expr->right, branches);
    if (branches->count == BRANCHES_MAX)
        return false;
    return expr_conjuncts(arena, expr, &branches->terms[branches->count++]);
}

static bool holds_equal(const struct expr_list *list, const struct expr *expr)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (expr_equal(list->items[i], expr))
            return true;
    return false;
}

struct expr *expr_logic(struct arena *arena, enum expr_op op, struct expr *left, struct expr *right)
{
    struct expr *expr;

    if (left == NULL)
        return right;
    expr = arena_zalloc(arena, sizeof *expr);
    if (expr == NULL)
        return NULL;
    expr->kind = EXPR_BINARY;
    expr->op = (uint8_t)op;
    expr->left = left;
    expr->right = right;
    expr->position = left->position;
    expr->depth = (uint16_t)((left->depth > right->depth ? left->depth : right->depth) + 1);
    return expr;
}

/* The conditions of a branch that look at relation alone, joined by AND; NULL: none. */
static struct expr *branch_on(const struct from_state *state, const struct expr_list *terms,
                              relations relation)
{
    struct expr *all = NULL;

    for (uint32_t i = 0; i < terms->count; i++)
        if (relations_of(state, terms->items[i]) == relation)
            all = expr_logic(state->planner->arena, EXPR_OP_AND, all, terms->items[i]);
    return all;
}

static enum status block_add_implied(const struct from_state *state, struct block *block,
                                     struct expr *expr)
{
    struct arena    *arena = state->planner->arena;
    struct branches *branches;
    relations        mask;

    if (expr->kind != EXPR_BINARY || expr->op != EXPR_OP_OR || expr_may_fail(expr))
        return STATUS_OK;
    mask = relations_of(state, expr);
    if ((mask & (mask - 1)) == 0) /* of one relation already */
        return STATUS_OK;
    branches = arena_zalloc(arena, sizeof *branches);
    if (branches == NULL)
        return fail_nomem(state->planner->err);
    if (!split_or(arena, expr, branches))
        return STATUS_OK;
    for (uint32_t i = 0; i < branches->terms[0].count; i++) {
        bool common = true;

        for (uint32_t b = 1; b < branches->count; b++)
            common &= holds_equal(&branches->terms[b], branches->terms[0].items[i]);
        if (common)
            TRY(block_add_one(state, block, branches->terms[0].items[i]));
    }
    for (uint32_t r = 0; r < state->item_count; r++) {
        struct expr *any = NULL;
        uint32_t     b = 0;

        for (; b < branches->count; b++) {
            struct expr *part = branch_on(state, &branches->terms[b], (relations)1 << r);

            if (part == NULL)
                break;
            any = expr_logic(arena, EXPR_OP_OR, any, part);
        }
        if (b == branches->count && any != NULL)
            TRY(block_add_one(state, block, any));
    }
    return STATUS_OK;
}

void block_drop(struct block *block, uint32_t index)
{
    block->conjunct_count--;
    memmove(&block->conjuncts[index], &block->conjuncts[index + 1],
            (block->conjunct_count - index) * sizeof *block->conjuncts);
}

enum status unit_filter(struct planner *planner, struct unit *unit, struct expr *expr)
{
    double sought;

    if (unit->plan->kind != PLAN_SCAN && unit->plan->kind != PLAN_SOURCE &&
        unit->plan->kind != PLAN_SUBQUERY && unit->plan->kind != PLAN_SHARED &&
        unit->plan->kind != PLAN_FILTER && unit->plan->kind != PLAN_TUPLES) {
        unit->plan = plan_new(planner, PLAN_FILTER, unit->plan);
        if (unit->plan == NULL)
            return fail_nomem(planner->err);
    }
    if (!expr_list_add(planner->arena, &unit->plan->filters, expr))
        return fail_nomem(planner->err);
    unit->plan->rows *= plan_selectivity(expr);
    if (unit->plan->kind == PLAN_SCAN && plan_key_sought(unit->plan, &sought) != KEY_NONE &&
        sought < unit->plan->rows)
        unit->plan->rows = sought;
    if (unit->plan->rows < 1)
        unit->plan->rows = 1;
    return STATUS_OK;
}

bool unit_seek(const struct from_state *state, struct unit *unit, struct expr *expr)
{
    struct plan               *scan = unit->plan;
    const struct schema_table *schema;
    struct expr               *column, *other;

    if (scan->kind != PLAN_SCAN || scan->rowid != NULL || expr->kind != EXPR_BINARY ||
        expr->op != EXPR_OP_EQ || expr->resolved.compare_affinity < AFFINITY_NUMERIC)
        return false;
    schema = table_schema(scan->item->catalog_table);
    for (int side = 0; side < 2; side++) {
        column = side == 0 ? expr->left : expr->right;
        other = side == 0 ? expr->right : expr->left;
        if (column->kind != EXPR_COLUMN || column->resolved.source != scan->item)
            continue;
        if (column->resolved.column != -1 && column->resolved.column != schema->rowid_column)
            continue;
        if (relations_inner(relations_of(state, other)) != 0 || expr_has_subquery(other) ||
            other->kind == EXPR_ROW || (state->apply != NULL && relations_of(state, other) != 0))
            continue;
        if (!expr_is_constant(other) && other->kind != EXPR_COLUMN)
            continue;
        scan->rowid = other;
        scan->rows = 1;
        return true;
    }
    return false;
}

/* Conditions on a single unit go down to it. */
static enum status push_down(const struct from_state *state, struct block *block)
{
    for (uint32_t i = 0; i < block->conjunct_count;) {
        struct conjunct *conjunct = &block->conjuncts[i];
        relations        mask = conjunct->mask;
        bool             done = false;

        for (uint32_t u = 0; u < block->unit_count && !done; u++)
            done = relations_inner(mask) != 0 &&
                   (relations_inner(mask) & ~block->units[u].mask) == 0 &&
                   unit_seek(state, &block->units[u], conjunct->expr);
        if (!state->outer_as_mask)
            mask = relations_inner(mask);
        for (uint32_t u = 0; u < block->unit_count && !done; u++) {
            if ((mask & ~block->units[u].mask) != 0)
                continue;
            TRY(unit_filter(state->planner, &block->units[u], conjunct->expr));
            done = true;
        }
        if (done)
            block_drop(block, i);
        else
            i++;
    }
    return STATUS_OK;
}

static bool joins(const struct conjunct *conjunct, relations a, relations b)
{
    return conjunct->equality &&
           (((conjunct->left_mask & ~a) == 0 && (conjunct->right_mask & ~b) == 0) ||
            ((conjunct->left_mask & ~b) == 0 && (conjunct->right_mask & ~a) == 0));
}

enum status join_conditions(const struct from_state *state, struct plan *plan, struct block *block,
                            relations probe, relations build)
{
    struct planner *planner = state->planner;
    uint64_t        classes[2] = {0, 0}; /* that a key stands for already */

    plan->keys = arena_zalloc(planner->arena, (block->conjunct_count + 1) * sizeof *plan->keys);
    if (plan->keys == NULL)
        return fail_nomem(planner->err);
    for (uint32_t i = 0; i < block->conjunct_count;) {
        struct conjunct *conjunct = &block->conjuncts[i];
        struct expr     *expr = conjunct->expr;
        relations mask = state->outer_as_mask ? conjunct->mask : relations_inner(conjunct->mask);

        if ((mask & ~(probe | build)) != 0) {
            i++;
            continue;
        }
        if (joins(conjunct, probe, build) && conjunct->class_ != 0 &&
            bits_get(classes, conjunct->class_)) {
            block_drop(block, i);
            continue;
        }
        if (joins(conjunct, probe, build)) {
            bool             straight = (conjunct->left_mask & ~probe) == 0;
            struct plan_key *key = &plan->keys[plan->key_count++];

            key->probe = straight ? expr->left : expr->right;
            key->build = straight ? expr->right : expr->left;
            key->affinity = expr->resolved.compare_affinity;
            key->collation = expr->resolved.compare_collation;
            key->null_equal = expr->op == EXPR_OP_IS;
            bits_set(classes, conjunct->class_);
            if (conjunct->distinct > 1)
                plan->rows /= conjunct->distinct;
        } else {
            if (!expr_list_add(planner->arena, &plan->filters, expr))
                return fail_nomem(planner->err);
            plan->rows *= plan_selectivity(expr);
        }
        block_drop(block, i);
    }
    if (plan->rows < 1)
        plan->rows = 1;
    return STATUS_OK;
}

/* Small right sides are built, which keeps the order of rows that nested loops would give.  What
 * takes long to begin comes last: it may be that there is nothing to join it with. */
static bool build_left(const struct unit *left, const struct unit *right)
{
    double work;

    if (left->plan->kind == PLAN_ONE_ROW)
        return false;
    if (right->plan->kind == PLAN_ONE_ROW)
        return true;
    if (right->plan->rows > 10000 && right->plan->rows > 2 * left->plan->rows)
        return true;
    work = right->plan->kind == PLAN_SUBQUERY ? plan_work(right->plan) : 0;
    return work > 10000 && work > 8 * plan_work(left->plan);
}

static enum status join_pair(const struct from_state *state, struct block *block, uint32_t a,
                             uint32_t b)
{
    struct unit *left = &block->units[a], *right = &block->units[b], joined;
    bool         swap = build_left(left, right);
    struct unit *probe = swap ? right : left, *build = swap ? left : right;

    joined.plan = plan_new(state->planner, PLAN_JOIN, probe->plan);
    if (joined.plan == NULL)
        return fail_nomem(state->planner->err);
    joined.mask = left->mask | right->mask;
    joined.plan->right = build->plan;
    joined.plan->select = state->select;
    joined.plan->join = JOIN_INNER;
    joined.plan->rows = probe->plan->rows * build->plan->rows;
    TRY(join_conditions(state, joined.plan, block, probe->mask, build->mask));
    block->units[a] = joined;
    block->unit_count--;
    memmove(&block->units[b], &block->units[b + 1], (block->unit_count - b) * sizeof joined);
    return STATUS_OK;
}

/* The first pair of the FROM's order that a condition connects; without any, the first two.  What
 * is left when costs are not asked: in FROM's own order already ten tables may be too many. */
static void first_pair(const struct block *block, uint32_t *first_a, uint32_t *first_b)
{
    *first_a = 0;
    *first_b = 1;
    for (uint32_t b = 1; b < block->unit_count; b++)
        for (uint32_t a = 0; a < b; a++)
            for (uint32_t i = 0; i < block->conjunct_count; i++)
                if (joins(&block->conjuncts[i], block->units[a].mask, block->units[b].mask)) {
                    *first_a = a;
                    *first_b = b;
                    return;
                }
}

static uint32_t unit_with(const struct block *block, relations mask)
{
    uint32_t u = 0;

    while (block->units[u].mask != mask)
        u++;
    return u;
}

/* The units joined as order says. */
static enum status join_in_order(const struct from_state *state, struct block *block,
                                 const struct join_order *order)
{
    for (uint32_t i = 0; i < order->count; i++) {
        const struct join_step *step = &order->steps[i];
        uint32_t                a = unit_with(block, step->left);
        uint32_t                b = unit_with(block, step->right);

        if (a > b) {
            uint32_t first = b;

            b = a;
            a = first;
        }
        TRY(join_pair(state, block, a, b));
        block->units[a].plan->rows = step->rows;
    }
    return STATUS_OK;
}

/* Takes the conditions that are constants from the block. */
static enum status take_gates(const struct from_state *state, struct block *block,
                              struct expr_list *gates)
{
    for (uint32_t i = 0; i < block->conjunct_count;) {
        struct expr *expr = block->conjuncts[i].expr;

        if (block->conjuncts[i].mask != 0 || !expr_is_constant(expr) || expr_may_fail(expr)) {
            i++;
            continue;
        }
        if (!expr_list_add(state->planner->arena, gates, expr))
            return fail_nomem(state->planner->err);
        block_drop(block, i);
    }
    return STATUS_OK;
}

static enum status unit_gate(struct planner *planner, struct unit *unit,
                             const struct expr_list *gates)
{
    if (gates->count == 0)
        return STATUS_OK;
    unit->plan = plan_new(planner, PLAN_GATE, unit->plan);
    if (unit->plan == NULL)
        return fail_nomem(planner->err);
    unit->plan->filters = *gates;
    return STATUS_OK;
}

enum status block_join(const struct from_state *state, struct block *block)
{
    bool              ordered = (state->planner->context->passes_off & PASS_JOIN_ORDER) == 0;
    struct join_order order;
    struct expr_list  gates = {0};

    if ((state->planner->context->passes_off & PASS_GATE) == 0)
        TRY(take_gates(state, block, &gates));
    TRY(block_add_transitive(state, block));
    TRY(block_add_classes(state, block));
    if ((state->planner->context->passes_off & PASS_PUSH_DOWN) == 0)
        TRY(push_down(state, block));
    if (ordered) {
        TRY(order_search(state, block, &order));
        TRY(join_in_order(state, block, &order));
    }
    while (block->unit_count > 1) {
        uint32_t a, b;

        first_pair(block, &a, &b);
        TRY(join_pair(state, block, a, b));
    }
    for (uint32_t i = 0; i < block->conjunct_count;) {
        relations mask = relations_inner(block->conjuncts[i].mask);

        if ((mask & ~block->units[0].mask) == 0) {
            TRY(unit_filter(state->planner, &block->units[0], block->conjuncts[i].expr));
            block_drop(block, i);
        } else {
            i++;
        }
    }
    return unit_gate(state->planner, &block->units[0], &gates);
}
