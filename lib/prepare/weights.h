/* Weights of baskets: whole numbers, or decimals as whole numbers of their smallest unit: all sums are exact. */
#ifndef CM_PREPARE_WEIGHTS_H
#define CM_PREPARE_WEIGHTS_H

#include "table/table.h"

typedef struct cm_weights {
    const cm_table *table; /* borrowed */
    cm_column *column;     /* INT64 or DECIMAL */
} cm_weights;

/* The column of a name; doubles become decimals of at most six places. CM_E_COLUMN, CM_E_DATA. */
cm_status cm_weights_open(cm_context *ctx, const cm_table *table, const char *name, cm_weights *out);
void cm_weights_close(cm_weights *weights);

/* The weight of a row, unscaled. One that is absent, zero or negative is CM_E_DATA with its column and row. */
cm_status cm_weight_at(cm_context *ctx, const cm_weights *weights, uint64_t row, int64_t *out);

#endif
