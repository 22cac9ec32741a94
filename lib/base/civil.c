/* Days since 1970 and dates, by eras of 400 years that begin in March, so that the leap day is the last of its year
 * (Howard Hinnant, "chrono-compatible low-level date algorithms", 2013,
 * https://howardhinnant.github.io/date_algorithms.html); constant time, no table, no loop. The reader of written
 * moments is a hand-written descent over the few forms that databases, spreadsheets and tills write; the form of a
 * database dump has a road of its own. */
#include "base/civil.h"

#define DAYS_TO_1970 719468 /* from 0000-03-01 */
#define DAYS_IN_ERA 146097
#define SECOND INT64_C(1000000)
#define NO_NUMBER 10000 /* above any part of a date or time, so that the check of the range refuses it */

int32_t cm_civil_day(int32_t year, int32_t month, int32_t day) {
    int32_t from_march = year - (month <= 2);
    int32_t era = (from_march >= 0 ? from_march : from_march - 399) / 400;
    int32_t year_of_era = from_march - era * 400;
    int32_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    int32_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_IN_ERA + day_of_era - DAYS_TO_1970;
}

void cm_civil_date(int32_t days, int32_t *year, int32_t *month, int32_t *day) {
    int64_t shifted = (int64_t)days + DAYS_TO_1970;
    int32_t era = (int32_t)((shifted >= 0 ? shifted : shifted - (DAYS_IN_ERA - 1)) / DAYS_IN_ERA);
    int32_t day_of_era = (int32_t)(shifted - (int64_t)era * DAYS_IN_ERA);
    int32_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * from_march + 2) / 5 + 1;
    *month = from_march < 10 ? from_march + 3 : from_march - 9;
    *year = year_of_era + era * 400 + (*month <= 2);
}

int64_t cm_civil_month(int32_t days) {
    int32_t year, month, day;
    cm_civil_date(days, &year, &month, &day);
    return (int64_t)year * 12 + month - 1;
}

bool cm_civil_exists(int32_t year, int32_t month, int32_t day) {
    static const int8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1) return false;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return day <= days[month - 1] + (month == 2 && leap);
}

typedef struct cursor {
    const char *at, *end;
} cursor;

static bool take(cursor *c, char wanted) {
    if (c->at == c->end || *c->at != wanted) return false;
    c->at++;
    return true;
}

/* The number of digits read, at most `most` (<= 9). */
static int32_t take_digits(cursor *c, int32_t most, int32_t *value) {
    int32_t count = 0;
    for (*value = 0; count < most && c->at < c->end; count++, c->at++) {
        int32_t digit = *c->at - '0';
        if (digit < 0 || digit > 9) break;
        *value = *value * 10 + digit;
    }
    return count;
}

/* The orders that make an existing date of the three numbers as written; *day by the first of them. */
static int32_t fitting_orders(const int32_t part[3], int32_t orders, int32_t *day) {
    static const int8_t place[3][3] = {{0, 1, 2}, {2, 1, 0}, {2, 0, 1}}; /* of year, month, day in YMD, DMY, MDY */
    int32_t fitting = 0;
    for (int i = 0; i < 3; i++) {
        int32_t year = part[place[i][0]], month = part[place[i][1]], of_month = part[place[i][2]];
        if (!(orders & 1 << i) || !cm_civil_exists(year, month, of_month)) continue;
        if (!fitting) *day = cm_civil_day(year, month, of_month);
        fitting |= 1 << i;
    }
    return fitting;
}

static bool is_letter(const cursor *c) {
    return c->at < c->end && ((*c->at | 0x20) >= 'a' && (*c->at | 0x20) <= 'z');
}

/* A word that is one of `names` or its first three letters, ignoring case; its number from 1; 0: none. */
static int32_t take_name(cursor *c, const char *const *names, int32_t count) {
    const char *end = c->at;
    while (end < c->end && (*end | 0x20) >= 'a' && (*end | 0x20) <= 'z') end++;
    for (int32_t i = 0; i < count; i++) {
        const char *at = c->at, *name = names[i];
        while (at < end && *name && (*at | 0x20) == *name) at++, name++;
        if (at != end || (*name && at - c->at != 3)) continue;
        c->at = end;
        return i + 1;
    }
    return 0;
}

static int32_t take_month(cursor *c) {
    static const char *const names[] = {"january", "february", "march",     "april",   "may",      "june",
                                        "july",    "august",   "september", "october", "november", "december"};
    return take_name(c, names, 12);
}

/* "Fri, " or "Friday "; true also where there is none. */
static bool skip_weekday(cursor *c) {
    static const char *const names[] = {"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
    cursor ahead = *c;
    if (!is_letter(c) || !take_name(&ahead, names, 7)) return true;
    *c = ahead;
    bool comma = take(c, ',');
    return take(c, ' ') || comma;
}

/* What may stand between the parts of a date with a month's name: one of - / . or blanks, a comma or point before them,
 * or nothing. */
static void skip_between(cursor *c) {
    if (take(c, '-') || take(c, '/')) return;
    if (!take(c, ',')) take(c, '.');
    take(c, ' ');
}

static int32_t named_date(int32_t year, int32_t month, int32_t of_month, int32_t orders, int32_t *day) {
    int32_t part[3] = {year, month, of_month};
    return fitting_orders(part, orders & CM_ORDER_YMD, day);
}

/* "Dec 9, 2011" */
static int32_t read_month_first(cursor *c, int32_t orders, int32_t *day) {
    int32_t of_month, year, month = take_month(c);
    if (!month) return 0;
    skip_between(c);
    if (!take_digits(c, 2, &of_month)) return 0;
    skip_between(c);
    return take_digits(c, 4, &year) == 4 ? named_date(year, month, of_month, orders, day) : 0;
}

/* Behind "9" or "2011": " Dec 2011", "-Dec-09". */
static int32_t read_month_second(cursor *c, int32_t first, int32_t digits, int32_t orders, int32_t *day) {
    int32_t last, month;
    skip_between(c);
    month = take_month(c);
    if (!month) return 0;
    skip_between(c);
    int32_t last_digits = take_digits(c, 4, &last);
    if (digits <= 2 && last_digits == 4) return named_date(last, month, first, orders, day);
    return digits == 4 && last_digits && last_digits <= 2 ? named_date(first, month, last, orders, day) : 0;
}

static int32_t read_date(cursor *c, int32_t orders, int32_t *day) {
    if (is_letter(c) && !skip_weekday(c)) return 0;
    if (is_letter(c)) return read_month_first(c, orders, day);
    int32_t part[3], first = take_digits(c, 8, &part[0]);
    if (first == 8) {
        int32_t packed = part[0], split[3] = {packed / 10000, packed / 100 % 100, packed % 100};
        return fitting_orders(split, orders & CM_ORDER_YMD, day);
    }
    cursor behind = *c;
    char mark = c->at < c->end ? *c->at : 0;
    if ((mark != '-' && mark != '/' && mark != '.') || !take(c, mark) || !take_digits(c, 2, &part[1])) {
        *c = behind;
        return first ? read_month_second(c, part[0], first, orders, day) : 0;
    }
    if (!take(c, mark)) return 0;
    int32_t last = take_digits(c, 4, &part[2]);
    if (first == 4 && (last == 1 || last == 2)) return fitting_orders(part, orders & CM_ORDER_YMD, day);
    if ((first == 1 || first == 2) && last == 4)
        return fitting_orders(part, orders & (CM_ORDER_DMY | CM_ORDER_MDY), day);
    return 0;
}

/* AM or PM with or without a blank before it: 'A', 'P', or 0 where there is none. */
static char take_half_of_day(cursor *c) {
    const char *p = c->at + (c->at < c->end && *c->at == ' ');
    if (c->end - p < 2 || (p[1] != 'M' && p[1] != 'm')) return 0;
    char half = (char)(p[0] & ~0x20);
    if (half != 'A' && half != 'P') return 0;
    c->at = p + 2;
    return half;
}

static bool read_time(cursor *c, int64_t *microseconds) {
    int32_t hour, minute, second = 0, fraction = 0;
    if (!take_digits(c, 2, &hour) || !take(c, ':') || take_digits(c, 2, &minute) != 2) return false;
    if (take(c, ':')) {
        if (take_digits(c, 2, &second) != 2) return false;
        if (take(c, '.')) {
            int32_t places = take_digits(c, 9, &fraction);
            if (!places) return false;
            for (; places < 9; places++) fraction *= 10;
        }
    }
    char half = take_half_of_day(c);
    if (half) {
        if (hour < 1 || hour > 12) return false;
        hour = hour % 12 + (half == 'P' ? 12 : 0);
    }
    if (hour > 23 || minute > 59 || second > 59) return false;
    *microseconds = ((hour * 60 + minute) * 60 + second) * SECOND + fraction / 1000;
    return true;
}

/* True also if no zone is written; false if what is there is none. */
static bool read_zone(cursor *c, bool *zoned, int64_t *east) {
    *east = 0;
    static const char *const words[] = {"utc", "gmt"};
    *zoned = c->at < c->end;
    if (!*zoned || take(c, 'Z')) return true;
    if (take(c, ' ') && (take(c, 'Z') || take_name(c, words, 2))) return true;
    bool west = take(c, '-');
    int32_t hours, minutes = 0;
    if (!west && !take(c, '+')) return false;
    if (take_digits(c, 2, &hours) != 2) return false;
    if ((take(c, ':') || c->at < c->end) && take_digits(c, 2, &minutes) != 2) return false;
    if (hours > 23 || minutes > 59) return false;
    *east = (hours * 60 + minutes) * 60 * SECOND;
    if (west) *east = -*east;
    return true;
}

static int32_t two_digits(const char *p) {
    int32_t tens = p[0] - '0', ones = p[1] - '0';
    return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? NO_NUMBER : tens * 10 + ones;
}

/* Exactly "YYYY-MM-DD HH:MM:SS". */
static bool read_usual_form(const char *p, cm_moment *out) {
    if (p[4] != '-' || p[7] != '-' || (p[10] != ' ' && p[10] != 'T') || p[13] != ':' || p[16] != ':') return false;
    int32_t year = two_digits(p) * 100 + two_digits(p + 2), month = two_digits(p + 5), day = two_digits(p + 8);
    int32_t hour = two_digits(p + 11), minute = two_digits(p + 14), second = two_digits(p + 17);
    if (!cm_civil_exists(year, month, day) || hour > 23 || minute > 59 || second > 59) return false;
    int32_t of_day = (hour * 60 + minute) * 60 + second;
    *out = (cm_moment){cm_civil_day(year, month, day) * CM_DAY_MICROSECONDS + of_day * SECOND, true, false};
    return true;
}

/* The years 1 to 9999, as all moments. */
static bool in_written_years(int64_t microseconds) {
    int32_t day = cm_civil_day_of(microseconds);
    return day >= cm_civil_day(1, 1, 1) && day <= cm_civil_day(9999, 12, 31);
}

static int32_t read_unix(const char *text, uint64_t length, cm_moment *out) {
    cursor c = {text, text + length};
    bool negative = take(&c, '-');
    int32_t high, low = 0, fraction = 0;
    int64_t seconds;
    if (!take_digits(&c, 9, &high)) return 0;
    int32_t more = take_digits(&c, 3, &low); /* twelve digits reach beyond the year 9999 */
    seconds = more == 3 ? high * INT64_C(1000) : more == 2 ? high * INT64_C(100) : more ? high * INT64_C(10) : high;
    seconds += low;
    if (take(&c, '.')) {
        int32_t places = take_digits(&c, 9, &fraction);
        if (!places) return 0;
        for (; places < 9; places++) fraction *= 10;
    }
    if (c.at != c.end) return 0;
    int64_t microseconds = seconds * SECOND + fraction / 1000;
    if (negative) microseconds = -microseconds;
    if (!in_written_years(microseconds)) return 0;
    *out = (cm_moment){microseconds, true, true};
    return CM_ORDER_UNIX;
}

int32_t cm_parse_moment(const char *text, uint64_t length, int32_t orders, cm_moment *out) {
    if (length == 0) return 0;
    if (orders == CM_ORDER_UNIX) return read_unix(text, length, out);
    if (length == 19 && (orders & CM_ORDER_YMD) && read_usual_form(text, out)) return CM_ORDER_YMD;
    cursor c = {text, text + length};
    cm_moment moment = {0, false, false};
    int32_t day = 0;
    int64_t of_day = 0, east = 0;
    orders = read_date(&c, orders, &day);
    if (!orders) return 0;
    if (c.at < c.end) {
        bool comma = take(&c, ',');
        moment.has_time = take(&c, ' ') || (!comma && take(&c, 'T'));
        if (!moment.has_time || !read_time(&c, &of_day) || !read_zone(&c, &moment.zoned, &east)) return 0;
    }
    if (c.at != c.end) return 0;
    moment.microseconds = day * CM_DAY_MICROSECONDS + of_day - east;
    if (!in_written_years(moment.microseconds)) return 0; /* the zone may lead out of them */
    *out = moment;
    return orders;
}

static char *put_two(char *p, uint32_t value) {
    p[0] = (char)('0' + value / 10);
    p[1] = (char)('0' + value % 10);
    return p + 2;
}

/* At least four digits. */
static char *put_year(char *p, uint32_t year) {
    if (year > 9999) {
        p = put_year(p, year / 10);
        *p = (char)('0' + year % 10);
        return p + 1;
    }
    return put_two(put_two(p, year / 100), year % 100);
}

static char *put_date(char *p, int32_t days) {
    int32_t year, month, day;
    cm_civil_date(days, &year, &month, &day);
    if (year < 0) {
        *p++ = '-';
        year = -year;
    }
    p = put_year(p, (uint32_t)year);
    *p++ = '-';
    p = put_two(p, (uint32_t)month);
    *p++ = '-';
    return put_two(p, (uint32_t)day);
}

uint64_t cm_print_date(int32_t days, char out[CM_CIVIL_TEXT]) {
    char *end = put_date(out, days);
    *end = '\0';
    return (uint64_t)(end - out);
}

uint64_t cm_print_timestamp(int64_t microseconds, bool zoned, char out[CM_CIVIL_TEXT]) {
    int64_t remainder = microseconds % CM_DAY_MICROSECONDS;
    int64_t of_day = remainder < 0 ? remainder + CM_DAY_MICROSECONDS : remainder;
    uint32_t second = (uint32_t)(of_day / SECOND), fraction = (uint32_t)(of_day % SECOND);
    char *p = put_date(out, cm_civil_day_of(microseconds));
    *p++ = ' ';
    p = put_two(p, second / 3600);
    *p++ = ':';
    p = put_two(p, second / 60 % 60);
    *p++ = ':';
    p = put_two(p, second % 60);
    if (fraction) {
        *p++ = '.';
        p = put_two(put_two(put_two(p, fraction / 10000), fraction / 100 % 100), fraction % 100);
    }
    if (zoned) *p++ = 'Z';
    *p = '\0';
    return (uint64_t)(p - out);
}
