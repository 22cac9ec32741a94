/* The conditional databases of many items at once. Where the counts of all pairs are known (miner_pairs.c), it is clear
 * beforehand which partners an item has, and one pass through the baskets, in their order, hands each item its part: no
 * basket is looked up by its number. Of an item in few baskets bitmaps of its partners are kept (miner_bits.c), of one
 * with few partners the counts of their combinations (miner_subsets.c), of others what of each basket is frequent with
 * it, two bytes an item.
 *
 * Items are taken in blocks of neighbours, so that what is handed out stays in the cache and within a bound. Cost: a
 * pass a block, and a step for each pair in the baskets. */
#include <string.h>

#include "model/rules/miner.h"

/* Whether an item is to be looked at together with another one; those that all its baskets have are free where sets are
 * only counted. */
static bool is_partner(const cm_mining *how, uint64_t support, uint32_t together, uint64_t *free_items) {
    if (together < how->least) return false;
    if (!cm_counts_free(how) || together < support || *free_items == CM_MOST_FREE) return true;
    ++*free_items;
    return false;
}

/* ---- how much an item takes ---- */

typedef struct need {
    uint64_t partners, map, words, bits, table; /* elements of each */
} need;

#define BIT_BASKETS UINT64_C(4096) /* of more the bitmaps would be mostly empty */

/* Words of a bitmap of an item's baskets; 0: it is to have none, for its baskets are many, or so dense that counting
 * all subsets of some partners at once costs less. */
static uint64_t bit_width(uint64_t support, uint64_t partners, uint64_t cells) {
    bool dense = 4 * cells > support * partners;
    return partners < 3 || support > BIT_BASKETS || dense ? 0 : (support + 63) / 64;
}

static need need_of(const cm_market *market, const cm_mining *how, uint64_t item) {
    const uint32_t *row = market->pairs + cm_pair_row(item);
    uint64_t support = cm_market_frequency(market, item), cells = 0, free_items = 0;
    need one = {0};
    for (uint64_t x = 0; x < item; x++) {
        if (!is_partner(how, support, row[x], &free_items)) continue;
        one.partners++;
        cells += row[x];
    }
    if (one.partners < 2) return one;
    one.map = item;
    one.bits = bit_width(support, one.partners, cells) * (one.partners + 1);
    if (one.bits) return one;
    if (one.partners <= CM_TABLE_BITS)
        one.table = one.partners < 3 ? 8 : UINT64_C(1) << one.partners;
    else
        one.words = cells + cells / 2 + 2; /* at least two items for each length */
    return one;
}

static void add_need(need *sum, const need *one) {
    sum->partners += one->partners;
    sum->map += one->map;
    sum->words += one->words;
    sum->bits += one->bits;
    sum->table += one->table;
}

#define BLOCK_BYTES (UINT64_C(4) << 20)
#define BLOCKS_A_LANE 2 /* more would divide the work more evenly, but each costs a pass */

static uint64_t bytes_of(const need *one) {
    return (one->map + one->words) * sizeof(uint16_t) + (2 * one->partners + one->table) * sizeof(uint32_t)
           + one->bits * sizeof(uint64_t);
}

cm_status cm_blocks_divide(cm_context *ctx, const cm_market *market, const cm_mining *how, uint64_t items,
                           uint64_t lanes, uint64_t *starts, uint64_t *count) {
    uint64_t total = 0, bytes = 0, most = BLOCK_BYTES;
    for (uint64_t item = 0; item < items && lanes > 1; item++) {
        need one = need_of(market, how, item);
        total += bytes_of(&one);
    }
    if (lanes > 1 && total / (BLOCKS_A_LANE * lanes) < most) most = total / (BLOCKS_A_LANE * lanes);
    *count = 0;
    for (uint64_t item = 0; item < items; item++) {
        need one = need_of(market, how, item);
        bytes += bytes_of(&one);
        if (item && bytes <= most) continue;
        starts[(*count)++] = item;
        bytes = bytes_of(&one);
    }
    starts[*count] = items;
    return cm_tick(ctx, "itemsets", 0, 0);
}

/* ---- a block ---- */

static cm_status reserve(cm_context *ctx, cm_block *block, const need *sum) {
    cm_status status = cm_reserve(ctx, &block->items, &block->item_capacity, block->end - block->first,
                                  sizeof *block->items);
    if (!status) status = cm_reserve(ctx, &block->names, &block->name_capacity, sum->partners, sizeof *block->names);
    if (!status) status = cm_reserve(ctx, &block->counts, &block->count_capacity, sum->partners, sizeof *block->counts);
    if (!status) status = cm_reserve(ctx, &block->maps, &block->map_capacity, sum->map, sizeof *block->maps);
    if (!status) status = cm_reserve(ctx, &block->words, &block->word_capacity, sum->words, sizeof *block->words);
    if (!status) status = cm_reserve(ctx, &block->bits, &block->bit_capacity, sum->bits, sizeof *block->bits);
    return status ? status
                  : cm_reserve(ctx, &block->tables, &block->table_capacity, sum->table, sizeof *block->tables);
}

/* The partners of an item, and how the items before it are called among them. */
static void find_partners(const cm_market *market, const cm_mining *how, uint64_t item, cm_projected *one) {
    const uint32_t *row = market->pairs + cm_pair_row(item);
    for (uint64_t x = 0; x < item; x++) {
        bool partner = is_partner(how, one->support, row[x], &one->free_items);
        if (one->to) one->to[x] = 0;
        if (!partner) continue;
        if (one->to) one->to[x] = (uint16_t)(one->table ? 1u << one->partners : one->partners + 1);
        one->names[one->partners] = (uint32_t)x;
        one->counts[one->partners++] = row[x];
    }
}

/* Gives each item of the block its part of the block's room. */
static cm_status open_block(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_block *block) {
    need sum = {0};
    for (uint64_t item = block->first; item < block->end; item++) {
        need one = need_of(market, how, item);
        add_need(&sum, &one);
    }
    cm_status status = reserve(ctx, block, &sum);
    if (status) return status;
    if (sum.table) memset(block->tables, 0, (size_t)sum.table * sizeof *block->tables);
    if (sum.bits) memset(block->bits, 0, (size_t)sum.bits * sizeof *block->bits);
    sum = (need){0};
    for (uint64_t item = block->first; item < block->end; item++) {
        need one = need_of(market, how, item);
        cm_projected *own = &block->items[item - block->first];
        *own = (cm_projected){.support = cm_market_frequency(market, item),
                              .names = block->names + sum.partners,
                              .counts = block->counts + sum.partners,
                              .to = one.map ? block->maps + sum.map : NULL,
                              .table = one.table ? block->tables + sum.table : NULL,
                              .bits = one.bits ? block->bits + sum.bits : NULL,
                              .width = one.bits / (one.partners + 1),
                              .cells = one.words ? block->words + sum.words : NULL};
        own->end = own->cells;
        add_need(&sum, &one);
        find_partners(market, how, item, own);
    }
    return CM_OK;
}

/* ---- the pass ---- */

/* What is no partner has the bits of number 0. */
static void hand_out_bits(cm_projected *one, const uint32_t *items, uint64_t count) {
    uint64_t *word = one->bits + one->baskets / 64, bit = UINT64_C(1) << one->baskets % 64;
    for (uint64_t i = 0; i < count; i++) word[one->to[items[i]] * one->width] |= bit;
    one->baskets++;
}

static void hand_out(cm_projected *one, const uint32_t *items, uint64_t count) {
    if (one->bits) {
        hand_out_bits(one, items, count);
        return;
    }
    if (one->table) {
        uint32_t mask = 0;
        for (uint64_t i = 0; i < count; i++) mask |= one->to[items[i]];
        one->table[mask]++;
        return;
    }
    uint16_t *end = one->end + 1;
    for (uint64_t i = 0; i < count; i++) {
        uint16_t number = one->to[items[i]];
        *end = (uint16_t)(number - 1);
        end += number != 0;
    }
    uint64_t kept = (uint64_t)(end - one->end) - 1;
    if (kept < 2) return;
    *one->end = (uint16_t)kept;
    one->end = end;
}

cm_status cm_block_project(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_block *block) {
    cm_status status = open_block(ctx, market, how, block);
    for (uint64_t basket = 0; basket < market->baskets && !status; basket++) {
        const uint32_t *items = market->items + market->basket_starts[basket];
        uint64_t at = market->basket_starts[basket + 1] - market->basket_starts[basket];
        for (; at > 2 && items[at - 1] >= block->first; at--) {
            if (items[at - 1] >= block->end) continue;
            cm_projected *one = &block->items[items[at - 1] - block->first];
            if (one->to) hand_out(one, items, at - 1);
        }
        if (basket % 4096 == 0) status = cm_tick(ctx, "itemsets", 0, 0);
    }
    return status;
}

void cm_block_close(cm_core *core, cm_block *block) {
    cm_free(core, block->items, block->item_capacity, sizeof *block->items);
    cm_free(core, block->names, block->name_capacity, sizeof *block->names);
    cm_free(core, block->counts, block->count_capacity, sizeof *block->counts);
    cm_free(core, block->maps, block->map_capacity, sizeof *block->maps);
    cm_free(core, block->words, block->word_capacity, sizeof *block->words);
    cm_free(core, block->tables, block->table_capacity, sizeof *block->tables);
    cm_free(core, block->bits, block->bit_capacity, sizeof *block->bits);
}
