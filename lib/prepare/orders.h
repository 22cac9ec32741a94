/* The state of orders inside. */
#ifndef CM_PREPARE_ORDERS_H
#define CM_PREPARE_ORDERS_H

#include "base/civil.h"
#include "custmine/prepare.h"
#include "prepare/codes.h"
#include "prepare/order_map.h"
#include "table/lines.h"
#include "table/options.h"

/* What the date column was: the wider of what has been seen. A naive time and UTC do not mix. */
typedef enum cm_time_kind { CM_TIME_UNKNOWN, CM_TIME_DATE, CM_TIME_NAIVE, CM_TIME_UTC } cm_time_kind;

struct cm_orders {
    cm_core *core;
    cm_ids customers, invoices, items;
    cm_order_map map;
    int32_t money_scale, quantity_scale, cost_scale;
    int32_t utc_offset; /* minutes that cut the days of times; see cm_orders_shift */
    cm_time_kind time_kind;
    bool has_quantity, has_cost, has_invoice;
    bool keeps_items; /* a record an item: baskets can be asked for */
    bool takes_less;  /* for baskets alone: lines may have no customers, dates or amounts at all. Not saved */
    char **batches;     /* in byte order */
    uint64_t batch_count, batch_capacity;
    char *open_batch;   /* the load that goes on: one of batches, or NULL */
};

extern const cm_topic cm_orders_topic;
extern const cm_topic cm_customers_topic;

cm_status cm_orders_make(cm_context *ctx, int32_t utc_offset, bool keeps_items, cm_orders **out);
cm_status cm_orders_add_lines(cm_context *ctx, cm_orders *orders, const cm_table *sales, const char *batch);
/* order_lines.c: a state of these lines alone, with the settings of `like`. */
cm_status cm_orders_of_lines(cm_context *ctx, const cm_lines *lines, const cm_orders *like, cm_orders **out);
/* A state without records but with the settings of these lines and the ids of their customers, which answers questions
 * in its place; nothing can be added to it. */
cm_status cm_orders_borrow(cm_context *ctx, const cm_lines *lines, const cm_orders *like, const cm_codes *customers,
                           cm_orders **out);
/* The columns of a table that such a state needs. */
cm_status cm_orders_open_lines(cm_context *ctx, const cm_orders *like, const cm_table *sales, cm_lines *out);
cm_status cm_orders_add_orders(cm_context *ctx, cm_orders *orders, const cm_orders *other);

/* Batches: whether there is one of that name; adds one where there is not. */
bool cm_orders_has_batch(const cm_orders *orders, const char *name);
cm_status cm_orders_add_batch(cm_context *ctx, cm_orders *orders, const char *name);

/* Microseconds from the times to those whose days are meant. A date is a day already, wherever days are cut. */
static inline int64_t cm_orders_shift(const cm_orders *orders) {
    return orders->time_kind == CM_TIME_DATE ? 0 : orders->utc_offset * CM_MINUTE_MICROSECONDS;
}

/* Minutes of "+02:00", "-0530", "+2"; CM_E_OPTION. NULL is 0. */
cm_status cm_parse_utc_offset(cm_context *ctx, const char *text, int32_t *minutes);

/* The numbers of the records in canonical order (customer, invoice, day, kind; absent last). */
cm_status cm_orders_sorted(cm_context *ctx, const cm_orders *orders, uint32_t *numbers);

#endif
