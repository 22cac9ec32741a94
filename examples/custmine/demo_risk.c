/* The demo page's customers at risk, and whether such a list made earlier would have been right. */
#include <stdlib.h>
#include <string.h>

#include "demo.h"

#define HORIZON 90 /* days */
#define LISTED 20

/* What is known of one customer at an earlier day, and what came after it. */
typedef struct hindsight {
    double risk, money;
    int64_t silent_days;
    int stayed_away;
} hindsight;

/* The day to which recency counts, from any customer with a purchase; 0 if there is none. */
static int64_t as_of_day(const cm_table *customers) {
    int64_t last = cm_table_find(customers, "last"), recency = cm_table_find(customers, "recency_days");
    cm_column_view view = {.struct_size = sizeof view};
    cm_table_view(customers, (uint64_t)last, 0, &view);
    for (uint64_t row = 0; row < cm_table_rows(customers); row++) {
        if (cm_table_is_absent(customers, row, (uint64_t)last)) continue;
        int64_t value = cm_table_int(customers, row, (uint64_t)last);
        int64_t day = view.type == CM_DATE ? value : value / 86400000000 - (value % 86400000000 < 0);
        return day + cm_table_int(customers, row, (uint64_t)recency);
    }
    return 0;
}

static int same_id(const cm_table *a, uint64_t row_a, const cm_table *b, uint64_t row_b) {
    const char *x = cm_table_text(a, row_a, 0, 0, NULL), *y = cm_table_text(b, row_b, 0, 0, NULL);
    return x && y ? !strcmp(x, y) : cm_table_int(a, row_a, 0) == cm_table_int(b, row_b, 0);
}

/* ---- the list ---- */

static int by_money(const void *a, const void *b) {
    const hindsight *x = a, *y = b;
    return x->money < y->money ? 1 : x->money > y->money ? -1 : 0;
}

static void print_listed(const cm_table *scores, const cm_table *customers, const cm_table *why) {
    uint64_t rows = cm_table_rows(scores), at = 0, shown = 0, reason = 0;
    struct listed {
        hindsight one; /* first, as by_money sorts */
        uint64_t row, reason;
    } *all = calloc(rows + 1, sizeof *all);
    uint64_t count = 0;
    for (uint64_t row = 0; all && row < rows; row++) {
        while (at < cm_table_rows(customers) && !same_id(customers, at, scores, row)) at++;
        double risk = number_of(scores, row, "churn_risk");
        if (risk >= 0.5 && number_of(scores, row, "repeat_days") > 0)
            all[count++] = (struct listed){{.risk = risk, .money = number_of(customers, at, "money")}, row, reason};
        reason += 2; /* two reasons a customer: the gap, and the probability of still being one */
    }
    if (all) qsort(all, count, sizeof *all, by_money);
    for (; all && shown < count && shown < LISTED; shown++) {
        char money[32], id[32];
        const char *text = cm_table_text(scores, all[shown].row, 0, 0, NULL);
        if (!text) snprintf(id, sizeof id, "%lld", (long long)cm_table_int(scores, all[shown].row, 0));
        printf("  %-14s %11s money  risk %3.0f%%  %s\n", text ? text : id, rounded(all[shown].one.money, money),
               100 * all[shown].one.risk, text_of(why, all[shown].reason, "sentence"));
    }
    if (!shown) printf("  nobody who came back before has a risk of 50%% or more\n");
    free(all);
}

/* ---- in hindsight ---- */

/* How well a figure puts those who stayed away before the others (area under the ROC curve; ties count half). */
static int by_risk(const void *a, const void *b) {
    const hindsight *x = a, *y = b;
    return x->risk < y->risk ? -1 : x->risk > y->risk;
}

static int by_silence(const void *a, const void *b) {
    const hindsight *x = a, *y = b;
    return x->silent_days < y->silent_days ? -1 : x->silent_days > y->silent_days;
}

static double area(hindsight *all, uint64_t count, int (*compare)(const void *, const void *)) {
    double away = 0, ranks = 0;
    qsort(all, count, sizeof *all, compare);
    for (uint64_t i = 0, end; i < count; i = end) {
        for (end = i; end < count && compare(&all[i], &all[end]) == 0;) end++;
        for (uint64_t j = i; j < end; j++)
            if (all[j].stayed_away) ranks += (double)(i + end + 1) / 2, away++;
    }
    double others = (double)count - away;
    return away > 0 && others > 0 ? (ranks - away * (away + 1) / 2) / (away * others) : 0.5;
}

static void print_group(const char *name, const hindsight *all, uint64_t count, int by_model) {
    double members = 0, away = 0, expected = 0;
    char text[32];
    for (uint64_t i = 0; i < count; i++) {
        if (by_model ? all[i].risk < 0.5 : all[i].silent_days < HORIZON) continue;
        members++;
        away += all[i].stayed_away;
        expected += all[i].risk;
    }
    if (members > 0)
        printf("  %-28s %7s customers, %5.1f%% stayed away (the model: %.1f%%)\n", name, rounded(members, text),
               100 * away / members, 100 * expected / members);
}

/* Of all customers known then: what the model said and what happened. */
static void print_hindsight(hindsight *all, uint64_t count) {
    double expected = 0, away = 0;
    char text[32];
    for (uint64_t i = 0; i < count; i++) expected += all[i].risk, away += all[i].stayed_away;
    printf(
        "  %d days earlier: of %s customers known then, %.1f%% did not buy in these days; the model expected %.1f%%\n",
        HORIZON, rounded((double)count, text), 100 * away / (double)count, 100 * expected / (double)count);
    print_group("risk of 50% or more", all, count, 1);
    print_group("silent for 90 days", all, count, 0);
    printf("  order of risk (area under the ROC curve): the model %.3f, days of silence %.3f\n",
           area(all, count, by_risk), area(all, count, by_silence));
}

/* Both tables are sorted by customer, and whoever was known then is known now. */
static void look_back(const cm_table *scores, const cm_table *customers, int64_t then, int64_t now) {
    uint64_t rows = cm_table_rows(scores), at = 0, count = 0;
    hindsight *all = calloc(rows + 1, sizeof *all);
    for (uint64_t row = 0; all && row < rows; row++) {
        while (at < cm_table_rows(customers) && !same_id(customers, at, scores, row)) at++;
        if (at == cm_table_rows(customers)) break;
        int64_t last = now - (int64_t)number_of(customers, at, "recency_days");
        all[count++] = (hindsight){.risk = number_of(scores, row, "churn_risk"), .stayed_away = last <= then,
                                   .silent_days = (int64_t)number_of(scores, row, "recency_days")};
    }
    if (count) print_hindsight(all, count);
    free(all);
}

static int print_earlier(struct job *job, const cm_table *sales, const cm_table *customers, int64_t now) {
    cm_table *known = NULL, *scores = NULL;
    cm_model *churn = NULL;
    cm_options *options = job_options(job, "customers");
    int status = EXIT_DONE;
    if (cm_options_set_int(job->ctx, options, "as_of", now - HORIZON) || cm_customers(job->ctx, sales, options, &known)
        || cm_options_set_int(job->ctx, options, "as_of", now))
        return fail(job);
    if (cm_fit(job->ctx, "churn", known, NULL, &churn))
        printf("  nothing can be said of %d days earlier: %s\n", HORIZON, cm_error_message(job->ctx));
    else if (cm_apply(job->ctx, churn, known, &scores)) status = fail(job);
    else look_back(scores, customers, now - HORIZON, now);
    cm_table_free(known);
    cm_table_free(scores);
    cm_model_free(churn);
    return status;
}

/* What the fit itself warns of. */
static void print_findings(const cm_table *diagnostics) {
    static const char *const warnings[] = {"CHURN_NO_DROP_OUT", "CHURN_RIDGE", "CHURN_NOBODY_REPEATS",
                                           "CHURN_ALL_REPEAT", "CHURN_NOT_CONVERGED"};
    for (uint64_t row = 0; row < cm_table_rows(diagnostics); row++)
        for (size_t i = 0; i < sizeof warnings / sizeof *warnings; i++)
            if (!strcmp(text_of(diagnostics, row, "code"), warnings[i]))
                printf("  note: %s\n", text_of(diagnostics, row, "sentence"));
}

int print_risk(struct job *job, const cm_table *sales, const cm_table *customers) {
    cm_model *churn = NULL;
    cm_table *scores = NULL, *why = NULL, *diagnostics = NULL;
    int status = EXIT_DONE;
    int64_t now = as_of_day(customers);
    heading("AT RISK: the most valuable customers who may stay away for the next 90 days");
    if (cm_fit(job->ctx, "churn", customers, NULL, &churn)) {
        printf("  left out: %s\n", cm_error_message(job->ctx));
        return EXIT_DONE;
    }
    if (cm_apply(job->ctx, churn, customers, &scores) || cm_explain(job->ctx, churn, customers, &why)
        || cm_model_table(job->ctx, churn, "diagnostics", &diagnostics))
        status = fail(job);
    if (!status) {
        print_findings(diagnostics);
        print_listed(scores, customers, why);
        status = print_earlier(job, sales, customers, now);
    }
    cm_table_free(scores);
    cm_table_free(why);
    cm_table_free(diagnostics);
    cm_model_free(churn);
    return status;
}
