/* The tables of items. */
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

/* ---- items ---- */

typedef struct part {
    uint64_t left, right;
    double lifts;
} part;

static bool has_item(const uint32_t *items, uint64_t count, uint32_t item) {
    for (uint64_t i = 0; i < count; i++)
        if (items[i] == item) return true;
    return false;
}

/* Items in rules, by the number of rules, falling, then item. */
static uint64_t key_items(const cm_rulebook *book, part *parts, cm_key *keys) {
    uint64_t count = 0;
    for (uint64_t i = 0; i < book->rule_count; i++) {
        const cm_rule *rule = &book->rules[i];
        const uint32_t *items = cm_rulebook_items(book, rule->set);
        cm_counts counts = cm_rulebook_counts(book, rule);
        double lift = cm_measure_find("lift", 4)->of(&counts);
        const uint32_t *right = cm_rulebook_items(book, rule->consequent);
        uint64_t rights = cm_rulebook_length(book, rule->consequent);
        for (uint64_t at = 0; at < cm_rulebook_length(book, rule->set); at++) {
            part *one = &parts[items[at]];
            one->lifts += lift;
            if (has_item(right, rights, items[at]))
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
