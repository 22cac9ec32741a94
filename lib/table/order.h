/* Sorting: items by 64-bit keys that compare as the values do. */
#ifndef CM_TABLE_ORDER_H
#define CM_TABLE_ORDER_H

#include "base/context.h"

typedef struct cm_pair {
    uint64_t key;
    uint64_t item;
} cm_pair;

/* The order of two items whose keys are equal: negative, 0, positive. */
typedef int (*cm_pair_compare)(const void *user, uint64_t a, uint64_t b);

/* Sorts by key, then by `compare` (may be NULL), and leaves what is still equal in its order. O(n), plus O(m log m)
 * comparisons where m keys are equal; as much memory again as the pairs. */
cm_status cm_pairs_sort(cm_context *ctx, cm_pair *pairs, uint64_t count, cm_pair_compare compare, const void *user);

#endif
