/* parse_values.c - the rows of VALUES.
 *
 * Rows of nothing but literals, the common case of a long list, do not go through the grammar and
 * get no expressions: the driver has them read here as cells, VECTOR_CAP rows at a time, and feeds
 * them as one token.  What is not quite a literal ends the reading, and the grammar goes on with
 * the row that has it. */
#include <assert.h>
#include <string.h>

#include "sql/grammar.h"
#include "sql/parse_build.h"
#include "sql/plan_expr.h"
#include "store/vector.h"

/* --- rows of expressions ---------------------------------------------------------------------- */
static void segment_add(struct select *select, struct values_rows *segment)
{
    if (select->last_values == NULL)
        select->values = segment;
    else
        select->last_values->next = segment;
    select->last_values = segment;
}

static void first_row_add(struct parser *parser, struct select *select, struct expr_list row)
{
    struct values_rows *segment = parser_zalloc(parser, sizeof *segment);

    segment->rows = 1;
    segment->columns = row.count;
    segment->exprs = row.items;
    segment_add(select, segment);
    select->values_rows++;
}

/* The columns of VALUES are called column1, column2...: the resolver names them. */
struct select *build_values(struct parser *parser, struct token token, struct expr_list row)
{
    struct select *select = parser_zalloc(parser, sizeof *select);

    check_length(parser, row.count, "result set");
    select->position = token_position(parser, token);
    select->is_values = true;
    select->column_count = select->column_capacity = row.count;
    select->columns = parser_zalloc(parser, row.count * sizeof *select->columns);
    for (uint32_t i = 0; i < row.count; i++)
        select->columns[i].expr = row.items[i];
    first_row_add(parser, select, row);
    return select;
}

static void check_rows(struct parser *parser, const struct select *select, uint32_t more)
{
    if (select->values_rows > UINT32_MAX - more)
        parser_fail(parser, select->position, "too many rows in VALUES");
}

static bool visit_constant(struct expr *expr, void *data)
{
    bool *constant = data;

    *constant = *constant && expr->kind != EXPR_COLUMN && expr->select == NULL;
    return *constant;
}

/* row, and the first one of select. */
static bool rows_are_constant(const struct select *select, const struct expr_list *row)
{
    bool constant = true;

    for (uint32_t i = 0; i < select->column_count; i++)
        expr_walk(select->columns[i].expr, visit_constant, &constant);
    for (uint32_t i = 0; i < row->count; i++)
        expr_walk(row->items[i], visit_constant, &constant);
    return constant;
}

/* Rows of different widths are an error at once where SQLite reads rows of constants as it parses
 * them; else only where the rows are wanted, not in a WITH or view that nobody reads. */
struct select *values_add(struct parser *parser, struct select *select, struct expr_list row)
{
    struct values_rows *segment = select->last_values;
    uint32_t            width = select->column_count, rows;

    if (row.count != width && !parser->has_with && rows_are_constant(select, &row))
        parser_fail(parser, select->position, "all VALUES must have the same number of terms");
    if (row.count != width) {
        select->values_uneven = true;
        return select;
    }
    check_rows(parser, select, 1);
    if (segment->exprs == NULL) {
        first_row_add(parser, select, row);
        return select;
    }
    rows = segment->rows;
    if ((rows & (rows - 1)) == 0) { /* room is the next power of two, in rows */
        struct expr **grown =
            parser_zalloc(parser, memory_product((size_t)rows * 2, width * sizeof *grown));

        memcpy(grown, segment->exprs, (size_t)rows * width * sizeof *grown);
        segment->exprs = grown;
    }
    memcpy(segment->exprs + (size_t)rows * width, row.items, width * sizeof *row.items);
    segment->rows++;
    select->values_rows++;
    return select;
}

/* --- rows of literals ------------------------------------------------------------------------- */
struct select *values_add_literals(struct parser *parser, struct select *select)
{
    struct values_rows *segment = parser->literals;

    parser->literals = segment->next;
    segment->next = NULL;
    check_rows(parser, select, segment->rows);
    segment_add(select, segment);
    select->values_rows += segment->rows;
    return select;
}

static size_t blanks_skip(const struct parser *parser, size_t at)
{
    int    code;
    size_t length;

    if (at < parser->bytes && (unsigned char)parser->sql[at] > '/')
        return at; /* no blank, no comment */
    while ((length = token_read(parser->sql, parser->bytes, at, &code)) > 0 && code == TOKEN_BLANK)
        at += length;
    return at;
}

static bool next_is(const struct parser *parser, size_t at, char c)
{
    return at < parser->bytes && parser->sql[at] == c;
}

/* A string without doubled quotes is used where it stands. */
static struct value string_value(struct parser *parser, struct token token)
{
    if (memchr(token.text + 1, '\'', token.bytes - 2) == NULL)
        return value_text(token.text + 1, token.bytes - 2);
    return build_string(parser, token);
}

/* A number behind a minus.  -0.0 is computed, and 0x... has rules of its own: false. */
static bool negative_read(struct parser *parser, size_t at, size_t *length, struct value *value)
{
    struct token token = {parser->sql + at, 0};
    int          code;

    *length = token_read(parser->sql, parser->bytes, at, &code);
    token.bytes = (uint32_t)*length;
    if ((code != TOKEN_INTEGER && code != TOKEN_FLOAT) ||
        (token.bytes > 1 && (token.text[1] | 0x20) == 'x'))
        return false;
    *value = build_number(parser, token, true);
    return value->class_ == CLASS_INTEGER || value->r != 0;
}

/* The literal at `at`; returns what is behind it, SIZE_MAX if it is something else. */
static size_t literal_read(struct parser *parser, size_t at, struct value *value)
{
    struct token token = {parser->sql + at, 0};
    int          code;
    size_t       length = token_read(parser->sql, parser->bytes, at, &code);

    token.bytes = (uint32_t)length;
    switch (code) {
    case TOKEN_INTEGER:
    case TOKEN_FLOAT:
        *value = build_number(parser, token, false);
        break;
    case TOKEN_STRING:
        if (token.text[0] != '\'')
            return SIZE_MAX;
        *value = string_value(parser, token);
        break;
    case TOKEN_BLOB:
        *value = build_blob(parser, token);
        break;
    case TOKEN_NULL:
        *value = value_null();
        break;
    case TOKEN_MINUS:
        at = blanks_skip(parser, at + 1);
        if (!negative_read(parser, at, &length, value))
            return SIZE_MAX;
        break;
    default:
        return SIZE_MAX;
    }
    return blanks_skip(parser, at + length);
}

/* Reads ", (literal, ...)" at `at` into cells [width]; returns what is behind it, SIZE_MAX if it is
 * something else. */
static size_t row_read(struct parser *parser, size_t at, struct value *cells, uint32_t width)
{
    uint32_t count = 0;

    at = blanks_skip(parser, at);
    if (!next_is(parser, at, ','))
        return SIZE_MAX;
    at = blanks_skip(parser, at + 1);
    if (!next_is(parser, at, '('))
        return SIZE_MAX;
    do {
        if (count == width)
            return SIZE_MAX;
        at = literal_read(parser, blanks_skip(parser, at + 1), &cells[count]);
        if (at == SIZE_MAX)
            return SIZE_MAX;
        count++;
    } while (next_is(parser, at, ','));
    return count == width && next_is(parser, at, ')') ? at + 1 : SIZE_MAX;
}

/* SMALL_CELLS: many lists have no row of literals behind a row that has none; reading one shall not
 * cost memory then. */
enum { SMALL_CELLS = 64, FIRST_ROWS = 4, ROWS_GROWTH = 8 };

static void literals_add(struct parser *parser, struct value *cells, uint32_t rows, uint32_t width)
{
    struct values_rows *segment = parser_zalloc(parser, sizeof *segment);

    segment->rows = rows;
    segment->columns = width;
    segment->constants = cells;
    if (parser->literals == NULL)
        parser->literals_tail = &parser->literals;
    *parser->literals_tail = segment;
    parser->literals_tail = &segment->next;
}

size_t values_read_literals(struct parser *parser, size_t at, uint32_t width)
{
    struct value  small[SMALL_CELLS], *cells;
    struct value *first =
        width <= SMALL_CELLS ? small : parser_alloc(parser, width * sizeof *first);
    uint32_t rows = 1, room = FIRST_ROWS;
    size_t   next = row_read(parser, at, first, width);

    if (next == SIZE_MAX)
        return at;
    cells = parser_alloc(parser, memory_product(room, width * sizeof *cells));
    memcpy(cells, first, width * sizeof *cells);
    for (at = next; rows < VECTOR_CAP; at = next, rows++) {
        if (rows == room) {
            struct value *grown = parser_alloc(
                parser, memory_product((size_t)room * ROWS_GROWTH, width * sizeof *grown));

            memcpy(grown, cells, (size_t)room * width * sizeof *grown);
            cells = grown;
            room *= ROWS_GROWTH;
        }
        next = row_read(parser, at, cells + (size_t)rows * width, width);
        if (next == SIZE_MAX)
            break;
    }
    literals_add(parser, cells, rows, width);
    return at;
}
