/* What became of it all: the tables of lengths and diagnostics, and all tables into the model. */
#include <string.h>

#include "model/rules/fit.h"

static const char *note_of(const cm_market *market, const cm_mining *how) {
    double cells = (double)market->item_starts[market->count];
    if (how->algorithm == CM_MINE_APRIORI) return "apriori: as asked for";
    if (cm_mining_algorithm(market, how) != how->algorithm)
        return "eclat: the weights add up to more than 32 bits, in which the arrays count";
    if (how->algorithm == CM_MINE_ECLAT)
        return "eclat: as asked for; bitmaps, lists or diffsets by the density of each class";
    return cells > (double)market->baskets * (double)market->count / 8
               ? "occurrence delivery on arrays: dense baskets, equal ones merged and subsets of ten items counted at "
                 "once"
               : "occurrence delivery on arrays: sparse baskets, by bitmaps where an item has few";
}

/* Of the baskets as they came, or as they were made. */
static uint64_t repeats_of(const cm_market *market) {
    const cm_table *before = cm_table_attachment(market->table, "repeats");
    return market->repeats.items || !before ? market->repeats.items : (uint64_t)cm_table_int(before, 0, 0);
}

static cm_status put_repeats(cm_context *ctx, cm_model *model, const cm_market *market) {
    cm_table *table = NULL, *before = cm_table_attachment(market->table, "repeats");
    if (!market->repeats.items) return before ? cm_model_put(ctx, model, "repeats", before) : CM_OK;
    cm_status status = cm_repeats_table(ctx, market->table, &market->repeats, &table);
    return cm_model_give(ctx, model, "repeats", status, &table);
}

static cm_status diagnostics_table(cm_context *ctx, const cm_rulebook *book, const cm_outcome *what, cm_table **out) {
    const cm_market *market = book->market;
    const cm_mining *how = &what->how;
    double unit = (double)market->unit;
    uint64_t complete = book->sets->complete_from ? book->sets->complete_from : how->least;
    const struct {
        const char *name;
        double value;
        const char *note;
    } all[] = {{"baskets", (double)market->baskets, NULL},
               {market->weights ? "weight" : NULL, (double)market->total / unit, NULL},
               {"items", (double)market->distinct, NULL},
               {"frequent_items", (double)cm_market_frequent(market, how->least), NULL},
               {"repeated_items", (double)repeats_of(market), "one too many in a basket: counted once (table repeats)"},
               {"support_chosen", what->chosen, NULL},
               {"least_count", (double)how->least / unit, NULL},
               {"support", (double)how->least / (double)market->total, NULL},
               {"itemsets", (double)book->sets->total, NULL},
               {"longest", (double)book->sets->longest, NULL},
               {"rules", (double)book->rule_count, NULL},
               {"rules_tested", (double)book->tested, NULL},
               {"baskets_kept_aside", (double)book->kept_aside, NULL},
               {"truncated", book->sets->complete_from > 0, NULL},
               {"complete_from", (double)complete / unit, NULL},
               {"algorithm", how->algorithm, note_of(market, how)}};
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "name", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "value", CM_FLOAT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "note", CM_STRING, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < sizeof all / sizeof *all && !status; i++) {
        if (!all[i].name) continue;
        status = cm_builder_text(ctx, builder, 0, all[i].name, strlen(all[i].name));
        if (!status) status = cm_builder_double(ctx, builder, 1, all[i].value);
        if (!status && all[i].note) status = cm_builder_text(ctx, builder, 2, all[i].note, strlen(all[i].note));
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

static cm_status lengths_table(cm_context *ctx, const cm_itemsets *sets, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "length", CM_INT64, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "itemsets", CM_INT64, 0, CM_ROLE_NONE);
    for (uint64_t l = 0; l < sets->longest && !status; l++) {
        status = cm_builder_int(ctx, builder, 0, (int64_t)l + 1);
        if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)sets->levels[l].count);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

cm_status cm_rules_put_tables(cm_context *ctx, cm_model *model, const cm_rulebook *book, const cm_itemsets *sets,
                              const cm_options *set, const cm_outcome *what) {
    int32_t which = what->deliver == CM_DELIVER_ITEMSETS ? CM_SETS_FREQUENT : what->how.which;
    uint64_t frequent = cm_market_frequent(book->market, what->how.least);
    cm_table *table = NULL;
    cm_rulebook counted = {.market = book->market, .sets = sets};
    cm_status status =
        cm_model_give(ctx, model, "rules", cm_rules_table(ctx, book, set, &model->method->topic, &table), &table);
    if (!status) status = cm_model_give(ctx, model, "itemsets", cm_itemsets_table(ctx, book, which, &table), &table);
    if (!status) status = cm_model_give(ctx, model, "lengths", lengths_table(ctx, sets, &table), &table);
    if (!status) status = cm_model_give(ctx, model, "key_items", cm_key_items_table(ctx, book, &table), &table);
    cm_table *concentration = cm_table_attachment(book->market->table, "concentration");
    if (!status && concentration) status = cm_model_put(ctx, model, "concentration", concentration);
    if (!status) status = cm_model_give(ctx, model, "items", cm_items_table(ctx, book, frequent, &table), &table);
    if (!status) status = put_repeats(ctx, model, book->market);
    if (status) return status;
    const cm_rulebook *told = what->deliver == CM_DELIVER_COUNTS ? &counted : book;
    return cm_model_give(ctx, model, "diagnostics", diagnostics_table(ctx, told, what, &table), &table);
}
