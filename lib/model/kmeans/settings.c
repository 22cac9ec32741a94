/* The options of k-means, and whether they can be. */
#include <string.h>

#include "base/names.h"
#include "base/number.h"
#include "model/kmeans/kmeans.h"

static cm_status read_k(cm_context *ctx, const char *text, cm_kmeans_settings *out) {
    int64_t k;
    out->automatic = !strcmp(text, "auto");
    if (out->automatic) return CM_OK;
    if (!cm_parse_int(text, strlen(text), &k) || k < 1 || k > CM_KMEANS_MOST)
        return cm_fail(ctx, CM_E_OPTION, "KMEANS_K", "su", text, (uint64_t)CM_KMEANS_MOST);
    out->low = out->high = (uint64_t)k;
    return CM_OK;
}

/* "3:8" */
static cm_status read_range(cm_context *ctx, const char *text, cm_kmeans_settings *out) {
    uint64_t length = strcspn(text, ":");
    int64_t low, high;
    if (!text[length] || !cm_parse_int(text, length, &low)
        || !cm_parse_int(text + length + 1, strlen(text + length + 1), &high) || low < 2 || high < low
        || high > CM_KMEANS_MOST_RANGE)
        return cm_fail(ctx, CM_E_OPTION, "KMEANS_K_RANGE", "su", text, (uint64_t)CM_KMEANS_MOST_RANGE);
    if (!out->automatic) return CM_OK;
    out->low = (uint64_t)low;
    out->high = (uint64_t)high;
    return CM_OK;
}

static cm_status check_columns(cm_context *ctx, const cm_model *model) {
    for (uint64_t i = 0; i < cm_input_count(model); i++)
        for (uint64_t j = 0; j < i; j++)
            if (!strcmp(cm_input_name(model, i), cm_input_name(model, j)))
                return cm_fail(ctx, CM_E_OPTION, "KMEANS_TWICE", "s", cm_input_name(model, i));
    return CM_OK;
}

static cm_status set_log(cm_context *ctx, const cm_model *model, const char *name, cm_kmeans_settings *out) {
    cm_names names = {0};
    for (uint64_t i = 0; i < cm_input_count(model); i++) {
        if (!strcmp(cm_input_name(model, i), name)) {
            out->log[i] = true;
            return CM_OK;
        }
        cm_names_add(&names, cm_input_name(model, i));
    }
    return cm_fail(ctx, CM_E_OPTION, "KMEANS_LOG", "ss", name, names.text);
}

/* Given centres say how many there are, and one start is all that they can make. */
static cm_status use_centroids(cm_context *ctx, cm_kmeans_settings *out) {
    if (!out->centroids) return CM_OK;
    if (!out->centroids->rows || out->centroids->rows > CM_KMEANS_MOST)
        return cm_fail(ctx, CM_E_OPTION, "KMEANS_CENTROIDS", "uu", out->centroids->rows, (uint64_t)CM_KMEANS_MOST);
    out->init = CM_KMEANS_GIVEN;
    out->automatic = false;
    out->low = out->high = out->centroids->rows;
    out->starts = 1;
    return CM_OK;
}

/* The columns by default are logged and standardised; a caller's own are taken as they are, unless asked. */
cm_status cm_kmeans_read_settings(cm_context *ctx, const cm_model *model, const cm_options *set,
                                  cm_kmeans_settings *out) {
    const cm_topic *topic = &model->method->topic;
    const char *const *log;
    bool own = cm_option_is_set(set, topic, "columns");
    uint64_t count = cm_option_list(set, topic, "log", &log);
    *out = (cm_kmeans_settings){
        .starts = (uint64_t)cm_option_int(set, topic, "starts"),
        .iterations = (uint64_t)cm_option_int(set, topic, "iterations"),
        .seed = ctx->settings.seed,
        .tolerance = cm_option_number(set, topic, "tolerance"),
        .scale = own ? CM_KMEANS_NONE : CM_KMEANS_STANDARD,
        .missing = (cm_kmeans_missing)cm_option_choice(set, topic, "missing"),
        .init = (cm_kmeans_init)cm_option_choice(set, topic, "init"),
        .centroids = cm_option_table(set, topic, "centroids"),
        .weight = cm_option_text(set, topic, "weight"),
        .criterion = (cm_kmeans_criterion)cm_option_choice(set, topic, "criterion"),
        .min_share = cm_option_number(set, topic, "min_share"),
        .min_stability = cm_option_number(set, topic, "min_stability"),
        .report = cm_option_int(set, topic, "report") != 0,
        .partial = cm_option_int(set, topic, "allow_partial") != 0,
    };
    if (cm_option_is_set(set, topic, "scale")) out->scale = (cm_kmeans_scale)cm_option_choice(set, topic, "scale");
    for (uint64_t i = 0; !own && !count && i < cm_input_count(model); i++) out->log[i] = true;
    cm_status status = check_columns(ctx, model);
    bool none = count == 1 && !strcmp(log[0], "none");
    for (uint64_t i = 0; i < count && !none && !status; i++) status = set_log(ctx, model, log[i], out);
    if (!status) status = read_k(ctx, cm_option_text(set, topic, "k"), out);
    if (!status) status = read_range(ctx, cm_option_text(set, topic, "k_range"), out);
    out->report |= out->automatic; /* k is chosen by it */
    return status ? status : use_centroids(ctx, out);
}
