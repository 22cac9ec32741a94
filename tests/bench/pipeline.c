/* The whole job, from a shop's CSV to segments, rules and churn risks. Stages as the peers name them; "clean" is part
 * of reading and of "rfm" here: lines without customer and refunds are left out by the questions themselves. */
#include "support/bench.h"

static cm_model *fit(bench *b, const char *method, const cm_table *table, const char *const *pairs) {
    cm_model *model = NULL;
    cm_options *options = bench_options(b, method, pairs);
    bench_check(b, cm_fit(b->ctx, method, table, options, &model));
    cm_options_free(options);
    return model;
}

static cm_table *apply(bench *b, const cm_model *model, const cm_table *table) {
    cm_table *scores = NULL;
    bench_check(b, cm_apply(b->ctx, model, table, &scores));
    return scores;
}

static void whole_job(bench *b, const char *path) {
    cm_table *sales = NULL, *customers = NULL, *baskets = NULL;
    bench_start(b, "read");
    cm_options *reading = bench_options(b, "read", (const char *const[]){"on_error", "collect", NULL});
    bench_check(b, cm_read_csv(b->ctx, path, reading, &sales));
    bench_stop(b);
    cm_options_free(reading);

    bench_start(b, "rfm");
    cm_options *dropped = bench_options(b, "customers", (const char *const[]){"refunds", "drop", NULL});
    bench_check(b, cm_customers(b->ctx, sales, dropped, &customers));
    cm_model *rfm = fit(b, "rfm", customers, NULL);
    cm_table *scores = apply(b, rfm, customers);
    bench_stop(b);
    bench_result(b, "customers", (double)cm_table_rows(scores));

    bench_start(b, "kmeans");
    cm_model *kmeans = fit(b, "kmeans", customers, (const char *const[]){"k", "5", "starts", "10", NULL});
    cm_table *segments = apply(b, kmeans, customers);
    bench_stop(b);

    bench_start(b, "rules");
    cm_options *known = bench_options(b, "baskets", (const char *const[]){"baskets", "known", NULL});
    bench_check(b, cm_baskets(b->ctx, sales, known, &baskets));
    cm_model *rules =
        fit(b, "rules", baskets, (const char *const[]){"support", ".01", "confidence", ".5", "lift", "0", NULL});
    bench_stop(b);

    bench_start(b, "bgnbd");
    cm_model *churn = fit(b, "churn", customers, NULL);
    cm_table *risks = apply(b, churn, customers);
    bench_stop(b);
    bench_result(b, "alive", bench_sum(risks, "p_alive"));

    cm_table *found = bench_model_table(b, rules, "rules");
    bench_result(b, "rules", (double)cm_table_rows(found));
    cm_table *tables[] = {found, risks, baskets, segments, scores, customers, sales};
    for (unsigned i = 0; i < sizeof tables / sizeof *tables; i++) cm_table_free(tables[i]);
    cm_model *models[] = {churn, rules, kmeans, rfm};
    for (unsigned i = 0; i < sizeof models / sizeof *models; i++) cm_model_free(models[i]);
    cm_options_free(known);
    cm_options_free(dropped);
}

static void online_retail(bench *b) { whole_job(b, bench_cached("online_retail.csv")); }
static void made_up(bench *b) { whole_job(b, bench_cached("retail-2600000-50000.csv")); }

static void shop(bench *b) { whole_job(b, bench_cached("shop.csv")); }

static const bench_case cases[] = {
    {"online-retail", "custmine", online_retail}, {"csv-210mb", "custmine", made_up}, {"shop", "custmine", shop}, {0}};

int main(int argc, char **argv) { return bench_main(argc, argv, "pipeline", cases); }
