/* Rhythm: how regularly each customer buys, and where that leaves them.
 *
 * A gap is the days from one purchase day to the next. mean_gap_days and gap_cv (their standard deviation, of the
 * population, over their mean) describe a customer's gaps; 1 is what purchases at random times give (a Poisson
 * process), lower is regular. active_months counts the calendar months with a purchase, months those from the first
 * purchase to as-of. rhythm_days is the customer's own mean gap drawn towards that of the others as if by one gap more:
 * (sum of gaps + P) / (gaps + 1), where P is the median of the mean gaps of all who came back. A customer who bought
 * once has P.
 *
 * Stage, by the days since the last purchase in rhythms: up to 2 active (of who bought once: new), up to 4 slipping,
 * beyond lapsed. Purchases at random times leave 13.5% silent for 2 mean gaps and 1.8% for 4. Who is active after a
 * last gap of more than 4 rhythms, as they were before it, has returned. While nobody came back there is no rhythm, and
 * who bought once is new. O(orders). */
#include <math.h>
#include <string.h>

#include "base/civil.h"
#include "prepare/history.h"

#define SLIPS 2.0  /* rhythms of silence after which a customer slips */
#define LAPSES 4.0 /* and after which they have lapsed */

enum { MEAN_GAP, GAP_CV, ACTIVE_MONTHS, MONTHS, RHYTHM, STAGE, COLUMNS };

static const char *const names[COLUMNS] = {"mean_gap_days", "gap_cv",      "active_months",
                                           "months",        "rhythm_days", "stage"};
static const int32_t types[COLUMNS] = {CM_FLOAT64, CM_FLOAT64, CM_INT64, CM_INT64, CM_FLOAT64, CM_STRING};

typedef struct rhythm {
    int64_t days, gaps_sum, last_gap; /* purchase days, days between them */
    double squares;                   /* of the gaps */
    int32_t first, last;
    int64_t active_months;
} rhythm;

static rhythm look_at(const cm_history *history, uint64_t code) {
    rhythm one = {0};
    int64_t last_month = INT64_MIN;
    for (uint64_t event = history->starts[code]; event < history->starts[code + 1]; event++) {
        cm_order order = cm_history_order(history, event);
        if (!cm_history_is_purchase(history, &order) || (one.days && order.day == one.last)) continue;
        if (!one.days) one.first = order.day;
        else one.last_gap = (int64_t)order.day - one.last;
        one.gaps_sum += one.days ? one.last_gap : 0;
        one.squares += one.days ? (double)one.last_gap * (double)one.last_gap : 0;
        one.last = order.day;
        one.days++;
        one.active_months += cm_civil_month(order.day) != last_month;
        last_month = cm_civil_month(order.day);
    }
    return one;
}

static double mean_gap(const rhythm *one) { return (double)one->gaps_sum / (double)(one->days - 1); }

/* P: the median of the mean gaps; below 0 while nobody came back. */
static cm_status find_typical(cm_context *ctx, const cm_history *history, double *out) {
    cm_key *keys = cm_alloc(ctx, history->customers, sizeof *keys);
    double *gaps = keys ? cm_alloc(ctx, history->customers, sizeof *gaps) : NULL;
    cm_status status = gaps ? CM_OK : ctx->error.status;
    uint64_t count = 0;
    for (uint64_t code = 0; code < history->customers && !status; code++) {
        rhythm one = look_at(history, code);
        if (one.days < 2) continue;
        gaps[count] = mean_gap(&one);
        keys[count] = (cm_key){cm_key_of_double(gaps[count]), count};
        count++;
    }
    if (!status) status = cm_sort_keys(ctx, keys, count);
    *out = count && !status ? (gaps[keys[(count - 1) / 2].value] + gaps[keys[count / 2].value]) / 2 : -1;
    cm_free(ctx->core, keys, history->customers, sizeof *keys);
    cm_free(ctx->core, gaps, history->customers, sizeof *gaps);
    return status;
}

static const char *stage_of(const rhythm *one, double typical, double own, int32_t as_of) {
    double silent = (double)as_of - (double)one->last;
    if (typical < 0) return "new";
    if (silent > LAPSES * own) return "lapsed";
    if (silent > SLIPS * own) return "slipping";
    if (one->days == 1) return "new";
    double before = ((double)(one->gaps_sum - one->last_gap) + typical) / (double)(one->days - 1);
    return (double)one->last_gap > LAPSES * before ? "returned" : "active";
}

static cm_status put_gaps(cm_context *ctx, cm_builder *builder, const rhythm *one) {
    double mean = mean_gap(one), variance = one->squares / (double)(one->days - 1) - mean * mean;
    cm_status status = cm_builder_double(ctx, builder, MEAN_GAP, mean);
    if (status || one->days < 3) return status; /* one gap does not vary */
    return cm_builder_double(ctx, builder, GAP_CV, sqrt(variance > 0 ? variance : 0) / mean);
}

static cm_status add_row(cm_context *ctx, cm_builder *builder, const cm_history *history, int32_t code,
                         double typical) {
    rhythm one = {0};
    if (code >= 0) one = look_at(history, (uint64_t)code);
    if (!one.days) return cm_builder_row(ctx, builder);
    double own = ((double)one.gaps_sum + typical) / (double)one.days;
    const char *stage = stage_of(&one, typical, own, history->as_of);
    cm_status status = one.days > 1 ? put_gaps(ctx, builder, &one) : CM_OK;
    if (!status) status = cm_builder_int(ctx, builder, ACTIVE_MONTHS, one.active_months);
    if (!status)
        status = cm_builder_int(ctx, builder, MONTHS, cm_civil_month(history->as_of) - cm_civil_month(one.first) + 1);
    if (!status && typical >= 0) status = cm_builder_double(ctx, builder, RHYTHM, own);
    if (!status) status = cm_builder_text(ctx, builder, STAGE, stage, strlen(stage));
    return status ? status : cm_builder_row(ctx, builder);
}

cm_status cm_rhythm_columns(cm_context *ctx, const cm_history *history, const int32_t *codes, uint64_t rows,
                            cm_table **out) {
    double typical;
    cm_builder *builder = NULL;
    cm_status status = find_typical(ctx, history, &typical);
    if (!status) status = cm_builder_new(ctx, &builder);
    for (int i = 0; i < COLUMNS && !status; i++)
        status = cm_builder_column(ctx, builder, names[i], types[i], 0, CM_ROLE_NONE);
    for (uint64_t row = 0; row < rows && !status; row++) {
        if (row % 1024 == 0) status = cm_tick(ctx, "rhythm", row, rows);
        if (!status) status = add_row(ctx, builder, history, codes[row], typical);
    }
    if (!status) status = cm_builder_finish(ctx, builder, out);
    cm_builder_free(builder);
    return status;
}
