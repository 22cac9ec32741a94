/* The Arrow bridge inside: arrow_schema.c says what columns come in, arrow_import.c takes batches apart and owns them,
 * arrow_import_values.c and arrow_import_texts.c make chunks of arrays, arrow_export.c and arrow_export_values.c give
 * tables out. Nothing that a producer says is trusted further than the interface can be checked: sizes of its buffers
 * are not part of it. */
#ifndef CM_TABLE_ARROW_H
#define CM_TABLE_ARROW_H

#include "table/options.h"
#include "table/table.h"

extern const cm_topic cm_arrow_topic; /* strings, decimals */

#define CM_ARROW_ROLE_KEY "custmine.role" /* of a field's metadata */

/* ---- what comes in ---- */

typedef enum cm_arrow_kind {
    CM_ARROW_NULL,
    CM_ARROW_BOOL,
    CM_ARROW_INTEGER,
    CM_ARROW_FLOATING,
    CM_ARROW_DECIMAL,
    CM_ARROW_DAYS,
    CM_ARROW_MILLISECOND_DAYS, /* date64 */
    CM_ARROW_TIME,
    CM_ARROW_TEXT,
    CM_ARROW_TEXT_VIEW,
    CM_ARROW_LIST
} cm_arrow_kind;

typedef struct cm_arrow_type {
    cm_arrow_kind kind;
    int32_t type, scale, flags; /* of the column that it becomes */
    uint32_t width;             /* bytes of a number, or of an offset of TEXT and LIST */
    bool is_unsigned;           /* INTEGER */
    uint32_t index_width;       /* dictionary-encoded: bytes of an index; else 0 */
    bool index_is_unsigned;
    int64_t unit; /* TIME: how many a second */
} cm_arrow_type;

/* An array that was given to us, released when nothing uses its buffers any more. */
typedef struct cm_arrow_owner {
    atomic_uint_fast64_t references;
    cm_core *core;
    struct ArrowArray array;
} cm_arrow_owner;

cm_arrow_owner *cm_arrow_owner_retain(cm_arrow_owner *owner);
void cm_arrow_owner_release(void *owner); /* a cm_arrow_owner, or NULL */

/* The dictionary that was met last and what became of it: the batches of a stream mostly share one. */
typedef struct cm_arrow_known {
    cm_arrow_owner *owner; /* keeps its memory, so that no other dictionary can stand there */
    const struct ArrowArray *array;
    cm_chunk entries; /* texts: codes in the column's dictionary */
    bool identity;    /* texts: entry i has code i */
} cm_arrow_known;

/* A column in the making. */
typedef struct cm_arrow_column {
    char *name;
    uint64_t name_length;
    int32_t role;
    cm_arrow_type cells, items; /* items: of a LIST */
    cm_dictionary *dictionary;  /* STRING, LIST */
    cm_chunk *chunks;
    uint64_t chunk_count, chunk_capacity;
    cm_arrow_known known;
} cm_arrow_column;

/* The columns of a struct schema: types, names made unique, roles. `columns` has room for all its children (zeroed),
 * and is cleared by the caller also on failure. */
cm_status cm_arrow_columns(cm_context *ctx, const struct ArrowSchema *schema, cm_arrow_column *columns);

/* Some elements of an array, on their way into a chunk. */
typedef struct cm_arrow_window {
    cm_context *ctx;
    const char *name; /* of the column; NULL: the struct array itself */
    cm_arrow_column *column;
    cm_arrow_owner *owner;
    const struct ArrowArray *array;
    uint64_t first; /* in the buffers, the array's offset included */
    uint64_t rows;
    uint64_t number;     /* of the first, from 1: for errors */
    const uint8_t *mask; /* a second validity, of the rows as a whole; NULL: none */
    uint64_t mask_first;
} cm_arrow_window;

/* Sets first and rows: elements `start` up to start + rows of the array, which must have them. */
cm_status cm_arrow_open(cm_arrow_window *window, uint64_t start, uint64_t rows);

/* Makes a chunk of the elements. What has our layout is borrowed from the owner, the rest copied; bits keep their place
 * in the byte, so that the chunk's offset is below 8. On failure *out holds buffers still: cm_arrow_chunk_clear. */
cm_status cm_arrow_read(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out);
void cm_arrow_chunk_clear(cm_chunk *chunk);

/* The parts of cm_arrow_read; rows, offset and validity are set. */
cm_status cm_arrow_read_numbers(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out);
cm_status cm_arrow_read_texts(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out);
cm_status cm_arrow_read_encoded(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out);
cm_status cm_arrow_read_lists(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out);

/* Lets the chunk use the window's elements in a buffer as they are. */
cm_status cm_arrow_share(const cm_arrow_window *window, const void *buffer, uint64_t width, cm_chunk *out);
/* The same for memory at large. */
cm_status cm_arrow_borrow(const cm_arrow_window *window, const void *data, uint64_t bytes, cm_buffer **out);
/* Fresh zeroed values of a width (0: bits) for a chunk; *values is of its first row (bits: of the whole). */
cm_status cm_arrow_fresh(cm_context *ctx, uint64_t width, cm_chunk *out, void *values);
/* A validity of the chunk's own, with the bits of the one it has. */
cm_status cm_arrow_own_validity(cm_context *ctx, cm_chunk *out);

static inline bool cm_arrow_aligned(const void *data, uint64_t width) { return (uintptr_t)data % width == 0; }

/* `what` is the member that cannot be; name NULL: of the struct array itself. */
cm_status cm_arrow_malformed(cm_context *ctx, const char *name, const char *what);

/* ---- what goes out ---- */

typedef struct cm_arrow_column_out {
    bool large;                 /* texts need offsets of 64 bits */
    bool binary;                /* some text is not UTF-8, as in records that were refused: they go out as bytes */
    cm_buffer *offsets, *bytes; /* the dictionary as one array; made when it is first given out */
} cm_arrow_column_out;

typedef struct cm_arrow_export {
    cm_core *core;
    cm_table *table;
    bool plain, decimal64;
    cm_arrow_column_out *columns;
} cm_arrow_export;

/* Looks over the table: whether it can go out so, and which texts are large or not UTF-8. */
cm_status cm_arrow_export_begin(cm_context *ctx, const cm_table *table, const cm_options *options,
                                cm_arrow_export *out);
void cm_arrow_export_end(cm_arrow_export *out);

/* One chunk of the table as a struct array. `array` is zeroed, and stays so on failure. */
cm_status cm_arrow_export_batch(cm_context *ctx, cm_arrow_export *from, uint64_t chunk, struct ArrowArray *array);

#endif
