/* Probabilities of many tests, adjusted for how many there were. */
#ifndef CM_BASE_ADJUST_H
#define CM_BASE_ADJUST_H

#include "base/context.h"

/* In the order of the options of that name: CM_ADJUST_CHOICES. */
typedef enum cm_adjustment { CM_ADJUST_NONE, CM_ADJUST_BONFERRONI, CM_ADJUST_HOLM, CM_ADJUST_BH } cm_adjustment;
#define CM_ADJUST_CHOICES "none|bonferroni|holm|bh"

/* In place. One sort. */
cm_status cm_adjust(cm_context *ctx, double *values, uint64_t count, cm_adjustment how);

#endif
