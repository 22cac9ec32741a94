/* The tables of rules and itemsets, column by column: their size is known, and the texts of an item are looked up
 * once. */
#include <float.h>
#include <string.h>

#include "base/intervals.h"
#include "base/sort.h"
#include "model/rules/rules.h"

/* ---- items as texts ---- */

/* A dictionary of those items that a table has. */
typedef struct labels {
    const cm_rulebook *book;
    bool names;
    cm_dictionary *dictionary;
    int32_t *codes; /* by item, from 1; 0: not in the dictionary yet */
} labels;

static cm_status open_labels(cm_context *ctx, const cm_rulebook *book, bool names, labels *out) {
    *out = (labels){.book = book, .names = names, .codes = cm_alloc(ctx, book->market->count, sizeof *out->codes)};
    return out->codes ? cm_dictionary_new(ctx, &out->dictionary) : ctx->error.status;
}

static void close_labels(cm_core *core, labels *own) {
    if (own->codes) cm_free(core, own->codes, own->book->market->count, sizeof *own->codes);
    cm_dictionary_release(own->dictionary);
}

static cm_status add_label(cm_context *ctx, labels *own, uint32_t item) {
    const cm_market *market = own->book->market;
    int32_t code = 0;
    cm_text text = cm_dictionary_text(market->column->dictionary, market->codes[item]);
    if (own->names && own->book->name_of[item].data) text = own->book->name_of[item];
    cm_status status = cm_dictionary_add(ctx, own->dictionary, text.data, text.length, &code);
    own->codes[item] = code + 1;
    return status;
}

/* The codes of a set's items. */
static cm_status write_set(cm_context *ctx, labels *own, const uint32_t *items, uint64_t count, int32_t *to) {
    bool known = true;
    for (uint64_t i = 0; i < count; i++) {
        to[i] = own->codes[items[i]] - 1;
        known &= to[i] >= 0;
    }
    for (uint64_t i = 0; i < count && !known; i++) {
        cm_status status = to[i] < 0 ? add_label(ctx, own, items[i]) : CM_OK;
        if (status) return status;
        to[i] = own->codes[items[i]] - 1;
    }
    return CM_OK;
}

#define AHEAD 16 /* sets that are fetched before their turn: they lie anywhere */

/* A column of sets, or of the names of their items in the same order. */
static cm_status add_sets(cm_context *ctx, cm_sheet *sheet, const char *name, const cm_rulebook *book, bool names,
                          const uint32_t *sets) {
    int64_t *offsets = NULL;
    int32_t *codes = NULL;
    uint64_t items = 0;
    labels own;
    for (uint64_t i = 0; i < sheet->rows; i++) items += cm_rulebook_length(book, sets[i]);
    cm_status status = open_labels(ctx, book, names, &own);
    if (!status) status = cm_sheet_lists(ctx, sheet, name, own.dictionary, items, &offsets, &codes);
    for (uint64_t row = 0; row < sheet->rows && !status; row++) {
        uint64_t length = cm_rulebook_length(book, sets[row]);
        offsets[row + 1] = offsets[row] + (int64_t)length;
        if (row + AHEAD < sheet->rows) __builtin_prefetch(cm_rulebook_items(book, sets[row + AHEAD]));
        if (row % 65536 == 0) status = cm_tick(ctx, "rules", row, sheet->rows);
        if (!status) status = write_set(ctx, &own, cm_rulebook_items(book, sets[row]), length, codes + offsets[row]);
    }
    close_labels(ctx->core, &own);
    return status;
}

/* ---- rules ---- */

/* The sides of all rules, one after the other. */
static cm_status add_sides(cm_context *ctx, cm_sheet *sheet, const cm_rulebook *book, bool names) {
    uint32_t *sets = cm_alloc(ctx, book->rule_count, sizeof *sets);
    cm_status status = sets ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < book->rule_count && !status; i++) sets[i] = book->rules[i].antecedent;
    if (!status) status = add_sets(ctx, sheet, names ? "antecedent_name" : "antecedent", book, names, sets);
    for (uint64_t i = 0; i < book->rule_count && !status; i++) sets[i] = book->rules[i].consequent;
    if (!status) status = add_sets(ctx, sheet, names ? "consequent_name" : "consequent", book, names, sets);
    cm_free(ctx->core, sets, book->rule_count, sizeof *sets);
    return status;
}

static cm_status add_measure(cm_context *ctx, cm_sheet *sheet, const cm_rulebook *book, const cm_measure *measure) {
    int64_t *counts = NULL;
    double *values = NULL;
    bool count = measure == &cm_measures[0];
    cm_status status = count ? cm_counts_column(ctx, sheet, measure->name, book->market, &counts)
                             : cm_sheet_doubles(ctx, sheet, measure->name, &values);
    for (uint64_t i = 0; i < book->rule_count && !status; i++) {
        cm_counts four = cm_rulebook_counts(book, &book->rules[i]);
        double value = count ? 0 : measure->of(&four);
        if (count)
            counts[i] = (int64_t)four.both;
        else if (value <= DBL_MAX)
            values[i] = value;
        else
            status = cm_sheet_absent(ctx, sheet, i);
    }
    return status;
}

/* `all` are those that mean something: no tests of weights with decimals. */
static bool is_asked(const cm_measure *measure, bool decimals, const char *const *names, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        bool all = !strcmp(names[i], "all") && !(decimals && measure->test);
        if (all || !strcmp(names[i], measure->name)) return true;
    }
    return false;
}

/* Those that are always shown, or those that are asked for besides. */
static cm_status add_measures(cm_context *ctx, cm_sheet *sheet, const cm_rulebook *book, const cm_options *options,
                              const cm_topic *topic, bool shown) {
    const char *const *names;
    uint64_t count = cm_option_list(options, topic, "measures", &names);
    bool decimals = book->market->scale > 0;
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < CM_MEASURES && !status; i++)
        if (cm_measures[i].shown == shown && (shown || is_asked(&cm_measures[i], decimals, names, count)))
            status = add_measure(ctx, sheet, book, &cm_measures[i]);
    return status;
}

static cm_status add_customers(cm_context *ctx, cm_sheet *sheet, const cm_rulebook *book) {
    int64_t *customers = NULL;
    double *shares = NULL;
    cm_status status = cm_sheet_ints(ctx, sheet, "customers", &customers);
    if (!status) status = cm_sheet_doubles(ctx, sheet, "largest_share", &shares);
    for (uint64_t i = 0; i < book->rule_count && !status; i++) {
        customers[i] = (int64_t)book->customers[i].customers;
        shares[i] = book->customers[i].largest_share;
    }
    return status;
}

static cm_status add_interval(cm_context *ctx, cm_sheet *sheet, const cm_rulebook *book, double inside) {
    double *low = NULL, *high = NULL, z = cm_normal_z(inside);
    cm_status status = cm_sheet_doubles(ctx, sheet, "confidence_low", &low);
    if (!status) status = cm_sheet_doubles(ctx, sheet, "confidence_high", &high);
    for (uint64_t i = 0; i < book->rule_count && !status; i++) {
        cm_counts four = cm_rulebook_counts(book, &book->rules[i]);
        cm_wilson(four.both, four.left, z, &low[i], &high[i]);
    }
    return status;
}

static cm_status add_significance(cm_context *ctx, cm_sheet *sheet, const cm_rulebook *book) {
    double *adjusted = NULL;
    int64_t *tested = NULL;
    cm_status status = cm_sheet_doubles(ctx, sheet, "p_adjusted", &adjusted);
    if (!status) status = cm_sheet_ints(ctx, sheet, "rules_tested", &tested);
    for (uint64_t i = 0; i < book->rule_count && !status; i++) {
        adjusted[i] = book->rules[i].adjusted;
        tested[i] = (int64_t)book->tested;
    }
    return status;
}

/* A measure on the baskets kept aside; a share that has no whole is absent. */
static cm_status add_check(cm_context *ctx, cm_sheet *sheet, const cm_rulebook *book, const char *name,
                           const char *measure) {
    double *values = NULL;
    const cm_measure *one = cm_measure_find(measure, strlen(measure));
    bool of_all = !strcmp(measure, "support"), of_left = !strcmp(measure, "confidence");
    cm_status status = cm_sheet_doubles(ctx, sheet, name, &values);
    for (uint64_t i = 0; i < book->rule_count && !status; i++) {
        const cm_rule_check *check = &book->checks[i];
        cm_counts four = {book->weight_aside, check->left, check->right, check->both};
        if (of_all || (four.left && (of_left || four.right)))
            values[i] = one->of(&four);
        else
            status = cm_sheet_absent(ctx, sheet, i);
    }
    return status;
}

static cm_status add_checks(cm_context *ctx, cm_sheet *sheet, const cm_rulebook *book) {
    int64_t *counts = NULL;
    cm_status status = cm_counts_column(ctx, sheet, "holdout_count", book->market, &counts);
    for (uint64_t i = 0; i < book->rule_count && !status; i++) counts[i] = (int64_t)book->checks[i].both;
    if (!status) status = add_check(ctx, sheet, book, "holdout_support", "support");
    if (!status) status = add_check(ctx, sheet, book, "holdout_confidence", "confidence");
    return status ? status : add_check(ctx, sheet, book, "holdout_lift", "lift");
}

cm_status cm_rules_table(cm_context *ctx, const cm_rulebook *book, const cm_options *options, const cm_topic *topic,
                         cm_table **out) {
    cm_sheet sheet = {.rows = book->rule_count};
    double inside = cm_option_number(options, topic, "interval");
    cm_status status = add_sides(ctx, &sheet, book, false);
    if (!status) status = add_measures(ctx, &sheet, book, options, topic, true);
    if (!status && book->name_of) status = add_sides(ctx, &sheet, book, true);
    if (!status && book->customers) status = add_customers(ctx, &sheet, book);
    if (!status) status = add_measures(ctx, &sheet, book, options, topic, false);
    if (!status && inside > 0) status = add_interval(ctx, &sheet, book, inside);
    if (!status && book->tested) status = add_significance(ctx, &sheet, book);
    if (!status && book->checks) status = add_checks(ctx, &sheet, book);
    return cm_sheet_close(ctx, &sheet, status, out);
}

/* ---- itemsets ---- */

enum { FREQUENT, CLOSED, MAXIMAL };

/* A set with a superset in as many baskets is not closed, one with any superset is not maximal. */
static void hide(const cm_rulebook *book, int32_t which, uint8_t *hidden) {
    const uint32_t *parts = book->parts;
    for (uint64_t set = 0; set < book->sets->total; parts += book->lengths[set], set++)
        for (uint64_t at = 0; at < book->lengths[set] && book->lengths[set] > 1; at++)
            if (which == MAXIMAL || book->counts[parts[at]] == book->counts[set]) hidden[parts[at]] = 1;
}

/* The sets that are shown, by count, falling, then items. */
static cm_status choose_sets(cm_context *ctx, const cm_rulebook *book, int32_t which, uint32_t *sets, uint64_t *count) {
    uint64_t total = book->sets->total;
    cm_key *keys = cm_alloc_raw(ctx, total, sizeof *keys);
    uint8_t *hidden = keys && which != FREQUENT ? cm_alloc(ctx, total, 1) : NULL;
    cm_status status = keys && (hidden || which == FREQUENT) ? CM_OK : ctx->error.status;
    if (!status && hidden) hide(book, which, hidden);
    for (uint64_t set = 0; set < total && !status; set++) keys[book->places[set]] = (cm_key){~book->counts[set], set};
    for (uint64_t i = 0; i < total && !status; i++)
        if (!hidden || !hidden[keys[i].value]) keys[(*count)++] = keys[i];
    if (!status) status = cm_sort_keys(ctx, keys, *count);
    for (uint64_t i = 0; i < *count && !status; i++) sets[i] = (uint32_t)keys[i].value;
    cm_free(ctx->core, hidden, total, 1);
    cm_free(ctx->core, keys, total, sizeof *keys);
    return status;
}

static cm_status add_lengths(cm_context *ctx, cm_sheet *sheet, const cm_rulebook *book, const uint32_t *sets) {
    int64_t *lengths = NULL, *counts = NULL;
    double *supports = NULL;
    cm_status status = cm_sheet_ints(ctx, sheet, "length", &lengths);
    if (!status) status = cm_counts_column(ctx, sheet, "count", book->market, &counts);
    if (!status) status = cm_sheet_doubles(ctx, sheet, "support", &supports);
    for (uint64_t i = 0; i < sheet->rows && !status; i++) {
        lengths[i] = (int64_t)cm_rulebook_length(book, sets[i]);
        counts[i] = (int64_t)book->counts[sets[i]];
        supports[i] = (double)counts[i] / (double)book->market->total;
    }
    return status;
}

cm_status cm_itemsets_table(cm_context *ctx, const cm_rulebook *book, int32_t which, cm_table **out) {
    cm_sheet sheet = {0};
    uint32_t *sets = cm_alloc_raw(ctx, book->sets->total, sizeof *sets);
    cm_status status = sets ? choose_sets(ctx, book, which, sets, &sheet.rows) : ctx->error.status;
    if (!status) status = add_sets(ctx, &sheet, "items", book, false, sets);
    if (!status) status = add_lengths(ctx, &sheet, book, sets);
    cm_free(ctx->core, sets, book->sets->total, sizeof *sets);
    return cm_sheet_close(ctx, &sheet, status, out);
}
