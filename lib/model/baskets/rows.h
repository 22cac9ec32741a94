/* The rows of a table of baskets, as the methods on baskets read them. */
#ifndef CM_MODEL_BASKETS_ROWS_H
#define CM_MODEL_BASKETS_ROWS_H

#include "model/method.h"

/* The column of items: the first input. */
const cm_column *cm_baskets_items(const cm_inputs *inputs);
/* The codes of the items of a row, repetitions and all; borrowed. Inline: it stands in the innermost loops. */
static inline const int32_t *cm_basket_codes(const cm_table *baskets, const cm_column *items, uint64_t row,
                                             uint64_t *count) {
    uint64_t within, at = cm_table_locate(baskets, row, &within);
    const cm_chunk *chunk = &items->chunks[at];
    const int64_t *offsets = chunk->offsets + chunk->offset + within;
    *count = (uint64_t)(offsets[1] - offsets[0]);
    return (const int32_t *)chunk->values + offsets[0];
}

/* By code of the column's dictionary the number of the same text in another one; -1: it is not there. `numbers` has
 * room for the whole dictionary. */
void cm_baskets_renumber(const cm_column *items, const cm_dictionary *other, int32_t *numbers);

/* The column that baskets are known by: `basket`; -1: their rows' numbers, from 1. */
int64_t cm_baskets_id(const cm_table *table);
cm_status cm_baskets_id_column(cm_context *ctx, cm_builder *builder, const cm_table *table); /* as the builder's next */
cm_status cm_baskets_put_id(cm_context *ctx, cm_builder *builder, uint64_t column, const cm_table *table, uint64_t row);

#endif
