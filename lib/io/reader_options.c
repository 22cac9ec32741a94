#include <string.h>

#include "io/reader.h"

static const cm_option_spec specs[] = {
    {"files", NULL, NULL, "further files with the same header, read as one table", 0, 0, CM_OPTION_LIST},
    {"customer", NULL, NULL, "column of the customer's id", 0, 0, CM_OPTION_TEXT},
    {"invoice", NULL, NULL, "column of the invoice, order or basket", 0, 0, CM_OPTION_TEXT},
    {"date", NULL, NULL, "column of the date, with or without a time of day", 0, 0, CM_OPTION_TEXT},
    {"item", NULL, NULL, "column of the item's code", 0, 0, CM_OPTION_TEXT},
    {"item_name", NULL, NULL, "column of the item's name", 0, 0, CM_OPTION_TEXT},
    {"quantity", NULL, NULL, "column of the quantity", 0, 0, CM_OPTION_TEXT},
    {"price", NULL, NULL, "column of the price of one", 0, 0, CM_OPTION_TEXT},
    {"amount", NULL, NULL, "column of the line's money", 0, 0, CM_OPTION_TEXT},
    {"cost", NULL, NULL, "column of the line's cost", 0, 0, CM_OPTION_TEXT},
    {"currency", NULL, NULL, "column of the currency", 0, 0, CM_OPTION_TEXT},
    {"delimiter", "auto", NULL, "one character, tab, blanks (runs of them, fixed width), or auto: by the first line", 0,
     0, CM_OPTION_TEXT},
    {"header", "true", NULL, "whether the first record names the columns; else they are 1, 2, 3 ...", 0, 0,
     CM_OPTION_SWITCH},
    {"na", NULL, NULL, "texts that mean absent, beside the empty cell", 0, 0, CM_OPTION_LIST},
    {"ids", "verbatim", "verbatim|integer", "integer: ids such as 17850.0 become 17850", 0, 0, CM_OPTION_CHOICE},
    {"decimal", ".", ".|,", "mark before the decimal places", 0, 0, CM_OPTION_CHOICE},
    {"thousands", "none", "none|,|.|'|_|blank", "mark between the thousands of numbers", 0, 0, CM_OPTION_CHOICE},
    {"amounts", "plain", "plain|accounting", "accounting: currency signs, (1.50) and 1.50- for -1.50", 0, 0,
     CM_OPTION_CHOICE},
    {"date_order", "auto", "auto|dmy|mdy|ymd|unix", "order of dates that leave it open; unix: seconds since 1970", 0, 0,
     CM_OPTION_CHOICE},
    {"encoding", "auto", CM_ENCODING_CHOICES, "of the text; auto: by its byte order mark, else UTF-8", 0, 0,
     CM_OPTION_CHOICE},
    {"on_error", "fail", "fail|collect", "at a bad row: fail, or leave it out, count it and keep it in table rejects",
     0, 0, CM_OPTION_CHOICE},
    {"select", NULL, NULL, "only these columns are kept, and those named for a role", 0, 0, CM_OPTION_LIST},
    {"use", NULL, NULL,
     "of transactions (a customer and a date) only columns of these roles or names are kept, where there are such", 0,
     0, CM_OPTION_LIST},
    {"schema", NULL, NULL, "table of columns whose types are known: column, type, scale, role, zone, date_order", 0, 0,
     CM_OPTION_TABLE},
    {"stream", "false", NULL, "cm_reader: one pass; types by the schema, or by roles and the first rows", 0, 0,
     CM_OPTION_SWITCH},
    {"batch_rows", "65536", NULL, "rows of a portion of cm_reader_next", 1, 1e9, CM_OPTION_INT},
    {"max_row", "64MB", NULL, "most bytes of a row", 1, 1e12, CM_OPTION_SIZE},
    {"max_field", "16MB", NULL, "most bytes of a field", 1, 1e12, CM_OPTION_SIZE},
    {"max_columns", "16384", NULL, "most columns", 1, 1e6, CM_OPTION_INT},
    {"max_rows", "1000000000000", NULL, "most rows", 1, 1e15, CM_OPTION_INT},
    {"max_distinct", "2147483647", NULL, "most distinct texts of a column", 1, 2147483647, CM_OPTION_INT},
    {"max_bytes", "1024GB", NULL, "most bytes of a file, decompressed", 1, 1e15, CM_OPTION_SIZE},
    {"max_ratio", "500", NULL, "most decompressed bytes for a compressed one, after the first 16 MB", 1, 1e6,
     CM_OPTION_NUMBER},
    {NULL, NULL, NULL, NULL, 0, 0, CM_OPTION_INT},
};

const cm_topic cm_read_topic = {"read", "reading CSV files", specs};

static cm_status copy_text(cm_context *ctx, cm_arena *texts, const char *text, const char **out) {
    *out = NULL;
    if (!text) return CM_OK;
    *out = cm_arena_text(ctx, texts, text, strlen(text));
    return *out ? CM_OK : ctx->error.status;
}

static cm_status copy_list(cm_context *ctx, const cm_options *options, const char *name, cm_arena *texts,
                           const char ***out, uint64_t *count) {
    const char *const *items = NULL;
    *count = cm_option_list(options, &cm_read_topic, name, &items);
    *out = cm_arena_alloc(ctx, texts, (*count + 1) * sizeof **out, sizeof **out);
    cm_status status = *out ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < *count && !status; i++) status = copy_text(ctx, texts, items[i], &(*out)[i]);
    return status;
}

static cm_status read_delimiter(cm_context *ctx, const char *text, char *out) {
    static const struct {
        const char *word;
        char delimiter;
    } words[] = {{"auto", CM_DELIMITER_AUTO}, {"tab", '\t'}, {"\\t", '\t'}, {"blanks", CM_DELIMITER_BLANKS}};
    for (uint64_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, text)) continue;
        *out = words[i].delimiter;
        return CM_OK;
    }
    *out = text[0];
    if (strlen(text) == 1 && !strchr("\"\r\n", text[0])) return CM_OK;
    return cm_fail(ctx, CM_E_OPTION, "BAD_DELIMITER", "s", text);
}

static uint64_t number(const cm_options *options, const char *name) {
    return (uint64_t)cm_option_int(options, &cm_read_topic, name);
}

cm_status cm_reading_resolve(cm_context *ctx, const cm_options *options, cm_arena *texts, cm_reading *out) {
    static const int32_t orders[] = {CM_ORDER_ALL, CM_ORDER_DMY, CM_ORDER_MDY, CM_ORDER_YMD, CM_ORDER_UNIX};
    static const char thousands[] = {0, ',', '.', '\'', '_', ' '};
    const cm_topic *topic = &cm_read_topic;
    *out = (cm_reading){
        .dialect = {number(options, "max_row"), number(options, "max_field"), number(options, "max_columns"), 0},
        .limits = {number(options, "max_bytes"), cm_option_number(options, topic, "max_ratio")},
        .batch_rows = number(options, "batch_rows"),
        .max_rows = number(options, "max_rows"),
        .max_distinct = number(options, "max_distinct"),
        .orders = orders[cm_option_choice(options, topic, "date_order")],
        .style = {.mark = cm_option_choice(options, topic, "decimal") ? ',' : '.',
                  .thousands = thousands[cm_option_choice(options, topic, "thousands")],
                  .accounting = cm_option_choice(options, topic, "amounts") == 1},
        .encoding = (cm_encoding)cm_option_choice(options, topic, "encoding"),
        .header = cm_option_int(options, topic, "header") != 0,
        .collect = cm_option_choice(options, topic, "on_error") == 1,
        .integer_ids = cm_option_choice(options, topic, "ids") == 1,
        .all_columns = !cm_option_is_set(options, topic, "select"),
        .stream = cm_option_int(options, topic, "stream") != 0,
        .schema = cm_option_table(options, topic, "schema"),
    };
    cm_status status = read_delimiter(ctx, cm_option_text(options, topic, "delimiter"), &out->dialect.delimiter);
    if (!status && out->style.thousands == out->style.mark)
        status = cm_fail(ctx, CM_E_OPTION, "SAME_MARKS", "s", cm_option_text(options, topic, "decimal"));
    for (int32_t role = 1; role <= CM_ROLE_COUNT && !status; role++)
        status = copy_text(ctx, texts, cm_option_text(options, topic, cm_role_name(role)), &out->roles[role]);
    if (!status) status = copy_list(ctx, options, "select", texts, &out->columns, &out->column_count);
    if (!status) status = copy_list(ctx, options, "use", texts, &out->uses, &out->use_count);
    if (!status) status = copy_list(ctx, options, "na", texts, &out->na, &out->na_count);
    return status;
}
