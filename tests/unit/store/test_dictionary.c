/* test_dictionary.c - codes stay, ranks order, limits hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#undef fail /* ours, of base/status.h */

#include "random_vectors.h"
#include "store/dictionary_internal.h"

static void codes_stand_for_their_texts(void **state)
{
    struct memory      memory;
    struct dictionary *d;
    struct value      *values = malloc(VECTOR_CAP * sizeof *values);

    (void)state;
    memory_init(&memory, 0);
    d = dictionary_new(&memory);
    for (uint32_t round = 0; round < 60; round++) {
        struct arena    arena;
        uint32_t        codes[VECTOR_CAP], done, code;
        uint64_t        valid[VECTOR_WORDS];
        const uint32_t *ranks;

        arena_init(&arena, NULL);
        for (uint32_t i = 0; i < VECTOR_CAP; i++)
            values[i] = random_text(&arena, 10 << random_below(14));
        for (uint32_t w = 0; w < VECTOR_WORDS; w++)
            valid[w] = random_next() | random_next();
        assert_int_equal(dictionary_intern(d, values, round % 2 ? valid : NULL, VECTOR_CAP,
                                           UINT32_MAX, codes, &done, NULL),
                         STATUS_OK);
        assert_int_equal(done, VECTOR_CAP);
        for (uint32_t i = 0; i < VECTOR_CAP; i++) {
            if (round % 2 && !bits_get(valid, i)) {
                assert_int_equal(codes[i], 0);
                continue;
            }
            assert_true(codes[i] < dictionary_count(d));
            assert_true(cell_same(&dictionary_entries(d)[codes[i]], &values[i]));
            assert_true(dictionary_find(d, values[i].s, values[i].bytes, &code));
            assert_int_equal(code, codes[i]);
        }
        ranks = dictionary_ranks(d, dictionary_count(d));
        for (uint32_t i = 1; i < VECTOR_CAP; i++) {
            const struct value *a = &dictionary_entries(d)[codes[i - 1]];
            const struct value *b = &dictionary_entries(d)[codes[i]];
            int                 order = value_compare(a, b, COLLATION_BINARY);

            assert_int_equal(order < 0, ranks[codes[i - 1]] < ranks[codes[i]]);
        }
        arena_free(&arena);
    }
    assert_false(dictionary_find(d, "never", 5, &(uint32_t){0}));
    dictionary_trim(d);
    dictionary_unref(d);
    assert_int_equal(memory.used, 0);
    free(values);
}

static void interning_stops_at_the_limit(void **state)
{
    struct dictionary *d = dictionary_new(NULL);
    struct value       values[300];
    char               text[300][8];
    uint32_t           codes[300], done;

    (void)state;
    for (int i = 0; i < 300; i++)
        values[i] = value_text(text[i], (size_t)snprintf(text[i], 8, "%d", i));
    assert_int_equal(dictionary_intern(d, values, NULL, 300, 270, codes, &done, NULL), STATUS_FULL);
    assert_int_equal(done, 270);
    assert_int_equal(dictionary_count(d), 270);
    assert_int_equal(dictionary_intern(d, values, NULL, 270, 270, codes, &done, NULL), STATUS_OK);
    assert_int_equal(codes[269], 269);
    dictionary_unref(d);
}

static void failing_allocations_lose_no_code(void **state)
{
    struct memory memory;

    (void)state;
    memory_init(&memory, 0);
    for (uint64_t n = 1; n < 60; n++) {
        struct dictionary *d;
        uint32_t           failures = 0;

        memory_fail_at(n, false);
        d = dictionary_new(&memory);
        for (int i = 0; d != NULL && i < 3000; i++) {
            char         text[32];
            struct value v = value_text(text, (size_t)snprintf(text, 32, "text number %d", i));
            uint32_t     code, done;

            while (dictionary_intern(d, &v, NULL, 1, UINT32_MAX, &code, &done, NULL) != STATUS_OK)
                failures++;
            assert_int_equal(code, i);
        }
        memory_fail_at(0, false);
        assert_true(failures <= 1);
        dictionary_unref(d);
        assert_int_equal(memory.used, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_stand_for_their_texts),
        cmocka_unit_test(interning_stops_at_the_limit),
        cmocka_unit_test(failing_allocations_lose_no_code),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
