/* Chunks as Arrow arrays. An array keeps the column whose buffers it points into, and the buffers made for it; each
 * child does so for itself, so that it may be moved out and outlive the others. */
#include <string.h>

#include "base/utf8.h"
#include "table/arrow.h"

#define DECIMAL64_LARGEST INT64_C(999999999999999999)

/* ---- what is to go out ---- */

/* Texts to be laid end to end: of these codes, or of the whole dictionary. */
typedef struct texts {
    const cm_dictionary *dictionary;
    const int32_t *codes;  /* NULL: 0, 1, 2 ... */
    const cm_chunk *chunk; /* rows that are absent have no text; NULL: all are there */
    uint64_t count;
    uint64_t lead; /* offsets before the first, which the array's own offset passes over */
} texts;

static cm_text text_at(const texts *from, uint64_t index) {
    if (from->chunk && !cm_chunk_present(from->chunk, index)) return (cm_text){"", 0};
    return cm_dictionary_text(from->dictionary, from->codes ? from->codes[index] : (int32_t)index);
}

static cm_status count_bytes(cm_context *ctx, const texts *from, uint64_t *bytes) {
    cm_status status = CM_OK;
    *bytes = 0;
    for (uint64_t i = 0; i < from->count && !status; i++) {
        if (i % CM_CHUNK_ROWS == 0) status = cm_tick(ctx, "arrow", 0, 0);
        *bytes += text_at(from, i).length;
    }
    return status;
}

static texts texts_of_dictionary(const cm_column *column) {
    return (texts){.dictionary = column->dictionary, .count = column->dictionary_size};
}

static texts texts_of_rows(const cm_column *column, const cm_chunk *chunk) {
    return (texts){.dictionary = column->dictionary,
                   .codes = (const int32_t *)chunk->values + chunk->offset,
                   .chunk = chunk,
                   .count = chunk->rows,
                   .lead = chunk->offset & 7};
}

static texts texts_of_items(const cm_column *column, const cm_chunk *chunk) {
    const int64_t *offsets = chunk->offsets + chunk->offset;
    return (texts){.dictionary = column->dictionary,
                   .codes = (const int32_t *)chunk->values + offsets[0],
                   .count = (uint64_t)(offsets[chunk->rows] - offsets[0])};
}

static cm_status find_binary(cm_context *ctx, const cm_column *column, bool *binary) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < column->dictionary_size && !*binary && !status; i++) {
        cm_text text = cm_dictionary_text(column->dictionary, (int32_t)i);
        if (i % CM_CHUNK_ROWS == 0) status = cm_tick(ctx, "arrow", 0, 0);
        *binary = !cm_utf8_is_valid(text.data, text.length);
    }
    return status;
}

/* One type serves all chunks: offsets of 64 bits if one of them needs those. */
static cm_status find_size(cm_context *ctx, const cm_arrow_export *from, const cm_column *column, bool *large) {
    uint64_t bytes, count = from->plain ? column->chunk_count : 1;
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < count && !status; i++) {
        texts all = !from->plain                ? texts_of_dictionary(column)
                    : column->type == CM_STRING ? texts_of_rows(column, &column->chunks[i])
                                                : texts_of_items(column, &column->chunks[i]);
        status = count_bytes(ctx, &all, &bytes);
        if (!status && bytes > INT32_MAX) *large = true;
    }
    return status;
}

static cm_status check_precision(cm_context *ctx, const cm_table *table, const cm_column *column) {
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        const cm_chunk *chunk = &column->chunks[i];
        const int64_t *values = (const int64_t *)chunk->values + chunk->offset;
        for (uint64_t row = 0; row < chunk->rows; row++)
            if ((values[row] > DECIMAL64_LARGEST || values[row] < -DECIMAL64_LARGEST) && cm_chunk_present(chunk, row))
                return cm_fail(ctx, CM_E_OVERFLOW, "ARROW_PRECISION", "su", column->name,
                               table->first_rows[i] + row + 1);
    }
    return CM_OK;
}

cm_status cm_arrow_export_begin(cm_context *ctx, const cm_table *table, const cm_options *options,
                                cm_arrow_export *out) {
    cm_status status = cm_options_check(ctx, options, &cm_arrow_topic);
    if (status) return status;
    out->columns = cm_alloc(ctx, table->column_count, sizeof *out->columns);
    if (!out->columns) return ctx->error.status;
    out->core = cm_core_retain(ctx->core);
    out->table = cm_table_retain(table);
    out->plain = cm_option_choice(options, &cm_arrow_topic, "strings") == 1;
    out->decimal64 = cm_option_choice(options, &cm_arrow_topic, "decimals") == 1;
    for (uint64_t i = 0; i < table->column_count && !status; i++) {
        const cm_column *column = table->columns[i];
        if (column->dictionary) {
            status = find_size(ctx, out, column, &out->columns[i].large);
            if (!status) status = find_binary(ctx, column, &out->columns[i].binary);
        } else if (column->type == CM_DECIMAL && out->decimal64) {
            status = check_precision(ctx, table, column);
        }
    }
    return status;
}

void cm_arrow_export_end(cm_arrow_export *from) {
    cm_core *core = from->core;
    if (!core) return;
    for (uint64_t i = 0; i < from->table->column_count; i++) {
        cm_buffer_release(from->columns[i].offsets);
        cm_buffer_release(from->columns[i].bytes);
    }
    cm_free(core, from->columns, from->table->column_count, sizeof *from->columns);
    cm_table_free(from->table);
    *from = (cm_arrow_export){0};
    cm_core_release(core);
}

/* ---- arrays ---- */

#define MOST_BUFFERS 3

typedef struct array_owner {
    cm_core *core;
    cm_column *column;             /* whose buffers are pointed to; NULL: none */
    cm_buffer *made[MOST_BUFFERS]; /* those that are not the column's */
    const void *buffers[MOST_BUFFERS];
    uint64_t child_count;
    struct ArrowArray *children, **pointers, dictionary;
} array_owner;

static void release_array(struct ArrowArray *array) {
    array_owner *own = array->private_data;
    cm_core *core = own->core;
    for (uint64_t i = 0; own->children && i < own->child_count; i++)
        if (own->children[i].release) own->children[i].release(&own->children[i]);
    if (own->dictionary.release) own->dictionary.release(&own->dictionary);
    for (int i = 0; i < MOST_BUFFERS; i++) cm_buffer_release(own->made[i]);
    cm_free(core, own->children, own->child_count, sizeof *own->children);
    cm_free(core, own->pointers, own->child_count, sizeof *own->pointers);
    cm_column_release(own->column);
    cm_free(core, own, 1, sizeof *own);
    array->release = NULL;
    cm_core_release(core);
}

/* On failure the array is released already. */
static cm_status new_array(cm_context *ctx, cm_column *column, int64_t buffers, uint64_t children,
                           struct ArrowArray *out) {
    array_owner *own = cm_alloc(ctx, 1, sizeof *own);
    if (!own) return ctx->error.status;
    own->core = cm_core_retain(ctx->core);
    own->column = column ? cm_column_retain(column) : NULL;
    own->child_count = children;
    own->children = cm_alloc(ctx, children, sizeof *own->children);
    own->pointers = own->children ? cm_alloc(ctx, children, sizeof *own->pointers) : NULL;
    for (uint64_t i = 0; own->pointers && i < children; i++) own->pointers[i] = &own->children[i];
    *out = (struct ArrowArray){.n_buffers = buffers,
                               .n_children = (int64_t)children,
                               .buffers = own->buffers,
                               .children = children ? own->pointers : NULL,
                               .release = release_array,
                               .private_data = own};
    if (own->pointers) return CM_OK;
    release_array(out);
    return ctx->error.status;
}

/* A buffer made for the array, which takes the reference over. */
static void *set_made(struct ArrowArray *array, int number, cm_buffer *buffer) {
    array_owner *own = array->private_data;
    own->made[number] = buffer;
    own->buffers[number] = buffer->data;
    return buffer->data;
}

/* ---- texts ---- */

static void lay_texts(const texts *from, bool large, void *offsets, char *bytes) {
    int32_t *narrow = offsets;
    int64_t *wide = offsets;
    uint64_t end = 0;
    for (uint64_t i = 0; i < from->count; i++) {
        cm_text text = text_at(from, i);
        if (text.length) memcpy(bytes + end, text.data, (size_t)text.length);
        end += text.length;
        if (large) wide[from->lead + i + 1] = (int64_t)end;
        else narrow[from->lead + i + 1] = (int32_t)end;
    }
}

static cm_status make_texts(cm_context *ctx, const texts *from, bool large, cm_buffer **offsets, cm_buffer **bytes) {
    uint64_t size;
    cm_status status = count_bytes(ctx, from, &size);
    *offsets = *bytes = NULL;
    if (!status) status = cm_buffer_new(ctx, (from->lead + from->count + 1) * (large ? 8 : 4), offsets);
    if (!status) status = cm_buffer_new(ctx, size, bytes);
    if (!status) {
        lay_texts(from, large, (*offsets)->data, (*bytes)->data);
        return CM_OK;
    }
    cm_buffer_release(*offsets);
    *offsets = NULL;
    return status;
}

static cm_status set_texts(cm_context *ctx, const texts *from, bool large, struct ArrowArray *out) {
    cm_buffer *offsets, *bytes;
    cm_status status = make_texts(ctx, from, large, &offsets, &bytes);
    if (status) return status;
    set_made(out, 1, offsets);
    set_made(out, 2, bytes);
    return CM_OK;
}

/* The dictionary is laid out once for all batches. */
static cm_status add_dictionary(cm_context *ctx, cm_arrow_export *from, uint64_t number, struct ArrowArray *out) {
    cm_column *column = from->table->columns[number];
    cm_arrow_column_out *kept = &from->columns[number];
    struct ArrowArray *dictionary = &((array_owner *)out->private_data)->dictionary;
    texts all = texts_of_dictionary(column);
    cm_status status = kept->bytes ? CM_OK : make_texts(ctx, &all, kept->large, &kept->offsets, &kept->bytes);
    if (!status) status = new_array(ctx, NULL, 3, 0, dictionary);
    if (status) return status;
    dictionary->length = (int64_t)column->dictionary_size;
    set_made(dictionary, 1, cm_buffer_retain(kept->offsets));
    set_made(dictionary, 2, cm_buffer_retain(kept->bytes));
    out->dictionary = dictionary;
    return CM_OK;
}

/* ---- columns ---- */

/* Each value with its sign spread over the upper half. */
static cm_status set_decimals(cm_context *ctx, const cm_chunk *chunk, struct ArrowArray *out) {
    cm_buffer *buffer;
    uint64_t lead = (uint64_t)out->offset;
    cm_status status = cm_buffer_new(ctx, (lead + chunk->rows) * 16, &buffer);
    if (status) return status;
    int64_t *to = (int64_t *)set_made(out, 1, buffer) + 2 * lead;
    const int64_t *values = (const int64_t *)chunk->values + chunk->offset;
    for (uint64_t i = 0; i < chunk->rows; i++) {
        int64_t sign = values[i] < 0 ? -1 : 0;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        to[2 * i] = sign, to[2 * i + 1] = values[i];
#else
        to[2 * i] = values[i], to[2 * i + 1] = sign;
#endif
    }
    return CM_OK;
}

/* Plain texts of the rows' items begin at 0, so offsets that do not are written anew. */
static cm_status set_plain_items(cm_context *ctx, const cm_chunk *chunk, const texts *items, bool large,
                                 struct ArrowArray *out) {
    cm_buffer *buffer;
    const int64_t *offsets = chunk->offsets + chunk->offset;
    uint64_t lead = (uint64_t)out->offset;
    if (offsets[0]) {
        cm_status status = cm_buffer_new(ctx, (lead + chunk->rows + 1) * sizeof *offsets, &buffer);
        if (status) return status;
        int64_t *to = (int64_t *)set_made(out, 1, buffer) + lead;
        for (uint64_t i = 0; i <= chunk->rows; i++) to[i] = offsets[i] - offsets[0];
    }
    return set_texts(ctx, items, large, out->children[0]);
}

static cm_status set_items(cm_context *ctx, cm_arrow_export *from, uint64_t number, const cm_chunk *chunk,
                           struct ArrowArray *out) {
    cm_column *column = from->table->columns[number];
    texts items = texts_of_items(column, chunk);
    cm_status status = new_array(ctx, column, from->plain ? 3 : 2, 0, out->children[0]);
    if (status) return status;
    if (from->plain) {
        out->children[0]->length = (int64_t)items.count;
        return set_plain_items(ctx, chunk, &items, from->columns[number].large, out);
    }
    out->children[0]->length = chunk->offsets[chunk->offset + chunk->rows];
    out->children[0]->buffers[1] = chunk->values;
    return add_dictionary(ctx, from, number, out->children[0]);
}

/* Points to the chunk's own memory. The offset is brought below 8, what bits can do, so that copies waste nothing. */
static void set_borrowed(const cm_column *column, const cm_chunk *chunk, struct ArrowArray *out) {
    uint64_t start = chunk->offset & ~UINT64_C(7), width = cm_type_width(column->type);
    const char *values = chunk->values;
    out->length = (int64_t)chunk->rows;
    out->offset = (int64_t)(chunk->offset - start);
    out->null_count = chunk->validity ? -1 : 0;
    out->buffers[0] = chunk->validity ? chunk->validity + start / 8 : NULL;
    if (column->type == CM_LIST) out->buffers[1] = chunk->offsets + start;
    else out->buffers[1] = values + (width ? start * width : start / 8);
}

static cm_status column_array(cm_context *ctx, cm_arrow_export *from, uint64_t number, uint64_t part,
                              struct ArrowArray *out) {
    cm_column *column = from->table->columns[number];
    const cm_chunk *chunk = &column->chunks[part];
    bool plain = column->type == CM_STRING && from->plain;
    cm_status status = new_array(ctx, column, plain ? 3 : 2, column->type == CM_LIST, out);
    if (status) return status;
    set_borrowed(column, chunk, out);
    if (plain) {
        texts rows = texts_of_rows(column, chunk);
        return set_texts(ctx, &rows, from->columns[number].large, out);
    }
    if (column->type == CM_STRING) return add_dictionary(ctx, from, number, out);
    if (column->type == CM_LIST) return set_items(ctx, from, number, chunk, out);
    return column->type == CM_DECIMAL && !from->decimal64 ? set_decimals(ctx, chunk, out) : CM_OK;
}

cm_status cm_arrow_export_batch(cm_context *ctx, cm_arrow_export *from, uint64_t chunk, struct ArrowArray *array) {
    const cm_table *table = from->table;
    cm_status status = new_array(ctx, NULL, 1, table->column_count, array);
    if (status) return status;
    array->length = (int64_t)(table->first_rows[chunk + 1] - table->first_rows[chunk]);
    for (uint64_t i = 0; i < table->column_count && !status; i++) {
        status = column_array(ctx, from, i, chunk, array->children[i]);
        if (!status) status = cm_tick(ctx, "arrow", i, table->column_count);
    }
    if (!status) return CM_OK;
    release_array(array);
    memset(array, 0, sizeof *array);
    return status;
}
