/* Dates and times against a calendar counted day by day, and the table of forms that are read or refused. */
#include "base/civil.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ALL CM_ORDER_ALL
#define YMD CM_ORDER_YMD
#define DMY CM_ORDER_DMY
#define MDY CM_ORDER_MDY

static int month_days(int year, int month) {
    if (month == 2) return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28;
    return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

START_TEST(every_day_of_ten_thousand_years) {
    int32_t day = -719162; /* 0001-01-01, as in any table of the proleptic calendar */
    for (int year = 1; year <= 9999; year++)
        for (int month = 1; month <= 12; month++) {
            for (int of_month = 1; of_month <= month_days(year, month); of_month++, day++) {
                int32_t y, m, d;
                cm_civil_date(day, &y, &m, &d);
                if (cm_civil_day(year, month, of_month) != day || y != year || m != month || d != of_month
                    || !cm_civil_exists(year, month, of_month))
                    ck_abort_msg("%d-%d-%d is day %d", year, month, of_month, day);
            }
            if (cm_civil_exists(year, month, month_days(year, month) + 1) || cm_civil_exists(year, month, 0))
                ck_abort_msg("a day too many in %d-%d", year, month);
        }
    ck_assert_int_eq(day, 2932897);
    ck_assert_int_eq(cm_civil_day(1970, 1, 1), 0);
    ck_assert_int_eq(cm_civil_day(2000, 3, 1), 11017);
}
END_TEST

START_TEST(what_does_not_exist) {
    ck_assert(!cm_civil_exists(0, 1, 1));
    ck_assert(!cm_civil_exists(10000, 1, 1));
    ck_assert(!cm_civil_exists(-4, 1, 1));
    ck_assert(!cm_civil_exists(2011, 0, 1));
    ck_assert(!cm_civil_exists(2011, 13, 1));
    ck_assert(!cm_civil_exists(1900, 2, 29));
    ck_assert(!cm_civil_exists(2011, 2, 29));
    ck_assert(cm_civil_exists(2000, 2, 29));
    ck_assert(cm_civil_exists(2012, 2, 29));
    ck_assert(!cm_civil_exists(INT32_MAX, INT32_MAX, INT32_MAX));
    ck_assert(!cm_civil_exists(INT32_MIN, INT32_MIN, INT32_MIN));
}
END_TEST

START_TEST(days_round_down) {
    ck_assert_int_eq(cm_civil_day_of(0), 0);
    ck_assert_int_eq(cm_civil_day_of(-1), -1);
    ck_assert_int_eq(cm_civil_day_of(CM_DAY_MICROSECONDS - 1), 0);
    ck_assert_int_eq(cm_civil_day_of(CM_DAY_MICROSECONDS), 1);
    ck_assert_int_eq(cm_civil_day_of(-CM_DAY_MICROSECONDS), -1);
    ck_assert_int_eq(cm_civil_day_of(-CM_DAY_MICROSECONDS - 1), -2);
    ck_assert_int_eq(cm_civil_day_of(INT64_MAX), 106751991);
    ck_assert_int_eq(cm_civil_day_of(INT64_MIN), -106751992);
}
END_TEST

/* What the text means as the library prints it, or the orders that fit if that fails; a date prints without time. */
typedef struct reading {
    const char *text;
    int orders, fitting;
    const char *meaning;
} reading;

static const reading readings[] = {
    /* dates and their orders */
    {"2011-12-09", ALL, YMD, "2011-12-09"},
    {"2011/12/09", ALL, YMD, "2011-12-09"},
    {"2011.12.09", ALL, YMD, "2011-12-09"},
    {"2011-4-3", ALL, YMD, "2011-04-03"},
    {"2011-04-03", YMD, YMD, "2011-04-03"},
    {"2011-04-03", DMY | MDY, 0, NULL},
    {"20111209", ALL, YMD, "2011-12-09"},
    {"20111209", DMY | MDY, 0, NULL},
    {"03/04/2011", ALL, DMY | MDY, "2011-04-03"},
    {"03/04/2011", DMY, DMY, "2011-04-03"},
    {"03/04/2011", MDY, MDY, "2011-03-04"},
    {"03/04/2011", YMD, 0, NULL},
    {"03/04/2011", YMD | MDY, MDY, "2011-03-04"},
    {"13/04/2011", ALL, DMY, "2011-04-13"},
    {"13/04/2011", MDY, 0, NULL},
    {"04/13/2011", ALL, MDY, "2011-04-13"},
    {"04/13/2011", DMY, 0, NULL},
    {"13/13/2011", ALL, 0, NULL},
    {"9/12/2011", ALL, DMY | MDY, "2011-12-09"},
    {"9.12.2011", ALL, DMY | MDY, "2011-12-09"},
    {"9-12-2011", ALL, DMY | MDY, "2011-12-09"},
    {"29/02/2011", ALL, 0, NULL},
    {"29/02/2012", ALL, DMY, "2012-02-29"},
    {"2/29/2012", ALL, MDY, "2012-02-29"},
    {"2012-02-29", ALL, YMD, "2012-02-29"},
    {"1900-02-29", ALL, 0, NULL},
    {"20110229", ALL, 0, NULL},
    {"0001-01-01", ALL, YMD, "0001-01-01"},
    {"9999-12-31", ALL, YMD, "9999-12-31"},
    {"0000-12-31", ALL, 0, NULL},
    {"2011-12-09", 0, 0, NULL},
    /* months by name */
    {"9 Dec 2011", ALL, YMD, "2011-12-09"},
    {"09-DEC-2011", ALL, YMD, "2011-12-09"},
    {"9/dec/2011", ALL, YMD, "2011-12-09"},
    {"09Dec2011", ALL, YMD, "2011-12-09"},
    {"9. Dec. 2011", ALL, YMD, "2011-12-09"},
    {"2011-Dec-09", ALL, YMD, "2011-12-09"},
    {"December 9, 2011", ALL, YMD, "2011-12-09"},
    {"Dec 9 2011", ALL, YMD, "2011-12-09"},
    {"Fri, 09 Dec 2011", ALL, YMD, "2011-12-09"},
    {"Friday December 9, 2011", ALL, YMD, "2011-12-09"},
    {"Fri, 09 Dec 2011 08:26:00 +0100", ALL, YMD, "2011-12-09 07:26:00Z"},
    {"Fri, 09 Dec 2011 08:26:00 GMT", ALL, YMD, "2011-12-09 08:26:00Z"},
    {"9 Dec 2011, 8:26 PM", ALL, YMD, "2011-12-09 20:26:00"},
    {"9 May 2011", ALL, YMD, "2011-05-09"},
    {"29 Feb 2011", ALL, 0, NULL},
    {"9 Dec 2011", DMY | MDY, 0, NULL},
    {"9 Dec 11", ALL, 0, NULL},
    {"9 Decem 2011", ALL, 0, NULL},
    {"9 Dez 2011", ALL, 0, NULL},
    {"Dec 2011", ALL, 0, NULL},
    {"Dec", ALL, 0, NULL},
    {"Fri", ALL, 0, NULL},
    {"2011 Dec 2011", ALL, 0, NULL},
    {"9 Dec 2011x", ALL, 0, NULL},
    {"9 Dec 2011,", ALL, 0, NULL},
    /* seconds since 1970 */
    {"0", CM_ORDER_UNIX, CM_ORDER_UNIX, "1970-01-01 00:00:00Z"},
    {"1323419160", CM_ORDER_UNIX, CM_ORDER_UNIX, "2011-12-09 08:26:00Z"},
    {"1323419160.25", CM_ORDER_UNIX, CM_ORDER_UNIX, "2011-12-09 08:26:00.250000Z"},
    {"-1", CM_ORDER_UNIX, CM_ORDER_UNIX, "1969-12-31 23:59:59Z"},
    {"20111209", CM_ORDER_UNIX, CM_ORDER_UNIX, "1970-08-21 18:26:49Z"},
    {"253402300799", CM_ORDER_UNIX, CM_ORDER_UNIX, "9999-12-31 23:59:59Z"},
    {"253402300800", CM_ORDER_UNIX, 0, NULL},
    {"1323419160000", CM_ORDER_UNIX, 0, NULL},
    {"1323419160.", CM_ORDER_UNIX, 0, NULL},
    {"2011-12-09", CM_ORDER_UNIX, 0, NULL},
    {"", CM_ORDER_UNIX, 0, NULL},
    {"1323419160", ALL, 0, NULL},
    /* times of day */
    {"2011-12-09 08:26:00", ALL, YMD, "2011-12-09 08:26:00"},
    {"2011-12-09T08:26:00", ALL, YMD, "2011-12-09 08:26:00"},
    {"2011-12-09 23:59:59", ALL, YMD, "2011-12-09 23:59:59"},
    {"2011-12-09 23:59:60", ALL, 0, NULL},
    {"2011-12-09 23:60:00", ALL, 0, NULL},
    {"2011-12-09 24:00:00", ALL, 0, NULL},
    {"2011-12-09 24:00", ALL, 0, NULL},
    {"2011-02-30 08:26:00", ALL, 0, NULL},
    {"2011-12-09 08:26:00", DMY | MDY, 0, NULL},
    {"12/9/2011 8:26", ALL, DMY | MDY, "2011-09-12 08:26:00"},
    {"12/9/2011 8:26", MDY, MDY, "2011-12-09 08:26:00"},
    {"2011/1/2 08:26:05", ALL, YMD, "2011-01-02 08:26:05"},
    {"02/01/2011 08:26:05", DMY, DMY, "2011-01-02 08:26:05"},
    {"20111209 8:26", ALL, YMD, "2011-12-09 08:26:00"},
    {"20111209T08:26:01Z", ALL, YMD, "2011-12-09 08:26:01Z"},
    {"2011-12-09 0:00", ALL, YMD, "2011-12-09 00:00:00"},
    {"1969-12-31 23:59:59.999999", ALL, YMD, "1969-12-31 23:59:59.999999"},
    {"2011-12-09 08:26:00.5", ALL, YMD, "2011-12-09 08:26:00.500000"},
    {"2011-12-09 08:26:00.000", ALL, YMD, "2011-12-09 08:26:00"},
    {"2011-12-09 08:26:00.000001", ALL, YMD, "2011-12-09 08:26:00.000001"},
    {"2011-12-09 08:26:00.123456000", ALL, YMD, "2011-12-09 08:26:00.123456"},
    {"2011-12-09 08:26:00.123456789", ALL, YMD, "2011-12-09 08:26:00.123456"},
    {"2011-12-09 08:26:00.999999999", ALL, YMD, "2011-12-09 08:26:00.999999"},
    {"2011-12-09 08:26:00.1234567890", ALL, 0, NULL},
    {"2011-12-09 08:26:00.", ALL, 0, NULL},
    {"2011-12-09 08:26.5", ALL, 0, NULL},
    /* twelve hours */
    {"2011-12-09 12:30 AM", ALL, YMD, "2011-12-09 00:30:00"},
    {"2011-12-09 12:30 PM", ALL, YMD, "2011-12-09 12:30:00"},
    {"2011-12-09 1:30 PM", ALL, YMD, "2011-12-09 13:30:00"},
    {"2011-12-09 11:59:59 pm", ALL, YMD, "2011-12-09 23:59:59"},
    {"2011-12-09 01:02:03am", ALL, YMD, "2011-12-09 01:02:03"},
    {"12/9/2011 01:02:03 PM", MDY, MDY, "2011-12-09 13:02:03"},
    {"2011-12-09 13:30 PM", ALL, 0, NULL},
    {"2011-12-09 0:30 AM", ALL, 0, NULL},
    {"2011-12-09 1:30 XM", ALL, 0, NULL},
    {"2011-12-09 1:30 P", ALL, 0, NULL},
    {"2011-12-09 1:30 PMX", ALL, 0, NULL},
    /* zones */
    {"2011-12-09T08:26:00Z", ALL, YMD, "2011-12-09 08:26:00Z"},
    {"2011-12-09T08:26:00+01:00", ALL, YMD, "2011-12-09 07:26:00Z"},
    {"2011-12-09T08:26:00-0530", ALL, YMD, "2011-12-09 13:56:00Z"},
    {"2011-12-09T08:26:00+09", ALL, YMD, "2011-12-08 23:26:00Z"},
    {"2011-12-31 23:30:00-01", ALL, YMD, "2012-01-01 00:30:00Z"},
    {"2011-12-09 08:26+00:00", ALL, YMD, "2011-12-09 08:26:00Z"},
    {"2011-12-09 08:26:00.25+00:30", ALL, YMD, "2011-12-09 07:56:00.250000Z"},
    {"2011-12-09 8:26 PM+01", ALL, YMD, "2011-12-09 19:26:00Z"},
    {"0001-01-01 00:30:00+01", ALL, 0, NULL},
    {"9999-12-31 23:30:00-01", ALL, 0, NULL},
    {"2011-12-09T08:26:00+24", ALL, 0, NULL},
    {"2011-12-09T08:26:00+01:60", ALL, 0, NULL},
    {"2011-12-09T08:26:00+1", ALL, 0, NULL},
    {"2011-12-09T08:26:00+01:", ALL, 0, NULL},
    {"2011-12-09T08:26:00+01:0", ALL, 0, NULL},
    {"2011-12-09T08:26:00+01:000", ALL, 0, NULL},
    {"2011-12-09T08:26:00+01000", ALL, 0, NULL},
    {"2011-12-09T08:26:00Zx", ALL, 0, NULL},
    {"2011-12-09T08:26:00 CET", ALL, 0, NULL},
    {"2011-12-09Z", ALL, 0, NULL},
    {"2011-12-09+01:00", ALL, 0, NULL},
    /* what is none */
    {"", ALL, 0, NULL},
    {" ", ALL, 0, NULL},
    {"2011", ALL, 0, NULL},
    {"2011-12", ALL, 0, NULL},
    {"2011-12-", ALL, 0, NULL},
    {"2011--09", ALL, 0, NULL},
    {"-2011-12-09", ALL, 0, NULL},
    {"2011-12/09", ALL, 0, NULL},
    {"2011,12,09", ALL, 0, NULL},
    {"2011 12 09", ALL, 0, NULL},
    {"2011-12-099", ALL, 0, NULL},
    {"2011-012-09", ALL, 0, NULL},
    {"2011-12-2011", ALL, 0, NULL},
    {"11-12-09", ALL, 0, NULL},
    {"9/12/11", ALL, 0, NULL},
    {"9/12/201", ALL, 0, NULL},
    {"9/12/20111", ALL, 0, NULL},
    {"111209", ALL, 0, NULL},
    {"2011129", ALL, 0, NULL},
    {"201112091", ALL, 0, NULL},
    {"20111209.5", ALL, 0, NULL},
    {"2011-12-09 ", ALL, 0, NULL},
    {" 2011-12-09", ALL, 0, NULL},
    {"2011-12-09T", ALL, 0, NULL},
    {"2011-12-09 8", ALL, 0, NULL},
    {"2011-12-09 8:", ALL, 0, NULL},
    {"2011-12-09 8:2", ALL, 0, NULL},
    {"2011-12-09 8:26:", ALL, 0, NULL},
    {"2011-12-09 8:26:0", ALL, 0, NULL},
    {"2011-12-09 008:26", ALL, 0, NULL},
    {"2011-12-09  8:26", ALL, 0, NULL},
    {"2011-12-09t08:26:00", ALL, 0, NULL},
    {"2011-12-09 08:26:00 ", ALL, 0, NULL},
    {"2o11-12-09 08:26:00", ALL, 0, NULL},
    {"2011-12-09 08:26:0x", ALL, 0, NULL},
    {"2011-12-09 08:26-00", ALL, YMD, "2011-12-09 08:26:00Z"},
    {"2011-12-09 08-26-00", ALL, 0, NULL},
    {"abcd-ef-gh ij:kl:mn", ALL, 0, NULL},
    {"\xff\xff\xff\xff-12-09", ALL, 0, NULL},
};

START_TEST(forms) {
    const reading *r = &readings[_i];
    char printed[CM_CIVIL_TEXT] = "";
    cm_moment moment = {77, true, true};
    size_t length = strlen(r->text);
    char *text = malloc(length + 1);
    memcpy(text, r->text, length);
    text[length] = '0'; /* no NUL behind: what follows the cell must not be read */
    int32_t fitting = cm_parse_moment(text, length, r->orders, &moment);
    free(text);
    ck_assert_int_eq(fitting, r->fitting);
    if (!r->fitting) {
        ck_assert_int_eq(moment.microseconds, 77);
        return;
    }
    if (moment.has_time)
        ck_assert_uint_eq(cm_print_timestamp(moment.microseconds, moment.zoned, printed), strlen(r->meaning));
    else
        ck_assert_uint_eq(cm_print_date(cm_civil_day_of(moment.microseconds), printed), strlen(r->meaning));
    ck_assert_str_eq(printed, r->meaning);
    ck_assert_int_eq(moment.zoned, r->meaning[strlen(r->meaning) - 1] == 'Z');
    ck_assert(moment.has_time || moment.microseconds % CM_DAY_MICROSECONDS == 0);
}
END_TEST

START_TEST(the_usual_form_refuses_any_other_byte) {
    /* Each byte in each place of the form with a fast road of its own: read only if it still is a moment. */
    const char *usual = "2011-10-11 12:10:10";
    int fitting = 0;
    for (int place = 0; place < 19; place++)
        for (int byte = 0; byte < 256; byte++) {
            char text[20];
            cm_moment moment;
            memcpy(text, usual, 20);
            text[place] = (char)byte;
            fitting += cm_parse_moment(text, 19, ALL, &moment) != 0;
        }
    /* Counted by hand: any digit in a year; month 10 or its ones 0 to 2; tens of day 0 to 3 (October has 31), of hour 0
     * to 2, of minute and second 0 to 5, and all their ones; a blank or T; "+" or "-" for the last ":" make a zone;
     * a comma before the blank. */
    int years = 40, months = 1 + 3, days = 4 + 10, hours = 3 + 10, minutes = 6 + 10, seconds = 6 + 10;
    int marks = 1 + 1 + 2 + 1 + 3 + 1;
    ck_assert_int_eq(fitting, years + months + days + hours + minutes + seconds + marks);
}
END_TEST

START_TEST(random_moments_round_trip) {
    uint64_t x = 88172645463325252u;
    int64_t first = cm_civil_day(1, 1, 1) * CM_DAY_MICROSECONDS;
    for (int i = 0; i < 100000; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        int64_t want = first + (int64_t)(x % (uint64_t)(3652059 * CM_DAY_MICROSECONDS));
        if (i % 2) want -= want % 1000000;
        char text[CM_CIVIL_TEXT];
        cm_moment moment;
        uint64_t length = cm_print_timestamp(want, i & 4, text);
        if (cm_parse_moment(text, length, ALL, &moment) != YMD || moment.microseconds != want || !moment.has_time
            || moment.zoned != ((i & 4) != 0))
            ck_abort_msg("%s", text);
    }
}
END_TEST

START_TEST(printing_at_the_ends) {
    char text[CM_CIVIL_TEXT];
    ck_assert_uint_eq(cm_print_date(0, text), 10);
    ck_assert_str_eq(text, "1970-01-01");
    cm_print_date(-719163, text);
    ck_assert_str_eq(text, "0000-12-31");
    cm_print_date(2932897, text);
    ck_assert_str_eq(text, "10000-01-01");
    cm_print_date(INT32_MAX, text);
    ck_assert_str_eq(text, "5881580-07-11");
    cm_print_date(INT32_MIN, text);
    ck_assert_str_eq(text, "-5877641-06-23");
    cm_print_timestamp(INT64_MAX, true, text);
    ck_assert_str_eq(text, "294247-01-10 04:00:54.775807Z");
    cm_print_timestamp(INT64_MIN, false, text);
    ck_assert_str_eq(text, "-290308-12-21 19:59:05.224192");
    cm_print_timestamp(-1, false, text);
    ck_assert_str_eq(text, "1969-12-31 23:59:59.999999");
}
END_TEST

Suite *test_civil(void);
Suite *test_civil(void) {
    Suite *suite = suite_create("civil");
    TCase *c = tcase_create("civil");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, every_day_of_ten_thousand_years);
    tcase_add_test(c, what_does_not_exist);
    tcase_add_test(c, days_round_down);
    tcase_add_loop_test(c, forms, 0, (int)(sizeof readings / sizeof readings[0]));
    tcase_add_test(c, the_usual_form_refuses_any_other_byte);
    tcase_add_test(c, random_moments_round_trip);
    tcase_add_test(c, printing_at_the_ends);
    suite_add_tcase(suite, c);
    return suite;
}
