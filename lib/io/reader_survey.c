/* The way through the files, and the first pass: what every cell says about the type of its column. */
#include <string.h>

#include "base/utf8.h"
#include "io/reader.h"
#include "io/road.h"


const char *cm_reader_file(const cm_reader *reader) {
    uint64_t last = reader->source_count - 1;
    return cm_source_name(reader->sources[reader->file < last ? reader->file : last]);
}

void cm_reader_restart(cm_reader *reader, uint64_t pass) {
    uint64_t sum = 0, done = 0;
    bool known = true;
    cm_csv_close(reader->csv);
    reader->csv = NULL;
    reader->file = 0;
    reader->passed = 0;
    reader->holds = reader->starved = false;
    if (reader->road) cm_road_restart(reader->road);
    for (uint64_t i = 0; i < reader->source_count; i++) {
        sum += cm_source_size(reader->sources[i]);
        known = known && cm_source_size(reader->sources[i]);
    }
    for (uint64_t i = 0; i < reader->source_count; i++) {
        cm_source_progress(reader->sources[i], done + pass * sum, known ? 2 * sum : 0);
        done += cm_source_size(reader->sources[i]);
    }
}

static cm_status fail_empty(cm_context *ctx, const cm_reader *reader) {
    cm_fail(ctx, CM_E_DATA, "FILE_EMPTY", "");
    return cm_fail_at(ctx, cm_reader_file(reader), 0, 0, NULL, 0);
}

/* Opens the file at hand and takes its header; without one, its first record is held back to be read as a row. */
cm_status cm_reader_begin_file(cm_context *ctx, cm_reader *reader) {
    cm_source *source = reader->sources[reader->file];
    cm_record record;
    bool more;
    cm_status status = cm_source_rewind(ctx, source);
    if (!status && reader->decided) cm_source_forget(source);
    if (!status) status = cm_csv_open(ctx, source, &reader->how.dialect, &reader->csv);
    if (!status) status = cm_csv_next(ctx, reader->csv, &record, &more);
    if (status) return status;
    reader->starved = !more && cm_source_starved(source);
    if (reader->starved) return CM_OK;
    if (!more) return fail_empty(ctx, reader);
    if (reader->how.header && !cm_utf8_is_valid(record.raw, record.raw_length)) {
        cm_fail(ctx, CM_E_DATA, "BAD_BYTES", "");
        return cm_fail_at(ctx, cm_reader_file(reader), record.line, 0, NULL, record.byte_offset);
    }
    if (!reader->columns)
        status = cm_reader_header(ctx, reader, &record);
    else if (reader->how.header)
        status = cm_reader_same_header(ctx, reader, &record);
    reader->held = record;
    reader->holds = !reader->how.header;
    return status;
}

void cm_reader_end_file(cm_reader *reader) {
    cm_csv_close(reader->csv);
    reader->csv = NULL;
    cm_source_rest(reader->sources[reader->file++]);
}

static cm_status next_record(cm_context *ctx, cm_reader *reader, cm_record *record, bool *more) {
    cm_status status = reader->csv ? CM_OK : cm_reader_begin_file(ctx, reader);
    *more = false;
    if (status || reader->starved) return status;
    *more = reader->holds;
    if (reader->holds) {
        *record = reader->held;
        reader->holds = false;
        return CM_OK;
    }
    status = cm_csv_next(ctx, reader->csv, record, more);
    if (status || *more) return status;
    reader->starved = cm_source_starved(reader->sources[reader->file]);
    if (!reader->starved) cm_reader_end_file(reader);
    return CM_OK;
}

cm_status cm_reader_record(cm_context *ctx, cm_reader *reader, cm_record *record, bool *more) {
    cm_status status = CM_OK;
    *more = reader->starved = false;
    while (!status && !*more && !reader->starved && reader->file < reader->source_count)
        status = next_record(ctx, reader, record, more);
    return status || !*more ? status : cm_reader_count_record(ctx, reader, record);
}

cm_status cm_reader_count_record(cm_context *ctx, cm_reader *reader, const cm_record *record) {
    if (++reader->passed <= reader->how.max_rows) return CM_OK;
    cm_fail(ctx, CM_E_LIMIT, "LIMIT_ROWS", "u", reader->how.max_rows);
    return cm_fail_at(ctx, cm_reader_file(reader), record->line, 0, NULL, record->byte_offset);
}

bool cm_reader_usable(const cm_reader *reader, const cm_record *record, cm_drop *why) {
    *why = CM_DROP_LENGTH;
    if (record->count != reader->column_count) return false;
    *why = CM_DROP_ENCODING;
    return !cm_reading_lenient(&reader->how) || cm_utf8_is_valid(record->raw, record->raw_length);
}

bool cm_reader_cell(const cm_reader *reader, const cm_csv_field *field) {
    if (!field->text) return false;
    for (uint64_t i = 0; i < reader->how.na_count; i++) {
        const char *na = reader->how.na[i];
        if (strlen(na) == field->length && !memcmp(na, field->text, (size_t)field->length)) return false;
    }
    return true;
}

cm_status cm_reader_decide(cm_context *ctx, cm_reader *reader) {
    for (uint64_t i = 0; i < reader->kept_count; i++) {
        cm_read_column *column = reader->kept[i];
        cm_decision *decision = &column->decision;
        cm_status status = CM_OK;
        if (!column->fixed) cm_survey_decide(ctx, &column->survey, column->role_given, decision);
        if (!column->fixed && reader->how.stream && !reader->seen_all) status = cm_stream_decide(ctx, column);
        if (status) return status;
        status =
            cm_field_init(ctx, &column->field, column->name, decision->type, decision->scale, decision->role);
        if (status) {
            column->field = (cm_field){0}; /* there is nothing left to clear */
            return status;
        }
        if (column->field.dictionary) cm_dictionary_set_limit(column->field.dictionary, reader->how.max_distinct);
    }
    return CM_OK;
}

void cm_reader_survey_record(cm_reader *reader, const cm_record *record) {
    cm_drop why;
    if (!cm_reader_usable(reader, record, &why)) return; /* the second pass says so */
    for (uint64_t i = 0; i < reader->kept_count; i++) {
        cm_read_column *column = reader->kept[i];
        const cm_csv_field *field = &record->fields[column->number - 1];
        if (!column->fixed && cm_reader_cell(reader, field))
            cm_survey_cell(&column->survey, field->text, field->length, record->line);
    }
}

cm_status cm_reader_survey(cm_context *ctx, cm_reader *reader) {
    cm_record record;
    bool more = true;
    cm_status status = CM_OK;
    if (reader->road) return cm_road_survey(ctx, reader->road, reader->whole);
    cm_reader_restart(reader, 0);
    while (!status && more && !cm_reader_seen_enough(reader, reader->passed)) {
        status = cm_reader_record(ctx, reader, &record, &more);
        if (!status && more) cm_reader_survey_record(reader, &record);
    }
    reader->seen_all = !more && !reader->starved;
    return status || !reader->columns ? status : cm_reader_decide(ctx, reader);
}
