/* The table that RFM is fitted to, from plain numbers. */
#ifndef RFM_CUSTOMERS_H
#define RFM_CUSTOMERS_H

#include "support.h"

/* Customers c00000, c00001, ...: of each recency_days (below zero: absent), invoices and money at `scale`, which follow
 * each other; the next customer's are `stride` numbers on. */
static inline cm_table *rfm_customers(cm_context *ctx, const int64_t *values, size_t stride, int count, int32_t scale) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_STRING, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "recency_days", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "invoices", CM_INT64, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "money", CM_DECIMAL, scale, 0));
    for (int i = 0; i < count; i++, values += stride) {
        char id[16];
        OK(ctx, cm_builder_text(ctx, builder, 0, id, (uint64_t)snprintf(id, sizeof id, "c%05d", i)));
        if (values[0] >= 0) OK(ctx, cm_builder_int(ctx, builder, 1, values[0]));
        OK(ctx, cm_builder_int(ctx, builder, 2, values[1]));
        OK(ctx, cm_builder_int(ctx, builder, 3, values[2]));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

#endif
