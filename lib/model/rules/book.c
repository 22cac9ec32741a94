/* Itemsets and rules in their order: which sets have supersets, which rules hold, and what comes first. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/sort.h"
#include "model/rules/rules.h"

/* ---- sets by number ---- */

uint64_t cm_rulebook_length(const cm_rulebook *book, uint64_t set) {
    uint64_t length = 1;
    while (book->bases[length] <= set) length++;
    return length;
}

const uint32_t *cm_rulebook_items(const cm_rulebook *book, uint64_t set) {
    uint64_t length = cm_rulebook_length(book, set);
    return book->ordered + book->starts[length - 1] + (set - book->bases[length - 1]) * length;
}

uint64_t cm_rulebook_count(const cm_rulebook *book, uint64_t set) {
    uint64_t length = cm_rulebook_length(book, set);
    return book->sets->levels[length - 1].counts[set - book->bases[length - 1]];
}

static void sort_items(const cm_market *market, uint32_t *items, uint64_t length) {
    for (uint64_t i = 1; i < length; i++) {
        uint32_t item = items[i];
        uint64_t at = i;
        for (; at > 0 && market->places[items[at - 1]] > market->places[item]; at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

static void order_items(cm_rulebook *book) {
    for (uint64_t l = 0; l < book->sets->longest; l++) {
        const cm_level *level = &book->sets->levels[l];
        uint32_t *to = book->ordered + book->starts[l];
        memcpy(to, level->items, (size_t)(level->count * (l + 1)) * sizeof *to);
        for (uint64_t i = 0; i < level->count; i++) sort_items(book->market, to + i * (l + 1), l + 1);
    }
}

/* The places of all sets in byte order: stable passes from the last item to the first; a set that ends comes before one
 * that goes on. */
static cm_status order_sets(cm_context *ctx, cm_rulebook *book) {
    uint64_t total = book->sets->total;
    cm_key *keys = cm_alloc(ctx, total, sizeof *keys);
    cm_status status = keys ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < total && !status; i++) keys[i].value = i;
    for (uint64_t at = book->sets->longest; at > 0 && !status; at--) {
        for (uint64_t i = 0; i < total; i++) {
            uint64_t length = cm_rulebook_length(book, keys[i].value);
            keys[i].key =
                at > length ? 0 : (uint64_t)book->market->places[cm_rulebook_items(book, keys[i].value)[at - 1]] + 1;
        }
        status = cm_sort_keys(ctx, keys, total);
        if (!status) status = cm_tick(ctx, "rules", 0, 0);
    }
    for (uint64_t i = 0; i < total && !status; i++) book->places[keys[i].value] = (uint32_t)i;
    cm_free(ctx->core, keys, total, sizeof *keys);
    return status;
}

/* The number of a set without one of its items; `at` is that item's place among the items as the level has them. */
static uint64_t without(const cm_rulebook *book, uint64_t length, const uint32_t *items, uint64_t at, uint32_t *room) {
    for (uint64_t i = 0, n = 0; i < length; i++)
        if (i != at) room[n++] = items[i];
    return book->bases[length - 2] + cm_level_find(&book->sets->levels[length - 2], length - 1, room);
}

static cm_status mark_supersets(cm_context *ctx, cm_rulebook *book) {
    uint64_t longest = book->sets->longest;
    uint32_t *room = cm_alloc(ctx, longest, sizeof *room);
    cm_status status = room ? CM_OK : ctx->error.status;
    for (uint64_t length = 2; length <= longest && !status; length++) {
        const cm_level *level = &book->sets->levels[length - 1];
        for (uint64_t i = 0; i < level->count && !status; i++) {
            if (i % 1024 == 0) status = cm_tick(ctx, "rules", i, level->count);
            for (uint64_t at = 0; at < length; at++) {
                uint64_t part = without(book, length, level->items + i * length, at, room);
                book->supersets[part] |= CM_SET_HAS_SUPERSET;
                if (cm_rulebook_count(book, part) == level->counts[i]) book->supersets[part] |= CM_SET_HAS_EQUAL;
            }
        }
    }
    cm_free(ctx->core, room, longest, sizeof *room);
    return status;
}

cm_status cm_rulebook_open(cm_context *ctx, const cm_market *market, const cm_itemsets *sets, cm_rulebook *out) {
    uint64_t longest = sets->longest;
    *out = (cm_rulebook){.market = market, .sets = sets};
    if (!(out->bases = cm_alloc(ctx, longest + 1, sizeof *out->bases))
        || !(out->starts = cm_alloc(ctx, longest + 1, sizeof *out->starts)))
        return ctx->error.status;
    for (uint64_t l = 0; l < longest; l++) {
        out->bases[l + 1] = out->bases[l] + sets->levels[l].count;
        out->starts[l + 1] = out->starts[l] + sets->levels[l].count * (l + 1);
    }
    if (!(out->ordered = cm_alloc(ctx, out->starts[longest], sizeof *out->ordered))
        || !(out->places = cm_alloc(ctx, sets->total, sizeof *out->places))
        || !(out->supersets = cm_alloc(ctx, sets->total, 1)))
        return ctx->error.status;
    order_items(out);
    cm_status status = order_sets(ctx, out);
    return status ? status : mark_supersets(ctx, out);
}

void cm_rulebook_close(cm_core *core, cm_rulebook *book) {
    if (!book->sets) return;
    uint64_t longest = book->sets->longest;
    cm_free(core, book->ordered, book->starts ? book->starts[longest] : 0, sizeof *book->ordered);
    cm_free(core, book->bases, longest + 1, sizeof *book->bases);
    cm_free(core, book->starts, longest + 1, sizeof *book->starts);
    cm_free(core, book->places, book->sets->total, sizeof *book->places);
    cm_free(core, book->supersets, book->sets->total, 1);
    cm_free(core, book->rules, book->rule_capacity, sizeof *book->rules);
    cm_free(core, book->name_of, book->market->count, sizeof *book->name_of);
}

/* ---- rules ---- */

/* Each measure is one division of two whole numbers, so that it is the same everywhere. */
cm_measures cm_rulebook_measures(const cm_rulebook *book, const cm_rule *rule) {
    __extension__ typedef __int128 wide;
    wide n = (wide)book->market->baskets, both = (wide)cm_rulebook_count(book, rule->set);
    wide left = (wide)cm_rulebook_count(book, rule->antecedent),
         right = (wide)cm_market_frequency(book->market, rule->consequent);
    cm_measures out = {.count = (uint64_t)both, .conviction = INFINITY};
    out.support = (double)both / (double)n;
    out.confidence = (double)both / (double)left;
    out.lift = (double)(both * n) / (double)(left * right);
    out.leverage = (double)(both * n - left * right) / (double)(n * n);
    if (left > both) out.conviction = (double)((n - right) * left) / (double)(n * (left - both));
    return out;
}

enum { BY_LEVERAGE, BY_SUPPORT, BY_CONFIDENCE, BY_LIFT, BY_CONVICTION, BY_COUNT };

static double measure_of(const cm_measures *all, int32_t by) {
    const double values[] = {all->leverage, all->support,    all->confidence,
                             all->lift,     all->conviction, (double)all->count};
    return values[by];
}

/* Falling; what is absent comes last. */
static uint64_t falling_key(double value) {
    return value > DBL_MAX ? UINT64_MAX : ~cm_key_of_double(value);
}

static bool wanted_left(const cm_rulebook *book, const uint32_t *items, uint64_t length, uint64_t consequent) {
    for (uint64_t i = 0; i < length; i++)
        if (i != consequent && !(book->market->flags[items[i]] & CM_RULES_LEFT)) return false;
    return true;
}

static cm_status add_rule(cm_context *ctx, cm_rulebook *book, const cm_rule *rule) {
    if (book->rule_count >= UINT32_MAX) return cm_fail(ctx, CM_E_LIMIT, "RULES_SETS_LIMIT", "u", (uint64_t)UINT32_MAX);
    cm_status status = cm_reserve(ctx, &book->rules, &book->rule_capacity, book->rule_count + 1, sizeof *book->rules);
    if (!status) book->rules[book->rule_count++] = *rule;
    return status;
}

static cm_status rules_of_set(cm_context *ctx, cm_rulebook *book, uint64_t length, uint64_t index, double confidence,
                              double lift, uint32_t *room) {
    const uint32_t *items = book->sets->levels[length - 1].items + index * length;
    cm_status status = CM_OK;
    for (uint64_t at = 0; at < length && !status; at++) {
        if (!(book->market->flags[items[at]] & CM_RULES_RIGHT) || !wanted_left(book, items, length, at)) continue;
        cm_rule rule = {(uint32_t)(book->bases[length - 1] + index), (uint32_t)without(book, length, items, at, room),
                        items[at]};
        cm_measures all = cm_rulebook_measures(book, &rule);
        if (all.confidence >= confidence && all.lift >= lift) status = add_rule(ctx, book, &rule);
    }
    return status;
}

/* By the measure, then count, both falling, then antecedent, consequent: stable passes, the last first. */
static cm_status sort_rules(cm_context *ctx, cm_rulebook *book, int32_t by) {
    uint64_t count = book->rule_count;
    cm_key *keys = cm_alloc(ctx, count, sizeof *keys);
    cm_rule *sorted = keys ? cm_alloc(ctx, book->rule_capacity, sizeof *sorted) : NULL;
    cm_status status = sorted ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < count && !status; i++) {
        const cm_rule *rule = &book->rules[i];
        keys[i] = (cm_key){(uint64_t)book->places[rule->antecedent] << 32 | book->market->places[rule->consequent], i};
    }
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++)
        keys[i].key = ~cm_rulebook_count(book, book->rules[keys[i].value].set);
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) {
        cm_measures all = cm_rulebook_measures(book, &book->rules[keys[i].value]);
        keys[i].key = falling_key(measure_of(&all, by));
    }
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) sorted[i] = book->rules[keys[i].value];
    cm_free(ctx->core, keys, count, sizeof *keys);
    if (status) {
        cm_free(ctx->core, sorted, book->rule_capacity, sizeof *sorted);
        return status;
    }
    cm_free(ctx->core, book->rules, book->rule_capacity, sizeof *sorted);
    book->rules = sorted;
    return CM_OK;
}

cm_status cm_rulebook_make(cm_context *ctx, cm_rulebook *book, const cm_options *options, const cm_topic *topic) {
    double confidence = cm_option_number(options, topic, "confidence"), lift = cm_option_number(options, topic, "lift");
    uint64_t top = (uint64_t)cm_option_int(options, topic, "top");
    uint32_t *room = cm_alloc(ctx, book->sets->longest, sizeof *room);
    cm_status status = room ? CM_OK : ctx->error.status;
    for (uint64_t length = 2; length <= book->sets->longest && !status; length++)
        for (uint64_t i = 0; i < book->sets->levels[length - 1].count && !status; i++) {
            if (i % 1024 == 0) status = cm_tick(ctx, "rules", 0, 0);
            if (!status) status = rules_of_set(ctx, book, length, i, confidence, lift, room);
        }
    cm_free(ctx->core, room, book->sets->longest, sizeof *room);
    if (!status) status = sort_rules(ctx, book, cm_option_choice(options, topic, "by"));
    if (!status && top && top < book->rule_count) book->rule_count = top;
    return status;
}
