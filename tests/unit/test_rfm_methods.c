/* The ways to cut: nested quantiles, bands of equal money, points that are given; each against its definition, written
 * out plainly over all customers. */
#include <inttypes.h>

#include "rfm_customers.h"

typedef struct customer {
    int64_t values[3]; /* recency, invoices, money in cents */
    int64_t scores[3];
} customer;

static const char *const score_names[] = {"r", "f", "m"};

static cm_table *table_of(cm_context *ctx, const customer *all, int count) {
    return rfm_customers(ctx, all->values, sizeof *all / sizeof(int64_t), count, 2);
}

static customer *random_customers(uint64_t seed, int count, uint32_t variety) {
    lcg random = {seed};
    customer *all = calloc((size_t)count, sizeof *all);
    for (int i = 0; i < count; i++) {
        all[i].values[0] = lcg_below(&random, variety);
        all[i].values[1] = 1 + lcg_below(&random, variety) / (1 + lcg_below(&random, 9));
        all[i].values[2] = (int64_t)lcg_below(&random, variety * 50) / (1 + lcg_below(&random, 20)) - variety / 4;
    }
    return all;
}

static int64_t good(const customer *one, int dimension) { return dimension ? one->values[dimension] : -one->values[0]; }

/* By the definition alone: among those with the same scores before (nested), or all. */
static void expect_scores(customer *all, int count, const int *n, int nested, int pyramid) {
    for (int d = 0; d < 3; d++)
        for (int i = 0; i < count; i++) {
            int64_t worse = 0, peers = 0, above = 0, money = 0;
            for (int j = 0; j < count; j++) {
                int64_t weight = all[j].values[2] > 0 ? all[j].values[2] : 0;
                int apart = (d > 0 && all[j].scores[0] != all[i].scores[0])
                            || (d > 1 && all[j].scores[1] != all[i].scores[1]);
                if (nested && apart) continue;
                peers++;
                worse += good(&all[j], d) < good(&all[i], d);
                money += weight;
                if (good(&all[j], d) > good(&all[i], d)) above += weight;
            }
            int64_t score = pyramid ? n[d] - (money ? n[d] * above / money : 0) : 1 + n[d] * worse / peers;
            all[i].scores[d] = score < 1 ? 1 : score;
        }
}

static cm_options *options_of(cm_context *ctx, const char *method, const int *n) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "rfm", &options));
    OK(ctx, cm_options_set_text(ctx, options, "method", method));
    OK(ctx, cm_options_set_int(ctx, options, "recency_scores", n[0]));
    OK(ctx, cm_options_set_int(ctx, options, "frequency_scores", n[1]));
    OK(ctx, cm_options_set_int(ctx, options, "monetary_scores", n[2]));
    return options;
}

static void assert_scores(const cm_table *scores, const customer *all, int count) {
    ck_assert_uint_eq(cm_table_rows(scores), (uint64_t)count);
    for (int i = 0; i < count; i++)
        for (int d = 0; d < 3; d++)
            ck_assert_msg(INT(scores, (uint64_t)i, score_names[d]) == all[i].scores[d], "customer %d %s: %d, not %d", i,
                          score_names[d], (int)INT(scores, (uint64_t)i, score_names[d]), (int)all[i].scores[d]);
}

/* Each score of each place of the cuts has as many customers as the table says, and spans what they have. */
static void assert_cuts(const cm_table *cuts, const customer *all, int count, int nested) {
    static const char *const names[] = {"recency", "frequency", "monetary"};
    int64_t customers = 0;
    for (uint64_t row = 0; row < cm_table_rows(cuts); row++) {
        int d = 0;
        while (strcmp(TEXT(cuts, row, "dimension"), names[d]) != 0) d++;
        const char *within = TEXT(cuts, row, "within");
        ck_assert_int_eq(within != NULL, nested && d > 0);
        int64_t found = 0, low = INT64_MAX, high = INT64_MIN, before[2] = {0, 0};
        if (within && strchr(within, '-')) sscanf(within, "%" SCNd64 "-%" SCNd64, &before[0], &before[1]);
        else if (within && d == 2) before[0] = within[0] - '0', before[1] = within[1] - '0';
        else if (within) before[0] = atoi(within);
        for (int i = 0; i < count; i++) {
            if (all[i].scores[d] != INT(cuts, row, "score")) continue;
            if ((before[0] && all[i].scores[0] != before[0]) || (before[1] && all[i].scores[1] != before[1])) continue;
            int64_t value = all[i].values[d] * (d < 2 ? 100 : 1);
            found++;
            if (value < low) low = value;
            if (value > high) high = value;
        }
        ck_assert_int_eq(INT(cuts, row, "customers"), found);
        ck_assert_int_eq(!!ABSENT(cuts, row, "from"), found == 0);
        if (found) ck_assert_int_eq(INT(cuts, row, "from"), low);
        if (found) ck_assert_int_eq(INT(cuts, row, "to"), high);
        customers += found;
    }
    ck_assert_int_eq(customers, 3 * count);
}

/* Every score without customers is told of, once, and no other. */
static void assert_diagnostics(const cm_table *cuts, const cm_table *diagnostics) {
    uint64_t next = 0;
    for (uint64_t row = 0; row < cm_table_rows(cuts); row++) next += INT(cuts, row, "customers") == 0;
    ck_assert_uint_eq(cm_table_rows(diagnostics), next);
    for (uint64_t i = 0; i < next; i++) {
        uint64_t found = 0;
        for (uint64_t row = 0; row < cm_table_rows(cuts); row++) {
            const char *a = TEXT(cuts, row, "within"), *b = TEXT(diagnostics, i, "within");
            found += INT(cuts, row, "customers") == 0 && INT(cuts, row, "score") == INT(diagnostics, i, "score")
                     && !strcmp(TEXT(cuts, row, "dimension"), TEXT(diagnostics, i, "dimension"))
                     && (a ? b && !strcmp(a, b) : !b);
        }
        ck_assert_uint_eq(found, 1);
        ck_assert_ptr_nonnull(strstr(TEXT(diagnostics, i, "sentence"), TEXT(diagnostics, i, "dimension")));
    }
}

/* A model after a file, and its cuts given to another, score alike. */
static void assert_same_again(cm_context *ctx, const cm_model *model, const cm_table *cuts, const cm_table *table,
                              const customer *all, int count) {
    char path[256];
    cm_model *loaded = NULL, *fixed = NULL;
    cm_table *scores = NULL;
    cm_options *options = NULL;
    temp_path(path, "methods.cm");
    OK(ctx, cm_model_save(ctx, model, path));
    OK(ctx, cm_model_load(ctx, path, &loaded));
    OK(ctx, cm_apply(ctx, loaded, table, &scores));
    assert_scores(scores, all, count);
    cm_table_free(scores);
    OK(ctx, cm_options_new(ctx, "rfm", &options));
    OK(ctx, cm_options_set_text(ctx, options, "method", "fixed"));
    OK(ctx, cm_options_set_table(ctx, options, "cuts", cuts));
    OK(ctx, cm_fit(ctx, "rfm", table, options, &fixed));
    OK(ctx, cm_apply(ctx, fixed, table, &scores));
    assert_scores(scores, all, count);
    cm_options_free(options);
    cm_table_free(scores);
    cm_model_free(fixed);
    cm_model_free(loaded);
    remove(path);
}

static void try_method(const char *method, uint64_t seed, int count, uint32_t variety, const int *n) {
    cm_context *ctx = new_context();
    int nested = !strcmp(method, "nested");
    customer *all = random_customers(seed, count, variety);
    cm_table *table = table_of(ctx, all, count), *scores = NULL, *cuts = NULL, *diagnostics = NULL;
    cm_options *options = options_of(ctx, method, n);
    cm_model *model = NULL;
    OK(ctx, cm_fit(ctx, "rfm", table, options, &model));
    OK(ctx, cm_apply(ctx, model, table, &scores));
    OK(ctx, cm_model_table(ctx, model, "cuts", &cuts));
    OK(ctx, cm_model_table(ctx, model, "diagnostics", &diagnostics));
    expect_scores(all, count, n, nested, !strcmp(method, "pyramid"));
    assert_scores(scores, all, count);
    assert_cuts(cuts, all, count, nested);
    assert_diagnostics(cuts, diagnostics);
    assert_same_again(ctx, model, cuts, table, all, count);
    cm_options_free(options);
    cm_model_free(model);
    cm_table_free(diagnostics);
    cm_table_free(cuts);
    cm_table_free(scores);
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}

static const int numbers[][3] = {{5, 5, 5}, {2, 3, 4}, {10, 2, 7}, {3, 10, 10}, {10, 10, 10}};

START_TEST(every_method_equals_its_definition) {
    static const char *const methods[] = {"independent", "nested", "pyramid"};
    for (size_t m = 0; m < 3; m++)
        for (uint32_t variety = 2; variety <= 500; variety = variety * 4 + 1)
            try_method(methods[m], variety + m, 1 + 97 * (int)(variety % 6), variety, numbers[_i]);
}
END_TEST

/* Of many different values only those around the cuts are sorted: their spans are the definition's all the same. */
START_TEST(quantiles_of_widely_spread_values) {
    static const uint32_t varieties[] = {1000, 60000, 40000000};
    for (size_t i = 0; i < sizeof varieties / sizeof *varieties; i++)
        try_method("independent", 77 + i, 2000, varieties[i], numbers[_i]);
}
END_TEST

START_TEST(a_band_of_the_pyramid_brings_its_share) {
    cm_context *ctx = new_context();
    customer all[10] = {{{1, 1, 100}, {0}}, {{1, 1, 100}, {0}}, {{1, 1, 100}, {0}}, {{1, 1, 100}, {0}},
                        {{1, 1, 100}, {0}}, {{1, 1, 100}, {0}}, {{1, 1, 100}, {0}}, {{1, 1, 150}, {0}},
                        {{1, 1, 150}, {0}}, {{1, 1, 3000}, {0}}};
    static const int n[] = {2, 2, 4};
    cm_table *table = table_of(ctx, all, 10), *diagnostics = NULL, *scores = NULL;
    cm_options *options = options_of(ctx, "pyramid", n);
    cm_model *model = NULL;
    OK(ctx, cm_fit(ctx, "rfm", table, options, &model));
    OK(ctx, cm_apply(ctx, model, table, &scores));
    ck_assert_int_eq(INT(scores, 9, "m"), 4); /* brings three quarters alone: nobody is left for 3 and 2 */
    ck_assert_int_eq(INT(scores, 8, "m"), 1);
    OK(ctx, cm_model_table(ctx, model, "diagnostics", &diagnostics));
    ck_assert_str_eq(TEXT(diagnostics, 2, "sentence"),
                     "no customer has monetary score 2 of 4: there are only 3 different values");
    ck_assert_str_eq(TEXT(diagnostics, 0, "sentence"),
                     "no customer has recency score 1 of 2: there are only 1 different values");
    cm_options_free(options);
    cm_model_free(model);
    cm_table_free(diagnostics);
    cm_table_free(scores);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(the_score_is_the_weighted_mean) {
    cm_context *ctx = new_context();
    customer *all = random_customers(9, 300, 100);
    static const int n[] = {3, 5, 5};
    cm_table *table = table_of(ctx, all, 300), *scores = NULL;
    cm_options *options = options_of(ctx, "independent", n);
    cm_model *model = NULL;
    OK(ctx, cm_options_set_double(ctx, options, "recency_weight", 2));
    OK(ctx, cm_options_set_double(ctx, options, "monetary_weight", 0.5));
    OK(ctx, cm_fit(ctx, "rfm", table, options, &model));
    OK(ctx, cm_apply(ctx, model, table, &scores));
    for (uint64_t row = 0; row < 300; row++) {
        double r = 1 + 2 * (double)(INT(scores, row, "r") - 1); /* 1, 2, 3 as 1, 3, 5 */
        double expected = (2 * r + (double)INT(scores, row, "f") + 0.5 * (double)INT(scores, row, "m")) / 3.5;
        ck_assert_double_eq_tol(DOUBLE(scores, row, "score"), expected, 1e-12);
    }
    cm_model_free(model);
    model = NULL;
    OK(ctx, cm_options_set_double(ctx, options, "recency_weight", 0));
    OK(ctx, cm_options_set_double(ctx, options, "frequency_weight", 0));
    OK(ctx, cm_options_set_double(ctx, options, "monetary_weight", 0));
    FAILS(ctx, CM_E_OPTION, "all zero", cm_fit(ctx, "rfm", table, options, &model));
    ck_assert_ptr_null(model);
    cm_options_free(options);
    cm_table_free(scores);
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}
END_TEST

/* ---- cut points that are given ---- */

typedef struct cut {
    const char *dimension;
    int64_t score;
    const char *from, *to, *within; /* NULL: absent */
} cut;

static cm_status fit_fixed(cm_context *ctx, const cm_table *table, const cut *cuts, int count, cm_model **model) {
    cm_builder *builder = NULL;
    cm_table *given = NULL;
    cm_options *options = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "dimension", CM_STRING, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "score", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "from", CM_DECIMAL, 3, 0));
    OK(ctx, cm_builder_column(ctx, builder, "to", CM_FLOAT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "within", CM_STRING, 0, 0));
    for (int i = 0; i < count; i++) {
        OK(ctx, cm_builder_text(ctx, builder, 0, cuts[i].dimension, strlen(cuts[i].dimension)));
        OK(ctx, cm_builder_int(ctx, builder, 1, cuts[i].score));
        if (cuts[i].from) OK(ctx, cm_builder_text(ctx, builder, 2, cuts[i].from, strlen(cuts[i].from)));
        if (cuts[i].to) OK(ctx, cm_builder_text(ctx, builder, 3, cuts[i].to, strlen(cuts[i].to)));
        if (cuts[i].within) OK(ctx, cm_builder_text(ctx, builder, 4, cuts[i].within, strlen(cuts[i].within)));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &given));
    OK(ctx, cm_options_new(ctx, "rfm", &options));
    OK(ctx, cm_options_set_text(ctx, options, "method", "fixed"));
    OK(ctx, cm_options_set_table(ctx, options, "cuts", given));
    cm_status status = cm_fit(ctx, "rfm", table, options, model);
    cm_builder_free(builder);
    cm_table_free(given);
    cm_options_free(options);
    return status;
}

START_TEST(given_cuts_score_as_they_say) {
    static const cut cuts[] = {{"recency", 3, NULL, "30", NULL},   {"recency", 2, NULL, "90", NULL},
                               {"recency", 1, NULL, NULL, NULL},   {"frequency", 2, "3", NULL, NULL},
                               {"frequency", 1, NULL, NULL, NULL}, {"monetary", 2, "100.005", NULL, NULL},
                               {"monetary", 4, "500", NULL, NULL}};
    cm_context *ctx = new_context();
    customer all[5] = {
        {{30, 3, 10000}, {0}}, {{31, 2, 10001}, {0}}, {{90, 4, 49999}, {0}}, {{91, 1, 50000}, {0}}, {{0, 9, -5}, {0}}};
    static const int64_t expected[5][3] = {{3, 2, 1}, {2, 1, 2}, {2, 2, 2}, {1, 1, 4}, {3, 2, 1}};
    cm_table *table = table_of(ctx, all, 5), *scores = NULL, *table_cuts = NULL, *diagnostics = NULL;
    cm_model *model = NULL;
    OK(ctx, fit_fixed(ctx, table, cuts, 7, &model));
    OK(ctx, cm_apply(ctx, model, table, &scores));
    for (uint64_t i = 0; i < 5; i++)
        for (int d = 0; d < 3; d++) ck_assert_int_eq(INT(scores, i, score_names[d]), expected[i][d]);
    OK(ctx, cm_model_table(ctx, model, "cuts", &table_cuts));
    ck_assert_uint_eq(cm_table_rows(table_cuts), 9); /* three, two and four scores */
    ck_assert_int_eq(INT(table_cuts, 2, "customers"), 2);
    ck_assert_int_eq(INT(table_cuts, 2, "to"), 30000);
    OK(ctx, cm_model_table(ctx, model, "diagnostics", &diagnostics));
    ck_assert_uint_eq(cm_table_rows(diagnostics), 1);
    ck_assert_str_eq(TEXT(diagnostics, 0, "sentence"), "no customer has monetary score 3 of 4: no value lies there");
    cm_table_free(diagnostics);
    cm_table_free(table_cuts);
    cm_table_free(scores);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(bad_cuts_are_told) {
    static const struct {
        cut cuts[7];
        const char *words;
    } bad[] = {
        {{{"recency", 2, NULL, "30", NULL}, {"frequency", 2, "2", NULL, NULL}}, "no cut for monetary"},
        {{{"recency", 2, NULL, "30", NULL}, {"frequency", 2, "2", NULL, NULL}, {"monetary", 11, "2", NULL, NULL}},
         "not 11"},
        {{{"age", 2, NULL, "30", NULL}}, "row 1 of the table of cuts: the dimension"},
        {{{"recency", 2, NULL, "30.5", NULL}, {"frequency", 2, "2", NULL, NULL}, {"monetary", 2, "2", NULL, NULL}},
         "to is not a number that fits"},
        {{{"recency", 2, NULL, "30", NULL},
          {"recency", 3, NULL, "30", NULL},
          {"frequency", 2, "2", NULL, NULL},
          {"monetary", 2, "2", NULL, NULL}},
         "recency score 3 does not start"},
        {{{"recency", 2, NULL, "30", NULL},
          {"frequency", 2, "2", NULL, NULL},
          {"frequency", 2, "3", NULL, NULL},
          {"monetary", 2, "2", NULL, NULL}},
         "frequency score 2 twice"},
        {{{"recency", 2, NULL, "30", NULL}, {"frequency", 2, "2", NULL, "2"}, {"monetary", 2, "2", NULL, NULL}},
         "row 3 of the table of cuts: within"},
        {{{"recency", 2, NULL, "30", NULL}, {"frequency", 2, "2", NULL, "7"}, {"monetary", 2, "2", NULL, "22"}},
         "row 2 of the table of cuts: within"},
        {{{"recency", 2, "30", NULL, NULL}, {"frequency", 2, "2", NULL, NULL}, {"monetary", 2, "2", NULL, NULL}},
         "recency score 2 needs to"},
        {{{"recency", 2, NULL, "30", NULL}, {"frequency", 2, "2", NULL, NULL}, {"monetary", 2, "1", "1e300", NULL}},
         "not a number that fits"},
    };
    cm_context *ctx = new_context();
    customer *all = random_customers(1, 20, 20);
    cm_table *table = table_of(ctx, all, 20);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cm_model *model = NULL;
        int count = 0;
        while (count < 7 && bad[i].cuts[count].dimension) count++;
        FAILS(ctx, CM_E_DATA, bad[i].words, fit_fixed(ctx, table, bad[i].cuts, count, &model));
        ck_assert_ptr_null(model);
    }
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}
END_TEST

START_TEST(cuts_and_the_method_go_together) {
    cm_context *ctx = new_context();
    customer *all = random_customers(1, 20, 20);
    cm_table *table = table_of(ctx, all, 20);
    cm_options *options = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_options_new(ctx, "rfm", &options));
    OK(ctx, cm_options_set_table(ctx, options, "cuts", table));
    FAILS(ctx, CM_E_OPTION, "method is not fixed", cm_fit(ctx, "rfm", table, options, &model));
    OK(ctx, cm_options_set_text(ctx, options, "method", "fixed"));
    FAILS(ctx, CM_E_DATA, "lacks columns", cm_fit(ctx, "rfm", table, options, &model));
    OK(ctx, cm_options_set_table(ctx, options, "cuts", NULL));
    FAILS(ctx, CM_E_OPTION, "needs the option cuts", cm_fit(ctx, "rfm", table, options, &model));
    cm_options_free(options);
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}
END_TEST

Suite *test_rfm_methods(void) {
    Suite *suite = suite_create("rfm_methods");
    TCase *tests = tcase_create("rfm_methods");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, every_method_equals_its_definition, 0, sizeof numbers / sizeof *numbers);
    tcase_add_loop_test(tests, quantiles_of_widely_spread_values, 0, sizeof numbers / sizeof *numbers);
    tcase_add_test(tests, a_band_of_the_pyramid_brings_its_share);
    tcase_add_test(tests, the_score_is_the_weighted_mean);
    tcase_add_test(tests, given_cuts_score_as_they_say);
    tcase_add_test(tests, bad_cuts_are_told);
    tcase_add_test(tests, cuts_and_the_method_go_together);
    suite_add_tcase(suite, tests);
    return suite;
}
