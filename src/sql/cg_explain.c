/* cg_explain.c - EXPLAIN and EXPLAIN QUERY PLAN as programs: the listing's rows are constants put
 * in a rowset, which is then read out. */
#include "sql/cg.h"

#include "base/str.h"

#include <string.h>

/* --- the listing program -----------------------------------------------------------------------
 */
struct listing {
    struct program *program;
    int32_t         rows, first; /* rowset, registers of a row */
    uint32_t        columns;
    bool            failed;
};

static void put_int(struct listing *listing, uint32_t column, int64_t i)
{
    struct value *value = arena_alloc(&listing->program->arena, sizeof *value);
    int32_t       address;

    if (value == NULL) {
        listing->failed = true;
        return;
    }
    *value = value_int(i);
    address = program_emit(listing->program, OP_Constant, 0, listing->first + (int32_t)column, 0);
    program_op(listing->program, address)->p4.value = value;
}

static void put_text(struct listing *listing, uint32_t column, const char *text, size_t bytes)
{
    struct value *value = arena_alloc(&listing->program->arena, sizeof *value);
    char         *copy = arena_copy_text(&listing->program->arena, text, bytes);
    int32_t       address;

    if (value == NULL || copy == NULL) {
        listing->failed = true;
        return;
    }
    *value = value_text(copy, bytes);
    address = program_emit(listing->program, OP_Constant, 0, listing->first + (int32_t)column, 0);
    program_op(listing->program, address)->p4.value = value;
}

static void put_row(struct listing *listing)
{
    program_emit(listing->program, OP_RowsetInsert, listing->rows, listing->first,
                 (int32_t)listing->columns);
}

static void list_ops(struct listing *listing, const struct program *inner, struct memory *memory)
{
    struct str text;

    str_init(&text, memory);
    for (uint32_t i = 0; i < inner->op_count; i++) {
        const struct op *op = &inner->ops[i];
        const char      *name = opcode_info[op->code].name;

        put_int(listing, 0, i);
        put_text(listing, 1, name, strlen(name));
        put_int(listing, 2, op->p1);
        put_int(listing, 3, op->p2);
        put_int(listing, 4, op->p3);
        str_clear(&text);
        program_p4_text(inner, (int32_t)i, &text);
        put_text(listing, 5, text.data, text.bytes);
        listing->failed |= text.failed;
        put_int(listing, 6, op->p5);
        str_clear(&text);
        program_comment_text(inner, (int32_t)i, &text);
        put_text(listing, 7, text.data, text.bytes);
        listing->failed |= text.failed;
        put_row(listing);
    }
    str_free(&text);
}

static void list_plan(struct listing *listing, const struct program *inner)
{
    for (uint32_t i = 0; i < inner->plan_count; i++) {
        const struct plan_line *line = &inner->plan[i];

        if (line->only_analyzed)
            continue;
        put_int(listing, 0, line->id);
        put_int(listing, 1, line->parent);
        put_int(listing, 2, 0);
        put_text(listing, 3, line->text, strlen(line->text));
        put_row(listing);
    }
}

static void read_out(struct listing *listing)
{
    struct program *program = listing->program;
    int32_t         end = program_label(program), loop;

    program_emit(program, OP_Rewind, listing->rows, end, 0);
    loop = program_address(program);
    for (uint32_t i = 0; i < listing->columns; i++)
        program_emit(program, OP_Column, listing->rows, (int32_t)i, listing->first + (int32_t)i);
    program_emit(program, OP_ResultRow, listing->first, (int32_t)listing->columns, 0);
    program_emit(program, OP_Next, listing->rows, loop, 0);
    program_label_here(program, end);
    program_emit(program, OP_Halt, 0, 0, 0);
}

static bool name_columns(struct program *program, const char *const *names, uint32_t count)
{
    program->result_count = count;
    program->result_names = arena_alloc(&program->arena, count * sizeof(char *));
    program->result_types = arena_zalloc(&program->arena, count * sizeof(char *));
    if (program->result_names == NULL || program->result_types == NULL)
        return false;
    memcpy(program->result_names, names, count * sizeof(char *));
    return true;
}

/* EXPLAIN ANALYZE: a table function of the connection runs inner and yields its steps, or its ops.
 */
static enum status analyze(const struct compile_context *context, struct program *program,
                           bool verbose, struct error *err)
{
    static const char *const    op_names[] = {"addr",    "opcode",   "p1", "p2",
                                              "p3",      "p4",       "p5", "calls",
                                              "rows_in", "rows_out", "ms", "comment"};
    static const char *const    step_names[] = {"id", "parent",  "detail", "rows",
                                                "ms", "percent", "notes"};
    const char *const          *names = verbose ? op_names : step_names;
    const char                 *source = verbose ? "stoa_analyze_ops" : "stoa_analyze";
    const struct source_module *module = source_find(context->sources, source, strlen(source));
    struct source_desc         *desc = arena_zalloc(&program->arena, sizeof *desc);
    uint32_t                    count = program->inner->variable_count;
    const char   **argument_names = arena_zalloc(&program->arena, (count + 1) * sizeof(char *));
    struct listing listing = {.program = program,
                              .columns = verbose ? countof(op_names) : countof(step_names)};
    int32_t        arguments, address;

    if (module == NULL)
        return fail(err, STATUS_ERROR, "not supported yet: EXPLAIN ANALYZE without a connection");
    if (desc == NULL || argument_names == NULL || !name_columns(program, names, listing.columns))
        return fail_nomem(err);
    *desc = (struct source_desc){module, program->inner, argument_names};
    program->variable_count = count;
    program->variable_names = program->inner->variable_names; /* lives as long: inner is ours */
    program_emit(program, OP_Init, 0, 1, 0);
    arguments = program_registers(program, count == 0 ? 1 : count);
    for (uint32_t i = 0; i < count; i++)
        program_emit(program, OP_Variable, (int32_t)i + 1, arguments + (int32_t)i, 0);
    listing.rows = program_slot(program);
    listing.first = program_registers(program, listing.columns);
    address = program_emit(program, OP_OpenSource, listing.rows, arguments, (int32_t)count);
    program_op(program, address)->p4.desc = desc;
    read_out(&listing);
    return program_finish(program, err);
}

static enum status list(struct program *program, enum explain_mode mode, struct error *err)
{
    static const char *const op_names[] = {"addr", "opcode", "p1", "p2",
                                           "p3",   "p4",     "p5", "comment"};
    static const char *const plan_names[] = {"id", "parent", "notused", "detail"};
    bool                     plan = mode == EXPLAIN_QUERY_PLAN;
    struct listing           listing = {.program = program, .columns = plan ? 4 : 8};

    if (!name_columns(program, plan ? plan_names : op_names, listing.columns))
        return fail_nomem(err);
    program_emit(program, OP_Init, 0, 1, 0);
    listing.rows = program_slot(program);
    listing.first = program_registers(program, listing.columns);
    program_emit(program, OP_OpenRowset, listing.rows, (int32_t)listing.columns, 0);
    if (plan)
        list_plan(&listing, program->inner);
    else
        list_ops(&listing, program->inner, program->memory);
    read_out(&listing);
    if (listing.failed)
        return fail_nomem(err);
    program_free(program->inner); /* the listing has all of it */
    program->inner = NULL;
    return program_finish(program, err);
}

enum status cg_explain(const struct compile_context *context, struct program *program,
                       struct program *inner, enum explain_mode mode, struct error *err)
{
    program->inner = inner;
    program->is_explain = true;
    program->schema_version = inner->schema_version;
    program->sql = arena_copy_text(&program->arena, inner->sql, strlen(inner->sql));
    if (program->sql == NULL)
        return fail_nomem(err);
    if (mode == EXPLAIN_ANALYZE || mode == EXPLAIN_ANALYZE_VERBOSE)
        return analyze(context, program, mode == EXPLAIN_ANALYZE_VERBOSE, err);
    return list(program, mode, err);
}
