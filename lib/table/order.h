/* Sorting where a 64-bit key is only the beginning of what is compared. */
#ifndef CM_TABLE_ORDER_H
#define CM_TABLE_ORDER_H

#include "base/sort.h"

/* The order of two values whose keys are equal: negative, 0, positive. */
typedef int (*cm_compare)(const void *user, uint64_t a, uint64_t b);

/* Sorts by key, then by `compare`, and leaves what is still equal in its order. As cm_sort_keys, plus O(m log m)
 * comparisons for m equal keys. */
cm_status cm_sort_compared(cm_context *ctx, cm_key *keys, uint64_t count, cm_compare compare, const void *user);

#endif
