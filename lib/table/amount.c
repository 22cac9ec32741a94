/* Takes off from both ends what is no digit, then the marks between groups of three digits. A text that is not wholly
 * understood is given back as it is. */
#include "table/amount.h"

#include <string.h>

typedef struct trimmed {
    const char *at, *end;
    bool negative, sign, currency;
} trimmed;

/* Blanks as spreadsheets write them: ordinary, no-break (U+00A0), narrow no-break (U+202F). */
static const char *const blanks[] = {" ", "\xC2\xA0", "\xE2\x80\xAF"};

static const char *const currencies[] = {"$",            "\xC2\xA3", /* pound */
                                         "\xC2\xA5", /* yen */ "\xE2\x82\xAC", /* euro */
                                         "\xE2\x82\xB9", /* rupee */ "\xE2\x82\xBD", /* rouble */
                                         "\xE2\x82\xA9", /* won */ "\xE2\x82\xBA", /* lira */
                                         "z\xC5\x82", "Kc", "K\xC4\x8D", "kr", "Ft", "R$"};

static bool take_front(trimmed *t, const char *text) {
    uint64_t length = strlen(text);
    if ((uint64_t)(t->end - t->at) < length || memcmp(t->at, text, (size_t)length) != 0) return false;
    t->at += length;
    return true;
}

static bool take_back(trimmed *t, const char *text) {
    uint64_t length = strlen(text);
    if ((uint64_t)(t->end - t->at) < length || memcmp(t->end - length, text, (size_t)length) != 0) return false;
    t->end -= length;
    return true;
}

static void skip_blanks(trimmed *t) {
    for (uint64_t i = 0; i < sizeof blanks / sizeof *blanks; i++)
        while (take_front(t, blanks[i]) || take_back(t, blanks[i]))
            ;
}

static bool is_capital(char c) {
    return c >= 'A' && c <= 'Z';
}

/* "EUR", "US" before "$": up to three capitals. */
static bool take_capitals(trimmed *t, bool front) {
    int count = 0;
    while (count < 3 && t->at < t->end && is_capital(front ? *t->at : t->end[-1])) {
        if (front) t->at++;
        else t->end--;
        count++;
    }
    return count >= 2;
}

static bool take_currency(trimmed *t, bool front) {
    trimmed before = *t;
    for (uint64_t i = 0; i < sizeof currencies / sizeof *currencies; i++)
        if (front ? take_front(t, currencies[i]) : take_back(t, currencies[i])) return true;
    if (take_capitals(t, front)) {
        if (front) take_front(t, "$"); /* US$ */
        return true;
    }
    *t = before;
    return false;
}

static bool take_minus(trimmed *t) {
    return take_front(t, "-") || take_back(t, "-") || take_front(t, "\xE2\x88\x92"); /* U+2212 */
}

/* Each at most once, in any order: parentheses or a sign, a currency. */
static void trim(trimmed *t) {
    for (bool more = true; more;) {
        more = false;
        skip_blanks(t);
        if (!t->sign && t->end - t->at >= 2 && *t->at == '(' && t->end[-1] == ')') {
            t->at++;
            t->end--;
            t->sign = t->negative = more = true;
        } else if (!t->sign && take_minus(t)) {
            t->sign = t->negative = more = true;
        } else if (!t->sign && take_front(t, "+")) {
            t->sign = more = true;
        } else if (!t->currency && (take_currency(t, true) || take_currency(t, false))) {
            t->currency = more = true;
        }
    }
}

/* The mark of thousands at `at`, in bytes; 0: there is none. */
static uint64_t thousands_at(const cm_number_style *style, const char *at, const char *end) {
    if (!style->thousands || at == end) return 0;
    if (style->thousands != ' ') return *at == style->thousands;
    for (uint64_t i = 0; i < sizeof blanks / sizeof *blanks; i++) {
        trimmed rest = {.at = at, .end = end};
        if (take_front(&rest, blanks[i])) return (uint64_t)(rest.at - at);
    }
    return 0;
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/* Digits in groups up to the mark, which the rest follows as it is. */
static bool join_groups(const cm_number_style *style, const char *at, const char *end, char *out, uint64_t *written) {
    uint64_t group = 0, groups = 0, mark;
    for (; at < end && *at != style->mark; at++) {
        if (is_digit(*at)) {
            out[(*written)++] = *at;
            group++;
        } else if ((mark = thousands_at(style, at, end)) != 0) {
            if (groups ? group != 3 : group < 1 || group > 3) return false;
            groups++;
            group = 0;
            at += mark - 1;
        } else {
            break; /* an exponent, or no number */
        }
    }
    if (groups && group != 3) return false;
    while (at < end) out[(*written)++] = *at++;
    return true;
}

const char *cm_plain_number(const cm_number_style *style, const char *text, uint64_t *length,
                            char room[CM_AMOUNT_TEXT]) {
    trimmed t = {.at = text, .end = text + *length};
    uint64_t written = 0;
    if ((!style->thousands && !style->accounting) || *length >= CM_AMOUNT_TEXT) return text;
    if (style->accounting)
        trim(&t);
    else
        t.negative = take_front(&t, "-");
    if (t.negative) room[written++] = '-';
    bool starts = t.at < t.end && (is_digit(*t.at) || *t.at == style->mark);
    if (!starts || !join_groups(style, t.at, t.end, room, &written)) return text;
    *length = written;
    return room;
}
