/* test_functions.c - every SQL function against sqlite3 itself, over cross products of arguments.
 *
 * With a library before 3.53 the calls marked NEW are left out, and so are arguments whose reading
 * or printing as REAL changed; the fixed answers at the end hold for any library. */
/* before cmocka.h, which makes fail() a macro */
#include "base/str.h"
#include "tests/unit/vm/literal_cells.h"
#include "vm/functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct value any[] = {NIL,
                                   I(0),
                                   I(1),
                                   I(-1),
                                   I(2),
                                   I(10),
                                   I(-17),
                                   I(123456789),
                                   I(INT64_MAX),
                                   I(INT64_MIN),
                                   I(9007199254740993),
                                   R(0.0),
                                   R(0.5),
                                   R(-0.5),
                                   R(1.5),
                                   R(2.5),
                                   R(-2.5),
                                   R(0.001),
                                   R(1.005),
                                   R(-0.0449),
                                   R(0.05),
                                   R(3.14159265358979),
                                   R(123456.789),
                                   R(-99.995),
                                   R(1e10),
                                   R(4503599627370495.5),
                                   R(4503599627370497.0),
                                   R(1e18),
                                   R(1e100),
                                   R(-1e308),
                                   R(5e-324),
                                   R(1e-7),
                                   R(HUGE_VAL),
                                   R(-HUGE_VAL),
                                   T(""),
                                   T(" "),
                                   T("a"),
                                   T("abc"),
                                   T("ABC"),
                                   T("  hello world  "),
                                   T("xxhixx"),
                                   T("it's \"quoted\""),
                                   T("12"),
                                   T("12abc"),
                                   T("-3.7"),
                                   T("1e2"),
                                   T("0x1F"),
                                   T("4142"),
                                   T("41 42"),
                                   T("4 142"),
                                   T("zz"),
                                   T("a\\b"),
                                   T("tab\there\nline"),
                                   T("\\u0041\\+00004a\\U0000004B\\\\\\00e4"),
                                   T("\\u00"),
                                   T("\\x"),
                                   T("\xc3\xa4\xc3\xb6\xc3\xbc"),
                                   T("na\xc3\xafve caf\xc3\xa9"),
                                   T("\xe2\x82\xac\xf0\x9f\x98\x80"),
                                   T("\x80\x81z"),
                                   T("\xffq\xc3"),
                                   T("a\0b"),
                                   T("Robert"),
                                   T("Tymczak"),
                                   T("12.5 "),
                                   T("%_%"),
                                   B(""),
                                   B("abc"),
                                   B("\x00\xff\x80"),
                                   B("a\0b"),
                                   B("\xc3\xa4")};
static const struct value small_ints[] = {NIL,          I(0),         I(1),   I(2),   I(3),
                                          I(5),         I(-1),        I(-2),  I(-10), I(1000),
                                          I(INT64_MAX), I(INT64_MIN), R(1.9), T("2"), T("x")};
static const struct value sets[] = {NIL,        T(""),  T(" "),           T("x"),    T("abc"),
                                    T("he dl"), I(1),   T("\xc3\xa4"),    T("\xc3"), T("xx"),
                                    T("a\0c"),  B("a"), T("\xc3\xbc\x80")};
static const struct value by[] = {NIL, T(""), T("Y"), T("long replacement"), I(7), R(1.5), B("\0")};
static const struct value reals[] = {
    R(0.0),    R(-0.0), R(1.0),  R(-1.0),  R(0.5),      R(2.0),    R(10.0), R(100.0),
    R(1e10),   R(-0.7), R(1e-5), R(1e300), R(HUGE_VAL), I(3),      I(0),    I(-4),
    T("0.25"), T("x"),  NIL,     B("1"),   R(3.999),    R(-3.999), I(1000), T("2x")};
static const struct value patterns[] = {
    NIL,         T(""),        T("%"),         T("_"),          T("%%"),
    T("a%"),     T("%a"),      T("%b%"),       T("A_C"),        T("abc"),
    T("%l_o%"),  T("%o w%d%"), T("\xc3\x84%"), T("%\xc3\xb6%"), T("_\xc3\xb6_"),
    T("x%x"),    T("%x_%"),    T("a!%b"),      T("!%!_!%"),     T("%!"),
    T("1%"),     T("%.5%"),    T("__"),        T("%___%"),      T("\x80%"),
    T("%\xff%"), I(12),        B("a%")};
static const struct value escapes[] = {NIL,   T("!"),  T("%"),        T("_"), T("a"),
                                       T(""), T("!!"), T("\xc3\xb6"), I(1)};
static const struct value globs[] = {NIL,
                                     T(""),
                                     T("*"),
                                     T("?"),
                                     T("a*"),
                                     T("*c"),
                                     T("*[a-c]*"),
                                     T("[^a]*"),
                                     T("[]a]*"),
                                     T("*[!-]*"),
                                     T("[A-Z]*"),
                                     T("*l?o*"),
                                     T("[a"),
                                     T("*["),
                                     T("**b**"),
                                     T("*[^x]x"),
                                     T("[a-]*"),
                                     T("[\xc3\xa0-\xc3\xbc]*"),
                                     T("*\xc3\xb6*"),
                                     T("?\xc3\xb6?"),
                                     T("[^]]*"),
                                     T("*[0-9][0-9]*")};
static const struct value formats[] = {NIL,          T(""),         T("x"),
                                       T("%"),       T("100%"),     T("%d"),
                                       T("%5d|"),    T("%-5d|"),    T("%05d"),
                                       T("%+d"),     T("% d"),      T("%,d"),
                                       T("%,015d"),  T("%.8d"),     T("%-+8.4d|"),
                                       T("%lld"),    T("%ld"),      T("%5lld|"),
                                       T("%i"),      T("%u"),       T("%,u"),
                                       T("%x"),      T("%#x"),      T("%#X"),
                                       T("%08x"),    T("%#o"),      T("%p"),
                                       T("%r"),      T("%6r|"),     T("%f"),
                                       T("%.0f"),    T("%.2f"),     T("%.1f"),
                                       T("%10.3f|"), T("%-10.3f|"), T("%010.3f"),
                                       T("%+.2f"),   T("% .2f"),    T("%#.0f"),
                                       T("%#.2f"),   T("%!.20f"),   T("%.20f"),
                                       T("%,.2f"),   T("%,f"),      T("%e"),
                                       T("%.0e"),    T("%.3E"),     T("%!.3e"),
                                       T("%15e|"),   T("%g"),       T("%G"),
                                       T("%#g"),     T("%!g"),      T("%.3g"),
                                       T("%.0g"),    T("%!.15g"),   T("%!.17g"),
                                       T("%.17g"),   T("%.30g"),    T("%!.0f"),
                                       T("%012g"),   T("%s"),       T("%10s|"),
                                       T("%-10s|"),  T("%.2s|"),    T("%!.2s|"),
                                       T("%!10s|"),  T("%!-10s|"),  T("%z"),
                                       T("%c"),      T("%5c|"),     T("%.3c"),
                                       T("%10.3c|"), T("%-10.3c|"), T("%!3c|"),
                                       T("%q"),      T("%Q"),       T("%w"),
                                       T("%10Q|"),   T("%.3q|"),    T("%!.3Q|"),
                                       T("%#q"),     T("%#Q"),      T("%%"),
                                       T("%5%|"),    T("a%nb"),     T("a%yb%d"),
                                       T("a%"),      T("%5"),       T("%.%d"),
                                       T("%5-d"),    T("%d %s %f"), T("%*d|"),
                                       T("%.*f|"),   T("%-*s|"),    T("%*.*f|"),
                                       T("%T"),      T("%hd"),      T("\xc3\xa4%d\xc3\xb6")};
static const struct value times[] = {NIL,
                                     T("2024-01-31"),
                                     T("2024-02-29"),
                                     T("2023-02-29"),
                                     T("2024-02-30"),
                                     T("2024-02-31 12:00"),
                                     T("2024-04-31"),
                                     T("1970-01-01"),
                                     T("1969-12-31 23:59:59"),
                                     T("0000-01-01"),
                                     T("9999-12-31"),
                                     T("9999-12-31 23:59:59.999"),
                                     T("-4713-11-24 12:00:00"),
                                     T("-0001-05-05"),
                                     T("-4714-01-01"),
                                     T("2024-06-15 14:30"),
                                     T("2024-06-15T14:30:45"),
                                     T("2024-06-15 14:30:45.678"),
                                     T("2024-06-15 14:30:45.9999"),
                                     T("2024-06-15 24:00:00"),
                                     T("2024-06-15 14:30:45Z"),
                                     T("2024-06-15 14:30:45+02:30"),
                                     T("2024-06-15 14:30:45 -05:00"),
                                     T("2024-06-15 14:30:45+00:00"),
                                     T("2024-06-15 14:30:45+15:00"),
                                     T("2024-06-15 25:00"),
                                     T("2024-6-15"),
                                     T("2024-13-01"),
                                     T("2024-00-01"),
                                     T("2024-01-00"),
                                     T("2024-01-32"),
                                     T("24-01-01"),
                                     T("20240101"),
                                     T("2024-06-15x"),
                                     T(" 2024-06-15"),
                                     T("2024-06-15 "),
                                     T("14:30"),
                                     T("14:30:45"),
                                     T("14:30:45.25"),
                                     T("14:30:60"),
                                     T("bad"),
                                     T(""),
                                     T("2460000.5"),
                                     T(" 2460000.5 "),
                                     T("1e3"),
                                     I(0),
                                     I(1),
                                     I(2460000),
                                     R(2460000.5),
                                     R(2451544.9999884),
                                     R(5373484.4999999),
                                     R(5373484.5),
                                     I(1718461845),
                                     I(-1),
                                     I(-210866760000),
                                     I(-210866760001),
                                     I(253402300799),
                                     I(253402300800),
                                     R(1718461845.678),
                                     R(-0.5),
                                     I(INT64_MAX),
                                     R(1e300),
                                     B("2024-06-15"),
                                     T("2000-01-01 00:00:00"),
                                     T("2000-12-31"),
                                     T("2021-01-03"),
                                     T("2020-12-31"),
                                     T("2016-01-02")};
static const struct value modifiers[] = {T("+1 day"),
                                         T("-1 days"),
                                         T("+1 month"),
                                         T("+13 months"),
                                         T("-25 month"),
                                         T("+1 year"),
                                         T("-4 years"),
                                         T("+1.5 months"),
                                         T("-0.5 years"),
                                         T("+12 hours"),
                                         T("90 minutes"),
                                         T("-1.5 seconds"),
                                         T("+0.0004 seconds"),
                                         T("1e3 days"),
                                         T("+5373485 days"),
                                         T("+176545 months"),
                                         T("+14712 years"),
                                         T("+14713 years"),
                                         T("5 dayss"),
                                         T("5 weeks"),
                                         T("5"),
                                         T("+ 5 days"),
                                         T("5days"),
                                         T("+5\tdays"),
                                         T("+01:30"),
                                         T("-01:30:15"),
                                         T("01:30:15.5"),
                                         T("+25:00"),
                                         T("+0001-02-03"),
                                         T("-0001-02-03"),
                                         T("+0001-11-30 12:30"),
                                         T("-0000-00-01 01:02:03.5"),
                                         T("+0001-12-01"),
                                         T("+00001-01-01"),
                                         T("-10000-00-00"),
                                         T("0001-02-03"),
                                         T("+0001-01-01x"),
                                         T("start of month"),
                                         T("Start Of Year"),
                                         T("start of day"),
                                         T("start of week"),
                                         T("weekday 0"),
                                         T("weekday 3"),
                                         T("WEEKDAY 6"),
                                         T("weekday 7"),
                                         T("weekday 1.5"),
                                         T("unixepoch"),
                                         T("auto"),
                                         T("julianday"),
                                         T("subsec"),
                                         T("subsecond"),
                                         T("ceiling"),
                                         T("floor"),
                                         T("localtime"),
                                         T("utc"),
                                         T("nonsense"),
                                         T(""),
                                         NIL,
                                         I(5)};
static const struct value time_formats[] = {NIL,
                                            T(""),
                                            T("%d %e %f"),
                                            T("%F %T"),
                                            T("%G-W%V-%u %g"),
                                            T("%H %k %I %l %p %P"),
                                            T("%j %J"),
                                            T("%m %M %R"),
                                            T("%s %S"),
                                            T("%w %U %W"),
                                            T("%Y %%"),
                                            T("plain"),
                                            T("%"),
                                            T("%q"),
                                            T("x%Y\xc3\xa4"),
                                            I(5)};

#define POOL(array)                                                                                \
    {                                                                                              \
        array, sizeof(array) / sizeof((array)[0])                                                  \
    }
enum { NEW = 1 }; /* differs before 3.53 */
static const struct call {
    const char *name;
    int         flags, argc;
    struct pool {
        const struct value *values;
        size_t              count;
    } pools[3];
} calls[] = {
    {"abs", 0, 1, {POOL(any)}},
    {"char", 0, 1, {POOL(any)}},
    {"char", 0, 2, {POOL(any), POOL(small_ints)}},
    {"coalesce", 0, 2, {POOL(any), POOL(by)}},
    {"concat", NEW, 2, {POOL(any), POOL(by)}},
    {"concat_ws", NEW, 3, {POOL(sets), POOL(any), POOL(by)}},
    {"hex", NEW, 1, {POOL(any)}},
    {"ifnull", 0, 2, {POOL(any), POOL(by)}},
    {"iif", 0, 3, {POOL(any), POOL(by), POOL(small_ints)}},
    {"instr", NEW, 2, {POOL(any), POOL(sets)}},
    {"instr", NEW, 2, {POOL(any), POOL(any)}},
    {"length", NEW, 1, {POOL(any)}},
    {"lower", 0, 1, {POOL(any)}},
    {"upper", 0, 1, {POOL(any)}},
    {"max", 0, 2, {POOL(any), POOL(any)}},
    {"min", 0, 2, {POOL(any), POOL(any)}},
    {"min", 0, 3, {POOL(sets), POOL(by), POOL(small_ints)}},
    {"nullif", 0, 2, {POOL(any), POOL(any)}},
    {"octet_length", NEW, 1, {POOL(any)}},
    {"quote", NEW, 1, {POOL(any)}},
    {"unistr_quote", NEW, 1, {POOL(any)}},
    {"unistr", NEW, 1, {POOL(any)}},
    {"replace", NEW, 3, {POOL(any), POOL(sets), POOL(by)}},
    {"replace", NEW, 3, {POOL(any), POOL(any), POOL(by)}},
    {"round", NEW, 1, {POOL(any)}},
    {"round", NEW, 2, {POOL(any), POOL(small_ints)}},
    {"sign", 0, 1, {POOL(any)}},
    {"soundex", 0, 1, {POOL(any)}},
    {"trim", NEW, 1, {POOL(any)}},
    {"trim", NEW, 2, {POOL(any), POOL(sets)}},
    {"ltrim", NEW, 2, {POOL(any), POOL(sets)}},
    {"rtrim", NEW, 2, {POOL(any), POOL(sets)}},
    {"typeof", 0, 1, {POOL(any)}},
    {"unhex", NEW, 1, {POOL(any)}},
    {"unhex", NEW, 2, {POOL(any), POOL(sets)}},
    {"unicode", 0, 1, {POOL(any)}},
    {"zeroblob", 0, 1, {POOL(small_ints)}},
    {"substr", NEW, 2, {POOL(any), POOL(small_ints)}},
    {"substr", NEW, 3, {POOL(any), POOL(small_ints), POOL(small_ints)}},
    {"like", NEW, 2, {POOL(patterns), POOL(any)}},
    {"like", NEW, 3, {POOL(patterns), POOL(any), POOL(escapes)}},
    {"like", NEW, 3, {POOL(patterns), POOL(patterns), POOL(escapes)}},
    {"glob", NEW, 2, {POOL(globs), POOL(any)}},
    {"glob", NEW, 2, {POOL(globs), POOL(globs)}},
    {"printf", NEW, 2, {POOL(formats), POOL(any)}},
    {"printf", NEW, 3, {POOL(formats), POOL(small_ints), POOL(any)}},
    {"format", NEW, 1, {POOL(formats)}},
    {"acos", 0, 1, {POOL(reals)}},
    {"acosh", 0, 1, {POOL(reals)}},
    {"asin", 0, 1, {POOL(reals)}},
    {"asinh", 0, 1, {POOL(reals)}},
    {"atan", 0, 1, {POOL(reals)}},
    {"atan2", 0, 2, {POOL(reals), POOL(reals)}},
    {"atanh", 0, 1, {POOL(reals)}},
    {"ceil", 0, 1, {POOL(any)}},
    {"ceiling", 0, 1, {POOL(reals)}},
    {"cos", 0, 1, {POOL(reals)}},
    {"cosh", 0, 1, {POOL(reals)}},
    {"degrees", 0, 1, {POOL(reals)}},
    {"exp", 0, 1, {POOL(reals)}},
    {"floor", 0, 1, {POOL(any)}},
    {"ln", 0, 1, {POOL(any)}},
    {"log", NEW, 1, {POOL(any)}},
    {"log", NEW, 2, {POOL(reals), POOL(reals)}},
    {"log10", NEW, 1, {POOL(reals)}},
    {"log2", NEW, 1, {POOL(reals)}},
    {"mod", 0, 2, {POOL(reals), POOL(reals)}},
    {"pi", 0, 0, {{NULL, 0}}},
    {"pow", 0, 2, {POOL(reals), POOL(reals)}},
    {"power", 0, 2, {POOL(reals), POOL(reals)}},
    {"radians", 0, 1, {POOL(reals)}},
    {"sin", 0, 1, {POOL(reals)}},
    {"sinh", 0, 1, {POOL(reals)}},
    {"sqrt", 0, 1, {POOL(any)}},
    {"tan", 0, 1, {POOL(reals)}},
    {"tanh", 0, 1, {POOL(reals)}},
    {"trunc", 0, 1, {POOL(any)}},
    {"date", NEW, 1, {POOL(times)}},
    {"date", NEW, 2, {POOL(times), POOL(modifiers)}},
    {"date", NEW, 3, {POOL(times), POOL(modifiers), POOL(modifiers)}},
    {"time", NEW, 2, {POOL(times), POOL(modifiers)}},
    {"datetime", NEW, 1, {POOL(times)}},
    {"datetime", NEW, 2, {POOL(times), POOL(modifiers)}},
    {"datetime", NEW, 3, {POOL(times), POOL(modifiers), POOL(modifiers)}},
    {"julianday", NEW, 1, {POOL(times)}},
    {"julianday", NEW, 2, {POOL(times), POOL(modifiers)}},
    {"unixepoch", NEW, 2, {POOL(times), POOL(modifiers)}},
    {"unixepoch", NEW, 3, {POOL(times), POOL(modifiers), POOL(modifiers)}},
    {"strftime", NEW, 2, {POOL(time_formats), POOL(times)}},
    {"strftime", NEW, 3, {POOL(time_formats), POOL(times), POOL(modifiers)}},
    {"timediff", NEW, 2, {POOL(times), POOL(times)}},
};

static sqlite3                *db;
static struct memory           memory;
static struct arena            arena;
static struct error            err;
static struct connection_state connection = {.random = {1, 2, 3, 4}};
static struct function_context context = {
    .arena = &arena, .err = &err, .connection = &connection, .now_ms = INT64_C(212580000000000)};
static bool exact; /* the library is 3.53 or newer */
static long compared, different;

static void bind(sqlite3_stmt *stmt, int index, const struct value *v)
{
    switch (v->class_) {
    case CLASS_INTEGER:
        sqlite3_bind_int64(stmt, index, v->i);
        break;
    case CLASS_REAL:
        sqlite3_bind_double(stmt, index, v->r);
        break;
    case CLASS_TEXT:
        sqlite3_bind_text(stmt, index, v->s, (int)v->bytes, SQLITE_STATIC);
        break;
    case CLASS_BLOB:
        sqlite3_bind_blob(stmt, index, v->s, (int)v->bytes, SQLITE_STATIC);
        break;
    default:
        sqlite3_bind_null(stmt, index);
        break;
    }
}

static struct value column(sqlite3_stmt *stmt)
{
    switch (sqlite3_column_type(stmt, 0)) {
    case SQLITE_INTEGER:
        return value_int(sqlite3_column_int64(stmt, 0));
    case SQLITE_FLOAT:
        return value_real(sqlite3_column_double(stmt, 0));
    case SQLITE_TEXT:
        return value_text((const char *)sqlite3_column_text(stmt, 0),
                          (size_t)sqlite3_column_bytes(stmt, 0));
    case SQLITE_BLOB:
        return value_blob(sqlite3_column_blob(stmt, 0), (size_t)sqlite3_column_bytes(stmt, 0));
    default:
        return value_null();
    }
}

static bool same(const struct value *a, const struct value *b)
{
    if (a->class_ != b->class_)
        return false;
    if (a->class_ == CLASS_REAL)
        return memcmp(&a->r, &b->r, sizeof a->r) == 0 || (!exact && a->r == b->r);
    if (a->class_ == CLASS_INTEGER)
        return a->i == b->i;
    return a->bytes == b->bytes && (a->bytes == 0 || memcmp(a->s, b->s, a->bytes) == 0);
}

static void describe(struct str *text, const char *name, const struct value *argv, int argc)
{
    str_text(text, name);
    str_char(text, '(');
    for (int i = 0; i < argc; i++) {
        if (i > 0)
            str_text(text, ", ");
        value_dump(&argv[i], text);
    }
    str_text(text, "): ");
}

/* As the machine calls it. */
static enum status call_function(const struct function *f, const struct value *argv, int argc,
                                 struct value *out)
{
    *out = value_null();
    error_clear(&err);
    if (f->flags & FUNCTION_NULL_IN_NULL_OUT)
        for (int i = 0; i < argc; i++)
            if (argv[i].class_ == CLASS_NULL)
                return STATUS_OK;
    return f->exact(&context, (uint32_t)argc, argv, out);
}

static void compare(const char *name, sqlite3_stmt *stmt, const struct value *argv, int argc)
{
    bool                   known;
    const struct function *f = function_find(name, strlen(name), (uint32_t)argc, &known);
    struct value           got, want;
    struct str             text;
    struct arena_mark      mark = arena_mark(&arena);
    enum status            status;
    int                    rc;

    assert_non_null(f);
    status = call_function(f, argv, argc, &got);
    sqlite3_reset(stmt);
    for (int i = 0; i < argc; i++)
        bind(stmt, i + 1, &argv[i]);
    rc = sqlite3_step(stmt);
    compared++;
    want = rc == SQLITE_ROW ? column(stmt) : value_null();
    if ((rc == SQLITE_ROW) == (status == STATUS_OK) && same(&got, &want)) {
        if (status == STATUS_OK ||
            (rc == (int)status && strcmp(err.text, sqlite3_errmsg(db)) == 0)) {
            arena_release(&arena, mark);
            return;
        }
    }
    str_init(&text, NULL);
    describe(&text, name, argv, argc);
    if (status == STATUS_OK)
        value_dump(&got, &text);
    else
        str_text(&text, err.text);
    str_text(&text, ", sqlite3 says ");
    if (rc == SQLITE_ROW)
        value_dump(&want, &text);
    else
        str_text(&text, sqlite3_errmsg(db));
    if (different++ < 30)
        print_error("%s\n", str_end(&text));
    str_free(&text);
    arena_release(&arena, mark);
}

/* Whether the argument reads and prints alike in every version: not so numbers of many digits. */
static bool old_agrees(const struct value *v)
{
    if (v->class_ == CLASS_REAL)
        return fabs(v->r) < 1e15 && (v->r == 0 || fabs(v->r) > 1e-15);
    return (v->class_ != CLASS_TEXT && v->class_ != CLASS_BLOB) ||
           memchr(v->s, '\0', v->bytes) == NULL;
}

static bool wanted(const struct value *argv, int argc)
{
    for (int i = 0; i < argc; i++)
        if (!exact && !old_agrees(&argv[i]))
            return false;
    return true;
}

static void compare_all(const struct call *call, sqlite3_stmt *stmt)
{
    struct value argv[3];
    size_t       counts[3];

    for (int i = 0; i < 3; i++)
        counts[i] = i < call->argc ? call->pools[i].count : 1;
    for (size_t a = 0; a < counts[0]; a++)
        for (size_t b = 0; b < counts[1]; b++)
            for (size_t c = 0; c < counts[2]; c++) {
                size_t picks[3] = {a, b, c};

                for (int i = 0; i < call->argc; i++)
                    argv[i] = call->pools[i].values[picks[i]];
                if (wanted(argv, call->argc))
                    compare(call->name, stmt, argv, call->argc);
            }
}

static void functions_agree(void **state)
{
    static const char *const marks[] = {"", "?1", "?1, ?2", "?1, ?2, ?3"};

    (void)state;
    for (size_t n = 0; n < countof(calls); n++) {
        char         *sql;
        sqlite3_stmt *stmt;

        if ((calls[n].flags & NEW) && !exact)
            continue;
        sql = sqlite3_mprintf("SELECT %s(%s)", calls[n].name, marks[calls[n].argc]);
        if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK) /* else it is not built in */
            compare_all(&calls[n], stmt);
        sqlite3_finalize(stmt);
        sqlite3_free(sql);
    }
    print_message("%ld calls compared, %ld differ\n", compared, different);
    assert_true(compared > 5000);
    assert_int_equal(different, 0);
}

static void functions_are_found_by_name_and_count(void **state)
{
    bool known;

    (void)state;
    assert_non_null(function_find("SubStr", 6, 3, &known));
    assert_true(function_find("substr", 6, 4, &known) == NULL && known);
    assert_true(function_find("nosuch", 6, 1, &known) == NULL && !known);
    assert_true(function_find("sum", 3, 1, &known) == NULL && known);
    assert_true(function_find("max", 3, 1, &known) == NULL && known);
    assert_non_null(function_find("max", 3, 2, &known));
    for (uint32_t i = 0; function_at(i) != NULL; i++)
        if (i > 0)
            assert_true(strcmp(function_at(i - 1)->name, function_at(i)->name) <= 0);
}

/* Long texts, bombs, and what only a fixed expectation can say. */
static void like_does_not_blow_up(void **state)
{
    static char text[1000000];
    char        pattern[200] = "";

    (void)state;
    memset(text, 'a', sizeof text);
    for (int i = 0; i < 90; i++)
        strcat(pattern, "%a");
    strcat(pattern, "%b");
    assert_false(text_like(NULL, pattern, strlen(pattern), text, sizeof text, 0, false));
    pattern[strlen(pattern) - 2] = '\0';
    assert_true(text_like(NULL, pattern, strlen(pattern), text, sizeof text, 0, false));
    for (char *p = pattern; *p != '\0'; p++)
        *p = *p == '%' ? '*' : *p;
    strcat(pattern, "*b");
    assert_false(text_glob(NULL, pattern, strlen(pattern), text, sizeof text));
}

static void too_big_results_are_refused(void **state)
{
    static const struct {
        const char  *name;
        int          argc;
        struct value argv[3];
    } cases[] = {{"zeroblob", 1, {I(1000000001)}},
                 {"randomblob", 1, {I(INT64_MAX)}},
                 {"printf", 2, {T("%2000000000d"), I(1)}},
                 {"printf", 2, {T("%.2000000000d"), I(1)}},
                 {"printf", 2, {T("%.1500000000c"), T("x")}},
                 {"printf", 2, {T("%1999999999.3f"), R(1.5)}},
                 {"printf", 2, {T("%-2147483647s"), T("x")}}};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        bool         known;
        struct value out;

        assert_int_equal(call_function(function_find(cases[i].name, strlen(cases[i].name),
                                                     (uint32_t)cases[i].argc, &known),
                                       cases[i].argv, cases[i].argc, &out),
                         STATUS_TOOBIG);
    }
}

static void random_numbers_vary(void **state)
{
    struct value a, b;
    bool         known;

    (void)state;
    assert_int_equal(call_function(function_find("random", 6, 0, &known), NULL, 0, &a), STATUS_OK);
    assert_int_equal(call_function(function_find("random", 6, 0, &known), NULL, 0, &b), STATUS_OK);
    assert_true(a.i != b.i);
}

static void now_is_the_statements_time(void **state)
{
    static const struct {
        const char *name;
        const char *want;
    } cases[] = {{"current_date", "2024-04-24"},
                 {"current_time", "00:00:00"},
                 {"current_timestamp", "2024-04-24 00:00:00"}};

    (void)state;
    context.now_ms = INT64_C(212580676800000);
    for (size_t i = 0; i < countof(cases); i++) {
        bool         known;
        struct value out;

        assert_int_equal(
            call_function(function_find(cases[i].name, strlen(cases[i].name), 0, &known), NULL, 0,
                          &out),
            STATUS_OK);
        assert_int_equal(out.bytes, strlen(cases[i].want));
        assert_memory_equal(out.s, cases[i].want, out.bytes);
    }
}

static int set_up(void **state)
{
    (void)state;
    setenv("TZ", "America/New_York", 1);
    memory_init(&memory, 0);
    arena_init(&arena, &memory);
    exact = sqlite3_libversion_number() >= 3053000;
    if (sqlite3_open(":memory:", &db) != SQLITE_OK)
        return 1;
    if (exact)
        sqlite3_db_config(db, 1023 /* SQLITE_DBCONFIG_FP_DIGITS */, 15, (int *)NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sqlite3_close(db);
    arena_free(&arena);
    return atomic_load(&memory.used) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_agree),
        cmocka_unit_test(functions_are_found_by_name_and_count),
        cmocka_unit_test(like_does_not_blow_up),
        cmocka_unit_test(too_big_results_are_refused),
        cmocka_unit_test(random_numbers_vary),
        cmocka_unit_test(now_is_the_statements_time),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
