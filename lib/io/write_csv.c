/* CSV as RFC 4180 has it, with "\n": an absent cell is empty, an empty text is "". */
#include <string.h>

#include "io/write.h"

/* Items joined with "; ", \ before ; and \ within them; one empty item alone is \, since no text at all is no item. */
static cm_status join_items(cm_context *ctx, cm_output *output, const cm_column *column, const cm_chunk *chunk,
                            uint64_t row) {
    const int64_t *offsets = chunk->offsets + chunk->offset + row;
    const int32_t *codes = chunk->values;
    cm_status status = CM_OK;
    output->scratch.length = 0;
    if (offsets[1] - offsets[0] == 1 && !cm_dictionary_text(column->dictionary, codes[offsets[0]]).length)
        return cm_bytes_add(ctx, &output->scratch, "\\", 1);
    for (int64_t item = offsets[0]; item < offsets[1] && !status; item++) {
        cm_text text = cm_dictionary_text(column->dictionary, codes[item]);
        if (item > offsets[0]) status = cm_bytes_add(ctx, &output->scratch, "; ", 2);
        for (uint64_t i = 0; i < text.length && !status; i++) {
            if (text.data[i] == ';' || text.data[i] == '\\') status = cm_bytes_add(ctx, &output->scratch, "\\", 1);
            if (!status) status = cm_bytes_add(ctx, &output->scratch, &text.data[i], 1);
        }
    }
    return status;
}

static cm_status add_cell(cm_context *ctx, cm_output *output, const cm_column *column, const cm_chunk *chunk,
                          uint64_t row) {
    char room[CM_CELL_TEXT];
    uint64_t length;
    if (!cm_chunk_present(chunk, row)) return CM_OK;
    if (column->type == CM_LIST) {
        cm_status status = join_items(ctx, output, column, chunk, row);
        if (status) return status;
        return cm_bytes_add_cell(ctx, &output->text, output->scratch.data, output->scratch.length, !output->raw);
    }
    const char *text = cm_cell_text(column, chunk, row, room, &length);
    if (column->type != CM_STRING) return cm_bytes_add(ctx, &output->text, text, length);
    return cm_bytes_add_cell(ctx, &output->text, text, length, !output->raw);
}

static cm_status add_header(cm_context *ctx, cm_output *output, const cm_table *table) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < table->column_count && !status; i++) {
        const cm_column *column = table->columns[i];
        if (i) status = cm_bytes_add(ctx, &output->text, ",", 1);
        if (!status) status = cm_bytes_add_cell(ctx, &output->text, column->name, column->name_length, !output->raw);
    }
    return status ? status : cm_bytes_add(ctx, &output->text, "\n", 1);
}

static cm_status add_row(cm_context *ctx, cm_output *output, const cm_table *table, uint64_t chunk, uint64_t row) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < table->column_count && !status; i++) {
        const cm_column *column = table->columns[i];
        if (i) status = cm_bytes_add(ctx, &output->text, ",", 1);
        if (!status) status = add_cell(ctx, output, column, &column->chunks[chunk], row);
    }
    if (!status) status = cm_bytes_add(ctx, &output->text, "\n", 1);
    return status ? status : cm_output_flush(ctx, output, false, table->first_rows[chunk] + row, table->rows);
}

cm_status cm_write_as_csv(cm_context *ctx, cm_output *output, const cm_table *table) {
    cm_status status = output->header ? add_header(ctx, output, table) : CM_OK;
    for (uint64_t chunk = 0; chunk < table->chunk_count && !status; chunk++) {
        uint64_t rows = table->first_rows[chunk + 1] - table->first_rows[chunk];
        for (uint64_t row = 0; row < rows && !status; row++) status = add_row(ctx, output, table, chunk, row);
    }
    return status;
}
