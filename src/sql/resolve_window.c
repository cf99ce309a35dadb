/* resolve_window.c - window functions: named windows, frames, and which calls share a window. */
#include <string.h>

#include "base/str.h"
#include "sql/ast_copy.h"
#include "sql/plan_expr.h"
#include "sql/resolve_internal.h"
#include "vm/window.h"

enum status fail_window_misuse(struct resolver *r, const char *name, int32_t position)
{
    return fail_at(r->err, STATUS_ERROR, position, "misuse of window function %s()", name);
}

const struct expr *find_window_ref(const struct expr *expr)
{
    const struct expr *found;

    if (expr == NULL || expr->kind == EXPR_WINDOW_REF)
        return expr;
    for (uint32_t i = 0; i < expr->list.count; i++) {
        found = find_window_ref(expr->list.items[i]);
        if (found != NULL)
            return found;
    }
    found = find_window_ref(expr->left);
    return found != NULL ? found : find_window_ref(expr->right);
}

/* --- named windows ---------------------------------------------------------------------------- */
/* The last definition of that name before end (NULL: of all). */
static enum status find_named(struct resolver *r, const struct select *select, struct name name,
                              const struct window_def *end, const struct window_def **out)
{
    *out = NULL;
    for (const struct window_def *def = select->windows; def != end; def = def->next)
        if (name_equal(def->name, name))
            *out = def;
    if (*out != NULL)
        return STATUS_OK;
    return fail_at(r->err, STATUS_ERROR, name.position, "no such window: %s", name.text);
}

/* (base ...): partition and order come from base, which has no frame. */
static enum status inherit(struct resolver *r, const struct window_def *base,
                           struct window_def *window)
{
    const char *what = window->partition_by.count > 0                           ? "PARTITION clause"
                       : base->order_by.count > 0 && window->order_by.count > 0 ? "ORDER BY clause"
                       : base->has_frame ? "frame specification"
                                         : NULL;

    if (what != NULL)
        return fail_at(r->err, STATUS_ERROR, window->base.position,
                       "cannot override %s of window: %s", what, window->base.text);
    window->partition_by = base->partition_by;
    if (base->order_by.count > 0)
        window->order_by = base->order_by;
    return STATUS_OK;
}

/* What the first definition is based on nobody asks, as in SQLite: it inherits nothing. */
enum status resolve_window_clause(struct resolver *r, struct select *select)
{
    const struct window_def *base;

    if (select->windows == NULL)
        return STATUS_OK;
    for (struct window_def *def = select->windows->next; def != NULL; def = def->next) {
        if (def->base.text == NULL)
            continue;
        TRY(find_named(r, select, def->base, def, &base));
        TRY(inherit(r, base, def));
    }
    return STATUS_OK;
}

/* --- frames ----------------------------------------------------------------------------------- */
/* What SQLite's parser knows to be constant: no name, function or subquery; anything else counts as
 * NULL, which no frame accepts. */
static bool offset_is_constant(const struct expr *expr)
{
    if (expr == NULL)
        return true;
    switch (expr->kind) {
    case EXPR_COLUMN:
        if (expr->table.text != NULL || expr->name.quoted ||
            !(ascii_equal(expr->name.text, expr->name.bytes, "true", 4) ||
              ascii_equal(expr->name.text, expr->name.bytes, "false", 5)))
            return false;
        break;
    case EXPR_FUNCTION:
    case EXPR_LIKE:
    case EXPR_SUBQUERY:
    case EXPR_EXISTS:
    case EXPR_RAISE:
    case EXPR_STAR:
        return false;
    default:
        break;
    }
    for (uint32_t i = 0; i < expr->list.count; i++)
        if (!offset_is_constant(expr->list.items[i]))
            return false;
    return expr->select == NULL && offset_is_constant(expr->left) &&
           offset_is_constant(expr->right);
}

/* The frame starts 1 FOLLOWING. */
static enum status one_following(struct resolver *r, struct window_def *window)
{
    window->start_offset = arena_zalloc(r->arena, sizeof *window->start_offset);
    if (window->start_offset == NULL)
        return fail_nomem(r->err);
    window->start_offset->kind = EXPR_LITERAL;
    window->start_offset->depth = 1;
    window->start_offset->value = value_int(1);
    resolve_type(window->start_offset);
    return STATUS_OK;
}

static enum status resolve_offset(struct resolver *r, struct expr **offset)
{
    struct scope nothing = {.columns_refused = true};

    if (*offset == NULL)
        return STATUS_OK;
    if (offset_is_constant(*offset)) {
        TRY(ast_copy_expr(r->arena, *offset, offset, r->err));
        return resolve_scalar(r, &nothing, *offset);
    }
    *offset = arena_zalloc(r->arena, sizeof **offset);
    if (*offset == NULL)
        return fail_nomem(r->err);
    (*offset)->kind = EXPR_LITERAL;
    (*offset)->depth = 1;
    (*offset)->value = value_null();
    resolve_type(*offset);
    return STATUS_OK;
}

/* --- the window of a call --------------------------------------------------------------------- */
static enum status copy_keys(struct resolver *r, struct window_def *window)
{
    struct expr      **items = NULL;
    struct order_term *terms = NULL;

    if (window->partition_by.count > 0) {
        items = arena_alloc(r->arena, window->partition_by.count * sizeof *items);
        if (items == NULL)
            return fail_nomem(r->err);
    }
    for (uint32_t i = 0; i < window->partition_by.count; i++) {
        TRY(ast_copy_expr(r->arena, window->partition_by.items[i], &items[i], r->err));
    }
    window->partition_by.items = items;
    if (window->order_by.count > 0) {
        terms = arena_alloc(r->arena, window->order_by.count * sizeof *terms);
        if (terms == NULL)
            return fail_nomem(r->err);
    }
    for (uint32_t i = 0; i < window->order_by.count; i++) {
        terms[i] = window->order_by.terms[i];
        TRY(ast_copy_expr(r->arena, terms[i].expr, &terms[i].expr, r->err));
    }
    window->order_by.terms = terms;
    return STATUS_OK;
}

/* What OVER says, with names followed, in a definition of its own. */
static enum status make_window(struct resolver *r, const struct select *select,
                               const struct window_def *over, struct window_def **out)
{
    struct window_def       *window = arena_alloc(r->arena, sizeof *window);
    const struct window_def *base;

    if (window == NULL)
        return fail_nomem(r->err);
    *window = *over;
    *out = window;
    if (over->reference) {
        TRY(find_named(r, select, over->name, NULL, &base));
        *window = *base;
    } else if (over->base.text != NULL) {
        TRY(find_named(r, select, over->base, NULL, &base));
        TRY(inherit(r, base, window));
    }
    window->next = NULL;
    if (window->unit == FRAME_RANGE &&
        (window->start_offset != NULL || window->end_offset != NULL) && window->order_by.count != 1)
        return fail_at(r->err, STATUS_ERROR, over->position,
                       "RANGE with offset PRECEDING/FOLLOWING requires one ORDER BY expression");
    return STATUS_OK;
}

static enum status resolve_keys(struct resolver *r, struct scope *scope, struct window_def *window)
{
    TRY(copy_keys(r, window));
    TRY(resolve_list(r, scope, &window->partition_by));
    for (uint32_t i = 0; i < window->order_by.count; i++)
        TRY(resolve_scalar(r, scope, window->order_by.terms[i].expr));
    return STATUS_OK;
}

/* --- windows and calls of a select ------------------------------------------------------------ */
static bool same_frame(const struct window_def *a, const struct window_def *b)
{
    return a->unit == b->unit && a->start == b->start && a->end == b->end &&
           a->exclude == b->exclude && expr_same(a->start_offset, b->start_offset) &&
           expr_same(a->end_offset, b->end_offset);
}

/* Of calls over one window. */
static bool same_call(const struct expr *a, const struct expr *b)
{
    if (a->resolved.window_kind != b->resolved.window_kind || a->list.count != b->list.count ||
        (a->nulls == NULLS_IGNORED) != (b->nulls == NULLS_IGNORED) ||
        !expr_same(a->filter, b->filter))
        return false;
    for (uint32_t i = 0; i < a->list.count; i++)
        if (!expr_same(a->list.items[i], b->list.items[i]))
            return false;
    return true;
}

static struct select_window *window_of(struct resolver *r, struct select *select,
                                       struct window_def *def)
{
    struct select_window *window;

    for (window = select->window_calls; window != NULL; window = window->next)
        if (!window->again && window_keys_same(window->def, def, expr_same) &&
            same_frame(window->def, def))
            return window;
    window = arena_zalloc(r->arena, sizeof *window);
    if (window == NULL)
        return NULL;
    window->def = def;
    window->next = select->window_calls;
    select->window_calls = window;
    return window;
}

/* The number of the same call over window, a new one if there is none. */
static enum status add_call(struct resolver *r, struct select_window *window,
                            const struct expr *expr, int32_t *number)
{
    uint32_t count = window->call_count;

    for (uint32_t i = 0; i < count; i++)
        if (same_call(window->calls[i], expr)) {
            *number = (int32_t)i;
            return STATUS_OK;
        }
    *number = (int32_t)count;
    return calls_add(r, &window->calls, &window->call_count, expr);
}

/* expr, resolved, becomes a reference to the call. */
static enum status hand_over(struct resolver *r, struct select *select, struct expr *expr)
{
    struct expr           reference = {.kind = EXPR_WINDOW_REF,
                                       .depth = 1,
                                       .position = expr->position,
                                       .source_text = expr->source_text,
                                       .source_bytes = expr->source_bytes,
                                       .parenthesised = expr->parenthesised};
    struct select_window *window = window_of(r, select, expr->over);

    if (window == NULL)
        return fail_nomem(r->err);
    resolve_type(expr);
    TRY(add_call(r, window, expr, &reference.resolved.column));
    reference.resolved.window = window;
    reference.resolved.affinity = AFFINITY_NONE;
    reference.resolved.compare_affinity = AFFINITY_NONE;
    reference.resolved.collation = expr->resolved.collation;
    reference.resolved.collation_explicit = expr->resolved.collation_explicit;
    reference.resolved.collation_known = expr->resolved.collation_known;
    *expr = reference;
    return STATUS_OK;
}

/* --- ORDER BY ----------------------------------------------------------------------------------
 */
/* The first window of the select, and the one that computes its calls again. */
static enum status first_window(struct resolver *r, struct select *select,
                                struct select_window **first, struct select_window **again)
{
    *again = NULL;
    for (struct select_window *w = select->window_calls; w != NULL; w = w->next) {
        if (w->again)
            *again = w;
        *first = w;
    }
    if (*again != NULL)
        return STATUS_OK;
    *again = arena_zalloc(r->arena, sizeof **again);
    if (*again == NULL)
        return fail_nomem(r->err);
    (*again)->def = (*first)->def;
    (*again)->again = true;
    (*again)->next = select->window_calls;
    select->window_calls = *again;
    return STATUS_OK;
}

/* A copy of expr whose calls over the first window are those of `again`. */
static enum status copy_again(struct resolver *r, const struct expr *expr,
                              const struct select_window *first, struct select_window *again,
                              struct expr **out)
{
    struct expr *copy;

    *out = (struct expr *)expr;
    if (expr == NULL || find_window_ref(expr) == NULL)
        return STATUS_OK;
    *out = copy = arena_alloc(r->arena, sizeof *copy);
    if (copy == NULL)
        return fail_nomem(r->err);
    *copy = *expr;
    if (expr->kind == EXPR_WINDOW_REF) {
        if (expr->resolved.window != first)
            return STATUS_OK;
        copy->resolved.window = again;
        return add_call(r, again, first->calls[expr->resolved.column], &copy->resolved.column);
    }
    TRY(copy_again(r, expr->left, first, again, &copy->left));
    TRY(copy_again(r, expr->right, first, again, &copy->right));
    if (expr->list.count == 0)
        return STATUS_OK;
    copy->list.items = arena_alloc(r->arena, expr->list.count * sizeof *copy->list.items);
    if (copy->list.items == NULL)
        return fail_nomem(r->err);
    for (uint32_t i = 0; i < expr->list.count; i++)
        TRY(copy_again(r, expr->list.items[i], first, again, &copy->list.items[i]));
    return STATUS_OK;
}

static bool refers_to(const struct expr *expr, const struct select_window *window)
{
    if (expr == NULL)
        return false;
    if (expr->kind == EXPR_WINDOW_REF)
        return expr->resolved.window == window;
    for (uint32_t i = 0; i < expr->list.count; i++)
        if (refers_to(expr->list.items[i], window))
            return true;
    return refers_to(expr->left, window) || refers_to(expr->right, window);
}

enum status resolve_window_order(struct resolver *r, struct select *select, struct order_term *term)
{
    struct select_window *first = select->window_calls, *again;
    struct expr          *copy;

    while (first != NULL && first->next != NULL)
        first = first->next;
    if (first == NULL || term->result_column == 0 || !refers_to(term->expr, first))
        return STATUS_OK;
    TRY(first_window(r, select, &first, &again));
    TRY(copy_again(r, term->expr, first, again, &copy));
    if (select->distinct) /* only the order in which windows are computed changes */
        return STATUS_OK;
    term->expr = copy;
    return copy_again(r, select->columns[term->result_column - 1].expr, first, again,
                      &select->columns[term->result_column - 1].expr);
}

/* --- turns ------------------------------------------------------------------------------------ */
/* Adds the aggregates and windows that expr needs apart from the calls over window. */
static enum status take_apart(struct resolver *r, struct expr *expr,
                              const struct select_window *window, struct expr_list *list)
{
    if (expr == NULL || (expr->kind == EXPR_WINDOW_REF && expr->resolved.window == window))
        return STATUS_OK;
    if (expr->kind == EXPR_WINDOW_REF || expr->kind == EXPR_AGGREGATE_REF)
        return expr_list_add(r->arena, list, expr) ? STATUS_OK : fail_nomem(r->err);
    TRY(take_apart(r, expr->left, window, list));
    for (uint32_t i = 0; i < expr->list.count; i++)
        TRY(take_apart(r, expr->list.items[i], window, list));
    return take_apart(r, expr->right, window, list);
}

static enum status take_apart_all(struct resolver *r, const struct expr_list *exprs,
                                  const struct select_window *window, struct expr_list *list)
{
    for (uint32_t i = 0; i < exprs->count; i++)
        TRY(take_apart(r, exprs->items[i], window, list));
    return STATUS_OK;
}

/* What is computed below window where *list is above it: the last call's arguments come first. */
static enum status go_below(struct resolver *r, const struct select_window *window,
                            struct expr_list *list)
{
    struct expr_list below = {0};

    TRY(take_apart_all(r, list, window, &below));
    TRY(take_apart_all(r, &window->def->partition_by, NULL, &below));
    for (uint32_t i = 0; i < window->def->order_by.count; i++)
        TRY(take_apart(r, window->def->order_by.terms[i].expr, NULL, &below));
    for (uint32_t i = window->call_count; i-- > 0;) {
        TRY(take_apart_all(r, &window->calls[i]->list, NULL, &below));
        TRY(take_apart(r, window->calls[i]->filter, NULL, &below));
    }
    *list = below;
    return STATUS_OK;
}

enum status resolve_window_turns(struct resolver *r, struct select *select)
{
    const struct select_window *done = NULL;
    struct expr_list            list = {0};

    if (select->window_calls == NULL || select->aggregate_count < 2)
        return STATUS_OK;
    for (uint32_t i = 0; i < select->column_count; i++)
        TRY(take_apart(r, select->columns[i].expr, NULL, &list));
    for (uint32_t i = 0; i < select->order_by.count; i++)
        TRY(take_apart(r, select->order_by.terms[i].expr, NULL, &list));
    while (done != select->window_calls) { /* the outermost one is the last of the list */
        const struct select_window *window = select->window_calls;

        while (window->next != done)
            window = window->next;
        TRY(go_below(r, window, &list));
        done = window;
    }
    for (uint32_t i = 0; i < select->aggregate_count; i++)
        select->aggregates[i]->resolved.turn |= TURN_OF_HAVING;
    for (uint32_t i = 0; i < list.count; i++) {
        struct expr *aggregate = select->aggregates[list.items[i]->resolved.column];

        if (list.items[i]->resolved.select == select &&
            (aggregate->resolved.turn & TURN_OF_HAVING) != 0)
            aggregate->resolved.turn = i;
    }
    return STATUS_OK;
}

/* --- calls ------------------------------------------------------------------------------------ */
static enum status check_call(struct resolver *r, const struct scope *scope,
                              const struct expr *expr, int32_t kind)
{
    if (expr->over != NULL && expr->distinct)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "DISTINCT is not supported for window functions");
    if (expr->order_by.count > 0)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "ORDER BY may not be used with non-aggregate %s()", expr->name.text);
    if (expr->over == NULL || !scope->windows)
        return fail_window_misuse(r, expr->name.text, expr->position);
    if (expr->nulls != NULLS_UNSAID && (kind < WINDOW_LAG || kind > WINDOW_NTH_VALUE))
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "IGNORE NULLS and RESPECT NULLS are for lag, lead, first_value, last_value "
                       "and nth_value");
    if (expr->filter != NULL && kind < WINDOW_COUNT_STAR)
        return fail_at(r->err, STATUS_ERROR, expr->position,
                       "FILTER clause may only be used with aggregate window functions");
    return STATUS_OK;
}

/* The frame is what is written, unless the function has one that cannot be changed: that counts
 * when windows are compared. */
static enum status resolve_frame(struct resolver *r, struct window_def *window, int32_t kind)
{
    static const struct {
        enum frame_unit  unit;
        enum frame_bound start, end;
    } fixed[WINDOW_FIRST_VALUE] = {
        [WINDOW_ROW_NUMBER] = {FRAME_ROWS, FRAME_UNBOUNDED_PRECEDING, FRAME_CURRENT_ROW},
        [WINDOW_RANK] = {FRAME_RANGE, FRAME_UNBOUNDED_PRECEDING, FRAME_CURRENT_ROW},
        [WINDOW_DENSE_RANK] = {FRAME_RANGE, FRAME_UNBOUNDED_PRECEDING, FRAME_CURRENT_ROW},
        [WINDOW_PERCENT_RANK] = {FRAME_GROUPS, FRAME_CURRENT_ROW, FRAME_UNBOUNDED_FOLLOWING},
        [WINDOW_CUME_DIST] = {FRAME_GROUPS, FRAME_FOLLOWING, FRAME_UNBOUNDED_FOLLOWING},
        [WINDOW_NTILE] = {FRAME_ROWS, FRAME_CURRENT_ROW, FRAME_UNBOUNDED_FOLLOWING},
        [WINDOW_LAG] = {FRAME_ROWS, FRAME_UNBOUNDED_PRECEDING, FRAME_CURRENT_ROW},
        [WINDOW_LEAD] = {FRAME_ROWS, FRAME_UNBOUNDED_PRECEDING, FRAME_UNBOUNDED_FOLLOWING},
    };

    if (kind < WINDOW_FIRST_VALUE) {
        window->unit = fixed[kind].unit;
        window->start = fixed[kind].start;
        window->end = fixed[kind].end;
        window->start_offset = window->end_offset = NULL;
        window->exclude = EXCLUDE_NOTHING;
        return kind == WINDOW_CUME_DIST ? one_following(r, window) : STATUS_OK;
    }
    TRY(resolve_offset(r, &window->start_offset));
    return resolve_offset(r, &window->end_offset);
}

enum status resolve_window_call(struct resolver *r, struct scope *scope, struct expr *expr,
                                int32_t kind)
{
    struct window_def *window = NULL;

    TRY(check_call(r, scope, expr, kind));
    scope->windows = false;
    TRY(resolve_list(r, scope, &expr->list));
    TRY(make_window(r, scope->select, expr->over, &window));
    TRY(resolve_keys(r, scope, window));
    TRY(resolve_frame(r, window, kind));
    if (expr->filter != NULL)
        TRY(resolve_scalar(r, scope, expr->filter));
    scope->windows = true;
    expr->over = window;
    expr->resolved.window_kind = kind + 1;
    return hand_over(r, scope->select, expr);
}
