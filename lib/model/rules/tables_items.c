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
    int32_t scale;
} column;

static cm_status open_table(cm_context *ctx, const column *columns, uint64_t count, cm_builder **out) {
    cm_status status = cm_builder_new(ctx, out);
    for (uint64_t i = 0; i < count && !status; i++)
        if (columns[i].present)
            status = cm_builder_column(ctx, *out, columns[i].name, columns[i].type, columns[i].scale, CM_ROLE_NONE);
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
    const cm_measure *measure = cm_measure_find("lift", 4);
    uint64_t count = 0;
    for (uint64_t i = 0; i < book->rule_count; i++) {
        const cm_rule *rule = &book->rules[i];
        const uint32_t *items = cm_rulebook_items(book, rule->set);
        cm_counts counts = cm_rulebook_counts(book, rule);
        double lift = measure->of(&counts);
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

/* Items of rules alone, where no more is known. */
static cm_status rule_items_table(cm_context *ctx, const cm_rulebook *book, const part *parts, cm_key *keys,
                                  uint64_t count, cm_table **out) {
    const column columns[] = {{"item", CM_STRING, true, 0},       {"name", CM_STRING, book->name_of != NULL, 0},
                              {"rules", CM_INT64, true, 0},       {"antecedents", CM_INT64, true, 0},
                              {"consequents", CM_INT64, true, 0}, {"mean_lift", CM_FLOAT64, true, 0}};
    cm_builder *builder = NULL;
    cm_status status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count; i++) keys[i].key = ~(parts[keys[i].value].left + parts[keys[i].value].right);
    if (!status) status = cm_sort_keys(ctx, keys, count);
    if (!status) status = open_table(ctx, columns, 6, &builder);
    for (uint64_t i = 0; i < count && !status; i++)
        status = add_key_item(ctx, builder, book, (uint32_t)keys[i].value, &parts[keys[i].value]);
    return close_table(ctx, builder, status, out);
}

/* The item of each row of a table, by its text: its number, from 1; 0: it is not frequent. */
static cm_status find_items(cm_context *ctx, const cm_rulebook *book, const cm_table *table, uint32_t *out) {
    const cm_market *market = book->market;
    uint64_t size = market->column->dictionary_size, at = 0;
    uint32_t *by_code = cm_alloc(ctx, size, sizeof *by_code);
    cm_status status = by_code ? cm_table_require(ctx, table, "item", &at) : ctx->error.status;
    for (uint64_t i = 0; i < market->count && !status; i++) by_code[market->codes[i]] = (uint32_t)i + 1;
    for (uint64_t row = 0; row < table->rows && !status; row++) {
        uint64_t length = 0;
        const char *text = cm_table_text(table, row, at, 0, &length);
        int32_t code = text ? cm_dictionary_find(market->column->dictionary, text, length) : -1;
        if (code >= 0 && (uint64_t)code < size) out[row] = by_code[code];
    }
    cm_free(ctx->core, by_code, size, sizeof *by_code);
    return status;
}

/* What is known of all items, and beside it their rules. */
static cm_status all_items_table(cm_context *ctx, const cm_rulebook *book, const part *parts, const cm_table *known,
                                 cm_table **out) {
    static const char *const names[] = {"rules", "antecedents", "consequents"};
    cm_sheet sheet = {.rows = known->rows};
    int64_t *counts[3] = {NULL};
    double *lifts = NULL;
    uint32_t *items = cm_alloc(ctx, known->rows, sizeof *items);
    cm_status status = items ? find_items(ctx, book, known, items) : ctx->error.status;
    for (uint64_t i = 0; i < known->column_count && !status; i++)
        status = cm_sheet_share(ctx, &sheet, known->columns[i]);
    for (int i = 0; i < 3 && !status; i++) status = cm_sheet_ints(ctx, &sheet, names[i], &counts[i]);
    if (!status) status = cm_sheet_doubles(ctx, &sheet, "mean_lift", &lifts);
    for (uint64_t row = 0; row < known->rows && !status; row++) {
        const part *one = items[row] ? &parts[items[row] - 1] : &(part){0};
        counts[0][row] = (int64_t)(one->left + one->right);
        counts[1][row] = (int64_t)one->left;
        counts[2][row] = (int64_t)one->right;
        if (counts[0][row])
            lifts[row] = one->lifts / (double)counts[0][row];
        else
            status = cm_sheet_absent(ctx, &sheet, row);
    }
    cm_free(ctx->core, items, known->rows, sizeof *items);
    return cm_sheet_close(ctx, &sheet, status, out);
}

cm_status cm_key_items_table(cm_context *ctx, const cm_rulebook *book, cm_table **out) {
    const cm_table *known = cm_table_attachment(book->market->table, "key_items");
    uint64_t items = book->market->count;
    cm_key *keys = cm_alloc(ctx, items, sizeof *keys);
    part *parts = keys ? cm_alloc(ctx, items, sizeof *parts) : NULL;
    cm_status status = parts ? CM_OK : ctx->error.status;
    if (!status) {
        uint64_t count = key_items(book, parts, keys);
        status = known && known->chunk_count == 1 ? all_items_table(ctx, book, parts, known, out)
                                                  : rule_items_table(ctx, book, parts, keys, count, out);
    }
    cm_free(ctx->core, keys, items, sizeof *keys);
    cm_free(ctx->core, parts, items, sizeof *parts);
    return status;
}

/* The frequent items as they are numbered: by falling frequency, then in byte order. */
cm_status cm_items_table(cm_context *ctx, const cm_rulebook *book, uint64_t count, cm_table **out) {
    bool names = book->name_of != NULL;
    const column columns[] = {{"item", CM_STRING, true, 0},
                              {"name", CM_STRING, names, 0},
                              {"count", cm_counts_type(book->market), true, book->market->scale},
                              {"support", CM_FLOAT64, true, 0}};
    cm_builder *builder = NULL;
    cm_status status = open_table(ctx, columns, 4, &builder);
    for (uint64_t item = 0; item < count && !status; item++) {
        uint64_t frequency = cm_market_frequency(book->market, item), at = 1;
        status = put_text(ctx, builder, 0, text_of(book, (uint32_t)item));
        if (!status && names) status = put_text(ctx, builder, at++, name_of(book, (uint32_t)item));
        if (!status) status = cm_builder_int(ctx, builder, at++, (int64_t)frequency);
        if (!status) status = cm_builder_double(ctx, builder, at, (double)frequency / (double)book->market->total);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    return close_table(ctx, builder, status, out);
}
