/* From baskets to the tables of a model: the support, the sets, the rules, what is said of them. */
#include <string.h>

#include "model/baskets/names.h"
#include "model/rules/fit.h"

/* The rules and tables of what was found. */
static cm_status make_tables(cm_context *ctx, const cm_market *market, const cm_itemsets *sets, const cm_options *set,
                             cm_outcome *what, cm_model *model) {
    const cm_itemsets none = {0};
    const cm_topic *topic = &model->method->topic;
    bool rules = what->deliver == CM_DELIVER_RULES;
    cm_rulebook book = {0};
    cm_status status = cm_rulebook_open(ctx, market, what->deliver == CM_DELIVER_COUNTS ? &none : sets, rules, &book);
    if (!status)
        status = cm_baskets_names(ctx, market->table, market->column, market->codes, market->count, &book.name_of);
    if (!status && rules) {
        status = cm_rulebook_link(ctx, &book);
        if (!status) status = cm_rulebook_make(ctx, &book, set, topic);
        if (!status && what->best) what->next = cm_support_next(&book, set, topic, what->how.least);
        if (!status && what->aside && !what->next) status = cm_rules_check(ctx, &book, what->aside, set, topic);
    }
    if (!status && !what->next) status = cm_rules_put_tables(ctx, model, &book, sets, set, what);
    if (!status && !what->next && what->aside && rules) {
        uint64_t most = (uint64_t)cm_option_int(set, topic, "recommend");
        cm_table *table = NULL;
        status = cm_model_give(ctx, model, "evaluation", cm_rules_try(ctx, model, market, what->aside, most, &table),
                               &table);
    }
    cm_rulebook_close(ctx->core, &book);
    return status;
}

static cm_mining sought(const cm_outcome *what) {
    cm_mining how = what->how;
    if (what->deliver == CM_DELIVER_RULES) how.which = CM_SETS_FREQUENT; /* rules need them all */
    return how;
}

cm_status cm_rules_mine(cm_context *ctx, const cm_market *market, const cm_options *set, cm_outcome *what,
                        cm_model *model) {
    cm_itemsets sets = {0};
    int64_t deadline = what->how.room ? cm_deadline_share(ctx, 0.1) : ctx->deadline;
    const cm_mining how = sought(what);
    cm_status status = cm_itemsets_find(ctx, market, &how, &sets);
    ctx->deadline = deadline;
    what->truncated = !status && sets.complete_from > 0;
    if (!status) status = make_tables(ctx, market, &sets, set, what, model);
    cm_itemsets_clear(ctx->core, &sets);
    return status;
}

/* Names of measures are checked before the work is done. */
static cm_status check_measures(cm_context *ctx, const cm_options *set, const cm_topic *topic) {
    const char *const *names;
    uint64_t count = cm_option_list(set, topic, "measures", &names);
    for (uint64_t i = 0; i < count; i++)
        if (strcmp(names[i], "all") != 0 && !cm_measure_find(names[i], strlen(names[i])))
            return cm_fail(ctx, CM_E_OPTION, "RULES_MEASURE", "s", names[i]);
    return CM_OK;
}

/* What counts baskets cannot count weights with decimals: a test would depend on their unit. */
static cm_status check_weighted(cm_context *ctx, const cm_options *set, const cm_topic *topic) {
    static const char *const tests[] = {"significance", "interval"};
    const char *const *names, *by = cm_option_text(set, topic, "by");
    uint64_t count = cm_option_list(set, topic, "measures", &names);
    for (int i = 0; i < 2; i++)
        if (cm_option_number(set, topic, tests[i]) > 0)
            return cm_fail(ctx, CM_E_OPTION, "RULES_WEIGHTS_TEST", "s", tests[i]);
    if (cm_measure_find(by, strlen(by))->test) return cm_fail(ctx, CM_E_OPTION, "RULES_WEIGHTS_TEST", "s", by);
    for (uint64_t i = 0; i < count; i++)
        if (strcmp(names[i], "all") != 0 && cm_measure_find(names[i], strlen(names[i]))->test)
            return cm_fail(ctx, CM_E_OPTION, "RULES_WEIGHTS_TEST", "s", names[i]);
    return CM_OK;
}

static cm_status mine_once(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_outcome *what,
                           cm_model *model) {
    const cm_topic *topic = &model->method->topic;
    cm_mining *how = &what->how;
    cm_market market = {0};
    cm_status status = cm_market_open(ctx, in, set, topic, &market);
    if (!status) status = cm_market_weigh(ctx, &market, cm_option_text(set, topic, "weight"));
    if (!status && market.scale) status = check_weighted(ctx, set, topic);
    how->least = what->next;
    if (!status && !how->least)
        status = cm_support_read(ctx, cm_option_text(set, topic, "support"), &market, &how->least);
    bool choose = !how->least;
    what->chosen |= choose;
    what->next = 0;
    if (!status) status = cm_market_index(ctx, &market, choose ? cm_support_start(&market) : how->least);
    cm_mining how_first = sought(what);
    if (!status) status = cm_itemsets_prepare(ctx, &market, &how_first);
    if (!status && what->deliver == CM_DELIVER_RULES && cm_market_has_customers(&market))
        status = cm_market_turn(ctx, &market);
    if (!status && choose) status = cm_support_choose(ctx, &market, how->max_length, &how->least);
    bool partial = cm_option_int(set, topic, "allow_partial");
    if (!status && partial) status = cm_rules_mine_within_limits(ctx, &market, set, what, model);
    if (!status && !partial) status = cm_rules_mine(ctx, &market, set, what, model);
    cm_market_close(ctx->core, &market);
    return status;
}

static cm_status mine(cm_context *ctx, const cm_inputs *in, const cm_inputs *aside, const cm_options *set,
                      cm_model *model) {
    const cm_topic *topic = &model->method->topic;
    const char *by = cm_option_text(set, topic, "by");
    cm_outcome what = {.deliver = cm_option_choice(set, topic, "deliver"), .aside = aside};
    what.how.max_length = (uint64_t)cm_option_int(set, topic, "max_length");
    what.how.algorithm = cm_option_choice(set, topic, "algorithm");
    what.how.which = cm_option_choice(set, topic, "itemsets");
    what.how.count_only = what.deliver == CM_DELIVER_COUNTS;
    what.best = !strcmp(cm_option_text(set, topic, "support"), "top");
    if (what.best
        && (!cm_option_int(set, topic, "top") || !cm_measure_find(by, strlen(by))->bounded
            || what.deliver != CM_DELIVER_RULES))
        return cm_fail(ctx, CM_E_OPTION, "RULES_TOP", "s", by);
    if (what.best && cm_option_int(set, topic, "allow_partial"))
        return cm_fail(ctx, CM_E_OPTION, "RULES_TOP_PARTIAL", "");
    cm_status status;
    do status = mine_once(ctx, in, set, &what, model);
    while (!status && what.next);
    return status;
}

cm_status cm_rules_fit(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model) {
    const cm_topic *topic = &model->method->topic;
    double share = cm_option_number(set, topic, "validate");
    cm_split split = {0};
    cm_status status = check_measures(ctx, set, topic);
    if (!status && share == 0) return mine(ctx, in, NULL, set, model);
    if (!status) status = cm_split_open(ctx, in, share, cm_option_choice(set, topic, "validate_by") == 1, &split);
    if (!status) status = mine(ctx, &split.kept, &split.aside, set, model);
    cm_split_close(ctx->core, &split);
    return status;
}
