/* number.h - numbers to text and back, correctly rounded, in SQLite's forms. */
#ifndef STOA_BASE_NUMBER_H
#define STOA_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NUMBER_TEXT_CAP = 40 };       /* any int64 or double as text, with a NUL */
enum { NUMBER_DIGITS_DEFAULT = 15 }; /* of a REAL's text, where no connection says otherwise */

/* Decimal text of i in out; returns its length. */
size_t number_from_int(int64_t i, char out[NUMBER_TEXT_CAP]);

/* SQLite's text of a REAL: digits significant digits ("%!.15g": always a point or an exponent with
 * point, "1.0e+20", "Inf", "-Inf", "0.0", "-0.0" reads "0.0" as in SQLite).  digits 15 is the
 * default form of this product; 17 is SQLite 3.53's (without a tail of nines or zeros that reading
 * the number back does not need). */
size_t number_from_real(double r, int digits, char out[NUMBER_TEXT_CAP]);

/* The decimal digits of a double, as printf, round() and number_from_real cut and round them. */
struct number_decimal {
    bool negative; /* r < 0; false for -0.0 */
    bool infinite; /* digits say nothing */
    int  count;    /* of digits, 1..20; the last is not 0 unless it is the only one */
    int  point;    /* digits before the decimal point; <= 0: zeros follow the point first */
    char digits[24];
};
/* round > 0: that many significant digits, at most max_digits; round <= 0: -round digits behind the
 * point, at most max_digits in all.  Rounds half up on the 18 digits that a double is good for.
 * r is not NaN. */
void number_decode(double r, int round, int max_digits, struct number_decimal *out);

/* What a text is as a number, by SQLite's sqlite3AtoF/Atoi64 rules. */
enum number_kind {
    NUMBER_NONE,    /* no numeric prefix at all */
    NUMBER_INTEGER, /* [sign]digits that fit int64 */
    NUMBER_REAL     /* has a point or exponent, or an integer beyond int64 */
};
struct number {
    enum number_kind kind;
    int64_t          i; /* kind INTEGER */
    double           r; /* the value as a double, for both kinds */
    size_t length; /* bytes used, leading blanks included, trailing blanks included if all follows
                      is blank */
    bool whole;    /* the entire text (but for blanks around) is the number */
};
/* Parses the longest numeric prefix.  Leading and trailing SQLite blanks are skipped; no hex. */
struct number number_parse(const char *text, size_t bytes);
/* Behind the zeros that stand at p: a text may have millions. */
const char *number_skip_zeros(const char *p, const char *end);

/* digits * 10^exponent10 correctly rounded (ties to even), overflow to infinity. */
double number_scale(uint64_t digits, int exponent10);

/* SQLite's REAL -> INTEGER conversion: truncates, saturates at the int64 limits. */
int64_t number_truncate(double r);
/* True and *i if r is a whole number that int64 holds exactly. */
bool number_real_is_int(double r, int64_t *i);

/* 10^0 .. 10^18, all exact: the scales of decimal REALs. */
enum { NUMBER_POWERS = 19 };
extern const double  number_power_real[NUMBER_POWERS];
extern const int64_t number_power_int[NUMBER_POWERS];

#endif
