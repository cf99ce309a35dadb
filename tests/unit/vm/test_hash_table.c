/* test_hash_table.c - numbers, keys and order against a list searched from its start. */
#include "tests/unit/vm/random_batch.h"
#include "vm/hash_table.h"

enum { MODEL_KEYS = 20000, MODEL_COLUMNS = 3 };

struct model {
    uint32_t     count, columns;
    uint8_t      collations[MODEL_COLUMNS];
    struct value keys[MODEL_KEYS][MODEL_COLUMNS];
    char         texts[MODEL_KEYS][MODEL_COLUMNS][16];
};
static struct model         model;
static struct random_column columns[MODEL_COLUMNS];
static uint32_t             numbers[VECTOR_CAP];

static uint32_t model_find(const struct value *key)
{
    for (uint32_t n = 0; n < model.count; n++) {
        bool equal = true;

        for (uint32_t c = 0; c < model.columns && equal; c++)
            equal = value_compare(&model.keys[n][c], &key[c], model.collations[c]) == 0;
        if (equal)
            return n;
    }
    return HASH_ABSENT;
}

static uint32_t model_add(const struct value *key)
{
    uint32_t n = model_find(key);

    if (n != HASH_ABSENT)
        return n;
    assert_true(model.count < MODEL_KEYS);
    n = model.count++;
    for (uint32_t c = 0; c < model.columns; c++) {
        model.keys[n][c] = key[c];
        if (key[c].class_ == CLASS_TEXT && key[c].bytes <= 16) {
            memcpy(model.texts[n][c], key[c].s, key[c].bytes); /* of a DAY32: in scratch */
            model.keys[n][c].s = model.texts[n][c];
        }
    }
    return n;
}

static void row_key(uint32_t row, struct value *key, char scratch[MODEL_COLUMNS][16])
{
    for (uint32_t c = 0; c < model.columns; c++)
        key[c] = vector_value(&columns[c].v, row, scratch[c]);
}

static void check_keys(struct hash_table *table)
{
    static struct vector_buffer buffer;
    uint32_t                   *order = malloc((model.count + 1) * sizeof *order);
    char                        scratch[16];

    assert_int_equal(hash_table_count(table), model.count);
    for (uint32_t at = 0; at < model.count; at += VECTOR_CAP) {
        uint32_t n = model.count - at < VECTOR_CAP ? model.count - at : VECTOR_CAP;

        for (uint32_t k = 0; k < n; k++)
            numbers[k] = at + k;
        for (uint32_t c = 0; c < model.columns; c++) {
            struct vector out;

            hash_table_keys(table, c, numbers, n, &buffer, &out);
            assert_true(vector_ok(&out));
            for (uint32_t k = 0; k < n; k++) {
                struct value v = vector_value(&out, k, scratch);

                assert_true(same_value(&v, &model.keys[at + k][c]));
            }
        }
    }
    assert_int_equal(hash_table_order(table, order, NULL), STATUS_OK);
    for (uint32_t i = 1; i < model.count; i++) {
        int sign = 0;

        for (uint32_t c = 0; c < model.columns && sign == 0; c++)
            sign = value_compare(&model.keys[order[i - 1]][c], &model.keys[order[i]][c],
                                 model.collations[c]);
        assert_true(sign < 0);
    }
    free(order);
}

static void run_batches(struct hash_table *table, const enum random_encoding *first,
                        const enum random_encoding *later, uint32_t domain, uint32_t nulls,
                        struct dictionary *dictionary)
{
    static const uint32_t sizes[] = {1, 3, 2048, 700, 2048};
    const struct vector  *vectors[MODEL_COLUMNS];
    struct selection      sel;
    char                  scratch[MODEL_COLUMNS][16];
    struct value          key[MODEL_COLUMNS];

    model.count = 0;
    for (uint32_t b = 0; b < 10; b++) {
        bool     adds = b % 3 != 2;
        uint32_t n = sizes[b % 5], k = 0;

        for (uint32_t c = 0; c < model.columns; c++) {
            random_vector(&columns[c], b < 5 ? first[c] : later[c], n,
                          b < 3 ? domain / 4 + 1 : domain, nulls, dictionary);
            vectors[c] = &columns[c].v;
            assert_true(vector_ok(vectors[c]));
        }
        random_selection(&sel, n);
        assert_int_equal(
            (adds ? hash_table_add : hash_table_find)(table, vectors, &sel, numbers, NULL),
            STATUS_OK);
        for (BITS_EACH(row, sel.bits, n)) {
            row_key((uint32_t)row, key, scratch);
            assert_int_equal(numbers[k++], adds ? model_add(key) : model_find(key));
        }
    }
    check_keys(table);
}

static struct dictionary *new_dictionary(void)
{
    return dictionary_new(NULL);
}

static void one_column_any_encoding_then_any_other(void **state)
{
    (void)state;
    model.columns = 1;
    for (int collation = 0; collation < COLLATION_COUNT; collation++)
        for (enum random_encoding a = 0; a < RANDOM_ENCODING_COUNT; a++)
            for (enum random_encoding b = 0; b < RANDOM_ENCODING_COUNT; b++) {
                struct memory      memory;
                struct hash_table *table;
                struct dictionary *dictionary = new_dictionary();

                memory_init(&memory, 0);
                model.collations[0] = (uint8_t)collation;
                assert_int_equal(hash_table_new(&memory, 1, model.collations, &table, NULL),
                                 STATUS_OK);
                run_batches(table, &a, collation == 0 || a > b ? &b : &a, 60, random_below(3),
                            dictionary);
                hash_table_clear(table);
                run_batches(table, &b, &b, 300, random_below(2), dictionary);
                hash_table_free(table);
                assert_int_equal(memory.used, 0);
                dictionary_unref(dictionary);
            }
}

static void several_columns_random_encodings(void **state)
{
    (void)state;
    for (int round = 0; round < 400; round++) {
        enum random_encoding first[MODEL_COLUMNS], later[MODEL_COLUMNS];
        struct hash_table   *table;
        struct dictionary   *dictionary = new_dictionary();

        model.columns = 2 + random_below(2);
        for (uint32_t c = 0; c < model.columns; c++) {
            first[c] = random_below(round % 2 == 0 ? RANDOM_TEXT : RANDOM_ENCODING_COUNT);
            if (round % 4 == 0 && c == 0)
                first[c] = RANDOM_DICT1;
            later[c] = round % 3 == 0 ? random_below(RANDOM_ENCODING_COUNT) : first[c];
            model.collations[c] = (uint8_t)(random_below(4) == 0 ? random_below(3) : 0);
        }
        assert_int_equal(hash_table_new(NULL, model.columns, model.collations, &table, NULL),
                         STATUS_OK);
        run_batches(table, first, later, round % 5 == 0 ? 3000 : 6, random_below(3), dictionary);
        hash_table_free(table);
        dictionary_unref(dictionary);
    }
}

static void failing_allocations_leave_a_table_that_can_be_freed(void **state)
{
    static const enum random_encoding kinds[][2] = {
        {RANDOM_I16, RANDOM_I16}, {RANDOM_DICT2, RANDOM_TEXT}, {RANDOM_I64_WIDE, RANDOM_F64}};

    (void)state;
    model.columns = 2;
    for (size_t kind = 0; kind < countof(kinds); kind++)
        for (uint64_t n = 1;; n++) {
            struct dictionary   *dictionary = new_dictionary();
            struct hash_table   *table = NULL;
            const struct vector *vectors[] = {&columns[0].v, &columns[1].v};
            struct memory        memory;
            struct selection     sel;
            enum status          status;
            uint32_t             order[2 * VECTOR_CAP];

            memory_init(&memory, 0);
            for (uint32_t c = 0; c < 2; c++)
                random_vector(&columns[c], kinds[kind][c], VECTOR_CAP, 1000, 1, dictionary);
            selection_all(&sel, VECTOR_CAP);
            memory_fail_at(n, n % 2 == 0);
            status = hash_table_new(&memory, 2, NULL, &table, NULL);
            if (status == STATUS_OK)
                status = hash_table_add(table, vectors, &sel, numbers, NULL);
            if (status == STATUS_OK)
                status = hash_table_order(table, order, NULL);
            assert_true(status == STATUS_OK || memory_fail_hits() > 0);
            if (memory_fail_hits() == 0)
                n = UINT64_MAX;
            memory_fail_at(0, false);
            hash_table_free(table);
            assert_int_equal(memory.used, 0);
            dictionary_unref(dictionary);
            if (n == UINT64_MAX)
                break;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_column_any_encoding_then_any_other),
        cmocka_unit_test(several_columns_random_encodings),
        cmocka_unit_test(failing_allocations_leave_a_table_that_can_be_freed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
