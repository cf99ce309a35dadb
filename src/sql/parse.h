/* parse.h - SQL text to syntax tree. */
#ifndef STOA_SQL_PARSE_H
#define STOA_SQL_PARSE_H

#include "sql/ast.h"

struct parse_limits {
    uint32_t sql_bytes;          /* 1,000,000,000 */
    uint32_t expression_depth;   /* 1000 */
    uint32_t columns;            /* 2000: result columns, GROUP BY, ORDER BY, table columns */
    uint32_t compound_terms;     /* 500 */
    uint32_t variables;          /* 32766 */
    uint32_t function_arguments; /* 1000 */
    uint32_t nesting;            /* parser stack depth; 2500 */
};
extern const struct parse_limits parse_limits_default;

/* Parses the first statement of sql[0..bytes) into arena.  *tail: offset of what follows its
 * semicolon. A text with only blanks and comments gives STATEMENT_EMPTY.  Errors are worded as
 * sqlite3 words them: near "x": syntax error, unrecognized token: "x", incomplete input;
 * err->position is set. */
enum status parse_statement(const char *sql, size_t bytes, const struct parse_limits *limits,
                            struct arena *arena, struct statement **statement, size_t *tail,
                            struct error *err);

/* Parses a single expression (DEFAULT, CHECK texts from the catalog). */
enum status parse_expression(const char *sql, size_t bytes, const struct parse_limits *limits,
                             struct arena *arena, struct expr **expr, struct error *err);

/* Whether sql ends in a complete statement (sqlite3_complete): for the shell's prompt. */
bool parse_complete(const char *sql, size_t bytes);

#endif
