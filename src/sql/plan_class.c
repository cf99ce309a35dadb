/* plan_class.c - columns that are equal to each other: of a = b AND b = c follows a = c, so that a
 * and c may meet before b does.
 *
 * Only where equality is transitive: columns of tables with BINARY collation, all TEXT or all
 * numeric, compared as such.  (With x of no affinity, 1 = x and x = y do not make 1 = y.)  Every
 * pair of a class has its equality; where several of one class join the same two units, the first
 * says it all, for the class's columns in either unit are equal already. */
#include "sql/plan_join.h"

#include <math.h>

enum {
    COLUMNS_MAX = 64, /* in all classes of a block */
    CLASS_MAX = 10    /* columns of a class that is completed */
};

struct classes {
    uint32_t     count;
    struct expr *columns[COLUMNS_MAX];
    uint8_t      class_[COLUMNS_MAX]; /* number of the first column of its class */
};

static enum affinity stored_affinity(const struct expr *column)
{
    const struct schema_table *schema = table_schema(column->resolved.source->catalog_table);

    return column->resolved.column < 0 ? AFFINITY_INTEGER
                                       : schema->columns[column->resolved.column].affinity;
}

/* A table's column whose stored values are all of one kind, as far as comparing goes. */
static bool is_member(const struct expr *expr)
{
    const struct from_item *item = expr->resolved.source;
    enum affinity           affinity;

    if (expr->kind != EXPR_COLUMN || item == NULL || item->kind != FROM_TABLE ||
        item->catalog_table == NULL || item->select != NULL)
        return false;
    affinity = stored_affinity(expr);
    return affinity > AFFINITY_BLOB && affinity == (enum affinity)expr->resolved.affinity &&
           (expr->resolved.column < 0 ||
            table_schema(item->catalog_table)->columns[expr->resolved.column].collation ==
                COLLATION_BINARY);
}

static bool is_class_link(const struct conjunct *conjunct)
{
    const struct expr *expr = conjunct->expr;

    return conjunct->equality && expr->op == EXPR_OP_EQ &&
           expr->resolved.compare_collation == COLLATION_BINARY && is_member(expr->left) &&
           is_member(expr->right) &&
           (stored_affinity(expr->left) == AFFINITY_TEXT) ==
               (stored_affinity(expr->right) == AFFINITY_TEXT);
}

/* Of a column; COLUMNS_MAX: there is no room. */
static uint32_t column_number(struct classes *classes, struct expr *column)
{
    uint32_t i = 0;

    while (i < classes->count && !expr_equal(classes->columns[i], column))
        i++;
    if (i < classes->count || i == COLUMNS_MAX)
        return i;
    classes->columns[i] = column;
    classes->class_[i] = (uint8_t)i;
    classes->count++;
    return i;
}

static void join_classes(struct classes *classes, const struct expr *link)
{
    uint32_t a = column_number(classes, link->left), b = column_number(classes, link->right);
    uint8_t  from, to;

    if (a == COLUMNS_MAX || b == COLUMNS_MAX)
        return;
    from = classes->class_[a] > classes->class_[b] ? classes->class_[a] : classes->class_[b];
    to = classes->class_[a] < classes->class_[b] ? classes->class_[a] : classes->class_[b];
    for (uint32_t i = 0; i < classes->count; i++)
        if (classes->class_[i] == from)
            classes->class_[i] = to;
}

/* Whether a = b, either way round, has been said. */
static bool is_said(const struct block *block, const struct expr *a, const struct expr *b)
{
    for (uint32_t i = 0; i < block->links.count; i++) {
        const struct expr *link = block->links.items[i];

        if ((expr_equal(link->left, a) && expr_equal(link->right, b)) ||
            (expr_equal(link->left, b) && expr_equal(link->right, a)))
            return true;
    }
    return false;
}

static enum status say_equal(const struct from_state *state, struct block *block, struct expr *a,
                             struct expr *b)
{
    struct expr *expr = expr_logic(state->planner->arena, EXPR_OP_EQ, a, b);

    if (expr == NULL || !expr_list_add(state->planner->arena, &block->links, expr))
        return fail_nomem(state->planner->err);
    expr->resolved.compare_affinity =
        stored_affinity(a) == AFFINITY_TEXT ? AFFINITY_NONE : AFFINITY_NUMERIC;
    expr->resolved.compare_collation = COLLATION_BINARY;
    return block_add_one(state, block, expr);
}

/* Every pair of the class has its equality.  Its conjuncts get its number: 1 and up. */
static enum status complete_class(const struct from_state *state, struct block *block,
                                  struct classes *classes, uint8_t class_)
{
    uint32_t members[COLUMNS_MAX], count = 0, first = block->conjunct_count;
    double   least = INFINITY;

    for (uint32_t i = class_; i < classes->count; i++)
        if (classes->class_[i] == class_)
            members[count++] = i;
    if (count < 2 || count > CLASS_MAX)
        return STATUS_OK;
    for (uint32_t m = 1; m < count; m++)
        for (uint32_t n = 0; n < m; n++)
            if (!is_said(block, classes->columns[members[n]], classes->columns[members[m]]))
                TRY(say_equal(state, block, classes->columns[members[n]],
                              classes->columns[members[m]]));
    for (uint32_t i = 0; i < block->conjunct_count; i++) {
        struct conjunct *conjunct = &block->conjuncts[i];
        uint32_t         number;

        if (!is_class_link(conjunct))
            continue;
        number = column_number(classes, conjunct->expr->left);
        if (number == COLUMNS_MAX || classes->class_[number] != class_)
            continue;
        conjunct->class_ = class_ + 1U;
        if (i < first)
            least = fmin(least, conjunct->distinct);
        else
            conjunct->distinct = fmin(least, conjunct->distinct);
    }
    return STATUS_OK;
}

enum status block_add_classes(const struct from_state *state, struct block *block)
{
    struct classes classes = {.count = 0};

    if ((state->planner->context->passes_off & PASS_CLASSES) != 0)
        return STATUS_OK;
    for (uint32_t i = 0; i < block->conjunct_count; i++) {
        struct conjunct *conjunct = &block->conjuncts[i];

        conjunct->class_ = 0;
        if (is_class_link(conjunct) &&
            !is_said(block, conjunct->expr->left, conjunct->expr->right) &&
            !expr_list_add(state->planner->arena, &block->links, conjunct->expr))
            return fail_nomem(state->planner->err);
    }
    if (block->links.count < 2)
        return STATUS_OK;
    for (uint32_t i = 0; i < block->links.count; i++)
        join_classes(&classes, block->links.items[i]);
    for (uint32_t c = 0; c < classes.count; c++)
        if (classes.class_[c] == c)
            TRY(complete_class(state, block, &classes, (uint8_t)c));
    return STATUS_OK;
}
