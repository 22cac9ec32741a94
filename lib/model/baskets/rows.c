#include "model/baskets/rows.h"

const cm_column *cm_baskets_items(const cm_inputs *inputs) {
    return inputs->table->columns[cm_table_find(inputs->table, inputs->columns[0].name)];
}

void cm_baskets_renumber(const cm_column *items, const cm_dictionary *other, int32_t *numbers) {
    for (uint64_t code = 0; code < items->dictionary_size; code++) {
        cm_text text = cm_dictionary_text(items->dictionary, (int32_t)code);
        numbers[code] = cm_dictionary_find(other, text.data, text.length);
    }
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
