/* The history of customers: the records that count, sorted by customer and day once, and asked by rhythm.c, before.c
 * and cohorts.c. O(orders). */
#include "prepare/history.h"

#include "table/gather.h"

static void close_history(cm_core *core, cm_history *history) {
    cm_free(core, history->events, history->capacity, sizeof *history->events);
    cm_free(core, history->starts, history->customers + 1, sizeof *history->starts);
}

static cm_status open_history(cm_context *ctx, cm_history *out) {
    const cm_order_map *map = &out->orders->map;
    out->customers = cm_ids_count(&out->orders->customers);
    out->capacity = map->count;
    if (!(out->events = cm_alloc(ctx, out->capacity, sizeof *out->events))
        || !(out->starts = cm_alloc(ctx, out->customers + 1, sizeof *out->starts)))
        return ctx->error.status;
    for (uint64_t i = 0; i < map->count; i++) {
        cm_order order = cm_order_at(map, i);
        if (cm_fate_of(out->ask, &order) > CM_COUNTS_AS_REFUND) continue;
        uint64_t day = (uint32_t)order.day ^ UINT32_C(0x80000000);
        out->events[out->count++] = (cm_key){(uint64_t)order.customer << 32 | day, i};
        out->starts[order.customer + 1]++;
    }
    for (uint64_t code = 0; code < out->customers; code++) out->starts[code + 1] += out->starts[code];
    return cm_sort_keys(ctx, out->events, out->count);
}

/* The code of each row's customer. */
static cm_status find_codes(cm_context *ctx, const cm_orders *orders, const cm_table *customers, int32_t **out) {
    const cm_column *ids = customers->columns[0];
    int32_t *codes = *out = cm_alloc(ctx, customers->rows, sizeof *codes);
    if (!codes) return ctx->error.status;
    for (uint64_t row = 0; row < customers->rows; row++) {
        char room[CM_CELL_TEXT];
        uint64_t within, length = 0, chunk = cm_table_locate(customers, row, &within);
        codes[row] =
            orders->customers.type && cm_chunk_present(&ids->chunks[chunk], within)
                ? cm_ids_find(&orders->customers, cm_cell_text(ids, &ids->chunks[chunk], within, room, &length))
                : -1;
    }
    return CM_OK;
}

/* The columns of `more`, which has the same rows, behind those of *table. What is attached stays. */
static cm_status add_columns(cm_context *ctx, const cm_table *more, cm_table **table) {
    const cm_table *old = *table;
    uint64_t count = old->column_count + more->column_count, *rows = cm_alloc(ctx, old->rows, sizeof *rows);
    cm_column **columns = rows ? cm_alloc(ctx, count, sizeof(cm_column *)) : NULL;
    cm_table *made = NULL;
    cm_status status = columns ? CM_OK : ctx->error.status;
    for (uint64_t row = 0; row < old->rows && !status; row++) rows[row] = row;
    if (!status) status = cm_gather(ctx, more, rows, old->first_rows, old->chunk_count, columns + old->column_count);
    for (uint64_t i = 0; i < old->column_count && !status; i++) columns[i] = cm_column_retain(old->columns[i]);
    if (!status) status = cm_table_new(ctx, columns, count, old->rows, &made);
    if (!status) status = cm_table_copy_attachments(ctx, made, old);
    cm_free(ctx->core, rows, old->rows, sizeof *rows);
    cm_free(ctx->core, columns, count, sizeof(cm_column *));
    if (status) {
        cm_table_free(made);
        return status;
    }
    cm_table_free(*table);
    *table = made;
    return CM_OK;
}

static cm_status add_answers(cm_context *ctx, const cm_history *history, const cm_options *options,
                             cm_table **customers) {
    const cm_topic *topic = &cm_customers_topic;
    uint64_t rows = (*customers)->rows;
    int32_t *codes = NULL;
    cm_table *rhythm = NULL, *before = NULL, *cohorts = NULL;
    cm_status status = find_codes(ctx, history->orders, *customers, &codes);
    if (!status && cm_option_int(options, topic, "rhythm"))
        status = cm_rhythm_columns(ctx, history, codes, rows, &rhythm);
    if (!status && rhythm) status = add_columns(ctx, rhythm, customers);
    if (!status && cm_option_is_set(options, topic, "before_days"))
        status = cm_before_columns(ctx, history, (int32_t)cm_option_int(options, topic, "before_days"), codes, rows,
                                   &before);
    if (!status && before) status = add_columns(ctx, before, customers);
    if (!status && cm_option_int(options, topic, "cohorts")) status = cm_cohorts(ctx, history, &cohorts);
    if (!status && cohorts) status = cm_table_attach(ctx, *customers, "cohorts", cohorts);
    cm_table_free(rhythm);
    cm_table_free(before);
    cm_table_free(cohorts);
    cm_free(ctx->core, codes, rows, sizeof *codes);
    return status;
}

bool cm_history_asked(const cm_options *options) {
    const cm_topic *topic = &cm_customers_topic;
    return cm_option_int(options, topic, "rhythm") || cm_option_int(options, topic, "cohorts")
           || cm_option_is_set(options, topic, "before_days");
}

cm_status cm_history_answer(cm_context *ctx, const cm_question *ask, const cm_options *options, cm_table **customers) {
    cm_history history = {.ask = ask, .orders = ask->orders, .as_of = ask->as_of};
    cm_status status = open_history(ctx, &history);
    if (!status) status = add_answers(ctx, &history, options, customers);
    close_history(ctx->core, &history);
    return status;
}
