/* Bytes in the order in which they came, kept for another pass, or, once that is over, until they are taken. */
#ifndef CM_IO_KEPT_H
#define CM_IO_KEPT_H

#include "base/context.h"

typedef struct cm_kept_block {
    char *bytes;
    uint64_t length, capacity;
} cm_kept_block;

/* Zeroed: none. */
typedef struct cm_kept {
    cm_kept_block *blocks;
    uint64_t count, capacity;
    uint64_t next;  /* block to be taken */
    uint64_t bytes; /* of all blocks */
    bool forgets;
} cm_kept;

/* Room for at most `wanted` bytes behind the last; they count once cm_kept_filled says how many came. */
cm_status cm_kept_room(cm_context *ctx, cm_kept *kept, uint64_t wanted, char **out);
void cm_kept_filled(cm_core *core, cm_kept *kept, uint64_t length);

cm_status cm_kept_add(cm_context *ctx, cm_kept *kept, const void *bytes, uint64_t length);

/* The next block, borrowed until the next call; length 0: all are taken. */
void cm_kept_take(cm_core *core, cm_kept *kept, const char **bytes, uint64_t *length);

void cm_kept_clear(cm_core *core, cm_kept *kept);

#endif
