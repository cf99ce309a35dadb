/* random_change.c - random INSERTs, UPDATEs and DELETEs, of tables with unique keys too. */
#include "tests/oracle/random_internal.h"

#include <stdio.h>
#include <string.h>

enum { ROWS_CHANGED_MAX = 80 };

/* --- changes of the schema's tables
 * ------------------------------------------------------------------------------------
 */
static struct node *random_where(struct random_sql *random)
{
    return chance(random, 85) ? CLAUSE(random, " WHERE @", 1, condition(random))
                              : CLAUSE(random, "", 0);
}

/* value as an assignment to a column: again and again a text may not grow. */
static struct node *assigned(struct random_sql *random, struct node *value)
{
    return FIXED(random, "iif(octet_length(@) > 40, 'long', @)", 2, value, value);
}

static uint32_t some_column(struct random_sql *random, const struct random_table *table)
{
    return table->keyed ? 1 + random_below(random, table->columns - 1)
                        : random_below(random, table->columns);
}

/* SET (a, b) = (SELECT ...). */
static struct node *update_row(struct random_sql *random, const struct random_table *table)
{
    uint32_t     a = some_column(random, table), b = some_column(random, table);
    struct node *values = aggregate_pair(random, true);

    return FIXED(random,
                 pool_printf(random, "UPDATE %s SET (%s, %s) = (@)@", table->name,
                             table->column[a].name, table->column[b].name),
                 2, values, random_where(random));
}

/* UPDATE ... FROM one row, for of several that match any may be taken. */
static struct node *update_from(struct random_sql *random, const struct random_table *table)
{
    struct node         *from = aggregate_pair(random, false), *value, *where;
    struct random_table *row = pool_alloc(random, sizeof *row);

    memset(row, 0, sizeof *row);
    row->columns = 2;
    row->rows = 1;
    strcpy(row->column[0].name, "k0");
    strcpy(row->column[1].name, "k1");
    random->here.scope[random->here.scope_count].table = row;
    random->here.scope[random->here.scope_count++].alias = "f";
    value = chance(random, 40) ? EXPR(random, "f.k0", 0) : expr(random);
    where = random_where(random);
    return FIXED(random,
                 pool_printf(random, "UPDATE %s SET %s = @ FROM (@) AS f@", table->name,
                             table->column[some_column(random, table)].name),
                 3, assigned(random, value), from, where);
}

/* UPDATE ... FROM groups with an integer each: one at most is equal to a value. */
static struct node *update_from_groups(struct random_sql *random, const struct random_table *table)
{
    const struct random_table *from = &random->table[random_below(random, random->table_count)];
    struct node               *where;

    if (!from->base || from == table)
        return NULL;
    where = random_where(random);
    return FIXED(random,
                 pool_printf(random,
                             "UPDATE %s SET %s = f.k, %s = f.v FROM (SELECT CAST(%s AS INTEGER) AS "
                             "k, count(*) AS v FROM %s GROUP BY 1) AS f%s %s.%s = f.k",
                             table->name, table->column[some_column(random, table)].name,
                             table->column[some_column(random, table)].name,
                             from->column[random_below(random, from->columns)].name, from->name,
                             where->count > 0 ? "@ AND" : " WHERE", table->name,
                             table->column[random_below(random, table->columns)].name),
                 where->count > 0 ? 1 : 0, where);
}

static struct node *random_update(struct random_sql *random, const struct random_table *table)
{
    struct node *groups = chance(random, 12) ? update_from_groups(random, table) : NULL;
    struct node *value, *where;

    if (groups != NULL)
        return groups;
    if (random->here.level < LEVEL_MAX && chance(random, 15))
        return update_row(random, table);
    if (random->here.level < LEVEL_MAX && chance(random, 15))
        return update_from(random, table);
    value = assigned(random, expr(random));
    where = random_where(random);
    return FIXED(random,
                 pool_printf(random, "UPDATE %s SET %s = @@", table->name,
                             table->column[some_column(random, table)].name),
                 2, value, where);
}

/* A row of expressions for every row of the table itself that a condition takes; or the rows of
 * any select. */
static struct node *random_insert(struct random_sql *random, struct random_table *table)
{
    char         names[256] = "", values[512] = "";
    uint32_t     first = table->keyed ? 1 : 0;
    struct node *select;

    for (uint32_t c = first; c < table->columns; c++) {
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", c > first ? ", " : "",
                 table->column[c].name);
        snprintf(values + strlen(values), sizeof values - strlen(values),
                 "%siif(octet_length(q%u) > 40, 'long', q%u)", c > first ? ", " : "", c - first,
                 c - first);
    }
    table->rows += 20;
    if (chance(random, 50)) {
        struct surroundings saved = random->here;

        random->here = (struct surroundings){.work = 1, .level = 1};
        random->changed = NULL; /* the rows are made before the first one is added */
        select = random_select(random, table->columns - first);
        if (!random->here.open)
            return FIXED(random,
                         pool_printf(random, "INSERT INTO %s(%s) SELECT %s FROM (@ LIMIT 20)",
                                     table->name, names, values),
                         1, put_in_order(random, select, table->columns - first));
        random->here = saved;
    }
    return FIXED(random,
                 pool_printf(random, "INSERT INTO %s(%s) SELECT @ FROM %s@ LIMIT 20", table->name,
                             names, table->name),
                 2, list(random, column, table->columns - first), random_where(random));
}

/* Puts table into sight, by its name, and nothing else. */
static void see_alone(struct random_sql *random, const struct random_table *table, uint32_t level)
{
    random->here = (struct surroundings){.work = 1, .level = level, .scope_count = 1};
    random->here.scope[0].table = table;
    random->here.scope[0].alias = table->name;
}

/* RETURNING, often.  Of columns: of expressions sqlite3 may return a REAL column's value as it is
 * stored, an INTEGER. */
static struct node *returning(struct random_sql *random, const struct random_table *table,
                              bool *returns)
{
    struct node *a, *b;

    see_alone(random, table, LEVEL_MAX);
    *returns = chance(random, 15);
    if (!*returns)
        return CLAUSE(random, "", 0);
    a = column(random);
    b = column(random);
    return chance(random, 50) ? FIXED(random, " RETURNING *", 0)
                              : FIXED(random, " RETURNING @, typeof(@)", 2, a, b);
}

/* --- a table with unique keys -------------------------------------------------------------------
 */
/* No query reads it: an index would decide in which order its rows come. */
void random_keyed_table(struct random_sql *random, struct printer *out)
{
    static const char *const        a[] = {"INTEGER PRIMARY KEY",
                                           "INTEGER PRIMARY KEY",
                                           "INT UNIQUE",
                                           "TEXT PRIMARY KEY",
                                           "UNIQUE",
                                           "INT PRIMARY KEY"},
                             *const b[] = {"UNIQUE",
                                           "COLLATE NOCASE UNIQUE",
                                           "INT",
                                           "UNIQUE ON CONFLICT REPLACE",
                                           "UNIQUE ON CONFLICT IGNORE",
                                           "TEXT",
                                           "REAL UNIQUE"},
                             *const c[] = {"",
                                           "REAL",
                                           "INT DEFAULT 5",
                                           "TEXT",
                                           "NOT NULL DEFAULT 0",
                                           "CHECK (c IS NOT 4)",
                                           "NOT NULL ON CONFLICT IGNORE"},
                             *const keys[] = {"", "", ", UNIQUE (c, d)", ", UNIQUE (b, c)",
                                              ", UNIQUE (d COLLATE NOCASE)"};
    struct random_table            *table = &random->unique;
    const char                     *type[4] = {PICK(random, a), PICK(random, b), PICK(random, c),
                           chance(random, 80) ? "" : "TEXT"},
               *key = PICK(random, keys);

    memset(table, 0, sizeof *table);
    strcpy(table->name, "u");
    table->columns = 4;
    table->base = table->plain = true;
    random->target_count = 0;
    random->target[random->target_count++] = "a";
    if (strstr(type[1], "UNIQUE") != NULL)
        random->target[random->target_count++] = "b";
    if (strstr(key, "(c, d)") != NULL)
        random->target[random->target_count++] = "d, c";
    if (strstr(key, "(b, c)") != NULL)
        random->target[random->target_count++] = "b, c";
    if (strstr(key, "NOCASE") != NULL)
        random->target[random->target_count++] = "d COLLATE NOCASE";
    print_text(out, "CREATE TABLE u(");
    for (uint32_t i = 0; i < 4; i++) {
        snprintf(table->column[i].name, sizeof table->column[i].name, "%c", 'a' + (int)i);
        table->column[i].type = type[i];
        print_text(
            out, pool_printf(random, "%s%s %s", i > 0 ? ", " : "", table->column[i].name, type[i]));
    }
    print_text(out, pool_printf(random, "%s);\n", key));
}

/* After a conflict on the rowid excluded.x has not x's affinity (docs/deviations.md). */
static bool excluded_is_sure(const struct random_table *table, uint32_t column)
{
    static const char *const types[] = {"INT", "TEXT", "REAL"};

    if (column == 0 || strcmp(table->column[0].type, "INTEGER PRIMARY KEY") != 0)
        return true;
    for (int i = 0; i < 3; i++)
        if (strncmp(table->column[column].type, types[i], strlen(types[i])) == 0)
            return false;
    return true;
}

/* What a column of u is set to: short, and often what another row has. */
static struct node *keyed_value(struct random_sql *random, bool excluded)
{
    static const char *const names[] = {"a", "b", "c", "d"};
    static const char *const forms[] = {"u.%s",
                                        "%s",
                                        "u.%s + 1",
                                        "substr(u.%s || 'x', 1, 20)",
                                        "coalesce(u.%s, 0) + 1",
                                        "CASE WHEN u.%s > 1 THEN 2 ELSE 'b' END",
                                        "(SELECT count(*) FROM t0 WHERE t0.rowid < u.%s)",
                                        "typeof(u.%s)",
                                        "-u.%s"};
    uint32_t                 column = random_below(random, 4);
    const char              *name = names[column];

    if (excluded && chance(random, 35) && excluded_is_sure(&random->unique, column))
        return EXPR(random, pool_printf(random, "excluded.%s", name), 0);
    if (chance(random, 25))
        return EXPR(random, random_value(random, TASTE_SMALL), 0);
    if (chance(random, 15))
        return EXPR(random, "iif(octet_length(@) > 20, 'long', @)", 2, literal(random),
                    FIXED(random, "'x'", 0));
    return EXPR(random, pool_printf(random, forms[random_below(random, 9)], name), 0);
}

static struct node *keyed_sets(struct random_sql *random, bool excluded)
{
    static const char *const names[] = {"b", "c", "d", "c", "d", "a"};
    struct node *value = keyed_value(random, excluded), *more = keyed_value(random, excluded);
    const char  *name = PICK(random, names), *other = PICK(random, names);

    if (chance(random, 12))
        return FIXED(random, "(c, d) = (@, @)", 2, value, more);
    if (chance(random, 8))
        return FIXED(random, "(d, b) = (SELECT max(rowid), count(*) FROM t0 WHERE rowid <> u.c)",
                     0);
    if (chance(random, 50))
        return FIXED(random, pool_printf(random, "%s = @", name), 1, value);
    return FIXED(random, pool_printf(random, "%s = @, %s = @", name, other), 2, value, more);
}

static struct node *keyed_condition(struct random_sql *random, bool excluded)
{
    static const char *const forms[] = {" WHERE @ > @", " WHERE @ IS NOT @", " WHERE @ <= @",
                                        " WHERE @ IS NULL"};
    struct node             *a = keyed_value(random, excluded), *b = keyed_value(random, excluded);

    return chance(random, 35) ? CLAUSE(random, PICK(random, forms), 2, a, b)
                              : CLAUSE(random, "", 0);
}

/* ON CONFLICT clauses: for some of the keys, and at last perhaps for any. */
static struct node *upserts(struct random_sql *random)
{
    struct node *all = FIXED(random, "", 0);

    for (uint32_t i = 0; i <= random->target_count; i++) {
        const char *target =
            i < random->target_count ? pool_printf(random, " (%s)", random->target[i]) : "";
        struct node *sets, *where;

        if (!chance(random, i < random->target_count ? 45 : 25))
            continue;
        if (chance(random, 40)) {
            all = FIXED(random, pool_printf(random, "@ ON CONFLICT%s DO NOTHING", target), 1, all);
            continue;
        }
        sets = keyed_sets(random, true);
        where = keyed_condition(random, true);
        all = FIXED(random, pool_printf(random, "@ ON CONFLICT%s DO UPDATE SET @@", target), 3, all,
                    sets, where);
    }
    return all;
}

static struct node *keyed_rows(struct random_sql *random)
{
    /* behind the largest rowid a new one is any */
    bool         keyed = strcmp(random->unique.column[0].type, "INTEGER PRIMARY KEY") == 0;
    struct node *rows = NULL;

    for (uint32_t n = 1 + random_below(random, 6); n > 0; n--) {
        struct node *b = literal(random), *c = literal(random), *d = literal(random), *row;

        row = FIXED(random,
                    !keyed && chance(random, 10)
                        ? "(NULL, @, @, @)"
                        : pool_printf(random, "(%u, @, @, @)", random_below(random, 9)),
                    3, b, c, d);
        rows =
            rows == NULL ? FIXED(random, "VALUES @", 1, row) : FIXED(random, "@, @", 2, rows, row);
    }
    return rows;
}

static struct node *keyed_insert(struct random_sql *random)
{
    static const char *const verbs[] = {"INSERT",           "INSERT",
                                        "INSERT",           "INSERT",
                                        "INSERT OR IGNORE", "INSERT OR REPLACE",
                                        "REPLACE",          "INSERT OR ABORT",
                                        "INSERT OR FAIL",   "INSERT OR ROLLBACK"};
    struct node             *rows, *conflicts = upserts(random);

    if (chance(random, 25))
        rows =
            FIXED(random,
                  pool_printf(random,
                              "SELECT rowid %% %u, rowid, rowid %% 3, 'n' FROM t0 WHERE rowid < %u",
                              2 + random_below(random, 9), 2 + random_below(random, 30)),
                  0);
    else
        rows = keyed_rows(random);
    return FIXED(random, pool_printf(random, "%s INTO u(a, b, c, d) @@", PICK(random, verbs)), 2,
                 rows, conflicts);
}

static struct node *keyed_update(struct random_sql *random)
{
    static const char *const verbs[] = {"UPDATE", "UPDATE", "UPDATE OR IGNORE", "UPDATE OR FAIL",
                                        "UPDATE OR REPLACE"};
    struct node *sets = keyed_sets(random, false), *where = keyed_condition(random, false);
    struct node *joined = FIXED(random, "d = f.v, c = f.k || u.d", 0);
    const char  *verb = PICK(random, verbs);

    if (chance(random, 35))
        return FIXED(
            random,
            pool_printf(random,
                        "%s u SET @ FROM (SELECT rowid %% %u AS k, max(rowid) AS v FROM t0 "
                        "GROUP BY 1) AS f WHERE f.k = u.%s",
                        verb, 2 + random_below(random, 9), chance(random, 60) ? "a" : "c"),
            1, chance(random, 50) ? sets : joined);
    return FIXED(random, pool_printf(random, "%s u SET @@", verb), 2, sets, where);
}

static struct node *keyed_change(struct random_sql *random, bool *returns)
{
    struct node *node;

    node = chance(random, 65) ? keyed_insert(random)
           : chance(random, 85)
               ? keyed_update(random)
               : FIXED(random, "DELETE FROM u@", 1, keyed_condition(random, false));
    *returns = chance(random, 20);
    return FIXED(random, *returns ? "@ RETURNING a, b, c, d" : "@", 1, node);
}

char *random_change(struct random_sql *random, const struct random_table **changed, bool *returns)
{
    uint32_t             tables = 0;
    struct random_table *table;
    struct node         *node;

    if (chance(random, 45)) {
        *changed = random->changed = &random->unique;
        random->pool_used = 0;
        random->parameters = true;
        random->cte_count = random->alias_count = random->nesting = 0;
        random->here = (struct surroundings){.work = 1, .level = LEVEL_MAX};
        return node_print(keyed_change(random, returns));
    }
    while (tables < random->table_count && random->table[tables].base)
        tables++;
    table = &random->table[random_below(random, tables)];
    *changed = table;
    random->pool_used = 0;
    random->changed = table;
    random->parameters = true;
    random->cte_count = random->alias_count = random->nesting = 0;
    see_alone(random, table, chance(random, 60) ? 1 : LEVEL_MAX); /* with subqueries or without */
    if (table->rows < ROWS_CHANGED_MAX && chance(random, 40))
        node = random_insert(random, table);
    else if (chance(random, 70))
        node = random_update(random, table);
    else
        node = FIXED(random, pool_printf(random, "DELETE FROM %s@", table->name), 1,
                     CLAUSE(random, " WHERE @ AND rowid % 3 = 1", 1, condition(random)));
    return node_print(FIXED(random, "@@", 2, node, returning(random, table, returns)));
}
