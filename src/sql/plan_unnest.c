/* plan_unnest.c - EXISTS as a join.
 *
 * WHERE EXISTS (SELECT ... WHERE inner = outer AND ...), and correlated x IN (SELECT inner ...),
 * are semi-joins with the inner FROM as build side; NOT EXISTS is an anti-join.  Everything else
 * stays an expression, which is memoised. */
#include "sql/plan_join.h"

struct unnest {
    struct select   *inner;
    bool             anti;
    struct expr     *left; /* IN's operand, NULL: EXISTS */
    struct expr     *in;
    struct expr_list correlated; /* conditions that need the outer row */
};

static bool has_variable_arguments(const struct from_item *item)
{
    for (uint32_t i = 0; i < item->arguments.count; i++)
        if (!expr_is_constant(item->arguments.items[i]))
            return true;
    return false;
}

static bool is_unnestable(struct select *inner)
{
    if (inner->prior != NULL || inner->is_values || inner->is_aggregate || inner->limit != NULL ||
        inner->window_calls != NULL || inner->from.count == 0 || inner->outer_count == 0 ||
        select_varies(inner))
        return false;
    for (uint32_t i = 0; i < inner->from.count; i++)
        if ((inner->from.items[i]->join & (JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT)) != 0 ||
            inner->from.items[i]->kind == FROM_NESTED ||
            inner->from.items[i]->kind == FROM_RECURSION ||
            has_variable_arguments(inner->from.items[i]) ||
            (inner->from.items[i]->select != NULL && inner->from.items[i]->select->correlated))
            return false;
    return true;
}

static bool unnest_of(struct expr *expr, struct unnest *unnest)
{
    *unnest = (struct unnest){0};
    while (expr->kind == EXPR_UNARY && expr->op == EXPR_OP_NOT) {
        unnest->anti = !unnest->anti;
        expr = expr->left;
    }
    if (expr->select == NULL || !is_unnestable(expr->select))
        return false;
    unnest->inner = expr->select;
    if (expr->kind == EXPR_EXISTS) {
        unnest->anti ^= expr->negated;
        return true;
    }
    if (expr->kind != EXPR_IN || expr->op != EXPR_OP_NONE || expr->negated || unnest->anti ||
        expr->left->kind == EXPR_ROW || expr->left->kind == EXPR_SUBQUERY ||
        expr->select->column_count != 1)
        return false;
    unnest->left = expr->left;
    unnest->in = expr;
    return true;
}

/* The inner FROM joined under its own conditions; those with outer columns are listed. */
static enum status plan_inner(struct from_state *state, struct unnest *unnest, struct unit *unit)
{
    struct arena           *arena = state->planner->arena;
    const struct from_list *from = &unnest->inner->from;
    struct block           *block = arena_zalloc(arena, sizeof *block);
    struct expr_list        conditions = {0};

    if (block == NULL || !expr_conjuncts(arena, unnest->inner->where, &conditions))
        return fail_nomem(state->planner->err);
    for (uint32_t i = 0; i < from->count; i++) {
        TRY(from_item_plan(state, from->items[i], &block->units[block->unit_count]));
        block->unit_count++;
        if (!expr_conjuncts(arena, from->items[i]->on, &conditions))
            return fail_nomem(state->planner->err);
    }
    for (uint32_t i = 0; i < conditions.count; i++) {
        relations mask = relations_of(state, conditions.items[i]);

        if (mask == relations_inner(mask))
            TRY(block_add_one(state, block, conditions.items[i]));
        else if (!expr_list_add(arena, &unnest->correlated, conditions.items[i]))
            return fail_nomem(state->planner->err);
    }
    TRY(block_join(state, block));
    *unit = block->units[0];
    return STATUS_OK;
}

/* inner = outer, either way round. */
static bool unnest_key(const struct from_state *state, struct expr *expr, struct plan_key *key)
{
    const relations parameters = (relations)1 << PARAMETERS;
    relations       left, right;

    if (expr->kind != EXPR_BINARY || (expr->op != EXPR_OP_EQ && expr->op != EXPR_OP_IS) ||
        expr->left->kind == EXPR_ROW || expr->right->kind == EXPR_ROW)
        return false;
    left = relations_of(state, expr->left);
    right = relations_of(state, expr->right);
    if ((left != parameters || right == 0 || (right & parameters) != 0) &&
        (right != parameters || left == 0 || (left & parameters) != 0))
        return false;
    *key = (struct plan_key){.probe = left == parameters ? expr->left : expr->right,
                             .build = left == parameters ? expr->right : expr->left,
                             .affinity = expr->resolved.compare_affinity,
                             .collation = expr->resolved.compare_collation,
                             .null_equal = expr->op == EXPR_OP_IS};
    return true;
}

static enum status unnest_join(const struct from_state *outer, struct unnest *unnest,
                               struct unit *unit, bool *done)
{
    struct planner    *planner = outer->planner;
    struct from_state *state = arena_zalloc(planner->arena, sizeof *state);
    struct plan       *plan;
    struct unit        inner = {0};

    if (state == NULL)
        return fail_nomem(planner->err);
    state->planner = planner;
    state->select = unnest->inner;
    state->apply = NULL;
    TRY(plan_inner(state, unnest, &inner));
    plan = plan_new(planner, PLAN_JOIN, unit->plan);
    if (plan == NULL)
        return fail_nomem(planner->err);
    plan->right = inner.plan;
    plan->join = unnest->anti ? JOIN_ANTI : JOIN_SEMI;
    plan->keys = arena_zalloc(planner->arena, (unnest->correlated.count + 1) * sizeof *plan->keys);
    if (plan->keys == NULL)
        return fail_nomem(planner->err);
    for (uint32_t i = 0; i < unnest->correlated.count; i++) {
        if (unnest_key(state, unnest->correlated.items[i], &plan->keys[plan->key_count]))
            plan->key_count++;
        else if (!expr_list_add(planner->arena, &plan->filters, unnest->correlated.items[i]))
            return fail_nomem(planner->err);
    }
    if (unnest->left != NULL) {
        struct expr *result = unnest->inner->columns[0].expr;

        if (relations_of(state, result) == 0 ||
            relations_of(state, result) != relations_inner(relations_of(state, result)))
            return STATUS_OK;
        plan->keys[plan->key_count++] =
            (struct plan_key){.probe = unnest->left,
                              .build = result,
                              .affinity = unnest->in->resolved.compare_affinity,
                              .collation = unnest->in->resolved.compare_collation};
    }
    if (plan->key_count == 0)
        return STATUS_OK; /* every pair would have to be looked at: memoised it is better off */
    plan->rows = plan->rows / 2 + 1;
    unit->plan = plan;
    *done = true;
    return STATUS_OK;
}

/* The subquery below the NOTs of expr, if there is one, is taken apart first. */
static enum status flatten_below(struct planner *planner, struct expr *expr)
{
    while (expr->kind == EXPR_UNARY && expr->op == EXPR_OP_NOT)
        expr = expr->left;
    return expr->select == NULL || expr->select->prior != NULL
               ? STATUS_OK
               : plan_flatten(planner, expr->select, true);
}

/* Takes from where what can be a semi- or anti-join. */
enum status unnest_split(const struct from_state *state, struct expr **where,
                         struct expr_list *exists)
{
    struct arena    *arena = state->planner->arena;
    struct expr_list conjuncts = {0};
    struct expr     *rest = NULL;
    struct unnest    unnest;

    if (*where == NULL || (state->planner->context->passes_off & PASS_UNNEST) != 0)
        return STATUS_OK;
    if (!expr_conjuncts(arena, *where, &conjuncts))
        return fail_nomem(state->planner->err);
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        TRY(flatten_below(state->planner, conjuncts.items[i]));
        if (!unnest_of(conjuncts.items[i], &unnest)) {
            rest = expr_logic(arena, EXPR_OP_AND, rest, conjuncts.items[i]);
            if (rest == NULL)
                return fail_nomem(state->planner->err);
        } else if (!expr_list_add(arena, exists, conjuncts.items[i])) {
            return fail_nomem(state->planner->err);
        }
    }
    *where = rest;
    return STATUS_OK;
}

enum status unnest_join_all(const struct from_state *state, const struct expr_list *exists,
                            struct unit *unit)
{
    for (uint32_t i = 0; i < exists->count; i++) {
        struct unnest unnest;
        bool          done = false;

        if (unnest_of(exists->items[i], &unnest))
            TRY(unnest_join(state, &unnest, unit, &done));
        if (done)
            continue;
        TRY(plan_apply(state->planner, exists->items[i], NULL, &unit->plan));
        TRY(unit_filter(state->planner, unit, exists->items[i]));
    }
    return STATUS_OK;
}
