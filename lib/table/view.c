/* Looking at a table: nothing here fails, allocates or takes a lock. */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "table/table.h"

uint64_t cm_table_rows(const cm_table *table) { return table ? table->rows : 0; }
uint64_t cm_table_columns(const cm_table *table) { return table ? table->column_count : 0; }
uint64_t cm_table_chunks(const cm_table *table) { return table ? table->chunk_count : 0; }

int64_t cm_table_find(const cm_table *table, const char *name) {
    uint64_t length = name ? strlen(name) : 0;
    for (uint64_t i = 0; name && i < cm_table_columns(table); i++) {
        const cm_column *column = table->columns[i];
        if (column->name_length == length && !memcmp(column->name, name, (size_t)length)) return (int64_t)i;
    }
    return -1;
}

int64_t cm_table_find_role(const cm_table *table, int32_t role) {
    for (uint64_t i = 0; role != CM_ROLE_NONE && i < cm_table_columns(table); i++)
        if (table->columns[i]->role == role) return (int64_t)i;
    return -1;
}

uint64_t cm_table_locate(const cm_table *table, uint64_t row, uint64_t *within) {
    uint64_t low = 0, high = table->chunk_count;
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (table->first_rows[middle] <= row) low = middle;
        else high = middle;
    }
    *within = row - table->first_rows[low];
    return low;
}

/* BOOL counts its rows in bit_offset, LIST in its offsets; all others start at their first row. */
static const void *first_value(const cm_column *column, const cm_chunk *chunk) {
    if (column->type == CM_BOOL || column->type == CM_LIST || !chunk->values) return chunk->values;
    return (const char *)chunk->values + chunk->offset * cm_type_width(column->type);
}

int32_t cm_table_view(const cm_table *table, uint64_t column, uint64_t chunk, cm_column_view *out) {
    cm_column_view view = {0};
    uint64_t size = out ? out->struct_size : 0;
    bool there = column < cm_table_columns(table) && chunk < table->chunk_count;
    if (size < sizeof out->struct_size) return 0;
    if (there) {
        const cm_column *of = table->columns[column];
        const cm_chunk *part = &of->chunks[chunk];
        view.name = of->name;
        view.values = first_value(of, part);
        view.offsets = of->type == CM_LIST ? part->offsets + part->offset : NULL;
        view.validity = part->validity;
        view.bit_offset = part->offset;
        view.first_row = table->first_rows[chunk];
        view.rows = part->rows;
        view.dictionary_size = of->dictionary_size;
        view.type = of->type;
        view.scale = of->scale;
        view.role = of->role;
        view.flags = of->flags;
    }
    view.struct_size = size;
    memcpy(out, &view, size < sizeof view ? (size_t)size : sizeof view);
    return there;
}

const char *cm_table_dictionary_text(const cm_table *table, uint64_t column, int32_t code, uint64_t *length) {
    cm_text text = {NULL, 0};
    if (column < cm_table_columns(table) && code >= 0 && (uint64_t)code < table->columns[column]->dictionary_size)
        text = cm_dictionary_text(table->columns[column]->dictionary, code);
    if (length) *length = text.length;
    return text.data;
}

/* ---- single cells ---- */

typedef struct place {
    const cm_column *column;
    const cm_chunk *chunk;
    uint64_t at; /* row within the buffers of the chunk */
} place;

/* Where a cell is; false if there is none or it is absent. */
static bool find_cell(const cm_table *table, uint64_t row, uint64_t column, place *out) {
    uint64_t within;
    if (column >= cm_table_columns(table) || row >= table->rows) return false;
    out->column = table->columns[column];
    out->chunk = &out->column->chunks[cm_table_locate(table, row, &within)];
    out->at = out->chunk->offset + within;
    return cm_chunk_present(out->chunk, within);
}

int32_t cm_table_is_absent(const cm_table *table, uint64_t row, uint64_t column) {
    place cell;
    return !find_cell(table, row, column, &cell);
}

int64_t cm_table_int(const cm_table *table, uint64_t row, uint64_t column) {
    place cell;
    if (!find_cell(table, row, column, &cell)) return 0;
    switch (cell.column->type) {
    case CM_BOOL: return cm_bit(cell.chunk->values, cell.at);
    case CM_DATE: return ((const int32_t *)cell.chunk->values)[cell.at];
    case CM_INT64:
    case CM_DECIMAL:
    case CM_TIMESTAMP: return ((const int64_t *)cell.chunk->values)[cell.at];
    default: return 0;
    }
}

double cm_table_double(const cm_table *table, uint64_t row, uint64_t column) {
    place cell;
    if (!find_cell(table, row, column, &cell)) return (double)NAN;
    switch (cell.column->type) {
    case CM_BOOL: return cm_bit(cell.chunk->values, cell.at);
    case CM_INT64: return (double)((const int64_t *)cell.chunk->values)[cell.at];
    case CM_FLOAT64: return ((const double *)cell.chunk->values)[cell.at];
    case CM_DECIMAL:
        return cm_decimal_to_double(((const int64_t *)cell.chunk->values)[cell.at], cell.column->scale);
    default: return (double)NAN;
    }
}

uint64_t cm_table_items(const cm_table *table, uint64_t row, uint64_t column) {
    place cell;
    if (!find_cell(table, row, column, &cell)) return 0;
    if (cell.column->type != CM_LIST) return 1;
    return (uint64_t)(cell.chunk->offsets[cell.at + 1] - cell.chunk->offsets[cell.at]);
}

const char *cm_table_text(const cm_table *table, uint64_t row, uint64_t column, uint64_t item, uint64_t *length) {
    place cell;
    cm_text text = {NULL, 0};
    if (find_cell(table, row, column, &cell) && cell.column->dictionary && item < cm_table_items(table, row, column)) {
        const int32_t *codes = cell.chunk->values;
        uint64_t at = cell.column->type == CM_LIST ? (uint64_t)cell.chunk->offsets[cell.at] + item : cell.at;
        text = cm_dictionary_text(cell.column->dictionary, codes[at]);
    }
    if (length) *length = text.length;
    return text.data;
}
