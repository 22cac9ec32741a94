/* Formats, names and roles of columns that come in. */
#include <string.h>

#include "base/number.h"
#include "table/arrow.h"
#include "table/roles.h"

#define LARGEST_SCALE 18

/* ---- formats ---- */

static const struct {
    const char *format;
    cm_arrow_type type;
} formats[] = {
    {"n", {.kind = CM_ARROW_NULL, .type = CM_STRING}},
    {"b", {.kind = CM_ARROW_BOOL, .type = CM_BOOL}},
    {"c", {.kind = CM_ARROW_INTEGER, .type = CM_INT64, .width = 1}},
    {"C", {.kind = CM_ARROW_INTEGER, .type = CM_INT64, .width = 1, .is_unsigned = true}},
    {"s", {.kind = CM_ARROW_INTEGER, .type = CM_INT64, .width = 2}},
    {"S", {.kind = CM_ARROW_INTEGER, .type = CM_INT64, .width = 2, .is_unsigned = true}},
    {"i", {.kind = CM_ARROW_INTEGER, .type = CM_INT64, .width = 4}},
    {"I", {.kind = CM_ARROW_INTEGER, .type = CM_INT64, .width = 4, .is_unsigned = true}},
    {"l", {.kind = CM_ARROW_INTEGER, .type = CM_INT64, .width = 8}},
    {"L", {.kind = CM_ARROW_INTEGER, .type = CM_INT64, .width = 8, .is_unsigned = true}},
    {"e", {.kind = CM_ARROW_FLOATING, .type = CM_FLOAT64, .width = 2}},
    {"f", {.kind = CM_ARROW_FLOATING, .type = CM_FLOAT64, .width = 4}},
    {"g", {.kind = CM_ARROW_FLOATING, .type = CM_FLOAT64, .width = 8}},
    {"tdD", {.kind = CM_ARROW_DAYS, .type = CM_DATE, .width = 4}},
    {"tdm", {.kind = CM_ARROW_MILLISECOND_DAYS, .type = CM_DATE, .width = 8}},
    {"u", {.kind = CM_ARROW_TEXT, .type = CM_STRING, .width = 4}},
    {"U", {.kind = CM_ARROW_TEXT, .type = CM_STRING, .width = 8}},
    {"vu", {.kind = CM_ARROW_TEXT_VIEW, .type = CM_STRING, .width = 16}},
    {"+l", {.kind = CM_ARROW_LIST, .type = CM_LIST, .width = 4}},
    {"+L", {.kind = CM_ARROW_LIST, .type = CM_LIST, .width = 8}},
};

/* "19,2" or "18,2,64": precision, scale and, if it is not 128, the width in bits. */
static bool parse_decimal(const char *text, cm_arrow_type *out) {
    int64_t numbers[3] = {0, 0, 128};
    int count = 0;
    for (; count < 3; count++) {
        uint64_t length = strcspn(text, ",");
        if (!cm_parse_int(text, length, &numbers[count])) return false;
        text += length;
        if (!*text) break;
        text++;
    }
    if (count < 1 || count > 2 || numbers[0] < 1 || numbers[1] < 0 || numbers[1] > LARGEST_SCALE) return false;
    if (numbers[2] != 32 && numbers[2] != 64 && numbers[2] != 128 && numbers[2] != 256) return false;
    *out = (cm_arrow_type){
        .kind = CM_ARROW_DECIMAL, .type = CM_DECIMAL, .scale = (int32_t)numbers[1], .width = (uint32_t)numbers[2] / 8};
    return true;
}

/* "u:" or "u:Europe/Berlin": with a zone the times are UTC, without they are those of a clock on the wall. */
static bool parse_time(const char *text, cm_arrow_type *out) {
    static const char letters[] = "smun";
    static const int64_t units[] = {1, 1000, 1000000, 1000000000};
    const char *unit = *text ? strchr(letters, *text) : NULL;
    if (!unit || text[1] != ':') return false;
    *out = (cm_arrow_type){.kind = CM_ARROW_TIME,
                           .type = CM_TIMESTAMP,
                           .flags = text[2] ? CM_COLUMN_UTC : 0,
                           .width = 8,
                           .unit = units[unit - letters]};
    return true;
}

static bool parse_format(const char *format, cm_arrow_type *out) {
    for (uint64_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        if (strcmp(formats[i].format, format)) continue;
        *out = formats[i].type;
        return true;
    }
    if (!strncmp(format, "d:", 2)) return parse_decimal(format + 2, out);
    return !strncmp(format, "ts", 2) && parse_time(format + 2, out);
}

/* ---- columns ---- */

static cm_status unsupported(cm_context *ctx, const char *name, const char *format, const char *within) {
    if (within) return cm_fail(ctx, CM_E_UNSUPPORTED, "ARROW_ITEMS", "sss", name, within, format);
    return cm_fail(ctx, CM_E_UNSUPPORTED, "ARROW_FORMAT", "ss", name, format);
}

/* A type with its dictionary, if it has one. `within`: the format of the list that it is in, or NULL. */
static cm_status read_type(cm_context *ctx, const char *name, const struct ArrowSchema *schema, const char *within,
                           cm_arrow_type *out) {
    cm_arrow_type index;
    const struct ArrowSchema *values = schema->dictionary;
    if (!schema->format) return cm_arrow_malformed(ctx, name, "format");
    if (!parse_format(schema->format, out)) return unsupported(ctx, name, schema->format, within);
    if (!values) return CM_OK;
    index = *out;
    if (index.kind != CM_ARROW_INTEGER || !values->format) return cm_arrow_malformed(ctx, name, "dictionary");
    if (values->dictionary || !parse_format(values->format, out) || out->kind == CM_ARROW_LIST)
        return unsupported(ctx, name, values->format, schema->format);
    out->index_width = index.width;
    out->index_is_unsigned = index.is_unsigned;
    return CM_OK;
}

static cm_status read_types(cm_context *ctx, const struct ArrowSchema *schema, cm_arrow_column *column) {
    cm_status status = read_type(ctx, column->name, schema, NULL, &column->cells);
    if (status || column->cells.kind != CM_ARROW_LIST) return status;
    if (schema->n_children != 1 || !schema->children || !schema->children[0])
        return cm_arrow_malformed(ctx, column->name, "n_children");
    const struct ArrowSchema *items = schema->children[0];
    status = read_type(ctx, column->name, items, schema->format, &column->items);
    if (status || column->items.type == CM_STRING) return status;
    return unsupported(ctx, column->name, items->dictionary ? items->dictionary->format : items->format,
                       schema->format);
}

/* Metadata: the number of pairs, then length and bytes of each key and value; integers of this machine. */
static int32_t read_role(const char *metadata) {
    int32_t pairs = 0, lengths[2];
    char role[32];
    if (!metadata) return CM_ROLE_NONE;
    memcpy(&pairs, metadata, sizeof pairs);
    for (const char *at = metadata + sizeof pairs; pairs > 0; pairs--) {
        const char *texts[2];
        for (int i = 0; i < 2; i++) {
            memcpy(&lengths[i], at, sizeof lengths[i]);
            if (lengths[i] < 0) return CM_ROLE_NONE;
            texts[i] = at + sizeof lengths[i];
            at = texts[i] + lengths[i];
        }
        if (lengths[0] != sizeof CM_ARROW_ROLE_KEY - 1
            || memcmp(texts[0], CM_ARROW_ROLE_KEY, sizeof CM_ARROW_ROLE_KEY - 1))
            continue;
        if (lengths[1] >= (int32_t)sizeof role) return CM_ROLE_NONE;
        memcpy(role, texts[1], (size_t)lengths[1]);
        role[lengths[1]] = 0;
        return cm_role_by_name(role);
    }
    return CM_ROLE_NONE;
}

static cm_status check_role(cm_context *ctx, const cm_arrow_column *columns, uint64_t number) {
    const cm_arrow_column *column = &columns[number];
    for (uint64_t i = 0; column->role && i < number; i++)
        if (columns[i].role == column->role)
            return cm_fail(ctx, CM_E_COLUMN, "ROLE_GIVEN_TWICE", "sss", cm_role_name(column->role), columns[i].name,
                           column->name);
    return CM_OK;
}

/* ---- names ---- */

static bool is_taken(const cm_arrow_column *columns, uint64_t count, const char *name) {
    for (uint64_t i = 0; i < count; i++)
        if (!strcmp(columns[i].name, name)) return true;
    return false;
}

/* The name, or name_2, name_3 ...: the first that no column before has. */
static cm_status make_name(cm_context *ctx, cm_arrow_column *columns, uint64_t number, const char *wanted) {
    uint64_t length = strlen(wanted), size = length + 2 + CM_NUMBER_TEXT, end = length;
    char *name = cm_alloc(ctx, size, 1);
    if (!name) return ctx->error.status;
    memcpy(name, wanted, length);
    for (int64_t i = 2; is_taken(columns, number, name); i++) {
        name[length] = '_';
        end = length + 1 + cm_print_int(i, name + length + 1);
    }
    columns[number].name = cm_copy_text(ctx, name, end);
    columns[number].name_length = end;
    cm_free(ctx->core, name, size, 1);
    return columns[number].name ? CM_OK : ctx->error.status;
}

static cm_status read_column(cm_context *ctx, const struct ArrowSchema *schema, cm_arrow_column *columns,
                             uint64_t number) {
    if (!schema || !schema->release) return cm_arrow_malformed(ctx, NULL, "children");
    cm_arrow_column *column = &columns[number];
    cm_status status = make_name(ctx, columns, number, schema->name ? schema->name : "");
    if (!status) status = read_types(ctx, schema, column);
    if (status) return status;
    column->role = read_role(schema->metadata);
    status = check_role(ctx, columns, number);
    if (!status && (column->cells.type == CM_STRING || column->cells.type == CM_LIST))
        status = cm_dictionary_new(ctx, &column->dictionary);
    return status;
}

cm_status cm_arrow_columns(cm_context *ctx, const struct ArrowSchema *schema, cm_arrow_column *columns) {
    cm_status status = CM_OK;
    for (int64_t i = 0; i < schema->n_children && !status; i++)
        status = read_column(ctx, schema->children[i], columns, (uint64_t)i);
    return status;
}
