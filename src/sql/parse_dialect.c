/* parse_dialect.c - clauses that SQLite has not, made of what it has: DISTINCT ON, changes of *,
 * samples, DESCRIBE, SUMMARIZE, SHOW TABLES. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sql/parse_build.h"

static struct name name_of(struct parser *parser, const char *text)
{
    size_t bytes = strlen(text);
    char  *copy = arena_copy_text(parser->arena, text, bytes);

    if (copy == NULL) {
        parser->status = fail_nomem(parser->err);
        longjmp(parser->failed, 1);
    }
    return (struct name){.text = copy, .bytes = (uint32_t)bytes, .position = -1};
}

static struct expr *expr_of(struct parser *parser, const char *text)
{
    size_t       bytes = strlen(text);
    char        *copy = arena_copy_text(parser->arena, text, bytes);
    struct expr *expr = NULL;

    parser->status = copy == NULL ? fail_nomem(parser->err)
                                  : parse_expression(copy, bytes, parser->limits, parser->arena,
                                                     &expr, parser->err);
    if (parser->status != STATUS_OK)
        longjmp(parser->failed, 1);
    return expr;
}

static bool token_equals(struct token token, const char *word)
{
    return ascii_equal(token.text, token.bytes, word, strlen(word));
}

/* --- changes of * ------------------------------------------------------------------------------
 */
static struct star_changes star_add(struct parser *parser, struct star_changes list,
                                    struct star_change change)
{
    struct star_change *copy = parser_zalloc(parser, sizeof *copy);

    *copy = change;
    return star_join(list, (struct star_changes){copy, copy});
}

struct star_changes star_exclude(struct parser *parser, struct star_changes list, struct name name)
{
    return star_add(parser, list, (struct star_change){.kind = STAR_EXCLUDE, .name = name});
}

struct star_changes star_rename(struct parser *parser, struct star_changes list, struct name name,
                                struct name to)
{
    return star_add(parser, list,
                    (struct star_change){.kind = STAR_RENAME, .name = name, .to = to});
}

struct star_changes star_replace(struct parser *parser, struct star_changes list, struct expr *expr,
                                 struct name name)
{
    return star_add(parser, list,
                    (struct star_change){.kind = STAR_REPLACE, .name = name, .expr = expr});
}

struct star_changes star_join(struct star_changes left, struct star_changes right)
{
    if (left.first == NULL)
        return right;
    if (right.first != NULL) {
        left.last->next = right.first;
        left.last = right.last;
    }
    return left;
}

/* --- SELECT ------------------------------------------------------------------------------------
 */
static struct select *select_star(struct parser *parser, struct token token,
                                  struct star_change *changes, struct from_item *item,
                                  struct expr *where, struct order_list order,
                                  struct limit_clause limit)
{
    struct result_list star =
        results_add_star(parser, (struct result_list){0}, (struct name){0}, changes, token);
    struct from_list from = from_add(parser, (struct from_list){0}, 0, item, (struct name){0},
                                     (struct join_condition){0});

    return build_select(parser, token, star, from, where, order, limit);
}

/* SELECT DISTINCT ON (k) a ... ORDER BY b LIMIT n is
 * SELECT the first row for each k, of * but k, FROM (SELECT a, k ... ORDER BY b) LIMIT n.
 * As the last term of a compound it has no ORDER BY: see distinct_on_term. */
static struct select *build_distinct_on(struct parser *parser, struct select_head *head,
                                        struct select *inner)
{
    struct star_changes hidden = {0};
    struct expr_list    keys = {0};
    struct from_item *item = build_from(parser, FROM_SUBQUERY, token_position(parser, head->token));
    struct limit_clause limit = {inner->limit, inner->offset};
    struct select      *outer;

    for (uint32_t i = 0; i < head->distinct_on.count; i++) {
        char        text[40];
        struct name name;

        snprintf(text, sizeof text, "distinct on %u", i + 1);
        name = name_of(parser, text);
        head->columns = results_add(parser, head->columns, head->distinct_on.items[i], name,
                                    parser->sql, parser->sql);
        hidden = star_exclude(parser, hidden, name);
        keys =
            list_add(parser, keys, build_column(parser, (struct name){0}, (struct name){0}, name));
    }
    inner->limit = inner->offset = NULL;
    select_begin(parser, inner, head);
    item->select = build_finished_select(parser, inner, (struct cte_list){0});
    outer =
        select_star(parser, head->token, hidden.first, item, NULL, (struct order_list){0}, limit);
    outer->distinct_on = keys;
    return outer;
}

struct order_list distinct_on_order(const struct select *select)
{
    return select->from.items[0]->select->order_by;
}

void distinct_on_term(struct select *select)
{
    select->order_by = distinct_on_order(select);
    select->from.items[0]->select->order_by = (struct order_list){0};
}

struct select *build_core(struct parser *parser, struct select *select, struct select_head *head,
                          struct from_list from)
{
    struct sample *sampling = select->sampling;

    if (sampling != NULL) {
        struct from_item *item;

        if (from.count != 1)
            parser_fail(parser, sampling->position,
                        "USING SAMPLE wants one table or subquery in FROM");
        sampling->alias = from.items[0]->alias;
        item = build_sample(parser, from.items[0], *sampling);
        from = from_add(parser, (struct from_list){0}, 0, item, (struct name){0},
                        (struct join_condition){0});
        select->sampling = NULL;
    }
    select->from = from;
    if (head->distinct_on.count > 0)
        return build_distinct_on(parser, head, select);
    select_begin(parser, select, head);
    return select;
}

/* --- extract ------------------------------------------------------------------------------------
 */
struct extract build_extract_unit(struct parser *parser, struct token name, bool distinct,
                                  struct expr_list unit, struct token from)
{
    struct expr *part = unit.items[0];

    if (!token_equals(name, "EXTRACT") || distinct || unit.count != 1 ||
        part->kind != EXPR_COLUMN || part->table.text != NULL)
        parser_fail_token(parser, from);
    part->kind = EXPR_LITERAL;
    part->value = value_text(part->name.text, part->name.bytes);
    return (struct extract){name, unit};
}

struct expr *build_extract(struct parser *parser, struct extract extract, struct expr *time)
{
    struct expr *call =
        build_function(parser, extract.name, false, false, list_add(parser, extract.unit, time),
                       (struct order_list){0}, (struct function_tail){0});

    call->name = name_of(parser, "date_part");
    call->name.position = call->position;
    return call;
}

/* --- samples -----------------------------------------------------------------------------------
 */
struct sample build_sample_size(struct parser *parser, struct token number, struct token unit)
{
    struct value  value = build_number(parser, number, false);
    struct sample sample = {.given = true, .position = token_position(parser, number)};

    sample.size = value.class_ == CLASS_INTEGER ? (double)value.i : value.r;
    sample.percent = unit.text != NULL && (unit.text[0] == '%' || token_equals(unit, "PERCENT"));
    if (unit.text != NULL && !sample.percent && !token_equals(unit, "ROWS"))
        parser_fail_token(parser, unit);
    if (sample.percent && sample.size > 100)
        parser_fail(parser, sample.position, "a sample has at most 100 percent");
    if (!sample.percent && value.class_ != CLASS_INTEGER)
        parser_fail(parser, sample.position, "a sample has a whole number of rows");
    return sample;
}

struct sample_seed build_sample_seed(struct parser *parser, struct token word, struct token number)
{
    if (word.text != NULL && !token_equals(word, "REPEATABLE"))
        parser_fail_token(parser, word);
    return (struct sample_seed){true, build_number(parser, number, false).i};
}

void check_sample_method(struct parser *parser, struct token method)
{
    if (!token_equals(method, "RESERVOIR") && !token_equals(method, "BERNOULLI") &&
        !token_equals(method, "SYSTEM"))
        parser_fail(parser, token_position(parser, method), "unknown sampling method: %.*s",
                    (int)method.bytes, method.text);
}

/* A number from 0 to 2^31-1 for each row: random, or of rowid and seed. */
static void sample_number(struct sample sample, char *text, size_t room)
{
    enum { MASK = 2147483647 };

    if (!sample.seed.given)
        snprintf(text, room, "(random() & %d)", MASK);
    else /* two multiplications modulo 2^31; the high half of the first product goes into the second
          */
        snprintf(text, room,
                 "(((((rowid & %d) * 1103515245 + %lld) & %d) / 32768 + (rowid & 65535) * 65599 + "
                 "%lld) * 1140671485 & %d)",
                 MASK, (long long)(sample.seed.seed & 1048575) * 12345, MASK,
                 (long long)(sample.seed.seed & 1048575), MASK);
}

struct from_item *build_sample(struct parser *parser, struct from_item *item, struct sample sample)
{
    struct token        token = {parser->sql + item->position, 1};
    struct from_item   *around = build_from(parser, FROM_SUBQUERY, item->position);
    struct limit_clause limit = {0};
    struct order_list   order = {0};
    struct expr        *where = NULL;
    char                number[256], text[320];

    if (sample.seed.given && item->kind != FROM_TABLE)
        parser_fail(parser, sample.position, "REPEATABLE wants a table, whose rows have a rowid");
    sample_number(sample, number, sizeof number);
    if (sample.percent) {
        snprintf(text, sizeof text, "%s < %.17g", number, sample.size / 100 * 2147483648.0);
        where = expr_of(parser, text);
    } else {
        order = order_add(parser, order, expr_of(parser, number), false, 0);
        snprintf(text, sizeof text, "%.0f", sample.size);
        limit.limit = expr_of(parser, text);
    }
    around->alias = sample.alias;
    if (around->alias.text == NULL && item->kind == FROM_TABLE)
        around->alias = item->name;
    around->select = build_finished_select(
        parser, select_star(parser, token, NULL, item, where, order, limit), (struct cte_list){0});
    return around;
}

/* --- reports -----------------------------------------------------------------------------------
 */
void build_report(struct parser *parser, enum report report, struct select *select)
{
    parser->statement->kind = STATEMENT_SELECT;
    parser->statement->report = (uint8_t)report;
    parser->statement->select = select;
}

void build_show(struct parser *parser, struct token what)
{
    static const char text[] =
        "(SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE "
        "'sqlite\\_%' ESCAPE '\\' ORDER BY name)";

    if (!token_equals(what, "TABLES"))
        parser_fail_token(parser, what);
    parser->statement->kind = STATEMENT_SELECT;
    parser->statement->select = expr_of(parser, text)->select;
}

/* EXPLAIN ANALYZE VERBOSE: no keyword, it may name anything. */
void build_explain_word(struct parser *parser, struct name word)
{
    if (word.quoted || ascii_casecmp(word.text, "verbose") != 0)
        parser_fail(parser, word.position, "near \"%s\": syntax error", word.text);
    parser->statement->explain = EXPLAIN_ANALYZE_VERBOSE;
}
