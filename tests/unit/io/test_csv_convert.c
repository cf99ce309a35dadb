/* test_csv_convert.c - typed vectors against the rules of base/value.h, field by field. */
#include "csv_help.h"
#include "io/csv_convert.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h> /* last: its fail is a macro */

enum { ROUNDS = 3000, ROWS_MAX = 40 };

static uint64_t seed = 7;

static uint32_t random_below(uint32_t n)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % n;
}

static void random_digits(struct str *out, uint32_t most)
{
    for (uint32_t n = 1 + random_below(most); n > 0; n--)
        str_char(out, (char)('0' + random_below(10)));
}

/* One field of a column that mostly holds one kind of text. */
static void random_field(struct str *out, uint32_t kind)
{
    static const char *const odd[] = {"",
                                      "0",
                                      "-0",
                                      "007",
                                      "-0.0",
                                      "+5",
                                      "1e3",
                                      "1e400",
                                      ".5",
                                      "5.",
                                      "-",
                                      ".",
                                      "abc",
                                      " 12",
                                      "12 ",
                                      "1 2",
                                      "0x10",
                                      "1e",
                                      "inf",
                                      "nan",
                                      "00.5",
                                      "9223372036854775807",
                                      "9223372036854775808",
                                      "-9223372036854775808",
                                      "9007199254740993",
                                      "9007199254740993.5",
                                      "0.1",
                                      "1.0",
                                      "100000000000000000000",
                                      "2024-02-29",
                                      "2023-02-29",
                                      "0000-01-01",
                                      "9999-12-31",
                                      "2024-13-01",
                                      "2024-1-1",
                                      "1.7976931348623157e308"};

    if (random_below(20) == 0) {
        str_text(out, odd[random_below((uint32_t)countof(odd))]);
        return;
    }
    if (kind >= 10) { /* the same with blanks around */
        str_text(out, random_below(2) == 0 ? "  " : "");
        random_field(out, kind - 10);
        str_text(out, random_below(2) == 0 ? " " : "");
        return;
    }
    if (kind < 5 && random_below(3) == 0)
        str_char(out, '-');
    switch (kind) {
    case 0:
        random_digits(out, 4);
        break;
    case 1:
        random_digits(out, 19);
        break;
    case 2: /* one scale */
        random_digits(out, 6);
        str_printf(out, ".%02u", random_below(100));
        break;
    case 3: /* any scale */
        random_digits(out, 8);
        str_char(out, '.');
        random_digits(out, 17);
        break;
    case 4:
        random_digits(out, 3);
        str_printf(out, "e%d", (int)random_below(40) - 20);
        break;
    case 5:
        str_printf(out, "%04u-%02u-%02u", random_below(10000), 1 + random_below(12),
                   1 + random_below(29));
        break;
    default:
        for (uint32_t n = random_below(20); n > 0; n--)
            str_char(out, (char)('a' + random_below(26)));
    }
}

/* What a field of a detected column is: a number in plain form, or its text. */
static struct value detected(enum csv_rule rule, const char *text, uint32_t bytes)
{
    struct number number = number_parse(text, bytes);
    bool          point = false;
    uint32_t      first = 0;

    while (first < bytes && text[first] == ' ')
        first++;
    for (uint32_t i = first; i < bytes; i++)
        point |= strchr(".eE", text[i]) != NULL;
    if (number.kind == NUMBER_NONE || !number.whole || text[first] == '+')
        return value_text(text, bytes);
    if (text[first] == '-')
        first++;
    if (text[first] == '0' && first + 1 < bytes && ascii_digit(text[first + 1]))
        return value_text(text, bytes);
    if (number.kind == NUMBER_REAL && !point)
        return value_text(text, bytes);
    if (number.kind == NUMBER_INTEGER && rule == CSV_RULE_INTEGER)
        return value_int(number.i);
    return value_real(number.r);
}

static struct value expected_of(enum csv_rule rule, const char *text, uint32_t bytes,
                                struct arena *arena)
{
    struct value v = value_text(text, bytes);

    if (rule == CSV_RULE_INTEGER || rule == CSV_RULE_REAL)
        return detected(rule, text, bytes);
    if (rule == CSV_RULE_AFFINITY_NUMERIC)
        assert_true(value_apply_affinity(&v, AFFINITY_NUMERIC, arena));
    if (rule == CSV_RULE_AFFINITY_REAL)
        assert_true(value_apply_affinity(&v, AFFINITY_REAL, arena));
    return v;
}

static void assert_equal_values(const struct value *got, const struct value *want,
                                const struct value *text, enum csv_rule rule)
{
    struct str shown;

    if (got->class_ == want->class_ &&
        (got->class_ == CLASS_NULL || (got->class_ == CLASS_REAL && got->i == want->i) ||
         (got->class_ != CLASS_REAL && value_compare(got, want, COLLATION_BINARY) == 0)))
        return;
    str_init(&shown, NULL);
    value_dump(text, &shown);
    str_text(&shown, " gave ");
    value_dump(got, &shown);
    str_text(&shown, " not ");
    value_dump(want, &shown);
    fail_msg("rule %d: %s", (int)rule, str_end(&shown));
}

/* A batch of one column whose rows are the lines of text, which begins behind readable bytes. */
static void check_batch(struct csv_column *column, struct str *text, uint32_t rows,
                        const uint32_t *ends, struct arena *arena)
{
    static struct csv_scratch   scratch;
    static struct vector_buffer buffer;
    struct csv_batch            batch = {
                   .base = text->data + 64, .ends = ends, .rows = rows, .columns = 1, .stride = 1};
    struct vector v;

    assert_true(csv_convert(column, &batch, 0, &scratch, arena, &buffer, &v));
    assert_true(vector_ok(&v));
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t     start = r > 0 ? ends[r - 1] + 1 : 0;
        char         space[16];
        struct value field = value_text(batch.base + start, ends[r] - start);
        struct value got = vector_value(&v, r, space);
        struct value want = expected_of(column->rule, field.s, field.bytes, arena);

        if (column->null_text != NULL && field.bytes == 0)
            want = value_null();
        assert_equal_values(&got, &want, &field, column->rule);
    }
}

static void vectors_hold_what_the_rules_say(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, NULL);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct csv_column column;

        csv_column_init(&column, (enum csv_rule)(round % 5));
        column.null_text = round % 2 ? "" : NULL;
        /* some batches with one column, so that what it remembers is used */
        for (uint32_t batch = 0, kind = random_below(7); batch < 4; batch++) {
            struct str text;
            uint32_t   ends[ROWS_MAX], rows = 1 + random_below(ROWS_MAX);

            str_init(&text, NULL);
            str_append(&text, (char[64]){0}, 64);
            if (random_below(5) == 0)
                kind = random_below(7) + 10 * random_below(2);
            for (uint32_t r = 0; r < rows; r++) {
                random_field(&text, kind);
                ends[r] = (uint32_t)text.bytes - 64;
                str_char(&text, '\n');
            }
            str_append(&text, (char[16]){0}, 16);
            check_batch(&column, &text, rows, ends, &arena);
            str_free(&text);
            arena_reset(&arena);
        }
    }
    arena_free(&arena);
}

static void encodings_are_the_narrow_ones(void **state)
{
    static const struct {
        enum csv_rule rule;
        const char   *lines;
        const char   *dump;
    } cases[] = {
        {CSV_RULE_INTEGER, "1\n-2\n\n", "i64 flat [3] 1 -2 NULL"},
        {CSV_RULE_REAL, "1.5\n2.25\n", "dec16 flat [2] 1.5 2.25"},
        {CSV_RULE_REAL, "1234.5\n2.25\n", "dec32 flat [2] 1234.5 2.25"},
        {CSV_RULE_AFFINITY_NUMERIC, "17.00\n12.30\n", "dec16 flat [2] 17 12.3"},
        {CSV_RULE_TEXT, "2024-02-29\n1970-01-01\n", "day32 flat [2] '2024-02-29' '1970-01-01'"},
        {CSV_RULE_TEXT, "2024-02-29\n1970-01-0\n", "text flat [2] '2024-02-29' '1970-01-0'"},
        {CSV_RULE_INTEGER, "1\n007\n2.5\n", "any flat [3] 1 '007' 2.5"},
    };

    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        static struct csv_scratch   scratch;
        static struct vector_buffer buffer;
        struct csv_column           column;
        struct csv_batch            batch = {.columns = 1, .stride = 1};
        struct arena                arena;
        struct str                  text, dump;
        uint32_t                    ends[8];
        struct vector               v;

        arena_init(&arena, NULL);
        str_init(&text, NULL);
        str_init(&dump, NULL);
        str_append(&text, (char[64]){0}, 64);
        str_text(&text, cases[i].lines);
        str_append(&text, (char[16]){0}, 16);
        batch.base = text.data + 64;
        batch.ends = ends;
        for (uint32_t at = 0; at < strlen(cases[i].lines); at++) {
            if (batch.base[at] == '\n')
                ends[batch.rows++] = at;
        }
        csv_column_init(&column, cases[i].rule);
        column.null_text = "";
        assert_true(csv_convert(&column, &batch, 0, &scratch, &arena, &buffer, &v));
        vector_dump(&v, &dump);
        assert_string_equal(str_end(&dump), cases[i].dump);
        str_free(&text);
        str_free(&dump);
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_hold_what_the_rules_say),
        cmocka_unit_test(encodings_are_the_narrow_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
