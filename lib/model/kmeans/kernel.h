/* Squared distances of the eight rows of a group: four pairs, in the same order of operations on every machine. The
 * compiler makes SSE2 or NEON of a pair, or two doubles; the bytes are the same. */
#ifndef CM_MODEL_KMEANS_KERNEL_H
#define CM_MODEL_KMEANS_KERNEL_H

#include <stdint.h>

typedef double cm_pair __attribute__((vector_size(16)));
typedef int64_t cm_pair_mask __attribute__((vector_size(16)));
typedef double cm_loose_pair __attribute__((vector_size(16), aligned(8), may_alias)); /* in an array of doubles */

static inline void cm_distances(const double *x, const double *centre, uint64_t columns, cm_pair out[4]) {
    cm_pair a = {0, 0}, b = {0, 0}, c = {0, 0}, d = {0, 0}, step;
    for (uint64_t j = 0; j < columns; j++) {
        const cm_loose_pair *group = (const cm_loose_pair *)(const void *)(x + 8 * j);
        cm_pair at = {centre[j], centre[j]};
        step = group[0] - at, a += step * step;
        step = group[1] - at, b += step * step;
        step = group[2] - at, c += step * step;
        step = group[3] - at, d += step * step;
    }
    out[0] = a, out[1] = b, out[2] = c, out[3] = d;
}

/* Where `fresh` is smaller, it and `label` replace the best and its label. */
static inline void cm_keep_nearer(cm_pair fresh, int64_t label, cm_pair *best, cm_pair_mask *labels) {
    cm_pair_mask nearer = (cm_pair_mask)(fresh < *best), own = {label, label};
    *best = (cm_pair)(((cm_pair_mask)fresh & nearer) | ((cm_pair_mask)*best & ~nearer));
    *labels = (own & nearer) | (*labels & ~nearer);
}

static inline cm_pair cm_smaller(cm_pair a, cm_pair b) {
    cm_pair_mask less = (cm_pair_mask)(a < b);
    return (cm_pair)(((cm_pair_mask)a & less) | ((cm_pair_mask)b & ~less));
}

static inline void cm_store_pairs(double *to, const cm_pair from[4]) {
    cm_loose_pair *out = (cm_loose_pair *)(void *)to;
    for (int i = 0; i < 4; i++) out[i] = from[i];
}

/* The eight lanes in one fixed order. */
static inline double cm_sum_pairs(const cm_pair from[4]) {
    cm_pair sum = (from[0] + from[2]) + (from[1] + from[3]);
    return sum[0] + sum[1];
}

#endif
