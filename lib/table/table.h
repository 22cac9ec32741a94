/* Tables inside: columns of chunks of buffers, all shared and immutable once the table stands. */
#ifndef CM_TABLE_TABLE_H
#define CM_TABLE_TABLE_H

#include "base/context.h"
#include "base/names.h"
#include "custmine/table.h"
#include "table/dictionary.h"

/* Rows of the chunks that the builder makes. */
#define CM_CHUNK_ROWS UINT64_C(65536)

/* ---- buffers ---- */

/* Memory that chunks share: ours (64-byte aligned, padded to 64 bytes, zero behind the end) or somebody else's. */
typedef struct cm_buffer {
    atomic_uint_fast64_t references;
    cm_core *core;
    void *data;
    uint64_t size;    /* bytes that may be used */
    void *block;      /* what was allocated; NULL for foreign memory */
    uint64_t block_size;
    void (*release)(void *owner); /* foreign: called once when the last reference goes */
    void *owner;
} cm_buffer;

cm_status cm_buffer_new(cm_context *ctx, uint64_t bytes, cm_buffer **out);              /* zeroed */
/* not zeroed: who takes it writes all */
cm_status cm_buffer_new_raw(cm_context *ctx, uint64_t bytes, cm_buffer **out);
/* ours, with one reference; new room zeroed */
cm_status cm_buffer_grow(cm_context *ctx, cm_buffer *buffer, uint64_t bytes);
cm_status cm_buffer_foreign(cm_context *ctx, const void *data, uint64_t bytes, void (*release)(void *), void *owner,
                            /* on failure release is not called */
                            cm_buffer **out);
cm_buffer *cm_buffer_retain(cm_buffer *buffer);
void cm_buffer_release(cm_buffer *buffer);

/* ---- columns and tables ---- */

/* One chunk of one column. Values of row i of the chunk are values[offset + i] (BOOL: bit offset + i; LIST:
 * offsets[offset + i]), its validity is bit offset + i. Values are aligned for their type: what is imported otherwise
 * is copied. */
typedef struct cm_chunk {
    uint64_t rows;
    uint64_t offset;
    const void *values;      /* LIST: int32_t codes */
    const int64_t *offsets;  /* LIST */
    const uint8_t *validity; /* NULL: all present */
    cm_buffer *values_buffer, *offsets_buffer, *validity_buffer; /* what keeps them; may be NULL */
} cm_chunk;

/* A column: shared between the tables that have it. */
typedef struct cm_column {
    atomic_uint_fast64_t references;
    cm_core *core;
    char *name;
    uint64_t name_length;
    int32_t type, scale, role, flags;
    cm_dictionary *dictionary; /* STRING, LIST */
    uint64_t dictionary_size;  /* codes in use are below this */
    uint64_t chunk_count;
    cm_chunk *chunks; /* chunk_count of them */
} cm_column;

typedef struct cm_attachment {
    char *name;
    cm_table *table;
} cm_attachment;

struct cm_table {
    atomic_uint_fast64_t references;
    cm_core *core;
    uint64_t rows;
    uint64_t column_count;
    cm_column **columns;
    uint64_t chunk_count;  /* at least 1, the same for all columns */
    uint64_t *first_rows;  /* of each chunk, and the number of rows at the end: chunk_count + 1 */
    uint64_t attachment_count;
    cm_attachment *attachments;
};

/* A column with room for its chunks (zeroed); name is copied, the dictionary (if any) retained. dictionary_size is that
 * of
 * the moment: who adds texts later sets it again. */
cm_status cm_column_new(cm_context *ctx, const char *name, int32_t type, int32_t scale, int32_t role, int32_t flags,
                        cm_dictionary *dictionary, uint64_t chunk_count, cm_column **out);
/* The same chunks under another name or role; name NULL keeps it. */
cm_status cm_column_alias(cm_context *ctx, cm_column *column, const char *name, int32_t role, cm_column **out);
/* A copy of a chunk that keeps the same buffers. */
void cm_chunk_share(cm_chunk *to, const cm_chunk *from);
cm_column *cm_column_retain(cm_column *column);
void cm_column_release(cm_column *column);

/* A table of these columns, which it takes over (their references), also on failure. The columns must have the same
 * chunks; a table without columns has `rows` rows in one chunk. Names must differ: CM_E_COLUMN. */
cm_status cm_table_new(cm_context *ctx, cm_column **columns, uint64_t count, uint64_t rows, cm_table **out);

/* The same table with another attached; before it is given out. `attached` is retained; one of that name is replaced.
 */
cm_status cm_table_attach(cm_context *ctx, cm_table *table, const char *name, cm_table *attached);
cm_table *cm_table_attachment(const cm_table *table, const char *name); /* borrowed, NULL if there is none */
cm_status cm_table_copy_attachments(cm_context *ctx, cm_table *to, const cm_table *from);

/* The column of a name; CM_E_COLUMN names those there are. */
cm_status cm_table_require(cm_context *ctx, const cm_table *table, const char *name, uint64_t *column);
/* The columns' names for an error. */
void cm_table_names(const cm_table *table, cm_names *out);

/* The chunk of a row, and the row within it. */
uint64_t cm_table_locate(const cm_table *table, uint64_t row, uint64_t *within);

static inline bool cm_bit(const uint8_t *bits, uint64_t index) { return bits[index >> 3] >> (index & 7) & 1; }
static inline void cm_set_bit(uint8_t *bits, uint64_t index) { bits[index >> 3] |= (uint8_t)(1u << (index & 7)); }
static inline void cm_clear_bit(uint8_t *bits, uint64_t index) { bits[index >> 3] &= (uint8_t)~(1u << (index & 7)); }
static inline bool cm_chunk_present(const cm_chunk *chunk, uint64_t row) {
    return !chunk->validity || cm_bit(chunk->validity, chunk->offset + row);
}

const char *cm_type_name(int32_t type); /* "DECIMAL" */
uint64_t cm_type_width(int32_t type);   /* bytes of a value; 0 for BOOL (bits), 4 for the codes of STRING and LIST */

/* ---- cells as text ---- */

/* The written form of a present cell (not LIST): a borrowed dictionary text or what is printed into `room`. */
#define CM_CELL_TEXT 64
const char *cm_cell_text(const cm_column *column, const cm_chunk *chunk, uint64_t row, char room[CM_CELL_TEXT],
                         uint64_t *length);

/* Reads a written form as a value of a type (not STRING, LIST, FLOAT64): false if it is none or needs a larger scale.
 * A TIMESTAMP with a zone gives UTC; a caller to whom a naive column matters asks cm_cell_is_zoned first. */
bool cm_cell_parse(int32_t type, int32_t scale, const char *text, uint64_t length, int64_t *out);
bool cm_cell_is_zoned(const char *text, uint64_t length);

#endif
