/* parse_table.c - CREATE TABLE and its constraints for the grammar's actions. */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "sql/parse_build.h"

static bool token_is(struct token token, const char *word)
{
    return ascii_equal(token.text, token.bytes, word, strlen(word));
}

static bool name_is(struct name name, const char *word)
{
    return ascii_equal(name.text, name.bytes, word, strlen(word));
}

void begin_table(struct parser *parser, struct name schema, struct name name, bool temporary,
                 bool if_not_exists)
{
    struct create_table *table = parser_zalloc(parser, sizeof *table);

    table->schema = schema;
    table->name = name;
    table->temporary = temporary;
    table->if_not_exists = if_not_exists;
    parser->table = table;
    parser->constraint_tail = &table->constraints;
    parser->constraint_name = (struct name){0};
    parser->statement->kind = STATEMENT_CREATE_TABLE;
    parser->statement->create_table = table;
}

/* GENERATED ALWAYS can end up in the type, being words. */
static void cut_generated_always(struct name *type)
{
    static const char suffix[] = "generated always";
    const uint32_t    length = sizeof suffix - 1;
    char             *text = (char *)type->text; /* made by build_text, ours alone */

    if (type->bytes < length || !ascii_equal(text + type->bytes - length, length, suffix, length))
        return;
    type->bytes -= length;
    while (type->bytes > 0 && ascii_space(text[type->bytes - 1]))
        type->bytes--;
    text[type->bytes] = '\0';
}

void table_column(struct parser *parser, struct name name, struct name type)
{
    struct create_table *table = parser->table;

    if (table->column_count + 1 > parser->limits->columns)
        parser_fail(parser, name.position, "too many columns on %s", table->name.text);
    for (uint32_t i = 0; i < table->column_count; i++)
        if (ascii_equal(table->columns[i].name.text, table->columns[i].name.bytes, name.text,
                        name.bytes))
            parser_fail(parser, name.position, "duplicate column name: %s", name.text);
    table->columns = parser_grow(parser, table->columns, table->column_count,
                                 &table->column_capacity, sizeof *table->columns);
    if (type.text != NULL)
        cut_generated_always(&type);
    table->columns[table->column_count++] =
        (struct column_def){.name = name, .type = type.text ? type.text : ""};
    parser->constraint_name = (struct name){0};
}

/* WITHOUT ROWID, STRICT, and our STORAGE ROW | COLUMN | AUTO. */
void table_option(struct parser *parser, struct token option, struct name value)
{
    struct create_table *table = parser->table;

    if (token_is(option, "WITHOUT")) {
        if (!name_is(value, "rowid"))
            parser_fail(parser, value.position, "unknown table option: %s", value.text);
        table->without_rowid = true;
    } else if (token_is(option, "STORAGE") && value.text != NULL) {
        if (!name_is(value, "row") && !name_is(value, "column") && !name_is(value, "auto"))
            parser_fail(parser, value.position, "unknown storage: %s", value.text);
        table->storage = value;
    } else if (value.text != NULL) {
        size_t at = (size_t)value.position;
        int    code;

        parser_fail_token(
            parser, (struct token){parser->sql + at,
                                   (uint32_t)token_read(parser->sql, parser->bytes, at, &code)});
    } else if (token_is(option, "STRICT")) {
        table->strict = true;
    } else {
        parser_fail(parser, token_position(parser, option), "unknown table option: %.*s",
                    (int)option.bytes, option.text);
    }
}

struct column_def *current_column(struct parser *parser)
{
    assert(parser->table->column_count > 0);
    return &parser->table->columns[parser->table->column_count - 1];
}

void column_default(struct parser *parser, struct expr *expr, const char *from, const char *to)
{
    struct column_def *column = current_column(parser);

    build_source(parser, expr, from, to);
    column->default_expr = expr;
    column->default_sql = expr->source_text;
}

/* DEFAULT word means the text 'word', but for TRUE and FALSE; see cg_catalog_expr. */
void column_default_word(struct parser *parser, struct token word)
{
    struct name  name = build_name(parser, word);
    struct expr *expr;

    if (token_is(word, "true") || token_is(word, "false")) {
        expr = build_column(parser, (struct name){0}, (struct name){0}, name);
    } else {
        expr = build_expr(parser, EXPR_LITERAL, name.position);
        expr->value = value_text(name.text, name.bytes);
    }
    column_default(parser, expr, word.text, word.text + word.bytes);
}

void column_generated(struct parser *parser, struct expr *expr, struct token open,
                      struct token close, struct token kind)
{
    struct column_def *column = current_column(parser);

    if (kind.text != NULL && !token_is(kind, "stored") && !token_is(kind, "virtual"))
        parser_fail(parser, token_position(parser, kind), "error in generated column \"%s\"",
                    column->name.text);
    column->flags |= kind.text != NULL && token_is(kind, "stored") ? COLUMN_GENERATED_STORED
                                                                   : COLUMN_GENERATED_VIRTUAL;
    build_source(parser, expr, open.text + 1, close.text);
    column->generated = expr;
    column->generated_sql = expr->source_text;
}

void column_collation(struct parser *parser, struct token name)
{
    struct name collation = build_name(parser, name);

    if (!collation_find(collation.text, collation.bytes, &current_column(parser)->collation))
        parser_fail(parser, collation.position, "no such collation sequence: %s", collation.text);
}

/* --- constraints ------------------------------------------------------------------------------ */
struct table_constraint *
table_constraint_add(struct parser *parser, enum table_constraint_kind kind, enum conflict conflict)
{
    struct table_constraint *constraint = parser_zalloc(parser, sizeof *constraint);

    constraint->name = parser->constraint_name;
    parser->constraint_name = (struct name){0};
    constraint->kind = (uint8_t)kind;
    constraint->conflict = conflict;
    *parser->constraint_tail = constraint;
    parser->constraint_tail = &constraint->next;
    return constraint;
}

void table_constraint_check(struct parser *parser, struct expr *expr, struct token open,
                            struct token close, enum conflict conflict)
{
    struct table_constraint *constraint = table_constraint_add(parser, CONSTRAINT_CHECK, conflict);

    build_source(parser, expr, open.text + 1, close.text);
    constraint->check = expr;
    constraint->check_sql = expr->source_text;
}

struct indexed_term *build_indexed_terms(struct parser *parser, struct order_list list,
                                         const char *of, bool texts)
{
    struct indexed_term *terms = parser_zalloc(parser, list.count * sizeof *terms);

    check_length(parser, list.count, of);
    for (uint32_t i = 0; i < list.count; i++) {
        struct expr *expr = list.terms[i].expr;

        if (list.terms[i].nulls != 0)
            parser_fail(parser, expr->position, "unsupported use of NULLS %s",
                        list.terms[i].nulls == 1 ? "FIRST" : "LAST");
        if (texts && expr->kind == EXPR_LITERAL && expr->value.class_ == CLASS_TEXT) {
            struct name name = {.text = expr->value.s,
                                .bytes = expr->value.bytes,
                                .position = expr->position,
                                .quoted = true};

            expr = build_column(parser, (struct name){0}, (struct name){0}, name);
        }
        terms[i] = (struct indexed_term){.expr = expr, .descending = list.terms[i].descending};
    }
    return terms;
}

void constraint_terms(struct parser *parser, struct table_constraint *constraint,
                      struct order_list list, const char *of)
{
    constraint->terms = build_indexed_terms(parser, list, of, true);
    constraint->term_count = list.count;
}

struct foreign_key *build_foreign_key(struct parser *parser, struct name_list columns,
                                      struct name parent, struct name_list parent_columns,
                                      struct foreign_key *actions)
{
    if (parent_columns.count > 0 && parent_columns.count != columns.count) {
        if (columns.count == 1)
            parser_fail(parser, parent.position,
                        "foreign key on %s should reference only one column of table %s",
                        columns.items[0].text, parent.text);
        parser_fail(parser, parent.position,
                    "number of columns in foreign key does not match the number of columns in the "
                    "referenced table");
    }
    actions->columns = columns.items;
    actions->column_count = columns.count;
    actions->parent = parent;
    actions->parent_columns = parent_columns.items;
    actions->parent_count = parent_columns.count;
    return actions;
}
