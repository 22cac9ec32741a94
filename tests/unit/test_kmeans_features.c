/* What k-means can be asked for, against plain loops: given centroids, weights, dates, other starts, the criteria, what
 * a segment's table says, the flag of far ones; a set solved by enumeration; bad input. */
#include <math.h>

#include "model/kmeans/kmeans.h"
#include "support.h"

/* A table x0, x1, ... of doubles, row by row. */
static cm_table *table_of(cm_context *ctx, const double *values, uint64_t rows, uint64_t columns) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    char name[16];
    OK(ctx, cm_builder_new(ctx, &builder));
    for (uint64_t j = 0; j < columns; j++) {
        snprintf(name, sizeof name, "x%d", (int)j);
        OK(ctx, cm_builder_column(ctx, builder, name, CM_FLOAT64, 0, 0));
    }
    for (uint64_t i = 0; i < rows; i++) {
        for (uint64_t j = 0; j < columns; j++) OK(ctx, cm_builder_double(ctx, builder, j, values[i * columns + j]));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static cm_status fit_from(cm_context *ctx, const cm_table *table, uint64_t columns, const cm_table *centroids,
                          const char *const *more, cm_model **out) {
    cm_options *options = NULL;
    char name[16];
    OK(ctx, cm_options_new(ctx, "kmeans", &options));
    for (uint64_t j = 0; j < columns; j++) {
        snprintf(name, sizeof name, "x%d", (int)j);
        OK(ctx, cm_options_add_text(ctx, options, "columns", name));
    }
    for (; more && *more; more += 2) OK(ctx, cm_options_set_text(ctx, options, *more, more[1]));
    if (centroids) OK(ctx, cm_options_set_table(ctx, options, "centroids", centroids));
    cm_status status = cm_fit(ctx, "kmeans", table, options, out);
    cm_options_free(options);
    return status;
}
#define WITH(...) ((const char *const[]){__VA_ARGS__, NULL})

static cm_table *model_table(cm_context *ctx, const cm_model *model, const char *name) {
    cm_table *table = NULL;
    OK(ctx, cm_model_table(ctx, model, name, &table));
    return table;
}

static uint64_t chosen_row(const cm_table *diagnostics) {
    for (uint64_t row = 0; row < cm_table_rows(diagnostics); row++)
        if (INT(diagnostics, row, "chosen")) return row;
    ck_abort_msg("no start is chosen");
}

static double *heaps(uint64_t seed, uint64_t rows, uint64_t columns) {
    lcg random = {seed};
    double *values = malloc((size_t)(rows * columns) * sizeof *values);
    for (uint64_t i = 0; i < rows; i++) {
        uint32_t heap = lcg_below(&random, 5);
        for (uint64_t j = 0; j < columns; j++)
            values[i * columns + j] = (double)(heap * (j + 2) % 5) * 3 + lcg_next(&random) / 2147483648.0 * 2;
    }
    return values;
}

static double square(const double *a, const double *b, uint64_t columns) {
    double sum = 0;
    for (uint64_t j = 0; j < columns; j++) sum += pow(a[j] - b[j], 2);
    return sum;
}

/* ---- given centroids, weights ---- */

/* Lloyd by the book, each row counting `weights` times; the labels and the inertia. */
static double lloyd(const double *x, const double *weights, uint64_t rows, uint64_t columns, double *centres, int k,
                    int iterations, int *labels) {
    double inertia = 0;
    for (int pass = 0; pass <= iterations; pass++) {
        double sums[16 * 8] = {0}, masses[16] = {0};
        inertia = 0;
        for (uint64_t i = 0; i < rows; i++) {
            labels[i] = 0;
            for (int c = 1; c < k; c++)
                if (square(x + i * columns, centres + (uint64_t)c * columns, columns)
                    < square(x + i * columns, centres + (uint64_t)labels[i] * columns, columns))
                    labels[i] = c;
            inertia += weights[i] * square(x + i * columns, centres + (uint64_t)labels[i] * columns, columns);
            masses[labels[i]] += weights[i];
            for (uint64_t j = 0; j < columns; j++)
                sums[(uint64_t)labels[i] * columns + j] += weights[i] * x[i * columns + j];
        }
        for (int c = 0; c < k && pass < iterations; c++)
            for (uint64_t j = 0; j < columns; j++)
                centres[(uint64_t)c * columns + j] = sums[(uint64_t)c * columns + j] / masses[c];
    }
    return inertia;
}

/* The loop: without and with weights. */
START_TEST(given_centroids_go_the_way_of_the_book) {
    enum { ROWS = 3000, COLUMNS = 3, K = 6, WIDE = COLUMNS + 1 };
    cm_context *ctx = new_context();
    double *values = heaps(8, ROWS, WIDE), x[ROWS * COLUMNS], weights[ROWS], centres[K * COLUMNS];
    static int labels[ROWS];
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < COLUMNS; j++) x[i * COLUMNS + j] = values[i * WIDE + j];
        weights[i] = _i ? 1 + i % 4 : 1;
        values[i * WIDE + COLUMNS] = weights[i];
    }
    memcpy(centres, x, sizeof centres);
    cm_table *table = table_of(ctx, values, ROWS, WIDE), *start = table_of(ctx, centres, K, COLUMNS);
    for (int iterations = 0; iterations <= 12; iterations += 3) {
        char number[16];
        cm_model *model = NULL;
        memcpy(centres, x, sizeof centres);
        double inertia = lloyd(x, weights, ROWS, COLUMNS, centres, K, iterations, labels);
        snprintf(number, sizeof number, "%d", iterations);
        OK(ctx, fit_from(ctx, table, COLUMNS, start,
                         _i ? WITH("iterations", number, "tolerance", "0", "weight", "x3")
                            : WITH("iterations", number, "tolerance", "0"),
                         &model));
        cm_table *diagnostics = model_table(ctx, model, "diagnostics"), *found = model_table(ctx, model, "centroids");
        ck_assert_double_eq_tol(DOUBLE(diagnostics, 0, "inertia"), inertia, 1e-10 * inertia);
        for (uint64_t i = 0; i < K; i++) { /* by size there, as given here */
            double least = INFINITY;
            for (int c = 0; c < K; c++) {
                double row[COLUMNS] = {DOUBLE(found, i, "x0"), DOUBLE(found, i, "x1"), DOUBLE(found, i, "x2")};
                least = fmin(least, square(row, centres + c * COLUMNS, COLUMNS));
            }
            ck_assert_double_lt(least, 1e-20);
        }
        cm_table_free(diagnostics);
        cm_table_free(found);
        cm_model_free(model);
    }
    cm_table_free(start);
    cm_table_free(table);
    free(values);
    cm_context_free(ctx);
}
END_TEST

START_TEST(centroids_that_cannot_be) {
    cm_context *ctx = new_context();
    double values[] = {1, 2, 3, 4, 5, 6, 7, 8}, nan = (double)NAN, twice[] = {1, 2, 9, 9, 3, 3};
    const double alike[] = {1, 2, 1, 2, 1, 2};
    cm_table *table = table_of(ctx, values, 4, 2), *narrow = table_of(ctx, values, 2, 1);
    cm_table *none = table_of(ctx, values, 0, 2);
    cm_model *model = NULL;
    FAILS(ctx, CM_E_COLUMN, "x1", fit_from(ctx, table, 2, narrow, NULL, &model));
    FAILS(ctx, CM_E_OPTION, "0 rows", fit_from(ctx, table, 2, none, NULL, &model));
    values[3] = nan;
    cm_table *absent = table_of(ctx, values, 3, 2), *five = table_of(ctx, twice, 3, 2);
    cm_table *same = table_of(ctx, alike, 3, 2);
    FAILS(ctx, CM_E_OPTION, "row 2 of the centroids has no usable value in column x1",
          fit_from(ctx, table, 2, absent, NULL, &model));
    FAILS(ctx, CM_E_DATA, "3 segments need as many rows that differ; there are 1",
          fit_from(ctx, same, 2, five, NULL, &model));
    cm_table *tables[] = {table, narrow, none, absent, five, same};
    for (int i = 0; i < 6; i++) cm_table_free(tables[i]);
    cm_context_free(ctx);
}
END_TEST

START_TEST(weights_that_cannot_be) {
    static const double bad[] = {0, -1, INFINITY, NAN};
    static const char *const said[] = {"row 3: a weight is above 0 and at most 1e140, not 0 (column x1)", "not -1",
                                       "row 3", "row 3 has no weight in column x1"};
    cm_context *ctx = new_context();
    double values[] = {1, 1, 2, 1, 3, bad[_i], 4, 1};
    cm_table *table = table_of(ctx, values, 4, 2);
    cm_model *model = NULL;
    FAILS(ctx, CM_E_DATA, said[_i], fit_from(ctx, table, 1, NULL, WITH("k", "2", "weight", "x1"), &model));
    FAILS(ctx, CM_E_COLUMN, "nowhere", fit_from(ctx, table, 1, NULL, WITH("k", "2", "weight", "nowhere"), &model));
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(random_starts_differ_and_are_repeatable) {
    cm_context *ctx = new_context();
    double *values = heaps(4, 500, 2), inertia[2][20];
    cm_table *table = table_of(ctx, values, 500, 2);
    for (int again = 0; again < 2; again++) {
        cm_model *model = NULL;
        OK(ctx, fit_from(ctx, table, 2, NULL,
                         WITH("k", "5", "init", "random", "starts", "20", "iterations", "0"), &model));
        cm_table *diagnostics = model_table(ctx, model, "diagnostics");
        for (uint64_t i = 0; i < 20; i++) inertia[again][i] = DOUBLE(diagnostics, i, "inertia");
        cm_table_free(diagnostics);
        cm_model_free(model);
    }
    ck_assert_mem_eq(inertia[0], inertia[1], sizeof inertia[0]);
    for (int i = 1; i < 20; i++) ck_assert_double_ne(inertia[0][i], inertia[0][i - 1]);
    cm_table_free(table);
    free(values);
    cm_context_free(ctx);
}
END_TEST

/* ---- greedy k-means++ against the plain algorithm ---- */

#define SEEDED_ROWS 600
#define SEEDED_K 40 /* so many that candidates are drawn ahead */
#define SEEDINGS 400

typedef struct mean_of {
    double mean, variance; /* of the mean */
} mean_of;

static mean_of find_mean(const double *values) {
    double sum = 0, squares = 0;
    for (int i = 0; i < SEEDINGS; i++) sum += values[i];
    for (int i = 0; i < SEEDINGS; i++) squares += pow(values[i] - sum / SEEDINGS, 2);
    return (mean_of){sum / SEEDINGS, squares / (SEEDINGS - 1) / SEEDINGS};
}

/* A row with a chance in proportion to weight times distance. */
static uint64_t draw_plainly(lcg *random, const double *closest, const double *weights) {
    double sum = 0;
    for (uint64_t i = 0; i < SEEDED_ROWS; i++) sum += weights[i] * closest[i];
    double target = ((double)lcg_next(random) + 0.5) / 2147483648.0 * sum;
    for (uint64_t i = 0; i < SEEDED_ROWS; i++)
        if ((target -= weights[i] * closest[i]) < 0) return i;
    return SEEDED_ROWS - 1;
}

/* The sum that greedy k-means++ leaves, by the book: 2 + floor(ln k) candidates a step. */
static double seed_plainly(lcg *random, const double *values, const double *weights, uint64_t columns) {
    double closest[SEEDED_ROWS], left = 0;
    const double *first = values + lcg_below(random, SEEDED_ROWS) * columns;
    for (uint64_t i = 0; i < SEEDED_ROWS; i++) closest[i] = square(values + i * columns, first, columns);
    for (int at = 1; at < SEEDED_K; at++) {
        double best[SEEDED_ROWS];
        left = INFINITY;
        for (int candidate = 0; candidate < 2 + (int)log(SEEDED_K); candidate++) {
            const double *centre = values + draw_plainly(random, closest, weights) * columns;
            double with[SEEDED_ROWS], sum = 0;
            for (uint64_t i = 0; i < SEEDED_ROWS; i++) {
                with[i] = fmin(closest[i], square(values + i * columns, centre, columns));
                sum += weights[i] * with[i];
            }
            if (sum >= left) continue;
            left = sum;
            memcpy(best, with, sizeof best);
        }
        memcpy(closest, best, sizeof closest);
    }
    return left;
}

/* The mean of many starts is that of the plain algorithm, within five standard errors. The loop: without and with
 * weights. */
START_TEST(starts_are_as_good_as_the_plain_algorithm) {
    enum { COLUMNS = 3, WIDE = COLUMNS + 1 };
    cm_context *ctx = new_context();
    lcg random = {7};
    double *values = heaps(12, SEEDED_ROWS, WIDE), x[SEEDED_ROWS * COLUMNS], weights[SEEDED_ROWS];
    double ours[SEEDINGS], plain[SEEDINGS];
    for (uint64_t i = 0; i < SEEDED_ROWS; i++) {
        memcpy(x + i * COLUMNS, values + i * WIDE, COLUMNS * sizeof *x);
        values[i * WIDE + COLUMNS] = weights[i] = _i ? 1 + (double)(i % 4) : 1;
    }
    cm_table *table = table_of(ctx, values, SEEDED_ROWS, WIDE);
    cm_model *model = NULL;
    OK(ctx, fit_from(ctx, table, COLUMNS, NULL,
                     WITH("k", "40", "starts", "400", "iterations", "0", "report", "0", "weight", "x3"), &model));
    cm_table *diagnostics = model_table(ctx, model, "diagnostics");
    for (uint64_t i = 0; i < SEEDINGS; i++) {
        ours[i] = DOUBLE(diagnostics, i, "inertia");
        plain[i] = seed_plainly(&random, x, weights, COLUMNS);
    }
    mean_of a = find_mean(ours), b = find_mean(plain);
    ck_assert_msg(fabs(a.mean - b.mean) < 5 * sqrt(a.variance + b.variance), "%g, not %g", a.mean, b.mean);
    cm_table_free(diagnostics);
    cm_model_free(model);
    cm_table_free(table);
    free(values);
    cm_context_free(ctx);
}
END_TEST

/* ---- columns ---- */

START_TEST(dates_count_in_days) {
    cm_context *ctx = new_context();
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "x0", CM_DATE, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "x1", CM_TIMESTAMP, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "x2", CM_DECIMAL, 2, 0));
    for (int i = 0; i < 6; i++) {
        OK(ctx, cm_builder_int(ctx, builder, 0, 15000 + i / 3 * 100 + i));
        OK(ctx, cm_builder_int(ctx, builder, 1, INT64_C(43200000000) * i));
        OK(ctx, cm_builder_int(ctx, builder, 2, i * 25));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    OK(ctx, fit_from(ctx, table, 3, NULL, WITH("k", "2"), &model));
    cm_table *centroids = model_table(ctx, model, "centroids");
    uint64_t early = DOUBLE(centroids, 0, "x0") < 15050 ? 0 : 1;
    ck_assert_double_eq(DOUBLE(centroids, early, "x0"), 15001);
    ck_assert_double_eq(DOUBLE(centroids, 1 - early, "x0"), 15104);
    ck_assert_double_eq(DOUBLE(centroids, early, "x1"), 0.5);
    ck_assert_double_eq(DOUBLE(centroids, 1 - early, "x2"), 1);
    cm_table_free(centroids);
    cm_model_free(model);
    cm_table_free(table);
    cm_builder_free(builder);
    cm_context_free(ctx);
}
END_TEST

/* Blocks that lie across two chunks are copied, others used where they are: nobody can tell. */
START_TEST(chunks_make_no_difference) {
    cm_context *ctx = new_context();
    double *values = heaps(6, 5000, 3);
    cm_table *parts[] = {table_of(ctx, values, 700, 3), table_of(ctx, values + 700 * 3, 4300, 3)}, *joined = NULL;
    cm_table *whole = table_of(ctx, values, 5000, 3);
    char *bytes[2], path[256];
    size_t sizes[2];
    OK(ctx, cm_table_concat(ctx, (const cm_table *const *)parts, 2, &joined));
    for (int i = 0; i < 2; i++) {
        cm_model *model = NULL;
        OK(ctx, fit_from(ctx, i ? joined : whole, 3, NULL, WITH("k", "4", "starts", "2"), &model));
        temp_path(path, "kmeans-chunks.cm");
        OK(ctx, cm_model_save(ctx, model, path));
        bytes[i] = read_whole(path, &sizes[i]);
        remove(path);
        cm_model_free(model);
    }
    ck_assert_uint_eq(sizes[0], sizes[1]);
    ck_assert_mem_eq(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
    cm_table *tables[] = {parts[0], parts[1], joined, whole};
    for (int i = 0; i < 4; i++) cm_table_free(tables[i]);
    free(values);
    cm_context_free(ctx);
}
END_TEST

START_TEST(values_that_cannot_be) {
    static const struct {
        double value;
        const char *said;
    } cases[] = {{NAN, "row 3 has no value in column x1"},
                 {INFINITY, "row 3 is infinite in column x1"},
                 {-INFINITY, "row 3 is infinite in column x1"},
                 {1e300, "row 3: column x1 is too large to measure distances by"}};
    cm_context *ctx = new_context();
    double values[] = {1, 1, 2, 2, 3, cases[_i].value, 4, 4};
    cm_table *table = table_of(ctx, values, 4, 2);
    cm_model *model = NULL;
    FAILS(ctx, CM_E_DATA, cases[_i].said, fit_from(ctx, table, 2, NULL, WITH("k", "2", "missing", "fail"), &model));
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* The squares of subnormals are zero, so such rows do not differ; a scale brings them into reach. */
START_TEST(subnormals_are_told_apart_by_a_scale) {
    cm_context *ctx = new_context();
    const double values[] = {0, 5e-324, 1e-310, 2e-310};
    cm_table *table = table_of(ctx, values, 4, 1);
    cm_model *model = NULL;
    FAILS(ctx, CM_E_DATA, "2 segments need as many rows that differ; there are 1",
          fit_from(ctx, table, 1, NULL, WITH("k", "2"), &model));
    OK(ctx, fit_from(ctx, table, 1, NULL, WITH("k", "2", "scale", "minmax"), &model));
    cm_table *segments = model_table(ctx, model, "segments");
    ck_assert_int_eq(INT(segments, 0, "customers"), 2);
    cm_table_free(segments);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- ten rows of thirteen columns, all partitions ---- */

static double enumerate(const double *x, uint64_t rows, uint64_t columns, int k, int *best) {
    double least = INFINITY;
    int part[16] = {0};
    for (;;) {
        double total = 0;
        for (int c = 0; c < k; c++)
            for (uint64_t j = 0; j < columns; j++) {
                double sum = 0, squares = 0;
                int count = 0;
                for (uint64_t i = 0; i < rows; i++)
                    if (part[i] == c) sum += x[i * columns + j], count++;
                for (uint64_t i = 0; i < rows && count; i++)
                    if (part[i] == c) squares += pow(x[i * columns + j] - sum / count, 2);
                total += squares;
            }
        if (total < least) {
            least = total;
            memcpy(best, part, rows * sizeof *best);
        }
        uint64_t i = 1; /* the first row is in part 0 */
        while (i < rows && ++part[i] == k) part[i++] = 0;
        if (i == rows) return least;
    }
}

/* Wine-like figures; what enumeration gives is written down, too, so that both can be checked by hand. */
START_TEST(ten_by_thirteen_is_solved) {
    static const double x[] = {
        14.2, 1.7, 2.4, 15.6, 127, 2.8, 3.1, .28, 2.3, 5.6, 1.0, 3.9, 1065, 13.2, 1.8, 2.1, 11.2, 100, 2.7, 2.8, .26,
        1.3,  4.4, 1.1, 3.4,  1050, 13.2, 2.4, 2.7, 18.6, 101, 2.8, 3.2, .3,  2.8, 5.7, 1.0, 3.2, 1185, 14.4, 2.0, 2.5,
        16.8, 113, 3.9, 3.5,  .24, 2.2, 7.8, .9,   3.5, 1480, 13.2, 2.6, 2.9, 21.0, 118, 2.8, 2.7, .39, 1.8, 4.3, 1.0,
        2.9,  735, 14.2, 1.8, 2.5, 15.2, 112, 3.3, 3.4, .34, 2.0, 6.8, 1.1, 2.9, 1450, 12.4, .9,  1.4, 10.6, 88,  2.0,
        .6,   .28, .4, 2.0,  1.1, 1.8, 520, 12.3, 1.1, 2.3, 16.0, 101, 2.1, 1.1, .63, .4,  3.3, 1.3, 1.8, 680, 12.6,
        1.4,  2.0, 16.8, 100, 2.0, 1.4, .53, .6,   5.8, 1.0, 1.6, 450, 13.7, 1.3, 2.2, 18.0, 94,  2.2, 1.3, .26, .7,
        3.2,  1.2, 1.7, 630};
    static const double known[] = {226753.1642, 66863.22908, 20293.229183333333};
    cm_context *ctx = new_context();
    cm_table *table = table_of(ctx, x, 10, 13);
    for (int k = 2; k <= 4; k++) {
        char number[16];
        int part[16];
        cm_model *model = NULL;
        double least = enumerate(x, 10, 13, k, part);
        snprintf(number, sizeof number, "%d", k);
        OK(ctx, fit_from(ctx, table, 13, NULL, WITH("k", number, "starts", "40", "tolerance", "0"), &model));
        cm_table *diagnostics = model_table(ctx, model, "diagnostics");
        double inertia = DOUBLE(diagnostics, chosen_row(diagnostics), "inertia");
        ck_assert_double_eq_tol(inertia, least, 1e-9 * least);
        ck_assert_double_eq_tol(inertia, known[k - 2], 1e-9 * least);
        cm_table_free(diagnostics);
        cm_model_free(model);
    }
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- criteria ---- */

static void label_rows(cm_context *ctx, const cm_model *model, const cm_table *table, int *labels, double *distances) {
    cm_table *scores = NULL;
    OK(ctx, cm_apply(ctx, model, table, &scores));
    for (uint64_t row = 0; row < cm_table_rows(scores); row++) {
        labels[row] = (int)INT(scores, row, "segment") - 1;
        distances[row] = DOUBLE(scores, row, "distance");
    }
    cm_table_free(scores);
}

static void means_of(const double *x, const int *labels, int rows, int columns, int k, double *means, int *counts) {
    memset(means, 0, (size_t)(k * columns) * sizeof *means);
    memset(counts, 0, (size_t)k * sizeof *counts);
    for (int i = 0; i < rows; i++) {
        counts[labels[i]]++;
        for (int j = 0; j < columns; j++) means[labels[i] * columns + j] += x[i * columns + j];
    }
    for (int i = 0; i < k * columns; i++) means[i] /= counts[i / columns];
}

START_TEST(criteria_are_as_defined) {
    enum { ROWS = 600, COLUMNS = 2 };
    cm_context *ctx = new_context();
    double *x = heaps(12, ROWS, COLUMNS), distances[ROWS], inertia[9] = {0}, share[9], stability[9], silhouette[9];
    cm_table *table = table_of(ctx, x, ROWS, COLUMNS);
    cm_model *model = NULL;
    OK(ctx, fit_from(ctx, table, COLUMNS, NULL, WITH("k", "auto", "k_range", "2:8", "tolerance", "0"), &model));
    cm_table *diagnostics = model_table(ctx, model, "diagnostics");
    int64_t best = 0, second = 0;
    int labels[ROWS], counts[9], judged = 0;
    for (uint64_t row = 0; row < cm_table_rows(diagnostics); row++) {
        int64_t k = INT(diagnostics, row, "k"),
                place = ABSENT(diagnostics, row, "place") ? 0 : INT(diagnostics, row, "place");
        if (ABSENT(diagnostics, row, "calinski_harabasz")) continue;
        judged++;
        inertia[k] = DOUBLE(diagnostics, row, "inertia");
        share[k] = DOUBLE(diagnostics, row, "smallest_share");
        stability[k] = DOUBLE(diagnostics, row, "stability");
        silhouette[k] = DOUBLE(diagnostics, row, "silhouette");
        if (place == 1) best = k;
        if (place == 2) second = k;
    }
    ck_assert_int_eq(judged, 7);
    for (int64_t k = 2; k <= 8; k++) { /* none that is sound has a better silhouette */
        ck_assert(stability[k] <= 1);
        if (share[k] < 0.02 || stability[k] < 0.8) continue;
        ck_assert(silhouette[k] <= silhouette[best] && (k == best || silhouette[k] <= silhouette[second]));
    }
    for (uint64_t row = 0; row < cm_table_rows(diagnostics); row++) {
        if (INT(diagnostics, row, "k") != best || ABSENT(diagnostics, row, "calinski_harabasz")) continue;
        double means[9 * COLUMNS], all[COLUMNS] = {0}, within = 0, between = 0, spreads[9] = {0}, sum = 0;
        int k = (int)best, least = ROWS;
        label_rows(ctx, model, table, labels, distances);
        means_of(x, labels, ROWS, COLUMNS, k, means, counts);
        for (int i = 0; i < ROWS * COLUMNS; i++) all[i % COLUMNS] += x[i] / ROWS;
        for (int i = 0; i < ROWS; i++) {
            within += square(x + i * COLUMNS, means + labels[i] * COLUMNS, COLUMNS);
            spreads[labels[i]] +=
                sqrt(square(x + i * COLUMNS, means + labels[i] * COLUMNS, COLUMNS)) / counts[labels[i]];
        }
        for (int i = 0; i < k; i++) {
            double worst = 0;
            between += counts[i] * square(means + i * COLUMNS, all, COLUMNS);
            least = counts[i] < least ? counts[i] : least;
            for (int j = 0; j < k; j++)
                if (j != i)
                    worst = fmax(worst, (spreads[i] + spreads[j])
                                            / sqrt(square(means + i * COLUMNS, means + j * COLUMNS, COLUMNS)));
            sum += worst / k;
        }
        double ch = between / (k - 1) / (within / (ROWS - k));
        ck_assert_double_eq_tol(DOUBLE(diagnostics, row, "calinski_harabasz"), ch, 1e-9 * ch);
        ck_assert_double_eq_tol(DOUBLE(diagnostics, row, "davies_bouldin"), sum, 1e-9);
        ck_assert_double_eq(share[k], (double)least / ROWS);
        double elbow = (inertia[2] - inertia[k]) / (inertia[2] - inertia[8]) - (double)(k - 2) / 6;
        ck_assert_double_eq_tol(DOUBLE(diagnostics, row, "elbow"), elbow, 1e-12);
    }
    ck_assert_int_ne(best, second);
    cm_table_free(diagnostics);
    cm_model_free(model);
    cm_table_free(table);
    free(x);
    cm_context_free(ctx);
}
END_TEST

/* Heaps far apart come back from any sample; one heap cut in pieces does not. */
START_TEST(stability_tells_heaps_from_cuts) {
    cm_context *ctx = new_context();
    lcg random = {9};
    double x[800 * 2], stability[2];
    for (int kind = 0; kind < 2; kind++) {
        cm_model *model = NULL;
        for (int i = 0; i < 800; i++)
            for (int j = 0; j < 2; j++)
                x[2 * i + j] = lcg_next(&random) / 2147483648.0 + (kind ? 0 : 50.0 * (i % 4) * (j ? i % 4 : 1));
        cm_table *table = table_of(ctx, x, 800, 2);
        OK(ctx, fit_from(ctx, table, 2, NULL, WITH("k", kind ? "7" : "4"), &model));
        cm_table *diagnostics = model_table(ctx, model, "diagnostics");
        stability[kind] = DOUBLE(diagnostics, chosen_row(diagnostics), "stability");
        cm_table_free(diagnostics);
        cm_model_free(model);
        cm_table_free(table);
    }
    ck_assert_double_eq(stability[0], 1);
    ck_assert_double_lt(stability[1], 0.8);
    cm_context_free(ctx);
}
END_TEST

/* ---- what the segments say ---- */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

START_TEST(segments_have_a_medoid_and_far_rows_are_flagged) {
    enum { ROWS = 2500, COLUMNS = 2, K = 4 };
    cm_context *ctx = new_context();
    double *x = heaps(31, ROWS, COLUMNS);
    static double distances[ROWS], sorted[ROWS];
    static int labels[ROWS];
    cm_table *table = table_of(ctx, x, ROWS, COLUMNS), *scores = NULL;
    cm_model *model = NULL;
    OK(ctx, fit_from(ctx, table, COLUMNS, NULL, WITH("k", "4", "tolerance", "0"), &model));
    cm_table *segments = model_table(ctx, model, "segments"), *reach = model_table(ctx, model, "reach");
    cm_table *differences = model_table(ctx, model, "differences");
    label_rows(ctx, model, table, labels, distances);
    /* the least sum of squared distances to all others of the segment */
    for (int segment = 0; segment < K; segment++) {
        double least = INFINITY;
        int medoid = -1;
        for (int i = 0; i < ROWS; i++) {
            double sum = 0;
            for (int j = 0; j < ROWS && labels[i] == segment; j++)
                if (labels[j] == segment) sum += square(x + i * COLUMNS, x + j * COLUMNS, COLUMNS);
            if (labels[i] == segment && sum < least) least = sum, medoid = i;
        }
        ck_assert_int_eq(INT(segments, (uint64_t)segment, "typical"), medoid + 1);
    }
    memcpy(sorted, distances, sizeof sorted);
    qsort(sorted, ROWS, sizeof *sorted, compare_doubles);
    double limit = sorted[2497]; /* 2,498 of 2,500 are 99.92%, one fewer is under 99.9% */
    ck_assert_double_eq(DOUBLE(reach, 0, "distance"), limit);
    OK(ctx, cm_apply(ctx, model, table, &scores));
    for (uint64_t row = 0; row < ROWS; row++) ck_assert_int_eq(INT(scores, row, "far"), distances[row] > limit);
    double mean = 0, variance = 0, own = 0;
    int count = 0;
    uint64_t j = TEXT(differences, 0, "column")[1] - '0';
    for (int i = 0; i < ROWS; i++) mean += x[i * COLUMNS + (int)j] / ROWS;
    for (int i = 0; i < ROWS; i++) {
        variance += pow(x[i * COLUMNS + (int)j] - mean, 2) / ROWS;
        if (labels[i] == 0) own += x[i * COLUMNS + (int)j], count++;
    }
    ck_assert_double_eq_tol(DOUBLE(differences, 0, "difference"), (own / count - mean) / sqrt(variance), 1e-9);
    ck_assert_double_eq_tol(DOUBLE(differences, 0, "mean_of_all"), mean, 1e-9);
    ck_assert(fabs(DOUBLE(differences, 0, "difference")) >= fabs(DOUBLE(differences, 1, "difference")));
    cm_table *tables[] = {segments, reach, differences, table, scores};
    for (int i = 0; i < 5; i++) cm_table_free(tables[i]);
    cm_model_free(model);
    free(x);
    cm_context_free(ctx);
}
END_TEST

/* ---- limits ---- */

START_TEST(the_deadline_may_leave_a_model) {
    cm_context *ctx = new_context();
    double *values = heaps(2, 60000, 8);
    cm_table *table = table_of(ctx, values, 60000, 8);
    cm_options *options = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_options_new(ctx, "context", &options));
    OK(ctx, cm_options_set_text(ctx, options, "time_limit", "0.3"));
    OK(ctx, cm_options_set_int(ctx, options, "threads", 1 + _i));
    OK(ctx, cm_context_configure(ctx, options));
    FAILS(ctx, CM_E_LIMIT, "time limit",
          fit_from(ctx, table, 8, NULL, WITH("k", "30", "starts", "1000", "tolerance", "0", "report", "0"), &model));
    cm_status status = fit_from(
        ctx, table, 8, NULL,
        WITH("k", "30", "starts", "1000", "tolerance", "0", "report", "0", "allow_partial", "1"), &model);
    if (status != CM_E_LIMIT) { /* a slow machine does not come to a first iteration */
        ck_assert_int_eq(status, CM_OK);
        cm_table *diagnostics = model_table(ctx, model, "diagnostics"),
                 *centroids = model_table(ctx, model, "centroids");
        uint64_t rows = cm_table_rows(diagnostics);
        ck_assert_uint_lt(rows, 1000);
        ck_assert_uint_eq(cm_table_rows(centroids), 30);
        for (uint64_t row = 0; row + 1 < rows; row++)
            ck_assert_str_ne(TEXT(diagnostics, row, "stopped_by"), "deadline");
        cm_table_free(diagnostics);
        cm_table_free(centroids);
        cm_model_free(model);
    }
    cm_options_free(options);
    cm_table_free(table);
    free(values);
    cm_context_free(ctx);
}
END_TEST

Suite *test_kmeans_features(void) {
    Suite *suite = suite_create("kmeans_features");
    TCase *tests = tcase_create("features");
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, given_centroids_go_the_way_of_the_book, 0, 2);
    tcase_add_test(tests, centroids_that_cannot_be);
    tcase_add_loop_test(tests, weights_that_cannot_be, 0, 4);
    tcase_add_test(tests, random_starts_differ_and_are_repeatable);
    tcase_add_loop_test(tests, starts_are_as_good_as_the_plain_algorithm, 0, 2);
    tcase_add_test(tests, dates_count_in_days);
    tcase_add_test(tests, chunks_make_no_difference);
    tcase_add_loop_test(tests, values_that_cannot_be, 0, 4);
    tcase_add_test(tests, subnormals_are_told_apart_by_a_scale);
    tcase_add_test(tests, ten_by_thirteen_is_solved);
    tcase_add_test(tests, criteria_are_as_defined);
    tcase_add_test(tests, stability_tells_heaps_from_cuts);
    tcase_add_test(tests, segments_have_a_medoid_and_far_rows_are_flagged);
    suite_add_tcase(suite, tests);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 60);
    tcase_add_loop_test(threads, the_deadline_may_leave_a_model, 0, 2);
    suite_add_tcase(suite, threads);
    return suite;
}
