#include "prepare/order_map.h"

#include <string.h>

#define SEGMENT_BITS 12
#define SEGMENT (UINT64_C(1) << SEGMENT_BITS)
#define LINE UINT64_C(64)             /* bytes of the cache, and of a record */
#define MANY UINT64_C(16)             /* segments from which on they come several at once */
#define SEGMENTS_A_BLOCK UINT64_C(8)

_Static_assert(sizeof(cm_order) == 64, "an order is promised to take 64 bytes at most");

void cm_order_map_init(cm_order_map *map) {
    memset(map, 0, sizeof *map);
    cm_entropy(&map->key, sizeof map->key);
}

void cm_order_map_clear(cm_core *core, cm_order_map *map) {
    for (uint64_t i = 0; i < map->segment_count; i++)
        cm_free(core, map->segments[i].block, map->segments[i].block_size, 1);
    cm_free(core, map->segments, map->segment_capacity, sizeof *map->segments);
    cm_free(core, map->slots, map->slot_count, sizeof *map->slots);
    memset(map, 0, sizeof *map);
}

cm_order *cm_order_at(const cm_order_map *map, uint64_t number) {
    return &map->segments[number >> SEGMENT_BITS].records[number & (SEGMENT - 1)];
}

static uint64_t hash_key(const cm_order_map *map, const cm_order *key) {
    uint64_t ids = (uint64_t)(uint32_t)key->customer << 32 | (uint32_t)key->invoice;
    uint64_t rest = (uint64_t)(uint32_t)key->item << 32 | ((uint32_t)key->day << 3 ^ key->kind);
    return cm_hash_mix(cm_hash_u64(map->key, ids) ^ rest);
}

static bool same_key(const cm_order *a, const cm_order *b) {
    return a->customer == b->customer && a->invoice == b->invoice && a->item == b->item && a->day == b->day
           && a->kind == b->kind;
}

/* The slot of a key, or the empty one where it belongs. */
static uint64_t slot_of(const cm_order_map *map, const cm_order *key) {
    uint64_t mask = map->slot_count - 1, slot = hash_key(map, key) & mask;
    while (map->slots[slot] && !same_key(cm_order_at(map, map->slots[slot] - 1), key)) slot = (slot + 1) & mask;
    return slot;
}

cm_order *cm_order_find(const cm_order_map *map, const cm_order *key) {
    if (!map->slot_count) return NULL;
    uint64_t slot = slot_of(map, key);
    return map->slots[slot] ? cm_order_at(map, map->slots[slot] - 1) : NULL;
}

static void place_all(cm_order_map *map) {
    memset(map->slots, 0, (size_t)map->slot_count * sizeof *map->slots);
    for (uint64_t i = 0; i < map->count; i++) map->slots[slot_of(map, cm_order_at(map, i))] = (uint32_t)(i + 1);
}

static cm_status reserve_slots(cm_context *ctx, cm_order_map *map, uint64_t count) {
    uint64_t wanted = map->slot_count ? map->slot_count : 64;
    while (wanted / 2 < count) wanted *= 2;
    if (wanted == map->slot_count) return CM_OK;
    uint32_t *slots = cm_alloc(ctx, wanted, sizeof *slots);
    if (!slots) return ctx->error.status;
    cm_free(ctx->core, map->slots, map->slot_count, sizeof *map->slots);
    map->slots = slots;
    map->slot_count = wanted;
    place_all(map);
    return CM_OK;
}

/* One segment more, or a block of them. Records are not zeroed: who takes one writes it. */
static cm_status add_segments(cm_context *ctx, cm_order_map *map) {
    uint64_t count = map->segment_count < MANY ? 1 : SEGMENTS_A_BLOCK, size = count * SEGMENT * sizeof(cm_order) + LINE;
    cm_status status =
        cm_reserve(ctx, &map->segments, &map->segment_capacity, map->segment_count + count, sizeof *map->segments);
    if (status) return status;
    char *block = cm_alloc_raw(ctx, size, 1);
    if (!block) return ctx->error.status;
    char *records = block + (LINE - (uintptr_t)block % LINE) % LINE;
    for (uint64_t i = 0; i < count; i++) {
        void *own = records + i * SEGMENT * sizeof(cm_order);
        map->segments[map->segment_count++] = (cm_order_segment){own, i ? NULL : block, i ? 0 : size};
    }
    return CM_OK;
}

/* Segments for that many records in all. */
static cm_status reserve_records(cm_context *ctx, cm_order_map *map, uint64_t count) {
    if (count > UINT32_MAX - 1) return cm_fail(ctx, CM_E_LIMIT, "ORDERS_LIMIT", "u", (uint64_t)UINT32_MAX - 1);
    cm_status status = CM_OK;
    while (!status && map->segment_count < (count + SEGMENT - 1) >> SEGMENT_BITS) status = add_segments(ctx, map);
    return status;
}

cm_status cm_order_map_reserve(cm_context *ctx, cm_order_map *map, uint64_t more) {
    cm_status status = reserve_records(ctx, map, map->count + more);
    return status ? status : reserve_slots(ctx, map, map->count + more);
}

cm_status cm_order_get(cm_context *ctx, cm_order_map *map, const cm_order *key, cm_order **out) {
    if (map->count == map->segment_count << SEGMENT_BITS || map->count * 2 >= map->slot_count) {
        cm_status status = cm_order_map_reserve(ctx, map, 1);
        if (status) return status;
    }
    uint64_t slot = slot_of(map, key);
    if (!map->slots[slot]) {
        cm_order *fresh = cm_order_at(map, map->count);
        *fresh = (cm_order){.customer = key->customer,
                            .invoice = key->invoice,
                            .item = key->item,
                            .day = key->day,
                            .kind = key->kind};
        map->slots[slot] = (uint32_t)++map->count;
    }
    *out = cm_order_at(map, map->slots[slot] - 1);
    return CM_OK;
}

void cm_order_map_compact(cm_order_map *map) {
    uint64_t kept = 0;
    for (uint64_t i = 0; i < map->count; i++) {
        const cm_order *order = cm_order_at(map, i);
        if (order->lines) *cm_order_at(map, kept++) = *order;
    }
    map->count = kept;
    if (map->slot_count) place_all(map);
}

bool cm_order_add_overflows(cm_order *to, const cm_order *from) {
    cm_order sum = *to;
    if (__builtin_add_overflow(to->lines, from->lines, &sum.lines)
        || __builtin_add_overflow(to->quantity, from->quantity, &sum.quantity)
        || __builtin_add_overflow(to->money, from->money, &sum.money)
        || __builtin_add_overflow(to->cost, from->cost, &sum.cost))
        return true;
    sum.cost_known = from->cost_known && (to->cost_known || !to->lines);
    if (!to->lines || from->first < to->first) sum.first = from->first;
    if (!to->lines || from->last > to->last) sum.last = from->last;
    *to = sum;
    return false;
}
