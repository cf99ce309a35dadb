/* test_utf8.c - characters as sqlite3 reads them, well-formed or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/utf8.h" /* before cmocka.h, which makes fail a macro */

#include <cmocka.h>

static void every_code_point_survives(void **state)
{
    (void)state;
    for (uint32_t code = 1; code <= 0x10ffff; code++) {
        char        bytes[UTF8_BYTES_MAX];
        size_t      count = utf8_write(code, bytes);
        const char *p = bytes;
        uint32_t    want = code;

        if ((code & 0xfffff800) == 0xd800 || (code & 0xfffffffe) == 0xfffe)
            want = UTF8_REPLACEMENT;
        assert_int_equal(utf8_read(&p, bytes + count), want);
        assert_ptr_equal(p, bytes + count);
        assert_int_equal(utf8_length(bytes, count), 1);
    }
}

static void malformed_bytes_have_their_own_rules(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t    code;
        size_t      used, length;
    } cases[] = {{"", 0, 0, 0},
                 {"\x80\x80", 0x80, 1, 2},             /* lone continuation bytes are characters */
                 {"\xc1\x81", UTF8_REPLACEMENT, 2, 1}, /* overlong ASCII */
                 {"\xc3", UTF8_REPLACEMENT, 1, 1},     /* cut */
                 {"\xc3z", UTF8_REPLACEMENT, 1, 2},
                 {"\xff", UTF8_REPLACEMENT, 1, 1},
                 {"\xe2\x82\xac\x80", 0x82b00, 4, 1}, /* too many continuation bytes: all taken */
                 {"\xed\xa0\x80", UTF8_REPLACEMENT, 3, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *p = cases[i].bytes, *end = p + strlen(p);

        assert_int_equal(utf8_read(&p, end), cases[i].code);
        assert_int_equal((size_t)(p - cases[i].bytes), cases[i].used);
        assert_int_equal(utf8_length(cases[i].bytes, strlen(cases[i].bytes)), cases[i].length);
    }
}

static void skipping_and_counting_agree(void **state)
{
    static const char text[] =
        "plain ascii, then n\xc3\xa4h \xe2\x82\xac and \xf0\x9f\x98\x80 and on";
    size_t      bytes = sizeof text - 1, length = utf8_length(text, bytes);
    const char *p = text;

    (void)state;
    assert_int_equal(length, 36);
    for (size_t i = 0; i <= length; i++) {
        assert_ptr_equal(utf8_skip(text, bytes, i), p);
        if (i < length)
            p = utf8_next(p, text + bytes);
    }
    assert_ptr_equal(utf8_skip(text, bytes, UINT64_MAX), text + bytes);
    assert_false(utf8_all_ascii(text, bytes));
    for (size_t i = 0; i < 19; i++)
        assert_true(utf8_all_ascii(text, i));
    assert_int_equal(text_until_nul("ab\0c", 4), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_survives),
        cmocka_unit_test(malformed_bytes_have_their_own_rules),
        cmocka_unit_test(skipping_and_counting_agree),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
