/* plan_push.c - conditions on a subquery's columns become conditions inside it: in its WHERE, below
 * DISTINCT, GROUP BY, windows and compound operators, where they filter before the work is done.
 *
 * Below an operator that takes equal values as one (1 and 1.0, 'a' and 'A' under NOCASE), a
 * condition may go only if it cannot tell them apart: it compares with a constant as the operator
 * compares, or the values are of a column where equal ones are the same. */
#include "sql/plan_join.h"

/* --- expressions -------------------------------------------------------------------------------
 */
static bool visit_movable(struct expr *expr, void *data)
{
    bool *movable = data;

    if (expr->kind == EXPR_AGGREGATE_REF || expr->kind == EXPR_WINDOW_REF || expr->select != NULL ||
        (expr->kind == EXPR_FUNCTION && (!expr_repeats(expr) || expr->over != NULL)))
        *movable = false;
    return *movable;
}

/* Can be evaluated elsewhere, more often or less, and nobody will know. */
static bool is_movable(struct expr *expr)
{
    bool movable = !expr_may_fail(expr);

    expr_walk(expr, visit_movable, &movable);
    return movable;
}

static bool visit_repeats(struct expr *expr, void *data)
{
    bool *repeats = data;

    *repeats = *repeats && expr_repeats(expr);
    return *repeats;
}

struct source_search {
    struct from_item *item;
    bool              other;
};

static bool visit_source(struct expr *expr, void *data)
{
    struct source_search *search = data;

    if (expr->kind != EXPR_COLUMN)
        return true;
    search->other |= (search->item != NULL && search->item != expr->resolved.source) ||
                     expr->resolved.column < 0;
    search->item = expr->resolved.source;
    return false;
}

/* The one FROM item whose columns expr uses, NULL: several or none. */
static struct from_item *source_of(struct expr *expr)
{
    struct source_search search = {NULL, false};

    expr_walk(expr, visit_source, &search);
    return search.other ? NULL : search.item;
}

/* --- what cannot tell equal values apart -------------------------------------------------------
 */
bool column_is_exact(const struct expr *expr)
{
    const struct from_item    *item = expr->resolved.source;
    const struct schema_table *schema;
    enum affinity              affinity;

    if (expr->kind != EXPR_COLUMN || item == NULL || item->kind != FROM_TABLE ||
        item->catalog_table == NULL || item->select != NULL)
        return false;
    if (expr->resolved.column < 0)
        return true;
    schema = table_schema(item->catalog_table);
    affinity = schema->columns[expr->resolved.column].affinity;
    return schema->columns[expr->resolved.column].collation == COLLATION_BINARY &&
           (affinity == AFFINITY_TEXT || affinity == AFFINITY_INTEGER ||
            affinity == AFFINITY_NUMERIC);
}

static bool compares_alike(const struct expr *key, enum affinity affinity, enum collation collation)
{
    return affinity != AFFINITY_TEXT &&
           (key->resolved.collation == COLLATION_BINARY || key->resolved.collation == collation);
}

/* condition compares key with constants, and finds all of its equal values alike. */
static bool is_blind(struct expr *condition, const struct expr *key)
{
    bool alike = compares_alike(key, condition->resolved.compare_affinity,
                                condition->resolved.compare_collation);

    switch ((enum expr_kind)condition->kind) {
    case EXPR_UNARY:
        return (condition->op == EXPR_OP_ISNULL || condition->op == EXPR_OP_NOTNULL) &&
               expr_equal(condition->left, key);
    case EXPR_BINARY:
        if (condition->op < EXPR_OP_EQ || condition->op > EXPR_OP_ISNOT || !alike)
            return false;
        return (expr_equal(condition->left, key) && expr_is_constant(condition->right)) ||
               (expr_equal(condition->right, key) && expr_is_constant(condition->left));
    case EXPR_BETWEEN:
        return alike &&
               compares_alike(key, condition->resolved.compare_affinity_high,
                              condition->resolved.compare_collation_high) &&
               expr_equal(condition->left, key) && expr_is_constant(condition->list.items[0]) &&
               expr_is_constant(condition->list.items[1]);
    case EXPR_IN:
        if (condition->select != NULL || !alike || !expr_equal(condition->left, key))
            return false;
        for (uint32_t i = 0; i < condition->list.count; i++)
            if (!expr_is_constant(condition->list.items[i]))
                return false;
        return true;
    default:
        return false;
    }
}

struct key_search {
    struct expr            *condition;
    const struct expr_list *keys;
    bool                    holds;
};

static bool visit_keys(struct expr *expr, void *data)
{
    struct key_search *search = data;

    for (uint32_t i = 0; i < search->keys->count; i++) {
        const struct expr *key = search->keys->items[i];

        if (!expr_equal(key, expr))
            continue;
        search->holds = search->holds && (column_is_exact(key) || is_blind(search->condition, key));
        return false;
    }
    if (expr->kind == EXPR_COLUMN)
        search->holds = false;
    return search->holds;
}

/* condition is about keys alone, and the same for all rows whose keys are equal. */
static bool is_of_keys(struct expr *condition, const struct expr_list *keys)
{
    struct key_search search = {condition, keys, true};

    expr_walk(condition, visit_keys, &search);
    return search.holds;
}

/* --- a term ------------------------------------------------------------------------------------
 */
static struct expr *replace(struct arena *arena, const struct expr *expr,
                            const struct from_item *item, const struct select *term);

static bool replace_list(struct arena *arena, struct expr_list *list, const struct from_item *item,
                         const struct select *term)
{
    struct expr_list copy = {0};

    for (uint32_t i = 0; i < list->count; i++) {
        struct expr *member = replace(arena, list->items[i], item, term);

        if (member == NULL || !expr_list_add(arena, &copy, member))
            return false;
    }
    *list = copy;
    return true;
}

/* A copy of expr with the term's result columns in place of item's.  It compares as expr does: what
 * that depends on, affinity and collation, stays the column's.  NULL: memory. */
static struct expr *replace(struct arena *arena, const struct expr *expr,
                            const struct from_item *item, const struct select *term)
{
    bool               column = expr->kind == EXPR_COLUMN && expr->resolved.source == item;
    const struct expr *original = column ? term->columns[expr->resolved.column].expr : expr;
    struct expr       *copy = arena_alloc(arena, sizeof *copy);

    if (copy == NULL)
        return NULL;
    *copy = *original;
    if (column) {
        copy->resolved.affinity = expr->resolved.affinity;
        copy->resolved.collation = expr->resolved.collation;
        copy->resolved.collation_known = expr->resolved.collation_known;
        copy->resolved.collation_explicit = expr->resolved.collation_explicit;
        return copy;
    }
    if (expr->left != NULL && (copy->left = replace(arena, expr->left, item, term)) == NULL)
        return NULL;
    if (expr->right != NULL && (copy->right = replace(arena, expr->right, item, term)) == NULL)
        return NULL;
    return replace_list(arena, &copy->list, item, term) ? copy : NULL;
}

static bool results_are_blind(struct expr *condition, const struct select *term)
{
    struct expr_list keys = {0};
    struct expr     *items[1];

    keys.items = items;
    keys.count = 1;
    for (uint32_t i = 0; i < term->column_count; i++) {
        items[0] = term->columns[i].expr;
        if (is_of_keys(condition, &keys))
            return true;
    }
    return false;
}

/* condition, in terms of term's FROM, can join its WHERE. */
static bool term_takes(const struct select *term, struct expr *condition, bool merged)
{
    bool repeats = true;

    expr_walk(term->where, visit_repeats, &repeats); /* a sample is drawn from all rows */
    if (!repeats || term->distinct_on.count != 0 || !is_movable(condition))
        return false;
    if ((term->distinct || merged) && !results_are_blind(condition, term))
        return false;
    if (term->is_aggregate && (term->group_by.count == 0 || term->grouping_set_count != 0 ||
                               !is_of_keys(condition, &term->group_by)))
        return false;
    for (const struct select_window *w = term->window_calls; w != NULL; w = w->next)
        if (!is_of_keys(condition, &w->def->partition_by))
            return false;
    return true;
}

/* --- a subquery --------------------------------------------------------------------------------
 */
/* Sets or terms of select are compared with each other. */
static bool is_merged(const struct select *select)
{
    for (; select->prior != NULL; select = select->prior)
        if (select->op != COMPOUND_UNION_ALL)
            return true;
    return false;
}

/* Terms merged with a collation of the column's own would need a closer look. */
static bool is_binary(const struct select *select)
{
    for (; select != NULL; select = select->prior)
        for (uint32_t i = 0; i < select->column_count; i++)
            if (select->columns[i].expr->resolved.collation != COLLATION_BINARY)
                return false;
    return true;
}

/* Moves condition, whose columns are item's, into item's select; *done: it holds there now. */
static enum status push_into(struct planner *planner, const struct from_item *item,
                             struct expr *condition, bool *done)
{
    struct select *select = item->select;
    bool           merged = is_merged(select);

    *done = false;
    if (select->limit != NULL || select->first_recursive != NULL || (merged && !is_binary(select)))
        return STATUS_OK;
    for (int pass = 0; pass < 2; pass++) /* all terms take it, or none */
        for (struct select *term = select; term != NULL; term = term->prior) {
            struct expr *inner;

            if (term->is_values)
                return STATUS_OK;
            inner = replace(planner->arena, condition, item, term);
            if (inner == NULL)
                return fail_nomem(planner->err);
            if (pass == 0 && !term_takes(term, inner, merged))
                return STATUS_OK;
            if (pass == 1)
                term->where = expr_logic(planner->arena, EXPR_OP_AND, term->where, inner);
            if (pass == 1 && term->where == NULL)
                return fail_nomem(planner->err);
        }
    *done = true;
    return STATUS_OK;
}

/* Of *condition, an AND of several or NULL, what concerns one subquery of the list; only: that one
 * alone. */
static enum status push_conjuncts(struct planner *planner, const struct from_list *list,
                                  const struct from_item *only, struct expr **condition)
{
    struct expr_list conjuncts = {0};
    struct expr     *rest = NULL;

    if (!expr_conjuncts(planner->arena, *condition, &conjuncts))
        return fail_nomem(planner->err);
    for (uint32_t i = 0; i < conjuncts.count; i++) {
        const struct from_item *source = source_of(conjuncts.items[i]);
        bool                    done = false;

        for (uint32_t f = 0; source != NULL && f < list->count && !done; f++) {
            const struct from_item *item = list->items[f];

            if (item != source || item->select == NULL || plan_is_shared(planner, item) ||
                (only == NULL ? (item->join & JOIN_TYPE_LEFT) != 0 : item != only))
                continue;
            TRY(push_into(planner, item, conjuncts.items[i], &done));
        }
        if (done)
            continue;
        rest = expr_logic(planner->arena, EXPR_OP_AND, rest, conjuncts.items[i]);
        if (rest == NULL)
            return fail_nomem(planner->err);
    }
    *condition = rest;
    return STATUS_OK;
}

enum status push_into_subqueries(struct planner *planner, const struct from_list *list,
                                 struct expr **where)
{
    bool any = false;

    if ((planner->context->passes_off & PASS_SINK) != 0)
        return STATUS_OK;
    for (uint32_t i = 0; i < list->count; i++) {
        any |= list->items[i]->select != NULL;
        if ((list->items[i]->join & JOIN_TYPE_RIGHT) != 0)
            return STATUS_OK; /* brings back rows that WHERE is still to see */
    }
    if (!any)
        return STATUS_OK;
    TRY(push_conjuncts(planner, list, NULL, where));
    for (uint32_t i = 0; i < list->count; i++) {
        struct from_item *item = list->items[i];
        bool              left = (item->join & JOIN_TYPE_LEFT) != 0;

        TRY(push_conjuncts(planner, list, left ? item : NULL, &item->on));
    }
    return STATUS_OK;
}
