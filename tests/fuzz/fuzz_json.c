/* Any bytes as JSON: read, written as JSON lines, read again: as many rows. Fuzzes cm_read_json, cm_write. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "custmine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char path[64];
    cm_context *ctx = NULL;
    cm_table *table = NULL, *again = NULL;
    cm_options *options = NULL;
    if (cm_context_new(NULL, &ctx)) return 0;
    if (!path[0]) snprintf(path, sizeof path, "/tmp/custmine-fuzz-json-%ld.json", (long)getpid());
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size) abort();
    fclose(file);
    if (cm_options_new(ctx, "write", &options) || cm_options_set_text(ctx, options, "format", "jsonl")) abort();
    if (cm_read_json(ctx, path, NULL, &table) == CM_OK) {
        if (cm_write_file(ctx, table, options, path)) abort();
        if (cm_read_json(ctx, path, NULL, &again)) abort();
        if (cm_table_rows(again) != cm_table_rows(table)) abort();
        if (cm_table_rows(table) && cm_table_columns(again) != cm_table_columns(table)) abort();
    } else if (table) {
        abort();
    }
    cm_table_free(again);
    cm_table_free(table);
    cm_options_free(options);
    cm_context_free(ctx);
    remove(path);
    return 0;
}
