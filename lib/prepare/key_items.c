/* Items by what they mean to the best customers: an item far down in the ranking by money may be one that many of the
 * best customers buy again and again, and would miss.
 *
 * The records are sorted by item and customer, and within these by occasion (invoice, or day where there is none), so
 * that one pass counts buyers and those who bought twice. The best customers are the first share of them by money, ties
 * by id. The index compares buyers among the best with buyers among all: 100 is alike. Cost: O(records). */
#include "prepare/key_items.h"

#include "base/sort.h"
#include "table/sheet.h"

__extension__ typedef __int128 wide;

typedef struct tally {
    wide money, dependent; /* dependent: all money of the best customers who bought it twice or more */
    uint64_t buyers, repeaters, best_buyers, best_repeaters;
    bool bought;
} tally;

typedef struct work {
    const cm_key_items *how;
    uint64_t records, items, customers;
    tally *of;        /* by item code */
    wide *spent;      /* by customer code */
    uint8_t *is_best; /* by customer code */
    uint8_t *buys;    /* by customer code: has a purchase */
    uint64_t buying, best;
    cm_key *keys; /* purchases with a customer */
    uint64_t count;
} work;

static bool is_in_time(const work *own, const cm_order *order) {
    return order->item >= 0 && order->kind != CM_ORDER_NO_AMOUNT && order->day <= own->how->as_of;
}

static bool is_purchase(const work *own, const cm_order *order) {
    return order->kind == CM_ORDER_PURCHASE || own->how->refunds == 1;
}

static bool has_money(const work *own, const cm_order *order) {
    return is_purchase(own, order) || (order->kind == CM_ORDER_REFUND && own->how->refunds == 0);
}

static uint64_t occasion(const cm_order *order) {
    return order->invoice >= 0 ? (uint64_t)order->invoice : UINT64_C(1) << 32 | (uint32_t)order->day;
}

/* Money of items and customers; the purchases, by occasion. */
static void add_up(work *own) {
    const cm_order_map *map = &own->how->orders->map;
    for (uint64_t i = 0; i < own->records; i++) {
        cm_order order = cm_order_at(map, i);
        if (!is_in_time(own, &order) || !has_money(own, &order)) continue;
        own->of[order.item].money += order.money;
        own->of[order.item].bought |= is_purchase(own, &order);
        if (order.customer < 0) continue;
        own->spent[order.customer] += order.money;
        if (!is_purchase(own, &order)) continue;
        own->buys[order.customer] = 1;
        own->keys[own->count++] = (cm_key){occasion(&order), i};
    }
}

static cm_status fail_item(cm_context *ctx, const work *own, int32_t item) {
    cm_text text = cm_dictionary_text(own->how->items, item);
    return cm_fail(ctx, CM_E_OVERFLOW, "ITEM_OVERFLOW", "t", text.data, text.length);
}

/* The money of a customer as a key that falls; beyond 64 bits it is the most or the least there is. */
static uint64_t money_key(wide money) {
    int64_t value = money > INT64_MAX ? INT64_MAX : money < INT64_MIN ? INT64_MIN : (int64_t)money;
    return ~cm_key_of_int(value);
}

static cm_status find_best(cm_context *ctx, work *own) {
    cm_key *keys = cm_alloc(ctx, own->customers, sizeof *keys);
    cm_status status = keys ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < own->customers && !status; i++)
        if (own->buys[i]) keys[own->buying++] = (cm_key){(uint64_t)own->how->customer_ranks[i], i};
    if (!status) status = cm_sort_keys(ctx, keys, own->buying);
    for (uint64_t i = 0; i < own->buying && !status; i++) keys[i].key = money_key(own->spent[keys[i].value]);
    if (!status) status = cm_sort_keys(ctx, keys, own->buying);
    own->best = (uint64_t)(own->how->best * (double)own->buying);
    own->best += (double)own->best < own->how->best * (double)own->buying; /* at least this share */
    if (own->best > own->buying) own->best = own->buying;
    for (uint64_t i = 0; i < own->best && !status; i++) own->is_best[keys[i].value] = 1;
    cm_free(ctx->core, keys, own->customers, sizeof *keys);
    return status;
}

/* One customer's purchases of one item, from one place on; where they end. */
static uint64_t count_buyer(work *own, uint64_t from) {
    const cm_order_map *map = &own->how->orders->map;
    cm_order first = cm_order_at(map, own->keys[from].value);
    tally *one = &own->of[first.item];
    uint64_t at = from, occasions = 0, last = 0;
    for (; at < own->count && own->keys[at].key == own->keys[from].key; at++) {
        cm_order order = cm_order_at(map, own->keys[at].value);
        uint64_t here = occasion(&order);
        occasions += at == from || here != last;
        last = here;
    }
    bool best = own->is_best[first.customer], twice = occasions > 1;
    one->buyers++;
    one->repeaters += twice;
    one->best_buyers += best;
    one->best_repeaters += best && twice;
    if (best && twice) one->dependent += own->spent[first.customer];
    return at;
}

static cm_status count_buyers(cm_context *ctx, work *own) {
    const cm_order_map *map = &own->how->orders->map;
    cm_status status = cm_sort_keys(ctx, own->keys, own->count);
    for (uint64_t i = 0; i < own->count && !status; i++) {
        cm_order order = cm_order_at(map, own->keys[i].value);
        own->keys[i].key = (uint64_t)(uint32_t)order.item << 32 | (uint32_t)order.customer;
    }
    if (!status) status = cm_sort_keys(ctx, own->keys, own->count);
    if (!status) status = cm_tick(ctx, "key items", 0, 0);
    for (uint64_t at = 0; at < own->count && !status;) at = count_buyer(own, at);
    return status;
}

/* ---- the table ---- */

/* The items that were bought in the order of a figure, falling, ties in byte order. */
static cm_status order_items(cm_context *ctx, const work *own, bool by_money, cm_key *keys, uint64_t *count) {
    *count = 0;
    for (uint64_t place = 0; place < own->items; place++) {
        int32_t item = own->how->items_ranked[place];
        const tally *one = &own->of[item];
        if (!one->bought) continue;
        if (one->money > INT64_MAX || one->money < INT64_MIN || one->dependent > INT64_MAX)
            return fail_item(ctx, own, item);
        keys[(*count)++] = (cm_key){by_money ? money_key(one->money) : ~one->buyers, (uint64_t)item};
    }
    return cm_sort_keys(ctx, keys, *count);
}

/* The items themselves, or what they are called or belong to. */
static cm_status add_texts(cm_context *ctx, const work *own, cm_sheet *sheet, const cm_key *order, const char *column,
                           const cm_item_names *names) {
    cm_dictionary *texts = NULL;
    int32_t *codes = NULL;
    cm_status status = cm_dictionary_new(ctx, &texts);
    if (!status) status = cm_sheet_texts(ctx, sheet, column, texts, &codes);
    for (uint64_t i = 0; i < sheet->rows && !status; i++) {
        int32_t item = (int32_t)order[i].value;
        cm_text text = names ? names->of[item] : cm_dictionary_text(own->how->items, item);
        status = text.data ? cm_dictionary_add(ctx, texts, text.data, text.length, &codes[i])
                           : cm_sheet_absent(ctx, sheet, i);
    }
    cm_dictionary_release(texts);
    return status;
}

enum { BUYERS, REPEATERS, BEST_BUYERS, BEST_REPEATERS };

static uint64_t figure(const tally *one, int which) {
    const uint64_t all[] = {one->buyers, one->repeaters, one->best_buyers, one->best_repeaters};
    return all[which];
}

static cm_status add_counts(cm_context *ctx, const work *own, cm_sheet *sheet, const cm_key *order, const char *name,
                            int which) {
    int64_t *values = NULL;
    cm_status status = cm_sheet_ints(ctx, sheet, name, &values);
    for (uint64_t i = 0; i < sheet->rows && !status; i++)
        values[i] = (int64_t)figure(&own->of[order[i].value], which);
    return status;
}

/* above / below times `times`; absent where there is nothing below. */
static cm_status add_ratio(cm_context *ctx, cm_sheet *sheet, uint64_t row, double *values, double above, double below) {
    if (below > 0) values[row] = above / below;
    return below > 0 ? CM_OK : cm_sheet_absent(ctx, sheet, row);
}

static cm_status add_money(cm_context *ctx, const work *own, cm_sheet *sheet, const cm_key *order, const char *name,
                           bool dependent) {
    int64_t *values = NULL;
    cm_status status = cm_sheet_decimals(ctx, sheet, name, own->how->orders->money_scale, &values);
    for (uint64_t i = 0; i < sheet->rows && !status; i++) {
        const tally *one = &own->of[order[i].value];
        values[i] = (int64_t)(dependent ? one->dependent : one->money);
    }
    return status;
}

/* Rank by money and what all items up to it bring; rank by buyers. Equal figures have the same rank, the first of
 * them. */
static cm_status add_ranks(cm_context *ctx, cm_sheet *sheet, const cm_key *order, bool by_money,
                           const int64_t *by_item) {
    int64_t *values = NULL;
    cm_status status = cm_sheet_ints(ctx, sheet, by_money ? "rank_money" : "rank_buyers", &values);
    for (uint64_t i = 0; i < sheet->rows && !status; i++)
        values[i] = by_money ? (i && order[i].key == order[i - 1].key ? values[i - 1] : (int64_t)i + 1)
                             : by_item[order[i].value];
    return status;
}

static cm_status add_shares(cm_context *ctx, const work *own, cm_sheet *sheet, const cm_key *order) {
    double *values = NULL;
    wide all = 0, sum = 0;
    for (uint64_t i = 0; i < sheet->rows; i++)
        if (own->of[order[i].value].money > 0) all += own->of[order[i].value].money;
    cm_status status = cm_sheet_doubles(ctx, sheet, "cumulative_share", &values);
    for (uint64_t i = 0; i < sheet->rows && !status; i++) {
        if (own->of[order[i].value].money > 0) sum += own->of[order[i].value].money;
        status = add_ratio(ctx, sheet, i, values, (double)sum, (double)all);
    }
    return status;
}

static cm_status add_rates(cm_context *ctx, const work *own, cm_sheet *sheet, const cm_key *order) {
    double *repeat = NULL, *index = NULL;
    cm_status status = cm_sheet_doubles(ctx, sheet, "repeat_rate", &repeat);
    for (uint64_t i = 0; i < sheet->rows && !status; i++) {
        const tally *one = &own->of[order[i].value];
        status = add_ratio(ctx, sheet, i, repeat, (double)one->repeaters, (double)one->buyers);
    }
    if (!status) status = cm_sheet_doubles(ctx, sheet, "index", &index);
    for (uint64_t i = 0; i < sheet->rows && !status; i++) {
        const tally *one = &own->of[order[i].value];
        status = add_ratio(ctx, sheet, i, index, 100 * (double)one->best_buyers * (double)own->buying,
                           (double)one->buyers * (double)own->best);
    }
    return status;
}

static cm_status build(cm_context *ctx, const work *own, const cm_key *order, const int64_t *rank_buyers,
                       uint64_t count, cm_table **out) {
    cm_sheet sheet = {.rows = count};
    const cm_item_names *names = own->how->names, *groups = own->how->groups;
    cm_status status = add_texts(ctx, own, &sheet, order, "item", NULL);
    if (!status && names && names->of) status = add_texts(ctx, own, &sheet, order, "name", names);
    if (!status && groups && groups->of) status = add_texts(ctx, own, &sheet, order, "group", groups);
    if (!status) status = add_money(ctx, own, &sheet, order, "money", false);
    if (!status) status = add_ranks(ctx, &sheet, order, true, NULL);
    if (!status) status = add_shares(ctx, own, &sheet, order);
    if (!status) status = add_counts(ctx, own, &sheet, order, "buyers", BUYERS);
    if (!status) status = add_ranks(ctx, &sheet, order, false, rank_buyers);
    if (!status) status = add_counts(ctx, own, &sheet, order, "repeaters", REPEATERS);
    if (!status) status = add_rates(ctx, own, &sheet, order);
    if (!status) status = add_counts(ctx, own, &sheet, order, "best_buyers", BEST_BUYERS);
    if (!status) status = add_counts(ctx, own, &sheet, order, "best_repeaters", BEST_REPEATERS);
    if (!status) status = add_money(ctx, own, &sheet, order, "dependent_money", true);
    return cm_sheet_close(ctx, &sheet, status, out);
}

static cm_status show(cm_context *ctx, const work *own, cm_table **out) {
    uint64_t count = 0;
    cm_key *order = cm_alloc(ctx, own->items, sizeof *order);
    int64_t *ranks = order ? cm_alloc(ctx, own->items, sizeof *ranks) : NULL;
    cm_status status = ranks ? order_items(ctx, own, false, order, &count) : ctx->error.status;
    for (uint64_t i = 0; i < count && !status; i++)
        ranks[order[i].value] = i && order[i].key == order[i - 1].key ? ranks[order[i - 1].value] : (int64_t)i + 1;
    if (!status) status = order_items(ctx, own, true, order, &count);
    if (!status) status = build(ctx, own, order, ranks, count, out);
    cm_free(ctx->core, order, own->items, sizeof *order);
    cm_free(ctx->core, ranks, own->items, sizeof *ranks);
    return status;
}

cm_status cm_key_items_make(cm_context *ctx, const cm_key_items *how, cm_table **out) {
    work own = {.how = how,
                .records = how->orders->map.count,
                .items = cm_ids_count(&how->orders->items),
                .customers = cm_ids_count(&how->orders->customers)};
    cm_status status = CM_OK;
    if (!(own.of = cm_alloc(ctx, own.items, sizeof *own.of))
        || !(own.spent = cm_alloc(ctx, own.customers, sizeof *own.spent))
        || !(own.is_best = cm_alloc(ctx, own.customers, 1)) || !(own.buys = cm_alloc(ctx, own.customers, 1))
        || !(own.keys = cm_alloc(ctx, own.records, sizeof *own.keys)))
        status = ctx->error.status;
    if (!status) add_up(&own);
    if (!status) status = find_best(ctx, &own);
    if (!status) status = count_buyers(ctx, &own);
    if (!status) status = show(ctx, &own, out);
    cm_free(ctx->core, own.of, own.items, sizeof *own.of);
    cm_free(ctx->core, own.spent, own.customers, sizeof *own.spent);
    cm_free(ctx->core, own.is_best, own.customers, 1);
    cm_free(ctx->core, own.buys, own.customers, 1);
    cm_free(ctx->core, own.keys, own.records, sizeof *own.keys);
    return status;
}
