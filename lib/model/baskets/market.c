/* Baskets as methods count in them. */
#include <string.h>

#include "base/sort.h"
#include "base/threads.h"
#include "model/baskets/market.h"
#include "model/baskets/rows.h"

/* ---- which items ---- */

/* Marks the items of a list option with a bit; one that no basket's dictionary has is a mistake. */
static cm_status mark(cm_context *ctx, cm_market *market, const cm_options *options, const cm_topic *topic,
                      const char *name, uint8_t bit, uint64_t *count) {
    const char *const *texts;
    cm_dictionary *wanted = NULL;
    *count = cm_option_list(options, topic, name, &texts);
    if (!*count) return CM_OK;
    uint8_t *seen = cm_alloc(ctx, *count, 1);
    cm_status status = seen ? cm_dictionary_new(ctx, &wanted) : ctx->error.status;
    for (uint64_t i = 0; i < *count && !status; i++) {
        int32_t code;
        status = cm_dictionary_add(ctx, wanted, texts[i], strlen(texts[i]), &code);
    }
    for (uint64_t code = 0; code < market->column->dictionary_size && !status; code++) {
        cm_text text = cm_dictionary_text(market->column->dictionary, (int32_t)code);
        int32_t found = cm_dictionary_find(wanted, text.data, text.length);
        if (found < 0) continue;
        market->code_flags[code] |= bit;
        seen[found] = 1;
    }
    for (uint64_t i = 0; !status && i < cm_dictionary_size(wanted); i++)
        if (!seen[i])
            status =
                cm_fail(ctx, CM_E_OPTION, "BASKETS_NO_ITEM", "ss", cm_dictionary_text(wanted, (int32_t)i).data, name);
    cm_dictionary_release(wanted);
    cm_free(ctx->core, seen, *count, 1);
    return status;
}

#define INCLUDED 8
#define EXCLUDED 16

static cm_status mark_all(cm_context *ctx, cm_market *market, const cm_options *options, const cm_topic *topic) {
    uint64_t included, excluded, left, right;
    cm_status status = mark(ctx, market, options, topic, "include", INCLUDED, &included);
    if (!status) status = mark(ctx, market, options, topic, "exclude", EXCLUDED, &excluded);
    if (!status) status = mark(ctx, market, options, topic, "left", CM_MARKET_LEFT, &left);
    if (!status) status = mark(ctx, market, options, topic, "right", CM_MARKET_RIGHT, &right);
    for (uint64_t code = 0; code < market->column->dictionary_size && !status; code++) {
        uint8_t *flags = &market->code_flags[code];
        if (!left) *flags |= CM_MARKET_LEFT;
        if (!right) *flags |= CM_MARKET_RIGHT;
        if ((!included || *flags & INCLUDED) && !(*flags & EXCLUDED)) *flags |= CM_MARKET_ITEM;
    }
    return status;
}

/* ---- both directions ---- */

static const int32_t *basket_codes(const cm_market *market, uint64_t basket, uint64_t *count) {
    return cm_basket_codes(market->table, market->column, market->rows[basket], count);
}

/* The baskets are divided among threads. */
typedef struct division {
    cm_market *market;
    uint64_t parts;
    uint64_t **counts;      /* of each part: baskets that have the code, and behind these their weights */
    cm_repeats *repeats;    /* of each part */
    const int32_t *numbers; /* of the items by code; -1: none */
} division;

static uint64_t part_start(const division *all, uint64_t part) {
    return part == all->parts ? all->market->baskets : all->market->baskets / all->parts * part;
}

static cm_status count_part(cm_context *ctx, void *state, uint64_t part) {
    const division *all = state;
    const cm_market *market = all->market;
    uint64_t size = market->column->dictionary_size, first = part_start(all, part), end = part_start(all, part + 1);
    uint64_t *counts = all->counts[part], *weights = counts + size;
    uint32_t *last = cm_alloc(ctx, size, sizeof *last); /* basket that had the code last, from 1 */
    cm_status status = last ? CM_OK : ctx->error.status;
    for (uint64_t basket = first; basket < end && !status; basket++) {
        uint64_t count;
        const int32_t *codes = basket_codes(market, basket, &count);
        if (basket % 1024 == 0) status = cm_tick(ctx, "baskets", basket - first, end - first);
        for (uint64_t i = 0; i < count; i++) {
            int32_t code = codes[i];
            if (last[code] == basket + 1) {
                cm_text item = cm_dictionary_text(market->column->dictionary, code);
                cm_repeats_add(&all->repeats[part], market->rows[basket], item);
                continue;
            }
            last[code] = (uint32_t)basket + 1;
            counts[code]++;
            if (market->weights) weights[code] += market->weights[basket];
        }
    }
    cm_free(ctx->core, last, size, sizeof *last);
    return status;
}

cm_status cm_market_open(cm_context *ctx, const cm_inputs *inputs, const cm_options *options, const cm_topic *topic,
                         cm_market *out) {
    const cm_column *column = cm_baskets_items(inputs);
    *out = (cm_market){.column = column, .table = inputs->table, .rows = inputs->numbers, .baskets = inputs->rows};
    out->total = inputs->rows;
    out->unit = out->lightest = 1;
    if (!inputs->rows) return cm_fail(ctx, CM_E_DATA, "BASKETS_NONE", "");
    if (inputs->rows >= UINT32_MAX) return cm_fail(ctx, CM_E_LIMIT, "BASKETS_LIMIT", "u", (uint64_t)UINT32_MAX - 1);
    out->code_flags = cm_alloc(ctx, column->dictionary_size, 1);
    out->code_places = out->code_flags ? cm_alloc(ctx, column->dictionary_size, sizeof(int32_t)) : NULL;
    cm_status status = out->code_places ? mark_all(ctx, out, options, topic) : ctx->error.status;
    if (!status) status = cm_dictionary_ranks(ctx, column->dictionary, column->dictionary_size, out->code_places, NULL);
    return status;
}

/* The items of at least `least` baskets by falling frequency; `counts` and their `weights` by code. */
static cm_status number_items(cm_context *ctx, cm_market *market, const uint64_t *counts, const uint64_t *weights,
                              uint64_t least, int32_t *numbers) {
    uint64_t size = market->column->dictionary_size, count = 0;
    cm_key *keys = cm_alloc(ctx, size, sizeof *keys);
    cm_status status = keys ? CM_OK : ctx->error.status;
    for (uint64_t code = 0; code < size && !status; code++) {
        bool wanted = counts[code] && market->code_flags[code] & CM_MARKET_ITEM;
        numbers[code] = -1;
        market->distinct += wanted;
        if (wanted && weights[code] >= least) keys[count++] = (cm_key){(uint64_t)market->code_places[code], code};
    }
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) keys[i].key = ~weights[keys[i].value];
    if (!status) status = cm_sort_keys(ctx, keys, count);
    market->count = status ? 0 : count;
    if (!status
        && (!(market->codes = cm_alloc(ctx, count, sizeof(int32_t)))
            || !(market->places = cm_alloc(ctx, count, sizeof(uint32_t))) || !(market->flags = cm_alloc(ctx, count, 1))
            || !(market->supports = cm_alloc(ctx, count, sizeof(uint64_t)))
            || !(market->item_starts = cm_alloc(ctx, count + 1, sizeof(uint64_t)))))
        status = ctx->error.status;
    for (uint64_t i = 0; i < count && !status; i++) {
        uint64_t code = keys[i].value;
        numbers[code] = (int32_t)i;
        market->codes[i] = (int32_t)code;
        market->places[i] = (uint32_t)market->code_places[code];
        market->flags[i] = market->code_flags[code];
        market->supports[i] = weights[code];
        market->item_starts[i + 1] = market->item_starts[i] + counts[code];
    }
    cm_free(ctx->core, keys, size, sizeof *keys);
    return status;
}

/* The numbers of codes, which may repeat. */
typedef struct numbered {
    uint32_t *numbers;
    uint64_t count, capacity;
} numbered;

static cm_status take_numbers(cm_context *ctx, const int32_t *codes, uint64_t count, const int32_t *numbers,
                              numbered *out) {
    cm_status status = cm_reserve(ctx, &out->numbers, &out->capacity, count, sizeof *out->numbers);
    if (status) return status;
    out->count = 0;
    for (uint64_t i = 0; i < count; i++) {
        int32_t number = numbers[codes[i]];
        out->numbers[out->count] = (uint32_t)number;
        out->count += number >= 0;
    }
    return cm_sort_numbers(ctx, out->numbers, &out->count);
}

/* The numbered items of each basket. A part knows by its counts where those before it end. */
static cm_status fill_part(cm_context *ctx, void *state, uint64_t part) {
    const division *all = state;
    cm_market *market = all->market;
    uint64_t used = 0, end = part_start(all, part + 1);
    numbered own = {0};
    cm_status status = CM_OK;
    for (uint64_t before = 0; before < part; before++)
        for (uint64_t item = 0; item < market->count; item++) used += all->counts[before][market->codes[item]];
    for (uint64_t basket = part_start(all, part); basket < end && !status; basket++) {
        uint64_t count;
        const int32_t *codes = basket_codes(market, basket, &count);
        if (basket % 1024 == 0) status = cm_tick(ctx, "baskets", basket, end);
        if (!status) status = take_numbers(ctx, codes, count, all->numbers, &own);
        if (status) break;
        if (own.count) memcpy(market->items + used, own.numbers, (size_t)own.count * sizeof *own.numbers);
        market->basket_starts[basket + 1] = used += own.count;
    }
    cm_free(ctx->core, own.numbers, own.capacity, sizeof *own.numbers);
    return status;
}

/* The baskets of each item: as they come, so that they rise. */
cm_status cm_market_turn(cm_context *ctx, cm_market *market) {
    if (market->tids) return CM_OK;
    uint64_t *ends = cm_alloc(ctx, market->count, sizeof *ends);
    if (ends) market->tids = cm_alloc_raw(ctx, market->item_starts[market->count], sizeof *market->tids);
    cm_status status = market->tids ? CM_OK : ctx->error.status;
    if (!status && market->count) memcpy(ends, market->item_starts, (size_t)market->count * sizeof *ends);
    for (uint64_t basket = 0; basket < market->baskets && !status; basket++) {
        if (basket % 4096 == 0) status = cm_tick(ctx, "baskets", basket, market->baskets);
        for (uint64_t i = market->basket_starts[basket]; i < market->basket_starts[basket + 1]; i++)
            market->tids[ends[market->items[i]]++] = (uint32_t)basket;
    }
    cm_free(ctx->core, ends, market->count, sizeof *ends);
    return status;
}

#define BASKETS_A_PART UINT64_C(5000) /* fewer do not pay a thread */

static uint64_t counts_of_part(const cm_market *market) {
    return market->column->dictionary_size * (market->weights ? 2 : 1);
}

static cm_status open_division(cm_context *ctx, cm_market *market, division *out) {
    uint64_t parts = market->baskets / BASKETS_A_PART + 1;
    *out = (division){.market = market, .parts = parts < ctx->settings.threads ? parts : ctx->settings.threads};
    out->counts = cm_alloc(ctx, out->parts, sizeof *out->counts);
    if (!out->counts || !(out->repeats = cm_alloc(ctx, out->parts, sizeof *out->repeats))) return ctx->error.status;
    for (uint64_t part = 0; part < out->parts; part++)
        if (!(out->counts[part] = cm_alloc(ctx, counts_of_part(market), sizeof **out->counts)))
            return ctx->error.status;
    return CM_OK;
}

static void close_division(cm_core *core, division *all) {
    for (uint64_t part = 0; all->counts && part < all->parts; part++)
        cm_free(core, all->counts[part], counts_of_part(all->market), sizeof **all->counts);
    cm_free(core, all->counts, all->parts, sizeof *all->counts);
    cm_free(core, all->repeats, all->parts, sizeof *all->repeats);
}

cm_status cm_market_index(cm_context *ctx, cm_market *market, uint64_t least) {
    uint64_t size = market->column->dictionary_size, both = counts_of_part(market);
    division all;
    uint64_t *counts = NULL;
    int32_t *numbers = NULL;
    cm_status status = open_division(ctx, market, &all);
    if (!status
        && (!(counts = cm_alloc(ctx, both, sizeof *counts)) || !(numbers = cm_alloc(ctx, size, sizeof *numbers))))
        status = ctx->error.status;
    if (!status) status = cm_parallel(ctx, all.parts, count_part, &all);
    for (uint64_t part = 0; part < all.parts && !status; part++) {
        for (uint64_t i = 0; i < both; i++) counts[i] += all.counts[part][i];
        cm_repeats_join(&market->repeats, &all.repeats[part]);
    }
    if (!status)
        status = number_items(ctx, market, counts, market->weights ? counts + size : counts, least, numbers);
    if (!status
        && (!(market->basket_starts = cm_alloc(ctx, market->baskets + 1, sizeof *market->basket_starts))
            || !(market->items = cm_alloc_raw(ctx, market->item_starts[market->count] + 1, sizeof *market->items))))
        status = ctx->error.status;
    all.numbers = numbers;
    if (!status) status = cm_parallel(ctx, all.parts, fill_part, &all);
    cm_free(ctx->core, counts, both, sizeof *counts);
    cm_free(ctx->core, numbers, size, sizeof *numbers);
    close_division(ctx->core, &all);
    return status;
}

uint64_t cm_market_frequent(const cm_market *market, uint64_t least) {
    uint64_t low = 0, high = market->count;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (cm_market_frequency(market, middle) >= least)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void cm_market_close(cm_core *core, cm_market *market) {
    uint64_t all = market->item_starts ? market->item_starts[market->count] : 0;
    uint64_t size = market->column ? market->column->dictionary_size : 0;
    cm_free(core, market->codes, market->count, sizeof(int32_t));
    cm_free(core, market->places, market->count, sizeof(uint32_t));
    cm_free(core, market->flags, market->count, 1);
    cm_free(core, market->weights, market->baskets, sizeof(uint64_t));
    cm_free(core, market->supports, market->count, sizeof(uint64_t));
    cm_free(core, market->tids, all, sizeof(uint32_t));
    cm_free(core, market->items, all + 1, sizeof(uint32_t));
    cm_free(core, market->pairs, cm_pair_row(market->pair_items), sizeof(uint32_t));
    cm_free(core, market->item_starts, market->count + 1, sizeof(uint64_t));
    cm_free(core, market->basket_starts, market->baskets + 1, sizeof(uint64_t));
    cm_free(core, market->code_places, size, sizeof(int32_t));
    cm_free(core, market->code_flags, size, 1);
}
