/* test_number.c - numbers to text and back: against the C library, and SQLite's forms by example.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static uint64_t random_state = 88172645463325252u;

static uint64_t random_u64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void check_parse(const char *text)
{
    double        want = strtod(text, NULL);
    struct number got = number_parse(text, strlen(text));

    if (memcmp(&want, &got.r, sizeof want) != 0)
        fail_msg("%.60s: %a, wanted %a", text, got.r, want);
}

static void digits_scale_as_the_c_library_does(void **state)
{
    char text[64];

    (void)state;
    for (int i = 0; i < 400000; i++) {
        uint64_t digits = random_u64() >> (random_u64() % 64);
        int      exponent = (int)(random_u64() % 700) - 350;

        snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, exponent);
        double want = strtod(text, NULL), got = number_scale(digits, exponent);
        if (want != got)
            fail_msg("%s: %a, wanted %a", text, got, want);
    }
    for (int exponent = -343; exponent <= 309; exponent++) /* every row of the table */
        for (int i = 0; i < 200; i++) {
            uint64_t digits = random_u64() | UINT64_C(1) << 63;

            snprintf(text, sizeof text, "%" PRIu64 "e%d", digits, exponent);
            assert_true(strtod(text, NULL) == number_scale(digits, exponent));
        }
}

static void doubles_survive_17_digits(void **state)
{
    char text[64];

    (void)state;
    for (int i = 0; i < 300000; i++) {
        uint64_t bits = random_u64();
        double   r;

        memcpy(&r, &bits, sizeof r);
        if (!isfinite(r))
            continue;
        snprintf(text, sizeof text, "%.16e", r);
        check_parse(text);
    }
}

/* The digits that fit 64 bits count, later ones only move the point: '1.5' and 30 more digits is
 * what its first 19 or 20 digits are. */
static void long_texts_are_cut(void **state)
{
    static const char *const texts[] = {"0123456789012345678901234567890",
                                        "99999999999999999999999", "18446744073709551599999",
                                        "1844674407370955160999999"};

    (void)state;
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
        for (size_t point = 0; point <= strlen(texts[t]); point++) {
            char     text[64], head[64];
            uint64_t digits = 0;
            size_t   used = 0;

            snprintf(text, sizeof text, "%.*s.%s0e3", (int)point, texts[t], texts[t] + point);
            for (; digits < UINT64_C(1844674407370955160) && texts[t][used] != '\0'; used++)
                digits = digits * 10 + (uint64_t)(texts[t][used] - '0');
            snprintf(head, sizeof head, "%" PRIu64 "e%d", digits, (int)point - (int)used + 3);
            assert_true(number_parse(text, strlen(text)).r == strtod(head, NULL));
        }
    check_parse("2.4703282292062327208e-324");
    check_parse("0.00000000000000000000000000000000000000000000000000000000000000000001234567e30");
}

static void parse_tells_kind_length_and_whole(void **state)
{
    static const struct {
        const char      *text;
        enum number_kind kind;
        double           r;
        int              length;
        bool             whole;
    } cases[] = {
        {"", NUMBER_NONE, 0, 0, false},
        {"  ", NUMBER_NONE, 0, 0, false},
        {"abc", NUMBER_NONE, 0, 0, false},
        {".", NUMBER_NONE, 0, 0, false},
        {".e3", NUMBER_NONE, 0, 0, false},
        {"+-5", NUMBER_NONE, 0, 0, false},
        {"- 5", NUMBER_NONE, 0, 0, false},
        {"Inf", NUMBER_NONE, 0, 0, false},
        {"5", NUMBER_INTEGER, 5, 1, true},
        {" \t+5\n ", NUMBER_INTEGER, 5, 6, true},
        {"-0", NUMBER_INTEGER, 0, 2, true},
        {"12abc", NUMBER_INTEGER, 12, 2, false},
        {"12 abc", NUMBER_INTEGER, 12, 2, false},
        {"0x10", NUMBER_INTEGER, 0, 1, false},
        {"1e", NUMBER_INTEGER, 1, 1, false},
        {"1e+", NUMBER_INTEGER, 1, 1, false},
        {"1_000", NUMBER_INTEGER, 1, 1, false},
        {"1.", NUMBER_REAL, 1, 2, true},
        {".5", NUMBER_REAL, 0.5, 2, true},
        {"-.5e1x", NUMBER_REAL, -5, 5, false},
        {"1.e2", NUMBER_REAL, 100, 4, true},
        {"1e2", NUMBER_REAL, 100, 3, true},
        {"1E-2 ", NUMBER_REAL, 0.01, 5, true},
        {"1.5.2", NUMBER_REAL, 1.5, 3, false},
        {"9223372036854775807", NUMBER_INTEGER, 9223372036854775807.0, 19, true},
        {"-9223372036854775808", NUMBER_INTEGER, -9223372036854775808.0, 20, true},
        {"9223372036854775808", NUMBER_REAL, 9223372036854775808.0, 19, true},
        {"-9223372036854775809", NUMBER_REAL, -9223372036854775808.0, 20, true},
        {"000000000000000000000000000001", NUMBER_INTEGER, 1, 30, true},
        {"1e400", NUMBER_REAL, HUGE_VAL, 5, true},
        {"-1e-400", NUMBER_REAL, 0, 7, true},
        {"1e99999999999999999999", NUMBER_REAL, HUGE_VAL, 22, true},
        {"0e99999999999999999999", NUMBER_REAL, 0, 22, true},
        {"1e-99999999999999999999", NUMBER_REAL, 0, 23, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct number n = number_parse(cases[i].text, strlen(cases[i].text));

        if (n.kind != cases[i].kind || n.r != cases[i].r || n.whole != cases[i].whole ||
            (n.kind != NUMBER_NONE && (int)n.length != cases[i].length) ||
            (n.kind == NUMBER_INTEGER && (double)n.i != n.r))
            fail_msg("'%s': kind %d, %g, length %zu, whole %d", cases[i].text, n.kind, n.r,
                     n.length, n.whole);
    }
    assert_true(number_parse("12\0abc", 6).whole); /* a NUL ends the number, as in SQLite */
    assert_int_equal(number_parse("12\0abc", 6).length, 2);
    assert_int_equal(number_parse("123", 2).i, 12); /* no byte behind the end is read */
}

static void reals_print_as_sqlite_prints_them(void **state)
{
    static const struct {
        double      r;
        int         digits;
        const char *text;
    } cases[] = {
        {0.0, 15, "0.0"},
        {-0.0, 15, "0.0"},
        {1.0, 15, "1.0"},
        {-1.5, 15, "-1.5"},
        {0.1 + 0.2, 15, "0.3"},
        {0.1 + 0.2, 17, "0.30000000000000004"},
        {49.47, 17, "49.47"},
        {1e15, 15, "1.0e+15"},
        {1e15, 17, "1000000000000000.0"},
        {1e14, 15, "100000000000000.0"},
        {123456789012345.0, 15, "123456789012345.0"},
        {1e20, 15, "1.0e+20"},
        {1e100, 15, "1.0e+100"},
        {1.25e-5, 15, "1.25e-05"},
        {0.0001, 15, "0.0001"},
        {9.999999999999999e22, 15, "1.0e+23"},
        {9223372036854775808.0, 15, "9.22337203685478e+18"},
        {9223372036854775808.0, 17, "9.2233720368547758e+18"},
        {5e-324, 15, "4.94065645841247e-324"},
        {DBL_MAX, 15, "1.79769313486232e+308"},
        {DBL_MAX, 17, "1.7976931348623157e+308"},
        {HUGE_VAL, 15, "Inf"},
        {-HUGE_VAL, 15, "-Inf"},
        {1.0 / 3, 15, "0.333333333333333"},
        {2.0 / 3, 3, "0.667"},
        {999.9, 3, "1.0e+03"},
    };
    char text[NUMBER_TEXT_CAP];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = number_from_real(cases[i].r, cases[i].digits, text);

        assert_string_equal(text, cases[i].text);
        assert_int_equal(length, strlen(text));
    }
}

/* Not correctly rounded, as sqlite3 is not, but never more than a unit of the last digit away. */
static void every_count_of_digits_is_close(void **state)
{
    char   got[NUMBER_TEXT_CAP];
    double unit = 1;

    (void)state;
    for (int digits = 1; digits <= 17; digits++, unit /= 10)
        for (int i = 0; i < 20000; i++) {
            uint64_t bits = random_u64();
            double   r;

            memcpy(&r, &bits, sizeof r);
            if (!isfinite(r) || fabs(r) < DBL_MIN || fabs(r) > DBL_MAX / 2)
                continue;
            number_from_real(r, digits, got);
            assert_true(fabs(strtod(got, NULL) / r - 1) <= 0.5001 * unit + 2.3e-16);
        }
}

static void few_decimals_print_as_c_prints_them(void **state)
{
    char got[NUMBER_TEXT_CAP], want[NUMBER_TEXT_CAP];

    (void)state;
    for (int i = 0; i < 400000; i++) {
        int64_t n = (int64_t)(random_u64() % (UINT64_C(1) << (random_u64() % 50 + 1)));
        double  r = (double)n / pow(10, (double)(random_u64() % 7)) * (i % 2 == 0 ? 1 : -1);

        if (r == 0 || fabs(r) >= 1e9 || fabs(r) < 1e-4)
            continue;
        number_from_real(r, 15, got);
        snprintf(want, sizeof want, "%.15g", r);
        if (strpbrk(want, ".e") == NULL)
            strcat(want, ".0");
        assert_string_equal(got, want);
    }
}

static void integers_print(void **state)
{
    static const int64_t cases[] = {0, 1, -1, 9, 10, 99, 100, -100, INT64_MAX, INT64_MIN};
    char                 got[NUMBER_TEXT_CAP], want[NUMBER_TEXT_CAP];

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(want, sizeof want, "%" PRId64, cases[i]);
        assert_int_equal(number_from_int(cases[i], got), strlen(want));
        assert_string_equal(got, want);
    }
    for (int i = 0; i < 100000; i++) {
        int64_t x = (int64_t)random_u64() >> (random_u64() % 64);

        snprintf(want, sizeof want, "%" PRId64, x);
        number_from_int(x, got);
        assert_string_equal(got, want);
    }
}

static void reals_become_integers(void **state)
{
    int64_t i;

    (void)state;
    assert_int_equal(number_truncate(2.9), 2);
    assert_int_equal(number_truncate(-2.9), -2);
    assert_int_equal(number_truncate(1e30), INT64_MAX);
    assert_int_equal(number_truncate(-HUGE_VAL), INT64_MIN);
    assert_int_equal(number_truncate(9223372036854775808.0), INT64_MAX);
    assert_true(number_real_is_int(-9223372036854775808.0, &i) && i == INT64_MIN);
    assert_false(number_real_is_int(9223372036854775808.0, &i));
    assert_true(number_real_is_int(-0.0, &i) && i == 0);
    assert_false(number_real_is_int(0.5, &i));
    assert_false(number_real_is_int(HUGE_VAL, &i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digits_scale_as_the_c_library_does),
        cmocka_unit_test(doubles_survive_17_digits),
        cmocka_unit_test(long_texts_are_cut),
        cmocka_unit_test(parse_tells_kind_length_and_whole),
        cmocka_unit_test(reals_print_as_sqlite_prints_them),
        cmocka_unit_test(every_count_of_digits_is_close),
        cmocka_unit_test(few_decimals_print_as_c_prints_them),
        cmocka_unit_test(integers_print),
        cmocka_unit_test(reals_become_integers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
