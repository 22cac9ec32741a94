/* Records in segments of 4096, found by open addressing. A segment keeps each number of its records in as many bytes as
 * the largest needs, so that an order takes a third of the memory that its widest form would; where a number comes that
 * needs more, the segment is written anew. */
#include "prepare/order_map.h"

#include <string.h>

#include "base/civil.h"
#include "base/words.h"

#define SEGMENT_BITS 12
#define SEGMENT (UINT64_C(1) << SEGMENT_BITS)
#define WORD sizeof(uint64_t)

void cm_order_map_init(cm_order_map *map) {
    memset(map, 0, sizeof *map);
    cm_entropy(&map->key, sizeof map->key);
}

void cm_order_map_clear(cm_core *core, cm_order_map *map) {
    for (uint64_t i = 0; i < map->segment_count; i++)
        cm_free(core, map->segments[i].records, map->segments[i].size, 1);
    cm_free(core, map->segments, map->segment_capacity, sizeof *map->segments);
    cm_slots_clear(core, &map->slots);
    memset(map, 0, sizeof *map);
}

/* ---- records as numbers: small where they mostly are ---- */

static inline uint64_t zigzag(int64_t value) { return (uint64_t)value << 1 ^ (uint64_t)(value >> 63); }
static inline int64_t unzigzag(uint64_t number) { return (int64_t)(number >> 1 ^ (0 - (number & 1))); }

static int64_t midnight(int32_t day) { return day == CM_NO_DAY ? 0 : day * CM_DAY_MICROSECONDS; }

static void encode_key(const cm_order *order, uint64_t numbers[CM_ORDER_FIELDS]) {
    numbers[CM_FIELD_CUSTOMER] = (uint32_t)(order->customer + 1);
    numbers[CM_FIELD_INVOICE] = (uint32_t)(order->invoice + 1);
    numbers[CM_FIELD_ITEM] = (uint32_t)(order->item + 1);
    numbers[CM_FIELD_DAY] = order->day == CM_NO_DAY ? 0 : zigzag(order->day) + 1;
    numbers[CM_FIELD_KIND] = order->kind;
}

static void encode(const cm_order *order, uint64_t numbers[CM_ORDER_FIELDS]) {
    encode_key(order, numbers);
    numbers[CM_FIELD_LINES] = (uint64_t)order->lines << 1 | order->cost_known;
    numbers[CM_FIELD_FIRST] = zigzag(order->first - midnight(order->day));
    numbers[CM_FIELD_LAST] = (uint64_t)(order->last - order->first);
    numbers[CM_FIELD_QUANTITY] = zigzag(order->quantity);
    numbers[CM_FIELD_MONEY] = zigzag(order->money);
    numbers[CM_FIELD_COST] = zigzag(order->cost);
}

static cm_order decode(const uint64_t numbers[CM_ORDER_FIELDS]) {
    uint64_t day = numbers[CM_FIELD_DAY];
    cm_order order = {
        .customer = (int32_t)numbers[CM_FIELD_CUSTOMER] - 1,
        .invoice = (int32_t)numbers[CM_FIELD_INVOICE] - 1,
        .item = (int32_t)numbers[CM_FIELD_ITEM] - 1,
        .day = day ? (int32_t)unzigzag(day - 1) : CM_NO_DAY,
        .kind = (uint8_t)numbers[CM_FIELD_KIND],
        .lines = (uint32_t)(numbers[CM_FIELD_LINES] >> 1),
        .cost_known = numbers[CM_FIELD_LINES] & 1,
        .quantity = unzigzag(numbers[CM_FIELD_QUANTITY]),
        .money = unzigzag(numbers[CM_FIELD_MONEY]),
        .cost = unzigzag(numbers[CM_FIELD_COST]),
    };
    order.first = unzigzag(numbers[CM_FIELD_FIRST]) + midnight(order.day);
    order.last = order.first + (int64_t)numbers[CM_FIELD_LAST];
    return order;
}

/* ---- numbers as bytes, the lowest first ---- */

static const uint64_t largest[] = { /* by bytes */
    0,
    UINT8_MAX,
    UINT16_MAX,
    UINT32_MAX >> 8,
    UINT32_MAX,
    UINT64_MAX >> 24,
    UINT64_MAX >> 16,
    UINT64_MAX >> 8,
    UINT64_MAX,
};

static char *record_at(const cm_order_map *map, uint64_t number) {
    const cm_order_segment *segment = &map->segments[number >> SEGMENT_BITS];
    return segment->records + (number & (SEGMENT - 1)) * segment->record;
}

static const cm_order_segment *segment_of(const cm_order_map *map, uint64_t number) {
    return &map->segments[number >> SEGMENT_BITS];
}

static void read_record(const cm_order_segment *segment, const char *at, uint64_t numbers[CM_ORDER_FIELDS]) {
    for (int i = 0; i < CM_ORDER_FIELDS; i++) {
        numbers[i] = cm_load_word(at) & largest[segment->widths[i]];
        at += segment->widths[i];
    }
}

static void write_record(const cm_order_segment *segment, char *at, const uint64_t numbers[CM_ORDER_FIELDS]) {
    char record[CM_ORDER_FIELDS * WORD];
    uint64_t length = 0;
    for (int i = 0; i < CM_ORDER_FIELDS; i++) {
        cm_store_word(record + length, numbers[i]);
        length += segment->widths[i];
    }
    memcpy(at, record, (size_t)length);
}

static bool fits(const cm_order_segment *segment, const uint64_t numbers[CM_ORDER_FIELDS]) {
    uint64_t beyond = 0;
    for (int i = 0; i < CM_ORDER_FIELDS; i++) beyond |= numbers[i] & ~largest[segment->widths[i]];
    return !beyond;
}

cm_order cm_order_at(const cm_order_map *map, uint64_t number) {
    uint64_t numbers[CM_ORDER_FIELDS];
    read_record(segment_of(map, number), record_at(map, number), numbers);
    return decode(numbers);
}

/* ---- segments ---- */

static cm_status make_room(cm_context *ctx, cm_order_segment *segment) {
    segment->record = 0;
    for (int i = 0; i < CM_ORDER_FIELDS; i++) segment->record = (uint8_t)(segment->record + segment->widths[i]);
    segment->size = SEGMENT * segment->record + WORD; /* numbers are read by the word */
    segment->records = cm_alloc(ctx, segment->size, 1);
    return segment->records ? CM_OK : ctx->error.status;
}

/* The first `count` records of a segment, which are all that there are, in wider ones. */
static cm_status widen(cm_context *ctx, cm_order_segment *segment, uint64_t count,
                       const uint64_t numbers[CM_ORDER_FIELDS]) {
    cm_order_segment wider = *segment;
    for (int i = 0; i < CM_ORDER_FIELDS; i++)
        while (numbers[i] > largest[wider.widths[i]]) wider.widths[i]++;
    cm_status status = make_room(ctx, &wider);
    if (status) return status;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t old[CM_ORDER_FIELDS];
        read_record(segment, segment->records + i * segment->record, old);
        write_record(&wider, wider.records + i * wider.record, old);
    }
    cm_free(ctx->core, segment->records, segment->size, 1);
    *segment = wider;
    return CM_OK;
}

static cm_status fit(cm_context *ctx, cm_order_map *map, uint64_t number, const uint64_t numbers[CM_ORDER_FIELDS]) {
    cm_order_segment *segment = &map->segments[number >> SEGMENT_BITS];
    if (fits(segment, numbers)) return CM_OK;
    uint64_t first = number >> SEGMENT_BITS << SEGMENT_BITS, count = map->count > first ? map->count - first : 0;
    return widen(ctx, segment, count < SEGMENT ? count : SEGMENT, numbers);
}

/* As wide as the one before needs to be. */
static cm_status add_segment(cm_context *ctx, cm_order_map *map) {
    uint64_t count = map->segment_count;
    cm_order_segment segment = {0};
    cm_status status = cm_reserve(ctx, &map->segments, &map->segment_capacity, count + 1, sizeof *map->segments);
    if (status) return status;
    if (count) memcpy(segment.widths, map->segments[count - 1].widths, sizeof segment.widths);
    status = make_room(ctx, &segment);
    if (!status) map->segments[map->segment_count++] = segment;
    return status;
}

static cm_status reserve_records(cm_context *ctx, cm_order_map *map, uint64_t count) {
    if (count > UINT32_MAX / 4 * 3) return cm_fail(ctx, CM_E_LIMIT, "ORDERS_LIMIT", "u", (uint64_t)UINT32_MAX / 4 * 3);
    cm_status status = CM_OK;
    while (!status && map->segment_count < (count + SEGMENT - 1) >> SEGMENT_BITS) status = add_segment(ctx, map);
    return status;
}

/* ---- slots ---- */

static uint64_t hash_key(const cm_order_map *map, const uint64_t key[CM_ORDER_FIELDS]) {
    uint64_t ids = key[CM_FIELD_CUSTOMER] << 32 | key[CM_FIELD_INVOICE];
    uint64_t rest = key[CM_FIELD_ITEM] << 32 | (key[CM_FIELD_DAY] << 3 ^ key[CM_FIELD_KIND]);
    return cm_hash_mix(cm_hash_u64(map->key, ids) ^ rest);
}

static bool has_key(const cm_order_map *map, uint64_t number, const uint64_t key[CM_ORDER_FIELDS]) {
    const cm_order_segment *segment = segment_of(map, number);
    const char *at = record_at(map, number);
    bool same = true;
    for (int i = 0; i <= CM_FIELD_KIND && same; i++) {
        same = (cm_load_word(at) & largest[segment->widths[i]]) == key[i];
        at += segment->widths[i];
    }
    return same;
}

/* The slot of a key, or the empty one where it belongs. */
static uint64_t slot_of(const cm_order_map *map, const uint64_t key[CM_ORDER_FIELDS], uint64_t hash) {
    uint64_t slot = cm_slot_seek(&map->slots, hash, hash);
    while (map->slots.of[slot] && !has_key(map, cm_slot_number(&map->slots, slot), key))
        slot = cm_slot_seek(&map->slots, slot + 1, hash);
    return slot;
}

static void place(cm_order_map *map, uint64_t number) {
    uint64_t key[CM_ORDER_FIELDS];
    read_record(segment_of(map, number), record_at(map, number), key);
    cm_slot_place(&map->slots, hash_key(map, key), number);
}

static cm_status reserve_slots(cm_context *ctx, cm_order_map *map, uint64_t count) {
    bool grown;
    cm_status status = cm_slots_reserve(ctx, &map->slots, count, &grown);
    for (uint64_t i = 0; i < map->count && !status && grown; i++) place(map, i);
    return status;
}

/* ---- finding, adding ---- */

bool cm_order_find(const cm_order_map *map, const cm_order *key, uint64_t *number) {
    uint64_t numbers[CM_ORDER_FIELDS];
    if (!map->slots.count) return false;
    encode_key(key, numbers);
    uint64_t slot = slot_of(map, numbers, hash_key(map, numbers));
    if (map->slots.of[slot]) *number = cm_slot_number(&map->slots, slot);
    return map->slots.of[slot] != 0;
}

cm_status cm_order_map_reserve(cm_context *ctx, cm_order_map *map, uint64_t more) {
    cm_status status = reserve_records(ctx, map, map->count + more);
    return status ? status : reserve_slots(ctx, map, map->count + more);
}

cm_status cm_order_fit(cm_context *ctx, cm_order_map *map, uint64_t number, const cm_order *order) {
    uint64_t numbers[CM_ORDER_FIELDS];
    encode(order, numbers);
    return fit(ctx, map, number, numbers);
}

cm_status cm_order_set(cm_context *ctx, cm_order_map *map, uint64_t number, const cm_order *order) {
    uint64_t numbers[CM_ORDER_FIELDS];
    encode(order, numbers);
    cm_status status = fit(ctx, map, number, numbers);
    if (!status) write_record(segment_of(map, number), record_at(map, number), numbers);
    return status;
}

cm_status cm_order_add(cm_context *ctx, cm_order_map *map, const cm_order *order, bool *overflows) {
    uint64_t key[CM_ORDER_FIELDS];
    cm_status status = cm_order_map_reserve(ctx, map, 1);
    *overflows = false;
    if (status) return status;
    encode_key(order, key);
    uint64_t hash = hash_key(map, key), slot = slot_of(map, key, hash);
    if (!map->slots.of[slot]) {
        status = cm_order_set(ctx, map, map->count, order);
        if (!status) cm_slot_set(&map->slots, slot, hash, map->count++);
        return status;
    }
    uint64_t number = cm_slot_number(&map->slots, slot);
    cm_order sum = cm_order_at(map, number);
    *overflows = cm_order_add_overflows(&sum, order);
    return *overflows ? CM_OK : cm_order_set(ctx, map, number, &sum);
}

bool cm_order_add_overflows(cm_order *to, const cm_order *from) {
    cm_order sum = *to;
    if (__builtin_add_overflow(to->lines, from->lines, &sum.lines)
        || __builtin_add_overflow(to->quantity, from->quantity, &sum.quantity)
        || __builtin_add_overflow(to->money, from->money, &sum.money)
        || __builtin_add_overflow(to->cost, from->cost, &sum.cost))
        return true;
    sum.cost_known = from->cost_known && to->cost_known;
    if (from->first < to->first) sum.first = from->first;
    if (from->last > to->last) sum.last = from->last;
    *to = sum;
    return false;
}
