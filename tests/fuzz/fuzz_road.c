/* Any bytes as a CSV file, read by blocks and record by record: tables, reports, rejects and errors are the same. The
 * first byte chooses reading options, the second the size of the blocks from one byte up, the number of threads and the
 * instruction level. */
#include "two_ways.h"

static void add_table(cm_context *ctx, const cm_table *table, text *out) {
    static const char *const attached[] = {"columns", "rejects", "audit"};
    if (cm_write(ctx, table, NULL, add, out)) abort();
    for (int i = 0; i < 3; i++) add_attached(ctx, table, attached[i], out);
}

static void add_error(const cm_context *ctx, text *out) {
    char room[100];
    cm_error error = {.struct_size = sizeof error};
    cm_error_get(ctx, &error);
    add(out, error.message, strlen(error.message));
    add(out, room, (uint64_t)snprintf(room, sizeof room, "%d %llu %llu %llu", (int)error.status,
                                      (unsigned long long)error.line, (unsigned long long)error.column,
                                      (unsigned long long)error.byte_offset));
}

static text read_file(const char *path, uint8_t choice, uint8_t way, int records) {
    static const char *const delimiters[] = {"auto", ",", ";", "tab"};
    static const uint64_t sizes[] = {1, 2, 3, 7, 16, 64, 300, 0};
    text out = {0};
    cm_context *ctx = NULL;
    cm_options *options = NULL;
    cm_table *table = NULL;
    if (cm_context_new(NULL, &ctx) || cm_options_new(ctx, "read", &options)) abort();
    ctx->record_road = records;
    ctx->block_bytes = sizes[way & 7];
    ctx->settings.threads = 1 + (way >> 3 & 1);
    cm_cpu_limit(ctx, (cm_cpu_level)(way >> 4 & 3));
    cm_options_set_text(ctx, options, "delimiter", delimiters[choice & 3]);
    cm_options_set_text(ctx, options, "on_error", choice & 4 ? "collect" : "fail");
    cm_options_set_int(ctx, options, "header", (choice & 8) == 0);
    cm_options_set_text(ctx, options, "ids", choice & 16 ? "integer" : "verbatim");
    cm_options_set_text(ctx, options, "decimal", choice & 32 ? "," : ".");
    if (choice & 64) cm_options_set_int(ctx, options, "max_row", 40);
    if (choice & 128) cm_options_set_int(ctx, options, "max_distinct", 3);
    if (cm_read_csv(ctx, path, options, &table)) add_error(ctx, &out);
    else add_table(ctx, table, &out);
    cm_table_free(table);
    cm_options_free(options);
    cm_context_free(ctx);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    return compare_ways(data, size, "road", read_file);
}
