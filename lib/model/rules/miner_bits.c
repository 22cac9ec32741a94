/* The sets of an item that few baskets have (M. J. Zaki, "Scalable algorithms for association mining", IEEE TKDE 12,
 * 2000, doi:10.1109/69.846291: Eclat, with bitmaps).
 *
 * The idea: the baskets of the item are numbered among themselves, so that those of a partner are bits of a few words.
 * The sets that go on from the one at hand with one item more are kept together, with the bits of each; those that go
 * on from one of them are found by one AND with each before it and a count of the bits. Cost: a few instructions for
 * each two such neighbours.
 *
 * Different here: the bits are those of the rarest item's baskets alone, not of all; there is no branch between sets
 * that are frequent and others, which nothing could predict; the sets of one class are put at once. */
#include "base/cpu.h"
#include "model/rules/miner.h"

/* Sets that differ in one item, which rises: how many baskets have each, and which. */
typedef struct siblings {
    uint32_t *names, *counts;
    uint64_t *bits; /* `width` words for each */
    uint64_t count;
} siblings;

typedef struct search {
    cm_lane *lane;
    uint64_t width; /* words */
    uint32_t least;
    void (*meet)(const struct search *own, const siblings *from, uint64_t with, siblings *out);
} search;

/* Of those before number `with` the ones that have enough baskets in common with it; `out` has room for all. */
static inline __attribute__((always_inline)) void meet(const search *own, const siblings *from, uint64_t with,
                                                       siblings *out) {
    const uint64_t *bits = from->bits, *other = from->bits + with * own->width;
    uint64_t *to = out->bits;
    out->count = 0;
    for (uint64_t i = 0; i < with; i++, bits += own->width) {
        uint32_t sum = 0;
        for (uint64_t word = 0; word < own->width; word++) {
            to[word] = bits[word] & other[word];
            sum += (uint32_t)__builtin_popcountll(to[word]);
        }
        out->names[out->count] = from->names[i];
        out->counts[out->count] = sum;
        out->count += sum >= own->least; /* or the next one takes the place */
        to = out->bits + out->count * own->width;
    }
}

static void meet_plain(const search *own, const siblings *from, uint64_t with, siblings *out) {
    meet(own, from, with, out);
}

#ifdef CM_CPU_HAS_X86_64
__attribute__((target("popcnt"))) static void meet_counting(const search *own, const siblings *from, uint64_t with,
                                                            siblings *out) {
    meet(own, from, with, out);
}
#else
#define meet_counting meet_plain
#endif

/* Takes out those that all `support` baskets have: they are free where sets are only counted. */
static void take_free(const search *own, uint64_t support, siblings *from, uint64_t *free_items) {
    uint64_t kept = 0;
    for (uint64_t i = 0; i < from->count; i++) {
        if (from->counts[i] == support && *free_items < CM_MOST_FREE) {
            ++*free_items;
            continue;
        }
        from->names[kept] = from->names[i];
        from->counts[kept] = from->counts[i];
        for (uint64_t word = 0; word < own->width; word++)
            from->bits[kept * own->width + word] = from->bits[i * own->width + word];
        kept++;
    }
    from->count = kept;
}

static cm_status open_siblings(cm_context *ctx, const search *own, uint64_t depth, uint64_t most, siblings *out) {
    cm_depth *room = NULL;
    cm_status status = cm_lane_depth(ctx, own->lane, depth, most, &room);
    if (!status)
        status = cm_reserve(ctx, &room->bits, &room->bits_capacity, most * own->width, sizeof *room->bits);
    if (!status) *out = (siblings){.names = room->data.names, .counts = room->row, .bits = room->bits};
    return status;
}

/* Puts these sets, of so many items each, and all that go on from them. */
static cm_status put_all(cm_context *ctx, const search *own, const siblings *sets, uint64_t length,
                         uint64_t free_items) {
    cm_sink *sink = &own->lane->sink;
    siblings longer = {0};
    cm_status status = open_siblings(ctx, own, length - 2, sets->count, &longer);
    for (uint64_t i = 0; i < sets->count && !status; i++) {
        uint64_t frees = free_items;
        if (cm_sink_full(sink)) return CM_OK;
        longer.count = 0;
        if (length != sink->how->max_length) own->meet(own, sets, i, &longer);
        if (cm_counts_free(sink->how)) take_free(own, sets->counts[i], &longer, &frees);
        sink->room[sink->longest - length] = sets->names[i];
        status = cm_sink_put(ctx, sink, length, sets->counts[i], frees);
        if (!status) status = cm_sink_tick(ctx, sink);
        if (!status && longer.count) status = put_all(ctx, own, &longer, length + 1, frees);
    }
    return status;
}

cm_status cm_mine_bits(cm_context *ctx, cm_lane *lane, const cm_projected *one) {
    const search own = {.lane = lane,
                        .width = one->width,
                        .least = (uint32_t)lane->sink.how->least,
                        .meet = cm_cpu(ctx) >= CM_CPU_AVX2 ? meet_counting : meet_plain};
    const siblings pairs = {one->names, one->counts, one->bits + one->width, one->partners};
    return put_all(ctx, &own, &pairs, 2, one->free_items);
}
