/* Conditional databases: the transactions that have some item, without what is rare there. */
#include <string.h>

#include "model/rules/miner.h"

cm_database cm_database_of(const cm_market *market, uint64_t items, uint32_t *weights) {
    return (cm_database){.transactions = market->baskets,
                         .items = items,
                         .starts = market->basket_starts,
                         .cells = market->items,
                         .weights = weights,
                         .occurrence_starts = market->item_starts,
                         .occurrences = market->tids};
}

cm_status cm_lane_depth(cm_context *ctx, cm_lane *lane, uint64_t depth, uint64_t items, cm_depth **out) {
    cm_status status = cm_reserve(ctx, &lane->depths, &lane->depth_capacity, depth + 1, sizeof *lane->depths);
    if (!status && depth == lane->depth_count) {
        lane->depths[depth] = cm_alloc(ctx, 1, sizeof **lane->depths);
        if (!lane->depths[depth]) return ctx->error.status;
        lane->depth_count++;
    }
    if (status) return status;
    cm_depth *own = lane->depths[depth];
    status = cm_reserve(ctx, &own->row, &own->row_capacity, items, sizeof *own->row);
    if (!status) status = cm_reserve(ctx, &own->partners, &own->partners_capacity, items, sizeof *own->partners);
    if (!status) status = cm_reserve(ctx, &own->to, &own->to_capacity, items, sizeof *own->to);
    if (!status) status = cm_reserve(ctx, &own->data.names, &own->names_capacity, items, sizeof *own->data.names);
    *out = own;
    return status;
}

static cm_status reserve(cm_context *ctx, cm_depth *depth, uint64_t transactions, uint64_t cells, uint64_t items) {
    cm_database *data = &depth->data;
    cm_status status = cm_reserve(ctx, &data->starts, &depth->starts_capacity, transactions + 1, sizeof *data->starts);
    if (!status)
        status = cm_reserve(ctx, &data->weights, &depth->weights_capacity, transactions, sizeof *data->weights);
    if (!status) status = cm_reserve(ctx, &data->cells, &depth->cells_capacity, cells, sizeof *data->cells);
    if (!status)
        status = cm_reserve(ctx, &data->occurrence_starts, &depth->occurrence_starts_capacity, items + 2,
                            sizeof *data->occurrence_starts);
    return status;
}

/* ---- equal transactions ---- */

#define MERGE_LEAST 16 /* fewer are not worth it */

/* A table that no transaction fills by more than half; none where the data are sparse: equal ones are rare there. */
static cm_status open_slots(cm_context *ctx, cm_depth *depth, uint64_t transactions, uint64_t cells, uint64_t items,
                            uint64_t *mask) {
    *mask = 0;
    if (transactions < MERGE_LEAST || cells < transactions * items / 4) return CM_OK;
    uint64_t count = 32, before = depth->slots_capacity;
    while (count < 2 * transactions) count *= 2;
    cm_status status = cm_reserve(ctx, &depth->slots, &depth->slots_capacity, count, sizeof *depth->slots);
    if (status) return status;
    if (depth->slots_capacity > before)
        memset(depth->slots, 0, (size_t)depth->slots_capacity * sizeof *depth->slots);
    *mask = count - 1;
    return CM_OK;
}

static uint64_t hash_cells(const uint32_t *cells, uint64_t count) {
    uint64_t hash = count;
    for (uint64_t i = 0; i < count; i++) hash = (hash ^ cells[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Whether the transaction behind the last one, cells [start, end), is there already: that one gets its weight, too. */
static bool merge(cm_depth *depth, uint64_t mask, uint64_t start, uint64_t end, uint32_t weight) {
    cm_database *data = &depth->data;
    uint64_t at = hash_cells(data->cells + start, end - start) & mask;
    for (; depth->slots[at]; at = (at + 1) & mask) {
        uint32_t other = depth->slots[at] - 1;
        uint64_t from = data->starts[other], length = data->starts[other + 1] - from;
        if (length != end - start
            || memcmp(data->cells + from, data->cells + start, (size_t)length * sizeof *data->cells) != 0)
            continue;
        data->weights[other] += weight;
        return true;
    }
    depth->slots[at] = (uint32_t)data->transactions + 1;
    return false;
}

/* ---- occurrences ---- */

static cm_status deliver(cm_context *ctx, cm_depth *depth, uint64_t first, uint64_t end) {
    cm_database *data = &depth->data;
    uint64_t *ends = data->occurrence_starts + 1; /* ends[i] moves from the start of item i to its end */
    memset(data->occurrence_starts, 0, (size_t)(data->items + 2) * sizeof *data->occurrence_starts);
    for (uint64_t i = 0; i < data->starts[data->transactions]; i++) data->occurrence_starts[data->cells[i] + 2]++;
    for (uint64_t item = 0; item < data->items; item++)
        ends[item + 1] = ends[item] + (item >= first && item < end ? ends[item + 1] : 0);
    cm_status status = cm_reserve(ctx, &data->occurrences, &depth->occurrences_capacity, ends[data->items],
                                  sizeof *data->occurrences);
    if (status) return status;
    for (uint64_t t = 0; t < data->transactions; t++)
        for (uint64_t i = data->starts[t]; i < data->starts[t + 1]; i++) {
            uint32_t item = data->cells[i];
            if (item >= first && item < end) data->occurrences[ends[item]++] = (uint32_t)t;
        }
    return CM_OK;
}

static void start(cm_depth *depth) {
    depth->data.transactions = 0;
    depth->data.starts[0] = 0;
}

/* Ends the transaction of the cells behind the last one's, unless there is one like it. Returns where cells end. */
static uint64_t end_transaction(cm_depth *depth, uint64_t mask, uint64_t end, uint32_t weight) {
    cm_database *data = &depth->data;
    uint64_t begin = data->starts[data->transactions];
    if (mask && merge(depth, mask, begin, end, weight)) return begin;
    data->weights[data->transactions] = weight;
    data->starts[++data->transactions] = end;
    return end;
}

static cm_status finish(cm_context *ctx, cm_depth *depth, uint64_t mask, uint64_t first, uint64_t end) {
    if (mask) memset(depth->slots, 0, (size_t)(mask + 1) * sizeof *depth->slots);
    return deliver(ctx, depth, first, end);
}

cm_status cm_database_project(cm_context *ctx, const cm_projected *one, uint64_t least_item, cm_depth *depth) {
    cm_database *to = &depth->data;
    uint64_t transactions = 0, cells = 0, used = 0, mask = 0;
    for (const uint16_t *at = one->cells; at < one->end; at += at[0] + 1) {
        transactions++;
        cells += at[0];
    }
    cm_status status = reserve(ctx, depth, transactions, cells + 1, to->items);
    if (!status) status = open_slots(ctx, depth, transactions, cells, to->items, &mask);
    if (status) return status;
    start(depth);
    for (const uint16_t *at = one->cells; at < one->end; at += at[0] + 1) {
        if (at[at[0]] < least_item) continue;
        for (uint64_t i = 1; i <= at[0]; i++) to->cells[used++] = at[i];
        used = end_transaction(depth, mask, used, 1);
    }
    return finish(ctx, depth, mask, least_item, to->items);
}

cm_status cm_database_condition(cm_context *ctx, const cm_database *data, uint64_t item, bool whole, uint64_t cells,
                                uint64_t least_item, uint64_t end_item, cm_depth *depth) {
    cm_database *to = &depth->data;
    uint64_t from = data->occurrence_starts[item], end = data->occurrence_starts[item + 1], used = 0, mask = 0;
    cm_status status = reserve(ctx, depth, end - from, cells + 1, to->items);
    if (!status) status = open_slots(ctx, depth, end - from, cells, to->items, &mask);
    if (status) return status;
    start(depth);
    for (uint64_t i = from; i < end; i++) {
        uint32_t t = data->occurrences[i];
        uint64_t begin = used, last = data->starts[t + 1], limit = whole ? data->items : item;
        bool counts = false;
        for (uint64_t at = data->starts[t]; at < last && data->cells[at] < limit; at++) {
            uint32_t number = depth->to[data->cells[at]];
            to->cells[used] = number - 1;
            used += number != 0;
            counts |= number > least_item && number <= end_item;
        }
        if (counts && used - begin >= 2)
            used = end_transaction(depth, mask, used, cm_database_weight(data, t));
        else
            used = begin;
    }
    return finish(ctx, depth, mask, least_item, end_item);
}
