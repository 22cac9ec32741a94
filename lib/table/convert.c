#include "table/convert.h"

#include <math.h>

#include "base/number.h"

/* A column of int64 chunks like those of `like`, values zero, all absent. */
static cm_status make_column(cm_context *ctx, const cm_column *like, int32_t type, int32_t scale, cm_column **out) {
    cm_column *column = NULL;
    cm_status status = cm_column_new(ctx, like->name, type, scale, like->role, 0, NULL, like->chunk_count, &column);
    for (uint64_t i = 0; i < like->chunk_count && !status; i++) {
        cm_chunk *chunk = &column->chunks[i];
        chunk->rows = like->chunks[i].rows;
        status = cm_buffer_new(ctx, chunk->rows * sizeof(int64_t), &chunk->values_buffer);
        if (!status) status = cm_buffer_new(ctx, (chunk->rows + 7) / 8, &chunk->validity_buffer);
        if (status) break;
        chunk->values = chunk->values_buffer->data;
        chunk->validity = chunk->validity_buffer->data;
    }
    if (status) {
        cm_column_release(column);
        column = NULL;
    }
    *out = column;
    return status;
}

static bool present(const cm_chunk *chunk, uint64_t row, double *number) {
    *number = ((const double *)chunk->values)[chunk->offset + row];
    return cm_chunk_present(chunk, row) && !isnan(*number);
}

static cm_status fail_row(cm_context *ctx, const cm_column *column, const char *reason, double number, uint64_t row) {
    cm_fail(ctx, CM_E_DATA, reason, "dui", number, row + 1, (int64_t)CM_DOUBLE_PLACES);
    return cm_fail_at(ctx, NULL, 0, 0, column->name, 0);
}

/* The largest scale that a value of the column needs. */
static cm_status find_scale(cm_context *ctx, const cm_column *column, int32_t *scale) {
    uint64_t first_row = 0;
    *scale = 0;
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        const cm_chunk *chunk = &column->chunks[i];
        for (uint64_t row = 0; row < chunk->rows; row++) {
            double number;
            int64_t value;
            int32_t own;
            if (!present(chunk, row, &number)) continue;
            if (!cm_double_to_decimal(number, CM_DOUBLE_PLACES, &value, &own))
                return fail_row(ctx, column, "DOUBLE_PLACES", number, first_row + row);
            if (own > *scale) *scale = own;
        }
        first_row += chunk->rows;
    }
    return CM_OK;
}

/* A double as an integer times 10^scale; false if it does not fit. */
static bool scaled(double number, int32_t scale, int64_t *out) {
    int64_t value;
    int32_t own;
    return cm_double_to_decimal(number, scale, &value, &own) && !cm_rescale_overflows(value, own, scale, out);
}

static cm_status fill(cm_context *ctx, const cm_column *from, const char *reason, cm_column *to) {
    uint64_t first_row = 0;
    for (uint64_t i = 0; i < from->chunk_count; i++) {
        const cm_chunk *chunk = &from->chunks[i];
        int64_t *values = to->chunks[i].values_buffer->data;
        for (uint64_t row = 0; row < chunk->rows; row++) {
            double number;
            if (!present(chunk, row, &number)) continue;
            if (!scaled(number, to->scale, &values[row])) return fail_row(ctx, from, reason, number, first_row + row);
            cm_set_bit(to->chunks[i].validity_buffer->data, row);
        }
        first_row += chunk->rows;
    }
    return CM_OK;
}

static cm_status convert(cm_context *ctx, const cm_column *from, int32_t type, int32_t scale, const char *reason,
                         cm_column **out) {
    cm_status status = make_column(ctx, from, type, scale, out);
    if (!status) status = fill(ctx, from, reason, *out);
    if (status) {
        cm_column_release(*out);
        *out = NULL;
    }
    return status;
}

cm_status cm_convert_to_decimal(cm_context *ctx, const cm_column *column, cm_column **out) {
    int32_t scale;
    *out = NULL;
    cm_status status = find_scale(ctx, column, &scale);
    return status ? status : convert(ctx, column, CM_DECIMAL, scale, "DOUBLE_RANGE", out);
}

cm_status cm_convert_to_int64(cm_context *ctx, const cm_column *column, cm_column **out) {
    *out = NULL;
    return convert(ctx, column, CM_INT64, 0, "DOUBLE_ID", out);
}
