/* test_func_analyst.c - the functions beyond SQLite's: text (func_edit.c), calendar
 * (func_calendar.c), greatest() and least(). */
/* before cmocka.h, which makes fail() a macro */
#include "base/str.h"
#include "tests/unit/vm/literal_cells.h"
#include "vm/functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

static struct memory           memory;
static struct arena            arena;
static struct error            err;
static struct connection_state connection;
static struct function_context context = {
    .arena = &arena, .err = &err, .connection = &connection, .now_ms = 1};

/* want: the result as a literal, or "error: " and a text. */
static const struct {
    const char  *name;
    int          argc;
    struct value argv[4];
    const char  *want;
} cases[] = {
    {"greatest", 3, {I(1), NIL, R(2.5)}, "2.5"},
    {"greatest", 3, {I(1), T("a"), R(2.5)}, "'a'"},
    {"least", 3, {I(1), NIL, R(0.5)}, "0.5"},
    {"least", 2, {NIL, NIL}, "NULL"},
    {"split_part", 3, {T("a,b,c"), T(","), I(2)}, "'b'"},
    {"split_part", 3, {T("a,b,c"), T(","), I(-1)}, "'c'"},
    {"split_part", 3, {T("a,b,c"), T(","), I(-3)}, "'a'"},
    {"split_part", 3, {T("a,b,c"), T(","), I(-4)}, "''"},
    {"split_part", 3, {T("a,b,c"), T(","), I(4)}, "''"},
    {"split_part", 3, {T("a,b,c"), T(","), I(0)}, "''"},
    {"split_part", 3, {T("a,b,c"), T(""), I(1)}, "'a,b,c'"},
    {"split_part", 3, {T(",,"), T(","), I(3)}, "''"},
    {"split_part", 3, {T("2024-05-06"), T("-"), I(3)}, "'06'"},
    {"left", 2, {T("h\xc3\xa4llo"), I(2)}, "'h\xc3\xa4'"},
    {"left", 2, {T("hello"), I(-2)}, "'hel'"},
    {"left", 2, {T("hello"), I(INT64_MIN)}, "''"},
    {"right", 2, {T("h\xc3\xa4llo"), I(4)}, "'\xc3\xa4llo'"},
    {"right", 2, {T("hello"), I(-2)}, "'llo'"},
    {"right", 2, {I(12345), I(99)}, "'12345'"},
    {"lpad", 2, {I(7), I(3)}, "'  7'"},
    {"lpad", 3, {I(7), I(3), T("0")}, "'007'"},
    {"lpad",
     3,
     {T("x"), I(6),
      T("\xc3\xa4"
        "b")},
     "'\xc3\xa4"
     "b\xc3\xa4"
     "b\xc3\xa4x'"},
    {"lpad", 3, {T("hello"), I(3), T("0")}, "'hel'"},
    {"lpad", 3, {T("hello"), I(30), T("")}, "'hello'"},
    {"lpad", 3, {T("hello"), I(-1), T("x")}, "''"},
    {"lpad", 3, {T("hello"), I(INT64_MAX), T("x")}, "error: string or blob too big"},
    {"rpad", 3, {T("x"), I(4), T("ab")}, "'xaba'"},
    {"repeat", 2, {T("ab"), I(3)}, "'ababab'"},
    {"repeat", 2, {T("ab"), I(-3)}, "''"},
    {"repeat", 2, {T("ab"), I(INT64_MAX)}, "error: string or blob too big"},
    {"reverse", 1, {T("h\xc3\xa4llo")}, "'oll\xc3\xa4h'"},
    {"starts_with", 2, {T("hello"), T("he")}, "1"},
    {"starts_with", 2, {T("hello"), T("hello!")}, "0"},
    {"ends_with", 2, {T("hello"), T("lo")}, "1"},
    {"contains", 2, {T("hello"), T("ell")}, "1"},
    {"contains", 2, {T("hello"), T("x")}, "0"},
    {"levenshtein", 2, {T("kitten"), T("sitting")}, "3"},
    {"levenshtein",
     2,
     {T(""), T("\xc3\xa4"
               "bc")},
     "3"},
    {"levenshtein", 2, {T("same"), T("same")}, "0"},
    {"date_trunc", 2, {T("month"), T("2024-05-17")}, "'2024-05-01'"},
    {"date_trunc", 2, {T("Quarter"), T("2024-05-17")}, "'2024-04-01'"},
    {"date_trunc", 2, {T("years"), T("2024-05-17 10:11:12")}, "'2024-01-01 00:00:00'"},
    {"date_trunc", 2, {T("week"), T("2024-05-19")}, "'2024-05-13'"},
    {"date_trunc", 2, {T("week"), T("2024-01-01")}, "'2024-01-01'"},
    {"date_trunc", 2, {T("decade"), T("2024-05-17")}, "'2020-01-01'"},
    {"date_trunc", 2, {T("century"), T("2000-05-17")}, "'1901-01-01'"},
    {"date_trunc", 2, {T("minute"), T("2024-05-17 10:11:12")}, "'2024-05-17 10:11:00'"},
    {"date_trunc", 2, {T("hour"), T("2024-05-17")}, "'2024-05-17 00:00:00'"},
    {"date_trunc", 2, {T("second"), T("2024-05-17 10:11:12.75")}, "'2024-05-17 10:11:12'"},
    {"date_trunc", 2, {T("day"), R(2460000.75)}, "'2023-02-25 00:00:00'"},
    {"date_trunc", 2, {T("month"), T("2024-02-30")}, "'2024-03-01'"},
    {"date_trunc", 2, {T("month"), T("no date")}, "NULL"},
    {"date_trunc", 2, {T("moon"), T("2024-05-17")}, "error: date_trunc: no such unit: moon"},
    {"date_trunc", 2, {T("dow"), T("2024-05-17")}, "error: date_trunc: cannot truncate to dow"},
    {"date_part", 2, {T("year"), T("2024-05-17 10:11:12.345")}, "2024"},
    {"date_part", 2, {T("quarter"), T("2024-05-17")}, "2"},
    {"date_part", 2, {T("month"), T("2024-05-17")}, "5"},
    {"date_part", 2, {T("week"), T("2021-01-03")}, "53"},
    {"date_part", 2, {T("isoyear"), T("2021-01-03")}, "2020"},
    {"date_part", 2, {T("day"), T("2024-05-17")}, "17"},
    {"date_part", 2, {T("dow"), T("2024-05-19")}, "0"},
    {"date_part", 2, {T("isodow"), T("2024-05-19")}, "7"},
    {"date_part", 2, {T("doy"), T("2024-12-31")}, "366"},
    {"date_part", 2, {T("hour"), T("2024-05-17 10:11:12")}, "10"},
    {"date_part", 2, {T("minute"), T("2024-05-17 10:11:12")}, "11"},
    {"date_part", 2, {T("second"), T("2024-05-17 10:11:12.9")}, "12"},
    {"date_part", 2, {T("milliseconds"), T("2024-05-17 10:11:12.345")}, "12345"},
    {"date_part", 2, {T("epoch"), T("2024-05-17")}, "1715904000"},
    {"date_part", 2, {T("epoch"), T("1970-01-01 00:00:00.5")}, "0.5"},
    {"date_part", 2, {T("julian"), T("2000-01-01 12:00")}, "2451545.0"},
    {"date_part", 2, {T("century"), T("2000-01-01")}, "20"},
    {"date_diff", 3, {T("day"), T("2024-02-28"), T("2024-03-01")}, "2"},
    {"date_diff", 3, {T("month"), T("2024-01-31"), T("2024-02-01")}, "1"},
    {"date_diff", 3, {T("year"), T("2024-12-31"), T("2023-01-01")}, "-1"},
    {"date_diff", 3, {T("week"), T("2024-05-19"), T("2024-05-20")}, "1"},
    {"date_diff", 3, {T("hour"), T("2024-05-19 23:59"), T("2024-05-20 00:01")}, "1"},
    {"date_diff", 3, {T("quarter"), T("2023-12-31"), T("2024-07-01")}, "3"},
    {"date_diff", 3, {T("second"), T("2024-05-19"), T("2024-05-20")}, "86400"},
    {"date_diff", 3, {T("day"), T("x"), T("2024-05-20")}, "NULL"},
    {"time_bucket", 2, {T("15 minutes"), T("2024-05-17 10:44:59")}, "'2024-05-17 10:30:00'"},
    {"time_bucket", 2, {T("1 week"), T("2024-05-19")}, "'2024-05-13'"},
    {"time_bucket", 2, {T("3 months"), T("1999-12-31")}, "'1999-10-01'"},
    {"time_bucket", 2, {T("10 years"), T("1999-12-31")}, "'1990-01-01'"},
    {"time_bucket", 2, {T("10 days"), T("2000-01-02")}, "'1999-12-24'"},
    {"time_bucket", 2, {T("minutes"), T("2000-01-02")}, "error: time_bucket: not a width: minutes"},
    {"make_date", 3, {I(2024), I(2), I(29)}, "'2024-02-29'"},
    {"make_date", 3, {I(2023), I(2), I(29)}, "NULL"},
    {"make_date", 3, {I(2023), I(13), I(1)}, "NULL"},
    {"last_day", 1, {T("2024-02-10")}, "'2024-02-29'"},
    {"last_day", 1, {T("2023-12-31 10:00")}, "'2023-12-31'"},
    {"last_day", 1, {T("9999-12-05")}, "'9999-12-31'"},
    {"dayname", 1, {T("2024-05-17")}, "'Friday'"},
    {"monthname", 1, {T("2024-05-17")}, "'May'"},
    {"strptime", 2, {T("17.05.2024"), T("%d.%m.%Y")}, "'2024-05-17'"},
    {"strptime", 2, {T("5/7/24 3:04 PM"), T("%m/%d/%y %I:%M %p")}, "'2024-05-07 15:04:00'"},
    {"strptime", 2, {T("12:30 am"), T("%I:%M %p")}, "'1900-01-01 00:30:00'"},
    {"strptime", 2, {T("17-May-1999"), T("%d-%b-%Y")}, "'1999-05-17'"},
    {"strptime", 2, {T("20240517101112.25"), T("%Y%m%d%H%M%S.%f")}, "'2024-05-17 10:11:12.250'"},
    {"strptime", 2, {T("30.02.2024"), T("%d.%m.%Y")}, "NULL"},
    {"strptime", 2, {T("17.05.2024 "), T("%d.%m.%Y")}, "NULL"},
    {"strptime", 2, {T("17.05"), T("%d.%m.%Y")}, "NULL"},
};

static void call(size_t i, struct str *got)
{
    bool                   known;
    struct value           out = value_null();
    const struct function *f =
        function_find(cases[i].name, strlen(cases[i].name), (uint32_t)cases[i].argc, &known);

    if (f == NULL)
        fail_msg("no function %s", cases[i].name);
    error_clear(&err);
    if (f->exact(&context, (uint32_t)cases[i].argc, cases[i].argv, &out) == STATUS_OK) {
        value_dump(&out, got);
    } else {
        str_text(got, "error: ");
        str_text(got, err.text);
    }
}

static void every_case_gives_its_answer(void **state)
{
    struct str got;
    int        wrong = 0;

    (void)state;
    str_init(&got, NULL);
    for (size_t i = 0; i < countof(cases); i++) {
        str_clear(&got);
        call(i, &got);
        if (strcmp(str_end(&got), cases[i].want) != 0) {
            print_error("case %zu, %s: %s, wanted %s\n", i, cases[i].name, got.data, cases[i].want);
            wrong++;
        }
    }
    str_free(&got);
    assert_int_equal(wrong, 0);
}

static int set_up(void **state)
{
    (void)state;
    memory_init(&memory, 0);
    arena_init(&arena, &memory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return atomic_load(&memory.used) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_gives_its_answer),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
