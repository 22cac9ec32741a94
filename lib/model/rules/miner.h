/* The miner inside: what all ways of mining share. */
#ifndef CM_MODEL_RULES_MINER_H
#define CM_MODEL_RULES_MINER_H

#include "model/rules/rules.h"

/* ---- sets that were found ---- */

/* Appends a set to its level; the caller puts its items, rising, into the room. */
cm_status cm_level_open(cm_context *ctx, cm_level *level, uint64_t length, uint64_t count, uint32_t **items);
/* Appends a set of `length` items (rising) to its level. */
cm_status cm_level_add(cm_context *ctx, cm_level *level, uint64_t length, const uint32_t *items, uint64_t count);
void cm_level_clear(cm_core *core, cm_level *level);
/* Makes sure that there are levels up to this length. */
cm_status cm_itemsets_reserve(cm_context *ctx, cm_itemsets *sets, uint64_t length);
/* Sorts all levels into their order (cm_level). */
cm_status cm_itemsets_sort(cm_context *ctx, cm_itemsets *sets);

#define CM_SET_BYTES(length) ((length) * sizeof(uint32_t) + sizeof(uint64_t))

/* Most items of one set that are counted as free (below). */
#define CM_MOST_FREE 63

/* Where one thread puts what it finds. */
typedef struct cm_sink {
    const cm_mining *how;
    cm_itemsets sets;
    uint64_t bytes;     /* of the sets: CM_SET_BYTES each */
    uint64_t found;     /* sets, those of free items too; UINT64_MAX: at least so many */
    uint32_t *room;     /* the set at hand, from the end: `longest` items; extended downwards, by rarer to frequenter */
    uint64_t longest;   /* items of the largest basket */
    uint64_t *tallies;  /* counting only: sets by free items and length, CM_MOST_FREE + 1 rows of longest + 1. Items
                         * that are free can be added to a set in any combination without changing its count. */
    uint64_t ticks;
    uint64_t (*segments)[3]; /* length, item, sets: what was found of each length with this rarest item */
    uint64_t segment_count, segment_capacity;
} cm_sink;

/* A limit is reached: nothing that is found now counts. */
static inline bool cm_sink_full(const cm_sink *sink) {
    return (sink->how->most && sink->found > sink->how->most) || (sink->how->room && sink->bytes > sink->how->room);
}
/* Looks at the clock now and then; to be asked once a set. */
cm_status cm_sink_tick(cm_context *ctx, cm_sink *sink);

/* Whether items that all baskets of a set have are taken out and counted. */
static inline bool cm_counts_free(const cm_mining *how) {
    return how->count_only && !how->most;
}

/* ---- transactions, in both directions ---- */

/* Transactions of items that rise in each, and where each item occurs. A conditional one has the transactions of some
 * set, without the items that are rare there. */
typedef struct cm_database {
    uint64_t transactions, items;
    uint64_t *starts;            /* of each transaction in `cells`; transactions + 1 */
    uint32_t *cells;
    uint32_t *weights;           /* of the baskets that each stands for; NULL: one basket of weight 1 */
    uint64_t *occurrence_starts; /* of each item in `occurrences`; items + 1 */
    uint32_t *occurrences;       /* transactions of each item, rising */
    uint32_t *names;             /* the market's number of each item; NULL: its own */
} cm_database;

static inline uint32_t cm_database_name(const cm_database *data, uint64_t item) {
    return data->names ? data->names[item] : (uint32_t)item;
}
static inline uint32_t cm_database_weight(const cm_database *data, uint64_t transaction) {
    return data->weights ? data->weights[transaction] : 1;
}
/* `weights`: those of the market as it is wanted here; their sum fits, too. */
cm_database cm_database_of(const cm_market *market, uint64_t items, uint32_t *weights);

/* Room that is used again by all sets of one depth of the search. */
typedef struct cm_depth {
    cm_database data;
    uint64_t starts_capacity, cells_capacity, weights_capacity, occurrence_starts_capacity, occurrences_capacity,
        names_capacity;
    uint32_t *row; /* by item of the database above: baskets it has together with the set at hand; then by partner */
    uint64_t row_capacity;
    uint32_t *partners; /* items of the database above that are frequent here, rising */
    uint64_t partners_capacity;
    uint32_t *to; /* by item of the database above: its number in this one, from 1, or its bit; 0: none */
    uint64_t to_capacity;
    uint32_t *slots; /* hash table of transactions, to merge equal ones; all 0 between uses */
    uint64_t slots_capacity;
    uint64_t *bits; /* in place of a database: which of some baskets each set has (miner_bits.c) */
    uint64_t bits_capacity;
} cm_depth;

/* ---- many conditional databases at once, where the pairs are counted (miner_project.c) ---- */

#define CM_MOST_PAIR_ITEMS UINT64_C(30000) /* numbers of partners have 16 bits */

/* An item and what is frequent together with it. */
typedef struct cm_projected {
    uint64_t support, partners, free_items;
    uint32_t *names, *counts; /* of the partners: the market's numbers, rising; baskets that both are in */
    uint16_t *to;             /* by item before this one: its number among the partners, from 1, or its bit; 0: none */
    uint32_t *table;          /* few partners: baskets by the very combination of them */
    uint64_t *bits, width;    /* few baskets: `width` words of bits for each partner, by its number; number 0: no use */
    uint64_t baskets;         /* that have bits */
    uint16_t *cells, *end;    /* else: of each basket how many partners it has, two or more, then their numbers */
} cm_projected;

/* Neighbours among the items: those of [first, end). */
typedef struct cm_block {
    uint64_t first, end;
    cm_projected *items;
    uint32_t *names, *counts, *tables;
    uint64_t *bits;
    uint16_t *maps, *words;
    uint64_t item_capacity, name_capacity, count_capacity, table_capacity, bit_capacity, map_capacity, word_capacity;
} cm_block;

/* Divides the first `items` into blocks, for so many threads: where each starts, and `items` behind the last. */
cm_status cm_blocks_divide(cm_context *ctx, const cm_market *market, const cm_mining *how, uint64_t items,
                           uint64_t lanes, uint64_t *starts, uint64_t *count);
/* Fills a block whose first and end are set; its room is used again. */
cm_status cm_block_project(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_block *block);
void cm_block_close(cm_core *core, cm_block *block);

/* ---- one thread ---- */

typedef struct cm_lane {
    cm_sink sink;
    cm_depth **depths;
    uint64_t depth_count, depth_capacity;
    uint32_t *table; /* counts of all subsets of the first few items */
    cm_block block;
} cm_lane;

/* The depth's room, for a database above of so many items; row and `to` are not cleared. */
cm_status cm_lane_depth(cm_context *ctx, cm_lane *lane, uint64_t depth, uint64_t items, cm_depth **out);

/* Fills depth->data with the transactions that have `item`, their items renumbered by depth->to, which maps onto
 * `items` ones; `names` are set by the caller. Only transactions that have an item of at least `least_item` among at
 * least two count; of those not in [least_item, end_item) no occurrences are kept. `whole`: also the items behind
 * `item`. `cells` is an upper bound of the cells. */
cm_status cm_database_condition(cm_context *ctx, const cm_database *data, uint64_t item, bool whole, uint64_t cells,
                                uint64_t least_item, uint64_t end_item, cm_depth *depth);

/* The same from a projected item, whose partners' numbers are those of the database. */
cm_status cm_database_project(cm_context *ctx, const cm_projected *one, uint64_t least_item, cm_depth *depth);

/* ---- counts of all subsets of few items ---- */

#define CM_TABLE_BITS 10
/* Bits for each item (0: none) of the transactions that have `item`: table[m] becomes the baskets that have all items
 * of m. */
void cm_subsets_count(const cm_database *data, uint64_t item, const uint32_t *bits, uint64_t bit_count,
                      uint32_t *table);

/* A table of them, of at least eight numbers, with the counts of the very combinations; table[m] becomes the same. */
void cm_subsets_add_up(uint32_t *table, uint64_t bit_count);

/* ---- the searches: all sets whose rarest item is `item`, a market's number ---- */

cm_status cm_mine_frequent(cm_context *ctx, cm_lane *lane, const cm_database *root, uint64_t item, uint64_t support);
cm_status cm_mine_projected(cm_context *ctx, cm_lane *lane, uint64_t item, const cm_projected *one);
/* The same without the item alone, of one that has bits; it ends sink->room. */
cm_status cm_mine_bits(cm_context *ctx, cm_lane *lane, const cm_projected *one);
cm_status cm_mine_closed(cm_context *ctx, cm_lane *lane, const cm_database *root, uint64_t item, uint64_t support);

/* Puts a set of the last `length` items of sink->room, with so many free ones. */
cm_status cm_sink_put(cm_context *ctx, cm_sink *sink, uint64_t length, uint64_t count, uint64_t free_items);

/* ---- whole miners ---- */

cm_status cm_mine_arrays(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_itemsets *out);
cm_status cm_mine_apriori(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_itemsets *out);
cm_status cm_mine_eclat(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_itemsets *out);

/* Candidates of one length (in the order of their first items) and how many baskets have each. */
cm_status cm_candidates_count(cm_context *ctx, const cm_market *market, uint64_t length, cm_level *candidates);

#endif
