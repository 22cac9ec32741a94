/* k-means++: centres to start from (D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding",
 * Proceedings of the 18th Annual ACM-SIAM Symposium on Discrete Algorithms, 2007).
 *
 * The idea: the first centre is any row; each further one is drawn among the rows with a chance in proportion to the
 * squared distance from the centres so far. In expectation the result is within 8 (ln k + 2) of the best. The greedy
 * variant, which scikit-learn uses too, draws 2 + floor(ln k) candidates each time and keeps the one that leaves the
 * least sum of squared distances (the first of equals). Cost: rows times columns times k times candidates.
 *
 * Different here: sums are formed as lloyd.c does; when no row is left at a distance, the rows that differ are fewer
 * than the centres wanted, which is an error that names both. */
#include <string.h>

#include "base/math.h"
#include "base/random.h"
#include "base/threads.h"
#include "model/kmeans/kernel.h"
#include "model/kmeans/kmeans.h"

#define TICK_GROUPS 2048

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* What would be left with each candidate. */
static cm_status weigh_portion(cm_context *ctx, void *state, uint64_t portion) {
    cm_kmeans_run *run = state;
    uint64_t columns = run->points->columns, count = run->candidate_count;
    uint64_t first = portion * run->portion_groups, end = least(first + run->portion_groups, run->points->groups);
    cm_pair left[CM_KMEANS_LANES * 2][4], fresh[4];
    memset(left, 0, sizeof left);
    for (uint64_t group = first; group < end; group++) {
        const double *x = run->points->values + group * columns * CM_KMEANS_LANES;
        const cm_loose_pair *closest = (const void *)(run->closest + group * CM_KMEANS_LANES);
        for (uint64_t i = 0; i < count; i++) {
            cm_distances(x, run->candidates + i * columns, columns, fresh);
            for (int pair = 0; pair < 4; pair++) left[i][pair] += cm_smaller(fresh[pair], closest[pair]);
        }
        if ((group - first) % TICK_GROUPS == 0 && cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
    }
    for (uint64_t i = 0; i < count; i++) run->parts[portion].potentials[i] = cm_sum_pairs(left[i]);
    return CM_OK;
}

/* Distances to the nearest centre with one more: the first candidate. */
static cm_status take_portion(cm_context *ctx, void *state, uint64_t portion) {
    cm_kmeans_run *run = state;
    uint64_t columns = run->points->columns;
    uint64_t first = portion * run->portion_groups, end = least(first + run->portion_groups, run->points->groups);
    cm_pair left[4], fresh[4];
    memset(left, 0, sizeof left);
    for (uint64_t group = first; group < end; group++) {
        double *closest = run->closest + group * CM_KMEANS_LANES;
        const cm_loose_pair *before = (const void *)closest;
        cm_distances(run->points->values + group * columns * CM_KMEANS_LANES, run->candidates, columns, fresh);
        for (int pair = 0; pair < 4; pair++) {
            fresh[pair] = cm_smaller(fresh[pair], before[pair]);
            left[pair] += fresh[pair];
        }
        cm_store_pairs(closest, fresh);
        if ((group - first) % TICK_GROUPS == 0 && cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
    }
    run->parts[portion].total = cm_sum_pairs(left);
    return CM_OK;
}

/* A row with a chance in proportion to its distance; of rounding at the end the last row that has any. */
static uint64_t draw_row(const cm_kmeans_run *run, double total, cm_random *random) {
    double target = cm_random_double(random) * total;
    uint64_t portion = 0, last = 0;
    for (uint64_t i = 0; i < run->portions; i++) {
        if (run->parts[i].total <= 0) continue;
        portion = i;
        if (target < run->parts[i].total) break;
        target -= run->parts[i].total;
    }
    uint64_t rows = run->portion_groups * CM_KMEANS_LANES, first = portion * rows;
    for (uint64_t row = first; row < least(first + rows, run->points->rows); row++) {
        if (run->closest[row] <= 0) continue;
        last = row;
        if (target < run->closest[row]) break;
        target -= run->closest[row];
    }
    return last;
}

static void copy_row(const cm_kmeans_run *run, uint64_t row, double *to) {
    for (uint64_t j = 0; j < run->points->columns; j++) to[j] = cm_kmeans_value(run->points, row, j);
}

/* The row becomes centre number `at`; *total is what is left. */
static cm_status take(cm_context *ctx, cm_kmeans_run *run, uint64_t at, const double *centre, double *total) {
    uint64_t columns = run->points->columns;
    memmove(run->centres + at * columns, centre, (size_t)columns * sizeof *centre);
    run->candidates = run->centres + at * columns;
    cm_status status = cm_parallel(ctx, run->portions, take_portion, run);
    *total = 0;
    for (uint64_t i = 0; i < run->portions; i++) *total += run->parts[i].total;
    return status;
}

static cm_status find_best(cm_context *ctx, cm_kmeans_run *run, const double *candidates, uint64_t count,
                           uint64_t *best) {
    double least_left = 0;
    run->candidates = candidates;
    run->candidate_count = count;
    cm_status status = cm_parallel(ctx, run->portions, weigh_portion, run);
    for (uint64_t i = 0; i < count; i++) {
        double left = 0;
        for (uint64_t portion = 0; portion < run->portions; portion++) left += run->parts[portion].potentials[i];
        if (i && left >= least_left) continue;
        least_left = left;
        *best = i;
    }
    return status;
}

cm_status cm_kmeans_seed(cm_context *ctx, cm_kmeans_run *run, uint64_t seed, uint64_t start) {
    const cm_kmeans_points *points = run->points;
    double candidates[CM_KMEANS_LANES * 2 * CM_MOST_INPUTS], total;
    uint64_t count = 2 + (uint64_t)cm_log1p((double)(run->k - 1)), best = 0;
    cm_random random;
    cm_random_seed(&random, seed, run->k << 32 | start);
    for (uint64_t row = 0; row < points->groups * CM_KMEANS_LANES; row++)
        run->closest[row] = row < points->rows ? 1e300 : 0;
    copy_row(run, cm_random_below(&random, points->rows), candidates);
    cm_status status = take(ctx, run, 0, candidates, &total);
    for (uint64_t at = 1; at < run->k && !status; at++) {
        if (!(total > 0)) return cm_fail(ctx, CM_E_DATA, "KMEANS_DISTINCT", "uu", run->k, at);
        for (uint64_t i = 0; i < count; i++)
            copy_row(run, draw_row(run, total, &random), candidates + i * points->columns);
        status = find_best(ctx, run, candidates, count, &best);
        if (!status) status = take(ctx, run, at, candidates + best * points->columns, &total);
    }
    return status;
}
