/* Lloyd's iterations: each row to its nearest centre, each centre to the mean of its rows, until nothing changes (S. P.
 * Lloyd, "Least squares quantization in PCM", IEEE Transactions on Information Theory 28(2), 1982,
 * doi:10.1109/TIT.1982.1056489). A row is not looked at while its slack, by how much the second nearest centre is
 * farther than the nearest, outlasts the moves of the centres (after G. Hamerly, "Making k-means even faster", SIAM
 * International Conference on Data Mining 2010, doi:10.1137/1.9781611972801.12).
 *
 * Cost: rows times centres times columns for the first iteration, less and less for those that follow. The rows are
 * dealt out in portions whose number depends on the data alone; a portion's sums are formed row by row, and portions
 * are added in their order, so that threads change nothing.
 *
 * Different here: one number a row instead of two bounds; rows that change their centre are taken from its sums and
 * added to the other's, and before iterations end the sums are formed afresh; of equally near centres the lowest
 * counts; a centre that lost all its rows takes the farthest row of any (the first of equally far ones) from a centre
 * that has more than one. */
#include <float.h>
#include <math.h>
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
    if (out->labels) return CM_OK;
    cm_kmeans_close_run(ctx->core, out);
    return ctx->error.status;
}

/* What the first assignment needs: not before, as a start has room of its own until then. */
static cm_status want_sums(cm_context *ctx, cm_kmeans_run *run) {
    uint64_t k = run->k, numbers = k * run->points->columns, each = 1 + run->portions;
    bool weighted = run->points->weights != NULL;
    if (run->parts) return CM_OK;
    run->ways = cm_alloc(ctx, k, sizeof *run->ways);
    if (run->ways) run->slack = cm_alloc_raw(ctx, padded_rows(run->points), sizeof *run->slack);
    if (run->slack) run->shrink = cm_alloc(ctx, k, sizeof *run->shrink);
    if (run->shrink) run->sums = cm_alloc(ctx, each * numbers, sizeof *run->sums);
    if (run->sums) run->counts = cm_alloc(ctx, each * k, sizeof *run->counts);
    if (run->counts && weighted) run->masses = cm_alloc(ctx, each * k, sizeof *run->masses);
    if (run->counts && (run->masses || !weighted)) run->parts = cm_alloc(ctx, run->portions, sizeof *run->parts);
    return run->parts ? CM_OK : ctx->error.status;
}

void cm_kmeans_close_run(cm_core *core, cm_kmeans_run *run) {
    if (!run->points) return;
    cm_free(core, run->closest, padded_rows(run->points), sizeof *run->closest);
    cm_free(core, run->labels, padded_rows(run->points), sizeof *run->labels);
    cm_free(core, run->ways, run->k, sizeof *run->ways);
    cm_free(core, run->slack, padded_rows(run->points), sizeof *run->slack);
    cm_free(core, run->shrink, run->k, sizeof *run->shrink);
    cm_free(core, run->sums, (1 + run->portions) * run->k * run->points->columns, sizeof *run->sums);
    cm_free(core, run->masses, (1 + run->portions) * run->k, sizeof *run->masses);
    cm_free(core, run->counts, (1 + run->portions) * run->k, sizeof *run->counts);
    cm_free(core, run->parts, run->portions, sizeof *run->parts);
    cm_kmeans_lot_close(core, &run->lot);
    *run = (cm_kmeans_run){0};
}

cm_status cm_kmeans_want_closest(cm_context *ctx, cm_kmeans_run *run) {
    if (!run->closest) run->closest = cm_alloc(ctx, padded_rows(run->points), sizeof *run->closest);
    return run->closest ? CM_OK : ctx->error.status;
}

/* ---- assignment ---- */

/* A portion's sums, and the rows of one of its blocks. */
typedef struct adding {
    const cm_kmeans_points *points;
    double *sums, *masses;
    uint64_t *counts, k, block, rows;
    const uint16_t *labels; /* of the block */
    const double *weights;  /* likewise; NULL: 1 each */
} adding;

static adding open_adding(const cm_kmeans_run *run, uint64_t portion, uint64_t block) {
    const cm_kmeans_points *points = run->points;
    uint64_t first = (1 + portion) * run->k;
    return (adding){.points = points,
                    .sums = run->sums + first * points->columns,
                    .masses = run->masses ? run->masses + first : NULL,
                    .counts = run->counts + first,
                    .k = run->k,
                    .block = block,
                    .rows = cm_kmeans_block_rows(points, block),
                    .labels = run->labels + block * CM_KMEANS_BLOCK,
                    .weights = cm_kmeans_block_weights(points, block)};
}

static void clear_sums(const cm_kmeans_run *run, uint64_t portion) {
    adding to = open_adding(run, portion, 0);
    memset(to.sums, 0, (size_t)(run->k * run->points->columns) * sizeof *to.sums);
    memset(to.counts, 0, (size_t)run->k * sizeof *to.counts);
    if (to.masses) memset(to.masses, 0, (size_t)run->k * sizeof *to.masses);
}

/* The rows of a block into the sums of their centres, column by column: each sum grows in the order of the rows. */
static void add_block(const adding *to) {
    const uint16_t *labels = to->labels;
    double *sums = to->sums;
    for (uint64_t row = 0; row < to->rows; row++) to->counts[labels[row]]++;
    for (uint64_t row = 0; to->weights && row < to->rows; row++) to->masses[labels[row]] += to->weights[row];
    for (uint64_t j = 0; j < to->points->columns; j++, sums += to->k) {
        const double *x = to->points->values[to->block * to->points->columns + j];
        if (to->weights)
            for (uint64_t row = 0; row < to->rows; row++) sums[labels[row]] += to->weights[row] * x[row];
        else
            for (uint64_t row = 0; row < to->rows; row++) sums[labels[row]] += x[row];
    }
}

/* The listed rows, which count once each, from the sums of their old centres to those of the new ones. True if a sum
 * lost so many digits that it should be formed afresh. */
static bool move_rows(const adding *to, const uint16_t *old, const uint16_t *rows, uint64_t count) {
    double *sums = to->sums;
    bool worn = false;
    for (uint64_t i = 0; i < count; i++) {
        to->counts[old[rows[i]]]--;
        to->counts[to->labels[rows[i]]]++;
    }
    for (uint64_t j = 0; j < to->points->columns; j++, sums += to->k) {
        const double *x = to->points->values[to->block * to->points->columns + j];
        for (uint64_t i = 0; i < count; i++) {
            double before = sums[old[rows[i]]], after = before - x[rows[i]];
            worn |= fabs(after) < 0x1p-26 * fabs(before);
            sums[old[rows[i]]] = after;
            sums[to->labels[rows[i]]] += x[rows[i]];
        }
    }
    return worn;
}

/* Mostly few have: four labels are compared at a time. */
static uint64_t list_changed(const uint16_t *old, const uint16_t *fresh, uint64_t rows, uint16_t *out) {
    uint64_t count = 0;
    for (uint64_t first = 0; first < rows; first += 4) {
        if (memcmp(old + first, fresh + first, 4 * sizeof *old) == 0) continue;
        for (uint64_t row = first; row < first + 4 && row < rows; row++) {
            out[count] = (uint16_t)row;
            count += old[row] != fresh[row];
        }
    }
    return count;
}

/* The labels of a block; how many changed. */
static uint64_t assign_block(cm_kmeans_run *run, uint64_t portion, uint64_t block, bool afresh, bool *worn) {
    uint64_t at = block * CM_KMEANS_BLOCK, rows = cm_kmeans_block_rows(run->points, block);
    uint16_t old[CM_KMEANS_BLOCK], changed[CM_KMEANS_BLOCK], *labels = run->labels + at;
    adding to = open_adding(run, portion, block);
    memcpy(old, labels, sizeof old);
    run->kernel->assign(&run->lot, run->points->values + block * run->points->columns, rows,
                        run->known ? run->shrink : NULL, run->slack + at, labels);
    uint64_t count = list_changed(old, labels, rows, changed);
    if (afresh) add_block(&to);
    else if (move_rows(&to, old, changed, count)) *worn = true;
    return count;
}

static cm_status form_sums(cm_context *ctx, void *state, uint64_t portion) {
    const cm_kmeans_run *run = state;
    uint64_t first = portion * run->portion_blocks, end = least(first + run->portion_blocks, run->points->blocks);
    clear_sums(run, portion);
    for (uint64_t block = first; block < end; block++) {
        adding to = open_adding(run, portion, block);
        if (cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
        add_block(&to);
    }
    return CM_OK;
}

/* Whether an assignment forms the sums, not moves what changed: that would lose the digits of weights unseen. */
static bool sums_afresh(const cm_kmeans_run *run) { return !run->known || run->masses; }

static cm_status assign_portion(cm_context *ctx, void *state, uint64_t portion) {
    cm_kmeans_run *run = state;
    uint64_t first = portion * run->portion_blocks, end = least(first + run->portion_blocks, run->points->blocks);
    bool afresh = sums_afresh(run), worn = false;
    run->parts[portion].changed = 0;
    if (afresh) clear_sums(run, portion);
    for (uint64_t block = first; block < end; block++) {
        if (cm_tick(ctx, "kmeans", 0, 0)) return ctx->error.status;
        run->parts[portion].changed += assign_block(run, portion, block, afresh, &worn);
    }
    return worn ? form_sums(ctx, run, portion) : CM_OK;
}

static void add_portions(cm_kmeans_run *run) {
    uint64_t numbers = run->k * run->points->columns;
    memset(run->sums, 0, (size_t)numbers * sizeof *run->sums);
    memset(run->counts, 0, (size_t)run->k * sizeof *run->counts);
    if (run->masses) memset(run->masses, 0, (size_t)run->k * sizeof *run->masses);
    for (uint64_t portion = 1; portion <= run->portions; portion++) {
        for (uint64_t i = 0; i < numbers; i++) run->sums[i] += run->sums[portion * numbers + i];
        for (uint64_t i = 0; i < run->k; i++) run->counts[i] += run->counts[portion * run->k + i];
        for (uint64_t i = 0; run->masses && i < run->k; i++) run->masses[i] += run->masses[portion * run->k + i];
    }
}

cm_status cm_kmeans_assign(cm_context *ctx, cm_kmeans_run *run) {
    cm_status status = want_sums(ctx, run);
    if (status) return status;
    cm_kmeans_lot_fill(&run->lot, run->centres, run->k, NULL, run->kernel);
    status = cm_parallel(ctx, run->portions, assign_portion, run);
    bool afresh = sums_afresh(run);
    run->known = !status;
    if (status) return status;
    add_portions(run);
    run->changed = 0;
    for (uint64_t portion = 0; portion < run->portions; portion++) run->changed += run->parts[portion].changed;
    run->exact = afresh || (run->exact && run->changed == 0);
    memset(run->shrink, 0, (size_t)run->k * sizeof *run->shrink);
    return CM_OK;
}

/* ---- other numbers ---- */

static void reorder(double *of, const uint64_t *order, uint64_t k, double *room) {
    for (uint64_t i = 0; i < k; i++) room[i] = of[order[i]];
    memcpy(of, room, (size_t)k * sizeof *of);
}

void cm_kmeans_renumber(cm_kmeans_run *run, const uint64_t *order, double *room) {
    uint64_t columns = run->points->columns, k = run->k;
    uint16_t *numbers = (uint16_t *)(void *)room;
    for (uint64_t i = 0; i < k; i++)
        memcpy(room + i * columns, run->centres + order[i] * columns, (size_t)columns * sizeof *room);
    memcpy(run->centres, room, (size_t)(k * columns) * sizeof *room);
    for (uint64_t i = 0; i < (1 + run->portions) * columns; i++) reorder(run->sums + i * k, order, k, room);
    for (uint64_t i = 0; i <= run->portions; i++) {
        uint64_t *counts = run->counts + i * k, *own = (uint64_t *)(void *)room;
        if (run->masses) reorder(run->masses + i * k, order, k, room);
        for (uint64_t j = 0; j < k; j++) own[j] = counts[order[j]];
        memcpy(counts, own, (size_t)k * sizeof *own);
    }
    for (uint64_t i = 0; i < k; i++) numbers[order[i]] = (uint16_t)i;
    for (uint64_t row = 0; row < run->points->rows; row++) run->labels[row] = numbers[run->labels[row]];
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
        const double *weights = cm_kmeans_block_weights(run->points, block);
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
    run->known = false;
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

/* What the rows of each centre lose of their slack: its way and the longest of the others', rounded up. */
static void add_shrink(cm_kmeans_run *run) {
    const double *ways = run->ways;
    uint64_t longest = 0;
    double second = 0;
    for (uint64_t i = 1; i < run->k; i++)
        if (ways[i] > ways[longest]) longest = i;
    for (uint64_t i = 0; i < run->k; i++)
        if (i != longest && ways[i] > second) second = ways[i];
    for (uint64_t i = 0; i < run->k; i++) {
        double both = run->shrink[i] + ways[i] + (i == longest ? second : ways[longest]);
        run->shrink[i] = (float)(both * (1 + 0x1p-20)) + FLT_MIN;
    }
}

/* Each centre to the mean of its rows; the sum of the squared ways. */
static double move_centres(cm_kmeans_run *run) {
    uint64_t columns = run->points->columns;
    double all = 0;
    for (uint64_t i = 0; i < run->k; i++) {
        double mass = run->masses ? run->masses[i] : (double)run->counts[i], own = 0;
        for (uint64_t j = 0; j < columns; j++) {
            double *at = &run->centres[i * columns + j], mean = run->sums[j * run->k + i] / mass;
            own += (mean - *at) * (mean - *at);
            all += (mean - *at) * (mean - *at);
            *at = mean;
        }
        run->ways[i] = sqrt(own);
    }
    add_shrink(run);
    return all;
}

/* The centres to the means of sums that were formed afresh. */
static cm_status move_exactly(cm_context *ctx, cm_kmeans_run *run) {
    cm_status status = cm_parallel(ctx, run->portions, form_sums, run);
    if (status) return status;
    add_portions(run);
    run->exact = true;
    move_centres(run);
    return CM_OK;
}

static cm_status iterate(cm_context *ctx, cm_kmeans_run *run, uint64_t most, double tolerance) {
    bool near = false;
    memset(run->labels, 0xFF, (size_t)padded_rows(run->points) * sizeof *run->labels); /* nobody's */
    run->known = false;
    for (run->iterations = 0;; run->iterations++) {
        cm_status status = cm_kmeans_assign(ctx, run);
        if (!status && run->changed == 0 && !run->exact) {
            status = move_exactly(ctx, run);
            if (!status) status = cm_kmeans_assign(ctx, run);
        }
        if (status) return status;
        run->stopped_by = run->changed == 0 ? CM_KMEANS_UNCHANGED : near ? CM_KMEANS_TOLERANCE : CM_KMEANS_ITERATIONS;
        if (run->changed == 0 || near || run->iterations == most) return CM_OK;
        status = repair_empty(ctx, run);
        if (status) return status;
        near = move_centres(run) <= tolerance && tolerance > 0;
        if ((near || run->iterations + 1 == most) && !run->exact) status = move_exactly(ctx, run);
        if (status) return status;
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
