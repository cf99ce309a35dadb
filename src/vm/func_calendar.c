/* func_calendar.c - calendar functions beyond SQLite's, over SQLite's dates: a time is whatever
 * date() reads, a date is 'YYYY-MM-DD', a time of day makes it 'YYYY-MM-DD HH:MM:SS'.
 *
 * What is no time gives NULL, as in SQLite; an unknown unit is an error.  Weeks begin on Monday
 * (ISO 8601).  The names are those of PostgreSQL and DuckDB. */
#include <math.h>
#include <string.h>

#include "store/day.h"
#include "vm/func_vector.h"
#include "vm/moment.h"

enum unit {
    UNIT_CENTURY,
    UNIT_DAY,
    UNIT_DECADE,
    UNIT_DOW,
    UNIT_DOY,
    UNIT_EPOCH,
    UNIT_HOUR,
    UNIT_ISODOW,
    UNIT_ISOYEAR,
    UNIT_JULIAN,
    UNIT_MILLISECOND,
    UNIT_MINUTE,
    UNIT_MONTH,
    UNIT_QUARTER,
    UNIT_SECOND,
    UNIT_WEEK,
    UNIT_YEAR,
    UNIT_COUNT
};
#define SPAN_MAX                                                                                   \
    INT64_C(1000000000) /* of a unit: beyond any calendar, and no product overflows                \
                         */
static const char *const unit_names[UNIT_COUNT] = {
    "century", "day",         "decade", "dow",   "doy",     "epoch",  "hour", "isodow", "isoyear",
    "julian",  "millisecond", "minute", "month", "quarter", "second", "week", "year"};

/* The unit with this name, in any case, singular or plural. */
static bool unit_find(struct text name, enum unit *unit)
{
    for (int i = 0; i < UNIT_COUNT; i++) {
        size_t bytes = strlen(unit_names[i]);

        if (ascii_equal(name.s, name.bytes, unit_names[i], bytes) ||
            (name.bytes == bytes + 1 && ascii_lower(name.s[bytes]) == 's' &&
             ascii_equal(name.s, bytes, unit_names[i], bytes))) {
            *unit = (enum unit)i;
            return true;
        }
    }
    return false;
}

static enum status unit_argument(struct function_context *context, const char *function,
                                 const struct value *v, enum unit *unit)
{
    char        buffer[NUMBER_TEXT_CAP];
    struct text name = func_text(context, v, buffer);

    if (unit_find(name, unit))
        return STATUS_OK;
    return fail(context->err, STATUS_ERROR, "%s: no such unit: %.*s", function,
                name.bytes > 40 ? 40 : (int)name.bytes, name.s);
}

/* The time with its fields; *valid false: NULL. */
static enum status time_argument(struct function_context *context, const struct value *v,
                                 struct moment *m, bool *valid)
{
    TRY(moment_read(context, 1, v, m, valid));
    if (*valid) {
        m->has_date = m->has_time = false; /* normalise 2024-02-30 and 24:00 */
        moment_need_fields(m);
    }
    return STATUS_OK;
}

/* Whether v is a date without a time of day. */
static bool is_plain_date(const struct value *v)
{
    return v->class_ == CLASS_TEXT && v->bytes == 10 && v->s[4] == '-' && v->s[7] == '-';
}

/* --- results ---------------------------------------------------------------------------------- */

static enum status result_moment(struct function_context *context, const struct moment *m,
                                 bool plain_date, struct value *out)
{
    char text[32], *p = moment_write_date(text, m);

    if (!plain_date) {
        *p++ = ' ';
        p = moment_write_time(p, m);
    }
    return func_result_copy(context, text, (size_t)(p - text), out);
}

static int floor_div(int a, int b)
{
    return a / b - (a % b != 0 && (a ^ b) < 0);
}

/* --- date_trunc ------------------------------------------------------------------------------- */

static void clear_time(struct moment *m)
{
    m->hour = m->minute = 0;
    m->seconds = 0;
}

/* Moves m, whose fields are known, back to the begin of its unit; false: not a unit for that. */
static bool truncate_to(struct moment *m, enum unit unit)
{
    switch (unit) {
    case UNIT_CENTURY:
        m->year = floor_div(m->year - 1, 100) * 100 + 1;
        break;
    case UNIT_DECADE:
        m->year = floor_div(m->year, 10) * 10;
        break;
    case UNIT_YEAR:
        break;
    case UNIT_QUARTER:
        m->month = (m->month - 1) / 3 * 3 + 1;
        m->day = 1;
        clear_time(m);
        return true;
    case UNIT_MONTH:
        m->day = 1;
        clear_time(m);
        return true;
    case UNIT_WEEK:
        m->ms -= (int64_t)moment_days_after_monday(m) * MS_DAY;
        m->has_date = false;
        moment_need_date(m);
        clear_time(m);
        return true;
    case UNIT_DAY:
        clear_time(m);
        return true;
    case UNIT_HOUR:
        m->minute = 0;
        m->seconds = 0;
        return true;
    case UNIT_MINUTE:
        m->seconds = 0;
        return true;
    case UNIT_SECOND:
        m->seconds = floor(m->seconds);
        return true;
    default:
        return false;
    }
    m->month = m->day = 1;
    clear_time(m);
    return true;
}

/* date_trunc(unit, time): a date stays a date unless the unit is less than a day. */
enum status func_date_trunc(FUNCTION_ARGUMENTS)
{
    struct moment m;
    enum unit     unit;
    bool          valid, sub_day;

    (void)argc;
    *out = value_null();
    TRY(unit_argument(context, "date_trunc", &argv[0], &unit));
    TRY(time_argument(context, &argv[1], &m, &valid));
    if (!valid)
        return STATUS_OK;
    if (!truncate_to(&m, unit))
        return fail(context->err, STATUS_ERROR, "date_trunc: cannot truncate to %s",
                    unit_names[unit]);
    if (m.failed)
        return STATUS_OK;
    sub_day = unit == UNIT_HOUR || unit == UNIT_MINUTE || unit == UNIT_SECOND;
    return result_moment(context, &m, is_plain_date(&argv[1]) && !sub_day, out);
}

/* --- date_part -------------------------------------------------------------------------------- */

static struct value part_of_moment(const struct moment *m, enum unit unit)
{
    struct moment thursday;

    switch (unit) {
    case UNIT_CENTURY:
        return value_int(floor_div(m->year - 1, 100) + 1);
    case UNIT_DAY:
        return value_int(m->day);
    case UNIT_DECADE:
        return value_int(floor_div(m->year, 10));
    case UNIT_DOW:
        return value_int(moment_days_after_sunday(m));
    case UNIT_DOY:
        return value_int(moment_days_after_january_1(m) + 1);
    case UNIT_EPOCH:
        if (m->ms % 1000 != 0)
            return value_real((double)(m->ms - UNIX_EPOCH_MS) / 1000.0);
        return value_int(m->ms / 1000 - UNIX_EPOCH_S);
    case UNIT_HOUR:
        return value_int(m->hour);
    case UNIT_ISODOW:
        return value_int(moment_days_after_monday(m) + 1);
    case UNIT_ISOYEAR:
        return value_int(moment_thursday_of(m).year);
    case UNIT_JULIAN:
        return value_real((double)m->ms / (double)MS_DAY);
    case UNIT_MILLISECOND:
        return value_int((int64_t)(m->seconds * 1000 + 0.5));
    case UNIT_MINUTE:
        return value_int(m->minute);
    case UNIT_MONTH:
        return value_int(m->month);
    case UNIT_QUARTER:
        return value_int((m->month + 2) / 3);
    case UNIT_SECOND:
        return value_int((int64_t)m->seconds);
    case UNIT_WEEK:
        thursday = moment_thursday_of(m);
        return value_int(moment_days_after_january_1(&thursday) / 7 + 1);
    default:
        return value_int(m->year);
    }
}

/* date_part(unit, time): INTEGER, but for the fractions of epoch and julian. */
enum status func_date_part(FUNCTION_ARGUMENTS)
{
    struct moment m;
    enum unit     unit;
    bool          valid;

    (void)argc;
    *out = value_null();
    TRY(unit_argument(context, "date_part", &argv[0], &unit));
    TRY(time_argument(context, &argv[1], &m, &valid));
    if (valid)
        *out = part_of_moment(&m, unit);
    return STATUS_OK;
}

/* --- vectors of days -------------------------------------------------------------------------- */

/* The CONSTANT unit of v; false: it is none. */
static bool constant_unit(const struct vector *v, enum unit *unit)
{
    struct value name;
    char         scratch[16];

    if (v->shape != VECTOR_CONSTANT)
        return false;
    name = constant_of(v, scratch);
    return name.class_ == CLASS_TEXT && unit_find((struct text){name.s, name.bytes}, unit);
}

/* Day 0 is a Thursday; days begin at 0000-01-01, a Saturday. */
static int32_t days_after_monday(int32_t day)
{
    return (int32_t)((uint32_t)(day - DAY_MIN + 5) % 7);
}

/* date_trunc(CONSTANT unit, day): a day. */
enum status vector_date_trunc(FUNCTION_VECTOR_ARGUMENTS)
{
    const int32_t *days = argv[1]->values;
    int32_t       *results = (int32_t *)(void *)buffer->values;
    enum unit      unit;

    (void)context, (void)argc;
    if (!is_flat(argv[1], PHYS_DAY32) || !constant_unit(argv[0], &unit) ||
        (unit != UNIT_DAY && unit != UNIT_WEEK && unit != UNIT_MONTH && unit != UNIT_QUARTER &&
         unit != UNIT_YEAR))
        return decline(declined);
    SELECTED_EACH(sel, row, {
        int32_t  year, day = vector_row_valid(argv[1], row) ? days[row] : 0;
        uint32_t month, in_month;

        if (unit == UNIT_DAY) {
            results[row] = day;
        } else if (unit == UNIT_WEEK) {
            results[row] = day - days_after_monday(day);
            if (results[row] < DAY_MIN)
                return decline(declined);
        } else {
            day_to_civil(day, &year, &month, &in_month);
            month = unit == UNIT_MONTH ? month : unit == UNIT_YEAR ? 1 : (month - 1) / 3 * 3 + 1;
            results[row] = day_from_civil(year, month, 1);
        }
    });
    result_like(argv[1], PHYS_DAY32, sel, buffer, out);
    return STATUS_OK;
}

/* date_part(CONSTANT unit, day): an INTEGER. */
enum status vector_date_part(FUNCTION_VECTOR_ARGUMENTS)
{
    const int32_t *days = argv[1]->values;
    int64_t       *results = (int64_t *)(void *)buffer->values;
    enum unit      unit;

    (void)context, (void)argc;
    if (!is_flat(argv[1], PHYS_DAY32) || !constant_unit(argv[0], &unit))
        return decline(declined);
    if (unit != UNIT_YEAR && unit != UNIT_QUARTER && unit != UNIT_MONTH && unit != UNIT_DAY &&
        unit != UNIT_DOW && unit != UNIT_ISODOW)
        return decline(declined);
    SELECTED_EACH(sel, row, {
        int32_t  year, day = vector_row_valid(argv[1], row) ? days[row] : 0;
        int32_t  weekday = days_after_monday(day);
        uint32_t month, in_month;

        day_to_civil(day, &year, &month, &in_month);
        results[row] = unit == UNIT_YEAR      ? year
                       : unit == UNIT_QUARTER ? (int64_t)(month + 2) / 3
                       : unit == UNIT_MONTH   ? (int64_t)month
                       : unit == UNIT_DAY     ? (int64_t)in_month
                       : unit == UNIT_DOW     ? (weekday + 1) % 7
                                              : weekday + 1;
    });
    result_like(argv[1], PHYS_I64, sel, buffer, out);
    return STATUS_OK;
}

/* --- date_diff -------------------------------------------------------------------------------- */

/* Which unit since some begin m lies in: the difference of two counts the boundaries between. */
static int64_t unit_number(const struct moment *m, enum unit unit)
{
    int64_t midnight_ms = m->ms + MS_DAY / 2; /* since the midnight before julian day 0, a Monday */

    switch (unit) {
    case UNIT_CENTURY:
        return floor_div(m->year - 1, 100);
    case UNIT_DECADE:
        return floor_div(m->year, 10);
    case UNIT_YEAR:
        return m->year;
    case UNIT_ISOYEAR:
        return moment_thursday_of(m).year;
    case UNIT_QUARTER:
        return (int64_t)m->year * 4 + (m->month - 1) / 3;
    case UNIT_MONTH:
        return (int64_t)m->year * 12 + m->month;
    case UNIT_WEEK:
        return midnight_ms / (7 * (int64_t)MS_DAY);
    case UNIT_HOUR:
        return midnight_ms / 3600000;
    case UNIT_MINUTE:
        return midnight_ms / MS_MINUTE;
    case UNIT_SECOND:
    case UNIT_EPOCH:
        return midnight_ms / 1000;
    case UNIT_MILLISECOND:
        return midnight_ms;
    default: /* UNIT_DAY and its kin */
        return midnight_ms / MS_DAY;
    }
}

/* date_diff(unit, from, to): how many begins of the unit lie behind from, up to to. */
enum status func_date_diff(FUNCTION_ARGUMENTS)
{
    struct moment from, to;
    enum unit     unit;
    bool          valid;

    (void)argc;
    *out = value_null();
    TRY(unit_argument(context, "date_diff", &argv[0], &unit));
    TRY(time_argument(context, &argv[1], &from, &valid));
    if (!valid)
        return STATUS_OK;
    TRY(time_argument(context, &argv[2], &to, &valid));
    if (valid)
        *out = value_int(unit_number(&to, unit) - unit_number(&from, unit));
    return STATUS_OK;
}

/* --- time_bucket ------------------------------------------------------------------------------ */

/* A stretch of time: months differ in length, all else does not. */
struct span {
    int64_t months, ms;
};

static bool is_letter(char c)
{
    return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

static void skip_blanks(struct text *text)
{
    while (text->bytes > 0 && ascii_space(*text->s)) {
        text->s++;
        text->bytes--;
    }
}

/* '15 minutes' and blanks at the begin of text, which moves behind them: a count and a unit. False:
 * it is none, or too much. */
static bool read_span(struct text *text, struct span *span)
{
    static const int64_t unit_ms[UNIT_COUNT] = {
        [UNIT_MILLISECOND] = 1, [UNIT_SECOND] = 1000, [UNIT_MINUTE] = MS_MINUTE,
        [UNIT_HOUR] = 3600000,  [UNIT_DAY] = MS_DAY,  [UNIT_WEEK] = 7 * (int64_t)MS_DAY};
    static const int unit_months[UNIT_COUNT] = {[UNIT_MONTH] = 1,
                                                [UNIT_QUARTER] = 3,
                                                [UNIT_YEAR] = 12,
                                                [UNIT_DECADE] = 120,
                                                [UNIT_CENTURY] = 1200};
    struct number    count = number_parse(text->s, text->bytes);
    struct text      name;
    enum unit        unit;

    if (count.kind != NUMBER_INTEGER || count.whole || count.i < -SPAN_MAX || count.i > SPAN_MAX)
        return false;
    text->s += count.length;
    text->bytes -= count.length;
    skip_blanks(text);
    name = *text;
    for (name.bytes = 0; name.bytes < text->bytes && is_letter(name.s[name.bytes]);)
        name.bytes++;
    if (!unit_find(name, &unit))
        return false;
    text->s += name.bytes;
    text->bytes -= name.bytes;
    skip_blanks(text);
    *span = (struct span){count.i * unit_months[unit], count.i * unit_ms[unit]};
    return unit_months[unit] > 0 || unit_ms[unit] > 0;
}

static int64_t floor_to(int64_t value, int64_t origin, int64_t width)
{
    int64_t past = (value - origin) % width;

    return value - (past < 0 ? past + width : past);
}

/* time_bucket('15 minutes', time): the begin of its bucket.  Buckets of months are counted from
 * 2000-01-01, others from Monday 2000-01-03. */
enum status func_time_bucket(FUNCTION_ARGUMENTS)
{
    char          buffer[NUMBER_TEXT_CAP];
    struct text   width = func_text(context, &argv[0], buffer);
    struct text   rest = width;
    struct moment m;
    struct span   span;
    bool          valid;

    (void)argc;
    *out = value_null();
    if (!read_span(&rest, &span) || rest.bytes > 0 || (span.months <= 0 && span.ms <= 0))
        return fail(context->err, STATUS_ERROR, "time_bucket: not a width: %.*s",
                    width.bytes > 40 ? 40 : (int)width.bytes, width.s);
    TRY(time_argument(context, &argv[1], &m, &valid));
    if (!valid)
        return STATUS_OK;
    if (span.months > 0) {
        int64_t month =
            floor_to((int64_t)m.year * 12 + m.month - 1, INT64_C(2000) * 12, span.months);

        m.year = (int)(month >= 0 ? month / 12 : (month - 11) / 12);
        m.month = (int)(month - (int64_t)m.year * 12) + 1;
        m.day = 1;
        clear_time(&m);
    } else {
        m.ms = floor_to(m.ms, INT64_C(211813617600000), span.ms);
        m.has_date = m.has_time = false;
        moment_need_fields(&m);
    }
    if (m.failed || m.ms < 0)
        return STATUS_OK;
    m.subsec = span.ms % 1000 != 0;
    return result_moment(context, &m, is_plain_date(&argv[1]) && span.ms % MS_DAY == 0, out);
}

/* --- date_add -----------------------------------------------------------------------------------
 */

static int days_in_month(int64_t year, int64_t month)
{
    static const uint8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool                 leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month] + (month == 2 && leap);
}

/* m, whose fields are known, so many months later: a day that is not in that month becomes its
 * last.  False: beyond the calendar. */
static bool add_months(struct moment *m, int64_t months)
{
    int64_t month = (int64_t)m->year * 12 + m->month - 1 + months;
    int64_t year = month >= 0 ? month / 12 : (month - 11) / 12;

    if (year < -4713 || year > 9999)
        return false;
    m->year = (int)year;
    m->month = (int)(month - year * 12) + 1;
    if (m->day > days_in_month(m->year, m->month))
        m->day = days_in_month(m->year, m->month);
    m->has_ms = false;
    moment_need_ms(m);
    return !m->failed;
}

/* date_add(time, '1 year -3 days'): months first, then all else.  A date stays a date if whole days
 * are added. */
enum status func_date_add(FUNCTION_ARGUMENTS)
{
    char          buffer[NUMBER_TEXT_CAP];
    struct text   interval = func_text(context, &argv[1], buffer), rest = interval;
    struct span   sum = {0, 0}, span;
    struct moment m;
    bool          valid;

    (void)argc;
    *out = value_null();
    skip_blanks(&rest);
    do {
        if (!read_span(&rest, &span))
            return fail(context->err, STATUS_ERROR, "date_add: not an interval: %.*s",
                        interval.bytes > 40 ? 40 : (int)interval.bytes, interval.s);
        if (__builtin_add_overflow(sum.months, span.months, &sum.months) ||
            __builtin_add_overflow(sum.ms, span.ms, &sum.ms))
            return STATUS_OK;
    } while (rest.bytes > 0);
    TRY(time_argument(context, &argv[0], &m, &valid));
    if (!valid || sum.months > SPAN_MAX || sum.months < -SPAN_MAX || !add_months(&m, sum.months) ||
        sum.ms > MS_MAX || sum.ms < -MS_MAX)
        return STATUS_OK;
    m.ms += sum.ms;
    if (m.ms < 0 || m.ms > MS_MAX)
        return STATUS_OK;
    m.has_date = m.has_time = false;
    moment_need_fields(&m);
    m.subsec = m.ms % 1000 != 0;
    return result_moment(context, &m, is_plain_date(&argv[0]) && sum.ms % MS_DAY == 0, out);
}

/* --- dates made and named --------------------------------------------------------------------- */

/* make_date(year, month, day): NULL if there is no such day. */
enum status func_make_date(FUNCTION_ARGUMENTS)
{
    int64_t year = value_as_int(&argv[0]), month = value_as_int(&argv[1]),
            day = value_as_int(&argv[2]);
    struct moment m = {.has_date = true};

    (void)argc;
    *out = value_null();
    if (year < 0 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > days_in_month(year, month))
        return STATUS_OK;
    m.year = (int)year;
    m.month = (int)month;
    m.day = (int)day;
    return result_moment(context, &m, true, out);
}

enum status func_last_day(FUNCTION_ARGUMENTS)
{
    struct moment m;
    bool          valid;

    (void)argc;
    *out = value_null();
    TRY(time_argument(context, &argv[0], &m, &valid));
    if (!valid)
        return STATUS_OK;
    m.day = 1; /* the day before the next month's first */
    m.month++;
    if (m.month > 12) {
        m.month = 1;
        m.year++;
    }
    clear_time(&m);
    m.has_ms = false;
    moment_need_ms(&m);
    if (m.failed) /* December 9999 */
        return func_result_copy(context, "9999-12-31", 10, out);
    m.ms -= MS_DAY;
    m.has_date = false;
    moment_need_date(&m);
    return result_moment(context, &m, true, out);
}

static enum status name_of(struct function_context *context, const struct value *v, bool month,
                           struct value *out)
{
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    struct moment            m;
    const char              *name;
    bool                     valid;

    *out = value_null();
    TRY(time_argument(context, v, &m, &valid));
    if (!valid)
        return STATUS_OK;
    name = month ? months[m.month - 1] : days[moment_days_after_sunday(&m)];
    *out = value_text(name, strlen(name));
    return STATUS_OK;
}

enum status func_monthname(FUNCTION_ARGUMENTS)
{
    (void)argc;
    return name_of(context, &argv[0], true, out);
}
enum status func_dayname(FUNCTION_ARGUMENTS)
{
    (void)argc;
    return name_of(context, &argv[0], false, out);
}

/* --- strptime --------------------------------------------------------------------------------- */

struct scanned {
    struct moment m;
    int           hour12; /* of %I; 0: none */
    bool          pm, has_pm, has_clock;
};

/* Up to digits digits (at least one) between least and most. */
static bool scan_int(const char **p, const char *end, int digits, int least, int most, int *value)
{
    const char *s = *p;
    int         n = 0;

    while (s < end && ascii_digit(*s) && s - *p < digits)
        n = n * 10 + (*s++ - '0');
    if (s == *p || n < least || n > most)
        return false;
    *p = s;
    *value = n;
    return true;
}

/* A month's name, whole or its first three letters. */
static bool scan_month(const char **p, const char *end, int *month)
{
    static const char *const names[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};

    for (int i = 0; i < 12; i++) {
        size_t bytes = strlen(names[i]), left = (size_t)(end - *p);

        if (left >= bytes && ascii_equal(*p, bytes, names[i], bytes)) {
            *p += bytes;
        } else if (left >= 3 && ascii_equal(*p, 3, names[i], 3)) {
            *p += 3;
        } else {
            continue;
        }
        *month = i + 1;
        return true;
    }
    return false;
}

static bool scan_fraction(const char **p, const char *end, double *seconds)
{
    double fraction = 0, scale = 1;

    if (*p == end || !ascii_digit(**p))
        return false;
    for (; *p < end && ascii_digit(**p); ++*p) {
        fraction = fraction * 10 + (**p - '0');
        scale *= 10;
    }
    *seconds += fraction / scale;
    return true;
}

static bool scan_part(struct scanned *s, char c, const char **p, const char *end)
{
    int n;

    switch (c) {
    case 'Y':
        return scan_int(p, end, 4, 0, 9999, &s->m.year);
    case 'y':
        if (!scan_int(p, end, 2, 0, 99, &n))
            return false;
        s->m.year = n + (n < 69 ? 2000 : 1900);
        return true;
    case 'm':
        return scan_int(p, end, 2, 1, 12, &s->m.month);
    case 'b':
    case 'B':
        return scan_month(p, end, &s->m.month);
    case 'd':
        return scan_int(p, end, 2, 1, 31, &s->m.day);
    case 'H':
        s->has_clock = true;
        return scan_int(p, end, 2, 0, 23, &s->m.hour);
    case 'I':
        s->has_clock = true;
        return scan_int(p, end, 2, 1, 12, &s->hour12);
    case 'M':
        s->has_clock = true;
        return scan_int(p, end, 2, 0, 59, &s->m.minute);
    case 'S':
        s->has_clock = true;
        if (!scan_int(p, end, 2, 0, 59, &n))
            return false;
        s->m.seconds += n;
        return true;
    case 'f':
        s->m.subsec = true;
        return scan_fraction(p, end, &s->m.seconds);
    case 'p':
        if (end - *p < 2 || (!ascii_equal(*p, 2, "am", 2) && !ascii_equal(*p, 2, "pm", 2)))
            return false;
        s->has_pm = true;
        s->pm = ascii_lower(**p) == 'p';
        *p += 2;
        return true;
    case '%':
        return *p < end && *(*p)++ == '%';
    default:
        return false;
    }
}

/* Matches text with format; a blank of the format stands for any number of blanks. */
static bool scan_time(struct scanned *s, struct text text, struct text format)
{
    const char *p = text.s, *end = text.s + text.bytes;

    for (size_t i = 0; i < format.bytes; i++) {
        char c = format.s[i];

        if (c == '%') {
            if (++i == format.bytes || !scan_part(s, format.s[i], &p, end))
                return false;
        } else if (ascii_space(c)) {
            while (p < end && ascii_space(*p))
                p++;
        } else if (p == end || *p++ != c) {
            return false;
        }
    }
    if (s->hour12 != 0)
        s->m.hour = s->hour12 % 12 + (s->pm ? 12 : 0);
    return p == end;
}

/* strptime(text, format): the time that text spells by %Y %y %m %b %B %d %H %I %M %S %f %p; NULL if
 * it does not fit.  A format without a time of day gives a date. */
enum status func_strptime(FUNCTION_ARGUMENTS)
{
    char           buffers[2][NUMBER_TEXT_CAP];
    struct text    text = func_text(context, &argv[0], buffers[0]);
    struct text    format = func_text(context, &argv[1], buffers[1]);
    struct scanned s = {
        .m = {.year = 1900, .month = 1, .day = 1, .has_date = true, .has_time = true}};
    int day;

    (void)argc;
    *out = value_null();
    if (!scan_time(&s, text, format))
        return STATUS_OK;
    day = s.m.day;
    moment_need_ms(&s.m);
    s.m.has_date = s.m.has_time = false;
    moment_need_fields(&s.m);
    if (s.m.failed || s.m.day != day) /* no 30th of February */
        return STATUS_OK;
    return result_moment(context, &s.m, !s.has_clock, out);
}
