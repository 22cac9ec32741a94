/* Rules from sets: of each set the subsets of up to so many items as consequents, the others as antecedent. A set has
 * at most 32 items, for all its subsets are frequent, too, and there are fewer than 2^32 sets: subsets are bits of a
 * number. */
#include "model/rules/rules.h"

/* The bits of so many items. */
static uint32_t all_of(uint64_t length) {
    return (uint32_t)((UINT64_C(1) << length) - 1);
}

/* The number of a set without the items of `out`, from the last on, so that the places of the others stay. */
static uint32_t without(const cm_rulebook *book, uint64_t length, uint64_t index, uint32_t out) {
    uint64_t set = book->bases[length - 1] + index;
    if (out == all_of(length)) return CM_NO_SET;
    for (; out && length > 1; length--) {
        uint32_t place = 31 - (uint32_t)__builtin_clz(out);
        set = book->parts[book->starts[length - 1] + (set - book->bases[length - 1]) * length + place];
        out &= ~(UINT32_C(1) << place);
    }
    return (uint32_t)set;
}

/* The next larger number with as many bits (R. W. Gosper, HAKMEM 175, 1972); 0 behind the last of `length` bits. */
static uint32_t next_subset(uint32_t subset, uint64_t length) {
    uint64_t low = subset & -subset, up = (uint64_t)subset + low;
    uint64_t next = up | ((subset ^ up) / low) >> 2;
    return next >> length ? 0 : (uint32_t)next;
}

/* Which items of a set may be antecedents, and which consequents. */
typedef struct allowed {
    uint32_t left, right;
} allowed;

static allowed sides_of(const cm_market *market, const uint32_t *items, uint64_t length) {
    allowed sides = {0, 0};
    for (uint64_t i = 0; i < length; i++) {
        uint8_t flags = market->flags[items[i]];
        sides.left |= (uint32_t)((flags & CM_MARKET_LEFT) != 0) << i;
        sides.right |= (uint32_t)((flags & CM_MARKET_RIGHT) != 0) << i;
    }
    return sides;
}

/* Rules with one item as consequent: the antecedent is a part of the set. */
static cm_status derive_single(cm_context *ctx, const cm_rulebook *book, cm_derived *one, allowed sides,
                               cm_derive_visit visit, void *user) {
    const uint32_t *items = book->sets->levels[one->length - 1].items + one->index * one->length;
    const uint32_t *parts = book->parts + book->starts[one->length - 1] + one->index * one->length;
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < one->length && !status; i++) {
        one->chosen = UINT32_C(1) << i;
        if (one->chosen & ~sides.right || (all_of(one->length) & ~one->chosen) & ~sides.left) continue;
        one->rule.antecedent = one->length == 1 ? CM_NO_SET : parts[i];
        one->rule.consequent = items[i];
        status = visit(ctx, user, one);
    }
    return status;
}

static cm_status derive_from(cm_context *ctx, const cm_rulebook *book, uint64_t most, cm_derived *one,
                             cm_derive_visit visit, void *user) {
    const uint32_t *items = book->sets->levels[one->length - 1].items + one->index * one->length;
    allowed sides = sides_of(book->market, items, one->length);
    uint32_t all = all_of(one->length);
    one->rule = (cm_rule){.set = (uint32_t)(book->bases[one->length - 1] + one->index)};
    cm_status status = derive_single(ctx, book, one, sides, visit, user);
    for (uint64_t size = 2; size <= most && size < one->length + book->empty && !status; size++)
        for (uint32_t subset = all_of(size); subset && !status; subset = next_subset(subset, one->length)) {
            if (subset & ~sides.right || (all & ~subset) & ~sides.left) continue;
            one->chosen = subset;
            one->rule.antecedent = without(book, one->length, one->index, subset);
            one->rule.consequent = without(book, one->length, one->index, all & ~subset);
            status = visit(ctx, user, one);
        }
    return status;
}

cm_status cm_derive(cm_context *ctx, const cm_rulebook *book, uint64_t most, cm_derive_visit visit, void *user) {
    cm_status status = CM_OK;
    for (uint64_t length = 2 - book->empty; length <= book->sets->longest && !status; length++)
        for (uint64_t i = 0; i < book->sets->levels[length - 1].count && !status; i++) {
            cm_derived one = {.length = length, .index = i};
            if (i % 1024 == 0) status = cm_tick(ctx, "rules", i, book->sets->levels[length - 1].count);
            if (!status) status = derive_from(ctx, book, most, &one, visit, user);
        }
    return status;
}
