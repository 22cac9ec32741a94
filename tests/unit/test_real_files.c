/* Real files as their systems exported them, against what is published of them (../shared/data/README.md); nothing to
 * do where they are not at hand. */
#include "reading.h"

#define JOURNEY REAL "completejourney/"

static cm_table *join(const cm_table *left, const cm_table *right, const char *key) {
    cm_options *keys = NULL;
    cm_table *joined = NULL;
    ck_assert_int_eq(cm_options_new(ctx, "join", &keys), CM_OK);
    ck_assert_int_eq(cm_options_set_text(ctx, keys, "left_key", key), CM_OK);
    ck_assert_int_eq(cm_options_set_text(ctx, keys, "right_key", key), CM_OK);
    ck_assert_msg(!cm_table_join(ctx, left, right, keys, &joined), "%s", cm_error_message(ctx));
    ck_assert_uint_eq(cm_table_rows(joined), cm_table_rows(left));
    cm_options_free(keys);
    return joined;
}

/* Rows whose cell compares so. */
static uint64_t count(const cm_table *table, const char *column, const char *comparison, const char *value) {
    cm_table *found = NULL;
    ck_assert_msg(!cm_table_filter(ctx, table, column, comparison, value, &found), "%s", cm_error_message(ctx));
    uint64_t rows = cm_table_rows(found);
    cm_table_free(found);
    return rows;
}

static uint64_t distinct(const cm_table *table, const char *column) {
    cm_column_view view = {.struct_size = sizeof view};
    cm_table_view(table, (uint64_t)cm_table_find(table, column), 0, &view);
    return view.dictionary_size;
}

static int64_t sum(const cm_table *table, const char *column) {
    int64_t at = cm_table_find(table, column), total = 0;
    ck_assert_int_ge(at, 0);
    for (uint64_t row = 0; row < cm_table_rows(table); row++) total += cm_table_int(table, row, (uint64_t)at);
    return total;
}

static const struct {
    const char *name;
    uint64_t rows, columns;
} tables[] = {{"campaign_descriptions.csv", 27, 4},    {"campaigns.csv", 6589, 2},
              {"coupon_redemptions.csv", 2102, 4},     {"coupons.csv.gz", 116204, 3},
              {"demographics.csv", 801, 8},            {"products.csv.gz", 92331, 7},
              {"promotions_sample.csv.gz", 360535, 5}, {"transactions_sample.csv.gz", 75000, 11}};

/* One amount of the transactions, 4.440892e-16, is no money that 64 bits hold: a bad row, and one alone. */
START_TEST(complete_journey_tables) {
    char path[200];
    snprintf(path, sizeof path, JOURNEY "%s", tables[_i].name);
    if (!have(path)) return;
    set("on_error", "collect");
    cm_table *table = read_table(path), *rejects = attached(table, "rejects");
    ck_assert_uint_eq(cm_table_rows(table) + cm_table_rows(rejects), tables[_i].rows);
    ck_assert_uint_eq(cm_table_columns(table), tables[_i].columns);
    ck_assert_uint_eq(cm_table_rows(rejects), strstr(path, "transactions") ? 1 : 0);
    if (cm_table_rows(rejects)) ck_assert_str_eq(cm_table_text(rejects, 0, 5, 0, NULL), "4.440892e-16");
    cm_table_free(rejects);
    cm_table_free(table);
}
END_TEST

START_TEST(complete_journey_joins) {
    if (!have(JOURNEY "products.csv.gz")) return;
    set("on_error", "collect");
    cm_table *sales = read_table(JOURNEY "transactions_sample.csv.gz");
    set("on_error", "fail");
    cm_table *products = read_table(JOURNEY "products.csv.gz");
    cm_table *people = read_table(JOURNEY "demographics.csv");
    ck_assert_uint_eq(distinct(sales, "household_id"), 2377);
    ck_assert_uint_eq(distinct(sales, "basket_id"), 47243);
    cm_table *named = join(sales, products, "product_id");
    ck_assert_uint_eq(count(named, "manufacturer_id", "absent", NULL), 222);
    cm_table *known = join(named, people, "household_id");
    ck_assert_uint_eq(cm_table_columns(known), 11 + 6 + 7);
    cm_table_free(known);
    cm_table_free(named);
    cm_table_free(people);
    cm_table_free(products);
    cm_table_free(sales);
    cm_table *redeemed = read_table(JOURNEY "coupon_redemptions.csv");
    cm_table *campaigns = read_table(JOURNEY "campaign_descriptions.csv");
    cm_table *both = join(redeemed, campaigns, "campaign_id");
    ck_assert_uint_eq(count(both, "campaign_type", "absent", NULL), 0);
    cm_table_free(both);
    cm_table_free(campaigns);
    cm_table_free(redeemed);
}
END_TEST

static const struct {
    const char *segment;
    uint64_t rows;
    int64_t visits, conversions, spend; /* cents */
} arms[] = {{"No E-Mail", 21306, 2262, 122, 1390833},
            {"Mens E-Mail", 21307, 3894, 267, 3031169},
            {"Womens E-Mail", 21387, 3238, 189, 2303811}};

START_TEST(hillstrom) {
    if (!have(REAL "campaign/hillstrom.csv.gz")) return;
    cm_table *table = read_table(REAL "campaign/hillstrom.csv.gz"), *arm = NULL;
    ck_assert_uint_eq(cm_table_rows(table), 64000);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cm_table_filter(ctx, table, "segment", "=", arms[i].segment, &arm), CM_OK);
        ck_assert_uint_eq(cm_table_rows(arm), arms[i].rows);
        ck_assert_int_eq(sum(arm, "visit"), arms[i].visits);
        ck_assert_int_eq(sum(arm, "conversion"), arms[i].conversions);
        ck_assert_int_eq(sum(arm, "spend"), arms[i].spend);
        cm_table_free(arm);
    }
    cm_table_free(table);
}
END_TEST

START_TEST(anomaly) {
    static const struct {
        const char *path;
        uint64_t rows;
    } files[] = {{REAL "anomaly/twitter_raw_data.csv", 14398},
                 {REAL "anomaly/nab/nyc_taxi.csv", 10320},
                 {REAL "anomaly/nab/exchange-2_cpc_results.csv", 1624}};
    cm_column_view time = {.struct_size = sizeof time};
    for (int i = 0; i < 3; i++) {
        if (!have(files[i].path)) continue;
        cm_table *table = read_table(files[i].path);
        ck_assert_uint_eq(cm_table_rows(table), files[i].rows);
        cm_table_view(table, 0, 0, &time);
        ck_assert_int_eq(time.type, CM_TIMESTAMP);
        cm_table_free(table);
    }
}
END_TEST

/* 942 of the 945 orders have details: the orders joined to one row a known order id. */
START_TEST(meal_orders_join) {
    if (!have(REAL "meal-orders/meal_order_info.csv")) return;
    static const char *const key[] = {"order_id"};
    cm_table *orders = read_table(REAL "meal-orders/meal_order_info.csv"), *sorted = NULL, *ids = NULL;
    cm_table *details = read_table(REAL "meal-orders/meal_order_detail.csv.gz");
    ck_assert_uint_eq(cm_table_rows(orders), 945);
    ck_assert_int_eq(cm_table_sort(ctx, details, key, NULL, 1, &sorted), CM_OK);
    int64_t column = cm_table_find(sorted, "order_id"), before = -1;
    cm_builder *b = NULL;
    ck_assert_int_eq(cm_builder_new(ctx, &b), CM_OK);
    ck_assert_int_eq(cm_builder_column(ctx, b, "order_id", CM_STRING, 0, 0), CM_OK);
    ck_assert_int_eq(cm_builder_column(ctx, b, "known", CM_INT64, 0, 0), CM_OK);
    for (uint64_t row = 0; row < cm_table_rows(sorted); row++) {
        char text[32];
        uint64_t length = 0;
        const char *id = cm_table_text(sorted, row, (uint64_t)column, 0, &length);
        int64_t number = id ? strtoll(id, NULL, 10) : cm_table_int(sorted, row, (uint64_t)column);
        if (number == before) continue;
        before = number;
        snprintf(text, sizeof text, "%lld", (long long)number);
        ck_assert_int_eq(cm_builder_text(ctx, b, 0, text, strlen(text)), CM_OK);
        ck_assert_int_eq(cm_builder_int(ctx, b, 1, 1), CM_OK);
        ck_assert_int_eq(cm_builder_row(ctx, b), CM_OK);
    }
    ck_assert_int_eq(cm_builder_finish(ctx, b, &ids), CM_OK);
    cm_builder_free(b);
    cm_table *joined = join(orders, ids, "order_id");
    ck_assert_uint_eq(count(joined, "known", "present", NULL), 942);
    cm_table_free(joined);
    cm_table_free(ids);
    cm_table_free(sorted);
    cm_table_free(details);
    cm_table_free(orders);
}
END_TEST

Suite *test_real_files(void);
Suite *test_real_files(void) {
    Suite *suite = suite_create("real_files");
    TCase *tests = tcase_create("real_files");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_add_loop_test(tests, complete_journey_tables, 0, sizeof tables / sizeof *tables);
    tcase_add_test(tests, complete_journey_joins);
    tcase_add_test(tests, hillstrom);
    tcase_add_test(tests, anomaly);
    tcase_add_test(tests, meal_orders_join);
    tcase_set_timeout(tests, 120);
    suite_add_tcase(suite, tests);
    return suite;
}
