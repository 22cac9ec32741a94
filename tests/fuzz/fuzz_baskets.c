/* Any bytes as a file of baskets, read by separators and record by record (libcsv): tables, repeats, audits and errors
 * are the same. The first byte chooses the delimiter and the limits, the second the number of threads and the
 * instruction level of the quick road. */
#include "two_ways.h"

static void add_number(text *out, uint64_t number) {
    char room[24];
    add(out, room, (uint64_t)snprintf(room, sizeof room, " %llu", (unsigned long long)number));
}

/* Items as they stand in each basket, which byte order has made one way; what was read, left out and repeated. */
static void add_table(cm_context *ctx, const cm_table *table, text *out) {
    static const char *const attached[] = {"audit", "repeats"};
    for (uint64_t row = 0; row < cm_table_rows(table); row++) {
        add_number(out, (uint64_t)cm_table_int(table, row, 0));
        for (uint64_t i = 0; i < cm_table_items(table, row, 1); i++) {
            uint64_t length = 0;
            const char *item = cm_table_text(table, row, 1, i, &length);
            if (!length) abort();
            add_number(out, length);
            add(out, item, length);
        }
    }
    for (int i = 0; i < 2; i++) add_attached(ctx, table, attached[i], out);
}

static void add_error(const cm_context *ctx, text *out) {
    cm_error error = {.struct_size = sizeof error};
    cm_error_get(ctx, &error);
    add(out, error.message, strlen(error.message));
    add_number(out, (uint64_t)error.status);
    add_number(out, error.line);
    add_number(out, error.byte_offset);
}

static text read_file(const char *path, uint8_t choice, uint8_t way, int records) {
    static const char *const delimiters[] = {"auto", ",", ";", "tab", "blanks", "|", "blanks", ","};
    text out = {0};
    cm_context *ctx = NULL;
    cm_options *options = NULL;
    cm_table *table = NULL;
    if (cm_context_new(NULL, &ctx) || cm_options_new(ctx, "read", &options)) abort();
    ctx->record_road = records;
    ctx->settings.threads = 1 + way % 4;
    cm_cpu_limit(ctx, (cm_cpu_level)(way >> 2 & 3));
    cm_options_set_text(ctx, options, "delimiter", delimiters[choice & 7]);
    if (choice & 8) cm_options_add_text(ctx, options, "na", "a");
    if (choice & 16) cm_options_set_int(ctx, options, "max_row", 40);
    if (choice & 32) cm_options_set_int(ctx, options, "max_field", 3);
    if (choice & 64) cm_options_set_int(ctx, options, "max_rows", 3);
    if (cm_read_baskets(ctx, path, options, &table)) add_error(ctx, &out);
    else add_table(ctx, table, &out);
    cm_table_free(table);
    cm_options_free(options);
    cm_context_free(ctx);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return compare_ways(data, size, "baskets", read_file);
}
