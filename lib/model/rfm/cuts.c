/* Cut points from values: quantiles of all, quantiles within the scores before them, or bands of equal money.
 *
 * The idea: a group of customers is sorted by one dimension, the worst first, and cut into runs, one a score.
 * Quantiles (independent, and nested as in A. M. Hughes, Strategic Database Marketing, 1994: recency over all,
 * frequency within each recency score, money within those): score(v) = 1 + floor(n #{u < v} / N). Bands of equal money
 * (pyramid): score(v) = n - floor(n M(u > v) / M), M the money of the customers, nothing counting where it is below
 * zero; the best always have score n, and each band brings about M / n.
 *
 * Different here: equal values always have one score, whatever becomes of the sizes; where that leaves a score without
 * customers, the table of diagnostics says which and why. Cost: a sort a dimension. */
#include <string.h>

#include "base/number.h"
#include "base/sort.h"
#include "model/rfm/rfm.h"


const char *const cm_rfm_dimension_names[CM_RFM_DIMENSIONS] = {"recency", "frequency", "monetary"};

typedef struct cutting {
    const cm_inputs *inputs;
    cm_rfm_way way;
    cm_rfm_bands *bands;
    cm_key *keys; /* the rows, sorted group by group */
    cm_builder *diagnostics;
} cutting;

/* starts[j]: how many of a sorted group have a score below j: the place where score j starts; j from 1 to n + 1. A
 * value has a score of at least j if n #{u < v} / N >= j - 1, so if at least ceil((j - 1) N / n) values are smaller. */
static void cut_by_count(const cm_key *sorted, uint64_t count, int32_t scores, uint64_t *starts) {
    uint64_t n = (uint64_t)scores;
    for (uint64_t j = 2; j <= n; j++) {
        uint64_t start = ((j - 1) * count + n - 1) / n;
        while (start < count && start > 0 && sorted[start].key == sorted[start - 1].key) start++; /* ties stay below */
        starts[j] = start;
    }
}

static int64_t weight_of(const cm_inputs *inputs, uint64_t row) {
    int64_t money = inputs->columns[CM_RFM_MONETARY].integers[row];
    return money > 0 ? money : 0;
}

/* From the best down: the score falls with the money of those above. Ties share what is above them. */
static void cut_by_money(const cm_inputs *inputs, const cm_key *sorted, uint64_t count, int32_t scores,
                         uint64_t *starts) {
    cm_wide all = 0, above = 0;
    for (uint64_t i = 0; i < count; i++) all += weight_of(inputs, sorted[i].value);
    for (int32_t j = 2; j <= scores; j++) starts[j] = count;
    for (uint64_t end = count, first; end > 0; end = first) {
        cm_wide score = scores - (all > 0 ? scores * above / all : 0);
        for (first = end; first > 0 && sorted[first - 1].key == sorted[end - 1].key; first--)
            above += weight_of(inputs, sorted[first - 1].value);
        for (int32_t j = 2; j <= score; j++) starts[j] = first;
    }
}

static cm_status set_end(cm_context *ctx, const cutting *work, int dimension, uint64_t at, int64_t *out, bool *has) {
    int64_t value = work->inputs->columns[dimension].integers[work->keys[at].value];
    *has = true;
    if (!cm_rescale_overflows(value, work->inputs->columns[dimension].scale, work->bands->scale, out)) return CM_OK;
    return cm_fail(ctx, CM_E_OVERFLOW, "RFM_RANGE", "s", cm_rfm_dimension_names[dimension]);
}

/* What a score spans, from the sorted customers that have it; the first of them is the worst. */
static cm_status set_band(cm_context *ctx, cutting *work, int dimension, struct cm_rfm_band *band, uint64_t start,
                          uint64_t end) {
    band->customers = end - start;
    if (end == start) return CM_OK;
    bool turned = dimension == CM_RFM_RECENCY;
    cm_status status = set_end(ctx, work, dimension, turned ? end - 1 : start, &band->from, &band->has_from);
    return status ? status : set_end(ctx, work, dimension, turned ? start : end - 1, &band->to, &band->has_to);
}

/* Why score j is not there: the run of equal values that its customers would have come from. `at` is where it would
 * start. */
static cm_status add_gap(cm_context *ctx, cutting *work, cm_rfm_gap *gap, const cm_key *sorted, uint64_t count,
                         uint64_t at) {
    uint64_t one = work->way == CM_RFM_PYRAMID ? at : at - 1, first = one, end = one + 1;
    while (first > 0 && sorted[first - 1].key == sorted[one].key) first--;
    while (end < count && sorted[end].key == sorted[one].key) end++;
    gap->value = work->inputs->columns[gap->dimension].integers[sorted[one].value];
    gap->customers = end - first;
    gap->code = gap->distinct < (uint64_t)gap->of ? "RFM_FEW"
                : work->way == CM_RFM_PYRAMID     ? "RFM_MONEY_TIES"
                                                  : "RFM_TIES";
    return cm_rfm_add_gap(ctx, work->diagnostics, work->bands->scale, gap);
}

static cm_status add_gaps(cm_context *ctx, cutting *work, int dimension, const int32_t *before, const cm_key *sorted,
                          uint64_t count, const uint64_t *starts) {
    char within[CM_RFM_WITHIN];
    int32_t n = work->bands->shape.scores[dimension];
    cm_rfm_gap gap = {
        .dimension = dimension, .within = within, .of = n, .scale = work->inputs->columns[dimension].scale};
    cm_rfm_write_within(&work->bands->shape, dimension, before, within);
    for (uint64_t i = 0; i < count; i++) gap.distinct += i == 0 || sorted[i].key != sorted[i - 1].key;
    cm_status status = CM_OK;
    for (gap.score = 1; gap.score <= n && !status; gap.score++)
        if (starts[gap.score] == starts[gap.score + 1])
            status = add_gap(ctx, work, &gap, sorted, count, starts[gap.score]);
    return status;
}

/* Cuts the customers keys[first] .. keys[end - 1] by one dimension and, nested, each part of them by the next. */
static cm_status cut_group(cm_context *ctx, cutting *work, int dimension, int32_t *before, uint64_t first,
                           uint64_t end) {
    const cm_rfm_shape *shape = &work->bands->shape;
    uint64_t starts[CM_RFM_MOST + 2] = {0}, place = cm_rfm_place(shape, dimension, before), count = end - first;
    int32_t n = shape->scores[dimension];
    cm_key *keys = work->keys + first;
    for (uint64_t i = 0; i < count; i++)
        keys[i].key =
            cm_key_of_int(cm_rfm_goodness(dimension, work->inputs->columns[dimension].integers[keys[i].value]));
    cm_status status = cm_sort_keys(ctx, keys, count);
    if (status) return status;
    if (work->way == CM_RFM_PYRAMID) cut_by_money(work->inputs, keys, count, n, starts);
    else cut_by_count(keys, count, n, starts);
    starts[n + 1] = count;
    work->bands->places[place].used = true;
    for (int32_t j = 1; j <= n && !status; j++)
        status =
            set_band(ctx, work, dimension, &work->bands->places[place].of[j], first + starts[j], first + starts[j + 1]);
    if (!status) status = add_gaps(ctx, work, dimension, before, keys, count, starts);
    if (!shape->nested || dimension == CM_RFM_MONETARY) return status;
    for (int32_t j = 1; j <= n && !status; j++) {
        before[dimension] = j;
        if (starts[j + 1] > starts[j])
            status = cut_group(ctx, work, dimension + 1, before, first + starts[j], first + starts[j + 1]);
    }
    return status;
}

static cm_status cut_all(cm_context *ctx, cutting *work) {
    int32_t before[CM_RFM_DIMENSIONS] = {0};
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < work->inputs->rows; i++) work->keys[i].value = i;
    for (int i = 0; i < (work->bands->shape.nested ? 1 : CM_RFM_DIMENSIONS) && !status; i++)
        status = cut_group(ctx, work, i, before, 0, work->inputs->rows);
    return status;
}

cm_status cm_rfm_make_cuts(cm_context *ctx, const cm_inputs *inputs, cm_rfm_way way, const int32_t scores[3],
                           cm_table **cuts, cm_table **diagnostics) {
    cutting work = {.inputs = inputs, .way = way};
    int32_t scale = inputs->columns[CM_RFM_MONETARY].scale;
    work.bands = cm_alloc(ctx, 1, sizeof *work.bands);
    work.keys = work.bands ? cm_alloc(ctx, inputs->rows, sizeof *work.keys) : NULL;
    cm_status status = work.keys ? cm_rfm_diagnostics_new(ctx, scale, &work.diagnostics) : ctx->error.status;
    if (!status) {
        memcpy(work.bands->shape.scores, scores, sizeof work.bands->shape.scores);
        work.bands->shape.nested = way == CM_RFM_NESTED;
        work.bands->scale = scale;
        status = cut_all(ctx, &work);
    }
    if (!status) status = cm_rfm_build_cuts(ctx, work.bands, cuts);
    if (!status) status = cm_builder_finish(ctx, work.diagnostics, diagnostics);
    cm_builder_free(work.diagnostics);
    cm_free(ctx->core, work.keys, inputs->rows, sizeof *work.keys);
    cm_free(ctx->core, work.bands, 1, sizeof *work.bands);
    return status;
}
