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

#endif
