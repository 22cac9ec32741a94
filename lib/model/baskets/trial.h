/* Recommenders tried on baskets that they were not made from. */
#ifndef CM_MODEL_BASKETS_TRIAL_H
#define CM_MODEL_BASKETS_TRIAL_H

#include "model/method.h"

/* Something that recommends. Items are codes of the dictionary of the baskets' items. Fills at most `most` of `out`,
 * the best first, none of them in the basket; returns how many. */
typedef struct cm_recommender {
    const char *name;
    void *self;
    uint64_t (*recommend)(void *self, const int32_t *codes, uint64_t count, uint64_t most, int32_t *out);
} cm_recommender;

/* The table `evaluation`: one row for each recommender, and one for recommending the most frequent items to everybody.
 * `known` has the `known_count` items that there were to learn from, the most frequent first. From each basket of two
 * items or more a half is hidden, which the other half must bring back: cost O(items) a basket, and what the
 * recommenders take. */
cm_status cm_recommenders_try(cm_context *ctx, const cm_recommender *all, uint64_t count, const cm_inputs *aside,
                              const int32_t *known, uint64_t known_count, uint64_t most, cm_table **out);

#endif
