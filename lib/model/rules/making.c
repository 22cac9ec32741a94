/* The rules that hold: those of all that pass the filters, in their order. */
#include <float.h>
#include <string.h>

#include "base/number.h"
#include "model/rules/rules.h"
#include "table/order.h"

/* ---- filters ---- */

typedef struct condition {
    const cm_measure *measure;
    bool below, equal; /* at most or below; the bound itself will do */
    double bound;
} condition;

typedef struct filters {
    condition *all;
    uint64_t count;
} filters;

static bool passes(const condition *one, const cm_counts *counts) {
    double value = one->measure->of(counts);
    if (value == one->bound) return one->equal;
    return one->below ? value < one->bound : value > one->bound;
}

/* "lift>=2": a measure, >= > <= <, a number. */
static bool read_condition(const char *text, condition *out) {
    uint64_t name = strcspn(text, "<>"), length = strlen(text);
    if (name == length) return false;
    uint64_t from = name + 1 + (text[name + 1] == '=');
    *out = (condition){.measure = cm_measure_find(text, name),
                       .below = text[name] == '<',
                       .equal = text[name + 1] == '='};
    return out->measure && cm_parse_double(text + from, length - from, &out->bound);
}

/* The options confidence and lift are conditions, too. Weights come in units of which `unit` make one. */
static cm_status open_filters(cm_context *ctx, const cm_options *options, const cm_topic *topic, uint64_t unit,
                              filters *out) {
    static const char *const usual[] = {"confidence", "lift"};
    const char *const *texts;
    uint64_t count = cm_option_list(options, topic, "where", &texts);
    out->all = cm_alloc(ctx, count + 2, sizeof *out->all);
    if (!out->all) return ctx->error.status;
    for (uint64_t i = 0; i < count + 2; i++) {
        condition *one = &out->all[out->count++];
        if (i < 2)
            *one = (condition){.measure = cm_measure_find(usual[i], strlen(usual[i])),
                               .equal = true,
                               .bound = cm_option_number(options, topic, usual[i])};
        else if (!read_condition(texts[i - 2], one))
            return cm_fail(ctx, CM_E_OPTION, "RULES_WHERE", "s", texts[i - 2]);
        if (unit > 1 && one->measure->test)
            return cm_fail(ctx, CM_E_OPTION, "RULES_WEIGHTS_TEST", "s", one->measure->name);
        if (one->measure == &cm_measures[0]) one->bound *= (double)unit;
    }
    return CM_OK;
}

/* ---- which rules ---- */

typedef struct choice {
    cm_rulebook *book;
    double least; /* confidence: it stands among the filters, too, but is asked first, as most rules fall short of it */
    filters filters;
    const double *adjusted; /* by rule as they are derived; NULL: not tested */
    double level;
    uint64_t next;
} choice;

static cm_status choose(cm_context *ctx, void *user, const cm_derived *one) {
    choice *own = user;
    cm_rulebook *book = own->book;
    cm_counts counts = cm_rulebook_counts(book, &one->rule);
    double adjusted = own->adjusted ? own->adjusted[own->next++] : 0;
    if (cm_confidence(counts.both, counts.left) < own->least || (own->adjusted && adjusted > own->level)) return CM_OK;
    for (uint64_t i = 0; i < own->filters.count; i++)
        if (!passes(&own->filters.all[i], &counts)) return CM_OK;
    if (book->rule_count >= UINT32_MAX) return cm_fail(ctx, CM_E_LIMIT, "RULES_SETS_LIMIT", "u", (uint64_t)UINT32_MAX);
    cm_status status = cm_reserve(ctx, &book->rules, &book->rule_capacity, book->rule_count + 1, sizeof *book->rules);
    if (status) return status;
    book->rules[book->rule_count] = one->rule;
    book->rules[book->rule_count++].adjusted = adjusted;
    return CM_OK;
}

static cm_status choose_rules(cm_context *ctx, cm_rulebook *book, const cm_options *options, const cm_topic *topic,
                              uint64_t most) {
    choice own = {.book = book,
                  .least = cm_option_number(options, topic, "confidence"),
                  .level = cm_option_number(options, topic, "significance")};
    double *adjusted = NULL;
    uint64_t tested = 0;
    cm_status status = open_filters(ctx, options, topic, book->market->unit, &own.filters);
    if (!status && own.level > 0) {
        status = cm_significance(ctx, book, most, cm_option_choice(options, topic, "adjust"), &adjusted, &tested);
        own.adjusted = adjusted;
        book->tested = tested;
    }
    if (!status) status = cm_derive(ctx, book, most, choose, &own);
    cm_free(ctx->core, adjusted, tested, sizeof *adjusted);
    cm_free(ctx->core, own.filters.all, cm_option_list(options, topic, "where", &(const char *const *){NULL}) + 2,
            sizeof *own.filters.all);
    return status;
}

/* ---- their order ---- */

/* The best first; what is absent comes last. */
static uint64_t order_key(const cm_measure *by, double value) {
    if (value > DBL_MAX) return UINT64_MAX;
    return by->rises ? cm_key_of_double(value) : ~cm_key_of_double(value);
}

/* The place of a rule by its sides; rules without antecedent come first. */
static uint64_t sides_key(const cm_rulebook *book, const cm_rule *rule) {
    uint64_t left = rule->antecedent == CM_NO_SET ? 0 : (uint64_t)book->places[rule->antecedent] + 1;
    return left << 32 | book->places[rule->consequent];
}

static void take_rules(cm_rulebook *book, const cm_key *keys, cm_rule *rules, cm_rule_customers *customers) {
    for (uint64_t i = 0; i < book->rule_count; i++) {
        rules[i] = book->rules[keys[i].value];
        if (customers) customers[i] = book->customers[keys[i].value];
    }
}

/* Rules of the same measure: by count, falling, then antecedent, consequent. */
static int compare_rules(const void *user, uint64_t a, uint64_t b) {
    const cm_rulebook *book = user;
    const cm_rule *x = &book->rules[a], *y = &book->rules[b];
    if (book->counts[x->set] != book->counts[y->set]) return book->counts[x->set] > book->counts[y->set] ? -1 : 1;
    uint64_t one = sides_key(book, x), other = sides_key(book, y);
    return one == other ? 0 : one < other ? -1 : 1;
}

static cm_status sort_keys(cm_context *ctx, const cm_rulebook *book, const cm_measure *by, cm_key *keys) {
    for (uint64_t i = 0; i < book->rule_count; i++) {
        cm_counts counts = cm_rulebook_counts(book, &book->rules[i]);
        keys[i] = (cm_key){order_key(by, by->of(&counts)), i};
    }
    return cm_sort_compared(ctx, keys, book->rule_count, compare_rules, book);
}

static cm_status sort_rules(cm_context *ctx, cm_rulebook *book, const cm_measure *by) {
    uint64_t count = book->rule_count, room = book->rule_capacity;
    cm_key *keys = cm_alloc_raw(ctx, count, sizeof *keys);
    cm_rule *rules = keys ? cm_alloc_raw(ctx, room, sizeof *rules) : NULL;
    cm_rule_customers *customers = rules && book->customers ? cm_alloc_raw(ctx, room, sizeof *customers) : NULL;
    cm_status status = rules && (customers || !book->customers) ? CM_OK : ctx->error.status;
    if (!status) status = sort_keys(ctx, book, by, keys);
    if (!status) {
        take_rules(book, keys, rules, customers);
        cm_rule *old_rules = book->rules;
        cm_rule_customers *old_customers = book->customers;
        book->rules = rules, book->customers = customers;
        rules = old_rules, customers = old_customers;
    }
    cm_free(ctx->core, keys, count, sizeof *keys);
    cm_free(ctx->core, rules, room, sizeof *rules);
    cm_free(ctx->core, customers, room, sizeof *customers);
    return status;
}

/* Filters and tests, then redundancy, then customers; the first of what is left. */
cm_status cm_rulebook_make(cm_context *ctx, cm_rulebook *book, const cm_options *options, const cm_topic *topic) {
    uint64_t top = (uint64_t)cm_option_int(options, topic, "top");
    uint64_t most = (uint64_t)cm_option_int(options, topic, "max_consequent");
    uint64_t customers = (uint64_t)cm_option_int(options, topic, "min_customers");
    const char *by = cm_option_text(options, topic, "by");
    book->empty = cm_option_int(options, topic, "empty_antecedent");
    cm_status status = choose_rules(ctx, book, options, topic, most);
    if (!status && cm_option_int(options, topic, "no_redundant")) status = cm_drop_redundant(ctx, book, most);
    if (!status && customers) status = cm_rules_customers(ctx, book, customers);
    if (!status) status = sort_rules(ctx, book, cm_measure_find(by, strlen(by)));
    if (!status && top && top < book->rule_count) book->rule_count = top;
    if (!status && !book->customers) status = cm_rules_customers(ctx, book, 0);
    return status;
}
