/* moment.c - reading times and modifiers, and the calendar arithmetic behind them. */
#include "vm/moment.h"

#include <string.h>
#include <time.h>

#include "store/day.h"

/* --- calendar --------------------------------------------------------------------------------- */

static void moment_fail(struct moment *m)
{
    *m = (struct moment){.failed = true};
}

/* Meeus, Astronomical Algorithms, chapter 7. */
void moment_need_ms(struct moment *m)
{
    int year = 2000, month = 1, day = 1, century, leap;

    if (m->has_ms)
        return;
    if (m->has_date) {
        year = m->year;
        month = m->month;
        day = m->day;
    }
    if (year < -4713 || year > 9999 || m->raw) {
        moment_fail(m);
        return;
    }
    if (month <= 2) {
        year--;
        month += 12;
    }
    century = (year + 4800) / 100;
    leap = 38 - century + century / 4;
    m->ms = (int64_t)((36525 * (year + 4716) / 100 + 306001 * (month + 1) / 10000 + day + leap -
                       1524.5) *
                      MS_DAY);
    m->has_ms = true;
    if (!m->has_time)
        return;
    m->ms += (int64_t)m->hour * 3600000 + (int64_t)m->minute * MS_MINUTE +
             (int64_t)(m->seconds * 1000 + 0.5);
    if (m->zone != 0) {
        m->ms -= (int64_t)m->zone * MS_MINUTE;
        m->has_date = m->has_time = false;
        m->zone = 0;
        m->is_utc = true;
        m->is_local = false;
    }
}

static bool ms_in_range(int64_t ms)
{
    return ms >= 0 && ms <= MS_MAX;
}

void moment_need_date(struct moment *m)
{
    int z, alpha, a, b, c, d, e;

    if (m->has_date)
        return;
    if (!m->has_ms) {
        m->year = 2000;
        m->month = 1;
        m->day = 1;
    } else if (!ms_in_range(m->ms)) {
        moment_fail(m);
        return;
    } else {
        z = (int)((m->ms + MS_DAY / 2) / MS_DAY);
        alpha = (int)((z + 32044.75) / 36524.25) - 52;
        a = z + 1 + alpha - (alpha + 100) / 4 + 25;
        b = a + 1524;
        c = (int)((b - 122.1) / 365.25);
        d = 36525 * (c & 32767) / 100;
        e = (int)((b - d) / 30.6001);
        m->day = b - d - (int)(30.6001 * e);
        m->month = e < 14 ? e - 1 : e - 13;
        m->year = m->month > 2 ? c - 4716 : c - 4715;
    }
    m->has_date = true;
}

void moment_need_time(struct moment *m)
{
    int in_day;

    if (m->has_time)
        return;
    moment_need_ms(m);
    in_day = (int)((m->ms + MS_DAY / 2) % MS_DAY);
    m->seconds = in_day % MS_MINUTE / 1000.0;
    m->minute = in_day / MS_MINUTE % 60;
    m->hour = in_day / MS_MINUTE / 60;
    m->raw = false;
    m->has_time = true;
}

void moment_need_fields(struct moment *m)
{
    moment_need_date(m);
    moment_need_time(m);
}

static void drop_fields(struct moment *m)
{
    m->has_date = m->has_time = false;
    m->zone = 0;
}

static void note_overflow(struct moment *m)
{
    static const uint8_t month_days[13] = {31, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool                 leap = m->year % 4 == 0 && (m->year % 100 != 0 || m->year % 400 == 0);
    int                  days = month_days[m->month] + (m->month == 2 && leap);

    m->overflow_days = m->day > days ? m->day - days : 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* Texts here end with a NUL: conversions put them in a buffer first. */

/* Exactly `count` digits between least and most. */
static bool read_digits(const char **p, int count, int least, int most, int *value)
{
    int n = 0;

    for (const char *s = *p; count > 0; count--, s++) {
        if (!ascii_digit(*s))
            return false;
        n = n * 10 + (*s - '0');
    }
    if (n < least || n > most)
        return false;
    *value = n;
    return true;
}

static const char *skip_blanks(const char *p)
{
    while (ascii_space(*p))
        p++;
    return p;
}

/* [+-]HH:MM or Z up to the end of the text, or nothing. */
static bool read_zone(const char *p, struct moment *m)
{
    int sign, hours, minutes;

    p = skip_blanks(p);
    m->zone = 0;
    if (*p == 'Z' || *p == 'z') {
        p++;
        m->is_local = false;
        m->is_utc = true;
    } else if (*p == '+' || *p == '-') {
        sign = *p++ == '-' ? -1 : 1;
        if (!read_digits(&p, 2, 0, 14, &hours) || p[2] != ':')
            return false;
        p += 3;
        if (!read_digits(&p, 2, 0, 59, &minutes))
            return false;
        p += 2;
        m->zone = sign * (minutes + hours * 60);
        if (m->zone == 0) {
            m->is_local = false;
            m->is_utc = true;
        }
    } else {
        return *p == '\0';
    }
    return *skip_blanks(p) == '\0';
}

/* HH:MM, HH:MM:SS or HH:MM:SS.FFF, and a zone. */
static bool read_time(const char *p, struct moment *m)
{
    int    hour, minute, second = 0;
    double fraction = 0, scale = 1;

    if (!read_digits(&p, 2, 0, 24, &hour) || p[2] != ':')
        return false;
    p += 3;
    if (!read_digits(&p, 2, 0, 59, &minute))
        return false;
    p += 2;
    if (*p == ':') {
        p++;
        if (!read_digits(&p, 2, 0, 59, &second))
            return false;
        p += 2;
        if (*p == '.' && ascii_digit(p[1])) {
            for (p++; ascii_digit(*p); p++) {
                fraction = fraction * 10 + (*p - '0');
                scale *= 10;
            }
            fraction /= scale;
            if (fraction > 0.999) /* or rounding would make it the next second */
                fraction = 0.999;
        }
    }
    m->has_ms = m->raw = false;
    m->has_time = true;
    m->hour = hour;
    m->minute = minute;
    m->seconds = second + fraction;
    return read_zone(p, m);
}

/* [-]YYYY-MM-DD and perhaps a time. */
static bool read_date(const char *p, struct moment *m)
{
    bool negative = *p == '-';
    int  year, month, day;

    p += negative;
    if (!read_digits(&p, 4, 0, 14712, &year) || p[4] != '-')
        return false;
    p += 5;
    if (!read_digits(&p, 2, 1, 12, &month) || p[2] != '-')
        return false;
    p += 3;
    if (!read_digits(&p, 2, 1, 31, &day))
        return false;
    p += 2;
    while (ascii_space(*p) || *p == 'T')
        p++;
    if (!read_time(p, m)) {
        if (*p != '\0')
            return false;
        m->has_time = false;
    }
    m->has_ms = false;
    m->has_date = true;
    m->year = negative ? -year : year;
    m->month = month;
    m->day = day;
    note_overflow(m);
    if (m->zone != 0)
        moment_need_ms(m);
    return true;
}

static bool read_now(const struct function_context *context, struct moment *m)
{
    m->ms = context->now_ms;
    if (m->ms <= 0)
        return false;
    m->has_ms = m->is_utc = true;
    m->is_local = false;
    drop_fields(m);
    return true;
}

static void read_number_value(double r, struct moment *m)
{
    m->seconds = r;
    m->raw = true;
    if (r >= 0 && r < 5373484.5) {
        m->ms = (int64_t)(r * MS_DAY + 0.5);
        m->has_ms = true;
    }
}

static bool read_start(const struct function_context *context, const char *text, size_t bytes,
                       struct moment *m)
{
    struct number number;

    if (read_date(text, m) || read_time(text, m))
        return true;
    if (ascii_casecmp(text, "now") == 0)
        return read_now(context, m);
    number = number_parse(text, bytes);
    if (number.whole) {
        read_number_value(number.r, m);
        return true;
    }
    if (ascii_casecmp(text, "subsec") == 0 || ascii_casecmp(text, "subsecond") == 0) {
        m->subsec = true;
        return read_now(context, m);
    }
    return false;
}

/* --- local time ------------------------------------------------------------------------------- */

/* Moves m from UTC to local time.  Years for which localtime() may know nothing are mapped to such
 * around 2000 with the same leap years. */
static enum status to_local(const struct function_context *context, struct moment *m)
{
    struct tm local;
    time_t    t;
    int       shift = 0;

    moment_need_ms(m);
    if (m->ms < INT64_C(210866760000000) || m->ms > INT64_C(213014145600000)) {
        struct moment near_2000 = *m;

        moment_need_fields(&near_2000);
        shift = 2000 + near_2000.year % 4 - near_2000.year;
        near_2000.year += shift;
        near_2000.has_ms = false;
        moment_need_ms(&near_2000);
        t = (time_t)(near_2000.ms / 1000 - UNIX_EPOCH_S);
    } else {
        t = (time_t)(m->ms / 1000 - UNIX_EPOCH_S);
    }
    if (localtime_r(&t, &local) == NULL)
        return fail(context->err, STATUS_ERROR, "local time unavailable");
    m->year = local.tm_year + 1900 - shift;
    m->month = local.tm_mon + 1;
    m->day = local.tm_mday;
    m->hour = local.tm_hour;
    m->minute = local.tm_min;
    m->seconds = local.tm_sec + (double)(m->ms % 1000) * 0.001;
    m->has_date = m->has_time = true;
    m->has_ms = m->raw = m->failed = false;
    m->zone = 0;
    return STATUS_OK;
}

/* Moves m from local time to UTC: guesses, and corrects by how far the guess's local time is off.
 */
static enum status to_utc(const struct function_context *context, struct moment *m)
{
    int64_t local_ms, guess, error = 0;

    moment_need_ms(m);
    local_ms = guess = m->ms;
    for (int tries = 0; tries < 4; tries++) {
        struct moment try = {.has_ms = true};

        guess -= error;
        try.ms = guess;
        TRY(to_local(context, &try));
        moment_need_ms(&try);
        error = try.ms - local_ms;
        if (error == 0)
            break;
    }
    *m = (struct moment){.ms = guess, .has_ms = true, .is_utc = true};
    return STATUS_OK;
}

/* --- modifiers -------------------------------------------------------------------------------- */

enum { UNIT_SECOND, UNIT_MINUTE, UNIT_HOUR, UNIT_DAY, UNIT_MONTH, UNIT_YEAR, UNIT_COUNT };
static const struct {
    const char *name;
    float       limit; /* of the count: the limits and factors are floats in sqlite3, too */
    float       seconds;
} units[UNIT_COUNT] = {
    {"second", 4.6427e+14F, 1.0F},    {"minute", 7.7379e+12F, 60.0F},
    {"hour", 1.2897e+11F, 3600.0F},   {"day", 5373485.0F, 86400.0F},
    {"month", 176546.0F, 2592000.0F}, {"year", 14713.0F, 31536000.0F},
};

/* Brings the month back to 1..12 after adding to it. */
static void carry_months(struct moment *m)
{
    int years = m->month > 0 ? (m->month - 1) / 12 : (m->month - 12) / 12;

    m->year += years;
    m->month -= years * 12;
}

static bool add_units(struct moment *m, const char *name, double count)
{
    size_t bytes = strlen(name);
    double rounder = count < 0 ? -0.5 : 0.5;
    bool   known = false;

    if (bytes < 3 || bytes > 10)
        return false;
    if (ascii_lower(name[bytes - 1]) == 's')
        bytes--;
    moment_need_ms(m);
    m->overflow_days = 0;
    for (int unit = 0; unit < UNIT_COUNT && !known; unit++) {
        if (!ascii_equal(name, bytes, units[unit].name, strlen(units[unit].name)) ||
            !(count > -units[unit].limit && count < units[unit].limit))
            continue;
        known = true;
        if (unit >= UNIT_MONTH) {
            moment_need_fields(m);
            if (unit == UNIT_MONTH) {
                m->month += (int)count;
                carry_months(m);
            } else {
                m->year += (int)count;
            }
            note_overflow(m);
            m->has_ms = false;
            count -= (int)count;
        }
        moment_need_ms(m);
        if (__builtin_add_overflow(m->ms, (int64_t)(count * 1000.0 * units[unit].seconds + rounder),
                                   &m->ms))
            moment_fail(m);
    }
    drop_fields(m);
    return known;
}

/* [+-]HH:MM[:SS[.FFF]] */
static bool add_time(struct moment *m, const char *p, bool negative)
{
    struct moment span = {.has_ms = false};

    if (!ascii_digit(*p))
        p++;
    if (!read_time(p, &span))
        return false;
    moment_need_ms(&span);
    span.ms = (span.ms - MS_DAY / 2) % MS_DAY;
    moment_need_ms(m);
    drop_fields(m);
    m->ms += negative ? -span.ms : span.ms;
    return true;
}

/* (+|-)YYYY-MM-DD [HH:MM...], the year with 4 or 5 digits. */
static bool add_date(struct moment *m, const char *z, int year_digits)
{
    bool        negative = *z == '-';
    const char *p = z + 1;
    int         years, months, days, hour, minute;

    if (!negative && *z != '+')
        return false;
    if (!read_digits(&p, year_digits, 0, 14712, &years))
        return false;
    p += year_digits + 1;
    if (!read_digits(&p, 2, 0, 11, &months) || p[2] != '-')
        return false;
    p += 3;
    if (!read_digits(&p, 2, 0, 30, &days))
        return false;
    p += 2;
    moment_need_fields(m);
    m->has_ms = false;
    m->year += negative ? -years : years;
    m->month += negative ? -months : months;
    carry_months(m);
    note_overflow(m);
    moment_need_ms(m);
    m->has_time = m->has_date = false;
    m->ms += (int64_t)(negative ? -days : days) * MS_DAY;
    if (*p == '\0')
        return true;
    if (!ascii_space(*p))
        return false;
    p++;
    if (!read_digits(&p, 2, 0, 24, &hour) || p[2] != ':' ||
        (z = p + 3, !read_digits(&z, 2, 0, 59, &minute)))
        return false;
    return add_time(m, p, negative);
}

/* A modifier that begins with a sign or a digit. */
static bool add_something(struct moment *m, const char *z)
{
    struct number number;
    int           n = 1;

    for (; z[n] != '\0' && z[n] != ':' && !ascii_space(z[n]); n++)
        if (z[n] == '-' && (n == 5 || n == 6)) { /* a date, if all before it are digits */
            const char *p = z + 1;
            int         year;

            if (read_digits(&p, n - 1, 0, 14712, &year))
                break;
        }
    number = number_parse(z, (size_t)n);
    if (!number.whole)
        return false;
    if (z[n] == '-')
        return add_date(m, z, n - 1);
    if (z[n] == ':')
        return add_time(m, z, z[0] == '-');
    return add_units(m, skip_blanks(z + n), number.r);
}

static bool start_of(struct moment *m, const char *unit)
{
    if (!m->has_ms && !m->has_date && !m->has_time)
        return false;
    moment_need_date(m);
    m->has_time = true;
    m->hour = m->minute = 0;
    m->seconds = 0;
    m->raw = m->has_ms = false;
    m->zone = 0;
    if (ascii_casecmp(unit, "day") == 0)
        return true;
    if (ascii_casecmp(unit, "month") != 0 && ascii_casecmp(unit, "year") != 0)
        return false;
    m->day = 1;
    if (ascii_lower(*unit) == 'y')
        m->month = 1;
    return true;
}

/* Moves m to the next day, today included, that is weekday 0 (Sunday) to 6. */
static bool to_weekday(struct moment *m, const char *text)
{
    struct number number = number_parse(text, strlen(text));
    int64_t       today;
    int           weekday;

    if (!number.whole || !(number.r >= 0 && number.r < 7))
        return false;
    weekday = (int)number.r;
    if (weekday != number.r)
        return false;
    moment_need_fields(m);
    m->zone = 0;
    m->has_ms = false;
    moment_need_ms(m);
    today = (m->ms + MS_DAY * INT64_C(3) / 2) / MS_DAY % 7;
    if (today > weekday)
        today -= 7;
    m->ms += (weekday - today) * MS_DAY;
    drop_fields(m);
    return true;
}

/* The raw number as seconds since 1970. */
static bool from_unix(struct moment *m)
{
    double ms = m->seconds * 1000.0 + 210866760000000.0;

    if (!(ms >= 0 && ms < 464269060800000.0))
        return false;
    drop_fields(m);
    m->ms = (int64_t)(ms + 0.5);
    m->has_ms = true;
    m->raw = false;
    return true;
}

/* auto: the raw number is a julian day if it can be one, else unix time if it can be that. */
static void from_either(struct moment *m)
{
    if (!m->raw || m->has_ms) {
        m->raw = false;
    } else if (m->seconds >= -210866760000.0 && m->seconds <= 253402300799.0) {
        double ms = m->seconds * 1000.0 + 210866760000000.0;

        drop_fields(m);
        m->ms = (int64_t)(ms + 0.5);
        m->has_ms = true;
        m->raw = false;
    }
}

static bool begins_with(const char *text, const char *prefix)
{
    size_t bytes = strlen(prefix);

    return strlen(text) >= bytes && ascii_equal(text, bytes, prefix, bytes);
}

/* The modifiers that are words.  *known false: none of them, or it does not apply. */
static enum status apply_word(const struct function_context *context, struct moment *m,
                              const char *z, bool first, bool *known)
{
    *known = true;
    if (ascii_casecmp(z, "localtime") == 0) {
        if (!m->is_local)
            TRY(to_local(context, m));
        m->is_utc = false;
        m->is_local = true;
    } else if (ascii_casecmp(z, "utc") == 0) {
        if (!m->is_utc)
            TRY(to_utc(context, m));
    } else if (ascii_casecmp(z, "auto") == 0) {
        *known = first;
        if (first)
            from_either(m);
    } else if (ascii_casecmp(z, "julianday") == 0) {
        *known = first && m->has_ms && m->raw;
        if (*known)
            m->raw = false;
    } else if (ascii_casecmp(z, "unixepoch") == 0) {
        *known = first && m->raw && from_unix(m);
    } else if (ascii_casecmp(z, "ceiling") == 0) {
        moment_need_ms(m);
        drop_fields(m);
        m->overflow_days = 0;
    } else if (ascii_casecmp(z, "floor") == 0) {
        moment_need_ms(m);
        m->ms -= m->overflow_days * MS_DAY;
        drop_fields(m);
    } else if (ascii_casecmp(z, "subsec") == 0 || ascii_casecmp(z, "subsecond") == 0) {
        m->subsec = true;
    } else if (begins_with(z, "weekday ")) {
        *known = to_weekday(m, z + 8);
    } else if (begins_with(z, "start of ")) {
        *known = start_of(m, z + 9);
    } else {
        *known = false;
    }
    return STATUS_OK;
}

/* --- arguments -------------------------------------------------------------------------------- */

enum { TIME_TEXT_CAP = 256 };

/* v as a text with a NUL behind it, in buffer or in the arena. */
static enum status terminated_text(struct function_context *context, const struct value *v,
                                   char buffer[TIME_TEXT_CAP], struct text *text)
{
    char  number[NUMBER_TEXT_CAP];
    char *copy = buffer;

    *text = func_until_nul(func_text(context, v, number));
    if (text->bytes >= TIME_TEXT_CAP)
        TRY(func_alloc(context, text->bytes + 1, &copy));
    if (text->bytes > 0 && !memory_copy(context->arena->memory, copy, text->s, text->bytes))
        return memory_poll(context->arena->memory, context->err);
    copy[text->bytes] = '\0';
    text->s = copy;
    return STATUS_OK;
}

enum status moment_read(struct function_context *context, uint32_t argc, const struct value *argv,
                        struct moment *m, bool *valid)
{
    char        buffer[TIME_TEXT_CAP];
    struct text text;

    *m = (struct moment){.has_ms = false};
    *valid = false;
    for (uint32_t i = 0; i < argc; i++)
        if (argv[i].class_ == CLASS_NULL)
            return STATUS_OK;
    if (argc == 0) {
        if (!read_now(context, m))
            return STATUS_OK;
    } else if (argv[0].class_ == CLASS_INTEGER || argv[0].class_ == CLASS_REAL) {
        read_number_value(value_as_real(&argv[0]), m);
    } else {
        TRY(terminated_text(context, &argv[0], buffer, &text));
        if (!read_start(context, text.s, text.bytes, m))
            return STATUS_OK;
    }
    for (uint32_t i = 1; i < argc; i++) {
        bool known;

        TRY(terminated_text(context, &argv[i], buffer, &text));
        if (ascii_digit(*text.s) || *text.s == '+' || *text.s == '-')
            known = add_something(m, text.s);
        else
            TRY(apply_word(context, m, text.s, i == 1, &known));
        if (!known)
            return STATUS_OK;
    }
    moment_need_ms(m);
    if (m->failed || !ms_in_range(m->ms))
        return STATUS_OK;
    if (argc == 1 && m->has_date && m->day > 28)
        m->has_date = false; /* 2023-02-31 becomes 2023-03-03 */
    *valid = true;
    return STATUS_OK;
}

/* --- spelling out ----------------------------------------------------------------------------- */

/* value with `digits` digits, cut on the left. */
static char *write_padded(char *p, int value, int digits)
{
    for (int i = digits - 1; i >= 0; i--) {
        p[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return p + digits;
}

char *moment_write_date(char *p, const struct moment *m)
{
    if (m->year < 0)
        *p++ = '-';
    p = write_padded(p, m->year < 0 ? -m->year : m->year, 4);
    *p++ = '-';
    p = write_padded(p, m->month, 2);
    *p++ = '-';
    return write_padded(p, m->day, 2);
}

char *moment_write_time(char *p, const struct moment *m)
{
    p = write_padded(p, m->hour, 2);
    *p++ = ':';
    p = write_padded(p, m->minute, 2);
    *p++ = ':';
    if (m->subsec) {
        int ms = (int)(1000.0 * m->seconds + 0.5);

        p = write_padded(p, ms / 1000, 2);
        *p++ = '.';
        return write_padded(p, ms % 1000, 3);
    }
    return write_padded(p, (int)m->seconds, 2);
}

int moment_days_after_monday(const struct moment *m)
{
    return (int)((m->ms + MS_DAY / 2) / MS_DAY) % 7;
}
int moment_days_after_sunday(const struct moment *m)
{
    return (int)((m->ms + MS_DAY * INT64_C(3) / 2) / MS_DAY) % 7;
}
int moment_days_after_january_1(const struct moment *m)
{
    struct moment first = *m;

    first.has_ms = false;
    first.month = first.day = 1;
    moment_need_ms(&first);
    return (int)((m->ms - first.ms + MS_DAY / 2) / MS_DAY);
}
struct moment moment_thursday_of(const struct moment *m)
{
    struct moment thursday = *m;

    thursday.ms += (int64_t)(3 - moment_days_after_monday(m)) * MS_DAY;
    thursday.has_date = false;
    moment_need_date(&thursday);
    return thursday;
}

/* --- the short way ---------------------------------------------------------------------------- */

/* The number of two digits, -1 if they are none. */
static int two_digits(const char *s)
{
    return ascii_digit(s[0]) && ascii_digit(s[1]) ? (s[0] - '0') * 10 + (s[1] - '0') : -1;
}

static bool two_digits_below(const char *s, int limit)
{
    int n = two_digits(s);

    return n >= 0 && n < limit;
}

bool moment_canonical(const char *s, size_t bytes, char out[MOMENT_TEXT_BYTES])
{
    int century, year, month, day;

    if (bytes != DAY_TEXT_BYTES && bytes != MOMENT_TEXT_BYTES)
        return false;
    century = two_digits(s);
    year = two_digits(s + 2);
    month = two_digits(s + 5);
    day = two_digits(s + 8);
    if (century < 0 || year < 0 || s[4] != '-' || s[7] != '-' || month < 1 || month > 12 ||
        day < 1 || (uint32_t)day > day_month_days(century * 100 + year, (uint32_t)month))
        return false;
    if (bytes == DAY_TEXT_BYTES) {
        memcpy(out, s, DAY_TEXT_BYTES);
        memcpy(out + DAY_TEXT_BYTES, " 00:00:00", MOMENT_TEXT_BYTES - DAY_TEXT_BYTES);
        return true;
    }
    if (s[10] != ' ' || s[13] != ':' || s[16] != ':' || !two_digits_below(s + 11, 24) ||
        !two_digits_below(s + 14, 60) || !two_digits_below(s + 17, 60))
        return false;
    memcpy(out, s, MOMENT_TEXT_BYTES);
    return true;
}

/* Which part of a canonical text a conversion is; bytes 0: none. */
static void plain_part(char c, uint32_t *from, uint32_t *bytes)
{
    static const struct {
        char    c;
        uint8_t from, bytes;
    } parts[] = {{'Y', 0, 4},  {'m', 5, 2},  {'d', 8, 2},  {'F', 0, 10}, {'H', 11, 2},
                 {'M', 14, 2}, {'S', 17, 2}, {'T', 11, 8}, {'R', 11, 5}};

    *from = *bytes = 0;
    for (size_t i = 0; i < countof(parts); i++)
        if (parts[i].c == c) {
            *from = parts[i].from;
            *bytes = parts[i].bytes;
        }
}

uint32_t moment_plain_bytes(struct text format)
{
    uint32_t made = 0, from, bytes;

    for (size_t i = 0; i < format.bytes && made <= MOMENT_PLAIN_MAX; i++) {
        if (format.s[i] == '\0')
            return 0;
        bytes = 1;
        if (format.s[i] == '%') {
            if (++i == format.bytes)
                return 0;
            plain_part(format.s[i], &from, &bytes);
            if (bytes == 0)
                return 0;
        }
        made += bytes;
    }
    return made <= MOMENT_PLAIN_MAX ? made : 0;
}

void moment_format_plain(const char canonical[MOMENT_TEXT_BYTES], struct text format, char *to)
{
    uint32_t from, bytes;

    for (size_t i = 0; i < format.bytes; i++) {
        if (format.s[i] != '%') {
            *to++ = format.s[i];
            continue;
        }
        plain_part(format.s[++i], &from, &bytes);
        to = mempcpy(to, canonical + from, bytes);
    }
}
