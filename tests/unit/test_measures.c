/* Measures of rules straight from the table of four cells, in long double, whose 64 bits hold the products of two
 * cells; Fisher's test as a sum of exponentials of log factorials. */
#include <math.h>

#include "base/fisher.h"
#include "base/intervals.h"
#include "model/rules/measures.h"
#include "support.h"

typedef long double real;

/* Cells: both, antecedent alone, consequent alone, neither. */
typedef struct cells {
    uint64_t a, b, c, d;
} cells;

static real of(const char *name, const cells *t) {
    real n = (real)(t->a + t->b + t->c + t->d), x = (real)(t->a + t->b) / n, y = (real)(t->a + t->c) / n;
    real xy = (real)t->a / n, a = (real)t->a, b = (real)t->b, c = (real)t->c, d = (real)t->d;
    real confidence = xy / x, back = xy / y;
    int independent = a * d == b * c;
    if (!strcmp(name, "count")) return a;
    if (!strcmp(name, "support")) return xy;
    if (!strcmp(name, "confidence")) return confidence;
    if (!strcmp(name, "lift")) return xy / (x * y);
    if (!strcmp(name, "leverage")) return (a * d - b * c) / n / n;
    if (!strcmp(name, "conviction")) return t->b ? (b + d) / n / (b / (a + b)) : INFINITY;
    if (!strcmp(name, "coverage")) return x;
    if (!strcmp(name, "cosine")) return sqrtl(confidence * back);
    if (!strcmp(name, "jaccard")) return xy / (x + y - xy);
    if (!strcmp(name, "kulczynski")) return (confidence + back) / 2;
    if (!strcmp(name, "imbalance_ratio")) return fabsl(b - c) / (a + b + c);
    if (!strcmp(name, "all_confidence")) return confidence < back ? confidence : back;
    if (!strcmp(name, "max_confidence")) return confidence > back ? confidence : back;
    if (!strcmp(name, "odds_ratio")) return independent ? 1 : t->b && t->c ? a / b * (d / c) : INFINITY;
    if (independent) return 0;
    if (!strcmp(name, "phi")) return (a * d - b * c) / sqrtl((a + b) * (c + d)) / sqrtl((a + c) * (b + d));
    if (!strcmp(name, "chi_squared")) {
        real sum = 0, rows[2] = {a + b, c + d}, columns[2] = {a + c, b + d};
        for (int i = 0; i < 2; i++)
            for (int j = 0; j < 2; j++) {
                    real apart = (a * d - b * c) / n; /* of each cell from what is expected, either way */
                sum += apart * apart / (rows[i] * columns[j] / n);
            }
        return sum;
    }
    if (!strcmp(name, "certainty_factor"))
        return (a * d - b * c) / n / (a + b) / (a * d > b * c ? 1 - y : y);
    if (!strcmp(name, "zhang")) {
        real for_it = xy * ((c + d) / n), against = x * (c / n);
        return (a * d - b * c) / n / n / (for_it > against ? for_it : against);
    }
    ck_abort_msg("no formula for %s", name);
    return 0;
}

static real choose(real n, real k) {
    return lgammal(n + 1) - lgammal(k + 1) - lgammal(n - k + 1);
}

/* Every table as extreme, each by its own factorials. */
static real fisher(const cells *t) {
    real n = (real)(t->a + t->b + t->c + t->d), left = (real)(t->a + t->b), right = (real)(t->a + t->c), sum = 0;
    for (real k = (real)t->a; k <= left && k <= right; k++)
        sum += expl(choose(right, k) + choose(n - right, left - k) - choose(n, left));
    return sum;
}

static void near(const char *name, const cells *t, double ours, real truth, real tolerance) {
    ck_assert_msg(!isnan(ours), "%s is not a number", name);
    if (isinf(truth)) ck_assert_msg(isinf(ours), "%s has a bound", name);
    else
        ck_assert_msg(fabsl((real)ours - truth) <= tolerance * fabsl(truth) + 1e-300L,
                      "%s of %llu %llu %llu %llu: %.17g, not %.17Lg", name, (unsigned long long)t->a,
                      (unsigned long long)t->b, (unsigned long long)t->c, (unsigned long long)t->d, ours, truth);
}

/* Small tables, with empty cells, and large ones, up to four thousand million baskets. */
static cells random_cells(lcg *random, int i) {
    uint64_t most = i % 4 == 0 ? 4 : i % 4 == 1 ? 50 : i % 4 == 2 ? 3000 : UINT64_C(900000000);
    cells t = {1 + lcg_next(random) % most, lcg_next(random) % most, lcg_next(random) % most, lcg_next(random) % most};
    if (i % 7 == 0) t.b = 0;
    if (i % 11 == 0) t.c = 0;
    if (i % 13 == 0) t.d = 0;
    return t;
}

START_TEST(measures_equal_their_formulas) {
    lcg random = {(uint64_t)_i + 77};
    for (int i = 0; i < 2500; i++) {
        cells t = random_cells(&random, i);
        cm_counts counts = {t.a + t.b + t.c + t.d, t.a + t.b, t.a + t.c, t.a};
        for (int m = 0; m < CM_MEASURES; m++) {
            const cm_measure *one = &cm_measures[m];
            double ours = one->of(&counts);
            if (strcmp(one->name, "fisher_p") != 0) {
                near(one->name, &t, ours, of(one->name, &t), 1e-15L);
                continue;
            }
            cm_counts turned = {counts.all, counts.right, counts.left, counts.both};
            ck_assert(one->of(&turned) == ours);
            if (t.a <= 3000) near(one->name, &t, ours, fisher(&t), 1e-10L);
        }
    }
}
END_TEST

START_TEST(names_and_choices_agree) {
    char names[1000] = "";
    for (int m = 0; m < CM_MEASURES; m++) {
        strcat(strcat(names, m ? "|" : ""), cm_measures[m].name);
        ck_assert_ptr_eq(cm_measure_find(cm_measures[m].name, strlen(cm_measures[m].name)), &cm_measures[m]);
    }
    ck_assert_str_eq(names, CM_MEASURE_NAMES);
    ck_assert_ptr_null(cm_measure_find("lif", 3));
}
END_TEST

/* Fisher's own example, the lady who tastes tea: all four of eight right, 1 in 70. */
START_TEST(fisher_as_published) {
    ck_assert_double_eq_tol(cm_hypergeometric_tail(8, 4, 4, 4), 1.0 / 70, 1e-16);
    ck_assert_double_eq_tol(cm_hypergeometric_tail(8, 4, 4, 3), 17.0 / 70, 1e-15);
    ck_assert(cm_hypergeometric_tail(8, 4, 4, 0) == 1);
    ck_assert(cm_hypergeometric_tail(10, 10, 3, 3) == 1);
    /* symmetric: a half and half of the middle term, which is 1 / sqrt(2 pi 2.5e8) */
    ck_assert_double_eq_tol(cm_hypergeometric_tail(4000000000, 2000000000, 2000000000, 1000000000), 0.5000126156626,
                            1e-12);
    ck_assert_double_eq_tol(cm_hypergeometric_tail(4000000000, 2000000000, 2000000000, 1000000001), 0.4999873843374,
                            1e-12);
    ck_assert(cm_hypergeometric_tail(1000000, 1000, 1000, 900) == 0); /* below what a double can say */
}
END_TEST

/* Quantiles of the normal distribution as tables print them; Wilson's interval as Newcombe 1998 prints it
 * (doi:10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I). */
START_TEST(intervals_as_published) {
    static const struct {
        uint64_t hits, trials;
        double low, high;
    } known[] = {{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}};
    ck_assert_double_eq_tol(cm_normal_z(0.95), 1.959963984540054, 1e-15);
    ck_assert_double_eq_tol(cm_normal_z(0.99), 2.5758293035489004, 1e-15);
    ck_assert_double_eq_tol(cm_normal_z(0.5), 0.6744897501960817, 1e-15);
    ck_assert_double_eq_tol(cm_normal_z(0.999999), 4.891638475698594, 1e-9);
    for (int i = 0; i < 4; i++) {
        double low, high;
        cm_wilson(known[i].hits, known[i].trials, cm_normal_z(0.95), &low, &high);
        ck_assert_double_eq_tol(low, known[i].low, 0.00005);
        ck_assert_double_eq_tol(high, known[i].high, 0.00005);
    }
}
END_TEST

Suite *test_measures(void);
Suite *test_measures(void) {
    Suite *suite = suite_create("measures");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_loop_test(all, measures_equal_their_formulas, 0, 4);
    tcase_add_test(all, names_and_choices_agree);
    tcase_add_test(all, fisher_as_published);
    tcase_add_test(all, intervals_as_published);
    suite_add_tcase(suite, all);
    return suite;
}
