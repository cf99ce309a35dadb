/* plan_gate.c - constant conditions come before all that is in vain without them.
 *
 * A GATE stands above the FROM whose WHERE its conditions are from.  Where a join has no rows
 * without those of that FROM, however deep below, its other side is in vain too: the conditions are
 * tried before the join. */
#include "sql/plan.h"

/* Moves the conditions of the gates in *plan, without which it has no rows, to list. */
static enum status take_gates(struct planner *planner, struct plan **plan, struct expr_list *list)
{
    struct plan *node = *plan;

    TRY(stack_check(planner->err, -1));
    switch (node->kind) {
    case PLAN_GATE:
        for (uint32_t i = 0; i < node->filters.count; i++)
            if (!expr_list_add(planner->arena, list, node->filters.items[i]))
                return fail_nomem(planner->err);
        *plan = node->input;
        return take_gates(planner, plan, list);
    case PLAN_SUBQUERY:
    case PLAN_FILTER:
    case PLAN_WINDOW:
    case PLAN_PROJECT:
    case PLAN_DISTINCT:
    case PLAN_SORT:
    case PLAN_APPLY:
        return take_gates(planner, &node->input, list);
    case PLAN_AGGREGATE: /* without keys there is a group of no rows */
        return node->group_by->count == 0 || node->select->group_by.count == 0 ||
                       node->select->grouping_set_count != 0
                   ? STATUS_OK
                   : take_gates(planner, &node->input, list);
    case PLAN_JOIN:
        if (node->join != JOIN_RIGHT && node->join != JOIN_FULL)
            TRY(take_gates(planner, &node->input, list));
        return node->join == JOIN_INNER || node->join == JOIN_SEMI || node->join == JOIN_RIGHT
                   ? take_gates(planner, &node->right, list)
                   : STATUS_OK;
    case PLAN_COMPOUND:
        if (node->op != COMPOUND_EXCEPT && node->op != COMPOUND_INTERSECT)
            return STATUS_OK;
        TRY(take_gates(planner, &node->input, list));
        return node->op == COMPOUND_INTERSECT ? take_gates(planner, &node->right, list) : STATUS_OK;
    default:
        return STATUS_OK;
    }
}

enum status plan_lift_gates(struct planner *planner, struct plan **plan)
{
    struct expr_list list = {0};
    struct plan     *gate;

    if ((*plan)->kind != PLAN_JOIN)
        return STATUS_OK;
    TRY(take_gates(planner, plan, &list));
    if (list.count == 0)
        return STATUS_OK;
    gate = plan_new(planner, PLAN_GATE, *plan);
    if (gate == NULL)
        return fail_nomem(planner->err);
    gate->filters = list;
    gate->blind = (*plan)->blind;
    *plan = gate;
    return STATUS_OK;
}
