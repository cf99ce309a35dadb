/* parse_build.h - what the grammar's actions call: making the nodes of the tree.
 *
 * A function here either succeeds or leaves the parser by longjmp to parser->failed with the error
 * recorded, so that actions need no checks.  All memory is the arena's and the parser's stack lies
 * on the C stack: leaving loses nothing. */
#ifndef STOA_SQL_PARSE_BUILD_H
#define STOA_SQL_PARSE_BUILD_H

#include <setjmp.h>

#include "sql/ast.h"
#include "sql/parse.h"
#include "sql/tokenize.h"

struct name_list {
    struct name *items;
    uint32_t     count, capacity;
};
struct cte_list {
    struct cte *first, *last;
    bool        recursive;
};
struct window_list {
    struct window_def *first, *last;
};
struct assignment_list {
    struct assignment *items;
    uint32_t           count, capacity;
};
struct result_list {
    struct result_column *items;
    uint32_t              count, capacity;
};
struct star_changes {
    struct star_change *first, *last;
};
struct extract { /* extract(unit, and FROM to come */
    struct token     name;
    struct expr_list unit;
};
struct sample_seed {
    bool    given;
    int64_t seed;
};
struct sample { /* TABLESAMPLE, USING SAMPLE */
    bool               given, percent;
    double             size; /* rows, or percent of them */
    int32_t            position;
    struct name        alias; /* of what is sampled */
    struct sample_seed seed;
};
struct copy_option_list {
    struct copy_option *first, *last;
};
struct join_condition { /* ON expr or USING (names) */
    struct expr     *on;
    struct name_list using_names;
    bool             has_using;
};
struct indexed_by {
    struct name name;
    bool        not_indexed;
};
struct limit_clause {
    struct expr *limit, *offset;
};
struct qualified_name {
    struct name schema, name, alias;
};
struct returning_clause {
    struct expr       *where;
    struct result_list columns;
};
struct select_head { /* up to FROM */
    struct token       token;
    bool               distinct;
    struct expr_list   distinct_on;
    struct result_list columns;
};
struct function_tail { /* FILTER (WHERE ...) IGNORE NULLS OVER ... */
    struct expr       *filter;
    struct window_def *over;
    enum nulls_treated nulls;
};
struct frame_limit {
    enum frame_bound bound;
    struct expr     *offset;
};

struct parser {
    const char                *sql;
    size_t                     bytes;
    const struct parse_limits *limits;
    struct arena              *arena;
    struct error              *err;
    struct statement          *statement;
    struct expr               *expression; /* result of parse_expression */
    const char                *text_end;   /* behind the last token before the semicolon */
    uint32_t                   variable_capacity;
    bool                       done;     /* a whole statement was read */
    bool                       has_with; /* a WITH clause came */
    enum status                status;
    jmp_buf                    failed;
    /* the CREATE TABLE or ADD COLUMN being read */
    struct create_table      *table;
    struct table_constraint **constraint_tail;
    struct name               constraint_name;
    /* rows of literals that were read; the grammar has not come to them yet */
    struct values_rows *literals, **literals_tail;
};

/* --- the engine's side, in grammar.y ------------------------------------------------------------
 */
/* Feeds tokens of parser->sql from offset `at` until a statement is done or the text ends; returns
 * the offset behind what was used.  first: a token to put in front, 0 for none. */
size_t grammar_run(struct parser *parser, size_t at, int first);

/* --- errors and memory --------------------------------------------------------------------------
 */
void           parser_poll(struct parser *parser); /* leaves when work shall stop */
_Noreturn void parser_fail(struct parser *parser, int64_t position, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
_Noreturn void parser_fail_token(struct parser *parser, struct token token);
void          *parser_alloc(struct parser *parser, size_t bytes); /* leaves the parser on failure */
void          *parser_zalloc(struct parser *parser, size_t bytes);
/* items, count long, with room for one more of item_bytes; capacity is kept. */
void   *parser_grow(struct parser *parser, void *items, uint32_t count, uint32_t *capacity,
                    size_t item_bytes);
int32_t token_position(const struct parser *parser, struct token token);
/* Names the statement's construct as parsed but not executable yet; the first one wins. */
void mark_unsupported(struct parser *parser, const char *construct, struct token token);

/* --- names, literals, expressions ---------------------------------------------------------------
 */
struct name build_name(struct parser *parser, struct token token); /* quotes removed */
struct name build_text(struct parser *parser, const char *from,
                       const char *to); /* blanks cut off */
/* The text of a type; of one that begins with a quoted word that word, as SQLite takes it. */
struct name  build_type(struct parser *parser, const char *from, const char *to);
struct expr *build_expr(struct parser *parser, enum expr_kind kind, int32_t position);
struct expr *build_literal(struct parser *parser, int code, struct token token);
struct value build_number(struct parser *parser, struct token token, bool negative);
struct value build_string(struct parser *parser, struct token token); /* 'x', quotes removed */
struct value build_blob(struct parser *parser, struct token token);
struct expr *build_variable(struct parser *parser, struct token token);
struct expr *build_column(struct parser *parser, struct name schema, struct name table,
                          struct name column);
struct expr *build_unary(struct parser *parser, enum expr_op op, struct expr *operand,
                         struct token token);
struct expr *build_binary(struct parser *parser, enum expr_op op, struct expr *left,
                          struct expr *right);
/* left AND right; 0 where SQLite sees while it parses that it is (parse_fold.c). */
struct expr *build_and(struct parser *parser, struct expr *left, struct expr *right);
/* operand ISNULL, or NOTNULL if negated; an integer if operand is a literal. */
struct expr *build_null_test(struct parser *parser, bool negated, struct expr *operand);
/* left IN (); without calls in it left need not have a meaning. */
struct expr *build_in_nothing(struct parser *parser, bool negated, struct expr *left);
struct expr *build_is(struct parser *parser, bool negated, struct expr *left, struct expr *right);
struct expr *build_like(struct parser *parser, struct token op, bool negated, struct expr *left,
                        struct expr *right, struct expr *escape);
struct expr *build_between(struct parser *parser, bool negated, struct expr *left, struct expr *low,
                           struct expr *high);
struct expr *build_in(struct parser *parser, bool negated, struct expr *left, struct expr_list list,
                      struct select *select);
/* left op ANY (select), or ALL.  = ANY is IN, <> ALL is NOT IN, any other ALL is NOT of the
 * opposite comparison with ANY. */
struct expr *build_quantified(struct parser *parser, enum expr_op op, bool all, struct expr *left,
                              struct select *select);
struct expr *build_cast(struct parser *parser, struct token token, struct expr *operand,
                        struct name type);
struct expr *build_collate(struct parser *parser, struct expr *operand, struct name collation);
struct expr *build_case(struct parser *parser, struct token token, struct expr *base,
                        struct expr_list list, struct expr *otherwise);
struct expr *build_function(struct parser *parser, struct token name, bool distinct, bool star,
                            struct expr_list arguments, struct order_list order_by,
                            struct function_tail tail);
struct expr *build_subquery(struct parser *parser, enum expr_kind kind, struct token token,
                            struct select *select);
/* name(arguments) WITHIN GROUP (ORDER BY value) is name(value, arguments); descending: from the
 * other end. */
struct expr *build_within_group(struct parser *parser, struct token name, bool distinct,
                                struct expr_list arguments, struct expr *value, bool descending,
                                struct function_tail tail);
/* extract(unit FROM time) is date_part('unit', time); from: the token behind unit, where all else
 * that looks like it is an error. */
struct extract build_extract_unit(struct parser *parser, struct token name, bool distinct,
                                  struct expr_list unit, struct token from);
struct expr   *build_extract(struct parser *parser, struct extract extract, struct expr *time);
struct expr   *build_row(struct parser *parser, struct token token, struct expr_list list);
/* An item of GROUP BY: a function of that name. */
struct expr *build_grouping_sets(struct parser *parser, struct token token, struct expr_list sets);
struct expr *build_all(struct parser *parser, struct token token); /* GROUP BY ALL, ORDER BY ALL */
struct expr *build_raise(struct parser *parser, struct token token, enum conflict conflict,
                         struct expr *message);
/* The text from..to as written, blanks around it cut off, becomes the expression's source text. */
void build_source(struct parser *parser, struct expr *expr, const char *from, const char *to);

struct expr_list    list_add(struct parser *parser, struct expr_list list, struct expr *expr);
struct order_list   order_add(struct parser *parser, struct order_list list, struct expr *expr,
                              bool descending, int nulls);
struct name_list    names_add(struct parser *parser, struct name_list list, struct name name);
struct result_list  results_add(struct parser *parser, struct result_list list, struct expr *expr,
                                struct name alias, const char *from, const char *to);
struct result_list  results_add_star(struct parser *parser, struct result_list list,
                                     struct name table, struct star_change *changes,
                                     struct token star);
struct star_changes star_exclude(struct parser *parser, struct star_changes list, struct name name);
struct star_changes star_rename(struct parser *parser, struct star_changes list, struct name name,
                                struct name to);
struct star_changes star_replace(struct parser *parser, struct star_changes list, struct expr *expr,
                                 struct name name);
struct star_changes star_join(struct star_changes left, struct star_changes right);
_Noreturn void      refuse_order(struct parser *parser, const struct order_list *order);
struct assignment_list assignments_add(struct parser *parser, struct assignment_list list,
                                       struct name_list columns, struct expr *value);
void                   check_length(struct parser *parser, uint32_t count, const char *of);
void                   check_order_terms(struct parser *parser, uint32_t count, int32_t position);

/* --- select -------------------------------------------------------------------------------------
 */
struct select *build_select(struct parser *parser, struct token token, struct result_list columns,
                            struct from_list from, struct expr *where, struct order_list order_by,
                            struct limit_clause limit);
/* Puts head into a select that has the rest, and checks how long its lists are. */
void select_begin(struct parser *parser, struct select *select, const struct select_head *head);
struct select *build_values(struct parser *parser, struct token token, struct expr_list row);
struct select *values_add(struct parser *parser, struct select *select, struct expr_list row);
/* Reads ", (literal, ...)" of width literals again and again from `at` on, behind parser->literals;
 * returns what is behind it, `at` if there is none.  values_add_literals takes what was read first.
 */
size_t            values_read_literals(struct parser *parser, size_t at, uint32_t width);
struct select    *values_add_literals(struct parser *parser, struct select *select);
struct select    *build_compound(struct parser *parser, struct select *prior, enum compound_op op,
                                 struct select *term);
struct select    *build_finished_select(struct parser *parser, struct select *select,
                                        struct cte_list with);
struct select    *build_select_star(struct parser *parser, struct name schema, struct name table,
                                    bool call, struct expr_list arguments);
uint8_t           build_join(struct parser *parser, struct token a, struct name b, struct name c);
struct from_item *build_from(struct parser *parser, enum from_kind kind, int32_t position);
struct from_list  from_add(struct parser *parser, struct from_list list, uint8_t join,
                           struct from_item *item, struct name alias,
                           struct join_condition condition);
struct from_item *build_from_nested(struct parser *parser, struct from_list nested,
                                    struct token token);
struct from_item *build_target(struct parser *parser, struct qualified_name name,
                               struct indexed_by indexed);
/* --- parse_dialect.c: what SQLite has not -------------------------------------------------------
 */
/* select has the clauses behind FROM. */
struct select *build_core(struct parser *parser, struct select *select, struct select_head *head,
                          struct from_list from);
/* Of a select made of DISTINCT ON: the ORDER BY by which rows come first.  As the last term of a
 * compound it is the compound's. */
struct order_list distinct_on_order(const struct select *select);
void              distinct_on_term(struct select *select);
struct from_item *build_sample(struct parser *parser, struct from_item *item, struct sample sample);
struct sample     build_sample_size(struct parser *parser, struct token number, struct token unit);
struct sample_seed build_sample_seed(struct parser *parser, struct token word, struct token number);
void               check_sample_method(struct parser *parser, struct token method);
void               build_report(struct parser *parser, enum report report, struct select *select);
void               build_show(struct parser *parser, struct token what);
void               build_explain_word(struct parser *parser, struct name word);

struct cte        *build_cte(struct parser *parser, struct name name, struct name_list columns,
                             int materialized, struct select *select);
struct cte_list    ctes_add(struct parser *parser, struct cte_list list, struct cte *cte);
struct window_def *build_window(struct parser *parser, struct name base, struct expr_list partition,
                                struct order_list order_by, struct window_def *frame);
struct window_def *build_frame(struct parser *parser, int unit, struct frame_limit start,
                               struct frame_limit end, enum frame_exclude exclude,
                               struct token token);

/* --- statements ---------------------------------------------------------------------------------
 */
void begin_table(struct parser *parser, struct name schema, struct name name, bool temporary,
                 bool if_not_exists);
void table_column(struct parser *parser, struct name name, struct name type);
void table_option(struct parser *parser, struct token option, struct name value);
struct column_def *current_column(struct parser *parser);
void column_default(struct parser *parser, struct expr *expr, const char *from, const char *to);
void column_default_word(struct parser *parser, struct token word);
void column_generated(struct parser *parser, struct expr *expr, struct token open,
                      struct token close, struct token kind);
void column_collation(struct parser *parser, struct token name);
struct table_constraint *table_constraint_add(struct parser             *parser,
                                              enum table_constraint_kind kind,
                                              enum conflict              conflict);
void table_constraint_check(struct parser *parser, struct expr *expr, struct token open,
                            struct token close, enum conflict conflict);
void constraint_terms(struct parser *parser, struct table_constraint *constraint,
                      struct order_list list, const char *of);
/* texts: 'a' names column a, as it does where a key is declared. */
struct indexed_term *build_indexed_terms(struct parser *parser, struct order_list list,
                                         const char *of, bool texts);
struct foreign_key  *build_foreign_key(struct parser *parser, struct name_list columns,
                                       struct name parent, struct name_list parent_columns,
                                       struct foreign_key *actions);
struct name_list     single_name(struct parser *parser, struct name name);

#endif
