/* Slots of four bytes, by which numbers from 0 on are found by a hash, with open addressing: those of ids (ids.c) and
 * of records (order_map.c). A slot has a number + 1 and, above it, the bits of the hash which no number reaches, as
 * there are fewer numbers than slots: so others are hardly ever looked at. 0: empty. */
#ifndef CM_PREPARE_SLOTS_H
#define CM_PREPARE_SLOTS_H

#include "base/context.h"

typedef struct cm_slots {
    uint32_t *of;
    uint64_t count; /* a power of two, or 0 */
} cm_slots;

static inline uint32_t cm_slot_tag(const cm_slots *slots, uint64_t hash) {
    return (uint32_t)(hash >> 32) & ~(uint32_t)(slots->count - 1);
}

static inline uint64_t cm_slot_number(const cm_slots *slots, uint64_t slot) {
    return (slots->of[slot] & (uint32_t)(slots->count - 1)) - 1;
}

/* The first slot from `slot` on that is empty or may be of that hash. */
static inline uint64_t cm_slot_seek(const cm_slots *slots, uint64_t slot, uint64_t hash) {
    uint64_t mask = slots->count - 1;
    uint32_t tag = cm_slot_tag(slots, hash);
    for (slot &= mask; slots->of[slot] && (slots->of[slot] & ~(uint32_t)mask) != tag;) slot = (slot + 1) & mask;
    return slot;
}

static inline void cm_slot_set(cm_slots *slots, uint64_t slot, uint64_t hash, uint64_t number) {
    slots->of[slot] = cm_slot_tag(slots, hash) | (uint32_t)(number + 1);
}

/* A number that is not there yet. */
static inline void cm_slot_place(cm_slots *slots, uint64_t hash, uint64_t number) {
    uint64_t mask = slots->count - 1, slot = hash & mask;
    while (slots->of[slot]) slot = (slot + 1) & mask;
    cm_slot_set(slots, slot, hash, number);
}

/* Room for so many numbers, three quarters of the slots at most. *grown: all slots are empty, and those that were there
 * have to be placed again. */
static inline cm_status cm_slots_reserve(cm_context *ctx, cm_slots *slots, uint64_t numbers, bool *grown) {
    uint64_t count = slots->count ? slots->count : 64;
    while (count / 4 * 3 < numbers) count *= 2;
    *grown = count != slots->count;
    if (!*grown) return CM_OK;
    uint32_t *fresh = cm_alloc(ctx, count, sizeof *fresh);
    if (!fresh) return ctx->error.status;
    cm_free(ctx->core, slots->of, slots->count, sizeof *slots->of);
    *slots = (cm_slots){fresh, count};
    return CM_OK;
}

static inline void cm_slots_clear(cm_core *core, cm_slots *slots) {
    cm_free(core, slots->of, slots->count, sizeof *slots->of);
    *slots = (cm_slots){0};
}

#endif
