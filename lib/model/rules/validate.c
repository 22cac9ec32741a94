/* Rules again on baskets that they were not found in. Kept aside are the last baskets by date, or those that a stable
 * hash of their ids picks, so that the same baskets are kept aside in whatever order they come. All rules of a customer
 * would best be on one side; baskets are taken one by one, as the figures of rules count them. */
#include <string.h>

#include "base/hash.h"
#include "base/sort.h"
#include "model/rules/rules.h"

/* ---- which baskets ---- */

static int64_t find_column(const cm_table *table, int32_t role, const char *name) {
    int64_t column = cm_table_find_role(table, role);
    return column < 0 ? cm_table_find(table, name) : column;
}

/* A number for each basket, by its id or, without one, its row: it decides by order. */
static void hash_baskets(const cm_inputs *inputs, cm_key *keys) {
    static const cm_hash_key key = {UINT64_C(0x6375736d696e65), UINT64_C(0x72756c6573)};
    const cm_table *table = inputs->table;
    int64_t id = find_column(table, CM_ROLE_INVOICE, "basket");
    for (uint64_t i = 0; i < inputs->rows; i++) {
        uint64_t length, row = inputs->numbers[i];
        keys[i] = (cm_key){cm_hash_u64(key, row), i};
        if (id < 0 || cm_table_is_absent(table, row, (uint64_t)id)) continue;
        if (table->columns[id]->type == CM_STRING) {
            const char *text = cm_table_text(table, row, (uint64_t)id, 0, &length);
            keys[i].key = cm_hash_bytes(key, text, length);
        } else keys[i].key = cm_hash_u64(key, (uint64_t)cm_table_int(table, row, (uint64_t)id));
    }
}

static cm_status date_baskets(cm_context *ctx, const cm_inputs *inputs, cm_key *keys) {
    const cm_table *table = inputs->table;
    int64_t day = cm_table_find(table, "day");
    if (day < 0 || table->columns[day]->type != CM_DATE) return cm_fail(ctx, CM_E_COLUMN, "RULES_NO_DAY", "");
    for (uint64_t i = 0; i < inputs->rows; i++)
        keys[i] = (cm_key){cm_key_of_int(cm_table_int(table, inputs->numbers[i], (uint64_t)day)), i};
    return CM_OK;
}

/* The last `count` of sorted keys, and all that equal the first of them; at least one stays. */
static uint64_t cut(const cm_key *keys, uint64_t total, uint64_t count) {
    uint64_t from = total - count;
    while (from > 0 && count && keys[from - 1].key == keys[from].key) from--;
    return from;
}

static cm_status split(cm_context *ctx, const cm_inputs *inputs, double share, bool by_date, uint8_t *aside) {
    cm_key *keys = cm_alloc(ctx, inputs->rows, sizeof *keys);
    cm_status status = keys ? CM_OK : ctx->error.status;
    if (!status && by_date) status = date_baskets(ctx, inputs, keys);
    if (!status && !by_date) hash_baskets(inputs, keys);
    if (!status) status = cm_sort_keys(ctx, keys, inputs->rows);
    if (!status) {
        uint64_t from = cut(keys, inputs->rows, (uint64_t)(share * (double)inputs->rows));
        if (from == 0 || from == inputs->rows) status = cm_fail(ctx, CM_E_OPTION, "RULES_NO_SPLIT", "u", inputs->rows);
        for (uint64_t i = from; i < inputs->rows; i++) aside[keys[i].value] = 1;
    }
    cm_free(ctx->core, keys, inputs->rows, sizeof *keys);
    return status;
}

cm_status cm_split_open(cm_context *ctx, const cm_inputs *inputs, double share, bool by_date, cm_split *out) {
    *out = (cm_split){.kept = *inputs, .aside = *inputs, .room = inputs->rows};
    out->kept.numbers = out->aside.numbers = NULL;
    uint8_t *aside = cm_alloc(ctx, inputs->rows, 1);
    cm_status status = aside ? split(ctx, inputs, share, by_date, aside) : ctx->error.status;
    if (!status
        && (!(out->kept.numbers = cm_alloc(ctx, inputs->rows, sizeof(uint64_t)))
            || !(out->aside.numbers = cm_alloc(ctx, inputs->rows, sizeof(uint64_t)))))
        status = ctx->error.status;
    out->kept.rows = out->aside.rows = 0;
    for (uint64_t i = 0; i < inputs->rows && !status; i++) {
        cm_inputs *side = aside[i] ? &out->aside : &out->kept;
        side->numbers[side->rows++] = inputs->numbers[i];
    }
    cm_free(ctx->core, aside, inputs->rows, 1);
    return status;
}

void cm_split_close(cm_core *core, cm_split *split) {
    cm_free(core, split->kept.numbers, split->room, sizeof(uint64_t));
    cm_free(core, split->aside.numbers, split->room, sizeof(uint64_t));
    *split = (cm_split){0};
}

/* ---- the rules on them ---- */

#define NO_ITEM UINT32_MAX

typedef struct trial {
    const cm_rulebook *book;
    cm_market market;   /* of the baskets kept aside */
    uint32_t *item_of;  /* there, by item of the book */
    uint32_t *baskets, *items;
} trial;

/* Baskets kept aside with all items of a set; 0 if one of them is in none. */
static uint64_t count_set(trial *own, uint64_t set) {
    uint64_t length = cm_rulebook_length(own->book, set);
    const uint32_t *items = cm_rulebook_items(own->book, set);
    for (uint64_t i = 0; i < length; i++) {
        own->items[i] = own->item_of[items[i]];
        if (own->items[i] == NO_ITEM) return 0;
    }
    return cm_market_with_all(&own->market, own->items, length, own->baskets);
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
    if (!status) status = cm_market_index(ctx, &own.market, 1);
    if (!status) status = cm_market_turn(ctx, &own.market);
    if (!status) status = open_trial(ctx, book, &own);
    book->kept_aside = aside->rows;
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
