/* What the scores say of all: the segments with their money and what became of such customers; then the other summaries. */
#include <string.h>

#include "base/number.h"
#include "base/sort.h"
#include "model/rfm/rfm.h"



/* ---- segments ---- */

enum {
    SEGMENT, CUSTOMERS, SHARE, MONEY, MONEY_SHARE, MEANS,
    CUSTOMERS_BEFORE = MEANS + 2 * CM_RFM_DIMENSIONS, CAME_BACK, MONEY_SINCE, EXPECTED_VALUE, SEGMENT_COLUMNS
};

typedef struct summary {
    const cm_inputs *inputs;
    int32_t money_scale;
    cm_wide money;      /* of all */
    cm_key *keys;    /* room for all rows */
    uint8_t *segments; /* by row */
    const cm_rfm_earlier *earlier; /* NULL: the table does not tell */
} summary;

/* Mean and median of one dimension over the rows of a segment. */
static cm_status put_centre(cm_context *ctx, cm_builder *builder, const summary *all, int dimension, uint64_t segment) {
    const int64_t *values = all->inputs->columns[dimension].integers;
    int32_t scale = all->inputs->columns[dimension].scale;
    uint64_t count = 0;
    cm_wide sum = 0;
    for (uint64_t row = 0; row < all->inputs->rows; row++) {
        if (all->segments[row] != segment) continue;
        sum += values[row];
        all->keys[count++] = (cm_key){cm_key_of_int(values[row]), row};
    }
    if (!count) return CM_OK;
    cm_status status = cm_sort_keys(ctx, all->keys, count);
    if (status) return status;
    cm_wide twice = (cm_wide)values[all->keys[(count - 1) / 2].value] + values[all->keys[count / 2].value];
    uint64_t column = MEANS + 2 * (uint64_t)dimension;
    status = cm_builder_double(ctx, builder, column, cm_rfm_decimal(sum, scale) / (double)count);
    return status ? status : cm_builder_double(ctx, builder, column + 1, cm_rfm_decimal(twice, scale) / 2);
}

/* What became of those who were in the segment before. */
static cm_status put_outcome(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t segment) {
    uint64_t customers = 0, back = 0;
    cm_wide since = 0;
    int64_t money;
    for (uint64_t row = 0; row < all->inputs->rows; row++) {
        const struct cm_rfm_standing *one = &all->earlier->rows[row];
        if (!one->known || one->segment != segment) continue;
        customers++;
        back += one->days_since > 0;
        since += one->money_since;
    }
    cm_status status = cm_rfm_to_money(ctx, since, &money);
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS_BEFORE, (int64_t)customers);
    if (status || !customers) return status;
    status = cm_builder_double(ctx, builder, CAME_BACK, (double)back / (double)customers);
    if (!status) status = cm_builder_int(ctx, builder, MONEY_SINCE, money);
    double mean = cm_rfm_decimal(since, all->earlier->money_scale) / (double)customers;
    return status ? status : cm_builder_double(ctx, builder, EXPECTED_VALUE, mean);
}

static cm_status add_segment(cm_context *ctx, cm_builder *builder, const summary *all, const cm_rfm *rfm, uint64_t segment) {
    const char *name = rfm->segment_names[segment];
    uint64_t customers = 0;
    int64_t money;
    cm_wide sum = 0;
    for (uint64_t row = 0; row < all->inputs->rows; row++) {
        if (all->segments[row] != segment) continue;
        customers++;
        sum += all->inputs->columns[CM_RFM_MONETARY].integers[row];
    }
    cm_status status = cm_rfm_to_money(ctx, sum, &money);
    if (!status) status = cm_builder_text(ctx, builder, SEGMENT, name, strlen(name));
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS, (int64_t)customers);
    if (!status) status = cm_rfm_put_share(ctx, builder, SHARE, (cm_wide)customers, (cm_wide)all->inputs->rows);
    if (!status) status = cm_builder_int(ctx, builder, MONEY, money);
    if (!status) status = cm_rfm_put_share(ctx, builder, MONEY_SHARE, sum, all->money);
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++) status = put_centre(ctx, builder, all, i, segment);
    if (!status && all->earlier) status = put_outcome(ctx, builder, all, segment);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status add_segment_columns(cm_context *ctx, cm_builder *builder, const summary *all) {
    static const char *const names[SEGMENT_COLUMNS] = {
        "segment", "customers", "share", "money", "money_share", "mean_recency_days", "median_recency_days", "mean_frequency",
        "median_frequency", "mean_monetary", "median_monetary", "customers_before", "came_back", "money_since", "expected_value"};
    cm_status status = CM_OK;
    for (int i = 0; i < SEGMENT_COLUMNS && !status; i++) {
        bool money = i == MONEY || i == MONEY_SINCE, count = i == CUSTOMERS || i == CUSTOMERS_BEFORE;
        int32_t type = i == SEGMENT ? CM_STRING : count ? CM_INT64 : money ? CM_DECIMAL : CM_FLOAT64;
        int32_t scale = i == MONEY_SINCE && all->earlier ? all->earlier->money_scale : money ? all->money_scale : 0;
        status = cm_builder_column(ctx, builder, names[i], type, scale, CM_ROLE_NONE);
    }
    return status;
}

static cm_status attach_segments(cm_context *ctx, const summary *all, const cm_rfm *rfm, cm_table *scores) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_segment_columns(ctx, builder, all);
    for (uint64_t i = 0; i < rfm->segment_count && !status; i++) status = add_segment(ctx, builder, all, rfm, i);
    status = cm_rfm_attach(ctx, builder, status, scores, "segments");
    cm_builder_free(builder);
    return status;
}

/* ---- all summaries ---- */

static void find_segments(const cm_rfm *rfm, const cm_inputs *inputs, summary *all) {
    for (uint64_t row = 0; row < inputs->rows; row++) {
        int32_t scores[CM_RFM_DIMENSIONS];
        cm_rfm_scores_of_row(rfm, inputs, row, scores);
        all->segments[row] = rfm->segment_of[cm_rfm_cell(&rfm->shape, scores)];
        all->money += inputs->columns[CM_RFM_MONETARY].integers[row];
    }
}

/* What the earlier columns of the table allow: who moved since. */
static cm_status attach_moves(cm_context *ctx, const summary *all, const cm_rfm *rfm, cm_table *scores) {
    cm_table *migration = NULL, *changes = NULL;
    cm_status status = cm_rfm_moves(ctx, rfm, all->inputs, all->segments, all->earlier, &migration, &changes);
    if (!status) status = cm_table_attach(ctx, scores, "migration", migration);
    if (!status) status = cm_table_attach(ctx, scores, "changes", changes);
    cm_table_free(migration);
    cm_table_free(changes);
    return status;
}

cm_status cm_rfm_summarise(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores) {
    const cm_rfm *rfm = model->compiled;
    summary all = {.inputs = inputs, .money_scale = inputs->columns[CM_RFM_MONETARY].scale};
    cm_rfm_earlier earlier = {0};
    cm_status status = CM_OK;
    all.keys = cm_alloc(ctx, inputs->rows, sizeof *all.keys);
    all.segments = all.keys ? cm_alloc(ctx, inputs->rows, 1) : NULL;
    if (!all.segments) status = ctx->error.status;
    if (!status) status = cm_rfm_open_earlier(ctx, rfm, inputs, &earlier);
    if (!status) {
        if (earlier.rows) all.earlier = &earlier;
        find_segments(rfm, inputs, &all);
        status = attach_segments(ctx, &all, rfm, scores);
    }
    if (!status) status = cm_rfm_attach_pyramid(ctx, rfm, inputs, all.segments, all.keys, scores);
    if (!status) status = cm_rfm_attach_golden(ctx, rfm, inputs, all.segments, scores);
    if (!status && all.earlier) status = attach_moves(ctx, &all, rfm, scores);
    cm_rfm_close_earlier(ctx->core, inputs, &earlier);
    cm_free(ctx->core, all.keys, inputs->rows, sizeof *all.keys);
    cm_free(ctx->core, all.segments, inputs->rows, 1);
    return status;
}
