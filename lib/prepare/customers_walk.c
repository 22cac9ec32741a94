/* The records of a question: those of a state, or made of lines as they are read, so that a question that is asked once
 * needs no state. */
#include "base/civil.h"
#include "prepare/customers.h"
#include "prepare/order_runs.h"

typedef struct walk_room {
    cm_lines_block block;
    cm_runs runs;
} walk_room;

uint64_t cm_question_records(const cm_question *ask) {
    return ask->lines ? ask->lines->table->rows : ask->orders->map.count;
}

static void set_ids(const cm_question *ask, const cm_lines_block *block, cm_runs *runs) {
    for (uint64_t i = 0; i < runs->count; i++) {
        uint64_t line = runs->starts[i];
        uint8_t has = block->has[line];
        runs->orders[i].customer = has & CM_HAS_CUSTOMER ? (int32_t)(block->customer[line] - ask->first_customer) : -1;
        runs->orders[i].invoice = has & CM_HAS_INVOICE ? (int32_t)(block->invoice[line] - ask->first_invoice) : -1;
        runs->orders[i].item = -1;
    }
}

static cm_status walk_lines(cm_context *ctx, const cm_question *ask, uint64_t first, uint64_t end, cm_visit visit,
                            void *state, walk_room *room) {
    int64_t shift = cm_orders_shift(ask->orders);
    for (uint64_t row = first; row < end; row += room->block.rows) {
        cm_status status = cm_tick(ctx, "orders", row, end);
        if (!status) status = cm_lines_fill(ctx, ask->lines, row, end, &room->block);
        if (status) return status;
        cm_runs_find(&room->block, shift, &room->runs);
        set_ids(ask, &room->block, &room->runs);
        status = visit(ctx, state, room->runs.orders, room->runs.count);
        if (status) return status;
    }
    return CM_OK;
}

static cm_status walk_state(cm_context *ctx, const cm_question *ask, uint64_t first, uint64_t end, cm_visit visit,
                            void *state, cm_order *orders) {
    for (uint64_t i = first; i < end;) {
        uint64_t count = end - i < CM_LINES_BLOCK ? end - i : CM_LINES_BLOCK;
        cm_status status = cm_tick(ctx, "customers", i, end);
        for (uint64_t k = 0; k < count; k++) orders[k] = cm_order_at(&ask->orders->map, i + k);
        if (!status) status = visit(ctx, state, orders, count);
        if (status) return status;
        i += count;
    }
    return CM_OK;
}

cm_status cm_question_walk(cm_context *ctx, const cm_question *ask, uint64_t first, uint64_t end, cm_visit visit,
                           void *state) {
    walk_room *room = cm_alloc_raw(ctx, 1, sizeof *room);
    if (!room) return ctx->error.status;
    cm_status status = ask->lines ? walk_lines(ctx, ask, first, end, visit, state, room)
                                  : walk_state(ctx, ask, first, end, visit, state, room->runs.orders);
    cm_free(ctx->core, room, 1, sizeof *room);
    return status;
}
