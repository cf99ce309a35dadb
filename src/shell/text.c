/* text.c - growing text, display width, breaking cells into lines. */
#include "shell/text.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void *checked_realloc(void *block, size_t bytes)
{
    void *moved = realloc(block, bytes);

    if (moved == NULL) {
        fputs("Error: out of memory\n", stderr);
        exit(1);
    }
    return moved;
}

void text_add(struct text *text, const char *data, size_t bytes)
{
    if (text->bytes + bytes + 1 > text->capacity) {
        text->capacity = (text->bytes + bytes + 1) * 2 + 64;
        text->data = checked_realloc(text->data, text->capacity);
    }
    if (bytes > 0)
        memcpy(text->data + text->bytes, data, bytes);
    text->bytes += bytes;
    text->data[text->bytes] = '\0';
}

void text_puts(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_printf(struct text *text, const char *format, ...)
{
    char    small[512];
    va_list args;
    int     length;

    va_start(args, format);
    length = vsnprintf(small, sizeof small, format, args);
    va_end(args);
    if (length < 0)
        return;
    if ((size_t)length < sizeof small) {
        text_add(text, small, (size_t)length);
        return;
    }
    text_add(text, "", 0);
    text->data = checked_realloc(text->data, text->bytes + (size_t)length + 1);
    text->capacity = text->bytes + (size_t)length + 1;
    va_start(args, format);
    vsnprintf(text->data + text->bytes, (size_t)length + 1, format, args);
    va_end(args);
    text->bytes += (size_t)length;
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

char *text_copy(const char *string)
{
    size_t bytes = strlen(string) + 1;

    return memcpy(checked_realloc(NULL, bytes), string, bytes);
}

bool same_name(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

/* --- width --------------------------------------------------------------------------------------
 */
size_t character_bytes(const char *string)
{
    size_t bytes = 1;

    if ((unsigned char)string[0] >= 0xc0)
        while (((unsigned char)string[bytes] & 0xc0) == 0x80 && bytes < 4)
            bytes++;
    return bytes;
}

static uint32_t code_point(const char *string, size_t bytes)
{
    uint32_t code = (unsigned char)string[0];

    if (bytes == 1)
        return code;
    code &= 0xffu >> (bytes + 1);
    for (size_t i = 1; i < bytes; i++)
        code = code << 6 | ((unsigned char)string[i] & 0x3f);
    return code;
}

struct code_range {
    uint32_t first, last;
};

static bool in_ranges(uint32_t code, const struct code_range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* Widths by block, from Unicode's EastAsianWidth and general category Mn, coarsely: what terminals
 * agree on. */
int character_width(const char *string, size_t bytes)
{
    static const struct code_range marks[] = {{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},
                                              {0x610, 0x61a},   {0x64b, 0x65f},   {0x200b, 0x200f},
                                              {0x20d0, 0x20f0}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff},
                                              {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}, {0xfeff, 0xfeff}};
    static const struct code_range wide[] = {
        {0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
        {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
        {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};
    uint32_t code = code_point(string, bytes);

    if (code < 0x300)
        return 1;
    if (in_ranges(code, marks, sizeof marks / sizeof marks[0]))
        return 0;
    return in_ranges(code, wide, sizeof wide / sizeof wide[0]) ? 2 : 1;
}

int display_width(const char *string, size_t bytes)
{
    int    width = 0;
    size_t step;

    for (size_t i = 0; i < bytes; i += step) {
        step = character_bytes(string + i);
        width += character_width(string + i, step);
    }
    return width;
}

/* --- lines of a cell
 * ------------------------------------------------------------------------------- */
/* Where to break string[0..end): behind the last blank of its second half, or between a word and
 * what is none; end if there is no such place. */
static size_t word_break(const char *string, size_t end)
{
    size_t k;

    for (k = end; k > end / 2; k--)
        if (isspace((unsigned char)string[k - 1]))
            return k;
    for (k = end; k > end / 2; k--)
        if (isalnum((unsigned char)string[k - 1]) != isalnum((unsigned char)string[k]) &&
            ((unsigned char)string[k] & 0xc0) != 0x80)
            return k;
    return end;
}

void cell_line(const char *string, int width, bool at_words, struct text *out, const char **rest)
{
    int    limit = width > 0 ? width : INT32_MAX, used = 0;
    size_t end = 0, cut;

    while (used < limit) {
        unsigned char c = (unsigned char)string[end];
        size_t        bytes;
        int           wide;

        if (c == '\t') {
            do
                used++;
            while (used % 8 != 0 && used < limit);
            end++;
            continue;
        }
        if (c < ' ')
            break;
        bytes = character_bytes(string + end);
        wide = character_width(string + end, bytes);
        if (used + wide > limit && used > 0)
            break;
        used += wide;
        end += bytes;
    }
    cut = end;
    if (used >= limit && at_words) {
        cut = word_break(string, end);
        end = cut;
        if (cut > 0 && string[cut - 1] == ' ')
            while (string[end] == ' ')
                end++;
    }
    if ((unsigned char)string[end] >= ' ')
        *rest = string + end;
    else if (string[end] == '\r' && string[end + 1] == '\n')
        *rest = string[end + 2] != '\0' ? string + end + 2 : NULL;
    else
        *rest = string[end] == '\0' || string[end + 1] == '\0' ? NULL : string + end + 1;
    text_add(out, "", 0);
    used = 0;
    for (size_t i = 0; i < cut;) {
        size_t bytes = character_bytes(string + i);

        if (string[i] == '\t') {
            do {
                text_add(out, " ", 1);
                used++;
            } while (used % 8 != 0 && used < limit);
        } else {
            text_add(out, string + i, bytes);
            used += character_width(string + i, bytes);
        }
        i += bytes;
    }
}

/* --- reals
 * -------------------------------------------------------------------------------------------- */
/* digits (NUL-terminated, the first not 0) times 10^(exponent - count + 1), as SQLite lays a REAL
 * out: plain from 1e-4 up to 20 digits, else with an exponent; always a point. */
static void real_layout(const char *digits, int exponent, bool negative, char out[REAL_TEXT_CAP])
{
    int   count = (int)strlen(digits);
    char *p = out;

    if (negative)
        *p++ = '-';
    if (exponent >= 0 && exponent < 20) {
        for (int i = 0; i <= exponent; i++)
            *p++ = i < count ? digits[i] : '0';
        *p++ = '.';
        if (count <= exponent + 1)
            *p++ = '0';
        for (int i = exponent + 1; i < count; i++)
            *p++ = digits[i];
    } else if (exponent < 0 && exponent >= -4) {
        *p++ = '0';
        *p++ = '.';
        for (int i = -1; i > exponent; i--)
            *p++ = '0';
        for (int i = 0; i < count; i++)
            *p++ = digits[i];
    } else {
        p += snprintf(p, REAL_TEXT_CAP - 1, "%c.%se%+03d", digits[0], count > 1 ? digits + 1 : "0",
                      exponent);
    }
    *p = '\0';
}

void real_text(double r, char out[REAL_TEXT_CAP])
{
    char text[REAL_TEXT_CAP], digits[32];
    int  count = 0;

    if (isinf(r)) {
        strcpy(out, r > 0 ? "1e999" : "-1e999");
        return;
    }
    if (r == 0) {
        strcpy(out, signbit(r) ? "-0.0" : "0.0");
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision - 1, fabs(r));
        if (strtod(text, NULL) == fabs(r))
            break;
    }
    for (const char *p = text; *p != 'e'; p++)
        if (*p != '.')
            digits[count++] = *p;
    while (count > 1 && digits[count - 1] == '0')
        count--;
    digits[count] = '\0';
    real_layout(digits, atoi(strchr(text, 'e') + 1), r < 0, out);
}
