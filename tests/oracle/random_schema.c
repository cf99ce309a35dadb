/* random_schema.c - random tables with their rows, and views over them. */
#include "tests/oracle/random_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROWS_SMALL = 30,
    ROWS_LARGE = 5000,
    ROWS_SOUGHT = 12000 /* a table of so many is sought in, and joins are ordered by their cost */
};

/* --- values -------------------------------------------------------------------------------------
 */
static const char *const column_types[] = {"INTEGER",       "INT",
                                           "REAL",          "TEXT",
                                           "NUMERIC",       "",
                                           "BLOB",          "TEXT COLLATE NOCASE",
                                           "DECIMAL(10,2)", "VARCHAR(20) COLLATE RTRIM",
                                           "DATE",          "BIGINT",
                                           "DOUBLE",        "INTEGER NOT NULL DEFAULT 7"};

static const char *const texts[] = {"''",
                                    "'a'",
                                    "'A'",
                                    "'abc'",
                                    "'ABC'",
                                    "'Abc '",
                                    "'abc  '",
                                    "'b'",
                                    "'zz'",
                                    "'10'",
                                    "'9'",
                                    "'1e1'",
                                    "'12abc'",
                                    "' 5'",
                                    "'5 '",
                                    "'0x10'",
                                    "'-3.5'",
                                    "'.5'",
                                    "'1.'",
                                    "'id001'",
                                    "'id002'",
                                    "'id003'",
                                    "'hello world'",
                                    "'%a_'",
                                    "'[a]*'",
                                    "'9223372036854775808'",
                                    "'-9223372036854775808'",
                                    "'1e400'",
                                    "'it''s'",
                                    "'é'",
                                    "'日本'",
                                    "'NULL'",
                                    "'inf'",
                                    "'+7'",
                                    "'--1'"};
static const char *const huge[] = {"9223372036854775807",
                                   "-9223372036854775808",
                                   "9223372036854775806",
                                   "4611686018427387904",
                                   "2147483647",
                                   "-2147483648",
                                   "4294967296",
                                   "9007199254740993",
                                   "-9007199254740993",
                                   "1000000000000",
                                   "-1",
                                   "0",
                                   "1"};
static const char *const reals[] = {"0.0",
                                    "-0.0",
                                    "0.5",
                                    "-1.5",
                                    "2.5",
                                    "3.0",
                                    "1e10",
                                    "1.5e300",
                                    "-1e300",
                                    "1e-5",
                                    "0.1",
                                    "0.2",
                                    "0.3",
                                    "9007199254740993.0",
                                    "9223372036854775807.0",
                                    "1e18",
                                    "123456.789",
                                    "-7.25",
                                    "1e15",
                                    "99.99"};
static const char *const dates[] = {"'2024-01-31'",          "'2024-02-29'", "'1999-12-31'",
                                    "'1970-01-01'",          "'2023-06-15'", "'0001-01-01'",
                                    "'9999-12-31'",          "'2024-02-30'", "'2024-1-1'",
                                    "'2024-01-31 12:34:56'", "'12:00'"};
static const char *const blobs[] = {"x''", "x'00'", "x'41'", "x'616263'", "x'ff'"};

const char *random_value(struct random_sql *random, int taste)
{
    switch (taste) {
    case TASTE_SMALL:
        return chance(random, 12) ? "NULL"
                                  : pool_printf(random, "%d", (int)random_below(random, 5));
    case TASTE_INT:
        return pool_printf(random, "%d", (int)random_below(random, 2000) - 1000);
    case TASTE_HUGE:
        return PICK(random, huge);
    case TASTE_REAL:
        return chance(random, 50)
                   ? PICK(random, reals)
                   : pool_printf(random, "%.4f", (double)random_below(random, 1000000) / 7.0);
    case TASTE_MONEY:
        return pool_printf(random, "%d.%02d", (int)random_below(random, 1000),
                           (int)random_below(random, 100));
    case TASTE_TEXT:
        return PICK(random, texts);
    case TASTE_DATE:
        return chance(random, 60)
                   ? pool_printf(random, "'20%02d-%02d-%02d'", (int)random_below(random, 30),
                                 1 + (int)random_below(random, 12),
                                 1 + (int)random_below(random, 28))
                   : PICK(random, dates);
    default:
        switch (random_below(random, 7)) {
        case 0:
            return PICK(random, texts);
        case 1:
            return PICK(random, reals);
        case 2:
            return PICK(random, blobs);
        case 3:
            return PICK(random, huge);
        case 4:
            return PICK(random, dates);
        default:
            return random_value(random, TASTE_SMALL);
        }
    }
}

bool is_number_type(const char *type)
{
    return type[0] != '\0' && strcmp(type, "BLOB") != 0 && strncmp(type, "TEXT", 4) != 0 &&
           strncmp(type, "VARCHAR", 7) != 0;
}

bool shows_no_ties(const struct random_table *table, uint32_t column)
{
    const char *type = table->column[column].type;

    return type != NULL && type[0] != '\0' && strcmp(type, "BLOB") != 0 &&
           strstr(type, "COLLATE") == NULL;
}

/* --- tables -------------------------------------------------------------------------------------
 */
static void random_columns(struct random_sql *random, struct random_table *table,
                           struct printer *out)
{
    static const int nulls[] = {0, 5, 12, 12, 50, 90}, skews[] = {0, 0, 0, 60, 95};

    table->keyed = chance(random, 30);
    table->columns = 2 + random_below(random, TABLE_COLUMNS_MAX - 2);
    for (uint32_t c = 0; c < table->columns; c++) {
        snprintf(table->column[c].name, sizeof table->column[c].name, "%c", 'a' + (int)c);
        table->column[c].type =
            table->keyed && c == 0 ? "INTEGER PRIMARY KEY" : PICK(random, column_types);
        table->column[c].taste = (int)random_below(random, TASTE_COUNT);
        table->column[c].nulls = nulls[random_below(random, 6)];
        table->column[c].skew = skews[random_below(random, 5)];
        print_text(out, pool_printf(random, "%s%s %s", c > 0 ? ", " : "", table->column[c].name,
                                    table->column[c].type));
    }
}

static const char *column_value(struct random_sql *random, const struct random_table *table,
                                uint32_t c, const char *favourite)
{
    const char *value = chance(random, (uint32_t)table->column[c].nulls) ? "NULL"
                        : chance(random, (uint32_t)table->column[c].skew)
                            ? favourite
                            : random_value(random, table->column[c].taste);

    if (strcmp(value, "NULL") == 0 && strstr(table->column[c].type, "NOT NULL") != NULL)
        return "0";
    return value;
}

static void random_rows(struct random_sql *random, const struct random_table *table,
                        struct printer *out)
{
    const char *favourite[TABLE_COLUMNS_MAX];
    uint32_t    key = 1;

    for (uint32_t c = 0; c < table->columns; c++)
        favourite[c] = random_value(random, table->column[c].taste);
    for (uint32_t r = 0; r < table->rows; r++) {
        size_t mark = random->pool_used;

        print_text(out,
                   r % 100 == 0 ? pool_printf(random, "INSERT INTO %s VALUES", table->name) : ",");
        for (uint32_t c = 0; c < table->columns; c++) {
            print_text(out, c == 0 ? "(" : ",");
            if (table->keyed && c == 0)
                print_text(out, pool_printf(random, "%u", key += 1 + random_below(random, 3)));
            else
                print_text(out, column_value(random, table, c, favourite[c]));
        }
        print_text(out, ")");
        if (r % 100 == 99 || r + 1 == table->rows)
            print_text(out, ";\n");
        random->pool_used = mark;
    }
}

/* Many rows more: those that the table has, again and again, with other integers. */
static void multiply_rows(struct random_sql *random, struct random_table *table,
                          struct printer *out)
{
    uint32_t gaps = table->keyed ? 2 : 1; /* keys are two apart on the average */

    print_text(out, pool_printf(random,
                                "INSERT INTO %s WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL "
                                "SELECT i + 1 FROM n WHERE i < %u) SELECT ",
                                table->name, ROWS_SOUGHT * gaps));
    for (uint32_t c = 0; c < table->columns; c++) {
        print_text(out, c > 0 ? ", " : "");
        print_text(out, table->keyed && c == 0                ? "NULL"
                        : table->column[c].taste == TASTE_INT ? "i * 7919 % 20011 - 1000"
                        : table->column[c].taste == TASTE_MONEY
                            ? "i * 31 % 7001 / 100.0"
                            : pool_printf(random, "s.%s", table->column[c].name));
    }
    print_text(out, pool_printf(random, " FROM n JOIN %s s ON s.rowid = 1 + i %% %u ORDER BY i;\n",
                                table->name, (unsigned)table->rows * gaps));
    table->rows += ROWS_SOUGHT;
}

static void random_table_make(struct random_sql *random, uint32_t t, struct printer *out)
{
    struct random_table *table = &random->table[t];

    snprintf(table->name, sizeof table->name, "t%u", t);
    table->base = table->plain = true;
    table->rows = chance(random, 5)   ? 0
                  : chance(random, 6) ? 100 + random_below(random, ROWS_LARGE)
                                      : 1 + random_below(random, ROWS_SMALL);
    if (t > 0 && table->rows > ROWS_SMALL * 10) /* keep products small */
        table->rows = ROWS_SMALL;
    print_text(out, pool_printf(random, "CREATE TABLE %s(", table->name));
    random_columns(random, table, out);
    print_text(out, ");\n");
    random_rows(random, table, out);
    if (t <= 1 && table->rows > 0 && chance(random, 4))
        multiply_rows(random, table, out);
    if (table->rows > 3 && chance(random, 20))
        print_text(out, pool_printf(random, "DELETE FROM %s WHERE rowid %% %u = 1;\n", table->name,
                                    2 + random_below(random, 5)));
}

static void random_view_make(struct random_sql *random, struct printer *out)
{
    struct random_table *view = &random->table[random->table_count];
    struct node         *select;
    uint32_t             columns = 1 + random_below(random, 4);

    memset(&random->here, 0, sizeof random->here);
    random->parameters = false;
    random->here.work = 1;
    random->here.level = 1;
    select =
        chance(random, 35) ? mergeable_select(random, columns) : random_select(random, columns);
    memset(view, 0, sizeof *view);
    snprintf(view->name, sizeof view->name, "v%u", random->table_count);
    view->columns = columns;
    view->plain = true;
    view->rows = random->here.work;
    print_text(out, pool_printf(random, "CREATE VIEW %s(", view->name));
    for (uint32_t c = 0; c < columns; c++) {
        snprintf(view->column[c].name, sizeof view->column[c].name, "%c", 'a' + (int)c);
        print_text(out, pool_printf(random, "%s%s", c > 0 ? ", " : "", view->column[c].name));
    }
    print_text(out, ") AS ");
    node_print_to(select, out);
    print_text(out, ";\n");
    random->table_count++;
}

char *random_schema(struct random_sql *random)
{
    struct printer out = {0};
    uint32_t       tables = chance(random, 80) ? 2 + random_below(random, 2)
                                               : 2 + random_below(random, TABLES_MAX - 2),
             views = random_below(random, 3);

    random->pool_used = 0;
    for (uint32_t t = 0; t < tables; t++)
        random_table_make(random, t, &out);
    random->table_count = tables;
    random_keyed_table(random, &out);
    while (views-- > 0 && random->table_count < TABLES_MAX)
        random_view_make(random, &out);
    return out.text;
}
