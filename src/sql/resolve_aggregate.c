/* resolve_aggregate.c - function calls: scalar functions are found, aggregates go to the select
 * that they belong to and leave a reference behind. */
#include <string.h>

#include "base/str.h"
#include "sql/ast_copy.h"
#include "sql/resolve_internal.h"
#include "vm/aggregate.h"
#include "vm/functions.h"
#include "vm/window.h"

/* How many outer references the selects around had before an aggregate's arguments. */
struct outer_counts {
    uint32_t of_select, of_head;
};

static enum status save_outers(struct resolver *r, const struct scope *scope,
                               struct outer_counts **out)
{
    struct outer_counts *counts = arena_alloc(r->arena, (scope->depth + 1) * sizeof *counts);

    if (counts == NULL)
        return fail_nomem(r->err);
    *out = counts;
    for (; scope != NULL; scope = scope->outer, counts++)
        if (scope->select != NULL)
            *counts = (struct outer_counts){scope->select->outer_count, scope->head->outer_count};
    return STATUS_OK;
}

/* Forgets what the arguments took through the `levels` selects that do not compute the aggregate.
 */
static void restore_outers(struct scope *scope, uint32_t levels, const struct outer_counts *counts)
{
    for (; levels > 0; levels--, scope = scope->outer, counts++) {
        if (scope->select == NULL)
            continue;
        scope->select->outer_count = counts->of_select;
        scope->select->correlated = counts->of_select > 0;
        scope->head->outer_count = counts->of_head;
        scope->head->correlated = counts->of_head > 0;
    }
}

static enum status resolve_arguments(struct resolver *r, struct scope *scope, struct expr *expr)
{
    bool        aggregates = scope->aggregates, windows = scope->windows;
    enum status status;

    if (expr->list.count == 0)
        expr->order_by.count = 0;
    scope->aggregates = scope->windows = false;
    status = resolve_list(r, scope, &expr->list);
    for (uint32_t i = 0; status == STATUS_OK && i < expr->order_by.count; i++)
        status = resolve_scalar(r, scope, expr->order_by.terms[i].expr);
    if (status == STATUS_OK && expr->filter != NULL)
        status = resolve_scalar(r, scope, expr->filter);
    scope->aggregates = aggregates;
    scope->windows = windows;
    return status;
}

enum status calls_add(struct resolver *r, struct expr ***calls, uint32_t *count,
                      const struct expr *expr)
{
    struct expr *copy = arena_alloc(r->arena, sizeof *copy);

    if (copy == NULL)
        return fail_nomem(r->err);
    if ((*count & (*count - 1)) == 0) { /* room: the next power of two */
        struct expr **grown =
            arena_alloc(r->arena, (*count == 0 ? 1 : (size_t)*count * 2) * sizeof *grown);

        if (grown == NULL)
            return fail_nomem(r->err);
        if (*count > 0)
            memcpy(grown, *calls, *count * sizeof *grown);
        *calls = grown;
    }
    *copy = *expr;
    (*calls)[(*count)++] = copy;
    return STATUS_OK;
}

/* SQLite computes the aggregates of a row in the order of the results, ORDER BY, HAVING; only bare
 * columns can tell: they follow the last min() or max().  An aggregate has its first place's turn.
 */
static void take_turn(const struct scope *owner, struct expr *aggregate, bool is_new)
{
    uint32_t having = owner->having ? TURN_OF_HAVING : 0;

    if (is_new || having < (aggregate->resolved.turn & TURN_OF_HAVING))
        aggregate->resolved.turn = owner->select->aggregate_turns++ | having;
}

/* The number of the same aggregate in owner's select, a new one if there is none. */
static enum status add_aggregate(struct resolver *r, const struct scope *owner,
                                 const struct expr *expr, int32_t *number)
{
    struct select *select = owner->select;
    uint32_t       count = select->aggregate_count, i = 0;

    while (i < count && !expr_same(select->aggregates[i], expr))
        i++;
    if (i == count)
        TRY(calls_add(r, &select->aggregates, &select->aggregate_count, expr));
    select->is_aggregate = true;
    take_turn(owner, select->aggregates[i], i == count);
    *number = (int32_t)i;
    return STATUS_OK;
}

/* allowed: aggregates may stand where this one does, only not those of owner. */
static enum status fail_misuse(struct resolver *r, const struct scope *owner, bool allowed,
                               const struct expr *expr)
{
    if (!allowed)
        return fail_at(r->err, STATUS_ERROR, expr->position, "misuse of aggregate function %s()",
                       expr->name.text);
    if (owner->aggregate_refusal != NULL)
        return fail_at(r->err, STATUS_ERROR, expr->position, "%s", owner->aggregate_refusal);
    return fail_at(r->err, STATUS_ERROR, expr->position, "misuse of aggregate: %s()",
                   expr->name.text);
}

/* expr, resolved, becomes a reference to the aggregate in the owner's list. */
static enum status hand_over(struct resolver *r, struct scope *scope, struct scope *owner,
                             uint32_t levels, struct expr *expr)
{
    struct expr reference = {.kind = EXPR_AGGREGATE_REF,
                             .depth = 1,
                             .position = expr->position,
                             .source_text = expr->source_text,
                             .source_bytes = expr->source_bytes,
                             .parenthesised = expr->parenthesised};
    int32_t     number = 0;

    resolve_type(expr);
    TRY(add_aggregate(r, owner, expr, &number));
    reference.resolved.select = owner->select;
    reference.resolved.column = number;
    reference.resolved.levels_up = (uint16_t)levels;
    reference.resolved.affinity = AFFINITY_NONE;
    reference.resolved.compare_affinity = AFFINITY_NONE;
    reference.resolved.collation = expr->resolved.collation;
    reference.resolved.collation_explicit = expr->resolved.collation_explicit;
    reference.resolved.collation_known = expr->resolved.collation_known;
    *expr = reference;
    return note_outer(r, scope, levels, expr);
}

static enum status resolve_aggregate(struct resolver *r, struct scope *scope, struct expr *expr,
                                     enum aggregate_kind kind)
{
    struct reference_track track = {r->track, scope->depth, -1};
    struct outer_counts   *counts = NULL;
    struct scope          *owner = scope;
    struct expr           *unresolved = NULL;
    bool                   allowed = scope->aggregates;
    uint32_t               levels;

    if (expr->distinct && expr->list.count != 1)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "DISTINCT aggregates must have exactly one argument");
    TRY(save_outers(r, scope, &counts));
    if (scope->outer != NULL) {
        TRY(ast_copy_expr(r->arena, expr, &unresolved, r->err));
    }
    r->track = &track;
    TRY(resolve_arguments(r, scope, expr));
    r->track = track.outer;
    levels = track.deepest < 0 ? 0 : scope->depth - (uint32_t)track.deepest;
    for (uint32_t i = 0; i < levels; i++)
        owner = owner->outer;
    for (; owner->transparent; levels++)
        owner = owner->outer;
    if (!allowed || !owner->aggregates || owner->before_groups || owner->aggregate_refusal != NULL)
        return fail_misuse(r, owner, allowed, expr);
    restore_outers(scope, levels, counts);
    if (levels > 0) { /* what it names is named from the owner */
        *expr = *unresolved;
        TRY(resolve_arguments(r, owner, expr));
    }
    expr->resolved.aggregate_kind = (int32_t)kind + 1;
    return hand_over(r, scope, owner, levels, expr);
}

/* likelihood(x, p): p is a literal with a point or an exponent. */
static enum status check_likelihood(struct resolver *r, const struct expr *expr)
{
    const struct expr *p;

    if (!ascii_equal(expr->name.text, expr->name.bytes, "likelihood", 10))
        return STATUS_OK;
    p = expr->list.items[1];
    if (p->kind == EXPR_LITERAL && p->value.class_ == CLASS_REAL && p->value.r >= 0 &&
        p->value.r <= 1)
        return STATUS_OK;
    return fail_at(r->err, STATUS_ERROR, expr->position,
                   "second argument to likelihood() must be a constant between 0.0 and 1.0");
}

static enum status resolve_scalar_function(struct resolver *r, struct scope *scope,
                                           struct expr *expr, bool aggregate_known)
{
    bool                   known;
    const struct function *function =
        function_find(expr->name.text, expr->name.bytes, expr->list.count, &known);

    if (function == NULL || expr->star || (function->flags & FUNCTION_AGGREGATE) != 0) {
        if (known || aggregate_known || function != NULL)
            return fail_at(r->err, STATUS_ERROR, expr->position,
                           "wrong number of arguments to function %s()", expr->name.text);
        return fail_at(r->err, STATUS_ERROR, expr->position, "no such function: %s",
                       expr->name.text);
    }
    if (expr->over != NULL)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "%s() may not be used as a window function", expr->name.text);
    if (expr->filter != NULL)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "FILTER may not be used with non-aggregate %s()", expr->name.text);
    if (expr->order_by.count > 0)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "ORDER BY may not be used with non-aggregate %s()", expr->name.text);
    TRY(check_likelihood(r, expr));
    TRY(resolve_list(r, scope, &expr->list));
    expr->resolved.function = function;
    resolve_type(expr);
    return STATUS_OK;
}

/* WITHIN GROUP (ORDER BY x [DESC]) */
static enum status check_within_group(struct resolver *r, const struct expr *expr, bool found,
                                      enum aggregate_kind kind)
{
    bool percentile =
        found && (kind == AGGREGATE_PERCENTILE || kind == AGGREGATE_PERCENTILE_CONT ||
                  kind == AGGREGATE_PERCENTILE_DISC || kind == AGGREGATE_QUANTILE_DISC);

    if (!percentile && !(found && kind == AGGREGATE_MODE))
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "WITHIN GROUP is for percentiles, quantiles and mode, not for %s()",
                       expr->name.text);
    if (expr->negated && (!percentile || expr->over != NULL))
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "not supported yet: WITHIN GROUP (ORDER BY ... DESC) with %s()%s",
                       expr->name.text, expr->over != NULL ? " as a window function" : "");
    return STATUS_OK;
}

enum status resolve_function(struct resolver *r, struct scope *scope, struct expr *expr)
{
    enum aggregate_kind kind = AGGREGATE_COUNT_STAR;
    enum window_kind    window;
    bool                known, window_known, found;

    found = aggregate_find(expr->name.text, expr->name.bytes, expr->list.count, expr->star, &kind,
                           &known);
    if (expr->within_group)
        TRY(check_within_group(r, expr, found, kind));
    if (window_find(expr->name.text, expr->name.bytes, expr->list.count, expr->star, &window,
                    &window_known))
        return resolve_window_call(r, scope, expr, (int32_t)window);
    if (found && expr->over != NULL && kind == AGGREGATE_GROUPING)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "%s() may not be used as a window function", expr->name.text);
    if (found && expr->over != NULL)
        return resolve_window_call(r, scope, expr, (int32_t)window_of_aggregate(kind));
    if (found)
        return resolve_aggregate(r, scope, expr, kind);
    return resolve_scalar_function(r, scope, expr, known || window_known);
}
