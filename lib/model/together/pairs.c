/* Pairs of items in the same basket, counted, and the most similar ones of each item.
 *
 * The idea: item by item. The baskets of an item are gone through and the items in them counted in one row of counters,
 * which stays in the nearest cache; then the best of the row are kept and the row is cleared. No matrix of pairs is
 * needed, so that its memory is that of the baskets and of what is kept. Items are independent of each other: blocks of
 * them are shared out to threads. Cost: for each basket the square of its items.
 *
 * Similarities: cosine, Jaccard (P. Jaccard, 1901, doi:10.5169/seals-266450), lift; shrunk where few baskets speak for a
 * pair (Y. Koren, "Factorization meets the neighborhood", KDD 2008, doi:10.1145/1401890.1401944). */
#include <math.h>
#include <string.h>

#include "base/threads.h"
#include "model/together/together.h"

#define TASKS 256 /* at most: each has counters for all items */

double cm_pair_cosine(uint64_t both, uint64_t a, uint64_t b) { return (double)both / sqrt((double)a * (double)b); }
double cm_pair_jaccard(uint64_t both, uint64_t a, uint64_t b) { return (double)both / (double)(a + b - both); }
double cm_pair_lift(uint64_t both, uint64_t a, uint64_t b, uint64_t baskets) {
    return (double)both * (double)baskets / ((double)a * (double)b);
}

typedef struct block {
    cm_neighbour *all;
    uint64_t count, capacity;
    uint64_t pairs, joint; /* each seen from both sides, so twice */
} block;

typedef struct counting {
    const cm_market *market;
    const cm_pairing *how;
    uint64_t tasks;
    block *blocks;
    uint64_t *kept; /* by item, from 1 */
} counting;

/* Counters of one row, the items that are not 0 in it, and the best so far. */
typedef struct row {
    uint32_t *counters, *touched;
    cm_neighbour *best;
    uint64_t items, most, touched_count, kept;
} row;

static void close_row(cm_core *core, row *own) {
    cm_free(core, own->counters, own->items, sizeof *own->counters);
    cm_free(core, own->touched, own->items + 1, sizeof *own->touched);
    cm_free(core, own->best, own->most, sizeof *own->best);
}

static cm_status open_row(cm_context *ctx, uint64_t items, uint64_t most, row *own) {
    *own = (row){.items = items, .most = most < items ? most : items};
    if (!(own->counters = cm_alloc(ctx, items, sizeof *own->counters))
        || !(own->touched = cm_alloc(ctx, items + 1, sizeof *own->touched))
        || !(own->best = cm_alloc(ctx, own->most, sizeof *own->best)))
        return ctx->error.status;
    return CM_OK;
}

#define AHEAD 8 /* baskets that are fetched before their turn */

static void count_row(const cm_market *market, uint64_t item, row *own) {
    const uint32_t *tids = market->tids, *items = market->items;
    const uint64_t *starts = market->basket_starts;
    uint64_t end = market->item_starts[item + 1], touched = 0;
    for (uint64_t i = market->item_starts[item]; i < end; i++) {
        if (i + 2 * AHEAD < end) __builtin_prefetch(&starts[tids[i + 2 * AHEAD]]);
        if (i + AHEAD < end) __builtin_prefetch(&items[starts[tids[i + AHEAD]]]);
        for (uint64_t at = starts[tids[i]]; at < starts[tids[i] + 1]; at++) {
            own->touched[touched] = items[at];
            touched += own->counters[items[at]]++ == 0;
        }
    }
    own->touched_count = touched;
}

static double similarity_of(const counting *work, uint64_t a, uint64_t b, uint64_t both) {
    const cm_market *market = work->market;
    uint64_t first = cm_market_frequency(market, a), second = cm_market_frequency(market, b);
    double value = work->how->by == CM_BY_COSINE    ? cm_pair_cosine(both, first, second)
                   : work->how->by == CM_BY_JACCARD ? cm_pair_jaccard(both, first, second)
                                                    : cm_pair_lift(both, first, second, market->baskets);
    return work->how->shrink > 0 ? value * ((double)both / ((double)both + work->how->shrink)) : value;
}

/* By similarity, then by count, then in byte order of the items. */
static bool before(const cm_market *market, const cm_neighbour *a, const cm_neighbour *b) {
    if (a->similarity != b->similarity) return a->similarity > b->similarity;
    if (a->count != b->count) return a->count > b->count;
    return market->places[a->item] < market->places[b->item];
}

/* Puts one among the best, which are in order; the last falls out where they are full. */
static void keep(const cm_market *market, row *own, const cm_neighbour *one) {
    uint64_t at = own->kept;
    if (at == own->most && (!at || !before(market, one, &own->best[at - 1]))) return;
    if (at < own->most) own->kept++;
    else at--;
    for (; at > 0 && before(market, one, &own->best[at - 1]); at--) own->best[at] = own->best[at - 1];
    own->best[at] = *one;
}

/* Keeps the best of the row and clears it. */
static void pick(const counting *work, uint64_t item, row *own, block *into) {
    own->kept = 0;
    for (uint64_t i = 0; i < own->touched_count; i++) {
        cm_neighbour one = {.item = own->touched[i], .count = own->counters[own->touched[i]]};
        own->counters[one.item] = 0;
        if (one.item == item) continue;
        into->pairs++;
        into->joint += one.count;
        if (one.count < work->how->least) continue;
        one.similarity = similarity_of(work, item, one.item, one.count);
        keep(work->market, own, &one);
    }
}

static cm_status count_block(cm_context *ctx, void *state, uint64_t task) {
    counting *work = state;
    block *into = &work->blocks[task];
    uint64_t items = work->market->count, end = items * (task + 1) / work->tasks;
    row own;
    cm_status status = open_row(ctx, items, work->how->most, &own);
    for (uint64_t item = items * task / work->tasks; item < end && !status; item++) {
        count_row(work->market, item, &own);
        pick(work, item, &own, into);
        status = cm_reserve(ctx, &into->all, &into->capacity, into->count + own.kept, sizeof *into->all);
        if (status) break;
        if (own.kept) memcpy(into->all + into->count, own.best, (size_t)own.kept * sizeof *own.best);
        into->count += own.kept;
        work->kept[item + 1] = own.kept;
        status = cm_tick(ctx, "pairs", item, items);
    }
    close_row(ctx->core, &own);
    return status;
}

static cm_status gather(cm_context *ctx, const counting *work, cm_neighbours *out) {
    uint64_t at = 0;
    for (uint64_t i = 0; i < out->items; i++) out->starts[i + 1] += out->starts[i];
    out->capacity = out->starts[out->items];
    out->all = cm_alloc(ctx, out->capacity, sizeof *out->all);
    for (uint64_t task = 0; task < work->tasks && out->all; task++) {
        const block *from = &work->blocks[task];
        if (from->count) memcpy(out->all + at, from->all, (size_t)from->count * sizeof *out->all);
        at += from->count;
        out->pairs += from->pairs;
        out->joint += from->joint;
    }
    out->pairs /= 2;
    out->joint /= 2;
    return out->all ? CM_OK : ctx->error.status;
}

cm_status cm_neighbours_find(cm_context *ctx, const cm_market *market, const cm_pairing *how, cm_neighbours *out) {
    uint64_t tasks = market->count < TASKS ? market->count : TASKS;
    *out = (cm_neighbours){.items = market->count};
    out->starts = cm_alloc(ctx, out->items + 1, sizeof *out->starts);
    counting work = {.market = market, .how = how, .tasks = tasks, .kept = out->starts};
    work.blocks = out->starts ? cm_alloc(ctx, tasks, sizeof *work.blocks) : NULL;
    cm_status status = work.blocks ? cm_parallel(ctx, tasks, count_block, &work) : ctx->error.status;
    if (!status) status = gather(ctx, &work, out);
    for (uint64_t task = 0; task < tasks && work.blocks; task++)
        cm_free(ctx->core, work.blocks[task].all, work.blocks[task].capacity, sizeof(cm_neighbour));
    cm_free(ctx->core, work.blocks, tasks, sizeof *work.blocks);
    return status;
}

void cm_neighbours_clear(cm_core *core, cm_neighbours *neighbours) {
    cm_free(core, neighbours->all, neighbours->capacity, sizeof *neighbours->all);
    cm_free(core, neighbours->starts, neighbours->items + 1, sizeof *neighbours->starts);
}
