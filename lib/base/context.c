#include "base/context.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cpu.h"

#define PROGRESS_NANOSECONDS INT64_C(40000000)

static int64_t monotonic(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static cm_status context_new(const cm_allocator *allocator, cm_context **out) {
    cm_core *core = cm_core_new(allocator);
    if (!core) return CM_E_MEMORY;
    cm_context *ctx = cm_core_resize(core, NULL, 0, sizeof *ctx, NULL);
    if (!ctx) {
        cm_core_release(core);
        return CM_E_MEMORY;
    }
    memset(ctx, 0, sizeof *ctx);
    ctx->core = core;
    ctx->settings.threads = 1;
    ctx->deadline = INT64_MAX;
    ctx->cpu_most = CM_CPU_LEVELS - 1;
    atomic_init(&ctx->cancelled, 0);
    *out = ctx;
    return CM_OK;
}

cm_status cm_context_new(const cm_allocator *allocator, cm_context **out) {
    if (!out) return CM_E_ARGUMENT;
    *out = NULL;
    if (allocator && (allocator->struct_size < sizeof *allocator || !allocator->resize)) return CM_E_ARGUMENT;
    return context_new(allocator, out);
}

static void settings_clear(cm_core *core, cm_settings *settings) {
    cm_free(core, settings->sentences, settings->sentence_count, sizeof *settings->sentences);
    cm_arena_free(core, &settings->sentence_texts);
}

void cm_context_set(cm_context *ctx, const cm_settings *settings) {
    settings_clear(ctx->core, &ctx->settings);
    ctx->settings = *settings;
    cm_core_set_limit(ctx->core, settings->memory_limit);
}

void cm_context_free(cm_context *ctx) {
    if (!ctx) return;
    cm_core *core = ctx->core;
    settings_clear(core, &ctx->settings);
    cm_core_set_limit(core, 0); /* objects that live on must be able to work */
    cm_core_resize(core, ctx, sizeof *ctx, 0, NULL);
    cm_core_release(core);
}

cm_status cm_context_on_log(cm_context *ctx, int32_t level, cm_log_function function, void *user) {
    if (!ctx) return CM_E_ARGUMENT;
    ctx->log = function;
    ctx->log_user = user;
    ctx->log_level = level;
    return CM_OK;
}

cm_status cm_context_on_progress(cm_context *ctx, cm_progress_function function, void *user) {
    if (!ctx) return CM_E_ARGUMENT;
    ctx->progress = function;
    ctx->progress_user = user;
    return CM_OK;
}

void cm_context_cancel(cm_context *ctx) {
    if (ctx) atomic_store(&ctx->cancelled, 1);
}

uint64_t cm_context_peak_memory(const cm_context *ctx) { return ctx ? cm_core_peak(ctx->core) : 0; }

cm_status cm_call_begin(cm_context *ctx) {
    if (ctx->depth++) return CM_OK;
    cm_error_clear(&ctx->error);
    cm_core_reset_peak(ctx->core);
    ctx->deadline = INT64_MAX;
    ctx->last_progress = 0;
    if (ctx->settings.time_limit > 0) ctx->deadline = monotonic() + (int64_t)(ctx->settings.time_limit * 1e9);
    return atomic_load(&ctx->cancelled) ? cm_fail(ctx, CM_E_CANCELLED, "CANCELLED", "") : CM_OK;
}

cm_status cm_call_end(cm_context *ctx, cm_status status) {
    if (--ctx->depth == 0) {
        atomic_store(&ctx->cancelled, 0); /* asked of this call, whether it noticed or was over */
        if (status == CM_OK) cm_error_clear(&ctx->error);
    }
    return status;
}

cm_status cm_misuse(cm_context *ctx, const char *function) {
    return CM_CALL(ctx,
                   cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", function, "an argument that must be given is NULL"));
}

cm_status cm_tick(cm_context *ctx, const char *stage, uint64_t done, uint64_t total) {
    cm_context *root = ctx->parent ? ctx->parent : ctx;
    if (atomic_load_explicit(&root->cancelled, memory_order_relaxed))
        return cm_fail(ctx, CM_E_CANCELLED, "CANCELLED", "");
    bool reports = !ctx->parent && ctx->progress;
    if (root->deadline == INT64_MAX && !reports) return CM_OK;
    int64_t now = monotonic();
    if (now > root->deadline) return cm_fail(ctx, CM_E_LIMIT, "TIME_LIMIT", "d", ctx->settings.time_limit);
    if (!reports || now - ctx->last_progress < PROGRESS_NANOSECONDS) return CM_OK;
    ctx->last_progress = now;
    if (ctx->progress(ctx->progress_user, stage, done, total)) return cm_fail(ctx, CM_E_CANCELLED, "CANCELLED", "");
    return CM_OK;
}

int64_t cm_deadline_share(cm_context *ctx, double share) {
    int64_t deadline = ctx->deadline, now;
    if (deadline == INT64_MAX) return deadline;
    now = monotonic();
    if (now < deadline) ctx->deadline = now + (int64_t)((double)(deadline - now) * share);
    return deadline;
}

void cm_entropy(void *out, uint64_t bytes) {
    unsigned char *to = out;
    while (bytes) {
        size_t part = bytes < 256 ? (size_t)bytes : 256;
        if (getentropy(to, part) != 0) { /* no source of entropy: the key is weaker, the results are the same */
            int64_t weak = monotonic() ^ (int64_t)(uintptr_t)to;
            memcpy(to, &weak, part < sizeof weak ? part : sizeof weak);
        }
        to += part;
        bytes -= part;
    }
}
