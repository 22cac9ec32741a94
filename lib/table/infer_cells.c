/* Single cells: what they may be read as, and how one is read when its column is decided. */
#include "table/infer_cells.h"

#include <math.h>
#include <string.h>

/* ---- roles ---- */

bool cm_role_is_text(int32_t role) {
    return role == CM_ROLE_CUSTOMER || role == CM_ROLE_INVOICE || role == CM_ROLE_ITEM || role == CM_ROLE_ITEM_NAME
           || role == CM_ROLE_CURRENCY;
}

bool cm_role_is_number(int32_t role) {
    return role == CM_ROLE_QUANTITY || role == CM_ROLE_PRICE || role == CM_ROLE_AMOUNT || role == CM_ROLE_COST;
}

/* ---- reading one cell ---- */

bool cm_cell_bool(const char *text, uint64_t length, int64_t *out) {
    static const char *const words[] = {"false", "true"};
    for (int64_t value = 0; value < 2; value++) {
        if (length != strlen(words[value])) continue;
        uint64_t i = 0;
        while (i < length && (text[i] | 0x20) == words[value][i]) i++;
        if (i == length) {
            *out = value;
            return true;
        }
    }
    return false;
}

/* value / 10^scale with the zeros at its end taken off, until the scale is at most `wanted`; false if that cannot be.
 */
static bool reduce_scale(int64_t *value, int64_t *scale, int64_t wanted) {
    if (*value == 0 && *scale > wanted) *scale = wanted;
    for (; *scale > wanted && *value % 10 == 0; --*scale) *value /= 10;
    return *scale <= wanted;
}

/* "1.5e3": the exact value, where it fits. */
static cm_decimal_status read_exponent(const char *text, uint64_t length, char mark, int64_t *value, int32_t *scale) {
    uint64_t at = 0;
    int64_t exponent, places;
    while (at < length && (text[at] | 0x20) != 'e') at++;
    if (at == length) return CM_DECIMAL_NONE;
    cm_decimal_status status = cm_parse_decimal(text, at, mark, value, scale);
    if (status == CM_DECIMAL_NONE) return status;
    uint64_t from = at + 1 + (at + 2 < length && text[at + 1] == '+');
    if (!cm_parse_int(text + from, length - from, &exponent)) return CM_DECIMAL_NONE;
    if (status || exponent > 1000 || exponent < -1000) return CM_DECIMAL_TOO_LARGE;
    places = *scale - exponent;
    if (!reduce_scale(value, &places, CM_MAX_SCALE)) return CM_DECIMAL_TOO_LARGE;
    if (*value == 0 && places < 0) places = 0;
    if (places < -CM_MAX_SCALE) return CM_DECIMAL_TOO_LARGE;
    if (places < 0 && cm_rescale_overflows(*value, 0, (int32_t)-places, value)) return CM_DECIMAL_TOO_LARGE;
    *scale = places < 0 ? 0 : (int32_t)places;
    return CM_DECIMAL_OK;
}

cm_decimal_status cm_cell_exact(const char *text, uint64_t length, char mark, int64_t *value, int32_t *scale,
                                    bool *exponent) {
    cm_decimal_status status = cm_parse_decimal(text, length, mark, value, scale);
    *exponent = false;
    if (status != CM_DECIMAL_NONE) return status;
    status = read_exponent(text, length, mark, value, scale);
    *exponent = status != CM_DECIMAL_NONE;
    return status;
}

bool cm_cell_double(const char *text, uint64_t length, char mark, double *out) {
    char plain[400];
    if (mark != '.') {
        if (length > sizeof plain || memchr(text, '.', (size_t)length)) return false;
        for (uint64_t i = 0; i < length; i++) plain[i] = text[i] == mark ? '.' : text[i];
        text = plain;
    }
    return cm_parse_double(text, length, out) && isfinite(*out);
}

bool cm_cell_is_code(const char *text, uint64_t length) {
    uint64_t at = text[0] == '-';
    return text[0] == '+' || (length > at + 1 && text[at] == '0' && text[at + 1] >= '0' && text[at + 1] <= '9');
}

/* ---- reading a cell as decided ---- */

static cm_cell_fit read_number(const cm_decision *decision, const char *text, uint64_t length, int64_t *out) {
    int64_t value, places;
    int32_t scale;
    bool exponent;
    char room[CM_AMOUNT_TEXT];
    text = cm_plain_number(&decision->style, text, &length, room);
    cm_decimal_status status = cm_cell_exact(text, length, decision->style.mark, &value, &scale, &exponent);
    if (status) return status == CM_DECIMAL_NONE ? CM_CELL_NO_NUMBER : CM_CELL_TOO_LARGE;
    places = scale;
    if (!reduce_scale(&value, &places, decision->scale)) return CM_CELL_TOO_LARGE;
    return cm_rescale_overflows(value, (int32_t)places, decision->scale, out) ? CM_CELL_TOO_LARGE : CM_CELL_FITS;
}

/* As the library writes them; a column is FLOAT64 with such cells only where a schema says so. */
static bool read_special(const char *text, uint64_t length, double *out) {
    static const struct {
        const char *word;
        double value;
    } words[] = {{"nan", NAN}, {"inf", INFINITY}, {"-inf", -INFINITY}};
    for (uint64_t i = 0; i < 3; i++) {
        *out = words[i].value;
        if (length == strlen(words[i].word) && !memcmp(text, words[i].word, (size_t)length)) return true;
    }
    return false;
}

static cm_cell_fit read_real(const cm_decision *decision, const char *text, uint64_t length, double *out) {
    int64_t value;
    int32_t scale;
    bool exponent;
    char room[CM_AMOUNT_TEXT];
    text = cm_plain_number(&decision->style, text, &length, room);
    if (cm_cell_double(text, length, decision->style.mark, out) || read_special(text, length, out)) return CM_CELL_FITS;
    if (cm_cell_exact(text, length, decision->style.mark, &value, &scale, &exponent)) return CM_CELL_NO_NUMBER;
    *out = cm_decimal_to_double(value, scale); /* "5." */
    return CM_CELL_FITS;
}

cm_cell_fit cm_decision_read(const cm_decision *decision, const char *text, uint64_t length, cm_value *out) {
    cm_moment moment;
    switch (decision->type) {
    case CM_BOOL:
        return cm_cell_bool(text, length, &out->integer) ? CM_CELL_FITS : CM_CELL_NO_FIT;
    case CM_INT64:
    case CM_DECIMAL:
        return read_number(decision, text, length, &out->integer);
    case CM_FLOAT64:
        return read_real(decision, text, length, &out->real);
    case CM_DATE:
    case CM_TIMESTAMP:
        if (!cm_parse_moment(text, length, decision->orders, &moment)) return CM_CELL_NO_DATE;
        if (decision->type == CM_DATE && moment.has_time) return CM_CELL_NO_DATE;
        if (decision->strict && moment.zoned != ((decision->flags & CM_COLUMN_UTC) != 0)) return CM_CELL_NO_DATE;
        out->integer = decision->type == CM_DATE ? cm_civil_day_of(moment.microseconds) : moment.microseconds;
        return CM_CELL_FITS;
    default:
        return CM_CELL_NO_FIT;
    }
}

void cm_value_widen(const cm_decision *before, const cm_decision *decision, cm_value *value) {
    int64_t *integer = &value->integer;
    if (before->type == CM_DATE && decision->type == CM_TIMESTAMP)
        *integer *= CM_DAY_MICROSECONDS;
    else if (cm_rescale_overflows(*integer, before->scale, decision->scale, integer))
        *integer = *integer < 0 ? INT64_MIN : INT64_MAX;
}
