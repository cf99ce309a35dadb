/* func_text.c - functions of text and blobs.
 *
 * Where sqlite3 reads an argument as a C string, a NUL ends it here too. */
#include <string.h>

#include "vm/func.h"
#include "vm/like.h"

/* How often searches in long texts ask whether to stop. */
enum { PIECE_BYTES = 1 << 20, FINDS_PER_POLL = 4096, TRIMS_PER_POLL = 1 << 16 };

/* --- measuring -------------------------------------------------------------------------------- */

enum status func_length(FUNCTION_ARGUMENTS)
{
    char        buffer[NUMBER_TEXT_CAP];
    struct text text = func_text(context, &argv[0], buffer);

    (void)argc;
    if (argv[0].class_ == CLASS_TEXT) {
        text = func_until_nul(text);
        text.bytes = utf8_length(text.s, text.bytes);
    }
    *out = value_int((int64_t)text.bytes);
    return STATUS_OK;
}

enum status func_octet_length(FUNCTION_ARGUMENTS)
{
    char buffer[NUMBER_TEXT_CAP];

    (void)argc;
    *out = value_int((int64_t)func_text(context, &argv[0], buffer).bytes);
    return STATUS_OK;
}

enum status func_unicode(FUNCTION_ARGUMENTS)
{
    char        buffer[NUMBER_TEXT_CAP];
    struct text text = func_text(context, &argv[0], buffer);
    const char *p = text.s, *end = text.s + text.bytes;

    (void)argc;
    *out = p == end || *p == '\0' ? value_null() : value_int(utf8_read(&p, end));
    return STATUS_OK;
}

const char *func_find(struct function_context *context, const char *p, const char *end,
                      struct text needle)
{
    while ((size_t)(end - p) > PIECE_BYTES + needle.bytes) {
        const char *found = memmem(p, PIECE_BYTES + needle.bytes, needle.s, needle.bytes);

        if (found != NULL || memory_stopped(context->arena->memory))
            return found;
        p += PIECE_BYTES;
    }
    return memmem(p, (size_t)(end - p), needle.s, needle.bytes);
}

/* Characters (bytes of blobs) before the first needle, and one; 0 if there is none. */
static int64_t position_of(struct function_context *context, struct text haystack,
                           struct text needle, bool blobs)
{
    const char *p = haystack.s, *end = haystack.s + haystack.bytes;
    int64_t     position = 1;

    if (needle.bytes == 0)
        return 1;
    for (;;) {
        const char *found = func_find(context, p, end, needle);

        if (found == NULL)
            return 0;
        if (blobs)
            return found - haystack.s + 1;
        for (; p < found; p++) /* a match inside a character is none */
            position += !utf8_continues(p[1]);
        if (found == haystack.s || !utf8_continues(*found))
            return position;
        if (++p == end)
            return 0;
        position += !utf8_continues(*p);
    }
}

enum status func_instr(FUNCTION_ARGUMENTS)
{
    char haystack[NUMBER_TEXT_CAP], needle[NUMBER_TEXT_CAP];

    (void)argc;
    *out = value_int(position_of(context, func_text(context, &argv[0], haystack),
                                 func_text(context, &argv[1], needle),
                                 argv[0].class_ == CLASS_BLOB && argv[1].class_ == CLASS_BLOB));
    return STATUS_OK;
}

/* --- parts ------------------------------------------------------------------------------------ */

/* Turns SQL's start (1: first, negative: from the end) and count (negative: before start) into an
 * offset and a count; length is only used when start is negative. */
static void substr_range(int64_t *start, int64_t *count, int64_t length)
{
    if (*start < 0) {
        *start += length;
        if (*start < 0) {
            *count = *count < 0 ? 0 : *count + *start;
            *start = 0;
        }
    } else if (*start > 0) {
        --*start;
    } else if (*count > 0) {
        --*count;
    }
    if (*count < 0) {
        *count = *count < -*start ? *start : -*count;
        *start -= *count;
    }
}

enum status func_substr(FUNCTION_ARGUMENTS)
{
    struct text text;
    int64_t     start = value_as_int(&argv[1]);
    int64_t     count = argc == 3 ? value_as_int(&argv[2]) : VALUE_BYTES_MAX;
    const char *from, *to;

    if (!func_kept_text(context, &argv[0], &text))
        return fail_nomem(context->err);
    if (argv[0].class_ == CLASS_BLOB) {
        if (text.bytes == 0) {
            *out = value_null();
            return STATUS_OK;
        }
        substr_range(&start, &count, (int64_t)text.bytes);
        if (start >= (int64_t)text.bytes)
            start = count = 0;
        else if (count > (int64_t)text.bytes - start)
            count = (int64_t)text.bytes - start;
        *out = value_blob(text.s + start, (size_t)count);
        return STATUS_OK;
    }
    text = func_until_nul(text);
    substr_range(&start, &count, start < 0 ? (int64_t)utf8_length(text.s, text.bytes) : 0);
    from = utf8_skip(text.s, text.bytes, (uint64_t)start);
    to = utf8_skip(from, text.bytes - (size_t)(from - text.s), (uint64_t)count);
    *out = value_text(from, (size_t)(to - from));
    return STATUS_OK;
}

/* The length of the character of set that text begins (ends) with; 0: none of them. */
static size_t set_match(struct text set, struct text text, bool at_end)
{
    const char *p = set.s, *end = set.s + set.bytes;

    while (p < end) {
        const char *next = utf8_next(p, end);
        size_t      bytes = (size_t)(next - p);

        if (bytes <= text.bytes &&
            memcmp(text.s + (at_end ? text.bytes - bytes : 0), p, bytes) == 0)
            return bytes;
        p = next;
    }
    return 0;
}

static enum status trim(struct function_context *context, uint32_t argc, const struct value *argv,
                        bool left, bool right, struct value *out)
{
    char        buffer[NUMBER_TEXT_CAP];
    struct text text, set = {" ", 1};
    size_t      bytes, count = 0;

    if (!func_kept_text(context, &argv[0], &text))
        return fail_nomem(context->err);
    if (argc == 2)
        set = func_until_nul(func_text(context, &argv[1], buffer));
    while (left && (bytes = set_match(set, text, false)) > 0) {
        text.s += bytes;
        text.bytes -= bytes;
        if (++count % TRIMS_PER_POLL == 0)
            TRY(memory_poll(context->arena->memory, context->err));
    }
    while (right && (bytes = set_match(set, text, true)) > 0) {
        text.bytes -= bytes;
        if (++count % TRIMS_PER_POLL == 0)
            TRY(memory_poll(context->arena->memory, context->err));
    }
    *out = value_text(text.s, text.bytes);
    return STATUS_OK;
}

enum status func_trim(FUNCTION_ARGUMENTS)
{
    return trim(context, argc, argv, true, true, out);
}
enum status func_ltrim(FUNCTION_ARGUMENTS)
{
    return trim(context, argc, argv, true, false, out);
}
enum status func_rtrim(FUNCTION_ARGUMENTS)
{
    return trim(context, argc, argv, false, true, out);
}

/* --- changing --------------------------------------------------------------------------------- */

/* Adding to each byte's low seven bits tells, in the byte's top bit, whether it is at least first,
 * and beyond first + 25; bytes beyond ASCII have that bit themselves. */
static inline uint64_t fold_word(uint64_t word, char first)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t       low = word & ones * 0x7f;
    uint64_t       at_least = low + ones * (uint8_t)(0x80 - first);
    uint64_t       beyond = low + ones * (uint8_t)(0x80 - first - 26);

    return word ^ (at_least & ~beyond & ~word & ones * 0x80) >> 2; /* bit 5 is the case */
}

void func_fold_case(const char *restrict from, size_t bytes, char first, char *restrict to)
{
    uint64_t word = 0;

    for (; bytes >= sizeof word; from += sizeof word, to += sizeof word, bytes -= sizeof word) {
        memcpy(&word, from, sizeof word);
        word = fold_word(word, first);
        memcpy(to, &word, sizeof word);
    }
    for (size_t i = 0; i < bytes; i++)
        to[i] = first == 'a' ? ascii_upper(from[i]) : ascii_lower(from[i]);
}

/* text in the other case. */
static enum status fold(struct function_context *context, struct text text, char first,
                        struct value *out)
{
    char *result;

    TRY(func_alloc(context, text.bytes, &result));
    for (size_t at = 0; at < text.bytes; at += PIECE_BYTES) {
        size_t left = text.bytes - at;

        TRY(memory_poll(context->arena->memory, context->err));
        func_fold_case(text.s + at, left < PIECE_BYTES ? left : PIECE_BYTES, first, result + at);
    }
    *out = value_text(result, text.bytes);
    return STATUS_OK;
}

enum status func_upper(FUNCTION_ARGUMENTS)
{
    char buffer[NUMBER_TEXT_CAP];

    (void)argc;
    return fold(context, func_text(context, &argv[0], buffer), 'a', out);
}

enum status func_lower(FUNCTION_ARGUMENTS)
{
    char buffer[NUMBER_TEXT_CAP];

    (void)argc;
    return fold(context, func_text(context, &argv[0], buffer), 'A', out);
}

static size_t count_of(struct function_context *context, struct text text, struct text pattern)
{
    size_t      count = 0;
    const char *p = text.s, *end = text.s + text.bytes;

    while ((p = func_find(context, p, end, pattern)) != NULL) {
        p += pattern.bytes;
        if (++count % FINDS_PER_POLL == 0 && memory_stopped(context->arena->memory))
            return 0;
    }
    return count;
}

enum status func_replace(FUNCTION_ARGUMENTS)
{
    char        pattern_buffer[NUMBER_TEXT_CAP], by_buffer[NUMBER_TEXT_CAP], *result, *r;
    struct text text, pattern, by;
    const char *p, *end, *found;
    size_t      count;

    (void)argc;
    *out = value_null();
    if (argv[0].class_ == CLASS_NULL || argv[1].class_ == CLASS_NULL)
        return STATUS_OK;
    if (!func_kept_text(context, &argv[0], &text))
        return fail_nomem(context->err);
    pattern = func_text(context, &argv[1], pattern_buffer);
    if (pattern.bytes == 0 || pattern.s[0] == '\0') {
        *out = value_text(text.s, text.bytes);
        return STATUS_OK;
    }
    if (argv[2].class_ == CLASS_NULL)
        return STATUS_OK;
    by = func_text(context, &argv[2], by_buffer);
    count = count_of(context, text, pattern);
    TRY(memory_poll(context->arena->memory, context->err));
    if (count == 0) {
        *out = value_text(text.s, text.bytes);
        return STATUS_OK;
    }
    if (by.bytes > pattern.bytes && count > VALUE_BYTES_MAX / (by.bytes - pattern.bytes))
        return func_too_big(context);
    TRY(func_alloc(context, text.bytes - count * pattern.bytes + count * by.bytes, &result));
    end = text.s + text.bytes;
    r = result;
    for (p = text.s; count > 0; count--) {
        found = func_find(context, p, end, pattern);
        if (found == NULL ||
            (count % FINDS_PER_POLL == 0 && memory_stopped(context->arena->memory)))
            return memory_poll(context->arena->memory, context->err);
        r = (char *)mempcpy(r, p, (size_t)(found - p));
        r = (char *)mempcpy(r, by.s, by.bytes);
        p = found + pattern.bytes;
    }
    r = (char *)mempcpy(r, p, (size_t)(end - p));
    *out = value_text(result, (size_t)(r - result));
    return STATUS_OK;
}

/* All arguments that are not NULL, separated. */
static enum status concat(struct function_context *context, uint32_t argc, const struct value *argv,
                          struct text separator, struct value *out)
{
    struct memory *memory = context->arena->memory;
    char           buffer[NUMBER_TEXT_CAP], *result, *r;
    size_t         bytes = 0;
    bool           first = true;

    for (uint32_t i = 0; i < argc; i++) {
        if (argv[i].class_ == CLASS_NULL)
            continue;
        bytes += func_text(context, &argv[i], buffer).bytes + (first ? 0 : separator.bytes);
        first = false;
    }
    TRY(func_alloc(context, bytes, &result));
    r = result;
    first = true;
    for (uint32_t i = 0; i < argc; i++) {
        struct text text = func_text(context, &argv[i], buffer);

        if (text.s == NULL)
            continue;
        if (!first)
            r = (char *)mempcpy(r, separator.s, separator.bytes);
        if (!memory_copy(memory, r, text.s, text.bytes))
            return memory_poll(memory, context->err);
        r += text.bytes;
        first = false;
    }
    *out = value_text(result, bytes);
    return STATUS_OK;
}

enum status func_concat(FUNCTION_ARGUMENTS)
{
    return concat(context, argc, argv, (struct text){"", 0}, out);
}

enum status func_concat_ws(FUNCTION_ARGUMENTS)
{
    char buffer[NUMBER_TEXT_CAP];

    if (argv[0].class_ == CLASS_NULL) {
        *out = value_null();
        return STATUS_OK;
    }
    return concat(context, argc - 1, argv + 1, func_text(context, &argv[0], buffer), out);
}

enum status func_char(FUNCTION_ARGUMENTS)
{
    char  *result;
    size_t bytes = 0;

    TRY(func_alloc(context, (size_t)argc * UTF8_BYTES_MAX, &result));
    for (uint32_t i = 0; i < argc; i++) {
        int64_t code = value_as_int(&argv[i]);

        if (code < 0 || code > 0x10ffff)
            code = UTF8_REPLACEMENT;
        bytes += utf8_write((uint32_t)code, result + bytes);
    }
    *out = value_text(result, bytes);
    return STATUS_OK;
}

enum status func_soundex(FUNCTION_ARGUMENTS)
{
    static const char codes[] = "01230120022455012623010202"; /* of A to Z */
    char              buffer[NUMBER_TEXT_CAP], result[4] = "?000";
    struct text       text = func_until_nul(func_text(context, &argv[0], buffer));
    size_t            i = 0, n = 1;

    (void)argc;
    for (; i < text.bytes && (ascii_lower(text.s[i]) < 'a' || ascii_lower(text.s[i]) > 'z'); i++)
        if (i % INTERRUPT_TEXT_PIECE == INTERRUPT_TEXT_PIECE - 1)
            TRY(memory_poll(context->arena->memory, context->err));
    if (i < text.bytes) {
        char prior = codes[ascii_lower(text.s[i]) - 'a'];

        result[0] = ascii_upper(text.s[i]);
        for (; i < text.bytes && n < sizeof result; i++) {
            char c = ascii_lower(text.s[i] & 0x7f);
            char code = c >= 'a' && c <= 'z' ? codes[c - 'a'] : '0';

            if (code != '0' && code != prior)
                result[n++] = code;
            prior = code;
            if (i % INTERRUPT_TEXT_PIECE == INTERRUPT_TEXT_PIECE - 1)
                TRY(memory_poll(context->arena->memory, context->err));
        }
    }
    return func_result_copy(context, result, sizeof result, out);
}

/* --- hexadecimal and escapes ------------------------------------------------------------------ */

static const char hex_digits[] = "0123456789ABCDEF";

/* The value of a hexadecimal digit, or -1. */
static int hex_value(char c)
{
    if (ascii_digit(c))
        return c - '0';
    c = ascii_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Two digits a byte; false: stopped. */
static bool write_hex(struct memory *memory, const char *s, size_t bytes, char *to)
{
    for (size_t i = 0; i < bytes; i++) {
        if (i % PIECE_BYTES == 0 && memory_stopped(memory))
            return false;
        to[2 * i] = hex_digits[(uint8_t)s[i] >> 4];
        to[2 * i + 1] = hex_digits[(uint8_t)s[i] & 15];
    }
    return true;
}

enum status func_hex(FUNCTION_ARGUMENTS)
{
    char        buffer[NUMBER_TEXT_CAP], *result;
    struct text text = func_text(context, &argv[0], buffer);

    (void)argc;
    TRY(func_alloc(context, text.bytes * 2, &result));
    if (!write_hex(context->arena->memory, text.s, text.bytes, result))
        return memory_poll(context->arena->memory, context->err);
    *out = value_text(result, text.bytes * 2);
    return STATUS_OK;
}

static bool contains_character(struct text set, uint32_t code)
{
    const char *p = set.s, *end = set.s + set.bytes;

    while (p < end)
        if (utf8_read(&p, end) == code)
            return true;
    return false;
}

enum status func_unhex(FUNCTION_ARGUMENTS)
{
    char        buffer[NUMBER_TEXT_CAP], pass_buffer[NUMBER_TEXT_CAP], *result;
    struct text text = func_until_nul(func_text(context, &argv[0], buffer)), pass = {"", 0};
    const char *p = text.s, *end = text.s + text.bytes;
    size_t      bytes = 0;

    if (argc == 2)
        pass = func_text(context, &argv[1], pass_buffer);
    TRY(func_alloc(context, text.bytes / 2 + 1, &result));
    *out = value_null();
    for (uint32_t n = 1; p < end; n++) {
        if (n % INTERRUPT_TEXT_PIECE == 0)
            TRY(memory_poll(context->arena->memory, context->err));
        if (hex_value(*p) < 0) { /* allowed between two bytes only */
            if (!contains_character(pass, utf8_read(&p, end)))
                return STATUS_OK;
            continue;
        }
        if (p + 1 == end || hex_value(p[1]) < 0)
            return STATUS_OK;
        result[bytes++] = (char)(hex_value(p[0]) << 4 | hex_value(p[1]));
        p += 2;
    }
    *out = value_blob(result, bytes);
    return STATUS_OK;
}

/* The escape behind the backslash at p: its code point, and p moves behind it. */
static bool read_escape(const char **p, const char *end, uint32_t *code)
{
    const char *s = *p + 1;
    int         digits = 4;

    if (s < end && *s == '\\') {
        *code = '\\';
        *p = s + 1;
        return true;
    }
    if (s < end && (*s == '+' || *s == 'u' || *s == 'U')) {
        digits = *s == '+' ? 6 : *s == 'u' ? 4 : 8;
        s++;
    }
    *code = 0;
    for (; digits > 0; digits--, s++) {
        if (s >= end || hex_value(*s) < 0)
            return false;
        *code = *code << 4 | (uint32_t)hex_value(*s);
    }
    *p = s;
    return true;
}

enum status func_unistr(FUNCTION_ARGUMENTS)
{
    char        buffer[NUMBER_TEXT_CAP], *result;
    struct text text = func_text(context, &argv[0], buffer);
    const char *p = text.s, *end = text.s + text.bytes;
    const char *escapes_end = text.s + text_until_nul(text.s, text.bytes);
    size_t      bytes = 0;

    (void)argc;
    TRY(func_alloc(context, text.bytes + 1, &result));
    for (uint32_t n = 1; p < end; n++) {
        uint32_t code;

        if (n % INTERRUPT_TEXT_PIECE == 0)
            TRY(memory_poll(context->arena->memory, context->err));
        if (*p != '\\' || p >= escapes_end) {
            result[bytes++] = *p++;
            continue;
        }
        if (!read_escape(&p, end, &code))
            return fail(context->err, STATUS_ERROR, "invalid Unicode escape");
        bytes += utf8_write(code, result + bytes); /* an escape is longer than its character */
    }
    *out = value_text(result, bytes);
    return STATUS_OK;
}

static void quote_blob(const struct value *v, struct str *str)
{
    str_text(str, "X'");
    if (!str_reserve(str, (size_t)v->bytes * 2))
        return;
    if (!write_hex(str->memory, v->s, v->bytes, str->data + str->bytes))
        str->failed = true;
    str->bytes += (size_t)v->bytes * 2;
    str_char(str, '\'');
}

/* %Q (alternate: %#Q) of printf. */
static enum status quote(struct function_context *context, const struct value *v, bool alternate,
                         struct value *out)
{
    struct str str;
    char       start[FUNC_RESULT_ROOM];

    str_init_room(&str, context->arena->memory, start, sizeof start);
    switch (v->class_) {
    case CLASS_INTEGER: {
        char buffer[NUMBER_TEXT_CAP];

        str_append(&str, buffer, number_from_int(v->i, buffer));
        break;
    }
    case CLASS_REAL:
        format_real(
            &str,
            &(struct format_spec){.precision = 17, .alternate2 = true, .zero = true, .type = 'g'},
            v->r);
        break;
    case CLASS_TEXT:
        format_escaped(&str, func_until_nul((struct text){v->s, v->bytes}), 'Q', alternate);
        break;
    case CLASS_BLOB:
        if ((size_t)v->bytes * 2 + 3 > VALUE_BYTES_MAX)
            return func_too_big(context);
        quote_blob(v, &str);
        break;
    default:
        str_text(&str, "NULL");
        break;
    }
    return func_result_str(context, &str, out);
}

enum status func_quote(FUNCTION_ARGUMENTS)
{
    (void)argc;
    return quote(context, &argv[0], false, out);
}

enum status func_unistr_quote(FUNCTION_ARGUMENTS)
{
    (void)argc;
    return quote(context, &argv[0], true, out);
}

enum status func_zeroblob(FUNCTION_ARGUMENTS)
{
    int64_t n = value_as_int(&argv[0]);
    char   *result;

    (void)argc;
    if (n < 0)
        n = 0;
    TRY(func_alloc(context, n > VALUE_BYTES_MAX ? SIZE_MAX : (size_t)n, &result));
    for (size_t at = 0; at < (size_t)n; at += PIECE_BYTES) {
        TRY(memory_poll(context->arena->memory, context->err));
        memset(result + at, 0, (size_t)n - at < PIECE_BYTES ? (size_t)n - at : PIECE_BYTES);
    }
    *out = value_blob(result, (size_t)n);
    return STATUS_OK;
}

/* --- matching --------------------------------------------------------------------------------- */

static enum status check_pattern(struct function_context *context, struct text pattern)
{
    if (pattern.bytes > LIKE_PATTERN_BYTES_MAX)
        return fail(context->err, STATUS_ERROR, "LIKE or GLOB pattern too complex");
    return STATUS_OK;
}

/* like(pattern, text [, escape]): text LIKE pattern. */
/* MATCH is for what would define it: nothing does. */
enum status func_match(FUNCTION_ARGUMENTS)
{
    (void)argc;
    (void)argv;
    (void)out;
    return fail(context->err, STATUS_ERROR,
                "unable to use function MATCH in the requested context");
}

enum status func_like(FUNCTION_ARGUMENTS)
{
    char                buffers[3][NUMBER_TEXT_CAP];
    struct text         pattern = func_text(context, &argv[0], buffers[0]);
    struct text         text = func_text(context, &argv[1], buffers[1]);
    struct like_matcher matcher;
    uint32_t            escape = 0;

    *out = value_null();
    TRY(check_pattern(context, pattern));
    if (argc == 3) {
        struct text e = func_until_nul(func_text(context, &argv[2], buffers[2]));
        const char *p = e.s;

        if (e.s == NULL)
            return STATUS_OK;
        if (utf8_length(e.s, e.bytes) != 1)
            return fail(context->err, STATUS_ERROR, "ESCAPE expression must be a single character");
        escape = utf8_read(&p, e.s + e.bytes);
    }
    if (pattern.s == NULL || text.s == NULL)
        return STATUS_OK;
    like_prepare(&matcher, context->arena->memory, pattern.s, pattern.bytes, escape,
                 func_case_sensitive_like(context));
    *out = value_int(like_matches(&matcher, text.s, text.bytes, false));
    return STATUS_OK;
}

/* glob(pattern, text): text GLOB pattern. */
enum status func_glob(FUNCTION_ARGUMENTS)
{
    char        buffers[2][NUMBER_TEXT_CAP];
    struct text pattern = func_text(context, &argv[0], buffers[0]);
    struct text text = func_text(context, &argv[1], buffers[1]);

    (void)argc;
    TRY(check_pattern(context, pattern));
    *out =
        value_int(text_glob(context->arena->memory, pattern.s, pattern.bytes, text.s, text.bytes));
    return STATUS_OK;
}
