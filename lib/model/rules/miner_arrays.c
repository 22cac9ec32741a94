/* The work of the search divided among threads: each takes the next first items from one counter and keeps what it
 * finds to itself; in the end the finds of all are put one behind the other by first item, which is the order of the
 * levels, so that it does not matter who found what. Where the pairs are counted, the first items come in blocks
 * (miner_project.c). */
#include <string.h>

#include "base/threads.h"
#include "model/rules/miner.h"

typedef struct mine {
    const cm_market *market;
    cm_database root;
    const cm_mining *how;
    cm_lane *lanes;
    uint64_t lane_count, longest;
    uint64_t *blocks, block_count;   /* first items of the blocks; NULL: each item alone */
    atomic_uint_fast64_t next, stop; /* the next block, and the first item that is not complete */
} mine;

/* ---- one lane ---- */

static cm_status open_lane(cm_context *ctx, const mine *all, cm_lane *lane) {
    uint64_t width = all->longest + 1;
    lane->sink = (cm_sink){.how = all->how, .longest = all->longest};
    if (!(lane->sink.room = cm_alloc(ctx, width, sizeof(uint32_t)))
        || !(lane->table = cm_alloc(ctx, UINT64_C(1) << CM_TABLE_BITS, sizeof(uint32_t)))
        || (all->how->count_only
            && !(lane->sink.tallies = cm_alloc(ctx, (CM_MOST_FREE + 1) * width, sizeof(uint64_t)))))
        return ctx->error.status;
    return CM_OK;
}

static void close_depth(cm_core *core, cm_depth *depth) {
    cm_database *data = &depth->data;
    cm_free(core, data->starts, depth->starts_capacity, sizeof *data->starts);
    cm_free(core, data->cells, depth->cells_capacity, sizeof *data->cells);
    cm_free(core, data->weights, depth->weights_capacity, sizeof *data->weights);
    cm_free(core, data->occurrence_starts, depth->occurrence_starts_capacity, sizeof *data->occurrence_starts);
    cm_free(core, data->occurrences, depth->occurrences_capacity, sizeof *data->occurrences);
    cm_free(core, data->names, depth->names_capacity, sizeof *data->names);
    cm_free(core, depth->row, depth->row_capacity, sizeof *depth->row);
    cm_free(core, depth->partners, depth->partners_capacity, sizeof *depth->partners);
    cm_free(core, depth->to, depth->to_capacity, sizeof *depth->to);
    cm_free(core, depth->slots, depth->slots_capacity, sizeof *depth->slots);
    cm_free(core, depth->bits, depth->bits_capacity, sizeof *depth->bits);
    cm_free(core, depth, 1, sizeof *depth);
}

/* All but the sets themselves. */
static void close_search(cm_core *core, cm_lane *lane) {
    uint64_t width = lane->sink.longest + 1;
    for (uint64_t i = 0; i < lane->depth_count; i++) close_depth(core, lane->depths[i]);
    cm_free(core, lane->depths, lane->depth_capacity, sizeof *lane->depths);
    cm_free(core, lane->table, UINT64_C(1) << CM_TABLE_BITS, sizeof(uint32_t));
    cm_free(core, lane->sink.room, width, sizeof(uint32_t));
    cm_free(core, lane->sink.tallies, (CM_MOST_FREE + 1) * width, sizeof(uint64_t));
    lane->depths = NULL;
    lane->depth_count = lane->depth_capacity = 0;
    lane->table = lane->sink.room = NULL;
    lane->sink.tallies = NULL;
    cm_block_close(core, &lane->block);
    lane->block = (cm_block){0};
}

static void close_lane(cm_core *core, cm_lane *lane) {
    close_search(core, lane);
    cm_itemsets_clear(core, &lane->sink.sets);
    cm_free(core, lane->sink.segments, lane->sink.segment_capacity, sizeof *lane->sink.segments);
}

/* Notes how many sets of each length came with this first item. */
static cm_status end_item(cm_context *ctx, cm_sink *sink, uint64_t item, uint64_t *ends) {
    cm_status status = CM_OK;
    for (uint64_t l = 0; l < sink->sets.longest && !status; l++) {
        uint64_t count = sink->sets.levels[l].count - ends[l];
        if (!count) continue;
        status = cm_reserve(ctx, &sink->segments, &sink->segment_capacity, sink->segment_count + 1,
                            sizeof *sink->segments);
        if (status) return status;
        uint64_t *segment = sink->segments[sink->segment_count++];
        segment[0] = l + 1;
        segment[1] = item;
        segment[2] = count;
        ends[l] += count;
    }
    return status;
}

static void lower(atomic_uint_fast64_t *least, uint64_t value) {
    uint64_t seen = atomic_load(least);
    while (value < seen && !atomic_compare_exchange_weak(least, &seen, value)) {
    }
}

static cm_status mine_item(cm_context *ctx, mine *all, cm_lane *lane, uint64_t item) {
    if (all->blocks) return cm_mine_projected(ctx, lane, item, &lane->block.items[item - lane->block.first]);
    uint64_t support = cm_market_frequency(all->market, item);
    return all->how->which == CM_SETS_FREQUENT ? cm_mine_frequent(ctx, lane, &all->root, item, support)
                                               : cm_mine_closed(ctx, lane, &all->root, item, support);
}

/* *ended: a limit is reached, and all->stop says where. */
static cm_status run_block(cm_context *ctx, mine *all, cm_lane *lane, uint64_t *ends, bool *ended) {
    const cm_mining *how = all->how;
    const cm_sink *sink = &lane->sink;
    cm_status status = all->blocks ? cm_block_project(ctx, all->market, how, &lane->block) : CM_OK;
    *ended = true;
    for (uint64_t item = lane->block.first; item < lane->block.end; item++) {
        if (item >= atomic_load(&all->stop)) return CM_OK;
        if (!status) status = mine_item(ctx, all, lane, item);
        bool limited = how->room && (status == CM_E_LIMIT || sink->bytes > how->room);
        if (limited || (how->most && sink->found > how->most)) {
            lower(&all->stop, item);
            return CM_OK;
        }
        if (!status) status = end_item(ctx, &lane->sink, item, ends);
        if (status) return status;
    }
    *ended = false;
    return CM_OK;
}

static cm_status run(cm_context *ctx, mine *all, cm_lane *lane, uint64_t *ends) {
    cm_status status = CM_OK;
    for (bool ended = false; !ended && !status;) {
        uint64_t number = atomic_fetch_add(&all->next, 1);
        if (number >= all->block_count) break;
        lane->block.first = all->blocks ? all->blocks[number] : number;
        lane->block.end = all->blocks ? all->blocks[number + 1] : number + 1;
        status = run_block(ctx, all, lane, ends, &ended);
    }
    return status;
}

static cm_status run_lane(cm_context *ctx, void *state, uint64_t number) {
    mine *all = state;
    cm_lane *lane = &all->lanes[number];
    cm_status status = open_lane(ctx, all, lane);
    uint64_t *ends = status ? NULL : cm_alloc(ctx, all->longest + 1, sizeof *ends);
    if (!status && !ends) status = ctx->error.status;
    if (!status) status = run(ctx, all, lane, ends);
    cm_free(ctx->core, ends, all->longest + 1, sizeof *ends);
    return status;
}

/* ---- all lanes ---- */

/* What a lane's segments of one length say, one after the other. */
typedef struct cursor {
    uint64_t segment, set;
} cursor;

/* The lane whose next segment of this length has the lowest first item; lane_count: none is left. */
static uint64_t next_lane(const mine *all, cursor *cursors, uint64_t length, uint64_t stop) {
    uint64_t best = all->lane_count, lowest = stop;
    for (uint64_t i = 0; i < all->lane_count; i++) {
        const cm_sink *sink = &all->lanes[i].sink;
        while (cursors[i].segment < sink->segment_count && sink->segments[cursors[i].segment][0] != length)
            cursors[i].segment++;
        if (cursors[i].segment == sink->segment_count) continue;
        uint64_t item = sink->segments[cursors[i].segment][1];
        if (item < lowest) {
            lowest = item;
            best = i;
        }
    }
    return best;
}

static cm_status join_level(cm_context *ctx, const mine *all, uint64_t length, uint64_t stop, cursor *cursors,
                            cm_level *out) {
    uint64_t count = 0;
    memset(cursors, 0, (size_t)all->lane_count * sizeof *cursors);
    for (uint64_t i = 0; i < all->lane_count; i++) {
        const cm_sink *sink = &all->lanes[i].sink;
        for (uint64_t s = 0; s < sink->segment_count; s++)
            if (sink->segments[s][0] == length && sink->segments[s][1] < stop) count += sink->segments[s][2];
    }
    cm_status status = cm_reserve(ctx, &out->items, &out->item_capacity, count * length, sizeof *out->items);
    if (!status) status = cm_reserve(ctx, &out->counts, &out->count_capacity, count, sizeof *out->counts);
    while (!status && out->count < count) {
        uint64_t number = next_lane(all, cursors, length, stop);
        const cm_level *from = &all->lanes[number].sink.sets.levels[length - 1];
        cursor *at = &cursors[number];
        uint64_t sets = all->lanes[number].sink.segments[at->segment++][2];
        memcpy(out->items + out->count * length, from->items + at->set * length,
               (size_t)(sets * length) * sizeof *out->items);
        memcpy(out->counts + out->count, from->counts + at->set, (size_t)sets * sizeof *out->counts);
        out->count += sets;
        at->set += sets;
    }
    return status;
}

static cm_status join(cm_context *ctx, mine *all, uint64_t stop, cursor *cursors, cm_itemsets *out) {
    uint64_t longest = 0;
    for (uint64_t i = 0; i < all->lane_count; i++)
        if (all->lanes[i].sink.sets.longest > longest) longest = all->lanes[i].sink.sets.longest;
    cm_status status = cm_itemsets_reserve(ctx, out, longest);
    for (uint64_t length = 1; length <= longest && !status; length++) {
        status = join_level(ctx, all, length, stop, cursors, &out->levels[length - 1]);
        for (uint64_t i = 0; i < all->lane_count; i++)
            if (length <= all->lanes[i].sink.sets.longest)
                cm_level_clear(ctx->core, &all->lanes[i].sink.sets.levels[length - 1]);
    }
    return status;
}

/* The first item whose sets do not fit into the room any more, or `stop`: the same whoever found them. */
static uint64_t cut(const mine *all, uint64_t stop, cursor *cursors) {
    uint64_t bytes = 0;
    for (uint64_t item = 0; item < stop; item++) {
        for (uint64_t i = 0; i < all->lane_count; i++) {
            const cm_sink *sink = &all->lanes[i].sink;
            uint64_t *at = &cursors[i].segment;
            for (; *at < sink->segment_count && sink->segments[*at][1] == item; ++*at)
                bytes += sink->segments[*at][2] * CM_SET_BYTES(sink->segments[*at][0]);
        }
        if (bytes > all->how->room) return item;
    }
    return stop;
}

/* ---- counting ---- */

/* A set with f free items stands for one of each number of them, of which there are f over that number. */
static cm_status add_tally(cm_context *ctx, const mine *all, uint64_t free_items, uint64_t length, uint64_t sets,
                           cm_itemsets *out) {
    __extension__ typedef unsigned __int128 wide;
    uint64_t ways = 1, product;
    for (uint64_t more = 0; more <= free_items; more++) {
        if (more) ways = (uint64_t)((wide)ways * (free_items - more + 1) / more);
        if (all->how->max_length && length + more > all->how->max_length) break;
        cm_status status = cm_itemsets_reserve(ctx, out, length + more);
        if (status) return status;
        uint64_t *count = &out->levels[length + more - 1].count;
        if (cm_mul_overflows(ways, sets, &product) || cm_add_overflows(*count, product, count)
            || cm_add_overflows(out->total, product, &out->total))
            return cm_fail(ctx, CM_E_LIMIT, "RULES_SETS_LIMIT", "u", UINT64_MAX);
    }
    return CM_OK;
}

static cm_status add_up(cm_context *ctx, const mine *all, cm_itemsets *out) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < all->lane_count; i++)
        for (uint64_t free_items = 0; free_items <= CM_MOST_FREE; free_items++)
            for (uint64_t length = 1; length <= all->longest && !status; length++) {
                uint64_t sets = all->lanes[i].sink.tallies[free_items * (all->longest + 1) + length];
                if (sets) status = add_tally(ctx, all, free_items, length, sets, out);
            }
    return status;
}

/* ---- all ---- */

/* Takes the sets over from the lanes. */
static cm_status collect(cm_context *ctx, mine *all, cm_itemsets *out) {
    uint64_t stop = atomic_load(&all->stop);
    cursor *cursors = cm_alloc(ctx, all->lane_count, sizeof *cursors);
    if (!cursors) return ctx->error.status;
    cm_status status = CM_OK;
    if (all->how->room) stop = cut(all, stop, cursors);
    if (stop < all->root.items) out->complete_from = cm_market_frequency(all->market, stop) + 1;
    if (all->lane_count == 1 && stop >= all->root.items) {
        *out = all->lanes[0].sink.sets;
        all->lanes[0].sink.sets = (cm_itemsets){0};
    } else {
        status = join(ctx, all, stop, cursors, out);
    }
    cm_free(ctx->core, cursors, all->lane_count, sizeof *cursors);
    return status;
}

static cm_status finish(cm_context *ctx, mine *all, cm_itemsets *out) {
    uint64_t found = 0;
    for (uint64_t i = 0; i < all->lane_count; i++) found += all->lanes[i].sink.found;
    out->exceeded = all->how->most && found > all->how->most;
    if (out->exceeded) return CM_OK;
    if (all->how->count_only) return add_up(ctx, all, out);
    for (uint64_t i = 0; i < all->lane_count; i++) close_search(ctx->core, &all->lanes[i]);
    cm_status status = collect(ctx, all, out);
    return !status && all->how->which != CM_SETS_FREQUENT ? cm_itemsets_sort(ctx, out) : status;
}

static uint64_t longest_basket(const cm_market *market, uint64_t items) {
    uint64_t longest = 0;
    for (uint64_t b = 0; b < market->baskets; b++) {
        uint64_t length = market->basket_starts[b + 1] - market->basket_starts[b];
        if (length > longest) longest = length;
    }
    return longest < items ? longest : items;
}

/* The weights in 32 bits, as the counters have them; their sum fits (cm_itemsets_find). */
static cm_status narrow_weights(cm_context *ctx, const cm_market *market, uint32_t **out) {
    if (!market->weights) return CM_OK;
    *out = cm_alloc_raw(ctx, market->baskets, sizeof **out);
    for (uint64_t i = 0; *out && i < market->baskets; i++) (*out)[i] = (uint32_t)market->weights[i];
    return *out ? CM_OK : ctx->error.status;
}

#define CELLS_A_LANE UINT64_C(20000) /* fewer do not pay a thread */

static cm_status divide(cm_context *ctx, mine *all) {
    all->block_count = all->root.items;
    if (!all->market->pairs || all->root.items > all->market->pair_items || all->how->which != CM_SETS_FREQUENT)
        return CM_OK;
    all->blocks = cm_alloc(ctx, all->root.items + 1, sizeof *all->blocks);
    if (!all->blocks) return ctx->error.status;
    return cm_blocks_divide(ctx, all->market, all->how, all->root.items, all->lane_count, all->blocks,
                            &all->block_count);
}

cm_status cm_mine_arrays(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_itemsets *out) {
    mine all = {.market = market, .how = how};
    uint64_t items = cm_market_frequent(market, how->least);
    uint64_t lanes = market->item_starts[market->count] / CELLS_A_LANE + 1;
    uint32_t *weights = NULL;
    cm_status status = narrow_weights(ctx, market, &weights);
    all.root = cm_database_of(market, items, weights);
    all.longest = longest_basket(market, items);
    all.lane_count = lanes < ctx->settings.threads ? lanes : ctx->settings.threads;
    atomic_init(&all.next, 0);
    atomic_init(&all.stop, items);
    if (!status && !(all.lanes = cm_alloc(ctx, all.lane_count, sizeof *all.lanes))) status = ctx->error.status;
    if (!status) status = divide(ctx, &all);
    if (!status) status = cm_parallel(ctx, all.lane_count, run_lane, &all);
    if (!status) status = finish(ctx, &all, out);
    for (uint64_t i = 0; all.lanes && i < all.lane_count; i++) close_lane(ctx->core, &all.lanes[i]);
    cm_free(ctx->core, all.lanes, all.lane_count, sizeof *all.lanes);
    cm_free(ctx->core, all.blocks, all.root.items + 1, sizeof *all.blocks);
    cm_free(ctx->core, weights, market->baskets, sizeof *weights);
    return status;
}
