/* plan_group.c - group keys that others decide: GROUP BY id, name with id the key of name's table.
 *
 * Such a column is the same in all rows of a group; it is read from one of them like any column
 * that is no key.  It must stand behind the deciding one, for groups come in the keys' order. */
#include "sql/plan.h"
#include "vm/aggregate.h"

/* Different rows of its table have different values: the rowid, or a unique column without NULL.
 * Where an outer join made rows of NULLs all columns are NULL. */
static bool is_key(const struct expr *expr)
{
    const struct from_item    *item = expr->resolved.source;
    const struct schema_table *schema;
    int32_t                    column = expr->resolved.column;

    if (expr->kind != EXPR_COLUMN || item == NULL || item->kind != FROM_TABLE ||
        item->catalog_table == NULL)
        return false;
    schema = table_schema(item->catalog_table);
    if (column < 0 || column == schema->rowid_column)
        return true;
    if ((schema->columns[column].flags & COLUMN_NOT_NULL) == 0 ||
        expr->resolved.collation != COLLATION_BINARY)
        return false;
    for (uint32_t k = 0; k < schema->key_count; k++)
        if (schema->keys[k].unique && schema->keys[k].column_count == 1 &&
            schema->keys[k].columns[0] == (uint32_t)column)
            return true;
    return false;
}

/* Keys before index `end` decide expr. */
static bool is_decided(const struct expr_list *keys, uint32_t end, const struct expr *expr)
{
    for (uint32_t i = 0; i < end && expr->kind == EXPR_COLUMN; i++)
        if (keys->items[i]->resolved.source == expr->resolved.source && is_key(keys->items[i]))
            return true;
    return false;
}

static bool asks_grouping(const struct select *select)
{
    for (uint32_t i = 0; i < select->aggregate_count; i++)
        if (select->aggregates[i]->resolved.aggregate_kind - 1 == AGGREGATE_GROUPING)
            return true;
    return false;
}

enum status plan_group_keys(struct planner *planner, const struct select *select,
                            const struct expr_list **keys)
{
    const struct expr_list *all = &select->group_by;
    struct expr_list       *kept = arena_zalloc(planner->arena, sizeof *kept);

    *keys = all;
    if (all->count < 2 || select->grouping_set_count != 0 || asks_grouping(select) ||
        (planner->context->passes_off & PASS_GROUP) != 0)
        return STATUS_OK;
    if (kept == NULL)
        return fail_nomem(planner->err);
    for (uint32_t i = 0; i < all->count; i++)
        if (!is_decided(all, i, all->items[i]) &&
            !expr_list_add(planner->arena, kept, all->items[i]))
            return fail_nomem(planner->err);
    *keys = kept;
    return STATUS_OK;
}
