#include <string.h>

#include "base/hash.h"
#include "io/bytes.h"
#include "io/replace.h"
#include "io/snapshot.h"
#include "io/snapshot_format.h"

/* A section in the making. The first error stays and makes all that follows do nothing. */
typedef struct section {
    cm_context *ctx;
    cm_replacement *file;
    cm_status status;
    unsigned char *block; /* CM_SNAPSHOT_BLOCK */
    uint64_t used;
    uint64_t length;
    uint32_t crc;
} section;

static void flush(section *out) {
    if (out->status || !out->used) return;
    out->crc = cm_crc32(out->crc, out->block, out->used);
    out->length += out->used;
    out->status = cm_replacement_write(out->ctx, out->file, out->block, out->used);
    out->used = 0;
    if (!out->status) out->status = cm_tick(out->ctx, "save", out->length, 0);
}

/* Room for a few bytes in the block. */
static unsigned char *room(section *out, uint64_t bytes) {
    if (out->used + bytes > CM_SNAPSHOT_BLOCK) flush(out);
    if (out->status) out->used = 0;
    unsigned char *at = out->block + out->used;
    out->used += bytes;
    return at;
}

static void put_byte(section *out, uint32_t value) {
    *room(out, 1) = (unsigned char)value;
}
static void put_u32(section *out, uint32_t value) {
    cm_put_u32(room(out, 4), value);
}
static void put_u64(section *out, uint64_t value) {
    cm_put_u64(room(out, 8), value);
}

static void put_bytes(section *out, const char *bytes, uint64_t length) {
    while (length && !out->status) {
        uint64_t part = length < CM_SNAPSHOT_BLOCK ? length : CM_SNAPSHOT_BLOCK;
        memcpy(room(out, part), bytes, (size_t)part);
        bytes += part;
        length -= part;
    }
}

static void put_text(section *out, const char *text, uint64_t length) {
    if (length > UINT32_MAX && !out->status) out->status = cm_fail(out->ctx, CM_E_LIMIT, "SNAPSHOT_TEXT", "u", length);
    put_u32(out, (uint32_t)length);
    put_bytes(out, text, length);
}

/* ---- cells, chunk by chunk ---- */

/* One bit a row of the whole column, present cells alone: their validity or their BOOL value. */
static void put_bits(section *out, const cm_column *column, bool values) {
    uint32_t byte = 0, bit = 0;
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        const cm_chunk *chunk = &column->chunks[i];
        for (uint64_t row = 0; row < chunk->rows; row++) {
            bool set = cm_chunk_present(chunk, row) && (!values || cm_bit(chunk->values, chunk->offset + row));
            byte |= (uint32_t)set << bit;
            if (++bit < 8) continue;
            put_byte(out, byte);
            byte = bit = 0;
        }
    }
    if (bit) put_byte(out, byte);
}

static bool any_absent(const cm_column *column) {
    for (uint64_t i = 0; i < column->chunk_count; i++)
        for (uint64_t row = 0; row < column->chunks[i].rows; row++)
            if (!cm_chunk_present(&column->chunks[i], row)) return true;
    return false;
}

static void put_values(section *out, const cm_column *column) {
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        const cm_chunk *chunk = &column->chunks[i];
        for (uint64_t row = 0; row < chunk->rows; row++) {
            uint64_t at = chunk->offset + row, wide = 0;
            bool present = cm_chunk_present(chunk, row);
            if (column->type == CM_DATE) {
                put_u32(out, present ? (uint32_t)((const int32_t *)chunk->values)[at] : 0);
            } else {
                if (present) memcpy(&wide, (const uint64_t *)chunk->values + at, sizeof wide); /* FLOAT64: its bits */
                put_u64(out, wide);
            }
        }
    }
}

/* ---- texts ---- */

/* The items of a row; a STRING has one. */
static const int32_t *items_of(const cm_column *column, const cm_chunk *chunk, uint64_t row, uint64_t *count) {
    const int32_t *codes = chunk->values;
    *count = 0;
    if (!cm_chunk_present(chunk, row)) return codes;
    if (column->type == CM_STRING) {
        *count = 1;
        return codes + chunk->offset + row;
    }
    const int64_t *offsets = chunk->offsets + chunk->offset + row;
    *count = (uint64_t)(offsets[1] - offsets[0]);
    return codes + offsets[0];
}

/* Calls back for every item of the column. */
static void each_item(const cm_column *column, void (*visit)(void *state, int32_t code), void *state) {
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        const cm_chunk *chunk = &column->chunks[i];
        for (uint64_t row = 0; row < chunk->rows; row++) {
            uint64_t count;
            const int32_t *items = items_of(column, chunk, row, &count);
            for (uint64_t k = 0; k < count; k++) visit(state, items[k]);
        }
    }
}

static void mark_code(void *state, int32_t code) {
    ((int32_t *)state)[code] = 1;
}

/* Writes the texts in use in byte order and turns marks, one a code, into the codes that they have in the file. */
static void put_dictionary(section *out, const cm_column *column, const int32_t *order, int32_t *codes) {
    uint64_t size = column->dictionary_size;
    int32_t used = 0;
    for (uint64_t code = 0; code < size; code++) used += codes[code];
    put_u32(out, (uint32_t)used);
    used = 0;
    for (uint64_t rank = 0; rank < size; rank++) {
        if (!codes[order[rank]]) continue;
        cm_text text = cm_dictionary_text(column->dictionary, order[rank]);
        codes[order[rank]] = used++;
        put_text(out, text.data, text.length);
    }
}

typedef struct code_writer {
    section *out;
    const int32_t *codes;
} code_writer;

static void put_code(void *state, int32_t code) {
    code_writer *writer = state;
    put_u32(writer->out, (uint32_t)writer->codes[code]);
}

static void put_string_codes(section *out, const cm_column *column, const int32_t *codes) {
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        const cm_chunk *chunk = &column->chunks[i];
        for (uint64_t row = 0; row < chunk->rows; row++) {
            uint64_t count;
            const int32_t *items = items_of(column, chunk, row, &count);
            put_u32(out, count ? (uint32_t)codes[*items] : 0);
        }
    }
}

static void count_item(void *state, int32_t code) {
    (void)code;
    ++*(uint64_t *)state;
}

static void put_lists(section *out, const cm_column *column, const int32_t *codes) {
    uint64_t total = 0, end = 0;
    each_item(column, count_item, &total);
    put_u64(out, total);
    put_u64(out, 0);
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        for (uint64_t row = 0; row < column->chunks[i].rows; row++) {
            uint64_t count;
            items_of(column, &column->chunks[i], row, &count);
            put_u64(out, end += count);
        }
    }
    code_writer writer = {out, codes};
    each_item(column, put_code, &writer);
}

static void put_texts(section *out, const cm_column *column) {
    cm_context *ctx = out->ctx;
    uint64_t size = column->dictionary_size;
    int32_t *order = cm_alloc(ctx, size, sizeof *order);
    int32_t *codes = order ? cm_alloc(ctx, size, sizeof *codes) : NULL;
    cm_status status = codes ? cm_dictionary_ranks(ctx, column->dictionary, size, NULL, order) : ctx->error.status;
    if (status && !out->status) out->status = status;
    if (!status) {
        each_item(column, mark_code, codes);
        put_dictionary(out, column, order, codes);
        if (column->type == CM_STRING)
            put_string_codes(out, column, codes);
        else
            put_lists(out, column, codes);
    }
    cm_free(ctx->core, order, size, sizeof *order);
    cm_free(ctx->core, codes, size, sizeof *codes);
}

/* ---- tables and the file ---- */

static void put_column(section *out, const cm_column *column) {
    bool absent = any_absent(column);
    put_text(out, column->name, column->name_length);
    put_u32(out, (uint32_t)column->type);
    put_u32(out, (uint32_t)column->scale);
    put_u32(out, (uint32_t)column->role);
    put_u32(out, (uint32_t)column->flags);
    put_byte(out, absent);
    if (absent) put_bits(out, column, false);
    if (column->type == CM_BOOL)
        put_bits(out, column, true);
    else if (column->dictionary)
        put_texts(out, column);
    else
        put_values(out, column);
}

static cm_status put_table(section *out, const cm_table *table) {
    out->used = out->length = 0;
    out->crc = 0;
    put_u32(out, (uint32_t)table->column_count);
    put_u64(out, table->rows);
    for (uint64_t i = 0; i < table->column_count && !out->status; i++) put_column(out, table->columns[i]);
    flush(out);
    return out->status;
}

static cm_status add_u32(cm_context *ctx, cm_bytes *bytes, uint32_t value) {
    unsigned char room4[4];
    cm_put_u32(room4, value);
    return cm_bytes_add(ctx, bytes, (const char *)room4, sizeof room4);
}

static cm_status add_text(cm_context *ctx, cm_bytes *bytes, const char *text) {
    cm_status status = add_u32(ctx, bytes, (uint32_t)strlen(text));
    return status ? status : cm_bytes_add(ctx, bytes, text, strlen(text));
}

/* Prefix and directory, at first without the sections' lengths and CRCs; *places gets where those will stand. */
static cm_status start_head(cm_context *ctx, cm_bytes *head, const char *kind, const char *const *names, uint64_t count,
                            uint64_t *places) {
    static const char nothing[CM_SNAPSHOT_PREFIX] = {0};
    cm_status status = cm_bytes_add(ctx, head, nothing, CM_SNAPSHOT_PREFIX);
    if (!status) status = add_text(ctx, head, kind);
    if (!status) status = add_u32(ctx, head, (uint32_t)count);
    for (uint64_t i = 0; i < count && !status; i++) {
        status = add_text(ctx, head, names[i]);
        places[i] = head->length;
        if (!status) status = cm_bytes_add(ctx, head, nothing, 12);
    }
    return status;
}

static void finish_head(cm_bytes *head, uint64_t file_bytes) {
    unsigned char *prefix = (unsigned char *)head->data;
    uint64_t directory = head->length - CM_SNAPSHOT_PREFIX;
    memcpy(prefix, CM_SNAPSHOT_MAGIC, CM_SNAPSHOT_MAGIC_BYTES);
    cm_put_u32(prefix + 8, CM_SNAPSHOT_VERSION);
    cm_put_u32(prefix + 12, (uint32_t)directory);
    cm_put_u64(prefix + 16, file_bytes);
    cm_put_u32(prefix + 24, cm_crc32(0, prefix + CM_SNAPSHOT_PREFIX, directory));
    cm_put_u32(prefix + 28, cm_crc32(0, prefix, 28));
}

static cm_status put_tables(cm_context *ctx, cm_replacement *file, cm_bytes *head, const cm_table *const *tables,
                            uint64_t count, const uint64_t *places) {
    section out = {.ctx = ctx, .file = file};
    uint64_t file_bytes = head->length;
    out.block = cm_alloc(ctx, CM_SNAPSHOT_BLOCK, 1);
    cm_status status = out.block ? cm_replacement_write(ctx, file, head->data, head->length) : ctx->error.status;
    for (uint64_t i = 0; i < count && !status; i++) {
        status = put_table(&out, tables[i]);
        cm_put_u64((unsigned char *)head->data + places[i], out.length);
        cm_put_u32((unsigned char *)head->data + places[i] + 8, out.crc);
        file_bytes += out.length;
    }
    cm_free(ctx->core, out.block, CM_SNAPSHOT_BLOCK, 1);
    finish_head(head, file_bytes);
    return status ? status : cm_replacement_rewrite(ctx, file, head->data, head->length);
}

cm_status cm_snapshot_save(cm_context *ctx, const char *path, const char *kind, const char *const *names,
                           const cm_table *const *tables, uint64_t count) {
    cm_replacement *file = NULL;
    cm_bytes head = {0};
    uint64_t *places = cm_alloc(ctx, count, sizeof *places);
    cm_status status = places ? start_head(ctx, &head, kind, names, count, places) : ctx->error.status;
    if (!status) status = cm_replacement_open(ctx, path, &file);
    if (!status) status = put_tables(ctx, file, &head, tables, count, places);
    cm_bytes_free(ctx->core, &head);
    cm_free(ctx->core, places, count, sizeof *places);
    return cm_replacement_close(ctx, file, status);
}
