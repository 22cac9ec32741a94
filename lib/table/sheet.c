#include "table/sheet.h"

/* A column in one chunk of `count` values: 0, but those of lists, which are all written. */
static cm_status add(cm_context *ctx, cm_sheet *sheet, const char *name, int32_t type, cm_dictionary *dictionary,
                     uint64_t count, void **values) {
    uint64_t bytes = 0;
    cm_column *column = NULL;
    if (sheet->count >= CM_SHEET_COLUMNS) return cm_misuse(ctx, __func__);
    if (cm_mul_overflows(count, cm_type_width(type), &bytes)) return cm_fail_memory(ctx, count, false);
    cm_status status = cm_column_new(ctx, name, type, 0, CM_ROLE_NONE, 0, dictionary, 1, &column);
    if (status) return status;
    sheet->columns[sheet->count++] = column;
    cm_chunk *chunk = &column->chunks[0];
    chunk->rows = sheet->rows;
    status = (type == CM_LIST ? cm_buffer_new_raw : cm_buffer_new)(ctx, bytes, &chunk->values_buffer);
    if (!status) chunk->values = *values = chunk->values_buffer->data;
    return status;
}

cm_status cm_sheet_doubles(cm_context *ctx, cm_sheet *sheet, const char *name, double **values) {
    void *room = NULL;
    cm_status status = add(ctx, sheet, name, CM_FLOAT64, NULL, sheet->rows, &room);
    *values = room;
    return status;
}

cm_status cm_sheet_ints(cm_context *ctx, cm_sheet *sheet, const char *name, int64_t **values) {
    void *room = NULL;
    cm_status status = add(ctx, sheet, name, CM_INT64, NULL, sheet->rows, &room);
    *values = room;
    return status;
}

cm_status cm_sheet_decimals(cm_context *ctx, cm_sheet *sheet, const char *name, int32_t scale, int64_t **values) {
    void *room = NULL;
    cm_status status = add(ctx, sheet, name, CM_DECIMAL, NULL, sheet->rows, &room);
    if (!status) sheet->columns[sheet->count - 1]->scale = scale;
    *values = room;
    return status;
}

cm_status cm_sheet_share(cm_context *ctx, cm_sheet *sheet, cm_column *column) {
    if (sheet->count >= CM_SHEET_COLUMNS) return cm_misuse(ctx, __func__);
    sheet->columns[sheet->count++] = cm_column_retain(column);
    return CM_OK;
}

cm_status cm_sheet_texts(cm_context *ctx, cm_sheet *sheet, const char *name, cm_dictionary *dictionary,
                         int32_t **codes) {
    void *room = NULL;
    cm_status status = add(ctx, sheet, name, CM_STRING, dictionary, sheet->rows, &room);
    *codes = room;
    return status;
}

cm_status cm_sheet_lists(cm_context *ctx, cm_sheet *sheet, const char *name, cm_dictionary *dictionary, uint64_t items,
                         int64_t **offsets, int32_t **codes) {
    void *room = NULL;
    cm_status status = add(ctx, sheet, name, CM_LIST, dictionary, items, &room);
    *codes = room;
    if (status) return status;
    cm_chunk *chunk = &sheet->columns[sheet->count - 1]->chunks[0];
    status = cm_buffer_new_raw(ctx, (sheet->rows + 1) * sizeof **offsets, &chunk->offsets_buffer);
    if (status) return status;
    chunk->offsets = *offsets = chunk->offsets_buffer->data;
    (*offsets)[0] = 0;
    return CM_OK;
}

cm_status cm_sheet_absent(cm_context *ctx, cm_sheet *sheet, uint64_t row) {
    cm_chunk *chunk = &sheet->columns[sheet->count - 1]->chunks[0];
    if (!chunk->validity) {
        cm_status status = cm_buffer_new(ctx, sheet->rows / 8 + 1, &chunk->validity_buffer);
        if (status) return status;
        for (uint64_t i = 0; i < sheet->rows; i++) cm_set_bit(chunk->validity_buffer->data, i);
        chunk->validity = chunk->validity_buffer->data;
    }
    cm_clear_bit(chunk->validity_buffer->data, row);
    return CM_OK;
}

cm_status cm_sheet_close(cm_context *ctx, cm_sheet *sheet, cm_status status, cm_table **out) {
    for (uint64_t i = 0; i < sheet->count; i++)
        if (sheet->columns[i]->dictionary && !sheet->columns[i]->dictionary_size)
            sheet->columns[i]->dictionary_size = cm_dictionary_size(sheet->columns[i]->dictionary);
    if (!status) {
        status = cm_table_new(ctx, sheet->columns, sheet->count, sheet->rows, out);
    } else {
        for (uint64_t i = 0; i < sheet->count; i++) cm_column_release(sheet->columns[i]);
    }
    sheet->count = 0;
    return status;
}
