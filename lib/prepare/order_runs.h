/* Lines to records: those of one order that follow each other within a block of lines are one. */
#ifndef CM_PREPARE_ORDER_RUNS_H
#define CM_PREPARE_ORDER_RUNS_H

#include "prepare/order_map.h"
#include "table/lines.h"

typedef struct cm_runs {
    uint64_t count;
    uint16_t starts[CM_LINES_BLOCK];  /* lines of the block that the runs begin with: theirs are the ids */
    cm_order orders[CM_LINES_BLOCK];  /* the ids not set */
} cm_runs;

/* `shift`: microseconds from UTC to where days are cut. A run also ends before a line that would take its sums beyond
 * 64 bits, so that this cannot fail. */
void cm_runs_find(const cm_lines_block *block, int64_t shift, cm_runs *out);

#endif
