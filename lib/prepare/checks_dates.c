/* Checks of the last dates, from which everything recent is counted. */
#include "base/civil.h"
#include "base/sort.h"
#include "prepare/checks.h"
#include "prepare/tuples.h"

#define BIT CM_ROLE_BIT

/* Lines of the days from `first` on. */
static cm_status tally_from(cm_context *ctx, const cm_sales *sales, int32_t first, cm_line_sum *out) {
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < sales->table->rows && !status; row += sales->block->rows) {
        status = cm_sales_fill(ctx, sales, BIT(CM_ROLE_DATE) | BIT(CM_ROLE_AMOUNT), row);
        for (uint64_t i = 0; i < sales->block->rows && !status; i++)
            if (cm_sales_has(sales->block, i, BIT(CM_ROLE_DATE))
                && cm_sales_day(sales, sales->block->of[CM_ROLE_DATE][i]) >= first)
                cm_line_sum_add(out, sales->block, i);
    }
    return status;
}

/* The different days, in order. */
typedef struct days {
    cm_key *list; /* by cm_key_of_int of the day, which is the value, too */
    uint64_t count;
} days;

static int32_t day_at(const days *all, uint64_t i) {
    return (int32_t)(int64_t)all->list[i].value;
}

static cm_status number_days(cm_context *ctx, const cm_sales *sales, cm_tuples *numbered) {
    cm_status status = CM_OK;
    for (uint64_t row = 0; row < sales->table->rows && !status; row += sales->block->rows) {
        int64_t last = INT64_MIN; /* lines of one day mostly stand together */
        status = cm_sales_fill(ctx, sales, BIT(CM_ROLE_DATE), row);
        for (uint64_t i = 0; i < sales->block->rows && !status; i++) {
            uint64_t number;
            int64_t day = cm_sales_day(sales, sales->block->of[CM_ROLE_DATE][i]);
            if (day == last || !cm_sales_has(sales->block, i, BIT(CM_ROLE_DATE))) continue;
            status = cm_tuples_add(ctx, numbered, &day, &number);
            last = day;
        }
    }
    return status;
}

static cm_status collect_days(cm_context *ctx, const cm_sales *sales, days *out) {
    cm_tuples numbered = {.width = 1};
    *out = (days){0};
    cm_status status = number_days(ctx, sales, &numbered);
    if (!status) {
        out->count = numbered.count;
        out->list = cm_alloc(ctx, out->count, sizeof *out->list);
        if (!out->list) status = ctx->error.status;
    }
    if (!status) {
        for (uint64_t i = 0; i < out->count; i++)
            out->list[i] = (cm_key){cm_key_of_int(numbered.values[i]), (uint64_t)numbered.values[i]};
        status = cm_sort_keys(ctx, out->list, out->count);
    }
    cm_tuples_clear(ctx->core, &numbered);
    return status;
}

static void clear_days(cm_core *core, days *all) {
    cm_free(core, all->list, all->count, sizeof *all->list);
}

/* ---- the last month: open if the last date is not its last day. Settled by the day before it, if there are lines up
 * to then. ---- */

static cm_status report_month(cm_context *ctx, cm_checking *checks, const days *all) {
    cm_finding found = {0};
    int32_t year, month, day, last = day_at(all, all->count - 1);
    cm_civil_date(last, &year, &month, &day);
    int32_t begin = last - day + 1, tomorrow_day;
    cm_civil_date(last + 1, &year, &month, &tomorrow_day);
    if (tomorrow_day == 1) return CM_OK;
    cm_status status = tally_from(ctx, checks->sales, begin, &found.tally);
    cm_phrase_day(&found.example, last);
    if (day_at(all, 0) < begin) {
        cm_phrase_say(&found.option, "--as-of ");
        cm_phrase_day(&found.option, begin - 1);
    }
    cm_finding_example(&found);
    return status ? status : cm_checks_add(ctx, checks, &found);
}

cm_status cm_check_last_month_open(cm_context *ctx, cm_checking *checks) {
    days all;
    cm_status status = collect_days(ctx, checks->sales, &all);
    if (!status && all.count) status = report_month(ctx, checks, &all);
    clear_days(ctx->core, &all);
    return status;
}

/* ---- a last date far from the others: the gap before it is longer than 60 days and than five times the median of the
 * other gaps between one day with lines and the next, of which there must be at least two ---- */

#define FAR_DAYS 60
#define FAR_TIMES 5

static cm_status far_from_others(cm_context *ctx, const days *all, bool *out) {
    uint64_t count = all->count < 2 ? 0 : all->count - 2; /* of the other gaps */
    *out = false;
    if (count < 2) return CM_OK;
    int64_t gap = (int64_t)day_at(all, count + 1) - day_at(all, count);
    if (gap <= FAR_DAYS) return CM_OK;
    cm_key *gaps = cm_alloc(ctx, count, sizeof *gaps);
    if (!gaps) return ctx->error.status;
    for (uint64_t i = 0; i < count; i++) gaps[i].key = (uint64_t)((int64_t)day_at(all, i + 1) - day_at(all, i));
    cm_status status = cm_sort_keys(ctx, gaps, count);
    int64_t twice_median = (int64_t)(gaps[(count - 1) / 2].key + gaps[count / 2].key);
    *out = gap * 2 > FAR_TIMES * twice_median;
    cm_free(ctx->core, gaps, count, sizeof *gaps);
    return status;
}

static cm_status report_far(cm_context *ctx, cm_checking *checks, const days *all) {
    cm_finding found = {0};
    int32_t last = day_at(all, all->count - 1), before = day_at(all, all->count - 2);
    cm_status status = tally_from(ctx, checks->sales, last, &found.tally);
    cm_phrase_day(&found.example, last);
    cm_phrase_say(&found.option, "--as-of ");
    cm_phrase_day(&found.option, before);
    cm_finding_example(&found);
    cm_finding_int(&found, (int64_t)last - before);
    cm_finding_day(&found, before);
    return status ? status : cm_checks_add(ctx, checks, &found);
}

cm_status cm_check_far_last_date(cm_context *ctx, cm_checking *checks) {
    days all;
    bool far = false;
    cm_status status = collect_days(ctx, checks->sales, &all);
    if (!status) status = far_from_others(ctx, &all, &far);
    if (!status && far) status = report_far(ctx, checks, &all);
    clear_days(ctx->core, &all);
    return status;
}
