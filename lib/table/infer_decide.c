/* What the survey of a column comes to: its type, and the sentence that says which cell settled it. */
#include <string.h>

#include "base/number.h"
#include "table/infer_cells.h"
#include "table/roles.h"

#define BIT(type) (1u << (type))
#define NUMBERS (BIT(CM_INT64) | BIT(CM_DECIMAL) | BIT(CM_FLOAT64))

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
    if (cm_role_is_text(survey->role)) {
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

/* ---- widening ---- */

static bool widen_number(cm_decision *decision, const char *text, uint64_t length) {
    int64_t value;
    int32_t scale;
    bool exponent;
    char room[CM_AMOUNT_TEXT];
    text = cm_plain_number(&decision->style, text, &length, room);
    if (cm_cell_exact(text, length, decision->style.mark, &value, &scale, &exponent)) return false;
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
    cm_evidence_note(&cell, text, length, line);
    if (wider) say_cell(ctx, decision, number ? "DECIDED_SCALE" : "DECIDED_TIME", &cell);
    return wider;
}
