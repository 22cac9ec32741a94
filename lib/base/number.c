/* Integers and decimals as text. The readers see every numeric cell of a file: one pass, one branch a byte; that a
 * number is too large is remembered and asked once at the end, since unsigned arithmetic may wrap meanwhile. */
#include "base/number.h"

#define MAX_SCALE 18
#define TOO_LARGE_TO_GROW ((UINT64_MAX - 9) / 10) /* above it, ten times the value and a digit may not fit */

static const int64_t powers[MAX_SCALE + 1] = {INT64_C(1),
                                              INT64_C(10),
                                              INT64_C(100),
                                              INT64_C(1000),
                                              INT64_C(10000),
                                              INT64_C(100000),
                                              INT64_C(1000000),
                                              INT64_C(10000000),
                                              INT64_C(100000000),
                                              INT64_C(1000000000),
                                              INT64_C(10000000000),
                                              INT64_C(100000000000),
                                              INT64_C(1000000000000),
                                              INT64_C(10000000000000),
                                              INT64_C(100000000000000),
                                              INT64_C(1000000000000000),
                                              INT64_C(10000000000000000),
                                              INT64_C(100000000000000000),
                                              INT64_C(1000000000000000000)};

/* False if it does not fit. */
static bool with_sign(uint64_t magnitude, bool negative, int64_t *out) {
    if (magnitude > (uint64_t)INT64_MAX + negative) return false;
    *out = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

bool cm_parse_int(const char *text, uint64_t length, int64_t *out) {
    bool negative = length > 0 && text[0] == '-', large = false;
    uint64_t i = negative, value = 0;
    if (i == length) return false;
    for (; i < length; i++) {
        uint8_t digit = (uint8_t)(text[i] - '0');
        if (digit > 9) return false;
        large |= value > TOO_LARGE_TO_GROW;
        value = value * 10 + digit;
    }
    return !large && with_sign(value, negative, out);
}

cm_decimal_status cm_parse_decimal(const char *text, uint64_t length, char mark, int64_t *value, int32_t *scale) {
    bool negative = length > 0 && text[0] == '-', large = false, marked = false;
    uint64_t begin = negative || (length > 0 && text[0] == '+'), whole = length, magnitude = 0;
    for (uint64_t i = begin; i < length; i++) {
        uint8_t digit = (uint8_t)(text[i] - '0');
        if (digit <= 9) {
            large |= magnitude > TOO_LARGE_TO_GROW;
            magnitude = magnitude * 10 + digit;
        } else if (text[i] == mark && !marked) {
            marked = true;
            whole = i;
        } else {
            return CM_DECIMAL_NONE;
        }
    }
    if (begin + marked >= length) return CM_DECIMAL_NONE; /* no digit */
    uint64_t places = length - whole - marked;
    if (large || places > MAX_SCALE || !with_sign(magnitude, negative, value)) return CM_DECIMAL_TOO_LARGE;
    *scale = (int32_t)places;
    return CM_DECIMAL_OK;
}

bool cm_rescale_overflows(int64_t value, int32_t from, int32_t to, int64_t *out) {
    int64_t places = (int64_t)to - from;
    if (places > MAX_SCALE) {
        if (value != 0) return true;
        places = 0;
    }
    return __builtin_mul_overflow(value, powers[places], out);
}

double cm_round_digits(double value, int digits) {
    double size = value < 0 ? -value : value, scaled = size, least = (double)powers[digits - 1];
    int32_t places = 0;
    if (!(size >= 1e-9 && size < 1e15)) return value;
    for (; scaled >= 10 * least; places--) scaled /= 10;
    for (; scaled < least && places < MAX_SCALE; places++) scaled *= 10;
    int64_t whole = (int64_t)(scaled + 0.5);
    double rounded = places < 0 ? (double)(whole * powers[-places]) : cm_decimal_to_double(whole, places);
    return value < 0 ? -rounded : rounded;
}

/* Writes from `end` backwards, at least `least` digits; where the text begins. */
static char *digits_before(char *end, uint64_t magnitude, int32_t least) {
    for (; magnitude != 0 || least > 0; magnitude /= 10, least--) *--end = (char)('0' + magnitude % 10);
    return end;
}

static uint64_t append(char *out, uint64_t length, const char *from, const char *to) {
    while (from < to) out[length++] = *from++;
    out[length] = '\0';
    return length;
}

uint64_t cm_print_int(int64_t value, char out[CM_NUMBER_TEXT]) {
    return cm_print_decimal(value, 0, out);
}

uint64_t cm_print_decimal(int64_t value, int32_t scale, char out[CM_NUMBER_TEXT]) {
    char buffer[CM_NUMBER_TEXT], *end = buffer + sizeof buffer;
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, length = 0;
    char *begin = digits_before(end, magnitude, scale + 1), *mark = end - scale;
    if (value < 0) out[length++] = '-';
    length = append(out, length, begin, mark);
    if (scale == 0) return length;
    out[length++] = '.';
    return append(out, length, mark, end);
}
