/* The kernels of k-means: which centre is nearest, and what a further centre would save. One table of functions for
 * each level of instructions; all give the same bytes.
 *
 * The squared distance of a row x from a centre c is, everywhere and for all levels, the sum over the columns in their
 * order of (x - c)(x - c), each step rounded as a double. What the higher levels add is a filter: the same comparison
 * by |c|^2 / 2 - xc, in floats, one fused multiply-add a column, with a bound of its error. Where the bound leaves one
 * centre, that is the nearest; where it leaves more, or the floats overflow, the doubles decide. So the filter decides
 * how long it takes, never what comes out. */
#ifndef CM_MODEL_KMEANS_KERNEL_H
#define CM_MODEL_KMEANS_KERNEL_H

#include <string.h>

#include "base/cpu.h"
#include "model/method.h"

#define CM_KMEANS_LANES 8        /* of sums over rows: row i of a block goes to lane i % 8 */
#define CM_KMEANS_CANDIDATES 64  /* that are compared in one pass, at most */
#define CM_KMEANS_WIDEST 12      /* tile */
#define CM_KMEANS_FEW 4          /* centres whose distances from eight rows are formed together */

#define CM_KMEANS_BLOCK UINT64_C(1024)

/* A bit for each row of a block. */
typedef struct cm_kmeans_bits {
    uint32_t words[CM_KMEANS_BLOCK / 32];
} cm_kmeans_bits;

/* Centres in the forms that kernels read. */
typedef struct cm_kmeans_lot {
    uint64_t count, columns;
    uint64_t padded;                /* count, made a multiple of eight */
    uint64_t width, tiles;          /* of the filter: centres a tile */
    double *exact;                  /* of centre i in column j: exact[j * padded + i]; far away behind the end */
    float *rounded;                 /* less the origin: tile by tile, column by column, width centres */
    float *halves;                  /* |c|^2 / 2 of these; infinite behind the end */
    double origin[CM_MOST_INPUTS];  /* floats are fine near it */
    float error_of_row, error;      /* of a score: at most error_of_row * |x|^2 + error */
    bool filtered;                  /* whether floats can hold the centres */
    uint64_t room;                  /* centres that the memory is for */
} cm_kmeans_lot;

/* Rows come as one pointer a column, at the first row; at most CM_KMEANS_BLOCK of them. */
typedef struct cm_kmeans_kernel {
    uint64_t most_width; /* of a tile; 0: there is no filter */
    /* The nearest centre of each row, the lowest of equally near ones. Slack is by how much the second nearest centre
     * is farther than the nearest, at most. `shrink`: what a row of each label loses of it since labels and slack were
     * written; who has some left keeps the label. NULL: nothing is known of the rows. */
    void (*assign)(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, const float *shrink,
                   float *slack, uint16_t *labels);
    /* For each centre of the lot, at most CM_KMEANS_CANDIDATES: a bit a row that may be nearer to it than closest, a
     * squared distance, says; no bit: it is not. Closest has zeros behind the end, up to a multiple of 32 rows. */
    void (*compare)(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, const double *closest,
                    cm_kmeans_bits *nearer);
    /* The squared distances of eight rows, `first` and those that follow, from each of the centres listed: eight
     * numbers a centre. */
    void (*measure)(const cm_kmeans_lot *lot, const uint16_t *centres, uint64_t count, const double *const *columns,
                    uint64_t first, uint64_t rows, double *out);
    /* Closest, squared distances as above, comes down to those from the first centre of the lot. Returns their sum,
     * each times its weight (NULL: 1), in lanes. */
    double (*approach)(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, const double *weights,
                       double *closest);
    /* That sum with each of the first centres of the lot, at most CM_KMEANS_WIDEST, if it were approached. */
    void (*weigh)(const cm_kmeans_lot *lot, uint64_t count, const double *const *columns, uint64_t rows,
                  const double *weights, const double *closest, double *sums);
} cm_kmeans_kernel;

const cm_kmeans_kernel *cm_kmeans_kernel_of(cm_cpu_level level);
extern const cm_kmeans_kernel cm_kmeans_plain;
#ifdef CM_CPU_HAS_X86_64
extern const cm_kmeans_kernel cm_kmeans_avx2, cm_kmeans_avx512;
#endif

cm_status cm_kmeans_lot_open(cm_context *ctx, uint64_t room, uint64_t columns, cm_kmeans_lot *out);
void cm_kmeans_lot_close(cm_core *core, cm_kmeans_lot *lot);
/* Takes `count` centres, one after another, for a kernel; origin NULL: their mean. */
void cm_kmeans_lot_fill(cm_kmeans_lot *lot, const double *centres, uint64_t count, const double *origin,
                        const cm_kmeans_kernel *kernel);

/* ---- what every level shares ---- */

typedef double cm_eight __attribute__((vector_size(64), aligned(8), may_alias)); /* in an array of doubles */
typedef int64_t cm_eight_bits __attribute__((vector_size(64)));

/* Eight lanes in one fixed order. */
static inline double cm_kmeans_sum_lanes(const double *lanes) {
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

static inline double cm_kmeans_distance(const double *x, const double *centre, uint64_t columns, uint64_t step) {
    double sum = 0;
    for (uint64_t j = 0; j < columns; j++) sum += (x[j] - centre[j * step]) * (x[j] - centre[j * step]);
    return sum;
}

/* One row, eight centres at a time. */
static inline uint64_t cm_kmeans_nearest_in_lot(const cm_kmeans_lot *lot, const double *x) {
    double least[CM_KMEANS_LANES];
    uint64_t labels[CM_KMEANS_LANES], best = 0;
    for (uint64_t i = 0; i < lot->padded; i += CM_KMEANS_LANES) {
        cm_eight sums = {0};
        for (uint64_t j = 0; j < lot->columns; j++) {
            cm_eight step = x[j] - *(const cm_eight *)(const void *)(lot->exact + j * lot->padded + i);
            sums += step * step;
        }
        for (uint64_t lane = 0; lane < CM_KMEANS_LANES; lane++)
            if (i == 0 || sums[lane] < least[lane]) {
                least[lane] = sums[lane];
                labels[lane] = i + lane;
            }
    }
    for (uint64_t lane = 1; lane < CM_KMEANS_LANES; lane++)
        if (least[lane] < least[best] || (least[lane] == least[best] && labels[lane] < labels[best])) best = lane;
    return labels[best];
}

#if defined(__clang__)
#define CM_UNROLLED _Pragma("clang loop unroll(full)")
#else
#define CM_UNROLLED _Pragma("GCC unroll 12")
#endif

/* The squared distances of eight rows from a few centres, whose number is known to the compiler. */
static inline __attribute__((always_inline)) void cm_kmeans_measure_few(const cm_kmeans_lot *lot,
                                                                        const uint16_t *centres, const int count,
                                                                        const double *const *columns, uint64_t first,
                                                                        double *out) {
    const double *exact = lot->exact;
    cm_eight sums[CM_KMEANS_FEW] = {0};
    for (uint64_t j = 0; j < lot->columns; j++, exact += lot->padded) {
        cm_eight values = *(const cm_eight *)(const void *)(columns[j] + first);
        CM_UNROLLED
        for (int i = 0; i < count; i++) {
            cm_eight step = values - exact[centres[i]];
            sums[i] += step * step;
        }
    }
    CM_UNROLLED
    for (int i = 0; i < count; i++) *(cm_eight *)(void *)(out + i * CM_KMEANS_LANES) = sums[i];
}

static inline void cm_kmeans_measure_whole(const cm_kmeans_lot *lot, const uint16_t *centres, uint64_t count,
                                           const double *const *columns, uint64_t first, double *out) {
    for (; count >= CM_KMEANS_FEW; count -= CM_KMEANS_FEW, centres += CM_KMEANS_FEW) {
        cm_kmeans_measure_few(lot, centres, CM_KMEANS_FEW, columns, first, out);
        out += CM_KMEANS_FEW * CM_KMEANS_LANES;
    }
    if (count == 3) cm_kmeans_measure_few(lot, centres, 3, columns, first, out);
    if (count == 2) cm_kmeans_measure_few(lot, centres, 2, columns, first, out);
    if (count == 1) cm_kmeans_measure_few(lot, centres, 1, columns, first, out);
}

/* What every kernel calls `measure`: a row is read once for several centres. Behind the last row are zeros. */
static inline void cm_kmeans_measure_eight(const cm_kmeans_lot *lot, const uint16_t *centres, uint64_t count,
                                           const double *const *columns, uint64_t first, uint64_t rows, double *out) {
    double eights[CM_MOST_INPUTS * CM_KMEANS_LANES];
    const double *own[CM_MOST_INPUTS];
    if (rows - first >= CM_KMEANS_LANES) {
        cm_kmeans_measure_whole(lot, centres, count, columns, first, out);
        return;
    }
    memset(eights, 0, sizeof eights);
    for (uint64_t j = 0; j < lot->columns; j++) {
        own[j] = eights + j * CM_KMEANS_LANES;
        memcpy(eights + j * CM_KMEANS_LANES, columns[j] + first, (size_t)(rows - first) * sizeof *eights);
    }
    cm_kmeans_measure_whole(lot, centres, count, own, 0, out);
}

/* Eight rows from `first` on: their closest distances if these centres, one alone, are approached, to `out`; and the
 * sums over all rows so far. */
static inline void cm_kmeans_approach_eight(const cm_kmeans_lot *lot, uint64_t count, const double *const *columns,
                                            uint64_t first, uint64_t rows, const double *weights,
                                            const double *closest, cm_eight *sums, double *out) {
    static const uint16_t list[CM_KMEANS_WIDEST] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
    double fresh[CM_KMEANS_WIDEST * CM_KMEANS_LANES];
    cm_kmeans_measure_eight(lot, list, count, columns, first, rows, fresh);
    for (uint64_t i = 0; i < count; i++) {
        cm_eight now = *(const cm_eight *)(const void *)(fresh + i * CM_KMEANS_LANES);
        cm_eight before = *(const cm_eight *)(const void *)(closest + first);
        cm_eight_bits nearer = now < before;
        now = (cm_eight)(((cm_eight_bits)now & nearer) | ((cm_eight_bits)before & ~nearer));
        if (out) *(cm_eight *)(void *)(out + first) = now;
        if (weights) now *= *(const cm_eight *)(const void *)(weights + first);
        sums[i] += now;
    }
}

/* What every kernel calls `approach` and `weigh`. */
static inline double cm_kmeans_approach(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows,
                                        const double *weights, double *closest) {
    cm_eight sum = {0};
    for (uint64_t first = 0; first < rows; first += CM_KMEANS_LANES)
        cm_kmeans_approach_eight(lot, 1, columns, first, rows, weights, closest, &sum, closest);
    return cm_kmeans_sum_lanes((const double *)&sum);
}

static inline void cm_kmeans_weigh(const cm_kmeans_lot *lot, uint64_t count, const double *const *columns,
                                   uint64_t rows, const double *weights, const double *closest, double *sums) {
    cm_eight lanes[CM_KMEANS_WIDEST] = {0};
    for (uint64_t first = 0; first < rows; first += CM_KMEANS_LANES)
        cm_kmeans_approach_eight(lot, count, columns, first, rows, weights, closest, lanes, NULL);
    for (uint64_t i = 0; i < count; i++) sums[i] = cm_kmeans_sum_lanes((const double *)&lanes[i]);
}

#endif
