/* Days and times of the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date algorithms",
 * 2013). */
#ifndef CM_BASE_CIVIL_H
#define CM_BASE_CIVIL_H

#include <stdbool.h>
#include <stdint.h>

#define CM_DAY_MICROSECONDS INT64_C(86400000000)
#define CM_MINUTE_MICROSECONDS INT64_C(60000000)
#define CM_CIVIL_TEXT 40

int32_t cm_civil_day(int32_t year, int32_t month, int32_t day); /* days since 1970-01-01; the date must exist */
void cm_civil_date(int32_t days, int32_t *year, int32_t *month, int32_t *day);
int64_t cm_civil_month(int32_t days); /* months since January of the year 0 */
bool cm_civil_exists(int32_t year, int32_t month, int32_t day); /* years 1 to 9999 */
/* The day that a time falls on, rounding down. */
static inline int32_t cm_civil_day_of(int64_t microseconds) {
    int64_t day = microseconds / CM_DAY_MICROSECONDS;
    return (int32_t)(day - (microseconds % CM_DAY_MICROSECONDS < 0));
}

/* Within the years 1 to 9999, a day to spare at either end. */
static inline bool cm_civil_in_range(int64_t microseconds) {
    return microseconds > -719161 * CM_DAY_MICROSECONDS && microseconds < 2932896 * CM_DAY_MICROSECONDS;
}

/* Order of day, month and year in a written date, as bits of a set. */
#define CM_ORDER_YMD 1
#define CM_ORDER_DMY 2
#define CM_ORDER_MDY 4
#define CM_ORDER_ALL 7
#define CM_ORDER_UNIX 8 /* no order: seconds since 1970, UTC; asked for, never found, so no part of ALL */

typedef struct cm_moment {
    int64_t microseconds; /* since 1970-01-01 00:00; UTC if zoned */
    bool has_time;        /* a time of day was written */
    bool zoned;           /* with Z or an offset */
} cm_moment;

/* Reads a date or a date with a time of day, in one of the orders of the set `orders`; which orders of the set fit the
 * text is returned (0: none; the moment is then not set), *out is by the first of YMD, DMY, MDY that fits. Dates:
 * 2011-12-09, 2011/12/09, 2011.12.09, 9/12/2011, 9.12.2011, 9-12-2011, one or two digits for day and month, a year of
 * four (first or last), 20111209 (YMD); with the month in English, which leaves nothing open and counts as YMD: 9 Dec
 * 2011, 09-DEC-2011, December 9, 2011, 2011-Dec-09, Fri, 09 Dec 2011. Behind a blank, a comma and a blank, or T: h:mm,
 * hh:mm:ss, hh:mm:ss.ffffff, hh:mm:ss PM (12-hour with AM or PM), then Z, +hh, +hhmm or +hh:mm, or, behind a blank, one
 * of these or UTC or GMT. UNIX: digits, with - before and a fraction behind them or not. */
int32_t cm_parse_moment(const char *text, uint64_t length, int32_t orders, cm_moment *out);

uint64_t cm_print_date(int32_t days, char out[CM_CIVIL_TEXT]);                       /* 2011-12-09 */
/* 2011-12-09 08:26:00[.ffffff][Z] */
uint64_t cm_print_timestamp(int64_t microseconds, bool zoned, char out[CM_CIVIL_TEXT]);

#endif
