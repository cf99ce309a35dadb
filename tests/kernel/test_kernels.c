/* test_kernels.c - arithmetic, comparison, logic and affinity opcodes over random vectors of every
 * type and shape, with garbage in NULL slots, against the rules of base/value.h row by row. */
#include "base/str.h"
#include "vector_source.h"
#include "vm/kernel.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct form {
    enum phys         type;
    enum vector_shape shape;
};
static const struct form forms[] = {
    {PHYS_I8, VECTOR_FLAT},      {PHYS_I16, VECTOR_FLAT},     {PHYS_I32, VECTOR_FLAT},
    {PHYS_I64, VECTOR_FLAT},     {PHYS_F64, VECTOR_FLAT},     {PHYS_DEC16, VECTOR_FLAT},
    {PHYS_DEC32, VECTOR_FLAT},   {PHYS_DEC64, VECTOR_FLAT},   {PHYS_DAY32, VECTOR_FLAT},
    {PHYS_TEXT, VECTOR_FLAT},    {PHYS_BLOB, VECTOR_FLAT},    {PHYS_ANY, VECTOR_FLAT},
    {PHYS_I64, VECTOR_CONSTANT}, {PHYS_F64, VECTOR_CONSTANT}, {PHYS_TEXT, VECTOR_CONSTANT},
    {PHYS_ANY, VECTOR_CONSTANT}, {PHYS_I64, VECTOR_SEQUENCE}, {PHYS_TEXT, VECTOR_DICT},
};

struct bench {
    struct memory           memory;
    struct vm_host          host;
    struct connection_state state;
    struct vector_space     space[2]; /* of the first two columns */
    struct vector_source    source;
    struct arena            arena;
};
static struct bench bench;

typedef struct value expect_function(const struct op *op, const struct value *a,
                                     const struct value *b);

static struct value cell_of(const struct vector *v, uint32_t row, char scratch[16])
{
    return vector_value(v, v->shape == VECTOR_CONSTANT ? 0 : row, scratch);
}

static bool cells_same(const struct value *a, const struct value *b)
{
    if (a->class_ != b->class_)
        return false;
    if (a->class_ == CLASS_NULL)
        return true;
    if (a->class_ == CLASS_TEXT || a->class_ == CLASS_BLOB)
        return a->bytes == b->bytes && memcmp(a->s, b->s, a->bytes) == 0;
    return a->i == b->i;
}

static void complain(const struct op *op, uint32_t row, const struct value *a,
                     const struct value *b, const struct value *want, const struct value *got)
{
    struct str text;

    str_init(&text, NULL);
    str_printf(&text, "%s P4=%d P5=%c row %u: ", opcode_info[op->code].name, (int)op->p4.i,
               op->p5 == 0 ? '-' : op->p5, row);
    value_dump(a, &text);
    str_text(&text, " , ");
    value_dump(b, &text);
    str_text(&text, " want ");
    value_dump(want, &text);
    str_text(&text, " got ");
    value_dump(got, &text);
    vector_dump(&bench.source.v[0], &text);
    print_error("%.*s\n", (int)(text.bytes > 600 ? 600 : text.bytes), text.data);
    str_free(&text);
}

/* Runs r3 = r2 op r1 over the two source columns and checks the active rows. */
static void check_binary(const struct op *op, expect_function *expect)
{
    struct program *p = program_new(&bench.memory);
    struct error    err;
    struct vm      *vm;
    int32_t         label, start = loop_start(p, &bench.source, &label), at, out;

    out = program_registers(p, 1);
    at = program_emit(p, (enum opcode)op->code, 1, 2, out);
    program_op(p, at)->p4 = op->p4;
    program_op(p, at)->p5 = op->p5;
    program_emit(p, OP_ResultRow, out, 1, 0);
    p->result_count = 1;
    loop_end(p, start, label);
    assert_int_equal(program_finish(p, &err), STATUS_OK);
    assert_int_equal(program_verify(p, &err), STATUS_OK);
    assert_int_equal(vm_new(&bench.host, p, &vm, &err), STATUS_OK);
    while (vm_run(vm, &err) == STATUS_ROW) {
        const struct vector *got = vm_result(vm, 0);
        struct selection    *sel = vm_result_selection(vm);

        for (uint32_t row = 0; row < sel->rows; row++) {
            char         s1[16], s2[16], s3[16];
            struct value a, b, want, have;

            if (!bits_get(sel->bits, row))
                continue;
            a = cell_of(&bench.source.v[0], row, s1);
            b = cell_of(&bench.source.v[1], row, s2);
            want = expect(op, &a, &b);
            have = cell_of(got, row, s3);
            if (!cells_same(&want, &have)) {
                complain(op, row, &a, &b, &want, &have);
                fail();
            }
        }
    }
    vm_free(vm);
    program_free(p);
    arena_reset(&bench.arena);
}

static void source_random(const struct form *a, const struct form *b, uint32_t rows)
{
    bench.source.rows = rows;
    bench.source.columns = 2;
    bench.source.some_inactive = random_below(2) == 0;
    for (uint32_t w = 0; w < VECTOR_WORDS; w++)
        bench.source.active[w] =
            random_below(2) == 0 ? random_word() : random_word() & random_word();
    bench.source.active[0] |= 1;
    random_vector(&bench.space[0], &bench.memory, a->type, a->shape, rows, &bench.source.v[0]);
    random_vector(&bench.space[1], &bench.memory, b->type, b->shape, rows, &bench.source.v[1]);
}

static void source_drop(void)
{
    for (int i = 0; i < 2; i++)
        if (bench.space[i].dictionary != NULL)
            dictionary_unref(bench.space[i].dictionary);
}

static uint32_t random_rows(void)
{
    static const uint32_t sizes[] = {1, 3, 63, 64, 65, 130, 1000, VECTOR_CAP};

    return sizes[random_below(countof(sizes))];
}

static struct value expect_arith(const struct op *op, const struct value *a, const struct value *b)
{
    static const uint8_t ops[OP_COUNT] = {
        [OP_Add] = VALUE_ADD,
        [OP_Subtract] = VALUE_SUBTRACT,
        [OP_Multiply] = VALUE_MULTIPLY,
        [OP_Divide] = VALUE_DIVIDE,
        [OP_Remainder] = VALUE_REMAINDER,
        [OP_BitAnd] = VALUE_BIT_AND,
        [OP_BitOr] = VALUE_BIT_OR,
        [OP_ShiftLeft] = VALUE_SHIFT_LEFT,
        [OP_ShiftRight] = VALUE_SHIFT_RIGHT,
    };

    return value_arith((enum value_op)ops[op->code], b, a);
}

static void arithmetic_of_all_types_is_exact(void **state)
{
    static const uint16_t codes[] = {OP_Add,    OP_Subtract,  OP_Multiply,
                                     OP_Divide, OP_Remainder, OP_BitAnd,
                                     OP_BitOr,  OP_ShiftLeft, OP_ShiftRight};

    (void)state;
    for (uint32_t a = 0; a < countof(forms); a++)
        for (uint32_t b = 0; b < countof(forms); b++)
            for (uint32_t i = 0; i < countof(codes) * 2; i++) {
                struct op op = {.code = codes[i % countof(codes)]};

                source_random(&forms[a], &forms[b], random_rows());
                check_binary(&op, expect_arith);
                source_drop();
            }
}

/* The comparison as SQLite defines it: affinity on copies, then order. */
static struct value expect_compare(const struct op *op, const struct value *a,
                                   const struct value *b)
{
    struct value x = *b, y = *a; /* r[P2] op r[P1] */
    int          order;
    bool         is = op->code == OP_Is || op->code == OP_IsNot;
    bool         text = x.class_ == CLASS_TEXT || y.class_ == CLASS_TEXT;

    if (x.class_ == CLASS_NULL || y.class_ == CLASS_NULL) {
        if (!is)
            return value_null();
        return value_int((x.class_ == y.class_) == (op->code == OP_Is));
    }
    if (op->p5 >= AFFINITY_NUMERIC) {
        if (x.class_ == CLASS_TEXT)
            value_apply_affinity(&x, AFFINITY_NUMERIC, &bench.arena);
        if (y.class_ == CLASS_TEXT)
            value_apply_affinity(&y, AFFINITY_NUMERIC, &bench.arena);
    } else if (op->p5 == AFFINITY_TEXT && text) {
        if (x.class_ == CLASS_INTEGER || x.class_ == CLASS_REAL)
            value_to_text(&x, &bench.arena);
        if (y.class_ == CLASS_INTEGER || y.class_ == CLASS_REAL)
            value_to_text(&y, &bench.arena);
    }
    order = value_compare(&x, &y, (enum collation)op->p4.i);
    switch (op->code) {
    case OP_Is:
    case OP_Eq:
        return value_int(order == 0);
    case OP_IsNot:
    case OP_Ne:
        return value_int(order != 0);
    case OP_Lt:
        return value_int(order < 0);
    case OP_Le:
        return value_int(order <= 0);
    case OP_Gt:
        return value_int(order > 0);
    default:
        return value_int(order >= 0);
    }
}

static void comparisons_of_all_types_are_exact(void **state)
{
    static const uint16_t codes[] = {OP_Eq, OP_Ne, OP_Lt, OP_Le, OP_Gt, OP_Ge, OP_Is, OP_IsNot};
    static const char     affinities[] = {0, 0, 'A', 'B', 'C', 'D'};

    (void)state;
    for (uint32_t a = 0; a < countof(forms); a++)
        for (uint32_t b = 0; b < countof(forms); b++)
            for (uint32_t i = 0; i < countof(codes) * 3; i++) {
                struct op op = {.code = codes[i % countof(codes)],
                                .p5 = (uint16_t)affinities[random_below(6)],
                                .p4 = {.i = random_below(2) ? 0 : random_below(3)}};

                source_random(&forms[a], &forms[b], random_rows());
                check_binary(&op, expect_compare);
                source_drop();
            }
}

static struct value expect_logic(const struct op *op, const struct value *a, const struct value *b)
{
    int x = value_truth(a), y = value_truth(b), decides = op->code == OP_And ? 0 : 1;

    if (x == decides || y == decides)
        return value_int(decides);
    return x < 0 || y < 0 ? value_null() : value_int(!decides);
}

static void logic_of_all_types_is_exact(void **state)
{
    (void)state;
    for (uint32_t a = 0; a < countof(forms); a++)
        for (uint32_t b = 0; b < countof(forms); b++)
            for (uint32_t i = 0; i < 4; i++) {
                struct op op = {.code = i % 2 ? OP_And : OP_Or};

                source_random(&forms[a], &forms[b], random_rows());
                check_binary(&op, expect_logic);
                source_drop();
            }
}

static struct value expect_concat(const struct op *op, const struct value *a, const struct value *b)
{
    struct value out;
    struct error err;

    (void)op;
    assert_int_equal(value_concat(b, a, &bench.arena, &out, &err), STATUS_OK);
    return out;
}

static void concatenation_is_exact(void **state)
{
    (void)state;
    for (uint32_t a = 0; a < countof(forms); a++)
        for (uint32_t b = 0; b < countof(forms); b++) {
            struct op op = {.code = OP_Concat};

            source_random(&forms[a], &forms[b], random_rows());
            check_binary(&op, expect_concat);
            source_drop();
        }
}

/* A filter keeps exactly the rows for which the comparison as a value is 1. */
static void check_filter(const struct op *op)
{
    static const uint16_t values[OP_COUNT] = {
        [OP_FilterEq] = OP_Eq, [OP_FilterNe] = OP_Ne, [OP_FilterLt] = OP_Lt,
        [OP_FilterLe] = OP_Le, [OP_FilterGt] = OP_Gt, [OP_FilterGe] = OP_Ge};
    struct program *p = program_new(&bench.memory);
    struct op       as_value = *op;
    struct error    err;
    struct vm      *vm;
    uint64_t        seen[VECTOR_WORDS] = {0};
    int32_t         label, start = loop_start(p, &bench.source, &label), at, skip;

    as_value.code = values[op->code];
    skip = program_label(p);
    at = program_emit(p, (enum opcode)op->code, 1, skip, 2);
    program_op(p, at)->p4 = op->p4;
    program_op(p, at)->p5 = op->p5;
    program_emit(p, OP_ResultRow, 1, 1, 0);
    program_label_here(p, skip);
    p->result_count = 1;
    loop_end(p, start, label);
    assert_int_equal(program_finish(p, &err), STATUS_OK);
    assert_int_equal(program_verify(p, &err), STATUS_OK);
    assert_int_equal(vm_new(&bench.host, p, &vm, &err), STATUS_OK);
    while (vm_run(vm, &err) == STATUS_ROW)
        memcpy(seen, vm_result_selection(vm)->bits,
               bits_words(bench.source.rows) * sizeof(uint64_t));
    for (uint32_t row = 0; row < bench.source.rows; row++) {
        bool         active = !bench.source.some_inactive || bits_get(bench.source.active, row);
        char         s1[16], s2[16];
        struct value a = cell_of(&bench.source.v[0], row, s1);
        struct value b = cell_of(&bench.source.v[1], row, s2);
        struct value want = expect_compare(&as_value, &a, &b), got;

        got = value_int(bits_get(seen, row));
        if ((active && want.class_ == CLASS_INTEGER && want.i == 1) != bits_get(seen, row)) {
            complain(op, row, &a, &b, &want, &got);
            fail();
        }
    }
    vm_free(vm);
    program_free(p);
    arena_reset(&bench.arena);
}

static void filters_keep_the_rows_that_compare_true(void **state)
{
    static const uint16_t codes[] = {OP_FilterEq, OP_FilterNe, OP_FilterLt,
                                     OP_FilterLe, OP_FilterGt, OP_FilterGe};

    (void)state;
    for (uint32_t a = 0; a < countof(forms); a++)
        for (uint32_t b = 0; b < countof(forms); b++)
            for (uint32_t i = 0; i < countof(codes); i++) {
                struct op op = {.code = codes[i],
                                .p5 = random_below(3) == 0 ? AFFINITY_NUMERIC : 0};

                source_random(&forms[a], &forms[b], random_rows());
                check_filter(&op);
                source_drop();
            }
}

/* CASE WHEN c THEN a ELSE b END over random a, b and c. */
static void check_case(void)
{
    struct program *p = program_new(&bench.memory);
    struct op       op = {.code = OP_Blend};
    struct error    err;
    struct vm      *vm;
    int32_t         label, start = loop_start(p, &bench.source, &label), out, then, els;

    out = program_registers(p, 1);
    then = program_label(p);
    els = program_label(p);
    program_emit(p, OP_Null, 0, out, 0);
    program_emit(p, OP_SelPushIf, 3, then, TRUTH_TRUE);
    program_emit(p, OP_Blend, 1, 0, out);
    program_label_here(p, then);
    program_emit(p, OP_SelPop, 0, 0, 0);
    program_emit(p, OP_SelPushIf, 3, els, TRUTH_NOT_TRUE);
    program_emit(p, OP_Blend, 2, 0, out);
    program_label_here(p, els);
    program_emit(p, OP_SelPop, 0, 0, 0);
    program_emit(p, OP_ResultRow, out, 1, 0);
    p->result_count = 1;
    loop_end(p, start, label);
    assert_int_equal(program_finish(p, &err), STATUS_OK);
    assert_int_equal(program_verify(p, &err), STATUS_OK);
    assert_int_equal(vm_new(&bench.host, p, &vm, &err), STATUS_OK);
    while (vm_run(vm, &err) == STATUS_ROW) {
        struct selection *sel = vm_result_selection(vm);

        for (uint32_t row = 0; row < sel->rows; row++) {
            char         s1[16], s2[16], s3[16], s4[16];
            struct value a, b, c, have;

            if (!bits_get(sel->bits, row))
                continue;
            a = cell_of(&bench.source.v[0], row, s1);
            b = cell_of(&bench.source.v[1], row, s2);
            c = cell_of(&bench.source.v[2], row, s3);
            have = cell_of(vm_result(vm, 0), row, s4);
            if (!cells_same(value_truth(&c) == 1 ? &a : &b, &have)) {
                complain(&op, row, &a, &b, value_truth(&c) == 1 ? &a : &b, &have);
                fail();
            }
        }
    }
    vm_free(vm);
    program_free(p);
    arena_reset(&bench.arena);
}

static void branches_of_all_types_blend(void **state)
{
    static struct vector_space condition;

    (void)state;
    for (uint32_t a = 0; a < countof(forms); a++)
        for (uint32_t b = 0; b < countof(forms); b++)
            for (uint32_t i = 0; i < 4; i++) {
                uint32_t rows = random_rows();

                source_random(&forms[a], &forms[b], rows);
                random_vector(&condition, &bench.memory, PHYS_I64, VECTOR_FLAT, rows,
                              &bench.source.v[2]);
                for (uint32_t r = 0; r < rows; r++)
                    ((int64_t *)(void *)condition.buffer.values)[r] &= 1;
                bench.source.columns = 3;
                check_case();
                source_drop();
            }
}

static int setup(void **state)
{
    (void)state;
    host_init(&bench.host, &bench.memory, &bench.state);
    arena_init(&bench.arena, NULL);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(&bench.arena);
    return bench.memory.used == 0 ? 0 : -1;
}

static int other_kernels(void **state)
{
    setup(state);
    kernel = &kernels_base;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arithmetic_of_all_types_is_exact),
        cmocka_unit_test(comparisons_of_all_types_are_exact),
        cmocka_unit_test(logic_of_all_types_is_exact),
        cmocka_unit_test(concatenation_is_exact),
        cmocka_unit_test(filters_keep_the_rows_that_compare_true),
        cmocka_unit_test(branches_of_all_types_blend),
    };
    int failed = cmocka_run_group_tests_name("best kernels", tests, setup, teardown);

    return failed + cmocka_run_group_tests_name("base kernels", tests, other_kernels, teardown);
}
