/* Arrays of numbers, dates and bits as chunks; the shape of all arrays. */
#include <string.h>

#include "base/civil.h"
#include "table/arrow.h"

#define DAY_MILLISECONDS INT64_C(86400000)
/* No array has more elements, so that no product with a width overflows. */
#define MOST_ELEMENTS (INT64_MAX / 64)

cm_status cm_arrow_malformed(cm_context *ctx, const char *name, const char *what) {
    if (!name) return cm_fail(ctx, CM_E_FORMAT, "ARROW_STRUCT", "s", what);
    return cm_fail(ctx, CM_E_FORMAT, "ARROW_MALFORMED", "ss", name, what);
}

/* ---- shape ---- */

cm_status cm_arrow_open(cm_arrow_window *window, uint64_t start, uint64_t rows) {
    const struct ArrowArray *array = window->array;
    uint64_t end;
    if (!array || !array->release) return cm_arrow_malformed(window->ctx, window->name, "children");
    if (array->length < 0 || array->length > MOST_ELEMENTS)
        return cm_arrow_malformed(window->ctx, window->name, "length");
    if (array->offset < 0 || array->offset > MOST_ELEMENTS)
        return cm_arrow_malformed(window->ctx, window->name, "offset");
    if (cm_add_overflows(start, rows, &end) || end > (uint64_t)array->length)
        return cm_arrow_malformed(window->ctx, window->name, "length");
    window->first = (uint64_t)array->offset + start;
    window->rows = rows;
    return CM_OK;
}

/* Numbers of buffers and children as the type has them. An array of no rows may have no memory at all. */
static cm_status check_shape(const cm_arrow_window *window, const cm_arrow_type *type) {
    const struct ArrowArray *array = window->array;
    bool encoded = type->index_width > 0, list = !encoded && type->kind == CM_ARROW_LIST;
    bool view = !encoded && type->kind == CM_ARROW_TEXT_VIEW;
    int64_t buffers = encoded ? 2 : type->kind == CM_ARROW_NULL ? 0 : view || type->kind == CM_ARROW_TEXT ? 3 : 2;
    if (view ? array->n_buffers < buffers : array->n_buffers != buffers)
        return cm_arrow_malformed(window->ctx, window->name, "n_buffers");
    if (buffers && !array->buffers) return cm_arrow_malformed(window->ctx, window->name, "buffers");
    if (buffers && window->rows && !array->buffers[1])
        return cm_arrow_malformed(window->ctx, window->name, "buffers[1]");
    if (array->n_children != list || (list && !array->children))
        return cm_arrow_malformed(window->ctx, window->name, "n_children");
    if (encoded != (array->dictionary != NULL)) return cm_arrow_malformed(window->ctx, window->name, "dictionary");
    return CM_OK;
}

/* ---- validity ---- */

cm_status cm_arrow_own_validity(cm_context *ctx, cm_chunk *out) {
    cm_buffer *fresh;
    cm_status status = cm_buffer_new(ctx, (out->offset + out->rows + 7) / 8, &fresh);
    if (status) return status;
    for (uint64_t i = 0; i < out->rows; i++)
        if (cm_chunk_present(out, i)) cm_set_bit(fresh->data, out->offset + i);
    cm_buffer_release(out->validity_buffer);
    out->validity_buffer = fresh;
    out->validity = fresh->data;
    return CM_OK;
}

static cm_status no_row_present(cm_context *ctx, cm_chunk *out) {
    cm_status status = cm_buffer_new(ctx, (out->offset + out->rows + 7) / 8, &out->validity_buffer);
    if (!status) out->validity = out->validity_buffer->data;
    return status;
}

/* A row is present if it is both in its own validity and in the mask. */
static cm_status read_validity(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out) {
    const struct ArrowArray *array = window->array;
    cm_status status = CM_OK;
    if (type->kind == CM_ARROW_NULL && !type->index_width) return no_row_present(window->ctx, out);
    if (array->null_count > array->length || array->null_count < -1 || (array->null_count > 0 && !array->buffers[0]))
        return cm_arrow_malformed(window->ctx, window->name, "null_count");
    if (array->null_count && array->buffers[0]) {
        out->validity = (const uint8_t *)array->buffers[0] + (window->first >> 3);
        status = cm_arrow_borrow(window, out->validity, (out->offset + out->rows + 7) / 8, &out->validity_buffer);
    }
    if (status || !window->mask) return status;
    status = cm_arrow_own_validity(window->ctx, out);
    for (uint64_t i = 0; i < out->rows && !status; i++)
        if (!cm_bit(window->mask, window->mask_first + i)) cm_clear_bit(out->validity_buffer->data, out->offset + i);
    return status;
}

/* ---- memory of values ---- */

cm_status cm_arrow_share(const cm_arrow_window *window, const void *buffer, uint64_t width, cm_chunk *out) {
    uint64_t start = window->first - out->offset, count = out->offset + out->rows;
    uint64_t bytes = width ? count * width : (count + 7) / 8;
    out->values = (const char *)buffer + (width ? start * width : start / 8);
    return cm_arrow_borrow(window, out->values, bytes, &out->values_buffer);
}

cm_status cm_arrow_fresh(cm_context *ctx, uint64_t width, cm_chunk *out, void *values) {
    uint64_t count = out->offset + out->rows;
    cm_status status = cm_buffer_new(ctx, width ? count * width : (count + 7) / 8, &out->values_buffer);
    if (status) return status;
    char *first = (char *)out->values_buffer->data + out->offset * width;
    memcpy(values, &first, sizeof first); /* values points to a pointer of some type */
    out->values = out->values_buffer->data;
    return CM_OK;
}

/* ---- numbers ---- */

static bool has_our_layout(const cm_arrow_type *type) {
    switch (type->kind) {
    case CM_ARROW_BOOL:
    case CM_ARROW_DAYS: return true;
    case CM_ARROW_INTEGER: return type->width == 8 && !type->is_unsigned;
    case CM_ARROW_FLOATING:
    case CM_ARROW_DECIMAL: return type->width == 8;
    case CM_ARROW_TIME: return type->unit == 1000000;
    default: return false;
    }
}

/* IEEE 754 binary16: 1 bit of sign, 5 of exponent, 10 of fraction. */
static double half_to_double(uint16_t half) {
    uint32_t exponent = half >> 10 & 31, fraction = half & 1023u;
    uint32_t bits = (uint32_t)(half >> 15) << 31 | (exponent == 31 ? 255u : exponent + 112) << 23 | fraction << 13;
    float value;
    memcpy(&value, &bits, sizeof value);
    if (exponent == 0) return half >> 15 ? -(double)fraction * 0x1p-24 : (double)fraction * 0x1p-24;
    return value;
}

/* The lowest 64 bits, if all above only repeat their sign. Limbs lie in the order of this machine. */
static bool narrow_decimal(const unsigned char *from, uint32_t width, int64_t *out) {
    uint32_t limbs = width / 8;
    for (uint32_t i = 0; i < limbs; i++) {
        int64_t limb;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        memcpy(&limb, from + (limbs - 1 - i) * 8, sizeof limb);
#else
        memcpy(&limb, from + i * 8, sizeof limb);
#endif
        if (i == 0) *out = limb;
        else if (limb != (*out < 0 ? -1 : 0)) return false;
    }
    return true;
}

static bool days_of_milliseconds(int64_t milliseconds, int32_t *out) {
    int64_t days = milliseconds / DAY_MILLISECONDS;
    if (milliseconds % DAY_MILLISECONDS || days < INT32_MIN || days > INT32_MAX) return false;
    *out = (int32_t)days;
    return true;
}

/* Nanoseconds are rounded down, so that times keep their order. */
static bool microseconds_of(int64_t time, int64_t unit, int64_t *out) {
    if (unit <= 1000000) return !__builtin_mul_overflow(time, 1000000 / unit, out);
    int64_t divisor = unit / 1000000;
    *out = time / divisor - (time % divisor < 0);
    return true;
}

/* One loop a layout: each turns `rows` numbers of one C type into numbers of another, and leaves the enclosing function
 * with the first that does not fit. */
#define CONVERT(from_type, to_type, fits)                                                                              \
    for (uint64_t i = 0; i < rows; i++) {                                                                              \
        from_type value;                                                                                               \
        to_type result = 0;                                                                                            \
        memcpy(&value, from + i * sizeof value, sizeof value);                                                         \
        if (!(fits)) return i;                                                                                         \
        memcpy(to + i * sizeof result, &result, sizeof result);                                                        \
    }                                                                                                                  \
    return rows

static uint64_t convert_integers(const cm_arrow_type *type, const unsigned char *from, unsigned char *to,
                                 uint64_t rows) {
    switch (type->width * 2 + type->is_unsigned) {
    case 2: CONVERT(int8_t, int64_t, (result = value, true));
    case 3: CONVERT(uint8_t, int64_t, (result = value, true));
    case 4: CONVERT(int16_t, int64_t, (result = value, true));
    case 5: CONVERT(uint16_t, int64_t, (result = value, true));
    case 8: CONVERT(int32_t, int64_t, (result = value, true));
    case 9: CONVERT(uint32_t, int64_t, (result = value, true));
    case 17: CONVERT(uint64_t, int64_t, (result = (int64_t)value, value <= INT64_MAX));
    default: return 0;
    }
}

static uint64_t convert_decimals(const cm_arrow_type *type, const unsigned char *from, unsigned char *to,
                                 uint64_t rows) {
    if (type->width == 4) { CONVERT(int32_t, int64_t, (result = value, true)); }
    for (uint64_t i = 0; i < rows; i++) {
        int64_t result = 0;
        if (!narrow_decimal(from + i * type->width, type->width, &result)) return i;
        memcpy(to + i * sizeof result, &result, sizeof result);
    }
    return rows;
}

/* The number of the first that does not fit; rows: all do. */
static uint64_t convert(const cm_arrow_type *type, const unsigned char *from, unsigned char *to, uint64_t rows) {
    if (has_our_layout(type)) { /* but lies unaligned */
        memcpy(to, from, (size_t)(rows * type->width));
        return rows;
    }
    switch (type->kind) {
    case CM_ARROW_INTEGER: return convert_integers(type, from, to, rows);
    case CM_ARROW_DECIMAL: return convert_decimals(type, from, to, rows);
    case CM_ARROW_FLOATING:
        if (type->width == 2) { CONVERT(uint16_t, double, (result = half_to_double(value), true)); }
        CONVERT(float, double, (result = (double)value, true));
    case CM_ARROW_MILLISECOND_DAYS: CONVERT(int64_t, int32_t, days_of_milliseconds(value, &result));
    case CM_ARROW_TIME: CONVERT(int64_t, int64_t, microseconds_of(value, type->unit, &result));
    default: return 0;
    }
}

static cm_status does_not_fit(const cm_arrow_window *window, const cm_arrow_type *type, const unsigned char *from,
                              uint64_t row) {
    int64_t milliseconds;
    if (type->kind == CM_ARROW_MILLISECOND_DAYS) {
        memcpy(&milliseconds, from, sizeof milliseconds);
        if (milliseconds % DAY_MILLISECONDS)
            return cm_fail(window->ctx, CM_E_DATA, "ARROW_TIME_OF_DAY", "su", window->name, window->number + row);
    }
    return cm_fail(window->ctx, CM_E_OVERFLOW, "ARROW_OVERFLOW", "sus", window->name, window->number + row,
                   cm_type_name(type->type));
}

/* Under an absent cell there may lie anything. */
cm_status cm_arrow_read_numbers(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out) {
    const unsigned char *buffer = window->array->buffers[1]; /* may be NULL if there are no rows */
    const unsigned char *from = out->rows ? buffer + window->first * type->width : NULL;
    uint64_t width = cm_type_width(type->type);
    unsigned char *to = NULL;
    if (out->rows && has_our_layout(type) && cm_arrow_aligned(buffer, width ? width : 1))
        return cm_arrow_share(window, buffer, width, out);
    cm_status status = cm_arrow_fresh(window->ctx, width, out, &to);
    for (uint64_t at = 0; at < out->rows && !status;) {
        uint64_t part = out->rows - at < CM_CHUNK_ROWS ? out->rows - at : CM_CHUNK_ROWS;
        uint64_t done = convert(type, from + at * type->width, to + at * width, part);
        at += done;
        if (done == part) status = cm_tick(window->ctx, "arrow", 0, 0);
        else if (cm_chunk_present(out, at)) status = does_not_fit(window, type, from + at * type->width, at);
        else at++;
    }
    return status;
}

/* ---- all types ---- */

cm_status cm_arrow_read(const cm_arrow_window *window, const cm_arrow_type *type, cm_chunk *out) {
    *out = (cm_chunk){.rows = window->rows, .offset = window->rows ? window->first & 7 : 0};
    cm_status status = check_shape(window, type);
    if (!status && window->rows) status = read_validity(window, type, out);
    if (status) return status;
    if (type->index_width) return cm_arrow_read_encoded(window, type, out);
    switch (type->kind) {
    case CM_ARROW_NULL:
    case CM_ARROW_TEXT:
    case CM_ARROW_TEXT_VIEW: return cm_arrow_read_texts(window, type, out);
    case CM_ARROW_LIST: return cm_arrow_read_lists(window, type, out);
    default: return cm_arrow_read_numbers(window, type, out);
    }
}
