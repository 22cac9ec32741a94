/* What goes along with a table that was read: "columns", "rejects", "audit". */
#include <string.h>

#include "base/number.h"
#include "io/reader.h"


typedef struct report_column {
    const char *name;
    int32_t type;
} report_column;

static cm_status start(cm_context *ctx, const report_column *columns, uint64_t count, cm_builder **out) {
    cm_status status = cm_builder_new(ctx, out);
    for (uint64_t i = 0; i < count && !status; i++)
        status = cm_builder_column(ctx, *out, columns[i].name, columns[i].type, 0, CM_ROLE_NONE);
    return status;
}

cm_status cm_reader_start_rejects(cm_context *ctx, cm_reader *reader) {
    static const report_column columns[] = {{"file", CM_STRING},  {"line", CM_INT64},    {"column", CM_INT64},
                                            {"field", CM_STRING}, {"reason", CM_STRING}, {"value", CM_STRING},
                                            {"record", CM_STRING}};
    return start(ctx, columns, sizeof columns / sizeof *columns, &reader->rejects);
}

/* ---- columns ---- */

enum { COLUMN, ROLE, TYPE, ABSENT, DISTINCT, LOW, HIGH, DECIDED_BY, EXAMPLES };

static cm_status set_text(cm_context *ctx, cm_builder *builder, uint64_t column, const char *text) {
    return cm_builder_text(ctx, builder, column, text, strlen(text));
}

static uint64_t print_value(const cm_decision *decision, cm_value value, char room[CM_CELL_TEXT]) {
    switch (decision->type) {
    case CM_BOOL:
        strcpy(room, value.integer ? "true" : "false");
        return strlen(room);
    case CM_FLOAT64:
        return cm_print_double(value.real, room);
    case CM_DATE:
        return cm_print_date((int32_t)value.integer, room);
    case CM_TIMESTAMP:
        return cm_print_timestamp(value.integer, decision->flags & CM_COLUMN_UTC, room);
    default:
        return cm_print_decimal(value.integer, decision->scale, room);
    }
}

static cm_status add_value(cm_context *ctx, cm_builder *builder, uint64_t to, const cm_read_column *column,
                           cm_value value) {
    char room[CM_CELL_TEXT];
    return cm_builder_text(ctx, builder, to, room, print_value(&column->decision, value, room));
}

static cm_status add_value_range(cm_context *ctx, cm_builder *builder, const cm_read_column *column) {
    cm_status status = CM_OK;
    if (column->seen) {
        status = add_value(ctx, builder, LOW, column, column->low);
        if (!status) status = add_value(ctx, builder, HIGH, column, column->high);
    }
    for (uint64_t i = 0; i < column->example_count && !status; i++)
        status = add_value(ctx, builder, EXAMPLES, column, column->examples[i]);
    return status;
}

/* The dictionary holds the texts of all rows kept so far, in the order in which they came. */
static cm_status add_text_range(cm_context *ctx, cm_builder *builder, const cm_dictionary *dictionary) {
    uint64_t size = cm_dictionary_size(dictionary);
    cm_status status = cm_builder_int(ctx, builder, DISTINCT, (int64_t)size);
    if (!size || status) return status;
    cm_text low = cm_dictionary_text(dictionary, 0), high = low;
    for (uint64_t code = 1; code < size; code++) {
        cm_text text = cm_dictionary_text(dictionary, (int32_t)code);
        if (cm_text_compare(text, low) < 0) low = text;
        if (cm_text_compare(text, high) > 0) high = text;
    }
    status = cm_builder_text(ctx, builder, LOW, low.data, low.length);
    if (!status) status = cm_builder_text(ctx, builder, HIGH, high.data, high.length);
    for (uint64_t code = 0; code < size && code < CM_EXAMPLES && !status; code++) {
        cm_text text = cm_dictionary_text(dictionary, (int32_t)code);
        status = cm_builder_text(ctx, builder, EXAMPLES, text.data, text.length);
    }
    return status;
}

static cm_status add_decision(cm_context *ctx, cm_reader *reader, cm_builder *builder, const cm_read_column *column) {
    char note[CM_DECIDED_TEXT];
    cm_bytes *text = &reader->scratch;
    text->length = 0;
    cm_status status = cm_bytes_add(ctx, text, column->decision.decided_by, strlen(column->decision.decided_by));
    if (!status && column->renamed) {
        status = cm_bytes_add(ctx, text, "; ", 2);
        if (!status) status = cm_bytes_add(ctx, text, note, cm_render(ctx, column->renamed, "", note, sizeof note));
    }
    return status ? status : cm_builder_text(ctx, builder, DECIDED_BY, text->data, text->length);
}

static cm_status add_column(cm_context *ctx, cm_reader *reader, cm_builder *builder, const cm_read_column *column) {
    const cm_decision *decision = &column->decision;
    cm_status status = set_text(ctx, builder, COLUMN, column->name);
    if (!status && decision->role) status = set_text(ctx, builder, ROLE, cm_role_name(decision->role));
    if (!status) status = set_text(ctx, builder, TYPE, cm_type_name(decision->type));
    if (!status) status = cm_builder_int(ctx, builder, ABSENT, (int64_t)column->absent);
    if (!status) status = add_decision(ctx, reader, builder, column);
    if (!status) status = cm_builder_text(ctx, builder, EXAMPLES, NULL, 0);
    if (!status && decision->type == CM_STRING)
        status = add_text_range(ctx, builder, column->field.dictionary);
    else if (!status)
        status = add_value_range(ctx, builder, column);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status columns_table(cm_context *ctx, cm_reader *reader, cm_table **out) {
    static const report_column columns[] = {{"column", CM_STRING}, {"role", CM_STRING},       {"type", CM_STRING},
                                            {"absent", CM_INT64},  {"distinct", CM_INT64},    {"min", CM_STRING},
                                            {"max", CM_STRING},    {"decided_by", CM_STRING}, {"examples", CM_LIST}};
    cm_builder *builder = NULL;
    cm_status status = start(ctx, columns, sizeof columns / sizeof *columns, &builder);
    for (uint64_t i = 0; i < reader->kept_count && !status; i++)
        status = add_column(ctx, reader, builder, reader->kept[i]);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* ---- schema ---- */

static const char *date_order(const cm_decision *decision) {
    if (decision->type != CM_DATE && decision->type != CM_TIMESTAMP) return NULL;
    if (decision->orders == CM_ORDER_UNIX) return "unix";
    if (decision->orders & CM_ORDER_DMY) return "dmy"; /* of ALL, too: there was no cell that could tell */
    return decision->orders & CM_ORDER_MDY ? "mdy" : "ymd";
}

static cm_status add_to_schema(cm_context *ctx, cm_builder *builder, const cm_read_column *column) {
    const cm_decision *decision = &column->decision;
    const char *order = date_order(decision);
    cm_status status = set_text(ctx, builder, 0, column->name);
    if (!status) status = set_text(ctx, builder, 1, cm_type_name(decision->type));
    if (!status && decision->type == CM_DECIMAL) status = cm_builder_int(ctx, builder, 2, decision->scale);
    if (!status && decision->role) status = set_text(ctx, builder, 3, cm_role_name(decision->role));
    if (!status && decision->flags & CM_COLUMN_UTC) status = set_text(ctx, builder, 4, "UTC");
    if (!status && order) status = set_text(ctx, builder, 5, order);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status schema_table(cm_context *ctx, cm_reader *reader, cm_table **out) {
    static const report_column columns[] = {{"column", CM_STRING}, {"type", CM_STRING}, {"scale", CM_INT64},
                                            {"role", CM_STRING},   {"zone", CM_STRING}, {"date_order", CM_STRING}};
    cm_builder *builder = NULL;
    cm_status status = start(ctx, columns, sizeof columns / sizeof *columns, &builder);
    for (uint64_t i = 0; i < reader->kept_count && !status; i++) status = add_to_schema(ctx, builder, reader->kept[i]);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* ---- audit ---- */

static uint64_t audit_lines(const cm_tally *tally, cm_audit_line lines[CM_DROP_COUNT + 2]) {
    uint64_t count = 1;
    for (uint64_t i = 0; i < CM_DROP_COUNT; i++)
        if (tally->dropped[i])
            lines[count++] =
                (cm_audit_line){.step = "load", .reason = cm_drop_name((cm_drop)i), .rows = tally->dropped[i]};
    lines[0] = (cm_audit_line){.step = "load", .reason = "read", .rows = tally->read};
    if (count == 1) lines[0].money = tally->money; /* that of rows left out nobody knows */
    lines[count++] = (cm_audit_line){.step = "load", .reason = "kept", .rows = tally->kept, .money = tally->money};
    return count;
}

cm_status cm_tally_audit(cm_context *ctx, const cm_tally *tally, cm_table **out) {
    cm_audit_line lines[CM_DROP_COUNT + 2];
    uint64_t count = audit_lines(tally, lines);
    return cm_audit_table(ctx, NULL, lines, count, out);
}

static cm_status attach(cm_context *ctx, cm_table *table, const char *name, cm_table *attached, cm_status status) {
    if (!status) status = cm_table_attach(ctx, table, name, attached);
    cm_table_free(attached);
    return status;
}

cm_status cm_reader_attach(cm_context *ctx, cm_reader *reader, cm_table *table) {
    cm_audit_line lines[CM_DROP_COUNT + 2];
    cm_table *columns = NULL, *rejects = NULL, *schema = NULL;
    cm_status status = columns_table(ctx, reader, &columns);
    status = attach(ctx, table, "columns", columns, status);
    if (!status) status = schema_table(ctx, reader, &schema);
    status = attach(ctx, table, "schema", schema, status);
    if (!status && reader->rejects) {
        status = cm_builder_finish(ctx, reader->rejects, &rejects);
        status = attach(ctx, table, "rejects", rejects, status);
    }
    if (status) return status;
    uint64_t count = audit_lines(&reader->batch, lines);
    return cm_audit_attach(ctx, table, NULL, lines, count);
}
