/* Sums of money beyond 64 bits on the way, and tables attached to the scores. */
#include "base/number.h"
#include "model/rfm/rfm.h"

cm_status cm_rfm_to_money(cm_context *ctx, cm_wide sum, int64_t *out) {
    *out = (int64_t)sum;
    return sum > INT64_MAX || sum < INT64_MIN ? cm_fail(ctx, CM_E_OVERFLOW, "RFM_RANGE", "s", "money") : CM_OK;
}

double cm_rfm_decimal(cm_wide sum, int32_t scale) {
    if (sum <= INT64_MAX && sum >= INT64_MIN) return cm_decimal_to_double((int64_t)sum, scale);
    double number = (double)sum;
    while (scale-- > 0) number /= 10;
    return number;
}

cm_status cm_rfm_put_share(cm_context *ctx, cm_builder *builder, uint64_t column, cm_wide part, cm_wide whole) {
    return whole > 0 ? cm_builder_double(ctx, builder, column, (double)part / (double)whole) : CM_OK;
}

cm_status cm_rfm_attach(cm_context *ctx, cm_builder *builder, cm_status status, cm_table *scores, const char *name) {
    cm_table *table = NULL;
    if (!status) status = cm_builder_finish(ctx, builder, &table);
    if (!status) status = cm_table_attach(ctx, scores, name, table);
    cm_table_free(table);
    return status;
}
