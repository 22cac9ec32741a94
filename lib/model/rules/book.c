/* Itemsets in the order of their texts, and which of them are parts of which. */
#include <string.h>

#include "base/hash.h"
#include "base/sort.h"
#include "model/rules/rules.h"

/* ---- sets by number ---- */

uint64_t cm_rulebook_length(const cm_rulebook *book, uint64_t set) {
    uint64_t length = 1;
    while (book->bases[length] <= set) length++;
    return length;
}

const uint32_t *cm_rulebook_items(const cm_rulebook *book, uint64_t set) {
    uint64_t length = cm_rulebook_length(book, set);
    return book->ordered + book->starts[length - 1] + (set - book->bases[length - 1]) * length;
}

cm_counts cm_rulebook_counts(const cm_rulebook *book, const cm_rule *rule) {
    return (cm_counts){book->market->baskets, book->counts[rule->antecedent], book->counts[rule->consequent],
                       book->counts[rule->set]};
}

/* ---- in byte order ---- */

static void sort_items(const cm_market *market, uint32_t *items, uint64_t length) {
    for (uint64_t i = 1; i < length; i++) {
        uint32_t item = items[i];
        uint64_t at = i;
        for (; at > 0 && market->places[items[at - 1]] > market->places[item]; at--) items[at] = items[at - 1];
        items[at] = item;
    }
}

static void order_items(cm_rulebook *book) {
    for (uint64_t l = 0; l < book->sets->longest; l++) {
        const cm_level *level = &book->sets->levels[l];
        uint32_t *to = book->ordered + book->starts[l];
        if (level->count) memcpy(to, level->items, (size_t)(level->count * (l + 1)) * sizeof *to);
        for (uint64_t i = 0; i < level->count; i++) sort_items(book->market, to + i * (l + 1), l + 1);
    }
}

static uint64_t bits_of(uint64_t value) {
    uint64_t bits = 1;
    while (value >> bits) bits++;
    return bits;
}

/* The places of `count` items from `at` on in one number, the first highest; a set that ends comes before one that goes
 * on. */
static uint64_t packed(const cm_rulebook *book, uint64_t set, uint64_t at, uint64_t count, uint64_t bits) {
    uint64_t length = cm_rulebook_length(book, set), key = 0;
    const uint32_t *items = cm_rulebook_items(book, set);
    for (uint64_t i = at; i < at + count; i++)
        key = key << bits | (i < length ? (uint64_t)book->market->places[items[i]] + 1 : 0);
    return key;
}

/* The places of all sets in byte order: stable passes from the last items to the first, as many items a pass as fit
 * into its key. */
static cm_status order_sets(cm_context *ctx, cm_rulebook *book) {
    uint64_t total = book->sets->total, most = 0;
    for (uint64_t i = 0; i < book->market->count; i++)
        if (book->market->places[i] >= most) most = (uint64_t)book->market->places[i] + 1;
    uint64_t bits = bits_of(most), together = 64 / bits;
    uint64_t passes = (book->sets->longest + together - 1) / together;
    cm_key *keys = cm_alloc(ctx, total, sizeof *keys);
    cm_status status = keys ? CM_OK : ctx->error.status;
    for (uint64_t i = 0; i < total && !status; i++) keys[i].value = i;
    for (; passes > 0 && !status; passes--) {
        for (uint64_t i = 0; i < total; i++)
            keys[i].key = packed(book, keys[i].value, (passes - 1) * together, together, bits);
        status = cm_sort_keys(ctx, keys, total);
        if (!status) status = cm_tick(ctx, "rules", 0, 0);
    }
    for (uint64_t i = 0; i < total && !status; i++) book->places[keys[i].value] = (uint32_t)i;
    cm_free(ctx->core, keys, total, sizeof *keys);
    return status;
}

/* ---- parts ---- */

/* By the number of a set and an item: the number of the set with that item behind it. */
typedef struct children {
    struct child {
        uint32_t parent, item, set; /* set 0, a single item, is nobody's child: a free place */
    } *places;
    uint64_t size; /* a power of two */
} children;

static struct child *child_of(const children *all, uint32_t parent, uint32_t item) {
    uint64_t at = cm_hash_mix((uint64_t)parent << 32 | item) & (all->size - 1);
    while (all->places[at].set && (all->places[at].parent != parent || all->places[at].item != item))
        at = (at + 1) & (all->size - 1);
    return &all->places[at];
}

/* The number of a set without its last item, an item at a time. */
static uint32_t find_parent(const children *all, const uint32_t *items, uint64_t length) {
    uint32_t set = items[0];
    for (uint64_t i = 1; i + 1 < length; i++) set = child_of(all, set, items[i])->set;
    return set;
}

/* The parts of a set: without its last item it is its parent, without another one a child of what its parent is without
 * that one. */
static void link_set(cm_rulebook *book, const children *all, uint64_t length, uint64_t index) {
    const uint32_t *items = book->sets->levels[length - 1].items + index * length;
    uint32_t *to = book->parts + book->starts[length - 1] + index * length, last = items[length - 1];
    uint32_t parent = find_parent(all, items, length), own = (uint32_t)(book->bases[length - 1] + index);
    const uint32_t *from =
        book->parts + book->starts[length - 2] + (parent - book->bases[length - 2]) * (length - 1);
    *child_of(all, parent, last) = (struct child){parent, last, own};
    to[length - 1] = parent;
    for (uint64_t at = 0; at + 1 < length; at++) to[at] = length == 2 ? last : child_of(all, from[at], last)->set;
    for (uint64_t at = 0; at < length; at++) {
        book->supersets[to[at]] |= CM_SET_HAS_SUPERSET;
        if (book->counts[to[at]] == book->counts[own]) book->supersets[to[at]] |= CM_SET_HAS_EQUAL;
    }
}

cm_status cm_rulebook_link(cm_context *ctx, cm_rulebook *book) {
    children all = {.size = 16};
    if (!(book->parts = cm_alloc(ctx, book->starts[book->sets->longest], sizeof *book->parts))
        || !(book->supersets = cm_alloc(ctx, book->sets->total, 1)))
        return ctx->error.status;
    while (all.size < 2 * book->sets->total) all.size *= 2;
    all.places = cm_alloc(ctx, all.size, sizeof *all.places);
    cm_status status = all.places ? CM_OK : ctx->error.status;
    for (uint64_t length = 2; length <= book->sets->longest && !status; length++)
        for (uint64_t i = 0; i < book->sets->levels[length - 1].count && !status; i++) {
            if (i % 1024 == 0) status = cm_tick(ctx, "rules", i, book->sets->levels[length - 1].count);
            link_set(book, &all, length, i);
        }
    cm_free(ctx->core, all.places, all.size, sizeof *all.places);
    return status;
}

/* ---- open and close ---- */

cm_status cm_rulebook_open(cm_context *ctx, const cm_market *market, const cm_itemsets *sets, cm_rulebook *out) {
    uint64_t longest = sets->longest;
    *out = (cm_rulebook){.market = market, .sets = sets};
    if (!(out->bases = cm_alloc(ctx, longest + 1, sizeof *out->bases))
        || !(out->starts = cm_alloc(ctx, longest + 1, sizeof *out->starts)))
        return ctx->error.status;
    for (uint64_t l = 0; l < longest; l++) {
        out->bases[l + 1] = out->bases[l] + sets->levels[l].count;
        out->starts[l + 1] = out->starts[l] + sets->levels[l].count * (l + 1);
    }
    if (!(out->counts = cm_alloc(ctx, sets->total, sizeof *out->counts))
        || !(out->ordered = cm_alloc(ctx, out->starts[longest], sizeof *out->ordered))
        || !(out->places = cm_alloc(ctx, sets->total, sizeof *out->places)))
        return ctx->error.status;
    for (uint64_t l = 0; l < longest; l++)
        if (sets->levels[l].count) /* levels in between may be empty */
            memcpy(out->counts + out->bases[l], sets->levels[l].counts,
                   (size_t)sets->levels[l].count * sizeof *out->counts);
    order_items(out);
    return order_sets(ctx, out);
}

void cm_rulebook_close(cm_core *core, cm_rulebook *book) {
    if (!book->sets) return;
    uint64_t longest = book->sets->longest, items = book->starts ? book->starts[longest] : 0;
    cm_free(core, book->bases, longest + 1, sizeof *book->bases);
    cm_free(core, book->starts, longest + 1, sizeof *book->starts);
    cm_free(core, book->counts, book->sets->total, sizeof *book->counts);
    cm_free(core, book->ordered, items, sizeof *book->ordered);
    cm_free(core, book->parts, items, sizeof *book->parts);
    cm_free(core, book->places, book->sets->total, sizeof *book->places);
    cm_free(core, book->supersets, book->sets->total, 1);
    cm_free(core, book->customers, book->rule_capacity, sizeof *book->customers);
    cm_free(core, book->checks, book->rule_capacity, sizeof *book->checks);
    cm_free(core, book->rules, book->rule_capacity, sizeof *book->rules);
    cm_free(core, book->name_of, book->market->count, sizeof *book->name_of);
}
