/* How customers stood some days before as-of, and what they have done since: recency_days_before (to that day),
 * invoices_before, money_before; purchase_days_since, money_since. Absent for who had not bought by then. O(orders). */
#include "base/number.h"
#include "prepare/history.h"

typedef cm_wide wide;

enum { RECENCY, INVOICES, MONEY, DAYS_SINCE, MONEY_SINCE, COLUMNS };

static const char *const names[COLUMNS] = {"recency_days_before", "invoices_before", "money_before",
                                           "purchase_days_since", "money_since"};

typedef struct standing {
    int32_t last, last_since; /* purchase days; CM_NO_DAY: none */
    int64_t invoices, days_since;
    wide money, money_since;
} standing;

/* Distinct invoices of the keys, and the days without one. `keys` is room for the customer's records. */
static cm_status count_invoices(cm_context *ctx, cm_key *keys, uint64_t count, int64_t *out) {
    cm_status status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) *out += i == 0 || keys[i].key != keys[i - 1].key;
    return status;
}

static cm_status look_at(cm_context *ctx, const cm_history *history, uint64_t code, int32_t then, cm_key *keys,
                         standing *out) {
    uint64_t count = 0;
    *out = (standing){.last = CM_NO_DAY, .last_since = CM_NO_DAY};
    for (uint64_t event = history->starts[code]; event < history->starts[code + 1]; event++) {
        cm_order order = cm_history_order(history, event);
        bool purchase = cm_history_is_purchase(history, &order), since = order.day > then;
        *(since ? &out->money_since : &out->money) += order.money;
        if (!purchase) continue;
        if (since) {
            out->days_since += order.day != out->last_since;
            out->last_since = order.day;
            continue;
        }
        out->last = order.day;
        bool has = order.invoice >= 0;
        uint64_t low = has ? (uint32_t)order.invoice : (uint32_t)order.day ^ UINT32_C(0x80000000);
        keys[count++] = (cm_key){(uint64_t)has << 32 | low, event};
    }
    return count_invoices(ctx, keys, count, &out->invoices);
}

static cm_status put_money(cm_context *ctx, cm_builder *builder, const cm_history *history, int32_t code, int column,
                           wide money) {
    const cm_ids *ids = &history->orders->customers;
    if (money >= INT64_MIN && money <= INT64_MAX) return cm_builder_int(ctx, builder, (uint64_t)column, (int64_t)money);
    if (ids->type == CM_INT64) return cm_fail(ctx, CM_E_OVERFLOW, "CUSTOMER_OVERFLOW", "i", ids->numbers[code]);
    return cm_fail(ctx, CM_E_OVERFLOW, "CUSTOMER_OVERFLOW", "s", cm_ids_text(ids, code).data);
}

static cm_status add_row(cm_context *ctx, cm_builder *builder, const cm_history *history, int32_t code, int32_t then,
                         cm_key *keys) {
    standing one = {.last = CM_NO_DAY};
    cm_status status = code >= 0 ? look_at(ctx, history, (uint64_t)code, then, keys, &one) : CM_OK;
    if (!status && one.last != CM_NO_DAY) {
        status = cm_builder_int(ctx, builder, RECENCY, (int64_t)then - one.last);
        if (!status) status = cm_builder_int(ctx, builder, INVOICES, one.invoices);
        if (!status) status = put_money(ctx, builder, history, code, MONEY, one.money);
        if (!status) status = cm_builder_int(ctx, builder, DAYS_SINCE, one.days_since);
        if (!status) status = put_money(ctx, builder, history, code, MONEY_SINCE, one.money_since);
    }
    return status ? status : cm_builder_row(ctx, builder);
}

static uint64_t longest(const cm_history *history) {
    uint64_t most = 0;
    for (uint64_t code = 0; code < history->customers; code++)
        if (history->starts[code + 1] - history->starts[code] > most)
            most = history->starts[code + 1] - history->starts[code];
    return most;
}

cm_status cm_before_columns(cm_context *ctx, const cm_history *history, int32_t days, const int32_t *codes,
                            uint64_t rows, cm_table **out) {
    int32_t scale = history->orders->money_scale, then;
    uint64_t room = longest(history);
    cm_key *keys = cm_alloc(ctx, room, sizeof *keys);
    cm_builder *builder = NULL;
    cm_status status = keys ? cm_builder_new(ctx, &builder) : ctx->error.status;
    if (__builtin_sub_overflow(history->as_of, days, &then)) then = INT32_MIN;
    for (int i = 0; i < COLUMNS && !status; i++) {
        bool money = i == MONEY || i == MONEY_SINCE;
        status =
            cm_builder_column(ctx, builder, names[i], money ? CM_DECIMAL : CM_INT64, money ? scale : 0, CM_ROLE_NONE);
    }
    for (uint64_t row = 0; row < rows && !status; row++) {
        if (row % 1024 == 0) status = cm_tick(ctx, "before", row, rows);
        if (!status) status = add_row(ctx, builder, history, codes[row], then, keys);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    cm_free(ctx->core, keys, room, sizeof *keys);
    return status;
}
