/* plan_share.c - common table expressions that are computed once and read where they are named.
 *
 * Each reference has a copy of the select.  Those of one that is costly, named twice and needs no
 * enclosing row are leaves instead, which read the rows that the first reference's select gave. */
#include "base/bits.h"
#include "sql/plan_join.h"

/* More than a scan that filters: to do it twice costs more than to keep its rows. */
static bool is_costly(const struct select *select)
{
    bool costly = select->limit != NULL || select->first_recursive != NULL;

    for (; select != NULL && !costly; select = select->prior) {
        costly = select->is_aggregate || select->distinct || select->window_calls != NULL ||
                 select->distinct_on.count != 0 || select->from.count > 1 ||
                 (select->prior != NULL && select->op != COMPOUND_UNION_ALL) ||
                 (select->where != NULL && expr_has_subquery(select->where));
        for (uint32_t i = 0; i < select->column_count && !costly; i++)
            costly = expr_has_subquery(select->columns[i].expr);
        for (uint32_t i = 0; i < select->from.count && !costly; i++) {
            const struct from_item *item = select->from.items[i];

            costly = item->kind == FROM_NESTED || item->kind == FROM_FILE ||
                     (item->select != NULL && is_costly(item->select));
        }
    }
    return costly;
}

bool plan_is_shared(const struct planner *planner, const struct from_item *item)
{
    const struct cte *cte = item->cte;

    if ((planner->context->passes_off & PASS_SHARE) != 0 || cte == NULL || item->select == NULL ||
        item->select->outer_count != 0 || planner->recursions != 0)
        return false;
    if (cte->materialized != 0)
        return cte->materialized == 1;
    return cte->references > 1 && is_costly(item->select);
}

/* Numbers the columns that some reference reads: those are kept. */
static enum status number_columns(struct planner *planner, struct plan_shared *shared,
                                  const struct select *select)
{
    shared->place = arena_alloc(planner->arena, (select->column_count + 1) * sizeof(uint32_t));
    if (shared->place == NULL)
        return fail_nomem(planner->err);
    for (uint32_t c = 0; c < select->column_count; c++) {
        bool used = false;

        for (const struct from_item *i = shared->cte->first_reference; i != NULL;
             i = i->next_reference)
            used |= bits_get(i->columns_used, c);
        shared->place[c] = used ? shared->kept++ : UINT32_MAX;
    }
    if (shared->kept == 0)
        shared->place[0] = shared->kept++; /* rows are counted all the same */
    return STATUS_OK;
}

static enum status make_shared(struct planner *planner, const struct from_item *item,
                               struct plan_shared **out)
{
    struct plan_shared *shared = arena_zalloc(planner->arena, sizeof *shared);

    if (shared == NULL)
        return fail_nomem(planner->err);
    shared->cte = item->cte;
    TRY(number_columns(planner, shared, item->select));
    TRY(plan_select(planner, item->select, &shared->plan));
    TRY(plan_needs(planner, shared->plan));
    for (uint32_t c = 0; c < shared->plan->column_count; c++)
        if (shared->place[c] != UINT32_MAX)
            TRY(plan_need(planner, shared->plan, shared->plan->owner, (int32_t)c));
    shared->next = planner->shared;
    planner->shared = shared;
    *out = shared;
    return STATUS_OK;
}

enum status plan_share(struct planner *planner, const struct from_item *item, struct plan **out)
{
    struct plan_shared *shared = planner->shared;
    struct plan        *plan = plan_new(planner, PLAN_SHARED, NULL);

    if (plan == NULL)
        return fail_nomem(planner->err);
    while (shared != NULL && shared->cte != item->cte)
        shared = shared->next;
    if (shared == NULL)
        TRY(make_shared(planner, item, &shared));
    plan->shared = shared;
    plan->rows = shared->plan->rows;
    *out = plan;
    return STATUS_OK;
}
