#include <string.h>

#include "table/roles.h"
#include "table/table.h"

static uint64_t absent_cells(const cm_column *column) {
    uint64_t absent = 0;
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        const cm_chunk *chunk = &column->chunks[i];
        for (uint64_t row = 0; chunk->validity && row < chunk->rows; row++) absent += !cm_chunk_present(chunk, row);
    }
    return absent;
}

static cm_status describe_column(cm_context *ctx, cm_builder *builder, const cm_column *column) {
    const char *type = cm_type_name(column->type), *role = cm_role_name(column->role);
    cm_status status = cm_builder_text(ctx, builder, 0, column->name, column->name_length);
    if (!status) status = cm_builder_text(ctx, builder, 1, type, strlen(type));
    if (!status && column->type == CM_DECIMAL) status = cm_builder_int(ctx, builder, 2, column->scale);
    if (!status && column->role != CM_ROLE_NONE) status = cm_builder_text(ctx, builder, 3, role, strlen(role));
    if (!status) status = cm_builder_int(ctx, builder, 4, (int64_t)absent_cells(column));
    if (!status && column->flags & CM_COLUMN_UTC) status = cm_builder_text(ctx, builder, 5, "UTC", 3);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status schema(cm_context *ctx, const cm_table *table, cm_table **out) {
    if (!table || !out) return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_table_schema", "table or out is NULL");
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "column", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "type", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "scale", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "role", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "absent", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "zone", CM_STRING, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < table->column_count && !status; i++)
        status = describe_column(ctx, builder, table->columns[i]);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

cm_status cm_table_schema(cm_context *ctx, const cm_table *table, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, schema(ctx, table, out));
}
