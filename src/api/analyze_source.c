/* analyze_source.c - stoa_analyze and stoa_analyze_ops: run the program that EXPLAIN ANALYZE is
 * about, with counters, and yield a row for each of its steps and one that says where the time
 * went, or a row for each of its ops.  The code generator opens them; state is the program, the
 * arguments are the values of its parameters. */
#include "api/analyze.h"
#include "api/connection.h"
#include "api/row_source.h"
#include "api/sources.h"
#include "base/str.h"

#include <time.h>

/* id parent detail rows ms percent notes; addr opcode p1 to p5 calls rows_in rows_out ms comment:
 * named where they are opened (sql/cg_explain.c). */
enum { STEP_COLUMNS = 7, OP_COLUMNS = 12 };

/* Nobody names them in FROM. */
static enum status analyze_bind(const struct source_context   *context,
                                const struct source_arguments *arguments, struct arena *arena,
                                uint32_t *column_count, const struct source_column **out,
                                void **state, struct error *err)
{
    (void)context;
    (void)arguments;
    (void)arena;
    *state = NULL;
    *column_count = 0;
    *out = NULL;
    return fail(err, STATUS_ERROR, "no such table: stoa_analyze");
}

/* --- ops ---------------------------------------------------------------------------------------
 */
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
    if (vm_op_profiles(vm)[address].kinds[0] != 0) {
        str_text(text, " ");
        vm_describe_op(vm, (int32_t)address, text);
    }
}

static enum status op_rows(const struct program *program, const struct vm *vm,
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
        row_source_real(rows, analyze_ms(profiles[i].nanoseconds));
        str_clear(&text);
        op_detail(program, vm, i, &text);
        row_source_text(rows, str_end(&text));
    }
    str_free(&text);
    return row_source_finish(rows, err);
}

/* --- steps -------------------------------------------------------------------------------------
 */
static enum status step_rows(const struct analysis *analysis, struct row_source *rows,
                             struct error *err)
{
    const struct program *program = analysis->program;
    struct str            text;

    str_init(&text, analysis->memory);
    for (uint32_t i = 0; i < program->plan_count; i++) {
        const struct plan_line *line = &program->plan[i];
        const struct step      *step = &analysis->steps[i];

        row_source_int(rows, line->id);
        row_source_int(rows, line->parent);
        row_source_text(rows, line->text);
        if (step->counts_rows)
            row_source_int(rows, (int64_t)step->rows);
        else
            row_source_null(rows);
        row_source_real(rows, analyze_ms(step->nanoseconds));
        row_source_int(rows, analyze_percent(analysis, step->nanoseconds));
        str_clear(&text);
        analyze_notes(analysis, i, &text);
        row_source_text(rows, str_end(&text));
    }
    str_clear(&text);
    analyze_verdict(analysis, &text);
    row_source_int(rows, program->plan_count + 1);
    row_source_int(rows, 0);
    row_source_text(rows, str_end(&text));
    row_source_null(rows);
    row_source_real(rows, analyze_ms(analysis->nanoseconds));
    row_source_int(rows, 100);
    row_source_text(rows, "");
    str_free(&text);
    return row_source_finish(rows, err);
}

/* --- running -----------------------------------------------------------------------------------
 */
static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The statement's own peak of memory is found by setting the account's back for a while. */
static enum status analyze_run(struct vm *vm, const struct source_arguments *arguments,
                               struct analysis *analysis, struct error *err)
{
    struct memory *memory = analysis->memory;
    size_t         used = memory->used, peak = memory->peak;
    uint64_t       start;
    enum status    status;

    TRY(vm_profile(vm, err));
    for (uint32_t i = 0; i < arguments->count; i++)
        TRY(vm_bind(vm, i + 1, &arguments->values[i], true, err));
    memory->peak = used;
    start = now_ns();
    do
        status = vm_run(vm, err);
    while (status == STATUS_ROW);
    analysis->nanoseconds = now_ns() - start;
    analysis->peak_bytes = memory->peak - used;
    if (memory->peak < peak)
        memory->peak = peak;
    return status == STATUS_DONE ? STATUS_OK : status;
}

static enum status analyze(const struct source_context *context, const struct program *program,
                           const struct source_arguments *arguments, bool ops,
                           struct row_source *rows, struct error *err)
{
    stoa_db        *db = context->connection;
    struct vm      *vm = NULL;
    struct analysis analysis = {.program = program, .memory = context->memory};
    enum status     status = vm_new(&db->host, program, &vm, err);

    if (status == STATUS_OK)
        status = analyze_run(vm, arguments, &analysis, err);
    if (status == STATUS_OK && ops)
        status = op_rows(program, vm, context->memory, rows, err);
    if (status == STATUS_OK && !ops) {
        analysis.vm = vm;
        status = analyze_steps(&analysis, err);
        if (status == STATUS_OK)
            status = step_rows(&analysis, rows, err);
        analyze_free(&analysis);
    }
    if (vm != NULL) {
        vm_reset(vm);
        vm_free(vm);
    }
    return status;
}

static enum status open_rows(const struct source_context *context, const struct program *program,
                             const struct source_arguments *arguments, bool ops,
                             struct cursor **cursor, struct error *err)
{
    struct row_source *rows = row_source_new(context->memory, ops ? OP_COLUMNS : STEP_COLUMNS);
    enum status        status;

    if (rows == NULL)
        return fail_nomem(err);
    status = analyze(context, program, arguments, ops, rows, err);
    if (status == STATUS_OK)
        *cursor = row_source_cursor(rows);
    else
        row_source_cursor(rows)->ops->close(row_source_cursor(rows));
    return status;
}

static enum status analyze_open(const struct source_context *context, void *state,
                                const struct source_arguments *arguments, struct cursor **cursor,
                                struct error *err)
{
    return open_rows(context, state, arguments, false, cursor, err);
}

static enum status analyze_ops_open(const struct source_context *context, void *state,
                                    const struct source_arguments *arguments,
                                    struct cursor **cursor, struct error *err)
{
    return open_rows(context, state, arguments, true, cursor, err);
}

const struct source_module analyze_module = {
    .name = "stoa_analyze", .bind = analyze_bind, .open = analyze_open};
const struct source_module analyze_ops_module = {
    .name = "stoa_analyze_ops", .bind = analyze_bind, .open = analyze_ops_open};
