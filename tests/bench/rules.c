/* Rules with one consequent and at least one antecedent; and the recommendations of 100,000 baskets by them: as a
 * table, and each basket alone (live: seconds for all; ten microseconds each are one). */
#include <stdio.h>
#include <string.h>

#include "support/bench.h"

static cm_table *read_baskets(bench *b, const char *path, const char *delimiter) {
    cm_table *baskets = NULL;
    cm_options *reading = bench_options(b, "read", (const char *const[]){"delimiter", delimiter, NULL});
    bench_check(b, cm_read_baskets(b->ctx, path, reading, &baskets));
    cm_options_free(reading);
    return baskets;
}

/* Each basket alone, as a live checkout asks. */
static void ask(bench *b, const cm_model *model, const cm_table *baskets) {
    cm_scorer *scorer = NULL;
    bench_check(b, cm_scorer_new(b->ctx, model, &scorer));
    bench_start(b, "live");
    for (uint64_t row = 0; row < cm_table_rows(baskets); row++) {
        cm_cell in[256], out[20];
        uint64_t count = cm_table_items(baskets, row, 1);
        for (uint64_t i = 0; i < count && i < 256; i++) {
            in[i] = (cm_cell){.type = CM_STRING};
            in[i].text = cm_table_text(baskets, row, 1, i, &in[i].length);
        }
        bench_check(b, cm_scorer_row(b->ctx, scorer, in, count < 256 ? count : 256, out, 20));
    }
    bench_stop(b);
    cm_scorer_free(scorer);
}

static void score(bench *b, const cm_model *model, const char *to_score, const char *delimiter) {
    cm_table *baskets = read_baskets(b, to_score, delimiter), *found = NULL;
    bench_start(b, "score");
    bench_check(b, cm_apply(b->ctx, model, baskets, &found));
    bench_stop(b);
    ask(b, model, baskets);
    cm_table_free(found);
    cm_table_free(baskets);
}

static void mine(bench *b, const char *path, const char *delimiter, const char *support, const char *to_score) {
    const char *pairs[] = {"support", support, "confidence", ".5", "lift", "0", NULL};
    cm_options *options = bench_options(b, "rules", pairs);
    cm_model *model = NULL;
    bench_start(b, "read");
    cm_table *baskets = read_baskets(b, path, delimiter);
    bench_stop(b);
    bench_start(b, "mine");
    bench_check(b, cm_fit(b->ctx, "rules", baskets, options, &model));
    bench_stop(b);
    cm_table *rules = bench_model_table(b, model, "rules");
    bench_result(b, "rules", (double)cm_table_rows(rules));
    bench_result(b, "support", bench_sum(rules, "count"));
    bench_result(b, "confidence", bench_sum(rules, "confidence"));
    bench_result(b, "lift", bench_sum(rules, "lift"));
    cm_table_free(rules);
    if (to_score) score(b, model, to_score, delimiter);
    cm_model_free(model);
    cm_table_free(baskets);
    cm_options_free(options);
}

static void groceries(bench *b) {
    mine(b, bench_data("baskets/groceries.csv"), ",", ".001",
         strchr(b->name, '+') ? bench_cached("groceries-score.dat") : NULL);
}
static void t10(bench *b) {
    mine(b, bench_cached("T10I4D100K.dat"), "blanks", ".002",
         strchr(b->name, '+') ? bench_cached("t10i4d100k-score.dat") : NULL);
}
static void quest(bench *b) {
    mine(b, bench_cached("quest-1m.dat"), "blanks", ".002",
         strchr(b->name, '+') ? bench_cached("quest-1m-score.dat") : NULL);
}
static void retail(bench *b) { mine(b, bench_cached("online-retail-baskets.csv"), ",", ".01", NULL); }

static const bench_case cases[] = {{"groceries", "custmine", groceries},
                                   {"t10i4d100k", "custmine", t10},
                                   {"quest-1m", "custmine", quest},
                                   {"online-retail", "custmine", retail},
                                   {"groceries+score", "custmine", groceries},
                                   {"t10i4d100k+score", "custmine", t10},
                                   {"quest-1m+score", "custmine", quest},
                                   {0}};

int main(int argc, char **argv) { return bench_main(argc, argv, "rules", cases); }
