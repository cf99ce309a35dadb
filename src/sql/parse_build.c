/* parse_build.c - nodes of names, literals and expressions for the grammar's actions. */
#include "sql/parse_build.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "base/str.h"
#include "sql/grammar.h"

/* --- errors and memory ------------------------------------------------------------------------ */
void parser_fail(struct parser *parser, int64_t position, const char *format, ...)
{
    char    text[ERROR_TEXT_CAP];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    parser->status = fail_at(parser->err, STATUS_ERROR, position, "%s", text);
    longjmp(parser->failed, 1);
}

void parser_poll(struct parser *parser)
{
    parser->status = memory_poll(parser->arena->memory, parser->err);
    if (parser->status != STATUS_OK)
        longjmp(parser->failed, 1);
}

void parser_fail_token(struct parser *parser, struct token token)
{
    if (token.bytes == 0)
        parser_fail(parser, -1, "incomplete input");
    parser_fail(parser, token_position(parser, token), "near \"%.*s\": syntax error",
                (int)token.bytes, token.text);
}

static _Noreturn void parser_nomem(struct parser *parser)
{
    parser->status = fail_nomem(parser->err);
    longjmp(parser->failed, 1);
}

void *parser_alloc(struct parser *parser, size_t bytes)
{
    void *block = arena_alloc(parser->arena, bytes);

    if (block == NULL)
        parser_nomem(parser);
    return block;
}

void *parser_zalloc(struct parser *parser, size_t bytes)
{
    void *block = arena_zalloc(parser->arena, bytes);

    if (block == NULL)
        parser_nomem(parser);
    return block;
}

/* A copy of the text with a NUL behind it. */
static char *copy_text(struct parser *parser, const char *text, size_t bytes)
{
    char *copy = arena_copy_text(parser->arena, text, bytes);

    if (copy == NULL)
        parser_nomem(parser);
    return copy;
}

void *parser_grow(struct parser *parser, void *items, uint32_t count, uint32_t *capacity,
                  size_t item_bytes)
{
    void *grown;

    if (count < *capacity)
        return items;
    *capacity = *capacity == 0 ? 4 : *capacity * 2;
    grown = parser_zalloc(parser, memory_product(*capacity, item_bytes));
    if (count > 0)
        memcpy(grown, items, count * item_bytes);
    return grown;
}

int32_t token_position(const struct parser *parser, struct token token)
{
    return (int32_t)(token.text - parser->sql);
}

void mark_unsupported(struct parser *parser, const char *construct, struct token token)
{
    if (parser->statement->unsupported != NULL)
        return;
    parser->statement->unsupported = construct;
    parser->statement->unsupported_position = token_position(parser, token);
}

void check_length(struct parser *parser, uint32_t count, const char *of)
{
    if (count > parser->limits->columns)
        parser_fail(parser, -1, "too many columns in %s", of);
}

/* --- names ------------------------------------------------------------------------------------ */
/* The token's text without its quotes, and with doubled quotes halved. */
static char *copy_unquoted(struct parser *parser, struct token token, uint32_t *bytes)
{
    char   quote = token.text[0] == '[' ? ']' : token.text[0];
    char  *copy = parser_zalloc(parser, (size_t)token.bytes + 1);
    size_t i = 1, end;

    *bytes = 0;
    while ((end = memory_piece(parser->arena->memory, i, token.bytes - 1)) > i)
        for (; i < end; i++) {
            copy[(*bytes)++] = token.text[i];
            if (token.text[i] == quote)
                i++;
        }
    return copy;
}

static bool is_quote(char c)
{
    return c == '\'' || c == '"' || c == '`' || c == '[';
}

struct name build_name(struct parser *parser, struct token token)
{
    struct name name = {.bytes = token.bytes, .position = token_position(parser, token)};

    assert(token.bytes > 0);
    if (is_quote(token.text[0])) {
        name.text = copy_unquoted(parser, token, &name.bytes);
        name.quoted_double = token.text[0] == '"';
        name.quoted = true;
        return name;
    }
    name.text = copy_text(parser, token.text, token.bytes);
    return name;
}

struct name build_text(struct parser *parser, const char *from, const char *to)
{
    struct name name = {0};

    while (to > from && ascii_space(to[-1]))
        to--;
    while (to > from && ascii_space(*from))
        from++;
    name.bytes = (uint32_t)(to - from);
    name.position = (int32_t)(from - parser->sql);
    name.text = copy_text(parser, from, name.bytes);
    return name;
}

struct name build_type(struct parser *parser, const char *from, const char *to)
{
    struct name type = build_text(parser, from, to);

    if (type.bytes > 0 && is_quote(type.text[0])) {
        struct token quoted = {.text = type.text, .bytes = 1};
        char         end = type.text[0] == '[' ? ']' : type.text[0];

        while (type.text[quoted.bytes] != end || (type.text[quoted.bytes + 1] == end && end != ']'))
            quoted.bytes += type.text[quoted.bytes] == end ? 2 : 1;
        quoted.bytes++;
        type.text = copy_unquoted(parser, quoted, &type.bytes);
    }
    return type;
}

struct name_list names_add(struct parser *parser, struct name_list list, struct name name)
{
    check_length(parser, list.count + 1, "list");
    list.items = parser_grow(parser, list.items, list.count, &list.capacity, sizeof *list.items);
    list.items[list.count++] = name;
    return list;
}

struct name_list single_name(struct parser *parser, struct name name)
{
    return names_add(parser, (struct name_list){0}, name);
}

/* --- expressions ------------------------------------------------------------------------------ */
struct expr *build_expr(struct parser *parser, enum expr_kind kind, int32_t position)
{
    struct expr *expr = parser_zalloc(parser, sizeof *expr);

    expr->kind = (uint8_t)kind;
    expr->depth = 1;
    expr->position = position;
    return expr;
}

/* Makes expr one higher than child, which may be NULL. */
static void raise_depth(struct parser *parser, struct expr *expr, uint32_t child_depth)
{
    if (child_depth + 1 <= expr->depth)
        return;
    if (child_depth + 1 > parser->limits->expression_depth)
        parser_fail(parser, expr->position, "Expression tree is too large (maximum depth %u)",
                    parser->limits->expression_depth);
    expr->depth = (uint16_t)(child_depth + 1);
}

void check_order_terms(struct parser *parser, uint32_t count, int32_t position)
{
    if (count > parser->limits->columns)
        parser_fail(parser, position, "too many terms in ORDER BY clause");
}

static uint32_t expr_depth(const struct expr *expr)
{
    return expr == NULL ? 0 : expr->depth;
}

static uint32_t list_depth(const struct expr_list *list)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i]->depth > depth)
            depth = list->items[i]->depth;
    return depth;
}

static uint32_t order_depth(const struct order_list *list)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < list->count; i++)
        if (list->terms[i].expr->depth > depth)
            depth = list->terms[i].expr->depth;
    return depth;
}

static uint32_t max_depth(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t select_depth(const struct select *select);

/* Nesting of FROM is bounded by the parser's stack, and so is this recursion. */
static uint32_t from_depth(const struct from_list *from)
{
    uint32_t depth = 0;

    for (uint32_t i = 0; i < from->count; i++) {
        const struct from_item *item = from->items[i];

        depth = max_depth(depth, expr_depth(item->on));
        depth = max_depth(depth, list_depth(&item->arguments));
        if (item->select != NULL)
            depth = max_depth(depth, select_depth(item->select));
        if (item->nested != NULL)
            depth = max_depth(depth, from_depth(item->nested));
    }
    return depth;
}

/* The height of the highest expression in select: what the recursion of later passes costs. */
static uint32_t select_depth(const struct select *select)
{
    uint32_t depth = 0;

    for (; select != NULL; select = select->prior) {
        for (uint32_t i = 0; i < select->column_count; i++)
            depth = max_depth(depth, expr_depth(select->columns[i].expr));
        for (const struct values_rows *rows = select->values; rows != NULL; rows = rows->next)
            for (size_t i = 0; rows->exprs != NULL && i < (size_t)rows->rows * rows->columns; i++)
                depth = max_depth(depth, expr_depth(rows->exprs[i]));
        depth = max_depth(depth, expr_depth(select->where));
        depth = max_depth(depth, list_depth(&select->group_by));
        depth = max_depth(depth, expr_depth(select->having));
        depth = max_depth(depth, expr_depth(select->qualify));
        depth = max_depth(depth, order_depth(&select->order_by));
        depth = max_depth(depth, expr_depth(select->limit));
        depth = max_depth(depth, expr_depth(select->offset));
        depth = max_depth(depth, from_depth(&select->from));
        for (const struct cte *cte = select->with; cte != NULL; cte = cte->next)
            depth = max_depth(depth, select_depth(cte->select));
    }
    return depth;
}

static bool is_hex_literal(const char *text, size_t bytes)
{
    return bytes > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
}

static int hex_digit(char c)
{
    return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* 0x..., _ taken out. */
static struct value hex_value(struct parser *parser, struct token token, const char *text,
                              size_t bytes, bool negative)
{
    uint64_t bits = 0;
    size_t   digits = 0;

    for (size_t i = 2; i < bytes; i++) {
        if (i % INTERRUPT_TEXT_PIECE == 0)
            parser_poll(parser);
        bits = bits << 4 | (uint64_t)hex_digit(text[i]);
        if (digits > 0 || bits != 0)
            digits++;
    }
    if (digits > 16 || (negative && bits == UINT64_C(1) << 63))
        parser_fail(parser, token_position(parser, token), "hex literal too big: %s%.*s",
                    negative ? "-" : "", (int)token.bytes, token.text);
    return value_int((int64_t)(negative ? 0 - bits : bits));
}

/* A _ must stand between two digits. */
static char *copy_without_separators(struct parser *parser, struct token token, size_t *bytes)
{
    char *copy = parser_zalloc(parser, (size_t)token.bytes + 1);
    bool  hex = is_hex_literal(token.text, token.bytes);

    *bytes = 0;
    for (uint32_t i = 0; i < token.bytes; i++) {
        const char *c = token.text + i;
        bool        between;

        if (i % INTERRUPT_TEXT_PIECE == INTERRUPT_TEXT_PIECE - 1)
            parser_poll(parser);
        if (*c != '_') {
            copy[(*bytes)++] = *c;
            continue;
        }
        between = i + 1 < token.bytes && c[1] != '_' && c[-1] != '_' && c[1] != '.' && c[-1] != '.';
        if (!hex)
            between = between && ascii_digit(c[-1]) && ascii_digit(c[1]);
        else
            between = between && c[-1] != 'x' && c[-1] != 'X';
        if (!between)
            parser_fail(parser, token_position(parser, token), "unrecognized token: \"%.*s\"",
                        (int)token.bytes, token.text);
    }
    return copy;
}

/* So many decimal digits are always an INTEGER. */
enum { SHORT_DIGITS = 18 };

static bool digits_value(const char *text, size_t bytes, uint64_t *value)
{
    for (size_t i = 0; i < bytes; i++) {
        if (!ascii_digit(text[i]))
            return false;
        *value = *value * 10 + (uint64_t)(text[i] - '0');
    }
    return true;
}

struct value build_number(struct parser *parser, struct token token, bool negative)
{
    const char   *text = token.text;
    size_t        bytes = token.bytes;
    struct number number;
    uint64_t      magnitude = 0;

    if (bytes <= SHORT_DIGITS && digits_value(text, bytes, &magnitude))
        return value_int(negative ? -(int64_t)magnitude : (int64_t)magnitude);
    magnitude = 0;
    if (memchr(text, '_', bytes) != NULL)
        text = copy_without_separators(parser, token, &bytes);
    if (is_hex_literal(text, bytes))
        return hex_value(parser, token, text, bytes, negative);
    number = number_parse(text, bytes);
    if (number.kind == NUMBER_INTEGER)
        return value_int(negative ? -number.i : number.i);
    if (negative && memchr(text, '.', bytes) == NULL && memchr(text, 'e', bytes) == NULL &&
        memchr(text, 'E', bytes) == NULL && number.r == 9223372036854775808.0) {
        for (size_t i = 0; i < bytes; i++)
            magnitude = magnitude * 10 + (uint64_t)(text[i] - '0');
        if (magnitude == UINT64_C(1) << 63)
            return value_int(INT64_MIN);
    }
    return value_real(negative ? -number.r : number.r);
}

struct value build_string(struct parser *parser, struct token token)
{
    uint32_t    bytes;
    const char *text = copy_unquoted(parser, token, &bytes);

    return value_text(text, bytes);
}

struct value build_blob(struct parser *parser, struct token token)
{
    size_t bytes = (token.bytes - 3) / 2;
    char  *data = parser_zalloc(parser, bytes + 1);
    size_t i = 0, end;

    while ((end = memory_piece(parser->arena->memory, i, bytes)) > i)
        for (; i < end; i++)
            data[i] =
                (char)(hex_digit(token.text[2 + 2 * i]) << 4 | hex_digit(token.text[3 + 2 * i]));
    return value_blob(data, bytes);
}

struct expr *build_literal(struct parser *parser, int code, struct token token)
{
    struct expr *expr = build_expr(parser, EXPR_LITERAL, token_position(parser, token));

    switch (code) {
    case TOKEN_NULL:
        expr->value = value_null();
        break;
    case TOKEN_STRING:
        expr->value = build_string(parser, token);
        break;
    case TOKEN_BLOB:
        expr->value = build_blob(parser, token);
        break;
    default:
        expr->value = build_number(parser, token, false);
        break;
    }
    return expr;
}

/* The number of the parameter called name, a new one if none is. */
static int32_t variable_by_name(struct parser *parser, struct token token)
{
    struct statement *statement = parser->statement;

    for (uint32_t i = 0; i < statement->variable_count; i++) {
        const char *known = statement->variable_names[i];

        if (known != NULL && strlen(known) == token.bytes &&
            memcmp(known, token.text, token.bytes) == 0)
            return (int32_t)i + 1;
    }
    return (int32_t)statement->variable_count + 1;
}

static int32_t variable_by_number(struct parser *parser, struct token token)
{
    uint64_t number = 0;

    for (uint32_t i = 1; i < token.bytes && number <= parser->limits->variables; i++)
        number = number * 10 + (uint64_t)(token.text[i] - '0');
    if (number < 1 || number > parser->limits->variables)
        parser_fail(parser, token_position(parser, token),
                    "variable number must be between ?1 and ?%u", parser->limits->variables);
    return (int32_t)number;
}

/* Makes room in the table of names up to number. */
static void variable_reach(struct parser *parser, struct token token, int32_t number)
{
    struct statement *statement = parser->statement;

    if ((uint32_t)number > parser->limits->variables)
        parser_fail(parser, token_position(parser, token), "too many SQL variables");
    while ((uint32_t)number > parser->variable_capacity)
        statement->variable_names =
            parser_grow(parser, statement->variable_names, parser->variable_capacity,
                        &parser->variable_capacity, sizeof *statement->variable_names);
    if ((uint32_t)number > statement->variable_count)
        statement->variable_count = (uint32_t)number;
}

struct expr *build_variable(struct parser *parser, struct token token)
{
    struct expr *expr = build_expr(parser, EXPR_VARIABLE, token_position(parser, token));

    if (token.text[0] == '#' && ascii_digit(token.text[1]))
        parser_fail_token(parser, token);
    if (token.bytes == 1)
        expr->variable = (int32_t)parser->statement->variable_count + 1;
    else if (token.text[0] == '?')
        expr->variable = variable_by_number(parser, token);
    else
        expr->variable = variable_by_name(parser, token);
    variable_reach(parser, token, expr->variable);
    if (token.bytes > 1 && parser->statement->variable_names[expr->variable - 1] == NULL)
        parser->statement->variable_names[expr->variable - 1] =
            build_text(parser, token.text, token.text + token.bytes).text;
    return expr;
}

struct expr *build_column(struct parser *parser, struct name schema, struct name table,
                          struct name column)
{
    int32_t      position = schema.text  ? schema.position
                            : table.text ? table.position
                                         : column.position;
    struct expr *expr = build_expr(parser, EXPR_COLUMN, position);

    expr->schema = schema;
    expr->table = table;
    expr->name = column;
    return expr;
}

struct expr *build_unary(struct parser *parser, enum expr_op op, struct expr *operand,
                         struct token token)
{
    struct expr *expr;

    /* -9223372036854775808 is an INTEGER, though its digits alone are a REAL */
    if (op == EXPR_OP_NEGATE && operand->kind == EXPR_LITERAL &&
        (operand->value.class_ == CLASS_REAL || operand->value.class_ == CLASS_INTEGER)) {
        const char *digits = parser->sql + operand->position;
        int         code;
        size_t      bytes = token_read(digits, parser->bytes - (size_t)operand->position, 0, &code);
        struct value value;

        if (code == TOKEN_INTEGER || code == TOKEN_SEPARATED_NUMBER) {
            value = build_number(parser, (struct token){digits, (uint32_t)bytes}, true);
            if (value.class_ == CLASS_INTEGER && operand->value.class_ == CLASS_REAL) {
                operand->value = value;
                operand->position = token_position(parser, token);
                return operand;
            }
        }
    }
    expr = build_expr(parser, EXPR_UNARY, token_position(parser, token));
    expr->op = (uint8_t)op;
    expr->left = operand;
    raise_depth(parser, expr, operand->depth);
    return expr;
}

struct expr *build_binary(struct parser *parser, enum expr_op op, struct expr *left,
                          struct expr *right)
{
    struct expr *expr = build_expr(parser, EXPR_BINARY, left->position);

    expr->op = (uint8_t)op;
    expr->left = left;
    expr->right = right;
    raise_depth(parser, expr, left->depth);
    raise_depth(parser, expr, right->depth);
    return expr;
}

struct expr *build_is(struct parser *parser, bool negated, struct expr *left, struct expr *right)
{
    if (right->kind == EXPR_LITERAL && right->value.class_ == CLASS_NULL)
        return build_null_test(parser, negated, left);
    return build_binary(parser, negated ? EXPR_OP_ISNOT : EXPR_OP_IS, left, right);
}

/* left MATCH right is nothing but match(right, left). */
static struct expr *build_match(struct parser *parser, struct token op, bool negated,
                                struct expr *left, struct expr *right, struct expr *escape)
{
    struct expr_list arguments = list_add(parser, (struct expr_list){0}, right);
    struct expr     *expr;

    arguments = list_add(parser, arguments, left);
    if (escape != NULL)
        arguments = list_add(parser, arguments, escape);
    expr = build_function(parser, op, false, false, arguments, (struct order_list){0},
                          (struct function_tail){0});
    return negated ? build_unary(parser, EXPR_OP_NOT, expr, op) : expr;
}

struct expr *build_like(struct parser *parser, struct token op, bool negated, struct expr *left,
                        struct expr *right, struct expr *escape)
{
    struct expr *expr;

    if (ascii_equal(op.text, op.bytes, "MATCH", 5))
        return build_match(parser, op, negated, left, right, escape);
    expr = build_expr(parser, EXPR_LIKE, left->position);
    expr->op = (uint8_t)(ascii_equal(op.text, op.bytes, "LIKE", 4)   ? EXPR_OP_LIKE
                         : ascii_equal(op.text, op.bytes, "GLOB", 4) ? EXPR_OP_GLOB
                                                                     : EXPR_OP_REGEXP);
    expr->name = build_name(parser, op); /* for messages */
    expr->negated = negated;
    expr->left = left;
    expr->right = right;
    if (escape != NULL)
        expr->list = list_add(parser, expr->list, escape);
    raise_depth(parser, expr, left->depth);
    raise_depth(parser, expr, right->depth);
    raise_depth(parser, expr, expr_depth(escape));
    return expr;
}

struct expr *build_between(struct parser *parser, bool negated, struct expr *left, struct expr *low,
                           struct expr *high)
{
    struct expr *expr = build_expr(parser, EXPR_BETWEEN, left->position);

    expr->negated = negated;
    expr->left = left;
    expr->list = list_add(parser, list_add(parser, expr->list, low), high);
    raise_depth(parser, expr, left->depth);
    raise_depth(parser, expr, list_depth(&expr->list));
    return expr;
}

struct expr *build_in(struct parser *parser, bool negated, struct expr *left, struct expr_list list,
                      struct select *select)
{
    struct expr *expr = build_expr(parser, EXPR_IN, left->position);

    if (list.count == 1 && list.items[0]->kind == EXPR_SUBQUERY) { /* x IN ((SELECT ...)) */
        select = list.items[0]->select;
        list = (struct expr_list){0};
    }
    expr->negated = negated;
    expr->left = left;
    expr->list = list;
    expr->select = select;
    raise_depth(parser, expr, left->depth);
    raise_depth(parser, expr, list_depth(&list));
    raise_depth(parser, expr, select == NULL ? 0 : select_depth(select));
    return expr;
}

struct expr *build_quantified(struct parser *parser, enum expr_op op, bool all, struct expr *left,
                              struct select *select)
{
    struct expr *expr = build_in(parser, all, left, (struct expr_list){0}, select);

    if (all)
        op = expr_op_opposite(op);
    expr->op = op == EXPR_OP_EQ ? EXPR_OP_NONE : (uint8_t)op;
    return expr;
}

struct expr *build_cast(struct parser *parser, struct token token, struct expr *operand,
                        struct name type)
{
    struct expr *expr = build_expr(parser, EXPR_CAST, token_position(parser, token));

    expr->left = operand;
    expr->type_name = type;
    if (type.text == NULL) { /* CAST(x AS): no word of the affinities is found in it */
        expr->type_name.text = "NUMERIC";
        expr->type_name.bytes = 7;
    }
    raise_depth(parser, expr, operand->depth);
    return expr;
}

struct expr *build_collate(struct parser *parser, struct expr *operand, struct name collation)
{
    struct expr *expr = build_expr(parser, EXPR_COLLATE, operand->position);

    expr->left = operand;
    expr->name = collation;
    raise_depth(parser, expr, operand->depth);
    return expr;
}

struct expr *build_case(struct parser *parser, struct token token, struct expr *base,
                        struct expr_list list, struct expr *otherwise)
{
    struct expr *expr = build_expr(parser, EXPR_CASE, token_position(parser, token));

    expr->left = base;
    expr->list = list;
    expr->right = otherwise;
    raise_depth(parser, expr, expr_depth(base));
    raise_depth(parser, expr, list_depth(&list));
    raise_depth(parser, expr, expr_depth(otherwise));
    return expr;
}

struct expr *build_function(struct parser *parser, struct token name, bool distinct, bool star,
                            struct expr_list arguments, struct order_list order_by,
                            struct function_tail tail)
{
    struct expr *expr = build_expr(parser, EXPR_FUNCTION, token_position(parser, name));

    if (arguments.count > parser->limits->function_arguments)
        parser_fail(parser, expr->position, "too many arguments on function %.*s", (int)name.bytes,
                    name.text);
    check_order_terms(parser, order_by.count, expr->position);
    expr->name = build_name(parser, name);
    expr->distinct = distinct;
    expr->star = star;
    expr->list = arguments;
    expr->order_by = order_by;
    expr->filter = tail.filter;
    expr->over = tail.over;
    expr->nulls = (uint8_t)tail.nulls;
    raise_depth(parser, expr, list_depth(&arguments));
    raise_depth(parser, expr, order_depth(&order_by));
    raise_depth(parser, expr, expr_depth(tail.filter));
    if (tail.over != NULL) {
        raise_depth(parser, expr, list_depth(&tail.over->partition_by));
        raise_depth(parser, expr, order_depth(&tail.over->order_by));
        raise_depth(parser, expr, expr_depth(tail.over->start_offset));
        raise_depth(parser, expr, expr_depth(tail.over->end_offset));
    }
    return expr;
}

struct expr *build_within_group(struct parser *parser, struct token name, bool distinct,
                                struct expr_list arguments, struct expr *value, bool descending,
                                struct function_tail tail)
{
    struct expr_list all = list_add(parser, (struct expr_list){0}, value);
    struct expr     *expr;

    for (uint32_t i = 0; i < arguments.count; i++)
        all = list_add(parser, all, arguments.items[i]);
    expr = build_function(parser, name, distinct, false, all, (struct order_list){0}, tail);
    expr->within_group = true;
    expr->negated = descending;
    return expr;
}

struct expr *build_subquery(struct parser *parser, enum expr_kind kind, struct token token,
                            struct select *select)
{
    struct expr *expr = build_expr(parser, kind, token_position(parser, token));

    expr->select = select;
    raise_depth(parser, expr, select_depth(select));
    return expr;
}

struct expr *build_row(struct parser *parser, struct token token, struct expr_list list)
{
    struct expr *expr = build_expr(parser, EXPR_ROW, token_position(parser, token));

    expr->list = list;
    raise_depth(parser, expr, list_depth(&list));
    return expr;
}

struct expr *build_grouping_sets(struct parser *parser, struct token token, struct expr_list sets)
{
    struct expr *expr = build_function(parser, token, false, false, sets, (struct order_list){0},
                                       (struct function_tail){0});

    expr->name = (struct name){"GROUPING SETS", 13, expr->position, false, false};
    return expr;
}

struct expr *build_all(struct parser *parser, struct token token)
{
    return build_expr(parser, EXPR_STAR, token_position(parser, token));
}

struct expr *build_raise(struct parser *parser, struct token token, enum conflict conflict,
                         struct expr *message)
{
    struct expr *expr = build_expr(parser, EXPR_RAISE, token_position(parser, token));

    expr->op = (uint8_t)conflict;
    expr->left = message;
    raise_depth(parser, expr, expr_depth(message));
    return expr;
}

void build_source(struct parser *parser, struct expr *expr, const char *from, const char *to)
{
    struct name text = build_text(parser, from, to);

    expr->source_text = text.text;
    expr->source_bytes = text.bytes;
}

/* --- lists ------------------------------------------------------------------------------------ */
struct expr_list list_add(struct parser *parser, struct expr_list list, struct expr *expr)
{
    list.items = parser_grow(parser, list.items, list.count, &list.capacity, sizeof *list.items);
    list.items[list.count++] = expr;
    return list;
}

struct order_list order_add(struct parser *parser, struct order_list list, struct expr *expr,
                            bool descending, int nulls)
{
    list.terms = parser_grow(parser, list.terms, list.count, &list.capacity, sizeof *list.terms);
    list.terms[list.count++] =
        (struct order_term){.expr = expr, .descending = descending, .nulls = (int8_t)nulls};
    return list;
}

static struct result_list result_push(struct parser *parser, struct result_list list,
                                      struct result_column column)
{
    check_length(parser, list.count + 1, "result set");
    list.items = parser_grow(parser, list.items, list.count, &list.capacity, sizeof *list.items);
    list.items[list.count++] = column;
    return list;
}

struct result_list results_add(struct parser *parser, struct result_list list, struct expr *expr,
                               struct name alias, const char *from, const char *to)
{
    build_source(parser, expr, from, to);
    return result_push(parser, list, (struct result_column){.expr = expr, .alias = alias});
}

struct result_list results_add_star(struct parser *parser, struct result_list list,
                                    struct name table, struct star_change *changes,
                                    struct token star)
{
    struct expr *expr =
        build_expr(parser, EXPR_STAR, table.text ? table.position : token_position(parser, star));

    expr->table = table;
    expr->changes = changes;
    return result_push(parser, list, (struct result_column){.expr = expr});
}

void refuse_order(struct parser *parser, const struct order_list *order)
{
    parser_fail(parser, order->terms[0].expr->position, "syntax error near \"ORDER BY\"");
}

struct assignment_list assignments_add(struct parser *parser, struct assignment_list list,
                                       struct name_list columns, struct expr *value)
{
    uint32_t width = value->kind == EXPR_ROW ? value->list.count : 1;

    /* how many columns a subquery has is known when it is resolved */
    if (value->kind != EXPR_SUBQUERY && columns.count > 1 && columns.count != width)
        parser_fail(parser, columns.items[0].position, "%u columns assigned %u values",
                    columns.count, width);
    list.items = parser_grow(parser, list.items, list.count, &list.capacity, sizeof *list.items);
    list.items[list.count++] = (struct assignment){
        .columns = columns.items, .column_count = columns.count, .value = value};
    return list;
}
