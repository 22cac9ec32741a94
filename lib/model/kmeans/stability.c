/* Whether other samples of the same customers give the same segments: bootstrap runs compared by the adjusted Rand
 * index (L. Hubert and P. Arabie, "Comparing partitions", Journal of Classification 2, 1985, doi:10.1007/BF01908075;
 * the procedure after C. Hennig, "Cluster-wise assessment of cluster stability", Computational Statistics and Data
 * Analysis 52, 2007, doi:10.1016/j.csda.2006.11.025).
 *
 * Each of ten runs draws as many rows as there are, at most 2,000, with replacement, fits k centres to them by the best
 * of three k-means++ starts, and gives each of at most 2,000 rows, the same for all runs, to the nearest centre. The
 * stability is the mean index of all pairs of runs: 1 where all agree, about 0 where they agree as chance would. Cost:
 * thirty small fits. None for more than 100 segments, or where a sample has fewer than two rows a segment. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "model/kmeans/kmeans.h"

#define RUNS 10
#define STARTS 3
#define SAMPLE UINT64_C(2000)
#define STREAM (UINT64_MAX - 1)

typedef struct sample {
    cm_kmeans_points points;
    double *values; /* column by column, whole blocks each */
} sample;

static cm_status open_sample(cm_context *ctx, uint64_t rows, uint64_t columns, sample *out) {
    uint64_t blocks = (rows + CM_KMEANS_BLOCK - 1) / CM_KMEANS_BLOCK;
    *out = (sample){.points = {.rows = rows, .columns = columns, .blocks = blocks}};
    out->values = cm_alloc(ctx, blocks * CM_KMEANS_BLOCK * columns, sizeof *out->values);
    if (out->values) out->points.values = cm_alloc(ctx, blocks * columns, sizeof *out->points.values);
    if (!out->points.values) return ctx->error.status;
    for (uint64_t block = 0; block < blocks; block++)
        for (uint64_t j = 0; j < columns; j++)
            out->points.values[block * columns + j] = out->values + (j * blocks + block) * CM_KMEANS_BLOCK;
    return CM_OK;
}

static void close_sample(cm_core *core, sample *of) {
    uint64_t blocks = of->points.blocks, columns = of->points.columns;
    cm_free(core, of->values, blocks * CM_KMEANS_BLOCK * columns, sizeof *of->values);
    cm_free(core, of->points.values, blocks * columns, sizeof *of->points.values);
}

static void put_row(sample *to, uint64_t at, const cm_kmeans_points *from, uint64_t row) {
    for (uint64_t j = 0; j < from->columns; j++)
        to->values[j * to->points.blocks * CM_KMEANS_BLOCK + at] = cm_kmeans_value(from, row, j);
}

/* Without replacement, in the order of the rows. */
static void draw_fixed(const cm_kmeans_points *from, cm_random *random, sample *out) {
    uint64_t taken = 0, wanted = out->points.rows;
    for (uint64_t row = 0; row < from->rows && taken < wanted; row++)
        if (cm_random_below(random, from->rows - row) < wanted - taken) put_row(out, taken++, from, row);
}

static void draw_again(const cm_kmeans_points *from, cm_random *random, sample *out) {
    for (uint64_t i = 0; i < out->points.rows; i++) put_row(out, i, from, cm_random_below(random, from->rows));
}

/* ---- one run ---- */

static void assign_rows(const cm_kmeans_run *run, const sample *to, uint16_t *labels) {
    float slack[CM_KMEANS_BLOCK];
    for (uint64_t block = 0; block < to->points.blocks; block++)
        run->kernel->assign(&run->lot, to->points.values + block * to->points.columns,
                            cm_kmeans_block_rows(&to->points, block), NULL, slack, labels + block * CM_KMEANS_BLOCK);
}

/* *done: false if the drawn rows do not hold k that differ. */
static cm_status run_once(cm_context *ctx, const sample *drawn, const sample *fixed, uint64_t k, double *centres,
                          const cm_kmeans_settings *settings, uint64_t number, uint16_t *labels, bool *done) {
    cm_kmeans_run run;
    double least = (double)INFINITY;
    cm_status status = cm_kmeans_open_run(ctx, &drawn->points, k, centres, &run);
    for (uint64_t start = 0; start < STARTS && !status; start++) {
        status = cm_kmeans_seed(ctx, &run, settings->seed, UINT32_MAX - number * STARTS - start);
        if (!status) status = cm_kmeans_iterate(ctx, &run, settings->iterations, 0, false);
        if (status || !(run.inertia < least)) continue;
        least = run.inertia;
        assign_rows(&run, fixed, labels);
    }
    *done = !status;
    cm_kmeans_close_run(ctx->core, &run);
    if (status != CM_E_DATA) return status;
    cm_error_clear(&ctx->error);
    return CM_OK;
}

/* ---- comparing ---- */

static double pairs(double count) {
    return count * (count - 1) / 2;
}

static double adjusted_rand(const uint16_t *a, const uint16_t *b, uint64_t rows, uint64_t k, uint32_t *both) {
    double together = 0, of_a = 0, of_b = 0, all = pairs((double)rows);
    memset(both, 0, (size_t)(k * k) * sizeof *both);
    for (uint64_t i = 0; i < rows; i++) both[a[i] * k + b[i]]++;
    for (uint64_t i = 0; i < k; i++) {
        double row = 0, column = 0;
        for (uint64_t j = 0; j < k; j++) {
            together += pairs(both[i * k + j]);
            row += both[i * k + j];
            column += both[j * k + i];
        }
        of_a += pairs(row);
        of_b += pairs(column);
    }
    double expected = all > 0 ? of_a * of_b / all : 0, most = (of_a + of_b) / 2;
    return most > expected ? (together - expected) / (most - expected) : 1;
}

typedef struct runs {
    sample drawn, fixed;
    double *centres;
    uint16_t *labels; /* of each run */
    uint32_t *both;
    uint64_t padded;
} runs;

static cm_status compare_runs(cm_context *ctx, const cm_kmeans_points *points, uint64_t k,
                              const cm_kmeans_settings *settings, runs *of, double *out) {
    cm_random random;
    double sum = 0;
    bool done = true;
    cm_random_seed(&random, settings->seed, STREAM);
    draw_fixed(points, &random, &of->fixed);
    for (uint64_t i = 0; i < RUNS && done; i++) {
        draw_again(points, &random, &of->drawn);
        cm_status status = run_once(ctx, &of->drawn, &of->fixed, k, of->centres, settings, i,
                                    of->labels + i * of->padded, &done);
        if (status) return status;
    }
    for (uint64_t i = 0; i < RUNS; i++)
        for (uint64_t j = 0; j < i; j++)
            sum += adjusted_rand(of->labels + i * of->padded, of->labels + j * of->padded, of->fixed.points.rows, k,
                                 of->both);
    *out = done ? sum / pairs(RUNS) : (double)NAN;
    return CM_OK;
}

cm_status cm_kmeans_stability(cm_context *ctx, const cm_kmeans_points *points, uint64_t k,
                              const cm_kmeans_settings *settings, double *out) {
    uint64_t rows = points->rows < SAMPLE ? points->rows : SAMPLE, columns = points->columns;
    runs of = {0};
    *out = (double)NAN;
    if (k < 2 || k > CM_KMEANS_MOST_RANGE || rows < 2 * k) return CM_OK;
    cm_status status = open_sample(ctx, rows, columns, &of.drawn);
    if (!status) status = open_sample(ctx, rows, columns, &of.fixed);
    of.padded = of.drawn.points.blocks * CM_KMEANS_BLOCK;
    if (!status) of.centres = cm_alloc(ctx, k * columns, sizeof *of.centres);
    if (of.centres) of.labels = cm_alloc(ctx, RUNS * of.padded, sizeof *of.labels);
    if (of.labels) of.both = cm_alloc(ctx, k * k, sizeof *of.both);
    status = of.both ? compare_runs(ctx, points, k, settings, &of, out) : ctx->error.status;
    close_sample(ctx->core, &of.drawn);
    close_sample(ctx->core, &of.fixed);
    cm_free(ctx->core, of.centres, k * columns, sizeof *of.centres);
    cm_free(ctx->core, of.labels, RUNS * of.padded, sizeof *of.labels);
    cm_free(ctx->core, of.both, k * k, sizeof *of.both);
    return status;
}
