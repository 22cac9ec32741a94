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

#include "base/cpu.h"
#include "model/method.h"

#define CM_KMEANS_LANES 8        /* of sums over rows: row i of a block goes to lane i % 8 */
#define CM_KMEANS_CANDIDATES 12  /* of a step of k-means++, at most */

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

/* Rows come as one pointer a column, at the first row. */
typedef struct cm_kmeans_kernel {
    uint64_t most_width; /* of a tile; 0: there is no filter */
    /* The nearest centre of each row, the lowest of equally near ones. */
    void (*assign)(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, uint16_t *labels);
    /* The squared distances from the one centre of the lot, where they are less than what is there. Here and below,
     * closest and weights have zeros behind the end, up to a multiple of 32 rows. */
    void (*approach)(const cm_kmeans_lot *lot, const double *const *columns, uint64_t rows, double *closest);
    /* The same with `last` (NULL: nothing); then, for each centre of the lot, at most CM_KMEANS_CANDIDATES: adds to its
     * lanes what would be left with it, each row by its weight (NULL: 1). Both lots have one origin. */
    void (*weigh)(const cm_kmeans_lot *lot, const cm_kmeans_lot *last, const double *const *columns, uint64_t rows,
                  double *closest, const double *weights, double (*left)[CM_KMEANS_LANES]);
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

#endif
