/* corpus.h - for tests: the shared CSV files, their expectations (JSON lines), MD5 of rows. */
#ifndef STOA_TESTS_IO_CORPUS_H
#define STOA_TESTS_IO_CORPUS_H

#include "base/number.h"
#include "base/str.h"
#include "base/value.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- MD5 (RFC 1321) --------------------------------------------------------------------------- */
static inline uint32_t md5_rotate(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

static inline void md5_block(uint32_t state[4], const unsigned char *block)
{
    static const int turns[16] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
    /* floor(2^32 * abs(sin(i + 1))) */
    static uint32_t sines[64];
    uint32_t        a = state[0], b = state[1], c = state[2], d = state[3], word[16];

    if (sines[0] == 0) {
        for (int i = 0; i < 64; i++) {
            double s = __builtin_sin(i + 1);

            sines[i] = (uint32_t)((s < 0 ? -s : s) * 4294967296.0);
        }
    }
    memcpy(word, block, 64);
    for (int i = 0; i < 64; i++) {
        uint32_t f, next;
        int      g;

        if (i < 16) {
            f = (b & c) | (~b & d);
            g = i;
        } else if (i < 32) {
            f = (d & b) | (~d & c);
            g = (5 * i + 1) % 16;
        } else if (i < 48) {
            f = b ^ c ^ d;
            g = (3 * i + 5) % 16;
        } else {
            f = c ^ (b | ~d);
            g = 7 * i % 16;
        }
        next = b + md5_rotate(a + f + sines[i] + word[g], turns[i / 16 * 4 + i % 4]);
        a = d;
        d = c;
        c = b;
        b = next;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

static inline void md5_hex(const char *data, size_t bytes, char hex[33])
{
    uint32_t      state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    unsigned char tail[128] = {0};
    size_t        rest = bytes % 64, tail_bytes = rest < 56 ? 64 : 128;
    uint64_t      bits = (uint64_t)bytes * 8;

    for (size_t i = 0; i + 64 <= bytes; i += 64)
        md5_block(state, (const unsigned char *)data + i);
    if (rest > 0)
        memcpy(tail, data + bytes - rest, rest);
    tail[rest] = 0x80;
    memcpy(tail + tail_bytes - 8, &bits, 8);
    for (size_t i = 0; i < tail_bytes; i += 64)
        md5_block(state, tail + i);
    for (int i = 0; i < 16; i++)
        sprintf(hex + 2 * i, "%02x", (unsigned)(state[i / 4] >> (8 * (i % 4)) & 0xff));
}

/* --- rows as the expectations have them ------------------------------------------------------- */
static inline void row_append(struct str *out, const struct value *v, bool first)
{
    char text[NUMBER_TEXT_CAP];

    if (!first)
        str_char(out, '\t');
    switch ((enum value_class)v->class_) {
    case CLASS_NULL:
        str_text(out, "\\N");
        return;
    case CLASS_INTEGER:
        str_append(out, text, number_from_int(v->i, text));
        return;
    case CLASS_REAL:
        str_append(out, text, number_from_real(v->r, 17, text));
        return;
    default:
        break;
    }
    for (uint32_t i = 0; i < v->bytes; i++) {
        const char *mark = strchr("\\\\\tt\nn\rr", v->s[i]);

        if (v->s[i] != '\0' && strchr("\\\t\n\r", v->s[i]) != NULL) {
            str_char(out, '\\');
            str_char(out, v->s[i] == '\\' ? '\\' : mark[1]);
        } else {
            str_char(out, v->s[i]);
        }
    }
}

/* --- JSON, as far as the expectations go --------------------------------------------------------
 */
/* Behind the JSON value at p. */
static inline const char *json_skip(const char *p)
{
    int depth = 0;

    for (;; p++) {
        if (*p == '"') {
            for (p++; *p != '"'; p++)
                p += *p == '\\';
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            if (depth == 0)
                return p;
            depth--;
        } else if (*p == ',' && depth == 0) {
            return p;
        }
    }
}

/* The value of a member of the object at p; NULL if there is none. */
static inline const char *json_member(const char *p, const char *name)
{
    size_t bytes = strlen(name);

    if (p == NULL || *p++ != '{')
        return NULL;
    while (*p != '}' && *p != '\0') {
        bool found = strncmp(p + 1, name, bytes) == 0 && p[1 + bytes] == '"';

        for (p++; *p != '"'; p++)
            p += *p == '\\';
        p += 3; /* ": " */
        if (found)
            return p;
        p = json_skip(p);
        if (*p == ',')
            p += 2;
    }
    return NULL;
}

/* The string at p in UTF-8, appended to out with a NUL (which is not counted). */
static inline void json_string(const char *p, struct str *out)
{
    for (p++; *p != '"'; p++) {
        unsigned code;

        if (*p != '\\') {
            str_char(out, *p);
            continue;
        }
        p++;
        if (*p != 'u') {
            str_char(out, *p == 'n'   ? '\n'
                          : *p == 't' ? '\t'
                          : *p == 'r' ? '\r'
                          : *p == 'b' ? '\b'
                          : *p == 'f' ? '\f'
                                      : *p);
            continue;
        }
        code = (unsigned)strtoul((char[]){p[1], p[2], p[3], p[4], 0}, NULL, 16);
        p += 4;
        if (code >= 0xd800 && code < 0xdc00 && p[1] == '\\') {
            unsigned low = (unsigned)strtoul((char[]){p[3], p[4], p[5], p[6], 0}, NULL, 16);

            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            p += 6;
        }
        if (code < 0x80) {
            str_char(out, (char)code);
        } else if (code >= 0xdc80 && code < 0xdd00) {
            str_char(out, (char)(code - 0xdc00)); /* a byte that is no UTF-8 */
        } else if (code < 0x800) {
            str_char(out, (char)(0xc0 | code >> 6));
            str_char(out, (char)(0x80 | (code & 63)));
        } else if (code < 0x10000) {
            str_char(out, (char)(0xe0 | code >> 12));
            str_char(out, (char)(0x80 | (code >> 6 & 63)));
            str_char(out, (char)(0x80 | (code & 63)));
        } else {
            str_char(out, (char)(0xf0 | code >> 18));
            str_char(out, (char)(0x80 | (code >> 12 & 63)));
            str_char(out, (char)(0x80 | (code >> 6 & 63)));
            str_char(out, (char)(0x80 | (code & 63)));
        }
    }
    str_end(out);
}

static inline int64_t json_int(const char *p)
{
    return p == NULL ? 0 : strtoll(p, NULL, 10);
}

/* Elements of the array at p. */
static inline uint32_t json_count(const char *p)
{
    uint32_t count = 0;

    if (p == NULL || *p++ != '[')
        return 0;
    while (*p != ']') {
        count++;
        p = json_skip(p);
        if (*p == ',')
            p += 2;
    }
    return count;
}

/* --- the folder ------------------------------------------------------------------------------- */
/* "$STOA_SHARED/csv/", or the one beside the source tree; NULL: neither is there. */
static inline const char *corpus_folder(void)
{
    static char folder[4096];
    const char *shared = getenv("STOA_SHARED");
    char        probe[4200];
    FILE       *file;

    if (shared != NULL)
        snprintf(folder, sizeof folder, "%s/csv/", shared);
    else
        snprintf(folder, sizeof folder, "%.*s/../shared/csv/",
                 (int)(sizeof __FILE__ - sizeof "/tests/unit/io/corpus.h"), __FILE__);
    snprintf(probe, sizeof probe, "%sexpect.jsonl", folder);
    file = fopen(probe, "r");
    if (file == NULL)
        return NULL;
    fclose(file);
    return folder;
}

#endif
