/* test_vector.c - every type and shape reads, decodes, slices and gathers as row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#undef fail /* ours, of base/status.h */

#include "random_vectors.h"

static void assert_rows(const struct vector *v, const struct value *rows, const uint16_t *positions,
                        uint32_t from, uint32_t count, const struct selection *sel)
{
    char scratch[16];

    for (uint32_t i = 0; i < count; i++) {
        uint32_t     row = positions != NULL ? positions[i] : from + i;
        struct value got;

        if (sel != NULL && !bits_get(sel->bits, i))
            continue;
        got = vector_value(v, i, scratch);
        assert_true(cell_same(&got, &rows[row]));
    }
}

static struct vector_buffer *new_buffer(void)
{
    struct vector_buffer *buffer = aligned_alloc(64, sizeof *buffer);

    memset(buffer, 0xa5, sizeof *buffer);
    return buffer;
}

static void vectors_read_as_their_rows(void **state)
{
    struct dictionary *dictionary = dictionary_new(NULL);

    (void)state;
    for (uint32_t round = 0; round < 20 * RANDOM_KINDS; round++) {
        struct random_vector r;
        uint32_t             count = round % 3 == 0 ? VECTOR_CAP : 1 + random_below(300);

        random_vector_make(&r, round % RANDOM_KINDS, count, round % 2, dictionary);
        assert_true(vector_ok(&r.v));
        assert_rows(&r.v, r.rows, NULL, 0, count, NULL);
        random_vector_free(&r);
    }
    dictionary_unref(dictionary);
}

static void decoding_slicing_and_gathering_keep_the_rows(void **state)
{
    struct dictionary    *dictionary = dictionary_new(NULL);
    struct vector_buffer *buffer = new_buffer();

    (void)state;
    for (uint32_t round = 0; round < 40 * RANDOM_KINDS; round++) {
        struct random_vector r;
        struct vector        out, part;
        struct selection     sel;
        uint32_t             count = round % 5 == 0 ? VECTOR_CAP : 1 + random_below(500), from, n;
        uint64_t             bits[VECTOR_WORDS], space[VECTOR_WORDS];
        uint16_t             positions[VECTOR_CAP];

        random_vector_make(&r, round % RANDOM_KINDS, count, random_below(2), dictionary);
        for (uint32_t w = 0; w < VECTOR_WORDS; w++)
            bits[w] = random_next() & random_next();
        selection_bits(&sel, count, bits);
        assert_true(vector_decode(&r.v, vector_canonical(&r.v), NULL, buffer, &r.arena, &out));
        assert_int_equal(out.type, vector_canonical(&r.v));
        assert_true(vector_ok(&out));
        assert_rows(&out, r.rows, NULL, 0, count, NULL);
        assert_true(vector_decode(&r.v, PHYS_ANY, &sel, buffer, &r.arena, &out));
        assert_rows(&out, r.rows, NULL, 0, count, &sel);
        from = random_below(count);
        n = 1 + random_below(count - from);
        vector_slice(&r.v, from, n, space, &part);
        assert_true(vector_ok(&part));
        assert_rows(&part, r.rows, NULL, from, n, NULL);
        for (uint32_t i = 0; i < n; i++)
            positions[i] = (uint16_t)random_below(count);
        assert_true(vector_gather(&r.v, positions, n, buffer, &r.arena, &part));
        assert_true(vector_ok(&part));
        assert_rows(&part, r.rows, positions, 0, n, NULL);
        random_vector_free(&r);
    }
    free(buffer);
    dictionary_unref(dictionary);
}

static void selections_count_and_list(void **state)
{
    struct selection sel;
    uint64_t         bits[VECTOR_WORDS], mask[VECTOR_WORDS];

    (void)state;
    for (uint32_t rows = 0; rows <= VECTOR_CAP; rows += 1 + random_below(97)) {
        const uint16_t *list;
        uint32_t        n = 0;

        for (uint32_t w = 0; w < VECTOR_WORDS; w++) {
            bits[w] = random_next();
            mask[w] = random_next();
        }
        selection_all(&sel, rows);
        assert_int_equal(sel.count, rows);
        list = selection_list(&sel);
        for (uint32_t i = 0; i < rows; i++)
            assert_int_equal(list[i], i);
        selection_bits(&sel, rows, bits);
        selection_and(&sel, mask);
        list = selection_list(&sel);
        for (uint32_t i = 0; i < rows; i++)
            if (bits_get(bits, i) && bits_get(mask, i))
                assert_int_equal(list[n++], i);
        assert_int_equal(n, sel.count);
    }
}

static void days_are_their_texts(void **state)
{
    char    text[DAY_TEXT_BYTES];
    int32_t number;

    (void)state;
    for (int32_t day = DAY_MIN; day <= DAY_MAX; day++) {
        day_to_text(day, text);
        assert_true(day_from_text(text, sizeof text, &number));
        assert_int_equal(number, day);
    }
    assert_memory_equal((day_to_text(0, text), text), "1970-01-01", 10);
    assert_memory_equal((day_to_text(DAY_MIN, text), text), "0000-01-01", 10);
    assert_memory_equal((day_to_text(DAY_MAX, text), text), "9999-12-31", 10);
    assert_false(day_from_text("2023-02-29", 10, &number));
    assert_true(day_from_text("2024-02-29", 10, &number));
    assert_false(day_from_text("1900-02-29", 10, &number));
    assert_false(day_from_text("2024-13-01", 10, &number));
    assert_false(day_from_text("2024-00-01", 10, &number));
    assert_false(day_from_text("2024-01-00", 10, &number));
    assert_false(day_from_text("2024-1-001", 10, &number));
    assert_false(day_from_text("2024-01-1", 9, &number));
    assert_false(day_from_text("2024-01-1:", 10, &number));
}

static void dump_shows_type_shape_and_rows(void **state)
{
    int64_t       slots[64] = {1, 7, 3};
    uint64_t      valid = 5;
    struct vector v = {
        .type = PHYS_I64, .shape = VECTOR_FLAT, .count = 3, .values = slots, .valid = &valid};
    struct str text;

    (void)state;
    str_init(&text, NULL);
    vector_dump(&v, &text);
    assert_string_equal(str_end(&text), "i64 flat [3] 1 NULL 3");
    str_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_read_as_their_rows),
        cmocka_unit_test(decoding_slicing_and_gathering_keep_the_rows),
        cmocka_unit_test(selections_count_and_list),
        cmocka_unit_test(days_are_their_texts),
        cmocka_unit_test(dump_shows_type_shape_and_rows),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
