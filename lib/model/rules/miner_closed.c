/* Closed and maximal itemsets by prefix-preserving closure extension (T. Uno, T. Asai, Y. Uchida and H. Arimura, "An
 * efficient algorithm for enumerating closed patterns in transaction databases", Discovery Science 2004, LNCS 3245,
 * doi:10.1007/978-3-540-30214-8_2).
 *
 * The idea: from a closed set (to which no item can be added without losing baskets) and an item more frequent than the
 * one it was last extended by, the closure of both is a new closed set. It is kept if the closure brought in no item
 * that is rarer than the added one, so that each closed set is found once, and nothing but closed sets is gone through.
 * A closed set is maximal if no other item is frequent in its baskets. Cost: the closed sets times their conditional
 * databases, which here keep the rarer items, too; no frequent set that is not closed is ever made. */
#include <string.h>

#include "model/rules/miner.h"

#define TICKS 64

static void count_row(const cm_database *data, uint64_t item, uint32_t *row) {
    if (data->items) memset(row, 0, (size_t)data->items * sizeof *row);
    for (uint64_t i = data->occurrence_starts[item]; i < data->occurrence_starts[item + 1]; i++) {
        uint32_t t = data->occurrences[i], weight = cm_database_weight(data, t);
        for (uint64_t at = data->starts[t]; at < data->starts[t + 1] && data->cells[at] < data->items; at++)
            row[data->cells[at]] += weight;
    }
}

/* Whether a rarer item is in all baskets of the set at hand. */
static bool is_found_elsewhere(const cm_database *data, uint64_t item, uint64_t support, const uint32_t *row) {
    for (uint64_t x = item + 1; x < data->items; x++)
        if (row[x] == support) return true;
    return false;
}

/* Adds the closure's items to the set, and finds what else is frequent there; `below` of these are before the item. */
static uint64_t find_partners(cm_sink *sink, const cm_database *data, uint64_t item, uint64_t support, cm_depth *depth,
                              uint64_t *length, uint64_t *below) {
    uint64_t count = 0;
    *below = 0;
    for (uint64_t x = 0; x < data->items; x++) {
        uint32_t together = depth->row[x];
        depth->to[x] = 0;
        if (together < sink->how->least || x == item) continue;
        if (together == support) {
            sink->room[sink->longest - ++*length] = cm_database_name(data, x);
            continue;
        }
        depth->row[count] = together;
        depth->data.names[count++] = cm_database_name(data, x);
        depth->to[x] = (uint32_t)count;
        if (x < item) *below = count;
    }
    return count;
}

/* Puts the set at hand with its items in rising order; its own order is wanted further on. */
static cm_status put_sorted(cm_context *ctx, cm_sink *sink, uint64_t length, uint64_t count) {
    cm_status status = length > sink->sets.longest ? cm_itemsets_reserve(ctx, &sink->sets, length) : CM_OK;
    if (!status) status = cm_sink_put(ctx, sink, length, count, 0);
    if (status || sink->how->count_only) return status;
    cm_level *level = &sink->sets.levels[length - 1];
    uint32_t *items = level->items + (level->count - 1) * length;
    for (uint64_t i = 1; i < length; i++) {
        uint32_t item = items[i];
        uint64_t at = i;
        for (; at > 0 && items[at - 1] > item; at--) items[at] = items[at - 1];
        items[at] = item;
    }
    return CM_OK;
}

static cm_status explore(cm_context *ctx, cm_lane *lane, const cm_database *data, uint64_t item, uint64_t support,
                         uint64_t length, uint64_t depth_number) {
    cm_sink *sink = &lane->sink;
    cm_depth *depth = NULL;
    uint64_t below;
    cm_status status = sink->ticks++ % TICKS ? CM_OK : cm_tick(ctx, "itemsets", 0, 0);
    if (!status) status = cm_lane_depth(ctx, lane, depth_number, data->items, &depth);
    if (status || (sink->how->room && sink->bytes > sink->how->room)) return status;
    count_row(data, item, depth->row);
    if (is_found_elsewhere(data, item, support, depth->row)) return CM_OK;
    sink->room[sink->longest - ++length] = cm_database_name(data, item);
    uint64_t partners = find_partners(sink, data, item, support, depth, &length, &below);
    if (sink->how->which == CM_SETS_CLOSED || !partners) status = put_sorted(ctx, sink, length, support);
    if (status || !below) return status;
    uint64_t cells = 0, all = data->starts[data->transactions];
    for (uint64_t i = 0; i < partners; i++) cells += depth->row[i];
    depth->data.items = partners;
    status = cm_database_condition(ctx, data, item, true, cells < all ? cells : all, 0, below, depth);
    for (uint64_t i = 0; i < below && !status; i++)
        status = explore(ctx, lane, &depth->data, i, depth->row[i], length, depth_number + 1);
    return status;
}

cm_status cm_mine_closed(cm_context *ctx, cm_lane *lane, const cm_database *root, uint64_t item, uint64_t support) {
    return explore(ctx, lane, root, item, support, 0, 0);
}
