#include "model/baskets/rows.h"

const cm_column *cm_baskets_items(const cm_inputs *inputs) {
    return inputs->table->columns[cm_table_find(inputs->table, inputs->columns[0].name)];
}

const int32_t *cm_basket_codes(const cm_inputs *inputs, const cm_column *items, uint64_t index, uint64_t *count) {
    uint64_t within, at = cm_table_locate(inputs->table, inputs->numbers[index], &within);
    const cm_chunk *chunk = &items->chunks[at];
    const int64_t *offsets = chunk->offsets + chunk->offset + within;
    *count = (uint64_t)(offsets[1] - offsets[0]);
    return (const int32_t *)chunk->values + offsets[0];
}

int64_t cm_baskets_id(const cm_table *table) {
    int64_t id = cm_table_find(table, "basket");
    if (id < 0) return -1;
    int32_t type = table->columns[id]->type;
    return type == CM_STRING || type == CM_INT64 ? id : -1;
}

cm_status cm_baskets_id_column(cm_context *ctx, cm_builder *builder, const cm_table *table) {
    int64_t id = cm_baskets_id(table);
    return cm_builder_column(ctx, builder, "basket", id < 0 ? CM_INT64 : table->columns[id]->type, 0, CM_ROLE_NONE);
}

cm_status cm_baskets_put_id(cm_context *ctx, cm_builder *builder, uint64_t column, const cm_table *table,
                            uint64_t row) {
    int64_t id = cm_baskets_id(table);
    uint64_t length = 0, from = (uint64_t)id;
    if (id < 0) return cm_builder_int(ctx, builder, column, (int64_t)row + 1);
    if (cm_table_is_absent(table, row, from)) return CM_OK;
    if (table->columns[id]->type == CM_INT64)
        return cm_builder_int(ctx, builder, column, cm_table_int(table, row, from));
    const char *text = cm_table_text(table, row, from, 0, &length);
    return cm_builder_text(ctx, builder, column, text, length);
}
