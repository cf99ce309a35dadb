/* mutate_sql.c - libFuzzer's mutator for SQL texts: it edits tokens, parenthesised groups and
 * statements, and puts in fragments of the grammar that name the tables of fuzz_sql.c, so that more
 * of what it makes gets past the parser.  One in four edits is libFuzzer's own. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t max_bytes);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max_bytes, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_bytes, const uint8_t *other,
                                 size_t other_bytes, uint8_t *out, size_t max_bytes, unsigned seed);

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { TOKENS_MAX = 2000 };

/* --- fragments -------------------------------------------------------------------------------- */
static const char *const expressions[] = {
    "a",
    "b",
    "c",
    "d",
    "e",
    "t.a",
    "u.a",
    "u.e",
    "x.a",
    "excluded.e",
    "rowid",
    "*",
    "t.*",
    "NULL",
    "0",
    "1",
    "-1",
    "2.5",
    "1e308",
    "9223372036854775807",
    "'x'",
    "''",
    "'7'",
    "x'00ff'",
    "?1",
    "(a, b)",
    "(1, NULL)",
    "count(*)",
    "sum(a)",
    "min(b)",
    "max(d)",
    "avg(c)",
    "group_concat(b, '-' ORDER BY a)",
    "count(DISTINCT d) FILTER (WHERE a > 1)",
    "median(a)",
    "(SELECT max(a) FROM u)",
    "(SELECT a FROM u WHERE u.a = t.a)",
    "(SELECT 1, 2)",
    "(SELECT count(*) FROM u WHERE u.a < t.a)",
    "(SELECT e FROM u ORDER BY u.a = t.a LIMIT 1)",
    "(SELECT sum(x.a) FROM t x WHERE x.b = t.b GROUP BY x.c)",
    "(SELECT a FROM u WHERE u.a = t.a UNION SELECT t.c)",
    "EXISTS (SELECT 1 FROM u WHERE u.a = t.a AND u.e > t.b)",
    "NOT EXISTS (SELECT * FROM t x LIMIT 0)",
    "a IN (SELECT a FROM u)",
    "b NOT IN (SELECT e FROM u WHERE u.a <> t.a)",
    "(a, b) IN (SELECT a, e FROM u)",
    "a < ANY (SELECT a FROM u)",
    "b >= ALL (SELECT e FROM u WHERE u.a <> t.a)",
    "c <> SOME (VALUES (1), (NULL))",
    "(a, b) IN (VALUES (1, 'x'), (2, NULL))",
    "a IN (1, 2, NULL)",
    "row_number() OVER (PARTITION BY b ORDER BY a)",
    "sum(a) OVER w",
    "lag(d, 1, b) OVER (ORDER BY c)",
    "max(d) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE TIES)",
    "avg(c) OVER (ORDER BY a RANGE BETWEEN 1 PRECEDING AND CURRENT ROW)",
    "ntile(2) OVER ()",
    "first_value(b) IGNORE NULLS OVER (ORDER BY d GROUPS 1 PRECEDING)",
    "sum(sum(a)) OVER (ORDER BY b)",
    "CASE a WHEN 1 THEN b ELSE d END",
    "CASE WHEN d IS NULL THEN c END",
    "CAST(d AS TEXT)",
    "CAST(b AS NUMERIC)",
    "coalesce(d, b, 1)",
    "b COLLATE NOCASE",
    "b LIKE '%x%'",
    "b GLOB '*[a-z]'",
    "b REGEXP '^x'",
    "a BETWEEN 1 AND c",
    "a IS NOT DISTINCT FROM d",
    "a || b",
    "a % 3",
    "~a",
    "- c",
    "a -> '$'",
    "printf('%s %d', b, a)",
    "substr(b, a, 2)",
    "date('now', '+1 day')",
    "typeof(d)",
    "abs(a)",
    "iif(a, b, c)",
    "nullif(a, 1)",
    "random()",
    "hex(d)",
    "unistr('\\0041')"};

static const char *const tables[] = {"t",
                                     "u",
                                     "t x",
                                     "t, u",
                                     "sqlite_schema",
                                     "generate_series(1, 5) x",
                                     "pragma_table_info('t') x",
                                     "t JOIN u ON t.a = u.a",
                                     "t LEFT JOIN u USING (a)",
                                     "t NATURAL FULL JOIN u",
                                     "t RIGHT JOIN u ON t.a < u.a",
                                     "(t JOIN u ON t.a = u.a)",
                                     "u LEFT JOIN (t x JOIN u y USING (a)) ON y.e = x.b",
                                     "(t CROSS JOIN (u x, u y)) JOIN t z ON z.a = x.a",
                                     "(SELECT * FROM t) x",
                                     "(VALUES (1, 'x'), (2, NULL)) x",
                                     "(SELECT a, count(*) AS b FROM t GROUP BY a) x",
                                     "(SELECT * FROM t UNION ALL SELECT a, e, e, e FROM u) x",
                                     "(SELECT a, row_number() OVER (ORDER BY b) AS b FROM t) x",
                                     "(WITH c AS (SELECT 1 AS a) SELECT * FROM c) x"};

/* Between two tokens, or before the end of a statement. */
static const char *const clauses[] = {
    "WHERE a > 1",
    "WHERE b = 'x' OR a IS NULL",
    "GROUP BY a",
    "GROUP BY b, 2",
    "GROUP BY ROLLUP (a, b)",
    "GROUP BY ALL",
    "HAVING count(*) > 1",
    "ORDER BY 1",
    "ORDER BY a DESC NULLS LAST, b COLLATE NOCASE",
    "LIMIT 2",
    "LIMIT 1 OFFSET 1",
    "DISTINCT",
    "UNION SELECT a FROM u",
    "UNION ALL VALUES (1), (2)",
    "EXCEPT SELECT a FROM u",
    "INTERSECT SELECT 1",
    "WINDOW w AS (PARTITION BY b ORDER BY a)",
    "QUALIFY row_number() OVER (ORDER BY a) < 3",
    "ON CONFLICT DO NOTHING",
    "ON CONFLICT (a) DO UPDATE SET e = excluded.e || u.e WHERE excluded.a > 1",
    "ON CONFLICT (e) DO UPDATE SET (a, e) = (SELECT 9, b FROM t LIMIT 1)",
    "RETURNING *, a + 1",
    "AS x",
    "FROM u WHERE u.a = t.a",
    "COLLATE NOCASE",
    "FILTER (WHERE a > 1)",
    "OVER (ORDER BY a)",
    "NOT",
    "AND a < 3",
    "OR d IS NULL",
    "+ 1",
    "ESCAPE '!'",
    "AS MATERIALIZED",
    "DISTINCT ON (a)",
    "EXPLAIN QUERY PLAN",
    "EXPLAIN"};

static const char *const statements[] = {
    "SELECT a, b FROM t WHERE a = 1;",
    "SELECT * FROM t JOIN u USING (a);",
    "INSERT INTO u VALUES (1, 'p'), (3, 'r') ON CONFLICT (a) DO UPDATE SET e = excluded.e;",
    "INSERT INTO t SELECT * FROM t;",
    "INSERT OR REPLACE INTO u(e, a) SELECT b, a FROM t;",
    "INSERT INTO u(e) VALUES ('z') RETURNING a;",
    "UPDATE t SET (a, b) = (SELECT a, e FROM u WHERE u.a = t.a);",
    "UPDATE t SET a = u.a + 1 FROM u WHERE u.a = t.a;",
    "UPDATE OR IGNORE u SET a = a + 1;",
    "DELETE FROM t WHERE a IN (SELECT a FROM u);",
    "BEGIN;",
    "COMMIT;",
    "ROLLBACK;",
    "SAVEPOINT s;",
    "ROLLBACK TO s;",
    "RELEASE s;",
    "CREATE TABLE v AS SELECT * FROM t;",
    "CREATE TEMP TABLE t(a, b);",
    "CREATE TABLE v(a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'q', UNIQUE (b), CHECK (a > 0)) "
    "STRICT;",
    "CREATE UNIQUE INDEX i ON t(a, b);",
    "CREATE VIEW v AS SELECT a, count(*) AS n FROM t GROUP BY a;",
    "DROP TABLE u;",
    "DROP VIEW v;",
    "ALTER TABLE t RENAME TO v;",
    "ALTER TABLE t ADD COLUMN e DEFAULT 1;",
    "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 9) SELECT * FROM c, "
    "t;",
    "WITH c AS (SELECT * FROM t) SELECT * FROM c x JOIN c y ON x.a = y.a;",
    "VALUES (1, 2), (3, NULL);",
    "PRAGMA stoa_batch = 3;",
    "PRAGMA stoa_batch = 1;",
    "PRAGMA stoa_passes_off = 65535;",
    "SUMMARIZE t;",
    "INSERT INTO t SELECT value, 'k' || value % 7, value * 0.5, value FROM generate_series(1, "
    "3000);"};

/* --- tokens ----------------------------------------------------------------------------------- */
struct token {
    uint32_t at, end;
    char     kind; /* 'a' name, '1' number, '\'' quoted, or the character itself */
};

struct text {
    uint8_t     *data;
    size_t       bytes, max;
    struct token tokens[TOKENS_MAX];
    uint32_t     count;
};

static uint64_t state;

static uint32_t below(size_t n) /* xorshift64*; 0 for 0 */
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)(((state * UINT64_C(2685821657736338717) >> 32) * n) >> 32);
}

static bool is_name(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c >= 0x80;
}

static size_t token_end(const uint8_t *data, size_t bytes, size_t at, char *kind)
{
    uint8_t first = data[at++];

    *kind = (char)first;
    if (is_name(first)) {
        *kind = first >= '0' && first <= '9' ? '1' : 'a';
        while (at < bytes && (is_name(data[at]) || (*kind == '1' && data[at] == '.')))
            at++;
    } else if (first == '\'' || first == '"' || first == '`') {
        *kind = '\'';
        while (at < bytes && data[at] != first)
            at++;
        at += at < bytes;
    }
    return at;
}

static void text_tokens(struct text *text)
{
    size_t at = 0;

    text->count = 0;
    while (at < text->bytes && text->count < TOKENS_MAX) {
        struct token *token = &text->tokens[text->count];

        if (text->data[at] <= ' ') {
            at++;
            continue;
        }
        token->at = (uint32_t)at;
        at = token_end(text->data, text->bytes, at, &token->kind);
        token->end = (uint32_t)at;
        text->count++;
    }
}

/* The token behind what token i begins: behind its closing parenthesis, or the next one. */
static uint32_t group_end(const struct text *text, uint32_t i)
{
    int depth = 0;

    for (uint32_t end = i; end < text->count; end++) {
        depth += (text->tokens[end].kind == '(') - (text->tokens[end].kind == ')');
        if (depth <= 0)
            return end + 1;
    }
    return i + 1;
}

/* The tokens [*from, *to) of the statement around token i, its semicolon among them. */
static void statement_around(const struct text *text, uint32_t i, uint32_t *from, uint32_t *to)
{
    for (*from = i; *from > 0 && text->tokens[*from - 1].kind != ';';)
        --*from;
    for (*to = i; *to < text->count && text->tokens[*to].kind != ';';)
        ++*to;
    *to += *to < text->count;
}

/* --- edits ------------------------------------------------------------------------------------ */
/* Bytes [at, end) become piece, with a blank on either side; nothing when there is no room. */
static void splice(struct text *text, size_t at, size_t end, const void *piece, size_t bytes)
{
    uint8_t copy[4096];

    if (bytes > sizeof copy || text->bytes - (end - at) + bytes + 2 > text->max)
        return;
    memcpy(copy, piece, bytes); /* it may be a part of the text */
    memmove(text->data + at + bytes + 2, text->data + end, text->bytes - end);
    text->data[at] = ' ';
    memcpy(text->data + at + 1, copy, bytes);
    text->data[at + bytes + 1] = ' ';
    text->bytes += bytes + 2 - (end - at);
}

static void splice_words(struct text *text, size_t at, size_t end, const char *words)
{
    splice(text, at, end, words, strlen(words));
}

static bool keyword_at(const struct text *text, uint32_t i, const char *word)
{
    size_t bytes = strlen(word);

    if (text->tokens[i].end - text->tokens[i].at != bytes)
        return false;
    for (size_t c = 0; c < bytes; c++)
        if ((text->data[text->tokens[i].at + c] | 0x20) != word[c])
            return false;
    return true;
}

/* The table after a FROM or JOIN at or behind token i becomes another one. */
static void edit_table(struct text *text, uint32_t i)
{
    for (; i + 1 < text->count; i++)
        if (keyword_at(text, i, "from") || keyword_at(text, i, "join"))
            break;
    if (i + 1 < text->count)
        splice_words(text, text->tokens[i + 1].at, text->tokens[group_end(text, i + 1) - 1].end,
                     tables[below(COUNT(tables))]);
}

static void edit_statement(struct text *text, uint32_t i)
{
    uint32_t    from, to;
    const char *other = statements[below(COUNT(statements))];

    statement_around(text, i, &from, &to);
    switch (below(4)) {
    case 0:
        splice_words(text, text->tokens[from].at, text->tokens[from].at, other);
        break;
    case 1:
        splice_words(text, text->tokens[from].at, text->tokens[to - 1].end, other);
        break;
    case 2:
        splice_words(text, text->tokens[from].at, text->tokens[to - 1].end, "");
        break;
    default: /* once more, at the end */
        splice(text, text->bytes, text->bytes, text->data + text->tokens[from].at,
               text->tokens[to - 1].end - text->tokens[from].at);
    }
}

/* A piece of the text comes in the place of another, or the two beside it. */
static void edit_pieces(struct text *text, uint32_t i)
{
    uint32_t     j = below(text->count), end = group_end(text, i), other_end = group_end(text, j);
    struct token first = text->tokens[i], last = text->tokens[end - 1];
    struct token other = text->tokens[j], other_last = text->tokens[other_end - 1];

    if (below(3) == 0)
        splice_words(text, first.at, last.end, "");
    else
        splice(text, first.at, below(2) ? last.end : first.at, text->data + other.at,
               other_last.end - other.at);
}

/* An expression, wrapped now and then, for a value or a group. */
static void edit_expression(struct text *text, uint32_t i)
{
    static const char *const wrappers[][2] = {{"(", ")"},
                                              {"(SELECT ", ")"},
                                              {"abs(", ")"},
                                              {"(SELECT ", " FROM u)"},
                                              {"max(", ") OVER ()"},
                                              {"NOT ", ""},
                                              {"- ", ""},
                                              {"CASE WHEN ", " THEN a END"},
                                              {"coalesce(", ", b)"}};
    const struct token *first = &text->tokens[i], *last = &text->tokens[group_end(text, i) - 1];
    const char *const  *wrapper = wrappers[below(COUNT(wrappers))];
    size_t              end = last->end, at = first->at;

    if (below(4) > 0) {
        splice_words(text, at, end, expressions[below(COUNT(expressions))]);
        return;
    }
    splice_words(text, end, end, wrapper[1]);
    splice_words(text, at, at, wrapper[0]);
}

static void edit(struct text *text)
{
    uint32_t i;

    text_tokens(text);
    if (text->count == 0) {
        splice_words(text, 0, text->bytes, statements[below(COUNT(statements))]);
        return;
    }
    i = below(text->count);
    switch (below(8)) {
    case 0:
        edit_statement(text, i);
        break;
    case 1:
    case 2:
        edit_table(text, i);
        break;
    case 3:
        splice_words(text, text->tokens[i].at, text->tokens[i].at, clauses[below(COUNT(clauses))]);
        break;
    case 4:
        edit_pieces(text, i);
        break;
    default: /* values and groups are worth more than keywords */
        for (uint32_t tries = 0; tries < 4 && strchr("1'(", text->tokens[i].kind) == NULL; tries++)
            i = below(text->count);
        edit_expression(text, i);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t max_bytes, unsigned seed)
{
    static struct text text;

    state = ((uint64_t)seed << 20 ^ bytes) * 2 + 1;
    below(1);
    if (below(4) == 0)
        return LLVMFuzzerMutate(data, bytes, max_bytes);
    text.data = data;
    text.bytes = bytes;
    text.max = max_bytes;
    for (uint32_t edits = 1 + below(3); edits > 0; edits--)
        edit(&text);
    return text.bytes;
}

/* A whole piece of one text in the place of one of another. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t one_bytes, const uint8_t *other,
                                 size_t other_bytes, uint8_t *out, size_t max_bytes, unsigned seed)
{
    static struct text into, from;
    uint32_t           i, j, first, last;

    if (one_bytes > max_bytes)
        return 0;
    state = ((uint64_t)seed << 20 ^ one_bytes) * 2 + 1;
    memcpy(out, one, one_bytes);
    into.data = out;
    into.bytes = one_bytes;
    into.max = max_bytes;
    from.data = (uint8_t *)(uintptr_t)other;
    from.bytes = other_bytes;
    text_tokens(&into);
    text_tokens(&from);
    if (into.count == 0 || from.count == 0)
        return one_bytes;
    i = below(into.count);
    j = below(from.count);
    first = j;
    last = group_end(&from, j);
    if (below(3) == 0) {
        statement_around(&from, j, &first, &last);
        splice(&into, into.bytes, into.bytes, other + from.tokens[first].at,
               from.tokens[last - 1].end - from.tokens[first].at);
    } else {
        splice(&into, into.tokens[i].at, into.tokens[group_end(&into, i) - 1].end,
               other + from.tokens[first].at, from.tokens[last - 1].end - from.tokens[first].at);
    }
    return into.bytes;
}
