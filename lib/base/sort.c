#include "base/sort.h"

#include <string.h>

#define DIGIT_BITS UINT64_C(11)
#define DIGITS (UINT64_C(1) << DIGIT_BITS)
#define FEW 48 /* keys that insertion sorts faster than counting does */
#define MANY (UINT64_C(1) << 16) /* keys that are split first */

/* Counters are cleared and added up whatever the number of keys: few keys have smaller digits. */
static uint64_t digit_bits(uint64_t count) {
    return count < 1024 ? 8 : DIGIT_BITS;
}

static void insertion_sort(cm_key *keys, uint64_t count) {
    for (uint64_t i = 1; i < count; i++) {
        cm_key one = keys[i];
        uint64_t j = i;
        for (; j > 0 && keys[j - 1].key > one.key; j--) keys[j] = keys[j - 1];
        keys[j] = one;
    }
}

/* What the keys span. */
typedef struct span {
    uint64_t least, bits; /* bits of the largest less the least; 0: all are the same */
    uint64_t largest_value;
} span;

static span span_of(const cm_key *keys, uint64_t count) {
    uint64_t least = keys[0].key, most = keys[0].key, value = 0;
    for (uint64_t i = 0; i < count; i++) {
        least = keys[i].key < least ? keys[i].key : least;
        most = keys[i].key > most ? keys[i].key : most;
        value |= keys[i].value;
    }
    return (span){least, most == least ? 0 : 64 - (uint64_t)__builtin_clzll(most - least), value};
}

/* Counts to where each digit starts; false if all have the same digit, so that nothing moves. */
static bool place_digits(uint64_t *starts, uint64_t digits, uint64_t count) {
    uint64_t sum = 0;
    for (uint64_t digit = 0; digit < digits; digit++) {
        uint64_t rows = starts[digit];
        if (rows == count) return false;
        starts[digit] = sum;
        sum += rows;
    }
    return true;
}

static bool scatter(const cm_key *from, cm_key *to, uint64_t count, uint64_t least, uint64_t shift) {
    uint64_t starts[DIGITS], digits = UINT64_C(1) << digit_bits(count);
    memset(starts, 0, (size_t)digits * sizeof *starts);
    for (uint64_t i = 0; i < count; i++) starts[(from[i].key - least) >> shift & (digits - 1)]++;
    if (!place_digits(starts, digits, count)) return false;
    for (uint64_t i = 0; i < count; i++) to[starts[(from[i].key - least) >> shift & (digits - 1)]++] = from[i];
    return true;
}

static bool scatter_packed(const uint64_t *from, uint64_t *to, uint64_t count, uint64_t shift) {
    uint64_t starts[DIGITS], digits = UINT64_C(1) << digit_bits(count);
    memset(starts, 0, (size_t)digits * sizeof *starts);
    for (uint64_t i = 0; i < count; i++) starts[from[i] >> shift & (digits - 1)]++;
    if (!place_digits(starts, digits, count)) return false;
    for (uint64_t i = 0; i < count; i++) to[starts[from[i] >> shift & (digits - 1)]++] = from[i];
    return true;
}

/* Key and value in one number each, where both fit: half the memory to move. `room` has place for one of each; the
 * keys' own memory is the other, and they are put back from the last on, as what is read there lies before. */
static void sort_packed(cm_key *keys, uint64_t count, const span *all, uint64_t *room) {
    uint64_t *from = room, *to = (uint64_t *)(void *)keys;
    for (uint64_t i = 0; i < count; i++) from[i] = (keys[i].key - all->least) << 32 | keys[i].value;
    for (uint64_t shift = 0; shift < all->bits; shift += digit_bits(count)) {
        if (!scatter_packed(from, to, count, 32 + shift)) continue;
        uint64_t *other = from;
        from = to;
        to = other;
    }
    for (uint64_t i = count; i-- > 0;) keys[i] = (cm_key){(from[i] >> 32) + all->least, from[i] & UINT32_MAX};
}

/* By the bits from `shift` up to `end`. */
static void sort_digits(cm_key *keys, uint64_t count, uint64_t least, uint64_t shift, uint64_t end, cm_key *room) {
    cm_key *from = keys, *to = room;
    for (; shift < end; shift += digit_bits(count)) {
        if (!scatter(from, to, count, least, shift)) continue;
        cm_key *other = from;
        from = to;
        to = other;
    }
    if (from != keys) memcpy(keys, from, (size_t)count * sizeof *keys);
}

/* Long keys by their two highest digits, which tell most of them apart; then those that these leave together. */
static void sort_wide(cm_key *keys, uint64_t count, const span *all, cm_key *room) {
    uint64_t low = all->bits > 2 * digit_bits(count) ? all->bits - 2 * digit_bits(count) : 0;
    sort_digits(keys, count, all->least, low, all->bits, room);
    for (uint64_t first = 0, end; low && first < count; first = end) {
        uint64_t high = (keys[first].key - all->least) >> low;
        for (end = first + 1; end < count && (keys[end].key - all->least) >> low == high;) end++;
        if (end - first <= FEW) insertion_sort(keys + first, end - first);
        else sort_digits(keys + first, end - first, all->least, 0, low, room);
    }
}

void cm_sort_within(cm_key *keys, uint64_t count, cm_key *room) {
    if (count <= FEW) {
        insertion_sort(keys, count);
        return;
    }
    span all = span_of(keys, count);
    if (!all.bits) return;
    if (all.bits <= 32 && all.largest_value <= UINT32_MAX) sort_packed(keys, count, &all, (uint64_t *)(void *)room);
    else sort_wide(keys, count, &all, room);
}

cm_status cm_sort_keys(cm_context *ctx, cm_key *keys, uint64_t count) {
    cm_status status = CM_OK;
    cm_key *room = NULL;
    if (count > FEW && !(room = cm_alloc_raw(ctx, count, sizeof *room))) return ctx->error.status;
    if (count >= MANY) status = cm_sort_many(ctx, keys, count, room);
    else cm_sort_within(keys, count, room);
    cm_free(ctx->core, room, count, sizeof *room);
    return status;
}

/* ---- numbers ---- */

#define MOST_RANKED 64 /* bits of a word of places */
#define LANES 4        /* numbers that are compared at once */
typedef int32_t lanes __attribute__((vector_size(LANES * sizeof(int32_t))));

/* places[i] gets how many numbers are below number i. */
static void count_below(const int32_t *numbers, uint64_t count, int32_t *places) {
    for (uint64_t at = 0; at < count; at += LANES) {
        lanes own, below = {0};
        memcpy(&own, numbers + at, sizeof own);
        for (uint64_t i = 0; i < count; i++) below -= (lanes){0} + numbers[i] < own; /* true is -1 */
        memcpy(places + at, &below, sizeof below);
    }
}

/* The place of each number, of which there are some, is how many are below it: no branch depends on them. Equal ones
 * have one place. */
static uint64_t rank(uint32_t *numbers, uint64_t count) {
    int32_t from[MOST_RANKED], to[MOST_RANKED], places[MOST_RANKED];
    uint64_t taken = 0, all = ~UINT64_C(0) >> (64 - count), kept = 0;
    memcpy(from, numbers, (size_t)count * sizeof *numbers);
    for (uint64_t i = count; i % LANES; i++) from[i] = 0;
    count_below(from, count, places);
    for (uint64_t i = 0; i < count; i++) {
        to[places[i]] = from[i];
        taken |= UINT64_C(1) << places[i];
    }
    if (taken == all) {
        memcpy(numbers, to, (size_t)count * sizeof *numbers);
        return count;
    }
    for (; taken; taken &= taken - 1) numbers[kept++] = (uint32_t)to[__builtin_ctzll(taken)];
    return kept;
}

static inline void order_two(uint32_t *a, uint32_t *b) {
    uint32_t low = *a < *b ? *a : *b, high = *a < *b ? *b : *a;
    *a = low;
    *b = high;
}

/* A network (D. E. Knuth, "The Art of Computer Programming" 3, 2nd ed. 1998, 5.3.4): of as few comparisons as can be,
 * and no branch depends on them. */
static inline void order_four(uint32_t *n) {
    order_two(n, n + 1), order_two(n + 2, n + 3);
    order_two(n, n + 2), order_two(n + 1, n + 3);
    order_two(n + 1, n + 2);
}

/* Two ordered fours into one order: the odd-even merge of K. E. Batcher, 1968, doi:10.1145/1468075.1468121. */
static inline void merge_fours(uint32_t *n) {
    for (int i = 0; i < 4; i++) order_two(n + i, n + i + 4);
    order_two(n + 2, n + 4), order_two(n + 3, n + 5);
    for (int i = 1; i < 7; i += 2) order_two(n + i, n + i + 1);
}

#define MOST_NETWORKED 8

/* What is missing to four or eight is more than any number, so that it ends up behind. */
static uint64_t order_few(uint32_t *numbers, uint64_t count) {
    uint32_t all[MOST_NETWORKED + 1];
    uint64_t kept = 0;
    memset(all, 0xFF, sizeof all);
    for (uint64_t i = 0; i < count; i++) all[i] = numbers[i];
    order_four(all);
    if (count > 4) {
        order_four(all + 4);
        merge_fours(all);
    }
    for (uint64_t i = 0; i < count; i++) {
        numbers[kept] = all[i];
        kept += all[i] != all[i + 1];
    }
    return kept;
}

cm_status cm_sort_numbers(cm_context *ctx, uint32_t *numbers, uint64_t *count) {
    uint64_t before = *count;
    if (before < 2) return CM_OK; /* of none there may be no array */
    if (before <= MOST_NETWORKED) {
        *count = order_few(numbers, before);
        return CM_OK;
    }
    if (before <= MOST_RANKED) {
        *count = rank(numbers, before);
        return CM_OK;
    }
    cm_key *keys = cm_alloc_raw(ctx, before, sizeof *keys);
    if (!keys) return ctx->error.status;
    for (uint64_t i = 0; i < before; i++) keys[i] = (cm_key){numbers[i], 0};
    cm_status status = cm_sort_keys(ctx, keys, before);
    *count = 0;
    for (uint64_t i = 0; i < before && !status; i++)
        if (!i || keys[i].key != keys[i - 1].key) numbers[(*count)++] = (uint32_t)keys[i].key;
    cm_free(ctx->core, keys, before, sizeof *keys);
    return status;
}

/* Of those that have the digit that the wanted one has, digit by digit, the most significant first. */
int64_t cm_select(const int64_t *values, uint64_t count, uint64_t rank, int64_t *room) {
    uint64_t least = UINT64_MAX, most = 0;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t key = cm_key_of_int(values[i]);
        least = key < least ? key : least;
        most = key > most ? key : most;
    }
    uint64_t bits = most == least ? 0 : 64 - (uint64_t)__builtin_clzll(most - least);
    for (uint64_t shift = bits; shift > 0;) {
        uint64_t counts[DIGITS] = {0}, digit = 0, kept = 0;
        shift = shift > DIGIT_BITS ? shift - DIGIT_BITS : 0;
        for (uint64_t i = 0; i < count; i++) counts[(cm_key_of_int(values[i]) - least) >> shift & (DIGITS - 1)]++;
        while (rank >= counts[digit]) rank -= counts[digit++];
        for (uint64_t i = 0; i < count; i++)
            if (((cm_key_of_int(values[i]) - least) >> shift & (DIGITS - 1)) == digit) room[kept++] = values[i];
        values = room;
        count = kept;
    }
    return values[0];
}

uint64_t cm_key_of_double(double value) {
    uint64_t bits;
    if (value != value) return UINT64_MAX;
    if (value == 0) value = 0; /* -0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}
