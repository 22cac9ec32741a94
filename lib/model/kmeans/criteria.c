/* How good k segments are, for the choice of k: by how apart and tight they are, by what the next one brings, by their
 * size and by whether other samples of the same customers give the same ones.
 *
 * Calinski and Harabasz (T. Calinski and J. Harabasz, "A dendrite method for cluster analysis", Communications in
 * Statistics 3(1), 1974, doi:10.1080/03610927408827101): (B / (k - 1)) / (W / (n - k)), B and W the squared distances
 * between and within segments; larger is better. Davies and Bouldin (D. L. Davies and D. W. Bouldin, "A cluster
 * separation measure", IEEE Transactions on Pattern Analysis and Machine Intelligence 1(2), 1979,
 * doi:10.1109/TPAMI.1979.4766909): the mean over the segments of the largest (s + s') / d, s the mean distance of a
 * segment's rows from their mean, d that of two means; smaller is better. The elbow (V. Satopaa et al., "Finding a
 * 'kneedle' in a haystack", ICDCS Workshops 2011, doi:10.1109/ICDCSW.2011.20): how far the falling inertia lies below
 * the straight line from the first k to the last, both scaled to 0 .. 1; larger is better. silhouette.c, stability.c
 * have the rest. Cost: one pass over the rows a k. */
#include <math.h>
#include <string.h>

#include "model/kmeans/kmeans.h"

static double mass_of(const cm_kmeans_run *run, uint64_t i) {
    return run->masses ? run->masses[i] : (double)run->counts[i];
}

/* The means of the rows that the segments have now; the centres may be a step behind. False if one has none. */
static bool find_means(const cm_kmeans_run *run, double *means) {
    uint64_t columns = run->points->columns;
    for (uint64_t i = 0; i < run->k; i++) {
        if (!run->counts[i]) return false;
        for (uint64_t j = 0; j < columns; j++) means[i * columns + j] = run->sums[j * run->k + i] / mass_of(run, i);
    }
    return true;
}

static double square_between(const double *a, const double *b, uint64_t columns) {
    return cm_kmeans_distance(a, b, columns, 1);
}

static double calinski_harabasz(const cm_kmeans_run *run, const double *means, double inertia) {
    uint64_t columns = run->points->columns;
    double all[CM_MOST_INPUTS] = {0}, n = 0, between = 0, within = inertia;
    for (uint64_t i = 0; i < run->k; i++) n += mass_of(run, i);
    for (uint64_t i = 0; i < run->k; i++)
        for (uint64_t j = 0; j < columns; j++) all[j] += means[i * columns + j] * (mass_of(run, i) / n);
    for (uint64_t i = 0; i < run->k; i++) {
        between += mass_of(run, i) * square_between(means + i * columns, all, columns);
        within -= mass_of(run, i) * square_between(means + i * columns, run->centres + i * columns, columns);
    }
    double k = (double)run->k;
    return within > 0 && n > k && k > 1 ? (between / (k - 1)) / (within / (n - k)) : (double)NAN;
}

/* Mean distances of the segments' rows from their means. */
static cm_status find_spreads(cm_context *ctx, const cm_kmeans_run *run, const double *means, double *spreads) {
    const cm_kmeans_points *points = run->points;
    double squares[CM_KMEANS_BLOCK];
    for (uint64_t block = 0; block < points->blocks; block++) {
        const uint16_t *labels = run->labels + block * CM_KMEANS_BLOCK;
        uint64_t rows = cm_kmeans_block_rows(points, block);
        memset(squares, 0, sizeof squares);
        if (cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
        for (uint64_t j = 0; j < points->columns; j++) {
            const double *x = points->values[block * points->columns + j];
            for (uint64_t row = 0; row < rows; row++) {
                double step = x[row] - means[labels[row] * points->columns + j];
                squares[row] += step * step;
            }
        }
        for (uint64_t row = 0; row < rows; row++) {
            double weight = points->weights ? points->weights[block * CM_KMEANS_BLOCK + row] : 1;
            spreads[labels[row]] += weight * sqrt(squares[row]);
        }
    }
    for (uint64_t i = 0; i < run->k; i++) spreads[i] /= mass_of(run, i);
    return CM_OK;
}

static double davies_bouldin(const cm_kmeans_run *run, const double *means, const double *spreads) {
    uint64_t columns = run->points->columns;
    double sum = 0;
    for (uint64_t i = 0; i < run->k; i++) {
        double worst = 0;
        for (uint64_t other = 0; other < run->k; other++) {
            if (other == i) continue;
            double apart = sqrt(square_between(means + i * columns, means + other * columns, columns));
            double ratio = (spreads[i] + spreads[other]) / apart;
            if (ratio > worst) worst = ratio;
        }
        sum += worst;
    }
    return run->k > 1 ? sum / (double)run->k : (double)NAN;
}

static cm_status judge(cm_context *ctx, const cm_kmeans_run *run, double *means, double *spreads,
                       cm_kmeans_start *out) {
    double least = INFINITY, all = 0;
    if (!find_means(run, means)) return CM_OK;
    for (uint64_t i = 0; i < run->k; i++) {
        all += (double)run->counts[i];
        least = (double)run->counts[i] < least ? (double)run->counts[i] : least;
    }
    out->smallest_share = least / all;
    out->calinski_harabasz = calinski_harabasz(run, means, out->inertia);
    cm_status status = find_spreads(ctx, run, means, spreads);
    if (!status) out->davies_bouldin = davies_bouldin(run, means, spreads);
    return status;
}

cm_status cm_kmeans_judge(cm_context *ctx, const cm_kmeans_run *run, const cm_kmeans_settings *settings,
                          cm_kmeans_start *out) {
    uint64_t numbers = run->k * run->points->columns;
    double *means = cm_alloc(ctx, numbers, sizeof *means), *spreads = NULL;
    if (means) spreads = cm_alloc(ctx, run->k, sizeof *spreads);
    cm_status status = spreads ? judge(ctx, run, means, spreads, out) : ctx->error.status;
    cm_free(ctx->core, means, numbers, sizeof *means);
    cm_free(ctx->core, spreads, run->k, sizeof *spreads);
    if (!status)
        status = cm_kmeans_silhouette(ctx, run->points, run->labels, run->k, settings->seed, &out->silhouette);
    if (!status && !isnan(out->silhouette))
        out->silhouette_rows = (double)(run->points->rows < CM_KMEANS_SAMPLE ? run->points->rows : CM_KMEANS_SAMPLE);
    return status ? status : cm_kmeans_stability(ctx, run->points, run->k, settings, &out->stability);
}

/* ---- the choice ---- */

/* Of the best starts of each k, in rising order of k. */
static void find_elbow(cm_kmeans_start *const *of, uint64_t count) {
    const cm_kmeans_start *first = of[0], *last = of[count - 1];
    double fall = first->inertia - last->inertia, ks = (double)(last->k - first->k);
    for (uint64_t i = 0; i < count && ks > 0 && fall > 0; i++)
        of[i]->elbow = (first->inertia - of[i]->inertia) / fall - (double)(of[i]->k - first->k) / ks;
}

static double measure_of(const cm_kmeans_start *of, cm_kmeans_criterion criterion) {
    double measures[] = {of->silhouette, of->calinski_harabasz, -of->davies_bouldin, of->elbow};
    return isnan(measures[criterion]) ? -(double)INFINITY : measures[criterion];
}

static bool is_sound(const cm_kmeans_start *of, const cm_kmeans_settings *settings) {
    return of->smallest_share >= settings->min_share && of->stability >= settings->min_stability;
}

/* Sound ones first, then by the criterion; the smaller k of equals. */
static bool is_better(const cm_kmeans_start *a, const cm_kmeans_start *b, const cm_kmeans_settings *settings) {
    bool sound = is_sound(a, settings), other = is_sound(b, settings);
    if (sound != other) return sound;
    double x = measure_of(a, settings->criterion), y = measure_of(b, settings->criterion);
    return x != y ? x > y : a->k < b->k;
}

uint64_t cm_kmeans_pick(cm_kmeans_start *const *of, uint64_t count, const cm_kmeans_settings *settings) {
    uint64_t first = 0, second = UINT64_MAX;
    find_elbow(of, count);
    for (uint64_t i = 1; i < count; i++)
        if (is_better(of[i], of[first], settings)) first = i;
    for (uint64_t i = 0; i < count; i++)
        if (i != first && (second == UINT64_MAX || is_better(of[i], of[second], settings))) second = i;
    of[first]->chosen = true;
    of[first]->place = 1;
    of[first]->unsound = count > 1 && !is_sound(of[first], settings);
    if (second != UINT64_MAX) of[second]->place = 2;
    return first;
}
