/* The mean silhouette: how much nearer each row lies to its own segment than to the next (P. J. Rousseeuw,
 * "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis", Journal of Computational and
 * Applied Mathematics 20, 1987, doi:10.1016/0377-0427(87)90125-7).
 *
 * s = (b - a) / max(a, b), with a the mean distance to the others of the row's segment and b the least mean distance to
 * the rows of another; 0 for a segment of one. Cost: the square of the rows, hence a sample of at most 2,000, drawn
 * without replacement in the order of the rows (D. E. Knuth, The Art of Computer Programming 2, algorithm 3.4.2S): the
 * same sample for every number of segments. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "model/kmeans/kmeans.h"

#define STREAM UINT64_MAX

typedef struct sample {
    uint64_t count, columns, k;
    double *values; /* row by row */
    int32_t *labels;
    double *distances; /* of one row, summed by segment */
    uint64_t *counts;  /* by segment */
} sample;

static void draw_sample(const cm_kmeans_points *points, const uint16_t *labels, uint64_t seed, sample *out) {
    cm_random random;
    uint64_t wanted = out->count, taken = 0;
    cm_random_seed(&random, seed, STREAM);
    for (uint64_t row = 0; row < points->rows && taken < wanted; row++) {
        if (cm_random_below(&random, points->rows - row) >= wanted - taken) continue;
        for (uint64_t j = 0; j < points->columns; j++)
            out->values[taken * points->columns + j] = cm_kmeans_value(points, row, j);
        out->labels[taken] = labels[row];
        out->counts[labels[row]]++;
        taken++;
    }
}

static double distance(const sample *of, uint64_t a, uint64_t b) {
    const double *x = of->values + a * of->columns, *y = of->values + b * of->columns;
    double sum = 0;
    for (uint64_t j = 0; j < of->columns; j++) sum += (x[j] - y[j]) * (x[j] - y[j]);
    return sqrt(sum);
}

static double silhouette_of(const sample *of, uint64_t row) {
    uint64_t own = (uint64_t)of->labels[row];
    double inside, outside = (double)INFINITY;
    if (of->counts[own] < 2) return 0;
    memset(of->distances, 0, (size_t)of->k * sizeof *of->distances);
    for (uint64_t other = 0; other < of->count; other++) of->distances[of->labels[other]] += distance(of, row, other);
    inside = of->distances[own] / (double)(of->counts[own] - 1);
    for (uint64_t i = 0; i < of->k; i++) {
        double mean = of->counts[i] ? of->distances[i] / (double)of->counts[i] : (double)INFINITY;
        if (i != own && mean < outside) outside = mean;
    }
    double larger = inside > outside ? inside : outside;
    return larger > 0 ? (outside - inside) / larger : 0;
}

static cm_status mean_silhouette(cm_context *ctx, const sample *of, double *out) {
    uint64_t segments = 0;
    double sum = 0;
    for (uint64_t i = 0; i < of->k; i++) segments += of->counts[i] > 0;
    *out = (double)NAN;
    if (segments < 2) return CM_OK;
    for (uint64_t row = 0; row < of->count; row++) {
        cm_status status = row % 64 ? CM_OK : cm_tick(ctx, "kmeans", 0, 0);
        if (status) return status;
        sum += silhouette_of(of, row);
    }
    *out = sum / (double)of->count;
    return CM_OK;
}

cm_status cm_kmeans_silhouette(cm_context *ctx, const cm_kmeans_points *points, const uint16_t *labels, uint64_t k,
                               uint64_t seed, double *out) {
    sample of = {.columns = points->columns, .k = k};
    of.count = points->rows < CM_KMEANS_SAMPLE ? points->rows : CM_KMEANS_SAMPLE;
    cm_status status;
    of.values = cm_alloc(ctx, of.count * of.columns, sizeof *of.values);
    if (of.values) of.labels = cm_alloc(ctx, of.count, sizeof *of.labels);
    if (of.labels) of.distances = cm_alloc(ctx, k, sizeof *of.distances);
    if (of.distances) of.counts = cm_alloc(ctx, k, sizeof *of.counts);
    if (of.counts) {
        draw_sample(points, labels, seed, &of);
        status = mean_silhouette(ctx, &of, out);
    } else {
        status = ctx->error.status;
    }
    cm_free(ctx->core, of.values, of.count * of.columns, sizeof *of.values);
    cm_free(ctx->core, of.labels, of.count, sizeof *of.labels);
    cm_free(ctx->core, of.distances, k, sizeof *of.distances);
    cm_free(ctx->core, of.counts, k, sizeof *of.counts);
    return status;
}
