/* The records of a question by customer: a counting sort, its parts side by side. Stable, so that neither the number of
 * parts nor of threads shows. O(records + ids). */
#include "base/threads.h"
#include "prepare/customers.h"

#define RECORDS_A_PART UINT64_C(100000)
#define AHEAD 16 /* records whose customers' counts are fetched before their turn: these lie anywhere */

typedef struct part {
    uint64_t first, end; /* records */
    cm_fate_sums sums;
    uint32_t *counts; /* by code: of its records; later where the next one goes */
} part;

typedef struct grouping {
    cm_question *ask;
    part *parts;
    uint64_t count;
} grouping;

static void add_fate(cm_fate_sums *sums, cm_fate fate, const cm_order *order) {
    if (fate == CM_DROPPED_CONTRADICTION && (!sums->lines[fate] || order->first < sums->first_contradiction)) {
        sums->first_contradiction = order->first;
        sums->contradiction_day = order->day;
    }
    sums->lines[fate] += order->lines;
    sums->money[fate] += order->money;
}

static cm_status count_part(cm_context *ctx, void *state, uint64_t task) {
    grouping *all = state;
    cm_question *ask = all->ask;
    part *own = &all->parts[task];
    own->counts = cm_alloc(ctx, ask->id_count, sizeof *own->counts);
    if (!own->counts) return ctx->error.status;
    for (uint64_t i = own->first; i < own->end; i++) {
        const cm_order *order = cm_order_at(&ask->orders->map, i);
        ask->owners[i] = -1;
        if (!order->lines) continue; /* between loose records */
        cm_fate fate = cm_fate_of(ask, order);
        add_fate(&own->sums, fate, order);
        if (fate > CM_COUNTS_AS_REFUND) continue;
        ask->owners[i] = ask->codes ? ask->codes[order->customer] : order->customer;
        own->counts[ask->owners[i]]++;
    }
    return CM_OK;
}

/* Where each customer's records start, and in them those of each part. */
static void place_parts(const grouping *all) {
    cm_question *ask = all->ask;
    uint32_t at = 0;
    for (uint64_t code = 0; code < ask->id_count; code++) {
        ask->starts[code] = at;
        for (uint64_t p = 0; p < all->count; p++) {
            uint32_t count = all->parts[p].counts[code];
            all->parts[p].counts[code] = at;
            at += count;
        }
    }
    ask->starts[ask->id_count] = at;
}

static cm_status place_records(cm_context *ctx, void *state, uint64_t task) {
    grouping *all = state;
    cm_question *ask = all->ask;
    part *own = &all->parts[task];
    (void)ctx;
    for (uint64_t i = own->first; i < own->end; i++) {
        if (i + AHEAD < own->end && ask->owners[i + AHEAD] >= 0)
            __builtin_prefetch(&own->counts[ask->owners[i + AHEAD]], 1);
        if (ask->owners[i] >= 0) ask->records[own->counts[ask->owners[i]]++] = (uint32_t)i;
    }
    return CM_OK;
}

static void add_sums(cm_fate_sums *to, const cm_fate_sums *from) {
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

static cm_status group(cm_context *ctx, grouping *all) {
    cm_question *ask = all->ask;
    uint64_t records = ask->orders->map.count;
    for (uint64_t p = 0; p < all->count; p++)
        cm_part_of(records, all->count, p, &all->parts[p].first, &all->parts[p].end);
    cm_status status = cm_parallel(ctx, all->count, count_part, all);
    if (status) return status;
    for (uint64_t p = 0; p < all->count; p++) add_sums(&ask->sums, &all->parts[p].sums);
    place_parts(all);
    status = cm_tick(ctx, "customers", 0, 0);
    return status ? status : cm_parallel(ctx, all->count, place_records, all);
}

/* Those with a record that counts, and those listed, in the order of their ids. */
static cm_status find_shown(cm_context *ctx, cm_question *ask) {
    cm_status status = ask->ids->type ? cm_ids_order(ctx, ask->ids, ask->id_count, ask->shown) : CM_OK;
    if (status) return status;
    for (uint64_t rank = 0; rank < ask->id_count; rank++) {
        int32_t code = ask->shown[rank];
        if (ask->starts[code + 1] > ask->starts[code] || (ask->listed && ask->listed[code]))
            ask->shown[ask->shown_count++] = code;
    }
    return CM_OK;
}

cm_status cm_question_group(cm_context *ctx, cm_question *ask) {
    uint64_t records = ask->orders->map.count, count = cm_parts(ctx, records, RECORDS_A_PART);
    grouping all = {ask, cm_alloc(ctx, count, sizeof *all.parts), count};
    if (!(ask->owners = cm_alloc_raw(ctx, records, sizeof *ask->owners))
        || !(ask->starts = cm_alloc_raw(ctx, ask->id_count + 1, sizeof *ask->starts))
        || !(ask->records = cm_alloc_raw(ctx, records, sizeof *ask->records))
        || !(ask->shown = cm_alloc_raw(ctx, ask->id_count, sizeof *ask->shown)) || !all.parts) {
        cm_free(ctx->core, all.parts, count, sizeof *all.parts);
        return ctx->error.status;
    }
    cm_status status = group(ctx, &all);
    if (!status) status = find_shown(ctx, ask);
    for (uint64_t p = 0; p < count; p++)
        cm_free(ctx->core, all.parts[p].counts, ask->id_count, sizeof *all.parts[p].counts);
    cm_free(ctx->core, all.parts, count, sizeof *all.parts);
    return status;
}
