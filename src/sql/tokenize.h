/* tokenize.h - SQL text cut into tokens, by SQLite's rules.
 *
 * Token codes are those that Lemon writes to sql/grammar.h, and the few below for what the grammar
 * never sees. */
#ifndef STOA_SQL_TOKENIZE_H
#define STOA_SQL_TOKENIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOKEN_EOF = 0,     /* end of text, or a NUL byte: SQL texts end there */
    TOKEN_BLANK = -1,  /* blanks, a byte order mark, or one comment */
    TOKEN_ILLEGAL = -2 /* unterminated string, malformed number, stray byte */
};

/* A piece of the SQL text; borrowed. */
struct token {
    const char *text;
    uint32_t    bytes;
};

/* The token that begins at sql[at], at <= bytes: its length, and its code in *code.  Length 0 only
 * with TOKEN_EOF.  WINDOW, OVER and FILTER come as keywords: see token_is_ambiguous. */
size_t token_read(const char *sql, size_t bytes, size_t at, int *code);

/* Whether what token_read gave is a keyword only in certain surroundings: ask token_disambiguate.
 */
bool token_is_ambiguous(int code);

/* Tells such keywords, as WINDOW, OVER and FILTER, from identifiers.  code: what token_read gave;
 * after: offset behind the token; before: code of the token before it, 0 if none,
 * TOKEN_NULLS_BEHIND behind that and NULLS.  Returns code, TOKEN_ID, or the code that the token has
 * in a clause of ours. */
int token_disambiguate(const char *sql, size_t bytes, size_t after, int code, int before);

/* Whether token_disambiguate made it the first word of a clause of ours, which it is only where the
 * grammar can take that; else it is token_plain of what token_read gave. */
bool token_is_ours(int code);
int  token_plain(int code);

/* Whether a keyword is an identifier where the grammar has no use for it; grammar.y. */
bool token_is_fallback(int code);

/* The code of a keyword, TOKEN_ID for any other word. */
int keyword_find(const char *word, size_t bytes);
/* Whether word is a keyword of SQLite, which as a name is written in quotes. */
bool keyword_is_sqlites(const char *word, size_t bytes);

/* Whether an unquoted c may continue an identifier. */
bool token_is_word_byte(unsigned char c);

#endif
