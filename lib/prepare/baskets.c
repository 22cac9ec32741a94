/* Baskets from orders that keep their items: the records are sorted by basket and, within it, by item; each run is a
 * basket. A basket is one invoice, whatever days and customers its lines have; lines without an invoice make one of a
 * customer and a day. O(records), the sorts being by digits. */
#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "prepare/baskets_question.h"
#include "table/roles.h"

static const cm_option_spec baskets_options[] = {
    {"as_of", NULL, NULL, "last day that counts; default: the last date among the lines", 0, 0, CM_OPTION_DATE},
    {"refunds", "net", "net|keep|drop", "keep: part of a basket as any other line; net, drop: no part of it", 0, 0,
     CM_OPTION_CHOICE},
    {"on_error", "fail", "fail|collect", "lines that contradict themselves: stop, or leave out and count", 0, 0,
     CM_OPTION_CHOICE},
    {"baskets", "all", "all|known", "known: only those of a customer", 0, 0, CM_OPTION_CHOICE},
    {"layout", "lines", "lines|baskets|columns",
     "lines: an item a row; baskets: a list of items a row; columns: a row a basket, a column an item, 0 or 1", 0, 0,
     CM_OPTION_CHOICE},
    {"basket", "invoice", "invoice|day|window|customer",
     "what one is: an invoice (without one: a customer's day), a customer's day or window, all of a customer", 0, 0,
     CM_OPTION_CHOICE},
    {"window", "7", NULL, "days of a window, which begins with the first purchase after the one before", 1, 36500,
     CM_OPTION_INT},
    {"level", NULL, NULL, "column of the lines that stands for the item: category, brand", 0, 0, CM_OPTION_TEXT},
    {"key_items", "false", NULL, "whether to attach what each item means to the best customers", 0, 0,
     CM_OPTION_SWITCH},
    {"group", NULL, NULL, "column of the lines that key items belong to, for their concentration: category", 0, 0,
     CM_OPTION_TEXT},
    {"best", "0.25", NULL, "share of the customers that are the best, by money", 0, 1, CM_OPTION_NUMBER},
    {"max_basket", "0", NULL, "most items of a basket, larger ones are left out; 0: any number", 0, 1e9, CM_OPTION_INT},
    {"weight", NULL, NULL, "column with what each basket counts, the same on all its lines, above 0; it keeps its name",
     0, 0, CM_OPTION_TEXT},
    {"utc_offset", NULL, NULL, "offset like +02:00 at which days of UTC times are cut", 0, 0, CM_OPTION_TEXT},
    {0},
};
const cm_topic cm_baskets_topic = {"baskets", "transactions to baskets", baskets_options};

/* ---- the table ---- */

enum { BASKET, CUSTOMER, DAY, ITEMS, MONEY, WEIGHT };

/* The written form of an id: borrowed, or printed into `room`. */
static cm_text written(const cm_ids *ids, int32_t code, char room[CM_NUMBER_TEXT]) {
    if (ids->type == CM_STRING) return cm_ids_text(ids, code);
    uint64_t length = cm_print_int(ids->numbers[code], room);
    return (cm_text){room, length};
}

/* The invoice, or "C17 2011-12-09". */
static cm_status set_basket(cm_context *ctx, cm_builder *builder, question *ask, const basket *one) {
    char room[CM_NUMBER_TEXT];
    const cm_order *order = &one->first;
    bool invoice = is_invoice(ask, order);
    if (invoice && ask->all_invoices)
        return cm_ids_put(ctx, &ask->orders->invoices, order->invoice, builder, BASKET);
    if (invoice) {
        cm_text text = written(&ask->orders->invoices, order->invoice, room);
        return cm_builder_text(ctx, builder, BASKET, text.data, text.length);
    }
    cm_text text = written(&ask->orders->customers, order->customer, room);
    if (ask->by == CM_BASKET_BY_CUSTOMER) return cm_builder_text(ctx, builder, BASKET, text.data, text.length);
    cm_status status = cm_reserve(ctx, &ask->id, &ask->id_capacity, text.length + 1 + CM_CIVIL_TEXT, 1);
    if (status) return status;
    if (text.length) memcpy(ask->id, text.data, (size_t)text.length);
    ask->id[text.length] = ' ';
    uint64_t length = text.length + 1 + cm_print_date(one->day, ask->id + text.length + 1);
    return cm_builder_text(ctx, builder, BASKET, ask->id, length);
}

static cm_order record_at(const question *ask, uint64_t key) {
    return cm_order_at(&ask->orders->map, ask->keys[key].value);
}

/* Each once: the records of an item follow each other. */
static cm_status set_items(cm_context *ctx, cm_builder *builder, question *ask, const basket *one) {
    for (uint64_t i = one->from; i < one->end;) {
        cm_order next = record_at(ask, i);
        int32_t item = next.item;
        uint64_t lines = 0;
        while (next.item == item) {
            lines += next.lines;
            if (++i == one->end) break;
            next = record_at(ask, i);
        }
        ask->baskets_of[item]++;
        cm_text text = cm_dictionary_text(ask->items, item);
        cm_status status = cm_builder_text(ctx, builder, ITEMS, text.data, text.length);
        if (status) return status;
        for (; lines > 1; lines--) cm_repeats_add(&ask->repeats, ask->basket_count, text);
    }
    return CM_OK;
}

static cm_status set_weight(cm_context *ctx, cm_builder *builder, const question *ask, const basket *one) {
    const cm_basket_weight *weight = NULL;
    cm_status status = CM_OK;
    for (uint64_t i = one->from; i < one->end && !status; i++) {
        cm_order order = record_at(ask, i);
        status = cm_basket_weights_get(ctx, ask->weights, &order, weight, &weight);
    }
    return status ? status : cm_builder_int(ctx, builder, WEIGHT, weight->weight);
}

static cm_status add_basket(cm_context *ctx, cm_builder *builder, question *ask, const basket *one) {
    char room[CM_NUMBER_TEXT];
    if (one->money > INT64_MAX || one->money < INT64_MIN) {
        bool invoice = is_invoice(ask, &one->first);
        cm_text text = written(invoice ? &ask->orders->invoices : &ask->orders->customers,
                               invoice ? one->first.invoice : one->first.customer, room);
        return cm_fail(ctx, CM_E_OVERFLOW, "BASKET_OVERFLOW", "t", text.data, text.length);
    }
    cm_status status = set_basket(ctx, builder, ask, one);
    if (!status) status = cm_ids_put(ctx, &ask->orders->customers, one->customer, builder, CUSTOMER);
    if (!status && one->day != CM_NO_DAY) status = cm_builder_int(ctx, builder, DAY, one->day);
    if (!status) status = set_items(ctx, builder, ask, one);
    if (!status && ask->has_amounts) status = cm_builder_int(ctx, builder, MONEY, (int64_t)one->money);
    if (!status && ask->weights->name) status = set_weight(ctx, builder, ask, one);
    ask->basket_count++;
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status add_columns(cm_context *ctx, cm_builder *builder, const question *ask) {
    const cm_orders *orders = ask->orders;
    int32_t customer = orders->customers.type ? orders->customers.type : CM_STRING;
    int32_t basket_type = ask->all_invoices && orders->invoices.type ? orders->invoices.type : CM_STRING;
    cm_status status = cm_builder_column(ctx, builder, "basket", basket_type, 0, CM_ROLE_INVOICE);
    if (!status) status = cm_builder_column(ctx, builder, "customer", customer, 0, CM_ROLE_CUSTOMER);
    if (!status) status = cm_builder_column(ctx, builder, "day", CM_DATE, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "items", CM_LIST, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "money", CM_DECIMAL, orders->money_scale, CM_ROLE_NONE);
    const cm_basket_weights *weights = ask->weights;
    if (!status && weights->name)
        status = cm_builder_column(ctx, builder, weights->name, weights->type, weights->scale, CM_ROLE_NONE);
    return status;
}

static cm_status build(cm_context *ctx, question *ask, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_columns(ctx, builder, ask);
    for (uint64_t at = 0, n = 0; at < ask->key_count && !status; n++) {
        basket one = cm_basket_at(ask, at);
        if (ask->fates[ask->keys[at].value] == IN_BASKET) status = add_basket(ctx, builder, ask, &one);
        if (!status && n % 1024 == 0) status = cm_tick(ctx, "baskets", at, ask->key_count);
        at = one.end;
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

static cm_status check_contradictions(cm_context *ctx, const question *ask) {
    uint64_t lines = 0;
    int32_t least = INT32_MAX;
    for (uint64_t i = 0; i < ask->orders->map.count; i++) {
        cm_order order = cm_order_at(&ask->orders->map, i);
        if (ask->fates[i] != CONTRADICTION) continue;
        lines += order.lines;
        if (order.day < least) least = order.day;
    }
    if (!lines) return CM_OK;
    char day[CM_CIVIL_TEXT];
    cm_print_date(least, day);
    return cm_fail(ctx, CM_E_DATA, "CONTRADICTION", "us", lines, day);
}

/* ---- the question ---- */

/* What is known of the lines beside the orders. */
typedef struct known {
    bool named;
    cm_item_names names, groups;
    cm_basket_weights weights;
} known;

/* Items are shown in their written form, also where they are integers. */
static cm_status write_items(cm_context *ctx, question *ask) {
    const cm_ids *ids = &ask->orders->items;
    cm_status status = cm_dictionary_new(ctx, &ask->items);
    for (uint64_t i = 0; i < cm_ids_count(ids) && !status; i++) {
        char room[CM_NUMBER_TEXT];
        int32_t code;
        cm_text text = written(ids, (int32_t)i, room);
        status = cm_dictionary_add(ctx, ask->items, text.data, text.length, &code);
    }
    return status;
}

static cm_status open_question(cm_context *ctx, question *ask) {
    const cm_orders *orders = ask->orders;
    uint64_t records = orders->map.count;
    ask->item_count = cm_ids_count(&orders->items);
    ask->customer_count = cm_ids_count(&orders->customers);
    ask->invoice_count = cm_ids_count(&orders->invoices);
    if (!(ask->fates = cm_alloc(ctx, records, 1)) || !(ask->keys = cm_alloc(ctx, records, sizeof *ask->keys))
        || !(ask->item_ranks = cm_alloc(ctx, ask->item_count, sizeof(int32_t)))
        || !(ask->items_ranked = cm_alloc(ctx, ask->item_count, sizeof(int32_t)))
        || !(ask->customer_ranks = cm_alloc(ctx, ask->customer_count, sizeof(int32_t)))
        || !(ask->invoice_ranks = cm_alloc(ctx, ask->invoice_count, sizeof(int32_t)))
        || !(ask->baskets_of = cm_alloc(ctx, ask->item_count, sizeof(uint64_t))))
        return ctx->error.status;
    cm_status status = write_items(ctx, ask);
    if (!status) status = cm_dictionary_ranks(ctx, ask->items, ask->item_count, ask->item_ranks, ask->items_ranked);
    if (!status && orders->customers.type) status = cm_ids_ranks(ctx, &orders->customers, ask->customer_ranks);
    if (!status && orders->invoices.type) status = cm_ids_ranks(ctx, &orders->invoices, ask->invoice_ranks);
    return status;
}

static void close_question(cm_core *core, question *ask) {
    uint64_t records = ask->orders->map.count;
    cm_free(core, ask->fates, records, 1);
    cm_free(core, ask->windows, records, sizeof *ask->windows);
    cm_free(core, ask->keys, records, sizeof *ask->keys);
    cm_free(core, ask->item_ranks, ask->item_count, sizeof(int32_t));
    cm_free(core, ask->items_ranked, ask->item_count, sizeof(int32_t));
    cm_free(core, ask->customer_ranks, ask->customer_count, sizeof(int32_t));
    cm_free(core, ask->invoice_ranks, ask->invoice_count, sizeof(int32_t));
    cm_free(core, ask->baskets_of, ask->item_count, sizeof(uint64_t));
    cm_free(core, ask->id, ask->id_capacity, 1);
    cm_dictionary_release(ask->items);
}

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

static int32_t last_day(const cm_orders *orders) {
    int32_t day = CM_NO_DAY;
    for (uint64_t i = 0; i < orders->map.count; i++)
        day = larger(day, cm_order_at(&orders->map, i).day);
    return day;
}

/* Two columns of one role were an error before. */
static bool has_role(cm_context *ctx, const cm_table *sales, int32_t role) {
    int64_t column = -1;
    return cm_roles_find(ctx, sales, role, false, &column) == CM_OK && column >= 0;
}

static bool has_amounts(cm_context *ctx, const cm_table *sales) {
    return has_role(ctx, sales, CM_ROLE_AMOUNT)
           || (has_role(ctx, sales, CM_ROLE_PRICE) && has_role(ctx, sales, CM_ROLE_QUANTITY));
}

/* `of`: what is known of the lines; `before`: the lines, NULL: a state, which has dates and amounts. */
static cm_status answer(cm_context *ctx, const cm_orders *orders, const known *of, const cm_options *options,
                        const cm_table *before, cm_table **out) {
    const cm_topic *topic = &cm_baskets_topic;
    bool dated = cm_option_is_set(options, topic, "as_of");
    question ask = {
        .orders = orders,
        .names = of->named ? &of->names : NULL,
        .groups = &of->groups,
        .weights = &of->weights,
        .by = cm_option_choice(options, topic, "basket"),
        .window = cm_option_int(options, topic, "window"),
        .has_dates = orders->time_kind != CM_TIME_UNKNOWN,
        .has_amounts = !orders->takes_less || has_amounts(ctx, before),
        .as_of = dated ? (int32_t)cm_option_int(options, topic, "as_of") : last_day(orders),
        .keeps_refunds = cm_option_choice(options, topic, "refunds") == 1,
        .known_only = cm_option_choice(options, topic, "baskets") == 1,
        .most_items = (uint64_t)cm_option_int(options, topic, "max_basket"),
    };
    cm_table *baskets = NULL;
    cm_status status = open_question(ctx, &ask);
    if (!status) status = cm_baskets_sort(ctx, &ask);
    if (!status && cm_option_choice(options, topic, "on_error") == 0) status = check_contradictions(ctx, &ask);
    if (!status) cm_baskets_choose(&ask);
    if (!status) status = build(ctx, &ask, &baskets);
    if (!status) status = cm_baskets_attach_items(ctx, &ask, baskets);
    if (!status) status = cm_baskets_attach_key_items(ctx, &ask, options, baskets);
    if (!status) status = cm_baskets_attach_audit(ctx, &ask, before, baskets);
    if (!status) status = cm_repeats_attach(ctx, baskets, &ask.repeats);
    close_question(ctx->core, &ask);
    if (status)
        cm_table_free(baskets);
    else
        *out = baskets;
    return status;
}

static cm_status orders_baskets(cm_context *ctx, const cm_orders *orders, const cm_options *options, cm_table **out) {
    static const char *const of_lines[] = {"level", "group", "weight"};
    const known nothing = {0};
    int32_t minutes;
    const char *offset;
    cm_status status = cm_options_check(ctx, options, &cm_baskets_topic);
    if (status) return status;
    offset = cm_option_text(options, &cm_baskets_topic, "utc_offset");
    status = cm_parse_utc_offset(ctx, offset, &minutes);
    if (!status && offset && minutes != orders->utc_offset)
        status = cm_fail(ctx, CM_E_OPTION, "UTC_OFFSETS", "ii", (int64_t)minutes, (int64_t)orders->utc_offset);
    if (!status && !orders->keeps_items) status = cm_fail(ctx, CM_E_OPTION, "NO_ITEMS_KEPT", "");
    for (int i = 0; i < 3 && !status; i++)
        if (cm_option_is_set(options, &cm_baskets_topic, of_lines[i]))
            status = cm_fail(ctx, CM_E_OPTION, "LEVEL_OF_STATE", "s", of_lines[i]);
    return status ? status : answer(ctx, orders, &nothing, options, NULL, out);
}

cm_status cm_orders_baskets(cm_context *ctx, const cm_orders *orders, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    if (!orders || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, orders_baskets(ctx, orders, options, out));
}

/* The table with another column in a role of items; their names mean nothing then. */
static cm_status with_column(cm_context *ctx, const cm_table *sales, const char *level, int32_t role, cm_table **out) {
    cm_table *plain = NULL;
    int64_t names;
    cm_status status = cm_roles_find(ctx, sales, CM_ROLE_ITEM_NAME, false, &names);
    if (!status && names >= 0 && strcmp(sales->columns[names]->name, level) != 0) {
        status = cm_table_with_role(ctx, sales, sales->columns[names]->name, CM_ROLE_NONE, &plain);
    } else if (!status) plain = cm_table_retain(sales);
    if (!status) status = cm_table_with_role(ctx, plain, level, role, out);
    cm_table_free(plain);
    return status;
}

/* The table with the column of the option `level` in place of the items. */
static cm_status open_level(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out) {
    const char *level = cm_option_text(options, &cm_baskets_topic, "level");
    *out = level ? NULL : cm_table_retain(sales);
    return level ? with_column(ctx, sales, level, CM_ROLE_ITEM, out) : CM_OK;
}

/* What each item belongs to: of the column of the option `group` the most frequent text. */
static cm_status find_groups(cm_context *ctx, const cm_table *lines, const cm_options *options, cm_ids *items,
                             cm_item_names *out) {
    const char *group = cm_option_text(options, &cm_baskets_topic, "group");
    cm_table *grouped = NULL;
    if (!group) return CM_OK;
    cm_status status = with_column(ctx, lines, group, CM_ROLE_ITEM_NAME, &grouped);
    if (!status) status = cm_item_names_find(ctx, grouped, items, out);
    cm_table_free(grouped);
    return status;
}

/* What tells one basket from another: an invoice, or a customer and, unless all is one, a day. Key items need to know
 * who brings how much. */
static cm_status check_roles(cm_context *ctx, const cm_table *sales, const cm_options *options) {
    int32_t by = cm_option_choice(options, &cm_baskets_topic, "basket");
    int64_t column = -1;
    if (cm_option_int(options, &cm_baskets_topic, "key_items")) {
        cm_status missing = cm_roles_find(ctx, sales, CM_ROLE_CUSTOMER, true, &column);
        if (!missing && !has_amounts(ctx, sales)) missing = cm_roles_find(ctx, sales, CM_ROLE_AMOUNT, true, &column);
        if (missing) return missing;
        column = -1;
    }
    cm_status status = by == CM_BASKET_BY_INVOICE ? cm_roles_find(ctx, sales, CM_ROLE_INVOICE, false, &column) : CM_OK;
    if (status || column >= 0) return status;
    status = cm_roles_find(ctx, sales, CM_ROLE_CUSTOMER, true, &column);
    return status || by == CM_BASKET_BY_CUSTOMER ? status : cm_roles_find(ctx, sales, CM_ROLE_DATE, true, &column);
}

static cm_status baskets_of_lines(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out) {
    const cm_topic *topic = &cm_baskets_topic;
    int32_t minutes = 0;
    cm_orders *orders = NULL;
    cm_table *lines = NULL;
    known of = {.named = !cm_option_is_set(options, topic, "level")};
    cm_status status = cm_parse_utc_offset(ctx, cm_option_text(options, topic, "utc_offset"), &minutes);
    if (!status) status = open_level(ctx, sales, options, &lines);
    if (!status) status = check_roles(ctx, lines, options);
    if (!status) status = cm_orders_make(ctx, minutes, true, &orders);
    if (!status) {
        orders->takes_less = true;
        status = cm_orders_add_lines(ctx, orders, lines, NULL);
    }
    if (!status && of.named) status = cm_item_names_find(ctx, lines, &orders->items, &of.names);
    if (!status) status = find_groups(ctx, lines, options, &orders->items, &of.groups);
    if (!status)
        status = cm_basket_weights_find(ctx, sales, cm_option_text(options, topic, "weight"), orders,
                                        cm_option_choice(options, topic, "basket"), &of.weights);
    if (!status) status = answer(ctx, orders, &of, options, lines, out);
    cm_basket_weights_clear(ctx->core, &of.weights);
    cm_item_names_clear(ctx->core, &of.groups);
    cm_item_names_clear(ctx->core, &of.names);
    cm_orders_free(orders);
    cm_table_free(lines);
    return status;
}

static cm_status any_baskets(cm_context *ctx, const cm_table *table, const cm_options *options, cm_table **out) {
    const cm_topic *topic = &cm_baskets_topic;
    cm_status status = cm_options_check(ctx, options, topic);
    if (status) return status;
    if (cm_option_choice(options, topic, "layout") == CM_LAYOUT_COLUMNS)
        return cm_baskets_of_columns(ctx, table, options, out);
    if (cm_option_choice(options, topic, "layout") == CM_LAYOUT_BASKETS)
        return cm_baskets_of_lists(ctx, table, options, out);
    return baskets_of_lines(ctx, table, options, out);
}

cm_status cm_baskets(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    if (!sales || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, any_baskets(ctx, sales, options, out));
}
