/* test_rowset.c - rows of any mix of vectors come back as they went in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#undef fail /* ours, of base/status.h */

#include "random_vectors.h"
#include "store/rowset.h"

enum { COLUMNS = 3, MODEL_CAP = 40000 };

struct model {
    struct arena arena;
    struct value cells[COLUMNS][MODEL_CAP];
    uint32_t     rows;
};

static struct value keep(struct model *model, const struct value *cell)
{
    struct value copy = *cell;

    if (copy.class_ == CLASS_TEXT || copy.class_ == CLASS_BLOB)
        copy.s = arena_copy_text(&model->arena, cell->bytes > 0 ? cell->s : "", cell->bytes);
    return copy;
}

static void check(const struct rowset *rowset, const struct model *model)
{
    struct vector_buffer *buffer = aligned_alloc(64, sizeof *buffer);
    struct arena          arena;
    char                  scratch[16];

    arena_init(&arena, NULL);
    assert_int_equal(rowset_count(rowset), model->rows);
    for (uint32_t c = 0; c < COLUMNS; c++) {
        for (uint32_t start = 0; start < model->rows;) {
            uint32_t      room = VECTOR_CAP - start % VECTOR_CAP, count = 1 + random_below(room);
            uint64_t      space[VECTOR_WORDS];
            struct vector v;

            if (count > model->rows - start)
                count = model->rows - start;
            rowset_view(rowset, c, start, count, space, &v);
            assert_true(vector_ok(&v));
            for (uint32_t i = 0; i < count; i++) {
                struct value got = vector_value(&v, i, scratch);

                assert_true(cell_same(&got, &model->cells[c][start + i]));
            }
            start += count;
        }
        for (uint32_t round = 0; round < 3 && model->rows > 0; round++) {
            uint32_t      positions[VECTOR_CAP], count = 1 + random_below(VECTOR_CAP);
            struct vector v;

            for (uint32_t i = 0; i < count; i++)
                positions[i] =
                    random_below(10) == 0 && round > 0 ? UINT32_MAX : random_below(model->rows);
            assert_true(rowset_gather(rowset, c, positions, count, buffer, &arena, &v));
            assert_true(vector_ok(&v));
            for (uint32_t i = 0; i < count; i++) {
                struct value got = vector_value(&v, i, scratch), null = value_null();

                assert_true(cell_same(
                    &got, positions[i] == UINT32_MAX ? &null : &model->cells[c][positions[i]]));
            }
        }
    }
    arena_free(&arena);
    free(buffer);
}

static void any_mix_of_vectors_comes_back(void **state)
{
    struct model *model = malloc(sizeof *model);
    struct memory memory;

    (void)state;
    memory_init(&memory, 0);
    for (uint32_t round = 0; round < 120; round++) {
        struct rowset     *rowset = rowset_new(&memory, COLUMNS);
        struct dictionary *dictionary = dictionary_new(&memory);
        uint32_t           steps = 1 + random_below(12), kinds[COLUMNS];

        arena_init(&model->arena, NULL);
        model->rows = 0;
        for (uint32_t c = 0; c < COLUMNS; c++)
            kinds[c] = random_below(RANDOM_KINDS);
        for (uint32_t step = 0; step < steps; step++) {
            struct random_vector r[COLUMNS];
            const struct vector *columns[COLUMNS];
            struct selection     sel;
            uint64_t             bits[VECTOR_WORDS];
            uint32_t             count = random_below(3) == 0 ? VECTOR_CAP : 1 + random_below(200);

            if (random_below(4) == 0) {
                struct value row[COLUMNS];

                arena_init(&r[0].arena, NULL);
                for (uint32_t c = 0; c < COLUMNS; c++) {
                    row[c] = random_cell(&r[0].arena, 50);
                    model->cells[c][model->rows] = keep(model, &row[c]);
                }
                assert_int_equal(rowset_append_row(rowset, row, NULL), STATUS_OK);
                model->rows++;
                arena_free(&r[0].arena);
                continue;
            }
            for (uint32_t c = 0; c < COLUMNS; c++) {
                uint32_t kind = random_below(6) == 0 ? random_below(RANDOM_KINDS) : kinds[c];

                random_vector_make(&r[c], kind, count, random_below(2), dictionary);
                columns[c] = &r[c].v;
            }
            for (uint32_t w = 0; w < VECTOR_WORDS; w++)
                bits[w] = step % 2 == 0 ? ~UINT64_C(0) : random_next();
            selection_bits(&sel, count, bits);
            assert_int_equal(rowset_append(rowset, columns, &sel, NULL), STATUS_OK);
            for (uint32_t i = 0; i < count; i++) {
                if (!bits_get(sel.bits, i))
                    continue;
                for (uint32_t c = 0; c < COLUMNS; c++)
                    model->cells[c][model->rows] = keep(model, &r[c].rows[i]);
                model->rows++;
            }
            for (uint32_t c = 0; c < COLUMNS; c++)
                random_vector_free(&r[c]);
        }
        dictionary_unref(dictionary); /* the rowset keeps it alive */
        check(rowset, model);
        rowset_clear(rowset);
        model->rows = 0;
        check(rowset, model);
        rowset_free(rowset);
        arena_free(&model->arena);
        assert_int_equal(memory.used, 0);
    }
    free(model);
}

static void failing_allocations_leave_the_rows(void **state)
{
    struct memory memory;

    (void)state;
    memory_init(&memory, 0);
    for (uint64_t n = 1; n < 200; n++) {
        struct rowset *rowset;
        int64_t        sum = 0;
        char           scratch[16];

        memory_fail_at(n, false);
        rowset = rowset_new(&memory, 1);
        if (rowset == NULL) {
            assert_int_equal(memory.used, 0);
            continue;
        }
        for (int64_t i = 0; i < 3000; i++) {
            struct value cell = i % 1000 == 999 ? value_text("a text", 6) : value_int(i);

            if (rowset_append_row(rowset, &cell, NULL) == STATUS_OK)
                sum += i;
        }
        memory_fail_at(0, false);
        for (uint64_t i = 0; i < rowset_count(rowset); i++) {
            struct value cell = rowset_value(rowset, 0, i, scratch);

            assert_true(cell.class_ == CLASS_TEXT || cell.class_ == CLASS_INTEGER);
        }
        assert_in_range(rowset_count(rowset), 2990, 3000);
        assert_true(sum > 0);
        rowset_free(rowset);
        assert_int_equal(memory.used, 0);
    }
    memory_fail_at(0, false);
}

static void filled_again_it_needs_no_more_memory(void **state)
{
    struct memory  memory;
    struct rowset *rowset;
    size_t         used = 0;

    (void)state;
    memory_init(&memory, 0);
    rowset = rowset_new(&memory, 2);
    assert_non_null(rowset);
    for (int64_t i = 0; i < 10; i++) {
        struct value cells[2] = {value_int(i), i % 2 == 0 ? value_real(0.5) : value_int(7)};
        char         scratch[16];

        assert_int_equal(rowset_append_row(rowset, cells, NULL), STATUS_OK);
        assert_int_equal(rowset_value(rowset, 0, 0, scratch).i, i);
        assert_int_equal(rowset_value(rowset, 1, 0, scratch).class_, cells[1].class_);
        if (i == 0)
            used = memory.used;
        assert_int_equal(memory.used, used);
        rowset_clear(rowset);
        assert_int_equal(rowset_count(rowset), 0);
    }
    rowset_free(rowset);
    assert_int_equal(memory.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_mix_of_vectors_comes_back),
        cmocka_unit_test(failing_allocations_leave_the_rows),
        cmocka_unit_test(filled_again_it_needs_no_more_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
