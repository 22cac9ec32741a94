/* The cells of a column of a block, without those that are the one before. */
#ifndef CM_IO_BLOCK_RUNS_H
#define CM_IO_BLOCK_RUNS_H

#include "io/block.h"

typedef struct cm_block_runs {
    const uint32_t *begins, *behind; /* as those of the block; of the first cell of each run */
    uint64_t count;
    const int32_t *places; /* of each row's run among them; NULL: each row is one of its own */
} cm_block_runs;

/* Of the column at hand, rows [from, to), at least one. `places` has room for these; the runs lie in the block's room
 * for texts, from which texts may be made in place. Cells are equal by their bytes as they stand, and where the first
 * are hardly ever, the others are not compared: equal ones may come in several runs. */
void cm_block_find_runs(const cm_context *ctx, cm_block *block, uint64_t from, uint64_t to, int32_t *places,
                        cm_block_runs *out);

#endif
