/* resolve_join.c - the joins of a FROM: NATURAL and USING become conditions, a join in parentheses
 * gets the columns that it has as an operand, and ON is resolved.
 *
 * SQLite makes `(a JOIN b)`, unless it stands first, a subquery that selects every column of both
 * under its table's name, and before them the columns that USING merges.  What can be named, what
 * is ambiguous and what * shows follows from that list; the rows come from the tables themselves.
 */
#include <string.h>

#include "base/bits.h"
#include "base/str.h"
#include "sql/parse.h"
#include "sql/plan_expr.h"
#include "sql/resolve_internal.h"

/* --- columns of an operand -------------------------------------------------------------------- */
bool is_hidden(const struct from_item *item, uint32_t column)
{
    return item->catalog_table != NULL &&
           (table_schema(item->catalog_table)->columns[column].flags & COLUMN_HIDDEN) != 0;
}

static struct name name_of(const char *text, int32_t position)
{
    return (struct name){.text = text, .bytes = (uint32_t)strlen(text), .position = position};
}

struct column_ref leaf_column(const struct leaf *leaf, uint32_t i)
{
    return leaf->columns != NULL ? leaf->columns[i].ref
                                 : (struct column_ref){.item = leaf->item, .column = (int32_t)i};
}

/* The first name of its rowid that no column has; NULL: it has none. */
static const char *rowid_alias(const struct from_item *item)
{
    static const char *const names[] = {"_ROWID_", "ROWID", "OID"};

    for (uint32_t i = 0; i < countof(names) && has_rowid(item); i++)
        if (find_column(item, name_of(names[i], -1)) < 0)
            return names[i];
    return NULL;
}

enum status leaf_column_by_name(struct resolver *r, struct scope *scope, const struct leaf *leaf,
                                uint32_t i, int32_t position, struct column_ref *ref)
{
    const struct from_item *item = leaf->item;
    struct expr             expr = {.kind = EXPR_COLUMN, .position = position};

    *ref = i < item->column_count
               ? leaf_column(leaf, i)
               : (struct column_ref){.item = leaf->item, .column = -1}; /* the rowid */
    if (item->display == NULL)
        return STATUS_OK; /* nothing else has its name */
    if (item->kind != FROM_NESTED)
        expr.schema = name_of(item_schema(item), position);
    expr.table = name_of(item->display, position);
    expr.name =
        name_of(i < item->column_count ? item->column_names[i] : rowid_alias(item), position);
    return find_name(r, scope, &expr, ref);
}

/* --- joins in parentheses --------------------------------------------------------------------- */
/* Appends column, whose name in front of the parentheses is base or made from it. */
static enum status nested_add(struct resolver *r, struct leaf *leaf, struct nested_column column,
                              const char *base)
{
    struct from_item *item = leaf->item;
    uint32_t          i = item->column_count;

    if (i == parse_limits_default.columns)
        return fail_at(r->err, STATUS_ERROR, item->position, "too many columns in result set");
    column.ref.of_nested = true;
    leaf->columns[i] = column;
    TRY(unique_name(r, item, i, &base, leaf->columns));
    item->column_names[i] = base;
    item->column_count++;
    return STATUS_OK;
}

/* The columns that part's USING merges: they stand before those of the operand to its left. */
static enum status nested_add_merged(struct resolver *r, struct scope *inner, struct leaf *leaf,
                                     const struct leaf *part)
{
    const struct from_item *item = part->item;

    for (uint32_t i = 0; i < item->using_count; i++) {
        struct name          name = item->using_names[i];
        struct expr          expr = {.kind = EXPR_COLUMN, .position = name.position, .name = name};
        struct nested_column column = {
            .schema = "", .table = "", .name = name.text, .merged = true};

        column.ref = leaf_column(part, (uint32_t)find_column(item, name));
        TRY(find_name(r, inner, &expr, &column.ref));
        TRY(nested_add(r, leaf, column, name.text));
    }
    return STATUS_OK;
}

/* The columns of part, one of the operands in the parentheses, and its rowid. */
static enum status nested_add_part(struct resolver *r, struct scope *inner, struct leaf *leaf,
                                   const struct leaf *part, const struct from_item *next)
{
    const struct from_item *item = part->item;
    int32_t                 position = item->position;
    const char             *rowid = rowid_alias(item);

    for (uint32_t i = 0; i < item->column_count + (rowid != NULL); i++) {
        bool                 is_rowid = i == item->column_count;
        const char          *base = is_rowid ? rowid : item->column_names[i];
        struct nested_column column = {.schema = item_schema(item),
                                       .table = item->display != NULL ? item->display : "",
                                       .name = base,
                                       .rowid = is_rowid};
        struct name          name = name_of(base, position);

        if (part->columns != NULL && part->columns[i].rowid)
            continue;
        if (!is_rowid && is_hidden(item, i))
            continue;
        if (part->columns != NULL) {
            column = part->columns[i];
            column.merged = false;
        }
        TRY(leaf_column_by_name(r, inner, part, i, position, &column.ref));
        column.unlisted |= names_hold(item->using_names, item->using_count, name) ||
                           (next != NULL && names_hold(next->using_names, next->using_count, name));
        TRY(nested_add(r, leaf, column, base));
    }
    return STATUS_OK;
}

/* leaf: a join in parentheses, whose operands inner holds. */
static enum status nested_columns(struct resolver *r, struct scope *inner, struct leaf *leaf)
{
    struct from_item *item = leaf->item;
    size_t            room = 1;

    for (uint32_t i = 0; i < inner->leaf_count; i++)
        room += inner->leaves[i].item->column_count + inner->leaves[i].item->using_count + 1;
    item->column_names = arena_zalloc(r->arena, room * sizeof *item->column_names);
    leaf->columns = arena_zalloc(r->arena, room * sizeof *leaf->columns);
    if (item->column_names == NULL || leaf->columns == NULL)
        return fail_nomem(r->err);
    for (uint32_t i = 0; i < inner->leaf_count; i++) {
        const struct leaf *next = i + 1 < inner->leaf_count ? &inner->leaves[i + 1] : NULL;

        if (next != NULL)
            TRY(nested_add_merged(r, inner, leaf, next));
        TRY(nested_add_part(r, inner, leaf, &inner->leaves[i], next != NULL ? next->item : NULL));
    }
    return STATUS_OK;
}

/* --- NATURAL and USING ------------------------------------------------------------------------ */
static struct expr *new_binary(struct resolver *r, enum expr_op op, struct expr *left,
                               struct expr *right)
{
    struct expr *expr = arena_zalloc(r->arena, sizeof *expr);

    if (expr == NULL)
        return NULL;
    expr->kind = EXPR_BINARY;
    expr->op = (uint8_t)op;
    expr->depth = (uint16_t)(1 + (left->depth > right->depth ? left->depth : right->depth));
    expr->position = left->position;
    expr->left = left;
    expr->right = right;
    resolve_type(expr);
    return expr;
}

/* The first leaf in [from, to) with the column; to if none. */
static uint32_t leaf_with_column(const struct scope *scope, uint32_t from, uint32_t to,
                                 struct name name, bool natural)
{
    for (; from < to; from++) {
        int32_t column = find_column(scope->leaves[from].item, name);

        if (column >= 0 && !(natural && is_hidden(scope->leaves[from].item, (uint32_t)column)))
            break;
    }
    return from;
}

static bool has_right_join(const struct from_list *from)
{
    for (uint32_t i = 0; i < from->count; i++)
        if (from->items[i]->join & JOIN_TYPE_RIGHT)
            return true;
    return false;
}

/* The left side of USING: the leftmost column of the name in [first, at); where RIGHT or FULL joins
 * may have made it NULL, the coalesce of all. */
static enum status using_left(struct resolver *r, struct scope *scope, uint32_t first, uint32_t at,
                              bool merged, struct name name, struct expr **out)
{
    bool              natural = (scope->leaves[at].item->join & JOIN_TYPE_NATURAL) != 0;
    struct column_ref parts[TABLES_MAX], ref = {.parts = parts};

    for (uint32_t l = leaf_with_column(scope, first, at, name, natural); l < at;
         l = leaf_with_column(scope, l + 1, at, name, natural)) {
        const struct leaf *leaf = &scope->leaves[l];

        if (ref.part_count > 0 && !merged)
            break;
        if (ref.part_count > 0 &&
            !names_hold(leaf->item->using_names, leaf->item->using_count, name))
            return fail_at(r->err, STATUS_ERROR, name.position,
                           "ambiguous reference to %s in USING()", name.text);
        parts[ref.part_count++] = leaf_column(leaf, (uint32_t)find_column(leaf->item, name));
    }
    if (ref.part_count == 0)
        return fail_at(r->err, STATUS_ERROR, name.position,
                       "cannot join using column %s - column not present in both tables",
                       name.text);
    *out = column_new(r, name, name.position);
    if (*out == NULL)
        return fail_nomem(r->err);
    return bind_ref(r, scope, 0, ref.part_count == 1 ? parts : &ref, *out);
}

/* NATURAL: the names of the columns of leaf `at` that those before have too. */
static enum status natural_names(struct resolver *r, struct scope *scope, uint32_t first,
                                 uint32_t at)
{
    struct from_item *item = scope->leaves[at].item;

    item->using_names = arena_zalloc(r->arena, (item->column_count + 1) * sizeof(struct name));
    if (item->using_names == NULL)
        return fail_nomem(r->err);
    for (uint32_t i = 0; i < item->column_count; i++) {
        struct name name = name_of(item->column_names[i], item->position);

        if (!is_hidden(item, i) && leaf_with_column(scope, first, at, name, true) < at)
            item->using_names[item->using_count++] = name;
    }
    return STATUS_OK;
}

/* The condition of leaf at's NATURAL or USING with those from first on.  merged: there is a RIGHT
 * or FULL join. */
static enum status join_using(struct resolver *r, struct scope *scope, uint32_t first, uint32_t at,
                              bool merged)
{
    const struct leaf *leaf = &scope->leaves[at];
    struct from_item  *item = leaf->item;

    if (item->join & JOIN_TYPE_NATURAL)
        TRY(natural_names(r, scope, first, at));
    for (uint32_t i = 0; i < item->using_count; i++) {
        struct name       name = item->using_names[i];
        int32_t           column = find_column(item, name);
        struct expr      *left = NULL, *right, *equal;
        struct column_ref ref;

        if (column < 0)
            return fail_at(r->err, STATUS_ERROR, name.position,
                           "cannot join using column %s - column not present in both tables",
                           name.text);
        TRY(using_left(r, scope, first, at, merged, name, &left));
        right = column_new(r, name, name.position);
        if (right == NULL)
            return fail_nomem(r->err);
        ref = leaf_column(leaf, (uint32_t)column);
        TRY(bind_ref(r, scope, 0, &ref, right));
        equal = new_binary(r, EXPR_OP_EQ, left, right);
        if (equal != NULL && item->on != NULL)
            equal = new_binary(r, EXPR_OP_AND, item->on, equal);
        if (equal == NULL)
            return fail_nomem(r->err);
        item->on = equal;
    }
    return STATUS_OK;
}

/* --- the list --------------------------------------------------------------------------------- */
static enum status resolve_items(struct resolver *r, struct scope *scope, struct from_list *from);

/* Within parentheses only what stands there can be named. */
static struct scope nested_scope(const struct scope *scope, const struct leaf *leaf)
{
    struct scope inner = *scope;

    inner.leaves = leaf != NULL ? leaf->leaves : NULL;
    inner.leaf_count = inner.leaf_capacity = leaf != NULL ? leaf->leaf_count : 0;
    inner.aliases = false;
    return inner;
}

static enum status resolve_nested(struct resolver *r, struct scope *scope, struct from_item *item)
{
    struct scope inner = nested_scope(scope, NULL);
    struct leaf *leaf;

    item->display = item->alias.text;
    TRY(resolve_items(r, &inner, item->nested));
    scope->table_count = inner.table_count;
    TRY(scope_add(r, scope, item));
    leaf = &scope->leaves[scope->leaf_count - 1];
    leaf->leaves = inner.leaves;
    leaf->leaf_count = inner.leaf_count;
    TRY(nested_columns(r, &inner, leaf));
    scope->failed = inner.failed;
    scope->failure = inner.failure;
    return STATUS_OK;
}

static enum status resolve_items(struct resolver *r, struct scope *scope, struct from_list *from)
{
    uint32_t first = scope->leaf_count;

    TRY(stack_check(r->err, -1));
    for (uint32_t i = 0; i < from->count; i++) {
        if (from->items[i]->kind == FROM_NESTED) {
            TRY(resolve_nested(r, scope, from->items[i]));
        } else {
            TRY(resolve_from_item(r, scope, from->items[i]));
            TRY(scope_add(r, scope, from->items[i]));
        }
    }
    for (uint32_t i = 1; i < from->count; i++)
        TRY(join_using(r, scope, first, first + i, has_right_join(from)));
    return STATUS_OK;
}

enum status resolve_from(struct resolver *r, struct scope *scope, struct from_list *from)
{
    scope->hidden = true;
    TRY(resolve_items(r, scope, from));
    scope->hidden = false;
    return fail_deferred(r, scope);
}

/* --- ON --------------------------------------------------------------------------------------- */
static bool leaf_holds(const struct leaf *leaf, const struct from_item *item)
{
    for (uint32_t i = 0; i < leaf->leaf_count; i++)
        if (leaf_holds(&leaf->leaves[i], item))
            return true;
    return leaf->item == item;
}

struct right_reference {
    const struct scope *scope;
    uint32_t            first; /* leaf that the condition may not name, and those behind it */
    bool                found;
};

static bool visit_right_reference(struct expr *expr, void *data)
{
    struct right_reference *search = data;

    if (expr->kind == EXPR_COLUMN)
        for (uint32_t l = search->first; l < search->scope->leaf_count; l++)
            search->found |= leaf_holds(&search->scope->leaves[l], expr->resolved.source);
    return !search->found;
}

/* The condition of an outer join, and any beside a right join, sees no table that follows. */
static enum status check_right_references(struct resolver *r, const struct scope *scope,
                                          const struct from_list *from,
                                          const struct from_item *item, uint32_t end)
{
    struct right_reference search = {scope, end, false};
    bool                   outer = (item->join & (JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT)) != 0;

    for (uint32_t i = 0; i < from->count; i++)
        outer |= (from->items[i]->join & JOIN_TYPE_RIGHT) != 0;
    if (outer)
        expr_walk(item->on, visit_right_reference, &search);
    return search.found ? fail_at(r->err, STATUS_ERROR, item->on->position,
                                  "ON clause references tables to its right")
                        : STATUS_OK;
}

enum status resolve_conditions(struct resolver *r, struct scope *scope, struct from_list *from)
{
    /* the target of UPDATE stands before those of FROM */
    uint32_t first = scope->leaf_count - from->count;

    for (uint32_t i = 0; i < from->count; i++) {
        struct from_item *item = from->items[i];

        if (item->kind == FROM_NESTED) {
            struct scope inner = nested_scope(scope, &scope->leaves[first + i]);

            TRY(resolve_conditions(r, &inner, item->nested));
        }
        if (item->on == NULL || item->using_count > 0)
            continue;
        TRY(resolve_scalar(r, scope, item->on));
        TRY(check_right_references(r, scope, from, item, first + i + 1));
    }
    return STATUS_OK;
}
