/* Making tables, a row or a column at a time. Texts are taken as the bytes they are: who reads from outside checks
 * UTF-8. */
#include <string.h>

#include "base/number.h"
#include "table/field.h"
#include "table/roles.h"

#define FIRST_ROWS UINT64_C(16)

struct cm_builder {
    cm_core *core;
    cm_field *fields;
    uint64_t count, capacity;
    uint64_t rows; /* ended by cm_builder_row; what a table without columns has */
};

static cm_status misuse(cm_context *ctx, const char *function, const char *what) {
    return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", function, what);
}

/* ---- a row at a time ---- */

static cm_status check_builder(cm_context *ctx, const cm_builder *builder, const char *function) {
    if (!builder) return misuse(ctx, function, "builder is NULL");
    if (builder->core != ctx->core) return misuse(ctx, function, "the builder was made with another context");
    return CM_OK;
}

static cm_status find_field(cm_context *ctx, cm_builder *builder, uint64_t column, const char *function,
                            cm_field **out) {
    cm_status status = check_builder(ctx, builder, function);
    if (status) return status;
    if (column >= builder->count) return cm_fail(ctx, CM_E_ARGUMENT, "NO_COLUMN_NUMBER", "uu", column, builder->count);
    *out = &builder->fields[column];
    return CM_OK;
}

/* The column whose cell of the row at hand is to be set, with room for it. */
static cm_status find_cell(cm_context *ctx, cm_builder *builder, uint64_t column, const char *function,
                           cm_field **out) {
    cm_status status = find_field(ctx, builder, column, function, out);
    if (status) return status;
    if ((*out)->set && (*out)->type != CM_LIST) return cm_fail(ctx, CM_E_ARGUMENT, "CELL_TWICE", "s", (*out)->name);
    return cm_field_reserve(ctx, *out);
}

static cm_status bad_value(cm_context *ctx, const cm_field *column, const char *text, uint64_t length) {
    return cm_fail(ctx, CM_E_DATA, "BAD_VALUE", "sts", column->name, text, length, cm_type_name(column->type));
}

static cm_status wrong_type(cm_context *ctx, const cm_field *column, const char *function) {
    return cm_fail(ctx, CM_E_ARGUMENT, "WRONG_TYPE", "sss", function, column->name, cm_type_name(column->type));
}

static cm_status set_int(cm_context *ctx, cm_builder *builder, uint64_t number, int64_t value) {
    cm_field *column = NULL;
    char room[CM_NUMBER_TEXT];
    cm_status status = find_cell(ctx, builder, number, "cm_builder_int", &column);
    if (status) return status;
    if (column->dictionary) return wrong_type(ctx, column, "cm_builder_int");
    bool fits = column->type == CM_BOOL   ? value == 0 || value == 1
                : column->type == CM_DATE ? value >= INT32_MIN && value <= INT32_MAX
                                          : true;
    if (!fits) return bad_value(ctx, column, room, cm_print_int(value, room));
    if (column->type == CM_FLOAT64) cm_field_put_double(column, (double)value);
    else cm_field_put_int(column, value);
    column->set = true;
    return CM_OK;
}

static cm_status set_double(cm_context *ctx, cm_builder *builder, uint64_t number, double value) {
    cm_field *column = NULL;
    int64_t unscaled;
    int32_t places;
    char room[CM_NUMBER_TEXT];
    cm_status status = find_cell(ctx, builder, number, "cm_builder_double", &column);
    if (status) return status;
    if (column->type == CM_DECIMAL) {
        if (!cm_double_to_decimal(value, column->scale, &unscaled, &places)
            || cm_rescale_overflows(unscaled, places, column->scale, &unscaled))
            return bad_value(ctx, column, room, cm_print_double(value, room));
        cm_field_put_int(column, unscaled);
    } else if (column->type == CM_FLOAT64) {
        cm_field_put_double(column, value);
    } else {
        return wrong_type(ctx, column, "cm_builder_double");
    }
    column->set = true;
    return CM_OK;
}

/* A naive column takes no text with a zone: its times would mean two things. */
static cm_status put_written(cm_context *ctx, cm_field *column, const char *text, uint64_t length) {
    int64_t value;
    double real;
    if (column->type == CM_FLOAT64) {
        if (!cm_parse_double(text, length, &real)) return bad_value(ctx, column, text, length);
        cm_field_put_double(column, real);
        return CM_OK;
    }
    if (!cm_cell_parse(column->type, column->scale, text, length, &value)
        || (column->type == CM_TIMESTAMP && cm_cell_is_zoned(text, length)))
        return bad_value(ctx, column, text, length);
    cm_field_put_int(column, value);
    return CM_OK;
}

static cm_status set_text(cm_context *ctx, cm_builder *builder, uint64_t number, const char *text, uint64_t length) {
    cm_field *column = NULL;
    int32_t code;
    cm_status status = find_cell(ctx, builder, number, "cm_builder_text", &column);
    if (status) return status;
    if (!text && column->type != CM_LIST) return misuse(ctx, "cm_builder_text", "text is NULL");
    if (column->type == CM_LIST) {
        if (text) status = cm_field_add_item(ctx, column, text, length);
    } else if (column->type == CM_STRING) {
        status = cm_dictionary_add(ctx, column->dictionary, text, length, &code);
        if (!status) cm_field_put_int(column, code);
    } else {
        status = put_written(ctx, column, text, length);
    }
    if (!status) column->set = true;
    return status;
}

static cm_status uneven(cm_context *ctx, const cm_field *one, const cm_field *other) {
    return cm_fail(ctx, CM_E_ARGUMENT, "UNEVEN_ROWS", "susu", one->name, one->rows, other->name, other->rows);
}

static cm_status row(cm_context *ctx, cm_builder *builder) {
    cm_status status = check_builder(ctx, builder, "cm_builder_row");
    for (uint64_t i = 0; !status && i < builder->count; i++) {
        cm_field *column = &builder->fields[i];
        if (column->rows != builder->fields[0].rows) return uneven(ctx, &builder->fields[0], column);
        status = cm_field_reserve(ctx, column);
        if (!status && !column->set) status = cm_field_reserve_absent(ctx, column);
    }
    if (status) return status;
    for (uint64_t i = 0; i < builder->count; i++) cm_field_end_row(&builder->fields[i]);
    builder->rows++;
    return CM_OK;
}

/* ---- a column at a time ---- */

static cm_status add_values(cm_context *ctx, cm_builder *builder, uint64_t number, const void *values,
                            const uint8_t *validity, uint64_t rows) {
    cm_field *column = NULL;
    cm_portion from = {.values = values, .validity = validity};
    cm_status status = find_field(ctx, builder, number, "cm_builder_values", &column);
    if (status) return status;
    if (column->dictionary) return wrong_type(ctx, column, "cm_builder_values");
    if (rows && !values) return misuse(ctx, "cm_builder_values", "values is NULL");
    return cm_field_append(ctx, column, &from, rows);
}

static bool offsets_rise(const int64_t *offsets, uint64_t rows) {
    if (offsets[0] < 0) return false;
    for (uint64_t i = 0; i < rows; i++)
        if (offsets[i + 1] < offsets[i]) return false;
    return true;
}

static cm_status add_texts(cm_context *ctx, cm_builder *builder, uint64_t number, const char *bytes,
                           const int64_t *offsets, const uint8_t *validity, uint64_t rows) {
    cm_field *column = NULL;
    cm_portion from = {.bytes = bytes ? bytes : "", .offsets = offsets, .validity = validity};
    cm_status status = find_field(ctx, builder, number, "cm_builder_texts", &column);
    if (status) return status;
    if (column->type != CM_STRING) return wrong_type(ctx, column, "cm_builder_texts");
    if (rows && !offsets) return misuse(ctx, "cm_builder_texts", "offsets is NULL");
    if (rows && !offsets_rise(offsets, rows)) return misuse(ctx, "cm_builder_texts", "offsets fall");
    if (rows && !bytes && offsets[rows] > 0) return misuse(ctx, "cm_builder_texts", "bytes is NULL");
    return cm_field_append(ctx, column, &from, rows);
}

/* ---- beginning and end ---- */

void cm_builder_free(cm_builder *builder) {
    if (!builder) return;
    cm_core *core = builder->core;
    for (uint64_t i = 0; i < builder->count; i++) cm_field_clear(core, &builder->fields[i]);
    cm_free(core, builder->fields, builder->capacity, sizeof *builder->fields);
    cm_free(core, builder, 1, sizeof *builder);
    cm_core_release(core);
}

static cm_status builder_new(cm_context *ctx, cm_builder **out) {
    if (!out) return misuse(ctx, "cm_builder_new", "out is NULL");
    cm_builder *builder = cm_alloc(ctx, 1, sizeof *builder);
    if (!builder) return ctx->error.status;
    builder->core = cm_core_retain(ctx->core);
    *out = builder;
    return CM_OK;
}

static bool has_begun(const cm_builder *builder) {
    bool begun = builder->rows > 0;
    for (uint64_t i = 0; i < builder->count; i++) begun |= builder->fields[i].set || builder->fields[i].rows > 0;
    return begun;
}

static cm_status check_column(cm_context *ctx, const cm_builder *builder, const char *name, int32_t type, int32_t scale,
                              int32_t role) {
    cm_status status = check_builder(ctx, builder, "cm_builder_column");
    if (status) return status;
    if (!name) return misuse(ctx, "cm_builder_column", "name is NULL");
    if (has_begun(builder)) return misuse(ctx, "cm_builder_column", "columns come before the first value");
    if (type < CM_BOOL || type > CM_LIST) return misuse(ctx, "cm_builder_column", "there is no such type");
    if (scale < 0 || scale > (type == CM_DECIMAL ? 18 : 0))
        return misuse(ctx, "cm_builder_column", "the scale is 0 to 18 for DECIMAL, 0 for other types");
    if (role < 0 || role > CM_ROLE_COUNT) return misuse(ctx, "cm_builder_column", "there is no such role");
    for (uint64_t i = 0; i < builder->count; i++) {
        const cm_field *other = &builder->fields[i];
        if (!strcmp(other->name, name)) return cm_fail(ctx, CM_E_COLUMN, "COLUMN_TWICE", "s", name);
        if (role && other->role == role)
            return cm_fail(ctx, CM_E_COLUMN, "ROLE_GIVEN_TWICE", "sss", cm_role_name(role), other->name, name);
    }
    return CM_OK;
}

static cm_status add_column(cm_context *ctx, cm_builder *builder, const char *name, int32_t type, int32_t scale,
                            int32_t role) {
    cm_status status = check_column(ctx, builder, name, type, scale, role);
    if (!status) status = cm_reserve(ctx, &builder->fields, &builder->capacity, builder->count + 1, sizeof(cm_field));
    if (status) return status;
    status = cm_field_init(ctx, &builder->fields[builder->count], name, type, scale, role);
    if (!status) builder->count++;
    return status;
}

static cm_status check_finish(cm_context *ctx, const cm_builder *builder, cm_table **out) {
    cm_status status = check_builder(ctx, builder, "cm_builder_finish");
    if (status) return status;
    if (!out) return misuse(ctx, "cm_builder_finish", "out is NULL");
    for (uint64_t i = 0; i < builder->count; i++) {
        if (builder->fields[i].set) return cm_fail(ctx, CM_E_ARGUMENT, "ROW_OPEN", "s", builder->fields[i].name);
        if (builder->fields[i].rows != builder->fields[0].rows)
            return uneven(ctx, &builder->fields[0], &builder->fields[i]);
    }
    return CM_OK;
}

static cm_status finish(cm_context *ctx, cm_builder *builder, cm_table **out) {
    cm_status status = check_finish(ctx, builder, out);
    if (status) return status;
    cm_column **columns = cm_alloc(ctx, builder->count, sizeof(cm_column *));
    if (!columns) return ctx->error.status;
    for (uint64_t i = 0; i < builder->count && !status; i++)
        status = cm_field_column(ctx, &builder->fields[i], &columns[i]);
    if (!status) {
        status = cm_table_new(ctx, columns, builder->count, builder->rows, out);
    } else {
        for (uint64_t i = 0; i < builder->count; i++) cm_column_release(columns[i]);
    }
    cm_free(ctx->core, columns, builder->count, sizeof(cm_column *));
    if (status) return status;
    for (uint64_t i = 0; i < builder->count; i++) cm_field_empty(&builder->fields[i]);
    builder->rows = 0;
    return CM_OK;
}

/* ---- public ---- */

cm_status cm_builder_new(cm_context *ctx, cm_builder **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, builder_new(ctx, out));
}

cm_status cm_builder_column(cm_context *ctx, cm_builder *builder, const char *name, int32_t type, int32_t scale,
                            int32_t role) {
    return CM_CALL(ctx, add_column(ctx, builder, name, type, scale, role));
}

cm_status cm_builder_int(cm_context *ctx, cm_builder *builder, uint64_t column, int64_t value) {
    return CM_CALL(ctx, set_int(ctx, builder, column, value));
}

cm_status cm_builder_double(cm_context *ctx, cm_builder *builder, uint64_t column, double value) {
    return CM_CALL(ctx, set_double(ctx, builder, column, value));
}

cm_status cm_builder_text(cm_context *ctx, cm_builder *builder, uint64_t column, const char *text, uint64_t length) {
    return CM_CALL(ctx, set_text(ctx, builder, column, text, length));
}

cm_status cm_builder_row(cm_context *ctx, cm_builder *builder) { return CM_CALL(ctx, row(ctx, builder)); }

cm_status cm_builder_values(cm_context *ctx, cm_builder *builder, uint64_t column, const void *values,
                            const uint8_t *validity, uint64_t rows) {
    return CM_CALL(ctx, add_values(ctx, builder, column, values, validity, rows));
}

cm_status cm_builder_texts(cm_context *ctx, cm_builder *builder, uint64_t column, const char *bytes,
                           const int64_t *offsets, const uint8_t *validity, uint64_t rows) {
    return CM_CALL(ctx, add_texts(ctx, builder, column, bytes, offsets, validity, rows));
}

cm_status cm_builder_finish(cm_context *ctx, cm_builder *builder, cm_table **out) {
    if (out) *out = NULL;
    return CM_CALL(ctx, finish(ctx, builder, out));
}
