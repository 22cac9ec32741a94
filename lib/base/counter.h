/* How often each 64-bit key was seen: an open hash table. */
#ifndef CM_BASE_COUNTER_H
#define CM_BASE_COUNTER_H

#include "base/context.h"
#include "base/hash.h"

typedef struct cm_count {
    uint64_t key, count; /* count 0: the slot is empty */
} cm_count;

typedef struct cm_counter {
    cm_count *slots;
    uint64_t slot_count; /* a power of two, or 0 */
    uint64_t used;
    cm_hash_key key;
} cm_counter;

cm_status cm_counter_add(cm_context *ctx, cm_counter *counter, uint64_t key,
                         uint64_t by); /* starts as {0}; `by` is not 0 */
uint64_t cm_counter_get(const cm_counter *counter, uint64_t key);
void cm_counter_clear(cm_core *core, cm_counter *counter);

#endif
