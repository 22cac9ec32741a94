#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/context.h"

struct cm_core {
    cm_allocator allocator;
    atomic_uint_fast64_t references;
    atomic_uint_fast64_t used;
    atomic_uint_fast64_t peak;
    atomic_uint_fast64_t limit; /* 0 none */
};

/* Fresh memory comes in large pages where the system has them: to touch it first costs a good deal less. A block that
 * fills more than half of its last one gets all of it. */
#define LARGE_PAGE (UINT64_C(2) << 20)

static void *system_alloc(uint64_t size) {
#ifdef MADV_HUGEPAGE
    void *block;
    if (size < LARGE_PAGE || size > PTRDIFF_MAX) return malloc((size_t)size);
    uint64_t pages = (size + LARGE_PAGE / 2) & ~(LARGE_PAGE - 1);
    if (posix_memalign(&block, LARGE_PAGE, (size_t)(pages > size ? pages : size)) != 0) return NULL;
    madvise(block, (size_t)pages, MADV_HUGEPAGE);
    return block;
#else
    return malloc((size_t)size);
#endif
}

static void *system_resize(void *user, void *pointer, uint64_t old_size, uint64_t new_size) {
    (void)user;
    (void)old_size;
    if (new_size == 0) {
        free(pointer);
        return NULL;
    }
    if (new_size > SIZE_MAX) return NULL;
    return pointer ? realloc(pointer, (size_t)new_size) : system_alloc(new_size);
}

cm_core *cm_core_new(const cm_allocator *allocator) {
    cm_allocator own = {sizeof own, system_resize, NULL};
    if (allocator) {
        if (allocator->struct_size < sizeof own || !allocator->resize) return NULL;
        own = *allocator;
    }
    cm_core *core = own.resize(own.user, NULL, 0, sizeof *core);
    if (!core) return NULL;
    memset(core, 0, sizeof *core);
    core->allocator = own;
    atomic_init(&core->references, 1);
    atomic_init(&core->used, sizeof *core);
    atomic_init(&core->peak, sizeof *core);
    atomic_init(&core->limit, 0);
    return core;
}

cm_core *cm_core_retain(cm_core *core) {
    atomic_fetch_add_explicit(&core->references, 1, memory_order_relaxed);
    return core;
}

void cm_core_release(cm_core *core) {
    if (core && atomic_fetch_sub_explicit(&core->references, 1, memory_order_acq_rel) == 1)
        core->allocator.resize(core->allocator.user, core, sizeof *core, 0);
}

uint64_t cm_core_used(const cm_core *core) { return atomic_load_explicit(&core->used, memory_order_relaxed); }
uint64_t cm_core_peak(const cm_core *core) { return atomic_load_explicit(&core->peak, memory_order_relaxed); }

void cm_core_reset_peak(cm_core *core) {
    atomic_store_explicit(&core->peak, cm_core_used(core), memory_order_relaxed);
}

void cm_core_set_limit(cm_core *core, uint64_t bytes) {
    atomic_store_explicit(&core->limit, bytes, memory_order_relaxed);
}

static void raise_peak(cm_core *core, uint64_t used) {
    uint64_t peak = atomic_load_explicit(&core->peak, memory_order_relaxed);
    while (used > peak
           && !atomic_compare_exchange_weak_explicit(&core->peak, &peak, used, memory_order_relaxed,
                                                     memory_order_relaxed)) {
    }
}

void *cm_core_resize(cm_core *core, void *block, uint64_t old_size, uint64_t new_size, bool *limited) {
    if (limited) *limited = false;
    if (new_size > old_size) {
        uint64_t more = new_size - old_size;
        uint64_t used = atomic_fetch_add_explicit(&core->used, more, memory_order_relaxed) + more;
        uint64_t limit = atomic_load_explicit(&core->limit, memory_order_relaxed);
        if (limit && used > limit) {
            atomic_fetch_sub_explicit(&core->used, more, memory_order_relaxed);
            if (limited) *limited = true;
            return NULL;
        }
        void *fresh = core->allocator.resize(core->allocator.user, block, old_size, new_size);
        if (!fresh) {
            atomic_fetch_sub_explicit(&core->used, more, memory_order_relaxed);
            return NULL;
        }
        raise_peak(core, used);
        return fresh;
    }
    if (!block) return NULL;
    void *smaller = core->allocator.resize(core->allocator.user, block, old_size, new_size);
    if (smaller || new_size == 0) atomic_fetch_sub_explicit(&core->used, old_size - new_size, memory_order_relaxed);
    return smaller;
}

/* The size of a block of count items; UINT64_MAX when that overflows, which no allocator can give. */
static uint64_t block_size(uint64_t count, uint64_t item_size) {
    uint64_t bytes;
    if (count == 0) count = 1;
    return cm_mul_overflows(count, item_size, &bytes) || bytes > (uint64_t)PTRDIFF_MAX ? UINT64_MAX : bytes;
}

static void *resize_or_fail(cm_context *ctx, void *block, uint64_t old_size, uint64_t new_size) {
    bool limited = false;
    void *fresh = new_size == UINT64_MAX ? NULL : cm_core_resize(ctx->core, block, old_size, new_size, &limited);
    if (!fresh) cm_fail_memory(ctx, new_size, limited);
    return fresh;
}

void *cm_alloc(cm_context *ctx, uint64_t count, uint64_t item_size) {
    uint64_t bytes = block_size(count, item_size);
    void *block = resize_or_fail(ctx, NULL, 0, bytes);
    if (block) memset(block, 0, (size_t)bytes);
    return block;
}

void *cm_alloc_raw(cm_context *ctx, uint64_t count, uint64_t item_size) {
    return resize_or_fail(ctx, NULL, 0, block_size(count, item_size));
}

void cm_free(cm_core *core, void *block, uint64_t count, uint64_t item_size) {
    if (block) cm_core_resize(core, block, block_size(count, item_size), 0, NULL);
}

cm_status cm_reserve(cm_context *ctx, void *items, uint64_t *capacity, uint64_t needed, uint64_t item_size) {
    void *old; /* items points to a pointer of some type: copied, not cast */
    if (needed <= *capacity) return CM_OK;
    memcpy(&old, items, sizeof old);
    uint64_t grown = *capacity < 8 ? 8 : *capacity + *capacity / 2;
    if (grown < needed) grown = needed;
    uint64_t old_size = old ? block_size(*capacity, item_size) : 0;
    void *fresh = resize_or_fail(ctx, old, old_size, block_size(grown, item_size));
    if (!fresh) return ctx->error.status;
    memcpy(items, &fresh, sizeof fresh);
    *capacity = grown;
    return CM_OK;
}

char *cm_copy_text(cm_context *ctx, const char *text, uint64_t length) {
    char *copy = cm_alloc(ctx, length + 1, 1);
    if (copy && length) memcpy(copy, text, (size_t)length);
    return copy;
}

struct cm_arena_block {
    struct cm_arena_block *before;
    uint64_t capacity;
    max_align_t data[];
};

#define ARENA_SMALLEST 1024
#define ARENA_LARGEST (UINT64_C(1) << 20)

void *cm_arena_alloc(cm_context *ctx, cm_arena *arena, uint64_t bytes, uint64_t alignment) {
    uint64_t start = (arena->used + alignment - 1) & ~(alignment - 1);
    if (!arena->last || start > arena->last->capacity || bytes > arena->last->capacity - start) {
        uint64_t capacity = arena->total < ARENA_SMALLEST ? ARENA_SMALLEST : arena->total;
        if (capacity > ARENA_LARGEST) capacity = ARENA_LARGEST;
        if (capacity < bytes) capacity = bytes;
        uint64_t size;
        if (cm_add_overflows(capacity, sizeof(struct cm_arena_block), &size)) size = UINT64_MAX;
        struct cm_arena_block *block = resize_or_fail(ctx, NULL, 0, size);
        if (!block) return NULL;
        block->before = arena->last;
        block->capacity = capacity;
        arena->last = block;
        arena->total += size;
        start = 0;
    }
    arena->used = start + bytes;
    return (char *)arena->last->data + start;
}

char *cm_arena_text(cm_context *ctx, cm_arena *arena, const char *text, uint64_t length) {
    char *copy = cm_arena_alloc(ctx, arena, length + 1, 1);
    if (!copy) return NULL;
    if (length) memcpy(copy, text, (size_t)length);
    copy[length] = 0;
    return copy;
}

void cm_arena_free(cm_core *core, cm_arena *arena) {
    for (struct cm_arena_block *block = arena->last, *before; block; block = before) {
        before = block->before;
        cm_core_resize(core, block, block->capacity + sizeof *block, 0, NULL);
    }
    *arena = (cm_arena){0};
}
