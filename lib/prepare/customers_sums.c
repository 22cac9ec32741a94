/* Customers from records, in one pass: each record is added to the sums of its customer. Threads take parts of the
 * records, each with sums of its own, which are then added up.
 *
 * The idea for counting what is distinct without keeping it: in a list that is in order of time a customer's day is new
 * if it is later than the last one; and an invoice, which as a rule belongs to one customer alone, is new if nobody has
 * it yet, which an array by its code says. Where a day comes between others, or an invoice has another customer, that
 * customer is marked, and the marked ones are counted again by sorting (customers_recount.c). O(records + ids). */
#include "prepare/customers_sums.h"

#include <string.h>

#include "base/threads.h"

#define RECORDS_A_PART UINT64_C(100000)
#define STATE_BYTES (UINT64_C(32) << 20) /* for sums, of all parts, where a state is asked */
#define INVOICES_AT_ONCE (UINT64_C(1) << 14) /* set to nobody's: they stay in a cache until they are bought with */
#define AHEAD 32 /* records whose customer's sums are fetched before their turn: these lie anywhere */

_Static_assert(sizeof(cm_customer_sums) == 64, "a line of the cache");

/* ---- adding a record ---- */

static void add_fate(cm_fate_sums *sums, cm_fate fate, const cm_order *order) {
    if (fate == CM_DROPPED_CONTRADICTION && (!sums->lines[fate] || order->first < sums->first_contradiction)) {
        sums->first_contradiction = order->first;
        sums->contradiction_day = order->day;
    }
    sums->lines[fate] += order->lines;
    sums->money[fate] += order->money;
}

static inline void add(cm_customer_sums *of, int64_t *sum, int64_t value) {
    of->beyond |= __builtin_add_overflow(*sum, value, sum);
}

/* A day before the last one. */
static void count_earlier_day(const cm_sums_part *own, cm_customer_sums *to, const cm_order *order) {
    int32_t first = cm_first_day(own, to);
    if (order->day < first) {
        to->purchase_days++;
        to->first_day_money = order->money;
    } else if (order->day == first) {
        add(to, &to->first_day_money, order->money);
    } else {
        to->recount = true;
    }
}

static void count_day(const cm_sums_part *own, cm_customer_sums *to, const cm_order *order) {
    if (!to->bought || order->day > to->last_day) {
        if (!to->bought) to->first_day_money = order->money;
        to->last_day = order->day;
        to->purchase_days++;
    } else if (order->day < to->last_day) {
        count_earlier_day(own, to, order);
    } else if (to->purchase_days == 1) { /* the last day is the first */
        add(to, &to->first_day_money, order->money);
    }
}

/* Invoices follow each other, so that a part meets those of its own stretch: no others are set to nobody's. */
static void meet_invoices(cm_sums_part *own, uint64_t invoice) {
    uint64_t from = invoice & ~(INVOICES_AT_ONCE - 1), to = from + INVOICES_AT_ONCE;
    if (to > own->ask->invoice_count) to = own->ask->invoice_count;
    if (own->owners_from == own->owners_to) own->owners_from = own->owners_to = from;
    for (; own->owners_from > from; own->owners_from--) own->owners[own->owners_from - 1] = 0;
    for (; own->owners_to < to; own->owners_to++) own->owners[own->owners_to] = 0;
}

static inline bool has_met(const cm_sums_part *own, uint64_t invoice) {
    return invoice - own->owners_from < own->owners_to - own->owners_from;
}

static void count_invoice(cm_sums_part *own, cm_customer_sums *to, int32_t invoice, int32_t customer) {
    if (invoice < 0) {
        to->recount |= own->ask->orders->has_invoice; /* where nobody has invoices, days are counted in their place */
        return;
    }
    if (!has_met(own, (uint64_t)invoice)) meet_invoices(own, (uint64_t)invoice);
    if (!own->owners[invoice]) {
        own->owners[invoice] = customer + 1;
        to->invoices++;
    } else if (own->owners[invoice] != customer + 1) {
        to->recount = true;
    }
}

static void add_purchase(const cm_sums_part *own, cm_customer_sums *to, const cm_order *order) {
    count_day(own, to, order);
    if (!to->bought || order->first < to->first) to->first = order->first;
    if (!to->bought || order->last > to->last) to->last = order->last;
    to->bought = true;
    to->lines += order->lines;
    add(to, &to->quantity, order->quantity);
}

/* The place of a customer in the strip, or beyond all. */
static uint64_t place_of(const cm_sums_part *own, const cm_order *order) {
    return order->customer < 0 ? UINT64_MAX : (uint64_t)cm_question_customer(own->ask, order) - own->from;
}

static void see(cm_sums_part *own, uint64_t customer, uint64_t at) {
    if (own->seen[customer]) return;
    own->seen[customer] = 1;
    if (at >= own->to - own->from) return;
    own->sums[at] = (cm_customer_sums){0};
    if (own->extras) own->extras[at] = (cm_customer_extras){0};
}

static void add_record(cm_sums_part *own, const cm_order *order) {
    cm_fate fate = cm_fate_of(own->ask, order);
    if (own->first_strip) {
        add_fate(&own->fates, fate, order);
        if (order->day > own->last_day) own->last_day = order->day;
    }
    if (fate > CM_COUNTS_AS_REFUND) return;
    uint64_t at = place_of(own, order);
    see(own, at + own->from, at);
    if (at >= own->to - own->from) return;
    cm_customer_sums *to = &own->sums[at];
    add(to, &to->money, order->money);
    to->cost_unknown |= !order->cost_known;
    if (own->extras) add(to, &own->extras[at].cost, order->cost);
    if (fate == CM_COUNTS_AS_REFUND) {
        add(to, &own->extras[at].refunds, order->money);
    } else {
        add_purchase(own, to, order);
        count_invoice(own, to, order->invoice, (int32_t)(at + own->from));
    }
}

/* Where a record will be added; some place, if not in this strip. (Not a function that fetches: GCC takes one that does
 * nothing else for one without effect, and leaves its calls out.) */
static const cm_customer_sums *sums_of(const cm_sums_part *own, const cm_order *order) {
    uint64_t at = place_of(own, order);
    return &own->sums[at < own->to - own->from ? at : 0];
}

static const uint8_t *seen_of(const cm_sums_part *own, const cm_order *order) {
    return &own->seen[order->customer < 0 ? 0 : cm_question_customer(own->ask, order)];
}

static cm_status add_records(cm_context *ctx, void *state, const cm_order *orders, uint64_t count) {
    cm_sums_part *own = state;
    (void)ctx;
    for (uint64_t i = 0; i < count + AHEAD; i++) {
        if (i < count) __builtin_prefetch(sums_of(own, &orders[i]), 1);
        if (i < count) __builtin_prefetch(seen_of(own, &orders[i]), 1);
        if (i >= AHEAD) add_record(own, &orders[i - AHEAD]);
    }
    return CM_OK;
}

static cm_status add_part(cm_context *ctx, void *state, uint64_t task) {
    cm_sums *all = state;
    uint64_t first, end;
    cm_part_of(cm_question_records(all->ask), all->part_count, task, &first, &end);
    return cm_question_walk(ctx, all->ask, first, end, add_records, &all->parts[task]);
}

/* ---- adding up the parts ---- */

/* An invoice of two parts was counted in both: of the later one it is not. `keep`: the first part gets the owners of
 * this one too, as there are parts behind it. */
static void settle_owners(cm_sums_part *first, cm_sums_part *later, bool keep) {
    uint64_t end = keep || later->owners_to < first->owners_to ? later->owners_to : first->owners_to;
    for (uint64_t i = later->owners_from; i < end; i++) {
        int32_t owner = later->owners[i];
        bool met = has_met(first, i);
        if (!owner) continue;
        if (met && first->owners[i]) {
            cm_customer_sums *sums = &later->sums[(uint64_t)owner - 1 - later->from];
            if (first->owners[i] == owner) sums->invoices--;
            else sums->recount = true;
        } else if (keep) {
            if (!met) meet_invoices(first, i);
            first->owners[i] = owner;
        }
    }
}

/* The days of one part mostly come after those of the other. */
static void merge_days(const cm_sums_part *part, cm_customer_sums *to, const cm_customer_sums *from) {
    int32_t first = cm_first_day(part, to), from_first = cm_first_day(part, from);
    bool after = from_first >= to->last_day, before = from->last_day <= first;
    to->recount |= !after && !before;
    to->purchase_days += from->purchase_days - (after ? from_first == to->last_day : from->last_day == first);
    if (from_first < first) to->first_day_money = from->first_day_money;
    if (from_first == first) add(to, &to->first_day_money, from->first_day_money);
    if (from->last_day > to->last_day) to->last_day = from->last_day;
}

static void merge_purchases(const cm_sums_part *part, cm_customer_sums *to, const cm_customer_sums *from) {
    merge_days(part, to, from);
    to->first = from->first < to->first ? from->first : to->first;
    to->last = from->last > to->last ? from->last : to->last;
    to->lines += from->lines;
    to->invoices += from->invoices;
    add(to, &to->quantity, from->quantity);
}

/* Of two who are seen. */
static void merge_sums(const cm_sums_part *part, cm_customer_sums *to, const cm_customer_sums *from) {
    cm_customer_sums refunds = *to;
    if (!to->bought && from->bought) { /* the purchases as they are, the money of the refunds below */
        *to = *from;
        from = &refunds;
    }
    if (from->bought) merge_purchases(part, to, from);
    add(to, &to->money, from->money);
    to->cost_unknown |= from->cost_unknown;
    to->beyond |= from->beyond;
    to->recount |= from->recount;
}

static void merge_extras(cm_customer_sums *of, cm_customer_extras *to, const cm_customer_extras *from) {
    add(of, &to->refunds, from->refunds);
    add(of, &to->cost, from->cost);
}

static void merge_customer(cm_sums_part *to, const cm_sums_part *from, uint64_t at) {
    uint64_t customer = to->from + at;
    if (!from->seen[customer]) return;
    if (to->seen[customer]) {
        merge_sums(to, &to->sums[at], &from->sums[at]);
        if (to->extras) merge_extras(&to->sums[at], &to->extras[at], &from->extras[at]);
    } else {
        to->sums[at] = from->sums[at];
        if (to->extras) to->extras[at] = from->extras[at];
        to->seen[customer] = 1;
    }
}

#define CUSTOMERS_A_TASK UINT64_C(16384)

static cm_status merge_customers(cm_context *ctx, void *state, uint64_t task) {
    cm_sums *all = state;
    cm_sums_part *to = &all->parts[0];
    uint64_t first = task * CUSTOMERS_A_TASK, end = first + CUSTOMERS_A_TASK;
    bool recount = false;
    (void)ctx;
    if (end > to->to - to->from) end = to->to - to->from;
    for (uint64_t at = first; at < end; at++) {
        for (uint64_t p = 1; p < all->part_count; p++) merge_customer(to, &all->parts[p], at);
        recount |= to->seen[to->from + at] && to->sums[at].recount;
    }
    if (recount) atomic_store(&all->recount, true);
    return CM_OK;
}

static void merge_fates(cm_fate_sums *to, const cm_fate_sums *from) {
    const cm_fate contradiction = CM_DROPPED_CONTRADICTION;
    if (from->lines[contradiction]
        && (!to->lines[contradiction] || from->first_contradiction < to->first_contradiction)) {
        to->first_contradiction = from->first_contradiction;
        to->contradiction_day = from->contradiction_day;
    }
    for (int fate = 0; fate < CM_FATES; fate++) {
        to->lines[fate] += from->lines[fate];
        to->money[fate] += from->money[fate];
    }
}

/* What the first strip says of all customers; those in it are seen to when their sums are merged. */
static void settle_question(cm_sums *sums) {
    cm_question *ask = sums->ask;
    cm_sums_part *to = &sums->parts[0];
    for (uint64_t p = 0; p < sums->part_count; p++) {
        const cm_sums_part *from = &sums->parts[p];
        merge_fates(&ask->sums, &from->fates);
        if (from->last_day > to->last_day) to->last_day = from->last_day;
        for (uint64_t i = to->to; i < ask->id_count && p; i++) to->seen[i] |= from->seen[i];
    }
    if (ask->as_of == INT32_MAX) ask->as_of = to->last_day;
}

static void start_strip(cm_sums_part *own, uint64_t from, uint64_t to) {
    own->from = from;
    own->to = to;
    own->first_strip = from == 0;
    own->owners_from = own->owners_to = 0;
    if (!own->first_strip) memset(own->seen + from, 0, (size_t)(to - from));
}

cm_status cm_sums_make(cm_context *ctx, cm_sums *sums, uint64_t from) {
    cm_question *ask = sums->ask;
    uint64_t size = ask->id_count - from < sums->strip ? ask->id_count - from : sums->strip;
    for (uint64_t p = 0; p < sums->part_count; p++) start_strip(&sums->parts[p], from, from + size);
    cm_status status = cm_parallel(ctx, sums->part_count, add_part, sums);
    if (status) return status;
    if (from == 0) settle_question(sums);
    for (uint64_t p = 1; p < sums->part_count; p++)
        settle_owners(&sums->parts[0], &sums->parts[p], p + 1 < sums->part_count);
    atomic_store(&sums->recount, false);
    status = cm_parallel(ctx, (size + CUSTOMERS_A_TASK - 1) / CUSTOMERS_A_TASK, merge_customers, sums);
    return status || !atomic_load(&sums->recount) ? status : cm_sums_recount(ctx, &sums->parts[0]);
}

/* ---- room ---- */

/* By the thread that will use it, as the memory is touched here first. */
static cm_status open_part(cm_context *ctx, void *state, uint64_t task) {
    const cm_sums *all = state;
    const cm_question *ask = all->ask;
    cm_sums_part *out = &all->parts[task];
    bool extras = ask->refunds == CM_REFUNDS_NET || ask->orders->has_cost;
    *out = (cm_sums_part){
        .ask = ask,
        .shift = cm_orders_shift(ask->orders),
        .last_day = CM_NO_DAY,
    };
    if (!(out->sums = cm_alloc_raw(ctx, all->strip, sizeof *out->sums))
        || (extras && !(out->extras = cm_alloc_raw(ctx, all->strip, sizeof *out->extras)))
        || !(out->seen = cm_alloc(ctx, ask->id_count, sizeof *out->seen))
        || !(out->owners = cm_alloc_raw(ctx, ask->invoice_count, sizeof *out->owners)))
        return ctx->error.status;
    return CM_OK;
}

/* Sums of all customers a part must not outgrow the records; those of a state are kept small, as the state is there
 * beside them. */
cm_status cm_sums_open(cm_context *ctx, cm_question *ask, cm_sums *out) {
    uint64_t customers = ask->id_count ? ask->id_count : 1;
    uint64_t least = 2 * customers > RECORDS_A_PART ? 2 * customers : RECORDS_A_PART;
    uint64_t count = cm_parts(ctx, cm_question_records(ask), least);
    uint64_t most = STATE_BYTES / (sizeof(cm_customer_sums) + sizeof(cm_customer_extras));
    *out = (cm_sums){.ask = ask, .part_count = count, .strip = customers};
    out->parts = cm_alloc(ctx, count, sizeof *out->parts);
    if (!out->parts) return ctx->error.status;
    if (!ask->lines && customers > most / count) out->strip = most / count;
    return cm_parallel(ctx, count, open_part, out);
}

void cm_sums_close(cm_core *core, cm_sums *sums) {
    for (uint64_t p = 0; sums->parts && p < sums->part_count; p++) {
        cm_sums_part *own = &sums->parts[p];
        cm_free(core, own->sums, sums->strip, sizeof *own->sums);
        cm_free(core, own->extras, sums->strip, sizeof *own->extras);
        cm_free(core, own->seen, sums->ask->id_count, sizeof *own->seen);
        cm_free(core, own->owners, sums->ask->invoice_count, sizeof *own->owners);
    }
    cm_free(core, sums->parts, sums->part_count, sizeof *sums->parts);
}
