/* All frequent itemsets of a basket file, reading included. A case is DATA@MINIMAL SUPPORT in baskets. */
#include <stdio.h>
#include <string.h>

#include "support/bench.h"

/* The peer custmine-sets delivers the sets, custmine-count only counts them. */
static void mine(bench *b, const char *path, const char *delimiter, const char *support) {
    cm_table *baskets = NULL;
    cm_model *model = NULL;
    const char *deliver = strstr(b->peer, "sets") ? "itemsets" : "counts";
    cm_options *reading = bench_options(b, "read", (const char *const[]){"delimiter", delimiter, NULL});
    cm_options *mining = bench_options(b, "rules", (const char *const[]){"support", support, "deliver", deliver, NULL});
    bench_start(b, "read");
    bench_check(b, cm_read_baskets(b->ctx, path, reading, &baskets));
    bench_stop(b);
    bench_start(b, "mine");
    bench_check(b, cm_fit(b->ctx, "rules", baskets, mining, &model));
    bench_stop(b);
    cm_table *sets = bench_model_table(b, model, "lengths");
    bench_result(b, "sets", bench_sum(sets, "itemsets"));
    cm_table_free(sets);
    cm_model_free(model);
    cm_table_free(baskets);
    cm_options_free(mining);
    cm_options_free(reading);
}

static void groceries(bench *b) { mine(b, bench_data("baskets/groceries.csv"), ",", "10"); }
static void mushroom(bench *b) { mine(b, bench_data("baskets/mushroom.dat"), "blanks", "1625"); }
static void mushroom_deep(bench *b) { mine(b, bench_data("baskets/mushroom.dat"), "blanks", "813"); }
static void t10(bench *b) { mine(b, bench_cached("T10I4D100K.dat"), "blanks", "100"); }
static void t10_deep(bench *b) { mine(b, bench_cached("T10I4D100K.dat"), "blanks", "20"); }
static void quest(bench *b) { mine(b, bench_cached("quest-1m.dat"), "blanks", "1000"); }
static void quest_deep(bench *b) { mine(b, bench_cached("quest-1m.dat"), "blanks", "200"); }
static void quest_wide(bench *b) { mine(b, bench_cached("quest-t40.dat"), "blanks", "1000"); }

static const bench_case cases[] = {{"groceries@10", "custmine-count", groceries},
                                   {"groceries@10", "custmine-sets", groceries},
                                   {"mushroom@1625", "custmine-count", mushroom},
                                   {"mushroom@1625", "custmine-sets", mushroom},
                                   {"mushroom@813", "custmine-count", mushroom_deep},
                                   {"mushroom@813", "custmine-sets", mushroom_deep},
                                   {"t10i4d100k@100", "custmine-count", t10},
                                   {"t10i4d100k@100", "custmine-sets", t10},
                                   {"t10i4d100k@20", "custmine-count", t10_deep},
                                   {"t10i4d100k@20", "custmine-sets", t10_deep},
                                   {"quest-1m@1000", "custmine-count", quest},
                                   {"quest-1m@1000", "custmine-sets", quest},
                                   {"quest-1m@200", "custmine-count", quest_deep},
                                   {"quest-1m@200", "custmine-sets", quest_deep},
                                   {"quest-t40@1000", "custmine-count", quest_wide},
                                   {"quest-t40@1000", "custmine-sets", quest_wide},
                                   {0}};

int main(int argc, char **argv) { return bench_main(argc, argv, "itemsets", cases); }
