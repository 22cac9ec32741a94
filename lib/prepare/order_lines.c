/* Lines to a state of orders: runs of lines of one order (order_runs.c) are added up before their record is looked for.
 * Threads take parts of the table, each into a state of its own, merged in the order of the parts. O(lines). */
#include "base/civil.h"
#include "base/threads.h"
#include "prepare/order_runs.h"
#include "prepare/orders.h"

/* ---- what a state takes of a table ---- */

#define BIT CM_ROLE_BIT

cm_status cm_orders_open_lines(cm_context *ctx, const cm_orders *like, const cm_table *sales, cm_lines *out) {
    uint32_t usual = BIT(CM_ROLE_CUSTOMER) | BIT(CM_ROLE_DATE) | BIT(CM_ROLE_AMOUNT);
    uint32_t required = (like->takes_less ? 0 : usual) | (like->keeps_items ? BIT(CM_ROLE_ITEM) : 0);
    uint32_t others = BIT(CM_ROLE_INVOICE) | BIT(CM_ROLE_QUANTITY) | BIT(CM_ROLE_COST) | BIT(CM_ROLE_CURRENCY);
    return cm_lines_open(ctx, sales, required | usual | others, required, out);
}

static cm_time_kind time_kind_of(const cm_column *date) {
    if (!date) return CM_TIME_UNKNOWN;
    return date->type == CM_DATE ? CM_TIME_DATE : date->flags & CM_COLUMN_UTC ? CM_TIME_UTC : CM_TIME_NAIVE;
}

/* A state without records, for lines of these columns. */
static cm_status make_state(cm_context *ctx, const cm_lines *lines, const cm_orders *like, cm_orders **out) {
    cm_column *const *columns = lines->columns;
    cm_status status = cm_orders_make(ctx, like->utc_offset, like->keeps_items, out);
    if (status) return status;
    cm_orders *orders = *out;
    orders->money_scale = lines->amount_scale;
    orders->quantity_scale = lines->quantity_scale;
    orders->cost_scale = lines->cost_scale;
    orders->has_quantity = columns[CM_ROLE_QUANTITY] != NULL;
    orders->has_cost = columns[CM_ROLE_COST] != NULL;
    orders->has_invoice = columns[CM_ROLE_INVOICE] != NULL;
    orders->time_kind = time_kind_of(columns[CM_ROLE_DATE]);
    return CM_OK;
}

/* ---- a state of some rows ---- */

typedef struct adding {
    cm_orders *orders;
    const cm_lines *lines;
    cm_id_codes customers, invoices, items;
    bool amounts; /* the table has them */
    cm_lines_block block;
    cm_runs runs;
} adding;

static cm_status open_ids(cm_context *ctx, const cm_column *column, const char *what, cm_ids *ids, cm_id_codes *out) {
    cm_status status = column ? cm_ids_set_type(ctx, ids, column->type, what) : CM_OK;
    return status ? status : cm_id_codes_open(ctx, ids, column, out);
}

static cm_status open_all_ids(cm_context *ctx, adding *work) {
    cm_orders *orders = work->orders;
    cm_column *const *columns = work->lines->columns, *item = orders->keeps_items ? columns[CM_ROLE_ITEM] : NULL;
    cm_status status = open_ids(ctx, columns[CM_ROLE_CUSTOMER], "customer", &orders->customers, &work->customers);
    if (!status) status = open_ids(ctx, columns[CM_ROLE_INVOICE], "invoice", &orders->invoices, &work->invoices);
    return status ? status : open_ids(ctx, item, "item", &orders->items, &work->items);
}

static cm_status find_id(cm_context *ctx, cm_id_codes *codes, bool has, int64_t value, int32_t *code) {
    *code = -1;
    return has ? cm_id_codes_get(ctx, codes, value, code) : CM_OK;
}

static cm_status add_run(cm_context *ctx, adding *work, uint64_t line, cm_order *run) {
    const cm_lines_block *block = &work->block;
    uint8_t has = block->has[line];
    bool overflows = false;
    cm_status status = find_id(ctx, &work->customers, has & CM_HAS_CUSTOMER, block->customer[line], &run->customer);
    if (!status) status = find_id(ctx, &work->invoices, has & CM_HAS_INVOICE, block->invoice[line], &run->invoice);
    if (!status) status = find_id(ctx, &work->items, has & CM_HAS_ITEM, block->item[line], &run->item);
    if (!status) status = cm_order_add(ctx, &work->orders->map, run, &overflows);
    if (overflows)
        status = cm_fail(ctx, CM_E_OVERFLOW, "ORDER_OVERFLOW", "u", block->first_row + line + 1);
    return status;
}

static cm_status add_rows(cm_context *ctx, adding *work, uint64_t first, uint64_t end) {
    int64_t shift = cm_orders_shift(work->orders);
    for (uint64_t row = first; row < end; row += work->block.rows) {
        cm_status status = cm_tick(ctx, "orders", row, end);
        if (!status) status = cm_lines_fill(ctx, work->lines, row, end, &work->block);
        if (status) return status;
        for (uint64_t i = 0; i < work->block.rows && !work->amounts; i++)
            work->block.has[i] |= CM_HAS_AMOUNT; /* of 0 each: the quantity alone tells a refund */
        cm_runs_find(&work->block, shift, &work->runs);
        for (uint64_t i = 0; i < work->runs.count && !status; i++)
            status = add_run(ctx, work, work->runs.starts[i], &work->runs.orders[i]);
        if (status) return status;
    }
    return CM_OK;
}

static cm_status state_of_rows(cm_context *ctx, const cm_lines *lines, const cm_orders *like, uint64_t first,
                               uint64_t end, cm_orders **out) {
    cm_column *const *columns = lines->columns;
    cm_orders *orders = NULL;
    adding *work = cm_alloc_raw(ctx, 1, sizeof *work);
    if (!work) return ctx->error.status;
    cm_status status = make_state(ctx, lines, like, &orders);
    work->orders = orders;
    work->lines = lines;
    work->customers = work->invoices = work->items = (cm_id_codes){0};
    work->amounts = columns[CM_ROLE_AMOUNT] || (columns[CM_ROLE_PRICE] && columns[CM_ROLE_QUANTITY]);
    if (!status) status = open_all_ids(ctx, work);
    if (!status) status = add_rows(ctx, work, first, end);
    cm_id_codes_close(ctx->core, &work->customers);
    cm_id_codes_close(ctx->core, &work->invoices);
    cm_id_codes_close(ctx->core, &work->items);
    cm_free(ctx->core, work, 1, sizeof *work);
    if (status) cm_orders_free(orders);
    else *out = orders;
    return status;
}

/* ---- parts side by side, merged in order ---- */

#define ROWS_A_PART UINT64_C(250000) /* fewer rows do not pay a thread */

typedef struct parts {
    const cm_lines *lines;
    const cm_orders *like; /* whose settings the parts have */
    uint64_t rows, count;
    cm_orders **states;
} parts;

static cm_status make_part(cm_context *ctx, void *argument, uint64_t task) {
    parts *all = argument;
    uint64_t first, end;
    cm_part_of(all->rows, all->count, task, &first, &end);
    return state_of_rows(ctx, all->lines, all->like, first, end, &all->states[task]);
}

cm_status cm_orders_of_lines(cm_context *ctx, const cm_lines *lines, const cm_orders *like, cm_orders **out) {
    uint64_t rows = lines->table->rows, count = cm_parts(ctx, rows, ROWS_A_PART);
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

/* ---- lines that are asked themselves ---- */

cm_status cm_orders_borrow(cm_context *ctx, const cm_lines *lines, const cm_orders *like, const cm_codes *customers,
                           cm_orders **out) {
    cm_orders *orders = NULL;
    *out = NULL;
    cm_status status = make_state(ctx, lines, like, &orders);
    if (!status) status = cm_codes_ids(ctx, customers, &orders->customers);
    if (status) cm_orders_free(orders);
    else *out = orders;
    return status;
}
