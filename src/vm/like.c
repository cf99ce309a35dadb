/* like.c - LIKE and GLOB.
 *
 * Only the last % or * is ever taken back: if what follows it matches at some later place, nothing
 * before it needs to move.  So the worst case is pattern times text, never exponential.  Characters
 * are compared as code points, so that malformed text matches as it does in sqlite3. */
#include "vm/like.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/str.h"
#include "base/utf8.h"

/* A try looks at up to a pattern of characters. */
enum { RETRIES_PER_POLL = 32 };

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

bool text_like(struct memory *memory, const char *pattern, size_t pattern_bytes, const char *text,
               size_t text_bytes, uint32_t escape, bool case_sensitive)
{
    const char *pattern_end = pattern + text_until_nul(pattern, pattern_bytes);
    const char *end = text + text_until_nul(text, text_bytes);
    const char *after_any = NULL, *retry = NULL; /* behind the last %, and the text to try next */
    uint32_t    retries = 0;

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
        if (after_any == NULL || retry == end ||
            (++retries % RETRIES_PER_POLL == 0 && memory_stopped(memory)))
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

bool text_glob(struct memory *memory, const char *pattern, size_t pattern_bytes, const char *text,
               size_t text_bytes)
{
    const char *pattern_end = pattern + text_until_nul(pattern, pattern_bytes);
    const char *end = text + text_until_nul(text, text_bytes);
    const char *after_any = NULL, *retry = NULL;
    uint32_t    retries = 0;

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
        if (after_any == NULL || retry == end ||
            (++retries % RETRIES_PER_POLL == 0 && memory_stopped(memory)))
            return false;
        retry = utf8_next(retry, end);
        text = retry;
        pattern = after_any;
    }
}

/* --- patterns taken apart --------------------------------------------------------------------- */

void like_prepare(struct like_matcher *m, struct memory *memory, const char *pattern, size_t bytes,
                  uint32_t escape, bool case_sensitive)
{
    size_t used = 0, piece = 0;

    bytes = text_until_nul(pattern, bytes);
    *m = (struct like_matcher){.memory = memory,
                               .pattern = pattern,
                               .pattern_bytes = bytes,
                               .escape = escape,
                               .case_sensitive = case_sensitive};
    if (escape == '%' || escape == '_')
        return;
    for (size_t i = 0; i < bytes; i++) {
        char c = pattern[i];

        if ((uint8_t)c >= 0x80 || c == '_' || (uint8_t)c == escape)
            return;
        if (c == '%') {
            if (piece + 1 == LIKE_PIECES_MAX)
                return;
            m->ends[piece++] = (uint16_t)used;
        } else {
            if (used == LIKE_BYTES_MAX)
                return;
            m->bytes[used++] = case_sensitive ? c : ascii_lower(c);
        }
    }
    m->ends[piece++] = (uint16_t)used;
    m->piece_count = (uint8_t)piece;
    m->simple = true;
}

static bool equals_folded(const char *text, const char *folded, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        if (ascii_lower(text[i]) != folded[i])
            return false;
    return true;
}

#ifdef __SSE2__
/* Bit i: text[i] folded may be c.  Setting bit 5 folds letters; it maps no other ASCII byte that a
 * folded pattern holds to a letter, but '@' to '`' and the like, which the full comparison weeds
 * out. */
static unsigned block_mask(const char *text, __m128i c, __m128i fold)
{
    __m128i block = _mm_loadu_si128((const __m128i *)(const void *)text);

    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_or_si128(block, fold), c));
}
#endif

/* Where folded (bytes > 0) first occurs in text in any case; NULL: nowhere.  Blocks of 16 places
 * are sieved by the first and the last byte. */
static const char *find_folded(const char *text, size_t text_bytes, const char *folded,
                               size_t bytes)
{
    size_t places, i = 0;

    if (bytes > text_bytes)
        return NULL;
    places = text_bytes - bytes + 1;
#ifdef __SSE2__
    if (places >= 16) {
        const __m128i fold = _mm_set1_epi8(0x20);
        const __m128i first = _mm_set1_epi8((char)(folded[0] | 0x20));
        const __m128i last = _mm_set1_epi8((char)(folded[bytes - 1] | 0x20));

        while (i < places) {
            if (i + 16 > places)
                i = places - 16; /* the last block overlaps the one before */
            for (unsigned mask = block_mask(text + i, first, fold) &
                                 block_mask(text + i + bytes - 1, last, fold);
                 mask != 0; mask &= mask - 1) {
                const char *p = text + i + __builtin_ctz(mask);

                if (equals_folded(p, folded, bytes))
                    return p;
            }
            i += 16;
        }
        return NULL;
    }
#endif
    for (; i < places; i++)
        if (ascii_lower(text[i]) == folded[0] && equals_folded(text + i, folded, bytes))
            return text + i;
    return NULL;
}

static bool piece_at(const struct like_matcher *m, const char *text, const char *piece,
                     size_t bytes)
{
    return m->case_sensitive ? memcmp(text, piece, bytes) == 0 : equals_folded(text, piece, bytes);
}

/* The pieces of a simple pattern in text, which holds no NUL. */
static bool pieces_match(const struct like_matcher *m, const char *text, size_t bytes)
{
    uint32_t last = m->piece_count - 1u;
    size_t first_bytes = m->ends[0], last_bytes = last > 0 ? m->ends[last] - m->ends[last - 1] : 0;
    const char *end = text + bytes;

    if (bytes < first_bytes + last_bytes || !piece_at(m, text, m->bytes, first_bytes))
        return false;
    if (last == 0)
        return bytes == first_bytes;
    if (!piece_at(m, end - last_bytes, m->bytes + m->ends[last - 1], last_bytes))
        return false;
    text += first_bytes;
    end -= last_bytes;
    for (uint32_t i = 1; i < last; i++) {
        const char *piece = m->bytes + m->ends[i - 1];
        size_t      piece_bytes = (size_t)(m->ends[i] - m->ends[i - 1]);

        if (piece_bytes == 0)
            continue;
        text = m->case_sensitive ? memmem(text, (size_t)(end - text), piece, piece_bytes)
                                 : find_folded(text, (size_t)(end - text), piece, piece_bytes);
        if (text == NULL)
            return false;
        text += piece_bytes;
    }
    return true;
}

bool like_matches(const struct like_matcher *m, const char *text, size_t bytes, bool no_nul)
{
    if (!m->simple)
        return text_like(m->memory, m->pattern, m->pattern_bytes, text, bytes, m->escape,
                         m->case_sensitive);
    return pieces_match(m, text, no_nul ? bytes : text_until_nul(text, bytes));
}
