/* utf8.h - characters of SQL text, malformed ones included, as sqlite3 counts and reads them.
 *
 * A byte from 0xC0 on begins a character that takes in all continuation bytes (0x80 to 0xBF) behind
 * it, however many; every other byte is a character by itself.  A NUL ends a text for most
 * functions: callers cut with text_until_nul first where it does.
 *
 * When work is stopped, what goes over a long text ends early: see interrupt.h. */
#ifndef STOA_BASE_UTF8_H
#define STOA_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/interrupt.h"

enum { UTF8_BYTES_MAX = 4, UTF8_REPLACEMENT = 0xfffd };

static inline bool utf8_continues(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}
/* Behind the continuation bytes that stand at p. */
const char *utf8_skip_continuation(const char *p, const char *end);
/* The begin of the character after the one at p < end. */
static inline const char *utf8_next(const char *p, const char *end)
{
    const char *few;

    if ((uint8_t)*p++ < 0xc0)
        return p;
    few = end - p > 8 ? p + 8 : end;
    while (p < few && utf8_continues(*p))
        p++;
    return p == few ? utf8_skip_continuation(p, end) : p;
}
/* The bytes before the first NUL. */
size_t text_until_nul(const char *s, size_t bytes);

/* The code point at *p, which moves behind it; 0 at end.  Overlong forms of ASCII, surrogates and
 * U+FFFE, U+FFFF read as U+FFFD; a lone continuation byte as itself. */
uint32_t               utf8_read_wide(const char **p, const char *end);
static inline uint32_t utf8_read(const char **p, const char *end)
{
    if (*p < end && (uint8_t) * *p < 0x80)
        return (uint8_t) * (*p)++;
    return utf8_read_wide(p, end);
}
/* Writes 1 to 4 bytes; returns how many.  Only the low 21 bits of code count. */
size_t utf8_write(uint32_t code, char out[UTF8_BYTES_MAX]);
/* Characters in bytes. */
size_t utf8_length(const char *s, size_t bytes);
/* Where character `count` (0: the first) begins; s + bytes when there are fewer. */
const char *utf8_skip(const char *s, size_t bytes, uint64_t count);
bool        utf8_all_ascii(const char *s, size_t bytes);

#endif
