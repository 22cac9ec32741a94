/* A question for customers to a state of orders, and its answer. */
#ifndef CM_PREPARE_CUSTOMERS_H
#define CM_PREPARE_CUSTOMERS_H

#include "base/number.h"
#include "prepare/orders.h"

enum { CM_REFUNDS_NET, CM_REFUNDS_KEEP, CM_REFUNDS_DROP };

/* What becomes of a record. */
typedef enum cm_fate {
    CM_COUNTS_AS_PURCHASE,
    CM_COUNTS_AS_REFUND,
    CM_DROPPED_NO_DATE,
    CM_DROPPED_NO_AMOUNT,
    CM_DROPPED_LATER,
    CM_DROPPED_REFUND,
    CM_DROPPED_CONTRADICTION,
    CM_DROPPED_NO_CUSTOMER,
    CM_FATES
} cm_fate;

/* Lines and money by what became of them. */
typedef struct cm_fate_sums {
    uint64_t lines[CM_FATES];
    cm_wide money[CM_FATES];
    int64_t first_contradiction; /* when; of lines[CM_DROPPED_CONTRADICTION] */
    int32_t contradiction_day;
} cm_fate_sums;

typedef struct cm_question {
    const cm_orders *orders; /* the state; of lines that are asked themselves, their settings and ids */
    const cm_lines *lines;   /* NULL: the records of the state are asked */
    int32_t as_of;           /* INT32_MAX: the last day that there is, then that day */
    int32_t refunds;
    const cm_ids *ids; /* of the customers to be shown: the state's, or with those of the attributes in own_ids */
    cm_ids own_ids;
    int32_t *codes;    /* a code of the state as a code of own_ids; NULL: the same */
    uint8_t *listed;   /* by code: customers of the attributes, shown without a purchase, too; NULL: none */
    uint64_t id_count, code_count, listed_count, invoice_count;
    int64_t first_customer, first_invoice; /* of lines: the values that have code 0 */
    cm_fate_sums sums;
    int32_t *shown;    /* codes of the customers to be shown, in order */
    uint64_t shown_count;
} cm_question;

/* A contradiction is counted as dropped, whatever is to become of it. */
static inline cm_fate cm_fate_of(const cm_question *ask, const cm_order *order) {
    if (order->day == CM_NO_DAY) return CM_DROPPED_NO_DATE;
    if (order->kind == CM_ORDER_NO_AMOUNT) return CM_DROPPED_NO_AMOUNT;
    if (order->day > ask->as_of) return CM_DROPPED_LATER;
    if (ask->refunds != CM_REFUNDS_KEEP) {
        if (order->kind == CM_ORDER_CONTRADICTION) return CM_DROPPED_CONTRADICTION;
        if (order->kind == CM_ORDER_REFUND && ask->refunds == CM_REFUNDS_DROP) return CM_DROPPED_REFUND;
    }
    if (order->customer < 0) return CM_DROPPED_NO_CUSTOMER;
    return order->kind == CM_ORDER_REFUND && ask->refunds == CM_REFUNDS_NET ? CM_COUNTS_AS_REFUND
                                                                            : CM_COUNTS_AS_PURCHASE;
}

/* customers_walk.c: the records that a question is asked of, or lines that may be several records of one order, by
 * number; handed to `visit` in order, at most CM_LINES_BLOCK at a time. */
typedef cm_status (*cm_visit)(cm_context *ctx, void *state, const cm_order *orders, uint64_t count);
uint64_t cm_question_records(const cm_question *ask);
cm_status cm_question_walk(cm_context *ctx, const cm_question *ask, uint64_t first, uint64_t end, cm_visit visit,
                           void *state);

/* The customer that a record belongs to, as a code of the question's ids. */
static inline int32_t cm_question_customer(const cm_question *ask, const cm_order *order) {
    return ask->codes ? ask->codes[order->customer] : order->customer;
}

#endif
