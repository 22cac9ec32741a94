/* Orders by their key, in a hash table. */
#ifndef CM_PREPARE_ORDER_MAP_H
#define CM_PREPARE_ORDER_MAP_H

#include "base/context.h"
#include "base/hash.h"
#include "prepare/slots.h"

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

/* The lines of one customer, invoice, day and kind, and in a state that keeps items, of one item. */
typedef struct cm_order {
    int32_t customer; /* code; -1 none */
    int32_t invoice;  /* code; -1 none: then the day stands for it */
    int32_t item;     /* code; -1 none */
    int32_t day;      /* since 1970; CM_NO_DAY */
    uint32_t lines;
    uint8_t kind;
    bool cost_known;  /* every line has a cost */
    int64_t first, last; /* microseconds */
    int64_t quantity, money, cost;
} cm_order;

/* A record as it is kept: these numbers, one behind the other, each in as many bytes as the largest of its segment
 * needs; of orders of a shop some 20 bytes, 55 at most. */
typedef enum cm_order_field {
    CM_FIELD_CUSTOMER,
    CM_FIELD_INVOICE,
    CM_FIELD_ITEM,
    CM_FIELD_DAY,
    CM_FIELD_KIND, /* so far the key */
    CM_FIELD_LINES,
    CM_FIELD_FIRST,
    CM_FIELD_LAST,
    CM_FIELD_QUANTITY,
    CM_FIELD_MONEY,
    CM_FIELD_COST,
    CM_ORDER_FIELDS
} cm_order_field;

typedef struct cm_order_segment {
    char *records;
    uint64_t size;                   /* of the memory */
    uint8_t widths[CM_ORDER_FIELDS]; /* bytes */
    uint8_t record;                  /* bytes of one: their sum */
} cm_order_segment;

typedef struct cm_order_map {
    cm_order_segment *segments;
    uint64_t segment_count, segment_capacity;
    uint64_t count;
    cm_slots slots;      /* of the records by their keys */
    cm_hash_key key;
} cm_order_map;

void cm_order_map_init(cm_order_map *map);
void cm_order_map_clear(cm_core *core, cm_order_map *map);

/* A record by its number, from 0 to count - 1 in the order in which they came. */
cm_order cm_order_at(const cm_order_map *map, uint64_t number);
/* The number of the record of a key; false if there is none. */
bool cm_order_find(const cm_order_map *map, const cm_order *key, uint64_t *number);

/* Adds to the record of the same key, or as a new one. On *overflows all is as it was. */
cm_status cm_order_add(cm_context *ctx, cm_order_map *map, const cm_order *order, bool *overflows);
/* Changes a record but for its key. */
cm_status cm_order_set(cm_context *ctx, cm_order_map *map, uint64_t number, const cm_order *order);
/* Room for `more` records, and for one to become `order`, whose number may be one that is to come: after both
 * cm_order_add and cm_order_set do not fail for that many and for these. */
cm_status cm_order_map_reserve(cm_context *ctx, cm_order_map *map, uint64_t more);
cm_status cm_order_fit(cm_context *ctx, cm_order_map *map, uint64_t number, const cm_order *order);

/* Adds the lines of one record to another of the same key; true on overflow, and `to` is as it was. */
bool cm_order_add_overflows(cm_order *to, const cm_order *from);

#endif
