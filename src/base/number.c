/* number.c - numbers to text and back.
 *
 * Text to double is correctly rounded: Clinger's exact case, then Lemire's 128-bit product ("Number
 * Parsing at a Gigabyte per Second", 2021; Mushtak and Lemire 2023 show that 64-bit digits need no
 * fallback), and for texts of more than 19 digits that lie close to the middle of two doubles a
 * comparison of big integers.
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

size_t number_from_int(int64_t i, char out[NUMBER_TEXT_CAP])
{
    char   buffer[24], *end = buffer + sizeof buffer, *start;
    size_t length;

    start = write_digits(i < 0 ? -(uint64_t)i : (uint64_t)i, end);
    if (i < 0)
        *--start = '-';
    length = (size_t)(end - start);
    memcpy(out, start, length);
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

size_t number_from_real(double r, int digits, char out[NUMBER_TEXT_CAP])
{
    struct number_decimal d;
    char                 *end = out;

    assert(digits >= 1 && digits <= 20);
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

/* --- more than 19 digits ---------------------------------------------------------------------- */

/* 10^(342 + 19 + BIG_DIGITS) * 2^54 and BIG_DIGITS digits * 10^308 fit. */
enum { BIG_DIGITS = 800, BIG_WORDS = 136 };

struct big {
    uint32_t count; /* words in use; 0: the number is 0 */
    uint32_t words[BIG_WORDS];
};

static void big_multiply(struct big *b, uint32_t factor, uint32_t add)
{
    uint64_t carry = add;

    for (uint32_t i = 0; i < b->count; i++) {
        carry += (uint64_t)b->words[i] * factor;
        b->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0) {
        assert(b->count < BIG_WORDS);
        b->words[b->count++] = (uint32_t)carry;
    }
}

static void big_multiply_pow(struct big *b, uint32_t base, int exponent)
{
    for (; exponent > 0; exponent--)
        big_multiply(b, base, 0);
}

static void big_shift_left(struct big *b, int bits)
{
    int words = bits / 32;

    if (b->count == 0)
        return;
    big_multiply_pow(b, 2, bits % 32);
    assert(b->count + (uint32_t)words <= BIG_WORDS);
    memmove(b->words + words, b->words, b->count * sizeof b->words[0]);
    memset(b->words, 0, (size_t)words * sizeof b->words[0]);
    b->count += (uint32_t)words;
}

static int big_compare(const struct big *a, const struct big *b)
{
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (uint32_t i = a->count; i-- > 0;)
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    return 0;
}

/* The double nearest to the decimal digits between first and last (a point may stand among them),
 * scaled so that the first digit that is not 0 has place 10^exponent10; low is the double just
 * below or equal to it. */
static double scale_exactly(const char *first, const char *last, int exponent10, double low)
{
    struct big decimal = {.count = 0}, middle = {.count = 0};
    int        digits = 0, exponent2, order;
    uint64_t   bits;

    for (const char *p = first; p < last; p++) {
        if (*p == '.' || (digits == 0 && *p == '0'))
            continue;
        if (digits == BIG_DIGITS) { /* the rest can only break a tie upwards */
            if (*p == '0')
                continue;
            decimal.words[0] |= 1; /* the places cut are far below any middle's last one */
            break;
        }
        big_multiply(&decimal, 10, (uint32_t)(*p - '0'));
        digits++;
    }
    exponent10 -= digits - 1; /* now of the last digit kept */
    memcpy(&bits, &low, sizeof bits);
    exponent2 = (int)(bits >> 52);
    bits &= (UINT64_C(1) << 52) - 1;
    if (exponent2 == 0)
        exponent2 = 1;
    else
        bits |= UINT64_C(1) << 52;
    exponent2 -= 1075 + 1;
    big_multiply(&middle, 1, 0);
    middle.count = 2;
    middle.words[0] = (uint32_t)(2 * bits + 1);
    middle.words[1] = (uint32_t)((2 * bits + 1) >> 32);
    if (middle.words[1] == 0)
        middle.count = 1;
    /* decimal * 10^exponent10 against middle * 2^exponent2, both brought to whole numbers */
    if (exponent10 >= 0)
        big_multiply_pow(&decimal, 10, exponent10);
    else
        big_multiply_pow(&middle, 10, -exponent10);
    if (exponent2 >= 0)
        big_shift_left(&middle, exponent2);
    else
        big_shift_left(&decimal, -exponent2);
    order = big_compare(&decimal, &middle);
    if (order > 0 || (order == 0 && (bits & 1)))
        return nextafter(low, HUGE_VAL);
    return low;
}

/* --- text to number --------------------------------------------------------------------------- */

/* Written exponents are cut to this many digits: far out of range, and no sum overflows an int. */
enum { EXPONENT_DIGITS_LIMIT = 100000000 };

struct scan {
    const char *p, *end;
    uint64_t    digits;      /* the first 19 significant ones */
    int         significant; /* how many there were */
    int         exponent10;  /* of the last one taken into digits */
    bool        cut;         /* a digit other than 0 was left out */
};

/* Reads a run of digits; fraction: they stand behind the point. */
static void scan_digits(struct scan *s, bool fraction)
{
    const char *p = s->p;

    for (; p < s->end && ascii_digit(*p); p++) {
        unsigned digit = (unsigned)(*p - '0');

        if (s->significant < 19) {
            s->digits = s->digits * 10 + digit;
            s->significant += s->digits != 0;
            s->exponent10 -= fraction;
        } else {
            s->significant++;
            s->exponent10 += !fraction;
            s->cut |= digit != 0;
        }
    }
    s->p = p;
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
    for (; p < s->end && ascii_digit(*p); p++)
        if (exponent < EXPONENT_DIGITS_LIMIT)
            exponent = exponent * 10 + (*p - '0');
    s->exponent10 += negative ? -exponent : exponent;
    s->p = p;
    return true;
}

static double scan_real(const struct scan *s, const char *first, const char *last)
{
    double low = number_scale(s->digits, s->exponent10), high;

    if (!s->cut)
        return low;
    high = number_scale(s->digits + 1, s->exponent10);
    if (low == high)
        return low;
    return scale_exactly(first, last, s->exponent10 + 18, low);
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && ascii_space(*p))
        p++;
    return p;
}

struct number number_parse(const char *text, size_t bytes)
{
    struct number number = {.kind = NUMBER_NONE};
    struct scan   s = {.p = text, .end = text + bytes};
    const char   *first, *last, *rest;
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
    last = s.p;
    if (s.p < s.end && (*s.p | 0x20) == 'e')
        real |= scan_exponent(&s);
    if (!real && s.significant <= 19 &&
        s.digits <= (uint64_t)INT64_MAX + negative) { /* no digit was left out */
        number.kind = NUMBER_INTEGER;
        number.i = negative ? (int64_t)-s.digits : (int64_t)s.digits;
        number.r = negative ? -(double)s.digits : (double)s.digits; /* '-0' is -0.0 */
    } else {
        number.kind = NUMBER_REAL;
        number.r = scan_real(&s, first, last);
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
