/* Nothing in the file is trusted: lengths are held against the bytes that are left before memory is asked for, every
 * code and offset is checked, and the checksum of a section must hold before its table is given out. */
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "io/bytes.h"
#include "io/file.h"
#include "io/snapshot.h"
#include "io/snapshot_format.h"
#include "table/roles.h"

#define SMALLEST_COLUMN 21 /* bytes of a column without name and rows */
#define MAX_SCALE 18

/* The section at hand. */
typedef struct section {
    cm_context *ctx;
    const char *path;
    int descriptor;
    uint64_t left;   /* bytes of it not yet given out */
    uint64_t unread; /* bytes of it still in the file */
    uint32_t crc;
    unsigned char *block; /* CM_SNAPSHOT_BLOCK */
    uint64_t start, end;  /* what of the block is not yet given out */
    cm_bytes text;
} section;

static cm_status fail_damaged(cm_context *ctx, const char *path) {
    cm_fail(ctx, CM_E_FORMAT, "SNAPSHOT_DAMAGED", "");
    return cm_fail_at(ctx, path, 0, 0, NULL, 0);
}

static cm_status damaged(const section *in) {
    return fail_damaged(in->ctx, in->path);
}

/* ---- taking bytes ---- */

static cm_status refill(section *in) {
    uint64_t wanted = in->unread < CM_SNAPSHOT_BLOCK ? in->unread : CM_SNAPSHOT_BLOCK;
    cm_status status = cm_file_read(in->ctx, in->path, in->descriptor, in->block, wanted, &in->end);
    if (!status && in->end < wanted) status = damaged(in);
    if (!status) status = cm_tick(in->ctx, "load", 0, 0);
    if (status) return status;
    in->start = 0;
    in->unread -= in->end;
    in->crc = cm_crc32(in->crc, in->block, in->end);
    return CM_OK;
}

static cm_status take(section *in, void *out, uint64_t bytes) {
    if (bytes > in->left) return damaged(in);
    in->left -= bytes;
    for (char *to = out; bytes;) {
        cm_status status = in->start == in->end ? refill(in) : CM_OK;
        if (status) return status;
        uint64_t part = in->end - in->start < bytes ? in->end - in->start : bytes;
        memcpy(to, in->block + in->start, (size_t)part);
        in->start += part;
        bytes -= part;
        to += part;
    }
    return CM_OK;
}

static cm_status take_u32(section *in, uint32_t *out) {
    unsigned char bytes[4];
    cm_status status = take(in, bytes, sizeof bytes);
    if (!status) *out = cm_get_u32(bytes);
    return status;
}

static cm_status take_u64(section *in, uint64_t *out) {
    unsigned char bytes[8];
    cm_status status = take(in, bytes, sizeof bytes);
    if (!status) *out = cm_get_u64(bytes);
    return status;
}

/* Into in->text, with a NUL behind. */
static cm_status take_text(section *in) {
    uint32_t length;
    cm_status status = take_u32(in, &length);
    if (!status && length > in->left) status = damaged(in);
    if (!status) status = cm_reserve(in->ctx, &in->text.data, &in->text.capacity, (uint64_t)length + 1, 1);
    if (!status) status = take(in, in->text.data, length);
    if (status) return status;
    in->text.length = length;
    in->text.data[length] = 0;
    return CM_OK;
}

/* An array of items of 1, 4 or 8 bytes, in the order of this machine. */
static cm_status take_array(section *in, uint64_t count, uint64_t width, cm_buffer **out) {
    uint64_t bytes;
    if (cm_mul_overflows(count, width, &bytes) || bytes > in->left) return damaged(in);
    cm_status status = cm_buffer_new(in->ctx, bytes, out);
    if (!status) status = take(in, (*out)->data, bytes);
    unsigned char *at = status ? NULL : (*out)->data;
    for (uint64_t i = 0; !status && width > 1 && i < count; i++, at += width) {
        uint64_t wide = width == 8 ? cm_get_u64(at) : 0;
        uint32_t narrow = width == 4 ? cm_get_u32(at) : 0;
        memcpy(at, width == 8 ? (const void *)&wide : (const void *)&narrow, (size_t)width);
    }
    return status;
}

/* One bit a row, zeros behind the last. */
static cm_status take_bits(section *in, uint64_t rows, cm_buffer **out) {
    cm_status status = take_array(in, rows / 8 + (rows % 8 != 0), 1, out);
    if (!status && rows % 8 && ((const unsigned char *)(*out)->data)[rows / 8] >> (rows % 8)) status = damaged(in);
    return status;
}

/* ---- columns ---- */

/* The texts rise, so that equal content has one form. */
static cm_status take_dictionary(section *in, cm_dictionary *dictionary, uint32_t *size) {
    int32_t code = 0;
    cm_status status = take_u32(in, size);
    if (!status && (uint64_t)*size * 4 > in->left) return damaged(in);
    for (uint32_t i = 0; i < *size && !status; i++) {
        status = take_text(in);
        cm_text text = {in->text.data, in->text.length};
        if (!status && i && cm_text_compare(cm_dictionary_text(dictionary, code), text) >= 0) status = damaged(in);
        if (!status) status = cm_dictionary_add(in->ctx, dictionary, text.data, text.length, &code);
    }
    return status;
}

static cm_status check_codes(const section *in, const int32_t *codes, uint64_t count, uint32_t size,
                             const cm_chunk *chunk) {
    for (uint64_t i = 0; i < count; i++) {
        bool absent = chunk && !cm_chunk_present(chunk, i);
        if (absent ? codes[i] != 0 : (uint32_t)codes[i] >= size) return damaged(in);
    }
    return CM_OK;
}

static cm_status take_lists(section *in, cm_chunk *chunk, uint32_t size) {
    uint64_t items, offset_count;
    cm_status status = take_u64(in, &items);
    if (!status && cm_add_overflows(chunk->rows, 1, &offset_count)) status = damaged(in);
    if (!status) status = take_array(in, offset_count, 8, &chunk->offsets_buffer);
    if (status) return status;
    const int64_t *offsets = chunk->offsets = chunk->offsets_buffer->data;
    if (offsets[0] != 0 || (uint64_t)offsets[chunk->rows] != items) return damaged(in);
    for (uint64_t row = 0; row < chunk->rows; row++) {
        bool absent = !cm_chunk_present(chunk, row);
        if (offsets[row + 1] < offsets[row] || (absent && offsets[row + 1] != offsets[row])) return damaged(in);
    }
    status = take_array(in, items, 4, &chunk->values_buffer);
    return status ? status : check_codes(in, chunk->values_buffer->data, items, size, NULL);
}

static cm_status take_cells(section *in, cm_column *column) {
    cm_chunk *chunk = &column->chunks[0];
    uint32_t size = 0;
    cm_status status = column->dictionary ? take_dictionary(in, column->dictionary, &size) : CM_OK;
    column->dictionary_size = size;
    if (status) return status;
    if (column->type == CM_BOOL)
        status = take_bits(in, chunk->rows, &chunk->values_buffer);
    else if (column->type == CM_LIST)
        status = take_lists(in, chunk, size);
    else
        status = take_array(in, chunk->rows, cm_type_width(column->type), &chunk->values_buffer);
    if (!status && column->type == CM_STRING)
        status = check_codes(in, chunk->values_buffer->data, chunk->rows, size, chunk);
    if (!status) chunk->values = chunk->values_buffer->data;
    return status;
}

typedef struct column_head {
    uint32_t type, scale, role, flags;
    unsigned char absent;
} column_head;

static cm_status take_head(section *in, column_head *head) {
    cm_status status = take_text(in);
    if (!status) status = take_u32(in, &head->type);
    if (!status) status = take_u32(in, &head->scale);
    if (!status) status = take_u32(in, &head->role);
    if (!status) status = take_u32(in, &head->flags);
    if (!status) status = take(in, &head->absent, 1);
    if (status) return status;
    bool sound = head->type >= CM_BOOL && head->type <= CM_LIST && head->role <= CM_ROLE_COUNT && head->absent <= 1
                 && head->scale <= (head->type == CM_DECIMAL ? MAX_SCALE : 0)
                 && head->flags <= (head->type == CM_TIMESTAMP ? CM_COLUMN_UTC : 0)
                 && !memchr(in->text.data, 0, (size_t)in->text.length);
    return sound ? CM_OK : damaged(in);
}

static cm_status take_column(section *in, uint64_t rows, cm_column **out) {
    column_head head;
    cm_dictionary *dictionary = NULL;
    cm_status status = take_head(in, &head);
    if (!status && (head.type == CM_STRING || head.type == CM_LIST)) status = cm_dictionary_new(in->ctx, &dictionary);
    if (!status)
        status = cm_column_new(in->ctx, in->text.data, (int32_t)head.type, (int32_t)head.scale, (int32_t)head.role,
                               (int32_t)head.flags, dictionary, 1, out);
    cm_dictionary_release(dictionary);
    if (status) return status;
    cm_chunk *chunk = &(*out)->chunks[0];
    chunk->rows = rows;
    if (head.absent) status = take_bits(in, rows, &chunk->validity_buffer);
    if (!status && head.absent) chunk->validity = chunk->validity_buffer->data;
    return status ? status : take_cells(in, *out);
}

/* ---- tables ---- */

static cm_status make_table(section *in, cm_column **columns, uint64_t count, uint64_t rows, cm_table **out) {
    cm_status status = cm_table_new(in->ctx, columns, count, rows, out);
    return status == CM_E_COLUMN ? damaged(in) : status; /* two of one name */
}

static cm_status take_table(section *in, cm_table **out) {
    uint32_t count;
    uint64_t rows, made = 0;
    cm_status status = take_u32(in, &count);
    if (!status) status = take_u64(in, &rows);
    if (!status && (uint64_t)count * SMALLEST_COLUMN > in->left) status = damaged(in);
    if (status) return status;
    cm_column **columns = cm_alloc(in->ctx, count, sizeof(cm_column *));
    if (!columns) return in->ctx->error.status;
    for (; made < count && !status; made++) status = take_column(in, rows, &columns[made]);
    if (!status && in->left) status = damaged(in);
    if (!status)
        status = make_table(in, columns, count, rows, out);
    else
        for (uint64_t i = 0; i < made; i++) cm_column_release(columns[i]);
    cm_free(in->ctx->core, columns, count, sizeof(cm_column *));
    return status;
}

static void begin_section(section *in, uint64_t bytes) {
    in->left = in->unread = bytes;
    in->start = in->end = 0;
    in->crc = 0;
}

/* ---- the file ---- */

typedef struct place {
    uint64_t bytes;
    uint32_t crc;
} place;

static cm_status take_prefix(section *in, uint64_t file_bytes, uint32_t *directory_crc) {
    unsigned char prefix[CM_SNAPSHOT_PREFIX];
    begin_section(in, file_bytes < sizeof prefix ? file_bytes : sizeof prefix);
    cm_status status = in->left < sizeof prefix ? CM_E_FORMAT : take(in, prefix, sizeof prefix);
    if (status == CM_E_FORMAT || (!status && memcmp(prefix, CM_SNAPSHOT_MAGIC, CM_SNAPSHOT_MAGIC_BYTES))) {
        cm_fail(in->ctx, CM_E_FORMAT, "NO_SNAPSHOT", "");
        return cm_fail_at(in->ctx, in->path, 0, 0, NULL, 0);
    }
    if (status) return status;
    if (cm_get_u32(prefix + 28) != cm_crc32(0, prefix, 28)) return damaged(in);
    uint32_t version = cm_get_u32(prefix + 8), directory = cm_get_u32(prefix + 12);
    if (version > CM_SNAPSHOT_VERSION) {
        cm_fail(in->ctx, CM_E_VERSION, "SNAPSHOT_VERSION", "ui", (uint64_t)version, (int64_t)CM_SNAPSHOT_VERSION);
        return cm_fail_at(in->ctx, in->path, 0, 0, NULL, 0);
    }
    if (version == 0 || cm_get_u64(prefix + 16) != file_bytes || directory > file_bytes - sizeof prefix)
        return damaged(in);
    *directory_crc = cm_get_u32(prefix + 24);
    begin_section(in, directory);
    return CM_OK;
}

/* A text of the directory as the snapshot keeps it. */
static cm_status keep_text(section *in, char **out) {
    cm_status status = take_text(in);
    if (!status && memchr(in->text.data, 0, (size_t)in->text.length)) status = damaged(in);
    if (status) return status;
    *out = cm_copy_text(in->ctx, in->text.data, in->text.length);
    return *out ? CM_OK : in->ctx->error.status;
}

static cm_status take_places(section *in, cm_snapshot *out, place *places) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < out->count && !status; i++) {
        status = keep_text(in, &out->names[i]);
        if (!status) status = take_u64(in, &places[i].bytes);
        if (!status) status = take_u32(in, &places[i].crc);
    }
    return status;
}

/* Name, length and CRC of every section; together with the head they make up the file. */
static cm_status take_directory(section *in, uint64_t file_bytes, cm_snapshot *out, place **places) {
    uint32_t directory_crc = 0, count = 0;
    uint64_t sum = 0;
    cm_status status = take_prefix(in, file_bytes, &directory_crc);
    uint64_t directory = in->left;
    if (!status) status = keep_text(in, &out->kind);
    if (!status) status = take_u32(in, &count);
    if (!status && (uint64_t)count * 16 > in->left) status = damaged(in);
    if (status) return status;
    out->names = cm_alloc(in->ctx, count, sizeof *out->names);
    out->tables = out->names ? cm_alloc(in->ctx, count, sizeof *out->tables) : NULL;
    *places = out->tables ? cm_alloc(in->ctx, count, sizeof **places) : NULL;
    out->count = count;
    if (!*places) return in->ctx->error.status;
    status = take_places(in, out, *places);
    if (!status && (in->left || in->crc != directory_crc)) status = damaged(in);
    for (uint64_t i = 0; i < count && !status; i++)
        if (cm_add_overflows(sum, (*places)[i].bytes, &sum)) status = damaged(in);
    if (!status && sum != file_bytes - CM_SNAPSHOT_PREFIX - directory) status = damaged(in);
    return status;
}

static cm_status take_file(section *in, uint64_t file_bytes, cm_snapshot *out) {
    place *places = NULL;
    cm_status status = take_directory(in, file_bytes, out, &places);
    for (uint64_t i = 0; i < out->count && !status; i++) {
        begin_section(in, places[i].bytes);
        status = take_table(in, &out->tables[i]);
        if (!status && in->crc != places[i].crc) status = damaged(in);
    }
    if (places) cm_free(in->ctx->core, places, out->count, sizeof *places);
    return status;
}

cm_status cm_snapshot_load(cm_context *ctx, const char *path, cm_snapshot *out) {
    section in = {.ctx = ctx, .path = path};
    uint64_t file_bytes;
    bool seekable;
    *out = (cm_snapshot){.core = cm_core_retain(ctx->core)};
    cm_status status = cm_file_open(ctx, path, &in.descriptor, &file_bytes, &seekable);
    if (!status) {
        in.block = cm_alloc(ctx, CM_SNAPSHOT_BLOCK, 1);
        status = in.block ? take_file(&in, file_bytes, out) : ctx->error.status;
        close(in.descriptor);
    }
    cm_free(ctx->core, in.block, CM_SNAPSHOT_BLOCK, 1);
    cm_bytes_free(ctx->core, &in.text);
    if (status) cm_snapshot_clear(out);
    return status;
}

cm_table *cm_snapshot_find(const cm_snapshot *snapshot, const char *name) {
    for (uint64_t i = 0; i < snapshot->count; i++)
        if (!strcmp(snapshot->names[i], name)) return snapshot->tables[i];
    return NULL;
}

static void free_text(cm_core *core, char *text) {
    if (text) cm_free(core, text, strlen(text) + 1, 1);
}

void cm_snapshot_clear(cm_snapshot *snapshot) {
    cm_core *core = snapshot->core;
    if (!core) return;
    for (uint64_t i = 0; i < snapshot->count; i++) {
        if (snapshot->names) free_text(core, snapshot->names[i]);
        if (snapshot->tables) cm_table_free(snapshot->tables[i]);
    }
    free_text(core, snapshot->kind);
    cm_free(core, snapshot->names, snapshot->count, sizeof *snapshot->names);
    cm_free(core, snapshot->tables, snapshot->count, sizeof *snapshot->tables);
    *snapshot = (cm_snapshot){0};
    cm_core_release(core);
}
