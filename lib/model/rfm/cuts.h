/* What the ways of cutting a dimension into scores share. */
#ifndef CM_MODEL_RFM_CUTS_H
#define CM_MODEL_RFM_CUTS_H

#include "model/rfm/rfm.h"

/* The place in the order of the values, the worst first, where score j from 2 on starts if none are equal: a value has
 * a score of at least j if n #{u < v} / N >= j - 1, so if at least ceil((j - 1) N / n) values are worse. */
static inline uint64_t cm_rfm_first_place(uint64_t count, int32_t scores, int32_t j) {
    uint64_t n = (uint64_t)scores;
    return ((uint64_t)(j - 1) * count + n - 1) / n;
}

/* The customers of one score: the values of the worst and of the best. */
typedef struct cm_rfm_span {
    int64_t worst, best;
    uint64_t customers;
} cm_rfm_span;

/* cuts_select.c: spans by score, from 1. Not complete: a score would be without customers, the spans say nothing. */
cm_status cm_rfm_select_spans(cm_context *ctx, const int64_t *values, int dimension, uint64_t count, int32_t scores,
                              cm_rfm_span *spans, bool *complete);

#endif
