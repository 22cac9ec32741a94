/* The model's tables. */
#include <float.h>
#include <string.h>

#include "base/sort.h"
#include "model/rules/rules.h"

static cm_text text_of(const cm_rulebook *book, uint32_t item) {
    return cm_dictionary_text(book->market->column->dictionary, book->market->codes[item]);
}

/* An item's name, or its code where it has none. */
static cm_text name_of(const cm_rulebook *book, uint32_t item) {
    return book->name_of && book->name_of[item].data ? book->name_of[item] : text_of(book, item);
}

static cm_status put_text(cm_context *ctx, cm_builder *builder, uint64_t column, cm_text text) {
    return cm_builder_text(ctx, builder, column, text.data, text.length);
}

static cm_status put_items(cm_context *ctx, cm_builder *builder, uint64_t column, const cm_rulebook *book,
                           const uint32_t *items, uint64_t count, bool names) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < count && !status; i++)
        status = put_text(ctx, builder, column, names ? name_of(book, items[i]) : text_of(book, items[i]));
    return status;
}

typedef struct column {
    const char *name;
    int32_t type;
    bool present;
} column;

static cm_status open_table(cm_context *ctx, const column *columns, uint64_t count, cm_builder **out) {
    cm_status status = cm_builder_new(ctx, out);
    for (uint64_t i = 0; i < count && !status; i++)
        if (columns[i].present)
            status = cm_builder_column(ctx, *out, columns[i].name, columns[i].type, 0, CM_ROLE_NONE);
    return status;
}

static cm_status close_table(cm_context *ctx, cm_builder *builder, cm_status status, cm_table **out) {
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* ---- rules ---- */

enum { ANTECEDENT, CONSEQUENT, COUNT, SUPPORT, CONFIDENCE, LIFT, LEVERAGE, CONVICTION, NAMES };

static cm_status put_measures(cm_context *ctx, cm_builder *builder, const cm_measures *all) {
    cm_status status = cm_builder_int(ctx, builder, COUNT, (int64_t)all->count);
    if (!status) status = cm_builder_double(ctx, builder, SUPPORT, all->support);
    if (!status) status = cm_builder_double(ctx, builder, CONFIDENCE, all->confidence);
    if (!status) status = cm_builder_double(ctx, builder, LIFT, all->lift);
    if (!status) status = cm_builder_double(ctx, builder, LEVERAGE, all->leverage);
    if (!status && all->conviction <= DBL_MAX) status = cm_builder_double(ctx, builder, CONVICTION, all->conviction);
    return status;
}

static cm_status add_rule(cm_context *ctx, cm_builder *builder, const cm_rulebook *book, const cm_rule *rule,
                          const cm_rule_customers *customers) {
    const uint32_t *items = cm_rulebook_items(book, rule->antecedent);
    uint64_t length = cm_rulebook_length(book, rule->antecedent), at = NAMES;
    cm_measures all = cm_rulebook_measures(book, rule);
    cm_status status = put_items(ctx, builder, ANTECEDENT, book, items, length, false);
    if (!status) status = put_items(ctx, builder, CONSEQUENT, book, &rule->consequent, 1, false);
    if (!status) status = put_measures(ctx, builder, &all);
    if (!status && book->name_of) {
        status = put_items(ctx, builder, at++, book, items, length, true);
        if (!status) status = put_items(ctx, builder, at++, book, &rule->consequent, 1, true);
    }
    if (!status && customers) {
        status = cm_builder_int(ctx, builder, at++, (int64_t)customers->customers);
        if (!status) status = cm_builder_double(ctx, builder, at, customers->largest_share);
    }
    return status ? status : cm_builder_row(ctx, builder);
}

cm_status cm_rules_table(cm_context *ctx, const cm_rulebook *book, cm_table **out) {
    cm_rule_customers *customers = NULL;
    cm_builder *builder = NULL;
    cm_status status = cm_rules_customers(ctx, book, &customers);
    bool names = book->name_of != NULL, known = customers != NULL;
    const column columns[] = {
        {"antecedent", CM_LIST, true},       {"consequent", CM_LIST, true},    {"count", CM_INT64, true},
        {"support", CM_FLOAT64, true},       {"confidence", CM_FLOAT64, true}, {"lift", CM_FLOAT64, true},
        {"leverage", CM_FLOAT64, true},      {"conviction", CM_FLOAT64, true}, {"antecedent_name", CM_LIST, names},
        {"consequent_name", CM_LIST, names}, {"customers", CM_INT64, known},   {"largest_share", CM_FLOAT64, known}};
    if (!status) status = open_table(ctx, columns, sizeof columns / sizeof *columns, &builder);
    for (uint64_t i = 0; i < book->rule_count && !status; i++) {
        if (i % 1024 == 0) status = cm_tick(ctx, "rules", i, book->rule_count);
        if (!status) status = add_rule(ctx, builder, book, &book->rules[i], known ? &customers[i] : NULL);
    }
    cm_free(ctx->core, customers, book->rule_count, sizeof *customers);
    return close_table(ctx, builder, status, out);
}

/* ---- itemsets ---- */

enum { FREQUENT, CLOSED, MAXIMAL };

static bool is_shown(const cm_rulebook *book, uint64_t set, int32_t which) {
    if (which == CLOSED) return !(book->supersets[set] & CM_SET_HAS_EQUAL);
    return which == FREQUENT || !(book->supersets[set] & CM_SET_HAS_SUPERSET);
}

static cm_status add_set(cm_context *ctx, cm_builder *builder, const cm_rulebook *book, uint64_t set) {
    uint64_t length = cm_rulebook_length(book, set), count = cm_rulebook_count(book, set);
    cm_status status = put_items(ctx, builder, 0, book, cm_rulebook_items(book, set), length, false);
    if (!status) status = cm_builder_int(ctx, builder, 1, (int64_t)length);
    if (!status) status = cm_builder_int(ctx, builder, 2, (int64_t)count);
    if (!status) status = cm_builder_double(ctx, builder, 3, (double)count / (double)book->market->baskets);
    return status ? status : cm_builder_row(ctx, builder);
}

/* By count, falling, then items. */
cm_status cm_itemsets_table(cm_context *ctx, const cm_rulebook *book, int32_t which, cm_table **out) {
    static const column columns[] = {
        {"items", CM_LIST, true}, {"length", CM_INT64, true}, {"count", CM_INT64, true}, {"support", CM_FLOAT64, true}};
    uint64_t total = book->sets->total, count = 0;
    cm_builder *builder = NULL;
    cm_key *keys = cm_alloc(ctx, total, sizeof *keys);
    cm_status status = keys ? open_table(ctx, columns, 4, &builder) : ctx->error.status;
    for (uint64_t set = 0; set < total && !status; set++)
        if (is_shown(book, set, which)) keys[count++] = (cm_key){book->places[set], set};
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) keys[i].key = ~cm_rulebook_count(book, keys[i].value);
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) {
        if (i % 1024 == 0) status = cm_tick(ctx, "itemsets", i, count);
        if (!status) status = add_set(ctx, builder, book, keys[i].value);
    }
    cm_free(ctx->core, keys, total, sizeof *keys);
    return close_table(ctx, builder, status, out);
}

/* ---- items ---- */

typedef struct part {
    uint64_t left, right;
    double lifts;
} part;

/* Items in rules, by the number of rules, falling, then item. */
static uint64_t key_items(const cm_rulebook *book, part *parts, cm_key *keys) {
    uint64_t count = 0;
    for (uint64_t i = 0; i < book->rule_count; i++) {
        const cm_rule *rule = &book->rules[i];
        const uint32_t *items = cm_rulebook_items(book, rule->set);
        double lift = cm_rulebook_measures(book, rule).lift;
        for (uint64_t at = 0; at < cm_rulebook_length(book, rule->set); at++) {
            part *one = &parts[items[at]];
            one->lifts += lift;
            if (items[at] == rule->consequent)
                one->right++;
            else
                one->left++;
        }
    }
    for (uint64_t item = 0; item < book->market->count; item++)
        if (parts[item].left + parts[item].right) keys[count++] = (cm_key){book->market->places[item], item};
    return count;
}

static cm_status add_key_item(cm_context *ctx, cm_builder *builder, const cm_rulebook *book, uint32_t item,
                              const part *one) {
    uint64_t rules = one->left + one->right, at = 1;
    cm_status status = put_text(ctx, builder, 0, text_of(book, item));
    if (!status && book->name_of) status = put_text(ctx, builder, at++, name_of(book, item));
    if (!status) status = cm_builder_int(ctx, builder, at++, (int64_t)rules);
    if (!status) status = cm_builder_int(ctx, builder, at++, (int64_t)one->left);
    if (!status) status = cm_builder_int(ctx, builder, at++, (int64_t)one->right);
    if (!status) status = cm_builder_double(ctx, builder, at, one->lifts / (double)rules);
    return status ? status : cm_builder_row(ctx, builder);
}

cm_status cm_key_items_table(cm_context *ctx, const cm_rulebook *book, cm_table **out) {
    const column columns[] = {{"item", CM_STRING, true},       {"name", CM_STRING, book->name_of != NULL},
                              {"rules", CM_INT64, true},       {"antecedents", CM_INT64, true},
                              {"consequents", CM_INT64, true}, {"mean_lift", CM_FLOAT64, true}};
    uint64_t items = book->market->count, count = 0;
    cm_builder *builder = NULL;
    cm_key *keys = cm_alloc(ctx, items, sizeof *keys);
    part *parts = keys ? cm_alloc(ctx, items, sizeof *parts) : NULL;
    cm_status status = parts ? open_table(ctx, columns, 6, &builder) : ctx->error.status;
    if (!status) {
        count = key_items(book, parts, keys);
        status = cm_sort_keys(ctx, keys, count);
    }
    for (uint64_t i = 0; i < count && !status; i++)
        keys[i].key = ~(parts[keys[i].value].left + parts[keys[i].value].right);
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++)
        status = add_key_item(ctx, builder, book, (uint32_t)keys[i].value, &parts[keys[i].value]);
    cm_free(ctx->core, keys, items, sizeof *keys);
    cm_free(ctx->core, parts, items, sizeof *parts);
    return close_table(ctx, builder, status, out);
}

/* The frequent items as they are numbered: by falling frequency, then in byte order. */
cm_status cm_items_table(cm_context *ctx, const cm_rulebook *book, uint64_t count, cm_table **out) {
    bool names = book->name_of != NULL;
    const column columns[] = {{"item", CM_STRING, true},
                              {"name", CM_STRING, names},
                              {"count", CM_INT64, true},
                              {"support", CM_FLOAT64, true}};
    cm_builder *builder = NULL;
    cm_status status = open_table(ctx, columns, 4, &builder);
    for (uint64_t item = 0; item < count && !status; item++) {
        uint64_t frequency = cm_market_frequency(book->market, item), at = 1;
        status = put_text(ctx, builder, 0, text_of(book, (uint32_t)item));
        if (!status && names) status = put_text(ctx, builder, at++, name_of(book, (uint32_t)item));
        if (!status) status = cm_builder_int(ctx, builder, at++, (int64_t)frequency);
        if (!status) status = cm_builder_double(ctx, builder, at, (double)frequency / (double)book->market->baskets);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    return close_table(ctx, builder, status, out);
}
