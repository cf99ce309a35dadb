/* csv_convert.c - field texts to numbers, days and cells. */
#include "io/csv_convert.h"

#include "base/number.h"
#include "base/str.h"
#include <assert.h>
#include <string.h>

enum { DEC_SCALE_MAX = 15, NO_DATES_MAX = 8, INT_DIGITS_MAX = 18 };

/* Payloads up to here divide exactly: payload and 10^scale are doubles without error. */
static const int64_t DEC_PAYLOAD_MAX = INT64_C(1) << 53;

/* The fields of one column. */
struct fields {
    const char     *base;
    const uint32_t *start, *length;
    const uint64_t *valid; /* NULL: no field is NULL */
    uint32_t        rows;
};

void csv_column_init(struct csv_column *column, enum csv_rule rule)
{
    *column = (struct csv_column){.rule = rule};
    column->form = rule == CSV_RULE_TEXT                                     ? CSV_FORM_DAY
                   : rule == CSV_RULE_REAL || rule == CSV_RULE_AFFINITY_REAL ? CSV_FORM_DEC
                                                                             : CSV_FORM_INT;
}

/* --- where the fields are --------------------------------------------------------------------- */
/* Takes the quotes off the field, undoing doubled ones where it lies.  False: it has none. */
static bool field_unquote(struct csv_batch *batch, uint32_t *start, uint32_t *length)
{
    char *text = batch->base + *start, *out, *end;

    if (*length < 2 || text[0] != batch->quote)
        return false;
    ++*start;
    *length -= 2;
    if (!batch->doubled || memchr(text + 1, batch->quote, *length) == NULL)
        return true;
    end = text + 1 + *length;
    out = ++text;
    for (; text < end; text++) {
        *out++ = *text;
        text += *text == batch->quote; /* the scanner saw that its twin follows */
    }
    *length = (uint32_t)(out - (batch->base + *start));
    return true;
}

static void fields_locate(struct csv_batch *batch, uint32_t c, struct csv_scratch *s, bool *empty)
{
    const uint32_t *ends = batch->ends;
    uint32_t        rows = batch->rows, stride = batch->stride, least = UINT32_MAX;
    bool            last = c + 1 == stride && batch->flags == NULL; /* \r\n */

    s->start[0] = c > 0 ? ends[c - 1] + 1 : 0;
    for (uint32_t r = 0, f = c; r < rows; r++, f += stride) {
        uint32_t start = f > 0 ? ends[f - 1] + 1 : 0, length = ends[f] - start;

        s->start[r] = start;
        s->length[r] = length;
        least = length < least ? length : least;
    }
    for (uint32_t r = 0; last && r < rows; r++) {
        if (s->length[r] > 0 && batch->base[s->start[r] + s->length[r] - 1] == '\r') {
            s->length[r]--;
            least = 0;
        }
    }
    memset(s->quoted, 0, sizeof s->quoted);
    for (uint32_t r = 0; batch->quote != '\0' && r < rows; r++) {
        if (field_unquote(batch, &s->start[r], &s->length[r])) {
            bits_set(s->quoted, r);
            least = s->length[r] < least ? s->length[r] : least;
        }
    }
    for (uint32_t r = 0; batch->flags != NULL && r < rows; r++) {
        if (batch->flags[r * stride + c] & CSV_FIELD_QUOTED)
            bits_set(s->quoted, r);
    }
    *empty = least == 0;
}

/* Which fields are NULL.  Returns the validity, NULL when all are valid. */
static const uint64_t *fields_valid(const struct csv_column *column, const struct csv_batch *batch,
                                    uint32_t c, struct csv_scratch *s, bool empty)
{
    bool any = false, numeric = column->numeric_nulls && column->rule != CSV_RULE_TEXT;

    if (!empty && batch->flags == NULL && (column->null_text == NULL || column->null_bytes == 0))
        return NULL;
    bits_fill(s->valid, batch->rows);
    for (uint32_t r = 0; r < batch->rows; r++) {
        bool null =
            batch->flags != NULL && (batch->flags[r * batch->stride + c] & CSV_FIELD_MISSING) != 0;

        if (column->null_text != NULL && s->length[r] == column->null_bytes &&
            (!bits_get(s->quoted, r) || numeric) &&
            memcmp(batch->base + s->start[r], column->null_text, column->null_bytes) == 0)
            null = true;
        if (null) {
            bits_clear(s->valid, r);
            s->length[r] = 0;
            any = true;
        }
    }
    return any ? s->valid : NULL;
}

static inline bool field_null(const struct fields *f, uint32_t row)
{
    return f->valid != NULL && !bits_get(f->valid, row);
}

/* --- digits ----------------------------------------------------------------------------------- */
/* The n (1..8) digits at text, where 8 bytes can be read.  False: one is no digit.  The shift drops
 * the bytes behind them and puts zeros before them.  (Multiply-and-shift after Lemire, Quickly
 * parsing eight digits, 2018.) */
static inline bool digits8(const char *text, uint32_t n, uint64_t *value)
{
    uint64_t word;

    memcpy(&word, text, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    /* a byte below '0' borrows from later ones only, and is seen itself */
    word = (word - UINT64_C(0x3030303030303030)) << (64 - 8 * n);
    if (((word + UINT64_C(0x7676767676767676)) | word) & UINT64_C(0x8080808080808080))
        return false;
    word = word * 10 + (word >> 8);
    *value = ((word & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x000f424000000064) +
              ((word >> 16) & UINT64_C(0x000000ff000000ff)) * UINT64_C(0x0000271000000001)) >>
             32;
    return true;
}

/* n (9..18) digits at text; apart, so that the loops over short ones stay small. */
static __attribute__((noinline)) bool digits_long(const char *text, uint32_t n, uint64_t *value)
{
    uint64_t low, high, top = 0;

    n -= 8;
    if (!digits8(text + n, 8, &low))
        return false;
    if (n > 8) {
        if (!digits8(text + n - 8, 8, &high) || !digits8(text, n - 8, &top))
            return false;
    } else if (!digits8(text, n, &high)) {
        return false;
    }
    *value = (top * UINT64_C(100000000) + high) * UINT64_C(100000000) + low;
    return true;
}

/* n (1..18) digits at text. */
static inline bool digits_read(const char *text, uint32_t n, uint64_t *value)
{
    return n <= 8 ? digits8(text, n, value) : digits_long(text, n, value);
}

/* --- INTEGER ---------------------------------------------------------------------------------- */
/* All fields as integers, in plain form if plain (no 007, no -0).  False: one is none. */
static bool convert_ints(const struct fields *f, bool plain, int64_t *out, int64_t *lo, int64_t *hi)
{
    int64_t least = INT64_MAX, most = INT64_MIN;

    for (uint32_t r = 0; r < f->rows; r++) {
        const char *text = f->base + f->start[r];
        uint32_t    n = f->length[r];
        bool        minus = n > 0 && *text == '-';
        uint64_t    digits;
        int64_t     value;

        text += minus;
        n -= minus;
        if (n - 1 >= INT_DIGITS_MAX) {
            if (!field_null(f, r))
                return false;
            out[r] = 0;
            continue;
        }
        if (!digits_read(text, n, &digits) || (plain && *text == '0' && (n > 1 || minus)))
            return false;
        value = minus ? -(int64_t)digits : (int64_t)digits;
        least = value < least ? value : least;
        most = value > most ? value : most;
        out[r] = value;
    }
    *lo = least;
    *hi = most;
    return true;
}

/* --- decimals --------------------------------------------------------------------------------- */
struct decimal {
    int64_t  payload; /* |payload| <= 2^53 */
    uint32_t scale;
};

/* [-]digits[.digits] exactly.  False: another form, or too many digits. */
static bool decimal_read(const char *text, uint32_t n, bool plain, struct decimal *d)
{
    bool        minus = n > 0 && *text == '-';
    const char *point;
    uint64_t    whole = 0, fraction = 0;
    uint32_t    whole_digits, fraction_digits = 0;

    text += minus;
    n -= minus;
    if (n == 0 || n > INT_DIGITS_MAX + 1)
        return false;
    point = memchr(text, '.', n);
    whole_digits = point != NULL ? (uint32_t)(point - text) : n;
    if (point != NULL)
        fraction_digits = n - whole_digits - 1;
    if (whole_digits == 0 || whole_digits > 16 || fraction_digits > DEC_SCALE_MAX ||
        (point != NULL && fraction_digits == 0))
        return false;
    if (plain && *text == '0' && whole_digits > 1)
        return false;
    if (!digits_read(text, whole_digits, &whole) ||
        (fraction_digits > 0 && !digits_read(point + 1, fraction_digits, &fraction)))
        return false;
    if (whole_digits + fraction_digits > INT_DIGITS_MAX)
        return false;
    whole = whole * (uint64_t)number_power_int[fraction_digits] + fraction;
    if (whole > (uint64_t)DEC_PAYLOAD_MAX || (minus && whole == 0)) /* -0.0 is no integer */
        return false;
    d->payload = minus ? -(int64_t)whole : (int64_t)whole;
    d->scale = fraction_digits;
    return true;
}

/* payload * 10^by.  False: not exact as a double. */
static inline bool decimal_scale(int64_t *payload, uint32_t by)
{
    return !__builtin_mul_overflow(*payload, number_power_int[by], payload) &&
           *payload <= DEC_PAYLOAD_MAX && *payload >= -DEC_PAYLOAD_MAX;
}

/* The field has exactly scale digits behind its point, the usual case: one compare and two words.
 * False: look closer. */
static inline bool decimal_at(const char *text, uint32_t n, uint32_t scale, bool plain,
                              int64_t *payload)
{
    bool     minus = *text == '-';
    uint64_t whole, fraction;
    uint32_t digits;

    text += minus;
    digits = n - minus - scale - 1; /* before the point; wraps when there are too few */
    if (digits - 1 >= 8 || text[digits] != '.' || !digits8(text, digits, &whole) ||
        !digits8(text + digits + 1, scale, &fraction) || (plain && *text == '0' && digits > 1))
        return false;
    whole = whole * (uint64_t)number_power_int[scale] + fraction;
    if (whole > (uint64_t)DEC_PAYLOAD_MAX || (minus && whole == 0))
        return false;
    *payload = minus ? -(int64_t)whole : (int64_t)whole;
    return true;
}

/* All fields as payloads of one scale, which grows as needed.  False: one is no such decimal. */
static bool convert_decimals(const struct fields *f, bool plain, uint8_t *scale, int64_t *out)
{
    uint32_t at = *scale;

    for (uint32_t r = 0; r < f->rows; r++) {
        const char    *text = f->base + f->start[r];
        uint32_t       n = f->length[r];
        struct decimal d;

        if (at - 1 < 8 && n > at + 1 && decimal_at(text, n, at, plain, &out[r]))
            continue;
        if (n == 0 && field_null(f, r)) {
            out[r] = 0;
            continue;
        }
        if (!decimal_read(text, n, plain, &d))
            return false;
        if (d.scale > at) {
            for (uint32_t i = 0; i < r; i++) {
                if (!decimal_scale(&out[i], d.scale - at))
                    return false;
            }
            at = d.scale;
        }
        if (!decimal_scale(&d.payload, at - d.scale))
            return false;
        out[r] = d.payload;
    }
    *scale = (uint8_t)at;
    return true;
}

/* --- cells ------------------------------------------------------------------------------------ */
static void convert_text(const struct fields *f, struct value *out)
{
    for (uint32_t r = 0; r < f->rows; r++)
        out[r] = value_text(f->base + f->start[r], f->length[r]);
}

static struct value detected_cell(enum csv_rule rule, const char *text, uint32_t n)
{
    const char   *first = text, *last = text + n;
    struct number number;

    while (first < last && ascii_space(*first))
        first++;
    while (last > first && ascii_space(last[-1]))
        last--;
    number = number_parse(first, (size_t)(last - first));
    if (number.kind == NUMBER_NONE || !number.whole || *first == '+')
        return value_text(text, n);
    first += *first == '-';
    if (first + 1 < last && first[0] == '0' && ascii_digit(first[1]))
        return value_text(text, n); /* a code: 007 */
    if (rule == CSV_RULE_INTEGER && number.kind == NUMBER_INTEGER)
        return value_int(number.i);
    while (first < last && ascii_digit(*first))
        first++;
    if (first == last && number.kind == NUMBER_REAL)
        return value_text(text, n); /* an integer beyond int64: digits would be lost */
    return value_real(number.r);
}

static bool convert_any(const struct fields *f, enum csv_rule rule, struct arena *arena,
                        struct value *out)
{
    for (uint32_t r = 0; r < f->rows; r++) {
        const char *text = f->base + f->start[r];

        if (field_null(f, r)) {
            out[r] = value_null();
        } else if (rule == CSV_RULE_INTEGER || rule == CSV_RULE_REAL) {
            out[r] = detected_cell(rule, text, f->length[r]);
        } else {
            out[r] = value_text(text, f->length[r]);
            if (!value_apply_affinity(
                    &out[r], rule == CSV_RULE_AFFINITY_REAL ? AFFINITY_REAL : AFFINITY_NUMERIC,
                    arena))
                return false;
        }
    }
    return true;
}

/* --- REAL ------------------------------------------------------------------------------------- */
/* The text as a REAL.  False: it is none, or only base/value.h knows (-0).  no_whole: a whole
 * number would be INTEGER, so it is none. */
static bool real_read(const char *text, uint32_t n, bool plain, bool no_whole, double *real)
{
    int64_t        whole;
    struct decimal d;
    struct number  number;

    if (decimal_read(text, n, plain, &d)) {
        *real = (double)d.payload / (double)number_power_int[d.scale];
        return !no_whole || !number_real_is_int(*real, &whole);
    }
    if (plain) {
        struct value cell = detected_cell(CSV_RULE_REAL, text, n);

        *real = cell.class_ == CLASS_REAL ? cell.r : 0;
        return cell.class_ == CLASS_REAL;
    }
    number = number_parse(text, n);
    *real = number.r;
    if (no_whole && (number.kind == NUMBER_INTEGER || number_real_is_int(number.r, &whole)))
        return false;
    return number.kind != NUMBER_NONE && number.whole && number.r != 0;
}

static bool convert_reals(const struct fields *f, bool plain, bool no_whole, double *out)
{
    for (uint32_t r = 0; r < f->rows; r++) {
        out[r] = 0;
        if (!field_null(f, r) &&
            !real_read(f->base + f->start[r], f->length[r], plain, no_whole, &out[r]))
            return false;
    }
    return true;
}

/* --- DAY32 ------------------------------------------------------------------------------------ */
/* Days from 1970-01-01 of a date in the Gregorian calendar (Hinnant, days_from_civil). */
static int32_t day_number(int32_t year, uint32_t month, uint32_t day)
{
    int32_t  shifted = year - (month <= 2);
    int32_t  era = (shifted >= 0 ? shifted : shifted - 399) / 400;
    uint32_t of_era = (uint32_t)(shifted - era * 400);
    uint32_t of_year = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;

    return era * 146097 + (int32_t)(of_era * 365 + of_era / 4 - of_era / 100 + of_year) - 719468;
}

static bool date_read(const char *text, uint32_t n, int32_t *day)
{
    static const uint8_t month_days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint64_t             year, month, of_month;
    uint32_t             limit;

    if (n != 10 || text[4] != '-' || text[7] != '-' || !digits8(text, 4, &year) ||
        !digits8(text + 5, 2, &month) || !digits8(text + 8, 2, &of_month))
        return false;
    if (month < 1 || month > 12 || of_month < 1)
        return false;
    limit = month_days[month];
    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        limit = 29;
    if (of_month > limit)
        return false;
    *day = day_number((int32_t)year, (uint32_t)month, (uint32_t)of_month);
    return true;
}

/* False also if all fields are NULL: that says nothing of dates. */
static bool convert_days(const struct fields *f, int32_t *out)
{
    bool any = false;

    for (uint32_t r = 0; r < f->rows; r++) {
        out[r] = 0;
        if (date_read(f->base + f->start[r], f->length[r], &out[r]))
            any = true;
        else if (!field_null(f, r))
            return false;
    }
    return any;
}

/* --- one column ------------------------------------------------------------------------------- */
/* Payloads in the narrowest width that holds them. */
static void pack_decimals(const struct fields *f, const int64_t *number, uint8_t scale, bool whole,
                          struct vector_buffer *buffer, struct vector *out)
{
    int64_t least = number[0], most = number[0];

    for (uint32_t r = 1; r < f->rows; r++) {
        least = number[r] < least ? number[r] : least;
        most = number[r] > most ? number[r] : most;
    }
    if (least >= INT16_MIN && most <= INT16_MAX) {
        out->type = PHYS_DEC16;
        for (uint32_t r = 0; r < f->rows; r++)
            ((int16_t *)buffer->values)[r] = (int16_t)number[r];
    } else if (least >= INT32_MIN && most <= INT32_MAX) {
        out->type = PHYS_DEC32;
        for (uint32_t r = 0; r < f->rows; r++)
            ((int32_t *)buffer->values)[r] = (int32_t)number[r];
    } else {
        out->type = PHYS_DEC64;
        memcpy(buffer->values, number, f->rows * sizeof *number);
    }
    out->scale = scale;
    out->flags = whole ? VECTOR_WHOLE_IS_INT | VECTOR_BOUNDED : VECTOR_BOUNDED;
    out->lo = least;
    out->hi = most;
}

/* A numeric column in the first form from column->form on that holds all its fields.  False: none
 * but ANY does. */
static bool convert_typed(struct csv_column *column, const struct fields *f, struct csv_scratch *s,
                          struct vector_buffer *buffer, struct vector *out)
{
    enum csv_rule rule = column->rule;
    bool          plain = rule == CSV_RULE_INTEGER || rule == CSV_RULE_REAL;
    bool          numeric = rule == CSV_RULE_AFFINITY_NUMERIC;

    if (column->form == CSV_FORM_INT) {
        if (convert_ints(f, plain, (int64_t *)buffer->values, &out->lo, &out->hi)) {
            out->type = PHYS_I64;
            if (out->lo <= out->hi) /* not all are NULL */
                out->flags = VECTOR_BOUNDED;
            return true;
        }
        if (numeric)
            column->form = CSV_FORM_DEC;
    }
    if (column->form == CSV_FORM_DEC) {
        if (convert_decimals(f, plain, &column->scale, s->number)) {
            pack_decimals(f, s->number, column->scale, numeric, buffer, out);
            if (numeric && column->scale == 0)
                column->form = CSV_FORM_INT;
            return true;
        }
        column->form = CSV_FORM_REAL;
        column->scale = 0;
    }
    if (column->form == CSV_FORM_REAL) {
        if (convert_reals(f, plain, numeric, (double *)buffer->values)) {
            out->type = PHYS_F64;
            return true;
        }
        /* the next batch may fit again */
        column->form = numeric ? CSV_FORM_INT : CSV_FORM_DEC;
    }
    return false;
}

/* The fields without blanks around them, in the scratch.  False: none has any. */
static bool fields_trim(const struct fields *f, struct csv_scratch *s, struct fields *out)
{
    bool any = false;

    *out = *f;
    out->start = s->trimmed_start;
    out->length = s->trimmed_length;
    for (uint32_t r = 0; r < f->rows; r++) {
        const char *text = f->base + f->start[r], *end = text + f->length[r], *from = text;

        while (text < end && ascii_space(*text))
            text++;
        while (end > text && ascii_space(end[-1]))
            end--;
        s->trimmed_start[r] = f->start[r] + (uint32_t)(text - from);
        s->trimmed_length[r] = (uint32_t)(end - text);
        any |= s->trimmed_length[r] != f->length[r];
    }
    return any;
}

static bool convert_numbers(struct csv_column *column, const struct fields *f,
                            struct csv_scratch *s, struct arena *arena,
                            struct vector_buffer *buffer, struct vector *out)
{
    struct fields trimmed;
    bool          expected = column->blanks;

    if (!expected && convert_typed(column, f, s, buffer, out))
        return true;
    column->blanks = fields_trim(f, s, &trimmed);
    if ((expected || column->blanks) && convert_typed(column, &trimmed, s, buffer, out))
        return true;
    out->flags = 0;
    out->type = PHYS_ANY;
    return convert_any(f, column->rule, arena, (struct value *)buffer->values);
}

static void convert_texts(struct csv_column *column, const struct fields *f, bool ascii,
                          struct vector_buffer *buffer, struct vector *out)
{
    if (column->form == CSV_FORM_DAY) {
        if (convert_days(f, (int32_t *)buffer->values)) {
            out->type = PHYS_DAY32;
            return;
        }
        if (++column->no_dates == NO_DATES_MAX)
            column->form = CSV_FORM_TEXT;
    }
    out->type = PHYS_TEXT;
    out->flags = ascii ? VECTOR_ASCII : 0;
    convert_text(f, (struct value *)buffer->values);
}

bool csv_convert(struct csv_column *column, struct csv_batch *batch, uint32_t c,
                 struct csv_scratch *scratch, struct arena *arena, struct vector_buffer *buffer,
                 struct vector *out)
{
    struct fields f = {batch->base, scratch->start, scratch->length, NULL, batch->rows};
    bool          empty;

    assert(batch->rows <= VECTOR_CAP && c < batch->columns);
    fields_locate(batch, c, scratch, &empty);
    f.valid = fields_valid(column, batch, c, scratch, empty);
    *out = (struct vector){.shape = VECTOR_FLAT, .count = batch->rows, .values = buffer->values};
    if (f.valid != NULL) {
        memcpy(buffer->valid, f.valid, bits_words(batch->rows) * sizeof *f.valid);
        out->valid = buffer->valid;
    }
    if (column->rule == CSV_RULE_TEXT) {
        convert_texts(column, &f, batch->ascii, buffer, out);
        return true;
    }
    return convert_numbers(column, &f, scratch, arena, buffer, out);
}
