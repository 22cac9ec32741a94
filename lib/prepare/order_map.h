/* Orders by their key, in a hash table. */
#ifndef CM_PREPARE_ORDER_MAP_H
#define CM_PREPARE_ORDER_MAP_H

#include "base/context.h"
#include "base/hash.h"

/* What the lines of an order are. Purchases and refunds of one invoice are two records, so that each treatment of
 * refunds can be asked for with its own dates and counts. */
typedef enum cm_order_kind {
    CM_ORDER_PURCHASE,
    CM_ORDER_REFUND,        /* the amount or the quantity is negative */
    CM_ORDER_CONTRADICTION, /* a negative quantity with a positive amount */
    CM_ORDER_NO_AMOUNT,
    CM_ORDER_KINDS
} cm_order_kind;

#define CM_NO_DAY INT32_MIN

/* The lines of one customer, invoice, day and kind, and in a state that keeps items, of one item: 64 bytes. */
typedef struct cm_order {
    int32_t customer; /* code; -1 none */
    int32_t invoice;  /* code; -1 none: then the day stands for it */
    int32_t item;     /* code; -1 none */
    int32_t day;      /* since 1970; CM_NO_DAY */
    uint32_t lines;
    uint8_t kind;
    bool cost_known;  /* every line has a cost */
    uint8_t reserved[2];
    int64_t first, last; /* microseconds */
    int64_t quantity, money, cost;
} cm_order;

/* A number of records that never move, each in a line of the cache of its own; several in one block of memory. */
typedef struct cm_order_segment {
    cm_order *records;
    void *block; /* NULL: the block is that of a segment before it */
    uint64_t block_size;
} cm_order_segment;

typedef struct cm_order_map {
    cm_order_segment *segments;
    uint64_t segment_count, segment_capacity;
    uint64_t count;
    uint32_t *slots;     /* number of the record + 1; 0 empty */
    uint64_t slot_count; /* a power of two, or 0 */
    cm_hash_key key;
} cm_order_map;

void cm_order_map_init(cm_order_map *map);
void cm_order_map_clear(cm_core *core, cm_order_map *map);
cm_order *cm_order_at(const cm_order_map *map, uint64_t number);

/* The record of a key, or NULL. */
cm_order *cm_order_find(const cm_order_map *map, const cm_order *key);
/* The record of the key of `key`; a new one gets the key and no lines. */
cm_status cm_order_get(cm_context *ctx, cm_order_map *map, const cm_order *key, cm_order **out);
/* Room for `more` records, after which cm_order_get does not fail for as many. */
cm_status cm_order_map_reserve(cm_context *ctx, cm_order_map *map, uint64_t more);
/* Takes out the records without lines and finds places anew, after keys were changed. Cannot fail. */
void cm_order_map_compact(cm_order_map *map);

/* Adds the lines of one record to another of the same key; true on overflow, and `to` is as it was. */
bool cm_order_add_overflows(cm_order *to, const cm_order *from);

#endif
