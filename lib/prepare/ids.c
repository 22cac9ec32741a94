#include "prepare/ids.h"

#include <string.h>

#include "base/number.h"
#include "base/sort.h"
#include "base/threads.h"
#include "table/order.h"

#define LONGEST_TEXT (UINT32_MAX / CM_ID_SEGMENT - 1)

cm_status cm_ids_set_type(cm_context *ctx, cm_ids *ids, int32_t type, const char *what) {
    if (ids->type == type) return CM_OK;
    if (ids->type) return cm_fail(ctx, CM_E_COLUMN, "ID_TYPES", "s", what);
    cm_entropy(&ids->key, sizeof ids->key);
    ids->type = type;
    return CM_OK;
}

void cm_ids_clear(cm_core *core, cm_ids *ids) {
    cm_dictionary_release(ids->borrowed);
    for (uint64_t i = 0; i < ids->segment_count; i++) {
        cm_free(core, ids->segments[i]->bytes, ids->segments[i]->capacity, 1);
        cm_free(core, ids->segments[i], 1, sizeof(cm_id_segment));
    }
    cm_free(core, ids->segments, ids->segment_capacity, sizeof(cm_id_segment *));
    cm_free(core, ids->numbers, ids->number_capacity, sizeof *ids->numbers);
    cm_slots_clear(core, &ids->slots);
    memset(ids, 0, sizeof *ids);
}

uint64_t cm_ids_count(const cm_ids *ids) { return ids->borrowed ? cm_dictionary_size(ids->borrowed) : ids->count; }

static uint32_t start_in(const cm_id_segment *segment, uint64_t at) { return at ? segment->ends[at - 1] : 0; }

cm_text cm_ids_text(const cm_ids *ids, int32_t code) {
    if (ids->borrowed) return cm_dictionary_text(ids->borrowed, code);
    const cm_id_segment *segment = ids->segments[code >> CM_ID_SEGMENT_BITS];
    uint64_t at = (uint64_t)code & (CM_ID_SEGMENT - 1);
    uint32_t start = start_in(segment, at);
    return (cm_text){segment->bytes + start, segment->ends[at] - start - 1};
}

/* ---- finding ---- */

/* An id that is looked for: a text, or (data NULL) a number. */
typedef struct wanted {
    cm_text text;
    int64_t number;
} wanted;

static uint64_t hash_of(const cm_ids *ids, const wanted *id) {
    return id->text.data ? cm_hash_bytes(ids->key, id->text.data, id->text.length)
                         : cm_hash_u64(ids->key, (uint64_t)id->number);
}

static wanted id_at(const cm_ids *ids, int32_t code) {
    return ids->type == CM_STRING ? (wanted){.text = cm_ids_text(ids, code)} : (wanted){.number = ids->numbers[code]};
}

static bool same(const wanted *a, const wanted *b) {
    return a->number == b->number && a->text.length == b->text.length
           && (!a->text.length || !memcmp(a->text.data, b->text.data, (size_t)a->text.length));
}

static int32_t code_in(const cm_ids *ids, uint64_t slot) { return (int32_t)cm_slot_number(&ids->slots, slot); }

/* The slot where an id is, or the empty one where it belongs. */
static uint64_t slot_of(const cm_ids *ids, const wanted *id, uint64_t hash) {
    uint64_t slot = cm_slot_seek(&ids->slots, hash, hash);
    for (; ids->slots.of[slot]; slot = cm_slot_seek(&ids->slots, slot + 1, hash)) {
        wanted other = id_at(ids, code_in(ids, slot));
        if (same(&other, id)) break;
    }
    return slot;
}

static int32_t find(const cm_ids *ids, const wanted *id) {
    if (!ids->slots.count) return -1;
    uint64_t slot = slot_of(ids, id, hash_of(ids, id));
    return ids->slots.of[slot] ? code_in(ids, slot) : -1;
}

int32_t cm_ids_find(const cm_ids *ids, const char *text) {
    wanted id = {.text = {text, strlen(text)}};
    if (ids->borrowed) return cm_dictionary_find(ids->borrowed, text, id.text.length);
    if (ids->type == CM_STRING) return find(ids, &id);
    bool number = ids->type == CM_INT64 && cm_parse_int(text, id.text.length, &id.number);
    id.text = (cm_text){0};
    return number ? find(ids, &id) : -1;
}

/* ---- adding ---- */

static cm_status reserve_slot(cm_context *ctx, cm_ids *ids) {
    bool grown;
    cm_status status = cm_slots_reserve(ctx, &ids->slots, ids->count + 1, &grown);
    for (uint64_t i = 0; i < ids->count && !status && grown; i++) {
        wanted id = id_at(ids, (int32_t)i);
        cm_slot_place(&ids->slots, hash_of(ids, &id), i);
    }
    return status;
}

/* Room for as much as the segment before took, and a little more. */
static cm_status reserve_segment(cm_context *ctx, cm_ids *ids) {
    uint64_t count = ids->segment_count;
    if (ids->count < count << CM_ID_SEGMENT_BITS) return CM_OK;
    cm_status status = cm_reserve(ctx, &ids->segments, &ids->segment_capacity, count + 1, sizeof(cm_id_segment *));
    cm_id_segment *segment = status ? NULL : cm_alloc(ctx, 1, sizeof *segment);
    if (!segment) return ctx->error.status;
    ids->segments[ids->segment_count++] = segment;
    uint64_t usual = count ? ids->segments[count - 1]->ends[CM_ID_SEGMENT - 1] : 0;
    return cm_reserve(ctx, &segment->bytes, &segment->capacity, usual + usual / 16, 1);
}

static cm_status append_text(cm_context *ctx, cm_ids *ids, cm_text text) {
    uint64_t at = ids->count & (CM_ID_SEGMENT - 1);
    if (text.length > LONGEST_TEXT)
        return cm_fail(ctx, CM_E_LIMIT, "ID_LENGTH", "uu", text.length, (uint64_t)LONGEST_TEXT);
    cm_status status = reserve_segment(ctx, ids);
    if (status) return status;
    cm_id_segment *segment = ids->segments[ids->count >> CM_ID_SEGMENT_BITS];
    uint64_t start = start_in(segment, at), end = start + text.length + 1;
    status = cm_reserve(ctx, &segment->bytes, &segment->capacity, end, 1);
    if (status) return status;
    if (text.length) memcpy(segment->bytes + start, text.data, (size_t)text.length);
    segment->bytes[end - 1] = 0;
    segment->ends[at] = (uint32_t)end;
    return CM_OK;
}

static cm_status append_number(cm_context *ctx, cm_ids *ids, int64_t number) {
    cm_status status = cm_reserve(ctx, &ids->numbers, &ids->number_capacity, ids->count + 1, sizeof *ids->numbers);
    if (!status) ids->numbers[ids->count] = number;
    return status;
}

static cm_status add(cm_context *ctx, cm_ids *ids, const wanted *id, int32_t *code) {
    cm_status status = reserve_slot(ctx, ids);
    if (status) return status;
    uint64_t hash = hash_of(ids, id), slot = slot_of(ids, id, hash);
    if (!ids->slots.of[slot]) {
        if (ids->count == INT32_MAX) return cm_fail(ctx, CM_E_LIMIT, "DISTINCT_LIMIT", "i", (int64_t)INT32_MAX);
        status = id->text.data ? append_text(ctx, ids, id->text) : append_number(ctx, ids, id->number);
        if (status) return status;
        cm_slot_set(&ids->slots, slot, hash, ids->count++);
    }
    *code = code_in(ids, slot);
    return CM_OK;
}

cm_status cm_ids_add_number(cm_context *ctx, cm_ids *ids, int64_t number, int32_t *code) {
    wanted id = {.number = number};
    return add(ctx, ids, &id, code);
}

cm_status cm_ids_add_text(cm_context *ctx, cm_ids *ids, const char *text, uint64_t length, int32_t *code) {
    wanted id = {.text = {text, length}};
    return add(ctx, ids, &id, code);
}

cm_status cm_ids_add(cm_context *ctx, cm_ids *ids, const char *text, int32_t *code) {
    int64_t number;
    if (ids->type == CM_STRING) return cm_ids_add_text(ctx, ids, text, strlen(text), code);
    if (!cm_parse_int(text, strlen(text), &number)) return cm_fail(ctx, CM_E_ARGUMENT, "ID_NUMBER", "s", text);
    return cm_ids_add_number(ctx, ids, number, code);
}

cm_status cm_ids_map(cm_context *ctx, const cm_ids *from, cm_ids *to, int32_t *map) {
    uint64_t count = cm_ids_count(from);
    for (uint64_t code = 0; code < count; code++) {
        wanted id = id_at(from, (int32_t)code);
        cm_status status = add(ctx, to, &id, &map[code]);
        if (status) return status;
    }
    return CM_OK;
}

cm_status cm_ids_put(cm_context *ctx, const cm_ids *ids, int32_t code, cm_builder *builder, uint64_t column) {
    if (code < 0) return CM_OK;
    if (ids->type == CM_INT64) return cm_builder_int(ctx, builder, column, ids->numbers[code]);
    cm_text text = cm_ids_text(ids, code);
    return cm_builder_text(ctx, builder, column, text.data, text.length);
}

/* ---- order ---- */

#define CODES_A_TASK UINT64_C(32768)

typedef struct ordering {
    const cm_ids *ids;
    cm_key *keys;
    int32_t *order;
    uint64_t count;
} ordering;

static void codes_of_task(const ordering *all, uint64_t task, uint64_t *first, uint64_t *end) {
    *first = task * CODES_A_TASK;
    *end = all->count - *first < CODES_A_TASK ? all->count : *first + CODES_A_TASK;
}

static cm_status make_keys(cm_context *ctx, void *state, uint64_t task) {
    const ordering *all = state;
    const cm_ids *ids = all->ids;
    uint64_t i, end;
    (void)ctx;
    for (codes_of_task(all, task, &i, &end); i < end; i++)
        all->keys[i] = (cm_key){ids->type == CM_STRING ? cm_text_prefix(cm_ids_text(ids, (int32_t)i))
                                                       : cm_key_of_int(ids->numbers[i]), i};
    return CM_OK;
}

static cm_status take_order(cm_context *ctx, void *state, uint64_t task) {
    const ordering *all = state;
    uint64_t i, end;
    (void)ctx;
    for (codes_of_task(all, task, &i, &end); i < end; i++) all->order[i] = (int32_t)all->keys[i].value;
    return CM_OK;
}

static int compare_codes(const void *ids, uint64_t a, uint64_t b) {
    return cm_text_compare(cm_ids_text(ids, (int32_t)a), cm_ids_text(ids, (int32_t)b));
}

cm_status cm_ids_order(cm_context *ctx, const cm_ids *ids, uint64_t count, int32_t *order) {
    ordering all = {ids, cm_alloc_raw(ctx, count, sizeof *all.keys), order, count};
    uint64_t tasks = (count + CODES_A_TASK - 1) / CODES_A_TASK;
    if (!all.keys) return ctx->error.status;
    cm_status status = cm_parallel(ctx, tasks, make_keys, &all);
    if (!status) status = ids->type == CM_STRING ? cm_sort_compared(ctx, all.keys, count, compare_codes, ids)
                                                 : cm_sort_keys(ctx, all.keys, count);
    if (!status) status = cm_parallel(ctx, tasks, take_order, &all);
    cm_free(ctx->core, all.keys, count, sizeof *all.keys);
    return status;
}

cm_status cm_ids_ranks(cm_context *ctx, const cm_ids *ids, int32_t *ranks) {
    uint64_t count = cm_ids_count(ids);
    int32_t *order = cm_alloc(ctx, count, sizeof *order);
    cm_status status = order ? cm_ids_order(ctx, ids, count, order) : ctx->error.status;
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
