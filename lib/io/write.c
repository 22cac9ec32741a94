#include "io/write.h"

#include "custmine/io.h"
#include "io/replace.h"

#define PORTION (UINT64_C(64) << 10)

static const cm_option_spec specs[] = {
    {"format", "csv", "csv|json|jsonl", "json: an array of objects; jsonl: an object a line", 0, 0, CM_OPTION_CHOICE},
    {"header", "true", NULL, "csv: whether the first record names the columns", 0, 0, CM_OPTION_SWITCH},
    {"raw", "false", NULL, "csv: no ' before texts that a spreadsheet would run as a formula", 0, 0, CM_OPTION_SWITCH},
    {NULL, NULL, NULL, NULL, 0, 0, CM_OPTION_INT},
};

const cm_topic cm_write_topic = {"write", "writing tables as CSV or JSON", specs};

cm_status cm_output_flush(cm_context *ctx, cm_output *output, bool all, uint64_t done, uint64_t total) {
    if (!all && output->text.length < PORTION) return CM_OK;
    cm_status status = cm_tick(ctx, "write", done, total);
    if (!status && output->text.length) status = output->put(ctx, output->to, output->text.data, output->text.length);
    output->text.length = 0;
    return status;
}

static cm_status write_table(cm_context *ctx, const cm_table *table, const cm_options *options, cm_output *output) {
    const cm_topic *topic = &cm_write_topic;
    output->header = cm_option_int(options, topic, "header") != 0;
    output->raw = cm_option_int(options, topic, "raw") != 0;
    int32_t format = cm_option_choice(options, topic, "format");
    output->lines = format == 2;
    cm_status status = format ? cm_write_as_json(ctx, output, table)
                                                                  : cm_write_as_csv(ctx, output, table);
    if (!status) status = cm_output_flush(ctx, output, true, table->rows, table->rows);
    cm_bytes_free(ctx->core, &output->text);
    cm_bytes_free(ctx->core, &output->scratch);
    return status;
}

static cm_status check(cm_context *ctx, const cm_table *table, const cm_options *options, bool to,
                       const char *to_name) {
    if (!table || !to) return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", table ? to_name : "table", "NULL");
    return cm_options_check(ctx, options, &cm_write_topic);
}

/* ---- to a function ---- */

typedef struct receiver {
    cm_write_function function;
    void *user;
} receiver;

static cm_status put_to_function(cm_context *ctx, void *to, const char *bytes, uint64_t length) {
    receiver *host = to;
    return host->function(host->user, bytes, length) ? cm_fail(ctx, CM_E_IO, "WRITE_STOPPED", "") : CM_OK;
}

static cm_status write_to_function(cm_context *ctx, const cm_table *table, const cm_options *options,
                                   cm_write_function function, void *user) {
    receiver host = {function, user};
    cm_output output = {.put = put_to_function, .to = &host};
    cm_status status = check(ctx, table, options, function != NULL, "function");
    return status ? status : write_table(ctx, table, options, &output);
}

cm_status cm_write(cm_context *ctx, const cm_table *table, const cm_options *options, cm_write_function function,
                   void *user) {
    return CM_CALL(ctx, write_to_function(ctx, table, options, function, user));
}

/* ---- to a file ---- */

static cm_status put_to_file(cm_context *ctx, void *to, const char *bytes, uint64_t length) {
    return cm_replacement_write(ctx, to, bytes, length);
}

static cm_status write_to_file(cm_context *ctx, const cm_table *table, const cm_options *options, const char *path) {
    cm_replacement *file = NULL;
    cm_output output = {.put = put_to_file};
    cm_status status = check(ctx, table, options, path != NULL, "path");
    if (!status) status = cm_replacement_open(ctx, path, &file);
    output.to = file;
    if (!status) status = write_table(ctx, table, options, &output);
    return cm_replacement_close(ctx, file, status);
}

cm_status cm_write_file(cm_context *ctx, const cm_table *table, const cm_options *options, const char *path) {
    return CM_CALL(ctx, write_to_file(ctx, table, options, path));
}
