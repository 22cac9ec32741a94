/* What tests of methods share: models of settings given as texts, their tables, and tables as text. */
#ifndef TESTS_MODELS_H
#define TESTS_MODELS_H

#include <math.h>

#include "support.h"

/* Names and values in turn, as an argument; NULL: none. */
#define SETTINGS(...) (const char *const[]){__VA_ARGS__, NULL}

static inline cm_options *options_with(cm_context *ctx, const char *topic, const char *const *settings) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, topic, &options));
    for (; settings && *settings; settings += 2)
        OK(ctx, cm_options_set_text(ctx, options, settings[0], settings[1]));
    return options;
}

static inline cm_model *fit_with(cm_context *ctx, const char *method, const cm_table *table,
                                 const char *const *settings) {
    cm_model *model = NULL;
    cm_options *options = options_with(ctx, method, settings);
    OK(ctx, cm_fit(ctx, method, table, options, &model));
    cm_options_free(options);
    return model;
}

static inline cm_table *part_of(cm_context *ctx, const cm_model *model, const char *name) {
    cm_table *table = NULL;
    OK(ctx, cm_model_table(ctx, model, name, &table));
    return table;
}

/* A value of the table "diagnostics" of rules; NaN: it has no such row. */
static inline double diagnostic(cm_context *ctx, const cm_model *model, const char *name) {
    cm_table *table = part_of(ctx, model, "diagnostics");
    double value = (double)NAN;
    for (uint64_t row = 0; row < cm_table_rows(table); row++)
        if (!strcmp(TEXT(table, row, "name"), name)) value = DOUBLE(table, row, "value");
    cm_table_free(table);
    return value;
}

/* A list of items a, b, c ... as bits. */
static inline int letters_of(const cm_table *table, uint64_t row, const char *name) {
    uint64_t column = (uint64_t)column_of(table, name);
    int set = 0;
    for (uint64_t i = 0; i < cm_table_items(table, row, column); i++)
        set |= 1 << (cm_table_text(table, row, column, i, NULL)[0] - 'a');
    return set;
}

static inline int32_t append_to_file(void *user, const char *bytes, uint64_t length) {
    return fwrite(bytes, 1, length, user) == length ? 0 : 1;
}

/* As CSV; to be freed. */
static inline char *csv_of(cm_context *ctx, const cm_table *table) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    OK(ctx, cm_write(ctx, table, NULL, append_to_file, file));
    fclose(file);
    return text;
}

/* A table of a model as CSV; to be freed. */
static inline char *csv_of_part(cm_context *ctx, const cm_model *model, const char *name) {
    cm_table *table = part_of(ctx, model, name);
    char *text = csv_of(ctx, table);
    cm_table_free(table);
    return text;
}

#endif
