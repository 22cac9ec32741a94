/* A table of a known number of rows whose values are written in place, chunk by chunk, by threads if need be, before it
 * is given out. */
#ifndef CM_TABLE_BLANK_H
#define CM_TABLE_BLANK_H

#include "table/table.h"

typedef struct cm_blank_column {
    const char *name;
    int32_t type, scale, role; /* not LIST */
    cm_dictionary *dictionary; /* STRING; retained */
    uint64_t dictionary_size;
    bool may_be_absent; /* cells are absent until their bit is set */
    cm_column *shared;  /* a column of another table, with the same chunks, to be had under this name; NULL: none */
} cm_blank_column;

/* Chunks of CM_CHUNK_ROWS rows, the last of the rest; none is made yet. */
cm_status cm_blank_table(cm_context *ctx, const cm_blank_column *columns, uint64_t count, uint64_t rows,
                         cm_table **out);

/* Whether a table's columns have the chunks that a blank one of as many rows would have. */
bool cm_blank_fits(const cm_table *table);

/* Makes one chunk: zeros where cells may be absent, else not set: who takes it writes all. Each chunk once,
 * on any thread. */
cm_status cm_blank_chunk(cm_context *ctx, cm_table *table, const cm_blank_column *columns, uint64_t chunk);

/* Takes away the validity of the columns whose cells are all there. After a chunk is filled; each chunk once. */
void cm_blank_settle(cm_table *table, const cm_blank_column *columns, uint64_t chunk);

/* The values of a chunk, and its validity (NULL unless the column may_be_absent). */
static inline void *cm_blank_values(const cm_table *table, uint64_t column, uint64_t chunk) {
    const cm_chunk *of = &table->columns[column]->chunks[chunk];
    unsigned char *all = of->values_buffer->data;
    return all + ((const unsigned char *)of->values - all);
}
static inline uint8_t *cm_blank_validity(const cm_table *table, uint64_t column, uint64_t chunk) {
    const cm_buffer *buffer = table->columns[column]->chunks[chunk].validity_buffer;
    return buffer ? buffer->data : NULL;
}

static inline void cm_blank_present(const cm_table *table, uint64_t column, uint64_t chunk, uint64_t row) {
    uint8_t *validity = cm_blank_validity(table, column, chunk);
    if (validity) cm_set_bit(validity, row);
}

/* Write a cell: whatever is kept as an integer (days, codes, bits), and FLOAT64. */
static inline void cm_blank_put(const cm_table *table, uint64_t column, uint64_t chunk, uint64_t row, int64_t value) {
    void *values = cm_blank_values(table, column, chunk);
    int32_t type = table->columns[column]->type;
    if (type == CM_STRING || type == CM_DATE) ((int32_t *)values)[row] = (int32_t)value;
    else if (type != CM_BOOL) ((int64_t *)values)[row] = value;
    else if (value) cm_set_bit(values, row);
    cm_blank_present(table, column, chunk, row);
}

static inline void cm_blank_put_double(const cm_table *table, uint64_t column, uint64_t chunk, uint64_t row,
                                       double value) {
    ((double *)cm_blank_values(table, column, chunk))[row] = value;
    cm_blank_present(table, column, chunk, row);
}

#endif
