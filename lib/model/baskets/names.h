/* Names of items beside their codes. */
#ifndef CM_MODEL_BASKETS_NAMES_H
#define CM_MODEL_BASKETS_NAMES_H

#include "model/method.h"

/* The names of `count` items, given by their codes in the dictionary of the column, from the table `items` that is
 * attached to the baskets; data NULL: an item without name. *out is NULL where there are no names at all. */
cm_status cm_baskets_names(cm_context *ctx, const cm_table *baskets, const cm_column *column, const int32_t *codes,
                           uint64_t count, cm_text **out);

#endif
