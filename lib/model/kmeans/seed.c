/* k-means++: centres to start from (D. Arthur and S. Vassilvitskii, "k-means++: the advantages of careful seeding",
 * Proceedings of the 18th Annual ACM-SIAM Symposium on Discrete Algorithms, 2007).
 *
 * The idea: the first centre is any row; each further one is drawn among the rows with a chance in proportion to the
 * squared distance from the centres so far. In expectation the result is within 8 (ln k + 2) of the best. The greedy
 * variant, which scikit-learn uses too, draws 2 + floor(ln k) candidates each time and keeps the one that leaves the
 * least sum of squared distances (the first of equals). Cost: rows times columns times k times candidates.
 *
 * Different here: a step is one pass over the rows, which takes the winner of the step before into account and weighs
 * the new candidates; sums are formed in blocks of rows and added in their order; when no row is left at a distance,
 * the rows that differ are fewer than the centres wanted, which is an error that names both. */
#include <string.h>

#include "base/math.h"
#include "base/random.h"
#include "base/threads.h"
#include "model/kmeans/kmeans.h"

#define TASK_BLOCKS 16

/* The centre chosen last is taken into account by the next pass, or before a row of a block is drawn. */
typedef struct seeding {
    cm_kmeans_run *run;
    cm_kmeans_lot last, candidates;
    uint8_t *up_to_date; /* of each block: the last centre is in its closest distances */
    double (*left)[CM_KMEANS_CANDIDATES]; /* of each block: what would be left with each candidate */
    double *totals;                       /* of each block: what is left */
    double total;
    cm_random random;
} seeding;

static void bring_up_to_date(seeding *of, uint64_t block) {
    const cm_kmeans_points *points = of->run->points;
    if (of->up_to_date[block]) return;
    of->run->kernel->approach(&of->last, points->values + block * points->columns, cm_kmeans_block_rows(points, block),
                              of->run->closest + block * CM_KMEANS_BLOCK);
    of->up_to_date[block] = 1;
}

static void weigh_block(seeding *of, uint64_t block) {
    const cm_kmeans_points *points = of->run->points;
    double lanes[CM_KMEANS_CANDIDATES][CM_KMEANS_LANES];
    uint64_t first = block * CM_KMEANS_BLOCK;
    memset(lanes, 0, sizeof lanes);
    of->run->kernel->weigh(&of->candidates, of->up_to_date[block] ? NULL : &of->last,
                           points->values + block * points->columns, cm_kmeans_block_rows(points, block),
                           of->run->closest + first, points->weights ? points->weights + first : NULL, lanes);
    of->up_to_date[block] = 1;
    for (uint64_t i = 0; i < of->candidates.count; i++) of->left[block][i] = cm_kmeans_sum_lanes(lanes[i]);
}

static cm_status weigh_blocks(cm_context *ctx, void *state, uint64_t task) {
    seeding *of = state;
    uint64_t blocks = of->run->points->blocks;
    for (uint64_t block = task * TASK_BLOCKS; block < (task + 1) * TASK_BLOCKS && block < blocks; block++) {
        if (cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
        weigh_block(of, block);
    }
    return CM_OK;
}

/* What each candidate would leave; the best of them becomes the last centre. */
static cm_status weigh_candidates(cm_context *ctx, seeding *of, const double *candidates, uint64_t count,
                                  uint64_t *best) {
    uint64_t blocks = of->run->points->blocks;
    cm_kmeans_lot_fill(&of->candidates, candidates, count, of->run->centres, of->run->kernel);
    cm_status status = cm_parallel(ctx, (blocks + TASK_BLOCKS - 1) / TASK_BLOCKS, weigh_blocks, of);
    for (uint64_t i = 0; i < count && !status; i++) {
        double left = 0;
        for (uint64_t block = 0; block < blocks; block++) left += of->left[block][i];
        if (i && left >= of->total) continue;
        of->total = left;
        *best = i;
    }
    for (uint64_t block = 0; block < blocks; block++) of->totals[block] = of->left[block][*best];
    return status;
}

/* A row with a chance in proportion to its weighted distance; of rounding at the end the last row that has any. */
static uint64_t draw_row(seeding *of) {
    const cm_kmeans_points *points = of->run->points;
    double target = cm_random_double(&of->random) * of->total;
    uint64_t block = 0, last = 0;
    for (uint64_t i = 0; i < points->blocks; i++) {
        if (of->totals[i] <= 0) continue;
        block = i;
        if (target < of->totals[i]) break;
        target -= of->totals[i];
    }
    bring_up_to_date(of, block);
    uint64_t first = block * CM_KMEANS_BLOCK, rows = cm_kmeans_block_rows(points, block);
    for (uint64_t row = first; row < first + rows; row++) {
        double share = of->run->closest[row] * (points->weights ? points->weights[row] : 1);
        if (share <= 0) continue;
        last = row;
        if (target < share) break;
        target -= share;
    }
    return last;
}

static void copy_row(const cm_kmeans_run *run, uint64_t row, double *to) {
    for (uint64_t j = 0; j < run->points->columns; j++) to[j] = cm_kmeans_value(run->points, row, j);
}

/* The centre is the one at `at`, and the last. */
static void take(seeding *of, uint64_t at, const double *centre) {
    uint64_t columns = of->run->points->columns;
    memmove(of->run->centres + at * columns, centre, (size_t)columns * sizeof *centre);
    cm_kmeans_lot_fill(&of->last, of->run->centres + at * columns, 1, of->run->centres, of->run->kernel);
    memset(of->up_to_date, 0, (size_t)of->run->points->blocks);
}

static cm_status seed_all(cm_context *ctx, seeding *of) {
    cm_kmeans_run *run = of->run;
    uint64_t columns = run->points->columns, count = 2 + (uint64_t)cm_log((double)run->k), best = 0;
    double candidates[CM_KMEANS_CANDIDATES * CM_MOST_INPUTS];
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < run->points->rows; row++) run->closest[row] = 1e300;
    copy_row(run, cm_random_below(&of->random, run->points->rows), candidates);
    take(of, 0, candidates);
    if (run->k > 1) status = weigh_candidates(ctx, of, candidates, 1, &best); /* what the first one leaves */
    for (uint64_t at = 1; at < run->k && !status; at++) {
        if (!(of->total > 0)) return cm_fail(ctx, CM_E_DATA, "KMEANS_DISTINCT", "uu", run->k, at);
        for (uint64_t i = 0; i < count; i++) copy_row(run, draw_row(of), candidates + i * columns);
        status = weigh_candidates(ctx, of, candidates, count, &best);
        if (!status) take(of, at, candidates + best * columns);
    }
    return status;
}

cm_status cm_kmeans_seed(cm_context *ctx, cm_kmeans_run *run, uint64_t seed, uint64_t start) {
    uint64_t blocks = run->points->blocks, columns = run->points->columns;
    seeding of = {.run = run};
    cm_random_seed(&of.random, seed, run->k << 32 | start);
    cm_status status = cm_kmeans_want_closest(ctx, run);
    if (!status) status = cm_kmeans_lot_open(ctx, 1, columns, &of.last);
    if (!status) status = cm_kmeans_lot_open(ctx, CM_KMEANS_CANDIDATES, columns, &of.candidates);
    if (!status) of.up_to_date = cm_alloc(ctx, blocks, sizeof *of.up_to_date);
    if (of.up_to_date) of.left = cm_alloc(ctx, blocks, sizeof *of.left);
    if (of.left) of.totals = cm_alloc(ctx, blocks, sizeof *of.totals);
    status = of.totals ? seed_all(ctx, &of) : ctx->error.status;
    cm_kmeans_lot_close(ctx->core, &of.last);
    cm_kmeans_lot_close(ctx->core, &of.candidates);
    cm_free(ctx->core, of.up_to_date, blocks, sizeof *of.up_to_date);
    cm_free(ctx->core, of.left, blocks, sizeof *of.left);
    cm_free(ctx->core, of.totals, blocks, sizeof *of.totals);
    return status;
}

/* One after another, each with the chance that it is among those still to be drawn (D. E. Knuth, The Art of Computer
 * Programming 2, algorithm 3.4.2S). */
cm_status cm_kmeans_seed_randomly(cm_context *ctx, cm_kmeans_run *run, uint64_t seed, uint64_t start) {
    cm_random random;
    uint64_t taken = 0, rows = run->points->rows;
    if (run->k > rows) return cm_fail(ctx, CM_E_DATA, "KMEANS_DISTINCT", "uu", run->k, rows);
    cm_random_seed(&random, seed, run->k << 32 | start);
    for (uint64_t row = 0; row < rows && taken < run->k; row++)
        if (cm_random_below(&random, rows - row) < run->k - taken)
            copy_row(run, row, run->centres + taken++ * run->points->columns);
    return CM_OK;
}
