/* RFM inside: the compiled model and the parts that the descriptor ties together. */
#ifndef CM_MODEL_RFM_RFM_H
#define CM_MODEL_RFM_RFM_H

#include "model/method.h"

#define CM_RFM_MOST 10 /* scores a dimension */

enum { CM_RFM_RECENCY, CM_RFM_FREQUENCY, CM_RFM_MONETARY, CM_RFM_DIMENSIONS };

/* A model made ready: a cut a score, a segment a cell. Values are compared in "goodness", which rises with the score.
 */
typedef struct cm_rfm {
    int32_t scores; /* n: scores run from 1 to n */
    int32_t money_scale;
    struct {
        int64_t at[CM_RFM_MOST + 1]; /* goodness from which on a value has score j; by j, from 1 */
        bool used[CM_RFM_MOST + 1];  /* false: no value had exactly this score */
    } cuts[CM_RFM_DIMENSIONS];
    uint8_t segment_of[CM_RFM_MOST * CM_RFM_MOST * CM_RFM_MOST]; /* by cell */
    char cell_texts[CM_RFM_MOST * CM_RFM_MOST * CM_RFM_MOST][12];
    uint64_t segment_count;
    char *segment_names[256];
    cm_arena texts;
} cm_rfm;

/* Better is larger: recency is turned round (without overflow), frequency and money stay. */
static inline int64_t cm_rfm_goodness(int dimension, int64_t value) { return dimension == CM_RFM_RECENCY ? ~value : value; }

int32_t cm_rfm_score_value(const cm_rfm *rfm, int dimension, int64_t value, int32_t scale);
static inline uint64_t cm_rfm_cell(const cm_rfm *rfm, const int32_t scores[3]) {
    uint64_t n = (uint64_t)rfm->scores;
    return ((uint64_t)(scores[0] - 1) * n + (uint64_t)(scores[1] - 1)) * n + (uint64_t)(scores[2] - 1);
}

/* cuts.c: the table of cut points from the values, and back. */
cm_status cm_rfm_make_cuts(cm_context *ctx, const cm_inputs *inputs, int32_t scores, cm_table **out);
cm_status cm_rfm_read_cuts(cm_context *ctx, const cm_table *table, cm_rfm *rfm);

/* segments.c: which segment a cell belongs to. */
cm_status cm_rfm_default_segments(cm_context *ctx, int32_t scores, cm_table **out);
cm_status cm_rfm_read_segments(cm_context *ctx, const cm_table *table, cm_rfm *rfm);

/* summary.c: the tables segments and pyramid. */
cm_status cm_rfm_summarise(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores);

#endif
