#include "prepare/codes.h"

#include "base/threads.h"

typedef struct span {
    int64_t least, most; /* least above most: there are none */
} span;

typedef struct spans {
    const cm_column *column;
    span *of; /* by chunk */
} spans;

static cm_status find_span(cm_context *ctx, void *state, uint64_t task) {
    const spans *all = state;
    const cm_chunk *chunk = &all->column->chunks[task];
    const int64_t *values = (const int64_t *)chunk->values + chunk->offset;
    span own = {INT64_MAX, INT64_MIN};
    (void)ctx;
    for (uint64_t row = 0; row < chunk->rows; row++) {
        if (!cm_chunk_present(chunk, row)) continue;
        own.least = values[row] < own.least ? values[row] : own.least;
        own.most = values[row] > own.most ? values[row] : own.most;
    }
    all->of[task] = own;
    return CM_OK;
}

static cm_status find_integers(cm_context *ctx, const cm_column *column, uint64_t most, cm_codes *out) {
    spans all = {column, cm_alloc_raw(ctx, column->chunk_count, sizeof *all.of)};
    span whole = {INT64_MAX, INT64_MIN};
    if (!all.of) return ctx->error.status;
    cm_status status = cm_parallel(ctx, column->chunk_count, find_span, &all);
    for (uint64_t i = 0; i < column->chunk_count && !status; i++) {
        whole.least = all.of[i].least < whole.least ? all.of[i].least : whole.least;
        whole.most = all.of[i].most > whole.most ? all.of[i].most : whole.most;
    }
    cm_free(ctx->core, all.of, column->chunk_count, sizeof *all.of);
    if (status) return status;
    bool none = whole.least > whole.most;
    uint64_t beyond = none ? 0 : (uint64_t)whole.most - (uint64_t)whole.least; /* of the last code */
    out->found = beyond < most && beyond < INT32_MAX;
    out->least = none ? 0 : whole.least;
    out->count = none ? 0 : beyond + 1;
    return CM_OK;
}

cm_status cm_codes_find(cm_context *ctx, const cm_column *column, uint64_t most, cm_codes *out) {
    *out = (cm_codes){.column = column, .found = true};
    if (!column) return CM_OK;
    if (column->type == CM_INT64) return find_integers(ctx, column, most, out);
    out->count = column->dictionary_size;
    return CM_OK;
}

cm_status cm_codes_ids(cm_context *ctx, const cm_codes *codes, cm_ids *ids) {
    if (!codes->column) return CM_OK;
    ids->type = codes->column->type;
    if (ids->type == CM_STRING) {
        ids->borrowed = cm_dictionary_retain(codes->column->dictionary);
        return CM_OK;
    }
    cm_status status = cm_reserve(ctx, &ids->numbers, &ids->number_capacity, codes->count, sizeof *ids->numbers);
    if (status) return status;
    for (uint64_t i = 0; i < codes->count; i++) ids->numbers[i] = codes->least + (int64_t)i;
    ids->count = codes->count;
    return CM_OK;
}
