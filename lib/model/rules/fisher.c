/* Fisher's exact test by its largest term and the ratios of neighbours.
 *
 * The idea: the probability of one table is a quotient of three binomial probabilities, and each of these is computed
 * without cancellation from Stirling's error and the deviance (C. Loader, "Fast and accurate computation of binomial
 * probabilities", 2000). The tail is that term times a sum of products of neighbours' ratios, which are fractions of
 * small whole numbers; the side of the mode that has fewer baskets is summed. Cost: as many divisions as the tail has
 * terms that count, about the square root of the smaller side.
 * The interval: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927,
 * doi:10.1080/01621459.1927.10502953; its quantile: M. J. Wichura, "Algorithm AS 241", 1988, doi:10.2307/2347330. */
#include "model/rules/fisher.h"

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

/* The probability of exactly k. */
static double hypergeometric(double all, double left, double right, double k) {
    double rest = all - right, undrawn = all - left;
    double a = log_binomial(k, right, right * (left / all), right * (undrawn / all));
    double b = log_binomial(left - k, rest, rest * (left / all), rest * (undrawn / all));
    double c = log_binomial(left, all, left, undrawn);
    return cm_exp(a + b - c);
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
    double here = hypergeometric(n, l, r, k);
    if (k > l * (r / n)) {
        double p = here * (1 + sum_of_ratios(n, l, r, k, true));
        return p < 1 ? p : 1;
    }
    double p = 1 - here * sum_of_ratios(n, l, r, k, false);
    return p > 0 ? p : 0;
}

/* ---- intervals ---- */

static double polynomial(const double *coefficients, double x) {
    double sum = coefficients[7];
    for (int i = 6; i >= 0; i--) sum = sum * x + coefficients[i];
    return sum;
}

/* AS 241, PPND16: the normal quantile of p in 0.5 .. 1. */
static double upper_quantile(double p, double beyond) {
    static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[8] = {1.0,
                                4.2313330701600911252e1,
                                6.8718700749205790830e2,
                                5.3941960214247511077e3,
                                2.1213794301586595867e4,
                                3.9307895800092710610e4,
                                2.8729085735721942674e4,
                                5.2264952788528545610e3};
    static const double c[8] = {1.42343711074968357734e0,  4.63033784615654529590e0,  5.76949722146069140550e0,
                                3.64784832476320460504e0,  1.27045825245236838258e0,  2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0,
                                2.05319162663775882187e0,
                                1.67638483018380384940e0,
                                6.89767334985100004550e-1,
                                1.48103976427480074590e-1,
                                1.51986665636164571966e-2,
                                5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0,
                                5.99832206555887937690e-1,
                                1.36929880922735805310e-1,
                                1.48753612908506148525e-2,
                                7.86869131145613259100e-4,
                                1.84631831751005468180e-5,
                                1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    double q = p - 0.5, r = 0.180625 - q * q;
    if (q <= 0.425) return q * polynomial(a, r) / polynomial(b, r);
    r = sqrt(-cm_log(beyond));
    if (r <= 5) return polynomial(c, r - 1.6) / polynomial(d, r - 1.6);
    return polynomial(e, r - 5) / polynomial(f, r - 5);
}

double cm_normal_z(double inside) {
    return upper_quantile(0.5 + inside / 2, (1 - inside) / 2);
}

void cm_wilson(uint64_t hits, uint64_t trials, double z, double *low, double *high) {
    double n = (double)trials, share = (double)hits / n, square = z * z;
    double middle = share + square / (2 * n), whole = 1 + square / n;
    double reach = z * sqrt(share * (1 - share) / n + square / (4 * n * n));
    *low = hits ? (middle - reach) / whole : 0;
    *high = hits < trials ? (middle + reach) / whole : 1;
    if (*low < 0) *low = 0;
    if (*high > 1) *high = 1;
}
