/* Merging, removing, renaming: what changes a whole state of orders. Each checks and reserves all that can fail before
 * it changes anything. */
#include <string.h>

#include "base/number.h"
#include "prepare/orders.h"
#include "table/roles.h"

/* ---- merging ---- */

/* What two states have in common after they are one. */
typedef struct union_plan {
    int32_t money_scale, quantity_scale, cost_scale;
    cm_time_kind time_kind;
    int32_t *customers, *invoices, *items; /* codes of the other as codes of this one */
} union_plan;

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

/* A record at the scales of the plan; true on overflow. */
static bool rescale_overflows(const cm_orders *state, const union_plan *plan, cm_order *order) {
    return cm_rescale_overflows(order->money, state->money_scale, plan->money_scale, &order->money)
           || cm_rescale_overflows(order->quantity, state->quantity_scale, plan->quantity_scale, &order->quantity)
           || cm_rescale_overflows(order->cost, state->cost_scale, plan->cost_scale, &order->cost);
}

static bool same_scales(const cm_orders *state, const union_plan *plan) {
    return state->money_scale == plan->money_scale && state->quantity_scale == plan->quantity_scale
           && state->cost_scale == plan->cost_scale;
}

static cm_status check_grain(cm_context *ctx, const cm_orders *a, const cm_orders *b) {
    return a->keeps_items == b->keeps_items ? CM_OK : cm_fail(ctx, CM_E_OPTION, "GRAINS", "");
}

static cm_status plan_times(cm_context *ctx, const cm_orders *a, const cm_orders *b, union_plan *plan) {
    plan->time_kind = a->time_kind > b->time_kind ? a->time_kind : b->time_kind;
    bool both = a->time_kind != CM_TIME_UNKNOWN && b->time_kind != CM_TIME_UNKNOWN;
    bool zones_differ = (a->time_kind == CM_TIME_UTC) != (b->time_kind == CM_TIME_UTC);
    bool one_has_dates = (a->time_kind == CM_TIME_DATE) != (b->time_kind == CM_TIME_DATE);
    if (both && zones_differ) return cm_fail(ctx, CM_E_COLUMN, "TIMES_MIXED", "");
    if (both && one_has_dates && a->utc_offset) /* one day of the two is not the same day */
        return cm_fail(ctx, CM_E_COLUMN, "DATES_CUT", "i", (int64_t)a->utc_offset);
    if (a->utc_offset != b->utc_offset)
        return cm_fail(ctx, CM_E_OPTION, "UTC_OFFSETS", "ii", (int64_t)a->utc_offset, (int64_t)b->utc_offset);
    return CM_OK;
}

static cm_status check_batches(cm_context *ctx, const cm_orders *orders, const cm_orders *other) {
    for (uint64_t i = 0; i < other->batch_count; i++)
        if (cm_orders_has_batch(orders, other->batches[i]))
            return cm_fail(ctx, CM_E_DUPLICATE, "BATCH_TWICE", "s", other->batches[i]);
    return CM_OK;
}

static cm_status plan_ids(cm_context *ctx, cm_ids *ids, const cm_ids *other, const char *what, int32_t **map) {
    if (!other->type) return CM_OK;
    cm_status status = cm_ids_set_type(ctx, ids, other->type, what);
    if (status) return status;
    *map = cm_alloc(ctx, cm_ids_count(other), sizeof **map);
    return *map ? cm_ids_map(ctx, other, ids, *map) : ctx->error.status;
}

/* A record of the other state as it would be in this one; true on overflow. */
static bool translate_overflows(const cm_orders *other, const union_plan *plan, const cm_order *from, cm_order *out) {
    *out = *from;
    if (from->customer >= 0) out->customer = plan->customers[from->customer];
    if (from->invoice >= 0) out->invoice = plan->invoices[from->invoice];
    if (from->item >= 0) out->item = plan->items[from->item];
    return rescale_overflows(other, plan, out);
}

/* What becomes of the records of a state whose scales grow. */
static cm_status check_own_sums(cm_context *ctx, cm_orders *orders, const union_plan *plan) {
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < orders->map.count && !status; i++) {
        cm_order one = cm_order_at(&orders->map, i);
        if (rescale_overflows(orders, plan, &one)) return cm_fail(ctx, CM_E_OVERFLOW, "MERGE_OVERFLOW", "");
        status = cm_order_fit(ctx, &orders->map, i, &one);
    }
    return status;
}

/* Room for `one`, of the other state, or for its sum with the record that there is; those that are new come behind. */
static cm_status check_sum(cm_context *ctx, cm_orders *orders, const union_plan *plan, const cm_order *one,
                           uint64_t *end) {
    uint64_t number;
    if (!cm_order_find(&orders->map, one, &number)) return cm_order_fit(ctx, &orders->map, (*end)++, one);
    cm_order sum = cm_order_at(&orders->map, number);
    if (rescale_overflows(orders, plan, &sum) || cm_order_add_overflows(&sum, one))
        return cm_fail(ctx, CM_E_OVERFLOW, "MERGE_OVERFLOW", "");
    return cm_order_fit(ctx, &orders->map, number, &sum);
}

static cm_status check_sums(cm_context *ctx, cm_orders *orders, const cm_orders *other, const union_plan *plan) {
    uint64_t end = orders->map.count;
    cm_status status = same_scales(orders, plan) ? CM_OK : check_own_sums(ctx, orders, plan);
    for (uint64_t i = 0; i < other->map.count && !status; i++) {
        cm_order from = cm_order_at(&other->map, i), one;
        bool overflows = translate_overflows(other, plan, &from, &one);
        status = overflows ? cm_fail(ctx, CM_E_OVERFLOW, "MERGE_OVERFLOW", "")
                           : check_sum(ctx, orders, plan, &one, &end);
    }
    return status;
}

/* Adds the names of the other's batches; they are all new. On failure those added are not taken back by name, so the
 * room is made first. */
static cm_status reserve_batches(cm_context *ctx, cm_orders *orders, const cm_orders *other, char ***copies) {
    *copies = NULL;
    if (!other->batch_count) return CM_OK;
    cm_status status = cm_reserve(ctx, &orders->batches, &orders->batch_capacity,
                                  orders->batch_count + other->batch_count, sizeof *orders->batches);
    if (status) return status;
    *copies = cm_alloc(ctx, other->batch_count, sizeof **copies);
    if (!*copies) return ctx->error.status;
    for (uint64_t i = 0; i < other->batch_count; i++) {
        (*copies)[i] = cm_copy_text(ctx, other->batches[i], strlen(other->batches[i]));
        if (!(*copies)[i]) return ctx->error.status;
    }
    return CM_OK;
}

static void free_copies(cm_core *core, char **copies, uint64_t count) {
    for (uint64_t i = 0; copies && i < count; i++)
        if (copies[i]) cm_free(core, copies[i], strlen(copies[i]) + 1, 1);
    cm_free(core, copies, count, sizeof *copies);
}

/* Two sorted lists of names into one, in place, from the end. */
static void merge_batches(cm_orders *orders, char **copies, uint64_t count) {
    uint64_t mine = orders->batch_count, to = mine + count;
    orders->batch_count = to;
    while (count) {
        bool other_last = !mine || strcmp(orders->batches[mine - 1], copies[count - 1]) < 0;
        orders->batches[--to] = other_last ? copies[--count] : orders->batches[--mine];
    }
}

/* Everything has been checked and reserved: nothing here fails. */
static void apply(cm_context *ctx, cm_orders *orders, const cm_orders *other, const union_plan *plan) {
    for (uint64_t i = 0; i < orders->map.count && !same_scales(orders, plan); i++) {
        cm_order one = cm_order_at(&orders->map, i);
        rescale_overflows(orders, plan, &one);
        cm_order_set(ctx, &orders->map, i, &one);
    }
    orders->money_scale = plan->money_scale;
    orders->quantity_scale = plan->quantity_scale;
    orders->cost_scale = plan->cost_scale;
    orders->time_kind = plan->time_kind;
    orders->has_quantity |= other->has_quantity;
    orders->has_cost |= other->has_cost;
    orders->has_invoice |= other->has_invoice;
    for (uint64_t i = 0; i < other->map.count; i++) {
        cm_order from = cm_order_at(&other->map, i), one;
        bool overflows;
        translate_overflows(other, plan, &from, &one);
        cm_order_add(ctx, &orders->map, &one, &overflows);
    }
}

cm_status cm_orders_add_orders(cm_context *ctx, cm_orders *orders, const cm_orders *other) {
    union_plan plan = {
        .money_scale = larger(orders->money_scale, other->money_scale),
        .quantity_scale = larger(orders->quantity_scale, other->quantity_scale),
        .cost_scale = larger(orders->cost_scale, other->cost_scale),
    };
    char **copies = NULL;
    bool first_customers = !orders->customers.type, first_invoices = !orders->invoices.type,
         first_items = !orders->items.type;
    cm_status status = check_grain(ctx, orders, other);
    if (!status) status = plan_times(ctx, orders, other, &plan);
    if (!status) status = check_batches(ctx, orders, other);
    if (!status) status = plan_ids(ctx, &orders->customers, &other->customers, "customer", &plan.customers);
    if (!status) status = plan_ids(ctx, &orders->invoices, &other->invoices, "invoice", &plan.invoices);
    if (!status) status = plan_ids(ctx, &orders->items, &other->items, "item", &plan.items);
    if (!status) status = cm_order_map_reserve(ctx, &orders->map, other->map.count);
    if (!status) status = check_sums(ctx, orders, other, &plan);
    if (!status) status = reserve_batches(ctx, orders, other, &copies);
    if (!status) {
        apply(ctx, orders, other, &plan);
        if (copies) merge_batches(orders, copies, other->batch_count);
        cm_free(ctx->core, copies, other->batch_count, sizeof *copies);
    } else {
        free_copies(ctx->core, copies, other->batch_count);
        /* ids added in vain may stay, a type may not */
        if (first_customers) cm_ids_clear(ctx->core, &orders->customers);
        if (first_invoices) cm_ids_clear(ctx->core, &orders->invoices);
        if (first_items) cm_ids_clear(ctx->core, &orders->items);
    }
    cm_free(ctx->core, plan.customers, cm_ids_count(&other->customers), sizeof *plan.customers);
    cm_free(ctx->core, plan.invoices, cm_ids_count(&other->invoices), sizeof *plan.invoices);
    cm_free(ctx->core, plan.items, cm_ids_count(&other->items), sizeof *plan.items);
    return status;
}

static cm_status merge(cm_context *ctx, cm_orders *orders, const cm_orders *other) {
    if (orders == other)
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_orders_merge", "a state cannot be merged with itself");
    cm_status status = cm_orders_add_orders(ctx, orders, other);
    if (!status) orders->open_batch = NULL;
    return status;
}

cm_status cm_orders_merge(cm_context *ctx, cm_orders *orders, const cm_orders *other) {
    if (!orders || !other) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, merge(ctx, orders, other));
}

/* ---- removing and renaming ---- */

static int32_t *code_in(cm_order *order, int32_t role) {
    return role == CM_ROLE_CUSTOMER ? &order->customer : role == CM_ROLE_INVOICE ? &order->invoice : &order->item;
}

static cm_ids *ids_of(cm_orders *orders, int32_t role) {
    return role == CM_ROLE_CUSTOMER ? &orders->customers : role == CM_ROLE_INVOICE ? &orders->invoices : &orders->items;
}

static cm_status find_id(cm_context *ctx, cm_orders *orders, int32_t role, const char *id, int32_t *code) {
    bool known = role == CM_ROLE_CUSTOMER || role == CM_ROLE_INVOICE || (role == CM_ROLE_ITEM && orders->keeps_items);
    if (!id || !known)
        return cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_orders",
                       "the role is customer, invoice or (where items are kept) item, with an id");
    *code = cm_ids_find(ids_of(orders, role), id);
    for (uint64_t i = 0; *code >= 0 && i < orders->map.count; i++) {
        cm_order order = cm_order_at(&orders->map, i);
        if (*code_in(&order, role) == *code) return CM_OK;
    }
    return cm_fail(ctx, CM_E_NOT_FOUND, "NO_ID", "ss", cm_role_name(role), id);
}

/* The records anew, those with one code with another one instead, or without them (code -1). */
static cm_status replace_code(cm_context *ctx, cm_orders *orders, int32_t role, int32_t old, int32_t fresh) {
    cm_order_map map;
    cm_status status = CM_OK;
    cm_order_map_init(&map);
    for (uint64_t i = 0; i < orders->map.count && !status; i++) {
        cm_order order = cm_order_at(&orders->map, i);
        int32_t *code = code_in(&order, role);
        bool overflows;
        if (*code == old && fresh < 0) continue;
        if (*code == old) *code = fresh;
        status = cm_order_add(ctx, &map, &order, &overflows);
        if (!status && overflows) status = cm_fail(ctx, CM_E_OVERFLOW, "MERGE_OVERFLOW", "");
    }
    if (!status) {
        cm_order_map gone = orders->map;
        orders->map = map;
        map = gone;
    }
    cm_order_map_clear(ctx->core, &map);
    return status;
}

static cm_status remove_id(cm_context *ctx, cm_orders *orders, int32_t role, const char *id) {
    int32_t code;
    cm_status status = find_id(ctx, orders, role, id, &code);
    return status ? status : replace_code(ctx, orders, role, code, -1);
}

cm_status cm_orders_remove(cm_context *ctx, cm_orders *orders, int32_t role, const char *id) {
    if (!orders) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, remove_id(ctx, orders, role, id));
}

static cm_status rename_id(cm_context *ctx, cm_orders *orders, int32_t role, const char *from, const char *to) {
    int32_t old, fresh;
    cm_status status = find_id(ctx, orders, role, from, &old);
    if (!status && !to)
        status = cm_fail(ctx, CM_E_ARGUMENT, "ARGUMENT", "ss", "cm_orders_rename", "the new id is NULL");
    if (!status) status = cm_ids_add(ctx, ids_of(orders, role), to, &fresh);
    return status || old == fresh ? status : replace_code(ctx, orders, role, old, fresh);
}

cm_status cm_orders_rename(cm_context *ctx, cm_orders *orders, int32_t role, const char *from, const char *to) {
    if (!orders) return cm_misuse(ctx, __func__);
    return CM_CALL(ctx, rename_id(ctx, orders, role, from, to));
}
