/* Sets that were found, by length; the choice of a miner. */
#include <string.h>

#include "base/sort.h"
#include "model/rules/miner.h"

/* ---- levels ---- */

cm_status cm_level_open(cm_context *ctx, cm_level *level, uint64_t length, uint64_t count, uint32_t **items) {
    uint64_t at = level->count * length;
    if (level->count >= UINT32_MAX - 1)
        return cm_fail(ctx, CM_E_LIMIT, "RULES_SETS_LIMIT", "u", (uint64_t)UINT32_MAX - 1);
    if (at + length > level->item_capacity || level->count == level->count_capacity) {
        cm_status status = cm_reserve(ctx, &level->items, &level->item_capacity, at + length, sizeof *level->items);
        if (!status)
            status = cm_reserve(ctx, &level->counts, &level->count_capacity, level->count + 1, sizeof *level->counts);
        if (status) return status;
    }
    level->counts[level->count++] = count;
    *items = level->items + at;
    return CM_OK;
}

cm_status cm_level_add(cm_context *ctx, cm_level *level, uint64_t length, const uint32_t *items, uint64_t count) {
    uint32_t *to = NULL;
    cm_status status = cm_level_open(ctx, level, length, count, &to);
    for (uint64_t i = 0; i < length && !status; i++) to[i] = items[i];
    return status;
}

void cm_level_clear(cm_core *core, cm_level *level) {
    cm_free(core, level->items, level->item_capacity, sizeof *level->items);
    cm_free(core, level->counts, level->count_capacity, sizeof *level->counts);
    *level = (cm_level){0};
}

cm_status cm_itemsets_reserve(cm_context *ctx, cm_itemsets *sets, uint64_t length) {
    cm_status status = cm_reserve(ctx, &sets->levels, &sets->capacity, length, sizeof *sets->levels);
    while (!status && sets->longest < length) sets->levels[sets->longest++] = (cm_level){0};
    return status;
}

void cm_itemsets_clear(cm_core *core, cm_itemsets *sets) {
    for (uint64_t i = 0; i < sets->longest; i++) cm_level_clear(core, &sets->levels[i]);
    cm_free(core, sets->levels, sets->capacity, sizeof *sets->levels);
    *sets = (cm_itemsets){0};
}

/* From the rarest item to the most frequent: the order that the miner finds sets in. */
static int compare(const uint32_t *a, const uint32_t *b, uint64_t length) {
    for (uint64_t i = length; i > 0; i--)
        if (a[i - 1] != b[i - 1]) return a[i - 1] < b[i - 1] ? -1 : 1;
    return 0;
}

uint64_t cm_level_find(const cm_level *level, uint64_t length, const uint32_t *items) {
    uint64_t low = 0, high = level->count;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        int order = compare(level->items + middle * length, items, length);
        if (order == 0) return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return UINT64_MAX;
}

/* Stable passes from the first item to the last, which decides. */
static cm_status sort_level(cm_context *ctx, cm_level *level, uint64_t length) {
    uint64_t count = level->count;
    cm_key *keys = cm_alloc(ctx, count, sizeof *keys);
    cm_level sorted = {.count = count};
    cm_status status = keys ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < count && !status; i++) keys[i].value = i;
    for (uint64_t at = 0; at < length && !status; at++) {
        for (uint64_t i = 0; i < count; i++) keys[i].key = level->items[keys[i].value * length + at];
        status = cm_sort_keys(ctx, keys, count);
    }
    if (!status)
        status = cm_reserve(ctx, &sorted.items, &sorted.item_capacity, count * length, sizeof *sorted.items);
    if (!status) status = cm_reserve(ctx, &sorted.counts, &sorted.count_capacity, count, sizeof *sorted.counts);
    for (uint64_t i = 0; i < count && !status; i++) {
        const uint32_t *from = level->items + keys[i].value * length;
        memcpy(sorted.items + i * length, from, (size_t)length * sizeof *from);
        sorted.counts[i] = level->counts[keys[i].value];
    }
    cm_free(ctx->core, keys, count, sizeof *keys);
    if (status) {
        cm_level_clear(ctx->core, &sorted);
        return status;
    }
    cm_level_clear(ctx->core, level);
    *level = sorted;
    return CM_OK;
}

cm_status cm_itemsets_sort(cm_context *ctx, cm_itemsets *sets) {
    cm_status status = CM_OK;
    for (uint64_t l = 0; l < sets->longest && !status; l++)
        if (sets->levels[l].count > 1) status = sort_level(ctx, &sets->levels[l], l + 1);
    return status;
}

/* ---- closed and maximal ones among the frequent ---- */

/* Marks the sets, those of shorter levels first, that have a superset one longer (in as many baskets: not closed). */
static cm_status mark(cm_context *ctx, const cm_itemsets *sets, int32_t which, uint8_t *marks) {
    uint32_t *room = cm_alloc(ctx, sets->longest, sizeof *room);
    cm_status status = room ? CM_OK : ctx->error.status;
    for (uint64_t length = 2; length <= sets->longest && !status; length++) {
        const cm_level *level = &sets->levels[length - 1], *below = level - 1;
        for (uint64_t i = 0; i < level->count && !status; i++) {
            if (i % 1024 == 0) status = cm_tick(ctx, "itemsets", i, level->count);
            for (uint64_t left_out = 0; left_out < length; left_out++) {
                for (uint64_t at = 0, n = 0; at < length; at++)
                    if (at != left_out) room[n++] = level->items[i * length + at];
                uint64_t part = cm_level_find(below, length - 1, room);
                if (which == CM_SETS_MAXIMAL || below->counts[part] == level->counts[i]) marks[part] = 1;
            }
        }
        marks += below->count;
    }
    cm_free(ctx->core, room, sets->longest, sizeof *room);
    return status;
}

static void keep_unmarked(cm_itemsets *sets, const uint8_t *marks) {
    for (uint64_t l = 0; l < sets->longest; l++) {
        cm_level *level = &sets->levels[l];
        uint64_t kept = 0, length = l + 1;
        for (uint64_t i = 0; i < level->count; i++) {
            if (*marks++) continue;
            memmove(level->items + kept * length, level->items + i * length, (size_t)length * sizeof *level->items);
            level->counts[kept++] = level->counts[i];
        }
        level->count = kept;
    }
}

/* Where all frequent sets are there anyway, or their length is limited, so that what is closed is so among these. */
static cm_status filter(cm_context *ctx, cm_itemsets *sets, int32_t which) {
    uint64_t total = 0;
    for (uint64_t l = 0; l < sets->longest; l++) total += sets->levels[l].count;
    uint8_t *marks = cm_alloc(ctx, total, 1);
    cm_status status = marks ? mark(ctx, sets, which, marks) : ctx->error.status;
    if (!status) keep_unmarked(sets, marks);
    cm_free(ctx->core, marks, total, 1);
    return status;
}

/* ---- the choice ---- */

/* The arrays count in 32 bits: weights that add up to more are left to eclat, which adds them up in 64. */
int32_t cm_mining_algorithm(const cm_market *market, const cm_mining *how) {
    return how->algorithm == CM_MINE_AUTO && market->total > UINT32_MAX ? CM_MINE_ECLAT : how->algorithm;
}

/* Whether the sets have to be sought among all frequent ones. */
static bool needs_filter(const cm_mining *how) {
    return how->which != CM_SETS_FREQUENT && (how->max_length || how->algorithm != CM_MINE_AUTO);
}

cm_status cm_itemsets_prepare(cm_context *ctx, cm_market *market, const cm_mining *how) {
    bool pairs = how->algorithm == CM_MINE_AUTO && !market->weights /* pairs are counted, not weighed */
                 && (how->which == CM_SETS_FREQUENT || needs_filter(how));
    cm_status status = pairs ? cm_market_count_pairs(ctx, market) : CM_OK;
    if (!status && (!pairs || market->pair_items < market->count)) status = cm_market_turn(ctx, market);
    return status;
}

static void drop_empty(cm_itemsets *sets) {
    sets->total = 0;
    for (uint64_t l = 0; l < sets->longest; l++) sets->total += sets->levels[l].count;
    while (sets->longest && !sets->levels[sets->longest - 1].count) sets->longest--;
}

cm_status cm_itemsets_find(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_itemsets *out) {
    static cm_status (*const miners[])(cm_context *, const cm_market *, const cm_mining *, cm_itemsets *) = {
        cm_mine_arrays, cm_mine_apriori, cm_mine_eclat};
    cm_mining inner = *how;
    *out = (cm_itemsets){0};
    inner.algorithm = cm_mining_algorithm(market, how);
    bool filters = needs_filter(&inner);
    if (filters) {
        inner.which = CM_SETS_FREQUENT;
        inner.count_only = false;
    }
    cm_status status = miners[inner.algorithm](ctx, market, &inner, out);
    if (!status && filters) status = filter(ctx, out, how->which);
    if (!status) drop_empty(out);
    if (!status && out->total >= UINT32_MAX && !how->count_only)
        status = cm_fail(ctx, CM_E_LIMIT, "RULES_SETS_LIMIT", "u", (uint64_t)UINT32_MAX - 1);
    if (status) cm_itemsets_clear(ctx->core, out);
    return status;
}
