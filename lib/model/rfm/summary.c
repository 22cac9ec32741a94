/* What the scores say of all: the segments with their money, and the value pyramid. */
#include <string.h>

#include "base/number.h"
#include "base/sort.h"
#include "model/rfm/rfm.h"

__extension__ typedef __int128 wide;

static cm_status to_money(cm_context *ctx, wide sum, int64_t *out) {
    *out = (int64_t)sum;
    return sum > INT64_MAX || sum < INT64_MIN ? cm_fail(ctx, CM_E_OVERFLOW, "RFM_RANGE", "s", "money") : CM_OK;
}

static double decimal(wide sum, int32_t scale) {
    if (sum <= INT64_MAX && sum >= INT64_MIN) return cm_decimal_to_double((int64_t)sum, scale);
    double number = (double)sum;
    while (scale-- > 0) number /= 10;
    return number;
}

static cm_status put_share(cm_context *ctx, cm_builder *builder, uint64_t column, wide part, wide whole) {
    return whole > 0 ? cm_builder_double(ctx, builder, column, (double)part / (double)whole) : CM_OK;
}

static cm_status build(cm_context *ctx, cm_builder *builder, cm_status status, cm_table *scores, const char *name) {
    cm_table *table = NULL;
    if (!status) status = cm_builder_finish(ctx, builder, &table);
    if (!status) status = cm_table_attach(ctx, scores, name, table);
    cm_table_free(table);
    return status;
}

/* ---- segments ---- */

enum { SEGMENT, CUSTOMERS, SHARE, MONEY, MONEY_SHARE, MEANS };

typedef struct summary {
    const cm_inputs *inputs;
    int32_t money_scale;
    wide money;      /* of all */
    cm_key *keys;    /* room for all rows */
    uint8_t *segments; /* by row */
} summary;

/* Mean and median of one dimension over the rows of a segment. */
static cm_status put_centre(cm_context *ctx, cm_builder *builder, const summary *all, int dimension, uint64_t segment) {
    const int64_t *values = all->inputs->columns[dimension].integers;
    int32_t scale = all->inputs->columns[dimension].scale;
    uint64_t count = 0;
    wide sum = 0;
    for (uint64_t row = 0; row < all->inputs->rows; row++) {
        if (all->segments[row] != segment) continue;
        sum += values[row];
        all->keys[count++] = (cm_key){cm_key_of_int(values[row]), row};
    }
    if (!count) return CM_OK;
    cm_status status = cm_sort_keys(ctx, all->keys, count);
    if (status) return status;
    wide twice = (wide)values[all->keys[(count - 1) / 2].value] + values[all->keys[count / 2].value];
    uint64_t column = MEANS + 2 * (uint64_t)dimension;
    status = cm_builder_double(ctx, builder, column, decimal(sum, scale) / (double)count);
    return status ? status : cm_builder_double(ctx, builder, column + 1, decimal(twice, scale) / 2);
}

static cm_status add_segment(cm_context *ctx, cm_builder *builder, const summary *all, const cm_rfm *rfm, uint64_t segment) {
    const char *name = rfm->segment_names[segment];
    uint64_t customers = 0;
    int64_t money;
    wide sum = 0;
    for (uint64_t row = 0; row < all->inputs->rows; row++) {
        if (all->segments[row] != segment) continue;
        customers++;
        sum += all->inputs->columns[CM_RFM_MONETARY].integers[row];
    }
    cm_status status = to_money(ctx, sum, &money);
    if (!status) status = cm_builder_text(ctx, builder, SEGMENT, name, strlen(name));
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS, (int64_t)customers);
    if (!status) status = put_share(ctx, builder, SHARE, (wide)customers, (wide)all->inputs->rows);
    if (!status) status = cm_builder_int(ctx, builder, MONEY, money);
    if (!status) status = put_share(ctx, builder, MONEY_SHARE, sum, all->money);
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++) status = put_centre(ctx, builder, all, i, segment);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status add_segment_columns(cm_context *ctx, cm_builder *builder, int32_t scale) {
    static const char *const names[] = {"segment",     "customers",           "share",          "money",
                                        "money_share", "mean_recency_days",   "median_recency_days",
                                        "mean_frequency", "median_frequency", "mean_monetary",  "median_monetary"};
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < sizeof names / sizeof *names && !status; i++) {
        int32_t type = i == SEGMENT ? CM_STRING : i == CUSTOMERS ? CM_INT64 : i == MONEY ? CM_DECIMAL : CM_FLOAT64;
        status = cm_builder_column(ctx, builder, names[i], type, i == MONEY ? scale : 0, CM_ROLE_NONE);
    }
    return status;
}

static cm_status attach_segments(cm_context *ctx, const summary *all, const cm_rfm *rfm, cm_table *scores) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_segment_columns(ctx, builder, all->money_scale);
    for (uint64_t i = 0; i < rfm->segment_count && !status; i++) status = add_segment(ctx, builder, all, rfm, i);
    status = build(ctx, builder, status, scores, "segments");
    cm_builder_free(builder);
    return status;
}

/* ---- pyramid ---- */

static cm_status add_level(cm_context *ctx, cm_builder *builder, const summary *all, uint64_t percent) {
    const int64_t *values = all->inputs->columns[CM_RFM_MONETARY].integers;
    uint64_t rows = all->inputs->rows, top = (rows * percent + 99) / 100;
    int64_t money;
    wide sum = 0;
    for (uint64_t i = 0; i < top; i++) sum += values[all->keys[rows - 1 - i].value];
    cm_status status = to_money(ctx, sum, &money);
    if (!status) status = cm_builder_double(ctx, builder, 0, (double)percent / 100);
    if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)top);
    if (!status) status = cm_builder_int(ctx, builder, 2, money);
    if (!status) status = put_share(ctx, builder, 3, sum, all->money);
    if (!status && top) status = cm_builder_int(ctx, builder, 4, values[all->keys[rows - top].value]);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status attach_pyramid(cm_context *ctx, const summary *all, cm_table *scores) {
    static const char *const names[] = {"top_share", "customers", "money", "money_share", "from_money"};
    static const int32_t types[] = {CM_FLOAT64, CM_INT64, CM_DECIMAL, CM_FLOAT64, CM_DECIMAL};
    static const uint64_t percents[] = {1, 5, 10, 20, 50, 100};
    const int64_t *values = all->inputs->columns[CM_RFM_MONETARY].integers;
    cm_builder *builder = NULL;
    for (uint64_t i = 0; i < all->inputs->rows; i++) all->keys[i] = (cm_key){cm_key_of_int(values[i]), i};
    cm_status status = cm_sort_keys(ctx, all->keys, all->inputs->rows);
    if (!status) status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < 5 && !status; i++)
        status = cm_builder_column(ctx, builder, names[i], types[i], types[i] == CM_DECIMAL ? all->money_scale : 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < sizeof percents / sizeof *percents && !status; i++)
        status = add_level(ctx, builder, all, percents[i]);
    status = build(ctx, builder, status, scores, "pyramid");
    cm_builder_free(builder);
    return status;
}

/* ---- both ---- */

static void find_segments(const cm_rfm *rfm, const cm_inputs *inputs, summary *all) {
    for (uint64_t row = 0; row < inputs->rows; row++) {
        int32_t scores[CM_RFM_DIMENSIONS], scales[CM_RFM_DIMENSIONS];
        int64_t values[CM_RFM_DIMENSIONS];
        for (int i = 0; i < CM_RFM_DIMENSIONS; i++) {
            values[i] = inputs->columns[i].integers[row];
            scales[i] = inputs->columns[i].scale;
        }
        cm_rfm_scores_of(rfm, values, scales, scores);
        all->segments[row] = rfm->segment_of[cm_rfm_cell(&rfm->shape, scores)];
        all->money += inputs->columns[CM_RFM_MONETARY].integers[row];
    }
}

cm_status cm_rfm_summarise(cm_context *ctx, const cm_model *model, const cm_inputs *inputs, cm_table *scores) {
    const cm_rfm *rfm = model->compiled;
    summary all = {.inputs = inputs, .money_scale = inputs->columns[CM_RFM_MONETARY].scale};
    cm_status status = CM_OK;
    all.keys = cm_alloc(ctx, inputs->rows, sizeof *all.keys);
    all.segments = all.keys ? cm_alloc(ctx, inputs->rows, 1) : NULL;
    if (!all.segments) status = ctx->error.status;
    if (!status) {
        find_segments(rfm, inputs, &all);
        status = attach_segments(ctx, &all, rfm, scores);
    }
    if (!status) status = attach_pyramid(ctx, &all, scores);
    cm_free(ctx->core, all.keys, inputs->rows, sizeof *all.keys);
    cm_free(ctx->core, all.segments, inputs->rows, 1);
    return status;
}
