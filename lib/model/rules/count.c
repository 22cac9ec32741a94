/* Counting candidates: they stand in a prefix tree, one level an item, and each basket walks down all the paths that it
 * has. The baskets are divided among threads, each with counts of its own, which are added: the sums do not depend on
 * the division. */
#include <string.h>

#include "base/threads.h"
#include "model/rules/miner.h"

/* Nodes of one depth; the children of node i are first[i] up to, not including, first[i + 1] of the next. The last
 * depth has the candidates themselves. */
typedef struct nodes {
    uint32_t *items, *first;
    uint64_t count;
} nodes;

typedef struct prefixes {
    const cm_market *market;
    uint64_t length, candidates;
    nodes *depths;   /* length of them */
    uint32_t *roots; /* by item: its node of depth 0, from 1; 0 none */
    uint8_t *used;   /* by item: some candidate has it */
    uint64_t parts;
    uint64_t **counts; /* of each part */
} prefixes;

static bool same_head(const uint32_t *a, const uint32_t *b, uint64_t length) {
    return !memcmp(a, b, (size_t)length * sizeof *a);
}

/* The nodes of a depth: distinct beginnings of depth + 1 items of the sorted candidates. */
static cm_status make_depth(cm_context *ctx, const cm_level *level, prefixes *tree, uint64_t depth) {
    nodes *own = &tree->depths[depth];
    uint64_t length = tree->length, children = 0;
    for (uint64_t i = 0; i < level->count; i++)
        own->count += i == 0 || !same_head(level->items + i * length, level->items + (i - 1) * length, depth + 1);
    own->items = cm_alloc(ctx, own->count, sizeof *own->items);
    own->first = own->items ? cm_alloc(ctx, own->count + 1, sizeof *own->first) : NULL;
    if (!own->first) return ctx->error.status;
    for (uint64_t i = 0, node = 0; i < level->count; i++) {
        const uint32_t *items = level->items + i * length;
        bool opens = i == 0 || !same_head(items, items - length, depth + 1);
        if (opens) {
            own->items[node] = items[depth];
            own->first[node++] = (uint32_t)children;
        }
        children += i == 0 || depth + 2 > length || !same_head(items, items - length, depth + 2);
        own->first[node] = (uint32_t)children;
    }
    return CM_OK;
}

static cm_status plant(cm_context *ctx, const cm_market *market, const cm_level *level, uint64_t length, uint64_t parts,
                       prefixes *out) {
    *out = (prefixes){.market = market, .length = length, .candidates = level->count, .parts = parts};
    if (!(out->depths = cm_alloc(ctx, length, sizeof *out->depths))
        || !(out->roots = cm_alloc(ctx, market->count, sizeof(uint32_t)))
        || !(out->used = cm_alloc(ctx, market->count, 1)) || !(out->counts = cm_alloc(ctx, parts, sizeof *out->counts)))
        return ctx->error.status;
    cm_status status = CM_OK;
    for (uint64_t depth = 0; depth < length && !status; depth++) status = make_depth(ctx, level, out, depth);
    for (uint64_t i = 0; i < parts && !status; i++) {
        out->counts[i] = cm_alloc(ctx, level->count, sizeof **out->counts);
        if (!out->counts[i]) status = ctx->error.status;
    }
    for (uint64_t i = 0; i < level->count * length && !status; i++) out->used[level->items[i]] = 1;
    for (uint64_t i = 0; !status && i < out->depths[0].count; i++)
        out->roots[out->depths[0].items[i]] = (uint32_t)i + 1;
    return status;
}

static void fell(cm_core *core, prefixes *tree, uint64_t items) {
    for (uint64_t i = 0; tree->depths && i < tree->length; i++) {
        cm_free(core, tree->depths[i].items, tree->depths[i].count, sizeof(uint32_t));
        cm_free(core, tree->depths[i].first, tree->depths[i].count + 1, sizeof(uint32_t));
    }
    for (uint64_t i = 0; tree->counts && i < tree->parts; i++)
        cm_free(core, tree->counts[i], tree->candidates, sizeof **tree->counts);
    cm_free(core, tree->depths, tree->length, sizeof *tree->depths);
    cm_free(core, tree->roots, items, sizeof *tree->roots);
    cm_free(core, tree->used, items, 1);
    cm_free(core, tree->counts, tree->parts, sizeof *tree->counts);
}

/* All paths from the nodes `node` .. `end` of a depth that the rest of a basket of some weight has. */
static void descend(const prefixes *tree, uint64_t depth, uint64_t node, uint64_t end, const uint32_t *items,
                    uint64_t count, uint64_t weight, uint64_t *counts) {
    const nodes *own = &tree->depths[depth];
    uint64_t needed = tree->length - depth;
    for (uint64_t i = 0; node < end && i + needed <= count;) {
        if (own->items[node] < items[i])
            node++;
        else if (own->items[node] > items[i])
            i++;
        else {
            i++;
            if (needed == 1)
                counts[node] += weight;
            else
                descend(tree, depth + 1, own->first[node], own->first[node + 1], items + i, count - i, weight, counts);
            node++;
        }
    }
}

static void count_basket(const prefixes *tree, const uint32_t *items, uint64_t count, uint64_t weight,
                         uint64_t *counts) {
    const nodes *top = &tree->depths[0];
    for (uint64_t i = 0; i + tree->length <= count; i++) {
        uint32_t root = tree->roots[items[i]];
        if (root)
            descend(tree, 1, top->first[root - 1], top->first[root], items + i + 1, count - i - 1, weight, counts);
    }
}

static cm_status count_part(cm_context *ctx, void *argument, uint64_t part) {
    const prefixes *tree = argument;
    const cm_market *market = tree->market;
    uint64_t first = market->baskets / tree->parts * part;
    uint64_t end = part + 1 == tree->parts ? market->baskets : market->baskets / tree->parts * (part + 1);
    uint32_t *room = cm_alloc(ctx, market->count, sizeof *room);
    cm_status status = room ? CM_OK : ctx->error.status;
    for (uint64_t basket = first; basket < end && !status; basket++) {
        uint64_t count = 0;
        for (uint64_t i = market->basket_starts[basket]; i < market->basket_starts[basket + 1]; i++)
            if (tree->used[market->items[i]]) room[count++] = market->items[i];
        count_basket(tree, room, count, cm_market_weight(market, basket), tree->counts[part]);
        if (basket % 64 == 0) status = cm_tick(ctx, "itemsets", basket - first, end - first);
    }
    cm_free(ctx->core, room, market->count, sizeof *room);
    return status;
}

#define BASKETS_A_PART UINT64_C(2000) /* fewer do not pay a thread */

cm_status cm_candidates_count(cm_context *ctx, const cm_market *market, uint64_t length, cm_level *candidates) {
    uint64_t parts = market->baskets / BASKETS_A_PART;
    prefixes tree;
    if (parts > ctx->settings.threads) parts = ctx->settings.threads;
    if (parts < 1) parts = 1;
    cm_status status = plant(ctx, market, candidates, length, parts, &tree);
    if (!status) status = cm_parallel(ctx, parts, count_part, &tree);
    for (uint64_t part = 0; part < parts && !status; part++)
        for (uint64_t i = 0; i < candidates->count; i++) candidates->counts[i] += tree.counts[part][i];
    fell(ctx->core, &tree, market->count);
    return status;
}
