/* utf8.c - reading, writing and counting characters; ASCII runs go eight bytes at a time. */
#include "base/utf8.h"

static bool word_is_ascii(const char *s)
{
    uint64_t word;

    memcpy(&word, s, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

uint32_t utf8_read_wide(const char **p, const char *end)
{
    uint32_t code;
    uint8_t  lead;

    if (*p == end)
        return 0;
    lead = (uint8_t) * (*p)++;
    if (lead < 0xc0)
        return lead;
    if (lead < 0xe0)
        code = lead & 0x1f;
    else if (lead < 0xf0)
        code = lead & 0x0f;
    else if (lead < 0xf8)
        code = lead & 0x07;
    else if (lead < 0xfc)
        code = lead & 0x03;
    else
        code = lead == 0xfd;
    for (uint32_t n = 1; *p < end && utf8_continues(**p); n++) {
        code = code << 6 | ((uint8_t) * (*p)++ & 0x3f);
        if (n % INTERRUPT_TEXT_PIECE == 0 && interrupt_text(0, (size_t)(end - *p)) == 0)
            break;
    }
    if (code < 0x80 || (code & 0xfffff800) == 0xd800 || (code & 0xfffffffe) == 0xfffe)
        return UTF8_REPLACEMENT;
    return code;
}

size_t utf8_write(uint32_t code, char out[UTF8_BYTES_MAX])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | (code >> 18 & 0x07));
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

const char *utf8_skip_continuation(const char *p, const char *end)
{
    size_t bytes = (size_t)(end - p), at = 0;

    for (size_t piece; (piece = interrupt_text(at, bytes)) > at;) {
        while (at < piece && utf8_continues(p[at]))
            at++;
        if (at < piece)
            break;
    }
    return p + at;
}

size_t text_until_nul(const char *s, size_t bytes)
{
    size_t at = 0;

    for (size_t end; (end = interrupt_text(at, bytes)) > at; at = end) {
        size_t found = strnlen(s + at, end - at);

        if (found < end - at)
            return at + found;
    }
    return at;
}

size_t utf8_length(const char *s, size_t bytes)
{
    const char *begin = s, *end = s + bytes;
    size_t      count = 0;

    for (size_t at = 0, next; (next = interrupt_text(at, bytes)) > at; at = (size_t)(s - begin)) {
        const char *piece = begin + next;

        while (s < piece) {
            if (end - s >= 8 && word_is_ascii(s)) {
                s += 8;
                count += 8;
            } else {
                s = utf8_next(s, end);
                count++;
            }
        }
    }
    return count;
}

const char *utf8_skip(const char *s, size_t bytes, uint64_t count)
{
    const char *begin = s, *end = s + bytes;

    for (size_t at = 0, next; count > 0 && (next = interrupt_text(at, bytes)) > at;
         at = (size_t)(s - begin)) {
        const char *piece = begin + next;

        while (count > 0 && s < piece) {
            if (count >= 8 && end - s >= 8 && word_is_ascii(s)) {
                s += 8;
                count -= 8;
            } else {
                s = utf8_next(s, end);
                count--;
            }
        }
    }
    return s;
}

bool utf8_all_ascii(const char *s, size_t bytes)
{
    uint64_t word = 0, high = 0;

    for (; bytes >= 8; s += 8, bytes -= 8) {
        memcpy(&word, s, sizeof word);
        high |= word;
    }
    word = 0;
    memcpy(&word, s, bytes);
    return ((high | word) & UINT64_C(0x8080808080808080)) == 0;
}
