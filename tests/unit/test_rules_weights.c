/* Baskets with weights: every count is a sum of weights, checked by adding them up set by set; and weights that are
 * whole against as many equal baskets. */
#include <math.h>

#include "models.h"

/* Check writes to its parent each assertion that holds: too slow for so many cells. */
#define MUST(condition) ((condition) ? (void)0 : ck_abort_msg("line %d: %s", __LINE__, #condition))

#define ITEMS 8
#define SETS (1 << ITEMS)
#define MOST 90

typedef struct market {
    int baskets[MOST], count, scale;
    int64_t weights[MOST];
    int64_t sums[SETS], total; /* of the weights of the baskets that have all of a set */
} market;

/* Weights below `bound` units of 10^-scale. */
static void invent(market *all, uint64_t seed, int count, int scale, uint32_t bound) {
    lcg random = {seed};
    *all = (market){.count = count, .scale = scale};
    for (int b = 0; b < count; b++) {
        for (int i = 0; i < ITEMS; i++)
            if (lcg_below(&random, 10) < 2 + (uint32_t)(i * 5 % ITEMS)) all->baskets[b] |= 1 << i;
        all->weights[b] = 1 + (int64_t)lcg_below(&random, bound) * (bound > 1000000 ? 1000003 : 1);
        all->total += all->weights[b];
        for (int set = 0; set < SETS; set++)
            if ((all->baskets[b] & set) == set) all->sums[set] += all->weights[b];
    }
}

/* `times`: each basket so often as its weight says, without weights. */
static cm_table *table_of(cm_context *ctx, const market *all, int times) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "items", CM_LIST, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    OK(ctx, cm_builder_column(ctx, builder, "w", all->scale ? CM_DECIMAL : CM_INT64, all->scale, 0));
    for (int b = 0; b < all->count; b++)
        for (int64_t n = 0; n < (times ? all->weights[b] : 1); n++) {
            OK(ctx, cm_builder_text(ctx, builder, 0, NULL, 0));
            for (int i = 0; i < ITEMS; i++)
                if (all->baskets[b] >> i & 1) OK(ctx, cm_builder_text(ctx, builder, 0, (char[]){(char)('a' + i)}, 1));
            OK(ctx, cm_builder_int(ctx, builder, 1, b % 7));
            OK(ctx, cm_builder_int(ctx, builder, 2, all->weights[b]));
            OK(ctx, cm_builder_row(ctx, builder));
        }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

#define FIT(ctx, table, ...) fit_with(ctx, "rules", table, SETTINGS(__VA_ARGS__))

static int64_t lightest(const market *all) {
    int64_t least = all->total;
    for (int b = 0; b < all->count; b++)
        if (all->weights[b] < least) least = all->weights[b];
    return least;
}

/* ---- itemsets ---- */

enum { FREQUENT, CLOSED, MAXIMAL };
static const char *const kinds[] = {"frequent", "closed", "maximal"};
static const char *const algorithms[] = {"auto", "apriori", "eclat"};

/* By the definitions: no larger frequent set (of the same sum). `most`: items; 0: any number. */
static int is_shown(const market *all, int set, int64_t least, int kind, int most) {
    if (all->sums[set] < least || (most && __builtin_popcount((unsigned)set) > most)) return 0;
    for (int more = 1; more < SETS && kind != FREQUENT; more++)
        if ((more & set) == set && more != set && all->sums[more] >= least
            && (!most || __builtin_popcount((unsigned)more) <= most)
            && (kind == MAXIMAL || all->sums[more] == all->sums[set]))
            return 0;
    return 1;
}

static void check_sets(cm_context *ctx, const market *all, const cm_model *model, int64_t least, int kind, int most) {
    cm_table *table = part_of(ctx, model, "itemsets");
    cm_column_view count = {.struct_size = sizeof count};
    uint64_t expected = 0;
    MUST(cm_table_view(table, (uint64_t)column_of(table, "count"), 0, &count));
    MUST(count.type == (all->scale ? CM_DECIMAL : CM_INT64) && count.scale == all->scale);
    for (int set = 1; set < SETS; set++) expected += (uint64_t)is_shown(all, set, least, kind, most);
    MUST(cm_table_rows(table) == expected);
    for (uint64_t row = 0; row < expected; row++) {
        int set = letters_of(table, row, "items");
        MUST(is_shown(all, set, least, kind, most));
        MUST(INT(table, row, "count") == all->sums[set]);
        MUST(DOUBLE(table, row, "support") == (double)all->sums[set] / (double)all->total);
        MUST(!row || INT(table, row - 1, "count") >= INT(table, row, "count"));
    }
    cm_table_free(table);
}

/* Each way, each output, sets and their number, as a share so that any weight can be the least. */
static void check_all_ways(cm_context *ctx, const market *all, int64_t least) {
    static const char *const lengths[] = {"0", "3"};
    cm_table *table = table_of(ctx, all, 0);
    char share[64];
    snprintf(share, sizeof share, "%.17f", (double)least / (double)all->total);
    while ((double)least / (double)all->total < atof(share)) least++; /* the least count that reaches the share */
    while (least > 0 && (double)(least - 1) / (double)all->total >= atof(share)) least--;
    for (int way = 0; way < 3; way++)
        for (int kind = FREQUENT; kind <= MAXIMAL; kind++)
            for (int limited = 0; limited < 2; limited++) {
                cm_model *model = FIT(ctx, table, "weight", "w", "support", share, "itemsets", kinds[kind], "algorithm",
                                      algorithms[way], "max_length", lengths[limited], "deliver", "itemsets");
                check_sets(ctx, all, model, least, kind, limited ? 3 : 0);
                double sets = diagnostic(ctx, model, "itemsets");
                cm_model_free(model);
                model = FIT(ctx, table, "weight", "w", "support", share, "itemsets", kinds[kind], "algorithm",
                            algorithms[way], "max_length", lengths[limited], "deliver", "counts");
                MUST(diagnostic(ctx, model, "itemsets") == sets);
                cm_model_free(model);
            }
    cm_table_free(table);
}

/* Whole weights, decimals, and such as add up to more than 32 bits. */
START_TEST(all_ways_add_up_the_weights) {
    static const struct {
        int scale;
        uint32_t bound;
    } kinds_of[] = {{0, 5}, {2, 300}, {0, 1}, {6, 2000000000}};
    cm_context *ctx = new_context();
    market all;
    for (int k = 0; k < 4; k++) {
        invent(&all, (uint64_t)(_i * 10 + k), 3 + 29 * (_i % 4), kinds_of[k].scale, kinds_of[k].bound);
        for (int part = 3; part < 60; part *= 4) {
            int64_t least = all.total / part + 1; /* no less than the lightest basket: that would be an error */
            check_all_ways(ctx, &all, least > lightest(&all) ? least : lightest(&all) + 1);
        }
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(sums_beyond_32_bits_are_left_to_eclat) {
    cm_context *ctx = new_context();
    market all;
    invent(&all, 3, 50, 6, 2000000000);
    cm_table *table = table_of(ctx, &all, 0);
    ck_assert_int_gt(all.total, INT64_C(1) << 40);
    cm_model *model = FIT(ctx, table, "weight", "w", "support", "0.2");
    cm_table *told = part_of(ctx, model, "diagnostics");
    int said = 0;
    for (uint64_t row = 0; row < cm_table_rows(told); row++)
        said |= !ABSENT(told, row, "note") && strstr(TEXT(told, row, "note"), "more than 32 bits") != NULL;
    ck_assert(said);
    cm_table_free(told), cm_model_free(model), cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* ---- rules ---- */

static void near(long double a, double b) {
    if (fabsl(a - (long double)b) > 1e-12L * (1 + fabsl(a))) ck_abort_msg("%.17Lg is not %.17g", a, b);
}

static void check_rule(const market *all, const cm_table *table, uint64_t row) {
    int left = letters_of(table, row, "antecedent"), right = letters_of(table, row, "consequent"), customers = 0,
        most = 0;
    int seen[7] = {0}, baskets = 0;
    long double n = (long double)all->total, both = (long double)all->sums[left | right] / n;
    long double a = (long double)all->sums[left] / n, c = (long double)all->sums[right] / n;
    MUST(INT(table, row, "count") == all->sums[left | right]);
    near(both, DOUBLE(table, row, "support"));
    near(both / a, DOUBLE(table, row, "confidence"));
    near(both / a / c, DOUBLE(table, row, "lift"));
    near(both - a * c, DOUBLE(table, row, "leverage"));
    near(both / sqrtl(a * c), DOUBLE(table, row, "cosine"));
    near(both / (a + c - both), DOUBLE(table, row, "jaccard"));
    if (a < 1 && c < 1) near((both - a * c) / sqrtl(a * (1 - a) * c * (1 - c)), DOUBLE(table, row, "phi"));
    for (int b = 0; b < all->count; b++) {
        if ((all->baskets[b] & (left | right)) != (left | right)) continue;
        customers += !seen[b % 7]++;
        if (seen[b % 7] > most) most = seen[b % 7];
        baskets++;
    }
    MUST(INT(table, row, "customers") == customers); /* baskets, whatever they weigh */
    near((long double)most / baskets, DOUBLE(table, row, "largest_share"));
}

START_TEST(measures_are_of_the_sums) {
    cm_context *ctx = new_context();
    market all;
    for (int k = 0; k < 3; k++) {
        invent(&all, (uint64_t)(40 + k), 80, k * 3, k == 2 ? 2000000000 : 700);
        cm_table *table = table_of(ctx, &all, 0);
        cm_model *model = FIT(ctx, table, "weight", "w", "support", "5%", "lift", "0", "confidence", "0.1",
                              "max_consequent", "2", "measures", "all");
        cm_table *rules = part_of(ctx, model, "rules");
        ck_assert_uint_gt(cm_table_rows(rules), 100);
        ck_assert_int_eq(cm_table_find(rules, "fisher_p") < 0, all.scale > 0);
        for (uint64_t row = 0; row < cm_table_rows(rules); row++) check_rule(&all, rules, row);
        cm_table_free(rules), cm_model_free(model), cm_table_free(table);
    }
    cm_context_free(ctx);
}
END_TEST

/* The count as a condition and as a support is in units of one, not of the last decimal. */
START_TEST(counts_are_asked_for_in_whole_units) {
    cm_context *ctx = new_context();
    market all;
    invent(&all, 8, 60, 2, 500);
    cm_table *table = table_of(ctx, &all, 0);
    cm_model *model = FIT(ctx, table, "weight", "w", "support", "20", "lift", "0", "confidence", "0", "where",
                          "count>=40.5");
    cm_table *rules = part_of(ctx, model, "rules");
    uint64_t expected = 0;
    for (int left = 1; left < SETS; left++)
        for (int i = 0; i < ITEMS; i++) expected += !(left >> i & 1) && all.sums[left | 1 << i] >= 4050;
    ck_assert_uint_eq(cm_table_rows(rules), expected);
    ck_assert(diagnostic(ctx, model, "least_count") == 20);
    ck_assert(diagnostic(ctx, model, "weight") == (double)all.total / 100);
    cm_table_free(rules), cm_model_free(model);
    model = FIT(ctx, table, "weight", "w"); /* auto: from 20 baskets of mean weight */
    ck_assert(fabs(diagnostic(ctx, model, "least_count") - 20.0 * (double)all.total / 100 / 60) <= 0.01);
    cm_model_free(model);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

/* The best rules of any support are the first of all rules at the lowest one. */
START_TEST(the_best_rules_of_any_support) {
    static const char *const by[] = {"leverage", "count", "support"};
    cm_context *ctx = new_context();
    market all;
    for (int k = 0; k < 12; k++) {
        invent(&all, (uint64_t)(60 + k), 70, k % 2 * 2, 400);
        cm_table *table = table_of(ctx, &all, 0);
        char lowest[64];
        snprintf(lowest, sizeof lowest, "%.17f", (double)lightest(&all) / (double)all.total * 1.000001);
        cm_model *every = FIT(ctx, table, "weight", "w", "support", lowest, "lift", "0", "confidence", "0.2",
                              "by", by[k % 3]);
        cm_model *best = FIT(ctx, table, "weight", "w", "support", "top", "top", "9", "lift", "0", "confidence", "0.2",
                             "by", by[k % 3]);
        cm_table *some = part_of(ctx, best, "rules"), *rules = part_of(ctx, every, "rules");
        ck_assert_uint_eq(cm_table_rows(some), 9);
        for (uint64_t row = 0; row < 9; row++) {
            MUST(letters_of(some, row, "antecedent") == letters_of(rules, row, "antecedent"));
            MUST(letters_of(some, row, "consequent") == letters_of(rules, row, "consequent"));
        }
        cm_table_free(some), cm_table_free(rules), cm_model_free(every), cm_model_free(best), cm_table_free(table);
    }
    cm_context_free(ctx);
}
END_TEST

static void same(cm_context *ctx, const cm_model *a, const cm_model *b, const char *name) {
    char *first = csv_of_part(ctx, a, name), *second = csv_of_part(ctx, b, name);
    ck_assert_str_eq(first, second);
    free(first);
    free(second);
}

/* Tests and intervals, too; but for the customers, who are counted by their baskets. */
START_TEST(whole_weights_stand_for_equal_baskets) {
    cm_context *ctx = new_context();
    market all;
    invent(&all, 91, 60, 0, 9);
    cm_table *weighed = table_of(ctx, &all, 0), *repeated = table_of(ctx, &all, 1), *plain[2] = {NULL};
    const char *const keep[] = {"items", "w"};
    OK(ctx, cm_table_select(ctx, weighed, keep, 2, &plain[0]));
    OK(ctx, cm_table_select(ctx, repeated, keep, 1, &plain[1]));
    for (int way = 0; way < 3; way++) {
        cm_model *a = FIT(ctx, plain[0], "weight", "w", "support", "10", "algorithm", algorithms[way], "significance",
                          "0.05", "interval", "0.95", "measures", "all", "no_redundant", "true");
        cm_model *b = FIT(ctx, plain[1], "support", "10", "algorithm", algorithms[way], "significance", "0.05",
                          "interval", "0.95", "measures", "all", "no_redundant", "true");
        same(ctx, a, b, "rules"), same(ctx, a, b, "itemsets"), same(ctx, a, b, "items");
        cm_model_free(a), cm_model_free(b);
    }
    static const char *const by[] = {"cosine", "jaccard", "lift"};
    for (int i = 0; i < 3; i++) {
        const char *const *weights = SETTINGS("by", by[i], "shrink", "3", "min_count", "4", "weight", "w");
        const char *const *none = SETTINGS("by", by[i], "shrink", "3", "min_count", "4");
        cm_model *a = fit_with(ctx, "together", plain[0], weights), *b = fit_with(ctx, "together", plain[1], none);
        same(ctx, a, b, "together");
        cm_model_free(a), cm_model_free(b);
    }
    for (int i = 0; i < 2; i++) cm_table_free(plain[i]);
    cm_table_free(weighed), cm_table_free(repeated);
    cm_context_free(ctx);
}
END_TEST

/* Counted again on baskets kept aside: whatever those are, both halves add up to all. */
START_TEST(baskets_kept_aside_have_weights_too) {
    cm_context *ctx = new_context();
    market all;
    invent(&all, 17, 90, 2, 300);
    cm_table *table = table_of(ctx, &all, 0), *out = NULL;
    cm_model *model = FIT(ctx, table, "weight", "w", "support", "10%", "validate", "0.4", "lift", "0", "confidence",
                          "0.1");
    cm_table *rules = part_of(ctx, model, "rules");
    double aside = (double)all.total / 100 - diagnostic(ctx, model, "weight");
    ck_assert_uint_gt(cm_table_rows(rules), 20);
    for (uint64_t row = 0; row < cm_table_rows(rules); row++) {
        int set = letters_of(rules, row, "antecedent") | letters_of(rules, row, "consequent");
        int64_t there = INT(rules, row, "holdout_count");
        MUST(INT(rules, row, "count") + there == all.sums[set]);
        near((long double)there / 100 / (long double)aside, DOUBLE(rules, row, "holdout_support"));
    }
    OK(ctx, cm_apply(ctx, model, table, &out)); /* recommendations show the sums as the rules do */
    cm_column_view count = {.struct_size = sizeof count};
    MUST(cm_table_view(out, (uint64_t)column_of(out, "count"), 0, &count));
    ck_assert_int_eq(count.type, CM_DECIMAL);
    ck_assert_int_eq(count.scale, 2);
    cm_table_free(out), cm_table_free(rules), cm_model_free(model), cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(threads_change_nothing) {
    cm_context *ctx = new_context();
    market all;
    invent(&all, 5, 90, 3, 4000);
    cm_table *one = table_of(ctx, &all, 0), *parts[200], *whole = NULL;
    for (int i = 0; i < 200; i++) parts[i] = one;
    OK(ctx, cm_table_concat(ctx, (const cm_table *const *)parts, 200, &whole));
    for (int way = 0; way < 3; way++) {
        char *expected = NULL;
        for (int64_t threads = 1; threads < 4; threads++) {
            set_threads(ctx, threads);
            cm_model *model = FIT(ctx, whole, "weight", "w", "support", "5%", "algorithm", algorithms[way]);
            char *text = csv_of_part(ctx, model, "rules");
            if (expected) ck_assert_str_eq(text, expected);
            free(expected);
            expected = text;
            cm_model_free(model);
        }
        free(expected);
    }
    cm_table_free(one), cm_table_free(whole);
    cm_context_free(ctx);
}
END_TEST

/* ---- what cannot be a weight ---- */

START_TEST(tests_have_no_decimals) {
    static const char *const wrong[][2] = {{"significance", "0.05"}, {"interval", "0.95"},
                                           {"by", "fisher_p"},       {"by", "chi_squared"},
                                           {"measures", "fisher_p"}, {"where", "fisher_p<0.1"}};
    cm_context *ctx = new_context();
    market all;
    invent(&all, 6, 40, 1, 50);
    cm_table *table = table_of(ctx, &all, 0);
    cm_model *model = NULL;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cm_options *options = options_with(ctx, "rules", SETTINGS("weight", "w", wrong[i][0], wrong[i][1]));
        FAILS(ctx, CM_E_OPTION, "decimals", cm_fit(ctx, "rules", table, options, &model));
        cm_options_free(options);
    }
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

static cm_status baskets_of(cm_context *ctx, const cm_table *table, const char *kind, const char *layout,
                            cm_table **out) {
    cm_options *options = options_with(ctx, "baskets", SETTINGS("weight", "w", "basket", kind, "layout", layout));
    cm_status status = cm_baskets(ctx, table, options, out);
    cm_options_free(options);
    return status;
}

START_TEST(weights_of_lines_are_those_of_their_basket) {
    static const char lines[] = "invoice,customer,date,item,w\n"
                                "1,c,2024-01-01,a,1.5\n1,c,2024-01-01,b,1.5\n2,c,2024-01-02,a,2\n2,c,2024-01-02,c,2\n"
                                "3,d,2024-01-02,b,2\n4,d,2024-01-02,c,2\n5,,2024-01-03,c,0.25\n,d,2024-01-09,c,7\n";
    cm_context *ctx = new_context();
    cm_table *table = read_text(ctx, cm_read_csv, lines, NULL), *out = NULL;
    OK(ctx, baskets_of(ctx, table, "invoice", "lines", &out));
    const int64_t of_invoices[] = {150, 200, 200, 200, 25, 700};
    ck_assert_uint_eq(cm_table_rows(out), 6);
    for (uint64_t row = 0; row < 6; row++) ck_assert_int_eq(INT(out, row, "w"), of_invoices[row]);
    cm_table_free(out);
    OK(ctx, baskets_of(ctx, table, "day", "lines", &out));
    const int64_t of_days[] = {150, 200, 200, 700};
    ck_assert_uint_eq(cm_table_rows(out), 4);
    for (uint64_t row = 0; row < 4; row++) ck_assert_int_eq(INT(out, row, "w"), of_days[row]);
    cm_table_free(out);
    FAILS(ctx, CM_E_DATA, "row 3: weight 2.00 of a basket whose other lines have 1.50",
          baskets_of(ctx, table, "customer", "lines", &out));
    FAILS(ctx, CM_E_DATA, "row 3: weight 2.00 of a basket whose other lines have 1.50",
          baskets_of(ctx, table, "window", "lines", &out));
    ck_assert_ptr_null(out);
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(what_is_no_weight_is_an_error) {
    static const struct {
        const char *cell, *said;
        cm_status status;
    } wrong[] = {{"0", "row 2: a weight of a basket is above 0, not 0", CM_E_DATA},
                 {"-2", "row 2: a weight of a basket is above 0, not -2", CM_E_DATA},
                 {"", "row 2 has no weight in column w", CM_E_DATA},
                 {"much", "column w cannot be the weight: it is STRING", CM_E_COLUMN},
                 {"3", "row 2: weight 3 of a basket whose other lines have 2", CM_E_DATA}};
    cm_context *ctx = new_context();
    char text[200];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cm_table *out = NULL;
        snprintf(text, sizeof text, "invoice,item,w\n1,a,2\n1,b,%s\n", wrong[i].cell);
        cm_table *table = read_text(ctx, cm_read_csv, text, NULL);
        FAILS(ctx, wrong[i].status, wrong[i].said, baskets_of(ctx, table, "invoice", "lines", &out));
        cm_table_free(table);
    }
    cm_table *table = read_text(ctx, cm_read_csv, "invoice,item,x\n1,a,2\n", NULL), *out = NULL;
    FAILS(ctx, CM_E_COLUMN, "no column w", baskets_of(ctx, table, "invoice", "lines", &out));
    cm_table_free(table);
    table = read_text(ctx, cm_read_csv, "invoice,item,w\n1,a,9000000000000000000\n2,a,9000000000000000000\n", NULL);
    OK(ctx, baskets_of(ctx, table, "invoice", "lines", &out));
    cm_model *model = NULL;
    cm_options *options = options_with(ctx, "rules", SETTINGS("weight", "w"));
    FAILS(ctx, CM_E_OVERFLOW, "add up to more than 64 bits", cm_fit(ctx, "rules", out, options, &model));
    cm_options_free(options);
    cm_table_free(out), cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

START_TEST(columns_of_0_and_1_may_have_a_weight) {
    cm_context *ctx = new_context();
    cm_table *table = read_text(ctx, cm_read_csv, "id,a,b,w\n7,1,1,0.5\n8,1,0,2\n", NULL), *out = NULL, *ids = NULL;
    OK(ctx, cm_table_with_role(ctx, table, "id", CM_ROLE_INVOICE, &ids));
    OK(ctx, baskets_of(ctx, ids, "invoice", "columns", &out));
    ck_assert_int_eq(INT(out, 0, "w"), 5);
    ck_assert_int_eq(INT(out, 1, "w"), 20);
    ck_assert_uint_eq(cm_table_items(out, 0, (uint64_t)column_of(out, "items")), 2);
    cm_table_free(out), cm_table_free(ids), cm_table_free(table);
    table = read_text(ctx, cm_read_csv, "a,b,w\n1,1,0.5\n1,0,-2\n", NULL);
    FAILS(ctx, CM_E_DATA, "row 2", baskets_of(ctx, table, "invoice", "columns", &out));
    cm_table_free(table);
    cm_context_free(ctx);
}
END_TEST

Suite *test_rules_weights(void);
Suite *test_rules_weights(void) {
    Suite *suite = suite_create("rules_weights");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, all_ways_add_up_the_weights, 0, 12);
    tcase_add_test(all, sums_beyond_32_bits_are_left_to_eclat);
    tcase_add_test(all, measures_are_of_the_sums);
    tcase_add_test(all, counts_are_asked_for_in_whole_units);
    tcase_add_test(all, the_best_rules_of_any_support);
    tcase_add_test(all, whole_weights_stand_for_equal_baskets);
    tcase_add_test(all, baskets_kept_aside_have_weights_too);
    tcase_add_test(all, threads_change_nothing);
    tcase_add_test(all, tests_have_no_decimals);
    tcase_add_test(all, weights_of_lines_are_those_of_their_basket);
    tcase_add_test(all, what_is_no_weight_is_an_error);
    tcase_add_test(all, columns_of_0_and_1_may_have_a_weight);
    suite_add_tcase(suite, all);
    return suite;
}
