/* resolve_star.c - stars in a result list become the columns they stand for. */
#include <string.h>

#include "base/str.h"
#include "sql/ast_copy.h"
#include "sql/parse.h"
#include "sql/resolve_internal.h"

struct expansion {
    struct result_column *items;
    uint32_t              count, capacity;
};

static enum status expansion_add(struct resolver *r, struct expansion *expansion,
                                 struct result_column column)
{
    if (expansion->count == parse_limits_default.columns)
        return fail_at(r->err, STATUS_ERROR, column.expr->position,
                       "too many columns in result set");
    if (expansion->count == expansion->capacity) {
        uint32_t              capacity = expansion->capacity == 0 ? 8 : expansion->capacity * 2;
        struct result_column *items = arena_alloc(r->arena, capacity * sizeof *items);

        if (items == NULL)
            return fail_nomem(r->err);
        if (expansion->count > 0)
            memcpy(items, expansion->items, expansion->count * sizeof *items);
        expansion->items = items;
        expansion->capacity = capacity;
    }
    expansion->items[expansion->count++] = column;
    return STATUS_OK;
}

/* What a change does to a star's column.  *skip: nothing is left of it. */
static enum status apply_changes(struct resolver *r, const struct expr *star, struct name name,
                                 struct result_column *column, bool *skip)
{
    *skip = false;
    for (struct star_change *change = star->changes; change != NULL; change = change->next) {
        if (!name_equal(change->name, name))
            continue;
        change->used = true;
        switch ((enum star_change_kind)change->kind) {
        case STAR_EXCLUDE:
            *skip = true;
            break;
        case STAR_RENAME:
            column->alias = change->to;
            column->name = change->to.text;
            column->unresolved = column_new(r, name, star->position);
            if (column->unresolved == NULL)
                return fail_nomem(r->err);
            break;
        case STAR_REPLACE:
            TRY(ast_copy_expr(r->arena, change->expr, &column->expr, r->err));
            column->alias = name;
            column->of_star = false;
            column->name = NULL; /* resolved with the other results */
            break;
        }
    }
    return STATUS_OK;
}

static enum status check_changes(struct resolver *r, const struct expr *star)
{
    static const char *const words[] = {"EXCLUDE", "RENAME", "REPLACE"};

    for (const struct star_change *change = star->changes; change != NULL; change = change->next)
        if (!change->used)
            return fail_at(r->err, STATUS_ERROR, change->name.position,
                           "no such column: %s (in %s)", change->name.text, words[change->kind]);
    return STATUS_OK;
}

/* Whether a RIGHT or FULL join further right may make leaf l's column NULL and a USING there merges
 * it with others. */
static bool is_merged_later(const struct scope *scope, uint32_t l, struct name name)
{
    bool using_ = false, right = false;

    for (uint32_t i = l + 1; i < scope->leaf_count; i++) {
        const struct from_item *item = scope->leaves[i].item;

        using_ |= names_hold(item->using_names, item->using_count, name);
        right |= (item->join & JOIN_TYPE_RIGHT) != 0;
    }
    return using_ && right;
}

/* Whether the star shows leaf l's column i.  For * (not table.*), USING columns stand once. */
static bool is_listed(const struct scope *scope, uint32_t l, uint32_t i, const struct expr *star)
{
    const struct leaf      *leaf = &scope->leaves[l];
    const struct from_item *item = leaf->item;
    const struct name       name = {.text = item->column_names[i],
                                    .bytes = (uint32_t)strlen(item->column_names[i])};

    if (is_hidden(item, i) || (leaf->columns != NULL && leaf->columns[i].rowid))
        return false;
    if (star->table.text != NULL)
        return leaf->columns == NULL ||
               ascii_casecmp(leaf->columns[i].table, star->table.text) == 0;
    return (leaf->columns == NULL || !leaf->columns[i].unlisted) &&
           (l == 0 || !names_hold(item->using_names, item->using_count, name));
}

/* The meaning of leaf l's column of that name where a star shows it. */
static enum status star_column(struct resolver *r, struct scope *scope, uint32_t l, uint32_t i,
                               struct name name, struct column_ref *ref)
{
    struct expr expr = {.kind = EXPR_COLUMN, .position = name.position, .name = name};

    if (scope->leaf_count > 1 && !is_merged_later(scope, l, name))
        return leaf_column_by_name(r, scope, &scope->leaves[l], i, name.position, ref);
    return find_name(r, scope, &expr, ref);
}

static enum status expand_leaf(struct resolver *r, struct scope *scope, uint32_t l,
                               const struct expr *star, struct expansion *expansion, bool *found)
{
    int32_t           position = star->position;
    struct from_item *item = scope->leaves[l].item;
    bool              skip;

    for (uint32_t i = 0; i < item->column_count; i++) {
        struct name          name = {.text = item->column_names[i],
                                     .bytes = (uint32_t)strlen(item->column_names[i]),
                                     .position = position};
        struct result_column column = {.name = item->column_names[i], .of_star = true};
        struct column_ref    ref;

        if (!is_listed(scope, l, i, star))
            continue;
        *found = true;
        TRY(star_column(r, scope, l, i, name, &ref));
        column.expr = column_new(r, name, position);
        if (column.expr == NULL)
            return fail_nomem(r->err);
        column.expr->source_text = name.text;
        column.expr->source_bytes = name.bytes;
        TRY(bind_ref(r, scope, 0, &ref, column.expr));
        TRY(apply_changes(r, star, name, &column, &skip));
        if (!skip)
            TRY(expansion_add(r, expansion, column));
    }
    return STATUS_OK;
}

static enum status expand_star(struct resolver *r, struct scope *scope, const struct expr *star,
                               struct expansion *expansion)
{
    bool found = false;

    for (uint32_t l = 0; l < scope->leaf_count; l++) {
        const struct from_item *item = scope->leaves[l].item;

        if (star->table.text != NULL && item->kind != FROM_NESTED &&
            (item->display == NULL || ascii_casecmp(item->display, star->table.text) != 0))
            continue;
        found |= item->kind != FROM_NESTED; /* whose columns may all be hidden */
        TRY(expand_leaf(r, scope, l, star, expansion, &found));
    }
    if (found)
        return check_changes(r, star);
    if (star->table.text != NULL)
        return fail_at(r->err, STATUS_ERROR, star->position, "no such table: %s", star->table.text);
    return fail_at(r->err, STATUS_ERROR, star->position, "no tables specified");
}

enum status expand_stars(struct resolver *r, struct scope *scope, struct select *select)
{
    struct expansion expansion = {0};
    bool             any = false;

    for (uint32_t i = 0; i < select->column_count; i++)
        any |= select->columns[i].expr->kind == EXPR_STAR;
    if (!any)
        return STATUS_OK;
    for (uint32_t i = 0; i < select->column_count; i++) {
        if (select->columns[i].expr->kind == EXPR_STAR)
            TRY(expand_star(r, scope, select->columns[i].expr, &expansion));
        else
            TRY(expansion_add(r, &expansion, select->columns[i]));
    }
    if (expansion.count == 0)
        return fail_at(r->err, STATUS_ERROR, select->columns[0].expr->position,
                       "EXCLUDE leaves no column");
    select->columns = expansion.items;
    select->column_count = expansion.count;
    select->column_capacity = expansion.capacity;
    return STATUS_OK;
}
