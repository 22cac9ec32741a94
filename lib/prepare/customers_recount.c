/* Counting again, for customers whose records did not come in order of time or whose invoices are not theirs alone: the
 * days and invoices of their purchases are collected and sorted. Ranges of customers one after the other, or side by
 * side, each with a walk over all records, so that the keys of a few million lines at most are in memory at once (of an
 * eighth of all, where there are more). O(ranges * records + n log n). */
#include "base/sort.h"
#include "base/threads.h"
#include "prepare/customers_sums.h"

#define LINES_A_RANGE (UINT64_C(1) << 21)
#define MOST_RANGES UINT64_C(8)

/* What is counted. A day counts as an invoice for its lines without one, and for those with one the invoice does. */
typedef enum what { DAY, DAY_WITHOUT_INVOICE, INVOICE } what;

typedef struct range {
    uint64_t from, to; /* codes less the strip's first */
} range;

typedef struct recount {
    cm_sums_part *all;
    range *ranges;
    uint64_t count, capacity;
} recount;

typedef struct keys {
    const cm_sums_part *all;
    range of;
    cm_key *list;
    uint64_t count, capacity;
} keys;

static bool marked(const cm_sums_part *all, uint64_t customer) {
    return all->seen[all->from + customer] && all->sums[customer].recount;
}

/* Customers come first in the order of keys, then what is counted, then the values. */
static void add_key(keys *own, uint64_t customer, what of, uint32_t value) {
    uint64_t key = (customer - own->of.from) << 34 | (uint64_t)of << 32 | value;
    own->list[own->count++] = (cm_key){key, 0};
}

static cm_status add_keys(cm_context *ctx, void *state, const cm_order *orders, uint64_t count) {
    keys *own = state;
    const cm_question *ask = own->all->ask;
    cm_status status = cm_reserve(ctx, &own->list, &own->capacity, own->count + 2 * count, sizeof *own->list);
    for (uint64_t i = 0; i < count && !status; i++) {
        const cm_order *order = &orders[i];
        if (cm_fate_of(ask, order) != CM_COUNTS_AS_PURCHASE) continue;
        uint64_t customer = (uint64_t)cm_question_customer(ask, order) - own->all->from;
        if (customer < own->of.from || customer >= own->of.to || !marked(own->all, customer)) continue;
        add_key(own, customer, DAY, (uint32_t)order->day);
        if (order->invoice >= 0) add_key(own, customer, INVOICE, (uint32_t)order->invoice);
        else add_key(own, customer, DAY_WITHOUT_INVOICE, (uint32_t)order->day);
    }
    return status;
}

static void count_keys(const keys *own, cm_customer_sums *sums) {
    for (uint64_t i = own->of.from; i < own->of.to; i++)
        if (marked(own->all, i)) sums[i].purchase_days = sums[i].invoices = 0;
    for (uint64_t i = 0; i < own->count; i++) {
        uint64_t key = own->list[i].key;
        if (i && key == own->list[i - 1].key) continue;
        cm_customer_sums *one = &sums[own->of.from + (key >> 34)];
        if ((key >> 32 & 3) == DAY) one->purchase_days++;
        else one->invoices++;
    }
}

static cm_status count_range(cm_context *ctx, void *state, uint64_t task) {
    recount *work = state;
    keys own = {.all = work->all, .of = work->ranges[task]};
    cm_status status =
        cm_question_walk(ctx, own.all->ask, 0, cm_question_records(own.all->ask), add_keys, &own);
    if (!status) status = cm_sort_keys(ctx, own.list, own.count);
    if (!status) count_keys(&own, work->all->sums);
    cm_free(ctx->core, own.list, own.capacity, sizeof *own.list);
    return status;
}

static uint64_t lines_to_recount(const cm_sums_part *all) {
    uint64_t lines = 0;
    for (uint64_t i = 0; i < all->to - all->from; i++) lines += marked(all, i) ? all->sums[i].lines : 0;
    return lines;
}

static cm_status find_ranges(cm_context *ctx, recount *work) {
    const cm_sums_part *all = work->all;
    uint64_t size = all->to - all->from, left = lines_to_recount(all), lines = 0;
    uint64_t most = left / MOST_RANGES > LINES_A_RANGE ? left / MOST_RANGES : LINES_A_RANGE;
    range next = {0};
    while (left) {
        lines += marked(all, next.to) ? all->sums[next.to].lines : 0;
        next.to++;
        if (lines < most && lines < left) continue;
        cm_status status =
            cm_reserve(ctx, &work->ranges, &work->capacity, work->count + 1, sizeof *work->ranges);
        if (status) return status;
        if (lines == left) next.to = size;
        work->ranges[work->count++] = next;
        left -= lines;
        lines = 0;
        next.from = next.to;
    }
    return CM_OK;
}

cm_status cm_sums_recount(cm_context *ctx, cm_sums_part *all) {
    recount work = {.all = all};
    cm_status status = find_ranges(ctx, &work);
    if (!status) status = cm_parallel(ctx, work.count, count_range, &work);
    cm_free(ctx->core, work.ranges, work.capacity, sizeof *work.ranges);
    return status;
}
