/* random_expr.c - random expressions, conditions and aggregates. */
#include "tests/oracle/random_internal.h"

#include <string.h>

enum { EXPR_DEPTH = 4 };

/* --- what they are made of ----------------------------------------------------------------------
 */
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
                                     "(@ OR +@)",
                                     "(@ IS DISTINCT FROM @)",
                                     "(@ == @)",
                                     "(@ = @ COLLATE NOCASE)",
                                     "(@ < @ COLLATE RTRIM)",
                                     "(@ COLLATE NOCASE >= @)",
                                     "(@ COLLATE BINARY = @)",
                                     "(@ COLLATE RTRIM IS @)",
                                     "(@ COLLATE NOCASE <> @ COLLATE BINARY)",
                                     "(@ IS NOT DISTINCT FROM @)"};
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
                                    "CAST(@ AS DECIMAL(10,2))",
                                    "CAST(@ AS VARCHAR)",
                                    "(@ COLLATE NOCASE)",
                                    "(@ COLLATE RTRIM)",
                                    "(@ COLLATE BINARY)",
                                    "CAST(@ AS FLOATING POINT)",
                                    "CAST(@ AS CHARINT)",
                                    "(- + - @)",
                                    "(~ - @)",
                                    "(NOT NOT @)",
                                    "(@ IS NOT TRUE)",
                                    "(@ IS FALSE)",
                                    "(@ ISNULL)",
                                    "(@ IS TRUE)",
                                    "(@ IS NOT FALSE)"};
static const char *const calls1[] = {"length(@)",
                                     "upper(@)",
                                     "lower(@)",
                                     "typeof(@)",
                                     "hex(@)",
                                     "quote(@)",
                                     "trim(@)",
                                     "ltrim(@)",
                                     "rtrim(@)",
                                     "unicode(@)",
                                     "sign(@)",
                                     "round(@)",
                                     "likely(@)",
                                     "octet_length(@)",
                                     "abs(@ % 1000)",
                                     "abs(@)",
                                     "unhex(@)",
                                     "unhex(hex(@))",
                                     "iif(@, 1)",
                                     "unlikely(@)",
                                     "char(@ % 200)",
                                     "soundex(@)",
                                     "ltrim(@, 'a')",
                                     "hex(zeroblob(@ % 9))",
                                     "zeroblob(@ % 5)",
                                     "unistr(@)",
                                     "unistr_quote(@)",
                                     "concat(@)",
                                     "subtype(@)",
                                     "concat(@, NULL, 1)",
                                     "quote(zeroblob(@ % 5))",
                                     "substr(@, -2)",
                                     "substring(@, 2)",
                                     "char(@ % 70000, 65)",
                                     "hex(char(@ % 70000))",
                                     "instr(@, 'a')",
                                     "replace(@, 'a', 'bb')",
                                     "replace(@, '', 'x')",
                                     "trim(@, ' a1')",
                                     "unhex(@, ' -')",
                                     "printf(@)",
                                     "format(@, 1)",
                                     "typeof(+@)",
                                     "round(@, -1)",
                                     "round(@, 2)",
                                     "sign(-@)",
                                     "glob(@, 'a*')",
                                     "like('%a%', @)",
                                     "like('a!%', @, '!')",
                                     "max(@, 1)",
                                     "min(@, 'a')"};
static const char *const calls2[] = {"coalesce(@, @)",
                                     "ifnull(@, @)",
                                     "nullif(@, @)",
                                     "max(@, @)",
                                     "min(@, @)",
                                     "instr(@, @)",
                                     "substr(@, @)",
                                     "trim(@, @)",
                                     "(@ LIKE @)",
                                     "round(@, abs(@ % 5))",
                                     "(@ GLOB @)",
                                     "concat(@, @)",
                                     "rtrim(@, @)",
                                     "likelihood(@, 0.5)",
                                     "ltrim(@, @)",
                                     "glob(@, @)",
                                     "like(@, @)",
                                     "unhex(@, @)",
                                     "if(@, @)",
                                     "substring(@, @)",
                                     "concat_ws(@, @)",
                                     "char(@ % 300, @ % 300)",
                                     "max(@ COLLATE NOCASE, @)",
                                     "min(@, @ COLLATE RTRIM)",
                                     "nullif(@ COLLATE NOCASE, @)",
                                     "(@ IN (@ COLLATE NOCASE, 'A'))",
                                     "(@ COLLATE NOCASE IN (@, 'A'))",
                                     "instr(@ || 'ab', @)",
                                     "format('%s-%d', @, @)"};
static const char *const calls3[] = {"substr(@, @, @)",
                                     "replace(@, @, @)",
                                     "iif(@, @, @)",
                                     "coalesce(@, @, @)",
                                     "(@ BETWEEN @ AND @)",
                                     "(@ NOT BETWEEN @ AND @)",
                                     "max(@, @, @)",
                                     "CASE WHEN @ THEN @ ELSE @ END",
                                     "(@ IN (@, @))",
                                     "(@ NOT IN (@, @))",
                                     "concat_ws(@, @, @)",
                                     "((@, @) = (@, 1))",
                                     "((@, @) < (@, 2))",
                                     "(@ COLLATE NOCASE BETWEEN @ AND @)",
                                     "(@ BETWEEN @ COLLATE RTRIM AND @)",
                                     "CASE @ COLLATE NOCASE WHEN @ THEN 1 WHEN @ THEN 2 END",
                                     "iif(@, @, 1, @, 2)",
                                     "substring(@, @, @)",
                                     "like(@, @, substr(@ || '!', 1, 1))",
                                     "coalesce(nullif(@, @), @)",
                                     "((@, @) IS (@, NULL))",
                                     "((@, @) BETWEEN (@, 1) AND (3, 'z'))",
                                     "(@ LIKE @ ESCAPE substr(hex(@) || '!', 1, 1))"};
static const char *const math[] = {"ceil(@)",
                                   "floor(@)",
                                   "trunc(@)",
                                   "exp(@ % 50)",
                                   "ln(@)",
                                   "log10(@)",
                                   "log2(@)",
                                   "log(@, 10)",
                                   "log(2, @)",
                                   "pow(@ % 20, 3)",
                                   "pow(@, 0.5)",
                                   "mod(@, 7)",
                                   "mod(@, 2.5)",
                                   "sqrt(@)",
                                   "sin(@)",
                                   "cos(@)",
                                   "tan(@ % 100)",
                                   "asin(@)",
                                   "acos(@)",
                                   "atan(@)",
                                   "atan2(@, 2)",
                                   "sinh(@ % 10)",
                                   "cosh(@ % 10)",
                                   "tanh(@)",
                                   "radians(@)",
                                   "degrees(@)",
                                   "round(@ * pi(), 3)",
                                   "acosh(@)",
                                   "asinh(@)",
                                   "atanh(@)",
                                   "ceiling(@)",
                                   "power(@, 2)",
                                   "power(2, @ % 60)",
                                   "pow(@, @ % 7)",
                                   "mod(@, 0)",
                                   "mod(@, -3)",
                                   "mod(17, @)",
                                   "log(@)",
                                   "log(@, 2)",
                                   "log(0, @)",
                                   "atan2(@, @)",
                                   "atan2(0, @)",
                                   "trunc(@ / 3.0)",
                                   "pow(@, -1)",
                                   "exp(- @ % 10)",
                                   "sqrt(abs(@ % 1000))",
                                   "ln(abs(@ % 1000))",
                                   "sign(@)"};
static const char *const dates[] = {"date(@)",
                                    "time(@)",
                                    "datetime(@)",
                                    "julianday(@)",
                                    "unixepoch(@)",
                                    "strftime('%Y', @)",
                                    "strftime('%m-%d', @)",
                                    "strftime('%Y-%m-%dT%H:%M:%fZ', @)",
                                    "strftime('%j %w %u %W %U %V %G %g', @)",
                                    "strftime('%s|%J|%e|%k|%l|%I|%p|%P|%R|%T|%F|%D', @)",
                                    "date(@, @)",
                                    "datetime(@, @)",
                                    "datetime(@, @, @)",
                                    "julianday(@, @)",
                                    "unixepoch(@, @, 'subsec')",
                                    "time(@, @, 'subsec')",
                                    "strftime('%Y-%m-%d', @, @, @)",
                                    "timediff(@, '2024-02-29')",
                                    "timediff('2024-02-29', @)",
                                    "timediff(@, @)",
                                    "strftime(@, '2024-02-29 13:14:15.678')",
                                    "unixepoch(@, @, @)",
                                    "time(@, @, @)",
                                    "julianday(@, @, @)",
                                    "date(@, @, @)",
                                    "strftime('%f %s %J', @, @)"};
static const char *const modifiers[] = {
    "'+1 day'",        "'-1 month'",     "'+3 years'",    "'start of month'",
    "'start of year'", "'start of day'", "'weekday 0'",   "'weekday 3'",
    "'unixepoch'",     "'julianday'",    "'auto'",        "'subsec'",
    "'+1.5 hours'",    "'-90 minutes'",  "'+00:30'",      "'-0001-02-03'",
    "'ceiling'",       "'floor'",        "'utc'",         "'+13 month'",
    "'bogus'",         "'+1 second'",    "'-36500 days'", "'+0000-00-01 06:00'"};
static const char *const formats[] = {
    "printf('%d', @)",       "printf('%5.2f|', @)",    "printf('%s', @)",
    "printf('%x', @)",       "printf('%08.3e', @)",    "printf('%g', @)",
    "printf('%q', @)",       "printf('%Q', @)",        "printf('%w', @)",
    "printf('%c', @)",       "printf('%-10s|', @)",    "printf('%+d', @)",
    "printf('%,d', @)",      "printf('%o', @)",        "printf('%.3s', @)",
    "printf('%!.15g', @)",   "format('%10.4s|%%', @)", "printf('%G', @)",
    "printf('%#x', @)",      "printf('%05d', @)",      "printf('%*d', @ % 20, 7)",
    "printf('%i %u', @, 3)", "printf('%.0f', @)",      "printf('%!5.3f', @)"};
static const char *const patterns[] = {"'a%'",
                                       "'%a'",
                                       "'%b%'",
                                       "'_b%'",
                                       "'%'",
                                       "'abc'",
                                       "'id00_'",
                                       "'%1%'",
                                       "''",
                                       "'A_C'",
                                       "'a!%%' ESCAPE '!'",
                                       "'!%a!_' ESCAPE '!'",
                                       "'%b\\%' ESCAPE '\\'"};
static const char *const globs[] = {"'a*'",    "'*b*'", "'?bc'",      "'[a-z]*'",
                                    "'[^a]*'", "'*'",   "'id00[12]'", "'[[]a*'"};

/* --- random texts for functions -----------------------------------------------------------------
 */
/* Any flags, width, precision and conversion, also ones that nobody wants. */
static struct node *format_call(struct random_sql *random, struct node *argument)
{
    static const char *const flags[] = {"",  "",  "",   "-",  "+",  " ",  "0", "#",
                                        ",", "!", "-0", "+,", "!#", "0+", "- "};
    static const char *const widths[] = {"", "", "", "3", "10", "25", "01", "*"};
    static const char *const precisions[] = {"", "", "", ".", ".0", ".3", ".12", ".20", ".*"};
    static const char *const types[] = {"d", "i", "u",  "x",   "X", "o", "c", "s", "z",
                                        "q", "Q", "w",  "f",   "F", "e", "E", "g", "G",
                                        "p", "r", "ld", "lld", "n", "%", "y", "T", "lf"};
    const char              *width = PICK(random, widths), *precision = PICK(random, precisions);
    const char              *before = width[0] != '*' ? "" : precision[0] == '\0' ? ", -6" : ", 7";
    struct node             *stars = FIXED(
                    random, pool_printf(random, "%s%s", before, strcmp(precision, ".*") == 0 ? ", 2" : ""), 0);

    return EXPR(random,
                pool_printf(random, "printf('%s%%%s%s%s%s|'@, @)", chance(random, 20) ? "a" : "",
                            PICK(random, flags), width, precision, PICK(random, types)),
                2, stars, argument);
}

static const char *modifier(struct random_sql *random)
{
    static const char *const units[] = {"day",     "days",    "hour",  "hours",  "minute",
                                        "minutes", "seconds", "month", "months", "year",
                                        "years",   "second",  "weeks", "DAYS"};
    static const char *const starts[] = {"month", "year", "day", "week", "Month"};
    uint32_t                 n = random_below(random, 200);

    switch (random_below(random, 9)) {
    case 0:
        return pool_printf(random, "'%s%u %s'", chance(random, 50) ? "+" : "-", n,
                           PICK(random, units));
    case 1:
        return pool_printf(random, "'%d.%u %s'", (int)n - 100, n, PICK(random, units));
    case 2:
        return pool_printf(random, "'%s%02u:%02u'", chance(random, 50) ? "+" : "-", n % 25, n % 61);
    case 3:
        return pool_printf(random, "'%s%02u:%02u:%02u.%u'", chance(random, 50) ? "+" : "-", n % 24,
                           n % 60, n * 7 % 60, n);
    case 4:
        return pool_printf(random, "'%s%04u-%02u-%02u'", chance(random, 50) ? "+" : "-", n % 30,
                           n % 13, n * 3 % 32);
    case 5:
        return pool_printf(random, "'weekday %u%s'", n % 8, chance(random, 10) ? ".5" : "");
    case 6:
        return pool_printf(random, "'start of %s'", PICK(random, starts));
    case 7:
        return pool_printf(random, "'%u %s'", n, PICK(random, units));
    default:
        return pool_printf(random, "'%s%04u-%02u-%02u %02u:%02u'", chance(random, 50) ? "+" : "-",
                           n % 30, n % 12, n * 3 % 31, n % 24, n % 60);
    }
}

/* --- leaves -------------------------------------------------------------------------------------
 */
struct node *literal(struct random_sql *random)
{
    static const char *const odd[] = {"0x10",
                                      "0xFF",
                                      "0x7fffffffffffffff",
                                      "0xffffffffffffffff",
                                      "1_000",
                                      "1_0.2_5",
                                      "0x1_F",
                                      "1e400",
                                      "-1e400",
                                      "1e-400",
                                      "-0.0",
                                      "-0",
                                      "9223372036854775808",
                                      "-9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551616",
                                      "5.",
                                      ".5e1",
                                      "1E+2",
                                      "00012",
                                      "X'4142'",
                                      "x'C3A9'",
                                      "TRUE",
                                      "false",
                                      "'1e400'",
                                      "' 12'",
                                      "'0x1F'",
                                      "'1_000'",
                                      "'-0.0'",
                                      "'9223372036854775807'",
                                      "'a''b'",
                                      "'A '",
                                      "'\\u00e9'",
                                      "'infinity'",
                                      "'nan'",
                                      "4.9406564584124654e-324",
                                      "2.2250738585072014e-308",
                                      "1.7976931348623157e308",
                                      "123456789012345678",
                                      "0.1234567890123456789"};

    if (chance(random, 7))
        return EXPR(random, PICK(random, odd), 0);
    if (random->parameters && chance(random, 5))
        return EXPR(random, pool_printf(random, "?%u", 1 + random_below(random, 12)), 0);
    return EXPR(random, random_value(random, chance(random, 50) ? TASTE_SMALL : TASTE_MIXED), 0);
}

/* A column of a grouped select, read in a subquery: a comparison there may leave its affinity on
 * the group's copy (docs/deviations.md), but for integers. */
static struct node *spared(struct random_sql *random, struct node *outer, const char *type)
{
    bool integer = type != NULL && strstr(type, "INT") != NULL;

    return random->here.copied && !integer ? EXPR(random, "ifnull(@, 0)", 1, outer) : outer;
}

struct node *column_of(struct random_sql *random, uint32_t s)
{
    const struct random_table *table = random->here.scope[s].table;
    const char                *alias = random->here.scope[s].alias;
    uint32_t                   c;
    struct node               *node;

    if (table->base && chance(random, 4))
        return EXPR(random, pool_printf(random, "%s.rowid", alias), 0);
    c = random_below(random, table->columns);
    node = EXPR(random, pool_printf(random, "%s.%s", alias, table->column[c].name), 0);
    return s < random->here.outer_count ? spared(random, node, table->column[c].type) : node;
}

struct node *own_key(struct random_sql *random)
{
    const struct random_table *table = random->here.scope[random->here.scope_count - 1].table;
    const char *alias = random->here.scope[random->here.scope_count - 1].alias, *type;
    uint32_t    c = random_below(random, table->columns);

    type = table->column[c].type;
    return EXPR(random,
                pool_printf(random, type != NULL && is_number_type(type) ? "%s.%s" : "+%s.%s",
                            alias, table->column[c].name),
                0);
}

struct node *column(struct random_sql *random)
{
    const struct surroundings *here = &random->here;

    if (here->alias != NULL && chance(random, 20))
        return EXPR(random, here->alias, 0);
    if (here->leaf_count > 0 && (here->scope_count == 0 || chance(random, 50)))
        return spared(random, here->leaf[random_below(random, here->leaf_count)], NULL);
    return here->scope_count == 0 ? literal(random)
                                  : column_of(random, random_below(random, here->scope_count));
}

/* A column of the select itself of which equal values are the same, so that it does not matter
 * which of them is taken; or the text of one. */
static struct node *exact_column(struct random_sql *random)
{
    const struct surroundings *here = &random->here;
    uint32_t                   s, c;

    if (here->scope_count == here->outer_count)
        return FIXED(random, "quote(@)", 1, column(random));
    s = here->outer_count + random_below(random, here->scope_count - here->outer_count);
    c = random_below(random, here->scope[s].table->columns);
    return EXPR(random,
                pool_printf(random,
                            shows_no_ties(here->scope[s].table, c) ? "%s.%s" : "quote(%s.%s)",
                            here->scope[s].alias, here->scope[s].table->column[c].name),
                0);
}

bool may_fail(const struct random_sql *random)
{
    const struct surroundings *here = &random->here;

    return here->level == 0 && here->scope_count <= 1 && !here->selective;
}

/* --- expressions --------------------------------------------------------------------------------
 */
static struct node *date_call(struct random_sql *random)
{
    struct node *when = chance(random, 50)   ? column(random)
                        : chance(random, 70) ? EXPR(random, random_value(random, TASTE_DATE), 0)
                                             : expr(random);
    struct node *one = EXPR(random, chance(random, 60) ? PICK(random, modifiers) : modifier(random),
                            0),
                *two = EXPR(random, chance(random, 60) ? PICK(random, modifiers) : modifier(random),
                            0);

    if (chance(random, 10))
        return EXPR(random,
                    pool_printf(random, "strftime('%%%c%%%c', @, @)",
                                "dDeEfFgGHIjJklmMnpPrRsSTuUVwWxXyYzZ%"[random_below(random, 36)],
                                "dDeEfFgGHIjJklmMnpPrRsSTuUVwWxXyYzZ%"[random_below(random, 36)]),
                    2, when, one);

    return EXPR(random, PICK(random, dates), 3, when, one, two);
}

/* a as the first child of format: where keys of groups are in sight IN has none on its left
 * (docs/deviations.md). */
static struct node *left_of(struct random_sql *random, const char *format, struct node *a)
{
    return (random->here.grouped || random->here.leaf_count > 0) && strstr(format, "IN (") != NULL
               ? EXPR(random, "ifnull(@, 0)", 1, a)
               : a;
}

static struct node *operation(struct random_sql *random)
{
    struct node *a = expr(random), *b, *c;
    const char  *format;

    switch (random_below(random, 10)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4:
        b = expr(random);
        return EXPR(random, PICK(random, binary), 2, a, b);
    case 5:
        return EXPR(random, PICK(random, unary), 1, a);
    case 6:
    case 7:
        format = PICK(random, calls1);
        if (strcmp(format, "abs(@)") == 0 && !may_fail(random))
            format = "abs(@ % 1000)";
        return EXPR(random, format, 1, a);
    case 8:
        b = expr(random);
        return EXPR(random, PICK(random, calls2), 2, a, b);
    default:
        b = expr(random);
        c = expr(random);
        format = PICK(random, calls3);
        return EXPR(random, format, 3, left_of(random, format, a), b, c);
    }
}

static struct node *choice(struct random_sql *random)
{
    static const char *const forms[] = {"(@ IN (@, @, @))",
                                        "CASE @ WHEN @ THEN @ WHEN 1 THEN @ END",
                                        "((@, @) IN (VALUES (@, @), (1, 2)))"};
    const char              *form = forms[random_below(random, 2)];
    struct node             *a = column(random), *b = literal(random), *c = literal(random),
                *d = literal(random);

    /* a window function or an aggregate would be one of the VALUES */
    if (!random->here.windowed && random->here.leaf_count == random->here.key_count &&
        random->here.level < LEVEL_MAX) {
        c = column(random);
        form = PICK(random, forms);
    }
    return EXPR(random, form, 4, left_of(random, form, a), b, c, d);
}

static struct node *expr_compound(struct random_sql *random)
{
    struct node *a;

    switch (random_below(random, 17)) {
    case 0:
        return EXPR(random,
                    pool_printf(random, "(@ %sLIKE %s)", chance(random, 30) ? "NOT " : "",
                                PICK(random, patterns)),
                    1, column(random));
    case 1:
        return EXPR(random, pool_printf(random, "(@ GLOB %s)", PICK(random, globs)), 1,
                    column(random));
    case 2:
        return chance(random, 60) ? subquery(random) : expr(random);
    case 3:
        return choice(random);
    case 4:
        return chance(random, 60) ? date_call(random) : choice(random);
    case 5:
        a = chance(random, 70) ? column(random) : expr(random);
        return EXPR(random, PICK(random, math), 2, a, column(random));
    case 6:
        if (chance(random, 50))
            return format_call(random, chance(random, 70) ? column(random) : literal(random));
        return EXPR(random, PICK(random, formats), 1,
                    chance(random, 70) ? column(random) : expr(random));
    default:
        return operation(random);
    }
}

struct node *expr(struct random_sql *random)
{
    struct node *node;

    if (random->here.depth >= EXPR_DEPTH || chance(random, 25))
        return chance(random, 70) ? column(random) : literal(random);
    random->here.depth++;
    node = expr_compound(random);
    random->here.depth--;
    return node;
}

/* A condition that often is one that a scan can use: column op literal.  Where the order of rows
 * shows, an OR is none: of (rowid > 4 OR rowid < 2) sqlite3 visits the rows of one side first. */
struct node *condition(struct random_sql *random)
{
    static const char *const simple[] = {"@ = @",           "@ < @",  "@ > @",  "@ >= @",
                                         "@ <= @",          "@ <> @", "@ IS @", "@ BETWEEN @ AND 5",
                                         "@ IN (@, 1, 'a')"};
    struct node             *a, *b;
    const char              *format;

    if (chance(random, 45)) {
        a = column(random);
        b = literal(random);
        format = PICK(random, simple);
        return EXPR(random, format, 2, left_of(random, format, a), b);
    }
    if (chance(random, 25)) {
        a = condition(random);
        b = condition(random);
        return EXPR(random,
                    chance(random, 60)  ? "(@ AND @)"
                    : random->here.open ? "(@ OR @)"
                                        : "(@ OR +@)",
                    2, a, b);
    }
    return expr(random);
}

struct node *list(struct random_sql *random, struct node *(*make)(struct random_sql *), uint32_t n)
{
    struct node *node = make(random);

    for (uint32_t i = 1; i < n; i++) {
        struct node *more = make(random);

        node = node_new(random, SORT_EXPR, "@, @", 2, node, more);
    }
    return node;
}

/* --- aggregates ---------------------------------------------------------------------------------
 */
/* What an aggregate takes: of a subquery at least one column of its own, for with outer columns
 * alone it would be the enclosing select's. */
static struct node *argument(struct random_sql *random)
{
    const struct surroundings *here = &random->here;
    struct node               *own;

    if (here->leaf_count > here->key_count || (here->outer_count == 0 && here->leaf_count == 0))
        return chance(random, 60) ? column(random) : expr(random);
    own = column_of(random, here->outer_count +
                                random_below(random, here->scope_count - here->outer_count));
    if (chance(random, 70))
        return own;
    return EXPR(random, PICK(random, binary), 2, own, expr(random));
}

/* Of rows in open order: what does not depend on it. */
static struct node *open_aggregate(struct random_sql *random)
{
    static const char *const any[] = {"count(*)",
                                      "count(@)",
                                      "count(DISTINCT @)",
                                      "count(*) FILTER (WHERE @)",
                                      "sum(CAST(@ AS INTEGER) % 1000)",
                                      "total(CAST(@ AS INTEGER) % 100)",
                                      "avg(CAST(@ AS INTEGER) % 100)",
                                      "median(CAST(@ AS INTEGER))",
                                      "count(DISTINCT typeof(@))"};
    static const char *const exact[] = {"min(@)",
                                        "max(@)",
                                        "max(@)",
                                        "group_concat(@, ',' ORDER BY @)",
                                        "min(@) FILTER (WHERE @ IS NOT NULL)",
                                        "group_concat(DISTINCT @ ORDER BY @)"};
    struct node             *a;

    if (chance(random, 50))
        return EXPR(random, PICK(random, any), 1, argument(random));
    a = exact_column(random);
    return EXPR(random, PICK(random, exact), 2, a, a);
}

struct node *aggregate(struct random_sql *random)
{
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
                                      "avg(@) FILTER (WHERE @)",
                                      "group_concat(@, @)",
                                      "string_agg(@, ',' ORDER BY @ DESC)",
                                      "sum(@ ORDER BY @)",
                                      "avg(DISTINCT @)",
                                      "total(DISTINCT @)",
                                      "min(@) FILTER (WHERE @)",
                                      "count(DISTINCT @) FILTER (WHERE @)",
                                      "median(CAST(@ AS REAL))",
                                      "percentile(CAST(@ AS NUMERIC), 30)",
                                      "percentile_cont(CAST(@ AS INTEGER), 0.25)",
                                      "percentile_disc(@ + 0, 0.75)",
                                      "count(DISTINCT @) + count(DISTINCT @)"};
    struct node             *a, *b;
    const char              *format;

    if (random->here.open)
        return open_aggregate(random);
    a = argument(random);
    b = random->here.outer_count == 0 ? column(random) : a;
    format = PICK(random, all);
    if (!may_fail(random) &&
        (strncmp(format, "sum(", 4) == 0 || strncmp(format, "percentile", 10) == 0 ||
         strncmp(format, "median(", 7) == 0))
        format = "total(@)";
    return EXPR(random, format, 2, a, b);
}
