/* Profile: what sets a target group apart from all customers, over every column of the customer table.
 *
 * The idea: each value of a column, and each band of a number or a date, is counted in the group and in all; a number
 * has its means, too. What differs is told by the share in the group over the share in all (lift) and in standard
 * deviations of all, so that shares and means can be put in one order, with an interval of that difference. Whether
 * chance would give it is asked of the group and the others, which are independent: Fisher's exact test of a share
 * (base/fisher.c), Welch's of a mean (bands.c), adjusted for all that were tested (base/adjust.c). Profiles of segments
 * are an old practice of marketers (M. Wedel and W. Kamakura, Market Segmentation, 2nd ed. 2000, chapter 2); the
 * measures' sources stand by them.
 *
 * Different here: bands of one number are tests of their own, and not independent, which Holm's adjustment does not ask
 * for. Cost: O(customers) a column of texts, a sort of them a column of numbers; columns are shared by the threads. */
#include <string.h>

#include "base/threads.h"
#include "model/profile/profile.h"

extern const cm_method cm_profile_method;

static const cm_option_spec options[] = {
    {"group", NULL, NULL, "COLUMN=VALUE (or != < <= > >=) of the customers, or of the rows of members", 0, 0,
     CM_OPTION_TEXT},
    {"members", NULL, NULL, "a table with ids: those in it are the group; transactions: their buyers", 0, 0,
     CM_OPTION_TABLE},
    {"only", NULL, NULL, "the attributes to look at; default: every column", 0, 0, CM_OPTION_LIST},
    {"bands", "5", NULL, "of numbers and dates; 0: none, means alone", 0, 100, CM_OPTION_INT},
    {"band_width", "quantiles", "quantiles|round", "as many customers in each, or a round width (20 to 29)", 0, 0,
     CM_OPTION_CHOICE},
    {"least", "10", NULL, "customers that have a value, for it to be looked at", 1, 1e15, CM_OPTION_INT},
    {"adjust", "holm", CM_ADJUST_CHOICES, "for as many tests as there are", 0, 0, CM_OPTION_CHOICE},
    {"significance", "0.05", NULL, "most adjusted p of what is clear", 0, 1, CM_OPTION_NUMBER},
    {"interval", "0.95", NULL, "probability of the interval of the difference", 0.01, 0.999999, CM_OPTION_NUMBER},
    {0},
};

static const cm_input_spec inputs[] = {{0}};

static const cm_output_spec outputs[] = {
    {"profile", "attribute", "column of the customers", CM_STRING, true, true},
    {"profile", "value", "its value, or the band it lies in; absent: its mean", CM_STRING, true, true},
    {"profile", "group_share", "of those in the group who have any", CM_FLOAT64, true, true},
    {"profile", "all_share", "the same of all customers", CM_FLOAT64, true, true},
    {"profile", "lift", "group_share over all_share", CM_FLOAT64, true, true},
    {"profile", "group_mean", "of the group", CM_FLOAT64, true, true},
    {"profile", "all_mean", "of all customers", CM_FLOAT64, true, true},
    {"profile", "difference", "the group less all, in standard deviations of all", CM_FLOAT64, true, true},
    {"profile", "clear", "chance would hardly give it (significance); these come first, the strongest before", CM_BOOL,
     true, true},
    {"profile", "group_customers", "of the group, who have this value (a mean: any)", CM_INT64, true, true},
    {"profile", "low", "its interval", CM_FLOAT64, true, true},
    {"profile", "high", "its interval", CM_FLOAT64, true, true},
    {"profile", "test", "of the group against the others: fisher (exact), welch (means)", CM_STRING, true, true},
    {"profile", "p", "of that test, both sides", CM_FLOAT64, true, true},
    {"profile", "p_adjusted", "for so many tests", CM_FLOAT64, true, true},
    {"profile", "code", "what it says, stable, with its values", CM_STRING, true, true},
    {"profile", "sentence", "the same in words", CM_STRING, true, true},
    {"attributes", "attribute", "every column", CM_STRING, true, true},
    {"attributes", "kind", "text, number, date; or why it was not looked at", CM_STRING, true, true},
    {"attributes", "values", "different ones", CM_INT64, true, true},
    {"attributes", "tested", "lines of the profile", CM_INT64, true, true},
    {"attributes", "untested", "left out: too few have it, or all do (least)", CM_INT64, true, true},
    {"attributes", "group_absent", "of the group, who have none", CM_INT64, true, true},
    {"attributes", "all_absent", "of all, who have none", CM_INT64, true, true},
    {"group", "group", "the condition; absent: a list", CM_STRING, true, true},
    {"group", "way", "condition, members (a list), both, buyers (a condition on the list)", CM_STRING, true, true},
    {"group", "customers", "in it", CM_INT64, true, true},
    {"group", "all_customers", "in it or not", CM_INT64, true, true},
    {"group", "share", "of all customers", CM_FLOAT64, true, true},
    {"group", "unknown", "of the list, who are no customers of the table", CM_INT64, true, true},
    {0},
};

/* ---- the columns ---- */

static cm_profile_kind kind_of(const cm_profile *profile, uint64_t column) {
    int32_t type = profile->table->columns[column]->type;
    if ((int64_t)column == profile->group_column) return CM_PROFILE_GROUP;
    if ((int64_t)column == cm_find_id(profile->table)) return CM_PROFILE_ID;
    if (type == CM_LIST) return CM_PROFILE_LIST;
    if (type == CM_STRING || type == CM_BOOL) return CM_PROFILE_TEXT;
    return type == CM_DATE || type == CM_TIMESTAMP ? CM_PROFILE_DATE : CM_PROFILE_NUMBER;
}

/* All, or those that are named. */
static cm_status choose_columns(cm_context *ctx, const cm_options *set, cm_profile *profile) {
    const char *const *names;
    uint64_t count = cm_option_list(set, &cm_profile_method.topic, "only", &names),
             columns = profile->table->column_count;
    for (uint64_t i = 0; i < columns; i++)
        profile->attributes[i].kind = count ? CM_PROFILE_NOT_ASKED : kind_of(profile, i);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t column;
        cm_status status = cm_table_require(ctx, profile->table, names[i], &column);
        if (status) return status;
        profile->attributes[column].kind = kind_of(profile, column);
    }
    return CM_OK;
}

static cm_status look(cm_context *ctx, void *state, uint64_t column) {
    cm_profile *profile = state;
    cm_status status = cm_tick(ctx, "profile", column, profile->table->column_count);
    return status ? status : cm_profile_look(ctx, profile, column, &profile->attributes[column]);
}

/* ---- fit and apply: the same question to one table or another ---- */

static void read_settings(const cm_options *set, const cm_topic *topic, cm_profile *out) {
    out->bands = (uint64_t)cm_option_int(set, topic, "bands");
    out->least = (uint64_t)cm_option_int(set, topic, "least");
    out->round = cm_option_choice(set, topic, "band_width") == 1;
    out->inside = cm_option_number(set, topic, "interval");
    out->level = cm_option_number(set, topic, "significance");
    out->adjustment = (cm_adjustment)cm_option_choice(set, topic, "adjust");
}

/* `ids`: filled with those of the list. `found`: the list is of buyers already, and of them the group's condition
 * holds. */
static cm_status make(cm_context *ctx, const cm_table *table, const cm_options *set, const cm_table *list, bool found,
                      cm_dictionary *ids, cm_table **out) {
    const char *group = cm_option_text(set, &cm_profile_method.topic, "group");
    cm_profile profile = {.table = table};
    read_settings(set, &cm_profile_method.topic, &profile);
    profile.member = cm_alloc(ctx, table->rows, 1);
    profile.attributes = profile.member ? cm_alloc(ctx, table->column_count, sizeof *profile.attributes) : NULL;
    cm_status status =
        profile.attributes ? cm_profile_find_group(ctx, &profile, found ? NULL : group, list, ids) : ctx->error.status;
    if (!status) status = choose_columns(ctx, set, &profile);
    if (!status) status = cm_parallel(ctx, table->column_count, look, &profile);
    if (found) profile.way = CM_PROFILE_BUYERS;
    if (!status) status = cm_profile_tables(ctx, &profile, group, out);
    cm_profile_clear(ctx->core, &profile);
    return status;
}

/* The ids alone, in byte order: what the model asks of other customers. */
static cm_status keep_members(cm_context *ctx, const cm_dictionary *ids, cm_model *model) {
    uint64_t size = cm_dictionary_size(ids);
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    int32_t *order = cm_alloc(ctx, size, sizeof *order);
    cm_status status = order ? cm_dictionary_ranks(ctx, ids, size, NULL, order) : ctx->error.status;
    if (!status) status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "customer", CM_STRING, 0, CM_ROLE_CUSTOMER);
    for (uint64_t i = 0; i < size && !status; i++) {
        cm_text id = cm_dictionary_text(ids, order[i]);
        status = cm_builder_text(ctx, builder, 0, id.data, id.length);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, &table);
    if (!status) status = cm_model_put(ctx, model, "members", table);
    cm_table_free(table);
    cm_builder_free(builder);
    cm_free(ctx->core, order, size, sizeof *order);
    return status;
}

static cm_status fit(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model) {
    const cm_table *list = cm_option_table(set, &model->method->topic, "members");
    cm_dictionary *ids = NULL;
    cm_table *profile = NULL;
    cm_status status = cm_dictionary_new(ctx, &ids);
    if (!status) status = make(ctx, in->table, set, list, false, ids, &profile);
    if (!status && list) status = keep_members(ctx, ids, model);
    if (!status) status = cm_model_put(ctx, model, "profile", profile);
    if (!status) status = cm_model_put(ctx, model, "attributes", cm_table_attachment(profile, "attributes"));
    if (!status) status = cm_model_put(ctx, model, "group", cm_table_attachment(profile, "group"));
    cm_table_free(profile);
    cm_dictionary_release(ids);
    return status;
}

static const char *way_of(const cm_model *model) {
    const cm_table *group = cm_model_get(model, "group");
    int64_t column = group ? cm_table_find(group, "way") : -1;
    if (column < 0 || !group->rows || group->columns[column]->type != CM_STRING) return NULL;
    return cm_table_text(group, 0, (uint64_t)column, 0, NULL);
}

/* There is no fast form: the options and the list are what is asked. */
static cm_status compile(cm_context *ctx, const cm_model *model, void **out) {
    const char *way = way_of(model);
    bool listed = cm_model_get(model, "members") != NULL;
    *out = NULL;
    for (int i = CM_PROFILE_CONDITION; i <= CM_PROFILE_BUYERS; i++)
        if (way && !strcmp(way, cm_profile_ways[i]) && listed == (i != CM_PROFILE_CONDITION)) return CM_OK;
    return cm_fail(ctx, CM_E_FORMAT, "MODEL_DAMAGED", "ss", "group", "profile");
}

static void discard(cm_core *core, void *made) {
    (void)core;
    (void)made;
}

static cm_status apply(cm_context *ctx, const cm_model *model, const cm_inputs *in, cm_table **out) {
    cm_dictionary *ids = NULL;
    cm_status status = cm_dictionary_new(ctx, &ids);
    if (!status) status = make(ctx, in->table, model->options, cm_model_get(model, "members"),
                                !strcmp(way_of(model), cm_profile_ways[CM_PROFILE_BUYERS]), ids, out);
    cm_dictionary_release(ids);
    return status;
}

const cm_method cm_profile_method = {
    .topic = {"profile", "what sets a target group apart from all customers", options},
    .input = CM_INPUT_CUSTOMERS,
    .incomplete = "no customer",
    .inputs = inputs,
    .outputs = outputs,
    .fit = fit,
    .compile = compile,
    .discard = discard,
    .apply = apply,
};
