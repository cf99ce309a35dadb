/* compile.c - text to program: parse, resolve, plan and generate, within one arena that ends with
 * the call. */
#include "sql/compile.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sql/cg.h"

static bool traced(const struct compile_context *context, const char *flag)
{
    const char *at = context->trace == NULL ? NULL : strstr(context->trace, flag);

    return at != NULL;
}

static void trace_ast(const struct compile_context *context, const struct statement *statement)
{
    struct str text;

    if (!traced(context, "ast"))
        return;
    str_init(&text, NULL);
    ast_dump(statement, &text);
    if (!text.failed)
        (void)fwrite(text.data, 1, text.bytes, stderr);
    str_free(&text);
}

static bool copy_variables(struct program *program, const struct statement *statement)
{
    program->variable_count = statement->variable_count;
    if (statement->variable_count == 0)
        return true;
    program->variable_names =
        arena_zalloc(&program->arena, statement->variable_count * sizeof(char *));
    if (program->variable_names == NULL)
        return false;
    for (uint32_t i = 0; i < statement->variable_count; i++) {
        const char *name = statement->variable_names == NULL ? NULL : statement->variable_names[i];

        if (name == NULL)
            continue;
        program->variable_names[i] = arena_copy_text(&program->arena, name, strlen(name));
        if (program->variable_names[i] == NULL)
            return false;
    }
    return true;
}

/* A program of its own for statement, EXPLAIN left out of account. */
static enum status generate(const struct compile_context *context, struct arena *arena,
                            struct statement *statement, struct program **out, struct error *err)
{
    struct program *program = program_new(context->memory);
    struct cg       cg = {.context = context, .program = program, .arena = arena, .err = err};
    enum status     status;

    if (program == NULL)
        return fail_nomem(err);
    cg.planner = (struct planner){.context = context, .arena = arena, .err = err};
    program->schema_version = database_schema_version(context->database);
    program->sql = arena_copy_text(&program->arena, statement->sql, statement->sql_bytes);
    if (program->sql == NULL || !copy_variables(program, statement))
        cg_fail(&cg, fail_nomem(err));
    cg_program(&cg, statement);
    status = cg.status;
    if (status == STATUS_OK)
        status = program_finish(program, err);
    if (status != STATUS_OK) {
        program_free(program);
        return status;
    }
    assert(program_verify(program, NULL) == STATUS_OK);
    *out = program;
    return STATUS_OK;
}

/* EXPLAIN: the program of the statement becomes rows of another one. */
static enum status generate_explain(const struct compile_context *context, struct arena *arena,
                                    struct statement *statement, struct program **out,
                                    struct error *err)
{
    struct program *inner, *program;
    enum status     status;

    TRY(generate(context, arena, statement, &inner, err));
    program = program_new(context->memory);
    if (program == NULL) {
        program_free(inner);
        return fail_nomem(err);
    }
    status = cg_explain(context, program, inner, statement->explain, err);
    if (status != STATUS_OK) {
        program_free(program);
        return status;
    }
    *out = program;
    return STATUS_OK;
}

static enum status compile_statement(const struct compile_context *context, struct arena *arena,
                                     const char *sql, size_t bytes, struct program **program,
                                     size_t *tail, struct error *err)
{
    struct resolve_context resolve = {.database = context->database,
                                      .arena = arena,
                                      .sources = context->sources,
                                      .functions = context->functions,
                                      .double_quoted_strings = true};
    const struct parse_limits *limits =
        context->limits != NULL ? context->limits : &parse_limits_default;
    struct statement *statement;

    TRY(parse_statement(sql, bytes, limits, arena, &statement, tail, err));
    if (statement->kind == STATEMENT_EMPTY)
        return STATUS_OK;
    if (statement->unsupported != NULL)
        return fail_at(err, STATUS_ERROR, statement->unsupported_position,
                       "not supported yet: %s", statement->unsupported);
    TRY(resolve_statement(&resolve, statement, err));
    trace_ast(context, statement);
    if (statement->explain != EXPLAIN_NONE)
        return generate_explain(context, arena, statement, program, err);
    return generate(context, arena, statement, program, err);
}

enum status compile(const struct compile_context *context, const char *sql, size_t bytes,
                    struct program **program, size_t *tail, struct error *err)
{
    struct arena arena;
    enum status  status;

    *program = NULL;
    *tail = bytes;
    arena_init(&arena, context->memory);
    status = compile_statement(context, &arena, sql, bytes, program, tail, err);
    arena_free(&arena);
    return status;
}
