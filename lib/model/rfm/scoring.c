/* Scores of one customer, and of many: the highest cut that is not above the value. Values and cuts are compared
 * exactly; for many of one scale the cuts are brought to it first. O(scores) a customer. */
#include "model/rfm/rfm.h"

/* a / 10^a_scale at or above b / 10^b_scale, exactly. */
static bool at_least(int64_t a, int32_t a_scale, int64_t b, int32_t b_scale) {
    cm_wide x = a, y = b;
    for (; a_scale < b_scale; a_scale++) x *= 10;
    for (; b_scale < a_scale; b_scale++) y *= 10;
    return x >= y;
}

void cm_rfm_scores_of(const cm_rfm *rfm, const int64_t values[3], const int32_t scales[3], int32_t scores[3]) {
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++) {
        uint64_t place = cm_rfm_place(&rfm->shape, i, scores);
        int64_t good = cm_rfm_goodness(i, values[i]);
        int32_t own = i == CM_RFM_MONETARY ? rfm->money_scale : scales[i], j = rfm->shape.scores[i];
        while (j > 1 && !(rfm->cuts[place].used[j] && at_least(good, scales[i], rfm->cuts[place].at[j], own))) j--;
        scores[i] = j;
    }
}

void cm_rfm_scores_of_row(const cm_rfm *rfm, const cm_inputs *in, uint64_t row, int32_t scores[3]) {
    int64_t values[CM_RFM_DIMENSIONS];
    int32_t scales[CM_RFM_DIMENSIONS];
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++) {
        values[i] = in->columns[i].integers[row];
        scales[i] = in->columns[i].scale;
    }
    cm_rfm_scores_of(rfm, values, scales, scores);
}

/* Each score on the scale of the dimension with the most of them, so that 1 stays the worst and n the best. */
double cm_rfm_weighted(const cm_rfm *rfm, const int32_t scores[3]) {
    double sum = 0, weights = 0;
    int32_t most = 0;
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++)
        if (rfm->shape.scores[i] > most) most = rfm->shape.scores[i];
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++) {
        double score = 1 + (double)((scores[i] - 1) * (most - 1)) / (double)(rfm->shape.scores[i] - 1);
        sum += rfm->weights[i] * score;
        weights += rfm->weights[i];
    }
    return sum / weights;
}

/* ---- many ---- */

/* The cuts of all places at the scale of the values: goodness from which on a value has score j or a better one, so
 * that it never falls with j and a score is a count. */
typedef struct limits {
    int64_t at[CM_RFM_PLACES][CM_RFM_MOST + 1];
    int32_t most[CM_RFM_PLACES]; /* the best score that somebody can have */
} limits;

/* The least value at scale `to` that is not below the cut; false if there is none. */
static bool rescale_up(int64_t cut, int32_t from, int32_t to, int64_t *out) {
    cm_wide value = cut;
    for (; from < to; from++)
        if ((value *= 10) > INT64_MAX) return false;
    for (; from > to; from--) value = value / 10 + (value % 10 > 0);
    if (value > INT64_MAX) return false;
    *out = value < INT64_MIN ? INT64_MIN : (int64_t)value;
    return true;
}

static void find_limits(const cm_rfm *rfm, int32_t money_scale, limits *out) {
    for (int place = 0; place < CM_RFM_PLACES; place++) {
        bool money = place >= 1 + CM_RFM_MOST;
        out->most[place] = 1;
        for (int32_t j = CM_RFM_MOST; j > 1; j--) {
            int64_t at = rfm->cuts[place].at[j], above = j < CM_RFM_MOST ? out->at[place][j + 1] : INT64_MAX;
            bool used = rfm->cuts[place].used[j] && (!money || rescale_up(at, rfm->money_scale, money_scale, &at));
            if (used && out->most[place] == 1) out->most[place] = j;
            out->at[place][j] = used && at < above ? at : above;
        }
    }
}

static inline int32_t score_at(const cm_rfm *rfm, const limits *own, int dimension, const int32_t *before,
                               int64_t value) {
    uint64_t place = cm_rfm_place(&rfm->shape, dimension, before);
    int64_t good = cm_rfm_goodness(dimension, value);
    int32_t score = 1;
    for (int32_t j = 2; j <= own->most[place]; j++) score += good >= own->at[place][j];
    return score;
}

static inline void score_row(const cm_rfm *rfm, const limits *own, const cm_inputs *in, uint64_t row,
                             int32_t scores[3]) {
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++) scores[i] = score_at(rfm, own, i, scores, in->columns[i].integers[row]);
}

void cm_rfm_segments_of(const cm_rfm *rfm, const cm_inputs *in, uint64_t first, uint64_t rows, uint8_t *out) {
    limits own;
    find_limits(rfm, in->columns[CM_RFM_MONETARY].scale, &own);
    for (uint64_t row = 0; row < rows; row++) {
        int32_t scores[CM_RFM_DIMENSIONS];
        score_row(rfm, &own, in, first + row, scores);
        out[row] = rfm->segment_of[cm_rfm_cell(&rfm->shape, scores)];
    }
}

void cm_rfm_score_rows(const void *compiled, const cm_inputs *in, uint64_t first, uint64_t rows, void *const *out) {
    const cm_rfm *rfm = compiled;
    limits own;
    double weights[CM_RFM_CELLS];
    int32_t *cells = out[3], *segments = out[4], at[CM_RFM_DIMENSIONS];
    double *weighted = out[5];
    find_limits(rfm, in->columns[CM_RFM_MONETARY].scale, &own);
    for (at[0] = 1; at[0] <= rfm->shape.scores[0]; at[0]++)
        for (at[1] = 1; at[1] <= rfm->shape.scores[1]; at[1]++)
            for (at[2] = 1; at[2] <= rfm->shape.scores[2]; at[2]++)
                weights[cm_rfm_cell(&rfm->shape, at)] = cm_rfm_weighted(rfm, at);
    for (uint64_t row = 0; row < rows; row++) {
        int32_t scores[CM_RFM_DIMENSIONS];
        score_row(rfm, &own, in, first + row, scores);
        uint64_t cell = cm_rfm_cell(&rfm->shape, scores);
        for (int i = 0; i < CM_RFM_DIMENSIONS; i++) ((int64_t *)out[i])[row] = scores[i];
        cells[row] = (int32_t)cell;
        segments[row] = rfm->segment_of[cell];
        weighted[row] = weights[cell];
    }
}

const char *cm_rfm_text(const void *compiled, uint64_t output, uint64_t code) {
    const cm_rfm *rfm = compiled;
    const int32_t *n = rfm->shape.scores;
    if (output == 4) return code < rfm->segment_count ? rfm->segment_names[code] : NULL;
    return code < (uint64_t)(n[0] * n[1] * n[2]) ? rfm->cell_texts[code] : NULL;
}
