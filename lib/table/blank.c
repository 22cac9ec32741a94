#include "table/blank.h"

#include <string.h>

static uint64_t chunks_of(uint64_t rows) { return rows ? (rows + CM_CHUNK_ROWS - 1) / CM_CHUNK_ROWS : 1; }

static uint64_t rows_of(uint64_t rows, uint64_t chunk) {
    uint64_t left = rows - chunk * CM_CHUNK_ROWS;
    return left < CM_CHUNK_ROWS ? left : CM_CHUNK_ROWS;
}

bool cm_blank_fits(const cm_table *table) {
    if (table->chunk_count != chunks_of(table->rows)) return false;
    for (uint64_t i = 0; i < table->chunk_count; i++)
        if (table->first_rows[i] != i * CM_CHUNK_ROWS) return false;
    return true;
}

/* The values of all chunks lie in one piece, which is cheaper to touch first (see memory.c). */
static cm_status share_values(cm_context *ctx, cm_column *column, uint64_t rows) {
    uint64_t width = cm_type_width(column->type);
    cm_buffer *all;
    if (!width) return CM_OK; /* bits */
    cm_status status = cm_buffer_new_raw(ctx, rows * width, &all);
    if (status) return status;
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        column->chunks[i].values_buffer = cm_buffer_retain(all);
        column->chunks[i].values = (const unsigned char *)all->data + i * CM_CHUNK_ROWS * width;
    }
    cm_buffer_release(all);
    return CM_OK;
}

static cm_status make_column(cm_context *ctx, const cm_blank_column *spec, uint64_t rows, cm_column **out) {
    if (spec->shared) return cm_column_alias(ctx, spec->shared, spec->name, spec->role, out);
    cm_status status = cm_column_new(ctx, spec->name, spec->type, spec->scale, spec->role, 0, spec->dictionary,
                                     chunks_of(rows), out);
    if (status) return status;
    (*out)->dictionary_size = spec->dictionary_size;
    for (uint64_t i = 0; i < (*out)->chunk_count; i++) (*out)->chunks[i].rows = rows_of(rows, i);
    status = share_values(ctx, *out, rows);
    if (status) cm_column_release(*out);
    return status;
}

cm_status cm_blank_table(cm_context *ctx, const cm_blank_column *columns, uint64_t count, uint64_t rows,
                         cm_table **out) {
    uint64_t made = 0;
    cm_column **list = cm_alloc(ctx, count, sizeof(cm_column *));
    cm_status status = list ? CM_OK : ctx->error.status;
    while (!status && made < count) {
        status = make_column(ctx, &columns[made], rows, &list[made]);
        made += !status;
    }
    if (!status) status = cm_table_new(ctx, list, count, rows, out);
    else
        for (uint64_t i = 0; i < made; i++) cm_column_release(list[i]);
    cm_free(ctx->core, list, count, sizeof(cm_column *));
    return status;
}

static cm_status make_bits(cm_context *ctx, uint64_t bits, cm_buffer **buffer, const unsigned char **out) {
    cm_status status = cm_buffer_new(ctx, (bits + 7) / 8, buffer);
    if (!status) *out = (*buffer)->data;
    return status;
}

cm_status cm_blank_chunk(cm_context *ctx, cm_table *table, const cm_blank_column *columns, uint64_t chunk) {
    for (uint64_t i = 0; i < table->column_count; i++) {
        cm_chunk *each = &table->columns[i]->chunks[chunk];
        uint64_t width = cm_type_width(columns[i].type);
        const unsigned char *bits = NULL;
        cm_status status = CM_OK;
        if (columns[i].shared) continue;
        if (!width) {
            status = make_bits(ctx, each->rows, &each->values_buffer, &bits);
            each->values = bits;
        } else if (columns[i].may_be_absent) {
            memset(cm_blank_values(table, i, chunk), 0, (size_t)(each->rows * width));
        }
        if (!status && columns[i].may_be_absent) {
            status = make_bits(ctx, each->rows, &each->validity_buffer, &bits);
            each->validity = bits;
        }
        if (status) return status;
    }
    return CM_OK;
}

static bool all_present(const uint8_t *bits, uint64_t rows) {
    for (uint64_t i = 0; i < rows / 8; i++)
        if (bits[i] != 0xFF) return false;
    for (uint64_t i = rows / 8 * 8; i < rows; i++)
        if (!cm_bit(bits, i)) return false;
    return true;
}

void cm_blank_settle(cm_table *table, const cm_blank_column *columns, uint64_t chunk) {
    for (uint64_t i = 0; i < table->column_count; i++) {
        cm_chunk *each = &table->columns[i]->chunks[chunk];
        if (columns[i].shared || !each->validity || !all_present(each->validity, each->rows)) continue;
        cm_buffer_release(each->validity_buffer);
        each->validity_buffer = NULL;
        each->validity = NULL;
    }
}
