/* Integers and decimals as text, to the edges of 64 bits. */
#include "base/number.h"

#include <check.h>
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

START_TEST(integers_read) {
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-0", 0},
                {"7", 7},
                {"-12", -12},
                {"007", 7},
                {"-007", -7},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN},
                {"-9223372036854775807", -INT64_MAX},
                {"00000000000000000000000000009223372036854775807", INT64_MAX},
                {"1000000000000000000", INT64_C(1000000000000000000)}};
    static const char *const bad[] = {"",
                                      "-",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1.",
                                      "1.0",
                                      "1e3",
                                      "--1",
                                      "1-",
                                      "0x1",
                                      "a",
                                      "/",
                                      ":",
                                      "\xb1",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "18446744073709551617",
                                      "36893488147419103233",
                                      "99999999999999999999",
                                      "100000000000000000000000000000000000000000"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        int64_t value = 42;
        size_t length = strlen(good[i].text);
        char *text = cell(good[i].text, length);
        ck_assert_msg(cm_parse_int(text, length, &value), "%s", good[i].text);
        ck_assert_int_eq(value, good[i].value);
        free(text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t value = 42;
        size_t length = strlen(bad[i]);
        char *text = cell(bad[i], length);
        ck_assert_msg(!cm_parse_int(text, length, &value), "%s", bad[i]);
        ck_assert_int_eq(value, 42);
        free(text);
    }
    int64_t value;
    ck_assert(!cm_parse_int(NULL, 0, &value));
    ck_assert(!cm_parse_int("1\0002", 3, &value)); /* a NUL is a byte like others */
}
END_TEST

START_TEST(integers_round_trip) {
    for (int i = 0; i < 200000; i++) {
        int64_t value = (int64_t)random_bits() >> (random_bits() & 63), back;
        if (i == 0) value = INT64_MIN;
        char text[CM_NUMBER_TEXT], want[32];
        uint64_t length = cm_print_int(value, text);
        snprintf(want, sizeof want, "%lld", (long long)value);
        QUICK(length == strlen(want) && !strcmp(text, want), "%s for %s", text, want);
        QUICK(cm_parse_int(text, length, &back) && back == value, "%s read back", text);
    }
}
END_TEST

START_TEST(decimals_read) {
    static const struct {
        const char *text;
        char mark;
        cm_decimal_status status;
        int64_t value;
        int32_t scale;
    } cases[] = {
        {"0", '.', CM_DECIMAL_OK, 0, 0},
        {"-0", '.', CM_DECIMAL_OK, 0, 0},
        {"12", '.', CM_DECIMAL_OK, 12, 0},
        {"+12", '.', CM_DECIMAL_OK, 12, 0},
        {"1.50", '.', CM_DECIMAL_OK, 150, 2},
        {"-1.50", '.', CM_DECIMAL_OK, -150, 2},
        {"1,50", ',', CM_DECIMAL_OK, 150, 2},
        {"1,50", '.', CM_DECIMAL_NONE, 0, 0},
        {"1.50", ',', CM_DECIMAL_NONE, 0, 0},
        {".5", '.', CM_DECIMAL_OK, 5, 1},
        {"-.5", '.', CM_DECIMAL_OK, -5, 1},
        {"5.", '.', CM_DECIMAL_OK, 5, 0},
        {"+5.", '.', CM_DECIMAL_OK, 5, 0},
        {"0.000000000000000001", '.', CM_DECIMAL_OK, 1, 18},
        {"0.0000000000000000010", '.', CM_DECIMAL_TOO_LARGE, 0, 0},
        {"1.0000000000000000000", '.', CM_DECIMAL_TOO_LARGE, 0, 0},
        {"000000000000000000000000001.5", '.', CM_DECIMAL_OK, 15, 1},
        {"9223372036854775807", '.', CM_DECIMAL_OK, INT64_MAX, 0},
        {"-9223372036854775808", '.', CM_DECIMAL_OK, INT64_MIN, 0},
        {"92233720368547758.07", '.', CM_DECIMAL_OK, INT64_MAX, 2},
        {"-9.223372036854775808", '.', CM_DECIMAL_OK, INT64_MIN, 18},
        {"9.223372036854775808", '.', CM_DECIMAL_TOO_LARGE, 0, 0},
        {"9223372036854775808", '.', CM_DECIMAL_TOO_LARGE, 0, 0},
        {"-9223372036854775809", '.', CM_DECIMAL_TOO_LARGE, 0, 0},
        {"18446744073709551616", '.', CM_DECIMAL_TOO_LARGE, 0, 0},
        {"184467440737095516160", '.', CM_DECIMAL_TOO_LARGE, 0, 0},
        {"99999999999999999999999999.99", '.', CM_DECIMAL_TOO_LARGE, 0, 0},
        {"99999999999999999999999999.99x", '.', CM_DECIMAL_NONE, 0, 0},
        {"99999999999999999999999999.9.9", '.', CM_DECIMAL_NONE, 0, 0},
        {"", '.', CM_DECIMAL_NONE, 0, 0},
        {"-", '.', CM_DECIMAL_NONE, 0, 0},
        {"+", '.', CM_DECIMAL_NONE, 0, 0},
        {".", '.', CM_DECIMAL_NONE, 0, 0},
        {"-.", '.', CM_DECIMAL_NONE, 0, 0},
        {"..", '.', CM_DECIMAL_NONE, 0, 0},
        {"1..5", '.', CM_DECIMAL_NONE, 0, 0},
        {"1.5.", '.', CM_DECIMAL_NONE, 0, 0},
        {"+-1", '.', CM_DECIMAL_NONE, 0, 0},
        {"1e3", '.', CM_DECIMAL_NONE, 0, 0},
        {" 1", '.', CM_DECIMAL_NONE, 0, 0},
        {"1 ", '.', CM_DECIMAL_NONE, 0, 0},
        {"1 000", '.', CM_DECIMAL_NONE, 0, 0},
        {"nan", '.', CM_DECIMAL_NONE, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 0;
        int32_t scale = 0;
        size_t length = strlen(cases[i].text);
        char *text = cell(cases[i].text, length);
        ck_assert_msg(cm_parse_decimal(text, length, cases[i].mark, &value, &scale) == cases[i].status, "%s",
                      cases[i].text);
        free(text);
        if (cases[i].status) continue;
        ck_assert_int_eq(value, cases[i].value);
        ck_assert_int_eq(scale, cases[i].scale);
    }
    int64_t value;
    int32_t scale;
    ck_assert_int_eq(cm_parse_decimal(NULL, 0, '.', &value, &scale), CM_DECIMAL_NONE);
}
END_TEST

START_TEST(decimals_round_trip) {
    for (int i = 0; i < 200000; i++) {
        int64_t value = i < 19 ? INT64_MIN : (int64_t)random_bits() >> (random_bits() & 63), back;
        int32_t scale = i % 19, back_scale;
        char text[CM_NUMBER_TEXT];
        uint64_t length = cm_print_decimal(value, scale, text);
        QUICK(length == strlen(text), "length of %s", text);
        QUICK(cm_parse_decimal(text, length, '.', &back, &back_scale) == CM_DECIMAL_OK, "%s", text);
        QUICK(back == value && back_scale == scale, "%s read back", text);
    }
}
END_TEST

START_TEST(decimals_print) {
    static const struct {
        int64_t value;
        int32_t scale;
        const char *text;
    } cases[] = {{0, 0, "0"},
                 {0, 2, "0.00"},
                 {5, 2, "0.05"},
                 {-5, 2, "-0.05"},
                 {-5, 1, "-0.5"},
                 {150, 2, "1.50"},
                 {-12345, 3, "-12.345"},
                 {1, 18, "0.000000000000000001"},
                 {INT64_MIN, 0, "-9223372036854775808"},
                 {INT64_MIN, 18, "-9.223372036854775808"},
                 {INT64_MIN, 2, "-92233720368547758.08"},
                 {INT64_MAX, 19, "0.9223372036854775807"},
                 {INT64_MIN, 20, "-0.09223372036854775808"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[CM_NUMBER_TEXT];
        ck_assert_uint_eq(cm_print_decimal(cases[i].value, cases[i].scale, text), strlen(cases[i].text));
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

START_TEST(rescaling) {
    int64_t out = 0;
    ck_assert(!cm_rescale_overflows(150, 2, 2, &out) && out == 150);
    ck_assert(!cm_rescale_overflows(150, 2, 6, &out) && out == 1500000);
    ck_assert(!cm_rescale_overflows(-150, 0, 1, &out) && out == -1500);
    ck_assert(!cm_rescale_overflows(INT64_MIN, 3, 3, &out) && out == INT64_MIN);
    ck_assert(!cm_rescale_overflows(922337203685477580, 0, 1, &out) && out == INT64_C(9223372036854775800));
    ck_assert(!cm_rescale_overflows(-922337203685477580, 0, 1, &out) && out == INT64_C(-9223372036854775800));
    ck_assert(cm_rescale_overflows(922337203685477581, 0, 1, &out));
    ck_assert(cm_rescale_overflows(-922337203685477581, 0, 1, &out));
    ck_assert(cm_rescale_overflows(INT64_MIN, 0, 1, &out));
    ck_assert(!cm_rescale_overflows(9, 0, 18, &out) && out == INT64_C(9000000000000000000));
    ck_assert(cm_rescale_overflows(10, 0, 18, &out));
    ck_assert(cm_rescale_overflows(-10, 0, 18, &out));
    ck_assert(cm_rescale_overflows(1, 0, 19, &out));
    ck_assert(cm_rescale_overflows(1, 0, INT32_MAX, &out));
    ck_assert(!cm_rescale_overflows(0, 0, 100, &out) && out == 0);
}
END_TEST

Suite *test_number(void);
Suite *test_number(void) {
    Suite *suite = suite_create("number");
    TCase *c = tcase_create("number");
    tcase_set_timeout(c, 300);
    tcase_add_test(c, integers_read);
    tcase_add_test(c, integers_round_trip);
    tcase_add_test(c, decimals_read);
    tcase_add_test(c, decimals_round_trip);
    tcase_add_test(c, decimals_print);
    tcase_add_test(c, rescaling);
    suite_add_tcase(suite, c);
    return suite;
}
