/* ast_copy.c - deep copies of unresolved trees. */
#include "sql/ast_copy.h"

#include <string.h>

#include "base/stack.h"

/* One copying; status is sticky, so that nobody has to ask in between. */
struct copier {
    struct arena *arena;
    struct error *err;
    enum status   status;
};

static struct expr     *copy_expr(struct copier *copier, const struct expr *expr);
static struct select   *copy_select(struct copier *copier, const struct select *select);
static struct from_list copy_from(struct copier *copier, const struct from_list *from);

static void *copy_bytes(struct copier *copier, const void *data, size_t bytes)
{
    void *copy;

    if (data == NULL || bytes == 0 || copier->status != STATUS_OK)
        return NULL;
    copier->status = stack_check(copier->err, -1);
    if (copier->status != STATUS_OK)
        return NULL;
    copy = arena_alloc(copier->arena, bytes);
    if (copy == NULL)
        copier->status = fail_nomem(copier->err);
    else if (!memory_copy(copier->arena->memory, copy, data, bytes))
        copier->status = memory_poll(copier->arena->memory, copier->err);
    return copy;
}

static struct expr **copy_exprs(struct copier *copier, struct expr *const *items, size_t count)
{
    struct expr **copy = copy_bytes(copier, items, count * sizeof *items);

    for (size_t i = 0; copy != NULL && i < count; i++)
        copy[i] = copy_expr(copier, items[i]);
    return copy;
}

static struct expr_list copy_list(struct copier *copier, const struct expr_list *list)
{
    return (struct expr_list){list->count, list->count,
                              copy_exprs(copier, list->items, list->count)};
}

static struct order_list copy_order(struct copier *copier, const struct order_list *order)
{
    struct order_list copy = {
        order->count, order->count,
        copy_bytes(copier, order->terms, order->count * sizeof *order->terms)};

    for (uint32_t i = 0; copy.terms != NULL && i < copy.count; i++)
        copy.terms[i].expr = copy_expr(copier, order->terms[i].expr);
    return copy;
}

static struct window_def *copy_window(struct copier *copier, const struct window_def *window)
{
    struct window_def *copy = copy_bytes(copier, window, sizeof *window);

    if (copy == NULL)
        return NULL;
    copy->partition_by = copy_list(copier, &window->partition_by);
    copy->order_by = copy_order(copier, &window->order_by);
    copy->start_offset = copy_expr(copier, window->start_offset);
    copy->end_offset = copy_expr(copier, window->end_offset);
    return copy;
}

static struct star_change *copy_changes(struct copier *copier, const struct star_change *changes)
{
    struct star_change *first = NULL, **tail = &first;

    for (const struct star_change *change = changes; change != NULL; change = change->next) {
        *tail = copy_bytes(copier, change, sizeof *change);
        if (*tail == NULL)
            return NULL;
        (*tail)->expr = copy_expr(copier, change->expr);
        tail = &(*tail)->next;
    }
    *tail = NULL;
    return first;
}

static struct expr *copy_expr(struct copier *copier, const struct expr *expr)
{
    struct expr *copy = copy_bytes(copier, expr, sizeof *expr);

    if (copy == NULL)
        return NULL;
    copy->left = copy_expr(copier, expr->left);
    copy->right = copy_expr(copier, expr->right);
    copy->list = copy_list(copier, &expr->list);
    copy->select = copy_select(copier, expr->select);
    copy->filter = copy_expr(copier, expr->filter);
    copy->order_by = copy_order(copier, &expr->order_by);
    copy->over = copy_window(copier, expr->over);
    copy->changes = copy_changes(copier, expr->changes);
    return copy;
}

static struct from_item *copy_from_item(struct copier *copier, const struct from_item *item)
{
    struct from_item *copy = copy_bytes(copier, item, sizeof *item);

    if (copy == NULL)
        return NULL;
    copy->select = copy_select(copier, item->select);
    copy->arguments = copy_list(copier, &item->arguments);
    copy->on = copy_expr(copier, item->on);
    if (item->nested != NULL) {
        copy->nested = copy_bytes(copier, item->nested, sizeof *item->nested);
        if (copy->nested != NULL)
            *copy->nested = copy_from(copier, item->nested);
    }
    return copy;
}

static struct from_list copy_from(struct copier *copier, const struct from_list *from)
{
    struct from_list copy = {from->count, from->count,
                             copy_bytes(copier, from->items, from->count * sizeof *from->items)};

    for (uint32_t i = 0; copy.items != NULL && i < copy.count; i++)
        copy.items[i] = copy_from_item(copier, from->items[i]);
    return copy;
}

static struct cte *copy_ctes(struct copier *copier, const struct cte *with)
{
    struct cte *first = NULL, **tail = &first;

    for (const struct cte *cte = with; cte != NULL; cte = cte->next) {
        *tail = copy_bytes(copier, cte, sizeof *cte);
        if (*tail == NULL)
            return NULL;
        (*tail)->select = copy_select(copier, cte->select);
        tail = &(*tail)->next;
    }
    *tail = NULL;
    return first;
}

static struct window_def *copy_windows(struct copier *copier, const struct window_def *windows)
{
    struct window_def *first = NULL, **tail = &first;

    for (const struct window_def *window = windows; window != NULL; window = window->next) {
        *tail = copy_window(copier, window);
        if (*tail == NULL)
            return NULL;
        tail = &(*tail)->next;
    }
    *tail = NULL;
    return first;
}

/* Literals are never changed: both have the same. */
static void copy_values(struct copier *copier, const struct select *select, struct select *copy)
{
    struct values_rows **tail = &copy->values;

    copy->last_values = NULL;
    for (const struct values_rows *rows = select->values; rows != NULL; rows = rows->next) {
        *tail = copy_bytes(copier, rows, sizeof *rows);
        if (*tail == NULL)
            return;
        (*tail)->exprs = copy_exprs(copier, rows->exprs, (size_t)rows->rows * select->column_count);
        copy->last_values = *tail;
        tail = &(*tail)->next;
    }
    *tail = NULL;
    if (copy->values == NULL || copy->values->exprs == NULL || copy->columns == NULL)
        return;
    for (uint32_t i = 0; i < copy->column_count; i++) /* columns[] mirrors the first row */
        copy->columns[i].expr = copy->values->exprs[i];
}

static struct select *copy_term(struct copier *copier, const struct select *select)
{
    struct select *copy = copy_bytes(copier, select, sizeof *select);

    if (copy == NULL)
        return NULL;
    copy->with = copy_ctes(copier, select->with);
    copy->columns =
        copy_bytes(copier, select->columns, select->column_count * sizeof *select->columns);
    copy->column_capacity = copy->column_count;
    for (uint32_t i = 0; copy->columns != NULL && i < copy->column_count; i++)
        copy->columns[i].expr = copy_expr(copier, select->columns[i].expr);
    copy->from = copy_from(copier, &select->from);
    copy->where = copy_expr(copier, select->where);
    copy->distinct_on = copy_list(copier, &select->distinct_on);
    copy->group_by = copy_list(copier, &select->group_by);
    copy->having = copy_expr(copier, select->having);
    copy->qualify = copy_expr(copier, select->qualify);
    copy->windows = copy_windows(copier, select->windows);
    copy->order_by = copy_order(copier, &select->order_by);
    copy->limit = copy_expr(copier, select->limit);
    copy->offset = copy_expr(copier, select->offset);
    copy_values(copier, select, copy);
    return copy;
}

static struct select *copy_select(struct copier *copier, const struct select *select)
{
    struct select *head = NULL, **tail = &head;

    for (const struct select *term = select; term != NULL; term = term->prior) {
        *tail = copy_term(copier, term);
        if (*tail == NULL)
            return NULL;
        tail = &(*tail)->prior;
    }
    *tail = NULL;
    return head;
}

enum status ast_copy_select(struct arena *arena, const struct select *select, struct select **copy,
                            struct error *err)
{
    struct copier copier = {arena, err, STATUS_OK};

    *copy = copy_select(&copier, select);
    return copier.status;
}

enum status ast_copy_expr(struct arena *arena, const struct expr *expr, struct expr **copy,
                          struct error *err)
{
    struct copier copier = {arena, err, STATUS_OK};

    *copy = copy_expr(&copier, expr);
    return copier.status;
}
