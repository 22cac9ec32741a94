/* Items that are bought together: pairs of items counted, the most similar ones of each, and what they recommend. */
#ifndef CM_MODEL_TOGETHER_H
#define CM_MODEL_TOGETHER_H

#include "model/baskets/market.h"
#include "model/baskets/split.h"

enum { CM_BY_COSINE, CM_BY_JACCARD, CM_BY_LIFT };

/* Which pairs, how their similarity is measured, and how many of an item are kept. */
typedef struct cm_pairing {
    int32_t by;
    double shrink;        /* a similarity counts count / (count + shrink) of itself */
    uint64_t least, most; /* baskets of a pair (their weights); neighbours of an item */
} cm_pairing;

typedef struct cm_neighbour {
    uint32_t item;
    uint64_t count;
    double similarity;
} cm_neighbour;

/* The neighbours of each item of the market, the most similar first. */
typedef struct cm_neighbours {
    cm_neighbour *all;
    uint64_t *starts; /* by item, and the end: items + 1 */
    uint64_t items, capacity;
    uint64_t pairs, joint; /* unordered: different ones that occur, and how often in all */
} cm_neighbours;

/* pairs.c: exact, the same for any number of threads. */
cm_status cm_neighbours_find(cm_context *ctx, cm_market *market, const cm_pairing *how, cm_neighbours *out);
void cm_neighbours_clear(cm_core *core, cm_neighbours *neighbours);

/* The measures of one pair: baskets, or their weights, with both, with either, and all. */
double cm_pair_cosine(uint64_t both, uint64_t a, uint64_t b);
double cm_pair_jaccard(uint64_t both, uint64_t a, uint64_t b);
double cm_pair_lift(uint64_t both, uint64_t a, uint64_t b, uint64_t baskets);

/* recommend.c: the compiled model. */
cm_status cm_together_compile(cm_context *ctx, const cm_model *model, void **compiled);
void cm_together_discard(cm_core *core, void *compiled);
cm_status cm_together_apply(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table **out);

/* Recommending for one basket after the other, to codes of a column's dictionary (as a cm_recommender does). */
typedef struct cm_recommending cm_recommending;
cm_status cm_recommending_open(cm_context *ctx, const void *compiled, const cm_column *column, cm_recommending **out);
void cm_recommending_close(cm_core *core, cm_recommending *own); /* NULL is allowed */
uint64_t cm_recommending_codes(void *self, const int32_t *codes, uint64_t count, uint64_t most, int32_t *out);

#endif
