/* Any bytes as a CSV file (or gzip, which is told by content): read, described, made customers, written. The first byte
 * chooses among the reading options, the rest is the file. Fuzzes cm_read_csv, cm_reader_*, cm_checks, cm_customers,
 * cm_baskets, every method, cm_write. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "custmine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int32_t swallow(void *user, const char *bytes, uint64_t length) {
    uint64_t *sum = user;
    for (uint64_t i = 0; i < length; i++) *sum += (unsigned char)bytes[i];
    return 0;
}

/* A method on what was made of the lines: fitted, applied, explained, written. */
static void use_method(cm_context *ctx, const char *method, const cm_table *input) {
    cm_table *scores = NULL, *why = NULL;
    cm_model *model = NULL;
    uint64_t sum = 0;
    if (cm_fit(ctx, method, input, NULL, &model) == CM_OK && cm_apply(ctx, model, input, &scores) == CM_OK) {
        cm_write(ctx, scores, NULL, swallow, &sum);
        cm_explain(ctx, model, input, &why);
    }
    cm_table_free(scores);
    cm_table_free(why);
    cm_model_free(model);
}

static void use(cm_context *ctx, const cm_table *table) {
    cm_table *customers = NULL, *baskets = NULL, *checks = NULL, *methods = NULL;
    cm_options *options[2] = {NULL};
    uint64_t sum = 0;
    cm_write(ctx, table, NULL, swallow, &sum);
    if (cm_options_new(ctx, "customers", &options[0]) || cm_options_new(ctx, "baskets", &options[1])) abort();
    for (int i = 0; i < 2; i++) cm_options_set_text(ctx, options[i], "on_error", "collect");
    cm_checks(ctx, table, NULL, &checks);
    cm_customers(ctx, table, options[0], &customers);
    cm_baskets(ctx, table, options[1], &baskets);
    if (cm_describe(ctx, "methods", &methods)) abort();
    for (uint64_t row = 0; row < cm_table_rows(methods); row++) {
        const cm_table *input = strcmp(cm_table_text(methods, row, 1, 0, NULL), "baskets") ? customers : baskets;
        if (input) use_method(ctx, cm_table_text(methods, row, 0, 0, NULL), input);
    }
    for (int i = 0; i < 2; i++) cm_options_free(options[i]);
    cm_table_free(customers);
    cm_table_free(baskets);
    cm_table_free(checks);
    cm_table_free(methods);
}

static cm_options *reading(cm_context *ctx, uint8_t choice) {
    static const char *const delimiters[] = {"auto", ",", ";", "tab", "blanks", "|", "auto", "auto"};
    cm_options *options = NULL;
    if (cm_options_new(ctx, "read", &options)) abort();
    cm_options_set_text(ctx, options, "delimiter", delimiters[choice & 7]);
    cm_options_set_text(ctx, options, "on_error", choice & 8 ? "collect" : "fail");
    cm_options_set_int(ctx, options, "header", (choice & 16) == 0);
    cm_options_set_text(ctx, options, "ids", choice & 32 ? "integer" : "verbatim");
    cm_options_set_text(ctx, options, "decimal", choice & 64 ? "," : ".");
    cm_options_set_int(ctx, options, "max_bytes", 1 << 24);
    if (choice & 128) cm_options_set_int(ctx, options, "batch_rows", 3);
    return options;
}

/* Rows read are rows kept and dropped, always. */
static void check_balance(cm_context *ctx, const cm_table *table) {
    cm_table *audit = NULL;
    int64_t read = 0, rest = 0;
    if (cm_table_attached(ctx, table, "audit", &audit)) abort();
    for (uint64_t row = 0; row < cm_table_rows(audit); row++) {
        int64_t rows = cm_table_int(audit, row, 2);
        if (!strcmp(cm_table_text(audit, row, 1, 0, NULL), "read")) read += rows;
        else rest += rows;
    }
    if (read != rest) abort();
    cm_table_free(audit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char path[64];
    cm_context *ctx = NULL;
    cm_table *table = NULL, *batch = NULL;
    cm_reader *reader = NULL;
    if (!size || cm_context_new(NULL, &ctx)) return 0;
    if (!path[0]) snprintf(path, sizeof path, "/tmp/custmine-fuzz-%ld.csv", (long)getpid());
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data + 1, 1, size - 1, file) != size - 1) abort();
    fclose(file);
    cm_options *options = reading(ctx, data[0]);
    uint64_t rows = 0;
    if (cm_read_csv(ctx, path, options, &table) == CM_OK) {
        check_balance(ctx, table);
        use(ctx, table);
    } else if (table || !cm_error_message(ctx)[0]) {
        abort();
    }
    if (cm_reader_open(ctx, path, options, &reader) == CM_OK) {
        while (cm_reader_next(ctx, reader, &batch) == CM_OK && batch) {
            rows += cm_table_rows(batch);
            cm_table_free(batch);
        }
        if (table && rows != cm_table_rows(table)) abort();
    }
    cm_reader_free(reader);
    cm_table_free(table);
    cm_options_free(options);
    cm_context_free(ctx);
    remove(path);
    return 0;
}
