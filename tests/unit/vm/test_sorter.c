/* test_sorter.c - normalised keys and top-N against a sort that compares cells. */
#include "tests/unit/vm/random_batch.h"
#include "vm/sorter.h"

enum { COLUMNS = 4 };

static struct random_column columns[COLUMNS];
static const struct vector *vectors[COLUMNS] = {&columns[0].v, &columns[1].v, &columns[2].v,
                                                &columns[3].v};

static void check_same(struct sorter *fast, struct sorter *plain, uint64_t limit, uint32_t width)
{
    struct cursor *x, *y;
    uint64_t       total = 0;

    assert_int_equal(sorter_sort(fast, NULL), STATUS_OK);
    assert_int_equal(sorter_sort(plain, NULL), STATUS_OK);
    assert_int_equal(sorter_cursor(fast, &x, NULL), STATUS_OK);
    assert_int_equal(sorter_cursor(plain, &y, NULL), STATUS_OK);
    assert_int_equal(x->ops->rewind(x, NULL), STATUS_OK);
    assert_int_equal(y->ops->rewind(y, NULL), STATUS_OK);
    for (;;) {
        const uint64_t *active;
        uint32_t        n, m, want;

        assert_int_equal(x->ops->next(x, 700, &n, &active, NULL), STATUS_OK);
        assert_int_equal(y->ops->next(y, 700, &m, &active, NULL), STATUS_OK);
        want = limit - total < m ? (uint32_t)(limit - total) : m;
        assert_int_equal(n, want);
        if (n == 0)
            break;
        for (uint32_t c = 0; c < width; c++) {
            struct vector v, w;

            assert_int_equal(x->ops->column(x, c, NULL, &v, NULL), STATUS_OK);
            assert_int_equal(y->ops->column(y, c, NULL, &w, NULL), STATUS_OK);
            assert_true(vector_ok(&v));
            for (uint32_t i = 0; i < n; i++) {
                char         scratch[2][16];
                struct value p = vector_value(&v, i, scratch[0]);
                struct value q = vector_value(&w, i, scratch[1]);

                assert_true(same_value(&p, &q));
            }
        }
        total += n;
    }
    x->ops->close(x);
    y->ops->close(y);
}

static void run_both(const struct sorter_desc *desc, uint64_t limit, bool change)
{
    static const uint32_t sizes[] = {1, 3, 2048, 300, 2048, 2048, 2048, 2048, 2048, 2048};
    struct dictionary    *dictionary = dictionary_new(NULL);
    enum random_encoding  kinds[COLUMNS];
    struct memory         memory;
    struct sorter        *fast, *plain;
    uint32_t              domain = random_below(2) ? 10 : 3000;

    memory_init(&memory, 0);
    assert_int_equal(sorter_new(&memory, desc, &fast, NULL), STATUS_OK);
    assert_int_equal(sorter_new(&memory, desc, &plain, NULL), STATUS_OK);
    sorter_force_cells(plain);
    for (int pass = 0; pass < 2; pass++) {
        uint32_t batches = random_below(4) == 0 ? 10 : 3;

        sorter_reset(fast, limit);
        sorter_reset(plain, UINT64_MAX);
        for (uint32_t b = 0; b < batches; b++) {
            struct selection sel;

            for (uint32_t c = 0; c < desc->column_count; c++) {
                if (b == 0 || (change && random_below(3) == 0))
                    kinds[c] = random_below(RANDOM_ENCODING_COUNT);
                random_vector(&columns[c], kinds[c], sizes[b], domain, random_below(2), dictionary);
            }
            random_selection(&sel, sizes[b]);
            assert_int_equal(sorter_add(fast, vectors, &sel, NULL), STATUS_OK);
            assert_int_equal(sorter_add(plain, vectors, &sel, NULL), STATUS_OK);
        }
        check_same(fast, plain, limit, desc->column_count);
    }
    sorter_free(fast);
    sorter_free(plain);
    assert_int_equal(memory.used, 0);
    dictionary_unref(dictionary);
}

static void normalised_keys_and_top_n_give_the_order_of_cells(void **state)
{
    static const uint64_t limits[] = {UINT64_MAX, UINT64_MAX, 0, 1, 10, 1000, 3000};

    (void)state;
    for (int round = 0; round < 500; round++) {
        struct sort_key    keys[COLUMNS];
        struct sorter_desc desc = {.key_count = random_below(COLUMNS), .keys = keys};

        desc.column_count = desc.key_count + 1;
        for (uint32_t c = 0; c < COLUMNS; c++)
            keys[c] = (struct sort_key){.collation = random_below(3) ? 0 : random_below(3),
                                        .descending = random_below(2),
                                        .nulls_last = random_below(2)};
        run_both(&desc, limits[random_below(7)], round % 2 == 0);
    }
}

/* Texts that share bytes at their start and again behind it, with NULs, endings and equal ones. */
static void long_texts_are_sorted_by_prefix_after_prefix(void **state)
{
    enum { TEXTS = 6 * VECTOR_CAP };
    static char         pool[TEXTS][64];
    static struct value cells[TEXTS];

    (void)state;
    for (int round = 0; round < 24; round++) {
        struct sort_key    keys[2] = {{.collation = round % 3, .descending = round % 2},
                                      {.descending = round % 4 < 2}};
        struct sorter_desc desc = {.key_count = 1 + round % 2, .column_count = 3, .keys = keys};
        struct sorter     *fast, *plain;

        for (uint32_t i = 0; i < TEXTS; i++) {
            int n = snprintf(pool[i], sizeof pool[i], "https://www.%s/%05u/%s/%u%s",
                             round < 12 ? "example.org"
                             : i % 2    ? "Example.org"
                                        : "example.org",
                             random_below(3), random_below(2) ? "some/longer/path" : "some/longer",
                             random_below(40), i % 7 == 0 ? "   " : "");

            cells[i] = value_text(pool[i], (size_t)n);
            if (i % 11 == 0)
                pool[i][n - 1] = 0;
            if (i % 13 == 0)
                cells[i].bytes = 12 + random_below(20);
        }
        assert_int_equal(sorter_new(NULL, &desc, &fast, NULL), STATUS_OK);
        assert_int_equal(sorter_new(NULL, &desc, &plain, NULL), STATUS_OK);
        sorter_force_cells(plain);
        for (uint32_t at = 0; at < TEXTS; at += VECTOR_CAP) {
            struct selection sel;
            struct vector    rows = {
                   .type = PHYS_I64, .shape = VECTOR_SEQUENCE, .base = at, .count = VECTOR_CAP};

            columns[0].v =
                (struct vector){.type = PHYS_TEXT, .count = VECTOR_CAP, .values = cells + at};
            random_vector(&columns[1], RANDOM_I8, VECTOR_CAP, 5, 0, NULL);
            columns[2].v = rows;
            selection_all(&sel, VECTOR_CAP);
            assert_int_equal(sorter_add(fast, vectors, &sel, NULL), STATUS_OK);
            assert_int_equal(sorter_add(plain, vectors, &sel, NULL), STATUS_OK);
        }
        check_same(fast, plain, UINT64_MAX, 3);
        sorter_free(fast);
        sorter_free(plain);
    }
}

static void failing_allocations_are_reported_and_leave_nothing(void **state)
{
    static const struct sort_key keys[2];
    struct sorter_desc           desc = {.key_count = 2, .column_count = 3, .keys = keys};
    bool                         clean = false;

    (void)state;
    for (uint64_t n = 1; !clean; n++) {
        struct dictionary *dictionary = dictionary_new(NULL);
        struct memory      memory;
        struct selection   sel;
        struct sorter     *sorter;
        struct cursor     *cursor = NULL;
        enum status        status;

        memory_init(&memory, 0);
        random_vector(&columns[0], n % 2 ? RANDOM_TEXT : RANDOM_DICT2, 2048, 30, 1, dictionary);
        random_vector(&columns[1], RANDOM_DAY, 2048, 3000, 1, dictionary);
        random_vector(&columns[2], RANDOM_ANY, 2048, 3000, 1, dictionary);
        selection_all(&sel, 2048);
        memory_fail_at(n, n % 2 == 0);
        status = sorter_new(&memory, &desc, &sorter, NULL);
        if (status == STATUS_OK)
            sorter_reset(sorter, 5);
        for (int b = 0; status == STATUS_OK && b < 8; b++)
            status = sorter_add(sorter, vectors, &sel, NULL);
        if (status == STATUS_OK)
            status = sorter_sort(sorter, NULL);
        if (status == STATUS_OK)
            status = sorter_cursor(sorter, &cursor, NULL);
        clean = memory_fail_hits() == 0;
        assert_true(!clean || status == STATUS_OK);
        memory_fail_at(0, false);
        if (cursor != NULL)
            cursor->ops->close(cursor);
        sorter_free(sorter);
        assert_int_equal(memory.used, 0);
        dictionary_unref(dictionary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalised_keys_and_top_n_give_the_order_of_cells),
        cmocka_unit_test(long_texts_are_sorted_by_prefix_after_prefix),
        cmocka_unit_test(failing_allocations_are_reported_and_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
