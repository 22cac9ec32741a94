/* Customers from orders: the records are sorted by customer and day, then by customer and invoice, and each customer's
 * run is added up. O(orders), the sorts being by digits. */
#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "base/sort.h"
#include "prepare/orders.h"
#include "table/audit.h"
#include "table/join.h"

static const cm_option_spec customers_options[] = {
    {"as_of", NULL, NULL, "last day that counts; default: the last date among the lines", 0, 0, CM_OPTION_DATE},
    {"refunds", "net", "net|keep|drop", "lower the money; keep as lines like any other; leave out", 0, 0, CM_OPTION_CHOICE},
    {"on_error", "fail", "fail|collect", "lines that contradict themselves: stop, or leave out and count", 0, 0,
     CM_OPTION_CHOICE},
    {"attributes", NULL, NULL, "a table of customers, joined by its first column", 0, 0, CM_OPTION_TABLE},
    {"utc_offset", NULL, NULL, "offset like +02:00 at which days of UTC times are cut", 0, 0, CM_OPTION_TEXT},
    {0},
};
const cm_topic cm_customers_topic = {"customers", "transactions to customers", customers_options};

enum { REFUNDS_NET, REFUNDS_KEEP, REFUNDS_DROP };

/* What becomes of a record in a question. */
typedef enum fate {
    COUNTS_AS_PURCHASE,
    COUNTS_AS_REFUND,
    DROPPED_NO_DATE,
    DROPPED_NO_AMOUNT,
    DROPPED_LATER,
    DROPPED_REFUND,
    DROPPED_CONTRADICTION,
    DROPPED_NO_CUSTOMER,
    FATES
} fate;

static const char *const fate_names[FATES] = {NULL,           NULL,      "no date",       "no amount",
                                              "after as-of", "refund", "contradiction", "no customer"};

typedef struct question {
    const cm_orders *orders;
    int32_t as_of, refunds;
    const cm_ids *ids;   /* of the customers to be shown: the state's, or with those of the attributes in own_ids */
    cm_ids own_ids;
    int32_t *codes;      /* a code of the state as a code of own_ids; NULL: the same */
    uint8_t *listed;     /* by code: customers of the attributes, shown without a purchase, too; NULL: none */
    uint64_t id_count;
    uint8_t *fates;      /* by record */
    int32_t *ranks;      /* by code; and the code of each rank */
    int32_t *ranked;
    cm_key *by_day;      /* records that count: customer rank and day */
    cm_key *by_invoice;  /* purchases: customer rank and invoice */
    uint64_t day_count, invoice_count;
} question;

static fate fate_of(const question *ask, const cm_order *order) {
    if (order->day == CM_NO_DAY) return DROPPED_NO_DATE;
    if (order->kind == CM_ORDER_NO_AMOUNT) return DROPPED_NO_AMOUNT;
    if (order->day > ask->as_of) return DROPPED_LATER;
    if (ask->refunds != REFUNDS_KEEP) {
        if (order->kind == CM_ORDER_CONTRADICTION) return DROPPED_CONTRADICTION;
        if (order->kind == CM_ORDER_REFUND && ask->refunds == REFUNDS_DROP) return DROPPED_REFUND;
    }
    if (order->customer < 0) return DROPPED_NO_CUSTOMER;
    return order->kind == CM_ORDER_REFUND && ask->refunds == REFUNDS_NET ? COUNTS_AS_REFUND : COUNTS_AS_PURCHASE;
}

static int32_t last_day(const cm_orders *orders) {
    int32_t day = CM_NO_DAY;
    for (uint64_t i = 0; i < orders->map.count; i++) {
        const cm_order *order = cm_order_at(&orders->map, i);
        if (order->day > day) day = order->day;
    }
    return day;
}

static uint64_t key_of(int32_t rank, int32_t low) { return (uint64_t)(uint32_t)rank << 32 | ((uint32_t)low ^ UINT32_C(0x80000000)); }

static cm_status sort_records(cm_context *ctx, question *ask) {
    const cm_order_map *map = &ask->orders->map;
    for (uint64_t i = 0; i < map->count; i++) {
        const cm_order *order = cm_order_at(map, i);
        ask->fates[i] = (uint8_t)fate_of(ask, order);
        if (ask->fates[i] > COUNTS_AS_REFUND) continue;
        int32_t rank = ask->ranks[ask->codes ? ask->codes[order->customer] : order->customer];
        ask->by_day[ask->day_count++] = (cm_key){key_of(rank, order->day), i};
        if (ask->fates[i] == COUNTS_AS_PURCHASE && order->invoice >= 0)
            ask->by_invoice[ask->invoice_count++] = (cm_key){key_of(rank, order->invoice), i};
    }
    cm_status status = cm_tick(ctx, "customers", 0, map->count);
    if (!status) status = cm_sort_keys(ctx, ask->by_day, ask->day_count);
    return status ? status : cm_sort_keys(ctx, ask->by_invoice, ask->invoice_count);
}

/* ---- one customer ---- */

typedef struct sums {
    int64_t first, last;         /* microseconds, of purchases */
    int32_t first_day, last_day; /* CM_NO_DAY: no purchase */
    int64_t purchase_days, invoices, lines, quantity, money, refunds, first_day_money, cost;
    bool cost_known;
} sums;

static bool add_purchase_overflows(sums *to, const cm_order *order) {
    bool new_day = order->day != to->last_day; /* records come by day */
    if (to->first_day == CM_NO_DAY) {
        to->first_day = order->day;
        to->first = order->first;
        to->last = order->last;
    }
    if (order->first < to->first) to->first = order->first;
    if (order->last > to->last) to->last = order->last;
    to->last_day = order->day;
    to->purchase_days += new_day;
    to->lines += order->lines;
    if (order->day == to->first_day && __builtin_add_overflow(to->first_day_money, order->money, &to->first_day_money))
        return true;
    return __builtin_add_overflow(to->quantity, order->quantity, &to->quantity);
}

static bool add_overflows(sums *to, const cm_order *order, bool purchase) {
    to->cost_known &= order->cost_known;
    if (__builtin_add_overflow(to->money, order->money, &to->money)
        || __builtin_add_overflow(to->cost, order->cost, &to->cost))
        return true;
    if (!purchase) return __builtin_add_overflow(to->refunds, order->money, &to->refunds);
    return add_purchase_overflows(to, order);
}

/* Without an invoice, a day is one. A day that has lines both with and without an invoice counts for both. */
static int64_t days_without_invoice(const question *ask, const cm_key *keys, uint64_t count) {
    int64_t days = 0;
    uint64_t seen = UINT64_MAX;
    for (uint64_t i = 0; i < count; i++) {
        const cm_order *order = cm_order_at(&ask->orders->map, keys[i].value);
        if (order->invoice >= 0 || ask->fates[keys[i].value] != COUNTS_AS_PURCHASE || keys[i].key == seen) continue;
        seen = keys[i].key;
        days++;
    }
    return days;
}

static cm_status fail_overflow(cm_context *ctx, const cm_ids *ids, int32_t customer) {
    if (ids->type == CM_INT64) return cm_fail(ctx, CM_E_OVERFLOW, "CUSTOMER_OVERFLOW", "i", ids->numbers[customer]);
    return cm_fail(ctx, CM_E_OVERFLOW, "CUSTOMER_OVERFLOW", "s", cm_dictionary_text(ids->texts, customer).data);
}

static cm_status add_up(cm_context *ctx, const question *ask, const cm_key *keys, uint64_t count, sums *out) {
    *out = (sums){.first_day = CM_NO_DAY, .last_day = CM_NO_DAY, .cost_known = true};
    for (uint64_t i = 0; i < count; i++) {
        const cm_order *order = cm_order_at(&ask->orders->map, keys[i].value);
        if (add_overflows(out, order, ask->fates[keys[i].value] == COUNTS_AS_PURCHASE))
            return fail_overflow(ctx, &ask->orders->customers, order->customer);
    }
    out->invoices = days_without_invoice(ask, keys, count);
    return CM_OK;
}

/* ---- the table ---- */

enum {
    CUSTOMER, FIRST, LAST, RECENCY, TENURE, PURCHASE_DAYS, INVOICES, LINES, QUANTITY, MONEY, REFUNDS, MEAN_ORDER,
    FIRST_DAY_MONEY, MARGIN
};

static cm_status add_columns(cm_context *ctx, cm_builder *builder, const question *ask) {
    const cm_orders *orders = ask->orders;
    int32_t time = orders->time_kind == CM_TIME_NAIVE || orders->time_kind == CM_TIME_UTC ? CM_TIMESTAMP : CM_DATE;
    int32_t quantity = orders->quantity_scale ? CM_DECIMAL : CM_INT64;
    int32_t margin_scale = orders->money_scale > orders->cost_scale ? orders->money_scale : orders->cost_scale;
    int32_t id = ask->ids->type ? ask->ids->type : CM_STRING;
    const struct {
        const char *name;
        int32_t type, scale, role;
    } columns[] = {
        {"customer", id, 0, CM_ROLE_CUSTOMER},
        {"first", time, 0, 0},
        {"last", time, 0, 0},
        {"recency_days", CM_INT64, 0, 0},
        {"tenure_days", CM_INT64, 0, 0},
        {"purchase_days", CM_INT64, 0, 0},
        {"invoices", CM_INT64, 0, 0},
        {"lines", CM_INT64, 0, 0},
        {"quantity", quantity, orders->quantity_scale, 0},
        {"money", CM_DECIMAL, orders->money_scale, 0},
        {"refunds", CM_DECIMAL, orders->money_scale, 0},
        {"mean_order", CM_FLOAT64, 0, 0},
        {"first_day_money", CM_DECIMAL, orders->money_scale, 0},
        {"margin", CM_DECIMAL, margin_scale, 0},
    };
    cm_status status = CM_OK;
    for (int32_t i = 0; i < (orders->has_cost ? MARGIN + 1 : MARGIN) && !status; i++)
        status = cm_builder_column(ctx, builder, columns[i].name, columns[i].type, columns[i].scale, columns[i].role);
    return status;
}

static cm_status set(cm_context *ctx, cm_builder *builder, uint64_t column, int64_t value) {
    return cm_builder_int(ctx, builder, column, value);
}

static cm_status set_dates(cm_context *ctx, cm_builder *builder, const question *ask, const sums *one) {
    bool days = ask->orders->time_kind == CM_TIME_DATE;
    cm_status status = set(ctx, builder, FIRST, days ? one->first_day : one->first);
    if (!status) status = set(ctx, builder, LAST, days ? one->last_day : one->last);
    if (!status) status = set(ctx, builder, RECENCY, (int64_t)ask->as_of - one->last_day);
    return status ? status : set(ctx, builder, TENURE, (int64_t)ask->as_of - one->first_day);
}

static cm_status set_margin(cm_context *ctx, cm_builder *builder, const question *ask, int32_t code, const sums *one) {
    const cm_orders *orders = ask->orders;
    int32_t scale = orders->money_scale > orders->cost_scale ? orders->money_scale : orders->cost_scale;
    int64_t money, cost, margin;
    if (!one->cost_known) return CM_OK;
    if (cm_rescale_overflows(one->money, orders->money_scale, scale, &money)
        || cm_rescale_overflows(one->cost, orders->cost_scale, scale, &cost) || __builtin_sub_overflow(money, cost, &margin))
        return fail_overflow(ctx, ask->ids, code);
    return set(ctx, builder, MARGIN, margin);
}

static cm_status add_customer(cm_context *ctx, cm_builder *builder, const question *ask, int32_t code, const sums *one) {
    const cm_orders *orders = ask->orders;
    bool bought = one->first_day != CM_NO_DAY;
    cm_status status = cm_ids_put(ctx, ask->ids, code, builder, CUSTOMER);
    if (!status && bought) status = set_dates(ctx, builder, ask, one);
    if (!status) status = set(ctx, builder, PURCHASE_DAYS, one->purchase_days);
    if (!status) status = set(ctx, builder, INVOICES, one->invoices);
    if (!status) status = set(ctx, builder, LINES, one->lines);
    if (!status && orders->has_quantity) status = set(ctx, builder, QUANTITY, one->quantity);
    if (!status) status = set(ctx, builder, MONEY, one->money);
    if (!status) status = set(ctx, builder, REFUNDS, one->refunds);
    if (!status && bought)
        status = cm_builder_double(ctx, builder, MEAN_ORDER,
                                   cm_decimal_to_double(one->money, orders->money_scale) / (double)one->invoices);
    if (!status && bought) status = set(ctx, builder, FIRST_DAY_MONEY, one->first_day_money);
    if (!status && orders->has_cost) status = set_margin(ctx, builder, ask, code, one);
    return status ? status : cm_builder_row(ctx, builder);
}

/* The number of keys from `from` on that belong to the customer of the first. */
static uint64_t run_length(const cm_key *keys, uint64_t from, uint64_t count) {
    uint64_t end = from;
    while (end < count && keys[end].key >> 32 == keys[from].key >> 32) end++;
    return end - from;
}

/* Distinct invoices of the customer of a rank; *at moves behind them. */
static int64_t count_invoices(const question *ask, uint64_t rank, uint64_t *at) {
    int64_t invoices = 0;
    for (uint64_t seen = UINT64_MAX; *at < ask->invoice_count && ask->by_invoice[*at].key >> 32 == rank; (*at)++) {
        invoices += ask->by_invoice[*at].key != seen;
        seen = ask->by_invoice[*at].key;
    }
    return invoices;
}

static cm_status add_customers(cm_context *ctx, cm_builder *builder, const question *ask) {
    uint64_t at = 0, invoice = 0;
    for (uint64_t rank = 0; rank < ask->id_count; rank++) {
        sums one;
        int32_t code = ask->ranked[rank];
        uint64_t run = at < ask->day_count && ask->by_day[at].key >> 32 == rank ? run_length(ask->by_day, at, ask->day_count) : 0;
        if (!run && !(ask->listed && ask->listed[code])) continue;
        cm_status status = add_up(ctx, ask, ask->by_day + at, run, &one);
        one.invoices += count_invoices(ask, rank, &invoice);
        at += run;
        if (!status) status = add_customer(ctx, builder, ask, code, &one);
        if (!status && rank % 1024 == 0) status = cm_tick(ctx, "customers", rank, ask->id_count);
        if (status) return status;
    }
    return CM_OK;
}

/* ---- what was left out ---- */

static cm_status attach_audit(cm_context *ctx, const question *ask, const cm_table *before, cm_table *customers) {
    __extension__ __int128 money[FATES + 1] = {0};
    uint64_t rows[FATES + 1] = {0};
    cm_audit_line lines[FATES + 2];
    uint64_t count = 0;
    for (uint64_t i = 0; i < ask->orders->map.count; i++) {
        const cm_order *order = cm_order_at(&ask->orders->map, i);
        uint64_t which = ask->fates[i] <= COUNTS_AS_REFUND ? COUNTS_AS_PURCHASE : ask->fates[i];
        rows[which] += order->lines;
        money[which] += order->money;
        rows[FATES] += order->lines;
        money[FATES] += order->money;
    }
    for (uint64_t i = 0; i <= FATES; i++) {
        uint64_t each = i == 0 ? FATES : i == FATES ? COUNTS_AS_PURCHASE : i; /* read, the reasons, kept */
        if (each == COUNTS_AS_REFUND || (each > COUNTS_AS_REFUND && each < FATES && !rows[each])) continue;
        cm_audit_line *line = &lines[count++];
        *line = (cm_audit_line){"customers", each == FATES ? "read" : each ? fate_names[each] : "kept", rows[each], {0}};
        bool known = money[each] <= INT64_MAX && money[each] >= INT64_MIN && each != DROPPED_NO_AMOUNT;
        if (known) line->money = (cm_money){(int64_t)money[each], ask->orders->money_scale, true};
    }
    return cm_audit_attach(ctx, customers, before, lines, count);
}

static cm_status check_contradictions(cm_context *ctx, const question *ask) {
    uint64_t lines = 0;
    const cm_order *least = NULL;
    for (uint64_t i = 0; i < ask->orders->map.count; i++) {
        const cm_order *order = cm_order_at(&ask->orders->map, i);
        if (ask->fates[i] != DROPPED_CONTRADICTION) continue;
        lines += order->lines;
        if (!least || order->first < least->first) least = order;
    }
    if (!lines) return CM_OK;
    char day[CM_CIVIL_TEXT];
    cm_print_date(least->day, day);
    return cm_fail(ctx, CM_E_DATA, "CONTRADICTION", "us", lines, day);
}

/* ---- the question ---- */

/* Customers of the attributes' table are shown even if they never bought: they need codes, beside those of the state.
 */
static cm_status add_listed(cm_context *ctx, question *ask, const cm_table *attributes) {
    const cm_ids *from = &ask->orders->customers;
    cm_status status = cm_ids_set_type(ctx, &ask->own_ids, from->type ? from->type : CM_STRING, "customer");
    if (status) return status;
    ask->codes = cm_alloc(ctx, cm_ids_count(from), sizeof *ask->codes);
    status = ask->codes ? cm_ids_map(ctx, from, NULL, &ask->own_ids, ask->codes) : ctx->error.status;
    uint64_t rows = cm_table_rows(attributes), most = cm_ids_count(from) + rows;
    if (!status) ask->listed = cm_alloc(ctx, most, 1);
    if (!ask->listed) return ctx->error.status;
    const cm_column *key = attributes->columns[0];
    for (uint64_t row = 0; row < rows; row++) {
        char room[CM_CELL_TEXT];
        uint64_t within, length = 0, chunk = cm_table_locate(attributes, row, &within);
        int32_t code;
        if (key->type == CM_LIST || !cm_chunk_present(&key->chunks[chunk], within)) continue;
        const char *text = cm_cell_text(key, &key->chunks[chunk], within, room, &length);
        status = cm_ids_add(ctx, &ask->own_ids, text, &code);
        if (status) return status;
        ask->listed[code] = 1;
    }
    ask->ids = &ask->own_ids;
    return CM_OK;
}

static void question_close(cm_core *core, question *ask, uint64_t listed) {
    uint64_t records = ask->orders->map.count;
    cm_free(core, ask->codes, cm_ids_count(&ask->orders->customers), sizeof *ask->codes);
    cm_free(core, ask->listed, listed, 1);
    cm_free(core, ask->fates, records, 1);
    cm_free(core, ask->ranks, ask->id_count, sizeof *ask->ranks);
    cm_free(core, ask->ranked, ask->id_count, sizeof *ask->ranked);
    cm_free(core, ask->by_day, records, sizeof *ask->by_day);
    cm_free(core, ask->by_invoice, records, sizeof *ask->by_invoice);
    cm_ids_clear(core, &ask->own_ids);
}

static cm_status rank_ids(cm_context *ctx, question *ask) {
    uint64_t records = ask->orders->map.count;
    ask->id_count = cm_ids_count(ask->ids);
    if (!(ask->ranks = cm_alloc(ctx, ask->id_count, sizeof *ask->ranks))
        || !(ask->ranked = cm_alloc(ctx, ask->id_count, sizeof *ask->ranked))
        || !(ask->fates = cm_alloc(ctx, records, 1)) || !(ask->by_day = cm_alloc(ctx, records, sizeof *ask->by_day))
        || !(ask->by_invoice = cm_alloc(ctx, records, sizeof *ask->by_invoice)))
        return ctx->error.status;
    cm_status status = ask->ids->type ? cm_ids_ranks(ctx, ask->ids, ask->ranks) : CM_OK;
    for (uint64_t code = 0; code < ask->id_count && !status; code++) ask->ranked[ask->ranks[code]] = (int32_t)code;
    return status;
}

static cm_status build(cm_context *ctx, const question *ask, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = add_columns(ctx, builder, ask);
    if (!status) status = add_customers(ctx, builder, ask);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    if (!status && ask->orders->time_kind == CM_TIME_UTC)
        for (int32_t i = FIRST; i <= LAST; i++) (*out)->columns[i]->flags |= CM_COLUMN_UTC;
    return status;
}

/* The attributes beside the customers; what is attached to the customers stays. */
static cm_status join_attributes(cm_context *ctx, const cm_table *attributes, cm_table **customers) {
    cm_table *joined = NULL;
    cm_options *options = NULL;
    cm_status status = cm_options_make(ctx, &cm_join_topic, &options);
    if (!status) status = cm_options_set_text(ctx, options, "left_key", "customer");
    if (!status) status = cm_options_set_text(ctx, options, "right_key", attributes->columns[0]->name);
    if (!status) status = cm_table_join(ctx, *customers, attributes, options, &joined);
    cm_options_free(options);
    if (status) return status;
    cm_table_free(*customers);
    *customers = joined;
    return CM_OK;
}

static cm_status answer(cm_context *ctx, const cm_orders *orders, const cm_options *options, const cm_table *before,
                        cm_table **out) {
    const cm_topic *topic = &cm_customers_topic;
    const cm_table *attributes = cm_option_table(options, topic, "attributes");
    question ask = {.orders = orders, .ids = &orders->customers, .refunds = cm_option_choice(options, topic, "refunds")};
    cm_table *customers = NULL;
    if (cm_option_is_set(options, topic, "as_of")) ask.as_of = (int32_t)cm_option_int(options, topic, "as_of");
    else ask.as_of = last_day(orders);
    if (attributes && !cm_table_columns(attributes)) attributes = NULL;
    uint64_t listed = attributes ? cm_ids_count(&orders->customers) + cm_table_rows(attributes) : 0;

    cm_status status = attributes ? add_listed(ctx, &ask, attributes) : CM_OK;
    if (status) ask.id_count = 0;
    else status = rank_ids(ctx, &ask);
    if (!status) status = sort_records(ctx, &ask);
    if (!status && cm_option_choice(options, topic, "on_error") == 0) status = check_contradictions(ctx, &ask);
    if (!status) status = build(ctx, &ask, &customers);
    if (!status) status = attach_audit(ctx, &ask, before, customers);
    if (!status && attributes) status = join_attributes(ctx, attributes, &customers);
    question_close(ctx->core, &ask, listed);
    if (status) cm_table_free(customers);
    else *out = customers;
    return status;
}

static cm_status orders_customers(cm_context *ctx, const cm_orders *orders, const cm_options *options, cm_table **out) {
    int32_t minutes;
    cm_status status = cm_options_check(ctx, options, &cm_customers_topic);
    const char *offset = cm_option_text(options, &cm_customers_topic, "utc_offset");
    if (!status) status = cm_parse_utc_offset(ctx, offset, &minutes);
    if (!status && offset && minutes != orders->utc_offset)
        status = cm_fail(ctx, CM_E_OPTION, "UTC_OFFSETS", "ii", (int64_t)minutes, (int64_t)orders->utc_offset);
    return status ? status : answer(ctx, orders, options, NULL, out);
}

cm_status cm_orders_customers(cm_context *ctx, const cm_orders *orders, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    if (!orders || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, orders_customers(ctx, orders, options, out));
}

static cm_status customers(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out) {
    int32_t minutes = 0;
    cm_orders *orders = NULL;
    cm_status status = cm_options_check(ctx, options, &cm_customers_topic);
    if (!status) status = cm_parse_utc_offset(ctx, cm_option_text(options, &cm_customers_topic, "utc_offset"), &minutes);
    if (!status) status = cm_orders_make(ctx, minutes, false, &orders);
    if (!status) status = cm_orders_add_lines(ctx, orders, sales, NULL);
    if (!status) status = answer(ctx, orders, options, sales, out);
    cm_orders_free(orders);
    return status;
}

cm_status cm_customers(cm_context *ctx, const cm_table *sales, const cm_options *options, cm_table **out) {
    if (out) *out = NULL;
    if (!sales || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, customers(ctx, sales, options, out));
}
