/* parse_select.c - SELECT, FROM, WITH and windows for the grammar's actions. */
#include <assert.h>
#include <string.h>

#include "base/str.h"
#include "sql/parse_build.h"

enum { FROM_TERMS_MAX = 200 }; /* as in SQLite */

static bool name_is(struct name name, const char *word)
{
    return ascii_equal(name.text, name.bytes, word, strlen(word));
}

/* --- SELECT ----------------------------------------------------------------------------------- */
void select_begin(struct parser *parser, struct select *select, const struct select_head *head)
{
    select->position = token_position(parser, head->token);
    if (select->group_by.count > parser->limits->columns)
        parser_fail(parser, select->position, "too many terms in GROUP BY clause");
    check_order_terms(parser, select->order_by.count, select->position);
    select->distinct = head->distinct;
    select->columns = head->columns.items;
    select->column_count = head->columns.count;
    select->column_capacity = head->columns.capacity;
}

struct select *build_select(struct parser *parser, struct token token, struct result_list columns,
                            struct from_list from, struct expr *where, struct order_list order_by,
                            struct limit_clause limit)
{
    struct select *select = parser_zalloc(parser, sizeof *select);

    select->from = from;
    select->where = where;
    select->order_by = order_by;
    select->limit = limit.limit;
    select->offset = limit.offset;
    select_begin(parser, select, &(struct select_head){.token = token, .columns = columns});
    return select;
}

const char *compound_name(enum compound_op op)
{
    switch (op) {
    case COMPOUND_UNION_ALL:
        return "UNION ALL";
    case COMPOUND_INTERSECT:
        return "INTERSECT";
    case COMPOUND_EXCEPT:
        return "EXCEPT";
    default:
        return "UNION";
    }
}

struct select *build_compound(struct parser *parser, struct select *prior, enum compound_op op,
                              struct select *term)
{
    bool ordered = prior->order_by.count > 0;

    if (prior->prior == NULL && prior->distinct_on.count > 0)
        ordered = distinct_on_order(prior).count > 0;
    if (ordered || prior->limit != NULL)
        parser_fail(parser, term->position, "%s clause should come after %s not before",
                    ordered ? "ORDER BY" : "LIMIT", compound_name(op));
    if (term->distinct_on.count > 0)
        distinct_on_term(term);
    term->prior = prior;
    term->op = op;
    return term;
}

struct select *build_finished_select(struct parser *parser, struct select *select,
                                     struct cte_list with)
{
    uint32_t terms = 0;

    for (const struct select *term = select; term != NULL; term = term->prior)
        terms++;
    if (terms > parser->limits->compound_terms)
        parser_fail(parser, select->position, "too many terms in compound SELECT");
    select->with = with.first;
    select->recursive_with = with.recursive;
    for (struct cte *cte = with.first; cte != NULL; cte = cte->next)
        cte->recursive = with.recursive;
    return select;
}

struct select *build_select_star(struct parser *parser, struct name schema, struct name table,
                                 bool call, struct expr_list arguments)
{
    int32_t            position = schema.text ? schema.position : table.position;
    struct token       token = {parser->sql + position, 1};
    struct from_item  *item = build_from(parser, call ? FROM_FUNCTION : FROM_TABLE, position);
    struct result_list star =
        results_add_star(parser, (struct result_list){0}, (struct name){0}, NULL, token);
    struct from_list from;

    item->schema = schema;
    item->name = table;
    item->arguments = arguments;
    from = from_add(parser, (struct from_list){0}, 0, item, (struct name){0},
                    (struct join_condition){0});
    return build_select(parser, token, star, from, NULL, (struct order_list){0},
                        (struct limit_clause){0});
}

/* --- FROM ------------------------------------------------------------------------------------- */
/* The bits of one word before JOIN; 0 if it is none. */
static uint8_t join_word(struct name word)
{
    static const struct {
        const char *text;
        uint8_t     bits;
    } words[] = {
        {"NATURAL", JOIN_TYPE_NATURAL}, {"LEFT", JOIN_TYPE_LEFT},
        {"RIGHT", JOIN_TYPE_RIGHT},     {"FULL", JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT},
        {"OUTER", JOIN_TYPE_OUTER},     {"INNER", JOIN_TYPE_INNER},
        {"CROSS", JOIN_TYPE_CROSS},
    };

    for (size_t i = 0; i < countof(words); i++)
        if (name_is(word, words[i].text))
            return words[i].bits;
    return 0;
}

uint8_t build_join(struct parser *parser, struct token a, struct name b, struct name c)
{
    struct name words[3] = {build_name(parser, a), b, c};
    uint8_t     bits = 0;
    bool        wrong = false, inner, outer;

    for (int i = 0; i < 3 && words[i].text != NULL; i++) {
        uint8_t bit = join_word(words[i]);

        wrong |= bit == 0;
        bits |= bit;
    }
    inner = (bits & (JOIN_TYPE_INNER | JOIN_TYPE_CROSS)) != 0;
    outer = (bits & (JOIN_TYPE_LEFT | JOIN_TYPE_RIGHT)) != 0;
    wrong |= inner && (outer || (bits & JOIN_TYPE_OUTER) != 0);
    wrong |= (bits & JOIN_TYPE_OUTER) != 0 && !outer;
    if (wrong)
        parser_fail(parser, words[0].position, "unknown join type: %.*s%s%s%s%s", (int)a.bytes,
                    a.text, b.text ? " " : "", b.text ? b.text : "", c.text ? " " : "",
                    c.text ? c.text : "");
    return inner || outer ? bits : bits | JOIN_TYPE_INNER;
}

struct from_item *build_from(struct parser *parser, enum from_kind kind, int32_t position)
{
    struct from_item *item = parser_zalloc(parser, sizeof *item);

    item->kind = (uint8_t)kind;
    item->position = position;
    return item;
}

struct from_list from_add(struct parser *parser, struct from_list list, uint8_t join,
                          struct from_item *item, struct name alias,
                          struct join_condition condition)
{
    bool conditional = condition.on != NULL || condition.has_using;

    if (list.count == 0 && conditional)
        parser_fail(parser, item->position, "a JOIN clause is required before %s",
                    condition.on != NULL ? "ON" : "USING");
    if (list.count >= FROM_TERMS_MAX)
        parser_fail(parser, item->position, "too many FROM clause terms, max: %d", FROM_TERMS_MAX);
    if ((join & JOIN_TYPE_NATURAL) && conditional)
        parser_fail(parser, item->position, "a NATURAL join may not have an ON or USING clause");
    if (item->kind == FROM_NESTED && item->nested->count == 1) {
        item = item->nested->items[0]; /* (t) is t */
    } else if (item->kind == FROM_NESTED && list.count == 0 && alias.text == NULL) {
        return *item->nested; /* (a JOIN b) at the left end is a JOIN b */
    }
    if (alias.text != NULL)
        item->alias = alias;
    item->join = join;
    item->on = condition.on;
    item->using_names = condition.using_names.items;
    item->using_count = condition.using_names.count;
    list.items = parser_grow(parser, list.items, list.count, &list.capacity, sizeof *list.items);
    list.items[list.count++] = item;
    return list;
}

struct from_item *build_from_nested(struct parser *parser, struct from_list nested,
                                    struct token token)
{
    struct from_item *item = build_from(parser, FROM_NESTED, token_position(parser, token));

    item->nested = parser_zalloc(parser, sizeof *item->nested);
    *item->nested = nested;
    return item;
}

struct from_item *build_target(struct parser *parser, struct qualified_name name,
                               struct indexed_by indexed)
{
    struct from_item *item = build_from(
        parser, FROM_TABLE, name.schema.text ? name.schema.position : name.name.position);

    item->schema = name.schema;
    item->name = name.name;
    item->alias = name.alias;
    item->indexed_by = indexed.name;
    item->not_indexed = indexed.not_indexed;
    return item;
}

/* --- WITH ------------------------------------------------------------------------------------- */
struct cte *build_cte(struct parser *parser, struct name name, struct name_list columns,
                      int materialized, struct select *select)
{
    struct cte *cte = parser_zalloc(parser, sizeof *cte);

    cte->name = name;
    cte->columns = columns.items;
    cte->column_count = columns.count;
    cte->materialized = (int8_t)materialized;
    cte->select = select;
    return cte;
}

struct cte_list ctes_add(struct parser *parser, struct cte_list list, struct cte *cte)
{
    for (const struct cte *other = list.first; other != NULL; other = other->next)
        if (ascii_casecmp(other->name.text, cte->name.text) == 0)
            parser_fail(parser, cte->name.position, "duplicate WITH table name: %s",
                        cte->name.text);
    if (list.first == NULL)
        list.first = cte;
    else
        list.last->next = cte;
    list.last = cte;
    return list;
}

/* --- windows ---------------------------------------------------------------------------------- */
struct window_def *build_window(struct parser *parser, struct name base, struct expr_list partition,
                                struct order_list order_by, struct window_def *frame)
{
    struct window_def *window = frame != NULL ? frame : parser_zalloc(parser, sizeof *window);

    if (frame == NULL) {
        window->unit = FRAME_RANGE;
        window->start = FRAME_UNBOUNDED_PRECEDING;
        window->end = FRAME_CURRENT_ROW;
    }
    check_order_terms(parser, partition.count + order_by.count, -1); /* rows are sorted by both */
    window->base = base;
    window->partition_by = partition;
    window->order_by = order_by;
    return window;
}

struct window_def *build_frame(struct parser *parser, int unit, struct frame_limit start,
                               struct frame_limit end, enum frame_exclude exclude,
                               struct token token)
{
    struct window_def *window = parser_zalloc(parser, sizeof *window);

    if ((start.bound == FRAME_CURRENT_ROW && end.bound == FRAME_PRECEDING) ||
        (start.bound == FRAME_FOLLOWING &&
         (end.bound == FRAME_PRECEDING || end.bound == FRAME_CURRENT_ROW)))
        parser_fail(parser, token_position(parser, token), "unsupported frame specification");
    window->has_frame = true;
    window->unit = (enum frame_unit)unit;
    window->start = start.bound;
    window->end = end.bound;
    window->start_offset = start.offset;
    window->end_offset = end.offset;
    window->exclude = exclude;
    return window;
}
