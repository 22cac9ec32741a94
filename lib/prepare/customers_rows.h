/* The answer to a question for customers: a row a customer shown, filled strip by strip. */
#ifndef CM_PREPARE_CUSTOMERS_ROWS_H
#define CM_PREPARE_CUSTOMERS_ROWS_H

#include "prepare/customers_sums.h"
#include "table/blank.h"

#define CM_CUSTOMER_COLUMNS 14

typedef struct cm_customer_rows {
    const cm_question *ask;
    const cm_sums_part *of; /* the strip at hand */
    cm_blank_column columns[CM_CUSTOMER_COLUMNS];
    uint64_t count;
    int32_t margin_scale;
    bool days;       /* first and last are dates */
    cm_dictionary *dictionary; /* of the ids, where they are texts */
    cm_table *table;
} cm_customer_rows;

/* When it is known who is shown. Closed also after a failure; with `out` the table goes there. */
cm_status cm_customer_rows_open(cm_context *ctx, const cm_question *ask, cm_customer_rows *out);
cm_status cm_customer_rows_fill(cm_context *ctx, cm_customer_rows *sheet, const cm_sums_part *of);
void cm_customer_rows_close(cm_customer_rows *sheet, cm_table **out);

#endif
