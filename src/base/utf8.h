/* utf8.h - characters of SQL text, malformed ones included, as sqlite3 counts and reads them.
 *
 * A byte from 0xC0 on begins a character that takes in all continuation bytes (0x80 to 0xBF) behind
 * it, however many; every other byte is a character by itself.  A NUL ends a text for most
 * functions: callers cut with text_until_nul first where it does. */
#ifndef STOA_BASE_UTF8_H
#define STOA_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

enum { UTF8_BYTES_MAX = 4, UTF8_REPLACEMENT = 0xfffd };

static inline bool utf8_continues(char c)
{
    return ((uint8_t)c & 0xc0) == 0x80;
}
/* The begin of the character after the one at p < end. */
static inline const char *utf8_next(const char *p, const char *end)
{
    if ((uint8_t)*p++ >= 0xc0)
        while (p < end && utf8_continues(*p))
            p++;
    return p;
}
/* The bytes before the first NUL; when work on memory is stopped, some of them. */
static inline size_t text_until_nul(struct memory *memory, const char *s, size_t bytes)
{
    enum { PIECE_BYTES = 1 << 20 };
    size_t done = 0, found;

    for (; bytes - done > PIECE_BYTES && !memory_stopped(memory); done += PIECE_BYTES) {
        found = strnlen(s + done, PIECE_BYTES);
        if (found < PIECE_BYTES)
            return done + found;
    }
    found = bytes - done < PIECE_BYTES ? bytes - done : PIECE_BYTES;
    return found == 0 ? 0 : done + strnlen(s + done, found);
}

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
/* Characters in bytes.  Like utf8_skip it ends early when work on the account shall stop: the
 * caller asks memory_poll.  memory may be NULL. */
size_t utf8_length(struct memory *memory, const char *s, size_t bytes);
/* Where character `count` (0: the first) begins; s + bytes when there are fewer. */
const char *utf8_skip(struct memory *memory, const char *s, size_t bytes, uint64_t count);
bool        utf8_all_ascii(const char *s, size_t bytes);

#endif
