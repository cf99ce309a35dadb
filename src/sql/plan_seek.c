/* plan_seek.c - which conditions of a scan name rows: by the rowid or by a unique key, with one
 * value or several.  The scan is told what is compared (cg_node.c); it finds rows by it where it
 * can, and the conditions are checked all the same. */
#include "sql/plan.h"

static bool is_rowid(const struct from_item *item, int32_t column)
{
    return column < 0 || column == table_schema(item->catalog_table)->rowid_column;
}

bool plan_can_bound(const struct from_item *item, const struct expr *column, struct expr *value,
                    enum affinity affinity, enum collation collation)
{
    const struct schema_table *schema = table_schema(item->catalog_table);

    return column->kind == EXPR_COLUMN && column->resolved.source == item &&
           (value == NULL || (expr_is_constant(value) && !expr_may_fail(value))) &&
           collation == COLLATION_BINARY &&
           affinity_is_implied(column->resolved.column < 0
                                   ? AFFINITY_INTEGER
                                   : schema->columns[column->resolved.column].affinity,
                               affinity);
}

bool plan_is_unique(const struct from_item *item, const struct expr *column)
{
    const struct schema_table *schema;

    if (item->catalog_table == NULL)
        return false;
    if (is_rowid(item, column->resolved.column))
        return true;
    schema = table_schema(item->catalog_table);
    for (uint32_t k = 0; k < schema->key_count; k++)
        if (schema->keys[k].unique && schema->keys[k].column_count == 1 &&
            schema->keys[k].columns[0] == (uint32_t)column->resolved.column)
            return true;
    return false;
}

/* --- column = one of several values ------------------------------------------------------------
 */
struct among {
    const struct from_item *item;
    const struct expr      *column; /* all are compared with it */
    plan_value_visit       *visit;
    void                   *data;
    uint32_t                count;
};

static bool among_take(struct among *among, const struct expr *condition, struct expr *column,
                       struct expr *value)
{
    column = expr_strip(column);
    if (!plan_can_bound(among->item, column, value, condition->resolved.compare_affinity,
                        condition->resolved.compare_collation) ||
        (among->column != NULL && among->column->resolved.column != column->resolved.column) ||
        among->count == VALUES_SOUGHT_MAX)
        return false;
    among->column = column;
    among->count++;
    if (among->visit != NULL)
        among->visit(among->data, column, value, condition->resolved.compare_affinity);
    return true;
}

/* As deep as the tree to the right. */
static bool among_walk(struct among *among, struct expr *condition)
{
    for (; condition->kind == EXPR_BINARY && condition->op == EXPR_OP_OR;
         condition = condition->left)
        if (!among_walk(among, condition->right))
            return false;
    if (condition->kind == EXPR_BINARY && condition->op == EXPR_OP_EQ)
        return among_take(among, condition, condition->left, condition->right) ||
               among_take(among, condition, condition->right, condition->left);
    if (condition->kind != EXPR_IN || condition->negated || condition->select != NULL)
        return false;
    for (uint32_t i = 0; i < condition->list.count; i++)
        if (!among_take(among, condition, condition->left, condition->list.items[i]))
            return false;
    return condition->list.count != 0;
}

uint32_t plan_values_sought(const struct from_item *item, struct expr *condition,
                            const struct expr **column, plan_value_visit *visit, void *data)
{
    struct among among = {.item = item};

    if (!among_walk(&among, condition))
        return 0;
    *column = among.column;
    if (visit == NULL)
        return among.count;
    among = (struct among){.item = item, .visit = visit, .data = data};
    (void)among_walk(&among, condition);
    return among.count;
}

/* --- keys --------------------------------------------------------------------------------------
 */
/* How many values the filters of the scan compare column number `column` with; 0: it is not. */
static uint32_t column_sought(const struct plan *scan, int32_t column)
{
    uint32_t least = 0;

    for (uint32_t i = 0; i < scan->filters.count; i++) {
        const struct expr *sought = NULL;
        uint32_t           count =
            plan_values_sought(scan->item, scan->filters.items[i], &sought, NULL, NULL);

        if (count != 0 && (least == 0 || count < least) &&
            (sought->resolved.column == column ||
             (is_rowid(scan->item, column) && is_rowid(scan->item, sought->resolved.column))))
            least = count;
    }
    return least;
}

uint32_t plan_key_sought(const struct plan *scan, double *rows)
{
    const struct schema_table *schema = table_schema(scan->item->catalog_table);
    uint32_t                   count = column_sought(scan, -1);

    *rows = count;
    if (count != 0)
        return KEY_ROWID;
    for (uint32_t k = 0; k < schema->key_count; k++) {
        const struct schema_key *key = &schema->keys[k];
        uint32_t                 i = 0;

        *rows = 1;
        for (; key->unique && i < key->column_count; i++) {
            count = column_sought(scan, (int32_t)key->columns[i]);
            if (count == 0)
                break;
            *rows *= count;
        }
        if (key->unique && i == key->column_count)
            return k;
    }
    return KEY_NONE;
}
