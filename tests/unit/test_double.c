/* Doubles as text and as decimals. strtod and printf of the C library, both exact in glibc, are the judges. */
#include "base/number.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ck_assert writes to a file even when it passes, which is too slow for long loops. */
#define QUICK(condition, ...)                                                                                          \
    do {                                                                                                               \
        if (!(condition)) ck_abort_msg(__VA_ARGS__);                                                                   \
    } while (0)

/* Every text is handed over in a block of its own size: a sanitizer sees a byte read too many. */
static char *cell(const char *text, size_t length) {
    char *copy = malloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = '7';
    return copy;
}

static uint64_t random_bits(void) {
    static uint64_t x = 88172645463325252u;
    x ^= x << 13, x ^= x >> 7, x ^= x << 17;
    return x * UINT64_C(0x9e3779b97f4a7c15);
}

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Reads as strtod does; a result of infinity must be refused. */
static void check_read(const char *chars, size_t length) {
    double want = strtod(chars, NULL), got = 42;
    char *text = cell(chars, length);
    bool ok = cm_parse_double(text, length, &got);
    free(text);
    if (isinf(want))
        QUICK(!ok, "%.60s read as %a", chars, got);
    else
        QUICK(ok && bits_of(got) == bits_of(want), "%.60s: %a for %a", chars, got, want);
}

START_TEST(doubles_read) {
    static const char *const good[] = {
        "0",
        "-0",
        "0.0",
        "-0.0e5",
        "0e999999999999999999999",
        "1",
        "-1.5",
        ".5",
        "-.5",
        "5.",
        "1e-3",
        "1E+3",
        "1e0003",
        "000123.4500",
        "0.1",
        "123456789.125",
        "9007199254740991",
        "9007199254740992",
        "9007199254740993", /* half way, to even */
        "9007199254740993.0000000000000000000000000000000000000000000000001",
        "9007199254740995",
        "9007199254740994.9999999999999999999999999999",
        "9007199254740993e-5",
        "1e22",
        "1e23",
        "8.5e22",
        "8.5e23",
        "12345678901234567890",
        "18446744073709551615",
        "18446744073709551616",
        "99999999999999999999",
        "0.1000000000000000055511151231257827",
        "0.1000000000000000055511151231257828",
        "0.1000000000000000124900090270330610871315002441406250", /* half way above 0.1 */
        "0.1000000000000000124900090270330610871315002441406251",
        "0.1000000000000000124900090270330610871315002441406249",
        "1.7976931348623157e308", /* DBL_MAX */
        "1.7976931348623158e308",
        "1.7976931348623159e308", /* beyond half way to 2^1024: refused */
        "17976931348623158079372897140530341507993413271003782693617377898044496829276475094664901797758720709633028641"
        "6"
        "69288793394"
        "6e0",
        "1e308",
        "1e309",
        "-1e309",
        "1e400",
        "1e99999999999999999999",
        "0.0000001e315",
        "0.00000001e317",
        "1000000e303",
        "1000000e302",
        "2.2250738585072014e-308", /* DBL_MIN */
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2."
        "22507385850720113605740979670913197593481954635164564802342610972482222202107694551652952390813508791414915891"
        "3"
        "e-308",
        "4.9406564584124654e-324",
        "5e-324",
        "3e-324",
        "2.4703282292062327e-324", /* just below half of the smallest */
        "2.4703282292062328e-324",
        "2e-324",
        "1e-324",
        "-1e-324",
        "1e-323",
        "1e-325",
        "1e-400",
        "-1e-99999999999999999999",
        "10000000e-330",
        "7.4109846876186981e-324", /* half way between the first two */
        "7.4109846876186982e-324",
        "6.631236846766476e-316",
        "3.237883913302901e-319",
        "6.92949564460092e-310",
    };
    static const char *const bad[] = {"",     "-",        ".",    "-.",   "+1",   "e5",   "1e",  "1e+",   "1e-",
                                      "1e5.", "1e5 ",     " 1",   "1 ",   "1..2", "1.2.", "--1", "inf",   "nan",
                                      "-inf", "Infinity", "0x10", "1e0x", "1d5",  "1,5",  "1_0", "1e--1", "1e+-",
                                      "NaN",  ".e1",      "1f",   "1e1e", "١",    "1e1-"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) check_read(good[i], strlen(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        double value = 42;
        char *text = cell(bad[i], strlen(bad[i]));
        ck_assert_msg(!cm_parse_double(text, strlen(bad[i]), &value), "%s", bad[i]);
        ck_assert(value == 42);
        free(text);
    }
    double value;
    ck_assert(!cm_parse_double(NULL, 0, &value));
}
END_TEST

/* The point half way to the next double, and just above and below it by a digit far behind. */
static void check_half_way(double value) {
    double next = nextafter(value, INFINITY);
    if (!isfinite(next)) return;
    char mantissa[2048], exponent[16], text[sizeof mantissa + sizeof exponent];
    long double middle = ((long double)value + (long double)next) / 2; /* exact: 64 bits of mantissa */
    snprintf(mantissa, sizeof mantissa, "%.1100Le", middle);
    char *e = strchr(mantissa, 'e');
    snprintf(exponent, sizeof exponent, "%.15s", e);
    *e = '\0';
    check_read(text, (size_t)snprintf(text, sizeof text, "%s%s", mantissa, exponent));
    check_read(text, (size_t)snprintf(text, sizeof text, "%s1%s", mantissa, exponent));
    size_t last = strlen(mantissa);
    while (mantissa[last - 1] == '0') last--;
    if (mantissa[last - 1] == '.') last--;
    mantissa[last - 1]--; /* ...5000 becomes ...4999 */
    for (char *p = mantissa + last; *p; p++)
        if (*p != '.') *p = '9';
    check_read(text, (size_t)snprintf(text, sizeof text, "%s%s", mantissa, exponent));
}

START_TEST(half_way_points) {
    check_half_way(0);
    check_half_way(DBL_TRUE_MIN);
    check_half_way(nextafter(DBL_MIN, 0));
    check_half_way(DBL_MIN);
    check_half_way(nextafter(DBL_MAX, 0));
    check_half_way(9007199254740992.0);
    check_half_way(double_of(UINT64_C(0x000fffffffffffff)));
    check_half_way(double_of(UINT64_C(0x001fffffffffffff))); /* 767 digits */
    for (int i = 0; i < 3000; i++) check_half_way(double_of(random_bits() & INT64_MAX));
    for (int i = 0; i < 1000; i++) check_half_way(double_of(random_bits() >> 12 >> (i % 52)));
}
END_TEST

START_TEST(random_texts_read_as_strtod_does) {
    for (int i = 0; i < 200000; i++) {
        char text[64];
        int places = (int)(random_bits() % 19);
        uint64_t whole = random_bits() >> (random_bits() & 63),
                 fraction = random_bits() % UINT64_C(1000000000000000000);
        int length;
        switch (i % 4) {
        case 0:
            length = snprintf(text, sizeof text, "%llu.%0*llu", (unsigned long long)whole % 100000, places,
                              (unsigned long long)fraction);
            break;
        case 1:
            length = snprintf(text, sizeof text, "%llue%d", (unsigned long long)whole, (int)(random_bits() % 60) - 30);
            break;
        case 2:
            length = snprintf(text, sizeof text, "-0.%0*d%llu", places + 1, 0, (unsigned long long)whole);
            break;
        default:
            length = snprintf(text, sizeof text, "%llu.%llue%d", (unsigned long long)whole,
                              (unsigned long long)fraction, (int)(random_bits() % 700) - 350);
        }
        check_read(text, (size_t)length);
    }
}
END_TEST

START_TEST(long_texts) {
    char text[3100];
    memset(text, '0', sizeof text);
    text[3000] = '5';
    text[3001] = '\0';
    check_read(text, 3001);
    text[1] = '.';
    check_read(text, 3001); /* 5e-2999 is 0 */
    memcpy(text + 3001, "e2999", 6);
    check_read(text, 3006); /* 5 */
    memset(text, '9', 3001);
    memcpy(text + 3000, "e-3000", 7);
    check_read(text, 3006);                          /* 3000 nines behind the point: 1 */
    for (int digits = 760; digits < 810; digits++) { /* around the digits that are kept: half way, and one far behind */
        memset(text, '0', 2000);
        memcpy(text, "9007199254740993.", 17);
        check_read(text, (text[digits] = '\0', (size_t)digits));
        text[digits] = '1';
        text[digits + 1] = '\0';
        check_read(text, (size_t)digits + 1);
    }
}
END_TEST

/* The digits of a text without its mark, exponent and zeros at the ends; how many. */
static int digits_of(const char *text, char *digits) {
    int count = 0;
    for (const char *p = text; *p && *p != 'e'; p++)
        if (*p >= '0' && *p <= '9' && (count || *p != '0')) digits[count++] = *p;
    while (count && digits[count - 1] == '0') count--;
    digits[count] = '\0';
    return count;
}

/* `text` with one unit more or less in its last digit. */
static void move_last_digit(const char *text, int step, char out[64]) {
    const char *e = strchr(text, 'e'), *mark = strchr(text, '.');
    long long mantissa = 0;
    for (const char *p = text; p < e; p++)
        if (*p >= '0' && *p <= '9') mantissa = mantissa * 10 + (*p - '0');
    snprintf(out, 64, "%s%llde%d", *text == '-' ? "-" : "", mantissa + step,
             atoi(e + 1) - (mark ? (int)(e - mark) - 1 : 0));
}

/* Reads back; no text with fewer digits does; no other with as many is nearer. */
static void check_print(double value) {
    char text[CM_NUMBER_TEXT], other[64];
    uint64_t length = cm_print_double(value, text);
    double back;
    QUICK(length == strlen(text) && length < CM_NUMBER_TEXT, "length of %s", text);
    QUICK(bits_of(strtod(text, NULL)) == bits_of(value), "%s for %.17g", text, value);
    QUICK(cm_parse_double(text, length, &back) && bits_of(back) == bits_of(value), "%s read back", text);
    if (value == 0) return;
    char digits[CM_NUMBER_TEXT], other_digits[64];
    int count = digits_of(text, digits);
    QUICK(count <= 17, "%s is too long", text);
    if (count > 1) { /* printf gives the nearest of a digit less, a unit beside it lies the one on the other side */
        snprintf(other, sizeof other, "%.*e", count - 2, value);
        for (int step = -1; step <= 1; step++) {
            char moved[64];
            move_last_digit(other, step, moved);
            QUICK(bits_of(strtod(moved, NULL)) != bits_of(value), "%s is longer than %s", text, moved);
        }
    }
    /* Of as many digits printf gives the nearest, of two the even; where it reads back it must be what was printed. */
    snprintf(other, sizeof other, "%.*e", count - 1, value);
    digits_of(other, other_digits);
    if (bits_of(strtod(other, NULL)) == bits_of(value))
        QUICK(!strcmp(digits, other_digits), "%s is nearer than %s", other, text);
}

START_TEST(doubles_print) {
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1, "-1"},
        {0.1, "0.1"},
        {0.5, "0.5"},
        {-2.5, "-2.5"},
        {100, "100"},
        {1234567, "1234567"},
        {19.99, "19.99"},
        {0.3, "0.3"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {2.0 / 3, "0.6666666666666666"},
        {1e15, "1000000000000000"},
        {9007199254740992.0, "9007199254740992"},
        {9007199254740994.0, "9007199254740994"},
        {9999999999999998.0, "9999999999999998"},
        {1e16, "1e+16"},
        {12345678901234568.0, "1.2345678901234568e+16"},
        {-1.5e300, "-1.5e+300"},
        {1e300, "1e+300"},
        {1e100, "1e+100"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {9.5367431640625e-7, "9.5367431640625e-7"},
        {0.001, "0.001"},
        {0.00001, "0.00001"},
        {0.000012345, "0.000012345"},
        {0.0000099, "9.9e-6"},
        {1e-6, "1e-6"},
        {-1.25e-10, "-1.25e-10"},
        {1e-300, "1e-300"},
        {5e-324, "5e-324"},
        {1e-323, "1e-323"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {-DBL_MAX, "-1.7976931348623157e+308"},
        {5.6843418860808015e-14, "5.684341886080802e-14"}, /* 2^-44: the nearest of 16 digits does not read back */
        {9.313225746154785e-10, "9.313225746154785e-10"},  /* 2^-30: two of 16 digits do */
        {4.35, "4.35"},
        {4503599627370495.5, "4503599627370495.5"},
        {2251799813685247.75, "2251799813685247.8"}, /* a tie between .7 and .8, to even */
        {INFINITY, "inf"},
        {-INFINITY, "-inf"},
        {NAN, "nan"},
        {-NAN, "nan"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[CM_NUMBER_TEXT];
        uint64_t length = cm_print_double(cases[i].value, text);
        ck_assert_str_eq(text, cases[i].text);
        ck_assert_uint_eq(length, strlen(text));
    }
}
END_TEST

START_TEST(powers_and_their_neighbours_print_shortest) {
    for (int i = -1074; i <= 1023; i++) {
        double power = ldexp(1, i);
        check_print(power);
        check_print(nextafter(power, 0));
        check_print(-nextafter(power, DBL_MAX));
    }
    for (int i = -323; i <= 308; i++) {
        char text[16];
        snprintf(text, sizeof text, "1e%d", i);
        double power = strtod(text, NULL);
        check_print(power);
        check_print(nextafter(power, 0));
        check_print(nextafter(power, DBL_MAX));
    }
    check_print(DBL_MAX);
    check_print(nextafter(DBL_MAX, 0));
}
END_TEST

START_TEST(random_doubles_print_shortest) {
    for (int i = 0; i < 200000; i++) {
        double value = double_of(random_bits());
        if (isfinite(value)) check_print(value);
    }
}
END_TEST

START_TEST(usual_doubles_print_shortest) {
    for (int i = 0; i < 60000; i++) {
        uint64_t bits = random_bits();
        check_print((double)(bits % 10000000) / 100);              /* prices */
        check_print(ldexp((double)(bits >> 11), -53 - i % 50));    /* fractions, in fixed point and just below it */
        check_print(ldexp((double)(bits >> 11 | 1), i % 64 - 53)); /* up to and beyond 2^53 */
        check_print(ldexp((double)(bits >> (i % 53 + 11)), -(i % 40)));  /* few bits */
        if (i % 10 == 0) check_print(double_of(bits >> 12 >> (i % 52))); /* denormal */
    }
}
END_TEST

START_TEST(doubles_to_decimals) {
    static const struct {
        double number;
        int32_t max_scale;
        bool ok;
        int64_t value;
        int32_t scale;
    } cases[] = {{0, 6, true, 0, 0},
                 {-0.0, 0, true, 0, 0},
                 {12, 0, true, 12, 0},
                 {12.5, 6, true, 125, 1},
                 {-12.34, 6, true, -1234, 2},
                 {12.34, 2, true, 1234, 2},
                 {12.34, 1, false, 0, 0},
                 {0.1, 6, true, 1, 1},
                 {0.000001, 6, true, 1, 6},
                 {0.0000001, 6, false, 0, 0},
                 {0.1 + 0.2, 6, false, 0, 0},
                 {0.1 + 0.2, 18, true, INT64_C(30000000000000004), 17},
                 {1.0 / 3, 6, false, 0, 0},
                 {1e-18, 18, true, 1, 18},
                 {1e15, 6, true, INT64_C(1000000000000000), 0},
                 {1e16, 6, true, INT64_C(10000000000000000), 0},
                 {1e18, 0, true, INT64_C(1000000000000000000), 0},
                 {-9e18, 0, true, INT64_C(-9000000000000000000), 0},
                 {1152921504606846976.0, 0, true, INT64_C(1152921504606847000), 0}, /* 2^60 by its shortest form */
                 {9223372036854774784.0, 0, true, INT64_C(9223372036854775000), 0}, /* the last below 2^63 */
                 {9223372036854775808.0, 0, false, 0, 0},
                 {-9223372036854775808.0, 0, false, 0, 0}, /* its shortest form, ...776000, does not fit */
                 {1e19, 0, false, 0, 0},
                 {1e300, 6, false, 0, 0},
                 {5e-324, 18, false, 0, 0},
                 {INFINITY, 6, false, 0, 0},
                 {-INFINITY, 6, false, 0, 0},
                 {NAN, 6, false, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 0;
        int32_t scale = 0;
        ck_assert_msg(cm_double_to_decimal(cases[i].number, cases[i].max_scale, &value, &scale) == cases[i].ok, "%.17g",
                      cases[i].number);
        if (!cases[i].ok) continue;
        ck_assert_int_eq(value, cases[i].value);
        ck_assert_int_eq(scale, cases[i].scale);
    }
}
END_TEST

START_TEST(decimals_to_doubles) {
    for (int i = 0; i < 200000; i++) {
        int64_t value = (int64_t)random_bits() >> (random_bits() & 63);
        int32_t scale = (int32_t)(random_bits() % 19);
        if (i < 10)
            value = (const int64_t[]){INT64_MIN, INT64_MAX, -1, 0, 1, INT64_C(9007199254740993), 3, 7, 9, 10}[i];
        char text[64];
        snprintf(text, sizeof text, "%llde-%d", (long long)value, scale);
        double got = cm_decimal_to_double(value, scale), want = value ? strtod(text, NULL) : 0;
        QUICK(bits_of(got) == bits_of(want), "%s: %a for %a", text, got, want);
    }
    for (int32_t scale = 19; scale < 500; scale++) { /* products of scales, and far beyond */
        char text[64];
        int64_t value = (int64_t)random_bits();
        snprintf(text, sizeof text, "%llde-%d", (long long)value, scale);
        QUICK(bits_of(cm_decimal_to_double(value, scale)) == bits_of(strtod(text, NULL)), "%s", text);
        ck_assert(bits_of(cm_decimal_to_double(0, scale)) == 0);
    }
}
END_TEST

START_TEST(prices_survive_the_way_through_a_double) {
    for (int64_t cents = -200000; cents <= 200000; cents++) {
        int64_t value, back;
        int32_t scale;
        QUICK(cm_double_to_decimal(cm_decimal_to_double(cents, 2), 6, &value, &scale) && scale <= 2, "%d", (int)cents);
        QUICK(!cm_rescale_overflows(value, scale, 2, &back) && back == cents, "%d", (int)cents);
    }
}
END_TEST

Suite *test_double(void);
Suite *test_double(void) {
    Suite *suite = suite_create("double");
    TCase *c = tcase_create("double");
    tcase_set_timeout(c, 300);
    tcase_add_test(c, doubles_read);
    tcase_add_test(c, half_way_points);
    tcase_add_test(c, random_texts_read_as_strtod_does);
    tcase_add_test(c, long_texts);
    tcase_add_test(c, doubles_print);
    tcase_add_test(c, powers_and_their_neighbours_print_shortest);
    tcase_add_test(c, random_doubles_print_shortest);
    tcase_add_test(c, usual_doubles_print_shortest);
    tcase_add_test(c, doubles_to_decimals);
    tcase_add_test(c, decimals_to_doubles);
    tcase_add_test(c, prices_survive_the_way_through_a_double);
    suite_add_tcase(suite, c);
    return suite;
}
