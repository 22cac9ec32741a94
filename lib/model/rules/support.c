/* The least support: as it is asked for, or found. */
#include <string.h>

#include "base/number.h"
#include "model/rules/fit.h"

#define AUTO_LEAST 20 /* baskets of mean weight */
#define AUTO_MOST UINT64_C(1000)

/* The smallest count that is at least this share of n. */
static uint64_t count_of_share(double share, uint64_t n) {
    double guess = share * (double)n;
    uint64_t count = guess >= (double)n ? n : (uint64_t)guess;
    while (count > 0 && (double)(count - 1) / (double)n >= share) count--;
    while ((double)count / (double)n < share) count++;
    return count;
}

static cm_status read_count(cm_context *ctx, const char *text, const cm_market *market, uint64_t *least) {
    int64_t count;
    if (!cm_parse_int(text, strlen(text), &count) || count < 0)
        return cm_fail(ctx, CM_E_OPTION, "RULES_SUPPORT", "s", text);
    if (!count) return cm_fail(ctx, CM_E_OPTION, "RULES_SUPPORT_LOW", "su", text, market->baskets);
    if (__builtin_mul_overflow((uint64_t)count, market->unit, least)) *least = UINT64_MAX; /* more than there is */
    return CM_OK;
}

static cm_status read_share(cm_context *ctx, const char *text, bool percent, const cm_market *market, uint64_t *least) {
    double value;
    if (!cm_parse_double(text, strlen(text) - percent, &value))
        return cm_fail(ctx, CM_E_OPTION, "RULES_SUPPORT", "s", text);
    if (percent) value /= 100;
    if (!(value > 0 && value <= 1)) return cm_fail(ctx, CM_E_OPTION, "RULES_SUPPORT", "s", text);
    if (value < (double)market->lightest / (double)market->total)
        return cm_fail(ctx, CM_E_OPTION, "RULES_SUPPORT_LOW", "su", text, market->baskets);
    *least = count_of_share(value, market->total);
    return CM_OK;
}

cm_status cm_support_read(cm_context *ctx, const char *text, const cm_market *market, uint64_t *least) {
    uint64_t length = strlen(text);
    bool percent = length > 1 && text[length - 1] == '%';
    *least = 0;
    if (!strcmp(text, "auto") || !strcmp(text, "top")) return CM_OK;
    return percent || strchr(text, '.') ? read_share(ctx, text, percent, market, least)
                                        : read_count(ctx, text, market, least);
}

uint64_t cm_support_start(const cm_market *market) {
    double start = AUTO_LEAST * ((double)market->total / (double)market->baskets);
    return start < 1 ? 1 : (uint64_t)start;
}

/* The fewer sets the higher the count, so by halving. */
cm_status cm_support_choose(cm_context *ctx, const cm_market *market, uint64_t max_length, uint64_t *least) {
    uint64_t low = cm_support_start(market), high = (market->count ? cm_market_frequency(market, 0) : 0) + 1, try = low;
    cm_status status = CM_OK;
    if (high < low) high = low;
    while (low < high && !status) {
        const cm_mining how = {.least = try, .max_length = max_length, .most = AUTO_MOST, .count_only = true};
        cm_itemsets sets;
        status = cm_itemsets_find(ctx, market, &how, &sets);
        if (status) break;
        bool exceeded = sets.exceeded;
        cm_itemsets_clear(ctx->core, &sets);
        if (exceeded)
            low = try + 1;
        else
            high = try;
        try = low + (high - low) / 2;
    }
    *least = low;
    return status;
}

/* G. I. Webb and S. Zhang, "K-optimal rule discovery", 2005, doi:10.1007/s10618-005-0255-4. */
uint64_t cm_support_next(const cm_rulebook *book, const cm_options *set, const cm_topic *topic, uint64_t least) {
    const char *name = cm_option_text(set, topic, "by");
    const cm_measure *by = cm_measure_find(name, strlen(name));
    uint64_t top = (uint64_t)cm_option_int(set, topic, "top"), fewer = least - 1;
    const cm_counts ideal = {book->market->total, fewer, fewer, fewer};
    if (least <= book->market->lightest) return 0; /* all rules are known */
    if (book->rule_count >= top && fewer <= ideal.all / 2) {
        cm_counts last = cm_rulebook_counts(book, &book->rules[top - 1]);
        if (by->rises ? by->of(&last) <= by->of(&ideal) : by->of(&last) >= by->of(&ideal)) return 0;
    }
    return (least + 1) / 2 < least ? (least + 1) / 2 : 1;
}
