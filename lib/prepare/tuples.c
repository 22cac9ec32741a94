#include "prepare/tuples.h"

#include <string.h>

static bool same(const cm_tuples *tuples, uint64_t number, const int64_t *tuple) {
    return !memcmp(tuples->values + number * tuples->width, tuple, (size_t)tuples->width * sizeof *tuple);
}

/* The slot where a tuple is, or the empty one where it belongs. */
static uint64_t slot_of(const cm_tuples *tuples, const int64_t *tuple) {
    uint64_t mask = tuples->slot_count - 1, hash = 0;
    for (uint64_t i = 0; i < tuples->width; i++) hash = cm_hash_u64(tuples->key, hash ^ (uint64_t)tuple[i]);
    uint64_t slot = hash & mask;
    while (tuples->slots[slot] && !same(tuples, tuples->slots[slot] - 1, tuple)) slot = (slot + 1) & mask;
    return slot;
}

static cm_status widen(cm_context *ctx, cm_tuples *tuples) {
    uint64_t wanted = tuples->slot_count ? tuples->slot_count * 2 : 64;
    uint64_t *slots = cm_alloc(ctx, wanted, sizeof *slots);
    if (!slots) return ctx->error.status;
    if (!tuples->slot_count) cm_entropy(&tuples->key, sizeof tuples->key);
    cm_free(ctx->core, tuples->slots, tuples->slot_count, sizeof *slots);
    tuples->slots = slots;
    tuples->slot_count = wanted;
    for (uint64_t i = 0; i < tuples->count; i++) slots[slot_of(tuples, tuples->values + i * tuples->width)] = i + 1;
    return CM_OK;
}

cm_status cm_tuples_add(cm_context *ctx, cm_tuples *tuples, const int64_t *tuple, uint64_t *number) {
    uint64_t size = tuples->width * sizeof *tuple;
    cm_status status = tuples->count * 2 >= tuples->slot_count ? widen(ctx, tuples) : CM_OK;
    if (status) return status;
    uint64_t slot = slot_of(tuples, tuple);
    if (!tuples->slots[slot]) {
        status = cm_reserve(ctx, &tuples->values, &tuples->capacity, tuples->count + 1, size);
        if (status) return status;
        memcpy(tuples->values + tuples->count * tuples->width, tuple, (size_t)size);
        tuples->slots[slot] = ++tuples->count;
    }
    *number = tuples->slots[slot] - 1;
    return CM_OK;
}

bool cm_tuples_find(const cm_tuples *tuples, const int64_t *tuple, uint64_t *number) {
    uint64_t place = tuples->slot_count ? tuples->slots[slot_of(tuples, tuple)] : 0;
    *number = place - 1;
    return place != 0;
}

void cm_tuples_clear(cm_core *core, cm_tuples *tuples) {
    cm_free(core, tuples->values, tuples->capacity, tuples->width * sizeof *tuples->values);
    cm_free(core, tuples->slots, tuples->slot_count, sizeof *tuples->slots);
    *tuples = (cm_tuples){.width = tuples->width};
}
