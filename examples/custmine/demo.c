/* custmine demo: one readable page of what a file says. */
#include <stdlib.h>
#include <string.h>

#include "demo.h"

#define BAR 40

const char *text_of(const cm_table *table, uint64_t row, const char *column) {
    int64_t found = cm_table_find(table, column);
    const char *text = found < 0 ? NULL : cm_table_text(table, row, (uint64_t)found, 0, NULL);
    return text ? text : "";
}

double number_of(const cm_table *table, uint64_t row, const char *column) {
    int64_t found = cm_table_find(table, column);
    return found < 0 ? 0 : cm_table_double(table, row, (uint64_t)found);
}

void heading(const char *text) { printf("\n%s\n", text); }

/* The exact figure stands in the tables. */
const char *rounded(double value, char out[32]) {
    char digits[32];
    snprintf(digits, sizeof digits, "%.0f", value < 0 ? -value : value);
    size_t length = strlen(digits), to = 0;
    if (value < -0.5) out[to++] = '-';
    for (size_t i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) out[to++] = ',';
        out[to++] = digits[i];
    }
    out[to] = 0;
    return out;
}

/* What would change the answer, a line a finding. */
static int print_checks(struct job *job, const cm_table *sales) {
    cm_table *checks = NULL;
    if (cm_checks(job->ctx, sales, NULL, &checks)) return fail(job);
    int64_t money = cm_table_find(checks, "money");
    heading("WORTH KNOWING FIRST");
    for (uint64_t row = 0; row < cm_table_rows(checks); row++) {
        char lines[32], sum[32];
        int known = money >= 0 && !cm_table_is_absent(checks, row, (uint64_t)money);
        printf("  %9s lines %12s %-5s  %s\n", rounded(number_of(checks, row, "lines"), lines),
               known ? rounded(number_of(checks, row, "money"), sum) : "", known ? "money" : "",
               text_of(checks, row, "sentence"));
    }
    if (!cm_table_rows(checks)) printf("  nothing looks odd\n");
    cm_table_free(checks);
    return EXIT_DONE;
}

/* Steps of the audit: what was read, dropped and why, kept. */
static void print_audit(const cm_table *audit) {
    static const char *const units[][2] = {{"load", "lines"}, {"customers", "lines"}, {"scores", "customers"}};
    int64_t money = cm_table_find(audit, "money");
    heading("READ, DROPPED, KEPT");
    for (uint64_t row = 0; row < cm_table_rows(audit); row++) {
        const char *step = text_of(audit, row, "step"), *reason = text_of(audit, row, "reason"), *unit = "rows";
        char rows[32], sum[32];
        for (size_t i = 0; i < sizeof units / sizeof *units; i++)
            if (!strcmp(units[i][0], step)) unit = units[i][1];
        if (number_of(audit, row, "rows") == 0 && strcmp(reason, "read") != 0 && strcmp(reason, "kept") != 0) continue;
        int known = money >= 0 && !cm_table_is_absent(audit, row, (uint64_t)money);
        printf("  %-10s %-16s %12s %-9s  %s %s\n", strcmp(reason, "read") != 0 ? "" : step, reason,
               rounded(number_of(audit, row, "rows"), rows), unit,
               known ? rounded(number_of(audit, row, "money"), sum) : "", known ? "money" : "");
    }
}

/* ---- the customers at a glance ---- */

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Mean and median of the present values; how many there are. */
static uint64_t middle(const cm_table *table, const char *column, double *mean, double *median) {
    int64_t found = cm_table_find(table, column);
    uint64_t count = 0, rows = cm_table_rows(table);
    double *values = calloc(rows + 1, sizeof *values), sum = 0;
    *mean = *median = 0;
    for (uint64_t row = 0; values && found >= 0 && row < rows; row++) {
        if (cm_table_is_absent(table, row, (uint64_t)found)) continue;
        values[count] = cm_table_double(table, row, (uint64_t)found);
        sum += values[count++];
    }
    if (count) {
        qsort(values, count, sizeof *values, compare_doubles);
        *mean = sum / (double)count;
        *median = (values[(count - 1) / 2] + values[count / 2]) / 2;
    }
    free(values);
    return count;
}

static void print_middles(const cm_table *scores) {
    static const char *const columns[][2] = {
        {"recency_days", "days since the last purchase"}, {"frequency", "invoices"}, {"monetary", "money"}};
    uint64_t once = 0, rows = cm_table_rows(scores);
    double once_money = 0, mean, median;
    char a[32], b[32];
    heading("CUSTOMERS");
    printf("  %-32s %12s %12s\n", "", "mean", "median");
    for (size_t i = 0; i < 3; i++) {
        middle(scores, columns[i][0], &mean, &median);
        if (i == 1) printf("  %-32s %12.1f %12.1f\n", columns[i][1], mean, median);
        else printf("  %-32s %12s %12s\n", columns[i][1], rounded(mean, a), rounded(median, b));
    }
    for (uint64_t row = 0; row < rows; row++)
        if (number_of(scores, row, "frequency") == 1) once++, once_money += number_of(scores, row, "monetary");
    if (rows)
        printf("  %s of %s customers bought once (%.0f%%), for %s money\n", rounded((double)once, a),
               rounded((double)rows, b), 100 * (double)once / (double)rows, rounded(once_money, (char[32]){0}));
}

/* ---- pyramid and segments ---- */

static void print_pyramid(const cm_table *pyramid) {
    char customers[32], money[32], from[32];
    int64_t share = cm_table_find(pyramid, "money_share");
    heading("VALUE PYRAMID: what the best customers bring");
    for (uint64_t row = 0; row < cm_table_rows(pyramid); row++) {
        int known = share >= 0 && !cm_table_is_absent(pyramid, row, (uint64_t)share);
        printf("  best %3.0f%%  %9s customers  from %10s  %13s money", 100 * number_of(pyramid, row, "top_share"),
               rounded(number_of(pyramid, row, "customers"), customers),
               rounded(number_of(pyramid, row, "from_money"), from), rounded(number_of(pyramid, row, "money"), money));
        if (known) printf("  %5.1f%%", 100 * number_of(pyramid, row, "money_share"));
        printf("\n");
    }
}

static void print_bar(double share) {
    int length = (int)(share * BAR + 0.5);
    if (length > BAR) length = BAR;
    for (int i = 0; i < length; i++) putchar('#');
}

static void print_segments(const cm_table *segments) {
    char customers[32], money[32], days[32];
    heading("RFM SEGMENTS: customers, money, medians; the bar is their share of the money");
    printf("  %-20s %9s %6s %13s %6s %6s %9s\n", "segment", "customers", "", "money", "", "days", "invoices");
    for (uint64_t row = 0; row < cm_table_rows(segments); row++) {
        if (number_of(segments, row, "customers") == 0) continue;
        printf("  %-20s %9s %5.1f%% %13s %5.1f%% %6s %9.1f  ", text_of(segments, row, "segment"),
               rounded(number_of(segments, row, "customers"), customers), 100 * number_of(segments, row, "share"),
               rounded(number_of(segments, row, "money"), money), 100 * number_of(segments, row, "money_share"),
               rounded(number_of(segments, row, "median_recency_days"), days),
               number_of(segments, row, "median_frequency"));
        print_bar(number_of(segments, row, "money_share"));
        printf("\n");
    }
}

static void print_repeat(const char *file) {
    heading("TO REPEAT EACH PART");
    printf("  custmine describe %s\n", file);
    printf("  custmine rfm --table audit %s\n", file);
    printf("  custmine customers %s\n", file);
    printf("  custmine rfm --table pyramid %s\n", file);
    printf("  custmine rfm --table segments --save rfm.cm %s\n", file);
    printf("  custmine score rfm.cm --sort -monetary %s\n", file);
    printf("  custmine kmeans --table segments %s\n", file);
    printf("  custmine rules %s\n", file);
    printf("  custmine churn --sort -churn_risk %s\n", file);
}

static int print_page(struct job *job, const cm_table *sales, const cm_table *customers, const cm_table *scores) {
    cm_table *audit = NULL, *pyramid = NULL, *segments = NULL;
    int status = EXIT_DONE;
    if (cm_table_attached(job->ctx, scores, "audit", &audit) || cm_table_attached(job->ctx, scores, "pyramid", &pyramid)
        || cm_table_attached(job->ctx, scores, "segments", &segments)) {
        status = fail(job);
    } else {
        printf("custmine %s: %s\n", cm_version(), job->files[0]);
        status = print_checks(job, sales);
        print_audit(audit);
        print_middles(scores);
        print_pyramid(pyramid);
        print_segments(segments);
        if (!status) status = print_kmeans(job, customers);
        if (!status) status = print_rules(job, sales);
        if (!status) status = print_risk(job, sales, customers);
        if (!status) print_repeat(job->files[0]);
    }
    cm_table_free(audit);
    cm_table_free(pyramid);
    cm_table_free(segments);
    return status;
}

static int run(struct job *job) {
    cm_table *sales = NULL, *customers = NULL, *scores = NULL;
    cm_model *rfm = NULL;
    int status = EXIT_DONE;
    /* A page about any file: what does not fit is left out and shown, unless it was asked otherwise. */
    if (!job->on_error_given
        && (cm_options_set_text(job->ctx, job_options(job, "read"), "on_error", "collect")
            || cm_options_set_text(job->ctx, job_options(job, "customers"), "on_error", "collect")))
        return fail(job);
    if (read_files(job, &sales) || make_customers(job, sales, &customers)
        || cm_fit(job->ctx, "rfm", customers, NULL, &rfm) || cm_apply(job->ctx, rfm, customers, &scores))
        status = fail(job);
    if (!status) status = print_page(job, sales, customers, scores);
    cm_table_free(scores);
    cm_model_free(rfm);
    cm_table_free(customers);
    cm_table_free(sales);
    return status;
}

const subcommand demo_command = {
    .name = "demo",
    .help = "one readable page of what the file says",
    .arguments = "FILE...",
    .topics = "context read customers write",
    .tables = "none: a page for eyes",
    .examples = {"custmine demo sales.csv.gz",
                 "custmine demo --as-of 2011-11-30 --customer Member --amount Total sales.csv"},
    .run = run,
    .least_files = 1,
};
