/* Refunds that undo a purchase: lines of a negative quantity for which there is an earlier line of the same customer,
 * item and price (of the opposite amount where there are no prices) with the opposite quantity. Each purchase is undone
 * once, the last one before the refund first. Earlier is by the dates, and within a moment by the rows; by the rows
 * alone where there are no dates.
 *
 * Only what a refund could undo is kept: the refunds' (customer, item, price, quantity) are numbered first, and lines
 * of those numbers are sorted by number and time. */
#include "prepare/checks.h"
#include "prepare/tuples.h"
#include "table/order.h"

#define BIT CM_ROLE_BIT

typedef struct event {
    int64_t time;
    uint64_t row;
    cm_line_sum tally; /* of this line */
    bool refund;
} event;

typedef struct mirror {
    uint32_t needed; /* roles that a line must have */
    cm_tuples kinds; /* what is refunded: customer, item, price, quantity */
    event *events;   /* lines of those, in order of the rows */
    cm_key *keys;    /* by kind and time: the number of the event */
    uint64_t count, event_capacity, key_capacity;
} mirror;

/* What a line buys or gives back; false: neither, or it cannot be told. */
static bool kind_of(const mirror *work, const cm_sales_block *block, uint64_t i, int64_t kind[4], bool *refund) {
    int64_t quantity = block->of[CM_ROLE_QUANTITY][i];
    bool priced = (work->needed & BIT(CM_ROLE_PRICE)) != 0;
    int64_t value = block->of[priced ? CM_ROLE_PRICE : CM_ROLE_AMOUNT][i];
    if (!cm_sales_has(block, i, work->needed) || !quantity || quantity == INT64_MIN || value == INT64_MIN) return false;
    *refund = quantity < 0;
    kind[0] = block->of[CM_ROLE_CUSTOMER][i];
    kind[1] = block->of[CM_ROLE_ITEM][i];
    kind[2] = *refund && !priced ? -value : value;
    kind[3] = *refund ? -quantity : quantity;
    return true;
}

static cm_status number_refunds(cm_context *ctx, const cm_sales *sales, mirror *work) {
    const cm_sales_block *block = sales->block;
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < sales->table->rows && !status; row += block->rows) {
        status = cm_sales_fill(ctx, sales, work->needed, row);
        for (uint64_t i = 0; i < block->rows && !status; i++) {
            int64_t kind[4];
            uint64_t number;
            bool refund;
            if (kind_of(work, block, i, kind, &refund) && refund)
                status = cm_tuples_add(ctx, &work->kinds, kind, &number);
        }
    }
    return status;
}

static cm_status add_event(cm_context *ctx, mirror *work, uint64_t kind, const event *one) {
    cm_status status = cm_reserve(ctx, &work->events, &work->event_capacity, work->count + 1, sizeof *work->events);
    if (!status) status = cm_reserve(ctx, &work->keys, &work->key_capacity, work->count + 1, sizeof *work->keys);
    if (status) return status;
    work->keys[work->count] = (cm_key){kind, work->count};
    work->events[work->count++] = *one;
    return CM_OK;
}

static cm_status collect_events(cm_context *ctx, const cm_sales *sales, mirror *work) {
    const cm_sales_block *block = sales->block;
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < sales->table->rows && !status; row += block->rows) {
        status = cm_sales_fill(ctx, sales, work->needed | BIT(CM_ROLE_AMOUNT), row);
        for (uint64_t i = 0; i < block->rows && !status; i++) {
            event one = {.time = block->of[CM_ROLE_DATE][i], .row = row + i};
            int64_t kind[4];
            uint64_t number;
            if (!kind_of(work, block, i, kind, &one.refund) || !cm_tuples_find(&work->kinds, kind, &number)) continue;
            cm_line_sum_add(&one.tally, block, i);
            status = add_event(ctx, work, number, &one);
        }
    }
    return status;
}

static int compare_times(const void *events, uint64_t a, uint64_t b) {
    const event *x = (const event *)events + a, *y = (const event *)events + b;
    return (x->time > y->time) - (x->time < y->time);
}

static cm_wide size_of(const event *one) {
    return one->tally.money < 0 ? -one->tally.money : one->tally.money;
}

/* Goes through the events of each kind, the open purchases on a stack (in `open`, as many as there are events). The
 * largest refund that undoes a purchase, of equal ones the first row, and that purchase are left in `example`. */
static void match(const mirror *work, uint64_t *open, cm_line_sum *tally, const event *example[2]) {
    uint64_t height = 0;
    for (uint64_t i = 0; i < work->count; i++) {
        const event *one = &work->events[work->keys[i].value];
        if (i && work->keys[i].key != work->keys[i - 1].key) height = 0;
        if (!one->refund) {
            open[height++] = work->keys[i].value;
            continue;
        }
        if (!height) continue;
        const event *undone = &work->events[open[--height]];
        cm_line_sum_merge(tally, &one->tally);
        bool larger = !example[0] || size_of(one) > size_of(example[0])
                      || (size_of(one) == size_of(example[0]) && one->row < example[0]->row);
        if (larger) example[0] = one;
        if (larger) example[1] = undone;
    }
}

static cm_status report(cm_context *ctx, cm_checking *checks, const mirror *work) {
    cm_finding found = {0};
    const event *example[2] = {0};
    uint64_t *open = cm_alloc(ctx, work->count, sizeof *open);
    if (!open) return ctx->error.status;
    match(work, open, &found.tally, example);
    cm_free(ctx->core, open, work->count, sizeof *open);
    if (!found.tally.lines) return CM_OK;
    cm_checks_place(checks, &found.example, example[1]->row);
    cm_phrase_say(&found.example, ", ");
    cm_checks_place(checks, &found.example, example[0]->row);
    cm_phrase_say(&found.option, "--refunds net");
    cm_finding_int(&found, (int64_t)found.tally.lines);
    cm_finding_example(&found);
    return cm_checks_add(ctx, checks, &found);
}

cm_status cm_check_mirrored_refunds(cm_context *ctx, cm_checking *checks) {
    const cm_sales *sales = checks->sales;
    mirror work = {.kinds = {.width = 4}};
    int32_t value = sales->columns[CM_ROLE_PRICE] ? CM_ROLE_PRICE : CM_ROLE_AMOUNT;
    if (!(sales->roles & BIT(value))) return CM_OK;
    work.needed = BIT(CM_ROLE_CUSTOMER) | BIT(CM_ROLE_ITEM) | BIT(CM_ROLE_QUANTITY) | BIT(value);
    if (sales->columns[CM_ROLE_DATE]) work.needed |= BIT(CM_ROLE_DATE);
    cm_status status = number_refunds(ctx, sales, &work);
    if (!status && work.kinds.count) status = collect_events(ctx, sales, &work);
    if (!status && work.count) status = cm_sort_compared(ctx, work.keys, work.count, compare_times, work.events);
    if (!status && work.count) status = report(ctx, checks, &work);
    cm_tuples_clear(ctx->core, &work.kinds);
    cm_free(ctx->core, work.events, work.event_capacity, sizeof *work.events);
    cm_free(ctx->core, work.keys, work.key_capacity, sizeof *work.keys);
    return status;
}
