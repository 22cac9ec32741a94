/* Items that a basket has more than once. They count once, and that is said: in a table of one row, `repeats` (repeats,
 * baskets, then of the first: basket, item, times), attached to the baskets that were made without them. */
#ifndef CM_TABLE_REPEATS_H
#define CM_TABLE_REPEATS_H

#include "table/table.h"

typedef struct cm_repeats {
    uint64_t items, baskets; /* that were one too many; in so many baskets */
    uint64_t row, last;      /* of the first and of the last of these in their table */
    cm_text item;            /* the first one's first, */
    uint64_t times;          /* so often in it */
} cm_repeats;

/* The basket of a row has an item once more. Rows come in their order, an item's text is always at the same place. */
static inline void cm_repeats_add(cm_repeats *repeats, uint64_t row, cm_text item) {
    if (!repeats->items) *repeats = (cm_repeats){.row = row, .item = item, .times = 1};
    repeats->baskets += !repeats->items || repeats->last != row;
    repeats->times += repeats->row == row && repeats->item.data == item.data;
    repeats->last = row;
    repeats->items++;
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
/* Attaches it, and adds the step "items" to the baskets' audit, whose rows are items: read, repeated, kept. Nothing
 * where there are no repeats. */
cm_status cm_repeats_attach(cm_context *ctx, cm_table *baskets, const cm_repeats *repeats);

#endif
