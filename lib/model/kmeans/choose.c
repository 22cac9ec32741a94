/* Every start of every number of segments: the start with the least inertia, the number with the best silhouette, and
 * the segments in the order of their size. */
#include <math.h>
#include <string.h>

#include "base/threads.h"
#include "model/kmeans/kmeans.h"

#define FEW_ROWS UINT64_C(65536) /* threads take whole starts, as a pass over the rows is too short to share */
#define MOST_ROUNDS 8

typedef struct starts {
    const cm_kmeans_points *points;
    const cm_kmeans_settings *settings;
    uint64_t k;
    double *centres;         /* of each start */
    cm_kmeans_start *starts; /* of this k */
} starts;

static double absolute_tolerance(const cm_kmeans_points *points, const cm_kmeans_settings *settings) {
    return settings->tolerance * points->mean_variance;
}

static cm_status run_start(cm_context *ctx, void *state, uint64_t number) {
    starts *all = state;
    cm_kmeans_run run;
    double *centres = all->centres + number * all->k * all->points->columns;
    cm_status status = cm_kmeans_open_run(ctx, all->points, all->k, centres, &run);
    if (!status) status = cm_kmeans_seed(ctx, &run, all->settings->seed, number + 1);
    if (!status)
        status =
            cm_kmeans_iterate(ctx, &run, all->settings->iterations, absolute_tolerance(all->points, all->settings));
    all->starts[number] = (cm_kmeans_start){.k = all->k,
                                            .number = number + 1,
                                            .iterations = run.iterations,
                                            .inertia = run.inertia,
                                            .silhouette = (double)NAN,
                                            .stopped_by = run.stopped_by};
    cm_kmeans_close_run(ctx->core, &run);
    return status;
}

static cm_status run_starts(cm_context *ctx, starts *all) {
    uint64_t count = all->settings->starts;
    cm_status status = CM_OK;
    if (all->points->rows < FEW_ROWS) return cm_parallel(ctx, count, run_start, all);
    for (uint64_t i = 0; i < count && !status; i++) status = run_start(ctx, all, i);
    return status;
}

/* ---- the order of the segments ---- */

/* The larger one first; of equally large ones that with the smaller centre. */
static bool comes_before(const cm_kmeans_run *run, uint64_t a, uint64_t b) {
    uint64_t columns = run->points->columns;
    if (run->counts[a] != run->counts[b]) return run->counts[a] > run->counts[b];
    for (uint64_t j = 0; j < columns; j++) {
        double x = run->centres[a * columns + j], y = run->centres[b * columns + j];
        if (x != y) return x < y;
    }
    return a < b;
}

/* Insertion, since they are nearly in order from the second time on. True if something moved. */
static bool find_order(const cm_kmeans_run *run, uint64_t *order) {
    bool moved = false;
    for (uint64_t i = 0; i < run->k; i++) {
        uint64_t place = i;
        while (place && comes_before(run, i, order[place - 1])) place--;
        memmove(order + place + 1, order + place, (size_t)(i - place) * sizeof *order);
        order[place] = i;
        moved |= place != i;
    }
    return moved;
}

static void reorder(cm_kmeans_run *run, const uint64_t *order, double *room) {
    uint64_t columns = run->points->columns;
    for (uint64_t i = 0; i < run->k; i++)
        memcpy(room + i * columns, run->centres + order[i] * columns, (size_t)columns * sizeof *room);
    memcpy(run->centres, room, (size_t)(run->k * columns) * sizeof *room);
}

/* A row as near to two centres goes to the lower one, so that another order may change the sizes: again, then. */
static cm_status settle_order(cm_context *ctx, cm_kmeans_run *run) {
    uint64_t numbers = run->k * run->points->columns;
    uint64_t *order = cm_alloc(ctx, run->k, sizeof *order);
    double *room = order ? cm_alloc(ctx, numbers, sizeof *room) : NULL;
    cm_status status = room ? cm_kmeans_assign(ctx, run) : ctx->error.status;
    for (int round = 0; round < MOST_ROUNDS && !status && find_order(run, order); round++) {
        reorder(run, order, room);
        status = cm_kmeans_assign(ctx, run);
    }
    cm_free(ctx->core, order, run->k, sizeof *order);
    cm_free(ctx->core, room, numbers, sizeof *room);
    return status;
}

/* ---- one number of segments ---- */

static uint64_t best_start(const cm_kmeans_start *of, uint64_t count) {
    uint64_t best = 0;
    for (uint64_t i = 1; i < count; i++)
        if (of[i].inertia < of[best].inertia) best = i;
    return best;
}

/* All starts of this k; the best one's centres, in order, come first. */
static cm_status try_k(cm_context *ctx, starts *all, cm_kmeans_start **best) {
    uint64_t numbers = all->k * all->points->columns;
    cm_kmeans_run run = {0};
    cm_status status = run_starts(ctx, all);
    if (status) return status;
    *best = all->starts + best_start(all->starts, all->settings->starts);
    memmove(all->centres, all->centres + ((*best)->number - 1) * numbers, (size_t)numbers * sizeof *all->centres);
    status = cm_kmeans_open_run(ctx, all->points, all->k, all->centres, &run);
    if (!status) status = settle_order(ctx, &run);
    if (!status)
        status = cm_kmeans_silhouette(ctx, all->points, run.labels, all->k, all->settings->seed, &(*best)->silhouette);
    cm_kmeans_close_run(ctx->core, &run);
    return status;
}

/* ---- all ---- */

static bool is_better(const cm_kmeans_start *one, const cm_kmeans_start *than) {
    return !than || (!isnan(one->silhouette) && !(one->silhouette <= than->silhouette));
}

static cm_status keep(cm_context *ctx, const starts *all, cm_kmeans_start *best, cm_kmeans_result *out,
                      cm_kmeans_start **chosen) {
    uint64_t numbers = all->k * all->points->columns;
    if (!is_better(best, *chosen)) return CM_OK;
    cm_status status = cm_reserve(ctx, &out->centres, &out->centre_capacity, numbers, sizeof *out->centres);
    if (status) return status;
    memcpy(out->centres, all->centres, (size_t)numbers * sizeof *out->centres);
    out->k = all->k;
    *chosen = best;
    return CM_OK;
}

/* A range goes as far as there are rows that differ. */
static bool beyond_rows(cm_context *ctx, const cm_kmeans_settings *settings, uint64_t k, cm_status status) {
    if (status != CM_E_DATA || !settings->automatic || k == settings->low) return false;
    cm_error_clear(&ctx->error);
    return true;
}

cm_status cm_kmeans_choose(cm_context *ctx, const cm_kmeans_points *points, const cm_kmeans_settings *settings,
                           cm_kmeans_result *out) {
    uint64_t each = settings->starts, ks = settings->high - settings->low + 1;
    uint64_t room = each * settings->high * points->columns;
    starts all = {.points = points, .settings = settings};
    cm_kmeans_start *best, *chosen = NULL;
    *out = (cm_kmeans_result){.start_capacity = ks * each};
    out->starts = cm_alloc(ctx, out->start_capacity, sizeof *out->starts);
    all.centres = out->starts ? cm_alloc(ctx, room, sizeof *all.centres) : NULL;
    cm_status status = all.centres ? CM_OK : ctx->error.status;
    for (all.k = settings->low; all.k <= settings->high && !status; all.k++) {
        all.starts = out->starts + out->start_count;
        status = try_k(ctx, &all, &best);
        if (status && beyond_rows(ctx, settings, all.k, status)) {
            status = CM_OK;
            break;
        }
        if (!status) status = keep(ctx, &all, best, out, &chosen);
        out->start_count += each;
    }
    cm_free(ctx->core, all.centres, room, sizeof *all.centres);
    if (status)
        cm_kmeans_free_result(ctx->core, out);
    else
        chosen->chosen = true;
    return status;
}

void cm_kmeans_free_result(cm_core *core, cm_kmeans_result *result) {
    cm_free(core, result->starts, result->start_capacity, sizeof *result->starts);
    cm_free(core, result->centres, result->centre_capacity, sizeof *result->centres);
    *result = (cm_kmeans_result){0};
}
