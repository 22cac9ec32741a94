/* Logarithm and exponential of our own, the same bytes on every machine, within one unit of the last place. */
#ifndef CM_BASE_MATH_H
#define CM_BASE_MATH_H

double cm_log(double x);   /* NaN below 0, -inf at 0 */
double cm_exp(double x);
double cm_log1p(double x); /* log(1 + x); NaN below -1, -inf at -1 */
double cm_expm1(double x); /* exp(x) - 1 */

#endif
