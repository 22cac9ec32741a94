/* Which items the best customers come for. */
#ifndef CM_PREPARE_KEY_ITEMS_H
#define CM_PREPARE_KEY_ITEMS_H

#include "prepare/item_names.h"
#include "prepare/orders.h"

typedef struct cm_key_items {
    const cm_orders *orders;
    const cm_item_names *names;  /* NULL: unknown */
    const cm_item_names *groups; /* what the items belong to; NULL: nothing */
    cm_dictionary *items;        /* written forms, by the state's codes */
    const int32_t *items_ranked; /* codes by place */
    const int32_t *customer_ranks;
    int32_t as_of;
    int32_t refunds; /* 0 net, 1 keep, 2 drop */
    double best;     /* share of the customers */
} cm_key_items;

/* One row an item that was bought, by its money, falling. */
cm_status cm_key_items_make(cm_context *ctx, const cm_key_items *how, cm_table **out);

#endif
