/* number.c - numbers to text and back.
 *
 * Text to double is correctly rounded: Clinger's exact case, then Lemire's 128-bit product ("Number
 * Parsing at a Gigabyte per Second", 2021; Mushtak and Lemire 2023 show that 64-bit digits need no
 * fallback).  Digits that no longer fit 64 bits, the 20th or 21st on, count as zeros, as they do in
 * sqlite3: a text of so many may be read as the neighbour of the nearest double.
 *
 * Double to digits multiplies by the high 64 bits of one power of ten and rounds half up, as
 * sqlite3 3.53 does (sqlite3FpDecode): its last digit is part of SQLite's answers, so a shortest or
 * correctly rounded form would not do. */
#include "base/number.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/number_powers.h"
#include "base/str.h"

const double  number_power_real[NUMBER_POWERS] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,
                                                  1e7,  1e8,  1e9,  1e10, 1e11, 1e12, 1e13,
                                                  1e14, 1e15, 1e16, 1e17, 1e18};
const int64_t number_power_int[NUMBER_POWERS] = {INT64_C(1),
                                                 INT64_C(10),
                                                 INT64_C(100),
                                                 INT64_C(1000),
                                                 INT64_C(10000),
                                                 INT64_C(100000),
                                                 INT64_C(1000000),
                                                 INT64_C(10000000),
                                                 INT64_C(100000000),
                                                 INT64_C(1000000000),
                                                 INT64_C(10000000000),
                                                 INT64_C(100000000000),
                                                 INT64_C(1000000000000),
                                                 INT64_C(10000000000000),
                                                 INT64_C(100000000000000),
                                                 INT64_C(1000000000000000),
                                                 INT64_C(10000000000000000),
                                                 INT64_C(100000000000000000),
                                                 INT64_C(1000000000000000000)};

/* --- integers to text ------------------------------------------------------------------------- */

static const char digit_pairs[] = "0001020304050607080910111213141516171819"
                                  "2021222324252627282930313233343536373839"
                                  "4041424344454647484950515253545556575859"
                                  "6061626364656667686970717273747576777879"
                                  "8081828384858687888990919293949596979899";

/* Writes u so that it ends before end; returns where it begins. */
static char *write_digits(uint64_t u, char *end)
{
    while (u >= 100) {
        end -= 2;
        memcpy(end, digit_pairs + u % 100 * 2, 2);
        u /= 100;
    }
    if (u >= 10) {
        end -= 2;
        memcpy(end, digit_pairs + u * 2, 2);
    } else {
        *--end = (char)('0' + u);
    }
    return end;
}

/* How many decimal digits u has. */
static size_t digit_count(uint64_t u)
{
    static const uint64_t powers[] = {0,
                                      UINT64_C(10),
                                      UINT64_C(100),
                                      UINT64_C(1000),
                                      UINT64_C(10000),
                                      UINT64_C(100000),
                                      UINT64_C(1000000),
                                      UINT64_C(10000000),
                                      UINT64_C(100000000),
                                      UINT64_C(1000000000),
                                      UINT64_C(10000000000),
                                      UINT64_C(100000000000),
                                      UINT64_C(1000000000000),
                                      UINT64_C(10000000000000),
                                      UINT64_C(100000000000000),
                                      UINT64_C(1000000000000000),
                                      UINT64_C(10000000000000000),
                                      UINT64_C(100000000000000000),
                                      UINT64_C(1000000000000000000),
                                      UINT64_C(10000000000000000000)};
    unsigned              bits = 64 - (unsigned)__builtin_clzll(u | 1);
    unsigned              guess = bits * 1233 >> 12; /* floor(bits * log10(2)): right or one low */

    return guess + (u >= powers[guess] || guess == 0);
}

/* The digits go where they stay: a copy of bytes written just now waits for the store buffer, which
 * took as long as the conversion. */
size_t number_from_int(int64_t i, char out[NUMBER_TEXT_CAP])
{
    uint64_t u = i < 0 ? -(uint64_t)i : (uint64_t)i;
    size_t   length = digit_count(u) + (i < 0);

    out[0] = '-';
    write_digits(u, out + length);
    out[length] = '\0';
    return length;
}

/* --- doubles to text -------------------------------------------------------------------------- */

/* floor(log10(2^x)) and floor(log2(10^x)) for every exponent of a double. */
static int log10_of_pow2(int x)
{
    return (x * 78913) >> 18;
}
static int log2_of_pow10(int x)
{
    return (x * 108853) >> 15;
}

/* About the first n digits (1..18) of mantissa * 2^exponent, whose top bit is set, as *digits *
 * 10^*exponent10: cut when n < 18 (the caller rounds the last away), rounded when n == 18. */
static void decimal_digits(uint64_t mantissa, int exponent, int n, uint64_t *digits,
                           int *exponent10)
{
    int      p = n - 1 - log10_of_pow2(exponent + 63);
    uint64_t high;

    assert(p >= POWER_FIRST && p <= POWER_LAST);
    high = (uint64_t)((unsigned __int128)mantissa * number_powers[p - POWER_FIRST][0] >> 64);
    if (n == 18) {
        high >>= -(exponent + log2_of_pow10(p) + 2);
        *digits = (high >> 1) + (high & 1);
    } else {
        *digits = high >> -(exponent + log2_of_pow10(p) + 1);
    }
    *exponent10 = -p;
}

static uint64_t digits_value(const char *digits, int count)
{
    uint64_t value = 0;

    for (int i = 0; i < count; i++)
        value = value * 10 + (uint64_t)(digits[i] - '0');
    return value;
}

/* 17 digits were asked for, digits holds more: how many are enough, because the others are a run of
 * nines or zeros without which the text still reads as r.  exponent10: of the last digit. */
static int shorten_17(double r, const char *digits, int count, int point, int exponent10)
{
    int      keep;
    uint64_t value;

    if (digits[14] == '9' && digits[15] == '9') {
        for (keep = 14; keep > 0 && digits[keep - 1] == '9'; keep--)
            ;
        value = digits_value(digits, keep) + 1;
    } else if (point >= count || (digits[13] == '0' && digits[14] == '0' && digits[15] == '0')) {
        for (keep = 13; digits[keep - 1] == '0'; keep--)
            ;
        value = digits_value(digits, keep);
    } else {
        return 17;
    }
    return number_scale(value, exponent10 + count - keep) == r ? keep + 1 : 17;
}

/* Rounds digits half up to keep places; digits[-1] is free for a carry.  Returns the new start. */
static char *round_digits(char *digits, int keep, int *count, int *point)
{
    *count = keep;
    if (digits[keep] < '5')
        return digits;
    for (int i = keep - 1; i >= 0; i--) {
        if (digits[i] != '9') {
            digits[i]++;
            return digits;
        }
        digits[i] = '0';
    }
    *--digits = '1';
    ++*count;
    ++*point;
    return digits;
}

void number_decode(double r, int round, int max_digits, struct number_decimal *out)
{
    char     buffer[26], *end = buffer + sizeof buffer, *digits;
    int      count, exponent, exponent10;
    uint64_t bits;

    assert(r == r && max_digits > 0);
    *out = (struct number_decimal){.negative = r < 0, .infinite = isinf(r), .count = 1, .point = 1};
    out->digits[0] = '0';
    if (r == 0 || out->infinite)
        return;
    r = fabs(r);
    memcpy(&bits, &r, sizeof bits);
    exponent = (int)(bits >> 52);
    bits &= (UINT64_C(1) << 52) - 1;
    if (exponent == 0) {
        int shift = __builtin_clzll(bits);

        bits <<= shift;
        exponent = -1074 - shift;
    } else {
        bits = bits << 11 | UINT64_C(1) << 63;
        exponent -= 1086;
    }
    decimal_digits(bits, exponent, round <= 0 || round >= 18 ? 18 : round + 1, &bits, &exponent10);
    digits = write_digits(bits, end);
    count = (int)(end - digits);
    out->point = count + exponent10;
    if (round <= 0) {
        round = out->point - round;
        if (round == 0 && digits[0] >= '5') {
            round = 1;
            *--digits = '0';
            count++;
            out->point++;
        }
    }
    if (round > 0 && (round < count || count > max_digits)) {
        if (round > max_digits)
            round = max_digits;
        if (round == 17)
            round = shorten_17(r, digits, count, out->point, exponent10);
        if (round < count)
            digits = round_digits(digits, round, &count, &out->point);
    }
    while (count > 1 && digits[count - 1] == '0')
        count--;
    out->count = count;
    memcpy(out->digits, digits, (size_t)count);
}

static char *copy_zeros(char *out, int count)
{
    memset(out, '0', (size_t)count);
    return out + count;
}

static char *copy_digits(char *out, const char *digits, int count)
{
    memcpy(out, digits, (size_t)count);
    return out + count;
}

/* d.ddde+xx */
static char *write_exponent_form(const struct number_decimal *d, char *out)
{
    int exponent = d->point - 1;

    *out++ = d->digits[0];
    *out++ = '.';
    if (d->count > 1)
        out = copy_digits(out, d->digits + 1, d->count - 1);
    else
        *out++ = '0';
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    if (exponent < 0)
        exponent = -exponent;
    if (exponent >= 100) {
        *out++ = (char)('0' + exponent / 100);
        exponent %= 100;
    }
    return copy_digits(out, digit_pairs + exponent * 2, 2);
}

static char *write_point_form(const struct number_decimal *d, char *out)
{
    if (d->point <= 0) {
        *out++ = '0';
        *out++ = '.';
        out = copy_zeros(out, -d->point);
        return copy_digits(out, d->digits, d->count);
    }
    if (d->point >= d->count) {
        out = copy_digits(out, d->digits, d->count);
        out = copy_zeros(out, d->point - d->count);
        *out++ = '.';
        *out++ = '0';
        return out;
    }
    out = copy_digits(out, d->digits, d->point);
    *out++ = '.';
    return copy_digits(out, d->digits + d->point, d->count - d->point);
}

/* Most numbers have few decimals: r is the double next to n / 10^6 with n < 10^15, hence n's digits
 * are those to which r rounds at 15.  0: r is no such number. */
static size_t write_millionths(double r, char *out)
{
    double   a = fabs(r);
    int64_t  n;
    uint64_t whole, rest;
    size_t   length;

    if (!(a >= 1e-3 && a < 1e9))
        return 0;
    n = (int64_t)(a * 1e6 + 0.5);
    if ((double)n / 1e6 != a)
        return 0;
    whole = (uint64_t)n / 1000000;
    rest = (uint64_t)n % 1000000;
    length = digit_count(whole) + (r < 0);
    out[0] = '-';
    write_digits(whole, out + length);
    out[length++] = '.';
    for (uint64_t unit = 100000; rest != 0 || unit == 100000; unit /= 10) {
        out[length++] = (char)('0' + rest / unit);
        rest %= unit;
    }
    out[length] = '\0';
    return length;
}

size_t number_from_real(double r, int digits, char out[NUMBER_TEXT_CAP])
{
    struct number_decimal d;
    char                 *end = out;
    size_t                length = digits == NUMBER_DIGITS_DEFAULT ? write_millionths(r, out) : 0;

    assert(digits >= 1 && digits <= 20);
    if (length != 0)
        return length;
    number_decode(r, digits, 20, &d);
    if (d.negative)
        *end++ = '-';
    if (d.infinite)
        end = copy_digits(end, "Inf", 3);
    else if (d.point - 1 < -4 || d.point - 1 > digits - 1)
        end = write_exponent_form(&d, end);
    else
        end = write_point_form(&d, end);
    *end = '\0';
    return (size_t)(end - out);
}

/* --- digits to double ------------------------------------------------------------------------- */

static double double_of(uint64_t mantissa, int biased_exponent)
{
    uint64_t bits = mantissa | (uint64_t)biased_exponent << 52;
    double   r;

    memcpy(&r, &bits, sizeof r);
    return r;
}

static double scale_wide(uint64_t digits, int exponent10)
{
    const uint64_t   *power = number_powers[exponent10 - POWER_FIRST];
    int               shift = __builtin_clzll(digits), upper, exponent;
    uint64_t          high, low, mantissa;
    unsigned __int128 product;

    digits <<= shift;
    product = (unsigned __int128)digits * power[0];
    high = (uint64_t)(product >> 64);
    low = (uint64_t)product;
    if ((high & 0x1ff) == 0x1ff) { /* the bits cut from the power may carry into the mantissa */
        uint64_t carry = (uint64_t)((unsigned __int128)digits * power[1] >> 64);

        low += carry;
        high += low < carry;
    }
    upper = (int)(high >> 63);
    mantissa = high >> (upper + 9);
    exponent = ((217706 * exponent10) >> 16) + 63 + upper - shift + 1023;
    if (exponent <= 0) { /* subnormal; no exact tie can occur here */
        if (1 - exponent >= 64)
            return 0;
        mantissa >>= 1 - exponent;
        mantissa = (mantissa + (mantissa & 1)) >> 1;
        return double_of(mantissa, 0); /* 2^52 is the smallest normal number by itself */
    }
    if (low <= 1 && exponent10 >= -4 && exponent10 <= 23 && (mantissa & 3) == 1 &&
        mantissa << (upper + 9) == high)
        mantissa &= ~UINT64_C(1); /* an exact tie goes to the even neighbour */
    mantissa = (mantissa + (mantissa & 1)) >> 1;
    if (mantissa >= UINT64_C(1) << 53) {
        mantissa = UINT64_C(1) << 52;
        exponent++;
    }
    if (exponent >= 0x7ff)
        return HUGE_VAL;
    return double_of(mantissa & ~(UINT64_C(1) << 52), exponent);
}

double number_scale(uint64_t digits, int exponent10)
{
    static const double exact[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                   1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                   1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

    if (digits <= UINT64_C(1) << 53 && exponent10 >= -22 && exponent10 <= 22)
        return exponent10 < 0 ? (double)digits / exact[-exponent10]
                              : (double)digits * exact[exponent10];
    if (digits == 0 || exponent10 < -342)
        return 0;
    if (exponent10 > 308)
        return HUGE_VAL;
    return scale_wide(digits, exponent10);
}

/* --- text to number --------------------------------------------------------------------------- */

/* Written exponents are cut to this many digits: far out of range, and no sum overflows an int. */
enum { EXPONENT_DIGITS_LIMIT = 100000000 };

struct scan {
    const char *p, *end;
    uint64_t    digits;     /* as many as fit: until they reach DIGITS_FULL */
    int         exponent10; /* of the last one taken into digits */
};

/* From here on another digit might not fit 64 bits. */
#define DIGITS_FULL ((UINT64_MAX - 9) / 10)

static const char *skip_digits_piece(const char *p, const char *end, char high)
{
    enum { STRIDE = 64 };

    for (; end - p >= STRIDE; p += STRIDE) {
        uint8_t other = 0;

        for (int i = 0; i < STRIDE; i++)
            other |= (uint8_t)((uint8_t)(p[i] - '0') > (uint8_t)(high - '0'));
        if (other)
            break;
    }
    while (p < end && *p >= '0' && *p <= high)
        p++;
    return p;
}

/* Behind the digits '0'..high that stand at p. */
static const char *skip_digits(const char *p, const char *end, char high)
{
    size_t bytes = (size_t)(end - p), at = 0;

    for (size_t next; (next = interrupt_text(at, bytes)) > at;) {
        at = (size_t)(skip_digits_piece(p + at, p + next, high) - p);
        if (at < next)
            break;
    }
    return p + at;
}

const char *number_skip_zeros(const char *p, const char *end)
{
    return skip_digits(p, end, '0');
}

/* Reads a run of digits; fraction: they stand behind the point. */
static void scan_digits(struct scan *s, bool fraction)
{
    const char *p = s->digits == 0 ? number_skip_zeros(s->p, s->end) : s->p, *rest;

    if (fraction)
        s->exponent10 -= (int)(p - s->p);
    for (; p < s->end && ascii_digit(*p) && s->digits < DIGITS_FULL; p++) {
        s->digits = s->digits * 10 + (unsigned)(*p - '0');
        s->exponent10 -= fraction;
    }
    rest = skip_digits(p, s->end, '9');
    if (!fraction)
        s->exponent10 += (int)(rest - p);
    s->p = rest;
}

/* p stands on 'e': reads the exponent if there is one, else leaves p. */
static bool scan_exponent(struct scan *s)
{
    const char *p = s->p + 1;
    bool        negative = false;
    int         exponent = 0;

    if (p < s->end && (*p == '-' || *p == '+'))
        negative = *p++ == '-';
    if (p == s->end || !ascii_digit(*p))
        return false;
    for (; p < s->end && ascii_digit(*p) && exponent < EXPONENT_DIGITS_LIMIT; p++)
        exponent = exponent * 10 + (*p - '0');
    p = skip_digits(p, s->end, '9');
    s->exponent10 += negative ? -exponent : exponent;
    s->p = p;
    return true;
}

static const char *skip_blanks(const char *p, const char *end)
{
    size_t bytes = (size_t)(end - p), at = 0;

    for (size_t next; (next = interrupt_text(at, bytes)) > at;) {
        while (at < next && ascii_space(p[at]))
            at++;
        if (at < next)
            break;
    }
    return p + at;
}

struct number number_parse(const char *text, size_t bytes)
{
    struct number number = {.kind = NUMBER_NONE};
    struct scan   s = {.p = text, .end = text + bytes};
    const char   *first, *rest;
    bool          negative = false, real = false;

    s.p = skip_blanks(s.p, s.end);
    if (s.p < s.end && (*s.p == '-' || *s.p == '+'))
        negative = *s.p++ == '-';
    first = s.p;
    scan_digits(&s, false);
    if (s.p < s.end && *s.p == '.') {
        bool leading = s.p > first;

        if (!leading && (s.p + 1 == s.end || !ascii_digit(s.p[1])))
            return number;
        s.p++;
        scan_digits(&s, true);
        real = true;
    } else if (s.p == first) {
        return number;
    }
    if (s.p < s.end && (*s.p | 0x20) == 'e')
        real |= scan_exponent(&s);
    if (!real && s.exponent10 == 0 && /* no digit was left out */
        s.digits <= (uint64_t)INT64_MAX + negative) {
        number.kind = NUMBER_INTEGER;
        number.i = negative ? (int64_t)-s.digits : (int64_t)s.digits;
        number.r = negative ? -(double)s.digits : (double)s.digits; /* '-0' is -0.0 */
    } else {
        number.kind = NUMBER_REAL;
        number.r = number_scale(s.digits, s.exponent10);
        if (negative)
            number.r = -number.r;
    }
    rest = skip_blanks(s.p, s.end);
    number.whole = rest == s.end || *rest == '\0';
    number.length = (size_t)((number.whole ? rest : s.p) - text);
    return number;
}

/* --- reals as integers ------------------------------------------------------------------------ */

int64_t number_truncate(double r)
{
    if (r < -9223372036854774784.0)
        return INT64_MIN;
    if (r > 9223372036854774784.0)
        return INT64_MAX;
    return (int64_t)r;
}

bool number_real_is_int(double r, int64_t *i)
{
    int64_t whole;

    if (!(r >= -9223372036854775808.0 && r < 9223372036854775808.0))
        return false;
    whole = (int64_t)r;
    if ((double)whole != r)
        return false;
    *i = whole;
    return true;
}
