/* Lloyd's iterations: each row to its nearest centre, each centre to the mean of its rows, until nothing changes (S. P.
 * Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28(2), 1982,
 * doi:10.1109/TIT.1982.1056489).
 *
 * Cost: rows times centres times columns an iteration (kernel.h), one pass over memory each. The rows are dealt out in
 * portions whose number depends on the data alone; a portion's sums are formed row by row, and portions are added in
 * their order, so that threads change nothing.
 *
 * Different here: of equally near centres the lowest counts; a centre that lost all its rows takes the farthest row of
 * any (the first of equally far ones) from a centre that has more than one. */
#include <string.h>

#include "base/threads.h"
#include "model/kmeans/kmeans.h"

#define MOST_PORTIONS 32
#define ROW_NUMBERS 2 /* of the sums of all portions, at most so many numbers a row */

static uint64_t least(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static uint64_t padded_rows(const cm_kmeans_points *points) {
    return points->blocks * CM_KMEANS_BLOCK;
}

static void deal_out(cm_kmeans_run *run) {
    const cm_kmeans_points *points = run->points;
    uint64_t portions = points->rows * ROW_NUMBERS / (run->k * points->columns);
    portions = least(portions, least(MOST_PORTIONS, points->blocks));
    if (!portions) portions = 1;
    run->portion_blocks = (points->blocks + portions - 1) / portions;
    run->portions = (points->blocks + run->portion_blocks - 1) / run->portion_blocks;
}

cm_status cm_kmeans_open_run(cm_context *ctx, const cm_kmeans_points *points, uint64_t k, double *centres,
                             cm_kmeans_run *out) {
    *out = (cm_kmeans_run){.points = points, .k = k, .centres = centres, .kernel = cm_kmeans_kernel_of(cm_cpu(ctx))};
    deal_out(out);
    cm_status status = cm_kmeans_lot_open(ctx, k, points->columns, &out->lot);
    if (!status) out->labels = cm_alloc(ctx, padded_rows(points), sizeof *out->labels);
    if (out->labels) out->sums = cm_alloc(ctx, out->portions * k * points->columns, sizeof *out->sums);
    if (out->sums) out->counts = cm_alloc(ctx, out->portions * k, sizeof *out->counts);
    if (out->counts) out->parts = cm_alloc(ctx, out->portions, sizeof *out->parts);
    if (out->parts && points->weights) out->masses = cm_alloc(ctx, out->portions * k, sizeof *out->masses);
    if (out->parts && (out->masses || !points->weights)) return CM_OK;
    cm_kmeans_close_run(ctx->core, out);
    return ctx->error.status;
}

void cm_kmeans_close_run(cm_core *core, cm_kmeans_run *run) {
    if (!run->points) return;
    cm_free(core, run->closest, padded_rows(run->points), sizeof *run->closest);
    cm_free(core, run->labels, padded_rows(run->points), sizeof *run->labels);
    cm_free(core, run->sums, run->portions * run->k * run->points->columns, sizeof *run->sums);
    cm_free(core, run->masses, run->portions * run->k, sizeof *run->masses);
    cm_free(core, run->counts, run->portions * run->k, sizeof *run->counts);
    cm_free(core, run->parts, run->portions, sizeof *run->parts);
    cm_kmeans_lot_close(core, &run->lot);
    *run = (cm_kmeans_run){0};
}

cm_status cm_kmeans_want_closest(cm_context *ctx, cm_kmeans_run *run) {
    if (!run->closest) run->closest = cm_alloc(ctx, padded_rows(run->points), sizeof *run->closest);
    return run->closest ? CM_OK : ctx->error.status;
}

/* ---- assignment ---- */

/* The rows of a block into the sums of their centres, column by column: each sum grows in the order of the rows. */
static void add_block(const cm_kmeans_run *run, uint64_t block, uint64_t portion) {
    const cm_kmeans_points *points = run->points;
    uint64_t rows = cm_kmeans_block_rows(points, block), *counts = run->counts + portion * run->k;
    const uint16_t *labels = run->labels + block * CM_KMEANS_BLOCK;
    const double *weights = points->weights ? points->weights + block * CM_KMEANS_BLOCK : NULL;
    double *sums = run->sums + portion * run->k * points->columns;
    for (uint64_t row = 0; row < rows; row++) counts[labels[row]]++;
    if (weights)
        for (uint64_t row = 0; row < rows; row++) run->masses[portion * run->k + labels[row]] += weights[row];
    for (uint64_t j = 0; j < points->columns; j++, sums += run->k) {
        const double *x = points->values[block * points->columns + j];
        if (weights)
            for (uint64_t row = 0; row < rows; row++) sums[labels[row]] += weights[row] * x[row];
        else
            for (uint64_t row = 0; row < rows; row++) sums[labels[row]] += x[row];
    }
}

static uint64_t note_labels(uint16_t *kept, const uint16_t *fresh, uint64_t rows) {
    uint64_t changed = 0;
    for (uint64_t row = 0; row < rows; row++) changed += kept[row] != fresh[row];
    memcpy(kept, fresh, (size_t)rows * sizeof *kept);
    return changed;
}

static cm_status assign_portion(cm_context *ctx, void *state, uint64_t portion) {
    cm_kmeans_run *run = state;
    const cm_kmeans_points *points = run->points;
    uint64_t numbers = run->k * points->columns, first = portion * run->portion_blocks;
    uint64_t end = least(first + run->portion_blocks, points->blocks), changed = 0;
    uint16_t fresh[CM_KMEANS_BLOCK];
    memset(run->sums + portion * numbers, 0, (size_t)numbers * sizeof *run->sums);
    memset(run->counts + portion * run->k, 0, (size_t)run->k * sizeof *run->counts);
    if (run->masses) memset(run->masses + portion * run->k, 0, (size_t)run->k * sizeof *run->masses);
    for (uint64_t block = first; block < end; block++) {
        uint64_t rows = cm_kmeans_block_rows(points, block);
        if (cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
        run->kernel->assign(&run->lot, points->values + block * points->columns, rows, fresh);
        changed += note_labels(run->labels + block * CM_KMEANS_BLOCK, fresh, rows);
        add_block(run, block, portion);
    }
    run->parts[portion].changed = changed;
    return CM_OK;
}

static void add_portions(cm_kmeans_run *run) {
    uint64_t numbers = run->k * run->points->columns;
    run->changed = run->parts[0].changed;
    for (uint64_t portion = 1; portion < run->portions; portion++) {
        run->changed += run->parts[portion].changed;
        for (uint64_t i = 0; i < numbers; i++) run->sums[i] += run->sums[portion * numbers + i];
        for (uint64_t i = 0; i < run->k; i++) run->counts[i] += run->counts[portion * run->k + i];
        for (uint64_t i = 0; run->masses && i < run->k; i++) run->masses[i] += run->masses[portion * run->k + i];
    }
}

cm_status cm_kmeans_assign(cm_context *ctx, cm_kmeans_run *run) {
    cm_kmeans_lot_fill(&run->lot, run->centres, run->k, NULL, run->kernel);
    cm_status status = cm_parallel(ctx, run->portions, assign_portion, run);
    if (!status) add_portions(run);
    return status;
}

/* ---- measuring ---- */

/* Squared distances of a block's rows from their centres, by the same steps as the kernels'. */
static void measure_block(const cm_kmeans_run *run, uint64_t block, uint64_t rows, double *out) {
    const cm_kmeans_points *points = run->points;
    const uint16_t *labels = run->labels + block * CM_KMEANS_BLOCK;
    memset(out, 0, CM_KMEANS_BLOCK * sizeof *out);
    for (uint64_t j = 0; j < points->columns; j++) {
        const double *x = points->values[block * points->columns + j], *centres = run->lot.exact + j * run->lot.padded;
        for (uint64_t row = 0; row < rows; row++) {
            double step = x[row] - centres[labels[row]];
            out[row] += step * step;
        }
    }
}

static cm_status measure_portion(cm_context *ctx, void *state, uint64_t portion) {
    cm_kmeans_run *run = state;
    uint64_t first = portion * run->portion_blocks, end = least(first + run->portion_blocks, run->points->blocks);
    double room[CM_KMEANS_BLOCK], lanes[CM_KMEANS_LANES] = {0};
    for (uint64_t block = first; block < end; block++) {
        double *distances = run->closest ? run->closest + block * CM_KMEANS_BLOCK : room;
        const double *weights = run->points->weights ? run->points->weights + block * CM_KMEANS_BLOCK : NULL;
        if (cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
        measure_block(run, block, cm_kmeans_block_rows(run->points, block), distances);
        for (uint64_t row = 0; row < CM_KMEANS_BLOCK; row++)
            lanes[row % CM_KMEANS_LANES] += weights ? weights[row] * distances[row] : distances[row];
    }
    run->parts[portion].total = cm_kmeans_sum_lanes(lanes);
    return CM_OK;
}

cm_status cm_kmeans_measure(cm_context *ctx, cm_kmeans_run *run) {
    cm_status status = cm_parallel(ctx, run->portions, measure_portion, run);
    run->inertia = 0;
    for (uint64_t portion = 0; portion < run->portions; portion++) run->inertia += run->parts[portion].total;
    return status;
}

/* ---- centres ---- */

/* The farthest row whose centre has others, too; the first of equally far ones. False if all lie on their centres. */
static bool find_farthest(const cm_kmeans_run *run, uint64_t *found) {
    double farthest = 0;
    for (uint64_t row = 0; row < run->points->rows; row++)
        if (run->closest[row] > farthest && run->counts[run->labels[row]] > 1) {
            farthest = run->closest[row];
            *found = row;
        }
    return farthest > 0;
}

static void give_row(cm_kmeans_run *run, uint64_t row, uint64_t to) {
    uint64_t from = (uint64_t)run->labels[row];
    double weight = run->points->weights ? run->points->weights[row] : 1;
    for (uint64_t j = 0; j < run->points->columns; j++) {
        double value = weight * cm_kmeans_value(run->points, row, j);
        run->sums[j * run->k + from] -= value;
        run->sums[j * run->k + to] = value;
    }
    if (run->masses) {
        run->masses[from] -= weight;
        run->masses[to] = weight;
    }
    run->counts[from]--;
    run->counts[to] = 1;
    run->labels[row] = (uint16_t)to;
    run->closest[row] = 0;
}

static uint64_t count_empty(const cm_kmeans_run *run) {
    uint64_t count = 0;
    for (uint64_t i = 0; i < run->k; i++) count += run->counts[i] == 0;
    return count;
}

static cm_status repair_empty(cm_context *ctx, cm_kmeans_run *run) {
    uint64_t empty = count_empty(run), row = 0;
    if (!empty) return CM_OK;
    cm_status status = cm_kmeans_want_closest(ctx, run);
    if (!status) status = cm_kmeans_measure(ctx, run);
    for (uint64_t i = 0; i < run->k && !status; i++) {
        if (run->counts[i]) continue;
        if (!find_farthest(run, &row))
            return cm_fail(ctx, CM_E_DATA, "KMEANS_DISTINCT", "uu", run->k, run->k - count_empty(run));
        give_row(run, row, i);
        status = cm_tick(ctx, "kmeans", 0, 0);
    }
    return status;
}

/* Each centre to the mean of its rows; the sum of the squared ways. */
static double move_centres(cm_kmeans_run *run) {
    uint64_t columns = run->points->columns;
    double way = 0;
    for (uint64_t i = 0; i < run->k; i++) {
        double mass = run->masses ? run->masses[i] : (double)run->counts[i];
        for (uint64_t j = 0; j < columns; j++) {
            double *at = &run->centres[i * columns + j], mean = run->sums[j * run->k + i] / mass;
            way += (mean - *at) * (mean - *at);
            *at = mean;
        }
    }
    return way;
}

static cm_status iterate(cm_context *ctx, cm_kmeans_run *run, uint64_t most, double tolerance) {
    bool near = false;
    memset(run->labels, 0xFF, (size_t)padded_rows(run->points) * sizeof *run->labels); /* nobody's */
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

/* Whether the time was over and that is no failure: then the rest of the call has time. On the caller's thread only. */
bool cm_kmeans_time_is_over(cm_context *ctx, cm_status status, bool partial) {
    if (status != CM_E_LIMIT || !partial || ctx->parent || strcmp(ctx->error.reason, "TIME_LIMIT") != 0)
        return false;
    ctx->deadline = INT64_MAX;
    cm_error_clear(&ctx->error);
    return true;
}

cm_status cm_kmeans_iterate(cm_context *ctx, cm_kmeans_run *run, uint64_t most, double tolerance, bool partial) {
    cm_status status = iterate(ctx, run, most, tolerance);
    if (cm_kmeans_time_is_over(ctx, status, partial)) {
        status = cm_kmeans_assign(ctx, run);
        run->stopped_by = CM_KMEANS_DEADLINE;
    }
    return status ? status : cm_kmeans_measure(ctx, run);
}
