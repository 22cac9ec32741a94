#include "prepare/ids.h"

#include <string.h>

#include "base/number.h"
#include "base/sort.h"

cm_status cm_ids_set_type(cm_context *ctx, cm_ids *ids, int32_t type, const char *what) {
    if (ids->type == type) return CM_OK;
    if (ids->type) return cm_fail(ctx, CM_E_COLUMN, "ID_TYPES", "s", what);
    if (type == CM_STRING) {
        cm_status status = cm_dictionary_new(ctx, &ids->texts);
        if (status) return status;
    }
    cm_entropy(&ids->key, sizeof ids->key);
    ids->type = type;
    return CM_OK;
}

void cm_ids_clear(cm_core *core, cm_ids *ids) {
    cm_dictionary_release(ids->texts);
    cm_free(core, ids->numbers, ids->number_capacity, sizeof *ids->numbers);
    cm_free(core, ids->slots, ids->slot_count, sizeof *ids->slots);
    memset(ids, 0, sizeof *ids);
}

uint64_t cm_ids_count(const cm_ids *ids) {
    return ids->type == CM_STRING ? cm_dictionary_size(ids->texts) : ids->number_count;
}

/* The slot where a number is, or the empty one where it belongs. */
static uint64_t slot_of(const cm_ids *ids, int64_t number) {
    uint64_t mask = ids->slot_count - 1;
    uint64_t slot = cm_hash_u64(ids->key, (uint64_t)number) & mask;
    while (ids->slots[slot] && ids->numbers[ids->slots[slot] - 1] != number) slot = (slot + 1) & mask;
    return slot;
}

static cm_status widen_slots(cm_context *ctx, cm_ids *ids) {
    uint64_t wanted = ids->slot_count ? ids->slot_count * 2 : 64;
    int32_t *slots = cm_alloc(ctx, wanted, sizeof *slots);
    if (!slots) return ctx->error.status;
    cm_free(ctx->core, ids->slots, ids->slot_count, sizeof *ids->slots);
    ids->slots = slots;
    ids->slot_count = wanted;
    for (uint64_t i = 0; i < ids->number_count; i++) slots[slot_of(ids, ids->numbers[i])] = (int32_t)(i + 1);
    return CM_OK;
}

cm_status cm_ids_add_number(cm_context *ctx, cm_ids *ids, int64_t number, int32_t *code) {
    if (ids->number_count * 2 >= ids->slot_count) {
        cm_status status = widen_slots(ctx, ids);
        if (status) return status;
    }
    uint64_t slot = slot_of(ids, number);
    if (!ids->slots[slot]) {
        if (ids->number_count == INT32_MAX) return cm_fail(ctx, CM_E_LIMIT, "DISTINCT_LIMIT", "i", (int64_t)INT32_MAX);
        cm_status status =
            cm_reserve(ctx, &ids->numbers, &ids->number_capacity, ids->number_count + 1, sizeof *ids->numbers);
        if (status) return status;
        ids->numbers[ids->number_count++] = number;
        ids->slots[slot] = (int32_t)ids->number_count;
    }
    *code = ids->slots[slot] - 1;
    return CM_OK;
}

cm_status cm_ids_add_text(cm_context *ctx, cm_ids *ids, const char *text, uint64_t length, int32_t *code) {
    return cm_dictionary_add(ctx, ids->texts, text, length, code);
}

int32_t cm_ids_find(const cm_ids *ids, const char *text) {
    int64_t number;
    if (ids->type == CM_STRING) return cm_dictionary_find(ids->texts, text, strlen(text));
    if (ids->type != CM_INT64 || !ids->slot_count || !cm_parse_int(text, strlen(text), &number)) return -1;
    return ids->slots[slot_of(ids, number)] - 1;
}

cm_status cm_ids_add(cm_context *ctx, cm_ids *ids, const char *text, int32_t *code) {
    int64_t number;
    if (ids->type == CM_STRING) return cm_ids_add_text(ctx, ids, text, strlen(text), code);
    if (!cm_parse_int(text, strlen(text), &number)) return cm_fail(ctx, CM_E_ARGUMENT, "ID_NUMBER", "s", text);
    return cm_ids_add_number(ctx, ids, number, code);
}

cm_status cm_ids_map(cm_context *ctx, const cm_ids *from, const uint8_t *used, cm_ids *to, int32_t *map) {
    uint64_t count = cm_ids_count(from);
    for (uint64_t code = 0; code < count; code++) {
        cm_status status = CM_OK;
        map[code] = -1;
        if (used && !used[code]) continue;
        if (from->type == CM_STRING) {
            cm_text text = cm_dictionary_text(from->texts, (int32_t)code);
            status = cm_ids_add_text(ctx, to, text.data, text.length, &map[code]);
        } else {
            status = cm_ids_add_number(ctx, to, from->numbers[code], &map[code]);
        }
        if (status) return status;
    }
    return CM_OK;
}

cm_status cm_ids_put(cm_context *ctx, const cm_ids *ids, int32_t code, cm_builder *builder, uint64_t column) {
    if (code < 0) return CM_OK;
    if (ids->type == CM_INT64) return cm_builder_int(ctx, builder, column, ids->numbers[code]);
    cm_text text = cm_dictionary_text(ids->texts, code);
    return cm_builder_text(ctx, builder, column, text.data, text.length);
}

static cm_status order_numbers(cm_context *ctx, const int64_t *numbers, uint64_t count, int32_t *order) {
    cm_key *keys = cm_alloc(ctx, count, sizeof *keys);
    if (!keys) return ctx->error.status;
    for (uint64_t i = 0; i < count; i++) keys[i] = (cm_key){cm_key_of_int(numbers[i]), i};
    cm_status status = cm_sort_keys(ctx, keys, count);
    for (uint64_t i = 0; i < count && !status; i++) order[i] = (int32_t)keys[i].value;
    cm_free(ctx->core, keys, count, sizeof *keys);
    return status;
}

cm_status cm_ids_order(cm_context *ctx, const cm_ids *ids, uint64_t count, int32_t *order) {
    if (ids->type == CM_STRING) return cm_dictionary_ranks(ctx, ids->texts, count, NULL, order);
    return order_numbers(ctx, ids->numbers, count, order);
}

cm_status cm_ids_ranks(cm_context *ctx, const cm_ids *ids, int32_t *ranks) {
    if (ids->type == CM_STRING)
        return cm_dictionary_ranks(ctx, ids->texts, cm_dictionary_size(ids->texts), ranks, NULL);
    uint64_t count = ids->number_count;
    int32_t *order = cm_alloc(ctx, count, sizeof *order);
    cm_status status = order ? order_numbers(ctx, ids->numbers, count, order) : ctx->error.status;
    for (uint64_t i = 0; i < count && !status; i++) ranks[order[i]] = (int32_t)i;
    cm_free(ctx->core, order, count, sizeof *order);
    return status;
}

/* ---- a column's values ---- */

cm_status cm_id_codes_open(cm_context *ctx, cm_ids *ids, const cm_column *column, cm_id_codes *out) {
    *out = (cm_id_codes){.ids = ids, .column = column};
    if (!column || column->type != CM_STRING) return CM_OK;
    out->known = cm_alloc(ctx, column->dictionary_size, sizeof *out->known);
    return out->known ? CM_OK : ctx->error.status;
}

void cm_id_codes_close(cm_core *core, cm_id_codes *codes) {
    if (codes->known) cm_free(core, codes->known, codes->column->dictionary_size, sizeof *codes->known);
    codes->known = NULL;
}

cm_status cm_id_codes_add(cm_context *ctx, cm_id_codes *codes, int64_t value, int32_t *code) {
    if (!codes->known) return cm_ids_add_number(ctx, codes->ids, value, code);
    cm_text text = cm_dictionary_text(codes->column->dictionary, (int32_t)value);
    cm_status status = cm_ids_add_text(ctx, codes->ids, text.data, text.length, code);
    if (!status) codes->known[value] = *code + 1;
    return status;
}
