/* Distinct tuples of integers, numbered 0, 1, 2 ... in order of first sight. */
#ifndef CM_PREPARE_TUPLES_H
#define CM_PREPARE_TUPLES_H

#include "base/context.h"
#include "base/hash.h"

typedef struct cm_tuples {
    uint64_t width;           /* integers in each: set by the caller, the rest starts as zero */
    uint64_t count, capacity; /* tuples that there are, and that fit */
    int64_t *values;          /* of tuple n from n * width on */
    uint64_t *slots;          /* number + 1; 0 empty */
    uint64_t slot_count;      /* a power of two, or 0 */
    cm_hash_key key;
} cm_tuples;

cm_status cm_tuples_add(cm_context *ctx, cm_tuples *tuples, const int64_t *tuple, uint64_t *number);
bool cm_tuples_find(const cm_tuples *tuples, const int64_t *tuple, uint64_t *number);
void cm_tuples_clear(cm_core *core, cm_tuples *tuples);

#endif
