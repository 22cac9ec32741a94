/* Any bytes as a .cm file: loaded as a model and as a state; what loads is used and saved again. As checksums would
 * turn nearly all changed inputs away at the door, bytes after a leading "fix" byte get them set right first. Fuzzes
 * cm_model_load, cm_orders_load and what uses their results. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "custmine.h"
#include "io/snapshot_format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text of the directory: its length and bytes; false where they are beyond the end. */
static int skip_text(const uint8_t *bytes, uint64_t end, uint64_t *at) {
    if (end - *at < 4 || end - *at - 4 < cm_get_u32(bytes + *at)) return 0;
    *at += 4 + cm_get_u32(bytes + *at);
    return 1;
}

/* Makes the checksums those of the bytes, as far as the directory can be followed. */
static void fix_checksums(uint8_t *bytes, uint64_t size) {
    if (size < CM_SNAPSHOT_PREFIX) return;
    memcpy(bytes, CM_SNAPSHOT_MAGIC, CM_SNAPSHOT_MAGIC_BYTES);
    cm_put_u64(bytes + 16, size);
    uint64_t at = CM_SNAPSHOT_PREFIX, end = at + cm_get_u32(bytes + 12);
    if (end > size) return;
    uint64_t section = end;
    if (skip_text(bytes, end, &at) && end - at >= 4) {
        uint32_t count = cm_get_u32(bytes + at);
        at += 4;
        for (uint32_t i = 0; i < count && skip_text(bytes, end, &at) && end - at >= 12; i++) {
            uint64_t length = cm_get_u64(bytes + at);
            if (length > size - section) break;
            cm_put_u32(bytes + at + 8, cm_crc32(0, bytes + section, length));
            section += length;
            at += 12;
        }
    }
    cm_put_u32(bytes + 24, cm_crc32(0, bytes + CM_SNAPSHOT_PREFIX, end - CM_SNAPSHOT_PREFIX));
    cm_put_u32(bytes + 28, cm_crc32(0, bytes, 28));
}

static void use_model(cm_context *ctx, cm_model *model, const char *path) {
    cm_table *names = NULL, *table = NULL;
    cm_scorer *scorer = NULL;
    cm_cell in[3] = {{.type = CM_INT64, .integer = 12},
                     {.type = CM_INT64, .integer = 3},
                     {.type = CM_DECIMAL, .scale = 2, .integer = 999}};
    cm_cell out[5];
    if (cm_model_table(ctx, model, "tables", &names) == CM_OK)
        for (uint64_t row = 0; row < cm_table_rows(names); row++)
            if (cm_model_table(ctx, model, cm_table_text(names, row, 0, 0, NULL), &table) == CM_OK)
                cm_table_free(table);
    if (cm_scorer_new(ctx, model, &scorer) == CM_OK) cm_scorer_row(ctx, scorer, in, 3, out, 5);
    cm_model_save(ctx, model, path);
    cm_scorer_free(scorer);
    cm_table_free(names);
    cm_model_free(model);
}

static void use_orders(cm_context *ctx, cm_orders *orders, const char *path) {
    cm_table *customers = NULL;
    cm_options *options = NULL;
    if (cm_options_new(ctx, "customers", &options) == CM_OK) cm_options_set_text(ctx, options, "on_error", "collect");
    cm_orders_customers(ctx, orders, options, &customers);
    cm_orders_remove(ctx, orders, CM_ROLE_INVOICE, "1");
    cm_orders_save(ctx, orders, path);
    cm_options_free(options);
    cm_table_free(customers);
    cm_orders_free(orders);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char path[64];
    cm_context *ctx = NULL;
    cm_model *model = NULL;
    cm_orders *orders = NULL;
    if (!size || cm_context_new(NULL, &ctx)) return 0;
    if (!path[0]) snprintf(path, sizeof path, "/tmp/custmine-fuzz-%ld.cm", (long)getpid());
    uint8_t *bytes = malloc(size);
    memcpy(bytes, data + 1, size - 1);
    if (data[0] & 1) fix_checksums(bytes, size - 1);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size - 1, file) != size - 1) abort();
    fclose(file);
    free(bytes);
    if (cm_model_load(ctx, path, &model) == CM_OK) use_model(ctx, model, path);
    else if (model || !cm_error_message(ctx)[0]) abort();
    if (cm_orders_load(ctx, path, &orders) == CM_OK) use_orders(ctx, orders, path);
    else if (orders || !cm_error_message(ctx)[0]) abort();
    cm_context_free(ctx);
    remove(path);
    return 0;
}
