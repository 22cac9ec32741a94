/* Cohorts: customers by the month of their first purchase, and month by month how many of them bought and their money.
 *
 * A row a cohort and month, from the cohort's own (month 0) to that of as-of; buying counts customers with a purchase
 * in the month, money is their purchases and refunds. Refunds from before the first purchase belong to month 0, so that
 * the money of all rows is that of all customers with a purchase. `over` is false for a month that as-of lies in before
 * its last day: it is not to be compared with the others. O(orders + cohorts x months). */
#include "base/civil.h"
#include "base/number.h"
#include "prepare/history.h"

#define MOST_MONTHS 1200 /* a hundred years */

typedef cm_wide wide;

enum { COHORT, MONTH, STARTS, CUSTOMERS, BUYING, BUYING_SHARE, MONEY, MONEY_PER_CUSTOMER, OVER, COLUMNS };

typedef struct cell {
    uint64_t buying;
    wide money;
} cell;

typedef struct cohorts {
    const cm_history *history;
    int64_t first, months; /* the first month of all, how many there are */
    uint64_t *sizes;       /* customers by cohort */
    cell *cells;           /* cohort * months + month since */
} cohorts;

static int32_t first_day_of(int64_t month) { return cm_civil_day((int32_t)(month / 12), (int32_t)(month % 12) + 1, 1); }

/* The month of the first purchase; false if there is none. */
static bool find_cohort(const cm_history *history, uint64_t code, int64_t *out) {
    for (uint64_t event = history->starts[code]; event < history->starts[code + 1]; event++) {
        cm_order order = cm_history_order(history, event);
        if (!cm_history_is_purchase(history, &order)) continue;
        *out = cm_civil_month(order.day);
        return true;
    }
    return false;
}

static void find_first(cohorts *all) {
    const cm_history *history = all->history;
    int64_t last = cm_civil_month(history->as_of), month;
    all->first = last + 1;
    for (uint64_t code = 0; code < history->customers; code++)
        if (find_cohort(history, code, &month) && month < all->first) all->first = month;
    all->months = last + 1 - all->first;
}

static void add_customer(cohorts *all, uint64_t code) {
    const cm_history *history = all->history;
    int64_t cohort, counted = -1;
    if (!find_cohort(history, code, &cohort)) return;
    all->sizes[cohort - all->first]++;
    for (uint64_t event = history->starts[code]; event < history->starts[code + 1]; event++) {
        cm_order order = cm_history_order(history, event);
        int64_t since = cm_civil_month(order.day) - cohort;
        if (since < 0) since = 0;
        cell *one = &all->cells[(cohort - all->first) * all->months + since];
        one->money += order.money;
        if (!cm_history_is_purchase(history, &order) || since == counted) continue;
        counted = since;
        one->buying++;
    }
}

static cm_status add_row(cm_context *ctx, cm_builder *builder, const cohorts *all, int64_t cohort, int64_t since) {
    const cell *one = &all->cells[cohort * all->months + since];
    uint64_t customers = all->sizes[cohort];
    int64_t month = all->first + cohort + since;
    if (one->money > INT64_MAX || one->money < INT64_MIN) return cm_fail(ctx, CM_E_OVERFLOW, "COHORT_OVERFLOW", "");
    double money = cm_decimal_to_double((int64_t)one->money, all->history->orders->money_scale);
    cm_status status = cm_builder_int(ctx, builder, COHORT, first_day_of(all->first + cohort));
    if (!status) status = cm_builder_int(ctx, builder, MONTH, since);
    if (!status) status = cm_builder_int(ctx, builder, STARTS, first_day_of(month));
    if (!status) status = cm_builder_int(ctx, builder, CUSTOMERS, (int64_t)customers);
    if (!status) status = cm_builder_int(ctx, builder, BUYING, (int64_t)one->buying);
    if (!status) status = cm_builder_double(ctx, builder, BUYING_SHARE, (double)one->buying / (double)customers);
    if (!status) status = cm_builder_int(ctx, builder, MONEY, (int64_t)one->money);
    if (!status) status = cm_builder_double(ctx, builder, MONEY_PER_CUSTOMER, money / (double)customers);
    if (!status) status = cm_builder_int(ctx, builder, OVER, first_day_of(month + 1) - 1 <= all->history->as_of);
    return status ? status : cm_builder_row(ctx, builder);
}

static cm_status build(cm_context *ctx, const cohorts *all, cm_table **out) {
    static const char *const names[COLUMNS] = {
        "cohort", "month", "starts", "customers", "buying", "buying_share", "money", "money_per_customer", "over"};
    static const int32_t types[COLUMNS] = {CM_DATE,    CM_INT64,   CM_DATE,    CM_INT64, CM_INT64,
                                           CM_FLOAT64, CM_DECIMAL, CM_FLOAT64, CM_BOOL};
    cm_builder *builder = NULL;
    cm_status status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < COLUMNS && !status; i++)
        status = cm_builder_column(ctx, builder, names[i], types[i], i == MONEY ? all->history->orders->money_scale : 0,
                                   CM_ROLE_NONE);
    for (int64_t cohort = 0; cohort < all->months && !status; cohort++)
        for (int64_t since = 0; cohort + since < all->months && all->sizes[cohort] && !status; since++)
            status = add_row(ctx, builder, all, cohort, since);
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}

cm_status cm_cohorts(cm_context *ctx, const cm_history *history, cm_table **out) {
    cohorts all = {.history = history};
    cm_status status = CM_OK;
    if (history->count) find_first(&all); /* else there is no day, perhaps not even as-of */
    if (all.months > MOST_MONTHS)
        return cm_fail(ctx, CM_E_LIMIT, "COHORT_MONTHS", "ii", all.months, (int64_t)MOST_MONTHS);
    uint64_t months = (uint64_t)all.months;
    if (!(all.sizes = cm_alloc(ctx, months, sizeof *all.sizes))
        || !(all.cells = cm_alloc(ctx, months * months, sizeof *all.cells)))
        status = ctx->error.status;
    for (uint64_t code = 0; code < history->customers && !status; code++) {
        if (code % 1024 == 0) status = cm_tick(ctx, "cohorts", code, history->customers);
        if (!status) add_customer(&all, code);
    }
    if (!status) status = build(ctx, &all, out);
    cm_free(ctx->core, all.sizes, months, sizeof *all.sizes);
    cm_free(ctx->core, all.cells, months * months, sizeof *all.cells);
    return status;
}
