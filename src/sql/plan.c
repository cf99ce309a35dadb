/* plan.c - from a resolved select to a tree of row producers. */
#include "sql/plan.h"

struct plan *plan_new(struct planner *planner, enum plan_kind kind, struct plan *input)
{
    struct plan *plan = arena_zalloc(planner->arena, sizeof *plan);

    if (plan == NULL)
        return NULL;
    plan->kind = kind;
    plan->input = input;
    plan->rows = 1;
    if (input != NULL) {
        plan->rows = input->rows;
        plan->select = input->select;
        plan->owner = input->owner;
        plan->column_count = input->column_count;
        plan->aggregate = input->aggregate;
    }
    return plan;
}

/* --- aggregates --------------------------------------------------------------------------------
 */
int32_t plan_group_key(const struct plan *aggregate, struct expr *expr)
{
    const struct expr_list *keys = aggregate->group_by;
    struct expr            *stripped = expr_strip(expr);

    for (uint32_t i = 0; i < keys->count; i++)
        if (keys->items[i] == expr || expr_equal(expr_strip(keys->items[i]), stripped))
            return (int32_t)i;
    return -1;
}

int32_t plan_bare_column(const struct plan *aggregate, const struct expr *expr)
{
    for (uint32_t i = 0; i < aggregate->bare_count; i++)
        if (expr_equal(aggregate->bare[i], expr))
            return (int32_t)i;
    return -1;
}

struct bare_search {
    struct planner  *planner;
    struct plan     *aggregate;
    struct expr_list found;
    bool            *key_read; /* [keys] elsewhere than in the result column that is the key */
    bool             failed;
};

static bool visit_bare(struct expr *expr, void *data)
{
    struct bare_search *search = data;
    int32_t             key = plan_group_key(search->aggregate, expr);

    if (key >= 0) {
        search->key_read[key] |= search->aggregate->key_result[key] != expr_strip(expr);
        return false;
    }
    if (expr->kind != EXPR_COLUMN ||
        !plan_provides(search->aggregate->input, expr->resolved.source))
        return true;
    for (uint32_t i = 0; i < search->found.count; i++)
        if (expr_equal(search->found.items[i], expr))
            return false;
    search->failed |= !expr_list_add(search->planner->arena, &search->found, expr);
    return false;
}

bool plan_trusts(const struct planner *planner, struct table *table)
{
    if (table == planner->changing)
        return false;
    program_trust(planner->program, table);
    return true;
}

/* Whether values that compare equal can look different: 'a' and 'A' under NOCASE, 1 and 1.0. */
static bool key_varies(const struct planner *planner, const struct expr *key)
{
    const struct from_item *item = key->resolved.source;
    struct column_stats     stats;
    unsigned                both = 1U << CLASS_INTEGER | 1U << CLASS_REAL;

    if (key->resolved.collation != COLLATION_BINARY)
        return true;
    switch (key->kind) {
    case EXPR_COLUMN:
        if (key->resolved.affinity > AFFINITY_BLOB || item == NULL || key->resolved.column < 0)
            return false;
        if (item->catalog_table == NULL)
            return true;
        return table_column_stats(item->catalog_table, (uint32_t)key->resolved.column, &stats,
                                  NULL) != STATUS_OK ||
               (stats.classes & both) == both || !plan_trusts(planner, item->catalog_table);
    case EXPR_BINARY: /* arithmetic, and what JSON gives */
        return (key->op >= EXPR_OP_ADD && key->op <= EXPR_OP_REMAINDER) ||
               key->op == EXPR_OP_ARROW || key->op == EXPR_OP_ARROW2;
    case EXPR_UNARY:
        return key->op == EXPR_OP_NEGATE && key_varies(planner, key->left);
    case EXPR_CAST:
        return key->resolved.affinity <= AFFINITY_BLOB ||
               key->resolved.affinity == AFFINITY_NUMERIC;
    case EXPR_FUNCTION:
    case EXPR_CASE:
    case EXPR_SUBQUERY:
        return true;
    default:
        return false;
    }
}

/* The result column that a key which is no column of a table appears as: it shows the key of the
 * group's first row.  Stripped; NULL: none. */
static const struct expr *key_result(const struct select *select, const struct expr *key)
{
    const struct expr *result = NULL;

    for (uint32_t i = 0; i < select->column_count; i++) {
        struct expr *column = select->columns[i].expr, *inner = column;

        while (inner->kind == EXPR_COLLATE)
            inner = inner->left;
        if (inner->kind != EXPR_COLUMN && (column == key || expr_equal(column, key)))
            result = expr_strip(column);
    }
    return result;
}

static bool plan_key_results(struct planner *planner, struct plan *aggregate,
                             struct bare_search *search)
{
    const struct select *select = aggregate->select;
    uint32_t             keys = aggregate->group_by->count;

    aggregate->key_result = arena_alloc(planner->arena, (keys + 1) * sizeof(struct expr *));
    aggregate->key_bare = arena_alloc(planner->arena, (keys + 1) * sizeof(int32_t));
    search->key_read = arena_zalloc(planner->arena, keys + 1);
    if (aggregate->key_result == NULL || aggregate->key_bare == NULL || search->key_read == NULL)
        return false;
    for (uint32_t i = 0; i < keys; i++)
        aggregate->key_result[i] = key_result(select, aggregate->group_by->items[i]);
    return true;
}

/* With a min or max, a group key that is read as part of an expression shows the value of the row
 * that has it, like any other column. */
static bool plan_key_values(struct planner *planner, struct plan *aggregate,
                            struct bare_search *search)
{
    const struct select *select = aggregate->select;
    bool                 extreme = false;

    for (uint32_t i = 0; i < select->aggregate_count; i++) {
        int32_t kind = select->aggregates[i]->resolved.aggregate_kind - 1;

        extreme |= kind == AGGREGATE_MIN || kind == AGGREGATE_MAX;
    }
    for (uint32_t i = 0; i < aggregate->group_by->count; i++) {
        struct expr *key = expr_strip(aggregate->group_by->items[i]);

        aggregate->key_bare[i] = -1;
        if (!extreme || select->grouping_set_count > 0 || !search->key_read[i] ||
            !key_varies(planner, key))
            continue;
        aggregate->key_bare[i] = (int32_t)search->found.count;
        if (!expr_list_add(planner->arena, &search->found, key))
            return false;
    }
    return true;
}

void plan_walk_window(const struct select_window *window, expr_visit *visit, void *data)
{
    const struct window_def *def = window->def;

    for (uint32_t i = 0; i < def->partition_by.count; i++)
        expr_walk(def->partition_by.items[i], visit, data);
    for (uint32_t i = 0; i < def->order_by.count; i++)
        expr_walk(def->order_by.terms[i].expr, visit, data);
    for (uint32_t i = 0; i < window->call_count; i++)
        expr_walk(window->calls[i], visit, data);
}

/* As expr_conjuncts, but a group key stays whole. */
static bool conjuncts_above(struct planner *planner, const struct plan *aggregate,
                            struct expr *condition, struct expr_list *out)
{
    if (condition->kind == EXPR_BINARY && condition->op == EXPR_OP_AND &&
        (aggregate == NULL || plan_group_key(aggregate, condition) < 0))
        return conjuncts_above(planner, aggregate, condition->left, out) &&
               conjuncts_above(planner, aggregate, condition->right, out);
    return expr_list_add(planner->arena, out, condition);
}

/* HAVING, QUALIFY. */
static enum status plan_filter(struct planner *planner, struct expr *condition,
                               const struct plan *aggregate, struct plan **plan)
{
    struct expr_list conjuncts = {0};
    struct plan     *filter = NULL;

    if (!conjuncts_above(planner, aggregate, condition, &conjuncts))
        return fail_nomem(planner->err);
    for (int correlated = 0; correlated < 2; correlated++) /* fewer rows for the dear ones */
        for (uint32_t i = 0; i < conjuncts.count; i++) {
            struct plan *below = *plan;

            if (plan_has_correlated(conjuncts.items[i]) != (correlated != 0))
                continue;
            TRY(plan_apply(planner, conjuncts.items[i], aggregate, plan));
            if (filter == NULL || *plan != below) {
                filter = plan_new(planner, PLAN_FILTER, *plan);
                if (filter == NULL)
                    return fail_nomem(planner->err);
                filter->rows = filter->rows / 3 + 1;
                filter->aggregate = aggregate;
                *plan = filter;
            }
            if (!expr_list_add(planner->arena, &filter->filters, conjuncts.items[i]))
                return fail_nomem(planner->err);
        }
    return STATUS_OK;
}

struct item_search {
    const struct from_item *item;
    bool                    found;
};

static bool visit_item(struct expr *expr, void *data)
{
    struct item_search *search = data;

    search->found |= expr->kind == EXPR_COLUMN && expr->resolved.source == search->item;
    search->found |= expr->select != NULL && expr->select->correlated;
    return !search->found;
}

static bool is_rowid(const struct expr *expr, const struct from_item *item)
{
    return expr->kind == EXPR_COLUMN && expr->resolved.source == item &&
           (expr->resolved.column < 0 ||
            expr->resolved.column == table_schema(item->catalog_table)->rowid_column);
}

/* Whether a key is the rowid of the one table there is, so that each row is a group: SQLite leaves
 * them in the table's order, provided that it sees that the other keys say nothing more. */
static bool keys_have_rowid(const struct select *select)
{
    const struct from_item *item = select->from.count == 1 ? select->from.items[0] : NULL;
    bool                    found = false;

    if (item == NULL || item->catalog_table == NULL)
        return false;
    for (uint32_t i = 0; i < select->group_by.count; i++) {
        struct expr       *key = select->group_by.items[i];
        struct item_search search = {item, false};

        found |= is_rowid(key, item);
        expr_walk(key, visit_item, &search);
        if (!search.found && !expr_is_constant(key))
            return false;
    }
    return found;
}

/* SQLite sorts the groups in the directions of the ORDER BY above, or of the lowest window's keys,
 * when these are as many as the group keys, whatever they are: rows that they find equal show it.
 */
static bool plan_group_order(struct planner *planner, struct plan *aggregate)
{
    const struct select        *select = aggregate->select;
    const struct select_window *window = select->window_calls;
    const struct order_list    *order = window != NULL ? &window->def->order_by : &select->order_by;
    uint32_t                    keys = select->group_by.count;
    uint32_t before = window != NULL ? window->def->partition_by.count : 0; /* ascending ones */
    uint32_t own = planner->apply != NULL; /* a tuple's number comes before the keys */
    bool    *descending = arena_zalloc(planner->arena, keys + (size_t)2);
    bool     any = false;

    aggregate->sorted = !keys_have_rowid(select);
    if (descending == NULL)
        return false;
    if (before + order->count != keys || select->grouping_set_count > 0)
        return true;
    for (uint32_t i = 0, kept = own; i < keys && kept < aggregate->group_by->count; i++) {
        if (select->group_by.items[i] != aggregate->group_by->items[kept])
            continue; /* decided by a key before it */
        any |= descending[kept++] = i >= before && order->terms[i - before].descending;
    }
    aggregate->descending = any ? descending : NULL;
    return true;
}

/* The keys of the groups; first, where the select is planned for all tuples, the tuple's number. */
static enum status plan_keys(struct planner *planner, struct select *select, struct plan *aggregate)
{
    const struct expr_list *keys;
    struct expr_list       *numbered;

    TRY(plan_group_keys(planner, select, &keys));
    aggregate->group_by = keys;
    if (planner->apply == NULL)
        return STATUS_OK;
    numbered = arena_zalloc(planner->arena, sizeof *numbered);
    if (numbered == NULL || !expr_list_add(planner->arena, numbered, &planner->apply->number))
        return fail_nomem(planner->err);
    for (uint32_t i = 0; i < keys->count; i++)
        if (!expr_list_add(planner->arena, numbered, keys->items[i]))
            return fail_nomem(planner->err);
    aggregate->group_by = numbered;
    if (keys->count == 0)
        aggregate->apply = planner->apply;
    return STATUS_OK;
}

static enum status plan_aggregate(struct planner *planner, struct select *select,
                                  struct plan **plan, const struct plan **made)
{
    struct plan       *aggregate = plan_new(planner, PLAN_AGGREGATE, *plan);
    struct bare_search search = {.planner = planner, .aggregate = aggregate};

    if (aggregate == NULL)
        return fail_nomem(planner->err);
    aggregate->select = select;
    aggregate->aggregate = NULL;
    TRY(plan_keys(planner, select, aggregate));
    if (aggregate->apply == NULL && !plan_group_order(planner, aggregate))
        return fail_nomem(planner->err);
    if (!plan_key_results(planner, aggregate, &search))
        return fail_nomem(planner->err);
    for (uint32_t i = 0; i < select->column_count; i++)
        expr_walk(select->columns[i].expr, visit_bare, &search);
    expr_walk(select->having, visit_bare, &search);
    expr_walk(select->qualify, visit_bare, &search);
    for (uint32_t i = 0; i < select->order_by.count; i++)
        expr_walk(select->order_by.terms[i].expr, visit_bare, &search);
    for (const struct select_window *w = select->window_calls; w != NULL; w = w->next)
        plan_walk_window(w, visit_bare, &search);
    if (search.failed || !plan_key_values(planner, aggregate, &search))
        return fail_nomem(planner->err);
    aggregate->bare = search.found.items;
    aggregate->bare_count = search.found.count;
    if (aggregate->apply != NULL)
        aggregate->rows = aggregate->apply->rows;
    else if (aggregate->group_by->count == 0)
        aggregate->rows = 1;
    else
        aggregate->rows = aggregate->rows / 10 + 1;
    *made = *plan = aggregate;
    return select->having == NULL ? STATUS_OK
                                  : plan_filter(planner, select->having, aggregate, plan);
}

/* --- select ------------------------------------------------------------------------------------
 */
struct expr *plan_result(const struct plan *project, uint32_t column)
{
    return column == project->select->column_count ? &project->apply->number
                                                   : project->select->columns[column].expr;
}

bool plan_has_window(const struct plan *plan, const void *owner)
{
    const struct select_window *window = plan->window;

    for (uint32_t i = 0; i < plan->window_count; i++, window = window->next)
        if (window == owner)
            return true;
    return false;
}

/* The window that appears last comes lowest, as in SQLite: the rows leave in the order of the first
 * one.  Neighbours that differ in their frames alone are computed together. */
static enum status plan_windows(struct planner *planner, struct select *select,
                                const struct plan *aggregate, struct plan **plan)
{
    for (struct select_window *w = select->window_calls; w != NULL; w = w->next) {
        if (w != select->window_calls &&
            window_keys_same((*plan)->window->def, w->def, expr_equal)) {
            (*plan)->window_count++;
            continue;
        }
        *plan = plan_new(planner, PLAN_WINDOW, *plan);
        if (*plan == NULL)
            return fail_nomem(planner->err);
        (*plan)->select = select;
        (*plan)->window = w;
        (*plan)->window_count = 1;
        (*plan)->aggregate = aggregate;
    }
    return STATUS_OK;
}

/* What groups and aggregates are made of. */
static enum status apply_arguments(struct planner *planner, const struct select *select,
                                   struct plan **plan)
{
    for (uint32_t i = 0; i < select->group_by.count; i++)
        TRY(plan_apply(planner, select->group_by.items[i], NULL, plan));
    for (uint32_t i = 0; i < select->aggregate_count; i++)
        TRY(plan_apply(planner, select->aggregates[i], NULL, plan));
    return STATUS_OK;
}

/* What windows are made of. */
static enum status apply_windows(struct planner *planner, const struct select *select,
                                 const struct plan *aggregate, struct plan **plan)
{
    for (const struct select_window *w = select->window_calls; w != NULL; w = w->next) {
        for (uint32_t i = 0; i < w->def->partition_by.count; i++)
            TRY(plan_apply(planner, w->def->partition_by.items[i], aggregate, plan));
        for (uint32_t i = 0; i < w->def->order_by.count; i++)
            TRY(plan_apply(planner, w->def->order_by.terms[i].expr, aggregate, plan));
        for (uint32_t i = 0; i < w->call_count; i++)
            TRY(plan_apply(planner, w->calls[i], aggregate, plan));
    }
    return STATUS_OK;
}

static enum status apply_results(struct planner *planner, const struct select *select,
                                 const struct plan *aggregate, struct plan **plan)
{
    if (select->limit != NULL && select->order_by.count == 0)
        return STATUS_OK;
    for (uint32_t i = 0; i < select->column_count; i++)
        TRY(plan_apply(planner, select->columns[i].expr, aggregate, plan));
    for (uint32_t i = 0; i < select->order_by.count && select->prior == NULL; i++)
        if (select->order_by.terms[i].result_column == 0)
            TRY(plan_apply(planner, select->order_by.terms[i].expr, aggregate, plan));
    return STATUS_OK;
}

enum status plan_term(struct planner *planner, struct select *select, struct plan **plan)
{
    struct plan       *project;
    const struct plan *aggregate = NULL;

    if (select->is_values) {
        struct plan *values = plan_new(planner, PLAN_VALUES, NULL);

        if (values == NULL)
            return fail_nomem(planner->err);
        values->select = select;
        values->owner = &select->columns;
        values->column_count = select->column_count;
        values->rows = select->values_rows;
        *plan = values;
        return STATUS_OK;
    }
    TRY(plan_flatten(planner, select, false));
    TRY(plan_from(planner, select, &select->from, select->where, plan));
    if (select->is_aggregate) {
        TRY(apply_arguments(planner, select, plan));
        TRY(plan_aggregate(planner, select, plan, &aggregate));
    }
    TRY(apply_windows(planner, select, aggregate, plan));
    TRY(plan_windows(planner, select, aggregate, plan));
    if (select->qualify != NULL)
        TRY(plan_filter(planner, select->qualify, aggregate, plan));
    TRY(apply_results(planner, select, aggregate, plan));
    if (select->distinct_on.count != 0) {
        *plan = plan_new(planner, PLAN_DISTINCT, *plan);
        if (*plan == NULL)
            return fail_nomem(planner->err);
        (*plan)->select = select;
        (*plan)->filters = select->distinct_on;
    }
    project = plan_new(planner, PLAN_PROJECT, *plan);
    if (project == NULL)
        return fail_nomem(planner->err);
    project->select = select;
    project->owner = &select->columns;
    project->column_count = select->column_count + (planner->apply != NULL);
    project->apply = planner->apply;
    project->aggregate = aggregate;
    project->needed = arena_zalloc(planner->arena, bits_words(project->column_count + 1) * 8);
    if (project->needed == NULL)
        return fail_nomem(planner->err);
    *plan = project;
    if (select->distinct) {
        *plan = plan_new(planner, PLAN_DISTINCT, project);
        if (*plan == NULL)
            return fail_nomem(planner->err);
        (*plan)->rows = project->rows / 2 + 1;
    }
    return STATUS_OK;
}

static enum status plan_terms(struct planner *planner, struct select *select, struct plan **plan)
{
    struct plan *left, *right, *compound;

    TRY(stack_check(planner->err, select->position));
    if (select->prior == NULL)
        return plan_term(planner, select, plan);
    TRY(plan_terms(planner, select->prior, &left));
    TRY(plan_term(planner, select, &right));
    compound = plan_new(planner, PLAN_COMPOUND, left);
    if (compound == NULL)
        return fail_nomem(planner->err);
    compound->right = right;
    compound->select = select;
    compound->op = select->op;
    compound->owner = compound;
    compound->aggregate = NULL;
    compound->rows = left->rows;
    if (select->op == COMPOUND_UNION || select->op == COMPOUND_UNION_ALL)
        compound->rows += right->rows;
    *plan = compound;
    return STATUS_OK;
}

/* DISTINCT, and outer joins that keep rows of another table, see one row of the queue at a time. */
static bool term_is_row_by_row(const struct select *term)
{
    for (uint32_t i = 0; i < term->from.count; i++) {
        const struct from_item *item = term->from.items[i];

        if ((item->join & (JOIN_TYPE_RIGHT | JOIN_TYPE_OUTER)) != 0 || item->kind == FROM_NESTED ||
            ((item->join & JOIN_TYPE_LEFT) != 0 && i > 0 && term->from.items[0] != term->recursion))
            return true;
    }
    return term->distinct;
}

/* Terms head, head->prior... down to and with first, joined by UNION ALL. */
static enum status plan_recursive_terms(struct planner *planner, struct select *head,
                                        const struct select *first, struct plan *recursive,
                                        struct plan **plan)
{
    struct plan *left = NULL, *right, *both;

    if (head != first)
        TRY(plan_recursive_terms(planner, head->prior, first, recursive, &left));
    TRY(plan_term(planner, head, &right));
    recursive->row_by_row |= term_is_row_by_row(head);
    *plan = right;
    if (left == NULL)
        return STATUS_OK;
    both = plan_new(planner, PLAN_COMPOUND, left);
    if (both == NULL)
        return fail_nomem(planner->err);
    both->right = right;
    both->select = head;
    both->op = COMPOUND_UNION_ALL;
    both->owner = both;
    both->aggregate = NULL;
    *plan = both;
    return STATUS_OK;
}

static enum status plan_recursive(struct planner *planner, struct select *head, struct plan **plan)
{
    struct select *first = head->first_recursive;
    struct plan   *initial, *recursive;

    TRY(plan_terms(planner, first->prior, &initial));
    recursive = plan_new(planner, PLAN_RECURSIVE, initial);
    if (recursive == NULL)
        return fail_nomem(planner->err);
    recursive->select = head;
    recursive->op = head->op;
    recursive->owner = recursive;
    recursive->aggregate = NULL;
    recursive->rows = initial->rows * 100;
    planner->recursions++;
    TRY(plan_recursive_terms(planner, head, first, recursive, &recursive->right));
    planner->recursions--;
    *plan = recursive;
    return STATUS_OK;
}

static bool fixed_limit(const struct planner *planner, const struct expr *limit, double *rows)
{
    struct value v;

    if (limit == NULL || !expr_fold(planner->arena, limit, &v) || v.class_ != CLASS_INTEGER ||
        v.i < 0)
        return false;
    *rows = (double)v.i;
    return true;
}

/* Planned for all tuples, and only the first row of each counts. */
static bool first_row_counts(const struct planner *planner, const struct select *select)
{
    double limit = 1;

    return planner->apply != NULL && planner->apply->expr->select == select &&
           planner->apply->expr->kind != EXPR_IN && select->offset == NULL &&
           (select->limit == NULL || (fixed_limit(planner, select->limit, &limit) && limit >= 1));
}

enum status plan_select(struct planner *planner, struct select *select, struct plan **plan)
{
    double limit;
    bool   stops = planner->stops, first = first_row_counts(planner, select);

    TRY(memory_poll(planner->arena->memory, planner->err));
    if (select->prior == NULL)
        TRY(plan_flatten(planner, select, true));
    if (select->order_by.count != 0 || (select->is_aggregate && select->prior == NULL))
        planner->stops = false; /* all rows are taken first */
    else if (select->limit != NULL && planner->apply == NULL)
        planner->stops = true;
    if (select->first_recursive != NULL)
        TRY(plan_recursive(planner, select, plan));
    else
        TRY(plan_terms(planner, select, plan));
    /* ORDER BY of a recursive query orders its queue: no node of its own */
    if (select->order_by.count != 0 && select->first_recursive == NULL &&
        !(first && planner->apply->expr->kind == EXPR_EXISTS) &&
        !plan_is_sorted(planner, *plan, select)) {
        *plan = plan_new(planner, PLAN_SORT, *plan);
        if (*plan == NULL)
            return fail_nomem(planner->err);
        (*plan)->select = select;
    }
    if (select->limit != NULL && !first) {
        *plan = plan_new(planner, PLAN_LIMIT, *plan);
        if (*plan == NULL)
            return fail_nomem(planner->err);
        (*plan)->select = select;
        (*plan)->apply = planner->apply;
        if (planner->apply == NULL && fixed_limit(planner, select->limit, &limit) &&
            limit < (*plan)->rows)
            (*plan)->rows = limit;
    }
    planner->stops = stops;
    return STATUS_OK;
}
