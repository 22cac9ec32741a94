/* What each basket counts. */
#include "model/baskets/market.h"
#include "prepare/weights.h"

static cm_status add_weight(cm_context *ctx, cm_market *market, const cm_weights *from, uint64_t basket) {
    int64_t weight;
    cm_status status = cm_weight_at(ctx, from, market->rows[basket], &weight);
    if (status) return status;
    market->weights[basket] = (uint64_t)weight;
    market->total += (uint64_t)weight;
    if ((uint64_t)weight < market->lightest) market->lightest = (uint64_t)weight;
    return market->total <= INT64_MAX ? CM_OK : cm_fail(ctx, CM_E_OVERFLOW, "BASKETS_WEIGHTS", "s", from->column->name);
}

cm_status cm_market_weigh(cm_context *ctx, cm_market *market, const char *column) {
    cm_weights from;
    if (!column) return CM_OK;
    cm_status status = cm_weights_open(ctx, market->table, column, &from);
    if (!status && !(market->weights = cm_alloc_raw(ctx, market->baskets, sizeof *market->weights)))
        status = ctx->error.status;
    market->total = 0;
    market->lightest = UINT64_MAX;
    for (uint64_t basket = 0; basket < market->baskets && !status; basket++) {
        if (basket % 4096 == 0) status = cm_tick(ctx, "baskets", basket, market->baskets);
        if (!status) status = add_weight(ctx, market, &from, basket);
    }
    market->scale = from.column ? from.column->scale : 0;
    for (int32_t i = 0; i < market->scale; i++) market->unit *= 10;
    cm_weights_close(&from);
    return status;
}

uint64_t cm_market_sum(const cm_market *market, const uint32_t *baskets, uint64_t count) {
    uint64_t sum = market->weights ? 0 : count;
    for (uint64_t i = 0; market->weights && i < count; i++) sum += market->weights[baskets[i]];
    return sum;
}

cm_status cm_counts_column(cm_context *ctx, cm_sheet *sheet, const char *name, const cm_market *market,
                           int64_t **counts) {
    return market->scale ? cm_sheet_decimals(ctx, sheet, name, market->scale, counts)
                         : cm_sheet_ints(ctx, sheet, name, counts);
}
