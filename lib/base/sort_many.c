/* Many keys: by their leading bits into parts that a cache holds, as a rule, and then each part by itself (sort.c).
 * Threads take slices of the keys, to be moved, and then parts, to be sorted. Slices are moved to places of their own,
 * in the order of the slices, so that equal keys stay in theirs and the result does not depend on the threads. O(n). */
#include <string.h>

#include "base/sort.h"
#include "base/threads.h"

#define DIGIT_BITS UINT64_C(11)
#define DIGITS (UINT64_C(1) << DIGIT_BITS)
#define KEYS_A_SLICE UINT64_C(32768)
#define TASKS UINT64_C(64) /* of parts: more than there are threads, as parts differ */

typedef struct slice {
    uint64_t first, end;
    uint64_t least, most;
    uint64_t places[DIGITS]; /* how many keys have the digit; then where the next one goes */
} slice;

typedef struct split {
    cm_key *keys, *room;
    uint64_t count, least, shift; /* (key - least) >> shift is the digit */
    slice *slices;
    uint64_t slice_count;
    uint64_t starts[DIGITS + 1]; /* of the parts */
} split;

static cm_status find_span(cm_context *ctx, void *state, uint64_t task) {
    const split *all = state;
    slice *own = &all->slices[task];
    (void)ctx;
    cm_part_of(all->count, all->slice_count, task, &own->first, &own->end);
    own->least = UINT64_MAX;
    own->most = 0;
    for (uint64_t i = own->first; i < own->end; i++) {
        uint64_t key = all->keys[i].key;
        own->least = key < own->least ? key : own->least;
        own->most = key > own->most ? key : own->most;
    }
    return CM_OK;
}

static void set_digit(split *all) {
    uint64_t most = 0;
    all->least = UINT64_MAX;
    for (uint64_t i = 0; i < all->slice_count; i++) {
        all->least = all->slices[i].least < all->least ? all->slices[i].least : all->least;
        most = all->slices[i].most > most ? all->slices[i].most : most;
    }
    while ((most - all->least) >> all->shift >= DIGITS) all->shift++;
}

static uint64_t digit_of(const split *all, const cm_key *key) { return (key->key - all->least) >> all->shift; }

static cm_status count_digits(cm_context *ctx, void *state, uint64_t task) {
    const split *all = state;
    slice *own = &all->slices[task];
    (void)ctx;
    memset(own->places, 0, sizeof own->places);
    for (uint64_t i = own->first; i < own->end; i++) own->places[digit_of(all, &all->keys[i])]++;
    return CM_OK;
}

static void set_places(split *all) {
    uint64_t sum = 0;
    for (uint64_t digit = 0; digit < DIGITS; digit++) {
        all->starts[digit] = sum;
        for (uint64_t i = 0; i < all->slice_count; i++) {
            uint64_t keys = all->slices[i].places[digit];
            all->slices[i].places[digit] = sum;
            sum += keys;
        }
    }
    all->starts[DIGITS] = sum;
}

static cm_status move_slice(cm_context *ctx, void *state, uint64_t task) {
    const split *all = state;
    slice *own = &all->slices[task];
    (void)ctx;
    for (uint64_t i = own->first; i < own->end; i++)
        all->room[own->places[digit_of(all, &all->keys[i])]++] = all->keys[i];
    return CM_OK;
}

/* The parts that begin in a share of the keys. */
static cm_status sort_parts(cm_context *ctx, void *state, uint64_t task) {
    const split *all = state;
    uint64_t first, end;
    (void)ctx;
    cm_part_of(all->count, TASKS, task, &first, &end);
    for (uint64_t digit = 0; digit < DIGITS; digit++) {
        uint64_t start = all->starts[digit], count = all->starts[digit + 1] - start;
        if (start < first || start >= end || !count) continue;
        memcpy(all->keys + start, all->room + start, (size_t)count * sizeof *all->keys);
        cm_sort_within(all->keys + start, count, all->room + start);
    }
    return CM_OK;
}

cm_status cm_sort_many(cm_context *ctx, cm_key *keys, uint64_t count, cm_key *room) {
    split all = {.keys = keys, .room = room, .count = count, .slice_count = cm_parts(ctx, count, KEYS_A_SLICE)};
    all.slices = cm_alloc_raw(ctx, all.slice_count, sizeof *all.slices);
    cm_status status = all.slices ? cm_parallel(ctx, all.slice_count, find_span, &all) : ctx->error.status;
    if (!status) set_digit(&all);
    if (!status) status = cm_parallel(ctx, all.slice_count, count_digits, &all);
    if (!status) set_places(&all);
    if (!status) status = cm_parallel(ctx, all.slice_count, move_slice, &all);
    if (!status) status = cm_parallel(ctx, TASKS, sort_parts, &all);
    cm_free(ctx->core, all.slices, all.slice_count, sizeof *all.slices);
    return status;
}
