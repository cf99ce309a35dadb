/* random_sql.c - generator and shrinker of random SELECTs. */
#include "tests/oracle/random_sql.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POOL_BYTES = 4 << 20, EXPR_DEPTH = 4, ROWS_SMALL = 30, ROWS_LARGE = 5000 };

/* --- randomness
 * ----------------------------------------------------------------------------------- */
static uint64_t next_u64(struct random_sql *random)
{
    uint64_t a = random->state[0], b = random->state[1];

    random->state[0] = b;
    a ^= a << 23;
    random->state[1] = a ^ b ^ (a >> 17) ^ (b >> 26);
    return random->state[1] + b;
}

uint32_t random_below(struct random_sql *random, uint32_t n)
{
    return (uint32_t)(((next_u64(random) >> 32) * n) >> 32);
}

static bool chance(struct random_sql *random, uint32_t percent)
{
    return random_below(random, 100) < percent;
}

static const char *pick(struct random_sql *random, const char *const *list, size_t n)
{
    return list[random_below(random, (uint32_t)n)];
}
#define PICK(random, list) pick(random, list, sizeof(list) / sizeof((list)[0]))

void random_sql_init(struct random_sql *random, uint64_t seed)
{
    memset(random, 0, sizeof *random);
    random->state[0] = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    random->state[1] = seed ^ UINT64_C(0xd1b54a32d192ed03);
    for (int i = 0; i < 8; i++)
        next_u64(random);
    random->pool_bytes = POOL_BYTES;
    random->pool = malloc(random->pool_bytes);
    if (random->pool == NULL) {
        fprintf(stderr, "random_sql: out of memory\n");
        exit(2);
    }
}

void random_sql_free(struct random_sql *random)
{
    free(random->pool);
}

/* --- nodes
 * ------------------------------------------------------------------------------------------ */
static void *pool_alloc(struct random_sql *random, size_t bytes)
{
    void *block = random->pool + random->pool_used;

    bytes = (bytes + 15) & ~(size_t)15;
    assert(random->pool_used + bytes <= random->pool_bytes);
    random->pool_used += bytes;
    return block;
}

static const char *pool_printf(struct random_sql *random, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static const char *pool_printf(struct random_sql *random, const char *format, ...)
{
    char    text[1024], *copy;
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    copy = pool_alloc(random, strlen(text) + 1);
    strcpy(copy, text);
    return copy;
}

static struct node *node_new(struct random_sql *random, enum node_sort sort, const char *format,
                             uint32_t count, ...)
{
    struct node *node = pool_alloc(random, sizeof *node);
    va_list      args;

    *node = (struct node){.format = format, .sort = sort, .count = count};
    va_start(args, count);
    for (uint32_t i = 0; i < count; i++)
        node->children[i] = va_arg(args, struct node *);
    va_end(args);
    return node;
}
#define EXPR(random, format, count, ...) node_new(random, SORT_EXPR, format, count, ##__VA_ARGS__)
#define CLAUSE(random, format, count, ...)                                                         \
    node_new(random, SORT_CLAUSE, format, count, ##__VA_ARGS__)
#define FIXED(random, format, count, ...) node_new(random, SORT_FIXED, format, count, ##__VA_ARGS__)

struct printer {
    char  *text;
    size_t bytes, capacity;
};

static void print_char(struct printer *printer, char c)
{
    if (printer->bytes + 1 >= printer->capacity) {
        printer->capacity = printer->capacity == 0 ? 1024 : printer->capacity * 2;
        printer->text = realloc(printer->text, printer->capacity);
        if (printer->text == NULL)
            exit(2);
    }
    printer->text[printer->bytes++] = c;
    printer->text[printer->bytes] = '\0';
}

static void node_print_to(const struct node *node, struct printer *printer)
{
    uint32_t child = 0;

    for (const char *f = node->format; *f != '\0'; f++) {
        if (*f == '@' && child < node->count)
            node_print_to(node->children[child++], printer);
        else
            print_char(printer, *f);
    }
}

char *node_print(const struct node *node)
{
    struct printer printer = {0};

    print_char(&printer, ' ');
    printer.bytes = 0;
    node_print_to(node, &printer);
    return printer.text;
}

/* --- schema and rows
 * ---------------------------------------------------------------------------------- */
static const char *const column_types[] = {"INTEGER",       "INT",
                                           "REAL",          "TEXT",
                                           "NUMERIC",       "",
                                           "BLOB",          "TEXT COLLATE NOCASE",
                                           "DECIMAL(10,2)", "VARCHAR(20) COLLATE RTRIM",
                                           "DATE",          "BIGINT",
                                           "DOUBLE",        "INTEGER NOT NULL DEFAULT 7"};

enum taste {
    TASTE_SMALL,
    TASTE_INT,
    TASTE_HUGE,
    TASTE_REAL,
    TASTE_MONEY,
    TASTE_TEXT,
    TASTE_DATE,
    TASTE_MIXED,
    TASTE_COUNT
};

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

static const char *random_value(struct random_sql *random, int taste)
{
    if (chance(random, 12))
        return "NULL";
    switch (taste) {
    case TASTE_SMALL:
        return pool_printf(random, "%d", (int)random_below(random, 5));
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

static void print_text(struct printer *printer, const char *text)
{
    for (; *text != '\0'; text++)
        print_char(printer, *text);
}

static void random_table_make(struct random_sql *random, uint32_t t, struct printer *out)
{
    struct random_table *table = &random->table[t];
    bool                 key = chance(random, 30);
    uint32_t             explicit_key = 1;

    snprintf(table->name, sizeof table->name, "t%u", t);
    table->columns = 2 + random_below(random, TABLE_COLUMNS_MAX - 2);
    table->rows = chance(random, 5)   ? 0
                  : chance(random, 6) ? 100 + random_below(random, ROWS_LARGE)
                                      : 1 + random_below(random, ROWS_SMALL);
    if (t > 0 && table->rows > ROWS_SMALL * 10) /* keep products small */
        table->rows = ROWS_SMALL;
    print_text(out, pool_printf(random, "CREATE TABLE %s(", table->name));
    for (uint32_t c = 0; c < table->columns; c++) {
        snprintf(table->column[c].name, sizeof table->column[c].name, "%c", 'a' + (int)c);
        table->column[c].type = key && c == 0 ? "INTEGER PRIMARY KEY" : PICK(random, column_types);
        table->column[c].taste = (int)random_below(random, TASTE_COUNT);
        print_text(out, pool_printf(random, "%s%s %s", c > 0 ? ", " : "", table->column[c].name,
                                    table->column[c].type));
    }
    print_text(out, ");\n");
    for (uint32_t r = 0; r < table->rows; r++) {
        size_t mark = random->pool_used;

        print_text(out,
                   r % 100 == 0 ? pool_printf(random, "INSERT INTO %s VALUES", table->name) : ",");
        for (uint32_t c = 0; c < table->columns; c++) {
            const char *value = random_value(random, table->column[c].taste);

            if (key && c == 0) {
                explicit_key += 1 + random_below(random, 3);
                value = pool_printf(random, "%u", explicit_key);
            } else if (strstr(table->column[c].type, "NOT NULL") != NULL &&
                       strcmp(value, "NULL") == 0) {
                value = "0";
            }
            print_text(out, c == 0 ? "(" : ",");
            print_text(out, value);
        }
        print_text(out, ")");
        if (r % 100 == 99 || r + 1 == table->rows)
            print_text(out, ";\n");
        random->pool_used = mark;
    }
    if (table->rows > 3 && chance(random, 20))
        print_text(out, pool_printf(random, "DELETE FROM %s WHERE rowid %% %u = 1;\n", table->name,
                                    2 + random_below(random, 5)));
}

char *random_schema(struct random_sql *random)
{
    struct printer out = {0};

    random->pool_used = 0;
    random->table_count = 2 + random_below(random, TABLES_MAX - 1);
    for (uint32_t t = 0; t < random->table_count; t++)
        random_table_make(random, t, &out);
    return out.text;
}

/* --- expressions
 * --------------------------------------------------------------------------------------- */
static struct node *expr(struct random_sql *random);

static struct node *literal(struct random_sql *random)
{
    return EXPR(random, random_value(random, chance(random, 50) ? TASTE_SMALL : TASTE_MIXED), 0);
}

static struct node *column_of(struct random_sql *random, uint32_t s)
{
    const struct random_table *table = random->scope[s];

    if (chance(random, 4))
        return EXPR(random, pool_printf(random, "%s.rowid", random->scope_alias[s]), 0);
    return EXPR(random,
                pool_printf(random, "%s.%s", random->scope_alias[s],
                            table->column[random_below(random, table->columns)].name),
                0);
}

static struct node *column(struct random_sql *random)
{
    return random->scope_count == 0 ? literal(random)
                                    : column_of(random, random_below(random, random->scope_count));
}

static const char *const binary[] = {"(@ + @)",
                                     "(@ - @)",
                                     "(@ * @)",
                                     "(@ / @)",
                                     "(@ % @)",
                                     "(@ || @)",
                                     "(@ & @)",
                                     "(@ | @)",
                                     "(@ << @)",
                                     "(@ >> @)",
                                     "(@ = @)",
                                     "(@ <> @)",
                                     "(@ < @)",
                                     "(@ <= @)",
                                     "(@ > @)",
                                     "(@ >= @)",
                                     "(@ IS @)",
                                     "(@ IS NOT @)",
                                     "(@ AND @)",
                                     "(@ OR @)",
                                     "(@ IS DISTINCT FROM @)",
                                     "(@ == @)",
                                     "(@ = @ COLLATE NOCASE)",
                                     "(@ < @ COLLATE RTRIM)"};
static const char *const unary[] = {"(- @)",
                                    "(+@)",
                                    "(~@)",
                                    "(NOT @)",
                                    "(@ IS NULL)",
                                    "(@ NOTNULL)",
                                    "CAST(@ AS INTEGER)",
                                    "CAST(@ AS REAL)",
                                    "CAST(@ AS TEXT)",
                                    "CAST(@ AS NUMERIC)",
                                    "CAST(@ AS BLOB)",
                                    "(@ IS TRUE)",
                                    "(@ IS NOT FALSE)"};
static const char *const calls1[] = {
    "length(@)", "upper(@)",        "lower(@)",     "typeof(@)",         "hex(@)",
    "quote(@)",  "trim(@)",         "ltrim(@)",     "rtrim(@)",          "unicode(@)",
    "sign(@)",   "round(@)",        "date(@)",      "strftime('%Y', @)", "strftime('%m-%d', @)",
    "likely(@)", "octet_length(@)", "abs(@ % 1000)"};
static const char *const calls2[] = {
    "coalesce(@, @)", "ifnull(@, @)", "nullif(@, @)", "max(@, @)",
    "min(@, @)",      "instr(@, @)",  "substr(@, @)", "round(@, abs(@ % 5))",
    "trim(@, @)",     "(@ LIKE @)",   "(@ GLOB @)",   "concat(@, @)"};
static const char *const calls3[] = {"substr(@, @, @)",     "replace(@, @, @)",
                                     "iif(@, @, @)",        "coalesce(@, @, @)",
                                     "(@ BETWEEN @ AND @)", "(@ NOT BETWEEN @ AND @)",
                                     "max(@, @, @)",        "CASE WHEN @ THEN @ ELSE @ END",
                                     "(@ IN (@, @))",       "(@ NOT IN (@, @))",
                                     "concat_ws(@, @, @)",  "((@, @) = (@, 1))",
                                     "((@, @) < (@, 2))",   "((1, @) IN (VALUES (@, @), (1, 2)))"};
static const char *const patterns[] = {"'a%'",  "'%a'",    "'%b%'", "'_b%'", "'%'",
                                       "'abc'", "'id00_'", "'%1%'", "''",    "'A_C'"};
static const char *const globs[] = {"'a*'",    "'*b*'", "'?bc'",     "'[a-z]*'",
                                    "'[^a]*'", "'*'",   "'id00[12]'"};

static struct node *subquery(struct random_sql *random)
{
    struct random_sql          saved = *random;
    const struct random_table *table = &random->table[random_below(random, random->table_count)];
    struct node               *where, *item, *node;
    const char                *alias = pool_printf(random, "s%u", random->depth);
    static const char *const   aggregates[] = {"count(*)", "count(@)", "max(@)", "min(@)",
                                               "count(DISTINCT @)"};
    static const char *const   correlations[] = {" WHERE @ = @ AND @", " WHERE (@ = @ OR 0) AND @",
                                                 " WHERE @ IS @ AND coalesce(@, 1)"};

    if (table->rows > ROWS_SMALL * 3 || random->scope_count >= 3)
        return literal(random);
    /* inner table alone, or with the outer ones in sight: correlated */
    if (chance(random, 50))
        random->scope_count = 0;
    random->scope[random->scope_count] = table;
    random->scope_alias[random->scope_count] = alias;
    random->scope_count++;
    random->depth += 2;
    if (random->scope_count > 1 && chance(random, 50))
        where = CLAUSE(random, PICK(random, correlations), 3,
                       column_of(random, random->scope_count - 1),
                       column_of(random, random_below(random, random->scope_count - 1)),
                       expr(random));
    else
        where = chance(random, 70) ? CLAUSE(random, " WHERE @", 1, expr(random))
                                   : CLAUSE(random, "", 0);
    switch (random_below(random, 4)) {
    case 0:
        item =
            EXPR(random, PICK(random, aggregates), 1, column_of(random, random->scope_count - 1));
        node = EXPR(random, pool_printf(random, "(SELECT @ FROM %s AS %s@)", table->name, alias), 2,
                    item, where);
        break;
    case 1:
        node = EXPR(
            random,
            pool_printf(random, "(SELECT @ FROM %s AS %s@ ORDER BY 1 LIMIT 1)", table->name, alias),
            2, column_of(random, random->scope_count - 1), where);
        break;
    case 2:
        node = EXPR(random,
                    pool_printf(random, "%s(SELECT 1 FROM %s AS %s@)",
                                chance(random, 50) ? "EXISTS" : "NOT EXISTS", table->name, alias),
                    1, where);
        break;
    default:
        item = column_of(random, random->scope_count - 1);
        memcpy(random->scope, saved.scope, sizeof saved.scope);
        memcpy(random->scope_alias, saved.scope_alias, sizeof saved.scope_alias);
        random->scope_count = saved.scope_count;
        node = EXPR(random,
                    pool_printf(random, "(%s %s (SELECT @ FROM %s AS %s@))",
                                random->grouped ? "ifnull(@, 0)" : "@", chance(random, 60) ? "IN" : "NOT IN",
                                table->name, alias),
                    3, expr(random), item, where);
    }
    memcpy(random->scope, saved.scope, sizeof saved.scope);
    memcpy(random->scope_alias, saved.scope_alias, sizeof saved.scope_alias);
    random->scope_count = saved.scope_count;
    random->depth = saved.depth;
    return node;
}

static struct node *expr_compound(struct random_sql *random)
{
    switch (random_below(random, 12)) {
    case 0:
    case 1:
    case 2:
    case 3: {
        struct node *a = expr(random), *b = expr(random);
        return EXPR(random, PICK(random, binary), 2, a, b);
    }
    case 4:
        return EXPR(random, PICK(random, unary), 1, expr(random));
    case 5:
        return EXPR(random, PICK(random, calls1), 1, expr(random));
    case 6: {
        struct node *a = expr(random), *b = expr(random);
        return EXPR(random, PICK(random, calls2), 2, a, b);
    }
    case 7: {
        struct node *a = expr(random), *b = expr(random), *c = expr(random);
        return EXPR(random, PICK(random, calls3), 3, a, b, c);
    }
    case 8:
        return EXPR(random,
                    pool_printf(random, "(@ %sLIKE %s)", chance(random, 30) ? "NOT " : "",
                                PICK(random, patterns)),
                    1, column(random));
    case 9:
        return EXPR(random, pool_printf(random, "(@ GLOB %s)", PICK(random, globs)), 1,
                    column(random));
    case 10:
        return chance(random, 40) ? subquery(random) : expr(random);
    default: {
        struct node *a = column(random), *b = literal(random), *c = literal(random),
                    *d = literal(random);
        return EXPR(random,
                    chance(random, 50) ? "(@ IN (@, @, @))"
                                       : "CASE @ WHEN @ THEN @ WHEN 1 THEN @ END",
                    4, a, b, c, d);
    }
    }
}

static struct node *expr(struct random_sql *random)
{
    struct node *node;

    if (random->depth >= EXPR_DEPTH || chance(random, 25))
        return chance(random, 70) ? column(random) : literal(random);
    random->depth++;
    node = expr_compound(random);
    random->depth--;
    return node;
}

/* A condition that often is one that a scan can use: column op literal. */
static struct node *condition(struct random_sql *random)
{
    static const char *const simple[] = {"@ = @",           "@ < @",  "@ > @",  "@ >= @",
                                         "@ <= @",          "@ <> @", "@ IS @", "@ BETWEEN @ AND 5",
                                         "@ IN (@, 1, 'a')"};
    struct node             *a, *b;

    if (chance(random, 45)) {
        a = column(random);
        b = literal(random);
        return EXPR(random, PICK(random, simple), 2, a, b);
    }
    if (chance(random, 25)) {
        a = condition(random);
        b = condition(random);
        return EXPR(random, chance(random, 60) ? "(@ AND @)" : "(@ OR @)", 2, a, b);
    }
    return expr(random);
}

/* --- queries
 * ------------------------------------------------------------------------------------------- */
static struct node *aggregate(struct random_sql *random)
{
    static const char *const open[] = {"count(*)", "count(@)", "min(@)", "max(@)",
                                       "count(DISTINCT @)"};
    static const char *const all[] = {"count(*)",
                                      "count(@)",
                                      "min(@)",
                                      "max(@)",
                                      "count(DISTINCT @)",
                                      "sum(@)",
                                      "total(@)",
                                      "avg(@)",
                                      "sum(DISTINCT @)",
                                      "group_concat(@)",
                                      "group_concat(@, '-')",
                                      "sum(@) FILTER (WHERE @)",
                                      "count(*) FILTER (WHERE @)",
                                      "max(@) - min(@)",
                                      "group_concat(DISTINCT @)",
                                      "group_concat(@ ORDER BY @, 1)",
                                      "avg(@) FILTER (WHERE @)"};
    const char              *format = random->joined ? PICK(random, open) : PICK(random, all);
    struct node             *a, *b;

    a = chance(random, 60) ? column(random) : expr(random);
    b = column(random);
    return EXPR(random, format, 2, a, b);
}

/* A derived table with the columns of a base table under the given alias: plain, filtered, or a
 * compound. */
static struct node *derived(struct random_sql *random, const struct random_table *table,
                            const char *alias)
{
    struct random_sql saved = *random;
    struct node      *where;
    const char       *name = table->name;

    random->scope[0] = table;
    random->scope_alias[0] = alias;
    random->scope_count = 1;
    where = CLAUSE(random, " WHERE @", 1, condition(random));
    memcpy(random->scope, saved.scope, sizeof saved.scope);
    memcpy(random->scope_alias, saved.scope_alias, sizeof saved.scope_alias);
    random->scope_count = saved.scope_count;
    switch (random_below(random, 5)) {
    case 0:
        return FIXED(
            random,
            pool_printf(random, "(SELECT *, rowid FROM %s AS %s@) AS %s", name, alias, alias), 1,
            where);
    case 1:
        return FIXED(
            random,
            pool_printf(random,
                        "(SELECT *, rowid FROM %s UNION ALL SELECT *, rowid FROM %s AS %s@) AS %s",
                        name, name, alias, alias),
            1, where);
    case 2:
        return FIXED(
            random,
            pool_printf(random,
                        "(SELECT *, rowid FROM %s EXCEPT SELECT *, rowid FROM %s AS %s@) AS %s",
                        name, name, alias, alias),
            1, where);
    case 3:
        return FIXED(
            random,
            pool_printf(
                random,
                "(WITH w AS (SELECT *, rowid AS rowid FROM %s AS %s@) SELECT * FROM w) AS %s", name,
                alias, alias),
            1, where);
    default:
        return FIXED(
            random,
            pool_printf(random,
                        "(SELECT DISTINCT *, rowid FROM %s AS %s@ ORDER BY rowid LIMIT 20) AS %s",
                        name, alias, alias),
            1, where);
    }
}

static struct node *from_item(struct random_sql *random, const struct random_table *table,
                              const char *alias)
{
    if (table->rows < 500 && chance(random, 12)) {
        random->joined = true; /* rowid may stand for another order */
        return derived(random, table, alias);
    }
    return FIXED(random, pool_printf(random, "%s AS %s", table->name, alias), 0);
}

static void scope_add(struct random_sql *random, const struct random_table *table,
                      const char *alias)
{
    random->scope[random->scope_count] = table;
    random->scope_alias[random->scope_count] = alias;
    random->scope_count++;
}

static struct node *join_condition(struct random_sql *random)
{
    struct node *a = column_of(random, random_below(random, random->scope_count - 1)),
                *b = column_of(random, random->scope_count - 1);
    struct node *on = EXPR(random, "@ = @", 2, a, b);

    if (chance(random, 30))
        return EXPR(random, "(@ AND @)", 2, on, condition(random));
    return chance(random, 20) ? condition(random) : on;
}

static struct node *from_clause(struct random_sql *random)
{
    static const char *const joins[] = {
        " JOIN ",      " LEFT JOIN ", " CROSS JOIN ", " INNER JOIN ", " RIGHT JOIN ",
        " FULL JOIN ", ", "};
    static const char *const   aliases[] = {"x", "y", "z"};
    const struct random_table *table = &random->table[random_below(random, random->table_count)];
    struct node               *from = FIXED(random, " FROM @", 1, from_item(random, table, "x"));
    uint64_t                   product = table->rows;

    scope_add(random, table, "x");
    for (uint32_t t = 1; t < 3 && chance(random, t == 1 ? 40 : 30); t++) {
        uint32_t     kind = random_below(random, 7);
        struct node *item;

        table = &random->table[random_below(random, random->table_count)];
        product *= table->rows + 1;
        if (product > 40000)
            break;
        random->joined = true;
        item = from_item(random, table, aliases[t]);
        scope_add(random, table, aliases[t]);
        if (kind == 2 || kind == 6)
            from = FIXED(random, pool_printf(random, "@%s@", joins[kind]), 2, from, item);
        else if (chance(random, 10) && t == 1)
            from = FIXED(
                random,
                pool_printf(random, "@%s@ USING (%s)", joins[kind], chance(random, 50) ? "a" : "b"),
                2, from, item);
        else
            from = FIXED(random, pool_printf(random, "@%s@ ON @", joins[kind]), 3, from, item,
                         join_condition(random));
    }
    return from;
}

static struct node *list(struct random_sql *random, struct node *(*make)(struct random_sql *),
                         uint32_t           n)
{
    struct node *node = make(random);

    for (uint32_t i = 1; i < n; i++) {
        struct node *more = make(random);

        node = node_new(random, SORT_EXPR, "@, @", 2, node, more);
    }
    return node;
}

static const char *order_by_all(struct random_sql *random, uint32_t columns)
{
    char   text[256] = " ORDER BY ";
    size_t used = strlen(text);

    for (uint32_t i = 1; i <= columns; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%u%s%s", i > 1 ? ", " : "", i,
                                 chance(random, 30) ? " DESC" : "",
                                 chance(random, 10) ? " NULLS LAST" : "");
    return pool_printf(random, "%s", text);
}

static struct node *grouped_query(struct random_sql *random, struct node *from, struct node *where)
{
    uint32_t     keys = random_below(random, 3), aggregates = 1 + random_below(random, 3);
    struct node *key_list = NULL, *calls, *having;

    random->grouped = true;
    if (keys > 0)
        key_list = chance(random, 65) ? list(random, column, keys) : list(random, expr, keys);
    calls = list(random, aggregate, aggregates);
    if (keys == 0)
        return FIXED(random, "SELECT @@@", 3, calls, from, where);
    having = chance(random, 25) ? CLAUSE(random, " HAVING @ > 1", 1, aggregate(random))
                                : CLAUSE(random, "", 0);
    return FIXED(random, "SELECT @, @@@ GROUP BY @@", 6, key_list, calls, from, where, key_list,
                 having);
}

/* A window call whose result does not depend on the order of peers: every order ends in the rowid.
 */
static struct node *window_call(struct random_sql *random)
{
    static const char *const calls[] = {"row_number()",    "rank()",
                                        "dense_rank()",    "ntile(3)",
                                        "lag(@)",          "lead(@, 2)",
                                        "first_value(@)",  "last_value(@)",
                                        "nth_value(@, 2)", "sum(@)",
                                        "count(@)",        "min(@)",
                                        "max(@)",          "avg(@)",
                                        "total(@)",        "percent_rank()",
                                        "cume_dist()",     "lag(@, 1, 'none')",
                                        "group_concat(@)", "count(*) FILTER (WHERE @)"};
    static const char *const frames[] = {
        "",
        "",
        "",
        " ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING",
        " ROWS UNBOUNDED PRECEDING",
        " RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING",
        " GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW",
        " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING",
        " ROWS BETWEEN 2 FOLLOWING AND 3 FOLLOWING",
        " ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW",
        " GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING EXCLUDE TIES"};
    struct node *argument = column(random), *partition, *order;
    const char  *rowid = pool_printf(random, "%s.rowid", random->scope_alias[0]),
               *call = PICK(random, calls), *text;

    partition = chance(random, 60) ? CLAUSE(random, "PARTITION BY @ ", 1, column(random))
                                   : CLAUSE(random, "", 0);
    order = column(random);
    text = pool_printf(random, "%s OVER (@ORDER BY @%s, %s%s)", call,
                       chance(random, 30) ? " DESC" : "", rowid, PICK(random, frames));
    if (strchr(call, '@') == NULL)
        return EXPR(random, text, 2, partition, order);
    return EXPR(random, text, 3, argument, partition, order);
}

static struct node *window_query(struct random_sql *random, struct node *from, struct node *where)
{
    struct node *items = list(random, column, 1 + random_below(random, 2)),
                *calls = list(random, window_call, 1 + random_below(random, 2));

    return FIXED(random, "SELECT @, @@@", 4, items, calls, from, where);
}

/* A recursive table that counts or walks. */
static struct node *recursive_query(struct random_sql *random)
{
    uint32_t     n = 5 + random_below(random, 20);
    struct node *a, *b;

    random->scope_count = 0;
    a = expr(random);
    b = expr(random);
    switch (random_below(random, 4)) {
    case 0:
        return FIXED(random,
                     pool_printf(random,
                                 "WITH RECURSIVE c(i, j) AS (SELECT 1, @ UNION ALL SELECT i + 1, j "
                                 "FROM c WHERE i < %u) SELECT i, j, @ FROM c",
                                 n),
                     2, a, b);
    case 1:
        return FIXED(random,
                     pool_printf(random,
                                 "WITH RECURSIVE c(i) AS (VALUES(1) UNION SELECT (i * 2 + 1) %% %u "
                                 "FROM c) SELECT i, @, @ FROM c",
                                 n),
                     2, a, b);
    case 2:
        return FIXED(random,
                     pool_printf(random,
                                 "WITH RECURSIVE c(i, s) AS (SELECT 0, '' UNION ALL SELECT i + 1, "
                                 "s || i FROM c WHERE i < %u) SELECT s, @, @ FROM c WHERE i %% 2",
                                 n),
                     2, a, b);
    default:
        return FIXED(random,
                     pool_printf(random,
                                 "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c "
                                 "LIMIT %u) SELECT sum(i), count(*), @, @ FROM c",
                                 n),
                     2, a, b);
    }
}

static struct node *compound(struct random_sql *random, struct node *query, struct node *from,
                             uint32_t columns)
{
    static const char *const operators[] = {"UNION ALL", "UNION ALL", "UNION", "INTERSECT",
                                            "EXCEPT"};

    do {
        struct node *items =
            chance(random, 50) ? list(random, expr, columns) : list(random, column, columns);

        query = FIXED(random, pool_printf(random, "@ %s SELECT @@", PICK(random, operators)), 3,
                      query, items, from);
    } while (chance(random, 25));
    return query;
}

struct node *random_query(struct random_sql *random, bool *ordered)
{
    struct node *from, *where, *items, *order, *query;
    uint32_t     columns;

    random->pool_used = 0;
    random->scope_count = 0;
    random->depth = 0;
    random->joined = random->grouped = false;
    *ordered = false;
    if (chance(random, 2))
        return recursive_query(random);
    from = from_clause(random);
    random->depth = 0;
    where = chance(random, 65) ? CLAUSE(random, " WHERE @", 1, condition(random))
                               : CLAUSE(random, "", 0);
    if (chance(random, 30))
        return grouped_query(random, from, where);
    if (!random->joined && chance(random, 12))
        return window_query(random, from, where);
    columns = 1 + random_below(random, 4);
    items = chance(random, 60) ? list(random, expr, columns) : list(random, column, columns);
    query = FIXED(random, chance(random, 20) ? "SELECT DISTINCT @@@" : "SELECT @@@", 3, items, from,
                  where);
    if (chance(random, 12))
        query = compound(random, query, from, columns);
    if (chance(random, 40)) {
        order = CLAUSE(random, order_by_all(random, columns), 0);
        *ordered = true;
        if (chance(random, 40))
            order = CLAUSE(random,
                           pool_printf(random, "@ LIMIT %d OFFSET %d",
                                       (int)random_below(random, 20) - 1,
                                       (int)random_below(random, 5) - 1),
                           1, order);
        query = FIXED(random, "@@", 2, query, order);
    }
    return query;
}

/* --- shrinking
 * -------------------------------------------------------------------------------------------- */
static bool still_fails(const struct node *root, bool (*fails)(const char *, void *), void *data)
{
    char *text = node_print(root);
    bool  result = fails(text, data);

    free(text);
    return result;
}

/* Tries to make node smaller; true if something was kept. */
static bool node_try(struct random_sql *random, struct node *root, struct node *node,
                     bool (*fails)(const char *, void *), void *data)
{
    static const char *const literals[] = {"NULL", "1", "'a'"};
    struct node              saved = *node;

    if (node->count == 0 && (node->sort != SORT_CLAUSE || node->format[0] == '\0'))
        return false;
    if (node->sort == SORT_CLAUSE) {
        *node = (struct node){.format = "", .sort = SORT_CLAUSE};
        if (still_fails(root, fails, data))
            return true;
        *node = saved;
        return false;
    }
    if (node->sort != SORT_EXPR)
        return false;
    for (uint32_t i = 0; i < saved.count; i++) {
        *node = *saved.children[i];
        if (node->sort == SORT_EXPR && still_fails(root, fails, data))
            return true;
    }
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        *node = (struct node){.format = literals[i], .sort = SORT_EXPR};
        if (still_fails(root, fails, data))
            return true;
    }
    *node = saved;
    (void)random;
    return false;
}

static bool node_walk(struct random_sql *random, struct node *root, struct node *node,
                      bool (*fails)(const char *, void *), void *data)
{
    bool changed = node_try(random, root, node, fails, data);

    for (uint32_t i = 0; i < node->count; i++)
        changed |= node_walk(random, root, node->children[i], fails, data);
    return changed;
}

void node_shrink(struct random_sql *random, struct node *root, bool (*fails)(const char *, void *),
                 void *data)
{
    for (int round = 0; round < 20 && node_walk(random, root, root, fails, data); round++)
        ;
}
