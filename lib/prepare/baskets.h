/* Baskets: from a state of orders that keeps items, from lines, from lists, from columns of 0 and 1. */
#ifndef CM_PREPARE_BASKETS_H
#define CM_PREPARE_BASKETS_H

#include "prepare/orders.h"

extern const cm_topic cm_baskets_topic;

/* What a basket is. */
enum { CM_BASKET_BY_INVOICE, CM_BASKET_BY_DAY, CM_BASKET_BY_WINDOW, CM_BASKET_BY_CUSTOMER };

enum { CM_LAYOUT_LINES, CM_LAYOUT_BASKETS, CM_LAYOUT_COLUMNS };

/* Baskets that are such already, filtered (column items, and customer where there is one). */
cm_status cm_baskets_of_lists(cm_context *ctx, const cm_table *table, const cm_options *options, cm_table **out);
/* A row a basket; a column that has no role is an item. */
cm_status cm_baskets_of_columns(cm_context *ctx, const cm_table *table, const cm_options *options, cm_table **out);

#endif
