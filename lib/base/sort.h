/* Sorting numbered keys: the one sort that everything ordered is built on. */
#ifndef CM_BASE_SORT_H
#define CM_BASE_SORT_H

#include "base/context.h"

typedef struct cm_key {
    uint64_t key;
    uint64_t value;
} cm_key;

/* Sorts by key, equal keys in their order (stable). Least significant digit radix sort of what the keys span, of long
 * keys first of its highest digits: O(n) for 11 bits of it (few keys: 8). Many keys are split by their leading bits,
 * and the parts sorted side by side. Needs as much memory again for the time. */
cm_status cm_sort_keys(cm_context *ctx, cm_key *keys, uint64_t count);
/* The same with room for as many keys (few: none), on one thread; and sort_many.c, by all threads. */
void cm_sort_within(cm_key *keys, uint64_t count, cm_key *room);
cm_status cm_sort_many(cm_context *ctx, cm_key *keys, uint64_t count, cm_key *room);

/* Sorts numbers below 2^31, of equal ones one alone; *count gets how many are left. O(n^2 / 4) for up to 64. */
cm_status cm_sort_numbers(cm_context *ctx, uint32_t *numbers, uint64_t *count);

/* The order of signed integers and of doubles (-0 as 0, NaN last) as unsigned keys. */
static inline uint64_t cm_key_of_int(int64_t value) { return (uint64_t)value ^ (UINT64_C(1) << 63); }
static inline int64_t cm_int_of_key(uint64_t key) { return (int64_t)(key ^ UINT64_C(1) << 63); }
uint64_t cm_key_of_double(double value);

/* The value that has this rank, from 0, among count > rank values; they stay as they are, and `room` has place for all.
 * O(n). */
int64_t cm_select(const int64_t *values, uint64_t count, uint64_t rank, int64_t *room);

#endif
