/* analyze_source.c - stoa_analyze: runs the program that EXPLAIN ANALYZE is about, with counters,
 * and yields one row for each of its ops.  The code generator opens it; state is the program, the
 * arguments are the values of its parameters. */
#include "api/connection.h"
#include "api/row_source.h"
#include "api/sources.h"
#include "base/str.h"

static const struct source_column columns[] = {
    {"addr", ""}, {"opcode", ""}, {"p1", ""},      {"p2", ""},       {"p3", ""}, {"p4", ""},
    {"p5", ""},   {"calls", ""},  {"rows_in", ""}, {"rows_out", ""}, {"ms", ""}, {"comment", ""}};

static enum status analyze_bind(const struct source_context   *context,
                                const struct source_arguments *arguments, struct arena *arena,
                                uint32_t *column_count, const struct source_column **out,
                                void **state, struct error *err)
{
    (void)context;
    (void)arguments;
    (void)arena;
    *state = NULL;
    *column_count = countof(columns);
    *out = columns;
    return fail(err, STATUS_ERROR, "no such table: stoa_analyze");
}

/* What the object behind the op's slot has to say, where it is complete. */
static void op_detail(const struct program *program, const struct vm *vm, uint32_t address,
                      struct str *text)
{
    const struct op *op = &program->ops[address];
    char             detail[200] = "";

    program_comment_text(program, (int32_t)address, text);
    if (op->code == OP_AggFinal || op->code == OP_JoinFinish || op->code == OP_Rewind)
        vm_describe_slot(vm, op->p1, detail, sizeof detail);
    if (detail[0] != '\0')
        str_printf(text, " [%s]", detail);
}

static enum status analyze_rows(const struct program *program, const struct vm *vm,
                                struct memory *memory, struct row_source *rows, struct error *err)
{
    const struct op_profile *profiles = vm_op_profiles(vm);
    struct str               text;

    str_init(&text, memory);
    for (uint32_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];

        row_source_int(rows, i);
        row_source_text(rows, opcode_info[op->code].name);
        row_source_int(rows, op->p1);
        row_source_int(rows, op->p2);
        row_source_int(rows, op->p3);
        str_clear(&text);
        program_p4_text(program, (int32_t)i, &text);
        row_source_text(rows, str_end(&text));
        row_source_int(rows, op->p5);
        row_source_int(rows, (int64_t)profiles[i].calls);
        row_source_int(rows, (int64_t)profiles[i].rows_in);
        row_source_int(rows, (int64_t)profiles[i].rows_out);
        row_source_real(rows, (double)(profiles[i].nanoseconds / 1000) /
                                  1000.0); /* microseconds will do */
        str_clear(&text);
        op_detail(program, vm, i, &text);
        row_source_text(rows, str_end(&text));
    }
    str_free(&text);
    return row_source_finish(rows, err);
}

static enum status analyze_run(struct vm *vm, const struct source_arguments *arguments,
                               struct error *err)
{
    enum status status;

    TRY(vm_profile(vm, err));
    for (uint32_t i = 0; i < arguments->count; i++)
        TRY(vm_bind(vm, i + 1, &arguments->values[i], true, err));
    do
        status = vm_run(vm, err);
    while (status == STATUS_ROW);
    return status == STATUS_DONE ? STATUS_OK : status;
}

static enum status analyze_open(const struct source_context *context, void *state,
                                const struct source_arguments *arguments, struct cursor **cursor,
                                struct error *err)
{
    stoa_db              *db = context->connection;
    const struct program *program = state;
    struct row_source    *rows = row_source_new(context->memory, countof(columns));
    struct vm            *vm = NULL;
    enum status           status = rows == NULL ? fail_nomem(err) : STATUS_OK;

    if (status == STATUS_OK)
        status = vm_new(&db->host, program, &vm, err);
    if (status == STATUS_OK)
        status = analyze_run(vm, arguments, err);
    if (status == STATUS_OK)
        status = analyze_rows(program, vm, context->memory, rows, err);
    if (vm != NULL) {
        vm_reset(vm);
        vm_free(vm);
    }
    if (status == STATUS_OK)
        *cursor = row_source_cursor(rows);
    else if (rows != NULL)
        row_source_cursor(rows)->ops->close(row_source_cursor(rows));
    return status;
}

const struct source_module analyze_module = {
    .name = "stoa_analyze", .bind = analyze_bind, .open = analyze_open};
