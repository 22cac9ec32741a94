/* Fisher's exact test, and the interval of a share. */
#ifndef CM_MODEL_RULES_FISHER_H
#define CM_MODEL_RULES_FISHER_H

#include <stdint.h>

/* P(X >= both) where `left` of `all` are drawn without replacement, `right` of them being marked: in 0 .. 1, relative
 * error about 1e-13 where it is no smaller than 1e-290; what is below 1e-308 is 0. */
double cm_hypergeometric_tail(uint64_t all, uint64_t left, uint64_t right, uint64_t both);

/* The z of a two-sided normal interval of this probability; 0 < inside < 1. */
double cm_normal_z(double inside);

/* Wilson's interval of a share of hits in trials, trials > 0. */
void cm_wilson(uint64_t hits, uint64_t trials, double z, double *low, double *high);

#endif
