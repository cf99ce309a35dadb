/* reprint.c - parse, print, parse, print: the prints must be equal. */
#include "tests/support/reprint.h"

#include "base/str.h"
#include "sql/parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parses sql and prints the tree; printed is empty where there is none. */
static enum status print_tree(const char *sql, struct arena *arena, struct statement **statement,
                              size_t *tail, struct str *printed, struct error *err)
{
    enum status status =
        parse_statement(sql, strlen(sql), &parse_limits_default, arena, statement, tail, err);

    str_clear(printed);
    if (status == STATUS_OK && (*statement)->unsupported == NULL &&
        (*statement)->kind != STATEMENT_EMPTY)
        ast_dump(*statement, printed);
    str_end(printed);
    return status;
}

bool reprint(const char *sql, char **printed, char *message, size_t message_bytes)
{
    struct arena      arena;
    struct str        first, second;
    struct error      err;
    struct statement *statement, *again;
    size_t            tail, end;
    bool              same = true, takes_part;

    *printed = NULL;
    arena_init(&arena, NULL);
    str_init(&first, NULL);
    str_init(&second, NULL);
    error_clear(&err);
    if (print_tree(sql, &arena, &statement, &tail, &first, &err) == STATUS_OK && first.bytes > 0) {
        if (print_tree(first.data, &arena, &again, &end, &second, &err) != STATUS_OK) {
            snprintf(message, message_bytes, "printed as %s: %s", first.data, err.text);
            same = false;
        } else if (strcmp(first.data, second.data) != 0) {
            snprintf(message, message_bytes, "printed as %s, then as %s", first.data, second.data);
            same = false;
        }
        takes_part = statement->explain == EXPLAIN_NONE && statement->report == REPORT_NONE &&
                     statement->variable_count == 0 && sql[tail] == '\0' &&
                     (statement->kind == STATEMENT_SELECT || statement->kind == STATEMENT_INSERT ||
                      statement->kind == STATEMENT_UPDATE || statement->kind == STATEMENT_DELETE);
        if (same && takes_part)
            *printed = strdup(first.data);
    }
    str_free(&first);
    str_free(&second);
    arena_free(&arena);
    return same;
}
