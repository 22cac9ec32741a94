/* Memory: the host's allocator behind a shared, counted core that outlives the context. */
#ifndef CM_BASE_MEMORY_H
#define CM_BASE_MEMORY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "custmine/base.h"

/* What objects keep alive: the allocator, what is in use, the ceiling. Counted atomically. */
typedef struct cm_core cm_core;

cm_core *cm_core_new(const cm_allocator *allocator); /* NULL: no memory or no resize function */
cm_core *cm_core_retain(cm_core *core);
void cm_core_release(cm_core *core);
uint64_t cm_core_used(const cm_core *core);
uint64_t cm_core_peak(const cm_core *core);
void cm_core_reset_peak(cm_core *core);
void cm_core_set_limit(cm_core *core, uint64_t bytes); /* 0: none */

/* Resizes a block as the allocator does; NULL (and the old block as it was) beyond the ceiling or without memory.
 * *limited tells which of the two; may be NULL. new_size 0 frees and returns NULL. */
void *cm_core_resize(cm_core *core, void *block, uint64_t old_size, uint64_t new_size, bool *limited);

/* Checked arithmetic on sizes: true on overflow. */
static inline bool cm_add_overflows(uint64_t a, uint64_t b, uint64_t *out) { return __builtin_add_overflow(a, b, out); }
static inline bool cm_mul_overflows(uint64_t a, uint64_t b, uint64_t *out) { return __builtin_mul_overflow(a, b, out); }

/* The same through a context: on failure the context holds CM_E_MEMORY or CM_E_LIMIT and the result is NULL.
 * A count of zero gives a block of one item, so that NULL always means failure. Fresh memory is zeroed. */
void *cm_alloc(cm_context *ctx, uint64_t count, uint64_t item_size);
void *cm_alloc_raw(cm_context *ctx, uint64_t count, uint64_t item_size); /* not zeroed */
/* the same count and size; NULL is fine */
void cm_free(cm_core *core, void *block, uint64_t count, uint64_t item_size);

/* Makes room for at least `needed` items in a growing array (doubling); on failure it is as it was. New room is not
 * zeroed. Freed with cm_free(core, *items, *capacity, item_size). */
cm_status cm_reserve(cm_context *ctx, void *items, uint64_t *capacity, uint64_t needed, uint64_t item_size);

/* A copy of some bytes, followed by a NUL; freed with cm_free(core, copy, length + 1, 1). */
char *cm_copy_text(cm_context *ctx, const char *text, uint64_t length);

/* Many small blocks that never move and are freed together. */
typedef struct cm_arena {
    struct cm_arena_block *last;
    uint64_t used;      /* of the last block */
    uint64_t total;     /* bytes of all blocks */
} cm_arena;

void *cm_arena_alloc(cm_context *ctx, cm_arena *arena, uint64_t bytes, uint64_t alignment); /* not zeroed */
char *cm_arena_text(cm_context *ctx, cm_arena *arena, const char *text, uint64_t length);   /* with a NUL behind */
void cm_arena_free(cm_core *core, cm_arena *arena);

#endif
