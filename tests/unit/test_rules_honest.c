/* Filters, tests and redundancy of rules against their definitions, all options crossed, on small random data sets:
 * every subset against every other, counted by looking into every basket. */
#include <math.h>

#include "models.h"

#define ITEMS 6
#define SETS (1u << ITEMS)
#define MOST_RULES 800 /* 3^6 - 2 * 2^6 + 1 = 602 */

typedef struct rule {
    unsigned left, right;
    double p, adjusted;
    int kept;
} rule;

typedef struct world {
    int baskets, counts[SETS], owners[SETS], customers, least, empty; /* empty: rules without antecedent, too */
    unsigned basket[60];
    int owner[60];
    rule rules[MOST_RULES];
    int rule_count;
} world;

static void invent(world *all, lcg *random) {
    *all = (world){.baskets = 1 + (int)lcg_below(random, 60), .customers = 1 + (int)lcg_below(random, 9)};
    all->least = 1 + (int)lcg_below(random, 4);
    for (int b = 0; b < all->baskets; b++) {
        for (unsigned i = 0; i < ITEMS; i++)
            if (lcg_below(random, 10) < 2 + i) all->basket[b] |= 1u << i;
        all->owner[b] = (int)lcg_below(random, (uint32_t)all->customers);
    }
    for (unsigned set = 0; set < SETS; set++) {
        unsigned seen = 0;
        for (int b = 0; b < all->baskets; b++)
            if ((all->basket[b] & set) == set) {
                all->counts[set]++;
                seen |= 1u << all->owner[b];
            }
        all->owners[set] = __builtin_popcount(seen);
    }
}

static cm_table *table_of(cm_context *ctx, const world *all) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "items", CM_LIST, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    for (int b = 0; b < all->baskets; b++) {
        OK(ctx, cm_builder_text(ctx, builder, 0, NULL, 0));
        for (unsigned i = 0; i < ITEMS; i++)
            if (all->basket[b] >> i & 1) OK(ctx, cm_builder_text(ctx, builder, 0, &"abcdef"[i], 1));
        OK(ctx, cm_builder_int(ctx, builder, 1, all->owner[b]));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

static double ways(int n, int k) {
    double product = 1;
    for (int i = 1; i <= k; i++) product = product * (n - k + i) / i;
    return product;
}

static double p_of(const world *all, const rule *one) {
    int left = all->counts[one->left], right = all->counts[one->right], n = all->baskets;
    double sum = 0;
    for (int k = all->counts[one->left | one->right]; k <= left && k <= right; k++)
        if (left - k <= n - right) sum += ways(right, k) * ways(n - right, left - k) / ways(n, left);
    return sum;
}

static double confidence_of(const world *all, unsigned left, unsigned right) {
    return (double)all->counts[left | right] / all->counts[left];
}

/* The family: all rules of enough support whose sides are allowed. */
static void find_family(world *all, int most, unsigned lefts, unsigned rights) {
    for (unsigned left = all->empty ? 0 : 1; left < SETS; left++)
        for (unsigned right = 1; right < SETS; right++) {
            if (left & right || left & ~lefts || right & ~rights || __builtin_popcount(right) > most) continue;
            if (all->counts[left | right] < all->least) continue;
            rule *one = &all->rules[all->rule_count++];
            *one = (rule){.left = left, .right = right, .kept = 1};
            one->p = p_of(all, one);
        }
}

/* As the definitions say: Holm's is the largest of (m - j + 1) p_j over the smaller p, Benjamini and Hochberg's the
 * smallest of m p_j / j over the larger. */
static void adjust(world *all, const char *how) {
    int m = all->rule_count;
    for (int i = 0; i < m; i++) {
        rule *one = &all->rules[i];
        double result = !strcmp(how, "bonferroni") ? one->p * m : !strcmp(how, "none") ? one->p : -1;
        if (result < 0) {
            result = !strcmp(how, "holm") ? 0 : 1;
            for (int j = 0; j < m; j++) {
                int smaller = 0, no_larger = 0;
                for (int k = 0; k < m; k++) {
                    smaller += all->rules[k].p < all->rules[j].p * (1 - 1e-12);
                    no_larger += all->rules[k].p <= all->rules[j].p * (1 + 1e-12);
                }
                double p = all->rules[j].p, holm = p * (m - smaller), bh = p * m / no_larger;
                if (!strcmp(how, "holm") && p <= one->p * (1 + 1e-12) && holm > result) result = holm;
                if (!strcmp(how, "bh") && p >= one->p * (1 - 1e-12) && bh < result) result = bh;
            }
        }
        one->adjusted = result < 1 ? result : 1;
    }
}

static int is_redundant(const world *all, const rule *one) {
    for (unsigned part = (one->left - 1) & one->left; part; part = (part - 1) & one->left)
        if (confidence_of(all, part, one->right) >= confidence_of(all, one->left, one->right)) return 1;
    return all->empty && one->left && confidence_of(all, 0, one->right) >= confidence_of(all, one->left, one->right);
}

static unsigned set_of(const cm_table *table, uint64_t row, const char *name) {
    return (unsigned)letters_of(table, row, name);
}

static void compare(const world *all, const cm_table *table, int tested) {
    uint64_t kept = 0;
    for (int i = 0; i < all->rule_count; i++) kept += (uint64_t)all->rules[i].kept;
    ck_assert_uint_eq(cm_table_rows(table), kept);
    for (uint64_t row = 0; row < kept; row++) {
        int at = 0;
        while (at < all->rule_count
               && (all->rules[at].left != set_of(table, row, "antecedent")
                   || all->rules[at].right != set_of(table, row, "consequent")))
            at++;
        ck_assert_int_lt(at, all->rule_count);
        ck_assert(all->rules[at].kept);
        ck_assert_int_eq(INT(table, row, "count"), all->counts[all->rules[at].left | all->rules[at].right]);
        ck_assert_int_eq(INT(table, row, "customers"), all->owners[all->rules[at].left | all->rules[at].right]);
        if (!tested) continue;
        ck_assert_double_eq_tol(DOUBLE(table, row, "p_adjusted"), all->rules[at].adjusted, 1e-11);
        ck_assert_int_eq(INT(table, row, "rules_tested"), all->rule_count);
    }
}

START_TEST(all_options_crossed) {
    static const char *const algorithms[] = {"auto", "apriori", "eclat"};
    static const char *const itemsets[] = {"frequent", "closed", "maximal"};
    static const char *const adjustments[] = {"none", "bonferroni", "holm", "bh"};
    static const double levels[] = {0, 0.0731, 0.4567, 1};
    cm_context *ctx = new_context();
    lcg random = {(uint64_t)_i * 1000 + 5};
    world all;
    for (int round = 0; round < 50; round++) {
        cm_options *options = NULL;
        cm_model *model = NULL;
        cm_table *table, *rules = NULL;
        invent(&all, &random);
        table = table_of(ctx, &all);
        int most = 1 + (int)lcg_below(&random, 3), lean = (int)lcg_below(&random, 2), many = (int)lcg_below(&random, 4);
        const char *how = adjustments[lcg_below(&random, 4)];
        double level = levels[lcg_below(&random, 4)], confidence = lcg_below(&random, 2) ? 0 : 0.6;
        double widest = lcg_below(&random, 2) ? 0.9 : 1;
        unsigned rights = SETS - 1, there = 0;
        all.empty = (int)lcg_below(&random, 2);
        for (int b = 0; b < all.baskets; b++) there |= all.basket[b];
        OK(ctx, cm_options_new(ctx, "rules", &options));
        if (lcg_below(&random, 2) && (there & 3) == 3) {
            rights = 3;
            OK(ctx, cm_options_add_text(ctx, options, "right", "a"));
            OK(ctx, cm_options_add_text(ctx, options, "right", "b"));
        }
        OK(ctx, cm_options_set_text(ctx, options, "algorithm", algorithms[lcg_below(&random, 3)]));
        OK(ctx, cm_options_set_text(ctx, options, "itemsets", itemsets[lcg_below(&random, 3)]));
        set_threads(ctx, 1 + (int64_t)lcg_below(&random, 3));
        OK(ctx, cm_options_set_int(ctx, options, "support", all.least));
        OK(ctx, cm_options_set_int(ctx, options, "lift", 0));
        OK(ctx, cm_options_set_double(ctx, options, "confidence", confidence));
        OK(ctx, cm_options_set_int(ctx, options, "max_consequent", most));
        OK(ctx, cm_options_set_int(ctx, options, "no_redundant", lean));
        OK(ctx, cm_options_set_int(ctx, options, "min_customers", many));
        OK(ctx, cm_options_set_double(ctx, options, "significance", level));
        OK(ctx, cm_options_set_text(ctx, options, "adjust", how));
        OK(ctx, cm_options_add_text(ctx, options, "where", "jaccard>0.2"));
        OK(ctx, cm_options_add_text(ctx, options, "where", widest < 1 ? "coverage<=.9" : "coverage<=1"));
        OK(ctx, cm_options_set_int(ctx, options, "empty_antecedent", all.empty));
        find_family(&all, most, SETS - 1, rights);
        adjust(&all, how);
        for (int i = 0; i < all.rule_count; i++) {
            rule *one = &all.rules[i];
            double both = all.counts[one->left | one->right];
            double either = all.counts[one->left] + all.counts[one->right] - both;
            one->kept = confidence_of(&all, one->left, one->right) >= confidence && both / either > 0.2
                        && (double)all.counts[one->left] / all.baskets <= widest
                        && (level == 0 || one->adjusted <= level) && (!lean || !is_redundant(&all, one))
                        && all.owners[one->left | one->right] >= many;
        }
        OK(ctx, cm_fit(ctx, "rules", table, options, &model));
        OK(ctx, cm_model_table(ctx, model, "rules", &rules));
        compare(&all, rules, level > 0);
        cm_table_free(rules), cm_table_free(table);
        cm_model_free(model);
        cm_options_free(options);
    }
    cm_context_free(ctx);
}
END_TEST

/* The best rules of any support are those of all rules, support 1, in the order of the measure, then of the count. */
START_TEST(the_best_of_any_support) {
    static const char *const measures[] = {"count", "support", "leverage", "fisher_p"};
    cm_context *ctx = new_context();
    lcg random = {4242};
    for (int round = 0; round < 200; round++) {
        world all;
        cm_table *rules[2] = {NULL};
        double least[2];
        invent(&all, &random);
        cm_table *table = table_of(ctx, &all);
        const char *by = measures[round % 4];
        int top = 1 + (int)lcg_below(&random, 12);
        double confidence = lcg_below(&random, 2) ? 0 : 0.6;
        for (int way = 0; way < 2; way++) {
            cm_options *options = NULL;
            cm_model *model = NULL;
            cm_table *told = NULL;
            OK(ctx, cm_options_new(ctx, "rules", &options));
            OK(ctx, cm_options_set_text(ctx, options, "support", way ? "1" : "top"));
            OK(ctx, cm_options_set_double(ctx, options, "confidence", confidence));
            OK(ctx, cm_options_set_int(ctx, options, "lift", 0));
            OK(ctx, cm_options_set_int(ctx, options, "top", top));
            OK(ctx, cm_options_set_text(ctx, options, "by", by));
            OK(ctx, cm_fit(ctx, "rules", table, options, &model));
            OK(ctx, cm_model_table(ctx, model, "rules", &rules[way]));
            OK(ctx, cm_model_table(ctx, model, "diagnostics", &told));
            for (uint64_t row = 0; row < cm_table_rows(told); row++)
                if (!strcmp(TEXT(told, row, "name"), "least_count")) least[way] = DOUBLE(told, row, "value");
            cm_table_free(told);
            cm_model_free(model);
            cm_options_free(options);
        }
        ck_assert(least[0] >= 1 && least[1] == 1);
        ck_assert_uint_eq(cm_table_rows(rules[0]), cm_table_rows(rules[1]));
        for (uint64_t row = 0; row < cm_table_rows(rules[0]); row++) {
            ck_assert_uint_eq(set_of(rules[0], row, "antecedent"), set_of(rules[1], row, "antecedent"));
            ck_assert_uint_eq(set_of(rules[0], row, "consequent"), set_of(rules[1], row, "consequent"));
        }
        cm_table_free(rules[0]), cm_table_free(rules[1]), cm_table_free(table);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(the_best_need_a_measure_that_small_support_bounds) {
    cm_context *ctx = new_context();
    cm_table *table = read_text(ctx, cm_read_baskets, "a,b\na,b\n", NULL);
    cm_options *options = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_options_new(ctx, "rules", &options));
    OK(ctx, cm_options_set_text(ctx, options, "support", "top"));
    FAILS(ctx, CM_E_OPTION, "option top", cm_fit(ctx, "rules", table, options, &model));
    OK(ctx, cm_options_set_int(ctx, options, "top", 3));
    OK(ctx, cm_options_set_text(ctx, options, "by", "lift"));
    FAILS(ctx, CM_E_OPTION, "lift", cm_fit(ctx, "rules", table, options, &model));
    cm_options_free(options);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* The rules that were found on the baskets that stayed, counted again on the others. */
START_TEST(baskets_are_kept_aside) {
    cm_context *ctx = new_context();
    lcg random = {99};
    world all;
    for (int round = 0; round < 20; round++) {
        cm_options *options = NULL;
        cm_model *model = NULL;
        cm_table *table, *rules = NULL;
        invent(&all, &random);
        if (all.baskets < 10) continue;
        table = table_of(ctx, &all);
        OK(ctx, cm_options_new(ctx, "rules", &options));
        OK(ctx, cm_options_set_text(ctx, options, "support", "1"));
        OK(ctx, cm_options_set_int(ctx, options, "lift", 0));
        OK(ctx, cm_options_set_double(ctx, options, "validate", 0.3));
        OK(ctx, cm_fit(ctx, "rules", table, options, &model));
        OK(ctx, cm_model_table(ctx, model, "rules", &rules));
        int aside = all.baskets * 3 / 10;
        for (uint64_t row = 0; row < cm_table_rows(rules); row++) {
            unsigned set = set_of(rules, row, "antecedent") | set_of(rules, row, "consequent");
            int64_t there = INT(rules, row, "holdout_count");
            ck_assert_int_eq(INT(rules, row, "count") + there, all.counts[set]);
            ck_assert(ABSENT(rules, row, "holdout_support")
                      || DOUBLE(rules, row, "holdout_support") == (double)there / aside);
        }
        cm_table_free(rules), cm_table_free(table);
        cm_model_free(model);
        cm_options_free(options);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(what_cannot_be_is_an_error) {
    static const struct {
        const char *option, *value, *words;
    } wrong[] = {{"where", "lift", "lift>=2"},      {"where", "lft>2", "lft>2"},         {"where", "lift>", "lift>"},
                 {"where", "lift>=x", "lift>=x"},   {"where", ">=2", ">=2"},             {"measures", "lft", "lft"},
                 {"validate", "0.001", "validate"}, {"validate_by", "date", "validate_by"}};
    cm_context *ctx = new_context();
    lcg random = {7};
    world all;
    invent(&all, &random);
    cm_table *table = table_of(ctx, &all), *plain = NULL;
    cm_model *model = NULL;
    cm_options *options = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int list = i < 6, dated = i == 7;
        OK(ctx, cm_options_new(ctx, "rules", &options));
        if (list) OK(ctx, cm_options_add_text(ctx, options, wrong[i].option, wrong[i].value));
        else OK(ctx, cm_options_set_text(ctx, options, wrong[i].option, wrong[i].value));
        if (dated) OK(ctx, cm_options_set_double(ctx, options, "validate", 0.5));
        FAILS(ctx, dated ? CM_E_COLUMN : CM_E_OPTION, wrong[i].words, cm_fit(ctx, "rules", table, options, &model));
        cm_options_free(options);
    }
    OK(ctx, cm_options_new(ctx, "rules", &options));
    OK(ctx, cm_options_set_int(ctx, options, "min_customers", 2));
    OK(ctx, cm_table_select(ctx, table, (const char *const[]){"items"}, 1, &plain));
    FAILS(ctx, CM_E_COLUMN, "min_customers", cm_fit(ctx, "rules", plain, options, &model));
    ck_assert_ptr_null(model);
    cm_options_free(options);
    cm_table_free(table), cm_table_free(plain);
    cm_context_free(ctx);
}
END_TEST

/* ---- known and awkward baskets ---- */

static uint64_t count_rules(cm_context *ctx, const cm_table *table, const char *support, const char *left,
                            const char *right, int empty) {
    cm_options *options = NULL;
    cm_model *model = NULL;
    cm_table *rules = NULL;
    OK(ctx, cm_options_new(ctx, "rules", &options));
    OK(ctx, cm_options_set_text(ctx, options, "support", support));
    OK(ctx, cm_options_set_int(ctx, options, "confidence", 0));
    OK(ctx, cm_options_set_int(ctx, options, "lift", 0));
    for (; *left; left++) OK(ctx, cm_options_add_text(ctx, options, "left", (const char[]){*left, 0}));
    for (; *right; right++) OK(ctx, cm_options_add_text(ctx, options, "right", (const char[]){*right, 0}));
    OK(ctx, cm_options_set_int(ctx, options, "empty_antecedent", empty));
    OK(ctx, cm_fit(ctx, "rules", table, options, &model));
    OK(ctx, cm_model_table(ctx, model, "rules", &rules));
    uint64_t count = cm_table_rows(rules);
    cm_table_free(rules);
    cm_model_free(model);
    cm_options_free(options);
    return count;
}

/* The set of C. Borgelt's manuals: 18 rules, 6 with c, d, e alone on the left and a or b on the right, 2 with a or b on
 * the left and c on the right. These count the rules without antecedents, one an item on the right. */
START_TEST(the_micro_set_as_published) {
    cm_context *ctx = new_context();
    cm_table *table = read_text(ctx, cm_read_baskets, "a,b,c\na,b\na,b,d\nb,e\na,c\nc,e\na,b,d,e\n", NULL);
    ck_assert_uint_eq(count_rules(ctx, table, "25%", "", "", 1), 18);
    ck_assert_uint_eq(count_rules(ctx, table, "25%", "cde", "ab", 1), 6);
    ck_assert_uint_eq(count_rules(ctx, table, "25%", "ab", "c", 1), 2);
    ck_assert_uint_eq(count_rules(ctx, table, "25%", "", "", 0), 18 - 5);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(awkward_baskets_give_what_they_should) {
    cm_context *ctx = new_context();
    cm_table *table = read_text(ctx, cm_read_baskets, "a,a,b\na,b,b,b\n", NULL); /* a set: each item once */
    ck_assert_uint_eq(count_rules(ctx, table, "2", "", "", 0), 2);
    ck_assert_uint_eq(count_rules(ctx, table, "3", "", "", 0), 0); /* more than there are baskets */
    cm_table_free(table);
    /* all equal: 3 pairs both ways, a triple three ways */
    table = read_text(ctx, cm_read_baskets, "a,b,c\na,b,c\na,b,c\n", NULL);
    ck_assert_uint_eq(count_rules(ctx, table, "100%", "", "", 0), 9);
    cm_table_free(table);
    table = read_text(ctx, cm_read_baskets, "a\nb\nc\n", NULL); /* nothing together */
    ck_assert_uint_eq(count_rules(ctx, table, "1", "", "", 0), 0);
    cm_table_free(table);
    table = read_text(ctx, cm_read_baskets, "a,\"x; y\"\na,\"x; y\"\n", NULL); /* a name with the separator in it */
    ck_assert_uint_eq(count_rules(ctx, table, "2", "", "a", 0), 1);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

static cm_table *columns_of(cm_context *ctx, const char *text) {
    cm_table *table = read_text(ctx, cm_read_csv, text, NULL), *out = NULL;
    cm_options *options = options_with(ctx, "baskets", SETTINGS("layout", "columns"));
    OK(ctx, cm_baskets(ctx, table, options, &out));
    cm_options_free(options);
    cm_table_free(table);
    return out;
}

/* In all baskets: rules with it say nothing (lift 1). In none: as if it were not there, and no item to ask for. */
START_TEST(items_in_all_baskets_and_in_none) {
    cm_context *ctx = new_context();
    cm_table *table = columns_of(ctx, "all,none,some\n1,0,1\n1,0,0\n1,0,1\n");
    cm_model *model = NULL;
    cm_options *options = options_with(ctx, "rules", SETTINGS("support", "1"));
    OK(ctx, cm_fit(ctx, "rules", table, options, &model));
    cm_table *rules = part_of(ctx, model, "rules"), *items = part_of(ctx, model, "items");
    ck_assert_uint_eq(cm_table_rows(items), 2);
    ck_assert_uint_eq(cm_table_rows(rules), 2);
    for (uint64_t row = 0; row < 2; row++) {
        ck_assert(DOUBLE(rules, row, "lift") == 1);
        ck_assert(DOUBLE(rules, row, "leverage") == 0);
    }
    cm_table_free(rules), cm_table_free(items), cm_model_free(model);
    OK(ctx, cm_options_set_text(ctx, options, "include", "none"));
    FAILS(ctx, CM_E_OPTION, "no basket has the item none", cm_fit(ctx, "rules", table, options, &model));
    cm_options_free(options);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* Out and in again through the Arrow C data interface. */
START_TEST(baskets_from_arrow_are_the_same) {
    cm_context *ctx = new_context();
    struct ArrowArrayStream stream;
    cm_table *table = read_text(ctx, cm_read_baskets, "a,b,c\na,b\nb,c\na,c,d\n", NULL), *back = NULL;
    OK(ctx, cm_table_export_stream(ctx, table, NULL, &stream));
    OK(ctx, cm_table_import_stream(ctx, &stream, &back));
    ck_assert_uint_eq(count_rules(ctx, back, "2", "", "", 0), count_rules(ctx, table, "2", "", "", 0));
    ck_assert_uint_gt(count_rules(ctx, back, "2", "", "", 0), 3);
    cm_table_free(table), cm_table_free(back);
    cm_context_free(ctx);
}
END_TEST

/* One basket of 100,000 items beside small ones: what is frequent in two baskets is as if it were not there. */
START_TEST(a_very_large_basket_is_taken) {
    cm_context *ctx = new_context();
    size_t room = 1000000, length = 0;
    char *text = malloc(room);
    for (int i = 0; i < 100000; i++) length += (size_t)sprintf(text + length, "%sn%d", i ? "," : "", i);
    sprintf(text + length, "\nn1,n2\nn1,n2\nn3\n");
    cm_table *table = read_text(ctx, cm_read_baskets, text, NULL);
    ck_assert_uint_eq(count_rules(ctx, table, "2", "", "", 0), 2);
    cm_table_free(table);
    free(text);
    cm_context_free(ctx);
}
END_TEST

Suite *test_rules_honest(void);
Suite *test_rules_honest(void) {
    Suite *suite = suite_create("rules_honest");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, all_options_crossed, 0, 10);
    tcase_add_test(all, baskets_are_kept_aside);
    tcase_add_test(all, the_best_of_any_support);
    tcase_add_test(all, the_best_need_a_measure_that_small_support_bounds);
    tcase_add_test(all, what_cannot_be_is_an_error);
    tcase_add_test(all, the_micro_set_as_published);
    tcase_add_test(all, awkward_baskets_give_what_they_should);
    tcase_add_test(all, items_in_all_baskets_and_in_none);
    tcase_add_test(all, baskets_from_arrow_are_the_same);
    tcase_add_test(all, a_very_large_basket_is_taken);
    suite_add_tcase(suite, all);
    return suite;
}
