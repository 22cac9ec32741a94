#include "base/sort.h"

#include <string.h>

#define FEW 48 /* keys that insertion sorts faster than counting does */

static void insertion_sort(cm_key *keys, uint64_t count) {
    for (uint64_t i = 1; i < count; i++) {
        cm_key one = keys[i];
        uint64_t j = i;
        for (; j > 0 && keys[j - 1].key > one.key; j--) keys[j] = keys[j - 1];
        keys[j] = one;
    }
}

/* The bits in which the keys differ. */
static uint64_t differing(const cm_key *keys, uint64_t count) {
    uint64_t bits = 0;
    for (uint64_t i = 1; i < count; i++) bits |= keys[i].key ^ keys[0].key;
    return bits;
}

static void scatter(const cm_key *from, cm_key *to, uint64_t count, int shift) {
    uint64_t starts[256] = {0}, sum = 0;
    for (uint64_t i = 0; i < count; i++) starts[from[i].key >> shift & 255]++;
    for (int digit = 0; digit < 256; digit++) {
        uint64_t rows = starts[digit];
        starts[digit] = sum;
        sum += rows;
    }
    for (uint64_t i = 0; i < count; i++) to[starts[from[i].key >> shift & 255]++] = from[i];
}

cm_status cm_sort_keys(cm_context *ctx, cm_key *keys, uint64_t count) {
    if (count <= FEW) {
        insertion_sort(keys, count);
        return CM_OK;
    }
    uint64_t bits = differing(keys, count);
    cm_key *room = cm_alloc_raw(ctx, count, sizeof *room);
    if (!room) return ctx->error.status;
    cm_key *from = keys, *to = room;
    for (int shift = 0; shift < 64; shift += 8) {
        if (!(bits >> shift & 255)) continue;
        scatter(from, to, count, shift);
        cm_key *other = from;
        from = to;
        to = other;
    }
    if (from != keys) memcpy(keys, from, (size_t)count * sizeof *keys);
    cm_free(ctx->core, room, count, sizeof *room);
    return CM_OK;
}

uint64_t cm_key_of_double(double value) {
    uint64_t bits;
    if (value != value) return UINT64_MAX;
    if (value == 0) value = 0; /* -0 */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}
