/* A CSV of transactions into a typed table of all eight columns: strings as dictionaries, money as decimals, times parsed. */
#include <string.h>

#include "support/bench.h"

/* Sums as the peers print them; the money from the audit, which is exact. */
static void say(bench *b, const cm_table *sales) {
    cm_table *audit = NULL;
    bench_check(b, cm_table_attached(b->ctx, sales, "audit", &audit));
    bench_result(b, "rows", (double)cm_table_rows(sales));
    bench_result(b, "quantity", bench_sum(sales, "Quantity"));
    bench_result(b, "money", cm_table_double(audit, 1, 3));
    cm_table_free(audit);
}

static void load(bench *b, const char *path) {
    cm_table *sales = NULL;
    bench_start(b, "load");
    bench_check(b, cm_read_csv(b->ctx, path, NULL, &sales));
    bench_stop(b);
    say(b, sales);
    cm_table_free(sales);
}

static void plain(bench *b) { load(b, bench_cached("retail-2600000-50000.csv")); }
static void packed(bench *b) { load(b, bench_cached("retail-2600000-50000.csv.gz")); }
static void online_retail(bench *b) { load(b, bench_cached("online_retail.csv")); }

static const bench_case cases[] = {
    {"csv-210mb", "custmine", plain}, {"gzip-210mb", "custmine", packed}, {"online-retail", "custmine", online_retail}, {0}};

int main(int argc, char **argv) { return bench_main(argc, argv, "load", cases); }
