/* test_column_builder.c - whatever is appended reads the same from the sealed segment, in the
 * encoding that it deserves, and bounds refuse nothing that is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#undef fail /* ours, of base/status.h */

#include "random_vectors.h"
#include "store/column_builder.h"
#include "store/cursor.h"

enum { MODEL_CAP = 30000 };

static struct value model[MODEL_CAP];
static uint32_t     model_rows;
static struct arena texts;

static void keep(const struct value *cell)
{
    model[model_rows] = *cell;
    if (cell->class_ >= CLASS_TEXT)
        model[model_rows].s = arena_copy_text(&texts, cell->bytes > 0 ? cell->s : "", cell->bytes);
    model_rows++;
}

static bool holds(const struct value *row, int op, const struct value *value)
{
    int order;

    if (op == BOUND_NOT_NULL)
        return row->class_ != CLASS_NULL;
    if (row->class_ == CLASS_NULL || value->class_ == CLASS_NULL)
        return false;
    order = value_compare(row, value, COLLATION_BINARY);
    return op == BOUND_EQ   ? order == 0
           : op == BOUND_LT ? order < 0
           : op == BOUND_LE ? order <= 0
           : op == BOUND_GT ? order > 0
                            : order >= 0;
}

static void check_bounds(const struct segment *segment)
{
    struct arena arena;

    arena_init(&arena, NULL);
    for (uint32_t round = 0; round < 20; round++) {
        struct value value = round % 2 ? random_cell(&arena, 300) : model[random_below(model_rows)];
        int          op = (int)random_below(6);

        for (uint32_t zone = 0; zone * VECTOR_CAP < model_rows; zone++) {
            bool some = false;

            for (uint32_t i = zone * VECTOR_CAP; i < model_rows && i < (zone + 1) * VECTOR_CAP; i++)
                some = some || holds(&model[i], op, &value);
            if (some) {
                assert_true(segment_may_match(segment, op, &value));
                assert_true(segment_zone_may_match(segment, zone, op, &value));
            }
        }
    }
    arena_free(&arena);
}

static void check_segment(const struct segment *segment)
{
    char scratch[16];

    assert_int_equal(segment->rows, model_rows);
    for (uint32_t i = 0; i < model_rows; i++) {
        struct value got = segment_value(segment, i, scratch);

        assert_true(cell_same(&got, &model[i]));
        assert_true((segment->classes & 1u << got.class_) != 0);
    }
    for (uint32_t from = 0; from < model_rows;) {
        uint32_t      count = 1 + random_below(VECTOR_CAP);
        uint64_t      space[VECTOR_WORDS];
        struct vector v;

        if (count > model_rows - from)
            count = model_rows - from;
        segment_view(segment, from, count, space, &v);
        v.count = count;
        assert_true(vector_ok(&v));
        from += count;
    }
    check_bounds(segment);
}

static void any_mix_of_vectors_reads_the_same(void **state)
{
    struct memory memory;

    (void)state;
    memory_init(&memory, 0);
    for (uint32_t round = 0; round < 250; round++) {
        struct column_dictionary column = {0};
        struct column_builder    builder;
        struct builder_scratch  *scratch = aligned_alloc(64, (sizeof *scratch + 63) / 64 * 64);
        struct segment          *segment;
        uint32_t                 kind = random_below(RANDOM_KINDS), batches = 1 + random_below(8);
        uint32_t                 rare = 1 + random_below(10);

        arena_init(&scratch->arena, &memory);
        arena_init(&texts, NULL);
        model_rows = 0;
        column_builder_init(&builder, &memory, &column);
        for (uint32_t b = 0; b < batches; b++) {
            struct random_vector r;
            uint32_t             count = random_below(2) ? VECTOR_CAP : 1 + random_below(500);
            uint32_t             now = random_below(rare) == 0 ? random_below(RANDOM_KINDS) : kind;

            random_vector_make(&r, now, count, random_below(2), NULL);
            assert_true(column_builder_append(&builder, &r.v, count, scratch));
            for (uint32_t i = 0; i < count; i++)
                keep(&r.rows[i]);
            random_vector_free(&r);
        }
        segment = column_builder_seal(&builder);
        assert_non_null(segment);
        check_segment(segment);
        segment_unref(segment);
        dictionary_unref(column.dictionary);
        arena_free(&scratch->arena);
        arena_free(&texts);
        free(scratch);
        assert_int_equal(memory.used, 0);
    }
}

/* Seals rows of cells made by make, and says the encoding. */
static void assert_encoding(struct value (*make)(uint32_t i), const char *expected)
{
    struct column_dictionary column = {0};
    struct column_builder    builder;
    struct builder_scratch  *scratch = aligned_alloc(64, (sizeof *scratch + 63) / 64 * 64);
    struct value             cells[VECTOR_CAP];
    uint64_t                 valid[VECTOR_WORDS];
    struct segment          *segment;
    char                     name[16];

    arena_init(&scratch->arena, NULL);
    arena_init(&texts, NULL);
    model_rows = 0;
    column_builder_init(&builder, NULL, &column);
    for (uint32_t b = 0; b < 3; b++) {
        struct vector v = {.type = PHYS_ANY,
                           .shape = VECTOR_FLAT,
                           .count = VECTOR_CAP,
                           .values = cells,
                           .valid = valid};

        for (uint32_t i = 0; i < VECTOR_CAP; i++) {
            cells[i] = make(model_rows);
            keep(&cells[i]);
            bits_put(valid, i, cells[i].class_ != CLASS_NULL);
        }
        assert_true(column_builder_append(&builder, &v, VECTOR_CAP, scratch));
    }
    segment = column_builder_seal(&builder);
    assert_string_equal(segment_encoding(segment, name), expected);
    check_segment(segment);
    segment_unref(segment);
    dictionary_unref(column.dictionary);
    arena_free(&scratch->arena);
    arena_free(&texts);
    free(scratch);
}

static struct value make_null(uint32_t i)
{
    (void)i;
    return value_null();
}
static struct value make_same(uint32_t i)
{
    (void)i;
    return value_int(INT64_MAX);
}
static struct value make_small(uint32_t i)
{
    return value_int(i % 100);
}
static struct value make_far(uint32_t i)
{
    return i % 7 == 0 ? value_null() : value_int(INT64_MAX - i % 200);
}
static struct value make_least(uint32_t i)
{
    return value_int(INT64_MIN + i % 30000);
}
static struct value make_wide(uint32_t i)
{
    return value_int(i % 2 ? INT64_MIN : INT64_MAX);
}
static struct value make_money(uint32_t i)
{
    return value_real((double)(i % 10000) / 100);
}
static struct value make_numeric(uint32_t i)
{
    return i % 4 == 0 ? value_int(i) : value_real((double)i + 0.25);
}
static struct value make_minus_zero(uint32_t i)
{
    return value_real(i == 3000 ? -0.0 : 1.5);
}
static struct value make_inexact(uint32_t i)
{
    return value_real(i == 5000 ? 0.1 + 0.2 : 0.25);
}
static struct value make_whole_real(uint32_t i) /* no NUMERIC column has it */
{
    return i % 2 ? value_int(i) : value_real(i);
}
static struct value make_infinite(uint32_t i)
{
    return value_real(i == 9 ? __builtin_inf() : 1);
}
static char         made[VECTOR_CAP][32];
static struct value make_almost_day(uint32_t i)
{
    char *text = made[i % VECTOR_CAP];

    day_to_text((int32_t)(i % 300), text);
    return value_text(text, i == 6000 ? 9 : 10);
}
static struct value make_days(uint32_t i)
{
    char *text = made[i % VECTOR_CAP];

    day_to_text((int32_t)i, text);
    return value_text(text, 10);
}
static struct value make_word(uint32_t i)
{
    char *text = made[i % VECTOR_CAP];

    return value_text(text, (size_t)snprintf(text, 32, "word %u", i % 256));
}
static struct value make_words(uint32_t i)
{
    char *text = made[i % VECTOR_CAP];

    return value_text(text, (size_t)snprintf(text, 32, "word number %u", i));
}
static struct value make_blob(uint32_t i)
{
    struct value word = make_words(i);

    return value_blob(word.s, word.bytes);
}
static struct value make_mixed(uint32_t i)
{
    return i % 3 == 0 ? make_words(i) : value_int(i);
}

static void encodings_are_the_expected_ones(void **state)
{
    (void)state;
    assert_encoding(make_null, "null");
    assert_encoding(make_same, "constant");
    assert_encoding(make_small, "i8");
    assert_encoding(make_far, "i8");
    assert_encoding(make_least, "i16");
    assert_encoding(make_wide, "i64");
    assert_encoding(make_money, "dec16");
    assert_encoding(make_numeric, "dec32");
    assert_encoding(make_minus_zero, "f64");
    assert_encoding(make_inexact, "f64");
    assert_encoding(make_whole_real, "any");
    assert_encoding(make_infinite, "f64");
    assert_encoding(make_days, "day32");
    assert_encoding(make_almost_day, "dict16");
    assert_encoding(make_word, "dict8");
    assert_encoding(make_words, "dict16");
    assert_encoding(make_blob, "blob");
    assert_encoding(make_mixed, "any");
}

static void failing_allocations_leak_nothing(void **state)
{
    struct memory memory;

    (void)state;
    memory_init(&memory, 0);
    for (uint32_t round = 0; round < 60; round++) {
        uint64_t start = random_state;

        for (uint64_t n = 1;; n++) {
            struct column_dictionary column = {0};
            struct column_builder    builder;
            struct builder_scratch  *scratch = aligned_alloc(64, (sizeof *scratch + 63) / 64 * 64);
            struct segment          *segment = NULL;
            bool                     done = true;

            random_state = start;
            arena_init(&scratch->arena, &memory);
            column_builder_init(&builder, &memory, &column);
            for (uint32_t b = 0; done && b < 3; b++) {
                struct random_vector r;
                uint32_t             kind = random_below(RANDOM_KINDS);

                random_vector_make(&r, kind, 300, b == 1, NULL);
                memory_fail_at(n, false);
                done = column_builder_append(&builder, &r.v, 300, scratch);
                memory_fail_at(0, false);
                random_vector_free(&r);
            }
            if (done) {
                memory_fail_at(n, false);
                segment = column_builder_seal(&builder);
                memory_fail_at(0, false);
            }
            column_builder_free(&builder);
            segment_unref(segment);
            dictionary_unref(column.dictionary);
            arena_free(&scratch->arena);
            free(scratch);
            assert_int_equal(memory.used, 0);
            if (segment != NULL)
                break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_mix_of_vectors_reads_the_same),
        cmocka_unit_test(encodings_are_the_expected_ones),
        cmocka_unit_test(failing_allocations_leak_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
