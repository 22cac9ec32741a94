/* The second pass: a row at a time, all of it or nothing. Dates and numbers come first, so that a bad row leaves no
 * text behind. */
#include <string.h>

#include "io/reader.h"
#include "io/road.h"


static const struct {
    const char *name, *sentence;
} drops[CM_DROP_COUNT] = {
    {"row_length", "ROW_LENGTH"},
    {"bad_encoding", "BAD_BYTES"},
    {"bad_date", "BAD_DATE"},
    {"bad_number", "BAD_NUMBER"},
    {"number_too_large", "NUMBER_TOO_LARGE"},
    {"bad_value", "BAD_CELL"},
};

const char *cm_drop_name(cm_drop drop) {
    return drops[drop].name;
}

/* ---- bad rows ---- */

static cm_status fail_row(cm_context *ctx, const cm_reader *reader, const cm_record *record, cm_drop drop,
                          const cm_read_column *column) {
    const char *sentence = drops[drop].sentence;
    if (!column) {
        cm_fail(ctx, CM_E_DATA, sentence, "uu", record->count, reader->column_count);
        return cm_fail_at(ctx, cm_reader_file(reader), record->line, 0, NULL, record->byte_offset);
    }
    const cm_csv_field *field = &record->fields[column->number - 1];
    if (drop == CM_DROP_DATE)
        cm_fail(ctx, CM_E_DATA, sentence, "ts", field->text, field->length, column->decision.decided_by);
    else if (drop == CM_DROP_VALUE)
        cm_fail(ctx, CM_E_DATA, sentence, "ts", field->text, field->length, cm_type_name(column->decision.type));
    else
        cm_fail(ctx, CM_E_DATA, sentence, "ti", field->text, field->length, (int64_t)column->decision.scale);
    return cm_fail_at(ctx, cm_reader_file(reader), record->line, column->number, column->name, record->byte_offset);
}

static cm_status add_reject(cm_context *ctx, cm_reader *reader, const cm_record *record, cm_drop drop,
                            const cm_read_column *column) {
    cm_builder *rejects = reader->rejects;
    const char *file = cm_reader_file(reader), *reason = drops[drop].name;
    cm_status status = cm_builder_text(ctx, rejects, 0, file, strlen(file));
    if (!status) status = cm_builder_int(ctx, rejects, 1, (int64_t)record->line);
    if (!status && column) {
        const cm_csv_field *field = &record->fields[column->number - 1];
        status = cm_builder_int(ctx, rejects, 2, (int64_t)column->number);
        if (!status) status = cm_builder_text(ctx, rejects, 3, column->name, strlen(column->name));
        if (!status) status = cm_builder_text(ctx, rejects, 5, field->text, field->length);
    }
    if (!status) status = cm_builder_text(ctx, rejects, 4, reason, strlen(reason));
    if (!status) status = cm_builder_text(ctx, rejects, 6, record->raw, record->raw_length);
    return status ? status : cm_builder_row(ctx, rejects);
}

/* Leaves the row out, or fails; `column` NULL: the row as a whole. */
static cm_status drop_row(cm_context *ctx, cm_reader *reader, const cm_record *record, cm_drop drop,
                          const cm_read_column *column) {
    if (!reader->how.collect) return fail_row(ctx, reader, record, drop, column);
    reader->batch.dropped[drop]++;
    return add_reject(ctx, reader, record, drop, column);
}

/* ---- cells ---- */

/* Whether the type was decided by something else than all cells, so that one may not fit it. */
static bool may_not_fit(const cm_read_column *column) {
    return column->decision.role != CM_ROLE_NONE || column->fixed;
}

static cm_status fail_changed(cm_context *ctx, const cm_reader *reader, const cm_record *record,
                              const cm_read_column *column) {
    cm_fail(ctx, CM_E_DATA, "FILE_CHANGED", "");
    return cm_fail_at(ctx, cm_reader_file(reader), record->line, column->number, column->name, record->byte_offset);
}

/* Dates and numbers of a row; *bad tells that it was left out. */
static cm_status read_values(cm_context *ctx, cm_reader *reader, const cm_record *record, bool *bad) {
    static const cm_drop reasons[] = {[CM_CELL_NO_DATE] = CM_DROP_DATE,
                                      [CM_CELL_NO_NUMBER] = CM_DROP_NUMBER,
                                      [CM_CELL_TOO_LARGE] = CM_DROP_TOO_LARGE,
                                      [CM_CELL_NO_FIT] = CM_DROP_VALUE};
    for (uint64_t i = 0; i < reader->kept_count; i++) {
        cm_read_column *column = reader->kept[i];
        const cm_csv_field *field = &record->fields[column->number - 1];
        column->present = cm_reader_cell(reader, field);
        if (column->field.dictionary) continue;
        column->present = column->present && field->length;
        if (!column->present) continue;
        cm_cell_fit fit = cm_decision_read(&column->decision, field->text, field->length, &column->value);
        if (!fit) continue;
        if (!may_not_fit(column)) return fail_changed(ctx, reader, record, column);
        *bad = true;
        if (cm_stream_hold(ctx, reader, record, column)) return CM_OK;
        return drop_row(ctx, reader, record, reasons[fit], column);
    }
    return CM_OK;
}

/* "17850.0" without the point and the zeros behind it. */
static uint64_t integer_id(const char *text, uint64_t length) {
    uint64_t end = length, digits = 0;
    while (end > 0 && text[end - 1] == '0') end--;
    if (end < 2 || end == length || text[end - 1] != '.') return length;
    for (uint64_t i = text[0] == '-'; i < end - 1; i++, digits++)
        if (text[i] < '0' || text[i] > '9') return length;
    return digits ? end - 1 : length;
}

static bool is_id(int32_t role) {
    return role == CM_ROLE_CUSTOMER || role == CM_ROLE_INVOICE || role == CM_ROLE_ITEM;
}

uint64_t cm_reader_text_length(const cm_reader *reader, const cm_read_column *column, const cm_csv_field *field) {
    bool cut = reader->how.integer_ids && is_id(column->decision.role);
    return cut ? integer_id(field->text, field->length) : field->length;
}

static cm_status read_texts(cm_context *ctx, cm_reader *reader, const cm_record *record) {
    for (uint64_t i = 0; i < reader->kept_count; i++) {
        cm_read_column *column = reader->kept[i];
        const cm_csv_field *field = &record->fields[column->number - 1];
        int32_t code;
        if (column->decision.type != CM_STRING || !column->present) continue;
        uint64_t length = cm_reader_text_length(reader, column, field);
        cm_status status = cm_dictionary_add(ctx, column->field.dictionary, field->text, length, &code);
        if (status == CM_E_LIMIT || status == CM_E_DATA)
            cm_fail_at(ctx, cm_reader_file(reader), record->line, column->number, column->name, record->byte_offset);
        if (status) return status;
        column->value.integer = code;
    }
    return CM_OK;
}

/* Lists as the writer joins them (write_csv.c): items divided by "; ", \ before ; and \ within them, one empty item
 * alone as \. */
static cm_status read_list(cm_context *ctx, cm_reader *reader, cm_field *field, const char *text, uint64_t length) {
    cm_bytes *item = &reader->scratch;
    cm_status status = CM_OK;
    if (length == 1 && *text == '\\') return cm_field_add_item(ctx, field, "", 0);
    item->length = 0;
    for (uint64_t i = 0; i < length && !status; i++) {
        bool ends = text[i] == ';' && i + 1 < length && text[i + 1] == ' ';
        if (ends) {
            status = cm_field_add_item(ctx, field, item->data, item->length);
            item->length = 0;
            i++;
        } else {
            i += text[i] == '\\' && i + 1 < length;
            status = cm_bytes_add(ctx, item, &text[i], 1);
        }
    }
    return status || !length ? status : cm_field_add_item(ctx, field, item->data, item->length);
}

static cm_status read_lists(cm_context *ctx, cm_reader *reader, const cm_record *record) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < reader->kept_count && !status; i++) {
        cm_read_column *column = reader->kept[i];
        const cm_csv_field *field = &record->fields[column->number - 1];
        if (column->decision.type == CM_LIST && column->present)
            status = read_list(ctx, reader, &column->field, field->text, field->length);
    }
    return status;
}

/* ---- rows ---- */

bool cm_read_same(const cm_decision *decision, cm_value a, cm_value b) {
    return decision->type == CM_FLOAT64 ? a.real == b.real : a.integer == b.integer;
}

bool cm_read_less(const cm_decision *decision, cm_value a, cm_value b) {
    return decision->type == CM_FLOAT64 ? a.real < b.real : a.integer < b.integer;
}

/* Lowest, highest and first values; those of texts are found in the dictionary at the end. */
static void count_cell(cm_read_column *column) {
    cm_value value = column->value;
    if (!column->present) column->absent++;
    if (!column->present || column->field.dictionary) return;
    if (!column->seen++) column->low = column->high = value;
    if (cm_read_less(&column->decision, value, column->low)) column->low = value;
    if (cm_read_less(&column->decision, column->high, value)) column->high = value;
    if (column->example_count == CM_EXAMPLES) return;
    for (uint64_t i = 0; i < column->example_count; i++)
        if (cm_read_same(&column->decision, column->examples[i], value)) return;
    column->examples[column->example_count++] = value;
}

static cm_status make_room(cm_context *ctx, const cm_reader *reader) {
    for (uint64_t i = 0; i < reader->kept_count; i++) {
        cm_read_column *column = reader->kept[i];
        cm_status status = cm_field_reserve(ctx, &column->field);
        if (!status && !column->present) status = cm_field_reserve_absent(ctx, &column->field);
        if (status) return status;
    }
    return CM_OK;
}

static void take_row(cm_reader *reader) {
    for (uint64_t i = 0; i < reader->kept_count; i++) {
        cm_read_column *column = reader->kept[i];
        cm_field *field = &column->field;
        field->set = column->present;
        if (column->present && column->decision.type == CM_FLOAT64)
            cm_field_put_double(field, column->value.real);
        else if (column->present && column->decision.type != CM_LIST)
            cm_field_put_int(field, column->value.integer);
        cm_field_end_row(field);
        count_cell(column);
    }
    reader->batch.kept++;
}

cm_status cm_reader_convert_record(cm_context *ctx, cm_reader *reader, const cm_record *record) {
    bool bad = false;
    reader->batch.read++;
    cm_drop why;
    if (!cm_reader_usable(reader, record, &why)) return drop_row(ctx, reader, record, why, NULL);
    cm_status status = read_values(ctx, reader, record, &bad);
    if (status || bad) return status;
    status = read_texts(ctx, reader, record);
    if (!status) status = make_room(ctx, reader);
    if (!status) status = read_lists(ctx, reader, record);
    if (!status) take_row(reader);
    return status;
}

cm_status cm_reader_convert(cm_context *ctx, cm_reader *reader, uint64_t max_rows) {
    cm_record record;
    bool more = true;
    cm_status status = CM_OK;
    if (reader->road) return cm_road_convert(ctx, reader->road, max_rows);
    while (!status && more && reader->batch.kept < max_rows && !reader->widening) {
        status = cm_reader_record(ctx, reader, &record, &more);
        if (!status && more) status = cm_reader_convert_record(ctx, reader, &record);
    }
    return status;
}
