/* parse.c - drives tokenizer and grammar over one statement or expression. */
#include "sql/parse.h"

#include <string.h>

#include "sql/grammar.h"
#include "sql/parse_build.h"

const struct parse_limits parse_limits_default = {
    .sql_bytes = 1000000000,
    .expression_depth = 1000,
    .columns = 2000,
    .compound_terms = 500,
    .variables = 32766,
    .function_arguments = 1000,
    .nesting = 2500,
};

/* Runs the grammar from offset at; *end: behind what it used. */
static enum status parser_run(struct parser *parser, size_t at, int first, size_t *end)
{
    if (setjmp(parser->failed) != 0)
        return parser->status;
    *end = grammar_run(parser, at, first);
    return STATUS_OK;
}

/* The offset of the first token that is neither blank nor semicolon. */
static size_t skip_empty(const char *sql, size_t bytes)
{
    size_t at = 0;

    for (;;) {
        int    code;
        size_t length = token_read(sql, bytes, at, &code);

        if (code != TOKEN_BLANK && code != TOKEN_SEMI)
            return at;
        at += length;
    }
}

static enum status check_size(const struct parse_limits *limits, size_t bytes, struct error *err)
{
    if (bytes > limits->sql_bytes || bytes > INT32_MAX)
        return fail(err, STATUS_TOOBIG, "statement too long");
    return STATUS_OK;
}

enum status parse_statement(const char *sql, size_t bytes, const struct parse_limits *limits,
                            struct arena *arena, struct statement **statement, size_t *tail,
                            struct error *err)
{
    size_t        start, end = 0;
    struct parser parser = {
        .sql = sql, .bytes = bytes, .limits = limits, .arena = arena, .err = err};

    TRY(check_size(limits, bytes, err));
    parser.statement = arena_zalloc(arena, sizeof *parser.statement);
    if (parser.statement == NULL)
        return fail_nomem(err);
    start = skip_empty(sql, bytes);
    *statement = parser.statement;
    *tail = bytes;
    if (start == bytes || sql[start] == '\0')
        return STATUS_OK;
    TRY(parser_run(&parser, start, 0, &end));
    *tail = end < bytes && sql[end] == '\0' ? bytes : end;
    parser.statement->position = (int32_t)start;
    parser.statement->sql_given = sql + start;
    parser.statement->sql_bytes = (uint32_t)(parser.text_end - (sql + start));
    parser.statement->sql = arena_copy_text(arena, sql + start, parser.statement->sql_bytes);
    if (parser.statement->sql == NULL)
        return fail_nomem(err);
    return STATUS_OK;
}

enum status parse_expression(const char *sql, size_t bytes, const struct parse_limits *limits,
                             struct arena *arena, struct expr **expr, struct error *err)
{
    size_t           end = 0;
    struct statement statement = {0};
    struct parser    parser = {.sql = sql,
                               .bytes = bytes,
                               .limits = limits,
                               .arena = arena,
                               .err = err,
                               .statement = &statement};

    TRY(check_size(limits, bytes, err));
    TRY(parser_run(&parser, 0, TOKEN_EXPRESSION, &end));
    *expr = parser.expression;
    return STATUS_OK;
}

/* What parse_complete has seen of the statement at hand. */
enum progress {
    PROGRESS_NOTHING,      /* the text so far ended in a semicolon, or is empty */
    PROGRESS_EXPLAIN,      /* EXPLAIN: CREATE may follow */
    PROGRESS_CREATE,       /* CREATE [TEMP]: TRIGGER may follow */
    PROGRESS_ORDINARY,     /* up to the next semicolon */
    PROGRESS_TRIGGER,      /* in a trigger, within one of its steps */
    PROGRESS_TRIGGER_STEP, /* in a trigger, behind a semicolon: END may follow */
    PROGRESS_TRIGGER_END   /* behind that END: a semicolon may follow */
};

static enum progress progress_step(enum progress progress, int code)
{
    switch (progress) {
    case PROGRESS_NOTHING:
    case PROGRESS_EXPLAIN:
        if (code == TOKEN_SEMI)
            return PROGRESS_NOTHING;
        if (code == TOKEN_CREATE)
            return PROGRESS_CREATE;
        if (code == TOKEN_EXPLAIN && progress == PROGRESS_NOTHING)
            return PROGRESS_EXPLAIN;
        return progress == PROGRESS_EXPLAIN && (code == TOKEN_QUERY || code == TOKEN_PLAN)
                   ? PROGRESS_EXPLAIN
                   : PROGRESS_ORDINARY;
    case PROGRESS_CREATE:
        return code == TOKEN_SEMI      ? PROGRESS_NOTHING
               : code == TOKEN_TEMP    ? PROGRESS_CREATE
               : code == TOKEN_TRIGGER ? PROGRESS_TRIGGER
                                       : PROGRESS_ORDINARY;
    case PROGRESS_ORDINARY:
        return code == TOKEN_SEMI ? PROGRESS_NOTHING : PROGRESS_ORDINARY;
    case PROGRESS_TRIGGER:
        return code == TOKEN_SEMI ? PROGRESS_TRIGGER_STEP : PROGRESS_TRIGGER;
    case PROGRESS_TRIGGER_STEP:
        return code == TOKEN_SEMI  ? PROGRESS_TRIGGER_STEP
               : code == TOKEN_END ? PROGRESS_TRIGGER_END
                                   : PROGRESS_TRIGGER;
    default:
        return code == TOKEN_SEMI ? PROGRESS_NOTHING : PROGRESS_TRIGGER;
    }
}

/* Whether the blank of length bytes at text is a comment that is still open. */
static bool is_open_comment(const char *text, size_t length)
{
    return length >= 2 && text[0] == '/' && text[1] == '*' &&
           !(length >= 4 && text[length - 1] == '/' && text[length - 2] == '*');
}

bool parse_complete(const char *sql, size_t bytes)
{
    enum progress progress = PROGRESS_ORDINARY;
    size_t        at = 0;

    for (bool first = true;;) {
        int    code;
        size_t length = token_read(sql, bytes, at, &code);

        if (code == TOKEN_EOF)
            return progress == PROGRESS_NOTHING;
        if (code == TOKEN_BLANK && is_open_comment(sql + at, length))
            return false;
        if (code == TOKEN_ILLEGAL && at + length == bytes && strchr("'\"`[", sql[at]) != NULL)
            return false;
        at += length;
        if (code == TOKEN_BLANK)
            continue;
        progress = progress_step(first ? PROGRESS_NOTHING : progress, code);
        first = false;
    }
}
