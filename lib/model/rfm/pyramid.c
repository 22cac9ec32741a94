/* The value pyramid: what the best customers bring, who they are, and how unequal their money is.
 *
 * Gini's coefficient (C. Gini, Variabilita e mutabilita, 1912) of n values, y(1) the largest: G = (n + 1 - 2 sum(j y(j)) /
 * sum(y)) / n, so that one way down the sorted customers adds up all levels. Money at or below zero counts as it is, so that
 * G can pass 1 where some customers brought less than nothing; where the sum is not above zero there is none. Sums are
 * exact. One sort. */
#include <string.h>

#include "model/rfm/rfm.h"

enum {
    TOP_SHARE, CUSTOMERS, MONEY, MONEY_SHARE, FROM_MONEY, MEAN_RECENCY, MEAN_FREQUENCY, MEAN_MONETARY, MAIN_SEGMENT,
    MAIN_SHARE, GINI, COLUMNS
};

typedef struct pyramid {
    const cm_rfm *rfm;
    const cm_inputs *inputs;
    const uint8_t *segments; /* by row */
    const cm_key *keys;      /* rows by money, rising */
    cm_wide money;           /* of all */
    /* of the best customers so far */
    uint64_t top, counts[256]; /* by segment */
    cm_wide sums[CM_RFM_DIMENSIONS], weighted;
} pyramid;

/* Takes in the customers down to the place `top` from the best. */
static void descend(pyramid *all, uint64_t top) {
    uint64_t rows = all->inputs->rows;
    for (; all->top < top; all->top++) {
        uint64_t row = all->keys[rows - 1 - all->top].value;
        for (int i = 0; i < CM_RFM_DIMENSIONS; i++) all->sums[i] += all->inputs->columns[i].integers[row];
        all->weighted += (cm_wide)(all->top + 1) * all->inputs->columns[CM_RFM_MONETARY].integers[row];
        all->counts[all->segments[row]]++;
    }
}

static cm_status put_gini(cm_context *ctx, cm_builder *builder, const pyramid *all) {
    double n = (double)all->top, sum = (double)all->sums[CM_RFM_MONETARY];
    if (!(sum > 0)) return CM_OK;
    return cm_builder_double(ctx, builder, GINI, (n + 1 - 2 * ((double)all->weighted / sum)) / n);
}

static cm_status put_who(cm_context *ctx, cm_builder *builder, const pyramid *all) {
    uint64_t most = 0;
    for (uint64_t i = 1; i < all->rfm->segment_count; i++)
        if (all->counts[i] > all->counts[most]) most = i;
    const char *name = all->rfm->segment_names[most];
    cm_status status = CM_OK;
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++) {
        double mean = cm_rfm_decimal(all->sums[i], all->inputs->columns[i].scale) / (double)all->top;
        status = cm_builder_double(ctx, builder, MEAN_RECENCY + (uint64_t)i, mean);
    }
    if (!status) status = cm_builder_text(ctx, builder, MAIN_SEGMENT, name, strlen(name));
    return status ? status : cm_builder_double(ctx, builder, MAIN_SHARE, (double)all->counts[most] / (double)all->top);
}

static cm_status add_level(cm_context *ctx, cm_builder *builder, pyramid *all, uint64_t percent) {
    const int64_t *values = all->inputs->columns[CM_RFM_MONETARY].integers;
    uint64_t rows = all->inputs->rows, top = (rows * percent + 99) / 100;
    int64_t money;
    descend(all, top);
    cm_status status = cm_rfm_to_money(ctx, all->sums[CM_RFM_MONETARY], &money);
    if (!status) status = cm_builder_double(ctx, builder, TOP_SHARE, (double)percent / 100);
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS, (int64_t)top);
    if (!status) status = cm_builder_int(ctx, builder, MONEY, money);
    if (!status) status = cm_rfm_put_share(ctx, builder, MONEY_SHARE, all->sums[CM_RFM_MONETARY], all->money);
    if (!status && top) status = cm_builder_int(ctx, builder, FROM_MONEY, values[all->keys[rows - top].value]);
    if (!status && top) status = put_who(ctx, builder, all);
    if (!status && top) status = put_gini(ctx, builder, all);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status open_builder(cm_context *ctx, int32_t scale, cm_builder **out) {
    static const char *const names[COLUMNS] = {"top_share", "customers", "money", "money_share", "from_money",
                                               "mean_recency_days", "mean_frequency", "mean_monetary", "main_segment",
                                               "main_segment_share", "gini"};
    cm_status status = cm_builder_new(ctx, out);
    for (int i = 0; i < COLUMNS && !status; i++) {
        bool money = i == MONEY || i == FROM_MONEY;
        int32_t type = money ? CM_DECIMAL : i == CUSTOMERS ? CM_INT64 : i == MAIN_SEGMENT ? CM_STRING : CM_FLOAT64;
        status = cm_builder_column(ctx, *out, names[i], type, money ? scale : 0, CM_ROLE_NONE);
    }
    return status;
}

cm_status cm_rfm_attach_pyramid(cm_context *ctx, const cm_rfm *rfm, const cm_inputs *inputs, const uint8_t *segments,
                                cm_table *scores) {
    static const uint64_t percents[] = {1, 5, 10, 20, 50, 100};
    const int64_t *values = inputs->columns[CM_RFM_MONETARY].integers;
    pyramid all = {.rfm = rfm, .inputs = inputs, .segments = segments};
    cm_builder *builder = NULL;
    cm_key *keys = cm_alloc_raw(ctx, inputs->rows, sizeof *keys);
    cm_status status = keys ? open_builder(ctx, inputs->columns[CM_RFM_MONETARY].scale, &builder) : ctx->error.status;
    for (uint64_t i = 0; i < inputs->rows && !status; i++) {
        keys[i] = (cm_key){cm_key_of_int(values[i]), i};
        all.money += values[i];
    }
    if (!status) status = cm_sort_keys(ctx, keys, inputs->rows);
    all.keys = keys;
    for (uint64_t i = 0; i < sizeof percents / sizeof *percents && !status; i++)
        status = add_level(ctx, builder, &all, percents[i]);
    status = cm_rfm_attach(ctx, builder, status, scores, "pyramid");
    cm_builder_free(builder);
    cm_free(ctx->core, keys, inputs->rows, sizeof *keys);
    return status;
}
