/* What is bought together, pair by pair: for each item the most similar others (item-based collaborative filtering:
 * B. Sarwar et al., "Item-based collaborative filtering recommendation algorithms", WWW 2001,
 * doi:10.1145/371920.372071; pairs.c and recommend.c tell how they are counted and what follows from them).
 *
 * Next to rules this is the second recommender: pairs alone, but of all items, the rare ones too, which no rule of
 * enough support has. Cost: for each basket the square of its items. */
#include "model/together/together.h"

#include <string.h>

#include "model/baskets/names.h"
#include "model/baskets/trial.h"
#include "table/sheet.h"

static const cm_option_spec options[] = {
    {"by", "cosine", "cosine|jaccard|lift", "how the similarity of two items is measured", 0, 0, CM_OPTION_CHOICE},
    {"shrink", "0", NULL, "a pair of so many baskets counts half of its similarity; for lift 10 or more", 0, 1e9,
     CM_OPTION_NUMBER},
    {"min_count", "1", NULL, "least baskets with both items", 1, 1e9, CM_OPTION_INT},
    {"top", "20", NULL, "most neighbours of an item", 1, 1e6, CM_OPTION_INT},
    {"recommend", "10", NULL, "most items recommended to a basket", 1, 1e6, CM_OPTION_INT},
    {"validate", "0", NULL, "share of the baskets kept aside, on which the recommendations are tried; 0: none", 0, 0.9,
     CM_OPTION_NUMBER},
    {"validate_by", "hash", "hash|date", "which are kept aside: a stable hash of their ids decides, or the last", 0, 0,
     CM_OPTION_CHOICE},
    {"weight", NULL, NULL, "column of the baskets with what each counts, above 0", 0, 0, CM_OPTION_TEXT},
    {"include", NULL, NULL, "only these items are looked at", 0, 0, CM_OPTION_LIST},
    {"exclude", NULL, NULL, "these items are not looked at", 0, 0, CM_OPTION_LIST},
    {0},
};

static const cm_input_spec inputs[] = {
    {"items", NULL, "the items of a basket", CM_LIST},
    {0},
};

static const cm_output_spec outputs[] = {
    {"together", "item", "each item with neighbours, the most frequent first", CM_STRING, true, false},
    {"together", "name", "its name, or its code where it has none; with names alone", CM_STRING, true, false},
    {"together", "other", "an item bought with it", CM_STRING, true, false},
    {"together", "other_name", "its name", CM_STRING, true, false},
    {"together", "rank", "1: the most similar", CM_INT64, true, false},
    {"together", "count", "baskets with both", CM_INT64, true, false},
    {"together", "similarity", "by the measure asked for, shrunk", CM_FLOAT64, true, false},
    {"together", "cosine", "count over the geometric mean of both items' counts", CM_FLOAT64, true, false},
    {"together", "jaccard", "count as a share of the baskets with either item", CM_FLOAT64, true, false},
    {"together", "lift", "how many times as often as by chance", CM_FLOAT64, true, false},
    {"evaluation", "recommender",
     "together, and popularity: the most frequent items to everybody; on request (validate)", CM_STRING, true, false},
    {"evaluation", "baskets", "kept aside with two items or more; half of each was hidden", CM_INT64, true, false},
    {"evaluation", "n", "items recommended to each", CM_INT64, true, false},
    {"evaluation", "hit_rate", "share of the baskets of which a hidden item was recommended", CM_FLOAT64, true, false},
    {"evaluation", "precision", "share of the n that were hidden items, on average", CM_FLOAT64, true, false},
    {"evaluation", "recall", "share of the hidden items that were recommended, on average", CM_FLOAT64, true, false},
    {"evaluation", "coverage", "share of all items that were recommended to some basket", CM_FLOAT64, true, false},
    {"diagnostics", "name",
     "baskets, weight (their sum), baskets_kept_aside, items, pairs, joint_occurrences", CM_STRING, true, false},
    {"diagnostics", "value", "its value", CM_FLOAT64, true, false},
    {"recommendations", "basket", "its id, or the number of its row", CM_STRING, false, true},
    {"recommendations", "item", "an item not in it, the best first", CM_STRING, false, true},
    {"recommendations", "score", "sum of its similarities with the items of the basket", CM_FLOAT64, false, true},
    {0},
};

/* ---- the tables ---- */

typedef struct columns {
    int32_t *item, *name, *other, *other_name;
    int64_t *rank, *count;
    double *similarity, *cosine, *jaccard, *lift;
} columns;

/* Codes of the names by item, in a dictionary of their own. */
static cm_status code_names(cm_context *ctx, const cm_market *market, const cm_text *names, cm_dictionary *dictionary,
                            int32_t *codes) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < market->count && !status; i++) {
        cm_text text = names[i].data ? names[i] : cm_dictionary_text(market->column->dictionary, market->codes[i]);
        status = cm_dictionary_add(ctx, dictionary, text.data, text.length, &codes[i]);
    }
    return status;
}

static void fill(const cm_market *market, const cm_neighbours *found, const int32_t *names, const columns *to) {
    for (uint64_t item = 0; item < found->items; item++)
        for (uint64_t row = found->starts[item]; row < found->starts[item + 1]; row++) {
            const cm_neighbour *one = &found->all[row];
            uint64_t a = cm_market_frequency(market, item), b = cm_market_frequency(market, one->item);
            to->item[row] = market->codes[item];
            to->other[row] = market->codes[one->item];
            if (names) to->name[row] = names[item], to->other_name[row] = names[one->item];
            to->rank[row] = (int64_t)(row - found->starts[item]) + 1;
            to->count[row] = (int64_t)one->count;
            to->similarity[row] = one->similarity;
            to->cosine[row] = cm_pair_cosine(one->count, a, b);
            to->jaccard[row] = cm_pair_jaccard(one->count, a, b);
            to->lift[row] = cm_pair_lift(one->count, a, b, market->total);
        }
}

static cm_status open_columns(cm_context *ctx, cm_sheet *sheet, const cm_market *market, cm_dictionary *names,
                              columns *to) {
    cm_dictionary *items = market->column->dictionary;
    cm_status status = cm_sheet_texts(ctx, sheet, "item", items, &to->item);
    if (!status && names) status = cm_sheet_texts(ctx, sheet, "name", names, &to->name);
    if (!status) status = cm_sheet_texts(ctx, sheet, "other", items, &to->other);
    if (!status && names) status = cm_sheet_texts(ctx, sheet, "other_name", names, &to->other_name);
    if (!status) status = cm_sheet_ints(ctx, sheet, "rank", &to->rank);
    if (!status) status = cm_counts_column(ctx, sheet, "count", market, &to->count);
    if (!status) status = cm_sheet_doubles(ctx, sheet, "similarity", &to->similarity);
    if (!status) status = cm_sheet_doubles(ctx, sheet, "cosine", &to->cosine);
    if (!status) status = cm_sheet_doubles(ctx, sheet, "jaccard", &to->jaccard);
    return status ? status : cm_sheet_doubles(ctx, sheet, "lift", &to->lift);
}

static cm_status neighbours_table(cm_context *ctx, const cm_market *market, const cm_neighbours *found,
                                  cm_table **out) {
    cm_sheet sheet = {.rows = found->starts[found->items]};
    columns to;
    cm_text *names = NULL;
    cm_dictionary *dictionary = NULL;
    int32_t *name_codes = NULL;
    cm_status status = cm_baskets_names(ctx, market->table, market->column, market->codes, market->count, &names);
    if (!status && names) status = cm_dictionary_new(ctx, &dictionary);
    if (!status && names && !(name_codes = cm_alloc(ctx, market->count, sizeof *name_codes)))
        status = ctx->error.status;
    if (!status && names) status = code_names(ctx, market, names, dictionary, name_codes);
    if (!status) status = open_columns(ctx, &sheet, market, dictionary, &to);
    if (!status) fill(market, found, name_codes, &to);
    cm_free(ctx->core, name_codes, market->count, sizeof *name_codes);
    cm_free(ctx->core, names, market->count, sizeof *names);
    cm_dictionary_release(dictionary);
    return cm_sheet_close(ctx, &sheet, status, out);
}

static cm_status diagnostics_table(cm_context *ctx, const cm_market *market, const cm_neighbours *found,
                                   uint64_t kept_aside, cm_table **out) {
    const struct {
        const char *name;
        double value;
    } all[] = {{"baskets", (double)market->baskets},
               {market->weights ? "weight" : NULL, (double)market->total / (double)market->unit},
               {"baskets_kept_aside", (double)kept_aside},
               {"items", (double)market->distinct},
               {"pairs", (double)found->pairs},
               {"joint_occurrences", (double)found->joint / (double)market->unit}};
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "name", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "value", CM_FLOAT64, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < sizeof all / sizeof *all && !status; i++) {
        if (!all[i].name) continue;
        status = cm_builder_text(ctx, builder, 0, all[i].name, strlen(all[i].name));
        if (!status) status = cm_builder_double(ctx, builder, 1, all[i].value);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* ---- fit ---- */

/* What the finished model recommends to baskets kept aside. */
static cm_status evaluate(cm_context *ctx, cm_model *model, const cm_market *market, const cm_inputs *aside) {
    cm_recommending *own = NULL;
    cm_table *table = NULL;
    uint64_t most = (uint64_t)cm_option_int(model->options, &model->method->topic, "recommend");
    cm_status status = cm_model_compile(ctx, model);
    if (!status) status = cm_recommending_open(ctx, model->compiled, market->column, &own);
    if (!status) {
        cm_recommender together = {"together", own, cm_recommending_codes};
        status = cm_recommenders_try(ctx, &together, 1, aside, market->codes, market->count, most, &table);
    }
    cm_recommending_close(ctx->core, own);
    return cm_model_give(ctx, model, "evaluation", status, &table);
}

static cm_status fit_baskets(cm_context *ctx, const cm_inputs *in, const cm_inputs *aside, const cm_options *set,
                             cm_model *model) {
    const cm_topic *topic = &model->method->topic;
    cm_pairing how = {.by = cm_option_choice(set, topic, "by"),
                            .shrink = cm_option_number(set, topic, "shrink"),
                            .least = (uint64_t)cm_option_int(set, topic, "min_count"),
                            .most = (uint64_t)cm_option_int(set, topic, "top")};
    cm_market market = {0};
    cm_neighbours found = {0};
    cm_table *table = NULL;
    cm_status status = cm_market_open(ctx, in, set, topic, &market);
    if (!status) status = cm_market_weigh(ctx, &market, cm_option_text(set, topic, "weight"));
    how.shrink *= (double)market.unit;
    if (__builtin_mul_overflow(how.least, market.unit, &how.least)) how.least = UINT64_MAX;
    if (!status) status = cm_market_index(ctx, &market, how.least);
    if (!status) status = cm_neighbours_find(ctx, &market, &how, &found);
    if (!status) status = cm_model_give(ctx, model, "together", neighbours_table(ctx, &market, &found, &table), &table);
    if (!status)
        status = cm_model_give(ctx, model, "diagnostics",
                               diagnostics_table(ctx, &market, &found, aside ? aside->rows : 0, &table), &table);
    if (!status && aside) status = evaluate(ctx, model, &market, aside);
    cm_neighbours_clear(ctx->core, &found);
    cm_market_close(ctx->core, &market);
    return status;
}

static cm_status fit(cm_context *ctx, const cm_inputs *in, const cm_options *set, cm_model *model) {
    const cm_topic *topic = &model->method->topic;
    double share = cm_option_number(set, topic, "validate");
    if (share == 0) return fit_baskets(ctx, in, NULL, set, model);
    cm_split split = {0};
    cm_status status = cm_split_open(ctx, in, share, cm_option_choice(set, topic, "validate_by") == 1, &split);
    if (!status) status = fit_baskets(ctx, &split.kept, &split.aside, set, model);
    cm_split_close(ctx->core, &split);
    return status;
}

extern const cm_method cm_together_method;
const cm_method cm_together_method = {
    .topic = {"together", "what is bought together: similar items, pair by pair", options},
    .input = CM_INPUT_BASKETS,
    .incomplete = "no items",
    .inputs = inputs,
    .outputs = outputs,
    .fit = fit,
    .compile = cm_together_compile,
    .discard = cm_together_discard,
    .apply = cm_together_apply,
};
