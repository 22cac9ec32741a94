/* Work shared by threads that live for one call. */
#ifndef CM_BASE_THREADS_H
#define CM_BASE_THREADS_H

#include "base/context.h"

/* One task. `ctx` is the worker's own (the same core and settings, one thread, no callbacks); its error is carried
 * over. Tasks are handed out in rising order; each must write only what is its own. */
typedef cm_status (*cm_task)(cm_context *ctx, void *state, uint64_t task);

/* Runs tasks 0 .. count-1 on at most settings.threads threads, the caller's included; a thread that cannot start
 * means fewer. The error of the lowest task that failed is the call's. The result does not depend on the threads as
 * long as the number of tasks does not. */
cm_status cm_parallel(cm_context *ctx, uint64_t count, cm_task task, void *state);

/* Items in parts, one a thread, as equal as can be: how many, where a part of fewer than `least` items does not pay;
 * and which of them a part has. What is made of the parts must not depend on how many there are. */
static inline uint64_t cm_parts(const cm_context *ctx, uint64_t items, uint64_t least) {
    uint64_t parts = items / least;
    if (parts > ctx->settings.threads) parts = ctx->settings.threads;
    return parts ? parts : 1;
}
static inline void cm_part_of(uint64_t items, uint64_t parts, uint64_t part, uint64_t *first, uint64_t *end) {
    *first = items / parts * part;
    *end = part + 1 == parts ? items : items / parts * (part + 1);
}

#endif
