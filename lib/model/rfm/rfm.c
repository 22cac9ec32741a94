/* RFM: recency, frequency and monetary value in scores from 1 to n, n the best (A. M. Hughes, Strategic Database
 * Marketing, 1994; J. R. Bult and T. Wansbeek, "Optimal selection for direct mail", Marketing Science 14(4), 1995,
 * doi:10.1287/mksc.14.4.378, for its place among the methods).
 *
 * The idea: each dimension is cut into scores from 1 to n (each dimension its own n), by quantiles, nested quantiles,
 * bands of equal money or at points that are given (cuts.c, fixed.c). Cut j is the worst value with a score of at least
 * j, and a new value has the score of the highest cut not above it, so that equal values always have equal scores.
 * Recency counts by the last day: n is the latest. A table of rules names the cells. Cost: a selection a
 * dimension to fit (cuts.c), a few comparisons a customer to apply; to say what the scores say of all, a sort.
 *
 * Different here: cuts are published as part of the model and score later customers on the same scale; where ties make
 * scores collapse, scores are left out rather than ties split, and the diagnostics say so. */
#include "model/rfm/rfm.h"

#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static const cm_option_spec options[] = {
    {"scores", "5", NULL, "scores a dimension, 1 to this", 2, CM_RFM_MOST, CM_OPTION_INT},
    {"recency_scores", NULL, NULL, "scores of recency, where it has its own number", 2, CM_RFM_MOST, CM_OPTION_INT},
    {"frequency_scores", NULL, NULL, "scores of frequency", 2, CM_RFM_MOST, CM_OPTION_INT},
    {"monetary_scores", NULL, NULL, "scores of money", 2, CM_RFM_MOST, CM_OPTION_INT},
    {"method", "independent", "independent|nested|fixed|pyramid",
     "quantiles; nested: frequency within recency, money within both; as cuts says; bands of equal money", 0, 0,
     CM_OPTION_CHOICE},
    {"cuts", NULL, NULL,
     "for fixed: a table dimension, score, from, to (and within); such as the cuts of another model", 0, 0,
     CM_OPTION_TABLE},
    {"recency_weight", "1", NULL, "weight of recency in the score", 0, 1e6, CM_OPTION_NUMBER},
    {"frequency_weight", "1", NULL, "weight of frequency", 0, 1e6, CM_OPTION_NUMBER},
    {"monetary_weight", "1", NULL, "weight of money", 0, 1e6, CM_OPTION_NUMBER},
    {"segments", NULL, NULL,
     "a table of named segments: segment, r_from, r_to, f_from, f_to, m_from, m_to (absent: any); every cell once", 0,
     0, CM_OPTION_TABLE},
    {"report", "1", NULL, "segments, pyramid and what else is said of all; 0: cuts and scores alone", 0, 0,
     CM_OPTION_SWITCH},
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
    {"scores", "score", "weighted mean of the scores, on the scale of the dimension with the most", CM_FLOAT64, false,
     true},
    {"cuts", "dimension", "recency, frequency or monetary", CM_STRING, true, false},
    {"cuts", "within", "nested: the scores that the cut holds in (5; 53); absent: all", CM_STRING, true, false},
    {"cuts", "score", "from 1 to n", CM_INT64, true, false},
    {"cuts", "from", "smallest value with this score; absent where ties left none", CM_DECIMAL, true, false},
    {"cuts", "to", "largest value with this score", CM_DECIMAL, true, false},
    {"cuts", "customers", "with this score, when it was fitted", CM_INT64, true, false},
    {"diagnostics", "dimension", "recency, frequency or monetary", CM_STRING, true, false},
    {"diagnostics", "within", "nested: the scores that it holds in", CM_STRING, true, false},
    {"diagnostics", "score", "that no customer has", CM_INT64, true, false},
    {"diagnostics", "value", "that its customers would have had; equal values have equal scores", CM_DECIMAL, true,
     false},
    {"diagnostics", "customers", "with this value", CM_INT64, true, false},
    {"diagnostics", "code", "stable", CM_STRING, true, false},
    {"diagnostics", "sentence", "why", CM_STRING, true, false},
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
    {"segments", "customers_before", "who were in it so many days ago (option before_days), by the same cuts", CM_INT64,
     true, true},
    {"segments", "came_back", "share of these who have bought since", CM_FLOAT64, true, true},
    {"segments", "money_since", "that these have brought since", CM_DECIMAL, true, true},
    {"segments", "expected_value", "money since, a customer: what one of the segment brings in so many days",
     CM_FLOAT64, true, true},
    {"pyramid", "top_share", "the best customers by money, as a share of all", CM_FLOAT64, true, true},
    {"pyramid", "customers", "how many these are, rounded up", CM_INT64, true, true},
    {"pyramid", "money", "of these customers; at or below zero it counts as it is", CM_DECIMAL, true, true},
    {"pyramid", "money_share", "of all money", CM_FLOAT64, true, true},
    {"pyramid", "from_money", "least money among them", CM_DECIMAL, true, true},
    {"pyramid", "mean_recency_days", "of these customers", CM_FLOAT64, true, true},
    {"pyramid", "mean_frequency", "of these customers", CM_FLOAT64, true, true},
    {"pyramid", "mean_monetary", "of these customers", CM_FLOAT64, true, true},
    {"pyramid", "main_segment", "the segment that most of them are in", CM_STRING, true, true},
    {"pyramid", "main_segment_share", "how many of them", CM_FLOAT64, true, true},
    {"pyramid", "gini", "of these customers' money: 0 all alike, 1 one has all; in the last row that of all",
     CM_FLOAT64, true, true},
    {"golden", "customer", "of the best monetary score, active, gaps no more irregular than chance (gap_cv at most 1)",
     CM_STRING, true, true},
    {"golden", "segment", "their segment", CM_STRING, true, true},
    {"golden", "recency_days", "days from the last purchase to as-of", CM_INT64, true, true},
    {"golden", "frequency", "invoices", CM_INT64, true, true},
    {"golden", "monetary", "money", CM_DECIMAL, true, true},
    {"golden", "gap_cv", "of the option rhythm", CM_FLOAT64, true, true},
    {"golden", "active_months", "of the option rhythm", CM_INT64, true, true},
    {"golden", "months", "of the option rhythm", CM_INT64, true, true},
    {"migration", "from", "segment so many days ago (option before_days); absent: had not bought", CM_STRING, true,
     true},
    {"migration", "to", "segment now", CM_STRING, true, true},
    {"migration", "customers", "who went this way, or stayed", CM_INT64, true, true},
    {"migration", "share", "of those in `from`", CM_FLOAT64, true, true},
    {"migration", "money_then", "of these customers", CM_DECIMAL, true, true},
    {"migration", "money_now", "of these customers", CM_DECIMAL, true, true},
    {"migration", "money_change", "now less then", CM_DECIMAL, true, true},
    {"changes", "customer", "who moved since", CM_STRING, false, true},
    {"changes", "from", "segment then; absent: had not bought", CM_STRING, false, true},
    {"changes", "to", "segment now", CM_STRING, false, true},
    {"changes", "code", "what caused it, stable, with its values", CM_STRING, false, true},
    {"changes", "sentence", "the same in words", CM_STRING, false, true},
    {"changes", "money_then", "of the customer", CM_DECIMAL, false, true},
    {"changes", "money_now", "of the customer", CM_DECIMAL, false, true},
    {0},
};

static const char *const reason_codes[CM_RFM_DIMENSIONS] = {"RECENCY", "FREQUENCY", "MONETARY"};

/* ---- fit and compile ---- */

static void number_of_scores(const cm_options *set, const cm_topic *topic, int32_t scores[3]) {
    static const char *const names[CM_RFM_DIMENSIONS] = {"recency_scores", "frequency_scores", "monetary_scores"};
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++)
        scores[i] = (int32_t)cm_option_int(set, topic, cm_option_is_set(set, topic, names[i]) ? names[i] : "scores");
}

static bool read_weights(const cm_options *set, const cm_topic *topic, double weights[3]) {
    static const char *const names[CM_RFM_DIMENSIONS] = {"recency_weight", "frequency_weight", "monetary_weight"};
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++) weights[i] = cm_option_number(set, topic, names[i]);
    return weights[0] + weights[1] + weights[2] > 0;
}

static cm_status check_options(cm_context *ctx, const cm_inputs *in, const cm_options *set, const cm_topic *topic) {
    double weights[CM_RFM_DIMENSIONS];
    bool fixed = cm_option_choice(set, topic, "method") == CM_RFM_FIXED,
         given = cm_option_table(set, topic, "cuts") != NULL;
    if (fixed != given) return cm_fail(ctx, CM_E_OPTION, fixed ? "CUTS_ABSENT" : "CUTS_UNUSED", "");
    if (!read_weights(set, topic, weights)) return cm_fail(ctx, CM_E_OPTION, "RFM_WEIGHTS", "");
    return in->rows ? CM_OK : cm_fail(ctx, CM_E_DATA, "RFM_NOBODY", "");
}

static cm_status put_cuts(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model,
                          int32_t scores[3]) {
    const cm_topic *topic = &model->method->topic;
    cm_rfm_way way = (cm_rfm_way)cm_option_choice(set, topic, "method");
    const cm_table *given = cm_option_table(set, topic, "cuts");
    cm_table *cuts = NULL, *diagnostics = NULL;
    number_of_scores(set, topic, scores);
    cm_status status = given ? cm_rfm_take_cuts(ctx, in, given, &cuts, &diagnostics)
                             : cm_rfm_make_cuts(ctx, in, way, scores, &cuts, &diagnostics);
    if (!status) status = cm_model_put(ctx, model, "cuts", cuts);
    if (!status) status = cm_model_put(ctx, model, "diagnostics", diagnostics);
    if (!status && given) status = cm_rfm_count_scores(ctx, cuts, scores);
    cm_table_free(cuts);
    cm_table_free(diagnostics);
    return status;
}

static cm_status fit(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model) {
    const cm_topic *topic = &model->method->topic;
    const cm_table *own = cm_option_table(set, topic, "segments");
    cm_table *rules = NULL;
    int32_t scores[CM_RFM_DIMENSIONS];
    cm_status status = check_options(ctx, in, set, topic);
    if (!status) status = put_cuts(ctx, in, set, model, scores);
    if (!status && own) rules = cm_table_retain(own);
    else if (!status) status = cm_rfm_default_segments(ctx, scores, &rules);
    if (!status) status = cm_model_put(ctx, model, "rules", rules);
    cm_table_free(rules);
    return status;
}

static void discard(cm_core *core, void *compiled) {
    cm_rfm *rfm = compiled;
    cm_arena_free(core, &rfm->texts);
    cm_free(core, rfm, 1, sizeof *rfm);
}

/* "345"; where a dimension has ten scores "3-10-5", as 10 needs two digits. */
static void write_cell_texts(cm_rfm *rfm) {
    const int32_t *n = rfm->shape.scores;
    bool wide = n[0] > 9 || n[1] > 9 || n[2] > 9;
    int32_t at[CM_RFM_DIMENSIONS];
    for (at[0] = 1; at[0] <= n[0]; at[0]++)
        for (at[1] = 1; at[1] <= n[1]; at[1]++)
            for (at[2] = 1; at[2] <= n[2]; at[2]++) {
                char *text = rfm->cell_texts[cm_rfm_cell(&rfm->shape, at)];
                for (int i = 0; i < CM_RFM_DIMENSIONS; i++) {
                    char number[CM_NUMBER_TEXT];
                    if (i && wide) *text++ = '-';
                    uint64_t length = cm_print_int(at[i], number);
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
    if (!status && !read_weights(model->options, &model->method->topic, rfm->weights))
        status = cm_fail(ctx, CM_E_FORMAT, "MODEL_OPTIONS", "s", "rfm");
    if (status) {
        discard(ctx->core, rfm);
        return status;
    }
    write_cell_texts(rfm);
    *compiled = rfm;
    return CM_OK;
}

/* ---- score ---- */

/* How far a score is from the middle of its scale; 2520 is a multiple of every n - 1. */
static int32_t distance(const cm_rfm *rfm, const int32_t scores[3], int i) {
    return abs(2 * scores[i] - rfm->shape.scores[i] - 1) * (2520 / (rfm->shape.scores[i] - 1));
}

/* The dimensions by how far their score is from the middle: what sets this customer apart comes first. */
static void explain(const cm_rfm *rfm, const cm_cell *in, const int32_t scores[3], cm_reasons *why) {
    bool told[CM_RFM_DIMENSIONS] = {false};
    for (int n = 0; n < CM_RFM_DIMENSIONS; n++) {
        int next = -1;
        for (int i = 0; i < CM_RFM_DIMENSIONS; i++)
            if (!told[i] && (next < 0 || distance(rfm, scores, i) > distance(rfm, scores, next))) next = i;
        const cm_cell arguments[] = {in[next], {.type = CM_INT64, .integer = scores[next]},
                                     {.type = CM_INT64, .integer = rfm->shape.scores[next]}};
        told[next] = true;
        cm_reasons_add(why, reason_codes[next], arguments, 3);
    }
}

static cm_cell text_cell(const char *text) {
    return (cm_cell){.type = CM_STRING, .text = text, .length = strlen(text)};
}

static void score(const void *compiled, const cm_cell *in, cm_cell *out, cm_scratch *room, cm_reasons *why) {
    const cm_rfm *rfm = compiled;
    (void)room;
    int64_t values[CM_RFM_DIMENSIONS];
    int32_t scales[CM_RFM_DIMENSIONS], scores[CM_RFM_DIMENSIONS];
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++) {
        values[i] = in[i].integer;
        scales[i] = in[i].scale;
    }
    cm_rfm_scores_of(rfm, values, scales, scores);
    for (int i = 0; i < CM_RFM_DIMENSIONS; i++) out[i] = (cm_cell){.type = CM_INT64, .integer = scores[i]};
    uint64_t cell = cm_rfm_cell(&rfm->shape, scores);
    out[3] = text_cell(rfm->cell_texts[cell]);
    out[4] = text_cell(rfm->segment_names[rfm->segment_of[cell]]);
    out[5] = (cm_cell){.type = CM_FLOAT64, .real = cm_rfm_weighted(rfm, scores)};
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
    .score_rows = cm_rfm_score_rows,
    .text = cm_rfm_text,
    .summarise = cm_rfm_summarise,
};
