/* random_from.c - what stands in FROM: tables, views, derived tables, joins; and subqueries of
 * expressions. */
#include "tests/oracle/random_internal.h"

#include <stdio.h>
#include <string.h>

/* --- tables -------------------------------------------------------------------------------------
 */
static void scope_add(struct random_sql *random, const struct random_table *table,
                      const char *alias)
{
    struct surroundings *here = &random->here;

    here->scope[here->scope_count].table = table;
    here->scope[here->scope_count].alias = alias;
    here->scope_count++;
    here->work *= table->rows + 1;
    here->open |= !table->base;
}

static struct random_table *table_new(struct random_sql *random, uint32_t columns,
                                      const char *prefix)
{
    struct random_table *table = pool_alloc(random, sizeof *table);

    memset(table, 0, sizeof *table);
    table->columns = columns;
    for (uint32_t c = 0; c < columns; c++)
        snprintf(table->column[c].name, sizeof table->column[c].name, "%s%u", prefix, c);
    return table;
}

/* A WITH clause names the columns of any select. */
static struct node *derived(struct random_sql *random, struct random_table **table)
{
    struct surroundings saved = random->here;
    uint32_t            columns = 1 + random_below(random, 3);
    struct node        *select;
    bool                limited = chance(random, 15);

    *table = table_new(random, columns, "k");
    random->here = (struct surroundings){.work = 1, .level = saved.level + 1};
    select = random_select(random, columns);
    (*table)->rows = random->here.work;
    if (limited && !random->here.open)
        select = FIXED(random,
                       pool_printf(random, "SELECT * FROM (@)%s LIMIT %u",
                                   order_by_all(random, columns), random_below(random, 12)),
                       1, select);
    random->here = saved;
    return FIXED(random,
                 pool_printf(random, "(WITH q(%s) AS %s(@) SELECT * FROM q)",
                             columns == 1   ? "k0"
                             : columns == 2 ? "k0, k1"
                                            : "k0, k1, k2",
                             chance(random, 20)   ? "MATERIALIZED "
                             : chance(random, 20) ? "NOT MATERIALIZED "
                                                  : ""),
                 1, select);
}

/* One that only chooses, computes, filters and joins: it may become part of what is around it. */
static struct node *plain_derived(struct random_sql *random, struct random_table **table)
{
    struct surroundings saved = random->here;
    uint32_t            columns = 1 + random_below(random, 4);
    struct node        *from, *items = NULL;

    *table = table_new(random, columns, "k");
    random->here = (struct surroundings){.work = 1, .level = saved.level + 1};
    from = from_clause(random);
    for (uint32_t c = 0; c < columns; c++) {
        struct node *item = chance(random, 60) ? column(random) : expr(random);

        item = FIXED(random, pool_printf(random, "@ AS k%u", c), 1, item);
        items = items == NULL ? item : FIXED(random, "@, @", 2, items, item);
    }
    (*table)->rows = random->here.work;
    items = FIXED(random, "(SELECT @@@)", 3, items, from,
                  chance(random, 60) ? CLAUSE(random, " WHERE @", 1, condition(random))
                                     : CLAUSE(random, "", 0));
    random->here = saved;
    return items;
}

static struct node *values_table(struct random_sql *random, struct random_table **table)
{
    uint32_t     rows = 1 + random_below(random, 4);
    struct node *node = FIXED(random, "(VALUES (@, @)", 2, literal(random), literal(random));

    *table = table_new(random, 2, "column");
    snprintf((*table)->column[0].name, sizeof(*table)->column[0].name, "column1");
    snprintf((*table)->column[1].name, sizeof(*table)->column[1].name, "column2");
    (*table)->rows = rows;
    for (uint32_t r = 1; r < rows; r++) {
        struct node *a = literal(random), *b = literal(random);

        node = FIXED(random, "@, (@, @)", 3, node, a, b);
    }
    return FIXED(random, "@)", 1, node);
}

static struct node *pragma_table(struct random_sql *random, struct random_table **table)
{
    static const char *const names[] = {"cid", "name", "type", "notnull", "pk"};

    *table = table_new(random, 5, "");
    for (uint32_t c = 0; c < 5; c++)
        snprintf((*table)->column[c].name, sizeof(*table)->column[c].name,
                 strcmp(names[c], "notnull") == 0 ? "\"%s\"" : "%s", names[c]);
    (*table)->rows = TABLE_COLUMNS_MAX;
    return FIXED(random, pool_printf(random, "pragma_table_info('%s')", random->table[0].name), 0);
}

static const char *const k_names[] = {"k0", "k1", "k2", "k3", "k4", "k5", "k6", "k7"};

static struct node *mergeable_from(struct random_sql *random);

struct node *mergeable_select(struct random_sql *random, uint32_t columns)
{
    struct surroundings saved = random->here;
    struct node        *from, *where, *items = NULL;

    random->nesting++;
    random->here =
        (struct surroundings){.work = 1, .level = chance(random, 20) ? saved.level + 1 : LEVEL_MAX};
    from = mergeable_from(random);
    where = chance(random, 50) ? CLAUSE(random, " WHERE @", 1, condition(random))
                               : CLAUSE(random, "", 0);
    for (uint32_t c = 0; c < columns; c++) {
        struct node *item = chance(random, 45)   ? column(random)
                            : chance(random, 25) ? literal(random)
                                                 : expr(random);

        item = FIXED(random, pool_printf(random, "@ AS %s", k_names[c]), 1, item);
        items = items == NULL ? item : FIXED(random, "@, @", 2, items, item);
    }
    saved.work *= random->here.work;
    random->here = saved;
    random->nesting--;
    return FIXED(random, "SELECT @@@", 3, items, from, where);
}

static struct node *mergeable(struct random_sql *random, struct random_table **table)
{
    uint32_t     columns = 1 + random_below(random, 4);
    uint64_t     before = random->here.work;
    struct node *select = mergeable_select(random, columns);

    *table = table_new(random, columns, "k");
    (*table)->rows = random->here.work / before;
    random->here.work = before;
    return FIXED(random, "(@)", 1, select);
}

/* Something with rows, and its columns in *table; NULL if it would be too many rows. */
static struct node *from_item(struct random_sql *random, const char *alias,
                              const struct random_table **table)
{
    struct random_table *made = NULL;
    struct node         *node;
    uint32_t             n = random_below(random, 100);

    if (n < 12 && random->here.level < LEVEL_MAX) {
        node = chance(random, 50) ? derived(random, &made) : plain_derived(random, &made);
    } else if (n < 14 && random->changed == NULL) { /* below an outer join: docs/deviations.md */
        node = values_table(random, &made);
    } else if (n < 15) {
        node = pragma_table(random, &made);
    } else if (n < 25 && random->nesting < NESTING_MAX && random->here.level <= LEVEL_MAX) {
        node = mergeable(random, &made);
    } else {
        *table = n < 40 && random->cte_count > 0
                     ? random->cte[random_below(random, random->cte_count)]
                     : &random->table[random_below(random, random->table_count)];
        if (random->changed != NULL && (!(*table)->base || *table == random->changed))
            return NULL;
        if (random->here.work * ((*table)->rows + 1) > random->work_max)
            return NULL;
        return FIXED(random, pool_printf(random, "%s AS %s", (*table)->name, alias), 0);
    }
    *table = made;
    if (random->here.work * (made->rows + 1) > random->work_max)
        return NULL;
    return FIXED(random, pool_printf(random, "@ AS %s", alias), 1, node);
}

/* --- joins --------------------------------------------------------------------------------------
 */
/* Of outer columns alone sqlite3 may take an ON for a WHERE where windows are (docs/deviations.md).
 */
static struct node *free_condition(struct random_sql *random)
{
    struct node *node = condition(random);

    return random->here.outer_count > 0 ? EXPR(random, "ifnull(@, 0)", 1, node) : node;
}

static struct node *join_condition(struct random_sql *random)
{
    struct surroundings *here = &random->here;
    struct node         *a = column_of(random, random_below(random, here->scope_count - 1)),
                *b = column_of(random, here->scope_count - 1);
    struct node *on = EXPR(random, "@ = @", 2, a, b);

    if (chance(random, 30))
        return EXPR(random, "(@ AND @)", 2, on, free_condition(random));
    return chance(random, 20) ? free_condition(random) : on;
}

static bool has_column(const struct random_table *table, const char *name)
{
    for (uint32_t c = 0; c < table->columns; c++)
        if (strcmp(table->column[c].name, name) == 0)
            return true;
    return false;
}

/* One more table on the right of from; from itself if there is no room for one. */
static struct node *join(struct random_sql *random, struct node *from)
{
    static const char *const joins[] = {
        " JOIN ",       " LEFT JOIN ", " INNER JOIN ", " RIGHT JOIN ", " FULL JOIN ",
        " CROSS JOIN ", ", "};
    struct surroundings *here = &random->here;
    uint32_t    kind = random_below(random, 7), own = here->scope_count - here->outer_count;
    const char *alias = pool_printf(random, "%c%u", (int)('x' + own % 3), random->alias_count++);
    const struct random_table *table;
    struct node               *item = from_item(random, alias, &table);

    if (item == NULL || here->scope_count == SCOPE_MAX)
        return from;
    scope_add(random, table, alias);
    here->open = true;
    if (kind >= 5)
        return FIXED(random, pool_printf(random, "@%s@", joins[kind]), 2, from, item);
    if (own == 1 && chance(random, 12)) {
        const char *name = chance(random, 60) ? "a" : "b";

        if (chance(random, 30))
            return FIXED(random, pool_printf(random, "@ NATURAL%s@", joins[kind]), 2, from, item);
        if (has_column(here->scope[here->outer_count].table, name) && has_column(table, name))
            return FIXED(random, pool_printf(random, "@%s@ USING (%s)", joins[kind], name), 2, from,
                         item);
    }
    return FIXED(random, pool_printf(random, "@%s@ ON @", joins[kind]), 3, from, item,
                 join_condition(random));
}

/* x JOIN (y JOIN z ON ...) ON ...: the inner condition sees y and z. */
static struct node *join_nested(struct random_sql *random, struct node *from)
{
    struct surroundings       *here = &random->here, outside = *here;
    const struct random_table *table;
    const char                *alias = pool_printf(random, "n%u", random->alias_count++);
    struct node               *inner = from_item(random, alias, &table), *both;

    if (inner == NULL || here->scope_count + 2 >= SCOPE_MAX)
        return from;
    here->scope_count = here->outer_count = 0;
    scope_add(random, table, alias);
    both = join(random, inner);
    for (uint32_t s = 0; s < here->scope_count; s++)
        outside.scope[outside.scope_count++] = here->scope[s];
    outside.work = here->work;
    outside.open = true;
    *here = outside;
    if (both == inner)
        return FIXED(random, "@, @", 2, from, both);
    return FIXED(random, chance(random, 50) ? "@ LEFT JOIN (@) ON @" : "@ JOIN (@) ON @", 3, from,
                 both, join_condition(random));
}

/* The first table of a FROM. */
static struct node *first_item(struct random_sql *random, const char *alias)
{
    const struct random_table *table;
    struct node               *from = NULL;

    for (int tries = 0; tries < 10 && from == NULL; tries++)
        from = from_item(random, alias, &table);
    if (from == NULL) {
        struct random_table *made = table_new(random, 1, "k");

        made->rows = 1;
        table = made;
        from = FIXED(random, pool_printf(random, "(SELECT 1 AS k0) AS %s", alias), 0);
    }
    scope_add(random, table, alias);
    return from;
}

static struct node *mergeable_from(struct random_sql *random)
{
    struct node *from = first_item(random, pool_printf(random, "m%u", random->alias_count++));

    if (chance(random, 30))
        from = join(random, from);
    return FIXED(random, " FROM @", 1, from);
}

/* Up to 8 tables by a = b AND b = c AND ...: what the equalities say together, over columns of
 * any types and collations, and in which order to join. */
static struct node *chain(struct random_sql *random)
{
    static const char *const equals[] = {"@ = @", "@ = @",  "@ = @",
                                         "@ = @", "@ IS @", "@ = @ COLLATE NOCASE"};
    struct surroundings     *here = &random->here;
    uint32_t                 count = 3 + random_below(random, 6);
    struct node             *from = first_item(random, "x"), *last = column(random);

    random->work_max = CHAIN_WORK_MAX;
    for (uint32_t t = 1; t < count; t++) {
        const char                *alias = pool_printf(random, "j%u", random->alias_count++);
        const struct random_table *table;
        struct node               *item = from_item(random, alias, &table), *on;

        if (item == NULL)
            continue;
        scope_add(random, table, alias);
        here->open = true;
        if (chance(random, 30))
            last = column_of(random, random_below(random, here->scope_count - 1));
        on = column_of(random, here->scope_count - 1);
        on = EXPR(random, PICK(random, equals), 2, last, on);
        last = chance(random, 70) ? on->children[1] : last;
        if (chance(random, 50)) {
            from = FIXED(random, "@, @", 2, from, item);
            here->chained =
                here->chained == NULL ? on : EXPR(random, "@ AND @", 2, here->chained, on);
        } else {
            from = FIXED(random, chance(random, 80) ? "@ JOIN @ ON @" : "@ LEFT JOIN @ ON @", 3,
                         from, item, on);
        }
    }
    random->work_max = WORK_MAX;
    return from;
}

struct node *from_clause(struct random_sql *random)
{
    struct surroundings *here = &random->here;
    struct node         *from;

    here->outer_count = here->scope_count;
    here->chained = NULL;
    if (here->level == 0 && here->scope_count == 0 && chance(random, 6))
        return FIXED(random, " FROM @", 1, chain(random));
    from = first_item(random,
                      here->level == 0 ? "x" : pool_printf(random, "s%u", random->alias_count++));
    for (uint32_t t = 1; t < 5 && chance(random, here->level == 0 ? 40 : 20); t++)
        from = t == 1 && chance(random, 8) ? join_nested(random, from) : join(random, from);
    return FIXED(random, " FROM @", 1, from);
}

/* --- subqueries of expressions ------------------------------------------------------------------
 */
struct node *subquery_where(struct random_sql *random)
{
    static const char *const correlations[] = {" WHERE @ = @ AND @", " WHERE (@ = @ OR 0) AND @",
                                               " WHERE @ IS @ AND coalesce(@, 1)", " WHERE @ = @"};
    struct surroundings     *here = &random->here;
    struct node             *own, *outer;

    if (here->outer_count > 0 && here->scope_count > here->outer_count && chance(random, 50)) {
        own = column_of(random, here->scope_count - 1);
        outer = column_of(random, random_below(random, here->outer_count));
        return CLAUSE(random, PICK(random, correlations), 3, own, outer, expr(random));
    }
    return chance(random, 70) ? CLAUSE(random, " WHERE @", 1, condition(random))
                              : CLAUSE(random, "", 0);
}

static struct node *scalar_subquery(struct random_sql *random)
{
    struct node *from = from_clause(random), *where = subquery_where(random), *item, *key;

    if (chance(random, 12)) {
        key = own_key(random);
        item = aggregate(random);
        return EXPR(random, "(SELECT @@@ GROUP BY @ ORDER BY 1 LIMIT 1)", 4, item, from, where,
                    key);
    }
    if (!random->here.open && chance(random, 40)) {
        item = column_of(random, random->here.scope_count - 1);
        return EXPR(random,
                    chance(random, 70) ? "(SELECT @@@ ORDER BY 1 LIMIT 1)" : "(SELECT @@@ LIMIT 1)",
                    3, item, from, where);
    }
    item = aggregate(random);
    return EXPR(random, "(SELECT @@@)", 3, item, from, where);
}

struct node *aggregate_pair(struct random_sql *random, bool correlated)
{
    struct surroundings saved = random->here;
    struct node        *from, *where, *a, *b;

    random->here.level++;
    random->here.open = false;
    if (!correlated)
        random->here.scope_count = 0;
    from = from_clause(random);
    where = subquery_where(random);
    a = aggregate(random);
    b = aggregate(random);
    random->here = saved;
    return FIXED(random,
                 "SELECT iif(octet_length(@) > 40, 'long', @) AS k0, substr(@, 1, 40) AS k1@@", 5,
                 a, a, b, from, where);
}

/* What keeps the rows of one outer row apart from those of the others: groups, DISTINCT, LIMIT, set
 * operations, inside and in FROM.  Made of a FROM with WHERE, and columns of its own. */
static struct node *apart_subquery(struct random_sql *random)
{
    static const char *const forms[] = {
        "(SELECT count(*)@ GROUP BY @ ORDER BY 1 DESC LIMIT 1)",
        "(SELECT max(n) FROM (SELECT count(*) AS n@ GROUP BY @) AS apart)",
        "(SELECT count(*) FROM (SELECT DISTINCT 1@ GROUP BY @) AS apart)",
        "(SELECT sum(n) FROM (SELECT count(*) AS n@ GROUP BY @ HAVING count(*) < 5 UNION ALL "
        "SELECT "
        "3) AS apart)",
        "(SELECT count(*) FROM (SELECT 1 AS n@ ORDER BY @ LIMIT 3 OFFSET 1) AS apart)",
        "(SELECT count(*) FROM (SELECT 1 AS n@ ORDER BY @ LIMIT -1 OFFSET 2) AS apart)",
        "(SELECT 1@ GROUP BY @ HAVING count(*) > 1 LIMIT 1)",
        "EXISTS (SELECT 1@ GROUP BY @ HAVING count(*) > 1)",
        "EXISTS (SELECT 1@ ORDER BY @ LIMIT 2 OFFSET 1)",
        "(2 IN (SELECT count(*)@ GROUP BY @))",
        "(1 NOT IN (SELECT count(*)@ GROUP BY @ ORDER BY 1 LIMIT 2))"};
    struct node *from = from_clause(random), *where = subquery_where(random), *own;

    own = own_key(random);
    return EXPR(random, PICK(random, forms), 2, CLAUSE(random, "@@", 2, from, where), own);
}

static struct node *in_subquery(struct random_sql *random, const struct surroundings *outside)
{
    uint32_t     columns = chance(random, 80) ? 1 : 2;
    const char  *in = chance(random, 60) ? "IN" : "NOT IN";
    struct node *select = random_select(random, columns), *a, *b;

    random->here = *outside;
    a = expr(random);
    if (columns == 1)
        return EXPR(
            random,
            pool_printf(random, "(%s %s (@))", random->here.grouped ? "ifnull(@, 0)" : "@", in), 2,
            a, select);
    b = expr(random);
    return EXPR(random, pool_printf(random, "((@, @) %s (@))", in), 3, a, b, select);
}

struct node *subquery(struct random_sql *random)
{
    struct surroundings saved = random->here;
    struct node        *node;

    if (saved.level >= LEVEL_MAX || saved.work > WORK_MAX / 10 || saved.scope_count + 6 > SCOPE_MAX)
        return literal(random);
    random->here.level++;
    random->here.depth += 2;
    random->here.open = random->here.grouped = random->here.windowed = false;
    random->here.untyped = false;
    random->here.leaf_count = saved.grouped ? saved.key_count : 0;
    random->here.copied |= saved.grouped;
    if (chance(random, 40)) /* the inner tables alone: not correlated */
        random->here.scope_count = random->here.leaf_count = 0;
    if (random->here.scope_count == 0)
        random->here.alias = NULL;
    switch (random_below(random, 4)) {
    case 0:
    case 1:
        node = chance(random, 35) ? apart_subquery(random) : scalar_subquery(random);
        break;
    case 2:
        node = EXPR(random, chance(random, 50) ? "EXISTS (@)" : "NOT EXISTS (@)", 1,
                    random_select(random, 1));
        break;
    default:
        node = in_subquery(random, &saved);
    }
    random->here = saved;
    return node;
}
