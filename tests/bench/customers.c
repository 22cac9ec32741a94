/* Lines in memory to customers to RFM scores, and straight from the file. As the peers do, refunds are lines like any
 * other, and scores are all that is made of the customers. */
#include "support/bench.h"

static void score(bench *b, const cm_table *customers, const char *clock) {
    cm_model *rfm = NULL;
    cm_table *scores = NULL;
    cm_options *options = bench_options(b, "rfm", (const char *const[]){"report", "0", NULL});
    bench_start(b, clock);
    bench_check(b, cm_fit(b->ctx, "rfm", customers, options, &rfm));
    bench_check(b, cm_apply(b->ctx, rfm, customers, &scores));
    bench_stop(b);
    bench_result(b, "customers", (double)cm_table_rows(scores));
    bench_result(b, "money", bench_sum(customers, "money"));
    bench_result(b, "invoices", bench_sum(customers, "invoices"));
    cm_table_free(scores);
    cm_model_free(rfm);
    cm_options_free(options);
}

static cm_table *group(bench *b, const cm_table *sales, const char *clock) {
    cm_table *customers = NULL;
    cm_options *options = bench_options(b, "customers", (const char *const[]){"refunds", "keep", NULL});
    bench_start(b, clock);
    bench_check(b, cm_customers(b->ctx, sales, options, &customers));
    bench_stop(b);
    cm_options_free(options);
    return customers;
}

static void from_memory(bench *b, const char *path) {
    cm_table *sales = NULL;
    bench_check(b, cm_read_csv(b->ctx, path, NULL, &sales));
    cm_table *customers = group(b, sales, "group");
    score(b, customers, "scores");
    cm_table_free(customers);
    cm_table_free(sales);
}

/* Only the columns that the job needs are converted. */
static void from_file(bench *b) {
    static const char *const needed[] = {"use", "customer", "use", "invoice", "use", "date",
                                         "use", "quantity", "use", "price",   NULL};
    cm_table *sales = NULL;
    cm_options *options = bench_options(b, "read", needed);
    bench_start(b, "all");
    bench_check(b, cm_read_csv(b->ctx, bench_cached("retail-2600000-50000.csv"), options, &sales));
    bench_stop(b);
    cm_options_free(options);
    cm_table *customers = group(b, sales, "all");
    score(b, customers, "all");
    cm_table_free(customers);
    cm_table_free(sales);
}

static void few(bench *b) { from_memory(b, bench_cached("retail-10000000-50000.csv")); }
static void many(bench *b) { from_memory(b, bench_cached("retail-10000000-1000000.csv")); }

static const bench_case cases[] = {
    {"10m-50k", "custmine", few}, {"10m-1m", "custmine", many}, {"csv-to-rfm-210mb", "custmine", from_file}, {0}};

int main(int argc, char **argv) { return bench_main(argc, argv, "customers", cases); }
