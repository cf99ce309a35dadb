/* func_edit.c - text functions beyond SQLite's, as analysts know them from PostgreSQL and DuckDB:
 * split_part, lpad, rpad, left, right, reverse, repeat, starts_with, ends_with, contains,
 * levenshtein.  They count characters, and any NULL argument gives NULL. */
#include <string.h>

#include "vm/func.h"

enum { LEVENSHTEIN_CELLS_MAX = 100000000 }; /* of the table: half a second of work */

/* Between two questions whether to stop: bytes written one at a time, and pieces of text. */
enum { PIECE_BYTES = 1 << 20, PIECES_PER_POLL = 1 << 14 };

/* Whether the search of so many bytes ended because it was stopped: only a long one may be. */
static enum status poll_after(struct function_context *context, size_t bytes)
{
    return bytes < PIECES_PER_POLL ? STATUS_OK : memory_poll(context->arena->memory, context->err);
}

/* --- parts ------------------------------------------------------------------------------------ */

/* The index-th (from 1) of the parts between separators; empty if there is none.  Like part_count
 * it may end early when it is stopped. */
static struct text part_at(struct function_context *context, struct text text,
                           struct text separator, int64_t index)
{
    const char *p = text.s, *end = text.s + text.bytes, *next;

    for (;; p = next + separator.bytes, index--) {
        next = func_find(context, p, end, separator);
        if (index == 1 || next == NULL ||
            (index % PIECES_PER_POLL == 0 && memory_stopped(context->arena->memory)))
            break;
    }
    if (index != 1)
        return (struct text){end, 0};
    return (struct text){p, (size_t)((next == NULL ? end : next) - p)};
}

static int64_t part_count(struct function_context *context, struct text text, struct text separator)
{
    const char *p = text.s, *end = text.s + text.bytes;
    int64_t     count = 1;

    while ((p = func_find(context, p, end, separator)) != NULL) {
        p += separator.bytes;
        if (++count % PIECES_PER_POLL == 0 && memory_stopped(context->arena->memory))
            break;
    }
    return count;
}

/* split_part(text, separator, index): index from 1, or from -1 backwards; '' for a part that is not
 * there.  An empty separator leaves the text as one part. */
enum status func_split_part(FUNCTION_ARGUMENTS)
{
    char        buffer[NUMBER_TEXT_CAP];
    struct text text, separator;
    int64_t     index = value_as_int(&argv[2]);
    size_t      whole;

    (void)argc;
    if (!func_kept_text(context, &argv[0], &text))
        return fail_nomem(context->err);
    separator = func_text(context, &argv[1], buffer);
    whole = text.bytes;
    if (separator.bytes == 0) {
        if (index != 1 && index != -1)
            text.bytes = 0;
    } else {
        if (index < 0)
            index += part_count(context, text, separator) + 1;
        if (index < 1)
            text.bytes = 0;
        else
            text = part_at(context, text, separator, index);
        TRY(poll_after(context, whole));
    }
    *out = value_text(text.s, text.bytes);
    return STATUS_OK;
}

/* left(text, n): the first n characters; n < 0: all but the last -n.  right() likewise. */
static enum status part_of(struct function_context *context, const struct value *argv, bool left,
                           struct value *out)
{
    struct text text;
    int64_t     count = value_as_int(&argv[1]), length;
    const char *cut;

    if (!func_kept_text(context, &argv[0], &text))
        return fail_nomem(context->err);
    length = (int64_t)utf8_length(text.s, text.bytes);
    if (count < 0)
        count = count < -length ? 0 : length + count;
    else if (count > length)
        count = length;
    cut = utf8_skip(text.s, text.bytes, (uint64_t)(left ? count : length - count));
    *out = left ? value_text(text.s, (size_t)(cut - text.s))
                : value_text(cut, (size_t)(text.s + text.bytes - cut));
    return STATUS_OK;
}

enum status func_left(FUNCTION_ARGUMENTS)
{
    (void)argc;
    return part_of(context, argv, true, out);
}
enum status func_right(FUNCTION_ARGUMENTS)
{
    (void)argc;
    return part_of(context, argv, false, out);
}

/* --- made longer ------------------------------------------------------------------------------ */

/* Bytes of count characters of fill, taken over and over. */
static size_t fill_bytes(struct text fill, uint64_t count)
{
    uint64_t length = utf8_length(fill.s, fill.bytes);

    return (size_t)(count / length * fill.bytes) +
           (size_t)(utf8_skip(fill.s, fill.bytes, count % length) - fill.s);
}

/* fill over and over until there are bytes of it; NULL: stopped. */
static char *write_fill(struct memory *memory, char *to, struct text fill, size_t bytes)
{
    size_t poll_at = PIECE_BYTES;

    for (size_t done = 0; bytes > fill.bytes; bytes -= fill.bytes, done += fill.bytes) {
        to = mempcpy(to, fill.s, fill.bytes);
        if (done >= poll_at) {
            if (memory_stopped(memory))
                return NULL;
            poll_at = done + PIECE_BYTES;
        }
    }
    return mempcpy(to, fill.s, bytes);
}

/* lpad(text, length [, fill]): exactly length characters, cut at the end if text is longer. */
static enum status pad(struct function_context *context, uint32_t argc, const struct value *argv,
                       bool left, struct value *out)
{
    char        buffer[NUMBER_TEXT_CAP], *result, *to;
    struct text text, fill = {" ", 1};
    int64_t     wanted = value_as_int(&argv[1]), missing;
    size_t      bytes;

    if (!func_kept_text(context, &argv[0], &text))
        return fail_nomem(context->err);
    if (argc == 3)
        fill = func_text(context, &argv[2], buffer);
    missing = 0;
    if (fill.bytes > 0 && wanted > 0)
        missing = wanted - (int64_t)utf8_length(text.s, text.bytes);
    if (missing <= 0) {
        text.bytes =
            (size_t)(utf8_skip(text.s, text.bytes, wanted > 0 ? (uint64_t)wanted : 0) - text.s);
        *out = value_text(text.s, text.bytes);
        return STATUS_OK;
    }
    if (missing > VALUE_BYTES_MAX)
        return func_too_big(context);
    bytes = fill_bytes(fill, (uint64_t)missing);
    TRY(func_alloc(context, text.bytes + bytes, &result));
    to = result;
    if (!left)
        to = mempcpy(to, text.s, text.bytes);
    to = write_fill(context->arena->memory, to, fill, bytes);
    if (to == NULL)
        return memory_poll(context->arena->memory, context->err);
    if (left)
        to = mempcpy(to, text.s, text.bytes);
    *out = value_text(result, (size_t)(to - result));
    return STATUS_OK;
}

enum status func_lpad(FUNCTION_ARGUMENTS)
{
    return pad(context, argc, argv, true, out);
}
enum status func_rpad(FUNCTION_ARGUMENTS)
{
    return pad(context, argc, argv, false, out);
}

enum status func_repeat(FUNCTION_ARGUMENTS)
{
    char        buffer[NUMBER_TEXT_CAP], *result;
    struct text text = func_text(context, &argv[0], buffer);
    int64_t     count = value_as_int(&argv[1]);

    (void)argc;
    if (count < 0)
        count = 0;
    if (text.bytes == 0)
        count = 0;
    else if ((uint64_t)count > VALUE_BYTES_MAX / text.bytes)
        return func_too_big(context);
    TRY(func_alloc(context, (size_t)count * text.bytes, &result));
    if (count > 0 &&
        write_fill(context->arena->memory, result, text, (size_t)count * text.bytes) == NULL)
        return memory_poll(context->arena->memory, context->err);
    *out = value_text(result, (size_t)count * text.bytes);
    return STATUS_OK;
}

enum status func_reverse(FUNCTION_ARGUMENTS)
{
    char        buffer[NUMBER_TEXT_CAP], *result, *to;
    struct text text = func_text(context, &argv[0], buffer);
    const char *p = text.s, *end = text.s + text.bytes;

    (void)argc;
    TRY(func_alloc(context, text.bytes, &result));
    to = result + text.bytes;
    while (p < end) {
        const char *piece = end - p > PIECE_BYTES ? p + PIECE_BYTES : end;

        while (p < piece) {
            const char *next = utf8_next(p, end);

            to -= next - p;
            memcpy(to, p, (size_t)(next - p));
            p = next;
        }
        if (p < end)
            TRY(memory_poll(context->arena->memory, context->err));
    }
    *out = value_text(result, text.bytes);
    return STATUS_OK;
}

/* --- questions -------------------------------------------------------------------------------- */

enum status func_starts_with(FUNCTION_ARGUMENTS)
{
    char        buffers[2][NUMBER_TEXT_CAP];
    struct text text = func_text(context, &argv[0], buffers[0]);
    struct text part = func_text(context, &argv[1], buffers[1]);

    (void)argc;
    *out = value_int(part.bytes <= text.bytes && memcmp(text.s, part.s, part.bytes) == 0);
    return STATUS_OK;
}

enum status func_ends_with(FUNCTION_ARGUMENTS)
{
    char        buffers[2][NUMBER_TEXT_CAP];
    struct text text = func_text(context, &argv[0], buffers[0]);
    struct text part = func_text(context, &argv[1], buffers[1]);

    (void)argc;
    *out = value_int(part.bytes <= text.bytes &&
                     memcmp(text.s + text.bytes - part.bytes, part.s, part.bytes) == 0);
    return STATUS_OK;
}

enum status func_contains(FUNCTION_ARGUMENTS)
{
    char        buffers[2][NUMBER_TEXT_CAP];
    struct text text = func_text(context, &argv[0], buffers[0]);
    struct text part = func_text(context, &argv[1], buffers[1]);

    (void)argc;
    *out = value_int(func_find(context, text.s, text.s + text.bytes, part) != NULL);
    return poll_after(context, text.bytes);
}

/* --- distance --------------------------------------------------------------------------------- */

/* The code points of text in arena; NULL: memory. */
static uint32_t *code_points(struct function_context *context, struct text text, uint32_t *count)
{
    const char *p = text.s, *end = text.s + text.bytes;
    uint32_t   *codes = arena_alloc(context->arena, text.bytes * sizeof *codes);

    *count = 0;
    while (codes != NULL && p < end)
        codes[(*count)++] = utf8_read(&p, end);
    return codes;
}

/* levenshtein(a, b): the least number of characters to insert, delete or replace to make b of a. */
enum status func_levenshtein(FUNCTION_ARGUMENTS)
{
    char        buffers[2][NUMBER_TEXT_CAP];
    struct text a_text = func_text(context, &argv[0], buffers[0]);
    struct text b_text = func_text(context, &argv[1], buffers[1]);
    uint32_t    a_count, b_count, *a, *b, *row;

    (void)argc;
    if (b_text.bytes > 0 && a_text.bytes > LEVENSHTEIN_CELLS_MAX / b_text.bytes)
        return fail(context->err, STATUS_TOOBIG,
                    "levenshtein: texts of %zu and %zu bytes are too long", a_text.bytes,
                    b_text.bytes);
    a = code_points(context, a_text, &a_count);
    b = code_points(context, b_text, &b_count);
    row = arena_alloc(context->arena, ((size_t)b_count + 1) * sizeof *row);
    if (a == NULL || b == NULL || row == NULL)
        return fail_nomem(context->err);
    for (uint32_t j = 0; j <= b_count; j++)
        row[j] = j;
    for (uint32_t i = 0; i < a_count; i++) {
        uint32_t diagonal = row[0];

        TRY(memory_poll(context->arena->memory, context->err));
        row[0] = i + 1;
        for (uint32_t j = 0; j < b_count; j++) {
            uint32_t least = diagonal + (a[i] != b[j]);

            diagonal = row[j + 1];
            if (diagonal + 1 < least)
                least = diagonal + 1;
            if (row[j] + 1 < least)
                least = row[j] + 1;
            row[j + 1] = least;
        }
    }
    *out = value_int(row[b_count]);
    return STATUS_OK;
}
