/* What items are called. */
#ifndef CM_PREPARE_ITEM_NAMES_H
#define CM_PREPARE_ITEM_NAMES_H

#include "prepare/ids.h"

typedef struct cm_item_names {
    cm_text *of; /* by code of the ids; data NULL: none; borrowed from the table. NULL: the table has no names */
    uint64_t count;
} cm_item_names;

/* The most frequent name (role item_name, not blank) of each item of a table of transactions, of equally frequent ones
 * the first in byte order. `items` has the codes; it gets those of the table that it lacks. */
cm_status cm_item_names_find(cm_context *ctx, const cm_table *sales, cm_ids *items, cm_item_names *out);
void cm_item_names_clear(cm_core *core, cm_item_names *names);

#endif
