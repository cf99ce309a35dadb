/* test_aggregate.c - typed states against the path that works cell by cell, and both against the
 * answers of sqlite3 3.53. */
#include "tests/unit/vm/random_batch.h"
#include "vm/aggregate.h"

#include <math.h>

enum { ARGUMENTS = 4, KEYS = 2, CALLS_MAX = 16 };

static struct random_column        keys[KEYS], arguments[ARGUMENTS];
static const struct vector        *key_vectors[KEYS] = {&keys[0].v, &keys[1].v};
static const struct vector        *argument_vectors[ARGUMENTS] = {&arguments[0].v, &arguments[1].v,
                                                                  &arguments[2].v, &arguments[3].v};
static const struct aggregate_call no_call = {
    .argument = -1, .separator = -1, .filter = -1, .extreme = -1};

static struct aggregate_call call(enum aggregate_kind kind, int32_t argument)
{
    struct aggregate_call made = no_call;

    made.kind = kind;
    made.argument = argument;
    return made;
}

/* --- typed and exact alike ----------------------------------------------------------------------
 */
static void compare_results(struct aggregate *a, struct aggregate *b, uint32_t columns)
{
    struct cursor  *x, *y;
    uint32_t        n, m;
    const uint64_t *active;
    struct error    err_x, err_y;

    assert_int_equal(aggregate_finish(a, NULL), STATUS_OK);
    assert_int_equal(aggregate_finish(b, NULL), STATUS_OK);
    assert_int_equal(aggregate_cursor(a, &x, NULL), STATUS_OK);
    assert_int_equal(aggregate_cursor(b, &y, NULL), STATUS_OK);
    x->ops->rewind(x, NULL);
    y->ops->rewind(y, NULL);
    for (;;) {
        enum status status = x->ops->next(x, 1000, &n, &active, &err_x);

        assert_int_equal(y->ops->next(y, 1000, &m, &active, &err_y), status);
        if (status != STATUS_OK) {
            assert_string_equal(err_x.text, "integer overflow");
            assert_string_equal(err_y.text, "integer overflow");
            break;
        }
        assert_int_equal(n, m);
        if (n == 0)
            break;
        for (uint32_t c = 0; c < columns; c++) {
            struct vector v, w;
            char          scratch[2][16];

            assert_int_equal(x->ops->column(x, c, NULL, &v, NULL), STATUS_OK);
            assert_int_equal(y->ops->column(y, c, NULL, &w, NULL), STATUS_OK);
            assert_true(vector_ok(&v));
            assert_true(vector_ok(&w));
            for (uint32_t i = 0; i < n; i++) {
                struct value p = vector_value(&v, i, scratch[0]);
                struct value q = vector_value(&w, i, scratch[1]);

                assert_true(same_value(&p, &q));
            }
        }
    }
    x->ops->close(x);
    y->ops->close(y);
}

static uint32_t random_calls(struct aggregate_call *calls)
{
    static const enum aggregate_kind kinds[] = {
        AGGREGATE_COUNT, AGGREGATE_SUM, AGGREGATE_TOTAL, AGGREGATE_AVG,
        AGGREGATE_MIN,   AGGREGATE_MAX, AGGREGATE_SUM,   AGGREGATE_GROUP_CONCAT};
    uint32_t n = 0, extreme;

    calls[n++] = call(AGGREGATE_COUNT_STAR, -1);
    for (uint32_t i = 0; i < 6; i++) {
        calls[n] = call(kinds[random_below(8)], (int32_t)random_below(2));
        calls[n].filter = random_below(4) == 0 ? 2 : -1;
        calls[n].distinct = random_below(5) == 0;
        calls[n].collation = random_below(3) == 0 ? COLLATION_NOCASE : COLLATION_BINARY;
        if (calls[n].kind == AGGREGATE_GROUP_CONCAT && !calls[n].distinct)
            calls[n].separator = random_below(2) ? 3 : -1;
        n++;
    }
    calls[n++] = call(AGGREGATE_BARE, 1);
    extreme = n;
    calls[n] = call(random_below(2) ? AGGREGATE_MIN : AGGREGATE_MAX, 0);
    calls[n++].filter = random_below(3) == 0 ? 2 : -1;
    calls[n] = call(AGGREGATE_BARE, 1);
    calls[n].follows_extreme = true;
    calls[n++].extreme = (int32_t)extreme;
    return n;
}

/* Sums of few arguments, REALs as a rule: several columns at once, states that calls share. */
static uint32_t random_sums(struct aggregate_call *calls)
{
    static const enum aggregate_kind kinds[] = {AGGREGATE_SUM, AGGREGATE_TOTAL, AGGREGATE_AVG};
    uint32_t                         n = 0, most = 1 + random_below(CALLS_MAX - 1);

    while (n < most) {
        calls[n] = call(kinds[random_below(3)], (int32_t)random_below(ARGUMENTS));
        calls[n].filter = random_below(12) == 0 ? 2 : -1;
        calls[n++].distinct = random_below(12) == 0;
    }
    if (random_below(2) == 0)
        calls[n++] = call(AGGREGATE_COUNT_STAR, -1);
    return n;
}

static enum random_encoding random_real(void)
{
    static const enum random_encoding reals[] = {RANDOM_F64, RANDOM_F64_ODD, RANDOM_DEC16,
                                                 RANDOM_DEC32, RANDOM_DEC64};

    return random_below(20) == 0 ? random_below(RANDOM_ENCODING_COUNT) : reals[random_below(5)];
}
static enum random_encoding random_any(void)
{
    return random_below(RANDOM_ENCODING_COUNT);
}

/* encoding: of arguments; one in null_one_in has NULLs. */
static void run_both(const struct aggregate_desc *desc, uint32_t rounds, bool change,
                     enum random_encoding (*encoding)(void), uint32_t null_one_in)
{
    static const uint32_t sizes[] = {3, 1, 2048, 500, 2048};
    struct aggregate     *typed, *exact;
    struct dictionary    *dictionary = dictionary_new(NULL);
    struct memory         memory;
    enum random_encoding  key_kinds[KEYS], kinds[ARGUMENTS];
    struct selection      sel;

    memory_init(&memory, 0);
    assert_int_equal(aggregate_new(&memory, desc, &typed, NULL), STATUS_OK);
    assert_int_equal(aggregate_new(&memory, desc, &exact, NULL), STATUS_OK);
    aggregate_force_exact(exact);
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t b = 0; b < rounds; b++) {
            uint32_t n = sizes[b % 5];

            for (uint32_t c = 0; c < KEYS; c++) {
                if (b == 0 || (change && random_below(4) == 0))
                    key_kinds[c] = random_below(RANDOM_ENCODING_COUNT);
                random_vector(&keys[c], key_kinds[c], n, 12, random_below(2), dictionary);
            }
            for (uint32_t c = 0; c < ARGUMENTS; c++) {
                if (b == 0 || (change && random_below(4) == 0))
                    kinds[c] = encoding();
                random_vector(&arguments[c], kinds[c], n, c == 2 ? 3 : 1000,
                              random_below(null_one_in) == 0, dictionary);
            }
            random_selection(&sel, n);
            assert_int_equal(aggregate_step(typed, key_vectors, argument_vectors, &sel, NULL),
                             STATUS_OK);
            assert_int_equal(aggregate_step(exact, key_vectors, argument_vectors, &sel, NULL),
                             STATUS_OK);
        }
        compare_results(typed, exact, desc->key_count + desc->call_count);
        aggregate_reset(typed);
        aggregate_reset(exact);
    }
    aggregate_free(typed);
    aggregate_free(exact);
    assert_int_equal(memory.used, 0);
    dictionary_unref(dictionary);
}

static void typed_states_give_what_the_exact_ones_give(void **state)
{
    static const uint8_t collations[KEYS] = {COLLATION_BINARY, COLLATION_BINARY};

    (void)state;
    for (int round = 0; round < 600; round++) {
        struct aggregate_call calls[CALLS_MAX];
        struct aggregate_desc desc = {.key_count = random_below(KEYS + 1),
                                      .key_collations = collations,
                                      .calls = calls,
                                      .sorted = random_below(2)};

        desc.call_count = random_calls(calls);
        run_both(&desc, 6, round % 2 == 0, random_any, 2);
    }
}

static void sums_together_are_the_sums_one_by_one(void **state)
{
    static const uint8_t collations[KEYS] = {COLLATION_BINARY, COLLATION_BINARY};

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct aggregate_call calls[CALLS_MAX];
        struct aggregate_desc desc = {.key_count = random_below(KEYS + 1),
                                      .key_collations = collations,
                                      .calls = calls,
                                      .sorted = random_below(2)};

        desc.call_count = random_sums(calls);
        run_both(&desc, 6, round % 2 == 0, random_real, 12);
    }
}

/* --- against sqlite3's answers ------------------------------------------------------------------
 */
static struct value one_result(const struct aggregate_call *calls, uint32_t call_count,
                               uint32_t column, const struct value *cells, uint32_t n,
                               enum status want)
{
    static struct vector_buffer buffer;
    struct aggregate_desc       desc = {.call_count = call_count, .calls = calls};
    struct aggregate           *aggregate;
    struct cursor              *cursor;
    struct selection            sel;
    struct vector               v, out;
    const struct vector        *vectors[] = {&v, &v};
    const uint64_t             *active;
    uint64_t                    valid[VECTOR_WORDS] = {0};
    uint32_t                    count;
    static char                 text[64];
    struct value                result = value_null();

    memcpy(buffer.values, cells, n * sizeof *cells);
    for (uint32_t i = 0; i < n; i++)
        bits_put(valid, i, cells[i].class_ != CLASS_NULL);
    v = (struct vector){.type = PHYS_ANY, .count = n, .values = buffer.values, .valid = valid};
    selection_all(&sel, n);
    assert_int_equal(aggregate_new(NULL, &desc, &aggregate, NULL), STATUS_OK);
    assert_int_equal(aggregate_step(aggregate, NULL, vectors, &sel, NULL), STATUS_OK);
    assert_int_equal(aggregate_finish(aggregate, NULL), STATUS_OK);
    assert_int_equal(aggregate_cursor(aggregate, &cursor, NULL), STATUS_OK);
    cursor->ops->rewind(cursor, NULL);
    assert_int_equal(cursor->ops->next(cursor, 10, &count, &active, NULL), want);
    if (want == STATUS_OK) {
        char scratch[16];

        assert_int_equal(count, 1);
        assert_int_equal(cursor->ops->column(cursor, column, NULL, &out, NULL), STATUS_OK);
        result = vector_value(&out, 0, scratch);
        if (result.class_ >= CLASS_TEXT) {
            assert_true(result.bytes < sizeof text);
            if (result.bytes > 0)
                memcpy(text, result.s, result.bytes);
            result.s = text;
        }
    }
    cursor->ops->close(cursor);
    aggregate_free(aggregate);
    return result;
}

static struct value one(enum aggregate_kind kind, const struct value *cells, uint32_t n)
{
    struct aggregate_call calls[] = {call(kind, kind == AGGREGATE_COUNT_STAR ? -1 : 0)};

    return one_result(calls, 1, 0, cells, n, STATUS_OK);
}

#define ONE(kind, ...)                                                                             \
    one(kind, (const struct value[]){__VA_ARGS__},                                                 \
        sizeof((const struct value[]){__VA_ARGS__}) / sizeof(struct value))
#define I(i) value_int(i)
#define R(r) value_real(r)
#define T(s) value_text(s, sizeof(s) - 1)
#define N value_null()
#define ASSERT_VALUE(got, want)                                                                    \
    do {                                                                                           \
        struct value g_ = (got), w_ = (want);                                                      \
        assert_true(same_value(&g_, &w_));                                                         \
    } while (0)

static void sums_are_those_of_sqlite(void **state)
{
    const int64_t max = INT64_MAX, min = INT64_MIN;

    (void)state;
    ASSERT_VALUE(ONE(AGGREGATE_SUM, R(0.1), R(0.2), R(0.3)), R(0.6));
    ASSERT_VALUE(ONE(AGGREGATE_SUM, R(1e100), R(1.0), R(-1e100)), R(1.0));
    ASSERT_VALUE(ONE(AGGREGATE_SUM, I(1), I(2), T("3"), T("4x"), N, T("z")), R(10.0));
    ASSERT_VALUE(ONE(AGGREGATE_SUM, I(1), I(2), T("3")), I(6));
    ASSERT_VALUE(ONE(AGGREGATE_SUM, N, N), N);
    ASSERT_VALUE(ONE(AGGREGATE_TOTAL, N), R(0.0));
    ASSERT_VALUE(ONE(AGGREGATE_AVG, N), N);
    ASSERT_VALUE(ONE(AGGREGATE_AVG, I(1), I(2), T("z")), R(1.0));
    ASSERT_VALUE(ONE(AGGREGATE_SUM, I(1), R(2.0)), R(3.0));
    ASSERT_VALUE(ONE(AGGREGATE_SUM, R(INFINITY), R(-INFINITY)), N);
    ASSERT_VALUE(ONE(AGGREGATE_SUM, R(INFINITY), R(1.0)), R(INFINITY));
    ASSERT_VALUE(ONE(AGGREGATE_SUM, R(-0.0)), R(0.0));
    ASSERT_VALUE(ONE(AGGREGATE_SUM, I(max), I(min), R(0.5)), R(-0.5));
    ASSERT_VALUE(ONE(AGGREGATE_TOTAL, I(max), I(max)), R(18446744073709551616.0));
    ASSERT_VALUE(ONE(AGGREGATE_AVG, I(max), I(max)), R(9223372036854775808.0));
    /* a REAL behind the overflow makes the sum REAL, one before it too */
    ASSERT_VALUE(ONE(AGGREGATE_SUM, I(max), I(1), R(1.0)), R(9223372036854775808.0));
    ASSERT_VALUE(ONE(AGGREGATE_SUM, R(1.0), I(max), I(1)), R(9223372036854775808.0));
}

static void sum_overflow_is_an_error_when_the_group_is_read(void **state)
{
    struct aggregate_call calls[] = {call(AGGREGATE_SUM, 0)};
    const struct value    cells[] = {I(INT64_MAX), I(1), I(-1)};
    const struct value    fits[] = {I(INT64_MAX), I(-1), I(1)};

    (void)state;
    one_result(calls, 1, 0, cells, 3, STATUS_ERROR);
    ASSERT_VALUE(one_result(calls, 1, 0, fits, 3, STATUS_OK), I(INT64_MAX));
}

static void extremes_and_texts_are_those_of_sqlite(void **state)
{
    struct aggregate_call concat[] = {call(AGGREGATE_GROUP_CONCAT, 0)};
    const struct value    mixed[] = {I(10), T("9"), R(2.5), N};

    (void)state;
    ASSERT_VALUE(one(AGGREGATE_MIN, mixed, 4), R(2.5));
    ASSERT_VALUE(one(AGGREGATE_MAX, mixed, 4), T("9"));
    ASSERT_VALUE(ONE(AGGREGATE_MAX, N, N), N);
    ASSERT_VALUE(ONE(AGGREGATE_MIN, I(1), R(1.0)), I(1)); /* the first of equals */
    ASSERT_VALUE(ONE(AGGREGATE_COUNT, I(1), N), I(1));
    ASSERT_VALUE(ONE(AGGREGATE_COUNT_STAR, I(1), N), I(2));
    ASSERT_VALUE(ONE(AGGREGATE_GROUP_CONCAT, T("a"), N, I(1), R(2.0)), T("a,1,2.0"));
    ASSERT_VALUE(ONE(AGGREGATE_GROUP_CONCAT, N), N);
    ASSERT_VALUE(ONE(AGGREGATE_GROUP_CONCAT, T("")), T(""));
    concat[0].distinct = true;
    ASSERT_VALUE(
        one_result(concat, 1, 0, (const struct value[]){T("b"), T("a"), T("b")}, 3, STATUS_OK),
        T("b,a"));
}

/* SELECT max(x), x ... WHERE x IS NULL: the last row; else that of the first maximum. */
static void bare_columns_follow_the_extreme(void **state)
{
    struct aggregate_call calls[] = {call(AGGREGATE_MAX, 0), call(AGGREGATE_BARE, 0)};

    (void)state;
    calls[1].follows_extreme = true;
    calls[1].extreme = 0;
    ASSERT_VALUE(
        one_result(calls, 2, 1, (const struct value[]){I(1), R(3.0), I(3), I(2)}, 4, STATUS_OK),
        R(3.0));
    ASSERT_VALUE(one_result(calls, 2, 1, (const struct value[]){N, N, I(-3), N}, 4, STATUS_OK),
                 I(-3));
    ASSERT_VALUE(one_result(calls, 2, 1, (const struct value[]){I(7), I(8)}, 0, STATUS_OK), N);
}

static void names_are_found(void **state)
{
    enum aggregate_kind kind;
    bool                known;

    (void)state;
    assert_true(aggregate_find("COUNT", 5, 0, true, &kind, &known));
    assert_int_equal(kind, AGGREGATE_COUNT_STAR);
    assert_true(aggregate_find("count", 5, 1, false, &kind, &known));
    assert_int_equal(kind, AGGREGATE_COUNT);
    assert_true(aggregate_find("string_agg", 10, 2, false, &kind, &known));
    assert_false(aggregate_find("sum", 3, 2, false, &kind, &known));
    assert_true(known);
    assert_false(aggregate_find("max", 3, 2, false, &kind, &known));
    assert_false(known);
    assert_false(aggregate_find("lower", 5, 1, false, &kind, &known));
    assert_false(known);
}

/* --- memory -------------------------------------------------------------------------------------
 */
static void failing_allocations_are_reported_and_leave_nothing(void **state)
{
    struct aggregate_call calls[CALLS_MAX];
    struct aggregate_desc desc = {.key_count = 2, .calls = calls, .sorted = true};
    static const uint8_t  collations[KEYS];
    bool                  clean = false;

    (void)state;
    desc.key_collations = collations;
    desc.call_count = random_calls(calls);
    for (uint64_t n = 1; !clean; n++) {
        struct dictionary *dictionary = dictionary_new(NULL);
        struct aggregate  *aggregate;
        struct memory      memory;
        struct selection   sel;
        struct cursor     *cursor = NULL;
        enum status        status;

        memory_init(&memory, 0);
        random_vector(&keys[0], RANDOM_I16, 2000, 50, 1, dictionary);
        random_vector(&keys[1], n % 3 ? RANDOM_DICT2 : RANDOM_TEXT, 2000, 50, 1, dictionary);
        for (uint32_t c = 0; c < ARGUMENTS; c++)
            random_vector(&arguments[c], (enum random_encoding)(n + c) % RANDOM_ENCODING_COUNT,
                          2000, 50, 1, dictionary);
        selection_all(&sel, 2000);
        memory_fail_at(n, n % 2 == 0);
        status = aggregate_new(&memory, &desc, &aggregate, NULL);
        for (int i = 0; status == STATUS_OK && i < 2; i++)
            status = aggregate_step(aggregate, key_vectors, argument_vectors, &sel, NULL);
        if (status == STATUS_OK)
            status = aggregate_finish(aggregate, NULL);
        if (status == STATUS_OK)
            status = aggregate_cursor(aggregate, &cursor, NULL);
        clean = memory_fail_hits() == 0;
        assert_true(!clean || status == STATUS_OK);
        memory_fail_at(0, false);
        if (cursor != NULL)
            cursor->ops->close(cursor);
        aggregate_free(aggregate);
        assert_int_equal(memory.used, 0);
        dictionary_unref(dictionary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(typed_states_give_what_the_exact_ones_give),
        cmocka_unit_test(sums_together_are_the_sums_one_by_one),
        cmocka_unit_test(sums_are_those_of_sqlite),
        cmocka_unit_test(sum_overflow_is_an_error_when_the_group_is_read),
        cmocka_unit_test(extremes_and_texts_are_those_of_sqlite),
        cmocka_unit_test(bare_columns_follow_the_extreme),
        cmocka_unit_test(names_are_found),
        cmocka_unit_test(failing_allocations_are_reported_and_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
