/* Which rules chance would hardly give: Fisher's exact test of each rule, adjusted for how many were tested. The family
 * is every rule that was searched: of enough support, of the lengths and sides asked for, before confidence, lift or
 * any other filter, for a filter that looks at the data makes what passes it look better than it is (G. I. Webb,
 * "Discovering significant patterns", 2007, doi:10.1007/s10994-007-5006-x). Cost: a test a rule and one sort. */
#include "base/adjust.h"
#include "base/fisher.h"
#include "model/rules/rules.h"

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

cm_status cm_significance(cm_context *ctx, const cm_rulebook *book, uint64_t most, int32_t adjustment, double **out,
                          uint64_t *count) {
    family all = {.book = book};
    cm_status status = cm_derive(ctx, book, most, test, &all);
    if (!status) status = cm_adjust(ctx, all.values, all.count, (cm_adjustment)adjustment);
    *out = status ? NULL : cm_alloc(ctx, all.count, sizeof **out);
    if (!status && !*out) status = ctx->error.status;
    for (uint64_t i = 0; i < all.count && !status; i++) (*out)[i] = all.values[i];
    *count = status ? 0 : all.count;
    cm_free(ctx->core, all.values, all.capacity, sizeof *all.values);
    return status;
}
