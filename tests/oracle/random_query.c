/* random_query.c - whole SELECTs: plain, grouped, compound, recursive; WITH, ORDER BY, LIMIT. */
#include "tests/oracle/random_internal.h"

#include <stdio.h>
#include <string.h>

/* --- one select ---------------------------------------------------------------------------------
 */
static struct node *where_clause(struct random_sql *random)
{
    struct node *chained = random->here.chained;

    if (chained != NULL)
        return chance(random, 40) ? FIXED(random, " WHERE @ AND @", 2, chained, condition(random))
                                  : FIXED(random, " WHERE @", 1, chained);
    if (random->here.outer_count > 0 && chance(random, 50))
        return subquery_where(random);
    return chance(random, 65) ? CLAUSE(random, " WHERE @", 1, condition(random))
                              : CLAUSE(random, "", 0);
}

struct node *item_of(struct random_sql *random, struct node *expr)
{
    return random->here.untyped ? FIXED(random, "+@", 1, expr) : expr;
}

struct node *item(struct random_sql *random)
{
    return item_of(random, expr(random));
}

static struct node *column_item(struct random_sql *random)
{
    return item_of(random, column(random));
}

/* "@ AS name": conditions and subqueries in them may call it so. */
static struct node *aliased_select(struct random_sql *random, struct node *from, uint32_t columns)
{
    const char  *alias = pool_printf(random, "al%u", random->alias_count++);
    struct node *first = FIXED(random, pool_printf(random, "@ AS %s", alias), 1, item(random)),
                *where;

    if (columns > 1)
        first = FIXED(random, "@, @", 2, first, list(random, column_item, columns - 1));
    random->here.alias = alias;
    where = where_clause(random);
    return FIXED(random, "SELECT @@@", 3, first, from, where);
}

static struct node *plain_select(struct random_sql *random, struct node *from, struct node *where,
                                 uint32_t columns)
{
    struct node *items =
        chance(random, 60) ? list(random, item, columns) : list(random, column_item, columns);

    return FIXED(random, chance(random, 20) ? "SELECT DISTINCT @@@" : "SELECT @@@", 3, items, from,
                 where);
}

/* An aggregate that stands in a subquery, though it is this select's. */
static struct node *nested_aggregate(struct random_sql *random)
{
    struct node               *own = aggregate(random);
    const struct random_table *table = &random->table[0];

    return chance(random, 50) ? EXPR(random, "(SELECT @)", 1, own)
                              : EXPR(random,
                                     pool_printf(random, "(SELECT count(*) || @ FROM %s AS g%u)",
                                                 table->name, random->alias_count++),
                                     1, own);
}

/* From here on a column is a key, an aggregate, or (rows in order) any column of the group.  True
 * if aggregates stand in subqueries: beside windows sqlite3 refuses them. */
static bool group_leaves(struct random_sql *random, struct node *const *keys, uint32_t key_count)
{
    struct surroundings *here = &random->here;
    struct node         *leaf[LEAVES_MAX];
    uint32_t             count = 0, aggregates = 1 + random_below(random, 3);
    bool                 nested = here->outer_count == 0 && here->level == 0 && chance(random, 10);

    while (count < key_count) {
        leaf[count] = keys[count];
        count++;
    }
    while (aggregates-- > 0)
        leaf[count++] = nested ? nested_aggregate(random) : aggregate(random);
    if (!here->open && chance(random, 15))
        leaf[count++] = column(random);
    memcpy(here->leaf, leaf, count * sizeof *leaf);
    here->leaf_count = count;
    here->key_count = key_count;
    here->scope_count = 0;
    return nested;
}

static struct node *group_by(struct random_sql *random, struct node *const *keys, uint32_t count)
{
    struct node *node = NULL;

    for (uint32_t i = 0; i < count; i++)
        node = node == NULL ? keys[i] : FIXED(random, "@, @", 2, node, keys[i]);
    return node == NULL ? CLAUSE(random, "", 0) : FIXED(random, " GROUP BY @", 1, node);
}

static struct node *grouped_select(struct random_sql *random, struct node *from, struct node *where,
                                   uint32_t columns)
{
    struct node *keys[3], *items = NULL, *having, *groups, *windows = CLAUSE(random, "", 0);
    uint32_t     count = random_below(random, 4);
    /* HAVING without GROUP BY is an error or not, depending on which columns are read */
    bool nested, plain = true,
                 selective = (count > 0 || random->here.level == 0) && chance(random, 25);

    random->here.grouped = true;
    random->here.selective |= selective;
    for (uint32_t i = 0; i < count; i++) {
        keys[i] = !chance(random, 65)                                          ? expr(random)
                  : random->here.outer_count > 0 && random->here.alias == NULL ? own_key(random)
                                                                               : column(random);
        if ((keys[i]->count == 0 && strchr(keys[i]->format, '.') == NULL) ||
            strstr(keys[i]->format, "likel") != NULL) /* no position; likely(0) becomes one */
            keys[i] = EXPR(random, "ifnull(@, 'k')", 1, keys[i]);
        plain &= keys[i]->count == 0;
    }
    groups = group_by(random, keys, count);
    nested = group_leaves(random, keys, count);
    having = selective ? CLAUSE(random, " HAVING @", 1, condition(random)) : CLAUSE(random, "", 0);
    if (!random->here.open && !nested && plain && (count > 0 || having->count == 0) &&
        chance(random, 12))
        windows = window_leaves(random, 1 + random_below(random, 2));
    for (uint32_t i = 0; i < columns; i++) {
        struct node *item = i < count && chance(random, 80)                     ? keys[i]
                            : i < random->here.leaf_count && chance(random, 70) ? column(random)
                                                                                : expr(random);

        item = item_of(random, item);
        items = items == NULL ? item : FIXED(random, "@, @", 2, items, item);
    }
    if (!chance(random, 5))
        return FIXED(random, "SELECT @@@@@@", 6, items, from, where, groups, having, windows);
    random->here.open = true; /* which group comes first shows behind DISTINCT */
    return FIXED(random, "SELECT DISTINCT @@@@@@", 6, items, from, where, groups, having, windows);
}

static struct node *single_select(struct random_sql *random, uint32_t columns)
{
    struct node *from = from_clause(random), *where;
    uint32_t     n = random_below(random, 100);

    if (n >= 92)
        return aliased_select(random, from, columns);
    where = where_clause(random);
    if (n < 28)
        return grouped_select(random, from, where, columns);
    if (n < 42)
        return window_select(random, from, where, columns);
    return plain_select(random, from, where, columns);
}

static struct node *values_select(struct random_sql *random, uint32_t columns, uint32_t rows)
{
    struct node *node = FIXED(random, "VALUES (@)", 1, list(random, literal, columns));

    for (uint32_t r = 1; r < rows; r++)
        node = FIXED(random, "@, (@)", 2, node, list(random, literal, columns));
    return node;
}

/* More terms behind query; each has tables of its own.  Behind VALUES with several rows there are
 * none, for these have a collation (docs/deviations.md). */
static struct node *compound(struct random_sql *random, struct node *query, uint32_t columns,
                             const struct surroundings *outside)
{
    static const char *const operators[] = {"UNION ALL", "UNION ALL", "UNION", "INTERSECT",
                                            "EXCEPT"};

    bool last = false;

    do {
        uint64_t     work = random->here.work;
        bool         open = random->here.open, values = chance(random, 10);
        uint32_t     rows = 1 + random_below(random, 4);
        struct node *term;

        random->here = *outside;
        term = values ? values_select(random, columns, rows) : single_select(random, columns);
        last = (values && rows > 1) || !chance(random, 25);
        query =
            FIXED(random, pool_printf(random, "@ %s @", PICK(random, operators)), 2, query, term);
        random->here.work += work;
        random->here.open |= open;
    } while (!last);
    return query;
}

struct node *random_select(struct random_sql *random, uint32_t columns)
{
    struct surroundings outside;
    struct node        *query;
    bool                several = chance(random, 12);

    if (chance(random, 2))
        return values_select(random, columns, 1 + random_below(random, 4));
    random->here.selective |= several;
    random->here.untyped = several && random->here.level > 0;
    outside = random->here;
    query = single_select(random, columns);
    if (several) {
        query = compound(random, query, columns, &outside);
        random->here.open |= random->here.level > 0;
    }
    return query;
}

/* --- recursion ----------------------------------------------------------------------------------
 */
/* A recursive table that walks over a table's rows. */
static struct node *walk_query(struct random_sql *random)
{
    const struct random_table *table = &random->table[random_below(random, random->table_count)];
    uint32_t     a = random_below(random, table->columns), b = random_below(random, table->columns);
    struct node *where;

    if (table->rows > 60)
        return NULL;
    random->here.selective = true;
    random->here.scope[0].table = table;
    random->here.scope[0].alias = "x";
    random->here.scope_count = 1;
    where = CLAUSE(random, " AND @", 1, condition(random));
    random->open = true;
    return FIXED(random,
                 pool_printf(random,
                             "WITH RECURSIVE w(i, n) AS (SELECT %s, 0 FROM %s UNION SELECT x.%s, "
                             "w.n + 1 FROM w %s %s AS x ON x.%s = w.i WHERE w.n < %u@) SELECT "
                             "i, n, count(*) FROM w GROUP BY i, n",
                             table->column[b].name, table->name, table->column[b].name,
                             chance(random, 80) ? "JOIN" : "LEFT JOIN", table->name,
                             table->column[a].name, 1 + random_below(random, 4)),
                 1, where);
}

/* A recursive table that counts. */
static struct node *recursive_query(struct random_sql *random)
{
    static const char *const queries[] = {
        "WITH RECURSIVE c(i, j) AS (SELECT 1, @ UNION ALL SELECT i + 1, j FROM c WHERE i < %u) "
        "SELECT i, j, @ FROM c",
        "WITH RECURSIVE c(i) AS (VALUES(1) UNION SELECT (i * 2 + 1) %% %u FROM c) SELECT i, @, @ "
        "FROM c",
        "WITH RECURSIVE c(i, s) AS (SELECT 0, '' UNION ALL SELECT i + 1, s || i FROM c WHERE i < "
        "%u) SELECT s, @, @ FROM c WHERE i %% 2",
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT %u) SELECT sum(i), "
        "count(*), @, @ FROM c",
        "WITH RECURSIVE c(i, d) AS (SELECT 1, 0 UNION ALL SELECT i * 2, d + 1 FROM c WHERE d < 5 "
        "UNION ALL SELECT i * 2 + 1, d + 1 FROM c WHERE d < 5 ORDER BY 2 DESC, 1 LIMIT %u) SELECT "
        "i, d, @, @ FROM c",
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION SELECT i + 1 FROM c WHERE i < %u), d(k) AS "
        "(SELECT i FROM c WHERE i %% 3 UNION ALL SELECT k - 3 FROM d WHERE k > 3) SELECT c.i, "
        "count(k), @, @ FROM c LEFT JOIN d ON c.i = d.k GROUP BY c.i"};
    struct node *a, *b, *walk = chance(random, 50) ? walk_query(random) : NULL;

    if (walk != NULL)
        return walk;
    random->here.scope_count = 0;
    random->here.level = LEVEL_MAX;
    a = expr(random);
    b = expr(random);
    return FIXED(
        random, pool_printf(random, queries[random_below(random, 6)], 5 + random_below(random, 20)),
        2, a, b);
}

/* --- order --------------------------------------------------------------------------------------
 */
const char *order_by_all(struct random_sql *random, uint32_t columns)
{
    char   text[256] = " ORDER BY ";
    size_t used = strlen(text);

    for (uint32_t i = 1; i <= columns; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%u%s%s", i > 1 ? ", " : "", i,
                                 chance(random, 30) ? " DESC" : "",
                                 chance(random, 10) ? " NULLS LAST" : "");
    return pool_printf(random, "%s", text);
}

/* Any keys: where rows have an order it breaks ties. */
static struct node *order_by_some(struct random_sql *random, uint32_t columns)
{
    static const char *const forms[] = {
        "@", "@", "@ DESC", "@ NULLS LAST", "@ COLLATE NOCASE", "@ DESC NULLS FIRST"};
    struct node *keys = NULL;

    for (uint32_t n = 1 + random_below(random, 3); n > 0; n--) {
        struct node *key =
            chance(random, 30)
                ? FIXED(random, pool_printf(random, "%u", 1 + random_below(random, columns)), 0)
                : EXPR(random, "coalesce(@, 'n')", 1, expr(random));

        key = FIXED(random, PICK(random, forms), 1, key);
        keys = keys == NULL ? key : FIXED(random, "@, @", 2, keys, key);
    }
    return FIXED(random, " ORDER BY @", 1, keys);
}

static struct node *limited(struct random_sql *random, struct node *query)
{
    static const char *const forms[] = {" LIMIT 2 + 3",
                                        " LIMIT '5'",
                                        " LIMIT 4.0 OFFSET '1'",
                                        " LIMIT -1 OFFSET abs(-2)",
                                        " LIMIT 2, 5",
                                        " LIMIT (SELECT count(*) FROM t0) % 7 OFFSET 1",
                                        " LIMIT 0x8",
                                        " LIMIT CAST('6' AS INT) OFFSET -3",
                                        " LIMIT iif(1, 3, 4)",
                                        " LIMIT 9223372036854775807 OFFSET 2",
                                        " LIMIT ?2 OFFSET ?3",
                                        " LIMIT NULL",
                                        " LIMIT 2.5",
                                        " LIMIT 'x'"};

    if (chance(random, 15))
        return FIXED(random, "@@", 2, query, CLAUSE(random, PICK(random, forms), 0));
    return FIXED(
        random, "@@", 2, query,
        CLAUSE(random,
               pool_printf(random, " LIMIT %d OFFSET %d", (int)random_below(random, 20) - 1,
                           (int)random_below(random, 5) - 1),
               0));
}

struct node *put_in_order(struct random_sql *random, struct node *query, uint32_t columns)
{
    char names[64] = "", keys[192] = "";

    for (uint32_t c = 0; c < columns; c++) {
        snprintf(names + strlen(names), sizeof names - strlen(names), "%sq%u", c > 0 ? ", " : "",
                 c);
        snprintf(keys + strlen(keys), sizeof keys - strlen(keys), "%sq%u%s, quote(q%u)",
                 c > 0 ? ", " : "", c, chance(random, 30) ? " DESC" : "", c);
    }
    return FIXED(random,
                 pool_printf(random, "WITH q(%s) AS (@) SELECT * FROM q ORDER BY %s", names, keys),
                 1, query);
}

static struct node *ordered_query(struct random_sql *random, struct node *query, uint32_t columns,
                                  bool single)
{
    struct node *order;

    if (random->here.open && random->cte_count == 0 && chance(random, 30))
        return limited(random, put_in_order(random, query, columns));
    order = single && !random->here.open && chance(random, 50)
                ? order_by_some(random, columns)
                : FIXED(random, order_by_all(random, columns), 0);
    query = FIXED(random, "@@", 2, query, order);
    return !random->here.open && chance(random, 40) ? limited(random, query) : query;
}

/* --- WITH ---------------------------------------------------------------------------------------
 */
static struct node *with_clause(struct random_sql *random)
{
    static const char *const hints[] = {"", "", "MATERIALIZED ", "NOT MATERIALIZED "};
    struct node             *node = NULL;
    uint32_t                 count = 1 + random_below(random, CTES_MAX);

    for (uint32_t i = 0; i < count; i++) {
        struct random_table *table = pool_alloc(random, sizeof *table);
        struct node         *select;

        memset(table, 0, sizeof *table);
        random->here = (struct surroundings){.work = 1, .level = 1};
        table->columns = 2;
        table->plain = true;
        snprintf(table->name, sizeof table->name, "c%u", i);
        strcpy(table->column[0].name, "a");
        strcpy(table->column[1].name, "m");
        select = chance(random, 30) ? mergeable_select(random, 2) : random_select(random, 2);
        table->rows = random->here.work;
        select = FIXED(random, pool_printf(random, "c%u(a, m) AS %s(@)", i, PICK(random, hints)), 1,
                       select);
        random->cte[random->cte_count++] = table;
        node = node == NULL ? FIXED(random, "WITH @", 1, select)
                            : FIXED(random, "@, @", 2, node, select);
    }
    return FIXED(random, "@ ", 1, node);
}

struct node *random_query(struct random_sql *random, bool *ordered)
{
    struct node *query, *with = NULL;
    uint32_t     columns = 1 + random_below(random, 4);

    random->pool_used = 0;
    random->cte_count = random->alias_count = random->nesting = 0;
    random->changed = NULL;
    random->parameters = true;
    random->here = (struct surroundings){.work = 1};
    random->open = false;
    *ordered = false;
    if (chance(random, 3))
        return recursive_query(random);
    if (chance(random, 10))
        with = with_clause(random);
    random->here = (struct surroundings){.work = 1};
    if (chance(random, 85)) {
        query = single_select(random, columns);
        *ordered = chance(random, 45);
        if (*ordered)
            query = ordered_query(random, query, columns, true);
    } else {
        query = random_select(random, columns);
        *ordered = chance(random, 45);
        if (*ordered)
            query = ordered_query(random, query, columns, false);
    }
    random->open = random->here.open;
    return with == NULL ? query : FIXED(random, "@@", 2, with, query);
}
