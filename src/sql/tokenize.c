/* tokenize.c - SQL text cut into tokens. */
#include "sql/tokenize.h"

#include "base/status.h"
#include "base/str.h"
#include "sql/grammar.h"

/* Row 0 and the row before each letter's keywords have no text: there a search ends. */
static const struct keyword {
    const char *text;
    uint8_t     bytes;
    uint8_t     code;
    bool        addition; /* no keyword of SQLite */
} keywords[] = {
#define LETTER(letter) {NULL, 0, 0, false},
#define KEYWORD(text, token) {text, sizeof text - 1, TOKEN_##token, false},
#define ADDITION(text, token) {text, sizeof text - 1, TOKEN_##token, true},
    {NULL, 0, 0, false},
#include "sql/keywords.def"
    {NULL, 0, 0, false}
#undef LETTER
#undef KEYWORD
#undef ADDITION
};

/* FIRST_A...: the rows where a letter's keywords begin. */
enum keyword_row {
#define ROW_OF_LINE(line) ROW_OF_LINE_##line
#define ROW(line) ROW_OF_LINE(line)
#define LETTER(letter) BEFORE_##letter, FIRST_##letter, BEFORE_FIRST_##letter = FIRST_##letter - 1,
#define KEYWORD(text, token) ROW(__LINE__),
#define ADDITION(text, token) ROW(__LINE__),
    ROW_EMPTY,
#include "sql/keywords.def"
#undef LETTER
#undef KEYWORD
#undef ADDITION
    KEYWORD_ROWS
};
_Static_assert(countof(keywords) == KEYWORD_ROWS + 1, "a row each");

static const uint8_t first_keyword[26] = {
#define FIRST(lower, upper) [lower - 'a'] = FIRST_##upper
    FIRST('a', A), FIRST('b', B), FIRST('c', C), FIRST('d', D), FIRST('e', E), FIRST('f', F),
    FIRST('g', G), FIRST('h', H), FIRST('i', I), FIRST('j', J), FIRST('k', K), FIRST('l', L),
    FIRST('m', M), FIRST('n', N), FIRST('o', O), FIRST('p', P), FIRST('q', Q), FIRST('r', R),
    FIRST('s', S), FIRST('t', T), FIRST('u', U), FIRST('v', V), FIRST('w', W),
#undef FIRST
};

/* What a byte may be part of. */
enum byte_class { BYTE_WORD = 1, BYTE_DIGIT = 2, BYTE_HEX = 4, BYTE_BLANK = 8, BYTE_LETTER = 16 };
static const uint8_t byte_classes[256] = {
    ['\t' ... '\r'] = BYTE_BLANK,
    [' '] = BYTE_BLANK,
    ['$'] = BYTE_WORD,
    ['0' ... '9'] = BYTE_WORD | BYTE_DIGIT | BYTE_HEX,
    ['A' ... 'F'] = BYTE_WORD | BYTE_LETTER | BYTE_HEX,
    ['G' ... 'Z'] = BYTE_WORD | BYTE_LETTER,
    ['_'] = BYTE_WORD,
    ['a' ... 'f'] = BYTE_WORD | BYTE_LETTER | BYTE_HEX,
    ['g' ... 'z'] = BYTE_WORD | BYTE_LETTER,
    [0x80 ... 0xff] = BYTE_WORD,
};

static bool byte_is(unsigned char c, enum byte_class class_)
{
    return (byte_classes[c] & class_) != 0;
}

bool token_is_word_byte(unsigned char c)
{
    return byte_is(c, BYTE_WORD);
}

static const struct keyword *find(const char *word, size_t bytes)
{
    enum { CASE_BIT = 0x20 }; /* of letters; no other byte of a word becomes a letter or _ */
    unsigned char first = (unsigned char)word[0];

    if (bytes < 2 || !byte_is(first, BYTE_LETTER))
        return NULL;
    for (const struct keyword *keyword = &keywords[first_keyword[(first | CASE_BIT) - 'a']];
         keyword->bytes != 0; keyword++) {
        size_t same = 1;

        if (keyword->bytes != bytes)
            continue;
        while (same < bytes && (word[same] & ~CASE_BIT) == (keyword->text[same] & ~CASE_BIT))
            same++;
        if (same == bytes)
            return keyword;
    }
    return NULL;
}

int keyword_find(const char *word, size_t bytes)
{
    const struct keyword *keyword = find(word, bytes);

    return keyword == NULL ? TOKEN_ID : keyword->code;
}

bool keyword_is_sqlites(const char *word, size_t bytes)
{
    const struct keyword *keyword = find(word, bytes);

    return keyword != NULL && !keyword->addition;
}

/* The byte at i, NUL behind the end. */
static unsigned char byte_at(const char *sql, size_t bytes, size_t i)
{
    return i < bytes ? (unsigned char)sql[i] : '\0';
}

/* Moves i, an offset into sql, on while what is said of it holds, and it is before the end; less
 * far when work is stopped, which cuts the token. */
#define SKIP_WHILE(i, holds)                                                                       \
    do {                                                                                           \
        for (size_t end_; (end_ = interrupt_text((i), bytes)) > (i);) {                            \
            while ((i) < end_ && (holds))                                                          \
                (i)++;                                                                             \
            if ((i) < end_)                                                                        \
                break;                                                                             \
        }                                                                                          \
    } while (0)

static bool is_hex(unsigned char c)
{
    return byte_is(c, BYTE_HEX);
}

static size_t read_blanks(const char *sql, size_t bytes, size_t at)
{
    size_t i = at + 1;

    SKIP_WHILE(i, byte_is((unsigned char)sql[i], BYTE_BLANK));
    return i - at;
}

static size_t read_line_comment(const char *sql, size_t bytes, size_t at)
{
    size_t i = at + 2;

    SKIP_WHILE(i, sql[i] != '\n' && sql[i] != '\0');
    return i - at;
}

/* A comment that nothing ends goes to the end of the text. */
static size_t read_block_comment(const char *sql, size_t bytes, size_t at)
{
    size_t i = at + 3;

    SKIP_WHILE(i, sql[i] != '\0' && !(sql[i] == '/' && sql[i - 1] == '*'));
    return (byte_at(sql, bytes, i) == '\0' ? i : i + 1) - at;
}

/* A text between quotes; the quote itself is written twice inside. */
static size_t read_quoted(const char *sql, size_t bytes, size_t at, int *code)
{
    char   quote = sql[at];
    size_t i = at + 1;

    for (;; i += 2) {
        SKIP_WHILE(i, sql[i] != quote && sql[i] != '\0');
        if (byte_at(sql, bytes, i) != (unsigned char)quote || interrupt_text(i, bytes) == i)
            break;
        if (byte_at(sql, bytes, i + 1) != (unsigned char)quote) {
            *code = quote == '\'' ? TOKEN_STRING : TOKEN_ID;
            return i + 1 - at;
        }
    }
    *code = TOKEN_ILLEGAL;
    return i - at;
}

static size_t read_bracketed(const char *sql, size_t bytes, size_t at, int *code)
{
    size_t i = at + 1;

    SKIP_WHILE(i, sql[i] != '\0' && sql[i] != ']');
    *code = byte_at(sql, bytes, i) == ']' ? TOKEN_ID : TOKEN_ILLEGAL;
    return (*code == TOKEN_ID ? i + 1 : i) - at;
}

/* Digits and _ from i on; notes a _ in *code. */
static size_t skip_digits(const char *sql, size_t bytes, size_t i, bool hex, int *code)
{
    for (;; i++) {
        if (hex)
            SKIP_WHILE(i, is_hex((unsigned char)sql[i]));
        else
            SKIP_WHILE(i, ascii_digit(sql[i]));
        if (byte_at(sql, bytes, i) != '_')
            return i;
        *code = TOKEN_SEPARATED_NUMBER;
    }
}

static size_t read_number(const char *sql, size_t bytes, size_t at, int *code)
{
    size_t        i = at;
    unsigned char c, next;

    *code = TOKEN_INTEGER;
    if (sql[at] == '0' && (byte_at(sql, bytes, at + 1) | 0x20) == 'x' &&
        is_hex(byte_at(sql, bytes, at + 2))) {
        i = skip_digits(sql, bytes, at + 3, true, code);
    } else {
        i = skip_digits(sql, bytes, at, false, code);
        if (byte_at(sql, bytes, i) == '.') {
            if (*code == TOKEN_INTEGER)
                *code = TOKEN_FLOAT;
            i = skip_digits(sql, bytes, i + 1, false, code);
        }
        c = byte_at(sql, bytes, i);
        next = byte_at(sql, bytes, i + 1);
        if ((c | 0x20) == 'e' &&
            (ascii_digit((char)next) ||
             ((next == '+' || next == '-') && ascii_digit((char)byte_at(sql, bytes, i + 2))))) {
            if (*code == TOKEN_INTEGER)
                *code = TOKEN_FLOAT;
            i = skip_digits(sql, bytes, i + 2, false, code);
        }
    }
    if (token_is_word_byte(byte_at(sql, bytes, i)))
        *code = TOKEN_ILLEGAL;
    SKIP_WHILE(i, token_is_word_byte((unsigned char)sql[i]));
    return i - at;
}

/* :name @name $name $ns::name(suffix) */
static size_t read_named_variable(const char *sql, size_t bytes, size_t at, int *code)
{
    size_t i = at + 1, letters = 0;

    *code = TOKEN_VARIABLE;
    for (;; i++) {
        size_t        word = i;
        unsigned char c;

        SKIP_WHILE(i, token_is_word_byte((unsigned char)sql[i]));
        letters += i - word;
        c = byte_at(sql, bytes, i);
        if (c == '(' && letters > 0) {
            i++;
            SKIP_WHILE(i, sql[i] != '\0' && !ascii_space(sql[i]) && sql[i] != ')');
            if (byte_at(sql, bytes, i) == ')')
                i++;
            else
                *code = TOKEN_ILLEGAL;
            break;
        } else if (c == ':' && byte_at(sql, bytes, i + 1) == ':') {
            i++;
        } else {
            break;
        }
    }
    if (letters == 0)
        *code = TOKEN_ILLEGAL;
    return i - at;
}

/* x'0a1b' */
static size_t read_blob(const char *sql, size_t bytes, size_t at, int *code)
{
    size_t i = at + 2;

    SKIP_WHILE(i, is_hex((unsigned char)sql[i]));
    *code = TOKEN_BLOB;
    if (byte_at(sql, bytes, i) != '\'' || (i - at) % 2 != 0) {
        *code = TOKEN_ILLEGAL;
        SKIP_WHILE(i, sql[i] != '\0' && sql[i] != '\'');
    }
    return (byte_at(sql, bytes, i) == '\'' ? i + 1 : i) - at;
}

static size_t read_word(const char *sql, size_t bytes, size_t at, int *code)
{
    size_t i = at + 1;

    SKIP_WHILE(i, byte_is((unsigned char)sql[i], BYTE_WORD));
    *code = keyword_find(sql + at, i - at);
    return i - at;
}

static size_t operator_token(int *code, int token, size_t length)
{
    *code = token;
    return length;
}

static size_t read_operator(const char *sql, size_t bytes, size_t at, int *code)
{
    unsigned char c = (unsigned char)sql[at], next = byte_at(sql, bytes, at + 1);

    switch (c) {
    case '-':
        if (next == '-')
            return operator_token(code, TOKEN_BLANK, read_line_comment(sql, bytes, at));
        if (next == '>')
            return operator_token(code, TOKEN_ARROW, byte_at(sql, bytes, at + 2) == '>' ? 3 : 2);
        return operator_token(code, TOKEN_MINUS, 1);
    case '/':
        if (next == '*' && byte_at(sql, bytes, at + 2) != '\0')
            return operator_token(code, TOKEN_BLANK, read_block_comment(sql, bytes, at));
        return operator_token(code, TOKEN_SLASH, 1);
    case '(':
        return operator_token(code, TOKEN_LP, 1);
    case ')':
        return operator_token(code, TOKEN_RP, 1);
    case ';':
        return operator_token(code, TOKEN_SEMI, 1);
    case '+':
        return operator_token(code, TOKEN_PLUS, 1);
    case '*':
        return operator_token(code, TOKEN_STAR, 1);
    case '%':
        return operator_token(code, TOKEN_REM, 1);
    case ',':
        return operator_token(code, TOKEN_COMMA, 1);
    case '&':
        return operator_token(code, TOKEN_BITAND, 1);
    case '~':
        return operator_token(code, TOKEN_BITNOT, 1);
    case '=':
        return next == '>' ? operator_token(code, TOKEN_ASSIGN, 2)
                           : operator_token(code, TOKEN_EQ, next == '=' ? 2 : 1);
    case '<':
        return next == '='   ? operator_token(code, TOKEN_LE, 2)
               : next == '>' ? operator_token(code, TOKEN_NE, 2)
               : next == '<' ? operator_token(code, TOKEN_LSHIFT, 2)
                             : operator_token(code, TOKEN_LT, 1);
    case '>':
        return next == '='   ? operator_token(code, TOKEN_GE, 2)
               : next == '>' ? operator_token(code, TOKEN_RSHIFT, 2)
                             : operator_token(code, TOKEN_GT, 1);
    case '!':
        return next == '=' ? operator_token(code, TOKEN_NE, 2)
                           : operator_token(code, TOKEN_ILLEGAL, 1);
    case '|':
        return next == '|' ? operator_token(code, TOKEN_CONCAT, 2)
                           : operator_token(code, TOKEN_BITOR, 1);
    case '.':
        return operator_token(code, TOKEN_DOT, 1);
    default:
        return operator_token(code, TOKEN_ILLEGAL, 1);
    }
}

static size_t read_parameter_number(const char *sql, size_t bytes, size_t at, int *code)
{
    size_t i = at + 1;

    SKIP_WHILE(i, ascii_digit(sql[i]));
    *code = TOKEN_VARIABLE;
    return i - at;
}

size_t token_read(const char *sql, size_t bytes, size_t at, int *code)
{
    unsigned char c = byte_at(sql, bytes, at), next = byte_at(sql, bytes, at + 1);

    if (byte_is(c, BYTE_LETTER))
        return next == '\'' && (c | 0x20) == 'x' ? read_blob(sql, bytes, at, code)
                                                 : read_word(sql, bytes, at, code);
    if (byte_is(c, BYTE_BLANK))
        return operator_token(code, TOKEN_BLANK, read_blanks(sql, bytes, at));
    if (byte_is(c, BYTE_DIGIT) || (c == '.' && byte_is(next, BYTE_DIGIT)))
        return read_number(sql, bytes, at, code);
    switch (c) {
    case '\0':
        return operator_token(code, TOKEN_EOF, 0);
    case '\'':
    case '"':
    case '`':
        return read_quoted(sql, bytes, at, code);
    case '[':
        return read_bracketed(sql, bytes, at, code);
    case '?':
        return read_parameter_number(sql, bytes, at, code);
    case ':':
        if (next == '=')
            return operator_token(code, TOKEN_ASSIGN, 2);
        return read_named_variable(sql, bytes, at, code);
    case '$':
    case '@':
    case '#':
        return read_named_variable(sql, bytes, at, code);
    case 0xef:
        if (next == 0xbb && byte_at(sql, bytes, at + 2) == 0xbf)
            return operator_token(code, TOKEN_BLANK, 3);
        return read_word(sql, bytes, at, code);
    default:
        return byte_is(c, BYTE_WORD) ? read_word(sql, bytes, at, code)
                                     : read_operator(sql, bytes, at, code);
    }
}

/* The code of the next token from *at on that is not blank, moving *at behind it. */
static int next_token(const char *sql, size_t bytes, size_t *at)
{
    int code;

    do
        *at += token_read(sql, bytes, *at, &code);
    while (code == TOKEN_BLANK);
    return code;
}

/* The same; words that may be identifiers count as TOKEN_ID. */
static int peek_token(const char *sql, size_t bytes, size_t *at)
{
    int code = next_token(sql, bytes, at);

    if (code == TOKEN_STRING || code == TOKEN_JOIN_WORD || code == TOKEN_WINDOW ||
        code == TOKEN_OVER || code == TOKEN_WITHIN || code == TOKEN_QUALIFY ||
        token_is_fallback(code))
        return TOKEN_ID;
    return code;
}

/* Whether what follows says how much to sample: a number, (number..., or method(... */
static bool sample_follows(const char *sql, size_t bytes, size_t at)
{
    int next = peek_token(sql, bytes, &at);

    return next == TOKEN_LP || next == TOKEN_INTEGER || next == TOKEN_FLOAT ||
           (next == TOKEN_ID && peek_token(sql, bytes, &at) == TOKEN_LP);
}

/* USING is SAMPLING before the word SAMPLE. */
static bool sample_is_next(const char *sql, size_t bytes, size_t at)
{
    int    code;
    size_t length;

    for (;;) {
        length = token_read(sql, bytes, at, &code);
        if (code != TOKEN_BLANK)
            break;
        at += length;
    }
    return code == TOKEN_ID && ascii_equal(sql + at, length, "SAMPLE", 6) &&
           sample_follows(sql, bytes, at + length);
}

/* Whether an expression begins at `at`, and not what may follow an alias: JOIN, NOT INDEXED,
 * WINDOW name AS, TABLESAMPLE. */
static bool expression_follows(const char *sql, size_t bytes, size_t at)
{
    int next = next_token(sql, bytes, &at);

    switch (next) {
    case TOKEN_INTEGER:
    case TOKEN_FLOAT:
    case TOKEN_SEPARATED_NUMBER:
    case TOKEN_STRING:
    case TOKEN_BLOB:
    case TOKEN_VARIABLE:
    case TOKEN_NULL:
    case TOKEN_LP:
    case TOKEN_PLUS:
    case TOKEN_MINUS:
    case TOKEN_BITNOT:
    case TOKEN_CASE:
    case TOKEN_EXISTS:
    case TOKEN_ID:
        return true;
    case TOKEN_NOT:
        return next_token(sql, bytes, &at) != TOKEN_INDEXED;
    case TOKEN_JOIN_WORD: /* left(x, 1) */
        return next_token(sql, bytes, &at) == TOKEN_LP;
    case TOKEN_WINDOW:
    case TOKEN_TABLESAMPLE:
        return token_disambiguate(sql, bytes, at, next, TOKEN_ID) == TOKEN_ID;
    default:
        return token_is_fallback(next);
    }
}

/* IGNORE NULLS and RESPECT NULLS: before ) they stand among the arguments, before OVER behind. */
static int treatment_token(const char *sql, size_t bytes, size_t after, int word)
{
    int next;

    if (next_token(sql, bytes, &after) != TOKEN_NULLS)
        return word;
    next = next_token(sql, bytes, &after);
    return next == TOKEN_RP ? TOKEN_NULLS_INSIDE : next == TOKEN_OVER ? TOKEN_NULLS_BEHIND : word;
}

/* Whether a select in parentheses follows.  WITH may be a column: then no name stands behind it. */
static bool select_follows(const char *sql, size_t bytes, size_t at)
{
    size_t name;
    int    next;

    if (next_token(sql, bytes, &at) != TOKEN_LP)
        return false;
    next = next_token(sql, bytes, &at);
    if (next != TOKEN_WITH)
        return next == TOKEN_SELECT || next == TOKEN_VALUES || next == TOKEN_FROM;
    name = at;
    if (next_token(sql, bytes, &name) == TOKEN_RECURSIVE &&
        peek_token(sql, bytes, &name) == TOKEN_ID)
        return true;
    next = next_token(sql, bytes, &at);
    if (next == TOKEN_LIKE_WORD || next == TOKEN_MATCH) /* operators behind the column `with` */
        return false;
    return next == TOKEN_ID || token_is_fallback(next);
}

static bool is_comparison(int code)
{
    return code == TOKEN_EQ || code == TOKEN_NE || code == TOKEN_LT || code == TOKEN_LE ||
           code == TOKEN_GT || code == TOKEN_GE;
}

bool token_is_ours(int code)
{
    return code == TOKEN_QUALIFY || code == TOKEN_NULLS_INSIDE || code == TOKEN_NULLS_BEHIND;
}

int token_plain(int code)
{
    return code == TOKEN_QUALIFY ? TOKEN_ID : code;
}

bool token_is_ambiguous(int code)
{
    switch (code) {
    case TOKEN_QUALIFY:
    case TOKEN_IGNORE:
    case TOKEN_RESPECT:
    case TOKEN_TABLESAMPLE:
    case TOKEN_USING:
    case TOKEN_GROUPING:
    case TOKEN_WINDOW:
    case TOKEN_OVER:
    case TOKEN_FILTER:
    case TOKEN_WITHIN:
    case TOKEN_SOME:
        return true;
    default:
        return false;
    }
}

int token_disambiguate(const char *sql, size_t bytes, size_t after, int code, int before)
{
    int next;

    if (code == TOKEN_QUALIFY)
        return expression_follows(sql, bytes, after) ? code : TOKEN_ID;
    if (code == TOKEN_IGNORE || code == TOKEN_RESPECT)
        return treatment_token(sql, bytes, after, code);
    if (code == TOKEN_TABLESAMPLE)
        return sample_follows(sql, bytes, after) ? code : TOKEN_ID;
    if (code == TOKEN_USING)
        return sample_is_next(sql, bytes, after) ? TOKEN_SAMPLING : code;
    if (code == TOKEN_SOME) /* < ANY (SELECT */
        return is_comparison(before) && select_follows(sql, bytes, after) ? code : TOKEN_ID;
    if (code == TOKEN_GROUPING) { /* GROUPING SETS ( */
        bool sets = next_token(sql, bytes, &after) == TOKEN_SETS;

        return sets && peek_token(sql, bytes, &after) == TOKEN_LP ? code : TOKEN_ID;
    }
    if (code != TOKEN_WINDOW && before != TOKEN_RP &&
        (code != TOKEN_OVER || before != TOKEN_NULLS_BEHIND))
        return TOKEN_ID;
    next = peek_token(sql, bytes, &after);
    switch (code) {
    case TOKEN_WINDOW: /* WINDOW name AS */
        return next == TOKEN_ID && peek_token(sql, bytes, &after) == TOKEN_AS ? code : TOKEN_ID;
    case TOKEN_OVER: /* ) OVER ( or ) OVER name */
        return next == TOKEN_LP || next == TOKEN_ID ? code : TOKEN_ID;
    case TOKEN_WITHIN: /* ) WITHIN GROUP ( */
        return next == TOKEN_GROUP && peek_token(sql, bytes, &after) == TOKEN_LP ? code : TOKEN_ID;
    default: /* ) FILTER ( */
        return next == TOKEN_LP ? code : TOKEN_ID;
    }
}
