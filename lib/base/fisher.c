/* Fisher's exact test by its largest term and the ratios of neighbours.
 *
 * The idea: the probability of one table is a quotient of three binomial probabilities, and each of these is computed
 * without cancellation from Stirling's error and the deviance (C. Loader, "Fast and accurate computation of binomial
 * probabilities", 2000). The tail is that term times a sum of products of neighbours' ratios, which are fractions of
 * small whole numbers; the side of the mode that has fewer baskets is summed. Cost: as many divisions as the tail has
 * terms that count, about the square root of the smaller side. Of both sides: all tables no likelier than the one seen
 * (R. A. Fisher, Statistical Methods for Research Workers, 5th ed. 1934, as fisher.test of R sums them); where those of
 * the other side begin is found by halving. */
#include "base/fisher.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>

#include "base/math.h"

#define TAU 6.283185307179586

/* log(n!) - log(sqrt(2 pi n) (n/e)^n); the first ones as they are, the others by Stirling's series. */
static double stirling_error(double n) {
    static const double first[16] = {
        0,
        0.08106146679532726,
        0.04134069595540929,
        0.02767792568499834,
        0.02079067210376509,
        0.01664469118982119,
        0.01387612882307075,
        0.01189670994589177,
        0.01041126526197209,
        0.009255462182712733,
        0.008330563433362871,
        0.007573675487951841,
        0.006942840107209530,
        0.006408994188004207,
        0.005951370112758848,
        0.005554733551962801,
    };
    double square = n * n;
    if (n < 16) return first[(int)n];
    return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - (1.0 / 1680 - 1.0 / 1188 / square) / square) / square) / square) / n;
}

/* x log(x / mean) + mean - x, without cancellation where they are near. */
static double deviance(double x, double mean) {
    if (x == 0) return mean;
    if (fabs(x - mean) >= 0.1 * (x + mean)) return x * cm_log(x / mean) + mean - x;
    double v = (x - mean) / (x + mean), sum = (x - mean) * v, term = 2 * x * v, square = v * v;
    for (int i = 3; i < 1000; i += 2) {
        double before = sum;
        term *= square;
        sum += term / i;
        if (sum == before) break;
    }
    return sum;
}

/* The logarithm of the binomial probability of x in n where the mean is m = n p and that of the others n - m. */
static double log_binomial(double x, double n, double mean, double others) {
    if (n == 0) return 0;
    if (x == 0 && mean == 0) return 0;
    if (x == n && others == 0) return 0;
    if (x == 0) return -deviance(n, others) - mean;
    if (x == n) return -deviance(n, mean) - others;
    return stirling_error(n) - stirling_error(x) - stirling_error(n - x) - deviance(x, mean) - deviance(n - x, others)
           + 0.5 * cm_log(n / (TAU * x * (n - x)));
}

/* The logarithm of the probability of exactly k. */
static double log_hypergeometric(double all, double left, double right, double k) {
    double rest = all - right, undrawn = all - left;
    double a = log_binomial(k, right, right * (left / all), right * (undrawn / all));
    double b = log_binomial(left - k, rest, rest * (left / all), rest * (undrawn / all));
    double c = log_binomial(left, all, left, undrawn);
    return a + b - c;
}

/* 1 + r1 + r1 r2 + ... away from k, which it does not contain unless `own`. */
static double sum_of_ratios(double all, double left, double right, double k, bool up) {
    double sum = 0, term = 1;
    for (;;) {
        double above = up ? (left - k) * (right - k) : k * (all - left - right + k);
        double below = up ? (k + 1) * (all - left - right + k + 1) : (left - k + 1) * (right - k + 1);
        term *= above / below;
        if (!(term > sum * (DBL_EPSILON / 64))) return sum; /* 0 at the end of the range, too */
        sum += term;
        k += up ? 1 : -1;
    }
}

double cm_hypergeometric_tail(uint64_t all, uint64_t left, uint64_t right, uint64_t both) {
    double n = (double)all, l = (double)left, r = (double)right, k = (double)both;
    uint64_t least = left + right > all ? left + right - all : 0;
    if (both <= least) return 1;
    double here = cm_exp(log_hypergeometric(n, l, r, k));
    if (k > l * (r / n)) {
        double p = here * (1 + sum_of_ratios(n, l, r, k, true));
        return p < 1 ? p : 1;
    }
    double p = 1 - here * sum_of_ratios(n, l, r, k, false);
    return p > 0 ? p : 0;
}

/* Of the tables on the other side of the mode the nearest to it that is no likelier than `most`; -1: none. The
 * probability falls from `inner`, which is likelier, to `outer`. */
static double other_side(double all, double left, double right, double inner, double outer, double most) {
    if (log_hypergeometric(all, left, right, outer) > most) return -1;
    while (fabs(inner - outer) > 1) {
        double middle = floor((inner + outer) / 2);
        if (log_hypergeometric(all, left, right, middle) <= most) outer = middle;
        else inner = middle;
    }
    return outer;
}

double cm_fisher_two_sided(uint64_t all, uint64_t left, uint64_t right, uint64_t both) {
    double n = (double)all, l = (double)left, r = (double)right, k = (double)both;
    double least = left + right > all ? l + r - n : 0, most = l < r ? l : r;
    double mode = floor((l + 1) * ((r + 1) / (n + 2)));
    if (least == most) return 1;
    bool up = k > l * (r / n);
    double here = log_hypergeometric(n, l, r, k), limit = here + 1e-7; /* what rounding makes unequal counts as equal */
    double inner = up ? (mode < k ? mode : k - 1) : mode > k ? mode : k + 1, outer = up ? least : most;
    if (inner < least || inner > most || log_hypergeometric(n, l, r, inner) <= limit) return 1; /* none is likelier */
    double p = cm_exp(here) * (1 + sum_of_ratios(n, l, r, k, up)), other = other_side(n, l, r, inner, outer, limit);
    if (other >= 0)
        p += cm_exp(log_hypergeometric(n, l, r, other)) * (1 + sum_of_ratios(n, l, r, other, !up));
    return p < 1 ? p : 1;
}
