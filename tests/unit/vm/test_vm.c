/* test_vm.c - hand-made programs through the machine: selections, joins, sets, aggregates, sorters,
 * memoised subqueries, dictionary functions, interruption. */
#include "base/str.h"
#include "tests/kernel/vector_source.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct memory           memory;
static struct vm_host          host;
static struct connection_state connection;
static struct vector_source    source;
static struct vector_space     space[SOURCE_COLUMNS];
static struct error            err;
static uint32_t                shout_calls; /* of the function shout() below */

/* --- sources: columns written as text, "1 2 NULL 2.5 'a'"
 * -------------------------------------------- */

static struct value cell_parse(char *word)
{
    char *end;

    if (strcmp(word, "NULL") == 0)
        return value_null();
    if (word[0] == '\'')
        return value_text(word + 1, strlen(word) - 2);
    if (strchr(word, '.') != NULL)
        return value_real(strtod(word, &end));
    return value_int(strtoll(word, &end, 10));
}

/* Column c of the source from words; typed if all are of one class, a dictionary if dict. */
static void column(uint32_t c, const char *text, bool dict)
{
    static char   copies[SOURCE_COLUMNS][4096];
    struct value *cells = (struct value *)(void *)space[c].buffer.values, entries[64];
    struct vector any;
    char         *save = NULL;
    uint32_t      rows = 0;

    snprintf(copies[c], sizeof copies[c], "%s", text);
    memset(space[c].buffer.valid, 0xff, sizeof space[c].buffer.valid);
    for (char *w = strtok_r(copies[c], " ", &save); w != NULL; w = strtok_r(NULL, " ", &save)) {
        cells[rows] = cell_parse(w);
        bits_put(space[c].buffer.valid, rows, cells[rows].class_ != CLASS_NULL);
        rows++;
    }
    any = (struct vector){
        .type = PHYS_ANY, .count = rows, .values = cells, .valid = space[c].buffer.valid};
    source.v[c] = any;
    source.rows = rows;
    source.columns = c + 1;
    source.some_inactive = false;
    if (dict) {
        uint32_t codes[64], done;

        memcpy(entries, cells, rows * sizeof *cells);
        if (space[c].dictionary != NULL)
            dictionary_unref(space[c].dictionary);
        space[c].dictionary = dictionary_new(&memory);
        assert_int_equal(dictionary_intern(space[c].dictionary, entries, space[c].buffer.valid,
                                           rows, UINT32_MAX, codes, &done, &err),
                         STATUS_OK);
        memcpy(space[c].buffer.values, codes, rows * sizeof *codes);
        source.v[c] = (struct vector){.type = PHYS_TEXT,
                                      .shape = VECTOR_DICT,
                                      .code_bytes = 4,
                                      .count = rows,
                                      .codes = space[c].buffer.values,
                                      .valid = space[c].buffer.valid,
                                      .values = dictionary_entries(space[c].dictionary),
                                      .entry_count = dictionary_count(space[c].dictionary),
                                      .dictionary = space[c].dictionary};
    }
}

/* --- running
 * ------------------------------------------------------------------------------------------- */

static void rows_text(struct vm *vm, const struct program *p, struct str *out)
{
    struct selection *sel = vm_result_selection(vm);

    for (uint32_t row = 0; row < sel->rows; row++) {
        if (!bits_get(sel->bits, row))
            continue;
        for (uint32_t c = 0; c < p->result_count; c++) {
            const struct vector *v = vm_result(vm, c);
            char                 scratch[16];
            struct value cell = vector_value(v, v->shape == VECTOR_CONSTANT ? 0 : row, scratch);

            if (c > 0)
                str_char(out, '|');
            value_dump(&cell, out);
        }
        str_char(out, ' ');
    }
}

static void expect_run(struct vm *vm, const struct program *p, const char *rows)
{
    struct str  text;
    enum status status;

    str_init(&text, NULL);
    while ((status = vm_run(vm, &err)) == STATUS_ROW)
        rows_text(vm, p, &text);
    if (status != STATUS_DONE)
        print_error("%s\n", err.text);
    assert_int_equal(status, STATUS_DONE);
    assert_string_equal(str_end(&text), rows);
    str_free(&text);
    vm_reset(vm);
}

/* Each allocation fails once: the run ends with STATUS_NOMEM, or did without that memory. */
static void expect_nomem(const struct program *p)
{
    for (uint64_t n = 1;; n++) {
        struct vm  *vm;
        enum status status;
        uint64_t    hits;

        memory_fail_at(n, false);
        status = vm_new(&host, p, &vm, &err);
        if (status == STATUS_OK) {
            while ((status = vm_run(vm, &err)) == STATUS_ROW)
                ;
            vm_free(vm);
        }
        hits = memory_fail_hits();
        memory_fail_at(0, false);
        assert_true(status == STATUS_NOMEM || status == STATUS_DONE);
        if (hits == 0)
            break;
    }
}

/* Runs p twice (a reset frame must give the same) and frees it. */
static void expect(struct program *p, const char *rows)
{
    struct vm *vm;

    assert_int_equal(program_finish(p, &err), STATUS_OK);
    if (program_verify(p, &err) != STATUS_OK)
        print_error("%s\n", err.text);
    assert_int_equal(program_verify(p, &err), STATUS_OK);
    expect_nomem(p);
    shout_calls = 0;
    assert_int_equal(vm_new(&host, p, &vm, &err), STATUS_OK);
    expect_run(vm, p, rows);
    expect_run(vm, p, rows);
    vm_free(vm);
    program_free(p);
}

static int32_t result(struct program *p, int32_t first, uint32_t count)
{
    p->result_count = count;
    return program_emit(p, OP_ResultRow, first, (int32_t)count, 0);
}

static void desc(struct program *p, int32_t at, const void *what)
{
    program_op(p, at)->p4.desc = what;
}

/* --- selections
 * ------------------------------------------------------------------------------------------ */

/* CASE WHEN r1 > 2 THEN 'big' ELSE r1 END */
static void case_blends_branches(void **state)
{
    static const struct value big = {.s = "big", .bytes = 3, .class_ = CLASS_TEXT};
    struct program           *p = program_new(&memory);
    int32_t                   label, start, two, cond, out, texts, then, els;

    (void)state;
    column(0, "1 2 3 NULL 5", false);
    start = loop_start(p, &source, &label);
    two = program_registers(p, 4);
    cond = two + 1;
    out = two + 2;
    texts = two + 3;
    then = program_label(p);
    els = program_label(p);
    program_emit(p, OP_Integer, 2, two, 0);
    program_emit(p, OP_Gt, two, 1, cond);
    program_emit(p, OP_Null, 0, out, 0);
    program_emit(p, OP_SelPushIf, cond, then, TRUTH_TRUE);
    program_op(p, program_emit(p, OP_Constant, 0, texts, 0))->p4.value = &big;
    program_emit(p, OP_Blend, texts, 0, out);
    program_label_here(p, then);
    program_emit(p, OP_SelPop, 0, 0, 0);
    program_emit(p, OP_SelPushIf, cond, els, TRUTH_NOT_TRUE);
    program_emit(p, OP_Blend, 1, 0, out);
    program_label_here(p, els);
    program_emit(p, OP_SelPop, 0, 0, 0);
    result(p, out, 1);
    loop_end(p, start, label);
    expect(p, "1 2 'big' NULL 'big' ");
}

static void limit_and_offset_cut_rows(void **state)
{
    struct program *p = program_new(&memory);
    int32_t         label, start, skip, offset, limit;

    (void)state;
    column(0, "1 2 3 4 5 6 7", false);
    start = loop_start(p, &source, &label);
    offset = program_registers(p, 2);
    limit = offset + 1;
    skip = program_label(p);
    program_emit(p, OP_Integer, 2, offset, 0);
    program_emit(p, OP_Integer, 3, limit, 0);
    program_emit(p, OP_Offset, offset, skip, 0);
    program_emit(p, OP_Limit, limit, skip, 0);
    result(p, 1, 1);
    program_label_here(p, skip);
    loop_end(p, start, label);
    expect(p, "3 4 5 ");
}

/* --- sinks
 * -------------------------------------------------------------------------------------------------
 */

static void distinct_keeps_first_rows(void **state)
{
    struct program *p = program_new(&memory);
    int32_t         label, start, skip, set;

    (void)state;
    column(0, "1 2 1.0 NULL 2 NULL 'a' 'a'", false);
    start = loop_start(p, &source, &label);
    skip = program_label(p);
    set = program_slot(p);
    /* the set is opened once: Once keeps it over the loop */
    {
        int32_t once = program_once(p), past = program_label(p);

        program_emit(p, OP_Once, once, past, 0);
        program_emit(p, OP_SetOpen, set, 1, 0);
        program_label_here(p, past);
    }
    program_op(p, program_emit(p, OP_Distinct, set, skip, 1))->p4.i = 1;
    result(p, 1, 1);
    program_label_here(p, skip);
    loop_end(p, start, label);
    expect(p, "1 2 NULL 'a' ");
}

static void in_is_three_valued(void **state)
{
    struct program *p = program_new(&memory);
    int32_t         label, start, set, two, null, out, once, past;

    (void)state;
    column(0, "1 2 NULL 3", false);
    start = loop_start(p, &source, &label);
    set = program_slot(p);
    two = program_registers(p, 3);
    null = two + 1;
    out = two + 2;
    once = program_once(p);
    past = program_label(p);
    program_emit(p, OP_Once, once, past, 0);
    program_emit(p, OP_SetOpen, set, 1, 0);
    program_emit(p, OP_BatchPush, 0, 0, 0);
    program_emit(p, OP_Integer, 2, two, 0);
    program_emit(p, OP_SetInsert, set, two, 1);
    program_emit(p, OP_Null, 0, null, 0);
    program_emit(p, OP_SetInsert, set, null, 1);
    program_emit(p, OP_BatchPop, 0, 0, 0);
    program_label_here(p, past);
    program_emit(p, OP_SetHas, set, 1, out);
    result(p, out, 1);
    loop_end(p, start, label);
    expect(p, "NULL 1 NULL NULL ");
}

static void groups_come_out_sorted(void **state)
{
    static const struct aggregate_call calls[] = {
        {.kind = AGGREGATE_COUNT_STAR,
         .argument = -1,
         .separator = -1,
         .filter = -1,
         .extreme = -1},
        {.kind = AGGREGATE_SUM, .argument = 0, .separator = -1, .filter = -1, .extreme = -1}};
    static const uint8_t               collations[] = {0};
    static const struct aggregate_desc aggregate = {.key_count = 1,
                                                    .key_collations = collations,
                                                    .call_count = 2,
                                                    .calls = calls,
                                                    .sorted = true};
    struct program                    *p = program_new(&memory);
    int32_t                            label, start, slot, out, end, loop, open;

    (void)state;
    column(0, "'b' 'a' 'b' NULL", true);
    column(1, "1 2 3 4", false);
    start = loop_start(p, &source, &label);
    slot = program_slot(p);
    open = program_label(p);
    {
        int32_t once = program_once(p);

        program_emit(p, OP_Once, once, open, 0);
        desc(p, program_emit(p, OP_AggOpen, slot, 0, 0), &aggregate);
        program_label_here(p, open);
    }
    program_emit(p, OP_AggStep, slot, 1, 2);
    program_emit(p, OP_Next, 0, start, 0);
    program_label_here(p, label);
    program_emit(p, OP_AggFinal, slot, 0, 0);
    end = program_label(p);
    out = program_registers(p, 3);
    program_emit(p, OP_Rewind, slot, end, 0);
    loop = program_address(p);
    for (int32_t c = 0; c < 3; c++)
        program_emit(p, OP_Column, slot, c, out + c);
    result(p, out, 3);
    program_emit(p, OP_Next, slot, loop, 0);
    program_label_here(p, end);
    program_emit(p, OP_Halt, 0, 0, 0);
    expect(p, "NULL|1|4 'a'|1|2 'b'|2|4 ");
}

static void sorters_sort(void **state)
{
    static const struct sort_key    key = {.descending = true, .nulls_last = true};
    static const struct sorter_desc sorter = {.key_count = 1, .column_count = 2, .keys = &key};
    struct program                 *p = program_new(&memory);
    int32_t                         label, start, slot, out, end, loop, open;

    (void)state;
    column(0, "3 NULL 1 'x' 2.5", false);
    column(1, "1 2 3 4 5", false);
    start = loop_start(p, &source, &label);
    slot = program_slot(p);
    open = program_label(p);
    program_emit(p, OP_Once, program_once(p), open, 0);
    desc(p, program_emit(p, OP_SorterOpen, slot, 0, 0), &sorter);
    program_label_here(p, open);
    program_emit(p, OP_SorterInsert, slot, 1, 2);
    program_emit(p, OP_Next, 0, start, 0);
    program_label_here(p, label);
    end = program_label(p);
    out = program_registers(p, 2);
    program_emit(p, OP_SorterSort, slot, end, 0);
    loop = program_address(p);
    program_emit(p, OP_Column, slot, 0, out);
    program_emit(p, OP_Column, slot, 1, out + 1);
    result(p, out, 2);
    program_emit(p, OP_Next, slot, loop, 0);
    program_label_here(p, end);
    program_emit(p, OP_Halt, 0, 0, 0);
    expect(p, "'x'|4 3|1 2.5|5 1|3 NULL|2 ");
}

static void left_joins_pad_with_null(void **state)
{
    static const struct join_desc join = {.kind = JOIN_LEFT, .key_count = 1, .payload_count = 1};
    struct program               *p = program_new(&memory);
    int32_t                       label, start, slot, out, next, rest, done, loop, open, build;

    (void)state;
    column(0, "1 2 3 2", false);
    column(1, "'p' 'q' 'r' 's'", false);
    start = loop_start(p, &source, &label);
    slot = program_slot(p);
    build = program_registers(p, 2);
    open = program_label(p);
    program_emit(p, OP_Once, program_once(p), open, 0);
    desc(p, program_emit(p, OP_JoinOpen, slot, 0, 0), &join);
    program_emit(p, OP_BatchPush, 0, 0, 0);
    program_emit(p, OP_Integer, 2, build, 0);
    program_emit(p, OP_Integer, 70, build + 1, 0);
    program_emit(p, OP_JoinBuild, slot, build, 2);
    program_emit(p, OP_Integer, 71, build + 1, 0);
    program_emit(p, OP_JoinBuild, slot, build, 2);
    program_emit(p, OP_BatchPop, 0, 0, 0);
    program_emit(p, OP_JoinFinish, slot, 0, 0);
    program_label_here(p, open);
    rest = program_label(p);
    done = program_label(p);
    out = program_registers(p, 2);
    program_emit(p, OP_JoinProbe, slot, rest, 1);
    loop = program_address(p);
    program_emit(p, OP_JoinCarry, slot, 2, out);
    program_emit(p, OP_JoinColumn, slot, 1, out + 1);
    result(p, out, 2);
    program_emit(p, OP_JoinNext, slot, loop, 0);
    program_label_here(p, rest);
    program_emit(p, OP_JoinRest, slot, done, 0);
    program_emit(p, OP_JoinCarry, slot, 2, out);
    program_emit(p, OP_JoinColumn, slot, 1, out + 1);
    result(p, out, 2);
    program_label_here(p, done);
    next = program_label(p);
    program_label_here(p, next);
    loop_end(p, start, label);
    expect(p, "'p'|NULL 'q'|70 'q'|71 'r'|NULL 's'|70 's'|71 ");
}

static void rowsets_are_read_while_they_grow(void **state)
{
    struct program *p = program_new(&memory);
    int32_t         slot = program_slot(p), x = program_registers(p, 3), end, loop, skip;

    (void)state;
    end = program_label(p);
    skip = program_label(p);
    program_emit(p, OP_Init, 0, 1, 0);
    program_emit(p, OP_OpenRowset, slot, 1, 0);
    program_emit(p, OP_Integer, 1, x, 0);
    program_emit(p, OP_RowsetInsert, slot, x, 1);
    program_emit(p, OP_Rewind, slot, end, 0);
    loop = program_address(p);
    program_emit(p, OP_Column, slot, 0, x);
    result(p, x, 1);
    program_emit(p, OP_Integer, 2, x + 1, 0);
    program_emit(p, OP_Multiply, x, x + 1, x + 2);
    program_emit(p, OP_Integer, 40, x + 1, 0);
    program_emit(p, OP_FilterLt, x + 1, skip, x + 2);
    program_emit(p, OP_RowsetInsert, slot, x + 2, 1);
    program_label_here(p, skip);
    program_emit(p, OP_Next, slot, loop, 0);
    program_label_here(p, end);
    program_emit(p, OP_Halt, 0, 0, 0);
    expect(p, "1 2 4 8 16 32 ");
}

/* --- memoised subqueries
 * ------------------------------------------------------------------------------------ */

static void each_tuple_is_evaluated_once(void **state)
{
    struct program *p = program_new(&memory);
    int32_t         label, start, memo, param, tmp, out, have, loop, opened;

    (void)state;
    column(0, "5 7 5 NULL 7 'x'", false);
    start = loop_start(p, &source, &label);
    memo = program_slot(p);
    param = program_registers(p, 4);
    tmp = param + 1;
    out = param + 2;
    have = program_label(p);
    opened = program_label(p);
    program_emit(p, OP_Once, program_once(p), opened, 0);
    program_emit(p, OP_Integer, 0, param + 3, 0);
    program_label_here(p, opened);
    program_op(p, program_emit(p, OP_MemoBegin, memo, have, 1))->p4.i = 1;
    loop = program_address(p);
    program_emit(p, OP_MemoNext, memo, have, param);
    program_emit(p, OP_IntegerAdd, param + 3, 100, 0);
    program_emit(p, OP_Add, param + 3, param, tmp);
    program_emit(p, OP_MemoStore, memo, tmp, 0);
    program_emit(p, OP_Goto, 0, loop, 0);
    program_label_here(p, have);
    program_emit(p, OP_MemoResult, memo, out, 0);
    result(p, out, 1);
    loop_end(p, start, label);
    expect(p, "105 207 105 NULL 207 400 ");
}

/* --- functions
 * ------------------------------------------------------------------------------------------------
 */

static uint32_t    shout_calls;
static enum status shout(struct function_context *context, uint32_t argc, const struct value *argv,
                         struct value *out)
{
    char *text;

    (void)argc;
    shout_calls++;
    if (argv[0].class_ == CLASS_NULL)
        return STATUS_OK;
    text = arena_alloc(context->arena, argv[0].bytes + 1);
    if (text == NULL)
        return fail_nomem(context->err);
    memcpy(text, argv[0].s, argv[0].bytes);
    text[argv[0].bytes] = '!';
    *out = value_text(text, argv[0].bytes + 1);
    return STATUS_OK;
}
static enum status length(struct function_context *context, uint32_t argc, const struct value *argv,
                          struct value *out)
{
    (void)context;
    (void)argc;
    *out = argv[0].class_ == CLASS_NULL ? value_int(-1) : value_int(argv[0].bytes);
    return STATUS_OK;
}

static void pure_functions_run_once_an_entry(void **state)
{
    static const struct function functions[] = {
        {.name = "shout", .min_args = 1, .max_args = 1, .flags = FUNCTION_PURE, .exact = shout},
        {.name = "length", .min_args = 1, .max_args = 1, .flags = FUNCTION_PURE, .exact = length}};
    struct program *p = program_new(&memory);
    int32_t         label, start, out;

    (void)state;
    column(0, "'a' 'bb' 'a' NULL 'bb' 'a'", true);
    start = loop_start(p, &source, &label);
    out = program_registers(p, 3);
    program_op(p, program_emit(p, OP_Function, 1, 1, out))->p4.function = &functions[0];
    program_op(p, program_emit(p, OP_Function, 1, out, out + 1))->p4.function = &functions[0];
    program_op(p, program_emit(p, OP_Function, 1, 1, out + 2))->p4.function = &functions[1];
    result(p, out, 3);
    loop_end(p, start, label);
    expect(p, "'a!'|'a!!'|1 'bb!'|'bb!!'|2 'a!'|'a!!'|1 NULL|NULL|-1 'bb!'|'bb!!'|2 "
              "'a!'|'a!!'|1 ");
    assert_true(shout_calls <= 8); /* 2 entries, 2 functions, and the NULLs of two runs */
}

/* --- the frame
 * --------------------------------------------------------------------------------------------------
 */

static void parameters_are_copied(void **state)
{
    struct program *p = program_new(&memory);
    struct vm      *vm;
    char            text[] = "hello";
    struct value    value = value_text(text, 5);

    (void)state;
    p->variable_count = 1;
    program_registers(p, 1);
    program_emit(p, OP_Init, 0, 1, 0);
    program_emit(p, OP_Variable, 1, 1, 0);
    result(p, 1, 1);
    program_emit(p, OP_Halt, 0, 0, 0);
    assert_int_equal(program_finish(p, &err), STATUS_OK);
    assert_int_equal(vm_new(&host, p, &vm, &err), STATUS_OK);
    assert_int_equal(vm_bind(vm, 1, &value, true, &err), STATUS_OK);
    memset(text, 'x', 5);
    expect_run(vm, p, "'hello' ");
    assert_int_equal(vm_bind(vm, 2, &value, true, &err), STATUS_RANGE);
    vm_clear_bindings(vm);
    expect_run(vm, p, "NULL ");
    vm_free(vm);
    program_free(p);
}

static void endless_loops_can_be_interrupted(void **state)
{
    struct program *p = program_new(&memory);
    struct vm      *vm;

    (void)state;
    program_emit(p, OP_Init, 0, 1, 0);
    program_emit(p, OP_Goto, 0, 1, 0);
    assert_int_equal(program_finish(p, &err), STATUS_OK);
    assert_int_equal(vm_new(&host, p, &vm, &err), STATUS_OK);
    atomic_store(&memory.interrupt.raised, true);
    assert_int_equal(vm_run(vm, &err), STATUS_INTERRUPT);
    atomic_store(&memory.interrupt.raised, false);
    vm_reset(vm);
    vm_free(vm);
    program_free(p);
}

static void once_results_outlive_the_batch(void **state)
{
    static const struct value x = {
        .s = "long enough a text to be elsewhere", .bytes = 34, .class_ = CLASS_TEXT};
    static const struct function bytes = {
        .name = "length", .flags = FUNCTION_PURE, .exact = length};
    struct program *p = program_new(&memory);
    int32_t         label, start, a, past;

    (void)state;
    column(0, "1 2 3 4 5 6 7 8 9", false);
    host.batch_rows = 2;
    start = loop_start(p, &source, &label);
    a = program_registers(p, 3);
    past = program_label(p);
    program_emit(p, OP_Once, program_once(p), past, 0);
    program_op(p, program_emit(p, OP_Constant, 0, a, 0))->p4.value = &x;
    program_emit(p, OP_Concat, a, a, a + 1);
    program_label_here(p, past);
    program_emit(p, OP_Concat, 1, a + 1, a + 2);
    program_op(p, program_emit(p, OP_Function, 1, a + 2, a + 2))->p4.function = &bytes;
    result(p, a + 2, 1);
    loop_end(p, start, label);
    expect(p, "69 69 69 69 69 69 69 69 69 ");
    host.batch_rows = VECTOR_CAP;
}

static int setup(void **state)
{
    (void)state;
    host_init(&host, &memory, &connection);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < SOURCE_COLUMNS; i++)
        if (space[i].dictionary != NULL)
            dictionary_unref(space[i].dictionary);
    return memory.used == 0 ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_blends_branches),
        cmocka_unit_test(limit_and_offset_cut_rows),
        cmocka_unit_test(distinct_keeps_first_rows),
        cmocka_unit_test(in_is_three_valued),
        cmocka_unit_test(groups_come_out_sorted),
        cmocka_unit_test(sorters_sort),
        cmocka_unit_test(left_joins_pad_with_null),
        cmocka_unit_test(rowsets_are_read_while_they_grow),
        cmocka_unit_test(each_tuple_is_evaluated_once),
        cmocka_unit_test(pure_functions_run_once_an_entry),
        cmocka_unit_test(parameters_are_copied),
        cmocka_unit_test(endless_loops_can_be_interrupted),
        cmocka_unit_test(once_results_outlive_the_batch),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
