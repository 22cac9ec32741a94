/* Quantiles by selection: where scores start in the order of the values, without sorting them.
 *
 * The idea: a histogram of the values' leading bits says in which bucket each start lies; the values of these buckets,
 * and of the next ones, are collected and sorted, as all that is asked of the order is what stands at a start and
 * before it. Where a bucket has one value, as with days and small counts, nothing is left to be sorted. Cost: three
 * passes over the values and a sort of few of them; of all, where all are in few buckets. */
#include "model/rfm/cuts.h"

#include <string.h>

#define BITS 14
#define BUCKETS (UINT64_C(1) << BITS)

typedef struct selection {
    const int64_t *values;
    int dimension;
    uint64_t count, least, most; /* keys */
    uint64_t shift;              /* of a key less the least, to its bucket */
    uint64_t starts[BUCKETS + 1]; /* place in the order of the first value of each bucket, and behind the last */
    bool wanted[BUCKETS];
    uint64_t places[BUCKETS];     /* of those wanted, among the keys collected */
    cm_key *keys;
    uint64_t key_count;
} selection;

static uint64_t key_of(const selection *own, uint64_t row) {
    return cm_key_of_int(cm_rfm_goodness(own->dimension, own->values[row]));
}

static uint64_t bucket_of(const selection *own, uint64_t key) {
    return (key - own->least) >> own->shift;
}

static void count_buckets(selection *own) {
    own->least = UINT64_MAX;
    own->most = 0;
    for (uint64_t row = 0; row < own->count; row++) {
        uint64_t key = key_of(own, row);
        own->least = key < own->least ? key : own->least;
        own->most = key > own->most ? key : own->most;
    }
    while ((own->most - own->least) >> own->shift >= BUCKETS) own->shift++;
    for (uint64_t row = 0; row < own->count; row++) own->starts[1 + bucket_of(own, key_of(own, row))]++;
    for (uint64_t bucket = 0; bucket < BUCKETS; bucket++) own->starts[bucket + 1] += own->starts[bucket];
}

/* The bucket of what stands at a place in the order. */
static uint64_t bucket_at(const selection *own, uint64_t place) {
    uint64_t low = 0, high = BUCKETS - 1;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (own->starts[middle + 1] > place) high = middle;
        else low = middle + 1;
    }
    return low;
}

/* That of a place and, as equal values may fill it to its end, the next that is not empty. */
static void want(selection *own, uint64_t place) {
    uint64_t bucket = bucket_at(own, place);
    own->wanted[bucket] = true;
    if (own->starts[bucket + 1] < own->count) own->wanted[bucket_at(own, own->starts[bucket + 1])] = true;
}

static bool buckets_have_one_value(const selection *own) { return own->shift == 0; }

static cm_status collect(cm_context *ctx, selection *own) {
    uint64_t at = 0;
    if (buckets_have_one_value(own)) return CM_OK;
    for (uint64_t bucket = 0; bucket < BUCKETS; bucket++) {
        if (!own->wanted[bucket]) continue;
        own->places[bucket] = own->key_count;
        own->key_count += own->starts[bucket + 1] - own->starts[bucket];
    }
    own->keys = cm_alloc_raw(ctx, own->key_count, sizeof *own->keys);
    if (!own->keys) return ctx->error.status;
    for (uint64_t row = 0; row < own->count; row++) {
        uint64_t key = key_of(own, row);
        if (own->wanted[bucket_of(own, key)]) own->keys[at++] = (cm_key){key, 0};
    }
    return cm_sort_keys(ctx, own->keys, own->key_count);
}

static uint64_t key_at(const selection *own, uint64_t place) {
    uint64_t bucket = bucket_at(own, place);
    if (buckets_have_one_value(own)) return own->least + bucket;
    return own->keys[own->places[bucket] + place - own->starts[bucket]].key;
}

/* A start behind those that equal what stands before it. */
static uint64_t skip_ties(const selection *own, uint64_t start) {
    uint64_t bucket = bucket_at(own, start - 1), end = own->starts[bucket + 1];
    if (buckets_have_one_value(own)) return end;
    const cm_key *keys = own->keys + own->places[bucket];
    while (start < end && keys[start - own->starts[bucket]].key == keys[start - own->starts[bucket] - 1].key) start++;
    return start;
}

static int64_t value_of(const selection *own, uint64_t key) {
    return cm_rfm_goodness(own->dimension, cm_int_of_key(key));
}

/* Whether each score has somebody. */
static bool find_spans(const selection *own, int32_t scores, cm_rfm_span *spans) {
    uint64_t before = 0;
    spans[1].worst = value_of(own, own->least);
    for (int32_t j = 2; j <= scores; j++) {
        uint64_t start = skip_ties(own, cm_rfm_first_place(own->count, scores, j));
        if (start <= before || start == own->count) return false;
        spans[j - 1].best = value_of(own, key_at(own, start - 1));
        spans[j - 1].customers = start - before;
        spans[j].worst = value_of(own, key_at(own, start));
        before = start;
    }
    spans[scores].best = value_of(own, own->most);
    spans[scores].customers = own->count - before;
    return true;
}

cm_status cm_rfm_select_spans(cm_context *ctx, const int64_t *values, int dimension, uint64_t count, int32_t scores,
                              cm_rfm_span *spans, bool *complete) {
    *complete = false;
    if (count < (uint64_t)scores) return CM_OK;
    selection *own = cm_alloc(ctx, 1, sizeof *own);
    if (!own) return ctx->error.status;
    own->values = values;
    own->dimension = dimension;
    own->count = count;
    count_buckets(own);
    for (int32_t j = 2; j <= scores; j++) {
        uint64_t start = cm_rfm_first_place(count, scores, j);
        want(own, start - 1);
        want(own, start);
    }
    cm_status status = collect(ctx, own);
    if (!status) *complete = find_spans(own, scores, spans);
    cm_free(ctx->core, own->keys, own->key_count, sizeof *own->keys);
    cm_free(ctx->core, own, 1, sizeof *own);
    return status;
}
