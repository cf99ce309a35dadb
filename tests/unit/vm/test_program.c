/* test_program.c - building and verifying programs. */
#include "vm/program.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct memory memory;
static struct error  err;

static struct program *simple(void)
{
    struct program *p = program_new(&memory);

    program_registers(p, 3);
    program_emit(p, OP_Init, 0, 1, 0);
    return p;
}

static enum status finish(struct program *p)
{
    enum status status = program_finish(p, &err);

    if (status == STATUS_OK)
        status = program_verify(p, &err);
    program_free(p);
    return status;
}

static void labels_are_patched(void **state)
{
    struct program *p = simple();
    int32_t         label = program_label(p), at = program_emit(p, OP_Goto, 0, label, 0);

    (void)state;
    for (int i = 0; i < 100; i++)
        program_emit(p, OP_Integer, i, 1, 0);
    program_label_here(p, label);
    program_emit(p, OP_Halt, 0, 0, 0);
    assert_int_equal(program_finish(p, &err), STATUS_OK);
    assert_int_equal(program_op(p, at)->p2, 102);
    assert_int_equal(finish(p), STATUS_OK);
}

static void a_label_never_placed_is_an_error(void **state)
{
    struct program *p = simple();

    (void)state;
    program_emit(p, OP_Goto, 0, program_label(p), 0);
    assert_int_equal(finish(p), STATUS_INTERNAL);
}

static void a_register_out_of_range_is_found(void **state)
{
    struct program *p = simple();

    (void)state;
    program_emit(p, OP_Add, 1, 2, 4);
    program_emit(p, OP_Halt, 0, 0, 0);
    assert_int_equal(finish(p), STATUS_INTERNAL);
    assert_non_null(strstr(err.text, "(Add): P3 is no register"));
}

static void running_off_the_end_is_found(void **state)
{
    struct program *p = simple();

    (void)state;
    program_emit(p, OP_Integer, 1, 1, 0);
    assert_int_equal(finish(p), STATUS_INTERNAL);
    assert_non_null(strstr(err.text, "runs off the end"));
}

static void an_unbalanced_push_is_found(void **state)
{
    struct program *p = simple();
    int32_t         label = program_label(p);

    (void)state;
    program_emit(p, OP_Integer, 1, 1, 0);
    program_emit(p, OP_SelPushIf, 1, label, TRUTH_TRUE);
    program_emit(p, OP_SelPop, 0, 0, 0);
    program_label_here(p, label); /* should stand before the SelPop */
    program_emit(p, OP_Halt, 0, 0, 0);
    assert_int_equal(finish(p), STATUS_INTERNAL);
    assert_non_null(strstr(err.text, "another depth"));
}

static void balanced_pushes_pass(void **state)
{
    struct program *p = simple();
    int32_t         label = program_label(p);

    (void)state;
    program_emit(p, OP_Integer, 1, 1, 0);
    program_emit(p, OP_SelPushIf, 1, label, TRUTH_TRUE);
    program_emit(p, OP_Integer, 2, 2, 0);
    program_label_here(p, label);
    program_emit(p, OP_SelPop, 0, 0, 0);
    program_emit(p, OP_Halt, 0, 0, 0);
    assert_int_equal(finish(p), STATUS_OK);
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct program *p;
        enum status     status = STATUS_NOMEM;
        uint64_t        hits;

        memory_fail_at(n, true);
        p = program_new(&memory);
        if (p != NULL) {
            int32_t label = program_label(p);

            program_emit(p, OP_Init, 0, 1, 0);
            for (int i = 0; i < 50; i++)
                program_emit(p, OP_Goto, 0, label, 0);
            program_label_here(p, label);
            program_emit(p, OP_Halt, 0, 0, 0);
            status = program_finish(p, &err);
            if (status == STATUS_OK)
                status = program_verify(p, &err);
            program_free(p);
        }
        hits = memory_fail_hits();
        memory_fail_at(0, false);
        assert_int_equal(status, hits > 0 ? STATUS_NOMEM : STATUS_OK);
        if (hits == 0)
            break;
    }
    assert_int_equal(memory.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_patched),
        cmocka_unit_test(a_label_never_placed_is_an_error),
        cmocka_unit_test(a_register_out_of_range_is_found),
        cmocka_unit_test(running_off_the_end_is_found),
        cmocka_unit_test(an_unbalanced_push_is_found),
        cmocka_unit_test(balanced_pushes_pass),
        cmocka_unit_test(every_failing_allocation_is_reported),
    };

    memory_init(&memory, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
