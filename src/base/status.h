/* status.h - result codes, the error record, and how a failure travels.
 *
 * A function that can fail returns enum status and gives its results through its last pointers. The
 * text is written once, by fail(), where the names are known; TRY passes a status up unchanged. */
#ifndef STOA_BASE_STATUS_H
#define STOA_BASE_STATUS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum status {
#define STATUS(name, number, text) STATUS_##name = number,
#include "base/status.def"
#undef STATUS
};

/* Longer texts are cut with "..."; a fixed buffer so that reporting an error never needs memory. */
enum { ERROR_TEXT_CAP = 1024 };

struct error {
    enum status status;
    int64_t     position; /* byte offset in the SQL text that the error speaks of; -1: none */
    char        text[ERROR_TEXT_CAP]; /* NUL-terminated; "" while status is STATUS_OK */
};

void error_clear(struct error *err);

/* Records status and text in err (which may be NULL) and returns status: return fail(err, ...). */
enum status fail(struct error *err, enum status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
enum status fail_at(struct error *err, enum status status, int64_t position, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
enum status fail_nomem(struct error *err); /* STATUS_NOMEM, "out of memory" */

/* SQLite's English text of a code; "unknown error" for a number that is none. */
const char *status_text(int status);

#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum status try_status_ = (call);                                                          \
        if (__builtin_expect(try_status_ != STATUS_OK, 0))                                         \
            return try_status_;                                                                    \
    } while (0)

#define countof(array) (sizeof(array) / sizeof((array)[0]))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
