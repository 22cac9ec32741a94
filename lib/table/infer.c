/* One pass over the cells keeps the set of types that fit them all; of numbers the lowest and highest of each scale, so
 * that the column's scale can be chosen at the end; of dates how many can be read day first only, month first only, or
 * both. */
#include "table/infer.h"

#include <math.h>
#include <string.h>

#include "base/number.h"
#include "table/roles.h"

#define BIT(type) (1u << (type))
#define NUMBERS (BIT(CM_INT64) | BIT(CM_DECIMAL) | BIT(CM_FLOAT64))

/* ---- roles ---- */

static bool role_is_text(int32_t role) {
    return role == CM_ROLE_CUSTOMER || role == CM_ROLE_INVOICE || role == CM_ROLE_ITEM || role == CM_ROLE_ITEM_NAME
           || role == CM_ROLE_CURRENCY;
}

bool cm_role_is_number(int32_t role) {
    return role == CM_ROLE_QUANTITY || role == CM_ROLE_PRICE || role == CM_ROLE_AMOUNT || role == CM_ROLE_COST;
}

/* ---- reading one cell ---- */

static bool read_bool(const char *text, uint64_t length, int64_t *out) {
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

/* A number exactly; *exponent tells one that is written with an exponent. */
static cm_decimal_status read_exact(const char *text, uint64_t length, char mark, int64_t *value, int32_t *scale,
                                    bool *exponent) {
    cm_decimal_status status = cm_parse_decimal(text, length, mark, value, scale);
    *exponent = false;
    if (status != CM_DECIMAL_NONE) return status;
    status = read_exponent(text, length, mark, value, scale);
    *exponent = status != CM_DECIMAL_NONE;
    return status;
}

/* A double, written with the column's mark. */
static bool read_double(const char *text, uint64_t length, char mark, double *out) {
    char plain[400];
    if (mark != '.') {
        if (length > sizeof plain || memchr(text, '.', (size_t)length)) return false;
        for (uint64_t i = 0; i < length; i++) plain[i] = text[i] == mark ? '.' : text[i];
        text = plain;
    }
    return cm_parse_double(text, length, out) && isfinite(*out);
}

/* 007 and +49 are no numbers where nobody says so: they would not come back as they were. */
static bool is_code(const char *text, uint64_t length) {
    uint64_t at = text[0] == '-';
    return text[0] == '+' || (length > at + 1 && text[at] == '0' && text[at + 1] >= '0' && text[at + 1] <= '9');
}

/* ---- the survey ---- */

void cm_survey_begin(cm_survey *survey, int32_t role, cm_number_style style, int32_t orders) {
    survey->role = role;
    survey->style = style;
    if (orders == CM_ORDER_UNIX && role != CM_ROLE_DATE) orders = CM_ORDER_ALL;
    /* a date with the year first can be read in one way only, whatever order the others have */
    survey->orders = orders == CM_ORDER_UNIX ? orders : orders | CM_ORDER_YMD;
    survey->open = role_is_text(role) ? 0 : BIT(CM_BOOL) | NUMBERS | BIT(CM_TIMESTAMP);
}

static void note(cm_evidence *evidence, const char *text, uint64_t length, uint64_t line) {
    if (evidence->line) return;
    uint64_t kept = length < CM_EVIDENCE_TEXT ? length : CM_EVIDENCE_TEXT;
    while (kept < length && kept > 0 && ((unsigned char)text[kept] & 0xC0) == 0x80) kept--; /* no half characters */
    memcpy(evidence->text, text, (size_t)kept);
    strcpy(evidence->text + kept, kept < length ? "..." : "");
    for (uint64_t i = 0; i < kept; i++)
        if ((unsigned char)evidence->text[i] < 0x20 || evidence->text[i] == 0x7F) evidence->text[i] = ' ';
    evidence->line = line ? line : 1;
}

static void count_number(cm_survey *survey, int64_t value, int32_t scale, const char *text, uint64_t length,
                         uint64_t line) {
    if (!survey->numbers[scale]++) survey->low[scale] = survey->high[scale] = value;
    if (value < survey->low[scale]) survey->low[scale] = value;
    if (value > survey->high[scale]) survey->high[scale] = value;
    survey->role_fits += cm_role_is_number(survey->role);
    if (scale <= survey->scale) return;
    survey->scale = scale;
    survey->largest_scale.line = 0;
    note(&survey->largest_scale, text, length, line);
}

static void survey_number(cm_survey *survey, const char *text, uint64_t length, uint64_t line) {
    int64_t value;
    int32_t scale;
    double real;
    bool exponent;
    const char mark = survey->style.mark, *cell = text;
    const uint64_t cell_length = length;
    char room[CM_AMOUNT_TEXT];
    text = cm_plain_number(&survey->style, text, &length, room);
    cm_decimal_status status = read_exact(text, length, mark, &value, &scale, &exponent);
    if (status == CM_DECIMAL_OK) count_number(survey, value, scale, cell, cell_length, line);
    bool written_plain = status == CM_DECIMAL_OK && !exponent;
    if (status == CM_DECIMAL_NONE || is_code(text, length) || is_code(cell, cell_length)) {
        survey->open &= ~NUMBERS;
        return;
    }
    bool pointed = memchr(text, mark, (size_t)length);
    if (!written_plain || pointed) survey->open &= ~BIT(CM_INT64);
    if (written_plain) return;
    /* a whole number beyond 64 bits would lose digits as a double */
    survey->open &= ~BIT(CM_DECIMAL);
    note(&survey->floating, cell, cell_length, line);
    if ((!exponent && !pointed) || !read_double(text, length, mark, &real)) survey->open &= ~BIT(CM_FLOAT64);
}

static void survey_moment(cm_survey *survey, const char *text, uint64_t length, uint64_t line) {
    cm_moment moment, other;
    int32_t fits = cm_parse_moment(text, length, survey->orders, &moment);
    if (!fits) {
        survey->open &= ~BIT(CM_TIMESTAMP);
        return;
    }
    if (survey->role == CM_ROLE_DATE) survey->role_fits++;
    if (moment.has_time) note(&survey->timed, text, length, line);
    note(moment.zoned ? &survey->zoned : &survey->naive, text, length, line);
    if (fits & (CM_ORDER_YMD | CM_ORDER_UNIX)) return;
    if (fits == CM_ORDER_DMY) {
        survey->day_first++;
        note(&survey->day_first_cell, text, length, line);
    } else if (fits == CM_ORDER_MDY) {
        survey->month_first++;
        note(&survey->month_first_cell, text, length, line);
    } else if (!survey->either && cm_parse_moment(text, length, CM_ORDER_MDY, &other)
               && other.microseconds != moment.microseconds) {
        survey->either++;
        note(&survey->either_cell, text, length, line);
    }
}

void cm_survey_cell(cm_survey *survey, const char *text, uint64_t length, uint64_t line) {
    int64_t truth;
    bool wants_number = cm_role_is_number(survey->role), wants_moment = survey->role == CM_ROLE_DATE;
    if (!length) return;
    survey->cells++;
    if (!survey->open && !wants_number && !wants_moment) return;
    uint32_t before = survey->open;
    if ((survey->open & BIT(CM_BOOL)) && !read_bool(text, length, &truth)) survey->open &= ~BIT(CM_BOOL);
    if (wants_number || (survey->open & NUMBERS)) survey_number(survey, text, length, line);
    if (wants_moment || (survey->open & BIT(CM_TIMESTAMP))) survey_moment(survey, text, length, line);
    if (before && !survey->open) note(&survey->closing, text, length, line);
}

void cm_evidence_note(cm_evidence *evidence, const char *text, uint64_t length, uint64_t line) {
    note(evidence, text, length, line);
}

bool cm_survey_numbers(cm_survey *survey, const cm_plain_numbers *numbers) {
    bool wanted = cm_role_is_number(survey->role), counted = wanted || survey->open & NUMBERS;
    if (!numbers->cells) return true;
    if (survey->role == CM_ROLE_DATE || survey->open & (BIT(CM_BOOL) | BIT(CM_TIMESTAMP))) return false;
    if (survey->open && !(survey->open & ~BIT(CM_INT64))) return false; /* one of them may be what leaves text alone */
    survey->cells += numbers->cells;
    if (!counted) return true;
    for (int32_t scale = 0; scale <= numbers->scale; scale++) {
        if (!numbers->count[scale]) continue;
        if (!survey->numbers[scale] || numbers->low[scale] < survey->low[scale])
            survey->low[scale] = numbers->low[scale];
        if (!survey->numbers[scale] || numbers->high[scale] > survey->high[scale])
            survey->high[scale] = numbers->high[scale];
        survey->numbers[scale] += numbers->count[scale];
        if (wanted) survey->role_fits += numbers->count[scale];
    }
    if (numbers->scale) survey->open &= ~BIT(CM_INT64);
    if (numbers->scale > survey->scale) {
        survey->scale = numbers->scale;
        survey->largest_scale = numbers->largest;
    }
    return true;
}

bool cm_survey_moments(cm_survey *survey, uint64_t cells, bool timed) {
    bool wanted = survey->role == CM_ROLE_DATE, read = wanted || survey->open & BIT(CM_TIMESTAMP);
    if (!cells) return true;
    if (!(survey->orders & CM_ORDER_YMD) || cm_role_is_number(survey->role)
        || survey->open & (BIT(CM_BOOL) | NUMBERS))
        return false;
    if (read && (!survey->naive.line || (timed && !survey->timed.line))) return false;
    survey->cells += cells;
    if (wanted) survey->role_fits += cells;
    return true;
}

bool cm_survey_texts(cm_survey *survey, uint64_t cells) {
    if (cells && (survey->open || cm_role_is_number(survey->role) || survey->role == CM_ROLE_DATE)) return false;
    survey->cells += cells;
    return true;
}

void cm_survey_quoted(cm_survey *survey) {
    survey->open &= ~(NUMBERS | BIT(CM_BOOL));
}

/* ---- the decision ---- */

/* A sentence of the catalogue with up to four arguments; NULL ends them. */
static void say(const cm_context *ctx, cm_decision *out, const char *code, const char *const arguments[5]) {
    char joined[4 * (CM_EVIDENCE_TEXT + 8)];
    uint64_t length = 0;
    for (int i = 0; arguments[i]; i++) {
        uint64_t more = strlen(arguments[i]);
        if (i) joined[length++] = 0x1F;
        memcpy(joined + length, arguments[i], more);
        length += more;
    }
    joined[length] = 0;
    cm_render(ctx, code, joined, out->decided_by, sizeof out->decided_by);
}

static void say_cell(const cm_context *ctx, cm_decision *out, const char *code, const cm_evidence *cell) {
    char line[CM_NUMBER_TEXT];
    cm_print_int((int64_t)cell->line, line);
    say(ctx, out, code, (const char *const[5]){cell->text, line, NULL});
}

static void say_cells(const cm_context *ctx, cm_decision *out, const char *code, const cm_evidence *a,
                      const cm_evidence *b) {
    char line_a[CM_NUMBER_TEXT], line_b[CM_NUMBER_TEXT];
    cm_print_int((int64_t)a->line, line_a);
    cm_print_int((int64_t)b->line, line_b);
    say(ctx, out, code, (const char *const[5]){a->text, line_a, b->text, line_b, NULL});
}

static void say_nothing_more(const cm_context *ctx, cm_decision *out, const char *code) {
    say(ctx, out, code, (const char *const[5]){NULL});
}

/* The day that a text means day first and month first. */
static void both_readings(const char *text, char day_first[CM_CIVIL_TEXT], char month_first[CM_CIVIL_TEXT]) {
    cm_moment moment = {0};
    cm_parse_moment(text, strlen(text), CM_ORDER_DMY, &moment);
    cm_print_date(cm_civil_day_of(moment.microseconds), day_first);
    cm_parse_moment(text, strlen(text), CM_ORDER_MDY, &moment);
    cm_print_date(cm_civil_day_of(moment.microseconds), month_first);
}

static void say_ambiguous(const cm_context *ctx, const cm_survey *survey, cm_decision *out) {
    const cm_evidence *cell = &survey->either_cell;
    char line[CM_NUMBER_TEXT], day_first[CM_CIVIL_TEXT], month_first[CM_CIVIL_TEXT];
    cm_print_int((int64_t)cell->line, line);
    both_readings(cell->text, day_first, month_first);
    say(ctx, out, "DECIDED_AMBIGUOUS", (const char *const[5]){cell->text, line, day_first, month_first, NULL});
}

static void decide_moment(const cm_context *ctx, const cm_survey *survey, cm_decision *out) {
    bool role = out->role == CM_ROLE_DATE;
    bool month_first = survey->month_first > survey->day_first;
    bool conflict = survey->month_first && survey->day_first;
    out->orders = CM_ORDER_YMD | (month_first ? CM_ORDER_MDY : CM_ORDER_DMY);
    if (survey->orders != CM_ORDER_ALL) out->orders = survey->orders;
    out->type = survey->timed.line ? CM_TIMESTAMP : CM_DATE;
    if (survey->zoned.line && !survey->naive.line) out->flags = CM_COLUMN_UTC;
    if (survey->zoned.line && survey->naive.line) {
        out->type = CM_STRING;
        say_cells(ctx, out, "DECIDED_ZONES", &survey->zoned, &survey->naive);
    } else if (conflict && !role) {
        out->type = CM_STRING;
        say_cells(ctx, out, "DECIDED_ORDERS", &survey->day_first_cell, &survey->month_first_cell);
    } else if (survey->orders != CM_ORDER_ALL) {
        say_nothing_more(ctx, out, "DECIDED_ORDER_GIVEN");
    } else if (survey->day_first || survey->month_first) {
        say_cell(ctx, out, month_first ? "DECIDED_MONTH_FIRST" : "DECIDED_DAY_FIRST",
                 month_first ? &survey->month_first_cell : &survey->day_first_cell);
    } else if (survey->either) {
        out->type = CM_STRING;
        say_ambiguous(ctx, survey, out);
    } else if (survey->timed.line) {
        say_cell(ctx, out, "DECIDED_TIME", &survey->timed);
    } else {
        say_nothing_more(ctx, out, "DECIDED_DATES");
    }
}

/* All numbers of scale at most `scale` fit 64 bits at it. */
static bool fits_scale(const cm_survey *survey, int32_t scale) {
    int64_t ignored;
    for (int32_t own = 0; own <= scale; own++)
        if (survey->numbers[own]
            && (cm_rescale_overflows(survey->low[own], own, scale, &ignored)
                || cm_rescale_overflows(survey->high[own], own, scale, &ignored)))
            return false;
    return true;
}

static void say_number(const cm_context *ctx, const cm_survey *survey, cm_decision *out) {
    if (survey->largest_scale.line && out->scale == survey->scale)
        say_cell(ctx, out, "DECIDED_SCALE", &survey->largest_scale);
    else
        say_nothing_more(ctx, out, "DECIDED_NUMBERS");
}

/* INT64 or DECIMAL at the largest scale at which no number is too large; those with more places then do not fit. */
static void decide_role_number(const cm_context *ctx, const cm_survey *survey, cm_decision *out) {
    out->scale = survey->scale;
    while (out->scale && (!survey->numbers[out->scale] || !fits_scale(survey, out->scale))) out->scale--;
    out->type = out->scale ? CM_DECIMAL : CM_INT64;
    say_number(ctx, survey, out);
}

static void decide_plain(const cm_context *ctx, const cm_survey *survey, cm_decision *out) {
    out->type = CM_STRING;
    if (survey->open & BIT(CM_BOOL)) {
        out->type = CM_BOOL;
        say_nothing_more(ctx, out, "DECIDED_BOOL");
    } else if (survey->open & BIT(CM_INT64)) {
        out->type = CM_INT64;
        say_nothing_more(ctx, out, "DECIDED_WHOLE");
    } else if ((survey->open & BIT(CM_DECIMAL)) && fits_scale(survey, survey->scale)) {
        out->type = CM_DECIMAL;
        out->scale = survey->scale;
        say_number(ctx, survey, out);
    } else if (survey->open & BIT(CM_FLOAT64)) {
        out->type = CM_FLOAT64;
        say_cell(ctx, out, "DECIDED_FLOATING", survey->floating.line ? &survey->floating : &survey->largest_scale);
    } else if (survey->open & BIT(CM_TIMESTAMP)) {
        decide_moment(ctx, survey, out);
    } else {
        say_cell(ctx, out, "DECIDED_TEXT", &survey->closing);
    }
}

static void decide_empty(const cm_context *ctx, const cm_survey *survey, cm_decision *out) {
    out->type = survey->role == CM_ROLE_DATE ? CM_DATE : cm_role_is_number(survey->role) ? CM_INT64 : CM_STRING;
    say_nothing_more(ctx, out, "DECIDED_EMPTY");
}

void cm_survey_decide(const cm_context *ctx, const cm_survey *survey, bool keep_role, cm_decision *out) {
    *out = (cm_decision){.role = survey->role, .style = survey->style, .orders = survey->orders};
    bool needs_type = cm_role_is_number(survey->role) || survey->role == CM_ROLE_DATE;
    if (needs_type && survey->role_fits < survey->cells - survey->role_fits && !keep_role) {
        out->role = CM_ROLE_NONE;
        needs_type = false;
    }
    if (role_is_text(survey->role)) {
        out->type = CM_STRING;
        say(ctx, out, "DECIDED_ROLE", (const char *const[5]){cm_role_name(survey->role), NULL});
    } else if (!survey->cells) {
        decide_empty(ctx, survey, out);
    } else if (!needs_type) {
        decide_plain(ctx, survey, out);
    } else if (survey->role == CM_ROLE_DATE) {
        decide_moment(ctx, survey, out);
    } else {
        decide_role_number(ctx, survey, out);
    }
}

cm_status cm_survey_fail_dates(cm_context *ctx, const cm_survey *survey, const char *name) {
    char first[CM_CIVIL_TEXT], second[CM_CIVIL_TEXT];
    if (survey->zoned.line && survey->naive.line)
        return cm_fail(ctx, CM_E_COLUMN, "MIXED_ZONES", "sss", name, survey->zoned.text, survey->naive.text);
    both_readings(survey->either_cell.text, first, second);
    return cm_fail(ctx, CM_E_COLUMN, "AMBIGUOUS_DATE", "ssss", name, survey->either_cell.text, first, second);
}

/* ---- reading a cell as decided ---- */

static cm_cell_fit read_number(const cm_decision *decision, const char *text, uint64_t length, int64_t *out) {
    int64_t value, places;
    int32_t scale;
    bool exponent;
    char room[CM_AMOUNT_TEXT];
    text = cm_plain_number(&decision->style, text, &length, room);
    cm_decimal_status status = read_exact(text, length, decision->style.mark, &value, &scale, &exponent);
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
    if (read_double(text, length, decision->style.mark, out) || read_special(text, length, out)) return CM_CELL_FITS;
    if (read_exact(text, length, decision->style.mark, &value, &scale, &exponent)) return CM_CELL_NO_NUMBER;
    *out = cm_decimal_to_double(value, scale); /* "5." */
    return CM_CELL_FITS;
}

cm_cell_fit cm_decision_read(const cm_decision *decision, const char *text, uint64_t length, cm_value *out) {
    cm_moment moment;
    switch (decision->type) {
    case CM_BOOL:
        return read_bool(text, length, &out->integer) ? CM_CELL_FITS : CM_CELL_NO_FIT;
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

/* ---- widening ---- */

static bool widen_number(cm_decision *decision, const char *text, uint64_t length) {
    int64_t value;
    int32_t scale;
    bool exponent;
    char room[CM_AMOUNT_TEXT];
    text = cm_plain_number(&decision->style, text, &length, room);
    if (read_exact(text, length, decision->style.mark, &value, &scale, &exponent)) return false;
    if (scale <= decision->scale) return false;
    decision->scale = scale;
    decision->type = CM_DECIMAL;
    return true;
}

static bool widen_moment(cm_decision *decision, const char *text, uint64_t length) {
    cm_moment moment;
    if (decision->type != CM_DATE || !cm_parse_moment(text, length, decision->orders, &moment)) return false;
    if (moment.zoned) return false;
    decision->type = CM_TIMESTAMP;
    return true;
}

bool cm_decision_widen(const cm_context *ctx, cm_decision *decision, const char *text, uint64_t length, uint64_t line) {
    cm_evidence cell = {0};
    bool number = decision->type == CM_INT64 || decision->type == CM_DECIMAL;
    bool wider = number ? widen_number(decision, text, length) : widen_moment(decision, text, length);
    note(&cell, text, length, line);
    if (wider) say_cell(ctx, decision, number ? "DECIDED_SCALE" : "DECIDED_TIME", &cell);
    return wider;
}

void cm_value_widen(const cm_decision *before, const cm_decision *decision, cm_value *value) {
    int64_t *integer = &value->integer;
    if (before->type == CM_DATE && decision->type == CM_TIMESTAMP)
        *integer *= CM_DAY_MICROSECONDS;
    else if (cm_rescale_overflows(*integer, before->scale, decision->scale, integer))
        *integer = *integer < 0 ? INT64_MIN : INT64_MAX;
}
