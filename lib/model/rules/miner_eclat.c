/* Frequent itemsets by Eclat (M. J. Zaki, "Scalable algorithms for association mining", IEEE TKDE 12(3), 2000,
 * doi:10.1109/69.846291) with diffsets (M. J. Zaki and K. Gouda, "Fast vertical mining using diffsets", KDD 2003,
 * doi:10.1145/956750.956788).
 *
 * The idea: every set keeps the baskets that have it; those of a longer set are what two shorter ones have in common.
 * The sets that share all but one item make a class; each member is joined with those before it, which gives the next
 * class. Cost: the lengths of the lists that are joined.
 *
 * Three forms, chosen for each class by what is shortest: bitmaps where more than one basket in 64 is meant, lists, and
 * lists of what a member lacks of the baskets of the set that the class shares (diffsets) where members have most of
 * them. */
#include <string.h>

#include "model/rules/miner.h"

typedef enum form { BITS, LIST, LACKS } form;

typedef struct member {
    uint32_t item;
    uint64_t count; /* baskets, or their weights, of the class's set with this item */
    uint64_t start; /* in the class's room, in words of 32 bits */
    uint64_t words;
} member;

typedef struct class_of_sets {
    member *members;
    uint64_t count, member_capacity;
    uint32_t *room;
    uint64_t used, capacity;
    form kind;
} class_of_sets;

typedef struct eclat {
    const cm_market *market;
    const cm_mining *how;
    cm_itemsets *out;
    uint64_t bitmap_words; /* even */
    uint32_t *set;         /* the set at hand, from the end */
    uint64_t longest, ticks;
} eclat;

static void close_class(cm_core *core, class_of_sets *all) {
    cm_free(core, all->members, all->member_capacity, sizeof *all->members);
    cm_free(core, all->room, all->capacity, sizeof *all->room);
}

static cm_status put(cm_context *ctx, eclat *work, uint64_t length, uint64_t count) {
    cm_status status = length > work->out->longest ? cm_itemsets_reserve(ctx, work->out, length) : CM_OK;
    if (!status)
        status = cm_level_add(ctx, &work->out->levels[length - 1], length, work->set + work->longest - length, count);
    work->out->total++;
    work->out->exceeded = work->how->most && work->out->total > work->how->most;
    return status;
}

/* ---- joining two members; out has room for the longer one; returns the words written ---- */

static uint64_t both_bits(const uint32_t *a, const uint32_t *b, uint64_t words, uint32_t *out, uint64_t *count) {
    uint64_t sum = 0;
    for (uint64_t i = 0; i < words; i++) {
        out[i] = a[i] & b[i];
        sum += (uint64_t)__builtin_popcount(out[i]);
    }
    *count = sum;
    return words;
}

static uint64_t in_both(const uint32_t *a, uint64_t a_count, const uint32_t *b, uint64_t b_count, uint32_t *out) {
    uint64_t i = 0, j = 0, n = 0;
    while (i < a_count && j < b_count) {
        uint32_t x = a[i], y = b[j];
        out[n] = x;
        n += x == y;
        i += x <= y;
        j += y <= x;
    }
    return n;
}

/* Those of a that b has not. */
static uint64_t in_first_alone(const uint32_t *a, uint64_t a_count, const uint32_t *b, uint64_t b_count,
                               uint32_t *out) {
    uint64_t n = 0;
    for (uint64_t i = 0, j = 0; i < a_count; i++) {
        while (j < b_count && b[j] < a[i]) j++;
        out[n] = a[i];
        n += j == b_count || b[j] != a[i];
    }
    return n;
}

/* What `other` adds to `own`: its baskets among own's, in the form of the next class, and how many they are. */
static uint64_t join(const cm_market *market, const class_of_sets *all, const member *own, const member *other,
                     form next, uint32_t *out, uint64_t *count) {
    const uint32_t *a = all->room + own->start, *b = all->room + other->start;
    uint64_t words;
    if (all->kind == BITS) return both_bits(a, b, own->words, out, count);
    if (all->kind == LACKS) { /* what other lacks and own does not */
        words = in_first_alone(b, other->words, a, own->words, out);
        *count = own->count - cm_market_sum(market, out, words);
    } else if (next == LACKS) {
        words = in_first_alone(a, own->words, b, other->words, out);
        *count = own->count - cm_market_sum(market, out, words);
    } else {
        words = in_both(a, own->words, b, other->words, out);
        *count = cm_market_sum(market, out, words);
    }
    return words;
}

/* ---- classes ---- */

/* Lists become lists of what is lacking once the members have most of the baskets that the class's set has. */
static form next_form(const class_of_sets *all, uint64_t at) {
    double sum = 0;
    if (all->kind != LIST || !at) return all->kind;
    for (uint64_t i = 0; i < at; i++) sum += (double)all->members[i].count;
    return sum / (double)at > 0.75 * (double)all->members[at].count ? LACKS : LIST;
}

static cm_status make_class(cm_context *ctx, const eclat *work, const class_of_sets *all, uint64_t at,
                            class_of_sets *out) {
    const member *own = &all->members[at];
    out->kind = next_form(all, at);
    cm_status status = CM_OK;
    for (uint64_t i = 0; i < at && !status; i++) {
        const member *other = &all->members[i];
        uint64_t count, most = own->words > other->words ? own->words : other->words;
        status = cm_reserve(ctx, &out->room, &out->capacity, out->used + most + 1, sizeof *out->room);
        if (status) return status;
        uint64_t words = join(work->market, all, own, other, out->kind, out->room + out->used, &count);
        if (count < work->how->least) continue;
        status = cm_reserve(ctx, &out->members, &out->member_capacity, out->count + 1, sizeof *out->members);
        if (status) return status;
        out->members[out->count++] = (member){other->item, count, out->used, words};
        out->used += words;
    }
    return status;
}

static cm_status explore(cm_context *ctx, eclat *work, const class_of_sets *all, uint64_t length) {
    cm_status status = CM_OK;
    for (uint64_t at = 0; at < all->count && !status && !work->out->exceeded; at++) {
        class_of_sets next = {0};
        work->set[work->longest - length] = all->members[at].item;
        status = put(ctx, work, length, all->members[at].count);
        if (!status && work->ticks++ % 64 == 0) status = cm_tick(ctx, "itemsets", 0, 0);
        if (!status && at && length != work->how->max_length) status = make_class(ctx, work, all, at, &next);
        if (!status && next.count) status = explore(ctx, work, &next, length + 1);
        close_class(ctx->core, &next);
    }
    return status;
}

/* The single items. */
static cm_status first_class(cm_context *ctx, const cm_market *market, const eclat *work, class_of_sets *out) {
    uint64_t items = cm_market_frequent(market, work->how->least), cells = market->item_starts[items];
    bool dense = items && cells / items > market->baskets / 64 && !market->weights; /* bits are counted, not weighed */
    out->kind = dense ? BITS : LIST;
    uint64_t words = out->kind == BITS ? items * work->bitmap_words : cells;
    out->members = cm_alloc(ctx, items, sizeof *out->members);
    out->member_capacity = items ? items : 1;
    if (out->members) out->room = cm_alloc(ctx, words, sizeof *out->room);
    out->capacity = words ? words : 1;
    if (!out->room) return ctx->error.status;
    for (uint64_t item = 0; item < items; item++) {
        uint64_t from = market->item_starts[item], count = cm_market_occurrences(market, item);
        uint32_t *to = out->room + out->used;
        if (out->kind == LIST)
            memcpy(to, market->tids + from, (size_t)count * sizeof *to);
        else
            for (uint64_t i = from; i < from + count; i++)
                to[market->tids[i] / 32] |= UINT32_C(1) << market->tids[i] % 32;
        out->members[out->count++] = (member){(uint32_t)item, cm_market_frequency(market, item), out->used,
                                              out->kind == LIST ? count : work->bitmap_words};
        out->used += out->members[item].words;
    }
    return CM_OK;
}

cm_status cm_mine_eclat(cm_context *ctx, const cm_market *market, const cm_mining *how, cm_itemsets *out) {
    eclat work = {.market = market, .how = how, .out = out, .bitmap_words = market->baskets / 32 + 1};
    class_of_sets singles = {0};
    for (uint64_t b = 0; b < market->baskets; b++) {
        uint64_t length = market->basket_starts[b + 1] - market->basket_starts[b];
        if (length > work.longest) work.longest = length;
    }
    work.set = cm_alloc(ctx, work.longest, sizeof *work.set);
    cm_status status = work.set ? first_class(ctx, market, &work, &singles) : ctx->error.status;
    if (!status) status = explore(ctx, &work, &singles, 1);
    close_class(ctx->core, &singles);
    cm_free(ctx->core, work.set, work.longest, sizeof *work.set);
    return status;
}
