/* The kernels of k-means against plain loops, at every level of instructions that the machine has: rows near ties, far
 * from the origin, too small and too large for floats; and whole models, byte for byte. */
#include <math.h>

#include "model/kmeans/kmeans.h"
#include "support.h"

#define MOST_ROWS 1024

typedef struct problem {
    uint64_t rows, columns, k;
    double *columns_of[CM_MOST_INPUTS]; /* the rows */
    double *centres;
} problem;

static double value_of(lcg *random, int kind) {
    double value = (double)lcg_next(random) / 2147483648.0 * 8 - 4;
    switch (kind) {
    case 0: return value;
    case 1: return floor(value);                          /* many ties */
    case 2: return 1e9 + value;                           /* far from the origin */
    case 3: return value * 1e-30;                         /* below what floats can square */
    case 4: return value * 1e100;                         /* beyond floats */
    case 5: return lcg_below(random, 9) ? value : value * 1e25; /* some rows are */
    default: return floor(value) + 1e-9 * (double)lcg_below(random, 3); /* ties but for the last digits */
    }
}

static problem make_problem(uint64_t rows, uint64_t columns, uint64_t k, int kind) {
    lcg random = {rows * 7919 + columns * 131 + k * 17 + (uint64_t)kind};
    problem of = {.rows = rows, .columns = columns, .k = k};
    of.centres = malloc((size_t)(k * columns) * sizeof *of.centres);
    for (uint64_t j = 0; j < columns; j++) {
        of.columns_of[j] = malloc((size_t)rows * sizeof(double));
        for (uint64_t i = 0; i < rows; i++) of.columns_of[j][i] = value_of(&random, kind);
    }
    for (uint64_t i = 0; i < k; i++) { /* rows, means of two rows, or anything */
        uint64_t one = lcg_below(&random, (uint32_t)rows), other = lcg_below(&random, (uint32_t)rows);
        for (uint64_t j = 0; j < columns; j++)
            of.centres[i * columns + j] = i % 3 == 0   ? of.columns_of[j][one]
                                          : i % 3 == 1 ? (of.columns_of[j][one] + of.columns_of[j][other]) / 2
                                                       : value_of(&random, kind);
    }
    return of;
}

static void free_problem(problem *of) {
    for (uint64_t j = 0; j < of->columns; j++) free(of->columns_of[j]);
    free(of->centres);
}

/* By the definition: column after column, each step rounded. */
static double distance(const problem *of, uint64_t row, uint64_t centre) {
    volatile double sum = 0;
    for (uint64_t j = 0; j < of->columns; j++) {
        volatile double step = of->columns_of[j][row] - of->centres[centre * of->columns + j], square = step * step;
        sum = sum + square;
    }
    return sum;
}

static uint64_t nearest(const problem *of, uint64_t row) {
    uint64_t best = 0;
    for (uint64_t i = 1; i < of->k; i++)
        if (distance(of, row, i) < distance(of, row, best)) best = i;
    return best;
}

static void check_labels(const problem *of, const uint16_t *labels, int kind, const char *when) {
    for (uint64_t row = 0; row < of->rows; row++)
        ck_assert_msg(labels[row] == nearest(of, row), "%s: %d columns, k = %d, kind %d, row %d: %d, not %d", when,
                      (int)of->columns, (int)of->k, kind, (int)row, labels[row], (int)nearest(of, row));
}

/* Moves each centre a little, or some of them far; what rows lose of their slack by that. */
static void move(problem *of, lcg *random, double most, float *shrink) {
    double longest = 0, *ways = malloc((size_t)of->k * sizeof *ways);
    for (uint64_t i = 0; i < of->k; i++) {
        double square = 0;
        for (uint64_t j = 0; j < of->columns; j++) {
            double step = most * ((double)lcg_next(random) / 2147483648.0 - 0.5);
            double *at = &of->centres[i * of->columns + j], before = *at;
            *at += step;
            square += (*at - before) * (*at - before);
        }
        ways[i] = sqrt(square);
        longest = fmax(longest, ways[i]);
    }
    for (uint64_t i = 0; i < of->k; i++) shrink[i] = (float)((ways[i] + longest) * 1.000001) + 1e-37F;
    free(ways);
}

/* Nothing known; then, as centres move, what is known of the rows before. */
static void check_assignment(cm_context *ctx, problem *of, const cm_kmeans_kernel *kernel, int kind) {
    cm_kmeans_lot lot;
    uint16_t labels[MOST_ROWS];
    float slack[MOST_ROWS], shrink[MOST_ROWS];
    lcg random = {of->rows + of->k};
    OK(ctx, cm_kmeans_lot_open(ctx, of->k, of->columns, &lot));
    cm_kmeans_lot_fill(&lot, of->centres, of->k, NULL, kernel);
    kernel->assign(&lot, (const double *const *)of->columns_of, of->rows, NULL, slack, labels);
    check_labels(of, labels, kind, "at first");
    for (int round = 0; round < 4; round++) {
        static const double ways[] = {0, 1e-7, 0.02, 1};
        move(of, &random, ways[round], shrink);
        cm_kmeans_lot_fill(&lot, of->centres, of->k, NULL, kernel);
        kernel->assign(&lot, (const double *const *)of->columns_of, of->rows, shrink, slack, labels);
        check_labels(of, labels, kind, "moved");
    }
    cm_kmeans_lot_close(ctx->core, &lot);
}

/* Distances of eight rows at a time from centres in any order, of any number. */
static void check_measure(const problem *of, const cm_kmeans_kernel *kernel, const cm_kmeans_lot *lot) {
    double fresh[CM_KMEANS_CANDIDATES * CM_KMEANS_LANES];
    uint16_t list[CM_KMEANS_CANDIDATES];
    for (uint64_t first = 0; first < of->rows; first += CM_KMEANS_LANES) {
        uint64_t count = (first / CM_KMEANS_LANES) % (lot->count + 1);
        for (uint64_t i = 0; i < count; i++) list[i] = (uint16_t)(lot->count - 1 - i);
        kernel->measure(lot, list, count, (const double *const *)of->columns_of, first, of->rows, fresh);
        for (uint64_t i = 0; i < count; i++)
            for (uint64_t row = first; row < of->rows && row < first + CM_KMEANS_LANES; row++)
                ck_assert_double_eq(fresh[i * CM_KMEANS_LANES + row - first], distance(of, row, list[i]));
    }
}

/* Sums of closest distances in eight lanes, with and without weights, if each centre or the first is approached. */
static void check_approach(const problem *of, const cm_kmeans_kernel *kernel, const cm_kmeans_lot *lot,
                           const double *closest) {
    const double *const *columns = (const double *const *)of->columns_of;
    uint64_t count = lot->count < CM_KMEANS_WIDEST ? lot->count : CM_KMEANS_WIDEST;
    double weights[MOST_ROWS + 32] = {0}, nearer[MOST_ROWS + 32], sums[CM_KMEANS_WIDEST];
    for (uint64_t row = 0; row < of->rows; row++) weights[row] = (double)(row % 4) + 0.5;
    for (int weighted = 0; weighted < 2; weighted++) {
        kernel->weigh(lot, count, columns, of->rows, weighted ? weights : NULL, closest, sums);
        for (uint64_t i = 0; i < count; i++) {
            double lanes[CM_KMEANS_LANES] = {0};
            for (uint64_t row = 0; row < of->rows; row++) {
                double least = fmin(distance(of, row, i), closest[row]);
                lanes[row % CM_KMEANS_LANES] += weighted ? weights[row] * least : least;
            }
            ck_assert_double_eq(sums[i], cm_kmeans_sum_lanes(lanes));
        }
        memcpy(nearer, closest, sizeof nearer);
        ck_assert_double_eq(kernel->approach(lot, columns, of->rows, weighted ? weights : NULL, nearer), sums[0]);
        for (uint64_t row = 0; row < of->rows; row++)
            ck_assert_double_eq(nearer[row], fmin(distance(of, row, 0), closest[row]));
        for (uint64_t row = of->rows; row < MOST_ROWS; row++) ck_assert_double_eq(nearer[row], 0);
    }
}

/* No row that is nearer to a candidate lacks its bit, and none behind the end has one. */
static void check_candidates(cm_context *ctx, const problem *of, const cm_kmeans_kernel *kernel) {
    uint64_t candidates = of->k < CM_KMEANS_CANDIDATES ? of->k : CM_KMEANS_CANDIDATES - 1;
    double closest[MOST_ROWS + 32] = {0};
    cm_kmeans_bits nearer[CM_KMEANS_CANDIDATES];
    cm_kmeans_lot lot;
    OK(ctx, cm_kmeans_lot_open(ctx, CM_KMEANS_CANDIDATES, of->columns, &lot));
    cm_kmeans_lot_fill(&lot, of->centres, candidates, of->centres, kernel);
    for (uint64_t row = 0; row < of->rows; row++)
        closest[row] = row % 5 ? distance(of, row, of->k - 1) * (row % 3 ? 1 : 0.5) : 1e300;
    kernel->compare(&lot, (const double *const *)of->columns_of, of->rows, closest, nearer);
    for (uint64_t i = 0; i < candidates; i++)
        for (uint64_t row = 0; row < MOST_ROWS; row++) {
            bool bit = nearer[i].words[row / 32] >> row % 32 & 1;
            if (row >= of->rows) ck_assert(!bit);
            else if (!bit) ck_assert_double_ge(distance(of, row, i), closest[row]);
        }
    check_measure(of, kernel, &lot);
    check_approach(of, kernel, &lot, closest);
    cm_kmeans_lot_close(ctx->core, &lot);
}

/* The loop: a level of instructions. */
START_TEST(kernels_follow_the_definition) {
    static const uint64_t rows[] = {1, 7, 31, 33, 100, 1024}, columns[] = {1, 2, 4, 5, 16, 33, 64};
    static const uint64_t ks[] = {1, 2, 3, 5, 8, 13, 30, 77};
    cm_context *ctx = new_context();
    cm_cpu_limit(ctx, (cm_cpu_level)_i);
    const cm_kmeans_kernel *kernel = cm_kmeans_kernel_of(cm_cpu(ctx));
    for (size_t at = 0; at < 6 * 7 * 8; at += 1 + at % 3)
        for (int kind = 0; kind < 7; kind++) {
            problem of = make_problem(rows[at % 6], columns[at / 6 % 7], ks[at / 42], kind);
            check_candidates(ctx, &of, kernel);
            check_assignment(ctx, &of, kernel, kind);
            free_problem(&of);
        }
    cm_context_free(ctx);
}
END_TEST

/* ---- whole models ---- */

static cm_table *heaps(cm_context *ctx, uint64_t rows, uint64_t columns, bool whole) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    lcg random = {rows + columns};
    char name[16];
    OK(ctx, cm_builder_new(ctx, &builder));
    for (uint64_t j = 0; j <= columns; j++) {
        snprintf(name, sizeof name, j < columns ? "x%d" : "weight", (int)j);
        OK(ctx, cm_builder_column(ctx, builder, name, CM_FLOAT64, 0, 0));
    }
    for (uint64_t i = 0; i < rows; i++) {
        uint32_t heap = lcg_below(&random, 9);
        for (uint64_t j = 0; j < columns; j++) {
            double value = (double)(heap * (j + 3) % 7) * 2 + (double)lcg_below(&random, 65536) / 16384;
            OK(ctx, cm_builder_double(ctx, builder, j, whole ? floor(value) : value));
        }
        OK(ctx, cm_builder_double(ctx, builder, columns, 1 + lcg_below(&random, 4)));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static char *saved(const cm_table *table, uint64_t columns, int threads, cm_cpu_level level, const char *const *more,
                   size_t *size) {
    cm_context *ctx = new_context();
    cm_options *options = NULL;
    cm_model *model = NULL;
    char path[256], name[16];
    set_threads(ctx, threads);
    cm_cpu_limit(ctx, level);
    OK(ctx, cm_options_new(ctx, "kmeans", &options));
    for (uint64_t j = 0; j < columns; j++) {
        snprintf(name, sizeof name, "x%d", (int)j);
        OK(ctx, cm_options_add_text(ctx, options, "columns", name));
    }
    for (; *more; more += 2) OK(ctx, cm_options_set_text(ctx, options, *more, more[1]));
    OK(ctx, cm_fit(ctx, "kmeans", table, options, &model));
    temp_path(path, "kmeans-levels.cm");
    OK(ctx, cm_model_save(ctx, model, path));
    char *bytes = read_whole(path, size);
    remove(path);
    cm_options_free(options);
    cm_model_free(model);
    cm_context_free(ctx);
    return bytes;
}

START_TEST(no_level_and_no_thread_changes_a_byte) {
    static const struct {
        uint64_t rows, columns;
        bool whole;
        const char *more[12];
    } cases[] = {{5003, 2, true, {"k", "7", "starts", "3"}},
                 {5003, 5, false, {"k", "13", "starts", "2", "scale", "standard", "weight", "weight"}},
                 {70001, 3, false, {"k", "9", "starts", "2", "init", "random", "iterations", "8"}},
                 {3000, 20, false, {"k", "40", "starts", "1", "iterations", "15", "tolerance", "0"}}};
    cm_context *ctx = new_context();
    cm_table *table = heaps(ctx, cases[_i].rows, cases[_i].columns, cases[_i].whole);
    size_t size, other_size;
    char *bytes = saved(table, cases[_i].columns, 1, CM_CPU_SCALAR, cases[_i].more, &size);
    for (int level = CM_CPU_SCALAR; level < CM_CPU_LEVELS; level++)
        for (int threads = 1; threads <= 7; threads += threads == 1 ? 1 : 5) {
            char *other = saved(table, cases[_i].columns, threads, (cm_cpu_level)level, cases[_i].more, &other_size);
            ck_assert_uint_eq(size, other_size);
            ck_assert_mem_eq(bytes, other, size);
            free(other);
        }
    free(bytes);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

Suite *test_kmeans_kernels(void) {
    Suite *suite = suite_create("kmeans_kernels");
    TCase *tests = tcase_create("kernels");
    tcase_set_timeout(tests, 120);
    tcase_add_loop_test(tests, kernels_follow_the_definition, 0, CM_CPU_LEVELS);
    tcase_add_loop_test(tests, no_level_and_no_thread_changes_a_byte, 0, 4);
    suite_add_tcase(suite, tests);
    return suite;
}
