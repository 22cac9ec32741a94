/* What the scores say of all: the segments with their money and what became of such customers; then the other
 * summaries. */
#include <string.h>

#include "base/number.h"
#include "base/sort.h"
#include "base/threads.h"
#include "model/rfm/rfm.h"

/* ---- segments ---- */

enum {
    SEGMENT, CUSTOMERS, SHARE, MONEY, MONEY_SHARE, MEANS,
    CUSTOMERS_BEFORE = MEANS + 2 * CM_RFM_DIMENSIONS, CAME_BACK, MONEY_SINCE, EXPECTED_VALUE, SEGMENT_COLUMNS
};

/* The customers of one segment. */
typedef struct part {
    uint64_t first, customers; /* where they start, when brought together */
    cm_wide sums[CM_RFM_DIMENSIONS];
    double medians[CM_RFM_DIMENSIONS];
    uint64_t customers_before, came_back; /* who were in it before */
    cm_wide money_since;
} part;

typedef struct summary {
    const cm_rfm *rfm;
    const cm_inputs *inputs;
    int32_t money_scale;
    cm_wide money;                 /* of all */
    uint8_t *segments;             /* by row */
    part *parts;                   /* by segment */
    cm_table *pyramid;
    const cm_rfm_earlier *earlier; /* NULL: the table does not tell */
} summary;

/* ---- counted and added up ---- */

#define ROWS_A_TASK UINT64_C(65536)

static cm_status find_segments(cm_context *ctx, void *state, uint64_t task) {
    summary *all = state;
    uint64_t first = task * ROWS_A_TASK, rows = all->inputs->rows - first;
    cm_rfm_segments_of(all->rfm, all->inputs, first, rows < ROWS_A_TASK ? rows : ROWS_A_TASK, all->segments + first);
    return cm_tick(ctx, "segments", first, all->inputs->rows);
}

static void add_up(summary *all) {
    uint64_t first = 0;
    for (uint64_t row = 0; row < all->inputs->rows; row++) {
        part *own = &all->parts[all->segments[row]];
        own->customers++;
        for (int i = 0; i < CM_RFM_DIMENSIONS; i++) own->sums[i] += all->inputs->columns[i].integers[row];
    }
    for (uint64_t i = 0; i < all->rfm->segment_count; i++) {
        all->parts[i].first = first;
        first += all->parts[i].customers;
        all->money += all->parts[i].sums[CM_RFM_MONETARY];
    }
}

/* What became of those who were in a segment before. */
static void add_outcomes(summary *all) {
    for (uint64_t row = 0; row < all->inputs->rows && all->earlier; row++) {
        const struct cm_rfm_standing *one = &all->earlier->rows[row];
        part *own = &all->parts[one->segment];
        if (!one->known) continue;
        own->customers_before++;
        own->came_back += one->days_since > 0;
        own->money_since += one->money_since;
    }
}

/* The medians of one dimension: its values brought together by segment, and of each the middle selected. */
static cm_status find_medians(cm_context *ctx, summary *all, uint64_t dimension) {
    uint64_t rows = all->inputs->rows, next[256];
    const int64_t *from = all->inputs->columns[dimension].integers;
    int64_t *values = cm_alloc_raw(ctx, rows, sizeof *values),
            *room = values ? cm_alloc_raw(ctx, rows, sizeof *room) : NULL;
    cm_status status = room ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < all->rfm->segment_count; i++) next[i] = all->parts[i].first;
    for (uint64_t row = 0; row < rows && !status; row++) values[next[all->segments[row]]++] = from[row];
    for (uint64_t i = 0; i < all->rfm->segment_count && !status; i++) {
        uint64_t count = all->parts[i].customers;
        const int64_t *own = values + all->parts[i].first;
        if (!count) continue;
        cm_wide upper = cm_select(own, count, count / 2, room);
        cm_wide twice = upper + (count % 2 ? upper : cm_select(own, count, count / 2 - 1, room));
        all->parts[i].medians[dimension] = cm_rfm_decimal(twice, all->inputs->columns[dimension].scale) / 2;
    }
    cm_free(ctx->core, values, rows, sizeof *values);
    cm_free(ctx->core, room, rows, sizeof *room);
    return status;
}

/* What sorts or selects, side by side: the pyramid, which takes longest, and the medians of each dimension. */
static cm_status find_order(cm_context *ctx, void *state, uint64_t task) {
    summary *all = state;
    return task ? find_medians(ctx, all, task - 1)
                : cm_rfm_make_pyramid(ctx, all->rfm, all->inputs, all->segments, &all->pyramid);
}

/* ---- written ---- */

static cm_status put_centre(cm_context *ctx, cm_builder *builder, const summary *all, const part *own, int dimension) {
    uint64_t column = MEANS + 2 * (uint64_t)dimension;
    if (!own->customers) return CM_OK;
    double mean = cm_rfm_decimal(own->sums[dimension], all->inputs->columns[dimension].scale) / (double)own->customers;
    cm_status status = cm_builder_double(ctx, builder, column, mean);
    return status ? status : cm_builder_double(ctx, builder, column + 1, own->medians[dimension]);
}

static cm_status put_outcome(cm_context *ctx, cm_builder *builder, const summary *all, const part *own) {
    int64_t money;
    cm_status status = cm_rfm_to_money(ctx, own->money_since, &money);
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS_BEFORE, (int64_t)own->customers_before);
    if (status || !own->customers_before) return status;
    status = cm_builder_double(ctx, builder, CAME_BACK, (double)own->came_back / (double)own->customers_before);
    if (!status) status = cm_builder_int(ctx, builder, MONEY_SINCE, money);
    double mean = cm_rfm_decimal(own->money_since, all->earlier->money_scale) / (double)own->customers_before;
    return status ? status : cm_builder_double(ctx, builder, EXPECTED_VALUE, mean);
}

static cm_status add_segment(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t segment) {
    const char *name = all->rfm->segment_names[segment];
    const part *own = &all->parts[segment];
    int64_t money;
    cm_status status = cm_rfm_to_money(ctx, own->sums[CM_RFM_MONETARY], &money);
    if (!status) status = cm_builder_text(ctx, builder, SEGMENT, name, strlen(name));
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS, (int64_t)own->customers);
    if (!status) status = cm_rfm_put_share(ctx, builder, SHARE, (cm_wide)own->customers, (cm_wide)all->inputs->rows);
    if (!status) status = cm_builder_int(ctx, builder, MONEY, money);
    if (!status) status = cm_rfm_put_share(ctx, builder, MONEY_SHARE, own->sums[CM_RFM_MONETARY], all->money);
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++) status = put_centre(ctx, builder, all, own, i);
    if (!status && all->earlier) status = put_outcome(ctx, builder, all, own);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status add_segment_columns(cm_context *ctx, cm_builder *builder, const summary *all) {
    static const char *const names[SEGMENT_COLUMNS] = {"segment",
                                                       "customers",
                                                       "share",
                                                       "money",
                                                       "money_share",
                                                       "mean_recency_days",
                                                       "median_recency_days",
                                                       "mean_frequency",
                                                       "median_frequency",
                                                       "mean_monetary",
                                                       "median_monetary",
                                                       "customers_before",
                                                       "came_back",
                                                       "money_since",
                                                       "expected_value"};
    cm_status status = CM_OK;
    for (int i = 0; i < SEGMENT_COLUMNS && !status; i++) {
        bool money = i == MONEY || i == MONEY_SINCE, count = i == CUSTOMERS || i == CUSTOMERS_BEFORE;
        int32_t type = i == SEGMENT ? CM_STRING : count ? CM_INT64 : money ? CM_DECIMAL : CM_FLOAT64;
        int32_t scale = i == MONEY_SINCE && all->earlier ? all->earlier->money_scale : money ? all->money_scale : 0;
        status = cm_builder_column(ctx, builder, names[i], type, scale, CM_ROLE_NONE);
    }
    return status;
}

static cm_status attach_segments(cm_context *ctx, const summary *all, cm_table *scores) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_segment_columns(ctx, builder, all);
    for (uint64_t i = 0; i < all->rfm->segment_count && !status; i++) status = add_segment(ctx, builder, all, i);
    status = cm_rfm_attach(ctx, builder, status, scores, "segments");
    cm_builder_free(builder);
    return status;
}

/* ---- all summaries ---- */

static cm_status count_all(cm_context *ctx, summary *all) {
    uint64_t tasks = (all->inputs->rows + ROWS_A_TASK - 1) / ROWS_A_TASK;
    cm_status status = cm_parallel(ctx, tasks, find_segments, all);
    if (status) return status;
    add_up(all);
    add_outcomes(all);
    return cm_parallel(ctx, 1 + CM_RFM_DIMENSIONS, find_order, all);
}

/* What the earlier columns of the table allow: who moved since. */
static cm_status attach_moves(cm_context *ctx, const summary *all, cm_table *scores) {
    cm_table *migration = NULL, *changes = NULL;
    cm_status status = cm_rfm_moves(ctx, all->rfm, all->inputs, all->segments, all->earlier, &migration, &changes);
    if (!status) status = cm_table_attach(ctx, scores, "migration", migration);
    if (!status) status = cm_table_attach(ctx, scores, "changes", changes);
    cm_table_free(migration);
    cm_table_free(changes);
    return status;
}

cm_status cm_rfm_summarise(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores) {
    const cm_rfm *rfm = model->compiled;
    summary all = {.rfm = rfm, .inputs = inputs, .money_scale = inputs->columns[CM_RFM_MONETARY].scale};
    cm_rfm_earlier earlier = {0};
    if (!cm_option_int(model->options, &model->method->topic, "report")) return CM_OK;
    cm_status status = CM_OK;
    all.segments = cm_alloc_raw(ctx, inputs->rows, 1);
    all.parts = all.segments ? cm_alloc(ctx, rfm->segment_count, sizeof *all.parts) : NULL;
    if (!all.parts) status = ctx->error.status;
    if (!status) status = cm_rfm_open_earlier(ctx, rfm, inputs, &earlier);
    if (!status && earlier.rows) all.earlier = &earlier;
    if (!status) status = count_all(ctx, &all);
    if (!status) status = attach_segments(ctx, &all, scores);
    if (!status) status = cm_table_attach(ctx, scores, "pyramid", all.pyramid);
    if (!status) status = cm_rfm_attach_golden(ctx, rfm, inputs, all.segments, scores);
    if (!status && all.earlier) status = attach_moves(ctx, &all, scores);
    cm_table_free(all.pyramid);
    cm_rfm_close_earlier(ctx->core, inputs, &earlier);
    cm_free(ctx->core, all.parts, rfm->segment_count, sizeof *all.parts);
    cm_free(ctx->core, all.segments, inputs->rows, 1);
    return status;
}
