/* Pairs of items in the same basket, counted, and the most similar ones of each item.
 *
 * The idea: one pass through the baskets counts all pairs in a triangle, where that is not much larger than the baskets
 * themselves. Otherwise item by item: the baskets of an item are gone through and the items in them counted in one row,
 * so that no memory for pairs is needed at all. Either way an item's counts with all others come along one by one, and
 * those that can still be among its best have their similarity worked out. Blocks of items are shared out to threads.
 * Cost: for each basket the square of its items.
 *
 * Similarities: cosine, Jaccard (P. Jaccard, 1901, doi:10.5169/seals-266450), lift; shrunk where few baskets speak for
 * a pair (Y. Koren, "Factorization meets the neighborhood", KDD 2008, doi:10.1145/1401890.1401944). */
#include <math.h>
#include <string.h>

#include "base/threads.h"
#include "model/together/together.h"

double cm_pair_cosine(uint64_t both, uint64_t a, uint64_t b) {
    return (double)both / sqrt((double)a * (double)b);
}
double cm_pair_jaccard(uint64_t both, uint64_t a, uint64_t b) {
    return (double)both / (double)(a + b - both);
}
double cm_pair_lift(uint64_t both, uint64_t a, uint64_t b, uint64_t baskets) {
    return (double)both * (double)baskets / ((double)a * (double)b);
}

typedef struct block {
    uint64_t first, end;   /* items */
    uint64_t *kept;        /* by item of the block: its neighbours */
    cm_neighbour *best;    /* by item: room for `most` */
    double *limits;        /* by item: what a pair's bound must reach to be looked at */
    uint64_t pairs, joint; /* each seen from both sides, so twice */
} block;

typedef struct counting {
    const cm_market *market;
    const cm_pairing *how;
    uint64_t most; /* neighbours of an item: as asked for, but no more than there are */
    double *bounds; /* by item: times the count no less than similarity with it can be, but for what limits have of the
                     * other */
    const uint32_t *triangle; /* NULL: item by item */
    uint64_t tasks;
    block *blocks;
} counting;

static double similarity_of(const counting *work, uint64_t a, uint64_t b, uint64_t both) {
    const cm_market *market = work->market;
    uint64_t first = cm_market_frequency(market, a), second = cm_market_frequency(market, b);
    double value = work->how->by == CM_BY_COSINE    ? cm_pair_cosine(both, first, second)
                   : work->how->by == CM_BY_JACCARD ? cm_pair_jaccard(both, first, second)
                                                    : cm_pair_lift(both, first, second, market->total);
    return work->how->shrink > 0 ? value * ((double)both / ((double)both + work->how->shrink)) : value;
}

/* ---- the best of an item ---- */

#define ALMOST (1 - 1e-9) /* bounds are rounded, too */

/* Cosine and lift are the count over something of the one item times the same of the other; Jaccard is no more than the
 * count over that of the other. */
static void bound_items(const counting *work) {
    for (uint64_t i = 0; i < work->market->count; i++) {
        double frequency = (double)cm_market_frequency(work->market, i);
        work->bounds[i] = work->how->by == CM_BY_COSINE ? 1 / sqrt(frequency) : 1 / frequency;
    }
}

static double limit_of(const counting *work, uint64_t item, double similarity) {
    double own = work->how->by == CM_BY_JACCARD  ? 1
                 : work->how->by == CM_BY_COSINE ? work->bounds[item]
                                                 : work->bounds[item] * (double)work->market->total;
    return similarity / own * ALMOST;
}

/* By similarity, then by count, then in byte order of the items. */
static bool before(const cm_market *market, const cm_neighbour *a, const cm_neighbour *b) {
    if (a->similarity != b->similarity) return a->similarity > b->similarity;
    if (a->count != b->count) return a->count > b->count;
    return market->places[a->item] < market->places[b->item];
}

/* Puts one among the best of an item, which are in order; the last falls out where they are full. */
static void keep(const counting *work, block *own, uint64_t item, uint32_t other, uint64_t count) {
    cm_neighbour *best = own->best + (item - own->first) * work->most, one = {.item = other, .count = count};
    uint64_t *kept = &own->kept[item - own->first], at = *kept;
    one.similarity = similarity_of(work, item, other, count);
    if (at == work->most && !before(work->market, &one, &best[at - 1])) return;
    if (at < work->most)
        ++*kept;
    else
        at--;
    for (; at > 0 && before(work->market, &one, &best[at - 1]); at--) best[at] = best[at - 1];
    best[at] = one;
    if (*kept == work->most) own->limits[item - own->first] = limit_of(work, item, best[*kept - 1].similarity);
}

static inline void offer(const counting *work, block *own, uint64_t item, uint64_t other, uint64_t count) {
    if (!count) return;
    own->pairs++;
    own->joint += count;
    if (count >= work->how->least && (double)count * work->bounds[other] >= own->limits[item - own->first])
        keep(work, own, item, (uint32_t)other, count);
}

/* ---- the counts of a block's items with all others ---- */

/* Of an item above the block the triangle has the block's items side by side; of those within it, all below them. */
static void read_triangle(const counting *work, block *own) {
    for (uint64_t item = own->first; item < own->end; item++) {
        const uint32_t *row = work->triangle + cm_pair_row(item);
        for (uint64_t other = 0; other < item; other++) offer(work, own, item, other, row[other]);
    }
    for (uint64_t other = own->first + 1; other < work->market->count; other++) {
        const uint32_t *row = work->triangle + cm_pair_row(other);
        uint64_t end = other < own->end ? other : own->end;
        for (uint64_t item = own->first; item < end; item++) offer(work, own, item, other, row[item]);
    }
}

#define AHEAD 16 /* baskets that are fetched before their turn */

/* Counters by item, all 0 before and after; `touched` has room for one item more. */
static void count_item(const counting *work, block *own, uint64_t item, uint64_t *counters, uint32_t *touched) {
    const cm_market *market = work->market;
    const uint32_t *tids = market->tids, *items = market->items;
    const uint64_t *starts = market->basket_starts;
    uint64_t end = market->item_starts[item + 1], count = 0;
    for (uint64_t i = market->item_starts[item]; i < end; i++) {
        if (i + 2 * AHEAD < end) __builtin_prefetch(&starts[tids[i + 2 * AHEAD]]);
        if (i + AHEAD < end) __builtin_prefetch(&items[starts[tids[i + AHEAD]]]);
        uint64_t weight = cm_market_weight(market, tids[i]);
        for (uint64_t at = starts[tids[i]]; at < starts[tids[i] + 1]; at++) {
            touched[count] = items[at];
            count += counters[items[at]] == 0;
            counters[items[at]] += weight;
        }
    }
    for (uint64_t i = 0; i < count; i++) {
        if (touched[i] != item) offer(work, own, item, touched[i], counters[touched[i]]);
        counters[touched[i]] = 0;
    }
}

static cm_status count_items(cm_context *ctx, const counting *work, block *own) {
    uint64_t items = work->market->count;
    uint64_t *counters = cm_alloc(ctx, items, sizeof *counters);
    uint32_t *touched = cm_alloc(ctx, items + 1, sizeof *touched);
    cm_status status = counters && touched ? CM_OK : ctx->error.status;
    for (uint64_t item = own->first; item < own->end && !status; item++) {
        count_item(work, own, item, counters, touched);
        status = cm_tick(ctx, "pairs", item, items);
    }
    cm_free(ctx->core, counters, items, sizeof *counters);
    cm_free(ctx->core, touched, items + 1, sizeof *touched);
    return status;
}

/* ---- all blocks ---- */

static cm_status fill_block(cm_context *ctx, void *state, uint64_t task) {
    const counting *work = state;
    block *own = &work->blocks[task];
    uint64_t items = work->market->count;
    own->first = items * task / work->tasks;
    own->end = items * (task + 1) / work->tasks;
    uint64_t count = own->end - own->first;
    if (!(own->kept = cm_alloc(ctx, count, sizeof *own->kept))
        || !(own->limits = cm_alloc(ctx, count, sizeof *own->limits))
        || !(own->best = cm_alloc(ctx, count, work->most * sizeof *own->best)))
        return ctx->error.status;
    if (!work->triangle) return count_items(ctx, work, own);
    read_triangle(work, own);
    return cm_tick(ctx, "pairs", own->first, items);
}

static cm_status gather(cm_context *ctx, const counting *work, cm_neighbours *out) {
    out->starts = cm_alloc(ctx, out->items + 1, sizeof *out->starts);
    if (!out->starts) return ctx->error.status;
    for (uint64_t task = 0; task < work->tasks; task++)
        for (uint64_t i = work->blocks[task].first; i < work->blocks[task].end; i++)
            out->starts[i + 1] = out->starts[i] + work->blocks[task].kept[i - work->blocks[task].first];
    out->capacity = out->starts[out->items];
    out->all = cm_alloc(ctx, out->capacity, sizeof *out->all);
    for (uint64_t task = 0; task < work->tasks && out->all; task++) {
        const block *from = &work->blocks[task];
        for (uint64_t i = from->first; i < from->end; i++)
            if (out->starts[i + 1] > out->starts[i])
                memcpy(out->all + out->starts[i], from->best + (i - from->first) * work->most,
                       (size_t)(out->starts[i + 1] - out->starts[i]) * sizeof *out->all);
        out->pairs += from->pairs;
        out->joint += from->joint;
    }
    out->pairs /= 2;
    out->joint /= 2;
    return out->all ? CM_OK : ctx->error.status;
}

static void close_counting(cm_core *core, counting *work, uint32_t *triangle) {
    for (uint64_t task = 0; task < work->tasks && work->blocks; task++) {
        block *own = &work->blocks[task];
        uint64_t count = own->end - own->first;
        cm_free(core, own->kept, count, sizeof *own->kept);
        cm_free(core, own->limits, count, sizeof *own->limits);
        cm_free(core, own->best, count, work->most * sizeof *own->best);
    }
    cm_free(core, triangle, cm_pair_row(work->market->count), sizeof *triangle);
    cm_free(core, work->blocks, work->tasks, sizeof *work->blocks);
    cm_free(core, work->bounds, work->market->count, sizeof *work->bounds);
}

#define TASKS 256 /* at most: item by item each has counters for all items */

cm_status cm_neighbours_find(cm_context *ctx, cm_market *market, const cm_pairing *how, cm_neighbours *out) {
    uint64_t items = market->count;
    uint32_t *triangle = NULL;
    counting work = {.market = market, .how = how, .tasks = items < TASKS ? items : TASKS};
    work.most = how->most < items ? how->most : items;
    *out = (cm_neighbours){.items = items};
    work.blocks = cm_alloc(ctx, work.tasks, sizeof *work.blocks);
    work.bounds = work.blocks ? cm_alloc(ctx, items, sizeof *work.bounds) : NULL;
    cm_status status = work.bounds ? CM_OK : ctx->error.status;
    if (!status && !market->weights && cm_pair_row(items) <= 2 * market->item_starts[items])
        status = cm_market_pairs(ctx, market, items, &triangle);
    else if (!status)
        status = cm_market_turn(ctx, market);
    work.triangle = triangle;
    if (!status) {
        bound_items(&work);
        status = cm_parallel(ctx, work.tasks, fill_block, &work);
    }
    if (!status) status = gather(ctx, &work, out);
    close_counting(ctx->core, &work, triangle);
    return status;
}

void cm_neighbours_clear(cm_core *core, cm_neighbours *neighbours) {
    cm_free(core, neighbours->all, neighbours->capacity, sizeof *neighbours->all);
    cm_free(core, neighbours->starts, neighbours->items + 1, sizeof *neighbours->starts);
}
