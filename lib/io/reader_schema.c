/* A schema: a table of columns whose types are known before the file is read. Columns: column, type, and where they are
 * there scale, role, zone (UTC), date_order; as cm_table_schema and the attached table "schema" have them. */
#include <string.h>

#include "io/reader.h"

static const char *text_at(const cm_table *schema, uint64_t row, const char *name) {
    int64_t column = cm_table_find(schema, name);
    return column < 0 ? NULL : cm_table_text(schema, row, (uint64_t)column, 0, NULL);
}

static cm_status fail_schema(cm_context *ctx, uint64_t row, const char *what, const char *value) {
    return cm_fail(ctx, CM_E_COLUMN, "SCHEMA_VALUE", "uss", row + 1, what, value ? value : "");
}

static cm_status read_type(cm_context *ctx, const cm_table *schema, uint64_t row, cm_decision *out) {
    const char *text = text_at(schema, row, "type");
    int64_t scale = cm_table_find(schema, "scale"), places = 0;
    for (int32_t type = CM_BOOL; text && type <= CM_LIST; type++)
        if (!strcmp(text, cm_type_name(type))) out->type = type;
    if (!out->type) return fail_schema(ctx, row, "type", text);
    if (out->type == CM_DECIMAL && scale >= 0) places = cm_table_int(schema, row, (uint64_t)scale);
    if (places < 0 || places > CM_MAX_SCALE) return fail_schema(ctx, row, "scale", NULL);
    out->scale = (int32_t)places;
    return CM_OK;
}

static cm_status read_dates(cm_context *ctx, const cm_reading *how, const cm_table *schema, uint64_t row,
                            cm_decision *out) {
    static const struct {
        const char *name;
        int32_t orders;
    } orders[] = {{"ymd", CM_ORDER_YMD},
                  {"dmy", CM_ORDER_DMY | CM_ORDER_YMD},
                  {"mdy", CM_ORDER_MDY | CM_ORDER_YMD},
                  {"unix", CM_ORDER_UNIX}};
    const char *zone = text_at(schema, row, "zone"), *order = text_at(schema, row, "date_order");
    if (zone && strcmp(zone, "UTC") != 0) return fail_schema(ctx, row, "zone", zone);
    if (zone) out->flags = CM_COLUMN_UTC;
    out->orders = how->orders == CM_ORDER_ALL ? CM_ORDER_YMD : how->orders;
    if (!order) return CM_OK;
    for (uint64_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        if (strcmp(orders[i].name, order) != 0) continue;
        out->orders = orders[i].orders;
        return CM_OK;
    }
    return fail_schema(ctx, row, "date_order", order);
}

static cm_status find_column(cm_context *ctx, cm_reader *reader, uint64_t row, cm_read_column **out) {
    const char *name = text_at(reader->how.schema, row, "column");
    cm_names names = {0};
    for (uint64_t i = 0; name && i < reader->column_count; i++) {
        *out = &reader->columns[i];
        if (!strcmp((*out)->name, name)) return CM_OK;
        cm_names_add(&names, (*out)->name);
    }
    if (!name) return fail_schema(ctx, row, "column", NULL);
    cm_fail(ctx, CM_E_COLUMN, "NO_COLUMN", "ss", name, names.text);
    return cm_fail_at(ctx, cm_reader_file(reader), 0, 0, NULL, 0);
}

/* A role belongs to one column: an option goes before the schema, the schema before the names of columns. */
static cm_status give_role(cm_context *ctx, cm_reader *reader, uint64_t row, cm_read_column *column) {
    const char *text = text_at(reader->how.schema, row, "role");
    int32_t role = text ? cm_role_by_name(text) : CM_ROLE_NONE;
    if (text && !role) return fail_schema(ctx, row, "role", text);
    for (uint64_t i = 0; role && i < reader->column_count; i++) {
        cm_read_column *other = &reader->columns[i];
        if (other == column || other->role != role) continue;
        if (other->role_given) role = CM_ROLE_NONE;
        else other->role = CM_ROLE_NONE;
    }
    if (column->role_given) return CM_OK;
    column->role = role;
    column->role_given = role != CM_ROLE_NONE;
    return CM_OK;
}

static cm_status fix_column(cm_context *ctx, cm_reader *reader, uint64_t row) {
    const cm_reading *how = &reader->how;
    cm_read_column *column = NULL;
    cm_status status = find_column(ctx, reader, row, &column);
    if (status) return status;
    cm_decision *decision = &column->decision;
    *decision = (cm_decision){.style = how->style, .strict = true};
    status = read_type(ctx, how->schema, row, decision);
    if (!status) status = read_dates(ctx, how, how->schema, row, decision);
    if (!status) status = give_role(ctx, reader, row, column);
    decision->role = column->role;
    cm_render(ctx, "DECIDED_SCHEMA", "", decision->decided_by, sizeof decision->decided_by);
    column->fixed = true;
    return status;
}

cm_status cm_reader_fix(cm_context *ctx, cm_reader *reader) {
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < cm_table_rows(reader->how.schema) && !status; row++)
        status = fix_column(ctx, reader, row);
    return status;
}
