/* The rows of a table of baskets, as the methods on baskets read them. */
#ifndef CM_MODEL_BASKETS_ROWS_H
#define CM_MODEL_BASKETS_ROWS_H

#include "model/method.h"

/* The column of items: the first input. */
const cm_column *cm_baskets_items(const cm_inputs *inputs);
/* The codes of a basket's items, repetitions and all; borrowed. */
const int32_t *cm_basket_codes(const cm_inputs *inputs, const cm_column *items, uint64_t index, uint64_t *count);

/* The column that baskets are known by: `basket`; -1: their rows' numbers, from 1. */
int64_t cm_baskets_id(const cm_table *table);
cm_status cm_baskets_id_column(cm_context *ctx, cm_builder *builder, const cm_table *table); /* as the builder's next */
cm_status cm_baskets_put_id(cm_context *ctx, cm_builder *builder, uint64_t column, const cm_table *table, uint64_t row);

#endif
