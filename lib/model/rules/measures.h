/* What can be said of a rule from four counts. */
#ifndef CM_MODEL_RULES_MEASURES_H
#define CM_MODEL_RULES_MEASURES_H

#include <stdbool.h>
#include <stdint.h>

/* Baskets, or their weights: all of them, those with the antecedent, with the consequent, with both. 0 < both <= left,
 * right <= all, and all below 2^63. */
typedef struct cm_counts {
    uint64_t all, left, right, both;
} cm_counts;

typedef struct cm_measure {
    const char *name;
    double (*of)(const cm_counts *counts); /* finite, or INFINITY: without bound, absent in tables */
    bool rises;                            /* the smallest value is the best */
    bool shown;                            /* always, not only on request */
    bool bounded; /* no rule of at most c baskets, c no more than half of all, is better than that of {all, c, c, c} */
    bool test;    /* of baskets or whole weights alone: with decimals it would depend on their unit */
} cm_measure;

#define CM_MEASURES 19
extern const cm_measure cm_measures[CM_MEASURES];
#define CM_MEASURE_NAMES                                                                                               \
    "count|support|confidence|lift|leverage|conviction|coverage|cosine|jaccard|kulczynski|imbalance_ratio"             \
    "|all_confidence|max_confidence|odds_ratio|phi|chi_squared|certainty_factor|zhang|fisher_p"

/* The measure that most rules are told apart by, where they are made. */
static inline double cm_confidence(uint64_t both, uint64_t left) {
    return (double)both / (double)left;
}

const cm_measure *cm_measure_find(const char *name, uint64_t length); /* NULL: there is none */

#endif
