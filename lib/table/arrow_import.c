/* Record batches become chunks. An array that was taken over is counted: every buffer borrowed from it holds a
 * reference, and the last one, on whatever thread, calls its release. The public functions release what is left of
 * their input, so that it is consumed on every path. */
#include <errno.h>
#include <string.h>

#include "table/arrow.h"

static cm_status misuse(cm_context *ctx, const char *function, const char *what) {
    return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", function, what);
}

/* ---- owners ---- */

static void release_schema(struct ArrowSchema *schema) {
    if (schema && schema->release) schema->release(schema);
}

static void release_array(struct ArrowArray *array) {
    if (array && array->release) array->release(array);
}

/* Takes the array over; on failure it stays the caller's. */
static cm_status take_over(cm_context *ctx, struct ArrowArray *array, cm_arrow_owner **out) {
    cm_arrow_owner *owner = cm_alloc(ctx, 1, sizeof *owner);
    if (!owner) return ctx->error.status;
    atomic_init(&owner->references, 1);
    owner->core = cm_core_retain(ctx->core);
    owner->array = *array;
    array->release = NULL;
    *out = owner;
    return CM_OK;
}

cm_arrow_owner *cm_arrow_owner_retain(cm_arrow_owner *owner) {
    atomic_fetch_add_explicit(&owner->references, 1, memory_order_relaxed);
    return owner;
}

void cm_arrow_owner_release(void *taken) {
    cm_arrow_owner *owner = taken;
    if (!owner || atomic_fetch_sub_explicit(&owner->references, 1, memory_order_acq_rel) != 1) return;
    cm_core *core = owner->core;
    release_array(&owner->array);
    cm_free(core, owner, 1, sizeof *owner);
    cm_core_release(core);
}

cm_status cm_arrow_borrow(const cm_arrow_window *window, const void *data, uint64_t bytes, cm_buffer **out) {
    cm_status status =
        cm_buffer_foreign(window->ctx, data, bytes, cm_arrow_owner_release, cm_arrow_owner_retain(window->owner), out);
    if (status) cm_arrow_owner_release(window->owner);
    return status;
}

/* ---- what is being imported ---- */

typedef struct importer {
    cm_core *core;
    cm_arrow_column *columns;
    uint64_t column_count;
    uint64_t rows;
} importer;

void cm_arrow_chunk_clear(cm_chunk *chunk) {
    cm_buffer_release(chunk->values_buffer);
    cm_buffer_release(chunk->offsets_buffer);
    cm_buffer_release(chunk->validity_buffer);
    *chunk = (cm_chunk){0};
}

static void clear_column(cm_core *core, cm_arrow_column *column) {
    for (uint64_t i = 0; i < column->chunk_count; i++) cm_arrow_chunk_clear(&column->chunks[i]);
    cm_arrow_chunk_clear(&column->known.entries);
    cm_arrow_owner_release(column->known.owner);
    cm_free(core, column->chunks, column->chunk_capacity, sizeof *column->chunks);
    if (column->name) cm_free(core, column->name, column->name_length + 1, 1);
    cm_dictionary_release(column->dictionary);
}

static void clear(importer *in) {
    for (uint64_t i = 0; in->columns && i < in->column_count; i++) clear_column(in->core, &in->columns[i]);
    cm_free(in->core, in->columns, in->column_count, sizeof *in->columns);
}

static cm_status begin(cm_context *ctx, importer *in, const struct ArrowSchema *schema) {
    const char *format = schema->format ? schema->format : "";
    if (strcmp(format, "+s") || schema->dictionary)
        return cm_fail(ctx, CM_E_UNSUPPORTED, "ARROW_NO_TABLE", "s", format);
    if (schema->n_children < 0 || (schema->n_children && !schema->children))
        return cm_arrow_malformed(ctx, NULL, "n_children");
    in->column_count = (uint64_t)schema->n_children;
    in->columns = cm_alloc(ctx, in->column_count, sizeof *in->columns);
    return in->columns ? cm_arrow_columns(ctx, schema, in->columns) : ctx->error.status;
}

/* ---- batches ---- */

static cm_status add_chunk(cm_context *ctx, const importer *in, uint64_t number, const cm_arrow_window *batch) {
    cm_arrow_column *column = &in->columns[number];
    cm_arrow_window window = {
        .ctx = ctx,
        .name = column->name,
        .column = column,
        .owner = batch->owner,
        .array = batch->array->children[number],
        .number = in->rows + 1,
        .mask = batch->array->null_count ? batch->array->buffers[0] : NULL,
        .mask_first = batch->first,
    };
    cm_chunk chunk = {0};
    cm_status status = cm_arrow_open(&window, (uint64_t)batch->array->offset, batch->rows);
    if (!status)
        status = cm_reserve(ctx, &column->chunks, &column->chunk_capacity, column->chunk_count + 1, sizeof chunk);
    if (!status) status = cm_arrow_read(&window, &column->cells, &chunk);
    if (status) cm_arrow_chunk_clear(&chunk);
    else column->chunks[column->chunk_count++] = chunk;
    return status;
}

static cm_status add_batch(cm_context *ctx, importer *in, cm_arrow_owner *owner) {
    const struct ArrowArray *array = &owner->array;
    cm_arrow_window batch = {.ctx = ctx, .owner = owner, .array = array};
    if (array->n_children < 0 || (uint64_t)array->n_children != in->column_count
        || (in->column_count && !array->children))
        return cm_arrow_malformed(ctx, NULL, "n_children");
    if (array->n_buffers != 1 || !array->buffers) return cm_arrow_malformed(ctx, NULL, "n_buffers");
    if (array->null_count > 0 && !array->buffers[0]) return cm_arrow_malformed(ctx, NULL, "null_count");
    cm_status status = cm_arrow_open(&batch, 0, (uint64_t)array->length);
    if (status || array->length == 0) return status;
    for (uint64_t i = 0; i < in->column_count && !status; i++) status = add_chunk(ctx, in, i, &batch);
    in->rows += batch.rows;
    return status ? status : cm_tick(ctx, "arrow", in->rows, 0);
}

/* Takes the array over, or leaves it to the caller. */
static cm_status add_array(cm_context *ctx, importer *in, struct ArrowArray *array) {
    cm_arrow_owner *owner = NULL;
    cm_status status = take_over(ctx, array, &owner);
    if (!status) status = add_batch(ctx, in, owner);
    cm_arrow_owner_release(owner);
    return status;
}

/* ---- the table ---- */

static cm_status add_empty_chunk(cm_context *ctx, cm_arrow_column *column) {
    void *values;
    cm_chunk chunk = {0};
    cm_status status = cm_arrow_fresh(ctx, cm_type_width(column->cells.type), &chunk, &values);
    if (!status && column->cells.type == CM_LIST) {
        status = cm_buffer_new(ctx, sizeof(int64_t), &chunk.offsets_buffer);
        if (!status) chunk.offsets = chunk.offsets_buffer->data;
    }
    if (!status) status = cm_reserve(ctx, &column->chunks, &column->chunk_capacity, 1, sizeof chunk);
    if (status) cm_arrow_chunk_clear(&chunk);
    else column->chunks[column->chunk_count++] = chunk;
    return status;
}

static cm_status make_column(cm_context *ctx, cm_arrow_column *from, cm_column **out) {
    cm_status status = from->chunk_count ? CM_OK : add_empty_chunk(ctx, from);
    if (!status)
        status = cm_column_new(ctx, from->name, from->cells.type, from->cells.scale, from->role, from->cells.flags,
                               from->dictionary, from->chunk_count, out);
    if (status) return status;
    memcpy((*out)->chunks, from->chunks, (size_t)from->chunk_count * sizeof *from->chunks);
    from->chunk_count = 0;
    return CM_OK;
}

static cm_status finish(cm_context *ctx, importer *in, cm_table **out) {
    cm_column **columns = cm_alloc(ctx, in->column_count, sizeof(cm_column *));
    cm_status status = columns ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < in->column_count && !status; i++) status = make_column(ctx, &in->columns[i], &columns[i]);
    if (!status) {
        status = cm_table_new(ctx, columns, in->column_count, in->rows, out);
    } else {
        for (uint64_t i = 0; columns && i < in->column_count; i++) cm_column_release(columns[i]);
    }
    cm_free(ctx->core, columns, in->column_count, sizeof(cm_column *));
    return status;
}

static cm_status import_array(cm_context *ctx, const struct ArrowSchema *schema, struct ArrowArray *array,
                              cm_table **out) {
    importer in = {.core = ctx->core};
    if (!out) return misuse(ctx, "cm_table_import_arrow", "out is NULL");
    if (!schema || !schema->release) return misuse(ctx, "cm_table_import_arrow", "schema is NULL or released");
    if (!array || !array->release) return misuse(ctx, "cm_table_import_arrow", "array is NULL or released");
    cm_status status = begin(ctx, &in, schema);
    if (!status) status = add_array(ctx, &in, array);
    if (!status) status = finish(ctx, &in, out);
    clear(&in);
    return status;
}

cm_status cm_table_import_arrow(cm_context *ctx, struct ArrowSchema *schema, struct ArrowArray *array, cm_table **out) {
    if (out) *out = NULL;
    cm_status status = CM_CALL(ctx, import_array(ctx, schema, array, out));
    release_array(array);
    release_schema(schema);
    return status;
}

/* ---- streams ---- */

/* A producer that has no memory left says so by its number. */
static cm_status fail_stream(cm_context *ctx, struct ArrowArrayStream *stream, int error) {
    char system[128] = "";
    const char *text = stream->get_last_error ? stream->get_last_error(stream) : NULL;
    if (!text && strerror_r(error, system, sizeof system) == 0) text = system;
    return cm_fail(ctx, error == ENOMEM ? CM_E_MEMORY : CM_E_IO, "ARROW_STREAM", "s", text);
}

static cm_status begin_stream(cm_context *ctx, importer *in, struct ArrowArrayStream *stream) {
    struct ArrowSchema schema = {0};
    int error = stream->get_schema(stream, &schema);
    if (error) return fail_stream(ctx, stream, error);
    cm_status status = schema.release ? begin(ctx, in, &schema) : fail_stream(ctx, stream, EINVAL);
    release_schema(&schema);
    return status;
}

static cm_status add_batches(cm_context *ctx, importer *in, struct ArrowArrayStream *stream) {
    for (;;) {
        struct ArrowArray array = {0};
        int error = stream->get_next(stream, &array);
        if (error) return fail_stream(ctx, stream, error);
        if (!array.release) return CM_OK;
        cm_status status = add_array(ctx, in, &array);
        release_array(&array);
        if (!status) status = cm_tick(ctx, "arrow", in->rows, 0);
        if (status) return status;
    }
}

static cm_status import_stream(cm_context *ctx, struct ArrowArrayStream *stream, cm_table **out) {
    importer in = {.core = ctx->core};
    if (!out) return misuse(ctx, "cm_table_import_stream", "out is NULL");
    if (!stream || !stream->release) return misuse(ctx, "cm_table_import_stream", "stream is NULL or released");
    cm_status status = begin_stream(ctx, &in, stream);
    if (!status) status = add_batches(ctx, &in, stream);
    if (!status) status = finish(ctx, &in, out);
    clear(&in);
    return status;
}

cm_status cm_table_import_stream(cm_context *ctx, struct ArrowArrayStream *stream, cm_table **out) {
    if (out) *out = NULL;
    cm_status status = CM_CALL(ctx, import_stream(ctx, stream, out));
    if (stream && stream->release) stream->release(stream);
    return status;
}
