/* One pass over the cells keeps the set of types that fit them all; of numbers the lowest and highest of each scale, so
 * that the column's scale can be chosen at the end; of dates how many can be read day first only, month first only, or
 * both. */
#include <string.h>

#include "base/number.h"
#include "table/infer_cells.h"

#define BIT(type) (1u << (type))
#define NUMBERS (BIT(CM_INT64) | BIT(CM_DECIMAL) | BIT(CM_FLOAT64))

/* ---- the survey ---- */

void cm_survey_begin(cm_survey *survey, int32_t role, cm_number_style style, int32_t orders) {
    survey->role = role;
    survey->style = style;
    if (orders == CM_ORDER_UNIX && role != CM_ROLE_DATE) orders = CM_ORDER_ALL;
    /* a date with the year first can be read in one way only, whatever order the others have */
    survey->orders = orders == CM_ORDER_UNIX ? orders : orders | CM_ORDER_YMD;
    survey->open = cm_role_is_text(role) ? 0 : BIT(CM_BOOL) | NUMBERS | BIT(CM_TIMESTAMP);
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
    cm_decimal_status status = cm_cell_exact(text, length, mark, &value, &scale, &exponent);
    if (status == CM_DECIMAL_OK) count_number(survey, value, scale, cell, cell_length, line);
    bool written_plain = status == CM_DECIMAL_OK && !exponent;
    if (status == CM_DECIMAL_NONE || cm_cell_is_code(text, length) || cm_cell_is_code(cell, cell_length)) {
        survey->open &= ~NUMBERS;
        return;
    }
    bool pointed = memchr(text, mark, (size_t)length);
    if (!written_plain || pointed) survey->open &= ~BIT(CM_INT64);
    if (written_plain) return;
    /* a whole number beyond 64 bits would lose digits as a double */
    survey->open &= ~BIT(CM_DECIMAL);
    note(&survey->floating, cell, cell_length, line);
    if ((!exponent && !pointed) || !cm_cell_double(text, length, mark, &real)) survey->open &= ~BIT(CM_FLOAT64);
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
    if ((survey->open & BIT(CM_BOOL)) && !cm_cell_bool(text, length, &truth)) survey->open &= ~BIT(CM_BOOL);
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
