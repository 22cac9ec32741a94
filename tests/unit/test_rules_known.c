/* Association rules on real baskets: figures that others published. */
#include <math.h>

#include "models.h"

enum { FREQUENT, CLOSED, MAXIMAL };
static const char *const kinds[] = {"frequent", "closed", "maximal"};

#define FIT(ctx, table, ...) fit_with(ctx, "rules", table, SETTINGS(__VA_ARGS__))

static cm_table *real_baskets(cm_context *ctx, const char *name) {
    char path[256];
    cm_table *table = NULL;
    if (data_path(path, name)) OK(ctx, cm_read_baskets(ctx, path, NULL, &table));
    return table;
}

static uint64_t rows_of(cm_context *ctx, cm_model *model, const char *name) {
    cm_table *table = part_of(ctx, model, name);
    uint64_t rows = cm_table_rows(table);
    cm_table_free(table);
    cm_model_free(model);
    return rows;
}

START_TEST(groceries_as_published) {
    static const struct {
        const char *support, *confidence;
        uint64_t rules;
    } known[] = {{".001", ".5", 5668}, {".001", ".8", 410}, {".006", ".25", 463}, {".01", ".2", 231}};
    cm_context *ctx = new_context();
    cm_table *table = real_baskets(ctx, "baskets/groceries.csv");
    for (int i = 0; i < 4 && table; i++) {
        cm_model *model = FIT(ctx, table, "support", known[i].support, "confidence", known[i].confidence, "lift", "0");
        ck_assert(diagnostic(ctx, model, "baskets") == 9835);
        ck_assert(diagnostic(ctx, model, "items") == 169);
        ck_assert_uint_eq(rows_of(ctx, model, "rules"), known[i].rules);
    }
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

static const char *const delivered[] = {"itemsets", "counts"};

START_TEST(mushroom_as_published) {
    static const struct {
        const char *support;
        double shown[3];
    } known[] = {{"2031", {5545, 688, 105}}, {"1625", {53583, 1197, 158}}, {"813", {574431, 4885, 547}}};
    cm_context *ctx = new_context();
    cm_table *table = real_baskets(ctx, "baskets/mushroom.dat");
    for (int i = 0; i < 3 && table; i++)
        for (int kind = FREQUENT; kind <= MAXIMAL; kind++)
            for (int way = 0; way < 2; way++) {
                cm_model *model = FIT(ctx, table, "support", known[i].support, "itemsets", kinds[kind], "deliver",
                                      delivered[way]);
                ck_assert(diagnostic(ctx, model, "itemsets") == known[i].shown[kind]);
                cm_model_free(model);
            }
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* Astronomically many sets: the ceiling ends it. What is there is complete from a count on, and as published there. */
START_TEST(mushroom_at_one_basket_ends_within_its_memory) {
    cm_context *ctx = new_context();
    cm_table *table = real_baskets(ctx, "baskets/mushroom.dat");
    cm_options *limit = NULL, *rules = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_options_new(ctx, "context", &limit));
    OK(ctx, cm_options_set_text(ctx, limit, "memory_limit", "48MB"));
    OK(ctx, cm_context_configure(ctx, limit));
    OK(ctx, cm_options_new(ctx, "rules", &rules));
    OK(ctx, cm_options_set_text(ctx, rules, "support", "1"));
    if (table) {
        FAILS(ctx, CM_E_LIMIT, "memory limit", cm_fit(ctx, "rules", table, rules, &model));
        OK(ctx, cm_options_set_text(ctx, rules, "allow_partial", "true"));
        OK(ctx, cm_fit(ctx, "rules", table, rules, &model));
        double from = diagnostic(ctx, model, "complete_from");
        ck_assert(diagnostic(ctx, model, "truncated") == 1);
        ck_assert(from > 1 && from <= 8416);
        cm_table *sets = part_of(ctx, model, "itemsets");
        uint64_t frequent = 0;
        for (uint64_t row = 0; row < cm_table_rows(sets); row++) frequent += (double)INT(sets, row, "count") >= from;
        char support[32];
        snprintf(support, sizeof support, "%.0f", from);
        cm_model *again = FIT(ctx, table, "support", support, "deliver", "counts");
        ck_assert(diagnostic(ctx, again, "itemsets") == (double)frequent);
        cm_table_free(sets), cm_model_free(again), cm_model_free(model);
    }
    cm_options_free(rules), cm_options_free(limit);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(quest_as_published) {
    static const int64_t lengths[] = {797, 8831, 7130, 5499, 3188, 1429, 503, 130, 23, 2};
    static const char *const ways[] = {"auto", "eclat"};
    cm_context *ctx = new_context();
    cm_table *table = real_baskets(ctx, "baskets/T10I4D100K.dat.gz");
    for (int way = 0; way < 2 && table; way++) {
        cm_model *model = FIT(ctx, table, "support", "100", "deliver", "counts", "algorithm", ways[way]);
        cm_table *found = part_of(ctx, model, "lengths");
        ck_assert_uint_eq(cm_table_rows(found), 10);
        for (uint64_t row = 0; row < 10; row++) ck_assert_int_eq(INT(found, row, "itemsets"), lengths[row]);
        cm_table_free(found);
        cm_model_free(model);
        ck_assert_uint_eq(rows_of(ctx, FIT(ctx, table, "support", "1000", "algorithm", ways[way]), "itemsets"), 385);
        ck_assert_uint_eq(rows_of(ctx, FIT(ctx, table, "support", "500", "algorithm", ways[way]), "itemsets"), 1073);
    }
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(online_retail_as_known) {
    cm_context *ctx = new_context();
    char path[256];
    cm_table *sales = NULL, *baskets = NULL;
    if (!data_path(path, "online_retail.csv.gz")) return;
    OK(ctx, cm_read_csv(ctx, path, NULL, &sales));
    OK(ctx, cm_baskets(ctx, sales, NULL, &baskets));
    ck_assert_uint_eq(rows_of(ctx, FIT(ctx, baskets, "support", ".01"), "itemsets"), 1840);
    ck_assert_uint_eq(rows_of(ctx, FIT(ctx, baskets, "support", ".01", "confidence", ".5", "lift", "0"), "rules"), 775);
    cm_table_free(baskets);
    cm_table_free(sales);
    cm_context_free(ctx);
}
END_TEST

Suite *test_rules_known(void);
Suite *test_rules_known(void) {
    Suite *suite = suite_create("rules_known");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 300);
    tcase_add_test(all, groceries_as_published);
    tcase_add_test(all, mushroom_as_published);
    tcase_add_test(all, mushroom_at_one_basket_ends_within_its_memory);
    tcase_add_test(all, quest_as_published);
    tcase_add_test(all, online_retail_as_known);
    suite_add_tcase(suite, all);
    return suite;
}
