/* Churn risk: the likelihood against long double with lgammal, its gradient against differences, the published fit of
 * CDNOW, and what a customer's figures follow from. */
#include <math.h>

#include "model/churn/churn.h"
#include "support.h"

typedef struct person {
    double repeats, last, age;
} person;

static cm_table *table_of(cm_context *ctx, const person *all, int count) {
    static const char *const names[] = {"frequency", "recency", "T"};
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    for (int i = 0; i < 3; i++) OK(ctx, cm_builder_column(ctx, builder, names[i], CM_FLOAT64, 0, 0));
    for (int i = 0; i < count; i++) {
        OK(ctx, cm_builder_double(ctx, builder, 0, all[i].repeats));
        OK(ctx, cm_builder_double(ctx, builder, 1, all[i].last));
        OK(ctx, cm_builder_double(ctx, builder, 2, all[i].age));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static cm_options *options_of(cm_context *ctx, const char *unit) {
    static const char *const names[] = {"frequency", "recency", "T"};
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "churn", &options));
    for (int i = 0; i < 3; i++) OK(ctx, cm_options_add_text(ctx, options, "columns", names[i]));
    OK(ctx, cm_options_set_text(ctx, options, "unit", unit));
    return options;
}

/* Equation (6) of Fader, Hardie and Lee as it stands there, in long double. */
static long double plain_likelihood(const double *p, const cm_history *all, uint64_t count) {
    long double r = p[0], alpha = p[1], a = p[2], b = p[3], sum = 0;
    for (uint64_t i = 0; i < count; i++) {
        long double x = all[i].repeats;
        long double log1 = lgammal(r + x) + r * logl(alpha) - lgammal(r);
        long double log2 = lgammal(a + b) + lgammal(b + x) - lgammal(b) - lgammal(a + b + x);
        long double three = powl(1 / (alpha + all[i].age), r + x);
        long double four = x > 0 ? a / (b + x - 1) * powl(1 / (alpha + all[i].last), r + x) : 0;
        sum += all[i].weight * (log1 + log2 + logl(three + four));
    }
    return sum;
}

static cm_history *random_histories(uint64_t seed, uint64_t count) {
    lcg random = {seed};
    cm_history *all = calloc(count, sizeof *all);
    for (uint64_t i = 0; i < count; i++) {
        all[i].age = 1 + lcg_below(&random, 3000) / 10.0;
        all[i].repeats = lcg_below(&random, 3) ? lcg_below(&random, 30) : 0;
        all[i].last = all[i].repeats ? all[i].age * (1 + lcg_below(&random, 1000)) / 1000 : 0;
        all[i].weight = 1 + lcg_below(&random, 4);
    }
    return all;
}

START_TEST(likelihood_and_gradient) {
    static const double points[][4] = {{0.24, 4.4, 0.79, 2.4}, {1, 1, 1, 1}, {3, 100, 0.01, 50}, {0.05, 0.2, 5, 0.3}};
    cm_context *ctx = new_context();
    cm_history *all = random_histories(5, 5000);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        double value, gradient[4], ignored[4];
        OK(ctx, cm_bg_log_likelihood(ctx, all, 5000, points[i], &value, gradient));
        long double expected = plain_likelihood(points[i], all, 5000);
        ck_assert_msg(fabsl(value - expected) < 1e-11L * fabsl(expected), "%.15g, not %.15Lg", value, expected);
        for (int j = 0; j < 4; j++) {
            double up[4], down[4], high, low, h = points[i][j] * 1e-5;
            memcpy(up, points[i], sizeof up);
            memcpy(down, points[i], sizeof down);
            up[j] += h;
            down[j] -= h;
            OK(ctx, cm_bg_log_likelihood(ctx, all, 5000, up, &high, ignored));
            OK(ctx, cm_bg_log_likelihood(ctx, all, 5000, down, &low, ignored));
            double difference = (high - low) / (2 * h);
            ck_assert_msg(fabs(gradient[j] - difference) < 1e-4 * (1 + fabs(difference)), "%g, not %g", gradient[j],
                          difference);
        }
    }
    free(all);
    cm_context_free(ctx);
}
END_TEST

START_TEST(the_maximum_is_one) {
    cm_context *ctx = new_context();
    cm_history *all = random_histories(8, 3000);
    cm_bg_fit fit;
    double gradient[4], value;
    OK(ctx, cm_bg_maximise(ctx, all, 3000, 500, &fit));
    ck_assert(fit.converged);
    OK(ctx, cm_bg_log_likelihood(ctx, all, 3000, fit.parameters, &value, gradient));
    for (int i = 0; i < 4; i++) {
        ck_assert_msg(fabs(gradient[i] * fit.parameters[i]) < 1e-3, "the slope by parameter %d is %g", i, gradient[i]);
        for (double factor = 0.9; factor < 1.2; factor += 0.2) {
            double other[4], less, ignored[4];
            memcpy(other, fit.parameters, sizeof other);
            other[i] *= factor;
            OK(ctx, cm_bg_log_likelihood(ctx, all, 3000, other, &less, ignored));
            ck_assert(less <= value);
        }
    }
    free(all);
    cm_context_free(ctx);
}
END_TEST

START_TEST(any_number_of_threads_gives_the_same_fit) {
    cm_context *ctx = new_context();
    cm_history *all = random_histories(9, 9000);
    cm_bg_fit fits[3];
    static const int64_t threads[] = {1, 2, 7};
    for (int i = 0; i < 3; i++) {
        set_threads(ctx, threads[i]);
        OK(ctx, cm_bg_maximise(ctx, all, 9000, 100, &fits[i]));
        ck_assert_mem_eq(fits[0].parameters, fits[i].parameters, sizeof fits[0].parameters);
        ck_assert_mem_eq(fits[0].errors, fits[i].errors, sizeof fits[0].errors);
    }
    free(all);
    cm_context_free(ctx);
}
END_TEST

static double parameter(const cm_table *table, const char *name) {
    for (uint64_t row = 0; row < cm_table_rows(table); row++)
        if (!strcmp(TEXT(table, row, "name"), name)) return DOUBLE(table, row, "value");
    ck_abort_msg("no parameter %s", name);
    return 0;
}

static bool has_finding(cm_context *ctx, const cm_model *model, const char *code, double *value) {
    cm_table *table = NULL;
    bool found = false;
    OK(ctx, cm_model_table(ctx, model, "diagnostics", &table));
    for (uint64_t row = 0; row < cm_table_rows(table); row++)
        if (!strcmp(TEXT(table, row, "code"), code)) {
            found = true;
            if (value) *value = DOUBLE(table, row, "value");
        }
    cm_table_free(table);
    return found;
}

/* Fader and Hardie's figures for the CDNOW sample, in weeks; and E[Y(39)] = 1.226 of customer 0001 in their note on
 * its computation. */
START_TEST(cdnow_as_published) {
    char path[256];
    if (!data_path(path, "cdnow/cdnow_customers_summary.csv")) return;
    cm_context *ctx = new_context();
    cm_table *table = NULL, *parameters = NULL, *scores = NULL;
    cm_model *model = NULL;
    cm_options *options = options_of(ctx, "week");
    double value = 0;
    OK(ctx, cm_options_set_int(ctx, options, "horizon", 273)); /* 39 weeks */
    OK(ctx, cm_read_csv(ctx, path, NULL, &table));
    OK(ctx, cm_fit(ctx, "churn", table, options, &model));
    OK(ctx, cm_model_table(ctx, model, "parameters", &parameters));
    static const struct {
        const char *name;
        double value;
    } published[] = {{"r", 0.2425928}, {"alpha", 4.4135296}, {"a", 0.7928866}, {"b", 2.4257547}};
    for (int i = 0; i < 4; i++) {
        double ours = parameter(parameters, published[i].name);
        ck_assert_msg(fabs(ours - published[i].value) < 1e-5 * published[i].value, "%s is %.9g", published[i].name,
                      ours);
    }
    ck_assert(has_finding(ctx, model, "CHURN_LOG_LIKELIHOOD", &value));
    ck_assert_msg(fabs(value + 9582.42556) < 0.000006, "log-likelihood %.9g", value);
    OK(ctx, cm_apply(ctx, model, table, &scores));
    ck_assert_double_eq_tol(DOUBLE(scores, 0, "expected_purchases"), 1.226, 0.0005);
    cm_table_free(table);
    cm_table_free(parameters);
    cm_table_free(scores);
    cm_model_free(model);
    cm_options_free(options);
    cm_context_free(ctx);
}
END_TEST

/* Expected purchases by their definition: the probability of being alive at each moment, summed by simulation. */
START_TEST(expected_purchases_by_simulation) {
    static const double p[4] = {1.3, 9.0, 1.6, 3.0};
    /* a customer just won: no history to condition on */
    cm_history one = {.repeats = 0, .last = 0, .age = 0, .weight = 1};
    lcg random = {77};
    double sum = 0, silent = 0;
    int runs = 60000;
    for (int i = 0; i < runs; i++) {
        /* gamma by sums of exponentials would need a whole shape: rejection by Marsaglia and Tsang instead */
        double d = p[0] - 1.0 / 3, c = 1 / sqrt(9 * d), rate;
        for (;;) {
            double u1 = (lcg_next(&random) + 0.5) / 2147483648.0, u2 = (lcg_next(&random) + 0.5) / 2147483648.0;
            double normal = sqrt(-2 * log(u1)) * cos(6.283185307179586 * u2), v = pow(1 + c * normal, 3);
            double u = (lcg_next(&random) + 0.5) / 2147483648.0;
            if (v > 0 && log(u) < 0.5 * normal * normal + d - d * v + d * log(v)) {
                rate = d * v / p[1];
                break;
            }
        }
        /* beta (a, b) by the ratio of powers (Joehnk 1964) */
        double drop;
        for (;;) {
            double x = pow((lcg_next(&random) + 0.5) / 2147483648.0, 1 / p[2]),
                   y = pow((lcg_next(&random) + 0.5) / 2147483648.0, 1 / p[3]);
            if (x + y <= 1) {
                drop = x / (x + y);
                break;
            }
        }
        double time = 0;
        int bought = 0;
        while ((time -= log((lcg_next(&random) + 0.5) / 2147483648.0) / rate) < 20) {
            bought++;
            if ((lcg_next(&random) + 0.5) / 2147483648.0 < drop) break;
        }
        sum += bought;
        silent += bought == 0;
    }
    cm_outlook next = cm_bg_outlook(p, &one, 20);
    ck_assert_double_eq_tol(next.expected, sum / runs, 0.02);
    ck_assert_double_eq_tol(next.silent, silent / runs, 0.006);
    ck_assert_double_eq(next.alive, 1);
}
END_TEST

START_TEST(risk_follows_from_the_formula_and_survives_a_file) {
    cm_context *ctx = new_context();
    person all[200];
    lcg random = {3};
    for (int i = 0; i < 200; i++) {
        all[i].age = 30 + lcg_below(&random, 300);
        all[i].repeats = lcg_below(&random, 3) ? lcg_below(&random, 12) : 0;
        all[i].last = all[i].repeats > 0 ? floor(all[i].age * (1 + lcg_below(&random, 100)) / 100) : 0;
    }
    char path[256];
    cm_table *table = table_of(ctx, all, 200), *parameters = NULL, *scores = NULL, *again = NULL, *why = NULL;
    cm_model *model = NULL, *loaded = NULL;
    cm_scorer *scorer = NULL;
    cm_options *options = options_of(ctx, "day");
    OK(ctx, cm_fit(ctx, "churn", table, options, &model));
    temp_path(path, "churn.cm");
    OK(ctx, cm_model_save(ctx, model, path));
    OK(ctx, cm_model_load(ctx, path, &loaded));
    remove(path);
    OK(ctx, cm_model_table(ctx, model, "parameters", &parameters));
    OK(ctx, cm_apply(ctx, model, table, &scores));
    OK(ctx, cm_apply(ctx, loaded, table, &again));
    OK(ctx, cm_scorer_new(ctx, loaded, &scorer));
    double r = parameter(parameters, "r"), alpha = parameter(parameters, "alpha"), a = parameter(parameters, "a"),
           b = parameter(parameters, "b");
    for (int i = 0; i < 200; i++) {
        uint64_t row = (uint64_t)i;
        double x = all[i].repeats;
        double odds = x > 0 ? a / (b + x - 1) * pow((alpha + all[i].age) / (alpha + all[i].last), r + x) : 0,
               alive = 1 / (1 + odds);
        double risk = 1 - alive + alive * pow((alpha + all[i].age) / (alpha + all[i].age + 90), r + x);
        ck_assert_double_eq_tol(DOUBLE(scores, row, "p_alive"), alive, 1e-12);
        ck_assert_double_eq_tol(DOUBLE(scores, row, "churn_risk"), risk, 1e-12);
        ck_assert_double_eq(DOUBLE(scores, row, "churn_risk"), DOUBLE(again, row, "churn_risk"));
        ck_assert_str_eq(TEXT(scores, row, "reasons"), TEXT(again, row, "reasons"));
        cm_cell in[3] = {{.type = CM_FLOAT64, .real = x},
                         {.type = CM_FLOAT64, .real = all[i].last},
                         {.type = CM_FLOAT64, .real = all[i].age}},
                out[8];
        OK(ctx, cm_scorer_row(ctx, scorer, in, 3, out, 8));
        ck_assert_double_eq(out[0].real, DOUBLE(scores, row, "churn_risk"));
        ck_assert_uint_eq(out[2].length, strlen(TEXT(scores, row, "reasons")));
    }
    OK(ctx, cm_explain(ctx, loaded, table, &why));
    ck_assert_uint_eq(cm_table_rows(why), 400);
    cm_scorer_free(scorer);
    cm_table_free(table);
    cm_table_free(parameters);
    cm_table_free(scores);
    cm_table_free(again);
    cm_table_free(why);
    cm_model_free(model);
    cm_model_free(loaded);
    cm_options_free(options);
    cm_context_free(ctx);
}
END_TEST

/* ---- data that say little, and data that are wrong ---- */

static cm_model *fit_people(cm_context *ctx, const person *all, int count) {
    cm_table *table = table_of(ctx, all, count);
    cm_options *options = options_of(ctx, "day");
    cm_model *model = NULL;
    OK(ctx, cm_fit(ctx, "churn", table, options, &model));
    cm_options_free(options);
    cm_table_free(table);
    return model;
}

START_TEST(borders_are_said) {
    cm_context *ctx = new_context();
    person once[5] = {{0, 0, 10}, {0, 0, 20}, {0, 0, 30}, {0, 0, 40}, {0, 0, 50}};
    person always[4] = {{9, 100, 100}, {10, 99, 100}, {11, 100, 101}, {8, 98, 99}};
    person single[1] = {{3, 40, 60}};
    cm_model *model = fit_people(ctx, once, 5);
    ck_assert(has_finding(ctx, model, "CHURN_NOBODY_REPEATS", NULL));
    cm_model_free(model);
    model = fit_people(ctx, always, 4);
    ck_assert(has_finding(ctx, model, "CHURN_ALL_REPEAT", NULL));
    ck_assert(has_finding(ctx, model, "CHURN_NO_DROP_OUT", NULL));
    cm_model_free(model);
    cm_model_free(fit_people(ctx, single, 1));
    cm_context_free(ctx);
}
END_TEST

START_TEST(what_is_no_history_is_refused) {
    static const person wrong[] = {{1.5, 3, 9}, {-1, 0, 9}, {2, 10, 9}, {0, 3, 9}, {2, -1, 9}};
    cm_context *ctx = new_context();
    cm_table *table = table_of(ctx, &wrong[_i], 1);
    cm_options *options = options_of(ctx, "day");
    cm_model *model = NULL;
    FAILS(ctx, CM_E_DATA, "row 1", cm_fit(ctx, "churn", table, options, &model));
    ck_assert_ptr_null(model);
    cm_table_free(table);
    table = table_of(ctx, wrong, 0);
    FAILS(ctx, CM_E_DATA, "nothing to fit", cm_fit(ctx, "churn", table, options, &model));
    cm_options_free(options);
    cm_table_free(table);
    table = table_of(ctx, wrong, 1);
    OK(ctx, cm_options_new(ctx, "churn", &options));
    OK(ctx, cm_options_add_text(ctx, options, "columns", "T"));
    FAILS(ctx, CM_E_OPTION, "names three", cm_fit(ctx, "churn", table, options, &model));
    cm_options_free(options);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

Suite *test_churn(void) {
    Suite *suite = suite_create("churn");
    TCase *tests = tcase_create("churn");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, likelihood_and_gradient);
    tcase_add_test(tests, the_maximum_is_one);
    tcase_add_test(tests, cdnow_as_published);
    tcase_add_test(tests, expected_purchases_by_simulation);
    tcase_add_test(tests, risk_follows_from_the_formula_and_survives_a_file);
    tcase_add_test(tests, borders_are_said);
    tcase_add_loop_test(tests, what_is_no_history_is_refused, 0, 5);
    suite_add_tcase(suite, tests);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 60);
    tcase_add_test(threads, any_number_of_threads_gives_the_same_fit);
    suite_add_tcase(suite, threads);
    return suite;
}
