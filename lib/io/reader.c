#include <string.h>

#include "custmine/io.h"
#include "io/reader.h"
#include "io/road.h"
#include "table/lines.h"

/* ---- opening ---- */

static cm_status open_source(cm_context *ctx, cm_reader *reader, const char *path, cm_source **out) {
    const cm_source_limits *limits = &reader->how.limits;
    return path ? cm_source_open(ctx, path, limits, out) : cm_source_fed(ctx, "pushed", limits, out);
}

static cm_status add_source(cm_context *ctx, cm_reader *reader, const char *path) {
    cm_status status =
        cm_reserve(ctx, &reader->sources, &reader->source_capacity, reader->source_count + 1, sizeof *reader->sources);
    if (status) return status;
    status = open_source(ctx, reader, path, &reader->sources[reader->source_count]);
    if (status) return status;
    cm_source *source = reader->sources[reader->source_count++];
    status = cm_source_decode(ctx, source, reader->how.encoding, cm_reading_lenient(&reader->how));
    cm_source_rest(source); /* it is there; many need not be open at once */
    return status;
}

/* A file, or without a path bytes that will be pushed: then there is nothing to look at yet. */
static cm_status start(cm_context *ctx, cm_reader *reader, const char *path, const cm_options *options, bool whole) {
    const char *const *files = NULL;
    uint64_t file_count = cm_option_list(options, &cm_read_topic, "files", &files);
    cm_status status = cm_reading_resolve(ctx, options, &reader->texts, &reader->how);
    if (reader->how.schema) cm_table_retain(reader->how.schema);
    reader->pushed = !path;
    reader->whole = whole;
    reader->how.stream = !whole && (reader->how.stream || reader->pushed);
    if (!status) status = add_source(ctx, reader, path);
    for (uint64_t i = 0; i < file_count && !status; i++) status = add_source(ctx, reader, files[i]);
    if (!status && !ctx->record_road && cm_road_suits(reader)) status = cm_road_new(ctx, reader, &reader->road);
    return status || reader->pushed ? status : cm_stream_begin(ctx, reader);
}

static cm_status open_reader(cm_context *ctx, const char *path, const cm_options *options, bool whole,
                             cm_reader **out) {
    if (!out || (whole && !path)) return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", out ? "path" : "out", "NULL");
    cm_status status = cm_options_check(ctx, options, &cm_read_topic);
    if (status) return status;
    cm_reader *reader = cm_alloc(ctx, 1, sizeof *reader);
    if (!reader) return ctx->error.status;
    reader->core = cm_core_retain(ctx->core);
    reader->total.money.known = true;
    status = start(ctx, reader, path, options, whole);
    if (status) {
        cm_reader_free(reader);
        return status;
    }
    *out = reader;
    return CM_OK;
}

/* ---- tables ---- */

static cm_status make_column(cm_context *ctx, cm_read_column *column, cm_column **out) {
    cm_status status = cm_field_column(ctx, &column->field, out);
    if (!status) (*out)->flags = column->decision.flags;
    return status;
}

static cm_status make_table(cm_context *ctx, cm_reader *reader, cm_table **out) {
    uint64_t count = reader->kept_count, made = 0;
    cm_column **columns = cm_alloc(ctx, count, sizeof(cm_column *));
    cm_status status = columns ? CM_OK : ctx->error.status;
    while (!status && made < count) {
        status = make_column(ctx, reader->kept[made], &columns[made]);
        made += !status;
    }
    if (!status)
        status = cm_table_new(ctx, columns, count, reader->batch.kept, out);
    else
        for (uint64_t i = 0; i < made; i++) cm_column_release(columns[i]);
    cm_free(reader->core, columns, count, sizeof(cm_column *));
    for (uint64_t i = 0; i < count; i++) cm_field_empty(&reader->kept[i]->field);
    return status;
}

static void add_tally(cm_tally *total, const cm_tally *batch) {
    total->read += batch->read;
    total->kept += batch->kept;
    for (uint64_t i = 0; i < CM_DROP_COUNT; i++) total->dropped[i] += batch->dropped[i];
    total->money = cm_money_add(total->money, batch->money);
}

static void say_what_was_read(cm_context *ctx, const cm_reader *reader) {
    const cm_tally *batch = &reader->batch;
    cm_log_say(ctx, CM_LOG_INFO, "LOG_READ", "uu", batch->read, reader->kept_count);
    uint64_t dropped = batch->read - batch->kept;
    if (dropped) cm_log_say(ctx, CM_LOG_WARNING, "LOG_DROPPED", "uu", dropped, batch->read);
}

/* Converts rows until there are enough for a batch, or none are left, or none are there yet. */
static cm_status fill(cm_context *ctx, cm_reader *reader, uint64_t max_rows) {
    cm_status status = CM_OK;
    if (!reader->filling) reader->batch = (cm_tally){0};
    do {
        if (reader->how.stream && (!reader->filling || reader->widening)) status = cm_stream_next_batch(ctx, reader);
        reader->filling = true;
        if (!status) status = cm_reader_convert(ctx, reader, max_rows);
    } while (!status && reader->widening && !reader->batch.kept);
    return status;
}

/* Whether the batch waits for bytes that are still to be pushed. */
static bool waits(const cm_reader *reader, uint64_t max_rows) {
    return reader->starved && !reader->widening && reader->batch.kept < max_rows;
}

/* A table of the next rows, with all that goes along; none where the batch waits. */
static cm_status next_table(cm_context *ctx, cm_reader *reader, uint64_t max_rows, cm_table **out) {
    cm_table *table = NULL;
    cm_status status = fill(ctx, reader, max_rows);
    if (!status && waits(reader, max_rows)) return CM_OK;
    if (!status) status = make_table(ctx, reader, &table);
    if (!status) status = cm_lines_money(ctx, table, &reader->batch.money);
    if (!status) status = cm_reader_attach(ctx, reader, table);
    reader->filling = false;
    if (status) {
        cm_table_free(table);
        reader->failed = true;
        return status;
    }
    add_tally(&reader->total, &reader->batch);
    say_what_was_read(ctx, reader);
    *out = table;
    return CM_OK;
}

static cm_status read_csv(cm_context *ctx, const char *path, const cm_options *options, cm_table **out) {
    cm_reader *reader = NULL;
    if (!out) return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "out", "NULL");
    cm_status status = open_reader(ctx, path, options, true, &reader);
    if (!status) status = next_table(ctx, reader, UINT64_MAX, out);
    cm_reader_free(reader);
    return status;
}

static cm_status check_reader(cm_context *ctx, const cm_reader *reader) {
    if (!reader) return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "reader", "NULL");
    if (reader->core != ctx->core)
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "reader", "is of another context");
    if (reader->failed) return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "reader", "failed before");
    return CM_OK;
}

static cm_status read_batch(cm_context *ctx, cm_reader *reader, cm_table **out) {
    if (!out) return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "out", "NULL");
    cm_status status = check_reader(ctx, reader);
    if (status) return status;
    status = cm_stream_begin(ctx, reader);
    if (status) reader->failed = true;
    if (status || !reader->decided) return status;
    status = next_table(ctx, reader, reader->how.batch_rows, out);
    if (!status && *out && !reader->batch.read) {
        cm_table_free(*out);
        *out = NULL;
    }
    return status;
}

static cm_status check_pushed(cm_context *ctx, const cm_reader *reader) {
    cm_status status = check_reader(ctx, reader);
    if (status || reader->pushed) return status;
    return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "reader", "was opened with a path");
}

static cm_status push(cm_context *ctx, cm_reader *reader, const void *bytes, uint64_t length) {
    cm_status status = check_pushed(ctx, reader);
    if (status) return status;
    if (length && !bytes) return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "bytes", "NULL");
    if (reader->ended) return length ? cm_fail(ctx, CM_E_ARGUMENT, "PUSH_ENDED", "") : CM_OK;
    reader->ended = !length;
    return cm_source_push(ctx, reader->sources[0], bytes, length);
}

static cm_status pull(cm_context *ctx, cm_reader *reader, cm_read_function function, void *user) {
    cm_status status = check_pushed(ctx, reader);
    if (status) return status;
    if (!function) return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "function", "NULL");
    cm_source_pull(reader->sources[0], function, user);
    reader->ended = true; /* nothing more by pushing */
    return CM_OK;
}

static cm_status reader_audit(cm_context *ctx, const cm_reader *reader, cm_table **out) {
    if (!reader || !out) return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", reader ? "out" : "reader", "NULL");
    return cm_tally_audit(ctx, &reader->total, out);
}

/* ---- the public side ---- */

cm_status cm_read_csv(cm_context *ctx, const char *path, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, read_csv(ctx, path, options, out));
}

cm_status cm_reader_open(cm_context *ctx, const char *path, const cm_options *options, cm_reader **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, open_reader(ctx, path, options, false, out));
}

cm_status cm_reader_push(cm_context *ctx, cm_reader *reader, const void *bytes, uint64_t length) {
    return CM_CALL(ctx, push(ctx, reader, bytes, length));
}

cm_status cm_reader_pull(cm_context *ctx, cm_reader *reader, cm_read_function function, void *user) {
    return CM_CALL(ctx, pull(ctx, reader, function, user));
}

cm_status cm_reader_next(cm_context *ctx, cm_reader *reader, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, read_batch(ctx, reader, out));
}

cm_status cm_reader_audit(cm_context *ctx, const cm_reader *reader, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, reader_audit(ctx, reader, out));
}

void cm_reader_free(cm_reader *reader) {
    if (!reader) return;
    cm_core *core = reader->core;
    cm_csv_close(reader->csv);
    cm_road_free(reader->road);
    for (uint64_t i = 0; i < reader->source_count; i++) cm_source_close(reader->sources[i]);
    cm_free(core, reader->sources, reader->source_capacity, sizeof *reader->sources);
    for (uint64_t i = 0; i < reader->column_count; i++) cm_field_clear(core, &reader->columns[i].field);
    cm_free(core, reader->columns, reader->column_count, sizeof *reader->columns);
    cm_table_free((cm_table *)(uintptr_t)reader->how.schema);
    cm_builder_free(reader->rejects);
    cm_bytes_free(core, &reader->scratch);
    cm_arena_free(core, &reader->texts);
    cm_free(core, reader, 1, sizeof *reader);
    cm_core_release(core);
}
