/* test_parse.c - trees of statements, their SQL, and what is refused, and how, against sqlite3
 * itself.
 *
 * The oracle prepares every statement on an empty database.  What it says tells syntax from
 * meaning: where we refuse, it must refuse, and with our words when it speaks of syntax; where we
 * accept, it must not speak of syntax.  Mutations of the statements (tokens dropped, doubled,
 * exchanged) widen the field. */
/* before cmocka.h, which makes fail() a macro */
#include "base/str.h"
#include "sql/parse.h"
#include "tests/support/reprint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The dump of sql's statement, or its error; malloc'ed. */
static char *parse_text(const char *sql)
{
    struct memory     memory;
    struct arena      arena;
    struct str        text;
    struct error      err;
    struct statement *statement;
    size_t            tail;
    char             *copy;

    memory_init(&memory, 0);
    arena_init(&arena, &memory);
    str_init(&text, &memory);
    error_clear(&err);
    if (parse_statement(sql, strlen(sql), &parse_limits_default, &arena, &statement, &tail, &err) ==
        STATUS_OK)
        ast_dump(statement, &text);
    else
        str_printf(&text, "%s", err.text);
    copy = strdup(str_end(&text));
    str_free(&text);
    arena_free(&arena);
    assert_int_equal(atomic_load(&memory.used), 0);
    return copy;
}

struct pair {
    const char *sql, *expected;
};

static void expect_all(const struct pair *pairs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *text = parse_text(pairs[i].sql);

        if (strcmp(text, pairs[i].expected) != 0)
            print_error("for: %s\n", pairs[i].sql);
        assert_string_equal(text, pairs[i].expected);
        free(text);
    }
}

static void expressions_bind_as_in_sqlite(void **state)
{
    static const struct pair pairs[] = {
        {"SELECT 1 + 2 * 3 - 4", "SELECT ((1 + (2 * 3)) - 4)\n"},
        {"SELECT 1 < 2 < 3 = 4", "SELECT (((1 < 2) < 3) = 4)\n"},
        {"SELECT NOT a = b AND c OR d", "SELECT (((NOT (a = b)) AND c) OR d)\n"},
        {"SELECT -a COLLATE nocase || b", "SELECT (((-a) COLLATE nocase) || b)\n"},
        {"SELECT a | b & c << d >> e", "SELECT ((((a | b) & c) << d) >> e)\n"},
        {"SELECT a || b * c -> d", "SELECT ((a || b) * (c -> d))\n"},
        {"SELECT ~a + +b - -c", "SELECT (((~a) + (+b)) - (-c))\n"},
        {"SELECT a BETWEEN b AND c AND d", "SELECT ((a BETWEEN b AND c) AND d)\n"},
        {"SELECT a NOT BETWEEN b AND c", "SELECT (a NOT BETWEEN b AND c)\n"},
        {"SELECT a IS NOT b, a IS NOT NULL, a IS NULL",
         "SELECT (a IS NOT b), (a NOTNULL), (a ISNULL)\n"},
        {"SELECT a IS NOT DISTINCT FROM b, a IS DISTINCT FROM b",
         "SELECT (a IS b), (a IS NOT b)\n"},
        {"SELECT a ISNULL, a NOTNULL, a NOT NULL", "SELECT (a ISNULL), (a NOTNULL), (a NOTNULL)\n"},
        {"SELECT a LIKE b ESCAPE c, a NOT GLOB b", "SELECT (a LIKE b ESCAPE c), (a NOT GLOB b)\n"},
        {"SELECT a REGEXP b = c MATCH d", "SELECT MATCH(d, ((a REGEXP b) = c))\n"},
        {"SELECT f(a) IN (), a NOT IN (1, 2), a IN (SELECT 1), a IN t, a IN s.t, a IN f(1)",
         "SELECT (f(a) IN ()), (a NOT IN (1, 2)), (a IN (SELECT 1)), (a IN (SELECT * FROM t)), (a "
         "IN "
         "(SELECT * FROM s.t)), (a IN (SELECT * FROM f(1)))\n"},
        {"SELECT CASE a WHEN 1 THEN 2 ELSE 3 END, CASE WHEN 1 THEN 2 END",
         "SELECT CASE a WHEN 1 THEN 2 ELSE 3 END, CASE WHEN 1 THEN 2 END\n"},
        {"SELECT CAST(a AS VARCHAR ( 10 , 2 )), CAST(a AS)",
         "SELECT CAST(a AS VARCHAR ( 10 , 2 )), CAST(a AS NUMERIC)\n"},
        {"SELECT (1, 2) = (SELECT 1, 2), EXISTS (SELECT 1)",
         "SELECT ((1, 2) = (SELECT 1, 2)), EXISTS(SELECT 1)\n"},
        {"SELECT a->'x'->>'y'", "SELECT ((a -> 'x') ->> 'y')\n"},
        {"SELECT a == b, a <> b, a != b", "SELECT (a = b), (a <> b), (a <> b)\n"},
        {"SELECT group_concat(DISTINCT a ORDER BY b DESC) FILTER (WHERE c), count(*)",
         "SELECT group_concat(DISTINCT a ORDER BY b DESC) FILTER (WHERE c), count(*)\n"},
        {"SELECT sum(a) OVER (PARTITION BY b ORDER BY c ROWS 1 PRECEDING EXCLUDE TIES), f() OVER w",
         "SELECT sum(a) OVER ( PARTITION BY b ORDER BY c ROWS BETWEEN 1 PRECEDING AND CURRENT ROW "
         "EXCLUDE TIES), f() OVER w\n"},
        {"SELECT CURRENT_DATE, current_timestamp", "SELECT CURRENT_DATE, current_timestamp\n"},
    };

    (void)state;
    expect_all(pairs, countof(pairs));
}

static void literals_have_their_classes(void **state)
{
    static const struct pair pairs[] = {
        {"SELECT 1, 1.5, .5, 1e3, 1., 'it''s', x'0aFf', NULL",
         "SELECT 1, 1.5, 0.5, 1000.0, 1.0, 'it''s', x'0AFF', NULL\n"},
        {"SELECT 9223372036854775807, 9223372036854775808",
         "SELECT 9223372036854775807, 9.2233720368547758e+18\n"},
        {"SELECT -9223372036854775808, -(9223372036854775808), - -9223372036854775808",
         "SELECT -9223372036854775808, -9223372036854775808, (- -9223372036854775808)\n"},
        {"SELECT 0x10, 0xFFFFFFFFFFFFFFFF, 0x00000000000000000001",
         "SELECT 16, 0xffffffffffffffff, 1\n"},
        {"SELECT 1_000, 1_0.5_5, 0xf_f, -9_223_372_036_854_775_808",
         "SELECT 1000, 10.55, 255, -9223372036854775808\n"},
        {"SELECT ?, ?5, ?, :a, @a, $a, :a, $x::y(z z", "unrecognized token: \"$x::y(z\""},
        {"SELECT ?, ?5, ?, :a, @a, $a, :a, $x::y(z)", "SELECT ?1, ?5, ?6, ?7, ?8, ?9, ?7, ?10\n"},
        {"SELECT \"a\", [b c], `d`, \"e\"\"f\"", "SELECT \"a\", `b c`, `d`, \"e\"\"f\"\n"},
    };

    (void)state;
    expect_all(pairs, countof(pairs));
}

static void statements_have_their_trees(void **state)
{
    static const struct pair pairs[] = {
        {"", "EMPTY\n"},
        {" ; -- nothing\n /* at all", "EMPTY\n"},
        {"select a.*, b c, d as 'e' from t as x natural left outer join u join v using (a, b) "
         "cross join (w join y on 1), (select 2) z",
         "SELECT a.*, b AS c, d AS `e` FROM t AS x NATURAL LEFT OUTER JOIN u INNER JOIN v USING "
         "(a, "
         "b) "
         "CROSS JOIN (w INNER JOIN y ON 1), (SELECT 2) AS z\n"},
        {"select * from (t), ((u as a)), 'f.csv' g, generate_series(1, 2) as s, main.x indexed by "
         "i, y not indexed",
         "SELECT * FROM t, u AS a, 'f.csv' AS g, generate_series(1, 2) AS s, main.x INDEXED BY i, "
         "y NOT INDEXED\n"},
        {"select distinct a from t where b group by c, d having e order by 1 desc nulls last, f "
         "collate nocase limit 1, 2",
         "SELECT DISTINCT a FROM t WHERE b GROUP BY c, d HAVING e ORDER BY 1 DESC NULLS LAST, (f "
         "COLLATE "
         "nocase) LIMIT 2 OFFSET 1\n"},
        {"with a(x) as (select 1), b as materialized (values (1), (2)) select 1 union all select 2 "
         "except select 3 limit 4",
         "WITH a(x) AS (SELECT 1), b AS MATERIALIZED (VALUES (1), (2)) SELECT 1 UNION ALL SELECT 2 "
         "EXCEPT SELECT 3 LIMIT 4\n"},
        {"select 1 window w as (order by a), v as (w rows unbounded preceding)",
         "SELECT 1 WINDOW w AS ( ORDER BY a), v AS (w ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT "
         "ROW)\n"},
        {"replace into main.t as x (a, b) values (1, 2) returning *, a c",
         "INSERT OR REPLACE INTO main.t AS x(a, b)\n  VALUES (1, 2)\n  RETURNING *, a AS c\n"},
        {"insert into t select * from u where 1 on conflict (a, b desc) where c do update set d = "
         "1, (e, f) = (2, 3) where g on conflict do nothing",
         "INSERT INTO t\n  SELECT * FROM u WHERE 1\n  ON CONFLICT (a, b DESC) WHERE c DO UPDATE\n  "
         "SET "
         "(d) = 1, (e, f) = (2, 3) WHERE g\n  ON CONFLICT DO NOTHING\n"},
        {"insert into t default values", "INSERT INTO t\n  DEFAULT VALUES\n"},
        {"update or ignore t set a = b + 1, (c, d) = (select 1, 2) from u, v where w",
         "UPDATE OR IGNORE t\n  SET (a) = (b + 1), (c, d) = (SELECT 1, 2)\n  FROM u, v\n  "
         "WHERE w\n"},
        {"delete from t as x where a returning b",
         "DELETE FROM t AS x\n  WHERE a\n  RETURNING b\n"},
        {"create table if not exists main.t(a, b int not null on conflict fail default -5, c text "
         "collate nocase unique "
         "check (c <> ''), key varchar(10, 2) default abc, constraint q check (a > b), primary key "
         "(a, b desc), foreign key (a) "
         "references u(x) on delete set null deferrable initially deferred) without rowid, strict",
         "CREATE TABLE IF NOT EXISTS main.t(\n"
         "  a,\n"
         "  b int NOT NULL ON CONFLICT FAIL DEFAULT ((-5)),\n"
         "  c text UNIQUE COLLATE NOCASE,\n"
         "  key varchar(10, 2) DEFAULT ('abc'),\n"
         "  CHECK ((c <> '')),\n"
         "  CONSTRAINT q CHECK ((a > b)),\n"
         "  PRIMARY KEY (a, b DESC),\n"
         "  FOREIGN KEY (a) REFERENCES u(x) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED)"
         " WITHOUT ROWID, STRICT\n"},
        {"create table t(a integer primary key desc autoincrement, b as (a + 1) stored, c int "
         "generated always as (1), d references u)",
         "CREATE TABLE t(\n"
         "  a integer PRIMARY KEY DESC AUTOINCREMENT,\n"
         "  b AS ((a + 1)) STORED,\n"
         "  c int AS (1),\n"
         "  d REFERENCES u)\n"},
        {"create temp table t as select 1", "CREATE TEMP TABLE t\n  AS SELECT 1\n"},
        {"create unique index if not exists i on t(a, 'b' desc, a + 1) where a",
         "CREATE UNIQUE INDEX IF NOT EXISTS i ON t (a, `b` DESC, (a + 1)) WHERE a\n"},
        {"create view v(a, b) as select 1, 2", "CREATE VIEW v(a, b)\n  AS SELECT 1, 2\n"},
        {"drop view if exists main.v", "DROP VIEW IF EXISTS main.v\n"},
        {"begin exclusive transaction", "BEGIN EXCLUSIVE\n"},
        {"end", "COMMIT\n"},
        {"rollback to x", "ROLLBACK TO x\n"},
        {"pragma main.cache_size(-5)", "PRAGMA main.cache_size(-5)\n"},
        {"pragma x = on", "PRAGMA x = 'on'\n"},
        {"explain query plan values (1)", "EXPLAIN QUERY PLAN VALUES (1)\n"},
        {"explain analyze", "EXPLAIN ANALYZE\n  unsupported: ANALYZE\n"},
        {"create trigger r after update of a on t for each row when new.a begin update t set a = "
         "1; select 2; end",
         "CREATE TRIGGER\n  unsupported: CREATE TRIGGER\n"},
        {"create virtual table v using fts5(a, b = (c, d) 'e')",
         "CREATE VIRTUAL TABLE\n  unsupported: CREATE VIRTUAL TABLE\n"},
        {"alter table t add column x int not null default 5",
         "ALTER TABLE\n  unsupported: ALTER TABLE\n"},
        {"vacuum main into 'x'", "VACUUM\n  unsupported: VACUUM INTO\n"},
    };

    (void)state;
    expect_all(pairs, countof(pairs));
}

static void our_statements_have_their_trees(void **state)
{
    static const struct pair pairs[] = {
        {"explain analyze select 1", "EXPLAIN ANALYZE SELECT 1\n"},
        {"copy t(a, b) from 'x.csv' (delimiter ',', header false, null '', columns (a, b), skip 3, "
         "strict)",
         "COPY t(a, b) FROM 'x.csv' (delimiter ',', header 'false', null '', columns (a, b), skip "
         "3, strict)\n"},
        {"copy (select 1) to 'x' with (format csv)", "COPY (SELECT 1) TO 'x' (format 'csv')\n"},
        {"create table t(a) storage column, strict",
         "CREATE TABLE t(\n  a) STRICT, STORAGE column\n"},
        {"create table t(a) storage rows", "unknown storage: rows"},
        {"create table t storage row as select 1", "CREATE TABLE t STORAGE row\n  AS SELECT 1\n"},
        {"create index i on t(a) using bitmap", "CREATE INDEX i ON t (a) USING bitmap\n"},
        {"create index i on t using skiplist (a)", "CREATE INDEX i ON t (a) USING skiplist\n"},
        {"select copy, storage, bitmap from copy", "SELECT copy, storage, bitmap FROM copy\n"},
    };

    (void)state;
    expect_all(pairs, countof(pairs));
}

static void source_texts_are_as_written(void **state)
{
    static const char sql[] = "select a+ b  , /*x*/ ( c ) /*y*/ as d , f( 1 )  from t";
    struct memory     memory;
    struct arena      arena;
    struct error      err;
    struct statement *statement;
    size_t            tail;

    (void)state;
    memory_init(&memory, 0);
    arena_init(&arena, &memory);
    assert_int_equal(
        parse_statement(sql, strlen(sql), &parse_limits_default, &arena, &statement, &tail, &err),
        0);
    assert_string_equal(statement->select->columns[0].expr->source_text, "a+ b");
    assert_string_equal(statement->select->columns[1].expr->source_text, "( c ) /*y*/");
    assert_string_equal(statement->select->columns[2].expr->source_text, "f( 1 )");
    arena_free(&arena);
}

static void statements_are_taken_one_by_one(void **state)
{
    static const char sql[] =
        " select 1 ; ;; create trigger a before delete on b begin select 2; end ; -- x\n vacuum";
    const char       *rest = sql;
    struct memory     memory;
    struct arena      arena;
    struct error      err;
    struct statement *statement;
    size_t            tail;
    int kinds[] = {STATEMENT_SELECT, STATEMENT_CREATE_TRIGGER, STATEMENT_VACUUM, STATEMENT_EMPTY};

    (void)state;
    memory_init(&memory, 0);
    arena_init(&arena, &memory);
    for (size_t i = 0; i < countof(kinds); i++) {
        assert_int_equal(parse_statement(rest, strlen(rest), &parse_limits_default, &arena,
                                         &statement, &tail, &err),
                         0);
        assert_int_equal(statement->kind, kinds[i]);
        rest += tail;
    }
    assert_string_equal(rest, "");
    arena_free(&arena);
}

static void completeness_is_sqlites(void **state)
{
    static const char *const texts[] = {
        "",
        ";",
        "select 1",
        "select 1;",
        "select 1; ",
        "select 1; x",
        "select ';",
        "select ';';",
        "select 1; -- x",
        "select 1; /* x",
        "select 1; /* x */",
        "create trigger a begin select 1;",
        "create temp trigger a begin select 1; end",
        "create trigger a begin select 1; end;",
        "explain create trigger a begin select 1; end;",
        "create table t(a);",
        "create temp trigger x; end",
        "create temp trigger x; end;",
        "explain select 1;",
        "\"a;",
        "[a;",
        "[a];",
        "-- ;",
        "/* ; */",
        "select 1 /",
        "x'12;",
        "end;",
        "create;",
        "explain;",
        "create trigger;;end;",
    };

    (void)state;
    for (size_t i = 0; i < countof(texts); i++) {
        if (parse_complete(texts[i], strlen(texts[i])) != (sqlite3_complete(texts[i]) != 0))
            print_error("for: %s\n", texts[i]);
        assert_int_equal(parse_complete(texts[i], strlen(texts[i])),
                         sqlite3_complete(texts[i]) != 0);
    }
}

/* --- against sqlite3 -------------------------------------------------------------------------- */
static const char *const corpus[] = {
#include "tests/unit/sql/statements.inc"
};

static const char *const syntax_words[] = {
    "syntax error",
    "incomplete input",
    "unrecognized token",
    "Recursion limit",
    "unknown join type",
    "clause should come after",
    "all VALUES must have",
    "variable number must be",
    "hex literal too big",
    "a JOIN clause is required",
    "unsupported frame specification",
    "Expression tree is too large",
};

static bool speaks_of_syntax(const char *text)
{
    for (size_t i = 0; i < countof(syntax_words); i++)
        if (strstr(text, syntax_words[i]) != NULL)
            return true;
    return false;
}

/* sqlite3's words about sql, or "" */
static const char *oracle_says(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int           rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);

    sqlite3_finalize(stmt);
    return rc == SQLITE_OK ? "" : sqlite3_errmsg(db);
}

/* Where sqlite3 stops reading, one of our clauses goes on: FROM first, * EXCLUDE, DISTINCT ON... */
static const char *const our_words[] = {"from", "exclude",  "rename",      "replace",
                                        "on",   "describe", "summarize",   "show",
                                        "desc", "sample",   "tablesample", "="};

static bool is_at_our_word(const char *theirs)
{
    for (size_t i = 0; i < countof(our_words); i++) {
        char text[64];

        snprintf(text, sizeof text, "near \"%s\": syntax error", our_words[i]);
        if (strcasecmp(theirs, text) == 0)
            return true;
    }
    return false;
}

/* Things we take and sqlite3 does not, and things it refuses for reasons of its own. */
static bool is_our_own(const char *sql, const char *theirs)
{
    return strcasestr(sql, "copy") != NULL || strcasestr(sql, "storage") != NULL ||
           strcasestr(sql, "using") != NULL || strcasestr(sql, "analyze") != NULL ||
           strcasestr(sql, "0x10000000000000000") != NULL || /* they see it when it is used */
           is_at_our_word(theirs) || strstr(theirs, "\"ORDER\"") != NULL ||
           strstr(theirs, "\"LIMIT\"") != NULL;
}

/* Two mistakes in one statement: sqlite3 may find the other one first. */
static bool is_late(const char *ours)
{
    return strstr(ours, "syntax error") == NULL && strcmp(ours, "incomplete input") != 0;
}

static bool agree(sqlite3 *db, const char *sql)
{
    struct memory     memory;
    struct arena      arena;
    struct error      err;
    struct statement *statement;
    size_t            tail;
    const char       *theirs = oracle_says(db, sql);
    bool              ok, same;

    memory_init(&memory, 0);
    arena_init(&arena, &memory);
    error_clear(&err);
    ok = parse_statement(sql, strlen(sql), &parse_limits_default, &arena, &statement, &tail,
                         &err) == STATUS_OK;
    arena_free(&arena);
    if (ok)
        same = !speaks_of_syntax(theirs) || is_our_own(sql, theirs);
    else
        same = strcmp(err.text, theirs) == 0 || is_our_own(sql, theirs) ||
               (theirs[0] != '\0' && (!speaks_of_syntax(theirs) || is_late(err.text)));
    if (!same)
        print_error("%s\n  ours:   %s\n  theirs: %s\n", sql, err.text, theirs);
    return same;
}

static void refusals_are_sqlites(void **state)
{
    sqlite3 *db;
    uint32_t wrong = 0;

    (void)state;
    if (sqlite3_libversion_number() < 3053000)
        skip(); /* the grammar is that of 3.53 */
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (size_t i = 0; i < countof(corpus); i++)
        wrong += !agree(db, corpus[i]);
    sqlite3_close(db);
    assert_int_equal(wrong, 0);
}

/* --- mutations -------------------------------------------------------------------------------- */
static uint64_t seed = 20261120;

static uint32_t random_below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 11) % n);
}

enum { WORDS_MAX = 400 };

/* Cuts text into words at blanks and punctuation; returns how many. */
static uint32_t cut_words(const char *text, const char **words, uint32_t *lengths)
{
    uint32_t count = 0;

    while (*text != '\0' && count < WORDS_MAX) {
        size_t length =
            strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

        if (*text == '\'' && strchr(text + 1, '\'') != NULL)
            length = (size_t)(strchr(text + 1, '\'') - text) + 1;
        if (length == 0)
            length = 1;
        if (*text != ' ') {
            words[count] = text;
            lengths[count++] = (uint32_t)length;
        }
        text += length;
    }
    return count;
}

/* A statement of the corpus with a word dropped, doubled, or taken from another one. */
static void mutate(char *out, size_t capacity)
{
    const char *words[WORDS_MAX], *donor_words[WORDS_MAX];
    uint32_t    lengths[WORDS_MAX], donor_lengths[WORDS_MAX];
    uint32_t    count = cut_words(corpus[random_below(countof(corpus))], words, lengths);
    uint32_t    donor_count =
        cut_words(corpus[random_below(countof(corpus))], donor_words, donor_lengths);
    uint32_t place, how = random_below(4);
    size_t   used = 0;

    out[0] = '\0';
    if (count == 0 || donor_count == 0)
        return;
    place = random_below(count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t donor = random_below(donor_count);

        if (used + lengths[i] + donor_lengths[donor] + lengths[i] + 4 >= capacity)
            break;
        if (i == place && how == 0)
            continue;
        if (i == place && how >= 2)
            used +=
                (size_t)sprintf(out + used, "%.*s ", (int)donor_lengths[donor], donor_words[donor]);
        if (i == place && how == 3)
            continue;
        used += (size_t)sprintf(out + used, "%.*s ", (int)lengths[i], words[i]);
        if (i == place && how == 1)
            used += (size_t)sprintf(out + used, "%.*s ", (int)lengths[i], words[i]);
    }
}

static void refusals_of_mutations_are_sqlites(void **state)
{
    char     sql[8192];
    sqlite3 *db;
    uint32_t wrong = 0, rounds = 60000;
    char    *asked = getenv("STOA_TEST_ROUNDS");

    (void)state;
    if (sqlite3_libversion_number() < 3053000)
        skip();
    if (asked != NULL)
        rounds = (uint32_t)atoi(asked);
    assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
    for (uint32_t i = 0; i < rounds && wrong < 30; i++) {
        mutate(sql, sizeof sql);
        wrong += !agree(db, sql);
    }
    sqlite3_close(db);
    assert_int_equal(wrong, 0);
}

/* --- limits and memory ------------------------------------------------------------------------ */
static char *repeated(const char *head, const char *part, uint32_t times, const char *middle,
                      const char *closing)
{
    size_t head_length = strlen(head), part_length = strlen(part), closing_length = strlen(closing);
    char  *text = malloc(head_length + strlen(middle) + (part_length + closing_length) * times + 1);
    char  *end = text;

    end = stpcpy(end, head);
    for (uint32_t i = 0; i < times; i++)
        end = stpcpy(end, part);
    end = stpcpy(end, middle);
    for (uint32_t i = 0; i < times; i++)
        end = stpcpy(end, closing);
    return text;
}

static void expect_repeated(const char *head, const char *part, uint32_t times, const char *middle,
                            const char *closing, const char *expected)
{
    char *sql = repeated(head, part, times, middle, closing), *text = parse_text(sql);

    if (expected == NULL)
        assert_true(strncmp(text, "SELECT", 6) == 0 || strncmp(text, "VALUES", 6) == 0);
    else
        assert_string_equal(text, expected);
    free(text);
    free(sql);
}

static void nesting_and_lengths_are_bounded(void **state)
{
    (void)state;
    expect_repeated("select ", "1+", 998, "1", "", NULL);
    expect_repeated("select ", "1+", 1000, "1", "",
                    "Expression tree is too large (maximum depth 1000)");
    expect_repeated("select ", "(", 900, "1", ")", NULL);
    expect_repeated("select ", "(", 100000, "1", ")", "Recursion limit");
    expect_repeated("select ", "(select ", 100000, "1", ")", "Recursion limit");
    expect_repeated("select ", "case when ", 100000, "1", " then 1 end", "Recursion limit");
    expect_repeated("select * from ", "(select * from ", 100000, "t", ")", "Recursion limit");
    expect_repeated("select ", "- ", 2000, " 1", "",
                    "Expression tree is too large (maximum depth 1000)");
    expect_repeated("select ", "not ", 100000, "1", "", "Recursion limit");
    expect_repeated("select 1", ", 1", 1999, "", "", NULL);
    expect_repeated("select 1", ", 1", 2000, "", "", "too many columns in result set");
    expect_repeated("select 1", " union select 1", 499, "", "", NULL);
    expect_repeated("select 1", " union select 1", 500, "", "",
                    "too many terms in compound SELECT");
    expect_repeated("values (1)", ", (1)", 10000, "", "", NULL);
    expect_repeated("select f(1", ", 1", 1000, ")", "", "too many arguments on function f");
    expect_repeated("select * from t", ", t", 200, "", "", "too many FROM clause terms, max: 200");
    expect_repeated("select ?32766", ", ?", 1, "", "", "too many SQL variables");
}

static void trees_print_as_sql_that_makes_them(void **state)
{
    int wrong = 0;

    (void)state;
    for (size_t i = 0; i < countof(corpus); i++) {
        char message[2000], *printed;

        if (!reprint(corpus[i], &printed, message, sizeof message)) {
            print_error("%s\n  %s\n", corpus[i], message);
            wrong++;
        }
        free(printed);
    }
    assert_int_equal(wrong, 0);
}

static void memory_that_runs_out_is_reported(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(corpus); i += 3) {
        bool done = false;

        for (uint64_t n = 1; !done; n++) {
            struct arena      arena;
            struct error      err;
            struct statement *statement;
            size_t            tail;
            enum status       status;

            arena_init(&arena, NULL);
            error_clear(&err);
            memory_fail_at(n, true);
            status = parse_statement(corpus[i], strlen(corpus[i]), &parse_limits_default, &arena,
                                     &statement, &tail, &err);
            done = memory_fail_hits() == 0;
            memory_fail_at(0, false);
            if (!done)
                assert_int_equal(status, STATUS_NOMEM);
            arena_free(&arena);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions_bind_as_in_sqlite),
        cmocka_unit_test(literals_have_their_classes),
        cmocka_unit_test(statements_have_their_trees),
        cmocka_unit_test(our_statements_have_their_trees),
        cmocka_unit_test(source_texts_are_as_written),
        cmocka_unit_test(statements_are_taken_one_by_one),
        cmocka_unit_test(completeness_is_sqlites),
        cmocka_unit_test(refusals_are_sqlites),
        cmocka_unit_test(refusals_of_mutations_are_sqlites),
        cmocka_unit_test(nesting_and_lengths_are_bounded),
        cmocka_unit_test(trees_print_as_sql_that_makes_them),
        cmocka_unit_test(memory_that_runs_out_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
