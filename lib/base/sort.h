/* Sorting numbered keys: the one sort that everything ordered is built on. */
#ifndef CM_BASE_SORT_H
#define CM_BASE_SORT_H

#include "base/context.h"

typedef struct cm_key {
    uint64_t key;
    uint64_t value;
} cm_key;

/* Sorts by key, equal keys in their order (stable). Least significant digit radix sort, bytes that are the same in all
 * keys left
 * out: O(n) a byte that differs. Needs as much memory again for the time. */
cm_status cm_sort_keys(cm_context *ctx, cm_key *keys, uint64_t count);

/* The order of signed integers and of doubles (-0 as 0, NaN last) as unsigned keys. */
static inline uint64_t cm_key_of_int(int64_t value) { return (uint64_t)value ^ (UINT64_C(1) << 63); }
uint64_t cm_key_of_double(double value);

#endif
