/* What can be asked at run time: topics and their options, methods, their inputs and outputs, roles, constants, the
 * catalogue. Every binding, the command's help and the reference are made from these tables. */
#include <string.h>

#include "base/names.h"
#include "base/number.h"
#include "custmine.h"
#include "io/reader.h"
#include "model/method.h"
#include "prepare/baskets.h"
#include "prepare/checks.h"
#include "table/roles.h"

/* Topics of the other folders; those of the methods come from the registry. */
extern const cm_topic cm_read_topic, cm_write_topic, cm_join_topic, cm_arrow_topic;
static const cm_topic *const topics[] = {
    &cm_context_topic, &cm_read_topic,  &cm_orders_topic, &cm_customers_topic, &cm_baskets_topic,
    &cm_checks_topic,  &cm_join_topic,  &cm_arrow_topic,  &cm_write_topic,
};
#define TOPICS (sizeof topics / sizeof *topics)

static uint64_t topic_count(void) {
    uint64_t methods;
    cm_methods(&methods);
    return TOPICS + methods;
}

static const cm_topic *topic_at(uint64_t index) {
    uint64_t methods;
    return index < TOPICS ? topics[index] : &cm_methods(&methods)[index - TOPICS]->topic;
}

const cm_topic *cm_topic_find(const char *name) {
    for (uint64_t i = 0; name && i < topic_count(); i++)
        if (!strcmp(topic_at(i)->name, name)) return topic_at(i);
    return NULL;
}

static cm_status find_topic(cm_context *ctx, const char *name, const cm_topic **out) {
    cm_names known = {0};
    *out = cm_topic_find(name);
    if (*out) return CM_OK;
    for (uint64_t i = 0; i < topic_count(); i++) cm_names_add(&known, topic_at(i)->name);
    return cm_fail(ctx, CM_E_NOT_FOUND, "NO_TOPIC", "ss", name, known.text);
}

static cm_status options_new(cm_context *ctx, const char *name, cm_options **out) {
    const cm_topic *topic;
    cm_status status = find_topic(ctx, name, &topic);
    return status ? status : cm_options_make(ctx, topic, out);
}

cm_status cm_options_new(cm_context *ctx, const char *topic, cm_options **out) {
    if (out) *out = NULL;
    if (!out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, options_new(ctx, topic, out));
}

/* ---- tables of texts and numbers ---- */

/* A table in the making: its columns are named when it is opened, `n` before a name makes it INT64, `d` FLOAT64, `s`
 * STRING ("s:name"). */
static cm_status open_table(cm_context *ctx, const char *const *columns, uint64_t count, cm_builder **out) {
    cm_status status = cm_builder_new(ctx, out);
    for (uint64_t i = 0; i < count && !status; i++) {
        int32_t type = columns[i][0] == 'n' ? CM_INT64 : columns[i][0] == 'd' ? CM_FLOAT64 : CM_STRING;
        status = cm_builder_column(ctx, *out, columns[i] + 2, type, 0, CM_ROLE_NONE);
    }
    return status;
}

static cm_status put(cm_context *ctx, cm_builder *builder, uint64_t column, const char *text) {
    return text ? cm_builder_text(ctx, builder, column, text, strlen(text)) : CM_OK;
}

static cm_status close_table(cm_context *ctx, cm_builder *builder, cm_status status, cm_table **out) {
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* ---- options ---- */

static const char *const option_types[] = {"integer", "number", "switch", "text", "choice",
                                           "list",    "table",  "date",   "size"};

static cm_status add_option(cm_context *ctx, cm_builder *builder, const cm_option_spec *spec) {
    bool limited = spec->low != 0 || spec->high != 0;
    cm_status status = put(ctx, builder, 0, spec->name);
    if (!status) status = put(ctx, builder, 1, option_types[spec->type]);
    if (!status) status = put(ctx, builder, 2, spec->fallback);
    if (!status && limited) status = cm_builder_double(ctx, builder, 3, spec->low);
    if (!status && limited) status = cm_builder_double(ctx, builder, 4, spec->high);
    if (!status) status = put(ctx, builder, 5, spec->choices);
    if (!status) status = put(ctx, builder, 6, spec->help);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status describe_options(cm_context *ctx, const char *name, cm_table **out) {
    static const char *const columns[] = {"s:name", "s:type", "s:default", "d:low", "d:high", "s:choices", "s:help"};
    const cm_topic *topic;
    cm_builder *builder = NULL;
    cm_status status = find_topic(ctx, name, &topic);
    if (!status) status = open_table(ctx, columns, 7, &builder);
    if (!status)
        for (const cm_option_spec *spec = topic->options; spec->name && !status; spec++)
            status = add_option(ctx, builder, spec);
    return close_table(ctx, builder, status, out);
}

cm_status cm_describe_options(cm_context *ctx, const char *topic, cm_table **out) {
    if (out) *out = NULL;
    if (!out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, describe_options(ctx, topic, out));
}

/* ---- the rest ---- */

static cm_status describe_topics(cm_context *ctx, cm_table **out) {
    static const char *const columns[] = {"s:topic", "s:help"};
    cm_builder *builder = NULL;
    cm_status status = open_table(ctx, columns, 2, &builder);
    for (uint64_t i = 0; i < topic_count() && !status; i++) {
        status = put(ctx, builder, 0, topic_at(i)->name);
        if (!status) status = put(ctx, builder, 1, topic_at(i)->help);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    return close_table(ctx, builder, status, out);
}

static cm_status describe_methods(cm_context *ctx, cm_table **out) {
    static const char *const columns[] = {"s:method", "s:input", "s:help"};
    static const char *const inputs[] = {"customers", "baskets", "table"};
    uint64_t count;
    const cm_method *const *methods = cm_methods(&count);
    cm_builder *builder = NULL;
    cm_status status = open_table(ctx, columns, 3, &builder);
    for (uint64_t i = 0; i < count && !status; i++) {
        status = put(ctx, builder, 0, methods[i]->topic.name);
        if (!status) status = put(ctx, builder, 1, inputs[methods[i]->input]);
        if (!status) status = put(ctx, builder, 2, methods[i]->topic.help);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    return close_table(ctx, builder, status, out);
}

static cm_status add_input(cm_context *ctx, cm_builder *builder, const cm_method *method, const cm_input_spec *input) {
    cm_status status = put(ctx, builder, 0, method->topic.name);
    if (!status) status = put(ctx, builder, 1, input->column);
    if (!status) status = put(ctx, builder, 2, cm_type_name(input->type));
    if (!status) status = put(ctx, builder, 3, input->help);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status describe_inputs(cm_context *ctx, cm_table **out) {
    static const char *const columns[] = {"s:method", "s:column", "s:type", "s:help"};
    uint64_t count;
    const cm_method *const *methods = cm_methods(&count);
    cm_builder *builder = NULL;
    cm_status status = open_table(ctx, columns, 4, &builder);
    for (uint64_t i = 0; i < count && !status; i++)
        for (const cm_input_spec *input = methods[i]->inputs; input->column && !status; input++)
            status = add_input(ctx, builder, methods[i], input);
    return close_table(ctx, builder, status, out);
}

static cm_status add_output(cm_context *ctx, cm_builder *builder, const cm_method *method,
                            const cm_output_spec *output) {
    const char *made_by = output->by_fit ? output->by_apply ? "fit, apply" : "fit" : "apply";
    bool first = !strcmp(output->table, method->outputs[0].table);
    cm_status status = put(ctx, builder, 0, method->topic.name);
    if (!status) status = put(ctx, builder, 1, output->table);
    if (!status) status = put(ctx, builder, 2, made_by);
    if (!status) status = cm_builder_int(ctx, builder, 3, first);
    if (!status) status = put(ctx, builder, 4, output->column);
    if (!status) status = put(ctx, builder, 5, cm_type_name(output->type));
    if (!status) status = put(ctx, builder, 6, output->help);
    return status ? status : cm_builder_row(ctx, builder);
}

/* Of every method alike: attached to its scores. */
static const cm_output_spec audit_outputs[] = {
    {"audit", "step", "load, customers, scores: what was done", CM_STRING, false, true},
    {"audit", "reason", "read, a reason for leaving out, kept", CM_STRING, false, true},
    {"audit", "rows", "lines or customers; read = left out + kept", CM_INT64, false, true},
    {"audit", "money", "of these rows; absent where unknown", CM_DECIMAL, false, true},
    {0},
};

static cm_status describe_outputs(cm_context *ctx, cm_table **out) {
    static const char *const columns[] = {"s:method", "s:table", "s:made_by", "n:default",
                                          "s:column", "s:type",  "s:help"};
    uint64_t count;
    const cm_method *const *methods = cm_methods(&count);
    cm_builder *builder = NULL;
    cm_status status = open_table(ctx, columns, 7, &builder);
    for (uint64_t i = 0; i < count && !status; i++) {
        for (const cm_output_spec *output = methods[i]->outputs; output->table && !status; output++)
            status = add_output(ctx, builder, methods[i], output);
        for (const cm_output_spec *output = audit_outputs; output->table && !status; output++)
            status = add_output(ctx, builder, methods[i], output);
    }
    return close_table(ctx, builder, status, out);
}

static cm_status describe_roles(cm_context *ctx, cm_table **out) {
    static const char *const columns[] = {"s:role", "s:name"};
    cm_builder *builder = NULL;
    cm_status status = open_table(ctx, columns, 2, &builder);
    for (int32_t role = 1; role <= CM_ROLE_COUNT && !status; role++)
        for (const char *const *name = cm_role_names(role); *name && !status; name++) {
            status = put(ctx, builder, 0, cm_role_name(role));
            if (!status) status = put(ctx, builder, 1, *name);
            if (!status) status = cm_builder_row(ctx, builder);
        }
    return close_table(ctx, builder, status, out);
}

#define CONSTANT(name) {#name, name}
static const struct {
    const char *name;
    int64_t value;
} constants[] = {
    CONSTANT(CM_VERSION_MAJOR), CONSTANT(CM_VERSION_MINOR), CONSTANT(CM_VERSION_PATCH), CONSTANT(CM_ABI_VERSION),
    CONSTANT(CM_OK), CONSTANT(CM_E_MEMORY), CONSTANT(CM_E_ARGUMENT), CONSTANT(CM_E_OPTION), CONSTANT(CM_E_IO),
    CONSTANT(CM_E_FORMAT), CONSTANT(CM_E_DATA), CONSTANT(CM_E_COLUMN), CONSTANT(CM_E_OVERFLOW), CONSTANT(CM_E_LIMIT),
    CONSTANT(CM_E_VERSION), CONSTANT(CM_E_CANCELLED), CONSTANT(CM_E_DUPLICATE), CONSTANT(CM_E_NOT_FOUND),
    CONSTANT(CM_E_UNSUPPORTED), CONSTANT(CM_LOG_ERROR), CONSTANT(CM_LOG_WARNING), CONSTANT(CM_LOG_INFO),
    CONSTANT(CM_BOOL), CONSTANT(CM_INT64), CONSTANT(CM_FLOAT64), CONSTANT(CM_DECIMAL), CONSTANT(CM_DATE),
    CONSTANT(CM_TIMESTAMP), CONSTANT(CM_STRING), CONSTANT(CM_LIST), CONSTANT(CM_ROLE_NONE), CONSTANT(CM_ROLE_CUSTOMER),
    CONSTANT(CM_ROLE_INVOICE), CONSTANT(CM_ROLE_DATE), CONSTANT(CM_ROLE_ITEM), CONSTANT(CM_ROLE_ITEM_NAME),
    CONSTANT(CM_ROLE_QUANTITY), CONSTANT(CM_ROLE_PRICE), CONSTANT(CM_ROLE_AMOUNT), CONSTANT(CM_ROLE_COST),
    CONSTANT(CM_ROLE_CURRENCY), CONSTANT(CM_COLUMN_UTC),
};

static cm_status describe_constants(cm_context *ctx, cm_table **out) {
    static const char *const columns[] = {"s:name", "n:value"};
    cm_builder *builder = NULL;
    cm_status status = open_table(ctx, columns, 2, &builder);
    for (uint64_t i = 0; i < sizeof constants / sizeof *constants && !status; i++) {
        status = put(ctx, builder, 0, constants[i].name);
        if (!status) status = cm_builder_int(ctx, builder, 1, constants[i].value);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    return close_table(ctx, builder, status, out);
}

static cm_status describe_catalogue(cm_context *ctx, cm_table **out) {
    static const char *const columns[] = {"s:code", "s:sentence"};
    uint64_t count;
    const cm_sentence *sentences = cm_sentences(&count);
    cm_builder *builder = NULL;
    cm_status status = open_table(ctx, columns, 2, &builder);
    for (uint64_t i = 0; i < count && !status; i++) {
        status = put(ctx, builder, 0, sentences[i].code);
        if (!status) status = put(ctx, builder, 1, cm_sentence_in_force(ctx, sentences[i].code));
        if (!status) status = cm_builder_row(ctx, builder);
    }
    return close_table(ctx, builder, status, out);
}

static const struct {
    const char *what;
    cm_status (*describe)(cm_context *ctx, cm_table **out);
} descriptions[] = {
    {"topics", describe_topics},   {"methods", describe_methods},     {"inputs", describe_inputs},
    {"outputs", describe_outputs}, {"roles", describe_roles},         {"constants", describe_constants},
    {"catalogue", describe_catalogue},
};

static cm_status describe(cm_context *ctx, const char *what, cm_table **out) {
    cm_names known = {0};
    for (uint64_t i = 0; i < sizeof descriptions / sizeof *descriptions; i++) {
        if (what && !strcmp(descriptions[i].what, what)) return descriptions[i].describe(ctx, out);
        cm_names_add(&known, descriptions[i].what);
    }
    return cm_fail(ctx, CM_E_NOT_FOUND, "NO_DESCRIPTION", "ss", what, known.text);
}

cm_status cm_describe(cm_context *ctx, const char *what, cm_table **out) {
    if (out) *out = NULL;
    if (!out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, describe(ctx, what, out));
}
