/* Weights of baskets that are made of lines. */
#ifndef CM_PREPARE_BASKETS_WEIGHTS_H
#define CM_PREPARE_BASKETS_WEIGHTS_H

#include "prepare/baskets.h"
#include "prepare/tuples.h"
#include "prepare/weights.h"

typedef struct cm_basket_weight {
    int64_t weight; /* unscaled */
    uint64_t row;   /* the first line that has it */
} cm_basket_weight;

typedef struct cm_basket_weights {
    const char *name; /* of the column; NULL: baskets have no weights */
    int32_t type, scale;
    int32_t by;     /* what a basket is */
    int64_t shift;  /* microseconds from the times to those whose days are meant */
    cm_tuples keys; /* an invoice, or a customer and a day */
    cm_basket_weight *all; /* by the number of the key */
    uint64_t capacity;
} cm_basket_weights;

/* Of the lines that the orders were made of. `column` NULL: none. A weight that is absent, zero, negative or another
 * than that of the lines before is CM_E_DATA with its row. */
cm_status cm_basket_weights_find(cm_context *ctx, const cm_table *lines, const char *column, cm_orders *orders,
                                 int32_t by, cm_basket_weights *out);
void cm_basket_weights_clear(cm_core *core, cm_basket_weights *weights);

/* The weight of a record's lines, which must be that of an earlier record of its basket (NULL: there is none). */
cm_status cm_basket_weights_get(cm_context *ctx, const cm_basket_weights *weights, const cm_order *order,
                                const cm_basket_weight *earlier, const cm_basket_weight **out);

#endif
