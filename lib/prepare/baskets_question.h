/* A question for baskets while it is answered: which records of the orders belong to which basket. */
#ifndef CM_PREPARE_BASKETS_QUESTION_H
#define CM_PREPARE_BASKETS_QUESTION_H

#include "base/sort.h"
#include "prepare/baskets.h"
#include "prepare/baskets_weights.h"
#include "prepare/item_names.h"
#include "table/repeats.h"

/* What becomes of a record. The last two are found when its basket is known. */
typedef enum fate {
    IN_BASKET,
    NO_DATE,
    NO_AMOUNT,
    LATER,
    REFUND,
    CONTRADICTION,
    NO_ITEM,
    NO_CUSTOMER,
    TOO_LARGE,
    FATES
} fate;

typedef struct question {
    const cm_orders *orders;
    const cm_item_names *names;  /* NULL: unknown */
    const cm_item_names *groups; /* of key items; NULL: none */
    const cm_basket_weights *weights;
    cm_repeats repeats;
    int32_t as_of, by;
    int64_t window; /* days */
    bool keeps_refunds, known_only;
    bool has_dates, has_amounts;
    uint64_t most_items;  /* 0: any number */
    uint8_t *fates;       /* by record */
    cm_dictionary *items; /* the written forms, by the state's codes */
    uint64_t item_count, customer_count, invoice_count;
    int32_t *item_ranks, *items_ranked, *customer_ranks, *invoice_ranks;
    uint64_t *baskets_of; /* by item code */
    int32_t *windows;     /* by record: the first day of its window; CM_BASKET_BY_WINDOW alone */
    cm_key *keys;         /* records that count, by basket and item */
    uint64_t key_count;
    uint64_t basket_count; /* built so far */
    bool all_invoices; /* every basket that is kept has one */
    char *id;          /* room for "C17 2011-12-09" */
    uint64_t id_capacity;
} question;

/* Whether its invoice says which basket a record belongs to. */
static inline bool is_invoice(const question *ask, const cm_order *order) {
    return ask->by == CM_BASKET_BY_INVOICE && order->invoice >= 0;
}

typedef struct basket {
    uint64_t from, end;    /* its keys */
    cm_order first;        /* one of its records */
    uint64_t items;
    int32_t customer, day; /* the first in canonical order of its customers, -1 none; its first day */
    __extension__ __int128 money;
} basket;

/* Which records count, and in which order: by basket, then item (baskets_records.c). */
cm_status cm_baskets_sort(cm_context *ctx, question *ask);
/* The basket that begins at a key; its records come by item. */
basket cm_basket_at(const question *ask, uint64_t from);
/* Baskets that are left out as a whole. */
void cm_baskets_choose(question *ask);

/* What comes along with the table (baskets_attach.c). */
cm_status cm_baskets_attach_items(cm_context *ctx, const question *ask, cm_table *baskets);
cm_status cm_baskets_attach_key_items(cm_context *ctx, const question *ask, const cm_options *options,
                                      cm_table *baskets);
cm_status cm_baskets_attach_audit(cm_context *ctx, const question *ask, const cm_table *before, cm_table *baskets);

#endif
