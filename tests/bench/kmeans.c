/* k-means of overlapping clusters: the start alone, twenty iterations from the first k rows, and a whole fit from one
 * start; and the memory of each beyond the data, in bytes a row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/bench.h"
#include "support/synth.h"

/* A table x0, x1, ...; with all rows, or the first as centres to start from. */
static cm_table *table_of(bench *b, double *const *columns, uint64_t count, uint64_t rows) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    bench_check(b, cm_builder_new(b->ctx, &builder));
    for (uint64_t j = 0; j < count; j++) {
        char name[16];
        snprintf(name, sizeof name, "x%d", (int)j);
        bench_check(b, cm_builder_column(b->ctx, builder, name, CM_FLOAT64, 0, CM_ROLE_NONE));
    }
    for (uint64_t j = 0; j < count; j++)
        bench_check(b, cm_builder_values(b->ctx, builder, j, columns[j], NULL, rows));
    bench_check(b, cm_builder_finish(b->ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

/* Fits under a clock; the results are named after `results`. */
static void fit(bench *b, const char *clock, const cm_table *table, uint64_t columns, uint64_t k,
                const char *const *pairs, const cm_table *start, const char *results) {
    cm_options *options = bench_options(b, "kmeans", pairs);
    cm_model *model = NULL;
    char name[64];
    for (uint64_t j = 0; j < columns; j++) {
        snprintf(name, sizeof name, "x%d", (int)j);
        bench_check(b, cm_options_add_text(b->ctx, options, "columns", name));
    }
    bench_check(b, cm_options_set_int(b->ctx, options, "k", (int64_t)k));
    if (start) bench_check(b, cm_options_set_table(b->ctx, options, "centroids", start));
    uint64_t before = cm_context_peak_memory(b->ctx); /* of the call above: what lives, the data above all */
    bench_start(b, clock);
    bench_check(b, cm_fit(b->ctx, "kmeans", table, options, &model));
    bench_stop(b);
    uint64_t more = cm_context_peak_memory(b->ctx) - before;
    snprintf(name, sizeof name, "%sbytes_a_row", results);
    bench_result(b, name, (double)more / (double)cm_table_rows(table));
    cm_table *diagnostics = bench_model_table(b, model, "diagnostics");
    snprintf(name, sizeof name, "%sinertia", results);
    bench_result(b, name, bench_sum(diagnostics, "inertia"));
    snprintf(name, sizeof name, "%siterations", results);
    bench_result(b, name, bench_sum(diagnostics, "iterations"));
    cm_table_free(diagnostics);
    cm_model_free(model);
    cm_options_free(options);
}

static void run(bench *b, double *const *columns, uint64_t count, uint64_t rows, uint64_t k) {
    cm_table *table = table_of(b, columns, count, rows), *start = table_of(b, columns, count, k);
    for (uint64_t j = 0; j < count; j++) free(columns[j]);
    const char *twenty[] = {"iterations", "20", "tolerance", "0", "report", "0", NULL};
    const char *seeding[] = {"starts", "1", "iterations", "0", "tolerance", "0", "report", "0", NULL};
    const char *whole[] = {"starts", "1", "report", "0", NULL};
    fit(b, "iterations", table, count, k, twenty, start, "");
    fit(b, "init", table, count, k, seeding, NULL, "init_");
    fit(b, "fit", table, count, k, whole, NULL, "fit_");
    cm_table_free(start);
    cm_table_free(table);
}

static void run_points(bench *b, uint64_t n, uint64_t d, uint64_t k) {
    double *columns[64];
    for (uint64_t j = 0; j < d; j++) {
        columns[j] = malloc(n * sizeof **columns);
        synth_points_column(n, d, k, j, columns[j]);
    }
    run(b, columns, d, n, k);
}

static void n2m(bench *b) { run_points(b, 2000000, 4, 8); }
static void n1m(bench *b) { run_points(b, 1000000, 16, 50); }
static void n200k(bench *b) { run_points(b, 200000, 64, 200); }

static void mall(bench *b) {
    cm_options *reading = bench_options(b, "read", NULL);
    cm_table *table = NULL;
    double *columns[2];
    bench_check(b, cm_read_csv(b->ctx, bench_data("cluster/Mall_Customers.csv"), reading, &table));
    uint64_t rows = cm_table_rows(table);
    for (uint64_t j = 0; j < 2; j++) {
        columns[j] = malloc(rows * sizeof **columns);
        for (uint64_t row = 0; row < rows; row++) columns[j][row] = (double)cm_table_int(table, row, 3 + j);
    }
    cm_table_free(table);
    cm_options_free(reading);
    run(b, columns, 2, rows, 5);
}

static const bench_case cases[] = {{"n2m-d4-k8", "custmine", n2m},
                                   {"n1m-d16-k50", "custmine", n1m},
                                   {"n200k-d64-k200", "custmine", n200k},
                                   {"mall", "custmine", mall},
                                   {0}};

int main(int argc, char **argv) { return bench_main(argc, argv, "kmeans", cases); }
