/* like.c - LIKE and GLOB.
 *
 * Only the last % or * is ever taken back: if what follows it matches at some later place, nothing
 * before it needs to move.  So the worst case is pattern times text, never exponential.  Characters
 * are compared as code points, so that malformed text matches as it does in sqlite3. */
#include "base/str.h"
#include "base/utf8.h"
#include "vm/functions.h"

static bool same_folded(uint32_t a, uint32_t b)
{
    return a < 0x80 && b < 0x80 && ascii_lower((char)a) == ascii_lower((char)b);
}

/* Moves text to the next place where literal (read as folded if fold) may match; false: nowhere. */
static bool find_literal(const char **text, const char *end, uint32_t literal, bool fold)
{
    const char *p = *text;

    if (literal < 0x80) {
        char a = (char)literal, b = a;

        if (fold) {
            a = ascii_lower(a);
            b = ascii_upper(a);
        }
        if (a == b)
            p = memchr(p, a, (size_t)(end - p));
        else
            while (p < end && *p != a && *p != b)
                p++;
        if (p == NULL || p == end)
            return false;
    }
    *text = p;
    return p < end;
}

bool text_like(const char *pattern, size_t pattern_bytes, const char *text, size_t text_bytes,
               uint32_t escape, bool case_sensitive)
{
    const char *pattern_end = pattern + text_until_nul(pattern, pattern_bytes);
    const char *end = text + text_until_nul(text, text_bytes);
    const char *after_any = NULL, *retry = NULL; /* behind the last %, and the text to try next */

    for (;;) {
        const char *p = pattern;
        uint32_t    c = utf8_read(&p, pattern_end), t;
        bool        literal = false;

        if (c == escape && c != 0) {
            c = utf8_read(&p, pattern_end);
            if (c == 0)
                return false;
            literal = true;
        }
        if (c == '%' && !literal) {
            if (p == pattern_end)
                return true;
            pattern = after_any = p;
            retry = text;
            continue;
        }
        if (c == 0 && text == end)
            return true;
        if (after_any == pattern && (literal || c != '_')) {
            if (!find_literal(&text, end, c, !case_sensitive))
                return false;
            retry = text;
        }
        t = utf8_read(&text, end);
        if (c != 0 && t != 0 &&
            (c == t || (!case_sensitive && same_folded(c, t)) || (c == '_' && !literal))) {
            pattern = p;
            continue;
        }
        if (after_any == NULL || retry == end)
            return false;
        retry = utf8_next(retry, end);
        text = retry;
        pattern = after_any;
    }
}

/* Whether c is in the set at *pattern, behind its '['; *pattern moves behind the ']'.  False too
 * for a set without end. */
static bool set_contains(const char **pattern, const char *end, uint32_t c)
{
    uint32_t prior = 0, p = utf8_read(pattern, end);
    bool     seen = false, invert = false;

    if (p == '^') {
        invert = true;
        p = utf8_read(pattern, end);
    }
    if (p == ']') { /* first, it stands for itself */
        seen = c == ']';
        p = utf8_read(pattern, end);
    }
    while (p != 0 && p != ']') {
        if (p == '-' && *pattern < end && **pattern != ']' && prior > 0) {
            p = utf8_read(pattern, end);
            seen |= c >= prior && c <= p;
            prior = 0;
        } else {
            seen |= c == p;
            prior = p;
        }
        p = utf8_read(pattern, end);
    }
    return p != 0 && seen != invert;
}

bool text_glob(const char *pattern, size_t pattern_bytes, const char *text, size_t text_bytes)
{
    const char *pattern_end = pattern + text_until_nul(pattern, pattern_bytes);
    const char *end = text + text_until_nul(text, text_bytes);
    const char *after_any = NULL, *retry = NULL;

    for (;;) {
        const char *p = pattern;
        uint32_t    c = utf8_read(&p, pattern_end), t;
        bool        matches;

        if (c == '*') {
            if (p == pattern_end)
                return true;
            pattern = after_any = p;
            retry = text;
            continue;
        }
        if (c == 0 && text == end)
            return true;
        if (after_any == pattern && c != '?' && c != '[') {
            if (!find_literal(&text, end, c, false))
                return false;
            retry = text;
        }
        t = utf8_read(&text, end);
        if (t == 0 || c == 0)
            matches = false;
        else if (c == '[')
            matches = set_contains(&p, pattern_end, t);
        else
            matches = c == t || c == '?';
        if (matches) {
            pattern = p;
            continue;
        }
        if (after_any == NULL || retry == end)
            return false;
        retry = utf8_next(retry, end);
        text = retry;
        pattern = after_any;
    }
}
