/* Times each step of the main job through the public header: one JSON line a run.
 *
 *     main_job FILE THREADS RUNS */
#include <custmine.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static void check(cm_context *ctx, cm_status status) {
    if (!status) return;
    fprintf(stderr, "%s\n", cm_error_message(ctx));
    exit(1);
}

/* Seconds to fit a method to a table and, where it scores rows, to apply it. */
static double time_method(cm_context *ctx, const char *method, const cm_table *table, int applied) {
    cm_model *model = NULL;
    cm_table *scores = NULL;
    double start = now();
    check(ctx, cm_fit(ctx, method, table, NULL, &model));
    if (applied) check(ctx, cm_apply(ctx, model, table, &scores));
    double seconds = now() - start;
    cm_table_free(scores);
    cm_model_free(model);
    return seconds;
}

static void run(cm_context *ctx, const char *path, int threads) {
    cm_table *sales = NULL, *customers = NULL, *scores = NULL, *baskets = NULL;
    cm_model *rfm = NULL;
    double at[6];
    uint64_t read_peak, peak;
    at[0] = now();
    check(ctx, cm_read_csv(ctx, path, NULL, &sales));
    at[1] = now();
    read_peak = cm_context_peak_memory(ctx);
    check(ctx, cm_customers(ctx, sales, NULL, &customers));
    at[2] = now();
    peak = cm_context_peak_memory(ctx);
    check(ctx, cm_fit(ctx, "rfm", customers, NULL, &rfm));
    at[3] = now();
    check(ctx, cm_apply(ctx, rfm, customers, &scores));
    at[4] = now();
    check(ctx, cm_baskets(ctx, sales, NULL, &baskets));
    at[5] = now();
    double kmeans = time_method(ctx, "kmeans", customers, 1), churn = time_method(ctx, "churn", customers, 1);
    double rules = time_method(ctx, "rules", baskets, 0);
    printf("{\"workload\": \"main_job\", \"peer\": \"custmine\", \"version\": \"%s\", \"threads\": %d, \"seconds\": {\"read\": %.4f, "
           "\"customers\": %.4f, \"fit\": %.4f, \"apply\": %.4f, \"all\": %.4f, \"baskets\": %.4f, \"kmeans\": %.4f, \"churn\": %.4f, \"rules\": %.4f}, \"peak_mb\": {\"read\": %llu, \"customers\": %llu}, "
           "\"result\": {\"lines\": %llu, \"customers\": %llu, \"scored\": %llu}}\n",
           cm_version(), threads, at[1] - at[0], at[2] - at[1], at[3] - at[2], at[4] - at[3], at[4] - at[0],
           at[5] - at[4], kmeans, churn, rules,
           (unsigned long long)(read_peak >> 20), (unsigned long long)(peak >> 20), (unsigned long long)cm_table_rows(sales),
           (unsigned long long)cm_table_rows(customers), (unsigned long long)cm_table_rows(scores));
    fflush(stdout);
    cm_table_free(baskets);
    cm_table_free(scores);
    cm_model_free(rfm);
    cm_table_free(customers);
    cm_table_free(sales);
}

int main(int argc, char **argv) {
    cm_context *ctx = NULL;
    cm_options *options = NULL;
    if (argc != 4) {
        fprintf(stderr, "usage: main_job FILE THREADS RUNS\n");
        return 2;
    }
    check(ctx, cm_context_new(NULL, &ctx));
    check(ctx, cm_options_new(ctx, "context", &options));
    check(ctx, cm_options_set_text(ctx, options, "threads", argv[2]));
    check(ctx, cm_context_configure(ctx, options));
    for (int i = 0; i < atoi(argv[3]); i++) run(ctx, argv[1], atoi(argv[2]));
    cm_options_free(options);
    cm_context_free(ctx);
    return 0;
}
