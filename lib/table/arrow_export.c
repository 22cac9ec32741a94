/* Tables as Arrow schemas, arrays and streams. A stream makes its batches when they are asked for, on whatever thread
 * and perhaps long after the context is gone: it has a context of its own, with the same allocator and no callbacks. */
#include <errno.h>
#include <string.h>

#include "base/number.h"
#include "table/arrow.h"
#include "table/gather.h"
#include "table/roles.h"

static const cm_option_spec arrow_options[] = {
    {"strings", "dictionary", "dictionary|plain", "texts as codes and a dictionary, or each where it stands", 0, 0,
     CM_OPTION_CHOICE},
    {"decimals", "decimal128", "decimal128|decimal64", "width of decimals: 128 bits, or 64 for those who know them", 0,
     0, CM_OPTION_CHOICE},
    {NULL, NULL, NULL, NULL, 0, 0, CM_OPTION_TEXT},
};

const cm_topic cm_arrow_topic = {"arrow", "tables as Arrow arrays and streams", arrow_options};

static cm_status misuse(cm_context *ctx, const char *function, const char *what) {
    return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", function, what);
}

/* ---- schemas ---- */

#define FORMAT_TEXT 32

/* What a schema that we gave out holds. Children may be moved out of it and released by themselves. */
typedef struct schema_owner {
    cm_core *core;
    char format[FORMAT_TEXT];
    char *name, *metadata;
    uint64_t name_length, metadata_size;
    uint64_t child_count;
    struct ArrowSchema *children, **pointers, dictionary;
} schema_owner;

static void release_schema(struct ArrowSchema *schema) {
    schema_owner *own = schema->private_data;
    cm_core *core = own->core;
    for (uint64_t i = 0; own->children && i < own->child_count; i++)
        if (own->children[i].release) own->children[i].release(&own->children[i]);
    if (own->dictionary.release) own->dictionary.release(&own->dictionary);
    cm_free(core, own->children, own->child_count, sizeof *own->children);
    cm_free(core, own->pointers, own->child_count, sizeof *own->pointers);
    cm_free(core, own->metadata, own->metadata_size, 1);
    if (own->name) cm_free(core, own->name, own->name_length + 1, 1);
    cm_free(core, own, 1, sizeof *own);
    schema->release = NULL;
    cm_core_release(core);
}

/* On failure the schema is released already. */
static cm_status new_schema(cm_context *ctx, const char *format, const char *name, uint64_t children,
                            struct ArrowSchema *out) {
    schema_owner *own = cm_alloc(ctx, 1, sizeof *own);
    if (!own) return ctx->error.status;
    own->core = cm_core_retain(ctx->core);
    memcpy(own->format, format, strlen(format) + 1);
    own->name_length = strlen(name);
    own->name = cm_copy_text(ctx, name, own->name_length);
    own->child_count = children;
    own->children = own->name ? cm_alloc(ctx, children, sizeof *own->children) : NULL;
    own->pointers = own->children ? cm_alloc(ctx, children, sizeof *own->pointers) : NULL;
    for (uint64_t i = 0; own->pointers && i < children; i++) own->pointers[i] = &own->children[i];
    *out = (struct ArrowSchema){.format = own->format,
                                .name = own->name,
                                .n_children = (int64_t)children,
                                .children = children ? own->pointers : NULL,
                                .release = release_schema,
                                .private_data = own};
    if (own->pointers) return CM_OK;
    release_schema(out);
    return ctx->error.status;
}

static char *put_pair_text(char *to, const char *text) {
    int32_t length = (int32_t)strlen(text);
    memcpy(to, &length, sizeof length);
    memcpy(to + sizeof length, text, (size_t)length);
    return to + sizeof length + length;
}

/* One pair, custmine.role and its name. */
static cm_status set_role(cm_context *ctx, int32_t role, struct ArrowSchema *schema) {
    schema_owner *own = schema->private_data;
    const int32_t pairs = 1;
    if (role == CM_ROLE_NONE) return CM_OK;
    own->metadata_size = 3 * sizeof pairs + strlen(CM_ARROW_ROLE_KEY) + strlen(cm_role_name(role));
    own->metadata = cm_alloc(ctx, own->metadata_size, 1);
    if (!own->metadata) return ctx->error.status;
    memcpy(own->metadata, &pairs, sizeof pairs);
    put_pair_text(put_pair_text(own->metadata + sizeof pairs, CM_ARROW_ROLE_KEY), cm_role_name(role));
    schema->metadata = own->metadata;
    return CM_OK;
}

/* "d:19,2": 19 digits hold every value of 64 bits; decimal64 has 18 at most. */
static void decimal_format(bool narrow, int32_t scale, char out[FORMAT_TEXT]) {
    char number[CM_NUMBER_TEXT];
    uint64_t length = cm_print_int(scale, number);
    memcpy(out, narrow ? "d:18," : "d:19,", 5);
    memcpy(out + 5, number, length);
    memcpy(out + 5 + length, narrow ? ",64" : "", narrow ? 4 : 1);
}

static const char *text_format(const cm_arrow_column_out *column) {
    if (column->binary) return column->large ? "Z" : "z";
    return column->large ? "U" : "u";
}

static void format_of(const cm_arrow_export *from, uint64_t number, char out[FORMAT_TEXT]) {
    const cm_column *column = from->table->columns[number];
    const char *text = text_format(&from->columns[number]);
    switch (column->type) {
    case CM_BOOL: text = "b"; break;
    case CM_INT64: text = "l"; break;
    case CM_FLOAT64: text = "g"; break;
    case CM_DECIMAL: decimal_format(from->decimal64, column->scale, out); return;
    case CM_DATE: text = "tdD"; break;
    case CM_TIMESTAMP: text = column->flags & CM_COLUMN_UTC ? "tsu:UTC" : "tsu:"; break;
    case CM_LIST: text = "+L"; break;
    default: text = from->plain ? text : "i"; break;
    }
    memcpy(out, text, strlen(text) + 1);
}

/* What a column of texts, or the items of a list, are beyond their format. */
static cm_status add_dictionary_schema(cm_context *ctx, const cm_arrow_export *from, uint64_t number,
                                       struct ArrowSchema *out) {
    struct ArrowSchema *dictionary = &((schema_owner *)out->private_data)->dictionary;
    if (from->plain) return CM_OK;
    cm_status status = new_schema(ctx, text_format(&from->columns[number]), "", 0, dictionary);
    if (status) return status;
    dictionary->flags = ARROW_FLAG_NULLABLE;
    out->dictionary = dictionary;
    return CM_OK;
}

static cm_status add_item_schema(cm_context *ctx, const cm_arrow_export *from, uint64_t number,
                                 struct ArrowSchema *out) {
    const char *format = from->plain ? text_format(&from->columns[number]) : "i";
    cm_status status = new_schema(ctx, format, "item", 0, out->children[0]);
    if (status) return status;
    out->children[0]->flags = ARROW_FLAG_NULLABLE;
    return add_dictionary_schema(ctx, from, number, out->children[0]);
}

static cm_status column_schema(cm_context *ctx, const cm_arrow_export *from, uint64_t number, struct ArrowSchema *out) {
    const cm_column *column = from->table->columns[number];
    char format[FORMAT_TEXT];
    format_of(from, number, format);
    cm_status status = new_schema(ctx, format, column->name, column->type == CM_LIST, out);
    if (status) return status;
    out->flags = ARROW_FLAG_NULLABLE;
    status = set_role(ctx, column->role, out);
    if (!status && column->type == CM_STRING) status = add_dictionary_schema(ctx, from, number, out);
    if (!status && column->type == CM_LIST) status = add_item_schema(ctx, from, number, out);
    return status;
}

static cm_status table_schema(cm_context *ctx, const cm_arrow_export *from, struct ArrowSchema *out) {
    uint64_t count = from->table->column_count;
    cm_status status = new_schema(ctx, "+s", "", count, out);
    if (status) return status;
    for (uint64_t i = 0; i < count && !status; i++) status = column_schema(ctx, from, i, out->children[i]);
    if (status) release_schema(out);
    return status;
}

/* ---- one batch ---- */

static cm_status gather_columns(cm_context *ctx, const cm_table *table, const uint64_t *rows, cm_table **out) {
    const uint64_t first_rows[2] = {0, table->rows};
    cm_column **columns = cm_alloc(ctx, table->column_count, sizeof(cm_column *));
    cm_status status = columns ? cm_gather(ctx, table, rows, first_rows, 1, columns) : ctx->error.status;
    if (!status) status = cm_table_new(ctx, columns, table->column_count, table->rows, out);
    cm_free(ctx->core, columns, table->column_count, sizeof(cm_column *));
    return status;
}

/* The same table in one chunk. */
static cm_status in_one_chunk(cm_context *ctx, const cm_table *table, cm_table **out) {
    if (table->chunk_count == 1) {
        *out = cm_table_retain(table);
        return CM_OK;
    }
    uint64_t *rows = cm_alloc(ctx, table->rows, sizeof *rows);
    if (!rows) return ctx->error.status;
    for (uint64_t i = 0; i < table->rows; i++) rows[i] = i;
    cm_status status = gather_columns(ctx, table, rows, out);
    cm_free(ctx->core, rows, table->rows, sizeof *rows);
    return status;
}

static cm_status export_whole(cm_context *ctx, const cm_table *table, const cm_options *options,
                              struct ArrowSchema *schema, struct ArrowArray *array) {
    cm_arrow_export from = {0};
    cm_status status = cm_arrow_export_begin(ctx, table, options, &from);
    if (!status) status = cm_arrow_export_batch(ctx, &from, 0, array);
    if (!status) status = table_schema(ctx, &from, schema);
    if (status && array->release) array->release(array);
    cm_arrow_export_end(&from);
    return status;
}

static cm_status export_array(cm_context *ctx, const cm_table *table, const cm_options *options,
                              struct ArrowSchema *schema, struct ArrowArray *array) {
    cm_table *whole = NULL;
    if (!table) return misuse(ctx, "cm_table_export_arrow", "table is NULL");
    if (!schema || !array) return misuse(ctx, "cm_table_export_arrow", "schema or array is NULL");
    cm_status status = in_one_chunk(ctx, table, &whole);
    if (!status) status = export_whole(ctx, whole, options, schema, array);
    cm_table_free(whole);
    if (status) {
        memset(array, 0, sizeof *array);
        memset(schema, 0, sizeof *schema);
    }
    return status;
}

cm_status cm_table_export_arrow(cm_context *ctx, const cm_table *table, const cm_options *options,
                                struct ArrowSchema *schema, struct ArrowArray *array) {
    if (schema) memset(schema, 0, sizeof *schema);
    if (array) memset(array, 0, sizeof *array);
    return CM_CALL(ctx, export_array(ctx, table, options, schema, array));
}

/* ---- streams ---- */

typedef struct stream_owner {
    cm_context context; /* of the stream's own calls */
    cm_arrow_export from;
    uint64_t next; /* chunk */
} stream_owner;

static int error_number(cm_status status) { return status == CM_E_MEMORY || status == CM_E_LIMIT ? ENOMEM : EINVAL; }

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    stream_owner *own = stream->private_data;
    memset(out, 0, sizeof *out);
    cm_error_clear(&own->context.error);
    cm_status status = table_schema(&own->context, &own->from, out);
    return status ? error_number(status) : 0;
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    stream_owner *own = stream->private_data;
    const cm_table *table = own->from.table;
    memset(out, 0, sizeof *out);
    cm_error_clear(&own->context.error);
    while (own->next < table->chunk_count && table->first_rows[own->next] == table->first_rows[own->next + 1])
        own->next++;
    if (own->next >= table->chunk_count) return 0; /* the end: an array that is released */
    cm_status status = cm_arrow_export_batch(&own->context, &own->from, own->next, out);
    if (status) return error_number(status);
    own->next++;
    return 0;
}

static const char *stream_error(struct ArrowArrayStream *stream) {
    const stream_owner *own = stream->private_data;
    return own->context.error.status ? own->context.error.message : NULL;
}

static void release_stream(struct ArrowArrayStream *stream) {
    stream_owner *own = stream->private_data;
    cm_core *core = own->context.core;
    cm_arrow_export_end(&own->from);
    cm_free(core, own, 1, sizeof *own);
    stream->release = NULL;
    cm_core_release(core);
}

static cm_status export_stream(cm_context *ctx, const cm_table *table, const cm_options *options,
                               struct ArrowArrayStream *stream) {
    if (!table) return misuse(ctx, "cm_table_export_stream", "table is NULL");
    if (!stream) return misuse(ctx, "cm_table_export_stream", "stream is NULL");
    stream_owner *own = cm_alloc(ctx, 1, sizeof *own);
    if (!own) return ctx->error.status;
    cm_status status = cm_arrow_export_begin(ctx, table, options, &own->from);
    if (status) {
        cm_arrow_export_end(&own->from);
        cm_free(ctx->core, own, 1, sizeof *own);
        return status;
    }
    own->context.core = cm_core_retain(ctx->core);
    own->context.settings.threads = 1;
    own->context.depth = 1; /* inside a call */
    own->context.deadline = INT64_MAX;
    atomic_init(&own->context.cancelled, 0);
    *stream = (struct ArrowArrayStream){stream_schema, stream_next, stream_error, release_stream, own};
    return CM_OK;
}

cm_status cm_table_export_stream(cm_context *ctx, const cm_table *table, const cm_options *options,
                                 struct ArrowArrayStream *stream) {
    if (stream) memset(stream, 0, sizeof *stream);
    return CM_CALL(ctx, export_stream(ctx, table, options, stream));
}
