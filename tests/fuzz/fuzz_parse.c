/* fuzz_parse.c - any bytes as SQL: tokenizer, parser and dump must neither crash nor hang, and
 * every statement takes at least a byte. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "sql/parse.h"

enum { MEMORY_MAX = 256 << 20 };

static void parse_all(struct memory *memory, const char *sql, size_t bytes)
{
    while (bytes > 0) {
        struct arena      arena;
        struct error      err;
        struct statement *statement;
        struct str        text;
        size_t            tail = 0;
        enum status       status;

        arena_init(&arena, memory);
        error_clear(&err);
        status =
            parse_statement(sql, bytes, &parse_limits_default, &arena, &statement, &tail, &err);
        if (status == STATUS_OK) {
            assert(tail > 0 && tail <= bytes);
            str_init(&text, memory);
            ast_dump(statement, &text);
            str_free(&text);
        } else {
            assert(err.text[0] != '\0');
            tail = bytes;
        }
        arena_free(&arena);
        sql += tail;
        bytes -= tail;
    }
}

static void parse_one_expression(struct memory *memory, const char *sql, size_t bytes)
{
    struct arena arena;
    struct error err;
    struct expr *expr;

    arena_init(&arena, memory);
    error_clear(&err);
    if (parse_expression(sql, bytes, &parse_limits_default, &arena, &expr, &err) == STATUS_OK)
        assert(expr->depth >= 1 && expr->depth <= parse_limits_default.expression_depth);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    struct memory memory;

    memory_init(&memory, MEMORY_MAX);
    parse_all(&memory, (const char *)data, bytes);
    parse_one_expression(&memory, (const char *)data, bytes);
    parse_complete((const char *)data, bytes);
    assert(atomic_load(&memory.used) == 0);
    return 0;
}
