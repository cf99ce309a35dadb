/* test_row_set.c - sets of rows against a list searched from its start. */
#include "tests/unit/vm/random_batch.h"
#include "vm/aggregate.h"

enum { COLUMNS = 2, MODEL_ROWS = 30000 };

static struct random_column columns[COLUMNS];
static const struct vector *vectors[COLUMNS] = {&columns[0].v, &columns[1].v};
static struct {
    uint32_t     count, members;
    struct value rows[MODEL_ROWS][COLUMNS];
    char         texts[MODEL_ROWS][COLUMNS][16];
    bool         member[MODEL_ROWS];
    bool         has_null;
} model;

static uint32_t model_find(const struct value *row, uint32_t count)
{
    for (uint32_t n = 0; n < model.count; n++) {
        bool equal = true;

        for (uint32_t c = 0; c < count && equal; c++)
            equal = value_compare(&model.rows[n][c], &row[c], COLLATION_BINARY) == 0;
        if (equal)
            return n;
    }
    return model.count;
}

static bool model_add(const struct value *row, uint32_t count)
{
    uint32_t n = model_find(row, count);
    bool     fresh = n == model.count || !model.member[n];

    if (n == model.count) {
        assert_true(n < MODEL_ROWS);
        model.count++;
        for (uint32_t c = 0; c < count; c++) {
            model.rows[n][c] = row[c];
            if (row[c].class_ == CLASS_NULL)
                model.has_null = true;
            if (row[c].class_ == CLASS_TEXT && row[c].bytes <= 16) {
                memcpy(model.texts[n][c], row[c].s, row[c].bytes);
                model.rows[n][c].s = model.texts[n][c];
            }
        }
    }
    model.members += fresh;
    model.member[n] = true;
    return fresh;
}

static bool has_null(const struct value *row, uint32_t count)
{
    for (uint32_t c = 0; c < count; c++)
        if (row[c].class_ == CLASS_NULL)
            return true;
    return false;
}

static void check_rows(struct row_set *set, uint32_t count)
{
    const struct rowset *rows = row_set_rows(set);

    assert_non_null(rows);
    assert_int_equal(rowset_count(rows), model.count);
    for (uint32_t n = 0; n < model.count; n++)
        for (uint32_t c = 0; c < count; c++) {
            char         scratch[16];
            struct value v = rowset_value(rows, c, n, scratch);

            assert_true(same_value(&v, &model.rows[n][c]));
        }
}

static void run_set(struct row_set *set, uint32_t count, struct dictionary *dictionary)
{
    enum random_encoding kinds[COLUMNS] = {random_below(RANDOM_ENCODING_COUNT),
                                           random_below(RANDOM_ENCODING_COUNT)};

    model.count = model.members = 0;
    model.has_null = false;
    for (uint32_t b = 0; b < 12; b++) {
        uint64_t         bits[VECTOR_WORDS];
        uint32_t         n = random_below(3) == 0 ? 1 : random_below(1000) + 1;
        struct selection sel;

        for (uint32_t c = 0; c < count; c++) {
            if (random_below(8) == 0)
                kinds[c] = random_below(RANDOM_ENCODING_COUNT);
            random_vector(&columns[c], kinds[c], n, 40, random_below(2), dictionary);
        }
        random_selection(&sel, n);
        assert_int_equal((b % 3 == 0   ? row_set_add
                          : b % 3 == 1 ? row_set_find
                                       : row_set_remove)(set, vectors, &sel, bits, NULL),
                         STATUS_OK);
        for (BITS_EACH(row, sel.bits, n)) {
            char         scratch[COLUMNS][16];
            struct value key[COLUMNS];
            bool         want;
            uint32_t     at;

            for (uint32_t c = 0; c < count; c++)
                key[c] = vector_value(vectors[c], (uint32_t)row, scratch[c]);
            at = model_find(key, count);
            want = at < model.count && model.member[at];
            if (b % 3 == 0) {
                want = model_add(key, count);
            } else if (b % 3 == 1) {
                want = want && !has_null(key, count);
            } else if (want) {
                model.member[at] = false;
                model.members--;
            }
            assert_int_equal(bits_get(bits, row), want);
        }
        assert_int_equal(row_set_count(set), model.members);
        assert_int_equal(row_set_has_null(set), model.has_null);
    }
    check_rows(set, count);
}

static void sets_agree_with_a_list(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        uint32_t           count = 1 + random_below(COLUMNS);
        struct dictionary *dictionary = dictionary_new(NULL);
        struct memory      memory;
        struct row_set    *set;

        memory_init(&memory, 0);
        assert_int_equal(row_set_new(&memory, count, NULL, &set, NULL), STATUS_OK);
        run_set(set, count, dictionary);
        row_set_clear(set);
        run_set(set, count, dictionary);
        row_set_free(set);
        assert_int_equal(memory.used, 0);
        dictionary_unref(dictionary);
    }
}

static void failing_allocations_are_reported_and_leave_nothing(void **state)
{
    bool clean = false;

    (void)state;
    for (uint64_t n = 1; !clean; n++) {
        struct dictionary *dictionary = dictionary_new(NULL);
        struct memory      memory;
        struct selection   sel;
        struct row_set    *set;
        uint64_t           bits[VECTOR_WORDS];
        enum status        status;

        memory_init(&memory, 0);
        random_vector(&columns[0], RANDOM_DICT1, 500, 40, 1, dictionary);
        random_vector(&columns[1], n % 2 ? RANDOM_ANY : RANDOM_I8, 500, 40, 1, dictionary);
        selection_all(&sel, 500);
        memory_fail_at(n, n % 3 == 0);
        status = row_set_new(&memory, 2, NULL, &set, NULL);
        if (status == STATUS_OK)
            status = row_set_add(set, vectors, &sel, NULL, NULL);
        if (status == STATUS_OK)
            status = row_set_remove(set, vectors, &sel, bits, NULL);
        if (status == STATUS_OK && row_set_rows(set) == NULL)
            status = STATUS_NOMEM;
        clean = memory_fail_hits() == 0;
        assert_true(clean == (status == STATUS_OK));
        memory_fail_at(0, false);
        row_set_free(set);
        assert_int_equal(memory.used, 0);
        dictionary_unref(dictionary);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_agree_with_a_list),
        cmocka_unit_test(failing_allocations_are_reported_and_leave_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
