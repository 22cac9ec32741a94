/* Which records of the orders belong to which basket: two sorts by digits, by item and by basket. */
#include "prepare/baskets_question.h"

static fate fate_of(const question *ask, const cm_order *order) {
    if (order->day == CM_NO_DAY && ask->has_dates) return NO_DATE;
    if (order->kind == CM_ORDER_NO_AMOUNT) return NO_AMOUNT;
    if (order->day > ask->as_of) return LATER;
    if (!ask->keeps_refunds && order->kind == CM_ORDER_CONTRADICTION) return CONTRADICTION;
    if (!ask->keeps_refunds && order->kind == CM_ORDER_REFUND) return REFUND;
    if (order->item < 0) return NO_ITEM;
    return order->customer < 0 && !is_invoice(ask, order) ? NO_CUSTOMER : IN_BASKET;
}

/* A customer, then a day. */
static uint64_t day_key(const question *ask, const cm_order *order, int32_t day) {
    uint64_t customer = (uint32_t)ask->customer_ranks[order->customer];
    return UINT64_C(1) << 63 | customer << 32 | ((uint32_t)day ^ UINT32_C(0x80000000));
}

static uint64_t basket_key(const question *ask, uint64_t record) {
    cm_order order = cm_order_at(&ask->orders->map, record);
    if (is_invoice(ask, &order)) return (uint32_t)ask->invoice_ranks[order.invoice];
    if (ask->by == CM_BASKET_BY_CUSTOMER) return day_key(ask, &order, 0);
    return day_key(ask, &order, ask->by == CM_BASKET_BY_WINDOW ? ask->windows[record] : order.day);
}

/* The windows of each customer, one after the other. */
static cm_status find_windows(cm_context *ctx, question *ask) {
    cm_key *keys = cm_alloc(ctx, ask->key_count, sizeof *keys);
    ask->windows = keys ? cm_alloc(ctx, ask->orders->map.count, sizeof *ask->windows) : NULL;
    cm_status status = ask->windows ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < ask->key_count && !status; i++) {
        cm_order order = cm_order_at(&ask->orders->map, ask->keys[i].value);
        keys[i] = (cm_key){day_key(ask, &order, order.day), ask->keys[i].value};
    }
    if (!status) status = cm_sort_keys(ctx, keys, ask->key_count);
    int32_t customer = -1, start = 0;
    for (uint64_t i = 0; i < ask->key_count && !status; i++) {
        cm_order order = cm_order_at(&ask->orders->map, keys[i].value);
        if (order.customer != customer || order.day - (int64_t)start >= ask->window) start = order.day;
        customer = order.customer;
        ask->windows[keys[i].value] = start;
    }
    cm_free(ctx->core, keys, ask->key_count, sizeof *keys);
    return status;
}

cm_status cm_baskets_sort(cm_context *ctx, question *ask) {
    const cm_order_map *map = &ask->orders->map;
    for (uint64_t i = 0; i < map->count; i++) {
        cm_order order = cm_order_at(map, i);
        ask->fates[i] = (uint8_t)fate_of(ask, &order);
        if (ask->fates[i] == IN_BASKET)
            ask->keys[ask->key_count++] = (cm_key){(uint32_t)ask->item_ranks[order.item], i};
    }
    cm_status status = cm_tick(ctx, "baskets", 0, map->count);
    if (!status && ask->by == CM_BASKET_BY_WINDOW) status = find_windows(ctx, ask);
    if (!status) status = cm_sort_keys(ctx, ask->keys, ask->key_count);
    for (uint64_t i = 0; i < ask->key_count && !status; i++)
        ask->keys[i].key = basket_key(ask, ask->keys[i].value);
    return status ? status : cm_sort_keys(ctx, ask->keys, ask->key_count);
}

basket cm_basket_at(const question *ask, uint64_t from) {
    basket one = {.from = from, .end = from, .customer = -1, .day = INT32_MAX};
    int32_t item = -1;
    for (; one.end < ask->key_count && ask->keys[one.end].key == ask->keys[from].key; one.end++) {
        cm_order order = cm_order_at(&ask->orders->map, ask->keys[one.end].value);
        if (one.end == from) one.first = order;
        one.items += order.item != item;
        item = order.item;
        one.money += order.money;
        if (order.day < one.day) one.day = order.day;
        bool earlier =
            order.customer >= 0
            && (one.customer < 0 || ask->customer_ranks[order.customer] < ask->customer_ranks[one.customer]);
        if (earlier) one.customer = order.customer;
    }
    return one;
}

void cm_baskets_choose(question *ask) {
    ask->all_invoices = true;
    for (uint64_t at = 0; at < ask->key_count;) {
        basket one = cm_basket_at(ask, at);
        fate what = ask->known_only && one.customer < 0              ? NO_CUSTOMER
                    : ask->most_items && one.items > ask->most_items ? TOO_LARGE
                                                                     : IN_BASKET;
        for (; at < one.end; at++) ask->fates[ask->keys[at].value] = (uint8_t)what;
        if (what == IN_BASKET && !is_invoice(ask, &one.first)) ask->all_invoices = false;
    }
}
