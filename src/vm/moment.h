/* moment.h - a point in time as the date functions handle it: read, modified, spelled out.
 *
 * It is known as milliseconds since noon of -4713-11-24 (julian day 0, proleptic Gregorian), as
 * calendar fields, or both; modifiers work on whichever they need and drop the other.  sqlite3
 * keeps a day of month beyond the month's end ('2024-02-30') until something forces it through the
 * milliseconds, and many answers hang on when that happens: hence the has_ flags. */
#ifndef STOA_VM_MOMENT_H
#define STOA_VM_MOMENT_H

#include "vm/func.h"

enum { MS_DAY = 86400000, MS_MINUTE = 60000 };
#define MS_MAX INT64_C(464269060799999)    /* 9999-12-31 23:59:59.999 */
#define UNIX_EPOCH_S INT64_C(210866760000) /* 1970-01-01 in seconds of the same count */
#define UNIX_EPOCH_MS (UNIX_EPOCH_S * 1000)

struct moment {
    int64_t ms;
    int     year, month, day, hour, minute;
    int     zone;    /* minutes east of UTC still to be taken off */
    double  seconds; /* or, with raw, the number that was given */
    bool    has_ms, has_date, has_time;
    bool    raw;    /* a plain number: julian day, or with a modifier unix time */
    bool    failed; /* out of range */
    bool    subsec; /* show milliseconds */
    bool    is_utc, is_local;
    int64_t overflow_days; /* how far the day is beyond the month's end, for floor */
};

/* Make what is missing: the milliseconds, the date, the time of day, both. */
void moment_need_ms(struct moment *m);
void moment_need_date(struct moment *m);
void moment_need_time(struct moment *m);
void moment_need_fields(struct moment *m);

/* Reads a time (argv[0]; without arguments: now) and its modifiers.  *valid false: the function's
 * result is NULL; else ms is known and within years -4713 to 9999. */
enum status moment_read(struct function_context *context, uint32_t argc, const struct value *argv,
                        struct moment *m, bool *valid);

/* At p: [-]YYYY-MM-DD (10 or 11 bytes), HH:MM:SS or HH:MM:SS.mmm (8 or 12).  They return the end.
 */
char *moment_write_date(char *p, const struct moment *m);
char *moment_write_time(char *p, const struct moment *m);

/* Days since the last Monday, Sunday, January 1; ms (and for the last one the date) known. */
int moment_days_after_monday(const struct moment *m);
int moment_days_after_sunday(const struct moment *m);
int moment_days_after_january_1(const struct moment *m);
/* The Thursday of m's week, which decides to which ISO year the week belongs. */
struct moment moment_thursday_of(const struct moment *m);

/* --- the short way ---
 * A canonical text, 'YYYY-MM-DD' or 'YYYY-MM-DD HH:MM:SS' of a moment that exists in the years 0000
 * to 9999, holds all that a plain format (of %Y %m %d %F %H %M %S %T %R) can ask for. */
enum { MOMENT_TEXT_BYTES = 19, MOMENT_PLAIN_MAX = 64 };

/* Whether s is canonical; then out is it with the time of day. */
bool moment_canonical(const char *s, size_t bytes, char out[MOMENT_TEXT_BYTES]);
/* The bytes, at most MOMENT_PLAIN_MAX, that format makes of any moment; 0: it is not plain. */
uint32_t moment_plain_bytes(struct text format);
void     moment_format_plain(const char canonical[MOMENT_TEXT_BYTES], struct text format, char *to);

#endif
