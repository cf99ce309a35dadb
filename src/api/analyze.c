/* analyze.c - see analyze.h. */
#include "api/analyze.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum { KERNELS_MAX = 3, KERNEL_NS_MIN = 1000, KERNEL_PERCENT_MIN = 3, GENERAL_PERCENT_MIN = 20 };

double analyze_ms(uint64_t nanoseconds)
{
    return (double)(nanoseconds / 1000) / 1000.0;
}

int64_t analyze_percent(const struct analysis *analysis, uint64_t nanoseconds)
{
    if (analysis->nanoseconds == 0)
        return 0;
    return (int64_t)((double)nanoseconds * 100 / (double)analysis->nanoseconds + 0.5);
}

void analyze_free(struct analysis *analysis)
{
    memory_free(analysis->memory, analysis->steps,
                analysis->program->plan_count * sizeof *analysis->steps);
    analysis->steps = NULL;
}

/* Ops that take the rows of the whole statement: their input is what it made of them. */
static bool takes_rows(const struct op *op)
{
    return op->code == OP_ResultRow || op->code == OP_BulkInsert || op->code == OP_Insert ||
           (op->code == OP_Export && op->p1 == 1);
}

static bool changes_rows(enum opcode code)
{
    return code == OP_UpdateRows || code == OP_DeleteRows || code == OP_DeleteAll;
}

/* The statement's own step: rows handed out, else rows changed, else rows written. */
static void count_statement(const struct analysis *analysis, struct step *statement)
{
    const struct program    *program = analysis->program;
    const struct op_profile *profiles = vm_op_profiles(analysis->vm);
    bool                     results = false, changes = false;
    uint64_t                 handed_out = 0, taken = 0;

    for (uint32_t i = 0; i < program->op_count; i++) {
        const struct op *op = &program->ops[i];

        if (op->code == OP_ResultRow) {
            results = true;
            handed_out += profiles[i].rows_in;
        } else if (takes_rows(op)) {
            statement->counts_rows = true;
            taken += profiles[i].rows_in;
        }
        changes |= changes_rows((enum opcode)op->code);
    }
    statement->counts_rows |= results || changes;
    if (results)
        statement->rows = handed_out;
    else if (program->counts_changes || changes)
        statement->rows = (uint64_t)vm_changes(analysis->vm);
    else
        statement->rows = taken;
}

enum status analyze_steps(struct analysis *analysis, struct error *err)
{
    const struct program    *program = analysis->program;
    const struct op_profile *profiles = vm_op_profiles(analysis->vm);
    struct step             *statement;
    uint64_t                 sum = 0;

    assert(program->plan_count > 0);
    analysis->steps = memory_zalloc(analysis->memory, program->plan_count * sizeof(struct step));
    if (analysis->steps == NULL)
        return fail_nomem(err);
    statement = &analysis->steps[program->plan_count - 1];
    for (uint32_t i = 0; i < program->op_count; i++) {
        analysis->steps[program->op_lines[i]].nanoseconds += profiles[i].nanoseconds;
        sum += profiles[i].nanoseconds;
    }
    if (analysis->nanoseconds > sum)
        statement->nanoseconds += analysis->nanoseconds - sum;
    for (uint32_t i = 0; i < program->plan_count; i++) {
        int32_t op = program->plan[i].rows_op;

        if (op < 0)
            continue;
        analysis->steps[i].rows = profiles[op].rows_in;
        analysis->steps[i].counts_rows = true;
    }
    count_statement(analysis, statement);
    return STATUS_OK;
}

/* --- notes -------------------------------------------------------------------------------------
 */
static void note(struct str *text)
{
    if (text->bytes > 0)
        str_text(text, "; ");
}

static void put_bytes(uint64_t bytes, struct str *text)
{
    if (bytes < 10000)
        str_printf(text, "%" PRIu64 " bytes", bytes);
    else if (bytes < 10000000)
        str_printf(text, "%.1f kB", (double)bytes / 1e3);
    else
        str_printf(text, "%.1f MB", (double)bytes / 1e6);
}

/* Rows that a loop over a slot handed to its body: every batch comes to the op behind Rewind. */
static void note_slot(const struct analysis *analysis, uint32_t address, struct str *text)
{
    const struct op *op = &analysis->program->ops[address];
    char             detail[200];

    vm_describe_slot(analysis->vm, op->p1, detail, sizeof detail);
    note(text);
    switch ((enum opcode)op->code) {
    case OP_Rewind:
        str_printf(text, "read %" PRIu64 " rows",
                   vm_op_profiles(analysis->vm)[address + 1].rows_in);
        if (strstr(detail, ", 0 batches") == NULL && strstr(detail, "skipped") != NULL)
            str_printf(text, ", %s", strchr(detail, ',') + 2);
        break;
    case OP_JoinFinish:
        str_printf(text, "build side: %s", detail);
        break;
    case OP_MemoBegin:
        str_text(text, detail);
        break;
    default:
        str_text(text, detail);
    }
}

static bool is_noted(const struct program *program, uint32_t address)
{
    switch ((enum opcode)program->ops[address].code) {
    case OP_AggFinal:
    case OP_JoinFinish:
    case OP_WindowFinish:
    case OP_SorterSort:
    case OP_Distinct:
    case OP_MemoBegin:
        return true;
    case OP_Rewind: /* of what is read for the first time */
        for (uint32_t i = address; i-- > 0;)
            if (program->ops[i].p1 == program->ops[address].p1 &&
                opcode_info[program->ops[i].code].p1 == OPERAND_SLOT &&
                program->ops[i].code != OP_Bound)
                return program->ops[i].code == OP_OpenRead || program->ops[i].code == OP_OpenSource;
        return false;
    default:
        return false;
    }
}

/* The ops of a step that took longest, longest first. */
static uint32_t slowest_ops(const struct analysis *analysis, uint32_t step,
                            uint32_t ops[KERNELS_MAX])
{
    const struct program    *program = analysis->program;
    const struct op_profile *profiles = vm_op_profiles(analysis->vm);
    uint32_t                 count = 0;

    for (uint32_t i = 0; i < program->op_count; i++) {
        uint32_t at = count;

        if (program->op_lines[i] != (int32_t)step || profiles[i].nanoseconds < KERNEL_NS_MIN ||
            analyze_percent(analysis, profiles[i].nanoseconds) < KERNEL_PERCENT_MIN)
            continue;
        while (at > 0 && profiles[ops[at - 1]].nanoseconds < profiles[i].nanoseconds)
            at--;
        if (at == KERNELS_MAX)
            continue;
        count += count < KERNELS_MAX;
        memmove(ops + at + 1, ops + at, (count - at - 1) * sizeof *ops);
        ops[at] = i;
    }
    return count;
}

void analyze_notes(const struct analysis *analysis, uint32_t step, struct str *text)
{
    const struct program    *program = analysis->program;
    const struct op_profile *profiles = vm_op_profiles(analysis->vm);
    uint32_t                 slowest[KERNELS_MAX], count = slowest_ops(analysis, step, slowest);
    uint64_t                 bytes = 0;

    for (uint32_t i = 0; i < program->op_count; i++) {
        if (program->op_lines[i] != (int32_t)step)
            continue;
        bytes += profiles[i].bytes;
        if (profiles[i].calls > 0 && is_noted(program, i))
            note_slot(analysis, i, text);
    }
    if (bytes > 0) {
        note(text);
        put_bytes(bytes, text);
        str_text(text, " of columns");
    }
    for (uint32_t i = 0; i < count; i++) {
        note(text);
        vm_describe_op(analysis->vm, (int32_t)slowest[i], text);
        str_printf(text, " %.3g ms", (double)profiles[slowest[i]].nanoseconds / 1e6);
    }
}

/* --- the verdict -------------------------------------------------------------------------------
 */
/* "SCAN t [1000 rows; reads a, b]" as "SCAN t [1000 rows]". */
static void put_step(const char *line, struct str *text)
{
    size_t bytes = strcspn(line, ";");

    str_append(text, line, bytes);
    if (line[bytes] == ';')
        str_char(text, ']');
}

/* Part of the time that went through the general path. */
static uint64_t general_time(const struct analysis *analysis)
{
    const struct op_profile *profiles = vm_op_profiles(analysis->vm);
    uint64_t                 sum = 0;

    for (uint32_t i = 0; i < analysis->program->op_count; i++)
        if (profiles[i].general > 0)
            sum += profiles[i].nanoseconds;
    return sum;
}

static void put_advice(const struct analysis *analysis, uint32_t step, struct str *text)
{
    const char *line = analysis->program->plan[step].text;
    int64_t     general = analyze_percent(analysis, general_time(analysis));

    if (strstr(line, " USING NESTED LOOP") != NULL)
        str_text(text, "; every pair of rows was looked at, for there is no equality to join by");
    if (general >= GENERAL_PERCENT_MIN)
        str_printf(text, "; %" PRId64 " %% went cell by cell, by the general path", general);
}

void analyze_verdict(const struct analysis *analysis, struct str *text)
{
    const struct program *program = analysis->program;
    uint32_t              most = 0, slowest[KERNELS_MAX];
    double                ms = (double)analysis->nanoseconds / 1e6;

    for (uint32_t i = 1; i < program->plan_count; i++)
        if (analysis->steps[i].nanoseconds > analysis->steps[most].nanoseconds)
            most = i;
    str_printf(text, "%" PRId64 " %% of ",
               analyze_percent(analysis, analysis->steps[most].nanoseconds));
    if (ms < 1000)
        str_printf(text, "%.3g ms", ms);
    else
        str_printf(text, "%.2f s", ms / 1000);
    str_text(text, " was spent in ");
    put_step(program->plan[most].text, text);
    if (slowest_ops(analysis, most, slowest) > 0) {
        str_text(text, ", most of it in ");
        vm_describe_op(analysis->vm, (int32_t)slowest[0], text);
    }
    put_advice(analysis, most, text);
    str_text(text, "; peak memory ");
    put_bytes(analysis->peak_bytes, text);
}
