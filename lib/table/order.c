#include "table/order.h"

#include <string.h>

#define TICK UINT64_C(65536)

/* Merges two neighbouring runs of `from`, [first, middle) and [middle, end), into `to`. */
static void merge(const cm_key *from, cm_key *to, uint64_t first, uint64_t middle, uint64_t end, cm_compare compare,
                  const void *user) {
    uint64_t left = first, right = middle;
    for (uint64_t i = first; i < end; i++) {
        bool take_left = right == end || (left < middle && compare(user, from[left].value, from[right].value) <= 0);
        to[i] = take_left ? from[left++] : from[right++];
    }
}

/* Merge sort of keys that are all equal, from runs of one upwards. */
static cm_status merge_sort(cm_context *ctx, cm_key *keys, cm_key *room, uint64_t count, cm_compare compare,
                            const void *user) {
    cm_key *from = keys, *to = room;
    cm_status status = CM_OK;
    for (uint64_t width = 1; width < count && !status; width *= 2) {
        for (uint64_t first = 0, end; first < count && !status; first = end) {
            uint64_t middle = count - first < width ? count : first + width;
            end = count - middle < width ? count : middle + width;
            merge(from, to, first, middle, end, compare, user);
            if (first / TICK != end / TICK) status = cm_tick(ctx, "sort", 0, 0);
        }
        cm_key *other = from;
        from = to;
        to = other;
    }
    if (from != keys) memcpy(keys, from, (size_t)count * sizeof *keys);
    return status;
}

cm_status cm_sort_compared(cm_context *ctx, cm_key *keys, uint64_t count, cm_compare compare, const void *user) {
    cm_key *room = NULL;
    cm_status status = cm_sort_keys(ctx, keys, count);
    for (uint64_t first = 0, end; first < count && !status; first = end) {
        for (end = first + 1; end < count && keys[end].key == keys[first].key;) end++;
        if (end - first < 2) continue;
        if (!room && !(room = cm_alloc_raw(ctx, count, sizeof *room))) return ctx->error.status;
        status = merge_sort(ctx, keys + first, room, end - first, compare, user);
    }
    cm_free(ctx->core, room, count, sizeof *room);
    return status;
}
