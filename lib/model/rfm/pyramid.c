/* The value pyramid: what the best customers bring, who they are, and how unequal their money is.
 *
 * Gini's coefficient (C. Gini, Variabilita e mutabilita, 1912) of n values, y(1) the largest: G = (n + 1 - 2 sum(j
 * y(j)) / sum(y)) / n, so that one way down the sorted money serves all levels. Money at or below zero counts as it is,
 * so that G can pass 1 where some customers brought less than nothing; where the sum is not above zero there is none.
 * Sums are exact. One sort. */
#include <string.h>

#include "model/rfm/rfm.h"

enum {
    TOP_SHARE, CUSTOMERS, MONEY, MONEY_SHARE, FROM_MONEY, MEAN_RECENCY, MEAN_FREQUENCY, MEAN_MONETARY, MAIN_SEGMENT,
    MAIN_SHARE, GINI, COLUMNS
};

#define LEVELS 6
static const uint64_t percents[LEVELS] = {1, 5, 10, 20, 50, 100};

/* The customers of a level. */
typedef struct level {
    uint64_t top;
    cm_key last;   /* the one with the least money, of equals the first */
    uint64_t counts[256]; /* by segment */
    cm_wide sums[CM_RFM_DIMENSIONS], weighted;
} level;

typedef struct pyramid {
    const cm_rfm *rfm;
    const cm_inputs *inputs;
    const uint8_t *segments; /* by row */
    level levels[LEVELS];
} pyramid;

/* From customers by money, rising: who is the last of each level, and what Gini's coefficient is made of. */
static void descend(pyramid *all, const cm_key *keys) {
    uint64_t rows = all->inputs->rows, at = 0;
    cm_wide weighted = 0;
    for (int i = 0; i < LEVELS; i++) {
        level *own = &all->levels[i];
        own->top = (rows * percents[i] + 99) / 100;
        for (; at < own->top; at++) weighted += (cm_wide)(at + 1) * cm_int_of_key(keys[rows - 1 - at].key);
        own->weighted = weighted;
        if (own->top) own->last = keys[rows - own->top];
    }
}

/* Each customer counts in the smallest level that has it, and each level then in those above it. In the order of the
 * rows, which is that of memory. */
static void add_up(pyramid *all) {
    const cm_inputs *in = all->inputs;
    for (uint64_t row = 0; row < in->rows; row++) {
        uint64_t key = cm_key_of_int(in->columns[CM_RFM_MONETARY].integers[row]);
        int i = 0;
        for (int j = 0; j < LEVELS - 1; j++)
            i += key < all->levels[j].last.key || (key == all->levels[j].last.key && row < all->levels[j].last.value);
        all->levels[i].counts[all->segments[row]]++;
        for (int d = 0; d < CM_RFM_DIMENSIONS; d++) all->levels[i].sums[d] += in->columns[d].integers[row];
    }
    for (int i = 1; i < LEVELS; i++) {
        for (int d = 0; d < CM_RFM_DIMENSIONS; d++) all->levels[i].sums[d] += all->levels[i - 1].sums[d];
        for (int s = 0; s < 256; s++) all->levels[i].counts[s] += all->levels[i - 1].counts[s];
    }
}

static cm_status put_gini(cm_context *ctx, cm_builder *builder, const level *own) {
    double n = (double)own->top, sum = (double)own->sums[CM_RFM_MONETARY];
    if (!(sum > 0)) return CM_OK;
    return cm_builder_double(ctx, builder, GINI, (n + 1 - 2 * ((double)own->weighted / sum)) / n);
}

static cm_status put_who(cm_context *ctx, cm_builder *builder, const pyramid *all, const level *own) {
    uint64_t most = 0;
    for (uint64_t i = 1; i < all->rfm->segment_count; i++)
        if (own->counts[i] > own->counts[most]) most = i;
    const char *name = all->rfm->segment_names[most];
    cm_status status = CM_OK;
    for (int i = 0; i < CM_RFM_DIMENSIONS && !status; i++) {
        double mean = cm_rfm_decimal(own->sums[i], all->inputs->columns[i].scale) / (double)own->top;
        status = cm_builder_double(ctx, builder, MEAN_RECENCY + (uint64_t)i, mean);
    }
    if (!status) status = cm_builder_text(ctx, builder, MAIN_SEGMENT, name, strlen(name));
    return status ? status : cm_builder_double(ctx, builder, MAIN_SHARE, (double)own->counts[most] / (double)own->top);
}

static cm_status add_level(cm_context *ctx, cm_builder *builder, const pyramid *all, int i) {
    const level *own = &all->levels[i];
    cm_wide sum = own->sums[CM_RFM_MONETARY];
    int64_t money;
    cm_status status = cm_rfm_to_money(ctx, sum, &money);
    if (!status) status = cm_builder_double(ctx, builder, TOP_SHARE, (double)percents[i] / 100);
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS, (int64_t)own->top);
    if (!status) status = cm_builder_int(ctx, builder, MONEY, money);
    if (!status)
        status = cm_rfm_put_share(ctx, builder, MONEY_SHARE, sum, all->levels[LEVELS - 1].sums[CM_RFM_MONETARY]);
    if (!status && own->top) status = cm_builder_int(ctx, builder, FROM_MONEY, cm_int_of_key(own->last.key));
    if (!status && own->top) status = put_who(ctx, builder, all, own);
    if (!status && own->top) status = put_gini(ctx, builder, own);
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

cm_status cm_rfm_make_pyramid(cm_context *ctx, const cm_rfm *rfm, const cm_inputs *inputs, const uint8_t *segments,
                              cm_table **out) {
    const int64_t *values = inputs->columns[CM_RFM_MONETARY].integers;
    cm_builder *builder = NULL;
    pyramid *all = cm_alloc(ctx, 1, sizeof *all);
    cm_key *keys = all ? cm_alloc_raw(ctx, inputs->rows, sizeof *keys) : NULL;
    cm_status status = keys ? open_builder(ctx, inputs->columns[CM_RFM_MONETARY].scale, &builder) : ctx->error.status;
    for (uint64_t i = 0; i < inputs->rows && !status; i++) keys[i] = (cm_key){cm_key_of_int(values[i]), i};
    if (!status) status = cm_sort_keys(ctx, keys, inputs->rows);
    if (!status) {
        *all = (pyramid){.rfm = rfm, .inputs = inputs, .segments = segments};
        descend(all, keys);
        add_up(all);
    }
    for (int i = 0; i < LEVELS && !status; i++) status = add_level(ctx, builder, all, i);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    cm_free(ctx->core, keys, inputs->rows, sizeof *keys);
    cm_free(ctx->core, all, 1, sizeof *all);
    return status;
}
