/* Tests and intervals against published figures, and against sums and integrals in long double. */
#include <math.h>

#include "base/adjust.h"
#include "base/fisher.h"
#include "base/intervals.h"
#include "base/number.h"
#include "base/student.h"
#include "support.h"

/* ---- Fisher, both sides ---- */

static long double log_choose(long double n, long double k) {
    return lgammal(n + 1) - lgammal(k + 1) - lgammal(n - k + 1);
}

static long double chance(uint64_t all, uint64_t left, uint64_t right, uint64_t k) {
    return expl(log_choose(right, k) + log_choose((long double)(all - right), (long double)(left - k))
                - log_choose(all, left));
}

static double two_sided_by_sum(uint64_t all, uint64_t left, uint64_t right, uint64_t both) {
    uint64_t least = left + right > all ? left + right - all : 0, most = left < right ? left : right;
    long double seen = chance(all, left, right, both), sum = 0;
    for (uint64_t k = least; k <= most; k++)
        if (chance(all, left, right, k) <= seen * (1 + 1e-7L)) sum += chance(all, left, right, k);
    return sum < 1 ? (double)sum : 1;
}

START_TEST(fisher_equals_the_sum) {
    lcg random = {7};
    for (int i = 0; i < 3000; i++) {
        uint64_t all = 1 + lcg_below(&random, i % 10 ? 60 : 3000), left = lcg_below(&random, (uint32_t)all + 1),
                 right = lcg_below(&random, (uint32_t)all + 1);
        uint64_t least = left + right > all ? left + right - all : 0, most = left < right ? left : right;
        uint64_t both = least + lcg_below(&random, (uint32_t)(most - least) + 1);
        double wanted = two_sided_by_sum(all, left, right, both), p = cm_fisher_two_sided(all, left, right, both);
        ck_assert_msg(fabs(p - wanted) <= 1e-10 * wanted, "%d: %d %d %d of %d: %.17g, not %.17g", i, (int)both,
                      (int)left, (int)right, (int)all, p, wanted);
    }
}
END_TEST

/* The lady who tastes tea, three of four right: 34 / 70. Convictions of like-sex twins (Fisher 1962), as R prints it.
 * */
START_TEST(fisher_as_published) {
    ck_assert_double_eq_tol(cm_fisher_two_sided(8, 4, 4, 3), 34.0 / 70, 1e-15);
    ck_assert_double_eq_tol(cm_fisher_two_sided(30, 12, 17, 2), 0.0005367, 5e-8);
    ck_assert_double_eq_tol(cm_fisher_two_sided(30, 12, 13, 10), 0.0005367, 5e-8);
    ck_assert(cm_fisher_two_sided(10, 10, 3, 3) == 1);
    ck_assert(cm_fisher_two_sided(4000000000, 2000000000, 2000000000, 1000000000) == 1);
}
END_TEST

/* ---- Student ---- */

static long double density(long double t, long double df) {
    return expl(lgammal((df + 1) / 2) - lgammal(df / 2) - (df + 1) / 2 * log1pl(t * t / df))
           / sqrtl(df * 3.14159265358979323846L);
}

/* Simpson's rule. */
static double two_sided_by_integral(double t, double df) {
    enum { STEPS = 4000 };
    long double sum = 0, h = (long double)fabs(t) / STEPS;
    for (int i = 0; i <= STEPS; i++) sum += density(h * i, df) * (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2);
    return (double)(1 - 2 * sum * h / 3);
}

START_TEST(student_equals_the_integral) {
    static const double frees[] = {1, 1.5, 2, 3.7, 10, 17.776, 60, 1000.5, 250000},
                        points[] = {0, 1e-6, 0.1, 0.9, 1.8608, 2, 4, 6};
    for (int i = 0; i < 9; i++) {
        for (int j = 0; j < 8; j++) {
            double wanted = two_sided_by_integral(points[j], frees[i]);
            ck_assert_double_eq_tol(cm_student_two_sided(points[j], frees[i]), wanted, 1e-11);
            ck_assert(cm_student_two_sided(-points[j], frees[i]) == cm_student_two_sided(points[j], frees[i]));
        }
        for (int j = 1; j < 20; j++)
            ck_assert_double_eq_tol(two_sided_by_integral(cm_student_t(j / 20.0, frees[i]), frees[i]), 1 - j / 20.0,
                                    1e-10);
    }
}
END_TEST

/* Two of its distributions have closed forms; the quantiles are those of printed tables; far out the tail of one degree
 * is 2 / (pi t), that of many 2 phi(t) / t (1 - 1 / t^2 ...). */
START_TEST(student_as_published) {
    static const struct {
        double df, t;
    } table[] = {{1, 12.706204736174705}, {2, 4.302652729749464},    {5, 2.570581835636315}, {10, 2.228138851986274},
                 {30, 2.042272456301238}, {120, 1.9799304050824402}, {1e9, 1.959963986912}};
    for (int i = 0; i < 7; i++)
        ck_assert_double_eq_tol(cm_student_t(0.95, table[i].df), table[i].t, 2e-12 * table[i].t);
    for (double t = 1e-3; t < 1e12; t *= 7) {
        double one = 1 - 2 * atan(t) / 3.14159265358979323846, two = 1 - t / sqrt(2 + t * t);
        if (t > 1e3)
            one = 2 / (3.14159265358979323846 * t) * (1 - 1 / (3 * t * t)), two = 1 / (t * t) * (1 - 1.5 / (t * t));
        ck_assert_double_eq_tol(cm_student_two_sided(t, 1) / one, 1, t > 100 && t <= 1e3 ? 1e-11 : 1e-12);
        ck_assert_double_eq_tol(cm_student_two_sided(t, 2) / two, 1, t > 100 && t <= 1e3 ? 1e-8 : 1e-10);
    }
    ck_assert_double_eq_tol(cm_student_two_sided(30, 1e12) / 9.8134e-198, 1, 1e-4); /* 2 (1 - Phi(30)) */
}
END_TEST

/* ---- Newcombe ---- */

/* His table II (1998), method 10. */
START_TEST(newcombe_as_published) {
    static const struct {
        uint64_t hits, trials, other_hits, other_trials;
        double low, high;
    } known[] = {{56, 70, 48, 80, 0.0524, 0.3339}, {9, 10, 3, 10, 0.1705, 0.8090}, {5, 56, 0, 29, -0.0381, 0.1926}};
    for (int i = 0; i < 3; i++) {
        double low, high;
        cm_newcombe(known[i].hits, known[i].trials, known[i].other_hits, known[i].other_trials, cm_normal_z(0.95), &low,
                    &high);
        ck_assert_double_eq_tol(low, known[i].low, 0.00005);
        ck_assert_double_eq_tol(high, known[i].high, 0.00005);
    }
}
END_TEST

/* ---- many tests ---- */

static double naive(const double *p, int count, int at, cm_adjustment how) {
    double worst = how == CM_ADJUST_HOLM ? 0 : 1;
    if (how == CM_ADJUST_NONE) return p[at];
    if (how == CM_ADJUST_BONFERRONI) return fmin(1, p[at] * count);
    for (int j = 0; j < count; j++) {
        int smaller = 0, upto = 0; /* strictly smaller; not larger */
        for (int i = 0; i < count; i++) smaller += p[i] < p[j], upto += p[i] <= p[j];
        if (how == CM_ADJUST_HOLM && p[j] <= p[at]) worst = fmax(worst, fmin(1, p[j] * (count - smaller)));
        if (how == CM_ADJUST_BH && p[j] >= p[at]) worst = fmin(worst, p[j] * count / upto);
    }
    return worst;
}

START_TEST(adjusted_as_defined) {
    cm_context *ctx = new_context();
    lcg random = {3};
    for (int i = 0; i < 200; i++) {
        double p[60], adjusted[60];
        int count = 1 + (int)lcg_below(&random, 60);
        for (int j = 0; j < count; j++) adjusted[j] = p[j] = lcg_below(&random, 50) / 500.0;
        OK(ctx, cm_adjust(ctx, adjusted, (uint64_t)count, (cm_adjustment)(i % 4)));
        for (int j = 0; j < count; j++)
            ck_assert_double_eq_tol(adjusted[j], naive(p, count, j, (cm_adjustment)(i % 4)), 1e-14);
    }
    cm_context_free(ctx);
}
END_TEST

START_TEST(digits_for_eyes) {
    static const struct {
        double value;
        int digits;
        double wanted;
    } known[] = {{7178.633333333334, 6, 7178.63},
                 {0.0416666, 3, 0.0417},
                 {-33.333333, 3, -33.3},
                 {999.96, 4, 1000},
                 {123456789, 3, 123000000},
                 {0, 3, 0},
                 {5e-324, 3, 5e-324},
                 {1e300, 3, 1e300},
                 {0.3, 1, 0.3},
                 {2.5, 15, 2.5}};
    for (int i = 0; i < 10; i++) ck_assert_double_eq(cm_round_digits(known[i].value, known[i].digits), known[i].wanted);
}
END_TEST

Suite *test_statistics(void);
Suite *test_statistics(void) {
    Suite *suite = suite_create("statistics");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, fisher_equals_the_sum);
    tcase_add_test(all, fisher_as_published);
    tcase_add_test(all, student_equals_the_integral);
    tcase_add_test(all, student_as_published);
    tcase_add_test(all, newcombe_as_published);
    tcase_add_test(all, adjusted_as_defined);
    tcase_add_test(all, digits_for_eyes);
    suite_add_tcase(suite, all);
    return suite;
}
