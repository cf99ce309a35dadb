/* str.h - a growing text buffer over struct memory, and ASCII helpers without locale.
 *
 * str_* appends are sticky: after a failed allocation, or when work was stopped in a long one, they
 * do nothing and str->failed is set, so a writer checks once at its end. */
#ifndef STOA_BASE_STR_H
#define STOA_BASE_STR_H

#include <string.h>

#include "base/memory.h"
#include "base/status.h"

struct str {
    struct memory *memory;
    char          *data; /* not NUL-terminated until str_text; NULL while empty */
    size_t         bytes, capacity;
    bool           failed;
    bool           in_room; /* data is the caller's: str_init_room; else owned */
};

void str_init(struct str *str, struct memory *memory);
/* Begins in room, which has `bytes` bytes, and goes to memory when that is full. */
void  str_init_room(struct str *str, struct memory *memory, char *room, size_t bytes);
void  str_free(struct str *str);  /* leaves it empty and usable */
void  str_clear(struct str *str); /* keeps the buffer */
bool  str_reserve(struct str *str, size_t more);
void  str_append(struct str *str, const char *data, size_t bytes);
void  str_text(struct str *str, const char *text); /* appends a NUL-terminated text */
void  str_char(struct str *str, char c);
void  str_printf(struct str *str, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *str_end(struct str *str); /* the buffer with a NUL put behind it; NULL when failed */

static inline char ascii_lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}
static inline char ascii_upper(char c)
{
    return (char)(c >= 'a' && c <= 'z' ? c & ~0x20 : c);
}
static inline bool ascii_digit(char c)
{
    return c >= '0' && c <= '9';
}
static inline bool ascii_space(char c) /* SQLite's isspace: blank \t \n \v \f \r */
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}
/* Whether both have the same bytes; not a long text when work was stopped: interrupt.h. */
bool               bytes_equal_long(const char *a, const char *b, size_t bytes);
static inline bool bytes_equal(const char *a, const char *b, size_t bytes)
{
    if (__builtin_expect(bytes > INTERRUPT_TEXT_LONG, 0))
        return bytes_equal_long(a, b, bytes);
    return bytes == 0 || memcmp(a, b, bytes) == 0;
}
int  ascii_casecmp(const char *a,
                   const char *b); /* order of NUL-terminated texts, ASCII case folded */
bool ascii_equal(const char *a, size_t a_bytes, const char *b, size_t b_bytes); /* case folded */

#endif
