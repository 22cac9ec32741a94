/* A CSV of transactions into a typed table of all eight columns: strings as dictionaries, money as decimals, times
 * parsed. */
#include <stdio.h>
#include <stdlib.h>
#include <zlib.h>

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

/* What zlib alone needs for the same file: nothing that reads gzip by it can be faster. */
static void inflate_alone(bench *b) {
    static char bytes[1 << 17];
    double all = 0;
    int got;
    gzFile file = gzopen(bench_cached("retail-2600000-50000.csv.gz"), "rb");
    if (!file || gzbuffer(file, 1 << 17)) exit(1);
    bench_start(b, "load");
    while ((got = gzread(file, bytes, sizeof bytes)) > 0) all += got;
    bench_stop(b);
    gzclose(file);
    bench_result(b, "bytes", all);
}

static void plain(bench *b) { load(b, bench_cached("retail-2600000-50000.csv")); }
static void packed(bench *b) { load(b, bench_cached("retail-2600000-50000.csv.gz")); }
static void online_retail(bench *b) { load(b, bench_cached("online_retail.csv")); }

static const bench_case cases[] = {{"csv-210mb", "custmine", plain},
                                   {"gzip-210mb", "custmine", packed},
                                   {"gzip-210mb", "zlib alone", inflate_alone},
                                   {"online-retail", "custmine", online_retail},
                                   {0}};

int main(int argc, char **argv) { return bench_main(argc, argv, "load", cases); }
