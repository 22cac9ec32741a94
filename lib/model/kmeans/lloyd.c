/* Lloyd's iterations: each row to its nearest centre, each centre to the mean of its rows, until nothing changes (S. P.
 * Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28(2), 1982,
 * doi:10.1109/TIT.1982.1056489).
 *
 * Cost: rows times centres times columns an iteration, eight rows at a time, a pass over memory each. The rows are
 * dealt out in portions whose number depends on the data alone; a portion's sums are formed row by row, and portions
 * are added in their order, so that threads change nothing.
 *
 * Different here: of equally near centres the lowest counts; a centre that lost all its rows takes the farthest row of
 * any (the first of equally far ones) from a centre that has more than one. */
#include <string.h>

#include "base/threads.h"
#include "model/kmeans/kernel.h"
#include "model/kmeans/kmeans.h"

#define MOST_PORTIONS 64
#define PORTION_GROUPS 512            /* at least: 4,096 rows */
#define MOST_SUMS (UINT64_C(1) << 22) /* numbers in the sums of all portions */
#define TICK_WORK (UINT64_C(1) << 20) /* row times centre times column between two looks at the clock */

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

cm_status cm_kmeans_open_run(cm_context *ctx, const cm_kmeans_points *points, uint64_t k, double *centres,
                             cm_kmeans_run *out) {
    uint64_t numbers = k * points->columns, portions = (points->groups + PORTION_GROUPS - 1) / PORTION_GROUPS;
    portions = least(least(portions, MOST_PORTIONS), MOST_SUMS / numbers ? MOST_SUMS / numbers : 1);
    *out = (cm_kmeans_run){.points = points, .k = k, .centres = centres};
    out->portion_groups = (points->groups + portions - 1) / portions;
    out->portions = (points->groups + out->portion_groups - 1) / out->portion_groups;
    out->closest = cm_alloc(ctx, points->groups, CM_KMEANS_LANES * sizeof *out->closest);
    if (out->closest) out->labels = cm_alloc(ctx, points->groups, CM_KMEANS_LANES * sizeof *out->labels);
    if (out->labels) out->sums = cm_alloc(ctx, out->portions * numbers, sizeof *out->sums);
    if (out->sums) out->counts = cm_alloc(ctx, out->portions * k, sizeof *out->counts);
    if (out->counts) out->parts = cm_alloc(ctx, out->portions, sizeof *out->parts);
    if (out->parts) return CM_OK;
    cm_kmeans_close_run(ctx->core, out);
    return ctx->error.status;
}

void cm_kmeans_close_run(cm_core *core, cm_kmeans_run *run) {
    if (!run->points) return;
    uint64_t groups = run->points->groups;
    cm_free(core, run->closest, groups, CM_KMEANS_LANES * sizeof *run->closest);
    cm_free(core, run->labels, groups, CM_KMEANS_LANES * sizeof *run->labels);
    cm_free(core, run->sums, run->portions * run->k * run->points->columns, sizeof *run->sums);
    cm_free(core, run->counts, run->portions * run->k, sizeof *run->counts);
    cm_free(core, run->parts, run->portions, sizeof *run->parts);
    *run = (cm_kmeans_run){0};
}

/* ---- assignment ---- */

/* Best distances and labels of a group. */
static void assign_group(const cm_kmeans_run *run, const double *x, double *closest, int64_t *labels) {
    uint64_t columns = run->points->columns;
    const double *centre = run->centres;
    cm_pair best[4], fresh[4];
    cm_pair_mask label[4] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
    cm_distances(x, centre, columns, best);
    for (uint64_t i = 1; i < run->k; i++) {
        centre += columns;
        cm_distances(x, centre, columns, fresh);
        cm_keep_nearer(fresh[0], (int64_t)i, &best[0], &label[0]);
        cm_keep_nearer(fresh[1], (int64_t)i, &best[1], &label[1]);
        cm_keep_nearer(fresh[2], (int64_t)i, &best[2], &label[2]);
        cm_keep_nearer(fresh[3], (int64_t)i, &best[3], &label[3]);
    }
    cm_store_pairs(closest, best);
    memcpy(labels, label, sizeof label);
}

/* The rows of a group into the sums of their centres. */
static void add_group(const cm_kmeans_run *run, const double *x, const int64_t *labels, uint64_t rows, double *sums,
                      uint64_t *counts) {
    uint64_t columns = run->points->columns;
    for (uint64_t lane = 0; lane < rows; lane++) {
        uint64_t label = (uint64_t)labels[lane];
        double *sum = sums + label * columns;
        counts[label]++;
        for (uint64_t j = 0; j < columns; j++) sum[j] += x[j * CM_KMEANS_LANES + lane];
    }
}

static uint64_t note_labels(int32_t *kept, const int64_t *labels, uint64_t rows) {
    uint64_t changed = 0;
    for (uint64_t lane = 0; lane < rows; lane++) {
        changed += kept[lane] != (int32_t)labels[lane];
        kept[lane] = (int32_t)labels[lane];
    }
    return changed;
}

static cm_status assign_portion(cm_context *ctx, void *state, uint64_t portion) {
    cm_kmeans_run *run = state;
    const cm_kmeans_points *points = run->points;
    uint64_t numbers = run->k * points->columns, tick = 1 + TICK_WORK / CM_KMEANS_LANES / numbers;
    uint64_t first = portion * run->portion_groups, end = least(first + run->portion_groups, points->groups);
    double *sums = run->sums + portion * numbers;
    uint64_t *counts = run->counts + portion * run->k, changed = 0;
    cm_pair total[4] = {{0, 0}, {0, 0}, {0, 0}, {0, 0}};
    memset(sums, 0, (size_t)numbers * sizeof *sums);
    memset(counts, 0, (size_t)run->k * sizeof *counts);
    for (uint64_t group = first; group < end; group++) {
        const double *x = points->values + group * points->columns * CM_KMEANS_LANES;
        double *closest = run->closest + group * CM_KMEANS_LANES;
        int64_t labels[CM_KMEANS_LANES];
        uint64_t rows = least(points->rows - group * CM_KMEANS_LANES, CM_KMEANS_LANES);
        assign_group(run, x, closest, labels);
        for (uint64_t lane = rows; lane < CM_KMEANS_LANES; lane++) closest[lane] = 0;
        for (int i = 0; i < 4; i++) total[i] += ((const cm_loose_pair *)(const void *)closest)[i];
        add_group(run, x, labels, rows, sums, counts);
        changed += note_labels(run->labels + group * CM_KMEANS_LANES, labels, rows);
        if ((group - first) % tick == 0 && cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
    }
    run->parts[portion].total = cm_sum_pairs(total);
    run->parts[portion].changed = changed;
    return CM_OK;
}

cm_status cm_kmeans_assign(cm_context *ctx, cm_kmeans_run *run) {
    uint64_t numbers = run->k * run->points->columns;
    cm_status status = cm_parallel(ctx, run->portions, assign_portion, run);
    if (status) return status;
    run->inertia = 0;
    run->changed = 0;
    for (uint64_t portion = 0; portion < run->portions; portion++) {
        run->inertia += run->parts[portion].total;
        run->changed += run->parts[portion].changed;
        for (uint64_t i = 0; portion && i < numbers; i++) run->sums[i] += run->sums[portion * numbers + i];
        for (uint64_t i = 0; portion && i < run->k; i++) run->counts[i] += run->counts[portion * run->k + i];
    }
    return CM_OK;
}

/* ---- centres ---- */

/* The farthest row whose centre has others, too; the first of equally far ones. */
static uint64_t find_farthest(const cm_kmeans_run *run) {
    uint64_t found = 0;
    double farthest = -1;
    for (uint64_t row = 0; row < run->points->rows; row++)
        if (run->closest[row] > farthest && run->counts[run->labels[row]] > 1) {
            farthest = run->closest[row];
            found = row;
        }
    return found;
}

static cm_status repair_empty(cm_context *ctx, cm_kmeans_run *run) {
    uint64_t columns = run->points->columns;
    for (uint64_t i = 0; i < run->k; i++) {
        if (run->counts[i]) continue;
        uint64_t row = find_farthest(run), from = (uint64_t)run->labels[row];
        for (uint64_t j = 0; j < columns; j++) {
            double value = cm_kmeans_value(run->points, row, j);
            run->sums[from * columns + j] -= value;
            run->sums[i * columns + j] = value;
        }
        run->counts[from]--;
        run->counts[i] = 1;
        run->labels[row] = (int32_t)i;
        run->closest[row] = 0;
        cm_status status = cm_tick(ctx, "kmeans", 0, 0);
        if (status) return status;
    }
    return CM_OK;
}

/* Each centre to the mean of its rows; the sum of the squared ways. */
static double move_centres(cm_kmeans_run *run) {
    uint64_t columns = run->points->columns;
    double way = 0;
    for (uint64_t i = 0; i < run->k; i++)
        for (uint64_t j = 0; j < columns; j++) {
            double *at = &run->centres[i * columns + j], mean = run->sums[i * columns + j] / (double)run->counts[i];
            way += (mean - *at) * (mean - *at);
            *at = mean;
        }
    return way;
}

cm_status cm_kmeans_iterate(cm_context *ctx, cm_kmeans_run *run, uint64_t most, double tolerance) {
    bool near = false;
    for (uint64_t row = 0; row < run->points->rows; row++) run->labels[row] = -1;
    for (run->iterations = 0;; run->iterations++) {
        cm_status status = cm_kmeans_assign(ctx, run);
        if (status) return status;
        run->stopped_by = run->changed == 0 ? CM_KMEANS_UNCHANGED : near ? CM_KMEANS_TOLERANCE : CM_KMEANS_ITERATIONS;
        if (run->changed == 0 || near || run->iterations == most) return CM_OK;
        status = repair_empty(ctx, run);
        if (status) return status;
        near = move_centres(run) <= tolerance && tolerance > 0;
    }
}
