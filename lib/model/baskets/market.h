/* Baskets as methods count in them: items numbered by how often they occur, in both directions. */
#ifndef CM_MODEL_BASKETS_MARKET_H
#define CM_MODEL_BASKETS_MARKET_H

#include "model/method.h"
#include "table/repeats.h"
#include "table/sheet.h"

#define CM_MARKET_ITEM 1  /* the item is looked at */
#define CM_MARKET_LEFT 2  /* it may stand in an antecedent */
#define CM_MARKET_RIGHT 4 /* it may be a consequent */

/* The items that occur often enough, numbered by falling frequency (ties in byte order), and the baskets in both
 * directions. The items that are frequent at any higher count are the first so many, so that a basket trimmed to them
 * is the beginning of its list. */
typedef struct cm_market {
    const cm_column *column; /* borrowed; LIST */
    const cm_table *table;   /* what the baskets come from; borrowed */
    const uint64_t *rows;    /* of each basket in the table; borrowed */
    uint64_t baskets;
    uint64_t *weights;       /* of each basket, above 0, in units of which `unit` make one; NULL: all have 1 */
    uint64_t total;          /* of the weights */
    uint64_t lightest;       /* of the weights */
    uint64_t unit;           /* 10^scale */
    int32_t scale;           /* decimal places of the weights */
    uint64_t distinct;       /* items looked at, the rare ones too */
    cm_repeats repeats;      /* items that a basket of the table has more than once */
    uint64_t count;          /* items numbered */
    int32_t *codes;          /* of the dictionary, by item */
    uint32_t *places;        /* in byte order of the texts, by item */
    uint8_t *flags;          /* by item */
    uint64_t *supports;      /* weights of the baskets of each item, falling */
    uint64_t *item_starts;   /* count + 1 */
    uint32_t *tids;          /* baskets of each item, rising; NULL before cm_market_turn */
    uint64_t *basket_starts; /* baskets + 1 */
    uint32_t *items;         /* of each basket, rising */
    int32_t *code_places;    /* in byte order, by code */
    uint8_t *code_flags;     /* by code */
    uint64_t pair_items;     /* so many of the first items have counts of pairs */
    uint32_t *pairs;         /* baskets that have items i > j: [cm_pair_row(i) + j]; NULL: not counted */
} cm_market;

/* What the options say of items, and how often each occurs; then the items of at least `least` baskets, or weights of
 * baskets, by basket; the baskets by item (tids); the baskets of pairs. */
cm_status cm_market_open(cm_context *ctx, const cm_inputs *inputs, const cm_options *options, const cm_topic *topic,
                         cm_market *out);
/* The weights of the baskets, of a column of their table (weights.c): before all else. NULL: 1 each. */
cm_status cm_market_weigh(cm_context *ctx, cm_market *market, const char *column);
cm_status cm_market_index(cm_context *ctx, cm_market *market, uint64_t least);
cm_status cm_market_turn(cm_context *ctx, cm_market *market); /* does nothing where it is done */
cm_status cm_market_count_pairs(cm_context *ctx, cm_market *market);
/* The triangle of the first `items` items, in new memory: cm_pair_row(items) counts. */
cm_status cm_market_pairs(cm_context *ctx, const cm_market *market, uint64_t items, uint32_t **out);
void cm_market_close(cm_core *core, cm_market *market);
static inline uint64_t cm_market_frequency(const cm_market *market, uint64_t item) {
    return market->supports[item];
}
static inline uint64_t cm_pair_row(uint64_t item) {
    return item * (item - (item > 0)) / 2;
}

static inline uint64_t cm_market_occurrences(const cm_market *market, uint64_t item) { /* baskets that have it */
    return market->item_starts[item + 1] - market->item_starts[item];
}
static inline uint64_t cm_market_weight(const cm_market *market, uint64_t basket) {
    return market->weights ? market->weights[basket] : 1;
}
/* A column of counts: INT64, or DECIMAL where the weights have decimals. */
static inline int32_t cm_counts_type(const cm_market *market) { return market->scale ? CM_DECIMAL : CM_INT64; }
cm_status cm_counts_column(cm_context *ctx, cm_sheet *sheet, const char *name, const cm_market *market,
                           int64_t **counts);
/* The weights of so many baskets. */
uint64_t cm_market_sum(const cm_market *market, const uint32_t *baskets, uint64_t count);

/* The first so many items occur in at least `least` baskets (weights of baskets). */
uint64_t cm_market_frequent(const cm_market *market, uint64_t least);

#endif
