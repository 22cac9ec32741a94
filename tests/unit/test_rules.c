/* Association rules against the enumeration of all subsets, written as plainly as can be: sets are bits of a number,
 * and each is counted by looking into every basket. */
#include <math.h>

#include "models.h"

#define ITEMS 9
#define SETS (1u << ITEMS)

/* In byte order, which is neither that of their numbers as written nor that of their frequency. */
static const char *const item_names[ITEMS] = {"10", "9", "A", "B; C", "a", "b", "bb", "c", "\xc3\xa4"};

typedef struct market {
    uint32_t baskets[400]; /* bit i: item i */
    int count;
    int counts[SETS];
} market;

static market *random_market(uint64_t seed, int count) {
    lcg random = {seed};
    market *all = calloc(1, sizeof *all);
    all->count = count;
    for (int b = 0; b < count; b++)
        for (int i = 0; i < ITEMS; i++)
            if (lcg_below(&random, 10) < 2 + (uint32_t)(i * 7 % ITEMS) * 3 / 4) all->baskets[b] |= 1u << i;
    for (uint32_t set = 1; set < SETS; set++)
        for (int b = 0; b < count; b++) all->counts[set] += (all->baskets[b] & set) == set;
    return all;
}

/* Items come in a muddled order, and some twice. */
static cm_table *table_of(cm_context *ctx, const market *all, int customers) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "items", CM_LIST, 0, 0));
    if (customers) OK(ctx, cm_builder_column(ctx, builder, "customer", CM_INT64, 0, CM_ROLE_CUSTOMER));
    for (int b = 0; b < all->count; b++) {
        OK(ctx, cm_builder_text(ctx, builder, 0, NULL, 0));
        for (int i = 0; i < 2 * ITEMS; i++) {
            int item = (i * 5 + b) % ITEMS;
            if (all->baskets[b] >> item & 1 && (i < ITEMS || b % 3 == 0))
                OK(ctx, cm_builder_text(ctx, builder, 0, item_names[item], strlen(item_names[item])));
        }
        if (customers && b % 5) OK(ctx, cm_builder_int(ctx, builder, 1, b % customers));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

#define FIT(ctx, table, ...) fit_with(ctx, "rules", table, SETTINGS(__VA_ARGS__))

/* The bits of a list, whose items must stand in byte order. */
static uint32_t set_of(const cm_table *table, uint64_t row, const char *name) {
    uint64_t column = (uint64_t)column_of(table, name), count = cm_table_items(table, row, column);
    uint32_t set = 0;
    int last = -1;
    for (uint64_t i = 0; i < count; i++) {
        const char *text = cm_table_text(table, row, column, i, NULL);
        int item = 0;
        while (item < ITEMS && strcmp(item_names[item], text) != 0) item++;
        ck_assert_int_lt(item, ITEMS);
        ck_assert_int_gt(item, last);
        last = item;
        set |= 1u << item;
    }
    return set;
}

static int bits(uint32_t set) {
    return __builtin_popcount(set);
}

/* Lists in byte order: the first item that differs decides, a list that ends comes first. */
static int compare_sets(uint32_t a, uint32_t b) {
    while (a && b) {
        uint32_t x = a & -a, y = b & -b;
        if (x != y) return x < y ? -1 : 1;
        a -= x;
        b -= y;
    }
    return (a != 0) - (b != 0);
}

/* ---- itemsets ---- */

enum { FREQUENT, CLOSED, MAXIMAL };
static const char *const kinds[] = {"frequent", "closed", "maximal"};

static int is_shown(const market *all, uint32_t set, int least, int kind) {
    if (all->counts[set] < least) return 0;
    for (uint32_t more = 1; more < SETS && kind != FREQUENT; more++)
        if ((more & set) == set && more != set && all->counts[more] >= least
            && (kind == MAXIMAL || all->counts[more] == all->counts[set]))
            return 0;
    return 1;
}

static void check_itemsets(cm_context *ctx, const market *all, const cm_model *model, int least, int kind) {
    cm_table *table = part_of(ctx, model, "itemsets");
    uint64_t expected = 0;
    for (uint32_t set = 1; set < SETS; set++) expected += (uint64_t)is_shown(all, set, least, kind);
    ck_assert_uint_eq(cm_table_rows(table), expected);
    for (uint64_t row = 0; row < expected; row++) {
        uint32_t set = set_of(table, row, "items"), before = row ? set_of(table, row - 1, "items") : 0;
        ck_assert(is_shown(all, set, least, kind));
        ck_assert_int_eq(INT(table, row, "length"), bits(set));
        ck_assert_int_eq(INT(table, row, "count"), all->counts[set]);
        ck_assert(DOUBLE(table, row, "support") == (double)all->counts[set] / all->count);
        if (!row) continue;
        ck_assert_int_ge(all->counts[before], all->counts[set]);
        if (all->counts[before] == all->counts[set]) ck_assert_int_lt(compare_sets(before, set), 0);
    }
    cm_table_free(table);
}

static const char *const algorithms[] = {"auto", "apriori", "eclat"};

/* Itemsets of some length by the enumeration; 0: any number of items. */
static uint64_t sets_of_length(const market *all, int least, int kind, int length) {
    uint64_t count = 0;
    for (uint32_t set = 1; set < SETS; set++)
        count += (uint64_t)(is_shown(all, set, least, kind) && (!length || bits(set) == length));
    return count;
}

static void check_lengths(cm_context *ctx, const market *all, const cm_model *model, int least, int kind) {
    cm_table *table = part_of(ctx, model, "lengths");
    uint64_t total = 0;
    for (uint64_t row = 0; row < cm_table_rows(table); row++) {
        uint64_t count = (uint64_t)INT(table, row, "itemsets");
        ck_assert_int_eq(INT(table, row, "length"), (int)row + 1);
        ck_assert_uint_eq(count, sets_of_length(all, least, kind, (int)row + 1));
        total += count;
    }
    ck_assert_uint_eq(total, sets_of_length(all, least, kind, 0));
    ck_assert(diagnostic(ctx, model, "itemsets") == (double)total);
    cm_table_free(table);
}

/* Each way of mining, each output, and the sets only counted. */
static void check_all_ways(cm_context *ctx, const market *all, int least) {
    cm_table *table = table_of(ctx, all, 0);
    char text[16];
    snprintf(text, sizeof text, "%d", least);
    for (int way = 0; way < 3; way++)
        for (int kind = FREQUENT; kind <= MAXIMAL; kind++) {
            cm_model *sets = FIT(ctx, table, "support", text, "itemsets", kinds[kind], "algorithm", algorithms[way],
                                 "deliver", "itemsets");
            cm_model *counts = FIT(ctx, table, "support", text, "itemsets", kinds[kind], "algorithm", algorithms[way],
                                   "deliver", "counts");
            check_itemsets(ctx, all, sets, least, kind);
            check_lengths(ctx, all, sets, least, kind);
            check_lengths(ctx, all, counts, least, kind);
            cm_model_free(sets);
            cm_model_free(counts);
        }
    cm_table_free(table);
}

START_TEST(all_ways_of_mining_equal_the_enumeration) {
    static const int sizes[] = {1, 2, 7, 40, 400}, leasts[] = {1, 2, 5, 40, 401};
    cm_context *ctx = new_context();
    for (int s = 0; s < 5; s++)
        for (int l = 0; l < 5; l++) {
            market *all = random_market((uint64_t)(_i * 100 + s * 10 + l), sizes[s]);
            check_all_ways(ctx, all, leasts[l]);
            free(all);
        }
    cm_context_free(ctx);
}
END_TEST

START_TEST(itemsets_beside_rules_are_the_same) {
    cm_context *ctx = new_context();
    for (int l = 1; l < 40; l += 6) {
        market *all = random_market((uint64_t)l, 100);
        cm_table *table = table_of(ctx, all, 0);
        char least[16];
        snprintf(least, sizeof least, "%d", l);
        for (int kind = FREQUENT; kind <= MAXIMAL; kind++) {
            cm_model *model = FIT(ctx, table, "support", least, "itemsets", kinds[kind], "confidence", "1");
            check_itemsets(ctx, all, model, l, kind);
            cm_model_free(model);
        }
        cm_table_free(table);
        free(all);
    }
    cm_context_free(ctx);
}
END_TEST

/* ---- rules ---- */

typedef struct measures {
    double support, confidence, lift, leverage, conviction; /* conviction -1: absent */
} measures;

static measures measure(const market *all, uint32_t left, uint32_t right) {
    double n = all->count, both = all->counts[left | right], a = all->counts[left], c = all->counts[right];
    measures out = {both / n, both / a, both * n / (a * c), both / n - a / n * (c / n), -1};
    if (both < a) out.conviction = (1 - c / n) / (1 - both / a);
    return out;
}

static int holds(const market *all, uint32_t left, uint32_t right, int least, double confidence, double lift) {
    if (!left || left & right || all->counts[left | right] < least) return 0;
    measures m = measure(all, left, right);
    return m.confidence >= confidence && m.lift >= lift;
}

static void near(double a, double b) {
    ck_assert_msg(fabs(a - b) <= 1e-12 * (1 + fabs(b)), "%.17g is not %.17g", a, b);
}

static void check_rule(const market *all, const cm_table *table, uint64_t row, uint32_t left, uint32_t right) {
    measures m = measure(all, left, right);
    ck_assert_int_eq(INT(table, row, "count"), all->counts[left | right]);
    ck_assert(DOUBLE(table, row, "support") == m.support);
    ck_assert(DOUBLE(table, row, "confidence") == m.confidence);
    near(DOUBLE(table, row, "lift"), m.lift);
    near(DOUBLE(table, row, "leverage"), m.leverage);
    ck_assert_int_eq(ABSENT(table, row, "conviction"), m.conviction < 0);
    if (m.conviction >= 0) near(DOUBLE(table, row, "conviction"), m.conviction);
}

/* The measure asked for, then count, both falling, then antecedent, consequent; absent last. */
static void check_order(const cm_table *table, uint64_t row, const char *by) {
    int absent = ABSENT(table, row, by), earlier = ABSENT(table, row - 1, by);
    ck_assert_int_ge(absent, earlier);
    if (absent != earlier) return;
    if (!absent) {
        ck_assert(DOUBLE(table, row - 1, by) >= DOUBLE(table, row, by));
        if (DOUBLE(table, row - 1, by) > DOUBLE(table, row, by)) return;
    }
    ck_assert_int_ge(INT(table, row - 1, "count"), INT(table, row, "count"));
    if (INT(table, row - 1, "count") > INT(table, row, "count")) return;
    int order = compare_sets(set_of(table, row - 1, "antecedent"), set_of(table, row, "antecedent"));
    ck_assert_int_le(order, 0);
    if (!order) ck_assert_uint_lt(set_of(table, row - 1, "consequent"), set_of(table, row, "consequent"));
}

static void check_rules(cm_context *ctx, const market *all, const cm_model *model, int least, double confidence,
                        double lift, const char *by) {
    cm_table *table = part_of(ctx, model, "rules");
    uint64_t expected = 0;
    for (uint32_t left = 1; left < SETS; left++)
        for (int item = 0; item < ITEMS; item++)
            expected += (uint64_t)holds(all, left, 1u << item, least, confidence, lift);
    ck_assert_uint_eq(cm_table_rows(table), expected);
    for (uint64_t row = 0; row < expected; row++) {
        uint32_t left = set_of(table, row, "antecedent"), right = set_of(table, row, "consequent");
        ck_assert_int_eq(bits(right), 1);
        ck_assert(holds(all, left, right, least, confidence, lift));
        check_rule(all, table, row, left, right);
        if (row) check_order(table, row, by);
    }
    cm_table_free(table);
}

START_TEST(rules_equal_the_enumeration) {
    static const char *const measures_by[] = {"leverage", "support", "confidence", "lift", "conviction", "count"};
    static const double confidences[] = {0, 0.3, 0.5, 1};
    cm_context *ctx = new_context();
    for (int i = 0; i < 6; i++) {
        market *all = random_market((uint64_t)(_i * 10 + i), 5 + 30 * i);
        cm_table *table = table_of(ctx, all, 0);
        char least[16], confidence[16];
        snprintf(least, sizeof least, "%d", 1 + i);
        snprintf(confidence, sizeof confidence, "%g", confidences[i % 4]);
        cm_model *model = FIT(ctx, table, "support", least, "confidence", confidence, "lift", i % 2 ? "1.25" : "0",
                              "by", measures_by[i]);
        check_rules(ctx, all, model, 1 + i, confidences[i % 4], i % 2 ? 1.25 : 0, measures_by[i]);
        cm_model_free(model);
        cm_table_free(table);
        free(all);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(customers_of_a_rule_are_counted) {
    cm_context *ctx = new_context();
    market *all = random_market(4, 120);
    cm_table *table = table_of(ctx, all, 7), *rules;
    cm_model *model = FIT(ctx, table, "support", "3", "lift", "0");
    rules = part_of(ctx, model, "rules");
    ck_assert_uint_gt(cm_table_rows(rules), 100);
    for (uint64_t row = 0; row < cm_table_rows(rules); row++) {
        uint32_t set = set_of(rules, row, "antecedent") | set_of(rules, row, "consequent");
        int seen[7] = {0}, customers = 0, most = 0;
        for (int b = 0; b < all->count; b++)
            if ((all->baskets[b] & set) == set && b % 5) customers += !seen[b % 7]++;
        for (int i = 0; i < 7; i++)
            if (seen[i] > most) most = seen[i];
        ck_assert_int_eq(INT(rules, row, "customers"), customers);
        ck_assert(DOUBLE(rules, row, "largest_share") == (double)most / all->counts[set]);
    }
    cm_table_free(rules);
    cm_model_free(model);
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}
END_TEST

START_TEST(items_can_be_chosen) {
    cm_context *ctx = new_context();
    market *all = random_market(9, 100);
    cm_table *table = table_of(ctx, all, 0), *rules = NULL;
    cm_options *options = NULL;
    cm_model *model = NULL;
    uint64_t expected = 0;
    OK(ctx, cm_options_new(ctx, "rules", &options));
    OK(ctx, cm_options_set_text(ctx, options, "support", "2"));
    OK(ctx, cm_options_set_text(ctx, options, "exclude", "9"));
    OK(ctx, cm_options_set_text(ctx, options, "right", "a"));
    OK(ctx, cm_options_add_text(ctx, options, "right", "10"));
    for (int i = 0; i < ITEMS; i++)
        if (i != 3) OK(ctx, cm_options_add_text(ctx, options, "left", item_names[i]));
    OK(ctx, cm_fit(ctx, "rules", table, options, &model));
    for (uint32_t left = 1; left < SETS; left++)
        for (int item = 0; item < ITEMS; item += 4)
            if (item != 8 && !(left & (1u << 1 | 1u << 3)))
                expected += (uint64_t)holds(all, left, 1u << item, 2, 0.3, 1);
    rules = part_of(ctx, model, "rules");
    ck_assert_uint_eq(cm_table_rows(rules), expected);
    cm_table_free(rules);
    cm_model_free(model);
    OK(ctx, cm_options_set_text(ctx, options, "include", "tea"));
    FAILS(ctx, CM_E_OPTION, "tea", cm_fit(ctx, "rules", table, options, &model));
    ck_assert_ptr_null(model);
    cm_options_free(options);
    cm_table_free(table);
    free(all);
    cm_context_free(ctx);
}
END_TEST

/* ---- support ---- */

START_TEST(shares_become_the_smallest_count_that_reaches_them) {
    cm_context *ctx = new_context();
    for (int n = 1; n <= 400; n += n < 30 ? 1 : 37) {
        market *all = random_market(2, n);
        cm_table *table = table_of(ctx, all, 0);
        for (int percent = 1; percent <= 100; percent += 3) {
            char share[32], text[32];
            double value = (double)percent / 100;
            int least = 0;
            while ((double)least / n < value) least++;
            snprintf(share, sizeof share, "%d.%02d", percent / 100, percent % 100);
            snprintf(text, sizeof text, "%d%%", percent);
            if (value < 1.0 / n) continue;
            cm_model *a = FIT(ctx, table, "support", share, "max_length", "1");
            cm_model *b = FIT(ctx, table, "support", text, "max_length", "1");
            ck_assert(diagnostic(ctx, a, "least_count") == least);
            ck_assert(diagnostic(ctx, b, "least_count") == least);
            cm_model_free(a);
            cm_model_free(b);
        }
        cm_table_free(table);
        free(all);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(automatic_support_is_the_lowest_that_gives_few_sets) {
    cm_context *ctx = new_context();
    market *all = random_market(31, 400);
    for (int b = 0; b < all->count; b++) all->baskets[b] |= b % 4 ? SETS - 1 : 0; /* 511 sets in 300 baskets and more */
    cm_table *table = table_of(ctx, all, 0);
    cm_model *model = fit_with(ctx, "rules", table, NULL);
    ck_assert(diagnostic(ctx, model, "least_count") == 20);
    ck_assert(diagnostic(ctx, model, "support_chosen") == 1);
    cm_model_free(model);
    cm_table_free(table);

    char path[256], text[4000];
    size_t length = 0;
    temp_path(path, "auto.dat"); /* ten items in 30 baskets: 1,023 sets; nine of them in 10 more: 511 */
    for (int b = 0; b < 40; b++) length += (size_t)sprintf(text + length, "a b c d e f g h i%s\n", b < 30 ? " j" : "");
    write_whole(path, text, length);
    OK(ctx, cm_read_baskets(ctx, path, NULL, &table));
    model = fit_with(ctx, "rules", table, NULL);
    ck_assert(diagnostic(ctx, model, "least_count") == 31);
    ck_assert(diagnostic(ctx, model, "itemsets") == 511);
    cm_model_free(model);
    cm_table_free(table);
    remove(path);
    free(all);
    cm_context_free(ctx);
}
END_TEST

START_TEST(what_cannot_be_is_an_error) {
    static const char *const wrong[] = {"much", "", "-1", "1.5", "0.0", "101%", "%", "0x1", "1e", "-0.5"};
    cm_context *ctx = new_context();
    market *all = random_market(1, 50), none = {.count = 0};
    cm_table *table = table_of(ctx, all, 0), *empty = table_of(ctx, &none, 0), *out = NULL;
    cm_options *options = NULL;
    cm_model *model = NULL;
    OK(ctx, cm_options_new(ctx, "rules", &options));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        OK(ctx, cm_options_set_text(ctx, options, "support", wrong[i]));
        FAILS(ctx, CM_E_OPTION, "support", cm_fit(ctx, "rules", table, options, &model));
    }
    OK(ctx, cm_options_set_text(ctx, options, "support", "0.01"));
    FAILS(ctx, CM_E_OPTION, "less than one", cm_fit(ctx, "rules", table, options, &model));
    OK(ctx, cm_options_set_text(ctx, options, "support", "0"));
    FAILS(ctx, CM_E_OPTION, "less than one", cm_fit(ctx, "rules", table, options, &model));
    FAILS(ctx, CM_E_DATA, "no baskets", cm_fit(ctx, "rules", empty, NULL, &model));
    ck_assert_ptr_null(model);
    OK(ctx, cm_table_select(ctx, table, NULL, 0, &out));
    FAILS(ctx, CM_E_COLUMN, "items", cm_fit(ctx, "rules", out, NULL, &model));
    cm_table_free(out);
    model = fit_with(ctx, "rules", table, NULL);
    FAILS(ctx, CM_E_UNSUPPORTED, "rules", cm_explain(ctx, model, table, &out));
    ck_assert_ptr_null(out);
    cm_model_free(model);
    cm_options_free(options);
    cm_table_free(table);
    cm_table_free(empty);
    free(all);
    cm_context_free(ctx);
}
END_TEST

/* ---- saved, applied, in threads ---- */

START_TEST(the_best_rule_for_each_item_is_recommended) {
    cm_context *ctx = new_context();
    char path[256];
    market *all = random_market(12, 150), *later = random_market(13, 60);
    cm_table *table = table_of(ctx, all, 0), *today = table_of(ctx, later, 0), *rules, *out = NULL;
    cm_model *model = FIT(ctx, table, "support", "5", "confidence", "0.4"), *back = NULL;
    temp_path(path, "rules.cm");
    OK(ctx, cm_model_save(ctx, model, path));
    OK(ctx, cm_model_load(ctx, path, &back));
    rules = part_of(ctx, model, "rules");
    OK(ctx, cm_apply(ctx, back, today, &out));
    uint64_t row = 0;
    for (int b = 0; b < later->count; b++) {
        int64_t best[ITEMS], left = 0;
        for (int i = 0; i < ITEMS; i++) {
            best[i] = -1;
            for (uint64_t r = 0; r < cm_table_rows(rules); r++) {
                uint32_t set = set_of(rules, r, "antecedent");
                if (set_of(rules, r, "consequent") != 1u << i || later->baskets[b] >> i & 1
                    || (later->baskets[b] & set) != set)
                    continue;
                double gain =
                    best[i] < 0 ? 1 : DOUBLE(rules, r, "confidence") - DOUBLE(rules, (uint64_t)best[i], "confidence");
                if (gain > 0 || (gain == 0 && INT(rules, r, "count") > INT(rules, (uint64_t)best[i], "count")))
                    best[i] = (int64_t)r;
            }
            left += best[i] >= 0;
        }
        for (; left > 0; left--, row++) {
            ck_assert_int_eq(INT(out, row, "basket"), b + 1);
            int item = 0;
            while (strcmp(item_names[item], TEXT(out, row, "item")) != 0) item++;
            ck_assert_int_ge(best[item], 0);
            ck_assert(DOUBLE(out, row, "confidence") == DOUBLE(rules, (uint64_t)best[item], "confidence"));
            ck_assert_int_eq(INT(out, row, "count"), INT(rules, (uint64_t)best[item], "count"));
            best[item] = -1;
        }
    }
    ck_assert_uint_eq(cm_table_rows(out), row);
    ck_assert_uint_gt(row, 20);
    remove(path);
    cm_table_free(out), cm_table_free(rules), cm_table_free(today), cm_table_free(table);
    cm_model_free(model), cm_model_free(back);
    free(all), free(later);
    cm_context_free(ctx);
}
END_TEST

static char *model_text(cm_context *ctx, const cm_model *model) {
    static const char *const names[] = {"rules", "itemsets", "key_items", "items", "diagnostics"};
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    for (int i = 0; i < 5; i++) {
        cm_table *table = part_of(ctx, model, names[i]);
        OK(ctx, cm_write(ctx, table, NULL, append_to_file, file));
        cm_table_free(table);
    }
    fclose(file);
    return text;
}

/* Enough baskets for several threads, in another order and in chunks. */
START_TEST(threads_and_order_of_rows_change_nothing) {
    cm_context *ctx = new_context();
    market *all = random_market(5, 400);
    cm_table *one = table_of(ctx, all, 11), *parts[60], *whole = NULL, *turned = NULL, *halves[2];
    for (int i = 0; i < 60; i++) parts[i] = one;
    OK(ctx, cm_table_concat(ctx, (const cm_table *const *)parts, 60, &whole));
    OK(ctx, cm_table_slice(ctx, whole, 3333, 60 * 400, &halves[0]));
    OK(ctx, cm_table_slice(ctx, whole, 0, 3333, &halves[1]));
    OK(ctx, cm_table_concat(ctx, (const cm_table *const *)halves, 2, &turned));
    char *expected = NULL;
    for (int way = 0; way < 9; way++) {
        static const int64_t threads[] = {1, 2, 7};
        set_threads(ctx, threads[way % 3]);
        cm_model *model = FIT(ctx, way % 2 ? whole : turned, "support", "5%", "algorithm", algorithms[way / 3]);
        char *text = model_text(ctx, model);
        if (way % 3) {
            ck_assert_str_eq(text, expected);
        } else {
            free(expected);
            expected = strdup(text);
        }
        free(text);
        cm_model_free(model);
    }
    free(expected), free(all);
    for (int i = 0; i < 2; i++) cm_table_free(halves[i]);
    cm_table_free(one), cm_table_free(whole), cm_table_free(turned);
    cm_context_free(ctx);
}
END_TEST

Suite *test_rules(void);
Suite *test_rules(void) {
    Suite *suite = suite_create("rules");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, all_ways_of_mining_equal_the_enumeration, 0, 20);
    tcase_add_test(all, itemsets_beside_rules_are_the_same);
    tcase_add_loop_test(all, rules_equal_the_enumeration, 0, 5);
    tcase_add_test(all, customers_of_a_rule_are_counted);
    tcase_add_test(all, items_can_be_chosen);
    tcase_add_test(all, shares_become_the_smallest_count_that_reaches_them);
    tcase_add_test(all, automatic_support_is_the_lowest_that_gives_few_sets);
    tcase_add_test(all, what_cannot_be_is_an_error);
    tcase_add_test(all, the_best_rule_for_each_item_is_recommended);
    suite_add_tcase(suite, all);
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 120);
    tcase_add_test(threads, threads_and_order_of_rows_change_nothing);
    suite_add_tcase(suite, threads);
    return suite;
}
