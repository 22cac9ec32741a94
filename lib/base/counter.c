#include "base/counter.h"

/* The slot of a key, or the empty one where it belongs. */
static uint64_t slot_of(const cm_counter *counter, uint64_t key) {
    uint64_t mask = counter->slot_count - 1, slot = cm_hash_u64(counter->key, key) & mask;
    while (counter->slots[slot].count && counter->slots[slot].key != key) slot = (slot + 1) & mask;
    return slot;
}

static cm_status widen(cm_context *ctx, cm_counter *counter) {
    cm_counter wide = {
        .slot_count = counter->slot_count ? counter->slot_count * 2 : 64, .used = counter->used, .key = counter->key};
    if (!counter->slot_count) cm_entropy(&wide.key, sizeof wide.key);
    wide.slots = cm_alloc(ctx, wide.slot_count, sizeof *wide.slots);
    if (!wide.slots) return ctx->error.status;
    for (uint64_t i = 0; i < counter->slot_count; i++)
        if (counter->slots[i].count) wide.slots[slot_of(&wide, counter->slots[i].key)] = counter->slots[i];
    cm_counter_clear(ctx->core, counter);
    *counter = wide;
    return CM_OK;
}

cm_status cm_counter_add(cm_context *ctx, cm_counter *counter, uint64_t key, uint64_t by) {
    if (counter->used * 2 >= counter->slot_count) {
        cm_status status = widen(ctx, counter);
        if (status) return status;
    }
    cm_count *slot = &counter->slots[slot_of(counter, key)];
    counter->used += !slot->count;
    slot->key = key;
    slot->count += by;
    return CM_OK;
}

uint64_t cm_counter_get(const cm_counter *counter, uint64_t key) {
    return counter->slot_count ? counter->slots[slot_of(counter, key)].count : 0;
}

void cm_counter_clear(cm_core *core, cm_counter *counter) {
    cm_free(core, counter->slots, counter->slot_count, sizeof *counter->slots);
    *counter = (cm_counter){0};
}
