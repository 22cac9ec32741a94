/* An options object keeps what was set; what was not is read from the specification each time, so that an object and
 * no object at all behave alike. */
#include "table/options.h"

#include <math.h>
#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "table/table.h"

typedef struct option_value {
    bool set;
    int64_t integer;
    double number;
    char *text; /* TEXT, CHOICE: a copy */
    char **items;
    uint64_t item_count, item_capacity;
    cm_table *table;
} option_value;

struct cm_options {
    cm_core *core;
    const cm_topic *topic;
    uint64_t count;
    option_value values[];
};

static uint64_t count_options(const cm_topic *topic) {
    uint64_t count = 0;
    while (topic->options[count].name) count++;
    return count;
}

static uint64_t options_size(uint64_t count) { return sizeof(cm_options) + count * sizeof(option_value); }

cm_status cm_options_make(cm_context *ctx, const cm_topic *topic, cm_options **out) {
    uint64_t count = count_options(topic);
    cm_options *options = cm_alloc(ctx, 1, options_size(count));
    *out = options;
    if (!options) return ctx->error.status;
    options->core = cm_core_retain(ctx->core);
    options->topic = topic;
    options->count = count;
    return CM_OK;
}

static void free_text(cm_core *core, char *text) {
    if (text) cm_free(core, text, strlen(text) + 1, 1);
}

static void clear_value(cm_core *core, option_value *value) {
    free_text(core, value->text);
    for (uint64_t i = 0; i < value->item_count; i++) free_text(core, value->items[i]);
    cm_free(core, value->items, value->item_capacity, sizeof *value->items);
    cm_table_free(value->table);
    *value = (option_value){0};
}

void cm_options_free(cm_options *options) {
    if (!options) return;
    cm_core *core = options->core;
    for (uint64_t i = 0; i < options->count; i++) clear_value(core, &options->values[i]);
    cm_free(core, options, 1, options_size(options->count));
    cm_core_release(core);
}

/* ---- from text to value ---- */

static bool equals(const char *text, const char *part, uint64_t length) {
    return strlen(text) == length && !memcmp(text, part, (size_t)length);
}

/* The place of a text among "a|b|c"; -1 if it is not there. */
static int32_t choice_index(const char *choices, const char *text) {
    for (int32_t index = 0;; index++) {
        uint64_t length = strcspn(choices, "|");
        if (equals(text, choices, length)) return index;
        if (!choices[length]) return -1;
        choices += length + 1;
    }
}

static bool parse_size(const char *text, int64_t *out) {
    static const char units[] = "KMGT";
    uint64_t digits = strspn(text, "0123456789");
    if (!cm_parse_int(text, digits, out)) return false;
    const char *unit = text + digits;
    if (!*unit || !strcmp(unit, "B")) return true;
    const char *found = strchr(units, *unit);
    if (!found || (unit[1] && strcmp(unit + 1, "B") != 0 && strcmp(unit + 1, "iB") != 0)) return false;
    for (const char *each = units; each <= found; each++)
        if (__builtin_mul_overflow(*out, 1024, out)) return false;
    return true;
}

static bool parse_day(const char *text, int64_t *out) {
    cm_moment moment;
    if (!cm_parse_moment(text, strlen(text), CM_ORDER_YMD, &moment) || moment.has_time) return false;
    *out = cm_civil_day_of(moment.microseconds);
    return true;
}

static bool in_range(const cm_option_spec *spec, double value) {
    return (spec->low == 0 && spec->high == 0) || (value >= spec->low && value <= spec->high);
}

/* Reads a scalar from text, within the range; *integer or *number is set as the type has it. */
static bool parse_value(const cm_option_spec *spec, const char *text, int64_t *integer, double *number) {
    switch (spec->type) {
    case CM_OPTION_INT:
        return cm_parse_int(text, strlen(text), integer) && in_range(spec, (double)*integer);
    case CM_OPTION_NUMBER:
        return cm_parse_double(text, strlen(text), number) && in_range(spec, *number);
    case CM_OPTION_SWITCH:
        *integer = !strcmp(text, "true") || !strcmp(text, "1");
        return *integer || !strcmp(text, "false") || !strcmp(text, "0");
    case CM_OPTION_CHOICE:
        *integer = choice_index(spec->choices, text);
        return *integer >= 0;
    case CM_OPTION_DATE:
        return parse_day(text, integer);
    case CM_OPTION_SIZE:
        return parse_size(text, integer) && in_range(spec, (double)*integer);
    default:
        return true;
    }
}

/* ---- errors ---- */

static uint64_t smallest(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Edits between two names (Levenshtein 1966), for "did you mean". Longer names than 63 are cut. */
static uint64_t distance(const char *a, const char *b) {
    uint64_t row[64], n = smallest(strlen(b), 63);
    for (uint64_t j = 0; j <= n; j++) row[j] = j;
    for (uint64_t i = 1; a[i - 1]; i++) {
        uint64_t diagonal = row[0];
        row[0] = i;
        for (uint64_t j = 1; j <= n; j++) {
            uint64_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = smallest(change, 1 + smallest(row[j], row[j - 1]));
        }
    }
    return row[n];
}

static cm_status fail_unknown(cm_context *ctx, const cm_topic *topic, const char *name) {
    const char *nearest = NULL;
    uint64_t least = UINT64_MAX;
    for (const cm_option_spec *spec = topic->options; spec->name; spec++) {
        uint64_t edits = distance(name, spec->name);
        if (edits < least) {
            least = edits;
            nearest = spec->name;
        }
    }
    if (!nearest) return cm_fail(ctx, CM_E_OPTION, "NO_OPTIONS", "ss", name, topic->name);
    return cm_fail(ctx, CM_E_OPTION, "UNKNOWN_OPTION", "sss", name, topic->name, nearest);
}

static cm_status fail_value(cm_context *ctx, const cm_option_spec *spec, const char *value) {
    if (spec->type == CM_OPTION_CHOICE)
        return cm_fail(ctx, CM_E_OPTION, "OPTION_CHOICE", "sss", spec->name, value, spec->choices);
    if (spec->type == CM_OPTION_SWITCH) return cm_fail(ctx, CM_E_OPTION, "OPTION_SWITCH", "ss", spec->name, value);
    if (spec->type == CM_OPTION_DATE) return cm_fail(ctx, CM_E_OPTION, "OPTION_DATE", "ss", spec->name, value);
    const char *reason = spec->type == CM_OPTION_INT      ? "OPTION_INTEGER"
                         : spec->type == CM_OPTION_NUMBER ? "OPTION_NUMBER"
                         : spec->type == CM_OPTION_SIZE   ? "OPTION_SIZE"
                                                          : "OPTION_KIND";
    cm_option_spec any = *spec; /* of any size: is it one at all? */
    int64_t integer;
    double number;
    any.low = any.high = 0;
    if (spec->low == spec->high || !parse_value(&any, value, &integer, &number))
        return cm_fail(ctx, CM_E_OPTION, reason, "ss", spec->name, value);
    return cm_fail(ctx, CM_E_OPTION, "OPTION_RANGE", "ssdd", spec->name, value, spec->low, spec->high);
}

/* ---- setting ---- */

static const cm_option_spec *find_spec(const cm_topic *topic, const char *name, uint64_t *index) {
    for (uint64_t i = 0; topic->options[i].name; i++)
        if (!strcmp(topic->options[i].name, name)) {
            *index = i;
            return &topic->options[i];
        }
    return NULL;
}

static cm_status look_up(cm_context *ctx, cm_options *options, const char *name, const cm_option_spec **spec,
                         option_value **value) {
    uint64_t index = 0;
    if (!options || !name)
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_options_set", "options or name is NULL");
    *spec = find_spec(options->topic, name, &index);
    if (!*spec) return fail_unknown(ctx, options->topic, name);
    *value = &options->values[index];
    return CM_OK;
}

static cm_status add_item(cm_context *ctx, option_value *value, const char *text) {
    cm_status status =
        cm_reserve(ctx, &value->items, &value->item_capacity, value->item_count + 1, sizeof *value->items);
    if (status) return status;
    char *copy = cm_copy_text(ctx, text, strlen(text));
    if (!copy) return ctx->error.status;
    value->items[value->item_count++] = copy;
    value->set = true;
    return CM_OK;
}

static cm_status set_text(cm_context *ctx, cm_options *options, const char *name, const char *text) {
    const cm_option_spec *spec;
    option_value *value;
    cm_status status = look_up(ctx, options, name, &spec, &value);
    if (status) return status;
    if (!text || spec->type == CM_OPTION_TABLE) return fail_value(ctx, spec, text ? text : "NULL");
    option_value fresh = {.set = true};
    if (!parse_value(spec, text, &fresh.integer, &fresh.number)) return fail_value(ctx, spec, text);
    if (spec->type == CM_OPTION_LIST) {
        status = add_item(ctx, &fresh, text);
    } else if (spec->type == CM_OPTION_TEXT || spec->type == CM_OPTION_CHOICE) {
        fresh.text = cm_copy_text(ctx, text, strlen(text));
        if (!fresh.text) status = ctx->error.status;
    }
    if (status) {
        clear_value(options->core, &fresh);
        return status;
    }
    clear_value(options->core, value);
    *value = fresh;
    return CM_OK;
}

static cm_status set_int(cm_context *ctx, cm_options *options, const char *name, int64_t integer) {
    const cm_option_spec *spec;
    option_value *value;
    char text[CM_NUMBER_TEXT];
    cm_status status = look_up(ctx, options, name, &spec, &value);
    if (status) return status;
    cm_print_int(integer, text);
    /* a text that may be a number: k = 5 or auto */
    if (spec->type == CM_OPTION_TEXT) return set_text(ctx, options, name, text);
    bool fits = spec->type == CM_OPTION_INT || spec->type == CM_OPTION_NUMBER || spec->type == CM_OPTION_SIZE
                    ? in_range(spec, (double)integer)
                : spec->type == CM_OPTION_SWITCH ? integer == 0 || integer == 1
                : spec->type == CM_OPTION_DATE   ? integer >= -719162 && integer <= 2932896 /* years 1 to 9999 */
                                                 : false;
    if (!fits) return fail_value(ctx, spec, text);
    value->integer = integer;
    value->number = (double)integer;
    value->set = true;
    return CM_OK;
}

static cm_status set_double(cm_context *ctx, cm_options *options, const char *name, double number) {
    const cm_option_spec *spec;
    option_value *value;
    char text[CM_NUMBER_TEXT];
    cm_status status = look_up(ctx, options, name, &spec, &value);
    if (status) return status;
    if (spec->type != CM_OPTION_NUMBER && number == floor(number) && fabs(number) < 9e15)
        return set_int(ctx, options, name, (int64_t)number);
    cm_print_double(number, text);
    if (spec->type == CM_OPTION_TEXT && isfinite(number)) return set_text(ctx, options, name, text);
    if (spec->type != CM_OPTION_NUMBER || !isfinite(number) || !in_range(spec, number))
        return fail_value(ctx, spec, text);
    value->number = number;
    value->set = true;
    return CM_OK;
}

static cm_status add_text(cm_context *ctx, cm_options *options, const char *name, const char *text) {
    const cm_option_spec *spec;
    option_value *value;
    cm_status status = look_up(ctx, options, name, &spec, &value);
    if (status) return status;
    if (!text || spec->type != CM_OPTION_LIST) return fail_value(ctx, spec, text ? text : "NULL");
    return add_item(ctx, value, text);
}

static cm_status set_table(cm_context *ctx, cm_options *options, const char *name, const cm_table *table) {
    const cm_option_spec *spec;
    option_value *value;
    cm_status status = look_up(ctx, options, name, &spec, &value);
    if (status) return status;
    if (spec->type != CM_OPTION_TABLE) return fail_value(ctx, spec, "a table");
    cm_table_free(value->table);
    value->table = table ? cm_table_retain(table) : NULL;
    value->set = table != NULL;
    return CM_OK;
}

cm_status cm_options_set_text(cm_context *ctx, cm_options *options, const char *name, const char *value) {
    return CM_CALL(ctx, set_text(ctx, options, name, value));
}

cm_status cm_options_set_int(cm_context *ctx, cm_options *options, const char *name, int64_t value) {
    return CM_CALL(ctx, set_int(ctx, options, name, value));
}

cm_status cm_options_set_double(cm_context *ctx, cm_options *options, const char *name, double value) {
    return CM_CALL(ctx, set_double(ctx, options, name, value));
}

cm_status cm_options_add_text(cm_context *ctx, cm_options *options, const char *name, const char *value) {
    return CM_CALL(ctx, add_text(ctx, options, name, value));
}

cm_status cm_options_set_table(cm_context *ctx, cm_options *options, const char *name, const cm_table *value) {
    return CM_CALL(ctx, set_table(ctx, options, name, value));
}

/* ---- reading them in the library ---- */

cm_status cm_options_check(cm_context *ctx, const cm_options *options, const cm_topic *topic) {
    if (!options || options->topic == topic) return CM_OK;
    return cm_fail(ctx, CM_E_ARGUMENT, "OPTIONS_TOPIC", "ss", options->topic->name, topic->name);
}

/* What was set, else the default; the library asks only for names that the topic has. */
static option_value value_of(const cm_options *options, const cm_topic *topic, const char *name) {
    uint64_t index = 0;
    const cm_option_spec *spec = find_spec(topic, name, &index);
    option_value value = {0};
    if (!spec) return value;
    if (options && options->values[index].set) return options->values[index];
    if (!spec->fallback) return value;
    value.set = true;
    parse_value(spec, spec->fallback, &value.integer, &value.number);
    value.text = (char *)(uintptr_t)spec->fallback; /* only read */
    return value;
}

bool cm_option_is_set(const cm_options *options, const cm_topic *topic, const char *name) {
    return value_of(options, topic, name).set;
}

int64_t cm_option_int(const cm_options *options, const cm_topic *topic, const char *name) {
    return value_of(options, topic, name).integer;
}

double cm_option_number(const cm_options *options, const cm_topic *topic, const char *name) {
    return value_of(options, topic, name).number;
}

const char *cm_option_text(const cm_options *options, const cm_topic *topic, const char *name) {
    return value_of(options, topic, name).text;
}

int32_t cm_option_choice(const cm_options *options, const cm_topic *topic, const char *name) {
    return (int32_t)value_of(options, topic, name).integer;
}

uint64_t cm_option_list(const cm_options *options, const cm_topic *topic, const char *name, const char *const **items) {
    option_value value = value_of(options, topic, name);
    *items = (const char *const *)value.items;
    return value.item_count;
}

const cm_table *cm_option_table(const cm_options *options, const cm_topic *topic, const char *name) {
    return value_of(options, topic, name).table;
}

/* ---- as a table, for models ---- */

static cm_status add_pair(cm_context *ctx, cm_builder *builder, const cm_option_spec *spec, const option_value *value) {
    char room[CM_NUMBER_TEXT];
    const char *text = room;
    uint64_t length = 0;
    if (spec->type == CM_OPTION_NUMBER) {
        length = cm_print_double(value->number, room);
    } else if (spec->type == CM_OPTION_DATE) {
        length = cm_print_date((int32_t)value->integer, room);
    } else if (spec->type == CM_OPTION_TEXT || spec->type == CM_OPTION_CHOICE) {
        text = value->text;
        length = strlen(text);
    } else {
        length = cm_print_int(value->integer, room);
    }
    cm_status status = cm_builder_text(ctx, builder, 0, spec->name, strlen(spec->name));
    if (!status) status = cm_builder_text(ctx, builder, 1, text, length);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status add_pairs(cm_context *ctx, cm_builder *builder, const cm_option_spec *spec,
                           const option_value *value) {
    if (spec->type == CM_OPTION_TABLE || !value->set) return CM_OK;
    if (spec->type != CM_OPTION_LIST) return add_pair(ctx, builder, spec, value);
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < value->item_count && !status; i++) {
        cm_option_spec item = {.name = spec->name, .type = CM_OPTION_TEXT};
        option_value one = {.text = value->items[i]};
        status = add_pair(ctx, builder, &item, &one);
    }
    return status;
}

cm_status cm_options_to_table(cm_context *ctx, const cm_options *options, const cm_topic *topic, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "name", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "value", CM_STRING, 0, CM_ROLE_NONE);
    for (const cm_option_spec *spec = topic->options; spec->name && !status; spec++) {
        option_value value = value_of(options, topic, spec->name);
        status = add_pairs(ctx, builder, spec, &value);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

cm_status cm_options_from_table(cm_context *ctx, const cm_topic *topic, const cm_table *table, cm_options **out) {
    *out = NULL;
    int64_t name = cm_table_find(table, "name"), value = cm_table_find(table, "value");
    if (name < 0 || value < 0) return cm_fail(ctx, CM_E_FORMAT, "MODEL_OPTIONS", "s", topic->name);
    cm_options *options = NULL;
    cm_status status = cm_options_make(ctx, topic, &options);
    for (uint64_t row = 0; row < cm_table_rows(table) && !status; row++) {
        uint64_t index = 0;
        const char *key = cm_table_text(table, row, (uint64_t)name, 0, NULL);
        const char *text = cm_table_text(table, row, (uint64_t)value, 0, NULL);
        const cm_option_spec *spec = key ? find_spec(topic, key, &index) : NULL;
        if (!spec || !text) status = cm_fail(ctx, CM_E_FORMAT, "MODEL_OPTIONS", "s", topic->name);
        else if (spec->type == CM_OPTION_LIST) status = add_text(ctx, options, key, text);
        else status = set_text(ctx, options, key, text);
    }
    if (status) cm_options_free(options);
    else *out = options;
    return status;
}
