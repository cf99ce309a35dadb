/* random_window.c - random window functions: every call, frame, exclusion, named and chained
 * windows. */
#include "tests/oracle/random_internal.h"

#include <stdio.h>
#include <string.h>

static const char *const calls[] = {
    "row_number()",
    "rank()",
    "dense_rank()",
    "percent_rank()",
    "cume_dist()",
    "ntile(3)",
    "ntile(1 + ifnull(abs(@ % 4), 0))",
    "lag(@)",
    "lead(@)",
    "lead(@, 2)",
    "lag(@, 0)",
    "lag(@, 1, @)",
    "lead(@, 2, 'none')",
    "lag(@, @)",
    "first_value(@)",
    "last_value(@)",
    "nth_value(@, 2)",
    "nth_value(@, 1 + ifnull(abs(@ % 3), 0))",
    "sum(@)",
    "count(@)",
    "min(@)",
    "max(@)",
    "avg(@)",
    "total(@)",
    "group_concat(@)",
    "group_concat(@, '-')",
    "string_agg(@, @)",
    "count(*)",
    "count(*) FILTER (WHERE @)",
    "sum(@) FILTER (WHERE @)",
    "min(@) FILTER (WHERE @)",
    "group_concat(@) FILTER (WHERE @)",
};

/* --- frames -------------------------------------------------------------------------------------
 */
static const char *frame_offset(struct random_sql *random, const char *unit)
{
    static const char *const        rows[] = {"0",   "1",   "2",
                                              "3",   "1",   "2",
                                              "1.0", "'2'", "9223372036854775807",
                                              "1+0", "5",   "100"},
                             *const range[] = {"0",   "1",  "2",    "1.5",
                                               "0.1", "3",  "1e18", "9223372036854775807",
                                               "'2'", "1+1"};

    if (may_fail(random) && chance(random, 2))
        return chance(random, 50) ? "-1" : "NULL";
    return unit[1] == 'R' && unit[2] == 'A' ? PICK(random, range) : PICK(random, rows);
}

/* A frame over so many ORDER BY terms: RANGE has offsets with one only. */
static const char *frame(struct random_sql *random, uint32_t terms)
{
    static const char *const units[] = {" ROWS", " GROUPS", " RANGE"};
    static const char *const excludes[] = {"",
                                           "",
                                           "",
                                           "",
                                           " EXCLUDE NO OTHERS",
                                           " EXCLUDE CURRENT ROW",
                                           " EXCLUDE GROUP",
                                           " EXCLUDE TIES"};
    const char              *unit = PICK(random, units), *exclude = PICK(random, excludes);
    bool                     offsets = unit[2] != 'A' || terms == 1;
    uint32_t                 start = random_below(random, 4),
             end; /* unbounded, n preceding, current, n following */
    char text[2][64];

    if (chance(random, 25) || (unit[1] == 'G' && terms == 0))
        return "";
    if (!offsets)
        start &= ~1U;
    do
        end = 1 + random_below(random, 4); /* n preceding, current, n following, unbounded */
    while (end < start || (!offsets && (end == 1 || end == 3)));
    for (int i = 0; i < 2; i++) {
        uint32_t bound = i == 0 ? start : end;

        if (bound == 0 || bound == 4)
            snprintf(text[i], sizeof text[i], "UNBOUNDED %s",
                     bound == 0 ? "PRECEDING" : "FOLLOWING");
        else if (bound == 2)
            snprintf(text[i], sizeof text[i], "CURRENT ROW");
        else
            snprintf(text[i], sizeof text[i], "%s %s", frame_offset(random, unit),
                     bound == 1 ? "PRECEDING" : "FOLLOWING");
    }
    if (end == 2 && start < 3 && chance(random, 30))
        return pool_printf(random, "%s %s%s", unit, text[0], exclude);
    return pool_printf(random, "%s BETWEEN %s AND %s%s", unit, text[0], text[1], exclude);
}

/* --- windows ------------------------------------------------------------------------------------
 */
/* An expression of a window's key.  Without subqueries: SQLite takes windows with them for
 * different ones where they are the same, which shows in the order of peers. */
static struct node *key_expr(struct random_sql *random, const char *format)
{
    uint32_t     level = random->here.level;
    struct node *node;

    random->here.level = LEVEL_MAX;
    node = EXPR(random, format, 1, expr(random));
    random->here.level = level;
    return node;
}

static struct node *order_term(struct random_sql *random)
{
    static const char *const forms[] = {
        "@", "@", "@", "@ DESC", "@ COLLATE NOCASE", "@ NULLS LAST", "@ DESC NULLS FIRST"};

    return FIXED(random, PICK(random, forms), 1,
                 chance(random, 75) ? column(random) : key_expr(random, "coalesce(@, 1)"));
}

/* Rows in open order are put in one by the rowids of all tables. */
static const char *order_by_rowids(struct random_sql *random)
{
    const struct surroundings *here = &random->here;
    char                       text[256] = "";

    for (uint32_t s = here->outer_count; s < here->scope_count; s++)
        snprintf(text + strlen(text), sizeof text - strlen(text), ", %s.rowid",
                 here->scope[s].alias);
    return pool_printf(random, "%s", text);
}

/* What stands in the parentheses: PARTITION BY and ORDER BY without a frame; *terms: of ORDER BY.
 */
static struct node *window_keys(struct random_sql *random, uint32_t *terms)
{
    struct node *partition, *order = NULL;

    partition =
        chance(random, 55)
            ? CLAUSE(random,
                     chance(random, 10) ? "PARTITION BY @ COLLATE NOCASE " : "PARTITION BY @ ", 1,
                     chance(random, 75) ? column(random) : key_expr(random, "ifnull(@, 0)"))
            : CLAUSE(random, "", 0);
    *terms = random->here.open ? 1 + random_below(random, 2) : random_below(random, 3);
    for (uint32_t i = 0; i < *terms; i++)
        order = order == NULL ? order_term(random)
                              : FIXED(random, "@, @", 2, order, order_term(random));
    if (order == NULL)
        return FIXED(random, "@", 1, partition);
    if (random->here.open) {
        *terms += 2;
        return FIXED(random, pool_printf(random, "@ORDER BY @%s", order_by_rowids(random)), 2,
                     partition, order);
    }
    return FIXED(random, "@ORDER BY @", 2, partition, order);
}

struct names {
    const char *clause[2]; /* what stands behind OVER to use a named window */
    uint32_t    count;
};

/* The function with its arguments. */
static struct node *window_function(struct random_sql *random)
{
    const char  *call = PICK(random, calls), *at = strchr(call, '@');
    struct node *a, *b;

    if (at == NULL)
        return FIXED(random, call, 0);
    if (strncmp(call, "sum(", 4) == 0 && !may_fail(random))
        call = "total(@)";
    a = chance(random, 70) ? column(random) : expr(random);
    if (strchr(at + 1, '@') == NULL)
        return FIXED(random, call, 1, a);
    b = column(random);
    return FIXED(random, call, 2, a, b);
}

static struct node *window_call(struct random_sql *random, const struct names *names)
{
    struct node *function = window_function(random), *keys;
    uint32_t     terms;

    if (names->count > 0 && chance(random, 60))
        return EXPR(
            random,
            pool_printf(random, "@ OVER %s", names->clause[random_below(random, names->count)]), 1,
            function);
    keys = window_keys(random, &terms);
    return EXPR(random, pool_printf(random, "@ OVER (@%s)", frame(random, terms)), 2, function,
                keys);
}

static struct node *window_clause(struct random_sql *random, struct names *names)
{
    struct node *keys, *clause;
    uint32_t     terms;
    const char  *own;

    names->count = 0;
    if (!chance(random, 25))
        return CLAUSE(random, "", 0);
    keys = window_keys(random, &terms);
    own = chance(random, 60) ? "" : frame(random, terms);
    names->clause[names->count++] = "w";
    clause = FIXED(random, pool_printf(random, " WINDOW w AS (@%s)", own), 1, keys);
    if (own[0] == '\0' && chance(random, 50)) /* chained: a frame of its own */
        names->clause[names->count++] = pool_printf(random, "(w%s)", frame(random, terms));
    if (own[0] == '\0' && terms == 0 && chance(random, 50)) {
        struct node *order = order_term(random);

        names->clause[names->count - 1] = pool_printf(random, "w2");
        clause = FIXED(random, pool_printf(random, "@, w2 AS (w ORDER BY @%s)", frame(random, 1)),
                       2, clause, order);
    }
    return clause;
}

struct node *window_leaves(struct random_sql *random, uint32_t count)
{
    struct surroundings *here = &random->here;
    struct names         names;
    struct node         *clause = window_clause(random, &names), *leaf[4];

    for (uint32_t i = 0; i < count; i++)
        leaf[i] = window_call(random, &names);
    here->windowed = true;
    for (uint32_t i = 0; i < count && here->leaf_count < LEAVES_MAX; i++)
        here->leaf[here->leaf_count++] = leaf[i];
    return clause;
}

struct node *window_select(struct random_sql *random, struct node *from, struct node *where,
                           uint32_t columns)
{
    struct surroundings *here = &random->here;
    struct node         *clause, *items = NULL;
    bool                 base = true;

    for (uint32_t s = here->outer_count; s < here->scope_count; s++)
        base &= here->scope[s].table->base;
    if (here->open && !base) /* no rowids that could put the rows in order */
        return FIXED(random, "SELECT @@@", 3, list(random, item, columns), from, where);
    clause = window_leaves(random, 1 + random_below(random, 3));
    for (uint32_t i = 0; i < columns; i++) {
        struct node *item = i < here->leaf_count && chance(random, 80) ? here->leaf[i]
                            : chance(random, 60)                       ? column(random)
                                                                       : expr(random);

        item = item_of(random, item);
        items = items == NULL ? item : FIXED(random, "@, @", 2, items, item);
    }
    return FIXED(random, "SELECT @@@@", 4, items, from, where, clause);
}
