/* Orders as tables: for the reader, for files and back. What is read is checked as if it came from an enemy. */
#include <string.h>

#include "base/civil.h"
#include "base/sort.h"
#include "io/snapshot.h"
#include "prepare/orders.h"

static const char *const kind_names[CM_ORDER_KINDS] = {"purchase", "refund", "contradiction", "no_amount"};

enum { CUSTOMER, INVOICE, ITEM, DAY, KIND, FIRST, LAST, LINES, QUANTITY, MONEY, COST, COST_KNOWN, COLUMNS };

/* ---- canonical order ---- */

/* Ranks of all ids, absent (-1) last. */
static cm_status rank(cm_context *ctx, const cm_ids *ids, int32_t **ranks) {
    *ranks = cm_alloc(ctx, cm_ids_count(ids), sizeof **ranks);
    if (!*ranks) return ctx->error.status;
    return ids->type ? cm_ids_ranks(ctx, ids, *ranks) : CM_OK;
}

static uint64_t rank_of(const int32_t *ranks, int32_t code) { return code < 0 ? UINT32_MAX : (uint32_t)ranks[code]; }

cm_status cm_orders_sorted(cm_context *ctx, const cm_orders *orders, uint32_t *numbers) {
    uint64_t count = orders->map.count;
    int32_t *customers = NULL, *invoices = NULL, *items = NULL;
    cm_key *keys = cm_alloc(ctx, count, sizeof *keys);
    cm_status status = keys ? rank(ctx, &orders->customers, &customers) : ctx->error.status;
    if (!status) status = rank(ctx, &orders->invoices, &invoices);
    if (!status) status = rank(ctx, &orders->items, &items);
    /* Stable passes: item and kind, then day, then customer and invoice. */
    for (uint64_t i = 0; i < count && !status; i++) {
        cm_order order = cm_order_at(&orders->map, i);
        keys[i] = (cm_key){rank_of(items, order.item) << 4 | order.kind, i};
    }
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) {
        int32_t day = cm_order_at(&orders->map, keys[i].value).day;
        keys[i].key = day == CM_NO_DAY ? UINT32_MAX : (uint32_t)day ^ UINT32_C(0x80000000);
    }
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) {
        cm_order order = cm_order_at(&orders->map, keys[i].value);
        keys[i].key = rank_of(customers, order.customer) << 32 | rank_of(invoices, order.invoice);
    }
    if (!status) status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) numbers[i] = (uint32_t)keys[i].value;
    cm_free(ctx->core, customers, cm_ids_count(&orders->customers), sizeof *customers);
    cm_free(ctx->core, invoices, cm_ids_count(&orders->invoices), sizeof *invoices);
    cm_free(ctx->core, items, cm_ids_count(&orders->items), sizeof *items);
    cm_free(ctx->core, keys, count, sizeof *keys);
    return status;
}

/* ---- to tables ---- */

static int32_t time_type(const cm_orders *orders) {
    return orders->time_kind == CM_TIME_NAIVE || orders->time_kind == CM_TIME_UTC ? CM_TIMESTAMP : CM_DATE;
}

static cm_status add_columns(cm_context *ctx, cm_builder *builder, const cm_orders *orders) {
    int32_t time = time_type(orders);
    const struct {
        const char *name;
        int32_t type, scale;
    } columns[COLUMNS] = {
        [CUSTOMER] = {"customer", orders->customers.type ? orders->customers.type : CM_STRING, 0},
        [INVOICE] = {"invoice", orders->invoices.type ? orders->invoices.type : CM_STRING, 0},
        [ITEM] = {"item", orders->items.type ? orders->items.type : CM_STRING, 0},
        [DAY] = {"day", CM_DATE, 0},
        [KIND] = {"kind", CM_STRING, 0},
        [FIRST] = {"first", time, 0},
        [LAST] = {"last", time, 0},
        [LINES] = {"lines", CM_INT64, 0},
        [QUANTITY] = {"quantity", CM_DECIMAL, orders->quantity_scale},
        [MONEY] = {"money", CM_DECIMAL, orders->money_scale},
        [COST] = {"cost", CM_DECIMAL, orders->cost_scale},
        [COST_KNOWN] = {"cost_known", CM_BOOL, 0},
    };
    cm_status status = CM_OK;
    for (int i = 0; i < COLUMNS && !status; i++)
        status = cm_builder_column(ctx, builder, columns[i].name, columns[i].type, columns[i].scale, CM_ROLE_NONE);
    return status;
}

static cm_status set_times(cm_context *ctx, cm_builder *builder, const cm_orders *orders, const cm_order *order) {
    if (order->day == CM_NO_DAY) return CM_OK;
    bool days = time_type(orders) == CM_DATE;
    cm_status status = cm_builder_int(ctx, builder, DAY, order->day);
    if (!status) status = cm_builder_int(ctx, builder, FIRST, days ? order->day : order->first);
    return status ? status : cm_builder_int(ctx, builder, LAST, days ? order->day : order->last);
}

static cm_status add_order(cm_context *ctx, cm_builder *builder, const cm_orders *orders, const cm_order *order) {
    const char *kind = kind_names[order->kind];
    cm_status status = cm_ids_put(ctx, &orders->customers, order->customer, builder, CUSTOMER);
    if (!status) status = cm_ids_put(ctx, &orders->invoices, order->invoice, builder, INVOICE);
    if (!status) status = cm_ids_put(ctx, &orders->items, order->item, builder, ITEM);
    if (!status) status = cm_builder_text(ctx, builder, KIND, kind, strlen(kind));
    if (!status) status = set_times(ctx, builder, orders, order);
    if (!status) status = cm_builder_int(ctx, builder, LINES, order->lines);
    if (!status) status = cm_builder_int(ctx, builder, QUANTITY, order->quantity);
    if (!status) status = cm_builder_int(ctx, builder, MONEY, order->money);
    if (!status) status = cm_builder_int(ctx, builder, COST, order->cost);
    if (!status) status = cm_builder_int(ctx, builder, COST_KNOWN, order->cost_known);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status orders_table(cm_context *ctx, const cm_orders *orders, cm_table **out) {
    cm_builder *builder = NULL;
    uint32_t *numbers = cm_alloc(ctx, orders->map.count, sizeof *numbers);
    cm_status status = numbers ? cm_orders_sorted(ctx, orders, numbers) : ctx->error.status;
    if (!status) status = cm_builder_new(ctx, &builder);
    if (!status) status = add_columns(ctx, builder, orders);
    for (uint64_t i = 0; i < orders->map.count && !status; i++) {
        cm_order order = cm_order_at(&orders->map, numbers[i]);
        status = add_order(ctx, builder, orders, &order);
        if (!status && i % 1024 == 0) status = cm_tick(ctx, "orders", i, orders->map.count);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    if (!status && orders->time_kind == CM_TIME_UTC)
        for (int i = FIRST; i <= LAST; i++) (*out)->columns[i]->flags |= CM_COLUMN_UTC;
    cm_builder_free(builder);
    cm_free(ctx->core, numbers, orders->map.count, sizeof *numbers);
    return status;
}

/* The options that a state was made with, for one that is to be merged with it. */
static cm_status attach_options(cm_context *ctx, const cm_orders *orders, cm_table *table) {
    char offset[] = "+00:00";
    int32_t minutes = orders->utc_offset < 0 ? -orders->utc_offset : orders->utc_offset;
    cm_options *options = NULL;
    cm_table *own = NULL;
    offset[0] = orders->utc_offset < 0 ? '-' : '+';
    offset[1] = (char)('0' + minutes / 600);
    offset[2] = (char)('0' + minutes / 60 % 10);
    offset[4] = (char)('0' + minutes % 60 / 10);
    offset[5] = (char)('0' + minutes % 10);
    cm_status status = cm_options_make(ctx, &cm_orders_topic, &options);
    if (!status) status = cm_options_set_text(ctx, options, "utc_offset", offset);
    if (!status) status = cm_options_set_int(ctx, options, "items", orders->keeps_items);
    if (!status) status = cm_options_to_table(ctx, options, &cm_orders_topic, &own);
    if (!status) status = cm_table_attach(ctx, table, "options", own);
    cm_options_free(options);
    cm_table_free(own);
    return status;
}

static cm_status table_with_options(cm_context *ctx, const cm_orders *orders, cm_table **out) {
    cm_table *table = NULL;
    cm_status status = orders_table(ctx, orders, &table);
    if (!status) status = attach_options(ctx, orders, table);
    if (status) cm_table_free(table);
    else *out = table;
    return status;
}

cm_status cm_orders_table(cm_context *ctx, const cm_orders *orders, cm_table **out) {
    if (out) *out = NULL;
    if (!orders || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, table_with_options(ctx, orders, out));
}

static cm_status batches_table(cm_context *ctx, const cm_orders *orders, cm_table **out) {
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "batch", CM_STRING, 0, CM_ROLE_NONE);
    for (uint64_t i = 0; i < orders->batch_count && !status; i++) {
        status = cm_builder_text(ctx, builder, 0, orders->batches[i], strlen(orders->batches[i]));
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

/* What a state has beside its records: numbers by name. */
enum {
    UTC_OFFSET,
    TIME_KIND,
    HAS_QUANTITY,
    HAS_COST,
    HAS_INVOICE,
    KEEPS_ITEMS,
    CUSTOMER_TYPE,
    INVOICE_TYPE,
    ITEM_TYPE,
    SETTINGS
};
static const char *const setting_names[SETTINGS] = {"utc_offset",    "time_kind",    "has_quantity",
                                                    "has_cost",      "has_invoice",  "keeps_items",
                                                    "customer_type", "invoice_type", "item_type"};

static cm_status settings_table(cm_context *ctx, const cm_orders *orders, cm_table **out) {
    const int64_t values[SETTINGS] = {orders->utc_offset,     orders->time_kind,     orders->has_quantity,
                                      orders->has_cost,       orders->has_invoice,   orders->keeps_items,
                                      orders->customers.type, orders->invoices.type, orders->items.type};
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    if (!status) status = cm_builder_column(ctx, builder, "name", CM_STRING, 0, CM_ROLE_NONE);
    if (!status) status = cm_builder_column(ctx, builder, "value", CM_INT64, 0, CM_ROLE_NONE);
    for (int i = 0; i < SETTINGS && !status; i++) {
        status = cm_builder_text(ctx, builder, 0, setting_names[i], strlen(setting_names[i]));
        if (!status) status = cm_builder_int(ctx, builder, 1, values[i]);
        if (!status) status = cm_builder_row(ctx, builder);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

static const char *const section_names[] = {"settings", "batches", "orders"};

static cm_status save(cm_context *ctx, const cm_orders *orders, const char *path) {
    cm_table *tables[3] = {NULL};
    cm_status status = settings_table(ctx, orders, &tables[0]);
    if (!status) status = batches_table(ctx, orders, &tables[1]);
    if (!status) status = orders_table(ctx, orders, &tables[2]);
    if (!status) status = cm_snapshot_save(ctx, path, "orders", section_names, (const cm_table *const *)tables, 3);
    for (int i = 0; i < 3; i++) cm_table_free(tables[i]);
    return status;
}

cm_status cm_orders_save(cm_context *ctx, const cm_orders *orders, const char *path) {
    if (!orders || !path) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, save(ctx, orders, path));
}

/* ---- from tables ---- */

static cm_status damaged(cm_context *ctx, const char *what) {
    return cm_fail(ctx, CM_E_FORMAT, "STATE_DAMAGED", "s", what);
}

static bool has_type(const cm_table *table, uint64_t column, const char *name, int32_t type) {
    return column < table->column_count && !strcmp(table->columns[column]->name, name)
           && table->columns[column]->type == type;
}

static cm_status read_settings(cm_context *ctx, const cm_table *table, cm_orders *orders) {
    static const int64_t most[SETTINGS] = {18 * 60 + 59, CM_TIME_UTC, 1, 1, 1, 1, CM_STRING, CM_STRING, CM_STRING};
    int64_t values[SETTINGS];
    if (!table || table->rows != SETTINGS || !has_type(table, 0, "name", CM_STRING)
        || !has_type(table, 1, "value", CM_INT64))
        return damaged(ctx, "settings");
    for (uint64_t i = 0; i < SETTINGS; i++) {
        const char *name = cm_table_text(table, i, 0, 0, NULL);
        values[i] = cm_table_int(table, i, 1);
        if (!name || strcmp(name, setting_names[i]) != 0 || values[i] > most[i]
            || values[i] < (i == UTC_OFFSET ? -most[i] : 0))
            return damaged(ctx, "settings");
    }
    orders->utc_offset = (int32_t)values[UTC_OFFSET];
    orders->time_kind = (cm_time_kind)values[TIME_KIND];
    orders->has_quantity = values[HAS_QUANTITY];
    orders->has_cost = values[HAS_COST];
    orders->has_invoice = values[HAS_INVOICE];
    orders->keeps_items = values[KEEPS_ITEMS];
    cm_ids *const ids[] = {&orders->customers, &orders->invoices, &orders->items};
    cm_status status = CM_OK;
    for (int i = CUSTOMER_TYPE; i <= ITEM_TYPE && !status; i++) {
        if (values[i] != 0 && values[i] != CM_STRING && values[i] != CM_INT64) return damaged(ctx, "settings");
        if (values[i]) status = cm_ids_set_type(ctx, ids[i - CUSTOMER_TYPE], (int32_t)values[i], "id");
    }
    return status;
}

static cm_status read_batches(cm_context *ctx, const cm_table *table, cm_orders *orders) {
    if (!table || !has_type(table, 0, "batch", CM_STRING)) return damaged(ctx, "batches");
    for (uint64_t row = 0; row < table->rows; row++) {
        const char *name = cm_table_text(table, row, 0, 0, NULL);
        if (!name || cm_orders_has_batch(orders, name)) return damaged(ctx, "batches");
        cm_status status = cm_orders_add_batch(ctx, orders, name);
        if (status) return status;
    }
    return CM_OK;
}

static cm_status read_id(cm_context *ctx, const cm_table *table, uint64_t row, uint64_t column, cm_ids *ids,
                         int32_t *code) {
    uint64_t length = 0;
    *code = -1;
    if (cm_table_is_absent(table, row, column)) return CM_OK;
    if (!ids->type) return damaged(ctx, "ids");
    if (ids->type == CM_INT64) return cm_ids_add_number(ctx, ids, cm_table_int(table, row, column), code);
    const char *text = cm_table_text(table, row, column, 0, &length);
    return cm_ids_add_text(ctx, ids, text, length, code);
}

static int kind_by_name(const char *name) {
    for (int kind = 0; name && kind < CM_ORDER_KINDS; kind++)
        if (!strcmp(name, kind_names[kind])) return kind;
    return -1;
}

static cm_status read_order(cm_context *ctx, const cm_table *table, uint64_t row, cm_orders *orders) {
    cm_order one = {.day = CM_NO_DAY};
    uint64_t other;
    bool overflows;
    int kind = kind_by_name(cm_table_text(table, row, KIND, 0, NULL));
    int64_t lines = cm_table_int(table, row, LINES);
    if (kind < 0 || lines < 1 || lines > UINT32_MAX) return damaged(ctx, "orders");
    cm_status status = read_id(ctx, table, row, CUSTOMER, &orders->customers, &one.customer);
    if (!status) status = read_id(ctx, table, row, INVOICE, &orders->invoices, &one.invoice);
    if (status) return status;
    status = read_id(ctx, table, row, ITEM, &orders->items, &one.item);
    if (status) return status;
    if (one.item >= 0 && !orders->keeps_items) return damaged(ctx, "items");
    one.kind = (uint8_t)kind;
    one.lines = (uint32_t)lines;
    one.cost_known = cm_table_int(table, row, COST_KNOWN) != 0;
    if (!cm_table_is_absent(table, row, DAY)) {
        bool days = time_type(orders) == CM_DATE;
        one.day = (int32_t)cm_table_int(table, row, DAY);
        one.first = days ? one.day * CM_DAY_MICROSECONDS : cm_table_int(table, row, FIRST);
        one.last = days ? one.first : cm_table_int(table, row, LAST);
        int64_t shift = cm_orders_shift(orders);
        if (!cm_civil_in_range(one.first) || !cm_civil_in_range(one.last) || one.first > one.last
            || one.day != cm_civil_day_of(one.first + shift) || one.day != cm_civil_day_of(one.last + shift))
            return damaged(ctx, "days");
    }
    one.quantity = cm_table_int(table, row, QUANTITY);
    one.money = cm_table_int(table, row, MONEY);
    one.cost = cm_table_int(table, row, COST);
    if (cm_order_find(&orders->map, &one, &other)) return damaged(ctx, "an order that stands twice");
    return cm_order_add(ctx, &orders->map, &one, &overflows);
}

static cm_status read_orders(cm_context *ctx, const cm_table *table, cm_orders *orders) {
    int32_t time = time_type(orders);
    int32_t customer = orders->customers.type ? orders->customers.type : CM_STRING;
    int32_t invoice = orders->invoices.type ? orders->invoices.type : CM_STRING;
    int32_t item = orders->items.type ? orders->items.type : CM_STRING;
    if (!table || !has_type(table, CUSTOMER, "customer", customer) || !has_type(table, INVOICE, "invoice", invoice)
        || !has_type(table, ITEM, "item", item) || !has_type(table, DAY, "day", CM_DATE)
        || !has_type(table, KIND, "kind", CM_STRING) || !has_type(table, FIRST, "first", time)
        || !has_type(table, LAST, "last", time) || !has_type(table, LINES, "lines", CM_INT64)
        || !has_type(table, QUANTITY, "quantity", CM_DECIMAL) || !has_type(table, MONEY, "money", CM_DECIMAL)
        || !has_type(table, COST, "cost", CM_DECIMAL) || !has_type(table, COST_KNOWN, "cost_known", CM_BOOL))
        return damaged(ctx, "orders");
    orders->quantity_scale = table->columns[QUANTITY]->scale;
    orders->money_scale = table->columns[MONEY]->scale;
    orders->cost_scale = table->columns[COST]->scale;
    for (uint64_t row = 0; row < table->rows; row++) {
        cm_status status = row % 1024 ? CM_OK : cm_tick(ctx, "orders", row, table->rows);
        if (!status) status = read_order(ctx, table, row, orders);
        if (status) return status;
    }
    return CM_OK;
}

static cm_status load(cm_context *ctx, const char *path, cm_orders **out) {
    cm_snapshot snapshot = {0};
    cm_orders *orders = NULL;
    cm_status status = cm_snapshot_load(ctx, path, &snapshot);
    if (!status && strcmp(snapshot.kind, "orders") != 0)
        status = cm_fail(ctx, CM_E_FORMAT, "FILE_KIND", "ss", snapshot.kind, "orders");
    if (!status) status = cm_orders_make(ctx, 0, false, &orders);
    if (!status) status = read_settings(ctx, cm_snapshot_find(&snapshot, "settings"), orders);
    if (!status) status = read_batches(ctx, cm_snapshot_find(&snapshot, "batches"), orders);
    if (!status) status = read_orders(ctx, cm_snapshot_find(&snapshot, "orders"), orders);
    cm_snapshot_clear(&snapshot);
    if (status) {
        cm_orders_free(orders);
        return status == CM_E_FORMAT ? cm_fail_at(ctx, path, 0, 0, NULL, 0) : status;
    }
    *out = orders;
    return CM_OK;
}

cm_status cm_orders_load(cm_context *ctx, const char *path, cm_orders **out) {
    if (out) *out = NULL;
    if (!path || !out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, load(ctx, path, out));
}
