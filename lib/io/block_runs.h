/* The cells of a column of a block, without those that are the one before. */
#ifndef CM_IO_BLOCK_RUNS_H
#define CM_IO_BLOCK_RUNS_H

#include "io/block.h"

typedef struct cm_block_runs {
    const uint32_t *begins, *behind; /* as those of the block; of the first cell of each run */
    uint64_t count;
    const int32_t *places; /* of each row's run among them; NULL: each row is one of its own */
} cm_block_runs;

/* Of the column at hand, rows [from, to), at least one. `places` has room for these. A run goes by the bytes as they
 * stand, and where hardly any are found it is not looked for any further: equal cells may still come in several. */
void cm_block_find_runs(const cm_context *ctx, cm_block *block, uint64_t from, uint64_t to, int32_t *places,
                        cm_block_runs *out);

#endif
