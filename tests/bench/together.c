/* From baskets in memory to the 20 most similar items of every item: 1 M baskets of 4,000 items (synth.baskets). */
#include <stdio.h>
#include <stdlib.h>

#include "support/bench.h"
#include "support/synth.h"

enum { BASKETS = 1000000 };

static cm_table *make_baskets(bench *b) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    bench_check(b, cm_builder_new(b->ctx, &builder));
    bench_check(b, cm_builder_column(b->ctx, builder, "items", CM_LIST, 0, 0));
    for (uint64_t i = 0; i < BASKETS; i++) {
        int32_t items[16];
        int count = synth_basket(i, items);
        bench_check(b, cm_builder_text(b->ctx, builder, 0, NULL, 0));
        for (int j = 0; j < count; j++) {
            char text[16];
            int length = snprintf(text, sizeof text, "%d", items[j]);
            bench_check(b, cm_builder_text(b->ctx, builder, 0, text, (uint64_t)length));
        }
        bench_check(b, cm_builder_row(b->ctx, builder));
    }
    bench_check(b, cm_builder_finish(b->ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static void together(bench *b) {
    cm_table *baskets = make_baskets(b);
    cm_model *model = NULL;
    bench_start(b, "top");
    bench_check(b, cm_fit(b->ctx, "together", baskets, NULL, &model));
    bench_stop(b);
    cm_table *table = bench_model_table(b, model, "together"); /* the first row is of the most frequent item */
    bench_result(b, "item", strtod(cm_table_text(table, 0, 0, 0, NULL), NULL));
    bench_result(b, "neighbour", strtod(cm_table_text(table, 0, 1, 0, NULL), NULL));
    bench_result(b, "similarity", cm_table_double(table, 0, (uint64_t)cm_table_find(table, "similarity")));
    cm_table_free(table);
    cm_model_free(model);
    cm_table_free(baskets);
}

static const bench_case cases[] = {{"n1m-m4000", "custmine", together}, {0}};

int main(int argc, char **argv) { return bench_main(argc, argv, "together", cases); }
