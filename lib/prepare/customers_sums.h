/* The sums of customers: what a row of the answer is made of. */
#ifndef CM_PREPARE_CUSTOMERS_SUMS_H
#define CM_PREPARE_CUSTOMERS_SUMS_H

#include <stdatomic.h>

#include "base/civil.h"
#include "prepare/customers.h"

/* Of one customer, in a line of the cache. */
typedef struct cm_customer_sums {
    int64_t money, quantity, first_day_money;
    int64_t first, last; /* microseconds, of purchases */
    uint64_t lines;      /* of purchases */
    uint32_t purchase_days, invoices;
    int32_t last_day; /* of purchases; the first is that of `first` */
    bool bought, cost_unknown;
    bool beyond;  /* a sum is beyond 64 bits */
    bool recount; /* days and invoices have to be counted again (customers_recount.c) */
} cm_customer_sums;

/* What only some questions need. */
typedef struct cm_customer_extras {
    int64_t refunds, cost;
} cm_customer_extras;

/* What one thread makes of a part of the records. */
typedef struct cm_sums_part {
    const cm_question *ask;
    uint64_t from, to; /* codes of the customers whose sums are made: those of a strip */
    cm_customer_sums *sums; /* by code, less `from`; not set where the customer is not seen */
    cm_customer_extras *extras; /* likewise; NULL: neither refunds nor costs are wanted */
    int32_t *owners;   /* by code of the invoice: the customer who has bought with it, from 1; 0 nobody */
    uint64_t owners_from, owners_to; /* the codes whose owners are set: those met, and some beside them */
    uint8_t *seen;     /* by code of any customer: a record of theirs counts */
    cm_fate_sums fates;
    int64_t shift;     /* microseconds from UTC to where days are cut */
    int32_t last_day;
    bool first_strip;  /* which fills seen, fates and last_day, of all customers */
} cm_sums_part;

/* Sums of one strip of customers after the other: all records are walked for each, so that no more than a strip's sums
 * are in memory. */
typedef struct cm_sums {
    cm_question *ask;
    cm_sums_part *parts; /* after cm_sums_make the first has the sums of all */
    uint64_t part_count, strip; /* customers in a strip */
    atomic_bool recount; /* somebody's days and invoices have to be counted again */
} cm_sums;

cm_status cm_sums_open(cm_context *ctx, cm_question *ask, cm_sums *out);
void cm_sums_close(cm_core *core, cm_sums *sums);

/* The sums of the customers with codes from `from` on, a strip of them. The first time, from 0, it also makes the
 * question's sums of fates and its as_of, and says who is seen. */
cm_status cm_sums_make(cm_context *ctx, cm_sums *sums, uint64_t from);

/* customers_recount.c: counts the days and invoices of those customers again whose records did not come in order. */
cm_status cm_sums_recount(cm_context *ctx, cm_sums_part *all);

/* Of a customer who has bought. */
static inline int32_t cm_first_day(const cm_sums_part *part, const cm_customer_sums *one) {
    return cm_civil_day_of(one->first + part->shift);
}

#endif
