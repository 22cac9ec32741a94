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
    const double *given; /* centres to start from, or NULL */
    uint64_t k;
    double *centres;         /* of each start */
    cm_kmeans_start *starts; /* of this k */
    uint64_t done;           /* of these */
    bool over;               /* the time is, so nothing more is tried */
} starts;

static cm_status seed_start(cm_context *ctx, const starts *all, cm_kmeans_run *run, uint64_t number) {
    uint64_t numbers = run->k * all->points->columns;
    if (all->settings->init == CM_KMEANS_PLUSPLUS) return cm_kmeans_seed(ctx, run, all->settings->seed, number);
    if (all->settings->init == CM_KMEANS_RANDOM) return cm_kmeans_seed_randomly(ctx, run, all->settings->seed, number);
    memcpy(run->centres, all->given, (size_t)numbers * sizeof *all->given);
    return CM_OK;
}

/* One start in a run that is open; its centres are those of the run. */
static cm_status run_start(cm_context *ctx, const starts *all, uint64_t number, cm_kmeans_run *run) {
    const cm_kmeans_settings *settings = all->settings;
    double tolerance = settings->tolerance * all->points->mean_variance;
    cm_status status = seed_start(ctx, all, run, number + 1);
    if (!status) status = cm_kmeans_iterate(ctx, run, settings->iterations, tolerance, settings->partial);
    all->starts[number] = (cm_kmeans_start){.k = all->k,
                                            .number = number + 1,
                                            .iterations = run->iterations,
                                            .inertia = run->inertia,
                                            .silhouette = (double)NAN,
                                            .calinski_harabasz = (double)NAN,
                                            .davies_bouldin = (double)NAN,
                                            .elbow = (double)NAN,
                                            .smallest_share = (double)NAN,
                                            .stability = (double)NAN,
                                            .stopped_by = run->stopped_by};
    return status;
}

static cm_status run_and_close(cm_context *ctx, void *state, uint64_t number) {
    const starts *all = state;
    cm_kmeans_run run;
    cm_status status =
        cm_kmeans_open_run(ctx, all->points, all->k, all->centres + number * all->k * all->points->columns, &run);
    if (!status) status = run_start(ctx, all, number, &run);
    cm_kmeans_close_run(ctx->core, &run);
    return status;
}

static uint64_t best_start(const cm_kmeans_start *of, uint64_t count) {
    uint64_t best = 0;
    for (uint64_t i = 1; i < count; i++)
        if (of[i].inertia < of[best].inertia) best = i;
    return best;
}

/* Threads take whole starts; the best is run again from its last centres. */
static cm_status run_small(cm_context *ctx, starts *all, cm_kmeans_run *best) {
    uint64_t numbers = all->k * all->points->columns;
    cm_status status = cm_parallel(ctx, all->settings->starts, run_and_close, all);
    if (status) return status;
    all->done = all->settings->starts;
    memmove(all->centres, all->centres + best_start(all->starts, all->done) * numbers,
            (size_t)numbers * sizeof *all->centres);
    status = cm_kmeans_open_run(ctx, all->points, all->k, all->centres, best);
    return status ? status : cm_kmeans_assign(ctx, best);
}

/* One start after another, threads within each; the best so far is kept open. */
static cm_status run_large(cm_context *ctx, starts *all, cm_kmeans_run *best) {
    uint64_t numbers = all->k * all->points->columns;
    cm_status status = CM_OK;
    for (all->done = 0; all->done < all->settings->starts && !status && !all->over;) {
        cm_kmeans_run run;
        status = cm_kmeans_open_run(ctx, all->points, all->k, all->centres + all->done * numbers, &run);
        if (!status) status = run_start(ctx, all, all->done, &run);
        bool better = !status && (!best->points || run.inertia < best->inertia);
        all->done += !status;
        all->over = !status && run.stopped_by == CM_KMEANS_DEADLINE;
        cm_kmeans_run worse = better ? *best : run;
        if (better) *best = run;
        cm_kmeans_close_run(ctx->core, &worse);
        if (best->points && cm_kmeans_time_is_over(ctx, status, all->settings->partial)) {
            status = CM_OK;
            all->over = true;
        }
    }
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

/* A row as near to two centres goes to the lower one, so that another order may change the sizes: again, then. The run
 * has labels. */
static cm_status settle_order(cm_context *ctx, cm_kmeans_run *run) {
    uint64_t numbers = run->k * run->points->columns;
    uint64_t *order = cm_alloc(ctx, run->k, sizeof *order);
    double *room = order ? cm_alloc(ctx, numbers, sizeof *room) : NULL;
    cm_status status = room ? CM_OK : ctx->error.status;
    for (int round = 0; round < MOST_ROUNDS && !status && find_order(run, order); round++) {
        cm_kmeans_renumber(run, order, room);
        status = cm_kmeans_assign(ctx, run);
    }
    cm_free(ctx->core, order, run->k, sizeof *order);
    cm_free(ctx->core, room, numbers, sizeof *room);
    return status;
}

/* ---- one number of segments ---- */

/* All starts of this k; the best one's run stays open, its centres in order. */
static cm_status try_k(cm_context *ctx, starts *all, cm_kmeans_run *run, cm_kmeans_start **best) {
    bool small = all->points->rows < FEW_ROWS && !all->settings->partial;
    cm_status status = (small ? run_small : run_large)(ctx, all, run);
    if (status) return status;
    *best = all->starts + best_start(all->starts, all->done);
    status = settle_order(ctx, run);
    if (!status && all->settings->report) status = cm_kmeans_judge(ctx, run, all->settings, *best);
    return status;
}

/* ---- all ---- */

/* The best of each k. */
typedef struct bests {
    uint64_t count, room;
    cm_kmeans_start *starts[CM_KMEANS_MOST_RANGE];
    double *centres; /* high times columns each */
} bests;

/* The run of the chosen k, with its labels; the last one is still open. */
static cm_status open_chosen(cm_context *ctx, const starts *all, const bests *of, uint64_t chosen, cm_kmeans_run *last,
                             cm_kmeans_result *out) {
    uint64_t k = of->starts[chosen]->k, numbers = k * all->points->columns;
    cm_status status = cm_reserve(ctx, &out->centres, &out->centre_capacity, numbers, sizeof *out->centres);
    if (status) return status;
    memcpy(out->centres, of->centres + chosen * of->room, (size_t)numbers * sizeof *out->centres);
    out->k = k;
    if (last->points && last->k == k) {
        out->run = *last;
        *last = (cm_kmeans_run){0};
        out->run.centres = out->centres;
        return CM_OK;
    }
    status = cm_kmeans_open_run(ctx, all->points, k, out->centres, &out->run);
    return status ? status : cm_kmeans_assign(ctx, &out->run);
}

/* A range goes as far as there are rows that differ. */
static bool beyond_rows(cm_context *ctx, const cm_kmeans_settings *settings, uint64_t k, cm_status status) {
    if (status != CM_E_DATA || !settings->automatic || k == settings->low) return false;
    cm_error_clear(&ctx->error);
    return true;
}

/* Tries every k. The run of the last one that could be tried stays open. */
static cm_status try_all(cm_context *ctx, starts *all, bests *of, cm_kmeans_run *last, cm_kmeans_result *out) {
    const cm_kmeans_settings *settings = all->settings;
    cm_status status = CM_OK;
    for (all->k = settings->low; all->k <= settings->high && !all->over; all->k++) {
        cm_kmeans_run run = {0};
        all->starts = out->starts + out->start_count;
        status = try_k(ctx, all, &run, &of->starts[of->count]);
        if (status) {
            cm_kmeans_close_run(ctx->core, &run);
            if (of->count && cm_kmeans_time_is_over(ctx, status, settings->partial)) return CM_OK;
            return beyond_rows(ctx, settings, all->k, status) ? CM_OK : status;
        }
        memcpy(of->centres + of->count * of->room, run.centres,
               (size_t)(run.k * all->points->columns) * sizeof *run.centres);
        cm_kmeans_close_run(ctx->core, last);
        *last = run;
        of->count++;
        out->start_count += all->done;
    }
    return status;
}

static cm_status choose(cm_context *ctx, starts *all, cm_kmeans_result *out) {
    const cm_kmeans_settings *settings = all->settings;
    uint64_t ks = settings->high - settings->low + 1;
    bests of = {.room = settings->high * all->points->columns};
    cm_kmeans_run last = {0};
    of.centres = cm_alloc(ctx, ks * of.room, sizeof *of.centres);
    cm_status status = of.centres ? try_all(ctx, all, &of, &last, out) : ctx->error.status;
    if (!status) status = open_chosen(ctx, all, &of, cm_kmeans_pick(of.starts, of.count, settings), &last, out);
    cm_kmeans_close_run(ctx->core, &last);
    cm_free(ctx->core, of.centres, ks * of.room, sizeof *of.centres);
    return status;
}

#define REACH_NUMERATOR UINT64_C(999)
#define REACH_DENOMINATOR UINT64_C(1000)

/* The distance that 99.9% of the rows have at most: the least of theirs with so many at or below it. */
static cm_status find_reach(cm_context *ctx, cm_kmeans_result *out) {
    uint64_t rows = out->run.points->rows;
    cm_status status = cm_kmeans_want_closest(ctx, &out->run);
    if (!status) status = cm_kmeans_measure(ctx, &out->run);
    double *squares = status ? NULL : cm_alloc(ctx, rows, sizeof *squares);
    if (!squares) return ctx->error.status;
    memcpy(squares, out->run.closest, (size_t)rows * sizeof *squares);
    uint64_t below = (rows / REACH_DENOMINATOR) * REACH_NUMERATOR
                     + ((rows % REACH_DENOMINATOR) * REACH_NUMERATOR + REACH_DENOMINATOR - 1) / REACH_DENOMINATOR;
    out->reach = sqrt(cm_kmeans_select(squares, rows, below - 1));
    cm_free(ctx->core, squares, rows, sizeof *squares);
    return CM_OK;
}

/* The centres that the caller gave, as distances are measured. */
static cm_status take_given(cm_context *ctx, const cm_kmeans_settings *settings, const cm_model *model,
                            const cm_kmeans_scaling *scalings, double *out) {
    const cm_table *table = settings->centroids;
    for (uint64_t j = 0; j < cm_input_count(model); j++) {
        uint64_t column, within;
        cm_status status = cm_table_require(ctx, table, cm_input_name(model, j), &column);
        if (status) return status;
        int32_t type = table->columns[column]->type;
        if (type != CM_FLOAT64 && type != CM_INT64 && type != CM_DECIMAL)
            return cm_fail(ctx, CM_E_COLUMN, "METHOD_TYPE", "ssss", "kmeans", cm_input_name(model, j),
                           cm_type_name(CM_FLOAT64), cm_type_name(type));
        for (uint64_t i = 0; i < table->rows; i++) {
            uint64_t chunk = cm_table_locate(table, i, &within);
            double value = cm_input_real(table->columns[column], &table->columns[column]->chunks[chunk], within);
            double scaled = cm_kmeans_to_scaled(&scalings[j], value);
            if (!(fabs(scaled) <= CM_KMEANS_LARGEST))
                return cm_fail(ctx, CM_E_OPTION, "KMEANS_CENTROID", "us", i + 1, cm_input_name(model, j));
            out[i * cm_input_count(model) + j] = scaled;
        }
    }
    return CM_OK;
}

cm_status cm_kmeans_choose(cm_context *ctx, const cm_model *model, const cm_kmeans_points *points,
                           const cm_kmeans_settings *settings, const cm_kmeans_scaling *scalings,
                           cm_kmeans_result *out) {
    uint64_t each = settings->starts, ks = settings->high - settings->low + 1;
    uint64_t room = each * settings->high * points->columns, given = settings->low * points->columns;
    starts all = {.points = points, .settings = settings};
    double *from = NULL;
    *out = (cm_kmeans_result){.start_capacity = ks * each, .reach = (double)NAN};
    out->starts = cm_alloc(ctx, out->start_capacity, sizeof *out->starts);
    if (out->starts) all.centres = cm_alloc(ctx, room, sizeof *all.centres);
    if (all.centres) from = cm_alloc(ctx, given, sizeof *from);
    cm_status status = from ? CM_OK : ctx->error.status;
    all.given = from;
    if (!status && settings->init == CM_KMEANS_GIVEN) status = take_given(ctx, settings, model, scalings, from);
    if (!status) status = choose(ctx, &all, out);
    if (!status && settings->report) status = find_reach(ctx, out);
    cm_free(ctx->core, from, given, sizeof *from);
    cm_free(ctx->core, all.centres, room, sizeof *all.centres);
    if (status) cm_kmeans_free_result(ctx->core, out);
    return status;
}

void cm_kmeans_free_result(cm_core *core, cm_kmeans_result *result) {
    cm_kmeans_close_run(core, &result->run);
    cm_free(core, result->starts, result->start_capacity, sizeof *result->starts);
    cm_free(core, result->centres, result->centre_capacity, sizeof *result->centres);
    *result = (cm_kmeans_result){0};
}
