/* The state of orders. Lines are added up into records (order_map.h); addition of integers commutes, so any split of
 * the lines and any order of merging gives the same records. What could depend on the order (codes, places in the
 * table) is
 * never shown: every output is sorted by the ids themselves.
 *
 * An update is atomic: its lines make a state of their own, which is then merged; merging first checks and reserves all
 * that can fail, then adds. The parts of a table that threads take are such states, too. */
#include "prepare/orders.h"

#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "base/threads.h"
#include "table/lines.h"

static const cm_option_spec orders_options[] = {
    {"utc_offset", NULL, NULL, "offset like +02:00 at which days of UTC times are cut", 0, 0, CM_OPTION_TEXT},
    {"items", "false", NULL, "whether to keep the items apart, so that baskets can be asked for", 0, 0, CM_OPTION_SWITCH},
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
    memmove(orders->batches + place + 1, orders->batches + place, (orders->batch_count - place) * sizeof *orders->batches);
    orders->batches[place] = copy;
    orders->batch_count++;
    return CM_OK;
}

static void forget_batch(cm_orders *orders, const char *name) {
    uint64_t place = batch_place(orders, name);
    char *gone = orders->batches[place];
    orders->batch_count--;
    memmove(orders->batches + place, orders->batches + place + 1, (orders->batch_count - place) * sizeof *orders->batches);
    cm_free(orders->core, gone, strlen(gone) + 1, 1);
}

/* ---- lines to records ---- */

/* Codes of a text column as codes of the state, each looked up once. */
typedef struct code_map {
    int32_t *codes; /* by the column's code; -1 not yet; NULL for integers */
    uint64_t size;
} code_map;

static cm_status code_map_open(cm_context *ctx, const cm_column *column, code_map *map) {
    *map = (code_map){0};
    if (!column || column->type != CM_STRING) return CM_OK;
    map->size = column->dictionary_size;
    map->codes = cm_alloc(ctx, map->size, sizeof *map->codes);
    if (!map->codes) return ctx->error.status;
    memset(map->codes, 0xFF, (size_t)map->size * sizeof *map->codes);
    return CM_OK;
}

static inline cm_status map_id(cm_context *ctx, code_map *map, const cm_column *column, cm_ids *ids, int64_t value,
                               int32_t *code) {
    if (!map->codes) return cm_ids_add_number(ctx, ids, value, code);
    *code = map->codes[value];
    if (*code >= 0) return CM_OK;
    cm_text text = cm_dictionary_text(column->dictionary, (int32_t)value);
    cm_status status = cm_ids_add_text(ctx, ids, text.data, text.length, code);
    if (!status) map->codes[value] = *code;
    return status;
}

static uint8_t kind_of(uint8_t has, int64_t amount, int64_t quantity) {
    if (!(has & CM_HAS_AMOUNT)) return CM_ORDER_NO_AMOUNT;
    if (quantity < 0 && amount > 0) return CM_ORDER_CONTRADICTION;
    return amount < 0 || quantity < 0 ? CM_ORDER_REFUND : CM_ORDER_PURCHASE;
}

typedef struct adding {
    cm_orders *orders;
    const cm_lines *lines;
    code_map customers, invoices, items;
    cm_lines_block block;
} adding;

static cm_status add_line(cm_context *ctx, adding *work, uint64_t i) {
    cm_orders *orders = work->orders;
    const cm_lines_block *block = &work->block;
    uint8_t has = block->has[i];
    cm_status status = CM_OK;
    cm_order line = {.customer = -1, .invoice = -1, .item = -1, .day = CM_NO_DAY, .lines = 1};
    if (has & CM_HAS_CUSTOMER)
        status = map_id(ctx, &work->customers, work->lines->columns[CM_ROLE_CUSTOMER], &orders->customers,
                        block->customer[i], &line.customer);
    if (has & CM_HAS_INVOICE && !status)
        status = map_id(ctx, &work->invoices, work->lines->columns[CM_ROLE_INVOICE], &orders->invoices,
                        block->invoice[i], &line.invoice);
    if (has & CM_HAS_ITEM && !status)
        status = map_id(ctx, &work->items, work->lines->columns[CM_ROLE_ITEM], &orders->items, block->item[i], &line.item);
    if (status) return status;
    if (has & CM_HAS_TIME) {
        line.first = line.last = block->time[i];
        line.day = cm_civil_day_of(block->time[i] + orders->utc_offset * INT64_C(60000000));
    }
    line.kind = kind_of(has, block->amount[i], block->quantity[i]);
    line.money = block->amount[i];
    line.quantity = block->quantity[i];
    line.cost = block->cost[i];
    line.cost_known = (has & CM_HAS_COST) != 0;
    cm_order *order;
    status = cm_order_get(ctx, &orders->map, &line, &order);
    if (!status && cm_order_add_overflows(order, &line))
        status = cm_fail(ctx, CM_E_OVERFLOW, "ORDER_OVERFLOW", "u", block->first_row + i + 1);
    return status;
}

static cm_status add_rows(cm_context *ctx, adding *work, uint64_t first, uint64_t end) {
    for (uint64_t row = first; row < end; row += work->block.rows) {
        cm_status status = cm_tick(ctx, "orders", row, end);
        if (!status) status = cm_lines_fill(ctx, work->lines, row, end, &work->block);
        for (uint64_t i = 0; i < work->block.rows && !status; i++) status = add_line(ctx, work, i);
        if (status) return status;
    }
    return CM_OK;
}

static cm_time_kind time_kind_of(const cm_column *date) {
    return date->type == CM_DATE ? CM_TIME_DATE : date->flags & CM_COLUMN_UTC ? CM_TIME_UTC : CM_TIME_NAIVE;
}

/* A state of the rows first .. end alone. */
static cm_status state_of_rows(cm_context *ctx, const cm_lines *lines, const cm_orders *like, uint64_t first, uint64_t end,
                               cm_orders **out) {
    cm_column *const *columns = lines->columns;
    cm_orders *orders = NULL;
    adding *work = cm_alloc(ctx, 1, sizeof *work);
    cm_status status = work ? cm_orders_make(ctx, like->utc_offset, like->keeps_items, &orders) : ctx->error.status;
    if (status) goto done;
    orders->money_scale = lines->amount_scale;
    orders->quantity_scale = lines->quantity_scale;
    orders->cost_scale = lines->cost_scale;
    orders->has_quantity = columns[CM_ROLE_QUANTITY] != NULL;
    orders->has_cost = columns[CM_ROLE_COST] != NULL;
    orders->has_invoice = columns[CM_ROLE_INVOICE] != NULL;
    orders->time_kind = time_kind_of(columns[CM_ROLE_DATE]);
    status = cm_ids_set_type(ctx, &orders->customers, columns[CM_ROLE_CUSTOMER]->type, "customer");
    if (!status && orders->has_invoice)
        status = cm_ids_set_type(ctx, &orders->invoices, columns[CM_ROLE_INVOICE]->type, "invoice");
    if (!status && like->keeps_items) status = cm_ids_set_type(ctx, &orders->items, columns[CM_ROLE_ITEM]->type, "item");
    work->orders = orders;
    work->lines = lines;
    if (!status) status = code_map_open(ctx, columns[CM_ROLE_CUSTOMER], &work->customers);
    if (!status) status = code_map_open(ctx, columns[CM_ROLE_INVOICE], &work->invoices);
    if (!status) status = code_map_open(ctx, columns[CM_ROLE_ITEM], &work->items);
    if (!status) status = add_rows(ctx, work, first, end);
done:
    if (work) {
        cm_free(ctx->core, work->customers.codes, work->customers.size, sizeof(int32_t));
        cm_free(ctx->core, work->invoices.codes, work->invoices.size, sizeof(int32_t));
        cm_free(ctx->core, work->items.codes, work->items.size, sizeof(int32_t));
        cm_free(ctx->core, work, 1, sizeof *work);
    }
    if (status) cm_orders_free(orders);
    else *out = orders;
    return status;
}

/* ---- updating: parts side by side, merged in order ---- */

#define ROWS_A_PART UINT64_C(250000) /* fewer rows do not pay a thread */

typedef struct parts {
    const cm_lines *lines;
    const cm_orders *like; /* whose settings the parts have */
    uint64_t rows, count;
    cm_orders **states;
} parts;

static cm_status make_part(cm_context *ctx, void *argument, uint64_t task) {
    parts *all = argument;
    uint64_t first = all->rows / all->count * task;
    uint64_t end = task + 1 == all->count ? all->rows : all->rows / all->count * (task + 1);
    return state_of_rows(ctx, all->lines, all->like, first, end, &all->states[task]);
}

static cm_status make_state(cm_context *ctx, const cm_lines *lines, const cm_orders *like, cm_orders **out) {
    uint64_t rows = lines->table->rows, count = rows / ROWS_A_PART;
    if (count > ctx->settings.threads) count = ctx->settings.threads;
    if (count < 1) count = 1;
    parts all = {lines, like, rows, count, cm_alloc(ctx, count, sizeof *all.states)};
    *out = NULL;
    if (!all.states) return ctx->error.status;
    cm_status status = cm_parallel(ctx, count, make_part, &all);
    for (uint64_t i = 1; i < count && !status; i++) status = cm_orders_add_orders(ctx, all.states[0], all.states[i]);
    if (!status) {
        *out = all.states[0];
        all.states[0] = NULL;
    }
    for (uint64_t i = 0; i < count; i++) cm_orders_free(all.states[i]);
    cm_free(ctx->core, all.states, count, sizeof *all.states);
    return status;
}

#define BIT(role) (1u << (role))

cm_status cm_orders_add_lines(cm_context *ctx, cm_orders *orders, const cm_table *sales, const char *batch) {
    bool goes_on = batch && orders->open_batch && !strcmp(orders->open_batch, batch), named = false;
    if (batch && !goes_on && cm_orders_has_batch(orders, batch)) return cm_fail(ctx, CM_E_DUPLICATE, "BATCH_TWICE", "s", batch);
    uint32_t required = BIT(CM_ROLE_CUSTOMER) | BIT(CM_ROLE_DATE) | BIT(CM_ROLE_AMOUNT);
    if (orders->keeps_items) required |= BIT(CM_ROLE_ITEM);
    uint32_t roles = required | BIT(CM_ROLE_INVOICE) | BIT(CM_ROLE_QUANTITY) | BIT(CM_ROLE_COST) | BIT(CM_ROLE_CURRENCY);
    cm_lines lines;
    cm_orders *fresh = NULL;
    cm_status status = cm_lines_open(ctx, sales, roles, required, &lines);
    if (!status) status = make_state(ctx, &lines, orders, &fresh);
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
