/* The state of orders. Lines are added up into records (order_map.h); addition of integers commutes, so any split of
 * the lines and any order of merging gives the same records. What could depend on the order (codes, places in the
 * table) is never shown: every output is sorted by the ids themselves.
 *
 * An update is atomic: its lines make a state of their own (order_lines.c), which is then merged; merging first checks
 * and reserves all that can fail, then adds. */
#include "prepare/orders.h"

#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "base/threads.h"
#include "table/lines.h"

static const cm_option_spec orders_options[] = {
    {"utc_offset", NULL, NULL, "offset like +02:00 at which days of UTC times are cut", 0, 0, CM_OPTION_TEXT},
    {"items", "false", NULL, "whether to keep the items apart, so that baskets can be asked for", 0, 0,
     CM_OPTION_SWITCH},
    {0},
};
const cm_topic cm_orders_topic = {"orders", "the state of orders", orders_options};

/* ---- a state and its batches ---- */

cm_status cm_orders_make(cm_context *ctx, int32_t utc_offset, bool keeps_items, cm_orders **out) {
    cm_orders *orders = cm_alloc(ctx, 1, sizeof *orders);
    *out = orders;
    if (!orders) return ctx->error.status;
    orders->core = cm_core_retain(ctx->core);
    orders->utc_offset = utc_offset;
    orders->keeps_items = keeps_items;
    cm_order_map_init(&orders->map);
    return CM_OK;
}

void cm_orders_free(cm_orders *orders) {
    if (!orders) return;
    cm_core *core = orders->core;
    cm_ids_clear(core, &orders->customers);
    cm_ids_clear(core, &orders->invoices);
    cm_ids_clear(core, &orders->items);
    cm_order_map_clear(core, &orders->map);
    for (uint64_t i = 0; i < orders->batch_count; i++)
        cm_free(core, orders->batches[i], strlen(orders->batches[i]) + 1, 1);
    cm_free(core, orders->batches, orders->batch_capacity, sizeof *orders->batches);
    cm_free(core, orders, 1, sizeof *orders);
    cm_core_release(core);
}

/* The place of a batch's name, or where it belongs. */
static uint64_t batch_place(const cm_orders *orders, const char *name) {
    uint64_t low = 0, high = orders->batch_count;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (strcmp(orders->batches[middle], name) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

bool cm_orders_has_batch(const cm_orders *orders, const char *name) {
    uint64_t place = batch_place(orders, name);
    return place < orders->batch_count && !strcmp(orders->batches[place], name);
}

cm_status cm_orders_add_batch(cm_context *ctx, cm_orders *orders, const char *name) {
    cm_status status =
        cm_reserve(ctx, &orders->batches, &orders->batch_capacity, orders->batch_count + 1, sizeof *orders->batches);
    if (status) return status;
    char *copy = cm_copy_text(ctx, name, strlen(name));
    if (!copy) return ctx->error.status;
    uint64_t place = batch_place(orders, name);
    memmove(orders->batches + place + 1, orders->batches + place,
            (orders->batch_count - place) * sizeof *orders->batches);
    orders->batches[place] = copy;
    orders->batch_count++;
    return CM_OK;
}

static void forget_batch(cm_orders *orders, const char *name) {
    uint64_t place = batch_place(orders, name);
    char *gone = orders->batches[place];
    orders->batch_count--;
    memmove(orders->batches + place, orders->batches + place + 1,
            (orders->batch_count - place) * sizeof *orders->batches);
    cm_free(orders->core, gone, strlen(gone) + 1, 1);
}

/* ---- updating ---- */

cm_status cm_orders_add_lines(cm_context *ctx, cm_orders *orders, const cm_table *sales, const char *batch) {
    bool goes_on = batch && orders->open_batch && !strcmp(orders->open_batch, batch), named = false;
    if (batch && !goes_on && cm_orders_has_batch(orders, batch))
        return cm_fail(ctx, CM_E_DUPLICATE, "BATCH_TWICE", "s", batch);
    cm_lines lines;
    cm_orders *fresh = NULL;
    cm_status status = cm_orders_open_lines(ctx, orders, sales, &lines);
    if (!status) status = cm_orders_of_lines(ctx, &lines, orders, &fresh);
    if (!status && batch && !goes_on) {
        status = cm_orders_add_batch(ctx, orders, batch);
        named = !status;
    }
    if (!status) status = cm_orders_add_orders(ctx, orders, fresh);
    if (status && named) forget_batch(orders, batch);
    if (!status) orders->open_batch = batch ? orders->batches[batch_place(orders, batch)] : NULL;
    cm_orders_free(fresh);
    cm_lines_close(&lines);
    return status;
}

static cm_status orders_new(cm_context *ctx, const cm_options *options, cm_orders **out) {
    int32_t minutes = 0;
    cm_status status = cm_options_check(ctx, options, &cm_orders_topic);
    if (!status) status = cm_parse_utc_offset(ctx, cm_option_text(options, &cm_orders_topic, "utc_offset"), &minutes);
    bool items = cm_option_int(options, &cm_orders_topic, "items") != 0;
    return status ? status : cm_orders_make(ctx, minutes, items, out);
}

cm_status cm_orders_new(cm_context *ctx, const cm_options *options, cm_orders **out) {
    if (out) *out = NULL;
    if (!out) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, orders_new(ctx, options, out));
}

cm_status cm_orders_update(cm_context *ctx, cm_orders *orders, const cm_table *sales, const char *batch) {
    if (!orders || !sales) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, cm_orders_add_lines(ctx, orders, sales, batch));
}

cm_status cm_parse_utc_offset(cm_context *ctx, const char *text, int32_t *minutes) {
    *minutes = 0;
    if (!text || !*text || !strcmp(text, "Z")) return CM_OK;
    const char *at = text + 1;
    int64_t hours = 0, rest = 0;
    uint64_t digits = strspn(at, "0123456789");
    const char *colon = at[digits] == ':' ? at + digits + 1 : NULL;
    bool fine = (*text == '+' || *text == '-') && digits >= 1 && digits <= 4 && digits != 3;
    if (fine && digits == 4) fine = !colon && !at[4] && cm_parse_int(at, 2, &hours) && cm_parse_int(at + 2, 2, &rest);
    else if (fine) {
        fine = cm_parse_int(at, digits, &hours);
        if (colon) fine = fine && strspn(colon, "0123456789") == 2 && !colon[2] && cm_parse_int(colon, 2, &rest);
        else fine = fine && !at[digits];
    }
    if (!fine || hours > 18 || rest > 59) return cm_fail(ctx, CM_E_OPTION, "UTC_OFFSET", "s", text);
    *minutes = (int32_t)(hours * 60 + rest) * (*text == '-' ? -1 : 1);
    return CM_OK;
}
