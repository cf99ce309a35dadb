/* resolve_group.c - GROUP BY ALL, ORDER BY ALL, and the grouping sets of ROLLUP, CUBE and GROUPING
 * SETS. */
#include <string.h>

#include "base/bits.h"
#include "base/str.h"
#include "sql/plan_expr.h"
#include "sql/resolve_internal.h"

enum { KEYS_MAX = 64, CUBE_MAX = 10, SETS_MAX = 1 << CUBE_MAX };

struct set_list {
    uint32_t  count;
    uint64_t *sets; /* [SETS_MAX] */
};

/* --- ALL ----------------------------------------------------------------------------------------
 */
static struct expr *position_literal(struct resolver *r, uint32_t position, int32_t at)
{
    struct expr *expr = arena_zalloc(r->arena, sizeof *expr);

    if (expr == NULL)
        return NULL;
    expr->kind = EXPR_LITERAL;
    expr->depth = 1;
    expr->position = at;
    expr->value = value_int((int64_t)position);
    return expr;
}

enum status order_expand(struct resolver *r, struct select *select)
{
    struct order_term  all;
    struct order_term *terms;

    if (select->order_by.count != 1 || select->order_by.terms[0].expr->kind != EXPR_STAR)
        return STATUS_OK;
    all = select->order_by.terms[0];
    terms = arena_zalloc(r->arena, (select->column_count + (size_t)1) * sizeof *terms);
    for (uint32_t i = 0; terms != NULL && i < select->column_count; i++) {
        terms[i] = all;
        terms[i].expr = position_literal(r, i + 1, all.expr->position);
        if (terms[i].expr == NULL)
            terms = NULL;
    }
    if (terms == NULL)
        return fail_nomem(r->err);
    select->order_by = (struct order_list){select->column_count, select->column_count, terms};
    return STATUS_OK;
}

/* All result columns without aggregates and window functions are the keys. */
static enum status expand_all(struct resolver *r, struct select *select)
{
    int32_t          at = select->group_by.items[0]->position;
    struct expr_list keys = {0};

    for (uint32_t i = 0; i < select->column_count; i++) {
        struct expr *expr;

        if (find_aggregate(select, select->columns[i].expr, true) != NULL ||
            find_window_ref(select->columns[i].expr) != NULL)
            continue;
        expr = position_literal(r, i + 1, at);
        if (expr == NULL || !expr_list_add(r->arena, &keys, expr))
            return fail_nomem(r->err);
    }
    select->group_by = keys;
    return STATUS_OK;
}

/* --- sets ---------------------------------------------------------------------------------------
 */
static bool is_call(const struct expr *expr, const char *name)
{
    return expr->kind == EXPR_FUNCTION && !expr->star && !expr->distinct && expr->filter == NULL &&
           expr->over == NULL && expr->order_by.count == 0 && !expr->name.quoted &&
           ascii_equal(expr->name.text, expr->name.bytes, name, strlen(name));
}

static bool is_sets(const struct expr *expr)
{
    return is_call(expr, "rollup") || is_call(expr, "cube") || is_call(expr, "grouping sets") ||
           (expr->kind == EXPR_ROW && expr->list.count == 0);
}

static enum status add_set(struct resolver *r, const struct expr *expr, struct set_list *list,
                           uint64_t set)
{
    if (list->count == SETS_MAX)
        return fail_at(r->err, STATUS_ERROR, expr->position, "too many grouping sets");
    list->sets[list->count++] = set;
    return STATUS_OK;
}

static enum status new_list(struct resolver *r, struct set_list *list)
{
    list->count = 0;
    list->sets = arena_alloc(r->arena, SETS_MAX * sizeof *list->sets);
    return list->sets == NULL ? fail_nomem(r->err) : STATUS_OK;
}

/* The bit of a key, new or known; keys that turn out to be the same are merged later. */
static enum status key_bit(struct resolver *r, struct expr_list *keys, struct expr *expr,
                           uint64_t *set)
{
    if (keys->count == KEYS_MAX)
        return fail_at(r->err, STATUS_ERROR, expr->position, "more than %d keys in grouping sets",
                       KEYS_MAX);
    *set |= UINT64_C(1) << keys->count;
    return expr_list_add(r->arena, keys, expr) ? STATUS_OK : fail_nomem(r->err);
}

/* A key, or several in parentheses. */
static enum status one_set(struct resolver *r, struct expr_list *keys, struct expr *expr,
                           uint64_t *set)
{
    *set = 0;
    if (expr->kind != EXPR_ROW)
        return key_bit(r, keys, expr, set);
    for (uint32_t i = 0; i < expr->list.count; i++)
        TRY(key_bit(r, keys, expr->list.items[i], set));
    return STATUS_OK;
}

static enum status rollup(struct resolver *r, struct expr_list *keys, const struct expr *expr,
                          struct set_list *list)
{
    uint64_t sets[KEYS_MAX + 1] = {0};
    uint32_t count = expr->list.count;

    if (count > KEYS_MAX)
        return fail_at(r->err, STATUS_ERROR, expr->position, "too many grouping sets");
    for (uint32_t i = 0; i < count; i++) {
        TRY(one_set(r, keys, expr->list.items[i], &sets[i + 1]));
        sets[i + 1] |= sets[i];
    }
    for (uint32_t i = count + 1; i > 0; i--)
        TRY(add_set(r, expr, list, sets[i - 1]));
    return STATUS_OK;
}

static enum status cube(struct resolver *r, struct expr_list *keys, const struct expr *expr,
                        struct set_list *list)
{
    uint64_t parts[CUBE_MAX] = {0};
    uint32_t count = expr->list.count;

    if (count > CUBE_MAX)
        return fail_at(r->err, STATUS_ERROR, expr->position, "too many grouping sets");
    for (uint32_t i = 0; i < count; i++)
        TRY(one_set(r, keys, expr->list.items[i], &parts[i]));
    for (uint32_t left_out = 0; left_out < 1U << count; left_out++) {
        uint64_t set = 0;

        for (uint32_t i = 0; i < count; i++) /* the last key is left out first */
            set |= left_out >> (count - 1 - i) & 1 ? 0 : parts[i];
        TRY(add_set(r, expr, list, set));
    }
    return STATUS_OK;
}

/* The sets that an item stands for, at list's end.  The parser bounds the depth. */
static enum status item_sets(struct resolver *r, struct expr_list *keys, struct expr *expr,
                             struct set_list *list)
{
    uint64_t set;

    if (is_call(expr, "rollup"))
        return rollup(r, keys, expr, list);
    if (is_call(expr, "cube"))
        return cube(r, keys, expr, list);
    if (is_call(expr, "grouping sets")) {
        for (uint32_t i = 0; i < expr->list.count; i++)
            TRY(item_sets(r, keys, expr->list.items[i], list));
        return STATUS_OK;
    }
    TRY(one_set(r, keys, expr, &set));
    return add_set(r, expr, list, set);
}

/* Every set of the one list with every set of the other. */
static enum status cross(struct resolver *r, const struct expr *expr, struct set_list *all,
                         const struct set_list *list)
{
    struct set_list product;

    TRY(new_list(r, &product));
    for (uint32_t i = 0; i < all->count; i++)
        for (uint32_t k = 0; k < list->count; k++)
            TRY(add_set(r, expr, &product, all->sets[i] | list->sets[k]));
    *all = product;
    return STATUS_OK;
}

enum status group_expand(struct resolver *r, struct select *select)
{
    struct expr_list items = select->group_by, keys = {0};
    struct set_list  all, list;
    bool             sets = false;

    if (items.count == 1 && items.items[0]->kind == EXPR_STAR)
        return expand_all(r, select);
    for (uint32_t i = 0; i < items.count; i++)
        sets |= is_sets(items.items[i]);
    if (!sets)
        return STATUS_OK;
    TRY(new_list(r, &all));
    all.sets[all.count++] = 0;
    for (uint32_t i = 0; i < items.count; i++) {
        TRY(new_list(r, &list));
        TRY(item_sets(r, &keys, items.items[i], &list));
        TRY(cross(r, items.items[i], &all, &list));
    }
    select->group_by = keys;
    select->grouping_sets = all.sets;
    select->grouping_set_count = all.count;
    return STATUS_OK;
}

/* Key `from` of the sets becomes key `to`; those behind move up. */
static void merge_bits(struct select *select, uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < select->grouping_set_count; i++) {
        uint64_t set = select->grouping_sets[i], below = (UINT64_C(1) << from) - 1;

        set |= (set >> from & 1) << to;
        select->grouping_sets[i] = (set & below) | (set >> 1 & ~below);
    }
}

void group_merge(struct select *select)
{
    struct expr_list *keys = &select->group_by;

    if (select->grouping_set_count == 0)
        return;
    for (uint32_t from = 1; from < keys->count; from++) {
        uint32_t to = 0;

        while (to < from && !expr_same(keys->items[to], keys->items[from]))
            to++;
        if (to == from)
            continue;
        merge_bits(select, from, to);
        memmove(&keys->items[from], &keys->items[from + 1],
                (keys->count - from - 1) * sizeof *keys->items);
        keys->count--;
        from--;
    }
}
