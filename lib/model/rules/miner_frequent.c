/* Frequent itemsets by occurrence delivery (T. Uno, M. Kiyomi and H. Arimura, "LCM ver. 2: efficient mining algorithms
 * for frequent/closed/maximal itemsets", FIMI 2004, CEUR-WS vol. 126).
 *
 * The idea: items are numbered by falling frequency. A set is extended by items that are more frequent than all it has,
 * so that each is found once, from its rarest item. The transactions that have the set are gone through once to count
 * all its extensions, and once more to write down what is frequent of them: the conditional database, in which the
 * search goes on. Cost: the cells of the conditional databases, about the frequent sets times their baskets.
 *
 * Different here: the subsets of the first ten items of a dense conditional database are counted all at once
 * (miner_subsets.c); equal transactions are merged where they are dense alone (miner_database.c); where sets are only
 * counted, items that all of a set's baskets have (perfect extensions) are taken out and counted as powers of two. */
#include <string.h>

#include "model/rules/miner.h"

#define TICKS 256 /* sets between two looks at the clock */

cm_status cm_sink_tick(cm_context *ctx, cm_sink *sink) {
    return sink->ticks++ % TICKS ? CM_OK : cm_tick(ctx, "itemsets", 0, 0);
}

/* ---- putting ---- */

static void tally(cm_sink *sink, uint64_t length, uint64_t free_items) {
    sink->tallies[free_items * (sink->longest + 1) + length]++;
    if (__builtin_add_overflow(sink->found, UINT64_C(1) << free_items, &sink->found)) sink->found = UINT64_MAX;
}

/* Room for the items of one more set. */
static cm_status open_set(cm_context *ctx, cm_sink *sink, uint64_t length, uint64_t count, uint32_t **items) {
    cm_status status = length > sink->sets.longest ? cm_itemsets_reserve(ctx, &sink->sets, length) : CM_OK;
    if (status) return status;
    sink->found++;
    sink->bytes += CM_SET_BYTES(length);
    return cm_level_open(ctx, &sink->sets.levels[length - 1], length, count, items);
}

cm_status cm_sink_put(cm_context *ctx, cm_sink *sink, uint64_t length, uint64_t count, uint64_t free_items) {
    const uint32_t *room = sink->room + sink->longest - length;
    uint32_t *to = NULL;
    if (sink->how->count_only) {
        tally(sink, length, free_items);
        return CM_OK;
    }
    cm_status status = open_set(ctx, sink, length, count, &to);
    for (uint64_t i = 0; i < length && !status; i++) to[i] = room[i];
    return status;
}

/* The sets of `length` items at hand with each frequent subset of the first `bit_count` partners, counted in table. */
static cm_status put_subsets(cm_context *ctx, cm_lane *lane, const uint32_t *table, const uint32_t *names,
                             uint64_t bit_count, uint64_t length, uint64_t free_items) {
    cm_sink *sink = &lane->sink;
    const uint32_t *room = sink->room + sink->longest - length;
    uint64_t least = sink->how->least, most = sink->how->max_length ? sink->how->max_length : UINT64_MAX;
    for (uint32_t mask = 1; mask < (uint32_t)1 << bit_count; mask++) {
        if (table[mask] < least) continue;
        uint64_t longer = length + (uint64_t)__builtin_popcount(mask);
        uint32_t *to = NULL;
        if (longer > most) continue;
        if (sink->how->count_only) {
            tally(sink, longer, free_items);
            continue;
        }
        cm_status status = open_set(ctx, sink, longer, table[mask], &to);
        if (status) return status;
        for (uint32_t rest = mask; rest; rest &= rest - 1) *to++ = names[__builtin_ctz(rest)];
        for (uint64_t i = 0; i < length; i++) to[i] = room[i];
    }
    return CM_OK;
}

/* ---- one set ---- */

/* row[x]: the baskets that have item x, which is before `item`, and `item`. */
static void count_row(const cm_database *data, uint64_t item, uint32_t *row) {
    const uint32_t *occurrences = data->occurrences + data->occurrence_starts[item];
    uint64_t count = data->occurrence_starts[item + 1] - data->occurrence_starts[item];
    if (item) memset(row, 0, (size_t)item * sizeof *row);
    for (uint64_t i = 0; i < count; i++) {
        uint32_t t = occurrences[i], weight = cm_database_weight(data, t);
        if (i + 16 < count) __builtin_prefetch(data->starts + occurrences[i + 16]);
        if (i + 8 < count) __builtin_prefetch(data->cells + data->starts[occurrences[i + 8]]);
        for (const uint32_t *cell = data->cells + data->starts[t]; *cell < item; cell++) row[*cell] += weight;
    }
}

/* Finds the frequent items among row[0 .. item) and closes the gaps in `row` and `names`; counts those that are in all
 * `support` baskets as free, if asked, up to CM_MOST_FREE. */
static uint64_t find_partners(const cm_database *data, uint64_t item, uint64_t least, uint64_t support, bool frees,
                              cm_depth *depth, uint64_t *free_items) {
    uint64_t count = 0;
    for (uint64_t x = 0; x < item; x++) {
        uint32_t together = depth->row[x];
        depth->to[x] = 0;
        if (together < least) continue;
        if (frees && together == support && *free_items < CM_MOST_FREE) {
            ++*free_items;
            continue;
        }
        depth->row[count] = together;
        depth->partners[count] = (uint32_t)x;
        depth->data.names[count++] = cm_database_name(data, x);
    }
    return count;
}

/* How many of the first partners to count by subsets: all of few; the first of many where the data are dense. */
static uint64_t choose_bits(uint64_t partners, uint64_t cells, uint64_t transactions) {
    uint64_t bits = partners < CM_TABLE_BITS ? partners : CM_TABLE_BITS;
    if (partners > CM_TABLE_BITS && cells < transactions * partners / 4) return 0;
    while (bits > 4 && UINT64_C(1) << bits > 64 + 16 * transactions) bits--;
    return bits;
}

static cm_status explore(cm_context *ctx, cm_lane *lane, const cm_database *data, uint64_t item, uint64_t support,
                         uint64_t length, uint64_t free_items);

static cm_status explore_longer(cm_context *ctx, cm_lane *lane, const cm_database *data, uint64_t item, cm_depth *depth,
                                uint64_t partners, uint64_t length, uint64_t free_items) {
    cm_sink *sink = &lane->sink;
    uint64_t cells = 0, transactions = data->occurrence_starts[item + 1] - data->occurrence_starts[item];
    uint64_t all = data->starts[data->transactions];
    for (uint64_t i = 0; i < partners; i++) cells += depth->row[i];
    if (cells > all) cells = all;
    uint64_t bits = choose_bits(partners, cells, transactions);
    cm_status status = CM_OK;
    if (bits) {
        for (uint64_t i = 0; i < bits; i++) depth->to[depth->partners[i]] = UINT32_C(1) << i;
        cm_subsets_count(data, item, depth->to, bits, lane->table);
        status = put_subsets(ctx, lane, lane->table, depth->data.names, bits, length, free_items);
    }
    if (status || bits == partners) return status;
    for (uint64_t i = 0; i < partners; i++) depth->to[depth->partners[i]] = (uint32_t)i + 1;
    depth->data.items = partners;
    status = cm_database_condition(ctx, data, item, false, cells, bits, partners, depth);
    for (uint64_t i = bits; i < partners && !status; i++) {
        sink->room[sink->longest - length - 1] = depth->data.names[i];
        status = explore(ctx, lane, &depth->data, i, depth->row[i], length + 1, free_items);
    }
    return status;
}

/* Puts the set at hand, whose last item `item` of the database is, and goes on to those that have it as their end. */
static cm_status explore(cm_context *ctx, cm_lane *lane, const cm_database *data, uint64_t item, uint64_t support,
                         uint64_t length, uint64_t free_items) {
    cm_sink *sink = &lane->sink;
    const cm_mining *how = sink->how;
    cm_depth *depth = NULL;
    bool occurs = data->occurrence_starts[item] < data->occurrence_starts[item + 1];
    uint64_t partners = 0;
    cm_status status = cm_sink_tick(ctx, sink);
    if (status || cm_sink_full(sink)) return status;
    if (length != how->max_length && occurs) {
        status = cm_lane_depth(ctx, lane, length - 1, item, &depth);
        if (status) return status;
        count_row(data, item, depth->row);
        partners = find_partners(data, item, how->least, support, cm_counts_free(how), depth, &free_items);
    }
    status = cm_sink_put(ctx, sink, length, support, free_items);
    if (status || !partners) return status;
    if (partners > 1) return explore_longer(ctx, lane, data, item, depth, partners, length, free_items);
    sink->room[sink->longest - length - 1] = depth->data.names[0];
    return cm_sink_put(ctx, sink, length + 1, depth->row[0], free_items);
}

/* ---- one item of a block ---- */

/* Counts the subsets of the first `bits` partners. */
static void count_subsets(const cm_projected *one, uint64_t bits, uint32_t *table) {
    uint64_t size = UINT64_C(1) << bits;
    memset(table, 0, (size_t)(size < 8 ? 8 : size) * sizeof *table);
    for (const uint16_t *at = one->cells; at < one->end; at += at[0] + 1) {
        uint32_t mask = 0;
        for (uint64_t i = 1; i <= at[0] && at[i] < bits; i++) mask |= UINT32_C(1) << at[i];
        table[mask]++;
    }
    cm_subsets_add_up(table, bits);
}

static cm_status put_few(cm_context *ctx, cm_lane *lane, const cm_projected *one, uint32_t *table, uint64_t bits) {
    if (table == one->table) cm_subsets_add_up(table, bits);
    for (uint64_t i = 0; i < bits; i++) table[UINT64_C(1) << i] = one->counts[i]; /* without a third item, too */
    return put_subsets(ctx, lane, table, one->names, bits, 1, one->free_items);
}

static cm_status mine_many(cm_context *ctx, cm_lane *lane, const cm_projected *one) {
    cm_sink *sink = &lane->sink;
    cm_depth *depth = NULL;
    uint64_t cells = 0, bits;
    cm_status status = cm_lane_depth(ctx, lane, 0, one->partners, &depth);
    if (status) return status;
    for (uint64_t i = 0; i < one->partners; i++) cells += one->counts[i];
    bits = choose_bits(one->partners, cells, one->support);
    if (bits) {
        count_subsets(one, bits, lane->table);
        status = put_few(ctx, lane, one, lane->table, bits);
    }
    memcpy(depth->data.names, one->names, (size_t)one->partners * sizeof *one->names);
    depth->data.items = one->partners;
    if (!status) status = cm_database_project(ctx, one, bits, depth);
    for (uint64_t i = bits; i < one->partners && !status; i++) {
        sink->room[sink->longest - 2] = one->names[i];
        status = explore(ctx, lane, &depth->data, i, one->counts[i], 2, one->free_items);
    }
    return status;
}

cm_status cm_mine_projected(cm_context *ctx, cm_lane *lane, uint64_t item, const cm_projected *one) {
    cm_sink *sink = &lane->sink;
    sink->room[sink->longest - 1] = (uint32_t)item;
    cm_status status = cm_sink_put(ctx, sink, 1, one->support, one->free_items);
    if (status || !one->partners || sink->how->max_length == 1) return status;
    if (one->bits) return cm_mine_bits(ctx, lane, one);
    if (one->cells) return mine_many(ctx, lane, one);
    if (one->table) return put_few(ctx, lane, one, one->table, one->partners);
    sink->room[sink->longest - 2] = one->names[0];
    return cm_sink_put(ctx, sink, 2, one->counts[0], one->free_items);
}

cm_status cm_mine_frequent(cm_context *ctx, cm_lane *lane, const cm_database *root, uint64_t item, uint64_t support) {
    cm_sink *sink = &lane->sink;
    sink->room[sink->longest - 1] = (uint32_t)item;
    return explore(ctx, lane, root, item, support, 1, 0);
}
