/* The context inside: one call at a time, its error, its limits, its callbacks. */
#ifndef CM_BASE_CONTEXT_H
#define CM_BASE_CONTEXT_H

#include <stdarg.h>
#include <stdbool.h>

#include "base/memory.h"
#include "base/status.h"

/* What cm_context_configure sets. */
typedef struct cm_settings {
    uint64_t threads;      /* 1 or more */
    uint64_t seed;
    uint64_t memory_limit; /* bytes; 0 none */
    double time_limit;     /* seconds a call; 0 none */
    cm_sentence *sentences; /* the host's, sorted by code; its texts in the arena */
    uint64_t sentence_count;
    cm_arena sentence_texts;
} cm_settings;

struct cm_context {
    cm_core *core;
    cm_settings settings;
    cm_log_function log;
    void *log_user;
    int32_t log_level;
    cm_progress_function progress;
    void *progress_user;
    atomic_int cancelled;
    cm_context *parent;   /* of a worker's context: whose cancellation and deadline count; else NULL */
    uint32_t depth;       /* of nested public calls */
    int64_t deadline;     /* monotonic nanoseconds; INT64_MAX none */
    int64_t last_progress;
    uint64_t block_bytes; /* of the reader's blocks; set in tests alone */
    bool record_road;     /* the reader goes record by record; set in tests alone */
    int32_t cpu_most;     /* cm_cpu_level; less than the highest in tests alone */
    cm_error_state error;
};

/* Replaces the settings, freeing what the old ones hold. */
void cm_context_set(cm_context *ctx, const cm_settings *settings);

/* Every public function that takes a context is one line of this around an inner function, so that the outermost call
 * alone clears the error and starts the clock:
 *     return CM_CALL(ctx, fit(ctx, ...)); */
#define CM_CALL(ctx, expression) \
    (!(ctx) ? CM_E_ARGUMENT : cm_call_begin(ctx) ? cm_call_end(ctx, CM_E_CANCELLED) : cm_call_end(ctx, (expression)))
cm_status cm_call_begin(cm_context *ctx); /* CM_E_CANCELLED if that was asked for while no call ran */
cm_status cm_call_end(cm_context *ctx, cm_status status);

/* CM_E_ARGUMENT of a public function that was given NULL where it must not be; ctx may be NULL, too. */
cm_status cm_misuse(cm_context *ctx, const char *function);

/* To be asked every few thousand steps of long work, about every millisecond: CM_OK, CM_E_CANCELLED or CM_E_LIMIT
 * (time). Calls the progress function where it is due (not in workers). */
cm_status cm_tick(cm_context *ctx, const char *stage, uint64_t done, uint64_t total);

/* Moves the deadline to where this share of the time that is left will be over, for work whose result is still to be
 * used; returns the deadline, which the caller sets again. */
int64_t cm_deadline_share(cm_context *ctx, double share);

/* To the host, if it listens at this level: the sentence of a code with its arguments, as cm_fail takes them; never the
 * content of a cell. */
void cm_log_say(cm_context *ctx, int32_t level, const char *code, const char *kinds, ...);

/* Bytes for keys of hashes, from the system; never part of any output. */
void cm_entropy(void *out, uint64_t bytes);

#endif
