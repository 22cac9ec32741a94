/* What a customer's purchases say day by day: rhythm, stage, how things stood earlier, cohorts. */
#ifndef CM_PREPARE_HISTORY_H
#define CM_PREPARE_HISTORY_H

#include "base/sort.h"
#include "prepare/customers.h"

/* The records that count, by customer and day. */
typedef struct cm_history {
    const cm_question *ask;
    const cm_orders *orders;
    int32_t as_of;
    cm_key *events;  /* value: number of the record */
    uint64_t count, capacity;
    uint64_t *starts; /* by code of the customer: its first event; one more at the end */
    uint64_t customers;
} cm_history;

static inline cm_order cm_history_order(const cm_history *history, uint64_t event) {
    return cm_order_at(&history->orders->map, history->events[event].value);
}
static inline bool cm_history_is_purchase(const cm_history *history, const cm_order *order) {
    return cm_fate_of(history->ask, order) == CM_COUNTS_AS_PURCHASE;
}

/* What the options rhythm, before_days and cohorts of the topic "customers" ask for, added to the table. The state has
 * ids of its own. */
bool cm_history_asked(const cm_options *options);
cm_status cm_history_answer(cm_context *ctx, const cm_question *ask, const cm_options *options, cm_table **customers);

/* rhythm.c, before.c: columns for the customers of these codes (-1: not in the state), a row each. */
cm_status cm_rhythm_columns(cm_context *ctx, const cm_history *history, const int32_t *codes, uint64_t rows,
                            cm_table **out);
cm_status cm_before_columns(cm_context *ctx, const cm_history *history, int32_t days, const int32_t *codes,
                            uint64_t rows, cm_table **out);
/* cohorts.c */
cm_status cm_cohorts(cm_context *ctx, const cm_history *history, cm_table **out);

#endif
