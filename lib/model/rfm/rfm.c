/* RFM: recency, frequency and monetary value in scores from 1 to n, n the best (A. M. Hughes, Strategic Database
 * Marketing, 1994; J. R. Bult and T. Wansbeek, "Optimal selection for direct mail", Marketing Science 14(4), 1995,
 * doi:10.1287/mksc.14.4.378, for its place among the methods).
 *
 * The idea: each dimension is cut at quantiles of the customers with a purchase. score(v) = 1 + floor(n #{u < v} / N),
 * so that equal values always have equal scores; cut j is the smallest value with a score of at least j, and a new
 * value has the score of the highest cut not above it. Recency counts by the last day: later is better. A table of
 * rules names the cells. Cost: one sort a dimension to fit, a few comparisons a customer to apply.
 *
 * Different here: cuts are published as part of the model and score later customers on the same scale; where ties make
 * scores collapse, scores are left out rather than ties split. */
#include "model/rfm/rfm.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static const cm_option_spec options[] = {
    {"scores", "5", NULL, "scores a dimension, 1 to this", 2, CM_RFM_MOST, CM_OPTION_INT},
    {"segments", NULL, NULL,
     "a table of named segments: segment, r_from, r_to, f_from, f_to, m_from, m_to (absent: any); every cell once", 0, 0,
     CM_OPTION_TABLE},
    {0},
};

static const cm_input_spec inputs[] = {
    {"recency_days", "recency_days", "days from the last purchase to as-of", CM_INT64},
    {"invoices", "frequency", "invoices of purchases", CM_INT64},
    {"money", "monetary", "money of purchases less refunds", CM_DECIMAL},
    {0},
};

static const cm_output_spec outputs[] = {
    {"scores", "r", "recency score, from 1 to n (the latest)", CM_INT64, false, true},
    {"scores", "f", "frequency score", CM_INT64, false, true},
    {"scores", "m", "monetary score", CM_INT64, false, true},
    {"scores", "rfm", "the three scores as one text", CM_STRING, false, true},
    {"scores", "segment", "the segment of this cell", CM_STRING, false, true},
    {"cuts", "dimension", "recency, frequency or monetary", CM_STRING, true, false},
    {"cuts", "within", "the cell that the cut holds in; absent: all", CM_STRING, true, false},
    {"cuts", "score", "from 1 to n", CM_INT64, true, false},
    {"cuts", "from", "smallest value with this score; absent where ties left none", CM_DECIMAL, true, false},
    {"cuts", "to", "largest value with this score", CM_DECIMAL, true, false},
    {"cuts", "customers", "with this score, when it was fitted", CM_INT64, true, false},
    {"rules", "segment", "name", CM_STRING, true, false},
    {"rules", "r_from", "lowest recency score", CM_INT64, true, false},
    {"rules", "r_to", "highest recency score", CM_INT64, true, false},
    {"rules", "f_from", "lowest frequency score", CM_INT64, true, false},
    {"rules", "f_to", "highest frequency score", CM_INT64, true, false},
    {"rules", "m_from", "lowest monetary score", CM_INT64, true, false},
    {"rules", "m_to", "highest monetary score", CM_INT64, true, false},
    {"segments", "segment", "name", CM_STRING, true, true},
    {"segments", "customers", "in this segment", CM_INT64, true, true},
    {"segments", "share", "of all customers", CM_FLOAT64, true, true},
    {"segments", "money", "of these customers", CM_DECIMAL, true, true},
    {"segments", "money_share", "of all money", CM_FLOAT64, true, true},
    {"segments", "mean_recency_days", "mean days since the last purchase", CM_FLOAT64, true, true},
    {"segments", "median_recency_days", "median days since the last purchase", CM_FLOAT64, true, true},
    {"segments", "mean_frequency", "mean invoices", CM_FLOAT64, true, true},
    {"segments", "median_frequency", "median invoices", CM_FLOAT64, true, true},
    {"segments", "mean_monetary", "mean money", CM_FLOAT64, true, true},
    {"segments", "median_monetary", "median money", CM_FLOAT64, true, true},
    {"pyramid", "top_share", "the best customers by money, as a share of all", CM_FLOAT64, true, true},
    {"pyramid", "customers", "how many these are, rounded up", CM_INT64, true, true},
    {"pyramid", "money", "of these customers; at or below zero it counts as it is", CM_DECIMAL, true, true},
    {"pyramid", "money_share", "of all money", CM_FLOAT64, true, true},
    {"pyramid", "from_money", "least money among them", CM_DECIMAL, true, true},
    {0},
};

static const char *const reason_codes[CM_RFM_DIMENSIONS] = {"RECENCY", "FREQUENCY", "MONETARY"};

/* ---- fit and compile ---- */

static cm_status fit(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model) {
    const cm_topic *topic = &model->method->topic;
    int32_t scores = (int32_t)cm_option_int(set, topic, "scores");
    const cm_table *own = cm_option_table(set, topic, "segments");
    cm_table *cuts = NULL, *rules = own ? cm_table_retain(own) : NULL;
    if (!in->rows) {
        cm_table_free(rules);
        return cm_fail(ctx, CM_E_DATA, "RFM_NOBODY", "");
    }
    cm_status status = cm_rfm_make_cuts(ctx, in, scores, &cuts);
    if (!status && !rules) status = cm_rfm_default_segments(ctx, scores, &rules);
    if (!status) status = cm_model_put(ctx, model, "cuts", cuts);
    if (!status) status = cm_model_put(ctx, model, "rules", rules);
    cm_table_free(cuts);
    cm_table_free(rules);
    return status;
}

static void discard(cm_core *core, void *compiled) {
    cm_rfm *rfm = compiled;
    cm_arena_free(core, &rfm->texts);
    cm_free(core, rfm, 1, sizeof *rfm);
}

/* "345"; with ten scores a dimension "3-10-5", as 10 needs two digits. */
static void write_cell_texts(cm_rfm *rfm) {
    int32_t scores[3];
    for (scores[0] = 1; scores[0] <= rfm->scores; scores[0]++)
        for (scores[1] = 1; scores[1] <= rfm->scores; scores[1]++)
            for (scores[2] = 1; scores[2] <= rfm->scores; scores[2]++) {
                char *text = rfm->cell_texts[cm_rfm_cell(rfm, scores)];
                for (int i = 0; i < 3; i++) {
                    char number[CM_NUMBER_TEXT];
                    if (i && rfm->scores > 9) *text++ = '-';
                    uint64_t length = cm_print_int(scores[i], number);
                    memcpy(text, number, (size_t)length + 1);
                    text += length;
                }
            }
}

static cm_status compile(cm_context *ctx, const cm_model *model, void **compiled) {
    const cm_table *cuts = cm_model_get(model, "cuts"), *rules = cm_model_get(model, "rules");
    if (!cuts || !rules) return cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", cuts ? "rules" : "cuts", "rfm");
    cm_rfm *rfm = cm_alloc(ctx, 1, sizeof *rfm);
    if (!rfm) return ctx->error.status;
    cm_status status = cm_rfm_read_cuts(ctx, cuts, rfm);
    if (!status) status = cm_rfm_read_segments(ctx, rules, rfm);
    if (status) {
        discard(ctx->core, rfm);
        return status;
    }
    write_cell_texts(rfm);
    *compiled = rfm;
    return CM_OK;
}

/* ---- score ---- */

/* a / 10^a_scale at or above b / 10^b_scale, exactly. */
static bool at_least(int64_t a, int32_t a_scale, int64_t b, int32_t b_scale) {
    __extension__ __int128 x = a, y = b;
    for (; a_scale < b_scale; a_scale++) x *= 10;
    for (; b_scale < a_scale; b_scale++) y *= 10;
    return x >= y;
}

int32_t cm_rfm_score_value(const cm_rfm *rfm, int dimension, int64_t value, int32_t scale) {
    int64_t good = cm_rfm_goodness(dimension, value);
    int32_t own = dimension == CM_RFM_MONETARY ? rfm->money_scale : scale;
    for (int32_t j = rfm->scores; j > 1; j--)
        if (rfm->cuts[dimension].used[j] && at_least(good, scale, rfm->cuts[dimension].at[j], own)) return j;
    return 1;
}

/* The dimensions by how far their score is from the middle: what sets this customer apart comes first. */
static void explain(const cm_rfm *rfm, const cm_cell *in, const int32_t scores[3], cm_reasons *why) {
    for (int32_t distance = rfm->scores; distance >= 0; distance--)
        for (int i = 0; i < CM_RFM_DIMENSIONS; i++) {
            if (abs(2 * scores[i] - rfm->scores - 1) != distance) continue;
            const cm_cell arguments[] = {in[i], {.type = CM_INT64, .integer = scores[i]}, {.type = CM_INT64, .integer = rfm->scores}};
            cm_reasons_add(why, reason_codes[i], arguments, 3);
        }
}

static cm_cell text_cell(const char *text) { return (cm_cell){.type = CM_STRING, .text = text, .length = strlen(text)}; }

static void score(const void *compiled, const cm_cell *in, cm_cell *out, cm_scratch *room, cm_reasons *why) {
    const cm_rfm *rfm = compiled;
    (void)room;
    int32_t scores[3];
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++) {
        scores[i] = cm_rfm_score_value(rfm, i, in[i].integer, in[i].scale);
        out[i] = (cm_cell){.type = CM_INT64, .integer = scores[i]};
    }
    uint64_t cell = cm_rfm_cell(rfm, scores);
    out[3] = text_cell(rfm->cell_texts[cell]);
    out[4] = text_cell(rfm->segment_names[rfm->segment_of[cell]]);
    if (why) explain(rfm, in, scores, why);
}

extern const cm_method cm_rfm_method;
const cm_method cm_rfm_method = {
    .topic = {"rfm", "RFM scores and named segments", options},
    .input = CM_INPUT_CUSTOMERS,
    .incomplete = "no purchase",
    .inputs = inputs,
    .outputs = outputs,
    .fit = fit,
    .compile = compile,
    .discard = discard,
    .score = score,
    .summarise = cm_rfm_summarise,
};
