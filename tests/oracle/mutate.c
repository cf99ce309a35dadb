/* mutate.c - changes tokens of statements, and finds the tokens that matter. */
#include "tests/oracle/mutate.h"

#include "tests/oracle/random_internal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 4000, NODES_MAX = 4000 };

struct token {
    const char *text;
    size_t      bytes;
};
struct tokens {
    struct token token[TOKENS_MAX];
    size_t       count;
};

/* What may come into a statement that was not in it. */
static const char *const vocabulary[] = {"(",          ")",           ",",
                                         ".",          ";",           "*",
                                         "+",          "-",           "~",
                                         "||",         "=",           "==",
                                         "<>",         "!=",          "<=",
                                         "<<",         "%",           "&",
                                         "->",         "->>",         "?",
                                         "?1",         ":p",          "@",
                                         "$v",         "NOT",         "NULL",
                                         "IS",         "ISNULL",      "NOTNULL",
                                         "IN",         "LIKE",        "GLOB",
                                         "ESCAPE",     "BETWEEN",     "AND",
                                         "OR",         "CASE",        "WHEN",
                                         "THEN",       "ELSE",        "END",
                                         "CAST",       "AS",          "COLLATE",
                                         "NOCASE",     "BINARY",      "DISTINCT",
                                         "ALL",        "FROM",        "WHERE",
                                         "GROUP BY",   "HAVING",      "ORDER BY",
                                         "LIMIT",      "OFFSET",      "ASC",
                                         "DESC",       "NULLS",       "FIRST",
                                         "LAST",       "UNION",       "INTERSECT",
                                         "EXCEPT",     "JOIN",        "LEFT",
                                         "RIGHT",      "FULL",        "OUTER",
                                         "INNER",      "CROSS",       "NATURAL",
                                         "ON",         "USING",       "OVER",
                                         "PARTITION",  "FILTER",      "WINDOW",
                                         "ROWS",       "RANGE",       "GROUPS",
                                         "PRECEDING",  "FOLLOWING",   "UNBOUNDED",
                                         "CURRENT",    "ROW",         "EXCLUDE",
                                         "TIES",       "NO",          "OTHERS",
                                         "EXISTS",     "SELECT",      "VALUES",
                                         "WITH",       "TRUE",        "FALSE",
                                         "rowid",      "_rowid_",     "oid",
                                         "a",          "x",           "x.a",
                                         "t0",         "t0.a",        "main",
                                         "main.t0",    "\"a\"",       "[a]",
                                         "`a`",        "'a'",         "\"zz\"",
                                         "x'41'",      "x'4'",        "0",
                                         "1",          "2",           "-1",
                                         "1.5",        "1e3",         "0x1F",
                                         "1_000",      "1__0",        ".5",
                                         "5.",         "1e",          "9223372036854775808",
                                         "count",      "count(*)",    "max(a)",
                                         "abs(1)",     "sum",         "MATERIALIZED",
                                         "INDEXED BY", "NOT INDEXED", "RECURSIVE",
                                         "/* c */",    "-- c\n",      "1 AND",
                                         "a,",         "(SELECT 1)",  "COLLATE rtrim",
                                         "DEFAULT",    "SET",         "INTO",
                                         "RETURNING",  "REPLACE",     "CURRENT_DATE",
                                         "RAISE",      "MATCH",       "IF",
                                         "KEY",        "TABLE",       "TEMP"};

static size_t word_bytes(const char *text)
{
    size_t n = 0;

    while (isalnum((unsigned char)text[n]) || text[n] == '_' || (text[n] & 0x80) != 0)
        n++;
    return n;
}

/* The bytes of the string or quoted name at text. */
static size_t quoted_bytes(const char *text)
{
    size_t n = 1;

    while (text[n] != '\0' && (text[n] != text[0] || text[n + 1] == text[0]))
        n += text[n] == text[0] ? 2 : 1;
    return n + (text[n] != '\0');
}

static size_t token_bytes(const char *text)
{
    static const char *const twos[] = {"||", "<<", ">>", "<=", ">=", "<>", "!=", "==", "->"};

    if ((text[0] == 'x' || text[0] == 'X') && text[1] == '\'')
        return 1 + quoted_bytes(text + 1);
    if (isdigit((unsigned char)text[0])) {
        size_t n = word_bytes(text);

        return text[n] == '.' ? n + 1 + word_bytes(text + n + 1) : n;
    }
    if (word_bytes(text) > 0)
        return word_bytes(text);
    if (text[0] == '\'' || text[0] == '"')
        return quoted_bytes(text);
    for (size_t i = 0; i < sizeof twos / sizeof twos[0]; i++)
        if (strncmp(text, twos[i], 2) == 0)
            return 2;
    return 1;
}

static void tokens_read(const char *sql, struct tokens *tokens)
{
    tokens->count = 0;
    while (tokens->count < TOKENS_MAX) {
        while (isspace((unsigned char)*sql))
            sql++;
        if (*sql == '\0')
            return;
        tokens->token[tokens->count].text = sql;
        tokens->token[tokens->count].bytes = token_bytes(sql);
        sql += tokens->token[tokens->count++].bytes;
    }
}

/* Whether a space between two tokens would be one more change, or none would be one. */
static bool together(const struct token *a, const struct token *b)
{
    char last = a->text[a->bytes - 1], first = b->text[0];

    return last == '.' || first == '.' || first == ',' || first == ')' || last == '(' ||
           (first == '(' && islower((unsigned char)last));
}

static char *tokens_text(const struct tokens *tokens)
{
    struct printer out = {0};
    char           text[2] = {0};

    print_text(&out, "");
    for (size_t t = 0; t < tokens->count; t++) {
        if (t > 0 && !together(&tokens->token[t - 1], &tokens->token[t]))
            print_text(&out, " ");
        for (size_t i = 0; i < tokens->token[t].bytes; i++) {
            text[0] = tokens->token[t].text[i];
            print_text(&out, text);
        }
    }
    return out.text != NULL ? out.text : calloc(1, 1);
}

static void tokens_remove(struct tokens *tokens, size_t at, size_t count)
{
    memmove(&tokens->token[at], &tokens->token[at + count],
            (tokens->count - at - count) * sizeof tokens->token[0]);
    tokens->count -= count;
}

static void tokens_insert(struct tokens *tokens, size_t at, struct token token)
{
    if (tokens->count == TOKENS_MAX)
        return;
    memmove(&tokens->token[at + 1], &tokens->token[at],
            (tokens->count - at) * sizeof tokens->token[0]);
    tokens->token[at] = token;
    tokens->count++;
}

static struct token new_token(struct random_sql *random)
{
    const char *text = PICK(random, vocabulary);

    return (struct token){text, strlen(text)};
}

/* --- changes that keep the grammar, mostly ------------------------------------------------------
 */
static bool is_operator(const struct token *token)
{
    return token->text[0] != '(' && token->text[0] != ')' && token->text[0] != ',' &&
           token->text[0] != '.' && token->text[0] != ';' && token->text[0] != '*' &&
           ispunct((unsigned char)token->text[0]) && token->text[0] != '\'' &&
           token->text[0] != '"';
}

static bool is_value(const struct token *token)
{
    return isdigit((unsigned char)token->text[0]) || token->text[0] == '\'' ||
           (token->bytes == 4 && strncmp(token->text, "NULL", 4) == 0);
}

static bool is_name(const struct token *token)
{
    return islower((unsigned char)token->text[0]);
}

/* A value, a name or an operator becomes another one; a name loses its table. */
static bool token_replace(struct random_sql *random, struct tokens *tokens)
{
    static const char *const values[] = {"0x10",
                                         "0xffffffffffffffff",
                                         "1_000",
                                         "1e400",
                                         "-1e400",
                                         "9223372036854775808",
                                         "-0.0",
                                         "1e-400",
                                         "0x8000000000000000",
                                         "TRUE",
                                         "false",
                                         "NULL",
                                         "x'4142'",
                                         "x''",
                                         "''",
                                         "'a''b'",
                                         "\"a\"",
                                         "?",
                                         "?2",
                                         ":p1",
                                         "$v",
                                         "@w",
                                         "- 9223372036854775808",
                                         "00012",
                                         "1.",
                                         ".5e1",
                                         "0.1e+2",
                                         "CURRENT_TIMESTAMP IS NULL",
                                         "(SELECT 2)",
                                         "(1)",
                                         "((2))",
                                         "CAST('7' AS INT)",
                                         "+ 3",
                                         "(1, 2)",
                                         "count(*)",
                                         "max(1)",
                                         "sum(2) OVER ()"};
    static const char *const operators[] = {"=",        "==",      "<>",
                                            "!=",       "<",       "<=",
                                            ">",        ">=",      "+",
                                            "-",        "/",       "%",
                                            "||",       "&",       "|",
                                            "<<",       ">>",      "IS",
                                            "AND",      "OR",      "IN",
                                            "LIKE",     "IS NOT",  "GLOB",
                                            "NOT LIKE", "COLLATE", "IS NOT DISTINCT FROM",
                                            "->",       "->>",     "MATCH"};
    static const char *const names[] = {"a",      "b",          "c",
                                        "d",      "k0",         "k1",
                                        "rowid",  "x",          "a COLLATE nocase",
                                        "t0",     "column1",    "count",
                                        "length", "max",        "abs",
                                        "sum",    "row_number", "\"b\"",
                                        "[c]",    "`a`"};
    size_t                   at = random_below(random, (uint32_t)tokens->count);
    const char              *text = NULL;

    for (size_t tries = 0; tries < tokens->count; tries++, at = (at + 1) % tokens->count) {
        struct token *token = &tokens->token[at];

        if (is_name(token) && at + 1 < tokens->count && token[1].text[0] == '.' &&
            chance(random, 40)) {
            tokens_remove(tokens, at, 2);
            return true;
        }
        text = is_value(token)      ? PICK(random, values)
               : is_operator(token) ? PICK(random, operators)
               : is_name(token)     ? PICK(random, names)
                                    : NULL;
        if (text != NULL) {
            *token = (struct token){text, strlen(text)};
            return true;
        }
    }
    return false;
}

static void tokens_change(struct random_sql *random, struct tokens *tokens)
{
    size_t at = random_below(random, (uint32_t)tokens->count),
           other = random_below(random, (uint32_t)tokens->count);
    struct token token = tokens->token[at];

    switch (random_below(random, 8)) {
    case 0:
    case 1:
        if (tokens->count > 1)
            tokens_remove(tokens, at, 1);
        break;
    case 2:
        tokens_insert(tokens, at, token);
        break;
    case 3:
        other = at + 1 < tokens->count ? at + 1 : at; /* fall through */
    case 4:
        tokens->token[at] = tokens->token[other];
        tokens->token[other] = token;
        break;
    case 5:
        tokens->token[at] = tokens->token[other];
        break;
    case 6:
        tokens->token[at] = new_token(random);
        break;
    default:
        tokens_insert(tokens, at, new_token(random));
    }
}

char *mutate(struct random_sql *random, const char *sql)
{
    static struct tokens tokens;

    tokens_read(sql, &tokens);
    for (uint32_t n = chance(random, 25) ? 2 : 1; n > 0 && tokens.count > 0; n--)
        if (chance(random, 35) || !token_replace(random, &tokens))
            tokens_change(random, &tokens);
    return tokens_text(&tokens);
}

/* --- trees --------------------------------------------------------------------------------------
 */
static void nodes_collect(struct node *node, struct node **nodes, uint32_t *count)
{
    if (*count == NODES_MAX)
        return;
    nodes[(*count)++] = node;
    for (uint32_t i = 0; i < node->count; i++)
        nodes_collect(node->children[i], nodes, count);
}

static bool stands_in(const struct node *node, const struct node *in)
{
    if (node == in)
        return true;
    for (uint32_t i = 0; i < in->count; i++)
        if (stands_in(node, in->children[i]))
            return true;
    return false;
}

void mutate_tree(struct random_sql *random, struct node *root)
{
    static struct node *nodes[NODES_MAX];
    uint32_t            count = 0;

    nodes_collect(root, nodes, &count);
    for (int tries = 0; tries < 200; tries++) {
        struct node *to = nodes[random_below(random, count)],
                    *from = nodes[random_below(random, count)];

        if (to->sort != from->sort || to->sort == SORT_FIXED || stands_in(to, from) ||
            strcmp(to->format, from->format) == 0)
            continue;
        *to = *from;
        return;
    }
}

/* Leaves out ever shorter runs of tokens, as long as fails holds. */
char *mutant_shrink(const char *sql, bool (*fails)(const char *, void *), void *data)
{
    static struct tokens tokens, saved;
    char                *text = tokens_text((tokens_read(sql, &tokens), &tokens));

    if (!fails(text, data)) {
        free(text);
        return strdup(sql);
    }
    for (size_t run = tokens.count / 2 + 1; run > 0; run = run > 8 ? run / 2 : run - 1)
        for (size_t at = 0; at + run <= tokens.count;) {
            char *shorter;

            saved = tokens;
            tokens_remove(&tokens, at, run);
            shorter = tokens_text(&tokens);
            if (tokens.count > 0 && fails(shorter, data)) {
                free(shorter);
                continue;
            }
            free(shorter);
            tokens = saved;
            at++;
        }
    free(text);
    return tokens_text(&tokens);
}
