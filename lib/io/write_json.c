/* JSON: an array of objects, one a line; JSON lines: the objects alone. Bytes that are no UTF-8 become U+FFFD. */
#include <math.h>
#include <string.h>

#include "base/utf8.h"
#include "io/write.h"

static cm_status add(cm_context *ctx, cm_output *output, const char *text) {
    return cm_bytes_add(ctx, &output->text, text, strlen(text));
}

static cm_status add_escape(cm_context *ctx, cm_output *output, unsigned char c) {
    static const char digits[] = "0123456789abcdef", plain[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = c ? strchr(plain, c) : NULL;
    char text[7] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15], 0};
    if (found) {
        text[1] = letters[found - plain];
        text[2] = 0;
    }
    return add(ctx, output, text);
}

static cm_status add_string(cm_context *ctx, cm_output *output, const char *text, uint64_t length) {
    uint64_t from = 0, at = 0, skip;
    cm_status status = add(ctx, output, "\"");
    while (at < length && !status) {
        uint64_t valid = cm_utf8_sequence(text + at, length - at, &skip);
        bool escaped = (unsigned char)text[at] < 0x20 || text[at] == '"' || text[at] == '\\';
        if (valid && !escaped) {
            at += valid;
            continue;
        }
        status = cm_bytes_add(ctx, &output->text, text + from, at - from);
        if (!status)
            status = escaped ? add_escape(ctx, output, (unsigned char)text[at]) : add(ctx, output, "\xEF\xBF\xBD");
        at += escaped ? 1 : skip;
        from = at;
    }
    if (!status) status = cm_bytes_add(ctx, &output->text, text + from, length - from);
    return status ? status : add(ctx, output, "\"");
}

static cm_status add_items(cm_context *ctx, cm_output *output, const cm_column *column, const cm_chunk *chunk,
                           uint64_t row) {
    const int64_t *offsets = chunk->offsets + chunk->offset + row;
    const int32_t *codes = chunk->values;
    cm_status status = add(ctx, output, "[");
    for (int64_t item = offsets[0]; item < offsets[1] && !status; item++) {
        cm_text text = cm_dictionary_text(column->dictionary, codes[item]);
        if (item > offsets[0]) status = add(ctx, output, ",");
        if (!status) status = add_string(ctx, output, text.data, text.length);
    }
    return status ? status : add(ctx, output, "]");
}

static cm_status add_cell(cm_context *ctx, cm_output *output, const cm_column *column, const cm_chunk *chunk,
                          uint64_t row) {
    char room[CM_CELL_TEXT];
    uint64_t length;
    if (!cm_chunk_present(chunk, row)) return add(ctx, output, "null");
    if (column->type == CM_LIST) return add_items(ctx, output, column, chunk, row);
    if (column->type == CM_FLOAT64 && !isfinite(((const double *)chunk->values)[chunk->offset + row]))
        return add(ctx, output, "null");
    const char *text = cm_cell_text(column, chunk, row, room, &length);
    bool quoted = column->type == CM_STRING || column->type == CM_DATE || column->type == CM_TIMESTAMP;
    return quoted ? add_string(ctx, output, text, length) : cm_bytes_add(ctx, &output->text, text, length);
}

static cm_status add_row(cm_context *ctx, cm_output *output, const cm_table *table, uint64_t chunk, uint64_t row) {
    uint64_t number = table->first_rows[chunk] + row;
    cm_status status = add(ctx, output, number && !output->lines ? ",\n{" : "{");
    for (uint64_t i = 0; i < table->column_count && !status; i++) {
        const cm_column *column = table->columns[i];
        if (i) status = add(ctx, output, ",");
        if (!status) status = add_string(ctx, output, column->name, column->name_length);
        if (!status) status = add(ctx, output, ":");
        if (!status) status = add_cell(ctx, output, column, &column->chunks[chunk], row);
    }
    if (!status) status = add(ctx, output, output->lines ? "}\n" : "}");
    return status ? status : cm_output_flush(ctx, output, false, number, table->rows);
}

cm_status cm_write_as_json(cm_context *ctx, cm_output *output, const cm_table *table) {
    cm_status status = output->lines ? CM_OK : add(ctx, output, "[\n");
    for (uint64_t chunk = 0; chunk < table->chunk_count && !status; chunk++) {
        uint64_t rows = table->first_rows[chunk + 1] - table->first_rows[chunk];
        for (uint64_t row = 0; row < rows && !status; row++) status = add_row(ctx, output, table, chunk, row);
    }
    if (status || output->lines) return status;
    return add(ctx, output, table->rows ? "\n]\n" : "]\n");
}
