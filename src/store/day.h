/* day.h - calendar dates as day numbers: 0 is 1970-01-01, proleptic Gregorian, years 0000..9999.
 *
 * Only the canonical text 'YYYY-MM-DD' of a day that exists has a number, so that number and text
 * stand for each other exactly, and their orders agree. */
#ifndef STOA_STORE_DAY_H
#define STOA_STORE_DAY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { DAY_TEXT_BYTES = 10, DAY_MIN = -719528, DAY_MAX = 2932896 };

/* Day number of a date that exists.  Years begin in March here, so that leap days come last. */
static inline int32_t day_from_civil(int32_t year, uint32_t month, uint32_t day)
{
    int32_t  y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
    uint32_t year_of_era = (uint32_t)(y - era * 400);
    uint32_t day_of_year = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
    uint32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return era * 146097 + (int32_t)day_of_era - 719468;
}

static inline void day_to_civil(int32_t number, int32_t *year, uint32_t *month, uint32_t *day)
{
    int32_t  z = number + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    uint32_t day_of_era = (uint32_t)(z - era * 146097);
    uint32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint32_t shifted = (5 * day_of_year + 2) / 153;

    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = (int32_t)year_of_era + era * 400 + (*month <= 2);
}

/* The 10 bytes of number's text, without a NUL. */
static inline void day_to_text(int32_t number, char out[DAY_TEXT_BYTES])
{
    int32_t  year;
    uint32_t month, day, y;

    day_to_civil(number, &year, &month, &day);
    y = (uint32_t)year;
    out[0] = (char)('0' + y / 1000 % 10);
    out[1] = (char)('0' + y / 100 % 10);
    out[2] = (char)('0' + y / 10 % 10);
    out[3] = (char)('0' + y % 10);
    out[4] = '-';
    out[5] = (char)('0' + month / 10);
    out[6] = (char)('0' + month % 10);
    out[7] = '-';
    out[8] = (char)('0' + day / 10);
    out[9] = (char)('0' + day % 10);
}

static inline uint32_t day_month_days(int32_t year, uint32_t month)
{
    static const uint8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        return 29;
    return days[month];
}

/* True and *number if text is exactly the canonical text of a day. */
static inline bool day_from_text(const char *text, uint64_t bytes, int32_t *number)
{
    uint32_t d[DAY_TEXT_BYTES], bad = 0, month, day;
    int32_t  year;

    if (bytes != DAY_TEXT_BYTES || text[4] != '-' || text[7] != '-')
        return false;
    for (uint32_t i = 0; i < DAY_TEXT_BYTES; i++) {
        d[i] = (uint32_t)(unsigned char)text[i] - '0';
        bad |= (uint32_t)(d[i] > 9) << i;
    }
    if ((bad & ~0x90u) != 0)
        return false;
    year = (int32_t)(d[0] * 1000 + d[1] * 100 + d[2] * 10 + d[3]);
    month = d[5] * 10 + d[6];
    day = d[8] * 10 + d[9];
    if (month < 1 || month > 12 || day < 1 || day > day_month_days(year, month))
        return false;
    *number = day_from_civil(year, month, day);
    return true;
}

#endif
