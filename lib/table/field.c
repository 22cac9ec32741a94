/* The first slot grows from small, so that a table of three rows takes three rows' memory. What is written behind a
 * column's rows does not count yet: a call first makes room, then writes, then moves `rows` on, so that one that fails
 * leaves all as it was. */
#include "table/field.h"

#include <string.h>

#include "base/words.h"

#define FIRST_ROWS UINT64_C(16)

/* ---- room ---- */

static cm_status grow_buffer(cm_context *ctx, cm_buffer **buffer, uint64_t bytes) {
    return *buffer ? cm_buffer_grow(ctx, *buffer, bytes) : cm_buffer_new(ctx, bytes, buffer);
}

static cm_status grow_slot(cm_context *ctx, const cm_field *field, cm_slot *at, uint64_t capacity) {
    uint64_t bytes = field->type == CM_BOOL   ? (capacity + 7) / 8
                     : field->type == CM_LIST ? sizeof(int32_t) /* its codes grow with its items */
                                               : capacity * cm_type_width(field->type);
    cm_status status = grow_buffer(ctx, &at->values, bytes);
    if (!status && field->type == CM_LIST) status = grow_buffer(ctx, &at->offsets, (capacity + 1) * sizeof(int64_t));
    if (!status && at->validity) status = cm_buffer_grow(ctx, at->validity, (capacity + 7) / 8);
    if (!status) at->capacity = capacity;
    return status;
}

/* The rows of a slot when the field has `rows`. */
static uint64_t rows_in(uint64_t index, uint64_t rows) {
    uint64_t first = index * CM_CHUNK_ROWS;
    if (rows <= first) return 0;
    return rows - first < CM_CHUNK_ROWS ? rows - first : CM_CHUNK_ROWS;
}

static cm_status reserve_slow(cm_context *ctx, cm_field *field, uint64_t rows) {
    uint64_t needed = rows / CM_CHUNK_ROWS + (rows % CM_CHUNK_ROWS != 0);
    cm_status status = cm_reserve(ctx, &field->slots, &field->slot_capacity, needed, sizeof *field->slots);
    if (status) return status;
    for (; field->slot_count < needed; field->slot_count++) field->slots[field->slot_count] = (cm_slot){0};
    for (uint64_t i = field->rows / CM_CHUNK_ROWS; i < needed && !status; i++) {
        uint64_t rows_here = rows_in(i, rows), capacity = field->slots[i].capacity;
        if (rows_here <= capacity) continue;
        capacity = i > 0 ? CM_CHUNK_ROWS : capacity ? capacity * 2 : FIRST_ROWS;
        if (capacity < rows_here) capacity = rows_here;
        if (capacity > CM_CHUNK_ROWS) capacity = CM_CHUNK_ROWS;
        status = grow_slot(ctx, field, &field->slots[i], capacity);
    }
    return status;
}

/* Room for so many rows in all. */
static cm_status reserve(cm_context *ctx, cm_field *field, uint64_t rows) {
    uint64_t last = (rows - 1) / CM_CHUNK_ROWS;
    if (last == field->rows / CM_CHUNK_ROWS && last < field->slot_count
        && rows_in(last, rows) <= field->slots[last].capacity)
        return CM_OK;
    return reserve_slow(ctx, field, rows);
}

cm_status cm_field_reserve(cm_context *ctx, cm_field *field) { return reserve(ctx, field, field->rows + 1); }

/* Sets the bits of rows that are present, bytes of 0 and 1; NULL: all are. They were 0. */
static void set_bits(uint8_t *bits, uint64_t at, const uint8_t *present, uint64_t rows) {
    uint64_t row = 0;
    for (; row < rows && (at + row) % 8; row++)
        if (!present || present[row]) cm_set_bit(bits, at + row);
    for (; row + 8 <= rows; row += 8) /* byte i of eight to bit i of the highest */
        bits[(at + row) / 8] = present ? (uint8_t)(cm_load_word((const char *)present + row)
                                                   * UINT64_C(0x0102040810204080) >> 56)
                                       : 0xFF;
    for (; row < rows; row++)
        if (!present || present[row]) cm_set_bit(bits, at + row);
}

/* A validity bitmap for a slot that has none, in which the rows so far are present. */
static cm_status need_validity(cm_context *ctx, cm_field *field, uint64_t index) {
    cm_slot *at = &field->slots[index];
    if (at->validity) return CM_OK;
    cm_status status = cm_buffer_new(ctx, (at->capacity + 7) / 8, &at->validity);
    if (!status) set_bits(at->validity->data, 0, NULL, rows_in(index, field->rows));
    return status;
}

cm_status cm_field_reserve_absent(cm_context *ctx, cm_field *field) {
    return need_validity(ctx, field, field->rows / CM_CHUNK_ROWS);
}

/* ---- a row at a time ---- */

static cm_slot *slot_at_hand(cm_field *field, uint64_t *at) {
    *at = field->rows % CM_CHUNK_ROWS;
    return &field->slots[field->rows / CM_CHUNK_ROWS];
}

void cm_field_put_int(cm_field *field, int64_t value) {
    uint64_t at;
    void *values = slot_at_hand(field, &at)->values->data;
    if (field->type == CM_BOOL && value) cm_set_bit(values, at);
    else if (field->type == CM_BOOL) cm_clear_bit(values, at);
    else if (cm_type_width(field->type) == 4) ((int32_t *)values)[at] = (int32_t)value;
    else ((int64_t *)values)[at] = value;
}

void cm_field_put_double(cm_field *field, double value) {
    uint64_t at;
    ((double *)slot_at_hand(field, &at)->values->data)[at] = value;
}

cm_status cm_field_add_item(cm_context *ctx, cm_field *field, const char *text, uint64_t length) {
    uint64_t at;
    int32_t code;
    cm_slot *to = slot_at_hand(field, &at);
    uint64_t place = (uint64_t)((const int64_t *)to->offsets->data)[at] + field->items;
    cm_status status = CM_OK;
    if ((place + 1) * sizeof code > to->values->size) status = cm_buffer_grow(ctx, to->values, to->values->size * 2);
    if (!status) status = cm_dictionary_add(ctx, field->dictionary, text, length, &code);
    if (status) return status;
    ((int32_t *)to->values->data)[place] = code;
    field->items++;
    return CM_OK;
}

/* An absent cell is zero underneath, so that equal tables have equal bytes. */
static void put_nothing(const cm_field *field, cm_slot *to, uint64_t at) {
    uint64_t width = cm_type_width(field->type);
    if (width) memset((char *)to->values->data + at * width, 0, (size_t)width);
    else cm_clear_bit(to->values->data, at);
}

void cm_field_end_row(cm_field *field) {
    uint64_t at;
    cm_slot *to = slot_at_hand(field, &at);
    if (field->type == CM_LIST) {
        int64_t *offsets = to->offsets->data;
        offsets[at + 1] = offsets[at] + (int64_t)field->items;
    } else if (!field->set) {
        put_nothing(field, to, at);
    }
    if (to->validity && field->set) cm_set_bit(to->validity->data, at);
    field->rows++;
    field->set = false;
    field->items = 0;
}

/* ---- a column at a time ---- */

static bool present_in(const cm_portion *from, uint64_t row) { return !from->validity || cm_bit(from->validity, row); }

/* Copies rows of a portion, from number `first` on, to `at` in a slot: values alone, which do not count yet. */
static cm_status copy_values(cm_context *ctx, cm_field *field, cm_slot *to, uint64_t at, const cm_portion *from,
                             uint64_t first, uint64_t rows) {
    uint64_t width = cm_type_width(field->type);
    unsigned char *values = to->values->data;
    cm_status status = CM_OK;
    if (width && field->type != CM_STRING)
        memcpy(values + at * width, (const char *)from->values + first * width, (size_t)(rows * width));
    for (uint64_t i = 0; i < rows && !status; i++) {
        bool present = present_in(from, first + i);
        if (field->type == CM_BOOL) {
            cm_clear_bit(values, at + i);
            if (present && cm_bit(from->values, first + i)) cm_set_bit(values, at + i);
        } else if (!present) {
            memset(values + (at + i) * width, 0, (size_t)width);
        } else if (field->type == CM_STRING) {
            int64_t start = from->offsets[first + i], end = from->offsets[first + i + 1];
            status = cm_dictionary_add(ctx, field->dictionary, from->bytes + start, (uint64_t)(end - start),
                                       (int32_t *)(void *)values + at + i);
        }
    }
    return status;
}

static bool any_absent(const cm_portion *from, uint64_t first, uint64_t rows) {
    for (uint64_t i = 0; from->validity && i < rows; i++)
        if (!cm_bit(from->validity, first + i)) return true;
    return false;
}

/* One portion into one slot after the other. `commit` false makes room and copies; true sets validity. */
static cm_status walk_slots(cm_context *ctx, cm_field *field, const cm_portion *from, uint64_t rows, bool commit) {
    cm_status status = CM_OK;
    for (uint64_t done = 0, part; done < rows && !status; done += part) {
        uint64_t index = (field->rows + done) / CM_CHUNK_ROWS, at = (field->rows + done) % CM_CHUNK_ROWS;
        cm_slot *to = &field->slots[index];
        part = rows - done < CM_CHUNK_ROWS - at ? rows - done : CM_CHUNK_ROWS - at;
        if (commit) {
            for (uint64_t i = 0; to->validity && i < part; i++)
                if (present_in(from, done + i)) cm_set_bit(to->validity->data, at + i);
            continue;
        }
        if (any_absent(from, done, part)) status = need_validity(ctx, field, index);
        if (!status) status = copy_values(ctx, field, to, at, from, done, part);
        if (!status) status = cm_tick(ctx, "build", done, rows);
    }
    return status;
}

cm_status cm_field_append(cm_context *ctx, cm_field *field, const cm_portion *from, uint64_t rows) {
    uint64_t all;
    if (field->set) return cm_fail(ctx, CM_E_ARGUMENT, "CELL_TWICE", "s", field->name);
    if (rows == 0) return CM_OK;
    if (cm_add_overflows(field->rows, rows, &all)) return cm_fail_memory(ctx, rows, false);
    cm_status status = reserve(ctx, field, all);
    if (!status) status = walk_slots(ctx, field, from, rows, false);
    if (status) return status;
    walk_slots(ctx, field, from, rows, true);
    field->rows = all;
    return CM_OK;
}

/* ---- values as a reader makes them ---- */

#define SLAB_BYTES (UINT64_C(2) << 20) /* what systems have as a large page */

static void release_slab(void *slab) { cm_buffer_release(slab); }

/* A piece of the field's slab; of a new one where it is used up. */
static cm_status take_slab(cm_context *ctx, cm_field *field, uint64_t bytes, cm_buffer **out) {
    if (!field->slab || field->slab_used + bytes > SLAB_BYTES) {
        cm_buffer_release(field->slab);
        field->slab_used = 0;
        cm_status status = cm_buffer_new_raw(ctx, SLAB_BYTES, &field->slab);
        if (status) return status;
    }
    char *data = (char *)field->slab->data + field->slab_used;
    cm_status status = cm_buffer_foreign(ctx, data, bytes, release_slab, field->slab, out);
    if (status) return status;
    cm_buffer_retain(field->slab);
    field->slab_used += bytes;
    return CM_OK;
}

/* A slot of its final size, its bytes as they come. */
static cm_status raw_slot(cm_context *ctx, cm_field *field, bool many, cm_slot *at) {
    uint64_t width = cm_type_width(field->type), bytes = width ? CM_CHUNK_ROWS * width : CM_CHUNK_ROWS / 8;
    cm_status status = many ? take_slab(ctx, field, bytes, &at->values) : cm_buffer_new_raw(ctx, bytes, &at->values);
    if (!status) at->capacity = CM_CHUNK_ROWS;
    return status;
}

static cm_status reserve_raw(cm_context *ctx, cm_field *field, uint64_t rows, uint64_t expected) {
    uint64_t needed = (rows - 1) / CM_CHUNK_ROWS + 1;
    cm_status status = cm_reserve(ctx, &field->slots, &field->slot_capacity, needed, sizeof *field->slots);
    while (!status && field->slot_count < needed && (field->slot_count || expected >= CM_CHUNK_ROWS)) {
        cm_slot fresh = {0};
        status = raw_slot(ctx, field, expected > SLAB_BYTES / 8, &fresh);
        if (!status) field->slots[field->slot_count++] = fresh;
    }
    return status ? status : reserve(ctx, field, rows);
}

static void put_values(const cm_field *field, cm_slot *to, uint64_t at, const void *values, uint64_t first,
                       uint64_t rows) {
    uint64_t width = cm_type_width(field->type);
    const int64_t *from = values;
    unsigned char *out = to->values->data;
    if (width) {
        memcpy(out + at * width, (const char *)values + first * width, (size_t)(rows * width));
        return;
    }
    for (uint64_t i = 0; i < rows; i++)
        if (from[first + i]) cm_set_bit(out, at + i);
        else cm_clear_bit(out, at + i);
}

cm_status cm_field_take(cm_context *ctx, cm_field *field, const void *values, const uint8_t *present, uint64_t rows,
                        uint64_t expected) {
    cm_status status = rows ? reserve_raw(ctx, field, field->rows + rows, expected) : CM_OK;
    for (uint64_t done = 0, part; done < rows && !status; done += part) {
        uint64_t index = field->rows / CM_CHUNK_ROWS, at = field->rows % CM_CHUNK_ROWS;
        cm_slot *to = &field->slots[index];
        part = rows - done < CM_CHUNK_ROWS - at ? rows - done : CM_CHUNK_ROWS - at;
        put_values(field, to, at, values, done, part);
        if (present && memchr(present + done, 0, (size_t)part)) status = need_validity(ctx, field, index);
        if (status) break;
        if (to->validity) set_bits(to->validity->data, at, present ? present + done : NULL, part);
        field->rows += part;
    }
    return status;
}

/* ---- beginning and end ---- */

cm_status cm_field_init(cm_context *ctx, cm_field *field, const char *name, int32_t type, int32_t scale, int32_t role) {
    *field = (cm_field){.name_length = strlen(name), .type = type, .scale = scale, .role = role};
    field->name = cm_copy_text(ctx, name, field->name_length);
    if (!field->name) return ctx->error.status;
    cm_status status = type == CM_STRING || type == CM_LIST ? cm_dictionary_new(ctx, &field->dictionary) : CM_OK;
    if (status) cm_field_clear(ctx->core, field);
    return status;
}

void cm_field_empty(cm_field *field) {
    for (uint64_t i = 0; i < field->slot_count; i++) {
        cm_buffer_release(field->slots[i].values);
        cm_buffer_release(field->slots[i].offsets);
        cm_buffer_release(field->slots[i].validity);
    }
    cm_buffer_release(field->slab);
    field->slab = NULL;
    field->slot_count = 0;
    field->rows = 0;
}

void cm_field_clear(cm_core *core, cm_field *field) {
    cm_field_empty(field);
    cm_free(core, field->slots, field->slot_capacity, sizeof *field->slots);
    cm_dictionary_release(field->dictionary);
    cm_free(core, field->name, field->name_length + 1, 1);
}

/* The padding behind the last value is zero in every table. */
static void clear_behind(const cm_field *field, const cm_slot *at, uint64_t rows) {
    uint64_t width = cm_type_width(field->type), end = width ? rows * width : (rows + 7) / 8;
    uint64_t padded = (end + 63) & ~UINT64_C(63);
    if (field->type == CM_LIST) return;
    if (!width && rows % 8) ((unsigned char *)at->values->data)[end - 1] &= (unsigned char)((1 << rows % 8) - 1);
    memset((char *)at->values->data + end, 0, (size_t)(padded - end));
}

cm_status cm_field_column(cm_context *ctx, cm_field *from, cm_column **out) {
    uint64_t chunk_count = from->rows ? (from->rows - 1) / CM_CHUNK_ROWS + 1 : 1;
    cm_status status = from->rows ? CM_OK : reserve(ctx, from, 1);
    if (!status)
        status = cm_column_new(ctx, from->name, from->type, from->scale, from->role, 0, from->dictionary, chunk_count,
                               out);
    for (uint64_t i = 0; !status && i < chunk_count; i++) {
        const cm_slot *part = &from->slots[i];
        clear_behind(from, part, rows_in(i, from->rows));
        (*out)->chunks[i] = (cm_chunk){
            .rows = rows_in(i, from->rows),
            .values = part->values->data,
            .offsets = part->offsets ? part->offsets->data : NULL,
            .validity = part->validity ? part->validity->data : NULL,
            .values_buffer = cm_buffer_retain(part->values),
            .offsets_buffer = cm_buffer_retain(part->offsets),
            .validity_buffer = cm_buffer_retain(part->validity),
        };
    }
    return status;
}

