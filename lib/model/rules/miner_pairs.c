/* The pairs that the miner has counted before it begins. */
#include "model/rules/miner.h"

/* As many of the first items as have a triangle no larger than the baskets themselves. */
static uint64_t items_that_fit(const cm_market *market) {
    uint64_t items = 0, room = market->item_starts[market->count];
    while (items < market->count && items < CM_MOST_PAIR_ITEMS && cm_pair_row(items + 1) <= room) items++;
    return items;
}

cm_status cm_market_count_pairs(cm_context *ctx, cm_market *market) {
    uint64_t items = items_that_fit(market);
    cm_status status = cm_market_pairs(ctx, market, items, &market->pairs);
    if (!status) market->pair_items = items;
    return status;
}
