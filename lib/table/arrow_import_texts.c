/* Texts, dictionaries and lists as chunks of codes. Each text is looked up once in the column's dictionary, those of a
 * dictionary once an entry; only a text seen for the first time is checked for UTF-8. The indices of a dictionary
 * without absent or double entries are then our codes as they stand. */
#include <string.h>

#include "base/utf8.h"
#include "table/arrow.h"

/* ---- texts ---- */

static int64_t load_offset(const void *offsets, uint32_t width, uint64_t index) {
    int32_t narrow;
    int64_t wide;
    if (width == 8) {
        memcpy(&wide, (const char *)offsets + index * sizeof wide, sizeof wide);
        return wide;
    }
    memcpy(&narrow, (const char *)offsets + index * sizeof narrow, sizeof narrow);
    return narrow;
}

/* A view: length, then either 12 bytes of text or 4 of it, the number of a buffer and the offset there. The sizes of
 * those buffers stand in the last one. */
static const char *read_view(const struct ArrowArray *array, uint64_t index, cm_text *out) {
    int32_t head[4]; /* length, prefix, buffer, offset */
    int64_t size;
    const char *view = (const char *)array->buffers[1] + index * sizeof head;
    int64_t buffers = array->n_buffers - 3;
    memcpy(head, view, sizeof head);
    if (head[0] < 0) return "views";
    *out = (cm_text){view + 4, (uint64_t)head[0]};
    if (head[0] <= 12) return NULL;
    if (head[2] < 0 || head[2] >= buffers || !array->buffers[array->n_buffers - 1]) return "views";
    memcpy(&size, (const char *)array->buffers[array->n_buffers - 1] + (uint64_t)head[2] * sizeof size, sizeof size);
    if (head[3] < 0 || (int64_t)head[3] + head[0] > size || !array->buffers[2 + head[2]]) return "views";
    out->data = (const char *)array->buffers[2 + head[2]] + head[3];
    return NULL;
}

/* NULL, or what is wrong. */
static const char *read_text(const cm_arrow_window *window, const cm_arrow_type *type, uint64_t row, cm_text *out) {
    const struct ArrowArray *array = window->array;
    uint64_t index = window->first + row;
    if (type->kind == CM_ARROW_TEXT_VIEW) return read_view(array, index, out);
    int64_t start = load_offset(array->buffers[1], type->width, index);
    int64_t end = load_offset(array->buffers[1], type->width, index + 1);
    if (start < 0 || end < start) return "offsets";
    if (end > start && !array->buffers[2]) return "buffers[2]";
    *out = end > start ? (cm_text){(const char *)array->buffers[2] + start, (uint64_t)(end - start)} : (cm_text){"", 0};
    return NULL;
}

static cm_status add_text(const cm_arrow_window *window, const cm_arrow_type *type, uint64_t row, int32_t *code) {
    cm_text text;
    cm_dictionary *dictionary = window->column->dictionary;
    uint64_t before = cm_dictionary_size(dictionary);
    const char *wrong = read_text(window, type, row, &text);
    if (wrong) return cm_arrow_malformed(window->ctx, window->name, wrong);
    cm_status status = cm_dictionary_add(window->ctx, dictionary, text.data, text.length, code);
    if (!status && cm_dictionary_size(dictionary) > before && !cm_utf8_is_valid(text.data, text.length))
        return cm_fail(window->ctx, CM_E_DATA, "ARROW_TEXT", "su", window->name, window->number + row);
    return status;
}

cm_status cm_arrow_read_texts(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out) {
    int32_t *codes;
    cm_status status = cm_arrow_fresh(window->ctx, sizeof *codes, out, &codes);
    for (uint64_t i = 0; i < out->rows && !status; i++) {
        if (i % CM_CHUNK_ROWS == 0) status = cm_tick(window->ctx, "arrow", 0, 0);
        if (!status && cm_chunk_present(out, i)) status = add_text(window, type, i, &codes[i]);
    }
    return status;
}

/* ---- dictionaries ---- */

/* The same memory, hence the same entries: the column keeps the memory of the one, the owner that of the other. */
static bool same_array(const struct ArrowArray *a, const struct ArrowArray *b) {
    if (!a || a->length != b->length || a->offset != b->offset || a->null_count != b->null_count) return false;
    if (a->n_buffers != b->n_buffers || !b->buffers) return false;
    for (int64_t i = 0; i < a->n_buffers; i++)
        if (a->buffers[i] != b->buffers[i]) return false;
    return true;
}

static bool is_identity(const cm_chunk *entries) {
    const int32_t *codes = (const int32_t *)entries->values + entries->offset;
    for (uint64_t i = 0; i < entries->rows; i++)
        if (!cm_chunk_present(entries, i) || codes[i] != (int32_t)i) return false;
    return true;
}

/* Reads the entries of the array's dictionary, unless they are those of the array before. */
static cm_status learn(const cm_arrow_window *window, const cm_arrow_type *type) {
    cm_arrow_known *known = &window->column->known;
    cm_arrow_window entries = *window;
    cm_arrow_type plain = *type;
    cm_chunk chunk = {0};
    entries.array = window->array->dictionary;
    entries.number = 1;
    entries.mask = NULL;
    plain.index_width = 0;
    if (same_array(known->array, entries.array)) return CM_OK;
    cm_status status = cm_arrow_open(&entries, 0, (uint64_t)entries.array->length);
    if (!status) status = cm_arrow_read(&entries, &plain, &chunk);
    if (status) {
        cm_arrow_chunk_clear(&chunk);
        return status;
    }
    cm_arrow_chunk_clear(&known->entries);
    cm_arrow_owner_release(known->owner);
    *known = (cm_arrow_known){cm_arrow_owner_retain(window->owner), entries.array, chunk,
                              type->type == CM_STRING && is_identity(&chunk)};
    return CM_OK;
}

/* A negative index is larger than any dictionary. */
static uint64_t load_index(const cm_arrow_window *window, const cm_arrow_type *type, uint64_t row) {
    const unsigned char *at =
        (const unsigned char *)window->array->buffers[1] + (window->first + row) * type->index_width;
    uint64_t wide;
    uint32_t index;
    uint16_t narrow;
    switch (type->index_width) {
    case 1: return type->index_is_unsigned ? *at : (uint64_t)(int8_t)*at;
    case 2: memcpy(&narrow, at, sizeof narrow); return type->index_is_unsigned ? narrow : (uint64_t)(int16_t)narrow;
    case 4: memcpy(&index, at, sizeof index); return type->index_is_unsigned ? index : (uint64_t)(int32_t)index;
    default: memcpy(&wide, at, sizeof wide); return wide;
    }
}

/* All rows count, the absent ones too: a reader of codes may look at those before it asks whether they are present. */
static bool are_codes(const cm_arrow_window *window, const cm_arrow_type *type, uint64_t entries) {
    if (!window->rows || type->index_width != sizeof(int32_t)) return false;
    if (!cm_arrow_aligned(window->array->buffers[1], sizeof(int32_t))) return false;
    for (uint64_t i = 0; i < window->rows; i++)
        if (load_index(window, type, i) >= entries) return false;
    return true;
}

static void copy_entry(const cm_chunk *entries, uint64_t entry, cm_chunk *out, uint64_t row, uint64_t width) {
    uint64_t from = entries->offset + entry, to = out->offset + row;
    if (width)
        memcpy((char *)out->values_buffer->data + to * width, (const char *)entries->values + from * width,
               (size_t)width);
    else if (cm_bit(entries->values, from)) cm_set_bit(out->values_buffer->data, to);
}

static cm_status take_entries(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out) {
    const cm_chunk *entries = &window->column->known.entries;
    uint64_t width = cm_type_width(type->type);
    void *values;
    cm_status status = cm_arrow_fresh(window->ctx, width, out, &values);
    if (!status && entries->validity) status = cm_arrow_own_validity(window->ctx, out);
    for (uint64_t i = 0; i < out->rows && !status; i++) {
        if (i % CM_CHUNK_ROWS == 0) status = cm_tick(window->ctx, "arrow", 0, 0);
        if (status || !cm_chunk_present(out, i)) continue;
        uint64_t entry = load_index(window, type, i);
        if (entry >= entries->rows)
            return cm_fail(window->ctx, CM_E_FORMAT, "ARROW_INDEX", "sui", window->name, window->number + i,
                           (int64_t)entry);
        if (cm_chunk_present(entries, entry)) copy_entry(entries, entry, out, i, width);
        else cm_clear_bit(out->validity_buffer->data, out->offset + i);
    }
    return status;
}

cm_status cm_arrow_read_encoded(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out) {
    const cm_arrow_known *known = &window->column->known;
    cm_status status = learn(window, type);
    if (status) return status;
    if (known->identity && are_codes(window, type, known->entries.rows))
        return cm_arrow_share(window, window->array->buffers[1], sizeof(int32_t), out);
    return take_entries(window, type, out);
}

/* ---- lists ---- */

/* The items that the rows span; *tight tells that none of them lies under an absent row. */
static cm_status check_offsets(const cm_arrow_window *window, const cm_arrow_type *type, const cm_chunk *out,
                               int64_t *start, int64_t *end, bool *tight) {
    const void *offsets = window->array->buffers[1];
    *start = *end = out->rows ? load_offset(offsets, type->width, window->first) : 0;
    *tight = true;
    if (*start < 0) return cm_arrow_malformed(window->ctx, window->name, "offsets");
    for (uint64_t i = 0; i < out->rows; i++) {
        int64_t next = load_offset(offsets, type->width, window->first + i + 1);
        if (next < *end) return cm_arrow_malformed(window->ctx, window->name, "offsets");
        if (next > *end && !cm_chunk_present(out, i)) *tight = false;
        *end = next;
    }
    return CM_OK;
}

/* New offsets, from 0 on, to the items as they are. */
static cm_status copy_offsets(const cm_arrow_window *window, const cm_arrow_type *type, int64_t start, cm_chunk *out) {
    cm_status status =
        cm_buffer_new(window->ctx, (out->offset + out->rows + 1) * sizeof(int64_t), &out->offsets_buffer);
    if (status) return status;
    int64_t *offsets = out->offsets_buffer->data;
    for (uint64_t i = 0; out->rows && i <= out->rows; i++)
        offsets[out->offset + i] = load_offset(window->array->buffers[1], type->width, window->first + i) - start;
    out->offsets = offsets;
    return CM_OK;
}

static cm_status share_offsets(const cm_arrow_window *window, cm_chunk *out) {
    out->offsets = (const int64_t *)window->array->buffers[1] + (window->first - out->offset);
    return cm_arrow_borrow(window, out->offsets, (out->offset + out->rows + 1) * sizeof(int64_t), &out->offsets_buffer);
}

/* Leaves out absent items, for a list has present ones only, and what lies under absent rows. The offsets are our own
 * copy; so are the items. */
static cm_status squeeze(cm_context *ctx, const cm_chunk *items, cm_chunk *out) {
    cm_status status = cm_buffer_new(ctx, items->rows * sizeof(int32_t), &out->values_buffer);
    if (status) return status;
    const int32_t *from = (const int32_t *)items->values + items->offset;
    int32_t *to = out->values_buffer->data;
    int64_t *offsets = (int64_t *)out->offsets_buffer->data + out->offset;
    int64_t begin = offsets[0], count = 0;
    for (uint64_t i = 0; i < out->rows; i++) {
        int64_t end = offsets[i + 1];
        for (int64_t k = begin; k < end && cm_chunk_present(out, i); k++)
            if (cm_chunk_present(items, (uint64_t)k)) to[count++] = from[k];
        offsets[i + 1] = count;
        begin = end;
    }
    out->values = to;
    return CM_OK;
}

static bool all_present(const cm_chunk *items) {
    for (uint64_t i = 0; items->validity && i < items->rows; i++)
        if (!cm_chunk_present(items, i)) return false;
    return true;
}

static cm_status join_items(const cm_arrow_window *window, const cm_arrow_type *type, int64_t start, bool tight,
                            cm_chunk *items, cm_chunk *out) {
    bool as_it_is = tight && all_present(items);
    bool ours = out->rows && type->width == sizeof(int64_t) && start == 0
                && cm_arrow_aligned(window->array->buffers[1], sizeof(int64_t));
    cm_status status = as_it_is && ours ? share_offsets(window, out) : copy_offsets(window, type, start, out);
    if (status || !as_it_is) return status ? status : squeeze(window->ctx, items, out);
    out->values = (const int32_t *)items->values + items->offset;
    out->values_buffer = items->values_buffer;
    items->values_buffer = NULL;
    return CM_OK;
}

cm_status cm_arrow_read_lists(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out) {
    int64_t start, end;
    bool tight;
    cm_chunk items = {0};
    cm_arrow_window inner = *window;
    inner.array = window->array->children[0];
    inner.mask = NULL;
    cm_status status = check_offsets(window, type, out, &start, &end, &tight);
    if (status) return status;
    inner.number = (uint64_t)start + 1;
    status = cm_arrow_open(&inner, (uint64_t)start, (uint64_t)(end - start));
    if (!status) status = cm_arrow_read(&inner, &window->column->items, &items);
    if (!status) status = join_items(window, type, start, tight, &items, out);
    cm_arrow_chunk_clear(&items);
    return status;
}
