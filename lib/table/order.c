/* A stable radix sort, a byte a pass from the least significant, that leaves out the bytes in which all keys agree
 * (most keys are small numbers); then a merge sort of each run of equal keys where the items themselves can be compared. */
#include <string.h>

#include "table/order.h"

#define DIGITS 8
#define TICK_ROWS UINT64_C(65536)

typedef struct counts {
    uint64_t of[DIGITS][256];
} counts;

static void count_digits(const cm_pair *pairs, uint64_t count, counts *out) {
    memset(out, 0, sizeof *out);
    for (uint64_t i = 0; i < count; i++)
        for (int digit = 0; digit < DIGITS; digit++) out->of[digit][pairs[i].key >> (8 * digit) & 255]++;
}

/* One pass: from `pairs` to `to`, by one byte. `starts` turns from counts into places. */
static cm_status scatter(cm_context *ctx, const cm_pair *pairs, cm_pair *to, uint64_t count, int digit,
                         uint64_t starts[256]) {
    uint64_t sum = 0;
    cm_status status = CM_OK;
    for (int i = 0; i < 256; i++) {
        uint64_t own = starts[i];
        starts[i] = sum;
        sum += own;
    }
    for (uint64_t first = 0; first < count && !status; first += TICK_ROWS) {
        uint64_t end = count - first < TICK_ROWS ? count : first + TICK_ROWS;
        for (uint64_t i = first; i < end; i++) to[starts[pairs[i].key >> (8 * digit) & 255]++] = pairs[i];
        status = cm_tick(ctx, "sort", 0, 0);
    }
    return status;
}

/* Sorts pairs by key; the result is in `pairs`. */
static cm_status radix(cm_context *ctx, cm_pair *pairs, cm_pair *scratch, uint64_t count) {
    cm_pair *from = pairs, *to = scratch;
    counts *digits = cm_alloc(ctx, 1, sizeof *digits);
    if (!digits) return ctx->error.status;
    cm_status status = CM_OK;
    count_digits(pairs, count, digits);
    for (int digit = 0; digit < DIGITS && !status; digit++) {
        if (digits->of[digit][from[0].key >> (8 * digit) & 255] == count) continue;
        status = scatter(ctx, from, to, count, digit, digits->of[digit]);
        cm_pair *other = from;
        from = to;
        to = other;
    }
    if (from != pairs) memcpy(pairs, from, (size_t)count * sizeof *pairs);
    cm_free(ctx->core, digits, 1, sizeof *digits);
    return status;
}

/* Merges two neighbouring runs of `from`, [first, middle) and [middle, end), into `to`. */
static void merge(const cm_pair *from, cm_pair *to, uint64_t first, uint64_t middle, uint64_t end,
                  cm_pair_compare compare, const void *user) {
    uint64_t left = first, right = middle;
    for (uint64_t i = first; i < end; i++) {
        bool take_left = right == end || (left < middle && compare(user, from[left].item, from[right].item) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

/* Merge sort from below of items with equal keys; the result is in `pairs`. */
static cm_status merge_sort(cm_context *ctx, cm_pair *pairs, cm_pair *scratch, uint64_t count, cm_pair_compare compare,
                            const void *user) {
    cm_pair *from = pairs, *to = scratch;
    cm_status status = CM_OK;
    for (uint64_t width = 1; width < count && !status; width *= 2) {
        for (uint64_t first = 0; first < count && !status; first += 2 * width) {
            uint64_t middle = count - first < width ? count : first + width;
            uint64_t end = count - middle < width ? count : middle + width;
            merge(from, to, first, middle, end, compare, user);
            if (first / TICK_ROWS != end / TICK_ROWS) status = cm_tick(ctx, "sort", 0, 0);
        }
        cm_pair *other = from;
        from = to;
        to = other;
    }
    if (from != pairs) memcpy(pairs, from, (size_t)count * sizeof *pairs);
    return status;
}

cm_status cm_pairs_sort(cm_context *ctx, cm_pair *pairs, uint64_t count, cm_pair_compare compare, const void *user) {
    if (count < 2) return CM_OK;
    cm_pair *scratch = cm_alloc(ctx, count, sizeof *scratch);
    if (!scratch) return ctx->error.status;
    cm_status status = radix(ctx, pairs, scratch, count);
    for (uint64_t first = 0, end; compare && first < count && !status; first = end) {
        end = first + 1;
        while (end < count && pairs[end].key == pairs[first].key) end++;
        if (end - first > 1) status = merge_sort(ctx, pairs + first, scratch, end - first, compare, user);
    }
    cm_free(ctx->core, scratch, count, sizeof *scratch);
    return status;
}
