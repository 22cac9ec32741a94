/* Rules that a more general one makes needless: R. J. Bayardo, R. Agrawal and D. Gunopulos, "Constraint-based rule
 * mining in large, dense databases", 2000, doi:10.1023/A:1009895914772. A rule is redundant if some part of its
 * antecedent gives the same consequent with no less confidence; the empty one only where such rules are wanted.
 *
 * The highest confidence over all parts of an antecedent comes from those of one item less, set by set from short to
 * long: one look a part, in place of all 2^k subsets. */
#include "model/rules/rules.h"

typedef struct table {
    cm_rulebook *book;
    uint64_t most;
    uint64_t ways[33][33]; /* subsets of so many of so many items */
    uint64_t bases[34];    /* by length: place of the first set's in `best` */
    double *best;          /* by set and consequent: the highest confidence of the rule and of those more general */
    uint64_t size;
} table;

/* Consequents that a set of this length has. */
static uint64_t consequents(const table *all, uint64_t length) {
    uint64_t sum = 0;
    for (uint64_t size = 1; size <= all->most && size < length + all->book->empty; size++)
        sum += all->ways[length][size];
    return sum;
}

/* The place of a consequent among those of a set: by size, then as the numbers of their bits. */
static uint64_t rank_of(const table *all, uint64_t length, uint32_t subset) {
    uint64_t size = (uint64_t)__builtin_popcount(subset), rank = 0;
    for (uint64_t smaller = 1; smaller < size; smaller++) rank += all->ways[length][smaller];
    for (uint64_t i = 1; subset; i++, subset &= subset - 1) rank += all->ways[__builtin_ctz(subset)][i];
    return rank;
}

static double *best_of(const table *all, uint64_t length, uint64_t index, uint32_t subset) {
    return &all->best[all->bases[length] + index * consequents(all, length) + rank_of(all, length, subset)];
}

static cm_status open_table(cm_context *ctx, table *all) {
    const cm_itemsets *sets = all->book->sets;
    for (uint64_t n = 0; n <= 32; n++)
        for (uint64_t k = 0; k <= n; k++)
            all->ways[n][k] = k == 0 || k == n ? 1 : all->ways[n - 1][k - 1] + all->ways[n - 1][k];
    for (uint64_t length = 1; length <= sets->longest; length++) {
        all->bases[length] = all->size;
        all->size += sets->levels[length - 1].count * consequents(all, length);
    }
    all->best = cm_alloc(ctx, all->size, sizeof *all->best);
    return all->best ? CM_OK : ctx->error.status;
}

/* The highest confidence among the more general rules; 0 if there are none. */
static double best_general(const table *all, const cm_derived *one) {
    const cm_rulebook *book = all->book;
    const uint32_t *parts = book->parts + book->starts[one->length - 1] + one->index * one->length;
    double best = 0;
    if (one->length - (uint64_t)__builtin_popcount(one->chosen) + book->empty < 2) return 0;
    for (uint64_t at = 0; at < one->length; at++) {
        uint32_t low = (UINT32_C(1) << at) - 1;
        if (one->chosen >> at & 1) continue;
        uint32_t subset = (one->chosen & low) | (one->chosen >> 1 & ~low);
        double general = *best_of(all, one->length - 1, parts[at] - book->bases[one->length - 2], subset);
        if (general > best) best = general;
    }
    return best;
}

/* Rules in `book` stand in the order of cm_derive, so that each is met where it is next. */
typedef struct sweep {
    table *all;
    uint64_t next, kept;
} sweep;

static cm_status judge(cm_context *ctx, void *user, const cm_derived *one) {
    (void)ctx;
    sweep *own = user;
    cm_rulebook *book = own->all->book;
    cm_counts c = cm_rulebook_counts(book, &one->rule);
    double confidence = (double)c.both / (double)c.left, general = best_general(own->all, one);
    *best_of(own->all, one->length, one->index, one->chosen) = general > confidence ? general : confidence;
    if (own->next < book->rule_count && book->rules[own->next].set == one->rule.set
        && book->rules[own->next].consequent == one->rule.consequent) {
        if (general < confidence) book->rules[own->kept++] = book->rules[own->next];
        own->next++;
    }
    return CM_OK;
}

cm_status cm_drop_redundant(cm_context *ctx, cm_rulebook *book, uint64_t most) {
    table all = {.book = book, .most = most};
    sweep own = {.all = &all};
    cm_status status = open_table(ctx, &all);
    if (!status) status = cm_derive(ctx, book, most, judge, &own);
    if (!status) book->rule_count = own.kept;
    cm_free(ctx->core, all.best, all.size, sizeof *all.best);
    return status;
}
