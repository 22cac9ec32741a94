/* Tasks are numbered and handed out in rising order from one atomic counter, so that when a task fails every lower one
 * has been started and will end: the lowest failing task, hence the error, is the same for any number of threads. */
#include "base/threads.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define MOST_THREADS 256

typedef struct cm_crew {
    cm_task task;
    void *state;
    uint64_t count;
    atomic_uint_fast64_t next;
    atomic_uint_fast64_t lowest_failed; /* count: none */
    pthread_mutex_t lock;
    pthread_cond_t ended;
    int64_t running; /* threads, under the lock */
} cm_crew;

typedef struct worker {
    cm_crew *crew;
    cm_context *ctx; /* its own, except for the caller's */
    uint64_t failed; /* the task that its context's error is of */
    pthread_t thread;
} worker;

static void lower(atomic_uint_fast64_t *lowest, uint64_t task) {
    uint64_t seen = atomic_load(lowest);
    while (task < seen && !atomic_compare_exchange_weak(lowest, &seen, task)) {
    }
}

static void work(worker *self) {
    cm_crew *crew = self->crew;
    self->failed = crew->count;
    for (;;) {
        uint64_t task = atomic_fetch_add(&crew->next, 1);
        if (task >= crew->count || task > atomic_load(&crew->lowest_failed)) return;
        if (crew->task(self->ctx, crew->state, task) != CM_OK) {
            self->failed = task;
            lower(&crew->lowest_failed, task);
            return;
        }
    }
}

static void count_running(cm_crew *crew, int64_t change) {
    pthread_mutex_lock(&crew->lock);
    crew->running += change;
    pthread_cond_signal(&crew->ended);
    pthread_mutex_unlock(&crew->lock);
}

static void *thread_main(void *argument) {
    worker *self = argument;
    work(self);
    count_running(self->crew, -1);
    return NULL;
}

/* A worker's context: the parent's core and settings, nobody to call back. */
static cm_context *context_for_worker(cm_context *parent) {
    cm_context *ctx = cm_alloc(parent, 1, sizeof *ctx);
    if (!ctx) return NULL;
    ctx->core = parent->core;
    ctx->settings = parent->settings;
    ctx->settings.threads = 1;
    ctx->parent = parent;
    ctx->depth = 1; /* inside a call */
    ctx->deadline = parent->deadline;
    atomic_init(&ctx->cancelled, 0);
    return ctx;
}

/* Starts as many threads as can be had; none is fine. */
static uint64_t start(cm_context *ctx, cm_crew *crew, worker *workers, uint64_t wanted) {
    uint64_t started = 0;
    cm_error_state before = ctx->error;
    while (started < wanted) {
        worker *one = &workers[started];
        one->crew = crew;
        one->ctx = context_for_worker(ctx);
        if (!one->ctx) break;
        count_running(crew, 1);
        if (pthread_create(&one->thread, NULL, thread_main, one) != 0) {
            count_running(crew, -1);
            cm_free(ctx->core, one->ctx, 1, sizeof *one->ctx);
            break;
        }
        started++;
    }
    ctx->error = before;
    return started;
}

/* Waits for the others and goes on reporting; true if the progress function cancelled, which is passed on to them. */
static bool wait_for_all(cm_context *ctx, cm_crew *crew) {
    bool cancelled = false;
    pthread_mutex_lock(&crew->lock);
    while (crew->running) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 20000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_nsec -= 1000000000;
            until.tv_sec++;
        }
        pthread_cond_timedwait(&crew->ended, &crew->lock, &until);
        pthread_mutex_unlock(&crew->lock);
        cm_error_state before = ctx->error;
        if (!cancelled && cm_tick(ctx, "working", atomic_load(&crew->next), crew->count) == CM_E_CANCELLED) {
            cancelled = true;
            cm_context_cancel(ctx);
        }
        ctx->error = before;
        pthread_mutex_lock(&crew->lock);
    }
    pthread_mutex_unlock(&crew->lock);
    return cancelled;
}

static cm_status run_alone(cm_context *ctx, uint64_t count, cm_task task, void *state) {
    for (uint64_t i = 0; i < count; i++) {
        cm_status status = task(ctx, state, i);
        if (status) return status;
    }
    return CM_OK;
}

cm_status cm_parallel(cm_context *ctx, uint64_t count, cm_task task, void *state) {
    uint64_t threads = ctx->settings.threads < count ? ctx->settings.threads : count;
    if (threads > MOST_THREADS) threads = MOST_THREADS;
    if (threads <= 1) return run_alone(ctx, count, task, state);
    worker *workers = cm_alloc(ctx, threads, sizeof *workers);
    if (!workers) return ctx->error.status;
    cm_crew crew = {.task = task, .state = state, .count = count};
    atomic_init(&crew.next, 0);
    atomic_init(&crew.lowest_failed, count);
    pthread_mutex_init(&crew.lock, NULL);
    pthread_cond_init(&crew.ended, NULL);

    uint64_t others = start(ctx, &crew, workers, threads - 1);
    worker *self = &workers[others];
    self->crew = &crew;
    self->ctx = ctx;
    work(self);
    bool cancelled = wait_for_all(ctx, &crew);

    cm_status status = CM_OK;
    uint64_t lowest = atomic_load(&crew.lowest_failed);
    for (uint64_t i = 0; i <= others; i++) {
        worker *one = &workers[i];
        if (one->failed == lowest && lowest < count) {
            ctx->error = one->ctx->error;
            status = ctx->error.status;
        }
        if (one == self) continue;
        pthread_join(one->thread, NULL);
        cm_free(ctx->core, one->ctx, 1, sizeof *one->ctx);
    }
    pthread_cond_destroy(&crew.ended);
    pthread_mutex_destroy(&crew.lock);
    cm_free(ctx->core, workers, threads, sizeof *workers);
    return cancelled && !status ? cm_fail(ctx, CM_E_CANCELLED, "CANCELLED", "") : status;
}
