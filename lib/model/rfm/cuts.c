/* Cut points from values: quantiles of all, quantiles within the scores before them, or bands of equal money.
 *
 * The idea: a group of customers in the order of one dimension, the worst first, is cut into runs, one a score.
 * Quantiles (independent, and nested as in A. M. Hughes, Strategic Database Marketing, 1994: recency over all,
 * frequency within each recency score, money within those): score(v) = 1 + floor(n #{u < v} / N). Bands of equal money
 * (pyramid): score(v) = n - floor(n M(u > v) / M), M the money of the customers, nothing counting where it is below
 * zero; the best always have score n, and each band brings about M / n.
 *
 * Different here: equal values always have one score, whatever becomes of the sizes; where that leaves a score without
 * customers, the table of diagnostics says which and why. Cost: quantiles of all are selected (cuts_select.c); a sort a
 * dimension otherwise, and where scores are left without customers. */
#include <string.h>

#include "base/number.h"
#include "base/sort.h"
#include "base/threads.h"
#include "model/rfm/cuts.h"

const char *const cm_rfm_dimension_names[CM_RFM_DIMENSIONS] = {"recency", "frequency", "monetary"};

/* One dimension being cut, or all of them, one within the other. */
typedef struct cutting {
    const cm_inputs *inputs;
    cm_rfm_way way;
    cm_rfm_bands *bands;
    cm_key *keys; /* the rows, sorted group by group */
    cm_rfm_gap *gaps;
    uint64_t gap_count, gap_capacity;
} cutting;

/* starts[j]: how many of a sorted group have a score below j: the place where score j starts; j from 1 to n + 1. */
static void cut_by_count(const cm_key *sorted, uint64_t count, int32_t scores, uint64_t *starts) {
    for (int32_t j = 2; j <= scores; j++) {
        uint64_t start = cm_rfm_first_place(count, scores, j);
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

static cm_status set_end(cm_context *ctx, const cutting *work, int dimension, int64_t value, int64_t *out, bool *has) {
    *has = true;
    if (!cm_rescale_overflows(value, work->inputs->columns[dimension].scale, work->bands->scale, out)) return CM_OK;
    return cm_fail(ctx, CM_E_OVERFLOW, "RFM_RANGE", "s", cm_rfm_dimension_names[dimension]);
}

static cm_status set_band(cm_context *ctx, const cutting *work, int dimension, const cm_rfm_span *span,
                          struct cm_rfm_band *band) {
    bool turned = dimension == CM_RFM_RECENCY;
    band->customers = span->customers;
    if (!span->customers) return CM_OK;
    cm_status status =
        set_end(ctx, work, dimension, turned ? span->best : span->worst, &band->from, &band->has_from);
    return status ? status : set_end(ctx, work, dimension, turned ? span->worst : span->best, &band->to, &band->has_to);
}

/* The bands of a place, from the spans of its scores. */
static cm_status set_bands(cm_context *ctx, const cutting *work, int dimension, const int32_t *before,
                           const cm_rfm_span *spans) {
    const cm_rfm_shape *shape = &work->bands->shape;
    uint64_t place = cm_rfm_place(shape, dimension, before);
    cm_status status = CM_OK;
    work->bands->places[place].used = true;
    for (int32_t j = 1; j <= shape->scores[dimension] && !status; j++)
        status = set_band(ctx, work, dimension, &spans[j], &work->bands->places[place].of[j]);
    return status;
}

/* What a score spans, from the sorted customers that have it. */
static cm_rfm_span span_of(const cutting *work, int dimension, uint64_t start, uint64_t end) {
    const int64_t *values = work->inputs->columns[dimension].integers;
    if (start == end) return (cm_rfm_span){0};
    return (cm_rfm_span){values[work->keys[start].value], values[work->keys[end - 1].value], end - start};
}

/* Why score j is not there: the run of equal values that its customers would have come from. `at` is where it would
 * start. */
static cm_status add_gap(cm_context *ctx, cutting *work, cm_rfm_gap *gap, const cm_key *sorted, uint64_t count,
                         uint64_t at) {
    uint64_t one = work->way == CM_RFM_PYRAMID ? at : at - 1, first = one, end = one + 1;
    cm_status status = cm_reserve(ctx, &work->gaps, &work->gap_capacity, work->gap_count + 1, sizeof *work->gaps);
    if (status) return status;
    while (first > 0 && sorted[first - 1].key == sorted[one].key) first--;
    while (end < count && sorted[end].key == sorted[one].key) end++;
    gap->value = work->inputs->columns[gap->dimension].integers[sorted[one].value];
    gap->customers = end - first;
    gap->code = gap->distinct < (uint64_t)gap->of ? "RFM_FEW"
                : work->way == CM_RFM_PYRAMID     ? "RFM_MONEY_TIES"
                                                  : "RFM_TIES";
    work->gaps[work->gap_count++] = *gap;
    return CM_OK;
}

static uint64_t count_distinct(const cm_key *sorted, uint64_t count) {
    uint64_t distinct = 0;
    for (uint64_t i = 0; i < count; i++) distinct += i == 0 || sorted[i].key != sorted[i - 1].key;
    return distinct;
}

static cm_status add_gaps(cm_context *ctx, cutting *work, int dimension, const int32_t *before, const cm_key *sorted,
                          uint64_t count, const uint64_t *starts) {
    int32_t n = work->bands->shape.scores[dimension];
    cm_rfm_gap gap = {.dimension = dimension, .of = n, .scale = work->inputs->columns[dimension].scale};
    cm_rfm_write_within(&work->bands->shape, dimension, before, gap.within);
    cm_status status = CM_OK;
    for (gap.score = 1; gap.score <= n && !status; gap.score++) {
        if (starts[gap.score] != starts[gap.score + 1]) continue;
        if (!gap.distinct) gap.distinct = count_distinct(sorted, count);
        status = add_gap(ctx, work, &gap, sorted, count, starts[gap.score]);
    }
    return status;
}

/* Cuts the customers keys[first] .. keys[end - 1] by one dimension and, nested, each part of them by the next. */
static cm_status cut_group(cm_context *ctx, cutting *work, int dimension, int32_t *before, uint64_t first,
                           uint64_t end) {
    const cm_rfm_shape *shape = &work->bands->shape;
    uint64_t starts[CM_RFM_MOST + 2] = {0}, count = end - first;
    cm_rfm_span spans[CM_RFM_MOST + 1];
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
    for (int32_t j = 1; j <= n; j++) spans[j] = span_of(work, dimension, first + starts[j], first + starts[j + 1]);
    status = set_bands(ctx, work, dimension, before, spans);
    if (!status) status = add_gaps(ctx, work, dimension, before, keys, count, starts);
    if (!shape->nested || dimension == CM_RFM_MONETARY) return status;
    for (int32_t j = 1; j <= n && !status; j++) {
        before[dimension] = j;
        if (starts[j + 1] > starts[j])
            status = cut_group(ctx, work, dimension + 1, before, first + starts[j], first + starts[j + 1]);
    }
    return status;
}

/* ---- all dimensions ---- */

typedef struct cuts {
    const cm_inputs *inputs;
    uint64_t count; /* nested ones are cut one within the other; the others side by side */
    cutting of[CM_RFM_DIMENSIONS];
} cuts;

/* Cuts all customers by one dimension without sorting them; *done: no score is left without customers. */
static cm_status cut_by_selection(cm_context *ctx, cutting *work, int dimension, bool *done) {
    const cm_rfm_shape *shape = &work->bands->shape;
    cm_rfm_span spans[CM_RFM_MOST + 1];
    int32_t before[CM_RFM_DIMENSIONS] = {0};
    cm_status status = cm_rfm_select_spans(ctx, work->inputs->columns[dimension].integers, dimension,
                                           work->inputs->rows, shape->scores[dimension], spans, done);
    if (status || !*done) return status;
    return set_bands(ctx, work, dimension, before, spans);
}

static cm_status cut_by_sorting(cm_context *ctx, cutting *work, int dimension) {
    int32_t before[CM_RFM_DIMENSIONS] = {0};
    uint64_t rows = work->inputs->rows;
    work->keys = cm_alloc_raw(ctx, rows, sizeof *work->keys);
    if (!work->keys) return ctx->error.status;
    for (uint64_t i = 0; i < rows; i++) work->keys[i].value = i;
    cm_status status = cut_group(ctx, work, dimension, before, 0, rows);
    cm_free(ctx->core, work->keys, rows, sizeof *work->keys);
    return status;
}

static cm_status cut_dimension(cm_context *ctx, void *state, uint64_t task) {
    cuts *all = state;
    uint64_t dimension = all->count - 1 - task; /* money first, which takes longest */
    cutting *work = &all->of[dimension];
    bool done = false;
    cm_status status =
        work->way == CM_RFM_INDEPENDENT ? cut_by_selection(ctx, work, (int)dimension, &done) : CM_OK;
    return status || done ? status : cut_by_sorting(ctx, work, (int)dimension);
}

static cm_status write_gaps(cm_context *ctx, const cuts *all, int32_t scale, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_rfm_diagnostics_new(ctx, scale, &builder);
    for (uint64_t i = 0; i < all->count; i++)
        for (uint64_t k = 0; k < all->of[i].gap_count && !status; k++)
            status = cm_rfm_add_gap(ctx, builder, scale, &all->of[i].gaps[k]);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

cm_status cm_rfm_make_cuts(cm_context *ctx, const cm_inputs *inputs, cm_rfm_way way, const int32_t scores[3],
                           cm_table **out, cm_table **diagnostics) {
    bool nested = way == CM_RFM_NESTED;
    cuts all = {.inputs = inputs, .count = nested ? 1 : CM_RFM_DIMENSIONS};
    cm_rfm_bands *bands = cm_alloc(ctx, 1, sizeof *bands);
    if (!bands) return ctx->error.status;
    memcpy(bands->shape.scores, scores, sizeof bands->shape.scores);
    bands->shape.nested = nested;
    bands->scale = inputs->columns[CM_RFM_MONETARY].scale;
    for (uint64_t i = 0; i < all.count; i++) all.of[i] = (cutting){.inputs = inputs, .way = way, .bands = bands};
    cm_status status = cm_parallel(ctx, all.count, cut_dimension, &all);
    if (!status) status = cm_rfm_build_cuts(ctx, bands, out);
    if (!status) status = write_gaps(ctx, &all, bands->scale, diagnostics);
    for (uint64_t i = 0; i < all.count; i++)
        cm_free(ctx->core, all.of[i].gaps, all.of[i].gap_capacity, sizeof *all.of[i].gaps);
    cm_free(ctx->core, bands, 1, sizeof *bands);
    return status;
}
