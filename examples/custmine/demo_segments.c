/* The demo page's segments by k-means, in plain units and in words. */
#include "demo.h"

static void print_segment(const cm_table *segments, uint64_t row) {
    char customers[32], money[32], days[32], each[32];
    printf("  %-2.0f %9s customers %5.1f%%  %13s money %5.1f%%  typically %s days ago, %.0f invoices, %s money: %s\n",
           number_of(segments, row, "segment"), rounded(number_of(segments, row, "customers"), customers),
           100 * number_of(segments, row, "share"), rounded(number_of(segments, row, "money"), money),
           100 * number_of(segments, row, "money_share"),
           rounded(number_of(segments, row, "median_recency_days"), days), number_of(segments, row, "median_invoices"),
           rounded(number_of(segments, row, "median_money"), each), text_of(segments, row, "profile"));
}

int print_kmeans(struct job *job, const cm_table *customers) {
    cm_model *model = NULL;
    cm_table *segments = NULL;
    int status = EXIT_DONE;
    heading("FIVE SEGMENTS BY K-MEANS: recency, invoices and money together");
    if (cm_fit(job->ctx, "kmeans", customers, NULL, &model)) {
        printf("  left out: %s\n", cm_error_message(job->ctx));
        return EXIT_DONE;
    }
    if (cm_model_table(job->ctx, model, "segments", &segments)) status = fail(job);
    for (uint64_t row = 0; row < cm_table_rows(segments); row++) print_segment(segments, row);
    cm_table_free(segments);
    cm_model_free(model);
    return status;
}
