/* Neighbours, recommendations and their trial against their definitions, on small random baskets: every pair of items
 * counted by looking into every basket. */
#include <math.h>

#include "base/hash.h"
#include "models.h"

#define ITEMS 12
#define MOST_BASKETS 80

typedef struct world {
    int baskets, sizes[MOST_BASKETS], items[MOST_BASKETS][2 * ITEMS]; /* as they are put in, repetitions and all */
    unsigned sets[MOST_BASKETS];
} world;

static void invent(world *all, lcg *random) {
    *all = (world){.baskets = 2 + (int)lcg_below(random, MOST_BASKETS - 2)};
    for (int b = 0; b < all->baskets; b++) {
        all->sizes[b] = 1 + (int)lcg_below(random, lcg_below(random, 4) ? 5 : 2 * ITEMS);
        for (int i = 0; i < all->sizes[b]; i++) {
            all->items[b][i] = (int)(lcg_below(random, ITEMS) * lcg_below(random, ITEMS) / ITEMS);
            all->sets[b] |= 1u << all->items[b][i];
        }
    }
}

/* Items are called a, b, c ... */
static cm_table *table_of(cm_context *ctx, const world *all) {
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "items", CM_LIST, 0, 0));
    for (int b = 0; b < all->baskets; b++) {
        OK(ctx, cm_builder_text(ctx, builder, 0, NULL, 0));
        for (int i = 0; i < all->sizes[b]; i++)
            OK(ctx, cm_builder_text(ctx, builder, 0, &"abcdefghijkl"[all->items[b][i]], 1));
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

typedef struct asked {
    int by, least, top, recommend;
    double shrink;
} asked;

static const char *const measures[] = {"cosine", "jaccard", "lift"};

static asked ask(lcg *random) {
    return (asked){(int)lcg_below(random, 3), 1 + (int)lcg_below(random, 3), 1 + (int)lcg_below(random, ITEMS),
                   1 + (int)lcg_below(random, 6), lcg_below(random, 2) ? 0 : 1 + lcg_below(random, 50) / 10.0};
}

static cm_options *options_of(cm_context *ctx, const asked *ask) {
    cm_options *options = NULL;
    OK(ctx, cm_options_new(ctx, "together", &options));
    OK(ctx, cm_options_set_text(ctx, options, "by", measures[ask->by]));
    OK(ctx, cm_options_set_double(ctx, options, "shrink", ask->shrink));
    OK(ctx, cm_options_set_int(ctx, options, "min_count", ask->least));
    OK(ctx, cm_options_set_int(ctx, options, "top", ask->top));
    OK(ctx, cm_options_set_int(ctx, options, "recommend", ask->recommend));
    return options;
}

/* ---- the definitions ---- */

typedef struct pair {
    int item, count;
    double similarity;
} pair;

typedef struct answer {
    int counts[ITEMS][ITEMS], sizes[ITEMS], baskets;
    pair near[ITEMS][ITEMS];
} answer;

static double similarity(const answer *all, const asked *ask, int a, int b) {
    double both = all->counts[a][b], x = all->counts[a][a], y = all->counts[b][b];
    double value = ask->by == 0   ? both / sqrt(x * y)
                   : ask->by == 1 ? both / (x + y - both)
                                  : both * all->baskets / (x * y);
    return ask->shrink > 0 ? value * (both / (both + ask->shrink)) : value;
}

static int by_similarity(const void *a, const void *b) {
    const pair *x = a, *y = b;
    if (x->similarity != y->similarity) return x->similarity > y->similarity ? -1 : 1;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->item - y->item;
}

/* Of the baskets that are not in `aside` (by basket; NULL: all). */
static void work_out(const world *w, const char *aside, const asked *ask, answer *out) {
    memset(out, 0, sizeof *out);
    for (int basket = 0; basket < w->baskets; basket++) {
        if (aside && aside[basket]) continue;
        out->baskets++;
        for (int a = 0; a < ITEMS; a++)
            for (int b = 0; b < ITEMS; b++) out->counts[a][b] += w->sets[basket] >> a & w->sets[basket] >> b & 1;
    }
    for (int a = 0; a < ITEMS; a++) {
        int found = 0;
        for (int b = 0; b < ITEMS; b++)
            if (a != b && out->counts[a][b] >= ask->least)
                out->near[a][found++] = (pair){b, out->counts[a][b], similarity(out, ask, a, b)};
        qsort(out->near[a], (size_t)found, sizeof(pair), by_similarity);
        out->sizes[a] = found < ask->top ? found : ask->top;
    }
}

/* The items recommended to the items of `shown`, which come in this order. */
static int recommend(const answer *all, const asked *ask, const int *shown, int count, pair *out) {
    double scores[ITEMS] = {0};
    unsigned here = 0, seen = 0, done = 0;
    int found = 0;
    for (int i = 0; i < count; i++) here |= 1u << shown[i];
    for (int i = 0; i < count; i++) {
        int a = shown[i];
        for (int j = 0; j < all->sizes[a] && !(done >> a & 1); j++) {
            seen |= 1u << all->near[a][j].item;
            scores[all->near[a][j].item] += all->near[a][j].similarity;
        }
        done |= 1u << a;
    }
    for (int b = 0; b < ITEMS; b++)
        if (seen & ~here & 1u << b) out[found++] = (pair){b, 0, scores[b]};
    qsort(out, (size_t)found, sizeof(pair), by_similarity);
    return found < ask->recommend ? found : ask->recommend;
}

/* ---- tests ---- */

static void check_pairs(const cm_table *table, const answer *all, const asked *ask) {
    int order[ITEMS];
    uint64_t row = 0;
    for (int i = 0; i < ITEMS; i++) order[i] = i;
    for (int i = 0; i < ITEMS; i++) /* the most frequent first */
        for (int j = i + 1; j < ITEMS; j++) {
            int a = order[i], b = order[j];
            if (all->counts[b][b] > all->counts[a][a] || (all->counts[b][b] == all->counts[a][a] && b < a))
                order[i] = b, order[j] = a;
        }
    for (int i = 0; i < ITEMS; i++)
        for (int j = 0; j < all->sizes[order[i]]; j++, row++) {
            const pair *one = &all->near[order[i]][j];
            double x = all->counts[order[i]][order[i]], y = all->counts[one->item][one->item], both = one->count;
            ck_assert_int_eq(TEXT(table, row, "item")[0], 'a' + order[i]);
            ck_assert_int_eq(TEXT(table, row, "other")[0], 'a' + one->item);
            ck_assert_int_eq(INT(table, row, "rank"), j + 1);
            ck_assert_int_eq(INT(table, row, "count"), one->count);
            ck_assert_double_eq(DOUBLE(table, row, "similarity"), one->similarity);
            ck_assert_double_eq(DOUBLE(table, row, "cosine"), both / sqrt(x * y));
            ck_assert_double_eq(DOUBLE(table, row, "jaccard"), both / (x + y - both));
            ck_assert_double_eq(DOUBLE(table, row, "lift"), both * all->baskets / (x * y));
        }
    ck_assert_uint_eq(row, cm_table_rows(table));
    (void)ask;
}

static void check_recommendations(const cm_table *table, const world *w, const answer *all, const asked *ask) {
    uint64_t row = 0;
    for (int b = 0; b < w->baskets; b++) {
        pair wanted[ITEMS];
        int count = recommend(all, ask, w->items[b], w->sizes[b], wanted);
        for (int i = 0; i < count; i++, row++) {
            ck_assert_int_eq(INT(table, row, "basket"), b + 1);
            ck_assert_int_eq(TEXT(table, row, "item")[0], 'a' + wanted[i].item);
            ck_assert_double_eq(DOUBLE(table, row, "score"), wanted[i].similarity);
        }
    }
    ck_assert_uint_eq(row, cm_table_rows(table));
}

START_TEST(pairs_and_recommendations_as_defined) {
    cm_context *ctx = new_context();
    lcg random = {2026};
    for (int run = 0; run < 300; run++) {
        world w;
        answer all;
        invent(&w, &random);
        asked how = ask(&random);
        work_out(&w, NULL, &how, &all);
        cm_table *baskets = table_of(ctx, &w), *pairs = NULL, *found = NULL;
        cm_options *options = options_of(ctx, &how);
        cm_model *model = NULL;
        OK(ctx, cm_fit(ctx, "together", baskets, options, &model));
        OK(ctx, cm_model_table(ctx, model, "together", &pairs));
        check_pairs(pairs, &all, &how);
        OK(ctx, cm_apply(ctx, model, baskets, &found));
        check_recommendations(found, &w, &all, &how);
        cm_table_free(found);
        cm_table_free(pairs);
        cm_model_free(model);
        cm_options_free(options);
        cm_table_free(baskets);
    }
    cm_context_free(ctx);
}
END_TEST

/* ---- the trial of both recommenders ---- */

typedef struct figures {
    double hits, precision, recall;
    unsigned covered;
} figures;

static void tally(figures *to, unsigned hidden, int hidden_count, const int *found, int count, int n) {
    int hits = 0;
    for (int i = 0; i < count; i++) {
        hits += hidden >> found[i] & 1;
        to->covered |= 1u << found[i];
    }
    to->hits += hits > 0;
    to->precision += (double)hits / n;
    to->recall += (double)hits / hidden_count;
}

/* Half of the distinct items are hidden: those whose keyed hash is smallest. */
static int hide(const world *w, int basket, int *shown, int *shown_count, unsigned *hidden) {
    const cm_hash_key key = {UINT64_C(0x747269616c), (uint64_t)basket};
    int distinct[ITEMS], count = 0;
    uint64_t hashes[ITEMS];
    unsigned seen = 0;
    *hidden = 0;
    *shown_count = 0;
    for (int i = 0; i < w->sizes[basket]; i++) {
        if (!(seen >> w->items[basket][i] & 1)) distinct[count++] = w->items[basket][i];
        seen |= 1u << w->items[basket][i];
    }
    for (int i = 0; i < count; i++) hashes[i] = cm_hash_bytes(key, &"abcdefghijkl"[distinct[i]], 1);
    for (int i = 0; i < count; i++) {
        int smaller = 0;
        for (int j = 0; j < count; j++) smaller += hashes[j] < hashes[i];
        if (smaller < count / 2) *hidden |= 1u << distinct[i];
        else shown[(*shown_count)++] = distinct[i];
    }
    return count;
}

/* What the rules of a table recommend: those whose antecedent is shown, the best for each item. */
typedef struct rule {
    unsigned left;
    int right;
    double confidence, lift;
    int64_t count;
} rule;

static int by_strength(const void *a, const void *b) {
    const rule *x = a, *y = b;
    if (x->confidence != y->confidence) return x->confidence > y->confidence ? -1 : 1;
    if (x->lift != y->lift) return x->lift > y->lift ? -1 : 1;
    if (x->count != y->count) return x->count > y->count ? -1 : 1;
    return x->right - y->right;
}

static int read_rules(const cm_table *table, rule *out) {
    for (uint64_t row = 0; row < cm_table_rows(table); row++) {
        uint64_t left = (uint64_t)column_of(table, "antecedent");
        out[row] = (rule){.right = TEXT(table, row, "consequent")[0] - 'a',
                          .confidence = DOUBLE(table, row, "confidence"),
                          .lift = DOUBLE(table, row, "lift"),
                          .count = INT(table, row, "count")};
        for (uint64_t i = 0; i < cm_table_items(table, row, left); i++)
            out[row].left |= 1u << (cm_table_text(table, row, left, i, NULL)[0] - 'a');
    }
    qsort(out, cm_table_rows(table), sizeof *out, by_strength);
    return (int)cm_table_rows(table);
}

static int recommend_by_rules(const rule *rules, int rule_count, unsigned here, int most, int *found) {
    unsigned taken = here;
    int count = 0;
    for (int i = 0; i < rule_count && count < most; i++) {
        if (rules[i].left & ~here || taken >> rules[i].right & 1) continue;
        taken |= 1u << rules[i].right;
        found[count++] = rules[i].right;
    }
    return count;
}

static void check_line(const cm_table *table, uint64_t row, const char *name, const figures *one, int baskets,
                       int known) {
    ck_assert_str_eq(TEXT(table, row, "recommender"), name);
    ck_assert_int_eq(INT(table, row, "baskets"), baskets);
    ck_assert(ABSENT(table, row, "hit_rate") == (baskets == 0));
    if (!baskets) return;
    ck_assert_double_eq_tol(DOUBLE(table, row, "hit_rate"), one->hits / baskets, 1e-12);
    ck_assert_double_eq_tol(DOUBLE(table, row, "precision"), one->precision / baskets, 1e-12);
    ck_assert_double_eq_tol(DOUBLE(table, row, "recall"), one->recall / baskets, 1e-12);
    ck_assert_double_eq_tol(DOUBLE(table, row, "coverage"), (double)__builtin_popcount(one->covered) / known, 1e-12);
}

START_TEST(the_trial_hides_half_and_counts_what_comes_back) {
    static const cm_hash_key by_row = {UINT64_C(0x6375736d696e65), UINT64_C(0x72756c6573)};
    cm_context *ctx = new_context();
    lcg random = {7};
    for (int run = 0; run < 100; run++) {
        world w;
        answer all;
        invent(&w, &random);
        asked how = ask(&random);
        how.least = 1;
        char aside[MOST_BASKETS] = {0};
        int last = (int)(0.4 * w.baskets), popular[ITEMS], known = 0;
        if (last < 1) continue;
        for (int b = 0; b < w.baskets; b++) { /* the largest hashes of the rows' numbers */
            int larger = 0;
            for (int other = 0; other < w.baskets; other++)
                larger += cm_hash_u64(by_row, (uint64_t)other) > cm_hash_u64(by_row, (uint64_t)b);
            aside[b] = larger < last;
        }
        work_out(&w, aside, &how, &all);
        for (int count = MOST_BASKETS; count > 0; count--)
            for (int i = 0; i < ITEMS; i++)
                if (all.counts[i][i] == count) popular[known++] = i;
        figures ours = {0}, everybody = {0}, by_rules = {0};
        int tried = 0;
        cm_table *baskets = table_of(ctx, &w), *table = NULL, *found_rules = NULL;
        cm_options *options = NULL;
        cm_model *model = NULL;
        OK(ctx, cm_options_new(ctx, "rules", &options));
        OK(ctx, cm_options_set_double(ctx, options, "validate", 0.4));
        OK(ctx, cm_options_set_int(ctx, options, "recommend", how.recommend));
        OK(ctx, cm_options_set_text(ctx, options, "support", "1"));
        OK(ctx, cm_options_set_double(ctx, options, "confidence", 0.2));
        OK(ctx, cm_options_set_int(ctx, options, "max_length", 3));
        OK(ctx, cm_fit(ctx, "rules", baskets, options, &model));
        OK(ctx, cm_model_table(ctx, model, "rules", &found_rules));
        rule *rules = malloc((cm_table_rows(found_rules) + 1) * sizeof *rules);
        int rule_count = read_rules(found_rules, rules);
        OK(ctx, cm_model_table(ctx, model, "evaluation", &table));
        cm_table_free(found_rules);
        cm_model_free(model);
        cm_options_free(options);
        for (int b = 0; b < w.baskets; b++) {
            int shown[ITEMS], shown_count, found[ITEMS], best[ITEMS], best_count = 0;
            unsigned hidden;
            pair wanted[ITEMS];
            int items = aside[b] ? hide(&w, b, shown, &shown_count, &hidden) : 0;
            if (items < 2) continue;
            int count = recommend(&all, &how, shown, shown_count, wanted);
            unsigned here = w.sets[b] & ~hidden;
            for (int i = 0; i < count; i++) found[i] = wanted[i].item;
            for (int i = 0; i < known && best_count < how.recommend; i++)
                if (!(here >> popular[i] & 1)) best[best_count++] = popular[i];
            tally(&ours, hidden, items / 2, found, count, how.recommend);
            tally(&everybody, hidden, items / 2, best, best_count, how.recommend);
            count = recommend_by_rules(rules, rule_count, here, how.recommend, found);
            tally(&by_rules, hidden, items / 2, found, count, how.recommend);
            tried++;
        }
        free(rules);
        check_line(table, 0, "rules", &by_rules, tried, known);
        check_line(table, 1, "popularity", &everybody, tried, known);
        cm_table_free(table);
        options = options_of(ctx, &how);
        OK(ctx, cm_options_set_double(ctx, options, "validate", 0.4));
        OK(ctx, cm_fit(ctx, "together", baskets, options, &model));
        OK(ctx, cm_model_table(ctx, model, "evaluation", &table));
        check_line(table, 0, "together", &ours, tried, known);
        check_line(table, 1, "popularity", &everybody, tried, known);
        ck_assert_uint_eq(cm_table_rows(table), 2);
        cm_table_free(table);
        cm_model_free(model);
        cm_options_free(options);
        cm_table_free(baskets);
    }
    cm_context_free(ctx);
}
END_TEST

/* Baskets of many items, so that there are several tasks. */
static cm_table *many_baskets(cm_context *ctx) {
    lcg random = {5};
    cm_builder *builder = NULL;
    cm_table *table = NULL;
    OK(ctx, cm_builder_new(ctx, &builder));
    OK(ctx, cm_builder_column(ctx, builder, "basket", CM_STRING, 0, 0));
    OK(ctx, cm_builder_column(ctx, builder, "items", CM_LIST, 0, 0));
    for (int b = 0; b < 3000; b++) {
        char text[16];
        OK(ctx, cm_builder_text(ctx, builder, 0, text, (uint64_t)snprintf(text, sizeof text, "B%d", b)));
        OK(ctx, cm_builder_text(ctx, builder, 1, NULL, 0));
        for (uint32_t i = 0, count = lcg_below(&random, 12); i < count; i++) {
            int length = snprintf(text, sizeof text, "i%u", lcg_below(&random, 900) * lcg_below(&random, 900) / 900);
            OK(ctx, cm_builder_text(ctx, builder, 1, text, (uint64_t)length));
        }
        OK(ctx, cm_builder_row(ctx, builder));
    }
    OK(ctx, cm_builder_finish(ctx, builder, &table));
    cm_builder_free(builder);
    return table;
}

START_TEST(any_number_of_threads_and_a_saved_model_give_the_same_bytes) {
    static const int64_t threads[] = {1, 2, 7};
    char *first[2] = {NULL};
    for (int i = 0; i < 3; i++) {
        cm_context *ctx = new_context();
        set_threads(ctx, threads[i]);
        cm_table *baskets = many_baskets(ctx), *tables[2] = {NULL};
        cm_model *model = NULL, *loaded = NULL;
        char path[256];
        temp_path(path, "together.cm");
        OK(ctx, cm_fit(ctx, "together", baskets, NULL, &model));
        OK(ctx, cm_model_save(ctx, model, path));
        OK(ctx, cm_model_load(ctx, path, &loaded));
        remove(path);
        OK(ctx, cm_model_table(ctx, model, "together", &tables[0]));
        OK(ctx, cm_apply(ctx, loaded, baskets, &tables[1]));
        ck_assert_str_eq(TEXT(tables[1], 0, "basket"), "B0");
        for (int j = 0; j < 2; j++) {
            char *now = csv_of(ctx, tables[j]);
            ck_assert_uint_gt(strlen(now), 10000);
            if (i) {
                ck_assert_str_eq(now, first[j]);
                free(now);
            } else first[j] = now;
            cm_table_free(tables[j]);
        }
        cm_model_free(loaded);
        cm_model_free(model);
        cm_table_free(baskets);
        cm_context_free(ctx);
    }
    for (int j = 0; j < 2; j++) free(first[j]);
}
END_TEST

START_TEST(what_cannot_be_is_said) {
    cm_context *ctx = new_context();
    world w = {.baskets = 3, .sizes = {1, 1, 1}, .items = {{0}, {1}, {0}}, .sets = {1, 2, 1}};
    cm_table *baskets = table_of(ctx, &w), *pairs = NULL, *none = NULL, *found = NULL;
    cm_model *model = NULL;
    cm_options *options = NULL;
    OK(ctx, cm_fit(ctx, "together", baskets, NULL, &model)); /* no two items together: no neighbours */
    OK(ctx, cm_model_table(ctx, model, "together", &pairs));
    ck_assert_uint_eq(cm_table_rows(pairs), 0);
    OK(ctx, cm_apply(ctx, model, baskets, &found));
    ck_assert_uint_eq(cm_table_rows(found), 0);
    cm_table_free(found);
    cm_table_free(pairs);
    cm_model_free(model);
    OK(ctx, cm_options_new(ctx, "together", &options));
    OK(ctx, cm_options_add_text(ctx, options, "include", "tea"));
    FAILS(ctx, CM_E_OPTION, "tea", cm_fit(ctx, "together", baskets, options, &model));
    cm_options_free(options);
    OK(ctx, cm_options_new(ctx, "together", &options));
    OK(ctx, cm_options_set_double(ctx, options, "validate", 0.2));
    FAILS(ctx, CM_E_OPTION, "kept aside", cm_fit(ctx, "together", baskets, options, &model));
    FAILS(ctx, CM_E_OPTION, "min_count", cm_options_set_int(ctx, options, "min_count", 0));
    OK(ctx, cm_table_slice(ctx, baskets, 0, 0, &none));
    FAILS(ctx, CM_E_DATA, "no baskets", cm_fit(ctx, "together", none, NULL, &model));
    cm_options_free(options);
    cm_table_free(none);
    cm_table_free(baskets);
    cm_context_free(ctx);
}
END_TEST

Suite *test_together(void);
Suite *test_together(void) {
    Suite *suite = suite_create("together");
    TCase *one = tcase_create("together");
    tcase_add_test(one, pairs_and_recommendations_as_defined);
    tcase_add_test(one, the_trial_hides_half_and_counts_what_comes_back);
    tcase_add_test(one, what_cannot_be_is_said);
    suite_add_tcase(suite, one);
    TCase *threads = tcase_create("threads");
    tcase_add_test(threads, any_number_of_threads_and_a_saved_model_give_the_same_bytes);
    suite_add_tcase(suite, threads);
    return suite;
}
