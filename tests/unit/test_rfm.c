/* RFM against its definition, written out plainly: score(v) = 1 + floor(n #{u < v} / N). */
#include "models.h"
#include "rfm_customers.h"

typedef struct customer {
    int64_t recency, invoices, money; /* recency -1: no purchase */
} customer;

static cm_table *table_of(cm_context *ctx, const customer *all, int count, int32_t scale) {
    return rfm_customers(ctx, &all->recency, sizeof *all / sizeof(int64_t), count, scale);
}

static customer *random_customers(uint64_t seed, int count, uint32_t variety) {
    lcg random = {seed};
    customer *all = malloc((size_t)count * sizeof *all);
    for (int i = 0; i < count; i++) {
        all[i].recency = lcg_below(&random, 20) ? (int64_t)lcg_below(&random, variety) : -1;
        all[i].invoices =
            all[i].recency < 0 ? 0 : 1 + (int64_t)(lcg_below(&random, variety) / (1 + lcg_below(&random, 9)));
        all[i].money = (int64_t)lcg_below(&random, variety * 7) - variety;
    }
    return all;
}

static int64_t value_of(const customer *one, int dimension) {
    return dimension == 0 ? -one->recency : dimension == 1 ? one->invoices : one->money;
}

static int64_t expected(const customer *all, int count, int dimension, const customer *one, int64_t n) {
    int64_t below = 0, scored = 0;
    for (int i = 0; i < count; i++) {
        if (all[i].recency < 0) continue;
        scored++;
        below += value_of(&all[i], dimension) < value_of(one, dimension);
    }
    return 1 + n * below / scored;
}

static cm_options *scores_option(cm_context *ctx, int64_t n) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "rfm", &options));
    OK(ctx, cm_options_set_int(ctx, options, "scores", n));
    return options;
}

START_TEST(scores_equal_their_definition) {
    static const char *const names[] = {"r", "f", "m"};
    cm_context *ctx = new_context();
    for (uint32_t variety = 2; variety <= 800; variety = variety * 3 + 1) {
        int count = 1 + 211 * (int)(variety % 5);
        customer *all = random_customers(variety + (uint64_t)_i, count, variety);
        all[0].recency = 0; /* at least one to score */
        cm_table *table = table_of(ctx, all, count, 2), *scores = NULL;
        cm_options *options = scores_option(ctx, _i);
        cm_model *model = NULL;
        OK(ctx, cm_fit(ctx, "rfm", table, options, &model));
        OK(ctx, cm_apply(ctx, model, table, &scores));
        uint64_t row = 0;
        for (int i = 0; i < count; i++) {
            if (all[i].recency < 0) continue;
            for (int d = 0; d < 3; d++)
                ck_assert_int_eq(INT(scores, row, names[d]), expected(all, count, d, &all[i], _i));
            row++;
        }
        ck_assert_uint_eq(cm_table_rows(scores), row);
        cm_table_free(scores);
        cm_model_free(model);
        cm_options_free(options);
        cm_table_free(table);
        free(all);
    }
    cm_context_free(ctx);
}
END_TEST

/* The score of the highest cut not above the value, the cuts being the smallest values that had a score. */
static int64_t by_cuts(const customer *all, int count, int dimension, int64_t value, int64_t n) {
    int64_t best = 1;
    for (int i = 0; i < count; i++) {
        if (all[i].recency < 0) continue;
        int64_t score = expected(all, count, dimension, &all[i], n);
        if (value_of(&all[i], dimension) <= value && score > best) best = score;
    }
    return best;
}

START_TEST(new_values_have_the_score_of_the_highest_cut_not_above) {
    cm_context *ctx = new_context();
    customer *all = random_customers(41, 120, 60), *later = random_customers(42, 300, 90);
    cm_table *table = table_of(ctx, all, 120, 2), *scores = NULL;
    cm_options *options = scores_option(ctx, 4);
    cm_model *model = NULL;
    cm_scorer *scorer = NULL;
    OK(ctx, cm_fit(ctx, "rfm", table, options, &model));
    OK(ctx, cm_scorer_new(ctx, model, &scorer));
    for (int i = 0; i < 300; i++) {
        if (later[i].recency < 0) continue;
        cm_cell in[3] = {{.type = CM_INT64, .integer = later[i].recency},
                         {.type = CM_INT64, .integer = later[i].invoices},
                         {.type = CM_DECIMAL, .scale = 3, .integer = later[i].money * 10}};
        cm_cell out[6];
        OK(ctx, cm_scorer_row(ctx, scorer, in, 3, out, 6));
        for (int d = 0; d < 3; d++) ck_assert_int_eq(out[d].integer, by_cuts(all, 120, d, value_of(&later[i], d), 4));
        ck_assert_uint_eq(out[3].length, 3);
    }
    cm_cell none[3] = {{0}}, out[6];
    FAILS(ctx, CM_E_DATA, "no purchase", cm_scorer_row(ctx, scorer, none, 3, out, 6));
    FAILS(ctx, CM_E_ARGUMENT, "takes 3", cm_scorer_row(ctx, scorer, none, 2, out, 6));
    cm_scorer_free(scorer);
    cm_table_free(scores);
    cm_model_free(model);
    cm_options_free(options);
    cm_table_free(table);
    free(all);
    free(later);
    cm_context_free(ctx);
}
END_TEST

START_TEST(the_scorer_and_the_table_agree_and_survive_a_file) {
    cm_context *ctx = new_context();
    char path[256], again[256];
    customer *all = random_customers(7, 500, 200);
    cm_table *table = table_of(ctx, all, 500, 2), *scores = NULL, *loaded_scores = NULL;
    cm_model *model = NULL, *loaded = NULL;
    OK(ctx, cm_fit(ctx, "rfm", table, NULL, &model));
    temp_path(path, "rfm.cm");
    temp_path(again, "again.cm");
    OK(ctx, cm_model_save(ctx, model, path));
    OK(ctx, cm_model_load(ctx, path, &loaded));
    OK(ctx, cm_model_save(ctx, loaded, again));
    size_t size, other_size;
    char *bytes = read_whole(path, &size), *other = read_whole(again, &other_size);
    ck_assert_uint_eq(size, other_size);
    ck_assert_mem_eq(bytes, other, size);
    OK(ctx, cm_apply(ctx, model, table, &scores));
    OK(ctx, cm_apply(ctx, loaded, table, &loaded_scores));
    cm_model_free(model); /* tables outlive their model */
    ck_assert_str_eq(cm_model_method(loaded), "rfm");
    for (uint64_t row = 0; row < cm_table_rows(scores); row++) {
        ck_assert_str_eq(TEXT(scores, row, "rfm"), TEXT(loaded_scores, row, "rfm"));
        ck_assert_str_eq(TEXT(scores, row, "segment"), TEXT(loaded_scores, row, "segment"));
    }
    free(bytes);
    free(other);
    remove(path);
    remove(again);
    cm_table_free(scores);
    cm_table_free(loaded_scores);
    cm_model_free(loaded);
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}
END_TEST

START_TEST(summaries_add_up) {
    cm_context *ctx = new_context();
    customer *all = random_customers(11, 997, 300);
    cm_table *table = table_of(ctx, all, 997, 2), *segments = NULL, *pyramid = NULL, *cuts = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_fit(ctx, "rfm", table, NULL, &model));
    OK(ctx, cm_model_table(ctx, model, "segments", &segments));
    OK(ctx, cm_model_table(ctx, model, "pyramid", &pyramid));
    OK(ctx, cm_model_table(ctx, model, "cuts", &cuts));
    int64_t customers = 0, money = 0, scored = 0, total = 0, most = INT64_MIN;
    for (int i = 0; i < 997; i++) {
        if (all[i].recency < 0) continue;
        scored++;
        total += all[i].money;
        if (all[i].money > most) most = all[i].money;
    }
    for (uint64_t row = 0; row < cm_table_rows(segments); row++) {
        customers += INT(segments, row, "customers");
        money += INT(segments, row, "money");
    }
    ck_assert_int_eq(customers, scored);
    ck_assert_int_eq(money, total);
    uint64_t last = cm_table_rows(pyramid) - 1;
    ck_assert_double_eq(DOUBLE(pyramid, last, "top_share"), 1);
    ck_assert_int_eq(INT(pyramid, last, "customers"), scored);
    ck_assert_int_eq(INT(pyramid, last, "money"), total);
    ck_assert_int_eq(INT(pyramid, 0, "customers"), (scored + 99) / 100);
    ck_assert_int_le(INT(pyramid, 0, "from_money"), most);
    int64_t by_dimension[3] = {0};
    for (uint64_t row = 0; row < cm_table_rows(cuts); row++) by_dimension[row / 5] += INT(cuts, row, "customers");
    for (int d = 0; d < 3; d++) ck_assert_int_eq(by_dimension[d], scored);
    cm_table_free(segments);
    cm_table_free(pyramid);
    cm_table_free(cuts);
    cm_model_free(model);
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}
END_TEST

/* The same scores and cuts; what is said of all is left out. */
START_TEST(without_a_report_scores_are_the_same) {
    cm_context *ctx = new_context();
    customer *all = random_customers(12, 500, 300);
    cm_table *table = table_of(ctx, all, 500, 2), *none = NULL;
    cm_table *cuts[2] = {NULL, NULL}, *scores[2] = {NULL, NULL};
    for (int report = 0; report < 2; report++) {
        cm_model *model = NULL;
        cm_options *options = NULL;
        OK(ctx, cm_options_new(ctx, "rfm", &options));
        OK(ctx, cm_options_set_int(ctx, options, "report", report));
        OK(ctx, cm_fit(ctx, "rfm", table, options, &model));
        OK(ctx, cm_apply(ctx, model, table, &scores[report]));
        OK(ctx, cm_model_table(ctx, model, "cuts", &cuts[report]));
        if (!report) ck_assert_int_ne(cm_model_table(ctx, model, "segments", &none), CM_OK);
        cm_options_free(options);
        cm_model_free(model);
    }
    char *texts[] = {csv_of(ctx, cuts[0]), csv_of(ctx, cuts[1]), csv_of(ctx, scores[0]), csv_of(ctx, scores[1])};
    ck_assert_str_eq(texts[0], texts[1]);
    ck_assert_str_eq(texts[2], texts[3]);
    for (int i = 0; i < 4; i++) free(texts[i]);
    for (int i = 0; i < 2; i++) cm_table_free(cuts[i]), cm_table_free(scores[i]);
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}
END_TEST

/* ---- a user's own segments ---- */

static cm_table *segment_table(cm_context *ctx, const char *const *names, const int64_t (*ranges)[4], int count) {
    static const char *const columns[] = {"r_from", "r_to", "f_from", "f_to"};
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "segment", CM_STRING, 0, 0));
    for (int i = 0; i < 4; i++) OK(ctx, cm_builder_column(ctx, builder, columns[i], CM_INT64, 0, 0));
    for (int i = 0; i < count; i++) {
        OK(ctx, cm_builder_text(ctx, builder, 0, names[i], strlen(names[i])));
        for (uint64_t j = 0; j < 4; j++)
            if (ranges[i][j]) OK(ctx, cm_builder_int(ctx, builder, j + 1, ranges[i][j]));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static cm_status fit_own_segments(cm_context *ctx, const cm_table *table, cm_table *segments, cm_model **model) {
    cm_options *options = scores_option(ctx, 3);
    OK(ctx, cm_options_set_table(ctx, options, "segments", segments));
    cm_table_free(segments);
    cm_status status = cm_fit(ctx, "rfm", table, options, model);
    cm_options_free(options);
    return status;
}

START_TEST(own_segments_cover_every_cell_once) {
    static const char *const names[] = {"lapsed", "here", "here"};
    static const int64_t good[][4] = {{1, 2, 0, 0}, {3, 3, 1, 1}, {3, 0, 2, 3}};
    static const int64_t hole[][4] = {{1, 2, 0, 0}, {3, 3, 1, 1}};
    static const int64_t twice[][4] = {{1, 3, 0, 0}, {3, 3, 1, 1}};
    static const int64_t beyond[][4] = {{1, 4, 0, 0}};
    cm_context *ctx = new_context();
    customer *all = random_customers(3, 50, 40);
    cm_table *table = table_of(ctx, all, 50, 0), *segments = NULL;
    cm_model *model = NULL;
    OK(ctx, fit_own_segments(ctx, table, segment_table(ctx, names, good, 3), &model));
    OK(ctx, cm_model_table(ctx, model, "segments", &segments));
    ck_assert_uint_eq(cm_table_rows(segments), 2);
    cm_model_free(model);
    cm_table_free(segments);
    FAILS(ctx, CM_E_DATA, "no segment covers r=3 f=2 m=1",
          fit_own_segments(ctx, table, segment_table(ctx, names, hole, 2), &model));
    ck_assert_ptr_null(model);
    FAILS(ctx, CM_E_DATA, "r=3 f=1 m=1 is covered by lapsed and by here",
          fit_own_segments(ctx, table, segment_table(ctx, names, twice, 2), &model));
    FAILS(ctx, CM_E_DATA, "scores run from 1 to 3",
          fit_own_segments(ctx, table, segment_table(ctx, names, beyond, 1), &model));
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}
END_TEST

START_TEST(default_segments_cover_every_number_of_scores) {
    cm_context *ctx = new_context();
    customer *all = random_customers(5, 400, 100);
    cm_table *table = table_of(ctx, all, 400, 0);
    cm_options *options = scores_option(ctx, _i);
    cm_model *model = NULL;
    OK(ctx, cm_fit(ctx, "rfm", table, options, &model));
    cm_options_free(options);
    cm_model_free(model);
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}
END_TEST

START_TEST(reasons_name_the_strongest_first) {
    cm_context *ctx = new_context();
    customer all[5] = {{50, 1, 100}, {40, 2, 200}, {30, 3, 300}, {20, 4, 400}, {10, 5, 250}};
    cm_table *table = table_of(ctx, all, 5, 2), *why = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_fit(ctx, "rfm", table, NULL, &model));
    OK(ctx, cm_explain(ctx, model, table, &why));
    ck_assert_uint_eq(cm_table_rows(why), 15);
    ck_assert_str_eq(TEXT(why, 12, "code"), "RECENCY 10 5 5");
    ck_assert_str_eq(TEXT(why, 12, "sentence"), "last bought 10 days ago: recency score 5 of 5");
    ck_assert_str_eq(TEXT(why, 14, "code"), "MONETARY 2.50 3 5");
    cm_table_free(why);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(nobody_bought_and_missing_columns) {
    cm_context *ctx = new_context();
    customer nobody[2] = {{-1, 0, 0}, {-1, 0, 0}};
    cm_table *table = table_of(ctx, nobody, 2, 2), *less = NULL;
    cm_model *model = NULL;
    const char *const names[] = {"customer", "invoices", "money"};
    FAILS(ctx, CM_E_DATA, "no customer has a purchase", cm_fit(ctx, "rfm", table, NULL, &model));
    OK(ctx, cm_table_select(ctx, table, names, 3, &less));
    FAILS(ctx, CM_E_COLUMN, "needs the column recency_days; there are customer, invoices, money",
          cm_fit(ctx, "rfm", less, NULL, &model));
    FAILS(ctx, CM_E_NOT_FOUND, "no method rmf", cm_fit(ctx, "rmf", table, NULL, &model));
    cm_table_free(less);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* A table whose money is of doubles, one of them odd; the last customer has it. */
static cm_table *money_as_doubles(cm_context *ctx, double odd) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "recency_days", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "invoices", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "money", CM_FLOAT64, 0, 0));
    for (int i = 0; i < 3; i++) {
        for (uint64_t j = 0; j < 3; j++) OK(ctx, cm_builder_int(ctx, builder, j, i + 1));
        OK(ctx, cm_builder_double(ctx, builder, 3, i < 2 ? 1.5 * i : odd));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

/* No customers, one, all alike; money that is no money; a model and a table that do not fit. */
START_TEST(hardly_any_and_odd_customers) {
    static const double odd[] = {1e300, 5e-324, INFINITY};
    static const char *const column[] = {"customer", "recency_days", "invoices"};
    cm_context *ctx = new_context();
    customer one[1] = {{3, 2, 500}}, alike[40];
    for (int i = 0; i < 40; i++) alike[i] = one[0];
    cm_table *none = table_of(ctx, one, 0, 2), *single = table_of(ctx, one, 1, 2), *same = table_of(ctx, alike, 40, 2);
    cm_table *less = NULL, *scores = NULL, *texts = NULL;
    cm_model *model = NULL;
    FAILS(ctx, CM_E_DATA, "no customer has a purchase", cm_fit(ctx, "rfm", none, NULL, &model));
    for (int i = 0; i < 3; i++) {
        cm_table *table = money_as_doubles(ctx, odd[i]);
        FAILS(ctx, CM_E_DATA, "row 3", cm_fit(ctx, "rfm", table, NULL, &model));
        cm_table_free(table);
    }
    for (int i = 0; i < 2; i++) {
        OK(ctx, cm_fit(ctx, "rfm", i ? same : single, NULL, &model));
        OK(ctx, cm_apply(ctx, model, i ? same : single, &scores));
        ck_assert_str_eq(TEXT(scores, i ? 39 : 0, "rfm"), "111");
        cm_table_free(scores);
        if (i == 0) cm_model_free(model);
    }
    OK(ctx, cm_apply(ctx, model, none, &scores));
    ck_assert_uint_eq(cm_table_rows(scores), 0);
    cm_table_free(scores);
    OK(ctx, cm_table_select(ctx, same, column, 3, &less));
    FAILS(ctx, CM_E_COLUMN, "rfm needs the column money; there are customer, recency_days, invoices",
          cm_apply(ctx, model, less, &scores));
    cm_builder *builder = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    for (int i = 1; i < 3; i++) OK(ctx, cm_builder_column(ctx, builder, column[i], CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "money", CM_STRING, 0, 0));
    OK(ctx, cm_builder_finish(ctx, builder, &texts));
    FAILS(ctx, CM_E_COLUMN, "rfm needs the column money as DECIMAL; it is STRING",
          cm_apply(ctx, model, texts, &scores));
    cm_builder_free(builder);
    cm_model_free(model);
    cm_table *tables[] = {none, single, same, less, texts};
    for (int i = 0; i < 5; i++) cm_table_free(tables[i]);
    cm_context_free(ctx);
}
END_TEST

/* The scores of a table, made in columns, and those of the scorer, made row by row, at every scale of the money: the
 * cuts are at scale 2. Extreme values too. */
START_TEST(columns_equal_the_scorer) {
    static const int64_t odd[] = {INT64_MAX, INT64_MIN, 0, -1, 1, INT64_MAX - 1};
    static const char *const names[] = {"r", "f", "m", "rfm", "segment", "score"};
    const int32_t scale = (int32_t[]){0, 1, 2, 3, 9, 18}[_i];
    cm_context *ctx = new_context();
    customer *all = random_customers(5, 600, 90), *later = random_customers(8, 600, 900);
    for (int i = 0; i < 6; i++) {
        later[i] = (customer){i, 1 + i, odd[i] / 1000};
        later[6 + i] = (customer){odd[i] < 0 ? 0 : odd[i], odd[5 - i], i};
    }
    cm_table *table = table_of(ctx, all, 600, 2), *other = table_of(ctx, later, 600, scale), *scores = NULL;
    cm_model *model = NULL;
    cm_scorer *scorer = NULL;
    OK(ctx, cm_fit(ctx, "rfm", table, NULL, &model));
    OK(ctx, cm_apply(ctx, model, other, &scores));
    OK(ctx, cm_scorer_new(ctx, model, &scorer));
    for (uint64_t i = 0, row = 0; i < 600; i++) {
        cm_cell out[6], in[3] = {{.type = CM_INT64, .integer = later[i].recency},
                                 {.type = CM_INT64, .integer = later[i].invoices},
                                 {.type = CM_DECIMAL, .scale = scale, .integer = later[i].money}};
        if (later[i].recency < 0) continue;
        OK(ctx, cm_scorer_row(ctx, scorer, in, 3, out, 6));
        for (int j = 0; j < 3; j++) ck_assert_int_eq(INT(scores, row, names[j]), out[j].integer);
        for (int j = 3; j < 5; j++) ck_assert_str_eq(TEXT(scores, row, names[j]), out[j].text);
        ck_assert(DOUBLE(scores, row, names[5]) == out[5].real);
        ck_assert_int_eq(INT(scores, row, "monetary"), later[i].money);
        row++;
    }
    cm_scorer_free(scorer);
    cm_model_free(model);
    cm_table_free(scores);
    cm_table_free(other);
    cm_table_free(table);
    free(all);
    free(later);
    cm_context_free(ctx);
}
END_TEST

Suite *test_rfm(void) {
    Suite *suite = suite_create("rfm");
    TCase *tests = tcase_create("rfm");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, scores_equal_their_definition, 2, 11);
    tcase_add_test(tests, new_values_have_the_score_of_the_highest_cut_not_above);
    tcase_add_test(tests, the_scorer_and_the_table_agree_and_survive_a_file);
    tcase_add_loop_test(tests, columns_equal_the_scorer, 0, 6);
    tcase_add_test(tests, summaries_add_up);
    tcase_add_test(tests, without_a_report_scores_are_the_same);
    tcase_add_test(tests, own_segments_cover_every_cell_once);
    tcase_add_loop_test(tests, default_segments_cover_every_number_of_scores, 2, 11);
    tcase_add_test(tests, reasons_name_the_strongest_first);
    tcase_add_test(tests, nobody_bought_and_missing_columns);
    tcase_add_test(tests, hardly_any_and_odd_customers);
    suite_add_tcase(suite, tests);
    return suite;
}
