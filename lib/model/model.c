/* Models: a method's named tables, fitted or loaded, and the fast form compiled from them. */
#include <string.h>

#include "base/names.h"
#include "io/snapshot.h"
#include "model/method.h"

cm_status cm_model_make(cm_context *ctx, const cm_method *method, cm_model **out) {
    cm_model *model = cm_alloc(ctx, 1, sizeof *model);
    *out = model;
    if (!model) return ctx->error.status;
    atomic_init(&model->references, 1);
    model->core = cm_core_retain(ctx->core);
    model->method = method;
    return CM_OK;
}

cm_model *cm_model_retain(const cm_model *model) {
    cm_model *own = (cm_model *)(uintptr_t)model; /* only the count changes */
    if (own) atomic_fetch_add_explicit(&own->references, 1, memory_order_relaxed);
    return own;
}

void cm_model_free(cm_model *model) {
    if (!model || atomic_fetch_sub_explicit(&model->references, 1, memory_order_acq_rel) != 1) return;
    cm_core *core = model->core;
    if (atomic_load(&model->compiled)) model->method->discard(core, model->compiled);
    for (uint64_t i = 0; i < model->count; i++) {
        cm_free(core, model->parts[i].name, strlen(model->parts[i].name) + 1, 1);
        cm_table_free(model->parts[i].table);
    }
    cm_free(core, model->parts, model->capacity, sizeof *model->parts);
    cm_options_free(model->options);
    cm_free(core, model, 1, sizeof *model);
    cm_core_release(core);
}

static struct cm_model_part *find_part(const cm_model *model, const char *name) {
    for (uint64_t i = 0; i < model->count; i++)
        if (!strcmp(model->parts[i].name, name)) return &model->parts[i];
    return NULL;
}

cm_table *cm_model_get(const cm_model *model, const char *name) {
    const struct cm_model_part *part = find_part(model, name);
    return part ? part->table : NULL;
}

cm_status cm_model_put(cm_context *ctx, cm_model *model, const char *name, cm_table *table) {
    struct cm_model_part *part = find_part(model, name);
    if (part) {
        cm_table_free(part->table);
        part->table = cm_table_retain(table);
        return CM_OK;
    }
    cm_status status = cm_reserve(ctx, &model->parts, &model->capacity, model->count + 1, sizeof *model->parts);
    if (status) return status;
    char *copy = cm_copy_text(ctx, name, strlen(name));
    if (!copy) return ctx->error.status;
    model->parts[model->count++] = (struct cm_model_part){copy, cm_table_retain(table)};
    return CM_OK;
}

cm_status cm_model_give(cm_context *ctx, cm_model *model, const char *name, cm_status status, cm_table **table) {
    if (!status) status = cm_model_put(ctx, model, name, *table);
    cm_table_free(*table);
    *table = NULL;
    return status;
}

cm_status cm_model_compile(cm_context *ctx, const cm_model *shared) {
    cm_model *model = (cm_model *)(uintptr_t)shared; /* only the fast form changes */
    cm_core *own = ctx->core;
    void *none = NULL, *compiled = NULL;
    if (atomic_load(&model->compiled)) return CM_OK;
    ctx->core = model->core; /* which keeps the fast form, whoever asked for it first */
    cm_status status = model->method->compile(ctx, model, &compiled);
    ctx->core = own;
    if (!status && !atomic_compare_exchange_strong(&model->compiled, &none, compiled))
        model->method->discard(model->core, compiled); /* another thread was faster */
    return status;
}

const char *cm_model_method(const cm_model *model) { return model ? model->method->topic.name : NULL; }

/* ---- fit ---- */

static cm_status find_method(cm_context *ctx, const char *name, const cm_method **out) {
    uint64_t count;
    const cm_method *const *methods = cm_methods(&count);
    *out = name ? cm_method_find(name) : NULL;
    if (*out) return CM_OK;
    cm_names known = {0};
    for (uint64_t i = 0; i < count; i++) cm_names_add(&known, methods[i]->topic.name);
    return cm_fail(ctx, CM_E_NOT_FOUND, "NO_METHOD", "ss", name, known.text);
}

/* The options as they are, as a table and read back from it: what a loaded model will have. */
static cm_status keep_options(cm_context *ctx, cm_model *model, const cm_table *input, const cm_options *options) {
    cm_table *given = NULL, *table = NULL;
    cm_status status = cm_options_to_table(ctx, options, &model->method->topic, &given);
    if (!status) status = cm_inputs_name_all(ctx, model, input, given, &table);
    cm_table_free(given);
    if (!status) status = cm_model_put(ctx, model, "options", table);
    if (!status) status = cm_options_from_table(ctx, &model->method->topic, table, &model->options);
    cm_table_free(table);
    return status;
}

/* What the summaries say of the customers that it was fitted to belongs to the model, too. */
static cm_status keep_summaries(cm_context *ctx, cm_model *model, const cm_inputs *inputs) {
    cm_table *scores = NULL;
    if (!model->method->summarise || model->method->fits_columns) return CM_OK;
    cm_status status = cm_table_new(ctx, NULL, 0, 0, &scores);
    if (!status) status = model->method->summarise(ctx, model, inputs, scores);
    for (uint64_t i = 0; scores && i < scores->attachment_count && !status; i++)
        status = cm_model_put(ctx, model, scores->attachments[i].name, scores->attachments[i].table);
    cm_table_free(scores);
    return status;
}

/* The options and the tables are the model; the fast form comes from them, so that what is saved is what is used. */
static cm_status fit(cm_context *ctx, const char *name, const cm_table *table, const cm_options *options,
                     cm_model **out) {
    const cm_method *method;
    cm_model *model = NULL;
    cm_inputs inputs = {0};
    cm_status status = find_method(ctx, name, &method);
    if (status) return status;
    status = cm_options_check(ctx, options, &method->topic);
    if (!status) status = cm_model_make(ctx, method, &model);
    if (!status) status = keep_options(ctx, model, table, options);
    if (!status)
        status = (method->fits_columns ? cm_inputs_open_columns : cm_inputs_open)(ctx, model, table, &inputs);
    if (!status) status = method->fit(ctx, &inputs, options, model);
    if (!status && !method->compiles_late) status = cm_model_compile(ctx, model);
    if (!status) status = keep_summaries(ctx, model, &inputs);
    cm_inputs_close(ctx->core, &inputs);
    if (status) cm_model_free(model);
    else *out = model;
    return status;
}

cm_status cm_fit(cm_context *ctx, const char *method, const cm_table *table, const cm_options *options,
                 cm_model **out) {
    if (out) *out = NULL;
    if (!table || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, fit(ctx, method, table, options, out));
}

/* ---- the tables ---- */

static cm_status names_table(cm_context *ctx, const cm_model *model, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "table", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "rows", CM_INT64, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < model->count && !status; i++) {
        status = cm_builder_text(ctx, builder, 0, model->parts[i].name, strlen(model->parts[i].name));
        if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)model->parts[i].table->rows);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* The columns that this model takes, in order. */
static cm_status inputs_table(cm_context *ctx, const cm_model *model, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "column", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "type", CM_STRING, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < cm_input_count(model) && !status; i++) {
        const char *name = cm_input_name(model, i), *type = cm_type_name(cm_input_type(model, i));
        status = cm_builder_text(ctx, builder, 0, name, strlen(name));
        if (!status) status = cm_builder_text(ctx, builder, 1, type, strlen(type));
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

static cm_status model_table(cm_context *ctx, const cm_model *model, const char *name, cm_table **out) {
    cm_table *table = cm_model_get(model, name);
    if (!strcmp(name, "tables")) return names_table(ctx, model, out);
    if (!strcmp(name, "inputs")) return inputs_table(ctx, model, out);
    if (!table) {
        cm_names known = {0};
        for (uint64_t i = 0; i < model->count; i++) cm_names_add(&known, model->parts[i].name);
        return cm_fail(ctx, CM_E_NOT_FOUND, "NO_MODEL_TABLE", "sss", model->method->topic.name, name, known.text);
    }
    *out = cm_table_retain(table);
    return CM_OK;
}

cm_status cm_model_table(cm_context *ctx, const cm_model *model, const char *name, cm_table **out) {
    if (out) *out = NULL;
    if (!model || !name || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, model_table(ctx, model, name, out));
}

/* ---- files ---- */

#define KIND "model "

static cm_status save(cm_context *ctx, const cm_model *model, const char *path) {
    char kind[64] = KIND;
    const char **names = cm_alloc(ctx, model->count, sizeof *names);
    const cm_table **tables = cm_alloc(ctx, model->count, sizeof *tables);
    cm_status status = names && tables ? CM_OK : ctx->error.status;
    strncat(kind, model->method->topic.name, sizeof kind - sizeof KIND);
    for (uint64_t i = 0; i < model->count && !status; i++) {
        names[i] = model->parts[i].name;
        tables[i] = model->parts[i].table;
    }
    if (!status) status = cm_snapshot_save(ctx, path, kind, names, tables, model->count);
    cm_free(ctx->core, names, model->count, sizeof *names);
    cm_free(ctx->core, tables, model->count, sizeof *tables);
    return status;
}

cm_status cm_model_save(cm_context *ctx, const cm_model *model, const char *path) {
    if (!model || !path) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, save(ctx, model, path));
}

static cm_status read_options(cm_context *ctx, cm_model *model) {
    const cm_table *table = cm_model_get(model, "options");
    if (!table) return cm_fail(ctx, CM_E_FORMAT, "MODEL_OPTIONS", "s", model->method->topic.name);
    cm_status status = cm_options_from_table(ctx, &model->method->topic, table, &model->options);
    return status == CM_E_OPTION ? cm_fail(ctx, CM_E_FORMAT, "MODEL_OPTIONS", "s", model->method->topic.name) : status;
}

static cm_status load(cm_context *ctx, const char *path, cm_model **out) {
    cm_snapshot snapshot = {0};
    cm_model *model = NULL;
    cm_status status = cm_snapshot_load(ctx, path, &snapshot);
    if (status) return status;
    const cm_method *method = NULL;
    if (!strncmp(snapshot.kind, KIND, sizeof KIND - 1)) method = cm_method_find(snapshot.kind + sizeof KIND - 1);
    if (!method)
        status = cm_fail(ctx, CM_E_FORMAT, "FILE_KIND", "ss", snapshot.kind, "a model that this library knows");
    if (!status) status = cm_model_make(ctx, method, &model);
    for (uint64_t i = 0; i < snapshot.count && !status; i++)
        status = cm_model_put(ctx, model, snapshot.names[i], snapshot.tables[i]);
    if (!status) status = read_options(ctx, model);
    if (!status) status = cm_model_compile(ctx, model);
    cm_snapshot_clear(&snapshot);
    if (status) {
        cm_model_free(model);
        return status == CM_E_FORMAT ? cm_fail_at(ctx, path, 0, 0, NULL, 0) : status;
    }
    *out = model;
    return CM_OK;
}

cm_status cm_model_load(cm_context *ctx, const char *path, cm_model **out) {
    if (out) *out = NULL;
    if (!path || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, load(ctx, path, out));
}
