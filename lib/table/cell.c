#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "table/table.h"

static const char *bool_text(bool value, uint64_t *length) {
    *length = value ? 4 : 5;
    return value ? "true" : "false";
}

const char *cm_cell_text(const cm_column *column, const cm_chunk *chunk, uint64_t row, char room[CM_CELL_TEXT],
                         uint64_t *length) {
    uint64_t at = chunk->offset + row;
    switch (column->type) {
    case CM_BOOL: return bool_text(cm_bit(chunk->values, at), length);
    case CM_FLOAT64: *length = cm_print_double(((const double *)chunk->values)[at], room); break;
    case CM_DECIMAL: *length = cm_print_decimal(((const int64_t *)chunk->values)[at], column->scale, room); break;
    case CM_DATE: *length = cm_print_date(((const int32_t *)chunk->values)[at], room); break;
    case CM_TIMESTAMP:
        *length = cm_print_timestamp(((const int64_t *)chunk->values)[at], column->flags & CM_COLUMN_UTC, room);
        break;
    case CM_STRING: {
        cm_text text = cm_dictionary_text(column->dictionary, ((const int32_t *)chunk->values)[at]);
        *length = text.length;
        return text.data;
    }
    default: *length = cm_print_int(((const int64_t *)chunk->values)[at], room); break;
    }
    return room;
}

static bool parse_bool(const char *text, uint64_t length, int64_t *out) {
    bool yes = (length == 4 && !memcmp(text, "true", 4)) || (length == 1 && *text == '1');
    bool no = (length == 5 && !memcmp(text, "false", 5)) || (length == 1 && *text == '0');
    *out = yes;
    return yes || no;
}

/* Zeros at the end need no place: 1.50 fits the scale 1. */
static bool parse_decimal(int32_t scale, const char *text, uint64_t length, int64_t *out) {
    int64_t value;
    int32_t places;
    if (cm_parse_decimal(text, length, '.', &value, &places) != CM_DECIMAL_OK) return false;
    for (; places > scale && value % 10 == 0; places--) value /= 10;
    return places <= scale && !cm_rescale_overflows(value, places, scale, out);
}

static bool parse_moment(int32_t type, const char *text, uint64_t length, int64_t *out) {
    cm_moment moment;
    if (!cm_parse_moment(text, length, CM_ORDER_YMD, &moment)) return false;
    if (type == CM_DATE && (moment.has_time || moment.zoned)) return false;
    *out = type == CM_DATE ? cm_civil_day_of(moment.microseconds) : moment.microseconds;
    return true;
}

bool cm_cell_parse(int32_t type, int32_t scale, const char *text, uint64_t length, int64_t *out) {
    switch (type) {
    case CM_BOOL: return parse_bool(text, length, out);
    case CM_INT64: return cm_parse_int(text, length, out);
    case CM_DECIMAL: return parse_decimal(scale, text, length, out);
    case CM_DATE:
    case CM_TIMESTAMP: return parse_moment(type, text, length, out);
    default: return false;
    }
}

bool cm_cell_is_zoned(const char *text, uint64_t length) {
    cm_moment moment;
    return cm_parse_moment(text, length, CM_ORDER_YMD, &moment) && moment.zoned;
}
