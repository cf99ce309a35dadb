/* test_value.c - the rules of values against sqlite3 itself: every operator, cast and affinity on
 * the cross product of nasty values.
 *
 * sqlite3 before 3.53 rounds some numbers in text differently; with such a library those results
 * are compared to 15 digits, and texts made of REALs by the numbers that they spell. */
/* before cmocka.h, which makes fail() a macro */
#include "base/str.h"
#include "base/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int64_t integers[] = {0,
                                   1,
                                   -1,
                                   2,
                                   3,
                                   7,
                                   -7,
                                   10,
                                   63,
                                   64,
                                   65,
                                   -63,
                                   -64,
                                   -65,
                                   127,
                                   1000,
                                   4294967296,
                                   3037000500,
                                   -3037000500,
                                   2251799813685247,
                                   2251799813685248,
                                   -2251799813685248,
                                   -2251799813685249,
                                   9007199254740991,
                                   9007199254740992,
                                   9007199254740993,
                                   -9007199254740993,
                                   1000000000000000000,
                                   9223372036854774784,
                                   9223372036854775806,
                                   INT64_MAX,
                                   INT64_MIN + 1,
                                   INT64_MIN};
static const double  reals[] = {0.0,
                                -0.0,
                                0.5,
                                -0.5,
                                1.0,
                                -1.0,
                                1.5,
                                2.0,
                                2.5,
                                5.9,
                                -5.9,
                                0.1,
                                0.30000000000000004,
                                1e-5,
                                1e14,
                                1e15,
                                1e16,
                                1e17,
                                123456.789,
                                2251799813685247.0,
                                2251799813685248.0,
                                4503599627370496.5,
                                9007199254740992.0,
                                9007199254740994.0,
                                9223372036854774784.0,
                                9223372036854775808.0,
                                -9223372036854774784.0,
                                -9223372036854775808.0,
                                1e19,
                                -1e19,
                                1e30,
                                1e100,
                                1e308,
                                -1e308,
                                1.7976931348623157e308,
                                5e-324,
                                2.2250738585072014e-308,
                                HUGE_VAL,
                                -HUGE_VAL};
#define BYTES(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
static const struct {
    const char *s;
    size_t      bytes;
} texts[] = {BYTES(""),
             BYTES(" "),
             BYTES("0"),
             BYTES("-0"),
             BYTES("-0.0"),
             BYTES("1"),
             BYTES(" 1"),
             BYTES("1 "),
             BYTES("\t\n\v\f\r1\r"),
             BYTES("+1"),
             BYTES("--1"),
             BYTES("- 1"),
             BYTES("1.0"),
             BYTES("1."),
             BYTES(".5"),
             BYTES("."),
             BYTES("-.5"),
             BYTES("1e1"),
             BYTES("1E+2"),
             BYTES("1e-2"),
             BYTES("1e"),
             BYTES("1e+"),
             BYTES("1e2x"),
             BYTES(".e1"),
             BYTES("12abc"),
             BYTES("12 abc"),
             BYTES("abc"),
             BYTES("ABC"),
             BYTES("abd"),
             BYTES("abc "),
             BYTES("abc  "),
             BYTES("ab"),
             BYTES("Zebra"),
             BYTES("_"),
             BYTES("["),
             BYTES("48.00"),
             BYTES("5.9"),
             BYTES("0x10"),
             BYTES("1_000"),
             BYTES("Inf"),
             BYTES("nan"),
             BYTES("null"),
             BYTES("9007199254740993"),
             BYTES("9007199254740993.0"),
             BYTES("2251799813685248"),
             BYTES("2251799813685248.0"),
             BYTES("2251799813685247.0"),
             BYTES("9223372036854775807"),
             BYTES("9223372036854775808"),
             BYTES("-9223372036854775808"),
             BYTES("-9223372036854775809"),
             BYTES("9223372036854775807.0"),
             BYTES("9223372036854774784.0"),
             BYTES("18446744073709551616"),
             BYTES("99999999999999999999999999"),
             BYTES("00000000000000000000000000012"),
             BYTES("1e15"),
             BYTES("1e18"),
             BYTES("1e19"),
             BYTES("1e308"),
             BYTES("1e309"),
             BYTES("-1e309"),
             BYTES("1e-400"),
             BYTES("0.1"),
             BYTES("123456789.123456789"),
             BYTES("3.14159265358979323846"),
             BYTES("12\0abc"),
             BYTES("12\0"),
             BYTES("\0"),
             BYTES("a\0b"),
             BYTES("a\0c"),
             BYTES("A\0bc"),
             BYTES("9007199254740993\0x"),
             BYTES("1.5\0x"),
             BYTES("\xc3\x84"),
             BYTES("\xc3\xa4"),
             BYTES("\xff\xfe"),
             BYTES("1\xa0"),
             BYTES("2024-02-30"),
             BYTES("it's")};

enum { VALUES_MAX = 300 };
static struct value  values[VALUES_MAX];
static int           value_count;
static sqlite3      *db;
static struct memory memory;
static struct arena  arena;
static bool          exact; /* the library is 3.53 or newer */

static void make_values(void)
{
    values[value_count++] = value_null();
    for (size_t i = 0; i < countof(integers); i++)
        values[value_count++] = value_int(integers[i]);
    for (size_t i = 0; i < countof(reals); i++)
        values[value_count++] = value_real(reals[i]);
    for (size_t i = 0; i < countof(texts); i++) {
        if (!exact && memchr(texts[i].s, '\0', texts[i].bytes) != NULL)
            continue; /* what follows a NUL counted differently before 3.53 */
        values[value_count++] = value_text(texts[i].s, texts[i].bytes);
        if (i % 2 == 0)
            values[value_count++] = value_blob(texts[i].s, texts[i].bytes);
    }
    assert_true(value_count < VALUES_MAX);
}

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
        sqlite3_bind_blob(stmt, index, v->bytes == 0 ? "" : v->s, (int)v->bytes, SQLITE_STATIC);
        break;
    default:
        sqlite3_bind_null(stmt, index);
        break;
    }
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *stmt;

    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    return stmt;
}

/* The first column for these operands, borrowed until the next call; b may be NULL. */
static struct value answer(sqlite3_stmt *stmt, const struct value *a, const struct value *b)
{
    sqlite3_reset(stmt);
    bind(stmt, 1, a);
    if (b != NULL)
        bind(stmt, 2, b);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
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

static bool near(double a, double b)
{
    return a == b || fabs(a - b) <= 1e-14 * fabs(b);
}

static bool same(const struct value *got, const struct value *want)
{
    if (got->class_ != want->class_)
        return false;
    switch (got->class_) {
    case CLASS_REAL:
        return exact ? memcmp(&got->r, &want->r, sizeof got->r) == 0 : near(got->r, want->r);
    case CLASS_TEXT:
    case CLASS_BLOB:
        if (got->bytes == want->bytes &&
            (got->bytes == 0 || memcmp(got->s, want->s, got->bytes) == 0))
            return true;
        return !exact && near(value_as_real(got), value_as_real(want)) && value_as_real(got) != 0;
    default:
        return got->i == want->i;
    }
}

static void check(const char *what, const struct value *a, const struct value *b,
                  const struct value *got, const struct value *want)
{
    struct str text;

    if (same(got, want))
        return;
    str_init(&text, NULL);
    str_text(&text, what);
    str_text(&text, " of ");
    value_dump(a, &text);
    if (b != NULL) {
        str_text(&text, " and ");
        value_dump(b, &text);
    }
    str_text(&text, ": ");
    value_dump(got, &text);
    str_text(&text, ", sqlite3 says ");
    value_dump(want, &text);
    fail_msg("%s", str_end(&text));
}

static void operators_agree(void **state)
{
    static const char *const sql[VALUE_OP_COUNT] = {
        "SELECT ?1 + ?2", "SELECT ?1 - ?2", "SELECT ?1 * ?2",  "SELECT ?1 / ?2", "SELECT ?1 % ?2",
        "SELECT ?1 & ?2", "SELECT ?1 | ?2", "SELECT ?1 << ?2", "SELECT ?1 >> ?2"};

    (void)state;
    for (int op = 0; op < VALUE_OP_COUNT; op++) {
        sqlite3_stmt *stmt = prepare(sql[op]);

        for (int i = 0; i < value_count; i++)
            for (int j = 0; j < value_count; j++) {
                struct value got = value_arith((enum value_op)op, &values[i], &values[j]);
                struct value want = answer(stmt, &values[i], &values[j]);

                check(sql[op], &values[i], &values[j], &got, &want);
            }
        sqlite3_finalize(stmt);
    }
}

static void concat_and_bit_not_agree(void **state)
{
    sqlite3_stmt *concat = prepare("SELECT ?1 || ?2"), *bit_not = prepare("SELECT ~?1");
    struct error  err;

    (void)state;
    for (int i = 0; i < value_count; i++) {
        struct value got = value_bit_not(&values[i]), want = answer(bit_not, &values[i], NULL);

        check("~", &values[i], NULL, &got, &want);
        for (int j = 0; j < value_count; j++) {
            assert_int_equal(value_concat(&values[i], &values[j], &arena, &got, &err), STATUS_OK);
            want = answer(concat, &values[i], &values[j]);
            check("||", &values[i], &values[j], &got, &want);
        }
    }
    sqlite3_finalize(concat);
    sqlite3_finalize(bit_not);
}

static void order_agrees(void **state)
{
    /* The order of two values whatever they are, NULLs too: a window of two rows tells it. */
    static const char *const sql[COLLATION_COUNT] = {
        "SELECT CASE WHEN ?1 IS ?2 COLLATE BINARY THEN 0 WHEN (SELECT x FROM (SELECT 1 AS x, ?1 AS "
        "v UNION ALL SELECT 2, ?2) ORDER BY v COLLATE BINARY LIMIT 1) = 1 THEN -1 ELSE 1 END",
        "SELECT CASE WHEN ?1 IS ?2 COLLATE NOCASE THEN 0 WHEN (SELECT x FROM (SELECT 1 AS x, ?1 AS "
        "v UNION ALL SELECT 2, ?2) ORDER BY v COLLATE NOCASE LIMIT 1) = 1 THEN -1 ELSE 1 END",
        "SELECT CASE WHEN ?1 IS ?2 COLLATE RTRIM THEN 0 WHEN (SELECT x FROM (SELECT 1 AS x, ?1 AS "
        "v UNION ALL SELECT 2, ?2) ORDER BY v COLLATE RTRIM LIMIT 1) = 1 THEN -1 ELSE 1 END"};

    (void)state;
    for (int c = 0; c < COLLATION_COUNT; c++) {
        sqlite3_stmt *stmt = prepare(sql[c]);

        for (int i = 0; i < value_count; i++)
            for (int j = 0; j < value_count; j++) {
                const struct value *a = &values[i], *b = &values[j];
                int                 order = value_compare(a, b, (enum collation)c);
                struct value        got = value_int((order > 0) - (order < 0));
                struct value        want = answer(stmt, a, b);

                check(collation_name((enum collation)c), a, b, &got, &want);
                if (order == 0)
                    assert_true(value_hash(a, (enum collation)c) ==
                                value_hash(b, (enum collation)c));
            }
        sqlite3_finalize(stmt);
    }
}

static void casts_agree(void **state)
{
    static const struct {
        enum affinity affinity;
        const char   *sql;
    } casts[] = {{AFFINITY_BLOB, "SELECT CAST(?1 AS BLOB)"},
                 {AFFINITY_TEXT, "SELECT CAST(?1 AS TEXT)"},
                 {AFFINITY_NUMERIC, "SELECT CAST(?1 AS NUMERIC)"},
                 {AFFINITY_INTEGER, "SELECT CAST(?1 AS INTEGER)"},
                 {AFFINITY_REAL, "SELECT CAST(?1 AS REAL)"}};

    (void)state;
    for (size_t c = 0; c < countof(casts); c++) {
        sqlite3_stmt *stmt = prepare(casts[c].sql);

        for (int i = 0; i < value_count; i++) {
            struct value got = values[i], want = answer(stmt, &values[i], NULL);

            assert_true(value_cast(&got, casts[c].affinity, &arena));
            check(casts[c].sql, &values[i], NULL, &got, &want);
        }
        sqlite3_finalize(stmt);
    }
}

static void stored_values_agree(void **state)
{
    static const struct {
        enum affinity affinity;
        const char   *type;
    } types[] = {{AFFINITY_BLOB, "BLOB"},
                 {AFFINITY_TEXT, "TEXT"},
                 {AFFINITY_NUMERIC, "NUMERIC"},
                 {AFFINITY_INTEGER, "INT"},
                 {AFFINITY_REAL, "REAL"}};

    (void)state;
    for (size_t t = 0; t < countof(types); t++) {
        char         *sql = sqlite3_mprintf("CREATE TEMP TABLE t(a %s)", types[t].type);
        sqlite3_stmt *insert, *read;

        assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
        insert = prepare("INSERT OR REPLACE INTO t(rowid, a) VALUES(1, ?1)");
        read = prepare("SELECT a FROM t WHERE ?1 IS ?1");
        for (int i = 0; i < value_count; i++) {
            struct value got = values[i], want;

            sqlite3_reset(read);
            bind(insert, 1, &values[i]);
            assert_int_equal(sqlite3_step(insert), SQLITE_DONE);
            sqlite3_reset(insert);
            want = answer(read, &values[i], NULL);
            assert_true(value_apply_affinity(&got, types[t].affinity, &arena));
            if (got.class_ == CLASS_REAL && got.r == 0)
                got.r = want.r == 0 ? want.r : got.r; /* a file keeps no -0.0 */
            check(types[t].type, &values[i], NULL, &got, &want);
        }
        sqlite3_finalize(insert);
        sqlite3_finalize(read);
        sqlite3_exec(db, "DROP TABLE t", NULL, NULL, NULL);
        sqlite3_free(sql);
    }
}

static void truth_agrees(void **state)
{
    sqlite3_stmt *stmt = prepare("SELECT NOT NOT ?1");

    (void)state;
    for (int i = 0; i < value_count; i++) {
        int          truth = value_truth(&values[i]);
        struct value got = truth < 0 ? value_null() : value_int(truth);
        struct value want = answer(stmt, &values[i], NULL);

        check("NOT NOT", &values[i], NULL, &got, &want);
    }
    sqlite3_finalize(stmt);
}

/* Calls value_numeric_type as an aggregate sees a value. */
static void numeric_type(sqlite3_context *context, int argc, sqlite3_value **argv)
{
    (void)argc;
    sqlite3_value_numeric_type(argv[0]);
    sqlite3_result_value(context, argv[0]);
}

static void numeric_type_agrees(void **state)
{
    sqlite3_stmt *stmt;

    (void)state;
    sqlite3_create_function(db, "numeric_type", 1, SQLITE_UTF8, NULL, numeric_type, NULL, NULL);
    stmt = prepare("SELECT numeric_type(?1)");
    for (int i = 0; i < value_count; i++) {
        struct value got = value_numeric_type(&values[i]);
        struct value want = answer(stmt, &values[i], NULL);

        check("numeric_type", &values[i], NULL, &got, &want);
    }
    sqlite3_finalize(stmt);
}

static void affinity_comes_from_the_type_name(void **state)
{
    static const struct {
        const char *type;
        char        affinity;
    } cases[] = {{"", 'A'},
                 {"INT", 'D'},
                 {"TINYINT", 'D'},
                 {"integer", 'D'},
                 {"CHARINT", 'D'},
                 {"VARCHAR(3)", 'B'},
                 {"clob", 'B'},
                 {"TEXT", 'B'},
                 {"BLOB", 'A'},
                 {"CHARBLOB", 'B'},
                 {"REALBLOB", 'A'},
                 {"BLOBREAL", 'A'},
                 {"REAL", 'E'},
                 {"DOUBLE PRECISION", 'E'},
                 {"FLOAT", 'E'},
                 {"FLOATING POINT", 'D'},
                 {"DECIMAL(10,2)", 'C'},
                 {"DATE", 'C'},
                 {"BOOLEAN", 'C'},
                 {"STRING", 'C'},
                 {"REALTEXT", 'B'},
                 {"x", 'C'}};

    (void)state;
    for (size_t i = 0; i < countof(cases); i++)
        assert_int_equal(affinity_of_type(cases[i].type, strlen(cases[i].type)), cases[i].affinity);
}

static void collations_are_found_by_name(void **state)
{
    enum collation collation;

    (void)state;
    assert_true(collation_find("nocase", 6, &collation) && collation == COLLATION_NOCASE);
    assert_true(collation_find("RTRIM", 5, &collation) && collation == COLLATION_RTRIM);
    assert_false(collation_find("NOCAS", 5, &collation));
    assert_string_equal(class_name(CLASS_BLOB), "blob");
}

static void too_long_concat_is_refused(void **state)
{
    struct value a = value_text("", 0), out;
    struct error err;

    (void)state;
    a.bytes = VALUE_BYTES_MAX / 2 + 1; /* never read: the sum is refused first */
    assert_int_equal(value_concat(&a, &a, &arena, &out, &err), STATUS_TOOBIG);
    assert_string_equal(err.text, "string or blob too big");
}

static void failing_memory_is_told(void **state)
{
    struct arena empty;
    struct value v = value_int(5), out;
    struct error err;

    (void)state;
    arena_init(&empty, &memory);
    memory_fail_at(1, true);
    assert_false(value_to_text(&v, &empty));
    assert_false(value_apply_affinity(&v, AFFINITY_TEXT, &empty));
    assert_false(value_cast(&v, AFFINITY_BLOB, &empty));
    assert_int_equal(value_concat(&v, &v, &empty, &out, &err), STATUS_NOMEM);
    memory_fail_at(0, false);
    assert_int_equal(v.class_, CLASS_INTEGER);
    arena_free(&empty);
}

static int set_up(void **state)
{
    (void)state;
    memory_init(&memory, 0);
    arena_init(&arena, &memory);
    exact = sqlite3_libversion_number() >= 3053000;
    make_values();
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
        cmocka_unit_test(operators_agree),
        cmocka_unit_test(concat_and_bit_not_agree),
        cmocka_unit_test(order_agrees),
        cmocka_unit_test(casts_agree),
        cmocka_unit_test(stored_values_agree),
        cmocka_unit_test(truth_agrees),
        cmocka_unit_test(numeric_type_agrees),
        cmocka_unit_test(affinity_comes_from_the_type_name),
        cmocka_unit_test(collations_are_found_by_name),
        cmocka_unit_test(too_long_concat_is_refused),
        cmocka_unit_test(failing_memory_is_told),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
