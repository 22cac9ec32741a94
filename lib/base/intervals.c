/* Intervals of shares. One share: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
 * 1927, doi:10.1080/01621459.1927.10502953. The difference of two: R. G. Newcombe, "Interval estimation for the
 * difference between independent proportions", 1998,
 * doi:10.1002/(SICI)1097-0258(19980430)17:8<873::AID-SIM779>3.0.CO;2-I, method 10, which puts together the Wilson
 * intervals of both and stays within -1 .. 1. The normal quantile: M. J. Wichura, "Algorithm AS 241", 1988,
 * doi:10.2307/2347330. Cost: constant. */
#include "base/intervals.h"

#include <math.h>

#include "base/math.h"

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

void cm_newcombe(uint64_t hits, uint64_t trials, uint64_t other_hits, uint64_t other_trials, double z, double *low,
                 double *high) {
    double from, to, other_from, other_to, share = (double)hits / (double)trials;
    double other = (double)other_hits / (double)other_trials, difference = share - other;
    cm_wilson(hits, trials, z, &from, &to);
    cm_wilson(other_hits, other_trials, z, &other_from, &other_to);
    *low = difference - sqrt((share - from) * (share - from) + (other_to - other) * (other_to - other));
    *high = difference + sqrt((to - share) * (to - share) + (other - other_from) * (other - other_from));
}
