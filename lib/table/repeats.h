/* Items that a basket has more than once. They count once, and that is said: in a table of one row, `repeats` (repeats,
 * baskets, then of the first: basket, item, times), attached to the baskets that were made without them. */
#ifndef CM_TABLE_REPEATS_H
#define CM_TABLE_REPEATS_H

#include "table/table.h"

typedef struct cm_repeats {
    uint64_t items, baskets; /* that were one too many; in so many baskets */
    uint64_t row;            /* of the first of these in its table */
    cm_text item;            /* in it, */
    uint64_t times;          /* so often */
} cm_repeats;

/* An item that is `times` in the basket of a row. The caller counts the baskets. */
static inline void cm_repeats_add(cm_repeats *repeats, uint64_t row, cm_text item, uint64_t times) {
    if (times < 2) return;
    if (!repeats->items) repeats->row = row, repeats->item = item, repeats->times = times;
    repeats->items += times - 1;
}

/* Those that come behind. */
static inline void cm_repeats_join(cm_repeats *repeats, const cm_repeats *more) {
    cm_repeats sum = repeats->items ? *repeats : *more;
    sum.items = repeats->items + more->items;
    sum.baskets = repeats->baskets + more->baskets;
    *repeats = sum;
}

/* The table; baskets are known by their column `basket`, or by their row. */
cm_status cm_repeats_table(cm_context *ctx, const cm_table *baskets, const cm_repeats *repeats, cm_table **out);
/* Attaches it; nothing where there are no repeats. */
cm_status cm_repeats_attach(cm_context *ctx, cm_table *baskets, const cm_repeats *repeats);

#endif
