/* Any bytes pushed in pieces, as CSV of any encoding: as many rows as the same bytes give as a file, whatever the
 * pieces.
 * The first two bytes choose encoding, dialect and pieces, the rest is the file. Fuzzes cm_reader_push, cm_reader_next,
 * cm_reader_audit, decoders, dialects. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "custmine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cm_options *reading(cm_context *ctx, const uint8_t *choice) {
    static const char *const encodings[] = {"auto",    "utf-8", "utf-16le",     "utf-16be",
                                            "gb18030", "gbk",   "windows-1252", "iso-8859-1"};
    static const char *const thousands[] = {"none", ".", "'", "blank"};
    static const char *const orders[] = {"auto", "dmy", "mdy", "unix"};
    cm_options *options = NULL;
    if (cm_options_new(ctx, "read", &options)) abort();
    cm_options_set_text(ctx, options, "encoding", encodings[choice[0] & 7]);
    cm_options_set_text(ctx, options, "on_error", choice[0] & 8 ? "collect" : "fail");
    cm_options_set_text(ctx, options, "decimal", choice[0] & 16 ? "," : ".");
    if (choice[0] & 16) cm_options_set_text(ctx, options, "thousands", thousands[choice[0] >> 5 & 3]);
    cm_options_set_text(ctx, options, "amounts", choice[0] & 128 ? "accounting" : "plain");
    cm_options_set_text(ctx, options, "date_order", orders[choice[1] & 3]);
    cm_options_set_int(ctx, options, "batch_rows", choice[1] & 4 ? 2 : 1000);
    cm_options_set_int(ctx, options, "max_bytes", 1 << 24);
    return options;
}

/* The rows of the batches that are ready; *failed tells that one failed. */
static uint64_t take(cm_context *ctx, cm_reader *reader, int *failed) {
    cm_table *batch = NULL;
    uint64_t rows = 0;
    while (!*failed) {
        *failed = cm_reader_next(ctx, reader, &batch) != CM_OK;
        if (!batch) break;
        rows += cm_table_rows(batch);
        cm_table_free(batch);
    }
    return rows;
}

static uint64_t push_all(cm_context *ctx, const cm_options *options, const uint8_t *bytes, size_t size, size_t piece,
                         int *failed) {
    cm_reader *reader = NULL;
    uint64_t rows = 0;
    if (cm_reader_open(ctx, NULL, options, &reader)) abort();
    for (size_t at = 0; at < size && !*failed; at += piece) {
        if (cm_reader_push(ctx, reader, bytes + at, size - at < piece ? size - at : piece)) abort();
        rows += take(ctx, reader, failed);
    }
    if (!*failed && cm_reader_push(ctx, reader, NULL, 0)) abort();
    rows += take(ctx, reader, failed);
    cm_reader_free(reader);
    return rows;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char path[64];
    cm_context *ctx = NULL;
    cm_table *table = NULL;
    int failed = 0;
    if (size < 2 || cm_context_new(NULL, &ctx)) return 0;
    if (!path[0]) snprintf(path, sizeof path, "/tmp/custmine-fuzz-stream-%ld.csv", (long)getpid());
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data + 2, 1, size - 2, file) != size - 2) abort();
    fclose(file);
    cm_options *options = reading(ctx, data);
    uint64_t rows = push_all(ctx, options, data + 2, size - 2, 1 + (data[1] >> 3), &failed);
    int whole = cm_read_csv(ctx, path, options, &table) != CM_OK;
    if (whole != failed || (!failed && rows != cm_table_rows(table))) abort();
    cm_table_free(table);
    cm_options_free(options);
    cm_context_free(ctx);
    remove(path);
    return 0;
}
