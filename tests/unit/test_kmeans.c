/* k-means against plain definitions: all partitions of small sets, the nearest centre by brute force, population
 * standard deviations, known results of Mall_Customers; and the same bytes for any number of threads. */
#include <math.h>

#include "base/math.h"
#include "io/snapshot.h"
#include "model/kmeans/kmeans.h"
#include "support.h"

#define MOST 8

static const char *const names[MOST] = {"a", "b", "c", "d", "e", "f", "g", "h"};

/* A table of some columns a, b, ..., row by row; NaN is absent. */
static cm_table *table_of(cm_context *ctx, const double *values, uint64_t rows, uint64_t columns) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    for (uint64_t j = 0; j < columns; j++) OK(ctx, cm_builder_column(ctx, builder, names[j], CM_FLOAT64, 0, 0));
    for (uint64_t i = 0; i < rows; i++) {
        for (uint64_t j = 0; j < columns; j++)
            if (!isnan(values[i * columns + j])) OK(ctx, cm_builder_double(ctx, builder, j, values[i * columns + j]));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

/* Options for the first columns, and others as "name", "value", ..., NULL. */
static cm_options *options_of(cm_context *ctx, uint64_t columns, const char *const *more) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "kmeans", &options));
    for (uint64_t j = 0; j < columns; j++) OK(ctx, cm_options_add_text(ctx, options, "columns", names[j]));
    for (; more && *more; more += 2) {
        bool list = !strcmp(*more, "columns") || !strcmp(*more, "log");
        OK(ctx, (list ? cm_options_add_text : cm_options_set_text)(ctx, options, *more, more[1]));
    }
    return options;
}
#define WITH(...) ((const char *const[]){__VA_ARGS__, NULL})

static cm_status fit_with(cm_context *ctx, const cm_table *table, uint64_t columns, const char *const *more,
                          cm_model **out) {
    cm_options *options = options_of(ctx, columns, more);
    cm_status status = cm_fit(ctx, "kmeans", table, options, out);
    cm_options_free(options);
    return status;
}

static cm_table *model_table(cm_context *ctx, const cm_model *model, const char *name) {
    cm_table *table = NULL;
    OK(ctx, cm_model_table(ctx, model, name, &table));
    return table;
}

static double uniform(lcg *random) {
    return lcg_next(random) / 2147483648.0;
}

static double *random_values(uint64_t seed, uint64_t rows, uint64_t columns, uint32_t heaps) {
    lcg random = {seed};
    double *values = malloc((size_t)(rows * columns) * sizeof *values);
    for (uint64_t i = 0; i < rows; i++) {
        uint32_t heap = lcg_below(&random, heaps);
        for (uint64_t j = 0; j < columns; j++)
            values[i * columns + j] = (double)(heap * (j + 3) % 7) * 3 + uniform(&random) + uniform(&random);
    }
    return values;
}

/* Inertia of the chosen start. */
static double inertia_of(cm_context *ctx, const cm_model *model) {
    cm_table *table = model_table(ctx, model, "diagnostics");
    double inertia = -1;
    for (uint64_t row = 0; row < cm_table_rows(table); row++)
        if (INT(table, row, "chosen")) inertia = DOUBLE(table, row, "inertia");
    cm_table_free(table);
    return inertia;
}

/* ---- own log1p and expm1 ---- */

static void within_one_unit(double x, double got, double wanted, const char *what) {
    if (isinf(wanted))
        ck_assert_double_eq(got, wanted);
    else if (got != wanted && nextafter(got, wanted) != wanted)
        ck_abort_msg("%s(%a): %a, libm has %a", what, x, got, wanted);
}

START_TEST(logarithm_and_exponential_are_those_of_libm) {
    lcg random = {17};
    for (int i = 0; i < 400000; i++) {
        double size = exp2(uniform(&random) * 120 - 60), x = i % 3 ? size : uniform(&random) * 3 - 0.999;
        within_one_unit(x, cm_log1p(x), log1p(x), "log1p");
        x = i % 3 ? uniform(&random) * 1400 - 690 : uniform(&random) * 8 - 4;
        within_one_unit(x, cm_expm1(x), expm1(x), "expm1");
    }
    for (int64_t i = 0; i < 100000; i++) within_one_unit((double)i, cm_log1p((double)i), log1p((double)i), "log1p");
    static const double ends[] = {0.0, -0.0, 5e-324, 1e-300, 1e308, 709.78, 709.79, -745, -1e300};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        if (ends[i] > -1) within_one_unit(ends[i], cm_log1p(ends[i]), log1p(ends[i]), "log1p");
        within_one_unit(ends[i], cm_expm1(ends[i]), expm1(ends[i]), "expm1");
    }
    ck_assert(isnan(cm_log1p(-1.5)) && isnan(cm_log1p((double)NAN)) && isnan(cm_expm1((double)NAN)));
    ck_assert_double_eq(cm_log1p(-1), -(double)INFINITY);
    ck_assert_double_eq(cm_log1p((double)INFINITY), (double)INFINITY);
    ck_assert_double_eq(cm_expm1(-(double)INFINITY), -1);
    ck_assert(signbit(cm_log1p(-0.0)) && signbit(cm_expm1(-0.0)));
}
END_TEST

/* ---- the optimum ---- */

static double inertia_of_partition(const double *values, uint64_t rows, uint64_t columns, const int *part, int k) {
    double total = 0;
    for (int segment = 0; segment < k; segment++)
        for (uint64_t j = 0; j < columns; j++) {
            double sum = 0, squares = 0;
            int count = 0;
            for (uint64_t i = 0; i < rows; i++)
                if (part[i] == segment) sum += values[i * columns + j], count++;
            for (uint64_t i = 0; i < rows && count; i++)
                if (part[i] == segment) squares += pow(values[i * columns + j] - sum / count, 2);
            total += squares;
        }
    return total;
}

static double least_inertia(const double *values, uint64_t rows, uint64_t columns, int k) {
    double least = INFINITY;
    int part[16] = {0};
    for (;;) {
        double inertia = inertia_of_partition(values, rows, columns, part, k);
        if (inertia < least) least = inertia;
        uint64_t i = 0;
        while (i < rows && ++part[i] == k) part[i++] = 0;
        if (i == rows) return least;
    }
}

START_TEST(many_starts_find_the_best_partition) {
    cm_context *ctx = new_context();
    for (uint64_t rows = 3; rows <= 9; rows++)
        for (int k = 1; k <= 3; k++) {
            uint64_t columns = 1 + (rows + (uint64_t)k) % 2;
            double *values = random_values(rows * 31 + (uint64_t)k, rows, columns, 1 + (uint32_t)rows / 2);
            cm_table *table = table_of(ctx, values, rows, columns);
            cm_model *model = NULL;
            char number[16];
            snprintf(number, sizeof number, "%d", k);
            OK(ctx, fit_with(ctx, table, columns, WITH("k", number, "starts", "60", "tolerance", "0"), &model));
            ck_assert_double_eq_tol(inertia_of(ctx, model), least_inertia(values, rows, columns, k), 1e-9);
            cm_model_free(model);
            cm_table_free(table);
            free(values);
        }
    cm_context_free(ctx);
}
END_TEST

START_TEST(no_iteration_makes_it_worse) {
    cm_context *ctx = new_context();
    double *values = random_values(5, 3000, 3, 40), before = INFINITY;
    cm_table *table = table_of(ctx, values, 3000, 3);
    for (int most = 1; most <= 60; most++) {
        cm_model *model = NULL;
        char number[16];
        snprintf(number, sizeof number, "%d", most);
        OK(ctx,
           fit_with(ctx, table, 3, WITH("k", "12", "starts", "1", "tolerance", "0", "iterations", number), &model));
        cm_table *diagnostics = model_table(ctx, model, "diagnostics");
        double inertia = DOUBLE(diagnostics, 0, "inertia");
        ck_assert_msg(inertia <= before, "%d iterations: %.17g after %.17g", most, inertia, before);
        before = inertia;
        const char *stop = TEXT(diagnostics, 0, "stopped_by");
        if (strcmp(stop, "unchanged") != 0) {
            ck_assert_str_eq(stop, "iterations");
            ck_assert_int_eq(INT(diagnostics, 0, "iterations"), most);
        } else {
            ck_assert_int_le(INT(diagnostics, 0, "iterations"), most);
        }
        cm_table_free(diagnostics);
        cm_model_free(model);
    }
    cm_model *model = NULL;
    OK(ctx, fit_with(ctx, table, 3, WITH("k", "12", "starts", "1", "tolerance", "0.5"), &model));
    cm_table *diagnostics = model_table(ctx, model, "diagnostics");
    ck_assert_str_eq(TEXT(diagnostics, 0, "stopped_by"), "tolerance");
    cm_table_free(diagnostics);
    cm_model_free(model);
    cm_table_free(table);
    free(values);
    cm_context_free(ctx);
}
END_TEST

/* ---- labels, files, scorer ---- */

/* The nearest of the centres in the tables, by brute force. */
static int64_t nearest(const cm_table *scaling, const cm_table *centres, const double *row, uint64_t columns,
                       double *distance) {
    int64_t best = 0;
    *distance = INFINITY;
    for (uint64_t i = 0; i < cm_table_rows(centres); i++) {
        double sum = 0;
        for (uint64_t j = 0; j < columns; j++) {
            double value = row[j];
            if (INT(scaling, j, "log")) value = value < 0 ? -cm_log1p(-value) : cm_log1p(value);
            double step =
                (value - DOUBLE(scaling, j, "centre")) / DOUBLE(scaling, j, "scale") - DOUBLE(centres, i, names[j]);
            sum += step * step;
        }
        if (sum < *distance) best = INT(centres, i, "segment"), *distance = sum;
    }
    *distance = sqrt(*distance);
    return best;
}

START_TEST(labels_are_the_nearest_centre_everywhere) {
    cm_context *ctx = new_context();
    char path[256], again[256];
    double *values = random_values(9, 1500, 4, 9), distance;
    for (int i = 0; i < 6000; i += 7) values[i] = -values[i] * 10;
    cm_table *table = table_of(ctx, values, 1500, 4), *scores = NULL, *loaded_scores = NULL;
    cm_model *model = NULL, *loaded = NULL;
    cm_scorer *scorer = NULL;
    OK(ctx, fit_with(ctx, table, 4,
                     WITH("k", "7", "scale",
                          _i == 0   ? "standard"
                          : _i == 1 ? "robust"
                                    : "minmax",
                          "log", "a", "log", "c"),
                     &model));
    temp_path(path, "kmeans.cm");
    temp_path(again, "kmeans-again.cm");
    OK(ctx, cm_model_save(ctx, model, path));
    OK(ctx, cm_model_load(ctx, path, &loaded));
    OK(ctx, cm_model_save(ctx, loaded, again));
    size_t size, other_size;
    char *bytes = read_whole(path, &size), *other = read_whole(again, &other_size);
    ck_assert_uint_eq(size, other_size);
    ck_assert_mem_eq(bytes, other, size);
    OK(ctx, cm_apply(ctx, model, table, &scores));
    OK(ctx, cm_apply(ctx, loaded, table, &loaded_scores));
    OK(ctx, cm_scorer_new(ctx, loaded, &scorer));
    cm_table *scaling = model_table(ctx, model, "scaling"), *centres = model_table(ctx, model, "scaled_centroids");
    cm_table *segments = model_table(ctx, model, "segments");
    int64_t counts[8] = {0};
    double inertia = 0;
    ck_assert_uint_eq(cm_table_rows(scores), 1500);
    for (uint64_t row = 0; row < 1500; row++) {
        cm_cell in[4], out[3];
        int64_t segment = nearest(scaling, centres, values + row * 4, 4, &distance);
        ck_assert_int_eq(INT(scores, row, "segment"), segment);
        ck_assert_double_eq(DOUBLE(scores, row, "distance"), distance);
        ck_assert_int_eq(INT(loaded_scores, row, "segment"), segment);
        for (int j = 0; j < 4; j++) in[j] = (cm_cell){.type = CM_FLOAT64, .real = values[row * 4 + (uint64_t)j]};
        OK(ctx, cm_scorer_row(ctx, scorer, in, 4, out, 3));
        ck_assert_int_eq(out[0].integer, segment);
        ck_assert_double_eq(out[1].real, distance);
        counts[segment]++;
        inertia += distance * distance;
    }
    ck_assert_double_eq_tol(inertia, inertia_of(ctx, model), 1e-9 * inertia);
    for (uint64_t i = 0; i < 7; i++) {
        ck_assert_int_eq(INT(segments, i, "customers"), counts[i + 1]);
        ck_assert_double_eq(DOUBLE(segments, i, "share"), (double)counts[i + 1] / 1500);
        if (i) ck_assert_int_ge(counts[i], counts[i + 1]);
    }
    cm_cell none[4] = {{0}}, out[3];
    OK(ctx, cm_scorer_row(ctx, scorer, none, 4, out, 3));
    ck_assert_int_eq(out[0].type, 0);
    free(bytes);
    free(other);
    remove(path);
    remove(again);
    cm_scorer_free(scorer);
    cm_table *tables[] = {scaling, centres, segments, scores, loaded_scores, table};
    for (int i = 0; i < 6; i++) cm_table_free(tables[i]);
    cm_model_free(model);
    cm_model_free(loaded);
    free(values);
    cm_context_free(ctx);
}
END_TEST

static char *saved_with_threads(const cm_table *table, int64_t threads, const char *k, const char *starts,
                                size_t *size) {
    cm_context *ctx = new_context();
    cm_model *model = NULL;
    char path[256];
    set_threads(ctx, threads);
    temp_path(path, "kmeans-threads.cm");
    OK(ctx, fit_with(ctx, table, 3,
                     WITH("k", k, "k_range", "3:5", "starts", starts, "scale", "robust", "missing", "median",
                          "iterations", "12"),
                     &model));
    OK(ctx, cm_model_save(ctx, model, path));
    char *bytes = read_whole(path, size);
    remove(path);
    cm_model_free(model);
    cm_context_free(ctx);
    return bytes;
}

START_TEST(threads_change_no_byte) {
    static const uint64_t sizes[] = {100, 5000, 80003};
    cm_context *ctx = new_context();
    uint64_t rows = sizes[_i];
    double *values = random_values(21, rows, 3, 6);
    for (uint64_t i = 0; i < rows * 3; i += 101) values[i] = NAN;
    cm_table *table = table_of(ctx, values, rows, 3);
    size_t size, other_size;
    char *bytes = saved_with_threads(table, 1, _i == 1 ? "auto" : "6", _i == 2 ? "2" : "5", &size);
    for (int64_t threads = 2; threads <= 7; threads += 5) {
        char *other = saved_with_threads(table, threads, _i == 1 ? "auto" : "6", _i == 2 ? "2" : "5", &other_size);
        ck_assert_uint_eq(size, other_size);
        ck_assert_mem_eq(bytes, other, size);
        free(other);
    }
    free(bytes);
    free(values);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- scaling ---- */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quartile(const double *sorted, int count, double share) {
    double place = share * (count - 1);
    int below = (int)place;
    return below + 1 < count ? sorted[below] + (place - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
}

START_TEST(scaling_is_as_defined) {
    static const char *const kinds[] = {"none", "standard", "robust", "minmax"};
    cm_context *ctx = new_context();
    double *values = random_values(77, 501, 1, 5), logs[501], sum = 0, squares = 0;
    for (int i = 0; i < 501; i++) {
        values[i] = values[i] * 20 - 60;
        logs[i] = values[i] < 0 ? -log1p(-values[i]) : log1p(values[i]);
        sum += logs[i];
    }
    for (int i = 0; i < 501; i++) squares += pow(logs[i] - sum / 501, 2);
    qsort(logs, 501, sizeof *logs, compare_doubles);
    const double centres[] = {0, sum / 501, logs[250], logs[0]};
    const double scales[] = {1, sqrt(squares / 501), quartile(logs, 501, 0.75) - quartile(logs, 501, 0.25),
                             logs[500] - logs[0]};
    cm_table *table = table_of(ctx, values, 501, 1);
    cm_model *model = NULL;
    OK(ctx, fit_with(ctx, table, 1, WITH("k", "4", "scale", kinds[_i], "log", "a"), &model));
    cm_table *scaling = model_table(ctx, model, "scaling"), *scaled = model_table(ctx, model, "scaled_centroids");
    cm_table *centroids = model_table(ctx, model, "centroids");
    ck_assert_double_eq_tol(DOUBLE(scaling, 0, "centre"), centres[_i], 1e-12);
    ck_assert_double_eq_tol(DOUBLE(scaling, 0, "scale"), scales[_i], 1e-12);
    ck_assert(ABSENT(scaling, 0, "median"));
    for (uint64_t i = 0; i < 4; i++) {
        double own = DOUBLE(scaled, i, "a") * scales[_i] + centres[_i];
        ck_assert_double_eq_tol(DOUBLE(centroids, i, "a"), own < 0 ? -expm1(-own) : expm1(own), 1e-9);
    }
    cm_table_free(scaling);
    cm_table_free(scaled);
    cm_table_free(centroids);
    cm_model_free(model);
    cm_table_free(table);
    free(values);
    cm_context_free(ctx);
}
END_TEST

START_TEST(constant_columns_are_not_divided) {
    cm_context *ctx = new_context();
    const double values[] = {0.1, 1, 0.1, 2, 0.1, 7, 0.1, 8};
    cm_table *table = table_of(ctx, values, 4, 2);
    cm_model *model = NULL;
    OK(ctx, fit_with(ctx, table, 2, WITH("k", "2", "scale", "standard"), &model));
    cm_table *scaling = model_table(ctx, model, "scaling"), *diagnostics = model_table(ctx, model, "diagnostics");
    ck_assert_double_eq(DOUBLE(scaling, 0, "centre"), 0.1);
    ck_assert_double_eq(DOUBLE(scaling, 0, "scale"), 1);
    int said = 0;
    for (uint64_t row = 0; row < cm_table_rows(diagnostics); row++)
        if (INT(diagnostics, row, "chosen"))
            said += !strcmp(TEXT(diagnostics, row, "note"), "not divided, as it does not vary: a");
    ck_assert_int_eq(said, 1);
    cm_table_free(scaling);
    cm_table_free(diagnostics);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- rows without a value ---- */

START_TEST(missing_values_fail_are_skipped_or_become_the_median) {
    cm_context *ctx = new_context();
    const double values[] = {1, 1, 2, NAN, 2, 2, NAN, 9, 10, 10, 11, 12, 30, 4},
                 whole[] = {1, 1, 2, 2, 10, 10, 11, 12, 30, 4};
    cm_table *table = table_of(ctx, values, 7, 2), *complete = table_of(ctx, whole, 5, 2), *scores = NULL;
    cm_model *model = NULL, *same = NULL;
    FAILS(ctx, CM_E_DATA, "row 2 has no value in column b",
          fit_with(ctx, table, 2, WITH("k", "2", "missing", "fail"), &model));
    OK(ctx, fit_with(ctx, table, 2, WITH("k", "2"), &model));
    OK(ctx, fit_with(ctx, complete, 2, WITH("k", "2", "missing", "fail"), &same));
    cm_table *centres = model_table(ctx, model, "scaled_centroids"),
             *others = model_table(ctx, same, "scaled_centroids");
    for (uint64_t i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) ck_assert_double_eq(DOUBLE(centres, i, names[j]), DOUBLE(others, i, names[j]));
    FAILS(ctx, CM_E_DATA, "row 2 has no value in column b", cm_apply(ctx, same, table, &scores));
    OK(ctx, cm_apply(ctx, model, table, &scores));
    uint64_t assigned = 0;
    for (uint64_t row = 0; row < cm_table_rows(scores); row++) {
        int64_t number = INT(scores, row, "row");
        ck_assert_int_eq(ABSENT(scores, row, "segment") != 0, number == 2 || number == 4);
        assigned += !ABSENT(scores, row, "segment");
    }
    ck_assert_uint_eq(assigned, 5);
    cm_table_free(scores);
    cm_table_free(centres);
    cm_table_free(others);
    cm_model_free(model);
    cm_model_free(same);
    OK(ctx, fit_with(ctx, table, 2, WITH("k", "2", "missing", "median"), &model));
    cm_table *scaling = model_table(ctx, model, "scaling");
    ck_assert_double_eq(DOUBLE(scaling, 0, "median"), 6);
    ck_assert_double_eq(DOUBLE(scaling, 1, "median"), 6.5);
    OK(ctx, cm_apply(ctx, model, table, &scores));
    ck_assert_uint_eq(cm_table_rows(scores), 7);
    for (uint64_t row = 0; row < 7; row++) ck_assert(!ABSENT(scores, row, "segment"));
    cm_table_free(scaling);
    cm_table_free(scores);
    cm_model_free(model);
    cm_table_free(table);
    cm_table_free(complete);
    cm_context_free(ctx);
}
END_TEST

/* ---- what cannot be, and what hardly can ---- */

START_TEST(bad_input_is_named) {
    cm_context *ctx = new_context();
    const double values[] = {1, 2, 3, 4, 1, 2, 3, 4}, infinite[] = {1, 2, 3, INFINITY}, large[] = {1, 2, 1e200, 3};
    const double nothing[] = {NAN, 1, NAN, 2};
    cm_table *table = table_of(ctx, values, 4, 2), *bad = table_of(ctx, infinite, 2, 2),
             *huge = table_of(ctx, large, 2, 2);
    cm_table *empty = table_of(ctx, values, 0, 2), *lacking = table_of(ctx, nothing, 2, 2), *scores = NULL;
    cm_model *model = NULL;
    FAILS(ctx, CM_E_DATA, "3 segments need as many rows that differ; there are 2",
          fit_with(ctx, table, 2, WITH("k", "3"), &model));
    FAILS(ctx, CM_E_DATA, "row 2 is infinite in column b", fit_with(ctx, bad, 2, WITH("k", "1"), &model));
    FAILS(ctx, CM_E_DATA, "row 2: column a is too large", fit_with(ctx, huge, 2, WITH("k", "1"), &model));
    FAILS(ctx, CM_E_DATA, "nothing to segment", fit_with(ctx, empty, 2, WITH("k", "1"), &model));
    FAILS(ctx, CM_E_DATA, "nothing to segment", fit_with(ctx, lacking, 2, WITH("k", "1"), &model));
    FAILS(ctx, CM_E_DATA, "column a has no value at all",
          fit_with(ctx, lacking, 2, WITH("k", "1", "missing", "median"), &model));
    FAILS(ctx, CM_E_OPTION, "from 1 to 10000, or auto, not 0", fit_with(ctx, table, 2, WITH("k", "0"), &model));
    FAILS(ctx, CM_E_OPTION, "or auto, not many", fit_with(ctx, table, 2, WITH("k", "many"), &model));
    FAILS(ctx, CM_E_OPTION, "such as 3:8, not 1:8", fit_with(ctx, table, 2, WITH("k_range", "1:8"), &model));
    FAILS(ctx, CM_E_OPTION, "such as 3:8, not 8", fit_with(ctx, table, 2, WITH("k_range", "8"), &model));
    FAILS(ctx, CM_E_OPTION, "log names z", fit_with(ctx, table, 2, WITH("log", "z"), &model));
    FAILS(ctx, CM_E_OPTION, "columns names a twice", fit_with(ctx, table, 2, WITH("columns", "a"), &model));
    FAILS(ctx, CM_E_COLUMN, "needs the column z; there are a, b",
          fit_with(ctx, table, 2, WITH("columns", "z"), &model));
    FAILS(ctx, CM_E_DATA, "3 segments need", fit_with(ctx, table, 2, WITH("k", "auto"), &model));
    ck_assert_ptr_null(model);
    OK(ctx, fit_with(ctx, huge, 2, WITH("k", "2", "log", "a"), &model));
    cm_model_free(model);
    OK(ctx, fit_with(ctx, table, 2, WITH("k", "2"), &model));
    FAILS(ctx, CM_E_DATA, "row 2 is infinite in column b", cm_apply(ctx, model, bad, &scores));
    cm_model_free(model);
    cm_table *tables[] = {table, bad, huge, empty, lacking};
    for (int i = 0; i < 5; i++) cm_table_free(tables[i]);
    cm_context_free(ctx);
}
END_TEST

/* A model applied to a table without one of its columns, or with text in its place. */
START_TEST(tables_that_do_not_fit_the_model) {
    cm_context *ctx = new_context();
    const double values[] = {1, 2, 3, 4, 1, 2, 3, 5};
    cm_table *table = table_of(ctx, values, 4, 2), *less = NULL, *texts = NULL, *scores = NULL;
    cm_builder *builder = NULL;
    cm_model *model = NULL;
    OK(ctx, fit_with(ctx, table, 2, WITH("k", "2"), &model));
    OK(ctx, cm_table_select(ctx, table, names, 1, &less));
    OK(ctx, cm_builder_new(ctx, &builder));
    for (uint64_t j = 0; j < 2; j++) OK(ctx, cm_builder_column(ctx, builder, names[j], CM_STRING, 0, 0));
    OK(ctx, cm_builder_finish(ctx, builder, &texts));
    FAILS(ctx, CM_E_COLUMN, "kmeans needs the column b; there are a", cm_apply(ctx, model, less, &scores));
    FAILS(ctx, CM_E_COLUMN, "kmeans needs the column a as FLOAT64; it is STRING", cm_apply(ctx, model, texts, &scores));
    ck_assert_ptr_null(scores);
    cm_builder_free(builder);
    cm_model_free(model);
    cm_table_free(texts);
    cm_table_free(less);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* Values that drown all others leave no trace in the centre that they were near to on the way: the centres are the
 * means of their rows. */
START_TEST(centres_are_means_whatever_left_them) {
    enum { ROWS = 4000, K = 6 };
    cm_context *ctx = new_context();
    double *values = random_values(21, ROWS, 2, 9), sums[K][2] = {{0}}, counts[K] = {0};
    for (int i = 0; i < 3; i++) values[(i * 1000 + 17) * 2] = 1e13 * (i + 1);
    cm_table *table = table_of(ctx, values, ROWS, 2), *scores = NULL;
    cm_model *model = NULL;
    OK(ctx, fit_with(ctx, table, 2, WITH("k", "6", "init", "random", "starts", "5", "tolerance", "0"), &model));
    OK(ctx, cm_apply(ctx, model, table, &scores));
    cm_table *centres = model_table(ctx, model, "scaled_centroids");
    for (uint64_t row = 0; row < ROWS; row++) {
        int64_t segment = INT(scores, row, "segment") - 1;
        counts[segment]++;
        for (int j = 0; j < 2; j++) sums[segment][j] += values[row * 2 + (uint64_t)j];
    }
    for (uint64_t i = 0; i < K; i++)
        for (int j = 0; j < 2; j++) {
            double mean = sums[i][j] / counts[i];
            ck_assert_double_eq_tol(DOUBLE(centres, i, names[j]), mean, 1e-12 * fabs(mean));
        }
    cm_table_free(centres);
    cm_table_free(scores);
    cm_model_free(model);
    cm_table_free(table);
    free(values);
    cm_context_free(ctx);
}
END_TEST

START_TEST(few_rows_and_equal_rows) {
    cm_context *ctx = new_context();
    const double values[] = {5, 5, 5, 5, 1, 2, 9};
    static const struct {
        uint64_t first, rows;
        const char *k;
        double inertia;
    } cases[] = {{0, 1, "1", 0}, {0, 4, "1", 0}, {4, 3, "3", 0}, {4, 3, "1", 38}, {0, 7, "4", 0}, {3, 3, "2", 0.5}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int scale = 0; scale < 2; scale++) {
            cm_table *table = table_of(ctx, values + cases[i].first, cases[i].rows, 1), *scores = NULL;
            cm_model *model = NULL;
            OK(ctx, fit_with(ctx, table, 1, WITH("k", cases[i].k, "scale", scale ? "standard" : "none"), &model));
            if (!scale) ck_assert_double_eq(inertia_of(ctx, model), cases[i].inertia);
            OK(ctx, cm_apply(ctx, model, table, &scores));
            ck_assert_uint_eq(cm_table_rows(scores), cases[i].rows);
            cm_table_free(scores);
            cm_table *segments = model_table(ctx, model, "segments");
            ck_assert_uint_eq(cm_table_rows(segments), (uint64_t)atoi(cases[i].k));
            for (uint64_t row = 0; row < cm_table_rows(segments); row++)
                ck_assert_int_gt(INT(segments, row, "customers"), 0);
            cm_table_free(segments);
            cm_model_free(model);
            cm_table_free(table);
        }
    cm_table *same = table_of(ctx, values, 4, 1);
    cm_model *model = NULL;
    FAILS(ctx, CM_E_DATA, "2 segments need as many rows that differ; there are 1",
          fit_with(ctx, same, 1, WITH("k", "2"), &model));
    cm_table_free(same);
    cm_context_free(ctx);
}
END_TEST

/* Centres that nobody is near to: each gets the farthest row in turn. */
START_TEST(a_centre_without_rows_takes_the_farthest) {
    cm_context *ctx = new_context();
    double values[8] = {0, 1, 2, 3, 10, 11, 50, 90}, centres[4] = {1, 1000, 2000, 3000};
    const double *block = values;
    cm_kmeans_points points = {.rows = 8, .columns = 1, .blocks = 1, .values = &block};
    cm_kmeans_run run;
    OK(ctx, cm_kmeans_open_run(ctx, &points, 4, centres, &run));
    OK(ctx, cm_kmeans_iterate(ctx, &run, 1, 0, false));
    ck_assert_double_eq(centres[1], 90);
    ck_assert_double_eq(centres[2], 50);
    ck_assert_double_eq(centres[3], 11);
    ck_assert_double_eq(centres[0], 16.0 / 5);
    OK(ctx, cm_kmeans_iterate(ctx, &run, 100, 0, false));
    ck_assert_double_eq(run.inertia, 5.5);
    for (int i = 0; i < 4; i++) ck_assert_uint_gt(run.counts[i], 0);
    cm_kmeans_close_run(ctx->core, &run);
    cm_context_free(ctx);
}
END_TEST

/* Rows as near to two centres go to the lower one, in fitting as in scoring. */
START_TEST(ties_go_to_the_lower_segment) {
    cm_context *ctx = new_context();
    const double values[] = {-2, -1, -1, 0, 1, 1, 2};
    cm_table *table = table_of(ctx, values, 7, 1), *scores = NULL;
    cm_model *model = NULL;
    OK(ctx, fit_with(ctx, table, 1, WITH("k", "2", "iterations", "1"), &model));
    OK(ctx, cm_apply(ctx, model, table, &scores));
    cm_table *segments = model_table(ctx, model, "segments"), *centres = model_table(ctx, model, "scaled_centroids");
    int64_t counts[3] = {0};
    for (uint64_t row = 0; row < 7; row++) counts[INT(scores, row, "segment")]++;
    for (uint64_t i = 0; i < 2; i++) ck_assert_int_eq(INT(segments, i, "customers"), counts[i + 1]);
    ck_assert_int_ge(counts[1], counts[2]);
    cm_table_free(segments);
    cm_table_free(centres);
    cm_table_free(scores);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- choosing k ---- */

static double silhouette_of(const double *x, const int64_t *labels, int rows, int k) {
    double sum = 0;
    for (int i = 0; i < rows; i++) {
        double distances[16] = {0}, a = 0, b = INFINITY;
        int counts[16] = {0};
        for (int j = 0; j < rows; j++) {
            distances[labels[j]] += hypot(x[2 * i] - x[2 * j], x[2 * i + 1] - x[2 * j + 1]);
            counts[labels[j]]++;
        }
        if (counts[labels[i]] == 1) continue;
        a = distances[labels[i]] / (counts[labels[i]] - 1);
        for (int s = 1; s <= k; s++)
            if (s != labels[i] && counts[s]) b = fmin(b, distances[s] / counts[s]);
        sum += (b - a) / fmax(a, b);
    }
    return sum / rows;
}

START_TEST(auto_takes_the_best_silhouette) {
    cm_context *ctx = new_context();
    double *values = random_values(3, 400, 2, 5);
    cm_table *table = table_of(ctx, values, 400, 2), *scores = NULL;
    cm_model *model = NULL;
    OK(ctx, fit_with(ctx, table, 2, WITH("k", "auto", "k_range", "2:9"), &model));
    cm_table *diagnostics = model_table(ctx, model, "diagnostics"), *centroids = model_table(ctx, model, "centroids");
    double best = -2, chosen = -3;
    uint64_t measured = 0, chosen_count = 0;
    ck_assert_uint_eq(cm_table_rows(diagnostics), 80);
    for (uint64_t row = 0; row < 80; row++) {
        if (ABSENT(diagnostics, row, "silhouette")) continue;
        measured++;
        best = fmax(best, DOUBLE(diagnostics, row, "silhouette"));
        if (!INT(diagnostics, row, "chosen")) continue;
        chosen_count++;
        chosen = DOUBLE(diagnostics, row, "silhouette");
        ck_assert_int_eq(INT(diagnostics, row, "k"), (int64_t)cm_table_rows(centroids));
    }
    ck_assert_uint_eq(measured, 8);
    ck_assert_uint_eq(chosen_count, 1);
    ck_assert_double_eq(chosen, best);
    int64_t labels[400];
    OK(ctx, cm_apply(ctx, model, table, &scores));
    for (uint64_t row = 0; row < 400; row++) labels[row] = INT(scores, row, "segment");
    ck_assert_double_eq_tol(chosen, silhouette_of(values, labels, 400, (int)cm_table_rows(centroids)), 1e-9);
    cm_table_free(diagnostics);
    cm_table_free(centroids);
    cm_table_free(scores);
    cm_model_free(model);
    cm_table_free(table);
    const double few[] = {1, 1, 2, 2, 8, 8, 9, 9};
    table = table_of(ctx, few, 4, 2);
    OK(ctx, fit_with(ctx, table, 2, WITH("k", "auto", "k_range", "2:9"), &model));
    centroids = model_table(ctx, model, "centroids");
    ck_assert_uint_eq(cm_table_rows(centroids), 2); /* the range ends at the four rows */
    cm_table_free(centroids);
    cm_model_free(model);
    cm_table_free(table);
    free(values);
    cm_context_free(ctx);
}
END_TEST

/* ---- customers ---- */

static cm_table *customers_table(cm_context *ctx) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    lcg random = {4};
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_STRING, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "recency_days", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "invoices", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "money", CM_DECIMAL, 2, 0));
    for (int i = 0; i < 60; i++) {
        char id[16];
        OK(ctx, cm_builder_text(ctx, builder, 0, id, (uint64_t)snprintf(id, sizeof id, "c%02d", i)));
        OK(ctx, cm_builder_int(ctx, builder, 1, i < 20 ? 1 + lcg_below(&random, 5) : 300 + lcg_below(&random, 50)));
        OK(ctx, cm_builder_int(ctx, builder, 2, i < 20 ? 40 + lcg_below(&random, 9) : 1));
        OK(ctx,
           cm_builder_int(ctx, builder, 3, i < 20 ? 900000 + lcg_below(&random, 999) : 2000 + lcg_below(&random, 99)));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

START_TEST(customers_by_default_in_words_and_money) {
    cm_context *ctx = new_context();
    cm_table *table = customers_table(ctx), *scores = NULL, *why = NULL;
    cm_model *model = NULL;
    OK(ctx, fit_with(ctx, table, 0, WITH("k", "2"), &model));
    cm_table *segments = model_table(ctx, model, "segments"), *scaling = model_table(ctx, model, "scaling");
    ck_assert_int_eq(INT(segments, 0, "customers"), 40);
    ck_assert_str_eq(TEXT(segments, 1, "profile"), "spends much, buys often, bought recently");
    ck_assert_ptr_nonnull(strstr(TEXT(segments, 0, "profile_codes"), "KMEANS_SELDOM invoices -0.7"));
    for (uint64_t j = 0; j < 3; j++) ck_assert(INT(scaling, j, "log"));
    int64_t money[2] = {0};
    for (uint64_t row = 0; row < 60; row++) money[row < 20] += INT(table, row, "money");
    for (uint64_t i = 0; i < 2; i++) {
        ck_assert_int_eq(INT(segments, i, "money"), money[i]);
        ck_assert_double_eq(DOUBLE(segments, i, "money_share"), (double)money[i] / (double)(money[0] + money[1]));
    }
    ck_assert_double_eq(DOUBLE(segments, 0, "median_invoices"), 1);
    ck_assert_double_eq(DOUBLE(segments, 0, "mean_invoices"), 1);
    OK(ctx, cm_apply(ctx, model, table, &scores));
    ck_assert_uint_eq(cm_table_columns(scores), 4);
    ck_assert_str_eq(TEXT(scores, 7, "customer"), "c07");
    ck_assert_int_eq(INT(scores, 7, "segment"), 2);
    OK(ctx, cm_explain(ctx, model, table, &why));
    ck_assert_uint_eq(cm_table_rows(why), 180);
    ck_assert_int_eq(strncmp(TEXT(why, 0, "code"), "KMEANS_COLUMN ", 14), 0);
    cm_table *tables[] = {table, scores, why, segments, scaling};
    for (int i = 0; i < 5; i++) cm_table_free(tables[i]);
    cm_model_free(model);
    cm_context_free(ctx);
}
END_TEST

START_TEST(mall_customers_as_known) {
    static const double known[] = {181363.595960, 106348.373062, 73679.789039, 44448.455448, 37233.814511};
    static const int64_t sizes[] = {81, 39, 35, 23, 22};
    char path[256];
    if (!data_path(path, "cluster/Mall_Customers.csv")) return;
    cm_context *ctx = new_context();
    cm_table *table = NULL;
    OK(ctx, cm_read_csv(ctx, path, NULL, &table));
    for (int k = 2; k <= 6; k++) {
        char number[16];
        cm_model *model = NULL;
        snprintf(number, sizeof number, "%d", k);
        OK(ctx, fit_with(ctx, table, 0,
                         WITH("columns", "Annual Income (k$)", "columns", "Spending Score (1-100)", "k", number,
                              "starts", "100"),
                         &model));
        ck_assert_double_eq_tol(inertia_of(ctx, model), known[k - 2], 1e-6);
        cm_table *segments = model_table(ctx, model, "segments"), *diagnostics = model_table(ctx, model, "diagnostics");
        for (uint64_t i = 0; k == 5 && i < 5; i++) ck_assert_int_eq(INT(segments, i, "customers"), sizes[i]);
        for (uint64_t i = 0; k == 5 && i < 100; i++)
            if (INT(diagnostics, i, "chosen"))
                ck_assert_double_eq_tol(DOUBLE(diagnostics, i, "silhouette"), 0.553931997, 1e-9);
        cm_table_free(segments);
        cm_table_free(diagnostics);
        cm_model_free(model);
    }
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- limits ---- */

static int32_t stop_at_once(void *user, const char *stage, uint64_t done, uint64_t total) {
    (void)user, (void)stage, (void)done, (void)total;
    return 1;
}

START_TEST(deadlines_and_cancelling_end_it) {
    cm_context *ctx = new_context();
    double *values = random_values(2, 60000, 4, 50);
    cm_table *table = table_of(ctx, values, 60000, 4);
    cm_options *options = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_options_new(ctx, "context", &options));
    OK(ctx, cm_options_set_int(ctx, options, "threads", 1 + _i));
    OK(ctx, cm_options_set_text(ctx, options, "time_limit", "0.02"));
    OK(ctx, cm_context_configure(ctx, options));
    FAILS(ctx, CM_E_LIMIT, "time limit", fit_with(ctx, table, 4, WITH("k", "200", "tolerance", "0"), &model));
    OK(ctx, cm_options_set_text(ctx, options, "time_limit", "0"));
    OK(ctx, cm_context_configure(ctx, options));
    cm_context_on_progress(ctx, stop_at_once, NULL);
    ck_assert_int_eq(fit_with(ctx, table, 4, WITH("k", "200", "tolerance", "0"), &model), CM_E_CANCELLED);
    ck_assert_ptr_null(model);
    cm_options_free(options);
    cm_table_free(table);
    free(values);
    cm_context_free(ctx);
}
END_TEST

/* ---- models that somebody has changed ---- */

/* Saves the model with the table of this name replaced (NULL: left out), and loads it. */
static cm_status load_with(cm_context *ctx, const cm_model *model, const char *name, const cm_table *other) {
    const char *part_names[16];
    const cm_table *tables[16];
    uint64_t count = 0;
    cm_model *loaded = NULL;
    char path[256];
    temp_path(path, "kmeans-changed.cm");
    for (uint64_t i = 0; i < model->count; i++) {
        bool this = !strcmp(model->parts[i].name, name);
        if (this && !other) continue;
        part_names[count] = model->parts[i].name;
        tables[count++] = this ? other : model->parts[i].table;
    }
    OK(ctx, cm_snapshot_save(ctx, path, "model kmeans", part_names, tables, count));
    cm_status status = cm_model_load(ctx, path, &loaded);
    ck_assert_ptr_null(loaded);
    remove(path);
    return status;
}

/* The table with one double replaced. */
static cm_table *with_value(cm_context *ctx, const cm_table *table, uint64_t row, uint64_t column, double value) {
    cm_table *copy = NULL;
    OK(ctx, cm_table_sort(ctx, table, (const char *const[]){table->columns[0]->name}, NULL, 1, &copy));
    cm_chunk *chunk = &copy->columns[column]->chunks[0];
    memcpy((char *)(uintptr_t)chunk->values + 8 * (chunk->offset + row), &value, 8);
    return copy;
}

START_TEST(changed_models_are_refused) {
    static const char *const needed[] = {"options", "scaling", "centroids", "scaled_centroids"};
    static const struct {
        const char *table;
        uint64_t column;
        double value;
    } changes[] = {
        {"scaling", 2, NAN},          {"scaling", 2, 1e300},         {"scaling", 3, 0},   {"scaling", 3, -1},
        {"scaling", 3, INFINITY},     {"scaling", 4, INFINITY},      {"scaling", 4, NAN}, {"scaling", 5, NAN},
        {"scaled_centroids", 1, NAN}, {"scaled_centroids", 2, 1e300}};
    cm_context *ctx = new_context();
    double *values = random_values(8, 200, 2, 4);
    cm_table *table = table_of(ctx, values, 200, 2);
    cm_model *model = NULL;
    OK(ctx, fit_with(ctx, table, 2, WITH("k", "3", "scale", "standard", "missing", "median"), &model));
    for (int i = 0; i < 4; i++) {
        cm_table *own = model_table(ctx, model, needed[i]), *less = NULL, *narrow = NULL;
        ck_assert_int_eq(load_with(ctx, model, needed[i], NULL), CM_E_FORMAT);
        OK(ctx, cm_table_select(ctx, own, (const char *const[]){own->columns[0]->name}, 1, &narrow));
        ck_assert_int_eq(load_with(ctx, model, needed[i], narrow), CM_E_FORMAT);
        OK(ctx, cm_table_slice(ctx, own, i == 0 ? 1 : 0, 1, &less));
        ck_assert_int_eq(load_with(ctx, model, needed[i], less), CM_E_FORMAT);
        cm_table_free(own);
        cm_table_free(less);
        cm_table_free(narrow);
    }
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        cm_table *own = model_table(ctx, model, changes[i].table),
                 *changed = with_value(ctx, own, 1, changes[i].column, changes[i].value);
        ck_assert_msg(load_with(ctx, model, changes[i].table, changed) == CM_E_FORMAT, "%s column %d took %g",
                      changes[i].table, (int)changes[i].column, changes[i].value);
        cm_table_free(own);
        cm_table_free(changed);
    }
    cm_model_free(model);
    cm_table_free(table);
    free(values);
    cm_context_free(ctx);
}
END_TEST

Suite *test_kmeans(void) {
    Suite *suite = suite_create("kmeans");
    TCase *tests = tcase_create("kmeans");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, logarithm_and_exponential_are_those_of_libm);
    tcase_add_test(tests, many_starts_find_the_best_partition);
    tcase_add_test(tests, no_iteration_makes_it_worse);
    tcase_add_loop_test(tests, labels_are_the_nearest_centre_everywhere, 0, 3);
    tcase_add_loop_test(tests, scaling_is_as_defined, 0, 4);
    tcase_add_test(tests, constant_columns_are_not_divided);
    tcase_add_test(tests, missing_values_fail_are_skipped_or_become_the_median);
    tcase_add_test(tests, bad_input_is_named);
    tcase_add_test(tests, tables_that_do_not_fit_the_model);
    tcase_add_test(tests, centres_are_means_whatever_left_them);
    tcase_add_test(tests, few_rows_and_equal_rows);
    tcase_add_test(tests, a_centre_without_rows_takes_the_farthest);
    tcase_add_test(tests, ties_go_to_the_lower_segment);
    tcase_add_test(tests, auto_takes_the_best_silhouette);
    tcase_add_test(tests, customers_by_default_in_words_and_money);
    tcase_add_test(tests, mall_customers_as_known);
    tcase_add_test(tests, changed_models_are_refused);
    suite_add_tcase(suite, tests);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 120);
    tcase_add_loop_test(threads, threads_change_no_byte, 0, 3);
    tcase_add_loop_test(threads, deadlines_and_cancelling_end_it, 0, 2);
    suite_add_tcase(suite, threads);
    return suite;
}
