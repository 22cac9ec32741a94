/* BG/NBD by maximum likelihood: CDNOW in weeks, and a million customers in days; then P(alive) and the purchases
 * expected in 39 weeks. */
#include <stdlib.h>
#include <string.h>

#include "support/bench.h"
#include "support/synth.h"

static void fit(bench *b, const cm_table *table, const char *horizon, const char *unit) {
    const char *pairs[] = {"columns", "x",    "columns", "tx",   "columns", "T",
                           "horizon", horizon, "unit",    unit, NULL};
    cm_options *options = bench_options(b, "churn", pairs);
    cm_model *model = NULL;
    cm_table *scores = NULL;
    bench_start(b, "fit");
    bench_check(b, cm_fit(b->ctx, "churn", table, options, &model));
    bench_stop(b);
    bench_start(b, "predict");
    bench_check(b, cm_apply(b->ctx, model, table, &scores));
    bench_stop(b);
    cm_table *parameters = bench_model_table(b, model, "parameters");
    for (uint64_t row = 0; row < cm_table_rows(parameters); row++)
        bench_result(b, cm_table_text(parameters, row, 0, 0, NULL), cm_table_double(parameters, row, 1));
    bench_result(b, "alive", bench_sum(scores, "p_alive"));
    bench_result(b, "purchases", bench_sum(scores, "expected_purchases"));
    cm_table_free(parameters);
    cm_table_free(scores);
    cm_model_free(model);
    cm_options_free(options);
}

static void cdnow(bench *b) {
    cm_table *table = NULL, *renamed = NULL;
    cm_options *reading = bench_options(b, "read", NULL);
    bench_check(b, cm_read_csv(b->ctx, bench_data("cdnow/cdnow_customers_summary.csv"), reading, &table));
    cm_builder *builder = NULL;
    static const char *const from[] = {"frequency", "recency", "T"}, *const to[] = {"x", "tx", "T"};
    bench_check(b, cm_builder_new(b->ctx, &builder));
    for (int i = 0; i < 3; i++) bench_check(b, cm_builder_column(b->ctx, builder, to[i], CM_FLOAT64, 0, CM_ROLE_NONE));
    for (uint64_t row = 0; row < cm_table_rows(table); row++) {
        for (uint64_t i = 0; i < 3; i++) {
            int64_t column = cm_table_find(table, from[i]);
            bench_check(b, cm_builder_double(b->ctx, builder, i, cm_table_double(table, row, (uint64_t)column)));
        }
        bench_check(b, cm_builder_row(b->ctx, builder));
    }
    bench_check(b, cm_builder_finish(b->ctx, builder, &renamed));
    fit(b, renamed, "273", "week");
    cm_builder_free(builder);
    cm_table_free(renamed);
    cm_table_free(table);
    cm_options_free(reading);
}

static void million(bench *b) {
    enum { N = 1000000 };
    static const char *const names[] = {"x", "tx", "T"};
    double *columns = malloc(3 * N * sizeof *columns);
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    synth_customers(N, columns, columns + N, columns + 2 * N);
    bench_check(b, cm_builder_new(b->ctx, &builder));
    for (int i = 0; i < 3; i++)
        bench_check(b, cm_builder_column(b->ctx, builder, names[i], CM_FLOAT64, 0, CM_ROLE_NONE));
    for (uint64_t i = 0; i < 3; i++) bench_check(b, cm_builder_values(b->ctx, builder, i, columns + i * N, NULL, N));
    bench_check(b, cm_builder_finish(b->ctx, builder, &table));
    cm_builder_free(builder);
    free(columns);
    fit(b, table, "273", "day");
    cm_table_free(table);
}

static const bench_case cases[] = {{"cdnow-bgnbd", "custmine", cdnow}, {"n1m-bgnbd", "custmine", million}, {0}};

int main(int argc, char **argv) { return bench_main(argc, argv, "clv", cases); }
