/* The columns of a file: unique names, roles, and which of them are kept. */
#include <string.h>

#include "base/number.h"
#include "io/reader.h"


/* ---- names ---- */

static cm_status add_name(cm_context *ctx, cm_reader *reader, cm_dictionary *names, const char *text, uint64_t length,
                          cm_read_column *column) {
    int32_t code;
    cm_status status = cm_dictionary_add(ctx, names, text, length, &code);
    if (status) return status;
    column->name = cm_arena_text(ctx, &reader->texts, text, length);
    return column->name ? CM_OK : ctx->error.status;
}

/* name_2, name_3 ...: the first that is free; *last is the number that the name had last. */
static cm_status add_numbered(cm_context *ctx, cm_reader *reader, cm_dictionary *names, const char *text,
                              uint64_t length, uint64_t *last, cm_read_column *column) {
    char digits[CM_NUMBER_TEXT];
    cm_bytes *name = &reader->scratch;
    cm_status status;
    if (!*last) *last = 1;
    do {
        name->length = 0;
        status = cm_bytes_add(ctx, name, text, length);
        if (!status) status = cm_bytes_add(ctx, name, "_", 1);
        if (!status) status = cm_bytes_add(ctx, name, digits, cm_print_int((int64_t)++ * last, digits));
        if (status) return status;
    } while (cm_dictionary_find(names, name->data, name->length) >= 0);
    if (!column->renamed) column->renamed = "HEADER_TWICE";
    return add_name(ctx, reader, names, name->data, name->length, column);
}

static cm_status name_column(cm_context *ctx, cm_reader *reader, cm_dictionary *names, uint64_t *last,
                             cm_read_column *column) {
    char room[16 + CM_NUMBER_TEXT] = "column_";
    uint64_t prefix = reader->how.header ? strlen(room) : 0;
    const char *text = column->header;
    uint64_t length = text ? strnlen(text, (size_t)column->header_length) : 0; /* names end at a NUL */
    if (!length) {
        text = room;
        length = prefix + cm_print_int((int64_t)column->number, room + prefix);
        if (reader->how.header) column->renamed = "HEADER_BLANK";
    }
    int32_t code = cm_dictionary_find(names, text, length);
    return code < 0 ? add_name(ctx, reader, names, text, length, column)
                    : add_numbered(ctx, reader, names, text, length, &last[code], column);
}

static cm_status name_columns(cm_context *ctx, cm_reader *reader, const cm_record *record) {
    cm_dictionary *names = NULL;
    uint64_t *last = cm_alloc(ctx, record->count, sizeof *last);
    cm_status status = last ? cm_dictionary_new(ctx, &names) : ctx->error.status;
    for (uint64_t i = 0; i < record->count && !status; i++) {
        const cm_csv_field *field = &record->fields[i];
        cm_read_column *column = &reader->columns[i];
        column->number = i + 1;
        if (reader->how.header && field->text) {
            column->header = cm_arena_text(ctx, &reader->texts, field->text, field->length);
            column->header_length = field->length;
            if (!column->header) status = ctx->error.status;
        }
        if (!status) status = name_column(ctx, reader, names, last, column);
    }
    cm_dictionary_release(names);
    cm_free(reader->core, last, record->count, sizeof *last);
    return status;
}

/* ---- roles and which columns are kept ---- */

static cm_status fail_no_column(cm_context *ctx, const cm_reader *reader, const char *name) {
    cm_names names = {0};
    for (uint64_t i = 0; i < reader->column_count; i++) cm_names_add(&names, reader->columns[i].name);
    cm_fail(ctx, CM_E_COLUMN, "NO_COLUMN", "ss", name, names.text);
    return cm_fail_at(ctx, cm_reader_file(reader), 0, 0, NULL, 0);
}

static cm_status find_column(cm_context *ctx, const cm_reader *reader, const char *name, uint64_t *out) {
    for (*out = 0; *out < reader->column_count; ++*out)
        if (!strcmp(reader->columns[*out].name, name)) return CM_OK;
    return fail_no_column(ctx, reader, name);
}

static cm_status find_given_roles(cm_context *ctx, const cm_reader *reader, int64_t *given) {
    for (int32_t role = 0; role <= CM_ROLE_COUNT; role++) given[role] = -1;
    for (int32_t role = 1; role <= CM_ROLE_COUNT; role++) {
        uint64_t found;
        if (!reader->how.roles[role]) continue;
        cm_status status = find_column(ctx, reader, reader->how.roles[role], &found);
        if (status) return status;
        for (int32_t other = 1; other < role; other++)
            if (given[other] == (int64_t)found)
                return cm_fail(ctx, CM_E_COLUMN, "TWO_ROLES", "sss", reader->columns[found].name, cm_role_name(other),
                               cm_role_name(role));
        given[role] = (int64_t)found;
    }
    return CM_OK;
}

static cm_status set_roles(cm_context *ctx, cm_reader *reader) {
    int64_t given[CM_ROLE_COUNT + 1];
    uint64_t count = reader->column_count;
    cm_status status = find_given_roles(ctx, reader, given);
    if (status) return status;
    const char **names = cm_alloc(ctx, count, sizeof *names);
    int32_t *roles = names ? cm_alloc(ctx, count, sizeof *roles) : NULL;
    if (roles) {
        for (uint64_t i = 0; i < count; i++) names[i] = reader->columns[i].name;
        cm_roles_guess(names, count, given, roles);
        for (uint64_t i = 0; i < count; i++) {
            reader->columns[i].role = roles[i];
            reader->columns[i].role_given = roles[i] && given[roles[i]] == (int64_t)i;
        }
    } else {
        status = ctx->error.status;
    }
    cm_free(reader->core, names, count, sizeof *names);
    cm_free(reader->core, roles, count, sizeof *roles);
    return status;
}

static bool has_role(const cm_reader *reader, int32_t role) {
    for (uint64_t i = 0; i < reader->column_count; i++)
        if (reader->columns[i].role == role) return true;
    return false;
}

/* Whether the job for which the file is read has a use for the column. */
static bool is_used(const cm_reader *reader, const cm_read_column *column) {
    const char *role = column->role ? cm_role_name(column->role) : NULL;
    for (uint64_t i = 0; i < reader->how.use_count; i++)
        if (!strcmp(reader->how.uses[i], column->name) || (role && !strcmp(reader->how.uses[i], role))) return true;
    return !reader->how.use_count;
}

static cm_status choose_columns(cm_context *ctx, cm_reader *reader) {
    uint64_t found;
    bool lines = has_role(reader, CM_ROLE_CUSTOMER) && has_role(reader, CM_ROLE_DATE);
    for (uint64_t i = 0; i < reader->column_count; i++) {
        cm_read_column *column = &reader->columns[i];
        column->kept = column->role_given || (reader->how.all_columns && (!lines || is_used(reader, column)));
    }
    for (uint64_t i = 0; i < reader->how.column_count; i++) {
        cm_status status = find_column(ctx, reader, reader->how.columns[i], &found);
        if (status) return status;
        reader->columns[found].kept = true;
    }
    reader->kept =
        cm_arena_alloc(ctx, &reader->texts, (reader->column_count + 1) * sizeof *reader->kept, sizeof *reader->kept);
    if (!reader->kept) return ctx->error.status;
    for (uint64_t i = 0; i < reader->column_count; i++) {
        cm_read_column *column = &reader->columns[i];
        if (!column->kept) continue;
        cm_survey_begin(&column->survey, column->role, reader->how.style, reader->how.orders);
        reader->kept[reader->kept_count++] = column;
    }
    return CM_OK;
}

cm_status cm_reader_header(cm_context *ctx, cm_reader *reader, const cm_record *record) {
    reader->columns = cm_alloc(ctx, record->count, sizeof *reader->columns);
    if (!reader->columns) return ctx->error.status;
    reader->column_count = record->count;
    cm_status status = name_columns(ctx, reader, record);
    if (!status) status = set_roles(ctx, reader);
    if (!status) status = cm_reader_fix(ctx, reader);
    return status ? status : choose_columns(ctx, reader);
}

static bool same_text(const cm_read_column *column, const cm_csv_field *field) {
    if (column->header_length != field->length) return false;
    return !field->length || !memcmp(column->header, field->text, (size_t)field->length);
}

cm_status cm_reader_same_header(cm_context *ctx, const cm_reader *reader, const cm_record *record) {
    bool same = record->count == reader->column_count;
    for (uint64_t i = 0; same && i < record->count; i++) same = same_text(&reader->columns[i], &record->fields[i]);
    if (same) return CM_OK;
    cm_fail(ctx, CM_E_DATA, "HEADER_DIFFERS", "s", cm_source_name(reader->sources[0]));
    return cm_fail_at(ctx, cm_reader_file(reader), record->line, 0, NULL, record->byte_offset);
}
