/* status.c - result codes as text; writing an error record. */
#include "base/status.h"

#include <stdio.h>
#include <string.h>

void error_clear(struct error *err)
{
    err->status = STATUS_OK;
    err->position = -1;
    err->text[0] = '\0';
}

static void error_write(struct error *err, enum status status, int64_t position, const char *format,
                        va_list args)
{
    int length;

    err->status = status;
    err->position = position;
    length = vsnprintf(err->text, sizeof err->text, format, args);
    if (length >= (int)sizeof err->text)
        memcpy(err->text + sizeof err->text - 4, "...", 4);
}

enum status fail(struct error *err, enum status status, const char *format, ...)
{
    va_list args;

    if (err != NULL) {
        va_start(args, format);
        error_write(err, status, -1, format, args);
        va_end(args);
    }
    return status;
}

enum status fail_at(struct error *err, enum status status, int64_t position, const char *format,
                    ...)
{
    va_list args;

    if (err != NULL) {
        va_start(args, format);
        error_write(err, status, position, format, args);
        va_end(args);
    }
    return status;
}

enum status fail_nomem(struct error *err)
{
    return fail(err, STATUS_NOMEM, "out of memory");
}

const char *status_text(int status)
{
    switch (status) {
#define STATUS(name, number, text)                                                                 \
    case number:                                                                                   \
        return text;
#include "base/status.def"
#undef STATUS
    default:
        return "unknown error";
    }
}
