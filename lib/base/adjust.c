/* Many tests at once: O. J. Dunn, "Multiple comparisons among means", 1961, doi:10.1080/01621459.1961.10482090
 * (Bonferroni); S. Holm, "A simple sequentially rejective multiple test procedure", 1979; Y. Benjamini and Y. Hochberg,
 * "Controlling the false discovery rate", 1995, doi:10.1111/j.2517-6161.1995.tb02031.x. */
#include "base/adjust.h"

#include "base/sort.h"

static double capped(double p) {
    return p < 1 ? p : 1;
}

/* Holm steps down from the smallest, Benjamini and Hochberg step up from the largest. `order` rises. */
static void step(const cm_key *order, double *values, uint64_t count, cm_adjustment how) {
    double n = (double)count, reached = how == CM_ADJUST_HOLM ? 0 : 1;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = how == CM_ADJUST_HOLM ? i : count - 1 - i;
        double *p = &values[order[at].value];
        double own = how == CM_ADJUST_HOLM ? *p * (n - (double)at) : *p * n / ((double)at + 1);
        bool further = how == CM_ADJUST_HOLM ? own > reached : own < reached;
        if (further) reached = own;
        *p = capped(reached);
    }
}

cm_status cm_adjust(cm_context *ctx, double *values, uint64_t count, cm_adjustment how) {
    if (how == CM_ADJUST_NONE) return CM_OK;
    if (how == CM_ADJUST_BONFERRONI) {
        for (uint64_t i = 0; i < count; i++) values[i] = capped(values[i] * (double)count);
        return CM_OK;
    }
    cm_key *order = cm_alloc(ctx, count, sizeof *order);
    if (!order) return ctx->error.status;
    for (uint64_t i = 0; i < count; i++) order[i] = (cm_key){cm_key_of_double(values[i]), i};
    cm_status status = cm_sort_keys(ctx, order, count);
    if (!status) step(order, values, count, how);
    cm_free(ctx->core, order, count, sizeof *order);
    return status;
}
