/* Turns. A thread that has to wait looks a while whether its turn has come, then sleeps. */
#include "io/road.h"

#define LOOKS 2000

static void pause_shortly(void) {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static bool stopped(const cm_road *road, uint64_t number) {
    return number >= atomic_load(&road->limit);
}

bool cm_road_wait(cm_road *road, atomic_uint_fast64_t *turn, uint64_t number) {
    for (int i = 0; i < LOOKS; i++) {
        if (stopped(road, number)) return false;
        if (atomic_load(turn) == number) return true;
        pause_shortly();
    }
    pthread_mutex_lock(&road->waiting);
    atomic_fetch_add(&road->sleepers, 1);
    while (atomic_load(turn) != number && !stopped(road, number)) pthread_cond_wait(&road->turned, &road->waiting);
    atomic_fetch_sub(&road->sleepers, 1);
    pthread_mutex_unlock(&road->waiting);
    return !stopped(road, number);
}

bool cm_road_wait_all(cm_road *road, uint64_t number) {
    for (uint64_t i = 0; i < road->column_count; i++)
        if (!cm_road_wait(road, &road->columns[i].turn, number)) return false;
    return true;
}

static void wake(cm_road *road) {
    if (!atomic_load(&road->sleepers)) return;
    pthread_mutex_lock(&road->waiting);
    pthread_cond_broadcast(&road->turned);
    pthread_mutex_unlock(&road->waiting);
}

void cm_road_pass(cm_road *road, atomic_uint_fast64_t *turn, uint64_t number) {
    atomic_store(turn, number + 1);
    wake(road);
}

void cm_road_limit(cm_road *road, uint64_t number) {
    uint64_t seen = atomic_load(&road->limit);
    while (number < seen && !atomic_compare_exchange_weak(&road->limit, &seen, number)) {
    }
    wake(road);
}

/* The error of the lowest block counts, whichever comes first. */
void cm_road_fail(cm_road *road, const cm_context *ctx, uint64_t number) {
    pthread_mutex_lock(&road->waiting);
    if (number < road->failed) {
        road->failed = number;
        road->error = ctx->error;
    }
    pthread_mutex_unlock(&road->waiting);
    cm_road_limit(road, number);
}
