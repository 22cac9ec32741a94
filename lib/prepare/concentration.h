/* How much of the money hangs on how few items. */
#ifndef CM_PREPARE_CONCENTRATION_H
#define CM_PREPARE_CONCENTRATION_H

#include "table/table.h"

/* From a table of key items (money, falling, and perhaps group): a row for all items, then one for each group, by
 * money: how many items there are, and the fewest that bring 80% of the money of those that bring any. */
cm_status cm_concentration_make(cm_context *ctx, const cm_table *key_items, cm_table **out);

#endif
