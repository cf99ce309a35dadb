/* compile.c - text to program: parse, resolve, plan and generate, in scratch memory that is
 * released when the call ends. */
#include "sql/compile.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "sql/cg.h"

/* What the scratch arena keeps from one statement to the next. */
enum { SCRATCH_KEPT_BYTES = 64 * 1024 };

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

/* Fills program with statement's, EXPLAIN left out of account. */
static enum status generate(const struct compile_context *context, struct arena *arena,
                            struct statement *statement, struct program *program, struct error *err)
{
    struct cg cg = {.context = context,
                    .program = program,
                    .arena = arena,
                    .err = err,
                    .sql_given = statement->sql_given,
                    .sql_bytes = statement->sql_bytes,
                    .explained = statement->explain == EXPLAIN_QUERY_PLAN ||
                                 statement->explain == EXPLAIN_ANALYZE};

    cg.planner =
        (struct planner){.context = context, .arena = arena, .err = err, .program = program};
    program->schema_version = database_schema_version(context->database);
    program->sql = arena_copy_text(&program->arena, statement->sql, statement->sql_bytes);
    if (program->sql == NULL || !copy_variables(program, statement))
        return fail_nomem(err);
    cg_program(&cg, statement);
    TRY(cg.status);
    TRY(program_finish(program, err));
    assert(program_verify(program, NULL) != STATUS_INTERNAL); /* its own memory may fail */
    return STATUS_OK;
}

/* EXPLAIN: the program of the statement becomes rows of another one. */
static enum status explain(const struct compile_context *context, enum explain_mode mode,
                           struct program **program, struct error *err)
{
    struct program *inner = *program;

    *program = program_new(context->memory);
    if (*program == NULL) {
        program_free(inner);
        return fail_nomem(err);
    }
    return cg_explain(context, *program, inner, mode, err);
}

static enum status compile_statement(const struct compile_context *context, struct arena *arena,
                                     const char *sql, size_t bytes, struct program **program,
                                     size_t *tail, struct error *err)
{
    struct resolve_context     resolve = {.database = context->database,
                                          .arena = arena,
                                          .sources = context->sources,
                                          .source_context = context->source_context,
                                          .functions = context->functions,
                                          .double_quoted_strings = true};
    const struct parse_limits *limits =
        context->limits != NULL ? context->limits : &parse_limits_default;
    struct statement *statement;

    TRY(parse_statement(sql, bytes, limits, arena, &statement, tail, err));
    if (statement->kind == STATEMENT_EMPTY)
        return STATUS_OK;
    if (statement->unsupported != NULL)
        return fail_at(err, STATUS_ERROR, statement->unsupported_position, "not supported yet: %s",
                       statement->unsupported);
    *program = program_new(context->memory);
    if (*program == NULL)
        return fail_nomem(err);
    resolve.kept = &(*program)->arena;
    TRY(resolve_statement(&resolve, statement, err));
    trace_ast(context, statement);
    TRY(generate(context, arena, statement, *program, err));
    if (statement->explain != EXPLAIN_NONE)
        TRY(explain(context, statement->explain, program, err));
    return STATUS_OK;
}

enum status compile(const struct compile_context *context, const char *sql, size_t bytes,
                    struct program **program, size_t *tail, struct error *err)
{
    struct arena_mark mark = arena_mark(context->scratch);
    enum status       status;

    *program = NULL;
    *tail = bytes;
    status = compile_statement(context, context->scratch, sql, bytes, program, tail, err);
    if (status != STATUS_OK) {
        program_free(*program);
        *program = NULL;
    }
    arena_release(context->scratch, mark);
    arena_trim(context->scratch, SCRATCH_KEPT_BYTES);
    return status;
}
