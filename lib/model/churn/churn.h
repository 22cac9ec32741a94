/* Churn risk by BG/NBD inside: the likelihood, its maximum, and what follows for a customer. */
#ifndef CM_MODEL_CHURN_CHURN_H
#define CM_MODEL_CHURN_CHURN_H

#include "model/method.h"

enum { CM_BG_R, CM_BG_ALPHA, CM_BG_A, CM_BG_B, CM_BG_PARAMETERS };

/* Customers with the same history, counted once. */
typedef struct cm_history {
    int64_t repeats; /* x */
    double last;     /* t_x: from the first purchase to the last */
    double age;      /* T: from the first purchase to as-of */
    double weight;   /* how many customers */
} cm_history;

#define CM_MOST_REPEATS 1000000 /* purchases of one customer beyond this are a mistake in the data */

typedef struct cm_bg_fit {
    double parameters[CM_BG_PARAMETERS], errors[CM_BG_PARAMETERS]; /* standard errors; NaN where there are none */
    double log_likelihood;
    int64_t iterations;
    bool converged;
} cm_bg_fit;

/* bgnbd.c: maximum likelihood over histories sorted as they come; the same bytes for any number of threads. */
cm_status cm_bg_maximise(cm_context *ctx, const cm_history *histories, uint64_t count, int64_t iterations,
                         cm_bg_fit *out);
cm_status cm_bg_log_likelihood(cm_context *ctx, const cm_history *histories, uint64_t count,
                               const double parameters[CM_BG_PARAMETERS], double *value,
                               double gradient[CM_BG_PARAMETERS]);

/* What is to be expected of a customer in the next t. */
typedef struct cm_outlook {
    double alive, silent, expected; /* P(alive), the probability of no purchase, the purchases expected */
} cm_outlook;

cm_outlook cm_bg_outlook(const double parameters[CM_BG_PARAMETERS], const cm_history *one, double t);

#endif
