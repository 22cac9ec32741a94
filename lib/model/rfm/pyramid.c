/* The value pyramid: what the best customers bring, who they are, and how unequal their money is.
 *
 * Gini's coefficient (C. Gini, Variabilita e mutabilita, 1912) of n values in rising order: G = 2 sum(i x_i) / (n sum(x)) -
 * (n + 1) / n. Money at or below zero counts as it is, so that G can pass 1 where some customers brought less than
 * nothing; where the sum is not above zero there is none. Sums are exact. O(n). */
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
    cm_wide money;       /* of all */
} pyramid;

static cm_wide sum_of(const pyramid *all, int dimension, uint64_t top) {
    const int64_t *values = all->inputs->columns[dimension].integers;
    cm_wide sum = 0;
    for (uint64_t i = all->inputs->rows - top; i < all->inputs->rows; i++) sum += values[all->keys[i].value];
    return sum;
}

static cm_status put_gini(cm_context *ctx, cm_builder *builder, const pyramid *all, uint64_t top, cm_wide sum) {
    const int64_t *values = all->inputs->columns[CM_RFM_MONETARY].integers;
    const cm_key *keys = all->keys + all->inputs->rows - top;
    double n = (double)top, weighted = 0;
    cm_wide part = 0;
    if (sum <= 0) return CM_OK;
    /* sum((n + 1 - i) x_i) is the sum of the partial sums, each exact */
    for (uint64_t i = 0; i < top; i++) {
        part += values[keys[i].value];
        weighted += (double)part / (double)sum;
    }
    return cm_builder_double(ctx, builder, GINI, (n + 1 - 2 * weighted) / n);
}

static cm_status put_who(cm_context *ctx, cm_builder *builder, const pyramid *all, uint64_t top) {
    uint64_t counts[256] = {0}, most = 0;
    for (uint64_t i = all->inputs->rows - top; i < all->inputs->rows; i++) counts[all->segments[all->keys[i].value]]++;
    for (uint64_t i = 1; i < all->rfm->segment_count; i++)
        if (counts[i] > counts[most]) most = i;
    const char *name = all->rfm->segment_names[most];
    cm_status status = CM_OK;
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++) {
        double mean = cm_rfm_decimal(sum_of(all, i, top), all->inputs->columns[i].scale) / (double)top;
        status = cm_builder_double(ctx, builder, MEAN_RECENCY + (uint64_t)i, mean);
    }
    if (!status) status = cm_builder_text(ctx, builder, MAIN_SEGMENT, name, strlen(name));
    return status ? status : cm_builder_double(ctx, builder, MAIN_SHARE, (double)counts[most] / (double)top);
}

static cm_status add_level(cm_context *ctx, cm_builder *builder, const pyramid *all, uint64_t percent) {
    const int64_t *values = all->inputs->columns[CM_RFM_MONETARY].integers;
    uint64_t rows = all->inputs->rows, top = (rows * percent + 99) / 100;
    cm_wide sum = sum_of(all, CM_RFM_MONETARY, top);
    int64_t money;
    cm_status status = cm_rfm_to_money(ctx, sum, &money);
    if (!status) status = cm_builder_double(ctx, builder, TOP_SHARE, (double)percent / 100);
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS, (int64_t)top);
    if (!status) status = cm_builder_int(ctx, builder, MONEY, money);
    if (!status) status = cm_rfm_put_share(ctx, builder, MONEY_SHARE, sum, all->money);
    if (!status && top) status = cm_builder_int(ctx, builder, FROM_MONEY, values[all->keys[rows - top].value]);
    if (!status && top) status = put_who(ctx, builder, all, top);
    if (!status && top) status = put_gini(ctx, builder, all, top, sum);
    return status ? status : cm_builder_row(ctx, builder);
}

cm_status cm_rfm_attach_pyramid(cm_context *ctx, const cm_rfm *rfm, const cm_inputs *inputs, const uint8_t *segments, cm_key *keys,
                                cm_table *scores) {
    static const char *const names[COLUMNS] = {"top_share", "customers", "money", "money_share", "from_money", "mean_recency_days",
                                               "mean_frequency", "mean_monetary", "main_segment", "main_segment_share", "gini"};
    static const uint64_t percents[] = {1, 5, 10, 20, 50, 100};
    const int64_t *values = inputs->columns[CM_RFM_MONETARY].integers;
    int32_t scale = inputs->columns[CM_RFM_MONETARY].scale;
    pyramid all = {.rfm = rfm, .inputs = inputs, .segments = segments, .keys = keys};
    cm_builder *builder = NULL;
    for (uint64_t i = 0; i < inputs->rows; i++) {
        keys[i] = (cm_key){cm_key_of_int(values[i]), i};
        all.money += values[i];
    }
    cm_status status = cm_sort_keys(ctx, keys, inputs->rows);
    if (!status) status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < COLUMNS && !status; i++) {
        bool money = i == MONEY || i == FROM_MONEY;
        int32_t type = money ? CM_DECIMAL : i == CUSTOMERS ? CM_INT64 : i == MAIN_SEGMENT ? CM_STRING : CM_FLOAT64;
        status = cm_builder_column(ctx, builder, names[i], type, money ? scale : 0, CM_ROLE_NONE);
    }
    for (uint64_t i = 0; i < sizeof percents / sizeof *percents && !status; i++)
        status = add_level(ctx, builder, &all, percents[i]);
    status = cm_rfm_attach(ctx, builder, status, scores, "pyramid");
    cm_builder_free(builder);
    return status;
}
