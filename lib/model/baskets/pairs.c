/* How many baskets have each two of the most frequent items: a triangle of counters, filled by one pass through the
 * baskets, whose items rise. The baskets are divided among threads, each with a triangle of its own, which are added:
 * the sums do not depend on the division. Cost: the pairs in the baskets. */
#include "base/threads.h"
#include "model/baskets/market.h"

typedef struct counting {
    const cm_market *market;
    uint64_t items, parts;
    uint32_t **triangles;
} counting;

static void count_basket(const uint32_t *items, uint64_t count, uint32_t *triangle) {
    for (uint64_t i = 1; i < count; i++) {
        uint32_t *row = triangle + cm_pair_row(items[i]);
        for (uint64_t j = 0; j < i; j++) row[items[j]]++;
    }
}

static cm_status count_part(cm_context *ctx, void *state, uint64_t part) {
    const counting *all = state;
    const cm_market *market = all->market;
    uint64_t first = market->baskets / all->parts * part;
    uint64_t end = part + 1 == all->parts ? market->baskets : market->baskets / all->parts * (part + 1);
    cm_status status = CM_OK;
    for (uint64_t basket = first; basket < end && !status; basket++) {
        const uint32_t *items = market->items + market->basket_starts[basket];
        uint64_t count = market->basket_starts[basket + 1] - market->basket_starts[basket];
        while (count && items[count - 1] >= all->items) count--;
        count_basket(items, count, all->triangles[part]);
        if (basket % 1024 == 0) status = cm_tick(ctx, "pairs", basket - first, end - first);
    }
    return status;
}

#define CELLS_A_PART UINT64_C(50000) /* fewer do not pay a thread */

cm_status cm_market_pairs(cm_context *ctx, const cm_market *market, uint64_t items, uint32_t **out) {
    counting all = {.market = market, .items = items};
    uint64_t size = cm_pair_row(items), parts = market->item_starts[market->count] / CELLS_A_PART + 1;
    all.parts = parts < ctx->settings.threads ? parts : ctx->settings.threads;
    all.triangles = cm_alloc(ctx, all.parts, sizeof *all.triangles);
    cm_status status = all.triangles ? CM_OK : ctx->error.status;
    for (uint64_t part = 0; part < all.parts && !status; part++)
        if (!(all.triangles[part] = cm_alloc(ctx, size, sizeof **all.triangles))) status = ctx->error.status;
    if (!status) status = cm_parallel(ctx, all.parts, count_part, &all);
    for (uint64_t part = 1; part < all.parts && !status; part++)
        for (uint64_t i = 0; i < size; i++) all.triangles[0][i] += all.triangles[part][i];
    *out = status ? NULL : all.triangles[0];
    for (uint64_t part = status ? 0 : 1; all.triangles && part < all.parts; part++)
        cm_free(ctx->core, all.triangles[part], size, sizeof **all.triangles);
    cm_free(ctx->core, all.triangles, all.parts, sizeof *all.triangles);
    return status;
}
