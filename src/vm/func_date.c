/* func_date.c - the date and time functions of SQLite.  Canonical texts without modifiers, by far
 * the most frequent arguments, take moment.h's short way. */
#include "vm/func.h"
#include "vm/moment.h"

/* --- results ---------------------------------------------------------------------------------- */

/* Whether argv is nothing but a canonical text, which then is in canonical. */
static bool only_canonical(uint32_t argc, const struct value *argv,
                           char canonical[MOMENT_TEXT_BYTES])
{
    return argc == 1 && argv[0].class_ == CLASS_TEXT &&
           moment_canonical(argv[0].s, argv[0].bytes, canonical);
}

static enum status date_or_time(struct function_context *context, uint32_t argc,
                                const struct value *argv, bool date, bool time, struct value *out)
{
    struct moment m;
    char          text[32], *p = text;
    bool          valid;

    if (only_canonical(argc, argv, text))
        return func_result_copy(context, date ? text : text + 11,
                                date && time ? 19
                                : date       ? 10
                                             : 8,
                                out);
    *out = value_null();
    TRY(moment_read(context, argc, argv, &m, &valid));
    if (!valid)
        return STATUS_OK;
    if (date) {
        moment_need_date(&m);
        p = moment_write_date(p, &m);
    }
    if (date && time)
        *p++ = ' ';
    if (time) {
        moment_need_time(&m);
        p = moment_write_time(p, &m);
    }
    return func_result_copy(context, text, (size_t)(p - text), out);
}

enum status func_date(FUNCTION_ARGUMENTS)
{
    return date_or_time(context, argc, argv, true, false, out);
}
enum status func_time(FUNCTION_ARGUMENTS)
{
    return date_or_time(context, argc, argv, false, true, out);
}
enum status func_datetime(FUNCTION_ARGUMENTS)
{
    return date_or_time(context, argc, argv, true, true, out);
}

enum status func_julianday(FUNCTION_ARGUMENTS)
{
    struct moment m;
    bool          valid;

    TRY(moment_read(context, argc, argv, &m, &valid));
    *out = valid ? value_real((double)m.ms / (double)MS_DAY) : value_null();
    return STATUS_OK;
}

enum status func_unixepoch(FUNCTION_ARGUMENTS)
{
    struct moment m;
    bool          valid;

    TRY(moment_read(context, argc, argv, &m, &valid));
    if (!valid)
        *out = value_null();
    else if (m.subsec)
        *out = value_real((double)(m.ms - UNIX_EPOCH_MS) / 1000.0);
    else
        *out = value_int(m.ms / 1000 - UNIX_EPOCH_S);
    return STATUS_OK;
}

/* --- strftime --------------------------------------------------------------------------------- */

static void append_number(struct str *out, int value, int width, char fill)
{
    char digits[NUMBER_TEXT_CAP];
    int  bytes = (int)number_from_int(value < 0 ? -(int64_t)value : value, digits);

    if (value < 0 && fill == '0')
        str_char(out, '-');
    for (int i = bytes + (value < 0); i < width; i++)
        str_char(out, fill);
    if (value < 0 && fill != '0')
        str_char(out, '-');
    str_append(out, digits, (size_t)bytes);
}

static void append_real(struct str *out, double r, char type, int precision, int width)
{
    format_real(out,
                &(struct format_spec){
                    .type = type, .precision = precision, .width = width, .zero = width > 0},
                r);
}

static void append_clock(struct str *out, const struct moment *m, bool seconds)
{
    append_number(out, m->hour, 2, '0');
    str_char(out, ':');
    append_number(out, m->minute, 2, '0');
    if (seconds) {
        str_char(out, ':');
        append_number(out, (int)m->seconds, 2, '0');
    }
}

/* One conversion of the date; false if it is none. */
static bool append_date_part(struct str *out, const struct moment *m, char c)
{
    struct moment thursday;

    switch (c) {
    case 'd':
    case 'e':
        append_number(out, m->day, 2, c == 'd' ? '0' : ' ');
        return true;
    case 'F':
        append_number(out, m->year, 4, '0');
        str_char(out, '-');
        append_number(out, m->month, 2, '0');
        str_char(out, '-');
        append_number(out, m->day, 2, '0');
        return true;
    case 'G':
    case 'g':
        thursday = moment_thursday_of(m);
        append_number(out, c == 'g' ? thursday.year % 100 : thursday.year, c == 'g' ? 2 : 4, '0');
        return true;
    case 'V':
        thursday = moment_thursday_of(m);
        append_number(out, moment_days_after_january_1(&thursday) / 7 + 1, 2, '0');
        return true;
    case 'U':
        append_number(out, (moment_days_after_january_1(m) - moment_days_after_sunday(m) + 7) / 7,
                      2, '0');
        return true;
    case 'W':
        append_number(out, (moment_days_after_january_1(m) - moment_days_after_monday(m) + 7) / 7,
                      2, '0');
        return true;
    case 'j':
        append_number(out, moment_days_after_january_1(m) + 1, 3, '0');
        return true;
    case 'J':
        append_real(out, (double)m->ms / (double)MS_DAY, 'g', 16, 0);
        return true;
    case 'm':
        append_number(out, m->month, 2, '0');
        return true;
    case 'u':
    case 'w': {
        int day = moment_days_after_sunday(m);

        str_char(out, (char)('0' + (c == 'u' && day == 0 ? 7 : day)));
        return true;
    }
    case 'Y':
        append_number(out, m->year, 4, '0');
        return true;
    default:
        return false;
    }
}

/* One conversion of the time of day; false if it is none. */
static bool append_time_part(struct str *out, const struct moment *m, char c)
{
    int hour12 = m->hour > 12 ? m->hour - 12 : m->hour == 0 ? 12 : m->hour;

    switch (c) {
    case 'f':
        append_real(out, m->seconds > 59.999 ? 59.999 : m->seconds, 'f', 3, 6);
        return true;
    case 'H':
    case 'k':
        append_number(out, m->hour, 2, c == 'H' ? '0' : ' ');
        return true;
    case 'I':
    case 'l':
        append_number(out, hour12, 2, c == 'I' ? '0' : ' ');
        return true;
    case 'M':
        append_number(out, m->minute, 2, '0');
        return true;
    case 'p':
        str_text(out, m->hour >= 12 ? "PM" : "AM");
        return true;
    case 'P':
        str_text(out, m->hour >= 12 ? "pm" : "am");
        return true;
    case 'R':
    case 'T':
        append_clock(out, m, c == 'T');
        return true;
    case 's':
        if (m->subsec) {
            append_real(out, (double)(m->ms - UNIX_EPOCH_MS) / 1000.0, 'f', 3, 0);
        } else {
            char digits[NUMBER_TEXT_CAP];

            str_append(out, digits, number_from_int(m->ms / 1000 - UNIX_EPOCH_S, digits));
        }
        return true;
    case 'S':
        append_number(out, (int)m->seconds, 2, '0');
        return true;
    case '%':
        str_char(out, '%');
        return true;
    default:
        return false;
    }
}

enum status func_strftime(FUNCTION_ARGUMENTS)
{
    char          buffer[NUMBER_TEXT_CAP];
    struct moment m;
    struct text   format;
    struct str    str;
    char          start[FUNC_RESULT_ROOM];
    bool          valid;
    char          canonical[MOMENT_TEXT_BYTES], plain[MOMENT_PLAIN_MAX];
    uint32_t      plain_bytes;

    *out = value_null();
    if (argc == 0 || argv[0].class_ == CLASS_NULL)
        return STATUS_OK;
    format = func_until_nul(func_text(context, &argv[0], buffer));
    if (only_canonical(argc - 1, argv + 1, canonical) &&
        (plain_bytes = moment_plain_bytes(format)) > 0) {
        moment_format_plain(canonical, format, plain);
        return func_result_copy(context, plain, plain_bytes, out);
    }
    TRY(moment_read(context, argc - 1, argv + 1, &m, &valid));
    if (!valid)
        return STATUS_OK;
    moment_need_fields(&m);
    str_init_room(&str, context->arena->memory, start, sizeof start);
    for (size_t i = 0, parts = 1; i < format.bytes && !str.failed; i++, parts++) {
        char c = format.s[i];

        if (parts % INTERRUPT_ROWS == 0 && memory_stopped(context->arena->memory))
            str.failed = true;
        if (c != '%') {
            str_char(&str, c);
            continue;
        }
        c = ++i < format.bytes ? format.s[i] : '\0';
        if (!append_date_part(&str, &m, c) && !append_time_part(&str, &m, c)) {
            str_free(&str);
            return STATUS_OK;
        }
        if (str.bytes > VALUE_BYTES_MAX) {
            str_free(&str);
            return func_too_big(context);
        }
    }
    return func_result_str(context, &str, out);
}

/* --- timediff --------------------------------------------------------------------------------- */

/* Moves b's year and month to a's, then a month at a time until it is not beyond a; *years and
 * *months: how far that was.  step 1: b is before a, -1: behind it. */
static void calendar_difference(const struct moment *a, struct moment *b, int step, int *years,
                                int *months)
{
    *years = step * (a->year - b->year);
    *months = step * (a->month - b->month);
    if (*months < 0) {
        --*years;
        *months += 12;
    }
    b->year = a->year;
    b->month = a->month;
    b->has_ms = false;
    moment_need_ms(b);
    while (step > 0 ? a->ms < b->ms : a->ms > b->ms) {
        if (--*months < 0) {
            *months = 11;
            --*years;
        }
        b->month -= step;
        if (b->month < 1) {
            b->month = 12;
            b->year--;
        } else if (b->month > 12) {
            b->month = 1;
            b->year++;
        }
        b->has_ms = false;
        moment_need_ms(b);
    }
}

enum status func_timediff(FUNCTION_ARGUMENTS)
{
    struct moment a, b, rest;
    struct str    str;
    char          start[FUNC_RESULT_ROOM];
    int           years, months, step;
    bool          valid;

    (void)argc;
    *out = value_null();
    TRY(moment_read(context, 1, &argv[0], &a, &valid));
    if (!valid)
        return STATUS_OK;
    TRY(moment_read(context, 1, &argv[1], &b, &valid));
    if (!valid)
        return STATUS_OK;
    moment_need_fields(&a);
    moment_need_fields(&b);
    step = a.ms >= b.ms ? 1 : -1;
    calendar_difference(&a, &b, step, &years, &months);
    /* What is left is days and time; as a moment after 0000-01-01 its fields spell it out. */
    rest = (struct moment){.has_ms = true};
    rest.ms = step * (a.ms - b.ms) + INT64_C(148699540800000);
    moment_need_fields(&rest);
    str_init_room(&str, context->arena->memory, start, sizeof start);
    str_char(&str, step > 0 ? '+' : '-');
    append_number(&str, years, 4, '0');
    str_char(&str, '-');
    append_number(&str, months, 2, '0');
    str_char(&str, '-');
    append_number(&str, rest.day - 1, 2, '0');
    str_char(&str, ' ');
    append_clock(&str, &rest, false);
    str_char(&str, ':');
    append_real(&str, rest.seconds, 'f', 3, 6);
    return func_result_str(context, &str, out);
}
