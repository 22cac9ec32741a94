/* Logarithm and exponential (the reductions are those of W. J. Cody and W. Waite, Software Manual for the Elementary
 * Functions, 1980; sums that keep what they round away are those of T. J. Dekker, "A floating-point technique for
 * extending the available precision", Numerische Mathematik 18, 1971, doi:10.1007/BF01397083).
 *
 * The idea: 1 + x = 2^k m with m near 1, and log m = 2 artanh(f / (2 + f)), f = m - 1; x = k log 2 + r with |r| below
 * half of log 2, and exp r by its series. Both series are cut where the next term no longer counts, so that no fitted
 * constants are needed. log 2 is taken in two parts, the first with so few digits that its multiples are exact.
 *
 * Different here: only +, -, * and / in a fixed order, hence the same bytes wherever doubles are IEEE 754. */
#include "base/math.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LOG2_HIGH 0x1.62e42feep-1 /* 32 digits */
#define LOG2_LOW 0x1.a39ef35793c76p-33
#define LOG2_INVERSE 0x1.71547652b82fep+0

static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^k for k from -1022 to 1023. */
static double power_of_two(int k) {
    return double_of((uint64_t)(k + 1023) << 52);
}

/* log(1 + f) - f for f from sqrt(1/2) - 1 to sqrt(2) - 1. */
static double log_rest(double f) {
    static const double c[] = {2.0 / 3,  2.0 / 5,  2.0 / 7,  2.0 / 9,  2.0 / 11, 2.0 / 13, 2.0 / 15,
                               2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23, 2.0 / 25, 2.0 / 27};
    double half = 0.5 * f * f, s = f / (2 + f), z = s * s, z2 = z * z,
           z4 = z2 * z2; /* in fours, which do not wait for each other */
    double first = (c[0] + c[1] * z) + (c[2] + c[3] * z) * z2, second = (c[4] + c[5] * z) + (c[6] + c[7] * z) * z2;
    double third = (c[8] + c[9] * z) + (c[10] + c[11] * z) * z2;
    return s * (half + z * (first + z4 * (second + z4 * (third + z4 * c[12])))) - half;
}

double cm_log1p(double x) {
    if (!(x >= -1)) return (double)NAN;
    if (x == -1) return -(double)INFINITY;
    if (x > 0x1.fffffffffffffp+1023) return x;
    if (x > -0.29 && x < 0.41) return x + log_rest(x);
    double one = 1 + x, lost = x > 1 ? 1 - (one - x) : x - (one - 1); /* 1 + x is one + lost */
    uint64_t bits = bits_of(one);
    int k = (int)(bits >> 52) - 1023;
    double m = double_of((bits & UINT64_C(0xfffffffffffff)) | UINT64_C(1023) << 52);
    if (m > 0x1.6a09e667f3bcdp+0) {
        m *= 0.5;
        k++;
    }
    double f = m - 1;
    return k * LOG2_HIGH + (f + (log_rest(f) + (k * LOG2_LOW + lost / one)));
}

double cm_log(double x) {
    if (!(x >= 0)) return (double)NAN;
    if (x == 0) return -(double)INFINITY;
    if (x > 0x1.fffffffffffffp+1023) return x;
    int k = 0;
    if (x < 0x1p-1022) { /* denormal */
        x *= 0x1p54;
        k = -54;
    }
    uint64_t bits = bits_of(x);
    k += (int)(bits >> 52) - 1023;
    double m = double_of((bits & UINT64_C(0xfffffffffffff)) | UINT64_C(1023) << 52);
    if (m > 0x1.6a09e667f3bcdp+0) {
        m *= 0.5;
        k++;
    }
    double f = m - 1;
    return k * LOG2_HIGH + (f + (log_rest(f) + k * LOG2_LOW));
}

/* exp(r) - 1 - r for |r| below half of log 2. */
static double exp_rest(double r) {
    static const double c[] = {1.0 / 3,          1.0 / 12,          1.0 / 60,          1.0 / 360,      1.0 / 2520,
                               1.0 / 20160,      1.0 / 181440,      1.0 / 1814400,     1.0 / 19958400, 1.0 / 239500800,
                               1.0 / 3113510400, 1.0 / 43589145600, 1.0 / 653837184000}; /* 2 / n! */
    double half = 0.5 * r * r, r2 = r * r, r4 = r2 * r2; /* in fours, which do not wait for each other */
    double first = (c[0] + c[1] * r) + (c[2] + c[3] * r) * r2, second = (c[4] + c[5] * r) + (c[6] + c[7] * r) * r2;
    double third = (c[8] + c[9] * r) + (c[10] + c[11] * r) * r2;
    return half + half * r * (first + r4 * (second + r4 * (third + r4 * c[12])));
}

double cm_expm1(double x) {
    if (x != x) return x;
    if (x > 709.782712893384) return (double)INFINITY;
    if (x < -40) return -1;
    if (x > -0x1p-54 && x < 0x1p-54) return x;
    int k = (int)(x * LOG2_INVERSE + (x < 0 ? -0.5 : 0.5));
    double high = x - k * LOG2_HIGH, low = k * LOG2_LOW, r = high - low;
    double rest = exp_rest(r) + ((high - r) - low) * (1 + r);
    if (k == 0) return r + rest;
    if (k > 60) { /* in two steps, since 2^1024 is no double; the 1 is below the last place or nearly */
        double one = 1 + r, lost = r - (one - 1);
        return ((one + (lost + rest)) * 2 * power_of_two(k - 1)) - 1;
    }
    double scale = power_of_two(k), whole = scale - 1, part = scale * r;
    double sum = whole + part, back = sum - whole;
    double lost = (whole - (sum - back)) + (part - back) + ((scale - whole) - 1); /* what both sums rounded away */
    return sum + (lost + scale * rest);
}

double cm_exp(double x) {
    if (x != x) return x;
    if (x > 709.782712893384) return (double)INFINITY;
    if (x < -745.2) return 0;
    int k = (int)(x * LOG2_INVERSE + (x < 0 ? -0.5 : 0.5));
    double high = x - k * LOG2_HIGH, low = k * LOG2_LOW, r = high - low;
    double rest = exp_rest(r) + ((high - r) - low) * (1 + r);
    double one = 1 + r, value = one + ((r - (one - 1)) + rest);
    if (k > 1022) return value * 2 * power_of_two(k - 1);
    if (k < -1021) return value * power_of_two(k + 60) * 0x1p-60; /* denormal: rounded once, at the end */
    return value * power_of_two(k);
}
