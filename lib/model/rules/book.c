/* Itemsets in the order of their texts, and which of them are parts of which. */
#include <string.h>

#include "base/sort.h"
#include "model/rules/rules.h"

/* ---- in byte order, of any number of items ---- */

/* The sets with their items' ranks, rising, in place of the items. */
static cm_status order_items(cm_context *ctx, cm_rulebook *book, const uint32_t *ranks) {
    cm_status status = CM_OK;
    for (uint64_t l = 0; l < book->sets->longest; l++) {
        const cm_level *level = &book->sets->levels[l];
        uint32_t *to = book->ordered[l];
        for (uint64_t i = 0; i < level->count * (l + 1); i++) to[i] = ranks[level->items[i]];
        for (uint64_t i = 0; i < level->count && !status; i++) {
            uint64_t length = l + 1; /* all are different */
            status = cm_sort_numbers(ctx, to + i * (l + 1), &length);
        }
    }
    return status;
}

static uint64_t bits_of(uint64_t value) {
    uint64_t bits = 1;
    while (value >> bits) bits++;
    return bits;
}

/* The ranks of `count` items from `at` on in one number, the first highest; a set that ends comes before one that goes
 * on. */
static uint64_t packed(const cm_rulebook *book, uint64_t set, uint64_t at, uint64_t count, uint64_t bits) {
    uint64_t length = book->lengths[set], key = 0;
    const uint32_t *ranks = cm_rulebook_items(book, set);
    for (uint64_t i = at; i < at + count; i++) key = key << bits | (i < length ? (uint64_t)ranks[i] + 1 : 0);
    return key;
}

/* Sorts all sets into byte order: stable passes from the last items to the first, as many items a pass as fit into its
 * key. A set takes part from its own last items on, and then stands before those that go on. */
static cm_status sort_sets(cm_context *ctx, const cm_rulebook *book, cm_key *keys) {
    uint64_t total = book->sets->total, longest = book->sets->longest, from = total;
    uint64_t bits = bits_of(book->market->count), together = 64 / bits;
    cm_status status = CM_OK;
    for (uint64_t pass = (longest + together - 1) / together; pass > 0 && !status; pass--) {
        uint64_t at = (pass - 1) * together, end = at + together < longest ? at + together : longest;
        for (uint64_t set = book->bases[end]; set > book->bases[at]; set--) keys[--from].value = set - 1;
        for (uint64_t i = from; i < total; i++) keys[i].key = packed(book, keys[i].value, at, end - at, bits);
        status = cm_sort_keys(ctx, keys + from, total - from);
        if (!status) status = cm_tick(ctx, "rules", 0, 0);
    }
    return status;
}

/* ---- in byte order, of at most 64 items ---- */

/* A set is a number then, with a bit for each item, the highest for the first in byte order. How many sets come before
 * its place, and itself: its own beginnings, and for each item passed over before its last one all sets that go on from
 * there with that item, as many as the item's own bit says. */
static uint64_t place_among_all(uint64_t set, uint64_t length) {
    uint64_t last = set & -set;
    return (~set & -(last << 1)) + length;
}

/* The sets with their items in byte order, and the places of all sets. */
static cm_status order_few(cm_context *ctx, cm_rulebook *book, const uint32_t *ranks, const uint32_t *back,
                           cm_key *keys) {
    uint64_t bits[64], number = 0;
    for (uint64_t item = 0; item < book->market->count; item++) bits[item] = UINT64_C(1) << (63 - ranks[item]);
    for (uint64_t l = 0; l < book->sets->longest; l++) {
        const uint32_t *items = book->sets->levels[l].items;
        uint32_t *to = book->ordered[l];
        for (uint64_t i = 0; i < book->sets->levels[l].count; i++, items += l + 1, to += l + 1) {
            uint64_t set = 0;
            for (uint64_t at = 0; at <= l; at++) set |= bits[items[at]];
            keys[number] = (cm_key){place_among_all(set, l + 1), number};
            number++;
            for (uint64_t at = l + 1; set; set &= set - 1) to[--at] = back[63 - __builtin_ctzll(set)];
        }
    }
    return cm_sort_keys(ctx, keys, book->sets->total);
}

/* ---- in byte order ---- */

/* Items by rank among those of the market, in byte order, and back. */
static cm_status rank_items(cm_context *ctx, const cm_market *market, uint32_t *ranks, uint32_t *items) {
    cm_key *keys = cm_alloc_raw(ctx, market->count, sizeof *keys);
    if (!keys) return ctx->error.status;
    for (uint64_t item = 0; item < market->count; item++) keys[item] = (cm_key){market->places[item], item};
    cm_status status = cm_sort_keys(ctx, keys, market->count);
    for (uint64_t i = 0; i < market->count && !status; i++) {
        items[i] = (uint32_t)keys[i].value;
        ranks[keys[i].value] = (uint32_t)i;
    }
    cm_free(ctx->core, keys, market->count, sizeof *keys);
    return status;
}

static cm_status order_many(cm_context *ctx, cm_rulebook *book, const uint32_t *ranks, const uint32_t *back,
                            cm_key *keys) {
    cm_status status = order_items(ctx, book, ranks);
    if (!status) status = sort_sets(ctx, book, keys);
    for (uint64_t l = 0; l < book->sets->longest && !status; l++)
        for (uint64_t i = 0; i < book->sets->levels[l].count * (l + 1); i++)
            book->ordered[l][i] = back[book->ordered[l][i]];
    return status;
}

static cm_status order_all(cm_context *ctx, cm_rulebook *book) {
    uint64_t items = book->market->count, total = book->sets->total;
    uint32_t *ranks = cm_alloc_raw(ctx, 2 * items, sizeof *ranks), *back = ranks + items;
    cm_status status = ranks ? rank_items(ctx, book->market, ranks, back) : ctx->error.status;
    cm_key *keys = status ? NULL : cm_alloc_raw(ctx, total, sizeof *keys);
    if (!status && !keys) status = ctx->error.status;
    if (!status) status = (items <= 64 ? order_few : order_many)(ctx, book, ranks, back, keys);
    for (uint64_t i = 0; i < total && !status; i++) book->places[keys[i].value] = (uint32_t)i;
    cm_free(ctx->core, keys, total, sizeof *keys);
    cm_free(ctx->core, ranks, 2 * items, sizeof *ranks);
    return status;
}

/* ---- parts ---- */

static bool same_items(const uint32_t *a, const uint32_t *b, uint64_t count) {
    uint64_t at = 0;
    while (at < count && a[at] == b[at]) at++;
    return at == count;
}

/* The sets are a trie as they lie: those that go on from one with an item more frequent than all it has stand together
 * in the next level, by this item, and in the order of the sets that they go on from. children[set] gets the first. */
static void find_children(const cm_rulebook *book, uint64_t length, uint32_t *children) {
    const cm_level *level = &book->sets->levels[length - 1], *next = level + 1;
    uint64_t child = 0, end = length < book->sets->longest ? next->count : 0;
    for (uint64_t i = 0; i < level->count; i++) {
        const uint32_t *items = level->items + i * length;
        children[book->bases[length - 1] + i] = (uint32_t)(book->bases[length] + child);
        while (child < end && same_items(next->items + child * (length + 1) + 1, items, length)) child++;
    }
}

static uint32_t *parts_of(const cm_rulebook *book, uint64_t length, uint32_t set) {
    return book->parts + book->starts[length - 1] + (set - book->bases[length - 1]) * length;
}

static uint32_t first_item(const cm_rulebook *book, uint64_t length, uint64_t set) {
    return book->sets->levels[length - 1].items[(set - book->bases[length - 1]) * length];
}

/* The sibling, from `set` on and before `end`, that has this first item; there is one. It is near: by steps that
 * double, then halve (J. L. Bentley and A. C. Yao, 1976, doi:10.1016/0020-0190(76)90071-5). */
static uint32_t seek(const cm_rulebook *book, uint64_t length, uint64_t set, uint64_t end, uint32_t item) {
    uint64_t step = 1;
    for (; set + step < end && first_item(book, length, set + step) <= item; step *= 2) set += step;
    for (; step; step /= 2)
        if (set + step < end && first_item(book, length, set + step) <= item) set += step;
    return (uint32_t)set;
}

/* The parts of a set's children, which have `length` items: without its first item each is the set, without another one
 * a child, with the same first item, of what the set is without that one. */
static void link_children(cm_rulebook *book, const uint32_t *children, uint64_t length, uint32_t set) {
    const uint32_t *parts = length > 2 ? parts_of(book, length - 1, set) : NULL;
    uint32_t near[32];
    for (uint64_t at = 1; at < length && parts; at++) near[at] = children[parts[at - 1]];
    for (uint32_t child = children[set]; child < children[set + 1]; child++) {
        uint32_t *to = parts_of(book, length, child), item = first_item(book, length, child);
        to[0] = set;
        for (uint64_t at = 1; at < length && parts; at++)
            to[at] = near[at] = seek(book, length - 1, near[at], children[parts[at - 1] + 1], item);
        if (!parts) to[1] = item;
    }
}

cm_status cm_rulebook_link(cm_context *ctx, cm_rulebook *book) {
    uint64_t total = book->sets->total;
    uint32_t *children = NULL;
    if (!(book->parts = cm_alloc_raw(ctx, book->starts[book->sets->longest], sizeof *book->parts))
        || !(children = cm_alloc_raw(ctx, total + 1, sizeof *children)))
        return ctx->error.status;
    cm_status status = CM_OK;
    children[total] = (uint32_t)total;
    for (uint64_t length = 1; length <= book->sets->longest; length++) find_children(book, length, children);
    for (uint64_t length = 2; length <= book->sets->longest && !status; length++)
        for (uint64_t set = book->bases[length - 2]; set < book->bases[length - 1] && !status; set++) {
            if (set % 1024 == 0) status = cm_tick(ctx, "rules", set, total);
            if (!status) link_children(book, children, length, (uint32_t)set);
        }
    cm_free(ctx->core, children, total + 1, sizeof *children);
    return status;
}

/* ---- open and close ---- */

cm_status cm_rulebook_open(cm_context *ctx, const cm_market *market, const cm_itemsets *sets, bool link,
                           cm_rulebook *out) {
    uint64_t longest = sets->longest;
    *out = (cm_rulebook){.market = market, .sets = sets};
    if (!(out->bases = cm_alloc(ctx, longest + 1, sizeof *out->bases))
        || !(out->starts = cm_alloc(ctx, longest + 1, sizeof *out->starts)))
        return ctx->error.status;
    for (uint64_t l = 0; l < longest; l++) {
        out->bases[l + 1] = out->bases[l] + sets->levels[l].count;
        out->starts[l + 1] = out->starts[l] + sets->levels[l].count * (l + 1);
    }
    if (!(out->counts = cm_alloc_raw(ctx, sets->total, sizeof *out->counts))
        || !(out->lengths = cm_alloc_raw(ctx, sets->total, sizeof *out->lengths))
        || !(out->ordered = cm_alloc(ctx, longest, sizeof *out->ordered))
        || (link && !(out->room = cm_alloc_raw(ctx, out->starts[longest], sizeof *out->room)))
        || !(out->places = cm_alloc_raw(ctx, sets->total, sizeof *out->places)))
        return ctx->error.status;
    for (uint64_t l = 0; l < longest; l++) {
        out->ordered[l] = link ? out->room + out->starts[l] : sets->levels[l].items;
        for (uint64_t set = out->bases[l]; set < out->bases[l + 1]; set++) out->lengths[set] = (uint32_t)l + 1;
    }
    for (uint64_t l = 0; l < longest; l++)
        if (sets->levels[l].count) /* levels in between may be empty */
            memcpy(out->counts + out->bases[l], sets->levels[l].counts,
                   (size_t)sets->levels[l].count * sizeof *out->counts);
    return order_all(ctx, out);
}

void cm_rulebook_close(cm_core *core, cm_rulebook *book) {
    if (!book->sets) return;
    uint64_t longest = book->sets->longest, items = book->starts ? book->starts[longest] : 0;
    cm_free(core, book->bases, longest + 1, sizeof *book->bases);
    cm_free(core, book->starts, longest + 1, sizeof *book->starts);
    cm_free(core, book->counts, book->sets->total, sizeof *book->counts);
    cm_free(core, book->lengths, book->sets->total, sizeof *book->lengths);
    cm_free(core, book->ordered, longest, sizeof *book->ordered);
    cm_free(core, book->room, items, sizeof *book->room);
    cm_free(core, book->parts, items, sizeof *book->parts);
    cm_free(core, book->places, book->sets->total, sizeof *book->places);
    cm_free(core, book->customers, book->rule_capacity, sizeof *book->customers);
    cm_free(core, book->checks, book->rule_capacity, sizeof *book->checks);
    cm_free(core, book->rules, book->rule_capacity, sizeof *book->rules);
    cm_free(core, book->name_of, book->market->count, sizeof *book->name_of);
}
