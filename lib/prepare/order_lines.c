/* Lines to records of orders. Lines of one order mostly follow each other: such a run is added up before its record is
 * looked for. Threads take parts of the table, each into a state of its own, merged in the order of the parts.
 *
 * A question that is asked once and of these lines alone does not need one record an order: then the runs themselves
 * are the records ("loose"), found and compared by nobody, with the codes of the table's own dictionaries. Where too
 * many runs turn out to be of orders that came before, the lines are not in the order of their orders, and records are
 * looked for after all, so that memory stays within what the orders need. O(lines). */
#include "base/civil.h"
#include "base/threads.h"
#include "prepare/orders.h"

/* ---- runs ---- */

/* Lines of one order that follow each other: what they have in common, in the terms of the table, and their sums. */
typedef struct run {
    int64_t customer, invoice, item;
    cm_order sums; /* ids not yet set; no lines: there is no run */
    uint8_t has;
} run;

typedef struct adding {
    cm_orders *orders;
    const cm_lines *lines;
    cm_id_codes customers, invoices, items;
    bool loose, amounts; /* amounts: the table has them */
    uint64_t settle_at; /* records at which loose ones are looked at once */
    run run;
    cm_lines_block block;
} adding;

static uint8_t kind_of(uint8_t has, int64_t amount, int64_t quantity) {
    if (!(has & CM_HAS_AMOUNT)) return CM_ORDER_NO_AMOUNT;
    if (quantity < 0 && amount > 0) return CM_ORDER_CONTRADICTION;
    return amount < 0 || quantity < 0 ? CM_ORDER_REFUND : CM_ORDER_PURCHASE;
}

/* The lines from i on that are of one order: how many. */
static uint64_t extent(const cm_lines_block *block, uint64_t i, int64_t midnight, uint8_t kind) {
    uint64_t end = i + 1;
    while (end < block->rows && block->has[end] == block->has[i] && block->customer[end] == block->customer[i]
           && block->invoice[end] == block->invoice[i] && block->item[end] == block->item[i]
           && (uint64_t)(block->time[end] - midnight) < (uint64_t)CM_DAY_MICROSECONDS
           && kind_of(block->has[end], block->amount[end], block->quantity[end]) == kind)
        end++;
    return end - i;
}

static bool add_lines_overflows(const cm_lines_block *block, uint64_t i, uint64_t count, cm_order *sums) {
    bool beyond = false;
    sums->first = sums->last = block->time[i];
    sums->lines = (uint32_t)count;
    for (uint64_t end = i + count; i < end; i++) {
        beyond |= __builtin_add_overflow(sums->quantity, block->quantity[i], &sums->quantity);
        beyond |= __builtin_add_overflow(sums->money, block->amount[i], &sums->money);
        beyond |= __builtin_add_overflow(sums->cost, block->cost[i], &sums->cost);
        sums->first = block->time[i] < sums->first ? block->time[i] : sums->first;
        sums->last = block->time[i] > sums->last ? block->time[i] : sums->last;
    }
    return beyond;
}

/* A run that begins with line i of the block; *count lines are of it. */
static bool run_overflows(const adding *work, uint64_t i, run *out, uint64_t *count) {
    const cm_lines_block *block = &work->block;
    uint8_t has = block->has[i], kind = kind_of(has, block->amount[i], block->quantity[i]);
    int64_t shift = work->orders->utc_offset * CM_MINUTE_MICROSECONDS;
    int32_t day = cm_civil_day_of(block->time[i] + shift);
    *out = (run){block->customer[i], block->invoice[i], block->item[i], {.day = day, .kind = kind}, has};
    out->sums.cost_known = (has & CM_HAS_COST) != 0;
    *count = extent(block, i, day * CM_DAY_MICROSECONDS - shift, kind);
    if (!(has & CM_HAS_TIME)) out->sums.day = CM_NO_DAY;
    return add_lines_overflows(block, i, *count, &out->sums);
}

static bool same_order(const run *a, const run *b) {
    return a->sums.lines && a->has == b->has && a->customer == b->customer && a->invoice == b->invoice
           && a->item == b->item && a->sums.day == b->sums.day && a->sums.kind == b->sums.kind;
}

/* ---- runs to records ---- */

/* Loose records that repeat the orders of earlier ones more often than not are made proper ones, as all to come. */
static cm_status settle(cm_context *ctx, adding *work) {
    cm_order_map loose = work->orders->map, proper;
    cm_order_map_init(&proper);
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < loose.count && !status; i++) {
        const cm_order *from = cm_order_at(&loose, i);
        cm_order *to;
        status = cm_order_get(ctx, &proper, from, &to);
        if (!status && cm_order_add_overflows(to, from)) status = cm_fail(ctx, CM_E_OVERFLOW, "MERGE_OVERFLOW", "");
    }
    bool repeat = proper.count < loose.count / 2;
    if (repeat && !status) work->orders->map = proper;
    cm_order_map_clear(ctx->core, repeat && !status ? &loose : &proper);
    work->loose = !repeat;
    work->settle_at *= 4;
    return status;
}

static cm_status set_ids(cm_context *ctx, adding *work, const run *from, cm_order *order) {
    cm_status status = CM_OK;
    order->customer = from->has & CM_HAS_CUSTOMER ? (int32_t)from->customer : -1;
    order->invoice = from->has & CM_HAS_INVOICE ? (int32_t)from->invoice : -1;
    order->item = from->has & CM_HAS_ITEM ? (int32_t)from->item : -1;
    if (work->orders->borrows_ids) return CM_OK;
    if (from->has & CM_HAS_CUSTOMER)
        status = cm_id_codes_get(ctx, &work->customers, from->customer, &order->customer);
    if (from->has & CM_HAS_INVOICE && !status)
        status = cm_id_codes_get(ctx, &work->invoices, from->invoice, &order->invoice);
    if (from->has & CM_HAS_ITEM && !status) status = cm_id_codes_get(ctx, &work->items, from->item, &order->item);
    return status;
}

/* The run at hand into the records; `row` for an error. */
static cm_status end_run(cm_context *ctx, adding *work, uint64_t row) {
    cm_order *order, *sums = &work->run.sums;
    if (!sums->lines) return CM_OK;
    cm_status status = set_ids(ctx, work, &work->run, sums);
    if (status) return status;
    if (sums->day > work->orders->last_day) work->orders->last_day = sums->day;
    if (work->loose) {
        status = cm_order_append(ctx, &work->orders->map, sums);
        if (!status && work->orders->map.count == work->settle_at) status = settle(ctx, work);
    } else {
        status = cm_order_get(ctx, &work->orders->map, sums, &order);
        if (!status && cm_order_add_overflows(order, sums))
            status = cm_fail(ctx, CM_E_OVERFLOW, "ORDER_OVERFLOW", "u", row);
    }
    sums->lines = 0;
    return status;
}

static cm_status add_block(cm_context *ctx, adding *work) {
    uint64_t count;
    for (uint64_t i = 0; i < work->block.rows; i += count) {
        uint64_t row = work->block.first_row + i + 1;
        run next;
        bool beyond = run_overflows(work, i, &next, &count);
        if (!beyond && same_order(&work->run, &next)) {
            if (!cm_order_add_overflows(&work->run.sums, &next.sums)) continue;
            beyond = true;
        }
        if (beyond) return cm_fail(ctx, CM_E_OVERFLOW, "ORDER_OVERFLOW", "u", row);
        cm_status status = end_run(ctx, work, row);
        if (status) return status;
        work->run = next;
    }
    return CM_OK;
}

static cm_status add_rows(cm_context *ctx, adding *work, uint64_t first, uint64_t end) {
    for (uint64_t row = first; row < end; row += work->block.rows) {
        cm_status status = cm_tick(ctx, "orders", row, end);
        if (!status) status = cm_lines_fill(ctx, work->lines, row, end, &work->block);
        for (uint64_t i = 0; i < work->block.rows && !work->amounts && !status; i++)
            work->block.has[i] |= CM_HAS_AMOUNT; /* of 0 each: the quantity alone tells a refund */
        if (!status) status = add_block(ctx, work);
        if (status) return status;
    }
    return end_run(ctx, work, end);
}

/* ---- a state of some rows ---- */

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

static cm_status open_ids(cm_context *ctx, const cm_column *column, bool borrow, const char *what, cm_ids *ids) {
    if (!column) return CM_OK;
    if (!borrow) return cm_ids_set_type(ctx, ids, column->type, what);
    ids->type = CM_STRING;
    ids->texts = cm_dictionary_retain(column->dictionary);
    return CM_OK;
}

static cm_status open_state(cm_context *ctx, const cm_lines *lines, cm_orders *orders) {
    cm_column *const *columns = lines->columns;
    bool borrow = orders->borrows_ids;
    orders->money_scale = lines->amount_scale;
    orders->quantity_scale = lines->quantity_scale;
    orders->cost_scale = lines->cost_scale;
    orders->has_quantity = columns[CM_ROLE_QUANTITY] != NULL;
    orders->has_cost = columns[CM_ROLE_COST] != NULL;
    orders->has_invoice = columns[CM_ROLE_INVOICE] != NULL;
    orders->time_kind = time_kind_of(columns[CM_ROLE_DATE]);
    cm_status status = open_ids(ctx, columns[CM_ROLE_CUSTOMER], borrow, "customer", &orders->customers);
    if (!status) status = open_ids(ctx, columns[CM_ROLE_INVOICE], borrow, "invoice", &orders->invoices);
    if (!status && orders->keeps_items) status = open_ids(ctx, columns[CM_ROLE_ITEM], borrow, "item", &orders->items);
    return status;
}

static cm_status open_codes(cm_context *ctx, cm_column *const *columns, adding *work) {
    cm_orders *orders = work->orders;
    cm_status status = cm_id_codes_open(ctx, &orders->customers, columns[CM_ROLE_CUSTOMER], &work->customers);
    if (!status) status = cm_id_codes_open(ctx, &orders->invoices, columns[CM_ROLE_INVOICE], &work->invoices);
    return status ? status : cm_id_codes_open(ctx, &orders->items, columns[CM_ROLE_ITEM], &work->items);
}

/* So many loose records are let be before they are looked at: 16 MB, or twice as many as there are invoices, of which
 * most are one order. */
#define SETTLE_AT (UINT64_C(1) << 18)
static uint64_t settle_at(const cm_column *invoice) {
    return invoice && 2 * invoice->dictionary_size > SETTLE_AT ? 2 * invoice->dictionary_size : SETTLE_AT;
}

static cm_status state_of_rows(cm_context *ctx, const cm_lines *lines, const cm_orders *like, bool loose,
                               uint64_t first, uint64_t end, cm_orders **out) {
    cm_column *const *columns = lines->columns;
    cm_orders *orders = NULL;
    adding *work = cm_alloc(ctx, 1, sizeof *work);
    cm_status status = work ? cm_orders_make(ctx, like->utc_offset, like->keeps_items, &orders) : ctx->error.status;
    if (status) goto done;
    orders->borrows_ids = loose;
    orders->last_day = CM_NO_DAY;
    work->orders = orders;
    work->lines = lines;
    work->amounts = columns[CM_ROLE_AMOUNT] || (columns[CM_ROLE_PRICE] && columns[CM_ROLE_QUANTITY]);
    work->loose = loose;
    work->settle_at = settle_at(columns[CM_ROLE_INVOICE]);
    status = open_state(ctx, lines, orders);
    if (!status && !loose) status = open_codes(ctx, columns, work);
    if (!status) status = add_rows(ctx, work, first, end);
done:
    if (work) {
        cm_id_codes_close(ctx->core, &work->customers);
        cm_id_codes_close(ctx->core, &work->invoices);
        cm_id_codes_close(ctx->core, &work->items);
        cm_free(ctx->core, work, 1, sizeof *work);
    }
    if (status) cm_orders_free(orders);
    else *out = orders;
    return status;
}

/* ---- parts side by side, merged in order ---- */

#define ROWS_A_PART UINT64_C(250000) /* fewer rows do not pay a thread */

typedef struct parts {
    const cm_lines *lines;
    const cm_orders *like; /* whose settings the parts have */
    bool loose;
    uint64_t rows, count;
    cm_orders **states;
} parts;

static cm_status make_part(cm_context *ctx, void *argument, uint64_t task) {
    parts *all = argument;
    uint64_t first, end;
    cm_part_of(all->rows, all->count, task, &first, &end);
    return state_of_rows(ctx, all->lines, all->like, all->loose, first, end, &all->states[task]);
}

static cm_status add_part(cm_context *ctx, cm_orders *to, cm_orders *part) {
    if (!to->borrows_ids) return cm_orders_add_orders(ctx, to, part);
    if (part->last_day > to->last_day) to->last_day = part->last_day;
    return cm_order_map_take(ctx, &to->map, &part->map);
}

static bool is_text(const cm_column *column) { return !column || column->type == CM_STRING; }

cm_status cm_orders_of_lines(cm_context *ctx, const cm_lines *lines, const cm_orders *like, bool loose,
                             cm_orders **out) {
    uint64_t rows = lines->table->rows, count = cm_parts(ctx, rows, ROWS_A_PART);
    /* The columns' codes serve as ids where the columns have codes. */
    loose = loose && !like->keeps_items && is_text(lines->columns[CM_ROLE_CUSTOMER])
            && is_text(lines->columns[CM_ROLE_INVOICE]);
    parts all = {lines, like, loose, rows, count, cm_alloc(ctx, count, sizeof *all.states)};
    *out = NULL;
    if (!all.states) return ctx->error.status;
    cm_status status = cm_parallel(ctx, count, make_part, &all);
    for (uint64_t i = 1; i < count && !status; i++) status = add_part(ctx, all.states[0], all.states[i]);
    if (!status) {
        *out = all.states[0];
        all.states[0] = NULL;
    }
    for (uint64_t i = 0; i < count; i++) cm_orders_free(all.states[i]);
    cm_free(ctx->core, all.states, count, sizeof *all.states);
    return status;
}
