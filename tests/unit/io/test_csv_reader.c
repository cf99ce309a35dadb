/* test_csv_reader.c - read_csv and csv_rejects as the engine uses them: options, errors, windows.
 */
#include "csv_help.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h> /* last: its fail is a macro */

static const char *text_file(const char *text)
{
    return file_make(text, strlen(text), false);
}

/* The same at any batch size.  rows: as module_read gives them; an error without the path. */
static void check(const char *data, const char *const *options, const char *types, const char *rows)
{
    static const uint32_t caps[] = {2048, 1, 3};
    const char           *path = text_file(data);

    for (size_t i = 0; i < countof(caps); i++) {
        struct memory memory;
        struct str    got_types, out;
        char         *got;

        memory_init(&memory, 0);
        str_init(&got_types, NULL);
        str_init(&out, NULL);
        module_read(&csv_source_module, &memory, path, options, caps[i], true, &got_types, &out);
        got = str_end(&out);
        if (strncmp(got, "ERROR \"/tmp/", 12) == 0) { /* the path changes */
            char *rest = strchr(got + 8, '"') + 1;

            assert_string_equal(rest, rows);
        } else {
            assert_string_equal(got, rows);
            if (types != NULL)
                assert_string_equal(str_end(&got_types), types);
        }
        assert_int_equal(memory.used, 0);
        str_free(&got_types);
        str_free(&out);
    }
    unlink(path);
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void values_get_the_classes_of_sqlite(void **state)
{
    (void)state;
    check("id,code,price,day,word\n1,007,1.50,2024-02-29,x\n-2,010,3,2023-01-01,\n", NULL,
          "id INTEGER, code TEXT, price REAL, day TEXT, word TEXT",
          "1\t'007'\t1.5\t'2024-02-29'\t'x'\n-2\t'010'\t3.0\t'2023-01-01'\t\\N\n");
}

static void values_that_do_not_fit_stay_what_they_are(void **state)
{
    struct str text, want;

    (void)state;
    str_init(&text, NULL);
    str_init(&want, NULL);
    str_text(&text, "a,b\n");
    for (int i = 0; i < 40000; i++) { /* beyond the sample */
        str_text(&text, "1,2.5\n");
        str_text(&want, "1\t2.5\n");
    }
    str_text(&text, "oops,n/a\n007,3\n1.5,\n2,9\n");
    str_text(&want, "'oops'\t'n/a'\n'007'\t3.0\n1.5\t\\N\n2\t9.0\n");
    check(str_end(&text), NULL, "a INTEGER, b REAL", str_end(&want));
    str_free(&text);
    str_free(&want);
}

static void quotes_and_line_ends_are_read(void **state)
{
    (void)state;
    check("a,b\r\n\"x, \"\"y\"\"\",1\r\n\"two\nlines\",2", NULL, "a TEXT, b INTEGER",
          "'x, \"y\"'\t1\n'two\\nlines'\t2\n");
    check("a|b\r1|x\r2|y\r", NULL, "a INTEGER, b TEXT", "1\t'x'\n2\t'y'\n");
    check("a\tb\n1\t'x\ty'\n", OPTIONS("quote='"), "a INTEGER, b TEXT", "1\t'x\\ty'\n");
    check("a;b\n1;\"x\\\"y\"\n2;\"z\"\n", OPTIONS("escape=\\"), "a INTEGER, b TEXT",
          "1\t'x\"y'\n2\t'z'\n");
    check("\xef\xbb\xbf"
          "a,b\n1,2\n",
          NULL, "a INTEGER, b INTEGER", "1\t2\n");
}

static void empty_fields_are_null_unless_quoted_text(void **state)
{
    (void)state;
    check("a,b,c\n1,x,\"\"\n,,y\n\"\",\"\",\"\"\n", NULL, "a INTEGER, b TEXT, c TEXT",
          "1\t'x'\t''\n\\N\t\\N\t'y'\n\\N\t''\t''\n");
    check("a,b\n1,NA\nNA,x\n", OPTIONS("nullstr=NA"), "a INTEGER, b TEXT", "1\t\\N\n\\N\t'x'\n");
}

static void options_override_detection(void **state)
{
    (void)state;
    check("1,2\n3,4\n", OPTIONS("header=true"), "1 INTEGER, 2 INTEGER", "3\t4\n");
    check("a,b\n3,4\n", OPTIONS("header=false"), "column0 TEXT, column1 TEXT",
          "'a'\t'b'\n'3'\t'4'\n");
    check("a,b\n3,4\n", OPTIONS("all_varchar=true"), "a TEXT, b TEXT", "'3'\t'4'\n");
    check("x\ny\na,b\n3,4\n", OPTIONS("skip=2"), "a INTEGER, b INTEGER", "3\t4\n");
    check("3,4\n", OPTIONS("columns=p: TEXT, q: REAL", "header=false"), "p TEXT, q REAL",
          "'3'\t4.0\n");
    check("3,4\n", OPTIONS("names=p,q", "HEADER=false"), "p INTEGER, q INTEGER", "3\t4\n");
    check("a,b\n3,4\n# no\n5,6 # end\n", OPTIONS("comment=#"), "a INTEGER, b INTEGER",
          "3\t4\n5\t6\n");
    check("a,b,c\n1\n2,3\n4,5,6\n", OPTIONS("null_padding=true"), "a INTEGER, b INTEGER, c INTEGER",
          "1\t\\N\t\\N\n2\t3\t\\N\n4\t5\t6\n");
    check("a,b\n1,\"x\"y\"\n2,\"z\"\n", OPTIONS("strict_mode=false", "delim=,", "quote=\""),
          "a INTEGER, b TEXT", "1\t'x\"y'\n2\t'z'\n");
    check("1|2|\n3|4|\n", OPTIONS("delim=|", "names=a,b"), "a INTEGER, b INTEGER", "1\t2\n3\t4\n");
    check("a,b\n", OPTIONS("nosuch=1"), NULL, "ERROR no such CSV option: nosuch");
    check("a,b\n", OPTIONS("delim=ab"), NULL,
          "ERROR CSV option delim wants one byte that is no line end ('' for none)");
}

static void copy_applies_affinities_and_keeps_empty_texts(void **state)
{
    (void)state;
    /* B: TEXT, D: INTEGER, E: REAL, C: NUMERIC, A: none */
    check("007,007,007,1.50,007\n,,,,\nx,y,z,17.00,w\n",
          OPTIONS("__columns=a\x1f"
                  "b\x1f"
                  "c\x1f"
                  "d\x1f"
                  "e",
                  "__affinities=BDECA"),
          NULL, "'007'\t7\t7.0\t1.5\t'007'\n''\t''\t''\t''\t''\n'x'\t'y'\t'z'\t17\t'w'\n");
    check("a,B\n1,2\n",
          OPTIONS("__columns=A\x1f"
                  "b",
                  "__affinities=BB"),
          NULL, "'1'\t'2'\n");
    check("u,v\n1,2\n",
          OPTIONS("__columns=A\x1f"
                  "b",
                  "__affinities=BB"),
          NULL, "'u'\t'v'\n'1'\t'2'\n");
    check("u,v\n1,2\n",
          OPTIONS("__columns=A\x1f"
                  "b",
                  "__affinities=BD"),
          NULL, "'1'\t2\n");
    check("",
          OPTIONS("__columns=A\x1f"
                  "b",
                  "__affinities=BB"),
          NULL, "");
    check("1,2\n",
          OPTIONS("__columns=A\x1f"
                  "b",
                  "__affinities=BD", "null="),
          NULL, "'1'\t2\n");
}

static void bad_lines_fail_with_line_and_cause(void **state)
{
    struct str text;

    (void)state;
    str_init(&text, NULL);
    str_text(&text, "a,b\n");
    for (int i = 0; i < 30000; i++) /* detection does not see the bad line */
        str_text(&text, i == 7 ? "1,\"x\ny\"\n" : "1,some text here\n");
    str_text(&text, "1,2,3\n1,2\n");
    check(str_end(&text), NULL, NULL, ", line 30003: expected 2 fields but found 3");
    str_text(&text, "1,\"x\"y\n");
    check(str_end(&text), OPTIONS("ignore_errors=false"), NULL,
          ", line 30003: expected 2 fields but found 3");
    str_free(&text);
    check("a,b\n1,\"x\n", OPTIONS("delim=,", "quote=\"", "auto_detect=false", "names=a,b"), NULL,
          ", line 2: a quoted field is not terminated");
    check("a,b\n1,\"x\"y\n", OPTIONS("delim=,", "quote=\"", "auto_detect=false", "names=a,b"), NULL,
          ", line 2: a quoted field ends before its delimiter, or a quote in it is not escaped");
    check("", NULL, NULL, " is empty: it has no columns");
}

static void rejects_are_told_with_line_column_and_text(void **state)
{
    const char       *path = text_file("a,b\n1,2\n3\n4,5,6\n7,\"x\"y\n8,9\n");
    const char *const options[] = {"auto_detect=false", "names=a,b", "header=true", NULL};
    struct str        out;

    (void)state;
    str_init(&out, NULL);
    module_read(&csv_rejects_module, NULL, path, options, 2048, false, NULL, &out);
    assert_string_equal(str_end(&out),
                        "3\t2\texpected 2 fields but found 1\t3\n"
                        "4\t3\texpected 2 fields but found 3\t4,5,6\n"
                        "5\t\\N\ta quoted field ends before its delimiter, or a quote in it is not "
                        "escaped\t7,\"x\"y\n");
    str_free(&out);
    unlink(path);
    check("a,b\n1,2\n3\n4,5,6\n7,\"x\"y\n8,9\n",
          OPTIONS("auto_detect=false", "columns=a:INT,b:INT", "header=true", "ignore_errors=true"),
          "a INT, b INT", "1\t2\n8\t9\n");
}

/* Long enough for several windows, with quoted line ends and odd lines at any place in them. */
static void windows_and_gzip_change_nothing(void **state)
{
    struct str  text, want, out;
    const char *path;

    (void)state;
    str_init(&text, NULL);
    str_init(&want, NULL);
    str_init(&out, NULL);
    str_text(&text, "n,w,r\n");
    for (int i = 0; text.bytes < 5 << 20; i++) {
        str_printf(&text,
                   i % 97 == 0     ? "%d,\"a\n\"\"%d\"\"\",%d.25\n"
                   : i % 1009 == 0 ? "%d,odd\"%d,%d.25\n"
                                   : "%d,word%d,%d.25\n",
                   i, i % 10, i);
        str_printf(&want,
                   i % 97 == 0     ? "%d\ta\\n\"%d\"\t%d.25\n"
                   : i % 1009 == 0 ? "%d\todd\"%d\t%d.25\n"
                                   : "%d\tword%d\t%d.25\n",
                   i, i % 10, i);
        if (i == 100000) { /* a field longer than the first window */
            str_printf(&text, "%d,\"", i);
            str_printf(&want, "%d\t", i);
            for (int k = 0; k < 300000; k++) {
                str_text(&text, "long, ");
                str_text(&want, "long, ");
            }
            str_text(&text, "\",1\n");
            str_text(&want, "\t1.0\n");
        }
    }
    for (int packed = 0; packed < 2; packed++) {
        path = file_make(text.data, text.bytes, packed != 0);
        str_clear(&out);
        module_read(&csv_source_module, NULL, path, NULL, packed ? 2048 : 77, false, NULL, &out);
        unlink(path);
        assert_int_equal(out.bytes, want.bytes);
        assert_memory_equal(out.data, want.data, want.bytes);
    }
    str_free(&text);
    str_free(&want);
    str_free(&out);
}

static void damaged_gzip_is_an_error(void **state)
{
    struct str  out;
    const char *path = file_make("a,b\n1,2\n", 8, true);
    FILE       *file = fopen(path, "r+");

    (void)state;
    str_init(&out, NULL);
    assert_int_equal(ftruncate(fileno(file), 15), 0);
    fclose(file);
    module_read(&csv_source_module, NULL, path, NULL, 2048, false, NULL, &out);
    assert_non_null(strstr(str_end(&out), "is damaged"));
    str_free(&out);
    unlink(path);
}

static void too_many_columns_are_refused(void **state)
{
    struct str text;

    (void)state;
    str_init(&text, NULL);
    for (int row = 0; row < 2; row++) {
        for (int i = 0; i < 100000; i++)
            str_text(&text, "1,");
        str_text(&text, "1\n");
    }
    check(str_end(&text), NULL, NULL, " has 100001 columns; a table has at most 2000");
    str_free(&text);
}

static void every_failing_allocation_is_an_error(void **state)
{
    const char *path = text_file("a,b,c\n1,\"x\ny\",2.5\n2,z,3\nodd,\"q\"\"\",4\n");
    struct str  out;

    (void)state;
    str_init(&out, NULL);
    for (uint64_t n = 1;; n++) {
        struct memory memory;

        memory_init(&memory, 0);
        str_clear(&out);
        str_reserve(&out, 1 << 16);
        memory_fail_at(n, false);
        module_read(&csv_source_module, &memory, path, NULL, 2048, false, NULL, &out);
        if (memory_fail_hits() == 0)
            break;
        memory_fail_at(0, false);
        assert_string_equal(str_end(&out), "ERROR out of memory");
        assert_int_equal(memory.used, 0);
    }
    memory_fail_at(0, false);
    assert_string_equal(str_end(&out), "1\tx\\ny\t2.5\n2\tz\t3.0\nodd\tq\"\t4.0\n");
    str_free(&out);
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_get_the_classes_of_sqlite),
        cmocka_unit_test(values_that_do_not_fit_stay_what_they_are),
        cmocka_unit_test(quotes_and_line_ends_are_read),
        cmocka_unit_test(empty_fields_are_null_unless_quoted_text),
        cmocka_unit_test(options_override_detection),
        cmocka_unit_test(copy_applies_affinities_and_keeps_empty_texts),
        cmocka_unit_test(bad_lines_fail_with_line_and_cause),
        cmocka_unit_test(rejects_are_told_with_line_column_and_text),
        cmocka_unit_test(windows_and_gzip_change_nothing),
        cmocka_unit_test(damaged_gzip_is_an_error),
        cmocka_unit_test(too_many_columns_are_refused),
        cmocka_unit_test(every_failing_allocation_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
