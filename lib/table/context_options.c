/* The options of a context, and the host's own catalogue of sentences. */

#include "table/options.h"
#include "table/table.h"

static const cm_option_spec context_options[] = {
    {"threads", "1", NULL, "most threads that a call may use; the results do not depend on it", 1, 256, CM_OPTION_INT},
    {"seed", "0", NULL, "seed of all random numbers; the same seed gives the same results", 0, 0, CM_OPTION_INT},
    {"memory_limit", "0", NULL, "most bytes that the library may hold (0: no limit)", 0, 0, CM_OPTION_SIZE},
    {"time_limit", "0", NULL, "most seconds that a call may take (0: no limit)", 0, 1e9, CM_OPTION_NUMBER},
    {"catalogue", NULL, NULL, "a table code, sentence: your own wording of messages and reasons", 0, 0,
     CM_OPTION_TABLE},
    {0},
};
const cm_topic cm_context_topic = {"context", "limits, threads, seed and language of a context", context_options};

static cm_status read_sentence(cm_context *ctx, const cm_table *table, const int64_t columns[2], uint64_t row,
                               cm_settings *settings) {
    const char *texts[2];
    for (int i = 0; i < 2; i++) {
        uint64_t length = 0;
        const char *text = cm_table_text(table, row, (uint64_t)columns[i], 0, &length);
        if (!text) return cm_fail(ctx, CM_E_DATA, "CATALOGUE_ABSENT", "u", row + 1);
        texts[i] = cm_arena_text(ctx, &settings->sentence_texts, text, length);
        if (!texts[i]) return ctx->error.status;
    }
    settings->sentences[row] = (cm_sentence){texts[0], texts[1]};
    return CM_OK;
}

static cm_status read_catalogue(cm_context *ctx, const cm_table *table, cm_settings *settings) {
    int64_t columns[2] = {cm_table_find(table, "code"), cm_table_find(table, "sentence")};
    if (columns[0] < 0 || columns[1] < 0) return cm_fail(ctx, CM_E_COLUMN, "CATALOGUE_COLUMNS", "");
    settings->sentence_count = cm_table_rows(table);
    settings->sentences = cm_alloc(ctx, settings->sentence_count, sizeof *settings->sentences);
    if (!settings->sentences) return ctx->error.status;
    for (uint64_t row = 0; row < settings->sentence_count; row++) {
        cm_status status = read_sentence(ctx, table, columns, row, settings);
        if (status) return status;
    }
    return CM_OK;
}

static cm_status configure(cm_context *ctx, const cm_options *options) {
    const cm_topic *topic = &cm_context_topic;
    cm_status status = cm_options_check(ctx, options, topic);
    if (status) return status;
    cm_settings settings = {
        .threads = (uint64_t)cm_option_int(options, topic, "threads"),
        .seed = (uint64_t)cm_option_int(options, topic, "seed"),
        .memory_limit = (uint64_t)cm_option_int(options, topic, "memory_limit"),
        .time_limit = cm_option_number(options, topic, "time_limit"),
    };
    const cm_table *catalogue = cm_option_table(options, topic, "catalogue");
    if (catalogue) status = read_catalogue(ctx, catalogue, &settings);
    if (status) {
        cm_free(ctx->core, settings.sentences, settings.sentence_count, sizeof *settings.sentences);
        cm_arena_free(ctx->core, &settings.sentence_texts);
        return status;
    }
    cm_context_set(ctx, &settings);
    return CM_OK;
}

cm_status cm_context_configure(cm_context *ctx, const cm_options *options) {
    return CM_CALL(ctx, configure(ctx, options));
}
