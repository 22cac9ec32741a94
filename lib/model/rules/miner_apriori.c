/* Frequent itemsets by Apriori, the textbook's (R. Agrawal and R. Srikant, "Fast algorithms for mining association
 * rules", Proc. 20th VLDB, 1994, pp. 487-499): those of k items are joined from those of k - 1 that agree in all but
 * the last, pruned by the rule that no part of a frequent set is rare, and counted in one pass through the baskets.
 * Kept as the reference that the faster ways are compared with. While it works, the sets of a level stand in the order
 * of their first items, in the end as everywhere.
 *
 * Different here: pairs need no candidates. The baskets of each item are gone through, and what stands behind it in
 * each is counted in one row, so that pairs never take more memory than there are items. */
#include <string.h>

#include "model/rules/miner.h"

/* Takes a level over, unless it is empty. */
static cm_status put_level(cm_context *ctx, cm_itemsets *sets, cm_level *level) {
    cm_status status = level->count ? cm_itemsets_reserve(ctx, sets, sets->longest + 1) : CM_OK;
    if (status || !level->count) {
        cm_level_clear(ctx->core, level);
        return status;
    }
    sets->levels[sets->longest - 1] = *level;
    sets->total += level->count;
    *level = (cm_level){0};
    return CM_OK;
}

static int compare(const uint32_t *a, const uint32_t *b, uint64_t length) {
    for (uint64_t i = 0; i < length; i++)
        if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
}

/* In the order of first items. */
static uint64_t find(const cm_level *level, uint64_t length, const uint32_t *items) {
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

/* ---- single items and pairs ---- */

static cm_status find_singles(cm_context *ctx, const cm_market *market, uint64_t least, uint64_t *frequent,
                              cm_itemsets *out) {
    cm_level level = {0};
    cm_status status = CM_OK;
    uint64_t item = 0;
    for (; item < market->count && cm_market_frequency(market, item) >= least && !status; item++)
        status = cm_level_add(ctx, &level, 1, &(uint32_t){(uint32_t)item}, cm_market_frequency(market, item));
    *frequent = item;
    if (!status) return put_level(ctx, out, &level);
    cm_level_clear(ctx->core, &level);
    return status;
}

/* Adds up in row[b] the baskets that have `item` and b behind it. `cursors` stand, in each basket, at the first item
 * not before this one. */
static void count_row(const cm_market *market, uint64_t item, uint64_t frequent, uint64_t *cursors, uint64_t *row) {
    memset(row + item, 0, (size_t)(frequent - item) * sizeof *row);
    for (uint64_t i = market->item_starts[item]; i < market->item_starts[item + 1]; i++) {
        uint32_t basket = market->tids[i];
        uint64_t end = market->basket_starts[basket + 1], weight = cm_market_weight(market, basket);
        for (uint64_t at = ++cursors[basket]; at < end && market->items[at] < frequent; at++)
            row[market->items[at]] += weight;
    }
}

static cm_status find_pairs(cm_context *ctx, const cm_market *market, uint64_t least, uint64_t frequent, uint64_t most,
                            cm_itemsets *out) {
    cm_level level = {0};
    cm_status status = CM_OK;
    uint64_t *cursors = cm_alloc(ctx, market->baskets, sizeof *cursors);
    uint64_t *row = cursors ? cm_alloc(ctx, frequent, sizeof *row) : NULL;
    if (!row)
        status = ctx->error.status;
    else
        memcpy(cursors, market->basket_starts, (size_t)market->baskets * sizeof *cursors);
    for (uint64_t item = 0; item < frequent && !status && !out->exceeded; item++) {
        uint32_t own = (uint32_t)item;
        status = cm_tick(ctx, "pairs", item, frequent);
        if (!status) count_row(market, item, frequent, cursors, row);
        for (uint64_t other = item + 1; other < frequent && !status; other++)
            if (row[other] >= least)
                status = cm_level_add(ctx, &level, 2, (const uint32_t[]){own, (uint32_t)other}, row[other]);
        out->exceeded = most && out->total + level.count > most;
    }
    cm_free(ctx->core, row, frequent, sizeof *row);
    cm_free(ctx->core, cursors, market->baskets, sizeof *cursors);
    if (!status) return put_level(ctx, out, &level);
    cm_level_clear(ctx->core, &level);
    return status;
}

/* ---- longer ones ---- */

/* Whether all parts of a candidate are frequent. Without its last and its last but one item it is one of the two it was
 * joined from. */
static bool survives(const cm_level *parts, uint64_t length, const uint32_t *candidate, uint32_t *room) {
    for (uint64_t left_out = 0; left_out + 2 < length; left_out++) {
        for (uint64_t i = 0, n = 0; i < length; i++)
            if (i != left_out) room[n++] = candidate[i];
        if (find(parts, length - 1, room) == UINT64_MAX) return false;
    }
    return true;
}

/* Candidates of `length` items from the frequent sets of one less. */
static cm_status join(cm_context *ctx, const cm_level *parts, uint64_t length, cm_level *out) {
    uint64_t part = length - 1;
    uint32_t *room = cm_alloc(ctx, 2 * length, sizeof *room), *candidate = room + length;
    cm_status status = room ? CM_OK : ctx->error.status;
    for (uint64_t first = 0; first < parts->count && !status; first++) {
        const uint32_t *head = parts->items + first * part;
        status = cm_tick(ctx, "itemsets", first, parts->count);
        for (uint64_t second = first + 1; second < parts->count && !status; second++) {
            const uint32_t *other = parts->items + second * part;
            if (compare(head, other, part - 1) != 0) break;
            memcpy(candidate, head, (size_t)part * sizeof *head);
            candidate[part] = other[part - 1];
            if (survives(parts, length, candidate, room))
                status = cm_level_add(ctx, out, length, candidate, 0);
        }
    }
    cm_free(ctx->core, room, 2 * length, sizeof *room);
    return status;
}

/* Takes out the candidates that are rare. */
static void keep_frequent(cm_level *level, uint64_t length, uint64_t least) {
    uint64_t kept = 0;
    for (uint64_t i = 0; i < level->count; i++) {
        if (level->counts[i] < least) continue;
        if (kept != i)
            memcpy(level->items + kept * length, level->items + i * length, (size_t)length * sizeof *level->items);
        level->counts[kept++] = level->counts[i];
    }
    level->count = kept;
}

static cm_status find_longer(cm_context *ctx, const cm_market *market, uint64_t least, cm_itemsets *out) {
    uint64_t length = out->longest + 1;
    cm_level level = {0};
    cm_status status = join(ctx, &out->levels[length - 2], length, &level);
    if (!status && level.count) status = cm_candidates_count(ctx, market, length, &level);
    if (!status) {
        keep_frequent(&level, length, least);
        return put_level(ctx, out, &level);
    }
    cm_level_clear(ctx->core, &level);
    return status;
}

cm_status cm_mine_apriori(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_itemsets *out) {
    uint64_t frequent, most = how->most;
    cm_status status = find_singles(ctx, market, how->least, &frequent, out);
    out->exceeded = most && out->total > most;
    if (!status && !out->exceeded && frequent > 1 && how->max_length != 1)
        status = find_pairs(ctx, market, how->least, frequent, most, out);
    for (uint64_t length = 3; !status && !out->exceeded && out->longest == length - 1
                              && (!how->max_length || length <= how->max_length);
         length++) {
        status = find_longer(ctx, market, how->least, out);
        out->exceeded = most && out->total > most;
    }
    return status || out->exceeded ? status : cm_itemsets_sort(ctx, out);
}
