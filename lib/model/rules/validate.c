/* Rules counted again on baskets that they were not found in. */
#include "model/rules/rules.h"

#define NO_ITEM UINT32_MAX

typedef struct trial {
    const cm_rulebook *book;
    cm_market market;   /* of the baskets kept aside */
    uint32_t *item_of;  /* there, by item of the book */
    uint32_t *baskets, *items;
} trial;

/* The weight of the baskets kept aside with all items of a set; 0 if one of them is in none. */
static uint64_t count_set(trial *own, uint64_t set) {
    uint64_t length = cm_rulebook_length(own->book, set);
    if (set == CM_NO_SET) return own->market.total;
    const uint32_t *items = cm_rulebook_items(own->book, set);
    for (uint64_t i = 0; i < length; i++) {
        own->items[i] = own->item_of[items[i]];
        if (own->items[i] == NO_ITEM) return 0;
    }
    uint64_t count = cm_market_with_all(&own->market, own->items, length, own->baskets);
    return cm_market_sum(&own->market, own->baskets, count);
}

static cm_status open_trial(cm_context *ctx, cm_rulebook *book, trial *own) {
    uint64_t codes = own->market.column->dictionary_size;
    uint32_t *by_code = cm_alloc(ctx, codes, sizeof *by_code);
    own->item_of = cm_alloc(ctx, book->market->count, sizeof *own->item_of);
    own->baskets = cm_alloc(ctx, own->market.baskets, sizeof *own->baskets);
    own->items = cm_alloc(ctx, book->sets->longest, sizeof *own->items);
    book->checks = cm_alloc(ctx, book->rule_capacity, sizeof *book->checks);
    bool all = by_code && own->item_of && own->baskets && own->items && book->checks;
    for (uint64_t i = 0; i < codes && all; i++) by_code[i] = NO_ITEM;
    for (uint64_t i = 0; i < own->market.count && all; i++) by_code[own->market.codes[i]] = (uint32_t)i;
    for (uint64_t i = 0; i < book->market->count && all; i++) own->item_of[i] = by_code[book->market->codes[i]];
    cm_free(ctx->core, by_code, codes, sizeof *by_code);
    return all ? CM_OK : ctx->error.status;
}

cm_status cm_rules_check(cm_context *ctx, cm_rulebook *book, const cm_inputs *aside, const cm_options *options,
                         const cm_topic *topic) {
    trial own = {.book = book};
    cm_status status = cm_market_open(ctx, aside, options, topic, &own.market);
    if (!status) status = cm_market_weigh(ctx, &own.market, cm_option_text(options, topic, "weight"));
    if (!status) status = cm_market_index(ctx, &own.market, 1);
    if (!status) status = cm_market_turn(ctx, &own.market);
    if (!status) status = open_trial(ctx, book, &own);
    book->kept_aside = aside->rows;
    book->weight_aside = own.market.total;
    for (uint64_t i = 0; i < book->rule_count && !status; i++) {
        const cm_rule *rule = &book->rules[i];
        book->checks[i] = (cm_rule_check){count_set(&own, rule->antecedent), count_set(&own, rule->consequent),
                                          count_set(&own, rule->set)};
        if (i % 16 == 0) status = cm_tick(ctx, "rules", i, book->rule_count);
    }
    cm_free(ctx->core, own.item_of, book->market->count, sizeof *own.item_of);
    cm_free(ctx->core, own.baskets, own.market.baskets, sizeof *own.baskets);
    cm_free(ctx->core, own.items, book->sets->longest, sizeof *own.items);
    cm_market_close(ctx->core, &own.market);
    return status;
}
