/* The plain kernel, which is the reference, and the centres as kernels read them. */
#include "model/kmeans/kernel.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define LANES CM_KMEANS_LANES
#define FAR 1e300 /* no row is as far as a centre that is not there */

/* ---- the lot ---- */

static uint64_t whole_eights(uint64_t count) {
    return (count + LANES - 1) / LANES * LANES;
}

/* Tiles hold at most CM_KMEANS_WIDEST centres, so that the last one pads with fewer than that. */
static uint64_t room_of_tiles(const cm_kmeans_lot *lot) {
    return lot->room + CM_KMEANS_WIDEST;
}

cm_status cm_kmeans_lot_open(cm_context *ctx, uint64_t room, uint64_t columns, cm_kmeans_lot *out) {
    *out = (cm_kmeans_lot){.columns = columns, .room = room};
    out->exact = cm_alloc(ctx, columns * whole_eights(room), sizeof *out->exact);
    if (out->exact) out->rounded = cm_alloc(ctx, columns * room_of_tiles(out), sizeof *out->rounded);
    if (out->rounded) out->halves = cm_alloc(ctx, room_of_tiles(out), sizeof *out->halves);
    if (out->halves) return CM_OK;
    cm_kmeans_lot_close(ctx->core, out);
    return ctx->error.status;
}

void cm_kmeans_lot_close(cm_core *core, cm_kmeans_lot *lot) {
    cm_free(core, lot->exact, lot->columns * whole_eights(lot->room), sizeof *lot->exact);
    cm_free(core, lot->rounded, lot->columns * room_of_tiles(lot), sizeof *lot->rounded);
    cm_free(core, lot->halves, room_of_tiles(lot), sizeof *lot->halves);
    *lot = (cm_kmeans_lot){0};
}

static void find_origin(cm_kmeans_lot *lot, const double *centres, const double *origin) {
    if (origin) memcpy(lot->origin, origin, (size_t)lot->columns * sizeof *origin);
    for (uint64_t j = 0; j < lot->columns && !origin; j++) {
        double sum = 0;
        for (uint64_t i = 0; i < lot->count; i++) sum += centres[i * lot->columns + j];
        lot->origin[j] = sum / (double)lot->count;
    }
}

/* Tiles as equal as can be, of an even number of centres. */
static void cut_tiles(cm_kmeans_lot *lot, uint64_t most) {
    lot->tiles = (lot->count + most - 1) / most;
    lot->width = ((lot->count + lot->tiles - 1) / lot->tiles + 1) / 2 * 2;
    lot->tiles = (lot->count + lot->width - 1) / lot->width;
}

/* Of float arithmetic with u = 2^-24 (N. J. Higham, "Accuracy and Stability of Numerical Algorithms", 2002, chapter 3):
 * a score |c|^2 / 2 - xc of d columns is off by at most about (d + 4) u (|c|^2 / 2 + |x||c|), hence by
 * (d + 4) u (|x|^2 / 2 + |c|^2). A quarter more covers that |x|^2 is itself a float, and the doubles' own rounding;
 * the constant covers what underflows. */
static void bound_error(cm_kmeans_lot *lot, double largest) {
    double unit = 1.25 * (double)(lot->columns + 4) * 0x1p-24;
    lot->error_of_row = (float)(unit / 2);
    lot->error = (float)(unit * largest + 0x1p-110);
    lot->filtered = largest < 1e36;
}

static void round_centres(cm_kmeans_lot *lot, const double *centres) {
    double largest = 0;
    for (uint64_t place = 0; place < lot->tiles * lot->width; place++) {
        uint64_t tile = place / lot->width, within = place % lot->width;
        float *to = lot->rounded + tile * lot->columns * lot->width + within;
        double square = 0;
        for (uint64_t j = 0; j < lot->columns; j++) {
            double value = place < lot->count ? centres[place * lot->columns + j] - lot->origin[j] : 0;
            to[j * lot->width] = fabs(value) < 1e18 ? (float)value : 0;
            square += value * value;
        }
        lot->halves[place] = place < lot->count && square < 1e36 ? (float)(square / 2) : (float)INFINITY;
        if (square > largest) largest = square;
    }
    bound_error(lot, largest);
}

void cm_kmeans_lot_fill(cm_kmeans_lot *lot, const double *centres, uint64_t count, const double *origin,
                        const cm_kmeans_kernel *kernel) {
    lot->count = count;
    lot->padded = whole_eights(count);
    for (uint64_t j = 0; j < lot->columns; j++)
        for (uint64_t i = 0; i < lot->padded; i++)
            lot->exact[j * lot->padded + i] = i < count ? centres[i * lot->columns + j] : FAR;
    lot->filtered = false;
    if (!kernel->most_width) return;
    find_origin(lot, centres, origin);
    cut_tiles(lot, kernel->most_width);
    round_centres(lot, centres);
}

/* ---- eight rows at a time ---- */

/* Eight rows, column by column; zeros behind the end. */
static void take_group(const double *const *columns, uint64_t count, uint64_t first, uint64_t rows, double *out) {
    uint64_t there = rows - first < LANES ? rows - first : LANES;
    for (uint64_t j = 0; j < count; j++, out += LANES) {
        if (there < LANES) memset(out, 0, LANES * sizeof *out);
        memcpy(out, columns[j] + first, (size_t)there * sizeof *out);
    }
}

/* Squared distances of eight rows from centre i. */
static void measure(const cm_kmeans_lot *lot, const double *group, uint64_t i, cm_eight *out) {
    cm_eight sums = {0};
    for (uint64_t j = 0; j < lot->columns; j++) {
        cm_eight step = *(const cm_eight *)(const void *)(group + j * LANES) - lot->exact[j * lot->padded + i];
        sums += step * step;
    }
    *out = sums;
}

static void assign(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, const float *shrink,
                   float *slack, uint16_t *labels) {
    double group[CM_MOST_INPUTS * LANES];
    (void)shrink;
    (void)slack;
    for (uint64_t first = 0; first < rows; first += LANES) {
        cm_eight least, fresh;
        uint16_t nearest[LANES] = {0};
        take_group(columns, lot->columns, first, rows, group);
        measure(lot, group, 0, &least);
        for (uint64_t i = 1; i < lot->count; i++) {
            measure(lot, group, i, &fresh);
            for (uint64_t lane = 0; lane < LANES; lane++)
                if (fresh[lane] < least[lane]) {
                    least[lane] = fresh[lane];
                    nearest[lane] = (uint16_t)i;
                }
        }
        for (uint64_t lane = 0; lane < LANES && first + lane < rows; lane++) labels[first + lane] = nearest[lane];
    }
}

/* Any row may be. */
static void compare(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, const double *closest,
                    cm_kmeans_bits *nearer) {
    (void)columns;
    (void)closest;
    memset(nearer, 0, (size_t)lot->count * sizeof *nearer);
    for (uint64_t i = 0; i < lot->count; i++)
        for (uint64_t row = 0; row < rows; row++) nearer[i].words[row / 32] |= UINT32_C(1) << row % 32;
}

static void measure_eight(const cm_kmeans_lot *lot, const uint16_t *centres, uint64_t count,
                          const double *const *columns, uint64_t first, uint64_t rows, double *out) {
    cm_kmeans_measure_eight(lot, centres, count, columns, first, rows, out);
}

static double approach(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, const double *weights,
                       double *closest) {
    return cm_kmeans_approach(lot, columns, rows, weights, closest);
}

static void weigh(const cm_kmeans_lot *lot, uint64_t count, const double *const *columns, uint64_t rows,
                  const double *weights, const double *closest, double *sums) {
    cm_kmeans_weigh(lot, count, columns, rows, weights, closest, sums);
}

const cm_kmeans_kernel cm_kmeans_plain = {0, assign, compare, measure_eight, approach, weigh};

const cm_kmeans_kernel *cm_kmeans_kernel_of(cm_cpu_level level) {
#ifdef CM_CPU_HAS_X86_64
    if (level >= CM_CPU_AVX512) return &cm_kmeans_avx512;
    if (level >= CM_CPU_AVX2) return &cm_kmeans_avx2;
#endif
    (void)level;
    return &cm_kmeans_plain;
}
