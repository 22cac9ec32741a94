/* Intervals of shares, and the normal quantile. */
#ifndef CM_BASE_INTERVALS_H
#define CM_BASE_INTERVALS_H

#include <stdint.h>

/* The z of a two-sided normal interval of this probability; 0 < inside < 1. */
double cm_normal_z(double inside);

/* Wilson's interval of a share of hits in trials, trials > 0. */
void cm_wilson(uint64_t hits, uint64_t trials, double z, double *low, double *high);

/* Newcombe's interval of the difference of two shares of independent trials, the first less the other. */
void cm_newcombe(uint64_t hits, uint64_t trials, uint64_t other_hits, uint64_t other_trials, double z, double *low,
                 double *high);

#endif
