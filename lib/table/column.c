#include "table/table.h"

#include <string.h>

static const struct {
    const char *name;
    uint64_t width;
} types[] = {
    [CM_BOOL] = {"BOOL", 0},           [CM_INT64] = {"INT64", 8}, [CM_FLOAT64] = {"FLOAT64", 8},
    [CM_DECIMAL] = {"DECIMAL", 8},     [CM_DATE] = {"DATE", 4},   [CM_TIMESTAMP] = {"TIMESTAMP", 8},
    [CM_STRING] = {"STRING", 4},       [CM_LIST] = {"LIST", 4},
};

const char *cm_type_name(int32_t type) { return type >= CM_BOOL && type <= CM_LIST ? types[type].name : "none"; }

uint64_t cm_type_width(int32_t type) { return type >= CM_BOOL && type <= CM_LIST ? types[type].width : 0; }

/* A column without chunks filled in. */
static cm_column *new_column(cm_context *ctx, const char *name, uint64_t chunk_count) {
    cm_column *column = cm_alloc(ctx, 1, sizeof *column);
    if (!column) return NULL;
    atomic_init(&column->references, 1);
    column->core = cm_core_retain(ctx->core);
    column->name_length = strlen(name);
    column->name = cm_copy_text(ctx, name, column->name_length);
    column->chunks = column->name ? cm_alloc(ctx, chunk_count, sizeof *column->chunks) : NULL;
    if (column->chunks) {
        column->chunk_count = chunk_count;
        return column;
    }
    cm_column_release(column);
    return NULL;
}

cm_status cm_column_new(cm_context *ctx, const char *name, int32_t type, int32_t scale, int32_t role, int32_t flags,
                        cm_dictionary *dictionary, uint64_t chunk_count, cm_column **out) {
    *out = NULL;
    cm_column *column = new_column(ctx, name, chunk_count);
    if (!column) return ctx->error.status;
    column->type = type;
    column->scale = scale;
    column->role = role;
    column->flags = flags;
    if (dictionary) {
        column->dictionary = cm_dictionary_retain(dictionary);
        column->dictionary_size = cm_dictionary_size(dictionary);
    }
    *out = column;
    return CM_OK;
}

void cm_chunk_share(cm_chunk *to, const cm_chunk *from) {
    *to = *from;
    cm_buffer_retain(to->values_buffer);
    cm_buffer_retain(to->offsets_buffer);
    cm_buffer_retain(to->validity_buffer);
}

cm_status cm_column_alias(cm_context *ctx, cm_column *column, const char *name, int32_t role, cm_column **out) {
    cm_status status = cm_column_new(ctx, name ? name : column->name, column->type, column->scale, role, column->flags,
                                     column->dictionary, column->chunk_count, out);
    if (status) return status;
    (*out)->dictionary_size = column->dictionary_size;
    for (uint64_t i = 0; i < column->chunk_count; i++) cm_chunk_share(&(*out)->chunks[i], &column->chunks[i]);
    return CM_OK;
}

cm_column *cm_column_retain(cm_column *column) {
    atomic_fetch_add_explicit(&column->references, 1, memory_order_relaxed);
    return column;
}

void cm_column_release(cm_column *column) {
    if (!column || atomic_fetch_sub_explicit(&column->references, 1, memory_order_acq_rel) != 1) return;
    cm_core *core = column->core;
    for (uint64_t i = 0; i < column->chunk_count; i++) {
        cm_buffer_release(column->chunks[i].values_buffer);
        cm_buffer_release(column->chunks[i].offsets_buffer);
        cm_buffer_release(column->chunks[i].validity_buffer);
    }
    cm_free(core, column->chunks, column->chunk_count, sizeof *column->chunks);
    if (column->name) cm_free(core, column->name, column->name_length + 1, 1);
    cm_dictionary_release(column->dictionary);
    cm_free(core, column, 1, sizeof *column);
    cm_core_release(core);
}
