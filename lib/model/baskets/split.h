/* Baskets of which some are kept aside, to see on them whether what was found in the others holds. */
#ifndef CM_MODEL_BASKETS_SPLIT_H
#define CM_MODEL_BASKETS_SPLIT_H

#include "model/method.h"

/* Baskets kept aside: `kept` has those that stay, `aside` the others; rows as cm_inputs has them. */
typedef struct cm_split {
    cm_inputs kept, aside; /* only `numbers` is their own */
    uint64_t room;
} cm_split;
cm_status cm_split_open(cm_context *ctx, const cm_inputs *inputs, double share, bool by_date, cm_split *out);
void cm_split_close(cm_core *core, cm_split *split);

#endif
