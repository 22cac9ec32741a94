/* Student's t ("The probable error of a mean", 1908, doi:10.1093/biomet/6.1.1) by the incomplete beta function.
 *
 * The idea: P(|T| >= t) = I_x(df / 2, 1 / 2) with x = df / (df + t^2). Near the middle one less the power series of the
 * other end, whose terms are all positive (M. Abramowitz and I. Stegun, Handbook of Mathematical Functions, 1964,
 * 26.5.4); further out the continued fraction of A. Didonato and A. Morris, "Significant digit computation of the
 * incomplete beta function ratios", 1992, doi:10.1145/131766.131776, which does not cancel and asks for as many steps
 * whatever df is. The factor before both needs the gamma function only as the ratio of two neighbours half a step
 * apart, which has a short series of its own (NIST Digital Library of Mathematical Functions, 5.11.13). The quantile:
 * Newton's steps from the normal one, which lies below it; the tail is convex, so that they never overshoot. Cost: some
 * tens of steps. */
#include "base/student.h"

#include <math.h>

#include "base/intervals.h"
#include "base/math.h"

#define PI 3.14159265358979323846

/* gamma(a + 1/2) / gamma(a) */
static double half_step(double a) {
    double factor = 1;
    for (; a < 20; a++) factor *= a / (a + 0.5);
    double s = 1 / (a * a);
    double rest = (-1.0 / 8 + (1.0 / 192 + (-1.0 / 640 + (17.0 / 14336 - 31.0 / 18432 * s) * s) * s) * s) / a;
    return factor * sqrt(a) * cm_exp(rest);
}

/* x^a y^(1/2) / B(a, 1/2) for x = df / (df + square), y = 1 - x, a = df / 2. */
static double factor(double square, double df) {
    return cm_exp(-df / 2 * cm_log1p(square / df)) * sqrt(square / (df + square)) * half_step(df / 2) / sqrt(PI);
}

/* 1 - P near the middle: I_y(1 / 2, a), all terms positive. */
static double inside_series(double square, double df) {
    double y = square / (df + square), term = 1, sum = 1;
    for (double n = 0; term > sum * 1e-18; n++) {
        term *= (df / 2 + 0.5 + n) / (1.5 + n) * y;
        sum += term;
    }
    return 2 * factor(square, df) * sum;
}

/* I_x(a, 1 / 2) over the factor; lambda = a - (a + 1 / 2) x, written without cancellation. */
static double tail_fraction(double square, double df) {
    double a = df / 2, b = 0.5, x = df / (df + square), y = square / (df + square),
           lambda = df * (square - 1) / (2 * (df + square));
    double c = 1 + lambda, above = 1, above_before = 0, below = c / (1 / a + 1), below_before = 1,
           value = above / below, p = 1, s = a + 1;
    for (double n = 1; n < 10000; n++) {
        double t = n / a, w = n * (b - n) * x, e = a / s;
        double alpha = p * (p + b / a) * e * e * (w * x),
               beta = n + w / s + (t + 1) / (1 / a + 1 + t + t) * (c + n * (1 + y));
        p = t + 1;
        s += 2;
        double next = alpha * above_before + beta * above, next_below = alpha * below_before + beta * below,
               last = value;
        value = next / next_below;
        above_before = above / next_below;
        below_before = below / next_below;
        above = value;
        below = 1;
        if (fabs(value - last) <= 1e-16 * value) break;
    }
    return value;
}

double cm_student_two_sided(double t, double df) {
    double square = t * t;
    if (t != t) return t;
    if (square < 3) return 1 - inside_series(square, df);
    return square < HUGE_VAL ? factor(square, df) * tail_fraction(square, df) : 0;
}

double cm_student_t(double inside, double df) {
    double t = cm_normal_z(inside), scale = half_step(df / 2) / sqrt(PI * df);
    for (int i = 0; i < 100; i++) {
        double density = scale * cm_exp(-(df + 1) / 2 * cm_log1p(t * t / df));
        double step = (cm_student_two_sided(t, df) - (1 - inside)) / (2 * density);
        t += step;
        if (fabs(step) < 1e-13 * t) break;
    }
    return t;
}
