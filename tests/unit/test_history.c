/* Rhythm, how customers stood earlier, and cohorts, against plain loops over the lines. */
#include <math.h>

#include "support.h"

#define LINES 900
#define PEOPLE 60
#define DAYS 500

typedef struct line {
    int64_t customer, invoice, day, amount; /* invoice -1: none; amount in cents, negative: a refund */
} line;

static line lines[LINES];

static void make_lines(uint64_t seed) {
    lcg random = {seed};
    for (int i = 0; i < LINES; i++) {
        int64_t customer = lcg_below(&random, PEOPLE);
        int64_t day = 15000 + lcg_below(&random, DAYS);
        if (customer % 7 == 0) day = 15000 + customer + (int64_t)lcg_below(&random, 15) * 30; /* a rhythm */
        lines[i] = (line){customer, lcg_below(&random, 5) ? (int64_t)lcg_below(&random, 400) : -1, day,
                          1 + lcg_below(&random, 9000)};
        if (lcg_below(&random, 8) == 0) lines[i].amount = -lines[i].amount;
    }
    for (int i = 0; i < 3; i++) lines[i].customer = PEOPLE + i; /* who bought once, or only sent back */
    lines[2].amount = -5;
}

static cm_table *sales_of(cm_context *ctx) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "invoice", CM_INT64, 0, CM_ROLE_INVOICE));
    OK(ctx, cm_builder_column(ctx, builder, "date", CM_DATE, 0, CM_ROLE_DATE));
    OK(ctx, cm_builder_column(ctx, builder, "amount", CM_DECIMAL, 2, CM_ROLE_AMOUNT));
    for (int i = 0; i < LINES; i++) {
        OK(ctx, cm_builder_int(ctx, builder, 0, lines[i].customer));
        if (lines[i].invoice >= 0) OK(ctx, cm_builder_int(ctx, builder, 1, lines[i].invoice));
        OK(ctx, cm_builder_int(ctx, builder, 2, lines[i].day));
        OK(ctx, cm_builder_int(ctx, builder, 3, lines[i].amount));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static int64_t as_of(void) {
    int64_t last = 0;
    for (int i = 0; i < LINES; i++)
        if (lines[i].day > last) last = lines[i].day;
    return last;
}

/* The purchase days of a customer up to a day, ascending; how many. */
static int days_of(int64_t customer, int64_t from, int64_t to, int64_t *out) {
    int count = 0;
    for (int64_t day = from; day <= to; day++)
        for (int i = 0; i < LINES; i++)
            if (lines[i].customer == customer && lines[i].day == day && lines[i].amount >= 0) {
                out[count++] = day;
                break;
            }
    return count;
}

static int64_t money_of(int64_t customer, int64_t from, int64_t to) {
    int64_t sum = 0;
    for (int i = 0; i < LINES; i++)
        if (lines[i].customer == customer && lines[i].day >= from && lines[i].day <= to) sum += lines[i].amount;
    return sum;
}

/* Years and months by counting days, without the library. */
static int64_t month_of(int64_t day) {
    int64_t year = 1970, month = 0, left = day;
    for (;;) {
        int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        int64_t length = lengths[month] + (month == 1 && leap);
        if (left < length) return year * 12 + month;
        left -= length;
        if (++month == 12) month = 0, year++;
    }
}

static cm_table *customers_of(cm_context *ctx, const cm_table *sales, const char *option, const char *value) {
    cm_options *options = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_options_new(ctx, "customers", &options));
    OK(ctx, cm_options_set_text(ctx, options, option, value));
    OK(ctx, cm_customers(ctx, sales, options, &table));
    cm_options_free(options);
    return table;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double typical_gap(void) {
    static int64_t days[DAYS];
    double gaps[PEOPLE + 3];
    int count = 0;
    for (int64_t c = 0; c < PEOPLE + 3; c++) {
        int n = days_of(c, 15000, as_of(), days);
        if (n > 1) gaps[count++] = (double)(days[n - 1] - days[0]) / (n - 1);
    }
    qsort(gaps, (size_t)count, sizeof *gaps, by_size);
    return (gaps[(count - 1) / 2] + gaps[count / 2]) / 2;
}

static const char *expected_stage(const int64_t *days, int n, double typical) {
    double own = ((double)(days[n - 1] - days[0]) + typical) / n, silent = (double)(as_of() - days[n - 1]);
    if (silent > 4 * own) return "lapsed";
    if (silent > 2 * own) return "slipping";
    if (n == 1) return "new";
    double earlier = ((double)(days[n - 2] - days[0]) + typical) / (n - 1);
    return (double)(days[n - 1] - days[n - 2]) > 4 * earlier ? "returned" : "active";
}

START_TEST(rhythm_equals_plain_loops) {
    static int64_t days[DAYS];
    cm_context *ctx = new_context();
    make_lines((uint64_t)_i + 1);
    cm_table *sales = sales_of(ctx), *table = customers_of(ctx, sales, "rhythm", "true");
    double typical = typical_gap();
    for (uint64_t row = 0; row < cm_table_rows(table); row++) {
        int n = days_of(INT(table, row, "customer"), 15000, as_of(), days);
        ck_assert_int_eq(!!ABSENT(table, row, "stage"), n == 0);
        ck_assert_int_eq(!!ABSENT(table, row, "mean_gap_days"), n < 2);
        ck_assert_int_eq(!!ABSENT(table, row, "gap_cv"), n < 3);
        if (n == 0) continue;
        int64_t months = 0;
        double mean = n > 1 ? (double)(days[n - 1] - days[0]) / (n - 1) : 0, variance = 0;
        for (int i = 0; i < n; i++) months += i == 0 || month_of(days[i]) != month_of(days[i - 1]);
        for (int i = 1; i < n; i++)
            variance += ((double)(days[i] - days[i - 1]) - mean) * ((double)(days[i] - days[i - 1]) - mean) / (n - 1);
        if (n > 1) ck_assert_double_eq_tol(DOUBLE(table, row, "mean_gap_days"), mean, 1e-12);
        if (n > 2) ck_assert_double_eq_tol(DOUBLE(table, row, "gap_cv"), sqrt(variance) / mean, 1e-9);
        ck_assert_int_eq(INT(table, row, "active_months"), months);
        ck_assert_int_eq(INT(table, row, "months"), month_of(as_of()) - month_of(days[0]) + 1);
        ck_assert_double_eq_tol(DOUBLE(table, row, "rhythm_days"), ((double)(days[n - 1] - days[0]) + typical) / n,
                                1e-9);
        ck_assert_str_eq(TEXT(table, row, "stage"), expected_stage(days, n, typical));
    }
    cm_table_free(table);
    cm_table_free(sales);
    cm_context_free(ctx);
}
END_TEST

static int64_t invoices_of(int64_t customer, int64_t to) {
    int64_t count = 0;
    for (int i = 0; i < LINES; i++) {
        int first = lines[i].customer == customer && lines[i].day <= to && lines[i].amount >= 0;
        for (int j = 0; j < i && first; j++)
            if (lines[j].customer == customer && lines[j].day <= to && lines[j].amount >= 0
                && lines[j].invoice == lines[i].invoice && (lines[i].invoice >= 0 || lines[j].day == lines[i].day))
                first = 0;
        count += first;
    }
    return count;
}

START_TEST(earlier_standing_equals_plain_loops) {
    static int64_t days[DAYS];
    cm_context *ctx = new_context();
    make_lines((uint64_t)_i + 50);
    cm_table *sales = sales_of(ctx), *table = customers_of(ctx, sales, "before_days", "90");
    int64_t then = as_of() - 90;
    for (uint64_t row = 0; row < cm_table_rows(table); row++) {
        int64_t customer = INT(table, row, "customer");
        int n = days_of(customer, 15000, then, days);
        ck_assert_int_eq(!!ABSENT(table, row, "recency_days_before"), n == 0);
        ck_assert_int_eq(!!ABSENT(table, row, "money_since"), n == 0);
        if (n == 0) continue;
        ck_assert_int_eq(INT(table, row, "recency_days_before"), then - days[n - 1]);
        ck_assert_int_eq(INT(table, row, "invoices_before"), invoices_of(customer, then));
        ck_assert_int_eq(INT(table, row, "money_before"), money_of(customer, 15000, then));
        ck_assert_int_eq(INT(table, row, "purchase_days_since"), days_of(customer, then + 1, as_of(), days));
        ck_assert_int_eq(INT(table, row, "money_since"), money_of(customer, then + 1, as_of()));
    }
    cm_table_free(table);
    cm_table_free(sales);
    cm_context_free(ctx);
}
END_TEST

START_TEST(cohorts_equal_plain_loops) {
    static int64_t days[DAYS];
    cm_context *ctx = new_context();
    make_lines((uint64_t)_i + 99);
    cm_table *sales = sales_of(ctx), *customers = customers_of(ctx, sales, "cohorts", "true"), *cohorts = NULL;
    OK(ctx, cm_table_attached(ctx, customers, "cohorts", &cohorts));
    int64_t money = 0, bought_money = 0;
    for (uint64_t row = 0; row < cm_table_rows(cohorts); row++) {
        int64_t cohort = month_of(INT(cohorts, row, "cohort")), month = cohort + INT(cohorts, row, "month");
        int64_t size = 0, buying = 0, sum = 0;
        for (int64_t c = 0; c < PEOPLE + 3; c++) {
            int n = days_of(c, 15000, as_of(), days), bought = 0;
            if (!n || month_of(days[0]) != cohort) continue;
            size++;
            for (int i = 0; i < n; i++) bought |= month_of(days[i]) == month;
            buying += bought;
            for (int i = 0; i < LINES; i++)
                if (lines[i].customer == c
                    && (month_of(lines[i].day) == month || (month == cohort && month_of(lines[i].day) < cohort)))
                    sum += lines[i].amount;
        }
        ck_assert_int_eq(month_of(INT(cohorts, row, "starts")), month);
        ck_assert_int_eq(INT(cohorts, row, "customers"), size);
        ck_assert_int_eq(INT(cohorts, row, "buying"), buying);
        ck_assert_double_eq_tol(DOUBLE(cohorts, row, "buying_share"), (double)buying / (double)size, 1e-12);
        ck_assert_int_eq(INT(cohorts, row, "money"), sum);
        ck_assert_int_eq(INT(cohorts, row, "over"), month < month_of(as_of()) || month_of(as_of() + 1) > month);
        money += sum;
    }
    for (int64_t c = 0; c < PEOPLE + 3; c++)
        if (days_of(c, 15000, as_of(), days)) bought_money += money_of(c, 0, as_of());
    ck_assert_int_eq(money, bought_money);
    cm_table_free(cohorts);
    cm_table_free(customers);
    cm_table_free(sales);
    cm_context_free(ctx);
}
END_TEST

START_TEST(nobody_came_back_and_nobody_bought) {
    cm_context *ctx = new_context();
    make_lines(1);
    for (int i = 0; i < LINES; i++) lines[i] = (line){i, -1, 15000 + i % 3, 100};
    cm_table *sales = sales_of(ctx), *table = customers_of(ctx, sales, "rhythm", "true"), *cohorts = NULL;
    for (uint64_t row = 0; row < cm_table_rows(table); row++) {
        ck_assert_str_eq(TEXT(table, row, "stage"), "new");
        ck_assert_int_eq(ABSENT(table, row, "rhythm_days"), 1);
    }
    cm_table_free(table);
    cm_table_free(sales);
    for (int i = 0; i < LINES; i++) lines[i].amount = -1;
    sales = sales_of(ctx);
    table = customers_of(ctx, sales, "cohorts", "true");
    OK(ctx, cm_table_attached(ctx, table, "cohorts", &cohorts));
    ck_assert_uint_eq(cm_table_rows(cohorts), 0);
    cm_table_free(cohorts);
    cm_table_free(table);
    cm_table_free(sales);
    cm_context_free(ctx);
}
END_TEST

START_TEST(a_hundred_years_of_cohorts_are_too_many) {
    cm_context *ctx = new_context();
    cm_options *options = NULL;
    cm_table *table = NULL;
    make_lines(1);
    lines[5].day = -60000;
    lines[5].amount = 1;
    cm_table *sales = sales_of(ctx);
    OK(ctx, cm_options_new(ctx, "customers", &options));
    OK(ctx, cm_options_set_text(ctx, options, "cohorts", "true"));
    FAILS(ctx, CM_E_LIMIT, "at most 1200", cm_customers(ctx, sales, options, &table));
    ck_assert_ptr_null(table);
    cm_options_free(options);
    cm_table_free(sales);
    cm_context_free(ctx);
}
END_TEST

Suite *test_history(void) {
    Suite *suite = suite_create("history");
    TCase *tests = tcase_create("history");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, rhythm_equals_plain_loops, 0, 3);
    tcase_add_loop_test(tests, earlier_standing_equals_plain_loops, 0, 3);
    tcase_add_loop_test(tests, cohorts_equal_plain_loops, 0, 1);
    tcase_add_test(tests, nobody_came_back_and_nobody_bought);
    tcase_add_test(tests, a_hundred_years_of_cohorts_are_too_many);
    suite_add_tcase(suite, tests);
    return suite;
}
