#include "prepare/weights.h"

#include "table/convert.h"

cm_status cm_weights_open(cm_context *ctx, const cm_table *table, const char *name, cm_weights *out) {
    uint64_t at = 0;
    *out = (cm_weights){.table = table};
    cm_status status = cm_table_require(ctx, table, name, &at);
    if (status) return status;
    cm_column *column = table->columns[at];
    if (column->type == CM_FLOAT64) return cm_convert_to_decimal(ctx, column, &out->column);
    if (column->type != CM_INT64 && column->type != CM_DECIMAL)
        return cm_fail(ctx, CM_E_COLUMN, "ROLE_TYPE", "ssss", name, "weight", cm_type_name(column->type),
                       "INT64 or DECIMAL");
    out->column = cm_column_retain(column);
    return CM_OK;
}

void cm_weights_close(cm_weights *weights) { cm_column_release(weights->column); }

cm_status cm_weight_at(cm_context *ctx, const cm_weights *weights, uint64_t row, int64_t *out) {
    uint64_t within, length = 0, at = cm_table_locate(weights->table, row, &within);
    const cm_column *column = weights->column;
    const cm_chunk *chunk = &column->chunks[at];
    char room[CM_CELL_TEXT];
    if (!cm_chunk_present(chunk, within))
        return cm_fail(ctx, CM_E_DATA, "BASKET_NO_WEIGHT", "su", column->name, row + 1);
    *out = ((const int64_t *)chunk->values)[chunk->offset + within];
    if (*out > 0) return CM_OK;
    const char *text = cm_cell_text(column, chunk, within, room, &length);
    return cm_fail(ctx, CM_E_DATA, "BASKET_WEIGHT", "sut", column->name, row + 1, text, length);
}
