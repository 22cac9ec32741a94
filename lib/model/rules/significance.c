/* Which rules chance would hardly give: Fisher's exact test of each rule, adjusted for how many were tested. The family
 * is every rule that was searched: of enough support, of the lengths and sides asked for, before confidence, lift or
 * any other filter, for a filter that looks at the data makes what passes it look better than it is.
 *
 * O. J. Dunn, "Multiple comparisons among means", 1961, doi:10.1080/01621459.1961.10482090 (Bonferroni); S. Holm, "A
 * simple sequentially rejective multiple test procedure", 1979; Y. Benjamini and Y. Hochberg, "Controlling the false
 * discovery rate", 1995, doi:10.1111/j.2517-6161.1995.tb02031.x. For rules: G. I. Webb, "Discovering significant
 * patterns", 2007, doi:10.1007/s10994-007-5006-x. Cost: a test a rule and one sort. */
#include "base/sort.h"
#include "model/rules/fisher.h"
#include "model/rules/rules.h"

enum { NONE, BONFERRONI, HOLM, BENJAMINI_HOCHBERG };

typedef struct family {
    const cm_rulebook *book;
    double *values;
    uint64_t count, capacity;
} family;

static cm_status test(cm_context *ctx, void *user, const cm_derived *one) {
    family *all = user;
    cm_counts c = cm_rulebook_counts(all->book, &one->rule);
    cm_status status = cm_reserve(ctx, &all->values, &all->capacity, all->count + 1, sizeof *all->values);
    if (!status) all->values[all->count++] = cm_hypergeometric_tail(c.all, c.left, c.right, c.both);
    return status;
}

static double capped(double p) {
    return p < 1 ? p : 1;
}

/* Holm steps down from the smallest, Benjamini and Hochberg step up from the largest. `order` rises. */
static void step(const cm_key *order, double *values, uint64_t count, int32_t adjustment) {
    double n = (double)count, reached = adjustment == HOLM ? 0 : 1;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = adjustment == HOLM ? i : count - 1 - i;
        double *p = &values[order[at].value];
        double own = adjustment == HOLM ? *p * (n - (double)at) : *p * n / ((double)at + 1);
        bool further = adjustment == HOLM ? own > reached : own < reached;
        if (further) reached = own;
        *p = capped(reached);
    }
}

static cm_status adjust(cm_context *ctx, double *values, uint64_t count, int32_t adjustment) {
    if (adjustment == NONE) return CM_OK;
    if (adjustment == BONFERRONI) {
        for (uint64_t i = 0; i < count; i++) values[i] = capped(values[i] * (double)count);
        return CM_OK;
    }
    cm_key *order = cm_alloc(ctx, count, sizeof *order);
    if (!order) return ctx->error.status;
    for (uint64_t i = 0; i < count; i++) order[i] = (cm_key){cm_key_of_double(values[i]), i};
    cm_status status = cm_sort_keys(ctx, order, count);
    if (!status) step(order, values, count, adjustment);
    cm_free(ctx->core, order, count, sizeof *order);
    return status;
}

cm_status cm_significance(cm_context *ctx, const cm_rulebook *book, uint64_t most, int32_t adjustment, double **out,
                          uint64_t *count) {
    family all = {.book = book};
    cm_status status = cm_derive(ctx, book, most, test, &all);
    if (!status) status = adjust(ctx, all.values, all.count, adjustment);
    *out = status ? NULL : cm_alloc(ctx, all.count, sizeof **out);
    if (!status && !*out) status = ctx->error.status;
    for (uint64_t i = 0; i < all.count && !status; i++) (*out)[i] = all.values[i];
    *count = status ? 0 : all.count;
    cm_free(ctx->core, all.values, all.capacity, sizeof *all.values);
    return status;
}
