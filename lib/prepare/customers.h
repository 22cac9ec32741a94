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
    const cm_orders *orders;
    int32_t as_of, refunds;
    const cm_ids *ids; /* of the customers to be shown: the state's, or with those of the attributes in own_ids */
    cm_ids own_ids;
    int32_t *codes;    /* a code of the state as a code of own_ids; NULL: the same */
    uint8_t *listed;   /* by code: customers of the attributes, shown without a purchase, too; NULL: none */
    uint64_t id_count, code_count, listed_count;
    cm_fate_sums sums;

    /* The records that count, by customer, in the order of the state. */
    int32_t *owners;    /* by record: code of its customer; -1: it does not count */
    uint64_t *starts;   /* by code, and the end: of its records in `records` */
    uint32_t *records;
    int32_t *shown;     /* codes of the customers to be shown, in order */
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

/* customers_group.c: fills sums, owners, starts, records and shown. */
cm_status cm_question_group(cm_context *ctx, cm_question *ask);
/* customers_rows.c: a row a customer shown. */
cm_status cm_question_rows(cm_context *ctx, const cm_question *ask, cm_table **out);

#endif
