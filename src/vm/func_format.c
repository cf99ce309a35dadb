/* func_format.c - printf(), alias format(): sqlite3's own conversions and flags. */
#include <assert.h>
#include <string.h>

#include "vm/func.h"

/* A precision of REALs beyond this is cut, as in sqlite3. */
enum { REAL_PRECISION_MAX = 100000000 };

/* Longer fillings ask between pieces whether to stop. */
enum { PIECE_BYTES = 1 << 20 };

struct format {
    struct function_context *context;
    const struct value      *argv; /* arguments not used yet */
    uint32_t                 argc;
    struct str              *out;
    bool                     wrote; /* something, if only of no length */
};

/* --- output ----------------------------------------------------------------------------------- */

/* Room for more bytes; false when the result would be too big (or memory ran out: out->failed). */
static bool make_room(struct str *out, uint64_t more)
{
    return more <= VALUE_BYTES_MAX && out->bytes + more <= VALUE_BYTES_MAX &&
           str_reserve(out, (size_t)more);
}

/* count copies of s, for which there is room.  Written are as many as stand there, up to a piece.
 */
static void append_copies(struct str *out, const char *s, size_t bytes, int count)
{
    size_t total, done = bytes;
    char  *to;

    if (count <= 0 || out->failed)
        return;
    total = (size_t)count * bytes;
    to = out->data + out->bytes;
    memcpy(to, s, bytes);
    while (done < total && !memory_stopped(out->memory)) {
        size_t piece = done < PIECE_BYTES ? done : PIECE_BYTES / bytes * bytes;

        if (piece > total - done)
            piece = total - done;
        memcpy(to + done, to, piece);
        done += piece;
    }
    out->failed |= done < total;
    out->bytes += done;
}

static void append_fill(struct str *out, char c, int count)
{
    if (count > 0 && str_reserve(out, (size_t)count))
        append_copies(out, &c, 1, count);
}

/* s padded with spaces to width bytes. */
static bool append_padded(struct str *out, const struct format_spec *spec, const char *s,
                          size_t bytes, uint64_t width)
{
    int pad = width > bytes ? (int)(width - bytes) : 0;

    if (!make_room(out, width > bytes ? width : bytes))
        return false;
    if (!spec->left)
        append_fill(out, ' ', pad);
    str_append(out, s, bytes);
    if (spec->left)
        append_fill(out, ' ', pad);
    return true;
}

/* --- arguments -------------------------------------------------------------------------------- */

static const struct value *next_argument(struct format *f)
{
    if (f->argc == 0)
        return NULL;
    f->argc--;
    return f->argv++;
}

static int64_t next_int(struct format *f)
{
    const struct value *v = next_argument(f);

    return v == NULL ? 0 : value_as_int(v);
}

/* s NULL: no argument left, or SQL NULL. */
static struct text next_text(struct format *f, char buffer[NUMBER_TEXT_CAP])
{
    const struct value *v = next_argument(f);

    return v == NULL ? (struct text){NULL, 0} : func_until_nul(func_text(f->context, v, buffer));
}

/* --- the specification ------------------------------------------------------------------------ */

static const char *read_number(const char *p, const char *end, int *number)
{
    unsigned value = 0;

    while (p < end && ascii_digit(*p))
        value = value * 10 + (unsigned)(*p++ - '0'); /* wraps, as in sqlite3 */
    *number = (int)(value & INT32_MAX);
    return p;
}

static void star_width(struct format *f, struct format_spec *spec)
{
    int width = (int)next_int(f);

    spec->left |= width < 0;
    spec->width = width >= 0 ? width : width == INT32_MIN ? 0 : -width;
}

static const char *read_precision(struct format *f, struct format_spec *spec, const char *p,
                                  const char *end)
{
    if (p < end && *p == '*') {
        int precision = (int)next_int(f);

        spec->precision = precision >= 0 ? precision : precision == INT32_MIN ? -1 : -precision;
        return p + 1;
    }
    return read_number(p, end, &spec->precision);
}

/* Reads what stands between % and the conversion letter, and that; type 0 at the end of the text.
 * After a width only a point or an l may follow, after a precision only an l. */
static const char *read_spec(struct format *f, struct format_spec *spec, const char *p,
                             const char *end)
{
    *spec = (struct format_spec){.precision = -1};
    for (; p < end; p++) {
        bool last = false;

        switch (*p) {
        case '-':
            spec->left = true;
            continue;
        case '+':
        case ' ':
            spec->sign = *p;
            continue;
        case '#':
            spec->alternate = true;
            continue;
        case '!':
            spec->alternate2 = true;
            continue;
        case '0':
            spec->zero = true;
            continue;
        case ',':
            spec->comma = true;
            continue;
        case '*':
            star_width(f, spec);
            p++;
            last = p == end || (*p != '.' && *p != 'l');
            break;
        case '.':
            p = read_precision(f, spec, p + 1, end);
            last = p == end || *p != 'l';
            break;
        case 'l':
            p++;
            p += p < end && *p == 'l';
            last = true;
            break;
        default:
            if (!ascii_digit(*p)) {
                last = true;
                break;
            }
            p = read_number(p, end, &spec->width);
            last = p == end || (*p != '.' && *p != 'l');
            break;
        }
        if (last)
            break;
        p--; /* the point or the l is looked at next */
    }
    if (p >= end)
        return end;
    spec->type = *p;
    return p + 1;
}

/* --- integers --------------------------------------------------------------------------------- */

/* The digits of u (and the ending of %r) in front of end. */
static char *integer_digits(uint64_t u, char type, char *end)
{
    const char *digits = type == 'x' ? "0123456789abcdef" : "0123456789ABCDEF";
    unsigned    base = type == 'o' ? 8 : type == 'x' || type == 'X' || type == 'p' ? 16 : 10;

    if (type == 'r') {
        static const char ordinals[] = "thstndrd";
        unsigned          last = (unsigned)(u % 10);

        if (last >= 4 || u / 10 % 10 == 1)
            last = 0;
        end -= 2;
        memcpy(end, ordinals + last * 2, 2);
    }
    do {
        *--end = digits[u % base];
        u /= base;
    } while (u > 0);
    return end;
}

static bool format_integer(struct format *f, const struct format_spec *given)
{
    struct format_spec spec = *given;
    bool        is_signed = spec.type == 'd' || spec.type == 'i' || spec.type == 'r', negative;
    int64_t     value = next_int(f);
    uint64_t    u = (uint64_t)value;
    char        buffer[32], *end = buffer + sizeof buffer, *digits, sign = 0;
    const char *prefix = "";
    int         count, total, commas, width;

    negative = is_signed && value < 0;
    if (negative)
        u = -u;
    if (is_signed)
        sign = negative ? '-' : spec.sign;
    if (spec.alternate && u != 0)
        prefix = spec.type == 'o'                       ? "0"
                 : spec.type == 'x' || spec.type == 'p' ? "0x"
                 : spec.type == 'X'                     ? "0X"
                                                        : "";
    if (spec.zero && spec.precision < spec.width - (sign != 0))
        spec.precision = spec.width - (sign != 0);
    digits = integer_digits(u, spec.type, end);
    count = (int)(end - digits);
    total = spec.precision > count ? spec.precision : count;
    commas = spec.comma && (spec.type == 'd' || spec.type == 'i' || spec.type == 'u')
                 ? (total - 1) / 3
                 : 0;
    width = total + commas + (sign != 0) + (int)strlen(prefix);
    if (!make_room(f->out, (uint64_t)(spec.width > width ? spec.width : width)))
        return false;
    if (!spec.left)
        append_fill(f->out, ' ', spec.width - width);
    str_text(f->out, prefix);
    if (sign != 0)
        str_char(f->out, sign);
    if (commas == 0) {
        append_fill(f->out, '0', total - count);
        str_append(f->out, digits, (size_t)count);
    } else {
        for (int left = total; left > 0; left--) {
            str_char(f->out, left > count ? '0' : end[-left]);
            if (left % 3 == 1 && left > 1)
                str_char(f->out, ',');
            if (left % PIECE_BYTES == 0 && memory_stopped(f->out->memory))
                f->out->failed = true;
        }
    }
    if (spec.left)
        append_fill(f->out, ' ', spec.width - width);
    return true;
}

/* --- reals ------------------------------------------------------------------------------------ */

/* Writes the digits before the point: d's, then zeros. */
static void real_whole(struct str *out, const struct number_decimal *d, int exponent, bool comma,
                       int *used)
{
    *used = 0;
    if (exponent < 0) {
        str_char(out, '0');
        return;
    }
    for (int place = exponent; place >= 0; place--) {
        str_char(out, *used < d->count ? d->digits[(*used)++] : '0');
        if (comma && place % 3 == 0 && place > 1)
            str_char(out, ',');
    }
}

/* Takes back zeros behind the point, and the point unless it is kept with one zero. */
static void trim_zeros(struct str *out, bool keep_point)
{
    while (out->data[out->bytes - 1] == '0')
        out->bytes--;
    if (out->data[out->bytes - 1] != '.')
        return;
    if (keep_point)
        str_char(out, '0');
    else
        out->bytes--;
}

static void real_exponent(struct str *out, int exponent, char letter)
{
    str_char(out, letter);
    str_char(out, exponent < 0 ? '-' : '+');
    if (exponent < 0)
        exponent = -exponent;
    if (exponent >= 100)
        str_char(out, (char)('0' + exponent / 100));
    str_char(out, (char)('0' + exponent / 10 % 10));
    str_char(out, (char)('0' + exponent % 10));
}

/* The number without sign and padding. */
static void real_body(struct str *out, const struct format_spec *spec,
                      const struct number_decimal *d, bool exponent_form, int precision, bool trim)
{
    bool point = precision > 0 || spec->alternate || spec->alternate2;
    int  exponent = exponent_form ? 0 : d->point - 1, used, fraction;

    real_whole(out, d, exponent, spec->comma, &used);
    if (point)
        str_char(out, '.');
    if (exponent < -1 && precision > 0) { /* zeros between the point and the first digit */
        int zeros = -1 - exponent < precision ? -1 - exponent : precision;

        append_fill(out, '0', zeros);
        precision -= zeros;
    }
    fraction = d->count - used < precision ? d->count - used : precision;
    if (fraction > 0) {
        str_append(out, d->digits + used, (size_t)fraction);
        precision -= fraction;
    }
    if (!trim)
        append_fill(out, '0', precision);
    else if (point)
        trim_zeros(out, spec->alternate2);
    if (exponent_form)
        real_exponent(out, d->point - 1, spec->type == 'E' || spec->type == 'G' ? 'E' : 'e');
}

/* The sign, and for %#f none before a value that shows as zero. */
static char real_sign(const struct format_spec *spec, const struct number_decimal *d, int round)
{
    if (!d->negative)
        return spec->sign;
    return spec->alternate && spec->sign == 0 && spec->type == 'f' && d->point <= round ? 0 : '-';
}

static bool format_infinity(struct str *out, const struct format_spec *spec, bool negative)
{
    char   text[4] = {negative ? '-' : spec->sign, 'I', 'n', 'f'};
    size_t skip = text[0] == 0;

    return append_padded(out, spec, text + skip, sizeof text - skip, (uint64_t)spec->width);
}

bool format_real(struct str *out, const struct format_spec *spec, double r)
{
    struct number_decimal d;
    int    precision = spec->precision < 0 ? 6 : spec->precision, round, exponent, digits_before;
    bool   general = spec->type == 'g' || spec->type == 'G', exponent_form, trim;
    char   sign;
    size_t start, bytes, pad;

    if (precision > REAL_PRECISION_MAX)
        precision = REAL_PRECISION_MAX;
    if (general && precision == 0)
        precision = 1;
    round = spec->type == 'f' ? -precision : general ? precision : precision + 1;
    number_decode(r, round, spec->alternate2 ? 20 : 16, &d);
    if (d.infinite) {
        if (!spec->zero)
            return format_infinity(out, spec, d.negative);
        d.digits[0] = '9'; /* with zeros to fill there is no word for it: 9.0e+999 */
        d.point = 1000;
    }
    sign = real_sign(spec, &d, round);
    exponent = d.point - 1;
    exponent_form = spec->type == 'e' || spec->type == 'E';
    trim = spec->alternate2;
    if (general) {
        precision--;
        trim = !spec->alternate;
        exponent_form = exponent < -4 || exponent > precision;
        if (!exponent_form)
            precision -= exponent;
    }
    digits_before = exponent_form || exponent < 0 ? 0 : exponent;
    if (!make_room(out, (uint64_t)digits_before + (uint64_t)digits_before / 3 +
                            (uint64_t)precision + (uint64_t)spec->width + 10))
        return false;
    start = out->bytes;
    if (sign != 0)
        str_char(out, sign);
    real_body(out, spec, &d, exponent_form, precision, trim);
    bytes = out->bytes - start;
    if (out->failed || bytes >= (size_t)spec->width)
        return true;
    pad = (size_t)spec->width - bytes;
    if (spec->left) {
        append_fill(out, ' ', (int)pad);
        return true;
    }
    if (!str_reserve(out, pad))
        return true;
    start += spec->zero && sign != 0;
    memmove(out->data + start + pad, out->data + start, out->bytes - start);
    memset(out->data + start, spec->zero ? '0' : ' ', pad);
    out->bytes += pad;
    return true;
}

/* --- texts ------------------------------------------------------------------------------------ */

static size_t continuation_bytes(const char *s, size_t bytes)
{
    size_t count = 0;

    for (size_t i = 0; i < bytes; i++)
        count += utf8_continues(s[i]);
    return count;
}

static bool format_text(struct format *f, const struct format_spec *spec)
{
    char        buffer[NUMBER_TEXT_CAP];
    struct text text = next_text(f, buffer);
    uint64_t    width = (uint64_t)spec->width;

    if (text.s == NULL)
        text.s = "";
    if (spec->precision >= 0) {
        if (spec->alternate2)
            text.bytes =
                (size_t)(utf8_skip(text.s, text.bytes, (uint64_t)spec->precision) - text.s);
        else if ((size_t)spec->precision < text.bytes)
            text.bytes = (size_t)spec->precision;
    }
    if (spec->alternate2 && width > 0)
        width += continuation_bytes(text.s, text.bytes);
    return append_padded(f->out, spec, text.s, text.bytes, width);
}

/* The first character of the argument (a NUL if there is none), precision times. */
static bool format_character(struct format *f, const struct format_spec *spec)
{
    char        buffer[NUMBER_TEXT_CAP], c[UTF8_BYTES_MAX] = {0};
    struct text text = next_text(f, buffer);
    size_t      bytes = 1;
    int64_t     width = spec->width;
    int         copies = spec->precision > 1 ? spec->precision : 1;

    if (text.bytes > 0) {
        c[0] = text.s[0];
        if (((uint8_t)c[0] & 0xc0) == 0xc0)
            for (; bytes < sizeof c && bytes < text.bytes && utf8_continues(text.s[bytes]); bytes++)
                c[bytes] = text.s[bytes];
    }
    width -= copies - 1;
    if (!make_room(f->out, (uint64_t)copies * bytes + (uint64_t)spec->width))
        return false;
    if (copies > 1 && width > 1 && !spec->left) {
        append_fill(f->out, ' ', (int)width - 1);
        width = 0;
    }
    append_copies(f->out, c, bytes, copies - 1);
    if (width < 0)
        width = 0;
    if (width > 0)
        width += (int64_t)continuation_bytes(c, bytes);
    return append_padded(f->out, spec, c, bytes, (uint64_t)width);
}

static void append_escape(struct str *out, char c)
{
    static const char hex[] = "0123456789abcdef";

    str_text(out, "\\u00");
    str_char(out, hex[(uint8_t)c >> 4]);
    str_char(out, hex[(uint8_t)c & 15]);
}

void format_escaped(struct str *out, struct text text, char type, bool escaped)
{
    char quote = type == 'w' ? '"' : '\'';
    bool control = false;

    for (size_t i = 0, end; (end = memory_piece(out->memory, i, text.bytes)) > i;)
        for (; i < end; i++)
            control |= (uint8_t)text.s[i] <= 0x1f;
    if (type == 'w' || (type == 'Q' && !control))
        escaped = false;
    if (type == 'Q')
        str_text(out, escaped ? "unistr('" : "'");
    for (size_t i = 0; i < text.bytes; i++) {
        char c = text.s[i];

        if (i % INTERRUPT_ROWS == 0 && memory_stopped(out->memory)) {
            out->failed = true;
            return;
        }
        if (escaped && (uint8_t)c <= 0x1f) {
            append_escape(out, c);
            continue;
        }
        str_char(out, c);
        if (c == quote || (escaped && c == '\\'))
            str_char(out, c);
    }
    if (type == 'Q')
        str_text(out, escaped ? "')" : "'");
}

/* The first `count` bytes of text (characters, if so asked), for %q, %Q and %w. */
static struct text cut_text(struct text text, int count, bool characters)
{
    size_t i = 0;

    if (count < 0)
        return text;
    for (; count > 0 && i < text.bytes; count--, i++)
        if (characters && ((uint8_t)text.s[i] & 0xc0) == 0xc0)
            while (i + 1 < text.bytes && utf8_continues(text.s[i + 1]))
                i++;
    text.bytes = i;
    return text;
}

static bool format_quoted(struct format *f, const struct format_spec *spec)
{
    char        buffer[NUMBER_TEXT_CAP];
    struct text text = next_text(f, buffer);
    struct str  quoted;
    char        start[FUNC_RESULT_ROOM];
    uint64_t    width = (uint64_t)spec->width;
    bool        fits;

    str_init_room(&quoted, f->out->memory, start, sizeof start);
    if (text.s == NULL) { /* NULL, not quoted, is cut all the same */
        text.s = spec->type == 'Q' ? "NULL" : "(NULL)";
        text.bytes = strlen(text.s);
        text = cut_text(text, spec->precision, spec->alternate2);
        format_escaped(&quoted, text, 'q', false);
    } else {
        text = cut_text(text, spec->precision, spec->alternate2);
        format_escaped(&quoted, text, spec->type, spec->alternate);
    }
    f->out->failed |= quoted.failed;
    if (spec->alternate2 && width > 0)
        width += continuation_bytes(quoted.data, quoted.bytes);
    fits = append_padded(f->out, spec, quoted.data, quoted.bytes, width);
    str_free(&quoted);
    return fits;
}

/* --- the format ------------------------------------------------------------------------------- */

/* One conversion.  *end: the conversion is unknown, and the result ends here. */
static bool format_one(struct format *f, const struct format_spec *spec, bool *end)
{
    switch (spec->type) {
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
    case 'p':
    case 'r':
        return format_integer(f, spec);
    case 'f':
    case 'e':
    case 'E':
    case 'g':
    case 'G': {
        const struct value *v = next_argument(f);

        return format_real(f->out, spec, v == NULL ? 0 : value_as_real(v));
    }
    case 's':
    case 'z':
        return format_text(f, spec);
    case 'c':
        return format_character(f, spec);
    case 'q':
    case 'Q':
    case 'w':
        return format_quoted(f, spec);
    case '%':
        return append_padded(f->out, spec, "%", 1, (uint64_t)spec->width);
    case 'n': /* nothing */
        return true;
    default:
        *end = true;
        return true;
    }
}

/* False: too big. */
static bool format_all(struct format *f, struct text format)
{
    const char        *p = format.s, *end = format.s + format.bytes;
    struct format_spec spec;
    bool               stop = false;

    for (uint32_t parts = 1; p < end; parts++) {
        size_t piece = end - p > INTERRUPT_TEXT_PIECE ? INTERRUPT_TEXT_PIECE : (size_t)(end - p);
        const char *percent = memchr(p, '%', piece);

        if (parts % INTERRUPT_ROWS == 0 && memory_stopped(f->out->memory))
            f->out->failed = true;
        if (f->out->failed)
            break;
        if (percent == NULL)
            percent = p + piece;
        if (percent > p) {
            f->wrote = true;
            if (!make_room(f->out, (uint64_t)(percent - p)))
                return false;
            str_append(f->out, p, (size_t)(percent - p));
        }
        if (percent == end)
            break;
        if (*percent != '%') { /* only the piece ends */
            p = percent;
            continue;
        }
        if (percent + 1 == end) {
            f->wrote = true;
            str_char(f->out, '%');
            break;
        }
        p = read_spec(f, &spec, percent + 1, end);
        if (!format_one(f, &spec, &stop))
            return false;
        if (stop)
            break;
        f->wrote = true;
    }
    return true;
}

enum status func_printf(FUNCTION_ARGUMENTS)
{
    char          buffer[NUMBER_TEXT_CAP];
    struct str    str;
    char          start[FUNC_RESULT_ROOM];
    struct format f = {.context = context, .out = &str};
    struct text   format;

    *out = value_null();
    if (argc == 0 || argv[0].class_ == CLASS_NULL)
        return STATUS_OK;
    format = func_until_nul(func_text(context, &argv[0], buffer));
    f.argv = argv + 1;
    f.argc = argc - 1;
    str_init_room(&str, context->arena->memory, start, sizeof start);
    if (!format_all(&f, format) && !str.failed) {
        str_free(&str);
        return func_too_big(context);
    }
    if (!f.wrote && !str.failed) { /* sqlite3 gives NULL for a format of nothing */
        str_free(&str);
        return STATUS_OK;
    }
    return func_result_str(context, &str, out);
}
