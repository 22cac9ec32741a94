/* The tables of a profile: the findings, those that chance would hardly give first, the strongest of them before the
 * others, each in a sentence; what became of each column; and who the group is. */
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "base/sort.h"
#include "model/profile/profile.h"

/* ---- the order ---- */

typedef struct findings {
    const cm_profile *profile;
    cm_profile_finding **all;
    cm_key *order;
    double *values;
    uint64_t count;
} findings;

static bool is_clear(const findings *own, uint64_t at) { return own->all[at]->adjusted <= own->profile->level; }

static cm_status open_findings(cm_context *ctx, const cm_profile *profile, findings *own) {
    *own = (findings){.profile = profile};
    for (uint64_t i = 0; i < profile->table->column_count; i++) own->count += profile->attributes[i].count;
    own->all = cm_alloc(ctx, own->count, sizeof *own->all);
    own->order = own->all ? cm_alloc(ctx, own->count, sizeof *own->order) : NULL;
    own->values = own->order ? cm_alloc(ctx, own->count, sizeof *own->values) : NULL;
    if (!own->values) return ctx->error.status;
    for (uint64_t i = 0, at = 0; i < profile->table->column_count; i++)
        for (uint64_t j = 0; j < profile->attributes[i].count; j++) {
            own->all[at] = &profile->attributes[i].findings[j];
            own->values[at] = own->all[at]->p;
            at++;
        }
    return CM_OK;
}

static void close_findings(cm_core *core, findings *own) {
    cm_free(core, own->all, own->count, sizeof *own->all);
    cm_free(core, own->order, own->count, sizeof *own->order);
    cm_free(core, own->values, own->count, sizeof *own->values);
}

/* Both sorts keep the order of what is equal. */
static cm_status order_findings(cm_context *ctx, findings *own) {
    cm_status status = cm_adjust(ctx, own->values, own->count, own->profile->adjustment);
    if (status) return status;
    for (uint64_t i = 0; i < own->count; i++) {
        own->all[i]->adjusted = own->values[i];
        own->order[i] = (cm_key){cm_key_of_double(-fabs(own->all[i]->difference)), i};
    }
    status = cm_sort_keys(ctx, own->order, own->count);
    for (uint64_t i = 0; i < own->count; i++) own->order[i].key = !is_clear(own, own->order[i].value);
    return status ? status : cm_sort_keys(ctx, own->order, own->count);
}

/* ---- sentences ---- */

#define LONGEST UINT64_C(400) /* bytes of a name or value that are told */

/* Arguments, 0x1F between them: two texts and three numbers at most. */
typedef struct words {
    char text[2 * LONGEST + 3 * CM_NUMBER_TEXT + 8];
    uint64_t length;
} words;

static void append(words *to, const char *text) {
    uint64_t length = strlen(text);
    if (length > LONGEST)
        for (length = LONGEST; length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80;) length--;
    if (to->length) to->text[to->length++] = 0x1F;
    memcpy(to->text + to->length, text, (size_t)length);
    to->length += length;
    to->text[to->length] = 0;
}

/* For eyes. */
static void append_rounded(words *to, double value) {
    char number[CM_NUMBER_TEXT];
    value = cm_round_digits(value, fabs(value) >= 1000 ? 6 : 3);
    cm_print_double(value == 0 ? 0 : value, number);
    append(to, number);
}

static double share_of(uint64_t part, uint64_t whole) { return (double)part / (double)whole; }

static double lift_of(const cm_profile_finding *one) {
    return share_of(one->group, one->group_known) / share_of(one->all, one->all_known);
}

static const char *phrase(const cm_profile *profile, const cm_profile_finding *one, bool clear, words *arguments) {
    append(arguments, profile->table->columns[one->column]->name);
    if (one->value) {
        append(arguments, one->value);
        append_rounded(arguments, 100 * share_of(one->group, one->group_known));
        append_rounded(arguments, 100 * share_of(one->all, one->all_known));
        append_rounded(arguments, lift_of(one));
        return !clear                ? "PROFILE_SHARE"
               : one->difference > 0 ? "PROFILE_MORE"
               : one->group          ? "PROFILE_LESS"
                                     : "PROFILE_NONE";
    }
    append_rounded(arguments, one->group_mean);
    append_rounded(arguments, one->all_mean);
    append_rounded(arguments, fabs(one->difference));
    return !clear ? "PROFILE_MEAN" : one->difference > 0 ? "PROFILE_HIGHER" : "PROFILE_LOWER";
}

static cm_status put_text(cm_context *ctx, cm_builder *builder, uint64_t column, const char *text) {
    return cm_builder_text(ctx, builder, column, text, strlen(text));
}

/* ---- the profile ---- */

enum {
    ATTRIBUTE,
    VALUE,
    GROUP_SHARE,
    ALL_SHARE,
    LIFT,
    GROUP_MEAN,
    ALL_MEAN,
    DIFFERENCE,
    CLEAR,
    GROUP_CUSTOMERS,
    LOW,
    HIGH,
    TEST,
    P,
    P_ADJUSTED,
    CODE,
    SENTENCE,
    PROFILE_COLUMNS
};

typedef struct spec {
    const char *name;
    int32_t type;
} spec;

static const spec profile_columns[PROFILE_COLUMNS] = {
    {"attribute", CM_STRING},   {"value", CM_STRING},    {"group_share", CM_FLOAT64}, {"all_share", CM_FLOAT64},
    {"lift", CM_FLOAT64},       {"group_mean", CM_FLOAT64}, {"all_mean", CM_FLOAT64},  {"difference", CM_FLOAT64},
    {"clear", CM_BOOL},         {"group_customers", CM_INT64}, {"low", CM_FLOAT64},    {"high", CM_FLOAT64},
    {"test", CM_STRING},        {"p", CM_FLOAT64},       {"p_adjusted", CM_FLOAT64},  {"code", CM_STRING},
    {"sentence", CM_STRING}};

static cm_status open_builder(cm_context *ctx, const spec *columns, uint64_t count, cm_builder **out) {
    cm_status status = cm_builder_new(ctx, out);
    for (uint64_t i = 0; i < count && !status; i++)
        status = cm_builder_column(ctx, *out, columns[i].name, columns[i].type, 0, CM_ROLE_NONE);
    return status;
}

static cm_status put_share(cm_context *ctx, cm_builder *builder, const cm_profile_finding *one) {
    cm_status status = put_text(ctx, builder, VALUE, one->value);
    if (!status) status = cm_builder_double(ctx, builder, GROUP_SHARE, share_of(one->group, one->group_known));
    if (!status) status = cm_builder_double(ctx, builder, ALL_SHARE, share_of(one->all, one->all_known));
    return status ? status : cm_builder_double(ctx, builder, LIFT, lift_of(one));
}

static cm_status put_mean(cm_context *ctx, cm_builder *builder, const cm_profile_finding *one) {
    cm_status status = cm_builder_double(ctx, builder, GROUP_MEAN, one->group_mean);
    return status ? status : cm_builder_double(ctx, builder, ALL_MEAN, one->all_mean);
}

static cm_status put_words(cm_context *ctx, cm_builder *builder, const cm_profile *profile,
                           const cm_profile_finding *one, bool clear) {
    words arguments = {0};
    char sentence[2048], text[sizeof arguments.text + 32];
    const char *code = phrase(profile, one, clear, &arguments);
    uint64_t length = cm_render(ctx, code, arguments.text, sentence, sizeof sentence), at = strlen(code);
    cm_status status = cm_builder_text(ctx, builder, SENTENCE, sentence, length);
    memcpy(text, code, (size_t)at);
    text[at++] = ' ';
    for (uint64_t i = 0; i < arguments.length; i++) text[at++] = arguments.text[i] == 0x1F ? ' ' : arguments.text[i];
    return status ? status : cm_builder_text(ctx, builder, CODE, text, at);
}

static cm_status add_finding(cm_context *ctx, cm_builder *builder, const cm_profile *profile,
                             const cm_profile_finding *one, bool clear) {
    cm_status status = put_text(ctx, builder, ATTRIBUTE, profile->table->columns[one->column]->name);
    if (!status) status = cm_builder_int(ctx, builder, GROUP_CUSTOMERS, (int64_t)one->group);
    if (!status) status = (one->value ? put_share : put_mean)(ctx, builder, one);
    if (!status) status = cm_builder_double(ctx, builder, DIFFERENCE, one->difference);
    if (!status) status = cm_builder_double(ctx, builder, LOW, one->low);
    if (!status) status = cm_builder_double(ctx, builder, HIGH, one->high);
    if (!status) status = put_text(ctx, builder, TEST, one->value ? "fisher" : "welch");
    if (!status) status = cm_builder_double(ctx, builder, P, one->p);
    if (!status) status = cm_builder_double(ctx, builder, P_ADJUSTED, one->adjusted);
    if (!status) status = cm_builder_int(ctx, builder, CLEAR, clear);
    if (!status) status = put_words(ctx, builder, profile, one, clear);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status build_profile(cm_context *ctx, const findings *own, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = open_builder(ctx, profile_columns, PROFILE_COLUMNS, &builder);
    for (uint64_t i = 0; i < own->count && !status; i++) {
        uint64_t at = own->order[i].value;
        status = add_finding(ctx, builder, own->profile, own->all[at], is_clear(own, at));
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* ---- attributes: what became of each column ---- */

static const spec attribute_columns[] = {{"attribute", CM_STRING}, {"kind", CM_STRING},    {"values", CM_INT64},
                                         {"tested", CM_INT64},     {"untested", CM_INT64}, {"group_absent", CM_INT64},
                                         {"all_absent", CM_INT64}};

static cm_status add_attribute(cm_context *ctx, cm_builder *builder, const cm_profile *profile, uint64_t column) {
    static const char *const kinds[] = {"text", "number", "date", "id", "group", "list", "not asked for"};
    const cm_profile_attribute *one = &profile->attributes[column];
    const uint64_t numbers[] = {one->values, one->tested, one->untested, profile->members - one->group_known,
                                profile->table->rows - one->all_known};
    cm_status status = put_text(ctx, builder, 0, profile->table->columns[column]->name);
    if (!status) status = put_text(ctx, builder, 1, kinds[one->kind]);
    for (uint64_t i = 0; i < 5 && !status && one->kind < CM_PROFILE_ID; i++)
        status = cm_builder_int(ctx, builder, 2 + i, (int64_t)numbers[i]);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status attach_attributes(cm_context *ctx, const cm_profile *profile, cm_table *to) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    cm_status status = open_builder(ctx, attribute_columns, 7, &builder);
    for (uint64_t i = 0; i < profile->table->column_count && !status; i++)
        status = add_attribute(ctx, builder, profile, i);
    if (!status) status = cm_builder_finish(ctx, builder, &table);
    if (!status) status = cm_table_attach(ctx, to, "attributes", table);
    cm_table_free(table);
    cm_builder_free(builder);
    return status;
}

/* ---- the group ---- */

static const spec group_columns[] = {{"group", CM_STRING},        {"way", CM_STRING},    {"customers", CM_INT64},
                                     {"all_customers", CM_INT64}, {"share", CM_FLOAT64}, {"unknown", CM_INT64}};
const char *const cm_profile_ways[] = {"condition", "members", "both", "buyers"};

static cm_status attach_group(cm_context *ctx, const cm_profile *profile, const char *group, cm_table *to) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    cm_status status = open_builder(ctx, group_columns, 6, &builder);
    if (!status && group) status = put_text(ctx, builder, 0, group);
    if (!status) status = put_text(ctx, builder, 1, cm_profile_ways[profile->way]);
    if (!status) status = cm_builder_int(ctx, builder, 2, (int64_t)profile->members);
    if (!status) status = cm_builder_int(ctx, builder, 3, (int64_t)profile->table->rows);
    if (!status) status = cm_builder_double(ctx, builder, 4, share_of(profile->members, profile->table->rows));
    bool listed = profile->way != CM_PROFILE_CONDITION;
    if (!status && listed) status = cm_builder_int(ctx, builder, 5, (int64_t)profile->unknown);
    if (!status) status = cm_builder_row(ctx, builder);
    if (!status) status = cm_builder_finish(ctx, builder, &table);
    if (!status) status = cm_table_attach(ctx, to, "group", table);
    cm_table_free(table);
    cm_builder_free(builder);
    return status;
}

cm_status cm_profile_tables(cm_context *ctx, const cm_profile *profile, const char *group, cm_table **out) {
    findings own;
    cm_table *table = NULL;
    cm_status status = open_findings(ctx, profile, &own);
    if (!status) status = order_findings(ctx, &own);
    if (!status) status = build_profile(ctx, &own, &table);
    if (!status) status = attach_attributes(ctx, profile, table);
    if (!status) status = attach_group(ctx, profile, group, table);
    close_findings(ctx->core, &own);
    if (status) cm_table_free(table);
    else *out = table;
    return status;
}
