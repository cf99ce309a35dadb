/* analyze.c - EXPLAIN ANALYZE: the statement is run to its end with counters on, and its listing is
 * shown with them.
 *
 * The compiler gives a program that lists the statement and holds the statement's own program as
 * `inner`.  Around it goes one more program whose only source, when it is opened, runs both: first
 * the inner one, whose rows are counted and dropped, then the listing, whose rows are the result.
 */
#include "api/analyze.h"

#include <stdio.h>
#include <string.h>

#include "api/row_source.h"

enum { LISTING_COLUMNS = 8, COMMENT_COLUMN = LISTING_COLUMNS - 1 };

static const char *const analyze_names[] = {"addr", "opcode", "p1",   "p2", "p3",     "p4",
                                            "p5",   "calls",  "rows", "ms", "comment"};
enum { ANALYZE_COLUMNS = countof(analyze_names) };

/* --- running -------------------------------------------------------------------------------------
 */
static enum status run_profiled(stoa_stmt *stmt, struct vm *vm, struct error *err)
{
    enum status status;

    TRY(statement_rebind(stmt, vm));
    TRY(vm_profile(vm, err));
    do
        status = vm_run(vm, err);
    while (status == STATUS_ROW);
    return status == STATUS_DONE ? STATUS_OK : status;
}

/* What the slot that an opening opcode filled has to tell. */
static bool opens_slot(const struct op *op)
{
    return opcode_info[op->code].p1 == OPERAND_SLOT &&
           strstr(opcode_info[op->code].name, "Open") != NULL;
}

static void comment_add(struct row_source *rows, const struct vm *vm, const struct op *op,
                        const struct value *comment)
{
    char slot[128] = "", text[640];

    if (opens_slot(op))
        vm_describe_slot(vm, op->p1, slot, sizeof slot);
    snprintf(text, sizeof text, "%.*s%s%s", comment->class_ == CLASS_TEXT ? (int)comment->bytes : 0,
             comment->bytes > 0 ? comment->s : "", slot[0] != '\0' ? " -- " : "", slot);
    row_source_text(rows, text);
}

static void cell_add(struct row_source *rows, const struct value *value)
{
    char text[512];

    if (value->class_ == CLASS_INTEGER) {
        row_source_int(rows, value->i);
        return;
    }
    snprintf(text, sizeof text, "%.*s", value->class_ == CLASS_TEXT ? (int)value->bytes : 0,
             value->bytes > 0 ? value->s : "");
    row_source_text(rows, text);
}

/* One row of the listing with the counters of its opcode. */
static void row_add(struct row_source *rows, const struct vm *vm, const struct program *program,
                    struct vm *listing, uint32_t row)
{
    const struct op_profile *profile;
    struct value             cells[LISTING_COLUMNS];
    char                     scratch[LISTING_COLUMNS][16];
    int64_t                  address;

    for (uint32_t c = 0; c < LISTING_COLUMNS; c++)
        cells[c] = vector_value(vm_result(listing, c), row, scratch[c]);
    address = cells[0].i;
    profile = &vm_op_profiles(vm)[address];
    for (uint32_t c = 0; c < COMMENT_COLUMN; c++)
        cell_add(rows, &cells[c]);
    row_source_int(rows, (int64_t)profile->calls);
    row_source_int(rows, (int64_t)profile->rows_out);
    row_source_real(rows, (double)(profile->nanoseconds / 1000) / 1000.0);
    comment_add(rows, vm, &program->ops[address], &cells[COMMENT_COLUMN]);
}

static enum status list_rows(struct row_source *rows, const struct vm *vm,
                             const struct program *program, struct vm *listing, struct error *err)
{
    enum status status;

    while ((status = vm_run(listing, err)) == STATUS_ROW) {
        const struct selection *sel = vm_result_selection(listing);

        for (BITS_EACH(row, sel->bits, sel->rows))
            row_add(rows, vm, program, listing, (uint32_t)row);
    }
    return status == STATUS_DONE ? row_source_finish(rows, err) : status;
}

/* --- the source
 * -------------------------------------------------------------------------------------- */
/* state: the listing's program. */
static enum status analyze_open(const struct source_context *context, void *state,
                                const struct source_arguments *arguments, struct cursor **cursor,
                                struct error *err)
{
    stoa_db           *db = context->connection;
    struct program    *listing = state;
    struct vm         *vm = NULL, *listing_vm = NULL;
    struct row_source *rows = row_source_new(context->memory, ANALYZE_COLUMNS);
    enum status        status;

    (void)arguments;
    if (rows == NULL)
        return fail_nomem(err);
    status = vm_new(&db->host, listing->inner, &vm, err);
    if (status == STATUS_OK)
        status = run_profiled(db->stepping, vm, err);
    if (status == STATUS_OK)
        status = vm_new(&db->host, listing, &listing_vm, err);
    if (status == STATUS_OK)
        status = list_rows(rows, vm, listing->inner, listing_vm, err);
    vm_free(listing_vm);
    vm_free(vm);
    if (status != STATUS_OK)
        row_source_cursor(rows)->ops->close(row_source_cursor(rows));
    else
        *cursor = row_source_cursor(rows);
    return status;
}

static const struct source_module analyze_module = {.name = "explain analyze",
                                                    .open = analyze_open};

/* --- the program
 * -------------------------------------------------------------------------------------- */
static bool describe(struct program *program, const struct program *inner)
{
    program->is_explain = true;
    program->writes = inner->writes;
    program->schema_version = inner->schema_version;
    program->sql = inner->sql;
    program->variable_count = inner->variable_count;
    program->variable_names = inner->variable_names;
    program->result_count = ANALYZE_COLUMNS;
    program->result_names = arena_alloc(&program->arena, sizeof analyze_names);
    program->result_types = arena_zalloc(&program->arena, ANALYZE_COLUMNS * sizeof(char *));
    if (program->result_names == NULL || program->result_types == NULL)
        return false;
    memcpy(program->result_names, analyze_names, sizeof analyze_names);
    return true;
}

static bool emit(struct program *program, struct program *listing)
{
    struct source_desc *desc = arena_zalloc(&program->arena, sizeof *desc);
    int32_t             slot = program_slot(program), end = program_label(program), address, loop;
    int32_t             first = program_registers(program, ANALYZE_COLUMNS);

    if (desc == NULL)
        return false;
    desc->module = &analyze_module;
    desc->state = listing;
    program_emit(program, OP_Init, 0, 1, 0);
    address = program_emit(program, OP_OpenSource, slot, first, 0);
    program_op(program, address)->p4.desc = desc;
    program_emit(program, OP_Rewind, slot, end, 0);
    loop = program_address(program);
    for (int32_t c = 0; c < ANALYZE_COLUMNS; c++)
        program_emit(program, OP_Column, slot, c, first + c);
    program_emit(program, OP_ResultRow, first, ANALYZE_COLUMNS, 0);
    program_emit(program, OP_Next, slot, loop, 0);
    program_label_here(program, end);
    program_emit(program, OP_Halt, 0, 0, 0);
    return true;
}

enum status analyze_program(struct program **program, struct error *err)
{
    struct program *listing = *program, *outer;
    enum status     status;

    if (listing == NULL || listing->inner == NULL)
        return STATUS_OK;
    outer = program_new(listing->memory);
    if (outer == NULL)
        return fail_nomem(err);
    outer->inner = listing;
    if (describe(outer, listing->inner) && emit(outer, listing))
        status = program_finish(outer, err);
    else
        status = fail_nomem(err);
    if (status == STATUS_OK) {
        *program = outer;
        return STATUS_OK;
    }
    outer->inner = NULL; /* still the caller's */
    program_free(outer);
    return status;
}
